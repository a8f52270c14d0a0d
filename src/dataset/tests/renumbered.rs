//! Classes of the source and of an overlay that took the same numbers: each keeps its labels.

use super::class_merges::{COCO, YAML, file, insert, merge_class};
use super::class_numbers::{add_class, classes, set};
use super::merges::merged;
use super::*;
use crate::model::Value;

const FILES: [(&str, &str); 4] = [
    ("data.yaml", YAML),
    ("labels/a.txt", "1 .5 .5 .1 .1\n0 .2 .2 .1 .1\n"),
    ("labels/b.txt", "0 .5 .5 .1 .1\n2 .5 .5 .1 .1\n"),
    ("labels/d.txt", "0 .1 .1 .1 .1\n"),
];

/// YAML with more names.
fn with(names: &[&str]) -> String {
    let names = names.iter().zip(3..).map(|(name, number)| format!("  {number}: {name}\n"));
    YAML.to_owned() + &names.collect::<String>()
}

/// The source gets other contents, and is refreshed into a branch.
fn refresh(fixture: &Fixture, branch: &str, files: &[(&str, &str)]) -> Vec<String> {
    for (at, content) in files {
        fs::write(fixture.source.path().join(at), content).expect("a file");
    }
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    let branch = branch.parse().expect("a name");
    let refreshed = fixture.dataset.refresh(&branch, base, "ann").expect("a refresh");
    assert!(refreshed.revision.is_some());
    refreshed.conflicts.iter().map(|conflict| format!("{}: {}", conflict.path, conflict.why)).collect()
}

pub(super) fn branch_off(fixture: &Fixture) {
    let at = fixture.dataset.head(&main_branch()).expect("a head").id;
    fixture.dataset.create_branch(&"other".parse().expect("a name"), at).expect("a branch");
}

/// Adds a class of the next number, which is 3, and gives labels of it: in a file of the source, in one that the source
/// changes later, and in new files.
fn ships(draft: &mut Draft) -> Result<()> {
    add_class(draft, "ship")?;
    set(draft, "labels", "labels/a.txt#1", "class", 3)?;
    set(draft, "labels", "labels/b.txt#0", "class", 3)?;
    put(draft, "labels/c.txt", "3 .5 .5 .1 .1\n0 .5 .5 .2 .2\n")
}

const NEW_LABELS: (&str, &str) = ("labels/b.txt", "3 .9 .9 .1 .1\n0 .5 .5 .1 .1\n2 .5 .5 .1 .1\n");

