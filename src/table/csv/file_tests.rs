//! What is read from files of all kinds, the odd ones first of all.

use std::fmt::Write;

use super::*;
use crate::model::Value;
use crate::table::arrow_value;
use crate::table::{Flow, Scan, TableInfo, TableSchema};

/// A file as it is opened: its table, and its rows as they are read one by one.
pub(super) struct Opened {
    pub(super) info: TableInfo,
    pub(super) rows: Vec<Vec<Value>>,
}

/// Opens a file, and checks that a scan, single rows and a stored index all tell the same.
pub(super) fn open(format: &CsvFormat, bytes: &[u8]) -> Opened {
    let bytes = bytes.to_vec();
    let table = format.open(&bytes, None).expect("it can be opened");
    let info = table.tables()[0].clone();
    let rows: Vec<Vec<Value>> = (0..info.rows).map(|row| table.row(0, row).expect("a row")).collect();
    assert_eq!(scanned(&*table, &Scan::default()), rows, "a scan gives what single rows are");
    let again = format.open(&bytes, Some(&table.index())).expect("it can be opened");
    assert_eq!(again.tables(), table.tables(), "the index tells what was found");
    assert_eq!(again.index(), table.index());
    Opened { info, rows }
}

pub(super) fn scanned(table: &dyn TableFile, scan: &Scan) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let mut take = |batch: arrow::record_batch::RecordBatch| {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| arrow_value::value(column, row));
            rows.push(cells.collect::<Result<Vec<_>>>()?);
        }
        Ok(Flow::More)
    };
    table.scan(0, scan, &mut take).expect("it can be read");
    rows
}

/// Sniffs and opens a file, and compares what is in it, told as `name:type,…` and `cell,…` for each row.
fn check(bytes: &[u8], told: &[&str]) {
    let (format, why) = CsvFormat::sniff(bytes).expect("it is a table");
    check_as(&format, bytes, told, &why);
}

fn check_as(format: &CsvFormat, bytes: &[u8], told: &[&str], why: &str) {
    let opened = open(format, bytes);
    assert_eq!(opened.info.problem, None, "{why}");
    assert_eq!(tell(&opened), told, "{why}");
}

fn tell(opened: &Opened) -> Vec<String> {
    let column = |column: &Column| format!("{}:{}", column.name, column.data_type);
    let cell = |value: &Value| if *value == Value::Null { "·".to_owned() } else { value.to_string() };
    let head = opened.info.schema.columns.iter().map(column).collect::<Vec<_>>().join(",");
    let rows = opened.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(","));
    std::iter::once(head).chain(rows).collect()
}

fn problem(bytes: &[u8]) -> (u64, String) {
    let opened = open(&CsvFormat::default(), bytes);
    let problem = opened.info.problem.expect("something is wrong with it");
    (opened.info.rows, format!("{}:{}: {}", problem.line, problem.column, problem.why))
}

#[test]
fn lines_before_the_header_that_are_no_rows_are_told_from_it() {
    check(b"sep=;\r\nid;x\r\n1;0,5\r\n", &["id:Int64,x:Utf8", "1,0,5"]);
    check(b"\xef\xbb\xbfsep=,\nid,x\n1,a\n", &["id:Int64,x:Utf8", "1,a"]);
    check(b"# made by a tool, v3\n#\nid,x\n1,a\n2,b\n", &["id:Int64,x:Utf8", "1,a", "2,b"]);
    check(b"#id,x\n1,a\n2,b\n", &["#id:Int64,x:Utf8", "1,a", "2,b"]);
    check(b"##format=4\n#chrom\tpos\n1\t7\n", &["#chrom:Int64,pos:Int64", "1,7"]);
    let counted = b"2,2,setosa,virginica\n5.1,3.5,0\n4.9,3.0,1\n";
    check(counted, &["column_1:Float64,column_2:Float64,column_3:Int64", "5.1,3.5,0", "4.9,3.0,1"]);
    let wide = b"2,3,a\n1,2,3,0\n4,5,6,1\n";
    let told = ["column_1:Int64,column_2:Int64,column_3:Int64,column_4:Int64", "1,2,3,0", "4,5,6,1"];
    check(wide, &told);
}

