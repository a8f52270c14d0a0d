//! What two states of a file say of its rows, worked out from their bytes alone.
//!
//! Whoever wrote the later state, and however: a program through a mount, a new
//! file that was put, the owner of the source. Values are compared, not text, so
//! a file that was only formatted anew has no change. Both sides are streamed:
//! what stays in memory is some bytes for each row, and the rows that changed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use imara_diff::Hunk;

use super::align::{self, NONE};
use super::carried::{cells_as_text, pairs};
use super::cells::Comparing;
use super::side::Opened;
use crate::Result;
use crate::model::Value;
use crate::table::Column;

/// A file with more rows that differ is told as other bytes: the list of them would be longer than the file.
pub(super) const CHANGED_MAX: usize = 1_000_000;

/// Cells of a row: (column, value).
pub(super) type Named = Vec<(String, Value)>;

/// A row with other values.
#[derive(Debug)]
pub(super) struct Set {
    /// Its key in the earlier state.
    pub(super) row: String,
    /// Its key in the later one.
    pub(super) key: String,
    /// (column, before, after).
    pub(super) cells: Vec<(String, Value, Value)>,
}

/// What differs between two states of one table.
#[derive(Debug, Default)]
pub(super) struct TableChanges {
    /// The table's name within the file.
    pub(super) table: String,
    /// Whether its rows have keys of their own.
    pub(super) is_keyed: bool,
    /// Columns that only one side has: name, and type on each side.
    pub(super) columns: Vec<(String, Option<String>, Option<String>)>,
    /// In the order of the later file.
    pub(super) sets: Vec<Set>,
    /// Key in the earlier state, and cells of the file.
    pub(super) deleted: Vec<(String, Named)>,
    /// In the order of the later file.
    pub(super) inserted: Vec<InsertedRow>,
}

/// A row that only the later side has.
#[derive(Debug)]
pub(super) struct InsertedRow {
    /// The key in the earlier state of the row that it comes after; `None` is the beginning.
    pub(super) after: Option<String>,
    /// Its key in the later state.
    pub(super) key: String,
    /// Its cells.
    pub(super) cells: Named,
}

impl TableChanges {
    /// How many rows are spoken of.
    pub(super) fn len(&self) -> usize {
        self.sets.len() + self.deleted.len() + self.inserted.len()
    }

    /// Takes out what says that a row without a key came elsewhere, of those rows of which `is_kept` is true.
    pub(super) fn leave_in_place(&mut self, is_kept: impl Fn(&str) -> bool) {
        if self.is_keyed {
            return;
        }
        let gone = self.deleted.iter().map(|(_, cells)| cells_as_text(cells));
        let moved = pairs(gone, self.inserted.iter().map(|row| cells_as_text(&row.cells)));
        let moved: Vec<(usize, usize)> =
            moved.into_iter().filter(|(from, _)| is_kept(&self.deleted[*from].0)).collect();
        let (from, to): (HashSet<usize>, HashSet<usize>) = moved.into_iter().unzip();
        take_out(&mut self.deleted, &from);
        take_out(&mut self.inserted, &to);
    }
}

fn take_out<T>(items: &mut Vec<T>, places: &HashSet<usize>) {
    let mut at = 0;
    items.retain(|_| {
        at += 1;
        !places.contains(&(at - 1))
    });
}

/// Which rows of a table are the same on both sides, and which of these differ.
#[derive(Debug)]
pub(super) struct Aligned {
    /// The table's name within the file.
    pub(super) table: String,
    places: (usize, usize),
    comparing: Comparing,
    /// The columns of both sides, by the names that both have.
    common: Vec<String>,
    /// As those of [`TableChanges`].
    pub(super) columns: Vec<(String, Option<String>, Option<String>)>,
    is_keyed: bool,
    /// By place in the later state: the place in the earlier one.
    before: Vec<u32>,
    /// (earlier place, later place), in order of the later.
    changed: Vec<(u32, u32)>,
    deleted: Vec<u32>,
    inserted: Vec<u32>,
    /// (earlier place, later place) of rows that are both deleted and inserted, for the order is another one.
    moved: Vec<(u32, u32)>,
    earlier_len: usize,
}

