//! Tables and their rows: `veneer tables`, `rows`, `set`, `insert`, `delete`, `column` and `blame`.

mod assign;
mod blame;
mod column;
pub(super) mod diff;
mod edit;
mod formats;
mod input;
mod show;
mod tables;

pub(super) use blame::BlameArgs;
pub(super) use column::ColumnArgs;
pub(super) use edit::{DeleteArgs, InsertArgs, SetArgs};
pub(super) use formats::formats_of;
pub(super) use show::RowsArgs;
pub(super) use tables::TablesArgs;
