//! `veneer import` and `refresh`: a source is walked, and what is there becomes a revision.
//!
//! The walk may last and takes no lock; the store is taken for the moment that
//! the result is written.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use veneer::base::{self, Totals};
use veneer::dataset::{Dataset, Import, Refreshed};
use veneer::model::{BranchName, DatasetName, Id};
use veneer::source::{self, Scan, ScanOptions, Source};
use veneer::{Error, ErrorKind};

use super::context::{Context, branch_of};
use super::merge::ConflictLine;
use super::opened::Opened;
use super::progress::{Progress, spin};
use super::report::{Answer, Failure, Result, say, warn};
use super::{human, interrupt, merge, output, rows};

/// How many skipped or unreadable entries are named.
const PARTS_SHOWN: usize = 20;

/// Make a dataset of a folder, without copying anything.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The folder is indexed where it is, and never written. What is in it becomes the
first revision, on the branch `main`. Links are recorded as links. The store is
made if there is none. Which files are tables is found out by name and content, unless
--format says it: `veneer tables` tells what was found, and why. Rows of a table without
ids of its own go by their places, unless --key names a column that has their keys.

Of a delimited file more can be said, where it was found out wrongly: csv:header,
no-header, comma, semicolon, tab, pipe, space, no-quotes, utf-8, latin-1, windows-1252,
utf-16le, utf-16be, and null-TEXT for what stands for null, several after one another.

Examples:
  veneer import traffic /data/traffic
  veneer import traffic /data/traffic --format coco
  veneer import traffic /data/traffic --format labels.dat=csv --format notes.json=none
  veneer import traffic /data/traffic --format shares.csv=csv:header:null-NA
  veneer import traffic /data/traffic --key labels=image_id
  veneer --store /fast/veneer import traffic /data/traffic --threads 16
  veneer import traffic /data/traffic --skip-unreadable")]
pub(super) struct ImportArgs {
    /// The new dataset's name: A-Z a-z 0-9 . _ -
    name: String,
    /// The folder with the data
    source: PathBuf,
    /// The format of all tables, or of one file (`none`: it is no table); may be said again
    #[arg(long = "format", value_name = "[PATH=]FORMAT")]
    formats: Vec<OsString>,
    /// The column that has the keys of a table's rows; may be said again
    #[arg(long = "key", value_name = "TABLE=COLUMN")]
    keys: Vec<String>,
    #[command(flatten)]
    walk: WalkArgs,
}

/// Record what changed in a dataset's source.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The source is walked again; what was added, modified or removed since becomes a new
revision, and all your changes stay on top of it. A source file that changed under
an edit of yours is a conflict: a whole file of yours stays, edits of its rows do not
fit any more; the path is listed, and the exit
code is 1. `veneer restore --source` takes what the source has instead.

Examples:
  veneer refresh traffic
  veneer --json refresh traffic@fix/boxes")]
pub(super) struct RefreshArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    #[command(flatten)]
    walk: WalkArgs,
}

#[derive(Args, Debug)]
struct WalkArgs {
    /// How many threads walk the source; one per CPU if not said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Leave out what cannot be read, and list it, instead of stopping
    #[arg(long)]
    skip_unreadable: bool,
}

#[derive(Serialize)]
struct Imported {
    dataset: String,
    revision: String,
    base: String,
    files: u64,
    folders: u64,
    symlinks: u64,
    bytes: u64,
    skipped: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct RefreshLine {
    revision: Option<String>,
    added: u64,
    modified: u64,
    removed: u64,
    conflicts: Vec<ConflictLine>,
    seconds: f64,
}

impl ImportArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let begun = Instant::now();
        let name = context.dataset_name(&self.name)?;
        let author = context.author()?;
        let (formats, keys) = (rows::formats_of(&self.formats)?, rows::keys_of(&self.keys)?);
        refuse_taken(context, &name)?;
        let path = source_path(&self.source)?;
        if let Some(store) = context.store_folder()? {
            refuse_store_inside(&path, &store)?;
        }
        let stop = interrupt::flag()?;
        let scan = self.walk.scan(&open_source(&path)?, &stop)?;
        let skipped = scan.skipped.count + scan.unreadable.count;
        let opened = context.own_or_create()?;
        let (base, totals) = store(&opened, scan, &stop)?;
        let import = Import { name: &name, source: &path, base, author: author.as_str() };
        let imported = opened.datasets.import_as(&import, &formats, &keys);
        let revision = imported.map_err(|error| rows::told_of_keys(error, &self.name, false))?;
        tell_import(context, &name, revision, base, totals, skipped, begun)
    }
}

fn tell_import(
    context: &Context,
    name: &DatasetName,
    revision: Id,
    base: Id,
    totals: Totals,
    skipped: u64,
    begun: Instant,
) -> Result {
    let Totals { files, folders, symlinks, bytes } = totals;
    if context.json {
        let (dataset, revision, base) = (name.to_string(), revision.to_hex(), base.to_hex());
        let seconds = begun.elapsed().as_secs_f64();
        output::json(&Imported { dataset, revision, base, files, folders, symlinks, bytes, skipped, seconds })?;
        return Ok(Answer::Yes);
    }
    let (files, folders) = (human::count(files, "file"), human::count(folders, "folder"));
    let (size, lasted) = (human::size(bytes), human::duration(begun.elapsed()));
    output::print(|out| writeln!(out, "{name}@main is {}: {files} in {folders}, {size}", revision.short()))?;
    say(format_args!("indexed in {lasted}; nothing was copied. Next: `veneer mount {name} DIR`"));
    Ok(Answer::Yes)
}