#[test]
fn quotes_are_letters_where_a_reading_with_them_makes_no_sense() {
    let lines =
        ["1\t1\tHe said .", "2\t0\t\"Unbalanced", "3\t1\tin between", "4\t0\t\"another one", "5\t1\t\"q\" more"];
    let told = |lines: &[&str]| lines.iter().map(|line| line.replace('\t', ",")).collect::<Vec<_>>();
    for count in [2, 3, 4, 5] {
        let file = format!("id\tlabel\ttext\n{}\n", lines[..count].join("\n"));
        let mut rows = vec!["id:Int64,label:Int64,text:Utf8".to_owned()];
        rows.extend(told(&lines[..count]));
        check(file.as_bytes(), &rows.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let closed = b"1\tx\t\"one\n2\ty\ttwo\"\n3\tz\tthree\n";
    check(closed, &["column_1:Int64,column_2:Utf8,column_3:Utf8", "1,x,\"one", "2,y,two\"", "3,z,three"]);
    // Quotes that are meant: lines within them, or delimiters, or most of a column.
    check(b"id,t\n1,\"foo\nbar\"\n2,x\n", &["id:Int64,t:Utf8", "1,foo\nbar", "2,x"]);
    check(b"id,t\n1,\"foo\nbar, baz\"\n2,x\n", &["id:Int64,t:Utf8", "1,foo\nbar, baz", "2,x"]);
    check(b"\"id\",\"t\"\n\"1\",\"x\" y\n", &["id:Int64,t:Utf8", "1,x y"]);
}

#[test]
fn types_are_those_of_all_values() {
    let bytes = b"i,f,b,d,t,s\n1,1,true,2024-01-31,2024-01-31 10:00:00,x\n,2.5,false,,,\n";
    let time = "2024-01-31T10:00:00";
    let told = [
        "i:Int64,f:Float64,b:Boolean,d:Date32,t:Timestamp(µs),s:Utf8",
        &format!("1,1.0,true,2024-01-31,{time},x"),
        "·,2.5,false,·,·,·",
    ];
    check(bytes, &told);
}

#[test]
fn quotes_line_ends_and_marks_are_read_as_the_readers_do() {
    check(b"a,b\r\n\"x\r\ny\",1\r\n\"p\"\"q\",2", &["a:Utf8,b:Int64", "x\r\ny,1", "p\"q,2"]);
    check(b"\xef\xbb\xbfa\tb\n1\t2\n", &["a:Int64,b:Int64", "1,2"]);
    check(b"a;b\r1,5;2\r", &["a:Utf8,b:Int64", "1,5,2"]);
    check(b"a,b\n\"x\\\"y, z\",2\n\"\\\\\",3\n", &["a:Utf8,b:Int64", "x\"y, z,2", "\\,3"]);
    check(b"a, b\n1, 2\n3, \"4\"\n", &["a:Int64,b:Int64", "1,2", "3,4"]);
    check(b"a,b\nx\"y,1\n\"z\"w,2\n", &["a:Utf8,b:Int64", "x\"y,1", "\"z\"w,2"]);
    check(b"\"a\",b\nx\"y,1\n\"z\"w,2\n", &["a:Utf8,b:Int64", "x\"y,1", "zw,2"]);
    check(b"a,b\n\n1,2\n\r\n\n3,4\n\n", &["a:Int64,b:Int64", "1,2", "3,4"]);
    check(b"a,b\nx\0y,1\n", &["a:Utf8,b:Int64", "x\0y,1"]);
    check(b"a,a,\n1,2,3\n", &["a:Int64,a_2:Int64,column_3:Int64", "1,2,3"]);
    check(b"1,2\n3,4\n", &["column_1:Int64,column_2:Int64", "1,2", "3,4"]);
    check(b"a,b\n1,NA\nNA,\"NA\"\n", &["a:Int64,b:Utf8", "1,·", "·,NA"]);
    check(b"a,b\n1,\"2\"\n3,\"\"\n", &["a:Int64,b:Int64", "1,2", "3,·"]);
}

#[test]
fn a_delimiter_at_the_end_of_each_row_and_names_of_rows_are_columns() {
    check(b"a,b\n1,2,\n3,4,\n", &["a:Int64,b:Int64,column_3:Utf8", "1,2,·", "3,4,·"]);
    check(b"a,b\nx,1,2\ny,3,4\n", &["column_1:Utf8,a:Int64,b:Int64", "x,1,2", "y,3,4"]);
    check(b"a,b,\n1,2,\n", &["a:Int64,b:Int64,column_3:Utf8", "1,2,·"]);
}

#[test]
fn every_encoding_is_read() {
    check(b"a,b\n\xe9,1\n", &["a:Utf8,b:Int64", "é,1"]);
    check(b"a,b\n\x80,1\n", &["a:Utf8,b:Int64", "€,1"]);
    for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
        let text = "\u{feff}name,b\r\n\"x\r\n😀\",1\r\né,2";
        let raw = encoding.bytes(text).expect("it has all letters");
        check(&raw, &["name:Utf8,b:Int64", "x\r\n😀,1", "é,2"]);
    }
}

#[test]
fn files_of_next_to_nothing_have_no_rows() {
    let opened = open(&CsvFormat::default(), b"");
    assert_eq!(tell(&opened), [""]);
    check_as(&CsvFormat::default(), b"a,b", &["a:Utf8,b:Utf8"], "");
    check_as(&CsvFormat::default(), b"a,b\r\n", &["a:Utf8,b:Utf8"], "");
    let columns = vec![column("x", arrow::datatypes::DataType::Int64)];
    check_as(&CsvFormat { columns, ..CsvFormat::default() }, b"", &["x:Int64"], "");
}

#[test]
fn a_table_ends_at_what_cannot_be_read_and_lines_with_other_fields_are_no_rows() {
    assert_eq!(problem(b"a,b\n1,2\n3\n4,5\n"), (2, "3:1: 1 field where there should be 2".to_owned()));
    let two = "3:1: 1 field where there should be 2; 2 lines are no rows in all";
    assert_eq!(problem(b"a,b\n1,2\n3\n4,5\n6,7,8\n"), (2, two.to_owned()));
    let end = "4:3: a quote that is never closed; before it, 1 line is no row";
    assert_eq!(problem(b"a,b\n1,2\n3\n3,\"4\n5,6\n"), (1, end.to_owned()));
    assert_eq!(problem(b"a,b\n1,2\n\n\"3\n4\",5,6\n"), (1, "4:1: 3 fields where there should be 2".to_owned()));
    assert_eq!(problem(b"a,b\r\n1,2\r\n3,\"4\n5,6\n"), (1, "3:3: a quote that is never closed".to_owned()));
    assert_eq!(problem(b"a,b\n1,2\nx,y\xff\n"), (1, "3:4: bytes that are not UTF-8".to_owned()));
    assert_eq!(problem(b"a,b\n1,2\nx,y\xc3"), (1, "3:4: bytes that are not UTF-8".to_owned()));
    let (format, raw) =
        (CsvFormat { encoding: Encoding::Utf16Le, ..CsvFormat::default() }, b"a\0\n\x001\0\n\0\x00\xdc\n\0");
    let found = open(&format, raw).info.problem.expect("half a letter");
    assert_eq!((found.line, found.column, found.why.as_str()), (3, 1, "bytes that are not UTF-16LE"));
}

#[test]
fn a_key_column_names_the_rows() {
    let format = CsvFormat { encoding: Encoding::Latin1, ..CsvFormat::default() };
    let format = crate::table::keyed::Keyed::over(&format, "id").expect("its rows have places alone");
    let bytes = b"id,x\na,1\n\"b,\"\"c\",2\n\xe9,3\n".to_vec();
    let table = format.open(&bytes, None).expect("it can be opened");
    for (row, key) in ["a", "b,\"c", "é"].into_iter().enumerate() {
        assert_eq!(table.key(0, row as u64).expect("a key"), key);
        assert_eq!(table.find(0, key).expect("it can be read"), Some(row as u64));
    }
    assert_eq!(table.find(0, "日").expect("it can be read"), None);
    let plain = CsvFormat::default().open(&bytes, None);
    assert!(plain.is_ok_and(|table| table.find(0, "3").is_ok_and(|row| row.is_none())));
}

pub(super) fn column(name: &str, data_type: arrow::datatypes::DataType) -> Column {
    Column { name: name.to_owned(), data_type, role: crate::table::Role::Plain, nullable: true, editable: true }
}

/// A file of some megabytes, whose texts have line ends and what looks like rows within their quotes.
fn big(rows: u64) -> String {
    let mut text = "id,text,x\n".to_owned();
    for row in 0..rows {
        let inner = match row % 7 {
            0 => "\"line\none, two\nthree,4,5\n\"",
            1 => "\"say \"\"no\"\", or\r\n1,2,3\"",
            2 => "\"\n\n\n\"",
            _ => "plain text of some length",
        };
        writeln!(text, "{row},{inner},{}.5", row * 3).expect("a string grows");
    }
    text
}

#[test]
fn a_file_of_many_parts_is_read_as_one() {
    let rows = 120_000;
    let bytes = big(rows).into_bytes();
    assert!(bytes.len() > 3 << 20);
    let table = CsvFormat::default().open(&bytes, None).expect("it can be opened");
    let info = &table.tables()[0];
    assert_eq!((info.rows, &info.problem), (rows, &None));
    let only = Scan { columns: Some(vec![2, 0]), from: 50_001, limit: Some(60_000) };
    let found = scanned(&*table, &only);
    let wanted: Vec<_> =
        (50_001..110_001i64).map(|row| vec![Value::Float(row as f64 * 3.0 + 0.5), Value::Int(row)]).collect();
    assert!(found == wanted, "{} rows, from {:?}", found.len(), found.first());
    assert_eq!(table.row(0, 7 * 9_000).expect("a row")[1], Value::Text("line\none, two\nthree,4,5\n".to_owned()));
    assert_eq!(scanned(&*table, &Scan { columns: Some(vec![]), from: rows - 2, limit: None }).len(), 2);
    assert!(table.index().len() < 2_000, "{} bytes", table.index().len());
}

#[test]
fn a_file_of_many_parts_in_utf_16_or_with_backslashes_is_read_as_one() {
    let text = big(30_000);
    let wide = CsvFormat { encoding: Encoding::Utf16Be, ..CsvFormat::default() };
    let escaped = CsvFormat { escape: Escape::Backslash, ..CsvFormat::default() };
    let raw = wide.encoding.bytes(&text).expect("it has all letters");
    for (format, bytes) in [(wide, raw), (escaped, text.replace("\"\"", "\\\"").into_bytes())] {
        assert!(bytes.len() > 1 << 20);
        let table = format.open(&bytes, None).expect("it can be opened");
        assert_eq!((table.tables()[0].rows, &table.tables()[0].problem), (30_000, &None));
        let found = scanned(&*table, &Scan { columns: Some(vec![0, 1]), from: 29_990, limit: None });
        let said = Value::Text("say \"no\", or\r\n1,2,3".to_owned());
        let at = found.iter().position(|row| row[1] == said).expect("one in seven says so") as i64;
        assert_eq!((found[at as usize][0].clone(), (29_990 + at) % 7), (Value::Int(29_990 + at), 1));
    }
}

#[test]
fn a_bad_row_far_into_a_file_is_told_with_its_line() {
    let mut text = big(60_000);
    let line = text.matches('\n').count() + text.matches('\r').count() - text.matches("\r\n").count() + 1;
    text.push_str("1,2\n");
    text.push_str(&big(60_000));
    assert_eq!(problem_of_big(text.as_bytes()), (120_001, format!("{line}:1: 2 fields where there should be 3")));
}

fn problem_of_big(bytes: &[u8]) -> (u64, String) {
    let bytes = bytes.to_vec();
    let table = CsvFormat::default().open(&bytes, None).expect("it can be opened");
    let info = &table.tables()[0];
    let problem = info.problem.clone().expect("something is wrong");
    (info.rows, format!("{}:{}: {}", problem.line, problem.column, problem.why))
}

#[test]
fn a_table_of_five_thousand_columns_is_read() {
    let names: Vec<String> = (0..5000).map(|at| format!("c{at}")).collect();
    let mut text = names.join(",") + "\n";
    for row in 0..300 {
        let cells: Vec<String> = (0..5000).map(|at| format!("{}", row * at)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    let bytes = text.into_bytes();
    let table = CsvFormat::default().open(&bytes, None).expect("it can be opened");
    assert_eq!((table.tables()[0].rows, table.tables()[0].schema.columns.len()), (300, 5000));
    let found = scanned(&*table, &Scan { columns: Some(vec![4999, 1]), from: 298, limit: None });
    assert_eq!(found, [[Value::Int(298 * 4999), Value::Int(298)], [Value::Int(299 * 4999), Value::Int(299)]]);
}

#[test]
fn a_name_that_comes_very_often_is_told_apart_at_once() {
    let columns = 20_000;
    let bytes = format!("{}x\n{}1\n", "x,".repeat(columns - 1), "1,".repeat(columns - 1)).into_bytes();
    let start = std::time::Instant::now();
    let table = CsvFormat::default().open(&bytes, None).expect("it can be opened");
    let names: Vec<&str> = table.tables()[0].schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[1], names[columns - 1]), (columns, "x", "x_2", "x_20000"));
    assert!(start.elapsed().as_secs() < 10, "it took {:?}", start.elapsed());
    let beside = open(&CsvFormat::default(), b"x_2,x,x,x,x_3\n1,1,1,1,1\n").info.schema;
    let names: Vec<&str> = beside.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["x_2", "x", "x_3", "x_4", "x_3_2"]);
}

#[test]
fn a_column_without_a_name_stays_where_it_was_beside_another_one() {
    let before = open(&CsvFormat::default(), b",x\n1,car,0.5\n").info.schema;
    let names = |schema: &TableSchema| schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), ["column_1", "column_2", "x"]);
    let format = CsvFormat { columns: before.columns.clone(), ..CsvFormat::default() };
    assert_eq!(names(&open(&format, b",x\n1,car,\n").info.schema), names(&before));
}
