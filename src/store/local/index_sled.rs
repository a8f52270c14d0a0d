//! The index in sled: the owner's, so that it need not read the whole log to open the store.
//!
//! The only file that names sled. What it answers is never the only copy of
//! anything: an error, a panic or a disagreement with the log means that the
//! folder `meta` is removed and made again from the log.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::fs::FlockOperation;

use super::index::{Applied, Entry, Found, Index, Place, Record, Rewritten};
use crate::model::{Id, ObjectKind, RefValue};
use crate::{Error, Result};

/// What errors of it name as damaged.
pub(super) const WHAT: &str = "the index";
/// The bytes that sled may keep in memory.
const CACHE_BYTES: u64 = 32 << 20;
/// Objects of more bytes than this are never in sled: a leaf of large values can make it unopenable.
const INLINE_MAX: u64 = 4096;

/// How long to wait for a sled that is closing.
const LAST_WAIT: Duration = Duration::from_secs(5);

const APPLIED: &[u8] = b"a";
const OBJECT: u8 = b'o';
const REF: u8 = b'r';
const REVISION: u8 = b'v';

/// The index in sled.
#[derive(Debug)]
pub(super) struct SledIndex {
    folder: PathBuf,
    db: sled::Db,
    /// The store's number: another store's sled says nothing of this one.
    number: [u8; 16],
    applied: Mutex<Applied>,
}

/// The folder of sled's files in a store.
pub(super) fn folder(store: &Path) -> PathBuf {
    store.join("meta")
}

/// Waits until a sled that was closed has let go of its file.
///
/// Its threads may outlive its `drop` by some milliseconds. Nobody else can have the file: its folder is
/// for the one who has the store's lock.
fn wait_for_the_last(folder: &Path) {
    let Ok(file) = File::open(folder.join("db")) else { return };
    let deadline = Instant::now() + LAST_WAIT;
    while rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Removes the snapshot that a killed process was writing.
///
/// Sled writes a snapshot as `snap.….generating` and renames it; left under that name, sled 0.34.7 takes the
/// unfinished file for the newest snapshot, and cannot be opened.
fn remove_unfinished_snapshot(folder: &Path) {
    let is_unfinished = |name: &OsStr| name.as_encoded_bytes().ends_with(b".generating");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().filter(|entry| is_unfinished(&entry.file_name()))
    {
        // Should it stay, sled says so itself.
        let _ = fs::remove_file(entry.path());
    }
}

/// Removes sled's files.
pub(super) fn remove(store: &Path) -> Result<()> {
    let folder = folder(store);
    wait_for_the_last(&folder);
    match fs::remove_dir_all(&folder) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(Error::io(format!("remove {WHAT}"), cause)),
        _ => Ok(()),
    }
}

impl SledIndex {
    /// Opens sled, or makes it with nothing applied but what is before `start`.
    ///
    /// # Errors
    /// `Corrupt` when sled says no or panics, or what it holds was written for another store.
    pub(super) fn open(store: &Path, number: &[u8; 16], start: Applied) -> Result<SledIndex> {
        let folder = folder(store);
        wait_for_the_last(&folder);
        remove_unfinished_snapshot(&folder);
        let config = sled::Config::new()
            .path(&folder)
            .cache_capacity(CACHE_BYTES)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(None);
        let (db, found) = guarded(|| {
            let db = config.open()?;
            let found = db.get(APPLIED)?;
            let fresh = found.is_none() && db.is_empty();
            Ok((db, if fresh { None } else { Some(found) }))
        })?;
        let applied = match found {
            None => start,
            Some(found) => found
                .as_deref()
                .and_then(|bytes| decode_applied(bytes, number))
                .ok_or_else(|| Error::corrupt(WHAT, "it does not say how far it goes in this store's log"))?,
        };
        let index = SledIndex { folder, db, number: *number, applied: Mutex::new(applied) };
        index.write(&[], Some(applied))?;
        Ok(index)
    }

