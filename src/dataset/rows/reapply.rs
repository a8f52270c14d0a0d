//! Row edits of a file that its owner changed in the source, made again over the new bytes.
//!
//! What was edited is known, what the source had is gone: a row edit has the
//! values that it replaced. A row with a key is found by that, another one by
//! its trace ([`super::moved`]). An edit whose row is gone, or may be any, is
//! dropped, and told, rather than made in another row.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::is_same_in;
use super::diff::is_of_content;
use super::edit::RowEdit;
use super::merge::RowConflict;
use super::moved::{Moved, NewKeys};
use super::parsed::Named;
use super::reinsert::New;
use super::renumbered::{Numbers, over_other_classes};
use super::side::Side;
use super::splice::Splicing;
use super::traces::Traces;
use super::work::{Besides, Work};
use super::{Part, file_with_rows};
use crate::Result;
use crate::dataset::view::{Node, View};
use crate::model::{FileChange, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Column, TableFile};

/// A file with its row edits made again.
pub(in crate::dataset) struct Reapplied {
    pub(in crate::dataset) file: FileChange,
    /// Edits that stay, though the source has other values than they replaced.
    pub(in crate::dataset) stay: Vec<RowConflict>,
    /// Edits that have no place any more.
    pub(in crate::dataset) dropped: Vec<RowConflict>,
    /// The keys that rows without keys of their own have now.
    pub(in crate::dataset) keys: NewKeys,
    /// The numbers that classes have now which were added, and whose numbers the source has given to others.
    pub(in crate::dataset) numbers: Numbers,
}

/// Makes the edits of `file`, which are `rows`, over the source's file `node` again; `view` is over the new base.
///
/// `None`: the file cannot be read as rows, or its format cannot say the edits.
pub(in crate::dataset) fn reapply(
    view: &View,
    node: &Node,
    file: &FileChange,
    rows: &Rows,
) -> Result<Option<Reapplied>> {
    match made_again(view, node, file, rows) {
        Err(error) if is_of_content(&error) => Ok(None),
        made => made,
    }
}

fn made_again(view: &View, node: &Node, file: &FileChange, rows: &Rows) -> Result<Option<Reapplied>> {
    let Some(side) = Side::of(view, node)? else { return Ok(None) };
    let part = Part::open_for(view, node, &*side.format, rows)?.with_classes_of(rows);
    let traces = Traces::beside(rows, &*view.store)?;
    part.with_file(|opened, none| {
        if opened.tables().iter().any(|info| info.problem.is_some()) {
            return Ok(None);
        }
        if let Some((rows, numbers)) = over_other_classes(opened, rows)? {
            let made = made_again(view, node, file, &rows)?;
            return Ok(made.map(|made| Reapplied { numbers, ..made }));
        }
        let mut by_table: BTreeMap<String, Vec<(RowAddress, RowChange)>> = BTreeMap::new();
        for (address, change) in rows.entries()? {
            if !matches!(address, RowAddress::Shared { .. }) {
                by_table.entry(address.table().to_owned()).or_default().push((address, change));
            }
        }
        let (mut changes, mut stay, mut dropped) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut keys = NewKeys::default();
        for (table, said) in by_table {
            let Some(at) = opened.tables().iter().position(|info| info.name == table) else { return Ok(None) };
            let mut again = Again::new(opened, at, none, said)?;
            again.moved = match traces.of_table(&table) {
                _ if again.is_keyed() => None,
                Some(trace) => Some(Moved::of(trace, opened, at)?),
                None => Some(Moved::default()),
            };
            again.run()?;
            changes.extend(again.work.into_changes());
            stay.extend(again.stay);
            dropped.extend(again.dropped);
            if let Some(moved) = again.moved {
                keys.add(table, moved, again.inserted);
            }
        }
        let (rows, grown) = Splicing::of(opened, 0, none, changes)?.store(none.clone(), &*view.store)?;
        let now = file_with_rows(view, node, &rows, grown)?;
        let mtime_ns = match rows.root() {
            Some(_) => file.mtime_ns.max(node.entry.mtime_ns),
            None => node.entry.mtime_ns,
        };
        let file = FileChange { mtime_ns, mode: file.mode, ..now };
        Ok(Some(Reapplied { file, stay, dropped, keys, numbers: Numbers::new() }))
    })
}

