//! An object opened for reading anywhere in it.
//!
//! Small ones are bytes in memory; large ones are files, mapped into memory
//! and checked group by group as they are touched (see [`super::tree`]). An
//! object that a raw store gives is not checked; [`Object::verified`] turns
//! checking on, and [`super::Verified`] does so for every object.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use memmap2::Mmap;

use super::tree::{self, GROUP_LEN, Value};
use crate::model::Id;
use crate::{Error, Result};

/// An object's bytes, readable anywhere; from the log in memory, from a file memory-mapped.
///
/// It stays readable when its file is removed from the store.
#[derive(Clone, Debug)]
pub struct Object {
    data: Data,
    /// Whether bytes of a file are checked before they are given.
    checked: bool,
}

#[derive(Clone, Debug)]
enum Data {
    Memory(Bytes),
    File(Arc<Mapped>),
}

/// A file in memory.
#[derive(Debug)]
struct Mapped {
    file: File,
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

impl Object {
    /// An object held in memory.
    pub fn from_bytes(bytes: Bytes) -> Object {
        Object { data: Data::Memory(bytes), checked: false }
    }

    /// Opens an object's file, and its sidecar `PATH.tree` if there is one; nothing is checked yet.
    ///
    /// # Errors
    /// `Io` when the file cannot be opened or mapped.
    pub fn from_path(path: &Path) -> Result<Object> {
        let mut sidecar = path.as_os_str().to_owned();
        sidecar.push(".tree");
        Object::from_files(File::open(path), File::open(Path::new(&sidecar)).ok())
            .map_err(|cause| Error::io_at("open", path, cause))
    }

    fn from_files(file: std::io::Result<File>, sidecar: Option<File>) -> std::io::Result<Object> {
        let file = file?;
        let map = map_whole(&file)?;
        let mapped = Mapped { file, sidecar, map, proof: OnceLock::new() };
        Ok(Object { data: Data::File(Arc::new(mapped)), checked: false })
    }

    /// The same object, which from now on gives only bytes that were checked against `id`.
    ///
    /// What is in memory is checked now, a file's group at its first touch.
    ///
    /// # Errors
    /// `Corrupt` when it is not the object `id`, as far as this can be told without reading a large file.
    pub fn verified(mut self, id: Id) -> Result<Object> {
        match &self.data {
            Data::Memory(bytes) if Id::of(bytes) != id => return Err(not_its_own(id)),
            Data::Memory(_) => {}
            Data::File(mapped) => mapped.prove(id)?,
        }
        self.checked = true;
        Ok(self)
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.bytes().len() as u64
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// Returns exactly the bytes `offset..offset + len`, verified at the first touch.
    ///
    /// # Errors
    /// `Corrupt` when they are not the object's or the range is beyond its end.
    pub fn slice(&self, offset: u64, len: usize) -> Result<&[u8]> {
        let bytes = self.bytes();
        let range = usize::try_from(offset).ok().and_then(|start| Some(start..start.checked_add(len)?));
        let Some(slice) = range.and_then(|range| bytes.get(range)) else {
            return Err(self.too_short(offset, len));
        };
        if let Data::File(mapped) = &self.data
            && self.checked
            && len > 0
        {
            mapped.check(offset, offset + len as u64)?;
        }
        Ok(slice)
    }

    /// Fills `buffer` from `offset`; returns fewer bytes only at the end of the object.
    ///
    /// # Errors
    /// `Corrupt` when the bytes are not the object's.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let len = self.len().saturating_sub(offset).min(buffer.len() as u64) as usize;
        if len > 0 {
            buffer[..len].copy_from_slice(self.slice(offset, len)?);
        }
        Ok(len)
    }

    /// The object's own file where it has one: what passthrough and reflink need.
    ///
    /// Whoever reads the file reads past every check: call [`Object::verify_all`] first.
    pub fn file(&self) -> Option<&File> {
        match &self.data {
            Data::Memory(_) => None,
            Data::File(mapped) => Some(&mapped.file),
        }
    }

    /// Checks all bytes now, unless this process did so before and the file has not changed since.
    ///
    /// # Errors
    /// `Corrupt` when any byte is not the object's.
    pub fn verify_all(&self) -> Result<()> {
        match &self.data {
            Data::File(mapped) if self.checked => mapped.check_all(),
            _ => Ok(()),
        }
    }

