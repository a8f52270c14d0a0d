//! Some rows of a table, by condition, order and place: what a grid shows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use veneer::table::arrow_value;
use veneer::table::expr::find_columns;
use veneer::{Error, Result};

use super::columns::TableRows;
use super::keys::RowKeys;
use super::mask::Mask;
use super::texts::compact;

/// The column of the rows' keys.
pub const KEY: &str = "_key";
/// The column of the rows' places in the whole table.
pub const ROW: &str = "_row";
/// Rows that come before this place are read from the files as they are, where not all columns are in memory.
const FIRST_ROWS: usize = 20_000;

/// Which rows are wanted, and what of them.
#[derive(Clone, Debug, Default)]
pub struct PageQuery {
    /// Only rows for which this is true.
    pub condition: Option<String>,
    /// By what they are sorted; else they are in the order of the table.
    pub order: Option<String>,
    /// The columns, as a list of names; `None` is all.
    pub columns: Option<String>,
    /// How many of the rows are left out at the beginning.
    pub offset: usize,
    /// How many rows at most.
    pub limit: usize,
}

/// Some rows.
#[derive(Debug)]
pub struct Page {
    /// The columns [`KEY`] and [`ROW`], and those wanted.
    pub batch: RecordBatch,
    /// How many rows the condition is true for.
    pub matched: usize,
    /// How many rows the table has.
    pub total: usize,
}

/// Some rows, as JSON.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowPage {
    /// Each row's cells by column, with its key as `_key` and its place in the whole table as `_row`.
    #[schema(value_type = Vec<HashMap<String, serde_json::Value>>)]
    rows: Vec<Map<String, Json>>,
    /// How many rows the condition is true for.
    matched: usize,
    /// How many rows the table has.
    total: usize,
    /// The columns: `{name, type}`.
    schema: Json,
}

impl TableRows {
    /// Some rows of the table.
    ///
    /// # Errors
    /// Those of the condition, the order and the list of columns; those of the files.
    pub fn page(&self, query: &PageQuery) -> Result<Page> {
        let names: Vec<&str> = match query.columns.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(text) => find_columns(text, self.schema())?
                .into_iter()
                .map(|place| self.schema().columns[place].name.as_str())
                .collect(),
            None => self.schema().columns.iter().map(|column| column.name.as_str()).collect(),
        };
        let total = self.row_count()?;
        let mask = self.mask(query.condition.as_deref())?;
        let order = self.order(query.order.as_deref())?;
        let matched = self.count(mask.as_deref())?;
        let places = places(total, mask.as_deref(), order.as_deref(), query.offset, query.limit);
        let batch = match (self.first_page(&names, &places)?, self.known_keys()) {
            (Some((columns, keys)), None) => page_of(&names, &columns, &keys, &places)?,
            (Some((columns, _)), Some(keys)) => page_of(&names, &columns, &keys, &places)?,
            (None, _) => {
                // A few columns at a time: together they may be more than there is room for.
                let mut columns = Vec::with_capacity(names.len());
                let few = self.columns_at_a_time(total);
                let indices = UInt32Array::from(places.clone());
                for names in names.chunks(few) {
                    for column in self.columns(names)? {
                        columns.push(taken(&column, &indices)?);
                    }
                }
                let keys = self.keys()?;
                batch_of_rows(&names, columns, &keys, &places)?
            }
        };
        Ok(Page { batch, matched, total })
    }

    /// The columns read from the files as far as the last of these rows, where that is near and not all are in memory.
    fn first_page(&self, names: &[&str], places: &[u32]) -> Result<Option<(Vec<ArrayRef>, RowKeys)>> {
        let rows = places.iter().max().map_or(0, |place| *place as usize + 1);
        let is_near = rows <= FIRST_ROWS && rows.saturating_mul(4) < self.row_count()?;
        if !is_near || self.known(names).is_some() || !names.iter().all(|name| self.is_of_table(name)) {
            return Ok(None);
        }
        let (columns, keys) = self.first_rows(names, rows)?;
        Ok((keys.len() >= rows && columns.iter().all(|column| column.len() >= rows)).then_some((columns, keys)))
    }

    /// How many columns fit into a part of the memory, if each row of them takes 32 bytes.
    fn columns_at_a_time(&self, rows: usize) -> usize {
        (self.store.shelf.bytes_max() / 4 / (rows * 32).max(1)).max(1)
    }
}

/// The places of the rows from `offset`, `limit` at most.
fn places(total: usize, mask: Option<&Mask>, order: Option<&[u32]>, offset: usize, limit: usize) -> Vec<u32> {
    let all = 0..total as u32;
    match (mask, order) {
        (None, None) => all.skip(offset).take(limit).collect(),
        (None, Some(order)) => order.iter().copied().skip(offset).take(limit).collect(),
        (Some(mask), None) => mask.bits().set_indices().map(|place| place as u32).skip(offset).take(limit).collect(),
        (Some(mask), Some(order)) => {
            let kept = order.iter().copied().filter(|place| mask.bits().value(*place as usize));
            kept.skip(offset).take(limit).collect()
        }
    }
}

fn page_of(names: &[&str], columns: &[ArrayRef], keys: &RowKeys, places: &[u32]) -> Result<RecordBatch> {
    let indices = UInt32Array::from(places.to_vec());
    let columns = columns.iter().map(|column| taken(column, &indices)).collect::<Result<_>>()?;
    batch_of_rows(names, columns, keys, places)
}

fn taken(column: &ArrayRef, places: &UInt32Array) -> Result<ArrayRef> {
    compact(&take(column, places, None).map_err(unbuilt)?)
}

/// The batch of a page, of columns that have its rows alone.
fn batch_of_rows(names: &[&str], columns: Vec<ArrayRef>, keys: &RowKeys, places: &[u32]) -> Result<RecordBatch> {
    let mut fields = vec![Field::new(KEY, DataType::Utf8, false), Field::new(ROW, DataType::UInt32, false)];
    fields.extend(names.iter().zip(&columns).map(|(name, column)| Field::new(*name, column.data_type().clone(), true)));
    let mut all: Vec<ArrayRef> = vec![Arc::new(keys.of_rows(places)), Arc::new(UInt32Array::from(places.to_vec()))];
    all.extend(columns);
    let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), all, &options).map_err(unbuilt)
}

impl Page {
    /// The page as the JSON of a [`RowPage`].
    ///
    /// # Errors
    /// `Invalid` for a cell that has no text.
    pub fn to_json(&self) -> Result<Json> {
        let schema = self.batch.schema();
        let mut rows = vec![Map::new(); self.batch.num_rows()];
        for (field, column) in schema.fields().iter().zip(self.batch.columns()) {
            for (row, value) in rows.iter_mut().zip(arrow_value::values(column)?) {
                row.insert(field.name().clone(), value.to_json());
            }
        }
        let Page { matched, total, .. } = *self;
        Ok(json!(RowPage { rows, matched, total, schema: schema_json(&schema) }))
    }
}

/// The names and types of columns; a text is a text, however it is stored.
pub(crate) fn schema_json(schema: &Schema) -> Json {
    let column = |field: &Arc<Field>| {
        let of = match field.data_type() {
            DataType::Dictionary(_, of) => of,
            of => of,
        };
        json!({"name": field.name(), "type": of.to_string()})
    };
    schema.fields().iter().map(column).collect()
}

fn unbuilt(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("rows", "a page", "its columns do not fit together").caused_by(cause)
}
