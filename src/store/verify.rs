//! Checks every object that is read against its id.
//!
//! A disk, a cache and a network all may give other bytes than were stored;
//! behind this wrapper that is an error, never a wrong answer. It holds no
//! state and changes nothing else of the store that it wraps.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Batch, Object, Store};
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::{Error, Result};

/// A store that gives no byte that it has not verified.
#[derive(Clone, Debug)]
pub struct Verified {
    inner: Arc<dyn Store>,
}

impl Verified {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn Store>) -> Verified {
        Verified { inner }
    }
}

impl Store for Verified {
    fn get(&self, id: Id) -> Result<Bytes> {
        let bytes = self.inner.get(id)?;
        if Id::of(&bytes) == id {
            Ok(bytes)
        } else {
            Err(Error::corrupt(format_args!("object {id}"), "its bytes have another hash"))
        }
    }

    fn open(&self, id: Id) -> Result<Object> {
        self.inner.open(id)?.verified(id)
    }

    fn open_at_hand(&self, id: Id) -> Result<Option<Object>> {
        self.inner.open_at_hand(id)?.map(|object| object.verified(id)).transpose()
    }

    fn has(&self, id: Id) -> Result<bool> {
        self.inner.has(id)
    }

    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        self.inner.put(kind, bytes)
    }

    fn put_stream(&self, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)> {
        self.inner.put_stream(kind, content)
    }

    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>> {
        self.inner.read_ref(name)
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>> {
        self.inner.list_refs(prefix)
    }

    fn apply(&self, batch: &Batch) -> Result<u64> {
        self.inner.apply(batch)
    }

    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64> {
        self.inner.watch_refs(op, timeout)
    }

    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>> {
        self.inner.revisions_with_prefix(prefix)
    }
}
