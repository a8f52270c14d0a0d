//! An object opened for reading anywhere in it.
//!
//! Small ones are bytes in memory; large ones are files, mapped into memory
//! and checked group by group as they are touched (see [`super::mapped`]). An
//! object that a raw store gives is not checked; [`Object::verified`] turns
//! checking on, and [`super::Verified`] does so for every object.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::mapped::{Mapped, name, not_its_own};
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
        let mapped = File::open(path).and_then(|file| Mapped::new(file, File::open(&sidecar).ok()));
        let mapped = mapped.map_err(|cause| Error::io_at("open", path, cause))?;
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
        let id = match &self.data {
            Data::Memory(_) => None,
            Data::File(mapped) => mapped.id(),
        };
        Error::corrupt(id.map_or_else(|| "an object".to_owned(), name), why)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::tree;
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
