//! Reading rows: in units of some rows of a row group, several at once, given in order.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use arrow::buffer::BooleanBuffer;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, ParquetMetaDataBuilder};
use parquet::file::page_index::offset_index::OffsetIndexMetaData;

use super::ParquetFile;
use super::bytes::{inside, of_arrow};
use super::thrift;
use crate::table::columnar::guard::guarded;
use crate::table::{Flow, Scan};
use crate::{Error, Result};

/// The most rows of a batch.
const BATCH_ROWS_MAX: u64 = 8192;
/// About how many bytes a batch has at most.
const BATCH_BYTES: u64 = 2 << 20;
/// How many batches a unit of work has, and so how many wait for who wants them.
const UNIT_BATCHES: u64 = 16;
/// The most threads that read one file.
const THREADS_MAX: usize = 8;

/// Some rows of one row group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) group: usize,
    pub(super) skip: u64,
    pub(super) take: u64,
    /// Rows of a batch.
    pub(super) batch: u64,
}

/// What is read of each row.
pub(super) struct Wanted {
    mask: ProjectionMask,
    /// The columns' places in what the library reads.
    order: Vec<usize>,
    /// The places of the leaves.
    leaves: Vec<usize>,
    /// Whether a column has lists: then rows are passed over only by reading them.
    repeats: bool,
}

impl Wanted {
    /// Whether no column is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl ParquetFile<'_> {
    pub(super) fn wanted(&self, columns: Option<&[usize]>) -> Result<Wanted> {
        let schema = self.arrow.parquet_schema();
        let all: Vec<usize> = (0..self.table[0].schema.columns.len()).collect();
        let columns = columns.unwrap_or(&all);
        let mut roots = columns.to_vec();
        roots.sort_unstable();
        roots.dedup();
        if let Some(column) = roots.last().filter(|column| **column >= all.len()) {
            return Err(Error::not_found("column", column));
        }
        let place = |column: &usize| roots.binary_search(column).expect("taken from these");
        let leaves: Vec<usize> = (0..schema.num_columns())
            .filter(|leaf| roots.binary_search(&schema.get_column_root_idx(*leaf)).is_ok())
            .collect();
        Ok(Wanted {
            order: columns.iter().map(place).collect(),
            repeats: leaves.iter().any(|leaf| schema.column(*leaf).max_rep_level() > 0),
            mask: ProjectionMask::roots(schema, roots.iter().copied()),
            leaves,
        })
    }

    pub(super) fn scan_rows(&self, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        let wanted = self.wanted(scan.columns.as_deref())?;
        let units = self.units(&wanted, scan.from, scan.limit);
        together(&units, &|unit, give| self.read(&wanted, *unit, None, give), sink)
    }

    /// The rows from `from` on, as units in order.
    pub(super) fn units(&self, wanted: &Wanted, from: u64, limit: Option<u64>) -> Vec<Unit> {
        let end = limit.map_or(self.rows(), |limit| from.saturating_add(limit).min(self.rows()));
        let mut units = Vec::new();
        for (group, bounds) in self.starts.windows(2).enumerate() {
            let (mut at, last) = (from.max(bounds[0]), end.min(bounds[1]));
            let batch = self.batch_rows(wanted, group);
            let most =
                if wanted.repeats && !self.has_offset_index(wanted, group) { u64::MAX } else { batch * UNIT_BATCHES };
            while at < last {
                let take = (last - at).min(most);
                units.push(Unit { group, skip: at - bounds[0], take, batch });
                at += take;
            }
        }
        units
    }

    pub(super) fn batch_rows(&self, wanted: &Wanted, group: usize) -> u64 {
        let group = self.footer.metadata.row_group(group);
        let bytes: u64 = wanted.leaves.iter().map(|leaf| group.column(*leaf).uncompressed_size() as u64).sum();
        let of_row = bytes / (group.num_rows() as u64).max(1);
        (BATCH_BYTES / of_row.max(1)).clamp(16, BATCH_ROWS_MAX)
    }

    fn has_offset_index(&self, wanted: &Wanted, group: usize) -> bool {
        let group = self.footer.metadata.row_group(group);
        wanted.leaves.iter().all(|leaf| group.column(*leaf).offset_index_offset().is_some())
    }

