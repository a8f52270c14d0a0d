//! Merges of files that a side rewrote: what stands in the draft, and how it is decided row by row.

use super::parsed::{COCO, CSV, bytes};
use super::*;
use crate::dataset::rows::{FileFormat, RowEdit};
use crate::model::{RowAddress, Value};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn edit(draft: &mut Draft, table: Option<&str>, edit: RowEdit) -> Result<()> {
    let table = draft.view().table(table)?;
    draft.edit_table(&table, vec![edit]).map(|_| ())
}

fn set(draft: &mut Draft, table: Option<&str>, row: &str, column: &str, value: Value) -> Result<()> {
    edit(draft, table, RowEdit::Set { row: row.to_owned(), cells: vec![(column.to_owned(), value)] })
}

fn delete(draft: &mut Draft, table: Option<&str>, row: &str) -> Result<()> {
    edit(draft, table, RowEdit::Delete { row: row.to_owned() })
}

/// `CSV` by other bytes, with a row on top.
fn moved() -> String {
    CSV.replace(',', ";").replace("a.png", "new.png;owl;9\na.png")
}

type Files<'f> = &'f [(&'f str, &'f str)];
type Edits<'e> = &'e dyn Fn(&mut Draft) -> Result<()>;

/// Both sides edited the files; returns what came of it, and their revision.
fn both(files: &[(&str, &str)], ours: Edits<'_>, theirs: Edits<'_>) -> (Fixture, Id) {
    let fixture = Fixture::new(files);
    fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
    let theirs = fixture.commit("other", theirs);
    fixture.commit("main", ours);
    (fixture, theirs)
}

fn merged(fixture: &Fixture, theirs: Id, prefer: Prefer) -> View {
    let into = main_branch();
    let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge", prefer: Some(prefer) };
    assert!(matches!(fixture.dataset.merge(&request).expect("a merge"), Outcome::Done { .. }));
    fixture.view("main")
}

/// The draft with the merge in it, with all conflicts decided.
fn resolved(fixture: &Fixture, theirs: Id, how: &Resolution) -> Draft {
    let mut draft = fixture.draft("main");
    assert!(draft.merge(theirs, "merge").expect("a merge"));
    let open: Vec<usize> = (0..draft.pending().expect("it stands").open.len()).collect();
    assert!(!open.is_empty());
    draft.resolve(&open, how).expect("resolved");
    draft
}

#[test]
fn a_row_edited_on_the_preferred_side_stays_though_the_other_side_s_bytes_lack_it() {
    let gone = moved().replace("b.png;dog;1\n", "");
    let kept = gone.clone() + "b.png;cow;1\n";
    let (edits, puts): (Edits<'_>, Edits<'_>) =
        (&|draft| set(draft, None, "1", "label", text("cow")), &|draft| put(draft, "t.csv", &gone));
    for (ours, theirs, edited_by) in [(edits, puts, Prefer::Ours), (puts, edits, Prefer::Theirs)] {
        let other = if edited_by == Prefer::Ours { Prefer::Theirs } else { Prefer::Ours };
        for (prefer, expected) in [(edited_by, &kept), (other, &gone)] {
            let (fixture, their_revision) = both(&[("t.csv", CSV)], ours, theirs);
            assert_eq!(&bytes(&merged(&fixture, their_revision, prefer), "t.csv"), expected, "{prefer:?}");
            let (fixture, their_revision) = both(&[("t.csv", CSV)], ours, theirs);
            let how = if prefer == Prefer::Ours { Resolution::Ours } else { Resolution::Theirs };
            let draft = resolved(&fixture, their_revision, &how);
            assert_eq!(&bytes(draft.view(), "t.csv"), expected, "{how:?}, edited by {edited_by:?}");
        }
    }
}

