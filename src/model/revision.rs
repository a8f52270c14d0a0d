//! Revisions, the steps of drafts, and how two states differ by path.

use serde::{Deserialize, Serialize};

use super::{DataPath, Id};

/// An immutable state of a dataset: a base, an overlay, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The name of the dataset that it is a state of.
    pub dataset: String,
    /// The index of the source.
    pub base: Id,
    /// The root node of the overlay; `None` where nothing is changed.
    pub overlay: Option<Id>,
    /// The revisions it was made from: none for an import, two for a merge.
    pub parents: Vec<Id>,
    /// Who made it.
    pub author: String,
    /// When, in nanoseconds since 1970-01-01 UTC.
    pub time_ns: i64,
    /// Why.
    pub message: String,
    /// How many paths differ from the first parent.
    pub changes: u64,
    /// The blob that lists them, a `Vec<PathChange>`; `None` for an import.
    pub delta: Option<Id>,
}

/// One step of a draft: the state after an edit, linked to the step that undo goes back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftStep {
    /// The revision that the draft is based on.
    pub revision: Id,
    /// The overlay after this step.
    pub overlay: Option<Id>,
    /// The step before; `None` where the draft began.
    pub undo: Option<Id>,
    /// The step that an undo left; `None` after an edit.
    pub redo: Option<Id>,
    /// What the step did, for a person.
    pub label: String,
    /// When, in nanoseconds since 1970-01-01 UTC.
    pub time_ns: i64,
}

/// What the store knows of a dataset, beside its refs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// The absolute path of the source folder, as bytes.
    pub source: Vec<u8>,
    /// When it was imported, in nanoseconds since 1970-01-01 UTC.
    pub created_ns: i64,
}

/// How a path differs between two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Only the later state has it.
    Added,
    /// Both have it, with other content, kind or mode.
    Modified,
    /// Only the earlier state has it.
    Removed,
    /// The later state has it at another path.
    Renamed,
}

/// One path that differs between two states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathChange {
    /// The path, in the later state where it has one.
    pub path: DataPath,
    /// How it differs.
    pub what: What,
    /// Where it was, of a renamed one.
    pub from: Option<DataPath>,
    /// Its size in the earlier state, in bytes.
    pub size_before: Option<u64>,
    /// Its size in the later state, in bytes.
    pub size_after: Option<u64>,
}
