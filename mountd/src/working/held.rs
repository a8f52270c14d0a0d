//! Files that were edited behind the back of a program that may write to them.
//!
//! Such a file's name shows the edit, and is another inode's, the heir's. Who
//! has it open keeps what it had, and may write on: what it writes is laid over
//! the draft, row by row where the file has rows, with the next snapshot or as
//! soon as the last program closes it. That goes to wherever the heir's name is
//! by then; where the heir has none, it is as with a file that was removed.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::mpsc::SyncSender;

use tracing::{info, warn};
use veneer::dataset::{Draft, LaidOver, Manner, Place};
use veneer::model::{Change, Content, DataPath, FileChange};
use veneer::{Error, Result};

use super::Working;
use super::journal::Room;
use super::keeper::{Keeper, Known};
use super::moved::{Arrivals, may_be_written};
use super::record::{Bytes, Held, Ino, Record, What};
use super::refused::Answer;
use super::snapshot::LABEL;
use super::stored::Stored;
use super::tree::Tree;

/// What is there now, and what was last known to be there.
pub(super) struct Now<'a> {
    pub(super) known: &'a Known,
    pub(super) arrivals: &'a Arrivals,
    /// The files that somebody has open.
    pub(super) open: &'a HashSet<Ino>,
}

impl Now<'_> {
    /// Remembers that the file `was`, which nobody wrote to since it was put into the draft, has lost `path` to
    /// another, or is somewhere else.
    ///
    /// It is held if somebody has it open, or may write to it without telling.
    pub(super) fn hold(&self, tree: &mut Tree, path: &DataPath, was: Ino, records: &mut Vec<Record>) -> Result<()> {
        if tree.find(path)? == Some(was) {
            return Ok(());
        }
        let Some(heir) = self.heir(tree, path)? else {
            if self.open.contains(&was) {
                warn!(%path, "`{path}` is gone while a program has it open: what it writes from now on is in no draft");
            }
            return Ok(());
        };
        let mut hold = Vec::new();
        // Where it is looked for later, see `path_of`, it has to be spoken of.
        tree.touch(heir, &mut hold)?;
        for ino in tree.heirs.of(was) {
            if let Some(held) = tree.heirs.get(ino) {
                hold.push(Record::Held(ino, Some(Box::new(Held { heir, ..held.clone() }))));
            } else if let Some(held) = tree.heirs.replaced(ino).cloned() {
                tree.heirs.put_by(ino, Held { heir, ..held });
            }
        }
        if let Some(before) = known_file(self.known, path)? {
            let held = Held { heir, before, forgotten: false, over: None };
            if may_be_written(tree, was, self.open) {
                hold.push(Record::Held(was, Some(Box::new(held))));
            } else {
                tree.heirs.put_by(was, held);
            }
        }
        hold.iter().for_each(|record| tree.apply(record));
        records.extend(hold);
        Ok(())
    }

    /// The file that has the path now, or else the one that it was moved to.
    fn heir(&self, tree: &Tree, path: &DataPath) -> Result<Option<Ino>> {
        if let Some(heir) = tree.find(path)? {
            return Ok(Some(heir).filter(|heir| is_file(tree, *heir)));
        }
        let Some(to) = self.arrivals.moved(self.known, path)? else { return Ok(None) };
        Ok(tree.find(&to)?.filter(|heir| is_file(tree, *heir)))
    }
}

fn is_file(tree: &Tree, ino: Ino) -> bool {
    tree.inode(ino).is_ok_and(|inode| matches!(inode.what, What::File(_)))
}

/// The file at a path as both the state and the store knew it last.
fn known_file(known: &Known, path: &DataPath) -> Result<Option<FileChange>> {
    match known.said.get(path) {
        Some(Change::File(file)) => return Ok(Some(file.clone())),
        Some(_) => return Ok(None),
        None => {}
    }
    let Some(node) = known.view.node(path)? else { return Ok(None) };
    let Place::Source { row } = node.place else { return Ok(None) };
    let content = Content::Source(known.view.base().path(row)?);
    Ok(Some(FileChange { content, size: node.entry.size, mtime_ns: node.entry.mtime_ns, mode: node.entry.mode }))
}

/// Where an inode has its name; `None` if it has none that is spoken of.
fn path_of(tree: &Tree, wanted: Ino) -> Result<Option<DataPath>> {
    let mut folders = vec![(Ino::ROOT, DataPath::ROOT)];
    while let Some((folder, path)) = folders.pop() {
        let Some(spoken) = tree.spoken(folder) else { continue };
        for (name, ino) in spoken.iter() {
            match ino {
                Some(ino) if ino == wanted => return path.join(name).map(Some),
                Some(ino) if tree.spoken(ino).is_some() => folders.push((ino, path.join(name)?)),
                _ => {}
            }
        }
    }
    Ok(None)
}

impl Working {
    /// Whoever opens a file that lost its name behind their back may write to it.
    pub(super) fn hold_replaced(&self, ino: Ino) -> Answer<()> {
        let mut state = self.state();
        let Some(held) = state.tree.heirs.replaced(ino).cloned() else { return Ok(()) };
        self.commit(&mut state, &[Record::Held(ino, Some(Box::new(held)))], Room::Takes)
    }

