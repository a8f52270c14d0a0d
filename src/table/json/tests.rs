//! Tests of the room: odd files, random edits, mangled bytes.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use proptest::prelude::*;

use super::Json;
use super::text;
use super::window::Window;
use crate::model::Value;
use crate::table::testing::{Rng, edit_at_random, maul, mutated, read_in_every_way, takes_many_edits};
use crate::table::{FileEdits, Flow, Format, Insert, ReadAt, RowSet, Scan, applied};

/// A file of rows in the oddest way that is allowed: white space anywhere, any order of keys, any values.
fn odd_json(rng: &mut Rng) -> Vec<u8> {
    let mut out = String::new();
    let is_object = !rng.one_in(4);
    // Some files are tidy, in one of the ways in which programs write.
    let spaces: &[&str] = match rng.below(3) {
        0 => &[""],
        1 => &[" "],
        _ => &["", "", " ", "\n", "\t", "\r\n  "],
    };
    let names: &[&str] = if is_object { &["data", "b", "\\u0063"] } else { &[""] };
    if is_object {
        out.push_str("{\"version\": [1, [2]], ");
    }
    for (place, name) in names.iter().enumerate() {
        if is_object {
            out.push_str(&format!("{}\"{name}\":{}", if place > 0 { "," } else { "" }, rng.pick(spaces)));
        }
        out.push('[');
        let count = rng.below(6);
        for row in 0..count {
            out.push_str(rng.pick(spaces));
            odd_row(rng, row, spaces, &mut out);
            out.push_str(rng.pick(spaces));
            out.push_str(if row + 1 < count { "," } else { "" });
        }
        out.push(']');
    }
    out.push_str(if is_object { "}\n" } else { "" });
    out.into_bytes()
}

fn odd_row(rng: &mut Rng, row: usize, spaces: &[&str], out: &mut String) {
    let mut keys = vec!["id", "x", "\\u00e4 \\\"", "box", "any", "\u{df}", "deep"];
    out.push('{');
    let count = rng.below(keys.len() + 1);
    for place in 0..count {
        let key = keys.remove(if rng.one_in(3) { rng.below(keys.len()) } else { 0 });
        out.push_str(&format!("{}\"{key}\"{}:{}", rng.pick(spaces), rng.pick(spaces), rng.pick(spaces)));
        match key {
            "id" => out.push_str(&row.to_string()),
            "x" => out.push_str(rng.pick(&["1", "2.50", "-0.0", "1e3", "null", "NaN"])),
            "box" => out.push_str(rng.pick(&["[1, 2.5,3 ]", "[]", "[ 4 ]"])),
            "deep" => out.push_str(rng.pick(&["[[1,2],[ ]]", "[]", "[[3]]"])),
            "any" => {
                out.push_str(rng.pick(&["{\"a\": [1, {}]}", "true", "\"t\"", "[\"x\", 1]", "12345678901234567890"]))
            }
            _ => out.push_str(rng.pick(&["\"\"", "\"\\u00e4\\n\"", "\"\u{1f600}\"", "\"\\ud83d\\ude00]}\""])),
        }
        out.push_str(rng.pick(spaces));
        out.push_str(if place + 1 < count { "," } else { "" });
    }
    out.push('}');
}

#[test]
fn edits_at_random_are_often_taken() {
    takes_many_edits(&Json, &br#"[{"id": 1, "a": 2.5, "b": "x"}, {"id": 2, "a": 7, "b": "y"}, {"id": 3}]"#.to_vec());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_edits_of_any_file_give_exactly_the_edited_rows(seed: u64) {
        let mut rng = Rng(seed);
        let bytes = odd_json(&mut rng);
        if Json.open(&bytes, None).is_ok()
            && let Some(spliced) = edit_at_random(&Json, &bytes, &mut rng) {
                let text = String::from_utf8(spliced).expect("JSON is UTF-8").replace("NaN", "0");
                serde_json::from_str::<serde_json::Value>(&text).expect("it stays JSON");
            }
    }
}

#[test]
fn mangled_files_are_read_as_far_as_they_go() {
    let mut rng = Rng(7);
    let files: Vec<Vec<u8>> = (0..40).map(|_| odd_json(&mut rng)).collect();
    let examples: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    maul(
        &Json,
        100_000,
        &examples,
        &["{", "}", "[", "]", ",", ":", "\"", "\\u", "\\", "1e", "-", "null", "[[", "NaN", "{\"id\":"],
    );
}

