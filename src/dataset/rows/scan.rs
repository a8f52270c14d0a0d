//! The rows of one file's table as a view has them: those of the file with the edits laid over.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::interleave;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::placed::Edits;
use crate::model::Value;
use crate::table::expr::Filter;
use crate::table::{Column, Flow, Places, Scan, Sieve, TableFile, arrow_value};
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
    /// The rows' places.
    Places(Places),
    /// The values of the key column.
    Column(ArrayRef),
    /// As they are.
    Listed(Vec<String>),
}

impl RowBatch {
    /// Rows with these keys.
    pub(in crate::dataset) fn new(batch: RecordBatch, keys: Vec<String>) -> RowBatch {
        RowBatch { batch, keys: Keys::Listed(keys) }
    }

    /// The key of the row at this place in the batch.
    pub fn key(&self, row: usize) -> Result<String> {
        Ok(match &self.keys {
            Keys::Places(places) => places.of(row).to_string(),
            Keys::Column(column) => arrow_value::value(column, row)?.to_string(),
            Keys::Listed(keys) => keys[row].clone(),
        })
    }

    /// The first key, where the keys are numbers one after the other: the rows' places in their file.
    pub fn first_place(&self) -> Option<u64> {
        match self.keys {
            Keys::Places(Places::From(first)) => Some(first),
            Keys::Places(Places::Listed(_)) | Keys::Column(_) | Keys::Listed(_) => None,
        }
    }
}

