//! Classes and excluded samples where two branches meet, and what `diff` says of the rows.

use super::merges::{merged, two_branches};
use super::*;
use crate::dataset::rows::{RowEdit, diff_rows};
use crate::model::{RowAddress, Value};
use crate::table::expr::Expr;

const PETS: [(&str, &str); 5] =
    [("cat/1.png", "c1"), ("cat/2.png", "c2"), ("dog/1.png", "d1"), ("dog/3.png", "d3"), ("fox/4.png", "f4")];

pub(super) fn merge_class(draft: &mut Draft, from: &str, into: &str) -> Result<()> {
    let map = draft.view().class_maps(None)?.remove(0);
    draft.merge_classes(&map, &[from.to_owned()], into).map(drop)
}

fn exclude(draft: &mut Draft, key: &str, is_excluded: bool) -> Result<()> {
    assert_eq!(draft.exclude_samples(&[key.to_owned()], is_excluded)?, 1);
    Ok(())
}

/// These columns of all samples, as `a b c`.
pub(super) fn samples(view: &View, columns: &[&str]) -> Vec<String> {
    let columns: Vec<Expr> = columns.iter().map(|name| Expr::parse(name).expect("an expression")).collect();
    let table = view.table(Some("samples")).expect("the main table");
    let found = view.select_rows(&table, None, &columns).expect("rows");
    let word = |value: &Value| if *value == Value::Null { "-".to_owned() } else { value.to_string() };
    found.iter().map(|row| row.values.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
}

fn shows(view: &View, at: &str) -> bool {
    view.node(&path(at)).expect("looked up").is_some()
}

#[test]
fn an_image_that_one_side_excluded_is_hidden_where_the_other_side_moved_it() {
    let rename = |d: &mut Draft| d.rename(&path("dog"), &path("wolf"));
    let relabel = |d: &mut Draft| merge_class(d, "dog", "cat");
    let hide = |d: &mut Draft| exclude(d, "dog/1.png", true);
    for moves_theirs in [false, true] {
        for (is_renamed, now) in [(true, "wolf/1.png"), (false, "cat/1-2.png")] {
            let moves = |d: &mut Draft| if is_renamed { rename(d) } else { relabel(d) };
            let fixture =
                if moves_theirs { two_branches(&PETS, hide, moves) } else { two_branches(&PETS, moves, hide) };
            let outcome = merged(&fixture, None);
            assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
            let view = fixture.view("main");
            assert!(!shows(&view, now) && !shows(&view, "dog/1.png"), "{now} {moves_theirs}");
            assert!(samples(&view, &["key", "path", "excluded"]).contains(&format!("dog/1.png {now} true")));
            fixture.commit("main", |d| exclude(d, "dog/1.png", false));
            assert!(shows(&fixture.view("main"), now));
            assert_eq!(check(&fixture.datasets).expect("checked"), []);
        }
    }
}

#[test]
fn a_new_image_that_one_side_excluded_is_hidden_in_the_folder_that_the_other_side_moved() {
    let fixture = Fixture::new(&PETS);
    let with_new = fixture.commit("main", |d| put(d, "dog/new.png", "n"));
    fixture.dataset.create_branch(&"other".parse().expect("a name"), with_new).expect("a branch");
    fixture.commit("main", |d| d.rename(&path("dog"), &path("wolf")));
    fixture.commit("other", |d| exclude(d, "dog/new.png", true));
    assert!(matches!(merged(&fixture, None), Outcome::Done { .. }));
    let view = fixture.view("main");
    assert!(!shows(&view, "wolf/new.png"));
    assert!(samples(&view, &["key", "excluded"]).contains(&"wolf/new.png true".to_owned()));
    fixture.commit("main", |d| exclude(d, "wolf/new.png", false));
    assert!(shows(&fixture.view("main"), "wolf/new.png"));
}

#[test]
fn an_image_that_one_side_included_again_shows_where_the_other_side_moved_it() {
    let fixture = Fixture::new(&PETS);
    let hidden = fixture.commit("main", |d| exclude(d, "dog/1.png", true));
    fixture.dataset.create_branch(&"other".parse().expect("a name"), hidden).expect("a branch");
    fixture.commit("main", |d| d.rename(&path("dog"), &path("wolf")));
    fixture.commit("other", |d| put(d, "note", "of something else"));
    assert!(matches!(merged(&fixture, None), Outcome::Done { .. }));
    assert!(!shows(&fixture.view("main"), "wolf/1.png"), "nobody included it");
    fixture.commit("other", |d| exclude(d, "dog/1.png", false));
    assert!(matches!(merged(&fixture, None), Outcome::Done { .. }));
    assert!(shows(&fixture.view("main"), "wolf/1.png"));
    assert!(samples(&fixture.view("main"), &["path", "excluded"]).contains(&"wolf/1.png false".to_owned()));
}

pub(super) const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 3},
  {"id": 2, "image_id": 1, "category_id": 5}],
 "categories": [{"id": 3, "name": "car"}, {"id": 5, "name": "van"}, {"id": 8, "name": "bus"}]}"#;
