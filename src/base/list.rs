//! Reading the children of a folder one after the other: for readdir, walks and comparisons.

use std::ops::Range;

use super::columns::kind_of;
use super::{Base, Row, checked_name};
use crate::Result;
use crate::model::Entry;

/// How many rows are fetched together: a readdir's worth, and little to fetch in vain.
const BLOCK_ROWS: Row = 512;

/// A child of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Its row.
    pub row: Row,
    /// Its name.
    pub name: &'a [u8],
    /// What `stat` tells of it.
    pub entry: Entry,
}

/// The children of a folder in order of name, as [`Base::list`] gives them.
///
/// It ends after the first error.
#[derive(Debug)]
pub struct Listing<'a> {
    base: &'a Base,
    folder: Row,
    /// The rows that are not in the block.
    rest: Range<Row>,
    block: Block<'a>,
}

/// Some rows' values, as they lie in the columns; what is read already is cut off.
#[derive(Debug, Default)]
struct Block<'a> {
    row: Row,
    parents: &'a [u8],
    kinds: &'a [u8],
    sizes: &'a [u8],
    mtimes: &'a [u8],
    modes: &'a [u8],
    name_ends: &'a [u8],
    names: &'a [u8],
    /// Where in the column of names `names` begins.
    names_at: u64,
}

impl<'a> Listing<'a> {
    pub(super) fn new(base: &'a Base, folder: Row, rows: Range<Row>) -> Listing<'a> {
        Listing { base, folder, rest: rows, block: Block::default() }
    }

    fn step(&mut self) -> Result<Option<Listed<'a>>> {
        if self.block.kinds.is_empty() {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let rows = self.rest.start..self.rest.end.min(self.rest.start.saturating_add(BLOCK_ROWS));
            self.rest.start = rows.end;
            self.block = Block::fetch(self.base, rows)?;
        }
        let listed = self.block.take(self.folder);
        listed
            .map(Some)
            .ok_or_else(|| self.base.broken(format_args!("the children of row {} are crooked", self.folder)))
    }
}

impl<'a> Iterator for Listing<'a> {
    type Item = Result<Listed<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            (self.rest, self.block) = (0..0, Block::default());
        }
        step.transpose()
    }
}

impl<'a> Block<'a> {
    fn fetch(base: &'a Base, rows: Range<Row>) -> Result<Block<'a>> {
        let (layout, first, count) = (&base.layout, u64::from(rows.start), rows.len());
        let column = |at: u64, width: usize| base.object.slice(at + first * width as u64, count * width);
        let ends = base.object.slice(layout.name.offsets + first * 8, (count + 1) * 8)?;
        let number = |bytes: Option<&[u8; 8]>| u64::from_le_bytes(*bytes.expect("count + 1 numbers of 8 bytes"));
        let (names_at, names_end) = (number(ends.first_chunk()), number(ends.last_chunk()));
        let names_len = names_end.checked_sub(names_at).filter(|&len| len <= count as u64 * 255);
        let names_len = names_len.filter(|_| names_end <= layout.name.data_len);
        let names_len = names_len.ok_or_else(|| base.broken("its names overlap"))?;
        Ok(Block {
            row: rows.start,
            parents: column(layout.parent, 4)?,
            kinds: column(layout.kind, 1)?,
            sizes: column(layout.size, 8)?,
            mtimes: column(layout.mtime, 8)?,
            modes: column(layout.mode, 2)?,
            name_ends: &ends[8..],
            names: base.object.slice(layout.name.data + names_at, names_len as usize)?,
            names_at,
        })
    }

    /// Takes the first row off; `None` when it is crooked.
    fn take(&mut self, folder: Row) -> Option<Listed<'a>> {
        let name_end = u64::from_le_bytes(*chunk(&mut self.name_ends)?);
        let name_len = name_end.checked_sub(self.names_at)?;
        let (name, names) = self.names.split_at_checked(usize::try_from(name_len).ok()?)?;
        (self.names, self.names_at) = (names, name_end);
        let entry = Entry {
            kind: kind_of(chunk::<1>(&mut self.kinds)?[0])?,
            size: u64::from_le_bytes(*chunk(&mut self.sizes)?),
            mtime_ns: i64::from_le_bytes(*chunk(&mut self.mtimes)?),
            mode: u32::from(u16::from_le_bytes(*chunk(&mut self.modes)?)),
        };
        // Every entry has one parent, so whatever the bytes are, no walk is endless.
        if u32::from_le_bytes(*chunk(&mut self.parents)?) != folder {
            return None;
        }
        let row = self.row;
        self.row += 1;
        Some(Listed { row, name: checked_name(name)?, entry })
    }
}

/// Takes the first `N` bytes off.
fn chunk<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (chunk, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(chunk)
}
