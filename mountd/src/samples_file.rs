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
    /// `None`: there are no samples. What could not be read is tried anew.
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
    ///
    /// # Errors
    /// Those of reading what it joins; the next call tries it again.
    pub fn bytes(&self) -> Result<Option<Arc<[u8]>>> {
        kept(&self.bytes, || self.made()).inspect_err(|error| {
            warn!(revision = %self.revision, "samples.parquet cannot be made: {error}");
        })
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
        let size = self.bytes().ok().flatten().map_or(0, |bytes| bytes.len() as u64);
        Entry { kind: Kind::File, size, mtime_ns: self.mtime_ns, mode: 0o444 }
    }
}

/// What was made once, or is made now; an error is not kept.
fn kept<T: Clone>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T>) -> Result<T> {
    match cell.get() {
        Some(known) => Ok(known.clone()),
        None => make().map(|made| cell.get_or_init(|| made).clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_made_is_tried_again_and_what_was_made_is_not() {
        let cell = OnceLock::new();
        kept(&cell, || Err(veneer::Error::not_found("path", "a.csv"))).expect_err("it is not there");
        assert_eq!(kept(&cell, || Ok(1)).expect("made"), 1);
        assert_eq!(kept(&cell, || Ok(2)).expect("known"), 1);
    }
}
