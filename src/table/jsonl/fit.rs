//! A value as a shape has it: what is read from a cell, and what may be written to one.

use arrow::datatypes::DataType;

use super::exact;
use super::shape::{Fields, Shape};
use crate::model::{Value, odd_number, whole_number};
use crate::table::json;
use crate::{Error, Result};

/// The value that a cell's JSON tells.
///
/// # Errors
/// `Invalid` where the shape does not have it.
pub(super) fn read(shape: &Shape, json: &str) -> Result<Value> {
    if json == "null" {
        return Ok(Value::Null);
    }
    if *shape == Shape::Json {
        return Ok(Value::Text(json::canonical(json)));
    }
    match (shape, json.as_bytes().first()) {
        (Shape::List(item), Some(b'[')) => {
            let items = json::items(json).ok_or_else(|| Error::invalid("json", json, "it cannot be read"))?;
            items.into_iter().map(|one| read(item, one)).collect::<Result<_>>().map(Value::List)
        }
        (Shape::Struct(fields), Some(b'{')) => {
            let entries = super::file::entries(json)?;
            let field = |(name, shape): &(String, Shape)| {
                let entry = entries.iter().find(|entry| entry.name == *name);
                let value = entry.map_or(Ok(Value::Null), |entry| read(shape, &json[entry.value.clone()]));
                value.map(|value| (name.clone(), value))
            };
            fields.list.iter().map(field).collect::<Result<_>>().map(Value::Struct)
        }
        (Shape::Float, Some(b'N' | b'I' | b'-')) if odd_number::number(json).is_some() => {
            Ok(odd_number::number(json).map_or(Value::Null, Value::Float))
        }
        _ => {
            let value = serde_json::from_str(json).map_err(|cause| broken(json, cause))?;
            Ok(match (shape, Value::from_json(&value)) {
                (Shape::Float, Value::Int(number)) => Value::Float(number as f64),
                (_, value) => value,
            })
        }
    }
}

fn broken(json: &str, cause: serde_json::Error) -> Error {
    Error::invalid("json", json, "it cannot be read").caused_by(cause)
}

/// The value as it would be read from a cell of this shape.
///
/// # Errors
/// What it should be, `Invalid`.
pub(super) fn coerce(shape: &Shape, value: &Value) -> Result<Value> {
    let wrong = |what: &'static str| Err(Error::invalid(what, &value.to_string(), "the column has another type"));
    match (shape, value) {
        (_, Value::Null) => Ok(Value::Null),
        (_, Value::Binary(_)) => wrong("json"),
        (Shape::Json, Value::Text(text)) => json_text(text),
        (Shape::Json, value) => Ok(Value::Text(json::canonical_of(value))),
        (Shape::Nothing | Shape::Text, Value::Text(_)) => Ok(value.clone()),
        (Shape::Nothing | Shape::Text, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => {
            Ok(Value::Text(value.to_string()))
        }
        (Shape::Nothing | Shape::Text, _) => wrong("text"),
        (Shape::Bool, Value::Bool(_)) | (Shape::Int, Value::Int(_)) | (Shape::Float, Value::Float(_)) => {
            Ok(value.clone())
        }
        (Shape::Int, Value::Float(number)) if *number == (*number as i64) as f64 && number.abs() < 9.0e18 => {
            Ok(Value::Int(*number as i64))
        }
        (Shape::Float, Value::Int(number)) if (*number as f64) as i64 == *number => Ok(Value::Float(*number as f64)),
        (Shape::Bool, Value::Text(text)) => {
            Value::truth_of(text).map_or_else(|| wrong(name(shape)), |truth| Ok(Value::Bool(truth)))
        }
        (Shape::List(item), Value::List(items)) => {
            items.iter().map(|one| coerce(item, one)).collect::<Result<_>>().map(Value::List)
        }
        (Shape::Struct(fields), Value::Struct(values)) => structure(fields, values).map(Value::Struct),
        (Shape::Float, Value::Text(text)) if odd_number::number(text).is_some() => {
            Ok(odd_number::number(text).map_or(Value::Null, Value::Float))
        }
        (Shape::Float, Value::Text(text)) if json::is_beyond(text) => Err(Error::invalid("number", text, json::BEYOND)),
        (_, Value::Text(text)) => match serde_json::from_str(text) {
            Ok(json @ (serde_json::Value::String(_) | serde_json::Value::Null)) => wrong(json_kind(&json)),
            Ok(json) if !whole_number::has_long(text.as_bytes()) => coerce(shape, &Value::from_json(&json)),
            Ok(_) => match (shape, exact::value(text)?) {
                (Shape::List(_) | Shape::Struct(_), value @ (Value::List(_) | Value::Struct(_))) => {
                    coerce(shape, &value)
                }
                (Shape::Float, Value::Text(digits)) => whole_number::exact_float(&digits)
                    .map_or_else(|| wrong("number of 64 bits"), |number| Ok(Value::Float(number))),
                _ => wrong(name(shape)),
            },
            Err(_) => match Value::from_json_text(text) {
                Some(value) => coerce(shape, &value),
                None => wrong(name(shape)),
            },
        },
        _ => wrong(name(shape)),
    }
}

fn json_kind(json: &serde_json::Value) -> &'static str {
    if json.is_null() { "value" } else { "number" }
}

fn name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "true or false",
        Shape::Int => "whole number of 64 bits",
        Shape::Float => "number",
        Shape::List(_) => "list",
        Shape::Struct(_) => "object",
        Shape::Nothing | Shape::Text | Shape::Json => "text",
    }
}

fn json_text(text: &str) -> Result<Value> {
    if let Some(why) = json::flaw(text) {
        return Err(Error::invalid("json", text, why));
    }
    let canonical = json::canonical(text);
    Ok(if canonical == "null" { Value::Null } else { Value::Text(canonical) })
}

fn structure(fields: &Fields, values: &[(String, Value)]) -> Result<Vec<(String, Value)>> {
    if let Some((unknown, _)) = values.iter().find(|(name, _)| fields.place(name, usize::MAX).is_none()) {
        return Err(Error::invalid("object", unknown, "the column's objects have no such key"));
    }
    let field = |(name, shape): &(String, Shape)| {
        let value = values.iter().find(|(key, _)| key == name);
        let value = value.map_or(Ok(Value::Null), |(_, value)| coerce(shape, value));
        value.map(|value| (name.clone(), value))
    };
    fields.list.iter().map(field).collect()
}

/// The shape of a column that was declared to have a type, if what was found fits it.
pub(super) fn declared(data_type: &DataType, found: &Shape) -> Shape {
    let wanted = of(data_type);
    let Some(wanted) = wanted else { return found.clone() };
    let mut both = wanted.clone();
    both.merge(found);
    if both == wanted { wanted } else { found.clone() }
}

fn of(data_type: &DataType) -> Option<Shape> {
    Some(match data_type {
        DataType::Boolean => Shape::Bool,
        DataType::Int64 => Shape::Int,
        DataType::Float64 => Shape::Float,
        DataType::Utf8 => Shape::Text,
        DataType::LargeUtf8 => Shape::Json,
        DataType::List(field) => Shape::List(Box::new(of(field.data_type())?)),
        DataType::Struct(fields) => {
            let field = |field: &arrow::datatypes::FieldRef| Some((field.name().clone(), of(field.data_type())?));
            Shape::Struct(Fields::from(fields.iter().map(field).collect::<Option<Vec<_>>>()?))
        }
        _ => return None,
    })
}
