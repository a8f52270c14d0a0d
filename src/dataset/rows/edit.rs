//! Edits of rows in a draft: what each means for a file's row changes.
//!
//! One rule keeps them canonical, as with paths: what says the same as the base
//! is left out. So a cell that is set back leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::DataType;

use super::Part;
use super::find::Table;
use super::splice::Splicing;
use crate::dataset::draft::Draft;
use crate::dataset::edit::content_of;
use crate::dataset::now_ns;
use crate::model::{Change, Content, DataPath, FileChange, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Format, TableFile, TableSchema};
use crate::{Error, Result};

/// An edit of one row. Cells are told by the names of their columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowEdit {
    /// Sets cells.
    Set {
        /// The row's key.
        row: String,
        /// (column, value).
        cells: Vec<(String, Value)>,
    },
    /// Deletes the row.
    Delete {
        /// The row's key.
        row: String,
    },
    /// Inserts a row.
    Insert {
        /// The key of the row that it comes after; `None` is the end.
        after: Option<String>,
        /// (column, value); columns that are not named are null.
        cells: Vec<(String, Value)>,
    },
}

impl Draft {
    /// Edits rows of a table: all or none. Returns the keys of the rows, in order.
    ///
    /// In a table of many files, a new row says in the column `file` where it goes.
    ///
    /// # Errors
    /// As [`Draft::edit_rows`].
    pub fn edit_table(&mut self, table: &Table, edits: Vec<RowEdit>) -> Result<Vec<String>> {
        let mut by_file: BTreeMap<DataPath, Vec<(usize, RowEdit)>> = BTreeMap::new();
        for (number, edit) in edits.into_iter().enumerate() {
            let (path, edit) = within_file(table, edit)?;
            by_file.entry(path).or_default().push((number, edit));
        }
        let before = self.view.overlay.clone();
        let mut keys = Vec::new();
        for (path, edits) in by_file {
            let (numbers, edits): (Vec<_>, Vec<_>) = edits.into_iter().unzip();
            match self.edit_rows(&path, &*table.format, &table.part, edits) {
                Ok(rows) => keys.extend(numbers.into_iter().zip(rows.iter().map(|row| table.key(&path, row)))),
                Err(error) => {
                    self.view.overlay = before;
                    return Err(error);
                }
            }
        }
        keys.sort();
        Ok(keys.into_iter().map(|(_, key)| key).collect())
    }

    /// Edits rows of one file: all or none. Returns the keys of the rows, in order.
    ///
    /// `table` is the table's name within the file.
    ///
    /// # Errors
    /// `NotFound` for a row or column, `Invalid` for a value that the column or the file cannot hold.
    pub fn edit_rows(
        &mut self,
        path: &DataPath,
        format: &dyn Format,
        table: &str,
        edits: Vec<RowEdit>,
    ) -> Result<Vec<String>> {
        let node = self.view.existing(path)?;
        let (keys, splicing) = {
            let part = Part::open(&self.view, &node, format)?;
            part.with_file(|file, rows| {
                let mut work = Work::new(file, rows, table)?;
                let keys = edits.into_iter().map(|edit| work.take(edit)).collect::<Result<Vec<_>>>()?;
                Ok((keys, Splicing::of(work.file, work.at, rows, work.changes)?))
            })?
        };
        let (rows, grown) = splicing.store(self.view.rows_of(&node), &*self.dataset.store)?;
        let content = super::with_rows(content_of(&self.view, &node.place)?, rows.root());
        if rows.root() == self.view.rows_of(&node).root() {
            return Ok(keys);
        }
        let size = node.entry.size.saturating_add_signed(grown);
        // What is as the base has it is of the base's time, too.
        let mtime_ns = match (&content, node.place.source_row()) {
            (Content::Source(_), Some(row)) => self.view.base.entry(row)?.mtime_ns,
            _ => now_ns(),
        };
        self.set(path, Change::File(FileChange { content, size, mtime_ns, mode: node.entry.mode }))?;
        Ok(keys)
    }
}

impl Draft {
    /// Adds a column that the file lacks; its cells are null.
    ///
    /// # Errors
    /// `AlreadyExists` when the table has a column of this name.
    pub fn add_column(&mut self, table: &Table, name: &str, data_type: &DataType) -> Result<()> {
        if self.view.table_info(table)?.schema.columns.iter().any(|column| column.name == name) {
            return Err(Error::already_exists("column", name));
        }
        let address = RowAddress::Column { table: table.part.clone(), column: name.to_owned() };
        let added = RowChange::Added { data_type: data_type.to_string() };
        for path in table.paths.iter() {
            self.change_rows(path, [(address.clone(), Some(added.clone()))])?;
        }
        Ok(())
    }

