//! `POST /v1/sql`: a query over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{SqlQuery, SqlRows};
use crate::accept::Accept;
use crate::auth::Viewer;
use crate::extract::Body;
use crate::problem::Problem;
use crate::rows::{ARROW_STREAM, to_stream};
use crate::state::AppState;

/// How many rows are given unless the request says.
const LIMIT: usize = 10_000;
/// Whether there are more rows than were wanted.
const TRUNCATED: HeaderName = HeaderName::from_static("veneer-truncated");

/// A query.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Query {
    /// SELECT, EXPLAIN, SHOW or DESCRIBE over `dataset.table`, `runs."NAME"` and `at('dataset', 'table', 'REF')`.
    query: String,
    /// What stands for `$1`, `$2` …: texts, numbers, true, false, null.
    #[serde(default)]
    params: Vec<Value>,
    /// How many rows at most; 10,000 if not said.
    limit: Option<usize>,
    /// `json` or `arrow`; what the request accepts if not said.
    format: Option<Format>,
    /// The dataset of tables that are named without one.
    dataset: Option<String>,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `{columns: [{name, type}], rows: [[…]], truncated, elapsed_ms}`.
    Json,
    /// An Arrow IPC stream.
    Arrow,
}

/// Answers a query that reads.
#[utoipa::path(post, path = "/v1/sql", tag = "rows", request_body = Query, security(("token" = ["viewer"])),
    responses((status = 200, content((SqlRows = "application/json"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"))), Problem))]
pub async fn query(
    Viewer(_): Viewer,
    State(app): State<AppState>,
    accept: Accept,
    Body(Query { query: text, params, limit, format, dataset }): Body<Query>,
) -> Result<Response, Problem> {
    let is_arrow = format.map_or(accept == Accept::Arrow, |format| format == Format::Arrow);
    let query = SqlQuery { text, params, limit: limit.unwrap_or(LIMIT), dataset };
    app.run(move |app| {
        let answer = app.sql().run(query)?;
        let cache = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !is_arrow {
            return Ok(([cache], Json(answer.to_json()?)).into_response());
        }
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(ARROW_STREAM));
        let truncated = HeaderValue::from_static(if answer.truncated { "true" } else { "false" });
        let headers = [cache, kind, (TRUNCATED, truncated)];
        Ok::<_, veneer::Error>((headers, to_stream(&answer.to_batch()?)?).into_response())
    })
    .await
}
