//! `…/blame/{table}/{key}`: who set the cells of a row, in which revision, when and why.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use veneer::dataset::rows::{Blame, CellBlame, RowBlame, RowFate};
use veneer::model::{Id, Revision};

use crate::address::At;
use crate::auth::Viewer;
use crate::extract::Named;
use crate::problem::Problem;
use crate::state::AppState;
use crate::time::rfc3339;

/// Where the cells of a row come from.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlameAnswer {
    /// In order of column; none for a row that was deleted.
    cells: Vec<BlamedCell>,
    /// What became of the row as a whole, where anything did.
    row: Option<BlamedRow>,
}

/// Where a cell's value comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlamedCell {
    /// Its column.
    column: String,
    /// Its value.
    value: serde_json::Value,
    /// The revision that set it; all of it is missing for what is as in the source.
    #[serde(flatten)]
    by: Option<By>,
}

/// What became of a whole row.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlamedRow {
    /// `inserted` or `deleted`.
    change: &'static str,
    #[serde(flatten)]
    by: By,
}

/// A revision, as it is told of a cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct By {
    /// Its id.
    revision: String,
    /// Who made it.
    author: String,
    /// When, RFC 3339.
    committed_at: String,
    /// Why.
    message: String,
}

/// Tells of each cell of a row which revision set it; of a draft, as the revision has it that it is based on.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/at/{ref}/blame/{table}/{key}", tag = "history",
    params(("dataset" = String, Path), ("ref" = String, Path), ("table" = String, Path), ("key" = String, Path)),
    security(("token" = ["viewer"])), responses((status = 200, body = BlameAnswer), Problem))]
pub async fn blame(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    at: At,
    Named((_, _, table, key)): Named<(String, String, String, String)>,
) -> Result<Response, Problem> {
    let look = move |app: &AppState| {
        let shown = at.open(app, &caller.writer)?;
        let table = app.view(&shown.dataset, shown.revision)?.table(Some(&table))?;
        let blame = shown.dataset.blame(shown.revision, &table, &key)?;
        Ok::<_, veneer::Error>((shown.headers(), Json(BlameAnswer::of(blame))))
    };
    app.run(look).await.map(IntoResponse::into_response)
}

impl BlameAnswer {
    fn of(blame: Blame) -> BlameAnswer {
        let cells = blame.cells.into_iter().map(BlamedCell::of).collect();
        BlameAnswer { cells, row: blame.row.map(BlamedRow::of) }
    }
}

impl BlamedCell {
    fn of(cell: CellBlame) -> BlamedCell {
        BlamedCell { value: cell.value.to_json(), column: cell.column, by: cell.set_by.map(By::of) }
    }
}

impl BlamedRow {
    fn of(row: RowBlame) -> BlamedRow {
        let change = match row.fate {
            RowFate::Inserted => "inserted",
            RowFate::Deleted => "deleted",
        };
        BlamedRow { change, by: By::of(row.by) }
    }
}

impl By {
    fn of((id, revision): (Id, Revision)) -> By {
        By {
            revision: id.to_hex(),
            author: revision.author,
            committed_at: rfc3339(revision.time_ns),
            message: revision.message,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::json;

    use crate::testing::World;

    #[tokio::test]
    async fn a_cell_tells_who_set_it_and_one_of_the_source_tells_nobody() {
        let world = World::new();
        let edit = json!({"edits": [{"kind": "set", "table": "labels", "keys": ["0"], "cells": {"label": "tiger"}}]});
        let edited = world.post("/v1/datasets/d/drafts/main/edits", &edit).await;
        assert_eq!(edited.status, StatusCode::OK, "{}", edited.text());
        let committed = world.post("/v1/datasets/d/drafts/main/commit", &json!({"message": "a tiger"})).await;
        let blame = world.get("/v1/datasets/d/at/main/blame/labels/0").await.json();
        let of = |column: &str| {
            let cells = blame["cells"].as_array().expect("cells");
            cells.iter().find(|cell| cell["column"] == column).expect("the column").clone()
        };
        assert_eq!(of("image"), json!({"column": "image", "value": "a.png"}));
        let label = of("label");
        assert_eq!((&label["value"], &label["message"]), (&json!("tiger"), &json!("a tiger")));
        assert_eq!(label["revision"], committed.json()["revision"]);
        assert_eq!(world.get("/v1/datasets/d/at/main/blame/labels/7").await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.get("/v1/datasets/d/at/main/blame/nothing/0").await.status, StatusCode::NOT_FOUND);
    }
}
