//! Small files: read whole, their rows kept as values.
//!
//! A label file or an XML of one image is some kilobytes: there is nothing to
//! index, and a row's key is its place unless the table has a column of keys.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema};

use super::json::{self, Cells, Shape};
use super::place_key::place;
use super::{
    Column, FileEdits, Flow, Followed, Leading, Problem, ReadAt, Role, Scan, Splice, TableFile, TableInfo, TableSchema,
};
use crate::model::Value;
use crate::{Error, Result};

/// A longer file is none of those that are read whole, in bytes.
const LEN_MAX: u64 = 64 << 20;
/// A batch has at most so many rows.
const BATCH_ROWS: usize = 4096;

/// Reads all of a file that is text.
///
/// # Errors
/// `Invalid` for a file that is too long or is not UTF-8.
pub(crate) fn text(file: &dyn ReadAt, what: &'static str) -> Result<String> {
    if file.len() > LEN_MAX {
        return Err(Error::invalid(what, "the file", format!("it is longer than {} MiB", LEN_MAX >> 20)));
    }
    let mut bytes = vec![0; file.len() as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..at]);
        problem(&before, at, "bytes that are not UTF-8").refusal(what)
    })
}

/// A mistake at a place of the text.
pub(crate) fn problem(text: &str, at: usize, why: impl Into<String>) -> Problem {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
    Problem { line, column: (before.len() - line_start + 1) as u64, why: why.into() }
}

/// The shortest text of a number.
pub(crate) fn number_text(number: f64) -> String {
    // Not `1e-7`: some readers split such numbers.
    if number == 0.0 || (1e-9..1e15).contains(&number.abs()) { format!("{number}") } else { format!("{number:e}") }
}

/// A column that holds values of this shape.
pub(crate) fn column(name: &str, shape: Shape, role: Role, nullable: bool) -> Column {
    Column { name: name.to_owned(), data_type: shape.data_type(), role, nullable, editable: true }
}

/// A table whose rows are in memory.
#[derive(Debug)]
pub(crate) struct WholeTable {
    pub(crate) info: TableInfo,
    /// As the columns.
    pub(crate) shapes: Vec<Shape>,
    rows: Vec<Vec<Value>>,
}

impl WholeTable {
    pub(crate) fn new(
        name: &str,
        columns: Vec<(Column, Shape)>,
        rows: Vec<Vec<Value>>,
        problem: Option<Problem>,
    ) -> WholeTable {
        let (columns, shapes): (Vec<Column>, Vec<Shape>) = columns.into_iter().unzip();
        let key = columns.iter().position(|column| column.role == Role::Key);
        let schema = TableSchema { columns, key };
        let info = TableInfo { name: name.to_owned(), schema, rows: rows.len() as u64, problem };
        WholeTable { info, shapes, rows }
    }

    /// # Errors
    /// `NotFound` where there is no such row.
    pub(crate) fn row(&self, row: u64) -> Result<&[Value]> {
        let found = usize::try_from(row).ok().and_then(|row| self.rows.get(row));
        found.map(Vec::as_slice).ok_or_else(|| Error::not_found("row", row))
    }

    pub(crate) fn key(&self, row: u64) -> Result<String> {
        let cells = self.row(row)?;
        Ok(self.info.schema.key.map_or_else(|| row.to_string(), |key| cells[key].to_string()))
    }

    pub(crate) fn find(&self, key: &str) -> Option<u64> {
        match self.info.schema.key {
            Some(column) => self.rows.iter().position(|row| row[column].to_string() == key).map(|row| row as u64),
            None => place(key, self.info.rows),
        }
    }

    pub(crate) fn column(&self, column: usize) -> Result<(&Column, Shape)> {
        let found = self.info.schema.columns.get(column);
        found.map(|found| (found, self.shapes[column])).ok_or_else(|| Error::not_found("column", column))
    }

    /// Checks the type alone; null where the column may be.
    pub(crate) fn check(&self, column: usize, value: &Value) -> Result<Value> {
        let (column, shape) = self.column(column)?;
        if *value == Value::Null {
            return if column.nullable {
                Ok(Value::Null)
            } else {
                Err(json::refuse(column, value, "a row must have it"))
            };
        }
        json::hold(shape, value).map_err(|why| json::refuse(column, value, why))
    }

