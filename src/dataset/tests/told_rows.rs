//! How rows of files that were rewritten are told: by which keys, and those that only have another place.

use super::parsed::{CSV, bytes, line};
use super::*;
use crate::dataset::rows::{RowDiffs, RowEdit, Table, compare_rows};
use crate::model::{RowAddress, Value};

/// A file that is put over another one: the fixture, what differs, and the revision that has it.
fn put_over(at: &str, old: &str, new: &str) -> (Fixture, RowDiffs, Id) {
    let fixture = Fixture::new(&[(at, old)]);
    let before = fixture.view("main");
    let revision = fixture.commit("main", |draft| put(draft, at, new));
    assert_eq!(bytes(&fixture.view("main"), at), new);
    let told = compare_rows(&before, &fixture.view("main")).expect("compared");
    (fixture, told, revision)
}

fn lines(told: &RowDiffs) -> Vec<String> {
    told.rows.iter().map(line).collect()
}

fn moved(told: &RowDiffs) -> Vec<(Option<String>, u64)> {
    told.files.iter().map(|file| (file.why.clone(), file.moved)).collect()
}

fn table(fixture: &Fixture) -> Table {
    fixture.view("main").table(None).expect("a table")
}

#[test]
fn rows_are_told_by_the_keys_that_the_later_state_has_and_blame_knows_them() {
    let came =
        CSV.replace("a.png,cat", "new.png,owl,9.5\na.png,cat").replace("d.png,fox,3\n", "d.png,elk,3\nz.png,ant,4.5\n");
    for (new, keys) in [(came.replace(',', ";"), ["4", "0", "5"]), (came, ["3", "+1", "3+1"])] {
        let (fixture, told, revision) = put_over("t.csv", CSV, &new);
        let [set, first, last] = keys;
        let expected = [
            format!("{set} label: \"fox\" -> \"elk\""),
            format!("row {first}: - -> {{\"image\":\"new.png\",\"label\":\"owl\",\"score\":9.5}}"),
            format!("row {last}: - -> {{\"image\":\"z.png\",\"label\":\"ant\",\"score\":4.5}}"),
        ];
        let mut lines = lines(&told);
        lines.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(lines, expected);
        for diff in &told.rows {
            let key = diff.address.row().expect("a row");
            let blame = fixture.dataset.blame(revision, &table(&fixture), key).expect("known");
            let is_told = |column: &str| match &diff.address {
                RowAddress::Cell { column: of, .. } => of == column,
                _ => true,
            };
            for cell in blame.cells {
                let set_by = cell.set_by.map(|(id, _)| id);
                assert_eq!(set_by, is_told(&cell.column).then_some(revision), "{key} {}", cell.column);
            }
        }
    }
}

#[test]
fn what_is_said_of_a_sample_that_is_a_row_is_told_and_blamed_by_the_row_in_other_bytes() {
    let text = "name,n\na,0\nb,1\nc,2\nd,3\n";
    let fixture = Fixture::new(&[("t.csv", text)]);
    let samples = |draft: &Draft| draft.view().table(Some("samples"));
    let noted = fixture.commit("main", |draft| {
        draft.add_column(&samples(draft)?, "note", &arrow::datatypes::DataType::Utf8)?;
        let cells = vec![("note".to_owned(), Value::Text("hello".to_owned()))];
        draft.edit_table(&samples(draft)?, vec![RowEdit::Set { row: "2".to_owned(), cells }])?;
        draft.exclude_samples(&["1".to_owned()], true).map(drop)
    });
    let before = fixture.view("main");
    let written = "name;n\nz;9\na;0\nb;1\nc;7\nd;3\n";
    let put = fixture.commit("main", |draft| put(draft, "t.csv", written));
    let told = compare_rows(&before, &fixture.view("main")).expect("compared");
    let mut lines = lines(&told);
    lines.sort();
    assert_eq!(lines, ["3 n: 2 -> 7", "row 0: - -> {\"n\":9,\"name\":\"z\"}"]);
    let table = fixture.view("main").table(Some("samples")).expect("a table");
    let blame = |key: &str| {
        let blame = fixture.dataset.blame(put, &table, key).expect("known");
        let cells = blame.cells.into_iter().filter_map(|cell| Some((cell.column, cell.set_by?.0))).collect::<Vec<_>>();
        (blame.row.is_some(), cells)
    };
    assert_eq!(blame("3"), (false, vec![("n".to_owned(), put), ("note".to_owned(), noted)]));
    assert_eq!(blame("2"), (false, vec![("excluded".to_owned(), noted)]));
    assert_eq!(blame("4"), (false, Vec::new()));
    assert!(blame("0").0, "it came with the file");
}

