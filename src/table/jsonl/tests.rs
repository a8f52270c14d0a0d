//! What is read from JSON Lines, and that an edit changes the bytes of its value alone.

use proptest::prelude::*;

use super::*;
use crate::model::Value;
use crate::table::{FileEdits, Flow, Insert, Patch, RowSet, Scan, Splice, TableInfo, arrow_value};

/// Opens a file, and checks that a scan, single rows and a stored index all tell the same.
fn open(format: &JsonlFormat, bytes: &[u8]) -> (TableInfo, Vec<Vec<Value>>) {
    let bytes = bytes.to_vec();
    let table = format.open(&bytes, None).expect("it can be opened");
    let info = table.tables()[0].clone();
    let rows: Vec<Vec<Value>> = (0..info.rows).map(|row| table.row(0, row).expect("a row")).collect();
    let mut scanned = Vec::new();
    let mut take = |batch: arrow::record_batch::RecordBatch| {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| arrow_value::value(column, row));
            scanned.push(cells.collect::<Result<Vec<_>>>()?);
        }
        Ok(Flow::More)
    };
    table.scan(0, &Scan::default(), &mut take).expect("it can be read");
    assert_eq!(scanned, rows, "a scan gives what single rows are");
    let again = format.open(&bytes, Some(&table.index())).expect("it can be opened");
    assert_eq!((again.tables(), again.index()), (table.tables(), table.index()));
    (info, rows)
}

fn told(text: &str) -> Vec<String> {
    let (format, _) = JsonlFormat::sniff(text.as_bytes()).expect("each line is an object");
    let (info, rows) = open(&format, text.as_bytes());
    assert_eq!(info.problem, None);
    let head = info.schema.columns.iter().map(|column| format!("{}:{}", column.name, column.data_type));
    let cell = |value: &Value| if *value == Value::Null { "·".to_owned() } else { value.to_string() };
    let rows = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" "));
    std::iter::once(head.collect::<Vec<_>>().join(" ")).chain(rows).collect()
}

