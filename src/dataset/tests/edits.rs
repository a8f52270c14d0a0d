//! Single edits, and what is told of them.

use super::plain::{Item, Plain};
use super::*;
use crate::ErrorKind;

fn check(
    files: &[(&str, &str)],
    edits: impl FnOnce(&mut Draft) -> Result<()>,
    expected: &[(&str, &str)],
    changes: &[&str],
) {
    let fixture = Fixture::new(files);
    let mut draft = fixture.draft("main");
    edits(&mut draft).expect("edits");
    let shown: Vec<(String, String)> = Plain::of(draft.view())
        .0
        .into_iter()
        .filter_map(|(path, item)| match item {
            Item::File(bytes) => Some((path.to_string(), String::from_utf8(bytes).expect("text"))),
            Item::Folder | Item::Link(_) => None,
        })
        .collect();
    let expected: Vec<(String, String)> =
        expected.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    assert_eq!(shown, expected);
    assert_eq!(told(&fixture.view("main"), draft.view()), changes);
}

#[test]
fn a_removed_file_stays_removed_under_a_renamed_folder() {
    check(
        &[("a/x", "1"), ("a/y", "2")],
        |draft| draft.remove(&path("a/x"), false).and_then(|()| draft.rename(&path("a"), &path("b"))),
        &[("b/y", "2")],
        &["- a/x", "a -> b"],
    );
}

#[test]
fn a_rename_there_and_back_is_no_change() {
    check(
        &[("a/x", "1")],
        |draft| {
            draft.rename(&path("a"), &path("b"))?;
            assert!(!draft.view().overlay().is_empty());
            draft.rename(&path("b"), &path("a"))?;
            assert!(draft.view().overlay().is_empty());
            Ok(())
        },
        &[("a/x", "1")],
        &[],
    );
}

#[test]
fn the_same_bytes_again_are_no_change() {
    check(&[("a/x", "1")], |draft| put(draft, "a/x", "1"), &[("a/x", "1")], &[]);
}

#[test]
fn a_file_that_leaves_a_renamed_folder_is_renamed_itself() {
    check(
        &[("a/x", "1"), ("a/y", "2")],
        |draft| draft.rename(&path("a"), &path("b")).and_then(|()| draft.rename(&path("b/x"), &path("z"))),
        &[("b/y", "2"), ("z", "1")],
        &["a -> b", "a/x -> z"],
    );
}

#[test]
fn a_new_folder_in_the_place_of_another_hides_what_was_in_it() {
    check(
        &[("a/x", "1"), ("a/y", "2")],
        |draft| {
            draft.remove(&path("a"), true)?;
            draft.make_folder(&path("a"))?;
            put(draft, "a/y", "new")
        },
        &[("a/y", "new")],
        &["- a/x", "~ a/y"],
    );
}

#[test]
fn two_folders_change_places() {
    check(
        &[("a/x", "1"), ("b/y", "2")],
        |draft| {
            draft.rename(&path("a"), &path("t"))?;
            draft.rename(&path("b"), &path("a"))?;
            draft.rename(&path("t"), &path("b"))
        },
        &[("a/y", "2"), ("b/x", "1")],
        &["b/y -> a/y", "a/x -> b/x"],
    );
}

#[test]
fn undo_and_redo_walk_over_saved_steps_and_survive_reopening() {
    let fixture = Fixture::new(&[("x", "1")]);
    let mut draft = fixture.draft("main");
    for content in ["2", "3"] {
        put(&mut draft, "x", content).and_then(|()| draft.save(content)).expect("an edit");
    }
    assert_eq!(draft.undo().expect("undo"), "3");
    let mut draft = fixture.draft("main");
    assert_eq!(draft.undo().expect("undo"), "2");
    assert!(draft.changes().expect("changes").is_empty());
    assert!(draft.undo().is_err());
    assert_eq!((draft.redo().expect("redo"), draft.redo().expect("redo")), ("2".to_owned(), "3".to_owned()));
    assert!(draft.redo().is_err());
}

