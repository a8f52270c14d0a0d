//! The audit log: who changed what, when, and from where, as one JSON object a line.
//!
//! It is a file in the store's folder that is only appended to. Every request
//! that takes more than to look is in it, one that failed too; objects that are
//! sent are not, for they change nothing until a ref names them. What commands
//! do while no service has the store is told by the history alone.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use tracing::warn;

use crate::auth::{Caller, Role};
use crate::state::AppState;
use crate::time::rfc3339;

/// The name of the log in a store's folder.
pub const FILE: &str = "audit.log";
/// Paths below this one are of objects.
const OBJECTS: &str = "/v1/objects";

/// The log of a service; without a file it says nothing.
#[derive(Debug, Default)]
pub struct Audit {
    path: Option<PathBuf>,
    file: Mutex<Option<File>>,
}

/// Where a request came from, as the log tells it.
#[derive(Clone, Debug)]
pub struct From(pub String);

/// What is known of a request that changes something; the routes put it in.
#[derive(Clone, Debug, Default)]
pub struct Noted(Arc<Mutex<Note>>);

#[derive(Debug, Default)]
struct Note {
    who: Option<(String, Role)>,
    detail: Option<Value>,
}

/// A line of the log.
#[derive(Debug, Serialize)]
struct Line<'a> {
    at: String,
    who: &'a str,
    role: Role,
    method: &'a str,
    path: &'a str,
    status: u16,
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Value>,
}

impl Audit {
    /// The log in a store's folder; the file is made with the first line.
    pub fn within(store: &Path) -> Audit {
        Audit { path: Some(store.join(FILE)), file: Mutex::default() }
    }

    fn append(&self, line: &Line<'_>) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = Some(OpenOptions::new().create(true).append(true).mode(0o600).open(path)?);
        }
        // A whole line at once: lines never mix, and a torn one is the last.
        file.as_mut().map_or(Ok(()), |file| file.write_all(&text))
    }
}

impl Noted {
    /// That of a request.
    pub fn of(parts: &Parts) -> Noted {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    fn note(&self) -> std::sync::MutexGuard<'_, Note> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes who asks for a change.
    pub fn by(&self, caller: &Caller) {
        self.note().who = Some((caller.writer.to_string(), caller.role));
    }

    /// Notes what the path does not tell of the change.
    pub fn detail(&self, detail: impl Into<Value>) {
        self.note().detail = Some(detail.into());
    }
}

impl<S: Sync> FromRequestParts<S> for Noted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Noted, Self::Rejection> {
        Ok(Noted::of(parts))
    }
}

/// Writes a line of each request that changes something, before it is answered.
pub async fn record(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let noted = Noted::default();
    request.extensions_mut().insert(noted.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let from = request.extensions().get::<From>().map_or_else(|| "-".to_owned(), |from| from.0.clone());
    let response = next.run(request).await;
    let Note { who, detail } = std::mem::take(&mut *noted.note());
    let Some((who, role)) = who.filter(|_| !path.starts_with(OBJECTS)) else { return response };
    let status = response.status().as_u16();
    let write = move || {
        let at = rfc3339(now_ns());
        let line = Line { at, who: &who, role, method: method.as_str(), path: &path, status, from: &from, detail };
        if let Err(cause) = app.audit().append(&line) {
            warn!("a change is not in the audit log: {cause}: {line:?}");
        }
    };
    // It waits for a disk; whoever cancels the request does not cancel the line.
    let _ = tokio::task::spawn_blocking(write).await;
    response
}

fn now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
