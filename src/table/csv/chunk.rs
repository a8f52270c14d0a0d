//! A block of a file as text, and places in it as places in the file.

use super::encoding::Encoding;
use super::tokens::Split;
use crate::Result;
use crate::table::{ReadAt, read};

/// A block of the file, as text.
pub(super) struct Chunk {
    /// Where it begins.
    pub(super) offset: u64,
    /// UTF-8, or the bytes of a one-byte encoding.
    pub(super) text: Vec<u8>,
    /// Whether what comes next is no letter.
    pub(super) bad: bool,
    /// Whether nothing comes next.
    pub(super) is_last: bool,
}

impl Chunk {
    /// Reads `len` bytes from `offset`, as text.
    pub(super) fn read(file: &dyn ReadAt, encoding: Encoding, offset: u64, len: usize) -> Result<Chunk> {
        let raw = read::read(file, offset, len)?;
        let (end, is_end) = (raw.len() as u64, offset + raw.len() as u64 >= file.len());
        let text = encoding.text(raw);
        let is_whole = !text.bad && encoding.raw_len(&text.bytes) == end;
        Ok(Chunk { offset, bad: text.bad || (is_end && !is_whole), text: text.bytes, is_last: is_end && is_whole })
    }

    pub(super) fn split(&self) -> Split<'_> {
        Split { text: &self.text, is_last: self.is_last, inside: false }
    }
}

/// Places in the text as places in the file, asked for in rising order.
pub(super) struct Ruler<'c> {
    chunk: &'c Chunk,
    encoding: Encoding,
    text: usize,
    raw: u64,
}

impl<'c> Ruler<'c> {
    pub(super) fn new(chunk: &'c Chunk, encoding: Encoding) -> Ruler<'c> {
        Ruler { chunk, encoding, text: 0, raw: chunk.offset }
    }

    #[inline]
    pub(super) fn at(&mut self, text: usize) -> u64 {
        self.raw += self.encoding.raw_len(&self.chunk.text[self.text..text]);
        self.text = text;
        self.raw
    }

    /// The same from the beginning, for a place that lies before others.
    pub(super) fn again(&self, text: usize) -> u64 {
        self.chunk.offset + self.encoding.raw_len(&self.chunk.text[..text])
    }
}
