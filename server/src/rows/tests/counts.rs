//! Masks, histograms, groups, quantiles and confusion matrices, counted again by plain loops.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;
use serde_json::Value as Json;
use veneer::model::Value;
use veneer::table::arrow_value;

use crate::rows::testing::{World, awkward};
use crate::rows::{ConfusionQuery, GroupsQuery, HistogramQuery, QuantilesQuery};

/// More than one chunk of rows, and not a round number of them.
const ROWS: usize = 33_007;

fn column(batch: &RecordBatch, name: &str) -> Vec<Value> {
    arrow_value::values(batch.column_by_name(name).expect("a column")).expect("values")
}

fn floats(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).expect("a column").as_primitive::<Float64Type>().iter().collect()
}

/// Conditions, and the same as functions of a row.
fn conditions(batch: &RecordBatch) -> Vec<(&'static str, Vec<bool>)> {
    let numbers: Vec<Option<i64>> =
        batch.column_by_name("n").expect("a column").as_primitive::<Int64Type>().iter().collect();
    let labels: Vec<Option<String>> = batch
        .column_by_name("label")
        .expect("a column")
        .as_string::<i32>()
        .iter()
        .map(|it| it.map(str::to_owned))
        .collect();
    let of_numbers =
        |holds: fn(i64) -> bool| numbers.iter().map(|number| number.is_some_and(holds)).collect::<Vec<bool>>();
    let of_labels =
        |holds: fn(&str) -> bool| labels.iter().map(|label| label.as_deref().is_some_and(holds)).collect::<Vec<bool>>();
    vec![
        ("n > 3", of_numbers(|number| number > 3)),
        ("n % 2 = 0 AND n < 10", of_numbers(|number| number % 2 == 0 && number < 10)),
        ("label = 'cat'", of_labels(|label| label == "cat")),
        ("NOT label LIKE '%cat'", of_labels(|label| !label.ends_with("cat"))),
        ("label IS NULL", labels.iter().map(Option::is_none).collect()),
        (
            "label IS NULL OR n = 1",
            labels.iter().zip(&numbers).map(|(label, n)| label.is_none() || *n == Some(1)).collect(),
        ),
        ("false", vec![false; batch.num_rows()]),
        ("1 = 1", vec![true; batch.num_rows()]),
    ]
}

#[test]
fn a_mask_has_the_rows_for_which_the_condition_is_true() {
    let batch = awkward(ROWS, 1);
    let world = World::of(&batch);
    let rows = world.rows();
    for (condition, expected) in conditions(&batch) {
        let mask = rows.mask(Some(condition)).expect("a mask").expect("a condition");
        assert_eq!(mask.bits().iter().collect::<Vec<bool>>(), expected, "{condition}");
        assert_eq!(mask.count(), expected.iter().filter(|holds| **holds).count(), "{condition}");
        let bytes = mask.to_bytes();
        assert_eq!(bytes.len(), ROWS.div_ceil(8));
        assert!((0..bytes.len() * 8).all(|at| (bytes[at / 8] >> (at % 8) & 1 == 1) == (at < ROWS && expected[at])));
    }
    assert!(rows.mask(None).expect("none").is_none());
    assert!(rows.mask(Some("  ")).expect("none").is_none());
    assert!(rows.mask(Some("nothing > 3")).is_err());
    assert!(rows.mask(Some("10 / (n - n) > 1")).is_err());
}

