//! Tables and their rows: `veneer tables`, `rows`, `set`, `insert`, `delete` and `column`.

mod assign;
mod column;
pub(super) mod diff;
mod edit;
mod show;
mod tables;

pub(super) use column::ColumnArgs;
pub(super) use edit::{DeleteArgs, InsertArgs, SetArgs};
pub(super) use show::RowsArgs;
pub(super) use tables::TablesArgs;
