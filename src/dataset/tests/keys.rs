//! Declared key columns: rows are told by them wherever their file has them, and by nothing else.

use arrow::datatypes::DataType;

use super::parsed::{bytes, line, rows};
use super::reapplied::{delete, refresh, set, text};
use super::*;
use crate::dataset::rows::{RowEdit, TableKey, compare_rows};
use crate::model::Value;

const CSV: &str = "image,label,score\na.png,cat,0.50\nb.png,dog,1\nc.png,cat,\nd.png,fox,3\n";
const JSONL: &str = "{\"id\": \"u+1\", \"x\": 1}\n{\"id\": \"u\", \"x\": 2}\n{\"id\": \"1\", \"x\": 3}\n";

fn declare(fixture: &mut Fixture, table: &str, column: &str) -> Result<()> {
    let column = (!column.is_empty()).then(|| column.to_owned());
    let said = TableKey { table: table.to_owned(), column };
    fixture.dataset.declare_keys(&fixture.view("main"), &[said])?;
    fixture.dataset = fixture.datasets.open(fixture.dataset.name())?;
    Ok(())
}

/// A dataset of one file `t.…`, with a branch `other`, whose rows are named by this column.
pub(super) fn keyed(file: &str, content: &str, column: &str) -> Fixture {
    let mut fixture = Fixture::new(&[(file, content)]);
    fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
    declare(&mut fixture, "t", column).expect("declared");
    fixture
}

fn insert(draft: &mut Draft, after: Option<&str>, cells: &[(&str, Value)]) -> Result<()> {
    let table = draft.view().table(Some("t"))?;
    let cells = cells.iter().map(|(column, value)| ((*column).to_owned(), value.clone())).collect();
    draft.edit_table(&table, vec![RowEdit::Insert { after: after.map(str::to_owned), cells }]).map(drop)
}

fn set_t(draft: &mut Draft, row: &str, column: &str, value: Value) -> Result<()> {
    set(draft, Some("t"), row, column, value)
}

/// Sets a cell of many rows in one step.
fn all_set(draft: &mut Draft, table: &str, rows: &[&str], column: &str, value: &Value) -> Result<()> {
    let table = draft.view().table(Some(table))?;
    let cells = vec![(column.to_owned(), value.clone())];
    let edits = rows.iter().map(|row| RowEdit::Set { row: (*row).to_owned(), cells: cells.clone() });
    draft.edit_table(&table, edits.collect()).map(drop)
}

fn diffs(from: &View, to: &View) -> Vec<String> {
    compare_rows(from, to).expect("compared").rows.iter().map(line).collect()
}

fn merge(fixture: &Fixture, prefer: Option<Prefer>) -> Outcome {
    let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
    let into = main_branch();
    let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge other", prefer };
    fixture.dataset.merge(&request).expect("a merge")
}

fn conflicts(outcome: Outcome) -> Vec<String> {
    let Outcome::Conflicts(conflicts) = outcome else { panic!("{outcome:?}") };
    let row = |row: &crate::dataset::rows::RowConflict| row.address.row().unwrap_or_default().to_owned();
    conflicts.iter().flat_map(|conflict| conflict.rows.iter().map(row)).collect()
}

fn key_flaw(view: &View) -> Option<String> {
    view.table_info(&view.table(Some("t")).expect("a table")).expect("read").key_flaw
}

#[test]
fn edits_follow_their_row_when_the_source_is_put_in_another_order() {
    let fixture = keyed("t.csv", CSV, "image");
    fixture.commit("main", |draft| {
        set_t(draft, "b.png", "label", text("cow"))?;
        delete(draft, Some("t"), "a.png")?;
        insert(draft, Some("d.png"), &[("image", text("e.png")), ("label", text("owl"))])
    });
    let first = fixture.view("main");
    let expected = ["row a.png: {\"image\":\"a.png\",\"label\":\"cat\",\"score\":0.5} -> -"];
    assert_eq!(diffs(&fixture.dataset.view(fixture.first).expect("a view"), &first)[..1], expected);
    let source = "image,label,score\nnew.png,x,9\nd.png,fox,3\nc.png,cat,\nb.png,dog,1\na.png,cat,0.50\n";
    assert_eq!(refresh(&fixture, "t.csv", source), [""; 0]);
    let shown = "image,label,score\nnew.png,x,9\nd.png,fox,3\ne.png,owl,\nc.png,cat,\nb.png,cow,1\n";
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), shown);
}