    /// Drops an added column with all its cells.
    ///
    /// # Errors
    /// `NotFound` for a column that was not added: the file's own stay.
    pub fn drop_column(&mut self, table: &Table, name: &str) -> Result<()> {
        for path in table.paths.iter() {
            self.drop_column_of(path, &table.part, name)?;
        }
        Ok(())
    }

    fn drop_column_of(&mut self, path: &DataPath, part: &str, name: &str) -> Result<()> {
        let node = self.view.existing(path)?;
        let rows = self.view.rows_of(&node);
        let address = RowAddress::Column { table: part.to_owned(), column: name.to_owned() };
        if rows.get(&address)?.is_none() {
            return Err(Error::not_found("added column", name));
        }
        let mut edits = vec![(address, None)];
        for (at, change) in rows.entries()? {
            match (&at, change) {
                (RowAddress::Cell { table: of, column, .. }, _) if of == part && column == name => {
                    edits.push((at, None));
                }
                (RowAddress::Row { table: of, .. }, RowChange::Inserted { after, mut cells, patch, is_below })
                    if of == part =>
                {
                    cells.retain(|(column, _)| column != name);
                    edits.push((at, Some(RowChange::Inserted { after, cells, patch, is_below })));
                }
                _ => {}
            }
        }
        self.change_rows(path, edits)
    }

    /// Changes what is said of rows, where that changes no byte of the file.
    fn change_rows(
        &mut self,
        path: &DataPath,
        edits: impl IntoIterator<Item = (RowAddress, Option<RowChange>)>,
    ) -> Result<()> {
        let node = self.view.existing(path)?;
        let rows = self.view.rows_of(&node).with(edits)?;
        let content = super::with_rows(content_of(&self.view, &node.place)?, rows.root());
        let (size, mtime_ns, mode) = (node.entry.size, node.entry.mtime_ns, node.entry.mode);
        self.set(path, Change::File(FileChange { content, size, mtime_ns, mode }))
    }
}

/// The file that an edit is of, and the edit as that file understands it.
fn within_file(table: &Table, edit: RowEdit) -> Result<(DataPath, RowEdit)> {
    Ok(match edit {
        RowEdit::Set { row, cells } => {
            let (path, row) = table.split_key(&row)?;
            (path, RowEdit::Set { row: row.to_owned(), cells })
        }
        RowEdit::Delete { row } => {
            let (path, row) = table.split_key(&row)?;
            (path, RowEdit::Delete { row: row.to_owned() })
        }
        RowEdit::Insert { after: Some(after), cells } => {
            let (path, row) = table.split_key(&after)?;
            (path, RowEdit::Insert { after: Some(row.to_owned()), cells })
        }
        RowEdit::Insert { after: None, mut cells } if table.is_many => {
            let at = cells.iter().position(|(column, _)| column == super::FILE_COLUMN);
            let at = at.ok_or_else(|| Error::invalid("row", "a new one", "its column `file` says where it goes"))?;
            (table.file(&cells.remove(at).1.to_string())?, RowEdit::Insert { after: None, cells })
        }
        RowEdit::Insert { after: None, cells } => {
            let (path, _) = table.split_key("")?;
            (path, RowEdit::Insert { after: None, cells })
        }
    })
}

/// Edits of one table of one file, being worked out.
pub(super) struct Work<'a> {
    file: &'a dyn TableFile,
    at: usize,
    table: String,
    rows: &'a Rows,
    changes: BTreeMap<RowAddress, Option<RowChange>>,
}

impl<'a> Work<'a> {
    pub(super) fn new(file: &'a dyn TableFile, rows: &'a Rows, table: &str) -> Result<Work<'a>> {
        let at = file.tables().iter().position(|info| info.name == table);
        let at = at.ok_or_else(|| Error::not_found("table", table))?;
        Ok(Work { file, at, table: table.to_owned(), rows, changes: BTreeMap::new() })
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

    /// Adds a column that the file lacks, of this type as Arrow writes it.
    pub(super) fn add_column(&mut self, column: &str, data_type: String) {
        let address = RowAddress::Column { table: self.table.clone(), column: column.to_owned() };
        self.changes.insert(address, Some(RowChange::Added { data_type }));
    }

    /// What is to be said of rows otherwise than now.
    pub(super) fn into_changes(self) -> BTreeMap<RowAddress, Option<RowChange>> {
        self.changes
    }

    /// Takes one edit; returns the row's key.
    pub(super) fn take(&mut self, edit: RowEdit) -> Result<String> {
        match edit {
            RowEdit::Set { row, cells } => self.set(&row, cells).map(|()| row),
            RowEdit::Delete { row } => self.delete(&row).map(|()| row),
            RowEdit::Insert { after, cells } => self.insert(after, cells),
        }
    }

    fn place(&self, row: &str) -> Result<u64> {
        let place = self.file.find(self.at, row)?.ok_or_else(|| Error::not_found("row", row))?;
        // One row has one key: `01` would be a second one of row 1.
        if self.file.key(self.at, place)? == row { Ok(place) } else { Err(Error::not_found("row", row)) }
    }

