//! Reading a part of a file whole.

use super::ReadAt;
use crate::Result;

/// Reads `len` bytes from `offset`; fewer only at the end of the file.
///
/// # Errors
/// Those of the file.
pub(super) fn read(file: &dyn ReadAt, offset: u64, len: usize) -> Result<Vec<u8>> {
    let left = usize::try_from(file.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len.min(left)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads how a file begins: at most `len` bytes.
///
/// # Errors
/// Those of the file.
pub fn head(file: &dyn ReadAt, len: usize) -> Result<Vec<u8>> {
    read(file, 0, len)
}

/// The ASCII letter that these bytes are, if they are one.
pub(super) type Letter = fn(&[u8]) -> Option<u8>;

/// Where a byte is: its line, counted by line ends of any kind, and its place in the line, both from 1.
///
/// `unit` is how many bytes `letter` takes.
///
/// # Errors
/// Those of the file.
pub(super) fn position(file: &dyn ReadAt, offset: u64, letter: Letter, unit: usize) -> Result<(u64, u64)> {
    let (mut at, mut line, mut start, mut before) = (0, 1, 0, None);
    while at < offset {
        let len = (offset - at).min(1 << 20) as usize;
        let bytes = read(file, at, len)?;
        if bytes.is_empty() {
            break;
        }
        for one in bytes.chunks(unit) {
            let now = letter(one);
            at += one.len() as u64;
            match (before, now) {
                (Some(b'\r'), Some(b'\n')) => start = at,
                (_, Some(b'\n' | b'\r')) => (line, start) = (line + 1, at),
                _ => {}
            }
            before = now;
        }
    }
    Ok((line, offset - start.min(offset) + 1))
}
