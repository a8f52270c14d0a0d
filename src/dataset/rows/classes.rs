//! The class maps of a view, and edits of them: renaming, adding and merging classes.
//!
//! A map is a table of numbers and names (COCO's categories, the names of a `data.yaml`), and labels hold the
//! numbers; or there is none, and each label has its name (Pascal VOC). To merge classes changes labels. Where
//! a class's number is its place in a list, a class that was merged into another keeps its name and place, and has
//! no label: the numbers of all others, in labels and in models that were trained with them, go on meaning the same.

use std::collections::{BTreeMap, HashSet};

use super::edit::RowEdit;
use super::find::Table;
use super::scan::RowScan;
use crate::dataset::draft::Draft;
use crate::dataset::view::View;
use crate::model::Value;
use crate::table::{Flow, arrow_value};
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
            let name = classes.name.strip_suffix(".categories").unwrap_or(&classes.name).to_owned();
            let labels = labels.map(|table| (table.clone(), "category_id"));
            maps.push(ClassMap { name, classes: Classes::Rows(classes.clone()), labels });
        }
        // The first description of a dataset is that of its labels.
        let mut labels = of_format("yolo", "labels").map(|table| (table.clone(), "class"));
        for classes in of_format("yolo-data", "classes") {
            let name = classes.name.strip_suffix(".classes").unwrap_or(&classes.name).to_owned();
            maps.push(ClassMap { name, classes: Classes::Places(classes.clone()), labels: labels.next() });
        }
        for labels in of_format("voc", "objects") {
            let (name, labels) = (labels.name.clone(), Some((labels.clone(), NAME)));
            maps.push(ClassMap { name, classes: Classes::InLabels, labels });
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
        let mut count: BTreeMap<String, u64> = BTreeMap::new();
        if let Some((labels, column)) = &map.labels {
            self.each_cell(labels, column, &mut |_, class| *count.entry(class.to_string()).or_default() += 1)?;
        }
        let (Classes::Rows(classes) | Classes::Places(classes)) = &map.classes else {
            let class = |(name, labels)| Class { number: None, name, labels };
            return Ok(count.into_iter().map(class).collect());
        };
        let (mut numbers, mut names) = (Vec::new(), Vec::new());
        self.each_cell(classes, ID, &mut |_, number| numbers.push(number.to_string()))?;
        self.each_cell(classes, NAME, &mut |_, name| names.push(name.to_string()))?;
        let class = |(number, name): (String, String)| {
            let labels = count.get(&number).copied().unwrap_or(0);
            Class { number: Some(number), name, labels }
        };
        Ok(numbers.into_iter().zip(names).map(class).collect())
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
    fn is_meant_by(&self, name: &str) -> bool {
        let classes = match &self.classes {
            Classes::Rows(table) | Classes::Places(table) => Some(table),
            Classes::InLabels => None,
        };
        let mut tables = classes.into_iter().chain(self.labels.iter().map(|(table, _)| table));
        let is_file =
            |table: &Table| !table.is_many && table.paths.iter().any(|path| path.as_bytes() == name.as_bytes());
        self.name == name || tables.any(|table| table.name == name || is_file(table))
    }
}

impl Draft {
    /// Gives a class another name: in the map, or in all labels where these have names. Returns how many rows changed.
    ///
    /// # Errors
    /// `NotFound` for a class that is not there, `AlreadyExists` where another one has the new name.
    pub fn rename_class(&mut self, map: &ClassMap, from: &str, to: &str) -> Result<usize> {
        let classes = self.view.classes(map)?;
        named(&classes, from)?;
        if from == to {
            return Ok(0);
        }
        if classes.iter().any(|class| class.name == to) {
            return Err(Error::already_exists("class", to));
        }
        let name = Value::Text(to.to_owned());
        match &map.classes {
            Classes::Rows(table) | Classes::Places(table) => self.set_where(table, NAME, &[from.to_owned()], &name),
            Classes::InLabels => self.label(map, &[from.to_owned()], &name),
        }
    }

    /// Adds a class to a map, as its last.
    ///
    /// # Errors
    /// `AlreadyExists`; `Invalid` where a class is there only once a label has it.
    pub fn add_class(&mut self, map: &ClassMap, name: &str) -> Result<()> {
        if self.view.classes(map)?.iter().any(|class| class.name == name) {
            return Err(Error::already_exists("class", name));
        }
        let (Classes::Rows(table) | Classes::Places(table)) = &map.classes else {
            return Err(Error::invalid("class to add", name, "a class of this format is there once a label has it"));
        };
        let cells = vec![(NAME.to_owned(), Value::Text(name.to_owned()))];
        self.edit_table(table, vec![RowEdit::Insert { after: None, cells }]).map(|_| ())
    }

    /// Makes the labels of some classes those of another one, which may be a new name for them all. Returns how many
    /// labels changed.
    ///
    /// A class of a table of ids is then gone; one whose number is its place stays, without labels.
    ///
    /// # Errors
    /// `NotFound` for a class that is not there.
    pub fn merge_classes(&mut self, map: &ClassMap, from: &[String], into: &str) -> Result<usize> {
        let before = self.view.overlay.clone();
        self.merged_classes(map, from, into).inspect_err(|_| self.view.overlay = before)
    }

    fn merged_classes(&mut self, map: &ClassMap, from: &[String], into: &str) -> Result<usize> {
        let classes = self.view.classes(map)?;
        from.iter().try_for_each(|name| named(&classes, name).map(|_| ()))?;
        let others = |kept: &str| from.iter().filter(|name| *name != kept).cloned().collect::<Vec<_>>();
        if let Classes::InLabels = map.classes {
            return self.label(map, &others(into), &Value::Text(into.to_owned()));
        }
        // A name that no class has yet becomes that of the first.
        let is_kept = |class: &&Class| class.name == into;
        let first = || classes.iter().find(|class| from.first() == Some(&class.name));
        let kept = classes.iter().find(is_kept).or_else(first).ok_or_else(|| Error::not_found("class", into))?;
        let gone = others(&kept.name);
        let numbers: Vec<String> = gone.iter().filter_map(|name| named(&classes, name).ok()?.number.clone()).collect();
        let number = kept.number.clone().unwrap_or_default();
        let number = number.parse().map_or(Value::Text(number), Value::Int);
        let changed = self.label(map, &numbers, &number)?;
        if let Classes::Rows(table) = &map.classes {
            let gone: HashSet<&String> = gone.iter().collect();
            let mut rows = Vec::new();
            self.view.each_cell(table, NAME, &mut |row, name| {
                if gone.contains(&name.to_string()) {
                    rows.push(RowEdit::Delete { row });
                }
            })?;
            self.edit_table(table, rows)?;
        }
        if kept.name != into {
            self.rename_class(map, &kept.name, into)?;
        }
        Ok(changed)
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
        let from: HashSet<&String> = from.iter().collect();
        let mut edits = Vec::new();
        self.view.each_cell(table, column, &mut |row, value| {
            if from.contains(&value.to_string()) {
                edits.push(RowEdit::Set { row, cells: vec![(column.to_owned(), to.clone())] });
            }
        })?;
        let count = edits.len();
        self.edit_table(table, edits)?;
        Ok(count)
    }
}

fn named<'c>(classes: &'c [Class], name: &str) -> Result<&'c Class> {
    classes.iter().find(|class| class.name == name).ok_or_else(|| Error::not_found("class", name))
}
