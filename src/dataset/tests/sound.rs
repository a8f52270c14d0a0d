//! Row edits that do not fit their file are found by a check, with the path and the row.

use super::*;
use crate::model::{Change, Content, FileChange, PatchBytes, RowAddress, RowChange, RowPatch, Value};

/// Commits patches of `labels.csv`, which has 12 bytes, as somebody might who makes a mistake; returns what is found.
fn found(patches: &[(&str, u64, u64, PatchBytes)], size: u64) -> Vec<String> {
    let fixture = Fixture::new(&[("labels.csv", "a,b\n1,2\n3,4\n")]);
    fixture.commit("main", |draft| {
        let change = |(row, offset, replaced, bytes): &(&str, u64, u64, PatchBytes)| {
            let address = RowAddress::Cell { table: "rows".into(), row: (*row).into(), column: "b".into() };
            let patch = Some(RowPatch { offset: *offset, replaced: *replaced, bytes: bytes.clone() });
            (address, Some(RowChange::Set { before: Value::Int(2), after: Value::Int(9), patch }))
        };
        let rows = draft.view().overlay().rows(None).with(patches.iter().map(change))?;
        let below = Box::new(Content::Source(path("labels.csv")));
        let content = Content::Rows { below, rows: rows.root().expect("it says something") };
        let file = FileChange { content, size, mtime_ns: 1, mode: 0o644 };
        draft.apply(vec![(path("labels.csv"), Some(Change::File(file)))])
    });
    let problems = check(&fixture.datasets).expect("checked");
    problems.into_iter().map(|problem| format!("{}: {}", problem.what, problem.why)).collect()
}

#[test]
fn what_an_excluded_file_comes_back_as_is_looked_at_and_so_are_the_cells_of_samples() {
    let fixture = Fixture::new(&[("labels.csv", "a,b\n1,2\n3,4\n")]);
    fixture.commit("main", |draft| {
        let cell =
            |row: &str, column: &str| RowAddress::Cell { table: "rows".into(), row: row.into(), column: column.into() };
        let set = |patch| Some(RowChange::Set { before: Value::Null, after: Value::Int(9), patch });
        let patch = RowPatch { offset: 10, replaced: 5, bytes: inline(b"99") };
        let rows = draft.view().overlay().rows(None).with([(cell("1", "b"), set(Some(patch)))])?;
        let below = Box::new(Content::Source(path("labels.csv")));
        let content = Content::Rows { below, rows: rows.root().expect("it says something") };
        let file = Change::File(FileChange { content, size: 9, mtime_ns: 1, mode: 0o644 });
        draft.apply(vec![(path("labels.csv"), Some(Change::Excluded { was: Some(Box::new(file)) }))])?;
        draft.change_samples([(cell("0", "weight"), set(None))].into_iter().collect())
    });
    let problems = check(&fixture.datasets).expect("checked");
    let found: Vec<String> = problems.into_iter().map(|problem| format!("{}: {}", problem.what, problem.why)).collect();
    holds(&found, "row `1` of rows, column `b` ends at byte 15");
    assert!(found.iter().any(|line| line.contains("sample `0` has a cell in column `weight`")), "{found:?}");
}

fn inline(bytes: &[u8]) -> PatchBytes {
    PatchBytes::Inline(bytes.to_vec())
}

fn holds(found: &[String], why: &str) {
    let is_told = found.iter().any(|line| line.contains("`labels.csv` in revision") && line.contains(why));
    assert!(is_told, "{why}: {found:?}");
}

#[test]
fn patches_that_fit_are_sound() {
    assert_eq!(found(&[("0", 6, 1, inline(b"99")), ("1", 10, 1, inline(b""))], 12), Vec::<String>::new());
}

#[test]
fn a_patch_beyond_the_end_one_over_another_and_a_wrong_size_are_told_with_the_row() {
    holds(&found(&[("1", 10, 5, inline(b"99"))], 9), "row `1` of rows, column `b` ends at byte 15");
    let over = found(&[("0", 6, 3, inline(b"9")), ("1", 7, 1, inline(b"9"))], 10);
    holds(&over, "row `1` of rows, column `b` at byte 7 overlaps that of row `0`");
    holds(&found(&[("0", 6, 1, inline(b"99"))], 12), "has 13 bytes, and 12 are recorded");
}

#[test]
fn a_patch_whose_blob_is_gone_is_told() {
    let gone = PatchBytes::Blob(Id::of(b"gone"), 4);
    let told = found(&[("0", 6, 1, gone)], 15);
    assert!(told.iter().any(|line| line.contains("blob")), "{told:?}");
}
