//! A draft becomes a revision.

use axum::Json;
use axum::extract::State;
use axum::http::header::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::dataset::mountinfo::{self, Following};
use veneer::dataset::{Draft, Outcome};
use veneer::model::{BranchName, Id, WriterName};

use super::Place;
use crate::auth::Editor;
use crate::conflicts;
use crate::extract::{Body, Named};
use crate::problem::Problem;
use crate::state::AppState;

/// What the revision is to say.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewCommit {
    /// Why.
    message: String,
    /// Who made it; the caller if not said.
    author: Option<String>,
    /// A branch to be made for it, which begins where the draft did; else the draft's own moves.
    branch: Option<String>,
}

/// The new revision.
#[derive(Debug, Serialize, ToSchema)]
pub struct Committed {
    /// Its id.
    revision: String,
    /// How many paths differ from the revision before it.
    changes: u64,
    /// The branch whose head it is.
    branch: String,
    /// The mounts on the service's machine that follow the branch.
    mounts: Vec<MountThatFollows>,
}

/// A mount that moves with the branch.
#[derive(Debug, Serialize, ToSchema)]
pub struct MountThatFollows {
    /// Where it is.
    dir: String,
    /// The dataset.
    dataset: String,
    /// The branch.
    r#ref: String,
    /// Whether it shows the new revision already.
    follows: bool,
}

/// Makes a revision of the draft, moves the branch to it, and ends the draft. 409 with the conflicts, if any.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/commit", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), request_body = NewCommit,
    security(("token" = ["editor"])), responses((status = 200, body = Committed), Problem))]
pub async fn commit_draft(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
    Body(new): Body<NewCommit>,
) -> Result<Json<Committed>, Problem> {
    let place = Place::of(names, caller.writer.clone(), &headers)?;
    let author: WriterName = new.author.as_deref().map(str::parse).transpose()?.unwrap_or(caller.writer);
    let elsewhere: Option<BranchName> = new.branch.as_deref().map(str::parse).transpose()?;
    let elsewhere = elsewhere.filter(|branch| *branch != place.branch);
    let (dataset, branch) = (place.dataset.clone(), elsewhere.clone().unwrap_or_else(|| place.branch.clone()));
    let work = move |_: &AppState, draft: &mut Draft| {
        let outcome = match &elsewhere {
            Some(branch) => draft.commit_to(branch, &new.message, author.as_str())?,
            None => draft.commit(&new.message, author.as_str())?,
        };
        match outcome {
            Outcome::Done { revision, changes } => Ok((revision, changes)),
            Outcome::FastForward { revision } => Ok((revision, 0)),
            Outcome::UpToDate => Ok((draft.based_on(), 0)),
            Outcome::Conflicts(conflicts) => Err(conflicts::problem(&conflicts)),
        }
    };
    let ((revision, changes), _) = place.change(&app, work).await?;
    let (name, asked) = (dataset.clone(), branch.clone());
    let follow = move |app: &AppState| {
        let store = app.local_store().map(|store| store.path().to_owned());
        let found = store.map(|store| mountinfo::following(&store, &name, &asked, revision));
        Ok::<Vec<Following>, Problem>(found.unwrap_or_default())
    };
    let mounts = app.run(follow).await?.into_iter().map(|mount| MountThatFollows {
        dir: mount.path,
        dataset: dataset.to_string(),
        r#ref: branch.to_string(),
        follows: mount.arrived,
    });
    Ok(Json(Committed {
        revision: Id::to_hex(revision),
        changes,
        branch: branch.to_string(),
        mounts: mounts.collect(),
    }))
}
