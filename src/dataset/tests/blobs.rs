//! A blob that is mostly patches becomes another when it is committed, and means what it meant.

use std::fmt::Write;

use super::*;
use crate::dataset::rows::{RowEdit, RowScan};
use crate::model::Value;
use crate::table::Flow;

const ROWS: usize = 3000;

fn fixture() -> Fixture {
    let mut csv = "image,label\n".to_owned();
    (0..ROWS).for_each(|row| writeln!(csv, "{row:04}.png,cat").expect("a string takes everything"));
    let mut json = String::from(r#"{"images": [{"id": 1, "file_name": "a.png"}], "annotations": ["#);
    for row in 0..ROWS {
        let comma = if row > 0 { "," } else { "" };
        write!(json, r#"{comma}{{"id": {row}, "image_id": 1, "note": "x"}}"#).expect("a string takes everything");
    }
    json.push_str("]}\n");
    let fixture = Fixture::new(&[("a.png", "a")]);
    fixture.commit("main", |draft| {
        put(draft, "labels.csv", &csv)?;
        put(draft, "coco.json", &json)
    });
    fixture
}

fn set(row: usize, column: &str, value: Value) -> RowEdit {
    RowEdit::Set { row: row.to_string(), cells: vec![(column.to_owned(), value)] }
}

fn long(row: usize) -> Value {
    Value::Text(format!("a label that is much longer than the one before {row}"))
}

/// The keys and the values of one column, as the head of `main` has them.
fn column(fixture: &Fixture, table: &str, column: &str) -> Vec<(String, String)> {
    let view = fixture.view("main");
    let table = view.table(Some(table)).expect("a table");
    let mut found = Vec::new();
    let scan = RowScan { columns: Some(vec![column.to_owned()]) };
    let scanned = view.scan_rows(&table, &scan, &mut |rows| {
        for row in 0..rows.batch.num_rows() {
            let value = crate::table::arrow_value::value(rows.batch.column(0), row)?;
            found.push((rows.key(row)?, value.to_string()));
        }
        Ok(Flow::More)
    });
    scanned.expect("rows");
    found
}

fn place(fixture: &Fixture, at: &str) -> Place {
    fixture.view("main").existing(&path(at)).expect("a file").place
}

fn edit(draft: &mut Draft, table: &str, edits: Vec<RowEdit>) -> Result<()> {
    let table = draft.view().table(Some(table))?;
    draft.edit_table(&table, edits).map(|_| ())
}

#[test]
fn a_file_that_is_mostly_patches_is_a_blob_once_it_is_committed() {
    let fixture = fixture();
    let put = fixture.dataset.head(&main_branch()).expect("a head").id;
    let few = |draft: &mut Draft| edit(draft, "labels", (0..50).map(|row| set(row, "label", long(row))).collect());
    fixture.commit("main", few);
    assert!(matches!(place(&fixture, "labels.csv"), Place::Rows { .. }), "few patches stay patches");
    let id = fixture
        .commit("main", |draft| edit(draft, "labels", (0..ROWS).map(|row| set(row, "label", long(row))).collect()));
    assert!(matches!(place(&fixture, "labels.csv"), Place::Blob(_)));
    let labels = column(&fixture, "labels", "label");
    assert_eq!((labels.len(), &labels[7]), (ROWS, &("7".to_owned(), long(7).to_string())));
    let table = fixture.view("main").table(Some("labels")).expect("a table");
    let blame = fixture.dataset.blame(id, &table, "2000").expect("a row");
    let set_by = |at: usize| blame.cells[at].set_by.as_ref().map(|(id, _)| *id);
    assert_eq!((set_by(0), set_by(1)), (Some(put), Some(id)), "{:?}", blame.cells);
    fixture.commit("main", |draft| edit(draft, "labels", vec![set(7, "label", Value::Text("cat".to_owned()))]));
    assert_eq!(column(&fixture, "labels", "label")[7].1, "cat");
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

#[test]
fn columns_that_the_file_lacks_and_rows_with_ids_that_came_and_went_stay_what_they_were() {
    let fixture = fixture();
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("annotations"))?;
        draft.add_column(&table, "weight", &arrow::datatypes::DataType::Float64)?;
        let mut edits: Vec<RowEdit> = (0..ROWS).map(|row| set(row, "note", long(row))).collect();
        edits.push(set(5, "weight", Value::Float(0.5)));
        edits.push(RowEdit::Delete { row: "6".to_owned() });
        let cells = [("id", Value::Int(9000)), ("image_id", Value::Int(1)), ("weight", Value::Float(2.0))];
        let cells = cells.map(|(name, value)| (name.to_owned(), value)).to_vec();
        edits.push(RowEdit::Insert { after: None, cells });
        edit(draft, "annotations", edits)
    });
    assert!(matches!(place(&fixture, "coco.json"), Place::Rows { below, .. } if matches!(*below, Place::Blob(_))));
    let weights = column(&fixture, "annotations", "weight");
    assert_eq!((weights.len(), &*weights[5].1, &*weights[ROWS - 1].1), (ROWS, "0.5", "2.0"));
    assert_eq!((&*weights[6].0, &*weights[ROWS - 1].0), ("7", "9000"));
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

#[test]
fn where_rows_without_keys_came_or_went_their_keys_stay_and_so_do_the_patches() {
    let fixture = fixture();
    fixture.commit("main", |draft| {
        let mut edits: Vec<RowEdit> = (1..ROWS).map(|row| set(row, "label", long(row))).collect();
        edits.push(RowEdit::Delete { row: "0".to_owned() });
        edit(draft, "labels", edits)
    });
    assert!(matches!(place(&fixture, "labels.csv"), Place::Rows { .. }));
    assert_eq!(column(&fixture, "labels", "label")[0].0, "1");
}

#[test]
fn a_file_of_the_source_stays_one_however_many_rows_were_edited_and_a_refresh_shows_what_the_owner_changed() {
    let line = |row: usize, label: &str| format!("{row:04}.png,{label},0\n");
    let csv = "image,label,score\n".to_owned() + &(0..ROWS).map(|row| line(row, "cat")).collect::<String>();
    let fixture = Fixture::new(&[("labels.csv", &csv)]);
    let all = || (0..ROWS - 1).map(|row| set(row, "label", long(row))).collect();
    fixture.commit("main", |draft| edit(draft, "labels", all()));
    assert!(matches!(place(&fixture, "labels.csv"), Place::Rows { .. }));
    let last = line(ROWS - 1, "cat");
    fs::write(fixture.source.path().join("labels.csv"), csv.replace(&last, &line(ROWS - 1, "dog"))).expect("a file");
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    let refreshed = fixture.dataset.refresh(&main_branch(), base, "ann").expect("a refresh");
    assert!(refreshed.conflicts.is_empty(), "{:?}", refreshed.conflicts);
    let labels = column(&fixture, "labels", "label");
    assert_eq!((&labels[7].1, &*labels[ROWS - 1].1), (&long(7).to_string(), "dog"));
}
