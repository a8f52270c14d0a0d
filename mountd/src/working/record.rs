//! What a working state is made of, as values: inodes, and the records that change it.
//!
//! The records are physical: each says what an inode or a name *is* from now
//! on. So a journal is replayed by doing them again, a whole state is written
//! as the records that make it, and doing one twice does no harm.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use veneer::base::Row;
use veneer::dataset::LaidOver;
use veneer::model::{Change, Extent, FileChange, Id};

/// The number of an inode: of one that was made here, or of a row of the base as one folder tree shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ino(pub u64);

/// One showing of the base's entries: 0 is the base in its own place, each moved or copied folder is another.
pub type Showing = u32;

const MADE: u64 = 1 << 63;
/// What is in `.veneer/` has numbers of its own, which no journal knows.
pub const EXTRA: u64 = 1 << 62;
const ROW_BITS: u32 = 32;

impl Ino {
    /// The top folder's.
    pub const ROOT: Ino = Ino(1);

    /// The number of a row in a showing.
    pub fn of_row(showing: Showing, row: Row) -> Ino {
        // One more than the row, in 33 bits: 0 is no inode's number.
        Ino((u64::from(showing) << (ROW_BITS + 1)) | (u64::from(row) + 1))
    }

    /// The number of the `count`-th inode that was made.
    pub fn of_made(count: u64) -> Ino {
        Ino(MADE | count)
    }

    /// The row that it is, if it is one.
    pub fn row(self) -> Option<(Showing, Row)> {
        if self.0 & (MADE | EXTRA) != 0 {
            return None;
        }
        let row = (self.0 & ((1 << (ROW_BITS + 1)) - 1)).checked_sub(1)?;
        Some((Showing::try_from(self.0 >> (ROW_BITS + 1)).ok()?, Row::try_from(row).ok()?))
    }

    /// How many were made before it, if it was made.
    pub fn made(self) -> Option<u64> {
        (self.0 & MADE != 0).then_some(self.0 & !MADE)
    }
}

/// Nanoseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Last read, as far as somebody said so.
    pub accessed: i64,
    /// Last modification of the content.
    pub modified: i64,
    /// Last change of anything.
    pub changed: i64,
}

/// A file, folder or symbolic link of a working state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inode {
    /// Permission bits.
    pub mode: u32,
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
    /// Of a file with a scratch file, the modification time is that one's.
    pub times: Times,
    /// The names that it has; of a folder, 1 while it has one.
    pub links: u32,
    /// What it is.
    pub what: What,
    /// Extended attributes.
    pub extended: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What an inode is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A folder.
    Folder {
        /// The folder that it is in; the root's is the root.
        parent: Ino,
        /// The base's folder whose children show in it, in this showing.
        below: Option<(Showing, Row)>,
    },
    /// A regular file.
    File(Bytes),
    /// A symbolic link to this.
    Link(Vec<u8>),
    /// Nothing that shows: this is said of its name, an excluded image's, and nobody else may have that.
    Hidden(Change),
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bytes {
    /// They are those of the base's file.
    Row(Row),
    /// They are a blob of so many bytes.
    Blob(Id, u64),
    /// They are the base's file with ranges replaced; so many bytes in all.
    Spliced(Row, Vec<Extent>, u64),
    /// They are in the scratch file of this number, and may be written.
    Scratch(u64),
    /// Edits of rows, by the root of their tree, laid over other bytes; and how many bytes that gives.
    Rows(Box<Bytes>, Id, u64),
}

/// One change of a working state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// The inode is this.
    Put(Ino, Inode),
    /// The inode is gone: no name and no program has it any more.
    Drop(Ino),
    /// The name in a folder is this inode's, or nobody's.
    Name(Ino, Vec<u8>, Option<Ino>),
    /// Nothing is said of the name: it is what the base has there.
    Unsaid(Ino, Vec<u8>),
    /// All that was said up to here is in the store, and the state began anew from that.
    Settled(Settled),
    /// As [`Record::Name`], at this place in the order of the folder's names.
    NameAt(Ino, Vec<u8>, Option<Ino>, u64),
    /// The request of this number is done, and this inode is what it made.
    Done(u64, Option<Ino>),
    /// Another mount begins: what has no name is gone, and no request of before comes again.
    Began,
    /// The kernel must forget these names and inodes, which were changed behind its back.
    Untold(Vec<(Ino, Vec<u8>)>, Vec<Ino>),
    /// It was told all that it must forget.
    Told,
    /// What is known of a file that was replaced behind the back of those who have it open; `None`: no more.
    Held(Ino, Option<Box<Held>>),
}

/// A file whose name shows what others edited it to, while a program may still write to what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Who has its name now.
    pub heir: Ino,
    /// What of its bytes is in the draft: what was written since is laid over the draft by that.
    pub before: FileChange,
    /// Whether the kernel does not know it any more, as far as this process was told.
    #[serde(skip)]
    pub forgotten: bool,
    /// What that was laid over, if it was by this process.
    #[serde(skip)]
    pub over: Option<LaidOver>,
}

/// What a working state was last known to be in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The revision that the draft is based on.
    pub revision: Id,
    /// The base of all rows.
    pub base: Id,
    /// The overlay, by its root node.
    pub overlay: Option<Id>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_which_row_it_is_in_which_showing() {
        assert_eq!(Ino::of_row(0, 0), Ino::ROOT);
        for (showing, row) in [(0, 0), (0, Row::MAX), (1, 0), (7, 9), (1 << 28, Row::MAX)] {
            assert_eq!(Ino::of_row(showing, row).row(), Some((showing, row)));
            assert_eq!(Ino::of_row(showing, row).made(), None);
        }
        assert_eq!((Ino::of_made(5).row(), Ino::of_made(5).made()), (None, Some(5)));
        assert_eq!(Ino(0).row(), None);
    }
}
