//! Edits of rows are edits of their bytes alone, and are read back as they were meant.

use proptest::prelude::*;

use super::file_tests::{column, open};
use super::*;
use crate::model::Value;
use crate::table::{FileEdits, Insert, Patch, RowSet, Splice};

/// Applies patches, which do not overlap; those at one place in the order given.
pub(super) fn apply(bytes: &[u8], splice: &Splice) -> Vec<u8> {
    let Splice::Patches { sets, deletes, inserts } = splice else { panic!("text is spliced by patches") };
    let all = sets.iter().flatten().chain(deletes).chain(inserts).flatten();
    let mut all: Vec<&Patch> = all.collect();
    all.sort_by_key(|patch| (patch.offset, patch.replaced));
    let (mut out, mut at) = (Vec::new(), 0);
    for patch in all {
        let from = patch.offset as usize;
        assert!(from >= at, "patches overlap at {from}");
        out.extend_from_slice(&bytes[at..from]);
        out.extend_from_slice(&patch.bytes);
        at = from + patch.replaced as usize;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// What becomes of the rows.
fn edited(rows: &[Vec<Value>], edits: &FileEdits) -> Vec<Vec<Value>> {
    let mut out = Vec::new();
    let inserted =
        |after| edits.inserts.iter().filter(move |insert| insert.after == after).map(|one| one.cells.clone());
    out.extend(inserted(None));
    for (at, row) in rows.iter().enumerate() {
        let at = at as u64;
        let mut row = row.clone();
        for set in edits.sets.iter().filter(|set| set.row == at) {
            set.cells.iter().for_each(|(column, value)| row[*column] = value.clone());
        }
        if !edits.deletes.contains(&(0, at)) {
            out.push(row);
        }
        out.extend(inserted(Some(at)));
    }
    out
}

/// Edits a file, and checks that it is read back with these edits and no others.
fn edit(format: &CsvFormat, bytes: &[u8], edits: &FileEdits) -> Vec<u8> {
    let before = open(format, bytes);
    let copy = bytes.to_vec();
    let table = format.open(&copy, None).expect("it can be opened");
    let after = apply(bytes, &table.splice(edits).expect("it can be said"));
    let declared = CsvFormat { columns: before.info.schema.columns.clone(), ..format.clone() };
    let opened = open(&declared, &after);
    assert_eq!(opened.info.problem, None, "{}", String::from_utf8_lossy(&after));
    assert_eq!(opened.rows, edited(&before.rows, edits), "{:?}", String::from_utf8_lossy(&after));
    after
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn set(row: u64, column: usize, value: Value) -> FileEdits {
    FileEdits { sets: vec![RowSet { table: 0, row, cells: vec![(column, value)] }], ..FileEdits::default() }
}

fn insert(after: Option<u64>, cells: &[Value]) -> Insert {
    Insert { table: 0, after, cells: cells.to_vec(), ..Insert::default() }
}

/// Sniffs a file, edits it and compares what becomes of it.
fn check(before: &str, edits: &FileEdits, after: &str) {
    let (format, why) = CsvFormat::sniff(before.as_bytes()).expect("it is a table");
    let bytes = edit(&format, before.as_bytes(), edits);
    assert_eq!(String::from_utf8_lossy(&bytes), after, "{why}");
}

#[test]
fn a_cell_is_written_in_the_style_of_its_file() {
    check("a,b\nx,1\n", &set(0, 0, text("y")), "a,b\ny,1\n");
    check("a,b\n\"x\",1\n", &set(0, 0, text("y")), "a,b\n\"y\",1\n");
    check("a,b\nx,1\n", &set(0, 0, text("y,\"z\"")), "a,b\n\"y,\"\"z\"\"\",1\n");
    check("a,b\n\"x\\\"y\",1\n\"p\",2\n", &set(1, 0, text("\\\"")), "a,b\n\"x\\\"y\",1\n\"\\\\\\\"\",2\n");
    check("a, b\r\nx, 1\r\n", &set(0, 1, Value::Int(-7)), "a, b\r\nx, -7\r\n");
    check("a,b\nx,1\n", &set(0, 1, Value::Null), "a,b\nx,\n");
    check("a,b\n\"x\",1\n", &set(0, 0, Value::Null), "a,b\n\"\",1\n");
    check("a,b\nx,NA\ny,1\n", &set(1, 1, Value::Null), "a,b\nx,NA\ny,NA\n");
    check("a,b\nx,NA\ny,1\n", &set(1, 0, text("NA")), "a,b\nx,NA\n\"NA\",1\n");
    check("a,b\nx,NA\ny,1\n", &set(0, 1, Value::Int(2)), "a,b\nx,2\ny,1\n");
    check("a,b\nTrue,1\n", &set(0, 0, Value::Bool(false)), "a,b\nFalse,1\n");
    let times = "t,b\n2024-01-31 10:00:00+00:00,1\n";
    check(times, &set(0, 0, text("2025-01-01T00:00:00.5Z")).said_by(times), "t,b\n2025-01-01 00:00:00.500+00:00,1\n");
}

#[test]
fn quotes_come_right_after_the_delimiter_where_every_reader_takes_them_for_quotes() {
    check("a, b, c\n1, x, y\n", &set(0, 1, text("x,y")), "a, b, c\n1,\"x,y\", y\n");
    check("a, b, c\n1, x, y\n", &set(0, 1, text(" x")), "a, b, c\n1,\" x\", y\n");
    check("a, b\n x, 1\n", &set(0, 0, text("x\ny")), "a, b\n\"x\ny\", 1\n");
    check("a, b, c\n1, x, y\n2, , z\n", &set(1, 1, text("x,y")), "a, b, c\n1, x, y\n2,\"x,y\", z\n");
    check("a, b\n1, \"x, y\"\n2, \"z\"\n", &set(1, 1, text("w")), "a, b\n1, \"x, y\"\n2,\"w\"\n");
    let cells = [Value::Int(2), text("x,y"), text("z")];
    let edits = FileEdits { inserts: vec![insert(Some(0), &cells)], ..FileEdits::default() };
    check("a, b, c\n1, x, y\n", &edits, "a, b, c\n1, x, y\n2,\"x,y\", z\n");
}

impl FileEdits {
    /// The same edits with their values as the file's columns have them.
    fn said_by(mut self, file: &str) -> FileEdits {
        let (format, bytes) = (CsvFormat::sniff(file.as_bytes()).expect("a table").0, file.as_bytes().to_vec());
        let table = format.open(&bytes, None).expect("it can be opened");
        let cells = self.sets.iter_mut().flat_map(|set| &mut set.cells);
        cells.for_each(|(column, value)| *value = table.check(0, *column, value).expect("it fits"));
        self
    }
}

#[test]
fn numbers_keep_the_text_that_they_have_and_the_style_of_what_they_replace() {
    check("a,b\n1.50,1\n2,2\n", &set(0, 0, Value::Float(1.5)), "a,b\n1.50,1\n2,2\n");
    check("a,b\n1.50,1\n2,2\n", &set(1, 0, Value::Float(3.0)), "a,b\n1.50,1\n3,2\n");
    check("a,b\n1.50,1\n2,2\n", &set(0, 0, Value::Float(3.0)), "a,b\n3.0,1\n2,2\n");
    check("a,b\n1.50,1\n2,2\n", &set(0, 0, Value::Float(-0.0)), "a,b\n-0.0,1\n2,2\n");
    check("a,b\n1e-7,1\n2,2\n", &set(1, 0, Value::Float(1e300)), "a,b\n1e-7,1\n1e300,2\n");
    check("a,b\nNaN,1\n2.5,2\n", &set(1, 0, Value::Float(f64::NAN)), "a,b\nNaN,1\nNaN,2\n");
    check("a,b\nInf,1\n2.5,2\n", &set(1, 0, Value::Float(f64::NEG_INFINITY)), "a,b\nInf,1\n-Inf,2\n");
    check("a,b\n1.5,1\n", &set(0, 0, Value::Float(f64::NAN)), "a,b\nnan,1\n");
}

#[test]
fn nan_and_infinity_are_spelled_as_their_column_spells_them_and_never_as_a_text_is() {
    let [nan, infinite] = [Value::Float(f64::NAN), Value::Float(f64::INFINITY)];
    check("a,b\nNan,1.5\nann,2.5\n", &set(0, 1, nan.clone()), "a,b\nNan,nan\nann,2.5\n");
    check("a,b\nInfinity,1.5\nann,2.5\n", &set(1, 1, infinite.clone()), "a,b\nInfinity,1.5\nann,inf\n");
    check("a,b\nNAN,1.5\n1.5,NaN\n", &set(0, 1, nan.clone()), "a,b\nNAN,NaN\n1.5,NaN\n");
    check("a,b\nNAN,1.5\n1.5,NaN\n", &set(1, 0, nan.clone()), "a,b\nNAN,1.5\nNAN,NaN\n");
    check("a,b\n2.5,1.5\n1.5,NaN\n", &set(0, 0, nan), "a,b\nNaN,1.5\n1.5,NaN\n");
    check("a,b\nInfinity,1.5\n1.5,Inf\n", &set(0, 1, infinite), "a,b\nInfinity,Inf\n1.5,Inf\n");
}

#[test]
fn rows_are_inserted_with_the_file_s_ending_wherever_they_go() {
    let one = [text("n"), Value::Int(9)];
    let at = |after: &[Option<u64>]| FileEdits {
        inserts: after.iter().map(|after| insert(*after, &one)).collect(),
        ..FileEdits::default()
    };
    check("a,b\r\nx,1\r\ny,2\r\n", &at(&[None, Some(0), Some(1)]), "a,b\r\nn,9\r\nx,1\r\nn,9\r\ny,2\r\nn,9\r\n");
    check("a,b\nx,1", &at(&[Some(0), Some(0)]), "a,b\nx,1\nn,9\nn,9");
    check("a,b\n\"x\",1\n", &at(&[Some(0)]), "a,b\n\"x\",1\n\"n\",9\n");
    check("a, b\nx, 1\n", &at(&[None, None]), "a, b\nn, 9\nn, 9\nx, 1\n");
    let mut without_last = at(&[Some(0), Some(0)]);
    without_last.deletes = vec![(0, 0)];
    check("a,b\nx,1", &without_last, "a,b\nn,9\nn,9");
    check("a,b\nx,1\ny,2", &FileEdits { deletes: vec![(0, 1)], ..FileEdits::default() }, "a,b\nx,1\n");
    check("a,b\nx,1\ny,2\n", &FileEdits { deletes: vec![(0, 0), (0, 1)], ..FileEdits::default() }, "a,b\n");
}

#[test]
fn rows_are_inserted_into_files_of_a_header_or_nothing() {
    let columns = vec![column("a", arrow::datatypes::DataType::Utf8), column("b", arrow::datatypes::DataType::Int64)];
    let format = CsvFormat { columns, ..CsvFormat::default() };
    let rows = [insert(None, &[text("x"), Value::Int(1)]), insert(None, &[Value::Null, Value::Null])];
    let edits = FileEdits { inserts: rows.to_vec(), ..FileEdits::default() };
    let becomes = |format: &CsvFormat, before: &str| {
        String::from_utf8_lossy(&edit(format, before.as_bytes(), &edits)).into_owned()
    };
    assert_eq!(becomes(&format, ""), "a,b\nx,1\n,\n");
    assert_eq!(becomes(&format, "a,b"), "a,b\nx,1\n,");
    assert_eq!(becomes(&format, "a,b\n"), "a,b\nx,1\n,\n");
    assert_eq!(becomes(&CsvFormat { header: false, ..format }, ""), "x,1\n,\n");
}

#[test]
fn nothing_in_a_table_of_one_column_is_written_with_quotes() {
    check("name\nann\nbob\n", &set(0, 0, Value::Null), "name\n\"\"\nbob\n");
    let edits = FileEdits { inserts: vec![insert(Some(1), &[Value::Null])], ..FileEdits::default() };
    check("name\nann\nbob\n", &edits, "name\nann\nbob\n\"\"\n");
}

#[test]
fn in_a_file_without_quotes_they_are_letters() {
    let file = "id\tlabel\ttext\n1\t1\tHe said .\n2\t0\t\"Unbalanced\n3\t1\tin between\n4\t0\t\"x\" y\n";
    check(file, &set(1, 1, Value::Int(7)), &file.replace("2\t0", "2\t7"));
    check(file, &set(0, 2, text("\"so\"")), &file.replace("He said .", "\"so\""));
    check(
        file,
        &FileEdits { deletes: vec![(0, 1)], ..FileEdits::default() },
        &file.replace("2\t0\t\"Unbalanced\n", ""),
    );
    let (format, _) = CsvFormat::sniff(file.as_bytes()).expect("it is a table");
    let bytes = file.as_bytes().to_vec();
    let table = format.open(&bytes, None).expect("it can be opened");
    for odd in ["a\tb", "a\nb"] {
        let why = table.check(0, 2, &text(odd)).expect_err("it cannot be written").to_string();
        assert!(why.contains("the file has no quotes"), "{why}");
    }
}

#[test]
fn lines_before_the_header_stay_where_rows_come_and_go() {
    let excel = "sep=;\r\nid;name\r\n1;a\r\n2;b\r\n";
    let edits = FileEdits { inserts: vec![insert(None, &[Value::Int(0), text("a;b")])], ..set(1, 1, text("c")) };
    check(excel, &edits, "sep=;\r\nid;name\r\n0;\"a;b\"\r\n1;a\r\n2;c\r\n");
    let counted = "2,2,ill,well\n0.5,1,0\n0.25,2,1\n";
    let edits = FileEdits { deletes: vec![(0, 0)], ..FileEdits::default() };
    check(counted, &edits, "2,2,ill,well\n0.25,2,1\n");
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_done() {
    let refused = |format: &CsvFormat, bytes: &[u8], column: usize, value: Value| {
        let bytes = bytes.to_vec();
        let table = format.open(&bytes, None).expect("it can be opened");
        assert!(table.splice(&set(0, column, value.clone())).is_err());
        table.check(0, column, &value).expect_err("it cannot be written").to_string()
    };
    let (comma, latin) = (CsvFormat::default(), CsvFormat { encoding: Encoding::Latin1, ..CsvFormat::default() });
    let bare = CsvFormat { quote: None, ..CsvFormat::default() };
    let bytes = b"a,b\nx,1\n";
    assert_eq!(
        refused(&latin, bytes, 0, text("5 €")),
        "`5 €` is not a valid field: column `a`: the file is Latin-1, which has no `€`"
    );
    let why = refused(&bare, bytes, 0, text("y,z"));
    assert!(why.starts_with("`y,z` is not a valid field: column `a`: the file has no quotes"), "{why}");
    let why = refused(&comma, bytes, 1, text("one"));
    assert_eq!(why, "`one` is not a valid whole number of 64 bits: column `b`: the column has another type");
    refused(&comma, bytes, 1, text("007"));
    let why = refused(&comma, b"a,b\nx,0.5\n", 1, text("-1e400"));
    assert_eq!(why, "`-1e400` is not a valid number: column `b`: it is beyond what a number of 64 bits holds");
    refused(&comma, bytes, 1, Value::Float(0.5));
    refused(&comma, bytes, 0, Value::List(vec![]));
    refused(&comma, bytes, 2, text("there is no such column"));
    let table_bytes = bytes.to_vec();
    let table = comma.open(&table_bytes, None).expect("it can be opened");
    assert_eq!(table.check(0, 1, &text("12")).expect("a number"), Value::Int(12));
    assert_eq!(table.check(0, 1, &Value::Float(12.0)).expect("a number"), Value::Int(12));
    assert_eq!(table.check(0, 0, &text("")).expect("nothing"), Value::Null);
    assert!(table.splice(&FileEdits { inserts: vec![insert(None, &[text("x")])], ..FileEdits::default() }).is_err());
}

/// A text, with all that may be odd in one.
fn odd_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-z]{1,5}",
        1 => prop::sample::select(vec![
            ",", "\t", ";", "\"", "\"\"", "\n", "\r\n", "\r", "\\", "\\\"", " ", "é", "\u{feff}", "\0", "0", "'", "na",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

fn odd_format() -> impl Strategy<Value = CsvFormat> {
    let encodings = [Encoding::Utf8, Encoding::Latin1, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be];
    let endings = [LineEnding::Lf, LineEnding::CrLf, LineEnding::Cr];
    let quotes = [Some(b'"'), Some(b'\'')];
    let escapes = [Escape::Doubled, Escape::Backslash];
    (
        prop::sample::select(b",;\t|".to_vec()),
        prop::sample::select(quotes.to_vec()),
        prop::sample::select(escapes.to_vec()),
        prop::sample::select(encodings.to_vec()),
        prop::sample::select(endings.to_vec()),
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
    )
        .prop_map(|(delimiter, quote, escape, encoding, ending, (bom, header, padded, null))| {
            let null = null.then(|| "na".to_owned());
            let bom = bom && !encoding.bom().is_empty();
            CsvFormat { delimiter, quote, escape, encoding, ending, bom, header, padded, null, ..CsvFormat::default() }
        })
}

/// A file of these rows; every third field is quoted though it need not be.
fn file_of(format: &CsvFormat, rows: &[Vec<(String, i64, f64)>], ended: bool) -> Vec<u8> {
    let mut text = if format.bom { "\u{feff}".to_owned() } else { String::new() };
    let mut line = |cells: [String; 3], at: usize| {
        let field = |(n, cell): (usize, &String)| {
            field::written(format, cell, (n + at).is_multiple_of(3), false).expect("it has quotes")
        };
        let cells: Vec<String> = cells.iter().enumerate().map(field).collect();
        let between = if format.padded && at.is_multiple_of(2) { " " } else { "" };
        text.push_str(&cells.join(&format!("{}{between}", char::from(format.delimiter))));
        text.push_str(format.ending.text());
    };
    if format.header {
        line(["text".into(), "int".into(), "float".into()], 1);
    }
    for (at, (word, int, float)) in rows.iter().flatten().enumerate() {
        line([word.clone(), int.to_string(), format!("{float:?}")], at);
    }
    if !ended {
        text.truncate(text.len() - format.ending.text().len().min(text.len()));
    }
    format.encoding.bytes(&text).expect("all letters are in all encodings")
}

fn cell(column: usize) -> BoxedStrategy<Value> {
    match column {
        0 => prop_oneof![odd_text().prop_map(|text| if text.is_empty() { Value::Null } else { Value::Text(text) })]
            .boxed(),
        1 => prop_oneof![any::<i64>().prop_map(Value::Int), Just(Value::Null)].boxed(),
        _ => prop_oneof![
            any::<f64>().prop_map(|x| Value::Float(if x.is_nan() { f64::NAN } else { x })),
            Just(Value::Null)
        ]
        .boxed(),
    }
}

fn odd_edits() -> impl Strategy<Value = Vec<(u64, u8, Value, Value, Value)>> {
    prop::collection::vec((any::<u64>(), 0u8..5, cell(0), cell(1), cell(2)), 0..12)
}

fn edits_of(drawn: Vec<(u64, u8, Value, Value, Value)>, rows: u64, format: &CsvFormat) -> FileEdits {
    let mut edits = FileEdits::default();
    for (draw, what, a, b, c) in drawn {
        let at = draw % (rows + 1);
        let a = if format.encoding.bytes(&a.to_string()).is_ok() { a } else { Value::Null };
        let row = (0, at.saturating_sub(1));
        match what {
            0 if rows > 0 && !edits.deletes.contains(&row) => {
                edits.sets.retain(|set| set.row != row.1);
                edits.deletes.push(row);
            }
            1 => edits.inserts.push(insert(at.checked_sub(1), &[a, b, c])),
            _ if rows > 0 && !edits.deletes.contains(&row) && edits.sets.iter().all(|set| set.row != row.1) => {
                edits.sets.push(RowSet { table: 0, row: row.1, cells: vec![(0, a), (1, b), (2, c)] });
            }
            _ => {}
        }
    }
    edits.deletes.sort_unstable();
    edits.inserts.sort_by_key(|insert| insert.after);
    edits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn edits_of_odd_files_are_read_back_and_nothing_else_is_changed(
        format in odd_format(),
        rows in prop::collection::vec(prop::collection::vec((odd_text(), any::<i64>(), -1e6..1e6f64), 1), 0..9),
        ended in any::<bool>(),
        drawn in odd_edits(),
    ) {
        let columns = vec![
            column(if format.header { "text" } else { "column_1" }, arrow::datatypes::DataType::Utf8),
            column(if format.header { "int" } else { "column_2" }, arrow::datatypes::DataType::Int64),
            column(if format.header { "float" } else { "column_3" }, arrow::datatypes::DataType::Float64),
        ];
        let format = CsvFormat { columns, ..format };
        let letters_fit = rows.iter().flatten().all(|(word, ..)| format.encoding.bytes(word).is_ok());
        prop_assume!(letters_fit);
        let bytes = file_of(&format, &rows, ended || rows.is_empty() && !format.header);
        let edits = edits_of(drawn, rows.len() as u64, &format);
        edit(&format, &bytes, &edits);
    }
}
