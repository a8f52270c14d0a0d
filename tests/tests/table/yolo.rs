//! YOLO, judged by PyYAML and by Python's own words and numbers.

use std::fs;

use harness::{Python, Rng, skip};
use serde_json::{Value as Json, json};
use veneer::model::Value;
use veneer::table::yolo::{YoloDataFile, YoloLabels};
use veneer::table::{FileEdits, Format, Insert, RowSet};

use super::{edited, floats, plain, real_data};

fn python_reads(python: &Python, kind: &str, bytes: &[u8]) -> Json {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), bytes).expect("a temporary file");
    serde_json::from_str(&python.run("read_rows.py", &[kind, &file.path().display().to_string()])).expect("JSON")
}

/// Moves every third box, drops every fourth line and adds one; Python then reads exactly that.
fn check_labels(python: &Python, bytes: &Vec<u8>, rng: &mut Rng) {
    let before = python_reads(python, "labels", bytes);
    let mut expected = Vec::new();
    let mut edits = FileEdits::default();
    for (row, numbers) in (0_u64..).zip(before.as_array().expect("lines")) {
        let mut numbers: Vec<f64> = numbers.as_array().expect("numbers").iter().filter_map(Json::as_f64).collect();
        if row % 4 == 3 {
            edits.deletes.push((0, row));
            continue;
        }
        if row % 3 == 0 {
            numbers[2] = rng.below(1 << 20) as f64 / f64::from(1 << 20);
            edits.sets.push(RowSet { table: 0, row, cells: vec![(1, floats(&numbers[1..5]))] });
        }
        expected.push(numbers);
    }
    let last = before.as_array().expect("lines").len().checked_sub(1).map(|last| last as u64);
    let cells = vec![Value::Int(0), floats(&[0.5, 0.5, 0.25, 1.0])];
    edits.inserts.push(Insert { table: 0, after: last, cells, ..Insert::default() });
    expected.push(vec![0.0, 0.5, 0.5, 0.25, 1.0]);
    let after = python_reads(python, "labels", &edited(&YoloLabels::default(), bytes, &edits));
    assert_eq!(plain(&after), plain(&json!(expected)), "{}", String::from_utf8_lossy(bytes));
}

#[test]
fn python_reads_exactly_the_edited_lines() {
    let python = match Python::with_readers() {
        Ok(python) => python,
        Err(why) => return skip::skipped(why),
    };
    let mut rng = Rng::seeded();
    let texts = ["0 0.5 0.5 0.1 0.1", "1 .5 5e-1 0.10 1\r\n\r\n 2 0.1\t0.2 0.3 0.4 \r\n0 0 0 0 0\r\n1 1 1 1 1\r\n", ""];
    for text in texts {
        check_labels(&python, &text.as_bytes().to_vec(), &mut rng);
    }
}

#[test]
fn pyyaml_reads_exactly_the_edited_classes() {
    let python = match Python::with_readers() {
        Ok(python) => python,
        Err(why) => return skip::skipped(why),
    };
    let texts = [
        "path: ../x # root\nnc: 2\nnames:\n  - a # first\n  - 'b c'\ntrain: t\n",
        "names:\r\n  0: a\r\n  1: \"b c\"\r\nnc: 2\r\n",
        "nc: 2\nnames: [a, 'b c']  # two\n",
        "names: {0: a, 1: b c}",
        "names:\n- a\n- b c",
    ];
    let names = [
        "no",
        "it's",
        "12",
        "1:30",
        "a: b",
        "x #y",
        "\u{df}\u{1f600}",
        "2024-01-01",
        "~",
        "back\\slash",
        "\"",
        "- a",
        "0x1F",
        "1e3",
        "=",
        "y",
    ];
    for text in texts {
        for name in names {
            let text_cell = |name: &str| Value::Text(name.to_owned());
            let sets = vec![RowSet { table: 0, row: 0, cells: vec![(1, text_cell(name))] }];
            let inserts = vec![Insert {
                table: 0,
                after: Some(1),
                cells: vec![Value::Null, text_cell(name)],
                ..Insert::default()
            }];
            let edits = FileEdits { sets, inserts, ..FileEdits::default() };
            let spliced = edited(&YoloDataFile, &text.as_bytes().to_vec(), &edits);
            let after = python_reads(&python, "yaml", &spliced);
            let found: Vec<&Json> = match &after["names"] {
                Json::Array(names) => names.iter().collect(),
                Json::Object(names) => (0..names.len()).map(|number| &names[&number.to_string()]).collect(),
                other => panic!("{other}"),
            };
            assert_eq!(found, [&json!(name), &json!("b c"), &json!(name)], "{}", String::from_utf8_lossy(&spliced));
            assert!(after["nc"].is_null() || after["nc"] == 3);
        }
    }
}

#[test]
fn label_files_that_others_made_are_edited_line_by_line() {
    let (python, folder) = match Python::with_readers().and_then(|python| Ok((python, real_data("raccoon")?))) {
        Ok(both) => both,
        Err(why) => return skip::skipped(why),
    };
    let mut rng = Rng::seeded();
    let labels = fs::read_dir(folder.join("labels")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let labels: Vec<_> = labels.filter(|path| path.extension().is_some_and(|kind| kind == "txt")).collect();
    assert!(!labels.is_empty());
    for path in &labels {
        let bytes = fs::read(path).expect("it can be read");
        let file = YoloLabels::default().open(&bytes, None).expect("labels");
        assert_eq!(file.tables()[0].problem, None, "{}", path.display());
    }
    for _ in 0..20 {
        check_labels(&python, &fs::read(rng.pick(&labels)).expect("it can be read"), &mut rng);
    }
}
