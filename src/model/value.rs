//! A cell's value, whatever format it comes from.
//!
//! The stored form (postcard) is part of the store's format: variants and fields are only ever appended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A cell's value.
///
/// Two values are equal when they are the same bits: NaN equals NaN, 0.0 is not -0.0.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// Nothing is there.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes that are no text.
    Binary(Vec<u8>),
    /// Values in order: a box, a polygon, an embedding.
    List(Vec<Value>),
    /// Named values, in order.
    Struct(Vec<(String, Value)>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Binary(a), Value::Binary(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Struct(a), Value::Struct(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Value {
    /// The value as JSON; NaN and infinities, which JSON lacks, as text, bytes as a list of numbers.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => Json::from(*value),
            Value::Float(value) => {
                serde_json::Number::from_f64(*value).map_or_else(|| Json::String(value.to_string()), Json::Number)
            }
            Value::Text(text) => Json::String(text.clone()),
            Value::Binary(bytes) => bytes.iter().map(|byte| Json::from(*byte)).collect(),
            Value::List(values) => values.iter().map(Value::to_json).collect(),
            Value::Struct(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
            }
        }
    }

    /// The value that JSON tells; a whole number beyond 64 bits becomes a float.
    pub fn from_json(json: &serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Value::Int(value),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(values) => Value::List(values.iter().map(Value::from_json).collect()),
            Json::Object(fields) => {
                Value::Struct(fields.iter().map(|(name, value)| (name.clone(), Value::from_json(value))).collect())
            }
        }
    }
}

impl fmt::Display for Value {
    /// Text as it is, all else as JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Null => Ok(()),
            Value::Float(value) if !value.is_finite() => write!(f, "{value}"),
            other => write!(f, "{}", other.to_json()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_back_from_its_json() {
        let text = r#"{"a":[1,2.5,null,true,"x"],"b":{"c":-3}}"#;
        let value = Value::from_json(&serde_json::from_str(text).expect("json"));
        assert_eq!(value.to_string(), text);
        assert_eq!(Value::from_json(&value.to_json()), value);
    }

    #[test]
    fn equal_is_the_same_bits() {
        assert_eq!(Value::Float(f64::NAN), Value::Float(f64::NAN));
        assert_ne!(Value::Float(0.0), Value::Float(-0.0));
        assert_ne!(Value::Int(1), Value::Float(1.0));
        assert_eq!(Value::Float(f64::INFINITY).to_string(), "inf");
    }
}
