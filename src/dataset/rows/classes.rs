//! The class maps of a view, and edits of them: renaming, adding and merging classes.
//!
//! A map is a table of numbers and names (COCO's categories, the names of a `data.yaml` or a `classes.txt`), and labels hold the
//! numbers; or there is none, and each label has its name (Pascal VOC), or is a folder of images. To merge classes
//! changes labels. Where a class's number is its place in a list, a class that was merged into another keeps its name
//! and place, and has no label: the numbers of all others, in labels and in models that were trained with them, go on
//! meaning the same.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::class_merges::LabelsOf;
use super::edit::RowEdit;
use super::named::Table;
use super::rewritten::keys_in;
use super::scan::RowScan;
use crate::dataset::draft::Draft;
use crate::dataset::samples;
use crate::dataset::view::View;
use crate::model::{DataPath, Value};
use crate::table::{Flow, arrow_value, number_text};
use crate::{Error, Result};

/// The columns of a table of classes: a number …
const ID: &str = "id";
/// … and a name.
const NAME: &str = "name";

/// A class map, and the labels that speak of it.
#[derive(Clone, Debug)]
pub struct ClassMap {
    /// What people call it: its file's name without ending; of names in labels, the table of these.
    pub name: String,
    classes: Classes,
    /// The table and its column of classes.
    labels: Option<(Table, &'static str)>,
}

/// Where classes are told.
#[derive(Clone, Debug)]
enum Classes {
    /// Each by a row, whose id the labels have.
    Rows(Table),
    /// Each by a row, whose place is its number: none can go.
    Places(Table),
    /// By name, in the labels.
    InLabels,
    /// By the folders that images are in.
    Folders,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its number, where it has one.
    pub number: Option<String>,
    /// Its name.
    pub name: String,
    /// How many labels have it.
    pub labels: u64,
}

/// A row that is a class.
pub(super) struct ClassRow {
    /// The row's key.
    pub(super) row: String,
    pub(super) number: String,
    pub(super) name: String,
}

/// Labels that are rows: their table, and the rows' keys.
pub(super) type LabelRows = (Table, Vec<String>);

impl View {
    /// The class maps that people mean by `name`: a map's, its file's path, one of its tables'; or all of them.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub fn class_maps(&self, name: Option<&str>) -> Result<Vec<ClassMap>> {
        let tables = self.tables()?;
        let of_format = |format: &'static str, part: &'static str| {
            tables.iter().filter(move |table| table.format.name() == format && table.part == part)
        };
        let mut maps = Vec::new();
        for classes in of_format("coco", "categories") {
            let labels = of_format("coco", "annotations").find(|table| table.paths == classes.paths);
            // Beside the labels there may be a file of captions, which are of no class.
            let is_of_classes = |table: &&Table| {
                self.table_info(table).map_or(true, |info| info.schema.find_exact("category_id").is_some())
            };
            let has_classes = || self.table_info(classes).is_ok_and(|info| info.rows > 0);
            let name = classes.name.strip_suffix(".categories").unwrap_or(&classes.name).to_owned();
            if labels.is_some_and(|table| !is_of_classes(&table)) && !has_classes() {
                continue;
            }
            let labels = labels.filter(is_of_classes).map(|table| (table.clone(), "category_id"));
            maps.push(ClassMap { name, classes: Classes::Rows(classes.clone()), labels });
        }
        // The first description of a dataset is that of its labels.
        let mut labels = of_format("yolo", "labels").map(|table| (table.clone(), "class"));
        for classes in of_format("yolo-data", "classes").chain(of_format("yolo-names", "classes")) {
            let name = classes.name.strip_suffix(".classes").unwrap_or(&classes.name).to_owned();
            maps.push(ClassMap { name, classes: Classes::Places(classes.clone()), labels: labels.next() });
        }
        for labels in of_format("voc", "objects") {
            let (name, labels) = (labels.name.clone(), Some((labels.clone(), NAME)));
            maps.push(ClassMap { name, classes: Classes::InLabels, labels });
        }
        if tables.iter().any(Table::is_samples) && self.has_class_folders(&tables)? {
            maps.push(ClassMap { name: samples::NAME.to_owned(), classes: Classes::Folders, labels: None });
        }
        if let Some(name) = name {
            maps.retain(|map| map.is_meant_by(name));
        }
        if maps.is_empty() {
            return Err(Error::not_found("class map", name.unwrap_or("in any table")));
        }
        Ok(maps)
    }

