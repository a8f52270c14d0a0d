//! Rows without keys that one side of a merge put elsewhere in their file, and that the other side edited, deleted or
//! moved, too.
//!
//! Bytes that are put in another order are said as rows that went, and rows with the same cells that came. Where there
//! is but one of each, what is done to the one is done to the other.

use std::collections::BTreeMap;

use super::cells::with_cells;
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

/// Where rows that a side moved were, and where they are now.
pub(super) type Moves = BTreeMap<RowAddress, RowAddress>;

/// Takes out of `other` the cells that it set of rows which were moved.
pub(super) fn carry(moves: &Moves, other: &mut Work) -> Vec<Carried> {
    let mut by_row: BTreeMap<(String, String), Vec<Said>> = BTreeMap::new();
    for (address, difference) in other.iter() {
        if let Some(row) = row_of(address) {
            by_row.entry(row).or_default().push((address.clone(), difference.after.clone()));
        }
    }
    let mut carried = Vec::new();
    for (from, to) in moves {
        let did = row_of(from).and_then(|row| by_row.remove(&row)).unwrap_or_default();
        // Where it did something else to the row, too, that is for all of it.
        let set: Option<Vec<_>> = did.into_iter().map(set_cell).collect();
        let cells = set.unwrap_or_default();
        if !cells.is_empty() {
            cells.iter().for_each(|(address, ..)| drop(other.remove(address)));
            carried.push(Carried { row: to.clone(), cells });
        }
    }
    carried
}

/// Where rows are now that one side moved and the other has deleted.
pub(super) fn deleted<'m>(moves: &'m Moves, other: &Work, other_moves: &Moves) -> Vec<&'m RowAddress> {
    let is_deleted = |from: &RowAddress| {
        let after = other.get(from).and_then(|work| work.after.as_ref());
        matches!(after, Some(RowChange::Deleted { .. })) && !other_moves.contains_key(from)
    };
    moves.iter().filter(|(from, _)| is_deleted(from)).map(|(_, to)| to).collect()
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
    let cells = with_cells(cells, set.iter().map(|(_, column, value)| (column, value)));
    RowChange::Inserted { after: after.clone(), cells, patch: None, is_below: *is_below }
}

/// The rows that a side moved.
pub(super) fn moves(work: &Work) -> Moves {
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for (address, RowDifference { before, after, .. }) in work {
        match (before, after) {
            (None, Some(RowChange::Deleted { before, is_below: true, .. })) => gone.push((address, before)),
            (None, Some(RowChange::Inserted { cells, is_below: false, .. })) => come.push((address, cells)),
            _ => {}
        }
    }
    let row = |(address, cells): &(&RowAddress, &Vec<_>)| (address.table().to_owned(), cells_as_text(cells));
    let pairs = pairs(gone.iter().map(row), come.iter().map(row));
    pairs.into_iter().map(|(from, to)| (gone[from].0.clone(), come[to].0.clone())).collect()
}

/// Of rows that went and rows that came, each told by its cells, those of which there is one of each: their places in
/// both lists.
pub(super) fn pairs<C: Ord>(gone: impl Iterator<Item = C>, come: impl Iterator<Item = C>) -> Vec<(usize, usize)> {
    let mut found: BTreeMap<C, [Vec<usize>; 2]> = BTreeMap::new();
    for (at, cells) in gone.enumerate() {
        found.entry(cells).or_default()[0].push(at);
    }
    for (at, cells) in come.enumerate() {
        found.entry(cells).or_default()[1].push(at);
    }
    let pair = |[gone, come]: [Vec<usize>; 2]| match (&gone[..], &come[..]) {
        ([from], [to]) => Some((*from, *to)),
        _ => None,
    };
    found.into_values().filter_map(pair).collect()
}

/// The cells in one order, without those that say nothing.
pub(super) fn cells_as_text(cells: &[(String, Value)]) -> String {
    let mut cells: Vec<_> = cells.iter().filter(|(_, value)| *value != Value::Null).collect();
    cells.sort_by(|a, b| a.0.cmp(&b.0));
    format!("{cells:?}")
}
