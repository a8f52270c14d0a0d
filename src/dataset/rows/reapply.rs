//! Row edits of a file that its owner changed in the source, made again over the new bytes.
//!
//! What was edited is known, what the source had is gone: a row edit has the
//! values that it replaced, and the place of its bytes. A row with a key is found
//! by that. Else it is taken to be at the place where it was only if the bytes
//! before it are as long as they were, or if no other row has the same values;
//! an edit is rather dropped, and told, than made in another row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::diff::is_of_content;
use super::edit::RowEdit;
use super::merge::RowConflict;
use super::parsed::Named;
use super::side::Side;
use super::splice::Splicing;
use super::work::{Besides, Work};
use super::{Part, file_with_rows};
use crate::dataset::view::{Node, View};
use crate::model::{FileChange, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{FileEdits, Flow, RowSet, Scan, Splice, TableFile, arrow_value};
use crate::{Error, ErrorKind, Result};

/// A file with its row edits made again.
pub(in crate::dataset) struct Reapplied {
    pub(in crate::dataset) file: FileChange,
    /// Edits that stay, though the source has other values than they replaced.
    pub(in crate::dataset) stay: Vec<RowConflict>,
    /// Edits that have no place any more.
    pub(in crate::dataset) dropped: Vec<RowConflict>,
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
    let part = Part::open(view, node, &*side.format)?;
    part.with_file(|opened, none| {
        if opened.tables().iter().any(|info| info.problem.is_some()) {
            return Ok(None);
        }
        let mut by_table: BTreeMap<String, Vec<(RowAddress, RowChange)>> = BTreeMap::new();
        for (address, change) in rows.entries()? {
            if !matches!(address, RowAddress::Shared { .. }) {
                by_table.entry(address.table().to_owned()).or_default().push((address, change));
            }
        }
        let (mut changes, mut stay, mut dropped) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (table, said) in by_table {
            let Some(at) = opened.tables().iter().position(|info| info.name == table) else { return Ok(None) };
            let mut again = Again::new(opened, at, none, said)?;
            again.run()?;
            changes.extend(again.work.into_changes());
            stay.extend(again.stay);
            dropped.extend(again.dropped);
        }
        let (rows, grown) = Splicing::of(opened, 0, none, changes)?.store(none.clone(), &*view.store)?;
        let now = file_with_rows(view, node, &rows, grown)?;
        let mtime_ns = match rows.root() {
            Some(_) => file.mtime_ns.max(node.entry.mtime_ns),
            None => node.entry.mtime_ns,
        };
        let file = FileChange { mtime_ns, mode: file.mode, ..now };
        Ok(Some(Reapplied { file, stay, dropped }))
    })
}

/// What was said of one row.
#[derive(Default)]
struct Said {
    /// (column, before, after, where the replaced bytes began).
    cells: Vec<(String, Value, Value, Option<u64>)>,
    /// The cells of a row that was deleted, and where its bytes began.
    deleted: Option<(Named, Option<u64>)>,
}

/// A row that was inserted.
struct New {
    after: Option<String>,
    key: String,
    cells: Vec<(String, Value)>,
}

struct Again<'a> {
    file: &'a dyn TableFile,
    at: usize,
    table: String,
    work: Work<'a>,
    /// The columns that were added, and that the file still lacks.
    added: BTreeSet<String>,
    said: BTreeMap<String, Said>,
    new: Vec<New>,
    stay: Vec<RowConflict>,
    dropped: Vec<RowConflict>,
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
                (RowAddress::Cell { row, column, .. }, RowChange::Set { before, after, patch }) => {
                    let offset = patch.map(|patch| patch.offset);
                    said.entry(row).or_default().cells.push((column, before, after, offset));
                }
                (RowAddress::Row { row, .. }, RowChange::Deleted { before, patch, .. }) => {
                    let offset = patch.map(|patch| patch.offset);
                    said.entry(row).or_default().deleted = Some((before, offset));
                }
                (RowAddress::Row { row, .. }, RowChange::Inserted { after, cells, .. }) => {
                    new.push(New { after, key: row, cells });
                }
                _ => {}
            }
        }
        let (stay, dropped) = (Vec::new(), Vec::new());
        Ok(Again { file, at, table, work, added, said, new, stay, dropped })
    }

    fn run(&mut self) -> Result<()> {
        let is_keyed = self.file.tables()[self.at].schema.key.is_some();
        let said = std::mem::take(&mut self.said);
        let places = if is_keyed { self.by_key(&said)? } else { self.by_place(&said)? };
        for (row, said) in said {
            match places.get(&row) {
                Some(place) => self.of_row(*place, said)?,
                None => self.gone(&row, said)?,
            }
        }
        let mut new = std::mem::take(&mut self.new);
        let place = |row: &New| row.after.as_deref().and_then(|after| after.parse::<u64>().ok());
        new.sort_by(|a, b| (place(a), &a.after, a.key.len(), &a.key).cmp(&(place(b), &b.after, b.key.len(), &b.key)));
        new.into_iter().try_for_each(|row| self.insert(row, is_keyed))
    }

    fn by_key(&self, said: &BTreeMap<String, Said>) -> Result<BTreeMap<String, u64>> {
        let mut places = BTreeMap::new();
        for row in said.keys() {
            if let Some(place) = self.file.find(self.at, row)? {
                places.insert(row.clone(), place);
            }
        }
        Ok(places)
    }

    /// Where the rows of a table without keys are now, as far as that is certain.
    fn by_place(&mut self, said: &BTreeMap<String, Said>) -> Result<BTreeMap<String, u64>> {
        let rows = self.file.tables()[self.at].rows;
        let mut places = BTreeMap::new();
        let mut open: Vec<(&String, u64, &Said)> = Vec::new();
        let mut sure = None;
        for (row, said) in said {
            let Some(place) = row.parse::<u64>().ok().filter(|place| *place < rows) else { continue };
            if self.begins_where_it_did(place, said)? {
                places.insert(row.clone(), place);
                sure = sure.max(Some(place));
            } else {
                open.push((row, place, said));
            }
        }
        // What comes before a row that did not move has not moved, or by chance as much to and fro.
        let (before, behind): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(_, place, _)| sure.is_some_and(|sure| *place <= sure));
        for (row, place, said) in before {
            if self.has_values(place, said)? {
                places.insert(row.clone(), place);
            }
        }
        let only_added = |said: &Said| said.deleted.is_none() && said.known_of_file(&self.added).is_empty();
        let (added, behind): (Vec<_>, Vec<_>) = behind.into_iter().partition(|(_, _, said)| only_added(said));
        if !added.is_empty() {
            // Nothing tells which row these were of: they stay where they were, and that is told.
            for column in self.added.clone() {
                let address = RowAddress::Column { table: self.table.clone(), column };
                self.stay.push(RowConflict { address, base: None, ours: None, theirs: None });
            }
            places.extend(added.into_iter().map(|(row, place, _)| (row.clone(), place)));
        }
        places.extend(self.told_by_values(&behind)?);
        Ok(places)
    }

    /// Whether the bytes before the row's edits are as many as they were.
    fn begins_where_it_did(&self, row: u64, said: &Said) -> Result<bool> {
        if self.file.splices_whole() {
            return Ok(false);
        }
        let (edits, offset) = match &said.deleted {
            Some((_, offset)) => (FileEdits { deletes: vec![(self.at, row)], ..FileEdits::default() }, *offset),
            None => {
                let edited = said.cells.iter().find_map(|(column, _, after, offset)| {
                    let at = self.column(column)?;
                    let after = self.file.check(self.at, at, after).ok()?;
                    offset.map(|offset| (at, after, offset))
                });
                let Some((at, after, offset)) = edited else { return Ok(false) };
                let set = RowSet { table: self.at, row, cells: vec![(at, after)] };
                (FileEdits { sets: vec![set], ..FileEdits::default() }, Some(offset))
            }
        };
        let patch = match self.file.splice(&edits)? {
            Splice::Patches { sets, deletes, .. } => sets.into_iter().flatten().chain(deletes).flatten().next(),
            Splice::Whole(_) => None,
        };
        Ok(offset.is_some() && patch.map(|patch| patch.offset) == offset)
    }

    fn has_values(&self, row: u64, said: &Said) -> Result<bool> {
        let now = self.file.row(self.at, row)?;
        let is_same = |(column, before): &(&String, &Value)| {
            self.column(column).is_some_and(|column| now.get(column) == Some(*before))
        };
        Ok(said.known_of_file(&self.added).iter().all(is_same))
    }

    /// The rows whose values, as the source had them, one row has and no other: at its place, or all of its cells.
    fn told_by_values(&self, open: &[(&String, u64, &Said)]) -> Result<BTreeMap<String, u64>> {
        let mut groups: HashMap<Vec<usize>, HashMap<String, Vec<u64>>> = HashMap::new();
        let asked = |said: &Said| -> Option<(Vec<usize>, String)> {
            let mut known = Vec::new();
            for (column, before) in said.known_of_file(&self.added) {
                known.push((self.column(column)?, before.clone()));
            }
            known.sort_by_key(|(column, _)| *column);
            let (columns, values): (Vec<usize>, Vec<Value>) = known.into_iter().unzip();
            (!columns.is_empty()).then(|| (columns, Value::List(values).to_string()))
        };
        for (_, _, said) in open {
            if let Some((columns, values)) = asked(said) {
                groups.entry(columns).or_default().insert(values, Vec::new());
            }
        }
        for (columns, wanted) in &mut groups {
            let scan = Scan { columns: Some(columns.clone()), ..Scan::default() };
            let mut first = 0;
            self.file.scan(self.at, &scan, &mut |batch| {
                for row in 0..batch.num_rows() {
                    let cells = batch.columns().iter().map(|column| arrow_value::value(column, row));
                    let values = Value::List(cells.collect::<Result<_>>()?).to_string();
                    // Two are as good as many.
                    if let Some(found) = wanted.get_mut(&values).filter(|found| found.len() < 2) {
                        found.push(first + row as u64);
                    }
                }
                first += batch.num_rows() as u64;
                Ok(Flow::More)
            })?;
        }
        let mut places = BTreeMap::new();
        for (row, place, said) in open {
            let Some((columns, values)) = asked(said) else { continue };
            match groups.get(&columns).and_then(|of| of.get(&values)).map(Vec::as_slice) {
                Some([found]) if found == place || said.deleted.is_some() => {
                    places.insert((*row).clone(), *found);
                }
                _ => {}
            }
        }
        Ok(places)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.file.tables()[self.at].schema.columns.iter().position(|column| column.name == name)
    }

    /// Makes what was said of a row again, where the row is now.
    fn of_row(&mut self, place: u64, said: Said) -> Result<()> {
        let row = self.file.key(self.at, place)?;
        let now = self.file.row(self.at, place)?;
        if let Some((before, _)) = said.deleted {
            let names = self.file.tables()[self.at].schema.columns.iter().map(|column| column.name.clone());
            let now: Vec<(String, Value)> = names.zip(now).collect();
            if now != before {
                let address = RowAddress::Row { table: self.table.clone(), row: row.clone() };
                let (base, theirs) = (Some(Value::Struct(before)), Some(Value::Struct(now)));
                self.stay.push(RowConflict { address, base, ours: None, theirs });
            }
            return self.work.take(RowEdit::Delete { row }).map(|_| ());
        }
        for (column, before, after, _) in said.cells {
            let value = match self.column(&column) {
                Some(at) => now.get(at).cloned().unwrap_or(Value::Null),
                None if self.added.contains(&column) => before.clone(),
                None => {
                    self.drop_cell(&row, column, before, after, None);
                    continue;
                }
            };
            if value == after {
                continue;
            }
            let edit = RowEdit::Set { row: row.clone(), cells: vec![(column.clone(), after.clone())] };
            match self.work.take(edit) {
                Ok(_) if value == before => {}
                Ok(_) => {
                    let address = RowAddress::Cell { table: self.table.clone(), row: row.clone(), column };
                    let (base, ours, theirs) = (Some(before), Some(after), Some(value));
                    self.stay.push(RowConflict { address, base, ours, theirs });
                }
                Err(error) if is_of_content(&error) => self.drop_cell(&row, column, before, after, Some(value)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What was said of a row that is gone, or may be any.
    fn gone(&mut self, row: &str, said: Said) -> Result<()> {
        let is_keyed = self.file.tables()[self.at].schema.key.is_some();
        let place = row.parse::<u64>().ok().filter(|place| !is_keyed && *place < self.file.tables()[self.at].rows);
        let now = place.map(|place| self.file.row(self.at, place)).transpose()?;
        if let (Some((before, _)), false) = (&said.deleted, is_keyed) {
            let address = RowAddress::Row { table: self.table.clone(), row: row.to_owned() };
            let names = self.file.tables()[self.at].schema.columns.iter().map(|column| column.name.clone());
            let theirs = now.clone().map(|now| Value::Struct(names.zip(now).collect()));
            self.dropped.push(RowConflict { address, base: Some(Value::Struct(before.clone())), ours: None, theirs });
        }
        for (column, before, after, _) in said.cells {
            let theirs = self.column(&column).and_then(|at| now.as_ref()?.get(at).cloned());
            self.drop_cell(row, column, before, after, theirs);
        }
        Ok(())
    }

    fn drop_cell(&mut self, row: &str, column: String, before: Value, after: Value, theirs: Option<Value>) {
        let address = RowAddress::Cell { table: self.table.clone(), row: row.to_owned(), column };
        if theirs.as_ref() != Some(&after) {
            self.dropped.push(RowConflict { address, base: Some(before), ours: Some(after), theirs });
        }
    }

    /// Inserts a row again; where the source has one with its key now, it is that one, edited.
    fn insert(&mut self, new: New, is_keyed: bool) -> Result<()> {
        let New { after, key, cells } = new;
        let cells: Vec<(String, Value)> = cells
            .into_iter()
            .filter(|(column, _)| self.column(column).is_some() || self.added.contains(column))
            .collect();
        if is_keyed && let Some(place) = self.file.find(self.at, &key)? {
            let now = self.file.row(self.at, place)?;
            for (column, ours) in cells {
                let theirs = self.column(&column).and_then(|at| now.get(at).cloned());
                if theirs.as_ref() == Some(&ours) || (theirs.is_none() && ours == Value::Null) {
                    continue;
                }
                let edit = RowEdit::Set { row: key.clone(), cells: vec![(column.clone(), ours.clone())] };
                let is_made = match self.work.take(edit) {
                    Ok(_) => true,
                    Err(error) if is_of_content(&error) => false,
                    Err(error) => return Err(error),
                };
                if theirs.is_some() {
                    let address = RowAddress::Cell { table: self.table.clone(), row: key.clone(), column };
                    let conflict = RowConflict { address, base: None, ours: Some(ours), theirs };
                    if is_made { self.stay.push(conflict) } else { self.dropped.push(conflict) }
                }
            }
            return Ok(());
        }
        let told = Value::Struct(cells.clone());
        let stays = match &after {
            Some(after) => self.file.find(self.at, after)?.is_some(),
            None => true,
        };
        let made = match stays {
            true => self.work.insert_at(after, cells.clone()),
            false => Err(Error::not_found("row", &key)),
        };
        let made = match made {
            // Where the row that it came after is gone, or deleted, it comes last.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { what: "row", .. }) => {
                self.work.take(RowEdit::Insert { after: None, cells })
            }
            made => made,
        };
        match made {
            Ok(_) => Ok(()),
            Err(error) if is_of_content(&error) || matches!(error.kind(), ErrorKind::AlreadyExists { .. }) => {
                let address = RowAddress::Row { table: self.table.clone(), row: key };
                self.dropped.push(RowConflict { address, base: None, ours: Some(told), theirs: None });
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl Said {
    /// All values that the edits replaced.
    fn known(&self) -> Vec<(&String, &Value)> {
        match &self.deleted {
            Some((before, _)) => before.iter().map(|(column, value)| (column, value)).collect(),
            None => self.cells.iter().map(|(column, before, ..)| (column, before)).collect(),
        }
    }

    /// Those of them that the file had.
    fn known_of_file(&self, added: &BTreeSet<String>) -> Vec<(&String, &Value)> {
        self.known().into_iter().filter(|(column, _)| !added.contains(*column)).collect()
    }
}
