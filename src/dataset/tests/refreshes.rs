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
    assert!(refreshed.conflicts.is_empty(), "{:?}", refreshed.conflicts);
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

/// What is wrong with how the head of `main` shows a file: its size and its bytes do not agree.
fn size_and_bytes(fixture: &Fixture, at: &str) -> (u64, Vec<u8>) {
    let view = fixture.view("main");
    let node = view.existing(&path(at)).expect("it is there");
    let mut bytes = Vec::new();
    view.open(&node, crate::source::OnDrift::Error).expect("open").copy_to(&mut bytes).expect("readable");
    (node.entry.size, bytes)
}

#[test]
fn a_draft_from_before_a_refresh_shows_what_it_moved_as_the_source_has_it_now() {
    let fixture = Fixture::new(&[("a/x", "1"), ("b", "1")]);
    let mut draft = fixture.draft("main");
    draft.rename(&path("a/x"), &path("moved")).expect("moved");
    draft.save("mv").expect("saved");
    rewrite(&fixture, "a/x", "longer");
    refresh(&fixture);
    assert!(matches!(fixture.draft("main").commit("a move", "ann").expect("a commit"), Outcome::Done { .. }));
    assert_eq!(size_and_bytes(&fixture, "moved"), (6, b"longer".to_vec()));
}

#[test]
fn a_branch_from_before_a_refresh_merges_into_one_after_it_and_the_other_way_round() {
    for into in ["main", "other"] {
        let fixture = Fixture::new(&[("a/x", "1"), ("b", "1")]);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        fixture.commit("other", |draft| draft.rename(&path("a/x"), &path("moved")));
        rewrite(&fixture, "a/x", "longer");
        refresh(&fixture);
        let from = if into == "main" { "other" } else { "main" };
        let theirs = fixture.dataset.head(&from.parse().expect("a name")).expect("a head").id;
        let into = into.parse().expect("a name");
        let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge", prefer: None };
        assert!(matches!(fixture.dataset.merge(&request).expect("a merge"), Outcome::Done { .. }));
        let main = fixture.dataset.head(&main_branch()).expect("a head").id;
        let head = fixture.dataset.head(&into).expect("a head").id;
        if head != main {
            let request = MergeRequest { theirs: head, into: &main_branch(), ..request };
            assert!(matches!(fixture.dataset.merge(&request).expect("a merge"), Outcome::FastForward { .. }));
        }
        assert_eq!(size_and_bytes(&fixture, "moved"), (6, b"longer".to_vec()));
    }
}

#[test]
fn an_edit_in_a_draft_of_what_a_refresh_found_changed_is_a_conflict() {
    let fixture = Fixture::new(&[("x", "1"), ("y", "1")]);
    let mut draft = fixture.draft("main");
    put(&mut draft, "x", "edited").and_then(|()| put(&mut draft, "y", "edited")).expect("edits");
    draft.save("put").expect("saved");
    rewrite(&fixture, "x", "changed below");
    refresh(&fixture);
    let Outcome::Conflicts(conflicts) = fixture.draft("main").commit("an edit", "ann").expect("an answer") else {
        panic!("the source's change would be lost")
    };
    assert_eq!(conflicts.iter().map(|conflict| conflict.path.to_string()).collect::<Vec<_>>(), ["x"]);
}

