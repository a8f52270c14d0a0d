//! What is counted: histograms, groups, quantiles, confusion matrices.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use veneer::Error;

use super::asked::{Asked, Body, Joined};
use crate::auth::Viewer;
use crate::extract::Params;
use crate::problem::Problem;
use crate::rows::{Confusion, ConfusionQuery, Groups, GroupsQuery, Histogram, HistogramQuery, QuantilesQuery};
use crate::state::AppState;

/// How many bins a histogram has unless the request says.
const BINS: usize = 40;
/// How many values are listed unless the request says.
const LIMIT: usize = 200;
/// How many values are listed at most.
const LIMIT_MAX: usize = 10_000;
/// The quantiles that are told unless the request says.
const QUANTILES: &str = "0,0.25,0.5,0.75,1";

/// Which histogram.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistogramParams {
    /// The column: numbers, times or booleans.
    column: String,
    /// How many bins; 40 if not said.
    bins: Option<usize>,
    /// Only rows for which this expression is true.
    r#where: Option<String>,
    /// Where the first bin begins; at the least number if not said.
    min: Option<f64>,
    /// Where the last bin ends; at the greatest number if not said.
    max: Option<f64>,
}

/// Counts the rows whose number is in each of some bins of equal width.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/histogram", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), HistogramParams, Joined),
    security(("token" = ["viewer"])),
    responses((status = 200, body = Histogram), (status = 304, description = "it is known"), Problem))]
pub async fn histogram(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<HistogramParams>,
) -> Result<Response, Problem> {
    let HistogramParams { column, bins, r#where: condition, min, max } = params;
    let query = HistogramQuery { column, bins: bins.unwrap_or(BINS), condition, min, max };
    asked.answer(&app, caller, move |rows| Body::json(&rows.histogram(&query)?)).await
}

/// Which values.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GroupsParams {
    /// The column.
    column: String,
    /// Only rows for which this expression is true.
    r#where: Option<String>,
    /// How many values at most, those of most rows; 200 if not said, 10,000 at most.
    limit: Option<usize>,
    /// Only values with this in their text, in letters of any case.
    search: Option<String>,
}

/// Lists the values of a column, with how many rows have each.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/groups", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), GroupsParams, Joined),
    security(("token" = ["viewer"])),
    responses((status = 200, body = Groups), (status = 304, description = "it is known"), Problem))]
pub async fn groups(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<GroupsParams>,
) -> Result<Response, Problem> {
    let limit = params.limit.unwrap_or(LIMIT);
    if limit > LIMIT_MAX {
        return Err(Problem::invalid("limit", &limit.to_string(), format!("it is more than {LIMIT_MAX}")));
    }
    let GroupsParams { column, r#where: condition, search, .. } = params;
    let query = GroupsQuery { column, condition, limit, search };
    asked.answer(&app, caller, move |rows| Body::json(&rows.groups(&query)?)).await
}

/// Which quantiles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuantilesParams {
    /// The column: numbers, times or booleans.
    column: String,
    /// The quantiles, from 0 to 1, separated by commas; `0,0.25,0.5,0.75,1` if not said.
    q: Option<String>,
    /// A column, for each of whose values they are told.
    by: Option<String>,
    /// Only rows for which this expression is true.
    r#where: Option<String>,
}

/// Tells quantiles of a column, as `{quantiles: [{group?, values, count}]}`.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/quantiles", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), QuantilesParams, Joined),
    security(("token" = ["viewer"])),
    responses((status = 200, body = serde_json::Value), (status = 304, description = "it is known"), Problem))]
pub async fn quantiles(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<QuantilesParams>,
) -> Result<Response, Problem> {
    let QuantilesParams { column, q, by, r#where: condition } = params;
    let text = q.unwrap_or_else(|| QUANTILES.to_owned());
    let number = |text: &str| {
        text.trim().parse::<f64>().map_err(|_| Error::invalid("quantile", text, "it is a number from 0 to 1"))
    };
    let quantiles = text.split(',').map(number).collect::<veneer::Result<Vec<f64>>>()?;
    let query = QuantilesQuery { column, quantiles, by, condition };
    asked.answer(&app, caller, move |rows| Ok(Body::Json(json!({"quantiles": rows.quantiles(&query)?})))).await
}

/// Which matrix.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConfusionParams {
    /// The column of what is.
    actual: String,
    /// The column of what was predicted.
    predicted: String,
    /// Only rows for which this expression is true.
    r#where: Option<String>,
}

/// Counts how often each value of one column goes with each of another.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/confusion", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), ConfusionParams, Joined),
    security(("token" = ["viewer"])),
    responses((status = 200, body = Confusion), (status = 304, description = "it is known"), Problem))]
pub async fn confusion(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<ConfusionParams>,
) -> Result<Response, Problem> {
    let ConfusionParams { actual, predicted, r#where: condition } = params;
    let query = ConfusionQuery { actual, predicted, condition };
    asked.answer(&app, caller, move |rows| Body::json(&rows.confusion(&query)?)).await
}
