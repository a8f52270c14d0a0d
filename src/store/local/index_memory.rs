//! The index in memory: 16 bytes for each object, made by reading the log.
//!
//! It keeps only where each object's record is; id, kind and length are read
//! there when somebody asks. So a reader of a store with a million objects
//! stays small, and an id is always compared whole.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::files::{Files, file_name};
use super::group::{self, ALIGNMENT, ITEM_LEN};
use super::index::{Applied, Entry, Found, Index, Place, Record, Rewritten};
use crate::model::{Id, ObjectKind, RefValue};
use crate::{Error, Result};

/// New slots are merged into the sorted ones when they are as many as this part of them.
const MERGE_PART: usize = 8;
/// But not before they are so many.
const MERGE_MIN: usize = 4096;

/// The index in memory.
#[derive(Debug)]
pub(super) struct MemoryIndex {
    files: Arc<Files>,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    applied: Applied,
    /// Sorted by the beginning of the id.
    slots: Vec<Slot>,
    /// Those that came later.
    recent: BTreeSet<Slot>,
    revisions: BTreeSet<Id>,
    refs: BTreeMap<String, RefValue>,
}

/// Where an object's record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Slot {
    /// The first 8 bytes of the id.
    id_start: u64,
    file: u32,
    /// Where the record begins, in units of [`ALIGNMENT`].
    at: u32,
}

impl State {
    fn new(applied: Applied) -> State {
        State { applied, slots: Vec::new(), recent: BTreeSet::new(), revisions: BTreeSet::new(), refs: BTreeMap::new() }
    }

    fn apply(&mut self, entries: &[Entry<'_>], applied: Applied, files: &Files) -> Result<()> {
        let mut forgotten = HashSet::new();
        for entry in entries {
            match entry {
                Entry::Object(record, _) => {
                    self.recent.insert(Slot::new(record.id, record.place));
                    if record.kind == ObjectKind::Revision {
                        self.revisions.insert(record.id);
                    }
                }
                Entry::Ref { name, new: Some(value) } => {
                    self.refs.insert((*name).to_owned(), *value);
                }
                Entry::Ref { name, new: None } => {
                    self.refs.remove(*name);
                }
                Entry::Forgotten(id) => {
                    self.revisions.remove(id);
                    forgotten.extend(self.slots_of(*id, files)?);
                }
            }
        }
        if !forgotten.is_empty() {
            self.slots.retain(|slot| !forgotten.contains(slot));
            self.recent.retain(|slot| !forgotten.contains(slot));
        }
        if self.recent.len() > MERGE_MIN.max(self.slots.len() / MERGE_PART) {
            self.merge();
        }
        self.applied = applied;
        Ok(())
    }

    /// Where the object's records are: more than one, if it came as two kinds.
    fn slots_of(&self, id: Id, files: &Files) -> Result<Vec<Slot>> {
        let mut slots = self.candidates(id);
        for index in (0..slots.len()).rev() {
            if slots[index].read(files)?.id != id {
                slots.remove(index);
            }
        }
        Ok(slots)
    }

    fn merge(&mut self) {
        self.slots.reserve_exact(self.recent.len());
        self.slots.extend(std::mem::take(&mut self.recent));
        // Two sorted runs: the stable sort merges them in one pass.
        self.slots.sort();
    }

    fn candidates(&self, id: Id) -> Vec<Slot> {
        let id_start = Slot::id_start(id);
        let first = self.slots.partition_point(|slot| slot.id_start < id_start);
        let sorted = self.slots[first..].iter().take_while(|slot| slot.id_start == id_start);
        let from = Slot { id_start, file: 0, at: 0 };
        let to = Slot { id_start, file: u32::MAX, at: u32::MAX };
        sorted.chain(self.recent.range(from..=to)).copied().collect()
    }
}

impl Slot {
    fn new(id: Id, place: Place) -> Slot {
        // Records are aligned as groups are, and a log file has at most 32 GiB.
        let at = u32::try_from(place.record / ALIGNMENT).expect("a log file is cut before it is so long");
        Slot { id_start: Slot::id_start(id), file: place.file, at }
    }

    fn read(self, files: &Files) -> Result<Record> {
        let at = u64::from(self.at) * ALIGNMENT;
        let bytes = files.read(self.file, at, ITEM_LEN)?;
        let item = bytes.first_chunk().and_then(group::decode_object);
        let item = item.filter(|item| Slot::id_start(item.id) == self.id_start);
        let damaged = || Error::corrupt(file_name(self.file), format!("the record at {at} is not what it was"));
        Ok(Record::of(self.file, at, &item.ok_or_else(damaged)?))
    }

    fn id_start(id: Id) -> u64 {
        u64::from_be_bytes(*id.as_bytes().first_chunk().expect("an id is longer"))
    }
}

impl MemoryIndex {
    /// Makes an index that has nothing of the log behind `applied`.
    pub(super) fn new(files: Arc<Files>, applied: Applied) -> MemoryIndex {
        MemoryIndex { files, state: RwLock::new(State::new(applied)) }
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index for MemoryIndex {
    fn applied(&self) -> Applied {
        self.state().applied
    }

    fn object(&self, id: Id) -> Result<Option<Found>> {
        // The files are looked at under the lock: a rewritten log takes the old ones away.
        let state = self.state();
        for slot in state.candidates(id) {
            let record = slot.read(&self.files)?;
            if record.id == id {
                return Ok(Some(Found { record, bytes: None }));
            }
        }
        Ok(None)
    }

    fn is_revision(&self, id: Id) -> Result<bool> {
        Ok(self.state().revisions.contains(&id))
    }

    fn read_ref(&self, name: &str) -> Result<Option<RefValue>> {
        Ok(self.state().refs.get(name).copied())
    }

    fn refs(&self, prefix: &str) -> Result<Vec<(String, RefValue)>> {
        let state = self.state();
        let from_prefix = state.refs.range(prefix.to_owned()..);
        let of_prefix = from_prefix.take_while(|(name, _)| name.starts_with(prefix));
        Ok(of_prefix.map(|(name, value)| (name.clone(), *value)).collect())
    }

    fn revisions(&self, prefix: &str) -> Result<Vec<Id>> {
        Ok(self.state().revisions.iter().filter(|id| id.to_hex().starts_with(prefix)).copied().collect())
    }

    fn apply(&self, entries: &[Entry<'_>], applied: Applied) -> Result<()> {
        self.state_mut().apply(entries, applied, &self.files)
    }

    fn each_object(&self, visit: &mut dyn FnMut(&Record) -> Result<()>) -> Result<()> {
        let (mut slots, recent) = {
            let state = self.state();
            (state.slots.clone(), state.recent.iter().copied().collect::<Vec<_>>())
        };
        slots.extend(recent);
        // In the order of the log, so that it is read forward.
        slots.sort_unstable_by_key(|slot| (slot.file, slot.at));
        slots.into_iter().try_for_each(|slot| visit(&slot.read(&self.files)?))
    }

    fn replace(&self, log: &Rewritten<'_>) -> Result<()> {
        let mut state = State::new(self.applied());
        log(&mut |entries, applied| state.apply(entries, applied, &self.files))?;
        *self.state_mut() = state;
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        0
    }

    fn can_be_replaced(&self) -> bool {
        false
    }
}
