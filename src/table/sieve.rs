//! Rows that are not wanted, told before all of their cells are read.
//!
//! Where columns lie apart in a file, a condition needs some of them only; of the others, the cells of rows that it
//! holds for are enough. See "late materialization" in Abadi et al., *Materialization Strategies in a
//! Column-Oriented DBMS*, ICDE 2007.

use arrow::buffer::BooleanBuffer;
use arrow::record_batch::RecordBatch;

/// What tells which rows of a scan may be left out.
pub struct Sieve<'a> {
    /// The columns that it looks at, by place in the schema.
    pub columns: &'a [usize],
    /// Which rows of a batch of these columns, which lie at these places, have to be given.
    pub lets: &'a (dyn Fn(&Places, &RecordBatch) -> BooleanBuffer + Sync),
}

/// Where the rows of a batch lie in their file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Places {
    /// One after the other from this one.
    From(u64),
    /// Each by itself, ascending.
    Listed(Vec<u64>),
}

impl Places {
    /// The place of a row of the batch.
    ///
    /// # Panics
    /// Where the batch has no such row.
    pub fn of(&self, row: usize) -> u64 {
        match self {
            Places::From(first) => first + row as u64,
            Places::Listed(places) => places[row],
        }
    }

    /// The row of the batch that lies at a place, if one does; of places one after the other any may be one.
    pub fn row(&self, place: u64) -> Option<usize> {
        match self {
            Places::From(first) => usize::try_from(place.checked_sub(*first)?).ok(),
            Places::Listed(places) => places.binary_search(&place).ok(),
        }
    }
}
