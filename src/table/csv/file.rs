//! A CSV file whose rows were found: its rows as values and as Arrow.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::batch::Builder;
use super::chunk::Chunk;
use super::index::Layout;
use super::tokens::{Line, Span, Split, Stop};
use super::{CsvFormat, field};
use crate::model::Value;
use crate::table::marks::Block;
use crate::table::place_key::place;
use crate::table::schema::by_name;
use crate::table::{Column, FileEdits, Flow, ReadAt, Scan, Splice, TableFile, TableInfo, TableSchema};
use crate::{Error, Result};

/// As much is read for one batch.
const BATCH_BYTES: u64 = 512 << 10;

/// See the module.
pub(super) struct CsvFile<'a> {
    pub(super) file: &'a dyn ReadAt,
    pub(super) format: CsvFormat,
    /// The quote that the format was said to have.
    quote: Option<u8>,
    pub(super) layout: Layout,
    tables: [TableInfo; 1],
    /// The rows that were looked at last: whoever asks for one asks for the next.
    last: Mutex<Option<Arc<Lines>>>,
}

/// Rows between two marks, as they are in the file.
pub(super) struct Lines {
    block: Block,
    pub(super) chunk: Chunk,
    rows: Vec<Line>,
    /// As many for each row as there are columns.
    fields: Vec<Span>,
    width: usize,
}

impl Lines {
    pub(super) fn line(&self, row: u64) -> Line {
        self.rows[(row - self.block.row) as usize]
    }

    pub(super) fn fields(&self, row: u64) -> &[Span] {
        let at = (row - self.block.row) as usize * self.width;
        &self.fields[at..at + self.width]
    }

    /// Where the text of a field begins, with the spaces before it that do not count.
    pub(super) fn begin(&self, row: u64, column: usize) -> u32 {
        match column.checked_sub(1) {
            Some(before) => self.fields(row)[before].end + 1,
            None => self.line(row).start as u32,
        }
    }
}

impl<'a> CsvFile<'a> {
    pub(super) fn new(file: &'a dyn ReadAt, format: &CsvFormat, layout: Layout) -> CsvFile<'a> {
        let known = by_name(&format.columns);
        let column = |(name, kind): (&String, &super::kind::Kind)| {
            let known = known.get(name.as_str());
            Column {
                name: name.clone(),
                data_type: kind.data_type(),
                role: known.map(|column| column.role.clone()).unwrap_or_default(),
                nullable: true,
                editable: known.is_none_or(|column| column.editable),
            }
        };
        let columns = layout.names.iter().zip(&layout.kinds).map(column).collect();
        let schema = TableSchema { columns, key: None };
        let info = TableInfo { name: "rows".to_owned(), schema, rows: layout.marks.rows, problem: layout.problem() };
        let quote = format.quote;
        let format = CsvFormat { quote: quote.filter(|_| !layout.is_unquoted), ..format.clone() };
        CsvFile { file, format, quote, layout, tables: [info], last: Mutex::new(None) }
    }

    pub(super) fn schema(&self) -> &TableSchema {
        &self.tables[0].schema
    }

    /// The rows around this one.
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
        let width = self.layout.names.len();
        let (mut rows, mut fields) = (Vec::with_capacity(block.rows as usize), Vec::new());
        let chunk = self.split(block, |_, spans, line| {
            rows.push(line);
            fields.extend_from_slice(spans);
            true
        })?;
        Ok(Lines { block, chunk, rows, fields, width })
    }

    /// Gives each row of a block, its text and its fields; these are as many as there are columns.
    fn split(&self, block: Block, mut each: impl FnMut(&[u8], &[Span], Line) -> bool) -> Result<Chunk> {
        let len = usize::try_from(block.len).unwrap_or(usize::MAX);
        let chunk = Chunk::read(self.file, self.format.encoding, block.offset, len)?;
        let (mut rows, mut fits) = (0, !chunk.bad);
        let split = Split { text: &chunk.text, is_last: true, inside: false };
        let stop = self.format.syntax().split(&split, |fields, line| {
            // A line with other fields is no row, see `Layout`.
            if fields.len() == self.layout.names.len() {
                rows += 1;
                fits &= each(&chunk.text, fields, line);
            }
            if fits { Flow::More } else { Flow::Stop }
        });
        if !fits || rows != block.rows || stop != Stop::End {
            return Err(Error::corrupt("a table's index", "the file does not have the rows that it tells of"));
        }
        Ok(chunk)
    }

    fn batch(&self, block: Block, columns: &[usize], schema: &Arc<Schema>) -> Result<RecordBatch> {
        let rows = block.rows as usize;
        let kind = |column: &usize| Builder::new(self.layout.kinds[*column], self.format.encoding, rows);
        let mut builders: Vec<(usize, Builder)> = columns.iter().map(|at| (*at, kind(at))).collect();
        let syntax = self.format.syntax();
        self.split(block, |text, fields, _| {
            let mut fits = true;
            for (column, builder) in &mut builders {
                fits &= builder.push(&field::told(&self.format, &syntax, text, fields[*column]));
            }
            fits
        })?;
        let arrays = builders.into_iter().map(|(_, builder)| builder.finish()).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
            .map_err(|cause| Error::corrupt("a batch", "its columns do not fit").caused_by(cause))
    }

    fn only(&self, table: usize) -> Result<()> {
        if table == 0 { Ok(()) } else { Err(Error::not_found("table", table)) }
    }
}

impl TableFile for CsvFile<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    fn index(&self) -> Vec<u8> {
        let format = CsvFormat { quote: self.quote, ..self.format.clone() };
        self.layout.stored(&format, self.file.len())
    }

    fn scan(&self, table: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        self.only(table)?;
        let all = || (0..self.schema().columns.len()).collect();
        let columns = scan.columns.clone().unwrap_or_else(all);
        let mut fields = Vec::with_capacity(columns.len());
        for at in &columns {
            let column = self.schema().columns.get(*at).ok_or_else(|| Error::not_found("column", at))?;
            fields.push(Field::new(&column.name, column.data_type.clone(), true));
        }
        let schema = Arc::new(Schema::new(fields));
        self.layout.marks.scan(scan, BATCH_BYTES, |block| self.batch(block, &columns, &schema), sink)
    }

    fn find(&self, table: usize, key: &str) -> Result<Option<u64>> {
        self.only(table)?;
        Ok(place(key, self.layout.marks.rows))
    }

    fn key(&self, table: usize, row: u64) -> Result<String> {
        self.only(table)?;
        if row < self.layout.marks.rows { Ok(row.to_string()) } else { Err(Error::not_found("row", row)) }
    }

    fn row(&self, table: usize, row: u64) -> Result<Vec<Value>> {
        let lines = self.lines(table, row)?;
        let syntax = self.format.syntax();
        let cell = |(span, kind): (&Span, &super::kind::Kind)| {
            let content = field::told(&self.format, &syntax, &lines.chunk.text, *span);
            let value = field::value(&self.format, *kind, &content);
            value.ok_or_else(|| Error::corrupt("a table's index", "a field does not have its column's type"))
        };
        lines.fields(row).iter().zip(&self.layout.kinds).map(cell).collect()
    }

    fn check(&self, table: usize, column: usize, value: &Value) -> Result<Value> {
        self.only(table)?;
        self.checked(column, value)
    }

    fn splice(&self, edits: &FileEdits) -> Result<Splice> {
        self.patches(edits)
    }
}
