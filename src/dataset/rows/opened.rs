//! A table of a view, open to be read: one file's, or one of many small files.
//!
//! One file stays open between asking what its table is and reading rows. Of many, some are read at a time on all
//! processors, and their rows are joined to batches; nothing of a file is kept.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, new_null_array};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::named::Table;
use super::outline::{Joined, TableOutline};
use super::part::with_part;
use super::placed::Edits;
use super::scan::{RowBatch, RowScan, Scanning, of_rows, unbuilt};
use super::{FILE_COLUMN, Part};
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, Value};
use crate::overlay::Rows;
use crate::table::expr::Filter;
use crate::table::in_order::in_order;
use crate::table::{Flow, TableFile, arrow_value};
use crate::{Error, Result};

/// So many files of a table of many are read at a time by one thread …
const FILES_AT_A_TIME: usize = 64;
/// … or fewer, that have so many bytes together.
const BYTES_AT_A_TIME: u64 = 1 << 20;

/// A table, open.
pub(super) struct Opened<'a> {
    /// What it is.
    pub(super) outline: TableOutline,
    rows: Reading<'a>,
}

enum Reading<'a> {
    File { file: &'a dyn TableFile, at: usize, rows: &'a Rows },
    Files { view: &'a View, table: &'a Table, groups: Vec<Range<usize>> },
    Samples { view: &'a View },
}

impl View {
    /// What a table is: its columns, those that were added besides, and how many rows it has.
    pub fn table_info(&self, table: &Table) -> Result<TableOutline> {
        self.opened(table, |opened| Ok(opened.outline.clone()))
    }

    /// Gives `sink` the rows of a table, in order, with all edits.
    ///
    /// # Errors
    /// `NotFound` for a column; those of the file and of `sink`.
    pub fn scan_rows(
        &self,
        table: &Table,
        scan: &RowScan,
        sink: &mut dyn FnMut(RowBatch) -> Result<Flow>,
    ) -> Result<()> {
        self.opened(table, |opened| opened.scan(scan.columns.as_deref(), None, sink))
    }

    /// Opens a table, and does something with it.
    pub(super) fn opened<T>(&self, table: &Table, then: impl FnOnce(&Opened<'_>) -> Result<T>) -> Result<T> {
        if table.is_samples() {
            return then(&Opened { outline: samples::outline(self)?, rows: Reading::Samples { view: self } });
        }
        if table.is_many {
            let groups = self.groups(&table.paths)?;
            let outline = self.outline_of_many(table, &groups)?;
            return then(&Opened { outline, rows: Reading::Files { view: self, table, groups } });
        }
        let path = table.paths.first().ok_or_else(|| Error::not_found("table", &table.name))?;
        Part::open(self, &self.existing(path)?, &*table.format)?.with_file(|file, rows| {
            let at = place_of(file, &table.part)?;
            let outline = TableOutline::of(path, file, at, &Edits::of(file, at, rows)?);
            then(&Opened { outline, rows: Reading::File { file, at, rows } })
        })
    }

    /// The files of a table in groups that are read at a time.
    pub(super) fn groups(&self, paths: &[DataPath]) -> Result<Vec<Range<usize>>> {
        let (mut groups, mut start, mut bytes) = (Vec::new(), 0, 0);
        for (at, path) in paths.iter().enumerate() {
            bytes += self.existing(path)?.entry.size;
            if at + 1 - start == FILES_AT_A_TIME || bytes >= BYTES_AT_A_TIME || at + 1 == paths.len() {
                groups.push(start..at + 1);
                (start, bytes) = (at + 1, 0);
            }
        }
        Ok(groups)
    }

    fn outline_of_many(&self, table: &Table, groups: &[Range<usize>]) -> Result<TableOutline> {
        let of_group = |group: usize| {
            let mut joined = Joined::default();
            for path in &table.paths[groups[group].clone()] {
                let read = with_part(self, &self.existing(path)?, &*table.format, |file, rows| {
                    let at = place_of(file, &table.part)?;
                    let edits = Edits::of(file, at, rows)?;
                    Ok((TableOutline::of(path, file, at, &edits), edits.added.len()))
                })?;
                let (outline, added) = read.unwrap_or_else(|problem| (TableOutline::broken(path, problem), 0));
                joined.add(outline, added);
            }
            Ok(joined)
        };
        let mut all = Joined::default();
        in_order(groups.len(), of_group, |_, joined: Result<Joined>| {
            all.add_all(joined?);
            Ok(Flow::More)
        })?;
        Ok(all.finish())
    }
}

impl Opened<'_> {
    /// Gives `sink` the rows in order; of the columns named, or of all. Rows for which the condition does not hold
    /// may be left out, and may be among them: where columns lie apart, less is read without them.
    pub(super) fn scan(
        &self,
        columns: Option<&[String]>,
        condition: Option<&Filter>,
        sink: &mut dyn FnMut(RowBatch) -> Result<Flow>,
    ) -> Result<()> {
        match &self.rows {
            Reading::Samples { view } => samples::scan(view, columns, sink),
            Reading::File { file, at, rows } => {
                let scanning = Scanning::new(*file, *at, Edits::of(*file, *at, rows)?, columns)?;
                match condition {
                    Some(condition) => scanning.run_where(condition, sink),
                    None => scanning.run(sink),
                }
            }
            Reading::Files { view, table, groups } => {
                let all = &self.outline.schema;
                let field = |column: usize| {
                    let column = &all.columns[column];
                    Field::new(&column.name, column.data_type.clone(), true)
                };
                let place = |name: &String| all.find(name).ok_or_else(|| Error::not_found("column", name));
                let wanted: Vec<Field> = match columns {
                    None => (0..all.columns.len()).map(field).collect(),
                    Some(names) => names.iter().map(|name| place(name).map(field)).collect::<Result<_>>()?,
                };
                let joining = Joining { view, table, schema: Arc::new(Schema::new(wanted)) };
                let of_group = |group: usize| joining.rows(&table.paths[groups[group].clone()]);
                in_order(groups.len(), of_group, |_, rows: Result<Option<RowBatch>>| match rows? {
                    Some(rows) => sink(rows),
                    None => Ok(Flow::More),
                })
            }
        }
    }
}

