//! Rows between two noted ones, as they are in the file: who asks for one of them asks for the next.

use std::sync::OnceLock;

use super::index::{RowsFound, STRIDE};
use super::locate::{self, key_of, next};
use super::text::{self, Step};
use super::window::{Trouble, Window};
use crate::table::ReadAt;
use crate::{Error, Result};

/// A stretch that is longer than this is not held, in bytes: its rows are read one by one.
const LEN_MAX: u64 = 8 << 20;

/// Rows of one table.
#[derive(Debug)]
pub(super) struct Stretch {
    /// The table's place in the file.
    table: usize,
    /// Which of the table's stretches.
    number: u64,
    /// Where the first row begins.
    start: u64,
    bytes: Vec<u8>,
    /// Where each row begins and ends in these.
    spans: Vec<(usize, usize)>,
    keys: OnceLock<Vec<String>>,
}

impl Stretch {
    /// Reads the rows around `row`, which is there; `None` where these are too long.
    pub(super) fn around(file: &dyn ReadAt, table: usize, rows: &RowsFound, row: u64) -> Result<Option<Stretch>> {
        let number = row / STRIDE;
        let early = || Error::corrupt("the index of a JSON file", "it ends too early");
        let start = *rows.starts.get(number as usize).ok_or_else(early)?;
        // How long the last one is was not noted: about as long as others are.
        let next_start = rows.starts.get(number as usize + 1);
        let len = match (next_start, rows.starts.first()) {
            (Some(next), _) => next.saturating_sub(start),
            (None, Some(first)) if number > 0 => start.saturating_sub(*first) / number,
            _ => file.len().saturating_sub(start),
        };
        if len > LEN_MAX {
            return Ok(None);
        }
        let count = (rows.count - number * STRIDE).min(STRIDE);
        let mut spans = Vec::new();
        let step = if next_start.is_some() { (len as usize).max(1) } else { locate::STEP };
        let mut window = Window::new(file, step);
        let read = window.read(start, |b| {
            spans.clear();
            let mut at = 0;
            for left in (0..count).rev() {
                if left == 0 {
                    spans.push((at, text::skip(b, at)?));
                } else {
                    let (end, to_next) = next(&b[at..])?;
                    spans.push((at, at + end));
                    at += to_next;
                }
            }
            Ok(b[..spans.last().map_or(0, |(_, end)| *end)].to_vec())
        });
        let bytes = read.map_err(Trouble::into_error)?;
        Ok(Some(Stretch { table, number, start, bytes, spans, keys: OnceLock::new() }))
    }

    pub(super) fn has(&self, table: usize, row: u64) -> bool {
        (self.table, self.number) == (table, row / STRIDE)
    }

    /// Where one of its rows begins in the file, and its bytes.
    pub(super) fn row(&self, row: u64) -> (u64, &[u8]) {
        let (from, to) = self.spans[(row % STRIDE) as usize];
        (self.start + from as u64, &self.bytes[from..to])
    }

    /// The keys of its rows: what their member `name` says.
    pub(super) fn keys(&self, name: &str) -> Result<&[String]> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let key = |(from, to): &(usize, usize)| key_of(&self.bytes[*from..*to], name);
        let keys = self.spans.iter().map(key).collect::<Step<Vec<String>>>();
        let keys = keys.map_err(|_| Trouble::changed(self.start).into_error())?;
        Ok(self.keys.get_or_init(|| keys))
    }
}
