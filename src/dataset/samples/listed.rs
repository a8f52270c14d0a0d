//! What a table says of images that names them in a column: a CSV of labels, say.

use std::collections::{HashMap, HashSet};

use arrow::datatypes::DataType;

use super::columns::RESERVED;
use super::join::{Cells, Joined, Mark, Note, Source, Wanted};
use super::place::Places;
use super::readable;
use crate::Result;
use crate::dataset::rows::{RowScan, Table};
use crate::dataset::view::View;
use crate::model::{DataPath, Value};
use crate::table::{Column, Flow, Role, arrow_value};

/// How many rows tell whether a column names images.
const SEEN_ROWS: usize = 200;
/// The names of columns that are taken for the label.
const LABELS: [&str; 8] = ["label", "class", "category", "target", "class_name", "label_name", "species", "y"];

/// Calls `sink` with the key and these cells of each row of a table.
pub(super) fn each_row(
    view: &View,
    table: &Table,
    columns: &[&str],
    sink: &mut dyn FnMut(String, Vec<Value>) -> Result<()>,
) -> Result<()> {
    let scan = RowScan { columns: Some(columns.iter().map(|name| (*name).to_owned()).collect()) };
    view.scan_rows(table, &scan, &mut |rows| {
        let columns: Vec<Vec<Value>> =
            rows.batch.columns().iter().map(|column| arrow_value::values(column)).collect::<Result<_>>()?;
        for row in 0..rows.batch.num_rows() {
            sink(rows.key(row)?, columns.iter().map(|column| column[row].clone()).collect())?;
        }
        Ok(Flow::More)
    })
}

/// Joins the `at`th table, if it names images.
pub(super) fn read(joined: &mut Joined, places: &Places, at: usize, wanted: &Wanted) -> Result<()> {
    let (view, table) = (joined.view.clone(), joined.tables[at].clone());
    if table.is_many {
        return Ok(());
    }
    let Some(info) = readable(view.table_info(&table))? else { return Ok(()) };
    let folder = table.paths[0].parent().unwrap_or(DataPath::ROOT);
    let Some(names) = image_column(&view, &table, &info.schema.columns, places, &folder)? else { return Ok(()) };
    let others: Vec<&Column> = info.schema.columns.iter().filter(|column| column.name != names).collect();
    let columns = columns_of_samples(joined, &table, &others);
    let label = others.iter().position(|column| is_label(column));
    let named: Vec<&str> = others.iter().map(|column| column.name.as_str()).collect();
    let like: Vec<usize> =
        (0..joined.cells.len()).filter(|at| is_like(&joined.cells[*at], &table.paths[0], &named)).collect();
    // As columns of a table like it they may be called otherwise.
    let is_wanted_there = |name: &str| {
        like.iter()
            .map(|at| &joined.cells[*at])
            .any(|cells| called(cells, name).any(|at| wanted.wants(&cells.columns[at].name)))
    };
    let is_wanted = |place: usize| {
        wanted.wants(&columns[place].name) || is_wanted_there(named[place]) || (wanted.notes && label == Some(place))
    };
    let read: Vec<usize> = (0..others.len()).filter(|place| is_wanted(*place)).collect();
    let asked: Vec<&str> =
        [names.as_str()].into_iter().chain(read.iter().map(|at| others[*at].name.as_str())).collect();
    let split = super::join::split_of_file(&table.paths[0]);
    let mut said = Said::default();
    each_row(&view, &table, &asked, &mut |key, cells| {
        let is_meant = |sample: usize| split.is_some() && joined.samples[sample].split == split;
        let Some(sample) = places.find(&folder, &cells[0].to_string(), &is_meant) else { return Ok(()) };
        joined.add_split(sample, split);
        if wanted.sources {
            joined.add_source(sample, Source::Row(at, key.clone()));
        }
        let mut values = vec![Value::Null; others.len()];
        cells.into_iter().skip(1).zip(&read).for_each(|(value, place)| values[*place] = value);
        said.add(sample, key, values, label);
        Ok(())
    })?;
    let names = others.into_iter().map(|column| column.name.clone()).collect();
    said.join(joined, Listing { file: table.paths[0].clone(), like, columns, names, label });
    Ok(())
}

/// The table's columns as those of samples, by names that no other column has.
fn columns_of_samples(joined: &Joined, table: &Table, columns: &[&Column]) -> Vec<Column> {
    let taken: HashSet<&str> =
        joined.cells.iter().flat_map(|cells| &cells.columns).map(|column| column.name.as_str()).collect();
    let is_taken = |name: &str| RESERVED.contains(&name) || taken.contains(name);
    // Of several files of one name, what they have in common is called by that.
    let file = table.paths[0].name();
    let is_part = joined.tables.iter().any(|other| other.paths[0] != table.paths[0] && other.paths[0].name() == file);
    let stem = String::from_utf8_lossy(file);
    let stem = stem.rsplit_once('.').map_or(&*stem, |(stem, _)| stem);
    let of_samples = |column: &&Column| {
        let of_file = || Some(format!("{stem}.{}", column.name)).filter(|name| is_part && !is_taken(name));
        let name = match is_taken(&column.name) {
            false => column.name.clone(),
            true => of_file().unwrap_or_else(|| format!("{}.{}", table.name, column.name)),
        };
        Column { name, editable: false, nullable: true, ..(*column).clone() }
    };
    columns.iter().map(of_samples).collect()
}

fn is_label(column: &Column) -> bool {
    matches!(column.role, Role::Label { .. }) || LABELS.contains(&column.name.to_ascii_lowercase().as_str())
}

