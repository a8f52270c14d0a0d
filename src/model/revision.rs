//! Revisions, the steps of drafts, and how two states differ by path.

use serde::{Deserialize, Serialize};

use super::{DataPath, Id, RowAddress, Value};

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
    /// The blob with the [`PendingMerge`] that the draft is; `None` where it is none.
    ///
    /// It is written behind the rest, and only where there is one: see `docs/FORMAT.md`.
    #[serde(skip)]
    pub merge: Option<Id>,
}

/// A merge that stands in a draft, because somebody must decide what both sides changed.
///
/// The draft shows what could be merged, and our side of what could not. The encoding is postcard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingMerge {
    /// The revision that is merged in.
    pub theirs: Id,
    /// Why, for the revision that will be made.
    pub message: String,
    /// What is to be decided yet, in order of path and address.
    pub open: Vec<OpenConflict>,
}

/// One thing that both sides of a pending merge changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenConflict {
    /// The file; of a conflict that is of no row, also a folder with all below.
    pub path: DataPath,
    /// The cell or row; `None`: it is the whole of the path.
    pub row: Option<RowAddress>,
    /// What it was; `None` where there was no such row. Nothing is said here and below of a whole path but its kind.
    pub base: Option<Value>,
    /// What we made of it.
    pub ours: Option<Value>,
    /// What they made of it.
    pub theirs: Option<Value>,
    /// What happened, for a person.
    pub why: String,
}

/// What the store knows of a dataset, beside its refs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// The absolute path of the source folder, as bytes.
    pub source: Vec<u8>,
    /// When it was imported, in nanoseconds since 1970-01-01 UTC.
    pub created_ns: i64,
    /// How files are to be read, where that was said; written behind the rest, and only where there is any.
    #[serde(skip)]
    pub formats: Vec<FormatChoice>,
    /// Which columns have the keys of rows, where that was declared; written behind the formats, as these are.
    #[serde(skip)]
    pub keys: Vec<KeyChoice>,
}

/// How somebody said that files are to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatChoice {
    /// The file; `None`: all tables are of this format, and no other is looked for.
    pub path: Option<DataPath>,
    /// The format's name; `none` for a file that is no table.
    pub format: String,
}

/// A column whose values are the keys of the rows of a file, as somebody declared it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChoice {
    /// The file.
    pub path: DataPath,
    /// The column's name, as the file has it.
    pub column: String,
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