    /// Has somebody told when the last program closes a file that it held.
    pub(super) fn tell_when_closed(&self, sender: SyncSender<()>) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    }

    pub(super) fn tell_closed(&self, ino: Ino) {
        if self.state().tree.heirs.get(ino).is_none() {
            return;
        }
        if let Some(sender) = &*self.closed.lock().unwrap_or_else(PoisonError::into_inner) {
            // One that was told and has not looked yet will see this, too.
            let _ = sender.try_send(());
        }
    }

    fn is_open(&self, ino: Ino) -> bool {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&ino)
    }
}

/// A held file that is laid over a draft.
struct Laid {
    ino: Ino,
    /// Whether somebody had it open before its bytes were read.
    was_open: bool,
    /// What the draft has of it once it is saved.
    before: FileChange,
    /// What that was laid over.
    over: Option<LaidOver>,
    /// What was read of it, if it was.
    read: Option<(u64, Stored)>,
    /// Whether the draft has something of it that it had not.
    is_new: bool,
}

impl Keeper {
    /// Lays what programs wrote to held files over the draft, as a step of its own; the state is to follow it then.
    /// Returns whether there was any.
    ///
    /// Before the step is saved nothing is taken for done, so that after an error all of it is done again.
    pub(super) fn lay_held(&self, known: &mut Known, draft: &mut Draft) -> Result<bool> {
        let held: Vec<(Ino, Held)> =
            self.working.state().tree.heirs.held().map(|(ino, held)| (ino, held.clone())).collect();
        if held.is_empty() {
            return Ok(false);
        }
        let before = draft.view().clone();
        let laid: Vec<Laid> =
            held.into_iter().map(|(ino, held)| self.lay_one(known, draft, ino, held)).collect::<Result<_>>()?;
        let hides = draft.hide_what_came(&before)?;
        draft.save(LABEL)?;
        let is_new = hides || laid.iter().any(|laid| laid.is_new);
        let read = laid.iter().filter_map(|laid| laid.read.clone());
        known.stored.extend(read);
        self.let_go(known, laid)?;
        Ok(is_new)
    }

    /// Notes what is in the draft of held files, and holds those no longer that nobody can have written to since.
    fn let_go(&self, known: &Known, laid: Vec<Laid>) -> Result<()> {
        // Nobody opens a file while it is decided whether somebody has it open.
        let bodies = self.working.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.working.state();
        let (mut records, mut closed) = (Vec::new(), Vec::new());
        for Laid { ino, was_open, before, over, .. } in laid {
            // Whom the kernel forgot meanwhile says so here only.
            let Some(held) = state.tree.heirs.get(ino) else { continue };
            let held = Held { before, over, ..held.clone() };
            let stays = was_open || bodies.contains_key(&ino) || !self.is_as_read(known, &state.tree, ino);
            records.push(Record::Held(ino, stays.then(|| Box::new(held.clone()))));
            if !stays {
                closed.push((ino, held));
            }
        }
        records.iter().for_each(|record| state.tree.apply(record));
        let mut written = state.journal.append(&records, Room::Gives);
        if written.is_err() {
            // The draft has it, so the state is what it is: a journal that says all of it anew is right, too.
            let records = state.tree.records();
            written = state.journal.renew(records);
        }
        for (ino, held) in closed {
            match held.forgotten {
                true => self.working.drop_orphan(&mut state, ino),
                false => state.tree.heirs.put_by(ino, held),
            }
        }
        written.map_err(|cause| Error::io("write the draft's journal", cause))
    }

    /// Whether nothing was written to a file since it was read.
    fn is_as_read(&self, known: &Known, tree: &Tree, ino: Ino) -> bool {
        match tree.spoken_inode(ino).map(|inode| &inode.what) {
            Some(What::File(Bytes::Scratch(number))) => {
                let stored = known.stored.get(number);
                stored.is_some_and(|stored| self.is_unchanged(stored, *number).unwrap_or(false))
            }
            _ => true,
        }
    }

    /// Lays one held file over the draft.
    fn lay_one(&self, known: &Known, draft: &mut Draft, ino: Ino, held: Held) -> Result<Laid> {
        let was_open = self.working.is_open(ino);
        let (before, over) = (held.before, held.over);
        let mut laid = Laid { ino, was_open, before, over, read: None, is_new: false };
        let (number, path) = {
            let tree = &self.working.state().tree;
            match tree.spoken_inode(ino).map(|inode| &inode.what) {
                Some(What::File(Bytes::Scratch(number))) => (*number, path_of(tree, held.heir)?),
                _ => return Ok(laid),
            }
        };
        if self.stored(known, number)?.is_some() {
            return Ok(laid);
        }
        let stored = self.put(draft, number)?;
        let bytes = (stored.blob, stored.size, stored.modified_ns);
        laid.read = Some((number, stored));
        let Some(path) = path else { return Ok(laid) };
        if draft.view().node(&path)?.is_none_or(|node| node.is_folder()) {
            return Ok(laid);
        }
        let written = draft.lay_written(&path, (&laid.before, laid.over.as_ref()), bytes, LABEL)?;
        match written.manner {
            Manner::Beside => warn!(
                %path,
                "what a program wrote to `{path}` cannot be told from what others edited: `undo` brings it"
            ),
            Manner::Replaces => {
                warn!(%path, "what a program wrote last to `{path}` replaces an edit of the same that was made meanwhile");
            }
            Manner::Laid if written.is_new => {
                info!(%path, "what a program wrote to `{path}` was laid over what was edited meanwhile");
            }
            Manner::Laid => {}
        }
        laid.is_new = written.is_new;
        (laid.before, laid.over) = (written.file, written.over);
        Ok(laid)
    }
}
