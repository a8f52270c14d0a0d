//! What a table says of images that names them in a column: a CSV of labels, say.

use std::collections::{HashMap, HashSet};

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
    let is_wanted = |place: usize| wanted.wants(&columns[place].name) || (wanted.notes && label == Some(place));
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
    said.join(joined, columns, label);
    Ok(())
}

/// The table's columns as those of samples, by names that no other column has.
fn columns_of_samples(joined: &Joined, table: &Table, columns: &[&Column]) -> Vec<Column> {
    let taken: HashSet<&str> =
        joined.cells.iter().flat_map(|cells| &cells.columns).map(|column| column.name.as_str()).collect();
    let of_samples = |column: &&Column| {
        let is_taken = RESERVED.contains(&column.name.as_str()) || taken.contains(column.name.as_str());
        let name = if is_taken { format!("{}.{}", table.name, column.name) } else { column.name.clone() };
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
    fn join(self, joined: &mut Joined, columns: Vec<Column>, label: Option<usize>) {
        if self.marks.values().any(|marks| marks.len() > 1) {
            joined.has_notes = true;
            self.marks.into_iter().for_each(|(sample, marks)| joined.note(sample, Note { form: "", marks }));
        } else {
            joined.cells.push(Cells { columns, rows: self.rows, label });
        }
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
    let is_text = |column: &&Column| {
        column.data_type.is_string() || matches!(column.data_type, arrow::datatypes::DataType::Dictionary(..))
    };
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
