//! The rows of a table as a view has them: those of the file with the edits laid over.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::find::Table;
use super::{FILE_COLUMN, Part};
use crate::dataset::view::View;
use crate::model::{DataPath, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::table::{Column, Flow, Scan, TableFile, TableInfo, arrow_value};
use crate::{Error, Result};

/// What is wanted of a table.
#[derive(Clone, Debug, Default)]
pub struct RowScan {
    /// The columns by name, in the order wanted; `None` is all.
    pub columns: Option<Vec<String>>,
}

/// Some rows, in order.
#[derive(Debug)]
pub struct RowBatch {
    /// The columns that were wanted.
    pub batch: RecordBatch,
    keys: Keys,
}

#[derive(Debug)]
enum Keys {
    /// The rows' places, one after the other from this one.
    From(u64),
    /// The values of the key column.
    Column(ArrayRef),
    /// As they are.
    Listed(Vec<String>),
}

impl RowBatch {
    /// The key of the row at this place in the batch.
    pub fn key(&self, row: usize) -> Result<String> {
        Ok(match &self.keys {
            Keys::From(first) => (first + row as u64).to_string(),
            Keys::Column(column) => arrow_value::value(column, row)?.to_string(),
            Keys::Listed(keys) => keys[row].clone(),
        })
    }

    /// The first key, where the keys are numbers one after the other: the rows' places in their file.
    pub fn first_place(&self) -> Option<u64> {
        match self.keys {
            Keys::From(first) => Some(first),
            Keys::Column(_) | Keys::Listed(_) => None,
        }
    }
}

impl RowBatch {
    /// The same rows, as those of one file of many.
    fn of_file(self, table: &Table, path: &DataPath, file_at: Option<usize>) -> Result<RowBatch> {
        let rows = self.batch.num_rows();
        let keys = (0..rows).map(|row| Ok(table.key(path, &self.key(row)?))).collect::<Result<_>>()?;
        let mut fields: Vec<Arc<Field>> = self.batch.schema().fields().iter().cloned().collect();
        let mut columns = self.batch.columns().to_vec();
        if let Some(at) = file_at {
            let at = at.min(columns.len());
            fields.insert(at, Arc::new(Field::new(FILE_COLUMN, arrow::datatypes::DataType::Utf8, true)));
            let files = arrow::array::StringArray::from_iter_values(std::iter::repeat_n(path.to_string(), rows));
            columns.insert(at, Arc::new(files));
        }
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &with_rows(rows));
        Ok(RowBatch { batch: batch.map_err(unbuilt)?, keys: Keys::Listed(keys) })
    }
}

impl View {
    /// What a table is: its columns, those that were added besides, and how many rows it has.
    pub fn table_info(&self, table: &Table) -> Result<TableInfo> {
        let mut whole: Option<TableInfo> = None;
        for path in table.paths.iter() {
            let info = self.part_info(table, path)?;
            match &mut whole {
                None => whole = Some(info),
                Some(whole) => {
                    whole.rows += info.rows;
                    whole.problem = whole.problem.take().or(info.problem);
                }
            }
        }
        let mut whole = whole.ok_or_else(|| Error::not_found("table", &table.name))?;
        if table.is_many {
            // A row is told by its file and its key within.
            whole.schema.columns.insert(0, file_column());
            whole.schema.key = None;
        }
        Ok(whole)
    }

    fn part_info(&self, table: &Table, path: &DataPath) -> Result<TableInfo> {
        let node = self.existing(path)?;
        Part::open(self, &node, &*table.format)?.with_file(|file, rows| {
            let at = place_of(file, &table.part)?;
            let edits = Edits::of(file, at, rows)?;
            let mut info = file.tables()[at].clone();
            info.schema.columns.extend(edits.added);
            let inserted: usize = edits.inserted.values().map(Vec::len).sum();
            info.rows = (info.rows + inserted as u64).saturating_sub(edits.deleted.len() as u64);
            Ok(info)
        })
    }

