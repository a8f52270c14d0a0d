//! The store's cache: what can be found out again, kept because that takes time.
//!
//! A file for each entry, under `cache/`. Nothing is synced, and anything may be
//! missing or damaged at any moment: an entry carries its BLAKE3, and one that
//! does not match is as good as none; an object is kept as it is, for its name is
//! its hash. Whoever may not write goes without. When
//! there is too much, what was not asked for longest goes; a file's time of
//! modification says when that was, so that processes agree without a word.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tracing::debug;

use super::Object;
use super::tree::{GROUP_LEN, TreeHasher, encode_sidecar};
use crate::model::Id;

/// The most bytes of all entries together, unless it is said.
const LEN_MAX: u64 = 2 << 30;
/// That an entry was asked for is written down again after this time.
const ASKED_AGAIN: Duration = Duration::from_secs(600);

/// Two threads never write the same file.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// A folder of entries named by ids. A clone knows the same entries.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    len_max: u64,
    /// The bytes of all entries, as far as this process knows; `None` before it has looked.
    len: Arc<Mutex<Option<u64>>>,
}

impl Cache {
    /// The cache in `folder`, which is made at the first entry.
    pub fn new(folder: &Path) -> Cache {
        Cache::with_len_max(folder, LEN_MAX)
    }

    /// As [`Cache::new`], with at most `len_max` bytes of entries.
    pub fn with_len_max(folder: &Path, len_max: u64) -> Cache {
        Cache { folder: folder.to_owned(), len_max, len: Arc::default() }
    }

    /// The bytes kept as `id`; `None` where there are none, or none that are whole.
    pub fn get(&self, id: Id) -> Option<Vec<u8>> {
        let mut file = File::open(self.path(id)).ok()?;
        let metadata = file.metadata().ok()?;
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        file.read_to_end(&mut bytes).ok()?;
        note_asked(&file);
        let at = bytes.len().checked_sub(blake3::OUT_LEN)?;
        let is_whole = blake3::hash(&bytes[..at]).as_bytes() == &bytes[at..];
        bytes.truncate(at);
        is_whole.then_some(bytes)
    }

    /// Keeps bytes as `id`, if that can be done.
    pub fn put(&self, id: Id, bytes: &[u8]) {
        if let Err(error) = self.try_put(id, bytes) {
            debug!(%error, "nothing is kept in the cache: {error}");
        }
    }

    fn try_put(&self, id: Id, bytes: &[u8]) -> std::io::Result<()> {
        self.write(&self.path(id), &[bytes, blake3::hash(bytes).as_bytes()])
    }

    /// The object kept here; `None` where there is none that is whole.
    pub(super) fn object(&self, id: Id) -> Option<Object> {
        let object = Object::from_path(&self.path(id)).ok()?.verified(id).ok()?;
        object.file().into_iter().for_each(note_asked);
        Some(object)
    }

    /// Keeps an object, if that can be done; `bytes` are those of its id.
    pub(super) fn keep_object(&self, id: Id, bytes: &[u8]) {
        if let Err(error) = self.try_keep_object(id, bytes) {
            debug!(%error, "an object is not kept in the cache: {error}");
        }
    }

    fn try_keep_object(&self, id: Id, bytes: &[u8]) -> std::io::Result<()> {
        if bytes.len() as u64 > GROUP_LEN {
            // With its tree, so that a large one is not read as a whole whenever it is opened.
            let mut hasher = TreeHasher::new();
            hasher.update(bytes);
            let (_, len, values) = hasher.finish();
            self.write(&self.path(id).with_extension("tree"), &[&encode_sidecar(&values, len)])?;
        }
        self.write(&self.path(id), &[bytes])
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        self.make_room(parts.iter().map(|part| part.len() as u64).sum())?;
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("new-{}-{number}", std::process::id()));
        let written =
            File::create(&temporary).and_then(|mut file| parts.iter().try_for_each(|part| file.write_all(part)));
        written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    /// Lets entries go where there would be too much with `len` bytes more: a tenth more than must, for it reads the whole folder.
    fn make_room(&self, len: u64) -> std::io::Result<()> {
        let mut known = self.len.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(total) = known.as_mut()
            && *total + len <= self.len_max
        {
            *total += len;
            return Ok(());
        }
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() {
                all.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len(), entry.path()));
            }
        }
        all.sort();
        let mut total: u64 = all.iter().map(|(_, len, _)| len).sum::<u64>() + len;
        let wanted = if total > self.len_max { self.len_max / 10 * 9 } else { self.len_max };
        for (_, len, path) in all {
            if total <= wanted {
                break;
            }
            // Another process may have let it go.
            let _ = fs::remove_file(path);
            total -= len;
        }
        *known = Some(total);
        Ok(())
    }

    fn path(&self, id: Id) -> PathBuf {
        self.folder.join(id.to_hex())
    }
}

/// Writes down that an entry was asked for, unless that was done not long ago.
fn note_asked(file: &File) {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    if modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|since| since > ASKED_AGAIN)) {
        // Where it cannot be written down, it only goes earlier.
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_back_unless_it_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(&folder.path().join("cache"));
        let id = Id::of(b"name");
        assert_eq!(cache.get(id), None);
        cache.put(id, b"found out");
        assert_eq!(cache.get(id).as_deref(), Some(&b"found out"[..]));
        let path = folder.path().join("cache").join(id.to_hex());
        let mut bytes = fs::read(&path).expect("there");
        bytes[2] ^= 1;
        fs::write(&path, &bytes).expect("written");
        assert_eq!(cache.get(id), None);
        fs::write(&path, b"short").expect("written");
        assert_eq!(cache.get(id), None);
        cache.put(id, b"again");
        assert_eq!(cache.get(id).as_deref(), Some(&b"again"[..]));
        assert_eq!(fs::read_dir(folder.path().join("cache")).expect("there").count(), 1);
    }

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::with_len_max(folder.path(), 1000);
        let ids: Vec<Id> = (0..8u8).map(|number| Id::of(&[number])).collect();
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        // 100 bytes each, with the hash.
        for (number, id) in ids.iter().enumerate() {
            cache.put(*id, &[7; 68]);
            let file = File::open(cache.path(*id)).expect("kept");
            file.set_modified(long_ago + Duration::from_secs(number as u64)).expect("ours");
        }
        assert!(cache.get(ids[0]).is_some(), "asked for now");
        cache.put(Id::of(b"large"), &[7; 268]);
        let kept: Vec<bool> = ids.iter().map(|id| cache.get(*id).is_some()).collect();
        assert_eq!(kept, [true, false, false, true, true, true, true, true]);
        // A folder in the cache is another cache's.
        fs::create_dir(folder.path().join("other")).expect("made");
        cache.put(Id::of(b"larger"), &[7; 468]);
        assert!(folder.path().join("other").exists() && cache.get(Id::of(b"larger")).is_some());
    }
}
