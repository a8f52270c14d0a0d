//! Drafts: the caller's uncommitted changes on a branch, the same that the command has.
//!
//! Every change opens the draft, does its work and saves it by compare-and-swap;
//! where somebody else was faster it begins anew, unless `If-Match` says that
//! only the state that the caller saw is to be changed.

mod apply;
mod commit;
mod edits;
mod merge;
mod reverse;
mod summary;

use axum::Json;
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::ErrorKind;
use veneer::dataset::{Dataset, Draft};
use veneer::model::{BranchName, DataPath, DatasetName, WriterName};

pub use commit::*;
pub use edits::{Cells, ColumnType, Edit};
pub use merge::*;
pub use reverse::*;
pub use summary::{DraftDetail, EditCounts, etag};

use crate::audit::Noted;
use crate::auth::{Editor, Viewer};
use crate::comparison::{DiffAnswer, Part};
use crate::conflicts;
use crate::extract::{Body, Named, Params};
use crate::problem::Problem;
use crate::state::AppState;

/// How often a change begins anew because somebody else was faster: as often as others can be at it at a time.
const TRIES: u32 = 64;

/// A draft that a request names.
#[derive(Clone, Debug)]
struct Place {
    dataset: DatasetName,
    branch: BranchName,
    writer: WriterName,
    /// The state that the caller saw; `None` takes any.
    seen: Option<String>,
}

impl Place {
    fn of((dataset, branch): (String, String), writer: WriterName, headers: &HeaderMap) -> Result<Place, Problem> {
        let seen = match headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default().trim()) {
            None | Some("*") => None,
            Some(tag) => Some(tag.trim_start_matches("W/").trim_matches('"').to_owned()),
        };
        Ok(Place { dataset: dataset.parse()?, branch: branch.parse()?, writer, seen })
    }

    fn open(&self, app: &AppState) -> veneer::Result<(Dataset, Draft)> {
        app.gather_writes(&self.dataset, &self.branch, &self.writer)?;
        let dataset = app.datasets().open(&self.dataset)?;
        let draft = dataset.draft(&self.branch, &self.writer)?;
        Ok((dataset, draft))
    }

    fn detail(&self, dataset: &Dataset, draft: &Draft) -> veneer::Result<DraftDetail> {
        DraftDetail::of(dataset, draft, &self.writer)
    }

    /// Does `work` to the draft, and tells what came of it and what the draft is then.
    async fn change<T: Send + 'static>(
        self,
        app: &AppState,
        work: impl Fn(&AppState, &mut Draft) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(T, DraftDetail), Problem> {
        app.run(move |app| {
            for tried in 1.. {
                let (dataset, mut draft) = match self.open(app) {
                    Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) && tried < TRIES => continue,
                    opened => opened?,
                };
                if self.seen.as_ref().is_some_and(|seen| *seen != etag(&draft)) {
                    let name = format!("{}@{}", self.dataset, self.branch);
                    return Err(self.detail(&dataset, &draft)?.stale(&name));
                }
                match work(app, &mut draft) {
                    Err(problem) if problem.kind() == "ref-moved" && tried < TRIES => {}
                    Err(problem) => return Err(problem),
                    Ok(result) => return Ok((result, self.detail(&dataset, &draft)?)),
                }
            }
            unreachable!("the last try returns")
        })
        .await
    }
}

/// Tells what the caller's draft on a branch is; one that was not begun is there too, and changes nothing.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/drafts/{branch}", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), security(("token" = ["viewer"])),
    responses((status = 200, body = DraftDetail), Problem))]
pub async fn show_draft(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
) -> Result<DraftDetail, Problem> {
    let place = Place::of(names, caller.writer, &HeaderMap::new())?;
    app.run(move |app| {
        let (dataset, draft) = place.open(app)?;
        place.detail(&dataset, &draft)
    })
    .await
}

/// Edits that are done together.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Edits {
    /// In order; each sees what those before it did.
    edits: Vec<Edit>,
    /// What they do together, for the history of the draft.
    label: Option<String>,
}

/// What became of edits.
#[derive(Debug, Serialize, ToSchema)]
pub struct Edited {
    #[serde(flatten)]
    draft: DraftDetail,
    /// The keys of the rows that were edited, in order of the edits; the first 10,000.
    keys: Vec<String>,
}

/// Edits the draft: all edits or none, as one step that undo takes back.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/edits", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), request_body = Edits,
    security(("token" = ["editor"])), responses((status = 200, body = Edited), Problem))]
