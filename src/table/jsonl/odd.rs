//! `NaN`, `Infinity` and `-Infinity`, which Python writes and JSON lacks.

use std::borrow::Cow;

/// What is written, and a number that is as long.
const ODD: [(&[u8], &[u8]); 3] = [(b"NaN", b"0.5"), (b"Infinity", b"0.500000"), (b"-Infinity", b"-0.500000")];

/// Whether one of them may be in a text; it may be in a string there.
pub(super) fn may_be_in(json: &[u8]) -> bool {
    memchr::memmem::find(json, b"NaN").is_some() || memchr::memmem::find(json, b"Infinity").is_some()
}

/// Whether one of them is a value in a text.
pub(super) fn is_in(json: &[u8]) -> bool {
    may_be_in(json) && matches!(as_numbers(json), Cow::Owned(_))
}

/// The number that a text means, which is one of them as Python's `json` or a cell that is shown writes it.
pub(super) fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" | "nan" => Some(f64::NAN),
        "Infinity" | "inf" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The same text with a number of the same length for each of them: what comes behind it stays where it is.
pub(super) fn as_numbers(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(json);
    let (mut at, mut in_string) = (0, false);
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'N' | b'I' | b'-' if !in_string && (at == 0 || is_between(json[at - 1])) => {
                if let Some((name, number)) = ODD.iter().find(|(name, _)| stands(json, at, name)) {
                    out.to_mut()[at..at + name.len()].copy_from_slice(number);
                    at += name.len() - 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    out
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
}
