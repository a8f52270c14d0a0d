//! Files that are rewritten as a whole, told by their rows.

use arrow::datatypes::DataType;

use super::*;
use crate::dataset::rows::{RowDiff, RowDiffs, RowEdit, compare_rows};
use crate::model::{Change, Content, FileChange, Value};
use crate::source::OnDrift;
use crate::table::testing::Rng;

pub(super) const CSV: &str = "image,label,score\na.png,cat,0.50\nb.png,dog,1\nc.png,cat,\nd.png,fox,3\n";
pub(super) const COCO: &str = r#"{"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
 "annotations": [
  {"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3.50, 4], "area": 14.0},
  {"id": 9, "image_id": 1, "category_id": 2, "bbox": [5, 6, 7, 8], "area": 56.0}],
 "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}
"#;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A row's difference as a line: `table key column before after`.
pub(super) fn line(diff: &RowDiff) -> String {
    let value = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), |value| format!("{}", value.to_json()));
    let address = match &diff.address {
        crate::model::RowAddress::Column { column, .. } => format!("column {column}"),
        crate::model::RowAddress::Row { row, .. } => format!("row {row}"),
        crate::model::RowAddress::Cell { row, column, .. } => format!("{row} {column}"),
        crate::model::RowAddress::Shared { .. } => "shared".to_owned(),
    };
    format!("{address}: {} -> {}", value(&diff.before), value(&diff.after))
}

fn lines(diffs: &RowDiffs) -> Vec<String> {
    diffs.rows.iter().map(line).collect()
}

/// What differs between the draft and its revision.
fn of_draft(fixture: &Fixture, draft: &Draft) -> RowDiffs {
    compare_rows(&fixture.dataset.view(draft.based_on()).expect("a view"), draft.view()).expect("compared")
}

fn content(view: &View, at: &str) -> Content {
    match view.overlay.get(&path(at)).expect("read") {
        Some(Change::File(FileChange { content, .. })) => content,
        other => panic!("{other:?}"),
    }
}

pub(super) fn bytes(view: &View, at: &str) -> String {
    let mut bytes = Vec::new();
    let node = view.existing(&path(at)).expect("it is there");
    view.open(&node, OnDrift::Error).expect("open").copy_to(&mut bytes).expect("readable");
    assert_eq!(bytes.len() as u64, node.entry.size);
    String::from_utf8(bytes).expect("text")
}

/// Puts `new` over a file; returns what that is, told by rows, and whether it is kept as edits of rows alone.
fn put_over(old: &str, new: &str) -> (Vec<String>, bool) {
    let fixture = Fixture::new(&[("t.csv", old)]);
    let mut draft = fixture.draft("main");
    put(&mut draft, "t.csv", new).expect("put");
    let diffs = of_draft(&fixture, &draft);
    assert_eq!(bytes(draft.view(), "t.csv"), new);
    assert!(diffs.files.is_empty() != diffs.rows.is_empty(), "{diffs:?}");
    let is_rows = matches!(content(draft.view(), "t.csv"), Content::Rows { below, .. } if *below == Content::Source(path("t.csv")));
    (lines(&diffs), is_rows)
}

#[test]
fn a_file_that_is_put_with_a_few_cells_changed_is_kept_as_edits_of_these() {
    let new = CSV.replace("b.png,dog,1", "b.png,cow,2");
    assert_eq!(
        put_over(CSV, &new),
        (vec!["1 label: \"dog\" -> \"cow\"".to_owned(), "1 score: 1.0 -> 2.0".to_owned()], true)
    );
    let new = CSV.replace("a.png,cat,0.50\n", "").replace("d.png", "x.png,new,7.5\nd.png");
    let told = [
        r#"row 0: {"image":"a.png","label":"cat","score":0.5} -> -"#,
        r#"row 2+1: - -> {"image":"x.png","label":"new","score":7.5}"#,
    ];
    assert_eq!(put_over(CSV, &new), (told.map(str::to_owned).to_vec(), true));
    let new = CSV.replace("a.png,cat", "x.png,new,7.5\ny.png,new,8.5\na.png,cat");
    let (told, is_rows) = put_over(CSV, &new);
    assert_eq!((told.len(), is_rows), (2, true), "{told:?}");
}