#[test]
fn a_draft_saved_elsewhere_is_not_overwritten() {
    let fixture = Fixture::new(&[("x", "1")]);
    let (mut one, mut other) = (fixture.draft("main"), fixture.draft("main"));
    put(&mut one, "x", "one").and_then(|()| one.save("one")).expect("the first");
    let lost = put(&mut other, "x", "other").and_then(|()| other.save("other"));
    assert!(matches!(lost.expect_err("the race is lost").kind(), crate::ErrorKind::RefMoved { .. }));
}

#[test]
fn a_commit_over_a_moved_branch_merges_or_gives_the_conflict() {
    let fixture = Fixture::new(&[("x", "1"), ("y", "1")]);
    let other = |text: &str| fixture.dataset.draft(&main_branch(), &text.parse().expect("a name")).expect("a draft");
    let (mut bob, mut eve) = (other("bob"), other("eve"));
    put(&mut bob, "y", "bob").expect("an edit");
    put(&mut eve, "x", "eve").expect("an edit");
    fixture.commit("main", |draft| put(draft, "x", "ann"));
    assert!(matches!(bob.commit("bob's", "bob").expect("a commit"), Outcome::Done { changes: 1, .. }));
    assert_eq!(told(&fixture.dataset.view(fixture.first).expect("a view"), &fixture.view("main")), ["~ x", "~ y"]);
    match eve.commit("eve's", "eve").expect("an answer") {
        Outcome::Conflicts(conflicts) => assert_eq!(conflicts[0].path, path("x")),
        other => panic!("{other:?}"),
    }
    assert_eq!(eve.changes().expect("changes").len(), 1, "the draft is still there");
}

#[test]
fn a_draft_that_was_emptied_begins_anew_at_the_head_and_undo_still_walks_back() {
    let fixture = Fixture::new(&[("x", "1"), ("y", "1")]);
    let bob = || fixture.dataset.draft(&main_branch(), &"bob".parse().expect("a name")).expect("a draft");
    let mut draft = bob();
    put(&mut draft, "x", "bob").and_then(|()| draft.save("put")).expect("an edit");
    let head = fixture.commit("main", |draft| put(draft, "x", "ann"));
    assert!(matches!(draft.commit("bob's", "bob").expect("an answer"), Outcome::Conflicts(_)));
    draft.discard(&[path("x")]).and_then(|()| draft.save("discard")).expect("discarded");
    let mut draft = bob();
    assert_eq!(draft.based_on(), head);
    assert!(draft.changes().expect("changes").is_empty());
    put(&mut draft, "x", "bob again").and_then(|()| draft.save("put again")).expect("an edit");
    let mut draft = bob();
    assert_eq!(draft.undo().expect("undo"), "put again");
    assert_eq!(draft.undo().expect("undo"), "discard");
    assert_eq!((draft.based_on(), told(&fixture.view("main"), draft.view())), (fixture.first, vec!["~ x".to_owned()]));
    assert_eq!(
        (draft.redo().expect("redo"), draft.redo().expect("redo")),
        ("discard".to_owned(), "put again".to_owned())
    );
    assert!(matches!(draft.commit("bob's", "bob").expect("a commit"), Outcome::Done { changes: 1, .. }));
}

#[test]
fn a_draft_that_was_discarded_goes_on_from_where_the_branch_is_now() {
    let fixture = Fixture::new(&[("x", "1")]);
    let mut draft = fixture.draft("main");
    put(&mut draft, "x", "mine").and_then(|()| draft.save("put x")).expect("saved");
    let mut other =
        fixture.dataset.draft(&main_branch(), &"bob".parse().expect("a name")).expect("a draft of somebody else");
    put(&mut other, "x", "theirs").expect("put");
    other.commit("theirs", "bob").expect("committed");
    assert!(matches!(fixture.draft("main").commit("mine", "ann").expect("an answer"), Outcome::Conflicts(_)));
    let mut draft = fixture.draft("main");
    draft.discard(&[]).and_then(|()| draft.save("discard")).expect("discarded");
    let mut draft = fixture.draft("main");
    assert_eq!(draft.changes().expect("a diff"), []);
    put(&mut draft, "x", "mine, after theirs").and_then(|()| draft.save("put x again")).expect("saved");
    // All of it can still be taken back, also what was before.
    for label in ["put x again", "discard"] {
        assert_eq!(fixture.draft("main").undo().expect("undone"), label);
    }
    assert_eq!(told(&fixture.dataset.view(fixture.first).expect("a view"), fixture.draft("main").view()), ["~ x"]);
    for label in ["discard", "put x again"] {
        assert_eq!(fixture.draft("main").redo().expect("redone"), label);
    }
    let done = fixture.draft("main").commit("mine", "ann").expect("an answer");
    assert!(matches!(done, Outcome::Done { changes: 1, .. }), "{done:?}");
}

