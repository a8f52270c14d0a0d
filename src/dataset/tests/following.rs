//! Cells that follow from others: the area of a new annotation.

use std::collections::BTreeMap;

use super::parsed::bytes;
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}],
"annotations": [
{"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0, "segmentation": []},
{"id": 2, "image_id": 1, "bbox": [1, 2, 3, 4], "area": 9.5, "iscrowd": 0, "segmentation": [[1, 2, 4, 2, 4, 6]]},
{"id": 3, "image_id": 1, "bbox": [1, 2, 3, 4], "area": 12.0, "iscrowd": 1}],
"categories": []}
"#;
const STAYS: &str = "`area` stays as it was; `area=bbox[3] * bbox[4]` makes it that of the box";

fn cells(cells: &[(&str, &str)]) -> Vec<(String, Value)> {
    let cell = |(name, json): &(&str, &str)| ((*name).to_owned(), Value::from_json_text(json).expect("JSON"));
    cells.iter().map(cell).collect()
}

fn set(row: &str, named: &[(&str, &str)]) -> RowEdit {
    RowEdit::Set { row: row.to_owned(), cells: cells(named) }
}

fn insert(named: &[(&str, &str)]) -> RowEdit {
    RowEdit::Insert { after: None, cells: cells(named) }
}

/// Makes edits and compares: the text that changed, and in how many rows something stayed.
#[track_caller]
fn check(edits: Vec<RowEdit>, changed: &[[&str; 2]], stays: u64) {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    let mut draft = fixture.draft("main");
    let table = draft.view().table(Some("annotations")).expect("a table");
    draft.edit_table(&table, edits).expect("edits");
    let mut expected = COCO.to_owned();
    for [old, new] in changed {
        assert_eq!(expected.matches(old).count(), 1, "{old}");
        expected = expected.replace(old, new);
    }
    assert_eq!(bytes(draft.view(), "coco.json"), expected);
    let told = if stays > 0 { BTreeMap::from([(STAYS, stays)]) } else { BTreeMap::new() };
    assert_eq!(draft.take_stays(), told);
    assert_eq!(draft.take_stays(), BTreeMap::new(), "it is told once");
}

#[test]
fn an_edit_of_a_box_leaves_the_area_as_it_was_and_that_is_told_where_no_mask_has_it() {
    let first =
        ["{\"id\": 1, \"image_id\": 1, \"bbox\": [1, 2, 3, 4]", "{\"id\": 1, \"image_id\": 1, \"bbox\": [1, 2, 5, 4]"];
    let third = ["[1, 2, 3, 4], \"area\": 12.0", "[1, 2, 2.5, 4], \"area\": 12.0"];
    let both = vec![set("1", &[("bbox", "[1, 2, 5, 4]")]), set("3", &[("bbox", "[1, 2, 2.5, 4]")])];
    check(both, &[first, third], 2);
    let moved =
        ["{\"id\": 1, \"image_id\": 1, \"bbox\": [1, 2, 3, 4]", "{\"id\": 1, \"image_id\": 1, \"bbox\": [7, 8, 3, 4]"];
    check(vec![set("1", &[("bbox", "[7, 8, 3, 4]")])], &[moved], 0);
    let of_mask = ["[1, 2, 3, 4], \"area\": 9.5", "[1, 2, 5, 4], \"area\": 9.5"];
    check(vec![set("2", &[("bbox", "[1, 2, 5, 4]")])], &[of_mask], 0);
    let named = ["[1, 2, 3, 4], \"area\": 12.0", "[1, 2, 5, 4], \"area\": 1.0"];
    check(vec![set("3", &[("bbox", "[1, 2, 5, 4]"), ("area", "1")])], &[named], 0);
    check(vec![set("3", &[("area", "1")]), set("3", &[("bbox", "[1, 2, 5, 4]")])], &[named], 0);
}

