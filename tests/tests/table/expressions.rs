//! Our expressions beside DataFusion's: both are given the same text and the same rows.
//!
//! They are to agree on every value, on null, and on what is an error. Where they differ on
//! purpose is told in `src/table/expr/mod.rs`, and listed here.

use arrow::array::{Array, ArrayRef};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::{Builder, Runtime};
use veneer::table::expr::Expr;

use super::sample;

/// The two, over one table.
struct Both {
    batch: RecordBatch,
    runtime: Runtime,
    context: SessionContext,
}

impl Both {
    fn over(batch: RecordBatch) -> Both {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
        context.register_batch("t", batch.clone()).expect("a table");
        Both { batch, runtime, context }
    }

    fn ours(&self, text: &str) -> Result<ArrayRef, String> {
        let value = Expr::parse(text).and_then(|expr| expr.bind_value(&sample::schema(&self.batch)));
        value.and_then(|value| value.evaluate(&self.batch)).map(plain).map_err(|error| error.to_string())
    }

    fn theirs(&self, text: &str) -> Result<ArrayRef, String> {
        let found = self
            .runtime
            .block_on(async { self.context.sql(&format!("SELECT ({text}) AS r FROM t")).await?.collect().await });
        let batches = found.map_err(|error| error.to_string())?;
        let columns: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
        Ok(plain(concat(&columns).map_err(|error| error.to_string())?))
    }

    /// What is wrong with their agreement, if anything.
    fn disagreement(&self, text: &str) -> Option<String> {
        match (self.ours(text), self.theirs(text)) {
            (Err(_), Err(_)) => None,
            (Ok(ours), Ok(theirs)) if ours.to_data() == theirs.to_data() => None,
            (ours, theirs) => Some(format!("{text}\n   ours {}\n theirs {}", told(&ours), told(&theirs))),
        }
    }
}

/// Texts in their plain form: which form they have is nobody's business.
fn plain(array: ArrayRef) -> ArrayRef {
    let text = match array.data_type() {
        DataType::Dictionary(_, values) => (**values).clone(),
        other => other.clone(),
    };
    match text {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Utf8 => cast(&array, &DataType::Utf8).expect("a text"),
        other => cast(&array, &other).expect("the values of a dictionary"),
    }
}

fn told(result: &Result<ArrayRef, String>) -> String {
    match result {
        Ok(array) => {
            let texts = cast(array, &DataType::Utf8).map(|texts| format!("{texts:?}")).unwrap_or(format!("{array:?}"));
            let texts: Vec<&str> = texts.lines().skip(2).map(str::trim).collect();
            format!("{} {}", array.data_type(), texts.join(" "))
        }
        Err(why) => format!("error: {}", why.lines().next().unwrap_or_default()),
    }
}

/// Each line is one that both take, or that both refuse.
fn same() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("expressions.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).chain(["", "trim('\tx ')"])
}

/// What differs on purpose, with our answer; `None` is an error. The reasons are in `src/table/expr/mod.rs`.
const DIFFERENT: &[(&str, Option<&str>)] = &[
    ("Mixed = 3 AND ID = 3", Some("false false false true false false false false")),
    ("z <> 0 AND 12 / z > 1", Some("false true false null false true false true")),
    ("z = 0 OR 12 / z > 1", Some("true true true null false true false true")),
    ("f IN (0.0, 1, 2, 3, 4)", Some("true true null false false false false false")),
    ("g = 0.1", Some("false true null false false false false false")),
    ("g BETWEEN 0.05 AND 0.1", Some("false true null false false false false false")),
    ("g IN (0.1, 7)", Some("false true null false false false false false")),
    ("st['x']", Some("10 11 null 13 14 15 16 17")),
    ("coalesce(n, 'x')", Some("0 1 x -5 900 9223372036854775807 -9223372036854775808 7")),
    ("day + 1", None),
    ("box || box", None),
    ("nullif(f, 0.0) IS NULL", Some("true true true false false false false false")),
    ("CASE f WHEN 0.0 THEN 1 ELSE 2 END", Some("1 1 2 2 2 2 2 2")),
    ("sum(n)", None),
    ("s SIMILAR TO 'c.r'", None),
    ("box[1:2]", None),
];

#[test]
fn differences_from_datafusion_are_those_that_are_told() {
    let both = Both::over(sample::batch());
    let told_text = |array: &ArrayRef| {
        let texts = cast(array, &DataType::Utf8).expect("a text for each");
        let texts = arrow::array::AsArray::as_string::<i32>(&texts);
        texts.iter().map(|text| text.unwrap_or("null")).collect::<Vec<_>>().join(" ")
    };
    for (text, ours) in DIFFERENT {
        let found = both.ours(text);
        assert_eq!(found.as_ref().ok().map(told_text).as_deref(), *ours, "{text}: {found:?}");
        assert!(both.disagreement(text).is_some(), "{text} is the same: it belongs to the other list");
    }
}

#[test]
fn expressions_are_what_datafusion_makes_of_them() {
    let both = Both::over(sample::batch());
    let found: Vec<String> = same().filter_map(|text| both.disagreement(text)).collect();
    assert!(found.is_empty(), "{} of {} differ:\n{}", found.len(), same().count(), found.join("\n"));
    let taken = same().filter(|text| both.ours(text).is_ok()).count();
    assert!(taken >= 120, "only {taken} expressions are taken by both");
}