fn is_merged(fixture: &Fixture) {
    let outcome = merged(fixture, None);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

fn has_both(view: &View, told: &str) {
    assert_eq!(classes(view), ["0 car 2", "1 van 1", "2 bus 1", "3 tram 1", "4 ship 3"], "{told}");
    assert_eq!(file(view, "labels/a.txt"), "1 .5 .5 .1 .1\n4 .2 .2 .1 .1\n", "{told}");
    assert_eq!(file(view, "labels/b.txt"), NEW_LABELS.1.replace("\n0", "\n4"), "{told}");
    assert_eq!(file(view, "labels/c.txt"), "4 .5 .5 .1 .1\n0 .5 .5 .2 .2\n", "{told}");
}

#[test]
fn a_class_of_a_branch_keeps_its_labels_though_the_source_got_one_of_its_number() {
    let tram = with(&["tram"]);
    for refreshed in ["main", "other"] {
        let edited = if refreshed == "main" { "other" } else { "main" };
        let fixture = Fixture::new(&FILES);
        branch_off(&fixture);
        fixture.commit(edited, ships);
        assert_eq!(refresh(&fixture, refreshed, &[("data.yaml", &tram), NEW_LABELS]), [""; 0]);
        is_merged(&fixture);
        has_both(&fixture.view("main"), refreshed);
        assert_eq!(file(&fixture.view("main"), "data.yaml"), with(&["tram", "ship"]));
    }
}

#[test]
fn a_class_that_was_added_keeps_its_labels_over_a_refresh_that_brings_one_of_its_number() {
    let fixture = Fixture::new(&FILES);
    fixture.commit("main", ships);
    branch_off(&fixture);
    fixture.commit("other", |d| put(d, "labels/e.txt", "3 .1 .1 .1 .1\n"));
    assert_eq!(refresh(&fixture, "main", &[("data.yaml", &with(&["tram"])), NEW_LABELS]), [""; 0]);
    has_both(&fixture.view("main"), "refreshed");
    is_merged(&fixture);
    assert_eq!(file(&fixture.view("main"), "labels/e.txt"), "4 .1 .1 .1 .1\n");
}

#[test]
fn where_both_sides_were_refreshed_labels_are_of_the_classes_that_the_source_has_now() {
    for edited in ["main", "other"] {
        let later = if edited == "main" { "other" } else { "main" };
        let fixture = Fixture::new(&FILES);
        branch_off(&fixture);
        assert_eq!(refresh(&fixture, edited, &[("labels/d.txt", "0 .1 .1 .1 .1\n0 .2 .2 .1 .1\n")]), [""; 0]);
        fixture.commit(edited, |d| add_class(d, "ship").and_then(|()| set(d, "labels", "labels/b.txt#0", "class", 3)));
        assert_eq!(refresh(&fixture, later, &[("data.yaml", &with(&["tram"]))]), [""; 0]);
        fixture.commit(later, |d| set(d, "labels", "labels/a.txt#1", "class", 3));
        is_merged(&fixture);
        assert_eq!(classes(&fixture.view("main"))[3..], ["3 tram 1", "4 ship 1"], "{edited}");
        assert!(file(&fixture.view("main"), "labels/b.txt").starts_with("4 "), "{edited}");
    }
}

#[test]
fn a_draft_of_before_a_refresh_keeps_the_labels_of_its_class() {
    let fixture = Fixture::new(&FILES);
    let mut draft = fixture.dataset.draft(&main_branch(), &"bea".parse().expect("a name")).expect("a draft");
    ships(&mut draft).expect("edits");
    draft.save("ships").expect("saved");
    assert_eq!(refresh(&fixture, "main", &[("data.yaml", &with(&["tram"])), NEW_LABELS]), [""; 0]);
    assert!(matches!(draft.commit("ships", "bea"), Ok(Outcome::Done { .. })));
    has_both(&fixture.view("main"), "committed");
}

#[test]
fn a_class_that_the_source_got_by_the_name_of_one_that_was_added_is_that() {
    for (source, numbers) in [(&["ship"][..], ["3 ship 4"].as_slice()), (&["tram", "ship"], &["3 tram 0", "4 ship 4"])]
    {
        let fixture = Fixture::new(&FILES);
        branch_off(&fixture);
        fixture.commit("other", ships);
        let ship = source.len() + 2;
        let labels = format!("{ship} .9 .9 .1 .1\n0 .5 .5 .1 .1\n2 .5 .5 .1 .1\n");
        assert_eq!(refresh(&fixture, "main", &[("data.yaml", &with(source)), ("labels/b.txt", &labels)]), [""; 0]);
        is_merged(&fixture);
        assert_eq!(classes(&fixture.view("main"))[3..], *numbers);
        assert_eq!(file(&fixture.view("main"), "data.yaml"), with(source));
    }
}

#[test]
fn classes_that_were_added_behind_one_whose_number_is_taken_move_on_with_it() {
    let fixture = Fixture::new(&FILES);
    fixture.commit("main", |d| {
        ships(d)?;
        add_class(d, "bike")?;
        set(d, "labels", "labels/d.txt#0", "class", 4)
    });
    let source = with(&["tram", "ship"]);
    assert_eq!(refresh(&fixture, "main", &[("data.yaml", &source)]), [""; 0]);
    let view = fixture.view("main");
    assert_eq!(classes(&view)[3..], ["3 tram 0", "4 ship 3", "5 bike 1"]);
    assert_eq!(file(&view, "data.yaml"), with(&["tram", "ship", "bike"]));
}

#[test]
fn labels_of_excluded_images_and_what_is_noted_of_classes_have_the_new_number() {
    let images = [("images/c.png", "c"), ("images/a.png", "a"), ("images/b.png", "b")];
    let files: Vec<_> = FILES.into_iter().chain(images).collect();
    let fixture = Fixture::new(&files);
    fixture.commit("main", |d| {
        ships(d)?;
        add_class(d, "boat")?;
        put(d, "labels/e.txt", "4 .5 .5 .1 .1\n")
    });
    branch_off(&fixture);
    fixture.commit("main", |d| {
        merge_class(d, "boat", "ship")?;
        let keys = ["images/a.png", "images/b.png", "images/c.png"].map(str::to_owned);
        d.exclude_samples(&keys, true).map(drop)
    });
    fixture.commit("other", |d| put(d, "labels/f.txt", "4 .5 .5 .1 .1\n"));
    assert_eq!(refresh(&fixture, "main", &[("data.yaml", &with(&["tram"])), NEW_LABELS]), [""; 0]);
    is_merged(&fixture);
    let view = fixture.view("main");
    assert_eq!(classes(&view)[3..], ["3 tram 0", "4 ship 2", "5 boat 0"], "it was merged, and that is known still");
    fixture.commit("main", |d| {
        let keys = ["images/a.png", "images/b.png", "images/c.png"].map(str::to_owned);
        d.exclude_samples(&keys, false).map(drop)
    });
    let view = fixture.view("main");
    assert_eq!(classes(&view)[3..], ["3 tram 1", "4 ship 5", "5 boat 0"]);
}

#[test]
fn labels_that_the_source_gave_of_no_class_mean_none_that_was_added() {
    let mut files = FILES;
    files[1].1 = "3 .5 .5 .1 .1\n0 .2 .2 .1 .1\n";
    let fixture = Fixture::new(&files);
    fixture.commit("main", |d| {
        ships(d)?;
        put(d, "labels/a.txt", "3 .5 .5 .1 .1\n3  .2 .2 .1 .1\n3 .7 .7 .1 .1\n")
    });
    assert_eq!(refresh(&fixture, "main", &[("data.yaml", &with(&["tram"]))]), [""; 0]);
    assert_eq!(file(&fixture.view("main"), "labels/a.txt"), "3 .5 .5 .1 .1\n4  .2 .2 .1 .1\n4 .7 .7 .1 .1\n");
}

#[test]
fn a_list_that_was_put_as_bytes_and_changed_in_the_source_is_a_conflict() {
    let fixture = Fixture::new(&FILES);
    branch_off(&fixture);
    fixture.commit("other", |d| {
        put(d, "data.yaml", "# ours\ntrain: images\nnames: [car, van, bus, ship]\n")?;
        put(d, "labels/c.txt", "3 .5 .5 .1 .1\n")
    });
    assert_eq!(refresh(&fixture, "main", &[("data.yaml", &with(&["tram"]))]), [""; 0]);
    let Outcome::Conflicts(found) = merged(&fixture, None) else { panic!("no conflict") };
    assert_eq!(found.iter().map(|conflict| conflict.path.to_string()).collect::<Vec<_>>(), ["data.yaml"]);
}

#[test]
fn a_category_that_was_added_keeps_its_annotations_though_the_source_got_one_of_its_id() {
    // Some programs write the numbers of classes as fractions.
    for fraction in ["", ".0"] {
        let coco = COCO.replace("\"category_id\": 5}", &format!("\"category_id\": 5{fraction}}}"));
        let seventh = format!("{{\"id\": 7, \"image_id\": 1, \"category_id\": 9{fraction}}}");
        let end = format!("\"category_id\": 5{fraction}}}");
        let tram = coco
            .replace("\"bus\"}", "\"bus\"}, {\"id\": 9, \"name\": \"tram\"}")
            .replace(&format!("{end}]"), &format!("{end},\n  {seventh}]"));
        let fixture = Fixture::new(&[("coco.json", &coco)]);
        branch_off(&fixture);
        fixture.commit("other", |d| {
            add_class(d, "ship")?;
            set(d, "annotations", "1", "category_id", 9)?;
            let cells = [("id", Value::Int(20)), ("image_id", Value::Int(1)), ("category_id", Value::Int(9))];
            insert(d, "annotations", &cells)
        });
        assert_eq!(refresh(&fixture, "main", &[("coco.json", &tram)]), [""; 0]);
        is_merged(&fixture);
        let classes = classes(&fixture.view("main"));
        assert_eq!(classes, ["3 car 0", "5 van 1", "8 bus 0", "10 ship 2", "9 tram 1"], "{fraction}");
    }
}
