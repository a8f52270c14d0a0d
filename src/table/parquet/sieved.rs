//! Reading rows of a condition: first the columns that it needs, then the others of the rows it lets through.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, BooleanBufferBuilder};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{FieldRef, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::ParquetFile;
use super::bytes::of_arrow;
use super::scan::{Unit, Wanted, together};
use crate::table::{Flow, Places, Scan, Sieve};
use crate::{Error, Result};

/// A scan through a sieve.
struct Sieving<'a> {
    sieve: &'a Sieve<'a>,
    /// What the sieve looks at.
    told: Wanted,
    /// What is read of the rows that it lets through.
    rest: Wanted,
    /// For each column that was asked for, where it is read.
    from: Vec<From>,
}

/// Where a column is read, by its place there.
enum From {
    Told(usize),
    Rest(usize),
}

impl ParquetFile<'_> {
    pub(super) fn sieve_rows(
        &self,
        scan: &Scan,
        sieve: &Sieve<'_>,
        sink: &mut dyn FnMut(RecordBatch, Places) -> Result<Flow>,
    ) -> Result<()> {
        let all: Vec<usize> = (0..self.table[0].schema.columns.len()).collect();
        let columns = scan.columns.as_ref().unwrap_or(&all);
        let (mut rest, mut from) = (Vec::new(), Vec::new());
        for column in columns {
            from.push(match sieve.columns.iter().position(|told| told == column) {
                Some(at) => From::Told(at),
                None => {
                    rest.push(*column);
                    From::Rest(rest.len() - 1)
                }
            });
        }
        let units = self.units(&self.wanted(Some(columns))?, scan.from, scan.limit);
        let (told, rest) = (self.wanted(Some(sieve.columns))?, self.wanted(Some(&rest))?);
        let sieving = Sieving { sieve, told, rest, from };
        together(&units, &|unit, give| self.sieved(&sieving, *unit, give), &mut |(batch, places)| sink(batch, places))
    }

    /// Gives the rows of a unit that the sieve lets through.
    fn sieved(
        &self,
        sieving: &Sieving<'_>,
        unit: Unit,
        give: &mut dyn FnMut((RecordBatch, Places)) -> Result<Flow>,
    ) -> Result<Flow> {
        let first = self.starts[unit.group] + unit.skip;
        let (told, bits) = self.told(sieving, unit, first)?;
        let Some(told) = told else { return Ok(Flow::More) };
        let is_all = told.num_rows() as u64 == unit.take;
        let listed: Vec<u64> =
            if is_all { Vec::new() } else { bits.set_indices_u32().map(|at| first + u64::from(at)).collect() };
        let mut at = 0;
        let mut next = |rest: Option<&RecordBatch>, len: usize| {
            let places =
                if is_all { Places::From(first + at as u64) } else { Places::Listed(listed[at..at + len].to_vec()) };
            let batch = sieving.joined(&told.slice(at, len), rest)?;
            at += len;
            give((batch, places))
        };
        if sieving.rest.is_empty() {
            let (mut left, most) = (told.num_rows(), usize::try_from(unit.batch).unwrap_or(1));
            while left > 0 {
                let len = left.min(most);
                if next(None, len)? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
                left -= len;
            }
            return Ok(Flow::More);
        }
        let only = (!is_all).then_some(&bits);
        self.read(&sieving.rest, unit, only, &mut |rest| next(Some(&rest), rest.num_rows()))
    }

    /// Of a unit whose first row is at the place `first`, the columns that the sieve looks at: those of the rows that
    /// it lets through, none for no row; and a bit for each row of the unit.
    fn told(&self, sieving: &Sieving<'_>, unit: Unit, first: u64) -> Result<(Option<RecordBatch>, BooleanBuffer)> {
        let (mut through, mut bits) = (Vec::new(), BooleanBufferBuilder::new(unit.take as usize));
        let batch = self.batch_rows(&sieving.told, unit.group);
        self.read(&sieving.told, Unit { batch, ..unit }, None, &mut |rows| {
            let lets = (sieving.sieve.lets)(first + bits.len() as u64, &rows);
            bits.append_buffer(&lets);
            if lets.count_set_bits() > 0 {
                through.push(filter_record_batch(&rows, &BooleanArray::new(lets, None)).map_err(of_arrow)?);
            }
            Ok(Flow::More)
        })?;
        let through = match through.first() {
            Some(one) => Some(concat_batches(&one.schema(), &through).map_err(of_arrow)?),
            None => None,
        };
        Ok((through, bits.finish()))
    }
}

