//! Edits of rows in a draft: what each means for a file's row changes.
//!
//! One rule keeps them canonical, as with paths: what says the same as the base
//! is left out. So a cell that is set back leaves nothing behind.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::named::Table;
use super::opened::place_of;
use super::splice::Splicing;
use super::work::{Besides, Work};
use super::{FILE_COLUMN, Part, file_with_rows, rows_of_file};
use crate::dataset::draft::Draft;
use crate::dataset::now_ns;
use crate::dataset::samples;
use crate::dataset::view::Node;
use crate::dataset::within::above;
use crate::model::{Change, Content, DataPath, FileChange, RowAddress, RowChange, Value};
use crate::overlay::{Overlay, Rows};
use crate::table::{Format, Role, TableFile, TableSchema, number_text};
use crate::{Error, ErrorKind, Result};

/// So many revisions are looked at, at most, for keys that rows had which are gone: a merge may begin at any of them.
const LOOKED_BACK: usize = 100;

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

impl RowEdit {
    /// The cells that it names.
    fn cells(&self) -> &[(String, Value)] {
        match self {
            RowEdit::Set { cells, .. } | RowEdit::Insert { cells, .. } => cells,
            RowEdit::Delete { .. } => &[],
        }
    }

    /// The row's key, of an edit of one that is there.
    pub(super) fn row(&self) -> Option<&str> {
        match self {
            RowEdit::Set { row, .. } | RowEdit::Delete { row } => Some(row),
            RowEdit::Insert { .. } => None,
        }
    }

    /// The key of the row that is there and that the edit speaks of, if it does.
    fn named(&self) -> Option<&str> {
        match self {
            RowEdit::Insert { after, .. } => after.as_deref(),
            edit => edit.row(),
        }
    }
}

impl Draft {
    /// Edits rows of a table: all or none. Returns the keys of the rows, in order.
    ///
    /// In a table of many files, a new row says in the column `file` where it goes. What follows from the cells of a
    /// new row is set with them: the area of a box. What stays though it may follow, is told by [`Draft::take_stays`].
    ///
    /// # Errors
    /// As [`Draft::edit_rows`].
    pub fn edit_table(&mut self, table: &Table, edits: Vec<RowEdit>) -> Result<Vec<String>> {
        let stays = RefCell::new(BTreeMap::<&'static str, u64>::new());
        let edited = self.edit(table, edits, Some(&|why| *stays.borrow_mut().entry(why).or_default() += 1));
        if edited.is_ok() {
            stays.into_inner().into_iter().for_each(|(why, rows)| *self.stays.entry(why).or_default() += rows);
        }
        edited
    }

    /// As [`Draft::edit_table`], of edits that were worked out of values: nothing follows from them.
    ///
    /// # Errors
    /// As [`Draft::edit_rows`].
    pub fn edit_table_exactly(&mut self, table: &Table, edits: Vec<RowEdit>) -> Result<Vec<String>> {
        self.edit(table, edits, None)
    }

    /// Why cells stayed that might have followed from those that were set, and in how many rows; told once.
    pub fn take_stays(&mut self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.stays)
    }

