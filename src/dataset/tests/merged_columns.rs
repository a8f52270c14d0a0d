//! Columns where two branches meet: renamed on one side, or added on both.

use arrow::datatypes::DataType;

use super::merges::{merged, two_branches};
use super::parsed::{CSV, bytes, rows};
use super::reapplied::{delete, set, text};
use super::*;
use crate::model::{RowAddress, Value};

/// What `;` for `,` makes of it, so that no edits of cells say it.
fn reformatted(csv: &str) -> String {
    csv.replace(',', ";")
}

fn put_csv(content: String) -> impl Fn(&mut Draft) -> Result<()> {
    move |d: &mut Draft| put(d, "t.csv", &content)
}

/// Adds a column with the values of some rows.
fn weigh(data_type: DataType, weights: &'static [(&'static str, i64)]) -> impl Fn(&mut Draft) -> Result<()> {
    move |d: &mut Draft| {
        let table = d.view().table(None)?;
        d.add_column(&table, "weight", &data_type)?;
        weights.iter().try_for_each(|(row, weight)| set(d, None, row, "weight", Value::Int(*weight)))
    }
}

/// A CSV with one more column.
fn with_weights(weights: [&str; 4]) -> String {
    let cells = std::iter::once("weight").chain(weights);
    CSV.lines().zip(cells).map(|(line, cell)| format!("{line},{cell}\n")).collect()
}

fn is_merged(fixture: &Fixture) {
    let outcome = merged(fixture, None);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(check(&fixture.datasets).expect("checked"), []);
}

/// Both ways round.
fn both_ways(
    one: impl Fn(&mut Draft) -> Result<()>,
    other: impl Fn(&mut Draft) -> Result<()>,
    check: impl Fn(&Fixture, bool),
) {
    check(&two_branches(&[("t.csv", CSV)], &one, &other), false);
    check(&two_branches(&[("t.csv", CSV)], &other, &one), true);
}

#[test]
fn a_column_that_one_side_renamed_has_the_edits_of_the_other() {
    let renamed = CSV.replace("label", "class");
    let edits = |d: &mut Draft| {
        set(d, None, "1", "label", text("cow"))?;
        delete(d, None, "3")
    };
    let expected = renamed.replace("dog", "cow").replace("d.png,fox,3\n", "");
    both_ways(put_csv(renamed.clone()), edits, |fixture, _| {
        is_merged(fixture);
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), expected);
    });
    let rewritten = reformatted(&CSV.replace("dog", "cow"));
    both_ways(put_csv(renamed.clone()), put_csv(rewritten), |fixture, _| {
        is_merged(fixture);
        let now = bytes(&fixture.view("main"), "t.csv").replace(';', ",");
        assert_eq!(now, renamed.replace("dog", "cow"));
    });
}

#[test]
fn the_same_cell_of_a_renamed_column_is_a_conflict_by_the_new_name() {
    let renamed = CSV.replace("label", "class").replace("dog", "theirs");
    for (prefer, value) in [(Prefer::Ours, "ours"), (Prefer::Theirs, "theirs")] {
        let fixture =
            two_branches(&[("t.csv", CSV)], |d| set(d, None, "1", "label", text("ours")), put_csv(renamed.clone()));
        let Outcome::Conflicts(found) = merged(&fixture, None) else { panic!("no conflict") };
        let cells: Vec<_> = found.iter().flat_map(|conflict| &conflict.rows).map(|row| row.address.clone()).collect();
        let cell = |row: &str, column: &str| {
            let [table, row, column] = [found[0].rows[0].address.table(), row, column].map(str::to_owned);
            RowAddress::Cell { table, row, column }
        };
        assert_eq!(cells, [cell("1", "class")]);
        assert!(matches!(merged(&fixture, Some(prefer)), Outcome::Done { .. }));
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), renamed.replace("theirs", value));
    }
}