/// Finds which rows are the same in all tables of a file; a sentence says why that cannot be told.
pub(super) fn align(old: Opened<'_>, new: Opened<'_>) -> Result<std::result::Result<Vec<Aligned>, String>> {
    for (side, which) in [(old, "the earlier"), (new, "the later")] {
        if let Some(problem) = side.file.tables().iter().find_map(|info| info.problem.as_ref()) {
            let (line, column, why) = (problem.line, problem.column, &problem.why);
            return Ok(Err(format!("{which} file cannot be read whole: line {line}, column {column}: {why}")));
        }
        if side.file.tables().iter().any(|info| info.rows >= u64::from(NONE)) {
            return Ok(Err(format!("{which} file has too many rows")));
        }
    }
    let names = |side: Opened<'_>| side.file.tables().iter().map(|info| info.name.clone()).collect::<Vec<_>>();
    if names(old) != names(new) {
        return Ok(Err("it has other tables".to_owned()));
    }
    let mut all = Vec::new();
    for table in names(old) {
        match Aligned::new(old, new, table)? {
            Some(aligned) => all.push(aligned),
            None => return Ok(Err("it has none of the columns that it had".to_owned())),
        }
    }
    Ok(Ok(all))
}

/// The rows that are alike in what has no common order.
fn hunks_moved(hunks: &[Hunk], old: &[u64], new: &[u64]) -> Vec<(u32, u32)> {
    let olds: Vec<u32> = hunks.iter().flat_map(|hunk| hunk.before.clone()).collect();
    let news: Vec<u32> = hunks.iter().flat_map(|hunk| hunk.after.clone()).collect();
    align::moved((old, &olds), (new, &news))
}

impl Aligned {
    fn new(old: Opened<'_>, new: Opened<'_>, table: String) -> Result<Option<Aligned>> {
        let places = (old.place(&table)?, new.place(&table)?);
        let (of_old, of_new) = (old.columns(places.0)?, new.columns(places.1)?);
        let (mut common, mut pairs, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        for (column, _) in &of_old {
            match of_new.iter().find(|(known, _)| known.name == column.name) {
                Some((known, _)) => {
                    common.push(column.name.clone());
                    pairs.push((column, known));
                }
                None => columns.push((column.name.clone(), Some(column.data_type.to_string()), None)),
            }
        }
        for (column, _) in &of_new {
            if !common.contains(&column.name) {
                columns.push((column.name.clone(), None, Some(column.data_type.to_string())));
            }
        }
        if common.is_empty() {
            return Ok(None);
        }
        let comparing = Comparing::new(&pairs)?;
        let key = |side: Opened<'_>, at: usize| {
            let schema = &side.file.tables()[at].schema;
            schema.key.map(|key| schema.columns[key].name.clone())
        };
        let (old_key, new_key) = (key(old, places.0), key(new, places.1));
        let is_keyed = old_key.is_some() && old_key == new_key;
        let hashed_old = old.hashed(places.0, &common, &comparing, is_keyed)?;
        let hashed_new = new.hashed(places.1, &common, &comparing, is_keyed)?;
        let mut moved = Vec::new();
        let before = if is_keyed {
            align::by_key(&hashed_old.keys, &hashed_new.keys)
        } else {
            let (mut before, hunks) = align::by_content(&hashed_old.rows, &hashed_new.rows);
            let both = || hunks.iter().filter(|hunk| !hunk.before.is_empty() && !hunk.after.is_empty());
            let (olds, news): (Vec<u32>, Vec<u32>) = (
                both().flat_map(|hunk| hunk.before.clone()).collect(),
                both().flat_map(|hunk| hunk.after.clone()).collect(),
            );
            moved = hunks_moved(&hunks, &hashed_old.rows, &hashed_new.rows);
            if olds.len().max(news.len()) <= CHANGED_MAX {
                let olds = old.cells(places.0, &common, &comparing, olds)?;
                let news = new.cells(places.1, &common, &comparing, news)?;
                both().for_each(|hunk| align::pair(hunk, &olds, &news, &mut before));
            }
            align::unpair(&moved, &mut before);
            before
        };
        let mut stays = vec![false; hashed_old.rows.len()];
        let (mut changed, mut inserted) = (Vec::new(), Vec::new());
        for (new_place, old_place) in (0..).zip(&before) {
            if *old_place == NONE {
                inserted.push(new_place);
                continue;
            }
            stays[*old_place as usize] = true;
            if hashed_old.rows[*old_place as usize] != hashed_new.rows[new_place as usize] {
                changed.push((*old_place, new_place));
            }
        }
        let earlier_len = stays.len();
        let deleted = (0..).zip(&stays).filter(|(_, stays)| !**stays).map(|(place, _)| place).collect();
        Ok(Some(Aligned {
            table,
            places,
            comparing,
            common,
            columns,
            is_keyed,
            before,
            changed,
            deleted,
            inserted,
            moved,
            earlier_len,
        }))
    }