#[track_caller]
fn check(text: &str, edits: &FileEdits, expected: &str) {
    let bytes = text.as_bytes().to_vec();
    let file = Json.open(&bytes, None).expect("it has rows");
    let splice = file.splice(edits).expect("edits that can be made");
    assert_eq!(String::from_utf8_lossy(&applied(&bytes, &splice).expect("no overlap")), expected);
}

fn insert(after: Option<u64>, cells: &[i64]) -> Insert {
    Insert { table: 0, after, cells: cells.iter().map(|cell| Value::Int(*cell)).collect(), ..Insert::default() }
}

#[test]
fn every_mixture_of_deletes_and_inserts_leaves_one_comma_between_rows() {
    let text = r#"[{"a": 0}, {"a": 1}, {"a": 2}]"#;
    for deleted in 0..8_u32 {
        for inserted in 0..16_u32 {
            let deletes: Vec<(usize, u64)> = (0..3).filter(|row| deleted >> row & 1 == 1).map(|row| (0, row)).collect();
            let gaps = (0..4).filter(|gap| inserted >> gap & 1 == 1);
            let inserts = gaps.clone().map(|gap: u64| insert(gap.checked_sub(1), &[10 + gap as i64])).collect();
            let mut rows = Vec::new();
            for gap in 0..4_u64 {
                if gap > 0 && deleted >> (gap - 1) & 1 == 0 {
                    rows.push(format!("{{\"a\": {}}}", gap - 1));
                }
                if inserted >> gap & 1 == 1 {
                    rows.push(format!("{{\"a\": {}}}", 10 + gap));
                }
            }
            let expected = format!("[{}]", rows.join(", "));
            check(text, &FileEdits { deletes, inserts, ..FileEdits::default() }, &expected);
        }
    }
}

#[test]
fn new_members_and_rows_look_like_their_neighbours() {
    let text = "[\n  {\n    \"a\" : 1\n  },\n  {\n    \"a\" : 2,\n    \"b\" : 3\n  }\n]\n";
    let sets = vec![RowSet { table: 0, row: 0, cells: vec![(1, Value::Int(4))] }];
    let edits = FileEdits { sets, inserts: vec![insert(Some(1), &[5, 6])], ..FileEdits::default() };
    let expected = "[\n  {\n    \"a\" : 1,\n    \"b\" : 4\n  },\n  {\n    \"a\" : 2,\n    \"b\" : 3\n  },\n  {\n    \"a\" : 5,\n    \"b\" : 6\n  }\n]\n";
    check(text, &edits, expected);
}

#[test]
fn rows_before_a_mistake_are_read_and_the_mistake_is_told_by_line_and_column() {
    let cases = [
        ("{\"a\":[{\"x\":1},\n {\"x\":tru}]}", 1, (2, 7)),
        ("[{\"x\":1},{\"x\":1", 1, (1, 16)),
        ("[{\"x\":1}\n,2,{\"x\":3}]", 1, (2, 2)),
        ("[{\"x\":01}]", 0, (1, 7)),
        ("[{\"x\":1}] x", 1, (1, 11)),
    ];
    for (text, rows, (line, column)) in cases {
        let bytes = text.as_bytes().to_vec();
        match Json.open(&bytes, None) {
            Ok(file) => {
                let problem = file.tables()[0].problem.clone().expect("a mistake");
                assert_eq!((file.tables()[0].rows, problem.line, problem.column), (rows, line, column), "{text}");
            }
            Err(error) => assert!(rows == 0, "{text}: {error}"),
        }
    }
}

