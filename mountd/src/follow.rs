//! Following a branch: after a commit the mount shows the new revision, and the kernel forgets what changed.
//!
//! All of it happens in one thread of its own. The kernel holds a folder's lock
//! while it waits for an answer about it, and takes the same lock to forget an
//! entry: done inside a request, that would wait for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tracing::{error, info, warn};
use veneer::dataset::{Dataset, View, diff};
use veneer::model::{BranchName, DataPath, Id, Kind, PathChange, What};
use veneer::store::Store;
use veneer::{Error, ErrorKind, Result};

use crate::filesystem::FileSystem;
use crate::gate::Gate;
use crate::inode::Number;
use crate::journal::Journal;
use crate::samples_file;
use crate::shown::Shown;
use crate::veneer_folder::{self, Info, Item, VeneerFolder};

/// How long to wait for a change before looking whether to stop, and after an error before trying again.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the kernel can be asked to forget; what it does not know is no error.
pub trait Kernel: Send + Sync {
    /// What the entry `name` of a folder is, also if that is nothing.
    fn forget_entry(&self, folder: Number, name: &[u8]);
    /// The attributes of a folder, and the listing of it.
    fn forget_folder(&self, folder: Number);
}

/// What follows a branch.
pub struct Follower {
    /// The dataset of the branch.
    pub dataset: Dataset,
    /// The store whose refs are watched.
    pub store: Arc<dyn Store>,
    /// The branch.
    pub branch: BranchName,
    /// What is to show its head.
    pub file_system: Arc<FileSystem>,
    /// What `.veneer/` says beside the revision.
    pub info: Info,
    /// Who is to forget.
    pub kernel: Box<dyn Kernel>,
    /// Called before a revision is shown, so that nobody collects its objects.
    pub keep: Box<dyn Fn(Id) -> Result<()> + Send + Sync>,
    /// Who may be holding the mount where it is.
    pub gate: Arc<Gate>,
    /// Where it is written down what is shown.
    pub journal: Arc<dyn Journal>,
}

/// What moves a mount.
pub trait Follow: Send + Sync {
    /// The store whose refs are watched.
    fn store(&self) -> &dyn Store;
    /// Shows what the refs say now, as far as nobody holds the mount; returns whether anything changed.
    ///
    /// # Errors
    /// When the refs cannot be read, or what they say cannot be shown.
    fn catch_up(&self) -> Result<bool>;
    /// Logs why the mount stays behind.
    fn warn(&self, error: &Error);
    /// Follows until `stop` is set.
    fn run(&self, stop: &AtomicBool) {
        let mut operation = 0;
        let mut troubled = false;
        while !stop.load(Ordering::Relaxed) {
            let step = self.store().watch_refs(operation, PATIENCE).and_then(|last| {
                if last != operation {
                    self.catch_up()?;
                }
                Ok(last)
            });
            match step {
                Ok(last) => {
                    if troubled {
                        info!("following again");
                    }
                    (operation, troubled) = (last, false);
                }
                Err(error) => {
                    if !troubled {
                        self.warn(&error);
                    }
                    troubled = true;
                    thread::sleep(PATIENCE);
                }
            }
        }
    }
}

impl Follow for Follower {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn warn(&self, error: &Error) {
        let revision = self.file_system.shown().revision().short();
        match error.kind() {
            ErrorKind::NotFound { what: "branch", .. } => {
                warn!(branch = %self.branch, "the branch `{}` is gone; the mount stays at {revision}", self.branch);
            }
            _ => {
                warn!(branch = %self.branch, "cannot follow `{}`, the mount stays at {revision}: {error}", self.branch)
            }
        }
    }

    /// Shows the head of the branch if it is not shown yet and nobody holds the mount; returns whether it moved.
    fn catch_up(&self) -> Result<bool> {
        let Some(_moving) = self.gate.begin_move() else { return Ok(false) };
        let mut head = self.dataset.head(&self.branch)?.id;
        let before = self.file_system.shown();
        if head == before.revision() {
            return Ok(false);
        }
        loop {
            (self.keep)(head)?;
            // It may have been collected just before it was kept, if the branch had left it by then.
            let again = self.dataset.head(&self.branch)?.id;
            if again == head {
                break;
            }
            head = again;
        }
        let (view, time_ns) = (self.dataset.view(head)?, self.dataset.revision(head)?.time_ns);
        let after = Arc::new(before.after(view, head, VeneerFolder::new(&self.info, head, time_ns)));
        // First, or whoever takes over would not know the inodes that the kernel gets to know.
        self.journal.shows(head, after.generation() > before.last_generation());
        self.file_system.show(Arc::clone(&after));
        let forgotten = forget(&*self.kernel, &before, &after);
        self.journal.settled();
        info!(revision = %head, forgotten, "the mount shows {} now", head.short());
        Ok(true)
    }
}