    /// The classes of a map, in its order, with the number of their labels; where labels have names, in order of name.
    pub fn classes(&self, map: &ClassMap) -> Result<Vec<Class>> {
        if let Classes::Folders = map.classes {
            return self.class_folders();
        }
        let mut count: BTreeMap<String, u64> = BTreeMap::new();
        if let Some((labels, column)) = &map.labels {
            self.each_cell(labels, column, &mut |_, class| *count.entry(number_text(class)).or_default() += 1)?;
        }
        let Some(table) = map.table() else {
            let class = |(name, labels)| Class { number: None, name, labels };
            return Ok(count.into_iter().map(class).collect());
        };
        let class = |ClassRow { number, name, .. }| {
            let labels = count.get(&number).copied().unwrap_or(0);
            Class { number: Some(number), name, labels }
        };
        Ok(self.class_rows(table)?.into_iter().map(class).collect())
    }

    /// The name that a map has for a class, as labels have it; `None` where it has no such class.
    pub(super) fn class_name(&self, map: &ClassMap, class: &str) -> Result<Option<String>> {
        let Some(table) = map.table() else { return Ok(Some(class.to_owned())) };
        Ok(self.class_rows(table)?.into_iter().find(|row| row.number == class).map(|row| row.name))
    }

    /// Whether a class, as labels have it, is one: of a table of ids by its row, else by its labels. Where labels are
    /// rows, these come with it, by their keys.
    pub(super) fn class_in_use(&self, map: &ClassMap, class: &str) -> Result<(bool, Option<LabelRows>)> {
        if let Classes::Folders = map.classes {
            let folders = self.class_folders()?;
            return Ok((folders.iter().any(|folder| folder.name == class && folder.labels > 0), None));
        }
        let mut keys = Vec::new();
        if let Some((table, column)) = &map.labels {
            let mut note = |row, value: &Value| keys.extend((number_text(value) == class).then_some(row));
            self.each_cell(table, column, &mut note)?;
        }
        let is_there = match &map.classes {
            Classes::Rows(table) => self.class_rows(table)?.iter().any(|row| row.number == class),
            _ => !keys.is_empty(),
        };
        Ok((is_there, map.labels.as_ref().map(|(table, _)| (table.clone(), keys))))
    }

    /// The keys that labels of a side have in `table`, which is theirs in this view.
    fn labels_now(&self, table: &Table, labels: &LabelsOf<'_>) -> Result<HashSet<String>> {
        let mut by_file: BTreeMap<DataPath, BTreeSet<String>> = BTreeMap::new();
        for key in &labels.keys {
            let (path, row) = labels.table.split_key(key)?;
            by_file.entry(path).or_default().insert(row.to_owned());
        }
        let mut found = HashSet::new();
        for (path, rows) in by_file {
            let (Some(old), Some(new)) = (labels.side.node(&path)?, self.node(&path)?) else { continue };
            let now = keys_in(&labels.table.part, &rows, [(labels.side, &old), (self, &new)])?;
            let rows = now.map_or(rows, |now| now.into_values().collect());
            found.extend(rows.iter().map(|row| table.key(&path, row)));
        }
        Ok(found)
    }

