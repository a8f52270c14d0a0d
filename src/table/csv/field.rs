//! What a field says, and how a value is written into one.

use std::borrow::Cow;

use super::index::Layout;
use super::kind::{self, Kind, Kinds};
use super::time::{self, TimeStyle, Zone};
use super::tokens::{Span, Syntax};
use super::{CsvFormat, Escape};
use crate::model::Value;
use crate::table::json::{BEYOND, is_beyond};
use crate::{Error, Result};

/// The bytes of a field, without quotes; `None` where something follows the closing quote.
#[inline]
pub(super) fn inner(text: &[u8], span: Span) -> Option<&[u8]> {
    let bytes = span.of(text);
    if !span.quoted {
        return Some(bytes);
    }
    match bytes {
        [first, inner @ .., last] if first == last => Some(inner),
        _ => None,
    }
}

/// Whether a field stands for null though it is not empty.
#[inline]
pub(super) fn is_null(format: &CsvFormat, text: &[u8], span: Span) -> bool {
    format.null.as_ref().is_some_and(|null| !span.quoted && null.as_bytes() == span.of(text))
}

/// What a field says; nothing where it stands for null.
#[inline]
pub(super) fn told<'t>(format: &CsvFormat, syntax: &Syntax, text: &'t [u8], span: Span) -> Cow<'t, [u8]> {
    if is_null(format, text, span) { Cow::Borrowed(b"") } else { content(syntax, text, span) }
}

/// What a field says: without quotes and escapes.
#[inline]
pub(super) fn content<'t>(syntax: &Syntax, text: &'t [u8], span: Span) -> Cow<'t, [u8]> {
    let means_something = |byte: &u8| (span.quoted && Some(*byte) == syntax.quote) || Some(*byte) == syntax.escape;
    let simple = !span.quoted && syntax.escape.is_none();
    match inner(text, span) {
        Some(inner) if simple || !inner.iter().any(means_something) => Cow::Borrowed(inner),
        _ => Cow::Owned(unescaped(syntax, span.of(text), span.quoted)),
    }
}

fn unescaped(syntax: &Syntax, bytes: &[u8], quoted: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut inside) = (usize::from(quoted), quoted);
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        if let (true, Some(next)) = (Some(*byte) == syntax.escape, next) {
            out.push(next);
            at += 2;
        } else if inside && Some(*byte) == syntax.quote {
            if next == Some(*byte) {
                out.push(*byte);
                at += 1;
            } else {
                inside = false;
            }
            at += 1;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    out
}

/// The value of a field; `None` if its column cannot have it.
pub(super) fn value(format: &CsvFormat, kind: Kind, content: &[u8]) -> Option<Value> {
    if content.is_empty() {
        return Some(Value::Null);
    }
    match kind {
        Kind::Text => Some(Value::Text(format.encoding.letters(content).into_owned())),
        Kind::Int => kind::int(content).map(Value::Int),
        Kind::Float => kind::float(content).map(Value::Float),
        Kind::Bool(_) => kind::boolean(content).map(|(value, _)| Value::Bool(value)),
        Kind::Date => time::date(content).map(|day| Value::Text(time::date_text(day))),
        Kind::Time(_) => time::timestamp(content).map(|(us, style)| canonical(us, style)),
    }
}

/// A time as values have it: as Arrow writes it.
fn canonical(us: i64, style: TimeStyle) -> Value {
    let zone = if style.zone == Zone::None { Zone::None } else { Zone::Z };
    Value::Text(time::timestamp_text(us, TimeStyle { t: true, zone }))
}

