//! Tables: the rows of a file as its format means them, and how an edit of a row becomes an edit of bytes.
//!
//! This room knows formats and bytes. It does not know views, drafts or the
//! store: it is given a file to read ([`ReadAt`]) and gives back rows, or the
//! byte ranges to replace ([`Patch`]). [`crate::dataset`] keeps both in the
//! overlay. Nothing here writes to a file.
//!
//! One file holds one table or several (COCO has images, annotations and
//! categories); one table may lie in many files (YOLO has one for each image).
//! A [`Format`] speaks of one file.
//!
//! | file | knows |
//! |---|---|
//! | [`schema`] | a column and what it is for; a cell is a [`Value`] of the model |
//! | [`edit`] | what is to be done to rows, and the patches that do it |
//! | [`flag`] | a row that can be read and is odd |
//! | [`follow`] | cells that follow from those that are set |
//! | [`images`] | folders of images: splits and classes by their names |
//! | [`detect`] | which format a file has |
//! | [`arrow_value`] | a cell of an Arrow array as a value, and values as an array |
//! | `place_key` | the key of a row that has none of its own |
//! | [`keyed`], `key_index` | a file whose rows are named by a column that somebody declared; finding them by it |
//! | `marks`, `in_order`, `read` | what text formats share: where rows are; all processors; parts of a file |
//! | `moment` | dates and times, as texts and as numbers |
//! | [`sieve`] | rows left out of a scan before all their cells are read |
//! | `stored` | what was found of a file, as it is kept |
//! | [`csv`], [`jsonl`] | lines of text |
//! | [`json`], its dialect [`coco`] | rows that are objects in arrays of JSON |
//! | [`yolo`], [`voc`] | a small file for each image; `whole` has what they share |
//! | [`parquet`], [`arrow_file`] | columns; `columnar` has what they share: Arrow cells as values and back |
//! | [`expr`] | conditions and values over rows, in the syntax of SQL |

mod applied;
pub mod arrow_file;
pub mod arrow_value;
mod class_map;
pub mod coco;
mod columnar;
pub mod csv;
pub mod detect;
pub mod edit;
pub mod expr;
pub mod flag;
pub mod follow;
pub mod images;
pub(crate) mod in_order;
pub mod json;
pub mod jsonl;
mod key_index;
pub mod keyed;
mod marks;
mod moment;
pub mod parquet;
mod place_key;
mod read;
pub mod schema;
pub mod sieve;
mod stored;
#[cfg(test)]
pub(crate) mod testing;
pub mod voc;
mod whole;
pub mod yolo;

use std::fmt::{self, Debug};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

pub use applied::applied;
pub(crate) use class_map::number_text;
pub(crate) use columnar::guard::guarded;
pub use edit::{FileEdits, Insert, Patch, RowSet, Splice};
pub use flag::Flag;
pub use follow::{Followed, Leading};
pub use read::head;
pub use schema::{Column, Role, TableSchema};
pub use sieve::{Places, Sieve};

use crate::model::Value;
use crate::{Error, Result};

/// Bytes that can be read anywhere: a file of a view, or a slice in memory.
pub trait ReadAt: Send + Sync + Debug {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// Fills `buffer` from `offset`; returns fewer bytes only at the end.
    ///
    /// # Errors
    /// Those of the file; `SourceChanged` where it is no longer what was recorded.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        Vec::len(self) as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.as_slice().len());
        let len = buffer.len().min(self.as_slice().len() - from);
        buffer[..len].copy_from_slice(&self[from..from + len]);
        Ok(len)
    }
}

impl ReadAt for bytes::Bytes {
    fn len(&self) -> u64 {
        bytes::Bytes::len(self) as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.as_ref().len());
        let len = buffer.len().min(self.as_ref().len() - from);
        buffer[..len].copy_from_slice(&self[from..from + len]);
        Ok(len)
    }
}

/// How the rows of a file are found. One value of it is one format with its options.
pub trait Format: Send + Sync + Debug {
    /// What people call it: `csv`, `coco` …
    fn name(&self) -> &'static str;

