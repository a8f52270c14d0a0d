//! Class maps: what they are told as, and what renaming, adding and merging makes of files.

use super::rows::text;
use super::*;
use crate::dataset::rows::{ClassMap, RowEdit};
use crate::model::Value;

const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 3},
  {"id": 2, "image_id": 1, "category_id": 5},
  {"id": 3, "image_id": 1, "category_id": 8}],
 "categories": [{"id": 3, "name": "car"}, {"id": 5, "name": "van"}, {"id": 8, "name": "bus"}]}"#;
pub(super) const YAML: &str = "train: images\nnames:\n  0: car\n  1: van\n  2: bus\n";
const VOC: &str = "<annotation><object><name>car</name></object><object><name>van</name></object></annotation>";

fn map(draft: &Draft) -> ClassMap {
    draft.view().class_maps(None).expect("class maps").remove(0)
}

/// The classes of the only map: number, name and how many labels.
fn told(draft: &Draft) -> Vec<String> {
    let classes = draft.view().classes(&map(draft)).expect("classes");
    let line = |class: crate::dataset::rows::Class| {
        format!("{} {} {}", class.number.unwrap_or_default(), class.name, class.labels).trim_start().to_owned()
    };
    classes.into_iter().map(line).collect()
}

fn merge(draft: &mut Draft, from: &[&str], into: &str) -> Result<usize> {
    let from: Vec<String> = from.iter().map(|name| (*name).to_owned()).collect();
    draft.merge_classes(&map(draft), &from, into)
}

#[test]
fn classes_of_coco_are_rows_that_can_go() {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    let mut draft = fixture.draft("main");
    assert_eq!(told(&draft), ["3 car 1", "5 van 1", "8 bus 1"]);
    assert_eq!(merge(&mut draft, &["van", "car"], "car").expect("merged"), 1);
    let merged = COCO.replace("\"category_id\": 5", "\"category_id\": 3");
    assert_eq!(text(draft.view(), "coco.json"), merged.replace("{\"id\": 5, \"name\": \"van\"}, ", ""));
    assert_eq!(told(&draft), ["3 car 2", "8 bus 1"]);
    draft.add_class(&map(&draft), "tram").expect("a new class");
    draft.rename_class(&map(&draft), "bus", "coach").expect("another name");
    assert_eq!(told(&draft), ["3 car 2", "8 coach 1", "9 tram 0"]);
    assert_eq!(merge(&mut draft, &["coach", "tram"], "public").expect("a new name for both"), 0);
    assert_eq!(told(&draft), ["3 car 2", "8 public 1"]);
}

#[test]
fn labels_of_coco_that_are_fractions_are_of_the_class_of_that_number() {
    let coco = COCO.replace("\"category_id\": 5", "\"category_id\": 5.0");
    let fixture = Fixture::new(&[("coco.json", &coco)]);
    let mut draft = fixture.draft("main");
    assert_eq!(told(&draft), ["3 car 1", "5 van 1", "8 bus 1"]);
    assert_eq!(merge(&mut draft, &["van"], "car").expect("merged"), 1);
    assert_eq!(told(&draft), ["3 car 2", "8 bus 1"]);
    assert!(!text(draft.view(), "coco.json").contains("5.0"));
}

#[test]
fn a_class_of_yolo_that_was_merged_keeps_its_place_and_all_numbers_their_meaning() {
    let files =
        [("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n2 .5 .5 .1 .1\n"), ("labels/b.txt", "1 .5 .5 .2 .2\n")];
    let fixture = Fixture::new(&files);
    let mut draft = fixture.draft("main");
    assert_eq!(told(&draft), ["0 car 0", "1 van 2", "2 bus 1"]);
    assert_eq!(merge(&mut draft, &["van"], "car").expect("merged"), 2);
    assert_eq!(text(draft.view(), "labels/a.txt"), "0 .5 .5 .1 .1\n2 .5 .5 .1 .1\n");
    assert_eq!(text(draft.view(), "data.yaml"), YAML);
    draft.rename_class(&map(&draft), "bus", "coach").expect("another name");
    draft.add_class(&map(&draft), "tram").expect("a new class");
    assert_eq!(text(draft.view(), "data.yaml"), YAML.replace("bus\n", "coach\n  3: tram\n"));
    assert_eq!(told(&draft), ["0 car 2", "1 van 0", "2 coach 1", "3 tram 0"]);
    draft.save("classes").expect("a step");
    draft.undo().expect("one step");
    assert!(draft.changes().expect("a diff").is_empty());
}

