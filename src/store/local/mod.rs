//! The store on a local disk.
//!
//! The [`log`] is the truth; the index over it is in sled for the owner and in
//! memory for readers, and can be made again at any moment; large objects are
//! files ([`objects`]). [`owner`] writes, [`reader`] only looks. The bytes, and
//! what a crash at each step leaves, are in `docs/FORMAT.md`.

mod core;
mod disk;
#[cfg(test)]
mod fake;
mod files;
mod format;
mod former_refs;
mod frame;
mod fsck;
mod fsck_beside;
mod group;
mod index;
mod index_memory;
mod index_sled;
mod lock;
mod log;
mod objects;
mod open;
mod owner;
mod pins;
mod reader;
mod rebuild;
mod rewrite;
mod scan;
mod stage;
mod stats;
mod sweep;
#[cfg(test)]
mod tests;
mod walk;

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use self::core::{Core, Where, is_missing};
pub use self::fsck::{FsckReport, Problem};
use self::owner::Owner;
pub use self::pins::{Pin, pinned};
use self::reader::Reader;
pub use self::stats::{ObjectInfo, StoreStats};
pub use self::sweep::{Live, SweepOptions, Swept};
use super::{Batch, Object, Store};
use crate::model::{Id, ObjectKind, RefName, RefValue};
use crate::{Error, ErrorKind, Result};

/// What a process wants of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read committed data, beside any owner: no lock, no sled, nothing written.
    Read,
    /// To read and change: takes the lock, waits for it up to ten seconds.
    Own,
}

/// The store on a local disk: the log, its index, and object files.
///
/// The bytes that it gives are not checked; see [`super::Verified`].
#[derive(Debug)]
pub struct LocalStore {
    core: Core,
    role: Role,
}

#[derive(Debug)]
enum Role {
    Reader(Reader),
    Owner(Box<Owner>),
}

impl LocalStore {
    /// Makes a new store in a folder that is empty or does not exist, and owns it.
    ///
    /// # Errors
    /// `AlreadyExists` when the folder is a store, `StoreUnknown` when it holds something else.
    pub fn create(path: &Path) -> Result<LocalStore> {
        open::create(path, self::core::Options::default())
    }

    /// Opens the store.
    ///
    /// # Errors
    /// `StoreUnknown` when the folder is none or of another version, `StoreBusy` when it is owned by
    /// another process for too long, `Corrupt` when what was acknowledged is missing or damaged.
    pub fn open(path: &Path, access: Access) -> Result<LocalStore> {
        LocalStore::open_within(path, access, self::core::Options::default().wait)
    }

    /// As [`LocalStore::open`], but waits for another owner for at most `wait`.
    pub fn open_within(path: &Path, access: Access, wait: Duration) -> Result<LocalStore> {
        open::open(path, access, self::core::Options { wait, ..Default::default() })
    }

    /// The store's folder.
    pub fn path(&self) -> &Path {
        &self.core.path
    }

    /// The first eight digits of its number: what the names of its mounts end with, after a colon.
    pub fn mark(&self) -> String {
        let mut number = self.number();
        number.truncate(8);
        number
    }

    /// The store's own number, 32 hexadecimal digits drawn when it was made.
    pub fn number(&self) -> String {
        self.core.format.store_hex()
    }

    /// What refs pointed to within `time`, at most an hour, in this process, and perhaps do no more.
    pub fn former_refs(&self, time: Duration) -> Vec<(RefName, Id)> {
        match &self.role {
            Role::Owner(owner) => owner.former.within(time),
            Role::Reader(_) => Vec::new(),
        }
    }

    /// Whether the store has the object; if so, it counts as [`Store::put`] at this moment.
    ///
    /// # Errors
    /// Those of [`Store::has`].
    pub fn keep(&self, id: Id) -> Result<bool> {
        match &self.role {
            Role::Owner(owner) => owner.keep(&self.core, id),
            Role::Reader(_) => self.has(id),
        }
    }

