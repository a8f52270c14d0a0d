//! The table of samples: what it joins, its edits, and that they go where the samples go.

use super::*;
use crate::dataset::pending::Resolution;
use crate::dataset::rows::{RowEdit, Table, diff_rows};
use crate::model::{Value, What};
use crate::table::expr::Expr;

const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "gone.png"}],
 "annotations": [
  {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
  {"id": 9, "image_id": 1, "category_id": 2, "bbox": [5, 6, 7, 8]}],
 "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}
"#;

fn pets() -> Fixture {
    Fixture::new(&[
        ("train/cat/1.png", "c1"),
        ("train/cat/2.png", "c2"),
        ("train/dog/1.png", "d1"),
        ("val/dog/9.png", "d9"),
    ])
}

pub(super) fn samples(view: &View) -> Table {
    view.table(Some("samples")).expect("the main table")
}

/// These columns of all samples for which `condition` holds, as `a b c`, null as `-`.
pub(super) fn rows(view: &View, condition: &str, columns: &[&str]) -> Vec<String> {
    let expr = |text: &str| Expr::parse(text).expect("an expression");
    let columns: Vec<Expr> = columns.iter().map(|name| expr(name)).collect();
    let found = view.select_rows(&samples(view), Some(&expr(condition)), &columns).expect("rows");
    let word = |value: &Value| if *value == Value::Null { "-".to_owned() } else { value.to_string() };
    found.iter().map(|row| row.values.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
}

fn set(draft: &mut Draft, key: &str, column: &str, value: impl Into<Option<Value>>) -> Result<()> {
    let table = samples(draft.view());
    let cells = vec![(column.to_owned(), value.into().unwrap_or(Value::Null))];
    draft.edit_table(&table, vec![RowEdit::Set { row: key.to_owned(), cells }]).map(drop)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn add_weight(draft: &mut Draft) -> Result<()> {
    let table = samples(draft.view());
    draft.add_column(&table, "weight", &arrow::datatypes::DataType::Float64)
}

/// `key column: before -> after` of the rows that differ.
fn told_rows(from: &View, to: &View) -> Vec<String> {
    let word = |value: Option<Value>| value.map_or("nothing".to_owned(), |value| value.to_string());
    let line = |diff: crate::dataset::rows::RowDiff| {
        let column = match &diff.address {
            crate::model::RowAddress::Cell { column, .. } => column.clone(),
            _ => "row".to_owned(),
        };
        let key = diff.address.row().unwrap_or_default().to_owned();
        format!("{key} {column}: {} -> {}", word(diff.before), word(diff.after))
    };
    diff_rows(from, to).expect("a diff").into_iter().map(line).collect()
}

#[test]
fn folders_say_the_class_and_the_split_of_an_image() {
    let fixture = pets();
    let expected = [
        "train/cat/1.png train cat",
        "train/cat/2.png train cat",
        "train/dog/1.png train dog",
        "val/dog/9.png val dog",
    ];
    assert_eq!(rows(&fixture.view("main"), "true", &["key", "split", "label"]), expected);
}

#[test]
fn another_label_moves_the_image_and_keeps_its_key_and_its_cells() {
    let fixture = pets();
    fixture.commit("main", |draft| {
        add_weight(draft)?;
        set(draft, "train/cat/1.png", "weight", Value::Float(0.5))
    });
    let before = fixture.view("main");
    fixture.commit("main", |draft| set(draft, "train/cat/1.png", "label", text("dog")));
    let after = fixture.view("main");
    // There is a `1.png` among the dogs.
    assert_eq!(told(&before, &after), ["train/cat/1.png -> train/dog/1-2.png"]);
    assert_eq!(told_rows(&before, &after), ["train/cat/1.png label: cat -> dog"]);
    let one = rows(&after, "key = 'train/cat/1.png'", &["path", "label", "weight"]);
    assert_eq!(one, ["train/dog/1-2.png dog 0.5"]);
    fixture.commit("main", |draft| set(draft, "train/cat/1.png", "label", text("cat")));
    assert_eq!(told(&before, &fixture.view("main")), Vec::<String>::new(), "it has its old name again");
}

#[test]
fn a_class_whose_last_image_went_is_a_class_still() {
    let fixture = Fixture::new(&[("cat/1.png", "c"), ("dog/1.png", "d")]);
    let before = fixture.view("main");
    fixture.commit("main", |draft| set(draft, "cat/1.png", "label", text("dog")));
    assert_eq!(told_rows(&before, &fixture.view("main")), ["cat/1.png label: cat -> dog"]);
    fixture.commit("main", |draft| set(draft, "cat/1.png", "label", text("cat")));
    assert_eq!(told(&before, &fixture.view("main")), Vec::<String>::new());
}

#[test]
fn images_of_a_class_that_is_merged_into_another_have_another_label_and_are_no_other_rows() {
    let fixture = pets();
    let before = fixture.view("main");
    fixture.commit("main", |draft| {
        let map = draft.view().class_maps(None)?.remove(0);
        draft.merge_classes(&map, &["dog".to_owned()], "cat").map(drop)
    });
    let told = told_rows(&before, &fixture.view("main"));
    assert_eq!(told, ["train/dog/1.png label: dog -> cat", "val/dog/9.png label: dog -> cat"]);
}

#[test]
fn a_new_class_is_made_on_purpose_alone() {
    let fixture = pets();
    let mut draft = fixture.draft("main");
    let refused = set(&mut draft, "train/cat/1.png", "label", text("fox")).expect_err("no such class");
    assert!(refused.to_string().contains("class map"), "{refused}");
    draft.allow_class("fox");
    set(&mut draft, "train/cat/1.png", "label", text("fox")).expect("allowed");
    assert_eq!(rows(draft.view(), "label = 'fox'", &["path"]), ["train/fox/1.png"]);
    let told = told_rows(&fixture.view("main"), draft.view());
    assert_eq!(told, ["train/cat/1.png label: cat -> fox"], "a folder that came is no row");
    draft.make_folder(&path("train/owl")).expect("made");
    set(&mut draft, "train/cat/2.png", "label", text("owl")).expect("its folder is there");
    for bad in [text("a/b"), text(".."), Value::Null] {
        assert!(set(&mut draft, "val/dog/9.png", "label", bad).is_err());
    }
}

#[test]
fn an_image_that_was_put_keeps_its_cells_when_it_is_moved() {
    let fixture = pets();
    let mut draft = fixture.draft("main");
    put(&mut draft, "train/cat/new.png", "n").expect("put");
    add_weight(&mut draft).expect("added");
    set(&mut draft, "train/cat/new.png", "weight", Value::Float(2.0)).expect("set");
    set(&mut draft, "train/cat/new.png", "label", text("dog")).expect("set");
    assert_eq!(rows(draft.view(), "weight = 2", &["key", "label"]), ["train/dog/new.png dog"]);
    draft.rename(&path("train/dog"), &path("train/wolf")).expect("moved");
    assert_eq!(rows(draft.view(), "weight = 2", &["key", "label"]), ["train/wolf/new.png wolf"]);
}

#[test]
fn annotations_are_joined_to_their_images() {
    let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("train.json", COCO)]);
    let columns = ["key", "path", "split", "label", "box_count", "labels"];
    let expected = [r#"a.png a.png train - 2 ["cat","dog"]"#, "b.png b.png - - - -", "gone.png - train - 0 []"];
    assert_eq!(rows(&fixture.view("main"), "true", &columns), expected);
    let boxes = rows(&fixture.view("main"), "box_count > 0", &["boxes"]);
    let expected = r#"[{"box":[1.0,2.0,3.0,4.0],"form":"xywh","key":"7","label":"cat"},"#;
    assert!(boxes[0].starts_with(expected), "{}", boxes[0]);
}

#[test]
fn captions_beside_the_instances_of_coco_are_no_boxes_and_no_class_map() {
    let captions = r#"{"images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
     "annotations": [{"id": 5, "image_id": 1, "caption": "one"}, {"id": 6, "image_id": 2, "caption": "another"}]}"#;
    let files = [("a.png", "a"), ("b.png", "b"), ("captions.json", captions), ("instances.json", COCO)];
    let fixture = Fixture::new(&files);
    let view = fixture.view("main");
    let expected = [r#"a.png 2 ["cat","dog"]"#, "b.png 0 []", "gone.png 0 []"];
    assert_eq!(rows(&view, "true", &["key", "box_count", "labels"]), expected);
    let maps = view.class_maps(None).expect("class maps");
    assert_eq!(maps.iter().map(|map| map.name.as_str()).collect::<Vec<_>>(), ["instances"]);
}

#[test]
fn the_size_that_coco_says_of_an_image_is_a_column_unless_another_table_has_one() {
    let coco = |file: &str, width: u32| {
        format!(
            r#"{{"images": [{{"id": 1, "file_name": "{file}", "width": {width}, "height": 30}}], "annotations": [], "categories": []}}"#
        )
    };
    let (train, val) = (coco("a.png", 40), coco("b.png", 50));
    let files = [("a.png", "a"), ("b.png", "b"), ("train.json", train.as_str()), ("val.json", val.as_str())];
    let columns = ["key", "width", "height"];
    let fixture = Fixture::new(&files);
    let view = fixture.view("main");
    assert_eq!(rows(&view, "true", &columns), ["a.png 40 30", "b.png 50 30"]);
    assert_eq!(rows(&view, "width > 40", &["key"]), ["b.png"]);
    let sizes = ("about.csv", "file,width\na.png,7\nb.png,8\n");
    let fixture = Fixture::new(&[files[0], files[1], files[2], sizes]);
    assert_eq!(rows(&fixture.view("main"), "true", &["key", "width"]), ["a.png 7", "b.png 8"]);
}

#[test]
fn yolo_files_and_a_table_of_names_are_joined() {
    let fixture = Fixture::new(&[
        ("images/train/a.png", "a"),
        ("images/val/b.png", "b"),
        ("labels/train/a.txt", "0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.1 0.1\n"),
        ("data.yaml", "train: images/train\nval: images/val\nnames: [cat, dog]\n"),
        ("about.csv", "file,score\nimages/train/a.png,0.5\nb.png,2\n"),
    ]);
    let columns = ["key", "split", "box_count", "labels", "score"];
    let expected = [r#"images/train/a.png train 2 ["cat","dog"] 0.5"#, "images/val/b.png val - - 2.0"];
    assert_eq!(rows(&fixture.view("main"), "true", &columns), expected);
}

#[test]
fn ids_of_coco_that_are_fractions_on_one_side_are_the_same_ids() {
    let coco =
        COCO.replace("\"image_id\": 1", "\"image_id\": 1.0").replace("\"category_id\": 2", "\"category_id\": 1.0");
    let fixture = Fixture::new(&[("a.png", "a"), ("t.json", &coco)]);
    assert_eq!(rows(&fixture.view("main"), "path is not null", &["key", "box_count", "label"]), ["a.png 2 cat"]);
}

#[test]
fn yolo_labels_may_stand_beside_their_images() {
    let fixture = Fixture::new(&[("d/a.png", "a"), ("d/a.txt", "3 0.5 0.5 0.2 0.2\n"), ("d/readme.txt", "no labels")]);
    assert_eq!(rows(&fixture.view("main"), "true", &["key", "box_count", "label"]), ["d/a.png 1 3"]);
}

#[test]
fn without_images_the_samples_are_the_rows_of_the_largest_table() {
    let fixture = Fixture::new(&[("a.csv", "x\n1\n"), ("b.csv", "y,label\n1,a\n2,b\n")]);
    assert_eq!(rows(&fixture.view("main"), "true", &["key", "y", "label", "excluded"]), ["0 1 a false", "1 2 b false"]);
    let view = fixture.view("main");
    fixture.commit("main", |draft| draft.exclude_samples(&["1".to_owned()], true).map(drop));
    assert_eq!(told_rows(&view, &fixture.view("main")).len(), 2, "the flag and the row");
    assert_eq!(rows(&fixture.view("main"), "excluded", &["key", "label"]), ["1 b"]);
    assert_eq!(content(&fixture.view("main"), "b.csv"), "y,label\n1,a\n");
}

#[test]
fn a_file_called_as_the_main_table_is_hides_it_not() {
    let fixture =
        Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("samples.csv", "image,label\na.png,cat\nb.png,dog\n")]);
    let view = fixture.view("main");
    assert_eq!(rows(&view, "true", &["key", "label"]), ["a.png cat", "b.png dog"]);
    let file = view.table(Some("samples.csv")).expect("the file's own");
    assert!(!file.is_samples() && view.table(Some("samples")).expect("the main table").is_samples());
    fixture.commit("main", |draft| {
        let cells = vec![("label".to_owned(), text("lynx"))];
        draft.edit_table(&file, vec![RowEdit::Set { row: "0".to_owned(), cells }]).map(drop)
    });
    assert_eq!(content(&fixture.view("main"), "samples.csv"), "image,label\na.png,lynx\nb.png,dog\n");
    let told = diff_rows(&view, &fixture.view("main")).expect("a diff");
    let paths: Vec<String> = told.into_iter().map(|diff| diff.path.to_string()).collect();
    assert_eq!(paths, ["samples.csv"], "of the file's rows, not of samples");
}

fn content(view: &View, at: &str) -> String {
    let mut bytes = Vec::new();
    let node = view.existing(&path(at)).expect("there");
    let opened = view.open(&node, crate::source::OnDrift::Error).expect("opened");
    opened.copy_to(&mut bytes).expect("read");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn rows_that_were_excluded_before_and_after_their_file_was_moved_come_back_each() {
    let fixture = Fixture::new(&[("a.csv", "x\n1\n2\n3\n4\n")]);
    let key = |at: usize| [at.to_string()];
    fixture.commit("main", |draft| {
        draft.exclude_samples(&key(1), true)?;
        draft.rename(&path("a.csv"), &path("b.csv"))?;
        draft.exclude_samples(&key(3), true).map(drop)
    });
    assert_eq!(
        rows(&fixture.view("main"), "true", &["key", "x", "excluded"]),
        ["0 1 false", "1 2 true", "2 3 false", "3 4 true"]
    );
    fixture.commit("main", |draft| draft.exclude_samples(&key(1), false).map(drop));
    assert_eq!(super::parsed::bytes(&fixture.view("main"), "b.csv"), "x\n1\n2\n3\n");
    fixture.commit("main", |draft| draft.exclude_samples(&key(3), false).map(drop));
    assert_eq!(super::parsed::bytes(&fixture.view("main"), "b.csv"), "x\n1\n2\n3\n4\n");
}

#[test]
fn an_excluded_sample_is_hidden_everywhere_and_comes_back_as_it_was() {
    let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("train.json", COCO)]);
    let annotations = |draft: &Draft| draft.view().table(Some("annotations")).expect("a table");
    fixture.commit("main", |draft| {
        let table = annotations(draft);
        let cells = vec![("bbox".to_owned(), Value::List([9, 9, 9, 9].map(Value::Int).to_vec()))];
        draft.edit_table(&table, vec![RowEdit::Set { row: "9".to_owned(), cells }]).map(drop)
    });
    let before = fixture.view("main");
    fixture.commit("main", |draft| {
        assert_eq!(draft.exclude_samples(&["a.png".to_owned(), "b.png".to_owned()], true)?, 2);
        assert_eq!(draft.exclude_samples(&["a.png".to_owned()], true)?, 0, "it is so already");
        Ok(())
    });
    let hidden = fixture.view("main");
    assert_eq!(hidden.node(&path("a.png")).expect("looked up"), None);
    assert!(!content(&hidden, "train.json").contains("\"id\": 7"), "{}", content(&hidden, "train.json"));
    assert_eq!(rows(&hidden, "excluded", &["key", "box_count", "path"]), ["a.png 2 a.png", "b.png - b.png"]);
    fixture.commit("main", |draft| draft.exclude_samples(&["a.png".to_owned(), "b.png".to_owned()], false).map(drop));
    let after = fixture.view("main");
    assert_eq!(content(&after, "train.json"), content(&before, "train.json"));
    assert_eq!(content(&after, "a.png"), "a");
    assert_eq!(rows(&after, "excluded", &["key"]), Vec::<String>::new());
    assert!(fixture.dataset.log(fixture.dataset.head(&main_branch()).expect("a head").id).count() >= 4);
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

#[test]
fn cells_of_two_people_are_merged_and_the_same_cell_is_a_conflict() {
    let fixture = pets();
    fixture.commit("main", add_weight);
    let head = fixture.dataset.head(&main_branch()).expect("a head").id;
    fixture.dataset.create_branch(&"other".parse().expect("a name"), head).expect("a branch");
    fixture.commit("main", |draft| set(draft, "train/cat/1.png", "weight", Value::Float(1.0)));
    fixture.commit("other", |draft| {
        set(draft, "train/cat/2.png", "weight", Value::Float(2.0))?;
        set(draft, "train/cat/1.png", "label", text("dog"))
    });
    let merge = |prefer| {
        let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
        let request = MergeRequest { theirs, into: &main_branch(), author: "ann", message: "merge", prefer };
        fixture.dataset.merge(&request).expect("merged")
    };
    assert!(matches!(merge(None), Outcome::Done { .. }));
    let expected = ["train/cat/1.png dog 1.0", "train/cat/2.png cat 2.0"];
    assert_eq!(rows(&fixture.view("main"), "weight > 0", &["key", "label", "weight"]), expected);
    fixture.commit("main", |draft| set(draft, "val/dog/9.png", "weight", Value::Float(3.0)));
    fixture.commit("other", |draft| set(draft, "val/dog/9.png", "weight", Value::Float(4.0)));
    let Outcome::Conflicts(conflicts) = merge(None) else { panic!("the same cell") };
    let row = &conflicts[0].rows[0];
    assert_eq!((&row.ours, &row.theirs), (&Some(Value::Float(3.0)), &Some(Value::Float(4.0))));
    assert!(matches!(merge(Some(Prefer::Theirs)), Outcome::Done { .. }));
    assert_eq!(rows(&fixture.view("main"), "weight > 2", &["weight"]), ["4.0"]);
}

#[test]
fn what_is_said_of_samples_is_one_change_and_stays_over_a_refresh() {
    let fixture = pets();
    fixture.commit("main", |draft| {
        add_weight(draft)?;
        set(draft, "val/dog/9.png", "weight", Value::Float(3.0))?;
        draft.exclude_samples(&["train/cat/2.png".to_owned()], true).map(drop)
    });
    let changes = diff(&fixture.dataset.view(fixture.first).expect("a view"), &fixture.view("main")).expect("a diff");
    let paths: Vec<_> = changes.iter().map(|change| (change.path.to_string(), change.what)).collect();
    let expected = [(".veneer/samples.parquet", What::Modified), ("train/cat/2.png", What::Removed)];
    assert_eq!(paths, expected.map(|(path, what)| (path.to_owned(), what)));
    write(fixture.source.path(), &[("train/cat/3.png", "new"), ("train/cat/2.png", "other")]);
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    let refreshed = fixture.dataset.refresh(&main_branch(), base, "ann").expect("refreshed");
    assert_eq!(refreshed.conflicts, []);
    let view = fixture.view("main");
    assert_eq!(rows(&view, "weight > 0 OR excluded", &["key"]), ["train/cat/2.png", "val/dog/9.png"]);
    fixture.commit("main", |draft| draft.exclude_samples(&["train/cat/2.png".to_owned()], false).map(drop));
    assert_eq!(content(&fixture.view("main"), "train/cat/2.png"), "other");
}

#[test]
fn what_cannot_be_done_to_samples_is_refused_and_nothing_is_changed() {
    let fixture = pets();
    let mut draft = fixture.draft("main");
    for (key, column, value) in [
        ("train/cat/7.png", "label", text("dog")),
        ("train/cat/1.png", "colour", text("red")),
        ("train/cat/1.png", "split", text("val")),
        ("train/cat/1.png", "excluded", text("perhaps")),
    ] {
        assert!(set(&mut draft, key, column, value).is_err(), "{key} {column}");
    }
    let table = samples(draft.view());
    let insert = RowEdit::Insert { after: None, cells: vec![("path".to_owned(), text("x.png"))] };
    assert!(draft.edit_table(&table, vec![insert]).is_err());
    assert!(draft.exclude_samples(&["nobody".to_owned()], true).is_err());
    assert_eq!(draft.changes().expect("changes"), []);
    draft.edit_table(&table, vec![RowEdit::Delete { row: "val/dog/9.png".to_owned() }]).expect("deleted");
    assert_eq!(draft.view().node(&path("val/dog/9.png")).expect("looked up"), None);
    assert_eq!(rows(draft.view(), "true", &["key"]).len(), 3);
}

#[test]
fn nothing_goes_where_an_excluded_image_is_to_come_back() {
    let fixture = pets();
    fixture.commit("main", |draft| draft.exclude_samples(&["train/dog/1.png".to_owned()], true).map(drop));
    let mut draft = fixture.draft("main");
    set(&mut draft, "train/cat/1.png", "label", text("dog")).expect("set");
    assert_eq!(rows(draft.view(), "key = 'train/cat/1.png'", &["path"]), ["train/dog/1-2.png"]);
    let taken = path("train/dog/1.png");
    put(&mut draft, "train/dog/1.png", "other").expect_err("excluded");
    draft.rename(&path("train/cat/2.png"), &taken).expect_err("excluded");
    draft.make_folder(&taken).expect_err("excluded");
    draft.put_symlink(&taken, b"elsewhere").expect_err("excluded");
    assert_eq!(draft.exclude_samples(&["train/dog/1.png".to_owned()], false).expect("included"), 1);
    assert_eq!(content(draft.view(), "train/dog/1.png"), "d1");
}

#[test]
fn a_new_image_that_is_excluded_outlives_its_folder_in_the_source() {
    let fixture = pets();
    fixture.commit("main", |draft| {
        put(draft, "val/dog/new.png", "n")?;
        draft.exclude_samples(&["val/dog/new.png".to_owned()], true).map(drop)
    });
    std::fs::remove_dir_all(fixture.source.path().join("val")).expect("removed");
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    fixture.dataset.refresh(&main_branch(), base, "ann").expect("refreshed");
    fixture.commit("main", |draft| draft.exclude_samples(&["val/dog/new.png".to_owned()], false).map(drop));
    assert_eq!(content(&fixture.view("main"), "val/dog/new.png"), "n");
}

#[test]
fn samples_that_a_file_cannot_set_are_refused_with_what_is_wrong() {
    let fixture = pets();
    let mut draft = fixture.draft("main");
    add_weight(&mut draft).expect("added");
    let table = samples(draft.view());
    let file = b"key,weight\ntrain/cat/1.png,0.5\nnobody.png,1\n".to_vec();
    let refused = draft.set_from(&table, &file, crate::table::detect::Promise::Delimited).expect_err("no such sample");
    assert!(refused.to_string().contains("nobody.png"), "{refused}");
    assert!(!refused.to_string().contains("of 2 rows"), "{refused}");
}

/// A second branch at the head of `main`.
fn branch_off(fixture: &Fixture) {
    let head = fixture.dataset.head(&main_branch()).expect("a head").id;
    fixture.dataset.create_branch(&"other".parse().expect("a name"), head).expect("a branch");
}

#[test]
fn a_conflict_of_samples_is_decided_for_their_side_or_by_a_value() {
    let fixture = pets();
    fixture.commit("main", add_weight);
    branch_off(&fixture);
    fixture.commit("main", |draft| set(draft, "val/dog/9.png", "weight", Value::Float(3.0)));
    let theirs = fixture.commit("other", |draft| set(draft, "val/dog/9.png", "weight", Value::Float(4.0)));
    for (how, weight) in [(Resolution::Theirs, "4.0"), (Resolution::Value(Value::Float(5.0)), "5.0")] {
        let mut draft = fixture.draft("main");
        assert!(draft.merge(theirs, "merge").expect("merged"));
        draft.resolve(&[0], &how).expect("decided");
        assert_eq!(rows(draft.view(), "key = 'val/dog/9.png'", &["weight"]), [weight]);
        assert!(draft.pending().is_some_and(|merge| merge.open.is_empty()));
    }
}

#[test]
fn a_sample_that_both_sides_exclude_is_no_conflict() {
    let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("train.json", COCO)]);
    branch_off(&fixture);
    let exclude = |draft: &mut Draft| draft.exclude_samples(&["a.png".to_owned()], true).map(drop);
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("annotations"))?;
        let cells = vec![("bbox".to_owned(), Value::List([9, 9, 9, 9].map(Value::Int).to_vec()))];
        draft.edit_table(&table, vec![RowEdit::Set { row: "9".to_owned(), cells }])?;
        exclude(draft)
    });
    let theirs = fixture.commit("other", exclude);
    let request = MergeRequest { theirs, into: &main_branch(), author: "ann", message: "merge", prefer: None };
    let merged = fixture.dataset.merge(&request).expect("merged");
    assert!(matches!(merged, Outcome::Done { .. } | Outcome::UpToDate), "{merged:?}");
    let mut draft = fixture.draft("main");
    draft.exclude_samples(&["a.png".to_owned()], false).expect("included");
    assert_eq!(rows(draft.view(), "key = 'a.png'", &["box_count", "excluded"]), ["2 false"]);
}

#[test]
fn discarding_the_samples_or_a_hidden_image_takes_the_sample_back_as_a_whole() {
    let fixture = Fixture::new(&[("a.png", "a"), ("b.png", "b"), ("train.json", COCO)]);
    let before = content(&fixture.view("main"), "train.json");
    for at in [".veneer/samples.parquet", "a.png"] {
        let mut draft = fixture.draft("main");
        draft.exclude_samples(&["a.png".to_owned()], true).expect("excluded");
        draft.discard(&[path(at)]).expect("discarded");
        assert_eq!(rows(draft.view(), "excluded", &["key"]), Vec::<String>::new(), "{at}");
        assert_eq!(content(draft.view(), "train.json"), before, "{at}");
        assert_eq!(draft.changes().expect("changes"), [], "{at}");
    }
}