    /// How many rows differ.
    pub(super) fn len(&self) -> usize {
        self.changed.len() + self.deleted.len() + self.inserted.len()
    }

    /// Of each row of the later file, in order, whether the earlier one has it.
    pub(super) fn is_known(&self) -> Vec<bool> {
        let mut is_known: Vec<bool> = self.before.iter().map(|place| *place != NONE).collect();
        self.moved.iter().for_each(|(_, new)| is_known[*new as usize] = true);
        is_known
    }

    /// Whether rows that stay are in another order.
    pub(super) fn is_reordered(&self) -> bool {
        self.is_keyed && !self.is_in_order()
    }

    fn is_in_order(&self) -> bool {
        self.before.iter().filter(|place| **place != NONE).is_sorted()
    }

    /// Takes rows that are there on both sides for the same, wherever they are; returns how few of them are to be
    /// moved for the others to be in one order.
    pub(super) fn pair_moved(&mut self) -> u64 {
        let (mut olds, mut news) = (HashSet::new(), HashSet::new());
        for (old, new) in std::mem::take(&mut self.moved) {
            self.before[new as usize] = old;
            olds.insert(old);
            news.insert(new);
        }
        self.deleted.retain(|place| !olds.contains(place));
        self.inserted.retain(|place| !news.contains(place));
        if self.is_in_order() {
            return 0;
        }
        let mut pairs = self.in_both();
        pairs.sort_unstable();
        (pairs.len() - align::rising(&pairs).len()) as u64
    }

    /// Whether rows are there on both sides and yet told as deleted and inserted: in a table without keys, these have
    /// another place.
    pub(super) fn has_moved(&self) -> bool {
        !self.moved.is_empty()
    }

    /// The table's place in the earlier file, and in the later.
    pub(super) fn places(&self) -> (usize, usize) {
        self.places
    }

    /// The rows that both states have: (earlier place, later place), in order of the later.
    pub(super) fn in_both(&self) -> Vec<(u32, u32)> {
        let places = self.before.iter().copied().zip(0..);
        places.filter(|(old, _)| *old != NONE).collect()
    }

    /// By place in the earlier state: the place in the later one, wherever that is, or [`NONE`].
    fn after(&self) -> Vec<u32> {
        let mut after = vec![NONE; self.earlier_len];
        for (new, old) in (0..).zip(&self.before).filter(|(_, old)| **old != NONE) {
            after[*old as usize] = new;
        }
        self.moved.iter().for_each(|(old, new)| after[*old as usize] = *new);
        after
    }

    /// Whether its rows have keys of their own, in both states.
    pub(super) fn is_keyed(&self) -> bool {
        self.is_keyed
    }

    /// Gives each row of the earlier state, in order: its key there, and its place in the later one.
    pub(super) fn each_earlier(
        &self,
        old: Opened<'_>,
        each: &mut dyn FnMut(String, Option<u32>) -> Result<()>,
    ) -> Result<()> {
        let after = self.after();
        let all: Vec<u32> = (0..after.len() as u32).collect();
        old.picked(self.places.0, &[], &all, &mut |place, key, _| {
            each(key, Some(after[place as usize]).filter(|now| *now != NONE))
        })
    }

    /// The keys of some rows of the later state, by their places.
    pub(super) fn later_keys(&self, new: Opened<'_>, wanted: &BTreeSet<u32>) -> Result<BTreeMap<u32, String>> {
        let (news, mut keys) = (wanted.iter().copied().collect::<Vec<u32>>(), BTreeMap::new());
        new.picked(self.places.1, &[], &news, &mut |place, key, _| {
            keys.insert(place, key);
            Ok(())
        })?;
        Ok(keys)
    }

    /// Of some rows, by their keys before: the keys that they have now, if they stay.
    pub(super) fn keys_now(
        &self,
        old: Opened<'_>,
        new: Opened<'_>,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>> {
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut places: BTreeMap<u32, String> = BTreeMap::new();
        self.each_earlier(old, &mut |key, now| {
            places.extend(now.filter(|_| wanted.contains(&key)).map(|now| (now, key)));
            Ok(())
        })?;
        let mut now = self.later_keys(new, &places.keys().copied().collect())?;
        Ok(places.into_iter().filter_map(|(place, key)| Some((key, now.remove(&place)?))).collect())
    }

