//! `NaN`, `Infinity` and `-Infinity`, which Python writes and JSON lacks.

use std::borrow::Cow;

use super::Value;

/// What is written, and a number that is as long.
const ODD: [(&[u8], &[u8]); 3] = [(b"NaN", b"0.5"), (b"Infinity", b"0.500000"), (b"-Infinity", b"-0.500000")];

/// Whether one of them may be in a text; it may be in a string there.
pub(crate) fn may_be_in(json: &[u8]) -> bool {
    memchr::memmem::find(json, b"NaN").is_some() || memchr::memmem::find(json, b"Infinity").is_some()
}

/// Whether one of them is a value in a text.
pub(crate) fn is_in(json: &[u8]) -> bool {
    may_be_in(json) && matches!(as_numbers(json), Cow::Owned(_))
}

/// The number that a text means, which is one of them as Python's `json` or a cell that is shown writes it.
pub(crate) fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" | "nan" => Some(f64::NAN),
        "Infinity" | "inf" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The same text with a number of the same length for each of them: what comes behind it stays where it is.
pub(crate) fn as_numbers(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(json);
    each(json, |at, which| {
        let (name, number) = ODD[which];
        out.to_mut()[at..at + name.len()].copy_from_slice(number);
    });
    out
}

/// What stands in JSON's own place for one of them until that is read; no text that anybody writes begins so.
const MARK: &str = "\u{0}odd ";

/// The value of a list or an object that has some of them in it; `None` of any other text.
pub(crate) fn within(json: &str) -> Option<Value> {
    let mark = MARK.replace('\0', "\\u0000");
    if !json.trim_start().starts_with(['[', '{']) || !may_be_in(json.as_bytes()) || json.contains(&mark) {
        return None;
    }
    let (mut marked, mut done, mut is_name) = (String::with_capacity(json.len() + 16), 0, false);
    each(json.as_bytes(), |at, which| {
        marked.push_str(&json[done..at]);
        done = at + ODD[which].0.len();
        is_name |= json[done..].trim_start().starts_with(':');
        marked.push_str(&format!("\"{mark}{}\"", &json[at..done]));
    });
    marked.push_str(&json[done..]);
    if is_name || super::whole_number::has_long(marked.as_bytes()) {
        return None;
    }
    serde_json::from_str(&marked).ok().map(|json| unmarked(Value::from_json(&json)))
}

fn unmarked(value: Value) -> Value {
    match value {
        Value::Text(text) => match text.strip_prefix(MARK).and_then(number) {
            Some(number) => Value::Float(number),
            None => Value::Text(text),
        },
        Value::List(items) => Value::List(items.into_iter().map(unmarked).collect()),
        Value::Struct(fields) => {
            Value::Struct(fields.into_iter().map(|(name, value)| (name, unmarked(value))).collect())
        }
        other => other,
    }
}

/// Gives the place of each of them, and which it is.
fn each(json: &[u8], mut found: impl FnMut(usize, usize)) {
    let (mut at, mut in_string) = (0, false);
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'N' | b'I' | b'-' if !in_string && (at == 0 || is_between(json[at - 1])) => {
                if let Some(which) = ODD.iter().position(|(name, _)| stands(json, at, name)) {
                    found(at, which);
                    at += ODD[which].0.len() - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

fn stands(json: &[u8], at: usize, name: &[u8]) -> bool {
    json[at..].starts_with(name) && json.get(at + name.len()).is_none_or(|next| is_between(*next))
}

/// Whether a byte stands between values.
fn is_between(byte: u8) -> bool {
    matches!(byte, b',' | b':' | b'[' | b']' | b'{' | b'}') || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, numbers: &str) {
        assert_eq!(String::from_utf8_lossy(&as_numbers(json.as_bytes())), numbers);
    }

    #[test]
    fn only_whole_words_outside_of_strings_are_numbers() {
        check("{\"a\": NaN, \"NaN\":[Infinity,-Infinity]}", "{\"a\": 0.5, \"NaN\":[0.500000,-0.500000]}");
        for none in ["{\"a\": \"\\\"NaN\"}", "1NaN", "NaN5", "-NaN", "xInfinity", "nan"] {
            check(none, none);
        }
        assert!(is_in(b"[NaN]") && !is_in(b"[\"NaN\"]") && !is_in(b"[1]"));
    }

    #[test]
    fn lists_and_objects_have_them_as_numbers() {
        let told = |json: &str| within(json).map(|value| value.to_string());
        let float = Value::Float;
        let fields = [("NaN", Value::Text("NaN".to_owned())), ("x", float(f64::NAN))];
        let object = Value::Struct(fields.map(|(name, value)| (name.to_owned(), value)).into());
        assert_eq!(within("{\"x\": NaN, \"NaN\": \"NaN\"}"), Some(object));
        assert_eq!(
            within(" [-Infinity, [Infinity]]"),
            Some(Value::List(vec![float(f64::NEG_INFINITY), Value::List(vec![float(f64::INFINITY)])]))
        );
        for none in [
            "NaN",
            "[nan]",
            "[NaN",
            "[-NaN]",
            "[1]",
            "[\"NaN\"]]",
            "[NaN, 123456789012345678901]",
            "[NaN, \"\\u0000odd NaN\"]",
            "{NaN: 1}",
            "[NaN, {Infinity : 1}]",
        ] {
            assert_eq!(told(none), None, "{none}");
        }
    }
}
