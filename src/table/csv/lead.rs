//! Lines before the header or the first row that are neither: Excel's `sep=;`, comments, counts.

use super::chunk::Chunk;
use super::encoding::Encoding;
use super::index::ROW_MAX;
use super::kind;
use crate::Result;
use crate::table::ReadAt;

const READ_MIN: usize = 64 << 10;

/// Where what comes after so many lines from `start` on begins in a file.
pub(super) fn end(file: &dyn ReadAt, encoding: Encoding, start: u64, lines: usize) -> Result<u64> {
    let mut want = if lines == 0 { 0 } else { READ_MIN };
    while want > 0 {
        let chunk = Chunk::read(file, encoding, start, want)?;
        let is_all = chunk.is_last || chunk.bad || want >= ROW_MAX;
        if let Some(at) = behind(&chunk.text, lines).or(is_all.then_some(chunk.text.len())) {
            return Ok(start + encoding.raw_len(&chunk.text[..at]));
        }
        want *= 4;
    }
    Ok(start)
}

/// Where what comes after so many lines begins; `None` if there are not so many that end.
pub(super) fn behind(text: &[u8], lines: usize) -> Option<usize> {
    let mut at = 0;
    for _ in 0..lines {
        let end = at + text[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
        at = end + if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
    }
    Some(at)
}

fn line(text: &[u8]) -> &[u8] {
    text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default()
}

/// The delimiter that a first line names which has nothing else: `sep=;`.
pub(super) fn separator(text: &[u8]) -> Option<u8> {
    match line(text) {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if delimiter.is_ascii() => Some(*delimiter),
        _ => None,
    }
}

/// How many lines from here on are comments.
pub(super) fn comments(text: &[u8]) -> usize {
    let (mut at, mut lines) = (0, 0);
    while text[at..].starts_with(b"#") && !is_column(&text[at..]) {
        let Some(len) = behind(&text[at..], 1) else { break };
        (at, lines) = (at + len, lines + 1);
    }
    lines
}

/// Whether a line that begins with `#` has that as the name of its first column: a delimiter follows.
fn is_column(text: &[u8]) -> bool {
    let mut rest = line(text).iter().skip(1).skip_while(|byte| **byte == b' ');
    matches!(rest.next(), Some(b',' | b'\t' | b';' | b'|'))
}

/// How many rows and columns of numbers the first line says that there are, before the names of classes, as
/// scikit-learn's own files begin: `150,4,setosa,versicolor,virginica`.
pub(super) fn counts(text: &[u8]) -> Option<(u64, usize)> {
    let mut fields = line(text).split(|byte| *byte == b',');
    let mut count = || fields.next().and_then(kind::int).and_then(|count| u64::try_from(count).ok());
    let (rows, columns) = (count()?, count()?);
    let mut names = fields.peekable();
    let is_named = names.peek().is_some() && names.all(|name| !name.is_empty() && kind::float(name).is_none());
    is_named.then_some((rows, usize::try_from(columns).ok()?))
}