#[test]
fn a_new_file_stays_when_its_folder_is_gone_from_the_source() {
    let fixture = Fixture::new(&[("a/b/x", "1"), ("c", "1")]);
    fixture.commit("main", |draft| put(draft, "a/b/new", "mine"));
    fs::remove_dir_all(fixture.source.path().join("a")).expect("removed");
    refresh(&fixture);
    assert_eq!(file(&fixture, "a/b/new").as_deref(), Some(b"mine".as_slice()));
    assert_eq!(file(&fixture, "a/b/x"), None);
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

fn main_shows(fixture: &Fixture, expected: &[(&str, &str)]) {
    let shown: Vec<(String, String)> = Plain::of(&fixture.view("main"))
        .0
        .into_iter()
        .filter_map(|(path, item)| match item {
            Item::File(bytes) => Some((path.to_string(), String::from_utf8(bytes).expect("text"))),
            _ => None,
        })
        .collect();
    let shown: Vec<(&str, &str)> = shown.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(shown, expected);
}

fn sentences(conflicts: &[Conflict]) -> Vec<String> {
    conflicts.iter().map(|conflict| format!("{}: {}", conflict.path, conflict.why)).collect()
}

#[test]
fn a_folder_that_is_gone_stays_where_an_edit_is_in_it() {
    let fixture = Fixture::new(&[("gone/x", "1"), ("gone/in/y", "1"), ("b/z", "1"), ("k", "1")]);
    fixture.commit("main", |draft| {
        put(draft, "gone/in/new", "added")?;
        put(draft, "gone/x", "edited")?;
        draft.rename(&path("b"), &path("gone/b"))
    });
    fs::remove_dir_all(fixture.source.path().join("gone")).expect("removed");
    let refreshed = refresh(&fixture);
    assert_eq!(sentences(&refreshed.conflicts), ["gone: holds edits, and is gone from the source"]);
    main_shows(&fixture, &[("gone/b/z", "1"), ("gone/in/new", "added"), ("gone/x", "edited"), ("k", "1")]);
}

#[test]
fn a_folder_that_became_a_file_stays_where_an_edit_is_in_it() {
    let fixture = Fixture::new(&[("a/x", "1"), ("k/y", "1"), ("b", "1")]);
    fixture.commit("main", |draft| put(draft, "a/new", "added").and_then(|()| draft.rename(&path("k"), &path("kk"))));
    for folder in ["a", "k"] {
        fs::remove_dir_all(fixture.source.path().join(folder)).expect("removed");
        rewrite(&fixture, folder, "a file now");
    }
    let refreshed = refresh(&fixture);
    assert_eq!(
        sentences(&refreshed.conflicts),
        [
            "a: holds edits, and is gone from the source",
            "k: removed, and changed in the source",
            "kk: moved or edited, and gone from the source"
        ]
    );
    main_shows(&fixture, &[("a/new", "added"), ("b", "1")]);
}

#[test]
fn an_edit_in_a_moved_folder_is_at_odds_with_the_source_below_it() {
    let fixture = Fixture::new(&[("k/x", "1"), ("k/y", "1"), ("k/z", "1"), ("m", "1")]);
    fixture.commit("main", |draft| {
        draft.rename(&path("k"), &path("kk"))?;
        draft.rename(&path("m"), &path("mm"))?;
        put(draft, "kk/x", "edited")?;
        put(draft, "kk/new", "added")?;
        draft.remove(&path("kk/y"), false)
    });
    for at in ["k/x", "k/y", "k/new", "m"] {
        rewrite(&fixture, at, "changed");
    }
    let refreshed = refresh(&fixture);
    assert_eq!(
        sentences(&refreshed.conflicts),
        [
            "kk/new: edited, and changed in the source",
            "kk/x: edited, and changed in the source",
            "kk/y: removed, and changed in the source"
        ]
    );
    main_shows(&fixture, &[("kk/new", "added"), ("kk/x", "edited"), ("kk/z", "1"), ("mm", "changed")]);
}

#[test]
fn a_draft_is_at_odds_with_what_a_refresh_found_since() {
    let fixture = Fixture::new(&[("a", "1"), ("b", "1"), ("c", "1"), ("gone/x", "1"), ("k", "1")]);
    let mut draft = fixture.draft("main");
    put(&mut draft, "a", "edited").expect("an edit");
    draft.rename(&path("b"), &path("bb")).expect("an edit");
    draft.rename(&path("c"), &path("cc")).expect("an edit");
    put(&mut draft, "gone/new", "added").expect("an edit");
    put(&mut draft, "new", "added").expect("an edit");
    rewrite(&fixture, "a", "changed");
    rewrite(&fixture, "c", "changed");
    fs::remove_file(fixture.source.path().join("b")).expect("removed");
    fs::remove_dir_all(fixture.source.path().join("gone")).expect("removed");
    assert!(refresh(&fixture).conflicts.is_empty());
    let Outcome::Conflicts(conflicts) = draft.commit("edits", "ann").expect("a commit") else { panic!("no conflict") };
    assert_eq!(
        sentences(&conflicts),
        [
            "a: edited, and changed in the source",
            "bb: moved or edited, and gone from the source",
            "gone: holds edits, and is gone from the source"
        ]
    );
    for at in ["a", "bb", "gone/new"] {
        draft.discard(&[path(at)]).expect("discarded");
    }
    assert!(matches!(draft.commit("edits", "ann").expect("a commit"), Outcome::Done { .. }));
    main_shows(&fixture, &[("a", "changed"), ("cc", "changed"), ("k", "1"), ("new", "added")]);
}

#[test]
fn a_branch_is_at_odds_with_what_a_refresh_of_another_found_and_a_side_may_be_preferred() {
    for (prefer, expected) in [
        (Prefer::Ours, [("a", "changed"), ("k", "1")].as_slice()),
        (Prefer::Theirs, &[("a", "edited"), ("gone/new", "added"), ("k", "1")]),
    ] {
        let fixture = Fixture::new(&[("a", "1"), ("gone/x", "1"), ("k", "1")]);
        fixture.dataset.create_branch(&"other".parse().expect("a name"), fixture.first).expect("a branch");
        let theirs =
            fixture.commit("other", |draft| put(draft, "a", "edited").and_then(|()| put(draft, "gone/new", "added")));
        rewrite(&fixture, "a", "changed");
        fs::remove_dir_all(fixture.source.path().join("gone")).expect("removed");
        refresh(&fixture);
        let merge = |prefer| {
            let into = main_branch();
            let request = MergeRequest { theirs, into: &into, author: "ann", message: "merge", prefer };
            fixture.dataset.merge(&request).expect("a merge")
        };
        let Outcome::Conflicts(conflicts) = merge(None) else { panic!("no conflict") };
        assert_eq!(
            sentences(&conflicts),
            ["a: edited, and changed in the source", "gone: holds edits, and is gone from the source"]
        );
        assert!(matches!(merge(Some(prefer)), Outcome::Done { .. }));
        main_shows(&fixture, expected);
    }
}

#[test]
fn a_refresh_cannot_be_reverted_and_edits_before_it_can() {
    let fixture = Fixture::new(&[("x", "1"), ("y", "1")]);
    let edit = fixture.commit("main", |draft| put(draft, "x", "edited"));
    rewrite(&fixture, "y", "longer");
    let refreshed = refresh(&fixture).revision.expect("a revision");
    let revert = |id| fixture.dataset.revert(id, &main_branch(), "ann", None).expect("an answer");
    assert_eq!(revert(refreshed), Outcome::UpToDate);
    assert!(matches!(revert(edit), Outcome::Done { changes: 1, .. }));
    assert_eq!(["x", "y"].map(|at| file(&fixture, at)), [Some(b"1".to_vec()), Some(b"longer".to_vec())]);
}