    fn edit(
        &mut self,
        table: &Table,
        edits: Vec<RowEdit>,
        stays: Option<&dyn Fn(&'static str)>,
    ) -> Result<Vec<String>> {
        if table.is_samples() {
            return self.edit_samples(edits);
        }
        let mut by_file: BTreeMap<DataPath, Vec<(usize, RowEdit)>> = BTreeMap::new();
        for (number, edit) in edits.into_iter().enumerate() {
            let (path, edit) = within_file(table, edit)?;
            by_file.entry(path).or_default().push((number, edit));
        }
        let (mut keys, mut changes, mut may_belong) = (Vec::new(), Vec::new(), false);
        let known = RefCell::new(HashMap::new());
        let added = |column: &str| self.added_in_some_file(table, column, &known);
        for (path, edits) in by_file {
            let (numbers, edits): (Vec<_>, Vec<_>) = edits.into_iter().unzip();
            let edited = self.edited(&path, &*table.format, &table.part, edits, &added, stays);
            let edited = edited.map_err(|error| if table.is_many { lacking(error, &path) } else { error })?;
            let Edited { keys: rows, change, may_belong: of_file } = edited;
            may_belong |= of_file;
            keys.extend(numbers.into_iter().zip(rows.iter().map(|row| table.key(&path, row))));
            changes.extend(change.map(|change| (path, change)));
        }
        let before = self.view.clone();
        let done = self.set_all(changes).and_then(|()| Ok(may_belong && self.hide_what_was_added(&before)?));
        if let Err(error) = done {
            self.view = before;
            return Err(error);
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
        let Edited { keys, change, .. } = self.edited(path, format, table, edits, &|_| Ok(None), None)?;
        self.set_all(change.map(|change| (path.clone(), change)))?;
        Ok(keys)
    }

    /// What edits of rows make of a file.
    fn edited(
        &self,
        path: &DataPath,
        format: &dyn Format,
        table: &str,
        edits: Vec<RowEdit>,
        added: &dyn Fn(&str) -> Result<Option<String>>,
        stays: Option<&dyn Fn(&'static str)>,
    ) -> Result<Edited> {
        let node = self.view.existing(path)?;
        let home = node.place.source_row().map(|row| self.view.base.path(row)).transpose()?;
        let (keys, splicing, may_belong) = {
            let part = Part::open(&self.view, &node, format)?;
            part.with_file(|file, rows| {
                edits.iter().filter_map(RowEdit::named).try_for_each(|row| refuse_untold(file, table, row))?;
                self.refuse_lost(path, (file, rows), table, &edits)?;
                // Only what has a key of its own is to have another one than any elsewhere.
                let is_keyed = file.tables()[place_of(file, table)?].schema.key.is_some();
                let at = Lies { path, home: home.as_ref().filter(|_| is_keyed) };
                let (committed, elsewhere) = (|| self.rows_committed(&at), || self.rows_elsewhere(&at));
                let besides = Besides { added, committed: &committed, elsewhere: &elsewhere, stays };
                let mut work = Work::new(file, rows, table, besides)?;
                let may_belong = edits.iter().any(|edit| may_belong(edit, work.schema()));
                if work.schema().key.is_none() && edits.iter().any(|edit| matches!(edit, RowEdit::Insert { .. })) {
                    work.note_keys(&samples::keys_spoken_of(&self.view, path, table)?)?;
                }
                let keys = work.take_all(edits)?;
                Ok((keys, work.splicing()?, may_belong))
            })?
        };
        Ok(Edited { keys, change: self.respliced(&node, splicing)?, may_belong })
    }

    /// Refuses cells that are to name a row of another table of the file which there is not, be it hidden.
    fn refuse_lost(
        &self,
        path: &DataPath,
        (file, rows): (&dyn TableFile, &Rows),
        table: &str,
        edits: &[RowEdit],
    ) -> Result<()> {
        let schema = &file.tables()[place_of(file, table)?].schema;
        let mut named: BTreeMap<(&str, String), &str> = BTreeMap::new();
        for (name, value) in edits.iter().flat_map(RowEdit::cells) {
            let Some(column) = schema.find(name).map(|at| &schema.columns[at]) else { continue };
            let Role::Reference { table } = &column.role else { continue };
            let key = match value {
                Value::Int(_) | Value::Float(_) => number_text(value),
                Value::Text(key) => key.clone(),
                _ => continue,
            };
            named.insert((table, key), &column.name);
        }
        let mut hidden = None;
        for ((of, key), column) in named {
            let Ok(at) = place_of(file, of) else { continue };
            if file.tables()[at].schema.key.is_none() {
                continue;
            }
            let address = RowAddress::Row { table: of.to_owned(), row: key };
            let key = address.row().unwrap_or_default();
            let is_there = match rows.get(&address)? {
                Some(RowChange::Deleted { .. }) => false,
                Some(_) => true,
                None => file.find(at, key)?.is_some(),
            };
            if is_there {
                continue;
            }
            let hidden = match &mut hidden {
                Some(hidden) => hidden,
                none => none.insert(samples::hidden_rows(&self.view)?),
            };
            if !hidden.contains_key(&(path.clone(), address.clone())) {
                let why = format!("column `{column}`: no row of `{of}` has it as its key");
                return Err(Error::invalid("value", key, why));
            }
        }
        Ok(())
    }

    /// Makes the overlay say of rows what it said before, and of the file what follows from that.
    ///
    /// # Errors
    /// `NotFound` for the file; those of its format.
    pub(in crate::dataset) fn put_rows_back(
        &mut self,
        path: &DataPath,
        table: &str,
        changes: BTreeMap<RowAddress, Option<RowChange>>,
    ) -> Result<()> {
        let node = self.view.existing(path)?;
        let Some(found) = self.view.format_of(&node)? else { return Err(Error::not_found("table", table)) };
        let splicing = Part::open(&self.view, &node, &*found.format)?
            .with_file(|file, rows| Splicing::of(file, place_of(file, table)?, rows, changes))?;
        let change = self.respliced(&node, splicing)?;
        self.set_all(change.map(|change| (path.clone(), change)))
    }

    /// The file with other row changes; none where they are as they were.
    pub(super) fn respliced(&self, node: &Node, splicing: Splicing) -> Result<Option<Change>> {
        let (rows, grown) = splicing.store(self.view.rows_of(node), &*self.dataset.store)?;
        if rows.root() == self.view.rows_of(node).root() {
            return Ok(None);
        }
        let file = file_with_rows(&self.view, node, &rows, grown)?;
        // What is as the base has it is of the base's time, too.
        let mtime_ns = match (&file.content, node.place.source_row()) {
            (Content::Source(_), Some(row)) => self.view.base.entry(row)?.mtime_ns,
            _ => now_ns(),
        };
        self.as_in_revision(&node.path, FileChange { mtime_ns, ..file }).map(|file| Some(Change::File(file)))
    }

    /// The type of a column that was added to some file of a table of many.
    fn added_in_some_file(
        &self,
        table: &Table,
        column: &str,
        known: &RefCell<HashMap<String, Option<String>>>,
    ) -> Result<Option<String>> {
        if !table.is_many {
            return Ok(None);
        }
        if let Some(found) = known.borrow().get(column) {
            return Ok(found.clone());
        }
        let address = RowAddress::Column { table: table.part.clone(), column: column.to_owned() };
        let mut found = None;
        for path in table.paths.iter() {
            if let Some(RowChange::Added { data_type }) = self.view.rows_of(&self.view.existing(path)?).get(&address)? {
                found = Some(data_type);
                break;
            }
        }
        known.borrow_mut().insert(column.to_owned(), found.clone());
        Ok(found)
    }

    /// The row changes of a file in the revision that the draft is based on, and in those before it, the latest first,
    /// as far as another branch may well begin there.
    fn rows_committed(&self, at: &Lies<'_>) -> Result<Vec<Rows>> {
        let (mut open, mut seen) = (VecDeque::from([self.based_on()]), HashSet::new());
        let mut found: Vec<Rows> = Vec::new();
        while let Some(id) = open.pop_front().filter(|_| seen.len() < LOOKED_BACK) {
            if seen.insert(id) {
                let revision = self.dataset.revision(id)?;
                let rows = self.rows_in(&Overlay::new(self.dataset.nodes.clone(), revision.overlay), at)?;
                found.extend(rows.filter(|rows| found.last().is_none_or(|last| last.root() != rows.root())));
                open.extend(revision.parents);
            }
        }
        Ok(found)
    }

    /// The row changes that other branches and drafts have of a file, each once.
    fn rows_elsewhere(&self, at: &Lies<'_>) -> Result<Vec<Rows>> {
        let mut overlays = Vec::new();
        for (_, head) in self.dataset.branches()? {
            overlays.push(self.dataset.revision(head.id)?.overlay);
        }
        for (_, _, step) in self.dataset.drafts()? {
            overlays.push(self.dataset.step(step.id)?.overlay);
        }
        overlays.sort_unstable();
        overlays.dedup();
        let mut found: Vec<Rows> = Vec::new();
        for overlay in overlays {
            let overlay = Overlay::new(self.dataset.nodes.clone(), overlay);
            let rows = match (self.rows_in(&overlay, at)?, at.home) {
                (None, Some(home)) => self.rows_moved(&overlay, home)?,
                (rows, _) => rows.into_iter().collect(),
            };
            for rows in rows {
                if found.iter().all(|known| known.root() != rows.root()) {
                    found.push(rows);
                }
            }
        }
        Ok(found)
    }

    /// The row changes that an overlay has of a file where it is now, or where the source has it.
    fn rows_in(&self, overlay: &Overlay, at: &Lies<'_>) -> Result<Option<Rows>> {
        let there = overlay.get(at.path)?.as_ref().and_then(|change| rows_of_file(overlay, change));
        let Some(home) = at.home.filter(|home| there.is_none() && *home != at.path) else { return Ok(there) };
        let change = overlay.get(home)?.filter(|change| is_of(change, home));
        Ok(change.as_ref().and_then(|change| rows_of_file(overlay, change)))
    }

    /// The row changes that an overlay has of a file of the source which it has moved.
    fn rows_moved(&self, overlay: &Overlay, home: &DataPath) -> Result<Vec<Rows>> {
        for path in std::iter::once(home.clone()).chain(above(home)) {
            match overlay.get(&path)? {
                None => continue,
                // It is where it was.
                Some(change) if is_of(&change, home) => return Ok(Vec::new()),
                Some(Change::Folder { from: Some(from), .. }) if from == path => continue,
                Some(_) => {}
            }
            let entries = overlay.entries()?.into_iter().filter(|(_, change)| is_of(change, home));
            return Ok(entries.filter_map(|(_, change)| rows_of_file(overlay, &change)).collect());
        }
        Ok(Vec::new())
    }
}

/// Whether a file is the one that the source has at a path, be it hidden.
fn is_of(change: &Change, home: &DataPath) -> bool {
    match change {
        Change::File(file) => file.content.source() == Some(home),
        Change::Excluded { was: Some(was) } => is_of(was, home),
        _ => false,
    }
}

/// Where a file lies.
struct Lies<'a> {
    path: &'a DataPath,
    /// Where the source has it, if it is one of that.
    home: Option<&'a DataPath>,
}

/// What edits of rows make of one file.
struct Edited {
    /// The rows' keys.
    keys: Vec<String>,
    /// Of the file, if anything.
    change: Option<Change>,
    /// Whether a row may belong to another sample now.
    may_belong: bool,
}

/// Whether a row may belong to another sample by this edit: a new one, and one of which a cell may name an image.
fn may_belong(edit: &RowEdit, schema: &TableSchema) -> bool {
    let RowEdit::Set { cells, .. } = edit else { return matches!(edit, RowEdit::Insert { .. }) };
    cells.iter().any(|(name, value)| match schema.find(name).map(|at| &schema.columns[at].role) {
        Some(Role::Reference { .. } | Role::Image) => true,
        Some(Role::Plain) => matches!(value, Value::Text(_)),
        _ => false,
    })
}

/// Refuses a key by which no row is told: of two rows with the same, and of those without one.
fn refuse_untold(file: &dyn TableFile, table: &str, row: &str) -> Result<()> {
    let flaw = file.key_flaw();
    let no_row = flaw.is_some() && row.is_empty() && file.declared_key().is_some();
    if no_row || file.is_shared(place_of(file, table)?, row)? {
        let why = flaw.map_or_else(|| format!("more than one row of `{table}` has it"), str::to_owned);
        return Err(Error::invalid("key of one row", row, why));
    }
    Ok(())
}

/// Of a table of many files, a column may be one that other files have.
fn lacking(error: Error, path: &DataPath) -> Error {
    match error.kind() {
        ErrorKind::NotFound { what: "column", name } => {
            Error::invalid("column", name, format!("the file `{path}` has none of this name"))
        }
        _ => error,
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
            let at = cells.iter().position(|(column, _)| column == FILE_COLUMN);
            let at = at
                .ok_or_else(|| Error::invalid("file for the new row", "", "its cell `file` says which it goes into"))?;
            (table.file(&cells.remove(at).1.to_string())?, RowEdit::Insert { after: None, cells })
        }
        RowEdit::Insert { after: None, cells } => {
            let (path, _) = table.split_key("")?;
            (path, RowEdit::Insert { after: None, cells })
        }
    })
}
