//! Which paths of a map are within which: without going through all of them for each.

use std::collections::BTreeMap;

use crate::model::DataPath;

/// The folders above a path, the nearest last.
pub(super) fn above(path: &DataPath) -> impl Iterator<Item = DataPath> {
    let folders: Vec<DataPath> = std::iter::successors(path.parent(), DataPath::parent).collect();
    folders.into_iter().rev()
}

/// Whether the map has this path, or a folder above it.
pub(super) fn is_beneath<T>(path: &DataPath, map: &BTreeMap<DataPath, T>) -> bool {
    std::iter::successors(Some(path.clone()), DataPath::parent).any(|above| map.contains_key(&above))
}

/// The map's paths that are this folder or in it, the folder first, then in order.
pub(super) fn within<'m, T>(folder: &DataPath, map: &'m BTreeMap<DataPath, T>) -> impl Iterator<Item = &'m DataPath> {
    let own = map.get_key_value(folder).map(|(path, _)| path);
    // No name is before this one; what lies between the folder and it are names like `folder-2`.
    let first = folder.join_checked(b"\x01");
    let below = map.range(first..).map(|(path, _)| path);
    let folder = folder.clone();
    own.into_iter().chain(below.take_while(move |path| path.is_within(&folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_within_is_found_among_names_that_begin_alike() {
        let path = |text: &str| text.parse::<DataPath>().expect("a path");
        let all = ["a", "a-1", "a/\u{1}", "a/b", "a/b/c", "a0", "b/c"];
        let map: BTreeMap<DataPath, ()> = all.map(|text| (path(text), ())).into();
        let found = |folder: &str| within(&path(folder), &map).cloned().collect::<Vec<_>>();
        assert_eq!(found("a"), ["a", "a/\u{1}", "a/b", "a/b/c"].map(path));
        assert_eq!(found("b"), ["b/c"].map(path));
        assert_eq!(found("c"), [] as [DataPath; 0]);
        assert_eq!(within(&DataPath::ROOT, &map).count(), all.len());
        for (of, expected) in [("a", true), ("a/x/y", true), ("a-2", false), ("b", false), ("b/c/d", true)] {
            assert_eq!(is_beneath(&path(of), &map), expected, "{of}");
        }
    }
}
