//! Runs over a store in memory: what counts, whatever comes twice, late or through each other.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;

use super::{Accepted, Batch, NewRun, Of, Run, Runs, WHAT};
use crate::ErrorKind;
use crate::model::{RunKind, RunName};
use crate::store::MemoryStore;

fn runs() -> (Runs, RunName) {
    let runs = Runs::new(Arc::new(MemoryStore::new()));
    let (run, is_new) = runs.create(new("resnet", 1)).expect("created");
    assert!(is_new);
    (runs, run.name)
}

fn new(name: &str, id: u8) -> NewRun {
    NewRun {
        name: name.parse().expect("valid"),
        id: [id; 16],
        data: None,
        kind: RunKind::Training,
        host: None,
        parameters: "{}".to_owned(),
        started_ns: None,
    }
}

/// Rows of (sample, epoch, value of `column`).
fn batch(id: &str, column: &str, rows: &[(&str, i64, Option<f64>)]) -> Batch {
    let samples: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|(sample, ..)| sample)));
    let epochs: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, epoch, _)| *epoch)));
    let values: ArrayRef = Arc::new(Float64Array::from_iter(rows.iter().map(|(.., value)| *value)));
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("sample", samples, false),
        ("epoch", epochs, true),
        (column, values, true),
    ]);
    Batch::new(id, &[rows.expect("columns of one length")]).expect("a batch")
}

fn accept(runs: &Runs, name: &RunName, batch: Batch) -> Accepted {
    runs.accept(name, Of::Metrics, &[batch]).expect("accepted").0.remove(0)
}

/// (sample, epoch, value) of all rows.
fn told(rows: &RecordBatch, column: &str) -> Vec<(String, i64, Option<f64>)> {
    let values = rows.column_by_name(column).expect("the column").as_primitive::<Float64Type>();
    let epochs = rows.column(1).as_primitive::<Int64Type>();
    let samples = rows.column(0).as_string::<i32>().iter().map(|sample| sample.expect("a key").to_owned());
    samples
        .zip(epochs.values().iter().copied())
        .zip(values)
        .map(|((sample, epoch), value)| (sample, epoch, value))
        .collect()
}

fn rows(list: &[(&str, i64, Option<f64>)]) -> Vec<(String, i64, Option<f64>)> {
    list.iter().map(|(sample, epoch, value)| ((*sample).to_owned(), *epoch, *value)).collect()
}

/// What the run tells before and after its parts are joined.
fn check(runs: &Runs, name: &RunName, check: impl Fn(&Run)) {
    check(&runs.open(name).expect("it is there"));
    assert!(runs.compact(name).expect("compacted"));
    assert!(!runs.compact(name).expect("compacted"), "there is nothing left to join");
    let run = runs.open(name).expect("it is there");
    assert_eq!(run.record.metrics.parts.len(), 1);
    check(&run);
}

#[test]
fn what_comes_later_covers_what_was_there_and_null_covers_nothing() {
    let (runs, name) = runs();
    accept(&runs, &name, batch("1", "loss", &[("a", 1, Some(0.5)), ("b", 1, Some(0.7)), ("a", 0, Some(0.9))]));
    accept(&runs, &name, batch("2", "acc", &[("b", 1, Some(1.0)), ("c", 0, Some(0.0))]));
    accept(&runs, &name, batch("3", "loss", &[("b", 1, None), ("a", 1, Some(0.4)), ("a", 1, Some(f64::INFINITY))]));
    check(&runs, &name, |run| {
        let first = runs.epoch(run, Of::Metrics, 1, None).expect("rows");
        assert_eq!(told(&first, "loss"), rows(&[("a", 1, Some(f64::INFINITY)), ("b", 1, Some(0.7))]));
        assert_eq!(told(&first, "acc"), rows(&[("a", 1, None), ("b", 1, Some(1.0))]));
        let latest = runs.latest(run, None).expect("rows");
        assert_eq!(told(&latest, "acc"), rows(&[("c", 0, Some(0.0)), ("a", 1, None), ("b", 1, Some(1.0))]));
        let of_a = runs.history(run, Of::Metrics, "a", Some(&["loss".to_owned()])).expect("rows");
        assert_eq!(told(&of_a, "loss"), rows(&[("a", 0, Some(0.9)), ("a", 1, Some(f64::INFINITY))]));
        assert_eq!((run.record.metrics.rows, run.record.metrics.epoch_count()), (8, 2));
    });
}

