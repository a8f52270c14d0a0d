//! A file seen through a window that moves forward, and is as wide as the value that is read needs.

use super::text::{Step, Stop};
use crate::table::{Problem, ReadAt};
use crate::{Error, Result};

/// As much is held at once, in bytes; what is stepped over may be longer, a row may not.
const HELD_MAX: usize = 256 << 20;

/// Where text is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// From the beginning of the file.
    pub(super) at: u64,
    /// Lower case, no full stop.
    pub(super) why: &'static str,
}

/// Why something could not be read.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The text is wrong.
    Flaw(Flaw),
    /// The file cannot be read.
    Error(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Error(error)
    }
}

impl Trouble {
    /// Bytes that were right when the rows were found.
    pub(super) fn changed(at: u64) -> Trouble {
        Trouble::Flaw(Flaw { at, why: "a row is not what it was" })
    }

    /// As an error: of text that was right when its rows were found.
    pub(super) fn into_error(self) -> Error {
        match self {
            Trouble::Error(error) => error,
            Trouble::Flaw(flaw) => Error::corrupt("the index of a JSON file", format!("{} at {}", flaw.why, flaw.at)),
        }
    }
}

/// Bytes of a file, read on as they are wanted.
#[derive(Debug)]
pub(super) struct Window<'a> {
    file: &'a dyn ReadAt,
    buffer: Vec<u8>,
    /// Where the buffer begins in the file.
    start: u64,
    /// How much is read at once, at least.
    step: usize,
}

impl<'a> Window<'a> {
    pub(super) fn new(file: &'a dyn ReadAt, step: usize) -> Window<'a> {
        Window { file, buffer: Vec::new(), start: 0, step }
    }

    /// Calls `read` with the bytes from `at` on, and with more of them for as long as it asks.
    ///
    /// Going back is possible and reads anew.
    #[inline]
    pub(super) fn read<T>(
        &mut self,
        at: u64,
        mut read: impl FnMut(&[u8]) -> Step<T>,
    ) -> std::result::Result<T, Trouble> {
        loop {
            if let Some(bytes) = self.bytes(at) {
                match read(bytes) {
                    Ok(value) => return Ok(value),
                    Err(Stop::Bad { at: place, why }) => {
                        return Err(Trouble::Flaw(Flaw { at: at + place as u64, why }));
                    }
                    Err(Stop::More) => {}
                }
            }
            if self.bytes(at).is_some_and(|held| held.len() >= HELD_MAX) {
                return Err(Trouble::Flaw(Flaw { at, why: "a row of more than 256 MiB" }));
            }
            if !self.extend(at)? {
                return Err(Trouble::Flaw(Flaw { at: self.file.len().max(at), why: "the file ends too early" }));
            }
        }
    }

    fn bytes(&self, at: u64) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.buffer.get(from..)
    }

    /// Reads on; false at the end of the file.
    fn extend(&mut self, at: u64) -> Result<bool> {
        let end = self.start + self.buffer.len() as u64;
        if at < self.start || at > end {
            self.buffer.clear();
        } else {
            self.buffer.drain(..(at - self.start) as usize);
        }
        self.start = at;
        let old = self.buffer.len();
        let left = self.file.len().saturating_sub(at + old as u64);
        // Twice as much each time, so that a long value is not read over and over.
        let wanted = self.step.max(old).min(usize::try_from(left).unwrap_or(usize::MAX));
        self.buffer.resize(old + wanted, 0);
        let mut filled = old;
        while filled < self.buffer.len() {
            match self.file.read_at(&mut self.buffer[filled..], at + filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        self.buffer.truncate(filled);
        Ok(filled > old)
    }
}

/// A flaw, with its line and column.
pub(super) fn problem(file: &dyn ReadAt, at: u64, why: String) -> Result<Problem> {
    let mut buffer = vec![0; 1 << 16];
    let (mut line, mut line_start, mut from) = (1, 0, 0);
    while from < at {
        let wanted = buffer.len().min(usize::try_from(at - from).unwrap_or(usize::MAX));
        let count = file.read_at(&mut buffer[..wanted], from)?;
        if count == 0 {
            break;
        }
        for newline in memchr::memchr_iter(b'\n', &buffer[..count]) {
            line += 1;
            line_start = from + newline as u64 + 1;
        }
        from += count as u64;
    }
    Ok(Problem { line, column: at - line_start + 1, why })
}
