//! A JSON file whose rows were found, as the formats' door wants it.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema};
use std::sync::Arc;

use super::cell;
use super::cells::Cells;
use super::dialect::Dialect;
use super::ids::Ids;
use super::index::{self, Found, RowsFound};
use super::locate::{self, Locator};
use super::shape::{Kind, Shape};
use super::stretch::Stretch;
use super::text::{self, Step, members};
use super::window::{Trouble, Window, problem};
use crate::model::Value;
use crate::table::{
    Column, FileEdits, Flow, Followed, Leading, ReadAt, Role, Scan, Splice, TableFile, TableInfo, TableSchema, stored,
};
use crate::{Error, Result};

/// The version of what [`JsonFile::index_bytes`] gives.
const INDEX_VERSION: u32 = 2;
/// A batch has at most so many rows …
const BATCH_ROWS: usize = 4096;
/// … and ends after so many bytes of text.
const BATCH_BYTES: usize = 8 << 20;
/// How much is read at once when all rows are, in bytes.
const SCAN_STEP: usize = 1 << 20;
/// A class map of more is none.
const CLASSES_MAX: u64 = 100_000;

/// A file of one dialect, open.
#[derive(Debug)]
pub(crate) struct JsonFile<'a> {
    pub(super) file: &'a dyn ReadAt,
    pub(super) dialect: &'a dyn Dialect,
    pub(super) found: Found,
    pub(super) tables: Vec<TableInfo>,
    /// As the tables' columns: what their cells are.
    pub(super) shapes: Vec<Vec<Shape>>,
    /// As the tables: their rows' ids in order, once one was looked for.
    pub(super) numbers: Vec<OnceLock<Vec<i64>>>,
    /// The rows that were looked at last.
    pub(super) near: Mutex<Option<Arc<Stretch>>>,
}

impl<'a> JsonFile<'a> {
    /// Finds the tables of a file.
    ///
    /// # Errors
    /// `Invalid` when it is not of this dialect; those of the file.
    pub(crate) fn open(file: &'a dyn ReadAt, dialect: &'a dyn Dialect, index: Option<&[u8]>) -> Result<JsonFile<'a>> {
        let found = match index.and_then(|index| known(index, dialect, file.len())) {
            Some(found) => found,
            None => {
                let mut found = index::find(file, dialect)?;
                if let (true, Some((at, why))) = (found.rows.is_empty(), &found.flaw) {
                    return Err(problem(file, *at, why.clone())?.refusal("JSON table"));
                }
                found.rows = dialect.tables(std::mem::take(&mut found.rows))?;
                found
            }
        };
        let numbers = found.rows.iter().map(|_| OnceLock::new()).collect();
        let (tables, shapes, near) = (Vec::new(), Vec::new(), Mutex::new(None));
        let mut open = JsonFile { file, dialect, found, tables, shapes, numbers, near };
        open.describe()?;
        Ok(open)
    }

    fn describe(&mut self) -> Result<()> {
        let classes = self.class_map()?;
        let mut outside = self.found.flaw.clone();
        for rows in &self.found.rows {
            let flaw = rows.flaw.clone().or_else(|| outside.take());
            let problem = flaw.map(|(at, why)| problem(self.file, at, why)).transpose()?;
            let (schema, shapes) = self.schema(rows, &classes);
            self.tables.push(TableInfo { name: table_name(rows).to_owned(), schema, rows: rows.count, problem });
            self.shapes.push(shapes);
        }
        Ok(())
    }

    fn schema(&self, rows: &RowsFound, classes: &[(String, String)]) -> (TableSchema, Vec<Shape>) {
        let (table, key) = (table_name(rows), self.dialect.key());
        // A table without rows gets the ids that its readers expect.
        let may_have_key = rows.count == 0 && self.dialect.columns_of_none(table).contains(&key);
        let has_key = rows.ids != Ids::None || may_have_key;
        let (mut columns, mut shapes) = (Vec::new(), Vec::new());
        let mut add = |name: &str, shape: Shape, is_full: bool| {
            let is_key = has_key && name == key;
            let role = match self.dialect.role(table, name, shape, classes) {
                _ if is_key => Role::Key,
                Role::Plain if shape == Shape::of(Kind::Json) => Role::Json,
                role => role,
            };
            let is_required = is_key || (is_full && self.dialect.is_required(table, name));
            columns.push(Column {
                name: name.to_owned(),
                data_type: shape.data_type(),
                role,
                nullable: !is_required,
                editable: !is_key,
            });
            shapes.push(shape);
        };
        for field in &rows.fields {
            let joined = self.dialect.shape(table, &field.name).map(|shape| shape.join(field.shape));
            let shape = joined.filter(|shape| !shape.is_json()).unwrap_or(field.shape);
            add(&field.name, shape, field.rows == rows.count);
        }
        if rows.count == 0 {
            for name in self.dialect.columns_of_none(table) {
                add(name, self.dialect.shape(table, name).unwrap_or(Shape::of(Kind::Null)), true);
            }
        }
        let key = columns.iter().position(|column| column.role == Role::Key);
        (TableSchema { columns, key }, shapes)
    }

    /// (number, name) of each class, from the table that has them.
    fn class_map(&self) -> Result<Vec<(String, String)>> {
        let Some([table, key, name]) = self.dialect.classes() else { return Ok(Vec::new()) };
        let Some(rows) = self.found.rows.iter().find(|rows| table_name(rows) == table) else { return Ok(Vec::new()) };
        if rows.ids == Ids::None || rows.count > CLASSES_MAX {
            return Ok(Vec::new());
        }
        let mut window = Window::new(self.file, locate::STEP);
        let mut locator = Locator::new(&mut window, rows);
        let class = |row| Ok((locator.key(row, key)?, locator.key(row, name)?));
        (0..rows.count).map(class).collect()
    }

    pub(super) fn rows(&self, table: usize) -> Result<&RowsFound> {
        self.found.rows.get(table).ok_or_else(|| Error::not_found("table", table))
    }

    pub(super) fn column(&self, table: usize, column: usize) -> Result<(&Column, Shape)> {
        let columns = self.tables.get(table).map(|info| &info.schema.columns);
        let found = columns.and_then(|columns| columns.get(column)).zip(self.shapes.get(table));
        let (column, shape) =
            found.map(|(of, shapes)| (of, shapes[column])).ok_or_else(|| Error::not_found("column", column))?;
        Ok((column, shape))
    }

    fn index_bytes(&self) -> Vec<u8> {
        stored::stored(INDEX_VERSION, &kind(self.dialect), self.file.len(), &self.found)
    }
}

