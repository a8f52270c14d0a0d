//! Rows of a table by condition, columns, order and number, as batches.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::named::Table;
use super::opened::Opened;
use super::outline::TableOutline;
use super::scan::{RowBatch, unbuilt};
use crate::Result;
use crate::dataset::view::View;
use crate::table::expr::{Expr, Filter, Order, find_columns};
use crate::table::{Flow, TableSchema};

/// The name of the column of keys, where these are asked for.
pub(super) const KEY: &str = "key";
/// What it is called beside another column of that name.
pub(super) const KEY_BESIDE: &str = "_key";

/// What is wanted of a table's rows.
#[derive(Clone, Debug, Default)]
pub struct RowQuery {
    /// Only rows for which this is true.
    pub condition: Option<Expr>,
    /// The columns, as a list of names; `None` is all.
    pub columns: Option<String>,
    /// By what rows are sorted; else they are in the order of the file.
    pub order: Option<Order>,
    /// How many rows at most.
    pub limit: Option<usize>,
    /// Whether the first column has the rows' keys: it is `key`, or `_key` beside another column of that name. Where
    /// the table's own column of keys is called `key` and is among the columns, it is that.
    pub with_keys: bool,
}

/// A query bound to a table.
struct Bound {
    filter: Option<Filter>,
    /// The places of the columns that are read: those wanted come first.
    read: Vec<usize>,
    /// How many of those read are wanted.
    wanted: usize,
    /// What the column of the rows' keys is called, if there is one besides the columns.
    key: Option<&'static str>,
}

impl View {
    /// Gives `sink` the schema of the result and then its rows, batch by batch; returns what the table is, with what
    /// of it cannot be read and so is not among them.
    ///
    /// # Errors
    /// Those of binding and evaluating the expressions; those of the files and of `sink`.
    pub fn query_rows(
        &self,
        table: &Table,
        query: &RowQuery,
        sink: &mut dyn FnMut(&SchemaRef, Option<RecordBatch>) -> Result<Flow>,
    ) -> Result<TableOutline> {
        self.opened(table, |opened| {
            answer(opened, query, sink)?;
            Ok(opened.outline.clone())
        })
    }
}

fn answer(
    opened: &Opened<'_>,
    query: &RowQuery,
    sink: &mut dyn FnMut(&SchemaRef, Option<RecordBatch>) -> Result<Flow>,
) -> Result<()> {
    let schema = &opened.outline.schema;
    let mut sorter = query.order.as_ref().map(|order| order.bind(schema, query.limit)).transpose()?;
    let of_order = sorter.as_ref().map(|sorter| sorter.columns()).unwrap_or_default();
    let bound = Bound::new(query, schema, &of_order)?;
    let result = Arc::new(bound.result(schema));
    sink(&result, None)?;
    let names: Vec<String> = bound.read.iter().map(|column| schema.columns[*column].name.clone()).collect();
    let mut left = query.limit.unwrap_or(usize::MAX);
    opened.scan(Some(&names), bound.filter.as_ref(), &mut |rows| {
        let rows = bound.kept(rows)?;
        match &mut sorter {
            Some(sorter) => sorter.push(rows).map(|()| Flow::More),
            None => {
                let rows = rows.slice(0, rows.num_rows().min(left));
                left -= rows.num_rows();
                let flow = sink(&result, Some(bound.projected(&rows)?))?;
                Ok(if left == 0 { Flow::Stop } else { flow })
            }
        }
    })?;
    if let Some(rows) = sorter.map(|sorter| sorter.finish()).transpose()?.flatten() {
        sink(&result, Some(bound.projected(&rows)?))?;
    }
    Ok(())
}

/// What a column of keys beside these columns is called; `None` where they have it.
fn key_beside(schema: &TableSchema, columns: &[usize]) -> Option<&'static str> {
    match columns.iter().find(|at| schema.columns[**at].name == KEY) {
        Some(at) if schema.key == Some(*at) => None,
        Some(_) => Some(KEY_BESIDE),
        None => Some(KEY),
    }
}

impl Bound {
    fn new(query: &RowQuery, schema: &TableSchema, of_order: &[usize]) -> Result<Bound> {
        let filter = query.condition.as_ref().map(|condition| condition.bind(schema)).transpose()?;
        let mut read = match &query.columns {
            Some(text) => find_columns(text, schema)?,
            None => (0..schema.columns.len()).collect(),
        };
        let wanted = read.len();
        let key = query.with_keys.then(|| key_beside(schema, &read)).flatten();
        for column in filter.iter().flat_map(|filter| filter.columns()).chain(of_order) {
            if !read.contains(column) {
                read.push(*column);
            }
        }
        Ok(Bound { filter, read, wanted, key })
    }

    fn result(&self, schema: &TableSchema) -> Schema {
        let key = self.key.map(|name| Field::new(name, DataType::Utf8, false));
        let columns = self.read[..self.wanted].iter().map(|column| {
            let column = &schema.columns[*column];
            Field::new(&column.name, column.data_type.clone(), true)
        });
        Schema::new(key.into_iter().chain(columns).collect::<Vec<_>>())
    }

    /// The rows that are meant, with their keys as the last column if these are wanted.
    fn kept(&self, rows: RowBatch) -> Result<RecordBatch> {
        let mut batch = rows.batch.clone();
        if let Some(name) = self.key {
            let keys = (0..batch.num_rows()).map(|row| rows.key(row)).collect::<Result<Vec<_>>>()?;
            let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
            fields.push(Arc::new(Field::new(name, DataType::Utf8, false)));
            let keys: ArrayRef = Arc::new(StringArray::from(keys));
            let columns = batch.columns().iter().cloned().chain([keys]).collect();
            batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(unbuilt)?;
        }
        match &self.filter {
            Some(filter) => filter_record_batch(&batch, &filter.evaluate(&rows.batch)?).map_err(unbuilt),
            None => Ok(batch),
        }
    }

    /// The columns that are wanted.
    fn projected(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let key = self.key.map(|_| rows.num_columns() - 1);
        let places: Vec<usize> = key.into_iter().chain(0..self.wanted).collect();
        rows.project(&places).map_err(unbuilt)
    }
}
