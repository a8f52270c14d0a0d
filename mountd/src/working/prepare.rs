//! What a writable mount needs before the kernel is told: its draft, the lock of it, and the state that it begins with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustix::fs::FlockOperation;
use tracing::info;
use veneer::dataset::{Dataset, MountedDraft};
use veneer::model::{BranchName, Id, WriterName};
use veneer::store::Store;

use super::extra::Extra;
use super::keeper::{Forget, Keeper, Known};
use super::record::Settled;
use super::{Beginning, Left, Working};
use crate::attributes::Owner;
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::profile::{Choice, Profile};
use crate::serve::{Order, owner_of, refuse_covered};
use crate::serving::Opened;
use crate::trouble::Trouble;
use crate::veneer_folder::Info;

/// A draft that this process works on.
#[derive(Debug)]
pub struct Prepared {
    /// What the kernel's table calls the mount.
    pub name: String,
    /// The store, to be read.
    pub store: Arc<dyn Store>,
    /// The dataset.
    pub dataset: Dataset,
    /// The branch that the draft is on.
    pub branch: BranchName,
    /// Whose draft it is.
    pub writer: WriterName,
    /// Where it is worked on.
    pub drafts: MountedDraft,
    /// Held for as long as the draft is worked on.
    pub lock: File,
    /// What is not to be collected.
    pub kept: Arc<Kept>,
    /// Whose the files are of which nobody said anything else.
    pub owner: Owner,
    /// The names and inodes.
    pub working: Arc<Working>,
    /// The revision that they are based on.
    pub revision: Id,
    /// Whether they were found, not made from the store.
    pub was_left: bool,
}

/// Takes the draft, and opens what a killed mount left of it or the store has.
pub fn prepare(order: &Order, writer: &WriterName, opened: Opened, point: &Path) -> Result<Prepared, Trouble> {
    let Opened { store, dataset, mark } = opened;
    let source = dataset.source()?;
    refuse_covered(&source)?;
    let branch = branch(order, &dataset)?;
    let name = format!("{}@{branch}:{mark}", order.dataset);
    let drafts = MountedDraft::new(&order.store, &order.dataset, &branch, writer);
    let lock = take_lock(&drafts, point, &branch, writer)?;
    let left = Working::left(drafts.folder())?;
    let was_left = left.is_some();
    let (revision, overlay) = match left.as_ref().and_then(Left::settled) {
        Some(left) => (left.revision, left.overlay),
        None => {
            let draft = dataset.draft(&branch, writer)?;
            (draft.based_on(), draft.view().overlay().root())
        }
    };
    let kept = Arc::new(Kept::new(order.folder(), revision)?);
    let owner = owner_of(source.path());
    let at = (revision, overlay);
    let working = Arc::new(open(&dataset, &drafts, left, at, owner, order)?);
    if was_left {
        info!("going on with what a mount had left that was killed");
    }
    let writer = writer.clone();
    Ok(Prepared { name, store, dataset, branch, writer, drafts, lock, kept, owner, working, revision, was_left })
}

/// Opens the state of a draft that was `left`, or that begins with the overlay of a revision.
pub fn open(
    dataset: &Dataset,
    drafts: &MountedDraft,
    left: Option<Left>,
    (revision, overlay): (Id, Option<Id>),
    owner: Owner,
    order: &Order,
) -> Result<Working, Trouble> {
    let view = dataset.view_at(revision, overlay)?;
    let settled = Settled { revision, base: view.base().id(), overlay };
    Ok(Working::open(drafts.folder(), left, &Beginning { view, settled }, owner, order.drift)?)
}

/// How the files of a writable mount are served; its files choose for themselves.
pub fn choice(writer: &WriterName) -> Choice {
    Choice { profile: Profile::SmallFiles, why: format!("a draft of {writer}") }
}

impl Prepared {
    /// Shows `.veneer/`, after what it was `before`; whoever takes over is `told` first.
    pub fn show(&self, info: &Info, before: &Extra, told: &ToldJournal) -> Result<(), Trouble> {
        let time_ns = self.dataset.revision(self.revision)?.time_ns;
        let info = Info { revision: self.revision.to_hex(), ..info.clone() };
        let extra = Extra::new(&info, self.revision, time_ns, before);
        told.shows_extra(self.revision, &extra);
        self.working.set_extra(extra);
        Ok(())
    }

    /// What keeps the state and the store in step.
    pub fn keeper(
        &self,
        order: &Order,
        info: Info,
        kernel: Box<dyn Forget>,
        told: Option<Arc<ToldJournal>>,
    ) -> Result<Arc<Keeper>, Trouble> {
        let known = Known::of(&self.working, &self.dataset, self.was_left)?;
        Ok(Arc::new(Keeper {
            working: Arc::clone(&self.working),
            store: order.store.clone(),
            dataset: self.dataset.clone(),
            branch: self.branch.clone(),
            writer: self.writer.clone(),
            kernel,
            info,
            kept: Arc::clone(&self.kept),
            told,
            known: Mutex::new(known),
        }))
    }
}

/// The branch that the draft is on; nothing else can be written to.
pub fn branch(order: &Order, dataset: &Dataset) -> Result<BranchName, Trouble> {
    let Some(spec) = &order.reference else { return Ok(BranchName::main()) };
    let is_branch = |branch: &BranchName| spec.up == 0 && dataset.head(branch).is_ok();
    match spec.name.parse::<BranchName>().ok().filter(is_branch) {
        Some(branch) => Ok(branch),
        None => {
            let message = format!("`{}@{spec}` is no branch, and nothing else can be written to", order.dataset);
            let hint = format!("begin a branch there: `veneer branch {} NEW {spec}`", order.dataset);
            Err(Trouble::new("invalid", message, hint))
        }
    }
}

/// Takes the draft for this mount; the text in the lock is for whoever comes second.
fn take_lock(drafts: &MountedDraft, point: &Path, branch: &BranchName, writer: &WriterName) -> Result<File, Trouble> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let failed = |error: io::Error| Trouble::new("io", format!("cannot keep a draft in the store: {error}"), "");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(drafts.folder()).map_err(failed)?;
    let path = drafts.folder().join(MountedDraft::LOCK);
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut lock = options.map_err(failed)?;
    if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut text = String::new();
        let _ = lock.read_to_string(&mut text);
        let message = format!("{writer} has a writable mount of `{branch}` already: {}", text.trim());
        return Err(Trouble::new("busy", message, "write there, end it, or mount for another author with --as"));
    }
    sign(&lock, point).map_err(failed)?;
    Ok(lock)
}

/// Writes into the lock which process has it.
pub fn sign(mut lock: &File, point: &Path) -> io::Result<()> {
    let text = format!("process {} on {}\n", std::process::id(), point.display());
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(text.as_bytes())
}
