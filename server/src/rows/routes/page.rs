//! Rows themselves: pages, whole columns, masks.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::Array;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;
use veneer::{Error, Result};

use super::asked::{Asked, Body, Joined};
use crate::accept::Accept;
use crate::auth::Viewer;
use crate::extract::Params;
use crate::problem::Problem;
use crate::rows::columns::batch_of;
use crate::rows::mask::Mask;
use crate::rows::{PageQuery, to_stream, with_metadata};
use crate::state::AppState;

/// How many rows are given unless the request says.
const LIMIT: usize = 200;
/// How many rows are given as JSON at most.
const LIMIT_MAX: usize = 10_000;

/// Which rows, and what of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Only rows for which this expression is true.
    r#where: Option<String>,
    /// By what they are sorted: `score DESC, label`.
    order: Option<String>,
    /// The columns, separated by commas; all if not said.
    columns: Option<String>,
    /// How many rows are left out at the beginning.
    #[serde(default)]
    offset: usize,
    /// How many rows at most; 200 if not said, as JSON 10,000 at most.
    limit: Option<usize>,
}

/// Gives some rows, as JSON `{rows: [{_key, _row, …}], matched, total, schema}` or as Arrow.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/rows", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), PageParams, Joined),
    security(("token" = ["viewer"])), responses((status = 200, content((serde_json::Value = "application/json"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"))), (status = 304, description = "it is known"), Problem))]
pub async fn page(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<PageParams>,
) -> std::result::Result<Response, Problem> {
    let accept = asked.accept;
    asked
        .answer(&app, caller, move |rows| {
            let limit = params.limit.unwrap_or(LIMIT);
            if accept == Accept::Json && limit > LIMIT_MAX {
                let why = format!("as JSON there are {LIMIT_MAX} rows at most");
                return Err(Error::invalid("limit", &limit.to_string(), why));
            }
            let PageParams { r#where: condition, order, columns, offset, .. } = params;
            let page = rows.page(&PageQuery { condition, order, columns, offset, limit })?;
            match accept {
                Accept::Json => Ok(Body::Json(page.to_json()?)),
                Accept::Arrow => Ok(Body::Arrow(to_stream(&page.batch)?, page.matched, page.total)),
            }
        })
        .await
}

/// How a column goes out.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ColumnParams {
    /// `dictionary` (texts once each, the default) or `plain`.
    encoding: Option<String>,
    /// `u16`: numbers as 0 for the least to 65,535 for the greatest, which are the schema's metadata `min` and `max`.
    r#as: Option<String>,
}

/// Gives all values of a column, in the order of the table, as Arrow.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/columns/{column}", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), ("column" = String, Path),
        ColumnParams, Joined),
    security(("token" = ["viewer"])), responses((status = 200, body = Vec<u8>,
        content_type = "application/vnd.apache.arrow.stream"), (status = 304, description = "it is known"), Problem))]
pub async fn column(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<ColumnParams>,
) -> std::result::Result<Response, Problem> {
    let name = asked.column.clone().unwrap_or_default();
    asked
        .answer(&app, caller, move |rows| {
            let name = rows.find(&name)?.name.clone();
            let (array, ends) = match params.r#as.as_deref() {
                None => (rows.column(&name)?, None),
                Some("u16") => rows.positions(&name)?,
                Some(other) => return Err(Error::invalid("form of a column", other, "it is `u16`")),
            };
            let array = match params.encoding.as_deref() {
                None | Some("dictionary") => array,
                Some("plain") => plain(array)?,
                Some(other) => return Err(Error::invalid("encoding", other, "it is `dictionary` or `plain`")),
            };
            let (len, batch) = (array.len(), batch_of(&[&name], vec![array], rows.row_count()?)?);
            let ends = ends.map(|(min, max)| [("min", min), ("max", max)]);
            let metadata: HashMap<String, String> =
                ends.into_iter().flatten().map(|(name, end)| (name.to_owned(), end.to_string())).collect();
            Ok(Body::Arrow(to_stream(&with_metadata(&batch, metadata)?)?, len, len))
        })
        .await
}

fn plain(array: Arc<dyn Array>) -> Result<Arc<dyn Array>> {
    match array.data_type() {
        DataType::Dictionary(_, of) => cast(&array, of)
            .map_err(|cause| Error::invalid("encoding", "plain", "the texts are more than 2 GiB").caused_by(cause)),
        _ => Ok(array),
    }
}

/// Which rows are meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MaskParams {
    /// The expression; all rows if not said.
    r#where: Option<String>,
}

/// Tells for which rows an expression is true: a bit for each, the first row's the lowest bit of the first byte.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tables/{table}/mask", tag = "rows",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), MaskParams, Joined),
    security(("token" = ["viewer"])), responses((status = 200, body = Vec<u8>,
        content_type = "application/octet-stream"), (status = 304, description = "it is known"), Problem))]
pub async fn mask(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    asked: Asked,
    Params(params): Params<MaskParams>,
) -> std::result::Result<Response, Problem> {
    asked
        .answer(&app, caller, move |rows| {
            let mask = match rows.mask(params.r#where.as_deref())? {
                Some(mask) => Mask::clone(&mask),
                None => Mask::new(arrow::buffer::BooleanBuffer::new_set(rows.row_count()?)),
            };
            Ok(Body::Bits(mask))
        })
        .await
}
