//! Values of keys as columns of Arrow, read straight from the JSON.

use std::fmt;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, LargeStringBuilder, ListArray, StringBuilder, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::shape::{Fields, Shape};
use crate::model::Value;
use crate::table::json;
use crate::{Error, Result};

/// A column that grows.
pub(super) enum Builder<'s> {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Json(LargeStringBuilder),
    List { item: Box<Builder<'s>>, ends: Vec<i32>, there: Vec<bool> },
    Struct { fields: &'s Fields, columns: Vec<Builder<'s>>, there: Vec<bool> },
}

impl<'s> Builder<'s> {
    pub(super) fn new(shape: &'s Shape) -> Builder<'s> {
        match shape {
            Shape::Bool => Builder::Bool(BooleanBuilder::new()),
            Shape::Int => Builder::Int(Int64Builder::new()),
            Shape::Float => Builder::Float(Float64Builder::new()),
            Shape::Nothing | Shape::Text => Builder::Text(StringBuilder::new()),
            Shape::Json => Builder::Json(LargeStringBuilder::new()),
            Shape::List(item) => Builder::List { item: Box::new(Builder::new(item)), ends: vec![0], there: Vec::new() },
            Shape::Struct(fields) => {
                let columns = fields.list.iter().map(|(_, shape)| Builder::new(shape)).collect();
                Builder::Struct { fields, columns, there: Vec::new() }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        use arrow::array::ArrayBuilder;
        match self {
            Builder::Bool(builder) => builder.len(),
            Builder::Int(builder) => builder.len(),
            Builder::Float(builder) => builder.len(),
            Builder::Text(builder) => builder.len(),
            Builder::Json(builder) => builder.len(),
            Builder::List { there, .. } | Builder::Struct { there, .. } => there.len(),
        }
    }

    pub(super) fn push_null(&mut self) {
        match self {
            Builder::Bool(builder) => builder.append_null(),
            Builder::Int(builder) => builder.append_null(),
            Builder::Float(builder) => builder.append_null(),
            Builder::Text(builder) => builder.append_null(),
            Builder::Json(builder) => builder.append_null(),
            Builder::List { item, ends, there } => {
                ends.push(item.len() as i32);
                there.push(false);
            }
            Builder::Struct { columns, there, .. } => {
                columns.iter_mut().for_each(Builder::push_null);
                there.push(false);
            }
        }
    }

    /// Adds a value that was read as the shape has it; `false` if it is none.
    pub(super) fn push_value(&mut self, value: &Value) -> bool {
        match (self, value) {
            (builder, Value::Null) => builder.push_null(),
            (Builder::Bool(builder), Value::Bool(value)) => builder.append_value(*value),
            (Builder::Int(builder), Value::Int(number)) => builder.append_value(*number),
            (Builder::Float(builder), Value::Float(number)) => builder.append_value(*number),
            (Builder::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Builder::Json(builder), Value::Text(json)) => builder.append_value(json),
            (Builder::List { item, ends, there }, Value::List(values)) => {
                let mut fits = true;
                for value in values {
                    fits &= item.push_value(value);
                }
                ends.push(item.len() as i32);
                there.push(true);
                return fits;
            }
            (Builder::Struct { columns, there, .. }, Value::Struct(values)) if columns.len() == values.len() => {
                there.push(true);
                let mut fits = true;
                for (column, (_, value)) in columns.iter_mut().zip(values) {
                    fits &= column.push_value(value);
                }
                return fits;
            }
            _ => return false,
        }
        true
    }

    pub(super) fn finish(self) -> Result<ArrayRef> {
        let nulls = |there: Vec<bool>| there.contains(&false).then(|| NullBuffer::from(there));
        let unlike = |cause| Error::corrupt("a column", "its values do not fit").caused_by(cause);
        Ok(match self {
            Builder::Bool(mut builder) => Arc::new(builder.finish()),
            Builder::Int(mut builder) => Arc::new(builder.finish()),
            Builder::Float(mut builder) => Arc::new(builder.finish()),
            Builder::Text(mut builder) => Arc::new(builder.finish()),
            Builder::Json(mut builder) => Arc::new(builder.finish()),
            Builder::List { item, ends, there } => {
                let item = item.finish()?;
                let field = Arc::new(Field::new_list_field(item.data_type().clone(), true));
                let list = ListArray::try_new(field, OffsetBuffer::new(ends.into()), item, nulls(there));
                Arc::new(list.map_err(unlike)?)
            }
            Builder::Struct { fields, columns, there } => {
                let DataType::Struct(types) = Shape::Struct(fields.clone()).data_type() else {
                    unreachable!("it is one")
                };
                let columns = columns.into_iter().map(Builder::finish).collect::<Result<Vec<_>>>()?;
                Arc::new(StructArray::try_new(types, columns, nulls(there)).map_err(unlike)?)
            }
        })
    }

    fn misfit<E: serde::de::Error>() -> E {
        E::custom("a value does not have its column's type")
    }
}

impl<'de> DeserializeSeed<'de> for &mut Builder<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        let Builder::Json(builder) = self else { return deserializer.deserialize_any(self) };
        let raw = <&RawValue>::deserialize(deserializer)?;
        builder.append_option(Some(raw.get()).filter(|json| *json != "null").map(json::canonical));
        Ok(())
    }
}

impl<'de> Visitor<'de> for &mut Builder<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        self.push_null();
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> std::result::Result<(), E> {
        let Builder::Bool(builder) = self else { return Err(Builder::misfit()) };
        builder.append_value(value);
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<(), E> {
        match self {
            Builder::Int(builder) => builder.append_value(number),
            Builder::Float(builder) => builder.append_value(number as f64),
            _ => return Err(Builder::misfit()),
        }
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> std::result::Result<(), E> {
        match (i64::try_from(number), self) {
            (Ok(number), Builder::Int(builder)) => builder.append_value(number),
            (_, Builder::Float(builder)) => builder.append_value(number as f64),
            _ => return Err(Builder::misfit()),
        }
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> std::result::Result<(), E> {
        let Builder::Float(builder) = self else { return Err(Builder::misfit()) };
        builder.append_value(number);
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<(), E> {
        let Builder::Text(builder) = self else { return Err(Builder::misfit()) };
        builder.append_value(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let Builder::List { item, ends, there } = self else { return Err(Builder::misfit()) };
        while items.next_element_seed(&mut **item)?.is_some() {}
        ends.push(i32::try_from(item.len()).map_err(A::Error::custom)?);
        there.push(true);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<(), A::Error> {
        let Builder::Struct { fields, columns, there } = self else { return Err(Builder::misfit()) };
        let places: Vec<Option<usize>> = (0..columns.len()).map(Some).collect();
        Row { fields, places: &places, columns, rows: there.len() }.visit_map(map)?;
        there.push(true);
        Ok(())
    }
}

/// An object whose keys' values go to columns.
pub(super) struct Row<'r, 's> {
    pub(super) fields: &'r Fields,
    /// For each key the column that it goes to, if any.
    pub(super) places: &'r [Option<usize>],
    pub(super) columns: &'r mut [Builder<'s>],
    /// How many rows the columns have.
    pub(super) rows: usize,
}

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let mut next = 0;
        while let Some(at) = map.next_key_seed(Name { fields: self.fields, guess: next })? {
            next = at.map_or(next, |at| at + 1);
            match at.and_then(|at| self.places[at]) {
                Some(column) => map.next_value_seed(&mut self.columns[column])?,
                None => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        for column in self.columns.iter_mut().filter(|column| column.len() == self.rows) {
            column.push_null();
        }
        Ok(())
    }
}

struct Name<'f> {
    fields: &'f Fields,
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> std::result::Result<Option<usize>, E> {
        Ok(self.fields.place(name, self.guess))
    }
}
