//! An object's file in memory, checked group by group as it is touched.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use memmap2::Mmap;

use super::tree::{self, GROUP_LEN, Value};
use crate::model::Id;
use crate::{Error, Result};

/// A file in memory.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) file: File,
    sidecar: Option<File>,
    /// `None` for an empty file, which cannot be mapped.
    map: Option<Mmap>,
    proof: OnceLock<Proof>,
}

/// What a file's groups must be, and which of them were seen to be so.
#[derive(Debug)]
struct Proof {
    id: Id,
    values: Values,
    /// One bit per group, set once it was checked.
    seen: Box<[AtomicU64]>,
}

#[derive(Debug)]
enum Values {
    /// The file is one group, or was checked as a whole: nothing is left to check.
    Whole,
    Mapped(Mmap),
}

/// A file that was read through and found right: device, inode, size, mtime in ns, and the id.
type Seen = (u64, u64, u64, i128, Id);

/// All files that this process has read through.
static SEEN_WHOLE: LazyLock<Mutex<HashSet<Seen>>> = LazyLock::new(Mutex::default);

impl Mapped {
    /// Maps an object's file; `sidecar` has its group values.
    pub(super) fn new(file: File, sidecar: Option<File>) -> std::io::Result<Mapped> {
        let map = map_whole(&file)?;
        Ok(Mapped { file, sidecar, map, proof: OnceLock::new() })
    }

    /// The object that it was found to be, once it was asked for.
    pub(super) fn id(&self) -> Option<Id> {
        self.proof.get().map(|proof| proof.id)
    }

    /// All bytes, not checked.
    pub(super) fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }

    /// Finds what every group must be; the cost does not grow with the file, if its sidecar is sound.
    pub(super) fn prove(&self, id: Id) -> Result<()> {
        if self.proof.get().is_none() {
            let proof = self.find_proof(id)?;
            // Another thread may have been first; both found the same.
            let _ = self.proof.set(proof);
        }
        match self.proof.get() {
            Some(proof) if proof.id == id => Ok(()),
            _ => Err(not_its_own(id)),
        }
    }

    fn find_proof(&self, id: Id) -> Result<Proof> {
        let whole = Proof { id, values: Values::Whole, seen: Box::default() };
        let len = self.bytes().len() as u64;
        if len > GROUP_LEN {
            if self.seen_whole(id) {
                return Ok(whole);
            }
            if let Some(values) = self.sidecar_values(id, len) {
                let words = tree::group_count(len).div_ceil(64);
                let seen = (0..words).map(|_| AtomicU64::new(0)).collect();
                return Ok(Proof { id, values: Values::Mapped(values), seen });
            }
            tracing::warn!(object = %id, "the tree of an object is missing or damaged, so all of it is read");
        }
        if Id::of(self.bytes()) != id {
            return Err(not_its_own(id));
        }
        self.remember_whole(id);
        Ok(whole)
    }

    fn sidecar_values(&self, id: Id, len: u64) -> Option<Mmap> {
        let map = map_whole(self.sidecar.as_ref()?).ok()??;
        tree::decode_sidecar(&map, id, len)?;
        Some(map)
    }

    /// Checks the groups that hold the bytes `start..end`; `end` is greater than `start`.
    #[inline]
    pub(super) fn check(&self, start: u64, end: u64) -> Result<()> {
        let proof = self.proof.get().expect("a checked object has its proof");
        let Values::Mapped(values) = &proof.values else {
            return Ok(());
        };
        for group in start / GROUP_LEN..=(end - 1) / GROUP_LEN {
            let (word, bit) = (&proof.seen[(group / 64) as usize], 1 << (group % 64));
            if word.load(Ordering::Relaxed) & bit == 0 {
                self.check_group(proof.id, values, group)?;
                word.fetch_or(bit, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    #[cold]
    fn check_group(&self, id: Id, sidecar: &[u8], group: u64) -> Result<()> {
        let bytes = self.bytes();
        let start = (group * GROUP_LEN) as usize;
        let end = (start + GROUP_LEN as usize).min(bytes.len());
        if group_in(sidecar, group) == Some(&tree::group_value(group, &bytes[start..end])) {
            return Ok(());
        }
        Err(Error::corrupt(name(id), format!("the bytes {start}..{end} are not what was written")))
    }

    /// Checks all groups that were not checked yet, unless this process read the whole file before.
    pub(super) fn check_all(&self) -> Result<()> {
        let proof = self.proof.get().expect("a checked object has its proof");
        let len = self.bytes().len() as u64;
        if matches!(proof.values, Values::Whole) || self.seen_whole(proof.id) {
            return Ok(());
        }
        self.check(0, len)?;
        self.remember_whole(proof.id);
        Ok(())
    }

    fn key(&self, id: Id) -> Option<Seen> {
        let now = self.file.metadata().ok()?;
        let mtime_ns = i128::from(now.mtime()) * 1_000_000_000 + i128::from(now.mtime_nsec());
        Some((now.dev(), now.ino(), now.size(), mtime_ns, id))
    }

    fn seen_whole(&self, id: Id) -> bool {
        let seen = SEEN_WHOLE.lock().unwrap_or_else(PoisonError::into_inner);
        self.key(id).is_some_and(|key| seen.contains(&key))
    }

    fn remember_whole(&self, id: Id) {
        if let Some(key) = self.key(id) {
            SEEN_WHOLE.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        }
    }
}

fn group_in(sidecar: &[u8], group: u64) -> Option<&Value> {
    tree::values_of(sidecar)?.get(group as usize)
}

fn map_whole(file: &File) -> std::io::Result<Option<Mmap>> {
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    // SAFETY: the store's object files are never changed or cut after they got their name; they have
    // mode 0444, and whoever overrides that is beyond what a mapping can be guarded against.
    unsafe { Mmap::map(file) }.map(Some)
}

/// What an error calls an object.
pub(super) fn name(id: Id) -> String {
    format!("object {id}")
}

/// The error of bytes that are not the object's.
#[cold]
pub(super) fn not_its_own(id: Id) -> Error {
    Error::corrupt(name(id), "its bytes have another hash")
}
