//! Edits of one table of one file, being worked out: what each means for the file's row changes.
//!
//! How rows come and where they go is in [`super::inserting`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::cells::is_same_in;
use super::edit::RowEdit;
use super::inserted::Numbers;
use super::splice::Splicing;
use crate::model::{RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Role, TableFile, TableInfo, TableSchema};
use crate::{Error, Result};

/// What other places know that edits of a file depend on.
#[derive(Clone, Copy)]
pub(super) struct Besides<'a> {
    /// The type of a column that was added to other files of the table.
    pub(super) added: &'a dyn Fn(&str) -> Result<Option<String>>,
    /// The file's row changes in the revision that the draft is based on, and in those before it, the latest first.
    pub(super) committed: &'a dyn Fn() -> Result<Vec<Rows>>,
    /// The file's row changes in other branches and drafts.
    pub(super) elsewhere: &'a dyn Fn() -> Result<Vec<Rows>>,
    /// Told of cells that would follow from others and stay; `None` where edits are taken as they are told, since
    /// whoever tells them has worked out all that follows.
    pub(super) stays: Option<&'a dyn Fn(&'static str)>,
}

impl Besides<'_> {
    /// Nothing else is known.
    pub(super) const NOTHING: Besides<'static> =
        Besides { added: &|_| Ok(None), committed: &|| Ok(Vec::new()), elsewhere: &|| Ok(Vec::new()), stays: None };
}

/// Edits of one table of one file, being worked out.
pub(super) struct Work<'a> {
    pub(super) file: &'a dyn TableFile,
    pub(super) at: usize,
    pub(super) table: String,
    pub(super) rows: &'a Rows,
    pub(super) changes: BTreeMap<RowAddress, Option<RowChange>>,
    pub(super) besides: Besides<'a>,
    /// Of keys of new rows, once there was one.
    pub(super) numbers: Option<Numbers>,
    /// The highest id that a row has or had, once one was to be found.
    pub(super) id_max: Option<i64>,
    /// The inserted rows that come right after a row, once that was asked.
    pub(super) followers: Option<HashMap<String, BTreeSet<String>>>,
    pub(super) ahead: Ahead,
}

/// What is known of rows that are to be edited, found for all of them at once.
#[derive(Default)]
pub(super) struct Ahead {
    /// Where they lie; `None` for a row that the file has not.
    places: HashMap<String, Option<u64>>,
    /// What is said of them and their cells before the edits.
    said: HashMap<RowAddress, RowChange>,
    /// The cells that edits name, (row, column), where cells may follow from others and a row has several edits.
    pub(super) named: HashSet<(String, String)>,
}

impl Ahead {
    fn of(file: &dyn TableFile, at: usize, rows: &Rows, edits: &[RowEdit], follows: bool) -> Result<Ahead> {
        let keys: BTreeSet<&str> = edits.iter().filter_map(RowEdit::row).collect();
        let named = if follows && keys.len() < edits.len() { named(edits) } else { HashSet::new() };
        if keys.len() < 2 {
            return Ok(Ahead { named, ..Ahead::default() });
        }
        let said = rows.of_rows(&file.tables()[at].name, keys.iter().copied())?.into_iter().collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let places = file.find_all(at, &keys)?;
        Ok(Ahead { places: keys.into_iter().map(str::to_owned).zip(places).collect(), said, named })
    }
}

/// The cells of rows that are there which edits name.
fn named(edits: &[RowEdit]) -> HashSet<(String, String)> {
    let cells = edits.iter().filter_map(|edit| match edit {
        RowEdit::Set { row, cells } => Some(cells.iter().map(|(column, _)| (row.clone(), column.clone()))),
        RowEdit::Delete { .. } | RowEdit::Insert { .. } => None,
    });
    cells.flatten().collect()
}

