//! Merges under random edits on both sides, against the three-way merge of two plain maps, which know what moved.

use std::collections::BTreeSet;
use std::sync::Arc;

use harness::reference::Edit;
use harness::through::{self, refusal_of, tree_of};
use harness::{Home, Rng, Thing, Tree, source};
use veneer::ErrorKind;
use veneer::dataset::{Conflict, Dataset, MergeRequest, Outcome, Prefer};
use veneer::model::BranchName;
use veneer::store::MemoryStore;

fn name(text: &str) -> BranchName {
    text.parse().expect("a name")
}

/// A dataset of this tree, with a branch `side` beside `main`.
fn with_side(home: &Home, before: &Tree) -> Dataset {
    let folder = home.source("src", before);
    let dataset =
        through::import(Arc::new(MemoryStore::default()), &"d".parse().expect("a name"), &folder).expect("imported");
    dataset.create_branch(&name("side"), dataset.head(&name("main")).expect("imported").id).expect("a new branch");
    dataset
}

/// Commits random edits to a branch, and returns what it then shows.
fn edit(dataset: &Dataset, branch: &str, before: &Tree, mut next: impl FnMut(&Tree) -> Edit, edits: usize) -> Tree {
    let (mut draft, mut tree) = (through::draft(dataset, &name(branch)).expect("a draft"), before.clone());
    for _ in 0..edits {
        let edit = next(&tree);
        let refused = through::edit(&mut draft, &edit).err().map(|error| refusal_of(&error).expect("a refusal"));
        assert_eq!(refused, tree.apply(&edit).err(), "{edit:?}");
    }
    if let Err(error) = draft.commit("random edits", through::AUTHOR) {
        assert!(matches!(error.kind(), ErrorKind::Nothing { .. }), "{error}");
    }
    tree
}

fn merge(dataset: &Dataset, prefer: Option<Prefer>) -> (Outcome, Tree) {
    let theirs = dataset.head(&name("side")).expect("the branch").id;
    let request = MergeRequest { theirs, into: &name("main"), author: through::AUTHOR, message: "both", prefer };
    let outcome = dataset.merge(&request).expect("mergeable");
    let head = dataset.head(&name("main")).expect("the branch").id;
    (outcome, tree_of(&dataset.view(head).expect("stored")).expect("readable"))
}

/// The three-way merge of maps, or the paths for which there is no one result.
fn merged(before: &Tree, ours: &Tree, theirs: &Tree) -> Result<Tree, Vec<Vec<u8>>> {
    let (mut result, mut conflicts) = (ours.clone(), Vec::new());
    let paths: BTreeSet<_> = ours.0.keys().chain(theirs.0.keys()).chain(before.0.keys()).collect();
    for path in paths {
        let (old, our, their) = (before.0.get(path), ours.0.get(path), theirs.0.get(path));
        if our == old {
            match their {
                Some(thing) => drop(result.0.insert(path.clone(), thing.clone())),
                None => drop(result.0.remove(path)),
            }
        } else if their != old && their != our {
            conflicts.push(path.clone());
        }
    }
    // Something that one side put into a folder which the other side took away.
    for path in result.0.keys() {
        if let Some(slash) = path.iter().rposition(|byte| *byte == b'/')
            && result.0.get(&path[..slash]) != Some(&Thing::Folder)
        {
            conflicts.push(path.clone());
        }
    }
    if conflicts.is_empty() { Ok(result) } else { Err(conflicts) }
}

/// The three-way merge of maps in which what one side moved, and the other changed or removed where it was, has that
/// change in its new place, or is not there, as far as `shown` says so.
fn merged_with_moves(before: &Tree, ours: &Tree, theirs: &Tree, shown: &Tree) -> Result<Tree, Vec<Vec<u8>>> {
    let mut sides = [before.clone(), ours.clone(), theirs.clone()];
    for (mover, other) in [(1, 2), (2, 1)] {
        for (from, thing) in before.0.iter().filter(|(_, thing)| matches!(thing, Thing::File(..))) {
            let now = [ours, theirs][other - 1].0.get(from);
            let there = &[ours, theirs][mover - 1].0;
            if now == Some(thing) || there.contains_key(from) {
                continue;
            }
            // A file that was there already was put there, and is none that was moved.
            let is_moved = |to: &[u8]| match now {
                Some(_) => before.0.get(to) != Some(thing),
                None => !before.0.contains_key(to),
            };
            let elsewhere = |to: &[u8]| {
                let there = shown.0.get(to).filter(|_| now.is_none())?;
                let of_other = &[ours, theirs][other - 1].0;
                of_other.iter().find(|(path, thing)| *thing == there && !before.0.contains_key(*path))
            };
            let is_it = |to: &&Vec<u8>| {
                there[*to] == *thing && is_moved(to) && (shown.0.get(*to) == now || elsewhere(to).is_some())
            };
            let Some(to) = there.keys().find(is_it) else { continue };
            // What both moved has the edit of the one in the place of the other.
            if let Some((path, edited)) = elsewhere(to) {
                sides[other].0.remove(path);
                sides[other].0.insert(to.clone(), edited.clone());
            }
            for side in [0, other] {
                if let Some(moved) = sides[side].0.remove(from) {
                    // The folders above are the mover's.
                    sides[side].0.insert(to.clone(), moved);
                }
            }
        }
    }
    let [before, ours, theirs] = &sides;
    merged(before, ours, theirs)
}