#[test]
fn a_row_that_was_deleted_by_one_and_edited_by_the_other_is_told_whole_and_decided_either_way() {
    let edited = moved().replace("b.png;dog;1", "b.png;cow;1");
    let gone = moved().replace("b.png;dog;1\n", "");
    let (deletes, puts): (Edits<'_>, Edits<'_>) =
        (&|draft| delete(draft, None, "1"), &|draft| put(draft, "t.csv", &edited));
    for (ours, theirs, of_ours, of_theirs) in [(deletes, puts, &gone, &edited), (puts, deletes, &edited, &gone)] {
        for (how, expected) in [(Resolution::Ours, of_ours), (Resolution::Theirs, of_theirs)] {
            let (fixture, their_revision) = both(&[("t.csv", CSV)], ours, theirs);
            let draft = resolved(&fixture, their_revision, &how);
            assert_eq!(&bytes(draft.view(), "t.csv"), expected, "{how:?}");
        }
    }
}

#[test]
fn a_cell_of_a_row_that_has_another_place_now_is_decided_in_that_row() {
    let ours = moved().replace("dog", "ours");
    for (how, label) in
        [(Resolution::Ours, "ours"), (Resolution::Theirs, "theirs"), (Resolution::Value(text("neither")), "neither")]
    {
        let (fixture, theirs) = both(&[("t.csv", CSV)], &|draft| put(draft, "t.csv", &ours), &|draft| {
            set(draft, None, "1", "label", text("theirs"))
        });
        let mut draft = fixture.draft("main");
        assert!(draft.merge(theirs, "merge").expect("a merge"));
        let open = draft.pending().expect("it stands").open.clone();
        let rows: Vec<_> = open.iter().map(|open| open.row.as_ref().and_then(RowAddress::row)).collect();
        assert_eq!(rows, [Some("2")]);
        draft.resolve(&[0], &how).expect("resolved");
        assert_eq!(bytes(draft.view(), "t.csv"), moved().replace("dog", label));
    }
}

#[test]
fn of_two_rows_with_one_new_id_either_may_be_taken_with_all_other_edits() {
    let new = |area: &str| {
        let row = format!(
            ",\n  {{\"id\": 11, \"image_id\": 1, \"category_id\": 2, \"bbox\": [1, 1, 1, 1], \"area\": {area}}}]"
        );
        COCO.replace("}],\n \"categories\"", &format!("}}{row},\n \"categories\""))
    };
    let ours = new("3.5").replace("14.0", "15.0");
    let rewritten = new("7.5").replace("\"bbox\": [", "\"bbox\":  [");
    assert!(ours != COCO && rewritten.contains("7.5"));
    for (prefer, area) in [(Prefer::Ours, 3.5), (Prefer::Theirs, 7.5)] {
        let sides: (Edits<'_>, Edits<'_>) =
            (&|draft| put(draft, "c.json", &ours), &|draft| put(draft, "c.json", &rewritten));
        let check = |view: &View| {
            let json: serde_json::Value = serde_json::from_str(&bytes(view, "c.json")).expect("JSON");
            let areas: Vec<f64> = json["annotations"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|row| row["area"].as_f64().expect("a number"))
                .collect();
            assert_eq!(areas, [15.0, 56.0, area], "{prefer:?}");
        };
        let (fixture, theirs) = both(&[("c.json", COCO)], sides.0, sides.1);
        check(&merged(&fixture, theirs, prefer));
        let (fixture, theirs) = both(&[("c.json", COCO)], sides.0, sides.1);
        let how = if prefer == Prefer::Ours { Resolution::Ours } else { Resolution::Theirs };
        check(resolved(&fixture, theirs, &how).view());
    }
}

#[test]
fn rows_that_cannot_be_merged_into_what_stays_make_the_file_one_conflict() {
    let ours = "image,label\na.png,cat\nb.png,ours\nc.png,cat\nd.png,fox\n";
    let theirs = CSV.replace(',', ";").replace("dog", "theirs").replace("fox;3", "fox;4");
    let (fixture, revision) =
        both(&[("t.csv", CSV)], &|draft| put(draft, "t.csv", ours), &|draft| put(draft, "t.csv", &theirs));
    let mut draft = fixture.draft("main");
    assert!(draft.merge(revision, "merge").expect("a merge"));
    let open = draft.pending().expect("it stands").open.clone();
    assert_eq!(
        open.iter().map(|open| open.row.clone()).collect::<Vec<_>>(),
        [None],
        "the score that they set is no row of ours"
    );
    draft.resolve(&[0], &Resolution::Theirs).expect("resolved");
    assert_eq!(bytes(draft.view(), "t.csv"), theirs);
}

