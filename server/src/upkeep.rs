//! Looking after the store, for which a command would have to own it: collecting garbage, and checking.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::dataset::{check, gc};
use veneer::store::{FsckReport, LocalStore, SweepOptions};
use veneer::{Error, ErrorKind};

use crate::auth::Admin;
use crate::extract::Body;
use crate::jobs::{self, BegunJob, Within};
use crate::problem::Problem;
use crate::state::AppState;

/// Whoever works with the store over HTTP reads first, sends objects, and refers to them in the end. So long
/// stays what was sent or referred to, whatever else is asked for.
const PROMISED: Duration = Duration::from_secs(60 * 60);
/// As for the command.
const GRACE_SECONDS: u64 = 24 * 60 * 60;

/// What is to be removed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Collect {
    /// How old something must be; a day if not said.
    #[serde(default = "a_day")]
    grace_seconds: u64,
    /// Whether to tell only what would be removed.
    #[serde(default)]
    dry_run: bool,
}

fn a_day() -> u64 {
    GRACE_SECONDS
}

/// What was removed, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub struct Collected {
    /// Objects that were removed.
    objects: u64,
    /// Their bytes.
    bytes: u64,
    /// Objects that nothing refers to and that stay: they are too young, or somebody may be about to refer to them.
    kept_young: u64,
    /// Whether nothing was removed.
    dry_run: bool,
}

/// Removes what no branch, tag, draft or mount refers to; others may write meanwhile.
///
/// What was sent, or referred to, within the last hour stays, whatever the grace.
#[utoipa::path(post, path = "/v1/gc", tag = "store", request_body = Collect, security(("token" = ["admin"])),
    responses((status = 200, body = Collected), (status = 202, body = BegunJob), Problem))]
pub async fn collect(
    _: Admin,
    State(app): State<AppState>,
    within: Within,
    Body(Collect { grace_seconds, dry_run }): Body<Collect>,
) -> Result<Response, Problem> {
    let store = local(&app)?;
    let options = SweepOptions { grace: Duration::from_secs(grace_seconds), promised: PROMISED, dry_run };
    jobs::run(&app, within, "gc", None, move |app, _| {
        let swept = gc(app.datasets(), &store, options)?;
        let (objects, bytes, kept_young) = (swept.objects, swept.bytes, swept.kept_young);
        Ok::<_, Error>(Collected { objects, bytes, kept_young, dry_run })
    })
    .await
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    /// What is wrong; none in a sound store.
    problems: Vec<FoundProblem>,
    /// What is worth knowing and not wrong, and what was not looked at.
    notes: Vec<String>,
    /// Sound objects.
    objects: u64,
    /// Their bytes.
    bytes: u64,
    /// Refs that point to an object that is there.
    refs: u64,
}

/// Something that is not as it should be.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundProblem {
    /// The file or object.
    what: String,
    /// What is wrong with it.
    why: String,
    /// Whether nothing is lost by it: `veneer fsck --rebuild` makes it again.
    can_be_rebuilt: bool,
}

impl From<FsckReport> for Checked {
    fn from(report: FsckReport) -> Checked {
        let FsckReport { problems, notes, objects, bytes, refs } = report;
        let problems = problems.into_iter().map(|problem| FoundProblem {
            what: problem.what,
            why: problem.why,
            can_be_rebuilt: problem.can_be_rebuilt,
        });
        Checked { problems: problems.collect(), notes, objects, bytes, refs }
    }
}

/// Reads every object, and looks for all that refs lead to; others may write meanwhile.
///
/// What only the service itself uses cannot be looked at beside it: `notes` tells what that is.
#[utoipa::path(post, path = "/v1/fsck", tag = "store", security(("token" = ["admin"])),
    responses((status = 200, body = Checked), (status = 202, body = BegunJob), Problem))]
pub async fn check_store(_: Admin, State(app): State<AppState>, within: Within) -> Result<Response, Problem> {
    let store = local(&app)?;
    jobs::run(&app, within, "fsck", None, move |app, job| {
        let mut report = LocalStore::fsck_beside(store.path(), &mut |objects, bytes| {
            job.at(objects, bytes);
            match job.is_over().load(Ordering::Relaxed) {
                true => Err(Error::new(ErrorKind::Interrupted)),
                false => Ok(()),
            }
        })?;
        report.problems.extend(check(app.datasets())?);
        Ok::<_, Error>(Checked::from(report))
    })
    .await
}

fn local(app: &AppState) -> Result<Arc<LocalStore>, Problem> {
    let missing = || Problem::new(StatusCode::NOT_IMPLEMENTED, "not-local", "the store is in no folder");
    app.local_store().cloned().ok_or_else(missing)
}
