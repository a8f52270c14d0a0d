//! JSON as bytes: where a value begins and ends, and whether it is one.
//!
//! Nothing here makes a value or owns memory. What is read is a slice that may
//! end in the middle of the text, which is told apart from text that is wrong:
//! [`Stop::More`] asks for a longer slice. Strict, as RFC 8259 has it, but for
//! `NaN` and `Infinity`, which Python writes and reads.

use memchr::memchr2;

use super::shape::{Kind, Shape};

/// How deep lists and objects may lie in each other; what serde_json reads, too.
pub(super) const DEPTH_MAX: usize = 128;

/// Why reading stopped before the value's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The slice ends first.
    More,
    /// The text is wrong at this place of the slice.
    Bad { at: usize, why: &'static str },
}

/// What is read of a slice.
pub(super) type Step<T> = Result<T, Stop>;

/// The text is wrong here.
pub(super) fn bad<T>(at: usize, why: &'static str) -> Step<T> {
    Err(Stop::Bad { at, why })
}

/// The place and value of the next byte that is no white space.
#[inline]
pub(super) fn peek(b: &[u8], mut at: usize) -> Step<(usize, u8)> {
    loop {
        match b.get(at) {
            Some(b' ' | b'\n' | b'\t' | b'\r') => at += 1,
            Some(byte) => return Ok((at, *byte)),
            None => return Err(Stop::More),
        }
    }
}

/// Steps over white space and this byte.
#[inline]
pub(super) fn expect(b: &[u8], at: usize, byte: u8, why: &'static str) -> Step<usize> {
    match peek(b, at)? {
        (at, found) if found == byte => Ok(at + 1),
        (at, _) => bad(at, why),
    }
}

/// Steps over a comma, or finds the closing byte: (place after it, whether it closed).
#[inline]
pub(super) fn comma_or(b: &[u8], at: usize, close: u8) -> Step<(usize, bool)> {
    match peek(b, at)? {
        (at, b',') => Ok((at + 1, false)),
        (at, found) if found == close => Ok((at + 1, true)),
        (at, _) => bad(at, if close == b']' { "expected `,` or `]`" } else { "expected `,` or `}`" }),
    }
}

/// A string's text: without quotes, escapes as they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// After the closing quote.
    pub(super) end: usize,
    /// Whether it has escapes.
    pub(super) escaped: bool,
}

/// The string whose opening quote is at `at`.
#[inline]
pub(super) fn string(b: &[u8], at: usize) -> Step<Text> {
    let mut from = at + 1;
    let mut escaped = false;
    loop {
        let rest = b.get(from..).ok_or(Stop::More)?;
        let Some(found) = memchr2(b'"', b'\\', rest) else { return Err(Stop::More) };
        let place = from + found;
        let part = &b[from..place];
        // One pass that the compiler makes wide; only what is not plain is looked at again.
        if part.iter().fold(false, |odd, byte| odd | !(0x20..0x80).contains(byte)) {
            check_part(part, from)?;
        }
        if b[place] == b'"' {
            return Ok(Text { end: place + 1, escaped });
        }
        escaped = true;
        from = escape(b, place)?;
    }
}

/// As much of a text, from within it, as there is: how long that is, and whether the closing quote is its last byte.
pub(super) fn part(b: &[u8]) -> Step<(usize, bool)> {
    let mut from = 0;
    loop {
        let found = memchr2(b'"', b'\\', &b[from..]);
        let place = found.map_or(b.len(), |found| from + found);
        let whole = match std::str::from_utf8(&b[from..place]) {
            // The last letter may go on.
            Err(cause) if found.is_none() && cause.error_len().is_none() => from + cause.valid_up_to(),
            _ => place,
        };
        check_part(&b[from..whole], from)?;
        if b.get(place) == Some(&b'"') {
            return Ok((place + 1, true));
        }
        match found.map(|_| escape(b, place)) {
            Some(Ok(next)) => from = next,
            Some(Err(Stop::More)) | None if whole > 0 => return Ok((whole, false)),
            Some(Err(stop)) => return Err(stop),
            None => return Err(Stop::More),
        }
    }
}

