//! Whether a value can stand in a column, and how it would be read back.

use super::cell;
use super::dialect::Dialect;
use super::shape::{Kind, Shape};
use crate::model::{Value, whole_number};
use crate::table::{Column, Role};
use crate::{Error, Result};

/// Checks a value; returns it as it would be read back.
///
/// # Errors
/// `Invalid`, with the reason.
pub(super) fn check(dialect: &dyn Dialect, column: &Column, shape: Shape, value: &Value) -> Result<Value> {
    if *value == Value::Null {
        return if column.nullable { Ok(Value::Null) } else { Err(refuse(column, value, "a row must have it")) };
    }
    let value = dialect.check(column, value.clone())?;
    fit(column, shape, &value)
}

/// As [`check`], for a value that was checked when it was set. What the dialect asks of it may have changed since: the
/// class of a label can go.
///
/// # Errors
/// `Invalid`, with the reason.
pub(super) fn again(dialect: &dyn Dialect, column: &Column, shape: Shape, value: &Value) -> Result<Value> {
    match column.role {
        Role::Label { .. } if *value != Value::Null => fit(column, shape, value),
        _ => check(dialect, column, shape, value),
    }
}

fn fit(column: &Column, shape: Shape, value: &Value) -> Result<Value> {
    let held = if shape.is_json() { json(value) } else { hold(shape, value) };
    held.map_err(|why| refuse(column, value, why))
}

/// A value that the column cannot hold.
pub(crate) fn refuse(column: &Column, value: &Value, why: impl Into<String>) -> Error {
    Error::invalid("value", &value.to_string(), format!("column `{}`: {}", column.name, why.into()))
}

/// The value as a column of this shape holds it; says why it cannot.
pub(crate) fn hold(shape: Shape, value: &Value) -> std::result::Result<Value, String> {
    if shape.lists > 0 {
        return match value {
            Value::List(items) => {
                let hold_item =
                    |item: &Value| if *item == Value::Null { Ok(Value::Null) } else { hold(shape.item(), item) };
                items.iter().map(hold_item).collect::<std::result::Result<_, _>>().map(Value::List)
            }
            Value::Text(text) => match serde_json::from_str(text) {
                Ok(json @ serde_json::Value::Array(_)) => hold(shape, &Value::from_json(&json)),
                _ => Err("it holds lists".to_owned()),
            },
            _ => Err("it holds lists".to_owned()),
        };
    }
    match (shape.kind, value) {
        (Kind::Null, _) => json(value),
        (Kind::Bool, Value::Bool(_)) | (Kind::Int, Value::Int(_)) | (Kind::Text, Value::Text(_)) => Ok(value.clone()),
        (Kind::Bool, Value::Text(text)) => {
            Value::truth_of(text).map(Value::Bool).ok_or_else(|| "it holds true or false".to_owned())
        }
        (Kind::Bool, _) => Err("it holds true or false".to_owned()),
        (Kind::Int, Value::Text(text)) if whole_number::is_long(text.trim()) => {
            Err("it holds whole numbers of 64 bits".to_owned())
        }
        (Kind::Int, _) => whole(value).map(Value::Int).ok_or_else(|| "it holds whole numbers".to_owned()),
        (Kind::Float, _) if is_rounded(value) => Err("a number of it has no room for all digits".to_owned()),
        (Kind::Float, _) => match number(value) {
            Some(number) if number.is_finite() => Ok(Value::Float(number)),
            Some(_) if matches!(value, Value::Text(text) if is_beyond(text)) => Err(BEYOND.to_owned()),
            Some(_) => Err("JSON has no such number".to_owned()),
            None => Err("it holds numbers".to_owned()),
        },
        (Kind::Text, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => Ok(Value::Text(value.to_string())),
        (Kind::Text | Kind::Json, _) => Err("it holds text".to_owned()),
    }
}

/// Said of what [`is_beyond`] finds.
pub(crate) const BEYOND: &str = "it is beyond what a number of 64 bits holds";

/// Whether a text is a number that only infinity is near to.
pub(crate) fn is_beyond(text: &str) -> bool {
    let text = text.trim();
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// The whole number that a value is.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        // 2^53: beyond it not every whole number is a float.
        Value::Float(value) if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => Some(*value as i64),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Whether a whole number would lose digits as a float.
fn is_rounded(value: &Value) -> bool {
    match value {
        Value::Int(value) => whole_number::exact_float(&value.to_string()).is_none(),
        Value::Text(text) if whole_number::is_long(text.trim()) => whole_number::exact_float(text.trim()).is_none(),
        _ => false,
    }
}

/// The number that a value is.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A cell of any JSON, as its text. A text that is no JSON is one that is meant as text.
fn json(value: &Value) -> std::result::Result<Value, String> {
    let mut written = Vec::new();
    match value {
        Value::Text(text) => match serde_json::from_str::<serde_json::Value>(text) {
            // A number alone ends with what follows it.
            Ok(_) => _ = cell::canonical(format!("{} ", text.trim_start()).as_bytes(), 0, &mut written),
            Err(_) if text.trim_start().starts_with(['[', '{', '"']) => return Err("it is no JSON".to_owned()),
            Err(_) => cell::string(text, false, &mut written),
        },
        other => cell::write(other, Shape::of(Kind::Json), &mut written),
    }
    if !is_finite(value) {
        return Err("JSON has no such number".to_owned());
    }
    if written == b"null" {
        return Ok(Value::Null);
    }
    String::from_utf8(written).map(Value::Text).map_err(|error| error.to_string())
}

fn is_finite(value: &Value) -> bool {
    match value {
        Value::Float(value) => value.is_finite(),
        Value::List(items) => items.iter().all(is_finite),
        Value::Struct(fields) => fields.iter().all(|(_, field)| is_finite(field)),
        Value::Text(text) => !matches!(text.trim(), "NaN" | "Infinity" | "-Infinity"),
        _ => true,
    }
}
