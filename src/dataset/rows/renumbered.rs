//! Classes that an overlay added, where the source has got others of their numbers since.
//!
//! Whoever adds a class takes the number that is next, and so does the owner of the source. What the source's labels
//! say stays, so the overlay's class gets a number of its own, and the labels that the overlay gave go along. Of one
//! name, both are one class. All of that is told by the overlay: the bytes that it was made on may be gone.

use std::collections::{BTreeMap, BTreeSet};

use super::class_merges::{maps_of, renumbered_notes};
use super::classes::ClassMap;
use super::named::Table;
use super::placed::Edits;
use super::rewritten::keys_in;
use super::scan::Scanning;
use super::side::Side;
use super::splice::Splicing;
use super::work::{Besides, Work};
use super::{Part, RowEdit, file_with_rows};
use crate::Result;
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, ExcludedRow, FileChange, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Flow, Role, TableFile, TableInfo, arrow_value, number_text};

/// The numbers that classes get, as labels have them, by those that they had.
pub(in crate::dataset) type Numbers = BTreeMap<String, Value>;

/// The classes of a file, and what is inserted into them.
struct Classes<'f> {
    info: &'f TableInfo,
    /// The places of the columns.
    key: usize,
    name: usize,
    /// The names by number, as the source has them and edits renamed them.
    there: BTreeMap<String, String>,
    /// Number and name of those that were added, in order of number.
    new: Vec<(i64, String)>,
}

