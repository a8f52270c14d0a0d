//! Constants brought to the narrower type of the column that they are compared with.
//!
//! For whole numbers that is cheaper than to widen the column, and says the same. For floats of fewer than 64
//! bits it is what a person means: the table shows 0.1 for the float of 32 bits that is nearest to it, and
//! `score = 0.1` is to find that row. `CAST(score AS DOUBLE)` compares all 64 bits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type};

use super::plan::Plan;

/// The constant as a value of the column's type; `None` where it has none, or where the types are to be widened.
pub(super) fn narrowed(column: &Plan, constant: &Plan) -> Option<Plan> {
    let value = constant.constant().filter(|_| column.constant().is_none())?;
    let is_meant = match (&column.of, &constant.of) {
        (column, constant) if column.is_integer() => constant.is_integer(),
        (DataType::Float32 | DataType::Float16, DataType::Float64) => true,
        _ => false,
    };
    let narrow = is_meant.then(|| cast_with_options(value, &column.of, &CastOptions::default()))?.ok()?;
    (narrow.is_valid(0) && is_in_range(value, &narrow)).then(|| Plan::constant_of(narrow))
}

/// Whether a float is one of the narrower type's: neither too large nor too small for it.
fn is_in_range(value: &ArrayRef, narrow: &ArrayRef) -> bool {
    let Some(value) = value.as_primitive_opt::<Float64Type>().map(|values| values.value(0)) else { return true };
    let back = cast_with_options(&Arc::clone(narrow), &DataType::Float64, &CastOptions::default());
    let back = back.expect("a float widens").as_primitive::<Float64Type>().value(0);
    back.is_finite() == value.is_finite() && (back == 0.0) == (value == 0.0)
}
