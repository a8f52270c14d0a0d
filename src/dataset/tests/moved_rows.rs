//! Rows without keys of a source's file that changed: whatever was said of one stays with it, or is dropped and told.

use arrow::datatypes::DataType;

use super::parsed::{bytes, rows};
use super::reapplied::{delete, refresh, set, text};
use super::*;
use crate::dataset::rows::{RowEdit, Table};
use crate::model::Value;

/// Lines of one length, that differ in a letter.
pub(super) fn lines(letters: &str) -> String {
    letters.chars().map(|letter| format!("{{\"name\": \"{letter}\", \"label\": \"cat\"}}\n")).collect()
}

fn insert(draft: &mut Draft, after: Option<&str>, name: &str) -> Result<()> {
    let table = draft.view().table(None)?;
    let cells = vec![("name".to_owned(), text(name))];
    draft.edit_table(&table, vec![RowEdit::Insert { after: after.map(str::to_owned), cells }]).map(drop)
}

fn names(view: &View) -> String {
    rows(view).iter().map(|row| row.split(',').next().unwrap_or_default()).collect()
}

#[test]
fn an_edit_stays_with_its_row_where_rows_of_one_length_come_and_go_above_it() {
    for (source, shown) in [
        (lines("xabcd"), lines("xabcd")),
        (lines("bcd"), lines("bcd")),
        (lines("xbacd"), lines("xbacd")),
        (lines("cabd"), lines("cabd")),
    ] {
        let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
        fixture.commit("main", |draft| set(draft, None, "2", "label", text("cow")));
        assert_eq!(refresh(&fixture, "t.jsonl", &source), [""; 0], "{source}");
        let edited = shown.replace("\"c\", \"label\": \"cat\"", "\"c\", \"label\": \"cow\"");
        assert_eq!(bytes(&fixture.view("main"), "t.jsonl"), edited);
    }
}

#[test]
fn an_edit_whose_row_went_for_another_of_its_length_is_dropped_and_told() {
    let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
    fixture.commit("main", |draft| {
        set(draft, None, "1", "label", text("cow"))?;
        delete(draft, None, "2")
    });
    let told = refresh(&fixture, "t.jsonl", &lines("axyd"));
    let expected = [
        "dropped: 1 label was cat, ours cow, theirs -",
        r#"dropped: 2 was {"label":"cat","name":"c"}, ours -, theirs -"#,
    ];
    assert_eq!(told, expected);
    assert_eq!(bytes(&fixture.view("main"), "t.jsonl"), lines("axyd"));
}

#[test]
fn cells_of_added_columns_follow_their_row_or_are_told() {
    let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
    fixture.commit("main", |draft| {
        let table = draft.view().table(None)?;
        draft.add_column(&table, "weight", &DataType::Int64)?;
        set(draft, None, "1", "weight", Value::Int(7))?;
        set(draft, None, "3", "weight", Value::Int(8))
    });
    let told = refresh(&fixture, "t.jsonl", &lines("xyacd"));
    assert_eq!(told, ["dropped: 1 weight was , ours 7, theirs -"]);
    assert_eq!(rows(&fixture.view("main")), ["x,cat,", "y,cat,", "a,cat,", "c,cat,", "d,cat,8"]);
}

#[test]
fn inserted_rows_come_after_what_they_came_after_and_in_their_order() {
    let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
    fixture.commit("main", |draft| {
        insert(draft, Some("1"), "1")?;
        insert(draft, Some("1"), "3")?;
        insert(draft, Some("1+1"), "2")?;
        insert(draft, None, "9")?;
        delete(draft, None, "1")
    });
    assert_eq!(names(&fixture.view("main")), "a123cd9");
    assert_eq!(refresh(&fixture, "t.jsonl", &lines("xabycd")), [""; 0]);
    assert_eq!(names(&fixture.view("main")), "xa123ycd9");
    assert_eq!(refresh(&fixture, "t.jsonl", &lines("xaycd")).len(), 1, "the row that was deleted is gone");
    assert_eq!(names(&fixture.view("main")), "xa123ycd9");
    assert_eq!(refresh(&fixture, "t.jsonl", &lines("cd")), [""; 0]);
    assert_eq!(names(&fixture.view("main")), "123cd9");
}

#[test]
fn a_second_refresh_finds_the_rows_by_what_the_first_one_found() {
    let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
    fixture.commit("main", |draft| set(draft, None, "2", "label", text("cow")));
    for letters in ["xabcd", "xyabcde", "yce"] {
        assert_eq!(refresh(&fixture, "t.jsonl", &lines(letters)), [""; 0]);
    }
    assert_eq!(rows(&fixture.view("main")), ["y,cat", "c,cow", "e,cat"]);
}

fn samples(view: &View) -> Table {
    view.table(Some("samples")).expect("samples")
}