    fn write(&self, entries: &[Entry<'_>], applied: Option<Applied>) -> Result<()> {
        let mut batch = sled::Batch::default();
        for entry in entries {
            match entry {
                Entry::Object(record, bytes) => {
                    batch.insert(&id_key(OBJECT, record.id)[..], encode_object(record, *bytes));
                    if record.kind == ObjectKind::Revision {
                        batch.insert(&id_key(REVISION, record.id)[..], &[]);
                    }
                }
                Entry::Ref { name, new: Some(value) } => {
                    batch.insert(ref_key(name), [value.id.as_bytes().as_slice(), &value.op.to_le_bytes()].concat());
                }
                Entry::Ref { name, new: None } => batch.remove(ref_key(name)),
                Entry::Forgotten(id) => {
                    batch.remove(&id_key(OBJECT, *id)[..]);
                    batch.remove(&id_key(REVISION, *id)[..]);
                }
            }
        }
        if let Some(applied) = applied {
            batch.insert(APPLIED, encode_applied(&applied, &self.number));
        }
        guarded(|| self.db.apply_batch(batch))?;
        if let Some(applied) = applied {
            *self.applied.lock().unwrap_or_else(PoisonError::into_inner) = applied;
        }
        Ok(())
    }

    fn scan<T>(&self, prefix: &[u8], mut read: impl FnMut(&[u8], &[u8]) -> Option<T>) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for pair in guarded(|| self.db.scan_prefix(prefix).collect::<sled::Result<Vec<_>>>())? {
            all.push(read(&pair.0[1..], &pair.1).ok_or_else(|| Error::corrupt(WHAT, "a record is unknown"))?);
        }
        Ok(all)
    }
}

impl Index for SledIndex {
    fn applied(&self) -> Applied {
        *self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn object(&self, id: Id) -> Result<Option<Found>> {
        match guarded(|| self.db.get(id_key(OBJECT, id)))? {
            None => Ok(None),
            Some(value) => decode_object(id, &value).map(Some),
        }
    }

    fn is_revision(&self, id: Id) -> Result<bool> {
        guarded(|| self.db.contains_key(id_key(REVISION, id)))
    }

    fn read_ref(&self, name: &str) -> Result<Option<RefValue>> {
        match guarded(|| self.db.get(ref_key(name)))? {
            None => Ok(None),
            Some(value) => decode_ref(&value).map(Some).ok_or_else(|| Error::corrupt(WHAT, "a ref is unknown")),
        }
    }

    fn refs(&self, prefix: &str) -> Result<Vec<(String, RefValue)>> {
        self.scan(&ref_key(prefix), |name, value| Some((String::from_utf8(name.to_vec()).ok()?, decode_ref(value)?)))
    }

    fn revisions(&self, prefix: &str) -> Result<Vec<Id>> {
        // sled's keys are bytes: all digits but an odd last one are searched by, the rest is compared.
        let mut key = vec![REVISION];
        for pair in prefix.as_bytes().chunks_exact(2) {
            let byte = str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
            match byte {
                Some(byte) => key.push(byte),
                None => return Ok(Vec::new()),
            }
        }
        let mut all = self.scan(&key, |id, _| Some(Id::from_bytes(id.try_into().ok()?)))?;
        all.retain(|id| id.to_hex().starts_with(prefix));
        Ok(all)
    }

    fn apply(&self, entries: &[Entry<'_>], applied: Applied) -> Result<()> {
        self.write(entries, Some(applied))
    }

    fn each_object(&self, visit: &mut dyn FnMut(&Record) -> Result<()>) -> Result<()> {
        let mut pairs = self.db.scan_prefix([OBJECT]);
        while let Some((key, value)) = guarded(|| pairs.next().transpose())? {
            let id = key[1..].try_into().map_err(|_| Error::corrupt(WHAT, "a key is unknown"))?;
            visit(&decode_object(Id::from_bytes(id), &value)?.record)?;
        }
        Ok(())
    }

    fn replace(&self, log: &Rewritten<'_>) -> Result<()> {
        // Until it says again how far it goes it is not believed by who opens it: half of this is no state.
        guarded(|| self.db.remove(APPLIED))?;
        let mut last = self.applied();
        log(&mut |entries, applied| {
            last = applied;
            self.write(entries, None)
        })?;
        self.write(&[], Some(last))
    }

    fn flush(&self) -> Result<()> {
        guarded(|| self.db.flush())?;
        // sled's own flush leaves the file's length and the device's cache to chance.
        let file = self.folder.join("db");
        File::open(&file).and_then(|file| file.sync_data()).map_err(|cause| Error::io(format!("sync {WHAT}"), cause))
    }

    fn disk_bytes(&self) -> u64 {
        self.db.size_on_disk().unwrap_or(0)
    }

    fn can_be_replaced(&self) -> bool {
        true
    }
}

/// Calls sled; its error and its panic are both an index that cannot be used.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    match crate::panics::caught(call) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(cause)) => Err(Error::corrupt(WHAT, "sled cannot use it").caused_by(cause)),
        Err(_) => Err(Error::corrupt(WHAT, "sled gave up on it")),
    }
}