impl<'f> Classes<'f> {
    /// `None` for a file to which no class was added.
    fn of(file: &'f dyn TableFile, rows: &Rows) -> Result<Option<Classes<'f>>> {
        let is_list = |at: &usize| file.ids_are_places(*at);
        let Some(at) = file.class_table().map(|(at, _)| at).or_else(|| (0..file.tables().len()).find(is_list)) else {
            return Ok(None);
        };
        let info = &file.tables()[at];
        let (Some(key), Some(name)) = (info.schema.key, info.schema.find("name")) else { return Ok(None) };
        let mut classes = Classes { info, key, name, there: BTreeMap::new(), new: Vec::new() };
        let said = rows.of_table(&info.name)?;
        for (address, change) in &said {
            if let (RowAddress::Row { row, .. }, RowChange::Inserted { cells, is_below: false, .. }) = (address, change)
                && let Ok(number) = row.parse()
            {
                classes.new.push((number, classes.name_in(cells)));
            }
        }
        if classes.new.is_empty() {
            return Ok(None);
        }
        classes.new.sort();
        for row in 0..info.rows {
            let cells = file.row(at, row)?;
            classes.there.insert(cells[key].to_string(), cells[name].to_string());
        }
        for (address, change) in said {
            match (address, change) {
                (RowAddress::Cell { row, column, .. }, RowChange::Set { after, .. })
                    if column == info.schema.columns[name].name && classes.there.contains_key(&row) =>
                {
                    classes.there.insert(row, after.to_string());
                }
                (RowAddress::Row { row, .. }, RowChange::Deleted { .. }) => drop(classes.there.remove(&row)),
                _ => {}
            }
        }
        Ok(Some(classes))
    }

    fn name_in(&self, cells: &[(String, Value)]) -> String {
        let column = &self.info.schema.columns[self.name].name;
        cells.iter().find(|(of, _)| of == column).map_or_else(String::new, |(_, name)| name.to_string())
    }

    /// The other numbers that those which were added get.
    fn numbers(&self, is_list: bool) -> Numbers {
        let highest = self.there.keys().filter_map(|number| number.parse().ok()).max().unwrap_or(-1);
        // In a list the next one is free; ids are given once.
        let of_new = self.new.iter().map(|(number, _)| *number).max().filter(|_| !is_list).unwrap_or(-1);
        let mut next = highest.max(of_new).saturating_add(1);
        let mut numbers = Numbers::new();
        let mut has_moved = false;
        for (number, name) in &self.new {
            let known = self.there.iter().find(|(_, of_source)| *of_source == name);
            let known = known.and_then(|(number, _)| number.parse().ok());
            let is_taken = self.there.contains_key(&number.to_string()) || (is_list && has_moved);
            let now = match known {
                Some(known) => known,
                None if is_taken => {
                    next = next.saturating_add(1);
                    next - 1
                }
                None => {
                    next = next.max(number.saturating_add(1));
                    *number
                }
            };
            if now != *number {
                has_moved = true;
                numbers.insert(number.to_string(), Value::Int(now));
            }
        }
        numbers
    }

    /// What is to be said instead of the classes that were added: of one that the source has by its name, nothing.
    fn said_anew(&self, rows: &Rows, numbers: &Numbers) -> Result<Vec<(RowAddress, Option<RowChange>)>> {
        let address = |row: &str| RowAddress::Row { table: self.info.name.clone(), row: row.to_owned() };
        let (mut gone, mut made) = (BTreeMap::new(), BTreeMap::new());
        for (number, now) in numbers {
            let Some(RowChange::Inserted { after, mut cells, .. }) = rows.get(&address(number))? else { continue };
            gone.insert(address(number), None);
            if self.there.get(&now.to_string()) == Some(&self.name_in(&cells)) {
                continue;
            }
            let key = &self.info.schema.columns[self.key].name;
            cells.iter_mut().filter(|(column, _)| column == key).for_each(|(_, id)| *id = now.clone());
            let again = RowChange::Inserted { after, cells, patch: None, is_below: false };
            made.insert(address(&now.to_string()), Some(again));
        }
        gone.extend(made);
        Ok(gone.into_iter().collect())
    }
}

/// What row changes say over the file below, in which classes that they add have other numbers; and these numbers.
/// `None` where all keep theirs.
pub(super) fn over_other_classes(file: &dyn TableFile, rows: &Rows) -> Result<Option<(Rows, Numbers)>> {
    let Some(classes) = Classes::of(file, rows)? else { return Ok(None) };
    let is_list = file.class_table().is_none();
    let numbers = classes.numbers(is_list);
    if numbers.is_empty() {
        return Ok(None);
    }
    let mut edits = classes.said_anew(rows, &numbers)?;
    for info in file.tables() {
        for column in info.schema.columns.iter().filter(|column| matches!(column.role, Role::Label { .. })) {
            edits.extend(labels_anew(rows, &info.name, &column.name, &numbers)?);
        }
    }
    Ok(Some((rows.with(edits)?, numbers)))
}

/// The labels that row changes give, with the numbers that their classes get.
fn labels_anew(
    rows: &Rows,
    table: &str,
    column: &str,
    numbers: &Numbers,
) -> Result<Vec<(RowAddress, Option<RowChange>)>> {
    let mut edits = Vec::new();
    for (address, mut change) in rows.of_table(table)? {
        let of_cell = match &address {
            RowAddress::Cell { column, .. } => Some(column.as_str()),
            _ => None,
        };
        if label_anew(of_cell, &mut change, column, numbers) {
            edits.push((address, Some(change)));
        }
    }
    Ok(edits)
}

/// Gives what is said of a row, or of its cell in the column `of`, the number that its class gets. Returns whether it
/// has another one.
fn label_anew(of: Option<&str>, change: &mut RowChange, column: &str, numbers: &Numbers) -> bool {
    let cell = match (of, change) {
        (Some(of), RowChange::Set { after, .. }) if of == column => Some(after),
        (None, RowChange::Inserted { cells, is_below: false, .. }) => {
            cells.iter_mut().find(|(of, _)| of == column).map(|(_, cell)| cell)
        }
        _ => None,
    };
    let now = cell.as_ref().and_then(|cell| numbers.get(&number_text(cell)));
    match (cell, now) {
        (Some(cell), Some(now)) => {
            *cell = as_written(cell, now);
            true
        }
        _ => false,
    }
}

/// The number of a class as its labels have it: some programs write them as fractions.
fn as_written(label: &Value, number: &Value) -> Value {
    match (label, number) {
        (Value::Float(_), Value::Int(number)) => Value::Float(*number as f64),
        _ => number.clone(),
    }
}

/// Files of labels and notes of an overlay, whose classes get other numbers.
pub(in crate::dataset) struct Relabelling {
    /// What is laid so far, with what is excluded.
    view: View,
    /// The class maps, with the numbers of each.
    maps: Vec<(ClassMap, Numbers)>,
}

impl Relabelling {
    /// `laid` has the classes already; `files` are those that say them.
    pub(in crate::dataset) fn of(laid: &View, files: &BTreeMap<DataPath, Numbers>) -> Result<Relabelling> {
        let view = samples::with_all(laid)?;
        let numbers = |map: &ClassMap| map.table().and_then(|table| files.get(table.paths.first()?)).cloned();
        let maps = maps_of(&view)?.into_iter().filter_map(|map| numbers(&map).map(|numbers| (map, numbers)));
        Ok(Relabelling { maps: maps.collect(), view })
    }

    /// What is laid so far, with what is excluded.
    pub(in crate::dataset) fn view(&self) -> &View {
        &self.view
    }

    /// The table of labels that a file is of which is not the one with the classes, its column of these, and the
    /// numbers that they get.
    fn labels(&self, path: &DataPath) -> Option<(&Table, &'static str, &Numbers)> {
        self.maps.iter().filter(|(map, _)| map.places().is_some()).find_map(|(map, numbers)| {
            let (table, column) = map.labels().filter(|(table, _)| table.paths.binary_search(path).is_ok())?;
            Some((table, column, numbers))
        })
    }

    /// Whether a file has such labels.
    pub(in crate::dataset) fn is_of(&self, path: &DataPath) -> bool {
        self.labels(path).is_some()
    }

