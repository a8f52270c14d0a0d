//! Scratch files that are in the store: which writes went in, and what their bytes are at each path.

use std::collections::HashMap;

use veneer::base::Row;
use veneer::model::{Content, DataPath, Id};

use super::scratch::Stamp;

/// A scratch file as it was put into the store.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// How often it was written before it was read.
    pub(super) writes: u64,
    pub(super) stamp: Stamp,
    pub(super) blob: Id,
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    /// What that is at each path at which it was found.
    pub(super) meant: HashMap<DataPath, Meant>,
}

/// What bytes are at a path: that depends on what was there before.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    /// The base's entry of this name.
    pub(super) under: Option<Row>,
    pub(super) content: Content,
    pub(super) mtime_ns: i64,
}

impl Stored {
    /// What it is at this path, as far as that is known.
    pub(super) fn meant(&self, path: &DataPath, under: Option<Row>) -> Option<&Meant> {
        self.meant.get(path).filter(|meant| meant.under == under)
    }
}
