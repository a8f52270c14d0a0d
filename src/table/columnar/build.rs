//! An Arrow array of values, which are in the form that [`accept`](super::accept) gives them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Decimal128Array, Decimal256Array,
    FixedSizeBinaryArray, FixedSizeListArray, Float16Array, Float32Array, Float64Array, GenericListArray,
    GenericListViewArray, Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray, LargeStringArray, MapArray,
    NullArray, OffsetSizeTrait, StringArray, StringViewArray, StructArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array, make_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowPrimitiveType, DataType, FieldRef, Fields, Float16Type};
use arrow::error::ArrowError;

use super::accept::{decimal_digits, time_ns};
use crate::model::Value;
use crate::table::moment::{DAY_NS, unit_ns};

type Built = Result<ArrayRef, String>;

/// An array of the type; columns of dictionaries are their keepers' affair.
///
/// # Errors
/// Why there is no such array.
pub(crate) fn array_of(data_type: &DataType, values: &[Value]) -> Built {
    let families = [numbers, texts, counts, nested];
    if let Some(built) = families.iter().find_map(|family| family(data_type, values)) {
        return built;
    }
    match data_type {
        DataType::Null => Ok(Arc::new(NullArray::new(values.len()))),
        other if values.iter().all(|value| *value == Value::Null) => {
            Ok(arrow::array::new_null_array(other, values.len()))
        }
        other => Err(format!("no value of the type {other} can be written")),
    }
}

/// What a value is, if it is a whole number.
fn int(value: &Value) -> Option<i64> {
    if let Value::Int(value) = value { Some(*value) } else { None }
}

fn float(value: &Value) -> Option<f64> {
    if let Value::Float(value) = value { Some(*value) } else { None }
}

fn text(value: &Value) -> Option<&str> {
    if let Value::Text(value) = value { Some(value) } else { None }
}

fn bytes(value: &Value) -> Option<&[u8]> {
    if let Value::Binary(value) = value { Some(value) } else { None }
}

/// Truth and numbers, as they are; `None` for other types.
fn numbers(data_type: &DataType, values: &[Value]) -> Option<Built> {
    use DataType as T;
    let half = |value: f64| <Float16Type as ArrowPrimitiveType>::Native::from_f64(value);
    let values = values.iter();
    let built: ArrayRef = match data_type {
        T::Boolean => {
            let bit = |value: &Value| if let Value::Bool(value) = value { Some(*value) } else { None };
            Arc::new(values.map(bit).collect::<BooleanArray>())
        }
        T::Int8 => Arc::new(values.map(|v| int(v).map(|v| v as i8)).collect::<Int8Array>()),
        T::Int16 => Arc::new(values.map(|v| int(v).map(|v| v as i16)).collect::<Int16Array>()),
        T::Int32 => Arc::new(values.map(|v| int(v).map(|v| v as i32)).collect::<Int32Array>()),
        T::Int64 => Arc::new(values.map(int).collect::<Int64Array>()),
        T::UInt8 => Arc::new(values.map(|v| int(v).map(|v| v as u8)).collect::<UInt8Array>()),
        T::UInt16 => Arc::new(values.map(|v| int(v).map(|v| v as u16)).collect::<UInt16Array>()),
        T::UInt32 => Arc::new(values.map(|v| int(v).map(|v| v as u32)).collect::<UInt32Array>()),
        T::UInt64 => {
            let long = |v: &Value| int(v).map(|v| v as u64).or_else(|| text(v)?.parse().ok());
            Arc::new(values.map(long).collect::<UInt64Array>())
        }
        T::Float16 => Arc::new(values.map(|v| float(v).map(half)).collect::<Float16Array>()),
        T::Float32 => Arc::new(values.map(|v| float(v).map(|v| v as f32)).collect::<Float32Array>()),
        T::Float64 => Arc::new(values.map(float).collect::<Float64Array>()),
        _ => return None,
    };
    Some(Ok(built))
}

