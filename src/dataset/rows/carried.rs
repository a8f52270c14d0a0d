//! Rows without keys that one side of a merge put elsewhere in their file, and of which the other side edited cells.
//!
//! Bytes that are put in another order are said as rows that went, and rows with the same cells that came. Where there
//! is but one of each, an edit of the one is an edit of the other.

use std::collections::BTreeMap;

use super::row_work::{Work, row_of};
use crate::model::{RowAddress, RowChange, Value};
use crate::overlay::RowDifference;

/// What is said at an address by now.
type Said = (RowAddress, Option<RowChange>);

/// A row that one side moved, and what the other one set in it where it was.
pub(super) struct Carried {
    /// The address of the row where it is now.
    pub(super) row: RowAddress,
    /// The addresses of the cells that were set, with their columns and values.
    pub(super) cells: Vec<(RowAddress, String, Value)>,
}

/// Takes out of `other` the cells that it set of rows which `mover` moved.
pub(super) fn carry(mover: &Work, other: &mut Work) -> Vec<Carried> {
    let mut by_row: BTreeMap<(String, String), Vec<Said>> = BTreeMap::new();
    for (address, difference) in other.iter() {
        if let Some(row) = row_of(address) {
            by_row.entry(row).or_default().push((address.clone(), difference.after.clone()));
        }
    }
    if by_row.is_empty() {
        return Vec::new();
    }
    let mut carried = Vec::new();
    for (from, to) in moved(mover) {
        let did = row_of(&from).and_then(|row| by_row.remove(&row)).unwrap_or_default();
        // Where it did something else to the row, too, that is for all of it.
        let set: Option<Vec<_>> = did.into_iter().map(set_cell).collect();
        let cells = set.unwrap_or_default();
        if !cells.is_empty() {
            cells.iter().for_each(|(address, ..)| drop(other.remove(address)));
            carried.push(Carried { row: to, cells });
        }
    }
    carried
}

fn set_cell((address, after): Said) -> Option<(RowAddress, String, Value)> {
    match (&address, after) {
        (RowAddress::Cell { column, .. }, Some(RowChange::Set { after, .. })) => {
            let column = column.clone();
            Some((address, column, after))
        }
        _ => None,
    }
}

/// The row with these cells set.
pub(super) fn with_set(inserted: &RowChange, set: &[(RowAddress, String, Value)]) -> RowChange {
    let RowChange::Inserted { after, cells, is_below, .. } = inserted else { return inserted.clone() };
    let mut cells = cells.clone();
    for (_, column, value) in set {
        match cells.iter_mut().find(|(of, _)| of == column) {
            Some((_, cell)) => cell.clone_from(value),
            None => cells.push((column.clone(), value.clone())),
        }
    }
    RowChange::Inserted { after: after.clone(), cells, patch: None, is_below: *is_below }
}

/// Where rows went from and to.
fn moved(work: &Work) -> Vec<(RowAddress, RowAddress)> {
    let mut found: BTreeMap<(&str, String), [Vec<&RowAddress>; 2]> = BTreeMap::new();
    for (address, RowDifference { before, after, .. }) in work {
        let (cells, at) = match (before, after) {
            (None, Some(RowChange::Deleted { before, is_below: true, .. })) => (before, 0),
            (None, Some(RowChange::Inserted { cells, is_below: false, .. })) => (cells, 1),
            _ => continue,
        };
        found.entry((address.table(), said(cells))).or_default()[at].push(address);
    }
    let pairs = found.into_values().filter_map(|[gone, come]| match (&gone[..], &come[..]) {
        ([from], [to]) => Some(((*from).clone(), (*to).clone())),
        _ => None,
    });
    pairs.collect()
}

/// The cells in one order, without those that say nothing.
fn said(cells: &[(String, Value)]) -> String {
    let mut cells: Vec<_> = cells.iter().filter(|(_, value)| *value != Value::Null).collect();
    cells.sort_by(|a, b| a.0.cmp(&b.0));
    format!("{cells:?}")
}