fn patched(bytes: &[u8], splice: &Splice) -> Vec<u8> {
    let Splice::Patches { sets, deletes, inserts } = splice else { panic!("text is spliced by patches") };
    let mut all: Vec<&Patch> = sets.iter().flatten().chain(deletes).chain(inserts).flatten().collect();
    all.sort_by_key(|patch| (patch.offset, patch.replaced));
    let (mut out, mut at) = (Vec::new(), 0);
    for patch in all {
        assert!(patch.offset as usize >= at, "patches overlap");
        out.extend_from_slice(&bytes[at..patch.offset as usize]);
        out.extend_from_slice(&patch.bytes);
        at = (patch.offset + patch.replaced) as usize;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// Edits a file, and checks that it is read back with these edits and no others.
fn edit(format: &JsonlFormat, before: &str, edits: &FileEdits) -> String {
    let bytes = before.as_bytes().to_vec();
    let table = format.open(&bytes, None).expect("it can be opened");
    let (info, rows) = open(format, &bytes);
    let after = patched(&bytes, &table.splice(edits).expect("it can be said"));
    let mut wanted = Vec::new();
    let inserted = |after| edits.inserts.iter().filter(move |one| one.after == after).map(|one| one.cells.clone());
    wanted.extend(inserted(None));
    for (at, mut row) in (0..).zip(rows) {
        let sets = edits.sets.iter().filter(|set| set.row == at).flat_map(|set| &set.cells);
        sets.for_each(|(column, value)| row[*column] = value.clone());
        wanted.extend((!edits.deletes.contains(&(0, at))).then_some(row));
        wanted.extend(inserted(Some(at)));
    }
    let declared = JsonlFormat { columns: info.schema.columns, ..format.clone() };
    let after = String::from_utf8(after).expect("it stays text");
    let (info, rows) = open(&declared, after.as_bytes());
    assert_eq!(info.problem, None, "{after}");
    assert_eq!(rows, wanted, "{after}");
    after
}

fn set(row: u64, column: usize, value: Value) -> FileEdits {
    FileEdits { sets: vec![RowSet { table: 0, row, cells: vec![(column, value)] }], ..FileEdits::default() }
}

fn check(before: &str, edits: &FileEdits, after: &str) {
    let (format, _) = JsonlFormat::sniff(before.as_bytes()).expect("each line is an object");
    assert_eq!(edit(&format, before, edits), after);
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn keys_are_columns_and_what_is_missing_is_null() {
    let file = "{\"a\": 1, \"b\": \"x\"}\r\n\n{\"b\": \"é\\n\", \"c\": [1, 2.5]}\r\n{\"a\": null}";
    assert_eq!(told(file), ["a:Int64 b:Utf8 c:List(Float64)", "1 x ·", "· é\n [1.0,2.5]", "· · ·"]);
}

#[test]
fn objects_are_structs_where_they_are_alike_and_json_where_not() {
    let file =
        "{\"o\": {\"x\": 1}, \"m\": 1, \"n\": [1]}\n{\"o\": {\"y\": true}, \"m\": \"s\", \"n\": {\"k\": 1.50}}\n";
    let head = "o:Struct(\"x\": Int64, \"y\": Boolean) m:LargeUtf8 n:LargeUtf8";
    let rows = ["{\"x\":1,\"y\":null} 1 [1]", "{\"x\":null,\"y\":true} \"s\" {\"k\":1.5}"];
    assert_eq!(told(file), [head, rows[0], rows[1]]);
}

#[test]
fn a_line_that_is_no_object_is_no_row_and_told_with_its_place() {
    let problem = |text: &str| {
        let (info, _) = open(&JsonlFormat::default(), text.as_bytes());
        let problem = info.problem.expect("something is wrong");
        (info.rows, problem.line, problem.column, problem.why)
    };
    assert_eq!(problem("{\"a\": 1}\n{\"a\": x}\n"), (1, 2, 7, "expected value".to_owned()));
    assert_eq!(problem("{\"a\": 1}\n{\"a\": 1} 2\n").1, 2);
    assert!(problem("{\"a\": 1}\n[1]\n").3.contains("an object for a row"));
    assert_eq!(problem("{\"a\": 1, \"a\": 2}\n").3, "the key `a` comes twice");
    assert!(JsonlFormat::sniff(b"a,b\n1,2\n").is_none() && JsonlFormat::sniff(b"").is_none());
}

#[test]
fn a_broken_line_says_nothing_of_columns() {
    let columns = |text: &str| {
        let (info, _) = open(&JsonlFormat::default(), text.as_bytes());
        assert!(info.problem.is_some());
        info.schema.columns.iter().map(|column| format!("{}:{}", column.name, column.data_type)).collect::<Vec<_>>()
    };
    assert_eq!(columns("{\"a\":1}\n\n{\"a\":2}\n{\"a\":\"x\",\"new\":2,oops\n"), ["a:Int64"]);
    assert_eq!(columns("{\"a\":1,\"a\":\"x\"}\n"), [""; 0]);
    assert_eq!(columns("{\"a\":1}\n{\"a\":\"x\",oops\n{\"b\":true}\n"), ["a:Int64", "b:Boolean"]);
}

#[test]
fn lines_behind_a_broken_one_are_read_and_edited() {
    let file = b"{\"a\": 1}\n{\"a\": \xff\"}\n\n{\"a\": 3}\nnonsense\n{\"a\": 5}\n{\"a\"".to_vec();
    let (info, rows) = open(&JsonlFormat::default(), &file);
    assert_eq!(rows, [1, 3, 5].map(|number| vec![Value::Int(number)]));
    let problem = info.problem.expect("three lines are broken");
    assert_eq!(problem.line, 2);
    assert!(problem.why.ends_with(", and other lines are broken, too"), "{}", problem.why);
    let table = JsonlFormat::default().open(&file, None).expect("it can be opened");
    let insert = Insert { table: 0, after: Some(2), cells: vec![Value::Int(6)], ..Insert::default() };
    let edits = FileEdits { inserts: vec![insert], deletes: vec![(0, 0)], ..set(1, 0, Value::Int(4)) };
    let splice = table.splice(&edits).expect("it can be edited");
    let edited = crate::table::applied(&file, &splice).expect("it fits");
    let expected = b"{\"a\": \xff\"}\n\n{\"a\": 4}\nnonsense\n{\"a\": 5}\n{\"a\":6}\n{\"a\"";
    assert_eq!(edited.as_slice(), expected);
    // The second has several parts, each with fewer.
    for broken in ["x\n".to_owned(), format!("{}\n", "x".repeat(1500))] {
        let many: String = (0..3000).map(|row| if row % 2 == 0 { "{\"a\": 1}\n" } else { broken.as_str() }).collect();
        let (info, rows) = open(&JsonlFormat::default(), many.as_bytes());
        assert_eq!(rows.len(), 1000, "after so many broken lines it ends");
        let why = info.problem.expect("it is cut").why;
        assert!(why.ends_with(", and what comes behind 1000 broken lines is not read"), "{why}");
    }
}

#[test]
fn of_more_keys_than_there_can_be_columns_the_first_are_columns() {
    let lines: String = (0..9000).map(|n| format!("{{\"key {n}\":{n}}}\n")).collect();
    let (info, _) = open(&JsonlFormat::default(), lines.as_bytes());
    assert_eq!((info.rows, info.schema.columns.len()), (9000, 8192));
    let edits = set(8999, 0, Value::Int(5));
    let after = edit(&JsonlFormat::default(), &lines, &edits);
    assert!(after.ends_with("{\"key 8999\":8999,\"key 0\":5}\n"), "what is no column stays");
}

#[test]
fn a_value_is_replaced_and_nothing_else() {
    let file = "{ \"a\" : 1.50 , \"b\":\"x\"}\n{\"a\":2,\"b\":null}";
    check(file, &set(0, 0, Value::Float(1.5)), file);
    check(file, &set(0, 0, Value::Float(0.1)), "{ \"a\" : 0.1 , \"b\":\"x\"}\n{\"a\":2,\"b\":null}");
    check(file, &set(1, 0, Value::Float(7.0)), "{ \"a\" : 1.50 , \"b\":\"x\"}\n{\"a\":7,\"b\":null}");
    check(file, &set(0, 1, Value::Null), "{ \"a\" : 1.50 , \"b\":null}\n{\"a\":2,\"b\":null}");
    check(file, &set(1, 1, text("é")), "{ \"a\" : 1.50 , \"b\":\"x\"}\n{\"a\":2,\"b\":\"\\u00e9\"}");
    check("{\"b\": \"ü\"}\n", &set(0, 0, text("é\"")), "{\"b\": \"é\\\"\"}\n");
}

#[test]
fn a_key_that_a_line_lacks_is_added() {
    let mut edits = set(0, 1, Value::Int(1));
    edits.sets[0].cells.push((2, text("x")));
    check(
        "{}\n{\"a\": 1, \"b\": 2, \"c\": \"\"}\n",
        &edits,
        "{\"b\":1,\"c\":\"x\"}\n{\"a\": 1, \"b\": 2, \"c\": \"\"}\n"
            .replace("\"b\":1,\"c\":\"x\"", "\"b\": 1, \"c\": \"x\"")
            .as_str(),
    );
    check(
        "{\"a\":1 }\n{\"a\":1,\"b\":2,\"c\":\"\"}\n",
        &edits,
        "{\"a\":1,\"b\":1,\"c\":\"x\" }\n{\"a\":1,\"b\":2,\"c\":\"\"}\n",
    );
}

#[test]
fn rows_are_inserted_and_deleted_wherever_they_are() {
    let one = |after| Insert { table: 0, after, cells: vec![Value::Int(9), Value::Null], ..Insert::default() };
    let edits = FileEdits { inserts: vec![one(None), one(Some(1)), one(Some(1))], ..FileEdits::default() };
    let file = "{\"a\":1}\n{\"a\":2,\"b\":\"x\"}";
    check(file, &edits, "{\"a\":9}\n{\"a\":1}\n{\"a\":2,\"b\":\"x\"}\n{\"a\":9,\"b\":null}\n{\"a\":9,\"b\":null}");
    let edits = FileEdits { deletes: vec![(0, 1)], ..edits };
    check(file, &edits, "{\"a\":9}\n{\"a\":1}\n{\"a\":9,\"b\":null}\n{\"a\":9,\"b\":null}");
    let (info, _) = open(&JsonlFormat::default(), file.as_bytes());
    let empty = JsonlFormat { columns: info.schema.columns, ..JsonlFormat::default() };
    let edits = FileEdits { inserts: vec![one(None), one(None)], ..FileEdits::default() };
    assert_eq!(edit(&empty, "", &edits), "{\"a\":9,\"b\":null}\n{\"a\":9,\"b\":null}\n");
}

#[test]
fn what_json_or_the_column_cannot_hold_is_refused() {
    let bytes = b"{\"a\":1.5,\"b\":\"x\",\"m\":1,\"o\":{\"k\":1}}\n{\"m\":\"\"}\n".to_vec();
    let table = JsonlFormat::default().open(&bytes, None).expect("it can be opened");
    let refused = [
        (0, Value::Float(f64::NAN)),
        (0, text("one")),
        (2, text("{")),
        (3, text("[]")),
        (3, Value::Struct(vec![("z".to_owned(), Value::Null)])),
        (1, Value::List(vec![])),
        (4, Value::Null),
    ];
    for (column, value) in refused {
        assert!(table.check(0, column, &value).is_err(), "{column} {value:?}");
        assert!(table.splice(&set(0, column, value)).is_err());
    }
    assert_eq!(table.check(0, 0, &text("3")).expect("a number"), Value::Float(3.0));
    assert_eq!(table.check(0, 2, &text(" [1.50,\n2] ")).expect("json"), text("[1.5,2]"));
    let why = table.check(0, 0, &text("1e400")).expect_err("it is no number of 64 bits").to_string();
    assert!(why.contains("beyond what a number of 64 bits holds"), "{why}");
}

#[test]
fn nan_and_infinity_as_python_writes_them_are_values_that_stay_as_they_are() {
    let file = "{\"i\": 1, \"x\": NaN, \"l\": [1, -Infinity], \"s\": \"NaN\", \"m\": 1}\n{\"i\": 2, \"x\": 0.5, \"l\": [], \"s\": \"\", \"m\": {\"k\": Infinity}}\n";
    let head = "i:Int64 x:Float64 l:List(Float64) s:Utf8 m:LargeUtf8";
    assert_eq!(told(file), [head, "1 NaN [1.0,\"-inf\"] NaN 1", "2 0.5 []  {\"k\":Infinity}"]);
    check(file, &set(0, 0, Value::Int(7)), &file.replace("\"i\": 1", "\"i\": 7"));
    check(file, &set(1, 1, Value::Float(f64::NAN)), &file.replace("0.5", "NaN"));
    check(file, &set(1, 4, text("{\"k\":NaN}")), &file.replace("\"k\": Infinity", "\"k\": NaN"));
    check(
        file,
        &FileEdits { deletes: vec![(0, 0)], ..FileEdits::default() },
        file.split_inclusive('\n').nth(1).expect("two"),
    );
    let (_, rows) = open(&JsonlFormat::default(), file.as_bytes());
    let insert = Insert { table: 0, after: Some(1), cells: rows[0].clone(), ..Insert::default() };
    let like = file.split_inclusive('\n').next().expect("two").replace("[1, ", "[1.0, ");
    check(file, &FileEdits { inserts: vec![insert], ..FileEdits::default() }, &format!("{file}{like}"));
    let bytes = file.as_bytes().to_vec();
    let table = JsonlFormat::default().open(&bytes, None).expect("it can be opened");
    for (shown, float) in [("NaN", f64::NAN), ("-inf", f64::NEG_INFINITY), ("Infinity", f64::INFINITY)] {
        assert_eq!(table.check(0, 1, &text(shown)).expect("as it is shown"), Value::Float(float));
    }
    let list = Value::List(vec![Value::Float(1.0), Value::Float(f64::NAN)]);
    for given in [text("[1, NaN]"), Value::from_json_text("[1, NaN]").expect("a list")] {
        assert_eq!(table.check(0, 2, &given).expect("as Python writes it"), list);
    }
    check(file, &set(1, 2, list), &file.replace("[]", "[1.0, NaN]"));
    let plain = b"{\"x\": 0.5, \"m\": 1}\n{\"m\": []}\n".to_vec();
    let table = JsonlFormat::default().open(&plain, None).expect("it can be opened");
    assert!(table.check(0, 0, &text("NaN")).is_err() && table.check(0, 1, &text("[NaN]")).is_err());
    let (info, _) = open(&JsonlFormat::default(), b"{\"a\": 1NaN}\n{\"a\": NaN, \"b\": x}\n{\"a\": NaN}\n");
    assert_eq!((info.rows, info.problem.map(|problem| (problem.line, problem.column))), (1, Some((1, 8))));
}

#[test]
fn text_within_a_value_is_text_whatever_stands_in_other_rows() {
    let file = "{\"b\": [1, \"2\"], \"c\": [{\"r\": \"u\", \"t\": \"7 * 8?\"}]}\n{\"b\": [], \"c\": [{\"r\": \"u\", \"t\": [\"q\"]}]}\n";
    let head = "b:LargeUtf8 c:LargeUtf8";
    let rows = ["[1,\"2\"] [{\"r\":\"u\",\"t\":\"7 * 8?\"}]", "[] [{\"r\":\"u\",\"t\":[\"q\"]}]"];
    assert_eq!(told(file), [head, rows[0], rows[1]]);
    check(file, &set(0, 0, text("[\"1\"]")), &file.replace("[1, \"2\"]", "[\"1\"]"));
    let edited = text("[{\"r\":\"u\",\"t\":\"7\"},{\"r\":\"a\",\"t\":1}]");
    check(file, &set(0, 1, edited), &file.replace("\"7 * 8?\"}", "\"7\"}, {\"r\": \"a\", \"t\": 1}"));
    let bytes = file.as_bytes().to_vec();
    let table = JsonlFormat::default().open(&bytes, None).expect("it can be opened");
    let list = Value::List(vec![text("1"), Value::Int(2)]);
    assert_eq!(table.check(0, 0, &list).expect("a list"), text("[\"1\",2]"));
}

#[test]
fn json_of_several_kinds_is_one_value_however_it_is_written() {
    let file = "{\"m\": {\"c\": null, \"n\" : [1.50,2]}}\n{\"m\": \"\\u00e9\"}\n{\"m\":{\"n\":[1.5, 2], \"c\":null}}\n";
    let (_, rows) = open(&JsonlFormat::default(), file.as_bytes());
    let compact = file.replace(' ', "").replace("1.50", "1.5").replace("\\u00e9", "é");
    assert_eq!(open(&JsonlFormat::default(), compact.as_bytes()).1, rows);
    assert_ne!(rows[0], rows[2], "the order of keys is the value's own");
    check(file, &set(0, 0, text("{\"c\":null,\"n\":[1.5,2]}")), file);
    check(file, &set(0, 0, text("{\"c\":null,\"n\":[1.5,3]}")), &file.replace("1.50,2", "1.50,3"));
}

#[test]
fn whether_a_line_is_a_row_depends_on_no_other_line() {
    let odd = ["[\"\\ud800\"]", "[1e999]", "{\"k\": \"\\x\"}"];
    for odd in odd {
        for before in ["", "{\"a\": 1}\n", "{\"a\": \"x\"}\n{\"a\": []}\n", "{\"a\": \"x\", oops\n"] {
            let (info, rows) = open(&JsonlFormat::default(), format!("{before}{{\"a\": {odd}}}\n").as_bytes());
            let good = before.lines().filter(|line| line.ends_with('}')).count();
            assert!(rows.len() == good && info.problem.is_some(), "{before}{odd}");
        }
    }
    let (info, rows) = open(&JsonlFormat::default(), b"{\"a\": 1}\n{\"a\": [\"\xff\"]}\n{\"a\": [2]}\n");
    assert_eq!((rows.len(), info.problem.map(|problem| problem.line)), (2, Some(2)));
    // What a broken line taught let one with a key that comes twice pass.
    let (_, rows) =
        open(&JsonlFormat::default(), b"{\"a\": \"x\", oops\n{\"a\": {\"k\": 1, \"k\": 2}}\n{\"a\": {\"k\": 3}}\n");
    assert_eq!(rows.len(), 1);
}

#[test]
fn a_file_of_many_parts_is_read_as_one() {
    let line = |row: i64| format!("{{\"id\": {row}, \"text\": \"{}\", \"x\": {}}}\n", "é".repeat(20), row as f64 / 4.0);
    let text: String = (0..30_000).map(line).collect();
    let bytes = text.into_bytes();
    assert!(bytes.len() > 2 << 20);
    let format = JsonlFormat::default();
    let table = format.open(&bytes, None).expect("it can be opened");
    assert_eq!((table.tables()[0].rows, &table.tables()[0].problem), (30_000, &None));
    let mut found = Vec::new();
    let scan = Scan { columns: Some(vec![2]), from: 29_000, limit: Some(500) };
    let mut take = |batch: arrow::record_batch::RecordBatch| {
        found.extend(arrow_value::values(batch.column(0))?);
        Ok(Flow::More)
    };
    table.scan(0, &scan, &mut take).expect("it can be read");
    assert!(found == (29_000..29_500).map(|row| Value::Float(f64::from(row) / 4.0)).collect::<Vec<_>>());
    assert_eq!(table.find(0, "29999").expect("it can be read"), Some(29_999));
    assert!(table.index().len() < 1_000, "{} bytes", table.index().len());
}

fn odd_value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|x| json!(x)),
        any::<i64>().prop_map(|x| json!(x)),
        (-1e9..1e9f64).prop_map(|x| json!(x)),
        "[a-zé\"\\\\\n😀]{0,6}".prop_map(|x| json!(x)),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|x| json!(x)),
            prop::collection::btree_map("[x-z]", inner, 0..3).prop_map(|x| json!(x)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn edits_of_odd_files_are_read_back_and_nothing_else_is_changed(
        rows in prop::collection::vec(prop::collection::btree_map("[a-d]", odd_value(), 0..5), 1..8),
        picks in prop::collection::vec((any::<u16>(), any::<u16>(), any::<u16>(), 0u8..4), 0..8),
        (crlf, ended) in any::<(bool, bool)>(),
    ) {
        let lines: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).expect("plain")).collect();
        let ending = if crlf { "\r\n" } else { "\n" };
        let file = lines.join(ending) + if ended { ending } else { "" };
        let format = JsonlFormat { ending: if crlf { LineEnding::CrLf } else { LineEnding::Lf }, ..JsonlFormat::default() };
        let (info, all) = open(&format, file.as_bytes());
        let (count, width) = (all.len() as u16, info.schema.columns.len() as u16);
        let mut edits = FileEdits::default();
        for (a, b, c, what) in picks {
            let (row, like) = (u64::from(a % count), usize::from(b % count));
            let is_free = edits.sets.iter().all(|set| set.row != row) && !edits.deletes.contains(&(0, row));
            match what {
                0 if is_free => edits.deletes.push((0, row)),
                1 => edits.inserts.push(Insert { table: 0, after: u64::from(a % (count + 1)).checked_sub(1), cells: all[like].clone(), ..Insert::default() }),
                _ if is_free && width > 0 => {
                    let column = usize::from(c % width);
                    edits.sets.push(RowSet { table: 0, row, cells: vec![(column, all[like][column].clone())] });
                }
                _ => {}
            }
        }
        edits.deletes.sort_unstable();
        edits.inserts.sort_by_key(|insert| insert.after);
        edit(&format, &file, &edits);
    }
}
