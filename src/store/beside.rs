//! A store that somebody else owns, on the same disk.
//!
//! Objects are read from the disk, as any reader may; only those that the owner
//! has not written yet, all changes and all refs go through the owner.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Batch, Object, Store};
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::{ErrorKind, Result};

/// Objects of `near` where it has them, and all else of `far`; both are the same store.
#[derive(Clone, Debug)]
pub struct Beside {
    near: Arc<dyn Store>,
    far: Arc<dyn Store>,
}

impl Beside {
    /// Reads objects from `near` first; `far` owns them.
    pub fn new(near: Arc<dyn Store>, far: Arc<dyn Store>) -> Beside {
        Beside { near, far }
    }

    fn first<T>(&self, ask: impl Fn(&dyn Store) -> Result<T>) -> Result<T> {
        match ask(&*self.near) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => ask(&*self.far),
            answer => answer,
        }
    }
}

impl Store for Beside {
    fn get(&self, id: Id) -> Result<Bytes> {
        self.first(|store| store.get(id))
    }

    fn open(&self, id: Id) -> Result<Object> {
        self.first(|store| store.open(id))
    }

    fn has(&self, id: Id) -> Result<bool> {
        Ok(self.near.has(id)? || self.far.has(id)?)
    }

    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        self.far.put(kind, bytes)
    }

    fn put_stream(&self, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)> {
        self.far.put_stream(kind, content)
    }

    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>> {
        self.far.read_ref(name)
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>> {
        self.far.list_refs(prefix)
    }

    fn apply(&self, batch: &Batch) -> Result<u64> {
        self.far.apply(batch)
    }

    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64> {
        self.far.watch_refs(op, timeout)
    }

    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>> {
        self.far.revisions_with_prefix(prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Access, LocalStore, MemoryStore, conformance};
    use super::*;

    #[test]
    fn it_keeps_every_promise_of_a_store() {
        conformance::run(&|| Arc::new(Beside::new(Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()))));
    }

    #[test]
    fn it_keeps_every_promise_beside_the_owner_of_the_same_folder() {
        let folders = std::cell::RefCell::new(Vec::new());
        conformance::run(&|| {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("store");
            let far = LocalStore::create(&path).expect("made");
            let near = LocalStore::open(&path, Access::Read).expect("opened");
            folders.borrow_mut().push(folder);
            Arc::new(Beside::new(Arc::new(near), Arc::new(far)))
        });
    }
}
