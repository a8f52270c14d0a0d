//! Folders of a view, page by page.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veneer::dataset::{Node, Place, View};
use veneer::model::Kind;
use veneer::{Error, ErrorKind};

use crate::address::At;
use crate::auth::Viewer;
use crate::extract::Params;
use crate::problem::Problem;
use crate::state::AppState;
use crate::time::rfc3339;

/// How many entries are told unless the request says.
const LIMIT: usize = 1_000;
/// How many entries are told at most.
const LIMIT_MAX: usize = 10_000;

/// Which part of a folder.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// How many entries are left out at the beginning.
    #[serde(default)]
    offset: usize,
    /// How many entries at most; 1,000 if not said.
    limit: Option<usize>,
}

/// A part of a folder.
#[derive(Debug, Serialize, ToSchema)]
pub struct Folder {
    /// Its path; empty for the top folder.
    path: String,
    /// In order of name.
    entries: Vec<Entry>,
    /// How many entries the folder has.
    total: usize,
}

/// An entry of a folder.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Its name; bytes that are no UTF-8 are replaced.
    name: String,
    /// `file`, `folder` or `symlink`.
    kind: &'static str,
    /// Bytes of content; of a folder 0.
    size: u64,
    /// When it was modified, RFC 3339.
    modified_at: String,
    /// Whether it differs from what the base has at this path.
    changed: bool,
    /// What a symbolic link points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

/// Lists the top folder.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tree", tag = "files",
    params(("dataset" = String, Path), ("ref" = String, Path), Page), security(("token" = ["viewer"])),
    responses((status = 200, body = Folder), Problem))]
pub async fn list_top(viewer: Viewer, app: State<AppState>, at: At, page: Params<Page>) -> Result<Response, Problem> {
    list_folder(viewer, app, at, page).await
}

/// Lists a folder.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/tree/{*path}", tag = "files",
    params(("dataset" = String, Path), ("ref" = String, Path), ("path" = String, Path), Page),
    security(("token" = ["viewer"])), responses((status = 200, body = Folder), Problem))]
pub async fn list_folder(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    at: At,
    Params(page): Params<Page>,
) -> Result<Response, Problem> {
    let path = at.path()?;
    let list = move |app: &AppState| {
        let shown = at.open(app, &caller.writer)?;
        let node = shown.view.existing(&path)?;
        if !node.is_folder() {
            return Err(Error::new(ErrorKind::NotAFolder { path: path.to_string() }));
        }
        let (nodes, total) = page.of(&shown.view, &node)?;
        let entries = nodes.iter().map(|node| entry(&shown.view, node)).collect::<veneer::Result<_>>()?;
        Ok((shown.headers(), Json(Folder { path: path.to_string(), entries, total })))
    };
    app.run(list).await.map(IntoResponse::into_response)
}

impl Page {
    /// The entries of this page, and how many there are in all.
    fn of(&self, view: &View, folder: &Node) -> veneer::Result<(Vec<Node>, usize)> {
        let limit = self.limit.unwrap_or(LIMIT).min(LIMIT_MAX);
        if !view.changed_children(folder)?.is_empty() {
            let all = view.children(folder)?;
            let total = all.len();
            return Ok((all.into_iter().skip(self.offset).take(limit).collect(), total));
        }
        // A folder of a million unchanged files costs what is shown of it.
        let rows = view.base_children(folder)?;
        let total = rows.len();
        let nodes = rows.skip(self.offset).take(limit).map(|row| view.base_child(folder, row));
        Ok((nodes.collect::<veneer::Result<_>>()?, total))
    }
}

fn entry(view: &View, node: &Node) -> veneer::Result<Entry> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let target = match node.place {
        Place::Symlink(_) => Some(text(&view.link_target(node)?)),
        _ => None,
    };
    let changed = match node.base_row() {
        Some(row) => node.entry.kind != Kind::Folder && view.base().path(row)? != node.path,
        None => true,
    };
    Ok(Entry {
        name: text(node.name()),
        kind: node.entry.kind.as_str(),
        size: node.entry.size,
        modified_at: rfc3339(node.entry.mtime_ns),
        changed,
        target,
    })
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::testing::World;

    fn names(folder: &serde_json::Value) -> Vec<String> {
        let entries = folder["entries"].as_array().expect("a list");
        entries.iter().map(|entry| entry["name"].as_str().expect("text").to_owned()).collect()
    }

    #[tokio::test]
    async fn a_folder_is_listed_page_by_page_with_what_is_changed() {
        let world = World::new();
        let top = world.get("/v1/datasets/d/at/main/tree").await.json();
        assert_eq!((names(&top), &top["total"]), (vec!["images".to_owned(), "labels.csv".to_owned()], &2.into()));
        let second = world.get("/v1/datasets/d/at/main/tree/images?offset=1&limit=1").await.json();
        assert_eq!((names(&second), &second["total"]), (vec!["b.png".to_owned()], &2.into()));
        world.commit("images/0.png", "new");
        let images = world.get("/v1/datasets/d/at/main/tree/images?limit=2").await.json();
        assert_eq!((names(&images), &images["total"]), (vec!["0.png".to_owned(), "a.png".to_owned()], &3.into()));
        assert_eq!((&images["entries"][0]["changed"], &images["entries"][1]["changed"]), (&true.into(), &false.into()));
        assert_eq!((&images["entries"][0]["kind"], &images["entries"][0]["size"]), (&"file".into(), &3.into()));
    }

    #[tokio::test]
    async fn a_file_is_no_folder() {
        let answer = World::new().get("/v1/datasets/d/at/main/tree/labels.csv").await;
        assert_eq!((answer.status, answer.json()["kind"].as_str()), (StatusCode::CONFLICT, Some("not-a-folder")));
    }
}
