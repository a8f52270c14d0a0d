//! `/v1/compare`: two to four runs side by side.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use veneer::model::RunData;
use veneer::run::Run;
use veneer::{Error, Result as Found};

use super::LiveRuns;
use super::compare::{Case, Comparison, Counts, Order};
use super::told::{epoch_of, list, rows_json};
use crate::accept::Accept;
use crate::auth::Viewer;
use crate::extract::Params;
use crate::problem::Problem;
use crate::rows::{ARROW_STREAM, to_stream, with_metadata};
use crate::state::AppState;

/// So many rows are told as JSON unless the request says.
const LIMIT: usize = 1_000;
/// So many rows are told as JSON at most.
const LIMIT_MAX: usize = 10_000;
/// Where the counts are said of an Arrow stream.
const COUNTS: &str = "comparison";

/// Which runs, by what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CompareQuery {
    /// Two to four names, separated by commas; the others are held against the first.
    runs: String,
    /// The column of numbers that is compared.
    metric: String,
    /// A number or `latest`; `latest` if not said.
    epoch: Option<String>,
    /// The state of the first run's dataset whose labels are right; the revision that the run looks at, if not said.
    r#ref: Option<String>,
    /// `all`, `better` (wrong in the first run, right in the last), `worse`, `both-right` or `both-wrong`.
    case: Option<String>,
    /// `sample`, `rise`, `fall` (of the metric from the first run to the second), `high` or `low` (in all runs).
    order: Option<String>,
    /// How many rows are left out at the beginning.
    #[serde(default)]
    offset: usize,
    /// How many rows at most; as JSON 1,000 if not said, and 10,000 at most.
    limit: Option<usize>,
}

/// Runs side by side.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparisonDetail {
    #[serde(flatten)]
    counts: Counts,
    /// How many samples the case has.
    total: usize,
    /// `sample`, `label`, and of each run its `values` of the metric and what it `predicted`.
    #[schema(value_type = Vec<HashMap<String, serde_json::Value>>)]
    rows: Vec<Map<String, Value>>,
}

