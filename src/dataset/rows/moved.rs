//! Where the rows of a table without keys are in another state of its file.
//!
//! Two hashes of all rows are aligned, from the front and from the back. Where
//! both agree, a row has one place that it can have; where they do not, rows
//! alike came or went beside it, and nobody can tell which it is. A row that
//! there is once on both sides is where it is, however far it moved. One with
//! other cells is known by the column that tells all rows apart.

use std::collections::{BTreeMap, HashMap};

use super::align::{self, NONE};
use super::traces::{Hashes, Trace, Traces};
use crate::Result;
use crate::table::TableFile;

/// By row of the earlier state: its place in the later one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::dataset) struct Moved {
    now: Vec<u32>,
}

impl Moved {
    /// Where the rows that left `trace` are in the table at `at`.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn of(trace: &Trace, file: &dyn TableFile, at: usize) -> Result<Moved> {
        Ok(Moved { now: places(&trace.hashes(), &trace.hashes_of(file, at)?) })
    }

    /// Where the rows that left one trace are in the state that left another; `None` where these are of other columns.
    pub(super) fn between(old: &Trace, new: &Trace) -> Option<Moved> {
        old.is_like(new).then(|| Moved { now: places(&old.hashes(), &new.hashes()) })
    }

    /// The place of the row that was at `place`; `None` where it is gone, or may be any.
    pub(super) fn place(&self, place: u64) -> Option<u64> {
        let now = self.now.get(usize::try_from(place).ok()?)?;
        (*now != NONE).then_some(u64::from(*now))
    }

    /// Where the row was that is at `place` now; `None` where it is new, or may be any.
    pub(super) fn earlier(&self, place: u64) -> Option<u64> {
        let was = self.now.iter().position(|now| *now != NONE && u64::from(*now) == place)?;
        Some(was as u64)
    }

    /// Whether anything is known of the rows.
    pub(super) fn is_known(&self) -> bool {
        !self.now.is_empty()
    }

    /// The place of the nearest row, from the one that was at `place` upwards, that is known.
    pub(super) fn at_or_above(&self, place: u64) -> Option<u64> {
        (0..=place.min(self.now.len().checked_sub(1)? as u64)).rev().find_map(|place| self.place(place))
    }
}

/// The key that a row of a table, told by its place, had in the state that left the traces `old`; `new` are those of
/// its state now. `None` where nobody can tell.
pub(in crate::dataset) fn earlier_key(old: &Traces, new: &Traces, table: &str, key: &str) -> Option<String> {
    let moved = Moved::between(old.of_table(table)?, new.of_table(table)?)?;
    moved.earlier(key.parse().ok()?).map(|place| place.to_string())
}

/// The keys that the rows of a file have now whose keys are places.
#[derive(Debug, Default)]
pub(in crate::dataset) struct NewKeys {
    /// By table: where its rows are, and the keys of those that were inserted, by the keys that they had.
    tables: BTreeMap<String, (Moved, BTreeMap<String, String>)>,
}

impl NewKeys {
    pub(super) fn add(&mut self, table: String, moved: Moved, inserted: BTreeMap<String, String>) {
        self.tables.insert(table, (moved, inserted));
    }

    /// The keys of the rows of one table, which left `traces`, in the file; without a trace, none is known.
    ///
    /// # Errors
    /// Those of the file.
    pub(in crate::dataset) fn of(
        traces: &Traces,
        file: &dyn TableFile,
        table: &str,
        inserted: BTreeMap<String, String>,
    ) -> Result<NewKeys> {
        let mut keys = NewKeys::default();
        let at = file.tables().iter().position(|info| info.name == table);
        let moved = match (traces.of_table(table), at) {
            (Some(trace), Some(at)) => Moved::of(trace, file, at)?,
            _ => Moved::default(),
        };
        keys.add(table.to_owned(), moved, inserted);
        Ok(keys)
    }

    /// The keys of the rows that were inserted into a table, by the keys that they had.
    pub(in crate::dataset) fn inserted(&self, table: &str) -> BTreeMap<String, String> {
        self.tables.get(table).map(|(_, inserted)| inserted.clone()).unwrap_or_default()
    }

    /// The key of a row now; `None` where it is gone, or may be any. In tables that are not spoken of, keys stay.
    pub(in crate::dataset) fn now(&self, table: &str, key: &str) -> Option<String> {
        let Some((moved, inserted)) = self.tables.get(table) else { return Some(key.to_owned()) };
        let place = || key.parse().ok().and_then(|place| moved.place(place)).map(|place| place.to_string());
        inserted.get(key).cloned().or_else(place)
    }

    /// The key now of a row that was inserted and is hidden: behind the nearest row above it that is known. `None` where
    /// nobody can tell.
    pub(in crate::dataset) fn behind(&self, table: &str, key: &str) -> Option<String> {
        let ((moved, _), (place, number)) = (self.tables.get(table)?, key.split_once('+')?);
        if place.is_empty() {
            return Some(key.to_owned());
        }
        match moved.at_or_above(place.parse().ok()?) {
            Some(now) => Some(format!("{now}+{number}")),
            None => moved.is_known().then(|| format!("+{number}")),
        }
    }
}

