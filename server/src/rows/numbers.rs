//! Columns as numbers: what plots, histograms and quantiles are made of.
//!
//! A time is the milliseconds since 1970-01-01 UTC, a duration its milliseconds, true is 1.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimeUnit};
use veneer::{Error, Result};

use super::columns::TableRows;
use super::mask::{Mask, unfit};

/// A column whose values are numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    array: ArrayRef,
    /// What its whole numbers are to be multiplied by.
    scale: f64,
}

impl TableRows {
    /// A column as numbers.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a column of anything but numbers, times and booleans.
    pub(super) fn numbers(&self, name: &str) -> Result<Numbers> {
        let column = self.find(name)?;
        let scale = scale(&column.data_type)
            .ok_or_else(|| unfit("column of numbers", name, format!("its type is {}", column.data_type)))?;
        Ok(Numbers { array: self.column(&column.name)?, scale })
    }
}

impl Numbers {
    /// The rows of a chunk as floats; null stays null.
    ///
    /// # Errors
    /// `Invalid` for a value that is no number.
    pub(super) fn chunk(&self, from: usize, len: usize) -> Result<Float64Array> {
        let part = self.array.slice(from, len);
        let whole = match part.data_type() {
            DataType::Timestamp(..) | DataType::Date64 | DataType::Duration(_) | DataType::Time64(_) => {
                cast(&part, &DataType::Int64)
            }
            DataType::Date32 | DataType::Time32(_) => cast(&part, &DataType::Int32),
            _ => Ok(part),
        };
        let floats = whole.and_then(|whole| cast(&whole, &DataType::Float64)).map_err(unread)?;
        let floats = floats.as_primitive::<Float64Type>();
        Ok(if self.scale == 1.0 { floats.clone() } else { floats.unary(|number| number * self.scale) })
    }

    /// Calls `each` with the values of a chunk that are no nulls and whose rows are in the mask; returns how many of
    /// these rows are null.
    ///
    /// # Errors
    /// As [`Numbers::chunk`].
    pub(super) fn visit(
        &self,
        (from, len): (usize, usize),
        mask: Option<&Mask>,
        mut each: impl FnMut(f64),
    ) -> Result<u64> {
        let numbers = self.chunk(from, len)?;
        let there = numbers.nulls().map(|nulls| nulls.inner().clone());
        let wanted: Option<BooleanBuffer> = mask.map(|mask| mask.chunk(from, len));
        let values = numbers.values();
        let Some(rows) = both(there.as_ref(), wanted.as_ref()) else {
            values.iter().for_each(|number| each(*number));
            return Ok(0);
        };
        rows.set_indices().for_each(|row| each(values[row]));
        let wanted = wanted.map_or(len, |wanted| wanted.count_set_bits());
        Ok((wanted - rows.count_set_bits()) as u64)
    }
}

/// Where both are true, if there are both.
pub(super) fn both(a: Option<&BooleanBuffer>, b: Option<&BooleanBuffer>) -> Option<BooleanBuffer> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a & b),
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    }
}

fn scale(of: &DataType) -> Option<f64> {
    let of_unit = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 1e3,
        TimeUnit::Millisecond => 1.0,
        TimeUnit::Microsecond => 1e-3,
        TimeUnit::Nanosecond => 1e-6,
    };
    match of {
        of if of.is_numeric() => Some(1.0),
        DataType::Boolean | DataType::Date64 => Some(1.0),
        DataType::Date32 => Some(86_400_000.0),
        DataType::Timestamp(unit, _) | DataType::Duration(unit) => Some(of_unit(unit)),
        DataType::Time32(unit) | DataType::Time64(unit) => Some(of_unit(unit)),
        _ => None,
    }
}

fn unread(cause: arrow::error::ArrowError) -> Error {
    Error::invalid("column of numbers", "", "a value is no number").caused_by(cause)
}
