//! Tests of the room: real shapes of the file, random edits, mangled bytes.

use proptest::prelude::*;

use super::Coco;
use crate::model::Value;
use crate::table::testing::{Rng, edit_at_random, maul, takes_many_edits};
use crate::table::{FileEdits, Format, Insert, Role, RowSet, applied};

const INSTANCES: &str = r#"{"info": {"year": 2024}, "licenses": [{"id": 1}],
"images": [{"id": 1, "file_name": "a.jpg", "width": 10, "height": 20}, {"id": 2, "file_name": "b.jpg", "width": 5, "height": 5}],
"annotations": [
 {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2.50, 3, 4], "area": 12, "iscrowd": 0, "segmentation": [[1, 2, 3, 4, 5, 6]]},
 {"id": 3, "image_id": 2, "category_id": 9, "bbox": [0, 0, 9, 9], "area": 81.0, "iscrowd": 1, "segmentation": {"counts": [1, 24], "size": [5, 5]}, "note": "x"}
],
"categories": [{"id": 1, "name": "cat", "supercategory": "animal"}, {"id": 2, "name": "dog"}]}
"#;

const KEYPOINTS: &str = r#"{"images":[{"id":1,"file_name":"a.jpg"}],"annotations":[{"id":1,"image_id":1,"category_id":1,"num_keypoints":1,"keypoints":[1,2,2,0,0,0]}],"categories":[{"id":1,"name":"person","keypoints":["nose","eye"],"skeleton":[[1,2]]}]}"#;

const CAPTIONS: &str = "{\n    \"annotations\": [\n        {\n            \"image_id\": 1,\n            \"id\": 48,\n            \"caption\": \"Ein B\\u00e4r \\\"x\\\"\"\n        }\n    ],\n    \"images\": [\n    ]\n}\n";

fn set(table: usize, row: u64, column: usize, value: Value) -> FileEdits {
    FileEdits { sets: vec![RowSet { table, row, cells: vec![(column, value)] }], ..FileEdits::default() }
}

/// Makes one edit of `column` in the table `table` and compares the line that changed.
#[track_caller]
fn check(text: &str, [table, column]: [&str; 2], row: u64, value: Value, [old, new]: [&str; 2]) {
    let bytes = text.as_bytes().to_vec();
    let file = Coco.open(&bytes, None).expect("COCO");
    let table = file.tables().iter().position(|info| info.name == table).expect("a table");
    let column = file.tables()[table].schema.find(column).expect("a column");
    let value = file.check(table, column, &value).expect("a value of the column");
    let splice = file.splice(&set(table, row, column, value)).expect("an edit");
    let spliced = String::from_utf8(applied(&bytes, &splice).expect("no overlap")).expect("UTF-8");
    assert!(text.contains(old), "{old}");
    assert_eq!(spliced, text.replacen(old, new, 1));
}

