//! `abs`, `round`, `floor`, `ceil`, `sqrt`, `ln`, `exp`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int32Type, Int64Type, UInt64Type};

use super::cells::Cells;
use super::fault::{Result, fail};
use super::tree::Function;

/// Calls one of them; its second argument, if there is one, is a number of digits.
pub(super) fn call(function: Function, arguments: &[Cells], rows: usize) -> Result<Cells> {
    let [of, digits @ ..] = arguments else {
        return fail("it has no argument");
    };
    if let [digits] = digits {
        let array = round_to(&of.all(rows), digits.all(rows).as_primitive::<Int32Type>())?;
        return Ok(Cells::array(array));
    }
    if function == Function::SquareRoot {
        let wide = cast(&of.array, &DataType::Float64)?;
        if wide.as_primitive::<Float64Type>().iter().flatten().any(|value| value < 0.0) {
            return fail("a number below 0 has no square root");
        }
    }
    let array: ArrayRef = match of.array.data_type() {
        DataType::Float64 => Arc::new(of.array.as_primitive::<Float64Type>().unary::<_, Float64Type>(float(function))),
        DataType::Float32 => Arc::new(
            of.array
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(|value| float(function)(f64::from(value)) as f32),
        ),
        _ if function == Function::Abs => absolute(&of.array)?,
        _ => Arc::clone(&of.array),
    };
    Ok(Cells { array, one: of.one })
}

fn float(function: Function) -> fn(f64) -> f64 {
    match function {
        Function::Abs => f64::abs,
        Function::Floor => f64::floor,
        Function::Ceil => f64::ceil,
        Function::SquareRoot => f64::sqrt,
        Function::Logarithm => f64::ln,
        Function::Exponential => f64::exp,
        _ => f64::round,
    }
}

/// Whole numbers without their sign: an error where that is beyond the type.
fn absolute(array: &ArrayRef) -> Result<ArrayRef> {
    whole_numbers(array, |value| value.checked_abs())
}

/// Applies `of` to whole numbers of any type; an error where the result is none of that type.
fn whole_numbers(array: &ArrayRef, of: impl Fn(i128) -> Option<i128>) -> Result<ArrayRef> {
    if *array.data_type() == DataType::UInt64 {
        return Ok(Arc::new(applied::<UInt64Type>(array.as_primitive(), |value| {
            of(i128::from(value)).and_then(|value| u64::try_from(value).ok())
        })?));
    }
    let wide = cast(array, &DataType::Int64)?;
    let result = applied::<Int64Type>(wide.as_primitive(), |value| {
        of(i128::from(value)).and_then(|value| i64::try_from(value).ok())
    })?;
    Ok(Cells::array(Arc::new(result)).cast(array.data_type())?.array)
}

fn applied<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    of: impl Fn(T::Native) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>> {
    array.try_unary(|value| match of(value) {
        Some(value) => Ok(value),
        None => fail(format!("{value:?} goes beyond {}", T::DATA_TYPE)),
    })
}

/// Rounds to digits after the point, or before it where they are negative; halves go away from zero.
fn round_to(array: &ArrayRef, digits: &PrimitiveArray<Int32Type>) -> Result<ArrayRef> {
    if array.data_type().is_floating() {
        let wide = cast(array, &DataType::Float64)?;
        let single = *array.data_type() == DataType::Float32;
        let wide = wide.as_primitive::<Float64Type>();
        let rounded = wide.iter().zip(digits.iter()).map(|(value, digits)| {
            let factor = 10f64.powi(digits?);
            Some(match single {
                true => f64::from((value? as f32 * factor as f32).round() / factor as f32),
                false => (value? * factor).round() / factor,
            })
        });
        return Ok(cast(&rounded.collect::<PrimitiveArray<Float64Type>>(), array.data_type())?);
    }
    let rows: Result<Vec<ArrayRef>> = (0..array.len())
        .map(|row| {
            let value = array.slice(row, 1);
            match digits.is_valid(row) {
                true => whole_numbers(&value, |value| round_whole(value, digits.value(row))),
                false => Ok(arrow::array::new_null_array(array.data_type(), 1)),
            }
        })
        .collect();
    match rows? {
        rows if rows.is_empty() => Ok(Arc::clone(array)),
        rows => super::evaluate::joined(&rows),
    }
}

fn round_whole(value: i128, digits: i32) -> Option<i128> {
    if digits >= 0 {
        return Some(value);
    }
    let Some(factor) = digits.checked_neg().and_then(|zeros| 10i128.checked_pow(zeros as u32)) else {
        return Some(0);
    };
    let rest = value % factor;
    let down = value - rest;
    Some(if rest.abs() * 2 >= factor { down + factor * value.signum() } else { down })
}
