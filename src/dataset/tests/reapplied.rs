//! Row edits over a source that moved on, and beside a side that has other bytes.

use super::parsed::{COCO, CSV, bytes, line, with_weights};
use super::*;
use crate::dataset::Resolution;
use crate::dataset::rows::{RowEdit, compare_rows};
use crate::model::{RowAddress, Value};
use crate::source::OnDrift;

pub(super) fn set(draft: &mut Draft, table: Option<&str>, row: &str, column: &str, value: Value) -> Result<()> {
    let table = draft.view().table(table)?;
    let cells = vec![(column.to_owned(), value)];
    draft.edit_table(&table, vec![RowEdit::Set { row: row.to_owned(), cells }]).map(|_| ())
}

pub(super) fn delete(draft: &mut Draft, table: Option<&str>, row: &str) -> Result<()> {
    let table = draft.view().table(table)?;
    draft.edit_table(&table, vec![RowEdit::Delete { row: row.to_owned() }]).map(|_| ())
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The source gets another content, and is refreshed.
pub(super) fn refresh(fixture: &Fixture, at: &str, content: &str) -> Vec<String> {
    fs::write(fixture.source.path().join(at), content).expect("a file");
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    let refreshed = fixture.dataset.refresh(&main_branch(), base, "ann").expect("a refresh");
    assert!(refreshed.revision.is_some());
    refreshed.conflicts.iter().flat_map(told).collect()
}

fn told(conflict: &Conflict) -> Vec<String> {
    let why = conflict.why.rsplit(' ').next().unwrap_or_default();
    let value = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    let row = |row: &crate::dataset::rows::RowConflict| {
        let place = match &row.address {
            RowAddress::Cell { row, column, .. } => format!("{row} {column}"),
            other => other.row().unwrap_or("column").to_owned(),
        };
        format!("{why}: {place} was {}, ours {}, theirs {}", value(&row.base), value(&row.ours), value(&row.theirs))
    };
    if conflict.rows.is_empty() { vec![conflict.why.to_owned()] } else { conflict.rows.iter().map(row).collect() }
}

#[test]
fn row_edits_are_made_again_over_a_source_that_changed_elsewhere() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| {
        set(draft, None, "1", "label", text("cow"))?;
        delete(draft, None, "0")
    });
    let source = CSV.replace("d.png,fox,3", "d.png,wolf,3.5") + "e.png,new,9\n";
    assert_eq!(refresh(&fixture, "t.csv", &source), [""; 0]);
    let expected = source.replace("dog", "cow").replace("a.png,cat,0.50\n", "");
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), expected);
}

#[test]
fn what_the_source_has_by_itself_now_is_no_edit_and_the_same_cell_stays_edited_and_is_told() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| {
        set(draft, None, "1", "label", text("cow"))?;
        set(draft, None, "3", "label", text("ours"))
    });
    let source = CSV.replace("dog", "cow").replace("fox", "theirs");
    assert_eq!(refresh(&fixture, "t.csv", &source), ["stay: 3 label was fox, ours ours, theirs theirs"]);
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), source.replace("theirs", "ours"));
}

#[test]
fn an_edit_whose_row_may_be_any_is_dropped_and_told() {
    let fixture = Fixture::new(&[("t.csv", "label,score\ncat,1\ncat,1\ndog,2\n")]);
    fixture.commit("main", |draft| {
        set(draft, None, "1", "label", text("cow"))?;
        set(draft, None, "2", "label", text("wolf"))
    });
    let source = "label,score\ncat,1\ncat,1\ncat,1\ndog,2\n";
    assert_eq!(refresh(&fixture, "t.csv", source), ["dropped: 1 label was cat, ours cow, theirs -"]);
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), source.replace("dog", "wolf"));
}

#[test]
fn rows_with_ids_are_found_wherever_the_source_has_them_now() {
    let fixture = Fixture::new(&[("c.json", COCO)]);
    let table = Some("annotations");
    fixture.commit("main", |draft| {
        set(draft, table, "9", "area", Value::Float(1.5))?;
        delete(draft, table, "7")
    });
    let source = COCO.replace("{\"id\": 7,", "{\"id\": 5, \"image_id\": 1, \"category_id\": 2},\n  {\"id\": 7,");
    assert_eq!(refresh(&fixture, "c.json", &source), [""; 0]);
    let shown = bytes(&fixture.view("main"), "c.json");
    let json: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let rows: Vec<_> =
        json["annotations"].as_array().expect("a list").iter().map(|row| (&row["id"], &row["area"])).collect();
    assert_eq!(format!("{rows:?}"), "[(Number(5), Null), (Number(9), Number(1.5))]", "{shown}");
    let source = source.replace("56.0", "57.0").replace("\"id\": 7,", "\"id\": 8,");
    let told = refresh(&fixture, "c.json", &source);
    assert_eq!(told, ["stay: 9 area was 56.0, ours 1.5, theirs 57.0"]);
}

