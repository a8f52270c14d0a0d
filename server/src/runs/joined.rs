//! The metrics of runs as columns of rows, and as tables of queries: what was laid together stays in memory for a while.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use lru::LruCache;
use veneer::Result;
use veneer::model::Id;
use veneer::run::{EPOCH, Of, Run, Runs, SAMPLE};

use super::LiveRuns;
use crate::rows::{Epoch, RunMetrics, RunRows};

/// So many results are kept at most.
const KEPT: NonZeroUsize = NonZeroUsize::new(64).expect("it is not 0");
/// So many bytes of them are kept at most.
const BYTES_MAX: usize = 256 << 20;

/// What was laid together lately.
#[derive(Debug)]
pub(super) struct Kept(Mutex<LruCache<Id, RecordBatch>>);

impl Default for Kept {
    fn default() -> Kept {
        Kept(Mutex::new(LruCache::new(KEPT)))
    }
}

impl Kept {
    fn kept(&self) -> MutexGuard<'_, LruCache<Id, RecordBatch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: Id, make: impl FnOnce() -> Result<RecordBatch>) -> Result<RecordBatch> {
        if let Some(known) = self.kept().get(&id) {
            return Ok(known.clone());
        }
        let made = make()?;
        let mut kept = self.kept();
        kept.put(id, made.clone());
        let bytes = |kept: &LruCache<Id, RecordBatch>| -> usize {
            kept.iter().map(|(_, rows)| rows.get_array_memory_size()).sum()
        };
        while kept.len() > 1 && bytes(&kept) > BYTES_MAX {
            kept.pop_lru();
        }
        Ok(made)
    }
}

/// What the rows of an epoch are made of: the same for the same rows.
pub(super) fn id_of(run: &Run, epoch: Epoch) -> Id {
    // Parts that are joined are the same rows.
    Id::of(format!("{} {} {epoch:?}", run.id(), run.record.metrics.batches).as_bytes())
}

impl LiveRuns {
    /// The rows of a run's epoch, or the latest of each sample.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn rows(&self, run: &Run, epoch: Epoch) -> Result<RecordBatch> {
        self.kept.get(id_of(run, epoch), || laid(&self.runs, run, epoch, None))
    }
}

impl LiveRuns {
    /// As [`LiveRuns::rows`], with no columns but these.
    ///
    /// # Errors
    /// `NotFound` for a column; those of the store.
    pub(super) fn columns_of(&self, run: &Run, epoch: Epoch, names: &[String]) -> Result<RecordBatch> {
        let id = Id::of(format!("{} {names:?}", id_of(run, epoch)).as_bytes());
        self.kept.get(id, || laid(&self.runs, run, epoch, Some(names)))
    }
}

impl RunMetrics for LiveRuns {
    fn names(&self) -> Result<Vec<String>> {
        StoredRuns(self.runs.clone()).names()
    }

    fn epoch(&self, run: &str, epoch: Epoch) -> Result<(Id, RecordBatch)> {
        let run = self.runs.find(run)?;
        Ok((id_of(&run, epoch), self.rows(&run, epoch)?))
    }

    fn recorded(&self, run: &str) -> Result<Arc<dyn RunRows>> {
        StoredRuns(self.runs.clone()).recorded(run)
    }
}

/// The runs of a store that no service has: nothing of them is kept in memory.
#[derive(Clone, Debug)]
pub(crate) struct StoredRuns(pub(crate) Runs);

impl RunMetrics for StoredRuns {
    fn names(&self) -> Result<Vec<String>> {
        Ok(self.0.names()?.iter().map(ToString::to_string).collect())
    }

    fn epoch(&self, run: &str, epoch: Epoch) -> Result<(Id, RecordBatch)> {
        let run = self.0.find(run)?;
        Ok((id_of(&run, epoch), laid(&self.0, &run, epoch, None)?))
    }

    fn recorded(&self, run: &str) -> Result<Arc<dyn RunRows>> {
        let run = self.0.find(run)?;
        Ok(Arc::new(Recorded { schema: run.schema(Of::Metrics)?, runs: self.0.clone(), run }))
    }
}

/// The rows of an epoch, or the latest of each sample.
fn laid(runs: &Runs, run: &Run, epoch: Epoch, columns: Option<&[String]>) -> Result<RecordBatch> {
    match epoch {
        Epoch::Latest => runs.latest(run, columns),
        Epoch::Number(epoch) => runs.epoch(run, Of::Metrics, epoch, columns),
    }
}

/// A run at one moment.
#[derive(Debug)]
struct Recorded {
    runs: Runs,
    run: Run,
    schema: SchemaRef,
}

impl RunRows for Recorded {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn epochs(&self) -> Vec<(i64, i64)> {
        self.run.record.metrics.epochs.clone()
    }

    fn read(&self, epoch: i64, columns: &[String]) -> Result<RecordBatch> {
        let others: Vec<String> =
            columns.iter().filter(|name| !matches!(name.as_str(), SAMPLE | EPOCH)).cloned().collect();
        self.runs.epoch(&self.run, Of::Metrics, epoch, Some(&others))
    }
}
