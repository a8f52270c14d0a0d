//! What differs between two views, told by row and cell.
//!
//! Only files whose paths differ are looked at, and of these only the row
//! changes that the two sides do not share.

use crate::Result;
use crate::dataset::diff::{diff, has_same_bytes};
use crate::dataset::samples;
use crate::dataset::view::{Node, Place, View};
use crate::model::{DataPath, RowAddress, RowChange, Value};
use crate::overlay::RowDifference;

/// One cell, row or column that two views do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDiff {
    /// The file, by the path that the later view has.
    pub path: DataPath,
    /// What differs.
    pub address: RowAddress,
    /// What the earlier view has; `None` where it has no such row or column.
    pub before: Option<Value>,
    /// What the later view has; `None` where it has no such row or column.
    pub after: Option<Value>,
}

/// Returns the rows, cells and columns that differ, in order of path and address.
///
/// Files whose bytes were replaced as a whole are not told by rows.
pub fn diff_rows(from: &View, to: &View) -> Result<Vec<RowDiff>> {
    let mut found = Vec::new();
    for change in diff(from, to)? {
        let old_path = change.from.as_ref().unwrap_or(&change.path);
        let (Some(before), Some(after)) = (from.node(old_path)?, to.node(&change.path)?) else { continue };
        if before.is_folder() || after.is_folder() || !share_below((from, &before), (to, &after))? {
            continue;
        }
        let differences = from.rows_of(&before).diff(&to.rows_of(&after))?;
        found.extend(differences.into_iter().filter_map(|difference| told(&change.path, difference)));
    }
    found.extend(samples::diff(from, to)?);
    Ok(found)
}

/// Whether the row edits of two files lie over the same bytes.
fn share_below(a: (&View, &Node), b: (&View, &Node)) -> Result<bool> {
    has_same_bytes((a.0, below(&a.1.place)), (b.0, below(&b.1.place)))
}

fn below(place: &Place) -> &Place {
    match place {
        Place::Rows { below, .. } => below,
        place => place,
    }
}

/// A difference as people read it; `None` for what is none to them: the same values by other bytes.
pub(in crate::dataset) fn told(path: &DataPath, difference: RowDifference) -> Option<RowDiff> {
    let RowDifference { address, before, after } = difference;
    // Where one side says nothing, it has what the other says the base has.
    let of_base = before.as_ref().or(after.as_ref()).and_then(base_value);
    let value = |side: Option<RowChange>| side.as_ref().map_or(of_base.clone(), value_now);
    let (before, after) = (value(before), value(after));
    (before != after).then(|| RowDiff { path: path.clone(), address, before, after })
}

fn base_value(change: &RowChange) -> Option<Value> {
    match change {
        RowChange::Set { before, .. } => Some(before.clone()),
        RowChange::Deleted { before, .. } => Some(Value::Struct(before.clone())),
        RowChange::Excluded { .. } => Some(Value::Bool(false)),
        RowChange::Inserted { .. } | RowChange::Added { .. } | RowChange::Shared { .. } => None,
    }
}

fn value_now(change: &RowChange) -> Option<Value> {
    match change {
        RowChange::Set { after, .. } => Some(after.clone()),
        RowChange::Inserted { cells, .. } => Some(Value::Struct(cells.clone())),
        RowChange::Added { data_type } => Some(Value::Text(data_type.clone())),
        RowChange::Excluded { .. } => Some(Value::Bool(true)),
        RowChange::Deleted { .. } | RowChange::Shared { .. } => None,
    }
}
