//! Problems: errors as RFC 9457 has them.
//!
//! One match gives each meaning of the core its status; its facts become members
//! of the document beside `type`, `title`, `status`, `kind` and `detail`, so that
//! another program can read the error back ([`ErrorKind::from_facts`]). What only
//! HTTP can get wrong (a body that is no JSON, a missing token) has its kinds here.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use tower_http::timeout::TimeoutError;
use tracing::error;
use utoipa::openapi::{Content, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};
use veneer::{Error, ErrorKind};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that is no success.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    kind: String,
    detail: String,
    facts: Map<String, Value>,
}

/// What a problem is as JSON; the facts of its kind are further members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Always `about:blank`: `kind` says which problem it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// Which problem it is: `not-found`, `source-changed`, `ref-moved` …
    kind: String,
    /// What happened, for a person.
    detail: String,
    #[serde(flatten)]
    #[schema(ignore)]
    facts: Map<String, Value>,
}

impl Problem {
    /// A problem that only HTTP knows.
    pub fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Problem {
        Problem { status, kind: kind.to_owned(), detail: detail.into(), facts: Map::new() }
    }

    /// A part of the request that is not what it should be.
    pub fn invalid(what: &'static str, value: &str, why: impl Into<String>) -> Problem {
        Error::invalid(what, value, why).into()
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// What happened, for a person.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The document that tells it.
    pub fn document(self) -> ProblemDocument {
        let Problem { status, kind, detail, facts } = self;
        let title = status.canonical_reason().unwrap_or("Problem");
        ProblemDocument { r#type: "about:blank", title, status: status.as_u16(), kind, detail, facts }
    }

    /// Which problem it is: `not-found`, `ref-moved` …
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

/// The status of each meaning.
fn status(kind: &ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid { .. } | ErrorKind::Ambiguous { .. } => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound { .. } => StatusCode::NOT_FOUND,
        ErrorKind::AlreadyExists { .. }
        | ErrorKind::NotAFolder { .. }
        | ErrorKind::IsAFolder { .. }
        | ErrorKind::Nothing { .. }
        | ErrorKind::Unsaved { .. }
        | ErrorKind::Conflict { .. }
        | ErrorKind::SourceChanged { .. } => StatusCode::CONFLICT,
        ErrorKind::RefMoved { .. } => StatusCode::PRECONDITION_FAILED,
        ErrorKind::SourceUnusable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::ReadOnly { .. } => StatusCode::FORBIDDEN,
        ErrorKind::NoSpace { .. } => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::StoreBusy { .. } | ErrorKind::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Corrupt { .. } | ErrorKind::StoreUnknown { .. } | ErrorKind::Io { .. } => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let status = status(error.kind());
        let mut detail = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            detail.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        if status.is_server_error() {
            error!("{detail}");
        }
        let mut facts = match serde_json::to_value(error.kind()) {
            Ok(Value::Object(facts)) => facts,
            _ => Map::new(),
        };
        let kind = match facts.remove("kind") {
            Some(Value::String(kind)) => kind,
            _ => "io".to_owned(),
        };
        Problem { status, kind, detail, facts }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        of_body(rejection.status(), &rejection, rejection.body_text())
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Problem {
        of_body(rejection.status(), &rejection, rejection.body_text())
    }
}

/// A body that cannot be had; 408 where its sender fell silent.
fn of_body(status: StatusCode, error: &(dyn std::error::Error + 'static), detail: String) -> Problem {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TimeoutError>() {
            return Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "nothing more of the request has come");
        }
        cause = error.source();
    }
    of_status(status, "body", detail)
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        of_status(rejection.status(), "query", rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Problem {
        of_status(rejection.status(), "path", rejection.body_text())
    }
}

fn of_status(status: StatusCode, what: &'static str, detail: String) -> Problem {
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported-media-type",
        status if status.is_server_error() => "io",
        _ => "invalid",
    };
    Problem::new(status, kind, detail).with("what", what)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Every route may answer with a problem.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let schema = utoipa::openapi::Ref::from_schema_name("Problem");
        let content = Content::builder().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description("a problem (RFC 9457)").content(MEDIA_TYPE, content).build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    /// One of each meaning; a new one does not compile until it has a status above.
    fn every_kind() -> Vec<(ErrorKind, u16)> {
        let text = str::to_owned;
        vec![
            (ErrorKind::Invalid { what: "path", value: text("../x"), why: text("no") }, 400),
            (ErrorKind::NotFound { what: "dataset", name: text("trafic") }, 404),
            (ErrorKind::AlreadyExists { what: "dataset", name: text("traffic") }, 409),
            (ErrorKind::Ambiguous { name: text("3f9c1a2"), candidates: vec![text("3f9c1a2b")] }, 400),
            (ErrorKind::NotAFolder { path: text("labels.csv") }, 409),
            (ErrorKind::IsAFolder { path: text("images") }, 409),
            (ErrorKind::Nothing { to: "commit", name: text("traffic@main") }, 409),
            (ErrorKind::RefMoved { name: text("heads/traffic/main") }, 412),
            (ErrorKind::Unsaved { name: text("fix"), what: "uncommitted changes" }, 409),
            (ErrorKind::Conflict { paths: vec![text("a"), text("b")] }, 409),
            (ErrorKind::SourceChanged { path: text("a.png"), how: text("it is gone") }, 409),
            (ErrorKind::SourceUnusable { path: text("/data"), why: text("empty"), parts: vec![] }, 422),
            (ErrorKind::Corrupt { what: text("revision"), why: text("its hash differs") }, 500),
            (ErrorKind::StoreUnknown { path: text("/store"), found: text("version 9") }, 500),
            (ErrorKind::StoreBusy { path: text("/store"), owner: text("process 7") }, 503),
            (ErrorKind::ReadOnly { why: text("so it was opened") }, 403),
            (ErrorKind::NoSpace { what: text("write the log") }, 507),
            (ErrorKind::Interrupted, 503),
            (ErrorKind::Io { action: text("read `x`") }, 500),
        ]
    }

    #[tokio::test]
    async fn every_meaning_has_its_status_and_is_read_back_from_the_document() {
        for (kind, status) in every_kind() {
            let response = Problem::from(Error::new(kind.clone())).into_response();
            assert_eq!(response.status().as_u16(), status, "{kind:?}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
            let body = to_bytes(response.into_body(), 1 << 16).await.expect("a short body");
            let document: Map<String, Value> = serde_json::from_slice(&body).expect("an object");
            assert_eq!(document["status"], status);
            assert_eq!(document["detail"], Error::new(kind.clone()).to_string());
            assert_eq!(ErrorKind::from_facts(&document), Some(kind));
        }
    }
}