/// The place of a table within its file.
pub(super) fn place_of(file: &dyn TableFile, part: &str) -> Result<usize> {
    let place = file.tables().iter().position(|info| info.name == part);
    place.ok_or_else(|| Error::not_found("table", part))
}

/// A scan of many files.
struct Joining<'a> {
    view: &'a View,
    table: &'a Table,
    /// The columns that are wanted of all.
    schema: SchemaRef,
}

impl Joining<'_> {
    /// The rows of some files; none for no rows.
    fn rows(&self, paths: &[DataPath]) -> Result<Option<RowBatch>> {
        let (mut batches, mut keys) = (Vec::new(), Vec::new());
        for path in paths {
            self.rows_of(path, &self.view.existing(path)?, &mut |rows, of_file| {
                for row in 0..rows.batch.num_rows() {
                    keys.push(self.table.key(path, &rows.key(row)?));
                }
                batches.push(self.joined(&rows.batch, of_file)?);
                Ok(Flow::More)
            })?;
        }
        match batches.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(RowBatch::new(one.clone(), keys))),
            all => Ok(Some(RowBatch::new(concat_batches(&self.schema, all).map_err(unbuilt)?, keys))),
        }
    }

    fn rows_of(
        &self,
        path: &DataPath,
        node: &Node,
        sink: &mut dyn FnMut(RowBatch, &str) -> Result<Flow>,
    ) -> Result<()> {
        let path = path.to_string();
        let read = with_part(self.view, node, &*self.table.format, |file, rows| {
            let at = place_of(file, &self.table.part)?;
            let edits = Edits::of(file, at, rows)?;
            let known = file.tables()[at].schema.columns.iter().chain(&edits.added);
            let known: Vec<&str> = known.map(|column| column.name.as_str()).collect();
            let wanted = self.schema.fields().iter().map(|field| field.name().as_str());
            let there: Vec<String> = wanted.filter(|name| known.contains(name)).map(str::to_owned).collect();
            Scanning::new(file, at, edits, Some(&there))?.run(&mut |rows| sink(rows, &path))
        })?;
        // What cannot be read is told with what the table is.
        if let Err(problem) = read {
            tracing::debug!(%problem, "no rows of {path} are shown: {problem}");
        }
        Ok(())
    }

    /// The rows of one file as rows of the table.
    fn joined(&self, rows: &RecordBatch, file: &str) -> Result<RecordBatch> {
        let count = rows.num_rows();
        let column = |field: &Arc<Field>| match rows.column_by_name(field.name()) {
            _ if field.name() == FILE_COLUMN => {
                Ok(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(file, count))) as ArrayRef)
            }
            Some(column) => of_type(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), count)),
        };
        let columns = self.schema.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &of_rows(count)).map_err(unbuilt)
    }
}

/// The same values as those of a column that other files have values in, too.
fn of_type(column: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    match column.data_type() {
        same if same == data_type => Ok(Arc::clone(column)),
        DataType::Int64 | DataType::Null | DataType::Dictionary(..) => cast(column, data_type).map_err(unbuilt),
        _ => {
            let text = |value: Value| if value == Value::Null { value } else { Value::Text(value.to_string()) };
            let texts: Vec<Value> = arrow_value::values(column)?.into_iter().map(text).collect();
            arrow_value::array(data_type, &texts)
        }
    }
}