    /// The row changes of a file of labels with the numbers that their classes get.
    pub(in crate::dataset) fn rows(&self, path: &DataPath, rows: &Rows) -> Result<Rows> {
        match self.labels(path) {
            Some((table, column, numbers)) => rows.with(labels_anew(rows, &table.part, column, numbers)?),
            None => Ok(rows.clone()),
        }
    }

    /// The file of labels `node` with the numbers that their classes get. Labels that `under`, the source's file, has
    /// itself are no class of the overlay's.
    ///
    /// # Errors
    /// Those of the file.
    pub(in crate::dataset) fn file(&self, node: &Node, under: Option<&Node>) -> Result<Option<FileChange>> {
        let Some((table, column, numbers)) = self.labels(&node.path) else { return Ok(None) };
        let Some(side) = Side::of(&self.view, node)? else { return Ok(None) };
        let stay = match under {
            Some(under) => self.of_source(node, under, &table.part, column, numbers)?,
            None => BTreeSet::new(),
        };
        Part::open(&self.view, node, &*side.format)?.with_file(|file, rows| {
            let mut work = Work::new(file, rows, &table.part, Besides::NOTHING)?;
            for (row, now) in labels_in(file, rows, &table.part, column, numbers)? {
                if !stay.contains(&row) {
                    work.take(RowEdit::Set { row, cells: vec![(column.to_owned(), now)] })?;
                }
            }
            let splicing = Splicing::of(file, work.at, rows, work.into_changes())?;
            let (rows, grown) = splicing.store(rows.clone(), &*self.view.store)?;
            file_with_rows(&self.view, node, &rows, grown).map(Some)
        })
    }

    /// The keys in `node` of the labels that the source's file has with such a number.
    fn of_source(
        &self,
        node: &Node,
        under: &Node,
        part: &str,
        column: &str,
        numbers: &Numbers,
    ) -> Result<BTreeSet<String>> {
        let Some(side) = Side::of(&self.view, under)? else { return Ok(BTreeSet::new()) };
        let labels = Part::open(&self.view, under, &*side.format)?
            .with_file(|file, rows| labels_in(file, rows, part, column, numbers))?;
        let wanted: BTreeSet<String> = labels.into_iter().map(|(row, _)| row).collect();
        if node.place.below() == &under.place {
            let said = self.view.rows_of(node);
            let is_set = |row: &String| {
                let (table, row, column) = (part.to_owned(), row.clone(), column.to_owned());
                said.get(&RowAddress::Cell { table, row, column }).map(|said| said.is_some())
            };
            let mut stay = BTreeSet::new();
            for row in wanted {
                if !is_set(&row)? {
                    stay.insert(row);
                }
            }
            return Ok(stay);
        }
        let now = keys_in(part, &wanted, [(&self.view, under), (&self.view, node)])?;
        Ok(now.map(|now| now.into_values().collect()).unwrap_or_default())
    }

    /// Gives classes that are noted beside the files the numbers that they get, and those of rows that are hidden.
    pub(in crate::dataset) fn notes(&self, laid: &mut View) -> Result<()> {
        for (map, numbers) in &self.maps {
            let said = laid.overlay.samples()?;
            let mut edits: BTreeMap<_, _> = renumbered_notes(&said, &map.name, numbers)?;
            if let Some((table, column)) = map.labels() {
                for (address, mut change) in said.entries()? {
                    if let RowChange::Excluded { rows } = &mut change
                        && hidden_anew(rows, table, column, numbers)
                    {
                        edits.insert(address, Some(change));
                    }
                }
            }
            if !edits.is_empty() {
                laid.overlay = laid.overlay.with_samples(&said.with(edits)?)?;
            }
        }
        Ok(())
    }
}

/// Gives hidden rows of a table of labels the numbers that their classes get. Returns whether any has another one.
fn hidden_anew(rows: &mut [ExcludedRow], labels: &Table, column: &str, numbers: &Numbers) -> bool {
    let mut has_changed = false;
    for row in rows.iter_mut().filter(|row| row.table == labels.part && labels.paths.binary_search(&row.path).is_ok()) {
        for (of, was) in &mut row.was {
            has_changed |= label_anew(of.as_deref(), was, column, numbers);
        }
    }
    has_changed
}

/// The labels of these classes in a file: the key of each, and the number that its class gets.
fn labels_in(
    file: &dyn TableFile,
    rows: &Rows,
    part: &str,
    column: &str,
    numbers: &Numbers,
) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    let Some(at) = file.tables().iter().position(|info| info.name == part) else { return Ok(found) };
    Scanning::new(file, at, Edits::of(file, at, rows)?, Some(&[column.to_owned()]))?.run(&mut |batch| {
        for (row, class) in arrow_value::values(batch.batch.column(0))?.iter().enumerate() {
            if let Some(now) = numbers.get(&number_text(class)) {
                found.push((batch.key(row)?, as_written(class, now)));
            }
        }
        Ok(Flow::More)
    })?;
    Ok(found)
}
