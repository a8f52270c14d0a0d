//! One column chunk, read and written again with some rows replaced, left out or put in.
//!
//! It goes from leaf to leaf, as levels and plain values: what is not edited comes
//! out as it went in, whatever its logical type may mean.

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::{ColumnWriter, ColumnWriterImpl};
use parquet::data_type::{
    AsBytes, BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
    Int96Type,
};

use super::bytes::inside;
use super::shred::{Leaf, Scalar};
use crate::{Error, Result};

/// How many rows are held at once where nothing else is wanted.
pub(super) const ROWS: usize = 4096;

/// What happens to the next rows of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many stay.
    Keep(u64),
    /// So many go.
    Drop(u64),
    /// A row comes, by its place among the new ones.
    Put(usize),
}

/// A type whose values a [`Scalar`] may be.
trait Plain: DataType {
    fn plain(scalar: &Scalar) -> Option<Self::T>;
}

macro_rules! plain {
    ($($of:ty, $variant:ident);+) => {
        $(impl Plain for $of {
            fn plain(scalar: &Scalar) -> Option<Self::T> {
                match scalar {
                    Scalar::$variant(value) => Some(value.clone()),
                    _ => None,
                }
            }
        })+
    };
}

plain! {
    BoolType, Bool; Int32Type, Int32; Int64Type, Int64; Int96Type, Int96; FloatType, Float; DoubleType, Double;
    ByteArrayType, Bytes; FixedLenByteArrayType, Fixed
}

/// Writes a chunk by `steps`; `rows` are the new ones, `old` the chunk as it is. So many rows are written at once.
///
/// # Errors
/// `Corrupt` where the old chunk cannot be read; `Invalid` for a new row of another type.
pub(super) fn write(
    old: Option<ColumnReader>,
    new: &mut ColumnWriter<'_>,
    steps: &[Step],
    rows: &[&Leaf],
    at_once: usize,
) -> Result<()> {
    macro_rules! each {
        ($($read:ident, $write:ident);+) => {
            match (old, new) {
                $((Some(ColumnReader::$read(old)), ColumnWriter::$write(new)) => Copying::new(Some(old), new, at_once).all(steps, rows),)+
                $((None, ColumnWriter::$write(new)) => Copying::new(None, new, at_once).all(steps, rows),)+
                _ => Err(Error::corrupt("the Parquet file", "a column has two types")),
            }
        };
    }
    each! {
        BoolColumnReader, BoolColumnWriter;
        Int32ColumnReader, Int32ColumnWriter;
        Int64ColumnReader, Int64ColumnWriter;
        Int96ColumnReader, Int96ColumnWriter;
        FloatColumnReader, FloatColumnWriter;
        DoubleColumnReader, DoubleColumnWriter;
        ByteArrayColumnReader, ByteArrayColumnWriter;
        FixedLenByteArrayColumnReader, FixedLenByteArrayColumnWriter
    }
}

/// The cells of some rows of a column without lists, in order of the rows, as plain bytes; `None` is null.
///
/// # Errors
/// `Corrupt` where the chunk cannot be read.
pub(super) fn cells(of: ColumnReader, rows: &[u64]) -> Result<Vec<Option<Vec<u8>>>> {
    macro_rules! each {
        ($($read:ident),+) => {
            match of {
                $(ColumnReader::$read(of) => cells_of(of, rows),)+
            }
        };
    }
    each! {
        BoolColumnReader, Int32ColumnReader, Int64ColumnReader, Int96ColumnReader, FloatColumnReader,
        DoubleColumnReader, ByteArrayColumnReader, FixedLenByteArrayColumnReader
    }
}