fn id_key(kind: u8, id: Id) -> [u8; 33] {
    let mut key = [kind; 33];
    key[1..].copy_from_slice(id.as_bytes());
    key
}

fn ref_key(name: &str) -> Vec<u8> {
    [&[REF], name.as_bytes()].concat()
}

fn encode_object(record: &Record, bytes: Option<&[u8]>) -> Vec<u8> {
    let small = !matches!(record.kind, ObjectKind::Blob | ObjectKind::Base) && record.len <= INLINE_MAX;
    let inline = bytes.filter(|_| small);
    let mut value = vec![record.kind.code(), u8::from(inline.is_some())];
    value.extend_from_slice(&record.place.file.to_le_bytes());
    let payload = record.place.payload.unwrap_or(u64::MAX);
    for number in [record.place.record, payload, record.len, record.time_s] {
        value.extend_from_slice(&number.to_le_bytes());
    }
    value.extend_from_slice(inline.unwrap_or_default());
    value
}

fn decode_object(id: Id, value: &[u8]) -> Result<Found> {
    let decode = || {
        let (head, bytes) = value.split_first_chunk::<6>()?;
        let (numbers, bytes) = bytes.split_first_chunk::<32>()?;
        let number = |at: usize| u64::from_le_bytes(numbers.as_chunks::<8>().0[at]);
        let place = Place {
            file: u32::from_le_bytes(*head[2..].first_chunk()?),
            record: number(0),
            payload: Some(number(1)).filter(|payload| *payload != u64::MAX),
        };
        let bytes = (head[1] == 1).then(|| Bytes::copy_from_slice(bytes));
        let kind = ObjectKind::from_code(head[0])?;
        Some(Found { record: Record { id, kind, len: number(2), time_s: number(3), place }, bytes })
    };
    decode().ok_or_else(|| Error::corrupt(WHAT, format!("its record of object {id} is unknown")))
}

fn decode_ref(value: &[u8]) -> Option<RefValue> {
    let (id, op) = value.split_first_chunk::<32>()?;
    Some(RefValue { id: Id::from_bytes(*id), op: u64::from_le_bytes(op.try_into().ok()?) })
}

fn encode_applied(applied: &Applied, number: &[u8; 16]) -> Vec<u8> {
    let Applied { seq, op, file, start, end, sum } = *applied;
    let mut value = Vec::with_capacity(68);
    [seq, op, u64::from(file), start, end].iter().for_each(|number| value.extend_from_slice(&number.to_le_bytes()));
    value.extend_from_slice(&sum);
    value.extend_from_slice(number);
    value
}

fn decode_applied(value: &[u8], number: &[u8; 16]) -> Option<Applied> {
    let (numbers, rest) = value.split_first_chunk::<40>()?;
    let (sum, of_store) = rest.split_first_chunk::<16>()?;
    let at = |at: usize| u64::from_le_bytes(numbers.as_chunks::<8>().0[at]);
    let file = u32::try_from(at(2)).ok()?;
    (of_store == number).then_some(Applied { seq: at(0), op: at(1), file, start: at(3), end: at(4), sum: *sum })
}