#[test]
fn a_rewritten_file_is_told_by_its_keys_and_another_key_is_another_row() {
    let fixture = keyed("t.csv", CSV, "image");
    let mut draft = fixture.draft("main");
    let table = draft.view().table(Some("t")).expect("a table");
    draft.add_column(&table, "weight", &DataType::Float64).expect("added");
    set_t(&mut draft, "c.png", "weight", Value::Float(0.5)).expect("set");
    let new = "image,label,score\nd.png,fox,4\nc.png,cat,\nx.png,dog,1\na.png,cat,0.50\n";
    put(&mut draft, "t.csv", new).expect("put");
    let told = diffs(&fixture.dataset.view(draft.based_on()).expect("a view"), draft.view());
    let expected = [
        "column weight: - -> \"Float64\"",
        "row b.png: {\"image\":\"b.png\",\"label\":\"dog\",\"score\":1.0} -> -",
        "c.png weight: null -> 0.5",
        "d.png score: 3.0 -> 4.0",
        "row x.png: - -> {\"image\":\"x.png\",\"label\":\"dog\",\"score\":1.0}",
    ];
    assert_eq!(told, expected);
    assert_eq!(rows(draft.view())[1], "c.png,cat,,0.5", "cells of added columns stay with their rows");
    set_t(&mut draft, "d.png", "label", text("wolf")).expect("set by its key in the new bytes");
    assert_eq!(bytes(draft.view(), "t.csv"), new.replace("fox", "wolf"));
}

#[test]
fn a_text_that_looks_like_a_place_is_a_key_like_any_other() {
    let fixture = keyed("t.jsonl", JSONL, "id");
    let row = |id: &str, x: i64| [("id", text(id)), ("x", Value::Int(x))];
    fixture.commit("main", |draft| {
        set_t(draft, "1", "x", Value::Int(30))?;
        set_t(draft, "u+1", "x", Value::Int(10))?;
        insert(draft, Some("u"), &row("u+2", 7))?;
        insert(draft, Some("u+2"), &row("0+1", 8))
    });
    fixture.commit("other", |draft| {
        insert(draft, Some("u"), &row("u+2", 9))?;
        insert(draft, Some("u"), &row("u+3", 4))
    });
    assert_eq!(conflicts(merge(&fixture, None)), ["u+2"]);
    assert!(matches!(merge(&fixture, Some(Prefer::Theirs)), Outcome::Done { .. }));
    let merged = bytes(&fixture.view("main"), "t.jsonl");
    let mut lines: Vec<&str> = merged.lines().collect();
    assert_eq!(lines.first(), Some(&"{\"id\": \"u+1\", \"x\": 10}"));
    lines.sort_unstable();
    let expected = [
        "{\"id\": \"0+1\", \"x\": 8}",
        "{\"id\": \"1\", \"x\": 30}",
        "{\"id\": \"u\", \"x\": 2}",
        "{\"id\": \"u+1\", \"x\": 10}",
        "{\"id\": \"u+2\", \"x\": 9}",
        "{\"id\": \"u+3\", \"x\": 4}",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn rows_of_two_people_with_the_same_key_are_a_conflict_and_others_are_merged() {
    let fixture = keyed("t.csv", CSV, "image");
    fixture.commit("main", |draft| {
        insert(draft, None, &[("image", text("e.png")), ("label", text("ours"))])?;
        insert(draft, None, &[("image", text("f.png"))])
    });
    fixture.commit("other", |draft| {
        insert(draft, None, &[("image", text("e.png")), ("label", text("theirs"))])?;
        insert(draft, None, &[("image", text("g.png"))])?;
        set_t(draft, "a.png", "label", text("elk"))
    });
    assert_eq!(conflicts(merge(&fixture, None)), ["e.png"]);
    assert!(matches!(merge(&fixture, Some(Prefer::Ours)), Outcome::Done { .. }));
    let expected = CSV.replace("a.png,cat", "a.png,elk") + "e.png,ours,\nf.png,,\ng.png,,\n";
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), expected);
}

