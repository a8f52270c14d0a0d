//! All samples of a view, with what is said of each.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::images::Images;
use super::place::Places;
use super::{EXCLUDED, PART, coco, hide, listed, readable, voc, yolo};
use crate::Result;
use crate::dataset::rows::{FileProblem, Table, column};
use crate::dataset::view::View;
use crate::model::{DataPath, RowAddress, RowChange, Value};
use crate::table::images::Layout;
use crate::table::{Column, images};

/// What is wanted to be known of samples, beside which there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Labels and boxes.
    pub(super) notes: bool,
    /// Cells of tables that name images, by the name of the column; `None` is all.
    pub(super) cells: Option<Vec<String>>,
    /// Where what is said of each lies.
    pub(super) sources: bool,
    /// The files whose tables are read; `None` is all.
    pub(super) only: Option<BTreeSet<DataPath>>,
}

impl Wanted {
    /// Which samples there are, and no more.
    pub(super) fn nothing() -> Wanted {
        Wanted { cells: Some(Vec::new()), ..Wanted::default() }
    }

    /// Nothing but where what is said of each sample lies.
    pub(super) fn sources() -> Wanted {
        Wanted { sources: true, ..Wanted::nothing() }
    }

    fn wants_table(&self, table: &Table) -> bool {
        self.only.as_ref().is_none_or(|only| table.paths.iter().any(|path| only.contains(path)))
    }

    pub(super) fn wants(&self, column: &str) -> bool {
        self.cells.as_ref().is_none_or(|names| names.iter().any(|name| name == column))
    }
}

/// A sample that is an image.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) key: String,
    /// `None`: annotations speak of an image that is not there.
    pub(super) path: Option<DataPath>,
    pub(super) split: Option<&'static str>,
    /// The class that its folder means.
    pub(super) class: Option<String>,
}

/// One thing that an annotation says is in an image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) label: Option<String>,
    /// As the column `boxes` says; none where there is no box.
    pub(super) sides: Vec<f64>,
    /// The key of the row that says so, in its table.
    pub(super) key: String,
}

/// What an annotation says of an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Note {
    /// How the sides of boxes are told: `xywh` in pixels, or `cxcywhn` as fractions of the image.
    pub(super) form: &'static str,
    pub(super) marks: Vec<Mark>,
}

/// Where something that is said of a sample lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file of its own.
    File(DataPath),
    /// A row of the table with this place in [`Joined::tables`]; the key is that in the table.
    Row(usize, String),
}

/// Columns of a table that names images.
#[derive(Debug)]
pub(super) struct Cells {
    /// As the table of samples has them.
    pub(super) columns: Vec<Column>,
    /// By sample; only what is wanted is not null.
    pub(super) rows: HashMap<usize, Vec<Value>>,
    /// The places of the columns that are taken for the label, where nothing else says one.
    pub(super) labels: Vec<usize>,
    /// The file whose table this is, where others like it may say the same of other samples.
    pub(super) file: Option<DataPath>,
    /// What the columns are called in their table.
    pub(super) names: Vec<String>,
}

impl Cells {
    /// The cell of a sample, if its row has one: of several files, one may have more columns than another.
    pub(super) fn get(&self, sample: usize, place: usize) -> Option<&Value> {
        self.rows.get(&sample)?.get(place)
    }
}

/// All samples.
#[derive(Debug)]
pub(super) struct Joined {
    /// The view with all that is excluded.
    pub(super) view: View,
    /// The tables in its files.
    pub(super) tables: Vec<Table>,
    /// The files that may say something of them and of which the source has other bytes now.
    pub(super) changed: Vec<FileProblem>,
    /// The table whose rows are the samples, where no images are.
    pub(super) main: Option<Table>,
    pub(super) layout: Layout,
    pub(super) samples: Vec<Sample>,
    /// Whether annotations say what is in images.
    pub(super) has_notes: bool,
    /// The names of classes that annotations have.
    pub(super) classes: Vec<String>,
    /// By sample.
    pub(super) notes: HashMap<usize, Note>,
    pub(super) cells: Vec<Cells>,
    pub(super) sources: HashMap<usize, Vec<Source>>,
    pub(super) beside: Beside,
}

/// What the overlay says of samples.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Columns that no file has.
    pub(super) added: Vec<Column>,
    /// Their cells, by key.
    pub(super) cells: HashMap<String, BTreeMap<String, Value>>,
    /// The keys of those that are excluded.
    pub(super) excluded: HashSet<String>,
}

impl Beside {
    pub(super) fn of(view: &View) -> Result<Beside> {
        let mut beside = Beside::default();
        for (address, change) in super::said(&view.overlay().samples()?)? {
            match (address, change) {
                (RowAddress::Column { column, .. }, RowChange::Added { data_type }) => {
                    beside.added.push(column::added(&column, &data_type)?);
                }
                (RowAddress::Cell { row, .. }, RowChange::Excluded { .. }) => drop(beside.excluded.insert(row)),
                (RowAddress::Cell { row, column, .. }, RowChange::Set { after, .. }) => {
                    beside.cells.entry(row).or_default().insert(column, after);
                }
                _ => {}
            }
        }
        Ok(beside)
    }
}

/// The address of a sample's cell that the overlay keeps.
pub(super) fn cell(key: &str, column: &str) -> RowAddress {
    RowAddress::Cell { table: PART.to_owned(), row: key.to_owned(), column: column.to_owned() }
}

/// Where it is said that a sample is excluded.
pub(super) fn excluded(key: &str) -> RowAddress {
    cell(key, EXCLUDED)
}

