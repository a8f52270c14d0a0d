//! The name of an object: the hash of its bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The name of an object: the BLAKE3 hash of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id([u8; 32]);

impl Id {
    /// The number of hexadecimal digits in a whole id.
    pub const HEX_LEN: usize = 64;
    /// The fewest hexadecimal digits by which a revision may be addressed.
    pub const PREFIX_MIN: usize = 7;

    /// Returns the id of `bytes`.
    pub fn of(bytes: &[u8]) -> Id {
        Id(*blake3::hash(bytes).as_bytes())
    }

    /// Returns the id with exactly these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Id {
        Id(bytes)
    }

    /// The hash itself.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads all 64 hexadecimal digits of an id, lower case.
    pub fn from_hex(text: &str) -> Result<Id> {
        let invalid = || Error::invalid("object id", text, "an id is 64 hexadecimal digits");
        let text = text.as_bytes();
        if text.len() != Self::HEX_LEN {
            return Err(invalid());
        }
        let mut id = [0; 32];
        for (byte, pair) in id.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |c: u8| match c {
                b'0'..=b'9' => Some(c - b'0'),
                b'a'..=b'f' => Some(c - b'a' + 10),
                _ => None,
            };
            let (high, low) = (digit(pair[0]), digit(pair[1]));
            *byte = high.zip(low).map(|(h, l)| h << 4 | l).ok_or_else(invalid)?;
        }
        Ok(Id(id))
    }

    /// All 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        let mut text = String::with_capacity(Self::HEX_LEN);
        for byte in self.0 {
            text.push(char::from_digit(u32::from(byte >> 4), 16).expect("a nibble"));
            text.push(char::from_digit(u32::from(byte & 15), 16).expect("a nibble"));
        }
        text
    }

    /// The first 12 hexadecimal digits: what a person is shown.
    pub fn short(self) -> String {
        let mut text = self.to_hex();
        text.truncate(12);
        text
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_back() {
        let id = Id::of(b"traffic");
        assert_eq!(Id::from_hex(&id.to_hex()).expect("own hex"), id);
        assert!(id.to_hex().starts_with(&id.short()));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "3f9c1a2", &"g".repeat(64), &"F".repeat(64), &"é".repeat(32)] {
            assert!(Id::from_hex(text).is_err(), "{text}");
        }
    }
}
