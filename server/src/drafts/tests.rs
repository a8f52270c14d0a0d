//! Drafts through the router: edits, undo, two tabs, commit, and a branch that has moved.

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::testing::{Answer, World};

const DRAFT: &str = "/v1/datasets/d/drafts/main";

async fn edit(world: &World, edits: Value) -> Answer {
    world.post(&format!("{DRAFT}/edits"), &json!({ "edits": edits })).await
}

async fn file(world: &World, at: &str, path: &str) -> String {
    world.get(&format!("/v1/datasets/d/at/{at}/files/{path}")).await.text().to_owned()
}

#[tokio::test]
async fn rows_are_edited_as_one_step_that_undo_takes_back() {
    let world = World::new();
    let edits = json!([
        { "kind": "set", "table": "labels", "keys": ["0"], "cells": { "label": "car" } },
        { "kind": "insert", "table": "labels", "cells": { "image": "c.png", "label": "car" } },
        { "kind": "delete", "table": "labels", "where": "label = 'dog'" },
    ]);
    let edited = edit(&world, edits).await;
    assert_eq!(edited.status, StatusCode::OK, "{edited:?}");
    let draft = edited.json();
    let counts = json!({ "rows": 3, "set": 1, "inserted": 1, "deleted": 1, "files": 0, "columns": 0 });
    assert_eq!((&draft["edits"], &draft["is_behind"]), (&counts, &json!(false)));
    assert_eq!(draft["per_class"], json!([{ "column": "label", "before": "cat", "after": "car", "count": 1 }]));
    assert_eq!(draft["can_undo"], "set label of 1 row of labels and 2 more");
    assert_eq!(draft["keys"].as_array().map(Vec::len), Some(3), "{draft}");
    assert_eq!(file(&world, "draft:main", "labels.csv").await, "image,label\na.png,car\nc.png,car\n");
    assert_eq!(file(&world, "main", "labels.csv").await, crate::testing::LABELS);
    let undone = world.post(&format!("{DRAFT}/undo"), &json!({})).await.json();
    assert_eq!((&undone["edits"]["rows"], &undone["can_undo"]), (&json!(0), &Value::Null));
    assert_eq!(undone["can_redo"], draft["can_undo"]);
    let redone = world.post(&format!("{DRAFT}/redo"), &json!({})).await.json();
    assert_eq!(redone["edits"], counts);
    let nothing = world.post(&format!("{DRAFT}/redo"), &json!({})).await;
    assert_eq!((nothing.status, nothing.json()["kind"].as_str()), (StatusCode::CONFLICT, Some("nothing")));
    let discarded = world.post(&format!("{DRAFT}/discard"), &json!({ "paths": ["labels.csv"] })).await.json();
    assert_eq!((&discarded["edits"]["rows"], &discarded["can_undo"]), (&json!(0), &json!("discard labels.csv")));
}

