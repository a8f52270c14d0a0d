//! What runs recorded, told: metrics by epoch or of a sample, and curves.

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use veneer::model::Value as Cell;
use veneer::run::{Of, Run, VALUE};
use veneer::table::arrow_value;
use veneer::{Error, Result as Found};

use super::LiveRuns;
use crate::accept::Accept;
use crate::auth::Viewer;
use crate::extract::{Named, Params};
use crate::problem::Problem;
use crate::rows::{ARROW_STREAM, Epoch, to_stream};
use crate::state::AppState;

/// So many rows are told as JSON unless the request says.
const LIMIT: usize = 1_000;
/// So many rows are told as JSON at most.
const LIMIT_MAX: usize = 10_000;

/// Which rows of a run.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MetricsQuery {
    /// A number, `latest` or `all`; `latest` if not said, `all` for a sample.
    epoch: Option<String>,
    /// Only rows of this sample.
    sample: Option<String>,
    /// The columns, separated by commas; all, if not said.
    columns: Option<String>,
    /// How many rows are left out at the beginning.
    #[serde(default)]
    offset: usize,
    /// How many rows at most; as JSON 1,000 if not said, and 10,000 at most.
    limit: Option<usize>,
}

/// Rows of a run, as JSON.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricRows {
    /// Each row's cells by column, `sample` and `epoch` among them.
    #[schema(value_type = Vec<HashMap<String, serde_json::Value>>)]
    rows: Vec<Map<String, Value>>,
    /// How many there are in all.
    total: usize,
}

/// Which curves.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ScalarsQuery {
    /// Their names, separated by commas; all, if not said.
    name: Option<String>,
}

/// Numbers of a run over its steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct Curves {
    /// In order of name.
    curves: Vec<Curve>,
}

/// One number over the steps of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Curve {
    /// Its name.
    name: String,
    /// Pairs of step and value, by step; a value is none where it was no number.
    points: Vec<(i64, Option<f64>)>,
}

/// Which epochs.
enum Epochs {
    All,
    One(Epoch),
}

/// Tells rows of a run: those of an epoch, the latest of each sample, or all of one sample.
#[utoipa::path(get, path = "/v1/runs/{run}/metrics", tag = "runs", params(("run" = String, Path), MetricsQuery),
    security(("token" = ["viewer"])),
    responses((status = 200, content((MetricRows = "application/json"), (Vec<u8> = "application/vnd.apache.arrow.stream"))),
        Problem))]
pub async fn show_metrics(
    _: Viewer,
    State(app): State<AppState>,
    Named(name): Named<String>,
    Params(query): Params<MetricsQuery>,
    accept: Accept,
) -> Result<Response, Problem> {
    let tell = move |app: &AppState| {
        let live = app.live_runs();
        let rows = query.rows(live, &live.runs().find(&name)?)?;
        let total = rows.num_rows();
        let most = match accept {
            Accept::Arrow => query.limit.unwrap_or(total),
            Accept::Json => query.limit.unwrap_or(LIMIT).min(LIMIT_MAX),
        };
        let from = query.offset.min(total);
        let rows = rows.slice(from, most.min(total - from));
        Ok::<_, Error>(match accept {
            Accept::Arrow => ([(header::CONTENT_TYPE, ARROW_STREAM)], to_stream(&rows)?).into_response(),
            Accept::Json => Json(MetricRows { rows: rows_json(&rows)?, total }).into_response(),
        })
    };
    app.run(tell).await
}

/// Tells numbers of a run as a whole, over its steps.
#[utoipa::path(get, path = "/v1/runs/{run}/scalars", tag = "runs", params(("run" = String, Path), ScalarsQuery),
    security(("token" = ["viewer"])), responses((status = 200, body = Curves), Problem))]
