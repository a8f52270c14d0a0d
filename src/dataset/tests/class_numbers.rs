//! Classes where two branches meet: new ones on both sides, and labels of those that one side merged.

use super::class_merges::{COCO, YAML, file, insert, merge_class};
use super::merges::{merged, two_branches};
use super::*;
use crate::dataset::Resolution;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const LABELS: [(&str, &str); 3] =
    [("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n0 .2 .2 .1 .1\n"), ("labels/b.txt", "0 .5 .5 .1 .1\n")];

pub(super) fn add_class(draft: &mut Draft, name: &str) -> Result<()> {
    let map = draft.view().class_maps(None)?.remove(0);
    draft.add_class(&map, name)
}

pub(super) fn set(draft: &mut Draft, table: &str, row: &str, column: &str, class: i64) -> Result<()> {
    let table = draft.view().table(Some(table))?;
    let cells = vec![(column.to_owned(), Value::Int(class))];
    draft.edit_table(&table, vec![RowEdit::Set { row: row.to_owned(), cells }]).map(drop)
}

/// The classes of the only map: number, name and how many labels.
pub(super) fn classes(view: &View) -> Vec<String> {
    let map = view.class_maps(None).expect("maps").remove(0);
    let told = view.classes(&map).expect("classes").into_iter();
    told.map(|of| format!("{} {} {}", of.number.unwrap_or_default(), of.name, of.labels)).collect()
}

fn is_done(fixture: &Fixture) {
    let outcome = merged(fixture, None);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

#[test]
fn new_classes_of_both_sides_get_numbers_of_their_own_and_labels_go_along() {
    let lists = [
        ("data.yaml", YAML),
        ("data.yaml", "nc: 3\nnames: [car, van, bus]\n"),
        ("classes.txt", "car\nvan\nbus\n"),
        ("labels/classes.txt", "car\nvan\nbus"),
    ];
    for (name, list) in lists {
        let files = [(name, list), LABELS[1], LABELS[2]];
        let ours = |d: &mut Draft| {
            add_class(d, "tram")?;
            add_class(d, "bike")?;
            set(d, "labels", "labels/a.txt#0", "class", 3)
        };
        let theirs = |d: &mut Draft| {
            add_class(d, "bike")?;
            add_class(d, "ship")?;
            put(d, "labels/c.txt", "3 .5 .5 .1 .1\n4 .5 .5 .2 .2\n")?;
            set(d, "labels", "labels/b.txt#0", "class", 4)
        };
        let fixture = two_branches(&files, ours, theirs);
        is_done(&fixture);
        let view = fixture.view("main");
        assert_eq!(classes(&view), ["0 car 1", "1 van 0", "2 bus 0", "3 tram 1", "4 bike 1", "5 ship 2"], "{list}");
        assert!(file(&view, "labels/b.txt").starts_with("5 "), "{list}");
        assert_eq!(file(&view, "labels/c.txt"), "4 .5 .5 .1 .1\n5 .5 .5 .2 .2\n", "{list}");
        assert!(file(&view, "labels/a.txt").starts_with("3 "), "{list}");
    }
}

#[test]
fn a_new_class_of_one_name_on_both_sides_is_one_class() {
    let add = |d: &mut Draft| add_class(d, "tram");
    let fixture = two_branches(&LABELS, add, |d| add(d).and_then(|()| put(d, "labels/c.txt", "3 .5 .5 .1 .1\n")));
    is_done(&fixture);
    assert_eq!(classes(&fixture.view("main"))[3..], ["3 tram 1"]);
    assert_eq!(file(&fixture.view("main"), "labels/c.txt"), "3 .5 .5 .1 .1\n");
}

#[test]
fn a_draft_whose_branch_got_a_class_meanwhile_keeps_its_own_with_another_number() {
    let fixture = Fixture::new(&LABELS);
    let mut draft = fixture.dataset.draft(&main_branch(), &"bea".parse().expect("a name")).expect("a draft");
    add_class(&mut draft, "ship").expect("added");
    set(&mut draft, "labels", "labels/b.txt#0", "class", 3).expect("labelled");
    draft.save("ships").expect("saved");
    fixture.commit("main", |d| add_class(d, "tram"));
    assert!(matches!(draft.commit("ships", "bea"), Ok(Outcome::Done { .. })));
    assert_eq!(classes(&fixture.view("main"))[3..], ["3 tram 0", "4 ship 1"]);
}

#[test]
fn what_is_decided_for_their_side_has_the_number_that_their_class_got() {
    let label = |name: &'static str| {
        move |d: &mut Draft| {
            add_class(d, name)?;
            set(d, "labels", "labels/a.txt#0", "class", 3)
        }
    };
    let fixture = two_branches(&LABELS, label("tram"), label("ship"));
    let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
    let mut draft = fixture.draft("main");
    assert!(draft.merge(theirs, "merge other").expect("a merge"));
    let open = draft.pending().expect("a merge").open.clone();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((&open[0].ours, &open[0].theirs), (&Some(Value::Int(3)), &Some(Value::Int(4))));
    draft.resolve(&[0], &Resolution::Theirs).expect("decided");
    assert_eq!(classes(draft.view())[3..], ["3 tram 0", "4 ship 1"]);
    assert!(file(draft.view(), "labels/a.txt").starts_with("4 "));
}

