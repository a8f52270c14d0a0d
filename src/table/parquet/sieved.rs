//! Reading rows of a condition: first the columns that it needs, part by part, then the others of the rows it lets
//! through.

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

/// A scan through sieves.
struct Sieving<'a> {
    /// Each with what it looks at.
    sieves: Vec<(&'a Sieve<'a>, Wanted)>,
    /// What is read of the rows that all of them let through.
    rest: Wanted,
    /// For each column that was asked for, where it is read.
    from: Vec<From>,
}

/// Where a column is read, by its place there.
enum From {
    /// For the sieve at this place.
    Told(usize, usize),
    Rest(usize),
}

/// What is known of a unit's rows.
struct Told {
    /// A bit for each row of the unit, for those that were let through so far.
    bits: BooleanBuffer,
    /// Of these rows, the columns that each sieve looked at.
    columns: Vec<RecordBatch>,
}

impl ParquetFile<'_> {
    pub(super) fn sieve_rows(
        &self,
        scan: &Scan,
        sieves: &[Sieve<'_>],
        sink: &mut dyn FnMut(RecordBatch, Places) -> Result<Flow>,
    ) -> Result<()> {
        let all: Vec<usize> = (0..self.table[0].schema.columns.len()).collect();
        let columns = scan.columns.as_ref().unwrap_or(&all);
        let (mut rest, mut from) = (Vec::new(), Vec::new());
        for column in columns {
            let told = sieves
                .iter()
                .enumerate()
                .find_map(|(sieve, of)| Some((sieve, of.columns.iter().position(|told| told == column)?)));
            from.push(match told {
                Some((sieve, at)) => From::Told(sieve, at),
                None => {
                    rest.push(*column);
                    From::Rest(rest.len() - 1)
                }
            });
        }
        let units = self.units(&self.wanted(Some(columns))?, scan.from, scan.limit);
        let sieves = sieves.iter().map(|sieve| Ok((sieve, self.wanted(Some(sieve.columns))?)));
        let sieving = Sieving { sieves: sieves.collect::<Result<_>>()?, rest: self.wanted(Some(&rest))?, from };
        together(&units, &|unit, give| self.sieved(&sieving, *unit, give), &mut |(batch, places)| sink(batch, places))
    }

    /// Gives the rows of a unit that the sieves let through.
    fn sieved(
        &self,
        sieving: &Sieving<'_>,
        unit: Unit,
        give: &mut dyn FnMut((RecordBatch, Places)) -> Result<Flow>,
    ) -> Result<Flow> {
        let first = self.starts[unit.group] + unit.skip;
        let Some(told) = self.told(sieving, unit, first)? else { return Ok(Flow::More) };
        let (count, places) = (told.bits.count_set_bits(), places(first, &told.bits));
        let mut at = 0;
        let mut next = |rest: Option<&RecordBatch>, len: usize| {
            let places = match &places {
                Places::From(first) => Places::From(first + at as u64),
                Places::Listed(places) => Places::Listed(places[at..at + len].to_vec()),
            };
            let told: Vec<RecordBatch> = told.columns.iter().map(|columns| columns.slice(at, len)).collect();
            let batch = sieving.joined(&told, rest, len)?;
            at += len;
            give((batch, places))
        };
        if sieving.rest.is_empty() {
            let (mut left, most) = (count, usize::try_from(unit.batch).unwrap_or(1));
            while left > 0 {
                let len = left.min(most);
                if next(None, len)? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
                left -= len;
            }
            return Ok(Flow::More);
        }
        let only = matches!(places, Places::Listed(_)).then_some(&told.bits);
        self.read(&sieving.rest, unit, only, &mut |rest| next(Some(&rest), rest.num_rows()))
    }

    /// What the sieves tell of a unit whose first row is at the place `first`; `None` if no row is let through.
    fn told(&self, sieving: &Sieving<'_>, unit: Unit, first: u64) -> Result<Option<Told>> {
        let mut told = Told { bits: BooleanBuffer::new_set(unit.take as usize), columns: Vec::new() };
        for (sieve, wanted) in &sieving.sieves {
            let all = places(first, &told.bits);
            let only = matches!(all, Places::Listed(_)).then_some(&told.bits);
            let unit = Unit { batch: self.batch_rows(wanted, unit.group), ..unit };
            let (mut through, mut lets) = (Vec::new(), BooleanBufferBuilder::new(told.bits.count_set_bits()));
            self.read(wanted, unit, only, &mut |rows| {
                let places = match &all {
                    Places::From(first) => Places::From(first + lets.len() as u64),
                    Places::Listed(places) => Places::Listed(places[lets.len()..lets.len() + rows.num_rows()].to_vec()),
                };
                let of_batch = (sieve.lets)(&places, &rows);
                lets.append_buffer(&of_batch);
                if of_batch.count_set_bits() > 0 {
                    through.push(filter_record_batch(&rows, &BooleanArray::new(of_batch, None)).map_err(of_arrow)?);
                }
                Ok(Flow::More)
            })?;
            let Some(one) = through.first() else { return Ok(None) };
            let through = concat_batches(&one.schema(), &through).map_err(of_arrow)?;
            told.narrow(lets.finish())?;
            told.columns.push(through);
        }
        Ok(Some(told))
    }
}

