//! Cells set from a file: a column with keys, and the columns to set.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::DataType;

use super::opened::place_of;
use super::query::{KEY, KEY_BESIDE};
use super::work::uneditable;
use super::{Part, RowEdit, Table, column};
use crate::dataset::draft::Draft;
use crate::dataset::view::View;
use crate::model::{DataPath, RowAddress, RowChange, Value};
use crate::table::csv::CsvFormat;
use crate::table::detect::{self, HEAD_LEN, Promise};
use crate::table::expr::Expr;
use crate::table::{Column, Flow, Format, ReadAt, Role, Scan, TableFile, TableInfo, TableSchema, arrow_value};
use crate::{Error, Result};

impl Draft {
    /// Sets cells of a table as a file has them: all or none. Returns how many rows that are.
    ///
    /// The file has a row for each row to set, with its key in the column that is called as the table's column of
    /// keys, or `key`. What is empty there becomes null. `promise` says what the file is: delimited text, JSON
    /// lines, Parquet or Arrow.
    ///
    /// # Errors
    /// `Invalid` for a file that is none of these, and for the first column, key or value that cannot be, with how
    /// many there are.
    pub fn set_from(&mut self, table: &Table, file: &dyn ReadAt, promise: Promise) -> Result<u64> {
        let schema = self.view.table_info(table)?.schema;
        let edits = self.without_what_stays(table, &schema, read_edits(file, promise, &schema)?)?;
        let count = edits.len() as u64;
        match self.edit_table(table, in_order(edits.clone())) {
            Ok(_) => Ok(count),
            // No file has the rows of this table: there is nothing to look for them in.
            Err(error) if table.is_samples() => Err(error),
            // To say how many there are, all are looked at; that takes a while, and nobody waits for a result.
            Err(error) => Err(refused(&self.view, table, &edits)?.unwrap_or(error)),
        }
    }
}

impl Draft {
    /// The edits without cells that cannot be edited and are as they were: a file of rows that were shown has them, too.
    fn without_what_stays(&self, table: &Table, schema: &TableSchema, edits: Vec<RowEdit>) -> Result<Vec<RowEdit>> {
        let is_fixed = |name: &str| {
            schema.find_exact(name).is_some_and(|at| !schema.columns[at].editable && schema.key != Some(at))
        };
        let Some(RowEdit::Set { cells, .. }) = edits.first() else { return Ok(edits) };
        let fixed: Vec<String> =
            cells.iter().filter(|(name, _)| is_fixed(name)).map(|(name, _)| name.clone()).collect();
        if fixed.is_empty() {
            return Ok(edits);
        }
        let columns = fixed.iter().map(|name| Expr::parse(&quoted(name))).collect::<Result<Vec<_>>>()?;
        let rows = self.view.select_rows(table, None, &columns)?;
        let known: HashMap<&str, &[Value]> = rows.iter().map(|row| (row.key.as_str(), row.values.as_slice())).collect();
        let stays = |row: &str, (name, value): &(String, Value)| {
            let at = fixed.iter().position(|fixed| fixed == name);
            let is_as_it_was = |at| known.get(row).is_some_and(|values| is_shown_as(&values[at], value));
            at.is_some_and(is_as_it_was)
        };
        Ok(edits
            .into_iter()
            .map(|edit| match edit {
                RowEdit::Set { row, mut cells } => {
                    cells.retain(|cell| !stays(&row, cell));
                    RowEdit::Set { row, cells }
                }
                other => other,
            })
            .collect())
    }
}

/// A name as an expression takes it, to the letter.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a cell of a file is what is shown of a value.
fn is_shown_as(value: &Value, cell: &Value) -> bool {
    let is_empty = |value: &Value| *value == Value::Null || matches!(value, Value::Text(text) if text.is_empty());
    let (shown, written) = (value.to_string(), cell.to_string());
    let is_same_number = || shown.parse::<f64>().is_ok_and(|number| written.parse() == Ok(number));
    let is_same_truth = || matches!(value, Value::Bool(_)) && shown.eq_ignore_ascii_case(&written);
    value == cell || shown == written || is_same_number() || is_same_truth() || is_empty(value) && is_empty(cell)
}

/// In order of key where keys are numbers: rows that are beside each other in the table are read at once.
fn in_order(mut edits: Vec<RowEdit>) -> Vec<RowEdit> {
    edits.sort_by_cached_key(|edit| match edit {
        RowEdit::Set { row, .. } => row.parse::<u64>().unwrap_or(u64::MAX),
        _ => u64::MAX,
    });
    edits
}

