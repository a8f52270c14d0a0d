//! What was put and is not in the index yet, and what was put again.
//!
//! An object is staged from the moment it is put until the batch is applied
//! that makes it durable; it can be read all that time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::core::Where;
use super::index::Place;
use crate::model::{Id, ObjectKind};

/// Times of objects that were put again are kept so long, once there are many.
const TOUCHED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Times of objects that were put by themselves are kept so long, once there are many: no sweep may promise more.
pub(super) const PROMISED_FOR: Duration = Duration::from_secs(60 * 60);
/// So many times are kept, however old.
const MANY: usize = 64 * 1024;

/// All staged objects.
#[derive(Debug, Default)]
pub(super) struct Stage {
    staged: RwLock<HashMap<Id, Staged>>,
    /// Old objects that were put again, and when: somebody is about to refer to them.
    touched: Mutex<Times>,
    /// Objects that were put by themselves, in no batch that refers to them, and when.
    promised: Mutex<Times>,
}

/// When something was done with objects last.
#[derive(Debug, Default)]
struct Times {
    times: HashMap<Id, Instant>,
    /// Once there are so many, old ones are forgotten.
    look_at: usize,
}

impl Times {
    fn note(&mut self, id: Id, kept_for: Duration) {
        self.times.insert(id, Instant::now());
        if self.times.len() > self.look_at.max(MANY) {
            self.times.retain(|_, when| when.elapsed() < kept_for);
            self.look_at = self.times.len() * 2;
        }
    }

    fn is_within(&self, id: Id, time: Duration) -> bool {
        self.times.get(&id).is_some_and(|when| when.elapsed() < time)
    }
}

fn locked(times: &Mutex<Times>) -> MutexGuard<'_, Times> {
    times.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A staged object.
#[derive(Clone, Debug)]
pub(super) struct Staged {
    pub(super) kind: ObjectKind,
    /// When it was put, in seconds since 1970-01-01 UTC.
    pub(super) time_s: u64,
    pub(super) at: StagedAt,
}

/// Where a staged object is.
#[derive(Clone, Debug)]
pub(super) enum StagedAt {
    /// In memory only.
    Memory(Bytes),
    /// In the log, not durable; with its length.
    Log(Place, u64),
    /// In a file, under its temporary or its own name; with its length.
    File(String, u64),
}

impl Stage {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<Id, Staged>> {
        self.staged.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Id, Staged>> {
        self.staged.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, id: Id) -> Option<Staged> {
        self.read().get(&id).cloned()
    }

    pub(super) fn has(&self, id: Id) -> bool {
        self.read().contains_key(&id)
    }

    pub(super) fn locate(&self, id: Id) -> Option<Where> {
        Some(match self.get(id)?.at {
            StagedAt::Memory(bytes) => Where::Memory(bytes),
            StagedAt::Log(place, len) => Where::of_place(id, place, len),
            StagedAt::File(path, len) => Where::File(path, len),
        })
    }

    pub(super) fn add(&self, id: Id, staged: Staged) {
        self.write().insert(id, staged);
    }

    /// Says that the object is somewhere else now.
    pub(super) fn moved(&self, id: Id, to: StagedAt) {
        if let Some(staged) = self.write().get_mut(&id) {
            staged.at = to;
        }
    }

    /// Makes an object that is in memory only a revision; returns whether there is such a one.
    pub(super) fn becomes_revision(&self, id: Id) -> bool {
        let mut staged = self.write();
        let found = staged.get_mut(&id).filter(|staged| matches!(staged.at, StagedAt::Memory(_)));
        found.map(|staged| staged.kind = ObjectKind::Revision).is_some()
    }

    pub(super) fn remove(&self, ids: impl IntoIterator<Item = Id>) {
        let mut staged = self.write();
        ids.into_iter().for_each(|id| {
            staged.remove(&id);
        });
    }

    /// The bytes of those that are in memory.
    pub(super) fn len_in_memory(&self, ids: &[Id]) -> usize {
        let staged = self.read();
        let len_of = |id| match staged.get(id).map(|staged| &staged.at) {
            Some(StagedAt::Memory(bytes)) => bytes.len(),
            _ => 0,
        };
        ids.iter().map(len_of).sum()
    }

    /// The staged revisions whose hexadecimal digits begin with `prefix`.
    pub(super) fn revisions(&self, prefix: &str) -> Vec<Id> {
        let staged = self.read();
        let revisions = staged.iter().filter(|(_, staged)| staged.kind == ObjectKind::Revision);
        revisions.map(|(id, _)| *id).filter(|id| id.to_hex().starts_with(prefix)).collect()
    }

    /// Notes that an object that was there already was put again.
    pub(super) fn touch(&self, id: Id) {
        locked(&self.touched).note(id, TOUCHED_FOR);
    }

    /// Notes that an object was put that nothing refers to yet, as far as the store knows.
    pub(super) fn promise(&self, id: Id) {
        locked(&self.promised).note(id, PROMISED_FOR);
    }

    /// Whether the object was put by itself within `time`.
    pub(super) fn is_promised(&self, id: Id, time: Duration) -> bool {
        locked(&self.promised).is_within(id, time)
    }

    /// Whether the object was put again within `grace`, though it was there before.
    pub(super) fn was_touched(&self, id: Id, grace: Duration) -> bool {
        locked(&self.touched).is_within(id, grace)
    }
}