    /// The names of the tables that such a file has, in the order of [`TableFile::tables`].
    fn parts(&self) -> &'static [&'static str] {
        &["rows"]
    }

    /// Those of its parts in which a row can be odd in a way that [`Format::flags`] tells.
    fn odd_parts(&self) -> &'static [&'static str] {
        &[]
    }

    /// Tells the rows that can be read and are odd, in order of table and place.
    ///
    /// # Errors
    /// Those of the file, which is one that this format opened.
    fn flags(&self, _file: &dyn TableFile) -> Result<Vec<Flag>> {
        Ok(Vec::new())
    }

    /// Finds the rows of a file: reads all of it once, unless `index` tells what an earlier call found.
    ///
    /// `index` is what [`TableFile::index`] gave for the same bytes and options; bytes of
    /// another kind or version are ignored.
    ///
    /// # Errors
    /// `Invalid` when the bytes are not of this format at all. A malformed row is no error: see
    /// [`TableInfo::problem`].
    fn open<'a>(&self, file: &'a dyn ReadAt, index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>>;

    /// The same format with what somebody said of how such a file is written.
    ///
    /// # Errors
    /// `Invalid` for what there is not to be said; of most formats, that is everything.
    fn said_to_be(&self, options: &[&str]) -> Result<Arc<dyn Format>> {
        let said = options.join(":");
        Err(Error::invalid("option of the format", &said, format!("{} has none", self.name())))
    }

    /// The same format, for another state of a file that had these columns: what was text stays text, though all
    /// of it might be read as numbers now. A column that does not fit its type gets another.
    ///
    /// `None` where the file itself tells the types of its columns.
    fn knowing(&self, columns: &[Column]) -> Option<Arc<dyn Format>> {
        let _ = columns;
        None
    }

    /// The same format, whose rows have no keys but their places: what [`keyed::Keyed`] stands on.
    ///
    /// `None` where it is for the format alone to say what a row's key is.
    fn without_keys(&self) -> Option<Arc<dyn Format>> {
        None
    }
}

/// One table of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct TableInfo {
    /// Its name within the file; `rows` where the format has but one.
    pub name: String,
    /// Its columns, in order.
    pub schema: TableSchema,
    /// How many rows it has.
    pub rows: u64,
    /// What is wrong with the first bad row; then the table is partial, and ends before what cannot be read.
    pub problem: Option<Problem>,
}

/// Where and why a file is not what its format wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: u64,
    /// In bytes, counted from 1.
    pub column: u64,
    /// Lower case, no full stop.
    pub why: String,
}

impl Problem {
    /// The error of a file that is none of its format at all, because of this; it has this as its cause.
    pub(crate) fn refusal(self, what: &'static str) -> Error {
        Error::invalid(what, "the file", self.to_string()).caused_by(self)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, in line {}, column {}", self.why, self.line, self.column)
    }
}

impl std::error::Error for Problem {}

/// What is to be read of a table.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The columns, by place in the schema, in the order wanted; `None` is all.
    pub columns: Option<Vec<usize>>,
    /// The first row, by place in the file.
    pub from: u64,
    /// How many rows at most.
    pub limit: Option<u64>,
}

/// Whether more rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    More,
    /// Enough.
    Stop,
}

/// A file whose rows were found. Rows are told by their place, counted from 0, or by their key.
///
/// A row's key is text: the id that the format gives it (COCO), the value of the declared
/// key column, else its place in the file.
pub trait TableFile: Send + Sync {
    /// The tables in it; what they are called below is their place in this list.
    fn tables(&self) -> &[TableInfo];

    /// What [`Format::open`] needs to find the rows again without reading the file; for 10,000,000
    /// rows of text some hundred kilobytes, because only every n-th row is noted.
    fn index(&self) -> Vec<u8>;

