//! Samples that both sides of a merge exclude, and of whose rows they edited some before.

use super::class_merges::file;
use super::hidden_rows::{COCO, exclude, rows};
use super::merges::{merged, two_branches};
use super::*;
use crate::dataset::rows::RowEdit;
use crate::model::Value;

const IMAGES: [(&str, &str); 2] = [("a.png", "a"), ("b.png", "b")];

fn set(d: &mut Draft, table: &str, row: &str, column: &str, value: i64) -> Result<()> {
    let table = d.view().table(Some(table))?;
    let cells = vec![(column.to_owned(), Value::Int(value))];
    d.edit_table(&table, vec![RowEdit::Set { row: row.to_owned(), cells }]).map(drop)
}

#[test]
fn edits_of_either_side_are_there_once_the_sample_is_included_and_of_one_cell_they_are_a_conflict() {
    let csv = ("t.csv", "image,n,m\na.png,1,1\nb.png,2,2\n");
    let coco = ("t.json", &*COCO.replace("\"bbox\"", "\"n\": 1, \"m\": 1, \"bbox\""));
    for (data, table, row) in [(csv, "t", "0"), (coco, "annotations", "7")] {
        let files = [IMAGES[0], IMAGES[1], data];
        let hide = |d: &mut Draft| exclude(d, "a.png", true);
        let cells = |view: &View| {
            let found = rows(view, &view.table(Some(table)).expect("a table"), &["n", "m"]);
            found[0].clone()
        };
        for swapped in [false, true] {
            let one = |d: &mut Draft| set(d, table, row, "n", 20).and_then(|()| hide(d));
            let other = |d: &mut Draft| set(d, table, row, "m", 30).and_then(|()| hide(d));
            let fixture = if swapped { two_branches(&files, other, one) } else { two_branches(&files, one, other) };
            let outcome = merged(&fixture, None);
            assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
            fixture.commit("main", |d| exclude(d, "a.png", false));
            assert_eq!(cells(&fixture.view("main")), "20 30", "{table} {swapped}");
        }
        for (prefer, expected) in [(None, ""), (Some(Prefer::Ours), "20 1"), (Some(Prefer::Theirs), "31 1")] {
            let ours = |d: &mut Draft| set(d, table, row, "n", 20).and_then(|()| hide(d));
            let theirs = |d: &mut Draft| set(d, table, row, "n", 31).and_then(|()| hide(d));
            let fixture = two_branches(&files, ours, theirs);
            match merged(&fixture, prefer) {
                Outcome::Conflicts(found) => {
                    assert_eq!(prefer, None);
                    let [conflict] = &*found else { panic!("{found:?}") };
                    let told: Vec<_> = conflict.rows.iter().map(|row| (&row.base, &row.ours, &row.theirs)).collect();
                    let value = |value: i64| Some(Value::Int(value));
                    assert_eq!(told, [(&value(1), &value(20), &value(31))]);
                }
                _ => {
                    fixture.commit("main", |d| exclude(d, "a.png", false));
                    assert_eq!(cells(&fixture.view("main")), expected, "{table} {prefer:?}");
                }
            }
        }
    }
}

#[test]
fn a_hidden_row_with_a_key_comes_back_into_a_file_that_was_moved_and_then_put() {
    let fixture = super::keys::keyed("t.csv", "name,n\na,1\nb,2\n", "name");
    fixture.commit("main", |d| exclude(d, "b", true));
    fixture.commit("main", |d| d.rename(&path("t.csv"), &path("x.csv")));
    fixture.commit("main", |d| put(d, "x.csv", "name;n\na;1\n"));
    fixture.commit("main", |d| exclude(d, "b", false));
    assert_eq!(file(&fixture.view("main"), "x.csv"), "name;n\na;1\nb;2\n");
}

#[test]
fn an_edit_of_a_hidden_row_is_there_though_its_place_was_another_rows_before() {
    let images = ["a.png", "b.png", "c.png"].map(|name| (name, name));
    let lines = |first: &str| format!("image,n\n{first}a.png,1\nb.png,2\nc.png,3\n");
    let text = lines("");
    let files: Vec<(&str, &str)> = images.into_iter().chain([("t.csv", text.as_str())]).collect();
    for swapped in [false, true] {
        let fixture = Fixture::new(&files);
        let begun = fixture.commit("main", |d| set(d, "t", "2", "n", 20));
        fixture.dataset.create_branch(&"other".parse().expect("a name"), begun).expect("a branch");
        let sides = if swapped { ["other", "main"] } else { ["main", "other"] };
        fixture.commit(sides[0], |d| exclude(d, "b.png", true));
        fixture.commit(sides[1], |d| {
            // So that the row of b is where that of c was.
            put(d, "t.csv", &lines("z.png;0\n").replace("c.png,3", "c.png,20").replace(',', ";"))?;
            set(d, "t", "2", "n", 20)?;
            exclude(d, "b.png", true)
        });
        let outcome = merged(&fixture, None);
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        fixture.commit("main", |d| exclude(d, "b.png", false));
        let found =
            rows(&fixture.view("main"), &fixture.view("main").table(Some("t")).expect("a table"), &["image", "n"]);
        assert!(found.contains(&"b.png 20".to_owned()), "{swapped}: {found:?}");
        assert_eq!(found.len(), 4, "{swapped}: {found:?}");
    }
}
