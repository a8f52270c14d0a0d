//! Cells of Arrow arrays as values, and values as arrays: the same for every format.
//!
//! Times, durations and decimals are text in a value, as Arrow writes them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, FixedSizeListArray, Float64Array, Int64Array, ListArray,
    StringArray, StructArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use arrow::util::display::FormatOptions;

use super::columnar::build::array_of;
use super::columnar::cell::value_at;
use crate::model::Value;
use crate::{Error, Result};

/// The value of one cell: as a format of columns reads it, so that a key is the same wherever it is read.
///
/// # Errors
/// None; what has no other form is told as Arrow shows it.
pub fn value(array: &dyn Array, row: usize) -> Result<Value> {
    Ok(value_at(array, row))
}

/// The values of all cells of a column.
///
/// # Errors
/// As [`value`].
pub fn values(array: &dyn Array) -> Result<Vec<Value>> {
    if let DataType::Dictionary(..) = array.data_type() {
        let dictionary = array.as_any_dictionary();
        if dictionary.values().is_empty() {
            // Without a value every row is null, and no key is one.
            return Ok(vec![Value::Null; array.len()]);
        }
        let (of, keys) = (values(dictionary.values())?, dictionary.normalized_keys());
        let cell = |row: usize| if array.is_null(row) { Value::Null } else { of[keys[row]].clone() };
        return Ok((0..array.len()).map(cell).collect());
    }
    (0..array.len()).map(|row| value(array, row)).collect()
}

/// An array of this type with these values.
///
/// # Errors
/// `Invalid` for a value that the type cannot hold.
pub fn array(data_type: &DataType, values: &[Value]) -> Result<ArrayRef> {
    // What texts and plain numbers cannot be cast to is built as a file of columns has it.
    widened(data_type, values).or_else(|error| match array_of(data_type, values) {
        Ok(built) if (0..values.len()).all(|row| holds(&value_at(&built, row), &values[row])) => Ok(built),
        _ => Err(error),
    })
}

/// Whether a cell is what was to be written into it, whatever its text looks like.
fn holds(cell: &Value, given: &Value) -> bool {
    match (cell, given) {
        (Value::Float(_), Value::Float(_)) | (Value::Text(_), Value::Text(_)) => true,
        (Value::List(cells), Value::List(given)) => {
            cells.len() == given.len() && cells.iter().zip(given).all(|(cell, given)| holds(cell, given))
        }
        (Value::Struct(cells), Value::Struct(_)) => {
            cells.iter().all(|(name, cell)| named(given, name).is_ok_and(|given| holds(cell, &given)))
        }
        (cell, given) => cell == given,
    }
}

fn widened(data_type: &DataType, values: &[Value]) -> Result<ArrayRef> {
    match data_type {
        DataType::Null => Ok(new_null_array(data_type, values.len())),
        DataType::List(field) => {
            let mut ends = vec![0i32];
            let (mut items, mut there) = (Vec::new(), Vec::new());
            for value in values {
                let of = listed(value)?;
                items.extend_from_slice(of.unwrap_or_default());
                there.push(of.is_some());
                ends.push(i32::try_from(items.len()).map_err(|_| misfit(data_type, value))?);
            }
            let items = array(field.data_type(), &items)?;
            let built = ListArray::try_new(Arc::clone(field), OffsetBuffer::new(ends.into()), items, nulls(there));
            built.map(|built| Arc::new(built) as ArrayRef).map_err(|cause| unbuilt(data_type, cause))
        }
        DataType::FixedSizeList(field, size) => {
            let (mut items, mut there) = (Vec::new(), Vec::new());
            let len = usize::try_from(*size).unwrap_or(0);
            for value in values {
                let of = listed(value)?;
                there.push(of.is_some());
                match of {
                    Some(of) if of.len() == len => items.extend_from_slice(of),
                    Some(_) => return Err(misfit(data_type, value)),
                    None => items.resize(items.len() + len, Value::Null),
                }
            }
            let items = array(field.data_type(), &items)?;
            let built = FixedSizeListArray::try_new(Arc::clone(field), *size, items, nulls(there));
            built.map(|built| Arc::new(built) as ArrayRef).map_err(|cause| unbuilt(data_type, cause))
        }
        DataType::Struct(fields) => {
            let column = |field: &arrow::datatypes::FieldRef| {
                let of = values.iter().map(|value| named(value, field.name())).collect::<Result<Vec<_>>>()?;
                array(field.data_type(), &of)
            };
            let columns = fields.iter().map(column).collect::<Result<Vec<_>>>()?;
            let there = nulls(values.iter().map(|value| *value != Value::Null).collect());
            let built = StructArray::try_new_with_length(fields.clone(), columns, there, values.len());
            built.map(|built| Arc::new(built) as ArrayRef).map_err(|cause| unbuilt(data_type, cause))
        }
        _ => flat(data_type, values),
    }
}