#[test]
fn the_bytes_of_the_source_again_are_its_rows_again() {
    let text = "f,l\na,cat\nb,dog\nc,cat\n";
    let fixture = Fixture::new(&[("t.csv", text)]);
    let before = fixture.view("main");
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("t"))?;
        let cell = |name: &str, value: &str| (name.to_owned(), Value::Text(value.to_owned()));
        let set = RowEdit::Set { row: "2".to_owned(), cells: vec![cell("f", "x")] };
        let insert = RowEdit::Insert { after: None, cells: vec![cell("f", "c"), cell("l", "cat")] };
        draft.edit_table(&table, vec![set, insert]).map(drop)
    });
    fixture.commit("main", |draft| put(draft, "t.csv", text));
    let told = compare_rows(&before, &fixture.view("main")).expect("compared");
    assert_eq!((lines(&told), moved(&told)), (Vec::new(), Vec::new()));
    assert!(fixture.view("main").overlay().is_empty());
}

#[test]
fn a_row_that_went_is_told_by_the_key_that_it_had() {
    let (.., told, _) =
        put_over("t.csv", CSV, &CSV.replace("b.png,dog,1\n", "").replace(',', ";").replace("fox", "elk"));
    let gone = r#"row 1: {"image":"b.png","label":"dog","score":1.0} -> -"#;
    assert_eq!(lines(&told), [gone, "2 label: \"fox\" -> \"elk\""]);
}

#[test]
fn rows_that_are_only_in_another_place_are_told_as_such() {
    let lines_of = |order: [usize; 4]| {
        let all: Vec<&str> = CSV.lines().collect();
        order.iter().fold(format!("{}\n", all[0]), |text, row| text + all[row + 1] + "\n")
    };
    for (order, count) in [([3, 0, 1, 2], 1), ([1, 0, 3, 2], 2), ([3, 2, 1, 0], 3)] {
        for separator in [",", ";"] {
            let (.., told, _) = put_over("t.csv", CSV, &lines_of(order).replace(',', separator));
            assert_eq!((lines(&told), moved(&told)), (Vec::new(), vec![(None, count)]), "{order:?} {separator}");
        }
    }
    // What was edited besides is told, too.
    let (.., told, _) = put_over("t.csv", CSV, &lines_of([3, 0, 1, 2]).replace("dog", "cow").replace(',', ";"));
    assert_eq!((lines(&told), moved(&told)), (vec!["2 label: \"dog\" -> \"cow\"".to_owned()], vec![(None, 1)]));
    // Of rows alike, one of which went, nobody can tell which was moved.
    let twice = format!("{CSV}a.png,cat,0.50\n");
    let (.., told, _) = put_over("t.csv", &twice, CSV);
    assert_eq!((lines(&told).len(), moved(&told)), (1, Vec::new()));
}

#[test]
fn rows_with_ids_in_another_order_are_told_as_such() {
    let coco = super::parsed::COCO;
    let mut json: serde_json::Value = serde_json::from_str(coco).expect("JSON");
    json["annotations"].as_array_mut().expect("a list").reverse();
    let (.., told, _) = put_over("c.json", coco, &serde_json::to_string_pretty(&json).expect("JSON"));
    assert_eq!((lines(&told), moved(&told)), (Vec::new(), vec![(None, 1)]));
}