/// Lays runs side by side, joined on the sample: which became better, which worse. As Arrow, the counts are the
/// schema's metadata `comparison`.
#[utoipa::path(get, path = "/v1/compare", tag = "runs", params(CompareQuery), security(("token" = ["viewer"])),
    responses((status = 200, content((ComparisonDetail = "application/json"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"))), Problem))]
pub async fn compare_runs(
    _: Viewer,
    State(app): State<AppState>,
    Params(query): Params<CompareQuery>,
    accept: Accept,
) -> Result<Response, Problem> {
    app.run(move |app| query.answer(app.live_runs(), accept)).await
}

impl CompareQuery {
    fn answer(&self, live: &LiveRuns, accept: Accept) -> Found<Response> {
        let names = list(&self.runs);
        if !(2..=4).contains(&names.len()) {
            return Err(Error::invalid("runs to compare", &self.runs, "two to four are compared"));
        }
        let runs = names.iter().map(|name| live.runs().find(name)).collect::<Found<Vec<Run>>>()?;
        let (case, order) = (self.case()?, self.order()?);
        let data = self.labelled(live, &runs[0])?;
        let table = live.table_of(data.as_ref())?;
        let comparison = Comparison::of(live, &runs, &self.metric, epoch_of(self.epoch.as_deref())?, table.as_ref())?;
        let chosen = comparison.chosen(case, order);
        let most = match accept {
            Accept::Arrow => self.limit.unwrap_or(chosen.len()),
            Accept::Json => self.limit.unwrap_or(LIMIT).min(LIMIT_MAX),
        };
        let from = self.offset.min(chosen.len());
        let batch = comparison.batch(&chosen[from..chosen.len().min(from.saturating_add(most))])?;
        let counts = comparison.counts;
        Ok(match accept {
            Accept::Arrow => {
                let counts = serde_json::to_string(&counts).expect("plain data");
                let batch = with_metadata(&batch, [(COUNTS.to_owned(), counts)].into())?;
                ([(header::CONTENT_TYPE, ARROW_STREAM)], to_stream(&batch)?).into_response()
            }
            Accept::Json => {
                Json(ComparisonDetail { counts, total: chosen.len(), rows: rows_json(&batch)? }).into_response()
            }
        })
    }

    /// What the labels are taken from.
    fn labelled(&self, live: &LiveRuns, run: &Run) -> Found<Option<RunData>> {
        match (&run.record.data, &self.r#ref) {
            (Some(data), Some(reference)) => live.data(Some(&data.dataset), Some(reference), data.table.as_deref()),
            (data, _) => Ok(data.clone()),
        }
    }

    fn case(&self) -> Found<Case> {
        Ok(match self.case.as_deref() {
            None | Some("all") => Case::All,
            Some("better") => Case::Better,
            Some("worse") => Case::Worse,
            Some("both-right") => Case::BothRight,
            Some("both-wrong") => Case::BothWrong,
            Some(other) => {
                let why = "it is `all`, `better`, `worse`, `both-right` or `both-wrong`";
                return Err(Error::invalid("case", other, why));
            }
        })
    }

    fn order(&self) -> Found<Order> {
        Ok(match self.order.as_deref() {
            None | Some("sample") => Order::Sample,
            Some("rise") => Order::Rise,
            Some("fall") => Order::Fall,
            Some("high") => Order::High,
            Some("low") => Order::Low,
            Some(other) => {
                return Err(Error::invalid("order", other, "it is `sample`, `rise`, `fall`, `high` or `low`"));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::ipc::reader::StreamReader;
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, World};

    /// Runs on `labels.csv`, where 0 is a cat and 1 a dog: (name, samples, losses, predictions).
    async fn world(runs: &[(&str, Value)]) -> World {
        let world = World::new();
        for (name, columns) in runs {
            let run = json!({ "name": name, "dataset": "d", "table": "labels" });
            assert_eq!(world.post("/v1/runs", &run).await.status, StatusCode::CREATED);
            let path = format!("/v1/runs/{name}/batches/1");
            let body = json!({ "columns": columns }).to_string();
            let taken = world.send(Method::PUT, &path, &[("content-type", "application/json")], body).await;
            assert_eq!(taken.status, StatusCode::OK, "{taken:?}");
        }
        world
    }

    async fn two() -> World {
        world(&[
            ("a", json!({"sample": ["0", "1"], "loss": [0.5, 0.2], "predicted": ["dog", "dog"]})),
            ("b", json!({"sample": ["1", "0"], "loss": [0.9, 0.1], "predicted": ["cat", "cat"]})),
        ])
        .await
    }

    fn samples(answer: &Answer) -> Vec<String> {
        let rows = answer.json()["rows"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["sample"].as_str().expect("a key").to_owned()).collect()
    }

    #[tokio::test]
    async fn what_became_better_and_worse_is_counted_sample_by_sample_and_class_by_class() {
        let answer = two().await.get("/v1/compare?runs=a,b&metric=loss").await.json();
        let change = json!({"run": "b", "higher": 1, "lower": 1, "same": 0, "better": 1, "worse": 1,
            "both_right": 0, "both_wrong": 0});
        assert_eq!(answer["changes"], json!([change]), "{answer}");
        let classes = json!([
            {"class": "cat", "rows": 1, "right": [0, 1], "delta": [1.0]},
            {"class": "dog", "rows": 1, "right": [1, 0], "delta": [-1.0]},
        ]);
        assert_eq!(answer["classes"], classes);
        let row = json!({"sample": "0", "label": "cat", "values": [0.5, 0.1], "predicted": ["dog", "cat"]});
        assert_eq!((&answer["rows"][0], &answer["total"]), (&row, &json!(2)));
    }

    #[tokio::test]
    async fn rows_are_chosen_by_their_case_and_sorted_by_how_the_metric_moved() {
        let world = two().await;
        for (query, expected) in [
            ("order=rise", vec!["1", "0"]),
            ("order=fall", vec!["0", "1"]),
            ("order=high", vec!["1", "0"]),
            ("order=low", vec!["0", "1"]),
            ("case=better", vec!["0"]),
            ("case=worse", vec!["1"]),
            ("case=both-wrong", vec![]),
            ("order=rise&limit=1&offset=1", vec!["0"]),
        ] {
            let answer = world.get(&format!("/v1/compare?runs=a,b&metric=loss&{query}")).await;
            assert_eq!(samples(&answer), expected, "{query}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn samples_of_one_run_alone_are_counted_and_not_compared() {
        let world = world(&[
            ("a", json!({"sample": ["0"], "loss": [0.5]})),
            ("b", json!({"sample": ["0", "1"], "loss": [0.5, 2]})),
            ("c", json!({"sample": ["0"], "loss": [7]})),
        ])
        .await;
        let answer = world.get("/v1/compare?runs=a,b,c&metric=loss").await.json();
        assert_eq!((&answer["samples"], &answer["only"]), (&json!([1, 2, 1]), &json!([0, 1, 0])), "{answer}");
        assert_eq!((&answer["in_all"], &answer["classes"]), (&json!(1), &Value::Null));
        assert_eq!((&answer["changes"][0]["same"], &answer["changes"][1]["higher"]), (&json!(1), &json!(1)));
        assert_eq!(answer["changes"][0]["better"], Value::Null, "nothing was predicted");
        let arrow = world.send(Method::GET, "/v1/compare?runs=a,c&metric=loss", &[("accept", ARROW_STREAM)], "").await;
        let mut stream = StreamReader::try_new(&*arrow.body, None).expect("a stream");
        let counts: Value = serde_json::from_str(&stream.schema().metadata()[COUNTS]).expect("JSON");
        assert_eq!((&counts["in_all"], stream.next().expect("a batch").expect("whole").num_rows()), (&json!(1), 1));
    }

    #[tokio::test]
    async fn what_cannot_be_compared_is_refused() {
        let world = two().await;
        for (query, status) in [
            ("runs=a&metric=loss", 400),
            ("runs=a,b,a,b,a&metric=loss", 400),
            ("runs=a,c&metric=loss", 404),
            ("runs=a,b&metric=acc", 404),
            ("runs=a,b&metric=predicted", 400),
            ("runs=a,b&metric=loss&case=other", 400),
            ("runs=a,b&metric=loss&order=other", 400),
            ("runs=a,b&metric=loss&epoch=first", 400),
        ] {
            let answer = world.get(&format!("/v1/compare?{query}")).await;
            assert_eq!(answer.status, status, "{query}: {answer:?}");
        }
        let relabelled =
            json!({"edits": [{"kind": "set", "table": "labels", "keys": ["0"], "cells": {"label": "dog"}}]});
        assert_eq!(world.post("/v1/datasets/d/drafts/main/edits", &relabelled).await.status, StatusCode::OK);
        world.post("/v1/datasets/d/drafts/main/commit", &json!({"message": "a dog"})).await;
        let answer = world.get("/v1/compare?runs=a,b&metric=loss&ref=main").await.json();
        assert_eq!((&answer["changes"][0]["worse"], &answer["changes"][0]["better"]), (&json!(2), &json!(0)));
    }
}
