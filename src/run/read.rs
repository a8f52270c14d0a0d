//! The rows of a run: of an epoch, the latest, all, and those of one sample.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use super::lay::{By, lay};
use super::part::{self, Wanted};
use super::{Of, Run, Runs};
use crate::model::Series;
use crate::{Error, Result};

impl Runs {
    /// The rows of one epoch, or step: one for each sample that it saw.
    ///
    /// # Errors
    /// `NotFound` for a column; those of the store.
    pub fn epoch(&self, run: &Run, of: Of, epoch: i64, columns: Option<&[String]>) -> Result<RecordBatch> {
        self.laid(run, of, &Wanted { columns, epoch: Some(epoch), sample: None }, By::SampleAndEpoch)
    }

    /// A row for each sample: of each column the value with the greatest epoch.
    ///
    /// # Errors
    /// As [`Runs::epoch`].
    pub fn latest(&self, run: &Run, columns: Option<&[String]>) -> Result<RecordBatch> {
        self.laid(run, Of::Metrics, &Wanted { columns, epoch: None, sample: None }, By::Sample)
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
        let mut batches = Vec::new();
        for part in &series.parts {
            batches.extend(part::read(&*self.store, part, wanted)?);
        }
        lay(&batches, &schema, by)
    }
}

/// The columns that are wanted, in their order.
fn projected(series: &Series, wanted: &Wanted<'_>) -> Result<SchemaRef> {
    let schema = part::schema_of(series)?;
    let missing = wanted.columns.unwrap_or_default().iter().find(|name| schema.index_of(name).is_err());
    if let Some(name) = missing {
        return Err(Error::not_found("column", name));
    }
    Ok(Arc::new(Schema::new(
        schema.fields().iter().filter(|field| wanted.has(field.name())).cloned().collect::<Vec<_>>(),
    )))
}
