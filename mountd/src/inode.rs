//! Inode numbers: computed from what they stand for, and never used for anything else.
//!
//! An inode is a (path, content) pair. A number below 2^63 is a place in a
//! base: `generation << 40 | row + 1`, where the generation counts the bases
//! that this mount moved through; so a million files cost no memory. What an
//! overlay makes has a number above 2^63, a hash of path and content, and is
//! remembered here for as long as the kernel knows the number.
//!
//! In a mount of many revisions a folder has one number for each of them: see
//! [`crate::many::numbers`]. Nothing else may be put into a number: after a restart the same numbers
//! must come out of the same view.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use veneer::base::Row;
use veneer::model::Id;
use veneer::{Error, Result};

const ROW_BITS: u32 = 40;
const MADE: u64 = 1 << 63;

/// An inode number; the kernel's node id too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub u64);

/// What a number says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The top folder, of whatever base.
    Root,
    /// A row of one of the bases.
    Base {
        /// Which of the bases.
        generation: usize,
        /// Where in it.
        row: Row,
    },
    /// Something that must have been remembered.
    Made,
    /// No number that was ever given out.
    Nothing,
}

impl Number {
    /// The top folder's.
    pub const ROOT: Number = Number(1);

    /// The number of a base's row; of any base's first row, the root's.
    pub fn of_row(generation: usize, row: Row) -> Number {
        if row == 0 { Number::ROOT } else { Number((generation as u64) << ROW_BITS | (u64::from(row) + 1)) }
    }

    /// The number of what an overlay made.
    pub fn of_made(identity: &Identity) -> Number {
        let mut first = [0; 8];
        first.copy_from_slice(&identity.0.as_bytes()[..8]);
        Number(MADE | u64::from_le_bytes(first))
    }

    /// Whether it is a hash, of what must have been remembered.
    pub fn is_made(self) -> bool {
        self.0 & MADE != 0
    }

    /// Reads a number that the kernel hands back.
    pub fn reading(self) -> Reading {
        if self == Number::ROOT {
            return Reading::Root;
        }
        if self.is_made() {
            return Reading::Made;
        }
        let generation = (self.0 >> ROW_BITS) as usize;
        match (self.0 & ((1 << ROW_BITS) - 1)).checked_sub(1).map(Row::try_from) {
            Some(Ok(row)) => Reading::Base { generation, row },
            _ => Reading::Nothing,
        }
    }
}

/// What makes two things that an overlay made the same: the hash of path and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(Id);

impl Identity {
    /// Hashes the parts; where one ends and the next begins counts.
    pub fn of(parts: &[&[u8]]) -> Identity {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        Identity(Id::of(&bytes))
    }
}

/// The numbers above 2^63 that the kernel knows, and what they stand for.
#[derive(Debug)]
pub struct MadeTable<T> {
    rows: Mutex<HashMap<Number, Made<T>>>,
}

#[derive(Debug)]
struct Made<T> {
    what: Arc<T>,
    identity: Identity,
    lookups: u64,
}

impl<T> Default for MadeTable<T> {
    fn default() -> Self {
        MadeTable { rows: Mutex::default() }
    }
}

impl<T> MadeTable<T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<Number, Made<T>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts that the kernel is told of the number once more.
    ///
    /// # Errors
    /// `Corrupt` when two different things have the same number: an error is better than wrong bytes.
    pub fn remember(&self, identity: Identity, what: impl FnOnce() -> T) -> Result<Number> {
        let number = Number::of_made(&identity);
        let mut rows = self.lock();
        let made = rows.entry(number).or_insert_with(|| Made { what: Arc::new(what()), identity, lookups: 0 });
        if made.identity != identity {
            return Err(Error::corrupt(format!("inode number {:x}", number.0), "two things have it"));
        }
        made.lookups += 1;
        Ok(number)
    }

    /// Remembers what the kernel may have been told of by a process before this one; no lookup is counted.
    pub fn recover(&self, identity: Identity, what: T) {
        let number = Number::of_made(&identity);
        self.lock().entry(number).or_insert_with(|| Made { what: Arc::new(what), identity, lookups: 0 });
    }

    /// Counts that the kernel has forgotten the number `times` times.
    pub fn forget(&self, number: Number, times: u64) {
        let mut rows = self.lock();
        if let Some(made) = rows.get_mut(&number) {
            made.lookups = made.lookups.saturating_sub(times);
            if made.lookups == 0 {
                rows.remove(&number);
                // A walk over a big overlay must not leave its table behind.
                if rows.capacity() > 1024 && rows.len() < rows.capacity() / 4 {
                    rows.shrink_to_fit();
                }
            }
        }
    }

    /// What the number stands for.
    pub fn find(&self, number: Number) -> Option<Arc<T>> {
        self.lock().get(&number).map(|made| Arc::clone(&made.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_back_from_its_number() {
        for (generation, row) in [(0, 1), (0, Row::MAX), (1, 1), (7, 12_345_678), ((1 << 23) - 1, Row::MAX)] {
            let number = Number::of_row(generation, row);
            assert_eq!(number.reading(), Reading::Base { generation, row });
        }
        assert_eq!(Number::of_row(5, 0).reading(), Reading::Root);
        assert_eq!(Number(0).reading(), Reading::Nothing);
        assert_eq!(Number(1 << 40).reading(), Reading::Nothing);
    }

    #[test]
    fn what_is_made_is_told_apart_by_every_part() {
        let numbers = [&[b"a" as &[u8], b"bc"][..], &[b"ab", b"c"], &[b"abc"], &[b"a", b"bc", b""]].map(Identity::of);
        for (i, one) in numbers.iter().enumerate() {
            assert_eq!(Number::of_made(one).reading(), Reading::Made);
            assert!(numbers.iter().skip(i + 1).all(|other| other != one));
        }
    }

    #[test]
    fn a_made_number_is_kept_until_it_is_forgotten_as_often_as_it_was_told() {
        let table = MadeTable::default();
        let identity = Identity::of(&[b"x"]);
        let number = table.remember(identity, || "x").expect("no clash");
        assert_eq!(table.remember(identity, || "never asked").expect("no clash"), number);
        table.forget(number, 1);
        assert_eq!(table.find(number).as_deref(), Some(&"x"));
        table.forget(number, 1);
        assert_eq!(table.find(number), None);
        table.forget(number, 1);
        table.recover(identity, "x");
        assert_eq!(table.remember(identity, || "never asked").expect("no clash"), number);
        table.recover(identity, "never taken");
        assert_eq!(table.find(number).as_deref(), Some(&"x"));
        table.forget(number, 7);
        assert_eq!(table.find(number), None);
    }
}
