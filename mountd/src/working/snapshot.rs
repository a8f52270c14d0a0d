//! What a working state and the store tell each other.
//!
//! A snapshot makes the state the ordinary draft of its author, as one step
//! that undo takes back. What the command then does to that draft, or a commit
//! to the branch, comes back as edits from outside: paths that the store shows
//! otherwise than it was last known to, and that nobody wrote to since.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{debug, info};
use veneer::dataset::{Dataset, Datasets, Draft, View};
use veneer::model::{BranchName, Change, Content, DataPath, FileChange, Id, RefName, WriterName};
use veneer::store::service;
use veneer::{Error, ErrorKind, Result};

use super::emit::{Said, Sayings, emit};
use super::extra::Extra;
use super::load::{Forgotten, Loaded, load_tree};
use super::record::{Ino, Record, Settled};
use super::refused::Refused;
use super::scratch::Stamp;
use super::stored::{Meant, Stored};
use super::{Working, journal};
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::veneer_folder::Info;

/// How long another owner of the store is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a file is read again that was written while it was read.
const TRIES: u32 = 3;
/// A change that comes so soon after another may have the same stamp.
const STAMP_GRAIN: Duration = Duration::from_millis(20);
/// What a step says that it was.
const LABEL: &str = "edits through the mount";

/// What may be told to forget; see [`crate::follow::Kernel`].
pub trait Forget: Send + Sync {
    /// What a name in a folder is.
    fn forget_name(&self, folder: Ino, name: &[u8]);
    /// The attributes, and what was read, of an inode.
    fn forget_inode(&self, ino: Ino);
}

/// Keeps a working state and a draft of the store in step.
pub struct Keeper {
    /// The state.
    pub working: Arc<Working>,
    /// The store's folder.
    pub store: PathBuf,
    /// The dataset, read beside any owner of the store.
    pub dataset: Dataset,
    /// The branch.
    pub branch: BranchName,
    /// Whose draft it is.
    pub writer: WriterName,
    /// Who is to forget.
    pub kernel: Box<dyn Forget>,
    /// What `.veneer/` says beside the revision.
    pub info: Info,
    /// What is kept from being collected.
    pub kept: Arc<Kept>,
    /// Where it is written down what `.veneer/` shows; `None` without a mount.
    pub told: Option<Arc<ToldJournal>>,
    known: Mutex<Known>,
}

/// What both sides knew of each other last.
#[derive(Debug)]
struct Known {
    settled: Settled,
    view: View,
    said: HashMap<DataPath, Change>,
    stored: HashMap<u64, Stored>,
    /// What [`Working::changes`] was when all was in the store.
    changes: Option<u64>,
}

/// The parts of a [`Keeper`] that a caller has to find.
pub struct Parts {
    /// See [`Keeper`].
    pub working: Arc<Working>,
    /// See [`Keeper`].
    pub store: PathBuf,
    /// See [`Keeper`].
    pub dataset: Dataset,
    /// See [`Keeper`].
    pub branch: BranchName,
    /// See [`Keeper`].
    pub writer: WriterName,
    /// See [`Keeper`].
    pub kernel: Box<dyn Forget>,
    /// See [`Keeper`].
    pub info: Info,
    /// See [`Keeper`].
    pub kept: Arc<Kept>,
    /// See [`Keeper`].
    pub told: Option<Arc<ToldJournal>>,
}

