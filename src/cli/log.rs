//! `veneer log` and `show`: the history, and one revision of it.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;
use serde::Serialize;
use veneer::model::{DataPath, Id, RefSpec, Revision};

use super::context::Context;
use super::diff::{self as changes, DiffLine};
use super::human;
use super::output;
use super::report::{Answer, Failure, Result};

/// Show the revisions that led to a state, newest first.
#[derive(Args, Debug)]
#[command(after_long_help = "\
With a PATH: only the revisions that changed it, or what is below it.

Examples:
  veneer log traffic -n 5
  veneer log traffic@v1
  veneer log traffic labels.csv
  veneer --json log traffic | jq -r '.[] | [.time, .author, .message] | @tsv'")]
pub(super) struct LogArgs {
    /// The dataset, and where to begin if not at `main`
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// Only revisions that changed this path
    path: Option<OsString>,
    /// How many revisions to show at the most
    #[arg(short = 'n', long = "number", value_name = "N")]
    number: Option<usize>,
}

#[derive(Serialize)]
struct RevisionFields {
    id: String,
    parents: Vec<String>,
    author: String,
    time: String,
    message: String,
    changes: u64,
}

impl RevisionFields {
    fn of(id: Id, revision: &Revision) -> RevisionFields {
        RevisionFields {
            id: id.to_hex(),
            parents: revision.parents.iter().map(|parent| parent.to_hex()).collect(),
            author: revision.author.clone(),
            time: human::rfc3339(revision.time_ns),
            message: revision.message.clone(),
            changes: revision.changes,
        }
    }
}

impl LogArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let path = self.path.as_deref().map(DataPath::from_os).transpose()?;
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        let from = dataset.resolve(address.reference.as_ref())?.id;
        let mut revisions = Vec::new();
        for entry in dataset.log(from) {
            if self.number.is_some_and(|number| revisions.len() >= number) {
                break;
            }
            let (id, revision) = entry?;
            let wanted = path.as_ref().map_or(Ok(true), |path| dataset.touches(id, &revision, path))?;
            if wanted {
                revisions.push((id, revision));
            }
        }
        match context.json {
            true => output::json(&revisions.iter().map(|(id, r)| RevisionFields::of(*id, r)).collect::<Vec<_>>())?,
            false => print(&revisions)?,
        }
        Ok(Answer::Yes)
    }
}

fn print(revisions: &[(Id, Revision)]) -> Result<()> {
    let now = human::now_ns();
    output::print(|out| {
        for (place, (id, revision)) in revisions.iter().enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            head(out, *id, revision, now)?;
        }
        Ok(())
    })
}

fn head(out: &mut dyn Write, id: Id, revision: &Revision, now_ns: i64) -> io::Result<()> {
    writeln!(out, "revision {}", id.short())?;
    if revision.parents.len() > 1 {
        let parents: Vec<String> = revision.parents.iter().map(|parent| parent.short()).collect();
        writeln!(out, "merges   {}", parents.join(" "))?;
    }
    writeln!(out, "author   {}", revision.author)?;
    writeln!(out, "date     {} ({})", human::exact(revision.time_ns), human::ago(revision.time_ns, now_ns))?;
    writeln!(out, "changes  {}", revision.changes)?;
    writeln!(out)?;
    for line in revision.message.lines() {
        let line = format!("    {}", output::printable(line.as_bytes()));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Show one revision: who made it, when, why, and what it changed.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The changes are those against the first parent; an import has none.

Examples:
  veneer show traffic main
  veneer show traffic 3f9c1a2
  veneer show traffic main~2")]
pub(super) struct ShowArgs {
    /// The dataset
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// The revision: a branch, a tag, an id, main~2
    #[arg(value_name = "REF")]
    reference: Option<String>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    revision: RevisionFields,
    base: String,
    paths: Vec<DiffLine>,
}

impl ShowArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let spec: Option<RefSpec> = self.reference.as_ref().map(|text| text.parse()).transpose()?;
        if spec.is_some() && address.reference.is_some() {
            return Err(Failure::usage("two revisions are named").hint(format!(
                "give one: `veneer show {} {}`",
                address.dataset,
                spec.as_ref().map_or_else(String::new, RefSpec::to_string)
            )));
        }
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        let id = dataset.resolve(spec.as_ref().or(address.reference.as_ref()))?.id;
        let revision = dataset.revision(id)?;
        let paths = dataset.changes_of(&revision, id)?;
        if context.json {
            let (base, paths) = (revision.base.to_hex(), paths.iter().map(DiffLine::from).collect());
            output::json(&Shown { revision: RevisionFields::of(id, &revision), base, paths })?;
            return Ok(Answer::Yes);
        }
        output::print(|out| {
            head(out, id, &revision, human::now_ns())?;
            if paths.is_empty() { Ok(()) } else { writeln!(out) }
        })?;
        changes::print(&paths)?;
        Ok(Answer::Yes)
    }
}
