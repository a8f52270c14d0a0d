//! Tables and their rows: `veneer tables`, `rows`, `set`, `insert`, `delete`, `column`, `exclude` and `include`.

mod assign;
mod column;
pub(super) mod diff;
mod edit;
mod exclude;
mod show;
mod tables;

pub(super) use column::ColumnArgs;
pub(super) use edit::{DeleteArgs, InsertArgs, SetArgs};
pub(super) use exclude::{ExcludeArgs, IncludeArgs};
pub(super) use show::RowsArgs;
pub(super) use tables::TablesArgs;
