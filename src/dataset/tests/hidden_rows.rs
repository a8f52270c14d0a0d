//! Rows that are hidden with their sample come back, whatever became of their files meanwhile.

use super::parsed::bytes;
use super::*;
use crate::dataset::rows::{RowEdit, Table};
use crate::model::Value;
use crate::table::expr::Expr;

pub(super) const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
 "annotations": [
  {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
  {"id": 8, "image_id": 2, "category_id": 1, "bbox": [1, 1, 1, 1]},
  {"id": 9, "image_id": 1, "category_id": 2, "bbox": [5, 6, 7, 8]}],
 "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}
"#;

/// What another program makes of it that knows nothing of `a.png`.
const WITHOUT: &str = r#"{"images": [{"id": 2, "file_name": "b.png"}],
 "annotations": [{"id": 8, "image_id": 2, "category_id": 1, "bbox": [1, 1, 1, 1]}],
 "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}
"#;

pub(super) fn coco() -> Fixture {
    let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("set/train.json", COCO)]);
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("annotations"))?;
        let cells = vec![("bbox".to_owned(), Value::List([9, 9, 9, 9].map(Value::Int).to_vec()))];
        draft.edit_table(&table, vec![RowEdit::Set { row: "9".to_owned(), cells }])?;
        exclude(draft, "a.png", true)
    });
    fixture
}

pub(super) fn exclude(draft: &mut Draft, key: &str, is_excluded: bool) -> Result<()> {
    draft.exclude_samples(&[key.to_owned()], is_excluded).map(drop)
}

