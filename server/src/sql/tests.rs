//! Queries: what they answer, what is refused, and that they mean what `where=` means.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::Array;
use serde_json::{Value as Json, json};
use veneer::ErrorKind;
use veneer::model::Value;

use crate::rows::testing::{World, awkward, set};
use crate::rows::{ColumnStore, NoRuns, RunMetrics};
use crate::sql::{SqlEngine, SqlLimits, SqlQuery};

const ROWS: usize = 20_011;

fn engine_of(world: &World, limits: SqlLimits, runs: Arc<dyn RunMetrics>) -> SqlEngine {
    SqlEngine::new(Arc::new(world.datasets.clone()), world.store.clone(), runs, limits)
}

fn engine(world: &World) -> SqlEngine {
    engine_of(world, SqlLimits::default(), Arc::new(NoRuns))
}

fn query(text: &str) -> SqlQuery {
    SqlQuery { text: text.to_owned(), limit: 10_000, ..SqlQuery::default() }
}

/// The rows of an answer.
fn rows(engine: &SqlEngine, text: &str) -> Json {
    let answer = engine.run(query(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    answer.to_json().expect("json")["rows"].take()
}

fn refused(engine: &SqlEngine, text: &str) -> veneer::Error {
    match engine.run(query(text)) {
        Ok(_) => panic!("{text} is answered"),
        Err(error) => error,
    }
}

#[test]
fn a_condition_means_the_same_in_sql_and_in_where() {
    let world = World::of(&awkward(ROWS, 1));
    let (engine, table) = (engine(&world), world.rows());
    for condition in [
        "n > 3",
        "n % 7 = 2 OR label = 'dog'",
        "label LIKE '%a%' AND NOT flag",
        "label IS NULL",
        "score > 1e10",
        "score = 'NaN'",
        "score <> score",
        "score BETWEEN -5 AND 5",
        "lower(label) = 'dog'",
        "length(name) > 14",
        "label IN ('cat', 'é', NULL)",
        "label NOT IN ('cat', 'é')",
        "CASE WHEN n > 0 THEN flag ELSE label = '' END",
        "coalesce(n, 0) = 0",
        "n + x > 10",
        "embedding[1] > 0.5 AND embedding[-1] < 0",
        "made_at > TIMESTAMP '1970-01-02 00:00:00'",
        "name ILIKE 'IMAGE-1%'",
        "n BETWEEN 1 AND NULL",
        "regexp_like(label, '^.o')",
        "label ~ '^.o' OR label ~* 'CAT'",
        "label !~ '^.o'",
        "n IS DISTINCT FROM 1",
        "n IS NOT DISTINCT FROM NULL",
        "replace(name, 'image', 'x') LIKE 'x%'",
        "left(name, 3) = 'ima' OR right(name, 2) = 'é'",
        "left(name, -2) < right(name, -2)",
        "reverse(label) = 'tac'",
        "strpos(name, 'e') > 3 OR position('a' IN label) = 2",
        "concat(label, '-', n) LIKE '%-1%'",
        "extract(year FROM made_at) = 1970 AND date_part('day', made_at) > 1",
        "extract(dow FROM made_at) < 4 OR extract(hour FROM made_at) = 3",
        "greatest(n, x) > 5",
        "least(n, x, 1) < 1",
        "sqrt(abs(n)) > 2 AND exp(x) > 1 AND ln(abs(n) + 1) > 0.5",
    ] {
        let ours = table.mask(Some(condition)).unwrap_or_else(|error| panic!("{condition}: {error}"));
        let ours = ours.expect("a condition").count();
        let theirs = rows(&engine, &format!("SELECT count(*) FROM traffic.things WHERE {condition}"));
        assert_eq!(theirs, json!([[ours]]), "{condition}");
    }
    for wrong in ["nothing = 1", "label > 3 +", "10 / (n - n) = 1", "label + 1 = 'x'"] {
        assert!(table.mask(Some(wrong)).is_err(), "{wrong}");
        refused(&engine, &format!("SELECT count(*) FROM traffic.things WHERE {wrong}"));
    }
}

#[test]
fn a_query_reads_the_edits_and_another_revision_without_them() {
    let world = World::of_file("things.csv", |path| std::fs::write(path, "id,label\n1,cat\n2,dog\n").expect("written"));
    let mut draft = world.draft();
    World::edit(&mut draft, vec![set(0, "label", Value::Text("owl".to_owned()))]);
    draft.commit("an owl", "ann").expect("committed");
    let engine = engine(&world);
    assert_eq!(rows(&engine, "SELECT * FROM traffic.things"), json!([[1, "owl"], [2, "dog"]]));
    assert_eq!(rows(&engine, "SELECT label FROM at('traffic', 'things', 'main~1') WHERE id = 1"), json!([["cat"]]));
    let changed = "SELECT a.id, b.label AS before, a.label AS after FROM traffic.things a \
        JOIN at('traffic', 'things', 'main~1') b ON a.id = b.id WHERE a.label <> b.label";
    assert_eq!(rows(&engine, changed), json!([[1, "cat", "owl"]]));
    for wrong in ["at('traffic', 'things')", "at('traffic', 'things', 'nowhere')", "at('none', 'things', 'main')"] {
        refused(&engine, &format!("SELECT * FROM {wrong}"));
    }
}

#[test]
fn names_are_found_and_shown() {
    let world = World::of(&awkward(10, 1));
    let engine = engine_of(&world, SqlLimits::default(), Arc::new(crate::rows::tests::runs::OneRun));
    let tables = rows(&engine, "SHOW TABLES").to_string();
    assert!(tables.contains("things") && tables.contains("resnet"), "{tables}");
    assert_eq!(rows(&engine, "SELECT predicted FROM runs.resnet WHERE loss < 1"), json!([["cat"]]));
    assert_eq!(rows(&engine, "SELECT count(*) FROM runs.\"resnet\""), json!([[3]]));
    let in_dataset = SqlQuery { dataset: Some("traffic".to_owned()), ..query("SELECT count(*) FROM things") };
    assert_eq!(engine.run(in_dataset).expect("an answer").to_json().expect("json")["rows"], json!([[10]]));
    for wrong in [
        "SELECT * FROM things",
        "SELECT * FROM traffic.nothing",
        "SELECT * FROM runs.vgg",
        "SELECT nope FROM traffic.things",
    ] {
        assert!(matches!(refused(&engine, wrong).kind(), ErrorKind::Invalid { what: "query", .. }), "{wrong}");
    }
}

#[test]
fn rows_come_in_the_order_of_the_table_and_what_is_left_out_is_told() {
    let world = World::of(&awkward(ROWS, 3));
    let engine = engine(&world);
    let names = rows(&engine, "SELECT name FROM traffic.things LIMIT 9000 OFFSET 3");
    let expected = world.rows().column("name").expect("a column");
    let expected = veneer::table::arrow_value::values(&expected).expect("values");
    assert_eq!(names.as_array().map(Vec::len), Some(9_000));
    assert!(names.as_array().expect("rows").iter().zip(&expected[3..]).all(|(a, b)| a[0] == b.to_json()));
    let few =
        engine.run(SqlQuery { limit: 10, ..query("SELECT name FROM traffic.things WHERE n > 0") }).expect("an answer");
    assert!(few.truncated);
    assert_eq!(few.to_batch().expect("a batch").num_rows(), 10);
    let all = engine.run(SqlQuery { limit: ROWS, ..query("SELECT name FROM traffic.things") }).expect("an answer");
    assert!(!all.truncated);
    let none = engine
        .run(query("SELECT label, n FROM traffic.things WHERE false"))
        .expect("an answer")
        .to_batch()
        .expect("a batch");
    assert_eq!((none.num_rows(), none.schema().field(0).data_type()), (0, &arrow::datatypes::DataType::Utf8));
}

#[test]
fn what_is_known_of_a_table_is_not_counted_again() {
    let world = World::of(&awkward(ROWS, 4));
    let engine = engine(&world);
    world.rows().column("n").expect("in memory");
    let counted = rows(&engine, "EXPLAIN SELECT count(*), min(n), max(n) FROM traffic.things").to_string();
    assert!(!counted.contains("TableScan: table"), "{counted}");
    assert_eq!(rows(&engine, "SELECT count(*), min(n), max(n) FROM traffic.things"), json!([[ROWS, -20, 19]]));
    let pushed = rows(&engine, "EXPLAIN SELECT name FROM traffic.things WHERE n > 3 LIMIT 5").to_string();
    assert!(pushed.contains("columns=[name], where=n@1 > 3, limit=5"), "{pushed}");
    assert!(!pushed.contains("FilterExec"), "{pushed}");
}

#[test]
fn a_query_that_changes_anything_is_refused() {
    let world = World::of(&awkward(10, 1));
    let engine = engine(&world);
    for text in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "DROP TABLE traffic.things",
        "INSERT INTO traffic.things (n) VALUES (1)",
        "DELETE FROM traffic.things",
        "UPDATE traffic.things SET n = 1",
        "COPY (SELECT 1) TO '/tmp/veneer-must-not-be-written.csv' STORED AS CSV",
        "SET datafusion.execution.batch_size = 1",
        "PREPARE p AS SELECT 1",
    ] {
        assert!(
            matches!(refused(&engine, text).kind(), ErrorKind::ReadOnly { .. }),
            "{text}: {}",
            refused(&engine, text)
        );
    }
    refused(&engine, "SELECT * FROM '/etc/passwd'");
    refused(&engine, "SELECT 1; SELECT 2");
    refused(&engine, "");
}

#[test]
fn a_query_takes_no_more_than_it_may() {
    let world = World::of(&awkward(2_000, 5));
    let limits = SqlLimits { time: Duration::from_millis(300), memory: 4 << 20, rows: 50, bytes: 1 << 20 };
    let engine = engine_of(&world, limits, Arc::new(NoRuns));
    let began = std::time::Instant::now();
    let endless = "SELECT count(*) FROM traffic.things a, traffic.things b, traffic.things c WHERE a.x + b.x + c.x < 0";
    let why = refused(&engine, endless).to_string();
    assert!(why.contains("took longer than 300 ms") || why.contains("memory"), "{why}");
    assert!(began.elapsed() < Duration::from_secs(10));
    let large = "SELECT array_agg(a.name || b.name) FROM traffic.things a, traffic.things b";
    let why = refused(&engine, large).to_string();
    assert!(why.contains("memory") || why.contains("took longer"), "{why}");
    // Those that were given up go on for a while, so this one is given the time to wait for a thread.
    let patient = SqlLimits { time: Duration::from_secs(60), ..limits };
    let many = engine_of(&world, patient, Arc::new(NoRuns)).run(query("SELECT name FROM traffic.things"));
    let many = many.expect("an answer");
    assert_eq!((many.to_batch().expect("a batch").num_rows(), many.truncated), (50, true));
    // What was taken is given back, as soon as those that were given up have noticed it.
    let again = || engine.run(query("SELECT count(DISTINCT label) FROM traffic.things"));
    let until = std::time::Instant::now() + Duration::from_secs(60);
    let answer = std::iter::repeat_with(again).find(|answer| answer.is_ok() || std::time::Instant::now() > until);
    assert_eq!(answer.expect("one").expect("an answer").to_json().expect("json")["rows"], json!([[6]]));
    for deep in
        [format!("SELECT {}1{}", "(".repeat(3_000), ")".repeat(3_000)), format!("SELECT 1{}", " + 1".repeat(900))]
    {
        let _ = engine.run(query(&deep));
    }
    refused(&engine, &format!("SELECT {}1", "- ".repeat(5_000)));
}

#[test]
fn parameters_stand_for_values() {
    let world = World::of(&awkward(100, 6));
    let engine = engine(&world);
    let text = "SELECT count(*) FROM traffic.things WHERE label = $1 AND n > $2";
    let asked = SqlQuery { params: vec![json!("cat"), json!(-5)], ..query(text) };
    let answer = engine.run(asked).expect("an answer").to_json().expect("json");
    let expected = world.rows().mask(Some("label = 'cat' AND n > -5")).expect("a mask").expect("a condition").count();
    assert_eq!(answer["rows"], json!([[expected]]));
    assert!(engine.run(SqlQuery { params: vec![json!([1])], ..query(text) }).is_err());
}

#[test]
fn an_engine_may_be_dropped_where_other_tasks_run() {
    let world = World::of(&awkward(10, 1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let engine = SqlEngine::new(
            Arc::new(world.datasets.clone()),
            Arc::new(ColumnStore::new(1 << 20)),
            Arc::new(NoRuns),
            SqlLimits::default(),
        );
        assert!(tokio::task::spawn_blocking(move || engine.run(query("SELECT 1")).is_ok()).await.expect("no panic"));
    });
    assert!(world.rows().column("n").expect("a column").len() == 10);
}

#[test]
fn a_function_that_blows_up_one_value_is_refused_by_its_name() {
    let world = World::of(&awkward(10, 1));
    let engine = engine(&world);
    for wrong in [
        "length(repeat('x', 2000000000))",
        "Repeat ('x', 9)",
        "\"lpad\"('x', 2000000000)",
        "rpad('x', 2000000000, 'y')",
        "array_repeat(1, 2000000000)",
        "list_repeat(1, 2000000000)",
        "array_resize([1], 2000000000)",
        "list_resize([1], 2000000000)",
        "range(0, 20000000000)",
        "generate_series(0, 20000000000)",
    ] {
        let error = refused(&engine, &format!("SELECT {wrong}"));
        assert!(matches!(error.kind(), ErrorKind::Invalid { what: "query", .. }), "{wrong}: {error}");
    }
    assert_eq!(rows(&engine, "SELECT count(*) FROM generate_series(1, 10)"), json!([[10]]));
    assert_eq!(rows(&engine, "SELECT 1 AS repeat, 'repeat(' AS said"), json!([[1, "repeat("]]));
}