/// Whether a table says what is in images.
fn is_annotation(table: &Table) -> bool {
    matches!((table.format.name(), table.part.as_str()), ("coco", "images") | ("yolo", _) | ("voc", "objects"))
}

/// Whether nothing but the names of folders may say of which class the images of a view are.
pub(super) fn folders_are_classes(tables: &[Table]) -> bool {
    !tables.iter().any(is_annotation)
}

impl Joined {
    pub(super) fn of(view: &View, wanted: &Wanted) -> Result<Joined> {
        let beside = Beside::of(view)?;
        let view = hide::with_all(view)?;
        let (tables, changed) = view.file_tables()?;
        let images = Images::of(&view)?;
        let has_notes = tables.iter().any(is_annotation);
        let speaks_of_images = |table: &Table| is_annotation(table) && table.format.name() != "yolo";
        let layout = images.layout(&view, folders_are_classes(&tables))?;
        let is_of_images = !images.all.is_empty() || tables.iter().any(speaks_of_images);
        let main = if is_of_images { None } else { largest(&view, &tables)? };
        let mut joined = Joined {
            view,
            tables,
            changed,
            main,
            layout,
            samples: Vec::new(),
            has_notes,
            classes: Vec::new(),
            notes: HashMap::new(),
            cells: Vec::new(),
            sources: HashMap::new(),
            beside,
        };
        if joined.main.is_none() {
            joined.add_images(&images)?;
            joined.add_tables(wanted)?;
        }
        Ok(joined)
    }

    /// The table whose rows are the samples, where it is that of one file; and the file.
    pub(super) fn main_of_one_file(&self) -> Option<(&Table, &DataPath)> {
        let main = self.main.as_ref().filter(|main| !main.is_many)?;
        Some((main, main.paths.first()?))
    }

    fn add_images(&mut self, images: &Images) -> Result<()> {
        let mut keys = images.keys(&self.view)?;
        for (at, image) in images.all.iter().enumerate() {
            let meaning = image.path.parent().and_then(|folder| self.layout.folders.get(&folder));
            self.samples.push(Sample {
                key: keys.remove(&at).unwrap_or_else(|| image.path.to_string()),
                path: Some(image.path.clone()),
                split: meaning.and_then(|meaning| meaning.split),
                class: meaning.and_then(|meaning| meaning.class.as_ref()).map(|(class, _)| class.clone()),
            });
        }
        // By key, so that a sample stays in its place when it is moved.
        self.samples.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(())
    }

    fn add_tables(&mut self, wanted: &Wanted) -> Result<()> {
        if self.tables.is_empty() {
            return Ok(());
        }
        let mut places = Places::default();
        for (at, sample) in self.samples.iter().enumerate() {
            sample.path.iter().for_each(|path| places.add(path, at));
        }
        for (at, sample) in self.samples.iter().enumerate() {
            // A table may name an image as it was called before it was moved.
            if let Ok(path) = sample.key.parse::<DataPath>() {
                places.add(&path, at);
            }
        }
        for at in 0..self.tables.len() {
            if !wanted.wants_table(&self.tables[at]) {
                continue;
            }
            match (self.tables[at].format.name(), self.tables[at].part.as_str()) {
                ("coco", "images") => coco::read(self, &mut places, at, wanted)?,
                ("voc", "objects") => voc::read(self, &mut places, at, wanted)?,
                ("yolo", _) => yolo::read(self, &places, at, wanted)?,
                ("yolo-data", _) => yolo::read_splits(self, &places, at)?,
                ("coco" | "voc" | "yolo-names", _) => {}
                _ => listed::read(self, &places, at, wanted)?,
            }
        }
        self.classes.sort();
        self.classes.dedup();
        Ok(())
    }

    /// Adds a sample of which there is no image.
    pub(super) fn add_missing(&mut self, places: &mut Places, folder: &DataPath, name: &str) -> usize {
        let path = super::place::joined(folder, name).filter(|path| !path.is_root());
        let key = path.as_ref().map_or_else(|| name.to_owned(), DataPath::to_string);
        let at = self.samples.len();
        path.iter().for_each(|path| places.add(path, at));
        self.samples.push(Sample { key, path: None, split: None, class: None });
        at
    }

    /// Says what a file has of an image, unless another one said something before: of several that do, the first.
    pub(super) fn note(&mut self, sample: usize, note: Note) {
        match self.notes.entry(sample) {
            Entry::Occupied(mut said) if said.get().marks.is_empty() && !note.marks.is_empty() => {
                drop(said.insert(note))
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(none) => drop(none.insert(note)),
        }
    }

    pub(super) fn add_source(&mut self, sample: usize, source: Source) {
        self.sources.entry(sample).or_default().push(source);
    }

    /// Says of which split an image is, unless its folder said so.
    pub(super) fn add_split(&mut self, sample: usize, split: Option<&'static str>) {
        let known = &mut self.samples[sample].split;
        *known = known.or(split);
    }
}

/// The table with most rows; the first of several.
fn largest(view: &View, tables: &[Table]) -> Result<Option<Table>> {
    if let [only] = tables {
        return Ok(Some(only.clone()));
    }
    let mut best: Option<(u64, &Table)> = None;
    for table in tables {
        let Some(info) = readable(view.table_info(table))? else { continue };
        if best.is_none_or(|(rows, _)| info.rows > rows) {
            best = Some((info.rows, table));
        }
    }
    Ok(best.map(|(_, table)| table.clone()))
}

/// The split that a table's file speaks of by its name.
pub(super) fn split_of_file(path: &DataPath) -> Option<&'static str> {
    images::split_in_name(&String::from_utf8_lossy(path.name()))
}