    fn owner(&self) -> Result<&Owner> {
        match &self.role {
            Role::Owner(owner) => Ok(owner),
            Role::Reader(_) => {
                let why = "it was opened for reading only".to_owned();
                Err(Error::new(ErrorKind::ReadOnly { why }))
            }
        }
    }

    fn locate(&self, id: Id) -> Result<Option<Where>> {
        match &self.role {
            Role::Owner(owner) => owner.locate(&self.core, id),
            Role::Reader(reader) => {
                let find = || Ok(self.core.index().object(id)?.map(Where::of));
                match find() {
                    Ok(Some(found)) => Ok(Some(found)),
                    // Perhaps it came, or the log was written anew, since we looked last.
                    missed => {
                        if reader.refresh(&self.core)? {
                            find()
                        } else {
                            missed
                        }
                    }
                }
            }
        }
    }

    fn opened(&self, id: Id) -> Result<Object> {
        let missing = || Error::not_found("object", id);
        let place = self.locate(id)?.ok_or_else(missing)?;
        match self.core.open(id, place) {
            // It may have moved since it was located: into its file, or into a log that was written anew.
            Err(error) if is_missing(&error) || matches!(error.kind(), ErrorKind::Corrupt { .. }) => {
                if let Role::Reader(reader) = &self.role {
                    reader.refresh(&self.core)?;
                }
                let place = self.locate(id)?.ok_or_else(missing)?;
                self.core.open(id, place).map_err(|error| match is_missing(&error) {
                    true => Error::corrupt(format_args!("object {id}"), "its file is not there").caused_by(error),
                    false => error,
                })
            }
            opened => opened,
        }
    }

    /// Asks the index for refs; a reader looks for news before.
    fn ask<T>(&self, ask: &dyn Fn(&dyn index::Index) -> Result<T>) -> Result<T> {
        match &self.role {
            Role::Owner(owner) => owner.ask(&self.core, None, ask),
            Role::Reader(reader) => {
                reader.refresh(&self.core)?;
                ask(&*self.core.index())
            }
        }
    }
}

impl Drop for LocalStore {
    fn drop(&mut self) {
        if let Role::Owner(owner) = &self.role {
            owner.close(&self.core);
        }
    }
}

impl Store for LocalStore {
    fn get(&self, id: Id) -> Result<Bytes> {
        self.opened(id).map(Object::into_bytes)
    }

    fn open(&self, id: Id) -> Result<Object> {
        self.opened(id)
    }

    fn has(&self, id: Id) -> Result<bool> {
        Ok(self.locate(id)?.is_some())
    }

    fn put(&self, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        self.owner()?.put(&self.core, kind, bytes)
    }

    fn put_stream(&self, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)> {
        self.owner()?.put_stream(&self.core, kind, content)
    }

    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>> {
        self.ask(&|index| index.read_ref(name.as_str()))
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>> {
        let refs = self.ask(&|index| index.refs(prefix))?;
        refs.into_iter().map(|(name, value)| Ok((RefName::parse(&name)?, value))).collect()
    }

    fn apply(&self, batch: &Batch) -> Result<u64> {
        self.owner()?.apply(&self.core, batch)
    }

    fn watch_refs(&self, op: u64, timeout: Duration) -> Result<u64> {
        match &self.role {
            Role::Owner(owner) => Ok(owner.watch(op, timeout)),
            Role::Reader(reader) => reader.watch(&self.core, op, timeout),
        }
    }

    fn revisions_with_prefix(&self, prefix: &str) -> Result<Vec<Id>> {
        let mut ids = self.ask(&|index| index.revisions(prefix))?;
        if let Role::Owner(owner) = &self.role {
            ids.extend(owner.stage.revisions(prefix));
            ids.sort_unstable();
            ids.dedup();
        }
        Ok(ids)
    }
}
