//! Buffers for reads: a few are kept, so that a read neither asks the system for memory nor clears it.

use std::sync::{Mutex, PoisonError};

/// How many are kept when nobody uses them; the rest goes back to the system.
const KEPT_MAX: usize = 4;

/// Buffers that are lent for one request each.
#[derive(Debug, Default)]
pub struct Buffers {
    free: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    /// A buffer of at least `len` bytes, with whatever the last reader left in it.
    pub fn take(&self, len: usize) -> Vec<u8> {
        let mut buffer = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        buffer
    }

    /// Takes a buffer back.
    pub fn give_back(&self, buffer: Vec<u8>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT_MAX {
            free.push(buffer);
        }
    }
}
