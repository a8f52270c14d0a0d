//! Excluded files in a merge: where one side moved a file, or its folder, that the other excluded or included again.
//!
//! Who excludes hides a path, who moves takes the content from there. What was
//! meant is the sample, so what is hidden is wherever its content is by now.

use std::collections::BTreeMap;

use super::edit::content_of;
use super::merge::Sayings;
use super::samples;
use super::view::{Node, Place, View};
use crate::Result;
use crate::model::{Change, Content, DataPath};

/// Where a view shows what an overlay has moved.
pub(super) struct Moves<'a> {
    view: &'a View,
    /// The folders that show another one's entries: path and whose.
    folders: Vec<(DataPath, DataPath)>,
    files: Vec<(DataPath, Content)>,
    hidden: Vec<(DataPath, Option<Change>)>,
}

impl<'a> Moves<'a> {
    pub(super) fn of(view: &'a View) -> Result<Moves<'a>> {
        let mut moves = Moves { view, folders: Vec::new(), files: Vec::new(), hidden: Vec::new() };
        for (path, change) in view.overlay.entries()? {
            match change {
                Change::Folder { from: Some(from), .. } => moves.folders.push((path, from)),
                Change::File(file) => moves.files.push((path, file.content)),
                Change::Excluded { was } => moves.hidden.push((path, was.map(|was| *was))),
                _ => {}
            }
        }
        Ok(moves)
    }

    /// Where the content that `node` had in `before` shows now.
    pub(super) fn find(&self, before: &View, node: &Node) -> Result<Option<DataPath>> {
        if node.is_folder() || matches!(node.place, Place::Symlink(_)) {
            return Ok(None);
        }
        let content = content_of(before, &node.place)?;
        let of_files = self.files.iter().filter(|(_, other)| *other == content).map(|(path, _)| path.clone());
        let mut found: Vec<DataPath> = of_files.collect();
        if let Place::Source { row } = node.place {
            let home = before.base.path(row)?;
            found.extend(self.folders.iter().filter_map(|(path, from)| home.moved(from, path)));
            found.push(home);
        }
        for path in found {
            if self.view.node(&path)?.is_some_and(|there| there.place == node.place) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

/// Whether a side excluded a file that the other one moved elsewhere.
pub(super) fn is_moved_and_excluded(
    before: &View,
    path: &DataPath,
    (excluder, mover): (Option<&Change>, Option<&Change>),
    moves: Option<&Moves<'_>>,
) -> Result<bool> {
    let Some(moves) = moves else { return Ok(false) };
    if !matches!(excluder, Some(Change::Excluded { .. })) || !matches!(mover, None | Some(Change::Removed)) {
        return Ok(false);
    }
    let Some(node) = before.node(path)? else { return Ok(false) };
    Ok(moves.find(before, &node)?.is_some())
}

/// Hides in what was merged what a side excluded and the other has moved, and shows what a side included.
pub(super) fn follow_moved<'s>(before: &View, merged: View, sides: [(&'s View, &'s Sayings); 2]) -> Result<View> {
    let turned = |(_, (was, is)): &(&DataPath, &(Option<Change>, Option<Change>))| {
        hidden(was.as_ref()).is_some() != hidden(is.as_ref()).is_some()
    };
    let of_side = |(side, changes): (&'s View, &'s Sayings)| {
        changes.iter().filter(turned).map(move |(path, (was, _))| (side, path, was.as_ref())).collect::<Vec<_>>()
    };
    let turned: Vec<_> = sides.into_iter().flat_map(of_side).collect();
    if turned.is_empty() {
        return Ok(merged);
    }
    let moves = Moves::of(&merged)?;
    let (mut edits, mut moved) = (BTreeMap::new(), Vec::new());
    for (side, path, was) in turned {
        if let Some(was) = hidden(was) {
            // Who moved it along with its folder has it excluded still.
            if still_hidden(before, path, was, &Moves::of(side)?)?.is_empty() {
                edits.extend(still_hidden(before, path, was, &moves)?);
            }
            continue;
        }
        let stays = merged.overlay.get(path)?;
        if hidden(stays.as_ref()).is_some() && is_in_a_folder(&merged, path)? {
            continue;
        }
        let Some(node) = before.node(path)? else { continue };
        let Some(to) = moves.find(before, &node)? else { continue };
        edits.insert(to.clone(), Some(Change::Excluded { was: merged.overlay.get(&to)?.map(Box::new) }));
        if hidden(stays.as_ref()).is_some() {
            edits.insert(path.clone(), None);
        }
        if !matches!(node.place, Place::Source { .. }) {
            moved.push((path.to_string(), to.to_string()));
        }
    }
    if edits.is_empty() {
        return Ok(merged);
    }
    let mut overlay = merged.overlay.with(edits)?;
    if !moved.is_empty() {
        let samples = samples::carried(&overlay.samples()?, &moved)?;
        overlay = overlay.with_samples(&samples)?;
    }
    Ok(View { overlay, ..merged.clone() })
}

/// What an excluded file was; `None` where it is not excluded.
fn hidden(change: Option<&Change>) -> Option<Option<&Change>> {
    match change {
        Some(Change::Excluded { was }) => Some(was.as_deref()),
        _ => None,
    }
}

fn is_in_a_folder(view: &View, path: &DataPath) -> Result<bool> {
    let Some(parent) = path.parent() else { return Ok(true) };
    Ok(view.node(&parent)?.is_some_and(|node| node.is_folder()))
}

/// Where a file that was excluded at `path` is excluded in another place, and what is to be said there to show it.
fn still_hidden(
    before: &View,
    path: &DataPath,
    was: Option<&Change>,
    moves: &Moves<'_>,
) -> Result<Vec<(DataPath, Option<Change>)>> {
    let place = |view: &View, path: &DataPath, was: Option<&Change>| -> Result<Option<Place>> {
        let overlay = view.overlay.with([(path.clone(), was.cloned())])?;
        Ok(View { overlay, ..view.clone() }.node(path)?.map(|node| node.place))
    };
    let Some(wanted) = place(before, path, was)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (other, was) in moves.hidden.iter().filter(|(other, _)| other != path) {
        if place(moves.view, other, was.as_ref())?.as_ref() == Some(&wanted) {
            found.push((other.clone(), was.clone()));
        }
    }
    Ok(found)
}
