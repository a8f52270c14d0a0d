//! What differs between two views, told by path.
//!
//! Candidates are the paths on which the overlays do not agree (and, across two
//! bases, on which the bases do not); each is then resolved in both views. What
//! went from one path and came at another with the same content, or an edit of
//! it, was renamed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::rows::is_class_merge;
use super::view::{Node, Place, Target, View};
use crate::Result;
use crate::base::Base;
use crate::base::compare::{CompareOptions, compare};
use crate::model::{Change, DataPath, Extent, FileChange, Id, PathChange, What};

/// Returns the paths that differ, in order.
///
/// A removed or renamed folder is one entry, followed by what else differs below
/// it. A folder's mtime alone is no difference: it follows from what is done in it.
pub fn diff(from: &View, to: &View) -> Result<Vec<PathChange>> {
    let mut candidates = overlay_candidates(from, to)?;
    if from.base.id() != to.base.id() {
        add_base_candidates(from, to, &mut candidates)?;
    }
    let mut sides = Sides { from, to, found: BTreeMap::new() };
    let (mut in_from, mut in_to) = (Resolver::new(from), Resolver::new(to));
    for path in &candidates {
        let (before, after) = (in_from.node(path)?, in_to.node(path)?);
        sides.compare(path, before, after)?;
    }
    sides.forget_what_went_with_its_folder();
    for (old, new) in sides.match_renames(Node::is_folder, identity)? {
        sides.compare_below_rename(&old, &new, &candidates)?;
    }
    sides.match_renames(|node| !node.is_folder(), identity)?;
    sides.match_renames(|node| !node.is_folder(), origin)?;
    let mut changes: Vec<_> = sides.found.into_iter().map(|(path, found)| found.into_change(path)).collect();
    // What is said of samples shows in a file that mounts have beside the dataset.
    if says_other_of_samples(from, to, changes.is_empty())? {
        let path = super::samples::path();
        let at = changes.partition_point(|change| change.path < path);
        changes.insert(at, PathChange { path, what: What::Modified, from: None, size_before: None, size_after: None });
    }
    Ok(changes)
}

/// Whether two views say something else of samples; that classes were merged shows by the labels, if there are any.
fn says_other_of_samples(from: &View, to: &View, is_all: bool) -> Result<bool> {
    let (from, to) = (from.overlay.samples()?, to.overlay.samples()?);
    if from.root() == to.root() {
        return Ok(false);
    }
    Ok(is_all || from.diff(&to)?.iter().any(|it| !is_class_merge(&it.address)))
}

fn overlay_candidates(from: &View, to: &View) -> Result<BTreeSet<DataPath>> {
    Ok(from.overlay.diff(&to.overlay)?.into_iter().map(|difference| difference.path).collect())
}

/// The paths at which two bases differ, in order.
pub(super) fn changed_paths(before: &Base, after: &Base) -> Result<Vec<DataPath>> {
    compare(before, after, CompareOptions::default()).map(|difference| Ok(difference?.path)).collect()
}

/// Adds every path at which one of the views shows something that differs between the bases.
fn add_base_candidates(from: &View, to: &View, candidates: &mut BTreeSet<DataPath>) -> Result<()> {
    let changed = changed_paths(&from.base, &to.base)?;
    for view in [from, to] {
        for (path, change) in view.overlay.entries()? {
            match change {
                Change::Folder { from: Some(of), .. } if of != path => {
                    candidates.extend(changed.iter().filter_map(|changed| changed.moved(&of, &path)));
                }
                Change::File(FileChange { content, .. })
                    if content.source().is_some_and(|of| changed.binary_search(of).is_ok()) =>
                {
                    candidates.insert(path);
                }
                _ => {}
            }
        }
    }
    candidates.extend(changed);
    Ok(())
}

/// Resolves many paths of one view; the folders on the way are looked up once.
struct Resolver<'a> {
    view: &'a View,
    folders: HashMap<DataPath, Option<Node>>,
}

impl<'a> Resolver<'a> {
    fn new(view: &'a View) -> Resolver<'a> {
        Resolver { view, folders: HashMap::new() }
    }

    fn node(&mut self, path: &DataPath) -> Result<Option<Node>> {
        let Some(parent) = path.parent() else { return self.view.root().map(Some) };
        match self.folder(parent)? {
            Some(folder) => self.view.child(&folder, path.name()),
            None => Ok(None),
        }
    }

    fn folder(&mut self, path: DataPath) -> Result<Option<Node>> {
        if let Some(known) = self.folders.get(&path) {
            return Ok(known.clone());
        }
        let node = self.node(&path)?.filter(Node::is_folder);
        self.folders.insert(path, node.clone());
        Ok(node)
    }
}

struct Sides<'a> {
    from: &'a View,
    to: &'a View,
    /// By the path in the later state where there is one.
    found: BTreeMap<DataPath, Found>,
}

