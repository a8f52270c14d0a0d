//! Many small parts into a few large ones: Parquet, sorted by epoch, each row once.
//!
//! Only parts that follow each other are joined, so what covers what stays as it
//! was. A new part takes those before it along that are not much larger, so a row
//! is written anew as often as a run's size has doubled, not once for each batch.

use std::ops::Range;

use super::lay::{By, lay};
use super::part::{self, Wanted};
use super::{Of, Run, Runs};
use crate::model::{BatchIds, ObjectKind, Part, RunName, Series};
use crate::{ErrorKind, Result};

/// So many parts that are no Parquet yet are waited for.
const LOOSE_MAX: usize = 16;
/// Parts of more rows together are left as they are: they would have to be in memory at once.
const ROWS_MAX: u64 = 8_000_000;

impl Runs {
    /// Whether a run has parts that are worth to be joined; of a run that has ended, any.
    pub fn is_loose(&self, run: &Run) -> bool {
        let least = if run.record.finished_ns.is_some() { 1 } else { LOOSE_MAX };
        [Of::Metrics, Of::Scalars].into_iter().any(|of| loose(of.series(&run.record)).len() >= least)
    }

    /// Joins the parts of a run that are no Parquet yet; returns whether there were any.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub fn compact(&self, name: &RunName) -> Result<bool> {
        let metrics = self.compact_series(name, Of::Metrics)?;
        Ok(self.compact_series(name, Of::Scalars)? || metrics)
    }

    fn compact_series(&self, name: &RunName, of: Of) -> Result<bool> {
        let run = self.open(name)?;
        let range = chosen(of.series(&run.record));
        if range.is_empty() {
            return Ok(false);
        }
        let old = &of.series(&run.record).parts[range];
        let new = self.joined(&run, of, old)?;
        self.replace(name, of, old, &new)
    }

    /// The part that these are together.
    fn joined(&self, run: &Run, of: Of, parts: &[Part]) -> Result<Part> {
        let (schema, mut batches) = (run.schema(of)?, Vec::new());
        let mut ids: Vec<u8> = Vec::new();
        for part in parts {
            batches.extend(part::read(&*self.store, part, &Wanted::default())?);
            match &part.batches {
                BatchIds::One(id) => ids.extend(id),
                BatchIds::Blob(blob) => ids.extend_from_slice(&self.store.get(*blob)?),
            }
        }
        let rows = lay(&batches, &schema, By::SampleAndEpoch)?;
        let blob = self.store.put(ObjectKind::Blob, &part::to_parquet(&rows)?)?;
        let batches = BatchIds::Blob(self.store.put(ObjectKind::Blob, &ids)?);
        let filled = || parts.iter().filter(|part| part.rows > 0);
        let least = filled().map(|part| part.epochs.0).min().unwrap_or_default();
        let most = filled().map(|part| part.epochs.1).max().unwrap_or_default();
        Ok(Part { blob, is_compact: true, rows: rows.num_rows() as u64, epochs: (least, most), batches })
    }

    /// Puts `new` where `old` is, also if more has come behind it meanwhile.
    fn replace(&self, name: &RunName, of: Of, old: &[Part], new: &Part) -> Result<bool> {
        loop {
            let run = self.open(name)?;
            let mut record = (*run.record).clone();
            let parts = &mut of.series_mut(&mut record).parts;
            // Somebody else may have joined them.
            let Some(at) = parts.windows(old.len()).position(|parts| parts == old) else { return Ok(false) };
            parts.splice(at..at + old.len(), [new.clone()]);
            match self.swap(name, Some(run.value), record) {
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {}
                swapped => {
                    self.same_batches(name, run.value, swapped?.value);
                    return Ok(true);
                }
            }
        }
    }
}

/// The parts at the end that are no Parquet.
fn loose(series: &Series) -> Range<usize> {
    let from = series.parts.iter().rposition(|part| part.is_compact).map_or(0, |at| at + 1);
    from..series.parts.len()
}

/// The parts that are to become one.
fn chosen(series: &Series) -> Range<usize> {
    let mut range = loose(series);
    if range.is_empty() {
        return range;
    }
    let mut rows: u64 = 0;
    let fits = range.clone().take_while(|at| {
        rows += series.parts[*at].rows;
        rows <= ROWS_MAX
    });
    // One that is too large by itself is made Parquet nevertheless.
    range.end = fits.last().map_or(range.start, |at| at) + 1;
    let mut rows: u64 = series.parts[range.clone()].iter().map(|part| part.rows).sum();
    while let Some(before) = range.start.checked_sub(1).map(|at| &series.parts[at])
        && before.rows <= rows.saturating_mul(2)
        && rows + before.rows <= ROWS_MAX
    {
        rows += before.rows;
        range.start -= 1;
    }
    range
}