#[test]
fn a_class_that_their_side_made_and_merged_away_has_its_new_number_in_what_is_noted() {
    let theirs = |d: &mut Draft| {
        add_class(d, "ship")?;
        set(d, "labels", "labels/b.txt#0", "class", 3)?;
        merge_class(d, "ship", "car")
    };
    let fixture = two_branches(&LABELS, |d| add_class(d, "tram"), theirs);
    is_done(&fixture);
    assert_eq!(classes(&fixture.view("main"))[3..], ["3 tram 0", "4 ship 0"]);
    let at = fixture.dataset.head(&main_branch()).expect("a head").id;
    fixture.dataset.create_branch(&"third".parse().expect("a name"), at).expect("a branch");
    fixture.commit("main", |d| put(d, "note", "of something else"));
    fixture.commit("third", |d| put(d, "labels/c.txt", "3 .5 .5 .1 .1\n"));
    let theirs = fixture.dataset.head(&"third".parse().expect("a name")).expect("a head").id;
    let into = main_branch();
    let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge third", prefer: None };
    assert!(matches!(fixture.dataset.merge(&request), Ok(Outcome::Done { .. })));
    assert_eq!(classes(&fixture.view("main"))[3..], ["3 tram 1", "4 ship 0"]);
}

#[test]
fn a_label_that_was_given_of_a_class_that_is_merged_into_what_the_other_side_has_is_no_conflict() {
    let both = |d: &mut Draft| {
        let map = d.view().class_maps(None)?.remove(0);
        d.merge_classes(&map, &["van".to_owned(), "bus".to_owned()], "car").map(drop)
    };
    type Edit = fn(&mut Draft) -> Result<()>;
    let of_coco: Edit = |d| set(d, "annotations", "2", "category_id", 8);
    let of_yolo: Edit = |d| set(d, "labels", "labels/a.txt#0", "class", 2);
    let coco = [("coco.json", COCO)];
    for (files, label, now) in
        [(&coco[..], of_coco, &["3 car 2"][..]), (&LABELS[..], of_yolo, &["0 car 3", "1 van 0", "2 bus 0"][..])]
    {
        for (merges_theirs, prefer) in [(false, None), (true, None), (false, Some(Prefer::Theirs))] {
            let fixture =
                if merges_theirs { two_branches(files, label, both) } else { two_branches(files, both, label) };
            let outcome = merged(&fixture, prefer);
            assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
            assert_eq!(classes(&fixture.view("main")), now, "{merges_theirs} {prefer:?}");
            assert_eq!(check(&fixture.datasets).expect("checked"), []);
        }
    }
    let fixture = two_branches(&coco, both, |d| {
        insert(d, "annotations", &[("image_id", Value::Int(1)), ("category_id", Value::Int(8))])
    });
    is_done(&fixture);
    assert_eq!(classes(&fixture.view("main")), ["3 car 3"]);
}

#[test]
fn a_new_category_of_one_name_on_both_sides_is_one_class() {
    let files = [("coco.json", COCO)];
    let annotate = |d: &mut Draft, class: i64| {
        insert(d, "annotations", &[("image_id", Value::Int(1)), ("category_id", Value::Int(class))])
    };
    let fixture = two_branches(
        &files,
        |d| add_class(d, "tram").and_then(|()| annotate(d, 9)),
        |d| {
            add_class(d, "ship")?;
            add_class(d, "tram")?;
            annotate(d, 10)?;
            annotate(d, 11)?;
            set(d, "annotations", "1", "category_id", 11)
        },
    );
    is_done(&fixture);
    assert_eq!(classes(&fixture.view("main")), ["3 car 0", "5 van 1", "8 bus 0", "9 tram 3", "10 ship 1"]);
    assert!(!file(&fixture.view("main"), "coco.json").contains("\"id\": 11, \"name\""));
}
