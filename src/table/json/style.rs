//! New text in the way that the file writes: separators of what stands there, numbers that did not change kept.

use super::cell::{self, items_of, string, unescape};
use super::text::{self, Key, Step};

/// How a file writes what has no example nearer by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hand {
    /// Between values, with the comma.
    pub(super) comma: Vec<u8>,
    /// Between key and value, with the colon.
    pub(super) colon: Vec<u8>,
    /// Whether letters beyond ASCII are written as escapes.
    pub(super) ascii: bool,
}

/// What may be kept of the old text of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// A number that is the same is one that reads the same: 3 and 3.0 differ.
    Exact,
    /// All are read as floating: 3 and 3.0 are the same, and new ones are to look like floating ones.
    Floating,
    /// As `Floating`, and the reader knows that without looking: where there was 3, 4 can be written.
    Loose,
}

impl Hand {
    /// Writes `new`, which is canonical JSON, in place of `old`.
    pub(super) fn rewrite(&self, new: &[u8], old: Option<&[u8]>, numbers: Numbers) -> Vec<u8> {
        let mut out = Vec::with_capacity(new.len() + 8);
        if self.value(new, old, numbers, &mut out).is_err() {
            // Old text that is no longer JSON has no style.
            out.clear();
            out.extend_from_slice(new);
        }
        out
    }

    fn value(&self, new: &[u8], old: Option<&[u8]>, numbers: Numbers, out: &mut Vec<u8>) -> Step<()> {
        match (new.first(), old.and_then(|old| old.first())) {
            (Some(b'['), first) => {
                let old = old.filter(|_| first == Some(&b'[')).map(pieces).transpose()?;
                self.sequence(&pieces(new)?, old.as_ref(), numbers, out)
            }
            (Some(b'{'), first) => {
                let new = pieces(new)?;
                let old = old.filter(|_| first == Some(&b'{')).map(pieces).transpose()?;
                let old = old.filter(|old| old.keys_are(&new));
                self.sequence(&new, old.as_ref(), numbers, out)
            }
            _ => {
                self.scalar(new, old, numbers, out);
                Ok(())
            }
        }
    }

    /// A list or an object: with the separators of the old one, the last of them for what is added.
    fn sequence(&self, new: &Pieces<'_>, old: Option<&Pieces<'_>>, numbers: Numbers, out: &mut Vec<u8>) -> Step<()> {
        let shape = old.filter(|old| !old.items.is_empty());
        out.push(new.open);
        if !new.items.is_empty() {
            out.extend_from_slice(shape.map_or(&b""[..], |old| old.before));
        }
        for (place, item) in new.items.iter().enumerate() {
            let before = shape.and_then(|old| old.items.get(place));
            if place > 0 {
                let last = || shape.and_then(|old| old.items.last()).map(|item| item.comma);
                let comma = before.map(|item| item.comma).or_else(last).filter(|comma| !comma.is_empty());
                out.extend_from_slice(comma.unwrap_or(&self.comma));
            }
            if let Some(key) = item.key {
                let colon = before.map_or(&self.colon[..], |item| item.colon);
                match before.and_then(|item| item.key) {
                    Some(old) => out.extend_from_slice(old),
                    None => string(&unescape(&key[1..key.len() - 1]), self.ascii, out),
                }
                out.extend_from_slice(colon);
            }
            self.value(item.value, before.map(|item| item.value), numbers, out)?;
        }
        // An empty one keeps the white space of an empty one.
        let after = if new.items.is_empty() { old.filter(|old| old.items.is_empty()) } else { shape };
        out.extend_from_slice(after.map_or(&b""[..], |old| old.after));
        out.push(if new.open == b'[' { b']' } else { b'}' });
        Ok(())
    }

    fn scalar(&self, new: &[u8], old: Option<&[u8]>, numbers: Numbers, out: &mut Vec<u8>) {
        if let Some(old) = old.filter(|old| is_same(new, old, numbers)) {
            out.extend_from_slice(old);
        } else if new.first() == Some(&b'"') {
            string(&unescape(&new[1..new.len() - 1]), self.ascii, out);
        } else {
            let was_whole = numbers == Numbers::Loose && old.is_some_and(is_whole);
            let short = new.strip_suffix(b".0").filter(|short| was_whole && *short != b"-0");
            out.extend_from_slice(short.unwrap_or(new));
        }
    }
}

