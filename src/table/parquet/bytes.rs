//! The file as the Parquet library reads it: by ranges, never as a whole.

use std::io::Read;

use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::table::ReadAt;
use crate::{Error, Result};

/// How many bytes are read at once where the library does not say how many it wants.
const READ_LEN: usize = 4 * 1024;

/// A file that the library's readers can hold, which want to own what they read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lent(&'static dyn ReadAt);

impl Lent {
    /// Lends a file.
    ///
    /// # Safety
    /// Neither the result nor anything that was made of it may live longer than `file`.
    pub(super) unsafe fn new(file: &dyn ReadAt) -> Lent {
        // SAFETY: only the lifetime changes, and the caller keeps to it.
        Lent(unsafe { std::mem::transmute::<&dyn ReadAt, &'static dyn ReadAt>(file) })
    }

    /// All bytes of a range.
    pub(super) fn range(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let end = offset.checked_add(len as u64);
        if end.is_none_or(|end| end > self.0.len()) {
            return Err(Error::corrupt("the Parquet file", "it points behind its own end"));
        }
        let mut bytes = vec![0; len];
        let mut at = 0;
        while at < len {
            match self.0.read_at(&mut bytes[at..], offset + at as u64)? {
                0 => return Err(Error::corrupt("the Parquet file", "it ends early")),
                read => at += read,
            }
        }
        Ok(bytes)
    }
}

impl Length for Lent {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Lent {
    type T = Reading;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Reading> {
        Ok(Reading { file: *self, offset: start, buffer: Vec::new(), at: 0 })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.range(start, length).map(Bytes::from).map_err(outside)
    }
}

/// An error of ours as one of the library's; [`inside`] gets it back.
fn outside(error: Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// An error of the library's as one of ours: ours, if it only passed through.
pub(super) fn inside(error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<Error>() {
            Ok(error) => *error,
            Err(cause) => Error::corrupt("the Parquet file", cause),
        },
        error => Error::corrupt("the Parquet file", error),
    }
}

/// As [`inside`], for what comes by way of Arrow.
pub(super) fn of_arrow(error: ArrowError) -> Error {
    match error {
        ArrowError::ExternalError(cause) => match cause.downcast::<ParquetError>() {
            Ok(error) => inside(*error),
            Err(cause) => match cause.downcast::<Error>() {
                Ok(error) => *error,
                Err(cause) => Error::corrupt("the Parquet file", cause),
            },
        },
        error => Error::corrupt("the Parquet file", error),
    }
}

/// Reading on from somewhere.
#[derive(Debug)]
pub(super) struct Reading {
    file: Lent,
    offset: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.buffer.len() {
            let left = self.file.0.len().saturating_sub(self.offset);
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(READ_LEN);
            self.buffer = self.file.range(self.offset, len).map_err(std::io::Error::other)?;
            (self.offset, self.at) = (self.offset + len as u64, 0);
        }
        let len = into.len().min(self.buffer.len() - self.at);
        into[..len].copy_from_slice(&self.buffer[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}
