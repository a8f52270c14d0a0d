//! The store's cache: what can be found out again, kept because that takes time.
//!
//! A file for each entry, under `cache/`. Nothing is synced, and anything may be
//! missing or damaged at any moment: an entry carries its BLAKE3, and one that
//! does not match is as good as none. Whoever may not write goes without.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing::debug;

use crate::model::Id;

/// The most bytes of all entries together; beyond, those that were made first go.
const LEN_MAX: u64 = 2 << 30;

/// A folder of entries named by ids.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in `folder`, which is made at the first entry.
    pub fn new(folder: &Path) -> Cache {
        Cache { folder: folder.to_owned() }
    }

    /// The bytes kept as `id`; `None` where there are none, or none that are whole.
    pub fn get(&self, id: Id) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(id)).ok()?;
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
        fs::create_dir_all(&self.folder)?;
        self.make_room(bytes.len() as u64)?;
        let path = self.path(id);
        let temporary = path.with_extension(format!("new-{}", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.write_all(blake3::hash(bytes).as_bytes())
        });
        written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    fn make_room(&self, len: u64) -> std::io::Result<()> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            all.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), metadata.len(), entry.path()));
        }
        all.sort();
        let mut total: u64 = all.iter().map(|(_, len, _)| len).sum::<u64>() + len;
        for (_, len, path) in all {
            if total <= LEN_MAX {
                break;
            }
            fs::remove_file(path)?;
            total -= len;
        }
        Ok(())
    }

    fn path(&self, id: Id) -> PathBuf {
        self.folder.join(id.to_hex())
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
}
