//! The routes of rows, called through the router.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int32Type, UInt16Type, UInt32Type};
use arrow::ipc::reader::StreamReader;
use arrow::record_batch::RecordBatch;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::rows::ARROW_STREAM;
use crate::testing::{Answer, World};

/// 100 rows: `n` counts up, `label` is one of four, `score` is null, NaN or a half.
fn world() -> World {
    let world = World::new();
    let row = |n: usize| match n % 10 {
        0 => format!("{n},l{},\n", n % 4),
        1 => format!("{n},l{},NaN\n", n % 4),
        _ => format!("{n},l{},{}.5\n", n % 4, n),
    };
    let text: String = std::iter::once("n,label,score\n".to_owned()).chain((0..100).map(row)).collect();
    world.commit("more.csv", &text);
    world
}

const TABLE: &str = "/v1/datasets/d/at/main/tables/more";

async fn arrow(world: &World, path: &str) -> (Answer, RecordBatch) {
    let answer = world.send(Method::GET, path, &[("accept", ARROW_STREAM)], "").await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    assert_eq!(answer.headers[header::CONTENT_TYPE], ARROW_STREAM);
    let batches: Vec<RecordBatch> =
        StreamReader::try_new(&answer.body[..], None).expect("a stream").collect::<Result<_, _>>().expect("batches");
    assert_eq!(batches.len(), 1, "one batch");
    (answer, batches[0].clone())
}

#[tokio::test]
async fn a_page_is_json_or_arrow() {
    let world = world();
    let path = format!("{TABLE}/rows?where=n%20%3E%2050&order=n%20DESC&columns=label,n&offset=1&limit=2");
    let page = world.get(&path).await.json();
    assert_eq!((&page["matched"], &page["total"]), (&json!(49), &json!(100)));
    assert_eq!(page["rows"][0], json!({"_key": "98", "_row": 98, "label": "l2", "n": 98}));
    assert_eq!(page["rows"].as_array().map(Vec::len), Some(2));
    let (answer, batch) = arrow(&world, &path).await;
    assert_eq!(
        (&answer.headers["veneer-row-count"], &answer.headers["veneer-total-rows"]),
        (&"49".parse().expect("text"), &"100".parse().expect("text"))
    );
    assert_eq!(batch.column_by_name("_row").expect("places").as_primitive::<UInt32Type>().values(), &[98, 97]);
    let label = batch.column_by_name("label").expect("a column");
    assert_eq!(label.data_type(), &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)));
    assert_eq!(label.as_dictionary::<Int32Type>().values().len(), 2, "no text that no row has");
}

#[tokio::test]
async fn a_column_has_all_rows_and_its_nulls() {
    let world = world();
    let (_, batch) = arrow(&world, &format!("{TABLE}/columns/score")).await;
    let scores = batch.column(0).as_primitive::<Float64Type>();
    assert_eq!((scores.len(), scores.null_count()), (100, 10));
    assert!(scores.value(1).is_nan() && scores.value(2) == 2.5);
    let (_, batch) = arrow(&world, &format!("{TABLE}/columns/score?as=u16")).await;
    assert_eq!(batch.schema().metadata()["min"], "2.5");
    assert_eq!(batch.schema().metadata()["max"], "99.5");
    let small = batch.column(0).as_primitive::<UInt16Type>();
    assert_eq!((small.null_count(), small.value(2), small.value(99)), (20, 0, 65_535));
    let (_, batch) = arrow(&world, &format!("{TABLE}/columns/label?encoding=plain")).await;
    assert_eq!(batch.column(0).data_type(), &DataType::Utf8);
    for wrong in ["columns/nothing", "columns/label?as=u16", "columns/score?as=u7", "columns/label?encoding=x"] {
        let status = world.get(&format!("{TABLE}/{wrong}")).await.status;
        assert!(status.is_client_error(), "{wrong}: {status}");
    }
}

#[tokio::test]
async fn a_mask_and_a_lasso_are_bits() {
    let world = world();
    let answer = world.get(&format!("{TABLE}/mask?where=n%20%3C%2010")).await;
    assert_eq!(answer.body.len(), 13);
    assert_eq!(&answer.body[..3], &[0xff, 0b11, 0]);
    assert_eq!(answer.headers["veneer-row-count"], "10");
    let all = world.get(&format!("{TABLE}/mask")).await;
    assert_eq!((all.body[12], &all.headers["veneer-row-count"]), (0b1111, &"100".parse().expect("text")));
    let square = json!({"x": "n", "y": "score", "polygon": [[0, 0], [0, 20], [20, 20], [20, 0]], "where": "n <> 5"});
    let answer = world.post(&format!("{TABLE}/lasso"), &square).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let found: Vec<usize> = (0..104).filter(|row| answer.body[row / 8] >> (row % 8) & 1 == 1).collect();
    assert_eq!(found, [2, 3, 4, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19]);
}

