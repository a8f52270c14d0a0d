//! Going to a row: to the noted row before it, and on from there.

use super::cell;
use super::index::{RowsFound, STRIDE};
use super::shape::{Kind, Shape};
use super::text::{self, Step, comma_or, members, peek};
use super::window::{Trouble, Window};
use crate::model::Value;
use crate::{Error, Result};

/// How much is read at once to look at single rows, in bytes.
pub(super) const STEP: usize = 1 << 14;

/// A place among the rows of a table, which moves forward cheaply.
#[derive(Debug)]
pub(super) struct Locator<'w, 'a> {
    window: &'w mut Window<'a>,
    rows: &'w RowsFound,
    /// The row that `at` is the beginning of.
    row: u64,
    at: u64,
    /// Where the row before ends, if that one was passed.
    end_before: Option<u64>,
}

impl<'w, 'a> Locator<'w, 'a> {
    pub(super) fn new(window: &'w mut Window<'a>, rows: &'w RowsFound) -> Locator<'w, 'a> {
        Locator { window, rows, row: u64::MAX, at: 0, end_before: None }
    }

    /// Goes to a row; returns where it begins.
    pub(super) fn seek(&mut self, row: u64) -> Result<u64> {
        if row >= self.rows.count {
            return Err(Error::not_found("row", row));
        }
        if self.row > row || row - self.row > STRIDE {
            let place = row / STRIDE;
            let start = self.rows.starts.get(place as usize);
            self.at = *start.ok_or_else(|| Error::corrupt("the index of a JSON file", "it ends too early"))?;
            self.row = place * STRIDE;
            self.end_before = None;
        }
        while self.row < row {
            let (end, next) = self.window.read(self.at, next).map_err(Trouble::into_error)?;
            self.end_before = Some(self.at + end as u64);
            self.at += next as u64;
            self.row += 1;
        }
        Ok(self.at)
    }

    /// Where the row before this one ends, which is not the first.
    pub(super) fn end_before(&mut self, row: u64) -> Result<u64> {
        self.seek(row)?;
        match self.end_before {
            Some(end) => Ok(end),
            None => self.span(row - 1).map(|(_, end)| end),
        }
    }

    /// Goes to a row and reads it; `read` is given the bytes from its beginning on.
    pub(super) fn read<T>(&mut self, row: u64, read: impl FnMut(&[u8]) -> Step<T>) -> Result<T> {
        let at = self.seek(row)?;
        self.window.read(at, read).map_err(Trouble::into_error)
    }

    /// The row's own bytes and where they begin.
    pub(super) fn bytes(&mut self, row: u64) -> Result<(u64, Vec<u8>)> {
        let bytes = self.read(row, |b| text::skip(b, 0).map(|end| b[..end].to_vec()))?;
        Ok((self.at, bytes))
    }

    /// Where the row begins and ends.
    pub(super) fn span(&mut self, row: u64) -> Result<(u64, u64)> {
        let len = self.read(row, |b| text::skip(b, 0))?;
        Ok((self.at, self.at + len as u64))
    }

    /// The key of a row as text: what its member `key_name` says.
    pub(super) fn key(&mut self, row: u64, key_name: &str) -> Result<String> {
        self.read(row, |b| key_of(b, key_name))
    }
}

/// The distance from the beginning of one row to its end, and to the next.
pub(super) fn next(b: &[u8]) -> Step<(usize, usize)> {
    let end = text::skip(b, 0)?;
    match comma_or(b, end, b']')? {
        (_, true) => text::bad(end, "there are fewer rows than there were"),
        (next, false) => peek(b, next).map(|(at, _)| (end, at)),
    }
}

pub(super) fn key_of(b: &[u8], key_name: &str) -> Step<String> {
    let mut found = String::new();
    let each = |key, at| {
        let end = text::skip(b, at)?;
        if cell::key_text(b, key) == key_name {
            let shape = if b[at] == b'"' { Kind::Text } else { Kind::Int };
            found = match cell::value(b, at, Shape::of(shape))?.0 {
                Value::Text(text) => text,
                other => other.to_string(),
            };
        }
        Ok(end)
    };
    members(b, 0, each, 0)?;
    Ok(found)
}

/// Notes the first row that really has the key of an earlier one, among the pairs that seem to.
pub(super) fn first_of_two(
    window: &mut Window<'_>,
    mut rows: RowsFound,
    twice: &[(u64, u64)],
    key_name: &str,
) -> Result<RowsFound> {
    let mut flaw = None;
    let mut locator = Locator::new(window, &rows);
    for (row, earlier) in twice {
        let key = locator.key(*row, key_name)?;
        if key == locator.key(*earlier, key_name)? {
            flaw =
                Some((locator.seek(*row)?, format!("a second row has {key_name} {key}, so neither is edited by it")));
            break;
        }
    }
    rows.flaw = rows.flaw.or(flaw);
    Ok(rows)
}