#[test]
fn classes_of_voc_are_the_names_of_its_objects() {
    let fixture = Fixture::new(&[("a.xml", VOC), ("b.xml", VOC)]);
    let mut draft = fixture.draft("main");
    assert_eq!(told(&draft), ["car 2", "van 2"]);
    draft.rename_class(&map(&draft), "van", "lorry").expect("another name");
    assert_eq!(merge(&mut draft, &["lorry", "car"], "vehicle").expect("merged"), 4);
    assert_eq!(text(draft.view(), "b.xml"), VOC.replace("car", "vehicle").replace("van", "vehicle"));
    assert!(draft.add_class(&map(&draft), "bus").is_err(), "there is no list to add it to");
}

#[test]
fn what_cannot_be_done_to_classes_changes_nothing() {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    let mut draft = fixture.draft("main");
    let map = map(&draft);
    let refused = [
        draft.rename_class(&map, "lorry", "x").map(|_| ()),
        draft.rename_class(&map, "car", "van").map(|_| ()),
        draft.add_class(&map, "car"),
        merge(&mut draft, &["car", "lorry"], "van").map(|_| ()),
    ];
    let kinds = refused.map(|result| std::mem::discriminant(result.expect_err("refused").kind()));
    assert!(kinds[0] == kinds[3] && kinds[1] == kinds[2] && kinds[0] != kinds[1]);
    assert!(draft.changes().expect("a diff").is_empty());
    assert!(draft.view().class_maps(Some("nowhere")).is_err());
    assert_eq!(
        draft.view().class_maps(Some("annotations")).map_or(0, |maps| maps.len()),
        0,
        "a part is no name of a map"
    );
    assert_eq!(draft.view().class_maps(Some("coco.annotations")).expect("its labels' table").len(), 1);
}

/// Gives an annotation another class, by number or name.
fn label(draft: &mut Draft, row: &str, class: Value) -> Result<()> {
    let table = draft.view().table(Some("annotations"))?;
    let cells = vec![("category_id".to_owned(), class)];
    draft.edit_table(&table, vec![RowEdit::Set { row: row.to_owned(), cells }]).map(drop)
}

fn class(name: &str) -> Value {
    Value::Text(name.to_owned())
}

#[test]
fn labels_of_coco_take_the_classes_that_the_draft_has() {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    let mut draft = fixture.draft("main");
    draft.add_class(&map(&draft), "tram").expect("a new class");
    label(&mut draft, "1", class("tram")).expect("it was added");
    draft.rename_class(&map(&draft), "bus", "coach").expect("another name");
    label(&mut draft, "2", class("coach")).expect("its new name");
    label(&mut draft, "2", class("bus")).expect_err("its old name");
    merge(&mut draft, &["van"], "car").expect("merged");
    label(&mut draft, "3", Value::Int(5)).expect_err("it was merged away");
    label(&mut draft, "3", class("van")).expect_err("it was merged away");
    draft.commit("classes", "ann").expect("a commit");
    let mut draft = fixture.draft("main");
    label(&mut draft, "3", Value::Int(9)).expect("it was added before");
    assert_eq!(told(&draft), ["3 car 0", "8 coach 1", "9 tram 2"]);
    assert_eq!(draft.view().odd_rows(&draft.view().table(Some("annotations")).expect("a table")).expect("read"), []);
}