    /// Gives `sink` the rows of a table, in order, with all edits.
    ///
    /// # Errors
    /// `NotFound` for a column; those of the file and of `sink`.
    pub fn scan_rows(
        &self,
        table: &Table,
        scan: &RowScan,
        sink: &mut dyn FnMut(RowBatch) -> Result<Flow>,
    ) -> Result<()> {
        let mut flow = Flow::More;
        for path in table.paths.iter() {
            if flow == Flow::Stop {
                break;
            }
            let node = self.existing(path)?;
            Part::open(self, &node, &*table.format)?.with_file(|file, rows| {
                let at = place_of(file, &table.part)?;
                let (within, file_at) = within_files(table, scan);
                Scanning::new(file, at, rows, &within)?.run(&mut |rows| {
                    flow = sink(if table.is_many { rows.of_file(table, path, file_at)? } else { rows })?;
                    Ok(flow)
                })
            })?;
        }
        Ok(())
    }
}

/// The column that tells a row's file.
fn file_column() -> Column {
    let (name, data_type) = (FILE_COLUMN.to_owned(), arrow::datatypes::DataType::Utf8);
    Column { name, data_type, role: crate::table::Role::Plain, nullable: false, editable: false }
}

/// What is wanted of each file, and where among the columns the file itself is wanted.
fn within_files(table: &Table, scan: &RowScan) -> (RowScan, Option<usize>) {
    match &scan.columns {
        _ if !table.is_many => (scan.clone(), None),
        None => (RowScan::default(), Some(0)),
        Some(names) => {
            let at = names.iter().position(|name| name == FILE_COLUMN);
            let names = names.iter().filter(|name| *name != FILE_COLUMN).cloned().collect();
            (RowScan { columns: Some(names) }, at)
        }
    }
}

fn place_of(file: &dyn TableFile, part: &str) -> Result<usize> {
    let place = file.tables().iter().position(|info| info.name == part);
    place.ok_or_else(|| Error::not_found("table", part))
}

/// The edits of one table, by place in the file.
#[derive(Default)]
struct Edits {
    added: Vec<Column>,
    /// By row and column; the columns that were added come after those of the file.
    set: BTreeMap<u64, BTreeMap<usize, Value>>,
    deleted: BTreeSet<u64>,
    /// By the place that they come after, `None` is the beginning: key, and a value for each column.
    inserted: BTreeMap<Option<u64>, Vec<(String, Vec<Value>)>>,
}

impl Edits {
    fn of(file: &dyn TableFile, at: usize, rows: &Rows) -> Result<Edits> {
        let mut edits = Edits::default();
        let info = &file.tables()[at];
        let entries = rows.entries()?;
        for (address, change) in &entries {
            if let (RowAddress::Column { table, column }, RowChange::Added { data_type }) = (address, change)
                && *table == info.name
            {
                edits.added.push(super::column::added(column, data_type)?);
            }
        }
        let mut names: HashMap<&str, usize> = HashMap::new();
        for (place, column) in info.schema.columns.iter().chain(&edits.added).enumerate() {
            names.entry(column.name.as_str()).or_insert(place);
        }
        // Two columns may have one name: the first is meant.
        let count = info.schema.columns.len() + edits.added.len();
        let missing = |row: &str| Error::corrupt("a row edit", format!("its row `{row}` is not in the file"));
        let place = |row: &str| file.find(at, row)?.ok_or_else(|| missing(row));
        let (mut set, mut deleted, mut inserted) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for (address, change) in &entries {
            match (address, change) {
                _ if address.table() != info.name => {}
                (RowAddress::Cell { row, column, .. }, RowChange::Set { after, .. }) => {
                    if let Some(column) = names.get(column.as_str()) {
                        let cells: &mut BTreeMap<usize, Value> = set.entry(place(row)?).or_default();
                        cells.insert(*column, after.clone());
                    }
                }
                (RowAddress::Row { row, .. }, RowChange::Deleted { .. }) => {
                    deleted.insert(place(row)?);
                }
                (RowAddress::Row { row, .. }, RowChange::Inserted { after, cells, .. }) => {
                    let after = after.as_deref().map(place).transpose()?;
                    let mut values = vec![Value::Null; count];
                    for (name, value) in cells {
                        if let Some(column) = names.get(name.as_str()) {
                            values[*column] = value.clone();
                        }
                    }
                    inserted.push((after, row.len(), row.clone(), values));
                }
                _ => {}
            }
        }
        inserted.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        for (after, _, row, values) in inserted {
            edits.inserted.entry(after).or_default().push((row, values));
        }
        (edits.set, edits.deleted) = (set, deleted);
        Ok(edits)
    }

