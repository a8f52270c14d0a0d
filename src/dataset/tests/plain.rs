//! The plain map, and how a view is read into one.

use std::collections::BTreeMap;

use super::*;
use crate::model::Kind;
use crate::source::OnDrift;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Folder,
    File(Vec<u8>),
    Link(Vec<u8>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plain(pub(super) BTreeMap<DataPath, Item>);

impl Plain {
    /// Everything that a view shows, found by listing.
    pub(super) fn of(view: &View) -> Plain {
        let mut plain = Plain::default();
        let mut next = vec![view.root().expect("a root")];
        while let Some(folder) = next.pop() {
            for node in view.children(&folder).expect("children") {
                // What a listing tells and what a lookup tells is the same.
                assert_eq!(view.node(&node.path).expect("a lookup").as_ref(), Some(&node));
                let item = match node.entry.kind {
                    Kind::Folder => Item::Folder,
                    Kind::Symlink => Item::Link(view.link_target(&node).expect("a target")),
                    Kind::File => {
                        let mut bytes = Vec::new();
                        let read = view.open(&node, OnDrift::Error).and_then(|content| content.copy_to(&mut bytes));
                        assert_eq!(read.expect("content"), node.entry.size);
                        Item::File(bytes)
                    }
                };
                plain.0.insert(node.path.clone(), item);
                if node.is_folder() {
                    next.push(node);
                }
            }
        }
        plain.check_totals(view);
        plain
    }

    fn check_totals(&self, view: &View) {
        let totals = view.totals().expect("totals");
        let (mut files, mut folders, mut bytes) = (0, 0, 0);
        for item in self.0.values() {
            match item {
                Item::Folder => folders += 1,
                Item::File(content) => (files, bytes) = (files + 1, bytes + content.len() as u64),
                Item::Link(_) => {}
            }
        }
        assert_eq!((totals.files, totals.folders, totals.bytes), (files, folders, bytes));
    }

    fn is_folder(&self, path: &DataPath) -> bool {
        path.is_root() || self.0.get(path) == Some(&Item::Folder)
    }

    fn has_parent(&self, path: &DataPath) -> bool {
        path.parent().is_some_and(|parent| self.is_folder(&parent))
    }

    pub(super) fn put(&mut self, path: &DataPath, item: Item) -> bool {
        let may =
            self.has_parent(path) && !self.is_folder(path) && (item != Item::Folder || !self.0.contains_key(path));
        if may {
            self.0.insert(path.clone(), item);
        }
        may
    }

    pub(super) fn remove(&mut self, path: &DataPath) -> bool {
        let may = self.0.contains_key(path);
        self.0.retain(|at, _| !at.is_within(path) || path.is_root());
        may
    }

    pub(super) fn rename(&mut self, from: &DataPath, to: &DataPath) -> bool {
        let in_the_way = self.is_folder(to) || (self.is_folder(from) && self.0.contains_key(to));
        if from.is_root() || !self.0.contains_key(from) || to.is_within(from) || !self.has_parent(to) || in_the_way {
            return false;
        }
        let moving: Vec<_> =
            self.0.iter().filter(|(at, _)| at.is_within(from)).map(|(at, item)| (at.clone(), item.clone())).collect();
        self.remove(from);
        self.0.extend(moving.into_iter().map(|(at, item)| (at.moved(from, to).expect("within"), item)));
        true
    }

    /// Makes `path` what it is in `other`, with the folders above it.
    pub(super) fn restore(&mut self, path: &DataPath, other: &Plain) -> bool {
        if !path.is_root() && !other.0.contains_key(path) {
            return self.remove(path);
        }
        let mut above = Vec::new();
        let mut at = path.parent();
        while let Some(folder) = at.filter(|folder| !folder.is_root()) {
            at = folder.parent();
            above.push(folder);
        }
        if above.iter().any(|folder| self.0.contains_key(folder) && !self.is_folder(folder)) {
            return false;
        }
        above.into_iter().for_each(|folder| drop(self.0.insert(folder, Item::Folder)));
        self.0.retain(|at, _| !at.is_within(path));
        self.0.extend(other.0.iter().filter(|(at, _)| at.is_within(path)).map(|(at, item)| (at.clone(), item.clone())));
        true
    }
}
