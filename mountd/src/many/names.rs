//! The names of the folders: `main`, `fix/labels`, `@v1`, `@3f9c1a2`.

use std::collections::BTreeMap;

use veneer::Result;
use veneer::dataset::Dataset;
use veneer::model::Id;

/// What a tag's folder, and that of a revision, begin with.
pub const AT: char = '@';

/// The folders that a dataset's branches and tags have, and what each shows.
///
/// # Errors
/// When the refs cannot be read.
pub fn of_refs(dataset: &Dataset) -> Result<BTreeMap<String, Id>> {
    let branches = dataset.branches()?.into_iter().map(|(name, value)| (name.to_string(), value.id));
    let tags = dataset.tags()?.into_iter().map(|(name, value)| (format!("{AT}{name}"), value.id));
    Ok(branches.chain(tags).collect())
}

/// The folders above the folder `name`, the nearest last: of `a/b/c`, `a` and `a/b`.
pub fn above(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

/// Where a folder is, and its own name: of `a/b`, `a` and `b`; of `a`, nothing and `a`.
pub fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

/// Two names of which one is a folder for a revision, and a folder for the other as well.
pub fn twice(names: &BTreeMap<String, Id>) -> Option<(&str, &str)> {
    names.keys().find_map(|name| Some((above(name).find(|above| names.contains_key(*above))?, name.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_folder_of_another_is_found() {
        let twice_of = |names: &[&str]| {
            let names: BTreeMap<String, Id> = names.iter().map(|name| ((*name).to_owned(), Id::of(b""))).collect();
            twice(&names).map(|(one, other)| (one.to_owned(), other.to_owned()))
        };
        assert_eq!(twice_of(&["main", "fix-1", "fix/1", "fix/2", "@fix", "main2/x"]), None);
        assert_eq!(twice_of(&["main", "a/b", "a/b/c"]), Some(("a/b".to_owned(), "a/b/c".to_owned())));
        assert_eq!(twice_of(&["@v/1", "@v", "v"]), Some(("@v".to_owned(), "@v/1".to_owned())));
        assert_eq!(above("a/b/c").collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!((split("a/b/c"), split("a")), (("a/b", "c"), ("", "a")));
    }
}
