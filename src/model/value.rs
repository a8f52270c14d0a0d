//! A cell's value, whatever format it comes from.
//!
//! The stored form (postcard) is part of the store's format: variants and fields are only ever appended.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{odd_number, whole_number};

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

    /// The truth value that a text says, in whatever case: `True` and `FALSE` are what Python and R write.
    pub fn truth_of(text: &str) -> Option<bool> {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if is("true") { Some(true) } else { is("false").then_some(false) }
    }

    /// The value that a text tells which is JSON, exactly; `None` where it is none. In lists and objects there may be
    /// `NaN`, `Infinity` and `-Infinity`, as Python writes them.
    ///
    /// What has a whole number beyond 64 bits in it, is the text: formats read it as what their column has.
    pub fn from_json_text(text: &str) -> Option<Value> {
        let Ok(json) = serde_json::from_str(text) else { return odd_number::within(text) };
        let is_long = whole_number::has_long(text.as_bytes());
        Some(if is_long { Value::Text(text.trim().to_owned()) } else { Value::from_json(&json) })
    }

    /// As [`Value::from_json_text`], of JSON that was read: it has whole numbers of up to 64 bits without a sign.
    pub fn from_exact_json(json: &serde_json::Value) -> Value {
        if has_unsigned(json) { Value::Text(json.to_string()) } else { Value::from_json(json) }
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

/// Whether there is a whole number that takes all 64 bits.
fn has_unsigned(json: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match json {
        Json::Number(number) => number.is_u64() && !number.is_i64(),
        Json::Array(values) => values.iter().any(has_unsigned),
        Json::Object(fields) => fields.values().any(has_unsigned),
        Json::Null | Json::Bool(_) | Json::String(_) => false,
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
    fn a_whole_number_beyond_64_bits_keeps_its_digits() {
        let text = |text: &str| Value::Text(text.to_owned());
        for json in ["18446744073709551615", "-123456789012345678901234567890", "[1,18446744073709551614]"] {
            assert_eq!(Value::from_json_text(&format!(" {json}\n")), Some(text(json)));
        }
        assert_eq!(Value::from_json_text("9223372036854775807"), Some(Value::Int(i64::MAX)));
        assert_eq!(Value::from_json_text("\"18446744073709551615\""), Some(text("18446744073709551615")));
        assert_eq!(Value::from_json_text("1e30"), Some(Value::Float(1e30)));
        for none in ["car", "NaN", "True"] {
            assert_eq!(Value::from_json_text(none), None);
        }
        let unsigned = serde_json::json!({"a": [u64::MAX, -1]});
        assert_eq!(Value::from_exact_json(&unsigned), text("{\"a\":[18446744073709551615,-1]}"));
        assert_eq!(
            Value::from_exact_json(&serde_json::json!([1, 2.5])),
            Value::from_json(&serde_json::json!([1, 2.5]))
        );
    }

    #[test]
    fn truth_is_told_in_any_case_of_letters_and_by_no_other_word() {
        assert_eq!(["true", "True", "TRUE"].map(Value::truth_of), [Some(true); 3]);
        assert_eq!(["false", "False", "FALSE"].map(Value::truth_of), [Some(false); 3]);
        assert_eq!(["", "1", "yes", " true", "t"].map(Value::truth_of), [None; 5]);
    }

    #[test]
    fn equal_is_the_same_bits() {
        assert_eq!(Value::Float(f64::NAN), Value::Float(f64::NAN));
        assert_ne!(Value::Float(0.0), Value::Float(-0.0));
        assert_ne!(Value::Int(1), Value::Float(1.0));
        assert_eq!(Value::Float(f64::INFINITY).to_string(), "inf");
    }
}
