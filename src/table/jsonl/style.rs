//! How a file writes JSON: spaces after commas and colons, letters beyond ASCII.

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use crate::model::Value;
use crate::table::json;
use crate::{Error, Result};

/// How a file writes JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// A space after each comma.
    pub spaced_commas: bool,
    /// A space after each colon.
    pub spaced_colons: bool,
}

impl Style {
    /// The style of an object's text: that of its first comma and colon outside of strings.
    pub(super) fn of(object: &[u8]) -> Style {
        let (mut in_string, mut escaped) = (false, false);
        let (mut comma, mut colon) = (None, None);
        for (at, byte) in object.iter().enumerate() {
            let spaced = || object.get(at + 1) == Some(&b' ');
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b',' if !in_string => comma = comma.or(Some(spaced())),
                b':' if !in_string => colon = colon.or(Some(spaced())),
                _ => {}
            }
        }
        let colons = colon.unwrap_or(true);
        Style { spaced_commas: comma.unwrap_or(colons), spaced_colons: colons }
    }

    pub(super) fn comma(self) -> &'static str {
        if self.spaced_commas { ", " } else { "," }
    }

    pub(super) fn colon(self) -> &'static str {
        if self.spaced_colons { ": " } else { ":" }
    }

    /// The text of a value that fits the shape, in place of `old`; `ascii`: other letters are escaped, as in a file
    /// that has none.
    pub(super) fn text(self, shape: &Shape, value: &Value, old: Option<&str>, ascii: bool) -> String {
        if let (Shape::Json, Value::Text(json)) = (shape, value) {
            return json::written(json, old, self.comma(), self.colon(), ascii);
        }
        let mut out = String::new();
        self.write(value, ascii, &mut out);
        out
    }

    fn write(self, value: &Value, ascii: bool, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Float(number) => out.push_str(&json::number_text(*number)),
            Value::Text(text) => out.push_str(&json::string(text, ascii)),
            Value::Bool(_) | Value::Int(_) | Value::Binary(_) => out.push_str(&value.to_json().to_string()),
            Value::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place > 0 { self.comma() } else { "" });
                    self.write(item, ascii, out);
                }
                out.push(']');
            }
            Value::Struct(fields) => {
                out.push('{');
                for (place, (name, value)) in fields.iter().enumerate() {
                    out.push_str(if place > 0 { self.comma() } else { "" });
                    out.push_str(&json::string(name, ascii));
                    out.push_str(self.colon());
                    self.write(value, ascii, out);
                }
                out.push('}');
            }
        }
    }
}

/// Why a file without NaN and infinities takes none.
pub(super) fn lacks(value: &str) -> Error {
    Error::invalid("json", value, "JSON has no NaN and no infinity")
}

/// Refuses what JSON has no number for.
pub(super) fn finite(value: &Value) -> Result<()> {
    match value {
        Value::Float(number) if !number.is_finite() => Err(lacks(&number.to_string())),
        Value::List(values) => values.iter().try_for_each(finite),
        Value::Struct(fields) => fields.iter().try_for_each(|(_, value)| finite(value)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_the_style_of_what_is_there() {
        let value = Value::from_json(&serde_json::json!({"a": [1, 2.5], "é": "😀\n"}));
        let shape = Shape::Nothing;
        let told = |like: &str, ascii| Style::of(like.as_bytes()).text(&shape, &value, None, ascii);
        assert_eq!(told(r#"{"x,:": 1, "y": 2}"#, false), "{\"a\": [1, 2.5], \"é\": \"😀\\n\"}");
        assert_eq!(told(r#"{"x":1,"y":2}"#, true), r#"{"a":[1,2.5],"\u00e9":"\ud83d\ude00\n"}"#);
        assert!(finite(&Value::List(vec![Value::Float(f64::NAN)])).is_err());
    }
}
