//! The images of a view, found by their names alone, and their keys.
//!
//! An image's key is the path in the base of the bytes that show, so that it
//! stays the same when the image is moved: another class, another folder. What
//! is new in the overlay has its own path for a key.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::Result;
use crate::base::Row;
use crate::dataset::view::{Node, Place, View};
use crate::model::{DataPath, Kind};
use crate::table::images::{Layout, is_image};

/// An image of a view.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) path: DataPath,
    /// The base's file whose bytes it has, where that has another path.
    moved: Option<(Row, DataPath)>,
}

/// What a walk over a view finds.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// In order of path.
    pub(super) all: Vec<Image>,
    /// Folders with nothing in them.
    empty: Vec<DataPath>,
}

/// The path in the base of the bytes of a file, where all that shows is the base's.
fn base_path(view: &View, node: &Node) -> Result<Option<(Row, DataPath)>> {
    match node.place {
        Place::Source { row } => Ok(Some((row, view.base().path(row)?))),
        _ => Ok(None),
    }
}

impl Images {
    /// Looks at all names of a view.
    pub(super) fn of(view: &View) -> Result<Images> {
        let mut images = Images::default();
        let may_move = !view.overlay().is_empty();
        images.folder(view, &view.root()?, may_move)?;
        images.all.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(images)
    }

    fn folder(&mut self, view: &View, folder: &Node, may_move: bool) -> Result<()> {
        let children = view.children(folder)?;
        if children.is_empty() {
            self.empty.push(folder.path.clone());
        }
        for child in children {
            if child.is_folder() {
                self.folder(view, &child, may_move)?;
            } else if child.entry.kind == Kind::File && is_image(child.name()) {
                let from = if may_move { base_path(view, &child)? } else { None };
                let moved = from.filter(|(_, path)| *path != child.path);
                self.all.push(Image { path: child.path, moved });
            }
        }
        Ok(())
    }

    /// What the folders mean; `are_classes`: whether nothing but a folder's name may say an image's class.
    ///
    /// What the source has as folders of classes stays that, however few classes are left.
    pub(super) fn layout(&self, view: &View, are_classes: bool) -> Result<Layout> {
        let folders = self.folders();
        if !are_classes {
            return Ok(Layout::of(&folders).without_classes());
        }
        let layout = Layout::with_empty(&folders, &self.empty, None);
        if view.overlay().is_empty() || !layout.is_in_doubt() {
            return Ok(layout);
        }
        let source = View { overlay: view.overlay().with_nothing(), ..view.clone() };
        let images = Images::of(&source)?;
        let first = Layout::with_empty(&images.folders(), &images.empty, None);
        Ok(Layout::with_empty(&folders, &self.empty, Some(&first)))
    }

    fn folders(&self) -> BTreeSet<DataPath> {
        let mut folders = BTreeSet::new();
        let mut last = None;
        for image in &self.all {
            let folder = image.path.parent();
            if folder != last {
                folders.extend(folder.clone());
                last = folder;
            }
        }
        folders
    }

    /// The keys of those images whose key is not their path, by place in the list.
    pub(super) fn keys(&self, view: &View) -> Result<HashMap<usize, String>> {
        let (mut keys, mut taken) = (HashMap::new(), HashSet::new());
        for (at, image) in self.all.iter().enumerate() {
            let Some((row, path)) = &image.moved else { continue };
            // Of two that show the same bytes, the one in the old place goes on, or the first.
            let there = view.node(path)?.map(|node| node.place);
            if there != Some(Place::Source { row: *row }) && taken.insert(path.clone()) {
                keys.insert(at, path.to_string());
            }
        }
        if taken.is_empty() {
            return Ok(keys);
        }
        for (at, image) in self.all.iter().enumerate() {
            // A new file stands where an image was that moved away and kept its key.
            if taken.contains(&image.path) && !keys.contains_key(&at) {
                keys.insert(at, format!("{}#new", image.path));
            }
        }
        Ok(keys)
    }
}
