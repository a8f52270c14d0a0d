//! What one side of a merge moved and the other edited where it was.

use super::class_numbers::set as set_class;
use super::merges::{merged, two_branches};
use super::parsed::{CSV, bytes};
use super::plain::{Item, Plain};
use super::reapplied::{delete, set, text};
use super::*;
use crate::dataset::Resolution;
use crate::model::Value;

fn rename(from: &'static str, to: &'static str) -> impl Fn(&mut Draft) -> Result<()> {
    move |d: &mut Draft| d.rename(&path(from), &path(to))
}

fn label(row: &'static str, value: &'static str) -> impl Fn(&mut Draft) -> Result<()> {
    move |d: &mut Draft| set(d, None, row, "label", text(value))
}

fn files(view: &View) -> Vec<String> {
    Plain::of(view)
        .0
        .into_iter()
        .filter(|(_, item)| matches!(item, Item::File(_)))
        .map(|(at, _)| at.to_string())
        .collect()
}

fn is_merged(fixture: &Fixture) {
    let outcome = merged(fixture, None);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

#[test]
fn a_file_that_one_side_moved_has_the_edits_of_the_other() {
    let into_new = |d: &mut Draft| d.make_folder(&path("new")).and_then(|()| rename("t.csv", "new/u.csv")(d));
    let edits = |d: &mut Draft| label("1", "cow")(d).and_then(|()| delete(d, None, "3"));
    let expected = CSV.replace("dog", "cow").replace("d.png,fox,3\n", "");
    for moves_theirs in [false, true] {
        let fixture = match moves_theirs {
            true => two_branches(&[("t.csv", CSV)], edits, into_new),
            false => two_branches(&[("t.csv", CSV)], into_new, edits),
        };
        is_merged(&fixture);
        assert_eq!(files(&fixture.view("main")), ["new/u.csv"]);
        assert_eq!(bytes(&fixture.view("main"), "new/u.csv"), expected);
    }
    let and_edits = |d: &mut Draft| label("0", "ox")(d).and_then(|()| rename("t.csv", "u.csv")(d));
    let fixture = two_branches(&[("t.csv", CSV)], and_edits, edits);
    is_merged(&fixture);
    assert_eq!(bytes(&fixture.view("main"), "u.csv"), expected.replacen("cat", "ox", 1));
    let fixture = two_branches(&[("t.csv", CSV)], and_edits, |d| edits(d).and_then(|()| rename("t.csv", "u.csv")(d)));
    is_merged(&fixture);
    assert_eq!(bytes(&fixture.view("main"), "u.csv"), expected.replacen("cat", "ox", 1));
}

#[test]
fn what_both_changed_of_a_moved_file_is_a_conflict_in_its_new_place_alone() {
    let moves = |d: &mut Draft| label("1", "ours")(d).and_then(|()| rename("t.csv", "u.csv")(d));
    let begin = || two_branches(&[("t.csv", CSV)], moves, label("1", "theirs"));
    let Outcome::Conflicts(found) = merged(&begin(), None) else { panic!("no conflict") };
    assert_eq!(found.iter().map(|of| (of.path.to_string(), of.rows.len())).collect::<Vec<_>>(), [("u.csv".into(), 1)]);
    for (prefer, value) in [(Prefer::Ours, "ours"), (Prefer::Theirs, "theirs")] {
        let fixture = begin();
        assert!(matches!(merged(&fixture, Some(prefer)), Outcome::Done { .. }));
        assert_eq!(files(&fixture.view("main")), ["u.csv"]);
        assert_eq!(bytes(&fixture.view("main"), "u.csv"), CSV.replace("dog", value));
    }
    let fixture = begin();
    let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
    let mut draft = fixture.draft("main");
    assert!(draft.merge(theirs, "merge other").expect("a merge"));
    draft.resolve(&[0], &Resolution::Theirs).expect("decided");
    assert_eq!(bytes(draft.view(), "u.csv"), CSV.replace("dog", "theirs"));
    assert!(matches!(draft.commit("merged", "ann"), Ok(Outcome::Done { .. })));
    assert_eq!(files(&fixture.view("main")), ["u.csv"]);
}

#[test]
fn a_file_that_is_no_table_or_new_and_a_folder_are_followed_too() {
    let fixture = two_branches(&[("x", "1"), ("y", "1")], rename("x", "z"), |d| put(d, "x", "theirs"));
    is_merged(&fixture);
    assert_eq!(files(&fixture.view("main")), ["y", "z"]);
    assert_eq!(bytes(&fixture.view("main"), "z"), "theirs");
    let fixture = Fixture::new(&[("y", "1")]);
    let with_new = fixture.commit("main", |d| put(d, "t.csv", CSV));
    fixture.dataset.create_branch(&"other".parse().expect("a name"), with_new).expect("a branch");
    fixture.commit("main", rename("t.csv", "u.csv"));
    fixture.commit("other", label("1", "cow"));
    is_merged(&fixture);
    assert_eq!(bytes(&fixture.view("main"), "u.csv"), CSV.replace("dog", "cow"));
    assert_eq!(files(&fixture.view("main")), ["u.csv", "y"]);
    let in_folder = [("a/t.csv", CSV), ("a/x", "1"), ("a/z", "1")];
    let edits = |d: &mut Draft| label("1", "cow")(d).and_then(|()| d.remove(&path("a/x"), false));
    for moves_theirs in [false, true] {
        let fixture = match moves_theirs {
            true => two_branches(&in_folder, edits, rename("a", "b")),
            false => two_branches(&in_folder, rename("a", "b"), edits),
        };
        is_merged(&fixture);
        assert_eq!(files(&fixture.view("main")), ["b/t.csv", "b/z"]);
        assert_eq!(bytes(&fixture.view("main"), "b/t.csv"), CSV.replace("dog", "cow"));
    }
}

#[test]
fn a_file_that_one_side_moved_and_the_other_took_the_place_of_is_one_file_whoever_wins() {
    for prefer in [Prefer::Ours, Prefer::Theirs] {
        let takes_place = |d: &mut Draft| label("1", "cow")(d).and_then(|()| put(d, "u.csv", "another"));
        let fixture = two_branches(&[("t.csv", CSV)], rename("t.csv", "u.csv"), takes_place);
        assert!(matches!(merged(&fixture, None), Outcome::Conflicts(_)));
        assert!(matches!(merged(&fixture, Some(prefer)), Outcome::Done { .. }));
        let tables =
            files(&fixture.view("main")).into_iter().filter(|at| bytes(&fixture.view("main"), at).contains("a.png"));
        assert_eq!(tables.count(), 1, "{prefer:?}");
    }
}

#[test]
fn a_moved_file_of_labels_has_its_classes_numbered_anew() {
    let yaml = super::class_merges::YAML;
    let files = [("data.yaml", yaml), ("labels/a.txt", "1 .5 .5 .1 .1\n0 .2 .2 .1 .1\n")];
    let add = |d: &mut Draft, name: &str| super::class_numbers::add_class(d, name);
    let fixture = two_branches(
        &files,
        |d| add(d, "tram").and_then(|()| rename("labels/a.txt", "labels/b.txt")(d)),
        |d| add(d, "ship").and_then(|()| set_class(d, "labels", "labels/a.txt#1", "class", 3)),
    );
    is_merged(&fixture);
    assert_eq!(bytes(&fixture.view("main"), "labels/b.txt"), "1 .5 .5 .1 .1\n4 .2 .2 .1 .1\n");
}

#[test]
fn an_edit_of_a_file_that_the_other_side_moved_is_told_by_the_revision_that_made_it() {
    let fixture = two_branches(&[("t.csv", CSV)], rename("t.csv", "u.csv"), label("1", "cow"));
    let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
    is_merged(&fixture);
    let view = fixture.view("main");
    let head = fixture.dataset.head(&main_branch()).expect("a head").id;
    let blame = fixture.dataset.blame(head, &view.table(Some("u")).expect("a table"), "1").expect("known");
    let set_by = |column: &str| {
        let cell = blame.cells.iter().find(|cell| cell.column == column).expect("a cell");
        (cell.value.clone(), cell.set_by.as_ref().map(|(id, _)| *id))
    };
    assert_eq!(set_by("label"), (Value::Text("cow".to_owned()), Some(theirs)));
    assert_eq!(set_by("score").1, None);
}

type Take = fn(&mut Draft) -> Result<()>;

#[test]
fn what_one_side_took_from_a_folder_is_not_back_in_it_where_the_other_side_renamed_that() {
    let files = [("cat/1.txt", "1"), ("cat/2.txt", "2"), ("owl/3.txt", "3")];
    let rename: Take = |d| d.rename(&path("cat"), &path("felis"));
    let remove: Take = |d| d.remove(&path("cat/2.txt"), false);
    let take_out: Take = |d| d.rename(&path("cat/2.txt"), &path("owl/z.txt"));
    let there = ["felis/1.txt", "owl/3.txt", "owl/z.txt"];
    let takes = [(remove, &there[..2]), (take_out, &there[..])];
    for (take, expected) in takes {
        for renames_ours in [false, true] {
            let fixture =
                if renames_ours { two_branches(&files, rename, take) } else { two_branches(&files, take, rename) };
            let outcome = merged(&fixture, None);
            assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
            assert_eq!(self::files(&fixture.view("main")), expected);
        }
    }
}
