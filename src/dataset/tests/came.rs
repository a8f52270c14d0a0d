//! What belongs to an excluded sample is hidden whenever it comes; and what comes back is as if it had never gone.

use super::hidden_rows::{COCO, boxes, coco, exclude, refresh, rows as cells, samples};
use super::merges::merged;
use super::parsed::{bytes, line};
use super::*;
use crate::dataset::rows::{RowEdit, diff_rows};
use crate::model::{RowAddress, Value};

const NAMES: &str = "file,label\na.png,cat\nb.png,dog\nc.png,cow\n";

/// Images with a table of names, of which `a.png` is excluded.
fn named() -> Fixture {
    let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("c.png", "c"), ("names.csv", NAMES)]);
    fixture.commit("main", |draft| exclude(draft, "a.png", true));
    fixture
}

fn insert_box(draft: &mut Draft) -> Result<()> {
    let table = draft.view().table(Some("annotations"))?;
    let of = |name: &str, value: Value| (name.to_owned(), value);
    let sides = Value::List([2, 2, 2, 2].map(Value::Int).to_vec());
    let cells = vec![of("image_id", Value::Int(1)), of("category_id", Value::Int(1)), of("bbox", sides)];
    draft.edit_table(&table, vec![RowEdit::Insert { after: None, cells }]).map(drop)
}

#[test]
fn rows_that_come_later_are_hidden_with_their_sample() {
    let more = COCO.replace(
        "\"annotations\": [",
        "\"annotations\": [\n  {\"id\": 10, \"image_id\": 1, \"category_id\": 1, \"bbox\": [2, 2, 2, 2]},",
    );
    let refreshed = coco();
    refresh(&refreshed, "set/train.json", &more);
    let inserted = coco();
    inserted.commit("main", insert_box);
    for fixture in [refreshed, inserted] {
        let view = fixture.view("main");
        assert_eq!(boxes(&view), ["8 2 [1.0,1.0,1.0,1.0]"]);
        assert_eq!(samples(&view), ["a.png 3 true", "b.png 1 false"]);
        fixture.commit("main", |draft| exclude(draft, "a.png", false));
        let back =
            ["10 1 [2.0,2.0,2.0,2.0]", "7 1 [1.0,2.0,3.0,4.0]", "8 2 [1.0,1.0,1.0,1.0]", "9 1 [9.0,9.0,9.0,9.0]"];
        assert_eq!(boxes(&fixture.view("main")), back);
        assert_eq!(crate::dataset::check(&fixture.datasets).expect("checked"), []);
    }
}

#[test]
fn rows_that_one_side_of_a_merge_brings_are_hidden_where_the_other_excluded_their_sample() {
    for excluder in ["main", "other"] {
        let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("set/train.json", COCO)]);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        fixture.commit(excluder, |draft| exclude(draft, "a.png", true));
        fixture.commit(if excluder == "main" { "other" } else { "main" }, insert_box);
        let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
        let request = MergeRequest { theirs, into: &main_branch(), author: "ann", message: "merge", prefer: None };
        assert!(matches!(fixture.dataset.merge(&request).expect("merged"), Outcome::Done { .. }));
        assert_eq!(boxes(&fixture.view("main")), ["8 2 [1.0,1.0,1.0,1.0]"], "{excluder}");
        fixture.commit("main", |draft| exclude(draft, "a.png", false));
        assert_eq!(boxes(&fixture.view("main")).len(), 4, "{excluder}");
        assert_eq!(crate::dataset::check(&fixture.datasets).expect("checked"), []);
    }
}

#[test]
fn a_row_of_an_excluded_sample_that_a_program_writes_is_hidden_and_comes_back_as_it_wrote_it() {
    let more = format!("{NAMES}d.png,elk\n");
    for now in [more.clone(), more.replace("cat", "ox"), more.replace("cow", "hen"), more.replace(',', ";")] {
        let fixture = named();
        fixture.commit("main", |draft| put(draft, "names.csv", &now));
        let view = fixture.view("main");
        let table = view.table(Some("names")).expect("a table");
        assert!(!cells(&view, &table, &["file"]).contains(&"a.png".to_owned()), "{}", bytes(&view, "names.csv"));
        fixture.commit("main", |draft| exclude(draft, "a.png", false));
        assert_eq!(bytes(&fixture.view("main"), "names.csv"), now);
    }
}