#[test]
fn a_new_annotation_has_an_area_and_says_that_it_is_no_crowd_and_has_no_mask() {
    let end = "\"area\": 12.0, \"iscrowd\": 1}";
    for (given, area, mask) in [
        (&[][..], "18", ", \"segmentation\": []"),
        (&[("area", "5")][..], "5", ", \"segmentation\": []"),
        (&[("segmentation", "[[0, 0, 4, 0, 4, 3]]")][..], "6", ", \"segmentation\": [[0.0, 0.0, 4.0, 0.0, 4.0, 3.0]]"),
    ] {
        let mut named = vec![("image_id", "1"), ("bbox", "[1, 2, 3, 6]")];
        named.extend(given);
        let row =
            format!("{{\"id\": 4, \"image_id\": 1, \"bbox\": [1, 2, 3, 6], \"area\": {area}.0, \"iscrowd\": 0{mask}}}");
        check(vec![insert(&named)], &[[end, &format!("{end},\n{row}")]], 0);
    }
}

#[test]
fn an_annotation_is_given_to_no_image_that_there_is_not() {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    let mut draft = fixture.draft("main");
    let tables = ["annotations", "images"].map(|name| draft.view().table(Some(name)).expect("a table"));
    let [annotations, images] = tables;
    let to = |image: &str| [set("1", &[("image_id", image)]), insert(&[("image_id", image), ("bbox", "[1, 2, 3, 6]")])];
    for edit in to("77") {
        let refused = draft.edit_table(&annotations, vec![edit]).expect_err("there is no such image");
        assert!(refused.to_string().contains("image_id"), "{refused}");
    }
    draft.edit_table(&images, vec![insert(&[("id", "77"), ("file_name", "\"new.jpg\"")])]).expect("a new image");
    draft.exclude_samples(&["new.jpg".to_owned(), "a.png".to_owned()], true).expect("excluded");
    draft.rename(&path("coco.json"), &path("all.json")).expect("moved");
    let [annotations, images] = ["annotations", "images"].map(|name| draft.view().table(Some(name)).expect("a table"));
    for image in ["77", "1"] {
        let [_, new] = to(image);
        draft.edit_table(&annotations, vec![new]).expect("there is one, which is hidden");
    }
    draft.exclude_samples(&["a.png".to_owned()], false).expect("included");
    draft.edit_table(&images, vec![RowEdit::Delete { row: "1".to_owned() }]).expect("deleted");
    let [_, new] = to("1");
    draft.edit_table(&annotations, vec![new]).expect_err("there is none any more");
}

#[test]
fn nothing_follows_from_edits_that_are_made_exactly() {
    let fixture = Fixture::new(&[("coco.json", COCO)]);
    let mut draft = fixture.draft("main");
    let table = draft.view().table(Some("annotations")).expect("a table");
    let named = [("image_id", "1"), ("bbox", "[1, 2, 3, 6]")];
    draft.edit_table_exactly(&table, vec![insert(&named)]).expect("edits");
    let end = "\"area\": 12.0, \"iscrowd\": 1}";
    let row = "{\"id\": 4, \"image_id\": 1, \"bbox\": [1, 2, 3, 6]}";
    assert_eq!(bytes(draft.view(), "coco.json"), COCO.replacen(end, &format!("{end},\n{row}"), 1));
}

#[test]
fn a_new_object_of_voc_says_what_all_others_say() {
    let others = "\t<object>\n\t\t<name>cat</name>\n\t\t<pose>Left</pose>\n\t\t<truncated>1</truncated>\n\t\t<difficult>1</difficult>\n\t\t<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>\n\t</object>\n";
    let xml = format!("<annotation>\n{others}</annotation>\n");
    let fixture = Fixture::new(&[("a.xml", xml.as_str())]);
    let mut draft = fixture.draft("main");
    let table = draft.view().table(Some("objects")).expect("a table");
    let named = [("file", "\"a.xml\""), ("name", "\"dog\""), ("box", "[5, 6, 7, 8]"), ("truncated", "1")];
    draft.edit_table(&table, vec![insert(&named)]).expect("inserted");
    let new = others
        .replace(">cat<", ">dog<")
        .replace("Left", "Unspecified")
        .replace("<difficult>1", "<difficult>0")
        .replace(
            "<xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4<",
            "<xmin>5</xmin><ymin>6</ymin><xmax>7</xmax><ymax>8<",
        );
    assert_eq!(bytes(draft.view(), "a.xml"), xml.replace(others, &format!("{others}{new}")));
}
