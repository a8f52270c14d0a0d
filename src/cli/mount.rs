//! `veneer mount`: a view as a folder, shown by a daemon of its own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rustix::process::{Pid, Signal, kill_process};
use veneer::Error;
use veneer::model::{DatasetName, WriterName};

use super::context::Context;
use super::mountd::{self, Serving};
use super::report::{Answer, Failure, Result, say};
use super::{interrupt, output};
use veneer::dataset::mountinfo::{self, Info};

/// Show a revision as an ordinary folder; with --writable, a draft that any program may write to.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A branch is followed: after a commit the folder shows the new revision, while a file
that is open keeps its content. A tag or a revision stays; --pin keeps a branch still
too. DIR is an empty folder; what a killed daemon left there is cleaned first.

With --all every branch is a folder in DIR that is followed (`main`, `fix/labels`), and
every tag one that stays (`@v1`). Any other revision is found by name, `@` and 7 or more
digits of its id, and not listed. Files that are the same in several revisions are read
and cached once.

Of a store on another machine (--store https://HOST:5015, with VENEER_TOKEN) the
objects and the files of the source come through its service and are kept on this
disk. Files are read from the source's own path here where that holds the same ones.
While the service is away, what is kept stays readable, and the rest waits; see
--wait.

With --writable the folder is your draft on the branch: whatever is written there is
what `veneer status`, `diff`, `undo`, `discard` and `commit` work on. The source is
never written.

Examples:
  veneer mount traffic /mnt/traffic
  veneer mount traffic@v1 /mnt/v1
  veneer mount traffic /mnt/traffic --pin
  veneer mount traffic --all /mnt/all && diff -r /mnt/all/@v1 /mnt/all/main
  veneer mount traffic@fix /mnt/fix --writable
  veneer --store http://gpu1:5015 mount traffic /mnt/traffic --cache-size 200G
  veneer mount traffic /mnt/traffic --foreground")]
pub(super) struct MountArgs {
    /// The dataset, and the branch, tag or revision if not `main`
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// Where to show it
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Show all branches and tags, each in a folder, and any revision by name
    #[arg(long, conflicts_with_all = ["pin", "writable"])]
    all: bool,
    /// Stay at the revision that the branch has now
    #[arg(long)]
    pin: bool,
    /// Show your draft on the branch, to be written by any program
    #[arg(long, conflicts_with = "pin")]
    writable: bool,
    /// Whose draft it is, if not yours
    #[arg(long = "as", value_name = "AUTHOR", requires = "writable", id = "as")]
    author: Option<WriterName>,
    /// Keep the daemon attached to this command; SIGINT ends both
    #[arg(long)]
    foreground: bool,
    /// Let other users look into it
    #[arg(long)]
    allow_other: bool,
    /// What a reader gets of a source file that is not what was recorded
    #[arg(long, value_enum, default_value_t = OnDrift::Error)]
    on_drift: OnDrift,
    /// How files are served; chosen from the dataset if not said
    #[arg(long, value_enum, default_value_t = Profile::Auto)]
    profile: Profile,
    /// Of a store elsewhere: the most that is kept on this disk, in bytes or with K, M, G or T
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "10G")]
    cache_size: u64,
    /// Of a store elsewhere: how long a read waits for a service that is away before it fails
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// Where the daemon writes its log
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnDrift {
    /// An error: ESTALE
    Error,
    /// What is there now
    Serve,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// Whatever suits the dataset and the machine
    Auto,
    /// Opening a cached file asks nobody
    SmallFiles,
    /// Big files are read straight from the source
    LargeFiles,
}