/// Texts and bytes; `None` for other types.
fn texts(data_type: &DataType, values: &[Value]) -> Option<Built> {
    use DataType as T;
    let values = values.iter();
    let built: ArrayRef = match data_type {
        T::Utf8 => Arc::new(values.map(text).collect::<StringArray>()),
        T::LargeUtf8 => Arc::new(values.map(text).collect::<LargeStringArray>()),
        T::Utf8View => Arc::new(values.map(text).collect::<StringViewArray>()),
        T::Binary => Arc::new(values.map(bytes).collect::<BinaryArray>()),
        T::LargeBinary => Arc::new(values.map(bytes).collect::<LargeBinaryArray>()),
        T::BinaryView => Arc::new(values.map(bytes).collect::<BinaryViewArray>()),
        T::FixedSizeBinary(len) => {
            let built = FixedSizeBinaryArray::try_from_sparse_iter_with_size(values.map(bytes), *len);
            return Some(built.map(|array| Arc::new(array) as ArrayRef).map_err(why));
        }
        _ => return None,
    };
    Some(Ok(built))
}

/// Times and decimals, which Arrow has as whole numbers of some unit; `None` for other types.
fn counts(data_type: &DataType, values: &[Value]) -> Option<Built> {
    use DataType as T;
    let counted = |v: &Value| count(data_type, text(v)?);
    let values = values.iter();
    Some(match data_type {
        T::Decimal128(_, scale) => {
            let digits = |v: &Value| decimal_digits(text(v)?, *scale)?.to_i128();
            retyped(&values.map(digits).collect::<Decimal128Array>(), data_type)
        }
        T::Decimal256(_, scale) => {
            let digits = |v: &Value| decimal_digits(text(v)?, *scale);
            retyped(&values.map(digits).collect::<Decimal256Array>(), data_type)
        }
        T::Duration(_) => retyped(&values.map(int).collect::<Int64Array>(), data_type),
        T::Date32 | T::Time32(_) | T::Decimal32(_, _) => {
            let short = |v: &Value| i32::try_from(counted(v)?).ok();
            retyped(&values.map(short).collect::<Int32Array>(), data_type)
        }
        T::Date64 | T::Time64(_) | T::Timestamp(_, _) | T::Decimal64(_, _) => {
            let long = |v: &Value| i64::try_from(counted(v)?).ok();
            retyped(&values.map(long).collect::<Int64Array>(), data_type)
        }
        _ => return None,
    })
}

/// Lists, structs and maps; `None` for other types.
fn nested(data_type: &DataType, values: &[Value]) -> Option<Built> {
    use DataType as T;
    Some(match data_type {
        T::List(item) => list::<i32>(item, values),
        T::LargeList(item) => list::<i64>(item, values),
        T::ListView(item) => list_view::<i32>(item, values),
        T::LargeListView(item) => list_view::<i64>(item, values),
        T::FixedSizeList(item, len) => fixed_list(item, *len, values),
        T::Struct(fields) => structure(fields, values, nulls(values)).map(|array| Arc::new(array) as ArrayRef),
        T::Map(entries, is_sorted) => map(entries, *is_sorted, values),
        _ => return None,
    })
}

fn why(error: ArrowError) -> String {
    error.to_string()
}

/// The same buffers as another type of the same width.
fn retyped(array: &dyn Array, data_type: &DataType) -> Built {
    let data = array.to_data().into_builder().data_type(data_type.clone());
    Ok(make_array(data.build().map_err(why)?))
}

fn count(data_type: &DataType, text: &str) -> Option<i128> {
    if let DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) = data_type {
        return decimal_digits(text, *scale)?.to_i128();
    }
    let unit = match data_type {
        DataType::Timestamp(unit, _) | DataType::Time32(unit) | DataType::Time64(unit) => unit_ns(*unit),
        DataType::Date64 => 1_000_000,
        _ => DAY_NS,
    };
    Some(time_ns(data_type, text)?.0.div_euclid(unit))
}

fn nulls(values: &[Value]) -> Option<NullBuffer> {
    let nulls: NullBuffer = values.iter().map(|value| *value != Value::Null).collect();
    (nulls.null_count() > 0).then_some(nulls)
}

