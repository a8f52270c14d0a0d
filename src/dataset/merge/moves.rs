//! What both sides of a merge took from its place: each elsewhere, or one elsewhere and the other for good.
//!
//! Path by path there is nothing at odds, for both say that the old place is empty. But one file would be in two
//! places then, an image under two labels, or one that was removed would be back.

use std::collections::{BTreeMap, BTreeSet};

use super::Sayings;
use crate::Result;
use crate::dataset::edit::content_of;
use crate::dataset::view::{Node, Place, View};
use crate::model::{Change, Content, DataPath, Id};

/// What a file or a folder is, wherever it shows.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// A file of the source, edited or not.
    Source(DataPath),
    /// Content of the store.
    Blob(Id),
    /// A folder that shows the entries of the base's folder of this path.
    Folder(DataPath),
}

/// A side of a merge: what it shows, and what it says that the revision before does not.
pub(super) type Side<'a> = (&'a View, &'a Sayings);

/// The new places at odds, and why.
pub(super) fn moved_apart(before: &View, ours: Side<'_>, theirs: Side<'_>) -> Result<Vec<(DataPath, &'static str)>> {
    let [from_us, from_them] = [arrivals(ours.1), arrivals(theirs.1)];
    if from_us.is_empty() && from_them.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for path in ours.1.keys().chain(theirs.1.keys()).collect::<BTreeSet<_>>() {
        let Some(node) = before.node(path)? else { continue };
        if !is_gone(ours, path)? || !is_gone(theirs, path)? || is_below(&from_us, path) || is_below(&from_them, path) {
            continue;
        }
        let Some(origin) = origin_of(before, &node)? else { continue };
        let nowhere = BTreeSet::new();
        let [to_us, to_them] = [&from_us, &from_them].map(|from| from.get(&origin).unwrap_or(&nowhere));
        let why = match (to_us.is_empty(), to_them.is_empty()) {
            (false, false) => "both moved it, each elsewhere",
            (false, true) => "moved by us and removed by them",
            (true, _) => "moved by them and removed by us",
        };
        found.extend(to_us.symmetric_difference(to_them).map(|to| ((*to).clone(), why)));
    }
    Ok(found)
}

/// Where a side has put what is elsewhere before.
pub(super) fn arrivals(said: &Sayings) -> BTreeMap<Origin, BTreeSet<&DataPath>> {
    let mut found: BTreeMap<Origin, BTreeSet<&DataPath>> = BTreeMap::new();
    for (path, (was, is)) in said {
        let origin = is.as_ref().and_then(origin_of_change);
        let is_here = match &origin {
            None => true,
            Some(Origin::Source(from) | Origin::Folder(from)) => from == path,
            Some(Origin::Blob(_)) => false,
        };
        if !is_here && was.as_ref().and_then(origin_of_change) != origin {
            found.entry(origin.expect("it is not here")).or_default().insert(path);
        }
    }
    found
}

fn origin_of_change(change: &Change) -> Option<Origin> {
    match change {
        Change::File(file) => Some(origin_of_content(&file.content)),
        Change::Folder { from, .. } => from.clone().map(Origin::Folder),
        _ => None,
    }
}

fn origin_of_content(content: &Content) -> Origin {
    match content {
        Content::Source(path) | Content::Extents { over: path, .. } => Origin::Source(path.clone()),
        Content::Blob(id) => Origin::Blob(*id),
        Content::Rows { below, .. } => origin_of_content(below),
    }
}

pub(super) fn origin_of(view: &View, node: &Node) -> Result<Option<Origin>> {
    Ok(match &node.place {
        Place::Folder { base } => base.map(|row| view.base.path(row)).transpose()?.map(Origin::Folder),
        Place::Symlink(_) => None,
        place => Some(origin_of_content(&content_of(view, place)?)),
    })
}

/// Whether a side has nothing at a path, and does not hide what is there.
fn is_gone((view, said): Side<'_>, path: &DataPath) -> Result<bool> {
    let is_hidden = matches!(said.get(path), Some((_, Some(Change::Excluded { .. }))));
    Ok(!is_hidden && view.node(path)?.is_none())
}

/// Whether a folder above a path was moved: what is at odds below it is found by folder.
fn is_below(arrivals: &BTreeMap<Origin, BTreeSet<&DataPath>>, path: &DataPath) -> bool {
    let mut above = path.parent();
    while let Some(folder) = above {
        above = folder.parent();
        if arrivals.contains_key(&Origin::Folder(folder)) {
            return true;
        }
    }
    false
}
