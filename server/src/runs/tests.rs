//! Runs by their routes: what is taken, what is told, and what happens when nothing is heard.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int32Array, StringArray};
use arrow::datatypes::{Float32Type, Float64Type};
use arrow::ipc::reader::StreamReader;
use arrow::record_batch::RecordBatch;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::rows::{ARROW_STREAM, to_stream};
use crate::state::Options;
use crate::testing::{Answer, World};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

async fn put(world: &World, path: &str, body: &Value) -> Answer {
    world.send(Method::PUT, path, JSON, body.to_string()).await
}

/// Begins a run on the labels of `d`.
async fn begun(world: &World, name: &str) -> Value {
    let answer = world.post("/v1/runs", &json!({ "name": name, "dataset": "d", "table": "labels" })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()
}

fn arrow(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    to_stream(&RecordBatch::try_from_iter(columns).expect("columns of one length")).expect("bytes")
}

#[tokio::test]
async fn a_run_is_begun_once_found_by_name_and_id_changed_and_deleted() {
    let world = World::new();
    let id = "0123456789abcdef0123456789abcdef";
    let wanted = json!({ "name": "net", "id": id, "dataset": "d", "host": "gpu1", "parameters": {"lr": 0.1, "seed": 1},
        "started_at": "2026-11-29T04:00:00Z" });
    let first = world.post("/v1/runs", &wanted).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let run = first.json();
    assert_eq!(run["dataset"], "d");
    assert_eq!(run["revision"], world.dataset().resolve(None).expect("main").id.to_hex());
    assert_eq!((&run["status"], &run["kind"]), (&json!("running"), &json!("training")));
    assert_eq!(run["started_at"], "2026-11-29T04:00:00Z");
    assert_eq!(world.post("/v1/runs", &wanted).await.status, StatusCode::OK);
    assert_eq!(world.post("/v1/runs", &json!({"name": "net"})).await.json()["name"], "net-2");
    assert_eq!(world.get(&format!("/v1/runs/{id}")).await.json()["name"], "net");

    let change = json!({ "status": "failed", "error": "no memory", "parameters": {"lr": null, "batch": 8} });
    let changed = world.send(Method::PATCH, "/v1/runs/net", JSON, change.to_string()).await.json();
    assert_eq!((&changed["status"], &changed["error"]), (&json!("failed"), &json!("no memory")));
    assert_eq!(changed["parameters"], json!({"seed": 1, "batch": 8}));
    assert!(changed["finished_at"].is_string(), "{changed}");

    let unknown = world.send(Method::PATCH, "/v1/runs/net", JSON, json!({ "stauts": "finished" }).to_string()).await;
    assert_eq!(unknown.status.as_u16(), 422, "{unknown:?}");

    let names = |list: Value| -> Vec<String> {
        let runs = list["runs"].as_array().expect("a list").iter();
        runs.map(|run| run["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(world.get("/v1/runs").await.json()), ["net-2", "net"], "the newest first");
    assert_eq!(names(world.get("/v1/runs?dataset=d").await.json()), ["net"]);
    assert_eq!(names(world.get("/v1/runs?status=running").await.json()), ["net-2"]);
    assert_eq!(world.send(Method::POST, "/v1/runs/net/heartbeat", &[], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.send(Method::DELETE, "/v1/runs/net", &[], "").await.status, StatusCode::NO_CONTENT);
    let gone = world.get("/v1/runs/net").await;
    assert_eq!((gone.status, &gone.json()["what"]), (StatusCode::NOT_FOUND, &json!("run")));
}

#[tokio::test]
async fn of_two_that_begin_a_run_with_one_id_at_once_one_wins() {
    let world = World::new();
    for round in 0..20 {
        let id = format!("{round:032x}");
        let begin = |name: &str| {
            let (world, wanted) = (&world, json!({ "name": format!("{name}{round}"), "id": id }));
            async move { world.post("/v1/runs", &wanted).await.status.as_u16() }
        };
        let (a, b, again) = tokio::join!(begin("a"), begin("b"), begin("a"));
        let mut all = [a, b, again];
        all.sort_unstable();
        // Whoever asks the same again has only missed the answer.
        assert!(all == [200, 201, 409] || all == [201, 409, 409], "{all:?}");
        let runs = world.get("/v1/runs").await.json();
        assert_eq!(runs["runs"].as_array().map(Vec::len), Some(round + 1));
    }
}

#[tokio::test]
async fn what_is_no_run_is_refused() {
    let world = World::new();
    for (wanted, status) in [
        (json!({"name": "a b"}), 400),
        (json!({"name": "-a"}), 400),
        (json!({"name": "a", "id": "xyz"}), 400),
        (json!({"name": "a", "started_at": "yesterday"}), 400),
        (json!({"name": "a", "dataset": "none"}), 404),
        (json!({"name": "a", "dataset": "d", "ref": "none"}), 404),
        (json!({"name": "a", "dataset": "d", "table": "none"}), 404),
    ] {
        let answer = world.post("/v1/runs", &wanted).await;
        assert_eq!(answer.status, status, "{wanted}: {answer:?}");
    }
}

#[tokio::test]
async fn a_batch_counts_once_and_later_values_cover_earlier_ones() {
    let world = World::new();
    begun(&world, "net").await;
    let rows = json!({"columns": {"sample": ["0", "1"], "epoch": 0, "loss": [0.5, null], "predicted": ["cat", "cat"]}});
    let taken = put(&world, "/v1/runs/net/batches/one", &rows).await;
    assert_eq!(taken.json(), json!({"batch": "one", "rows": 2, "repeated": false}));
    assert_eq!(put(&world, "/v1/runs/net/batches/one", &rows).await.json()["repeated"], true);
    let body = arrow(vec![
        ("sample", Arc::new(StringArray::from(vec!["1"]))),
        ("epoch", Arc::new(Int32Array::from(vec![1]))),
        ("loss", Arc::new(Float32Array::from(vec![f32::NAN]))),
    ]);
    let taken = world.send(Method::PUT, "/v1/runs/net/batches/two", &[("content-type", ARROW_STREAM)], body).await;
    assert_eq!(taken.json()["rows"], 1, "{taken:?}");

    let run = world.get("/v1/runs/net").await.json();
    assert_eq!((&run["rows"], &run["epochs"]), (&json!(3), &json!(2)));
    assert_eq!(run["columns"], json!([{"name": "loss", "type": "Float64"}, {"name": "predicted", "type": "Utf8"}]));
    let told = |query: &'static str| world.get(query);
    let latest = told("/v1/runs/net/metrics").await.json();
    assert_eq!(latest["total"], 2);
    assert_eq!(latest["rows"][0], json!({"sample": "0", "epoch": 0, "loss": 0.5, "predicted": "cat"}));
    assert_eq!(latest["rows"][1], json!({"sample": "1", "epoch": 1, "loss": null, "predicted": "cat"}));
    assert_eq!(told("/v1/runs/net/metrics?sample=1").await.json()["total"], 2);
    assert_eq!(told("/v1/runs/net/metrics?sample=x").await.json()["total"], 0);
    assert_eq!(told("/v1/runs/net/metrics?epoch=all&limit=1&offset=2").await.json()["rows"][0]["epoch"], 1);
    assert_eq!(told("/v1/runs/net/metrics?columns=nothing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(told("/v1/runs/net/metrics?epoch=first").await.status, StatusCode::BAD_REQUEST);

    let stream = world.send(Method::GET, "/v1/runs/net/metrics?epoch=1", &[("accept", ARROW_STREAM)], "").await;
    let batch = StreamReader::try_new(&*stream.body, None).expect("a stream").next().expect("a batch").expect("whole");
    assert!(batch.column_by_name("loss").expect("there").as_primitive::<Float64Type>().value(0).is_nan());
}

#[tokio::test]
async fn what_is_no_batch_leaves_nothing_behind() {
    let world = World::new();
    begun(&world, "net").await;
    let unknown = json!({"columns": {"sample": ["0", "x", "y"], "loss": [1.0, 2.0, 3.0]}});
    let answer = put(&world, "/v1/runs/net/batches/1", &unknown).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem = answer.json();
    assert_eq!(problem["kind"], "unknown-sample");
    assert_eq!((&problem["sample"], &problem["table"], &problem["at"]), (&json!("x"), &json!("labels"), &json!(1)));
    put(&world, "/v1/runs/net/batches/first", &json!({"columns": {"sample": ["0"], "loss": [1.5]}})).await;
    for (columns, column) in [
        (json!({"loss": [1.0]}), "sample"),
        (json!({"sample": [null], "loss": [1.0]}), "sample"),
        (json!({"sample": ["0"], "epoch": [-1]}), "epoch"),
        (json!({"sample": ["0"], "loss": [1.0, 2.0]}), "sample"),
        (json!({"sample": ["0"], "loss": ["high"]}), "loss"),
        (json!({"sample": ["0"], "_key": ["high"]}), "_key"),
    ] {
        let answer = put(&world, "/v1/runs/net/batches/2", &json!({ "columns": columns })).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["kind"]), (422, &json!("invalid-batch")), "{columns}");
        assert_eq!(answer.json()["column"], column, "{columns}: {answer:?}");
    }
    for (kind, body, status) in
        [(ARROW_STREAM, "no arrow", 422), ("application/json", "{", 422), ("text/csv", "sample\na.png\n", 415)]
    {
        let answer = world.send(Method::PUT, "/v1/runs/net/batches/3", &[("content-type", kind)], body).await;
        assert_eq!(answer.status, status, "{kind}: {answer:?}");
    }
    assert_eq!(put(&world, "/v1/runs/net/batches/a%20b", &json!({"columns": {}})).await.status, 400);
    assert_eq!(world.get("/v1/runs/net").await.json()["rows"], 1, "only the first");
}

#[tokio::test]
async fn samples_are_named_by_their_path_too_and_a_moved_image_stays_the_same_sample() {
    let world = World::new();
    let edits = json!({"edits": [
        {"kind": "rename-file", "from": "images/a.png", "to": "images/x.png"},
        {"kind": "rename-file", "from": "images/b.png", "to": "images/a.png"},
    ]});
    for (path, body) in [("edits", edits), ("commit", json!({"message": "moved"}))] {
        let done = world.post(&format!("/v1/datasets/d/drafts/main/{path}"), &body).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
    }
    let answer = world.post("/v1/runs", &json!({ "name": "net", "dataset": "d" })).await;
    assert_eq!(answer.json()["table"], "samples");
    // A key comes first; `images/a.png` is the key of what is `images/x.png` now.
    for (batch, column, names, keys) in [
        ("1", "sample", ["images/x.png", "images/b.png"], ["images/a.png", "images/b.png"]),
        ("2", "sample", ["images/a.png", "images/b.png"], ["images/a.png", "images/b.png"]),
        ("3", "path", ["images/a.png", "images/x.png"], ["images/b.png", "images/a.png"]),
    ] {
        let epoch: i64 = batch.parse().expect("a number");
        let rows = json!({"columns": {column: names, "epoch": epoch, "loss": [1.0, 2.0]}});
        let taken = put(&world, &format!("/v1/runs/net/batches/{batch}"), &rows).await;
        assert_eq!(taken.status, StatusCode::OK, "{taken:?}");
        let rows = world.get(&format!("/v1/runs/net/metrics?epoch={epoch}")).await.json();
        let told = [&rows["rows"][0]["sample"], &rows["rows"][1]["sample"]];
        assert_eq!(told, keys, "{names:?} as {column}");
    }
    let rows = json!({"columns": {"path": ["images/x.png", "images/b.png"], "loss": [1.0, 2.0]}});
    let problem = put(&world, "/v1/runs/net/batches/4", &rows).await;
    assert_eq!((problem.status.as_u16(), &problem.json()["at"]), (422, &json!(1)), "{problem:?}");
    assert!(problem.json()["detail"].as_str().is_some_and(|detail| detail.contains("images/b.png")), "{problem:?}");
}

#[tokio::test]
async fn an_embedding_keeps_its_type() {
    let world = World::new();
    begun(&world, "net").await;
    let vectors = vec![Some(vec![Some(1.0), Some(2.0)]), None];
    let body = arrow(vec![
        ("sample", Arc::new(StringArray::from(vec!["0", "1"]))),
        ("embedding", Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors, 2))),
    ]);
    let taken = world.send(Method::PUT, "/v1/runs/net/batches/e", &[("content-type", ARROW_STREAM)], body).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let rows = world.get("/v1/runs/net/metrics?columns=embedding").await.json();
    assert_eq!(rows["rows"][0]["embedding"], json!([1.0, 2.0]));
    assert_eq!(rows["rows"][1]["embedding"], Value::Null);
}

#[tokio::test]
async fn an_embedding_is_reduced_to_columns_of_the_run() {
    let world = World::new();
    begun(&world, "net").await;
    let vectors =
        json!({"columns": {"sample": ["0", "1"], "epoch": 3, "embedding": [[1.0, 0.0, 2.0], [4.0, 4.0, 2.0]]}});
    assert_eq!(put(&world, "/v1/runs/net/batches/1", &vectors).await.status, 200);
    let reduced = world.post("/v1/runs/net/reduce", &json!({"dims": 2})).await;
    assert_eq!(reduced.status, StatusCode::OK, "{reduced:?}");
    assert_eq!((&reduced.json()["columns"], &reduced.json()["rows"]), (&json!(["x", "y"]), &json!(2)));
    let rows = world.get("/v1/runs/net/metrics?columns=x,y,embedding&epoch=3").await.json();
    let x = |row: usize| rows["rows"][row]["x"].as_f64().expect("a number");
    assert!(((x(0) - x(1)).abs() - 5.0).abs() < 1e-5, "they are 5 apart: {rows}");
    let path = "/v1/datasets/d/at/main/tables/labels/reduce?run=net&column=net.embedding";
    let of_table = world.get(path).await.json();
    assert!((of_table["x"][0].as_f64().expect("a number") - x(0)).abs() < 1e-5, "{of_table}");
    assert!(of_table["shares"][0].as_f64().is_some_and(|share| share > 0.999), "{of_table}");
    let stream = world.send(Method::GET, path, &[("accept", ARROW_STREAM)], "").await;
    let batch = StreamReader::try_new(&*stream.body, None).expect("a stream").next().expect("a batch").expect("whole");
    assert_eq!((batch.num_rows(), batch.num_columns()), (2, 2));
    for (wanted, status) in [
        (json!({"method": "umap"}), 422),
        (json!({"dims": 4}), 400),
        (json!({"column": "none"}), 404),
        (json!({"epoch": "0"}), 400),
    ] {
        let answer = world.post("/v1/runs/net/reduce", &wanted).await;
        assert_eq!(answer.status, status, "{wanted}: {answer:?}");
    }
    let refused = world.post("/v1/runs/net/reduce", &json!({"method": "umap"})).await.json();
    assert!(refused["hint"].as_str().is_some_and(|hint| hint.contains("umap-learn")), "{refused}");
}

#[tokio::test]
async fn scalars_are_curves_whose_later_values_win() {
    let world = World::new();
    begun(&world, "net").await;
    for (batch, scalars) in
        [("1", json!({"acc": [[2, 0.7], [1, 0.5]], "lr": [[0, null]]})), ("2", json!({"acc": [[1, 0.6]]}))]
    {
        let taken = put(&world, &format!("/v1/runs/net/scalars/{batch}"), &json!({ "scalars": scalars })).await;
        assert_eq!(taken.status, 200, "{taken:?}");
    }
    let curves = world.get("/v1/runs/net/scalars").await.json();
    let expected =
        json!({"curves": [{"name": "acc", "points": [[1, 0.6], [2, 0.7]]}, {"name": "lr", "points": [[0, null]]}]});
    assert_eq!(curves, expected);
    assert_eq!(world.get("/v1/runs/net/scalars?name=acc").await.json()["curves"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.get("/v1/runs/net").await.json()["latest"], json!({"acc": 0.7, "lr": null}));
}

#[tokio::test]
async fn a_run_that_says_nothing_is_lost_until_it_is_heard_again() {
    let world = World::with(Options { runs_lost_after: Duration::from_millis(300), ..Options::default() }, None);
    begun(&world, "net").await;
    let status = || async { world.get("/v1/runs/net").await.json()["status"].clone() };
    assert_eq!(status().await, "running");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(status().await, "lost");
    assert_eq!(world.get("/v1/runs?status=lost").await.json()["runs"].as_array().map(Vec::len), Some(1));
    world.send(Method::POST, "/v1/runs/net/heartbeat", &[], "").await;
    assert_eq!(status().await, "running");
}

#[tokio::test]
async fn metrics_are_columns_of_rows_and_tables_of_queries() {
    let world = World::new();
    begun(&world, "net").await;
    for epoch in [0, 1] {
        let rows = json!({"columns": {"sample": ["1"], "epoch": epoch, "loss": [0.5 + f64::from(epoch)]}});
        put(&world, &format!("/v1/runs/net/batches/{epoch}"), &rows).await;
    }
    let rows = |query: &str| {
        let path = format!("/v1/datasets/d/at/main/tables/labels/rows?{query}");
        async { world.send(Method::GET, &{ path }, &[("accept", "application/json")], "").await.json() }
    };
    let latest = rows("run=net&columns=image,net.loss&where=%22net.loss%22%20%3E%201").await;
    assert_eq!(latest["rows"].as_array().map(Vec::len), Some(1), "{latest}");
    assert_eq!(latest["rows"][0]["net.loss"], 1.5);
    assert_eq!(rows("run=net&epoch=0&columns=net.loss").await["rows"][1]["net.loss"], 0.5);
    let query = json!({"query": "SELECT sum(loss) AS s FROM runs.\"net\" WHERE epoch < 1"});
    let answer =
        world.send(Method::POST, "/v1/sql", &[JSON[0], ("accept", "application/json")], query.to_string()).await;
    assert_eq!(answer.json()["rows"][0][0], 0.5, "{answer:?}");
    for (query, expected) in [
        ("SELECT count(*) FROM runs.net", json!([[2]])),
        ("SELECT count(*) FROM runs.net WHERE epoch IN (1, 7) AND loss > 1", json!([[1]])),
        ("SELECT loss, epoch FROM runs.net WHERE epoch + 1 = 2 AND sample = '1'", json!([[1.5, 1]])),
        ("SELECT epoch FROM runs.net ORDER BY loss DESC LIMIT 1", json!([[1]])),
        ("SELECT sample FROM runs.net LIMIT 1", json!([["1"]])),
        ("SELECT count(*) FROM runs.net WHERE epoch > 7", json!([[0]])),
    ] {
        let headers = [JSON[0], ("accept", "application/json")];
        let answer = world.send(Method::POST, "/v1/sql", &headers, json!({ "query": query }).to_string()).await;
        assert_eq!(answer.json()["rows"], expected, "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn a_stream_with_a_damaged_byte_is_taken_or_refused_and_the_service_lives() {
    let world = World::new();
    assert_eq!(world.post("/v1/runs", &json!({ "name": "net" })).await.status, StatusCode::CREATED);
    let samples: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let whole = arrow(vec![("sample", samples), ("epoch", Arc::new(Int32Array::from(vec![6, 6])))]);
    for at in 0..whole.len() {
        for byte in [0x01, 0x7f, 0xff] {
            let mut body = whole.clone();
            body[at] = byte;
            let path = format!("/v1/runs/net/batches/{at}-{byte}");
            let answer = world.send(Method::PUT, &path, &[("content-type", ARROW_STREAM)], body).await;
            assert!(matches!(answer.status.as_u16(), 200 | 422), "byte {at} is {byte}: {answer:?}");
        }
    }
}