fn read_edits(file: &dyn ReadAt, promise: Promise, schema: &TableSchema) -> Result<Vec<RowEdit>> {
    let format = format_of(file, promise)?;
    let opened = format.open(file, None)?;
    let info = opened.tables().first().ok_or_else(|| unusable("it has no rows"))?;
    if let Some(problem) = &info.problem {
        return Err(unusable(format!("line {}, byte {}: {}", problem.line, problem.column, problem.why)));
    }
    let columns = Columns::of(info, schema)?;
    let mut reading = Reading { columns, edits: Vec::new(), seen: HashSet::new() };
    opened.scan(0, &Scan::default(), &mut |batch| {
        (0..batch.num_rows()).try_for_each(|row| reading.take(&batch, row))?;
        Ok(Flow::More)
    })?;
    Ok(reading.edits)
}

fn unusable(why: impl Into<String>) -> Error {
    Error::invalid("file of cells", "the file", why)
}

/// The format of the file. Text stays as it is written: what a number is, the table says.
fn format_of(file: &dyn ReadAt, promise: Promise) -> Result<Arc<dyn Format>> {
    let head = crate::table::head(file, HEAD_LEN)?;
    match promise {
        Promise::Delimited => {
            let (sniffed, _) = CsvFormat::sniff(&head).unwrap_or_default();
            let sniffed = CsvFormat { header: true, ..sniffed };
            let text = |column: &Column| Column { data_type: DataType::Utf8, role: Role::Plain, ..column.clone() };
            let columns = match sniffed.open(file, None)?.tables() {
                [info, ..] => info.schema.columns.iter().map(text).collect(),
                [] => Vec::new(),
            };
            Ok(Arc::new(CsvFormat { columns, ..sniffed }))
        }
        Promise::JsonLines | Promise::Parquet | Promise::Arrow => detect::sniff(promise, &head)
            .map(|found| found.format)
            .ok_or_else(|| unusable("it is not what its name says")),
        _ => Err(unusable("it is neither delimited text nor JSON lines, Parquet or Arrow")),
    }
}

/// Which columns of the file are what.
struct Columns {
    key: usize,
    set: Vec<ToSet>,
}

/// A column that is set.
struct ToSet {
    /// Its place in the file.
    at: usize,
    /// Its name in the table.
    name: String,
    of: DataType,
    /// Whether the file has values of several kinds, as JSON, for a column of a single one: numbers beside `"NaN"`.
    is_mixed: bool,
}

impl ToSet {
    /// What text of a file means in this column: JSON of a list or the like, and a whole number that was a float for
    /// a while, as a data frame makes it of a column with gaps.
    fn meaning(&self, text: String) -> Value {
        let whole = || text.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
        match &self.of {
            of if of.is_nested() || self.is_mixed => Value::from_json_text(&text).unwrap_or(Value::Text(text)),
            of if of.is_integer() => Value::Text(whole().map_or(text.clone(), |(whole, _)| whole.to_owned())),
            _ => Value::Text(text),
        }
    }
}

impl Columns {
    fn of(info: &TableInfo, schema: &TableSchema) -> Result<Columns> {
        let own = schema.key.map(|key| schema.columns[key].name.as_str());
        let place = |name: &str| info.schema.columns.iter().position(|column| column.name == name);
        let key = own.and_then(place).or_else(|| place(KEY_BESIDE)).or_else(|| place(KEY)).ok_or_else(|| {
            let names =
                own.filter(|own| *own != KEY).map_or_else(|| format!("`{KEY}`"), |own| format!("`{own}` or `{KEY}`"));
            unusable(format!("it has no column {names} that says which rows are meant"))
        })?;
        let (mut set, mut unknown) = (Vec::new(), Vec::new());
        // Beside the table's own keys there may be those that were shown with its rows.
        let is_shown_key = |name: &str| [KEY, KEY_BESIDE].contains(&name) && schema.find(name).is_none();
        let others = info.schema.columns.iter().enumerate();
        for (at, column) in others.filter(|(at, column)| *at != key && !is_shown_key(&column.name)) {
            match schema.find(&column.name) {
                Some(found) => {
                    let found = &schema.columns[found];
                    let is_mixed = column.role == Role::Json && found.role != Role::Json;
                    set.push(ToSet { at, name: found.name.clone(), of: found.data_type.clone(), is_mixed });
                }
                None => unknown.push(column.name.as_str()),
            }
        }
        if let Some(first) = unknown.first() {
            let why = format!("the table has none of this name; so it is with {} of the file's columns", unknown.len());
            return Err(Error::invalid("column to set", first, why));
        }
        if set.is_empty() {
            return Err(unusable("it has no column to set"));
        }
        Ok(Columns { key, set })
    }
}