    pub(crate) fn scan(&self, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        let wanted = scan.columns.clone().unwrap_or_else(|| (0..self.shapes.len()).collect());
        let columns = wanted.iter().map(|column| self.column(*column)).collect::<Result<Vec<_>>>()?;
        let field = |(column, shape): &(&Column, Shape)| Field::new(&column.name, shape.data_type(), column.nullable);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let from = usize::try_from(scan.from).unwrap_or(usize::MAX);
        let limit = scan.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let rows: Vec<&Vec<Value>> = self.rows.iter().skip(from).take(limit).collect();
        for rows in rows.chunks(BATCH_ROWS) {
            let array = |(column, (_, shape)): (&usize, &(&Column, Shape))| {
                let mut cells = Cells::new(*shape);
                rows.iter().for_each(|row| cells.push_value(&row[*column]));
                cells.finish()
            };
            let arrays = wanted.iter().zip(&columns).map(array).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).map_err(|cause| {
                Error::corrupt("a table in memory", "a row lacks what all must have").caused_by(cause)
            })?;
            if sink(batch)? == Flow::Stop {
                break;
            }
        }
        Ok(())
    }
}

/// A file whose tables are in memory. It is a [`TableFile`]; a format adds what it checks and how it is spliced.
pub(crate) trait WholeFile: Send + Sync {
    /// Its tables.
    fn infos(&self) -> &[TableInfo];

    /// One of them.
    ///
    /// # Errors
    /// `NotFound` where there is none at this place.
    fn table(&self, table: usize) -> Result<&WholeTable>;

    /// See [`TableFile::check`].
    fn check_cell(&self, table: &WholeTable, column: usize, value: &Value) -> Result<Value> {
        table.check(column, value)
    }

    /// See [`TableFile::follow`].
    fn followed(&self, _table: &WholeTable, _edit: &Leading<'_>) -> Followed {
        Followed::default()
    }

    /// See [`TableFile::splices_whole`].
    fn is_spliced_whole(&self) -> bool {
        false
    }

    /// See [`TableFile::ids_are_places`].
    fn are_ids_places(&self) -> bool {
        false
    }

    /// See [`TableFile::splice`]; all edits are of tables that are there.
    fn splice_edits(&self, edits: &FileEdits) -> Result<Splice>;
}

impl<F: WholeFile> TableFile for F {
    fn ids_are_places(&self, _table: usize) -> bool {
        self.are_ids_places()
    }

    fn tables(&self) -> &[TableInfo] {
        self.infos()
    }

    fn index(&self) -> Vec<u8> {
        Vec::new()
    }

    fn scan(&self, table: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        self.table(table)?.scan(scan, sink)
    }

    fn find(&self, table: usize, key: &str) -> Result<Option<u64>> {
        Ok(self.table(table)?.find(key))
    }

    fn key(&self, table: usize, row: u64) -> Result<String> {
        self.table(table)?.key(row)
    }

    fn row(&self, table: usize, row: u64) -> Result<Vec<Value>> {
        self.table(table)?.row(row).map(<[Value]>::to_vec)
    }

    fn check(&self, table: usize, column: usize, value: &Value) -> Result<Value> {
        self.check_cell(self.table(table)?, column, value)
    }

    fn follow(&self, table: usize, edit: &Leading<'_>) -> Result<Followed> {
        Ok(self.followed(self.table(table)?, edit))
    }

    fn splices_whole(&self) -> bool {
        self.is_spliced_whole()
    }

    fn splice(&self, edits: &FileEdits) -> Result<Splice> {
        let of_sets = edits.sets.iter().map(|set| set.table);
        let of_rows = edits.deletes.iter().map(|(table, _)| *table).chain(edits.inserts.iter().map(|row| row.table));
        of_sets.chain(of_rows).try_for_each(|table| self.table(table).map(|_| ()))?;
        self.splice_edits(edits)
    }
}

/// The table of a file that has but one.
///
/// # Errors
/// `NotFound` for any but the first.
pub(crate) fn sole(table: &WholeTable, at: usize) -> Result<&WholeTable> {
    if at == 0 { Ok(table) } else { Err(Error::not_found("table", at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_back_from_its_text() {
        for value in [0.0, -0.0, 0.1, 1.0, 1e-12, 1e300, 0.015625, f64::MIN_POSITIVE] {
            assert_eq!(number_text(value).parse::<f64>().ok().map(f64::to_bits), Some(value.to_bits()));
        }
    }
}