/// What the rows of a table say of samples.
#[derive(Default)]
struct Said {
    /// The cells of the first row that names each.
    rows: HashMap<usize, Vec<Value>>,
    /// The labels of all rows that name each.
    marks: HashMap<usize, Vec<Mark>>,
}

impl Said {
    /// Adds a row that names this sample.
    fn add(&mut self, sample: usize, key: String, values: Vec<Value>, label: Option<usize>) {
        let label = label.map(|place| values[place].to_string()).filter(|label| !label.is_empty());
        self.marks.entry(sample).or_default().push(Mark { label, sides: Vec::new(), key });
        self.rows.entry(sample).or_insert(values);
    }

    /// Joins all: as cells where each sample has one row, else as notes, for one of several would say too little.
    fn join(self, joined: &mut Joined, of: Listing) {
        if self.marks.values().any(|marks| marks.len() > 1) {
            joined.has_notes = true;
            self.marks.into_iter().for_each(|(sample, marks)| joined.note(sample, Note { form: "", marks }));
            return;
        }
        let Listing { file, like, columns, names, label } = of;
        let labels = label.into_iter().collect();
        let cells = Cells { columns, rows: self.rows, labels, file: Some(file), names };
        match like.into_iter().find(|at| fits(&joined.cells[*at], &cells)) {
            Some(at) => add(&mut joined.cells[at], cells),
            None => joined.cells.push(cells),
        }
    }
}

/// A table that names images, as its columns are joined.
struct Listing {
    file: DataPath,
    /// The places of cells that may be of tables like it.
    like: Vec<usize>,
    columns: Vec<Column>,
    names: Vec<String>,
    label: Option<usize>,
}

/// Whether the table with these columns in `file` may be another part of that of `known`: a `metadata.csv` in the
/// folder of each split, or `train.csv` and `val.csv`.
fn is_like(known: &Cells, file: &DataPath, names: &[&str]) -> bool {
    let are_splits = |one: &DataPath| {
        let splits = (super::join::split_of_file(one), super::join::split_of_file(file));
        one.parent() == file.parent() && splits.0.is_some() && splits.1.is_some() && splits.0 != splits.1
    };
    let is_part = |one: &DataPath| one.name() == file.name() || are_splits(one) && known.names == names;
    known.file.as_ref().is_some_and(|one| one != file && is_part(one))
}

/// The places of columns that are called so in their tables.
fn called<'c>(cells: &'c Cells, name: &'c str) -> impl Iterator<Item = usize> + 'c {
    cells.names.iter().enumerate().filter(move |(_, known)| *known == name).map(|(at, _)| at)
}

/// Whether the rows of both tables speak of other samples.
fn fits(known: &Cells, cells: &Cells) -> bool {
    !cells.rows.keys().any(|sample| known.rows.contains_key(sample))
}

/// The type that has the values of both columns: fractions in one file may be whole numbers in another.
fn both_types(one: &Column, other: &Column) -> Option<DataType> {
    match (&one.data_type, &other.data_type) {
        (one, other) if one == other => Some(one.clone()),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => Some(DataType::Float64),
        _ => None,
    }
}

/// Adds the rows of a table that is another part of one that is known; a column whose values are of no type with those
/// of its name is one of its own.
fn add(known: &mut Cells, cells: Cells) {
    let Cells { columns, rows, labels, names, .. } = cells;
    let mut places = Vec::with_capacity(columns.len());
    for (column, name) in columns.into_iter().zip(names) {
        let both = |at: usize| Some((at, both_types(&known.columns[at], &column)?));
        let found = called(known, &name).find_map(both);
        places.push(match found {
            Some((at, data_type)) => {
                known.columns[at].data_type = data_type;
                at
            }
            None => {
                known.columns.push(column);
                known.names.push(name);
                known.names.len() - 1
            }
        });
    }
    for at in labels.into_iter().map(|at| places[at]) {
        if !known.labels.contains(&at) {
            known.labels.push(at);
        }
    }
    for (sample, values) in rows {
        let mut row = vec![Value::Null; known.names.len()];
        values.into_iter().zip(&places).for_each(|(value, place)| row[*place] = value);
        known.rows.insert(sample, row);
    }
}

/// The column of which most values are names of images that are there.
fn image_column(
    view: &View,
    table: &Table,
    columns: &[Column],
    places: &Places,
    folder: &DataPath,
) -> Result<Option<String>> {
    let is_text =
        |column: &&Column| column.data_type.is_string() || matches!(column.data_type, DataType::Dictionary(..));
    let names: Vec<String> = columns.iter().filter(is_text).map(|column| column.name.clone()).collect();
    let mut found: Vec<(usize, usize)> = vec![(0, 0); names.len()];
    view.scan_rows(table, &RowScan { columns: Some(names.clone()) }, &mut |rows| {
        for (column, (hits, seen)) in rows.batch.columns().iter().zip(&mut found) {
            for row in 0..rows.batch.num_rows().min(SEEN_ROWS) {
                let value = arrow_value::value(column, row)?;
                if value != Value::Null {
                    *seen += 1;
                    *hits += usize::from(places.find(folder, &value.to_string(), &|_| true).is_some());
                }
            }
        }
        Ok(Flow::Stop)
    })?;
    let best = names.into_iter().zip(found).filter(|(_, (hits, seen))| *hits > 0 && hits * 2 >= *seen);
    Ok(best.max_by_key(|(_, (hits, _))| *hits).map(|(name, _)| name))
}