impl RefreshArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let begun = Instant::now();
        let address = context.address(&self.name)?;
        let author = context.author()?;
        let reader = context.read()?.datasets.open(&address.dataset)?;
        let branch = branch_of(&reader, address.reference.as_ref())?;
        let stop = interrupt::flag()?;
        let scan = self.walk.scan(&*reader.source()?, &stop)?;
        let opened = context.own()?;
        let (base, _) = store(&opened, scan, &stop)?;
        let dataset = opened.datasets.open(&address.dataset)?;
        let refreshed = spin("comparing", || dataset.refresh(&branch, base, author.as_str()))?;
        let answer = tell_refresh(context, &dataset, &branch, &refreshed, begun)?;
        // It is made and told; of a draft that cannot be opened, the next command says why.
        let is_behind = || context.draft(&dataset, &branch).and_then(|draft| Ok(draft.is_behind()?)).unwrap_or(false);
        if refreshed.revision.is_some() && !context.json && is_behind() {
            say(format_args!(
                "your draft on {0}@{branch} is of the source as it was: `veneer commit {0}@{branch} -m WHY` joins the two; \
                 a writable mount of it shows that once it is mounted anew",
                dataset.name()
            ));
        }
        Ok(answer)
    }
}

fn tell_refresh(
    context: &Context,
    dataset: &Dataset,
    branch: &BranchName,
    refreshed: &Refreshed,
    begun: Instant,
) -> Result {
    let Refreshed { revision, added, modified, removed, conflicts } = refreshed;
    if context.json {
        output::json(&RefreshLine {
            revision: revision.map(Id::to_hex),
            added: *added,
            modified: *modified,
            removed: *removed,
            conflicts: conflicts.iter().map(ConflictLine::from).collect(),
            seconds: begun.elapsed().as_secs_f64(),
        })?;
    } else if let Some(id) = revision {
        output::print(|out| {
            writeln!(out, "{branch} is now {}: {added} added, {modified} modified, {removed} removed", id.short())
        })?;
    } else {
        say("the source is as it was recorded");
    }
    match conflicts.is_empty() {
        true => Ok(Answer::Yes),
        false => {
            let name = format!("{}@{branch}", dataset.name());
            let hint = format!(
                "the revision is made, and an edit stays in it as far as it fits; where that is not what you want, take what \
                 the source has (`veneer restore {name} PATH --source`) or edit it anew, and `veneer commit {name} -m WHY`"
            );
            merge::list(context, conflicts, "edits of yours meet files that changed in the source too", &hint)
        }
    }
}

impl WalkArgs {
    /// Walks the source, and says what is left out.
    fn scan(&self, source: &Source, stop: &AtomicBool) -> Result<Scan> {
        let progress = Progress::new("indexing");
        let scan = source.scan(&ScanOptions {
            threads: self.threads.map_or(0, usize::from),
            skip_unreadable: self.skip_unreadable,
            progress: &|at| progress.at(at.entries, at.bytes),
            cancel: stop,
        });
        let scan = scan.map_err(|error| match error.kind() {
            // Nothing was recorded yet that it could differ from, and no answer is no.
            ErrorKind::SourceChanged { path, how } => {
                Failure::error(format!("the source is being changed: `{path}`: {how}"))
                    .hint("let what writes there come to an end, and run the command again")
            }
            _ => error.into(),
        })?;
        drop(progress);
        for (parts, why) in [(&scan.skipped, "that no dataset can have"), (&scan.unreadable, "that cannot be read")] {
            if parts.count > 0 {
                let lines = parts.lines(PARTS_SHOWN).join("\n  ");
                warn(format_args!("left out {} {why}:\n  {lines}", human::count(parts.count, "entry")));
            }
        }
        scan.warnings.iter().for_each(warn);
        Ok(scan)
    }
}

/// Stores the index of what was found.
fn store(opened: &Opened, scan: Scan, stop: &AtomicBool) -> Result<(Id, Totals)> {
    interrupt::check(stop)?;
    let id = spin("storing the index", || base::store(&*opened.store, scan.tree))?;
    let totals = base::Base::open(&*opened.store, id)?.totals();
    interrupt::check(stop)?;
    Ok((id, totals))
}

/// Before a walk of an hour: is the name free?
fn refuse_taken(context: &Context, name: &DatasetName) -> Result<()> {
    match context.read_if_there()? {
        Some(opened) if opened.datasets.names()?.contains(name) => Err(Error::already_exists("dataset", name).into()),
        _ => Ok(()),
    }
}

fn source_path(path: &Path) -> Result<PathBuf> {
    match path.canonicalize() {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::from(Error::not_found("source folder", path.display()))
                .hint("name a folder that is there; its path may be relative"))
        }
        Err(error) => Err(Error::io_at("use the source", path, error).into()),
    }
}

fn open_source(path: &Path) -> Result<Source> {
    Source::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotAFolder { .. } => {
            Failure::from(error).hint("a source is a folder: import the one that the file is in")
        }
        _ => error.into(),
    })
}

fn refuse_store_inside(source: &Path, store: &Path) -> Result<()> {
    if !source::holds(source, store) {
        return Ok(());
    }
    let kind = ErrorKind::SourceUnusable {
        path: source.display().to_string(),
        why: format!("the store `{}` is inside of it", store.display()),
        parts: Vec::new(),
    };
    Err(Failure::from(Error::new(kind)).hint("keep the store elsewhere: `--store DIR` or VENEER_STORE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_inside_its_source_is_refused_before_it_exists() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().canonicalize().expect("there");
        for (store, fit) in [("data/deep/store", false), ("", false), ("../elsewhere", true)] {
            let store = std::path::absolute(source.join(store)).expect("absolute");
            assert_eq!(refuse_store_inside(&source, &store).is_ok(), fit, "{}", store.display());
        }
    }
}