#[tokio::test]
async fn counts_are_json() {
    let world = world();
    let found = world.get(&format!("{TABLE}/histogram?column=score&bins=2&min=0&max=100")).await.json();
    assert_eq!((&found["edges"], &found["counts"]), (&json!([0.0, 50.0, 100.0]), &json!([40, 40])));
    assert_eq!((&found["nulls"], &found["nan"], &found["total"]), (&json!(10), &json!(10), &json!(100)));
    let found = world.get(&format!("{TABLE}/groups?column=label&limit=1&where=n%20%3C%209")).await.json();
    assert_eq!(
        found,
        json!({"values": [{"value": "l0", "count": 3}], "distinct": 4, "other": 6, "nulls": 0, "total": 9})
    );
    let found = world.get(&format!("{TABLE}/quantiles?column=n&q=0,0.5,1&by=label")).await.json();
    assert_eq!(found["quantiles"][1], json!({"group": "l1", "values": [1.0, 49.0, 97.0], "count": 25}));
    let found =
        world.get(&format!("{TABLE}/confusion?actual=label&predicted=label&where=label%20%3C%20'l2'")).await.json();
    assert_eq!(found, json!({"actual": ["l0", "l1"], "predicted": ["l0", "l1"], "counts": [[25, 0], [0, 25]]}));
    for wrong in [
        "histogram?column=label",
        "histogram",
        "groups?column=x",
        "quantiles?column=n&q=2",
        "confusion?actual=n",
        "mask?where=n+%2B",
        "rows?order=nothing",
        "rows?limit=1000000",
        "neighbours?column=n&key=1",
        "neighbours?column=n&key=1&metric=x",
        "rows?run=resnet",
    ] {
        let answer = world.get(&format!("{TABLE}/{wrong}")).await;
        assert!(answer.status.is_client_error(), "{wrong}: {answer:?}");
        assert!(answer.json()["kind"].is_string());
    }
}

#[tokio::test]
async fn an_answer_of_a_revision_is_kept_for_ever_and_that_of_a_branch_is_asked_again() {
    let world = world();
    let path = format!("{TABLE}/groups?column=label");
    let answer = world.get(&path).await;
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
    let etag = answer.headers[header::ETAG].to_str().expect("text").to_owned();
    let revision = answer.headers["veneer-revision"].to_str().expect("text").to_owned();
    let again = |headers: [(&'static str, String); 1]| {
        let (world, path) = (&world, &path);
        async move { world.send(Method::GET, path, &[(headers[0].0, &headers[0].1)], "").await.status }
    };
    assert_eq!(again([("if-none-match", etag.clone())]).await, StatusCode::NOT_MODIFIED);
    let pinned = world.get(&path.replace("/at/main/", &format!("/at/{revision}/"))).await;
    assert!(pinned.headers[header::CACHE_CONTROL].to_str().expect("text").contains("immutable"));
    assert_eq!(pinned.body, answer.body);
    // A commit of another file leaves the table as it was.
    world.commit("other.txt", "x");
    world.commit("more.csv", "n,label,score\n1,new,2\n");
    assert_eq!(again([("if-none-match", etag)]).await, StatusCode::OK);
    assert_eq!(world.get(&path).await.json()["values"][0]["value"], "new");
}

#[tokio::test]
async fn sql_is_json_or_arrow_and_only_reads() {
    let world = world();
    let ask = |body: Value| {
        let world = &world;
        async move { world.post("/v1/sql", &body).await }
    };
    let answer = ask(json!({"query": "SELECT label, count(*) AS rows FROM d.more WHERE n < $1 GROUP BY label ORDER BY label", "params": [9]})).await.json();
    assert_eq!(answer["columns"], json!([{"name": "label", "type": "Utf8"}, {"name": "rows", "type": "Int64"}]));
    assert_eq!(answer["rows"], json!([["l0", 3], ["l1", 2], ["l2", 2], ["l3", 2]]));
    assert_eq!(answer["truncated"], false);
    let answer = ask(json!({"query": "SELECT n FROM more", "dataset": "d", "format": "arrow", "limit": 7})).await;
    assert_eq!(
        (&answer.headers[header::CONTENT_TYPE], &answer.headers["veneer-truncated"]),
        (&ARROW_STREAM.parse().expect("text"), &"true".parse().expect("text"))
    );
    let batch =
        StreamReader::try_new(&answer.body[..], None).expect("a stream").next().expect("a batch").expect("a batch");
    assert_eq!(batch.num_rows(), 7);
    let refused = ask(json!({"query": "DROP TABLE d.more"})).await;
    assert_eq!((refused.status, refused.json()["kind"].as_str()), (StatusCode::FORBIDDEN, Some("read-only")));
    let wrong = ask(json!({"query": "SELEKT 1"})).await;
    assert_eq!((wrong.status, wrong.json()["kind"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid")));
}