#[test]
fn a_side_with_other_bytes_meets_edits_by_key() {
    let fixture = keyed("t.csv", CSV, "image");
    fixture.commit("main", |draft| {
        put(draft, "t.csv", "image,label,score\ne.png,new,1\nd.png,fox,3\nc.png,cat,\nb.png,dog,1\na.png,cat,0.50\n")
    });
    fixture.commit("other", |draft| {
        set_t(draft, "b.png", "label", text("elk"))?;
        insert(draft, Some("b.png"), &[("image", text("e.png")), ("label", text("theirs"))])
    });
    assert_eq!(conflicts(merge(&fixture, None)), ["e.png"]);
    assert!(matches!(merge(&fixture, Some(Prefer::Ours)), Outcome::Done { .. }));
    let expected = "image,label,score\ne.png,new,1\nd.png,fox,3\nc.png,cat,\nb.png,elk,1\na.png,cat,0.50\n";
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), expected);
}

#[test]
fn a_source_that_brings_two_rows_with_one_key_is_told_and_nothing_is_lost() {
    let fixture = keyed("t.csv", CSV, "image");
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("t"))?;
        draft.add_column(&table, "weight", &DataType::Float64)?;
        set_t(draft, "b.png", "label", text("cow"))?;
        set_t(draft, "c.png", "label", text("elk"))?;
        set_t(draft, "c.png", "weight", Value::Float(0.5))
    });
    let source = CSV.replace("a.png,cat,0.50\n", "c.png,other,7\n,nobody,8\n");
    let told = refresh(&fixture, "t.csv", &source);
    let expected = ["stay: c.png label was cat, ours elk, theirs other", "stay: c.png weight was , ours 0.5, theirs "];
    assert_eq!(told, expected);
    let view = fixture.view("main");
    assert_eq!(bytes(&view, "t.csv"), source.replace("dog", "cow").replace("other", "elk"));
    let lacks = "the column `image` has the keys of rows, and row 1 has none (rows are counted from 0)";
    assert_eq!(key_flaw(&view).as_deref(), Some(lacks));
    let mut draft = fixture.draft("main");
    set_t(&mut draft, "d.png", "label", text("wolf")).expect("a key that one row has");
    for key in ["c.png", ""] {
        let error = set_t(&mut draft, key, "label", text("x")).expect_err("it tells no row");
        assert!(error.to_string().contains(lacks), "{error}");
    }
    drop(draft);
    // The edit was the first row's meanwhile, and replaced what that had.
    assert_eq!(refresh(&fixture, "t.csv", CSV), ["stay: c.png label was other, ours elk, theirs cat"]);
    let view = fixture.view("main");
    assert_eq!(key_flaw(&view), None);
    assert_eq!(bytes(&view, "t.csv"), CSV.replace("dog", "cow").replace("c.png,cat", "c.png,elk"));
}

#[test]
fn a_key_column_that_goes_takes_no_edit_to_another_row() {
    let fixture = keyed("t.csv", "id,x\n2,a\n1,b\n0,c\n", "id");
    fixture.commit("main", |draft| set_t(draft, "1", "x", text("edited")));
    let told = refresh(&fixture, "t.csv", "x\na\nb\nc\n");
    assert_eq!(told, ["dropped: 1 x was b, ours edited, theirs -"]);
    let view = fixture.view("main");
    assert_eq!(bytes(&view, "t.csv"), "x\na\nb\nc\n");
    assert_eq!(key_flaw(&view).as_deref(), Some("there is no column `id`, which was to have the keys of rows"));
}

#[test]
fn what_cannot_be_a_key_column_is_refused_with_the_first_rows_that_it_does_not_tell_apart() {
    let coco = r#"{"images": [], "annotations": [{"id": 1, "image_id": 1}]}"#;
    let files = [
        ("t.csv", "id,x,y,z,w\n7,,1,0.5,a\n3,b,1,1,b\n5,c,2,1,b\n"),
        ("coco.json", coco),
        ("labels/a.txt", "0 0.5 0.5 0.1 0.1\n"),
    ];
    let mut fixture = Fixture::new(&files);
    for (table, column, why) in [
        ("nowhere", "id", "there is no table `nowhere`"),
        ("t", "gone", "there is no key column `gone`"),
        ("t", "x", "row 0 has none"),
        ("t", "y", "rows 0 and 1 both have the key `1`"),
        ("t", "w", "rows 1 and 2 both have the key `b`"),
        ("t", "z", "of the type Float64"),
        ("coco.annotations", "image_id", "its format gives its rows their keys"),
        ("labels", "class", "a row of it is told by its file"),
        ("samples", "key", "it is joined of other tables"),
    ] {
        let error = declare(&mut fixture, table, column).expect_err("it is no key column");
        assert!(error.to_string().contains(why), "{table} {column}: {error}");
    }
    assert_eq!(fixture.dataset.keys(), []);
    declare(&mut fixture, "t", "ID").expect("found as any column is");
    assert_eq!(fixture.dataset.keys().len(), 1);
    assert_eq!(fixture.dataset.keys()[0].column, "id");
    declare(&mut fixture, "t", "id").expect("it is so already");
    declare(&mut fixture, "t", "").expect("taken back");
    assert_eq!(fixture.dataset.keys(), []);
}

