//! Which type two values are brought to: the rules of DataFusion 55, so that both sides of Veneer agree.
//!
//! How a column is stored does not count here: a dictionary of texts, a view and a large
//! text are all text ([`logical`]). A comparison prefers the number (`'2' > 1` compares
//! numbers), a union the text (`CASE … THEN 1 ELSE 'a'` gives texts).

use arrow::array::new_empty_array;
use arrow::compute::{can_cast_types, kernels::numeric};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;

use super::tree::Op;

/// The type that a stored type means.
pub(super) fn logical(stored: &DataType) -> DataType {
    match stored {
        DataType::Dictionary(_, values) => logical(values),
        DataType::RunEndEncoded(_, values) => logical(values.data_type()),
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        other => other.clone(),
    }
}

/// Whether it is a list of some kind.
pub(super) fn element_type(of: &DataType) -> Option<&DataType> {
    match of {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            Some(field.data_type())
        }
        _ => None,
    }
}

/// The type in which two values are compared.
pub(super) fn comparison(left: &DataType, right: &DataType) -> Option<DataType> {
    common(left, right, false)
}

/// The type that holds the values of both.
pub(super) fn union(left: &DataType, right: &DataType) -> Option<DataType> {
    common(left, right, true)
}

fn common(left: &DataType, right: &DataType, prefer_text: bool) -> Option<DataType> {
    use DataType::{Date32, Date64, Null, Timestamp, Utf8};
    Some(match (left, right) {
        (left, right) if left == right => left.clone(),
        (left, right) if left.is_numeric() && right.is_numeric() => return number(left, right),
        (Timestamp(a, zone), Timestamp(b, other)) => Timestamp(finer(*a, *b), zone.clone().or(other.clone())),
        (Date32, Date64) | (Date64, Date32) => Date64,
        (Timestamp(..), Date32 | Date64) | (Date32 | Date64, Timestamp(..)) => Timestamp(TimeUnit::Nanosecond, None),
        (date @ (Date32 | Date64), int) | (int, date @ (Date32 | Date64)) if int.is_integer() => date.clone(),
        (Null, other) | (other, Null) if can_cast_types(&Null, other) => other.clone(),
        (Utf8, number) | (number, Utf8) if number.is_numeric() => {
            if prefer_text {
                Utf8
            } else {
                number.clone()
            }
        }
        (Utf8, time) | (time, Utf8) if time.is_temporal() => match time {
            Timestamp(_, zone) => Timestamp(TimeUnit::Nanosecond, zone.clone()),
            Date32 | Date64 | DataType::Time32(_) | DataType::Time64(_) => time.clone(),
            _ => return None,
        },
        (Utf8, DataType::Binary) | (DataType::Binary, Utf8) => DataType::Binary,
        _ => return None,
    })
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    if a >= b { a } else { b }
}

fn number(left: &DataType, right: &DataType) -> Option<DataType> {
    if !left.is_decimal() && !right.is_decimal() {
        return Some(plain_number(left, right));
    }
    let (Some((p1, s1)), Some((p2, s2))) = (as_decimal(left), as_decimal(right)) else {
        return None;
    };
    let scale = s1.max(s2);
    let whole = (p1 as i8 - s1).max(p2 as i8 - s2);
    Some(DataType::Decimal128((whole + scale).clamp(1, 38) as u8, scale))
}

/// The decimal that holds every value of a type of numbers; of floats, most.
fn as_decimal(number: &DataType) -> Option<(u8, i8)> {
    use DataType::{Float16, Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
    Some(match number {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => (*precision, *scale),
        Int8 | UInt8 => (3, 0),
        Int16 | UInt16 => (5, 0),
        Int32 | UInt32 => (10, 0),
        Int64 | UInt64 => (20, 0),
        Float16 => (6, 3),
        Float32 => (14, 7),
        Float64 => (30, 15),
        _ => return None,
    })
}

fn plain_number(left: &DataType, right: &DataType) -> DataType {
    use DataType::{Float16, Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
    let signed = |of: &DataType| matches!(of, Int8 | Int16 | Int32 | Int64);
    match (left, right) {
        (Float64, _) | (_, Float64) => Float64,
        (Float32, _) | (_, Float32) => Float32,
        (Float16, _) | (_, Float16) => Float16,
        (UInt64, other) | (other, UInt64) if signed(other) => DataType::Decimal128(20, 0),
        (UInt64, _) | (_, UInt64) => UInt64,
        (Int64, _) | (_, Int64) => Int64,
        (UInt32, other) | (other, UInt32) => {
            if signed(other) {
                Int64
            } else {
                UInt32
            }
        }
        (Int32, _) | (_, Int32) => Int32,
        (UInt16, other) | (other, UInt16) => {
            if signed(other) {
                Int32
            } else {
                UInt16
            }
        }
        (Int16, _) | (_, Int16) => Int16,
        (Int8, UInt8) | (UInt8, Int8) => Int16,
        _ => left.clone(),
    }
}

/// What the operands of an arithmetic operator are brought to, and the type of its result.
pub(super) fn arithmetic(op: Op, left: &DataType, right: &DataType) -> Option<(DataType, DataType, DataType)> {
    use DataType::{Int64, Null};
    match (left, right) {
        (Null, Null) => return Some((Int64, Int64, Int64)),
        (Null, other) | (other, Null) => {
            return result(op, other, other).map(|of| (other.clone(), other.clone(), of));
        }
        _ => {}
    }
    if let Some(of) = result(op, left, right) {
        return Some((left.clone(), right.clone(), of));
    }
    let both = |of: DataType| result(op, &of, &of).map(|to| (of.clone(), of.clone(), to));
    match (left, right) {
        (DataType::Timestamp(..) | DataType::Date32 | DataType::Date64, DataType::Timestamp(..))
        | (DataType::Timestamp(..), DataType::Date32 | DataType::Date64)
        | (DataType::Date32, DataType::Date64)
        | (DataType::Date64, DataType::Date32) => both(comparison(left, right)?),
        (decimal, int) if decimal.is_decimal() && int.is_integer() => {
            let int = decimal_of(int)?;
            result(op, decimal, &int).map(|of| (decimal.clone(), int, of))
        }
        (int, decimal) if decimal.is_decimal() && int.is_integer() => {
            let int = decimal_of(int)?;
            result(op, &int, decimal).map(|of| (int, decimal.clone(), of))
        }
        (left, right) if left.is_numeric() && right.is_numeric() => both(plain_number(left, right)),
        _ => None,
    }
}

fn decimal_of(int: &DataType) -> Option<DataType> {
    as_decimal(int).map(|(precision, scale)| DataType::Decimal128(precision, scale))
}

/// What the kernel makes of two types; `None` where it takes no such pair.
fn result(op: Op, left: &DataType, right: &DataType) -> Option<DataType> {
    let (left, right) = (new_empty_array(left), new_empty_array(right));
    let result: Result<_, ArrowError> = match op {
        Op::Add => numeric::add_wrapping(&left, &right),
        Op::Subtract => numeric::sub_wrapping(&left, &right),
        Op::Multiply => numeric::mul_wrapping(&left, &right),
        Op::Divide => numeric::div(&left, &right),
        Op::Remainder => numeric::rem(&left, &right),
        _ => return None,
    };
    result.ok().map(|array| array.data_type().clone())
}
