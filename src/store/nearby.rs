//! A store elsewhere whose objects are kept on this machine's disk once they were read.
//!
//! An object never changes, so what is kept is right for ever, also while the
//! store cannot be reached. Refs are always asked for. What is kept is checked
//! against its id whenever it is opened; one that is damaged is had again.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Batch, Cache, Object, Store};
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::{Error, Result};

/// Objects of `far`, kept here.
#[derive(Clone, Debug)]
pub struct Nearby {
    far: Arc<dyn Store>,
    kept: Cache,
}

impl Nearby {
    /// Keeps the objects of `far` in `kept`, a cache with nothing else in it.
    pub fn new(far: Arc<dyn Store>, kept: Cache) -> Nearby {
        Nearby { far, kept }
    }
}

impl Store for Nearby {
    fn get(&self, id: Id) -> Result<Bytes> {
        if let Some(object) = self.kept.object(id) {
            return Ok(object.into_bytes());
        }
        let bytes = self.far.get(id)?;
        if Id::of(&bytes) != id {
            return Err(Error::corrupt(format_args!("object {id}"), "its bytes have another hash"));
        }
        self.kept.keep_object(id, &bytes);
        Ok(bytes)
    }

    fn open(&self, id: Id) -> Result<Object> {
        if let Some(object) = self.kept.object(id) {
            return Ok(object);
        }
        let object = self.far.open(id)?.verified(id)?;
        self.kept.keep_object(id, object.slice(0, usize::try_from(object.len()).unwrap_or(usize::MAX))?);
        // The kept file rather than what came: it is not in memory as a whole.
        Ok(self.kept.object(id).unwrap_or(object))
    }

    fn open_at_hand(&self, id: Id) -> Result<Option<Object>> {
        Ok(self.kept.object(id))
    }

    fn has(&self, id: Id) -> Result<bool> {
        self.far.has(id)
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
    use super::super::{MemoryStore, conformance};
    use super::*;

    #[test]
    fn it_keeps_every_promise_of_a_store() {
        let folder = tempfile::tempdir().expect("a folder");
        conformance::run(&|| {
            let kept = Cache::new(&folder.path().join("objects"));
            Arc::new(Nearby::new(Arc::new(MemoryStore::new()), kept))
        });
    }

    #[test]
    fn what_was_read_once_is_read_without_the_other_store_and_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = || Cache::new(folder.path());
        let (far, away) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
        for len in [3, 200_000] {
            let bytes: Vec<u8> = (0..len).map(|at: u32| (at / 7) as u8).collect();
            let id = far.put(ObjectKind::Blob, &bytes).expect("stored");
            let near = Nearby::new(Arc::clone(&far) as _, kept());
            assert!(near.open_at_hand(id).expect("nothing to fail").is_none());
            assert_eq!(near.open(id).expect("there").slice(0, bytes.len()).expect("sound"), bytes);
            let alone = Nearby::new(Arc::clone(&away) as _, kept());
            assert_eq!(alone.get(id).expect("kept"), bytes);
            assert!(alone.open_at_hand(id).expect("nothing to fail").is_some());
            std::fs::write(folder.path().join(id.to_hex()), "other").expect("written");
            assert!(alone.get(id).is_err(), "a damaged one is as good as none");
            assert_eq!(near.get(id).expect("had again"), bytes);
        }
    }
}