#[test]
fn the_value_of_the_greatest_epoch_is_the_latest_however_late_others_come() {
    let (runs, name) = runs();
    accept(&runs, &name, batch("1", "loss", &[("a", 7, Some(0.1))]));
    accept(&runs, &name, batch("2", "loss", &[("a", 3, Some(0.8))]));
    accept(&runs, &name, batch("3", "x", &[("a", 2, Some(5.0))]));
    check(&runs, &name, |run| {
        let latest = runs.latest(run, None).expect("rows");
        assert_eq!(told(&latest, "loss"), rows(&[("a", 7, Some(0.1))]));
        assert_eq!(told(&latest, "x"), rows(&[("a", 7, Some(5.0))]));
    });
}

#[test]
fn a_batch_counts_once_also_after_its_part_was_joined_and_by_another_process() {
    let store = Arc::new(MemoryStore::new());
    let runs = Runs::new(store.clone());
    let name = runs.create(new("resnet", 1)).expect("created").0.name;
    let one = || batch("one", "loss", &[("a", 0, Some(1.0))]);
    assert!(matches!(accept(&runs, &name, one()), Accepted::New));
    assert!(matches!(accept(&runs, &name, one()), Accepted::Repeated));
    accept(&runs, &name, batch("two", "loss", &[("a", 0, Some(2.0))]));
    let (answers, _) = runs.accept(&name, Of::Metrics, &[one(), batch("3", "loss", &[]), one()]).expect("accepted");
    assert!(matches!(answers[..], [Accepted::Repeated, Accepted::New, Accepted::Repeated]), "{answers:?}");
    runs.compact(&name).expect("compacted");
    for runs in [runs, Runs::new(store)] {
        assert!(matches!(accept(&runs, &name, one()), Accepted::Repeated));
        let run = runs.open(&name).expect("it is there");
        assert_eq!(run.record.metrics.rows, 2);
        assert_eq!(told(&runs.latest(&run, None).expect("rows"), "loss"), rows(&[("a", 0, Some(2.0))]));
    }
}

#[test]
fn two_runs_of_one_name_have_two_and_one_id_is_one_run() {
    let (runs, first) = runs();
    let second = runs.create(new("resnet", 2)).expect("created").0;
    assert_eq!((first.as_str(), second.name.as_str()), ("resnet", "resnet-2"));
    assert_eq!(runs.create(new("resnet", 3)).expect("created").0.name.as_str(), "resnet-3");
    let (again, is_new) = runs.create(new("resnet", 2)).expect("known");
    assert_eq!((again.name.as_str(), is_new), ("resnet-2", false));
    let other = runs.create(new("other", 2)).expect_err("it is called otherwise");
    assert!(matches!(other.kind(), ErrorKind::AlreadyExists { what: "run", .. }), "{other}");
    assert_eq!(runs.find(&second.id()).expect("by its id").name, second.name);
    runs.delete(&second.name).expect("deleted");
    assert!(matches!(runs.find("resnet-2").expect_err("gone").kind(), ErrorKind::NotFound { what: "run", .. }));
    assert!(matches!(runs.find("a/b").expect_err("no name").kind(), ErrorKind::NotFound { what: "run", .. }));
}

