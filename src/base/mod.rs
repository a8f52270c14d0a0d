//! The immutable index of a source at one moment.
//!
//! A base is one Arrow file, memory-mapped: opening it costs the same for ten
//! files and ten million, and no file takes heap. [`encode`] makes it of a scan;
//! [`compare`] tells two of them apart. What the bytes are is in `docs/FORMAT.md`.
//!
//! The bytes are those that were written, which the store sees to; but who wrote
//! them is another question. So every value is checked when it is read: nonsense
//! is an error, never a panic, an endless walk or a path that leads out.

mod build;
mod columns;
pub mod compare;
mod layout;
mod list;
mod small;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod model_tests;

use std::fmt;
use std::ops::Range;

pub use build::{encode, store};
pub use list::{Listed, Listing};

use columns::kind_of;
use layout::{Layout, Text};

use crate::model::{DataPath, Entry, Id};
use crate::store::{Object, Store};
use crate::{Error, Result};

/// The number of an entry: its place in breadth-first order; the root is 0.
pub type Row = u32;

/// The longest path that a source can have, in bytes: Linux's `PATH_MAX`, for one with a slash at its end.
const PATH_LEN_MAX: usize = 4096;

/// An index, memory-mapped: opening it costs the same for ten files and ten million.
#[derive(Debug)]
pub struct Base {
    id: Id,
    object: Object,
    layout: Layout,
}

impl Base {
    /// The top folder's row.
    pub const ROOT: Row = 0;

    /// Opens the base `id` of `store`.
    ///
    /// # Errors
    /// `NotFound` when the store has no such object, `Corrupt` when it is no base, `StoreUnknown`
    /// when it is one of another format.
    pub fn open(store: &dyn Store, id: Id) -> Result<Base> {
        Base::from_object(id, store.open(id)?)
    }

    /// Opens the base whose bytes are `object`.
    pub fn from_object(id: Id, object: Object) -> Result<Base> {
        let layout = Layout::read(&object, &called(id))?;
        Ok(Base { id, object, layout })
    }

