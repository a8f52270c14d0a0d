//! Folders of classes as a class map: the folders' names are the classes, the images in them the labels.
//!
//! A class has a folder in each split that has images of it. Another name for
//! the class is one for each of these, with all that is in them; to merge
//! classes moves images, as another label for each does.

use std::collections::BTreeMap;

use super::join::{Joined, Wanted, folders_are_classes};
use crate::Result;
use crate::dataset::draft::Draft;
use crate::dataset::rows::{Class, Table};
use crate::dataset::view::{Node, View};
use crate::model::DataPath;

impl View {
    /// Whether folders of images are classes, where these are the tables in files.
    pub(in crate::dataset) fn has_class_folders(&self, tables: &[Table]) -> Result<bool> {
        if !folders_are_classes(tables) {
            return Ok(false);
        }
        Ok(!Joined::of(self, &Wanted::nothing())?.layout.classes.is_empty())
    }

    /// The classes in order of name, with the number of the images that show.
    pub(in crate::dataset) fn class_folders(&self) -> Result<Vec<Class>> {
        let joined = Joined::of(self, &Wanted::nothing())?;
        let mut count: BTreeMap<&str, u64> = BTreeMap::new();
        for sample in joined.samples.iter().filter(|sample| !joined.beside.excluded.contains(&sample.key)) {
            *count.entry(sample.class.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let labels = |name: &String| count.get(name.as_str()).copied().unwrap_or(0);
        Ok(joined
            .layout
            .classes
            .iter()
            .map(|name| Class { number: None, name: name.clone(), labels: labels(name) })
            .collect())
    }
}

impl Draft {
    /// Gives the folders of a class another name; returns how many images are in them.
    ///
    /// # Errors
    /// `AlreadyExists` where something has the new name.
    pub(in crate::dataset) fn rename_class_folders(&mut self, from: &str, to: &str) -> Result<usize> {
        let joined = Joined::of(&self.view, &Wanted::nothing())?;
        for (old, root) in self.folders_of(&joined, from)? {
            self.rename(&old.path, &root.join(to.as_bytes())?)?;
        }
        Ok(joined.samples.iter().filter(|sample| sample.class.as_deref() == Some(from)).count())
    }

    /// Makes a folder for a new class wherever there are some.
    pub(in crate::dataset) fn add_class_folders(&mut self, name: &str) -> Result<()> {
        for root in Joined::of(&self.view, &Wanted::nothing())?.layout.roots {
            self.make_folder(&root.join(name.as_bytes())?)?;
        }
        Ok(())
    }

    /// Moves all images of some classes to the folders of another one; returns how many. No image may be excluded.
    pub(in crate::dataset) fn merge_class_folders(&mut self, from: &[String], into: &str) -> Result<usize> {
        let joined = Joined::of(&self.view, &Wanted::nothing())?;
        let is_from = |class: &String| class != into && from.contains(class);
        let moved: BTreeMap<usize, String> = (0..joined.samples.len())
            .filter(|at| joined.samples[*at].class.as_ref().is_some_and(is_from))
            .map(|at| (at, into.to_owned()))
            .collect();
        let count = moved.len();
        self.relabel(&joined, moved)?;
        for class in from.iter().filter(|class| is_from(class)) {
            for (folder, _) in self.folders_of(&joined, class)? {
                if is_without_files(&self.view, &folder)? {
                    self.remove(&folder.path, true)?;
                }
            }
        }
        Ok(count)
    }

    /// The folders of a class, each with the one that it is in.
    fn folders_of(&self, joined: &Joined, class: &str) -> Result<Vec<(Node, DataPath)>> {
        let mut found = Vec::new();
        for root in &joined.layout.roots {
            let node = self.view.node(&root.join(class.as_bytes())?)?;
            found.extend(node.filter(Node::is_folder).map(|node| (node, root.clone())));
        }
        Ok(found)
    }
}

fn is_without_files(view: &View, folder: &Node) -> Result<bool> {
    for child in view.children(folder)? {
        if !child.is_folder() || !is_without_files(view, &child)? {
            return Ok(false);
        }
    }
    Ok(true)
}
