//! The area of an annotation, from the command on: it follows its box, or is said to stay.

use harness::{Home, source};

const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [
{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
{"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 9, "iscrowd": 0, "segmentation": [[1, 2, 4, 2, 4, 6]]}],
"categories": [{"id": 1, "name": "cat"}]}"#;

#[test]
fn the_area_of_an_annotation_follows_its_box_or_is_said_to_stay() {
    let home = Home::new();
    home.source("src", &source! { "coco.json": COCO });
    home.ok("import d src");
    let shown = || home.ok("cat d coco.json --draft");
    home.ok("set d annotations --key 1 bbox=[1,2,5,4]");
    assert_eq!(shown(), COCO.replace("3, 4], \"area\": 12", "5, 4], \"area\": 20"));
    home.ok("undo d");
    assert_eq!(shown(), COCO, "it is one step");
    let ran = home.run("set d annotations --where true bbox=[1,2,5,4]");
    assert!(
        ran.stderr.contains("`area` stays, since there is a segmentation whose area it may be (1 row)"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        shown(),
        COCO.replace("3, 4], \"area\": 12", "5, 4], \"area\": 20").replace("3, 4], \"area\": 9", "5, 4], \"area\": 9")
    );
    home.ok("undo d");
    let ran = home.run("set d annotations --key 2 bbox=[1,2,5,4] area=10");
    assert!(ran.code == Some(0) && !ran.stderr.contains("stays"), "{}", ran.stderr);
    assert_eq!(shown(), COCO.replace("3, 4], \"area\": 9", "5, 4], \"area\": 10"));
    home.ok("insert d annotations image_id=1 category_id=cat bbox=[0,0,2,3]");
    let coco: serde_json::Value = serde_json::from_str(&shown()).expect("still JSON");
    let new = &coco["annotations"][2];
    assert_eq!((new["area"].as_f64(), new["iscrowd"].as_i64()), (Some(6.0), Some(0)), "{new}");
}