/// Has the kernel forget whatever differs; returns how many paths that are.
pub fn forget(kernel: &dyn Kernel, before: &Shown, after: &Shown) -> usize {
    forget_own_folder(kernel);
    let told = diff(before.view(), after.view()).and_then(|changes| {
        changes.iter().try_for_each(|change| forget_change(kernel, before, after, change))?;
        // After all the others, for a folder with much in it takes a while.
        let paths = changes.iter().flat_map(|change| change.from.iter().chain([&change.path]));
        paths.into_iter().try_for_each(|path| forget_content(kernel, before, after, path))?;
        Ok(changes.len())
    });
    let forgotten = told.unwrap_or_else(|error| {
        error!(%error, "cannot tell what differs, so the kernel forgets everything: {error}");
        forget_all(kernel, before.view()) + forget_all(kernel, after.view())
    });
    // The last of all: it waits for whoever is having the table made.
    kernel.forget_entry(Item::folder_number(), samples_file::NAME);
    forgotten
}

/// Has the kernel forget what `.veneer/` says.
pub fn forget_own_folder(kernel: &dyn Kernel) {
    for name in [b"revision".as_slice(), b"info.json"] {
        kernel.forget_entry(Item::folder_number(), name);
    }
    kernel.forget_folder(Item::folder_number());
}

fn forget_change(kernel: &dyn Kernel, before: &Shown, after: &Shown, change: &PathChange) -> Result<()> {
    forget_path(kernel, before, after, &change.path, change.what == What::Modified)?;
    change.from.as_ref().map_or(Ok(()), |from| forget_path(kernel, before, after, from, false))
}

fn forget_path(kernel: &dyn Kernel, before: &Shown, after: &Shown, path: &DataPath, modified: bool) -> Result<()> {
    // A folder that is still there keeps its number, and whoever works in it must not notice:
    // only its attributes are new. What lies below it has changes of its own.
    if modified && is_folder(before, path)? && is_folder(after, path)? {
        after.folder_numbers(path)?.for_each(|number| kernel.forget_folder(number));
        return Ok(());
    }
    // Whoever still works in a folder that is gone must not go on seeing what was in it.
    if is_folder(before, path)? {
        after.folder_numbers(path)?.for_each(|number| kernel.forget_folder(number));
    }
    let Some(parent) = path.parent() else { return Ok(()) };
    for folder in after.folder_numbers(&parent)? {
        // The entry first: that waits for listings under way, which might still show the old one.
        kernel.forget_entry(folder, path.name());
        kernel.forget_folder(folder);
    }
    Ok(())
}

/// Has the kernel forget every name below a folder that is gone.
///
/// A file that is open keeps its name in a folder that was forgotten. A folder that comes to the same path
/// one day has the same number, so the kernel takes it for the old one, and would show that name in it.
fn forget_content(kernel: &dyn Kernel, before: &Shown, after: &Shown, path: &DataPath) -> Result<()> {
    if is_folder(after, path)? {
        return Ok(());
    }
    let (view, base) = (before.view(), before.view().base());
    let mut waiting = vec![path.clone()];
    while let Some(path) = waiting.pop() {
        let Some(folder) = view.node(&path)?.filter(|node| node.is_folder()) else { continue };
        let numbers: Vec<Number> = after.folder_numbers(&path)?.collect();
        let forget = |name: &[u8]| numbers.iter().for_each(|number| kernel.forget_entry(*number, name));
        // Row by row: all nodes of a huge folder at once would be more memory than a mount may take.
        for row in view.base_children(&folder)? {
            forget(base.name(row)?);
            if base.entry(row)?.kind == Kind::Folder {
                waiting.push(path.join(base.name(row)?)?);
            }
        }
        for (name, node) in view.changed_children(&folder)? {
            forget(&name);
            waiting.extend(node.filter(|node| node.is_folder()).map(|node| node.path));
        }
    }
    Ok(())
}

fn is_folder(shown: &Shown, path: &DataPath) -> Result<bool> {
    Ok(shown.view().node(path)?.is_some_and(|node| node.is_folder()))
}

/// Forgets everything below the top folder; returns how many entries that has.
fn forget_all(kernel: &dyn Kernel, view: &View) -> usize {
    let top = view.root().and_then(|root| view.children(&root)).unwrap_or_default();
    top.iter().map(|node| node.name()).filter(|name| *name != veneer_folder::NAME).for_each(|name| {
        kernel.forget_entry(Number::ROOT, name);
    });
    kernel.forget_folder(Number::ROOT);
    top.len()
}
