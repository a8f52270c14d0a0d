//! `veneer fsck`: is everything in the store as it was written, and is all there that is referred to?

use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use veneer::ErrorKind;
use veneer::dataset::check;
use veneer::store::{Access, FsckReport, LocalStore, Problem};

use super::context::Context;
use super::human;
use super::opened::Opened;
use super::output::{self, Align, Table, printable};
use super::progress::spin;
use super::report::{Answer, Failure, Result, say};

/// How long to wait for somebody else who has the store.
const WAIT: Duration = Duration::from_secs(10);

/// Check the store: every byte of it, and that nothing is missing.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The log is read from end to end, every object is compared with its hash, the index
with the log, and everything that a branch, a tag or a draft refers to is looked for.
Nothing is changed. When something is wrong it is listed, and the exit code is 1.
While a service has the store, that reads every object and looks for all that is
referred to; a note says what it cannot look at.

  --rebuild makes again what is not the only copy of anything (the index, checksums
  of large objects, and the like), and then checks.

Examples:
  veneer fsck
  veneer fsck --rebuild
  veneer --store http://gpu1:5015 fsck
  veneer --json fsck | jq '.problems[]'")]
pub(super) struct FsckArgs {
    /// Make again what can be made from the rest
    #[arg(long)]
    rebuild: bool,
}

#[derive(Serialize)]
struct Checked<'a> {
    problems: Vec<ProblemLine<'a>>,
    notes: &'a [String],
    objects: u64,
    bytes: u64,
    refs: u64,
    rebuilt: &'a [String],
}

#[derive(Serialize)]
struct ProblemLine<'a> {
    what: &'a str,
    why: &'a str,
    can_be_rebuilt: bool,
}

impl<'a> From<&'a Problem> for ProblemLine<'a> {
    fn from(problem: &'a Problem) -> ProblemLine<'a> {
        let Problem { what, why, can_be_rebuilt } = problem;
        ProblemLine { what, why, can_be_rebuilt: *can_be_rebuilt }
    }
}

impl FsckArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let (report, rebuilt) = match context.service()? {
            Some(_) if self.rebuild => return Err(refused()),
            Some(service) => (spin("checking", || service.check())?, Vec::new()),
            None => self.check_folder(&context.existing_store_path()?)?,
        };
        match context.json {
            true => print_json(&report, &rebuilt)?,
            false => print(&report, &rebuilt)?,
        }
        Ok(if report.is_clean() { Answer::Yes } else { Answer::No })
    }

    /// Checks a store that no service has; tells what was rebuilt, too.
    fn check_folder(&self, path: &Path) -> Result<(FsckReport, Vec<String>)> {
        let rebuilt = match self.rebuild {
            true => spin("rebuilding", || LocalStore::rebuild(path, WAIT)).map_err(not_rebuilt)?,
            false => Vec::new(),
        };
        let mut report = spin("checking", || LocalStore::fsck(path, WAIT))?;
        report.problems.extend(spin("looking for what is referred to", || missing(path))?);
        Ok((report, rebuilt))
    }
}

fn refused() -> Failure {
    Failure::error("a service has the store, and would not see what is made again")
        .hint("end `veneer serve`, run the command where the store's folder is, and start it again")
}

const ONLY_COPY: &str = "what is lost was the only copy: copy the store before anything else, and bring back a backup";

fn not_rebuilt(error: veneer::Error) -> Failure {
    match error.kind() {
        ErrorKind::Corrupt { .. } => Failure::from(error).hint(ONLY_COPY),
        _ => error.into(),
    }
}

/// What refs lead to and is not there, as far as the store can be opened.
fn missing(path: &Path) -> Result<Vec<Problem>> {
    match LocalStore::open(path, Access::Read) {
        Ok(store) => Ok(check(&Opened::of(store).datasets)?),
        // Why it cannot be opened is among the problems already.
        Err(error) if matches!(error.kind(), ErrorKind::Corrupt { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn print_json(report: &FsckReport, rebuilt: &[String]) -> Result<()> {
    output::json(&Checked {
        problems: report.problems.iter().map(ProblemLine::from).collect(),
        notes: &report.notes,
        objects: report.objects,
        bytes: report.bytes,
        refs: report.refs,
        rebuilt,
    })
}

fn print(report: &FsckReport, rebuilt: &[String]) -> Result<()> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    let mut row = |word: &str, what: &str, why: &str| {
        table.row([word.to_owned(), printable(what.as_bytes()), printable(why.as_bytes())]);
    };
    rebuilt.iter().for_each(|what| row("rebuilt", what, ""));
    for Problem { what, why, can_be_rebuilt } in &report.problems {
        row(if *can_be_rebuilt { "damaged" } else { "LOST" }, what, why);
    }
    table.print()?;
    report.notes.iter().for_each(|note| say(format_args!("note: {note}")));
    let (objects, size) = (human::count(report.objects, "object"), human::size(report.bytes));
    let sound = format!("{objects} ({size}) and {} are sound", human::count(report.refs, "ref"));
    if report.is_clean() {
        return output::print(|out| writeln!(out, "{sound}; nothing is wrong"));
    }
    let hint = match report.problems.iter().all(|problem| problem.can_be_rebuilt) {
        true => "nothing is lost: `veneer fsck --rebuild` makes it again",
        false => ONLY_COPY,
    };
    let number = human::count(report.problems.len() as u64, "problem");
    say(format_args!("error: {number} in the store; {sound}\n\nhint: {hint}"));
    Ok(())
}