pub async fn edit_draft(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
    noted: Noted,
    Body(wanted): Body<Edits>,
) -> Result<Response, Problem> {
    let place = Place::of(names, caller.writer, &headers)?;
    let label = match (wanted.label, wanted.edits.as_slice()) {
        (Some(label), _) => label,
        (None, []) => return Err(Problem::invalid("edits", "[]", "there is at least one")),
        (None, [edit]) => edit.label(),
        (None, [edit, others @ ..]) => format!("{} and {} more", edit.label(), others.len()),
    };
    noted.detail(label.as_str());
    let work = move |app: &AppState, draft: &mut Draft| {
        let keys = apply::apply(app, draft, &wanted.edits)?;
        draft.save(&label)?;
        Ok(keys)
    };
    let (keys, draft) = place.change(&app, work).await?;
    Ok((draft.headers(), Json(Edited { draft, keys })).into_response())
}

/// Takes the last step back.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/undo", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), security(("token" = ["editor"])),
    responses((status = 200, body = DraftDetail), Problem))]
pub async fn undo(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<DraftDetail, Problem> {
    let place = Place::of(names, caller.writer, &headers)?;
    place.change(&app, |_, draft| Ok(draft.undo()?)).await.map(|(_, draft)| draft)
}

/// Does the step again that the last undo took back.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/redo", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), security(("token" = ["editor"])),
    responses((status = 200, body = DraftDetail), Problem))]
pub async fn redo(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<DraftDetail, Problem> {
    let place = Place::of(names, caller.writer, &headers)?;
    place.change(&app, |_, draft| Ok(draft.redo()?)).await.map(|(_, draft)| draft)
}

/// What is discarded.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discarded {
    /// These paths, with all that is below them …
    paths: Option<Vec<String>>,
    /// … or these rows and cells; everything if neither is said.
    rows: Option<Vec<RowOrCell>>,
}

/// Puts all, or some paths or rows, back to what the draft is based on; undo brings the changes back.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/discard", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), request_body = Discarded,
    security(("token" = ["editor"])), responses((status = 200, body = DraftDetail), Problem))]
pub async fn discard(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
    Body(wanted): Body<Discarded>,
) -> Result<DraftDetail, Problem> {
    let place = Place::of(names, caller.writer, &headers)?;
    let none_of = |what| Problem::invalid(what, "[]", "there is at least one");
    let parse = |paths: Vec<String>| paths.iter().map(|path| path.parse()).collect::<veneer::Result<Vec<DataPath>>>();
    let paths = wanted.paths.map(parse).transpose()?;
    let label = match (paths.as_deref(), wanted.rows.as_deref()) {
        (None, None) => "discard everything".to_owned(),
        (Some(_), Some(_)) => return Err(Problem::invalid("body", "paths and rows", "it is one of the two")),
        (Some([]), _) => return Err(none_of("paths")),
        (_, Some([])) => return Err(none_of("rows")),
        (Some([path]), _) => format!("discard {path}"),
        (Some(paths), _) => format!("discard {} paths", paths.len()),
        (_, Some(rows)) => format!("discard changes of {} rows", rows.len()),
    };
    let dataset = place.dataset.clone();
    let work = move |app: &AppState, draft: &mut Draft| {
        match &wanted.rows {
            Some(rows) => reverse::discard_rows(&app.datasets().open(&dataset)?, draft, rows)?,
            None => draft.discard(paths.as_deref().unwrap_or_default())?,
        }
        Ok(draft.save(&label)?)
    };
    place.change(&app, work).await.map(|((), draft)| draft)
}

/// Tells how the draft differs from what it is based on, by file and by row.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/drafts/{branch}/diff", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path), Part), security(("token" = ["viewer"])),
    responses((status = 200, body = DiffAnswer), Problem))]
pub async fn compare_draft(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    Params(part): Params<Part>,
) -> Result<Json<DiffAnswer>, Problem> {
    let place = Place::of(names, caller.writer, &HeaderMap::new())?;
    let compare = move |app: &AppState| {
        let (dataset, draft) = place.open(app)?;
        part.of(&dataset.view(draft.based_on())?, draft.view())
    };
    app.run(compare).await.map(Json)
}

/// Bases the draft on the head of its branch, by a merge; undo takes that back. 409 with the conflicts, if any.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/rebase", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), security(("token" = ["editor"])),
    responses((status = 200, body = DraftDetail), Problem))]
pub async fn rebase(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<DraftDetail, Problem> {
    let place = Place::of(names, caller.writer, &headers)?;
    let work = |_: &AppState, draft: &mut Draft| {
        let conflicts = draft.rebase()?;
        if conflicts.is_empty() { Ok(()) } else { Err(conflicts::problem(&conflicts)) }
    };
    place.change(&app, work).await.map(|((), draft)| draft)
}

#[cfg(test)]
mod tests;
