//! Edits of one table of one file, being worked out: what each means for the file's row changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::edit::RowEdit;
use super::inserted::{self, Numbers};
use super::splice::Splicing;
use crate::model::{RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{TableFile, TableSchema};
use crate::{Error, Result};

/// What other places know that edits of a file depend on.
#[derive(Clone, Copy)]
pub(super) struct Besides<'a> {
    /// The type of a column that was added to other files of the table.
    pub(super) added: &'a dyn Fn(&str) -> Result<Option<String>>,
    /// The file's row changes in the revision that the draft is based on.
    pub(super) committed: &'a dyn Fn() -> Result<Option<Rows>>,
    /// The file's row changes in other branches and drafts.
    pub(super) elsewhere: &'a dyn Fn() -> Result<Vec<Rows>>,
}

impl Besides<'_> {
    /// Nothing else is known.
    pub(super) const NOTHING: Besides<'static> =
        Besides { added: &|_| Ok(None), committed: &|| Ok(None), elsewhere: &|| Ok(Vec::new()) };
}

/// Edits of one table of one file, being worked out.
pub(super) struct Work<'a> {
    file: &'a dyn TableFile,
    at: usize,
    table: String,
    rows: &'a Rows,
    changes: BTreeMap<RowAddress, Option<RowChange>>,
    besides: Besides<'a>,
    /// Of keys of new rows, once there was one.
    numbers: Option<Numbers>,
    /// The highest id that a row has or had, once one was to be found.
    id_max: Option<i64>,
    /// The inserted rows that come right after a row, once that was asked.
    followers: Option<HashMap<String, BTreeSet<String>>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(file: &'a dyn TableFile, rows: &'a Rows, table: &str, besides: Besides<'a>) -> Result<Work<'a>> {
        let at = file.tables().iter().position(|info| info.name == table);
        let at = at.ok_or_else(|| Error::not_found("table", table))?;
        let (changes, table) = (BTreeMap::new(), table.to_owned());
        Ok(Work { file, at, table, rows, changes, besides, numbers: None, id_max: None, followers: None })
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

    fn schema(&self) -> &TableSchema {
        &self.file.tables()[self.at].schema
    }

    fn row_address(&self, row: &str) -> RowAddress {
        RowAddress::Row { table: self.table.clone(), row: row.to_owned() }
    }

    fn cell_address(&self, row: &str, column: &str) -> RowAddress {
        RowAddress::Cell { table: self.table.clone(), row: row.to_owned(), column: column.to_owned() }
    }

    fn saying(&self, address: &RowAddress) -> Result<Option<RowChange>> {
        match self.changes.get(address) {
            Some(change) => Ok(change.clone()),
            None => self.rows.get(address),
        }
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
        if let Some(at) = self.schema().find(column) {
            return Ok(self.schema().columns[at].editable || (is_new && self.schema().key == Some(at)));
        }
        let address = RowAddress::Column { table: self.table.clone(), column: column.to_owned() };
        Ok(matches!(self.saying(&address)?, Some(RowChange::Added { .. })))
    }

    fn place(&self, row: &str) -> Result<u64> {
        self.file.find(self.at, row)?.ok_or_else(|| Error::not_found("row", row))
    }

    /// The values as the file takes them, by place of column; those of added columns apart.
    fn checked(&mut self, cells: Vec<(String, Value)>, of: RowIs) -> Result<Checked> {
        let mut checked = Checked::default();
        for (name, value) in cells {
            match self.schema().find(&name) {
                // A row may be made with a key of its own, and keeps it.
                Some(column)
                    if !self.schema().columns[column].editable
                        && (of == RowIs::There || self.schema().key != Some(column)) =>
                {
                    return Err(Error::invalid("column to edit", &name, "its values follow from others"));
                }
                Some(column) => {
                    checked.file.insert(column, self.file.check(self.at, column, &value)?);
                }
                None => {
                    let address = RowAddress::Column { table: self.table.clone(), column: name.clone() };
                    let data_type = match self.saying(&address)? {
                        Some(RowChange::Added { data_type }) => data_type,
                        _ => {
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
        let checked = self.checked(cells, RowIs::There)?;
        match self.saying(&self.row_address(row))? {
            Some(RowChange::Deleted { .. }) => return Err(Error::not_found("row", row)),
            Some(RowChange::Inserted { after, cells, is_below, .. }) => {
                return self.set_inserted(row, after, cells, is_below, checked);
            }
            _ => {}
        }
        let place = self.place(row)?;
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
        for (_, address, before, after) in cells {
            let before = before.or_else(|| as_it_is.next()).unwrap_or(Value::Null);
            let change = (after != before).then_some(RowChange::Set { before, after, patch: None });
            self.changes.insert(address, change);
        }
        for (name, after) in checked.added {
            let change = (after != Value::Null).then_some(RowChange::Set { before: Value::Null, after, patch: None });
            self.changes.insert(self.cell_address(row, &name), change);
        }
        Ok(())
    }

    fn set_inserted(
        &mut self,
        row: &str,
        after: Option<String>,
        mut cells: Vec<(String, Value)>,
        is_below: bool,
        checked: Checked,
    ) -> Result<()> {
        let named = checked.file.into_iter().map(|(column, value)| (self.schema().columns[column].name.clone(), value));
        for (name, value) in named.chain(checked.added).collect::<Vec<_>>() {
            match cells.iter_mut().find(|(known, _)| *known == name) {
                Some((_, cell)) => *cell = value,
                None => cells.push((name, value)),
            }
        }
        let inserted = RowChange::Inserted { after, cells, patch: None, is_below };
        self.changes.insert(self.row_address(row), Some(inserted));
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

    fn insert(&mut self, after: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        let anchor = match (after, self.file.tables()[self.at].rows) {
            (Some(row), _) => Some(self.anchor(row)?),
            (None, 0) => None,
            (None, rows) => Some(self.file.key(self.at, rows - 1)?),
        };
        self.insert_behind(anchor, cells)
    }

    /// Inserts a row after another; `None` is the beginning.
    pub(super) fn insert_at(&mut self, after: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        let anchor = after.map(|row| self.anchor(row)).transpose()?;
        self.insert_behind(anchor, cells)
    }

    fn insert_behind(&mut self, anchor: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        let checked = self.checked(cells, RowIs::New)?;
        let mut all = Vec::new();
        for (at, column) in self.schema().columns.iter().enumerate() {
            let value = checked.file.get(&at).cloned();
            all.push((column.name.clone(), value.unwrap_or(Value::Null)));
        }
        all.extend(checked.added);
        let key = match self.schema().key {
            Some(column) => {
                let key = all[column].1.to_string();
                if let Some(RowChange::Deleted { before, is_below: true, .. }) = self.saying(&self.row_address(&key))? {
                    self.bring_back(&key, &before, all)?;
                    return Ok(key);
                }
                self.new_id(column, &mut all)?
            }
            None => self.new_key(anchor.as_deref())?,
        };
        if let (Some(followers), Some(anchor)) = (&mut self.followers, &anchor) {
            followers.entry(anchor.clone()).or_default().insert(key.clone());
        }
        let inserted = RowChange::Inserted { after: anchor, cells: all, patch: None, is_below: false };
        self.changes.insert(self.row_address(&key), Some(inserted));
        Ok(key)
    }

    /// Checks that a new row can come after this one.
    fn anchor(&self, row: String) -> Result<String> {
        match self.saying(&self.row_address(&row))? {
            Some(RowChange::Inserted { .. }) => Ok(row),
            Some(RowChange::Deleted { .. }) => Err(Error::not_found("row", row)),
            _ => self.place(&row).map(|_| row),
        }
    }

    /// What came after an inserted row that goes comes after what that came after.
    fn follow(&mut self, gone: &str, after: Option<String>) -> Result<()> {
        let mut followers = match self.followers.take() {
            Some(followers) => followers,
            None => self.find_followers()?,
        };
        for row in followers.remove(gone).unwrap_or_default() {
            let address = self.row_address(&row);
            if let Some(RowChange::Inserted { cells, patch, is_below, .. }) = self.saying(&address)? {
                let moved = RowChange::Inserted { after: after.clone(), cells, patch, is_below };
                self.changes.insert(address, Some(moved));
                if let Some(after) = &after {
                    followers.entry(after.clone()).or_default().insert(row);
                }
            }
        }
        self.followers = Some(followers);
        Ok(())
    }

    fn find_followers(&self) -> Result<HashMap<String, BTreeSet<String>>> {
        let mut followers: HashMap<String, BTreeSet<String>> = HashMap::new();
        let changed = self.changes.iter().filter_map(|(address, change)| Some((address.clone(), change.clone()?)));
        let kept = self.rows.entries()?.into_iter().filter(|(address, _)| !self.changes.contains_key(address));
        for (address, change) in changed.chain(kept) {
            if let (RowAddress::Row { table, row }, RowChange::Inserted { after: Some(after), .. }) = (address, change)
                && table == self.table
            {
                followers.entry(after).or_default().insert(row);
            }
        }
        Ok(followers)
    }

    /// Inserts a row again that was deleted: it is where it was, with these cells, as many as there are columns first.
    fn bring_back(&mut self, key: &str, before: &[(String, Value)], cells: Vec<(String, Value)>) -> Result<()> {
        let mut sets = Vec::new();
        for (place, (name, after)) in cells.into_iter().enumerate() {
            let is_kept = |column: &crate::table::Column| !column.editable || self.schema().key == Some(place);
            let change = match self.schema().columns.get(place) {
                Some(column) if is_kept(column) => continue,
                Some(_) => {
                    let before = before.iter().find(|(of, _)| *of == name);
                    let before = before.map_or(Value::Null, |(_, value)| value.clone());
                    let after = if after == before { after } else { self.file.check(self.at, place, &after)? };
                    (after != before).then_some(RowChange::Set { before, after, patch: None })
                }
                None => Some(RowChange::Set { before: Value::Null, after, patch: None }),
            };
            sets.push((self.cell_address(key, &name), change));
        }
        self.changes.insert(self.row_address(key), None);
        self.changes.extend(sets);
        Ok(())
    }

    /// Checks that the id of a new row is nobody's, or finds one where a number is wanted and none was given.
    fn new_id(&mut self, column: usize, cells: &mut [(String, Value)]) -> Result<String> {
        if cells[column].1 != Value::Null {
            let key = cells[column].1.to_string();
            // A deletion is told at the same address.
            let is_told = self.saying(&self.row_address(&key))?.is_some();
            if is_told || self.file.find(self.at, &key)?.is_some() {
                return Err(Error::already_exists("row", key));
            }
            if let (Some(highest), Ok(id)) = (&mut self.id_max, key.parse::<i64>()) {
                *highest = id.max(*highest);
            }
            return Ok(key);
        }
        let highest = match self.id_max {
            Some(highest) => highest,
            None => self.find_id_max()?,
        };
        let name = &self.schema().columns[column].name;
        let next = highest.checked_add(1).ok_or_else(|| Error::invalid("key", name, "the numbers are used up"))?;
        self.id_max = Some(next);
        cells[column].1 = self.file.check(self.at, column, &Value::Int(next))?;
        Ok(cells[column].1.to_string())
    }

    /// The highest id of the file, and of rows that were inserted here or in another branch or draft: two people
    /// who insert rows are to get different ids.
    fn find_id_max(&self) -> Result<i64> {
        let mut highest = self.file.key_max(self.at)?.unwrap_or(0);
        let mut note = |address: &RowAddress| {
            if let RowAddress::Row { table, row } = address
                && *table == self.table
                && let Ok(id) = row.parse::<i64>()
            {
                highest = id.max(highest);
            }
        };
        self.changes.keys().for_each(&mut note);
        self.rows.entries()?.iter().for_each(|(address, _)| note(address));
        for other in (self.besides.elsewhere)()? {
            self.rows.diff(&other)?.iter().for_each(|difference| note(&difference.address));
        }
        Ok(highest)
    }

    /// A key for a row of a table without keys: above all that rows behind the same one have, or had in the
    /// revision that is edited.
    fn new_key(&mut self, anchor: Option<&str>) -> Result<String> {
        let numbers = match &mut self.numbers {
            Some(numbers) => numbers,
            None => {
                let mut numbers = Numbers::default();
                numbers.note_all(self.rows, &self.table)?;
                if let Some(committed) = (self.besides.committed)()? {
                    numbers.note_all(&committed, &self.table)?;
                }
                self.numbers.insert(numbers)
            }
        };
        let anchor = anchor.unwrap_or_default();
        Ok(inserted::new_key(anchor, numbers.next(anchor)))
    }
}

/// Whether a row is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowIs {
    There,
    New,
}

/// Cells whose values the file and the added columns take.
#[derive(Default)]
struct Checked {
    file: BTreeMap<usize, Value>,
    added: BTreeMap<String, Value>,
}