/// Text between quotes and escapes: UTF-8 without control characters.
#[cold]
fn check_part(part: &[u8], offset: usize) -> Step<()> {
    if let Some(control) = part.iter().position(|byte| *byte < 0x20) {
        return bad(offset + control, "a control character within a text");
    }
    match std::str::from_utf8(part) {
        Ok(_) => Ok(()),
        Err(cause) => bad(offset + cause.valid_up_to(), "text that is not UTF-8"),
    }
}

/// The end of the escape whose backslash is at `at`.
fn escape(b: &[u8], at: usize) -> Step<usize> {
    match b.get(at + 1) {
        None => Err(Stop::More),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match b.get(at + 2..at + 6) {
            None => Err(Stop::More),
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            Some(_) => bad(at, "an escape that is none"),
        },
        Some(_) => bad(at, "an escape that is none"),
    }
}

/// The end and kind of the number at `at`.
#[inline]
pub(super) fn number(b: &[u8], at: usize) -> Step<(usize, Kind)> {
    let negative = b.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let mut end = digits(b, first)?;
    if end == first {
        return odd_number(b, at, first);
    }
    if b[first] == b'0' && end > first + 1 {
        return bad(at, "a number that begins with 0");
    }
    let mut kind = Kind::Int;
    if b[end] == b'.' {
        let fraction = end + 1;
        end = digits(b, fraction)?;
        if end == fraction {
            return bad(at, "a number without digits after its point");
        }
        kind = Kind::Float;
    }
    if matches!(b[end], b'e' | b'E') {
        let sign = b.get(end + 1).ok_or(Stop::More)?;
        let exponent = end + 1 + usize::from(matches!(sign, b'+' | b'-'));
        end = digits(b, exponent)?;
        if end == exponent {
            return bad(at, "a number without digits in its exponent");
        }
        kind = Kind::Float;
    }
    // 18 digits always fit; of more it depends.
    if kind == Kind::Int && end - first > 18 && ascii(&b[at..end]).parse::<i64>().is_err() {
        kind = Kind::Json;
    }
    Ok((end, kind))
}

/// The end of a run of digits; there is a byte at it.
#[inline]
fn digits(b: &[u8], mut at: usize) -> Step<usize> {
    loop {
        match b.get(at) {
            Some(byte) if byte.is_ascii_digit() => at += 1,
            Some(_) => return Ok(at),
            None => return Err(Stop::More),
        }
    }
}

/// `NaN`, `Infinity`, `-Infinity`.
#[cold]
fn odd_number(b: &[u8], at: usize, first: usize) -> Step<(usize, Kind)> {
    let names: &[&[u8]] = if first > at { &[b"Infinity"] } else { &[b"NaN", b"Infinity"] };
    for name in names {
        let end = first + name.len();
        match b.get(first..end) {
            Some(found) if found == *name => return Ok((end, Kind::Float)),
            None if name.starts_with(&b[first..]) => return Err(Stop::More),
            _ => {}
        }
    }
    bad(at, "expected a value")
}

/// Digits, signs and points, as text.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The end of the word at `at`, of which the first byte was seen.
fn word(b: &[u8], at: usize, word: &'static [u8]) -> Step<usize> {
    let end = at + word.len();
    match b.get(at..end) {
        Some(found) if found == word => Ok(end),
        None if word.starts_with(&b[at..]) => Err(Stop::More),
        _ => bad(at, "expected a value"),
    }
}

