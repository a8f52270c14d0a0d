//! A draft in short: what it is based on, what it changes, and what can be taken back.

use axum::http::header::{self, HeaderMap};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, response};
use serde::Serialize;
use utoipa::ToSchema;
use veneer::ErrorKind;
use veneer::dataset::{Dataset, Draft};
use veneer::model::{Id, WriterName};

use crate::differences::{ClassCount, Differences};
use crate::problem::Problem;
use crate::time::rfc3339;

/// A draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftDetail {
    /// On which branch.
    branch: String,
    /// Whose.
    writer: String,
    /// The revision that it is based on.
    based_on: String,
    /// Whether its branch has moved on since.
    is_behind: bool,
    /// The newest step; none before the first edit.
    step: Option<String>,
    /// Of exactly this state: an edit with it in `If-Match` is only done if nobody else was faster.
    pub etag: String,
    /// What undo would take back.
    can_undo: Option<String>,
    /// What redo would do again.
    can_redo: Option<String>,
    /// How much it changes.
    edits: EditCounts,
    /// Of columns with few different changes, how often which value became which.
    per_class: Vec<ClassCount>,
    /// When the newest step was made, RFC 3339.
    saved_at: Option<String>,
}

/// How much a draft changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct EditCounts {
    /// Rows: those of the next three together.
    rows: u64,
    /// Rows of which cells are set.
    set: u64,
    /// New rows.
    inserted: u64,
    /// Rows that are gone.
    deleted: u64,
    /// Files that differ by more than their rows.
    files: u64,
    /// Columns that are added or dropped.
    columns: u64,
}

/// The name of exactly the draft's state: the operation that saved it, and what it is based on.
pub fn etag(draft: &Draft) -> String {
    let op = draft.saved().map_or(0, |(value, _)| value.op);
    format!("{op}-{}", draft.based_on().short())
}

impl DraftDetail {
    /// What a draft is now.
    ///
    /// # Errors
    /// Those of comparing it with its revision.
    pub fn of(dataset: &Dataset, draft: &Draft, writer: &WriterName) -> veneer::Result<DraftDetail> {
        let differences = Differences::between(&dataset.view(draft.based_on())?, draft.view())?;
        let summary = differences.summary();
        let rows = summary.rows;
        Ok(DraftDetail {
            branch: draft.branch().to_string(),
            writer: writer.to_string(),
            based_on: draft.based_on().to_hex(),
            is_behind: draft.is_behind()?,
            step: draft.saved().map(|(value, _)| value.id).map(Id::to_hex),
            etag: etag(draft),
            can_undo: draft.can_undo().map(str::to_owned),
            can_redo: draft.can_redo()?,
            edits: EditCounts {
                rows: rows.set + rows.inserted + rows.deleted,
                set: rows.set,
                inserted: rows.inserted,
                deleted: rows.deleted,
                files: differences.other_files(),
                columns: summary.columns,
            },
            per_class: summary.per_class,
            saved_at: draft.saved().map(|(_, step)| rfc3339(step.time_ns)),
        })
    }

    /// The headers of an answer that tells it.
    pub fn headers(&self) -> HeaderMap {
        let etag = HeaderValue::from_str(&format!("\"{}\"", self.etag)).expect("digits in quotes");
        HeaderMap::from_iter([(header::ETAG, etag), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))])
    }

    /// The problem that somebody else was faster: with this, as it is now.
    pub fn stale(&self, name: &str) -> Problem {
        let problem = Problem::from(veneer::Error::new(ErrorKind::RefMoved { name: name.to_owned() }));
        debug_assert_eq!(problem.status(), StatusCode::PRECONDITION_FAILED);
        problem.with("draft", serde_json::to_value(self).expect("plain data"))
    }
}

impl IntoResponse for DraftDetail {
    fn into_response(self) -> Response {
        let headers = self.headers();
        response::IntoResponse::into_response((headers, Json(self)))
    }
}
