//! An overlay is a map: it is held against one, and its shape against a fresh build.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::store::MemoryStore;

type Plain = BTreeMap<DataPath, Change>;

fn empty() -> Overlay {
    Overlay::new(Arc::new(Nodes::new(Arc::new(MemoryStore::new()))), None)
}

fn path(text: &str) -> DataPath {
    text.parse().expect("a valid path")
}

fn folder(mtime_ns: i64) -> Change {
    Change::Folder { from: None, mtime_ns, mode: 0o755 }
}

fn built(plain: &Plain) -> Overlay {
    empty().with(plain.iter().map(|(path, change)| (path.clone(), Some(change.clone())))).expect("a fresh build")
}

/// Paths with many common prefixes, so that edits fall beside, above and below each other.
fn any_path() -> impl Strategy<Value = DataPath> {
    prop::collection::vec(prop_oneof!["[a-c]", "[a-c]{2}", "[a-z-]{1,8}", "x{200}"], 1..5)
        .prop_map(|names| path(&names.join("/")))
}

fn any_change() -> impl Strategy<Value = Option<Change>> {
    prop_oneof![
        3 => any::<i64>().prop_map(|mtime_ns| Some(folder(mtime_ns))),
        1 => Just(Some(Change::Removed)),
        1 => prop::collection::vec(any::<u8>(), 0..3000).prop_map(|target| Some(Change::Symlink { target, mtime_ns: 0 })),
        2 => Just(None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_overlay_says_what_a_map_says_and_has_one_shape(
        batches in prop::collection::vec(prop::collection::vec((any_path(), any_change()), 1..120), 1..8)
    ) {
        let (mut overlay, mut plain) = (empty(), Plain::new());
        for batch in batches {
            let before = (overlay.clone(), plain.clone());
            overlay = overlay.with(batch.clone()).expect("edits");
            for (path, change) in batch {
                match change {
                    Some(change) => plain.insert(path, change),
                    None => plain.remove(&path),
                };
            }
            let entries: Plain = overlay.entries().expect("entries").into_iter().collect();
            prop_assert_eq!(&entries, &plain);
            prop_assert_eq!(overlay.root(), built(&plain).root());
            let differences = before.0.diff(&overlay).expect("diff");
            let mut patched = before.1;
            for Difference { path, before, after } in differences {
                prop_assert_eq!(patched.get(&path), before.as_ref());
                prop_assert_ne!(&before, &after);
                match after {
                    Some(after) => patched.insert(path, after),
                    None => patched.remove(&path),
                };
            }
            prop_assert_eq!(patched, plain.clone());
        }
    }

    #[test]
    fn a_folder_names_its_own_and_nothing_else(paths in prop::collection::btree_set(any_path(), 0..60), of in any_path()) {
        let plain: Plain = paths.into_iter().map(|path| (path, folder(0))).collect();
        let overlay = built(&plain);
        let within: Vec<_> = plain.keys().filter(|path| path.is_within(&of)).cloned().collect();
        let found: Vec<_> = overlay.within(&of).expect("within").into_iter().map(|(path, _)| path).collect();
        prop_assert_eq!(found, within);
        for folder in [of, DataPath::ROOT] {
            let depth = folder.components().count();
            let mut names: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
            for path in plain.keys().filter(|path| path.is_within(&folder) && **path != folder) {
                let name = path.components().nth(depth).expect("it is below").to_vec();
                *names.entry(name).or_default() |= path.components().count() == depth + 1;
            }
            let found = overlay.names_in(&folder).expect("names");
            prop_assert_eq!(found.into_iter().map(|(name, own)| (name, own.is_some())).collect::<BTreeMap<_, _>>(), names);
        }
    }
}

#[test]
fn one_edit_of_many_rewrites_a_path_of_nodes() {
    let plain: Plain = (0..20_000).map(|n| (path(&format!("{}/{n:06}.png", n % 50)), folder(n))).collect();
    let nodes = |overlay: &Overlay| overlay.unstored().expect("own nodes");
    // The memory store has none of them, so only what is staged can be counted.
    let edited = built(&plain).with([(path("7/000007.png"), Some(Change::Removed))]).expect("an edit");
    let all: std::collections::HashSet<_> = nodes(&built(&plain)).into_iter().map(|(_, bytes)| bytes).collect();
    let new = nodes(&edited).into_iter().filter(|(_, bytes)| !all.contains(bytes)).count();
    assert!((2..=5).contains(&new), "{new} new nodes");
    assert!(all.iter().all(|bytes| bytes.len() <= 4096));
}

#[test]
fn an_emptied_overlay_is_the_empty_one() {
    let full = built(&(0..500).map(|n| (path(&format!("{n}")), folder(n))).collect());
    let emptied = full.with(full.entries().expect("entries").into_iter().map(|(path, _)| (path, None))).expect("edits");
    assert_eq!(emptied.root(), None);
    assert!(emptied.get(&path("7")).expect("reads").is_none());
}
