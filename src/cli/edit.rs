//! Changes to a draft, each one step that `undo` takes back: `veneer rm`, `mkdir`, `mv` and `restore`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::Args;
use serde::Serialize;
use veneer::dataset::{Dataset, Draft};
use veneer::model::{Address, BranchName, DataPath, Id, PendingMerge, RefSpec};
use veneer::{Error, ErrorKind};

use super::context::{Context, branch_of};
use super::output;
use super::report::{Answer, Failure, Result, say};

/// A branch and the writer's draft on it, open to be changed.
#[derive(Debug)]
pub(super) struct Editing {
    /// The dataset.
    pub(super) dataset: Dataset,
    /// The branch.
    pub(super) branch: BranchName,
    /// The draft.
    pub(super) draft: Draft,
    /// What its overlay and a merge that stands in it were before the edits.
    before: (Option<Id>, Option<PendingMerge>),
}

impl Editing {
    /// Takes the store and opens the draft of `address`'s branch.
    ///
    /// What was written through a mount of the draft is in it.
    pub(super) fn open(context: &Context, address: &Address) -> Result<Editing> {
        context.gather_writes(address)?;
        let dataset = context.own()?.datasets.open(&address.dataset)?;
        let branch = branch_of(&dataset, address.reference.as_ref())?;
        let draft = context.draft(&dataset, &branch)?;
        let before = (draft.view().overlay().root(), draft.pending().cloned());
        Ok(Editing { dataset, branch, draft, before })
    }

    /// Saves all edits as one step, and says so.
    pub(super) fn save(mut self, context: &Context, label: &str) -> Result {
        self.draft.save(label)?;
        if (self.draft.view().overlay().root(), self.draft.pending()) == (self.before.0, self.before.1.as_ref()) {
            return self.nothing(context, label, "changes nothing: it is so already");
        }
        self.done(context, label, "veneer undo")
    }

    /// Tells what was done to the draft.
    ///
    /// A writable mount of the draft shows it when this returns.
    pub(super) fn done(self, context: &Context, label: &str, back: &str) -> Result {
        let (dataset, branch) = (self.dataset.name().clone(), self.branch.clone());
        let answer = self.tell(context, label, true, &format!("(`{back} {dataset}@{branch}` takes it back)"))?;
        // The mount needs the store for that.
        drop(self);
        context.show_in_mount(&dataset, &branch);
        Ok(answer)
    }

    /// Says that nothing was to be done, and why.
    pub(super) fn nothing(&self, context: &Context, label: &str, why: &str) -> Result {
        self.tell(context, label, false, why)
    }

    fn tell(&self, context: &Context, step: &str, changed: bool, remark: &str) -> Result {
        let (dataset, branch) = (self.dataset.name().as_str(), self.branch.as_str());
        match context.json {
            true => output::json(&Step { dataset, branch, step, changed })?,
            false => say(format_args!("{dataset}@{branch}: {step} {remark}")),
        }
        Ok(Answer::Yes)
    }
}

#[derive(Serialize)]
struct Step<'a> {
    dataset: &'a str,
    branch: &'a str,
    step: &'a str,
    changed: bool,
}

/// Remove files or folders from a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
All paths are removed in one step: `veneer undo` brings all of them back.
The source is not touched.

Examples:
  veneer rm traffic images/0042.png images/0043.png
  veneer rm -r traffic images/night")]
pub(super) struct RmArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// What to remove
    #[arg(required = true)]
    paths: Vec<OsString>,
    /// Remove folders too, with all that is in them
    #[arg(short, long)]
    recursive: bool,
}

impl RmArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let paths = data_paths(&self.paths)?;
        let mut editing = Editing::open(context, &address)?;
        for path in &paths {
            editing.draft.remove(path, self.recursive).map_err(|error| removal_failed(error, &address, path))?;
        }
        editing.save(context, &format!("rm {}", listed(&paths)))
    }
}

fn removal_failed(error: Error, address: &Address, path: &DataPath) -> Failure {
    match error.kind() {
        ErrorKind::IsAFolder { .. } => {
            Failure::from(error).hint(format!("remove it with all that is in it: `veneer rm -r {address} {path}`"))
        }
        _ => error.into(),
    }
}

/// Make folders in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer mkdir traffic images/rain
  veneer mkdir -p traffic a/b/c")]
pub(super) struct MkdirArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The folders
    #[arg(required = true)]
    paths: Vec<OsString>,
    /// Make the folders above too, and do not mind those that are there
    #[arg(short, long)]
    parents: bool,
}

