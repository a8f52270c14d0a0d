//! Arrow IPC files (Feather V2) and streams.
//!
//! A file is spliced as Parquet is: new batches behind the old bytes, and a new footer
//! whose blocks point to old and new ones in order. A stream has no footer, so a
//! batch's bytes are replaced where they lie. Feather V1 is another format, and refused.
//!
//! | file | knows |
//! |---|---|
//! | `layout` | where the messages are |
//! | `read` | batches, one at a time |
//! | `edit` | a batch with some rows replaced, left out or put in |
//! | `write` | a batch or a dictionary as a message |
//! | `splice`, `footer` | all of it together |
//! | [`stream`] | the batches of a stream that somebody sends |

mod edit;
mod footer;
mod layout;
mod read;
mod splice;
pub mod stream;
mod write;

use std::sync::{Arc, Mutex};

use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use self::layout::{Layout, damaged};
use super::columnar::accept::{accept, is_editable};
use super::columnar::cell::value_at;
use super::columnar::guard::none_of_format;
use super::columnar::table::table;
use super::place_key;
use super::{FileEdits, Flow, Format, ReadAt, Scan, Splice, TableFile, TableInfo};
use crate::model::Value;
use crate::{Error, Result};

/// The format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArrowIpc;

impl Format for ArrowIpc {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, _index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(ArrowFile::open(file).map_err(|error| none_of_format("Arrow file", error))?))
    }

    fn without_keys(&self) -> Option<Arc<dyn Format>> {
        Some(Arc::new(*self))
    }
}

/// An open file or stream.
struct ArrowFile<'a> {
    file: &'a dyn ReadAt,
    layout: Layout,
    table: [TableInfo; 1],
    /// The place of each batch's first row, and of the end.
    starts: Vec<u64>,
    /// The batch that was read last, for who asks for one row after the other.
    last: Mutex<Option<(usize, RecordBatch)>>,
}

impl<'a> ArrowFile<'a> {
    fn open(file: &'a dyn ReadAt) -> Result<ArrowFile<'a>> {
        let layout = Layout::read(file)?;
        let mut starts = vec![0_u64];
        for batch in &layout.batches {
            let next = starts[starts.len() - 1].checked_add(batch.rows);
            starts.push(next.ok_or_else(|| damaged("it has too many rows"))?);
        }
        let rows = starts[starts.len() - 1];
        let table = [table(layout.schema.fields(), is_writable, rows)];
        Ok(ArrowFile { file, layout, table, starts, last: Mutex::new(None) })
    }

    fn rows(&self) -> u64 {
        self.table[0].rows
    }

    /// The batch that has the row, and the row's place in it.
    fn batch_of(&self, row: u64) -> Result<(usize, u64)> {
        if row >= self.rows() {
            return Err(Error::not_found("row", row));
        }
        let batch = self.starts.partition_point(|start| *start <= row) - 1;
        Ok((batch, row - self.starts[batch]))
    }

    fn with_row<T>(&self, row: u64, of: impl FnOnce(&RecordBatch, usize) -> T) -> Result<T> {
        let (number, at) = self.batch_of(row)?;
        // A thread that panicked while it held this left it whole: it is set in one step.
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.as_ref().is_none_or(|(held, _)| *held != number) {
            *last = Some((number, self.decoding(None)?.batch(number)?));
        }
        match last.as_ref() {
            Some((_, batch)) => Ok(of(batch, at as usize)),
            None => Err(Error::not_found("row", row)),
        }
    }
}

/// Whether values of the column can be written: as of any type, but for dictionaries within lists or structs.
fn is_writable(data_type: &DataType) -> bool {
    fn has_dictionary(data_type: &DataType) -> bool {
        use DataType as T;
        match data_type {
            T::Dictionary(_, _) => true,
            T::List(item) | T::LargeList(item) | T::ListView(item) | T::LargeListView(item) => {
                has_dictionary(item.data_type())
            }
            T::FixedSizeList(item, _) | T::Map(item, _) => has_dictionary(item.data_type()),
            T::Struct(fields) => fields.iter().any(|field| has_dictionary(field.data_type())),
            _ => false,
        }
    }
    let inner = match data_type {
        DataType::Dictionary(_, value) => value,
        other => other,
    };
    is_editable(data_type) && !has_dictionary(inner)
}

impl TableFile for ArrowFile<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.table
    }

    fn index(&self) -> Vec<u8> {
        Vec::new()
    }

    fn scan(&self, _: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        self.scan_rows(scan, sink)
    }

    fn find(&self, _: usize, key: &str) -> Result<Option<u64>> {
        Ok(place_key::place(key, self.rows()))
    }

    fn key(&self, _: usize, row: u64) -> Result<String> {
        self.batch_of(row).map(|_| row.to_string())
    }

    fn row(&self, _: usize, row: u64) -> Result<Vec<Value>> {
        self.with_row(row, |batch, at| batch.columns().iter().map(|column| value_at(column, at)).collect())
    }

    fn check(&self, _: usize, column: usize, value: &Value) -> Result<Value> {
        let fields = self.layout.schema.fields();
        let field = fields.get(column).ok_or_else(|| Error::not_found("column", column))?;
        if !is_writable(field.data_type()) {
            return Err(Error::invalid("column to edit", field.name(), "no value of its type can be written"));
        }
        accept(field, value).map_err(|why| Error::invalid("value", &value.to_string(), why).of_column(field.name()))
    }

    fn splices_whole(&self) -> bool {
        true
    }

    fn splice(&self, edits: &FileEdits) -> Result<Splice> {
        self.splice_edits(edits).map(Splice::Whole)
    }
}
