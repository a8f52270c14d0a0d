//! Rows that were inserted: in which order they show, and what their keys tell.
//!
//! An inserted row comes after a row of the file or after another inserted one. Of those that come after the
//! same row, the one with the lower key comes first, each followed by what comes after it. In a table without
//! keys, an inserted row's key is that of the row before, `+` and a number: `7+1`, and `7+1+1` after that one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::Result;
use crate::model::{RowAddress, RowChange};
use crate::overlay::Rows;
use crate::table::TableFile;

/// What stands between the row before and the number, in the key of a new row of a table without keys.
const AND: char = '+';

/// What the rows of one table that are inserted into the file below come after, by key; `None` is the beginning.
pub(super) type Inserted<'r> = BTreeMap<&'r str, Option<&'r str>>;

/// The rows among `changes` that are inserted into the file below, by table.
pub(super) fn inserted<'r>(
    changes: impl IntoIterator<Item = (&'r RowAddress, &'r RowChange)>,
) -> BTreeMap<&'r str, Inserted<'r>> {
    let mut found: BTreeMap<&str, Inserted<'_>> = BTreeMap::new();
    for (address, change) in changes {
        if let (RowAddress::Row { table, row }, RowChange::Inserted { after, is_below: false, .. }) = (address, change)
        {
            found.entry(table).or_default().insert(row, after.as_deref());
        }
    }
    found
}

/// The rows in the order in which they show, each with the row of the file that it comes behind.
pub(super) fn in_order<'r>(rows: &Inserted<'r>) -> Vec<(&'r str, Option<&'r str>)> {
    let mut followers: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut first = Vec::new();
    for (key, after) in rows {
        match after.filter(|after| rows.contains_key(after)) {
            Some(after) => followers.entry(after).or_default().push(key),
            None => first.push((*key, *after)),
        }
    }
    followers.values_mut().for_each(|keys| keys.sort_by(|a, b| by_number(b, a)));
    first.sort_by(|a, b| by_number(a.0, b.0));
    let (mut ordered, mut seen) = (Vec::with_capacity(rows.len()), HashSet::new());
    // Rows that come after each other in a circle come last: nobody makes them, and nothing of theirs is lost.
    for (key, anchor) in first.into_iter().chain(rows.keys().map(|key| (*key, None))) {
        let mut next = vec![key];
        while let Some(key) = next.pop() {
            if seen.insert(key) {
                ordered.push((key, anchor));
                next.extend(followers.get(key).into_iter().flatten());
            }
        }
    }
    ordered
}

/// The place of the row that `anchor` names; where that is gone, because a merge took an inserted row away, of the
/// one before it that its key tells, else of the last row. A key that is the row's own tells of no other.
pub(super) fn place_behind(file: &dyn TableFile, table: usize, anchor: Option<&str>) -> Result<Option<u64>> {
    let mut anchor = anchor;
    while let Some(row) = anchor.filter(|row| !row.is_empty()) {
        if let Some(place) = file.find(table, row)? {
            return Ok(Some(place));
        }
        let info = &file.tables()[table];
        match row.rsplit_once(AND).filter(|_| info.schema.key.is_none()) {
            Some((before, _)) => anchor = Some(before),
            None => return Ok(info.rows.checked_sub(1)),
        }
    }
    Ok(None)
}

/// The order in which rows of a table without keys show. Numbers in order of size, within keys too: `7+9`, `7+10`, `7+10+1`, `7+11`.
pub(super) fn by_number(a: &str, b: &str) -> Ordering {
    let parts = |key| str::split(key, AND).map(|part: &str| (part.len(), part));
    parts(a).cmp(parts(b))
}

/// The row before, and the number, that the key of a new row of a table without keys tells.
pub(super) fn anchor_of(key: &str) -> Option<(&str, &str)> {
    key.rsplit_once(AND)
}

/// The key of a new row behind `anchor`.
pub(super) fn new_key(anchor: &str, number: u64) -> String {
    format!("{anchor}{AND}{number}")
}

/// The highest number in keys of new rows, by the row before: of rows that were deleted since, too.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<String, u64>);

impl Numbers {
    /// Notes the rows of a table of which something is said.
    pub(super) fn note_all(&mut self, rows: &Rows, table: &str) -> Result<()> {
        rows.entries()?.iter().for_each(|(address, _)| self.note_row(address, table));
        Ok(())
    }

    /// Notes a row, if it is of this table.
    pub(super) fn note_row(&mut self, address: &RowAddress, table: &str) {
        if let RowAddress::Row { table: of, row } = address
            && of == table
        {
            self.note(row);
        }
    }

    pub(super) fn note(&mut self, row: &str) {
        if let Some((anchor, number)) = row.rsplit_once(AND)
            && let Ok(number) = number.parse::<u64>()
        {
            let highest = self.0.entry(anchor.to_owned()).or_default();
            *highest = number.max(*highest);
        }
    }

    /// The number of one more row behind `anchor`.
    pub(super) fn next(&mut self, anchor: &str) -> u64 {
        let highest = self.0.entry(anchor.to_owned()).or_default();
        *highest += 1;
        *highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_show_after_what_they_were_inserted_after() {
        let rows = Inserted::from([
            ("7+1", Some("7")),
            ("7+2", Some("7")),
            ("7+10", Some("7")),
            ("7+1+1", Some("7+1")),
            ("7+1+2", Some("7+1")),
            ("7+1+1+1", Some("7+1+1")),
            ("+1", None),
        ]);
        let keys: Vec<&str> = in_order(&rows).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["+1", "7+1", "7+1+1", "7+1+1+1", "7+1+2", "7+2", "7+10"]);
        let ids = Inserted::from([("101", Some("9")), ("102", Some("9")), ("103", Some("101"))]);
        let all = [("101", Some("9")), ("103", Some("9")), ("102", Some("9"))];
        assert_eq!(in_order(&ids), all, "rows with ids too, though the last has the highest");
    }

    #[test]
    fn no_row_is_lost_whatever_it_comes_after() {
        let circle =
            Inserted::from([("1+1", Some("1+2")), ("1+2", Some("1+1")), ("2+1", Some("2+1")), ("3", Some("x"))]);
        let mut keys: Vec<&str> = in_order(&circle).into_iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["1+1", "1+2", "2+1", "3"]);
        let file = crate::table::csv::CsvFormat::default();
        let bytes = b"a\n1\n2\n3\n".to_vec();
        let file = crate::table::Format::open(&file, &bytes, None).expect("a table");
        let place = |anchor| place_behind(&*file, 0, anchor).expect("a place");
        let places = [None, Some(""), Some("1"), Some("1+4+2"), Some("9"), Some("+3")].map(place);
        assert_eq!(places, [None, None, Some(1), Some(1), Some(2), None]);
    }

    #[test]
    fn the_next_number_is_above_all_that_were_noted() {
        let mut numbers = Numbers::default();
        ["1+3", "1+2", "1+3+7", "x"].iter().for_each(|row| numbers.note(row));
        assert_eq!(["1", "1", "1+3", "2"].map(|anchor| numbers.next(anchor)), [4, 5, 8, 1]);
    }
}
