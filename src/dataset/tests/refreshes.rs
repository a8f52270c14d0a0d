//! The source moves on beneath the overlay.

use super::plain::{Item, Plain};
use super::*;

fn refresh(fixture: &Fixture) -> Refreshed {
    let base = scanned(&*fixture.datasets.store, fixture.source.path());
    fixture.dataset.refresh(&main_branch(), base, "ann").expect("a refresh")
}

fn rewrite(fixture: &Fixture, at: &str, content: &str) {
    fs::write(fixture.source.path().join(at), content).expect("a file");
}

fn file(fixture: &Fixture, at: &str) -> Option<Vec<u8>> {
    match Plain::of(&fixture.view("main")).0.remove(&path(at)) {
        Some(Item::File(bytes)) => Some(bytes),
        _ => None,
    }
}

#[test]
fn a_refresh_keeps_the_edits_and_shows_what_is_new() {
    let fixture = Fixture::new(&[("a/x", "1"), ("a/y", "1"), ("a/z", "1")]);
    fixture.commit("main", |draft| put(draft, "a/x", "edited"));
    rewrite(&fixture, "a/y", "longer");
    rewrite(&fixture, "a/new", "new");
    fs::remove_file(fixture.source.path().join("a/z")).expect("removed");
    let refreshed = refresh(&fixture);
    assert_eq!((refreshed.added, refreshed.modified, refreshed.removed), (1, 1, 1));
    assert!(refreshed.conflicts.is_empty());
    assert_eq!(
        ["a/x", "a/y", "a/new", "a/z"].map(|at| file(&fixture, at).map(|bytes| bytes.len())),
        [Some(6), Some(6), Some(3), None]
    );
    assert_eq!(refresh(&fixture), Refreshed::default(), "nothing changed since");
}

#[test]
fn an_edited_file_that_changed_in_the_source_is_a_conflict_and_stays_edited() {
    let fixture = Fixture::new(&[("x", "1"), ("y", "1")]);
    fixture.commit("main", |draft| put(draft, "x", "edited"));
    rewrite(&fixture, "x", "changed below");
    let refreshed = refresh(&fixture);
    assert_eq!(refreshed.conflicts.len(), 1);
    assert_eq!(file(&fixture, "x").expect("it is there"), b"edited");
}

#[test]
fn a_moved_file_shows_the_new_content_of_its_source() {
    let fixture = Fixture::new(&[("a/x", "1"), ("a/y", "1")]);
    fixture.commit("main", |draft| {
        draft.rename(&path("a/x"), &path("moved")).and_then(|()| draft.rename(&path("a"), &path("b")))
    });
    rewrite(&fixture, "a/x", "longer");
    rewrite(&fixture, "a/y", "longer, too");
    let refreshed = refresh(&fixture);
    assert!(refreshed.revision.is_some());
    assert_eq!(file(&fixture, "moved").expect("it is there"), b"longer");
    assert_eq!(file(&fixture, "b/y").expect("it is there"), b"longer, too");
    let told = told(
        &fixture
            .dataset
            .view(fixture.dataset.resolve(Some(&"main~1".parse().expect("ok"))).expect("a revision").id)
            .expect("a view"),
        &fixture.view("main"),
    );
    assert_eq!(told, ["~ b/y", "~ moved"]);
}

#[test]
fn a_moved_file_whose_source_is_gone_goes_with_it() {
    let fixture = Fixture::new(&[("a/x", "1"), ("b", "1")]);
    fixture.commit("main", |draft| draft.rename(&path("a/x"), &path("moved")));
    fs::remove_file(fixture.source.path().join("a/x")).expect("removed");
    assert_eq!(refresh(&fixture).conflicts.len(), 1);
    assert_eq!(file(&fixture, "moved"), None);
}

#[test]
fn a_source_that_changed_gives_an_error_and_never_other_bytes() {
    let fixture = Fixture::new(&[("x", "12345")]);
    let view = fixture.view("main");
    let node = view.existing(&path("x")).expect("it is there");
    let open = view.open(&node, crate::source::OnDrift::Error).expect("unchanged");
    rewrite(&fixture, "x", "other");
    let mut buffer = [0; 5];
    let changed = |error: Error| matches!(error.kind(), crate::ErrorKind::SourceChanged { .. });
    assert!(changed(open.read_at(&mut buffer, 0).expect_err("another mtime")));
    assert!(changed(view.open(&node, crate::source::OnDrift::Error).expect_err("another mtime")));
    rewrite(&fixture, "x", "1");
    let served = view.open(&node, crate::source::OnDrift::Serve).expect("served as it is");
    assert_eq!(served.len(), 1);
}
