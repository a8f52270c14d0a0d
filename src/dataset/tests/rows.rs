//! Rows of a draft: where new ones go, which keys they get, and tables of many files.

use super::*;
use crate::ErrorKind;
use crate::dataset::rows::{RowEdit, RowScan};
use crate::model::Value;
use crate::table::Flow;

const CSV: &str = "name\na\nb\nc\n";
const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
 "annotations": [{"id": 9, "image_id": 1, "area": 5}, {"id": 7, "image_id": 1, "area": 6}],
 "categories": [{"id": 1, "name": "cat"}]}"#;

fn fixture() -> Fixture {
    Fixture::new(&[("names.csv", CSV), ("coco.json", COCO)])
}

fn insert(after: Option<&str>, cells: &[(&str, Value)]) -> RowEdit {
    let cells = cells.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    RowEdit::Insert { after: after.map(str::to_owned), cells }
}

fn named(after: &str, name: &str) -> RowEdit {
    insert(Some(after), &[("name", Value::Text(name.to_owned()))])
}

fn delete(row: &str) -> RowEdit {
    RowEdit::Delete { row: row.to_owned() }
}

fn set(row: &str, column: &str, value: Value) -> RowEdit {
    RowEdit::Set { row: row.to_owned(), cells: vec![(column.to_owned(), value)] }
}

fn edit(draft: &mut Draft, table: &str, edits: Vec<RowEdit>) -> Result<Vec<String>> {
    let table = draft.view().table(Some(table))?;
    draft.edit_table(&table, edits)
}

fn edited(draft: &mut Draft, table: &str, edits: Vec<RowEdit>) -> Vec<String> {
    edit(draft, table, edits).expect("edits")
}

/// Keys and the cells of some columns, as text; null is a dash.
fn rows(view: &View, table: &str, columns: &[&str]) -> Vec<String> {
    let table = view.table(Some(table)).expect("a table");
    let scan = RowScan { columns: Some(columns.iter().map(|name| (*name).to_owned()).collect()) };
    let mut found = Vec::new();
    view.scan_rows(&table, &scan, &mut |rows| {
        for row in 0..rows.batch.num_rows() {
            let cells = rows.batch.columns().iter().map(|column| crate::table::arrow_value::value(column, row));
            let told = |value: Value| if value == Value::Null { "-".to_owned() } else { value.to_string() };
            let cells: Vec<String> = cells.map(|cell| told(cell.expect("a value"))).collect();
            found.push(format!("{} {}", rows.key(row).expect("a key"), cells.join(" ")));
        }
        Ok(Flow::More)
    })
    .expect("rows");
    found
}

pub(super) fn text(view: &View, file: &str) -> String {
    let node = view.existing(&path(file)).expect("a file");
    let content = view.open(&node, crate::source::OnDrift::Error).expect("content");
    let mut bytes = vec![0; content.len() as usize];
    content.read_at(&mut bytes, 0).expect("bytes");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a_row_comes_right_after_the_inserted_row_that_it_was_said_to_come_after() {
    let fixture = fixture();
    let mut draft = fixture.draft("main");
    let keys = edited(&mut draft, "names", vec![named("1", "b1"), named("1", "b2")]);
    assert_eq!(keys, ["1+1", "1+2"]);
    let keys = edited(&mut draft, "names", vec![named("1+1", "b1x"), named("1+1", "b1y")]);
    assert_eq!(keys, ["1+1+1", "1+1+2"]);
    let expected = ["0 a", "1 b", "1+1 b1", "1+1+1 b1x", "1+1+2 b1y", "1+2 b2", "2 c"];
    assert_eq!(rows(draft.view(), "names", &["name"]), expected);
    assert_eq!(text(draft.view(), "names.csv"), "name\na\nb\nb1\nb1x\nb1y\nb2\nc\n");
    edited(&mut draft, "names", vec![delete("1+1")]);
    assert_eq!(text(draft.view(), "names.csv"), "name\na\nb\nb1x\nb1y\nb2\nc\n", "what came after it stays there");
    draft.commit("inserted", "ann").expect("a commit");
    let mut draft = fixture.draft("main");
    edited(&mut draft, "names", vec![named("1+1+1", "last"), delete("1")]);
    assert_eq!(text(draft.view(), "names.csv"), "name\na\nb1x\nlast\nb1y\nb2\nc\n");
}

#[test]
fn a_row_with_an_id_comes_right_after_an_inserted_row_too() {
    let fixture = fixture();
    let mut draft = fixture.draft("main");
    let image = [("image_id", Value::Int(1))];
    let keys = edited(&mut draft, "annotations", vec![insert(Some("9"), &image), insert(Some("9"), &image)]);
    assert_eq!(keys, ["10", "11"], "above the highest, which is not the last");
    edited(&mut draft, "annotations", vec![insert(Some("10"), &image)]);
    assert_eq!(rows(draft.view(), "annotations", &["area"]), ["9 5.0", "10 -", "12 -", "11 -", "7 6.0"]);
    let json: serde_json::Value = serde_json::from_str(&text(draft.view(), "coco.json")).expect("JSON");
    let ids: Vec<_> = json["annotations"].as_array().expect("a list").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [9, 10, 12, 11, 7]);
}

