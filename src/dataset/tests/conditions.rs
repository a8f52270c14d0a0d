//! Rows of a condition are those of all rows for which it holds, with all edits, however the file is read.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float32Array, Float64Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int32Type;
use arrow::util::pretty::pretty_format_batches;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::dataset::rows::{RowEdit, RowQuery};
use crate::model::Value;
use crate::table::Flow;
use crate::table::expr::Expr;
use crate::table::testing::Rng;

const ROWS: i64 = 900;

/// A Parquet file of three row groups and small pages: an id, a score and a label with nulls, and a list.
fn parquet(has_pages_index: bool) -> Vec<u8> {
    let rows = || 0..ROWS;
    let labels: StringArray =
        rows().map(|row| (row % 9 != 0).then_some(["car", "bus", "dog"][row as usize % 3])).collect();
    let scores: Float64Array = rows().map(|row| (row % 7 != 0).then_some((row * 37 % 1000) as f64 / 1000.0)).collect();
    let lists = rows().map(|row| (row % 5 != 1).then(|| (0..row % 4).map(|at| Some(at as i32))));
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(rows().collect::<Int64Array>())),
        ("score", Arc::new(scores)),
        ("label", Arc::new(labels)),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("equally long");
    let properties = WriterProperties::builder()
        .set_data_page_row_count_limit(30)
        .set_write_batch_size(10)
        .set_offset_index_disabled(!has_pages_index)
        .set_max_row_group_row_count(Some(330));
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).expect("a writer");
    writer.write(&batch).expect("room in memory");
    writer.into_inner().expect("room in memory")
}

fn fixture(has_pages_index: bool) -> Fixture {
    let fixture = Fixture::new(&[("a.txt", "a")]);
    let mut draft = fixture.draft("main");
    let bytes = parquet(has_pages_index);
    let file = NewFile { content: &mut bytes.as_slice(), mode: None, mtime_ns: None };
    draft.put(&path("t.parquet"), file).expect("a file");
    draft.commit("a file", "ann").expect("a commit");
    fixture
}

fn answer(view: &View, condition: Option<&str>, columns: Option<&str>) -> Result<Vec<RecordBatch>> {
    let condition = condition.map(|text| Expr::parse(text).expect("an expression"));
    let query = RowQuery { condition, columns: columns.map(str::to_owned), with_keys: true, ..RowQuery::default() };
    let mut batches = Vec::new();
    view.query_rows(&view.table(Some("t"))?, &query, &mut |_, rows| {
        batches.extend(rows.filter(|rows| rows.num_rows() > 0));
        Ok(Flow::More)
    })?;
    Ok(batches)
}

/// As lines, so that neither the division into batches nor dictionaries matter.
fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let rows = pretty_format_batches(batches).expect("columns that can be shown").to_string();
    rows.lines().filter(|line| line.starts_with('|')).map(|line| line.split_whitespace().collect()).collect()
}

/// The rows of a condition, and those of `all` for which it holds when each is asked.
fn both(view: &View, all: &[RecordBatch], condition: &str, columns: &str) -> (Vec<String>, Vec<String>) {
    let found = answer(view, Some(condition), Some(columns)).expect("rows");
    let info = view.table_info(&view.table(Some("t")).expect("a table")).expect("what it is");
    let filter = Expr::parse(condition).expect("an expression").bind(&info.schema).expect("its columns are there");
    let wanted: Vec<&str> = std::iter::once("key").chain(columns.split(',')).collect();
    let holds = all.iter().filter_map(|batch| {
        let rows = filter_record_batch(batch, &filter.evaluate(batch).expect("it can be told")).expect("as many");
        let places: Vec<usize> = wanted.iter().map(|name| batch.schema().index_of(name).expect("a column")).collect();
        Some(rows.project(&places).expect("its columns")).filter(|rows| rows.num_rows() > 0)
    });
    (lines(&found), lines(&holds.collect::<Vec<_>>()))
}

/// Cells that bring rows into the conditions and out of them, rows that come and go, at both ends, too.
fn edits(rng: &mut Rng) -> Vec<RowEdit> {
    let (last, mut edits, mut deleted) = (ROWS as usize - 1, Vec::new(), std::collections::BTreeSet::new());
    let row = |rng: &mut Rng| if rng.one_in(8) { rng.below(2) * last } else { rng.below(last + 1) };
    for _ in 0..rng.below(12) {
        let cells = match rng.below(3) {
            0 => ("label", Value::Text("cat".to_owned())),
            1 => ("label", Value::Null),
            _ => ("score", Value::Float([0.0, 0.004, 2.0][rng.below(3)])),
        };
        let (name, value) = (cells.0.to_owned(), cells.1);
        match rng.below(4) {
            0 => {
                let at = row(rng);
                if deleted.insert(at) {
                    edits.push(RowEdit::Delete { row: at.to_string() });
                }
            }
            1 => {
                let after = (!rng.one_in(4)).then(|| row(rng)).filter(|at| !deleted.contains(at));
                edits.push(RowEdit::Insert {
                    after: after.map(|at| at.to_string()),
                    cells: vec![("id".to_owned(), Value::Int(-1)), (name, value)],
                });
            }
            _ => {
                let at = row(rng);
                if !deleted.contains(&at) {
                    edits.push(RowEdit::Set { row: at.to_string(), cells: vec![(name, value)] });
                }
            }
        }
    }
    edits
}

