//! A column of vectors in two or three dimensions.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use veneer::Error;

use super::asked::{Asked, Body, Joined};
use crate::accept::Accept;
use crate::auth::Viewer;
use crate::extract::Params;
use crate::problem::Problem;
use crate::rows::columns::batch_of;
use crate::rows::{AXES, Principal, principal, to_stream, with_metadata};
use crate::state::AppState;

/// So many rows are told as JSON at most.
const JSON_ROWS_MAX: usize = 100_000;
/// The dimensions that there are unless the request says.
pub(crate) const DIMS: usize = 2;

/// What is laid onto how many axes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReduceParams {
    /// The column of vectors.
    column: String,
    /// `pca`, which it is if not said.
    method: Option<String>,
    /// 2 or 3; 2 if not said.
    dims: Option<usize>,
}

/// Lays a column of vectors onto its principal axes: `x`, `y` (and `z`) of each row, null for a row without a vector;
/// and which shares of all variance lie along them, as Arrow in the schema's metadata `shares`.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/reduce", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), ReduceParams, Joined),
    security(("token" = ["viewer"])), responses((status = 200, content((serde_json::Value = "application/json"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"))), (status = 304, description = "it is known"), Problem))]
pub async fn reduce(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(ReduceParams { column, method, dims }): Params<ReduceParams>,
) -> Result<Response, Problem> {
    check_method(method.as_deref())?;
    let accept = asked.accept;
    asked
        .answer(&app, caller, move |rows| {
            let name = rows.find(&column)?.name.clone();
            let count = rows.row_count()?;
            if accept == Accept::Json && count > JSON_ROWS_MAX {
                let why = format!("it has {count} rows, and as JSON {JSON_ROWS_MAX} at most are told: ask for Arrow");
                return Err(Error::invalid("table", rows.name(), why));
            }
            let Principal { axes, shares } = principal(&name, &rows.column(&name)?, dims.unwrap_or(DIMS))?;
            match accept {
                Accept::Json => {
                    let mut answer: Map<String, Value> = AXES.iter().zip(&axes).map(told).collect();
                    answer.insert("shares".to_owned(), json!(shares));
                    Ok(Body::Json(answer.into()))
                }
                Accept::Arrow => {
                    let columns: Vec<ArrayRef> = axes.into_iter().map(|axis| Arc::new(axis) as ArrayRef).collect();
                    let batch = batch_of(&AXES[..columns.len()], columns, count)?;
                    let metadata = HashMap::from([("shares".to_owned(), json!(shares).to_string())]);
                    Ok(Body::Arrow(to_stream(&with_metadata(&batch, metadata)?)?, count, count))
                }
            }
        })
        .await
}

fn told((name, axis): (&&str, &Float32Array)) -> (String, Value) {
    ((*name).to_owned(), axis.iter().map(|place| place.map(f64::from)).collect::<Vec<_>>().into())
}

/// Refuses what is no way of reducing that there is.
pub(crate) fn check_method(method: Option<&str>) -> Result<(), Problem> {
    let Some(method) = method.filter(|method| *method != "pca") else { return Ok(()) };
    let detail = format!("`{method}` is no way of reducing that the service has: it has `pca`");
    let hint = "reduce in Python, as with umap-learn, and record the columns `x` and `y` in a run";
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-method", detail)
        .with("method", method)
        .with("hint", hint))
}
