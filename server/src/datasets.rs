//! Datasets: which there are, and the branches and tags of one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veneer::ErrorKind;
use veneer::dataset::Dataset;
use veneer::model::{BranchName, DatasetName, RefSpec, RefValue};

use crate::address::{At, Shown};
use crate::auth::{Admin, Editor, Viewer};
use crate::extract::{Body, Named, Params};
use crate::problem::Problem;
use crate::state::AppState;
use crate::time::rfc3339;

/// All datasets.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetList {
    /// In order of name.
    datasets: Vec<DatasetSummary>,
}

/// A dataset in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetSummary {
    /// Its name.
    name: String,
    /// The folder of its source, on the machine of the service.
    source: String,
    /// How many branches it has.
    branches: usize,
    /// How many tags it has.
    tags: usize,
    /// The head of `main`; none where there is no such branch.
    head: Option<Head>,
    /// How many files the head has.
    files: u64,
    /// How many bytes these are.
    bytes: u64,
}

/// The revision at the end of a branch.
#[derive(Debug, Serialize, ToSchema)]
pub struct Head {
    /// Its id.
    revision: String,
    /// Why it was made.
    message: String,
    /// Who made it.
    author: String,
    /// When, RFC 3339.
    committed_at: String,
}

/// A dataset.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatasetDetail {
    /// Its name.
    name: String,
    /// The folder of its source, on the machine of the service.
    source: String,
    /// Its branches, in order of name.
    branches: Vec<NamedRevision>,
    /// Its tags, in order of name.
    tags: Vec<NamedRevision>,
    /// The drafts on its branches.
    drafts: Vec<DraftName>,
}

/// A branch or a tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedRevision {
    /// Its name.
    name: String,
    /// The revision that it names.
    revision: String,
    /// The number of the operation that set it.
    op: u64,
}

/// A draft, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftName {
    /// On which branch.
    branch: String,
    /// Whose.
    writer: String,
    /// The number of the operation that saved its newest step.
    op: u64,
}

/// Where a branch or tag is to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewRef {
    /// A branch, a tag or a revision; `main` if not said.
    at: Option<String>,
}

/// How a branch is removed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Removal {
    /// Remove it although work is lost by that.
    #[serde(default)]
    force: bool,
}

/// A view: a revision, or a draft on one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViewDetail {
    /// The revision; of a draft, the one that it is based on.
    revision: String,
    /// Why it was made.
    message: String,
    /// Who made it.
    author: String,
    /// When, RFC 3339.
    committed_at: String,
    /// The revisions that it was made from.
    parents: Vec<String>,
    /// The base that it lies over.
    base: String,
    /// Whether it is a draft.
    is_draft: bool,
    /// How many files show.
    files: u64,
    /// How many bytes these are.
    bytes: u64,
}

/// Lists the datasets.
#[utoipa::path(get, path = "/v1/datasets", tag = "datasets", security(("token" = ["viewer"])),
    responses((status = 200, body = DatasetList), Problem))]
pub async fn list_datasets(_: Viewer, State(app): State<AppState>) -> Result<Json<DatasetList>, Problem> {
    let list = |app: &AppState| {
        let names = app.datasets().names()?;
        names.iter().map(|name| summary(app, &app.datasets().open(name)?)).collect::<veneer::Result<Vec<_>>>()
    };
    Ok(Json(DatasetList { datasets: app.run(list).await? }))
}

fn summary(app: &AppState, dataset: &Dataset) -> veneer::Result<DatasetSummary> {
    let head = match dataset.head(&BranchName::main()) {
        Ok(head) => Some(head.id),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let totals = head.map(|head| app.view(dataset, head)?.totals()).transpose()?.unwrap_or_default();
    let head = head.map(|id| {
        let revision = dataset.revision(id)?;
        let committed_at = rfc3339(revision.time_ns);
        Ok::<_, veneer::Error>(Head {
            revision: id.to_hex(),
            message: revision.message,
            author: revision.author,
            committed_at,
        })
    });
    Ok(DatasetSummary {
        name: dataset.name().to_string(),
        source: dataset.source_path().display().to_string(),
        branches: dataset.branches()?.len(),
        tags: dataset.tags()?.len(),
        head: head.transpose()?,
        files: totals.files,
        bytes: totals.bytes,
    })
}

/// Shows a dataset with its branches, tags and drafts.
#[utoipa::path(get, path = "/v1/datasets/{dataset}", tag = "datasets", params(("dataset" = String, Path)),
    security(("token" = ["viewer"])), responses((status = 200, body = DatasetDetail), Problem))]
