//! A JSON Lines file whose rows were found: its rows as values and as Arrow.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use serde::Deserializer;

use super::batch::{Builder, Row};
use super::index::Layout;
use super::shape::Shape;
use super::{JsonlFormat, fit, style};
use crate::model::{Value, odd_number};
use crate::table::json::{self, Member};
use crate::table::marks::Block;
use crate::table::place_key::place;
use crate::table::schema::by_name;
use crate::table::{Column, FileEdits, Flow, ReadAt, Role, Scan, Splice, TableFile, TableInfo, TableSchema, read};
use crate::{Error, Result};

/// As much is read for one batch.
const BATCH_BYTES: u64 = 512 << 10;

/// See the module.
pub(super) struct JsonlFile<'a> {
    file: &'a dyn ReadAt,
    pub(super) format: JsonlFormat,
    pub(super) layout: Layout,
    tables: [TableInfo; 1],
    /// The lines that were looked at last: whoever asks for one asks for the next.
    last: Mutex<Option<Arc<Lines>>>,
}

/// Lines between two marks, as they are in the file.
pub(super) struct Lines {
    block: Block,
    text: String,
    /// Where each begins, and where what comes after its line ending begins.
    places: Vec<Range<usize>>,
}

impl Lines {
    pub(super) fn line(&self, row: u64) -> &str {
        &self.text[self.places[(row - self.block.row) as usize].clone()]
    }

    /// Where the line is in the file, its line ending included.
    pub(super) fn place(&self, row: u64) -> Range<u64> {
        let place = &self.places[(row - self.block.row) as usize];
        self.block.offset + place.start as u64..self.block.offset + place.end as u64
    }
}

/// The keys of an object, in order.
///
/// # Errors
/// `Invalid` if it is none.
pub(super) fn entries(object: &str) -> Result<Vec<Member>> {
    json::members(object).ok_or_else(|| Error::invalid("json object", object, "it cannot be read"))
}

impl<'a> JsonlFile<'a> {
    pub(super) fn new(file: &'a dyn ReadAt, format: &JsonlFormat, layout: Layout) -> JsonlFile<'a> {
        let known = by_name(&format.columns);
        let column = |(name, shape): &(String, Shape)| {
            let known = known.get(name.as_str());
            Column {
                name: name.clone(),
                data_type: shape.data_type(),
                role: match (known.map(|column| column.role.clone()).unwrap_or_default(), shape) {
                    (Role::Plain, Shape::Json) => Role::Json,
                    (Role::Json, of) if *of != Shape::Json => Role::Plain,
                    (role, _) => role,
                },
                nullable: true,
                editable: known.is_none_or(|column| column.editable),
            }
        };
        let columns = layout.fields.list.iter().map(column).collect();
        let schema = TableSchema { columns, key: None };
        let info = TableInfo { name: "rows".to_owned(), schema, rows: layout.marks.rows, problem: layout.problem() };
        JsonlFile { file, format: format.clone(), layout, tables: [info], last: Mutex::new(None) }
    }

    pub(super) fn shape(&self, column: usize) -> Result<&Shape> {
        let field = self.layout.fields.list.get(column);
        field.map(|(_, shape)| shape).ok_or_else(|| Error::not_found("column", column))
    }

    pub(super) fn only(&self, table: usize) -> Result<()> {
        if table == 0 { Ok(()) } else { Err(Error::not_found("table", table)) }
    }

    /// The lines around this one.
    pub(super) fn lines(&self, table: usize, row: u64) -> Result<Arc<Lines>> {
        self.only(table)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = last.as_ref() {
            let block = lines.block;
            if block.row <= row && row < block.row + block.rows {
                return Ok(Arc::clone(lines));
            }
        }
        let block = self.layout.marks.block_of(row).ok_or_else(|| Error::not_found("row", row))?;
        let lines = Arc::new(self.read_lines(block)?);
        *last = Some(Arc::clone(&lines));
        Ok(lines)
    }

    fn read_lines(&self, block: Block) -> Result<Lines> {
        let mut bytes = read::read(self.file, block.offset, usize::try_from(block.len).unwrap_or(usize::MAX))?;
        self.blank_broken(block, &mut bytes);
        let text = String::from_utf8(bytes).map_err(|cause| unlike().caused_by(cause))?;
        let mut places = Vec::with_capacity(block.rows as usize);
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let next = at + line.len();
            if !line.as_bytes().trim_ascii().is_empty() {
                places.push(at..next);
            }
            at = next;
        }
        if places.len() as u64 != block.rows {
            return Err(unlike());
        }
        Ok(Lines { block, text, places })
    }

    /// Makes blanks of lines that are no rows: blank lines are none, either.
    fn blank_broken(&self, block: Block, bytes: &mut [u8]) {
        let broken = &self.layout.broken;
        let first = broken.partition_point(|(offset, _)| *offset < block.offset);
        let within = broken[first..].iter().take_while(|(offset, _)| *offset < block.offset + block.len);
        for (offset, len) in within {
            let start = (offset - block.offset) as usize;
            let end = bytes.len().min(start.saturating_add(*len as usize));
            bytes[start.min(end)..end].fill(b' ');
        }
    }