/// What an earlier call found, if these bytes are that.
fn known(index: &[u8], dialect: &dyn Dialect, len: u64) -> Option<Found> {
    let found: Found = stored::read_back(index, INDEX_VERSION, &kind(dialect), len)?;
    let is_whole = |rows: &RowsFound| rows.starts.len() as u64 == rows.count.div_ceil(index::STRIDE);
    found.rows.iter().all(is_whole).then_some(found)
}

/// What is found depends on this.
fn kind(dialect: &dyn Dialect) -> (&'static str, bool) {
    (dialect.name(), dialect.has_keys())
}

/// What a table is called.
pub(super) fn table_name(rows: &RowsFound) -> &str {
    rows.name.as_deref().unwrap_or("rows")
}

/// Finds the members of an object that are columns.
#[derive(Debug)]
struct Members<'a> {
    names: Vec<&'a str>,
    places: HashMap<&'a str, usize>,
    /// As the names: where the value begins and ends.
    spans: Vec<Option<(usize, usize)>>,
}

impl<'a> Members<'a> {
    fn new(schema: &'a TableSchema) -> Members<'a> {
        let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
        let places = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
        Members { spans: vec![None; names.len()], names, places }
    }

    /// Fills `spans`; returns the object's end.
    fn find(&mut self, b: &[u8]) -> Step<usize> {
        self.spans.fill(None);
        let mut expected = 0;
        let each = |key: text::Key, at| {
            let end = text::skip(b, at)?;
            let is_expected = self.names.get(expected).is_some_and(|name| name.as_bytes() == &b[key.start..key.end]);
            let place = if is_expected && !key.escaped {
                Some(expected)
            } else {
                self.places.get(&*cell::key_text(b, key)).copied()
            };
            if let Some(place) = place {
                self.spans[place] = Some((at, end));
                expected = place + 1;
            }
            Ok(end)
        };
        members(b, 0, each, 0)
    }
}

impl TableFile for JsonFile<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    fn index(&self) -> Vec<u8> {
        self.index_bytes()
    }

