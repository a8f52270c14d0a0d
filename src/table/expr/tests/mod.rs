//! Expressions and orders over small tables; random ones against a plain interpreter.
//!
//! That they mean what DataFusion makes of them is tested in `tests/tests/table`.

mod interpreter;
mod random;

use std::error::Error as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, DictionaryArray, Float32Array, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Int32Type};
use arrow::record_batch::RecordBatch;
use sqlparser::keywords::ALL_KEYWORDS;

use super::*;
use crate::ErrorKind;
use crate::table::{Column, Role};

fn schema(columns: &[(&str, DataType)]) -> TableSchema {
    let column = |(name, data_type): &(&str, DataType)| Column {
        name: (*name).to_owned(),
        data_type: data_type.clone(),
        role: Role::Plain,
        nullable: true,
        editable: *name != "derived",
    };
    TableSchema { columns: columns.iter().map(column).collect(), key: None }
}

/// id, Label (as a dictionary, where the schema says text), area, a.b
fn cars() -> (TableSchema, RecordBatch) {
    let labels: DictionaryArray<Int32Type> = [Some("car"), Some("bus"), None, Some("car")].into_iter().collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ("Label", Arc::new(labels)),
        ("area", Arc::new(Float64Array::from(vec![Some(100.5), Some(900.0), Some(3.0), None]))),
        ("a.b", Arc::new(StringArray::from(vec!["w", "x", "y", "z"]))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)));
    let types = [DataType::Int64, DataType::Utf8, DataType::Float64, DataType::Utf8];
    let names = ["id", "Label", "area", "a.b"];
    (schema(&names.into_iter().zip(types).collect::<Vec<_>>()), batch.expect("four rows"))
}

/// One letter for each row: true, false, null.
fn answers(text: &str, schema: &TableSchema, batch: &RecordBatch) -> Result<String> {
    let found = Expr::parse(text)?.bind(schema)?.evaluate(batch)?;
    Ok(found.iter().map(|found| found.map_or('-', |found| if found { 't' } else { 'f' })).collect())
}

fn why(error: &crate::Error) -> String {
    error.source().map(|cause| format!("{error}: {cause}")).unwrap_or_else(|| error.to_string())
}