/// The value as it would be read from a column of this kind.
///
/// # Errors
/// The type that it should have, `Invalid`.
pub(super) fn coerce(kind: Kind, value: &Value) -> Result<Value> {
    let wrong = |what: &'static str| Err(Error::invalid(what, &value.to_string(), "the column has another type"));
    let text = match value {
        Value::Null => return Ok(Value::Null),
        Value::Text(text) if text.is_empty() => return Ok(Value::Null),
        Value::Text(text) => text.as_bytes(),
        _ => b"",
    };
    let may_be = Kinds::of(text);
    match (kind, value) {
        (Kind::Text, Value::Text(_)) => Ok(value.clone()),
        (Kind::Text, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => Ok(Value::Text(value.to_string())),
        (Kind::Text, _) => wrong("text"),
        (Kind::Int, Value::Int(_)) | (Kind::Bool(_), Value::Bool(_)) => Ok(value.clone()),
        (Kind::Int, Value::Float(number)) if *number == (*number as i64) as f64 && number.abs() < 9.0e18 => {
            Ok(Value::Int(*number as i64))
        }
        (Kind::Int, _) if may_be.decide(None) == Kind::Int => Ok(kind::int(text).map_or(Value::Null, Value::Int)),
        (Kind::Int, _) => wrong("whole number of 64 bits"),
        (Kind::Float, Value::Float(number)) if number.is_nan() => Ok(Value::Float(f64::NAN)),
        (Kind::Float, Value::Float(_)) => Ok(value.clone()),
        (Kind::Float, Value::Int(number)) if (*number as f64) as i64 == *number && number.abs() < i64::MAX => {
            Ok(Value::Float(*number as f64))
        }
        (Kind::Float, Value::Text(text)) if is_beyond(text) => Err(Error::invalid("number", text, BEYOND)),
        (Kind::Float, _) if matches!(may_be.decide(None), Kind::Int | Kind::Float) && !text.is_empty() => {
            Ok(kind::float(text).map_or(Value::Null, Value::Float))
        }
        (Kind::Float, _) => wrong("number"),
        (Kind::Bool(_), Value::Text(text)) => {
            Value::truth_of(text).map_or_else(|| wrong("true or false"), |truth| Ok(Value::Bool(truth)))
        }
        (Kind::Bool(_), _) => wrong("true or false"),
        (Kind::Date, _) => time::date(text).map_or_else(|| wrong("date"), |day| Ok(Value::Text(time::date_text(day)))),
        (Kind::Time(style), _) => match time::timestamp(text) {
            Some((us, given)) if (given.zone == Zone::None) == (style.zone == Zone::None) => Ok(canonical(us, given)),
            _ if style.zone == Zone::None => wrong("time without a zone"),
            _ => wrong("time of UTC"),
        },
    }
}

/// The letters of a value that [`coerce`] gave; `old` is what stands there, whose style is kept.
pub(super) fn letters(layout: &Layout, column: usize, value: &Value, old: &[u8]) -> String {
    match (layout.kinds[column], value) {
        (_, Value::Null) => String::new(),
        (Kind::Bool(case), Value::Bool(value)) => case.text(*value).to_owned(),
        (Kind::Float, Value::Float(number)) => float_letters(layout, column, *number, old),
        (Kind::Time(style), Value::Text(text)) => match time::timestamp(text.as_bytes()) {
            Some((us, _)) => time::timestamp_text(us, style),
            None => text.clone(),
        },
        (_, value) => value.to_string(),
    }
}

fn float_letters(layout: &Layout, column: usize, number: f64, old: &[u8]) -> String {
    let is_whole = !old.is_empty() && old.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
    if number.is_nan() {
        layout.nan.of(column).unwrap_or("nan").to_owned()
    } else if number.is_infinite() {
        format!("{}{}", if number < 0.0 { "-" } else { "" }, layout.inf.of(column).unwrap_or("inf"))
    } else if is_whole && number.fract() == 0.0 && number.abs() < 1e15 && number.to_bits() != (-0.0f64).to_bits() {
        format!("{}", number as i64)
    } else {
        format!("{number:?}")
    }
}

/// The field that says these letters: quoted where it is wanted or needed. `alone`: a row has but one field.
///
/// # Errors
/// `Invalid` where the format has no way to write them.
pub(super) fn written(format: &CsvFormat, letters: &str, quoted: bool, alone: bool) -> Result<String> {
    let delimiter = char::from(format.delimiter);
    let backslash = format.escape == Escape::Backslash;
    let is_special = |c: char| {
        c == delimiter
            || matches!(c, '\n' | '\r')
            || format.quote.is_some_and(|quote| c == char::from(quote))
            || (backslash && (c == '\\' || (format.quote.is_none() && c == '"')))
    };
    let odd_begin = letters.starts_with('\u{feff}') || (format.padded && letters.starts_with(' '));
    let lost = (alone && letters.is_empty()) || format.null.as_deref() == Some(letters);
    let needed = letters.contains(is_special) || odd_begin || lost;
    match format.quote {
        _ if !needed && (!quoted || format.quote.is_none()) => Ok(letters.to_owned()),
        Some(quote) => {
            let quote = char::from(quote);
            let mark = if backslash { '\\' } else { quote };
            let escaped = with_marks(letters, mark, |c| c == quote || (backslash && c == '\\'));
            Ok(format!("{quote}{escaped}{quote}"))
        }
        None if backslash && !lost => {
            let escaped = with_marks(letters, '\\', is_special);
            Ok(if odd_begin { format!("\\{escaped}") } else { escaped })
        }
        None => {
            let why = "the file has no quotes, so a field cannot have a delimiter, a line end, or nothing in it";
            Err(Error::invalid("field", letters, why))
        }
    }
}

fn with_marks(letters: &str, mark: char, is_special: impl Fn(char) -> bool) -> String {
    let mut marked = String::with_capacity(letters.len() + 2);
    for letter in letters.chars() {
        if is_special(letter) {
            marked.push(mark);
        }
        marked.push(letter);
    }
    marked
}
