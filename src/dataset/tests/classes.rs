//! Class maps: what they are told as, and what renaming, adding and merging makes of files.

use super::rows::text;
use super::*;
use crate::dataset::rows::ClassMap;

const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 3},
  {"id": 2, "image_id": 1, "category_id": 5},
  {"id": 3, "image_id": 1, "category_id": 8}],
 "categories": [{"id": 3, "name": "car"}, {"id": 5, "name": "van"}, {"id": 8, "name": "bus"}]}"#;
const YAML: &str = "train: images\nnames:\n  0: car\n  1: van\n  2: bus\n";
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