/// The column `note` as Arrow has it: its type, and its cells.
fn notes(view: &View) -> (arrow::datatypes::DataType, Vec<String>) {
    let table = view.table(None).expect("a table");
    let mut found = (arrow::datatypes::DataType::Null, Vec::new());
    let scan = crate::dataset::rows::RowScan { columns: Some(vec!["note".to_owned()]) };
    let scanned = view.scan_rows(&table, &scan, &mut |rows| {
        let column = rows.batch.column(0);
        found.0 = column.data_type().clone();
        for row in 0..rows.batch.num_rows() {
            found.1.push(crate::table::arrow_value::value(column, row)?.to_string());
        }
        Ok(crate::table::Flow::More)
    });
    scanned.expect("rows");
    found
}

#[test]
fn a_column_that_both_added_has_one_type_and_cells_that_it_can_hold() {
    use arrow::datatypes::DataType;
    let adds = |draft: &mut Draft, data_type: DataType, cells: &[(&str, Value)]| {
        let table = draft.view().table(None)?;
        draft.add_column(&table, "note", &data_type)?;
        cells.iter().try_for_each(|(row, value)| set(draft, None, row, "note", value.clone()))
    };
    let ours: Edits<'_> = &|draft| adds(draft, DataType::Utf8, &[("0", text("odd")), ("1", text("7"))]);
    let theirs: Edits<'_> = &|draft| adds(draft, DataType::Int64, &[("2", Value::Int(5)), ("3", Value::Int(6))]);
    for (prefer, data_type, cells) in
        [(Prefer::Ours, DataType::Utf8, ["odd", "7", "5", "6"]), (Prefer::Theirs, DataType::Int64, ["", "7", "5", "6"])]
    {
        let (fixture, revision) = both(&[("t.csv", CSV)], ours, theirs);
        let expected = (data_type, cells.map(str::to_owned).to_vec());
        let (of_merge, of_draft) = (notes(&merged(&fixture, revision, prefer)), {
            let (fixture, revision) = both(&[("t.csv", CSV)], ours, theirs);
            let how = if prefer == Prefer::Ours { Resolution::Ours } else { Resolution::Theirs };
            notes(resolved(&fixture, revision, &how).view())
        });
        assert_eq!((of_merge, of_draft), (expected.clone(), expected));
    }
}

#[test]
fn formats_are_not_recorded_over_what_somebody_else_recorded_meanwhile() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    let said = |format: &str| [FileFormat { path: Some(path("t.csv")), format: Some(format.to_owned()) }];
    let other = fixture.datasets.open(fixture.dataset.name()).expect("it was imported");
    other.say_formats(&fixture.view("main"), &said("none")).expect("said");
    let error = fixture.dataset.say_formats(&fixture.view("main"), &said("tsv")).expect_err("it moved");
    assert!(matches!(error.kind(), crate::ErrorKind::RefMoved { .. }), "{error}");
    let now = fixture.datasets.open(fixture.dataset.name()).expect("it was imported");
    let told: Vec<_> = now.formats().iter().map(|choice| (choice.path.clone(), choice.format.as_str())).collect();
    assert_eq!(told, [(Some(path("t.csv")), "none")]);
}