#[test]
fn a_column_that_both_sides_added_is_one_with_the_cells_of_both() {
    let ours = || weigh(DataType::Int64, &[("0", 5), ("1", 6)]);
    both_ways(ours(), weigh(DataType::Int64, &[("1", 6), ("2", 7)]), |fixture, _| {
        is_merged(fixture);
        let weights: Vec<_> =
            rows(&fixture.view("main")).iter().map(|row| row.rsplit(',').next().expect("a cell").to_owned()).collect();
        assert_eq!(weights, ["5", "6", "7", ""]);
    });
    // One in the file, the other beside it; both in their files.
    let in_file = with_weights(["5", "6", "", ""]);
    for other in [true, false] {
        let by_put = put_csv(reformatted(&with_weights(["", "6", "7", ""])));
        let beside = weigh(DataType::Int64, &[("1", 6), ("2", 7)]);
        let other = |d: &mut Draft| if other { beside(d) } else { by_put(d) };
        both_ways(put_csv(in_file.clone()), other, |fixture, _| {
            is_merged(fixture);
            let now = bytes(&fixture.view("main"), "t.csv").replace(';', ",");
            assert_eq!(now, with_weights(["5", "6", "7", ""]));
        });
    }
}

#[test]
fn a_column_that_one_side_added_goes_along_with_a_file_that_the_other_rewrote() {
    let rewritten = reformatted(CSV).replace("a.png", "new.png;owl;1\na.png");
    both_ways(put_csv(rewritten.clone()), weigh(DataType::Int64, &[("1", 6)]), |fixture, _| {
        is_merged(fixture);
        let view = fixture.view("main");
        assert_eq!(bytes(&view, "t.csv"), rewritten);
        let weights: Vec<_> =
            rows(&view).iter().map(|row| row.rsplit(',').next().expect("a cell").to_owned()).collect();
        assert_eq!(weights, ["", "", "6", "", ""]);
    });
}

#[test]
fn a_row_that_one_side_deleted_is_gone_though_the_other_filled_a_new_column() {
    let with_column = with_weights(["5", "6", "7", "8"]);
    let gone = "d.png,fox,3,8\n";
    both_ways(
        put_csv(with_column.clone()),
        |d| delete(d, None, "3"),
        |fixture, _| {
            is_merged(fixture);
            assert_eq!(bytes(&fixture.view("main"), "t.csv"), with_column.replace(gone, ""));
        },
    );
    both_ways(
        weigh(DataType::Int64, &[("2", 7), ("3", 8)]),
        |d| delete(d, None, "3"),
        |fixture, _| {
            is_merged(fixture);
            assert_eq!(bytes(&fixture.view("main"), "t.csv"), CSV.replace("d.png,fox,3\n", ""));
            assert!(rows(&fixture.view("main"))[2].ends_with(",7"));
        },
    );
    let edited = with_weights(["5", "6", "7", "8"]).replace("fox", "owl");
    both_ways(
        put_csv(edited),
        |d| delete(d, None, "3"),
        |fixture, _| {
            assert!(matches!(merged(fixture, None), Outcome::Conflicts(_)), "an edit is one still");
        },
    );
}

#[test]
fn a_column_that_both_sides_added_with_other_types_is_one_whoever_wins() {
    for (prefer, expected) in [(Prefer::Ours, DataType::Int64), (Prefer::Theirs, DataType::Utf8)] {
        let begin = |prefer| {
            let theirs = |d: &mut Draft| {
                let table = d.view().table(None)?;
                d.add_column(&table, "weight", &DataType::Utf8)?;
                set(d, None, "2", "weight", text("heavy"))
            };
            let fixture = two_branches(&[("t.csv", CSV)], weigh(DataType::Int64, &[("0", 5)]), theirs);
            assert!(matches!(merged(&fixture, None), Outcome::Conflicts(_)));
            assert!(matches!(merged(&fixture, Some(prefer)), Outcome::Done { .. }));
            fixture
        };
        let fixture = begin(prefer);
        let view = fixture.view("main");
        let columns = view.table_info(&view.table(None).expect("a table")).expect("read").schema.columns;
        let weights: Vec<_> = columns.iter().filter(|column| column.name == "weight").collect();
        assert_eq!(weights.len(), 1);
        assert_eq!(weights[0].data_type, expected, "{prefer:?}");
    }
}
