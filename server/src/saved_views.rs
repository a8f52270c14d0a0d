//! `datasets/{dataset}/views`: what somebody wants to see again, under a name.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::dataset::{SavedView, ViewThere};
use veneer::model::{DatasetName, ViewName};

use crate::auth::{Editor, Viewer};
use crate::extract::{Body, Named};
use crate::problem::Problem;
use crate::state::AppState;
use crate::time::rfc3339;

/// A saved view.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedViewDetail {
    /// Its name.
    name: String,
    /// What it shows, as whoever saved it writes it.
    state: String,
    /// When it was saved, RFC 3339.
    saved_at: String,
    /// Of exactly this state: a change with it in `If-Match` is only done if nobody else was faster.
    etag: String,
}

/// The saved views of a dataset.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedViews {
    /// In order of name.
    views: Vec<SavedViewDetail>,
}

/// What is to be saved.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ViewToSave {
    /// At most 32 KiB of any text, such as the query of a page's address.
    state: String,
}

impl From<SavedView> for SavedViewDetail {
    fn from(view: SavedView) -> SavedViewDetail {
        SavedViewDetail {
            name: view.name.to_string(),
            state: view.state,
            saved_at: rfc3339(view.saved_ns),
            etag: view.op.to_string(),
        }
    }
}

/// Lists the saved views of a dataset.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/views", tag = "datasets", params(("dataset" = String, Path)),
    security(("token" = ["viewer"])), responses((status = 200, body = SavedViews), Problem))]
pub async fn list_views(
    _: Viewer,
    State(app): State<AppState>,
    Named(dataset): Named<String>,
) -> Result<Json<SavedViews>, Problem> {
    let name: DatasetName = dataset.parse()?;
    let views = app.run(move |app| app.datasets().open(&name)?.saved_views()).await?;
    Ok(Json(SavedViews { views: views.into_iter().map(SavedViewDetail::from).collect() }))
}

/// Saves a view. With `If-None-Match: *` only where none has the name, with `If-Match` only over that state, and else
/// over whatever is there.
#[utoipa::path(put, path = "/v1/datasets/{dataset}/views/{name}", tag = "datasets",
    params(("dataset" = String, Path), ("name" = String, Path)), request_body = ViewToSave,
    security(("token" = ["editor"])), responses((status = 200, body = SavedViewDetail), Problem))]
pub async fn put_view(
    _: Editor,
    State(app): State<AppState>,
    Named((dataset, name)): Named<(String, String)>,
    headers: HeaderMap,
    Body(ViewToSave { state }): Body<ViewToSave>,
) -> Result<Response, Problem> {
    let (dataset, name): (DatasetName, ViewName) = (dataset.parse()?, name.parse()?);
    let there = there(&headers)?;
    let saved = app.run(move |app| app.datasets().open(&dataset)?.save_view(&name, &state, there)).await?;
    let detail = SavedViewDetail::from(saved);
    let etag = HeaderValue::from_str(&format!("\"{}\"", detail.etag)).expect("digits in quotes");
    Ok(([(header::ETAG, etag)], Json(detail)).into_response())
}

/// Removes a saved view; with `If-Match` only that state of it.
#[utoipa::path(delete, path = "/v1/datasets/{dataset}/views/{name}", tag = "datasets",
    params(("dataset" = String, Path), ("name" = String, Path)), security(("token" = ["editor"])),
    responses((status = 204), Problem))]
pub async fn delete_view(
    _: Editor,
    State(app): State<AppState>,
    Named((dataset, name)): Named<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (dataset, name): (DatasetName, ViewName) = (dataset.parse()?, name.parse()?);
    let there = there(&headers)?;
    app.run(move |app| app.datasets().open(&dataset)?.delete_view(&name, there)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn there(headers: &HeaderMap) -> Result<ViewThere, Problem> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default().trim());
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (None | Some("*"), None) => Ok(ViewThere::Any),
        (None, Some("*")) => Ok(ViewThere::Absent),
        (Some(tag), None) => {
            let op = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|op| op.parse().ok());
            op.map(ViewThere::Saved).ok_or_else(|| Problem::invalid("ETag", tag, "it is that of a saved view"))
        }
        (_, Some(other)) => Err(Problem::invalid("If-None-Match", other, "it is `*`, and without an `If-Match`")),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Answer, World};

    const VIEW: &str = "/v1/datasets/d/views/small%20cats";

    async fn put(world: &World, condition: Option<(&str, &str)>, state: &str) -> Answer {
        let headers: Vec<_> = condition.into_iter().chain([("content-type", "application/json")]).collect();
        world.send(Method::PUT, VIEW, &headers, json!({ "state": state }).to_string()).await
    }

    async fn views(world: &World) -> Value {
        world.get("/v1/datasets/d/views").await.json()["views"].clone()
    }

    #[tokio::test]
    async fn a_view_is_saved_listed_replaced_and_removed() {
        let world = World::new();
        assert_eq!(views(&world).await, json!([]));
        let saved = put(&world, None, "q=label:cat").await;
        assert_eq!((saved.status, &saved.json()["name"]), (StatusCode::OK, &json!("small cats")), "{saved:?}");
        put(&world, None, "q=label:dog").await;
        let list = views(&world).await;
        assert_eq!((&list[0]["state"], list.as_array().map(Vec::len)), (&json!("q=label:dog"), Some(1)));
        assert_eq!(world.send(Method::DELETE, VIEW, &[], "").await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.send(Method::DELETE, VIEW, &[], "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(views(&world).await, json!([]));
    }

    #[tokio::test]
    async fn a_view_is_replaced_only_in_the_state_that_was_seen() {
        let world = World::new();
        let first = put(&world, Some(("if-none-match", "*")), "1").await;
        let etag = first.headers[header::ETAG].to_str().expect("text").to_owned();
        assert_eq!(etag, format!("\"{}\"", first.json()["etag"].as_str().expect("digits")));
        let taken = put(&world, Some(("if-none-match", "*")), "2").await;
        assert_eq!((taken.status, &taken.json()["kind"]), (StatusCode::PRECONDITION_FAILED, &json!("ref-moved")));
        assert_eq!(put(&world, Some(("if-match", &etag)), "3").await.status, StatusCode::OK);
        assert_eq!(put(&world, Some(("if-match", &etag)), "4").await.status, StatusCode::PRECONDITION_FAILED);
        let stale = world.send(Method::DELETE, VIEW, &[("if-match", &etag)], "").await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(views(&world).await[0]["state"], "3");
    }

    #[tokio::test]
    async fn what_is_no_view_is_refused() {
        let world = World::new();
        assert_eq!(put(&world, None, &"x".repeat(40_000)).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(put(&world, Some(("if-match", "x")), "1").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(put(&world, Some(("if-none-match", "\"1\"")), "1").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(world.get("/v1/datasets/none/views").await.status, StatusCode::NOT_FOUND);
    }
}
