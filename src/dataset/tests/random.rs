//! Random edits, saves, undos and commits, on a draft and on a plain map at once.

use proptest::prelude::*;
use proptest::sample::select;

use super::plain::{Item, Plain};
use super::*;
use crate::model::What;

#[derive(Clone, Debug)]
enum Step {
    Put(DataPath, Vec<u8>),
    Link(DataPath),
    Folder(DataPath),
    Remove(DataPath),
    Rename(DataPath, DataPath),
    Restore(DataPath),
    Discard(DataPath),
    DiscardAll,
    Save,
    Undo,
    Redo,
    Commit,
    Reopen,
}

fn any_path() -> impl Strategy<Value = DataPath> {
    prop::collection::vec(select(vec!["a", "b", "a-b", "c", "x.png"]), 1..4).prop_map(|names| path(&names.join("/")))
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any_path(), prop::collection::vec(0u8..3, 0..4)).prop_map(|(at, bytes)| Step::Put(at, bytes)),
        1 => any_path().prop_map(Step::Link),
        2 => any_path().prop_map(Step::Folder),
        3 => any_path().prop_map(Step::Remove),
        5 => (any_path(), any_path()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => any_path().prop_map(Step::Restore),
        1 => any_path().prop_map(Step::Discard),
        1 => Just(Step::DiscardAll),
        3 => Just(Step::Save),
        2 => Just(Step::Undo),
        1 => Just(Step::Redo),
        1 => Just(Step::Commit),
        1 => Just(Step::Reopen),
    ]
}

const SOURCE: &[(&str, &str)] =
    &[("a/a", "1"), ("a/b/x.png", "2"), ("a/b/c", ""), ("a-b/x.png", "3"), ("b/", ""), ("c/c/c", "4"), ("x.png", "5")];

/// What is known of a draft: its state, the saved states that undo and redo go to, the committed one.
struct Known {
    now: Plain,
    saved: Vec<Plain>,
    redo: Vec<Plain>,
    committed: Plain,
}