fn places(old: &Hashes, new: &Hashes) -> Vec<u32> {
    let mut now = agreed(&old.rows, &new.rows);
    by_what_is_there_once(&old.rows, &new.rows, &mut now);
    if old.cells.len() == old.rows.len() && new.cells.len() == new.rows.len() {
        by_what_is_there_once(&old.cells, &new.cells, &mut now);
    }
    now
}

/// By earlier row, the later one that it is aligned with, from whichever end this is done.
fn agreed(old: &[u32], new: &[u32]) -> Vec<u32> {
    let wide = |rows: &[u32]| rows.iter().map(|row| u64::from(*row)).collect::<Vec<u64>>();
    let (mut old, mut new) = (wide(old), wide(new));
    let forth = later(&align::by_content(&old, &new).0, old.len());
    old.reverse();
    new.reverse();
    let mut back = later(&align::by_content(&old, &new).0, old.len());
    back.reverse();
    let last = (new.len() as u32).wrapping_sub(1);
    let both = forth.into_iter().zip(back);
    both.map(|(forth, back)| if back != NONE && forth == last - back { forth } else { NONE }).collect()
}

/// The later place of each earlier row, by the earlier place of each later one.
fn later(before: &[u32], len: usize) -> Vec<u32> {
    let mut after = vec![NONE; len];
    for (new, old) in (0..).zip(before).filter(|(_, old)| **old != NONE) {
        after[*old as usize] = new;
    }
    after
}

/// Finds rows that have no place yet by what one row has on both sides, and no other.
fn by_what_is_there_once(old: &[u32], new: &[u32], now: &mut [u32]) {
    let mut is_taken = vec![false; new.len()];
    now.iter().filter(|place| **place != NONE).for_each(|place| is_taken[*place as usize] = true);
    let (of_old, of_new) = (once(old), once(new));
    for (row, place) in now.iter_mut().enumerate().filter(|(_, place)| **place == NONE) {
        let is_alone = of_old.get(&old[row]).is_some_and(Option::is_some);
        let found = of_new.get(&old[row]).copied().flatten().filter(|_| is_alone);
        if let Some(found) = found.filter(|found| !is_taken[*found as usize]) {
            (*place, is_taken[found as usize]) = (found, true);
        }
    }
}

/// The place of what is there once; of what is there more often, none.
fn once(hashes: &[u32]) -> HashMap<u32, Option<u32>> {
    let mut once = HashMap::with_capacity(hashes.len());
    for (hash, place) in hashes.iter().zip(0..) {
        once.entry(*hash).and_modify(|place| *place = None).or_insert(Some(place));
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &[Option<u64>]) {
        let hashes = |rows: &str| Hashes { rows: rows.bytes().map(u32::from).collect(), cells: Vec::new() };
        let moved = Moved { now: places(&hashes(old), &hashes(new)) };
        let found: Vec<Option<u64>> = (0..old.len() as u64).map(|row| moved.place(row)).collect();
        assert_eq!(found, expected, "{old} {new}");
        for (row, now) in (0..).zip(expected) {
            assert_eq!(now.and_then(|now| moved.earlier(now)), now.map(|_| row), "{old} {new}");
        }
    }

    #[test]
    fn rows_are_where_what_stands_around_them_says() {
        check("abc", "abc", &[Some(0), Some(1), Some(2)]);
        check("abc", "xabc", &[Some(1), Some(2), Some(3)]);
        check("abcab", "abxcab", &[Some(0), Some(1), Some(3), Some(4), Some(5)]);
        check("abc", "ac", &[Some(0), None, Some(1)]);
        check("abc", "cab", &[Some(1), Some(2), Some(0)]);
        check("abc", "axc", &[Some(0), None, Some(2)]);
        check("abc", "", &[None; 3]);
        check("", "abc", &[]);
    }

    #[test]
    fn a_row_among_its_like_may_be_any_once_one_of_them_came_or_went() {
        check("aaab", "aaab", &[Some(0), Some(1), Some(2), Some(3)]);
        check("aaab", "aaaab", &[None, None, None, Some(4)]);
        check("baab", "bab", &[Some(0), None, None, Some(2)]);
        check("aab", "aabx", &[Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn a_row_with_other_cells_is_known_by_the_column_that_tells_all_apart() {
        let old = Hashes { rows: vec![1, 2, 3], cells: vec![10, 20, 30] };
        assert_eq!(places(&old, &Hashes { rows: vec![9, 1, 8, 3], cells: vec![90, 10, 20, 30] }), [1, 2, 3]);
        assert_eq!(places(&old, &Hashes { rows: vec![1, 8, 3], cells: vec![10, 80, 30] }), [0, NONE, 2]);
        assert_eq!(places(&old, &Hashes { rows: vec![1, 8, 7, 3], cells: vec![10, 20, 20, 30] }), [0, NONE, 3]);
    }

    #[test]
    fn what_came_after_a_row_that_is_gone_comes_after_the_nearest_above_that_is_known() {
        let moved = Moved { now: vec![4, NONE, NONE, 7] };
        assert_eq!([0, 1, 2, 3, 9].map(|place| moved.at_or_above(place)), [4, 4, 4, 7, 7].map(Some));
        assert_eq!(Moved { now: vec![NONE] }.at_or_above(0), None);
    }
}