#[test]
fn cells_of_a_new_column_are_told_and_those_that_differ_of_one_with_another_name() {
    let new = "image,label,score,weight\na.png,cat,0.50,2\nb.png,cow,1,\nc.png,cat,,3\nd.png,fox,3,\n";
    let told = ["1 label: \"dog\" -> \"cow\"", "0 weight: null -> 2", "2 weight: null -> 3"];
    let (mut lines, is_rows) = put_over(CSV, new);
    lines.retain(|line| !line.starts_with("column weight: - -> "));
    lines.sort_by_key(|line| line.contains("weight"));
    assert_eq!((lines, is_rows), (told.map(str::to_owned).to_vec(), false));
    let (mut lines, _) = put_over(CSV, &CSV.replace("label", "class").replace("dog", "cow"));
    lines.sort();
    let told = ["1 class: \"dog\" -> \"cow\"", "column class: - -> \"Utf8\"", "column label: \"Utf8\" -> -"];
    assert_eq!(lines, told);
}

#[test]
fn tables_that_came_or_went_are_told_with_their_folders_too() {
    let fixture = Fixture::new(&[("a/t.csv", CSV), ("a/note.md", "text"), ("c.json", COCO), ("kept.csv", CSV)]);
    let mut draft = fixture.draft("main");
    draft.remove(&path("a"), true).expect("removed");
    draft.rename(&path("kept.csv"), &path("moved.csv")).expect("renamed");
    draft.make_folder(&path("b")).expect("made");
    put(&mut draft, "b/new.json", COCO).expect("put");
    let told: Vec<String> = of_draft(&fixture, &draft)
        .tables
        .iter()
        .map(|it| format!("{} {} {} {}", if it.is_new { "+" } else { "-" }, it.path, it.table, it.rows))
        .collect();
    let of_coco = ["annotations 2", "categories 2", "images 1"].map(|table| format!("+ b/new.json {table}"));
    assert_eq!(told[0], "- a/t.csv rows 4");
    assert_eq!(told[1..], of_coco);
}

#[test]
fn a_file_that_was_only_formatted_anew_has_no_row_change_and_is_said_to_be() {
    for new in [CSV.replace("0.50", "0.5").replace(",1\n", ",1.0\n"), CSV.replace('\n', "\r\n"), CSV.replace(',', ";")]
    {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        let mut draft = fixture.draft("main");
        put(&mut draft, "t.csv", &new).expect("put");
        let diffs = of_draft(&fixture, &draft);
        assert_eq!(lines(&diffs), [""; 0]);
        assert_eq!(diffs.files.iter().map(|file| file.why.clone()).collect::<Vec<_>>(), [None]);
        assert_eq!(bytes(draft.view(), "t.csv"), new);
    }
}

#[test]
fn a_file_that_is_no_table_any_more_is_told_as_bytes_and_why() {
    let fixture = Fixture::new(&[("t.csv", CSV), ("c.json", COCO)]);
    let mut draft = fixture.draft("main");
    put(&mut draft, "t.csv", "image,label,score\na.png,cat,1\nb.png\n").expect("put");
    put(&mut draft, "c.json", &COCO[..COCO.len() / 2]).expect("put");
    let diffs = of_draft(&fixture, &draft);
    assert_eq!(lines(&diffs), [""; 0]);
    assert_eq!(diffs.files.len(), 2);
    assert!(diffs.files.iter().all(|file| file.why.is_some()), "{diffs:?}");
    assert!(bytes(draft.view(), "t.csv").ends_with("b.png\n"));
}

#[test]
fn rows_with_ids_are_told_by_these_wherever_they_are() {
    let fixture = Fixture::new(&[("c.json", COCO)]);
    let mut draft = fixture.draft("main");
    let json: serde_json::Value = serde_json::from_str(COCO).expect("JSON");
    let mut new = json.clone();
    let annotations = new["annotations"].as_array_mut().expect("a list");
    annotations.reverse();
    annotations[1]["area"] = serde_json::json!(15.5);
    annotations[0]["bbox"] = serde_json::json!([5.0, 6.0, 7.0, 8.0]);
    put(&mut draft, "c.json", &serde_json::to_string_pretty(&new).expect("JSON")).expect("put");
    assert_eq!(lines(&of_draft(&fixture, &draft)), ["7 area: 14.0 -> 15.5"]);
}

