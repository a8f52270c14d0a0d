//! The numbers of folders, where the same path is a folder in many revisions.
//!
//! `1 << 62 | slot << 44 | generation << 33 | row + 1`: a slot is the folder of a
//! revision, and never used again. Folders that only an overlay has are a hash of
//! slot and number. Files and links keep the number that they have anywhere.

use veneer::base::Row;

use crate::inode::{Identity, Number, Reading};

const FOLDER: u64 = 1 << 62;
const ROW_BITS: u32 = 33;
const SLOT_SHIFT: u32 = 44;
/// How many bases the numbers of folders can tell apart.
pub const GENERATIONS_MAX: usize = 1 << (SLOT_SHIFT - ROW_BITS);
/// How many folders of revisions there can be in the life of a mount.
pub const SLOTS_MAX: u32 = 1 << (62 - SLOT_SHIFT);

/// A folder of one revision: the slot, and the number that it has in there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// The revision's folder.
    pub slot: u32,
    /// The number in there.
    pub number: Number,
}

/// The number of a folder, as the kernel is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outer {
    /// It says by itself what it stands for.
    Computed(Number),
    /// It must be remembered.
    Made(Identity),
}

impl Outer {
    /// The number itself.
    pub fn number(&self) -> Number {
        match self {
            Outer::Computed(number) => *number,
            Outer::Made(identity) => Number::of_made(identity),
        }
    }
}

impl Inner {
    /// The top folder of a slot.
    pub fn top(slot: u32) -> Inner {
        Inner { slot, number: Number::ROOT }
    }

    /// What the kernel knows it by.
    pub fn outer(self) -> Outer {
        let pack = |generation: usize, row: Row| {
            let place = (generation as u64) << ROW_BITS | (u64::from(row) + 1);
            Outer::Computed(Number(FOLDER | u64::from(self.slot) << SLOT_SHIFT | place))
        };
        match self.number.reading() {
            Reading::Root => pack(0, 0),
            Reading::Base { generation, row } => pack(generation, row),
            Reading::Made | Reading::Nothing => {
                Outer::Made(Identity::of(&[b"folder in", &self.slot.to_le_bytes(), &self.number.0.to_le_bytes()]))
            }
        }
    }

    /// Reads a number that says by itself what it stands for.
    pub fn of(number: Number) -> Option<Inner> {
        if number.is_made() || number.0 & FOLDER == 0 {
            return None;
        }
        let (slot, place) = ((number.0 & (FOLDER - 1)) >> SLOT_SHIFT, number.0 & ((1 << SLOT_SHIFT) - 1));
        let row = Row::try_from((place & ((1 << ROW_BITS) - 1)).checked_sub(1)?).ok()?;
        let number = Number::of_row((place >> ROW_BITS) as usize, row);
        Some(Inner { slot: u32::try_from(slot).ok()?, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_back_from_its_number_and_no_file_has_it() {
        for slot in [0, 1, SLOTS_MAX - 1] {
            for number in [Number::ROOT, Number::of_row(0, 7), Number::of_row(GENERATIONS_MAX - 1, Row::MAX)] {
                let inner = Inner { slot, number };
                let Outer::Computed(outer) = inner.outer() else { panic!("{inner:?} needs no memory") };
                assert_eq!(Inner::of(outer), Some(inner));
            }
        }
        for number in [Number::ROOT, Number::of_row(GENERATIONS_MAX, 7), Number(1 << 63 | FOLDER | 5), Number(FOLDER)] {
            assert_eq!(Inner::of(number), None, "{number:?}");
        }
    }

    #[test]
    fn one_folder_of_an_overlay_has_another_number_in_each_slot() {
        let number = Number::of_made(&Identity::of(&[b"x"]));
        let [one, other] = [1, 2].map(|slot| Inner { slot, number }.outer());
        assert!(matches!(one, Outer::Made(_)) && one.number() != other.number() && one.number() != number);
    }
}