fn are_named(conflicts: &[Conflict], paths: &[Vec<u8>]) -> bool {
    paths.iter().all(|path| conflicts.iter().any(|conflict| conflict.path.as_bytes() == path.as_slice()))
}

/// Random puts and removals of a few files: both sides meet often.
fn random_file(rng: &mut Rng) -> Edit {
    let path = format!("f{}", rng.below(12)).into_bytes();
    if rng.one_in(3) {
        Edit::Remove(path, false)
    } else {
        Edit::Put(path, rng.pick(&["x", "yy", "zzz"]).as_bytes().to_vec())
    }
}

#[test]
fn a_merge_of_files_is_the_three_way_merge_of_two_maps() {
    let mut rng = Rng::seeded();
    for _ in 0..80 {
        let home = Home::new();
        let before: Tree = (0..8).map(|n| (format!("f{n}").into_bytes(), Thing::from("old"))).collect();
        let dataset = with_side(&home, &before);
        let ours = edit(&dataset, "main", &before, |_| random_file(&mut rng), 3);
        let theirs = edit(&dataset, "side", &before, |_| random_file(&mut rng), 3);
        let (outcome, shown) = merge(&dataset, None);
        match (merged(&before, &ours, &theirs), outcome) {
            (Ok(expected), Outcome::Done { .. } | Outcome::FastForward { .. } | Outcome::UpToDate) => {
                assert_eq!(shown, expected);
            }
            (Err(paths), Outcome::Conflicts(conflicts)) => {
                assert!(are_named(&conflicts, &paths), "{conflicts:?} for {paths:?}");
                assert_eq!(shown, ours, "a conflict changes nothing");
            }
            // The same bytes, put twice at different times, are two changes of one file.
            (Ok(_), Outcome::Conflicts(conflicts)) => {
                let same = |conflict: &Conflict| {
                    ours.0.get(conflict.path.as_bytes()) == theirs.0.get(conflict.path.as_bytes())
                };
                assert!(conflicts.iter().all(same), "{conflicts:?}");
            }
            (expected, outcome) => panic!("{outcome:?}, and {expected:?} was expected"),
        }
    }
}

fn some_tree() -> Tree {
    source! { "a/a": "1", "a/b": "22", "a/c/a": "333", "a!/b": "4", "b": "666", "c/a/a": "7", "c/a/b": "8", "aa/b/c/a": "10" }
}

#[test]
#[expect(clippy::print_stdout, reason = "how many merges were clean is of interest")]
fn a_clean_merge_of_trees_is_the_three_way_merge_of_two_maps() {
    let mut rng = Rng::seeded();
    let (mut clean, mut refused, mut careful) = (0, 0, 0);
    for _ in 0..150 {
        let home = Home::new();
        let before = some_tree();
        let dataset = with_side(&home, &before);
        let ours = edit(&dataset, "main", &before, |tree| Edit::random(&mut rng, tree), 5);
        let theirs = edit(&dataset, "side", &before, |tree| Edit::random(&mut rng, tree), 5);
        let (outcome, shown) = merge(&dataset, None);
        let expected = merged(&before, &ours, &theirs);
        match (&expected, &outcome) {
            (_, Outcome::Conflicts(_)) => {
                assert_eq!(shown, ours, "a conflict changes nothing");
                *(if expected.is_ok() { &mut careful } else { &mut refused }) += 1;
            }
            (Ok(expected), _) if shown == *expected => clean += 1,
            (Ok(_) | Err(_), _) if merged_with_moves(&before, &ours, &theirs, &shown).as_ref() == Ok(&shown) => {
                clean += 1
            }
            (Ok(expected), _) => {
                assert_eq!(shown, *expected, "of {before:#?} ours {ours:#?} theirs {theirs:#?}");
            }
            (Err(paths), outcome) => {
                let paths: Vec<_> = paths.iter().map(|path| path.escape_ascii().to_string()).collect();
                panic!(
                    "{outcome:?} in spite of {paths:?}: {before:#?} ours {ours:#?} theirs {theirs:#?} gave {shown:#?}"
                );
            }
        }
    }
    println!("{clean} clean, {refused} conflicts, {careful} more that maps do not have");
    assert!(clean > 20 && careful < clean, "{clean} clean, {careful} refused for nothing");
}

#[test]
fn a_preferred_side_wins_where_both_changed_the_same() {
    for (prefer, winner) in [(Prefer::Ours, "ours"), (Prefer::Theirs, "theirs")] {
        let home = Home::new();
        let before = source! { "both": "old", "only ours": "old", "only theirs": "old" };
        let dataset = with_side(&home, &before);
        for (branch, side) in [("main", "ours"), ("side", "theirs")] {
            let paths = ["both".to_owned(), format!("only {side}")];
            let mut edits = paths.into_iter().map(|path| Edit::Put(path.into_bytes(), side.as_bytes().to_vec()));
            edit(&dataset, branch, &before, |_| edits.next().expect("two"), 2);
        }
        let (outcome, shown) = merge(&dataset, Some(prefer));
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        let mut expected = source! { "only ours": "ours", "only theirs": "theirs" };
        expected.add(b"both", Thing::from(winner));
        assert_eq!(shown, expected);
    }
}