struct Found {
    what: What,
    from: Option<DataPath>,
    before: Option<Node>,
    after: Option<Node>,
}

impl Found {
    fn into_change(self, path: DataPath) -> PathChange {
        let size = |node: Option<Node>| node.filter(|node| !node.is_folder()).map(|node| node.entry.size);
        PathChange {
            path,
            what: self.what,
            from: self.from,
            size_before: size(self.before),
            size_after: size(self.after),
        }
    }
}

impl Sides<'_> {
    /// Notes how the path differs, if it does; goes into folders that show other folders of the base.
    fn compare(&mut self, path: &DataPath, before: Option<Node>, after: Option<Node>) -> Result<()> {
        let what = match (&before, &after) {
            (None, None) => return Ok(()),
            (None, Some(_)) => What::Added,
            (Some(_), None) => What::Removed,
            (Some(before), Some(after)) => {
                if before.is_folder()
                    && after.is_folder()
                    && self.shows(self.from, before)? != self.shows(self.to, after)?
                {
                    self.compare_children(before, after)?;
                }
                if self.is_same(before, after)? {
                    return Ok(());
                }
                What::Modified
            }
        };
        // A path below a folder that is another one now may be met twice.
        self.found.entry(path.clone()).or_insert(Found { what, from: None, before, after });
        Ok(())
    }

    fn compare_children(&mut self, before: &Node, after: &Node) -> Result<()> {
        let mut pairs: BTreeMap<DataPath, (Option<Node>, Option<Node>)> = BTreeMap::new();
        for child in self.from.children(before)? {
            let path = child.path.clone();
            pairs.entry(path).or_default().0 = Some(child);
        }
        for child in self.to.children(after)? {
            let in_before = child.path.moved(&after.path, &before.path).expect("a child lies within");
            pairs.entry(in_before).or_default().1 = Some(child);
        }
        for (path, (old, new)) in pairs {
            let path = new.as_ref().map_or(path, |new| new.path.clone());
            self.compare(&path, old, new)?;
        }
        Ok(())
    }

    fn forget_what_went_with_its_folder(&mut self) {
        let gone: BTreeSet<DataPath> = self
            .found
            .iter()
            .filter(|(_, found)| found.what == What::Removed && found.before.as_ref().is_some_and(Node::is_folder))
            .map(|(path, _)| path.clone())
            .collect();
        self.found.retain(|path, found| {
            let mut above = path.parent();
            while let Some(folder) = above {
                if found.what == What::Removed && gone.contains(&folder) {
                    return false;
                }
                above = folder.parent();
            }
            true
        });
    }

    /// Turns a removed and an added entry that are the same one into a renamed one; returns these pairs of paths.
    fn match_renames(
        &mut self,
        of: impl Fn(&Node) -> bool,
        identity: impl Fn(&View, &Node) -> Result<Option<Identity>>,
    ) -> Result<Vec<(DataPath, DataPath)>> {
        let mut gone: HashMap<Identity, Vec<DataPath>> = HashMap::new();
        let mut came = Vec::new();
        for (path, found) in self.found.iter().rev() {
            match (found.what, &found.before, &found.after) {
                (What::Removed, Some(node), _) if of(node) => {
                    if let Some(identity) = identity(self.from, node)? {
                        gone.entry(identity).or_default().push(path.clone());
                    }
                }
                (What::Added, _, Some(node)) if of(node) => came.push((path.clone(), identity(self.to, node)?)),
                _ => {}
            }
        }
        let mut pairs = Vec::new();
        for (new, identity) in came.into_iter().rev() {
            let Some(old) = identity.and_then(|identity| gone.get_mut(&identity)?.pop()) else { continue };
            let before = self.found.remove(&old).and_then(|found| found.before);
            if let Some(found) = self.found.get_mut(&new) {
                (found.what, found.from, found.before) = (What::Renamed, Some(old.clone()), before);
            }
            pairs.push((old, new));
        }
        Ok(pairs)
    }

    /// Compares what is below a renamed folder with what was below it under its old path.
    fn compare_below_rename(&mut self, old: &DataPath, new: &DataPath, candidates: &BTreeSet<DataPath>) -> Result<()> {
        let mut below: BTreeSet<DataPath> =
            candidates.iter().filter(|path| path.is_within(new) && *path != new).cloned().collect();
        below.extend(candidates.iter().filter(|path| *path != old).filter_map(|path| path.moved(old, new)));
        for path in below {
            let Some(old_path) = path.moved(new, old) else { continue };
            // It came from elsewhere, into the renamed folder.
            if self.found.get(&path).is_some_and(|found| found.what == What::Renamed) {
                continue;
            }
            self.found.remove(&path);
            let (before, after) = (self.from.node(&old_path)?, self.to.node(&path)?);
            let told_as = if after.is_some() { &path } else { &old_path };
            self.compare(told_as, before, after)?;
        }
        Ok(())
    }

    /// The base's folder whose children a folder shows.
    fn shows(&self, view: &View, node: &Node) -> Result<Option<DataPath>> {
        match node.place {
            Place::Folder { base: Some(row) } => view.base.path(row).map(Some),
            _ => Ok(None),
        }
    }

    fn is_same(&self, before: &Node, after: &Node) -> Result<bool> {
        let (a, b) = (&before.entry, &after.entry);
        if a.kind != b.kind || a.mode != b.mode {
            return Ok(false);
        }
        if before.is_folder() {
            return Ok(true);
        }
        Ok(a.size == b.size && a.mtime_ns == b.mtime_ns && bytes_of(self.from, before)? == bytes_of(self.to, after)?)
    }
}

