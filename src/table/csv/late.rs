//! Quotes that a file has only behind the beginning by which its format was told.
//!
//! Nothing said then whether they are quotes or letters. Where the first of them
//! stands tells, and both readings of the whole file: the one without quotes is
//! taken only if all lines are rows of it, or more than of the other.

use super::chunk::Chunk;
use super::encoding::Encoding;
use super::index::Part;
use super::sniff::{self, ROWS};
use super::tokens::{Split, Stop, Syntax};
use super::unquoted::{is_sure, is_unquoted};
use super::{CsvFormat, Escape};
use crate::Result;
use crate::table::{Flow, ReadAt, read};

/// So many lines that an open quote would swallow say that it opens nothing.
const SWALLOWED_MIN: usize = 20;
/// As many lines before the first quote are looked at, too.
const BEFORE: usize = 3;

/// Where the first field is that begins with a quote, in a text that begins with a row.
pub(super) fn first(syntax: &Syntax, text: &[u8]) -> Option<usize> {
    let begins = |at: &usize| {
        let before = &text[..*at];
        let spaces = if syntax.padded { before.iter().rev().take_while(|byte| **byte == b' ').count() } else { 0 };
        match before[..at - spaces].last() {
            Some(byte) => *byte == syntax.delimiter || matches!(byte, b'\n' | b'\r'),
            None => true,
        }
    };
    memchr::memchr_iter(syntax.quote?, text).find(begins)
}

/// What speaks against quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// What stands around the first one.
    OfText,
    /// That the file cannot be read with them.
    OfTrouble,
}

impl Doubt {
    /// Whether the reading without quotes is the one to take.
    pub(super) fn is_for(self, bare: &Part, quoted: &Part) -> bool {
        let is_more = self == Doubt::OfText && !quoted.is_whole() && bare.marks.rows > quoted.marks.rows;
        bare.is_whole() || is_more
    }
}

/// Whether a file that was read with quotes may be one without.
///
/// # Errors
/// Those of reading.
pub(super) fn doubt(file: &dyn ReadAt, format: &CsvFormat, quoted: &Part) -> Result<Option<Doubt>> {
    let Some(at) = quoted.quote.filter(|_| format.escape == Escape::Doubled) else { return Ok(None) };
    if was_seen(file, format, at)? {
        return Ok(None);
    }
    let chunk = Chunk::read(file, format.encoding, row_before(file, format, at)?, sniff::HEAD)?;
    let syntax = format.syntax();
    let (text, is_last) = (chunk.text.as_slice(), chunk.is_last);
    let with = sniff::tried(text, is_last, syntax);
    let without = sniff::tried(text, is_last, Syntax { quote: None, ..syntax });
    let is_swallowed = || {
        let stop = syntax.split(&Split { text, is_last, inside: false }, |_, _| Flow::More);
        let (Stop::Cut(open) | Stop::Unclosed(open)) = stop else { return false };
        let lines = memchr::memchr2_iter(b'\n', b'\r', &text[open..]).count();
        lines >= SWALLOWED_MIN && without.width > 1 && is_sure(text, &without)
    };
    if is_unquoted(text, is_last, &with, &without) || is_swallowed() {
        return Ok(Some(Doubt::OfText));
    }
    Ok((!quoted.is_whole()).then_some(Doubt::OfTrouble))
}

/// Whether the row at a place is among those by which the format was told: as a whole, the last one is cut.
fn was_seen(file: &dyn ReadAt, format: &CsvFormat, at: u64) -> Result<bool> {
    let head = (sniff::HEAD as u64).min(file.len());
    if at >= head {
        return Ok(false);
    }
    let start = format.start(file)?.min(at);
    let seen = read::read(file, start, (head - start) as usize)?;
    let (before, behind) = seen.split_at((at - start) as usize);
    let is_cut = head < file.len() && memchr::memchr(format.ending.last(), behind).is_none();
    Ok(!is_cut && memchr::memchr_iter(format.ending.last(), before).count() < ROWS)
}

/// How many bytes there are at a place of a letter that began before it.
fn inside_of_letter(file: &dyn ReadAt, format: &CsvFormat, from: u64) -> Result<u64> {
    let bytes = read::read(file, from, (file.len() - from).min(4) as usize)?;
    Ok(match format.encoding {
        Encoding::Utf8 => bytes.iter().take_while(|byte| **byte & 0xc0 == 0x80).count() as u64,
        // The second half of a letter of four bytes.
        Encoding::Utf16Le if bytes.get(1).is_some_and(|byte| byte & 0xfc == 0xdc) => 2,
        Encoding::Utf16Be if bytes.first().is_some_and(|byte| byte & 0xfc == 0xdc) => 2,
        _ => 0,
    })
}

/// Where a row begins that is a few before the one at `at`, all of them without quotes.
fn row_before(file: &dyn ReadAt, format: &CsvFormat, at: u64) -> Result<u64> {
    let body = format.start(file)?;
    let from = at.saturating_sub(sniff::HEAD as u64 / 2).max(body);
    // Letters of two bytes begin at even places behind the mark.
    let from = if format.encoding.is_wide() { from - (from - body) % 2 } else { from };
    let from = from + inside_of_letter(file, format, from)?;
    let chunk = Chunk::read(file, format.encoding, from, (at - from) as usize)?;
    let ends = memchr::memrchr_iter(format.ending.last(), &chunk.text);
    let end = ends.take(BEFORE + 1).last();
    Ok(end.map_or(from, |end| from + format.encoding.raw_len(&chunk.text[..=end])))
}
