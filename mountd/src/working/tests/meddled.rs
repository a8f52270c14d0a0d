//! A store that something is done beside, right before the first ref that is moved through it.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use veneer::Result;
use veneer::model::{Id, ObjectKind, RefName, RefValue};
use veneer::store::{Batch, Object, Store};

type Meddling = Box<dyn FnOnce(Arc<dyn Store>) + Send>;

pub(super) struct Meddled {
    inner: Arc<dyn Store>,
    meddling: Mutex<Option<Meddling>>,
}

impl Meddled {
    pub(super) fn new(inner: Arc<dyn Store>, meddling: impl FnOnce(Arc<dyn Store>) + Send + 'static) -> Meddled {
        Meddled { inner, meddling: Mutex::new(Some(Box::new(meddling))) }
    }
}

impl fmt::Debug for Meddled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meddled").field(&self.inner).finish()
    }
}

impl Store for Meddled {
    fn get(&self, id: Id) -> Result<Bytes> {
        self.inner.get(id)
    }

    fn open(&self, id: Id) -> Result<Object> {
        self.inner.open(id)
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
        let meddling = self.meddling.lock().expect("no panic").take_if(|_| !batch.swaps.is_empty());
        if let Some(meddle) = meddling {
            meddle(Arc::clone(&self.inner));
        }
        self.inner.apply(batch)
    }

    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64> {
        self.inner.watch_refs(op, timeout)
    }

    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>> {
        self.inner.revisions_with_prefix(prefix)
    }
}
