//! `…/merge` and `…/revert`: what one branch has comes into another, or a revision is taken back.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::ErrorKind;
use veneer::dataset::{Dataset, MergeRequest, Outcome, Prefer};
use veneer::model::{BranchName, DatasetName, RefSpec, WriterName};

use crate::auth::{Caller, Editor};
use crate::conflicts::{self, Side};
use crate::extract::{Body, Named};
use crate::problem::Problem;
use crate::state::AppState;

/// How often it begins anew because the branch moved in the meantime.
const TRIES: u32 = 5;

/// What is merged.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewMerge {
    /// The branch that is changed.
    into: String,
    /// A branch, a tag or a revision.
    from: String,
    /// Why; `merge FROM into INTO` if not said.
    message: Option<String>,
    /// Who does it; the caller if not said.
    author: Option<String>,
    /// Whose change wins where both changed the same; without it that is a conflict.
    prefer: Option<Side>,
}

/// What is taken back.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewRevert {
    /// The revision whose changes are taken back.
    revision: String,
    /// The branch that is changed.
    branch: String,
    /// Who does it; the caller if not said.
    author: Option<String>,
    /// Whose change wins where the same was changed since; without it that is a conflict.
    prefer: Option<Side>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Merged {
    /// `done`, `fast-forward` or `up-to-date`.
    outcome: &'static str,
    /// The head of the branch now.
    revision: String,
    /// How many paths differ from the head before; of a fast-forward, 0.
    changes: u64,
}

/// Merges a branch, a tag or a revision into a branch. 409 with the conflicts, if any.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/merge", tag = "history", params(("dataset" = String, Path)),
    request_body = NewMerge, security(("token" = ["editor"])), responses((status = 200, body = Merged), Problem))]
pub async fn merge(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(dataset): Named<String>,
    Body(new): Body<NewMerge>,
) -> Result<Json<Merged>, Problem> {
    let (into, from): (BranchName, RefSpec) = (new.into.parse()?, new.from.parse()?);
    let author = author(new.author.as_deref(), caller)?;
    let message = new.message.unwrap_or_else(|| format!("merge {from} into {into}"));
    let prefer = new.prefer.map(Prefer::from);
    again(&app, dataset, into, move |dataset, into| {
        let theirs = dataset.resolve(Some(&from))?.id;
        dataset.merge(&MergeRequest { theirs, into, author: author.as_str(), message: &message, prefer })
    })
    .await
}

/// Makes a revision that takes back what another one changed. 409 with the conflicts, if any.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/revert", tag = "history", params(("dataset" = String, Path)),
    request_body = NewRevert, security(("token" = ["editor"])), responses((status = 200, body = Merged), Problem))]
pub async fn revert(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(dataset): Named<String>,
    Body(new): Body<NewRevert>,
) -> Result<Json<Merged>, Problem> {
    let (branch, revision): (BranchName, RefSpec) = (new.branch.parse()?, new.revision.parse()?);
    let author = author(new.author.as_deref(), caller)?;
    let prefer = new.prefer.map(Prefer::from);
    again(&app, dataset, branch, move |dataset, branch| {
        dataset.revert(dataset.resolve(Some(&revision))?.id, branch, author.as_str(), prefer)
    })
    .await
}

fn author(said: Option<&str>, caller: Caller) -> Result<WriterName, Problem> {
    Ok(said.map(str::parse).transpose()?.unwrap_or(caller.writer))
}

/// Does it, from the beginning where the branch has moved meanwhile.
async fn again(
    app: &AppState,
    dataset: String,
    branch: BranchName,
    work: impl Fn(&Dataset, &BranchName) -> veneer::Result<Outcome> + Send + 'static,
) -> Result<Json<Merged>, Problem> {
    let name: DatasetName = dataset.parse()?;
    app.run(move |app| {
        let dataset = app.datasets().open(&name)?;
        for tried in 1.. {
            match work(&dataset, &branch) {
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) && tried < TRIES => {}
                outcome => return told(&dataset, &branch, outcome?),
            }
        }
        unreachable!("the last try returns")
    })
    .await
    .map(Json)
}

fn told(dataset: &Dataset, branch: &BranchName, outcome: Outcome) -> Result<Merged, Problem> {
    let (outcome, revision, changes) = match outcome {
        Outcome::Done { revision, changes } => ("done", revision, changes),
        Outcome::FastForward { revision } => ("fast-forward", revision, 0),
        Outcome::UpToDate => ("up-to-date", dataset.head(branch)?.id, 0),
        Outcome::Conflicts(conflicts) => return Err(conflicts::problem(&conflicts)),
    };
    Ok(Merged { outcome, revision: revision.to_hex(), changes })
}
