//! What owner and reader have in common: the disk, the log's files, the index over them.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::disk::Disk;
use super::files::{Files, read_head};
use super::format::Format;
use super::frame::Key;
use super::index::{Applied, Found, Index, Place};
use super::index_memory::MemoryIndex;
use super::objects;
use super::scan::Scan;
use crate::model::Id;
use crate::store::Object;
use crate::{Error, Result};

/// What may be chosen when a store is opened; tests choose small numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    /// How long to wait for another owner.
    pub(super) wait: Duration,
    /// A log file is followed by a new one when it has so many bytes.
    pub(super) rotate_at: u64,
    /// The bytes set aside for a full disk.
    pub(super) reserve_len: u64,
    /// A log is written anew when it has so many bytes, and more than half of them are of no use.
    pub(super) compact_at: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { wait: Duration::from_secs(10), rotate_at: 64 << 20, reserve_len: 4 << 20, compact_at: 1 << 20 }
    }
}

/// A store's files and its index.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) path: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) format: Format,
    pub(super) key: Key,
    pub(super) options: Options,
    pub(super) files: Arc<Files>,
    index: RwLock<Arc<dyn Index>>,
}

/// Where an object is.
#[derive(Clone, Debug)]
pub(super) enum Where {
    /// At hand.
    Memory(Bytes),
    /// In a log file: its number, the offset and length of the bytes.
    Log(u32, u64, u64),
    /// In a file of its own, with this length.
    File(String, u64),
}

impl Where {
    pub(super) fn of(found: Found) -> Where {
        let record = found.record;
        found.bytes.map_or_else(|| Where::of_place(record.id, record.place, record.len), Where::Memory)
    }

    pub(super) fn of_place(id: Id, place: Place, len: u64) -> Where {
        match place.payload {
            Some(payload) => Where::Log(place.file, payload, len),
            None => Where::File(objects::path(id), len),
        }
    }
}

impl Core {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        format: Format,
        options: Options,
        files: Arc<Files>,
        index: Arc<dyn Index>,
    ) -> Core {
        let path = disk.real_path().map(ToOwned::to_owned).unwrap_or_default();
        let key = Key::of_store(&format.store);
        Core { path, disk, format, key, options, files, index: RwLock::new(index) }
    }

    pub(super) fn index(&self) -> Arc<dyn Index> {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes an index in memory in place of `failed`, of the log up to `end`.
    pub(super) fn replace_index(&self, failed: &Arc<dyn Index>, end: Applied) -> Result<()> {
        if !Arc::ptr_eq(failed, &self.index()) {
            return Ok(()); // Somebody else did.
        }
        let fresh: Arc<dyn Index> = Arc::new(self.index_up_to(end)?);
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    fn index_up_to(&self, end: Applied) -> Result<MemoryIndex> {
        let first = self.files.numbers().first().copied().unwrap_or(end.file);
        let file = self.files.get(first).ok_or_else(|| Error::corrupt("the log", "its first file is not there"))?;
        let head = read_head(&*file, first).map_err(|cause| Error::io("read the store's log", cause))?;
        let head = head.ok_or_else(|| Error::corrupt("the log", "the header of its first file is damaged"))?;
        let index = MemoryIndex::new(Arc::clone(&self.files), Applied::before(&head));
        self.scan(end.seq, false, end.seq)
            .run(index.applied(), &mut |group| index.apply(&group.entries()?, group.applied()))?;
        Ok(index)
    }

    /// A scan of this store's log.
    pub(super) fn scan(&self, vouched: u64, whole: bool, limit: u64) -> Scan<'_> {
        Scan { files: &self.files, key: self.key, vouched, whole, limit }
    }

    /// The time of the log's records, in seconds since 1970-01-01 UTC.
    pub(super) fn now_s(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// Whether the object's own file is there with this length.
    pub(super) fn has_file(&self, id: Id, len: u64) -> bool {
        let found = self.disk.open(&objects::path(id)).and_then(|file| file.len());
        found.is_ok_and(|found| found == len)
    }

    /// Opens the object that is at `place`; its bytes are not checked.
    pub(super) fn open(&self, id: Id, place: Where) -> Result<Object> {
        match place {
            Where::Memory(bytes) => Ok(Object::from_bytes(bytes)),
            Where::Log(file, offset, len) => {
                let len = usize::try_from(len).ok().filter(|len| *len <= objects::IN_LOG_MAX);
                let len = len.ok_or_else(|| Error::corrupt(format_args!("object {id}"), "its length cannot be"))?;
                Ok(Object::from_bytes(self.files.read(file, offset, len)?.into()))
            }
            Where::File(path, len) => {
                let object = self.disk.object(&path)?;
                if object.len() == len {
                    return Ok(object);
                }
                let why = format!("its file has {} bytes in place of {len}", object.len());
                Err(Error::corrupt(format_args!("object {id}"), why))
            }
        }
    }
}

/// Whether an error says that a file is not there.
pub(super) fn is_missing(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}
