//! Excluded files in a merge: where one side moved a file, or its folder, that the other excluded or included again.
//!
//! Who excludes hides a path, who moves takes the content from there. What was
//! meant is the sample, so what is hidden is wherever its content is by now.

use std::collections::{BTreeMap, HashMap};

use super::Sayings;
use crate::Result;
use crate::dataset::edit::content_of;
use crate::dataset::samples;
use crate::dataset::view::{Node, Place, View};
use crate::model::{Change, Content, DataPath};

/// Where a view shows what an overlay has moved.
pub(super) struct Moves<'a> {
    view: &'a View,
    /// The folders that show another one's entries: path and whose.
    folders: Vec<(DataPath, DataPath)>,
    files: HashMap<Content, Vec<DataPath>>,
    hidden: Vec<Hidden>,
}

/// A path that is excluded, and what it was.
type Hidden = (DataPath, Option<Change>);

impl<'a> Moves<'a> {
    pub(super) fn of(view: &'a View) -> Result<Moves<'a>> {
        let mut moves = Moves { view, folders: Vec::new(), files: HashMap::new(), hidden: Vec::new() };
        for (path, change) in view.overlay.entries()? {
            match change {
                Change::Folder { from: Some(from), .. } => moves.folders.push((path, from)),
                Change::File(file) => moves.files.entry(file.content).or_default().push(path),
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
        let mut found = self.files.get(&content).cloned().unwrap_or_default();
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

    /// What is excluded, each with the content that it has once it shows.
    fn hidden_contents(&self) -> Result<Vec<(Content, &Hidden)>> {
        let shown = View { overlay: self.view.overlay.with(self.hidden.iter().cloned())?, ..self.view.clone() };
        let mut found = Vec::with_capacity(self.hidden.len());
        for hidden in &self.hidden {
            let node = shown.node(&hidden.0)?.filter(|node| !node.is_folder());
            if let Some(node) = node.filter(|node| !matches!(node.place, Place::Symlink(_))) {
                found.push((content_of(&shown, &node.place)?, hidden));
            }
        }
        Ok(found)
    }

    fn hidden_by_content(&self) -> Result<HashMap<Content, Vec<Hidden>>> {
        let mut found: HashMap<Content, Vec<Hidden>> = HashMap::new();
        for (content, hidden) in self.hidden_contents()? {
            found.entry(content).or_default().push(hidden.clone());
        }
        Ok(found)
    }
}

/// Where the files that were excluded before are excluded in another place by now.
struct StillHidden {
    /// What was excluded before: its content by its path.
    before: HashMap<DataPath, Content>,
    /// What each side excludes, by content.
    sides: [HashMap<Content, Vec<Hidden>>; 2],
    /// The same of what was merged.
    merged: HashMap<Content, Vec<Hidden>>,
}

impl StillHidden {
    fn of(before: &View, sides: [&View; 2], merged: &Moves<'_>) -> Result<StillHidden> {
        let was = Moves::of(before)?;
        let was = was.hidden_contents()?.into_iter().map(|(content, (path, _))| (path.clone(), content)).collect();
        let [ours, theirs] = sides.map(|side| Moves::of(side)?.hidden_by_content());
        Ok(StillHidden { before: was, sides: [ours?, theirs?], merged: merged.hidden_by_content()? })
    }

    /// What is to be said to show a file that a side included again at `path`, wherever it is excluded now. Who moved
    /// it along with its folder has it excluded still.
    fn to_show(&self, path: &DataPath, side: usize) -> Vec<Hidden> {
        let elsewhere = |of: &HashMap<Content, Vec<Hidden>>| -> Vec<Hidden> {
            let of_content = self.before.get(path).and_then(|content| of.get(content));
            of_content.into_iter().flatten().filter(|(other, _)| other != path).cloned().collect()
        };
        if elsewhere(&self.sides[side]).is_empty() { elsewhere(&self.merged) } else { Vec::new() }
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
    let of_side = |(side, (_, changes)): (usize, (&'s View, &'s Sayings))| {
        changes.iter().filter(turned).map(move |(path, (was, _))| (side, path, was.as_ref())).collect::<Vec<_>>()
    };
    let turned: Vec<_> = sides.into_iter().enumerate().flat_map(of_side).collect();
    if turned.is_empty() {
        return Ok(merged);
    }
    let moves = Moves::of(&merged)?;
    let (mut edits, mut moved) = (BTreeMap::new(), Vec::new());
    // Where nothing is excluded any more, nothing can be so in another place.
    let comes_back = !moves.hidden.is_empty() && turned.iter().any(|(_, _, was)| hidden(*was).is_some());
    let still = comes_back.then(|| StillHidden::of(before, sides.map(|(side, _)| side), &moves)).transpose()?;
    for (side, path, was) in turned {
        if hidden(was).is_some() {
            edits.extend(still.iter().flat_map(|still| still.to_show(path, side)));
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
pub(super) fn hidden(change: Option<&Change>) -> Option<Option<&Change>> {
    match change {
        Some(Change::Excluded { was }) => Some(was.as_deref()),
        _ => None,
    }
}

fn is_in_a_folder(view: &View, path: &DataPath) -> Result<bool> {
    let Some(parent) = path.parent() else { return Ok(true) };
    Ok(view.node(&parent)?.is_some_and(|node| node.is_folder()))
}