impl Sieving<'_> {
    /// The same rows' columns that were read apart, in the order that was asked for.
    fn joined(&self, told: &RecordBatch, rest: Option<&RecordBatch>) -> Result<RecordBatch> {
        let short = || Error::corrupt("the Parquet file", "a column was not read");
        let columns = self.from.iter().map(|from| {
            let (batch, at) = match from {
                From::Told(at) => (told, *at),
                From::Rest(at) => (rest.ok_or_else(short)?, *at),
            };
            Ok((Arc::clone(&batch.schema_ref().fields()[at]), Arc::clone(batch.column(at))))
        });
        let (fields, columns): (Vec<FieldRef>, Vec<ArrayRef>) =
            columns.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let rows = RecordBatchOptions::new().with_row_count(Some(told.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows).map_err(of_arrow)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use arrow::array::{AsArray, Float64Array, Int64Array, StringArray};
    use arrow::datatypes::Float64Type;
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::table::ReadAt;

    /// A file that counts how many bytes were read of it.
    #[derive(Debug)]
    struct Counted(Vec<u8>, AtomicU64);

    impl ReadAt for Counted {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
            let read = self.0.read_at(buffer, offset)?;
            self.1.fetch_add(read as u64, Ordering::Relaxed);
            Ok(read)
        }
    }

    fn file(rows: i64) -> Counted {
        let texts = (0..rows).map(|row| format!("{:016x}", (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let columns: [(&str, ArrayRef); 3] = [
            ("id", Arc::new((0..rows).collect::<Int64Array>())),
            ("score", Arc::new((0..rows).map(|row| row as f64).collect::<Float64Array>())),
            ("text", Arc::new(StringArray::from_iter_values(texts))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("equally long");
        let plain = WriterProperties::builder().set_dictionary_enabled(false).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(plain)).expect("a writer");
        writer.write(&batch).expect("room in memory");
        Counted(writer.into_inner().expect("room in memory"), AtomicU64::new(0))
    }

    #[test]
    fn pages_of_rows_that_are_held_back_are_not_read() {
        let bytes = file(100_000);
        let parquet = ParquetFile::open(&bytes).expect("a Parquet file");
        let sieved = |least: f64| {
            bytes.1.store(0, Ordering::Relaxed);
            let lets = move |_: u64, rows: &RecordBatch| {
                let scores = rows.column(0).as_primitive::<Float64Type>();
                BooleanBuffer::collect_bool(scores.len(), |row| scores.value(row) >= least)
            };
            let mut places = Vec::new();
            let sieve = Sieve { columns: &[1], lets: &lets };
            parquet
                .sieve_rows(&Scan::default(), &sieve, &mut |rows, at| {
                    for row in 0..rows.num_rows() {
                        assert_eq!(rows.column(1).as_primitive::<Float64Type>().value(row) as u64, at.of(row));
                        places.push(at.of(row));
                    }
                    Ok(Flow::More)
                })
                .expect("rows");
            (places, bytes.1.load(Ordering::Relaxed))
        };
        let (none, for_none) = sieved(1e9);
        let (some, for_some) = sieved(99_990.0);
        let (all, for_all) = sieved(0.0);
        assert!(none.is_empty());
        assert_eq!(some, (99_990..100_000).collect::<Vec<_>>());
        assert_eq!(all, (0..100_000).collect::<Vec<_>>());
        assert!(for_none < for_some && for_some * 2 < for_all, "{for_none}, {for_some}, {for_all} bytes");
    }
}
