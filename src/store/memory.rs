//! A store in memory: the smallest thing that keeps every promise of [`Store`].
//!
//! For tests of what stands above a store. It forgets everything when it is
//! dropped; failures and power cuts are simulated one layer down, beneath the
//! local store's own log.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Batch, Object, Store};
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::{Error, Result};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    objects: HashMap<Id, Bytes>,
    revisions: BTreeSet<Id>,
    refs: BTreeMap<String, RefValue>,
    /// Operations since the store was made; the making itself is the first.
    swaps: u64,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn op(&self) -> u64 {
        self.swaps + 1
    }

    fn put(&mut self, kind: ObjectKind, bytes: Bytes) -> Id {
        let id = Id::of(&bytes);
        self.objects.entry(id).or_insert(bytes);
        if kind == ObjectKind::Revision {
            self.revisions.insert(id);
        }
        id
    }
}

impl Store for MemoryStore {
    fn get(&self, id: Id) -> Result<Bytes> {
        self.state().objects.get(&id).cloned().ok_or_else(|| Error::not_found("object", id))
    }

    fn open(&self, id: Id) -> Result<Object> {
        self.get(id).map(Object::from_bytes)
    }

    fn has(&self, id: Id) -> Result<bool> {
        Ok(self.state().objects.contains_key(&id))
    }

    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        Ok(self.state().put(kind, Bytes::copy_from_slice(bytes)))
    }

    fn put_stream(&self, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)> {
        let mut bytes = Vec::new();
        let len = content.read_to_end(&mut bytes).map_err(|cause| Error::io("read what is to be stored", cause))?;
        Ok((self.state().put(kind, bytes.into()), len as u64))
    }

    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>> {
        Ok(self.state().refs.get(name.as_str()).copied())
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>> {
        let state = self.state();
        let from_prefix = state.refs.range(prefix.to_owned()..);
        let of_prefix = from_prefix.take_while(|(name, _)| name.starts_with(prefix));
        of_prefix.map(|(name, value)| Ok((RefName::parse(name)?, *value))).collect()
    }

    fn apply(&self, batch: &Batch) -> Result<u64> {
        let mut state = self.state();
        let read_ref = |name: &RefName| Ok(state.refs.get(name.as_str()).copied());
        batch.check(&read_ref, &|id| Ok(state.objects.contains_key(&id)))?;
        for (kind, bytes) in &batch.objects {
            state.put(*kind, bytes.clone());
        }
        state.swaps += u64::from(!batch.swaps.is_empty());
        let op = state.op();
        for swap in &batch.swaps {
            match swap.new {
                Some(id) => state.refs.insert(swap.name.to_string(), RefValue { id, op }),
                None => state.refs.remove(swap.name.as_str()),
            };
        }
        drop(state);
        self.moved.notify_all();
        Ok(op)
    }

    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64> {
        let deadline = super::batch::deadline(timeout);
        let mut state = self.state();
        while state.op() <= op {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(state.op())
    }

    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>> {
        let all = self.state().revisions.clone();
        Ok(all.into_iter().filter(|id| id.to_hex().starts_with(prefix)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Verified, conformance};
    use super::*;

    #[test]
    fn it_keeps_every_promise_of_a_store() {
        conformance::run(&|| Arc::new(MemoryStore::new()));
    }

    #[test]
    fn it_keeps_every_promise_when_it_is_verified() {
        conformance::run(&|| Arc::new(Verified::new(Arc::new(MemoryStore::new()))));
    }
}
