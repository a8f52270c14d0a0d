//! Where the rows of a text file are: the place of every n-th one.
//!
//! A row is found from the mark before it, by reading what lies between: at most
//! some ten kilobytes, or one row.

use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::in_order::in_order;
use super::{Flow, Scan};
use crate::Result;

/// There is a mark after this many bytes, at the next row's beginning.
pub(super) const MARK_BYTES: u64 = 32 << 10;

/// Where rows are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(super) struct Marks {
    /// (row, where it begins), rising.
    marks: Vec<(u64, u64)>,
    /// How many rows there are.
    pub(super) rows: u64,
    /// Where the last row ends, its line ending included.
    pub(super) end: u64,
}

/// Rows that lie between two marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The first row.
    pub(super) row: u64,
    /// How many rows.
    pub(super) rows: u64,
    /// Where the first row begins.
    pub(super) offset: u64,
    /// How many bytes, up to the next block's first row.
    pub(super) len: u64,
}

impl Marks {
    /// Rows are to come from `offset` on.
    pub(super) fn starting_at(offset: u64) -> Marks {
        Marks { marks: Vec::new(), rows: 0, end: offset }
    }

    /// Notes the next row, which lies at `from..to`.
    pub(super) fn push(&mut self, from: u64, to: u64) {
        if self.marks.last().is_none_or(|(_, offset)| from - offset >= MARK_BYTES) {
            self.marks.push((self.rows, from));
        }
        self.rows += 1;
        self.end = to;
    }

    /// Adds the rows that come after these.
    pub(super) fn append(&mut self, later: &Marks) {
        if later.rows == 0 {
            return;
        }
        self.marks.extend(later.marks.iter().map(|(row, offset)| (row + self.rows, *offset)));
        self.rows += later.rows;
        self.end = later.end;
    }

    /// The block between two marks that this row is in.
    pub(super) fn block_of(&self, row: u64) -> Option<Block> {
        let at = self.marks.partition_point(|(first, _)| *first <= row).checked_sub(1)?;
        (row < self.rows).then(|| self.between(at, at + 1))
    }

    /// Blocks of at least `bytes` each, but for the last, that hold the rows `from..to`.
    pub(super) fn blocks(&self, from: u64, to: u64, bytes: u64) -> Vec<Block> {
        let to = to.min(self.rows);
        if from >= to {
            return Vec::new();
        }
        let mut at = self.marks.partition_point(|(first, _)| *first <= from).saturating_sub(1);
        let mut blocks = Vec::new();
        while at < self.marks.len() && self.marks[at].0 < to {
            let mut next = at + 1;
            while next < self.marks.len() && self.marks[next].0 < to && self.marks[next].1 - self.marks[at].1 < bytes {
                next += 1;
            }
            blocks.push(self.between(at, next));
            at = next;
        }
        blocks
    }

    /// Gives `sink` the rows of a scan: those of blocks of `bytes` or more each, made by `batch` on all processors.
    ///
    /// # Errors
    /// Those of `batch` and of `sink`.
    pub(super) fn scan(
        &self,
        scan: &Scan,
        bytes: u64,
        batch: impl Fn(Block) -> Result<RecordBatch> + Sync,
        sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>,
    ) -> Result<()> {
        let to = scan.limit.map_or(u64::MAX, |limit| scan.from.saturating_add(limit)).min(self.rows);
        let blocks = self.blocks(scan.from, to, bytes);
        in_order(
            blocks.len(),
            |at| batch(blocks[at]),
            |at, batch| {
                let (row, batch) = (blocks[at].row, batch?);
                let from = scan.from.saturating_sub(row);
                let len = (to - row).min(blocks[at].rows) - from;
                sink(batch.slice(from as usize, len as usize))
            },
        )
    }

    fn between(&self, at: usize, next: usize) -> Block {
        let (row, offset) = self.marks[at];
        let (end_row, end) = self.marks.get(next).copied().unwrap_or((self.rows, self.end));
        Block { row, rows: end_row - row, offset, len: end - offset }
    }

    /// Whether these can be the marks of a file of `len` bytes: rising, within it, a byte or more for each row.
    pub(super) fn fit(&self, len: u64) -> bool {
        let room = |(row, offset): (u64, u64), (next, end): (u64, u64)| {
            row < next && offset < end && next - row <= end - offset
        };
        let rising = self.marks.windows(2).all(|two| room(two[0], two[1]));
        let first = self.marks.first().map_or(self.rows == 0, |(row, _)| *row == 0);
        let last = self.marks.last().is_none_or(|last| room(*last, (self.rows, self.end)));
        rising && first && last && self.end <= len
    }
}

/// As it is stored: the distances, which are small numbers.
#[derive(Serialize, Deserialize)]
struct Stored {
    marks: Vec<(u64, u64)>,
    rows: u64,
    end: u64,
}

impl From<Marks> for Stored {
    fn from(of: Marks) -> Stored {
        let mut before = (0, 0);
        let distance = |(row, offset)| {
            let (rows, bytes) = (row - before.0, offset - before.1);
            before = (row, offset);
            (rows, bytes)
        };
        Stored { marks: of.marks.into_iter().map(distance).collect(), rows: of.rows, end: of.end }
    }
}

impl From<Stored> for Marks {
    fn from(stored: Stored) -> Marks {
        let mut at = (0u64, 0u64);
        let sum = |(rows, bytes)| {
            at = (at.0.wrapping_add(rows), at.1.wrapping_add(bytes));
            at
        };
        Marks { marks: stored.marks.into_iter().map(sum).collect(), rows: stored.rows, end: stored.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten_thousand() -> Marks {
        let mut marks = Marks::starting_at(5);
        (0..10_000u64).for_each(|row| marks.push(5 + row * 100, 105 + row * 100));
        marks
    }

    #[test]
    fn each_row_is_in_the_block_that_is_said_to_hold_it() {
        let marks = ten_thousand();
        for row in [0, 1, 327, 328, 329, 5000, 9999] {
            let block = marks.block_of(row).expect("it is there");
            assert!(block.row <= row && row < block.row + block.rows, "{row}: {block:?}");
            assert_eq!((block.offset, block.len), (5 + block.row * 100, block.rows * 100));
        }
        assert_eq!(marks.block_of(10_000), None);
    }

    #[test]
    fn blocks_cover_what_is_asked_for_once() {
        let marks = ten_thousand();
        let blocks = marks.blocks(400, 9_000, 100_000);
        assert!(blocks[0].row <= 400 && blocks.windows(2).all(|two| two[0].row + two[0].rows == two[1].row));
        assert!(blocks.last().is_some_and(|last| last.row < 9_000 && last.row + last.rows >= 9_000));
        assert_eq!(marks.blocks(3, 3, 10), []);
    }

    #[test]
    fn marks_are_read_back_and_are_small() {
        let marks = ten_thousand();
        let bytes = postcard::to_allocvec(&marks).expect("plain data");
        assert!(bytes.len() < 200, "{} bytes", bytes.len());
        assert_eq!(postcard::from_bytes::<Marks>(&bytes).expect("its own bytes"), marks);
        assert!(marks.fit(1_000_005) && !marks.fit(1_000_004));
    }
}