/// These columns of all rows, as `a b c`, null as `-`.
pub(super) fn rows(view: &View, table: &Table, columns: &[&str]) -> Vec<String> {
    let columns: Vec<Expr> = columns.iter().map(|name| Expr::parse(name).expect("an expression")).collect();
    let found = view.select_rows(table, None, &columns).expect("rows");
    let word = |value: &Value| if *value == Value::Null { "-".to_owned() } else { value.to_string() };
    found.iter().map(|row| row.values.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
}

pub(super) fn boxes(view: &View) -> Vec<String> {
    let mut found = rows(view, &view.table(Some("annotations")).expect("a table"), &["id", "image_id", "bbox"]);
    found.sort();
    found
}

pub(super) fn samples(view: &View) -> Vec<String> {
    rows(view, &view.table(Some("samples")).expect("the main table"), &["key", "box_count", "excluded"])
}

pub(super) fn refresh(fixture: &Fixture, at: &str, content: &str) {
    write(fixture.source.path(), &[(at, content)]);
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    fixture.dataset.refresh(&main_branch(), base, "ann").expect("refreshed");
}

fn check(fixture: &Fixture) {
    assert_eq!(samples(&fixture.view("main")), ["a.png 2 true", "b.png 1 false"]);
    fixture.commit("main", |draft| exclude(draft, "a.png", false));
    let view = fixture.view("main");
    assert_eq!(boxes(&view), ["7 1 [1.0,2.0,3.0,4.0]", "8 2 [1.0,1.0,1.0,1.0]", "9 1 [9.0,9.0,9.0,9.0]"]);
    assert_eq!(samples(&view), ["a.png 2 false", "b.png 1 false"]);
    assert_eq!(crate::dataset::check(&fixture.datasets).expect("checked"), []);
}

#[test]
fn a_row_that_the_source_lost_comes_back() {
    let fixture = coco();
    refresh(&fixture, "set/train.json", WITHOUT);
    check(&fixture);
}

#[test]
fn a_row_that_another_file_in_its_place_has_not_comes_back() {
    let fixture = coco();
    fixture.commit("main", |draft| {
        draft.remove(&path("set/train.json"), false)?;
        put(draft, "set/train.json", WITHOUT)
    });
    check(&fixture);
}

#[test]
fn a_row_that_another_file_in_its_place_has_again_stays_as_it_is_there() {
    let fixture = coco();
    fixture.commit("main", |draft| {
        draft.remove(&path("set/train.json"), false)?;
        put(draft, "set/train.json", COCO)
    });
    fixture.commit("main", |draft| exclude(draft, "a.png", false));
    assert_eq!(bytes(&fixture.view("main"), "set/train.json"), COCO);
}

#[test]
fn rows_come_back_into_a_file_that_was_moved() {
    let fixture = coco();
    fixture.commit("main", |draft| draft.rename(&path("set/train.json"), &path("set/other.json")));
    check(&fixture);
    fixture.commit("main", |draft| exclude(draft, "a.png", true));
    fixture.commit("main", |draft| draft.rename(&path("set"), &path("sets")));
    check(&fixture);
}

#[test]
fn samples_are_readable_where_a_file_with_hidden_rows_is_gone_or_broken() {
    for broken in [None, Some("{\"images\": [")] {
        let fixture = coco();
        fixture.commit("main", |draft| {
            draft.remove(&path("set/train.json"), false)?;
            broken.map_or(Ok(()), |broken| put(draft, "set/train.json", broken))
        });
        let view = fixture.view("main");
        let samples = rows(&view, &view.table(Some("samples")).expect("the main table"), &["key", "excluded"]);
        assert_eq!(samples, ["a.png true", "b.png false"], "{broken:?}");
        fixture.commit("main", |draft| exclude(draft, "a.png", false));
        assert_eq!(bytes(&fixture.view("main"), "a.png"), "a", "{broken:?}");
    }
}

#[test]
fn a_row_without_a_key_comes_back_once_whatever_is_where_it_was() {
    let lines = "file,label\na.png,cat\nb.png,dog\nc.png,cow\n";
    let images = [("a.png", "a"), ("b.png", "b"), ("c.png", "c")];
    for (now, expected) in [
        ("file,label\nb.png,dog\nc.png,cow\n", "file,label\nb.png,dog\nc.png,cow\na.png,cat\n"),
        ("file,label\nc.png,cow\na.png,cat\n", "file,label\nc.png,cow\na.png,cat\n"),
        ("file,label\nx.png,fox\na.png,cat\nc.png,cow\n", "file,label\nx.png,fox\na.png,cat\nc.png,cow\n"),
    ] {
        let files: Vec<_> = images.into_iter().chain([("names.csv", lines)]).collect();
        let (refreshed, rewritten) = (Fixture::new(&files), Fixture::new(&files));
        for fixture in [&refreshed, &rewritten] {
            fixture.commit("main", |draft| exclude(draft, "a.png", true));
            assert_eq!(bytes(&fixture.view("main"), "names.csv"), "file,label\nb.png,dog\nc.png,cow\n");
        }
        refresh(&refreshed, "names.csv", now);
        rewritten.commit("main", |draft| {
            draft.remove(&path("names.csv"), false)?;
            put(draft, "names.csv", now)
        });
        for fixture in [&refreshed, &rewritten] {
            fixture.commit("main", |draft| exclude(draft, "a.png", false));
            assert_eq!(bytes(&fixture.view("main"), "names.csv"), expected);
        }
    }
}

#[test]
fn a_row_comes_back_with_what_it_alone_had() {
    let other = "{\"image\": \"b.png\", \"n\": 1}\n";
    let lines = format!(
        "{{\"image\": \"a.png\", \"n\": 2, \"meta\": {{\"by\": \"ann\", \"at\": [1, 2]}}, \"note\": \"x\"}}\n{other}"
    );
    let images = [("a.png", "a"), ("b.png", "b")];
    let fixture = Fixture::new(&[images[0], images[1], ("t.jsonl", &lines)]);
    fixture.commit("main", |draft| exclude(draft, "a.png", true));
    let spaced = other.replace(": ", " :  ");
    fixture.commit("main", |draft| put(draft, "t.jsonl", &spaced));
    fixture.commit("main", |draft| exclude(draft, "a.png", false));
    let back = bytes(&fixture.view("main"), "t.jsonl");
    let json: serde_json::Value = serde_json::from_str(back.lines().next().expect("a line")).expect("JSON");
    let expected: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(json, expected, "{back}");

    let with = COCO.replace("\"bbox\": [1, 2, 3, 4]", "\"bbox\": [1, 2, 3, 4], \"attributes\": {\"occluded\": true}");
    let fixture = Fixture::new(&[images[0], images[1], ("set/train.json", &with)]);
    fixture.commit("main", |draft| exclude(draft, "a.png", true));
    fixture.commit("main", |draft| put(draft, "set/train.json", WITHOUT));
    // An edit of another row splices this one once more.
    fixture.commit("main", |draft| exclude(draft, "a.png", false));
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("annotations"))?;
        draft.edit_table(&table, vec![RowEdit::Delete { row: "8".to_owned() }]).map(drop)
    });
    let back: serde_json::Value = serde_json::from_str(&bytes(&fixture.view("main"), "set/train.json")).expect("JSON");
    let of_row = back["annotations"].as_array().expect("rows").iter().find(|row| row["id"] == 7).expect("it is back");
    assert_eq!(of_row["attributes"], serde_json::json!({"occluded": true}), "{back}");
}

