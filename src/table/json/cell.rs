//! The value that a text means, as its column's shape reads it.

use std::borrow::Cow;

use super::shape::{Kind, Shape};
use super::text::{self, Key, Step, comma_or, peek};
use crate::model::Value;

/// The text between quotes, without its escapes. Half of a surrogate pair becomes U+FFFD.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    if !raw.contains(&b'\\') {
        return String::from_utf8_lossy(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        if *byte != b'\\' {
            out.push(*byte);
            at += 1;
            continue;
        }
        at += 2;
        match raw.get(at - 1) {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'u') => {
                let (letter, end) = unicode(raw, at);
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                at = end;
            }
            Some(other) => out.push(*other),
            None => {}
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// The letter whose hexadecimal digits begin at `at`, with the second half of a pair.
fn unicode(raw: &[u8], at: usize) -> (char, usize) {
    let unit = |at: usize| raw.get(at..at + 4).and_then(|digits| u32::from_str_radix(text::ascii(digits), 16).ok());
    let first = unit(at).unwrap_or(0xfffd);
    if (0xd800..0xdc00).contains(&first)
        && raw.get(at + 4..at + 6) == Some(b"\\u")
        && let Some(second) = unit(at + 6).filter(|unit| (0xdc00..0xe000).contains(unit))
    {
        let letter = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(letter).unwrap_or('\u{fffd}'), at + 10);
    }
    (char::from_u32(first).unwrap_or('\u{fffd}'), at + 4)
}

/// A key as it is meant.
pub(super) fn key_text<'a>(b: &'a [u8], key: Key) -> Cow<'a, str> {
    unescape(&b[key.start..key.end])
}

/// The number that the text says; not a number where it is none.
pub(super) fn float(text: &[u8]) -> f64 {
    match text {
        b"Infinity" => f64::INFINITY,
        b"-Infinity" => f64::NEG_INFINITY,
        _ => text::ascii(text).parse().unwrap_or(f64::NAN),
    }
}

/// The value at `at` as `shape` reads it, and its end. What the shape cannot hold is null.
pub(super) fn value(b: &[u8], at: usize, shape: Shape) -> Step<(Value, usize)> {
    if shape.is_json() {
        let mut text = Vec::new();
        let end = canonical(b, at, &mut text)?;
        let value = if text == b"null" { Value::Null } else { Value::Text(lossy(text)) };
        return Ok((value, end));
    }
    if shape.lists > 0 && b.get(at) == Some(&b'[') {
        let mut items = Vec::new();
        let end = items_of(b, at, |at| {
            let (item, end) = value(b, at, shape.item())?;
            items.push(item);
            Ok(end)
        })?;
        return Ok((Value::List(items), end));
    }
    let end = text::skip(b, at)?;
    Ok((scalar(&b[at..end], shape), end))
}

fn scalar(text: &[u8], shape: Shape) -> Value {
    if shape.lists > 0 {
        return Value::Null;
    }
    match (shape.kind, text.first()) {
        (Kind::Bool, Some(b't')) => Value::Bool(true),
        (Kind::Bool, Some(b'f')) => Value::Bool(false),
        (Kind::Int, Some(b'-' | b'0'..=b'9')) => text::ascii(text).parse().map_or(Value::Null, Value::Int),
        (Kind::Float, Some(b'-' | b'0'..=b'9' | b'N' | b'I')) => Value::Float(float(text)),
        (Kind::Text, Some(b'"')) => Value::Text(unescape(&text[1..text.len() - 1]).into_owned()),
        _ => Value::Null,
    }
}