    /// The classes of a table, in its order.
    pub(super) fn class_rows(&self, table: &Table) -> Result<Vec<ClassRow>> {
        let (mut numbers, mut rows) = (Vec::new(), Vec::new());
        self.each_cell(table, ID, &mut |_, number| numbers.push(number_text(number)))?;
        let mut number = numbers.into_iter();
        self.each_cell(table, NAME, &mut |row, name| {
            rows.push(ClassRow { row, number: number.next().unwrap_or_default(), name: name.to_string() });
        })?;
        Ok(rows)
    }

    /// Tells all cells of a column, with the keys of their rows.
    fn each_cell(&self, table: &Table, column: &str, sink: &mut dyn FnMut(String, &Value)) -> Result<()> {
        let scan = RowScan { columns: Some(vec![column.to_owned()]) };
        self.scan_rows(table, &scan, &mut |rows| {
            for (row, value) in arrow_value::values(rows.batch.column(0))?.iter().enumerate() {
                sink(rows.key(row)?, value);
            }
            Ok(Flow::More)
        })
    }
}

impl ClassMap {
    /// The table whose rows are classes.
    pub(super) fn table(&self) -> Option<&Table> {
        match &self.classes {
            Classes::Rows(table) | Classes::Places(table) => Some(table),
            Classes::InLabels | Classes::Folders => None,
        }
    }

    /// The table whose rows are classes, where a class's number is its place.
    pub(super) fn places(&self) -> Option<&Table> {
        match &self.classes {
            Classes::Places(table) => Some(table),
            _ => None,
        }
    }

    /// The table of the labels, and its column of their classes.
    pub(super) fn labels(&self) -> Option<(&Table, &'static str)> {
        self.labels.as_ref().map(|(table, column)| (table, *column))
    }

    /// Whether labels are rows of a table.
    pub(super) fn has_label_rows(&self) -> bool {
        self.labels.is_some()
    }

    /// The table of labels that are rows, and its column of classes.
    pub(super) fn label_rows(&self) -> Option<(&Table, &'static str)> {
        self.labels.as_ref().map(|(table, column)| (table, *column))
    }

    fn is_meant_by(&self, name: &str) -> bool {
        let mut tables = self.table().into_iter().chain(self.labels.iter().map(|(table, _)| table));
        let is_file =
            |table: &Table| !table.is_many && table.paths.iter().any(|path| path.as_bytes() == name.as_bytes());
        self.name == name || tables.any(|table| table.name == name || is_file(table))
    }
}

impl Draft {
    /// Gives a class another name: in the map, or in all labels where these have names. Returns how many rows changed.
    ///
    /// # Errors
    /// `NotFound` for a class that is not there, `AlreadyExists` where another one has the new name, `Invalid` for what
    /// is no name.
    pub fn rename_class(&mut self, map: &ClassMap, from: &str, to: &str) -> Result<usize> {
        if !matches!(map.classes, Classes::InLabels) {
            self.renamed(map, from, to)
        } else {
            self.in_all_labels(map, |draft, map| draft.renamed(map, from, to))
        }
    }

    fn renamed(&mut self, map: &ClassMap, from: &str, to: &str) -> Result<usize> {
        let classes = self.view.classes(map)?;
        is_there(classes.iter().map(|class| &class.name), from)?;
        if from == to {
            return Ok(0);
        }
        if classes.iter().any(|class| class.name == to) {
            return Err(Error::already_exists("class", to));
        }
        refuse_unnamable(to)?;
        if let Classes::Folders = map.classes {
            let before = self.view.overlay.clone();
            let renamed = self.rename_class_folders(from, to).inspect_err(|_| self.view.overlay = before)?;
            self.note_renamed(map, from, to)?;
            return Ok(renamed);
        }
        if let Classes::InLabels = map.classes {
            self.note_renamed(map, from, to)?;
        }
        let (from, name) = ([from.to_owned()], Value::Text(to.to_owned()));
        match map.table() {
            Some(table) => self.set_where(table, NAME, &from, &name),
            None => self.label(map, &from, &name),
        }
    }

