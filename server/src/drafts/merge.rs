//! A merge that stands in a draft: what both sides changed waits there to be decided, one by one.
//!
//! A decision is a step of the draft like any other, so undo takes it back, and
//! a commit of the draft makes the revision that joins the two.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veneer::dataset::{Draft, Resolution};
use veneer::model::{PendingMerge, RefSpec, Value};

use super::{DraftDetail, Place};
use crate::auth::{Editor, Viewer};
use crate::conflicts::{ConflictDetail, Side};
use crate::extract::{Body, Named};
use crate::problem::Problem;
use crate::state::AppState;

/// The merge that stands in a draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingMerge {
    /// The revision that is merged; none where no merge stands.
    theirs: Option<String>,
    /// Why, as its revision will say.
    message: Option<String>,
    /// What is to be decided; a decision names its place in this list, counted from 0.
    conflicts: Vec<ConflictDetail>,
}

/// What is merged into the draft's branch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BegunMerge {
    /// A branch, a tag or a revision.
    from: String,
    /// Why; `merge FROM into BRANCH` if not said.
    message: Option<String>,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Which conflicts, by their places in the list; all if not said.
    conflicts: Option<Vec<usize>>,
    /// Whose side is taken …
    take: Option<Side>,
    /// … or the value that the cell gets; null is one.
    #[serde(default, deserialize_with = "said")]
    value: Option<serde_json::Value>,
}

/// A null that was said is something else than nothing.
fn said<'d, D: serde::Deserializer<'d>>(value: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde_json::Value::deserialize(value).map(Some)
}

/// A draft, and the merge that stands in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Merging {
    #[serde(flatten)]
    draft: DraftDetail,
    /// What stands in it.
    merge: StandingMerge,
}

impl IntoResponse for Merging {
    fn into_response(self) -> Response {
        (self.draft.headers(), Json(self)).into_response()
    }
}

impl StandingMerge {
    fn of(merge: Option<&PendingMerge>) -> StandingMerge {
        StandingMerge {
            theirs: merge.map(|merge| merge.theirs.to_hex()),
            message: merge.map(|merge| merge.message.clone()),
            conflicts: merge.iter().flat_map(|merge| merge.open.iter().map(ConflictDetail::from)).collect(),
        }
    }
}

/// Tells what a merge that stands in the caller's draft leaves to be decided.
#[utoipa::path(get, path = "/v1/datasets/{dataset}/drafts/{branch}/merge", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), security(("token" = ["viewer"])),
    responses((status = 200, body = Merging), Problem))]
pub async fn show_merge(
    Viewer(caller): Viewer,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
) -> Result<Merging, Problem> {
    let place = Place::of(names, caller.writer, &HeaderMap::new())?;
    app.run(move |app| {
        let (dataset, draft) = place.open(app)?;
        let merge = StandingMerge::of(draft.pending());
        Ok::<_, veneer::Error>(Merging { draft: place.detail(&dataset, &draft)?, merge })
    })
    .await
}

/// Merges into the draft, where it stands until all is decided and committed. 409 where the draft has changes.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/merge", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), request_body = BegunMerge,
    security(("token" = ["editor"])), responses((status = 200, body = Merging), Problem))]
pub async fn begin_merge(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
    Body(new): Body<BegunMerge>,
) -> Result<Merging, Problem> {
    let place = Place::of(names, caller.writer, &headers)?;
    let from: RefSpec = new.from.parse()?;
    let message = new.message.unwrap_or_else(|| format!("merge {from} into {}", place.branch));
    let name = place.dataset.clone();
    let work = move |app: &AppState, draft: &mut Draft| {
        let theirs = app.datasets().open(&name)?.resolve(Some(&from))?.id;
        if !draft.merge(theirs, &message)? {
            let detail = "the other side is of a newer state of the source: record it on this side first, by a refresh";
            return Err(Problem::new(StatusCode::CONFLICT, "older-source", detail));
        }
        draft.save(&message)?;
        Ok(StandingMerge::of(draft.pending()))
    };
    place.change(&app, work).await.map(|(merge, draft)| Merging { draft, merge })
}

/// Decides conflicts of the merge that stands in the draft, as one step that undo takes back.
#[utoipa::path(post, path = "/v1/datasets/{dataset}/drafts/{branch}/merge/resolve", tag = "drafts",
    params(("dataset" = String, Path), ("branch" = String, Path)), request_body = Decision,
    security(("token" = ["editor"])), responses((status = 200, body = Merging), Problem))]