    fn scan(&self, table: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        let rows = self.rows(table)?;
        let all = &self.tables[table].schema;
        let wanted = scan.columns.clone().unwrap_or_else(|| (0..all.columns.len()).collect());
        let columns = wanted.iter().map(|column| self.column(table, *column)).collect::<Result<Vec<_>>>()?;
        let field = |(column, shape): &(&Column, Shape)| Field::new(&column.name, shape.data_type(), column.nullable);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let mut cells: Vec<Cells> = columns.iter().map(|(_, shape)| Cells::new(*shape)).collect();

        let mut window = Window::new(self.file, SCAN_STEP);
        let mut locator = Locator::new(&mut window, rows);
        let mut members = Members::new(all);
        let end = scan.limit.map_or(rows.count, |limit| rows.count.min(scan.from.saturating_add(limit)));
        let (mut count, mut bytes) = (0, 0);
        for row in scan.from..end {
            bytes += locator.read(row, |b| {
                let end = members.find(b)?;
                for (cells, column) in cells.iter_mut().zip(&wanted) {
                    match members.spans[*column] {
                        Some((at, _)) => _ = cells.push(b, at)?,
                        None => cells.push_null(),
                    }
                }
                Ok(end)
            })?;
            count += 1;
            if count == BATCH_ROWS || bytes >= BATCH_BYTES || row + 1 == end {
                let options = RecordBatchOptions::new().with_row_count(Some(count));
                let arrays = cells.iter_mut().map(Cells::finish).collect();
                let batch =
                    RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).map_err(|cause| {
                        Error::corrupt("a table of JSON", "its rows are not what they were").caused_by(cause)
                    })?;
                if sink(batch)? == Flow::Stop {
                    return Ok(());
                }
                (count, bytes) = (0, 0);
            }
        }
        Ok(())
    }

    fn find(&self, table: usize, key: &str) -> Result<Option<u64>> {
        self.find_key(table, key)
    }

    fn find_all(&self, table: usize, keys: &[&str]) -> Result<Vec<Option<u64>>> {
        self.find_keys(table, keys)
    }

    fn key_max(&self, table: usize) -> Result<Option<i64>> {
        Ok(self.rows(table)?.ids.highest())
    }

    fn is_shared(&self, table: usize, key: &str) -> Result<bool> {
        self.is_of_several(table, key)
    }

    fn key(&self, table: usize, row: u64) -> Result<String> {
        self.key_of(table, row)
    }

    fn row(&self, table: usize, row: u64) -> Result<Vec<Value>> {
        self.with_row(table, row, |at, bytes| {
            let mut members = Members::new(&self.tables[table].schema);
            let cells = members.find(bytes).and_then(|_| {
                let cell = |(span, shape): (&Option<(usize, usize)>, &Shape)| match span {
                    Some((start, _)) => cell::value(bytes, *start, *shape).map(|(value, _)| value),
                    None => Ok(Value::Null),
                };
                members.spans.iter().zip(&self.shapes[table]).map(cell).collect::<Step<Vec<Value>>>()
            });
            cells.map_err(|_| Trouble::changed(at).into_error())
        })
    }

    fn class_table(&self) -> Option<(usize, usize)> {
        let [table, _, name] = self.dialect.classes()?;
        let at = self.tables.iter().position(|info| info.name == table)?;
        let schema = &self.tables[at].schema;
        schema.key?;
        Some((at, schema.columns.iter().position(|column| column.name == name)?))
    }

    fn set_classes(&mut self, classes: &[(String, String)]) {
        for column in self.tables.iter_mut().flat_map(|info| &mut info.schema.columns) {
            if let Role::Label { classes: known } = &mut column.role {
                *known = classes.to_vec();
            }
        }
    }

    fn check(&self, table: usize, column: usize, value: &Value) -> Result<Value> {
        let (column, shape) = self.column(table, column)?;
        super::check::check(self.dialect, column, shape, value)
    }

    fn follow(&self, table: usize, edit: &Leading<'_>) -> Result<Followed> {
        match self.tables.get(table) {
            Some(info) => self.dialect.follow(info, edit),
            None => Err(Error::not_found("table", table)),
        }
    }

    fn takes_more(&self) -> bool {
        true
    }

    fn splice(&self, edits: &FileEdits) -> Result<Splice> {
        super::splice::splice(self, edits)
    }
}
