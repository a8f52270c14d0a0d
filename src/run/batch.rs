//! A batch of rows as somebody hands it in, checked and brought to the types that are kept.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::compute::{CastOptions, cast_with_options, concat_batches};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::part;
use super::types::kept_as;
use crate::model::{BatchId, Id};
use crate::{Error, Result};

/// What a row is about: the sample's key, or the name of a scalar.
pub const SAMPLE: &str = "sample";
/// What a row is about where there is no [`SAMPLE`]: the path of its file.
pub const PATH: &str = "path";
/// When it was measured: the epoch, or the step of a scalar.
pub const EPOCH: &str = "epoch";
/// The value of a scalar.
pub const VALUE: &str = "value";
/// What an error of a batch is about.
pub const WHAT: &str = "metric batch";

/// A batch has so many rows at most.
pub const ROWS_MAX: usize = 2_000_000;
/// A run has so many columns at most.
pub const COLUMNS_MAX: usize = 512;
/// Names that rows of tables have a meaning for.
const RESERVED: [&str; 2] = ["_key", "_row"];

/// A batch of rows: `sample`, `epoch`, and columns.
#[derive(Clone, Debug)]
pub struct Batch {
    id: BatchId,
    name: Arc<str>,
    rows: RecordBatch,
    has_paths: bool,
}

impl Batch {
    /// Takes rows as somebody has them. Two batches of one run with the same `name` are the same one.
    ///
    /// Where there is no column `sample`, `path` says what each row is about.
    ///
    /// # Errors
    /// `Invalid` for a name that is none, samples that are missing, null or of a type that is no key, an epoch below
    /// 0, and columns of which nothing can be kept.
    pub fn new(name: &str, rows: &[RecordBatch]) -> Result<Batch> {
        let id = batch_id(name)?;
        let schema = rows.first().ok_or_else(|| invalid("", "it has no rows and no columns"))?.schema();
        let count: usize = rows.iter().map(RecordBatch::num_rows).sum();
        if count > ROWS_MAX {
            return Err(invalid("", format!("it has {count} rows, and {ROWS_MAX} is the most")));
        }
        let rows = concat_batches(&schema, rows).map_err(|cause| invalid("", "its parts differ").caused_by(cause))?;
        let has_paths = schema.index_of(SAMPLE).is_err() && schema.index_of(PATH).is_ok();
        let of = if has_paths { PATH } else { SAMPLE };
        Ok(Batch { id, name: name.into(), rows: kept(&rows, of)?, has_paths })
    }

    /// Numbers of a run as a whole: (name, step, value).
    ///
    /// # Errors
    /// `Invalid` for a name that is none, and for a scalar without one.
    pub fn of_scalars(name: &str, scalars: &[(String, i64, f64)]) -> Result<Batch> {
        for (name, ..) in scalars {
            check_name(name)?;
        }
        let schema = Schema::new(vec![
            Field::new(SAMPLE, DataType::Utf8, false),
            Field::new(EPOCH, DataType::Int64, false),
            Field::new(VALUE, DataType::Float64, true),
        ]);
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(scalars.iter().map(|(name, ..)| name)));
        let steps: ArrayRef = Arc::new(Int64Array::from_iter_values(scalars.iter().map(|(_, step, _)| *step)));
        let values: ArrayRef =
            Arc::new(arrow::array::Float64Array::from_iter_values(scalars.iter().map(|(.., value)| *value)));
        let rows = RecordBatch::try_new(Arc::new(schema), vec![names, steps, values]).expect("columns of one length");
        Ok(Batch { id: batch_id(name)?, name: name.into(), rows, has_paths: false })
    }

    /// The same, whose rows are about these.
    ///
    /// # Panics
    /// Where there are not as many.
    #[must_use]
    pub fn with_samples(self, samples: StringArray) -> Batch {
        let mut columns = self.rows.columns().to_vec();
        columns[0] = Arc::new(samples);
        let rows = RecordBatch::try_new(self.rows.schema(), columns).expect("as many as there were");
        Batch { rows, has_paths: false, ..self }
    }

    /// What its writer calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rows as an Arrow stream, from which [`Batch::new`] makes the same again.
    ///
    /// # Errors
    /// `Invalid` for what Arrow cannot write.
    pub fn to_stream(&self) -> Result<Vec<u8>> {
        if !self.has_paths {
            return part::to_stream(&self.rows);
        }
        let mut fields: Vec<FieldRef> = self.rows.schema().fields().iter().cloned().collect();
        fields[0] = Arc::new(Field::new(PATH, DataType::Utf8, false));
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), self.rows.columns().to_vec());
        part::to_stream(&rows.expect("the same columns"))
    }

    /// Whether its rows are about paths.
    pub fn has_paths(&self) -> bool {
        self.has_paths
    }

    /// Which batch it is.
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// Its rows.
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }

    /// What its rows are about.
    pub fn samples(&self) -> &StringArray {
        self.rows.column(0).as_string()
    }

    /// When they were measured.
    pub fn epochs(&self) -> &Int64Array {
        self.rows.column(1).as_primitive::<Int64Type>()
    }
}

