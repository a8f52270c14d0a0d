//! Tables and their rows: `veneer tables`, `set`, `insert`, `delete` and `column`.

mod assign;
mod column;
pub(super) mod diff;
mod edit;
mod tables;

pub(super) use column::ColumnArgs;
pub(super) use edit::{DeleteArgs, InsertArgs, SetArgs};
pub(super) use tables::TablesArgs;