pub(super) const YAML: &str = "train: images\nnames:\n  0: car\n  1: van\n  2: bus\n";
const VOC: &str = "<annotation><object><name>car</name></object><object><name>van</name></object></annotation>";

pub(super) fn file(view: &View, at: &str) -> String {
    super::rows::text(view, at)
}

pub(super) fn insert(draft: &mut Draft, table: &str, cells: &[(&str, Value)]) -> Result<()> {
    let table = draft.view().table(Some(table))?;
    let cells = cells.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    draft.edit_table(&table, vec![RowEdit::Insert { after: None, cells }]).map(drop)
}

#[test]
fn labels_of_a_class_that_the_other_side_merged_into_another_one_are_of_that() {
    let of_coco =
        |d: &mut Draft| insert(d, "annotations", &[("image_id", Value::Int(1)), ("category_id", Value::Int(5))]);
    let of_file = |at: &'static str, text: &'static str| move |d: &mut Draft| put(d, at, text);
    type Edit<'a> = Box<dyn Fn(&mut Draft) -> Result<()> + 'a>;
    type Set<'a> = (&'a [(&'a str, &'a str)], Edit<'a>, &'a str, &'a str);
    let sets: [Set<'_>; 4] = [
        (&[("coco.json", COCO)], Box::new(of_coco), "coco.json", r#""category_id": 5"#),
        (
            &[("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n")],
            Box::new(of_file("labels/b.txt", "1 .5 .5 .2 .2\n")),
            "labels/b.txt",
            "1 .5",
        ),
        (
            &[("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n2 .1 .1 .1 .1\n")],
            Box::new(of_file("labels/a.txt", "1 .5 .5 .1 .1\n1 .1 .1 .1 .1\n")),
            "labels/a.txt",
            "\n1 .",
        ),
        (&[("a.xml", VOC)], Box::new(of_file("b.xml", VOC)), "b.xml", "van"),
    ];
    for (files, label, at, old) in sets {
        for merges_theirs in [false, true] {
            let merge = |d: &mut Draft| merge_class(d, "van", "car");
            let fixture =
                if merges_theirs { two_branches(files, &label, merge) } else { two_branches(files, merge, &label) };
            let outcome = merged(&fixture, None);
            assert!(matches!(outcome, Outcome::Done { .. }), "{at}: {outcome:?}");
            let text = file(&fixture.view("main"), at);
            assert!(!text.contains(old), "{at} {merges_theirs}: {text}");
            assert_eq!(check(&fixture.datasets).expect("checked"), []);
        }
    }
}

#[test]
fn an_image_that_came_into_a_class_folder_that_the_other_side_merged_goes_along() {
    let merge = |d: &mut Draft| merge_class(d, "dog", "cat");
    let adds = |d: &mut Draft| put(d, "dog/new.png", "n");
    for merges_theirs in [false, true] {
        let fixture = if merges_theirs { two_branches(&PETS, adds, merge) } else { two_branches(&PETS, merge, adds) };
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        let view = fixture.view("main");
        assert!(shows(&view, "cat/new.png") && !shows(&view, "dog"), "{merges_theirs}");
        assert!(samples(&view, &["path", "label"]).contains(&"cat/new.png cat".to_owned()));
    }
}

#[test]
fn a_class_that_both_sides_merged_into_another_one_is_a_conflict() {
    let files = [("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n")];
    let fixture = two_branches(&files, |d| merge_class(d, "van", "car"), |d| merge_class(d, "van", "bus"));
    let Outcome::Conflicts(conflicts) = merged(&fixture, None) else { panic!("two answers") };
    let paths: Vec<String> = conflicts.iter().map(|conflict| conflict.path.to_string()).collect();
    assert_eq!(paths, [".veneer/samples.parquet", "labels/a.txt"]);
    assert!(matches!(merged(&fixture, Some(Prefer::Theirs)), Outcome::Done { .. }));
    assert_eq!(file(&fixture.view("main"), "labels/a.txt"), "2 .5 .5 .1 .1\n");
}

#[test]
fn classes_that_were_merged_into_each_other_are_a_conflict() {
    let files = [("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n"), ("labels/b.txt", "0 .5 .5 .1 .1\n")];
    let fixture = two_branches(&files, |d| merge_class(d, "van", "car"), |d| merge_class(d, "car", "van"));
    assert!(matches!(merged(&fixture, None), Outcome::Conflicts(_)));
}

/// Checks that `diff` tells of the rows what differs between the two tables of samples: labels, and rows that came
/// or went.
fn check_rows(from: &View, to: &View) -> Vec<String> {
    let table = |view: &View| -> std::collections::BTreeMap<String, String> {
        let lines = samples(view, &["key", "label"]);
        lines.iter().filter_map(|line| line.split_once(' ')).map(|(key, of)| (key.to_owned(), of.to_owned())).collect()
    };
    let (before, after) = (table(from), table(to));
    let mut expected = Vec::new();
    for key in before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))) {
        match (before.get(key), after.get(key)) {
            (Some(before), Some(after)) if before != after => expected.push(format!("{key} {before} -> {after}")),
            (Some(_), None) => expected.push(format!("- {key}")),
            (None, Some(_)) => expected.push(format!("+ {key}")),
            _ => {}
        }
    }
    expected.sort();
    let line = |diff: crate::dataset::rows::RowDiff| {
        let word = |value: &Option<Value>| match value {
            None | Some(Value::Null) => "-".to_owned(),
            Some(value) => value.to_string(),
        };
        let key = diff.address.row().unwrap_or_default().to_owned();
        match (&diff.address, &diff.after) {
            (RowAddress::Cell { .. }, _) => format!("{key} {} -> {}", word(&diff.before), word(&diff.after)),
            (_, None) => format!("- {key}"),
            (_, Some(_)) => format!("+ {key}"),
        }
    };
    let mut told: Vec<String> = diff_rows(from, to).expect("a diff").into_iter().map(line).collect();
    told.sort();
    assert_eq!(told, expected);
    told
}