    /// The values as the file takes them, by place of column; those of added columns apart.
    fn checked(&self, cells: Vec<(String, Value)>, of: RowIs) -> Result<Checked> {
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
                    let Some(RowChange::Added { data_type }) = self.saying(&address)? else {
                        return Err(Error::not_found("column", name));
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
        let mut as_it_is = None;
        for (column, after) in checked.file {
            let address = self.cell_address(row, &self.schema().columns[column].name.clone());
            let before = match self.saying(&address)? {
                Some(RowChange::Set { before, .. }) => before,
                _ => {
                    if as_it_is.is_none() {
                        as_it_is = Some(self.file.row(self.at, place)?);
                    }
                    as_it_is.as_ref().and_then(|cells| cells.get(column).cloned()).unwrap_or(Value::Null)
                }
            };
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
            Some(RowChange::Inserted { .. }) => {
                self.changes.insert(address, None);
                return Ok(());
            }
            _ => {}
        }
        let place = self.place(row)?;
        let names = self.schema().columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let mut before: Vec<_> = names.into_iter().zip(self.file.row(self.at, place)?).collect();
        let cells: BTreeSet<RowAddress> = self.rows.of_row(&self.table, row)?.into_iter().map(|(at, _)| at).collect();
        let edited = self.changes.keys().filter(|at| at.row() == Some(row)).cloned().collect::<Vec<_>>();
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
        let anchor = match (&after, self.file.tables()[self.at].rows) {
            (Some(row), _) => self.anchor(row)?,
            (None, 0) => None,
            (None, rows) => Some(self.file.key(self.at, rows - 1)?),
        };
        self.insert_behind(anchor, cells)
    }

    /// Inserts a row after another; `None` is the beginning.
    pub(super) fn insert_at(&mut self, after: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        let anchor = match &after {
            Some(row) => self.anchor(row)?,
            None => None,
        };
        self.insert_behind(anchor, cells)
    }

    /// Inserts a row behind a row of the file, and behind what was inserted there before.
    fn insert_behind(&mut self, anchor: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        let checked = self.checked(cells, RowIs::New)?;
        let mut all = Vec::new();
        for (at, column) in self.schema().columns.iter().enumerate() {
            let value = checked.file.get(&at).cloned();
            all.push((column.name.clone(), value.unwrap_or(Value::Null)));
        }
        all.extend(checked.added);
        let key = match self.schema().key {
            Some(column) => self.new_key(column, &mut all)?,
            None => self.new_place(anchor.as_deref())?,
        };
        let inserted = RowChange::Inserted { after: anchor, cells: all, patch: None, is_below: false };
        self.changes.insert(self.row_address(&key), Some(inserted));
        Ok(key)
    }

    /// The row of the file after which what is to come after `row` goes; `None` is the beginning.
    fn anchor(&self, row: &str) -> Result<Option<String>> {
        match self.saying(&self.row_address(row))? {
            Some(RowChange::Inserted { after, .. }) => Ok(after),
            Some(RowChange::Deleted { .. }) => Err(Error::not_found("row", row)),
            _ => self.place(row).map(|_| Some(row.to_owned())),
        }
    }

    /// Checks that the key of a new row is nobody's, or finds one where a number is wanted and none was given.
    fn new_key(&self, column: usize, cells: &mut [(String, Value)]) -> Result<String> {
        let is_free = |key: &str| {
            Ok::<_, Error>(match self.saying(&self.row_address(key))? {
                // The deletion is told at the same address.
                Some(RowChange::Inserted { .. } | RowChange::Deleted { .. }) => false,
                _ => self.file.find(self.at, key)?.is_none(),
            })
        };
        if cells[column].1 != Value::Null {
            let key = cells[column].1.to_string();
            return if is_free(&key)? { Ok(key) } else { Err(Error::already_exists("row", key)) };
        }
        let last = match self.file.tables()[self.at].rows {
            0 => 0,
            rows => self.file.key(self.at, rows - 1)?.parse::<i64>().unwrap_or(0),
        };
        let name = &self.schema().columns[column].name;
        let mut next = last.checked_add(1).ok_or_else(|| Error::invalid("key", name, "the numbers are used up"))?;
        while !is_free(&next.to_string())? {
            next += 1;
        }
        cells[column].1 = self.file.check(self.at, column, &Value::Int(next))?;
        Ok(cells[column].1.to_string())
    }

    /// A key for a row of a table without keys: the place of the row before it, and a number.
    fn new_place(&self, anchor: Option<&str>) -> Result<String> {
        for number in 1.. {
            let key = format!("{}+{number}", anchor.unwrap_or_default());
            if self.saying(&self.row_address(&key))?.is_none() {
                return Ok(key);
            }
        }
        unreachable!("there is always another number")
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