#[test]
fn rows_of_a_condition_are_all_for_which_it_holds_whatever_is_edited() {
    let conditions = [
        "score < 0.05 AND label = 'car'",
        "label = 'cat'",
        "label IS NULL",
        "score >= 0",
        "id >= 325 AND id < 340",
        "id = 899 OR score > 1",
        "false",
        "array_length(list) = 3 AND score < 0.1",
    ];
    let mut rng = Rng(11);
    for has_pages_index in [true, false] {
        let fixture = fixture(has_pages_index);
        for _ in 0..8 {
            let mut draft = fixture.draft("main");
            let table = draft.view().table(Some("t")).expect("a table");
            let edits = edits(&mut rng);
            draft.edit_table(&table, edits.clone()).expect("edits");
            let all = answer(draft.view(), None, None).expect("rows");
            for condition in conditions {
                let columns = rng.pick(&["id,label,score", "list", "score", "label,id,list,score"]);
                let (found, holds) = both(draft.view(), &all, condition, columns);
                assert_eq!(found, holds, "{condition}, {columns}, {edits:?}");
            }
        }
    }
}

#[test]
fn a_condition_that_fails_for_a_row_fails_unless_the_row_was_mended_or_deleted() {
    let fixture = fixture(true);
    let mut draft = fixture.draft("main");
    // `label` is null in row 9 alone of these, and no number in any other.
    let fails = "id = 10 AND CAST(label AS INT) = 5";
    let error = answer(draft.view(), Some(fails), None).expect_err("`bus` is no number");
    assert!(error.to_string().contains("bus"), "{error}");
    let table = draft.view().table(Some("t")).expect("a table");
    let cells = vec![("label".to_owned(), Value::Text("5".to_owned()))];
    draft.edit_table(&table, vec![RowEdit::Set { row: "10".to_owned(), cells }]).expect("an edit");
    let found = answer(draft.view(), Some(fails), Some("id")).expect("it is a number now");
    assert_eq!(lines(&found), ["|key|id|", "|10|10|"]);
    let table = draft.view().table(Some("t")).expect("a table");
    draft.edit_table(&table, vec![RowEdit::Delete { row: "10".to_owned() }]).expect("an edit");
    let found = answer(draft.view(), Some(fails), Some("id")).expect("no row is asked");
    assert_eq!(found.iter().map(|rows| rows.column(0).len()).sum::<usize>(), 0);
}

#[test]
fn a_number_finds_the_floats_of_32_bits_that_are_shown_as_it() {
    let scores: ArrayRef = Arc::new(Float32Array::from(vec![0.1, 0.7, 0.25]));
    let batch = RecordBatch::try_from_iter([("score", scores)]).expect("a column");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("room in memory");
    let fixture = Fixture::new(&[("a.txt", "a")]);
    let mut draft = fixture.draft("main");
    let bytes = writer.into_inner().expect("room in memory");
    let file = NewFile { content: &mut bytes.as_slice(), mode: None, mtime_ns: None };
    draft.put(&path("t.parquet"), file).expect("a file");
    let found = |draft: &Draft, condition: &str| -> Vec<String> {
        let condition = Expr::parse(condition).expect("a condition");
        let table = draft.view().table(Some("t")).expect("a table");
        let found = draft.view().select_rows(&table, Some(&condition), &[]).expect("rows");
        found.into_iter().map(|row| row.key).collect()
    };
    assert_eq!(found(&draft, "score = 0.1"), ["0"]);
    assert_eq!(found(&draft, "score >= 0.7"), ["1"]);
    let table = draft.view().table(Some("t")).expect("a table");
    let cells = vec![("score".to_owned(), Value::Float(0.7))];
    draft.edit_table(&table, vec![RowEdit::Set { row: "2".to_owned(), cells }]).expect("an edit");
    assert_eq!(found(&draft, "score IN (0.7, 3)"), ["1", "2"], "an edited one, too");
}

#[test]
fn a_list_of_numbers_is_asked_of_a_column_of_several_kinds_however_long_it_is() {
    let rows = "{\"n\": 1}\n{\"n\": \"word\"}\n{\"n\": 18446744073709551616}\n{\"n\": 2.5}\n{\"n\": null}\n";
    let json = rows.trim_end().replace('\n', ", ");
    for (at, content) in [("t.jsonl", rows.to_owned()), ("t.json", format!("[{json}]\n"))] {
        let fixture = Fixture::new(&[(at, &content)]);
        let view = fixture.view("main");
        let table = view.table(Some("t")).expect("a table");
        let found = |condition: &str| -> Vec<String> {
            let condition = Expr::parse(condition).expect("a condition");
            let found = view.select_rows(&table, Some(&condition), &[]).expect("rows");
            found.into_iter().map(|row| row.key).collect()
        };
        let many = (1000..1100).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
        for list in ["1, 5, 2.5".to_owned(), format!("1, 2.5, {many}"), "1, 2.5, NULL".to_owned()] {
            assert_eq!(found(&format!("n IN ({list})")), ["0", "3"], "{at}: {list}");
        }
        assert_eq!(found(&format!("n NOT IN (1, 2.5, {many})")), ["2"], "{at}: a word is null");
        assert_eq!(found("n NOT IN (1, NULL)"), [""; 0], "{at}");
    }
}
