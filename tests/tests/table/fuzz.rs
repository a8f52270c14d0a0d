//! Bytes that nobody meant: no format may panic on any, and an edit of what it does read is read back.
//!
//! The functions `fuzz_…` take any bytes, so that a fuzzer can call them as well.

use harness::Rng;
use veneer::model::Value;
use veneer::table::csv::{CsvFormat, Encoding, Escape, LineEnding};
use veneer::table::jsonl::JsonlFormat;
use veneer::table::{Column, FileEdits, Format, Insert, RowSet, TableFile};

use super::{patched, rows};

const INPUTS: usize = 100_000;

/// Sniffs, opens, scans and edits.
fn fuzz_csv(bytes: &[u8]) {
    let (a, b) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
    let sniffed = CsvFormat::sniff(bytes).map(|(format, _)| format);
    let format = sniffed.unwrap_or_else(|| odd_format(a, b));
    let declare = |columns| Box::new(CsvFormat { columns, ..format.clone() }) as Box<dyn Format>;
    exercise(&format, &declare, bytes, a);
}

fn odd_format(a: u8, b: u8) -> CsvFormat {
    let encodings = [Encoding::Utf8, Encoding::Latin1, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be];
    CsvFormat {
        quote: (a & 1 == 0).then_some(b'"'),
        escape: if a & 2 == 0 { Escape::Doubled } else { Escape::Backslash },
        padded: a & 4 == 0,
        header: a & 8 == 0,
        bom: a & 16 == 0,
        encoding: encodings[usize::from(b) % encodings.len()],
        ending: if b & 8 == 0 { LineEnding::Lf } else { LineEnding::CrLf },
        ..CsvFormat::default()
    }
}

/// Sniffs, opens, scans and edits.
fn fuzz_jsonl(bytes: &[u8]) {
    let format = JsonlFormat::sniff(bytes).map(|(format, _)| format).unwrap_or_default();
    let declare = |columns| Box::new(JsonlFormat { columns, ..format.clone() }) as Box<dyn Format>;
    exercise(&format, &declare, bytes, bytes.first().copied().unwrap_or(0));
}

fn exercise(format: &dyn Format, declare: &dyn Fn(Vec<Column>) -> Box<dyn Format>, bytes: &[u8], pick: u8) {
    let bytes = bytes.to_vec();
    let Ok(table) = format.open(&bytes, Some(&bytes)) else { return };
    let info = table.tables()[0].clone();
    let all = rows(&*table);
    assert_eq!(all.len() as u64, info.rows);
    for (row, wanted) in (0..).zip(&all).take(3) {
        assert_eq!(table.row(0, row).as_ref().expect("it was counted"), wanted);
        assert_eq!(table.find(0, &table.key(0, row).expect("it was counted")).expect("it was read"), Some(row));
    }
    let again = format.open(&bytes, Some(&table.index())).expect("it was opened before");
    assert_eq!(again.tables(), table.tables());
    if all.is_empty() || info.schema.columns.is_empty() {
        return;
    }
    let (row, column) = (usize::from(pick) % all.len(), usize::from(pick) % info.schema.columns.len());
    let values =
        [Value::Null, Value::Text("a,\"\n\\ é".to_owned()), Value::Int(-7), Value::Float(0.5), Value::Bool(true)];
    for value in values {
        set(&*table, declare(info.schema.columns.clone()).as_ref(), &bytes, &all, (row, column), &value);
    }
    let insert = Insert { table: 0, after: Some(row as u64), cells: all[row].clone() };
    let edits = FileEdits { deletes: vec![(0, 0)], inserts: vec![insert], ..FileEdits::default() };
    // A field may be there that could not be written so elsewhere, as a byte order mark without quotes.
    if let Ok(splice) = table.splice(&edits) {
        patched(&bytes, &splice);
    }
}

fn set(
    table: &dyn TableFile,
    format: &dyn Format,
    bytes: &[u8],
    all: &[Vec<Value>],
    (row, column): (usize, usize),
    value: &Value,
) {
    let Ok(value) = table.check(0, column, value) else { return };
    let sets = vec![RowSet { table: 0, row: row as u64, cells: vec![(column, value.clone())] }];
    let splice = table.splice(&FileEdits { sets, ..FileEdits::default() }).expect("it was checked");
    let after = patched(bytes, &splice);
    let reopened = format.open(&after, None).expect("it was opened before");
    let mut wanted = all.to_vec();
    wanted[row][column] = value;
    assert_eq!(rows(&*reopened), wanted, "{:?}", String::from_utf8_lossy(&after));
}

/// Gives a function pieces of what such files are made of, in no order, and files with a few bytes changed.
fn run(pieces: &[&[u8]], seeds: &[&[u8]], fuzz: fn(&[u8])) {
    let mut rng = Rng::from_seed(0x7ab1e);
    for _ in 0..INPUTS {
        let mut bytes = if rng.one_in(2) { rng.pick(seeds).to_vec() } else { Vec::new() };
        for _ in 0..rng.below(12) {
            let at = rng.below(bytes.len() + 1);
            match rng.below(4) {
                0 if at < bytes.len() => bytes[at] = rng.bits() as u8,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => drop(bytes.splice(at..at, rng.pick(pieces).iter().copied())),
            }
        }
        if let Err(panic) = std::panic::catch_unwind(|| fuzz(&bytes)) {
            panic!("{:?} ({bytes:?}): {panic:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn no_bytes_are_too_odd_for_csv() {
    let pieces: [&[u8]; 22] = [
        b",",
        b"\"",
        b"\"\"",
        b"\n",
        b"\r\n",
        b"\r",
        b"\\",
        b"\\\"",
        b" ",
        b"\t",
        b";",
        b"\0",
        b"1",
        b"-0.5e3",
        b"true",
        b"2024-02-29",
        b"x",
        "é".as_bytes(),
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"nan",
    ];
    let seeds: [&[u8]; 5] = [
        b"id,label,x\n1,car,0.5\n2,\"a, b\",1\n3,\"say \"\"no\"\"\",-2e5\n",
        b"a;b\r\n\"x\r\ny\";1,5\r\nz;2,5\r\n",
        b"a\tb\tc\n2024-02-29 10:00:00\ttrue\t\n\tfalse\tx",
        b"\xff\xfea\0,\0b\0\n\0\x3d\xd8\x00\xde,\0\x31\0\n\0",
        b"'p', 'q'\n'x\\'y', '2'\n",
    ];
    run(&pieces, &seeds, fuzz_csv);
}

#[test]
fn no_bytes_are_too_odd_for_json_lines() {
    let pieces: [&[u8]; 20] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b":",
        b",",
        b"\n",
        b"\r\n",
        b"\\u00e9",
        b"\\ud800",
        b"1",
        b"-1.5e3",
        b"null",
        b"true",
        b"\"a\":",
        b"{\"a\":1}\n",
        "é".as_bytes(),
        b"\xff",
        b"1e999",
    ];
    let seeds: [&[u8]; 4] = [
        b"{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2.5, \"c\": [1, 2]}\n",
        b"{\"o\":{\"x\":1}}\r\n{\"o\":{\"y\":[]}}\r\n{\"o\":null}",
        b"{}\n{\"m\":1}\n{\"m\":\"\"}\n",
        b"\xef\xbb\xbf{\"k\":true,\"n\":18446744073709551615}\n",
    ];
    run(&pieces, &seeds, fuzz_jsonl);
}
