//! What is near: points within a polygon, neighbours in a space of vectors.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use veneer::Error;

use super::asked::{Asked, Body as Answer, Joined};
use crate::auth::Viewer;
use crate::extract::{Body, Params};
use crate::problem::Problem;
use crate::rows::{LassoQuery, Metric, NeighboursQuery};
use crate::state::AppState;

/// How many neighbours are told unless the request says.
const COUNT: usize = 20;

/// A polygon over two columns.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Lasso {
    /// The column that tells how far right a row's point is.
    x: String,
    /// The column that tells how far up it is.
    y: String,
    /// The corners `[x, y]`; the last one is joined to the first.
    polygon: Vec<[f64; 2]>,
    /// Only rows for which this expression is true.
    r#where: Option<String>,
}

/// Tells which rows have their point within a polygon: a bit for each, as a mask.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/lasso", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), Joined),
    request_body = Lasso, security(("token" = ["viewer"])),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), Problem))]
pub async fn lasso(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Body(Lasso { x, y, polygon, r#where: condition }): Body<Lasso>,
) -> Result<Response, Problem> {
    let query = LassoQuery { x, y, polygon, condition };
    asked.without_etag().answer(&app, caller, move |rows| Ok(Answer::Bits(rows.lasso(&query)?))).await
}

/// Whose neighbours.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NeighboursParams {
    /// The column of vectors.
    column: String,
    /// The key of the row.
    key: String,
    /// How many at most; 20 if not said.
    k: Option<usize>,
    /// `cosine` (the default) or `l2`.
    metric: Option<String>,
}

/// Lists the rows whose vectors are nearest, as `{neighbours: [{key, row, distance}]}`.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/neighbours", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), NeighboursParams, Joined),
    security(("token" = ["viewer"])),
    responses((status = 200, body = serde_json::Value), (status = 304, description = "it is known"), Problem))]
pub async fn neighbours(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<NeighboursParams>,
) -> Result<Response, Problem> {
    let metric = match params.metric.as_deref() {
        None | Some("cosine") => Metric::Cosine,
        Some("l2") => Metric::L2,
        Some(other) => return Err(Error::invalid("metric", other, "it is `cosine` or `l2`").into()),
    };
    let NeighboursParams { column, key, k, .. } = params;
    let query = NeighboursQuery { column, key, count: k.unwrap_or(COUNT), metric };
    asked.answer(&app, caller, move |rows| Ok(Answer::Json(json!({"neighbours": rows.neighbours(&query)?})))).await
}
