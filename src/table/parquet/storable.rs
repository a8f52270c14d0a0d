//! The types with which rows of other formats are written as Parquet.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};

/// The schema with types that the writer of the `parquet` crate takes: it has no dictionaries of views, as polars writes
/// its categories, so these are their values.
pub fn storable(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn field(of: &FieldRef) -> FieldRef {
    let now = data_type(of.data_type());
    if now == *of.data_type() { of.clone() } else { Arc::new(Field::clone(of).with_data_type(now)) }
}

fn data_type(of: &DataType) -> DataType {
    match of {
        DataType::Dictionary(_, values) if matches!(**values, DataType::Utf8View | DataType::BinaryView) => {
            (**values).clone()
        }
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::ListView(item) => DataType::ListView(field(item)),
        DataType::LargeListView(item) => DataType::LargeListView(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, is_sorted) => DataType::Map(field(entries), *is_sorted),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_of_views_is_its_values_wherever_it_is() {
        let dictionary = |values| DataType::Dictionary(Box::new(DataType::UInt32), Box::new(values));
        let of = |inner: DataType| {
            let item = Field::new("item", inner.clone(), true);
            let within = DataType::Struct(vec![Field::new("x", DataType::List(Arc::new(item)), true)].into());
            Schema::new(vec![Field::new("a", inner, true), Field::new("b", within, true)])
        };
        assert_eq!(*storable(&of(dictionary(DataType::Utf8View))), of(DataType::Utf8View));
        assert_eq!(*storable(&of(dictionary(DataType::Utf8))), of(dictionary(DataType::Utf8)));
    }
}