    /// All of its bytes, not checked; a file's are copied.
    pub(super) fn into_bytes(self) -> Bytes {
        match self.data {
            Data::Memory(bytes) => bytes,
            Data::File(mapped) => Bytes::copy_from_slice(mapped.bytes()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.data {
            Data::Memory(bytes) => bytes,
            Data::File(mapped) => mapped.bytes(),
        }
    }

    #[cold]
    fn too_short(&self, offset: u64, len: usize) -> Error {
        let why = format!("it has {} bytes, {len} at {offset} are wanted", self.len());
        match &self.data {
            Data::File(mapped) if mapped.proof.get().is_some() => {
                Error::corrupt(name(mapped.proof.get().expect("just seen").id), why)
            }
            _ => Error::corrupt("an object", why),
        }
    }
}

impl Mapped {
    fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }

    /// Finds what every group must be; the cost does not grow with the file, if its sidecar is sound.
    fn prove(&self, id: Id) -> Result<()> {
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
    fn check(&self, start: u64, end: u64) -> Result<()> {
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

    fn check_all(&self) -> Result<()> {
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

fn name(id: Id) -> String {
    format!("object {id}")
}

#[cold]
fn not_its_own(id: Id) -> Error {
    Error::corrupt(name(id), "its bytes have another hash")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ErrorKind;

    struct Fixture {
        folder: tempfile::TempDir,
        bytes: Vec<u8>,
        id: Id,
    }

    impl Fixture {
        fn new(len: usize) -> Fixture {
            let folder = tempfile::tempdir().expect("a folder");
            let bytes: Vec<u8> = (0..len).map(|i| (i / 3 + i / 777) as u8).collect();
            let mut hasher = tree::TreeHasher::new();
            hasher.update(&bytes);
            let (id, len, values) = hasher.finish();
            fs::write(folder.path().join("o"), &bytes).expect("written");
            fs::write(folder.path().join("o.tree"), tree::encode_sidecar(&values, len)).expect("written");
            Fixture { folder, bytes, id }
        }

        fn change(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
            let path = self.folder.path().join(file);
            let mut bytes = fs::read(&path).expect("read");
            change(&mut bytes);
            fs::write(&path, bytes).expect("written");
        }

        fn open(&self) -> Result<Object> {
            Object::from_path(&self.folder.path().join("o"))?.verified(self.id)
        }
    }

    fn is_corrupt<T: std::fmt::Debug>(result: Result<T>) -> bool {
        matches!(result.expect_err("damaged").kind(), ErrorKind::Corrupt { .. })
    }

    #[test]
    fn slices_of_a_large_file_are_its_bytes() {
        let fixture = Fixture::new(300_000);
        let object = fixture.open().expect("sound");
        for (offset, len) in [(0, 10), (65_530, 12), (0, 300_000), (299_999, 1), (300_000, 0)] {
            assert_eq!(object.slice(offset, len).expect("sound"), &fixture.bytes[offset as usize..][..len]);
        }
        assert!(is_corrupt(object.slice(299_999, 2).map(<[u8]>::to_vec)));
        assert!(is_corrupt(object.slice(u64::MAX, 2).map(<[u8]>::to_vec)));
        let mut buffer = [0; 64];
        assert_eq!(object.read_at(&mut buffer, 299_990).expect("sound"), 10);
        assert_eq!(object.read_at(&mut buffer, 400_000).expect("sound"), 0);
        object.verify_all().expect("sound");
    }

    #[test]
    fn a_damaged_group_is_an_error_and_the_others_are_still_read() {
        let fixture = Fixture::new(300_000);
        fixture.change("o", |bytes| bytes[70_000] ^= 4);
        let object = fixture.open().expect("only touched groups are checked");
        assert_eq!(object.slice(0, 65_536).expect("sound"), &fixture.bytes[..65_536]);
        assert!(is_corrupt(object.slice(65_536, 1).map(<[u8]>::to_vec)));
        assert!(is_corrupt(object.verify_all()));
    }

    #[test]
    fn without_a_sound_sidecar_the_whole_file_is_checked_at_once() {
        for damage in [|b: &mut Vec<u8>| b[20] ^= 1, |b: &mut Vec<u8>| b.truncate(30), Vec::clear] {
            let fixture = Fixture::new(200_000);
            fixture.change("o.tree", damage);
            let object = fixture.open().expect("the file itself is sound");
            assert_eq!(object.slice(100_000, 9).expect("sound"), &fixture.bytes[100_000..100_009]);
            fixture.change("o", |bytes| bytes[5] ^= 1);
            assert!(is_corrupt(fixture.open()));
        }
    }

    #[test]
    fn a_truncated_file_is_refused_when_it_is_opened() {
        for len in [0, 1, 65_536, 65_537, 199_999] {
            let fixture = Fixture::new(200_000);
            fixture.change("o", |bytes| bytes.truncate(len));
            assert!(is_corrupt(fixture.open()), "cut to {len}");
        }
    }

    #[test]
    fn a_small_or_empty_file_is_an_object_too() {
        for len in [0, 1, 65_536] {
            let fixture = Fixture::new(len);
            let object = fixture.open().expect("sound");
            assert_eq!(object.slice(0, len).expect("sound"), fixture.bytes);
        }
    }
}