pub async fn show_scalars(
    _: Viewer,
    State(app): State<AppState>,
    Named(name): Named<String>,
    Params(query): Params<ScalarsQuery>,
) -> Result<Json<Curves>, Problem> {
    let tell = move |app: &AppState| {
        let live = app.live_runs();
        let run = live.runs().find(&name)?;
        let names = query.name.as_deref().map(list);
        let known = || run.record.latest.iter().map(|(name, ..)| name);
        if let Some(missing) = names.iter().flatten().find(|name| !known().any(|known| known == *name)) {
            return Err(Error::not_found("scalar", missing));
        }
        let mut curves = Vec::new();
        for name in known().filter(|name| names.as_ref().is_none_or(|names| names.contains(name))) {
            let rows = live.runs().history(&run, Of::Scalars, name, None)?;
            let values = rows.column_by_name(VALUE).map(|values| values.as_primitive::<Float64Type>());
            let values = values.into_iter().flatten().map(|value| value.filter(|value| value.is_finite()));
            let steps = rows.column(1).as_primitive::<Int64Type>().values().iter().copied();
            curves.push(Curve { name: name.clone(), points: steps.zip(values).collect() });
        }
        Ok(Json(Curves { curves }))
    };
    app.run(tell).await
}

impl MetricsQuery {
    fn rows(&self, live: &LiveRuns, run: &Run) -> Found<RecordBatch> {
        let columns = self.columns.as_deref().map(list);
        let columns = columns.as_deref();
        let runs = live.runs();
        if let Some(sample) = &self.sample {
            return match self.epochs(Epochs::All)? {
                Epochs::All => runs.history(run, Of::Metrics, sample, columns),
                Epochs::One(Epoch::Latest) => {
                    let rows = runs.history(run, Of::Metrics, sample, columns)?;
                    Ok(rows.slice(rows.num_rows().saturating_sub(1), rows.num_rows().min(1)))
                }
                Epochs::One(Epoch::Number(epoch)) => {
                    let rows = runs.history(run, Of::Metrics, sample, columns)?;
                    let epochs = rows.column(1).as_primitive::<Int64Type>().values();
                    let at = epochs.iter().position(|known| *known == epoch);
                    Ok(at.map_or_else(|| rows.slice(0, 0), |at| rows.slice(at, 1)))
                }
            };
        }
        match self.epochs(Epochs::One(Epoch::Latest))? {
            Epochs::One(epoch) if columns.is_none() => live.rows(run, epoch),
            Epochs::One(Epoch::Latest) => runs.latest(run, columns),
            Epochs::One(Epoch::Number(epoch)) => runs.epoch(run, Of::Metrics, epoch, columns),
            Epochs::All => {
                let mut all = Vec::new();
                runs.every_epoch(run, Of::Metrics, columns, &mut |rows| {
                    all.push(rows);
                    Ok(())
                })?;
                let schema = all.first().map_or_else(|| run.schema(Of::Metrics), |rows| Ok(rows.schema()))?;
                arrow::compute::concat_batches(&schema, &all)
                    .map_err(|cause| Error::invalid("epoch", "all", "there are too many rows").caused_by(cause))
            }
        }
    }

    fn epochs(&self, or: Epochs) -> Found<Epochs> {
        match self.epoch.as_deref() {
            None => Ok(or),
            Some("all") => Ok(Epochs::All),
            Some(text) => epoch_of(Some(text)).map(Epochs::One),
        }
    }
}

/// The epoch that a request names.
pub(super) fn epoch_of(text: Option<&str>) -> Found<Epoch> {
    match text {
        None | Some("latest") => Ok(Epoch::Latest),
        Some(text) => {
            let number = text.parse().map_err(|_| Error::invalid("epoch", text, "it is a whole number or `latest`"))?;
            Ok(Epoch::Number(number))
        }
    }
}

/// The parts of a list with commas.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Rows as JSON; null for what JSON has no word for.
pub(super) fn rows_json(batch: &RecordBatch) -> Found<Vec<Map<String, Value>>> {
    let mut rows = vec![Map::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        for (row, value) in rows.iter_mut().zip(arrow_value::values(column)?) {
            row.insert(field.name().clone(), finite(value).to_json());
        }
    }
    Ok(rows)
}

/// Null for what JSON has no word for: what is no number, and infinities.
fn finite(value: Cell) -> Cell {
    match value {
        Cell::Float(number) if !number.is_finite() => Cell::Null,
        Cell::List(values) => Cell::List(values.into_iter().map(finite).collect()),
        Cell::Struct(fields) => Cell::Struct(fields.into_iter().map(|(name, value)| (name, finite(value))).collect()),
        value => value,
    }
}
