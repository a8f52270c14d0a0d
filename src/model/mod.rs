//! Values, and nothing else: names, paths, entries, changes, revisions.
//!
//! Nothing here touches a disk, a clock or a lock, so every rule of the model
//! can be tested as a plain function. What the words mean is in
//! `docs/GLOSSARY.md`; how the values are written is in `docs/FORMAT.md`.

mod address;
mod change;
mod entry;
mod id;
mod name;
mod object;
pub(crate) mod odd_number;
mod path;
mod revision;
mod row;
mod run;
mod value;
pub mod whole_number;

pub use address::{Address, RefSpec};
pub use change::{Change, Content, Extent, FileChange};
pub use entry::{Entry, Kind};
pub use id::Id;
pub use name::{BranchName, DatasetName, RefName, RefOf, RunName, ViewName, WriterName};
pub use object::{ObjectKind, RefValue};
pub use path::DataPath;
pub use revision::{
    DatasetRecord, DraftStep, FormatChoice, KeyChoice, OpenConflict, PathChange, PendingMerge, Revision, What,
};
pub use row::{ExcludedRow, PatchBytes, RowAddress, RowChange, RowPatch};
pub use run::{BatchId, BatchIds, Part, RunData, RunKind, RunRecord, RunStatus, Series};
pub use value::Value;