/// The id of a batch by what its writer calls it.
///
/// # Errors
/// `Invalid` for what is no word of 1 to 64 letters.
pub fn batch_id(name: &str) -> Result<BatchId> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_word) {
        return Err(Error::invalid("batch id", name, "it is 1 to 64 of A-Z a-z 0-9 . _ -"));
    }
    let mut id = [0; 16];
    id.copy_from_slice(&Id::of(name.as_bytes()).as_bytes()[..16]);
    Ok(id)
}

/// An error of a column, or of the batch where `column` is empty.
pub(super) fn invalid(column: &str, why: impl Into<String>) -> Error {
    Error::invalid(WHAT, column, why)
}

/// The columns as they are kept; the column `of` says what each row is about.
fn kept(rows: &RecordBatch, of: &str) -> Result<RecordBatch> {
    let schema = rows.schema();
    let mut fields: Vec<FieldRef> = Vec::with_capacity(schema.fields().len() + 1);
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(fields.capacity());
    let mut push = |name: &str, column: ArrayRef, nullable: bool| {
        fields.push(Arc::new(Field::new(name, column.data_type().clone(), nullable)));
        columns.push(column);
    };
    push(SAMPLE, samples(rows, of)?, false);
    push(EPOCH, epochs(rows)?, false);
    let mut seen = HashSet::from([SAMPLE, EPOCH]);
    for (field, column) in schema.fields().iter().zip(rows.columns()) {
        let name = field.name().as_str();
        if name == of || name == EPOCH {
            continue;
        }
        check_name(name)?;
        if !seen.insert(name) {
            return Err(invalid(name, "there are two columns of this name"));
        }
        // Of nothing but nulls nothing is known yet.
        if *column.data_type() != DataType::Null {
            let of = kept_as(column.data_type())
                .ok_or_else(|| invalid(name, format!("values of type {} cannot be kept", column.data_type())))?;
            push(name, as_type(name, column, &of)?, true);
        }
    }
    if columns.len() > COLUMNS_MAX {
        return Err(invalid("", format!("it has more than {COLUMNS_MAX} columns")));
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    RecordBatch::try_new(schema, columns)
        .map_err(|cause| invalid("", "its columns do not go together").caused_by(cause))
}

/// Values as another type that holds them all.
pub(super) fn as_type(name: &str, column: &ArrayRef, of: &DataType) -> Result<ArrayRef> {
    if column.data_type() == of {
        return Ok(column.clone());
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, of, &options)
        .map_err(|cause| invalid(name, format!("its values cannot be kept as {of}")).caused_by(cause))
}

fn samples(rows: &RecordBatch, of: &str) -> Result<ArrayRef> {
    let column = rows.column_by_name(of).ok_or_else(|| invalid(of, "there is no such column"))?;
    if !matches!(kept_as(column.data_type()), Some(DataType::Utf8 | DataType::Int64)) {
        return Err(invalid(of, format!("a key is text or a whole number, not {}", column.data_type())));
    }
    let keys = as_type(of, column, &DataType::Utf8)?;
    match keys.null_count() {
        0 => Ok(keys),
        _ => Err(invalid(of, "a row has no key")),
    }
}

fn epochs(rows: &RecordBatch) -> Result<ArrayRef> {
    let Some(column) = rows.column_by_name(EPOCH).filter(|column| *column.data_type() != DataType::Null) else {
        return Ok(Arc::new(Int64Array::from_value(0, rows.num_rows())));
    };
    if !column.data_type().is_integer() {
        return Err(invalid(EPOCH, format!("it is a whole number, not {}", column.data_type())));
    }
    let column = as_type(EPOCH, column, &DataType::Int64)?;
    let epochs = column.as_primitive::<Int64Type>();
    let epochs = Int64Array::from_iter_values(epochs.iter().map(Option::unwrap_or_default));
    match epochs.values().iter().all(|epoch| *epoch >= 0) {
        true => Ok(Arc::new(epochs)),
        false => Err(invalid(EPOCH, "it is 0 or more")),
    }
}

fn check_name(name: &str) -> Result<()> {
    let why = match name {
        "" => "a column has a name",
        name if RESERVED.contains(&name) => "the name is taken for rows of tables",
        name if name.len() > 128 => "a name has at most 128 bytes",
        name if name.chars().any(char::is_control) => "a name has no control characters",
        _ => return Ok(()),
    };
    Err(invalid(name, why))
}