#[test]
fn a_histogram_counts_every_row_once() {
    let batch = awkward(ROWS, 2);
    let world = World::of(&batch);
    let rows = world.rows();
    let scores = floats(&batch, "score");
    for (condition, holds) in conditions(&batch) {
        for (min, max) in [(None, None), (Some(-10.0), Some(50.0)), (None, Some(0.0)), (Some(3.0), None)] {
            let query = HistogramQuery { column: "score".into(), bins: 7, condition: Some(condition.into()), min, max };
            let found = rows.histogram(&query).expect("a histogram");
            let wanted = || scores.iter().zip(&holds).filter(|(_, holds)| **holds).map(|(score, _)| *score);
            let count = |is: &dyn Fn(f64) -> bool| wanted().flatten().filter(|score| is(*score)).count() as u64;
            assert_eq!(found.total, wanted().count() as u64, "{condition}");
            assert_eq!(found.nulls, wanted().filter(Option::is_none).count() as u64);
            assert_eq!(found.nan, count(&|score| score.is_nan()));
            assert_eq!(
                (found.inf, found.neg_inf),
                (count(&|score| score == f64::INFINITY), count(&|score| score == f64::NEG_INFINITY))
            );
            let least = wanted().flatten().filter(|score| score.is_finite()).min_by(f64::total_cmp);
            assert_eq!(found.min.map(|it| it + 0.0), least.map(|it| it + 0.0));
            if found.edges.is_empty() {
                assert!(least.is_none() && min.or(max).is_none());
                continue;
            }
            assert_eq!(found.edges.len(), 8);
            for (at, counted) in found.counts.iter().enumerate() {
                let (from, to) = (found.edges[at], found.edges[at + 1]);
                let is_in = |score: f64| score.is_finite() && score >= from && (score < to || (at == 6 && score == to));
                assert_eq!(*counted, count(&is_in), "{condition} {min:?} {max:?} bin {at} {:?}", found.edges);
            }
            let all = found.counts.iter().sum::<u64>() + found.below + found.above;
            assert_eq!(all + found.nulls + found.nan + found.inf + found.neg_inf, found.total);
        }
    }
    let of_text = HistogramQuery { column: "label".into(), bins: 7, condition: None, min: None, max: None };
    assert!(rows.histogram(&of_text).is_err());
    assert!(rows.histogram(&HistogramQuery { bins: 0, column: "score".into(), ..of_text.clone() }).is_err());
    let of_times = rows.histogram(&HistogramQuery { column: "made_at".into(), ..of_text }).expect("times are numbers");
    assert_eq!(of_times.counts.iter().sum::<u64>() + of_times.nulls, ROWS as u64);
    assert_eq!(of_times.edges[7] - of_times.edges[0], (ROWS as f64 - 1.0) * 60_000.0);
}

#[test]
fn groups_are_the_values_and_how_many_rows_have_them() {
    // Few, for each value becomes a text here; the other tests have several chunks of rows.
    let batch = awkward(3_001, 3);
    let world = World::of(&batch);
    let rows = world.rows();
    for (condition, holds) in conditions(&batch).into_iter().step_by(3) {
        for name in ["label", "n", "flag", "score", "name", "made_at", "embedding"] {
            let (mut counts, mut nulls) = (BTreeMap::<String, u64>::new(), 0);
            for (value, _) in column(&batch, name).into_iter().zip(&holds).filter(|(_, holds)| **holds) {
                match value {
                    Value::Null => nulls += 1,
                    Value::Float(number) => {
                        *counts.entry(Value::Float(number + 0.0).to_json().to_string()).or_default() += 1
                    }
                    value => *counts.entry(value.to_json().to_string()).or_default() += 1,
                }
            }
            let query = GroupsQuery { column: name.into(), condition: Some(condition.into()), limit: 5, search: None };
            let found = rows.groups(&query).expect("groups");
            assert_eq!((found.distinct, found.nulls), (counts.len() as u64, nulls), "{name} {condition}");
            assert_eq!(found.total, holds.iter().filter(|holds| **holds).count() as u64);
            let listed: u64 = found.values.iter().map(|group| group.count).sum();
            assert_eq!(listed + found.other + found.nulls, found.total);
            let mut most: Vec<u64> = counts.values().copied().collect();
            most.sort_by(|a, b| b.cmp(a));
            assert_eq!(found.values.iter().map(|group| group.count).collect::<Vec<_>>(), most[..most.len().min(5)]);
            for group in &found.values {
                let value = match group.value.as_f64().filter(|_| name == "score") {
                    Some(number) => Value::Float(number + 0.0).to_json(),
                    None => group.value.clone(),
                };
                assert_eq!(counts.get(&value.to_string()), Some(&group.count), "{name} {value}");
            }
        }
    }
    let query = GroupsQuery { column: "label".into(), condition: None, limit: 9, search: Some("DOG".into()) };
    let found = rows.groups(&query).expect("groups");
    let mut values: Vec<&str> = found.values.iter().filter_map(|group| group.value.as_str()).collect();
    values.sort_unstable();
    assert_eq!((values, found.distinct, found.other), (vec!["Dog", "dog"], 2, 0));
}

