//! Tests of the room: label files of every task, every way to write the names, random edits, mangled bytes.

use proptest::prelude::*;

use super::{YoloData, YoloDataFile, YoloLabels, YoloNames, YoloTask};
use crate::model::Value;
use crate::table::testing::{Rng, edit_at_random, maul, read_in_every_way, takes_many_edits};
use crate::table::{FileEdits, Format, Insert, Role, RowSet, applied};

const DETECT: &str = "0 0.5 0.250 0.1 0.2\n\n 1  0.1 0.1\t0.05 5e-2 \n";
const SCORES: &str = "0 0.5 0.25 0.1 0.2 0.99\r\n1 0.5 0.25 0.1 0.2\r\n7 0.5 0.25 0.1 0.2 0.1";
const SEGMENT: &str = "2 0.1 0.1 0.9 0.10 0.5 0.9 0.1 0.5\n0 0 0 1 0 1 1\n";
const POSE: &str = "0 0.5 0.5 1 1 0.1 0.2 2 0.3 0.4 0\n0 0.5 0.5 1 1 0.1 0.2 2.0 0 0 0";
const ORIENTED: &str = "1 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9\n";

fn classes() -> Vec<(String, String)> {
    ["person", "car", "traffic light"]
        .iter()
        .zip(0..)
        .map(|(name, number)| (number.to_string(), (*name).into()))
        .collect()
}

fn examples() -> Vec<(YoloLabels, &'static str)> {
    let pose = Some(YoloTask::Pose { points: 2, numbers: 3 });
    vec![
        (YoloLabels { classes: classes(), task: None, common: None }, DETECT),
        (YoloLabels::default(), SCORES),
        (YoloLabels { classes: classes(), task: Some(YoloTask::Segment), common: None }, SEGMENT),
        (YoloLabels { classes: Vec::new(), task: pose, common: None }, POSE),
        (YoloLabels::default(), ORIENTED),
        (YoloLabels::default(), ""),
        (YoloLabels::default(), "\u{feff}3 1 1 1 1"),
    ]
}

fn set(row: u64, column: usize, value: Value) -> FileEdits {
    FileEdits { sets: vec![RowSet { table: 0, row, cells: vec![(column, value)] }], ..FileEdits::default() }
}

fn floats(numbers: &[f64]) -> Value {
    Value::List(numbers.iter().map(|number| Value::Float(*number)).collect())
}

#[track_caller]
fn check(format: &dyn Format, text: &str, edits: &FileEdits, expected: &str) {
    let bytes = text.as_bytes().to_vec();
    let file = format.open(&bytes, None).expect("a file of the format");
    let splice = file.splice(edits).expect("edits that can be made");
    assert_eq!(String::from_utf8_lossy(&applied(&bytes, &splice).expect("no overlap")), expected);
}

#[track_caller]
fn refused(format: &dyn Format, text: &str, edits: &FileEdits) {
    let bytes = text.as_bytes().to_vec();
    assert!(format.open(&bytes, None).expect("a file of the format").splice(edits).is_err());
}

#[test]
fn a_line_keeps_its_spacing_and_the_numbers_that_did_not_change() {
    let format = &examples()[0].0;
    let moved = set(0, 1, floats(&[0.5, 0.25, 0.125, 0.2]));
    check(format, DETECT, &moved, "0 0.5 0.250 0.125 0.2\n\n 1  0.1 0.1\t0.05 5e-2 \n");
    let renamed = set(1, 0, Value::Text("traffic light".into()));
    check(format, DETECT, &renamed, "0 0.5 0.250 0.1 0.2\n\n 2  0.1 0.1\t0.05 5e-2 \n");
    let scored = set(1, 2, Value::Float(0.5));
    check(&YoloLabels::default(), SCORES, &scored, &SCORES.replacen("0.2\r\n7", "0.2 0.5\r\n7", 1));
    let corner = set(0, 1, floats(&[0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1, 1.0]));
    check(&YoloLabels::default(), ORIENTED, &corner, "1 0.1 0.1 0.9 0.1 0.9 0.9 0.1 1\n");
}

#[test]
fn lines_come_and_go_with_their_endings() {
    let new = |after| Insert {
        table: 0,
        after,
        cells: vec![Value::Int(1), floats(&[0.5, 0.5, 0.1, 1.0]), Value::Null],
        ..Insert::default()
    };
    let edits = FileEdits {
        deletes: vec![(0, 2)],
        inserts: vec![new(None), new(Some(2)), new(Some(2))],
        ..FileEdits::default()
    };
    let line = "1 0.5 0.5 0.1 1";
    let kept = "0 0.5 0.25 0.1 0.2 0.99\r\n1 0.5 0.25 0.1 0.2\r\n";
    check(&YoloLabels::default(), SCORES, &edits, &format!("{line}\r\n{kept}{line}\r\n{line}"));
}