/// Name, weight and whether it is excluded, of each sample.
pub(super) fn cells(view: &View) -> Vec<String> {
    let columns = ["name", "weight", "excluded"].map(str::to_owned).to_vec();
    let mut found = Vec::new();
    let scan = crate::dataset::rows::RowScan { columns: Some(columns) };
    view.scan_rows(&samples(view), &scan, &mut |rows| {
        for row in 0..rows.batch.num_rows() {
            let cells = rows.batch.columns().iter().map(|of| crate::table::arrow_value::value(of, row));
            found.push(cells.map(|cell| cell.expect("a value").to_string()).collect::<Vec<_>>().join(" "));
        }
        Ok(crate::table::Flow::More)
    })
    .expect("scanned");
    found
}

/// Weights of three samples, and one that is excluded.
pub(super) fn say_of_samples(draft: &mut Draft) -> Result<()> {
    let table = samples(draft.view());
    draft.add_column(&table, "weight", &DataType::Int64)?;
    let weight = |row: &str, weight| RowEdit::Set {
        row: row.to_owned(),
        cells: vec![("weight".to_owned(), Value::Int(weight))],
    };
    draft.edit_table(&table, vec![weight("0", 5), weight("1", 6), weight("3", 8)])?;
    draft.exclude_samples(&["2".to_owned()], true).map(drop)
}

#[test]
fn what_is_said_of_samples_that_are_rows_follows_these_or_is_told() {
    let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
    fixture.commit("main", say_of_samples);
    let told = refresh(&fixture, "t.jsonl", &lines("xacyd"));
    assert_eq!(told, ["dropped: 1 weight was -, ours 6, theirs -"]);
    assert_eq!(names(&fixture.view("main")), "xayd");
    assert_eq!(cells(&fixture.view("main")), ["x  false", "a 5 false", "c  true", "y  false", "d 8 false"]);
    fixture.commit("main", |draft| draft.exclude_samples(&["2".to_owned()], false).map(drop));
    assert_eq!(bytes(&fixture.view("main"), "t.jsonl"), lines("xacyd"));
}

#[test]
fn of_a_table_that_is_too_long_for_traces_all_that_is_said_of_rows_is_dropped_and_told() {
    let long = |first: &str| {
        let rows: String = (0..1_000_001).map(|row| format!("{row},x\n")).collect();
        format!("n,label\n{first}{rows}")
    };
    let fixture = Fixture::new(&[("t.csv", &long(""))]);
    fixture.commit("main", |draft| {
        let table = draft.view().table(Some("t"))?;
        let cells = vec![("label".to_owned(), text("cow"))];
        draft.edit_table(&table, vec![RowEdit::Set { row: "7".to_owned(), cells }])?;
        let samples = draft.view().table(Some("samples"))?;
        draft.add_column(&samples, "weight", &DataType::Int64)?;
        let cells = vec![("weight".to_owned(), Value::Int(5))];
        draft.edit_table(&samples, vec![RowEdit::Set { row: "7".to_owned(), cells }]).map(drop)
    });
    let told = refresh(&fixture, "t.csv", &long("above,y\n"));
    assert_eq!(told, ["dropped: 7 weight was -, ours 5, theirs -", "dropped: 7 label was x, ours cow, theirs -"]);
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), long("above,y\n"));
    assert!(!fixture.view("main").overlay().samples().expect("read").names_rows().expect("read"));
}

#[test]
fn what_is_said_of_samples_that_are_rows_follows_these_when_their_file_is_rewritten() {
    // With spaces that no splice would write, so that the bytes are kept, and rows have other places.
    let spaced = |letters: &str| lines(letters).replace(": ", " : ");
    let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
    fixture.commit("main", say_of_samples);
    let mut draft = fixture.draft("main");
    put(&mut draft, "t.jsonl", &spaced("xyadb")).expect("put");
    assert_eq!(cells(draft.view()), ["x  false", "y  false", "a 5 false", "d 8 false", "b 6 false", "c  true"]);
    draft.save("put").expect("saved");
    put(&mut draft, "t.jsonl", &spaced("dxa")).expect("put");
    assert_eq!(cells(draft.view()), ["d 8 false", "c  true", "x  false", "a 5 false"]);
    put(&mut draft, "t.jsonl", &lines("abcd")).expect("put");
    assert_eq!(cells(draft.view()), ["a 5 false", "b  false", "c  true", "d 8 false"]);
}