    /// Gives the rows of a unit; those for which `only` is true, if there is one, which has a bit for each row.
    pub(super) fn read(
        &self,
        wanted: &Wanted,
        unit: Unit,
        only: Option<&BooleanBuffer>,
        sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>,
    ) -> Result<Flow> {
        let mut reader = guarded("the Parquet file", || {
            let (metadata, group) = self.metadata_for(wanted, unit, only.is_some())?;
            let skip = usize::try_from(unit.skip).unwrap_or(usize::MAX);
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.lent, metadata)
                .with_row_groups(vec![group])
                .with_projection(wanted.mask.clone())
                .with_batch_size(usize::try_from(unit.batch).unwrap_or(1));
            let builder = match only {
                Some(only) => builder.with_row_selection(selection(skip, only)),
                None => builder.with_offset(skip).with_limit(usize::try_from(unit.take).unwrap_or(usize::MAX)),
            };
            builder.build().map_err(inside)
        })?;
        let mut left = only.map_or(unit.take, |only| only.count_set_bits() as u64);
        while left > 0 {
            let next = guarded("the Parquet file", || {
                let batch = reader.next().transpose().map_err(of_arrow)?;
                batch.map(|batch| batch.project(&wanted.order)).transpose().map_err(of_arrow)
            })?;
            let Some(batch) = next.filter(|batch| batch.num_rows() > 0) else {
                return Err(Error::corrupt("the Parquet file", "a row group has fewer rows than its footer says"));
            };
            left = left.saturating_sub(batch.num_rows() as u64);
            if sink(batch)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::More)
    }

    /// The metadata to read a unit with, and the row group's place in it: with page index where only a part is wanted.
    fn metadata_for(&self, wanted: &Wanted, unit: Unit, is_some: bool) -> Result<(ArrowReaderMetadata, usize)> {
        let group = self.footer.metadata.row_group(unit.group);
        let is_all = !is_some && unit.skip == 0 && unit.take == group.num_rows() as u64;
        if is_all || !self.has_offset_index(wanted, unit.group) {
            return Ok((self.arrow.clone(), unit.group));
        }
        let mut pages = Vec::new();
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let is_wanted = wanted.leaves.binary_search(&leaf).is_ok();
            pages.push(if is_wanted {
                self.offset_index(chunk, group.num_rows())?
            } else {
                OffsetIndexBuilder::new().build()
            });
        }
        let metadata = ParquetMetaDataBuilder::new(self.footer.metadata.file_metadata().clone())
            .add_row_group(group.clone())
            .set_offset_index(Some(vec![pages]))
            .build();
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(self.arrow.schema()));
        Ok((ArrowReaderMetadata::try_new(Arc::new(metadata), options).map_err(inside)?, 0))
    }

    /// Where a chunk's pages are.
    ///
    /// Read here, because the library reads those of all columns and row groups together, with
    /// whatever lies between.
    fn offset_index(&self, chunk: &ColumnChunkMetaData, rows: i64) -> Result<OffsetIndexMetaData> {
        let wrong = || Error::corrupt("the Parquet file", "a page index does not fit its column");
        let offset = chunk.offset_index_offset().and_then(|offset| u64::try_from(offset).ok()).ok_or_else(wrong)?;
        let len = chunk.offset_index_length().and_then(|len| usize::try_from(len).ok()).ok_or_else(wrong)?;
        let (fields, _) = thrift::fields(&self.lent.range(offset, len)?)?;
        let mut locations = Vec::new();
        for element in thrift::elements(thrift::get(&fields, 1).ok_or_else(wrong)?)? {
            let (location, _) = thrift::fields(element)?;
            let number = |id| thrift::get_int(&location, id);
            let (offset, len, first) = (number(1)?, i32::try_from(number(2)?).map_err(|_| wrong())?, number(3)?);
            let is_within = offset >= 0
                && len > 0
                && offset.checked_add(len.into()).is_some_and(|end| end as u64 <= self.footer.start);
            if !is_within {
                return Err(wrong());
            }
            locations.push((offset, len, first));
        }
        let ends = locations.iter().skip(1).map(|(_, _, first)| *first).chain([rows]);
        let mut builder = OffsetIndexBuilder::new();
        for ((offset, len, first), end) in locations.iter().zip(ends) {
            if *first < 0 || *first > end || locations[0].2 != 0 {
                return Err(wrong());
            }
            builder.append_row_count(end - first);
            builder.append_offset_and_size(*offset, *len);
        }
        Ok(builder.build())
    }
}

/// The rows of a row group for which a bit is set, the first bit being that of row `skip`.
fn selection(skip: usize, only: &BooleanBuffer) -> RowSelection {
    let end = skip + only.len();
    RowSelection::from_consecutive_ranges(only.set_slices().map(|(from, to)| skip + from..skip + to), end)
}

/// What gives the items of a unit, until no more are wanted.
type Read<'a, T> = dyn Fn(&Unit, &mut dyn FnMut(T) -> Result<Flow>) -> Result<Flow> + Sync + 'a;

/// Reads units by several threads, and gives `sink` what they give, in order of the units.
pub(super) fn together<T: Send>(
    units: &[Unit],
    read: &Read<'_, T>,
    sink: &mut dyn FnMut(T) -> Result<Flow>,
) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX).min(units.len());
    if threads <= 1 {
        for unit in units {
            if read(unit, sink)? == Flow::Stop {
                break;
            }
        }
        return Ok(());
    }
    let (senders, receivers): (Vec<_>, Vec<_>) =
        units.iter().map(|_| sync_channel::<Result<T>>(UNIT_BATCHES as usize)).unzip();
    let senders: Vec<_> = senders.into_iter().map(|sender| Mutex::new(Some(sender))).collect();
    let (give, jobs) = channel::<usize>();
    let jobs = Mutex::new(jobs);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(units, read, &senders, &jobs));
        }
        // One more than there are threads is under way: what is read ahead is bounded by that.
        let mut next = 0..units.len();
        let mut hand_out = || next.next().is_some_and(|job| give.send(job).is_ok());
        (0..=threads).for_each(|_| {
            hand_out();
        });
        let result = (|| {
            for receiver in receivers {
                for item in receiver {
                    if sink(item?)? == Flow::Stop {
                        return Ok(());
                    }
                }
                hand_out();
            }
            Ok(())
        })();
        drop(give);
        result
    })
}

/// What one of the threads does: unit after unit, as they are handed out.
fn work<T: Send>(
    units: &[Unit],
    read: &Read<'_, T>,
    senders: &[Mutex<Option<SyncSender<Result<T>>>>],
    jobs: &Mutex<Receiver<usize>>,
) {
    loop {
        let job = jobs.lock().map(|jobs| jobs.recv());
        let Ok(Ok(job)) = job else { return };
        let sender = senders[job].lock().ok().and_then(|mut sender| sender.take());
        let Some(sender) = sender else { return };
        let done = read(&units[job], &mut |item| {
            // Nobody receives any more where enough was read.
            Ok(if sender.send(Ok(item)).is_ok() { Flow::More } else { Flow::Stop })
        });
        if let Err(error) = done {
            drop(sender.send(Err(error)));
        }
    }
}