#[test]
fn a_file_of_labels_that_comes_later_is_hidden_with_its_image() {
    let fixture =
        Fixture::new(&[("images/a.png", "a"), ("images/b.png", "b"), ("labels/b.txt", "0 0.5 0.5 0.2 0.2\n")]);
    fixture.commit("main", |draft| exclude(draft, "images/a.png", true));
    let mut draft = fixture.draft("main");
    put(&mut draft, "labels/a.txt", "0 0.5 0.5 0.1 0.1\n").expect("put");
    assert_eq!(draft.view().node(&path("labels/a.txt")).expect("looked up"), None);
    exclude(&mut draft, "images/a.png", false).expect("included");
    assert_eq!(bytes(draft.view(), "labels/a.txt"), "0 0.5 0.5 0.1 0.1\n");
}

#[test]
fn a_sample_that_is_a_row_stays_excluded_though_its_file_is_written_with_it() {
    for now in ["x,y\n1,a\n2,b\n3,c\n4,d\n", "x;y\n1;a\n2;b\n3;c\n4;d\n"] {
        let fixture = Fixture::new(&[("t.csv", "x,y\n1,a\n2,b\n3,c\n")]);
        fixture.commit("main", |draft| exclude(draft, "1", true));
        fixture.commit("main", |draft| put(draft, "t.csv", now));
        let view = fixture.view("main");
        assert_eq!(bytes(&view, "t.csv"), now.replace("2,b\n", "").replace("2;b\n", ""));
        let samples = cells(&view, &view.table(Some("samples")).expect("samples"), &["x", "excluded"]);
        assert_eq!(samples, ["1 false", "2 true", "3 false", "4 false"]);
        fixture.commit("main", |draft| exclude(draft, "1", false));
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), now);
    }
}

#[test]
fn a_row_that_was_edited_and_excluded_is_told_once() {
    let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("set/train.json", COCO)]);
    let source = fixture.view("main");
    let set = |draft: &mut Draft| {
        let table = draft.view().table(Some("annotations"))?;
        let cells = vec![("category_id".to_owned(), Value::Int(2))];
        draft.edit_table(&table, vec![RowEdit::Set { row: "7".to_owned(), cells }]).map(drop)
    };
    fixture.commit("main", set);
    let edited = fixture.view("main");
    fixture.commit("main", |draft| exclude(draft, "a.png", true));
    let hidden = fixture.view("main");
    let told = |from: &View, to: &View| -> Vec<String> {
        let is_of_row = |address: &RowAddress| address.table() == "annotations" && address.row() == Some("7");
        let told = diff_rows(from, to).expect("a diff").into_iter().filter(|diff| is_of_row(&diff.address));
        told.map(|diff| line(&diff)).collect()
    };
    let row = |class: u8| format!(r#"{{"bbox":[1.0,2.0,3.0,4.0],"category_id":{class},"id":7,"image_id":1}}"#);
    assert_eq!(told(&edited, &hidden), [format!("row 7: {} -> -", row(2))]);
    assert_eq!(told(&hidden, &edited), [format!("row 7: - -> {}", row(2))]);
    assert_eq!(told(&source, &hidden), [format!("row 7: {} -> -", row(1))]);
}

#[test]
fn a_row_keeps_its_history_while_its_sample_is_excluded() {
    for (at, content, table, key) in [
        ("set/train.json", COCO, "annotations", "9"),
        ("names.csv", NAMES, "names", "0"),
        ("labels/a.txt", "1 .5 .5 .1 .1\n0 .2 .2 .1 .1\n", "labels", "labels/a.txt#1"),
    ] {
        let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("c.png", "c"), (at, content)]);
        let (column, value) = match table {
            "names" => ("label", Value::Text("ox".to_owned())),
            "labels" => ("class", Value::Int(2)),
            _ => ("category_id", Value::Int(1)),
        };
        let table = fixture.view("main").table(Some(table)).expect("a table");
        let by = fixture.commit("main", |draft| {
            let cells = vec![(column.to_owned(), value)];
            draft.edit_table(&table, vec![RowEdit::Set { row: key.to_owned(), cells }]).map(drop)
        });
        for is_excluded in [true, false, true, false] {
            fixture.commit("main", |draft| exclude(draft, "a.png", is_excluded));
        }
        let head = fixture.dataset.head(&main_branch()).expect("a head").id;
        let blame = fixture.dataset.blame(head, &table, key).expect("known");
        assert_eq!(blame.row, None);
        for cell in blame.cells {
            let set_by = cell.set_by.map(|(id, _)| id);
            assert_eq!(set_by, (cell.column == column).then_some(by), "{}", cell.column);
        }
    }
}

