//! What values can be: the type of a key, worked out from all of its values.
//!
//! A shape reads JSON and grows: nothing is kept of the values themselves.

use std::collections::HashMap;
use std::fmt;

use arrow::datatypes::{DataType, Field};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::checked::Checked;

/// An object within a row with more keys than these is a map of its own, not a struct: it is read as JSON text.
const FIELDS_MAX: usize = 1000;

/// More different keys than this are kept in the file but are no columns.
const COLUMNS_MAX: usize = 8192;

/// What all values so far can be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum Shape {
    /// There was none but null.
    #[default]
    Nothing,
    Bool,
    Int,
    Float,
    Text,
    List(Box<Shape>),
    Struct(Fields),
    /// Of several kinds: the text of the JSON.
    Json,
}

/// The keys of objects, in order of appearance.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(String, Shape)>", into = "Vec<(String, Shape)>")]
pub(super) struct Fields {
    pub(super) list: Vec<(String, Shape)>,
    places: HashMap<String, usize>,
    /// Which object last had each key: a key may not come twice in one.
    seen: Vec<u64>,
    objects: u64,
}

impl PartialEq for Fields {
    fn eq(&self, other: &Fields) -> bool {
        self.list == other.list
    }
}

impl From<Vec<(String, Shape)>> for Fields {
    fn from(list: Vec<(String, Shape)>) -> Fields {
        let places = list.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        Fields { seen: vec![0; list.len()], list, places, objects: 0 }
    }
}

impl From<Fields> for Vec<(String, Shape)> {
    fn from(fields: Fields) -> Vec<(String, Shape)> {
        fields.list
    }
}

impl Fields {
    /// The place of a key; `guess` is where it was in the object before.
    #[inline]
    pub(super) fn place(&self, name: &str, guess: usize) -> Option<usize> {
        match self.list.get(guess) {
            Some((there, _)) if there == name => Some(guess),
            _ => self.places.get(name).copied(),
        }
    }

    /// Whether there may be keys that are no columns.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= COLUMNS_MAX
    }

    fn add(&mut self, name: &str) -> usize {
        let at = self.list.len();
        self.list.push((name.to_owned(), Shape::Nothing));
        self.places.insert(name.to_owned(), at);
        self.seen.push(0);
        at
    }

    /// Takes what other objects had.
    pub(super) fn merge(&mut self, other: &Fields) {
        for (name, shape) in &other.list {
            let at = match self.place(name, usize::MAX) {
                Some(at) => at,
                None if !self.is_full() => self.add(name),
                None => continue,
            };
            self.list[at].1.merge(shape);
        }
    }

    /// Reads the keys of an object and learns from their values.
    pub(super) fn visit<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        self.objects += 1;
        let mut next = 0;
        while let Some(at) = map.next_key_seed(Key { fields: self, guess: next })? {
            let Some(at) = at else {
                map.next_value_seed(Checked)?;
                continue;
            };
            if std::mem::replace(&mut self.seen[at], self.objects) == self.objects {
                return Err(A::Error::custom(format!("the key `{}` comes twice", self.list[at].0)));
            }
            map.next_value_seed(&mut self.list[at].1)?;
            next = at + 1;
        }
        Ok(())
    }
}

struct Key<'f> {
    fields: &'f mut Fields,
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    /// None of a key that is one too many.
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        let known = self.fields.place(name, self.guess);
        Ok(known.or_else(|| (!self.fields.is_full()).then(|| self.fields.add(name))))
    }
}

impl Shape {
    /// Becomes what both can be.
    pub(super) fn merge(&mut self, other: &Shape) {
        match (&mut *self, other) {
            (_, Shape::Nothing) | (Shape::Json, _) => {}
            (Shape::Nothing, other) => *self = other.clone(),
            (Shape::List(item), Shape::List(other)) => item.merge(other),
            (Shape::Struct(fields), Shape::Struct(other)) => {
                fields.merge(other);
                self.limit();
            }
            (Shape::Float, Shape::Int) => {}
            (Shape::Int, Shape::Float) => *self = Shape::Float,
            (one, other) if *one == *other => {}
            _ => *self = Shape::Json,
        }
    }

