//! What changed in a source is recorded: a job, for the walk may last.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::Error;
use veneer::dataset::Refreshed;
use veneer::model::{BranchName, DatasetName, Id};
use veneer::source::{Progress, ScanOptions};

use crate::auth::Editor;
use crate::conflicts::{self, ConflictDetail};
use crate::extract::{Body, Named};
use crate::jobs::{self, BegunJob, Within};
use crate::problem::Problem;
use crate::state::AppState;

/// Which branch is to know what changed in the source.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RefreshOf {
    /// `main` if not said.
    branch: Option<String>,
}

/// What changed in the source.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefreshDetail {
    /// The new revision; none where the source is as it was.
    revision: Option<String>,
    /// Paths that are new.
    added: u64,
    /// Paths with other content.
    modified: u64,
    /// Paths that are gone.
    removed: u64,
    /// Edited paths whose file in the source was changed too; the edits stay.
    conflicts: Vec<ConflictDetail>,
}

/// Records what changed in a dataset's source, as a revision of a branch; all edits stay on top of it.
///
/// Where that lasts, events `job` tell how far it is, and the job tells what it found.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/refresh", tag = "datasets", params(("dataset" = String, Path)),
    request_body = RefreshOf, security(("token" = ["editor"])),
    responses((status = 200, body = RefreshDetail), (status = 202, body = BegunJob), Problem))]
pub async fn refresh(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(dataset): Named<String>,
    within: Within,
    Body(wanted): Body<RefreshOf>,
) -> Result<Response, Problem> {
    let name: DatasetName = dataset.parse()?;
    let branch: BranchName = wanted.branch.as_deref().map(str::parse).transpose()?.unwrap_or_else(BranchName::main);
    jobs::run(&app, within, "refresh", Some(name.to_string()), move |app, job| {
        let dataset = app.datasets().open(&name)?;
        dataset.head(&branch)?;
        let progress = |at: Progress| job.at(at.entries, at.bytes);
        let options = ScanOptions { progress: &progress, cancel: job.is_over(), ..ScanOptions::default() };
        let scan = dataset.source()?.scan(&options)?;
        let base = veneer::base::store(&**app.store(), scan.tree)?;
        let refreshed = dataset.refresh(&branch, base, caller.writer.as_str())?;
        let Refreshed { revision, added, modified, removed, conflicts } = refreshed;
        let (revision, conflicts) = (revision.map(Id::to_hex), conflicts::details(&conflicts));
        Ok::<_, Error>(RefreshDetail { revision, added, modified, removed, conflicts })
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};

    use crate::testing::World;

    const REFRESH: &str = "/v1/datasets/d/refresh";

    #[tokio::test]
    async fn what_changed_in_the_source_is_a_revision() {
        let world = World::new();
        fs::write(world.folder.path().join("b.txt"), "b").expect("written");
        let refreshed = world.post(REFRESH, &json!({})).await.json();
        assert_eq!((&refreshed["added"], &refreshed["conflicts"]), (&json!(1), &json!([])), "{refreshed}");
        assert_eq!(world.get("/v1/datasets/d/at/main/files/b.txt").await.text(), "b");
        assert_eq!(world.post(REFRESH, &json!({})).await.json()["revision"], Value::Null);
        let missing = world.post(REFRESH, &json!({ "branch": "nothing" })).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{missing:?}");
    }

    #[tokio::test]
    async fn a_refresh_that_lasts_goes_on_as_a_job() {
        let world = World::new();
        fs::write(world.folder.path().join("b.txt"), "b").expect("written");
        let headers = [("content-type", "application/json"), ("prefer", "respond-async, wait=10")];
        let begun = world.send(Method::POST, REFRESH, &headers, "{}").await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
        let address = format!("/v1/jobs/{}", begun.json()["job"].as_str().expect("an id"));
        assert_eq!(begun.headers["location"], address);
        let mut job = Value::Null;
        for _ in 0..1000 {
            job = world.get(&address).await.json();
            if job["done"] == true {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!((&job["done"], &job["error"], &job["result"]["added"]), (&json!(true), &Value::Null, &json!(1)));
        assert_eq!((&job["kind"], &job["dataset"]), (&json!("refresh"), &json!("d")), "{job}");
        assert_eq!(world.get("/v1/datasets/d/at/main/files/b.txt").await.text(), "b");
        assert_eq!(world.get("/v1/jobs/nothing").await.status, StatusCode::NOT_FOUND);
    }
}
