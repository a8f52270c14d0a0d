//! `.veneer/samples.parquet`: the table of samples of what is shown, made when somebody first asks for it.
//!
//! It is no part of any listing: whoever lists `.veneer/` must not wait for it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use tracing::warn;
use veneer::Result;
use veneer::dataset::View;
use veneer::model::{Entry, Id, Kind};

use crate::inode::Identity;

/// The file's name.
pub const NAME: &[u8] = b"samples.parquet";

/// The file as it is at one revision.
pub struct SamplesFile {
    view: View,
    revision: Id,
    mtime_ns: i64,
    /// `None`: there are no samples, or they cannot be read.
    bytes: OnceLock<Option<Arc<[u8]>>>,
}

impl fmt::Debug for SamplesFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SamplesFile").field(&self.revision).finish()
    }
}

impl SamplesFile {
    /// The file of a revision, committed at `mtime_ns`; nothing is read yet.
    pub fn new(view: View, revision: Id, mtime_ns: i64) -> SamplesFile {
        SamplesFile { view, revision, mtime_ns, bytes: OnceLock::new() }
    }

    /// Its content; `None` where there are no samples. The first call makes it.
    pub fn bytes(&self) -> Option<Arc<[u8]>> {
        self.bytes
            .get_or_init(|| match self.made() {
                Ok(bytes) => bytes,
                Err(error) => {
                    warn!(revision = %self.revision, "there is no samples.parquet: {error}");
                    None
                }
            })
            .clone()
    }

    fn made(&self) -> Result<Option<Arc<[u8]>>> {
        Ok(self.view.samples_parquet()?.map(Arc::from))
    }

    /// What makes its number: a revision shows one table for ever.
    pub fn identity(&self) -> Identity {
        Identity::of(&[b"/.veneer/samples.parquet", self.revision.as_bytes()])
    }

    /// What `stat` tells of it.
    pub fn entry(&self) -> Entry {
        let size = self.bytes().map_or(0, |bytes| bytes.len() as u64);
        Entry { kind: Kind::File, size, mtime_ns: self.mtime_ns, mode: 0o444 }
    }
}