#[test]
fn a_column_keeps_its_type_or_grows_and_what_does_not_go_with_it_is_refused() {
    let (runs, name) = runs();
    let of = |id: &str, column: &str, values: ArrayRef| {
        let samples: ArrayRef = Arc::new(StringArray::from_iter_values(["a", "b"]));
        Batch::new(id, &[RecordBatch::try_from_iter([("sample", samples), (column, values)]).expect("a batch")])
    };
    let whole = || Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
    let texts = || Arc::new(StringArray::from(vec!["x", "y"])) as ArrayRef;
    assert!(matches!(accept(&runs, &name, of("1", "n", whole()).expect("a batch")), Accepted::New));
    assert!(matches!(accept(&runs, &name, batch("2", "n", &[("a", 0, Some(0.5))])), Accepted::New));
    assert!(matches!(accept(&runs, &name, of("3", "n", texts()).expect("a batch")), Accepted::Refused(_)));
    check(&runs, &name, |run| {
        let rows_of = runs.epoch(run, Of::Metrics, 0, None).expect("rows");
        assert_eq!(told(&rows_of, "n"), rows(&[("a", 0, Some(0.5)), ("b", 0, Some(2.0))]));
    });
    for (column, values) in [("_key", whole()), ("", whole()), ("epoch", texts()), ("a\nb", whole())] {
        let error = of("4", column, values).expect_err("no batch");
        assert!(matches!(error.kind(), ErrorKind::Invalid { what: WHAT, .. }), "{column}: {error}");
    }
    let (none, no_samples): (ArrayRef, ArrayRef) = (whole(), Arc::new(StringArray::from(vec![Some("a"), None])));
    for rows in [vec![("loss", none.clone())], vec![("sample", no_samples), ("loss", none)]] {
        assert!(Batch::new("5", &[RecordBatch::try_from_iter(rows).expect("a batch")]).is_err());
    }
}

#[test]
fn scalars_are_rows_by_name_and_step() {
    let (runs, name) = runs();
    let of = |id: &str, list: &[(&str, i64, f64)]| {
        let list: Vec<_> = list.iter().map(|(name, step, value)| ((*name).to_owned(), *step, *value)).collect();
        runs.accept(&name, Of::Scalars, &[Batch::of_scalars(id, &list).expect("a batch")]).expect("accepted");
    };
    of("1", &[("acc", 0, 0.1), ("acc", 5, 0.6), ("lr", 0, 0.01)]);
    of("1", &[("acc", 9, 0.0)]);
    of("2", &[("acc", 2, 0.3), ("acc", 0, 0.2)]);
    let run = runs.open(&name).expect("it is there");
    assert_eq!(run.record.latest, [("acc".to_owned(), 5, 0.6), ("lr".to_owned(), 0, 0.01)]);
    let curve = runs.history(&run, Of::Scalars, "acc", None).expect("rows");
    assert_eq!(told(&curve, "value"), rows(&[("acc", 0, Some(0.2)), ("acc", 2, Some(0.3)), ("acc", 5, Some(0.6))]));
}

#[test]
fn the_latest_values_are_the_same_from_the_greatest_epoch_down() {
    let (runs, name) = runs();
    // Numbers that look random, and are always the same.
    let mut state = 7u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for number in 0..40 {
        let samples: Vec<String> = (0..below(9)).map(|_| format!("s{}", below(12))).collect();
        let rows: Vec<_> = samples
            .iter()
            .map(|sample| (sample.as_str(), below(6) as i64, (below(3) > 0).then(|| below(100) as f64)))
            .collect();
        accept(&runs, &name, batch(&number.to_string(), ["loss", "acc"][number % 2], &rows));
        if number % 7 == 0 {
            runs.compact(&name).expect("compacted");
        }
        let run = runs.open(&name).expect("it is there");
        let sorted = |rows: &RecordBatch, column| {
            let mut told = told(rows, column);
            told.sort_by(|a, b| a.0.cmp(&b.0));
            told
        };
        let (at_once, downwards) = (runs.latest(&run, None), runs.latest_downwards(&run, None));
        let (at_once, downwards) = (at_once.expect("rows"), downwards.expect("rows"));
        for column in at_once.schema().fields().iter().skip(2) {
            assert_eq!(sorted(&downwards, column.name()), sorted(&at_once, column.name()), "after {number}");
        }
    }
}
