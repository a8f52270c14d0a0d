//! The values of a part of an expression for the rows of a batch: one each, or one for all.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, StringArray, UInt32Array, new_null_array};
use arrow::compute::{CastOptions, cast_with_options, filter, take};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use super::coerce::logical;
use super::fault::{Result, fail};

/// How every cast is made: a value that cannot be cast is an error.
pub(super) fn strictly() -> CastOptions<'static> {
    CastOptions { safe: false, ..CastOptions::default() }
}

/// The values.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    pub(super) array: ArrayRef,
    /// Whether the array has one value, which is that of all rows.
    pub(super) one: bool,
}

impl Datum for Cells {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.one)
    }
}

impl Cells {
    /// A value for each row.
    pub(super) fn array(array: ArrayRef) -> Cells {
        Cells { array, one: false }
    }

    /// One value for all rows.
    pub(super) fn one(array: ArrayRef) -> Cells {
        Cells { array, one: true }
    }

    /// Null for all rows.
    pub(super) fn null(of: &DataType) -> Cells {
        Cells::one(new_null_array(of, 1))
    }

    /// The values as an array of `rows` values.
    pub(super) fn all(&self, rows: usize) -> ArrayRef {
        if !self.one {
            return Arc::clone(&self.array);
        }
        if self.array.is_null(0) {
            return new_null_array(self.array.data_type(), rows);
        }
        let first = UInt32Array::from(vec![0; rows]);
        take(&self.array, &first, None).expect("place 0 is there")
    }

    /// The values as conditions.
    pub(super) fn booleans(&self, rows: usize) -> BooleanArray {
        self.all(rows).as_boolean().clone()
    }

    /// The values as texts of the plain form.
    pub(super) fn texts(&self, rows: usize) -> Result<StringArray> {
        Ok(self.cast(&DataType::Utf8)?.all(rows).as_string::<i32>().clone())
    }

    /// The values in another type, which may be another form of the same.
    pub(super) fn cast(&self, to: &DataType) -> Result<Cells> {
        if self.array.data_type() == to {
            return Ok(self.clone());
        }
        Ok(Cells { array: cast_with_options(&self.array, to, &strictly())?, one: self.one })
    }

    /// The value itself where it is one for all rows.
    pub(super) fn single(&self) -> Option<&ArrayRef> {
        self.one.then_some(&self.array)
    }
}

/// The rows that an expression is evaluated for, with the columns that it needs.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// (place in the schema, values).
    columns: Vec<(usize, ArrayRef)>,
    pub(super) count: usize,
}

impl Rows {
    /// No column, and this many rows: enough for constants.
    pub(super) fn of_none(count: usize) -> Rows {
        Rows { columns: Vec::new(), count }
    }

    /// The rows of a batch, with these columns (place in the schema, name, type in the schema). A column is taken by
    /// its place where the batch has one of that name there, else by its name.
    pub(super) fn of_batch(batch: &RecordBatch, wanted: &[(usize, String, DataType)]) -> Result<Rows> {
        let schema = batch.schema_ref();
        let mut columns = Vec::with_capacity(wanted.len());
        for (place, name, of) in wanted {
            let at = match schema.fields().get(*place) {
                Some(field) if field.name() == name => *place,
                _ => match schema.index_of(name) {
                    Ok(at) => at,
                    Err(_) => return fail(format!("the rows that were read lack the column `{name}`")),
                },
            };
            columns.push((*place, prepared(batch.column(at), of)?));
        }
        Ok(Rows { columns, count: batch.num_rows() })
    }

    /// The values of a column, by its place in the schema.
    pub(super) fn column(&self, place: usize) -> Result<Cells> {
        match self.columns.iter().find(|(at, _)| *at == place) {
            Some((_, array)) => Ok(Cells::array(Arc::clone(array))),
            None => fail(format!("column {place} was not read")),
        }
    }

    /// The rows of these columns for which the mask is true.
    pub(super) fn picked(&self, mask: &BooleanArray, places: &[usize]) -> Result<Rows> {
        let mut columns = Vec::with_capacity(places.len());
        for (place, array) in self.columns.iter().filter(|(place, _)| places.contains(place)) {
            columns.push((*place, filter(array, mask)?));
        }
        Ok(Rows { columns, count: mask.true_count() })
    }
}

/// A column in the type that the schema says, but for a text in the form that it has.
fn prepared(array: &ArrayRef, of: &DataType) -> Result<ArrayRef> {
    let stored = array.data_type();
    let is_text = logical(stored) == DataType::Utf8;
    let is_form =
        matches!(stored, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..));
    if stored == of || *of == DataType::Utf8 && is_text && is_form {
        return Ok(Arc::clone(array));
    }
    Ok(cast_with_options(array, of, &strictly())?)
}
