//! How a merge or a commit may end. A conflict is a value, not an error.

use super::rows::RowConflict;
use crate::model::{Change, DataPath, Id};

/// Whose change is taken where both changed the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// That of the branch that is merged into.
    Ours,
    /// That of what is merged.
    Theirs,
}

/// One place for which the two sides have no common result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The path; for a folder, everything below it is meant.
    pub path: DataPath,
    /// What our overlay says of it.
    pub ours: Option<Change>,
    /// What their overlay says of it.
    pub theirs: Option<Change>,
    /// What happened, for a person.
    pub why: &'static str,
    /// The cells and rows at odds, where the rest of the file could be merged by rows.
    pub rows: Vec<RowConflict>,
}

/// How a merge or a commit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new revision is the branch's head.
    Done {
        /// The revision.
        revision: Id,
        /// How many paths differ from the head before.
        changes: u64,
    },
    /// The branch moved to a revision that there was already.
    FastForward {
        /// The revision.
        revision: Id,
    },
    /// There was nothing to do.
    UpToDate,
    /// Nothing was changed, because of these.
    Conflicts(Vec<Conflict>),
}