fn items(value: &Value) -> Option<&Vec<Value>> {
    match value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

fn flat(values: &[Value]) -> (Vec<usize>, Vec<Value>) {
    let lens = values.iter().map(|value| items(value).map_or(0, Vec::len)).collect();
    (lens, values.iter().filter_map(items).flatten().cloned().collect())
}

fn list<O: OffsetSizeTrait>(item: &FieldRef, values: &[Value]) -> Built {
    let (lens, items) = flat(values);
    let items = array_of(item.data_type(), &items)?;
    let offsets = OffsetBuffer::<O>::from_lengths(lens);
    Ok(Arc::new(GenericListArray::<O>::try_new(Arc::clone(item), offsets, items, nulls(values)).map_err(why)?))
}

fn fixed_list(item: &FieldRef, len: i32, values: &[Value]) -> Built {
    let nothing = vec![Value::Null; usize::try_from(len).unwrap_or(0)];
    let items: Vec<Value> = values.iter().flat_map(|v| items(v).unwrap_or(&nothing)).cloned().collect();
    let items = array_of(item.data_type(), &items)?;
    let list = FixedSizeListArray::try_new_with_length(Arc::clone(item), len, items, nulls(values), values.len());
    Ok(Arc::new(list.map_err(why)?))
}

fn list_view<O: OffsetSizeTrait>(item: &FieldRef, values: &[Value]) -> Built {
    let (lens, items) = flat(values);
    let items = array_of(item.data_type(), &items)?;
    let sizes: ScalarBuffer<O> = lens.iter().map(|len| O::usize_as(*len)).collect();
    let mut at = 0;
    let mut next = |len: &usize| {
        at += len;
        O::usize_as(at - len)
    };
    let offsets: ScalarBuffer<O> = lens.iter().map(&mut next).collect();
    let list = GenericListViewArray::<O>::try_new(Arc::clone(item), offsets, sizes, items, nulls(values));
    Ok(Arc::new(list.map_err(why)?))
}

fn structure(fields: &Fields, values: &[Value], nulls: Option<NullBuffer>) -> Result<StructArray, String> {
    let of = |name: &str, value: &Value| match value {
        Value::Struct(values) => values.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, v)| v.clone()),
        _ => Value::Null,
    };
    let child = |field: &FieldRef| {
        let values: Vec<Value> = values.iter().map(|value| of(field.name(), value)).collect();
        array_of(field.data_type(), &values)
    };
    let children = fields.iter().map(child).collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new_with_length(fields.clone(), children, nulls, values.len()).map_err(why)
}

fn map(entries: &FieldRef, is_sorted: bool, values: &[Value]) -> Built {
    let DataType::Struct(fields) = entries.data_type() else { return Err("it is no map".to_owned()) };
    let (lens, pairs) = flat(values);
    let pairs = structure(fields, &pairs, None)?;
    let offsets = OffsetBuffer::from_lengths(lens);
    let map = MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls(values), is_sorted);
    Ok(Arc::new(map.map_err(why)?))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{Field, TimeUnit};

    use super::super::accept::accept;
    use super::super::cell::value_at;
    use super::*;

    fn check(data_type: DataType, json: &str) {
        let field = Field::new("c", data_type, true);
        let given = Value::from_json(&serde_json::from_str(json).expect("json"));
        let value = accept(&field, &given).expect("the type holds it");
        let array = array_of(field.data_type(), &[Value::Null, value.clone()]).expect("an array");
        assert_eq!((value_at(&array, 0), value_at(&array, 1)), (Value::Null, value), "{field}");
        assert_eq!(array.data_type(), field.data_type());
    }

    #[test]
    fn what_is_accepted_is_read_back_from_the_array() {
        use DataType as T;
        let item = |of| Arc::new(Field::new("item", of, true));
        check(T::UInt64, r#""18446744073709551615""#);
        check(T::Float16, "1.5");
        check(T::Decimal32(5, 1), r#""-12.5""#);
        check(T::Decimal256(60, 3), r#""12345678901234567890123456789012345678901234567890.5""#);
        check(T::Date64, r#""1969-02-03""#);
        check(T::Time64(TimeUnit::Nanosecond), r#""12:00:00.000000001""#);
        check(T::Timestamp(TimeUnit::Second, Some("+02:00".into())), r#""1950-01-01T00:00:00+02:00""#);
        check(T::FixedSizeBinary(2), "[1, 255]");
        check(T::ListView(item(T::Utf8View)), r#"["a", null, "a text of more than twelve bytes"]"#);
        check(T::FixedSizeList(item(T::Float32), 2), "[1.5, null]");
        let fields = Fields::from(vec![Field::new("key", T::Utf8, false), Field::new("value", T::Int8, true)]);
        check(T::Map(Arc::new(Field::new("entries", T::Struct(fields), false)), false), r#"{"a": 1, "b": null}"#);
    }
}