    /// Its id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// How many entries it has, the root included; so it is never 0.
    // A base that is empty does not exist, so a question for it would mislead.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> Row {
        self.layout.rows
    }

    /// Files, folders (the root not counted), symbolic links, and bytes of file content.
    pub fn totals(&self) -> Totals {
        self.layout.totals
    }

    /// What `stat` tells of an entry.
    pub fn entry(&self, row: Row) -> Result<Entry> {
        let [kind] = *self.value(self.layout.kind, row)?;
        Ok(Entry {
            kind: kind_of(kind).ok_or_else(|| self.broken(format_args!("row {row} is of kind {kind}")))?,
            size: u64::from_le_bytes(*self.value(self.layout.size, row)?),
            mtime_ns: i64::from_le_bytes(*self.value(self.layout.mtime, row)?),
            mode: u32::from(u16::from_le_bytes(*self.value(self.layout.mode, row)?)),
        })
    }

    /// Its name; empty for the root.
    pub fn name(&self, row: Row) -> Result<&[u8]> {
        let name = self.raw_name(row)?;
        if row == Base::ROOT {
            return Ok(b"");
        }
        checked_name(name).ok_or_else(|| self.broken(format_args!("the name of row {row} is none")))
    }

    /// The folder that holds it; the root's is the root.
    pub fn parent(&self, row: Row) -> Result<Row> {
        let parent = u32::from_le_bytes(*self.value(self.layout.parent, row)?);
        // A folder comes before its children, so whatever the bytes are, every climb ends.
        if parent < row || row == Base::ROOT && parent == Base::ROOT {
            return Ok(parent);
        }
        Err(self.broken(format_args!("row {row} has parent {parent}")))
    }

    /// The rows of a folder's children, in order of name; empty for what is no folder.
    pub fn children(&self, row: Row) -> Result<Range<Row>> {
        let count = u32::from_le_bytes(*self.value(self.layout.child_count, row)?);
        if count == 0 {
            return Ok(0..0);
        }
        let first = u32::from_le_bytes(*self.value(self.layout.first_child, row)?);
        let end = first.checked_add(count).filter(|&end| first > row && end <= self.len());
        let end = end.ok_or_else(|| self.broken(format_args!("row {row} has {count} children from row {first} on")))?;
        Ok(first..end)
    }

    /// Lists a folder's children in order of name, without the first `skip` of them.
    ///
    /// Much cheaper than asking for each: a thousand take some tens of microseconds.
    pub fn list(&self, folder: Row, skip: Row) -> Result<Listing<'_>> {
        let Range { start, end } = self.children(folder)?;
        Ok(Listing::new(self, folder, start.saturating_add(skip).min(end)..end))
    }

    /// The child of a folder with this name.
    pub fn child(&self, folder: Row, name: &[u8]) -> Result<Option<Row>> {
        let Range { mut start, mut end } = self.children(folder)?;
        while start < end {
            let middle = start + (end - start) / 2;
            match self.raw_name(middle)?.cmp(name) {
                std::cmp::Ordering::Less => start = middle + 1,
                std::cmp::Ordering::Greater => end = middle,
                std::cmp::Ordering::Equal if self.parent(middle)? == folder => return Ok(Some(middle)),
                std::cmp::Ordering::Equal => {
                    return Err(self.broken(format_args!("row {middle} is no child of row {folder}")));
                }
            }
        }
        Ok(None)
    }

    /// The entry with this path.
    pub fn find(&self, path: &DataPath) -> Result<Option<Row>> {
        let mut row = Base::ROOT;
        for name in path.components() {
            match self.child(row, name)? {
                Some(child) => row = child,
                None => return Ok(None),
            }
        }
        Ok(Some(row))
    }

    /// How many names the deepest path has: entries are in breadth-first order, so it is that of the last one.
    pub fn levels(&self) -> Result<usize> {
        let (mut levels, mut at) = (0, self.len() - 1);
        while at != Base::ROOT {
            levels += 1;
            at = self.parent(at)?;
        }
        Ok(levels)
    }

    /// The path of an entry.
    pub fn path(&self, row: Row) -> Result<DataPath> {
        let (mut names, mut len, mut at) = (Vec::new(), 0, row);
        while at != Base::ROOT {
            let name = self.name(at)?;
            names.push(name);
            len += name.len();
            // No need to climb on when the path is too long for any to be.
            if len > PATH_LEN_MAX {
                break;
            }
            at = self.parent(at)?;
        }
        names.reverse();
        DataPath::parse(&names.join(&b'/')).map_err(|_| self.broken(format_args!("the path of row {row} is too long")))
    }

    /// What a symbolic link points to; empty for anything else.
    pub fn link_target(&self, row: Row) -> Result<&[u8]> {
        self.check(row)?;
        let ends = self.object.slice(self.layout.link_target.offsets + u64::from(row) * 4, 8)?;
        let (start, end) = ends.split_first_chunk().expect("8 bytes");
        let (start, end) = (u32::from_le_bytes(*start), u32::from_le_bytes(*end.first_chunk().expect("4 bytes")));
        self.text(&self.layout.link_target, u64::from(start), u64::from(end), row)
    }

    /// The name as it stands there, whatever it is.
    fn raw_name(&self, row: Row) -> Result<&[u8]> {
        self.check(row)?;
        let ends = self.object.slice(self.layout.name.offsets + u64::from(row) * 8, 16)?;
        let (start, end) = ends.split_first_chunk().expect("16 bytes");
        let (start, end) = (u64::from_le_bytes(*start), u64::from_le_bytes(*end.first_chunk().expect("8 bytes")));
        self.text(&self.layout.name, start, end, row)
    }

    fn text(&self, column: &Text, start: u64, end: u64, row: Row) -> Result<&[u8]> {
        if start > end || end > column.data_len {
            return Err(self.broken(format_args!("a text of row {row} lies outside of its column")));
        }
        self.object.slice(column.data + start, (end - start) as usize)
    }

    /// The value of a row in the column of `N`-byte values at `column`.
    fn value<const N: usize>(&self, column: u64, row: Row) -> Result<&[u8; N]> {
        self.check(row)?;
        let bytes = self.object.slice(column + u64::from(row) * N as u64, N)?;
        bytes.first_chunk().ok_or_else(|| self.broken("a value is cut off"))
    }

    fn check(&self, row: Row) -> Result<()> {
        if row < self.len() { Ok(()) } else { Err(self.broken(format_args!("it has no row {row}"))) }
    }

    fn broken(&self, why: impl fmt::Display) -> Error {
        Error::corrupt(called(self.id), why)
    }
}

fn called(id: Id) -> String {
    format!("base {}", id.short())
}

/// The name, if it is one that an entry can have.
fn checked_name(name: &[u8]) -> Option<&[u8]> {
    let valid = matches!(name.len(), 1..=255)
        && name != b"."
        && name != b".."
        && !name.iter().any(|&byte| byte == b'/' || byte == 0);
    valid.then_some(name)
}

/// What a base holds in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Regular files.
    pub files: u64,
    /// Folders, the root not counted.
    pub folders: u64,
    /// Symbolic links.
    pub symlinks: u64,
    /// Bytes in files.
    pub bytes: u64,
}

impl Totals {
    /// How many entries these are, with the root; `None` when they are too many to count.
    fn entries(&self) -> Option<u64> {
        self.files.checked_add(self.folders)?.checked_add(self.symlinks)?.checked_add(1)
    }
}
