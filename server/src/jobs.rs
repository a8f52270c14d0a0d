//! Work that may last longer than a request: it goes on by itself, and tells how far it is.
//!
//! Whoever asks for it gets what it found, if that comes soon, and else the address of the job, which
//! tells it in the end. Imports tell the same of themselves, in [`crate::imports`].

use std::collections::VecDeque;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use tracing::error;
use utoipa::ToSchema;
use veneer::Error;

use crate::auth::Viewer;
use crate::extract::Named;
use crate::problem::Problem;
use crate::state::AppState;

/// So many jobs are remembered.
const REMEMBERED: usize = 100;
/// How many may run at a time.
const AT_ONCE: usize = 4;
/// Whoever asks waits so long for what is found.
const SOON: Duration = Duration::from_secs(20);
/// So often it is told how far a job is.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// The jobs that run, or ran lately.
#[derive(Debug, Default)]
pub struct Jobs {
    known: Mutex<VecDeque<JobDetail>>,
    is_over: AtomicBool,
}

/// How long the caller waits for what a job finds: not at all with `Prefer: respond-async` (RFC 7240).
#[derive(Clone, Copy, Debug)]
pub struct Within(Duration);

impl<S: Sync> FromRequestParts<S> for Within {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Within, Infallible> {
        let wishes = parts.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let is_async = wishes.flat_map(|value| value.split(',')).any(|wish| wish.trim() == "respond-async");
        Ok(Within(if is_async { Duration::ZERO } else { SOON }))
    }
}

/// A job that was begun, and has not ended soon.
#[derive(Debug, Serialize, ToSchema)]
pub struct BegunJob {
    /// Its id; `/v1/jobs/ID` tells how far it is.
    job: String,
}

/// How far a job is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobDetail {
    /// Its id.
    id: String,
    /// `refresh`, `gc` or `fsck`.
    kind: &'static str,
    /// The dataset that it is about; none where that is the whole store.
    dataset: Option<String>,
    /// What it has looked at until now: files, or objects.
    seen: u64,
    /// Bytes in them.
    bytes: u64,
    /// Whether it has ended.
    done: bool,
    /// What it found: the answer of the route that began it.
    #[schema(value_type = Object)]
    result: Option<Value>,
    /// Why it found nothing: a problem.
    #[schema(value_type = Object)]
    error: Option<Value>,
}

/// A job that runs: where it says how far it is, and hears that it must end.
#[derive(Debug)]
pub struct Job<'a> {
    app: &'a AppState,
    told: Mutex<(Instant, JobDetail)>,
}

impl Jobs {
    fn known(&self) -> MutexGuard<'_, VecDeque<JobDetail>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one, unless another is about the same.
    fn begin(&self, kind: &'static str, dataset: Option<String>) -> Result<JobDetail, Problem> {
        let busy = |detail: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
        let mut known = self.known();
        let running: Vec<&JobDetail> = known.iter().filter(|job| !job.done).collect();
        if let Some(other) = running.iter().find(|job| job.dataset == dataset) {
            return Err(busy(format!("a {} is running already: job {}", other.kind, other.id)));
        }
        if running.len() >= AT_ONCE {
            return Err(busy(format!("{} jobs are running already", running.len())));
        }
        let id = draw_id()?;
        let job = JobDetail { id, kind, dataset, seen: 0, bytes: 0, done: false, result: None, error: None };
        if known.len() == REMEMBERED {
            // One that runs is never forgotten: fewer run than are remembered.
            let oldest = known.iter().position(|job| job.done);
            oldest.and_then(|oldest| known.remove(oldest));
        }
        known.push_back(job.clone());
        Ok(job)
    }

    /// Remembers how far a job is, and tells it.
    fn tell(&self, app: &AppState, job: &JobDetail) {
        if let Some(known) = self.known().iter_mut().find(|known| known.id == job.id) {
            *known = job.clone();
        }
        app.feed().tell("job", serde_json::to_value(job).expect("plain data"));
    }

    /// Ends all jobs: the service ends.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// A number that no other job or import has.
pub(crate) fn draw_id() -> Result<String, Problem> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|cause| Error::io("draw a number", std::io::Error::other(cause.to_string())))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Job<'_> {
    /// Says how far it is.
    pub fn at(&self, seen: u64, bytes: u64) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        (told.1.seen, told.1.bytes) = (seen, bytes);
        if told.0.elapsed() >= TELL_EVERY {
            told.0 = Instant::now();
            self.app.jobs().tell(self.app, &told.1);
        }
    }

    /// Whether it must end: the service does.
    pub fn is_over(&self) -> &AtomicBool {
        &self.app.jobs().is_over
    }
}

