//! The rows of a run: of an epoch, the latest, all, and those of one sample.
//!
//! What is in memory for one answer is bounded. The latest value of each sample is
//! looked for from the greatest epoch down, so that a run of a hundred epochs
//! takes no more memory than its samples and one epoch do.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::lay::{By, lay};
use super::part::{self, Wanted};
use super::{Of, Run, Runs};
use crate::model::Series;
use crate::{Error, Result};

/// Rows of more bytes than these are not laid together: all of them are in memory at once.
const BYTES_MAX: usize = 1 << 30;
/// The latest values of a run with no more rows are laid together at once, which is quicker.
const ROWS_AT_ONCE: u64 = 2_000_000;

impl Runs {
    /// The rows of one epoch, or step: one for each sample that it saw.
    ///
    /// # Errors
    /// `NotFound` for a column; `Invalid` for more rows than fit into memory; those of the store.
    pub fn epoch(&self, run: &Run, of: Of, epoch: i64, columns: Option<&[String]>) -> Result<RecordBatch> {
        self.laid(run, of, &Wanted { columns, epoch: Some(epoch), sample: None }, By::SampleAndEpoch)
    }

    /// A row for each sample: of each column the value with the greatest epoch.
    ///
    /// # Errors
    /// As [`Runs::epoch`].
    pub fn latest(&self, run: &Run, columns: Option<&[String]>) -> Result<RecordBatch> {
        let parts = &run.record.metrics.parts;
        match parts.iter().map(|part| part.rows).sum::<u64>() <= ROWS_AT_ONCE {
            true => self.laid(run, Of::Metrics, &Wanted { columns, epoch: None, sample: None }, By::Sample),
            false => self.latest_downwards(run, columns),
        }
    }

    /// As [`Runs::latest`], epoch after epoch from the greatest down.
    pub(super) fn latest_downwards(&self, run: &Run, columns: Option<&[String]>) -> Result<RecordBatch> {
        let wanted = Wanted { columns, epoch: None, sample: None };
        let schema = projected(&run.record.metrics, &wanted)?;
        let mut latest = RecordBatch::new_empty(schema.clone());
        let mut known: HashSet<String> = HashSet::new();
        let epochs = run.record.metrics.epochs.iter().rev().flat_map(|(from, to)| (*from..=*to).rev());
        for epoch in epochs {
            let rows = self.epoch(run, Of::Metrics, epoch, columns)?;
            let is_whole = latest.columns().iter().all(|column| column.logical_null_count() == 0);
            let samples = rows.column(0).as_string::<i32>();
            let is_news: BooleanArray =
                samples.iter().map(|sample| Some(!is_whole || !known.contains(sample.unwrap_or_default()))).collect();
            let news = filter_record_batch(&rows, &is_news)
                .map_err(|cause| super::batch::invalid("", "its rows cannot be chosen").caused_by(cause))?;
            if news.num_rows() == 0 {
                continue;
            }
            known.extend(news.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
            latest = lay(&[news, latest], &schema, By::Sample)?;
            check_size(run, latest.get_array_memory_size())?;
        }
        Ok(latest)
    }

    /// The rows of one sample, or scalar, by epoch.
    ///
    /// # Errors
    /// As [`Runs::epoch`].
    pub fn history(&self, run: &Run, of: Of, sample: &str, columns: Option<&[String]>) -> Result<RecordBatch> {
        self.laid(run, of, &Wanted { columns, epoch: None, sample: Some(sample) }, By::SampleAndEpoch)
    }

    /// Gives `sink` the rows of epoch after epoch; what is in memory is one of them.
    ///
    /// # Errors
    /// As [`Runs::epoch`], and those of `sink`.
    pub fn every_epoch(
        &self,
        run: &Run,
        of: Of,
        columns: Option<&[String]>,
        sink: &mut dyn FnMut(RecordBatch) -> Result<()>,
    ) -> Result<()> {
        for (from, to) in &of.series(&run.record).epochs {
            for epoch in *from..=*to {
                sink(self.epoch(run, of, epoch, columns)?)?;
            }
        }
        Ok(())
    }

    fn laid(&self, run: &Run, of: Of, wanted: &Wanted<'_>, by: By) -> Result<RecordBatch> {
        let series = of.series(&run.record);
        let schema = projected(series, wanted)?;
        let (mut batches, mut bytes) = (Vec::new(), 0);
        for part in &series.parts {
            let read = part::read(&*self.store, part, wanted)?;
            bytes += read.iter().map(RecordBatch::get_array_memory_size).sum::<usize>();
            check_size(run, bytes)?;
            batches.extend(read);
        }
        lay(&batches, &schema, by)
    }
}

fn check_size(run: &Run, bytes: usize) -> Result<()> {
    if bytes > BYTES_MAX {
        let why = "what is asked of it has more than 1 GiB: ask for fewer columns, or for one epoch";
        return Err(Error::invalid("run", run.name.as_str(), why));
    }
    Ok(())
}

/// The columns that are wanted, in their order.
fn projected(series: &Series, wanted: &Wanted<'_>) -> Result<SchemaRef> {
    let schema = part::schema_of(series)?;
    let missing = wanted.columns.unwrap_or_default().iter().find(|name| schema.index_of(name).is_err());
    if let Some(name) = missing {
        return Err(Error::not_found("metric", name));
    }
    Ok(Arc::new(Schema::new(
        schema.fields().iter().filter(|field| wanted.has(field.name())).cloned().collect::<Vec<_>>(),
    )))
}