#[test]
fn what_a_line_cannot_say_is_refused() {
    let bytes = DETECT.as_bytes().to_vec();
    let file = examples()[0].0.open(&bytes, None).expect("labels");
    let refused = |column, value: Value| file.check(0, column, &value).is_err();
    assert!(refused(0, Value::Int(3)) && refused(0, Value::Text("cow".into())) && refused(0, Value::Null));
    assert!(
        refused(1, floats(&[0.1])) && refused(1, floats(&[0.1, 0.1, -0.1, 0.1])) && refused(1, floats(&[f64::NAN; 4]))
    );
    assert_eq!(file.check(0, 0, &Value::Text("car".into())).expect("a class"), Value::Int(1));
    let (pose, none) = (&examples()[3].0, Vec::new());
    let file = pose.open(&none, None).expect("an image without labels");
    assert!(file.check(0, 2, &floats(&[0.5; 6])).is_ok() && file.check(0, 2, &floats(&[0.5; 5])).is_err());
}

#[test]
fn a_bad_line_ends_the_table_and_is_told() {
    let bytes = b"0 0.5 0.5 0.1 0.1\n1 0.5 x 0.1 0.1\n".to_vec();
    let file = YoloLabels::default().open(&bytes, None).expect("labels");
    let problem = file.tables()[0].problem.clone().expect("a mistake");
    assert_eq!((file.tables()[0].rows, problem.line, problem.column), (1, 2, 7));
    assert!(YoloLabels::default().open(&b"hello world".to_vec(), None).is_err());
}