    /// Whether the file has the columns that it had, those that were added left aside.
    pub(super) fn has_same_columns(&self, old: Opened<'_>, new: Opened<'_>) -> bool {
        let names = |side: Opened<'_>, at: usize| -> Vec<String> {
            side.file.tables()[at].schema.columns.iter().map(|column| column.name.clone()).collect()
        };
        names(old, self.places.0) == names(new, self.places.1)
    }

    /// The values that differ.
    pub(super) fn changes(&self, old: Opened<'_>, new: Opened<'_>) -> Result<TableChanges> {
        let mut changes = TableChanges {
            table: self.table.clone(),
            is_keyed: self.is_keyed,
            columns: self.columns.clone(),
            ..TableChanges::default()
        };
        changes.sets = self.sets(old, new)?;
        let of_file = |side: Opened<'_>, at: usize| -> Vec<String> {
            side.file.tables()[at].schema.columns.iter().map(|column| column.name.clone()).collect()
        };
        let names = of_file(old, self.places.0);
        old.picked(self.places.0, &names, &self.deleted, &mut |_, key, cells| {
            changes.deleted.push((key, names.iter().cloned().zip(cells).collect()));
            Ok(())
        })?;
        let anchors = self.anchors();
        let mut wanted: Vec<u32> = anchors.iter().flatten().copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut keys = BTreeMap::new();
        old.picked(self.places.0, &[], &wanted, &mut |place, key, _| {
            keys.insert(place, key);
            Ok(())
        })?;
        let columns = new.columns(self.places.1)?;
        let names: Vec<String> = columns.iter().map(|(column, _)| column.name.clone()).collect();
        let mut anchors = anchors.into_iter();
        new.picked(self.places.1, &names, &self.inserted, &mut |_, key, cells| {
            let after = anchors.next().flatten().and_then(|place| keys.get(&place).cloned());
            // Of a column that was added, null is nothing said.
            let is_said = |((_, is_added), value): &(&(Column, bool), Value)| !is_added || *value != Value::Null;
            let cells = columns.iter().zip(cells).filter(is_said);
            let cells = cells.map(|((column, _), value)| (column.name.clone(), value)).collect();
            changes.inserted.push(InsertedRow { after, key, cells });
            Ok(())
        })?;
        Ok(changes)
    }

    fn sets(&self, old: Opened<'_>, new: Opened<'_>) -> Result<Vec<Set>> {
        if self.changed.is_empty() {
            return Ok(Vec::new());
        }
        let mut by_old = self.changed.clone();
        by_old.sort_unstable();
        let olds: Vec<u32> = by_old.iter().map(|(place, _)| *place).collect();
        let news: Vec<u32> = self.changed.iter().map(|(_, place)| *place).collect();
        // Most often it is the same few columns: only these are read as values.
        let old_cells = old.cells(self.places.0, &self.common, &self.comparing, olds.clone())?;
        let new_cells = new.cells(self.places.1, &self.common, &self.comparing, news.clone())?;
        let mut differs = vec![false; self.common.len()];
        for (old_place, new_place) in &self.changed {
            let cells = old_cells.row(*old_place).iter().zip(new_cells.row(*new_place));
            differs.iter_mut().zip(cells).for_each(|(differs, (old, new))| *differs |= old != new);
        }
        drop((old_cells, new_cells));
        let at: Vec<usize> = (0..self.common.len()).filter(|column| differs[*column]).collect();
        let names: Vec<String> = at.iter().map(|column| self.common[*column].clone()).collect();
        let mut found: Vec<(u32, String, Vec<Value>)> = Vec::with_capacity(olds.len());
        old.picked(self.places.0, &names, &olds, &mut |place, key, cells| {
            found.push((place, key, cells));
            Ok(())
        })?;
        let mut sets = Vec::with_capacity(found.len());
        let mut pairs = self.changed.iter();
        new.picked(self.places.1, &names, &news, &mut |_, key, cells| {
            let Some((old_place, _)) = pairs.next() else { return Ok(()) };
            let Ok(place) = found.binary_search_by_key(old_place, |(place, ..)| *place) else { return Ok(()) };
            let before = std::mem::take(&mut found[place].2);
            let cells = at
                .iter()
                .zip(before)
                .zip(cells)
                .filter(|((column, before), after)| !self.comparing.is_same(**column, before, after));
            let cells = cells.map(|((column, before), after)| (self.common[*column].clone(), before, after)).collect();
            sets.push(Set { row: std::mem::take(&mut found[place].1), key, cells });
            Ok(())
        })?;
        Ok(sets)
    }

    /// For each row that came, the nearest row above that stays, by its earlier place.
    fn anchors(&self) -> Vec<Option<u32>> {
        let mut anchors = Vec::with_capacity(self.inserted.len());
        let mut last = None;
        for old_place in &self.before {
            match *old_place {
                NONE => anchors.push(last),
                place => last = Some(place),
            }
        }
        anchors
    }
}