#[test]
fn a_draft_moves_on_to_the_head_and_undo_brings_it_back() {
    let fixture = Fixture::new(&[("a", "1"), ("b", "1")]);
    let mut draft = fixture.draft("main");
    put(&mut draft, "a", "mine").expect("put");
    draft.save("mine").expect("saved");
    let bob = "bob".parse().expect("a name");
    let mut other = fixture.dataset.draft(&main_branch(), &bob).expect("a draft");
    put(&mut other, "b", "his").expect("put");
    other.commit("his", "bob").expect("committed");
    let mut draft = fixture.draft("main");
    assert!(draft.is_behind().expect("known"));
    assert_eq!(draft.rebase().expect("rebased"), []);
    let mut draft = fixture.draft("main");
    assert!(!draft.is_behind().expect("known"));
    assert_eq!(told(&fixture.view("main"), draft.view()), ["~ a"]);
    assert_eq!(draft.undo().expect("undone"), "move on to the branch's head");
    assert!(fixture.draft("main").is_behind().expect("known"));
    assert_eq!(draft.redo().expect("redone"), "move on to the branch's head");
    assert!(matches!(draft.commit("both", "ann").expect("committed"), Outcome::Done { changes: 1, .. }));
    assert_eq!(told(&fixture.dataset.view(fixture.first).expect("a view"), &fixture.view("main")), ["~ a", "~ b"]);
}

#[test]
fn a_draft_is_committed_to_a_branch_of_its_own() {
    let fixture = Fixture::new(&[("a", "1")]);
    let mut draft = fixture.draft("main");
    put(&mut draft, "a", "mine").expect("put");
    let aside = "aside".parse().expect("a name");
    assert!(matches!(draft.commit_to(&aside, "aside", "ann").expect("committed"), Outcome::Done { changes: 1, .. }));
    assert_eq!(told(&fixture.view("main"), &fixture.view("aside")), ["~ a"]);
    assert!(!fixture.draft("main").is_saved());
    let mut draft = fixture.draft("main");
    put(&mut draft, "a", "again").expect("put");
    assert!(
        matches!(draft.commit_to(&aside, "aside", "ann"), Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists { .. }))
    );
    assert_eq!(told(&fixture.view("main"), fixture.draft("main").view()), ["~ a"], "the draft is as it was");
}

#[test]
fn no_edit_makes_a_path_of_more_levels_than_anybody_walks() {
    let fixture = Fixture::new(&[("a/x", "1")]);
    let mut draft = fixture.draft("main");
    let mut deep = path("b");
    while deep.levels() < 256 {
        draft.make_folder(&deep).expect("made");
        deep = deep.join(b"b").expect("a name");
    }
    draft.make_folder(&deep).expect("the deepest");
    let too_deep = deep.join(b"c").expect("a name");
    let is_refused = |done: Result<()>| {
        matches!(done.map_err(|error| error.kind().clone()), Err(ErrorKind::Invalid { what: "path", .. }))
    };
    assert!(is_refused(draft.make_folder(&too_deep)));
    assert!(is_refused(put(&mut draft, &too_deep.to_string(), "x")));
    assert!(is_refused(draft.put_symlink(&too_deep, b"x")));
    assert!(is_refused(draft.rename(&path("a/x"), &too_deep)));
    assert!(is_refused(draft.rename(&path("b"), &path("a/b"))), "what is below moves along");
    let parent = deep.parent().expect("one").join(b"c").expect("a name");
    assert!(is_refused(draft.rename(&path("a"), &parent)), "what is below in the source moves along");
    draft.rename(&path("b"), &path("c")).expect("no deeper than before");
}