fn cells_of<T: DataType>(mut of: ColumnReaderImpl<T>, rows: &[u64]) -> Result<Vec<Option<Vec<u8>>>> {
    let (mut cells, mut next) = (Vec::with_capacity(rows.len()), 0);
    for row in rows {
        let skip = usize::try_from(row - next).map_err(|_| short())?;
        let (mut definitions, mut values) = (Vec::new(), Vec::new());
        let skipped = of.skip_records(skip).map_err(inside)?;
        let (read, ..) = of.read_records(1, Some(&mut definitions), None, &mut values).map_err(inside)?;
        if skipped != skip || read != 1 {
            return Err(short());
        }
        cells.push(values.first().map(|value| value.as_bytes().to_vec()));
        next = row + 1;
    }
    Ok(cells)
}

/// A chunk under way: what was read or put, and not written yet.
struct Copying<'a, 'b, T: DataType> {
    old: Option<ColumnReaderImpl<T>>,
    new: &'a mut ColumnWriterImpl<'b, T>,
    max_definition: i16,
    max_repetition: i16,
    at_once: usize,
    rows: usize,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    values: Vec<T::T>,
}

impl<'a, 'b, T: Plain> Copying<'a, 'b, T> {
    fn new(old: Option<ColumnReaderImpl<T>>, new: &'a mut ColumnWriterImpl<'b, T>, at_once: usize) -> Self {
        let column = new.get_descriptor();
        let (max_definition, max_repetition) = (column.max_def_level(), column.max_rep_level());
        let (definitions, repetitions, values) = (Vec::new(), Vec::new(), Vec::new());
        Copying { old, new, max_definition, max_repetition, at_once, rows: 0, definitions, repetitions, values }
    }

    fn all(mut self, steps: &[Step], rows: &[&Leaf]) -> Result<()> {
        for step in steps {
            match step {
                Step::Keep(count) => self.keep(*count)?,
                Step::Drop(count) => self.drop(*count)?,
                Step::Put(at) => self.put(rows.get(*at).ok_or_else(short)?)?,
            }
        }
        self.flush()
    }

    fn keep(&mut self, mut count: u64) -> Result<()> {
        while count > 0 {
            let most = usize::try_from(count).unwrap_or(ROWS).min(ROWS).min(self.at_once - self.rows);
            let old = self.old.as_mut().ok_or_else(short)?;
            let definitions = (self.max_definition > 0).then_some(&mut self.definitions);
            let repetitions = (self.max_repetition > 0).then_some(&mut self.repetitions);
            let (read, _, _) = old.read_records(most, definitions, repetitions, &mut self.values).map_err(inside)?;
            if read == 0 {
                return Err(short());
            }
            count = count.checked_sub(read as u64).ok_or_else(short)?;
            self.rows += read;
            self.flush_if_full()?;
        }
        Ok(())
    }

    fn drop(&mut self, count: u64) -> Result<()> {
        let count = usize::try_from(count).map_err(|_| short())?;
        let skipped = self.old.as_mut().ok_or_else(short)?.skip_records(count).map_err(inside)?;
        if skipped == count { Ok(()) } else { Err(short()) }
    }

    fn put(&mut self, row: &Leaf) -> Result<()> {
        let wrong = || Error::invalid("value", "of a Parquet column", "it has another type than the column");
        for scalar in &row.values {
            self.values.push(T::plain(scalar).ok_or_else(wrong)?);
        }
        if self.max_definition > 0 {
            self.definitions.extend_from_slice(&row.definitions);
        }
        if self.max_repetition > 0 {
            self.repetitions.extend_from_slice(&row.repetitions);
        }
        self.rows += 1;
        self.flush_if_full()
    }

    fn flush_if_full(&mut self) -> Result<()> {
        if self.rows >= self.at_once { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows > 0 {
            let definitions = (self.max_definition > 0).then_some(self.definitions.as_slice());
            let repetitions = (self.max_repetition > 0).then_some(self.repetitions.as_slice());
            self.new.write_batch(&self.values, definitions, repetitions).map_err(inside)?;
        }
        self.rows = 0;
        self.definitions.clear();
        self.repetitions.clear();
        self.values.clear();
        Ok(())
    }
}

fn short() -> Error {
    Error::corrupt("the Parquet file", "a column chunk has fewer rows than its row group")
}
