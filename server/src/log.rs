//! The history of a dataset: which revision came from which.

use std::collections::{BTreeMap, BinaryHeap, HashSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veneer::dataset::Dataset;
use veneer::model::{DatasetName, Id, RefSpec, Revision};

use crate::auth::Viewer;
use crate::extract::{Named, Params};
use crate::problem::Problem;
use crate::state::AppState;
use crate::time::rfc3339;

/// How many revisions are told unless the request says.
const LIMIT: usize = 50;
/// How many revisions are told at most.
const LIMIT_MAX: usize = 10_000;

/// Which part of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// From where back; `main` if not said.
    r#ref: Option<String>,
    /// How many revisions at most; 50 if not said.
    limit: Option<usize>,
    /// Tell those of all branches and tags.
    #[serde(default)]
    all: bool,
}

/// A part of the history.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogAnswer {
    /// The newest first, each before those that it came from.
    revisions: Vec<LogEntry>,
}

/// A revision.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogEntry {
    /// Its id.
    revision: String,
    /// The revisions that it was made from: none for an import, two for a merge.
    parents: Vec<String>,
    /// Who made it.
    author: String,
    /// When, RFC 3339.
    committed_at: String,
    /// Why.
    message: String,
    /// How many paths differ from the first parent.
    changes: u64,
    /// The branches whose head it is.
    branches: Vec<String>,
    /// The tags on it.
    tags: Vec<String>,
}

/// Tells the revisions that one came from, or those of all branches.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/log", tag = "datasets",
    params(("dataset" = String, Path), LogQuery), security(("token" = ["viewer"])),
    responses((status = 200, body = LogAnswer), Problem))]
pub async fn log(
    _: Viewer,
    State(app): State<AppState>,
    Named(name): Named<String>,
    Params(query): Params<LogQuery>,
) -> Result<Json<LogAnswer>, Problem> {
    let name: DatasetName = name.parse()?;
    let from: Option<RefSpec> = query.r#ref.as_deref().map(str::parse).transpose()?;
    let limit = query.limit.unwrap_or(LIMIT).min(LIMIT_MAX);
    let revisions = app.run(move |app| {
        let dataset = app.datasets().open(&name)?;
        let names = Names::of(&dataset)?;
        let starts = match query.all {
            true => names.0.keys().copied().collect(),
            false => vec![dataset.resolve(from.as_ref())?.id],
        };
        let found = walk(&dataset, starts, limit)?;
        Ok::<_, veneer::Error>(found.into_iter().map(|(id, revision)| names.entry(id, revision)).collect())
    });
    Ok(Json(LogAnswer { revisions: revisions.await? }))
}

/// The branches and tags of each revision that has some.
struct Names(BTreeMap<Id, (Vec<String>, Vec<String>)>);

impl Names {
    fn of(dataset: &Dataset) -> veneer::Result<Names> {
        let mut names: BTreeMap<Id, (Vec<String>, Vec<String>)> = BTreeMap::new();
        for (name, value) in dataset.branches()? {
            names.entry(value.id).or_default().0.push(name.to_string());
        }
        for (name, value) in dataset.tags()? {
            names.entry(value.id).or_default().1.push(name.to_string());
        }
        Ok(Names(names))
    }

    fn entry(&self, id: Id, revision: Revision) -> LogEntry {
        let (branches, tags) = self.0.get(&id).cloned().unwrap_or_default();
        LogEntry {
            revision: id.to_hex(),
            parents: revision.parents.iter().map(|id| id.to_hex()).collect(),
            committed_at: rfc3339(revision.time_ns),
            author: revision.author,
            message: revision.message,
            changes: revision.changes,
            branches,
            tags,
        }
    }
}

/// The revisions that these came from, by time.
fn walk(dataset: &Dataset, starts: Vec<Id>, limit: usize) -> veneer::Result<Vec<(Id, Revision)>> {
    let (mut next, mut seen) = (BinaryHeap::new(), HashSet::new());
    let mut push = |next: &mut BinaryHeap<(i64, Id)>, id: Id| {
        if seen.insert(id) {
            next.push((dataset.revision(id)?.time_ns, id));
        }
        Ok::<_, veneer::Error>(())
    };
    for id in starts {
        push(&mut next, id)?;
    }
    let mut found = Vec::new();
    while found.len() < limit
        && let Some((_, id)) = next.pop()
    {
        let revision = dataset.revision(id)?;
        for parent in &revision.parents {
            push(&mut next, *parent)?;
        }
        found.push((id, revision));
    }
    Ok(found)
}