#[test]
fn lists_may_not_lie_too_deep_in_each_other() {
    let nested = |depth: usize| format!("[{{\"x\":{}{}}}]", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    let is_whole = |bytes: &Vec<u8>| Json.open(bytes, None).is_ok_and(|file| file.tables()[0].problem.is_none());
    assert!(is_whole(&nested(100)));
    read_in_every_way(&Json, &nested(100));
    assert!(!is_whole(&nested(200)) && !is_whole(&nested(2_000_000)));
}

/// A file that gives a few bytes at a time, whatever is asked for.
#[derive(Debug)]
struct Slow(Vec<u8>);

impl ReadAt for Slow {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> crate::Result<usize> {
        let len = buffer.len().min(3);
        self.0.read_at(&mut buffer[..len], offset)
    }
}

#[test]
fn a_window_is_as_wide_as_the_value_needs() {
    let text = format!("[\"{}\", 12]", "x".repeat(5000));
    let file = Slow(text.into_bytes());
    let mut window = Window::new(&file, 7);
    let end = window.read(1, |b| text::value(b, 0, 0)).expect("a text").0;
    assert_eq!(end, 5002);
    assert_eq!(window.read(5005, |b| text::value(b, 0, 0)).expect("a number").0, 2);
    assert_eq!(window.read(1, |b| text::value(b, 0, 0)).expect("going back").0, 5002);
    assert!(window.read(5007, |b| text::value(b, 0, 0)).is_err(), "it ends there");
}

/// One line of equal rows, made as it is read; notes how much was asked for at once.
#[derive(Debug)]
struct Endless {
    rows: u64,
    most: AtomicUsize,
}

const ROW: &[u8] = br#"{"x": 1.50, "text": "0123456789 0123456789 0123456789"}, "#;

impl ReadAt for Endless {
    fn len(&self) -> u64 {
        // The last row has no comma and no space after it, but the brackets take their place.
        self.rows * ROW.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> crate::Result<usize> {
        self.most.fetch_max(buffer.len(), Ordering::Relaxed);
        let len = buffer.len().min((self.len() - offset.min(self.len())) as usize);
        for (place, byte) in (offset..).zip(&mut buffer[..len]) {
            *byte = match place {
                0 => b'[',
                _ if place + 1 == self.len() => b']',
                _ => ROW[(place - 1) as usize % ROW.len()],
            };
        }
        Ok(len)
    }
}

#[test]
fn a_long_line_is_read_through_a_small_window() {
    let file = Endless { rows: 200_000, most: AtomicUsize::new(0) };
    let open = Json.open(&file, None).expect("rows");
    assert_eq!((open.tables()[0].rows, open.tables()[0].problem.clone()), (200_000, None));
    assert_eq!(open.row(0, 199_999).expect("the last")[0], Value::Float(1.5));
    let (most, index) = (file.most.load(Ordering::Relaxed), open.index().len());
    assert!(file.len() > 10 << 20 && most <= 1 << 20 && index < 20_000, "{most} at once, an index of {index}");
}

#[test]
fn an_index_that_is_not_the_file_s_own_does_no_harm() {
    let mut rng = Rng(11);
    let bytes = (0..).map(|_| odd_json(&mut rng)).find(|bytes| bytes.len() > 400).expect("some are long");
    let index = Json.open(&bytes, None).expect("rows").index();
    let whole = read_in_every_way(&Json, &bytes);
    let (mut same, mut others) = (0, 0);
    for seed in 0..5_000 {
        let mut rng = Rng(seed);
        let file = Json.open(&bytes, Some(&mutated(&mut rng, &index, &["\u{0}", "\u{1}", "\u{7f}"]))).expect("rows");
        for (table, rows) in whole.iter().enumerate().take(file.tables().len()) {
            // Some rows may come out wrong or not at all: the store notices a damaged index, not the format.
            let _ = (file.key(table, 1), file.find(table, "1"));
            let is_same = file.row(table, 0).is_ok_and(|row| rows.first() == Some(&row));
            (same, others) = (same + usize::from(is_same), others + usize::from(!is_same));
            let _ = file.scan(table, &Scan::default(), &mut |_| Ok(Flow::More));
            let _ = file.splice(&FileEdits { deletes: vec![(table, 0)], ..FileEdits::default() });
        }
    }
    assert!(same > 0 && others > 0, "the index is read: {same} rows as they are, {others} not");
}

/// Counts the bytes that are read of a file.
#[derive(Debug)]
struct Counted(Vec<u8>, AtomicU64);

impl ReadAt for Counted {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> crate::Result<usize> {
        let read = self.0.read_at(buffer, offset)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[test]
fn many_rows_are_found_and_read_in_one_sweep_each() {
    for step in [1, 7919] {
        // Ids that rise, and the same ones in any order.
        let row = |at: u64| format!("{{\"id\": {}, \"x\": {at}}}", at * step % 10_000);
        let text = format!("[{}]", (0..10_000).map(row).collect::<Vec<_>>().join(",\n"));
        let bytes = Counted(text.into_bytes(), AtomicU64::new(0));
        let file = Json.open(&bytes, None).expect("JSON");
        let read = || bytes.1.swap(0, Ordering::Relaxed);
        read();
        let mut keys: Vec<String> = (0..10_000).map(|id| u64::to_string(&id)).collect();
        keys.sort();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut places = file.find_all(0, &keys).expect("a search");
        let (len, found) = (bytes.len(), read());
        assert!(found < 2 * len, "{found} bytes of {len} to find");
        places.sort_unstable();
        for (at, place) in (0..).zip(places) {
            assert_eq!(place, Some(at));
            assert_eq!(file.row(0, at).expect("a row")[1], Value::Int(at as i64));
        }
        let found = read();
        assert!(found < 2 * len, "{found} bytes of {len} to read");
    }
}
