//! Random edits and commits, seen through the kernel with all its caches warm.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use harness::reference::Edit;
use harness::through;
use harness::{Home, Mount, Rng, Tree, need, skip, source, wait};
use veneer::dataset::{Datasets, Outcome};
use veneer::store::{Access, LocalStore};

/// How many commits a mount is followed over.
const COMMITS: usize = 25;

#[test]
fn a_mount_is_what_a_plain_map_says_after_every_commit() {
    need!(skip::mounting());
    let mut tree = source! { "a/a": "1", "a/b": "22", "a/c/a": "333", "a!/b": "4", "a.b": "5", "b": "666", "c/a/a": "7", "c/a/b": "8" };
    let home = Home::with(&tree);
    let mount = Mount::new(&home, "d");
    let store = Arc::new(LocalStore::open(&home.store(), Access::Own).expect("our own store"));
    let dataset = Datasets::new(store).open(&"d".parse().expect("a name")).expect("imported");
    let mut draft = through::draft(&dataset, &"main".parse().expect("a name")).expect("a draft");
    let mut rng = Rng::seeded();
    for number in 0..COMMITS {
        let before = tree.clone();
        while tree == before {
            for _ in 0..1 + rng.below(6) {
                let edit = Edit::random(&mut rng, &tree);
                assert_eq!(through::edit(&mut draft, &edit).is_ok(), tree.apply(&edit).is_ok(), "{edit:?}");
            }
        }
        let committed = draft.commit(&format!("commit {number}"), through::AUTHOR).expect("something changed");
        let Outcome::Done { revision, .. } = committed else { panic!("nobody else commits: {committed:?}") };
        let is_there =
            || fs::read_to_string(mount.join(".veneer/revision")).is_ok_and(|id| id.trim() == revision.to_hex());
        let moved = wait::until(Duration::from_secs(2), is_there).is_some();
        assert!(moved, "at {:?}, not at commit {number}: {}", mount.text(".veneer/revision"), mount.log());
        // The daemon has moved; the kernel is told of each name in the moment after.
        let mut shown = Tree::default();
        wait::until(Duration::from_secs(1), || {
            shown = Tree::read(mount.path()).unwrap_or_default();
            shown == tree
        });
        assert_eq!(shown, tree, "after commit {number}, from {before:#?}");
    }
}
