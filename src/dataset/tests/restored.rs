//! What belongs to an excluded sample stays hidden when a path is made what it was, or a cell names the sample.

use super::hidden_rows::{COCO, boxes, coco, exclude, rows as cells, samples};
use super::parsed::bytes;
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const NAMES: &str = "file,label\na.png,cat\nb.png,dog\nc.png,cow\n";

/// Images in a folder with a table of names; in the second revision `a.png` is excluded.
fn named() -> (Fixture, View) {
    let files =
        [("set/a.png", "a"), ("set/b.png", "b"), ("set/c.png", "c"), ("set/names.csv", NAMES), ("set/d.txt", "d")];
    let fixture = Fixture::new(&files);
    let before = fixture.view("main");
    fixture.commit("main", |draft| exclude(draft, "set/a.png", true));
    (fixture, before)
}

fn is_hidden(view: &View) {
    assert_eq!(view.node(&path("set/a.png")).expect("looked up"), None);
    assert_eq!(bytes(view, "set/names.csv"), NAMES.replace("a.png,cat\n", ""));
}

fn is_back(draft: &mut Draft) {
    exclude(draft, "set/a.png", false).expect("included");
    assert_eq!(bytes(draft.view(), "set/a.png"), "a");
    assert_eq!(bytes(draft.view(), "set/names.csv"), NAMES);
}

#[test]
fn what_belongs_to_an_excluded_sample_stays_hidden_when_a_path_is_restored() {
    for at in ["set/names.csv", "set/a.png", "set"] {
        let (fixture, before) = named();
        let mut draft = fixture.draft("main");
        draft.restore(&path(at), &before).expect("restored");
        is_hidden(draft.view());
        draft.save("restore").expect("saved");
        assert_eq!(draft.changes().expect("compared"), [], "{at}");
        is_back(&mut draft);
    }
}

#[test]
fn what_belongs_to_an_excluded_sample_stays_hidden_when_a_path_is_discarded() {
    for at in ["set/names.csv", "set/b.png"] {
        let fixture = named().0;
        fixture.commit("main", |draft| exclude(draft, "set/a.png", false));
        let mut draft = fixture.draft("main");
        exclude(&mut draft, "set/a.png", true).expect("excluded");
        put(&mut draft, "set/b.png", "another").expect("put");
        draft.save("exclude").expect("saved");
        draft.discard(&[path(at)]).expect("discarded");
        is_hidden(draft.view());
        is_back(&mut draft);
    }
}

#[test]
fn a_restored_file_has_of_an_excluded_sample_what_it_had() {
    let (fixture, _) = named();
    fixture.commit("main", |draft| exclude(draft, "set/a.png", false));
    let more = fixture.view("main");
    fixture.commit("main", |draft| {
        put(draft, "set/names.csv", &NAMES.replace("cat\n", "cat\na.png,fox\n"))?;
        put(draft, "set/a.png", "another")?;
        exclude(draft, "set/a.png", true)
    });
    for at in [&["set/names.csv", "set/a.png"][..], &["set"]] {
        let mut draft = fixture.draft("main");
        at.iter().try_for_each(|at| draft.restore(&path(at), &more)).expect("restored");
        is_hidden(draft.view());
        is_back(&mut draft);
    }
}

#[test]
fn what_was_hidden_in_another_revision_shows_when_its_folder_is_restored() {
    let (fixture, _) = named();
    let hidden = fixture.view("main");
    fixture.commit("main", |draft| exclude(draft, "set/a.png", false));
    let mut draft = fixture.draft("main");
    draft.restore(&path("set"), &hidden).expect("restored");
    assert_eq!(bytes(draft.view(), "set/a.png"), "a");
}

fn set(draft: &mut Draft, table: &str, row: &str, column: &str, value: Value) {
    let table = draft.view().table(Some(table)).expect("a table");
    let cells = vec![(column.to_owned(), value)];
    draft.edit_table(&table, vec![RowEdit::Set { row: row.to_owned(), cells }]).expect("set");
}

#[test]
fn a_row_that_is_given_to_an_excluded_sample_is_hidden_with_it() {
    let fixture = coco();
    let mut draft = fixture.draft("main");
    set(&mut draft, "annotations", "8", "image_id", Value::Int(1));
    assert_eq!(boxes(draft.view()), [""; 0]);
    assert_eq!(samples(draft.view()), ["a.png 3 true", "b.png 0 false"]);
    exclude(&mut draft, "a.png", false).expect("included");
    let back = ["7 1 [1.0,2.0,3.0,4.0]", "8 1 [1.0,1.0,1.0,1.0]", "9 1 [9.0,9.0,9.0,9.0]"];
    assert_eq!(boxes(draft.view()), back);

    let (fixture, _) = named();
    let mut draft = fixture.draft("main");
    set(&mut draft, "names", "2", "file", Value::Text("a.png".to_owned()));
    let table = draft.view().table(Some("names")).expect("a table");
    assert_eq!(cells(draft.view(), &table, &["file"]), ["b.png"]);
    exclude(&mut draft, "set/a.png", false).expect("included");
    assert_eq!(bytes(draft.view(), "set/names.csv"), NAMES.replace("c.png", "a.png"));
}

#[test]
fn an_image_that_comes_to_an_excluded_sample_of_which_there_was_none_is_hidden() {
    let fixture = Fixture::new(&[("b.png", "b"), ("set/train.json", COCO), ("a.txt", "a")]);
    fixture.commit("main", |draft| exclude(draft, "set/a.png", true));
    let mut draft = fixture.draft("main");
    put(&mut draft, "set/a.png", "a").expect("put");
    assert_eq!(draft.view().node(&path("set/a.png")).expect("looked up"), None);
    exclude(&mut draft, "set/a.png", false).expect("included");
    assert_eq!(bytes(draft.view(), "set/a.png"), "a");
}