/// What makes an entry the same one at another path. Empty files and new folders are too alike to tell.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Folder(DataPath),
    File(Bytes),
    EditOf(DataPath),
}

/// Where bytes come from: equal for equal bytes of one base, and across bases while the file stayed the same.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Bytes {
    Source { path: DataPath, size: u64, mtime_ns: i64 },
    Blob(Id),
    Extents(DataPath, Vec<(u64, u64, Id)>),
    Rows(Box<Bytes>, Id),
    Target(Vec<u8>),
}

fn identity(view: &View, node: &Node) -> Result<Option<Identity>> {
    Ok(match &node.place {
        Place::Folder { base: Some(row) } => Some(Identity::Folder(view.base.path(*row)?)),
        Place::Folder { base: None } => None,
        _ if node.entry.size == 0 => None,
        _ => Some(Identity::File(bytes_of(view, node)?)),
    })
}

/// What a file is an edit of, so that it is the same one though it was edited, too, where it went.
fn origin(view: &View, node: &Node) -> Result<Option<Identity>> {
    Ok(match node.place.below() {
        _ if node.entry.size == 0 => None,
        Place::Source { row } | Place::Extents { row, .. } => Some(Identity::EditOf(view.base.path(*row)?)),
        Place::Blob(id) => Some(Identity::File(Bytes::Blob(*id))),
        _ => None,
    })
}

fn bytes_of(view: &View, node: &Node) -> Result<Bytes> {
    bytes_in(view, &node.place)
}

/// Whether two places show the same bytes.
pub(super) fn has_same_bytes(a: (&View, &Place), b: (&View, &Place)) -> Result<bool> {
    Ok(bytes_in(a.0, a.1)? == bytes_in(b.0, b.1)?)
}

/// Adds to `key` what makes the bytes of `place` the same, within one source.
pub(super) fn say_bytes(view: &View, place: &Place, key: &mut Vec<u8>) -> Result<()> {
    key.extend_from_slice(format!("{:?}", bytes_in(view, place)?).as_bytes());
    Ok(())
}

fn bytes_in(view: &View, place: &Place) -> Result<Bytes> {
    Ok(match place {
        Place::Rows { below, rows } => Bytes::Rows(Box::new(bytes_in(view, below)?), *rows),
        Place::Folder { .. } => Bytes::Target(Vec::new()),
        Place::Source { row } => {
            let recorded = view.base.entry(*row)?;
            Bytes::Source { path: view.base.path(*row)?, size: recorded.size, mtime_ns: recorded.mtime_ns }
        }
        Place::Blob(id) => Bytes::Blob(*id),
        Place::Extents { row, extents } => Bytes::Extents(view.base.path(*row)?, summary(extents)),
        Place::Symlink(Target::Overlay(target)) => Bytes::Target(target.to_vec()),
        Place::Symlink(Target::Base(row)) => Bytes::Target(view.base.link_target(*row)?.to_vec()),
    })
}

fn summary(extents: &Arc<[Extent]>) -> Vec<(u64, u64, Id)> {
    extents.iter().map(|extent| (extent.offset, extent.replaced, extent.blob)).collect()
}
