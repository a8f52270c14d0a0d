//! Which labels follow a class that was merged, and which stay; and what else is kept beside samples.

use arrow::datatypes::DataType;

use super::class_merges::{COCO, YAML, file, insert, merge_class, samples};
use super::merges::{merged, two_branches};
use super::*;
use crate::dataset::Resolution;
use crate::dataset::rows::{RowEdit, is_class_merge};
use crate::model::{RowAddress, Value};

/// The classes that were merged, with the column of their map.
fn notes(view: &View) -> Vec<String> {
    let entries = view.overlay().samples().expect("read").entries().expect("read");
    let noted = entries.into_iter().map(|(address, _)| address).filter(is_class_merge);
    let told = noted.map(|address| match address {
        RowAddress::Cell { row, column, .. } => format!("{column} {row}"),
        other => format!("{other:?}"),
    });
    told.collect()
}

fn rename_class(draft: &mut Draft, from: &str, to: &str) -> Result<()> {
    let map = draft.view().class_maps(None)?.remove(0);
    draft.rename_class(&map, from, to).map(drop)
}

fn is_done(fixture: &Fixture) {
    let outcome = merged(fixture, None);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

#[test]
fn labels_of_a_class_that_is_another_one_since_it_was_merged_stay() {
    let files = [("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n0 .2 .2 .1 .1\n"), ("labels/b.txt", "")];
    let add = |d: &mut Draft, at: &str, x: f64| {
        let sides = Value::List([x, 0.5, 0.25, 0.25].map(Value::Float).to_vec());
        insert(d, "labels", &[("file", Value::Text(at.to_owned())), ("class", Value::Int(1)), ("box", sides)])
    };
    let trucks = |d: &mut Draft| {
        merge_class(d, "van", "car")?;
        rename_class(d, "van", "truck")?;
        add(d, "labels/a.txt", 0.75)?;
        put(d, "labels/trucks.txt", "1 .5 .5 .3 .3\n")
    };
    let vans = |d: &mut Draft| {
        add(d, "labels/a.txt", 0.125)?;
        put(d, "labels/vans.txt", "1 .5 .5 .2 .2\n")
    };
    for merges_theirs in [false, true] {
        let fixture =
            if merges_theirs { two_branches(&files, vans, trucks) } else { two_branches(&files, trucks, vans) };
        is_done(&fixture);
        let view = fixture.view("main");
        assert_eq!(file(&view, "labels/trucks.txt"), "1 .5 .5 .3 .3\n", "{merges_theirs}");
        assert_eq!(file(&view, "labels/vans.txt"), "0 .5 .5 .2 .2\n", "{merges_theirs}");
        let text = file(&view, "labels/a.txt");
        let mut lines: Vec<&str> = text.lines().map(|line| &line[..line.len().min(6)]).collect();
        lines.sort_unstable();
        assert_eq!(lines, ["0 .2 .", "0 .5 .", "0 0.12", "1 0.75"], "{merges_theirs}: {text}");
    }
}

#[test]
fn labels_of_a_class_that_has_labels_again_since_it_was_merged_stay_on_both_sides() {
    let files = [("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n")];
    let again = |d: &mut Draft| {
        merge_class(d, "van", "car")?;
        put(d, "labels/again.txt", "1 .5 .5 .3 .3\n")
    };
    let fixture = two_branches(&files, again, |d| put(d, "labels/new.txt", "1 .5 .5 .2 .2\n"));
    is_done(&fixture);
    let view = fixture.view("main");
    let all = ["a", "again", "new"].map(|name| file(&view, &format!("labels/{name}.txt")).remove(0));
    assert_eq!(all, ['0', '1', '1']);
}

#[test]
fn a_commit_to_a_branch_that_moved_leaves_labels_of_a_class_that_is_another_one_since() {
    let fixture = Fixture::new(&[("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n")]);
    let writer = "bea".parse().expect("a name");
    let mut draft = fixture.dataset.draft(&main_branch(), &writer).expect("a draft");
    merge_class(&mut draft, "van", "car").expect("merged");
    rename_class(&mut draft, "van", "truck").expect("renamed");
    put(&mut draft, "labels/b.txt", "1 .5 .5 .3 .3\n").expect("put");
    draft.save("classes").expect("saved");
    fixture.commit("main", |d| put(d, "labels/c.txt", "1 .5 .5 .2 .2\n"));
    assert!(matches!(draft.commit("classes", "bea"), Ok(Outcome::Done { .. })));
    let view = fixture.view("main");
    assert_eq!(["a", "b", "c"].map(|name| file(&view, &format!("labels/{name}.txt")).remove(0)), ['0', '1', '0']);
}

fn note_of(draft: &mut Draft, category: i64) -> Result<()> {
    insert(draft, "annotations", &[("image_id", Value::Int(1)), ("category_id", Value::Int(category))])
}

fn categories(view: &View) -> Vec<String> {
    let map = view.class_maps(None).expect("maps").remove(0);
    let told = view.classes(&map).expect("classes").into_iter();
    told.map(|of| format!("{} {} {}", of.number.unwrap_or_default(), of.name, of.labels)).collect()
}

#[test]
fn labels_of_a_category_that_was_merged_and_discarded_stay() {
    let back = |d: &mut Draft| {
        merge_class(d, "van", "car")?;
        put(d, "note", "of something else")?;
        d.discard(&[path("coco.json")])
    };
    let fixture = two_branches(&[("coco.json", COCO)], back, |d| note_of(d, 5));
    is_done(&fixture);
    assert_eq!(categories(&fixture.view("main")), ["3 car 1", "5 van 2", "8 bus 0"]);
}

#[test]
fn labels_of_a_category_that_only_one_side_made_do_not_follow_that_of_the_other() {
    let makes = |name: &'static str| {
        move |d: &mut Draft| {
            let map = d.view().class_maps(None)?.remove(0);
            d.add_class(&map, name)?;
            note_of(d, 9)
        }
    };
    let ours = |d: &mut Draft| makes("bike")(d).and_then(|()| merge_class(d, "bike", "car"));
    let fixture = two_branches(&[("coco.json", COCO)], ours, makes("tram"));
    is_done(&fixture);
    assert_eq!(categories(&fixture.view("main")), ["3 car 2", "5 van 1", "8 bus 0", "9 tram 1"]);
}