/// The end and shape of the value at `at`, which is no white space; all of it is checked.
#[inline]
pub(super) fn value(b: &[u8], at: usize, depth: usize) -> Step<(usize, Shape)> {
    match b.get(at) {
        Some(b'-' | b'0'..=b'9' | b'N' | b'I') => number(b, at).map(|(end, kind)| (end, Shape::of(kind))),
        Some(b'"') => string(b, at).map(|text| (text.end, Shape::of(Kind::Text))),
        Some(b'[') => list(b, at, depth + 1),
        Some(b'{') => object(b, at, depth + 1).map(|end| (end, Shape::of(Kind::Json))),
        Some(b't') => word(b, at, b"true").map(|end| (end, Shape::of(Kind::Bool))),
        Some(b'f') => word(b, at, b"false").map(|end| (end, Shape::of(Kind::Bool))),
        Some(b'n') => word(b, at, b"null").map(|end| (end, Shape::of(Kind::Null))),
        Some(_) => bad(at, "expected a value"),
        None => Err(Stop::More),
    }
}

fn list(b: &[u8], open: usize, depth: usize) -> Step<(usize, Shape)> {
    if depth > DEPTH_MAX {
        return bad(open, "lists and objects lie too deep in each other");
    }
    let (mut at, first) = peek(b, open + 1)?;
    let mut items = Shape::of(Kind::Null);
    if first == b']' {
        return Ok((at + 1, items.in_list()));
    }
    loop {
        let (end, shape) = value(b, at, depth)?;
        items = items.join(shape);
        let (next, closed) = comma_or(b, end, b']')?;
        if closed {
            return Ok((next, items.in_list()));
        }
        at = peek(b, next)?.0;
    }
}

fn object(b: &[u8], open: usize, depth: usize) -> Step<usize> {
    members(b, open, |_, start| value(b, start, depth).map(|(end, _)| end), depth)
}

/// A member's key as it stands: the places of its quotes' insides, and whether it has escapes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escaped: bool,
}

/// Walks the object whose brace is at `open`; `each` is given key and value's place, and returns the value's end.
#[inline]
pub(super) fn members(
    b: &[u8],
    open: usize,
    mut each: impl FnMut(Key, usize) -> Step<usize>,
    depth: usize,
) -> Step<usize> {
    if depth > DEPTH_MAX {
        return bad(open, "lists and objects lie too deep in each other");
    }
    let (mut at, first) = peek(b, open + 1)?;
    if first == b'}' {
        return Ok(at + 1);
    }
    loop {
        if b[at] != b'"' {
            return bad(at, "expected a key");
        }
        let text = string(b, at)?;
        let key = Key { start: at + 1, end: text.end - 1, escaped: text.escaped };
        let colon = expect(b, text.end, b':', "expected `:`")?;
        let end = each(key, peek(b, colon)?.0)?;
        let (next, closed) = comma_or(b, end, b'}')?;
        if closed {
            return Ok(next);
        }
        at = peek(b, next)?.0;
    }
}

/// As [`value`], of a value that was checked before: only quotes and brackets are looked at.
pub(super) fn skip(b: &[u8], at: usize) -> Step<usize> {
    match b.get(at) {
        Some(b'"') => return skip_string(b, at),
        Some(b'{' | b'[') => {}
        _ => return value(b, at, 0).map(|(end, _)| end),
    }
    let (mut at, mut depth) = (at, 0_usize);
    loop {
        match b.get(at) {
            Some(b'"') => at = skip_string(b, at)? - 1,
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') if depth == 1 => return Ok(at + 1),
            Some(b'}' | b']') => depth -= 1,
            Some(_) => {}
            None => return Err(Stop::More),
        }
        at += 1;
    }
}

fn skip_string(b: &[u8], quote: usize) -> Step<usize> {
    let mut from = quote + 1;
    loop {
        let rest = b.get(from..).ok_or(Stop::More)?;
        let place = from + memchr2(b'"', b'\\', rest).ok_or(Stop::More)?;
        if b[place] == b'"' {
            return Ok(place + 1);
        }
        from = place + 2;
    }
}
