//! Values that are stepped over, however long they are: only a little of one is held at a time.

use super::text::{self, DEPTH_MAX, Stop, comma_or, expect, peek};
use super::window::{Flaw, Trouble, Window};

/// A value of which more would have to be held, in bytes, is walked through.
const HELD_MAX: usize = 4 << 20;

type Walk<T> = std::result::Result<T, Trouble>;

/// The end of the value at `at`, which lies in `depth` lists and objects; all of it is checked.
pub(super) fn value(window: &mut Window<'_>, at: u64, depth: usize) -> Walk<u64> {
    // Most values are short.
    let end = window.read(at, |b| match text::value(b, 0, depth) {
        Err(Stop::More) if b.len() > HELD_MAX => Ok(None),
        found => found.map(|(end, _)| Some(end)),
    })?;
    if let Some(end) = end {
        return Ok(at + end as u64);
    }
    let (_, first) = window.read(at, |b| peek(b, 0))?;
    match first {
        b'"' => string(window, at + 1),
        b'[' | b'{' if depth >= DEPTH_MAX => {
            Err(Trouble::Flaw(Flaw { at, why: "lists and objects lie too deep in each other" }))
        }
        b'[' => items(window, at + 1, depth + 1, b']'),
        b'{' => items(window, at + 1, depth + 1, b'}'),
        _ => Err(Trouble::Flaw(Flaw { at, why: "a number of several million digits" })),
    }
}

/// The end of the text from `at` on, after its closing quote.
fn string(window: &mut Window<'_>, mut at: u64) -> Walk<u64> {
    loop {
        let (len, is_end) = window.read(at, text::part)?;
        at += len as u64;
        if is_end {
            return Ok(at);
        }
    }
}

/// The end of the list or object whose bracket is before `at`, item by item.
fn items(window: &mut Window<'_>, at: u64, depth: usize, close: u8) -> Walk<u64> {
    let (place, first) = window.read(at, |b| peek(b, 0))?;
    let mut at = at + place as u64;
    if first == close {
        return Ok(at + 1);
    }
    loop {
        if close == b'}' {
            let place = window.read(at, |b| {
                let key = expect(b, 0, b'"', "expected a key")? - 1;
                let colon = expect(b, text::string(b, key)?.end, b':', "expected `:`")?;
                peek(b, colon).map(|(place, _)| place)
            })?;
            at += place as u64;
        }
        let end = value(window, at, depth)?;
        let (next, closed) = window.read(end, |b| comma_or(b, 0, close))?;
        at = end + next as u64;
        if closed {
            return Ok(at);
        }
        at += window.read(at, |b| peek(b, 0))?.0 as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(json: &str) -> Result<u64, &'static str> {
        let bytes = json.as_bytes().to_vec();
        let mut window = Window::new(&bytes, 1 << 10);
        value(&mut window, 0, 0).map_err(|trouble| match trouble {
            Trouble::Flaw(flaw) => flaw.why,
            Trouble::Error(error) => panic!("{error}"),
        })
    }

    #[test]
    fn a_long_value_ends_where_a_short_one_would() {
        let long = "é\\n\\\"".repeat(2 << 20);
        for json in [
            format!("\"{long}\""),
            format!("[1, [], {{}}, \"{long}\" , {{\"a\": [\"{long}\"], \"b\": null}}]"),
            format!("{{\"a\": \"{long}\",\n\"b\" : [\"{long}\", 2]}}"),
        ] {
            assert_eq!(end(&format!("{json}, 5")), Ok(json.len() as u64));
        }
        assert_eq!(end("[1, 2]"), Ok(6));
    }

    #[test]
    fn what_is_wrong_in_a_long_value_is_told() {
        let long = "x".repeat(9 << 20);
        assert_eq!(end(&format!("\"{long}")), Err("the file ends too early"));
        assert_eq!(end(&format!("\"{long}\n\"")), Err("a control character within a text"));
        assert_eq!(end(&format!("[\"{long}\" 1]")), Err("expected `,` or `]`"));
        assert_eq!(end(&format!("[\"{long}\\x\"]")), Err("an escape that is none"));
        assert_eq!(end(&"7".repeat(9 << 20)), Err("a number of several million digits"));
        let deep = format!("{}\"{long}\"", "[".repeat(DEPTH_MAX + 1));
        assert_eq!(end(&deep), Err("lists and objects lie too deep in each other"));
    }
}