impl Keeper {
    /// Begins with a state that was opened just now; `was_left` says that it was found, not made from the store.
    pub fn new(parts: Parts, was_left: bool) -> Result<Keeper> {
        let Parts { working, store, dataset, branch, writer, kernel, info, kept, told } = parts;
        let state = working.state();
        let settled =
            state.tree.settled().ok_or_else(|| Error::corrupt("the draft's journal", "it has no beginning"))?;
        let mut view = state.tree.view.clone();
        let mut said = HashMap::new();
        if was_left {
            // What the store was known to have; of what it has now, the difference is applied below.
            view = dataset.view_at(settled.revision, settled.overlay)?;
            said.extend(view.overlay().entries()?);
        } else {
            let changes = emit(&state.tree)?.into_iter().filter_map(|(path, said)| match said {
                Said::Change(change) => Some((path, change)),
                Said::Scratch { .. } => None,
            });
            said.extend(changes);
        }
        drop(state);
        let changes = (!was_left).then(|| working.changes());
        let known = Mutex::new(Known { settled, view, said, stored: HashMap::new(), changes });
        Ok(Keeper { working, store, dataset, branch, writer, kernel, info, kept, told, known })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts all that was written into the store, as the author's draft.
    ///
    /// # Errors
    /// `StoreBusy` when somebody owns the store for too long; the state is untouched by any error.
    pub fn snapshot(&self) -> Result<()> {
        let mut known = self.known();
        // A program may remove, meanwhile, what the emit below speaks of.
        let _pinned = self.working.pin_scratch();
        if self.is_whole(&known)? && !self.has_moved(&known)? {
            return Ok(());
        }
        let store = service::open_to_change(&self.store, &self.writer, PATIENCE)?;
        let owned = Datasets::new(store).open(self.dataset.name())?.with_source(self.dataset.source()?);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.put_in_store(&mut known, &owned) {
                // A service lets others in beside us.
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) && tries < TRIES => {}
                told => return told,
            }
        }
    }

    /// Saves the state as a step of the draft in the store, after what was done to that from outside was taken in.
    fn put_in_store(&self, known: &mut Known, owned: &Dataset) -> Result<()> {
        self.follow(known)?;
        if self.is_whole(known)? {
            return Ok(());
        }
        let changes = self.working.changes();
        let mut draft = owned.draft_from(&self.branch, &self.writer, known.settled.revision)?;
        let is_at =
            (draft.view().overlay().root(), draft.based_on()) == (known.settled.overlay, known.settled.revision);
        if draft.is_saved() && !is_at && draft.view().base().id() == known.settled.base {
            let name = RefName::draft(owned.name(), &self.branch, &self.writer).to_string();
            return Err(Error::new(ErrorKind::RefMoved { name }));
        }
        let said = emit(&self.working.state().tree)?;
        let mut changes_said = HashMap::new();
        for (path, said) in said {
            if let Some(change) = self.resolve(known, &draft, &path, &said)? {
                changes_said.insert(path, change);
            }
        }
        draft.replace_changes(changes_said.clone().into_iter().collect())?;
        draft.save(LABEL)?;
        let overlay = draft.view().overlay().root();
        let revision = draft.based_on();
        drop(draft);
        known.settled = Settled { overlay, revision, ..known.settled };
        known.view = self.dataset.view_at(revision, overlay)?;
        known.said = changes_said;
        known.changes = Some(changes);
        self.settle(known)
    }

    /// Whether nothing was written that the store was not told of.
    fn is_whole(&self, known: &Known) -> Result<bool> {
        if known.changes != Some(self.working.changes()) {
            return Ok(false);
        }
        for number in self.working.live() {
            if self.stored(known, number)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the draft, or the branch of one that has no step, is not where it was.
    fn has_moved(&self, known: &Known) -> Result<bool> {
        let draft = self.dataset.draft_from(&self.branch, &self.writer, known.settled.revision)?;
        if draft.is_saved() {
            return Ok(
                (draft.view().overlay().root(), draft.based_on()) != (known.settled.overlay, known.settled.revision)
            );
        }
        Ok(self.dataset.head(&self.branch)?.id != known.settled.revision)
    }

    fn settle(&self, known: &Known) -> Result<()> {
        let mut state = self.working.state();
        let failed = |cause| Error::io("write the draft's journal", cause);
        state.journal.append(&[Record::Settled(known.settled)], journal::Room::Gives).map_err(failed)?;
        state.tree.apply(&Record::Settled(known.settled));
        self.working.trim(&mut state).map_err(failed)
    }

    /// What is to be said of a path, once its bytes are in the store; `None` where the base says the same.
    fn resolve(&self, known: &mut Known, draft: &Draft, path: &DataPath, said: &Said) -> Result<Option<Change>> {
        let (number, mode, under) = match said {
            Said::Change(change) => return Ok(Some(change.clone())),
            Said::Scratch { number, mode, under } => (*number, *mode, *under),
        };
        let mut stored = match self.stored(known, number)? {
            Some(stored) => stored,
            None => self.put(draft, number)?,
        };
        let meant = match stored.meant(path, under) {
            Some(meant) => meant.clone(),
            None => {
                let content = draft.content_for(path, under, stored.blob, stored.size)?;
                let mut mtime_ns = stored.modified_ns;
                if let Content::Source(path) = &content {
                    let base = draft.view().base();
                    let entry = base.find(path)?.map(|row| base.entry(row)).transpose()?;
                    mtime_ns = entry.map_or(mtime_ns, |entry| entry.mtime_ns);
                }
                let meant = Meant { under, content, mtime_ns };
                stored.meant.insert(path.clone(), meant.clone());
                known.stored.insert(number, stored.clone());
                meant
            }
        };
        if let (Some(row), Content::Source(path)) = (under, &meant.content) {
            let base = draft.view().base();
            if base.path(row)? == *path && base.entry(row)?.mode == mode {
                return Ok(None);
            }
        }
        let (Meant { content, mtime_ns, .. }, size) = (meant, stored.size);
        Ok(Some(Change::File(FileChange { content, size, mtime_ns, mode })))
    }

    /// What was put of a scratch file that was not written since.
    fn stored(&self, known: &Known, number: u64) -> Result<Option<Stored>> {
        let Some(stored) = known.stored.get(&number) else { return Ok(None) };
        let stat = self.working.scratch.stat(number).map_err(|cause| Error::io("look at a scratch file", cause))?;
        let is_told = self.working.scratch.tells_of_stores();
        let same = is_told && Stamp::of(&stat) == stored.stamp && self.working.writes(number) == stored.writes;
        Ok(same.then(|| stored.clone()))
    }

    /// Puts the bytes of a scratch file into the store; of one that is being written, as they come.
    fn put(&self, draft: &Draft, number: u64) -> Result<Stored> {
        let failed = |cause| Error::io("read a scratch file", cause);
        let mut tries = 0;
        loop {
            let writes = self.working.writes(number);
            let before = self.settled_stamp(number).map_err(failed)?;
            let mut file = self.working.scratch.open_file(number).map_err(failed)?;
            let (id, size) = draft.store_content(&mut file)?;
            let after = self.stamp_of(&file).map_err(failed)?;
            tries += 1;
            let is_still = before == after && self.working.writes(number) == writes;
            if is_still || tries == TRIES {
                let (modified_ns, meant) = (after.modified_ns(), HashMap::new());
                return Ok(Stored { writes, stamp: before, blob: id, size, modified_ns, meant });
            }
        }
    }

    /// The stamp of a scratch file, which any later write changes.
    fn settled_stamp(&self, number: u64) -> std::io::Result<Stamp> {
        let stamp = self.protected_stamp(number)?;
        // Writes that come through here are counted; those of the kernel are known by the stamp alone. After the
        // first wait there is none for what was written before.
        let age = super::now_ns().saturating_sub(stamp.changed_ns());
        match STAMP_GRAIN.checked_sub(Duration::from_nanos(age.unsigned_abs())) {
            Some(rest) => {
                std::thread::sleep(rest);
                self.protected_stamp(number)
            }
            None => Ok(stamp),
        }
    }

    /// The stamp of a scratch file of which no page can be written, by a mapping, without a new stamp.
    ///
    /// A store to a page that is dirty already leaves no trace. Once it is written back, the next store does.
    fn protected_stamp(&self, number: u64) -> std::io::Result<Stamp> {
        let mut before = Stamp::of(&self.working.scratch.stat(number)?);
        for _ in 0..TRIES {
            self.working.scratch.write_back(number)?;
            let after = Stamp::of(&self.working.scratch.stat(number)?);
            if after == before {
                break;
            }
            before = after;
        }
        Ok(before)
    }

    fn stamp_of(&self, file: &File) -> std::io::Result<Stamp> {
        Ok(Stamp::of(&rustix::fs::fstat(file)?))
    }

    /// Takes in what the command did to the draft, or others to the branch.
    pub fn catch_up(&self) -> Result<()> {
        let _pinned = self.working.pin_scratch();
        self.follow(&mut self.known())
    }

    fn follow(&self, known: &mut Known) -> Result<()> {
        let draft = self.dataset.draft_from(&self.branch, &self.writer, known.settled.revision)?;
        if draft.is_saved() {
            return self.take_in(known, draft.view(), draft.based_on(), true);
        }
        // A draft without a step says nothing: it was committed, or never begun. The mount goes along with the
        // branch, unless that would hide what was written.
        let head = self.dataset.head(&self.branch)?.id;
        self.take_in(known, &self.dataset.view(head)?, head, false)
    }

    /// Makes the state what `view` shows where nobody wrote meanwhile.
    ///
    /// `partly`: where somebody did, what was written stays. Else nothing is taken in at all then.
    fn take_in(&self, known: &mut Known, view: &View, revision: Id, partly: bool) -> Result<()> {
        let settled = Settled { revision, base: view.base().id(), overlay: view.overlay().root() };
        if settled == known.settled {
            return Ok(());
        }
        if settled.base != known.settled.base {
            // Every row would have another number, and programs hold the old ones. The draft stays on what it
            // began from, a commit merges the two, and the next mount begins from that.
            debug!(%revision, "the source was refreshed: the next mount shows it");
            return Ok(());
        }
        let differences = known.view.overlay().diff(view.overlay())?;
        let mut state = self.working.state();
        let now = emit(&state.tree)?;
        let (mut clean, mut dirty) = (Vec::new(), 0);
        for difference in differences {
            match self.is_clean(known, &now, &difference.path)? {
                true => clean.push(difference.path),
                false => dirty += 1,
            }
        }
        if dirty > 0 && !partly {
            return Ok(());
        }
        let was_whole = known.changes == Some(self.working.changes());
        let mut loaded = Loaded::default();
        for path in &clean {
            load_tree(&mut state.tree, view, path, &mut loaded)?;
        }
        loaded.records.push(Record::Settled(settled));
        // Whoever takes over before it is told has it told.
        let Forgotten { names, inodes } = loaded.forgotten;
        loaded.records.push(Record::Untold(names, inodes));
        loaded.records[loaded.records.len() - 2..].iter().for_each(|record| state.tree.apply(record));
        if let Err(cause) = state.journal.append(&loaded.records, journal::Room::Gives) {
            // The state is what it is: a journal that says all of it anew is right, too.
            let records = state.tree.records();
            state.journal.renew(records).map_err(|_| Error::io("write the draft's journal", cause))?;
        }
        let after = emit(&state.tree)?;
        drop(state);
        for path in &clean {
            known.said.retain(|said, _| !said.is_within(path));
            for (path, said) in within(&after, path) {
                if let Some(change) = self.known_change(known, path, said)? {
                    known.said.insert(path.clone(), change);
                }
            }
        }
        known.settled = settled;
        known.view = view.clone();
        if !clean.is_empty() {
            self.working.note_change();
        }
        if was_whole {
            known.changes = Some(self.working.changes());
        }
        info!(paths = clean.len(), kept = dirty, "took in {} paths that were changed in the store", clean.len());
        self.tell(revision)
    }

    /// Whether nobody wrote to a path, or below it, since both sides knew the same.
    fn is_clean(&self, known: &Known, now: &Sayings, path: &DataPath) -> Result<bool> {
        let mut there = 0;
        for (path, said) in within(now, path) {
            match self.known_change(known, path, said)? {
                // What the base says, too, is nothing.
                None if !matches!(said, Said::Scratch { .. }) => return Ok(false),
                None => {
                    let Said::Scratch { number, under, .. } = said else { return Ok(false) };
                    let is_known =
                        self.stored(known, *number)?.is_some_and(|stored| stored.meant(path, *under).is_some());
                    if !is_known || known.said.contains_key(path) {
                        return Ok(false);
                    }
                }
                Some(change) if known.said.get(path) != Some(&change) => return Ok(false),
                Some(_) => there += 1,
            }
        }
        Ok(there == known.said.keys().filter(|said| said.is_within(path)).count())
    }

    /// What is said of a path as far as no byte has to be put for it.
    fn known_change(&self, known: &Known, path: &DataPath, said: &Said) -> Result<Option<Change>> {
        let (number, mode, under) = match said {
            Said::Change(change) => return Ok(Some(change.clone())),
            Said::Scratch { number, mode, under } => (*number, *mode, *under),
        };
        let Some(stored) = self.stored(known, number)? else { return Ok(None) };
        let Some(Meant { content, mtime_ns, .. }) = stored.meant(path, under).cloned() else { return Ok(None) };
        let size = stored.size;
        if let (Some(row), Content::Source(path)) = (under, &content) {
            let base = known.view.base();
            if base.path(row)? == *path && base.entry(row)?.mode == mode {
                return Ok(None);
            }
        }
        Ok(Some(Change::File(FileChange { content, size, mtime_ns, mode })))
    }

    fn tell(&self, revision: Id) -> Result<()> {
        self.kept.add(revision)?;
        let time_ns = self.dataset.revision(revision)?.time_ns;
        let extra = Extra::new(&self.info, revision, time_ns, &self.working.extra());
        if let Some(told) = &self.told {
            told.shows_extra(revision, &extra);
        }
        self.working.set_extra(extra);
        self.have_forgotten()
    }

    /// Has the kernel forget what it was not told yet, and what `.veneer/` was.
    pub fn have_forgotten(&self) -> Result<()> {
        for name in Extra::NAMES {
            self.kernel.forget_name(Extra::FOLDER, name);
        }
        let forgotten = self.working.state().tree.untold().clone();
        forgotten.names.iter().for_each(|(folder, name)| self.kernel.forget_name(*folder, name));
        forgotten.inodes.iter().for_each(|ino| self.kernel.forget_inode(*ino));
        let mut state = self.working.state();
        // More may have come meanwhile, which is told by whoever it comes from.
        if *state.tree.untold() == forgotten {
            let failed = |cause| Error::io("write the draft's journal", cause);
            state.journal.append(&[Record::Told], journal::Room::Gives).map_err(failed)?;
            state.tree.apply(&Record::Told);
        }
        Ok(())
    }
}

fn within<'a>(all: &'a Sayings, path: &'a DataPath) -> impl Iterator<Item = (&'a DataPath, &'a Said)> {
    // What sorts between a folder and its content is passed over.
    all.range(path.clone()..)
        .take_while(move |(said, _)| said.as_bytes().starts_with(path.as_bytes()))
        .filter(move |(said, _)| said.is_within(path))
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error::io("do as asked", std::io::Error::from_raw_os_error(refused.0))
    }
}