#[test]
fn an_edit_of_a_row_that_the_other_side_sorted_elsewhere_is_of_the_row_where_it_is() {
    let csv = ["name,n\na,1\nb,2\nc,3\nd,4\n", "name,n\nd,4\nc,3\nb,2\na,1\n"];
    let json = |order: [(&str, i64); 4]| -> String {
        order.iter().map(|(name, n)| format!("{{\"name\":\"{name}\",\"n\":{n}}}\n")).collect()
    };
    let lines = [json([("a", 1), ("b", 2), ("c", 3), ("d", 4)]), json([("d", 4), ("c", 3), ("b", 2), ("a", 1)])];
    for (name, [text, sorted]) in [("t.csv", csv), ("t.jsonl", [&*lines[0], &*lines[1]])] {
        for (edits_too, swapped) in [(false, false), (false, true), (true, false), (true, true)] {
            let [one, other] = if name == "t.csv" { ["c,3", "b,2"] } else { ["\"c\",\"n\":3", "\"b\",\"n\":2"] };
            let edited = |text: &str, row: &str| text.replacen(row, &format!("{row}0"), 1);
            let now = if edits_too { edited(sorted, other) } else { sorted.to_owned() };
            let sorts = |d: &mut Draft| put(d, name, &now);
            let sets = |d: &mut Draft| {
                let table = d.view().table(Some("t"))?;
                let cells = vec![("n".to_owned(), crate::model::Value::Int(30))];
                let set = crate::dataset::rows::RowEdit::Set { row: "2".to_owned(), cells };
                d.edit_table(&table, vec![set]).map(drop)
            };
            let fixture = match swapped {
                true => super::merges::two_branches(&[(name, text)], sets, sorts),
                false => super::merges::two_branches(&[(name, text)], sorts, sets),
            };
            let outcome = super::merges::merged(&fixture, None);
            assert!(matches!(outcome, Outcome::Done { .. }), "{name} {edits_too} {swapped}: {outcome:?}");
            assert_eq!(super::rows::text(&fixture.view("main"), name), edited(&now, one), "{edits_too} {swapped}");
        }
    }
}

#[test]
fn a_row_that_one_side_moved_is_gone_where_the_other_deleted_it_and_in_one_place_where_both_moved_it() {
    let text = "name,n\na,1\nb,2\nc,3\nd,4\n";
    let [top, bottom] = ["name,n\nc,3\na,1\nb,2\nd,4\n", "name,n\na,1\nb,2\nd,4\nc,3\n"];
    let without = "name,n\na,1\nb,2\nd,4\n";
    // With the same cells in bytes that are no edits of rows.
    let other_bytes = |text: &str| text.replace(',', ";") + "e;5\n";
    let deletes = |d: &mut Draft| {
        let table = d.view().table(Some("t"))?;
        d.edit_table(&table, vec![crate::dataset::rows::RowEdit::Delete { row: "2".to_owned() }]).map(drop)
    };
    let moves = |d: &mut Draft| put(d, "t.csv", top);
    let moves_down = |d: &mut Draft| put(d, "t.csv", bottom);
    let rewrites = |d: &mut Draft| put(d, "t.csv", &other_bytes(without));
    let rewrites_edited = |d: &mut Draft| put(d, "t.csv", &other_bytes(&text.replace("c,3", "c,30")));
    type Edits<'e> = &'e dyn Fn(&mut Draft) -> Result<()>;
    let cases: [(Edits<'_>, Edits<'_>, Option<&str>); 4] = [
        (&moves, &deletes, Some(without)),
        (&moves, &moves_down, None),
        (&moves, &rewrites, Some(&other_bytes(without))),
        (&moves, &rewrites_edited, Some(&other_bytes(&text.replace("c,3", "c,30")))),
    ];
    for (at, (one, other, expected)) in cases.into_iter().enumerate() {
        for (swapped, prefer) in
            [(false, None), (true, None), (false, Some(Prefer::Theirs)), (true, Some(Prefer::Theirs))]
        {
            let [ours, theirs] = if swapped { [other, one] } else { [one, other] };
            let fixture = super::merges::two_branches(&[("t.csv", text)], ours, theirs);
            let outcome = super::merges::merged(&fixture, prefer);
            assert!(matches!(outcome, Outcome::Done { .. }), "{at} {swapped}: {outcome:?}");
            // Where both moved it, the side that is preferred has its place.
            let place = if swapped == prefer.is_some() { top } else { bottom };
            assert_eq!(super::rows::text(&fixture.view("main"), "t.csv"), expected.unwrap_or(place), "{at} {swapped}");
        }
    }
}

#[test]
fn a_row_that_one_side_moved_and_the_other_excluded_comes_back_once() {
    let text = "image,n\na.png,1\nb.png,2\nc.png,3\n";
    let files = [("a.png", "a"), ("b.png", "b"), ("c.png", "c"), ("t.csv", text)];
    let moves = |d: &mut Draft| put(d, "t.csv", "image,n\nc.png,3\na.png,1\nb.png,2\n");
    let hides = |d: &mut Draft| super::hidden_rows::exclude(d, "c.png", true);
    for swapped in [false, true] {
        let fixture = match swapped {
            true => super::merges::two_branches(&files, hides, moves),
            false => super::merges::two_branches(&files, moves, hides),
        };
        let outcome = super::merges::merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{swapped}: {outcome:?}");
        assert_eq!(super::rows::text(&fixture.view("main"), "t.csv"), "image,n\na.png,1\nb.png,2\n");
        fixture.commit("main", |d| super::hidden_rows::exclude(d, "c.png", false));
        let back = super::rows::text(&fixture.view("main"), "t.csv");
        assert_eq!(back.matches("c.png,3\n").count(), 1, "{swapped}: {back}");
        assert_eq!(back.len(), text.len());
    }
}
