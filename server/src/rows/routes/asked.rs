//! What all routes of rows have in common: which table is asked, with which runs, and how the answer goes out.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use veneer::model::Id;
use veneer::{Error, Result};

use crate::accept::Accept;
use crate::address::{At, Shown};
use crate::auth::Caller;
use crate::bytes::{Wanted, not_modified};
use crate::problem::Problem;
use crate::rows::{ARROW_STREAM, Epoch, Mask, RunColumns, TableRows};
use crate::state::AppState;

/// How many rows the condition is true for.
pub const ROW_COUNT: HeaderName = HeaderName::from_static("veneer-row-count");
/// How many rows the table has.
pub const TOTAL_ROWS: HeaderName = HeaderName::from_static("veneer-total-rows");

/// The runs whose columns are joined on.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Joined {
    /// A run whose metrics are columns `RUN.loss` … of the rows with the sample's key.
    pub(super) run: Option<String>,
    /// Another one, to compare.
    pub(super) run2: Option<String>,
    /// Which epoch of them; `latest` if not said.
    pub(super) epoch: Option<String>,
}

/// What is asked of which table.
#[derive(Debug)]
pub struct Asked {
    at: At,
    table: String,
    /// The last variable of the path, where it has one more.
    pub(super) column: Option<String>,
    joined: Joined,
    wanted: Wanted,
    /// All of the request that the answer depends on, beside the rows; `None` where that is in its body.
    target: Option<String>,
    pub(super) accept: Accept,
}

/// An answer.
pub(super) enum Body {
    Json(serde_json::Value),
    /// Arrow, and how many rows the condition is true for and the table has.
    Arrow(Vec<u8>, usize, usize),
    /// A bit for each row.
    Bits(Mask),
}

impl Body {
    /// Something as JSON.
    pub(super) fn json(value: &impl Serialize) -> Result<Body> {
        let json = serde_json::to_value(value);
        json.map(Body::Json).map_err(|cause| Error::invalid("answer", "", "it is no JSON").caused_by(cause))
    }
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> std::result::Result<Asked, Problem> {
        let at = At::from_request_parts(parts, app).await?;
        let Path(mut names) = Path::<HashMap<String, String>>::from_request_parts(parts, app).await?;
        let Query(joined) = Query::<Joined>::from_request_parts(parts, app).await?;
        let wanted = Wanted::from_request_parts(parts, app).await.unwrap_or_else(|never| match never {});
        let accept = Accept::from_request_parts(parts, app).await.unwrap_or_else(|never| match never {});
        let mut name = |of: &str| names.remove(of);
        let (table, column) = (name("table").unwrap_or_default(), name("column"));
        let target = format!("{} {accept:?}", parts.uri.path_and_query().map_or("", |target| target.as_str()));
        Ok(Asked { at, table, column, joined, wanted, target: Some(target), accept })
    }
}

impl Asked {
    /// Of an answer that depends on the request's body: no cache can keep it.
    pub(super) fn without_etag(self) -> Asked {
        Asked { target: None, ..self }
    }

    /// Answers with what `work` makes of the rows; without work where the client has it already.
    pub(super) async fn answer(
        self,
        app: &AppState,
        caller: Caller,
        work: impl FnOnce(&TableRows) -> Result<Body> + Send + 'static,
    ) -> std::result::Result<Response, Problem> {
        app.run(move |app| {
            let shown = self.at.open(app, &caller.writer)?;
            let rows = self.rows(app, &shown)?;
            let mut headers = shown.headers();
            headers.insert(header::VARY, HeaderValue::from_static("accept"));
            if self.joined.run.is_some() || self.joined.run2.is_some() {
                // What a run has recorded may grow.
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            }
            match &self.target {
                Some(target) => {
                    let of = format!("{} {} {target}", env!("CARGO_PKG_VERSION"), rows.id());
                    let etag = format!("\"{}\"", Id::of(of.as_bytes()).short());
                    if self.wanted.is_known(&etag) {
                        return Ok(not_modified(&etag, headers));
                    }
                    headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal digits"));
                }
                None => drop(headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))),
            }
            Ok::<_, Error>(respond(headers, work(&rows)?))
        })
        .await
    }

    fn rows(&self, app: &AppState, shown: &Shown) -> Result<TableRows> {
        let rows = app.columns().rows(shown.dataset.name(), &shown.view, &self.table)?;
        let runs: Vec<&String> = self.joined.run.iter().chain(&self.joined.run2).collect();
        if runs.is_empty() {
            return Ok(rows);
        }
        let epoch = match self.joined.epoch.as_deref() {
            None | Some("latest") => Epoch::Latest,
            Some(text) => text
                .parse()
                .map(Epoch::Number)
                .map_err(|_| Error::invalid("epoch", text, "it is a whole number or `latest`"))?,
        };
        let runs = runs.into_iter().map(|run| RunColumns::of(app.runs(), run, epoch));
        Ok(rows.with_runs(runs.collect::<Result<_>>()?))
    }
}

fn respond(mut headers: HeaderMap, body: Body) -> Response {
    match body {
        Body::Json(json) => (headers, Json(json)).into_response(),
        Body::Arrow(bytes, matched, total) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(ARROW_STREAM));
            headers.insert(ROW_COUNT, matched.into());
            headers.insert(TOTAL_ROWS, total.into());
            (headers, bytes).into_response()
        }
        Body::Bits(mask) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            headers.insert(ROW_COUNT, mask.count().into());
            headers.insert(TOTAL_ROWS, mask.bits().len().into());
            (headers, mask.to_bytes()).into_response()
        }
    }
}