impl Told {
    /// Keeps, of the rows that were let through so far, those with a bit set.
    fn narrow(&mut self, lets: BooleanBuffer) -> Result<()> {
        let is_all = lets.count_set_bits() == lets.len();
        if is_all {
            return Ok(());
        }
        let mut bits = BooleanBufferBuilder::new(self.bits.len());
        bits.append_n(self.bits.len(), false);
        self.bits.set_indices().zip(&lets).filter(|(_, lets)| *lets).for_each(|(at, _)| bits.set_bit(at, true));
        self.bits = bits.finish();
        let lets = BooleanArray::new(lets, None);
        for columns in &mut self.columns {
            *columns = filter_record_batch(columns, &lets).map_err(of_arrow)?;
        }
        Ok(())
    }
}

/// Where the rows lie for which a bit is set, the first bit being that of the row at `first`.
fn places(first: u64, bits: &BooleanBuffer) -> Places {
    match bits.count_set_bits() == bits.len() {
        true => Places::From(first),
        false => Places::Listed(bits.set_indices_u32().map(|at| first + u64::from(at)).collect()),
    }
}

impl Sieving<'_> {
    /// The same rows' columns that were read apart, in the order that was asked for.
    fn joined(&self, told: &[RecordBatch], rest: Option<&RecordBatch>, rows: usize) -> Result<RecordBatch> {
        let short = || Error::corrupt("the Parquet file", "a column was not read");
        let columns = self.from.iter().map(|from| {
            let (batch, at) = match from {
                From::Told(sieve, at) => (&told[*sieve], *at),
                From::Rest(at) => (rest.ok_or_else(short)?, *at),
            };
            Ok((Arc::clone(&batch.schema_ref().fields()[at]), Arc::clone(batch.column(at))))
        });
        let (fields, columns): (Vec<FieldRef>, Vec<ArrayRef>) =
            columns.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let rows = RecordBatchOptions::new().with_row_count(Some(rows));
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
            let lets = move |_: &Places, rows: &RecordBatch| {
                let scores = rows.column(0).as_primitive::<Float64Type>();
                BooleanBuffer::collect_bool(scores.len(), |row| scores.value(row) >= least)
            };
            let mut places = Vec::new();
            let sieves = [Sieve { columns: &[1], lets: &lets }];
            parquet
                .sieve_rows(&Scan::default(), &sieves, &mut |rows, at| {
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

    #[test]
    fn a_second_sieve_is_asked_of_what_the_first_let_through() {
        let bytes = file(50_000);
        let parquet = ParquetFile::open(&bytes).expect("a Parquet file");
        let first = |_: &Places, rows: &RecordBatch| {
            let scores = rows.column(0).as_primitive::<Float64Type>();
            BooleanBuffer::collect_bool(scores.len(), |row| scores.value(row) as u64 % 1000 == 7)
        };
        let asked = AtomicU64::new(0);
        let second = |places: &Places, rows: &RecordBatch| {
            asked.fetch_add(rows.num_rows() as u64, Ordering::Relaxed);
            let ids = rows.column(0).as_primitive::<arrow::datatypes::Int64Type>();
            assert!((0..ids.len()).all(|row| ids.value(row) as u64 == places.of(row)));
            BooleanBuffer::collect_bool(ids.len(), |row| ids.value(row) % 2000 == 7)
        };
        let sieves = [Sieve { columns: &[1], lets: &first }, Sieve { columns: &[0], lets: &second }];
        let mut rows = Vec::new();
        let scan = Scan { columns: Some(vec![2, 0, 1]), ..Scan::default() };
        parquet
            .sieve_rows(&scan, &sieves, &mut |batch, places| {
                let ids = batch.column(1).as_primitive::<arrow::datatypes::Int64Type>();
                let scores = batch.column(2).as_primitive::<Float64Type>();
                for row in 0..batch.num_rows() {
                    assert_eq!((scores.value(row) as u64, ids.value(row) as u64), (places.of(row), places.of(row)));
                    rows.push(places.of(row));
                }
                Ok(Flow::More)
            })
            .expect("rows");
        assert_eq!(rows, (7..50_000).step_by(2000).collect::<Vec<_>>());
        assert_eq!(asked.into_inner(), 50);
    }
}
