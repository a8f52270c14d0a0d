//! One row: read with some rows around it, because who asks for one asks for the next.

use arrow::record_batch::RecordBatch;

use super::ParquetFile;
use super::bytes::of_arrow;
use super::scan::Unit;
use crate::model::Value;
use crate::table::Flow;
use crate::table::columnar::cell::value_at;
use crate::{Error, Result};

/// The most rows that are read for one.
const SLAB_ROWS: u64 = 1024;

/// Rows that were read.
#[derive(Debug)]
pub(super) struct Slab {
    first: u64,
    batch: RecordBatch,
}

impl Slab {
    fn has(&self, row: u64) -> bool {
        row >= self.first && row - self.first < self.batch.num_rows() as u64
    }
}

impl ParquetFile<'_> {
    /// All cells of a row.
    pub(super) fn cells(&self, row: u64) -> Result<Vec<Value>> {
        // A thread that panicked while it held this left it whole: it is set in one step.
        let mut slab = self.slab.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !slab.as_ref().is_some_and(|slab| slab.has(row)) {
            *slab = Some(self.slab_with(None, row)?);
        }
        let slab = slab.as_ref().filter(|slab| slab.has(row)).ok_or_else(|| Error::not_found("row", row))?;
        Ok(slab.batch.columns().iter().map(|column| value_at(column, (row - slab.first) as usize)).collect())
    }

    /// Some cells of a row: a chunk of a column that is not asked for is not read.
    pub(super) fn some_cells(&self, row: u64, columns: &[usize]) -> Result<Vec<Value>> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let mut some = self.some.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !some.as_ref().is_some_and(|(of, slab)| of == columns && slab.has(row)) {
            *some = Some((columns.to_vec(), self.slab_with(Some(columns), row)?));
        }
        let (_, slab) = some.as_ref().expect("it was just put there");
        Ok(slab.batch.columns().iter().map(|column| value_at(column, (row - slab.first) as usize)).collect())
    }

    fn slab_with(&self, columns: Option<&[usize]>, row: u64) -> Result<Slab> {
        let (group, at) = self.group_of(row).ok_or_else(|| Error::not_found("row", row))?;
        let wanted = self.wanted(columns)?;
        let batch = self.batch_rows(&wanted, group).min(SLAB_ROWS);
        let skip = at - at % batch;
        let rows = self.starts[group + 1] - self.starts[group];
        let take = batch.min(rows - skip);
        let mut read = Vec::new();
        self.read(&wanted, Unit { group, skip, take, batch }, None, &mut |batch| {
            read.push(batch);
            Ok(Flow::More)
        })?;
        let batch = match read.as_slice() {
            [batch] => batch.clone(),
            batches => {
                let schema = batches.first().ok_or_else(|| Error::not_found("row", row))?.schema();
                arrow::compute::concat_batches(&schema, batches).map_err(of_arrow)?
            }
        };
        Ok(Slab { first: self.starts[group] + skip, batch })
    }
}
