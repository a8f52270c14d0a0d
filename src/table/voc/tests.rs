//! Tests of the room: files as tools write them, random edits, mangled bytes.

use proptest::prelude::*;

use super::Voc;
use crate::model::Value;
use crate::table::testing::{Rng, edit_at_random, maul, takes_many_edits};
use crate::table::{FileEdits, Format, Insert, Role, RowSet, applied};

const TABS: &str = "<annotation verified=\"yes\">
\t<folder>images</folder>
\t<filename>a &amp; b.jpg</filename>
\t<size>
\t\t<width>650</width>
\t\t<height> 417 </height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>raccoon</name>
\t\t<pose/>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>81</xmin>
\t\t\t<ymin>88.50</ymin>
\t\t\t<xmax>522</xmax>
\t\t\t<ymax>408</ymax>
\t\t</bndbox>
\t</object>
\t<!-- one more -->
\t<object>
\t\t<name>bear</name>
\t\t<bndbox><xmax>5</xmax><xmin>1</xmin><ymax>900</ymax><ymin>2</ymin></bndbox>
\t\t<part><name>head</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></part>
\t</object>
</annotation>
";
const ONE_LINE: &str = "<?xml version='1.0' encoding='utf-8'?><annotation><filename>a</filename><size><width>9</width></size><object><name>x</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object><object><name>y</name></object></annotation>";
const NO_OBJECTS: &str = "<annotation>\r\n  <filename>a</filename>\r\n</annotation>\r\n";
const EMPTY: &str = "<annotation></annotation>";

fn set(table: usize, row: u64, column: &str, value: Value, text: &str) -> FileEdits {
    let bytes = text.as_bytes().to_vec();
    let file = Voc::default().open(&bytes, None).expect("VOC");
    let column = file.tables()[table].schema.find(column).expect("a column");
    FileEdits { sets: vec![RowSet { table, row, cells: vec![(column, value)] }], ..FileEdits::default() }
}

#[track_caller]
fn check(text: &str, edits: &FileEdits, expected: &str) {
    let bytes = text.as_bytes().to_vec();
    let file = Voc::default().open(&bytes, None).expect("VOC");
    let splice = file.splice(edits).expect("edits that can be made");
    assert_eq!(String::from_utf8_lossy(&applied(&bytes, &splice).expect("no overlap")), expected);
}

fn floats(numbers: [f64; 4]) -> Value {
    Value::List(numbers.iter().map(|number| Value::Float(*number)).collect())
}

#[test]
fn one_cell_changes_its_own_text_alone() {
    let check = |table, row, column: &str, value, [old, new]: [&str; 2]| {
        check(TABS, &set(table, row, column, value, TABS), &TABS.replacen(old, new, 1));
    };
    check(0, 0, "name", Value::Text("<b> & \"c\"".into()), ["raccoon", "&lt;b&gt; &amp; \"c\""]);
    check(0, 0, "pose", Value::Text("Left".into()), ["<pose/>", "<pose>Left</pose>"]);
    check(
        0,
        0,
        "box",
        floats([80.0, 88.5, 522.0, 408.25]),
        [
            "81</xmin>\n\t\t\t<ymin>88.50</ymin>\n\t\t\t<xmax>522</xmax>\n\t\t\t<ymax>408<",
            "80</xmin>\n\t\t\t<ymin>88.50</ymin>\n\t\t\t<xmax>522</xmax>\n\t\t\t<ymax>408.25<",
        ],
    );
    check(0, 1, "box", floats([1.0, 2.0, 6.0, 900.0]), ["<xmax>5<", "<xmax>6<"]);
    check(0, 1, "truncated", Value::Int(1), ["</part>\n", "</part>\n\t\t<truncated>1</truncated>\n"]);
    check(0, 0, "pose", Value::Null, ["\n\t\t<pose/>", ""]);
    check(1, 0, "height", Value::Int(420), [" 417 ", " 420 "]);
    check(1, 0, "filename", Value::Text("c.jpg".into()), ["a &amp; b.jpg", "c.jpg"]);
}

#[test]
fn objects_come_and_go_in_the_indentation_of_the_file() {
    let cells = |name: &str| {
        vec![
            Value::Text(name.into()),
            Value::Null,
            Value::Int(1),
            Value::Null,
            floats([1.0, 2.0, 3.0, 4.5]),
            Value::Null,
        ]
    };
    let insert = |after, cells| FileEdits {
        inserts: vec![Insert { table: 0, after, cells, ..Insert::default() }],
        ..FileEdits::default()
    };
    let new = "\t<object>\n\t\t<name>cat</name>\n\t\t<truncated>1</truncated>\n\t\t<bndbox>\n\t\t\t<xmin>1</xmin>\n\t\t\t<ymin>2</ymin>\n\t\t\t<xmax>3</xmax>\n\t\t\t<ymax>4.5</ymax>\n\t\t</bndbox>\n\t</object>\n";
    check(TABS, &insert(Some(0), cells("cat")), &TABS.replacen("\t<!--", &format!("{new}\t<!--"), 1));
    check(TABS, &insert(None, cells("cat")), &TABS.replacen("\t<object>", &format!("{new}\t<object>"), 1));
    let start = TABS.find("\n\t<object>").expect("the first");
    let end = TABS.find("\n\t<!--").expect("after it");
    let deleted = FileEdits { deletes: vec![(0, 0)], ..FileEdits::default() };
    check(TABS, &deleted, &format!("{}{}", &TABS[..start], &TABS[end..]));

    let first = vec![Value::Text("x".into()), Value::Null, Value::Null, Value::Null, floats([1.0, 2.0, 3.0, 4.0])];
    let new = "\r\n  <object>\r\n    <name>x</name>\r\n    <bndbox>\r\n      <xmin>1</xmin>\r\n      <ymin>2</ymin>\r\n      <xmax>3</xmax>\r\n      <ymax>4</ymax>\r\n    </bndbox>\r\n  </object>\r\n</annotation>";
    check(NO_OBJECTS, &insert(None, first), &NO_OBJECTS.replace("\r\n</annotation>", new));
}

