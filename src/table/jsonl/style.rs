//! How a file writes JSON: spaces after commas and colons, letters beyond ASCII.

use std::io;

use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Serialize};
use serde_json::ser::{Formatter, Serializer};
use serde_json::value::RawValue;

use super::shape::Shape;
use crate::model::Value;
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

    /// The text of a value that fits the shape; `ascii`: other letters are escaped, as in a file that has none.
    ///
    /// # Errors
    /// `Invalid` for NaN and infinities, which JSON lacks.
    pub(super) fn text(self, shape: &Shape, value: &Value, ascii: bool) -> Result<String> {
        finite(value)?;
        let mut out = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut out, Written { style: self, ascii });
        let written = Shaped(shape, value).serialize(&mut serializer);
        written.map_err(|cause| Error::invalid("json", &value.to_string(), "it cannot be written").caused_by(cause))?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}

/// A value with what it is to be: text that is JSON is written as it is.
struct Shaped<'v>(&'v Shape, &'v Value);

impl Serialize for Shaped<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match (self.0, self.1) {
            (Shape::Json, Value::Text(json)) => {
                RawValue::from_string(json.clone()).map_err(S::Error::custom)?.serialize(serializer)
            }
            (Shape::List(item), Value::List(items)) => {
                serializer.collect_seq(items.iter().map(|one| Shaped(item, one)))
            }
            (Shape::Struct(fields), Value::Struct(values)) => {
                let mut map = serializer.serialize_map(Some(values.len()))?;
                for (name, value) in values {
                    let shape = fields.place(name, usize::MAX).map_or(&Shape::Nothing, |at| &fields.list[at].1);
                    map.serialize_entry(name, &Shaped(shape, value))?;
                }
                map.end()
            }
            (_, value) => value.to_json().serialize(serializer),
        }
    }
}

/// Refuses what JSON has no number for.
pub(super) fn finite(value: &Value) -> Result<()> {
    match value {
        Value::Float(number) if !number.is_finite() => {
            Err(Error::invalid("json", &number.to_string(), "JSON has no NaN and no infinity"))
        }
        Value::List(values) => values.iter().try_for_each(finite),
        Value::Struct(fields) => fields.iter().try_for_each(|(_, value)| finite(value)),
        _ => Ok(()),
    }
}

/// Writes as the style has it.
struct Written {
    style: Style,
    ascii: bool,
}

impl Formatter for Written {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.style.comma().as_bytes()) }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.style.comma().as_bytes()) }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(self.style.colon().as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if !self.ascii || fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        for letter in fragment.chars() {
            if letter.is_ascii() {
                write!(writer, "{letter}")?;
            } else {
                letter.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_the_style_of_what_is_there() {
        let value = Value::from_json(&serde_json::json!({"a": [1, 2.5], "é": "😀\n"}));
        let shape = Shape::Nothing;
        let told = |like: &str, ascii| Style::of(like.as_bytes()).text(&shape, &value, ascii).expect("it is finite");
        assert_eq!(told(r#"{"x,:": 1, "y": 2}"#, false), "{\"a\": [1, 2.5], \"é\": \"😀\\n\"}");
        assert_eq!(told(r#"{"x":1,"y":2}"#, true), r#"{"a":[1,2.5],"\u00e9":"\ud83d\ude00\n"}"#);
        assert!(Style::default().text(&Shape::Nothing, &Value::List(vec![Value::Float(f64::NAN)]), true).is_err());
    }
}
