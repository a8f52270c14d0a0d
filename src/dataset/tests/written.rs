//! What a program wrote to a file that was edited meanwhile, where the two cannot be told apart.

use super::moved_rows::{cells, lines, say_of_samples};
use super::parsed::{bytes, rows};
use super::reapplied::{set, text};
use super::*;
use crate::model::{Content, FileChange, ObjectKind};

const CSV: &str = "image,label\na.png,cat\nb.png,dog\n";
const WRITTEN: &str = "image,label\na.png,cat\nb.png,cow\n";

/// A draft in which a cell was set, and in which a program that began from `before` then writes a file.
fn laid(before: Content, meanwhile: impl FnOnce(&Fixture)) -> (Fixture, Draft, Result<Written>) {
    let fixture = Fixture::new(&[("t.csv", CSV), ("u.csv", CSV)]);
    let mut draft = fixture.draft("main");
    set(&mut draft, Some("t"), "0", "label", text("mouse")).expect("set");
    draft.save("a cell").expect("saved");
    // Of another file there is something that is not saved yet.
    set(&mut draft, Some("u"), "0", "label", text("owl")).expect("set");
    meanwhile(&fixture);
    let (id, size) = draft.store_content(&mut WRITTEN.as_bytes()).expect("stored");
    let before = FileChange { content: before, size: CSV.len() as u64, mtime_ns: 1, mode: 0o644 };
    let written = draft.lay_written(&path("t.csv"), (&before, None), (id, size, 2), "a program");
    (fixture, draft, written)
}

#[test]
fn what_cannot_be_laid_over_an_edit_replaces_nothing_and_is_a_step_that_undo_finds() {
    let (_fixture, mut draft, written) = laid(Content::Blob(Id::of(b"collected")), |_| {});
    assert_eq!(written.expect("kept").manner, Manner::Beside);
    draft.save("back again").expect("saved");
    assert_eq!(bytes(draft.view(), "t.csv"), CSV.replace("cat", "mouse"));
    assert_eq!(bytes(draft.view(), "u.csv"), CSV.replace("cat", "owl"));
    draft.undo().expect("a step");
    assert_eq!(bytes(draft.view(), "t.csv"), WRITTEN);
}

#[test]
fn what_is_written_over_an_edit_of_a_source_that_changed_replaces_nothing() {
    let changed = |fixture: &Fixture| write(fixture.source.path(), &[("t.csv", "another")]);
    let (_fixture, mut draft, written) = laid(Content::Source(path("t.csv")), changed);
    assert_eq!(written.expect("kept").manner, Manner::Beside);
    let edited = draft.view().overlay().get(&path("t.csv")).expect("read");
    assert!(matches!(edited, Some(crate::model::Change::File(FileChange { content: Content::Rows { .. }, .. }))));
    draft.save("back again").expect("saved");
    draft.undo().expect("a step");
    assert_eq!(bytes(draft.view(), "t.csv"), WRITTEN);
}

#[test]
fn a_damaged_store_is_an_error_and_no_reason_to_replace_an_edit() {
    let rows = MemoryStore::new().put(ObjectKind::Blob, b"no rows").expect("put");
    let below = Box::new(Content::Source(path("t.csv")));
    let damaged = |fixture: &Fixture| drop(fixture.datasets.store.put(ObjectKind::Blob, b"no rows"));
    let (_fixture, draft, written) = laid(Content::Rows { below, rows }, damaged);
    let error = written.expect_err("damaged");
    assert!(matches!(error.kind(), crate::ErrorKind::Corrupt { .. }), "{error}");
    assert_eq!(bytes(draft.view(), "t.csv"), CSV.replace("cat", "mouse"));
}

/// A program that has a file open writes this anew, and somebody looks at each of these states of it.
fn written_on(draft: &mut Draft, at: &str, before: &FileChange, states: &[&str]) {
    let (mut before, mut over) = (before.clone(), None);
    for (time, state) in (2..).zip(states) {
        let (id, size) = draft.store_content(&mut state.as_bytes()).expect("stored");
        let written = draft.lay_written(&path(at), (&before, over.as_ref()), (id, size, time), "a program");
        let written = written.expect("laid");
        draft.save("a program").expect("saved");
        (before, over) = (written.file, written.over);
    }
}

/// What of a file is there while it is written anew.
fn halves(whole: &str) -> Vec<Vec<&str>> {
    let line = |number: usize| whole.match_indices('\n').nth(number).map_or(0, |(at, _)| at + 1);
    vec![vec![""], vec![&whole[..line(0)]], vec!["", &whole[..3], &whole[..line(1)], &whole[..line(1) + 3]]]
}

fn opened(fixture: &Fixture, at: &str) -> FileChange {
    let view = fixture.view("main");
    let node = view.existing(&path(at)).expect("it is there");
    match crate::dataset::edit::change_of(&view, &node).expect("a file") {
        crate::model::Change::File(file) => file,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_looks_while_a_file_is_written_over_an_edit_takes_nothing_from_the_edit() {
    let csv = "image,label\na.png,cat\nb.png,dog\nc.png,fox\n";
    let whole = "image,label\na.png,cat\nb.png,cow\nc.png,fox\nd.png,new\n";
    for halves in halves(whole) {
        let fixture = Fixture::new(&[("t.csv", csv)]);
        let before = opened(&fixture, "t.csv");
        let mut draft = fixture.draft("main");
        set(&mut draft, None, "2", "label", text("mouse")).expect("set");
        draft.save("a cell").expect("saved");
        let states: Vec<&str> = halves.iter().copied().chain([whole]).collect();
        written_on(&mut draft, "t.csv", &before, &states);
        assert_eq!(rows(draft.view()), ["a.png,cat", "b.png,cow", "c.png,mouse", "d.png,new"], "{halves:?}");
    }
}

#[test]
fn what_is_said_of_samples_stays_whoever_looks_while_their_file_is_written_over_an_edit() {
    let whole = lines("xabd").replace(": ", " : ");
    let seen = |halves: &[&str]| {
        let fixture = Fixture::new(&[("t.jsonl", &lines("abcd"))]);
        fixture.commit("main", say_of_samples);
        let before = opened(&fixture, "t.jsonl");
        let mut draft = fixture.draft("main");
        set(&mut draft, Some("t"), "3", "label", text("mouse")).expect("set");
        draft.save("a cell").expect("saved");
        let states: Vec<&str> = halves.iter().copied().chain([whole.as_str()]).collect();
        written_on(&mut draft, "t.jsonl", &before, &states);
        (cells(draft.view()), bytes(draft.view(), "t.jsonl"))
    };
    let expected = seen(&[]);
    assert!(expected.1.contains("mouse"), "{}", expected.1);
    for halves in halves(&whole) {
        assert_eq!(seen(&halves), expected, "{halves:?}");
    }
}