struct Reading {
    columns: Columns,
    edits: Vec<RowEdit>,
    seen: HashSet<String>,
}

impl Reading {
    fn take(&mut self, batch: &arrow::record_batch::RecordBatch, row: usize) -> Result<()> {
        let key = arrow_value::value(batch.column(self.columns.key), row)?;
        let number = self.edits.len() + 1;
        if key == Value::Null {
            return Err(unusable(format!("its row {number} has no key")));
        }
        let key = key.to_string();
        if !self.seen.insert(key.clone()) {
            return Err(Error::invalid("key in the file", &key, format!("it is there twice, again in row {number}")));
        }
        let mut cells = Vec::with_capacity(self.columns.set.len());
        for column in &self.columns.set {
            let value = match arrow_value::value(batch.column(column.at), row)? {
                Value::Text(text) => column.meaning(text),
                value => value,
            };
            cells.push((column.name.clone(), value));
        }
        self.edits.push(RowEdit::Set { row: key, cells });
        Ok(())
    }
}

/// A row to set: its place in the file of cells, its key and its cells.
type Numbered<'e> = (usize, &'e str, &'e [(String, Value)]);

/// What is wrong with these edits: the first of them that cannot be, and how many there are.
fn refused(view: &View, table: &Table, edits: &[RowEdit]) -> Result<Option<Error>> {
    let (mut first, mut count): (Option<(usize, String, Error)>, u64) = (None, 0);
    let mut by_file: Vec<(DataPath, Vec<Numbered<'_>>)> = Vec::new();
    let mut refuse = |at: usize, key: &str, error: Error| {
        count += 1;
        if first.as_ref().is_none_or(|(known, ..)| at < *known) {
            first = Some((at, key.to_owned(), error));
        }
    };
    for (at, edit) in edits.iter().enumerate() {
        let RowEdit::Set { row, cells } = edit else { continue };
        match table.split_key(row) {
            Err(error) => refuse(at, row, error),
            Ok((path, key)) => match by_file.last_mut() {
                Some((last, rows)) if *last == path => rows.push((at, key, cells)),
                _ => by_file.push((path, vec![(at, key, cells)])),
            },
        }
    }
    for (path, rows) in by_file {
        let node = view.existing(&path)?;
        let said = view.rows_of(&node);
        Part::open(view, &node, &*table.format)?.with_file(|file, _| {
            let checking = Checking { file, at: place_of(file, &table.part)?, table, said: &said };
            for (at, key, cells) in rows {
                if let Err(error) = checking.row(key).and_then(|()| checking.cells(cells)) {
                    refuse(at, &table.key(&path, key), error);
                }
            }
            Ok(())
        })?;
    }
    Ok(first.map(|(at, key, error)| {
        let row = at + 1;
        let why = format!("{error}; so it is with {count} of {} rows, and this is row {row} of the file", edits.len());
        Error::invalid("row to set", &key, why)
    }))
}

struct Checking<'a> {
    file: &'a dyn TableFile,
    at: usize,
    table: &'a Table,
    said: &'a crate::overlay::Rows,
}

impl Checking<'_> {
    fn row(&self, key: &str) -> Result<()> {
        let missing = || Error::not_found("row", key);
        let address = RowAddress::Row { table: self.table.part.clone(), row: key.to_owned() };
        match self.said.get(&address)? {
            Some(RowChange::Inserted { .. }) => Ok(()),
            Some(_) => Err(missing()),
            None => {
                let place = self.file.find(self.at, key)?.ok_or_else(missing)?;
                if self.file.key(self.at, place)? == key { Ok(()) } else { Err(missing()) }
            }
        }
    }

    fn cells(&self, cells: &[(String, Value)]) -> Result<()> {
        let schema = &self.file.tables()[self.at].schema;
        for (name, value) in cells {
            let address = RowAddress::Column { table: self.table.part.clone(), column: name.clone() };
            let added = match self.said.get(&address)? {
                Some(RowChange::Added { data_type }) => Some(data_type),
                _ => None,
            };
            let in_file = schema.find_exact(name).or_else(|| if added.is_none() { schema.find(name) } else { None });
            match in_file {
                Some(column) if !schema.columns[column].editable => {
                    return Err(uneditable(self.file, &schema.columns[column].name));
                }
                Some(column) => drop(self.file.check(self.at, column, value)?),
                None => {
                    if let Some(data_type) = added {
                        column::check(&data_type, value)?;
                    }
                }
            }
        }
        Ok(())
    }
}
