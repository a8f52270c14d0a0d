//! The mounts of the store's datasets on the machine of the service.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use veneer::dataset::mountinfo::{self, State as Daemon};

use crate::auth::Viewer;
use crate::problem::Problem;
use crate::state::AppState;

/// How long a daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// The mode of a mount that shows a draft, to be written.
const WRITABLE: &str = "write";

/// All mounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct MountList {
    /// The oldest first.
    mounts: Vec<MountDetail>,
}

/// A mount.
#[derive(Debug, Serialize, ToSchema)]
pub struct MountDetail {
    /// Where it is.
    dir: String,
    /// What it shows; none where its daemon does not answer.
    dataset: Option<String>,
    /// The branch, tag or revision that it was given.
    r#ref: Option<String>,
    /// The revision that it shows now.
    revision: Option<String>,
    /// Whether it can be written.
    writable: bool,
    /// The process that serves it.
    pid: Option<i32>,
    /// `live`, `stale` for a dead one, or `silent`.
    state: &'static str,
}

/// Lists the mounts that the service's machine has of the store's datasets.
#[utoipa::path(get, path = "/v1/mounts", tag = "service", security(("token" = ["viewer"])),
    responses((status = 200, body = MountList), Problem))]
pub async fn list_mounts(_: Viewer, State(app): State<AppState>) -> Result<Json<MountList>, Problem> {
    let list = |app: &AppState| {
        let Some(store) = app.local_store() else { return Ok(Vec::new()) };
        let points = mountinfo::points_of(&store.mark())?.into_iter().filter(|(_, is_ours)| *is_ours);
        let mounts = points.map(|(point, _)| {
            let (state, info) = match mountinfo::ask(&point, PATIENCE) {
                Daemon::Live(info) => ("live", Some(info)),
                Daemon::Stale => ("stale", None),
                Daemon::Silent(_) => ("silent", None),
            };
            MountDetail {
                dir: point.display().to_string(),
                dataset: info.as_ref().map(|info| info.dataset.clone()),
                r#ref: info.as_ref().map(|info| info.reference.clone()),
                revision: info.as_ref().map(|info| info.revision.clone()),
                writable: info.as_ref().is_some_and(|info| info.mode == WRITABLE),
                pid: info.as_ref().map(|info| info.pid),
                state,
            }
        });
        Ok::<_, veneer::Error>(mounts.collect())
    };
    Ok(Json(MountList { mounts: app.run(list).await? }))
}
