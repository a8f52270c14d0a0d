//! What one side of a merge did to each row of a file.

use std::collections::BTreeMap;

use super::class_merges::Relabelled;
use crate::model::{RowAddress, RowChange};
use crate::overlay::RowDifference;

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
pub(super) fn rows_of(work: &Work, relabelled: Option<&Relabelled>) -> BTreeMap<(String, String), RowWork> {
    let is_added = |table: &String, column: &String| {
        let added = work.get(&RowAddress::Column { table: table.clone(), column: column.clone() });
        added.is_some_and(|column| column.before.is_none())
    };
    let mut rows: BTreeMap<(String, String), RowWork> = BTreeMap::new();
    let is_relabelled = |work: &RowDifference| match (&work.before, &work.after) {
        (None, Some(RowChange::Set { before, after, .. })) => {
            relabelled.is_some_and(|pairs| pairs.contains(&(before.to_string(), after.to_string())))
        }
        _ => false,
    };
    for (address, difference) in work {
        let Some(row) = row_of(address) else { continue };
        let is_whole = matches!(address, RowAddress::Row { .. });
        let fills = matches!(address, RowAddress::Cell { table, column, .. } if is_added(table, column));
        let is_of_many = fills || is_relabelled(difference);
        let first = || RowWork { first: address.clone(), is_whole, is_of_many };
        let known = rows.entry(row).or_insert_with(first);
        known.is_of_many &= is_of_many;
        if is_whole {
            *known = first();
        }
    }
    rows
}

/// Whether a side has a row no more.
pub(super) fn is_gone(work: Option<&RowDifference>) -> bool {
    work.is_some_and(|work| {
        matches!(work.address, RowAddress::Row { .. }) && !matches!(work.after, Some(RowChange::Inserted { .. }))
    })
}