pub async fn show_dataset(
    _: Viewer,
    State(app): State<AppState>,
    Named(name): Named<String>,
) -> Result<Json<DatasetDetail>, Problem> {
    let name: DatasetName = name.parse()?;
    app.run(move |app| detail(&app.datasets().open(&name)?)).await.map(Json)
}

fn detail(dataset: &Dataset) -> veneer::Result<DatasetDetail> {
    let named = |(name, value): (BranchName, RefValue)| NamedRevision {
        name: name.to_string(),
        revision: value.id.to_hex(),
        op: value.op,
    };
    let drafts = dataset.drafts()?.into_iter().map(|(branch, writer, value)| DraftName {
        branch: branch.to_string(),
        writer: writer.to_string(),
        op: value.op,
    });
    Ok(DatasetDetail {
        name: dataset.name().to_string(),
        source: dataset.source_path().display().to_string(),
        branches: dataset.branches()?.into_iter().map(named).collect(),
        tags: dataset.tags()?.into_iter().map(named).collect(),
        drafts: drafts.collect(),
    })
}

/// Shows a view: its revision, who made it and why, and how much is in it.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}", tag = "datasets",
    params(("dataset" = String, Path), ("ref" = String, Path)), security(("token" = ["viewer"])),
    responses((status = 200, body = ViewDetail), Problem))]
pub async fn show_view(Viewer(caller): Viewer, State(app): State<AppState>, at: At) -> Result<Response, Problem> {
    let show = move |app: &AppState| {
        let shown = at.open(app, &caller.writer)?;
        Ok::<_, veneer::Error>((shown.headers(), Json(view_detail(&shown)?)))
    };
    app.run(show).await.map(IntoResponse::into_response)
}

fn view_detail(shown: &Shown) -> veneer::Result<ViewDetail> {
    let revision = shown.dataset.revision(shown.revision)?;
    let totals = shown.view.totals()?;
    Ok(ViewDetail {
        revision: shown.revision.to_hex(),
        message: revision.message,
        author: revision.author,
        committed_at: rfc3339(revision.time_ns),
        parents: revision.parents.iter().map(|id| id.to_hex()).collect(),
        base: revision.base.to_hex(),
        is_draft: shown.is_draft,
        files: totals.files,
        bytes: totals.bytes,
    })
}

/// Makes a branch.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/branches/{name}", tag = "datasets", request_body = NewRef,
    params(("dataset" = String, Path), ("name" = String, Path)), security(("token" = ["editor"])),
    responses((status = 201, body = NamedRevision), Problem))]
pub async fn create_branch(
    _: Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    Body(new): Body<NewRef>,
) -> Result<Response, Problem> {
    create(&app, names, new, false).await
}

/// Makes a tag.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/tags/{name}", tag = "datasets", request_body = NewRef,
    params(("dataset" = String, Path), ("name" = String, Path)), security(("token" = ["editor"])),
    responses((status = 201, body = NamedRevision), Problem))]
pub async fn create_tag(
    _: Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    Body(new): Body<NewRef>,
) -> Result<Response, Problem> {
    create(&app, names, new, true).await
}

async fn create(
    app: &AppState,
    (dataset, name): (String, String),
    new: NewRef,
    is_tag: bool,
) -> Result<Response, Problem> {
    let (dataset, name): (DatasetName, BranchName) = (dataset.parse()?, name.parse()?);
    let at: Option<RefSpec> = new.at.as_deref().map(str::parse).transpose()?;
    let made = app.run(move |app| {
        let dataset = app.datasets().open(&dataset)?;
        let revision = dataset.resolve(at.as_ref())?.id;
        match is_tag {
            true => dataset.create_tag(&name, revision)?,
            false => dataset.create_branch(&name, revision)?,
        }
        let named = if is_tag { dataset.tags()? } else { dataset.branches()? };
        let op = named.iter().find(|(known, _)| *known == name).map_or(0, |(_, value)| value.op);
        Ok::<_, veneer::Error>(NamedRevision { name: name.to_string(), revision: revision.to_hex(), op })
    });
    Ok((StatusCode::CREATED, Json(made.await?)).into_response())
}

/// Removes a branch, and tells where it was.
#[utoipa::path(delete, path = "/v1/datasets/{dataset}/branches/{name}", tag = "datasets",
    params(("dataset" = String, Path), ("name" = String, Path), Removal), security(("token" = ["admin"])),
    responses((status = 200, body = Removed), Problem))]
