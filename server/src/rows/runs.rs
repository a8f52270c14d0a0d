//! What a run says of the rows of a table: columns joined on by the rows' keys.
//!
//! Where the metrics of runs are kept is not known here: [`RunMetrics`] is what
//! rows and SQL ask of it.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use veneer::model::Id;
use veneer::table::{Column, Role};
use veneer::{Error, Result};

use super::keys::RowKeys;
use super::texts::{Texts, is_text};

/// The column of a run's metrics that has the sample's key.
pub const SAMPLE: &str = "sample";

/// Which of a run's epochs is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// Of each sample, what was recorded last.
    Latest,
    /// This one.
    Number(i64),
}

/// Where the metrics of runs are kept.
pub trait RunMetrics: Send + Sync + Debug {
    /// The names of all runs.
    ///
    /// # Errors
    /// Those of the store.
    fn names(&self) -> Result<Vec<String>>;

    /// What a run recorded in one epoch: a row for each sample, whose key is in the column [`SAMPLE`]; and an id that
    /// is another one when that changes.
    ///
    /// # Errors
    /// `NotFound` for a run.
    fn epoch(&self, run: &str, epoch: Epoch) -> Result<(Id, RecordBatch)>;

    /// All that a run has recorded until now.
    ///
    /// # Errors
    /// `NotFound` for a run.
    fn recorded(&self, run: &str) -> Result<Arc<dyn RunRows>>;
}

/// The rows of a run as it was at one moment.
pub trait RunRows: Send + Sync + Debug {
    /// The columns that there are.
    fn schema(&self) -> SchemaRef;

    /// The epochs that there are, as ranges with both ends, in order.
    fn epochs(&self) -> Vec<(i64, i64)>;

    /// The rows of an epoch, with these columns at least.
    ///
    /// # Errors
    /// `Invalid` for more than fit into memory; those of the store.
    fn read(&self, epoch: i64, columns: &[String]) -> Result<RecordBatch>;
}

/// A service without runs.
#[derive(Clone, Copy, Debug)]
pub struct NoRuns;

impl RunMetrics for NoRuns {
    fn names(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn epoch(&self, run: &str, _: Epoch) -> Result<(Id, RecordBatch)> {
        Err(Error::not_found("run", run))
    }

    fn recorded(&self, run: &str) -> Result<Arc<dyn RunRows>> {
        Err(Error::not_found("run", run))
    }
}

/// The metrics of one run, to be joined on.
#[derive(Clone, Debug)]
pub struct RunColumns {
    id: Id,
    name: String,
    samples: ArrayRef,
    /// By full name, `NAME.loss`.
    columns: Vec<(String, ArrayRef)>,
}

impl RunColumns {
    /// What `metrics` has of a run.
    ///
    /// # Errors
    /// `NotFound` for a run; `Invalid` where its metrics have no samples.
    pub fn of(metrics: &dyn RunMetrics, run: &str, epoch: Epoch) -> Result<RunColumns> {
        let (id, batch) = metrics.epoch(run, epoch)?;
        let unfit = || Error::invalid("run", run, format!("its metrics have no column `{SAMPLE}` of texts"));
        let samples = batch.column_by_name(SAMPLE).ok_or_else(unfit)?;
        let samples = cast(samples, &DataType::LargeUtf8).map_err(|_| unfit())?;
        let mut columns = Vec::new();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            if field.name() == SAMPLE {
                continue;
            }
            let column = if is_text(column.data_type()) {
                let mut texts = Texts::new();
                texts.push(column)?;
                Arc::new(texts.finish()) as ArrayRef
            } else {
                column.clone()
            };
            columns.push((format!("{run}.{}", field.name()), column));
        }
        let id = Id::of(&[id.as_bytes().as_slice(), run.as_bytes()].concat());
        Ok(RunColumns { id, name: run.to_owned(), samples, columns })
    }

    /// What it is made of.
    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// Whether it has this column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|(known, _)| known == name)
    }

    /// Its columns as a table has them.
    pub(super) fn columns(&self) -> Vec<Column> {
        let column = |(name, array): &(String, ArrayRef)| Column {
            name: name.clone(),
            data_type: if is_text(array.data_type()) { DataType::Utf8 } else { array.data_type().clone() },
            role: Role::Plain,
            nullable: true,
            editable: false,
        };
        self.columns.iter().map(column).collect()
    }

    /// A value for each row: that of the sample with the row's key, null where there is none.
    pub(super) fn joined(&self, name: &str, keys: &RowKeys) -> Result<ArrayRef> {
        let (_, values) = self.columns.iter().find(|(known, _)| known == name).expect("it was asked for by `has`");
        let mut places: Vec<Option<u32>> = vec![None; keys.len()];
        for (at, sample) in self.samples.as_string::<i64>().iter().enumerate() {
            if let Some(row) = sample.and_then(|sample| keys.find(sample)) {
                places[row] = Some(at as u32);
            }
        }
        take(values, &UInt32Array::from(places), None).map_err(|cause| {
            Error::invalid("run", &self.name, format!("its column `{name}` cannot be joined")).caused_by(cause)
        })
    }
}