    fn batch(&self, block: Block, columns: &[usize], schema: &Arc<Schema>) -> Result<RecordBatch> {
        let lines = self.read_lines(block)?;
        let fields = &self.layout.fields;
        let mut builders: Vec<Builder<'_>> = columns.iter().map(|at| Builder::new(&fields.list[*at].1)).collect();
        let mut places = vec![None; fields.list.len()];
        // A column that is asked for twice is read once.
        columns.iter().enumerate().for_each(|(at, column)| places[*column] = places[*column].or(Some(at)));
        let own = |at: usize| places[columns[at]].unwrap_or(at);
        // What serde_json does not read is read value by value.
        let may_be_odd = odd_number::may_be_in(lines.text.as_bytes());
        for (rows, place) in lines.places.iter().enumerate() {
            let line = &lines.text[place.clone()];
            if may_be_odd && odd_number::may_be_in(line.as_bytes()) {
                let cells = self.cells(line)?;
                let taken = places.iter().zip(&cells).filter_map(|(at, cell)| at.map(|at| (at, cell)));
                if !taken.fold(true, |fits, (at, cell)| builders[at].push_value(cell) && fits) {
                    return Err(unlike());
                }
                continue;
            }
            let mut json = serde_json::Deserializer::from_str(line);
            let row = Row { fields, places: &places, columns: &mut builders, rows };
            json.deserialize_map(row).map_err(|cause| unlike().caused_by(cause))?;
        }
        let arrays = builders.into_iter().map(Builder::finish).collect::<Result<Vec<_>>>()?;
        let arrays = (0..columns.len()).map(|at| Arc::clone(&arrays[own(at)])).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(lines.places.len()));
        RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
            .map_err(|cause| unlike().caused_by(cause))
    }

    /// The value of one cell; null where the key is not there.
    pub(super) fn cell(&self, column: usize, line: &str, entries: &[Member]) -> Result<Value> {
        let (name, shape) = &self.layout.fields.list[column];
        let entry = entries.iter().find(|entry| entry.name == *name);
        entry.map_or(Ok(Value::Null), |entry| fit::read(shape, &line[entry.value.clone()]))
    }

    /// The values of all cells of a line.
    fn cells(&self, line: &str) -> Result<Vec<Value>> {
        let mut cells = vec![Value::Null; self.layout.fields.list.len()];
        let mut next = 0;
        for entry in entries(line)? {
            let at = match self.layout.fields.place(&entry.name, next) {
                Some(at) => at,
                None if self.layout.fields.is_full() => continue,
                None => return Err(unlike()),
            };
            cells[at] = fit::read(&self.layout.fields.list[at].1, &line[entry.value])?;
            next = at + 1;
        }
        Ok(cells)
    }

    /// The value as it would be read from the column; NaN and infinities only where the file has some.
    pub(super) fn coerced(&self, column: usize, value: &Value) -> Result<Value> {
        let shape = self.shape(column)?;
        let value = fit::coerce(shape, value)?;
        match &value {
            _ if self.layout.odd => {}
            Value::Text(json) if *shape == Shape::Json && odd_number::is_in(json.as_bytes()) => {
                return Err(style::lacks(json));
            }
            value => style::finite(value)?,
        }
        Ok(value)
    }
}

fn unlike() -> Error {
    Error::corrupt("a table's index", "the file does not have the rows that it tells of")
}

impl TableFile for JsonlFile<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    fn index(&self) -> Vec<u8> {
        self.layout.stored(&self.format, self.file.len())
    }

    fn scan(&self, table: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        self.only(table)?;
        let all = || (0..self.layout.fields.list.len()).collect();
        let columns = scan.columns.clone().unwrap_or_else(all);
        let mut fields = Vec::with_capacity(columns.len());
        for at in &columns {
            let data_type = self.shape(*at)?.data_type();
            fields.push(Field::new(&self.layout.fields.list[*at].0, data_type, true));
        }
        let schema = Arc::new(Schema::new(fields));
        self.layout.marks.scan(scan, BATCH_BYTES, |block| self.batch(block, &columns, &schema), sink)
    }

    fn find(&self, table: usize, key: &str) -> Result<Option<u64>> {
        self.only(table).map(|()| place(key, self.layout.marks.rows))
    }

    fn key(&self, table: usize, row: u64) -> Result<String> {
        self.only(table)?;
        if row < self.layout.marks.rows { Ok(row.to_string()) } else { Err(Error::not_found("row", row)) }
    }

    fn row(&self, table: usize, row: u64) -> Result<Vec<Value>> {
        self.cells(self.lines(table, row)?.line(row))
    }

    fn check(&self, table: usize, column: usize, value: &Value) -> Result<Value> {
        self.only(table)?;
        let fields = &self.layout.fields.list;
        self.coerced(column, value).map_err(|error| match fields.get(column) {
            Some((name, _)) => error.of_column(name),
            None => error,
        })
    }

    fn takes_more(&self) -> bool {
        true
    }

    fn splice(&self, edits: &FileEdits) -> Result<Splice> {
        self.patches(edits)
    }
}
