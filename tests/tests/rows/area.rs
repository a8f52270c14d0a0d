//! The area of an annotation, from the command on: a new one has it, and that of an edited box is said to stay.

use harness::{Home, source};

const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [
{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
{"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 9, "iscrowd": 0, "segmentation": [[1, 2, 4, 2, 4, 6]]}],
"categories": [{"id": 1, "name": "cat"}]}"#;

#[test]
fn the_area_of_an_edited_box_is_said_to_stay_and_a_new_annotation_has_one() {
    let home = Home::new();
    home.source("src", &source! { "coco.json": COCO });
    home.ok("import d src");
    let shown = || home.ok("cat d coco.json --draft");
    let ran = home.run("set d annotations --where true bbox=[1,2,5,4]");
    let hint = "`area` stays as it was; `area=bbox[3] * bbox[4]` makes it that of the box (1 row)";
    assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    assert_eq!(shown(), COCO.replace("3, 4]", "5, 4]"), "nothing but what is named");
    let ran = home.run_args(["set", "d", "annotations", "--key", "1", "area=bbox[3] * bbox[4]"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(shown(), COCO.replace("3, 4]", "5, 4]").replace("\"area\": 12", "\"area\": 20"));
    home.ok("undo d");
    home.ok("undo d");
    let ran = home.run("set d annotations --key 1 bbox=[1,2,5,4] area=20");
    assert!(ran.code == Some(0) && !ran.stderr.contains("stays"), "{}", ran.stderr);
    assert_eq!(shown(), COCO.replace("3, 4], \"area\": 12", "5, 4], \"area\": 20"));
    home.ok("insert d annotations image_id=1 category_id=cat bbox=[0,0,2,3]");
    let coco: serde_json::Value = serde_json::from_str(&shown()).expect("still JSON");
    let new = &coco["annotations"][2];
    assert_eq!((new["area"].as_f64(), new["iscrowd"].as_i64()), (Some(6.0), Some(0)), "{new}");
}