fn is_whole(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
}

fn is_number(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'-' | b'0'..=b'9'))
}

fn is_same(new: &[u8], old: &[u8], numbers: Numbers) -> bool {
    if numbers != Numbers::Exact && is_number(new) && is_number(old) {
        return cell::float(new).to_bits() == cell::float(old).to_bits();
    }
    if matches!(old.first(), Some(b'[' | b'{')) {
        return false;
    }
    let mut canonical = Vec::new();
    cell::canonical_scalar(old, &mut canonical);
    canonical == new
}

/// A list or an object taken apart: every byte of it is in one of the parts.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    open: u8,
    /// White space after the bracket.
    pub(super) before: &'a [u8],
    pub(super) items: Vec<Piece<'a>>,
    /// White space before the closing bracket.
    pub(super) after: &'a [u8],
}

/// One item of a list, or one member of an object.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    /// What stands between the value before and this: white space and the comma; empty for the first.
    pub(super) comma: &'a [u8],
    /// With its quotes.
    pub(super) key: Option<&'a [u8]>,
    /// White space and the colon.
    pub(super) colon: &'a [u8],
    pub(super) value: &'a [u8],
    /// Where the value ends, from the opening bracket.
    pub(super) end: usize,
}

impl Pieces<'_> {
    fn keys_are(&self, other: &Pieces<'_>) -> bool {
        let key = |piece: &Piece<'_>| piece.key.map(|key| unescape(&key[1..key.len() - 1]).into_owned());
        self.items.len() == other.items.len() && self.items.iter().zip(&other.items).all(|(a, b)| key(a) == key(b))
    }
}

/// Takes a list or an object apart that was read before.
pub(super) fn pieces(b: &[u8]) -> Step<Pieces<'_>> {
    let mut items: Vec<Piece<'_>> = Vec::new();
    let mut last = 1;
    let mut add = |key: Option<Key>, at: usize| {
        let end = text::skip(b, at)?;
        let start = key.map_or(at, |key| key.start - 1);
        let (text, colon) = match key {
            Some(key) => (Some(&b[start..=key.end]), &b[key.end + 1..at]),
            None => (None, &b[..0]),
        };
        items.push(Piece { comma: &b[last..start], key: text, colon, value: &b[at..end], end });
        last = end;
        Ok(end)
    };
    let end = match b.first() {
        Some(b'{') => text::members(b, 0, |key, at| add(Some(key), at), 0)?,
        _ => items_of(b, 0, |at| add(None, at))?,
    };
    let before = items.first_mut().map_or(&b[1..1], |first| std::mem::take(&mut first.comma));
    Ok(Pieces { open: b[0], before, items, after: &b[last..end - 1] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(new: &str, old: &str, numbers: Numbers, written: &str) {
        let hand = Hand { comma: b", ".to_vec(), colon: b": ".to_vec(), ascii: false };
        let out = hand.rewrite(new.as_bytes(), Some(old.as_bytes()), numbers);
        assert_eq!(String::from_utf8_lossy(&out), written);
    }

    #[test]
    fn a_list_keeps_its_separators_and_the_numbers_that_did_not_change() {
        check("[1.0,2.5,3.0]", "[ 1,2.50 ,\t3 ]", Numbers::Loose, "[ 1,2.50 ,\t3 ]");
        check("[1.0,7.0,4.0,5.0]", "[1, 2.50,3]", Numbers::Loose, "[1, 7.0,4,5.0]");
        check("[4.0]", "[3]", Numbers::Floating, "[4.0]");
        check("[3]", "[3.0]", Numbers::Exact, "[3]");
        check("[[1,2],[3]]", "[]", Numbers::Exact, "[[1, 2], [3]]");
        check("[]", "[ 1 ]", Numbers::Exact, "[]");
    }

    #[test]
    fn an_object_with_the_same_keys_keeps_how_it_was_written() {
        check(r#"{"a":1,"b":"y"}"#, r#"{"\u0061":1 ,"b" :"x" }"#, Numbers::Exact, r#"{"\u0061":1 ,"b" :"y" }"#);
        check(r#"{"a":1,"c":[]}"#, r#"{"a":1}"#, Numbers::Exact, r#"{"a": 1, "c": []}"#);
        check("3", "{}", Numbers::Exact, "3");
    }
}
