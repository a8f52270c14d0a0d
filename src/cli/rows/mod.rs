//! Tables and their rows: `veneer tables`, `rows`, `set`, `insert`, `delete`, `column`, `blame`, `exclude` and
//! `include`.

mod assign;
mod blame;
mod column;
pub(super) mod diff;
mod edit;
mod exclude;
mod formats;
mod input;
mod keys;
mod show;
mod tables;

pub(super) use blame::BlameArgs;
pub(super) use column::ColumnArgs;
pub(super) use edit::{DeleteArgs, InsertArgs, SetArgs};
pub(super) use exclude::{ExcludeArgs, IncludeArgs};
pub(super) use formats::formats_of;
pub(super) use input::Input;
pub(super) use keys::{keys_of, told as told_of_keys};
pub(super) use show::RowsArgs;
pub(super) use tables::TablesArgs;
