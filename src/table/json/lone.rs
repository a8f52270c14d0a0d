//! A value's text by itself, of which all is there: what a line of JSON Lines is made of.

use std::borrow::Cow;
use std::ops::Range;

use super::cell;
use super::shape::{Kind, Shape};
use super::style::{Hand, Numbers};
use super::text::{self, Stop};
use crate::model::Value;

/// A key of an object, and where its value is in the object's text.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) value: Range<usize>,
}

/// Why a text is no JSON that can stand in a row; `NaN` and `Infinity` are values, as Python writes them.
pub(crate) fn flaw(json: &str) -> Option<&'static str> {
    // A number alone ends with what follows it.
    let padded = [json.as_bytes(), b" "].concat();
    let value = text::peek(&padded, 0).and_then(|(at, _)| text::value(&padded, at, 2));
    match value {
        Ok((end, _)) if padded[end..].trim_ascii().is_empty() => None,
        Ok(_) => Some("something comes behind the value"),
        Err(Stop::More) => Some("it ends too early"),
        Err(Stop::Bad { why, .. }) => Some(why),
    }
}

/// The keys of an object that was checked before, in order; `None` if it is no object.
pub(crate) fn members(object: &str) -> Option<Vec<Member>> {
    let b = object.as_bytes();
    let (open, first) = text::peek(b, 0).ok()?;
    let mut members = Vec::new();
    let each = |key: text::Key, at: usize| {
        let end = text::skip(b, at)?;
        members.push(Member { name: cell::key_text(b, key).into_owned(), value: at..end });
        Ok(end)
    };
    (first == b'{').then(|| text::members(b, open, each, 0).ok()).flatten()?;
    Some(members)
}

/// The items of a list that was checked before; `None` if it is no list.
pub(crate) fn items(list: &str) -> Option<Vec<&str>> {
    let b = list.as_bytes();
    let (open, first) = text::peek(b, 0).ok()?;
    let mut items = Vec::new();
    let each = |at: usize| {
        let end = text::skip(b, at)?;
        items.push(&list[at..end]);
        Ok(end)
    };
    (first == b'[').then(|| cell::items_of(b, open, each).ok()).flatten()?;
    Some(items)
}

/// The one way to write the value of a text that was checked before.
pub(crate) fn canonical(json: &str) -> String {
    let json = json.trim();
    let mut out = Vec::with_capacity(json.len());
    match json.as_bytes().first() {
        Some(b'[' | b'{') => {
            if cell::canonical(json.as_bytes(), 0, &mut out).is_err() {
                return json.to_owned();
            }
        }
        _ => cell::canonical_scalar(json.as_bytes(), &mut out),
    }
    text_of(out)
}

/// The same JSON with the members of each object in order of their names: equal but for that order is equal so.
/// What is no JSON stays.
pub(crate) fn ordered(canonical: &str) -> Cow<'_, str> {
    if !canonical.contains('{') {
        return Cow::Borrowed(canonical);
    }
    let mut out = Vec::with_capacity(canonical.len());
    match cell::ordered(canonical.as_bytes(), 0, &mut out) {
        Ok(end) if end == canonical.len() => Cow::Owned(text_of(out)),
        Ok(_) | Err(_) => Cow::Borrowed(canonical),
    }
}

/// The same of a value, in which texts are texts.
pub(crate) fn canonical_of(value: &Value) -> String {
    let mut out = Vec::new();
    match value {
        Value::Text(text) => cell::string(text, false, &mut out),
        other => cell::write(other, Shape::of(Kind::Json), &mut out),
    }
    text_of(out)
}

/// What [`canonical`] gave, as a file writes it; what did not change of `old` is kept as it stands there.
pub(crate) fn written(canonical: &str, old: Option<&str>, comma: &str, colon: &str, ascii: bool) -> String {
    let hand = Hand { comma: comma.as_bytes().to_vec(), colon: colon.as_bytes().to_vec(), ascii };
    text_of(hand.rewrite(canonical.as_bytes(), old.map(str::as_bytes), Numbers::Exact))
}

/// A text with its quotes; with `ascii`, other letters as escapes.
pub(crate) fn string(text: &str, ascii: bool) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    cell::string(text, ascii, &mut out);
    text_of(out)
}

/// The shortest text of a number.
pub(crate) fn number(value: f64) -> String {
    let mut out = Vec::new();
    cell::number(value, &mut out);
    text_of(out)
}

fn text_of(out: Vec<u8>) -> String {
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_alone_is_judged_taken_apart_and_written() {
        for good in ["5", " NaN ", "[-Infinity, {}]", "\"x\"", "{\"a\": [1]}\r\n"] {
            assert_eq!(flaw(good), None, "{good}");
        }
        for bad in ["", "5 6", "[1", "nan", "-NaN", "{a: 1}"] {
            assert!(flaw(bad).is_some(), "{bad}");
        }
        let object = " {\"\\u0061\": NaN , \"b\":[1, \"]\"]}";
        let members = members(object).expect("an object");
        let told: Vec<(&str, &str)> = members.iter().map(|m| (m.name.as_str(), &object[m.value.clone()])).collect();
        assert_eq!(told, [("a", "NaN"), ("b", "[1, \"]\"]")]);
        assert_eq!(items("[1, \"]\",[]]"), Some(vec!["1", "\"]\"", "[]"]));
        assert!(items("{}").is_none() && super::members("[]").is_none());
        assert_eq!(canonical(" 1.50"), "1.5");
        for (json, told) in [
            (r#"{"b":1,"a":[{"z":{},"y":"{"}],"ä":2}"#, r#"{"a":[{"y":"{","z":{}}],"b":1,"ä":2}"#),
            (r#"["b","a",{"b":NaN}]"#, r#"["b","a",{"b":NaN}]"#),
            ("5", "5"),
            ("\"{\"", "\"{\""),
            ("{no JSON", "{no JSON"),
        ] {
            assert_eq!(ordered(json), told);
        }
        assert_eq!(written("[1.5,2]", Some("[1.50]"), ", ", ": ", true), "[1.50, 2]");
    }
}
