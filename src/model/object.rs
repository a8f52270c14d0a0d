//! Kinds of objects, and what a ref holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Id;

/// What an object is; it says how to read its bytes, and is no part of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// Content of a file, or a list that a revision points to.
    Blob,
    /// The index of a source.
    Base,
    /// A node of an overlay.
    Node,
    /// A revision.
    Revision,
    /// A step of a draft.
    Draft,
    /// A dataset's record.
    Dataset,
    /// A run's record.
    Run,
}

impl ObjectKind {
    /// Every kind, in the order of [`ObjectKind::code`].
    pub const ALL: [ObjectKind; 7] = [
        ObjectKind::Blob,
        ObjectKind::Base,
        ObjectKind::Node,
        ObjectKind::Revision,
        ObjectKind::Draft,
        ObjectKind::Dataset,
        ObjectKind::Run,
    ];

    /// The number that stands for it in the log.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a number in the log.
    pub fn from_code(code: u8) -> Option<ObjectKind> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The word that a person sees.
    pub const fn as_str(self) -> &'static str {
        match self {
            ObjectKind::Blob => "blob",
            ObjectKind::Base => "base",
            ObjectKind::Node => "node",
            ObjectKind::Revision => "revision",
            ObjectKind::Draft => "draft step",
            ObjectKind::Dataset => "dataset record",
            ObjectKind::Run => "run record",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a ref points to, and when it came to.
///
/// Two states of a ref are never equal: `op` grows with every change in the
/// store, so a ref that went from A to B and back to A is seen to have moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefValue {
    /// The object.
    pub id: Id,
    /// The number of the operation that set it, counted over the whole store.
    pub op: u64,
}
