//! CSV files as Python writes them, edited, and read again by Python.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use harness::{Rng, need, skip};
use veneer::model::Value;
use veneer::table::csv::CsvFormat;
use veneer::table::{FileEdits, Format, Insert, RowSet};

use super::{patched, rows, same};

/// For each file what is in it, the header first; all of it text.
type Told = BTreeMap<String, Vec<Vec<String>>>;

fn python(what: &str, folder: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/table/dialects.py");
    let ran = Command::new("python3").arg(script).arg(what).arg(folder).output().expect("python3 is there");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("json is text")
}

fn has_pandas() -> Result<(), String> {
    let ran = Command::new("python3").args(["-c", "import pandas"]).output().map_err(|cause| cause.to_string())?;
    if ran.status.success() { Ok(()) } else { Err("python3 has no pandas".to_owned()) }
}

/// The text of a cell, where a number may be written in more than one way.
fn told(value: &Value) -> String {
    match value {
        Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// The same of a cell that Python told as text.
fn alike(column: usize, text: &str) -> String {
    match (column, text.parse::<f64>()) {
        (2, Ok(number)) => format!("{number:?}"),
        _ => text.to_owned(),
    }
}

fn as_told(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let row = |row: &Vec<String>| row.iter().enumerate().map(|(column, cell)| alike(column, cell)).collect();
    rows.iter().skip(1).map(row).collect()
}

fn ours(rows: &[Vec<Value>]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(told).collect()).collect()
}

/// Edits that change cells, rows and their number; returns what becomes of the rows.
fn edit(rng: &mut Rng, rows: &[Vec<Value>]) -> (FileEdits, Vec<Vec<Value>>) {
    let words = ["bus", "x, y; z|\t", "so \"quoted\"", "over\nlines", "é", "", "'s", "\\"];
    let (mut edits, mut wanted) = (FileEdits::default(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let (at, mut row) = (at as u64, row.clone());
        let word = match *rng.pick(&words) {
            "" => Value::Null,
            word => Value::Text(word.to_owned()),
        };
        match rng.below(12) {
            0 => edits.deletes.push((0, at)),
            1 => {
                let cells = vec![(1, word.clone()), (2, Value::Float(0.25))];
                (row[1], row[2]) = (word, Value::Float(0.25));
                edits.sets.push(RowSet { table: 0, row: at, cells });
                wanted.push(row);
            }
            2 => {
                let cells = vec![Value::Int(-5), word, Value::Float(-1.5), Value::Null];
                edits.inserts.push(Insert { table: 0, after: Some(at), cells: cells.clone(), ..Insert::default() });
                wanted.extend([row, cells]);
            }
            _ => wanted.push(row),
        }
    }
    (edits, wanted)
}

/// Reads what Python wrote, edits it, and compares what `reader` finds then.
fn check(reader: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    python("write", folder.path());
    let text = fs::read(folder.path().join("rows.json")).expect("it was written");
    let written: Told = serde_json::from_slice(&text).expect("json");
    let mut rng = Rng::seeded();
    let mut wanted = BTreeMap::new();
    for (name, told_rows) in &written {
        let path = folder.path().join(format!("{name}.csv"));
        let bytes = fs::read(&path).expect("it was written");
        let (format, why) = CsvFormat::sniff(&bytes[..bytes.len().min(64 << 10)]).expect("it is a table");
        let table = format.open(&bytes, None).expect("it can be opened");
        assert_eq!(table.tables()[0].problem, None, "{name}: {why}");
        let before = rows(&*table);
        same(&ours(&before), &as_told(told_rows), &format!("{name}: {why}"));
        let (edits, after) = edit(&mut rng, &before);
        fs::write(&path, patched(&bytes, &table.splice(&edits).expect("it can be said"))).expect("a writable folder");
        wanted.insert(name.clone(), ours(&after));
    }
    let found: Told = serde_json::from_str(&python(reader, folder.path())).expect("json");
    for (name, wanted) in &wanted {
        same(&as_told(&found[name]), wanted, &format!("{name}, read by {reader}"));
    }
}

#[test]
fn what_python_writes_is_read_and_its_csv_module_reads_the_edits() {
    need!(skip::command("python3"));
    check("read");
}

#[test]
fn what_python_writes_is_read_and_pandas_reads_the_edits() {
    need!(skip::command("python3"), has_pandas());
    check("pandas");
}

#[test]
fn readers_that_are_told_nothing_find_the_edits_of_a_file_with_spaces_after_its_delimiters() {
    need!(skip::command("python3"));
    let bytes = b"a, b, c\n1, x, y\n2, , \"z, w\"\n3, p, q\n".to_vec();
    let (format, _) = CsvFormat::sniff(&bytes).expect("it is a table");
    assert!(format.padded);
    let table = format.open(&bytes, None).expect("it can be opened");
    let text = |text: &str| Value::Text(text.to_owned());
    let set = |row, cells: [(usize, Value); 2]| RowSet { table: 0, row, cells: cells.to_vec() };
    let sets = vec![
        set(0, [(1, text("x,y")), (2, text("so \"quoted\""))]),
        set(1, [(1, text("over\nlines")), (2, text(" z, w"))]),
    ];
    let inserts = vec![Insert {
        table: 0,
        after: Some(1),
        cells: vec![Value::Int(9), text("i, j"), text("k\nl")],
        ..Insert::default()
    }];
    let edits = FileEdits { sets, inserts, ..FileEdits::default() };
    let edited = patched(&bytes, &table.splice(&edits).expect("it can be said"));
    let found = ours(&rows(&*format.open(&edited, None).expect("it can be opened")));
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("file.csv"), &edited).expect("a writable folder");
    let readers: Told = serde_json::from_str(&python("default", folder.path())).expect("json");
    for (reader, rows) in readers {
        same(&rows[1..4], &found[..3], &format!("{reader}: {}", String::from_utf8_lossy(&edited)));
    }
}