#[test]
fn images_of_merged_class_folders_are_told_as_labels_that_changed() {
    let fixture = Fixture::new(&PETS);
    let first = fixture.view("main");
    fixture.commit("main", |d| merge_class(d, "dog", "cat"));
    let one_less = fixture.view("main");
    assert_eq!(check_rows(&first, &one_less), ["dog/1.png dog -> cat", "dog/3.png dog -> cat"]);
    fixture.commit("main", |d| put(d, "cat/1-3.png", "new"));
    // A new image where one was that moved away and kept its key.
    fixture.commit("main", |d| d.make_folder(&path("dog")).and_then(|()| put(d, "dog/1.png", "other")));
    let again = fixture.view("main");
    assert_eq!(check_rows(&first, &again).len(), 4);
    assert_eq!(check_rows(&one_less, &again), ["+ cat/1-3.png", "+ dog/1.png#new"]);
    fixture.commit("main", |d| merge_class(d, "fox", "wolf"));
    assert_eq!(check_rows(&again, &fixture.view("main")), ["fox/4.png fox -> wolf"]);
    let mut draft = fixture.draft("main");
    let map = draft.view().class_maps(None).expect("class maps").remove(0);
    let all = ["cat", "dog", "wolf"].map(str::to_owned);
    draft.merge_classes(&map, &all, "pet").expect("all into a new one");
    draft.commit("merged", "ann").expect("a commit");
    assert_eq!(check_rows(&first, &fixture.view("main")).len(), 7);
    let told = diff_rows(&again, &fixture.view("main")).expect("a diff");
    let column = |diff: &crate::dataset::rows::RowDiff| match &diff.address {
        RowAddress::Cell { column, .. } => column.clone(),
        other => format!("{other:?}"),
    };
    // New images have their paths for keys; they are told as the same ones all the same.
    assert_eq!(told.iter().map(column).collect::<Vec<_>>(), vec!["label"; 7]);
}

#[test]
fn a_dataset_of_class_folders_has_labels_still_when_one_class_is_left() {
    let fixture = Fixture::new(&PETS);
    let first = fixture.view("main");
    fixture.commit("main", |d| {
        merge_class(d, "dog", "cat")?;
        merge_class(d, "fox", "cat")
    });
    let view = fixture.view("main");
    assert_eq!(samples(&view, &["label"]), ["cat"; 5]);
    let map = view.class_maps(None).expect("class maps").remove(0);
    let told: Vec<_> = view.classes(&map).expect("classes").into_iter().map(|of| (of.name, of.labels)).collect();
    assert_eq!(told, [("cat".to_owned(), 5)]);
    assert_eq!(check_rows(&first, &view).len(), 3, "the cats are cats as before");
    fixture.commit("main", |d| {
        let map = d.view().class_maps(None)?.remove(0);
        d.rename_class(&map, "cat", "pet")?;
        d.add_class(&map, "rock")
    });
    assert_eq!(samples(&fixture.view("main"), &["label"]), ["pet"; 5]);
}