#[test]
fn a_key_that_was_freed_is_not_given_again() {
    let fixture = fixture();
    let mut draft = fixture.draft("main");
    edited(&mut draft, "names", vec![named("1", "x"), named("1", "y"), named("1", "z"), delete("1+2")]);
    assert_eq!(edited(&mut draft, "names", vec![named("1", "more")]), ["1+4"]);
    draft.commit("inserted", "ann").expect("a commit");
    let mut draft = fixture.draft("main");
    edited(&mut draft, "names", vec![delete("1+4")]);
    draft.save("delete").expect("a step");
    assert_eq!(edited(&mut draft, "names", vec![named("1", "more")]), ["1+5"], "the revision's `1+4` is another row");
}

#[test]
fn a_deleted_row_that_is_inserted_again_is_where_it_was_with_the_new_cells() {
    let fixture = fixture();
    let mut draft = fixture.draft("main");
    let again = |area: Value| insert(None, &[("id", Value::Int(9)), ("image_id", Value::Int(1)), ("area", area)]);
    let keys = edited(&mut draft, "annotations", vec![delete("9"), again(Value::Int(50))]);
    assert_eq!(keys, ["9", "9"]);
    assert_eq!(rows(draft.view(), "annotations", &["area"]), ["9 50.0", "7 6.0"]);
    assert_eq!(text(draft.view(), "coco.json"), COCO.replace("\"area\": 5", "\"area\": 50"));
    edited(&mut draft, "annotations", vec![delete("9")]);
    edited(&mut draft, "annotations", vec![again(Value::Int(5))]);
    assert!(draft.changes().expect("a diff").is_empty(), "it is the row that it was");
    let refused = edit(&mut draft, "annotations", vec![delete("9"), insert(None, &[("id", Value::Int(9))])]);
    assert!(refused.is_err(), "an annotation has an image");
    let twice = edit(&mut draft, "annotations", vec![again(Value::Int(1))]).expect_err("it is there");
    assert!(matches!(twice.kind(), ErrorKind::AlreadyExists { .. }), "{twice}");
}

#[test]
fn rows_that_two_people_insert_get_different_ids() {
    let fixture = fixture();
    let image = [("image_id", Value::Int(1))];
    let mut ours = fixture.draft("main");
    assert_eq!(edited(&mut ours, "annotations", vec![insert(None, &image), insert(None, &image)]), ["10", "11"]);
    ours.save("insert").expect("a step");
    let bob = "bob".parse().expect("a name");
    let mut theirs = fixture.dataset.draft(&main_branch(), &bob).expect("a draft");
    assert_eq!(edited(&mut theirs, "annotations", vec![insert(None, &image)]), ["12"], "a draft is seen");
    theirs.commit("theirs", "bob").expect("a commit");
    assert!(matches!(ours.commit("ours", "ann").expect("a merge"), Outcome::Done { .. }));
    let all = rows(&fixture.view("main"), "annotations", &[]);
    assert_eq!(all.iter().map(|row| row.trim()).collect::<Vec<_>>(), ["9", "7", "10", "11", "12"]);
}