#[test]
fn what_is_there_again_is_no_change() {
    let fixture = named();
    fixture.commit("main", |draft| {
        exclude(draft, "a.png", false)?;
        let table = draft.view().table(Some("names"))?;
        let cells = ["b.png", "fox"].map(|text| Value::Text(text.to_owned()));
        let cells = ["file", "label"].map(str::to_owned).into_iter().zip(cells).collect();
        draft.edit_table(&table, vec![RowEdit::Insert { after: Some("0".to_owned()), cells }])?;
        put(draft, "b.png", "another")
    });
    let mut draft = fixture.draft("main");
    for key in ["a.png", "b.png"] {
        exclude(&mut draft, key, true).expect("excluded");
        draft.save("exclude").expect("saved");
        exclude(&mut draft, key, false).expect("included");
        draft.save("include").expect("saved");
        assert_eq!(draft.changes().expect("compared"), [], "{key}");
    }
    for at in ["names.csv", "b.png", "c.png"] {
        let shown = bytes(draft.view(), at);
        put(&mut draft, at, &shown).expect("put");
        draft.save("put").expect("saved");
        assert_eq!(draft.changes().expect("compared"), [], "{at}");
        put(&mut draft, at, "something else").expect("put");
        draft.save("put").expect("saved");
        put(&mut draft, at, &shown).expect("put");
        draft.save("put").expect("saved");
        assert_eq!(draft.changes().expect("compared"), [], "{at}");
    }
    assert!(draft.commit("nothing", "ann").is_err());
}

#[test]
fn a_row_that_came_beside_a_hidden_one_takes_nothing_of_it() {
    let inserted = named();
    inserted.commit("main", |draft| {
        let table = draft.view().table(Some("names"))?;
        let cells = ["a.png", "dog"].map(|text| Value::Text(text.to_owned()));
        let cells = ["file", "label"].map(str::to_owned).into_iter().zip(cells).collect();
        draft.edit_table(&table, vec![RowEdit::Insert { after: None, cells }]).map(drop)
    });
    let refreshed = named();
    refresh(&refreshed, "names.csv", &format!("{NAMES}a.png,dog\n"));
    for fixture in [inserted, refreshed] {
        assert_eq!(bytes(&fixture.view("main"), "names.csv"), NAMES.replace("a.png,cat\n", ""));
        fixture.commit("main", |draft| exclude(draft, "a.png", false));
        let shown = bytes(&fixture.view("main"), "names.csv");
        assert!(shown.contains("a.png,cat\n") && shown.contains("a.png,dog\n"), "{shown}");
        assert_eq!(shown.lines().count(), 5, "{shown}");
    }
}

#[test]
fn labels_that_are_moved_beside_an_excluded_image_are_hidden() {
    let fixture = Fixture::new(&[("images/a.png", "a"), ("images/b.png", "b"), ("labels/b.txt", "0 .5 .5 .2 .2\n")]);
    fixture.commit("main", |draft| exclude(draft, "images/a.png", true));
    let mut draft = fixture.draft("main");
    draft.rename(&path("labels/b.txt"), &path("labels/a.txt")).expect("moved");
    assert_eq!(draft.view().node(&path("labels/a.txt")).expect("looked up"), None);
    exclude(&mut draft, "images/a.png", false).expect("included");
    assert_eq!(bytes(draft.view(), "labels/a.txt"), "0 .5 .5 .2 .2\n");
}

#[test]
fn a_sample_is_excluded_with_the_edit_of_its_rows_though_the_other_side_moved_their_file() {
    for excluder in ["main", "other"] {
        let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("set/train.json", COCO)]);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        fixture.commit(excluder, |draft| exclude(draft, "a.png", true));
        fixture.commit(if excluder == "main" { "other" } else { "main" }, |draft| {
            draft.rename(&path("set/train.json"), &path("set/all.json"))?;
            let table = draft.view().table(Some("annotations"))?;
            let cells = vec![("bbox".to_owned(), Value::List([6, 6, 6, 6].map(Value::Int).to_vec()))];
            draft.edit_table(&table, vec![RowEdit::Set { row: "7".to_owned(), cells }]).map(drop)
        });
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{excluder} {outcome:?}");
        assert_eq!(boxes(&fixture.view("main")), ["8 2 [1.0,1.0,1.0,1.0]"], "{excluder}");
        fixture.commit("main", |draft| exclude(draft, "a.png", false));
        let all = boxes(&fixture.view("main"));
        assert_eq!(all[0], "7 1 [6.0,6.0,6.0,6.0]", "{excluder}");
        assert_eq!((all.len(), fixture.view("main").node(&path("set/train.json")).expect("looked")), (3, None));
    }
}