    fn limit(&mut self) {
        if matches!(self, Shape::Struct(fields) if fields.list.len() > FIELDS_MAX) {
            *self = Shape::Json;
        }
    }

    /// The shape of a column: JSON's text as a whole where any part of it is, so that a text within is one, whatever
    /// stands in other rows.
    pub(super) fn settle(&mut self) {
        if self.has_json() {
            *self = Shape::Json;
        }
    }

    /// Whether there are values of several kinds in it, or objects of which no key is known.
    fn has_json(&self) -> bool {
        match self {
            Shape::Json => true,
            Shape::List(item) => item.has_json(),
            Shape::Struct(fields) => fields.list.is_empty() || fields.list.iter().any(|(_, shape)| shape.has_json()),
            _ => false,
        }
    }

    pub(super) fn data_type(&self) -> DataType {
        match self {
            Shape::Bool => DataType::Boolean,
            Shape::Int => DataType::Int64,
            Shape::Float => DataType::Float64,
            Shape::Nothing | Shape::Text => DataType::Utf8,
            // Told apart from text by its type, so that a declared column stays what it is.
            Shape::Json => DataType::LargeUtf8,
            Shape::List(item) => DataType::new_list(item.data_type(), true),
            Shape::Struct(fields) => {
                let field = |(name, shape): &(String, Shape)| Field::new(name, shape.data_type(), true);
                DataType::Struct(fields.list.iter().map(field).collect())
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Shape {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Shape {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.merge(&Shape::Bool);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.merge(&Shape::Int);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.merge(if i64::try_from(number).is_ok() { &Shape::Int } else { &Shape::Float });
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.merge(&Shape::Float);
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.merge(&Shape::Text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if *self == Shape::Nothing {
            *self = Shape::List(Box::default());
        }
        match self {
            Shape::List(item) => while items.next_element_seed(&mut **item)?.is_some() {},
            other => {
                *other = Shape::Json;
                Checked.visit_seq(items)?;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        if *self == Shape::Nothing {
            *self = Shape::Struct(Fields::default());
        }
        match self {
            Shape::Struct(fields) => {
                fields.visit(map)?;
                if fields.list.len() > FIELDS_MAX {
                    *self = Shape::Json;
                }
            }
            other => {
                *other = Shape::Json;
                Checked.visit_map(map)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], data_type: &str) {
        let mut shape = Shape::Nothing;
        for value in values {
            let mut fields = Fields::from(vec![("x".to_owned(), shape)]);
            super::super::index::object(&mut fields, format!("{{\"x\": {value}}}").as_bytes()).expect("an object");
            shape = fields.list.remove(0).1;
        }
        shape.settle();
        assert_eq!(shape.data_type().to_string(), data_type, "{values:?}");
    }

    #[test]
    fn a_type_is_what_all_values_can_be() {
        check(&["null"], "Utf8");
        check(&["1", "null", "-2"], "Int64");
        check(&["1", "2.5"], "Float64");
        check(&["1e30", "-12345678901234567890.5", "0.00012345678901234567"], "Float64");
        check(&["1", "18446744073709551615"], "LargeUtf8");
        check(&["-123456789012345678901", "2.5"], "LargeUtf8");
        check(&["[1]", "[18446744073709551615]"], "LargeUtf8");
        check(&["{\"a\": 1}", "{\"a\": 123456789012345678901}"], "LargeUtf8");
        check(&["[{\"a\": 1}]", "[{\"a\": \"x\"}]"], "LargeUtf8");
        check(&["{\"a\": {}, \"b\": 1}"], "LargeUtf8");
        check(&["NaN", "1"], "Float64");
        check(&["[1, -Infinity]"], "List(Float64)");
        check(&["[1]", "[]", "[2.5, null]"], "List(Float64)");
        check(&["{\"a\": 1}", "{\"b\": \"x\"}"], "Struct(\"a\": Int64, \"b\": Utf8)");
        check(&["1", "\"x\""], "LargeUtf8");
        check(&["[1]", "{}"], "LargeUtf8");
        check(&["{}"], "LargeUtf8");
    }
}
