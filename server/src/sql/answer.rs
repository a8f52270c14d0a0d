//! The answer of a query, as JSON or Arrow.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, new_empty_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use veneer::table::arrow_value;
use veneer::{Error, Result};

/// The answer of a query.
#[derive(Debug)]
pub struct SqlAnswer {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows, in order.
    pub batches: Vec<RecordBatch>,
    /// Whether there are more rows than were wanted.
    pub truncated: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// The answer of a query, as JSON.
#[derive(Debug, Serialize, ToSchema)]
pub struct SqlRows {
    /// Its columns.
    columns: Vec<SqlColumn>,
    /// Its rows, in order: a value for each column.
    rows: Vec<Vec<Json>>,
    /// Whether there are more rows than were wanted.
    truncated: bool,
    /// How long it took.
    elapsed_ms: f64,
}

/// A column of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SqlColumn {
    /// Its name.
    name: String,
    /// The type of its values, as Arrow writes it.
    r#type: String,
}

impl SqlAnswer {
    /// The answer as the JSON of [`SqlRows`].
    ///
    /// # Errors
    /// `Invalid` for a value that has no text.
    pub fn to_json(&self) -> Result<Json> {
        let mut rows: Vec<Vec<Json>> = Vec::new();
        for batch in &self.batches {
            let from = rows.len();
            rows.resize_with(from + batch.num_rows(), || Vec::with_capacity(batch.num_columns()));
            for column in batch.columns() {
                for (row, value) in rows[from..].iter_mut().zip(arrow_value::values(column)?) {
                    row.push(value.to_json());
                }
            }
        }
        let column =
            |field: &Arc<Field>| SqlColumn { name: field.name().clone(), r#type: plain(field.data_type()).to_string() };
        let columns = self.schema.fields().iter().map(column).collect();
        let elapsed_ms = self.elapsed.as_secs_f64() * 1e3;
        Ok(json!(SqlRows { columns, rows, truncated: self.truncated, elapsed_ms }))
    }

    /// The answer as one batch, its texts in the form that every reader of Arrow knows.
    ///
    /// # Errors
    /// `Invalid` where its texts have more than 2 GiB.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for (at, field) in self.schema.fields().iter().enumerate() {
            let of = plain(field.data_type());
            let parts: std::result::Result<Vec<ArrayRef>, _> =
                self.batches.iter().map(|batch| cast(batch.column(at), &of)).collect();
            let parts = parts.map_err(unbuilt)?;
            columns.push(match parts.is_empty() {
                true => new_empty_array(&of),
                false => concat(&parts.iter().map(|part| &**part).collect::<Vec<_>>()).map_err(unbuilt)?,
            });
        }
        let field = |field: &Arc<Field>| Field::new(field.name(), plain(field.data_type()), true);
        let schema = Arc::new(Schema::new(self.schema.fields().iter().map(field).collect::<Vec<_>>()));
        let rows = self.batches.iter().map(RecordBatch::num_rows).sum();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, columns, &options).map_err(unbuilt)
    }
}

/// The plain form of a type of texts.
fn plain(of: &DataType) -> DataType {
    match of {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, of) => plain(of),
        of => of.clone(),
    }
}

fn unbuilt(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("answer", "", "its columns cannot be written as one batch").caused_by(cause)
}