#[test]
fn rows_that_are_edited_keep_the_names_that_the_edits_have() {
    let edited = |fixture: &mut Fixture, column: &str, where_: &str, by: &str| {
        let error = declare(fixture, "t", column).expect_err("rows are edited").to_string();
        assert!(error.contains(where_) && error.contains(by), "{error}");
    };
    let mut fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
    let mut draft = fixture.draft("main");
    set_t(&mut draft, "1", "label", text("cow")).expect("set");
    draft.save("set").expect("saved");
    edited(&mut fixture, "image", "the draft of ann on `main`", "named by place");
    draft.commit("a change", "ann").expect("a commit");
    edited(&mut fixture, "image", "the branch `main`", "named by place");
    let by_place = fixture.dataset.head(&main_branch()).expect("a head").id;
    fixture.commit("main", |draft| draft.restore(&path("t.csv"), &fixture.dataset.view(fixture.first)?));
    fixture.commit("other", |draft| set_t(draft, "0", "label", text("x")));
    edited(&mut fixture, "image", "the branch `other`", "named by place");
    fixture.commit("other", |draft| draft.restore(&path("t.csv"), &fixture.dataset.view(fixture.first)?));
    declare(&mut fixture, "t", "image").expect("nothing is edited");
    // What was edited by place once is so for ever, and is compared by what the rows have.
    let by_place = fixture.dataset.view(by_place).expect("a view");
    assert_eq!(bytes(&by_place, "t.csv"), CSV.replace("dog", "cow"));
    let table = by_place.table(Some("t")).expect("a table");
    let selected = by_place.select_rows(&table, None, &[]).expect("read");
    assert_eq!(selected.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    fixture.commit("main", |draft| set_t(draft, "b.png", "label", text("cow")));
    assert_eq!(compare_rows(&by_place, &fixture.view("main")).expect("compared").rows, []);
    edited(&mut fixture, "", "the branch `main`", "named by `image`");
}

#[test]
fn of_two_rows_of_coco_with_one_id_none_is_edited_by_it_and_all_others_are() {
    let images = r#"{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}, {"id": 1, "file_name": "c.png"}"#;
    let annotations = r#"{"id": 5, "image_id": 1, "area": 1}, {"id": 4, "image_id": 2, "area": 2}, {"id": 5, "image_id": 2, "area": 3}"#;
    let categories = r#"{"id": 7, "name": "cat"}, {"id": 7, "name": "dog"}, {"id": 8, "name": "cow"}"#;
    let coco =
        format!("{{\"images\": [{images}],\n\"annotations\": [{annotations}],\n\"categories\": [{categories}]}}");
    let fixture = Fixture::new(&[("coco.json", &coco)]);
    let mut draft = fixture.draft("main");
    for (table, shared, other, column) in
        [("images", "1", "2", "file_name"), ("annotations", "5", "4", "area"), ("categories", "7", "8", "name")]
    {
        let info = |view: &View| view.table_info(&view.table(Some(table)).expect("a table")).expect("read");
        let told = info(draft.view());
        let why = told.problem.expect("it is told").problem.why;
        assert_eq!((told.rows, why.contains(&format!("a second row has id {shared}"))), (3, true), "{why}");
        let value = Value::Int(70);
        let refused = [
            set(&mut draft, Some(table), shared, column, value.clone()),
            delete(&mut draft, Some(table), shared),
            all_set(&mut draft, table, &[other, shared], column, &value),
        ];
        for error in refused.map(|done| done.expect_err("it tells no row").to_string()) {
            assert!(error.contains(&format!("more than one row of `{table}` has it")), "{error}");
        }
        assert_eq!(bytes(draft.view(), "coco.json"), coco);
        set(&mut draft, Some(table), other, column, value).expect("an id that one row has");
        draft.restore(&path("coco.json"), &fixture.view("main")).expect("taken back");
    }
}

#[test]
fn a_new_row_says_its_key_and_keeps_it() {
    let fixture = keyed("t.csv", "id,x\n1,a\n2,b\n", "id");
    let mut draft = fixture.draft("main");
    let refused = |done: Result<()>, why: &str| {
        let error = done.expect_err("refused").to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(insert(&mut draft, None, &[("x", text("c"))]), "its cell `id` is to say it");
    refused(insert(&mut draft, None, &[("id", Value::Null), ("x", text("c"))]), "has none in `id`");
    refused(insert(&mut draft, None, &[("id", Value::Int(2))]), "there is a row `2` already");
    refused(set_t(&mut draft, "1", "id", Value::Int(7)), "it has the keys of rows");
    insert(&mut draft, Some("1"), &[("id", Value::Int(7)), ("x", text("c"))]).expect("inserted");
    refused(set_t(&mut draft, "7", "id", Value::Int(8)), "it has the keys of rows");
    set_t(&mut draft, "7", "x", text("d")).expect("set");
    delete(&mut draft, Some("t"), "1").expect("deleted");
    insert(&mut draft, None, &[("id", Value::Int(1)), ("x", text("back"))]).expect("inserted again");
    assert_eq!(bytes(draft.view(), "t.csv"), "id,x\n1,back\n7,d\n2,b\n", "it is where it was");
}

#[test]
fn keys_go_where_their_file_goes_and_samples_that_are_rows_have_them() {
    let fixture = keyed("t.csv", CSV, "image");
    fixture.commit("main", |draft| {
        draft.rename(&path("t.csv"), &path("moved.csv"))?;
        set(draft, Some("moved"), "b.png", "label", text("cow"))
    });
    let source = "image,label,score\nd.png,fox,3\nc.png,cat,\nb.png,dog,1\na.png,cat,0.50\n";
    assert_eq!(refresh(&fixture, "t.csv", source), [""; 0]);
    assert_eq!(bytes(&fixture.view("main"), "moved.csv"), source.replace("dog", "cow"));
    let fixture = keyed("t.csv", CSV, "image");
    fixture.commit("main", |draft| {
        let samples = draft.view().table(Some("samples"))?;
        draft.add_column(&samples, "weight", &DataType::Float64)?;
        set(draft, Some("samples"), "c.png", "weight", Value::Float(0.5))
    });
    assert_eq!(refresh(&fixture, "t.csv", source), [""; 0]);
    let mut weights = Vec::new();
    let view = fixture.view("main");
    let scan = crate::dataset::rows::RowScan { columns: Some(vec!["weight".to_owned()]) };
    view.scan_rows(&view.table(Some("samples")).expect("a table"), &scan, &mut |rows| {
        for row in 0..rows.batch.num_rows() {
            let value = crate::table::arrow_value::value(rows.batch.column(0), row)?;
            weights.push(format!("{} {value}", rows.key(row)?));
        }
        Ok(crate::table::Flow::More)
    })
    .expect("read");
    assert_eq!(weights, ["d.png ", "c.png 0.5", "b.png ", "a.png "]);
    let mut fixture = fixture;
    let error = declare(&mut fixture, "t", "").expect_err("samples are named by it").to_string();
    assert!(error.contains("the branch `main` has edits of its rows, which are named by `image`"), "{error}");
}

#[test]
fn rows_that_they_inserted_after_each_other_stay_so_where_ours_come_before_them() {
    let fixture = keyed("t.csv", "x\na\nb\n", "");
    let add = |after: &'static str, x: &'static str| {
        move |draft: &mut Draft| insert(draft, Some(after), &[("x", Value::Text(x.to_owned()))])
    };
    fixture.commit("main", add("0", "ours"));
    fixture.commit("other", add("0", "theirs"));
    fixture.commit("other", add("0+1", "theirs, behind it"));
    fixture.commit("other", add("0+1+1", "theirs, behind that"));
    assert!(matches!(merge(&fixture, None), Outcome::Done { .. }));
    let merged = super::parsed::bytes(&fixture.view("main"), "t.csv");
    assert_eq!(merged, "x\na\nours\ntheirs\n\"theirs, behind it\"\n\"theirs, behind that\"\nb\n");
}

#[test]
fn samples_that_are_rows_have_their_declared_keys_though_one_is_in_no_file() {
    let fixture = keyed("t.csv", "name,w\na,1\nb,2\nc,3\n", "name");
    let keys = |view: &View| {
        let samples = view.table(Some("samples")).expect("the main table");
        super::hidden_rows::rows(view, &samples, &["key", "excluded"])
    };
    fixture.commit("main", |draft| draft.exclude_samples(&["c".to_owned()], true).map(drop));
    fixture.commit("main", |draft| put(draft, "t.csv", "name;w\na;1\nb;2\n"));
    assert_eq!(keys(&fixture.view("main")), ["a false", "b false", "c true"]);
    fixture.commit("main", |draft| draft.exclude_samples(&["b".to_owned()], true).map(drop));
    fixture.commit("main", |draft| draft.exclude_samples(&["c".to_owned()], false).map(drop));
    assert_eq!(keys(&fixture.view("main")), ["a false", "b true", "c false"]);
}

#[test]
fn a_key_goes_with_a_file_that_was_put_and_then_moved() {
    let fixture = keyed("t.csv", "name,w\na,1\nb,2\nc,3\n", "name");
    fixture.commit("main", |draft| draft.exclude_samples(&["c".to_owned()], true).map(drop));
    fixture.commit("main", |draft| {
        put(draft, "t.csv", "name;w\nb;2\na;1\n")?;
        draft.rename(&path("t.csv"), &path("moved.csv"))
    });
    // One beside it that is a table too, but without such a column.
    fixture.commit("main", |draft| put(draft, "other.csv", "x\n1\n"));
    let flaw = |name: &str| {
        let view = fixture.view("main");
        view.table_info(&view.table(Some(name)).expect("a table")).expect("read").key_flaw
    };
    fixture.commit("main", |draft| set(draft, Some("moved"), "a", "w", Value::Int(7)));
    assert_eq!(bytes(&fixture.view("main"), "moved.csv"), "name;w\nb;2\na;7\n");
    assert_eq!(flaw("other"), None);
    fixture.commit("main", |draft| draft.exclude_samples(&["c".to_owned()], false).map(drop));
    assert!(bytes(&fixture.view("main"), "moved.csv").contains("c;3"));
    fixture.commit("main", |draft| put(draft, "moved.csv", "name;w\na;1\na;1\n"));
    assert!(flaw("moved").is_some_and(|why| why.contains("both have the key")), "it is told of the moved file");
}

#[test]
fn what_is_declared_of_a_moved_file_is_said_of_it_and_not_of_its_path() {
    let text = "name,w\na,1\nb,2\n";
    let mut fixture = keyed("t.csv", text, "name");
    let keys = |fixture: &Fixture, table: &str| {
        let view = fixture.view("main");
        super::hidden_rows::rows(&view, &view.table(Some(table)).expect("a table"), &["w"]);
        let schema = view.table_info(&view.table(Some(table)).expect("a table")).expect("read").schema;
        schema.key.map(|at| schema.columns[at].name.clone())
    };
    fixture.commit("main", |draft| draft.rename(&path("t.csv"), &path("q.csv")));
    // A new file with such a column is another one: where the declared one is, is known.
    fixture.commit("main", |draft| put(draft, "new.csv", text));
    assert_eq!((keys(&fixture, "q").as_deref(), keys(&fixture, "new")), (Some("name"), None));
    declare(&mut fixture, "q", "w").expect("declared");
    assert_eq!(keys(&fixture, "q").as_deref(), Some("w"));
    fixture.commit("main", |draft| draft.rename(&path("q.csv"), &path("r.csv")));
    assert_eq!(keys(&fixture, "r").as_deref(), Some("w"));
    declare(&mut fixture, "r", "").expect("taken back");
    assert_eq!(keys(&fixture, "r"), None);
}

#[test]
fn two_files_that_are_swapped_have_each_its_own_key() {
    let mut fixture = Fixture::new(&[("a.csv", "x,w\n1,1\n2,2\n"), ("b.csv", "y,w\n1,1\n2,2\n")]);
    declare(&mut fixture, "a", "x").expect("declared");
    declare(&mut fixture, "b", "y").expect("declared");
    fixture.commit("main", |draft| {
        draft.rename(&path("a.csv"), &path("c.csv"))?;
        draft.rename(&path("b.csv"), &path("a.csv"))?;
        draft.rename(&path("c.csv"), &path("b.csv"))
    });
    let view = fixture.view("main");
    for (table, key) in [("a", "y"), ("b", "x")] {
        let schema = view.table_info(&view.table(Some(table)).expect("a table")).expect("read").schema;
        assert_eq!(schema.key.map(|at| schema.columns[at].name.as_str()), Some(key), "{table}");
    }
}