impl MkdirArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let paths = data_paths(&self.paths)?;
        let mut editing = Editing::open(context, &address)?;
        for path in &paths {
            match self.parents {
                true => make_with_parents(&mut editing.draft, path)?,
                false => editing.draft.make_folder(path).map_err(folder_is_there)?,
            }
        }
        editing.save(context, &format!("mkdir {}", listed(&paths)))
    }
}

fn folder_is_there(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::AlreadyExists { .. } => Failure::from(error).hint("with `-p`, a folder that is there is fine"),
        ErrorKind::NotFound { .. } => Failure::from(error).hint("with `-p`, the folders above are made too"),
        _ => error.into(),
    }
}

fn make_with_parents(draft: &mut Draft, path: &DataPath) -> Result<()> {
    let mut folder = DataPath::ROOT;
    for name in path.components() {
        folder = folder.join(name)?;
        match draft.view().node(&folder)? {
            Some(node) if node.is_folder() => {}
            _ => draft.make_folder(&folder)?,
        }
    }
    Ok(())
}

/// Rename or move a file or folder in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Where TO is a folder, FROM is moved into it. A file at TO is replaced.

Examples:
  veneer mv traffic images/cat/0042.png images/dog/0042.png
  veneer mv traffic images/0042.png trash")]
pub(super) struct MvArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// What to move
    from: OsString,
    /// Its new path, or the folder to move it into
    to: OsString,
}

impl MvArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let (from, mut to) = (DataPath::from_os(&self.from)?, DataPath::from_os(&self.to)?);
        let mut editing = Editing::open(context, &address)?;
        if from.is_root() {
            return Err(Error::invalid("path to move", ".", "the top folder stays where it is").into());
        }
        if !editing.draft.view().node(&from)?.is_some_and(|node| node.is_folder()) {
            folder_is_missing(&editing.draft, &address, &self.to)?;
        }
        if editing.draft.view().node(&to)?.is_some_and(|node| node.is_folder()) && from != to {
            to = to.join(from.name())?;
        }
        editing.draft.rename(&from, &to)?;
        editing.save(context, &format!("mv {from} {to}"))
    }
}

/// Refuses the path of a folder, by a slash at its end, for a file, where there is no such folder.
pub(super) fn folder_is_missing(draft: &Draft, address: &Address, text: &OsStr) -> Result<()> {
    if !text.as_bytes().ends_with(b"/") {
        return Ok(());
    }
    let folder = DataPath::from_os(text)?;
    match draft.view().node(&folder)? {
        Some(node) if node.is_folder() => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::NotAFolder { path: folder.to_string() }).into()),
        None => Err(Failure::from(Error::not_found("folder", &folder))
            .hint(format!("`veneer mkdir -p {address} {folder}` makes it"))),
    }
}

/// Bring a path back as it was in another revision.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The draft gets the path as the revision has it: a file, or a folder with all that
is in it. A path that the revision does not have is removed. With --source, it gets it
as the source had it when that was last recorded, without any edit. To take back a
whole revision instead, see `veneer revert`.

Examples:
  veneer restore traffic labels.csv --from v1
  veneer restore traffic labels.csv --source
  veneer restore traffic images/night --from main~3")]
pub(super) struct RestoreArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// What to bring back
    path: OsString,
    /// The revision to take it from: a branch, a tag, an id, main~2
    #[arg(long, value_name = "REF", required_unless_present = "source")]
    from: Option<String>,
    /// Take it from the source, as it was recorded last
    #[arg(long, conflicts_with = "from")]
    source: bool,
}

impl RestoreArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let path = DataPath::from_os(&self.path)?;
        let from: Option<RefSpec> = self.from.as_ref().map(|from| from.parse()).transpose()?;
        let what = if path.is_root() { "everything".to_owned() } else { path.to_string() };
        let mut editing = Editing::open(context, &address)?;
        let Some(from) = from else {
            editing.draft.restore_source(&path)?;
            return editing.save(context, &format!("restore {what} from the source"));
        };
        let view = editing.dataset.view(editing.dataset.resolve(Some(&from))?.id)?;
        if view.node(&path)?.is_none() && editing.draft.view().node(&path)?.is_none() {
            return Err(Error::not_found("path", &path).into());
        }
        editing.draft.restore(&path, &view)?;
        editing.save(context, &format!("restore {what} from {from}"))
    }
}

/// Reads paths as the shell gave them.
pub(super) fn data_paths(paths: &[OsString]) -> Result<Vec<DataPath>> {
    Ok(paths.iter().map(|path| DataPath::from_os(path)).collect::<veneer::Result<_>>()?)
}

/// The paths in one label: the first three, and how many more.
pub(super) fn listed(paths: &[DataPath]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = paths.iter().take(SHOWN).map(DataPath::to_string).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
