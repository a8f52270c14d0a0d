//! What makes a request that the kernel sends twice be done once.
//!
//! Whoever takes over is asked again what was never answered, and some of it
//! was done: it is in the journal. To make a name again, or to remove it, would
//! be an error. So the frame of such a request has its number, and a request
//! that comes again is answered as the first time.

use std::collections::VecDeque;

use super::record::{Ino, Record};

/// The bit of a request's number that says that the kernel sends it again.
const AGAIN: u64 = 1 << 63;
/// How many are remembered: more than can be unanswered at a time.
const DONE_MAX: usize = 4096;

/// The number of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Unlike that of any other request of a mount.
    pub number: u64,
    /// Whether a process before this one may have done it.
    pub is_again: bool,
}

impl Asked {
    /// What is not a request, and so does not come again.
    pub const NEVER: Asked = Asked { number: 0, is_again: false };

    /// A number as the kernel gives it.
    pub fn new(unique: u64) -> Asked {
        Asked { number: unique & !AGAIN, is_again: unique & AGAIN != 0 }
    }

    /// Adds to the records of an operation that they are what was asked; `made` is the inode that came of it.
    pub fn note(self, records: &mut Vec<Record>, made: Option<Ino>) {
        if self != Asked::NEVER {
            records.push(Record::Done(self.number, made));
        }
    }
}

/// The requests that were done last.
#[derive(Debug, Default)]
pub struct Done {
    all: VecDeque<(u64, Option<Ino>)>,
}

impl Done {
    /// Remembers one.
    pub fn add(&mut self, number: u64, made: Option<Ino>) {
        if self.all.len() == DONE_MAX {
            self.all.pop_front();
        }
        self.all.push_back((number, made));
    }

    /// Whether it is one of them, and what was made.
    pub fn find(&self, asked: Asked) -> Option<Option<Ino>> {
        let found = || self.all.iter().rev().find(|(number, _)| *number == asked.number);
        asked.is_again.then(found).flatten().map(|(_, made)| *made)
    }

    /// Forgets all: what comes now is of another mount, with numbers of its own.
    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// All of them, as the records that say so.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        self.all.iter().map(|(number, made)| Record::Done(*number, *made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_found_when_it_comes_again_and_not_for_ever() {
        let mut done = Done::default();
        for number in 1..=DONE_MAX as u64 + 1 {
            done.add(number * 2, Some(Ino(number)));
        }
        let asked = Asked::new(AGAIN | 8);
        assert_eq!((done.find(asked), done.find(Asked::new(8))), (Some(Some(Ino(4))), None));
        assert_eq!(done.find(Asked::new(AGAIN | 2)), None, "the first is forgotten");
        done.clear();
        assert_eq!(done.find(asked), None);
    }
}