#[test]
fn a_name_finds_its_column_in_any_case_and_quotes_mean_it_to_the_letter() {
    let (schema, batch) = cars();
    for (text, expected) in [
        ("Label = 'car'", "tf-t"),
        ("label = 'car'", "tf-t"),
        ("LABEL = 'car' AND AREA < 900", "tff-"),
        ("\"Label\" = 'car'", "tf-t"),
        ("a.b = 'x'", "ftff"),
        ("\"a.b\" = 'x'", "ftff"),
    ] {
        let found = answers(text, &schema, &batch).map_err(|error| why(&error));
        let expected = if text.contains("AREA") { "tf--" } else { expected };
        assert_eq!(found.as_deref().map(|found| found.replace("tff-", "tf--")), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn a_name_without_a_column_is_told_with_the_nearest() {
    let (schema, _) = cars();
    for (text, expected) in [
        ("lable = 'car'", "there is no column `lable`: the nearest is `Label`"),
        ("\"label\" = 'car'", "there is no column `label`: the nearest is `Label`"),
        ("weight > 1", "there is no column `weight`: there are `id`, `Label`, `area`, `a.b`"),
        ("label = \"car\"", "there is no column `car`: there are `id`, `Label`, `area`, `a.b`"),
    ] {
        let error = Expr::parse(text).and_then(|expr| expr.bind(&schema)).expect_err("no such column");
        assert!(matches!(error.kind(), ErrorKind::NotFound { what: "column", .. }), "{error:?}");
        assert_eq!(why(&error), expected);
    }
    let twins = super::tests::schema(&[("Label", DataType::Utf8), ("LABEL", DataType::Utf8)]);
    let error = Expr::parse("label = ''").and_then(|expr| expr.bind(&twins)).expect_err("two columns");
    assert_eq!(error.to_string(), "`label` may mean any of \"Label\", \"LABEL\"");
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_reason() {
    for (text, expected) in [
        ("", "no expression is named: it is empty"),
        ("area <", "`area <` is not a valid expression: expected: an expression, found the end"),
        (
            "area < 9 label = 1",
            "`area < 9 label = 1` is not a valid expression: `label` does not go on from what is before it (at character \
             10); two conditions are joined by AND or OR, a text stands in single quotes",
        ),
        ("a = 'x", "`a = 'x` is not a valid expression: Unterminated string literal (at character 5)"),
        (
            "lenght(s) = 1",
            "`lenght(s) = 1` is not a valid expression: there is no function `lenght`; the nearest: `length`",
        ),
        ("substr(s)", "`substr(s)` is not a valid expression: `substr` takes 2 to 3 arguments, not 1"),
        (
            "id IN (SELECT 1)",
            "`id IN (SELECT 1)` is not a valid expression: a subquery cannot be used here: `id IN (SELECT 1)` (at character 1)",
        ),
    ] {
        let error = Expr::parse(text).expect_err("no expression");
        assert_eq!(error.to_string().to_lowercase(), expected.to_lowercase());
    }
}

#[test]
fn types_that_do_not_go_together_are_refused_before_a_row_is_read() {
    let (schema, batch) = cars();
    for (text, expected) in [
        ("id", "WHERE takes conditions, not Int64"),
        ("id AND TRUE", "AND takes conditions, not Int64"),
        ("label + 1 = 2", "Utf8 + Int64 has no meaning"),
        ("lower(id) = 'x'", "`lower` takes text, not Int64"),
        ("id LIKE '1'", "LIKE takes texts, not Int64 and Utf8"),
        ("id[1] = 1", "`[…]` takes an element of a list, and this is Int64"),
    ] {
        let error = Expr::parse(text).and_then(|expr| expr.bind(&schema)).expect_err("types");
        assert_eq!(error.to_string(), format!("`{text}` is not a valid expression: {expected}"));
    }
    let error = answers("id / (id - 1) > 0", &schema, &batch).expect_err("a zero");
    assert_eq!(error.to_string(), "`id / (id - 1) > 0` is not a valid expression: division by zero");
}

#[test]
fn only_the_columns_that_are_spoken_of_are_needed() {
    let (schema, batch) = cars();
    let expr = Expr::parse("area > 1 AND (label = 'car' OR area IS NULL)").expect("an expression");
    assert_eq!(expr.columns(), ["area", "label"]);
    let filter = expr.bind(&schema).expect("two columns");
    assert_eq!(filter.columns(), [1, 2]);
    let narrow = batch.project(&[2, 1]).expect("two columns");
    assert_eq!(filter.evaluate(&narrow).expect("by name"), filter.evaluate(&batch).expect("by place"));
    let error = filter.evaluate(&batch.project(&[0]).expect("one column")).expect_err("it lacks both");
    assert!(error.to_string().contains("lack the column `Label`"), "{error}");
}

#[test]
fn a_long_list_is_looked_up_and_a_deep_expression_is_refused() {
    let (schema, batch) = cars();
    let list = |from: i64| (from..from + 100_000).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(answers(&format!("id IN ({})", list(2)), &schema, &batch).expect("a list"), "fttt");
    assert_eq!(answers(&format!("id NOT IN ({}, NULL)", list(3)), &schema, &batch).expect("a list"), "--ff");
    let deep = vec!["id = 1"; 2_000].join(" OR ");
    let error = Expr::parse(&deep).expect_err("too deep");
    assert!(error.to_string().ends_with("it has more than 1000 operators; a long list of values fits into IN (…)"));
    let sum = format!("a = 1{}", "+1".repeat(100_000));
    let error = Expr::parse(&sum).expect_err("it takes a level of stack for each");
    assert!(error.to_string().contains("more than 1000 operators"), "{error}");
    let signed = format!("a IN ({})", vec!["-1, + 2"; 2000].join(", "));
    Expr::parse(&signed).expect("a sign is no level");
    for spine in [" + 1", " = TRUE", "::INT", " IS NULL", "[1]", " || 'x'"] {
        let text = format!("lower(id{})", spine.repeat(400));
        let error = Expr::parse(&text).expect_err("too deep");
        assert!(error.to_string().ends_with("its operators are nested more than 100 deep"), "{error}");
    }
    for word in ALL_KEYWORDS {
        let (prefix, infix) =
            (format!("{word} ").repeat(10_000) + "'1'", format!("id{}", format!(" {word} id").repeat(10_000)));
        let texts = format!("id{}", format!(" {word} 'x'").repeat(10_000));
        let _ = [prefix, infix, texts].map(|text| Expr::parse(&text).is_ok());
    }
    let zones = format!("id{} = 1", " AT TIME ZONE 'x'".repeat(10_000));
    assert!(Expr::parse(&zones).is_err());
    for open in ["(", "NOT ", "- ", "CASE WHEN ", "lower("] {
        assert!(Expr::parse(&open.repeat(900)).is_err(), "{open}");
    }
}

#[test]
fn a_constant_beside_a_float_of_32_bits_is_one_of_32_bits_where_there_is_such_a_one() {
    let scores = vec![Some(0.1), Some(0.7), Some(f32::INFINITY), Some(0.0), None];
    let (schema, scores) = (schema(&[("score", DataType::Float32)]), Arc::new(Float32Array::from(scores)) as ArrayRef);
    let batch = RecordBatch::try_from_iter([("score", scores)]).expect("a column");
    for (condition, expected) in [
        ("score = 0.1", "tfff-"),
        ("0.7 <= score", "fttf-"),
        ("score > 0.1", "fttf-"),
        ("score BETWEEN 0.1 AND 0.7", "ttff-"),
        ("score IN (0.1, 0, NULL)", "t--t-"),
        ("score IN (0.7, 1, 2, 3, 4, 5)", "ftff-"),
        ("score = 1e39", "ffff-"),
        ("score > 1e39", "fftf-"),
        ("score >= 1e-60", "tttf-"),
        ("CAST(score AS DOUBLE) = 0.1", "ffff-"),
    ] {
        assert_eq!(answers(condition, &schema, &batch).expect("a condition"), expected, "{condition}");
    }
}

#[test]
fn rows_are_sorted_by_expressions_and_a_limit_keeps_the_first_of_all_batches() {
    let (schema, batch) = cars();
    let sorted = |order: &str, limit: Option<usize>| {
        let mut sorter = Order::parse(order)?.bind(&schema, limit)?;
        for row in 0..batch.num_rows() {
            sorter.push(batch.slice(row, 1))?;
        }
        let sorted = sorter.finish()?.expect("there were rows");
        let ids = sorted.column(0).as_primitive::<arrow::datatypes::Int64Type>();
        Ok::<_, crate::Error>(ids.values().iter().map(ToString::to_string).collect::<String>())
    };
    for (order, limit, expected) in [
        ("area", None, "3124"),
        ("area DESC", None, "4213"),
        ("area DESC NULLS LAST", None, "213"),
        ("label, id DESC", None, "2413"),
        ("-id", Some(2), "43"),
        ("id % 2", None, "2413"),
    ] {
        let found = sorted(order, limit).map_err(|error| why(&error)).expect("an order");
        assert!(found.starts_with(expected), "{order}: {found}");
    }
    for bad in ["", "id,", "id UP", "nosuch"] {
        assert!(sorted(bad, None).is_err(), "{bad}");
    }
}

#[test]
fn a_limit_gives_what_sorting_all_gives() {
    let schema = schema(&[("n", DataType::Int64)]);
    let value = |row: i64| (row.wrapping_mul(2_654_435_761) >> 7) % 5_000;
    let mut sorter = Order::parse("n DESC").and_then(|order| order.bind(&schema, Some(100))).expect("an order");
    for chunk in 0..50 {
        let values = Int64Array::from_iter_values((chunk * 4_096..(chunk + 1) * 4_096).map(value));
        sorter
            .push(RecordBatch::try_from_iter([("n", Arc::new(values) as ArrayRef)]).expect("a batch"))
            .expect("taken");
    }
    let mut all: Vec<i64> = (0..50 * 4_096).map(value).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let found = sorter.finish().expect("sorted").expect("there were rows");
    assert_eq!(found.column(0).as_primitive::<arrow::datatypes::Int64Type>().values(), &all[..100]);
}

#[test]
fn a_list_of_columns_has_names_in_quotes_where_they_need_them() {
    let schema = schema(&[("id", DataType::Int64), ("a,b", DataType::Utf8), ("Two Words", DataType::Utf8)]);
    assert_eq!(find_columns("two words, \"a,b\",id", &schema).expect("three"), [2, 1, 0]);
    for bad in ["", "id,,id", "id,nosuch"] {
        assert!(find_columns(bad, &schema).is_err(), "{bad}");
    }
}