/// What was said of one row.
#[derive(Default)]
struct Said {
    /// (column, before, after).
    cells: Vec<(String, Value, Value)>,
    /// The cells of a row that was deleted.
    deleted: Option<Named>,
}

/// The edits of one table, being made again.
pub(super) struct Again<'a> {
    pub(super) file: &'a dyn TableFile,
    pub(super) at: usize,
    pub(super) table: String,
    pub(super) work: Work<'a>,
    /// The columns that were added, and that the file still lacks.
    pub(super) added: BTreeSet<String>,
    said: BTreeMap<String, Said>,
    pub(super) new: Vec<New>,
    /// Where the rows of a table without keys are now.
    pub(super) moved: Option<Moved>,
    /// The keys that rows have now which were inserted again, by the keys that they had.
    pub(super) inserted: BTreeMap<String, String>,
    /// The keys that these have now.
    pub(super) taken: BTreeSet<String>,
    pub(super) stay: Vec<RowConflict>,
    pub(super) dropped: Vec<RowConflict>,
}

impl<'a> Again<'a> {
    fn new(
        file: &'a dyn TableFile,
        at: usize,
        none: &'a Rows,
        entries: Vec<(RowAddress, RowChange)>,
    ) -> Result<Again<'a>> {
        let table = file.tables()[at].name.clone();
        let mut work = Work::new(file, none, &table, Besides::NOTHING)?;
        let own = |name: &str| file.tables()[at].schema.columns.iter().any(|column| column.name == name);
        let (mut added, mut said, mut new) = (BTreeSet::new(), BTreeMap::<String, Said>::new(), Vec::new());
        for (address, change) in entries {
            match (address, change) {
                (RowAddress::Column { column, .. }, RowChange::Added { data_type }) if !own(&column) => {
                    work.add_column(&column, data_type);
                    added.insert(column);
                }
                (RowAddress::Cell { row, column, .. }, RowChange::Set { before, after, .. }) => {
                    said.entry(row).or_default().cells.push((column, before, after));
                }
                (RowAddress::Row { row, .. }, RowChange::Deleted { before, .. }) => {
                    said.entry(row).or_default().deleted = Some(before);
                }
                (RowAddress::Row { row, .. }, RowChange::Inserted { after, cells, .. }) => {
                    new.push(New { after, key: row, cells });
                }
                _ => {}
            }
        }
        let (inserted, taken) = (BTreeMap::new(), BTreeSet::new());
        let (moved, stay, dropped) = (None, Vec::new(), Vec::new());
        Ok(Again { file, at, table, work, added, said, new, moved, inserted, taken, stay, dropped })
    }

    pub(super) fn is_keyed(&self) -> bool {
        self.file.tables()[self.at].schema.key.is_some()
    }

    fn run(&mut self) -> Result<()> {
        let said = std::mem::take(&mut self.said);
        let places = self.places(&said.keys().map(String::as_str).collect::<Vec<_>>())?;
        // In the order in which the rows lie, so that the file is read once however many they are.
        let mut there = Vec::with_capacity(said.len());
        for ((row, said), place) in said.into_iter().zip(places) {
            match place {
                Some(place) => there.push((place, said)),
                None => self.gone(&row, said),
            }
        }
        there.sort_by_key(|(place, _)| *place);
        let keys = there.iter().map(|(place, _)| self.file.key(self.at, *place)).collect::<Result<Vec<_>>>()?;
        self.work.know(keys.iter().cloned().zip(there.iter().map(|(place, _)| *place)));
        for ((place, said), row) in there.into_iter().zip(keys) {
            self.of_row(&row, place, said)?;
        }
        self.insert_all()
    }

    /// Where rows of the file are now, as far as that is certain.
    fn places(&self, rows: &[&str]) -> Result<Vec<Option<u64>>> {
        match &self.moved {
            None => self.file.find_all(self.at, rows),
            Some(moved) => Ok(rows.iter().map(|row| moved.place(row.parse().ok()?)).collect()),
        }
    }

    pub(super) fn columns(&self) -> &'a [Column] {
        &self.file.tables()[self.at].schema.columns
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name == name)
    }

    pub(super) fn cell_address(&self, row: &str, column: String) -> RowAddress {
        RowAddress::Cell { table: self.table.clone(), row: row.to_owned(), column }
    }

    /// Makes what was said of a row again, where the row is now.
    fn of_row(&mut self, row: &str, place: u64, said: Said) -> Result<()> {
        let now = self.file.row(self.at, place)?;
        let is_shared = self.file.is_shared(self.at, row)?;
        if let Some(before) = said.deleted {
            let now: Named = self.columns().iter().map(|column| column.name.clone()).zip(now).collect();
            let mut cells = self.columns().iter().zip(now.iter().zip(&before));
            let is_same = now.len() == before.len()
                && cells.all(|(column, (now, before))| now.0 == before.0 && is_same_in(column, &now.1, &before.1));
            if !is_same || is_shared {
                let address = RowAddress::Row { table: self.table.clone(), row: row.to_owned() };
                let (base, theirs) = (Some(Value::Struct(before)), Some(Value::Struct(now)));
                self.stay.push(RowConflict { address, base, ours: None, theirs });
            }
            return self.work.take(RowEdit::Delete { row: row.to_owned() }).map(|_| ());
        }
        for (column, before, after) in said.cells {
            let value = match self.column(&column) {
                Some(at) => now.get(at).cloned().unwrap_or(Value::Null),
                None if self.added.contains(&column) => before.clone(),
                None => {
                    self.drop_cell(row, column, before, after, None);
                    continue;
                }
            };
            if !self.is_same(&column, &value, &after) {
                self.set(row, column, before, after, value, is_shared)?;
            }
        }
        Ok(())
    }

    fn is_same(&self, column: &str, one: &Value, other: &Value) -> bool {
        match self.column(column) {
            Some(at) => is_same_in(&self.columns()[at], one, other),
            None => one == other,
        }
    }

    /// Sets a cell again, which has `value` now and had `before`. Where two rows have the key now, it is the first
    /// one's, which is told.
    fn set(
        &mut self,
        row: &str,
        column: String,
        before: Value,
        after: Value,
        value: Value,
        is_shared: bool,
    ) -> Result<()> {
        let edit = RowEdit::Set { row: row.to_owned(), cells: vec![(column.clone(), after.clone())] };
        match self.work.take(edit) {
            Ok(_) if self.is_same(&column, &value, &before) && !is_shared => {}
            Ok(_) => {
                let (base, ours, theirs) = (Some(before), Some(after), Some(value));
                self.stay.push(RowConflict { address: self.cell_address(row, column), base, ours, theirs });
            }
            Err(error) if is_of_content(&error) => self.drop_cell(row, column, before, after, Some(value)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What was said of a row that is gone, or may be any. A row with a key that was deleted and is gone is no loss.
    fn gone(&mut self, row: &str, said: Said) {
        if let (Some(before), false) = (said.deleted, self.is_keyed()) {
            let address = RowAddress::Row { table: self.table.clone(), row: row.to_owned() };
            self.dropped.push(RowConflict { address, base: Some(Value::Struct(before)), ours: None, theirs: None });
        }
        for (column, before, after) in said.cells {
            self.drop_cell(row, column, before, after, None);
        }
    }

    fn drop_cell(&mut self, row: &str, column: String, before: Value, after: Value, theirs: Option<Value>) {
        if theirs.as_ref() != Some(&after) {
            let (base, ours) = (Some(before), Some(after));
            self.dropped.push(RowConflict { address: self.cell_address(row, column), base, ours, theirs });
        }
    }
}
