//! Batches of rows and scalars out of requests, checked against the table that they speak of.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::run::{Accepted, Batch, Of, ROWS_MAX, Run, WHAT, batch_id};
use veneer::table::arrow_file::stream::read_stream;
use veneer::{Error, ErrorKind};

use super::LiveRuns;
use super::from_json::{JsonBatch, rows_of};
use crate::auth::Editor;
use crate::extract::{Body, Named};
use crate::problem::Problem;
use crate::rows::{ARROW_STREAM, NamedBy, Samples, TableRows};
use crate::state::AppState;

/// A batch that is durable.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchTaken {
    /// What its writer calls it.
    batch: String,
    /// How many rows it has; of one that was there already, none are counted.
    rows: usize,
    /// Whether it was there already: then what was sent was not looked at.
    repeated: bool,
}

/// Numbers of a run as a whole.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ScalarBatch {
    /// By name, pairs of step and value.
    scalars: BTreeMap<String, Vec<(i64, Option<f64>)>>,
}

/// Takes rows by sample and epoch: an Arrow stream, or columns as JSON. It is durable when it is answered, and counts
/// once, however often it comes. `sample` is the key of a row, or its path as the run's revision has it; a column
/// `path` in its stead is only a path.
#[utoipa::path(put, path = "/v1/runs/{run}/batches/{batch}", tag = "runs",
    params(("run" = String, Path), ("batch" = String, Path)),
    request_body(content((Vec<u8> = "application/vnd.apache.arrow.stream"), (JsonBatch = "application/json"))),
    security(("token" = ["editor"])), responses((status = 200, body = BatchTaken), Problem))]
pub async fn put_batch(
    _: Editor,
    State(app): State<AppState>,
    Named((name, batch)): Named<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BatchTaken>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = body?;
    app.run(move |app| {
        let live = app.live_runs();
        let run = live.runs().find(&name)?;
        // What was taken before is not read again: the sender has only missed the answer.
        if live.runs().has_batch(&run.name, Of::Metrics, &batch_id(&batch)?)? {
            live.hear(&run);
            return Ok(Json(BatchTaken { batch, rows: 0, repeated: true }));
        }
        let rows = match kind.as_str() {
            ARROW_STREAM => stream_of(body).map_err(refused)?,
            "application/json" => {
                let columns: JsonBatch =
                    serde_json::from_slice(&body).map_err(|cause| unfit("", &cause.to_string()))?;
                rows_of(columns).map_err(refused)?
            }
            _ => return Err(unsupported()),
        };
        live.take(&run, &batch, &rows).map(Json)
    })
    .await
}

/// Takes numbers of the run as a whole, such as the accuracy after each epoch.
#[utoipa::path(put, path = "/v1/runs/{run}/scalars/{batch}", tag = "runs",
    params(("run" = String, Path), ("batch" = String, Path)), request_body = ScalarBatch,
    security(("token" = ["editor"])), responses((status = 200, body = BatchTaken), Problem))]
pub async fn put_scalars(
    _: Editor,
    State(app): State<AppState>,
    Named((name, batch)): Named<(String, String)>,
    Body(ScalarBatch { scalars }): Body<ScalarBatch>,
) -> Result<Json<BatchTaken>, Problem> {
    app.run(move |app| {
        let live = app.live_runs();
        let run = live.runs().find(&name)?;
        let points = scalars.into_iter().flat_map(|(name, points)| {
            points.into_iter().map(move |(step, value)| (name.clone(), step, value.unwrap_or(f64::NAN)))
        });
        let points: Vec<_> = points.collect();
        let taken = Batch::of_scalars(&batch, &points).map_err(refused)?;
        answer(batch, points.len(), live.accept(&run, Of::Scalars, taken)?).map(Json)
    })
    .await
}

impl LiveRuns {
    /// Takes rows into a run, if all of their samples are rows of its table. It blocks.
    ///
    /// # Errors
    /// 422 `unknown-sample` with the first that is none and its place, `invalid-batch`; those of the store.
    pub(super) fn take(&self, run: &Run, batch: &str, rows: &[RecordBatch]) -> Result<BatchTaken, Problem> {
        let taken = Batch::new(batch, rows).map_err(refused)?;
        let taken = match self.table_of(run.record.data.as_ref())? {
            Some(table) => of_table(&table, taken)?,
            None => taken,
        };
        let count = taken.rows().num_rows();
        answer(batch.to_owned(), count, self.accept(run, Of::Metrics, taken)?)
    }
}

/// The batch with the keys of the table's rows, however it named them.
pub(super) fn of_table(table: &TableRows, batch: Batch) -> Result<Batch, Problem> {
    let by = if batch.has_paths() { NamedBy::Path } else { NamedBy::Key };
    let at = match table.samples(batch.samples(), by)? {
        Samples::Found(keys) => return Ok(batch.with_samples(keys)),
        Samples::Unknown(at) => at,
    };
    let (sample, table) = (batch.samples().value(at), table.name());
    let what = match by {
        NamedBy::Key => "key or path",
        NamedBy::Path => "path",
    };
    let detail = format!("row {at} of the batch is about `{sample}`, which is the {what} of no row of `{table}`");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-sample", detail)
        .with("sample", sample)
        .with("table", table)
        .with("at", at))
}

fn answer(batch: String, rows: usize, accepted: Accepted) -> Result<BatchTaken, Problem> {
    match accepted {
        Accepted::New => Ok(BatchTaken { batch, rows, repeated: false }),
        Accepted::Repeated => Ok(BatchTaken { batch, rows: 0, repeated: true }),
        Accepted::Refused(error) => Err(refused(error)),
    }
}

fn stream_of(body: Bytes) -> veneer::Result<Vec<RecordBatch>> {
    let batches = read_stream(body, |reader| {
        let schema = reader.schema();
        let (mut batches, mut rows) = (Vec::new(), 0);
        for batch in reader {
            let batch = batch.map_err(|cause| Error::corrupt("the Arrow stream", cause))?;
            rows += batch.num_rows();
            // Before all of it is in memory: a compressed stream may be much larger than it looks.
            if rows > ROWS_MAX {
                return Err(Error::invalid(WHAT, "", format!("it has more than {ROWS_MAX} rows")));
            }
            batches.push(batch);
        }
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(schema));
        }
        Ok(batches)
    });
    batches.map_err(|error| match error.kind() {
        ErrorKind::Invalid { what: WHAT, .. } => error,
        _ => Error::invalid(WHAT, "", "it is no Arrow stream").caused_by(error),
    })
}

/// What is wrong with a batch is not what is wrong with a request: 422.
pub(super) fn refused(error: Error) -> Problem {
    match error.kind() {
        ErrorKind::Invalid { what: WHAT, value, why } => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            unfit(value, &format!("{why}{cause}"))
        }
        _ => error.into(),
    }
}

fn unfit(column: &str, why: &str) -> Problem {
    let detail = match column {
        "" => format!("the batch is refused: {why}"),
        column => format!("the batch is refused: column `{column}`: {why}"),
    };
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-batch", detail);
    if column.is_empty() { problem } else { problem.with("column", column) }
}

fn unsupported() -> Problem {
    let detail = format!("a batch is `{ARROW_STREAM}` or `application/json`");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)
}