/// Of a type without parts: from the widest type of its kind, without loss.
fn flat(data_type: &DataType, values: &[Value]) -> Result<ArrayRef> {
    let wide = match data_type {
        DataType::Dictionary(_, of) => of.as_ref(),
        other => other,
    };
    let widest: ArrayRef = match wide {
        DataType::Boolean => Arc::new(each(data_type, values, as_bool)?.into_iter().collect::<BooleanArray>()),
        whole if whole.is_integer() => Arc::new(each(data_type, values, as_int)?.into_iter().collect::<Int64Array>()),
        number if number.is_floating() => {
            Arc::new(each(data_type, values, as_float)?.into_iter().collect::<Float64Array>())
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Arc::new(each(data_type, values, as_bytes)?.into_iter().collect::<BinaryArray>())
        }
        _ => Arc::new(each(data_type, values, as_text)?.into_iter().collect::<StringArray>()),
    };
    let options = CastOptions { safe: false, format_options: FormatOptions::new() };
    cast_with_options(&widest, data_type, &options).map_err(|cause| unbuilt(data_type, cause))
}

fn each<'v, T>(data_type: &DataType, values: &'v [Value], of: fn(&'v Value) -> Option<T>) -> Result<Vec<Option<T>>> {
    let one = |value: &'v Value| match value {
        Value::Null => Ok(None),
        value => of(value).map(Some).ok_or_else(|| misfit(data_type, value)),
    };
    values.iter().map(one).collect()
}

fn as_bool(value: &Value) -> Option<bool> {
    if let Value::Bool(value) = value { Some(*value) } else { None }
}

fn as_int(value: &Value) -> Option<i64> {
    if let Value::Int(value) = value { Some(*value) } else { None }
}

fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        Value::Int(value) => Some(*value as f64),
        _ => None,
    }
}

fn as_bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Binary(bytes) => Some(bytes),
        Value::Text(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn as_text(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

fn listed(value: &Value) -> Result<Option<&[Value]>> {
    match value {
        Value::Null => Ok(None),
        Value::List(items) => Ok(Some(items)),
        other => Err(Error::invalid("list", &other.to_string(), "it is no list")),
    }
}

fn named(value: &Value, name: &str) -> Result<Value> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Struct(fields) => {
            Ok(fields.iter().find(|(key, _)| key == name).map_or(Value::Null, |(_, value)| value.clone()))
        }
        other => Err(Error::invalid("struct", &other.to_string(), "it has no fields")),
    }
}

fn nulls(there: Vec<bool>) -> Option<NullBuffer> {
    there.contains(&false).then(|| NullBuffer::from(there))
}

fn misfit(data_type: &DataType, value: &Value) -> Error {
    Error::invalid("cell", &value.to_string(), format!("it is no {data_type}"))
}

