//! Files that were edited behind the back of a program that may write to them.
//!
//! Such a file's name shows the edit, and is another inode's, the heir's. Who
//! has it open keeps what it had, and may write on: what it writes is laid over
//! the draft, row by row where the file has rows, with the next snapshot or as
//! soon as the last program closes it. That goes to wherever the heir's name is
//! by then; where the heir has none, it is as with a file that was removed.

use std::sync::PoisonError;
use std::sync::mpsc::SyncSender;

use tracing::{info, warn};
use veneer::dataset::{Draft, Place};
use veneer::model::{Change, Content, DataPath, FileChange};
use veneer::{Error, Result};

use super::Working;
use super::journal::Room;
use super::keeper::{Keeper, Known};
use super::record::{Bytes, Held, Ino, Record, What};
use super::refused::Answer;
use super::snapshot::LABEL;
use super::tree::Tree;

/// Remembers that the file `was`, which nobody wrote to since it was put into the draft, has lost `path` to another.
///
/// It is held if somebody has it open, or may write to it without telling.
pub(super) fn hold(
    tree: &mut Tree,
    known: &Known,
    path: &DataPath,
    was: Option<Ino>,
    is_open: &dyn Fn(Ino) -> bool,
    records: &mut Vec<Record>,
) -> Result<()> {
    let (Some(was), Some(heir)) = (was, tree.find(path)?) else { return Ok(()) };
    if was == heir || !is_file(tree, heir) || !is_file(tree, was) {
        return Ok(());
    }
    let mut hold = Vec::new();
    for (ino, held) in tree.held.iter().filter(|(_, held)| held.heir == was) {
        hold.push(Record::Held(*ino, Some(Held { heir, ..held.clone() })));
    }
    for held in tree.replaced.values_mut().filter(|held| held.heir == was) {
        held.heir = heir;
    }
    if let Some(before) = known_file(known, path)? {
        let held = Held { heir, before, forgotten: false };
        let is_written = matches!(tree.spoken_inode(was).map(|inode| &inode.what), Some(What::File(Bytes::Scratch(_))));
        if is_written || is_open(was) {
            hold.push(Record::Held(was, Some(held)));
        } else {
            tree.replaced.insert(was, held);
        }
    }
    hold.iter().for_each(|record| tree.apply(record));
    records.extend(hold);
    Ok(())
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
        let Some(held) = state.tree.replaced.remove(&ino) else { return Ok(()) };
        self.commit(&mut state, &[Record::Held(ino, Some(held))], Room::Takes)
    }

    /// Has somebody told when the last program closes a file that it held.
    pub(super) fn tell_when_closed(&self, sender: SyncSender<()>) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    }

    pub(super) fn tell_closed(&self, ino: Ino) {
        if !self.state().tree.held.contains_key(&ino) {
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

impl Keeper {
    /// Lays what programs wrote to held files over the draft, as a step of its own; the state is to follow it then.
    /// Returns whether there was any.
    pub(super) fn lay_held(&self, known: &mut Known, draft: &mut Draft) -> Result<bool> {
        let held: Vec<(Ino, Held)> =
            self.working.state().tree.held.iter().map(|(ino, held)| (*ino, held.clone())).collect();
        let (mut records, mut is_new) = (Vec::new(), false);
        for (ino, held) in held {
            // Who closes it now has written before; who opens it later holds it again.
            let is_open = self.working.is_open(ino);
            let before = self.lay_one(known, draft, ino, &held, &mut is_new)?;
            let held = Held { before, ..held };
            if is_open {
                records.push(Record::Held(ino, Some(held)));
            } else {
                records.push(Record::Held(ino, None));
                self.working.state().tree.replaced.insert(ino, held);
            }
        }
        if records.is_empty() {
            return Ok(false);
        }
        draft.save(LABEL)?;
        let mut state = self.working.state();
        // A write to one that was let go is of somebody who opened it since, and so holds it.
        records.retain(|record| !matches!(record, Record::Held(ino, None) if self.is_held_anew(&state.tree, *ino)));
        let failed = |cause| Error::io("write the draft's journal", cause);
        state.journal.append(&records, Room::Gives).map_err(failed)?;
        records.iter().for_each(|record| state.tree.apply(record));
        for record in &records {
            let Record::Held(ino, None) = record else { continue };
            if state.tree.replaced.get(ino).is_some_and(|held| held.forgotten) {
                state.tree.replaced.remove(ino);
                self.working.drop_orphan(&mut state, *ino);
            }
        }
        Ok(is_new)
    }

    /// Whether somebody opened a file between its being looked at and now.
    fn is_held_anew(&self, tree: &Tree, ino: Ino) -> bool {
        !tree.replaced.contains_key(&ino)
    }

    /// Lays one held file over the draft; returns what the draft has of it then.
    fn lay_one(
        &self,
        known: &mut Known,
        draft: &mut Draft,
        ino: Ino,
        held: &Held,
        is_new: &mut bool,
    ) -> Result<FileChange> {
        let (number, path) = {
            let tree = &self.working.state().tree;
            match tree.spoken_inode(ino).map(|inode| &inode.what) {
                Some(What::File(Bytes::Scratch(number))) => (*number, path_of(tree, held.heir)?),
                _ => return Ok(held.before.clone()),
            }
        };
        if self.stored(known, number)?.is_some() {
            return Ok(held.before.clone());
        }
        let stored = self.put(draft, number)?;
        let bytes = (stored.blob, stored.size, stored.modified_ns);
        known.stored.insert(number, stored);
        let is_file =
            |path: &DataPath| -> Result<bool> { Ok(draft.view().node(path)?.is_some_and(|node| !node.is_folder())) };
        let Some(path) = path.map(|path| is_file(&path).map(|is| is.then_some(path))).transpose()?.flatten() else {
            return Ok(held.before.clone());
        };
        let written = draft.lay_written(&path, &held.before, bytes)?;
        *is_new |= written.is_new;
        if written.replaces {
            warn!(%path, "what a program wrote last to `{path}` replaces an edit of the same that was made meanwhile");
        } else if written.is_new {
            info!(%path, "what a program wrote to `{path}` was laid over what was edited meanwhile");
        }
        Ok(written.file)
    }
}
