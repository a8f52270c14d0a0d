//! Rows of a dataset: what tables there are, edits of rows in a draft, and what two revisions say of them.
//!
//! A format ([`crate::table`]) knows bytes, an overlay knows changes; here both meet.
//!
//! | modules | what they know |
//! |---|---|
//! | `find`, `named`, `formats`, `said`, `declared`, `outline`, `odd` | which tables there are, how their files are read, which column is the key, and what of them cannot be read |
//! | `label_files`, `label_task`, `class_lists`, `classes` | where YOLO's labels lie, what their lines are, and which classes labels have |
//! | `part`, `opened`, `placed`, `scan`, `query`, `select`, `known` | rows as a view has them: those of a file with the edits laid over |
//! | `edit`, `work`, `inserting`, `inserted`, `following`, `column`, `from_file` | edits in a draft, and what each means for a file's row changes |
//! | `splice`, `patch`, `compact` | row changes get their bytes, and a file of many patches becomes a blob |
//! | `side`, `cells`, `align`, `traces`, `moved`, `earlier`, `new_columns` | two states of a file, and which row of the one is which of the other |
//! | `parsed`, `rewritten`, `half_written` | a file that got new bytes, said as edits of its rows |
//! | `diff`, `blame`, `row_step` | what differs between revisions, and who set it |
//! | `merge`, `row_work`, `carried`, `merge_bytes`, `merge_columns`, `theirs` | merges of one file, and how its conflicts are decided |
//! | `class_merges`, `class_numbers`, `renumbered` | labels follow where classes were merged, or got other numbers, on another side |
//! | `reapply`, `reinsert` | edits over a source that changed |
//! | `hidden`, `hidden_places` | rows of excluded samples, and how they come back |

mod align;
mod arrived;
mod blame;
mod carried;
mod cells;
mod class_lists;
mod class_merges;
mod class_numbers;
mod classes;
pub(super) mod column;
mod compact;
mod declared;
mod diff;
mod earlier;
mod edit;
mod find;
mod following;
mod formats;
mod from_file;
mod half_written;
mod hidden;
mod hidden_places;
mod inserted;
mod inserting;
mod known;
mod label_files;
mod label_task;
mod merge;
mod merge_bytes;
mod merge_columns;
mod moved;
mod named;
mod new_columns;
mod odd;
mod opened;
mod outline;
mod parsed;
mod part;
mod patch;
mod placed;
mod query;
mod reapply;
mod reinsert;
mod renumbered;
mod rewritten;
mod row_step;
mod row_work;
mod said;
mod scan;
mod select;
mod side;
mod splice;
mod theirs;
mod traces;
mod work;

pub use blame::{Blame, CellBlame, RowBlame, RowFate};
pub(super) use class_merges::{MergedClasses, folders_merged_since, is_class_merge};
pub use classes::{Class, ClassMap};
pub use declared::TableKey;
pub(super) use declared::with_choice;
pub use diff::{FileDiff, RowDiff, RowDiffs, TableDiff, compare_rows, diff_rows};
pub(super) use diff::{is_of_content, told};
pub(super) use earlier::by_content;
pub use edit::RowEdit;
pub(super) use find::Known;
pub(super) use formats::Formats;
pub use formats::{FORMATS, FileFormat, check_formats};
pub(super) use half_written::is_half;
pub(super) use hidden::{cells_below, own, shown, with_edits};
pub(super) use hidden_places::hidden_keys_in;
pub use known::KnownRows;
pub use merge::RowConflict;
pub(super) use merge::{FileSides, RenamedRows, RowMerge, merge_beside, merge_rows, without_rows};
pub(super) use moved::{NewKeys, earlier_key};
pub use named::{Table, short_key, short_name};
pub use odd::OddRows;
pub use outline::{FileProblem, NoTable, TableOutline};
pub(super) use part::Part;
pub(super) use patch::{growth, patched_len, patches, placed_patches};
pub use query::RowQuery;
pub(super) use reapply::{Reapplied, reapply};
pub(super) use renumbered::{Numbers, Relabelling};
pub(super) use rewritten::{begins_with, keys_in, rewritten};
pub use scan::{RowBatch, RowScan};
pub use select::Selected;
pub(super) use traces::Traces;

use crate::Result;
use crate::dataset::edit::content_of;
use crate::dataset::view::{Node, View};
use crate::model::{Change, Content, FileChange, Id};
use crate::overlay::{Overlay, Rows};

/// The column of a table of many files that tells the file of a row.
pub const FILE_COLUMN: &str = "file";

/// The file at `node` with these row changes, which make it `grown` bytes longer; its time and mode are kept.
pub(super) fn file_with_rows(view: &View, node: &Node, rows: &Rows, grown: i64) -> Result<FileChange> {
    let content = with_rows(content_of(view, &node.place)?, rows.root());
    let size = node.entry.size.saturating_add_signed(grown);
    Ok(FileChange { content, size, mtime_ns: node.entry.mtime_ns, mode: node.entry.mode })
}

/// The row changes of a file, be it hidden.
fn rows_of_file(overlay: &Overlay, change: &Change) -> Option<Rows> {
    match change {
        Change::File(FileChange { content: Content::Rows { rows, .. }, .. }) => Some(overlay.rows(Some(*rows))),
        Change::Excluded { was: Some(was) } => rows_of_file(overlay, was),
        _ => None,
    }
}

/// Content with other row changes: with none, what lies below.
pub(super) fn with_rows(content: Content, rows: Option<Id>) -> Content {
    let below = match content {
        Content::Rows { below, .. } => below,
        content => Box::new(content),
    };
    match rows {
        Some(rows) => Content::Rows { below, rows },
        None => *below,
    }
}