#[test]
fn odd_lines_are_kept_and_told() {
    let bytes = b"9 0.5 0.5 0.1 0.1\n0 0.9 0.5 0.4 0.1\n0 0.5 0.5 1 1\n".to_vec();
    let format = YoloLabels { classes: classes(), task: None, common: None };
    let flags = format.flags(&*format.open(&bytes, None).expect("labels")).expect("they can be read");
    assert_eq!(flags.iter().map(|flag| flag.row).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_table_says_what_the_task_is() {
    let roles = |place: usize| {
        let (format, text) = examples().remove(place);
        let bytes = text.as_bytes().to_vec();
        let file = format.open(&bytes, None).expect("labels");
        file.tables()[0].schema.columns[1..].iter().map(|column| column.role.clone()).collect::<Vec<_>>()
    };
    assert_eq!(roles(0), [Role::BoxCxcywhn]);
    assert_eq!(roles(1), [Role::BoxCxcywhn, Role::Plain]);
    assert_eq!(roles(2), [Role::Mask]);
    assert_eq!(roles(3), [Role::BoxCxcywhn, Role::Keypoints]);
    assert_eq!(roles(4), [Role::BoxOriented]);
}

const BLOCK_LIST: &str = "path: ../data # root\ntrain: images/train\nval: [a, b]\nnc: 2  # classes\nnames:\n  - person # 0\n  - 'traffic light'\ndownload: x\n";
const BLOCK_MAP: &str = "train: a\r\nkpt_shape: [17, 3]\r\nnames:\r\n  0: person\r\n  1: \"car\"\r\n";
const FLOW_LIST: &str = "{train: a, nc: 2, names: ['person', \"car\", ]}\n";
const FLOW_MAP: &str = "names: {0: person,\n   1: car}\nnc: 2\n";
const AT_THE_MARGIN: &str = "names:\n- a\n- b";

fn add(after: u64, names: &[&str]) -> FileEdits {
    let insert = |name: &&str| Insert {
        table: 0,
        after: Some(after),
        cells: vec![Value::Null, Value::Text((*name).to_owned())],
        ..Insert::default()
    };
    FileEdits { inserts: names.iter().map(insert).collect(), ..FileEdits::default() }
}

#[test]
fn a_class_is_renamed_in_the_style_of_its_name() {
    let rename = |row, name: &str| set(row, 1, Value::Text(name.to_owned()));
    let check = |text: &str, edits: &FileEdits, [old, new]: [&str; 2]| {
        check(&YoloDataFile, text, edits, &text.replacen(old, new, 1));
    };
    check(BLOCK_LIST, &rename(0, "rider"), ["- person", "- rider"]);
    check(BLOCK_LIST, &rename(0, "no"), ["- person", "- 'no'"]);
    check(BLOCK_LIST, &rename(1, "it's"), ["'traffic light'", "'it''s'"]);
    check(BLOCK_MAP, &rename(1, "a \"b\""), ["\"car\"", "\"a \\\"b\\\"\""]);
    check(FLOW_LIST, &rename(0, "\u{e4}, b"), ["'person'", "'\u{e4}, b'"]);
    check(FLOW_MAP, &rename(1, "a: b"), ["car", "'a: b'"]);
}

#[test]
fn a_class_is_added_after_the_last_one_and_counted() {
    let check =
        |text: &str, after, names: &[&str], expected: &str| check(&YoloDataFile, text, &add(after, names), expected);
    let two = BLOCK_LIST.replace("nc: 2", "nc: 4").replace("light'\n", "light'\n  - 'car'\n  - 'bus'\n");
    check(BLOCK_LIST, 1, &["car", "bus"], &two);
    check(BLOCK_MAP, 1, &["bus"], &BLOCK_MAP.replace("\"car\"", "\"car\"\r\n  2: \"bus\""));
    check(FLOW_LIST, 1, &["bus"], &FLOW_LIST.replace("\"car\"", "\"car\", \"bus\"").replace("nc: 2", "nc: 3"));
    check(FLOW_MAP, 1, &["bus"], "names: {0: person,\n   1: car,\n   2: bus}\nnc: 3\n");
    check(AT_THE_MARGIN, 1, &["c d"], "names:\n- a\n- b\n- c d");
    refused(&YoloDataFile, BLOCK_LIST, &add(0, &["car"]));
    refused(&YoloDataFile, "names: {9223372036854775807: a}\n", &add(0, &["b"]));
    refused(&YoloDataFile, "names: {9223372036854775806: a}\n", &add(0, &["b", "c"]));
    let last = "names: {9223372036854775806: a, 9223372036854775807: b}\n";
    check("names: {9223372036854775806: a}\n", 0, &["b"], last);
    refused(&YoloDataFile, BLOCK_LIST, &FileEdits { deletes: vec![(0, 1)], ..FileEdits::default() });
}

#[test]
fn the_description_of_a_dataset_is_read() {
    let data = YoloData::parse(BLOCK_LIST).expect("YAML");
    assert_eq!((data.path.as_deref(), data.nc, data.kpt_shape), (Some("../data"), Some(2), None));
    assert_eq!(
        (data.train, data.val, data.test),
        (vec!["images/train".to_owned()], vec!["a".into(), "b".into()], vec![])
    );
    assert_eq!(data.names, [(0, "person".to_owned()), (1, "traffic light".to_owned())]);
    assert_eq!(YoloData::parse(BLOCK_MAP).expect("YAML").kpt_shape, Some((17, 3)));
    assert!(YoloData::parse("a: [").is_err() && YoloData::parse("- a").is_err() && YoloData::parse("").is_err());
}

#[test]
fn a_list_of_names_is_edited_line_by_line() {
    check(&YoloNames, " person \r\ncar\r\n\r\n", &set(0, 1, Value::Text("rider".into())), " rider \r\ncar\r\n\r\n");
    check(&YoloNames, "a\nb", &add(1, &["c", "d"]), "a\nb\nc\nd");
    check(&YoloNames, "a\n\n", &add(0, &["c", "d"]), "a\nc\nd\n\n");
    let empty =
        FileEdits { inserts: vec![Insert { after: None, ..add(0, &["x"]).inserts.remove(0) }], ..FileEdits::default() };
    check(&YoloNames, "", &empty, "x\n");
    refused(&YoloNames, "a\nb", &set(0, 1, Value::Text("x\ny".into())));
}

/// Renames and adds classes at random; the file then has exactly those.
fn rename_and_add(format: &dyn Format, text: &str, rng: &mut Rng) {
    let bytes = text.as_bytes().to_vec();
    let mut rows = read_in_every_way(format, &bytes).remove(0);
    let file = format.open(&bytes, None).expect("it was opened before");
    let name = |rng: &mut Rng| {
        rng.pick(&["car", "it's", "yes", "12", "a: b #c", "\u{e4}\"\\", "- x", "{y}", "1: z"]).to_owned()
    };
    let mut edits = FileEdits::default();
    for (place, cells) in rows.iter_mut().enumerate() {
        if rng.one_in(2) {
            cells[1] = Value::Text(name(rng));
            edits.sets.push(RowSet { table: 0, row: place as u64, cells: vec![(1, cells[1].clone())] });
        }
    }
    let after = rows.len().checked_sub(1).map(|last| last as u64);
    for _ in 0..rng.below(3) {
        let cells = vec![Value::Int(rows.len() as i64), Value::Text(name(rng))];
        rows.push(cells.clone());
        edits.inserts.push(Insert { table: 0, after, cells, ..Insert::default() });
    }
    let splice = file.splice(&edits).expect("names that can be written");
    let spliced = applied(&bytes, &splice).expect("no overlap");
    assert_eq!(read_in_every_way(format, &spliced), [rows]);
}

#[test]
fn edits_at_random_are_often_taken() {
    let (format, text) = examples().into_iter().next().expect("the first");
    takes_many_edits(&format, &text.as_bytes().to_vec());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_edits_of_labels_give_exactly_the_edited_rows(seed: u64) {
        let mut rng = Rng(seed);
        for (format, text) in examples() {
            if let Some(spliced) = edit_at_random(&format, &text.as_bytes().to_vec(), &mut rng)
                && let YoloLabels { task: Some(_), .. } = format {
                    edit_at_random(&format, &spliced, &mut rng);
                }
        }
    }

    #[test]
    fn any_edits_of_names_give_exactly_the_edited_classes(seed: u64) {
        let mut rng = Rng(seed);
        for text in [BLOCK_LIST, BLOCK_MAP, FLOW_LIST, FLOW_MAP, AT_THE_MARGIN] {
            rename_and_add(&YoloDataFile, text, &mut rng);
        }
        for text in ["", "a\nb", " a \r\n\r\nb\r\n\r\n"] {
            rename_and_add(&YoloNames, text, &mut rng);
        }
    }
}

#[test]
fn mangled_labels_are_read_as_far_as_they_go() {
    let tasks = [YoloTask::Detect, YoloTask::Detect, YoloTask::Segment, YoloTask::Detect, YoloTask::Oriented];
    for ((format, text), task) in examples().into_iter().zip(tasks) {
        // What the lines are is told: mangled ones may speak of another task once some are deleted.
        let format = YoloLabels { task: format.task.or(Some(task)), ..format };
        maul(
            &format,
            20_000,
            &[text.as_bytes()],
            &["nan", "-inf", "1e400", "\r", "\n", " ", "0.5", "\u{feff}", "99999999999999999999"],
        );
    }
}

#[test]
fn mangled_names_are_read_or_refused() {
    let texts = [BLOCK_LIST, BLOCK_MAP, FLOW_LIST, FLOW_MAP, AT_THE_MARGIN].map(str::as_bytes);
    let words =
        ["&a ", "*a", "|\n", ">-", "? ", "!!str ", "---\n", "...", "[", "}", "'", "\"", "# ", "\t", "\u{2028}", "<<: "];
    maul(&YoloDataFile, 100_000, &texts, &words);
    maul(&YoloNames, 20_000, &texts, &words);
}

#[test]
fn files_that_do_not_tell_are_what_others_are_unless_it_is_one_line_that_is_wrong() {
    let of = |texts: &[&str]| YoloTask::of_texts(texts.iter().copied());
    let (a_box, polygon) = ("0 .5 .5 .1 .1 .9\n", "0 .1 .1 .2 .2 .3 .1 .1 .4 .4 .4\n");
    let turned = "0 .1 .1 .2 .1 .2 .2 .1 .2\n";
    let many = |count: usize| [vec![turned; count], vec![polygon]].concat();
    assert_eq!(of(&[polygon, turned, turned, ""]), Some(YoloTask::Segment));
    assert_eq!((of(&many(10)), of(&many(11))), (Some(YoloTask::Segment), Some(YoloTask::Oriented)));
    assert_eq!(
        (of(&[polygon, polygon, a_box]), of(&[polygon, a_box])),
        (Some(YoloTask::Segment), Some(YoloTask::Detect))
    );
    let boxes = Some(YoloTask::Detect);
    assert_eq!((of(&[turned, ""]), of(&[a_box, ""]), of(&[])), (Some(YoloTask::Oriented), boxes, None));
    assert_eq!(of(&[a_box, a_box, "0 .5 .5 .1 .1 .1 .1\n"]), boxes);
    assert_eq!(of(&[turned, "0 .1 .1 .2 .1 .2 .2 .1\n"]), Some(YoloTask::Oriented));
    let columns = |text: &str, common| {
        let format = YoloLabels { common, ..YoloLabels::default() };
        let bytes = text.as_bytes().to_vec();
        let file = format.open(&bytes, None).expect("opened");
        file.tables()[0].schema.columns[1].name.clone()
    };
    for (text, common, expected) in [
        ("", None, "box"),
        ("", Some(YoloTask::Segment), "polygon"),
        ("", Some(YoloTask::Oriented), "corners"),
        (turned, Some(YoloTask::Segment), "polygon"),
        (turned, None, "corners"),
        (a_box, Some(YoloTask::Segment), "box"),
        (polygon, Some(YoloTask::Oriented), "polygon"),
        (polygon, Some(YoloTask::Detect), "polygon"),
        ("0 .5 .5 .1 .1\n0 .5 .5 .1 .1\n0 .5 .5 .1 .1 .1 .1\n", Some(YoloTask::Detect), "box"),
    ] {
        assert_eq!(columns(text, common), expected, "{text:?} {common:?}");
    }
}