    /// Gives `sink` the rows in order of the file, as batches of some thousand. Text columns may be dictionaries.
    ///
    /// # Errors
    /// Those of the file, and those of `sink`.
    fn scan(&self, table: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()>;

    /// As [`TableFile::scan`], with the rows' places; rows that a sieve does not let through may be left out. A
    /// format whose columns lie apart leaves them out without reading their other cells, and asks a sieve only for rows
    /// that those before it let through.
    ///
    /// # Errors
    /// As [`TableFile::scan`].
    fn scan_sieved(
        &self,
        table: usize,
        scan: &Scan,
        _sieves: &[Sieve<'_>],
        sink: &mut dyn FnMut(RecordBatch, Places) -> Result<Flow>,
    ) -> Result<()> {
        let mut next = scan.from;
        self.scan(table, scan, &mut |batch| {
            let first = next;
            next += batch.num_rows() as u64;
            sink(batch, Places::From(first))
        })
    }

    /// The place of the row with this key; of several, the first. What is found by `key` has it as its key, letter
    /// for letter: `01` is no key of row 1.
    fn find(&self, table: usize, key: &str) -> Result<Option<u64>>;

    /// The places of rows, each as [`TableFile::find`]; for many of them in one sweep over the file, not in as many
    /// searches.
    ///
    /// # Errors
    /// Those of the file.
    fn find_all(&self, table: usize, keys: &[&str]) -> Result<Vec<Option<u64>>> {
        keys.iter().map(|key| self.find(table, key)).collect()
    }

    /// Whether a new row's id can only be the one after the last, whatever others add meanwhile.
    fn ids_are_places(&self, _table: usize) -> bool {
        false
    }

    /// The highest id of a row, where ids are numbers.
    ///
    /// # Errors
    /// Those of the file.
    fn key_max(&self, table: usize) -> Result<Option<i64>> {
        let Some(column) = self.tables().get(table).and_then(|info| info.schema.key) else { return Ok(None) };
        let (scan, mut highest) = (Scan { columns: Some(vec![column]), ..Scan::default() }, None);
        self.scan(table, &scan, &mut |batch| {
            for id in arrow_value::values(batch.column(0))? {
                if let Value::Int(id) = id {
                    highest = highest.max(Some(id));
                }
            }
            Ok(Flow::More)
        })?;
        Ok(highest)
    }

    /// The column whose values are the rows' keys because somebody declared it; a new row must have one there.
    fn declared_key(&self) -> Option<&str> {
        None
    }

    /// Why the column that was declared cannot tell all rows apart, for a person: of rows with the same key the
    /// first is found, one without a key is not.
    fn key_flaw(&self) -> Option<&str> {
        None
    }

    /// Whether more than one row has this key.
    ///
    /// # Errors
    /// Those of the file.
    fn is_shared(&self, _table: usize, _key: &str) -> Result<bool> {
        Ok(false)
    }

    /// The key of the row at this place.
    fn key(&self, table: usize, row: u64) -> Result<String>;

    /// All cells of one row, in order of the schema.
    fn row(&self, table: usize, row: u64) -> Result<Vec<Value>>;

    /// Some cells of one row, by place of column in the schema; where columns lie apart, no others are read.
    ///
    /// # Errors
    /// `NotFound` for a column.
    fn cells(&self, table: usize, row: u64, columns: &[usize]) -> Result<Vec<Value>> {
        let all = self.row(table, row)?;
        let cell = |column: &usize| all.get(*column).cloned().ok_or_else(|| Error::not_found("column", column));
        columns.iter().map(cell).collect()
    }

    /// The table in this file whose rows are the classes of its labels, and its column of their names; the numbers are
    /// its keys.
    fn class_table(&self) -> Option<(usize, usize)> {
        None
    }

    /// Takes another class map for that of the file, (number, name): the one that its edits make of it.
    fn set_classes(&mut self, _classes: &[(String, String)]) {}

    /// Checks that the value can be written into the column, as it would be read back; returns it so
    /// (`"3"` for a column of numbers is 3).
    ///
    /// # Errors
    /// `Invalid` with the reason: type, class map, encoding, NaN in JSON.
    fn check(&self, table: usize, column: usize, value: &Value) -> Result<Value>;

    /// What else is to be set in a row when these cells are: the area of a box.
    ///
    /// # Errors
    /// Those of reading the row.
    fn follow(&self, _table: usize, _edit: &Leading<'_>) -> Result<Followed> {
        Ok(Followed::default())
    }

    /// Whether [`TableFile::splice`] makes all edits together ([`Splice::Whole`]), and so must be told of all.
    fn splices_whole(&self) -> bool {
        false
    }

    /// Whether an inserted row may have cells of columns that no other row of the file has ([`Insert::more`]).
    fn takes_more(&self) -> bool {
        false
    }

    /// Turns edits of rows into edits of bytes.
    ///
    /// # Errors
    /// `Invalid` for what the format cannot say: then nothing is done.
    fn splice(&self, edits: &FileEdits) -> Result<Splice>;
}
