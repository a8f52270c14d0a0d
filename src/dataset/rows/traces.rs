//! What is kept of the rows of a file whose rows have no keys, to find them again in other bytes.
//!
//! A source's file may change, and then its old bytes are gone. Its rows have
//! left a trace beside the edits: a hash of each, and where a column tells all
//! rows apart, a hash of that cell. A trace says nothing of types: the same
//! value is the same, whatever type its column gets later.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::cells::as_text;
use super::splice::kept;
use crate::model::{PatchBytes, Value};
use crate::overlay::Rows;
use crate::store::Store;
use crate::table::{Flow, Scan, TableFile, arrow_value};
use crate::{Error, Result};

/// Of a table of more rows nothing is kept: it would be longer than the edits by far.
const ROWS_MAX: u64 = 1_000_000;

/// The traces of the tables of one file that have no keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::dataset) struct Traces {
    tables: Vec<Trace>,
}

/// The trace of one table. It is postcard, in a list: it never gets another field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Trace {
    /// The table's name within the file.
    table: String,
    /// The columns whose cells the hashes are of.
    columns: Vec<String>,
    /// A hash of each row, u32, little-endian.
    rows: Vec<u8>,
    /// The place of a column that tells all rows apart.
    telling: Option<u32>,
    /// The hashes of its cells, as those of rows.
    cells: Vec<u8>,
}

/// The hashes of all rows of a table, and of their cells in one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hashes {
    pub(super) rows: Vec<u32>,
    /// None where no column tells the rows apart.
    pub(super) cells: Vec<u32>,
}

impl Traces {
    /// The traces of an open file.
    pub(in crate::dataset) fn of(file: &dyn TableFile) -> Result<Traces> {
        let mut tables = Vec::new();
        for (at, info) in file.tables().iter().enumerate() {
            if info.schema.key.is_some() || info.rows == 0 || info.rows > ROWS_MAX {
                continue;
            }
            let columns: Vec<String> = info.schema.columns.iter().map(|column| column.name.clone()).collect();
            let mut hashing = Hashing::new(columns.len());
            hashing.read(file, at, &columns)?;
            let (telling, cells) = match hashing.telling.iter().position(Option::is_some) {
                Some(place) => (Some(place as u32), bytes_of(&Hashing::cells(file, at, &columns[place])?)),
                None => (None, Vec::new()),
            };
            tables.push(Trace { table: info.name.clone(), columns, rows: bytes_of(&hashing.rows), telling, cells });
        }
        Ok(Traces { tables })
    }

    /// Those that are kept beside row changes.
    pub(in crate::dataset) fn beside(rows: &Rows, store: &dyn Store) -> Result<Traces> {
        let bytes = match rows.traces()? {
            None => return Ok(Traces::default()),
            Some(PatchBytes::Inline(bytes)) => bytes,
            Some(PatchBytes::Blob(id, _)) => store.get(id)?.to_vec(),
        };
        postcard::from_bytes(&bytes)
            .map_err(|cause| Error::corrupt("traces of rows", "they cannot be read").caused_by(cause))
    }

    /// The bytes that are kept beside row changes; none where there is nothing to keep.
    pub(in crate::dataset) fn stored(&self, store: &dyn Store) -> Result<Option<PatchBytes>> {
        if self.tables.is_empty() {
            return Ok(None);
        }
        kept(postcard::to_stdvec(self).expect("plain data"), store).map(Some)
    }

    pub(in crate::dataset) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    pub(super) fn of_table(&self, table: &str) -> Option<&Trace> {
        self.tables.iter().find(|trace| trace.table == table)
    }
}

impl Trace {
    /// Whether the hashes of both are of the same columns.
    pub(super) fn is_like(&self, other: &Trace) -> bool {
        self.columns == other.columns && self.telling == other.telling
    }

    /// The hashes that were kept.
    pub(super) fn hashes(&self) -> Hashes {
        Hashes { rows: numbers_of(&self.rows), cells: numbers_of(&self.cells) }
    }

    /// The hashes of the same columns of another state of the table.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn hashes_of(&self, file: &dyn TableFile, at: usize) -> Result<Hashes> {
        let mut hashing = Hashing::new(0);
        hashing.read(file, at, &self.columns)?;
        let telling = self.telling.and_then(|place| self.columns.get(place as usize));
        let cells = telling.map(|column| Hashing::cells(file, at, column)).transpose()?;
        Ok(Hashes { rows: hashing.rows, cells: cells.unwrap_or_default() })
    }
}

/// Hashes of a table, being made.
struct Hashing {
    rows: Vec<u32>,
    /// Of each column that is asked about, the hashes so far, as long as no two are alike.
    telling: Vec<Option<HashSet<u64>>>,
}

impl Hashing {
    fn new(columns: usize) -> Hashing {
        Hashing { rows: Vec::new(), telling: vec![Some(HashSet::new()); columns] }
    }

    fn read(&mut self, file: &dyn TableFile, at: usize, names: &[String]) -> Result<()> {
        let columns = &file.tables()[at].schema.columns;
        let places: Vec<Option<usize>> =
            names.iter().map(|name| columns.iter().position(|column| column.name == *name)).collect();
        let read: Vec<usize> = places.iter().flatten().copied().collect();
        file.scan(at, &Scan { columns: Some(read), ..Scan::default() }, &mut |batch| {
            let mut hashes = vec![0xcbf2_9ce4_8422_2325; batch.num_rows()];
            let mut there = batch.columns().iter();
            for (column, place) in places.iter().enumerate() {
                // A column that is gone is as if it were null.
                let values = match place {
                    Some(_) => arrow_value::values(there.next().ok_or_else(lacking)?)?,
                    None => vec![Value::Null; batch.num_rows()],
                };
                for (row, value) in hashes.iter_mut().zip(&values) {
                    let cell = hash(value);
                    *row = (*row ^ cell).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
                    self.see(column, value, cell);
                }
            }
            self.rows.extend(hashes.into_iter().map(|hash| (hash >> 32) as u32));
            Ok(Flow::More)
        })
    }

    fn see(&mut self, column: usize, value: &Value, cell: u64) {
        let Some(known) = self.telling.get_mut(column) else { return };
        if known.as_mut().is_some_and(|known| *value == Value::Null || !known.insert(cell)) {
            *known = None;
        }
    }

    /// The hashes of one column's cells.
    fn cells(file: &dyn TableFile, at: usize, name: &str) -> Result<Vec<u32>> {
        let columns = &file.tables()[at].schema.columns;
        let Some(place) = columns.iter().position(|column| column.name == name) else { return Ok(Vec::new()) };
        let mut cells = Vec::new();
        file.scan(at, &Scan { columns: Some(vec![place]), ..Scan::default() }, &mut |batch| {
            let values = arrow_value::values(batch.column(0))?;
            cells.extend(values.iter().map(|value| (hash(value) >> 32) as u32));
            Ok(Flow::More)
        })?;
        Ok(cells)
    }
}

fn lacking() -> Error {
    Error::corrupt("a batch", "it lacks a column")
}

/// A hash that is the same for the same value for ever.
fn hash(value: &Value) -> u64 {
    let hash = match as_text(value) {
        Some(text) => blake3::hash(text.as_bytes()),
        None => blake3::hash(&[0xff]),
    };
    let (first, _) = hash.as_bytes().split_at(8);
    u64::from_le_bytes(first.try_into().expect("eight bytes"))
}

fn bytes_of(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn numbers_of(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().expect("four bytes"))).collect()
}