#[test]
fn members_that_an_object_lacks_are_added_in_the_order_of_the_columns() {
    let lines = "{\"b\":1,\"a\":2,\"c\":3}\n{}\n{\"b\":7}\n";
    let array = format!("[{}]", lines.trim().replace('\n', ","));
    for (name, text_before, expected) in [
        ("t.jsonl", lines.to_owned(), "{\"b\":1,\"a\":2,\"c\":3}\n{\"b\":5,\"a\":6}\n{\"b\":7,\"a\":8,\"c\":9}\n"),
        ("t.json", array, "[{\"b\":1,\"a\":2,\"c\":3},{\"b\":5,\"a\":6},{\"b\":7,\"a\":8,\"c\":9}]"),
    ] {
        let fixture = Fixture::new(&[(name, &text_before)]);
        let mut draft = fixture.draft("main");
        // In an order that is neither that of the columns nor that of their names.
        for (row, column, value) in [("1", "a", 6), ("2", "c", 9), ("1", "b", 5), ("2", "a", 8)] {
            edited(&mut draft, "t", vec![set(row, column, Value::Int(value))]);
        }
        assert_eq!(text(draft.view(), name), expected);
    }
}

#[test]
fn a_new_row_of_a_table_whose_ids_are_text_says_its_id() {
    let fixture = Fixture::new(&[("t.json", r#"[{"id": "1", "a": 5}, {"id": "x", "a": 6}]"#)]);
    let mut draft = fixture.draft("main");
    let refused = edit(&mut draft, "t", vec![insert(None, &[("a", Value::Int(1))])]).expect_err("no id");
    assert!(refused.to_string().contains("`id`"), "{refused}");
    let id = |id: &str| vec![insert(None, &[("id", Value::Text(id.to_owned())), ("a", Value::Int(1))])];
    let twice = edit(&mut draft, "t", id("1")).expect_err("it is there");
    assert!(matches!(twice.kind(), ErrorKind::AlreadyExists { .. }), "{twice}");
    assert_eq!(edited(&mut draft, "t", id("y")), ["y"]);
}

#[test]
fn poses_are_read_as_such_wherever_their_rows_are_compared_and_merged() {
    let data = "kpt_shape: [3, 2]\nnames: [cat, dog]\n";
    let line = "0 0.5 0.5 0.2 0.2 0.1 0.1 0.2 0.2 0.3 0.3\n";
    let files = [("data.yaml", data), ("labels/a.txt", line), ("images/a.png", "x")];
    let fixture = Fixture::new(&files);
    fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
    let class = |class: &str| vec![set("labels/a.txt#0", "class", Value::Text(class.to_owned()))];
    let theirs = fixture.commit("other", |draft| edit(draft, "labels", class("1")).map(drop));
    fixture.commit("main", |draft| {
        let keypoints = Value::List([0.1, 0.1, 0.2, 0.2, 0.3, 0.4].map(Value::Float).to_vec());
        edit(draft, "labels", vec![set("labels/a.txt#0", "keypoints", keypoints)]).map(drop)
    });
    let into = main_branch();
    let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge", prefer: None };
    assert!(matches!(fixture.dataset.merge(&request).expect("a merge"), Outcome::Done { .. }));
    let expected = "1 0.5 0.5 0.2 0.2 0.1 0.1 0.2 0.2 0.3 0.4\n";
    assert_eq!(text(&fixture.view("main"), "labels/a.txt"), expected);
}

#[test]
fn a_row_has_one_key() {
    let fixture = fixture();
    let mut draft = fixture.draft("main");
    for key in ["01", "+1", "1.0"] {
        let refused = edit(&mut draft, "names", vec![set(key, "name", Value::Text("x".into()))]);
        assert!(matches!(refused.expect_err("no such row").kind(), ErrorKind::NotFound { .. }), "{key}");
    }
}

const VOC: &str = "<annotation>\n  <size><width>64</width><height>48</height><depth>3</depth></size>\n  <object>\n    <name>cat</name>\n    <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>\n  </object>\n</annotation>\n";

#[test]
fn a_table_of_many_files_has_the_columns_of_all_of_them() {
    let with = VOC.replace("<name>cat", "<occluded>1</occluded><shade>2.5</shade><name>cat");
    let words = VOC.replace("<name>cat", "<shade>dark</shade><name>dog");
    let fixture = Fixture::new(&[("a.xml", VOC), ("b.xml", &with), ("c.xml", &words)]);
    let mut draft = fixture.draft("main");
    let told = rows(draft.view(), "objects", &["name", "occluded", "shade"]);
    assert_eq!(told, ["a.xml#0 cat - -", "b.xml#0 cat 1 2.5", "c.xml#0 dog - dark"]);
    let table = draft.view().table(Some("objects")).expect("a table");
    draft.add_column(&table, "note", &arrow::datatypes::DataType::Utf8).expect("a new column");
    put(&mut draft, "d.xml", VOC).expect("a file that came later");
    edited(&mut draft, "objects", vec![set("d.xml#0", "note", Value::Text("late".into()))]);
    let told = rows(draft.view(), "objects", &["note", "file"]);
    assert_eq!(told, ["a.xml#0 - a.xml", "b.xml#0 - b.xml", "c.xml#0 - c.xml", "d.xml#0 late d.xml"]);
    let refused = edit(&mut draft, "objects", vec![set("a.xml#0", "occluded", Value::Int(1))]);
    assert!(refused.expect_err("its file has no such column").to_string().contains("a.xml"));
    edited(&mut draft, "objects", vec![set("a.xml#0", "difficult", Value::Int(1))]);
    assert!(text(draft.view(), "a.xml").contains("<difficult>1</difficult>"), "{}", text(draft.view(), "a.xml"));
    let table = draft.view().table(Some("objects")).expect("a table");
    draft.drop_column(&table, "note").expect("d.xml has it too by now");
    let columns = draft.view().table_info(&table).expect("a table").schema.columns;
    assert!(columns.iter().all(|column| column.name != "note"), "{columns:?}");
}

#[test]
fn a_broken_file_makes_a_table_of_many_partial_and_names_itself() {
    let good = "0 0.5 0.5 0.1 0.2\n";
    let broken = "1 0.5 x 0.1 0.2\n";
    let half = "2 0.5 0.5 0.1 0.2\n2 0.5\n";
    let files =
        [("labels/a.txt", good), ("labels/b.txt", broken), ("labels/c.txt", half), ("labels/names.txt", "cat\n")];
    let xml = [("a.xml", "<annotation><size"), ("b.xml", VOC), ("c.xml", "<annota"), ("d.xml", VOC)];
    let fixture = Fixture::new(&[&files[..], &xml[..]].concat());
    let mut draft = fixture.draft("main");
    assert_eq!(rows(draft.view(), "labels", &["class"]), ["labels/a.txt#0 0", "labels/c.txt#0 2"]);
    let outline = |draft: &Draft, name| {
        let table = draft.view().table(Some(name)).expect("a table");
        let outline = draft.view().table_info(&table).expect("partial, not broken");
        let problem = outline.problem.expect("it is partial");
        (problem.path.to_string(), problem.problem.line, problem.problem.column, outline.rows, outline.broken_files)
    };
    assert_eq!(outline(&draft, "labels"), ("labels/b.txt".to_owned(), 1, 7, 2, 2));
    assert_eq!(rows(draft.view(), "objects", &["name"]), ["b.xml#0 cat", "d.xml#0 cat"]);
    assert_eq!(outline(&draft, "objects").4, 2);
    assert_eq!(text(draft.view(), "labels/b.txt"), broken, "its bytes are what they are");
    let refused = edit(&mut draft, "labels", vec![set("labels/b.txt#0", "class", Value::Int(1))]);
    assert!(refused.is_err());
    put(&mut draft, "labels/b.txt", good).expect("mended");
    assert_eq!(outline(&draft, "labels").0, "labels/c.txt");
}

#[test]
fn a_table_of_thousands_of_files_is_read_in_their_order() {
    let files: Vec<(String, String)> =
        (0..3000).map(|at| (format!("labels/{at:05}.txt"), format!("{} 0.5 0.5 0.1 0.2\n", at % 80))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let fixture = Fixture::new(&files);
    let told = rows(&fixture.view("main"), "labels", &["class"]);
    assert_eq!(told.len(), 3000);
    assert!(told.iter().enumerate().all(|(at, row)| *row == format!("labels/{at:05}.txt#0 {}", at % 80)));
}

#[test]
fn odd_rows_are_told_with_their_reason_and_edits_included() {
    let coco = r#"{"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [60, 40, 9, 9]},
  {"id": 2, "image_id": 1, "category_id": 7, "bbox": [1, 1, 2, 2]}, {"id": 3, "image_id": 9, "category_id": 1},
  {"id": 4, "image_id": 1, "category_id": 1, "bbox": [0, 0, 65, 9]}],
 "categories": [{"id": 1, "name": "cat"}]}"#;
    let labels = "0 0.5 0.5 0.1 0.2\n5 0.9 0.5 0.4 0.2\n0 nan 0.5 0.1 0.2\n";
    let xml = VOC.replace("<xmax>3", "<xmax>300");
    let yaml = "names: [cat, dog]\n";
    let fixture = Fixture::new(&[("coco.json", coco), ("labels/a.txt", labels), ("data.yaml", yaml), ("a.xml", &xml)]);
    let mut draft = fixture.draft("main");
    let told = |draft: &Draft, table: &str| -> Vec<String> {
        let table = draft.view().table(Some(table)).expect("a table");
        let odd = draft.view().odd_rows(&table).expect("rows");
        odd.into_iter().map(|odd| format!("{} {}, {}", odd.rows, odd.why, odd.first)).collect()
    };
    let of_coco = [
        "2 a box that reaches beyond the image, 1",
        "1 a class that is not in the class map, 2",
        "1 an image that is not in the file, 3",
    ];
    assert_eq!(told(&draft, "annotations"), of_coco);
    assert_eq!(told(&draft, "images"), [""; 0]);
    let of_yolo = [
        "1 a box that reaches beyond the image, labels/a.txt#1",
        "1 a box with a number that is not finite, labels/a.txt#2",
        "1 a class that is not in the class map, labels/a.txt#1",
    ];
    assert_eq!(told(&draft, "labels"), of_yolo);
    assert_eq!(told(&draft, "objects"), ["1 a box that reaches beyond the image, a.xml#0"]);
    edited(&mut draft, "annotations", vec![delete("1")]);
    edited(&mut draft, "labels", vec![delete("labels/a.txt#0"), set("labels/a.txt#1", "class", Value::Int(1))]);
    assert_eq!(told(&draft, "annotations")[0], "1 a box that reaches beyond the image, 4");
    assert_eq!(told(&draft, "labels"), of_yolo[..2], "keys are those of the table, not places in the edited file");
}

#[test]
fn what_a_file_cannot_say_is_refused_before_the_draft_changes() {
    let latin = CSV.replace('b', "\u{e4}").chars().map(|letter| letter as u8).collect::<Vec<u8>>();
    let wide: Vec<u8> = "\u{feff}name\na\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let fixture = Fixture::new(&[("coco.json", COCO), ("labels/a.txt", "0 0.5 0.5 0.1 0.2\n"), ("a.xml", VOC)]);
    let mut draft = fixture.draft("main");
    for (name, bytes) in [("latin.csv", latin), ("wide.csv", wide)] {
        let file = NewFile { content: &mut bytes.as_slice(), mode: None, mtime_ns: None };
        draft.put(&path(name), file).expect("a file");
    }
    draft.save("files").expect("a step");
    let before = draft.view().overlay().root();
    let floats = |numbers: &[f64]| Value::List(numbers.iter().map(|number| Value::Float(*number)).collect());
    let word = Value::Text("\u{1f600}".to_owned());
    for (table, edit_of) in [
        ("latin", set("0", "name", word.clone())),
        ("annotations", set("9", "area", Value::Float(f64::NAN))),
        ("annotations", set("9", "area", Value::Float(f64::INFINITY))),
        ("labels", set("labels/a.txt#0", "box", floats(&[f64::NAN, 0.5, 0.1, 0.1]))),
        ("objects", set("a.xml#0", "box", floats(&[1.0, 2.0, f64::INFINITY, 4.0]))),
    ] {
        let refused = edit(&mut draft, table, vec![edit_of]).expect_err(table);
        assert!(matches!(refused.kind(), ErrorKind::Invalid { .. }), "{table}: {refused}");
    }
    assert_eq!(draft.view().overlay().root(), before);
    edited(&mut draft, "wide", vec![set("0", "name", word.clone())]);
    assert_eq!(rows(draft.view(), "wide", &["name"]), ["0 \u{1f600}"]);
}

#[test]
fn edits_in_any_order_are_told_by_their_keys_in_that_order() {
    let fixture = fixture();
    let mut draft = fixture.draft("main");
    let edits = vec![
        set("2", "name", Value::Text("z".to_owned())),
        set("0", "name", Value::Text("x".to_owned())),
        set("0", "name", Value::Text("y".to_owned())),
        named("0", "new"),
        set("0+1", "name", Value::Text("newer".to_owned())),
        delete("2"),
        delete("1"),
    ];
    assert_eq!(edited(&mut draft, "names", edits), ["2", "0", "0", "0+1", "0+1", "2", "1"]);
    assert_eq!(text(draft.view(), "names.csv"), "name\ny\nnewer\n");
    let area = |row: &str, area| set(row, "area", Value::Float(area));
    assert_eq!(edited(&mut draft, "annotations", vec![area("7", 1.5), area("9", 2.5)]), ["7", "9"]);
    assert_eq!(rows(draft.view(), "annotations", &["area"]), ["9 2.5", "7 1.5"]);
    let error = edit(&mut draft, "annotations", vec![area("9", 3.5), area("8", 3.5)]).expect_err("there is no 8");
    assert!(matches!(error.kind(), ErrorKind::NotFound { .. }));
    assert_eq!(rows(draft.view(), "annotations", &["area"]), ["9 2.5", "7 1.5"]);
}

#[test]
fn an_added_column_is_not_taken_for_one_of_the_file_that_differs_by_the_case_of_letters() {
    let fixture = Fixture::new(&[("t.csv", "name\na\n")]);
    let mut draft = fixture.draft("main");
    let table = draft.view().table(Some("t")).expect("a table");
    let of_text = arrow::datatypes::DataType::Utf8;
    draft.add_column(&table, "Note", &of_text).expect("the file lacks it");
    put(&mut draft, "t.csv", "name,note\na,n\n").expect("a file");
    edited(&mut draft, "t", vec![set("0", "Note", Value::Text("x".to_owned()))]);
    assert_eq!(text(draft.view(), "t.csv"), "name,note\na,n\n");
    assert_eq!(rows(draft.view(), "t", &["note", "Note"]), ["0 n x"]);
    edited(&mut draft, "t", vec![set("0", "NAME", Value::Text("b".to_owned()))]);
    assert_eq!(text(draft.view(), "t.csv"), "name,note\nb,n\n", "in any case, where there is one alone");
    let refused = draft.add_column(&table, "Name", &of_text).expect_err("two names that are hard to tell apart");
    assert!(matches!(refused.kind(), ErrorKind::AlreadyExists { .. }), "{refused}");
}

#[test]
fn label_files_of_polygons_are_so_though_they_have_four_points_or_nothing_yet() {
    let fixture = Fixture::new(&[
        ("data.yaml", "names: [a, b]\n"),
        ("labels/0.txt", "0 .1 .1 .2 .1 .2 .2 .1 .2\n"),
        ("labels/a.txt", "0 .1 .1 .2 .2 .3 .1\n"),
        ("labels/b.txt", "1 .1 .1 .2 .1 .2 .2 .1 .2\n"),
        ("labels/c.txt", ""),
    ]);
    let view = fixture.view("main");
    let table = view.table(Some("labels")).expect("a table");
    let columns: Vec<String> =
        view.table_info(&table).expect("read").schema.columns.into_iter().map(|of| of.name).collect();
    assert_eq!(columns, ["file", "class", "polygon"]);
    fixture.commit("main", |draft| {
        let point = |x: f64, y: f64| [Value::Float(x), Value::Float(y)];
        let points = [point(0.5, 0.5), point(0.75, 0.5), point(0.5, 0.75)].concat();
        let cells = vec![
            ("file".to_owned(), Value::Text("labels/c.txt".to_owned())),
            ("class".to_owned(), Value::Int(1)),
            ("polygon".to_owned(), Value::List(vec![Value::List(points)])),
        ];
        let table = draft.view().table(Some("labels"))?;
        draft.edit_table(&table, vec![RowEdit::Insert { after: None, cells }]).map(drop)
    });
    assert_eq!(text(&fixture.view("main"), "labels/c.txt"), "1 0.5 0.5 0.75 0.5 0.5 0.75\n");
    // It is the source's files that tell.
    fixture.commit("main", |draft| draft.remove(&path("labels/a.txt"), false));
    fixture.commit("main", |draft| draft.remove(&path("labels/c.txt"), false));
    let view = fixture.view("main");
    let columns = view.table_info(&view.table(Some("labels")).expect("a table")).expect("read").schema.columns;
    assert!(columns.iter().any(|column| column.name == "polygon"), "{columns:?}");
}