#[test]
fn quantiles_lie_between_the_numbers_in_order() {
    let batch = awkward(ROWS, 4);
    let world = World::of(&batch);
    let rows = world.rows();
    let quantiles = vec![0.0, 0.25, 0.5, 0.9, 1.0];
    let reference = |wanted: &dyn Fn(usize) -> bool| {
        let numbers = floats(&batch, "score").into_iter().enumerate().filter(|(row, _)| wanted(*row));
        let mut numbers: Vec<f64> = numbers.filter_map(|(_, score)| score).filter(|score| !score.is_nan()).collect();
        numbers.sort_by(f64::total_cmp);
        let at = |quantile: &f64| {
            let place = quantile * (numbers.len() - 1) as f64;
            let (low, high) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
            Value::Float(if low == high { low } else { low + (high - low) * place.fract() }).to_json()
        };
        (quantiles.iter().map(at).collect::<Vec<Json>>(), numbers.len() as u64)
    };
    let near = |found: &[Json], expected: &[Json]| {
        found.iter().zip(expected).all(|(a, b)| match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9 * b.abs().max(1.0),
            _ => a == b,
        })
    };
    let mut query =
        QuantilesQuery { column: "score".into(), quantiles: quantiles.clone(), ..QuantilesQuery::default() };
    let found = rows.quantiles(&query).expect("quantiles");
    let (expected, count) = reference(&|_| true);
    assert!(found.len() == 1 && found[0].count == count && near(&found[0].values, &expected), "{found:?} {expected:?}");
    query.by = Some("label".into());
    let labels = column(&batch, "label");
    let found = rows.quantiles(&query).expect("quantiles");
    assert_eq!(found.len(), 7);
    for group in &found {
        let label = group.group.clone().expect("a group");
        let (expected, count) = reference(&|row| labels[row].to_json() == label);
        assert!(group.count == count && near(&group.values, &expected), "{group:?} {expected:?}");
    }
    query.condition = Some("false".into());
    assert!(rows.quantiles(&query).expect("none").is_empty());
    assert!(rows.quantiles(&QuantilesQuery { quantiles: vec![1.5], ..query }).is_err());
}

#[test]
fn a_confusion_matrix_has_every_row_in_one_cell() {
    let batch = awkward(ROWS, 5);
    let world = World::of(&batch);
    let rows = world.rows();
    let (labels, numbers) = (column(&batch, "label"), column(&batch, "n"));
    for (condition, holds) in conditions(&batch) {
        let query = ConfusionQuery { actual: "label".into(), predicted: "n".into(), condition: Some(condition.into()) };
        let found = rows.confusion(&query).expect("a matrix");
        let mut counts = BTreeMap::<(String, String), u64>::new();
        for row in (0..ROWS).filter(|row| holds[*row]) {
            *counts.entry((labels[row].to_json().to_string(), numbers[row].to_json().to_string())).or_default() += 1;
        }
        let mut sum = 0;
        for (y, actual) in found.actual.iter().enumerate() {
            for (x, predicted) in found.predicted.iter().enumerate() {
                let expected = counts.get(&(actual.to_string(), predicted.to_string())).copied().unwrap_or_default();
                assert_eq!(found.counts[y][x], expected, "{condition} {actual} {predicted}");
                sum += expected;
            }
        }
        assert_eq!(sum, holds.iter().filter(|holds| **holds).count() as u64);
    }
    let query = ConfusionQuery { actual: "name".into(), predicted: "n".into(), condition: None };
    assert!(rows.confusion(&query).is_err(), "a name for each row is no class");
    assert!(rows.column("name").expect("a column").len() == ROWS);
}