pub(super) fn with_weights(fixture: &Fixture) -> Draft {
    let mut draft = fixture.draft("main");
    let table = draft.view().table(None).expect("a table");
    draft.add_column(&table, "weight", &DataType::Float64).expect("added");
    let edits = [("1", 0.5), ("3", 2.0)].map(|(row, weight)| RowEdit::Set {
        row: row.to_owned(),
        cells: vec![("weight".to_owned(), Value::Float(weight)), ("label".to_owned(), text("edited"))],
    });
    draft.edit_table(&table, edits.to_vec()).expect("edited");
    draft.save("edits").expect("saved");
    draft
}

/// The rows of the only table as lines.
pub(super) fn rows(view: &View) -> Vec<String> {
    let table = view.table(None).expect("a table");
    let mut found = Vec::new();
    view.scan_rows(&table, &Default::default(), &mut |rows| {
        for row in 0..rows.batch.num_rows() {
            let cells = rows.batch.columns().iter().map(|column| crate::table::arrow_value::value(column, row));
            let cells: Vec<String> = cells.map(|cell| cell.expect("a value").to_string()).collect();
            found.push(cells.join(","));
        }
        Ok(crate::table::Flow::More)
    })
    .expect("scanned");
    found
}

#[test]
fn added_columns_go_along_with_their_rows_when_the_file_is_rewritten() {
    for new in [
        // Edits of rows.
        "image,label,score\na.png,cat,0.50\nb.png,\"edited\",1\nd.png,\"edited\",4\nz.png,new,\n",
        // Formatted anew, with rows that went and came.
        "image;label;score\nnew.png;new;0\na.png;cat;0.50\nb.png;edited;1\nd.png;edited;3\n",
        // The columns are others.
        "score,image,label\n0.5,a.png,cat\n1.0,b.png,edited\n3.0,d.png,edited\n",
    ] {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        let mut draft = with_weights(&fixture);
        put(&mut draft, "t.csv", new).expect("put");
        assert_eq!(bytes(draft.view(), "t.csv"), new);
        let rows = rows(draft.view());
        let weighed: Vec<&String> = rows.iter().filter(|row| !row.ends_with(',')).collect();
        assert!(weighed.len() == 2 && weighed[0].contains("b.png") && weighed[0].ends_with("0.5"), "{rows:?}");
        assert!(weighed[1].contains("d.png") && weighed[1].ends_with("2.0"), "{rows:?}");
    }
}

#[test]
fn added_columns_stay_with_their_rows_when_the_file_is_sorted() {
    let table: Vec<String> = (0..40).map(|n| format!("{},{},{}", n % 3, (n * 7) % 40, n % 2)).collect();
    let csv = |rows: &[String]| format!("a,b,c\n{}\n", rows.join("\n"));
    let fixture = Fixture::new(&[("t.csv", &csv(&table))]);
    let mut draft = fixture.draft("main");
    let of_file = draft.view().table(Some("t")).expect("a table");
    draft.add_column(&of_file, "weight", &DataType::Utf8).expect("added");
    let weigh = |row: usize| RowEdit::Set {
        row: row.to_string(),
        cells: vec![("weight".to_owned(), text(&format!("of {}", table[row].replace(',', " "))))],
    };
    draft.edit_table(&of_file, (0..40).step_by(2).map(weigh).collect()).expect("edited");
    let mut sorted = table.clone();
    sorted.sort();
    put(&mut draft, "t.csv", &csv(&sorted)).expect("put");
    let weighed: Vec<String> = rows(draft.view()).into_iter().filter(|row| !row.ends_with(',')).collect();
    assert_eq!(weighed.len(), 20);
    for row in weighed {
        let cells: Vec<&str> = row.splitn(4, ',').collect();
        assert_eq!(cells[3], format!("of {}", cells[..3].join(" ")));
    }
}

#[test]
fn putting_the_source_s_own_bytes_takes_row_edits_back_and_keeps_added_columns() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    let mut draft = with_weights(&fixture);
    put(&mut draft, "t.csv", CSV).expect("put");
    assert_eq!(rows(draft.view()), ["a.png,cat,0.5,", "b.png,dog,1.0,0.5", "c.png,cat,,", "d.png,fox,3.0,2.0"]);
    let mut plain = fixture.draft("main");
    plain.discard(&[]).expect("discarded");
    put(&mut plain, "t.csv", &CSV.replace("cat", "cow")).expect("put");
    put(&mut plain, "t.csv", CSV).expect("put");
    assert_eq!(plain.changes().expect("compared"), []);
}