#[test]
fn a_label_whose_class_goes_stays_as_it_is_whatever_else_its_row_gets() {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    let mut draft = fixture.draft("main");
    label(&mut draft, "1", class("van")).expect("a class");
    let table = |draft: &Draft, name| draft.view().table(Some(name)).expect("a table");
    let categories = table(&draft, "categories");
    draft.edit_table(&categories, vec![RowEdit::Delete { row: "5".to_owned() }]).expect("it can go");
    let cells = vec![("id".to_owned(), Value::Int(2)), ("file_name".to_owned(), Value::Text("b.png".to_owned()))];
    draft.edit_table(&table(&draft, "images"), vec![RowEdit::Insert { after: None, cells }]).expect("an image");
    let annotations = table(&draft, "annotations");
    let cells = vec![("image_id".to_owned(), Value::Int(2))];
    draft.edit_table(&annotations, vec![RowEdit::Set { row: "1".to_owned(), cells }]).expect("another cell");
    assert!(text(draft.view(), "coco.json").contains(r#"{"id": 1, "image_id": 2, "category_id": 5}"#));
}

#[test]
fn a_label_of_an_added_class_is_made_again_over_a_source_that_changed() {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    fixture.commit("main", |draft| {
        draft.add_class(&map(draft), "tram")?;
        label(draft, "1", class("tram"))
    });
    let source = COCO.replace("\"name\": \"van\"", "\"name\": \"lorry\"");
    write(fixture.source.path(), &[("coco.json", &source)]);
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    assert_eq!(fixture.dataset.refresh(&main_branch(), base, "ann").expect("a refresh").conflicts, []);
    assert_eq!(told(&fixture.draft("main")), ["3 car 0", "5 lorry 1", "8 bus 1", "9 tram 1"]);
}

#[test]
fn of_classes_of_one_name_all_labels_move() {
    let twice = COCO.replace("bus", "van");
    let fixture = Fixture::new(&[("coco.json", &twice)]);
    let mut draft = fixture.draft("main");
    assert_eq!(merge(&mut draft, &["van"], "car").expect("merged"), 2);
    assert_eq!(told(&draft), ["3 car 3"]);
    let mut draft = fixture.dataset.draft(&main_branch(), &"bob".parse().expect("a name")).expect("a draft");
    assert_eq!(merge(&mut draft, &["van"], "van").expect("both are one"), 1);
    assert_eq!(told(&draft), ["3 car 1", "5 van 2"]);

    let labels = "1 .5 .5 .1 .1\n2 .5 .5 .1 .1\n";
    let fixture = Fixture::new(&[("data.yaml", &YAML.replace("bus", "van")), ("labels/a.txt", labels)]);
    let mut draft = fixture.draft("main");
    assert_eq!(merge(&mut draft, &["van"], "lorry").expect("merged"), 1);
    assert_eq!(told(&draft), ["0 car 0", "1 lorry 2", "2 van 0"]);
}

#[test]
fn labels_of_excluded_samples_are_merged_and_renamed_with_the_others() {
    let xml = VOC.replace("<annotation>", "<annotation><filename>b.png</filename>");
    let (yolo, image) = ("1 .5 .5 .1 .1\n", "p");
    type Files<'a> = Vec<(&'a str, &'a str)>;
    let sets: [(&str, Files<'_>, &str); 3] = [
        ("images/a.png", vec![("images/a.png", image), ("coco.json", COCO)], "coco.json"),
        ("images/a.png", vec![("images/a.png", image), ("labels/a.txt", yolo), ("data.yaml", YAML)], "labels/a.txt"),
        ("b.png", vec![("a.png", image), ("a.xml", VOC), ("b.png", image), ("b.xml", &xml)], "b.xml"),
    ];
    for (sample, files, labels) in sets {
        let fixture = Fixture::new(&files);
        let exclude = |draft: &mut Draft, is_excluded| {
            draft.exclude_samples(&[sample.to_owned()], is_excluded).expect("a sample")
        };
        let mut plain = fixture.draft("main");
        merge(&mut plain, &["van"], "car").expect("merged");
        let mut draft = fixture.dataset.draft(&main_branch(), &"bob".parse().expect("a name")).expect("a draft");
        exclude(&mut draft, true);
        let hidden = draft.view().node(&path(labels)).expect("looked up").is_none();
        merge(&mut draft, &["van"], "car").expect("merged");
        assert_eq!(draft.view().node(&path(labels)).expect("looked up").is_none(), hidden, "it is excluded still");
        exclude(&mut draft, false);
        assert_eq!(text(draft.view(), labels), text(plain.view(), labels));
        assert_ne!(text(plain.view(), labels), text(&fixture.view("main"), labels));
    }
}

const FOLDERS: [(&str, &str); 5] = [
    ("train/cat/1.png", "c1"),
    ("train/cat/2.png", "c2"),
    ("train/dog/1.png", "d1"),
    ("train/fox/3.png", "f3"),
    ("val/dog/9.png", "d9"),
];

/// The paths of the samples that are there, in order.
fn files(view: &View) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![view.root().expect("a root")];
    while let Some(folder) = folders.pop() {
        for child in view.children(&folder).expect("children") {
            if child.is_folder() { folders.push(child) } else { found.push(child.path.to_string()) }
        }
    }
    found.sort();
    found
}

#[test]
fn folders_of_classes_are_a_class_map() {
    let fixture = Fixture::new(&FOLDERS);
    let mut draft = fixture.draft("main");
    assert_eq!(told(&draft), ["cat 2", "dog 2", "fox 1"]);
    assert_eq!(draft.rename_class(&map(&draft), "dog", "wolf").expect("renamed"), 2);
    assert_eq!(told(&draft), ["cat 2", "fox 1", "wolf 2"]);
    assert!(files(draft.view()).contains(&"val/wolf/9.png".to_owned()));
    draft.rename_class(&map(&draft), "wolf", "cat").expect_err("that is a class");
    draft.rename_class(&map(&draft), "owl", "bird").expect_err("no such class");
    draft.rename_class(&map(&draft), "wolf", "dog").expect("renamed back");
    assert_eq!(draft.changes().expect("changes"), []);
    draft.add_class(&map(&draft), "owl").expect("added");
    draft.add_class(&map(&draft), "a/b").expect_err("no name of a folder");
    assert_eq!(told(&draft), ["cat 2", "dog 2", "fox 1", "owl 0"]);
}

#[test]
fn folders_of_classes_are_merged_with_what_is_excluded() {
    let fixture = Fixture::new(&FOLDERS);
    let mut draft = fixture.draft("main");
    draft.exclude_samples(&["train/dog/1.png".to_owned()], true).expect("excluded");
    assert_eq!(told(&draft), ["cat 2", "dog 1", "fox 1"]);
    assert_eq!(merge(&mut draft, &["dog", "cat"], "cat").expect("merged"), 2);
    assert_eq!(told(&draft), ["cat 3", "fox 1"]);
    draft.exclude_samples(&["train/dog/1.png".to_owned()], false).expect("included");
    let expected = ["train/cat/1-2.png", "train/cat/1.png", "train/cat/2.png", "train/fox/3.png", "val/cat/9.png"];
    assert_eq!(files(draft.view()), expected);
    assert_eq!(draft.view().node(&path("val/dog")).expect("looked up"), None);
    assert_eq!(merge(&mut draft, &["cat", "fox"], "pet").expect("a new name for both"), 5);
    assert_eq!(told(&draft), ["pet 5"]);
}

#[test]
fn the_name_of_a_class_is_one_line_of_text() {
    let fixture = Fixture::new(&[("data.yaml", YAML), ("labels/a.txt", "1 .5 .5 .1 .1\n")]);
    let mut draft = fixture.draft("main");
    let map = map(&draft);
    for name in ["", " ", "a\nb", "a\tb"] {
        let van = ["van".to_owned()];
        let refused = [
            draft.add_class(&map, name).map(|()| 0),
            draft.rename_class(&map, "van", name),
            draft.merge_classes(&map, &van, name),
        ];
        assert!(refused.iter().all(Result::is_err), "{name:?}: {refused:?}");
    }
    assert_eq!(text(draft.view(), "data.yaml"), YAML);
    // One that is there already is taken, whatever its name.
    let fixture = Fixture::new(&[("coco.json", &COCO.replace("\"bus\"", "\"city\\tbus\""))]);
    let mut draft = fixture.draft("main");
    let map = self::map(&draft);
    draft.merge_classes(&map, &["van".to_owned()], "city\tbus").expect("it is there");
}
