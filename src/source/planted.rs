//! Trees for tests, made of a plain map instead of a disk.

use std::collections::{BTreeMap, VecDeque};

use super::attributes::Times;
use super::scan::{Folder, Found, Tree};
use crate::model::{DataPath, Entry, Kind};

/// An entry: its path, what `stat` tells of it, what it points to.
type Planted<'a> = (&'a DataPath, &'a Entry, &'a [u8]);

/// What a source is, as a map: every entry but the top folder, with the targets of links.
pub(crate) type Model = BTreeMap<DataPath, (Entry, Vec<u8>)>;

/// The top folder of every planted tree.
pub(crate) const TOP: Entry = Entry { kind: Kind::Folder, size: 0, mtime_ns: 1, mode: 0o755 };

/// The tree that a scan of such a source would give.
pub(crate) fn tree(model: &Model) -> Tree {
    let mut children: BTreeMap<DataPath, Vec<Planted<'_>>> = BTreeMap::new();
    for (path, (entry, target)) in model {
        children.entry(path.parent().expect("not the top")).or_default().push((path, entry, target));
    }
    let mut folders = Vec::new();
    let mut waiting = VecDeque::from([(DataPath::ROOT, (0, 0))]);
    let mut numbered = 1;
    while let Some((path, parent)) = waiting.pop_front() {
        let mut listed = children.remove(&path).unwrap_or_default();
        listed.sort_by_key(|(path, ..)| path.name());
        let mut folder = Folder { first_subfolder: numbered, parent, times: Times::default(), ..Folder::default() };
        for (place, (path, entry, target)) in listed.into_iter().enumerate() {
            let text_at = folder.text.len() as u32;
            folder.text.extend_from_slice(path.name());
            folder.text.extend_from_slice(target);
            let Entry { kind, size, mtime_ns, mode } = *entry;
            let name_len = path.name().len() as u8;
            folder.entries.push(Found { size, mtime_ns, text_at, mode: mode as u16, kind, name_len });
            if kind == Kind::Folder {
                numbered += 1;
                waiting.push_back((path.clone(), (folders.len() as u32, place as u32)));
            }
        }
        folders.push(Some(folder));
    }
    assert!(children.is_empty(), "every entry's parent is a folder");
    Tree { root: TOP, folders, entries: 1 + model.len() as u64 }
}

/// A model of these entries, a path and its content each: `/` is a folder, `-> x` a link, a number a file's size.
pub(crate) fn model(entries: &[(&str, &str)]) -> Model {
    let entry = |content: &str| match content.strip_prefix("-> ") {
        Some(target) => (
            Entry { kind: Kind::Symlink, size: target.len() as u64, mtime_ns: 3, mode: 0o777 },
            target.as_bytes().to_vec(),
        ),
        None if content == "/" => (Entry { kind: Kind::Folder, size: 0, mtime_ns: 2, mode: 0o755 }, Vec::new()),
        None => {
            let size = content.parse().expect("a size");
            (Entry { kind: Kind::File, size, mtime_ns: 4, mode: 0o644 }, Vec::new())
        }
    };
    entries.iter().map(|(path, content)| (path.parse().expect("a path"), entry(content))).collect()
}
