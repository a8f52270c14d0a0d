//! Where rows without keys come back that are hidden, in a file that gets other bytes meanwhile.
//!
//! A hidden row is told as if it had been inserted behind the row that it
//! followed: by that one's key in the new bytes, and a number. Several that
//! followed one row have numbers in their order, whichever comes back first.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::inserted::{by_number, new_key};
use super::parsed::Aligned;
use super::rewritten::of_aligned;
use super::side::Opened;
use crate::Result;
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, ExcludedRow, RowAddress, RowChange};
use crate::overlay::Rows;

/// A key of a row of a table without keys, in the order in which such rows show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown<'k>(&'k str);

impl Ord for Shown<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        by_number(self.0, other.0)
    }
}

impl PartialOrd for Shown<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Of rows of a table that are hidden in `old`, by their keys there: the keys by which they come back in `new`; `None`
/// where rows have keys of their own, or this cannot be told.
///
/// # Errors
/// Those of the store. That a file cannot be read as rows is none.
pub(in crate::dataset) fn hidden_keys_in(
    table: &str,
    hidden: &BTreeSet<String>,
    states: [(&View, &Node); 2],
) -> Result<Option<BTreeMap<String, String>>> {
    of_aligned(table, states, |aligned, old, new| match aligned.is_keyed() {
        true => Ok(None),
        false => keys_behind(aligned, old, new, hidden).map(Some),
    })
}

/// The keys behind the nearest row above each that is in the later state, too.
fn keys_behind(
    aligned: &Aligned,
    old: Opened<'_>,
    new: Opened<'_>,
    hidden: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>> {
    let mut open: BTreeSet<Shown<'_>> = hidden.iter().map(|key| Shown(key)).collect();
    let mut above: Vec<(&str, Option<u32>)> = Vec::with_capacity(hidden.len());
    let mut last = None;
    aligned.each_earlier(old, &mut |key, now| {
        while let Some(first) = open.first().copied().filter(|first| *first < Shown(&key)) {
            above.push((first.0, last));
            open.remove(&first);
        }
        last = now.or(last);
        Ok(())
    })?;
    above.extend(open.into_iter().map(|key| (key.0, last)));
    let wanted: BTreeSet<u32> = above.iter().filter_map(|(_, above)| *above).collect();
    let keys = aligned.later_keys(new, &wanted)?;
    let (mut found, mut numbers) = (BTreeMap::new(), BTreeMap::<String, u64>::new());
    for (row, above) in above {
        let anchor = above.and_then(|place| keys.get(&place).cloned()).unwrap_or_default();
        let number = numbers.entry(anchor.clone()).or_default();
        *number += 1;
        found.insert(row.to_owned(), new_key(&anchor, *number));
    }
    Ok(found)
}

/// The rows of one table without keys that are hidden for their samples are excluded.
pub(super) struct Hidden {
    /// The places of those that are in the file, deleted.
    places: BTreeSet<u64>,
    /// The places of all rows that are deleted.
    deleted: BTreeSet<u64>,
    /// The keys of rows that were inserted and show.
    shown: BTreeSet<String>,
}

impl Hidden {
    pub(super) fn of(view: &View, path: &DataPath, rows: &Rows, table: &str) -> Result<Hidden> {
        let mut hidden = Hidden { places: BTreeSet::new(), deleted: BTreeSet::new(), shown: BTreeSet::new() };
        for (address, change) in rows.of_table(table)? {
            match (address, change) {
                (RowAddress::Row { row, .. }, RowChange::Deleted { is_below: true, .. }) => {
                    hidden.deleted.extend(row.parse::<u64>());
                }
                (RowAddress::Row { row, .. }, RowChange::Inserted { is_below: false, .. }) => {
                    hidden.shown.insert(row);
                }
                _ => {}
            }
        }
        for ExcludedRow { path: of, table: part, row, .. } in samples::excluded_rows(view)? {
            if (&of, part.as_str()) != (path, table) {
                continue;
            }
            if let Ok(place) = row.parse::<u64>()
                && hidden.deleted.contains(&place)
            {
                hidden.places.insert(place);
            }
        }
        Ok(hidden)
    }

    /// The row that one comes behind which a program put behind `after`: of the rows that follow that one and are
    /// hidden from the program, the last.
    pub(super) fn behind(&self, after: Option<String>) -> Option<String> {
        let of_file = after.as_deref().and_then(|after| after.split('+').next()).filter(|place| !place.is_empty());
        let first = match of_file.map(str::parse::<u64>) {
            Some(Ok(place)) => place + 1,
            Some(Err(_)) => return after,
            None => 0,
        };
        // What was inserted behind it and shows comes before the next row of the file.
        let is_last = |key: &String| {
            let place = key.split('+').next().filter(|place| !place.is_empty());
            place != of_file || Shown(key) <= Shown(after.as_deref().unwrap_or_default())
        };
        if !self.shown.iter().all(is_last) {
            return after;
        }
        let last =
            (first..).take_while(|place| self.deleted.contains(place)).filter(|place| self.places.contains(place));
        last.last().map(|place| place.to_string()).or(after)
    }
}
