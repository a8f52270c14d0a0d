//! The types that a run's columns have, and what becomes of two types of one column.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};

/// The type that values of this one are kept as; `None` where they cannot be kept, such as bytes.
pub(super) fn kept_as(of: &DataType) -> Option<DataType> {
    let inner = |field: &FieldRef| kept_as(field.data_type()).map(|of| Arc::new(Field::new(field.name(), of, true)));
    let item = |field: &FieldRef| kept_as(field.data_type()).map(|of| Arc::new(Field::new("item", of, true)));
    Some(match of {
        of if of.is_integer() => DataType::Int64,
        DataType::Float16 | DataType::Float32 => DataType::Float32,
        DataType::Float64 | DataType::Decimal128(..) | DataType::Decimal256(..) => DataType::Float64,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Dictionary(_, values) => kept_as(values)?,
        DataType::Boolean | DataType::Date32 | DataType::Timestamp(..) => of.clone(),
        DataType::List(field) | DataType::LargeList(field) => DataType::List(item(field)?),
        DataType::FixedSizeList(field, len) if *len > 0 => DataType::FixedSizeList(item(field)?, *len),
        DataType::Struct(fields) if !fields.is_empty() => {
            DataType::Struct(fields.iter().map(inner).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// The type that holds values of both; `None` where there is none.
pub(super) fn joined(a: &DataType, b: &DataType) -> Option<DataType> {
    let item = |a: &FieldRef, b: &FieldRef| joined(a.data_type(), b.data_type()).map(|of| a_field(a.name(), of));
    Some(match (a, b) {
        (a, b) if a == b => a.clone(),
        (DataType::Int64 | DataType::Float32 | DataType::Float64, DataType::Float64)
        | (DataType::Float64, DataType::Int64 | DataType::Float32)
        | (DataType::Int64, DataType::Float32)
        | (DataType::Float32, DataType::Int64) => DataType::Float64,
        (DataType::List(a), DataType::List(b)) => DataType::List(item(a, b)?),
        (DataType::FixedSizeList(a, n), DataType::FixedSizeList(b, m)) if n == m => {
            DataType::FixedSizeList(item(a, b)?, *n)
        }
        (DataType::Struct(a), DataType::Struct(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).map(|(a, b)| if a.name() == b.name() { item(a, b) } else { None });
            DataType::Struct(pairs.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn a_field(name: &str, of: DataType) -> FieldRef {
    Arc::new(Field::new(name, of, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_and_nothing_else_does() {
        let vector = |len| DataType::FixedSizeList(a_field("item", DataType::Float32), len);
        let boxes = |of: DataType| DataType::List(a_field("item", DataType::Struct(vec![a_field("x", of)].into())));
        for (a, b, expected) in [
            (DataType::Int64, DataType::Float64, Some(DataType::Float64)),
            (DataType::Float32, DataType::Int64, Some(DataType::Float64)),
            (DataType::Float32, DataType::Float32, Some(DataType::Float32)),
            (DataType::Utf8, DataType::Int64, None),
            (vector(3), vector(3), Some(vector(3))),
            (vector(3), vector(4), None),
            (boxes(DataType::Int64), boxes(DataType::Float64), Some(boxes(DataType::Float64))),
        ] {
            assert_eq!(joined(&a, &b), expected, "{a} and {b}");
            assert_eq!(joined(&b, &a), expected, "{b} and {a}");
        }
        assert_eq!(kept_as(&DataType::UInt8), Some(DataType::Int64));
        assert_eq!(kept_as(&DataType::Binary), None);
    }
}
