//! What one side of a merge did to each row of a file.

use std::collections::{BTreeMap, BTreeSet};

use super::class_merges::Relabelled;
use crate::model::{RowAddress, RowChange, Value};
use crate::overlay::RowDifference;
use crate::table::number_text;

/// What a side says otherwise than before, by address.
pub(super) type Work = BTreeMap<RowAddress, RowDifference>;

/// What a side did to one row.
pub(super) struct RowWork {
    /// Where it is told first: of a whole row, at the row.
    pub(super) first: RowAddress,
    /// Whether the row came or went.
    pub(super) is_whole: bool,
    /// Whether all that it did is to fill columns that it added, and to merge the row's class into another one: that is
    /// no edit of each row.
    pub(super) is_of_many: bool,
}

/// The table and the key of the row that an address is of.
pub(super) fn row_of(address: &RowAddress) -> Option<(String, String)> {
    address.row().map(|row| (address.table().to_owned(), row.to_owned()))
}

/// What a side did, by row; `relabelled` are the classes that it merged.
pub(super) fn rows_of(work: &Work, relabelled: &Relabelled) -> BTreeMap<(String, String), RowWork> {
    let is_added = |table: &str, column: &str| {
        let added = work.get(&RowAddress::Column { table: table.to_owned(), column: column.to_owned() });
        added.is_some_and(|column| column.before.is_none())
    };
    let is_relabelled = |Edit { column, before, after }: &Edit<'_>| {
        let (Some(before), Some(after)) = (before, after) else { return false };
        relabelled.contains(&((*column).to_owned(), number_text(before), number_text(after)))
    };
    let mut rows: BTreeMap<(String, String), RowWork> = BTreeMap::new();
    for (address, difference) in work {
        let Some(row) = row_of(address) else { continue };
        let is_whole = matches!(address, RowAddress::Row { .. });
        let is_one = |edit: &Edit<'_>| is_added(address.table(), edit.column) || is_relabelled(edit);
        let is_of_many = edits(difference).is_some_and(|edits| edits.iter().all(is_one));
        let first = || RowWork { first: address.clone(), is_whole, is_of_many };
        let known = rows.entry(row).or_insert_with(first);
        known.is_of_many &= is_of_many;
        if is_whole {
            *known = first();
        }
    }
    rows
}

/// A cell that a side gave another value.
struct Edit<'a> {
    column: &'a str,
    /// `None` where nothing was said of it.
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

/// The cells that became others, of a row that neither came nor went; `None` for any other.
fn edits(difference: &RowDifference) -> Option<Vec<Edit<'_>>> {
    use RowChange::{Inserted, Set};
    let RowDifference { address, before, after } = difference;
    if let RowAddress::Cell { column, .. } = address {
        let (before, after) = match (before, after) {
            (None, Some(Set { before, after, .. })) => (before, after),
            (Some(Set { after: before, .. }), Some(Set { after, .. })) => (before, after),
            (Some(Set { before: after, after: before, .. }), None) => (before, after),
            _ => return None,
        };
        return Some(vec![Edit { column, before: Some(before), after: Some(after) }]);
    }
    let (Some(Inserted { after: place, cells: old, .. }), Some(Inserted { after: now, cells: new, .. })) =
        (before, after)
    else {
        return None;
    };
    let [old, new] = [old, new].map(|cells| by_name(cells));
    let columns: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let edit = |column| Edit { column, before: old.get(column).copied(), after: new.get(column).copied() };
    (place == now).then(|| columns.into_iter().map(edit).filter(|edit| edit.before != edit.after).collect())
}

fn by_name(cells: &[(String, Value)]) -> BTreeMap<&str, &Value> {
    cells.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

/// Whether a side has a row no more.
pub(super) fn is_gone(work: Option<&RowDifference>) -> bool {
    work.is_some_and(|work| {
        matches!(work.address, RowAddress::Row { .. }) && !matches!(work.after, Some(RowChange::Inserted { .. }))
    })
}