#[test]
fn cells_of_added_columns_stay_with_their_rows() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    with_weights(&fixture).commit("weights", "ann").expect("a commit");
    let source = CSV.to_owned() + "e.png,new,9\n";
    assert_eq!(refresh(&fixture, "t.csv", &source), [""; 0]);
    let view = fixture.view("main");
    assert_eq!(view.table_info(&view.table(None).expect("a table")).expect("read").rows, 5);
    assert_eq!(bytes(&view, "t.csv"), source.replace("dog", "edited").replace("fox", "edited"));
}

#[test]
fn a_source_that_is_no_table_any_more_takes_row_edits_with_it_and_that_is_told() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| set(draft, None, "1", "label", text("cow")));
    let told = refresh(&fixture, "t.csv", "a\nb,c\n\n\"");
    assert_eq!(told, ["edited, and changed in the source: the edit does not fit any more"]);
}

#[test]
fn row_edits_are_never_spliced_into_other_bytes() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.commit("main", |draft| set(draft, None, "1", "label", text("cow")));
    fs::write(fixture.source.path().join("t.csv"), CSV.replace("dog", "elk")).expect("a file");
    let view = fixture.view("main");
    let node = view.existing(&path("t.csv")).expect("it is there");
    for drift in [OnDrift::Error, OnDrift::Serve] {
        let error = view.open(&node, drift).expect_err("the source changed");
        assert!(matches!(error.kind(), crate::ErrorKind::SourceChanged { .. }), "{error}");
    }
}

fn merge(fixture: &Fixture, theirs: Id, prefer: Option<Prefer>) -> Outcome {
    let into = main_branch();
    let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge", prefer };
    fixture.dataset.merge(&request).expect("a merge")
}

/// What `;` for `,` makes of it: the same rows by other bytes.
fn reformatted(csv: &str) -> String {
    csv.replace(',', ";")
}

#[test]
fn a_file_that_one_side_rewrote_takes_the_row_edits_of_the_other() {
    for rewritten_by in ["main", "other"] {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        let edited_by = if rewritten_by == "main" { "other" } else { "main" };
        let new = reformatted(CSV).replace("c.png;cat;", "c.png;cat;7").replace("a.png", "new.png;owl;1\na.png");
        fixture.commit(rewritten_by, |draft| put(draft, "t.csv", &new));
        fixture.commit(edited_by, |draft| {
            set(draft, None, "1", "label", text("cow"))?;
            delete(draft, None, "3")
        });
        let theirs = fixture.dataset.head(&"other".parse().expect("a name")).expect("a head").id;
        assert!(matches!(merge(&fixture, theirs, None), Outcome::Done { .. }), "{rewritten_by}");
        let expected = new.replace("dog", "cow").replace("d.png;fox;3\n", "");
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), expected, "{rewritten_by}");
    }
}

#[test]
fn a_file_that_one_side_sorted_takes_the_row_edits_of_the_other() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
    let mut lines: Vec<&str> = CSV.lines().collect();
    lines[1..].reverse();
    let sorted = reformatted(&(lines.join("\n") + "\n"));
    let theirs = fixture.commit("other", |draft| put(draft, "t.csv", &sorted));
    fixture.commit("main", |draft| {
        set(draft, None, "1", "label", text("cow"))?;
        delete(draft, None, "3")
    });
    assert!(matches!(merge(&fixture, theirs, None), Outcome::Done { .. }));
    let expected = sorted.replace("dog", "cow").replace("d.png;fox;3\n", "");
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), expected);
}