/// Random edits by a writer that knows nothing of us, and what was done, as lines of a diff: with the keys that rows have
/// as edits of the old bytes, or in bytes of their own.
fn edited(rng: &mut Rng, old: &[[String; 3]], are_edits: bool) -> (Vec<[String; 3]>, Vec<String>) {
    let (mut new, mut told) = (Vec::new(), Vec::new());
    let mut last: Option<usize> = None;
    let mut fresh = 0;
    let json = |row: &[String; 3]| serde_json::json!({"id": row[0], "label": row[1], "score": row[2].parse::<i64>().expect("a number")});
    for (place, row) in old.iter().enumerate() {
        let mut row = row.clone();
        let key = if are_edits { place } else { new.len() };
        match rng.below(8) {
            0 => {
                told.push(format!("row {place}: {} -> -", json(&row)));
                continue;
            }
            1 => {
                let to = format!("edited {}", rng.below(1000));
                told.push(format!("{key} label: {} -> {}", serde_json::json!(row[1]), serde_json::json!(to)));
                row[1] = to;
            }
            2 => {
                let to = 10_000 + rng.below(1000);
                told.push(format!("{key} score: {} -> {to}", row[2]));
                row[2] = to.to_string();
            }
            3 if last.is_some() && last == place.checked_sub(1) => {
                // Only where the row above stays as it is: else it might be that one, edited.
                fresh += 1;
                let inserted = [
                    format!("new {fresh} {}", rng.bits()),
                    format!("come {}", rng.bits()),
                    (20_000 + fresh).to_string(),
                ];
                let key = if are_edits { format!("{}+1", place - 1) } else { key.to_string() };
                told.push(format!("row {key}: - -> {}", json(&inserted)));
                new.push(inserted);
            }
            _ => {}
        }
        last = Some(place);
        new.push(row);
    }
    (new, told)
}

fn csv(rows: &[[String; 3]], separator: &str, end: &str) -> String {
    let line = |row: &[String; 3]| row.join(separator) + end;
    ["id", "label", "score"].join(separator) + end + &rows.iter().map(line).collect::<String>()
}

#[test]
fn what_another_writer_did_is_told_exactly() {
    let seed = 20_26;
    let mut rng = Rng(seed);
    for round in 0..60 {
        let rows = 2 + rng.below(60);
        let old: Vec<[String; 3]> =
            (0..rows).map(|n| [format!("id {n}"), format!("label {}", n % 4), (n % 7).to_string()]).collect();
        let (separator, end) = [(",", "\n"), (",", "\n"), (";", "\r\n")][round % 3];
        let (new, mut told) = edited(&mut rng, &old, separator == ",");
        let fixture = Fixture::new(&[("t.csv", &csv(&old, ",", "\n"))]);
        let mut draft = fixture.draft("main");
        let written = csv(&new, separator, end);
        put(&mut draft, "t.csv", &written).expect("put");
        let diffs = of_draft(&fixture, &draft);
        let mut found = lines(&diffs);
        found.sort();
        told.sort();
        assert_eq!(found, told, "seed {seed}, round {round}:\n{}\n{written}", csv(&old, ",", "\n"));
        assert_eq!(bytes(draft.view(), "t.csv"), written, "seed {seed}, round {round}");
        if separator == "," && !told.is_empty() {
            assert!(
                matches!(content(draft.view(), "t.csv"), Content::Rows { .. }),
                "seed {seed}, round {round}: {told:?}"
            );
        }
    }
}

#[test]
fn a_file_that_was_said_to_be_rows_is_told_and_rewritten_by_these_whatever_its_name() {
    let mut fixture = Fixture::new(&[("odd.dat", CSV)]);
    let said = crate::dataset::rows::FileFormat { path: Some(path("odd.dat")), format: Some("csv".to_owned()) };
    fixture.dataset.say_formats(&fixture.view("main"), &[said]).expect("said");
    fixture.dataset = fixture.datasets.open(fixture.dataset.name()).expect("it was imported");
    let mut draft = with_weights(&fixture);
    put(&mut draft, "odd.dat", &(CSV.replace("0.50", "0.75").replace(',', ";"))).expect("put");
    assert_eq!(rows(draft.view())[1], "b.png,dog,1.0,0.5");
    let told = lines(&of_draft(&fixture, &draft));
    assert!(told.contains(&"0 score: 0.5 -> 0.75".to_owned()), "{told:?}");
}