#[test]
fn one_cell_changes_its_own_bytes_alone() {
    let float = |numbers: &[f64]| Value::List(numbers.iter().map(|number| Value::Float(*number)).collect());
    check(
        INSTANCES,
        ["annotations", "bbox"],
        0,
        float(&[1.0, 2.5, 7.0, 4.5]),
        ["[1, 2.50, 3, 4]", "[1, 2.50, 7, 4.5]"],
    );
    check(INSTANCES, ["annotations", "area"], 0, Value::Int(14), ["\"area\": 12", "\"area\": 14"]);
    check(INSTANCES, ["annotations", "area"], 1, Value::Int(14), ["81.0", "14.0"]);
    check(
        INSTANCES,
        ["annotations", "category_id"],
        0,
        Value::Text("dog".into()),
        ["\"category_id\": 1", "\"category_id\": 2"],
    );
    check(INSTANCES, ["categories", "name"], 0, Value::Text("kitten".into()), ["\"cat\"", "\"kitten\""]);
    check(
        INSTANCES,
        ["annotations", "note"],
        0,
        Value::Text("y".into()),
        ["[[1, 2, 3, 4, 5, 6]]", "[[1, 2, 3, 4, 5, 6]], \"note\": \"y\""],
    );
    check(
        INSTANCES,
        ["categories", "supercategory"],
        1,
        Value::Text("z".into()),
        ["\"dog\"", "\"dog\", \"supercategory\": \"z\""],
    );
    let mask = r#"{"counts":[2,23],"size":[5,5]}"#;
    check(INSTANCES, ["annotations", "segmentation"], 1, Value::Text(mask.into()), ["[1, 24]", "[2, 23]"]);
    check(KEYPOINTS, ["annotations", "keypoints"], 0, float(&[1.0, 3.0, 2.0, 0.0, 0.0, 0.0]), ["[1,2,2,", "[1,3,2,"]);
    check(CAPTIONS, ["annotations", "caption"], 0, Value::Text("\u{e4}".into()), [r#"Ein B\u00e4r \"x\""#, r"\u00e4"]);
}

#[test]
fn columns_say_what_they_are_for() {
    let bytes = INSTANCES.as_bytes().to_vec();
    let file = Coco.open(&bytes, None).expect("COCO");
    let names: Vec<&str> = file.tables().iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["images", "annotations", "categories"]);
    let role = |name: &str| {
        let schema = &file.tables()[1].schema;
        schema.columns[schema.find(name).expect("a column")].role.clone()
    };
    let classes = vec![("1".to_owned(), "cat".to_owned()), ("2".to_owned(), "dog".to_owned())];
    assert_eq!(role("category_id"), Role::Label { classes });
    assert_eq!((role("bbox"), role("segmentation"), role("id")), (Role::BoxXywh, Role::Mask, Role::Key));
    assert_eq!(role("image_id"), Role::Reference { table: "images".to_owned() });
    assert_eq!(file.find(1, "3").expect("a search"), Some(1));
    assert_eq!(file.find(1, "9").expect("a search"), None);
}

#[test]
fn what_the_file_cannot_mean_is_refused_before_it_is_written() {
    let bytes = INSTANCES.as_bytes().to_vec();
    let file = Coco.open(&bytes, None).expect("COCO");
    let refused = |table: usize, column: &str, value: Value| {
        let column = file.tables()[table].schema.find(column).expect("a column");
        file.check(table, column, &value).is_err()
    };
    assert!(refused(1, "category_id", Value::Int(9)) && refused(1, "category_id", Value::Text("cow".into())));
    assert!(refused(1, "bbox", Value::List(vec![Value::Int(1)])));
    assert!(refused(1, "area", Value::Float(f64::NAN)) && refused(1, "area", Value::Text("much".into())));
    assert!(refused(1, "segmentation", Value::Text("[[1,2]]".into())));
    assert!(refused(1, "image_id", Value::Null) && refused(0, "id", Value::Null));
    assert!(!refused(1, "area", Value::Text("3".into())) && !refused(1, "note", Value::Null));
    let twice = vec![Value::Int(1), Value::Text("x".into()), Value::Null, Value::Null];
    let edits = FileEdits {
        inserts: vec![Insert { table: 0, after: None, cells: twice, ..Insert::default() }],
        ..FileEdits::default()
    };
    assert!(file.splice(&edits).is_err(), "its id is taken");
}

#[test]
fn the_first_of_two_rows_with_one_id_wins_and_the_second_is_told() {
    let text = "{\"images\":[{\"id\":2},{\"id\":1},\n{\"id\":2}]}".as_bytes().to_vec();
    let file = Coco.open(&text, None).expect("COCO");
    let problem = file.tables()[0].problem.clone().expect("a second row");
    assert_eq!((problem.line, problem.column, file.tables()[0].rows), (2, 1, 3));
    assert_eq!(file.find(0, "2").expect("a search"), Some(0));
}

#[test]
fn odd_annotations_are_kept_and_told() {
    let bytes = INSTANCES.replace("\"image_id\": 1,", "\"image_id\": 8,").into_bytes();
    let file = Coco.open(&bytes, None).expect("COCO");
    let flags = Coco.flags(&*file).expect("it can be read");
    let told: Vec<(u64, &str)> = flags.iter().map(|flag| (flag.row, flag.why.as_str())).collect();
    let expected = [
        (0, "an image that is not in the file"),
        (1, "a class that is not in the class map"),
        (1, "a box that reaches beyond the image"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn masks_that_no_counts_can_mean_are_told_and_kept() {
    for counts in ["[-1, 26]", "[1, 2]", "7"] {
        let bytes = INSTANCES.replace("[1, 24]", counts).into_bytes();
        let file = Coco.open(&bytes, None).expect("COCO");
        let flags = Coco.flags(&*file).expect("it can be read");
        let told: Vec<(u64, &str)> = flags.iter().map(|flag| (flag.row, flag.why.as_str())).collect();
        let mask = (1, "a mask whose `counts` and `size` are not those of one");
        assert!(told.contains(&mask) && file.tables()[1].rows == 2, "{counts}: {told:?}");
    }
}

#[test]
fn a_file_of_another_kind_is_refused_with_a_reason() {
    for text in ["", "[]", "{}", "{\"data\":[]}", "\u{feff}", "x", "{\"images\":3}", "\u{1}\u{0}"] {
        assert!(Coco.open(&text.as_bytes().to_vec(), None).is_err(), "{text}");
    }
    let marked = format!("\u{feff}{INSTANCES}").into_bytes();
    assert_eq!(Coco.open(&marked, None).expect("COCO").tables().len(), 3);
}

#[test]
fn edits_at_random_are_often_taken() {
    takes_many_edits(&Coco, &INSTANCES.as_bytes().to_vec());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_edits_give_exactly_the_edited_rows(seed: u64) {
        let mut rng = Rng(seed);
        let text = rng.pick(&[INSTANCES, KEYPOINTS, CAPTIONS]);
        if let Some(spliced) = edit_at_random(&Coco, &text.as_bytes().to_vec(), &mut rng) {
            serde_json::from_slice::<serde_json::Value>(&spliced).expect("it stays JSON");
            edit_at_random(&Coco, &spliced, &mut rng);
        }
    }
}

#[test]
fn mangled_files_are_read_as_far_as_they_go() {
    let examples = [INSTANCES.as_bytes(), KEYPOINTS.as_bytes(), CAPTIONS.as_bytes()];
    maul(
        &Coco,
        100_000,
        &examples,
        &["{", "}", "[", "]", ",", "\"", "\\ud800", "1e999", "null", "\"id\":", "NaN", "99999999999999999999"],
    );
}