pub async fn resolve(
    Editor(caller): Editor,
    State(app): State<AppState>,
    Named(names): Named<(String, String)>,
    headers: HeaderMap,
    Body(decision): Body<Decision>,
) -> Result<Merging, Problem> {
    let place = Place::of(names, caller.writer, &headers)?;
    let how = match (decision.take, decision.value) {
        (Some(Side::Ours), None) => Resolution::Ours,
        (Some(Side::Theirs), None) => Resolution::Theirs,
        (None, Some(value)) => Resolution::Value(Value::from_exact_json(&value)),
        _ => return Err(Problem::invalid("decision", "", "it is `take` or `value`, one of the two")),
    };
    let work = move |_: &AppState, draft: &mut Draft| {
        let open = draft.pending().map_or(0, |merge| merge.open.len());
        let which = decision.conflicts.clone().unwrap_or_else(|| (0..open).collect());
        if let Some(beyond) = which.iter().find(|at| draft.pending().is_some() && **at >= open) {
            return Err(veneer::Error::not_found("conflict", beyond).into());
        }
        draft.resolve(&which, &how)?;
        draft.save(&format!("decide {} of {open} conflicts", which.len()))?;
        Ok(StandingMerge::of(draft.pending()))
    };
    place.change(&app, work).await.map(|(merge, draft)| Merging { draft, merge })
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::{Value, json};

    use crate::testing::World;

    const DRAFT: &str = "/v1/datasets/d/drafts/main";

    /// Two branches that set the same cell of row 0, and theirs another one of row 1.
    async fn two_sides() -> World {
        let world = World::new();
        let head = world.get("/v1/datasets/d").await.json()["branches"][0]["revision"].clone();
        let branch = world.post("/v1/datasets/d/branches/theirs", &json!({ "at": head })).await;
        assert!(branch.status.is_success(), "{}", branch.text());
        for (branch, edits) in [
            ("main", json!([{ "kind": "set", "table": "labels", "keys": ["0"], "cells": { "label": "tiger" } }])),
            (
                "theirs",
                json!([
                    { "kind": "set", "table": "labels", "keys": ["0"], "cells": { "label": "lion" } },
                    { "kind": "set", "table": "labels", "keys": ["1"], "cells": { "label": "wolf" } },
                ]),
            ),
        ] {
            let draft = format!("/v1/datasets/d/drafts/{branch}");
            world.post(&format!("{draft}/edits"), &json!({ "edits": edits })).await;
            let committed = world.post(&format!("{draft}/commit"), &json!({ "message": branch })).await;
            assert_eq!(committed.status, StatusCode::OK, "{}", committed.text());
        }
        world
    }

    async fn labels(world: &World, at: &str) -> String {
        world.get(&format!("/v1/datasets/d/at/{at}/files/labels.csv")).await.text().to_owned()
    }

    #[tokio::test]
    async fn a_conflict_is_decided_undone_decided_anew_and_committed() {
        let world = two_sides().await;
        let begun = world.post(&format!("{DRAFT}/merge"), &json!({ "from": "theirs" })).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
        let conflicts = begun.json()["merge"]["conflicts"].clone();
        assert_eq!(conflicts.as_array().map(Vec::len), Some(1), "{conflicts}");
        let cell = ["table", "key", "column", "base", "ours", "theirs"].map(|member| conflicts[0][member].clone());
        assert_eq!(cell, ["labels", "0", "label", "cat", "tiger", "lion"].map(Value::from));
        let resolve = format!("{DRAFT}/merge/resolve");
        let theirs = world.post(&resolve, &json!({ "conflicts": [0], "take": "theirs" })).await.json();
        assert_eq!(theirs["merge"]["conflicts"], json!([]));
        assert_eq!(labels(&world, "draft:main").await, "image,label\na.png,lion\nb.png,wolf\n");
        world.post(&format!("{DRAFT}/undo"), &json!({})).await;
        let again = world.get(&format!("{DRAFT}/merge")).await.json();
        assert_eq!(again["merge"]["conflicts"], conflicts);
        let value = world.post(&resolve, &json!({ "value": "liger" })).await;
        assert_eq!(value.status, StatusCode::OK, "{}", value.text());
        let committed = world.post(&format!("{DRAFT}/commit"), &json!({ "message": "both" })).await;
        assert_eq!(committed.status, StatusCode::OK, "{}", committed.text());
        assert_eq!(labels(&world, "main").await, "image,label\na.png,liger\nb.png,wolf\n");
        let log = world.get("/v1/datasets/d/log").await.json();
        assert_eq!(log["revisions"][0]["parents"].as_array().map(Vec::len), Some(2), "{log}");
    }

    #[tokio::test]
    async fn what_is_no_decision_is_refused_and_nothing_is_decided() {
        let world = two_sides().await;
        let resolve = format!("{DRAFT}/merge/resolve");
        let none = world.post(&resolve, &json!({ "take": "ours" })).await;
        assert_eq!((none.status, none.json()["kind"].clone()), (StatusCode::CONFLICT, json!("nothing")));
        world.post(&format!("{DRAFT}/merge"), &json!({ "from": "theirs" })).await;
        for (decision, status) in [
            (json!({}), StatusCode::BAD_REQUEST),
            (json!({ "take": "ours", "value": 1 }), StatusCode::BAD_REQUEST),
            (json!({ "take": "ours", "conflicts": [1] }), StatusCode::NOT_FOUND),
            (json!({ "take": "mine" }), StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let answer = world.post(&resolve, &decision).await;
            assert_eq!(answer.status, status, "{decision}: {}", answer.text());
        }
        let left = world.get(&format!("{DRAFT}/merge")).await.json();
        assert_eq!(left["merge"]["conflicts"].as_array().map(Vec::len), Some(1));
        let early = world.post(&format!("{DRAFT}/commit"), &json!({ "message": "too early" })).await;
        assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.text());
    }
}