/// Runs a job; answers with what it found, or with 202 and its address where it lasts.
///
/// # Errors
/// 503 `busy` where another job is about the same, and those of `work`.
pub async fn run<T, E>(
    app: &AppState,
    Within(soon): Within,
    kind: &'static str,
    dataset: Option<String>,
    work: impl FnOnce(&AppState, &Job<'_>) -> Result<T, E> + Send + 'static,
) -> Result<Response, Problem>
where
    T: Serialize,
    E: Into<Problem>,
{
    let begun = app.jobs().begin(kind, dataset)?;
    let (id, app) = (begun.id.clone(), app.clone());
    let (send, ended) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let job = Job { app: &app, told: Mutex::new((Instant::now(), begun)) };
        let found = catch_unwind(AssertUnwindSafe(|| work(&app, &job)));
        let found = match found {
            Ok(found) => found.map(|found| serde_json::to_value(found).expect("plain data")).map_err(Into::into),
            Err(_) => {
                error!("a {kind} ended in a panic");
                Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the service made a mistake"))
            }
        };
        let (_, mut job) = job.told.into_inner().unwrap_or_else(PoisonError::into_inner);
        job.done = true;
        match &found {
            Ok(found) => job.result = Some(found.clone()),
            Err(problem) => job.error = serde_json::to_value(problem.clone().document()).ok(),
        }
        app.jobs().tell(&app, &job);
        // Nobody may wait any more.
        let _ = send.send(found);
    });
    // Who asks not to wait is told so even if it has ended by now: it can count on that.
    let found = if soon.is_zero() { None } else { tokio::time::timeout(soon, ended).await.ok() };
    match found {
        Some(found) => found.expect("it always sends").map(|found| Json(found).into_response()),
        None => {
            let address = [(header::LOCATION, format!("/v1/jobs/{id}"))];
            Ok((StatusCode::ACCEPTED, address, Json(BegunJob { job: id })).into_response())
        }
    }
}

/// Tells how far a job is.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "service", params(("id" = String, Path)),
    security(("token" = ["viewer"])), responses((status = 200, body = JobDetail), Problem))]
pub async fn show_job(
    _: Viewer,
    State(app): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<JobDetail>, Problem> {
    let found = app.jobs().known().iter().find(|job| job.id == id).cloned();
    Ok(Json(found.ok_or_else(|| Error::not_found("job", &id))?))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use axum::body::to_bytes;
    use serde_json::json;
    use veneer::store::{MemoryStore, Store};

    use super::*;
    use crate::state::Options;

    const LONG: Within = Within(SOON);

    fn app() -> AppState {
        let store: std::sync::Arc<dyn Store> = std::sync::Arc::new(MemoryStore::new());
        AppState::new(store, Options::default(), None)
    }

    async fn json_of(response: Response) -> Value {
        let body = to_bytes(response.into_body(), 1 << 16).await.expect("a short body");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn shown(app: &AppState, id: &str) -> JobDetail {
        app.jobs().known().iter().find(|job| job.id == id).cloned().expect("it is known")
    }

    #[tokio::test]
    async fn what_ends_soon_is_answered_at_once_and_what_lasts_by_its_address() {
        let app = app();
        let found = run(&app, LONG, "gc", None, |_, _| Ok::<_, Problem>(json!({ "objects": 7 }))).await.expect("found");
        assert_eq!((found.status(), json_of(found).await), (StatusCode::OK, json!({ "objects": 7 })));
        let (go_on, wait) = mpsc::channel::<()>();
        let lasting = run(&app, Within(Duration::from_millis(100)), "fsck", None, move |_, job| {
            job.at(3, 30);
            wait.recv().expect("told to go on");
            Err::<(), Problem>(Error::not_found("object", "x").into())
        });
        let lasting = lasting.await.expect("begun");
        assert_eq!(lasting.status(), StatusCode::ACCEPTED);
        let address = lasting.headers()[header::LOCATION].to_str().expect("text").to_owned();
        let id = json_of(lasting).await["job"].as_str().expect("an id").to_owned();
        assert_eq!(address, format!("/v1/jobs/{id}"));
        assert!(!shown(&app, &id).done);
        let other = run(&app, LONG, "gc", None, |_, _| Ok::<_, Problem>(())).await.expect_err("one at a time");
        assert_eq!((other.status(), other.kind()), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
        let beside = run(&app, LONG, "refresh", Some("d".to_owned()), |_, _| Ok::<_, Problem>(())).await;
        assert_eq!(beside.expect("it is about something else").status(), StatusCode::OK);
        go_on.send(()).expect("it waits");
        while !shown(&app, &id).done {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let job = shown(&app, &id);
        assert_eq!((job.seen, job.error.expect("why")["kind"].as_str()), (3, Some("not-found")));
    }

    #[tokio::test]
    async fn a_job_that_panics_has_ended_and_only_those_that_ended_are_forgotten() {
        let app = app();
        let failed = run(&app, LONG, "gc", None, |_, _| -> Result<(), Problem> { panic!("a bug") }).await;
        assert_eq!(failed.expect_err("a problem").status(), StatusCode::INTERNAL_SERVER_ERROR);
        let running = app.jobs().begin("refresh", Some("d".to_owned())).expect("begun").id;
        for _ in 0..=REMEMBERED {
            run(&app, LONG, "gc", None, |_, _| Ok::<_, Problem>(())).await.expect("the one before has ended");
        }
        assert!(!shown(&app, &running).done);
        assert_eq!(app.jobs().known().len(), REMEMBERED);
    }
}
