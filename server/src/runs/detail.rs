//! A run as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use veneer::Result;
use veneer::model::{RunKind, RunStatus};
use veneer::run::{Of, Run};

use super::LiveRuns;
use crate::time::rfc3339;

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunDetail {
    /// Its name.
    name: String,
    /// Its id: 32 hexadecimal digits.
    id: String,
    /// The dataset that it looks at; none where that is not in this store.
    dataset: Option<String>,
    /// The revision.
    revision: Option<String>,
    /// The table whose rows are its samples; none where any key is one.
    table: Option<String>,
    /// `training` or `evaluation`.
    kind: &'static str,
    /// `running`, `finished`, `failed`; `lost` where it says that it is running, and is not heard of.
    status: &'static str,
    /// Why it failed.
    error: Option<String>,
    /// The machine that it runs on.
    host: Option<String>,
    /// What it was begun with.
    #[schema(value_type = HashMap<String, serde_json::Value>)]
    parameters: Map<String, Value>,
    /// When it began, RFC 3339.
    started_at: String,
    /// When it ended.
    finished_at: Option<String>,
    /// When it was heard of last.
    heartbeat_at: String,
    /// How many epochs it recorded.
    epochs: u64,
    /// How many rows it recorded.
    rows: u64,
    /// The columns of its metrics, beside `sample` and `epoch`.
    columns: Vec<RunColumn>,
    /// Of each scalar, the value at the greatest step; none for what is no number.
    #[schema(value_type = HashMap<String, serde_json::Value>)]
    latest: BTreeMap<String, Value>,
}

/// A column of a run's metrics.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunColumn {
    /// Its name.
    name: String,
    /// The type of its values, as Arrow writes it.
    r#type: String,
}

impl RunDetail {
    /// A run as it is now.
    ///
    /// # Errors
    /// `Corrupt`.
    pub(super) fn of(live: &LiveRuns, run: &Run) -> Result<RunDetail> {
        let record = &run.record;
        let schema = run.schema(Of::Metrics)?;
        let columns = schema.fields().iter().skip(2);
        let columns =
            columns.map(|field| RunColumn { name: field.name().clone(), r#type: field.data_type().to_string() });
        Ok(RunDetail {
            name: run.name.to_string(),
            id: run.id(),
            dataset: record.data.as_ref().map(|data| data.dataset.clone()),
            revision: record.data.as_ref().map(|data| data.revision.to_hex()),
            table: record.data.as_ref().and_then(|data| data.table.clone()),
            kind: match record.kind {
                RunKind::Training => "training",
                RunKind::Evaluation => "evaluation",
            },
            status: if live.is_lost(run) { "lost" } else { word(record.status) },
            error: record.error.clone(),
            host: record.host.clone(),
            parameters: serde_json::from_str(&record.parameters).unwrap_or_default(),
            started_at: rfc3339(record.started_ns),
            finished_at: record.finished_ns.map(rfc3339),
            heartbeat_at: rfc3339(live.heard_ns(run)),
            epochs: record.metrics.epoch_count(),
            rows: record.metrics.rows,
            columns: columns.collect(),
            latest: record.latest.iter().map(|(name, _, value)| (name.clone(), Value::from(*value))).collect(),
        })
    }
}

/// The word for a status that a run says itself.
pub(crate) fn word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Finished => "finished",
        RunStatus::Failed => "failed",
    }
}

impl RunDetail {
    /// Whether this is its status.
    pub(super) fn has_status(&self, status: &str) -> bool {
        self.status == status
    }
}