#[test]
fn a_decision_of_classes_touches_nothing_else_that_is_said_of_samples() {
    let files = [
        ("data.yaml", YAML),
        ("images/a.png", "a"),
        ("images/b.png", "b"),
        ("labels/a.txt", "1 .5 .5 .1 .1\n"),
        ("labels/b.txt", "0 .5 .5 .1 .1\n"),
    ];
    let ours = |d: &mut Draft| {
        let table = d.view().table(Some("samples"))?;
        d.add_column(&table, "remark", &DataType::Utf8)?;
        let cells = vec![("remark".to_owned(), Value::Text("good".to_owned()))];
        d.edit_table(&table, vec![RowEdit::Set { row: "images/a.png".to_owned(), cells }])?;
        d.exclude_samples(&["images/a.png".to_owned()], true)?;
        merge_class(d, "van", "car")
    };
    for (how, noted) in [(Resolution::Ours, "data 1"), (Resolution::Theirs, "data 0")] {
        let fixture = two_branches(&files, ours, |d| merge_class(d, "car", "van"));
        let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
        let mut draft = fixture.draft("main");
        assert!(draft.merge(theirs, "merge other").expect("a merge"));
        let open = draft.pending().expect("a merge").open.clone();
        let at: Vec<usize> = (0..open.len()).filter(|at| open[*at].path == crate::dataset::samples::path()).collect();
        assert_eq!(at.len(), 2, "{open:?}");
        assert!(at.iter().all(|at| open[*at].row.as_ref().is_some_and(is_class_merge)), "{open:?}");
        assert!(draft.resolve(&at, &Resolution::Value(Value::Int(2))).is_err());
        draft.resolve(&at, &how).expect("decided");
        assert_eq!(notes(draft.view()), [noted], "{how:?}");
        let told = samples(draft.view(), &["key", "remark", "excluded"]);
        assert_eq!(told, ["images/a.png good true", "images/b.png - false"], "{how:?}");
    }
}

#[test]
fn classes_that_were_merged_are_no_samples_of_a_table_beside_labels() {
    let csv = "name,size\na,1\nb,2\nc,3\nd,4\n";
    let fixture = Fixture::new(&[("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n"), ("table.csv", csv)]);
    fixture.commit("main", |d| merge_class(d, "van", "car"));
    fixture.commit("main", |d| put(d, "table.csv", "name,size\nc,3\na,1\nd,4\n"));
    assert_eq!(notes(&fixture.view("main")), ["data 1"]);
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
    fixture.commit("main", |d| {
        let table = d.view().table(Some("samples"))?;
        d.add_column(&table, "data", &DataType::Utf8)?;
        d.drop_column(&table, "data")?;
        d.discard(&[crate::dataset::samples::path()])?;
        put(d, "note", "so that there is something")
    });
    assert_eq!(notes(&fixture.view("main")), ["data 1"]);
}

#[test]
fn a_label_that_got_another_class_by_hand_is_no_merge_of_the_classes_of_another_file() {
    let files = [("train.json", COCO), ("val.json", COCO)];
    let ours = |d: &mut Draft| {
        let map = d.view().class_maps(None)?.into_iter().find(|map| map.name == "train").expect("the map of train");
        d.merge_classes(&map, &["van".to_owned()], "car")?;
        super::class_numbers::set(d, "val.annotations", "2", "category_id", 3)
    };
    let theirs = |d: &mut Draft| {
        ["train.annotations", "val.annotations"].into_iter().try_for_each(|table| {
            let table = d.view().table(Some(table))?;
            d.edit_table(&table, vec![RowEdit::Delete { row: "2".to_owned() }]).map(drop)
        })
    };
    let Outcome::Conflicts(found) = merged(&two_branches(&files, ours, theirs), None) else { panic!("no conflict") };
    assert_eq!(found.iter().map(|conflict| conflict.path.to_string()).collect::<Vec<_>>(), ["val.json"]);
}