#[test]
fn the_same_cell_of_a_rewritten_file_is_a_conflict_told_with_all_three_values() {
    for (prefer, label) in [(Prefer::Ours, "ours"), (Prefer::Theirs, "theirs")] {
        let fixture = Fixture::new(&[("t.csv", CSV)]);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        let theirs = fixture.commit("other", |draft| put(draft, "t.csv", &reformatted(CSV).replace("dog", "theirs")));
        fixture.commit("main", |draft| set(draft, None, "1", "label", text("ours")));
        let Outcome::Conflicts(conflicts) = merge(&fixture, theirs, None) else { panic!("no conflict") };
        let lines: Vec<String> = conflicts.iter().flat_map(told).collect();
        assert_eq!(lines, ["rows: 1 label was dog, ours ours, theirs theirs"]);
        assert!(matches!(merge(&fixture, theirs, Some(prefer)), Outcome::Done { .. }));
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), reformatted(CSV).replace("dog", label));
    }
}

#[test]
fn a_side_that_took_its_edits_back_is_the_source_s_file_and_no_conflict() {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    let edit = fixture.commit("main", |draft| set(draft, None, "1", "label", text("cow")));
    fixture.commit("main", |draft| set(draft, None, "3", "label", text("wolf")));
    let reverted = fixture.dataset.revert(edit, &main_branch(), "ann", None).expect("an answer");
    assert!(matches!(reverted, Outcome::Done { .. }), "{reverted:?}");
    assert_eq!(bytes(&fixture.view("main"), "t.csv"), CSV.replace("fox", "wolf"));
    let first = fixture.dataset.view(fixture.first).expect("a view");
    let differs: Vec<String> =
        compare_rows(&first, &fixture.view("main")).expect("compared").rows.iter().map(line).collect();
    assert_eq!(differs, ["3 label: \"fox\" -> \"wolf\""]);
}

/// A branch with edits of a file of before a refresh, one of them of a cell that the source changed, too: it is put at
/// the head of `kept`. Since then there is an edit on `main`.
fn kept_from_before_a_refresh() -> (Fixture, String, Id) {
    let fixture = Fixture::new(&[("t.csv", CSV)]);
    let mut draft = fixture.dataset.draft(&main_branch(), &"bea".parse().expect("a name")).expect("a draft");
    set(&mut draft, None, "1", "label", text("theirs")).expect("set");
    set(&mut draft, None, "0", "score", Value::Float(9.0)).expect("set");
    delete(&mut draft, None, "3").expect("deleted");
    draft.save("edits").expect("saved");
    let source = CSV.replace("a.png", "x.png,owl,7\na.png").replace("dog", "source");
    assert_eq!(refresh(&fixture, "t.csv", &source), [""; 0]);
    let kept: BranchName = "kept".parse().expect("a name");
    draft.commit_to(&kept, "edits", "bea").expect("a commit");
    fixture.commit("main", |draft| set(draft, None, "3", "label", text("cow")));
    let theirs = fixture.dataset.head(&kept).expect("a head").id;
    (
        fixture,
        source.replace("cat,0.50", "cat,9.0").replace("c.png,cat", "c.png,cow").replace("d.png,fox,3\n", ""),
        theirs,
    )
}

#[test]
fn edits_of_before_a_refresh_are_merged_cell_by_cell() {
    for (prefer, label) in [(Prefer::Ours, "source"), (Prefer::Theirs, "theirs")] {
        let (fixture, expected, theirs) = kept_from_before_a_refresh();
        let Outcome::Conflicts(conflicts) = merge(&fixture, theirs, None) else { panic!("no conflict") };
        let lines: Vec<String> = conflicts.iter().flat_map(told).collect();
        assert_eq!(lines, ["stay: 2 label was dog, ours source, theirs theirs"]);
        assert!(matches!(merge(&fixture, theirs, Some(prefer)), Outcome::Done { .. }));
        assert_eq!(bytes(&fixture.view("main"), "t.csv"), expected.replace("source", label));
        assert_eq!(check(&fixture.datasets).expect("checked"), []);
    }
    for (how, label) in [(Resolution::Ours, "source"), (Resolution::Theirs, "theirs")] {
        let (fixture, expected, theirs) = kept_from_before_a_refresh();
        let mut draft = fixture.draft("main");
        assert!(draft.merge(theirs, "merge kept").expect("a merge"));
        assert_eq!(bytes(draft.view(), "t.csv"), expected);
        let open = &draft.pending().expect("a merge").open;
        assert!(open.len() == 1 && open[0].row.is_some(), "{open:?}");
        draft.resolve(&[0], &how).expect("decided");
        assert_eq!(bytes(draft.view(), "t.csv"), expected.replace("source", label));
        assert!(matches!(draft.commit("merged", "ann"), Ok(Outcome::Done { .. })));
    }
}