fn lossy(text: Vec<u8>) -> String {
    String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Calls `each` with the place of every item of the list whose bracket is at `open`; returns the list's end.
pub(super) fn items_of(b: &[u8], open: usize, mut each: impl FnMut(usize) -> Step<usize>) -> Step<usize> {
    let (mut at, first) = peek(b, open + 1)?;
    if first == b']' {
        return Ok(at + 1);
    }
    loop {
        let end = each(at)?;
        let (next, closed) = comma_or(b, end, b']')?;
        if closed {
            return Ok(next);
        }
        at = peek(b, next)?.0;
    }
}

/// Writes the value at `at` in the one way that equal values are written; returns its end.
///
/// No white space, escapes only where they must be, the shortest numbers; a number beyond
/// 64 bits keeps its text.
pub(super) fn canonical(b: &[u8], at: usize, out: &mut Vec<u8>) -> Step<usize> {
    canonical_within(b, at, out, 0)
}

fn canonical_within(b: &[u8], at: usize, out: &mut Vec<u8>, depth: usize) -> Step<usize> {
    match b.get(at) {
        Some(b'[' | b'{') if depth >= text::DEPTH_MAX => text::bad(at, "lists and objects lie too deep in each other"),
        Some(b'[') => {
            out.push(b'[');
            let end = items_of(b, at, |at| {
                separate(out, b'[');
                canonical_within(b, at, out, depth + 1)
            })?;
            out.push(b']');
            Ok(end)
        }
        Some(b'{') => {
            out.push(b'{');
            let each = |key: Key, at: usize| {
                separate(out, b'{');
                string(&key_text(b, key), false, out);
                out.push(b':');
                canonical_within(b, at, out, depth + 1)
            };
            let end = text::members(b, at, each, 0)?;
            out.push(b'}');
            Ok(end)
        }
        _ => {
            let end = text::skip(b, at)?;
            canonical_scalar(&b[at..end], out);
            Ok(end)
        }
    }
}

/// As [`canonical`], of a text that is that, with the members of objects in order of their names; a text is as it is.
pub(super) fn ordered(b: &[u8], at: usize, out: &mut Vec<u8>) -> Step<usize> {
    match b.get(at) {
        Some(b'[') => {
            out.push(b'[');
            let end = items_of(b, at, |at| {
                separate(out, b'[');
                ordered(b, at, out)
            })?;
            out.push(b']');
            Ok(end)
        }
        Some(b'{') => {
            let mut members: Vec<(Key, Vec<u8>)> = Vec::new();
            let each = |key: Key, at: usize| {
                let mut value = Vec::new();
                let end = ordered(b, at, &mut value)?;
                members.push((key, value));
                Ok(end)
            };
            let end = text::members(b, at, each, 0)?;
            let name = |key: Key| &b[key.start..key.end];
            members.sort_by(|(one, _), (other, _)| name(*one).cmp(name(*other)));
            out.push(b'{');
            for (key, value) in members {
                separate(out, b'{');
                out.push(b'"');
                out.extend_from_slice(name(key));
                out.extend_from_slice(b"\":");
                out.extend_from_slice(&value);
            }
            out.push(b'}');
            Ok(end)
        }
        _ => {
            let end = text::skip(b, at)?;
            out.extend_from_slice(&b[at..end]);
            Ok(end)
        }
    }
}

fn separate(out: &mut Vec<u8>, open: u8) {
    if out.last() != Some(&open) {
        out.push(b',');
    }
}

/// As [`canonical`], of a text that is all of a value which is no list and no object.
pub(super) fn canonical_scalar(text: &[u8], out: &mut Vec<u8>) {
    match text.first() {
        Some(b'"') => string(&unescape(&text[1..text.len() - 1]), false, out),
        Some(b'-' | b'0'..=b'9') if text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') => {
            out.extend_from_slice(if text == b"-0" { b"0" } else { text });
        }
        Some(b'-' | b'0'..=b'9') if float(text).is_finite() => number(float(text), out),
        _ => out.extend_from_slice(text),
    }
}

/// Writes the shortest text that reads as the same number; always one that is seen to be no whole number's.
pub(super) fn number(value: f64, out: &mut Vec<u8>) {
    match serde_json::Number::from_f64(value) {
        Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
        None if value.is_nan() => out.extend_from_slice(b"NaN"),
        None => out.extend_from_slice(if value > 0.0 { b"Infinity" } else { b"-Infinity" }),
    }
}

/// Writes a text with its quotes; with `ascii`, other letters as escapes.
pub(super) fn string(text: &str, ascii: bool, out: &mut Vec<u8>) {
    out.push(b'"');
    for letter in text.chars() {
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\0'..='\u{1f}' => out.extend_from_slice(format!("\\u{:04x}", u32::from(letter)).as_bytes()),
            '\u{7f}'.. if ascii && letter != '\u{7f}' => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
            _ => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Writes a cell's value without white space, as [`canonical`] does.
pub(super) fn write(value: &Value, shape: Shape, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::Float(value) => number(*value, out),
        Value::Text(json) if shape.is_json() => out.extend_from_slice(json.as_bytes()),
        Value::Text(text) => string(text, false, out),
        Value::Binary(bytes) => {
            write(&Value::List(bytes.iter().map(|byte| Value::Int((*byte).into())).collect()), shape, out)
        }
        Value::List(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                // Within JSON of any kind, a text is a text.
                let item_shape = if shape.is_json() { Shape::of(Kind::Text) } else { shape.item() };
                write(item, item_shape, out);
            }
            out.push(b']');
        }
        Value::Struct(fields) => {
            out.push(b'{');
            for (place, (name, field)) in fields.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                string(name, false, out);
                out.push(b':');
                write(field, Shape::of(Kind::Text), out);
            }
            out.push(b'}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, canonical_text: &str) {
        let mut out = Vec::new();
        let end = canonical(text.as_bytes(), 0, &mut out);
        assert_eq!((end, lossy(out).as_str()), (Ok(text.len()), canonical_text), "{text}");
    }

    #[test]
    fn equal_values_are_written_in_one_way() {
        check(r#"{ "a" : [ 1.50 , -0, 1e3,NaN ] , "b":{},"c":[ ] }"#, r#"{"a":[1.5,0,1000.0,NaN],"b":{},"c":[]}"#);
        check(r#""\u0041\u00e4\ud83d\ude00\/\n""#, "\"A\u{e4}\u{1f600}/\\n\"");
        check("\"\\ud800x\"", "\"\u{fffd}x\"");
        check("[123456789012345678901234567890]", "[123456789012345678901234567890]");
    }

    #[test]
    fn letters_are_escaped_where_the_file_does_so() {
        let mut out = Vec::new();
        string("\u{e4}\u{1f600}\u{1}", true, &mut out);
        assert_eq!(lossy(out), r#""\u00e4\ud83d\ude00\u0001""#);
    }
}
