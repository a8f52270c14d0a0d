//! The local store on a real disk.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::super::LocalStore;
use crate::model::ObjectKind;
use crate::store::{Batch, Object, Store, Verified, conformance};

/// A store in a folder of its own, which goes with it.
#[derive(Debug)]
struct Own {
    store: LocalStore,
    _folder: TempDir,
}

fn new_store() -> Own {
    let folder = tempfile::tempdir().expect("a folder");
    Own { store: LocalStore::create(&folder.path().join("store")).expect("made"), _folder: folder }
}

macro_rules! delegate {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Store for Own {
            $(fn $name(&self, $($arg: $type),*) -> crate::Result<$result> { self.store.$name($($arg),*) })*
        }
    };
}

delegate! {
    get(id: crate::model::Id) -> bytes::Bytes;
    open(id: crate::model::Id) -> Object;
    has(id: crate::model::Id) -> bool;
    put(kind: ObjectKind, bytes: &[u8]) -> crate::model::Id;
    put_stream(kind: ObjectKind, content: &mut dyn std::io::Read) -> (crate::model::Id, u64);
    read_ref(name: &crate::model::RefName) -> Option<crate::model::RefValue>;
    list_refs(prefix: &str) -> Vec<(crate::model::RefName, crate::model::RefValue)>;
    apply(batch: &Batch) -> u64;
    watch_refs(op: u64, timeout: Duration) -> u64;
    revisions_with_prefix(prefix: &str) -> Vec<crate::model::Id>;
}

#[test]
fn an_owned_store_keeps_every_promise() {
    conformance::run(&|| Arc::new(new_store()));
}

#[test]
fn an_owned_store_keeps_every_promise_when_it_is_verified() {
    conformance::run(&|| Arc::new(Verified::new(Arc::new(new_store()))));
}