impl MountArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let store = context.store_place()?;
        if context.store_url().is_some() {
            self.refuse_elsewhere()?;
        }
        // The daemon looks again; this is for an error that names the candidates.
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        match (&address.reference, self.all) {
            (Some(_), true) => return Err(one_or_all(&self.name, &address.dataset)),
            (None, true) => {}
            (reference, false) => drop(dataset.resolve(reference.as_ref())?),
        }
        let point = absolute(&self.folder)?;
        let log = match &self.log {
            Some(log) => Some(absolute(log)?),
            None if self.foreground => None,
            None => mountd::log_file(address.dataset.as_str(), &point),
        };
        let author = match (&self.author, self.writable) {
            (Some(author), true) => Some(author.clone()),
            (None, true) => Some(context.author()?),
            (_, false) => None,
        };
        let reference = address.reference.map_or_else(|| "main".to_owned(), |reference| reference.to_string());
        let mut arguments = self.arguments(&store, address.dataset.as_str(), &reference, &point, log.as_deref());
        if let Some(author) = author {
            let words = ["--writable".into(), "--as".into(), author.as_str().into()];
            arguments.splice(0..0, words);
        }
        let stop = if self.foreground { Some(interrupt::flag()?) } else { None };
        if context.store_url().is_some() {
            arguments.splice(0..0, self.elsewhere(&context.mount_cache()?, context.ca_file()));
        }
        let Serving { info, child } = mountd::start(&arguments, log.as_deref())?;
        tell(context, &info)?;
        match stop {
            Some(stop) => attend(child, &stop),
            None => Ok(Answer::Yes),
        }
    }

    /// Refuses what takes the store's own folder.
    fn refuse_elsewhere(&self) -> Result<()> {
        if self.writable {
            return Err(Failure::usage("a draft of a store on another machine cannot be mounted to be written").hint(
                "mount it with --writable where the store is, or change it by `veneer put`, `rm`, `set` and the like",
            ));
        }
        if self.on_drift == OnDrift::Serve {
            return Err(Failure::usage("--on-drift serve takes a source on this machine")
                .hint("have what changed recorded with `veneer refresh`, and leave the option out"));
        }
        Ok(())
    }

    /// What the daemon is told of a store elsewhere; the token it finds in its environment.
    fn elsewhere(&self, cache: &Path, ca_file: Option<PathBuf>) -> Vec<OsString> {
        let (size, wait) = (self.cache_size.to_string(), self.wait.to_string());
        let mut words: Vec<OsString> = vec!["--cache".into(), cache.into()];
        words.extend(["--cache-size".into(), size.into(), "--wait".into(), wait.into()]);
        ca_file.into_iter().for_each(|file| words.extend(["--ca-file".into(), file.into()]));
        words
    }

    fn arguments(
        &self,
        store: &Path,
        dataset: &str,
        reference: &str,
        point: &Path,
        log: Option<&Path>,
    ) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        option("--store", store.into());
        option("--dataset", dataset.into());
        if !self.all {
            option("--ref", reference.into());
        }
        option("--on-drift", word(self.on_drift));
        option("--profile", word(self.profile));
        if let Some(log) = log {
            option("--log", log.into());
        }
        let flags = [
            (self.all, "--all"),
            (self.pin, "--pin"),
            (self.foreground, "--foreground"),
            (self.allow_other, "--allow-other"),
        ];
        arguments.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| OsString::from(flag)));
        arguments.extend(["--".into(), point.into()]);
        arguments
    }
}

/// Reads a number of bytes: `500M`, `10G`.
fn size(text: &str) -> std::result::Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let power = match text[digits.len()..].to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return Err("it is a number of bytes, as in `500M` or `10G`".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "it begins with a number, as in `10G`".to_owned())?;
    number.checked_mul(1 << (10 * power)).ok_or_else(|| "that is more than there is".to_owned())
}

fn word(value: impl ValueEnum) -> OsString {
    value.to_possible_value().expect("no variant is hidden").get_name().into()
}

fn one_or_all(name: &str, dataset: &DatasetName) -> Failure {
    Failure::usage(format!("`{name}` names one revision, and --all shows all of them"))
        .hint(format!("leave out one of the two: `veneer mount {dataset} --all DIR`, or `veneer mount {name} DIR`"))
}

fn tell(context: &Context, info: &Info) -> Result<()> {
    if context.json {
        return output::json(info);
    }
    let revision: String = info.revision.chars().take(12).collect();
    let how = match info.mode.as_str() {
        "follow" => format!("following {revision}"),
        "write" => format!("a draft on {revision}"),
        mountinfo::ALL => "following all branches and tags".to_owned(),
        _ => format!("pinned at {revision}"),
    };
    output::print(|out| writeln!(out, "{}: {}, {how}", info.path, info.shows()))?;
    say(format_args!("served by process {}; `veneer unmount {}` ends it", info.pid, info.path));
    Ok(())
}

/// Stays until the daemon ends; a signal to this command is passed on.
fn attend(mut child: Child, stop: &AtomicBool) -> Result {
    let failed = |error| Failure::from(Error::io("wait for the daemon", error));
    let mut passed_on = false;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return match status.success() || passed_on {
                true => Ok(Answer::Yes),
                false => Err(Failure::error(format!("the daemon ended with {status}"))),
            };
        }
        if stop.load(Ordering::Relaxed) && !passed_on {
            passed_on = true;
            // From a terminal it has had the signal already: a second one does no harm, and
            // one that has ended meanwhile is seen above.
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// An absolute path without links, where the last name may be a dead mount that cannot be asked.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    let failed = |error| Failure::from(Error::io_at("use", path, error));
    let full = std::path::absolute(path).map_err(failed)?;
    match (fs::canonicalize(&full), full.parent(), full.file_name()) {
        (Ok(real), ..) => Ok(real),
        (Err(_), Some(parent), Some(name)) => Ok(fs::canonicalize(parent).map_err(failed)?.join(name)),
        (Err(error), ..) => Err(failed(error)),
    }
}
