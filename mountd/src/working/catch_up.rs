//! Edits from outside: what the command did to the draft, or others to the branch, becomes part of a working state.
//!
//! They are the paths that the store shows otherwise than it was last known to,
//! and that nobody wrote to since.

use std::collections::HashSet;
use std::sync::PoisonError;

use tracing::{debug, info};
use veneer::dataset::View;
use veneer::model::{Change, Content, DataPath, FileChange, Id};
use veneer::{Error, Result};

use super::emit::{Said, Sayings, emit};
use super::extra::Extra;
use super::held::Now;
use super::journal;
use super::keeper::{Keeper, Known};
use super::load::{Forgotten, Loaded, load_tree};
use super::moved::{Arrivals, files_at, may_be_written};
use super::record::{Ino, Record, Settled};
use super::refused::Refused;
use super::stored::Meant;

impl Keeper {
    /// Takes in what the command did to the draft, or others to the branch.
    pub fn catch_up(&self) -> Result<()> {
        let _pinned = self.working.pin_scratch();
        self.follow(&mut self.known())
    }

    pub(super) fn follow(&self, known: &mut Known) -> Result<()> {
        let draft = self.dataset.draft_from(&self.branch, &self.writer, known.settled.revision)?;
        if draft.is_saved() {
            return self.move_to(known, draft.view(), draft.based_on(), true);
        }
        // A draft without a step says nothing: it was committed, or never begun. The mount goes along with the
        // branch, unless that would hide what was written.
        let head = self.dataset.head(&self.branch)?.id;
        self.move_to(known, &self.dataset.view(head)?, head, false)
    }

    fn move_to(&self, known: &mut Known, view: &View, revision: Id, partly: bool) -> Result<()> {
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
        self.take_in(known, view, settled, partly)
    }

    /// Makes the state what `view` shows where nobody wrote since it showed what is known; `settled` says what `view` is.
    ///
    /// `partly`: where somebody did, what was written stays. Else nothing is taken in at all then.
    pub(super) fn take_in(&self, known: &mut Known, view: &View, settled: Settled, partly: bool) -> Result<()> {
        let differences = known.view.overlay().diff(view.overlay())?;
        // Nobody opens a file while it is decided whether somebody has it open.
        let bodies = self.working.bodies.lock().unwrap_or_else(PoisonError::into_inner);
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
        let open: HashSet<Ino> = bodies.keys().copied().collect();
        let mut files = Vec::new();
        for path in &clean {
            files.extend(files_at(&state.tree, path, &open)?);
            load_tree(&mut state.tree, view, path, &mut loaded)?;
        }
        let mut may_be_moved = false;
        for (path, was) in &files {
            may_be_moved |= may_be_written(&state.tree, *was, &open) && state.tree.find(path)?.is_none();
        }
        let arrivals = if may_be_moved { Arrivals::among(known, view, &clean)? } else { Arrivals::default() };
        let now = Now { known, arrivals: &arrivals, open: &open };
        for (path, was) in files {
            now.hold(&mut state.tree, &path, was, &mut loaded.records)?;
        }
        drop(bodies);
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
        self.tell(settled.revision)
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
