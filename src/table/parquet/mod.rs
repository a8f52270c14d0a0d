//! Parquet: the footer is the index, row groups are read in parallel, and an edit appends.
//!
//! A splice leaves the file's bytes up to its footer as they are. The column chunks
//! of which a cell is edited are written anew behind them, and a new footer points to
//! old and new chunks alike. Of such a chunk, pages without an edited cell are copied
//! as they are, where that can be. Encrypted files are refused.
//!
//! | file | knows |
//! |---|---|
//! | `bytes` | the file as the Parquet library reads it |
//! | `thrift`, `footer` | the footer as meaning and as bytes |
//! | `scan`, `sieved` | reading rows, those of a condition; `rows` one of them |
//! | `shred` | a value as Parquet's levels and leaves |
//! | `recipe`, `steps`, `chunk`, `splice` | how a chunk was written, what happens to its rows, writing it again, all chunks together |
//! | `pages`, `kept`, `dictionary`, `bounds` | where a chunk's pages are, writing only some of them again, with which dictionary, the least and greatest value then |

mod bounds;
mod bytes;
mod chunk;
mod dictionary;
mod footer;
mod kept;
#[cfg(test)]
mod kept_tests;
mod pages;
mod recipe;
mod rows;
mod scan;
mod shred;
mod sieved;
mod splice;
mod steps;
mod storable;
mod thrift;

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use arrow::datatypes::Field;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use self::bytes::{Lent, inside};
use self::footer::Footer;
use self::rows::Slab;
pub use self::storable::storable;
use super::columnar::accept::{accept, is_editable};
use super::columnar::guard::{guarded, none_of_format};
use super::columnar::table::table;
use super::place_key;
use super::{FileEdits, Flow, Format, Places, ReadAt, Scan, Sieve, Splice, TableFile, TableInfo};
use crate::model::Value;
use crate::{Error, Result};

/// The format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parquet;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, _index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(ParquetFile::open(file).map_err(|error| none_of_format("Parquet file", error))?))
    }

    fn without_keys(&self) -> Option<Arc<dyn Format>> {
        Some(Arc::new(*self))
    }
}

/// An open file.
struct ParquetFile<'a> {
    lent: Lent,
    footer: Footer,
    arrow: ArrowReaderMetadata,
    table: [TableInfo; 1],
    /// The place of each row group's first row, and of the end.
    starts: Vec<u64>,
    slab: Mutex<Option<Slab>>,
    /// Of some columns.
    some: Mutex<Option<(Vec<usize>, Slab)>>,
    file: PhantomData<&'a dyn ReadAt>,
}

impl<'a> ParquetFile<'a> {
    fn open(file: &'a dyn ReadAt) -> Result<ParquetFile<'a>> {
        // SAFETY: it goes into the result, which lives no longer than `file`, and from there only into
        // readers that live within a call of a method of it: what these give are copies.
        let lent = unsafe { Lent::new(file) };
        let footer = Footer::read(&lent)?;
        let arrow = guarded("the Parquet footer", || meaning(&footer))?;
        let mut starts = vec![0_u64];
        for group in footer.metadata.row_groups() {
            let next = starts[starts.len() - 1].checked_add(group.num_rows() as u64);
            starts.push(next.ok_or_else(|| Error::corrupt("the Parquet footer", "it has too many rows"))?);
        }
        let rows = starts[starts.len() - 1];
        let table = [table(arrow.schema().fields(), is_editable, rows)];
        let (slab, some) = (Mutex::new(None), Mutex::new(None));
        Ok(ParquetFile { lent, footer, arrow, table, starts, slab, some, file: PhantomData })
    }

    fn rows(&self) -> u64 {
        self.table[0].rows
    }

    fn field(&self, column: usize) -> Result<&Field> {
        let fields = self.arrow.schema().fields();
        fields.get(column).map(AsRef::as_ref).ok_or_else(|| Error::not_found("column", column))
    }

    /// The row group that has the row, and the row's place in it.
    fn group_of(&self, row: u64) -> Option<(usize, u64)> {
        if row >= self.rows() {
            return None;
        }
        let group = self.starts.partition_point(|start| *start <= row) - 1;
        Some((group, row - self.starts[group]))
    }
}

/// What the columns mean to Arrow: as the file's own Arrow schema says, if that can be read.
fn meaning(footer: &Footer) -> Result<ArrowReaderMetadata> {
    let with = |options| ArrowReaderMetadata::try_new(Arc::clone(&footer.metadata), options);
    // Of a type that the library does not know of, its Arrow schema has it panic.
    guarded("the Parquet footer", || with(ArrowReaderOptions::new()).map_err(inside))
        .or_else(|_| with(ArrowReaderOptions::new().with_skip_arrow_metadata(true)))
        .map_err(|error| Error::invalid("Parquet file", "its schema", "it cannot be read").caused_by(inside(error)))
}

impl TableFile for ParquetFile<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.table
    }

    fn index(&self) -> Vec<u8> {
        Vec::new()
    }

    fn scan(&self, _: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        self.scan_rows(scan, sink)
    }

    fn scan_sieved(
        &self,
        _: usize,
        scan: &Scan,
        sieves: &[Sieve<'_>],
        sink: &mut dyn FnMut(RecordBatch, Places) -> Result<Flow>,
    ) -> Result<()> {
        self.sieve_rows(scan, sieves, sink)
    }

    fn find(&self, _: usize, key: &str) -> Result<Option<u64>> {
        Ok(place_key::place(key, self.rows()))
    }

    fn key(&self, _: usize, row: u64) -> Result<String> {
        if row < self.rows() { Ok(row.to_string()) } else { Err(Error::not_found("row", row)) }
    }

    fn row(&self, _: usize, row: u64) -> Result<Vec<Value>> {
        self.cells(row)
    }

    fn cells(&self, _: usize, row: u64, columns: &[usize]) -> Result<Vec<Value>> {
        self.some_cells(row, columns)
    }

    fn check(&self, _: usize, column: usize, value: &Value) -> Result<Value> {
        let field = self.field(column)?;
        if !is_editable(field.data_type()) {
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
