//! A snapshot: a working state becomes the ordinary draft of its author, as one step that undo takes back.
//!
//! What the command then does to that draft, or a commit to the branch, comes
//! back as edits from outside, see [`super::catch_up`].

use std::collections::HashMap;
use std::time::Duration;

use veneer::dataset::{Dataset, Datasets, Draft, View};
use veneer::model::{Change, Content, DataPath, FileChange, RefName};
use veneer::store::service;
use veneer::{Error, ErrorKind, Result};

use super::emit::{Said, emit};
use super::journal;
use super::keeper::{Keeper, Known};
use super::record::{Record, Settled};
use super::stored::Meant;
/// How long another owner of the store is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is begun again when others change the draft meanwhile.
const TRIES: u32 = 3;
/// What a step says that it was.
pub(super) const LABEL: &str = "edits through the mount";

impl Keeper {
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
    pub(super) fn put_in_store(&self, known: &mut Known, owned: &Dataset) -> Result<()> {
        self.follow(known)?;
        if self.is_whole(known)? {
            return Ok(());
        }
        let changes = self.working.changes();
        // Until all is done there is something left to do, whatever fails on the way.
        known.changes = None;
        let mut draft = owned.draft_from(&self.branch, &self.writer, known.settled.revision)?;
        let is_at =
            (draft.view().overlay().root(), draft.based_on()) == (known.settled.overlay, known.settled.revision);
        if draft.is_saved() && !is_at && draft.view().base().id() == known.settled.base {
            let name = RefName::draft(owned.name(), &self.branch, &self.writer).to_string();
            return Err(Error::new(ErrorKind::RefMoved { name }));
        }
        let before = draft.view().clone();
        let said = emit(&self.working.state().tree)?;
        let mut changes_said = HashMap::new();
        for (path, said) in said {
            if let Some(change) = self.resolve(known, &draft, &path, &said)? {
                changes_said.insert(path, change);
            }
        }
        draft.replace_changes(changes_said.clone().into_iter().collect())?;
        let written = draft.view().clone();
        // Before it is saved: whatever fails from here on, what belongs to an excluded sample does not show.
        let hides = draft.hide_what_came(&before)?;
        draft.save(LABEL)?;
        known.changes = Some(changes);
        let settled = match hides {
            true => self.take_in_hidden(known, &draft, written, changes_said),
            false => {
                let (overlay, revision) = (draft.view().overlay().root(), draft.based_on());
                known.settled = Settled { overlay, revision, ..known.settled };
                self.dataset.view_at(revision, overlay).map(|view| (known.view, known.said) = (view, changes_said))
            }
        };
        let changes = known.changes.take();
        settled.and_then(|()| self.settle(known))?;
        let was_laid = self.lay_held(known, &mut draft)?;
        known.changes = changes;
        drop(draft);
        if was_laid { self.follow(known) } else { Ok(()) }
    }

    /// Takes in what was hidden of what is `written`, as anybody's edit of that, so that it goes from the mount, too.
    fn take_in_hidden(
        &self,
        known: &mut Known,
        draft: &Draft,
        written: View,
        said: HashMap<DataPath, Change>,
    ) -> Result<()> {
        let (overlay, revision) = (draft.view().overlay().root(), draft.based_on());
        let hidden = self.dataset.view_at(revision, overlay)?;
        let settled = Settled { overlay, revision, ..known.settled };
        let view = std::mem::replace(&mut known.view, written);
        let said = std::mem::replace(&mut known.said, said);
        let taken = self.take_in(known, &hidden, settled, true);
        if taken.is_err() && known.settled != settled {
            // It is as after a kill: what was written is put into the store again.
            (known.view, known.said) = (view, said);
        }
        taken
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
                let file = FileChange { content, size: stored.size, mtime_ns, mode };
                let FileChange { content, mtime_ns, .. } = draft.as_in_revision(path, file)?;
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
}
