//! An object opened for reading.
use std::fs::File;
use bytes::Bytes;
use crate::Result;

/// An object's bytes, readable anywhere; from the log in memory, from a file memory-mapped.
#[derive(Clone, Debug)]
pub struct Object { bytes: Bytes }

impl Object {
    /// An object held in memory, whose bytes were verified or are about to be.
    pub fn from_bytes(bytes: Bytes) -> Object { Object { bytes } }
    /// Its length in bytes.
    pub fn len(&self) -> u64 { self.bytes.len() as u64 }
    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool { self.len() == 0 }
    /// Returns exactly the bytes `offset..offset + len`, verified at the first touch.
    /// # Errors
    /// `Corrupt` when they are not the object's or the range is beyond its end.
    pub fn slice(&self, offset: u64, len: usize) -> Result<&[u8]> { let _ = (offset, len); todo!() }
    /// Fills `buffer` from `offset`; returns fewer bytes only at the end of the object.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> { let _ = (buffer, offset); todo!() }
    /// The object's own file where it has one: what passthrough and reflink need.
    pub fn file(&self) -> Option<&File> { todo!() }
}