/// A scan of one file's table.
pub(super) struct Scanning<'a> {
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
    /// Of the columns named, or of all: those of the file, and then those that were added.
    ///
    /// # Errors
    /// `NotFound` for a column.
    pub(super) fn new(
        file: &'a dyn TableFile,
        at: usize,
        edits: Edits,
        columns: Option<&[String]>,
    ) -> Result<Scanning<'a>> {
        let mut schema = file.tables()[at].schema.clone();
        let of_file = schema.columns.len();
        schema.columns.extend(edits.added.iter().cloned());
        let wanted = match columns {
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

    /// Gives `sink` the rows in order.
    pub(super) fn run(&self, sink: &mut dyn FnMut(RowBatch) -> Result<Flow>) -> Result<()> {
        let mut first = 0;
        self.file.scan(self.at, &self.whole(), &mut |batch| {
            let places = Places::From(first);
            first += batch.num_rows() as u64;
            self.give(&batch, places, sink)
        })?;
        self.finish(sink)
    }

    /// As [`Scanning::run`], and may leave out rows for which the condition does not hold.
    pub(super) fn run_where(&self, filter: &Filter, sink: &mut dyn FnMut(RowBatch) -> Result<Flow>) -> Result<()> {
        if !self.can_tell(filter) {
            return self.run(sink);
        }
        let stages = filter.in_stages();
        let lets =
            stages.iter().map(|stage| move |places: &Places, batch: &RecordBatch| self.lets(stage, places, batch));
        let lets: Vec<_> = lets.collect();
        let sieves = stages.iter().zip(&lets).map(|(stage, lets)| Sieve { columns: stage.columns(), lets });
        let sieves: Vec<Sieve<'_>> = sieves.collect();
        self.file.scan_sieved(self.at, &self.whole(), &sieves, &mut |batch, places| self.give(&batch, places, sink))?;
        self.finish(sink)
    }

    /// The rows of a batch of the file that a condition is true for, or may become so by an edit.
    fn lets(&self, filter: &Filter, places: &Places, batch: &RecordBatch) -> BooleanBuffer {
        // What an edit may have made whole is evaluated with the edits, and fails then if it still does.
        let Ok(holds) = filter.evaluate(batch) else { return BooleanBuffer::new_set(batch.num_rows()) };
        let lets = match holds.nulls() {
            Some(known) => holds.values() & known.inner(),
            None => holds.values().clone(),
        };
        let Some(last) = batch.num_rows().checked_sub(1) else { return lets };
        let edited = self.edits.within(places.of(0), places.of(last) - places.of(0) + 1);
        if edited.is_empty() {
            return lets;
        }
        let mut bits: Vec<bool> = lets.iter().collect();
        edited.into_iter().filter_map(|place| places.row(place)).for_each(|row| bits[row] = true);
        BooleanBuffer::from(bits)
    }

    /// Whether a condition can be told from columns of the file alone, whose names are theirs alone.
    fn can_tell(&self, filter: &Filter) -> bool {
        let of_file = &self.file.tables()[self.at].schema.columns;
        let is_one =
            |name: &str| of_file.iter().chain(&self.edits.added).filter(|other| other.name == name).count() == 1;
        filter.columns().iter().all(|column| of_file.get(*column).is_some_and(|column| is_one(&column.name)))
    }

    fn whole(&self) -> Scan {
        Scan { columns: Some(self.read.clone()), from: 0, limit: None }
    }

    fn give(
        &self,
        batch: &RecordBatch,
        places: Places,
        sink: &mut dyn FnMut(RowBatch) -> Result<Flow>,
    ) -> Result<Flow> {
        let is_edited = match batch.num_rows().checked_sub(1) {
            Some(last) => self.edits.touches(places.of(0), places.of(last) - places.of(0) + 1),
            None => false,
        };
        let rows = if is_edited { self.edited(batch, places)? } else { self.plain(batch, places)? };
        if rows.batch.num_rows() == 0 { Ok(Flow::More) } else { sink(rows) }
    }

    /// Gives what was inserted into a table that has no row.
    fn finish(&self, sink: &mut dyn FnMut(RowBatch) -> Result<Flow>) -> Result<()> {
        if self.file.tables()[self.at].rows == 0 && self.edits.inserted.contains_key(&None) {
            let empty = self.read.iter().map(|column| self.empty(*column)).collect();
            let empty =
                RecordBatch::try_new_with_options(Arc::new(self.read_schema()), empty, &of_rows(0)).map_err(unbuilt)?;
            sink(self.edited(&empty, Places::From(0))?)?;
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

    fn plain(&self, batch: &RecordBatch, places: Places) -> Result<RowBatch> {
        let columns = self.wanted.iter().map(|column| self.of_batch(batch, *column)).collect();
        let keys = match self.file.tables()[self.at].schema.key {
            Some(key) => Keys::Column(self.of_batch(batch, key)),
            None => Keys::Places(places),
        };
        Ok(RowBatch { batch: self.batch(columns, batch.num_rows())?, keys })
    }

    fn edited(&self, batch: &RecordBatch, places: Places) -> Result<RowBatch> {
        let (mut rows, mut keys, mut inserted) = (Vec::new(), Vec::new(), Vec::new());
        let plain = self.plain(batch, places.clone())?;
        let mut insert = |after: Option<u64>, rows: &mut Vec<From>, keys: &mut Vec<String>| {
            for (key, values) in self.edits.inserted.get(&after).into_iter().flatten() {
                rows.push(From::Inserted(inserted.len()));
                inserted.push(values);
                keys.push(key.clone());
            }
        };
        if batch.num_rows() == 0 || places.of(0) == 0 {
            insert(None, &mut rows, &mut keys);
        }
        for row in 0..batch.num_rows() {
            let place = places.of(row);
            if !self.edits.deleted.contains(&place) {
                rows.push(From::File(row));
                keys.push(plain.key(row)?);
            }
            insert(Some(place), &mut rows, &mut keys);
        }
        let columns = self.wanted.iter().map(|column| self.mixed(batch, *column, &places, &rows, &inserted));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(RowBatch { batch: self.batch(columns, rows.len())?, keys: Keys::Listed(keys) })
    }

    /// One column of a batch with edits: cells of the file and of the edits, in the order of `rows`.
    fn mixed(
        &self,
        batch: &RecordBatch,
        column: usize,
        places: &Places,
        rows: &[From],
        inserted: &[&Vec<Value>],
    ) -> Result<ArrayRef> {
        let of_file = self.of_batch(batch, column);
        let (mut values, mut picks) = (Vec::new(), Vec::with_capacity(rows.len()));
        for from in rows {
            let value = match from {
                From::File(row) => self.edits.set.get(&places.of(*row)).and_then(|cells| cells.get(&column)),
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
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &of_rows(rows)).map_err(unbuilt)
    }
}

/// The options of a batch of so many rows, which may have no column.
pub(super) fn of_rows(rows: usize) -> arrow::record_batch::RecordBatchOptions {
    arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(rows))
}

/// Columns that a batch cannot be made of.
pub(super) fn unbuilt(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("rows", "a batch", "its columns do not fit together").caused_by(cause)
}