    /// Adds a class to a map, as its last.
    ///
    /// # Errors
    /// `AlreadyExists`; `Invalid` where a class is there only once a label has it, and for what is no name.
    pub fn add_class(&mut self, map: &ClassMap, name: &str) -> Result<()> {
        if self.view.classes(map)?.iter().any(|class| class.name == name) {
            return Err(Error::already_exists("class", name));
        }
        refuse_unnamable(name)?;
        if let Classes::Folders = map.classes {
            let before = self.view.overlay.clone();
            self.add_class_folders(name).inspect_err(|_| self.view.overlay = before)?;
            // Whoever makes it again means another one.
            return self.note_renamed(map, name, name);
        }
        let (Classes::Rows(table) | Classes::Places(table)) = &map.classes else {
            return Err(Error::invalid("class to add", name, "a class of this format is there once a label has it"));
        };
        let cells = vec![(NAME.to_owned(), Value::Text(name.to_owned()))];
        self.edit_table(table, vec![RowEdit::Insert { after: None, cells }]).map(|_| ())
    }

    /// Makes the labels of some classes those of another one, which may be a new name for them all. Returns how many
    /// labels changed; those of samples that are excluded change, too.
    ///
    /// A class of a table of ids is then gone; one whose number is its place stays, without labels. Of several classes
    /// of one name, the first is the one that others are merged into, and all are merged into another one.
    ///
    /// # Errors
    /// `NotFound` for a class that is not there, `Invalid` for a new name that is none.
    pub fn merge_classes(&mut self, map: &ClassMap, from: &[String], into: &str) -> Result<usize> {
        self.in_all_labels(map, |draft, map| match map.table() {
            Some(table) => draft.merged_rows(map, table, from, into),
            None => draft.merged_names(map, from, into),
        })
    }

    /// Merges classes that are but names in labels.
    fn merged_names(&mut self, map: &ClassMap, from: &[String], into: &str) -> Result<usize> {
        let classes = self.view.classes(map)?;
        from.iter().try_for_each(|name| is_there(classes.iter().map(|class| &class.name), name))?;
        if !classes.iter().any(|class| class.name == into) {
            refuse_unnamable(into)?;
        }
        let others: Vec<String> = from.iter().filter(|name| *name != into).cloned().collect();
        self.note_merged(map, &others, &Value::Text(into.to_owned()))?;
        if let Classes::Folders = map.classes {
            if let (Some(first), false) = (others.first(), classes.iter().any(|class| class.name == into)) {
                let renamed = self.rename_class_folders(first, into)?;
                return Ok(renamed + self.merge_class_folders(&others[1..], into)?);
            }
            return self.merge_class_folders(&others, into);
        }
        self.label(map, &others, &Value::Text(into.to_owned()))
    }

    /// Merges classes that are rows of a table.
    fn merged_rows(&mut self, map: &ClassMap, table: &Table, from: &[String], into: &str) -> Result<usize> {
        let classes = self.view.class_rows(table)?;
        from.iter().try_for_each(|name| is_there(classes.iter().map(|class| &class.name), name))?;
        let first = |name: &str| classes.iter().find(|class| class.name == name);
        if first(into).is_none() {
            refuse_unnamable(into)?;
        }
        // A name that no class has yet becomes that of the first.
        let kept = first(into).or_else(|| first(from.first()?)).ok_or_else(|| Error::not_found("class", into))?;
        let gone: Vec<&ClassRow> =
            classes.iter().filter(|class| class.row != kept.row && from.contains(&class.name)).collect();
        let numbers: Vec<String> = gone.iter().map(|class| class.number.clone()).collect();
        let number = kept.number.parse().map_or_else(|_| Value::Text(kept.number.clone()), Value::Int);
        let changed = self.label(map, &numbers, &number)?;
        self.note_merged(map, &numbers, &number)?;
        if let Classes::Rows(table) = &map.classes {
            let delete = |class: &&ClassRow| RowEdit::Delete { row: class.row.clone() };
            self.edit_table(table, gone.iter().map(delete).collect())?;
        }
        if kept.name != into {
            let cells = vec![(NAME.to_owned(), Value::Text(into.to_owned()))];
            self.edit_table(table, vec![RowEdit::Set { row: kept.row.clone(), cells }])?;
        }
        Ok(changed)
    }