pub async fn delete_branch(
    _: Admin,
    State(app): State<AppState>,
    Named((dataset, name)): Named<(String, String)>,
    Params(Removal { force }): Params<Removal>,
) -> Result<Json<Removed>, Problem> {
    let (dataset, name): (DatasetName, BranchName) = (dataset.parse()?, name.parse()?);
    let was = app.run(move |app| app.datasets().open(&dataset)?.delete_branch(&name, force)).await?;
    Ok(Json(Removed { revision: was.to_hex() }))
}

/// Removes a tag, and tells where it was.
#[utoipa::path(delete, path = "/v1/datasets/{dataset}/tags/{name}", tag = "datasets",
    params(("dataset" = String, Path), ("name" = String, Path)), security(("token" = ["admin"])),
    responses((status = 200, body = Removed), Problem))]
pub async fn delete_tag(
    _: Admin,
    State(app): State<AppState>,
    Named((dataset, name)): Named<(String, String)>,
) -> Result<Json<Removed>, Problem> {
    let (dataset, name): (DatasetName, BranchName) = (dataset.parse()?, name.parse()?);
    let was = app.run(move |app| app.datasets().open(&dataset)?.delete_tag(&name)).await?;
    Ok(Json(Removed { revision: was.to_hex() }))
}

/// A branch or tag that is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Removed {
    /// The revision that it named.
    revision: String,
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use crate::testing::World;

    #[tokio::test]
    async fn datasets_are_listed_and_shown() {
        let world = World::new();
        let head = world.commit("new.txt", "new");
        let list = world.get("/v1/datasets").await.json();
        let dataset = &list["datasets"][0];
        assert_eq!((&dataset["name"], &dataset["files"], &dataset["branches"]), (&"d".into(), &4.into(), &1.into()));
        assert_eq!(dataset["head"]["revision"], head.to_hex());
        let shown = world.get("/v1/datasets/d").await.json();
        assert_eq!((&shown["branches"][0]["name"], &shown["tags"]), (&"main".into(), &json!([])));
        let view = world.get("/v1/datasets/d/at/main").await.json();
        assert_eq!((&view["revision"], &view["author"]), (&json!(head.to_hex()), &json!("ann")));
        assert_eq!((&view["message"], &view["is_draft"]), (&json!("change new.txt"), &json!(false)));
    }

    #[tokio::test]
    async fn a_branch_with_a_slash_is_made_used_and_removed() {
        let world = World::new();
        let path = "/v1/datasets/d/branches/fix%2Flabels";
        let made = world.post(path, &json!({ "at": "main" })).await;
        assert_eq!((made.status, made.json()["name"].as_str()), (StatusCode::CREATED, Some("fix/labels")), "{made:?}");
        assert_eq!(world.post(path, &json!({})).await.status, StatusCode::CONFLICT, "it is there already");
        let view = world.get("/v1/datasets/d/at/fix%2Flabels").await.json();
        assert_eq!(view["revision"], made.json()["revision"]);
        assert_eq!(world.send(Method::DELETE, path, &[], "").await.status, StatusCode::OK);
        assert_eq!(world.get("/v1/datasets/d/at/fix%2Flabels").await.status, StatusCode::NOT_FOUND);
        let tag = "/v1/datasets/d/tags/v1";
        assert_eq!(world.post(tag, &json!({})).await.status, StatusCode::CREATED);
        assert_eq!(world.get("/v1/datasets/d").await.json()["tags"][0]["name"], "v1");
        assert_eq!(world.send(Method::DELETE, tag, &[], "").await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn the_log_tells_which_revision_came_from_which() {
        let world = World::new();
        let (first, second) = (world.commit("a.txt", "1"), world.commit("a.txt", "2"));
        let log = world.get("/v1/datasets/d/log?limit=2").await.json();
        let revisions = log["revisions"].as_array().expect("a list");
        assert_eq!(revisions.len(), 2);
        assert_eq!((&revisions[0]["revision"], &revisions[0]["branches"]), (&json!(second.to_hex()), &json!(["main"])));
        assert_eq!(revisions[0]["parents"], json!([first.to_hex()]));
        let all = world.get("/v1/datasets/d/log?all=true").await.json();
        assert_eq!(all["revisions"].as_array().map(Vec::len), Some(3));
    }

    #[tokio::test]
    async fn tables_are_listed_with_their_columns() {
        let tables = World::new().get("/v1/datasets/d/at/main/tables").await.json();
        let labels = tables["tables"].as_array().expect("a list").iter().find(|table| table["format"] == "csv");
        let labels = labels.expect("a CSV is a table");
        assert_eq!(labels["rows"], 2);
        let names: Vec<_> = labels["columns"].as_array().expect("a list").iter().map(|it| it["name"].clone()).collect();
        assert_eq!(names, [json!("image"), json!("label")]);
    }
}