fn take(step: &Step, draft: &mut Draft, fixture: &Fixture, first: &Plain, known: &mut Known) {
    let file = |bytes: &[u8]| Item::File(bytes.to_vec());
    let (done, expected) = match step {
        Step::Put(at, bytes) => (
            draft.put(at, NewFile { content: &mut bytes.as_slice(), mode: None, mtime_ns: None }).is_ok(),
            known.now.put(at, file(bytes)),
        ),
        Step::Link(at) => (draft.put_symlink(at, b"../x").is_ok(), known.now.put(at, Item::Link(b"../x".to_vec()))),
        Step::Folder(at) => (draft.make_folder(at).is_ok(), known.now.put(at, Item::Folder)),
        Step::Remove(at) => (draft.remove(at, true).is_ok(), known.now.remove(at)),
        Step::Rename(from, to) => (draft.rename(from, to).is_ok(), known.now.rename(from, to)),
        Step::Restore(at) => {
            let from = fixture.dataset.view(fixture.first).expect("the first view");
            (draft.restore(at, &from).is_ok(), known.now.restore(at, first))
        }
        Step::Discard(at) => {
            let committed = known.committed.clone();
            (draft.discard(std::slice::from_ref(at)).is_ok(), known.now.restore(at, &committed))
        }
        Step::DiscardAll => {
            known.now = known.committed.clone();
            (draft.discard(&[]).is_ok(), true)
        }
        Step::Save => {
            let before = known.saved.len();
            draft.save("edit").expect("a save");
            if Plain::of(&draft.view) != *known.saved.last().expect("the beginning") || has_new_step(draft, before) {
                known.saved.push(known.now.clone());
                known.redo.clear();
            }
            return;
        }
        Step::Undo | Step::Redo => {
            // Undo goes between saved states only.
            draft.save("edit").expect("a save");
            if has_new_step(draft, known.saved.len()) {
                known.saved.push(known.now.clone());
                known.redo.clear();
            }
            match step {
                Step::Undo if known.saved.len() > 1 => {
                    known.redo.extend(known.saved.pop());
                    (draft.undo().is_ok(), true)
                }
                Step::Undo => (draft.undo().is_ok(), false),
                _ => {
                    let again = known.redo.pop();
                    let expected = again.is_some();
                    known.saved.extend(again);
                    (draft.redo().is_ok(), expected)
                }
            }
        }
        Step::Commit => match draft.commit("a change", "ann") {
            Ok(Outcome::Done { .. }) => {
                known.committed = known.now.clone();
                known.saved = vec![known.now.clone()];
                known.redo.clear();
                (true, true)
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => {
                // Nothing to commit; what was edited was saved on the way.
                assert_eq!(error.to_string(), "there is nothing to commit on `main`");
                if has_new_step(draft, known.saved.len()) {
                    known.saved.push(known.now.clone());
                    known.redo.clear();
                }
                (false, known.now != known.committed)
            }
        },
        Step::Reopen => {
            *draft = fixture.draft("main");
            known.now = known.saved.last().expect("the beginning").clone();
            return;
        }
    };
    assert_eq!(done, expected, "{step:?}");
    if matches!(step, Step::Undo | Step::Redo) {
        known.now = known.saved.last().expect("the beginning").clone();
    }
}

/// Whether the draft has more saved steps than the states that we know of.
fn has_new_step(draft: &Draft, known: usize) -> bool {
    draft.steps().expect("steps") + 1 > known
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_draft_does_what_a_map_does(steps in prop::collection::vec(any_step(), 1..60)) {
        let fixture = Fixture::new(SOURCE);
        let mut draft = fixture.draft("main");
        let first = Plain::of(draft.view());
        let mut known = Known { now: first.clone(), saved: vec![first.clone()], redo: Vec::new(), committed: first.clone() };
        for step in &steps {
            take(step, &mut draft, &fixture, &first, &mut known);
            prop_assert_eq!(&Plain::of(draft.view()), &known.now, "after {:?}", step);
        }
        check_diff(&fixture.dataset.view(draft.based_on()).expect("a view"), draft.view(), &known.committed, &known.now);
        check_diff(&fixture.dataset.view(fixture.first).expect("a view"), draft.view(), &first, &known.now);
        for step in fixture.dataset.log(draft.based_on()) {
            let (id, revision) = step.expect("a revision");
            for parent in &revision.parents {
                let (before, after) = (fixture.dataset.view(*parent).expect("a view"), fixture.dataset.view(id).expect("a view"));
                // What is kept with a revision is what a comparison finds.
                prop_assert_eq!(fixture.dataset.diff(*parent, id).expect("kept"), diff(&before, &after).expect("found"));
            }
        }
        prop_assert!(fixture.dataset.log(fixture.dataset.head(&main_branch()).expect("a head").id).all(|step| step.is_ok()));
    }
}

/// Every difference told is one, and every one there is is told by its path or by a folder above it.
fn check_diff(from: &View, to: &View, before: &Plain, after: &Plain) {
    let changes = diff(from, to).expect("a diff");
    for change in &changes {
        let (old, new) = (before.0.get(&change.path), after.0.get(&change.path));
        match change.what {
            What::Added => assert!(new.is_some(), "{change:?}"),
            What::Removed => assert!(old.is_some(), "{change:?}"),
            What::Modified => assert!(new.is_some(), "{change:?}"),
            What::Renamed => {
                let from = change.from.as_ref().expect("it has one");
                assert!(before.0.contains_key(from) && new.is_some(), "{change:?}");
                assert!(new == Some(&Item::Folder) || before.0.get(from) == new, "{change:?}");
            }
        }
    }
    let paths = before.0.keys().chain(after.0.keys());
    for path in paths.filter(|path| before.0.get(*path) != after.0.get(*path)) {
        let is_told = changes.iter().any(|change| {
            path == &change.path
                || path.is_within(&change.path)
                || change.from.as_ref().is_some_and(|from| path.is_within(from))
        });
        assert!(is_told, "{path} is not told by {changes:?}");
    }
}