#[tokio::test]
async fn a_value_is_computed_and_a_column_is_added_and_dropped() {
    let world = World::new();
    let edits = json!([
        { "kind": "add-column", "table": "labels", "column": "weight", "type": "number" },
        { "kind": "set", "table": "labels", "keys": ["0", "1"], "cells": { "weight": 2 } },
        { "kind": "set", "table": "labels", "where": "label = 'cat'", "cells": { "weight": { "expr": "weight * 2" } } },
    ]);
    let edited = edit(&world, edits).await;
    assert_eq!(edited.status, StatusCode::OK, "{edited:?}");
    assert_eq!(edited.json()["edits"]["columns"], 1);
    let diff = world.get(&format!("{DRAFT}/diff")).await.json();
    let cells: Vec<_> = diff["rows"].as_array().expect("a list").iter().map(|row| row["after"].clone()).collect();
    assert_eq!(cells, [json!("Float64"), json!(4.0), json!(2.0)], "{diff}");
    let dropped = edit(&world, json!([{ "kind": "drop-column", "table": "labels", "column": "weight" }])).await.json();
    assert_eq!((&dropped["edits"]["columns"], &dropped["edits"]["rows"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn files_are_put_moved_and_removed() {
    let world = World::new();
    let edits = json!([
        { "kind": "put-file", "path": "new/deep/n.txt", "content_base64": BASE64_STANDARD.encode("new") },
        { "kind": "rename-file", "from": "images/a.png", "to": "elsewhere/a.png" },
        { "kind": "remove-file", "path": "images/b.png" },
    ]);
    let edited = edit(&world, edits).await;
    assert_eq!(edited.status, StatusCode::OK, "{edited:?}");
    assert_eq!(file(&world, "draft:main", "new/deep/n.txt").await, "new");
    assert_eq!(file(&world, "draft:main", "elsewhere/a.png").await, "pixels of a");
    let stored = world.send(Method::POST, "/v1/objects?kind=blob", &[], "an object").await.json();
    let put = json!([{ "kind": "put-file", "path": "o.txt", "object": stored["id"] }]);
    assert_eq!(edit(&world, put).await.status, StatusCode::OK);
    assert_eq!(file(&world, "draft:main", "o.txt").await, "an object");
}

#[tokio::test]
async fn a_bad_edit_changes_nothing_and_says_why() {
    let world = World::new();
    let good = json!({ "kind": "set", "table": "labels", "keys": ["0"], "cells": { "label": "car" } });
    for (bad, status) in [
        (json!({ "kind": "set", "table": "labels", "keys": ["77"], "cells": { "label": "x" } }), 404),
        (json!({ "kind": "set", "table": "labels", "keys": ["0"], "cells": { "nothing": "x" } }), 404),
        (json!({ "kind": "set", "table": "labels", "cells": { "label": "x" } }), 400),
        (json!({ "kind": "set", "table": "labels", "where": "label = ", "cells": { "label": "x" } }), 400),
        (json!({ "kind": "set", "table": "other", "keys": ["0"], "cells": { "label": "x" } }), 404),
        (json!({ "kind": "paint" }), 422),
        (json!({ "kind": "put-file", "path": "../x", "content_base64": "" }), 400),
        (json!({ "kind": "put-file", "path": "x", "content_base64": "%" }), 400),
        (json!({ "kind": "remove-file", "path": "images" }), 409),
    ] {
        let refused = edit(&world, json!([good, bad])).await;
        assert_eq!(refused.status.as_u16(), status, "{bad}: {refused:?}");
        assert_eq!(refused.headers["content-type"], crate::problem::MEDIA_TYPE, "{bad}");
    }
    let draft = world.get(DRAFT).await.json();
    assert_eq!((&draft["step"], &draft["edits"]["rows"]), (&Value::Null, &json!(0)));
}

#[tokio::test]
async fn two_tabs_cannot_overwrite_each_other() {
    let world = World::new();
    let seen = world.get(DRAFT).await;
    let tag = seen.headers["etag"].to_str().expect("text").to_owned();
    assert_eq!(tag, format!("\"{}\"", seen.json()["etag"].as_str().expect("text")));
    let body = |label: &str| {
        json!({ "edits": [{ "kind": "set", "table": "labels", "keys": ["0"], "cells": { "label": label } }] })
            .to_string()
    };
    let path = format!("{DRAFT}/edits");
    let headers = [("content-type", "application/json"), ("if-match", tag.as_str())];
    let first = world.send(Method::POST, &path, &headers, body("one")).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    let second = world.send(Method::POST, &path, &headers, body("two")).await;
    let problem = second.json();
    assert_eq!((second.status, problem["kind"].as_str()), (StatusCode::PRECONDITION_FAILED, Some("ref-moved")));
    assert_eq!(problem["draft"]["etag"], first.json()["etag"], "the answer says how it is now");
    assert_eq!(world.send(Method::POST, &path, &headers[..1], body("three")).await.status, StatusCode::OK);
    assert!(file(&world, "draft:main", "labels.csv").await.contains("a.png,three"));
}

#[tokio::test]
async fn a_draft_is_committed_by_its_writer_or_to_a_branch_of_its_own() {
    let world = World::new();
    let set = |label: &str| json!([{ "kind": "set", "table": "labels", "keys": ["1"], "cells": { "label": label } }]);
    edit(&world, set("wolf")).await;
    let empty = world.post(&format!("{DRAFT}/commit"), &json!({ "message": " " })).await;
    assert_eq!((empty.status, empty.json()["what"].as_str()), (StatusCode::BAD_REQUEST, Some("message")));
    let committed = world.post(&format!("{DRAFT}/commit"), &json!({ "message": "it is one" })).await;
    assert_eq!(committed.status, StatusCode::OK, "{committed:?}");
    let view = world.get("/v1/datasets/d/at/main").await.json();
    assert_eq!((&view["revision"], &view["author"]), (&committed.json()["revision"], &json!("dashboard")));
    assert_eq!(world.get(DRAFT).await.json()["step"], Value::Null, "the draft has ended");
    edit(&world, set("fox")).await;
    let to_branch = json!({ "message": "or a fox", "branch": "foxes", "author": "ada" });
    let committed = world.post(&format!("{DRAFT}/commit"), &to_branch).await;
    assert_eq!(committed.json()["branch"], "foxes", "{committed:?}");
    assert!(file(&world, "foxes", "labels.csv").await.contains("fox"));
    assert!(file(&world, "main", "labels.csv").await.contains("wolf"));
    edit(&world, set("cow")).await;
    assert_eq!(world.post(&format!("{DRAFT}/commit"), &to_branch).await.status, StatusCode::CONFLICT);
    let merge = json!({ "into": "main", "from": "foxes" });
    let merged = world.post("/v1/datasets/d/merge", &merge).await;
    assert_eq!((merged.status, &merged.json()["outcome"]), (StatusCode::OK, &json!("fast-forward")));
    let revert = json!({ "revision": "main", "branch": "main", "author": "ada" });
    assert_eq!(world.post("/v1/datasets/d/revert", &revert).await.json()["outcome"], "done");
    assert!(file(&world, "main", "labels.csv").await.contains("wolf"));
}

#[tokio::test]
async fn a_draft_whose_branch_has_moved_is_rebased_or_conflicts() {
    let world = World::new();
    let set = |key: &str, label: &str| json!([{ "kind": "set", "table": "labels", "keys": [key], "cells": { "label": label } }]);
    let other = |path: &str| format!("/v1/datasets/d/drafts/main{path}?author=ada");
    edit(&world, set("0", "tiger")).await;
    world.post(&other("/edits"), &json!({ "edits": set("1", "wolf") })).await;
    let committed = world.post(&other("/commit"), &json!({ "message": "wolves" })).await;
    assert_eq!(committed.status, StatusCode::OK, "{committed:?}");
    assert_eq!(world.get(DRAFT).await.json()["is_behind"], true);
    let rebased = world.post(&format!("{DRAFT}/rebase"), &json!({})).await.json();
    assert_eq!((&rebased["is_behind"], &rebased["edits"]["set"]), (&json!(false), &json!(1)), "{rebased}");
    assert_eq!(file(&world, "draft:main", "labels.csv").await, "image,label\na.png,tiger\nb.png,wolf\n");
    let undone = world.post(&format!("{DRAFT}/undo"), &json!({})).await.json();
    assert_eq!(undone["is_behind"], true, "{undone}");
    world.post(&other("/edits"), &json!({ "edits": set("0", "lion") })).await;
    world.post(&other("/commit"), &json!({ "message": "lions" })).await;
    for action in ["rebase", "commit"] {
        let refused = world.post(&format!("{DRAFT}/{action}"), &json!({ "message": "tigers" })).await;
        let problem = refused.json();
        assert_eq!((refused.status, problem["kind"].as_str()), (StatusCode::CONFLICT, Some("conflict")), "{action}");
        let conflict = &problem["conflicts"][0];
        assert_eq!(
            (&conflict["table"], &conflict["key"], &conflict["column"]),
            (&json!("labels"), &json!("0"), &json!("label"))
        );
        assert_eq!(
            (&conflict["base"], &conflict["ours"], &conflict["theirs"]),
            (&json!("cat"), &json!("lion"), &json!("tiger"))
        );
    }
    let log = world.get("/v1/datasets/d/log?limit=2").await.json();
    let revisions = log["revisions"].as_array().expect("a list");
    let (to, from) =
        (revisions[0]["revision"].as_str().expect("text"), revisions[1]["revision"].as_str().expect("text"));
    let diff = world.get(&format!("/v1/datasets/d/diff?from={from}&to={to}&limit=5&table=labels")).await.json();
    assert_eq!((&diff["total_rows"], &diff["rows"][0]["after"]), (&json!(1), &json!("lion")), "{diff}");
    assert_eq!((&diff["files"][0]["what"], &diff["summary"]["rows"]["set"]), (&json!("modified"), &json!(1)));
}

#[tokio::test]
async fn what_differs_is_put_back_cell_by_cell_or_as_a_whole() {
    let world = World::new();
    let edits = json!([
        { "kind": "set", "table": "labels", "keys": ["0", "1"], "cells": { "label": "car" } },
        { "kind": "insert", "table": "labels", "cells": { "image": "c.png", "label": "car" } },
        { "kind": "remove-file", "path": "images/b.png" },
    ]);
    assert_eq!(edit(&world, edits).await.status, StatusCode::OK);
    let put_back = async |body: Value| world.post("/v1/datasets/d/diff/revert", &body).await;
    let states = json!({ "from": "main", "to": "draft:main", "branch": "main" });
    let with = |name: &str, value: Value| {
        let mut body = states.clone();
        body[name] = value;
        body
    };
    let cell = json!([{ "table": "labels", "key": "1", "column": "label" }]);
    let draft = put_back(with("keys", cell)).await;
    assert_eq!(draft.json()["edits"]["set"], 1, "{draft:?}");
    assert_eq!(file(&world, "draft:main", "labels.csv").await, "image,label\na.png,car\nb.png,dog\nc.png,car\n");
    assert_eq!(put_back(with("keys", json!([{ "table": "labels", "key": "77" }]))).await.status, StatusCode::NOT_FOUND);
    assert_eq!(put_back(states.clone()).await.status, StatusCode::BAD_REQUEST);
    let rows = json!({ "rows": [{ "table": "labels", "key": "0" }] });
    let discarded = world.post(&format!("{DRAFT}/discard"), &rows).await.json();
    assert_eq!((&discarded["edits"]["set"], &discarded["edits"]["inserted"]), (&json!(0), &json!(1)), "{discarded}");
    let draft = put_back(with("all", json!(true))).await.json();
    assert_eq!((&draft["edits"]["rows"], &draft["edits"]["files"]), (&json!(0), &json!(0)), "{draft}");
    assert_eq!(draft["can_undo"], "put back what differs");
}

#[tokio::test]
async fn samples_are_excluded_and_included_and_classes_are_edited() {
    let world = World::new();
    let excluded = edit(&world, json!([{ "kind": "exclude", "keys": ["images/a.png"] }])).await;
    assert_eq!(excluded.status, StatusCode::OK, "{}", excluded.text());
    let hidden = world.get("/v1/datasets/d/at/draft:main/files/images/a.png").await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    assert_eq!(file(&world, "draft:main", "labels.csv").await, "image,label\nb.png,dog\n");
    let included = edit(&world, json!([{ "kind": "include", "table": "samples", "where": "excluded" }])).await;
    assert_eq!(included.json()["keys"], json!(["images/a.png"]));
    assert_eq!(file(&world, "draft:main", "labels.csv").await, crate::testing::LABELS);
    let rows = edit(&world, json!([{ "kind": "exclude", "table": "labels", "keys": ["0"] }])).await;
    assert_eq!(rows.status, StatusCode::BAD_REQUEST, "only samples can be excluded");

    let coco = json!({
        "images": [{ "id": 1, "file_name": "images/a.png", "width": 9, "height": 9 }],
        "annotations": [{ "id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2] }],
        "categories": [{ "id": 1, "name": "cat" }, { "id": 2, "name": "lynx" }],
    });
    let put = json!([{ "kind": "put-file", "path": "boxes.json", "content_base64": BASE64_STANDARD.encode(coco.to_string()) }]);
    assert_eq!(edit(&world, put).await.status, StatusCode::OK);
    let classes = edit(
        &world,
        json!([
            { "kind": "class-rename", "from": "lynx", "to": "wild cat" },
            { "kind": "class-merge", "from": ["cat"], "into": "wild cat" },
            { "kind": "class-add", "name": "dog" },
        ]),
    )
    .await;
    assert_eq!(classes.status, StatusCode::OK, "{}", classes.text());
    let after: Value = serde_json::from_str(&file(&world, "draft:main", "boxes.json").await).expect("JSON");
    let names: Vec<_> =
        after["categories"].as_array().expect("a list").iter().filter_map(|class| class["name"].as_str()).collect();
    assert_eq!((names, &after["annotations"][0]["category_id"]), (vec!["wild cat", "dog"], &json!(2)));
    let gone = edit(&world, json!([{ "kind": "class-rename", "from": "cat", "to": "dog" }])).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text());
}

#[tokio::test]
async fn a_column_that_is_added_has_a_name_of_its_own() {
    let world = World::new();
    for table in ["labels", "samples"] {
        for name in ["", "_key", "_row", "a\nb", "\u{0}"] {
            let answer =
                edit(&world, json!([{ "kind": "add-column", "table": table, "column": name, "type": "text" }])).await;
            assert_eq!(
                (answer.status, &answer.json()["what"]),
                (StatusCode::BAD_REQUEST, &json!("column name")),
                "{name:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn edits_at_once_without_a_condition_are_all_done() {
    let world = std::sync::Arc::new(World::new());
    let edits = (0..24).map(|number| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move {
            let text = BASE64_STANDARD.encode(number.to_string());
            edit(&world, json!([{ "kind": "put-file", "path": format!("{number}.txt"), "content_base64": text }])).await
        })
    });
    for edit in edits.collect::<Vec<_>>() {
        let answer = edit.await.expect("no panic");
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let draft = world.get(DRAFT).await.json();
    assert_eq!(draft["edits"]["files"], 24, "{draft}");
}