impl<'a> Work<'a> {
    pub(super) fn new(file: &'a dyn TableFile, rows: &'a Rows, table: &str, besides: Besides<'a>) -> Result<Work<'a>> {
        let at = file.tables().iter().position(|info| info.name == table);
        let at = at.ok_or_else(|| Error::not_found("table", table))?;
        let (changes, table) = (BTreeMap::new(), table.to_owned());
        Ok(Work {
            file,
            at,
            table,
            rows,
            changes,
            besides,
            numbers: None,
            id_max: None,
            followers: None,
            ahead: Ahead::default(),
        })
    }

    /// All edits that were taken, with their bytes.
    pub(super) fn splicing(self) -> Result<Splicing> {
        Splicing::of(self.file, self.at, self.rows, self.changes)
    }

    /// What is to be said of rows otherwise than now.
    pub(super) fn into_changes(self) -> BTreeMap<RowAddress, Option<RowChange>> {
        self.changes
    }

    /// Adds a column that the file lacks, of this type as Arrow writes it.
    pub(super) fn add_column(&mut self, column: &str, data_type: String) {
        let address = RowAddress::Column { table: self.table.clone(), column: column.to_owned() };
        self.changes.insert(address, Some(RowChange::Added { data_type }));
    }

    /// Takes over what was worked out elsewhere.
    pub(super) fn say(&mut self, changes: BTreeMap<RowAddress, Option<RowChange>>) {
        self.changes.extend(changes);
    }

    pub(super) fn schema(&self) -> &TableSchema {
        &self.file.tables()[self.at].schema
    }

    pub(super) fn row_address(&self, row: &str) -> RowAddress {
        RowAddress::Row { table: self.table.clone(), row: row.to_owned() }
    }

    pub(super) fn cell_address(&self, row: &str, column: &str) -> RowAddress {
        RowAddress::Cell { table: self.table.clone(), row: row.to_owned(), column: column.to_owned() }
    }

    pub(super) fn saying(&self, address: &RowAddress) -> Result<Option<RowChange>> {
        match self.changes.get(address) {
            Some(change) => Ok(change.clone()),
            None if address.row().is_some_and(|row| self.ahead.places.contains_key(row)) => {
                Ok(self.ahead.said.get(address).cloned())
            }
            None => self.rows.get(address),
        }
    }

    /// Works out edits; returns the keys of their rows, in the order of the edits.
    ///
    /// Runs of edits of the same kind are taken in the order in which their rows lie, so that the file is read once
    /// however many they are.
    pub(super) fn take_all(&mut self, edits: Vec<RowEdit>) -> Result<Vec<String>> {
        self.ahead = Ahead::of(self.file, self.at, self.rows, &edits, self.besides.stays.is_some())?;
        let place = |edit: &RowEdit| edit.row().and_then(|row| self.ahead.places.get(row).copied().flatten());
        let mut order: Vec<usize> = (0..edits.len()).collect();
        let kind = |at: usize| std::mem::discriminant(&edits[at]);
        for run in order.chunk_by_mut(|a, b| edits[*a].row().is_some() && kind(*a) == kind(*b)) {
            run.sort_by_key(|at| place(&edits[*at]));
        }
        let mut edits: Vec<Option<RowEdit>> = edits.into_iter().map(Some).collect();
        let mut keys = vec![String::new(); edits.len()];
        for at in order {
            keys[at] = self.take(edits[at].take().expect("each is there once"))?;
        }
        self.ahead = Ahead::default();
        Ok(keys)
    }

    /// Has it known where rows lie of which nothing is said yet.
    pub(super) fn know(&mut self, rows: impl Iterator<Item = (String, u64)>) {
        self.ahead.places.extend(rows.map(|(row, place)| (row, Some(place))));
    }

    /// Works out one edit; returns the key of its row.
    pub(super) fn take(&mut self, edit: RowEdit) -> Result<String> {
        match edit {
            RowEdit::Set { row, cells } => self.set(&row, cells).map(|()| row),
            RowEdit::Delete { row } => self.delete(&row).map(|()| row),
            RowEdit::Insert { after, cells } => self.insert(after, cells),
        }
    }

    /// Whether something can be said of a row in this column: there is one, and its values follow from no others.
    pub(super) fn has_cell(&self, column: &str, is_new: bool) -> Result<bool> {
        if let Some(at) = self.column_of_file(column)? {
            return Ok(self.schema().columns[at].editable || (is_new && self.schema().key == Some(at)));
        }
        Ok(self.added_type(column)?.is_some())
    }

    /// The file's column of this name. An added one of just this name goes before one of the file's that differs from
    /// it by the case of letters.
    fn column_of_file(&self, name: &str) -> Result<Option<usize>> {
        match (self.schema().find_exact(name), self.schema().find(name)) {
            (None, Some(_)) if self.added_type(name)?.is_some() => Ok(None),
            (exact, alike) => Ok(exact.or(alike)),
        }
    }

    /// The type of a column that was added to this file.
    fn added_type(&self, name: &str) -> Result<Option<String>> {
        let address = RowAddress::Column { table: self.table.clone(), column: name.to_owned() };
        Ok(match self.saying(&address)? {
            Some(RowChange::Added { data_type }) => Some(data_type),
            _ => None,
        })
    }

    pub(super) fn place(&self, row: &str) -> Result<u64> {
        let place = match self.ahead.places.get(row) {
            Some(place) => *place,
            None => self.file.find(self.at, row)?,
        };
        place.ok_or_else(|| Error::not_found("row", row))
    }

    /// The values as the file takes them, by place of column; those of added columns apart.
    pub(super) fn checked(&mut self, cells: Vec<(String, Value)>, of: RowIs) -> Result<Checked> {
        let mut checked = Checked::default();
        for (name, value) in cells {
            match self.column_of_file(&name)? {
                // A row may be made with a key of its own, and keeps it.
                Some(column)
                    if !self.schema().columns[column].editable
                        && (of == RowIs::There || self.schema().key != Some(column)) =>
                {
                    return Err(uneditable(self.file, &self.schema().columns[column].name));
                }
                Some(column) => {
                    checked.file.insert(column, self.file.check(self.at, column, &value)?);
                }
                None => {
                    let address = RowAddress::Column { table: self.table.clone(), column: name.clone() };
                    let data_type = match self.added_type(&name)? {
                        Some(data_type) => data_type,
                        None => {
                            let found = (self.besides.added)(&name)?;
                            let data_type = found.ok_or_else(|| Error::not_found("column", &name))?;
                            self.changes.insert(address, Some(RowChange::Added { data_type: data_type.clone() }));
                            data_type
                        }
                    };
                    checked.added.insert(name, super::column::check(&data_type, &value)?);
                }
            }
        }
        Ok(checked)
    }

    fn set(&mut self, row: &str, cells: Vec<(String, Value)>) -> Result<()> {
        let mut checked = self.checked(cells, RowIs::There)?;
        match self.saying(&self.row_address(row))? {
            Some(RowChange::Deleted { .. }) => return Err(Error::not_found("row", row)),
            Some(RowChange::Inserted { after, cells, is_below, .. }) => {
                self.follow_in_inserted(row, &cells, &mut checked)?;
                return self.set_inserted(row, after, cells, is_below, checked);
            }
            _ => {}
        }
        let place = self.place(row)?;
        self.follow_in_file(row, place, &mut checked)?;
        let mut cells = Vec::new();
        for (column, after) in checked.file {
            let address = self.cell_address(row, &self.schema().columns[column].name);
            let before = match self.saying(&address)? {
                Some(RowChange::Set { before, .. }) => Some(before),
                _ => None,
            };
            cells.push((column, address, before, after));
        }
        let unknown = cells.iter().filter(|(_, _, before, _)| before.is_none()).map(|(column, ..)| *column);
        let unknown: Vec<usize> = unknown.collect();
        let mut as_it_is = self.file.cells(self.at, place, &unknown)?.into_iter();
        for (column, address, before, after) in cells {
            let before = before.or_else(|| as_it_is.next()).unwrap_or(Value::Null);
            let is_other = !is_same_in(&self.schema().columns[column], &before, &after);
            let change = is_other.then_some(RowChange::Set { before, after, patch: None });
            self.changes.insert(address, change);
        }
        for (name, after) in checked.added {
            let change = (after != Value::Null).then_some(RowChange::Set { before: Value::Null, after, patch: None });
            self.changes.insert(self.cell_address(row, &name), change);
        }
        Ok(())
    }

    fn delete(&mut self, row: &str) -> Result<()> {
        let address = self.row_address(row);
        match self.saying(&address)? {
            Some(RowChange::Deleted { .. }) => return Err(Error::not_found("row", row)),
            Some(RowChange::Inserted { after, .. }) => {
                self.changes.insert(address, None);
                return self.follow(row, after);
            }
            _ => {}
        }
        let place = self.place(row)?;
        let names = self.schema().columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let mut before: Vec<_> = names.into_iter().zip(self.file.row(self.at, place)?).collect();
        let cells: BTreeSet<RowAddress> = self.rows.of_row(&self.table, row)?.into_iter().map(|(at, _)| at).collect();
        let of_row = self.changes.range(self.cell_address(row, "")..);
        let edited: Vec<_> = of_row.map(|(at, _)| at).take_while(|at| at.row() == Some(row)).cloned().collect();
        for at in cells.into_iter().chain(edited) {
            // The row goes with the value that the base has, whatever was set meanwhile.
            if let (RowAddress::Cell { column, .. }, Some(RowChange::Set { before: of_base, .. })) =
                (&at, self.saying(&at)?)
                && let Some((_, value)) = before.iter_mut().find(|(name, _)| name == column)
            {
                *value = of_base;
            }
            self.changes.insert(at, None);
        }
        self.changes.insert(address, Some(RowChange::Deleted { before, patch: None, is_below: true }));
        Ok(())
    }
}

/// Why cells of a column of the file are not set.
pub(super) fn uneditable(file: &dyn TableFile, column: &str) -> Error {
    let is_key = |info: &TableInfo| info.schema.columns.iter().any(|of| of.name == column && of.role == Role::Key);
    match file.declared_key() {
        key if key == Some(column) || file.tables().iter().any(is_key) => {
            Error::invalid("column to set", column, "it has the keys of rows")
        }
        _ => Error::invalid("column to edit", column, "its values follow from others"),
    }
}

/// Whether a row is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RowIs {
    There,
    New,
}

/// Cells whose values the file and the added columns take.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) file: BTreeMap<usize, Value>,
    pub(super) added: BTreeMap<String, Value>,
}