#[test]
fn a_cell_that_both_set_is_told_and_decided_though_one_excludes_its_sample() {
    let images = [("a.png", "a"), ("b.png", "b")];
    let yaml = ("data.yaml", "names: [a, b, c, d, e]\n");
    let with_areas = super::hidden_rows::COCO.replace("\"bbox\"", "\"area\": 1, \"bbox\"");
    let coco = ("t.json", with_areas.as_str());
    let cases: [(Files<'_>, [&str; 4]); 4] = [
        (&[("t.csv", "name,n\na,1\nb,2\n")], ["t", "1", "n", "1"]),
        (&[("t.jsonl", "{\"name\":\"a\",\"n\":1}\n{\"name\":\"b\",\"n\":2}\n")], ["t", "1", "n", "1"]),
        (&[images[0], images[1], coco], ["annotations", "9", "area", "a.png"]),
        (&[images[0], ("a.txt", "0 .5 .5 .1 .1\n1 .2 .2 .1 .1\n"), yaml], ["labels", "a.txt#1", "class", "a.png"]),
    ];
    for (files, [table, row, column, sample]) in cases {
        let number = |value: i32| match column {
            "area" => Value::Float(value.into()),
            "class" => Value::Int((value / 10).into()),
            _ => Value::Int(value.into()),
        };
        let set_to = |d: &mut Draft, value: i32| set(d, Some(table), row, column, number(value));
        let hide = |d: &mut Draft| super::hidden_rows::exclude(d, sample, true);
        let sets: Edits<'_> = &|d| set_to(d, 20);
        let sets_and_hides: Edits<'_> = &|d| set_to(d, 31).and_then(|()| hide(d));
        for is_ours in [false, true] {
            let (ours, theirs) = if is_ours { (sets_and_hides, sets) } else { (sets, sets_and_hides) };
            let (fixture, theirs) = both(files, ours, theirs);
            for how in [Resolution::Ours, Resolution::Theirs, Resolution::Value(number(41))] {
                let mut draft = fixture.draft("main");
                assert!(draft.merge(theirs, "merge").expect("merged"));
                let open = draft.pending().expect("a merge").open.clone();
                let told = |value: i32| Some(number(value)).map(|value| value.to_string());
                let values = |side: &Option<Value>| side.as_ref().map(ToString::to_string);
                let [one] = &*open else { panic!("{files:?}, {is_ours}: {open:?}") };
                let expected = if is_ours { (told(31), told(20)) } else { (told(20), told(31)) };
                assert_eq!((values(&one.ours), values(&one.theirs)), expected, "{table} {is_ours}");
                draft.resolve(&[0], &how).expect("decided");
                let excluded = super::hidden_rows::rows(
                    draft.view(),
                    &draft.view().table(Some("samples")).expect("samples"),
                    &["key", "excluded"],
                );
                assert!(excluded.contains(&format!("{sample} true")), "{table} {how:?}: {excluded:?}");
                super::hidden_rows::exclude(&mut draft, sample, false).expect("included");
                let expected = match (&how, is_ours) {
                    (Resolution::Ours, true) | (Resolution::Theirs, false) => 31,
                    (Resolution::Ours, false) | (Resolution::Theirs, true) => 20,
                    (Resolution::Value(_), _) => 41,
                };
                let found = super::hidden_rows::rows(
                    draft.view(),
                    &draft.view().table(Some(table)).expect("a table"),
                    &[column],
                );
                let known: Vec<&String> =
                    found.iter().filter(|value| **value == number(expected).to_string()).collect();
                assert!(!known.is_empty(), "{table} {how:?} {is_ours}: {found:?}");
                assert_eq!(found.len(), if table == "annotations" { 3 } else { 2 }, "{table}: {found:?}");
            }
        }
    }
}

#[test]
fn a_cell_that_both_set_is_decided_in_a_hidden_row_of_a_file_that_was_moved() {
    let files = [("t.csv", "name,n\na,1\nb,2\n")];
    let set_to = |d: &mut Draft, value: i64| set(d, None, "1", "n", Value::Int(value));
    let hide = |d: &mut Draft| super::hidden_rows::exclude(d, "1", true);
    let moved = |d: &mut Draft| d.rename(&path("t.csv"), &path("m.csv"));
    for case in 0..4 {
        let ours = |d: &mut Draft| {
            set_to(d, 20)?;
            if case == 0 { moved(d) } else { Ok(()) }
        };
        let theirs = |d: &mut Draft| {
            if case == 1 {
                moved(d)?;
            }
            set_to(d, 31)?;
            hide(d)?;
            if case == 2 { moved(d) } else { Ok(()) }
        };
        let at = if case == 3 { "t.csv" } else { "m.csv" };
        for (how, expected) in
            [(Resolution::Theirs, "31"), (Resolution::Ours, "20"), (Resolution::Value(Value::Int(41)), "41")]
        {
            let (fixture, their_revision) = both(&files, &ours, &theirs);
            let mut draft = resolved(&fixture, their_revision, &how);
            assert_eq!(bytes(draft.view(), at), "name,n\na,1\n", "{case} {how:?}");
            super::hidden_rows::exclude(&mut draft, "1", false).expect("included");
            assert_eq!(bytes(draft.view(), at), format!("name,n\na,1\nb,{expected}\n"), "{case} {how:?}");
        }
    }
}

#[test]
fn an_image_whose_labels_are_decided_together_with_its_note_is_hidden_once() {
    let labels = ("a.txt", "0 .5 .5 .1 .1\n1 .2 .2 .1 .1\n");
    for files in [
        vec![("a.png", "a"), ("b.png", "b"), labels, ("data.yaml", "names: [a, b, c, d, e]\n")],
        vec![("a.png", "a"), ("b.png", "b"), ("t.json", super::hidden_rows::COCO), labels],
    ] {
        let table = if files.iter().any(|(path, _)| *path == "t.json") { "annotations" } else { "labels" };
        let row = if table == "labels" { "a.txt#1" } else { "9" };
        let column = if table == "labels" { "box" } else { "bbox" };
        let set_to = |d: &mut Draft, side: f64| {
            let boxed = |by: f64| Value::List([0.25, 0.25, side * by, side * by].map(Value::Float).to_vec());
            set(d, Some(table), row, column, boxed(1.0))?;
            set(d, Some("labels"), "a.txt#0", "box", boxed(0.5))
        };
        let theirs = |d: &mut Draft| {
            set_to(d, 0.5)?;
            super::hidden_rows::exclude(d, "a.png", true)
        };
        let (fixture, their_revision) = both(&files, &|d| set_to(d, 0.75), &theirs);
        let mut draft = resolved(&fixture, their_revision, &Resolution::Theirs);
        assert!(draft.view().node(&path("a.png")).expect("looked up").is_none());
        super::hidden_rows::exclude(&mut draft, "a.png", false).expect("included");
        assert_eq!(bytes(draft.view(), "a.png"), "a");
        assert!(bytes(draft.view(), "a.txt").starts_with("0 0.25 0.25 0.25 0.25"), "{}", bytes(draft.view(), "a.txt"));
    }
}

#[test]
fn a_cell_of_a_hidden_row_without_a_key_is_decided_once_where_one_side_put_other_bytes_without_it() {
    let files = [("img/a.png", "a"), ("img/b.png", "b"), ("t.csv", "image,n\nimg/a.png,1\nimg/b.png,2\n")];
    let set_to = |d: &mut Draft, value: i64| set(d, Some("t"), "1", "n", Value::Int(value));
    let hides = |value: i64| {
        move |d: &mut Draft| {
            set_to(d, value)?;
            super::hidden_rows::exclude(d, "img/b.png", true)?;
            put(d, "t.csv", "image;n\nimg/a.png;1\n")
        }
    };
    for is_ours in [false, true] {
        for (how, expected) in
            [(Resolution::Theirs, 31), (Resolution::Ours, 20), (Resolution::Value(Value::Int(41)), 41)]
        {
            let (fixture, their_revision) = match is_ours {
                true => both(&files, &hides(20), &|d| set_to(d, 31)),
                false => both(&files, &|d| set_to(d, 20), &hides(31)),
            };
            let mut draft = resolved(&fixture, their_revision, &how);
            assert_eq!(bytes(draft.view(), "t.csv"), "image;n\nimg/a.png;1\n", "{is_ours} {how:?}");
            super::hidden_rows::exclude(&mut draft, "img/b.png", false).expect("included");
            let expected = format!("image;n\nimg/a.png;1\nimg/b.png;{expected}\n");
            assert_eq!(bytes(draft.view(), "t.csv"), expected, "{is_ours} {how:?}");
        }
    }
}
