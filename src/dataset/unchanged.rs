//! Where the unchanged bytes come from: the source on this machine, or the service that has it.
//!
//! Of a store elsewhere, a file is read from the same path on this machine where
//! that holds the same file, by size and time of modification; all others come
//! block by block ([`super::blocks`]). Which folder is here is settled before
//! anything is mounted: afterwards its path may lead into the mount itself.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::blocks::{Blocks, FarFile};
use super::content::Content;
use crate::base::{Base, Row};
use crate::source::{OnDrift, Source};
use crate::{Error, ErrorKind, Result};

/// A source that is opened when somebody needs its bytes: looking at names needs none.
#[derive(Debug)]
pub(super) struct Unchanged {
    path: Vec<u8>,
    here: OnceLock<Arc<Source>>,
    far: Option<Arc<Blocks>>,
}

impl Unchanged {
    /// The source at `path`, on this machine.
    pub(super) fn at(path: Vec<u8>) -> Unchanged {
        Unchanged { path, here: OnceLock::new(), far: None }
    }

    /// The same, with its folder open already.
    pub(super) fn with_source(&self, source: Arc<Source>) -> Unchanged {
        Unchanged { path: self.path.clone(), here: OnceLock::from(source), far: self.far.clone() }
    }

    /// The same on another machine, whose files come as these blocks.
    pub(super) fn with_far(&self, far: Arc<Blocks>) -> Unchanged {
        Unchanged { path: self.path.clone(), here: OnceLock::new(), far: Some(far) }
    }

    pub(super) fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }

    /// Whether it is on another machine, wholly or in part.
    pub(super) fn is_far(&self) -> bool {
        self.far.is_some()
    }

    /// The folder on this machine; `None` where there is none.
    pub(super) fn here(&self) -> Result<Option<Arc<Source>>> {
        match self.far {
            Some(_) => Ok(self.here.get().cloned()),
            None => self.get().map(Some),
        }
    }

    /// The folder, which must be on this machine.
    pub(super) fn get(&self) -> Result<Arc<Source>> {
        if let Some(source) = self.here.get() {
            return Ok(source.clone());
        }
        if self.is_far() {
            let (path, why) = (self.path().display().to_string(), "it is on another machine".to_owned());
            return Err(Error::new(ErrorKind::SourceUnusable { path, why, parts: Vec::new() }));
        }
        let source = Arc::new(Source::open(self.path())?);
        Ok(self.here.get_or_init(|| source).clone())
    }

    /// Opens a file of the base.
    ///
    /// # Errors
    /// `SourceChanged`, of a far one when it is read.
    pub(super) fn open(&self, base: &Base, row: Row, drift: OnDrift) -> Result<Content> {
        match &self.far {
            None => Content::of_source(&*self.get()?, base, row, drift),
            Some(far) => self.open_far(far, base, row),
        }
    }

    /// As [`Unchanged::open`], but without waiting for a disk: `None` where that takes [`Unchanged::open`].
    pub(super) fn try_open(&self, base: &Base, row: Row, drift: OnDrift) -> Result<Option<Content>> {
        match &self.far {
            None => Content::try_of_source(&*self.get()?, base, row, drift),
            Some(far) => self.open_far(far, base, row).map(Some),
        }
    }

    fn open_far(&self, far: &Arc<Blocks>, base: &Base, row: Row) -> Result<Content> {
        let file = FarFile { base: base.id(), path: base.path(row)?, recorded: base.entry(row)? };
        let here = self.here.get().map(|source| Content::of_source(source, base, row, OnDrift::Error));
        // Whatever is wrong with the one that is here, the other one may be right.
        match here {
            Some(Ok(content)) => Ok(content.or_else_far(Arc::clone(far), file)),
            _ => Ok(Content::of_far(Arc::clone(far), file)),
        }
    }
}
