//! Runs: what is recorded of one training or evaluation, and where its rows are.

use serde::{Deserialize, Serialize};

use super::Id;

/// A batch of rows, by the first bytes of the BLAKE3 of what its writer calls it.
pub type BatchId = [u8; 16];

/// A run as a ref has it. It never changes: each batch, and each change of the run, makes another record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Drawn by whoever began it: tells two runs of one name apart.
    pub id: [u8; 16],
    /// What it looks at; `None` where that is no dataset of this store.
    pub data: Option<RunData>,
    /// What it does.
    pub kind: RunKind,
    /// The machine that it runs on.
    pub host: Option<String>,
    /// A JSON object.
    pub parameters: String,
    /// When it began, in nanoseconds since 1970-01-01 UTC.
    pub started_ns: i64,
    /// Whether it has ended, as far as it said so.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<String>,
    /// When it ended.
    pub finished_ns: Option<i64>,
    /// When this record was made.
    pub changed_ns: i64,
    /// Rows by sample and epoch.
    pub metrics: Series,
    /// Numbers of the run as a whole: rows by name and step.
    pub scalars: Series,
    /// Of each scalar, the value at the greatest step: (name, step, value), in order of name.
    pub latest: Vec<(String, i64, f64)>,
}

/// What a run looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunData {
    /// The dataset's name.
    pub dataset: String,
    /// The revision.
    pub revision: Id,
    /// The table whose rows are the samples; `None` where the dataset has no table, and any key is one.
    pub table: Option<String>,
}

/// What a run does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// It learns.
    #[default]
    Training,
    /// It only looks.
    Evaluation,
}

/// Whether a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// It has not said so.
    Running,
    /// All went well.
    Finished,
    /// It ended with an error.
    Failed,
}

/// Rows that only grow: parts, in the order in which they were accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The columns beside `sample` and `epoch`, as an Arrow IPC stream without rows; empty before the first batch.
    pub schema: Vec<u8>,
    /// How many batches were accepted: another number, other content.
    pub batches: u64,
    /// How many rows were accepted.
    pub rows: u64,
    /// Which epochs there are, as ranges with both ends, in order.
    pub epochs: Vec<(i64, i64)>,
    /// Where the rows are.
    pub parts: Vec<Part>,
}

/// Some rows at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// An Arrow IPC stream, or a Parquet file.
    pub blob: Id,
    /// Whether it is a Parquet file: what was compacted is, sorted by epoch.
    pub is_compact: bool,
    /// How many rows it has.
    pub rows: u64,
    /// The least and the greatest epoch in it.
    pub epochs: (i64, i64),
    /// The batches that it came from.
    pub batches: BatchIds,
}

/// Which batches a part came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatchIds {
    /// One.
    One(BatchId),
    /// Many: a blob with their ids, one behind the other.
    Blob(Id),
}

impl Series {
    /// Adds an epoch to those that there are.
    pub fn add_epoch(&mut self, epoch: i64) {
        let at = self.epochs.partition_point(|(_, to)| to.saturating_add(1) < epoch);
        match self.epochs.get_mut(at) {
            Some((from, to)) if from.saturating_sub(1) <= epoch => {
                (*from, *to) = ((*from).min(epoch), (*to).max(epoch));
            }
            _ => self.epochs.insert(at, (epoch, epoch)),
        }
        // It may have closed the gap to the next.
        if let Some((next_from, next_to)) = self.epochs.get(at + 1).copied()
            && self.epochs[at].1.saturating_add(1) >= next_from
        {
            self.epochs[at].1 = next_to;
            self.epochs.remove(at + 1);
        }
    }

    /// How many epochs there are.
    pub fn epoch_count(&self) -> u64 {
        self.epochs.iter().map(|(from, to)| to.abs_diff(*from).saturating_add(1)).sum()
    }

    /// All blobs that its rows need.
    pub fn blobs(&self) -> impl Iterator<Item = Id> {
        self.parts.iter().flat_map(|part| {
            let ids = match part.batches {
                BatchIds::One(_) => None,
                BatchIds::Blob(id) => Some(id),
            };
            ids.into_iter().chain([part.blob])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_ranges_that_grow_together() {
        let mut series = Series::default();
        for (epoch, expected) in [
            (5, vec![(5, 5)]),
            (3, vec![(3, 3), (5, 5)]),
            (3, vec![(3, 3), (5, 5)]),
            (4, vec![(3, 5)]),
            (9, vec![(3, 5), (9, 9)]),
            (6, vec![(3, 6), (9, 9)]),
            (0, vec![(0, 0), (3, 6), (9, 9)]),
            (i64::MAX, vec![(0, 0), (3, 6), (9, 9), (i64::MAX, i64::MAX)]),
        ] {
            series.add_epoch(epoch);
            assert_eq!(series.epochs, expected, "after {epoch}");
        }
        assert_eq!(series.epoch_count(), 7);
    }
}