#[test]
fn a_row_comes_back_with_text_as_text_and_json_as_json() {
    let other = "{\"image\": \"b.png\", \"n\": 1, \"x\": \"word\"}\n";
    for x in ["5", "\"5\"", "\"word\"", "[1, \"b\"]"] {
        let row = format!("{{\"image\": \"a.png\", \"n\": 2, \"x\": {x}, \"note\": \"[1, 2]\"}}");
        let third = "{\"image\": \"c.png\", \"n\": 3, \"x\": 7}\n";
        let lines = format!("{row}\n{other}{third}");
        let images = [("a.png", "a"), ("b.png", "b"), ("c.png", "c")];
        let fixture = Fixture::new(&[images[0], images[1], images[2], ("t.jsonl", &lines)]);
        fixture.commit("main", |draft| exclude(draft, "a.png", true));
        let without = "{\"image\": \"b.png\", \"n\": 1}\n{\"image\": \"c.png\", \"n\": 3}\n";
        fixture.commit("main", |draft| put(draft, "t.jsonl", without));
        fixture.commit("main", |draft| exclude(draft, "a.png", false));
        let back = bytes(&fixture.view("main"), "t.jsonl");
        let json: serde_json::Value = serde_json::from_str(back.lines().next().expect("a line")).expect("JSON");
        assert_eq!(json, serde_json::from_str::<serde_json::Value>(&row).expect("JSON"), "{back}");
    }
}

#[test]
fn an_edit_of_a_row_that_the_other_side_hides_is_beneath_and_there_once_it_shows() {
    let files = [("a.png", "a"), ("b.png", "b"), ("set/train.json", COCO)];
    let edit = |draft: &mut Draft| {
        let table = draft.view().table(Some("annotations"))?;
        let cells = vec![("bbox".to_owned(), Value::List([9, 9, 9, 9].map(Value::Int).to_vec()))];
        draft.edit_table(&table, vec![RowEdit::Set { row: "9".to_owned(), cells }]).map(drop)
    };
    for hides_theirs in [false, true] {
        let hide = |draft: &mut Draft| exclude(draft, "a.png", true);
        let fixture = match hides_theirs {
            true => super::merges::two_branches(&files, edit, hide),
            false => super::merges::two_branches(&files, hide, edit),
        };
        let outcome = super::merges::merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        assert_eq!(boxes(&fixture.view("main")), ["8 2 [1.0,1.0,1.0,1.0]"]);
        assert_eq!(super::check(&fixture.datasets).expect("checked"), []);
        check(&fixture);
    }
}

#[test]
fn a_row_that_is_only_hidden_is_as_the_source_has_it_and_no_conflict_unless_it_was_edited() {
    let text = |b: i64| format!("name,n\na,0\nb,{b}\nc,2\n");
    for (is_edited, above) in [(false, ""), (true, ""), (false, "z,9\n"), (true, "z,9\n")] {
        let fixture = Fixture::new(&[("t.csv", &text(1))]);
        let text = |b: i64| text(b).replacen("a,0", &format!("{above}a,0"), 1);
        fixture.commit("main", |draft| {
            if is_edited {
                let table = draft.view().table(Some("t"))?;
                let cells = vec![("n".to_owned(), Value::Int(5))];
                draft.edit_table(&table, vec![RowEdit::Set { row: "1".to_owned(), cells }])?;
            }
            exclude(draft, "1", true)
        });
        write(fixture.source.path(), &[("t.csv", &text(77))]);
        let base = scanned(&*fixture.datasets.store, fixture.source.path());
        let refreshed = fixture.dataset.refresh(&main_branch(), base, "ann").expect("refreshed");
        assert_eq!(refreshed.conflicts.len(), usize::from(is_edited), "{:?}", refreshed.conflicts);
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), text(77).replace("b,77\n", ""));
        let now = if above.is_empty() { "1" } else { "2" };
        fixture.commit("main", |draft| exclude(draft, now, false));
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), text(if is_edited { 5 } else { 77 }));
    }
}
