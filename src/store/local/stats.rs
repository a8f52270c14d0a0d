//! What a store holds, in numbers, and object by object.

use super::index::Record;
use super::{LocalStore, Role};
use crate::Result;
use crate::model::{Id, ObjectKind};

/// How many objects of each kind there are, and what the store takes on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// For every kind: how many objects, and their bytes.
    pub objects: Vec<(ObjectKind, u64, u64)>,
    /// The refs.
    pub refs: u64,
    /// The bytes of the log.
    pub log_bytes: u64,
    /// The bytes of the index, 0 where it is in memory.
    pub index_bytes: u64,
}

/// What the store knows of an object beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its name.
    pub id: Id,
    /// What it came as first.
    pub kind: ObjectKind,
    /// Its length in bytes.
    pub len: u64,
    /// When it was stored, in seconds since 1970-01-01 UTC.
    pub time_s: u64,
}

impl LocalStore {
    /// Visits every object that is durable; one that came as two kinds perhaps twice.
    ///
    /// # Errors
    /// What `visit` returns, or `Corrupt` when the log cannot be read.
    pub fn each_object(&self, visit: &mut dyn FnMut(&ObjectInfo) -> Result<()>) -> Result<()> {
        if let Role::Reader(reader) = &self.role {
            reader.refresh(&self.core)?;
        }
        self.core.index().each_object(&mut |record| {
            let Record { id, kind, len, time_s, .. } = *record;
            visit(&ObjectInfo { id, kind, len, time_s })
        })
    }

    /// Counts what the store holds.
    ///
    /// # Errors
    /// `Corrupt` when the log cannot be read.
    pub fn stats(&self) -> Result<StoreStats> {
        let mut counts = [(0, 0); ObjectKind::ALL.len()];
        self.each_object(&mut |object| {
            let (objects, bytes) = &mut counts[usize::from(object.kind.code())];
            *objects += 1;
            *bytes += object.len;
            Ok(())
        })?;
        let numbers = self.core.files.numbers();
        let log_bytes = numbers.into_iter().filter_map(|number| self.core.files.get(number)?.len().ok()).sum();
        let index = self.core.index();
        Ok(StoreStats {
            objects: ObjectKind::ALL.into_iter().zip(counts).map(|(kind, (n, bytes))| (kind, n, bytes)).collect(),
            refs: index.refs("")?.len() as u64,
            log_bytes,
            index_bytes: index.disk_bytes(),
        })
    }
}
