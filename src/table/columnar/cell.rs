//! A cell of an Arrow array as a value.

use arrow::array::{
    Array, AsArray, BooleanArray, Decimal32Array, Decimal64Array, Decimal128Array, Decimal256Array, PrimitiveArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;

use crate::model::Value;
use crate::table::moment::{DAY_NS, date_text, time_text, timestamp_text, unit_ns};

/// The value of the cell at `row` of `array`.
///
/// Whole numbers beyond 63 bits, decimals, dates and times are texts; a map is a list of its entries.
pub(crate) fn value_at(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => {
            let array: &BooleanArray = array.as_boolean();
            Value::Bool(array.value(row))
        }
        DataType::Int8 => Value::Int(native::<Int8Type>(array, row).into()),
        DataType::Int16 => Value::Int(native::<Int16Type>(array, row).into()),
        DataType::Int32 => Value::Int(native::<Int32Type>(array, row).into()),
        DataType::Int64 => Value::Int(native::<Int64Type>(array, row)),
        DataType::UInt8 => Value::Int(native::<UInt8Type>(array, row).into()),
        DataType::UInt16 => Value::Int(native::<UInt16Type>(array, row).into()),
        DataType::UInt32 => Value::Int(native::<UInt32Type>(array, row).into()),
        DataType::UInt64 => unsigned(native::<UInt64Type>(array, row)),
        DataType::Float16 => Value::Float(native::<Float16Type>(array, row).to_f64()),
        DataType::Float32 => Value::Float(native::<Float32Type>(array, row).into()),
        DataType::Float64 => Value::Float(native::<Float64Type>(array, row)),
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Value::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Value::Text(array.as_string_view().value(row).to_owned()),
        DataType::Binary => Value::Binary(array.as_binary::<i32>().value(row).to_vec()),
        DataType::LargeBinary => Value::Binary(array.as_binary::<i64>().value(row).to_vec()),
        DataType::BinaryView => Value::Binary(array.as_binary_view().value(row).to_vec()),
        DataType::FixedSizeBinary(_) => Value::Binary(array.as_fixed_size_binary().value(row).to_vec()),
        DataType::Dictionary(_, _) => in_dictionary(array, row),
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::ListView(_) => list(&array.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => list(&array.as_list_view::<i64>().value(row)),
        DataType::FixedSizeList(_, _) => list(&array.as_fixed_size_list().value(row)),
        DataType::Map(_, _) => list(&array.as_map().value(row)),
        DataType::Struct(fields) => {
            let array = array.as_struct();
            let of = |(at, field): (usize, &arrow::datatypes::FieldRef)| {
                (field.name().clone(), value_at(array.column(at), row))
            };
            Value::Struct(fields.iter().enumerate().map(of).collect())
        }
        data_type => {
            time(array, row, data_type).or_else(|| decimal(array, row, data_type)).unwrap_or_else(|| other(array, row))
        }
    }
}

fn native<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    let array: &PrimitiveArray<T> = array.as_primitive();
    array.value(row)
}

fn unsigned(value: u64) -> Value {
    i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Int)
}

fn list(items: &dyn Array) -> Value {
    Value::List((0..items.len()).map(|at| value_at(items, at)).collect())
}

fn in_dictionary(array: &dyn Array, row: usize) -> Value {
    let dictionary = array.as_any_dictionary();
    // One key alone: to normalize all of them would cost a pass for each cell.
    let key = dictionary.keys().slice(row, 1);
    let key = match value_at(&key, 0) {
        Value::Int(key) => usize::try_from(key).ok(),
        _ => None,
    };
    match key {
        Some(key) if key < dictionary.values().len() => value_at(dictionary.values(), key),
        _ => Value::Null,
    }
}

fn time(array: &dyn Array, row: usize, data_type: &DataType) -> Option<Value> {
    let text = match data_type {
        DataType::Date32 => date_text(native::<Date32Type>(array, row).into()),
        DataType::Date64 => {
            let ns = i128::from(native::<Date64Type>(array, row)) * 1_000_000;
            match ns.rem_euclid(DAY_NS) {
                0 => date_text(i64::try_from(ns.div_euclid(DAY_NS)).ok()?),
                _ => timestamp_text(ns, false),
            }
        }
        DataType::Timestamp(unit, zone) => {
            let count = match unit {
                TimeUnit::Second => native::<TimestampSecondType>(array, row),
                TimeUnit::Millisecond => native::<TimestampMillisecondType>(array, row),
                TimeUnit::Microsecond => native::<TimestampMicrosecondType>(array, row),
                TimeUnit::Nanosecond => native::<TimestampNanosecondType>(array, row),
            };
            timestamp_text(i128::from(count) * unit_ns(*unit), zone.is_some())
        }
        DataType::Time32(unit) => {
            let count = match unit {
                TimeUnit::Second => native::<Time32SecondType>(array, row),
                _ => native::<Time32MillisecondType>(array, row),
            };
            time_text(i128::from(count) * unit_ns(*unit))
        }
        DataType::Time64(unit) => {
            let count = match unit {
                TimeUnit::Microsecond => native::<Time64MicrosecondType>(array, row),
                _ => native::<Time64NanosecondType>(array, row),
            };
            time_text(i128::from(count) * unit_ns(*unit))
        }
        DataType::Duration(unit) => {
            return Some(Value::Int(match unit {
                TimeUnit::Second => native::<DurationSecondType>(array, row),
                TimeUnit::Millisecond => native::<DurationMillisecondType>(array, row),
                TimeUnit::Microsecond => native::<DurationMicrosecondType>(array, row),
                TimeUnit::Nanosecond => native::<DurationNanosecondType>(array, row),
            }));
        }
        _ => return None,
    };
    Some(Value::Text(text))
}

fn decimal(array: &dyn Array, row: usize, data_type: &DataType) -> Option<Value> {
    let any = array.as_any();
    let text = match data_type {
        DataType::Decimal32(_, _) => any.downcast_ref::<Decimal32Array>()?.value_as_string(row),
        DataType::Decimal64(_, _) => any.downcast_ref::<Decimal64Array>()?.value_as_string(row),
        DataType::Decimal128(_, _) => any.downcast_ref::<Decimal128Array>()?.value_as_string(row),
        DataType::Decimal256(_, _) => any.downcast_ref::<Decimal256Array>()?.value_as_string(row),
        _ => return None,
    };
    Some(Value::Text(text))
}

/// Intervals, unions, runs: read as Arrow tells them, and never edited.
fn other(array: &dyn Array, row: usize) -> Value {
    array_value_to_string(array, row).map_or(Value::Null, Value::Text)
}