fn unbuilt(data_type: &DataType, cause: arrow::error::ArrowError) -> Error {
    Error::invalid("cell", &cause.to_string(), format!("it is no {data_type}")).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Field, Fields, TimeUnit};

    use super::*;

    fn check(data_type: &DataType, given: &[Value]) {
        let built = array(data_type, given).expect("the type holds them");
        assert_eq!(built.data_type(), data_type);
        assert_eq!(values(&built).expect("they can be read"), given, "{data_type}");
    }

    #[test]
    fn values_of_every_type_are_read_back_from_their_array() {
        let text = |text: &str| Value::Text(text.to_owned());
        let item = |of: DataType| Arc::new(Field::new("item", of, true));
        let numbers = Value::List(vec![Value::Float(1.0), Value::Null, Value::Float(-0.0)]);
        check(&DataType::Boolean, &[Value::Bool(true), Value::Null]);
        check(&DataType::Int8, &[Value::Int(-128), Value::Null]);
        check(&DataType::Int64, &[Value::Int(i64::MIN), Value::Int(i64::MAX)]);
        check(&DataType::UInt16, &[Value::Int(65_535)]);
        check(&DataType::Float32, &[Value::Float(0.5), Value::Null]);
        check(&DataType::Float64, &[Value::Float(0.1), Value::Float(f64::INFINITY)]);
        for of in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View] {
            check(&of, &[text("é"), Value::Null, text("")]);
        }
        check(&DataType::Binary, &[Value::Binary(vec![0, 255]), Value::Null]);
        check(&DataType::Date32, &[text("2024-02-29"), Value::Null]);
        check(&DataType::Timestamp(TimeUnit::Microsecond, None), &[text("2024-02-29T01:02:03.000004")]);
        check(&DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())), &[text("2024-02-29T01:02:03Z")]);
        check(
            &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            &[text("a"), Value::Null, text("a")],
        );
        check(&DataType::List(item(DataType::Float64)), &[numbers.clone(), Value::Null, Value::List(vec![])]);
        check(&DataType::FixedSizeList(item(DataType::Float64), 3), &[numbers, Value::Null]);
        let fields = Fields::from(vec![Field::new("a", DataType::Int64, true), Field::new("b", DataType::Utf8, true)]);
        let one = Value::Struct(vec![("a".to_owned(), Value::Int(1)), ("b".to_owned(), Value::Null)]);
        check(&DataType::Struct(fields), &[one, Value::Null]);
    }

    #[test]
    fn a_dictionary_of_nothing_is_all_nulls() {
        let of = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        assert_eq!(values(&new_null_array(&of, 2)).expect("they can be read"), [Value::Null, Value::Null]);
    }

    #[test]
    fn values_of_types_that_files_of_columns_alone_have_are_read_back() {
        let item = Arc::new(Field::new("item", DataType::Int64, true));
        let list = [Value::List(vec![Value::Int(1), Value::Null]), Value::Null];
        for of in [DataType::LargeList(Arc::clone(&item)), DataType::ListView(item)] {
            check(&of, &list);
            check(&of, &[]);
        }
        check(&DataType::UInt64, &[Value::Text(u64::MAX.to_string()), Value::Int(7), Value::Null]);
        check(&DataType::Duration(TimeUnit::Second), &[Value::Int(90), Value::Null]);
        check(&DataType::Decimal128(5, 2), &[Value::Text("123.40".to_owned())]);
        let fields =
            Fields::from(vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Int64, true)]);
        let map = DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields), false)), false);
        check(&map, &[]);
        let entry = [("key".to_owned(), Value::Text("a".to_owned())), ("value".to_owned(), Value::Int(1))];
        check(&map, &[Value::List(vec![Value::Struct(entry.to_vec())]), Value::Null]);
    }

    #[test]
    fn a_value_that_a_type_cannot_hold_is_refused() {
        let refused = |data_type: DataType, value: Value| array(&data_type, &[value]).is_err();
        assert!(refused(DataType::Int8, Value::Int(128)));
        assert!(refused(DataType::Int64, Value::Text("1".to_owned())));
        assert!(refused(DataType::Date32, Value::Text("soon".to_owned())));
        assert!(refused(DataType::Utf8, Value::Int(1)));
        let pair = Arc::new(Field::new("item", DataType::Int64, true));
        assert!(refused(DataType::FixedSizeList(pair, 2), Value::List(vec![Value::Int(1)])));
    }
}
