//! A small store in a folder of its own, and its files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;

use super::super::core::Options;
use super::super::{Access, LocalStore, open};
use crate::Result;
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::store::{Batch, RefSwap, Store, Verified};

/// How long to wait for a store that nobody should own: a child of another test that was forked and is not
/// yet its own program holds all locks of this process for a moment.
pub(super) const SHORTLY: Duration = Duration::from_secs(10);

/// Small files, and a reserve that is quickly read.
pub(super) const QUICK: Options = Options { wait: SHORTLY, rotate_at: 4000, reserve_len: 512, compact_at: 2000 };

/// A store in a folder, and what is in it.
#[derive(Debug)]
pub(super) struct Folder {
    temporary: TempDir,
    pub(super) refs: BTreeMap<String, RefValue>,
    pub(super) bodies: BTreeMap<Id, Vec<u8>>,
}

pub(super) fn name(branch: &str) -> RefName {
    RefName::parse(&format!("heads/d/{branch}")).expect("valid")
}

pub(super) fn swap(branch: &str, expected: Option<RefValue>, body: &[u8]) -> Batch {
    Batch {
        objects: vec![(ObjectKind::Revision, Bytes::copy_from_slice(body))],
        swaps: vec![RefSwap { name: name(branch), expected, new: Some(Id::of(body)) }],
        frees_space: false,
    }
}

impl Folder {
    /// Makes a store with a few commits, objects in the log and in files, and closes it.
    pub(super) fn new() -> Folder {
        let temporary = tempfile::tempdir().expect("a folder");
        let mut folder = Folder { temporary, refs: BTreeMap::new(), bodies: BTreeMap::new() };
        let store = open::create(&folder.path(), QUICK).expect("made");
        for n in 0..4_u8 {
            folder.put(&store, ObjectKind::Node, vec![n; 300 + usize::from(n)]);
            folder.commit(&store, ["main", "side"][usize::from(n % 2)], &[b'r', n]);
        }
        folder.put(&store, ObjectKind::Blob, (0..70_000_u32).map(|at| (at / 7) as u8).collect());
        folder.put(&store, ObjectKind::Base, b"a small base".to_vec());
        folder.commit(&store, "main", b"the last");
        folder
    }

    pub(super) fn path(&self) -> PathBuf {
        self.temporary.path().join("store")
    }

    fn put(&mut self, store: &LocalStore, kind: ObjectKind, body: Vec<u8>) {
        let id = store.put(kind, &body).expect("put");
        self.bodies.insert(id, body);
    }

    pub(super) fn commit(&mut self, store: &LocalStore, branch: &str, body: &[u8]) {
        let key = name(branch).to_string();
        let op = store.apply(&swap(branch, self.refs.get(&key).copied(), body)).expect("applied");
        self.refs.insert(key, RefValue { id: Id::of(body), op });
        self.bodies.insert(Id::of(body), body.to_vec());
    }

    pub(super) fn own(&self) -> Result<LocalStore> {
        open::open(&self.path(), Access::Own, QUICK)
    }

    pub(super) fn read(&self) -> Result<LocalStore> {
        open::open(&self.path(), Access::Read, QUICK)
    }

    /// All files of the store with their paths in it.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("listed") {
                let path = entry.expect("listed").path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    /// Changes a file, whatever its mode; the time of its last change stays, as with rotten bits.
    pub(super) fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let found = fs::metadata(path).expect("there");
        let mut bytes = fs::read(path).expect("read");
        change(&mut bytes);
        // A new file in its place, so that no running mapping is cut.
        fs::remove_file(path).expect("removed");
        fs::write(path, bytes).expect("written");
        let file = fs::File::options().write(true).open(path).expect("opened");
        file.set_modified(found.modified().expect("a time")).expect("set");
        fs::set_permissions(path, found.permissions()).expect("set");
    }

    /// Whatever the store answers is right or an error; returns whether all of it was right.
    pub(super) fn check(&self, store: LocalStore) -> bool {
        let store = Verified::new(Arc::new(store));
        let mut all = true;
        for (name, value) in &self.refs {
            match store.read_ref(&RefName::parse(name).expect("valid")) {
                Ok(found) => assert_eq!(found, Some(*value), "ref {name}"),
                Err(_) => all = false,
            }
        }
        for (id, body) in &self.bodies {
            match store.get(*id) {
                Ok(bytes) => assert_eq!(&bytes[..], &body[..], "object {id}"),
                Err(_) => all = false,
            }
            let object = store.open(*id);
            match object.as_ref().map(|object| object.slice(0, body.len())) {
                Ok(Ok(bytes)) => assert_eq!(bytes, &body[..], "object {id}"),
                _ => all = false,
            }
        }
        all
    }
}