    /// Whether anything is edited among the `len` rows from `first`, or comes right after them.
    fn touches(&self, first: u64, len: u64) -> bool {
        let range = first..first + len;
        self.set.range(range.clone()).next().is_some()
            || self.deleted.range(range.clone()).next().is_some()
            || self.inserted.range(Some(range.start)..Some(range.end)).next().is_some()
            || (first == 0 && self.inserted.contains_key(&None))
    }
}

struct Scanning<'a> {
    file: &'a dyn TableFile,
    at: usize,
    edits: Edits,
    /// The columns wanted, by place: of the file, then of those added.
    wanted: Vec<usize>,
    schema: SchemaRef,
    /// The columns read from the file: those wanted, and the key.
    read: Vec<usize>,
}

/// Where a cell of the result comes from.
enum From {
    /// The row of the batch.
    File(usize),
    /// The place in the list of inserted rows.
    Inserted(usize),
}

impl<'a> Scanning<'a> {
    fn new(file: &'a dyn TableFile, at: usize, rows: &Rows, scan: &RowScan) -> Result<Scanning<'a>> {
        let edits = Edits::of(file, at, rows)?;
        let mut schema = file.tables()[at].schema.clone();
        let of_file = schema.columns.len();
        schema.columns.extend(edits.added.iter().cloned());
        let wanted = match &scan.columns {
            None => (0..schema.columns.len()).collect(),
            Some(names) => {
                let place = |name: &String| schema.find(name).ok_or_else(|| Error::not_found("column", name));
                names.iter().map(place).collect::<Result<Vec<_>>>()?
            }
        };
        let mut read: Vec<usize> = wanted.iter().copied().filter(|column| *column < of_file).collect();
        read.extend(schema.key.filter(|key| !read.contains(key)));
        read.sort_unstable();
        read.dedup();
        let field = |column: &usize| {
            let column = &schema.columns[*column];
            Field::new(&column.name, column.data_type.clone(), true)
        };
        let schema = Arc::new(Schema::new(wanted.iter().map(field).collect::<Vec<_>>()));
        Ok(Scanning { file, at, edits, wanted, schema, read })
    }

    fn run(&self, sink: &mut dyn FnMut(RowBatch) -> Result<Flow>) -> Result<()> {
        let scan = Scan { columns: Some(self.read.clone()), from: 0, limit: None };
        let mut first = 0u64;
        self.file.scan(self.at, &scan, &mut |batch| {
            let len = batch.num_rows() as u64;
            let rows =
                if self.edits.touches(first, len) { self.edited(&batch, first)? } else { self.plain(&batch, first)? };
            first += len;
            if rows.batch.num_rows() == 0 { Ok(Flow::More) } else { sink(rows) }
        })?;
        if first == 0 && self.edits.inserted.contains_key(&None) {
            let empty = self.read.iter().map(|column| self.empty(*column)).collect();
            let empty = RecordBatch::try_new_with_options(Arc::new(self.read_schema()), empty, &with_rows(0))
                .map_err(unbuilt)?;
            sink(self.edited(&empty, 0)?)?;
        }
        Ok(())
    }

    fn column(&self, column: usize) -> &Column {
        let of_file = &self.file.tables()[self.at].schema.columns;
        of_file.get(column).unwrap_or_else(|| &self.edits.added[column - of_file.len()])
    }

    fn empty(&self, column: usize) -> ArrayRef {
        new_null_array(&self.column(column).data_type, 0)
    }

    fn read_schema(&self) -> Schema {
        let field =
            |column: &usize| Field::new(&self.column(*column).name, self.column(*column).data_type.clone(), true);
        Schema::new(self.read.iter().map(field).collect::<Vec<_>>())
    }

    /// The column as the file's batch has it; nulls for one that was added.
    fn of_batch(&self, batch: &RecordBatch, column: usize) -> ArrayRef {
        match self.read.iter().position(|read| *read == column) {
            Some(at) => batch.column(at).clone(),
            None => new_null_array(&self.column(column).data_type, batch.num_rows()),
        }
    }

    fn plain(&self, batch: &RecordBatch, first: u64) -> Result<RowBatch> {
        let columns = self.wanted.iter().map(|column| self.of_batch(batch, *column)).collect();
        let keys = match self.file.tables()[self.at].schema.key {
            Some(key) => Keys::Column(self.of_batch(batch, key)),
            None => Keys::From(first),
        };
        Ok(RowBatch { batch: self.batch(columns, batch.num_rows())?, keys })
    }

    fn edited(&self, batch: &RecordBatch, first: u64) -> Result<RowBatch> {
        let (mut rows, mut keys, mut inserted) = (Vec::new(), Vec::new(), Vec::new());
        let plain = self.plain(batch, first)?;
        let mut insert = |after: Option<u64>, rows: &mut Vec<From>, keys: &mut Vec<String>| {
            for (key, values) in self.edits.inserted.get(&after).into_iter().flatten() {
                rows.push(From::Inserted(inserted.len()));
                inserted.push(values);
                keys.push(key.clone());
            }
        };
        if first == 0 {
            insert(None, &mut rows, &mut keys);
        }
        for row in 0..batch.num_rows() {
            let place = first + row as u64;
            if !self.edits.deleted.contains(&place) {
                rows.push(From::File(row));
                keys.push(plain.key(row)?);
            }
            insert(Some(place), &mut rows, &mut keys);
        }
        let columns = self.wanted.iter().map(|column| self.mixed(batch, *column, first, &rows, &inserted));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(RowBatch { batch: self.batch(columns, rows.len())?, keys: Keys::Listed(keys) })
    }

    /// One column of a batch with edits: cells of the file and of the edits, in the order of `rows`.
    fn mixed(
        &self,
        batch: &RecordBatch,
        column: usize,
        first: u64,
        rows: &[From],
        inserted: &[&Vec<Value>],
    ) -> Result<ArrayRef> {
        let of_file = self.of_batch(batch, column);
        let (mut values, mut picks) = (Vec::new(), Vec::with_capacity(rows.len()));
        for from in rows {
            let value = match from {
                From::File(row) => self.edits.set.get(&(first + *row as u64)).and_then(|cells| cells.get(&column)),
                From::Inserted(at) => Some(&inserted[*at][column]),
            };
            match (value, from) {
                (Some(value), _) => {
                    picks.push((1, values.len()));
                    values.push(value.clone());
                }
                (None, From::File(row)) => picks.push((0, *row)),
                (None, From::Inserted(_)) => unreachable!("an inserted row has all cells"),
            }
        }
        let ours = arrow_value::array(of_file.data_type(), &values)?;
        interleave(&[&*of_file as &dyn Array, &*ours], &picks).map_err(unbuilt)
    }

    fn batch(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        // A text column may come as a dictionary: the types are those of the arrays.
        let field = |(field, column): (&Arc<Field>, &ArrayRef)| {
            field.as_ref().clone().with_data_type(column.data_type().clone())
        };
        let fields: Vec<Field> = self.schema.fields().iter().zip(&columns).map(field).collect();
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &with_rows(rows)).map_err(unbuilt)
    }
}

fn with_rows(rows: usize) -> arrow::record_batch::RecordBatchOptions {
    arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(rows))
}

fn unbuilt(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("rows", "a batch", "its columns do not fit together").caused_by(cause)
}