    /// Gives all labels of some classes others, as their map has them: numbers, or names; but for some that stay.
    pub(super) fn give_classes(
        &mut self,
        map: &ClassMap,
        to: &BTreeMap<String, Value>,
        stay: &[LabelsOf<'_>],
    ) -> Result<()> {
        self.in_all_labels(map, |draft, map| {
            if let Classes::Folders = map.classes {
                for (class, into) in to {
                    draft.merge_class_folders(std::slice::from_ref(class), &into.to_string())?;
                }
                return Ok(());
            }
            let Some((table, column)) = &map.labels else { return Ok(()) };
            let mut kept = HashSet::new();
            for labels in stay {
                kept.extend(draft.view.labels_now(table, labels)?);
            }
            draft.set_where_but(table, column, to, &kept).map(drop)
        })
    }

    /// Does all of an edit or nothing, to labels of samples that are excluded as well.
    fn in_all_labels<T>(&mut self, map: &ClassMap, edit: impl FnOnce(&mut Draft, &ClassMap) -> Result<T>) -> Result<T> {
        let before = self.view.overlay.clone();
        let edited = self.with_excluded(|draft| {
            if draft.view.overlay.root() == before.root() {
                return edit(draft, map);
            }
            // Files that were hidden are in its tables now.
            let maps = draft.view.class_maps(None)?;
            let all = maps.iter().find(|of_all| of_all.name == map.name).unwrap_or(map);
            edit(draft, all)
        });
        edited.inspect_err(|_| self.view.overlay = before)
    }

    /// Sets the class of all labels that have one of these.
    fn label(&mut self, map: &ClassMap, from: &[String], class: &Value) -> Result<usize> {
        match &map.labels {
            Some((table, column)) => self.set_where(table, column, from, class),
            None => Ok(0),
        }
    }

    /// Sets the cells of a column that have one of these values, as text.
    fn set_where(&mut self, table: &Table, column: &str, from: &[String], to: &Value) -> Result<usize> {
        let to = from.iter().map(|from| (from.clone(), to.clone())).collect();
        self.set_where_but(table, column, &to, &HashSet::new())
    }

    /// As [`Draft::set_where`], each value to another one, but for the rows with some keys.
    fn set_where_but(
        &mut self,
        table: &Table,
        column: &str,
        to: &BTreeMap<String, Value>,
        but: &HashSet<String>,
    ) -> Result<usize> {
        let mut edits = Vec::new();
        self.view.each_cell(table, column, &mut |row, value| {
            if let Some(to) = to.get(&number_text(value)).filter(|_| !but.contains(&row)) {
                edits.push(RowEdit::Set { row, cells: vec![(column.to_owned(), to.clone())] });
            }
        })?;
        let count = edits.len();
        self.edit_table(table, edits)?;
        Ok(count)
    }
}

/// Refuses what nobody would take for the name of a class.
///
/// # Errors
/// `Invalid`.
fn refuse_unnamable(name: &str) -> Result<()> {
    let why = match name {
        name if name.trim().is_empty() => "a class has a name",
        name if name.chars().any(char::is_control) => "a name is one line of text",
        _ => return Ok(()),
    };
    Err(Error::invalid("name of a class", name, why))
}

/// # Errors
/// `NotFound` where no class has the name.
fn is_there<'c>(mut names: impl Iterator<Item = &'c String>, name: &str) -> Result<()> {
    if names.any(|known| known == name) { Ok(()) } else { Err(Error::not_found("class", name)) }
}
