//! `/v1/runs/{run}/reduce`: a run's embedding in two or three dimensions, as columns of the run.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use veneer::Error;
use veneer::run::{Accepted, Batch, EPOCH, Of, SAMPLE, WHAT};

use super::LiveRuns;
use super::ingest::refused;
use super::routes::drawn;
use super::told::epoch_of;
use crate::auth::Editor;
use crate::extract::{Body, Named};
use crate::problem::Problem;
use crate::rows::routes::{DIMS, check_method};
use crate::rows::{AXES, Principal, principal};
use crate::state::AppState;

/// The column that is reduced unless the request says.
const EMBEDDING: &str = "embedding";

/// What is to be reduced.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct Reduction {
    /// The column of vectors; `embedding` if not said.
    column: Option<String>,
    /// `pca`, which it is if not said.
    method: Option<String>,
    /// 2 or 3; 2 if not said.
    dims: Option<usize>,
    /// A number or `latest`; `latest` if not said.
    epoch: Option<String>,
}

/// What is recorded now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reduced {
    /// The run.
    run: String,
    /// The columns that it has by this: `x`, `y`, `z`.
    columns: Vec<String>,
    /// How many samples have a place.
    rows: usize,
    /// Which part of all variance lies along each axis.
    shares: Vec<f64>,
}

/// Lays a run's vectors onto their principal axes, and records the places as columns `x`, `y` (and `z`) of the run.
#[utoipa::path(post, path = "/v1/runs/{run}/reduce", tag = "runs", params(("run" = String, Path)),
    request_body = Reduction, security(("token" = ["editor"])),
    responses((status = 200, body = Reduced), Problem))]
pub async fn reduce_run(
    _: Editor,
    State(app): State<AppState>,
    Named(name): Named<String>,
    Body(wanted): Body<Reduction>,
) -> Result<Json<Reduced>, Problem> {
    check_method(wanted.method.as_deref())?;
    app.run(move |app| {
        let reduced = app.live_runs().reduce(&name, &wanted)?;
        app.feed().tell("reduce", json!({ "run": reduced.run, "done": true, "progress": 1 }));
        Ok::<_, Problem>(Json(reduced))
    })
    .await
}

impl LiveRuns {
    fn reduce(&self, name: &str, wanted: &Reduction) -> Result<Reduced, Problem> {
        let run = self.runs().find(name)?;
        let column = wanted.column.as_deref().unwrap_or(EMBEDDING);
        let rows = self.columns_of(&run, epoch_of(wanted.epoch.as_deref())?, &[column.to_owned()])?;
        let vectors = rows.column_by_name(column).ok_or_else(|| Error::not_found("column", column))?;
        let Principal { axes, shares } = principal(column, vectors, wanted.dims.unwrap_or(DIMS))?;
        let has_place: BooleanArray = (0..rows.num_rows()).map(|row| Some(axes[0].is_valid(row))).collect();
        let columns: Vec<String> = AXES[..axes.len()].iter().map(|&axis| axis.to_owned()).collect();
        let of_rows = [(SAMPLE, rows.column(0).clone()), (EPOCH, rows.column(1).clone())];
        let of_axes = AXES.into_iter().zip(axes.into_iter().map(|axis| Arc::new(axis) as ArrayRef));
        let unfit = |cause| Error::invalid(WHAT, column, "its places cannot be recorded").caused_by(cause);
        let places = RecordBatch::try_from_iter(of_rows.into_iter().chain(of_axes)).map_err(unfit)?;
        let places = filter_record_batch(&places, &has_place).map_err(unfit)?;
        let drawn: String = drawn()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let batch = Batch::new(&format!("reduced-{drawn}"), &[places]).map_err(refused)?;
        let rows = batch.rows().num_rows();
        if let Accepted::Refused(error) = self.accept(&run, Of::Metrics, batch)? {
            return Err(refused(error));
        }
        Ok(Reduced { run: run.name.to_string(), columns, rows, shares })
    }
}