#[test]
fn columns_say_what_they_are_for() {
    let bytes = TABS.as_bytes().to_vec();
    let format = Voc { classes: vec!["raccoon".into(), "bear".into()] };
    let file = format.open(&bytes, None).expect("VOC");
    let names: Vec<&str> = file.tables()[0].schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["name", "pose", "truncated", "difficult", "box", "parts"]);
    assert_eq!(file.tables()[0].schema.columns[4].role, Role::BoxXyxy);
    assert_eq!(file.row(0, 1).expect("a row")[5], Value::Text(r#"[{"box":[1.0,2.0,3.0,4.0],"name":"head"}]"#.into()));
    assert_eq!(file.row(1, 0).expect("a row")[..2], [Value::Text("a & b.jpg".into()), Value::Int(650)]);
    assert!(file.check(0, 0, &Value::Text("cow".into())).is_err() && file.check(0, 0, &Value::Null).is_err());
    assert!(
        file.check(0, 1, &Value::Text("\u{1}".into())).is_err()
            && file.check(0, 4, &floats([3.0, 0.0, 1.0, 1.0])).is_err()
    );
    let flags = format.flags(&*file).expect("it can be read");
    assert_eq!(flags.iter().map(|flag| (flag.table, flag.row)).collect::<Vec<_>>(), [(0, 1)]);
}

#[test]
fn letters_are_written_as_references_where_the_text_is_said_to_be_in_another_encoding() {
    for (declared, written) in [("utf-8", "B\u{e4}r"), ("ISO-8859-1", "B&#228;r"), ("us-ascii", "B&#228;r")] {
        let text = ONE_LINE.replace("utf-8", declared);
        let edit = set(0, 0, "name", Value::Text("B\u{e4}r".to_owned()), &text);
        check(&text, &edit, &text.replace("<name>x<", &format!("<name>{written}<")));
    }
}

#[test]
fn what_is_no_voc_is_refused_with_a_reason() {
    let latin = "<?xml version='1.0' encoding='latin1'?><annotation>\u{e9}</annotation>";
    let wide = "<?xml version='1.0' encoding='UTF-16'?><annotation/>";
    for text in ["", "x", "<svg/>", latin, wide, "<annotation", "</annotation>"] {
        assert!(Voc::default().open(&text.as_bytes().to_vec(), None).is_err(), "{text}");
    }
    assert!(Voc::default().open(&b"\xff\xfe<\0a\0".to_vec(), None).is_err());
    let cut = TABS.split_once("<!--").expect("a comment").0.as_bytes().to_vec();
    let file = Voc::default().open(&cut, None).expect("what is whole");
    assert_eq!((file.tables()[0].rows, file.tables()[0].problem.is_some()), (1, true));
    let odd = TABS.replace("<xmax>5<", "<xmax>five<").into_bytes();
    let file = Voc::default().open(&odd, None).expect("what is whole");
    let problem = file.tables()[0].problem.clone().expect("no number");
    assert_eq!((file.tables()[0].rows, problem.line), (1, 25));
}

#[test]
fn edits_at_random_are_often_taken() {
    takes_many_edits(&Voc::default(), &TABS.as_bytes().to_vec());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_edits_give_exactly_the_edited_rows(seed: u64) {
        let mut rng = Rng(seed);
        for text in [TABS, ONE_LINE, NO_OBJECTS, EMPTY] {
            if let Some(spliced) = edit_at_random(&Voc::default(), &text.as_bytes().to_vec(), &mut rng) {
                edit_at_random(&Voc::default(), &spliced, &mut rng);
            }
        }
    }
}

#[test]
fn mangled_files_are_read_as_far_as_they_go() {
    let words = [
        "<",
        ">",
        "</object>",
        "<object>",
        "<object/>",
        "&amp;",
        "&",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?",
        "<bndbox>",
        "nan",
        "\"",
        "<name/>",
    ];
    maul(&Voc::default(), 100_000, &[TABS.as_bytes(), ONE_LINE.as_bytes(), NO_OBJECTS.as_bytes()], &words);
}
