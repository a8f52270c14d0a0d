//! Three-way merge: what both sides changed since the revision that they share.
//!
//! It goes key by key over the overlays, and by folder where one side changed
//! what shows in a folder (removed, renamed or replaced it) and the other
//! something below. A conflict is a value, not an error.
//!
//! | module | what it knows |
//! |---|---|
//! | `bases` | sides over one base, where one of them was refreshed |
//! | `moves`, `renames` | what a side moved: at odds with the other, and with the other's edits in its new place |
//! | `hidden`, `excluded`, `both_hidden` | samples that are excluded: their files, their rows of one side, and of both |

mod bases;
mod both_hidden;
mod excluded;
mod hidden;
mod moves;
mod renames;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use self::bases::{Odd, add_odd};
use self::hidden::{Moves, follow_moved, hidden, is_moved_and_excluded};
use self::moves::{Side, moved_apart};
use super::commit::NewRevision;
use super::conflict::{Conflict, Outcome, Prefer};
use super::rows::{
    FileSides, MergedClasses, RenamedRows, RowConflict, RowMerge, folders_merged_since, merge_beside, merge_rows,
};
use super::view::{Place, View};
use super::within::{above, is_beneath};
use super::{Dataset, diff, now_ns, samples};
use crate::model::{BranchName, Change, Content, DataPath, Id, RefName};
use crate::overlay::Rows;
use crate::store::{Batch, RefSwap};
use crate::{Error, Result};

pub(in crate::dataset) use self::bases::Odds;

/// The permission bits of a class's folder that is made again.
const FOLDER_MODE: u32 = 0o755;

/// What to merge into what.
#[derive(Clone, Copy, Debug)]
pub struct MergeRequest<'a> {
    /// The revision to merge.
    pub theirs: Id,
    /// The branch that moves.
    pub into: &'a BranchName,
    /// Who does it.
    pub author: &'a str,
    /// Why.
    pub message: &'a str,
    /// What to do on a conflict; `None` gives it back.
    pub prefer: Option<Prefer>,
}

impl Dataset {
    /// Merges a revision into a branch.
    pub fn merge(&self, request: &MergeRequest<'_>) -> Result<Outcome> {
        let head = self.head(request.into)?;
        let base = self.merge_base(head.id, request.theirs)?;
        if base == Some(request.theirs) {
            return Ok(Outcome::UpToDate);
        }
        if base == Some(head.id) {
            let swap = RefSwap {
                name: RefName::head(&self.name, request.into),
                expected: Some(head),
                new: Some(request.theirs),
            };
            self.store.apply(&Batch { swaps: vec![swap], ..Batch::default() })?;
            return Ok(Outcome::FastForward { revision: request.theirs });
        }
        let base = base.ok_or_else(|| {
            Error::invalid("revision to merge", &request.theirs.short(), "it has no revision in common with the branch")
        })?;
        let dataset = self.for_writing();
        let views = (dataset.view(base)?, dataset.view(head.id)?, dataset.view(request.theirs)?);
        let merge = Merge { before: &views.0, ours: &views.1, theirs: &views.2, prefer: request.prefer };
        self.conclude(merge, request, vec![head.id, request.theirs])
    }

    /// Makes a revision on `branch` that takes back what the revision `id` changed against its first parent.
    ///
    /// Of a refresh that is nothing: what it recorded is how the source is.
    ///
    /// # Errors
    /// `Invalid` for an import: there is nothing before it.
    pub fn revert(&self, id: Id, branch: &BranchName, author: &str, prefer: Option<Prefer>) -> Result<Outcome> {
        let revision = self.revision(id)?;
        let Some(parent) = revision.parents.first() else {
            return Err(Error::invalid(
                "revision to revert",
                &id.short(),
                "it is an import: there is nothing before it",
            ));
        };
        let head = self.head(branch)?;
        let dataset = self.for_writing();
        let ours = dataset.view(head.id)?;
        // What a refresh recorded of the source cannot be taken back: only edits can.
        let over_ours = |id| Ok::<_, Error>(self.laid_over(&dataset.view(id)?, &ours.base, id)?.0);
        let views = (over_ours(id)?, ours.clone(), over_ours(*parent)?);
        let subject = revision.message.lines().next().unwrap_or_default();
        let message = format!("revert \"{subject}\"\n\nThis takes back revision {}.", id.short());
        let merge = Merge { before: &views.0, ours: &views.1, theirs: &views.2, prefer };
        let request = MergeRequest { theirs: *parent, into: branch, author, message: &message, prefer };
        self.conclude(merge, &request, vec![head.id])
    }

    fn conclude(&self, merge: Merge<'_>, request: &MergeRequest<'_>, parents: Vec<Id>) -> Result<Outcome> {
        let ours = merge.ours;
        let merged = match self.merged(&merge, *parents.first().expect("ours"))? {
            Merged::Conflicts(conflicts) => return Ok(Outcome::Conflicts(conflicts)),
            Merged::Clean(view) => view,
        };
        let changes = diff(ours, &merged)?;
        if changes.is_empty() && parents.len() == 1 {
            return Ok(Outcome::UpToDate);
        }
        let head = self.head(request.into)?;
        if Some(&head.id) != parents.first() {
            let name = request.into.to_string();
            return Err(Error::new(crate::ErrorKind::RefMoved { name }));
        }
        let (author, message) = (request.author, request.message);
        let new = NewRevision { view: &merged, parents, author, message, changes: &changes };
        let revision = self.move_branch(request.into, Some(head), &new, None)?;
        Ok(Outcome::Done { revision, changes: changes.len() as u64 })
    }
}

/// The paths from which a side moved what it has within conflicts that the other side wins: if it were removed there
/// all the same, nobody would have it.
fn not_to_be_lost(changes: &Sayings, conflicts: &Odds) -> Vec<DataPath> {
    let is_dropped = |path: &DataPath| is_beneath(path, conflicts);
    let content = |change: &Option<Change>| match change {
        Some(Change::File(file)) => Some(file.content.clone()),
        _ => None,
    };
    let dropped = changes.iter().filter(|(path, _)| is_dropped(path));
    let dropped: HashSet<Content> = dropped.filter_map(|(_, (_, after))| content(after)).collect();
    let was_moved = |(path, (before, after)): &(&DataPath, &(Option<Change>, Option<Change>))| {
        let was = if before.is_none() { Some(Content::Source((*path).clone())) } else { content(before) };
        let is_gone = matches!(after, None | Some(Change::Removed)) && !is_dropped(path);
        is_gone && was.is_some_and(|was| dropped.contains(&was))
    };
    changes.iter().filter(was_moved).map(|(path, _)| path.clone()).collect()
}

/// The three views of a merge.
#[derive(Clone, Copy)]
pub(in crate::dataset) struct Merge<'a> {
    pub(in crate::dataset) before: &'a View,
    pub(in crate::dataset) ours: &'a View,
    pub(in crate::dataset) theirs: &'a View,
    pub(in crate::dataset) prefer: Option<Prefer>,
}

pub(in crate::dataset) enum Merged {
    Clean(View),
    Conflicts(Vec<Conflict>),
}

pub(in crate::dataset) type Sayings = BTreeMap<DataPath, (Option<Change>, Option<Change>)>;

/// What we and they say otherwise than before.
type BothSay<'a> = (&'a Sayings, &'a Sayings);

/// By file, the keys of rows of theirs that had to give way.
type Renamed = BTreeMap<DataPath, RenamedRows>;

/// What the merged overlay says otherwise than ours.
type Edits = BTreeMap<DataPath, Option<Change>>;

impl Merge<'_> {
    /// Merges sides that are over one base, see [`bases`]; `conflicts` are of bringing them there.
    pub(in crate::dataset) fn run(&self, mut conflicts: Odds) -> Result<Merged> {
        let (our_changes, their_changes) = (self.sayings(self.ours)?, self.sayings(self.theirs)?);
        let changes = (&our_changes, &their_changes);
        let (mut edits, renamed) = self.one_by_one(changes, &mut conflicts)?;
        self.folder_by_folder(changes, &mut conflicts, &mut edits)?;
        for (path, why) in moved_apart(self.before, (self.ours, &our_changes), (self.theirs, &their_changes))? {
            add_odd(&mut conflicts, path, (why, Vec::new()));
        }
        self.give_way(changes, &conflicts, &mut edits)?;
        let mut merged = View { overlay: self.ours.overlay.with(edits)?, ..self.ours.clone() };
        let mut hidden = Vec::new();
        let said = self.samples(&merged, &renamed, &mut hidden)?;
        for (path, row) in hidden {
            add_odd(&mut conflicts, path, same_rows(vec![row]));
        }
        match said {
            Ok(samples) => merged.overlay = merged.overlay.with_samples(&samples)?,
            Err(found) => add_odd(&mut conflicts, samples::path(), ("both changed the same of its samples", found)),
        }
        if self.prefer.is_none() && !conflicts.is_empty() {
            return self.conflicts(conflicts).map(Merged::Conflicts);
        }
        follow_moved(self.before, merged, [(self.ours, &our_changes), (self.theirs, &their_changes)]).map(Merged::Clean)
    }

    /// What their changes make of our overlay, path by path.
    fn one_by_one(&self, (our_changes, their_changes): BothSay<'_>, conflicts: &mut Odds) -> Result<(Edits, Renamed)> {
        let (mut edits, mut renamed) = (Edits::new(), Renamed::new());
        let hides =
            |changes: &Sayings| changes.values().any(|(_, after)| matches!(after, Some(Change::Excluded { .. })));
        let of_side = |other, side| if hides(other) { Moves::of(side).map(Some) } else { Ok(None) };
        let moves = (of_side(their_changes, self.ours)?, of_side(our_changes, self.theirs)?);
        let [ours, theirs] = [self.ours, self.theirs].map(|side| MergedClasses::since(self.before, side));
        let merged_classes = &[ours?, theirs?];
        for (path, (before, theirs)) in their_changes {
            let Some((_, ours)) = our_changes.get(path) else {
                edits.insert(path.clone(), theirs.clone());
                continue;
            };
            let sides =
                FileSides { before: before.as_ref(), ours: ours.as_ref(), theirs: theirs.as_ref(), merged_classes };
            if ours == theirs {
                continue;
            }
            // What is hidden is where the other side has it, see `follow_moved`.
            if is_moved_and_excluded(self.before, path, (sides.ours, sides.theirs), moves.1.as_ref())? {
                edits.insert(path.clone(), theirs.clone());
                continue;
            }
            if is_moved_and_excluded(self.before, path, (sides.theirs, sides.ours), moves.0.as_ref())? {
                continue;
            }
            match self.both_changed(path, &sides, &mut renamed)? {
                Ok(change) => drop(edits.insert(path.clone(), change)),
                Err(odd) => add_odd(conflicts, path.clone(), odd),
            }
        }
        Ok((edits, renamed))
    }

    /// What becomes of a path that both sides changed; or why that cannot be told.
    fn both_changed(
        &self,
        path: &DataPath,
        sides: &FileSides<'_>,
        renamed: &mut Renamed,
    ) -> Result<std::result::Result<Option<Change>, Odd>> {
        if let Some(folder) = later_folder(sides.ours, sides.theirs) {
            return Ok(Ok(Some(folder)));
        }
        if let Some(excluded) = excluded_by_one(sides.before, sides.ours, sides.theirs) {
            return Ok(Ok(Some(excluded)));
        }
        if let Some(hidden) = self.both_beneath(path, sides, renamed)? {
            return Ok(hidden);
        }
        Ok(match merge_rows(self.ours, path, sides, self.prefer)? {
            RowMerge::Merged(file, rows) => {
                renamed.insert(path.clone(), rows);
                Ok(file.map(Change::File))
            }
            RowMerge::Conflicts(found) => Err(same_rows(found)),
            RowMerge::NotByRow => Err(("both changed it", Vec::new())),
        })
    }

    /// What becomes of a file that both sides changed by rows, and one excluded: that is what was meant for it once it
    /// shows. `None` where it is no such file.
    fn both_beneath(
        &self,
        path: &DataPath,
        sides: &FileSides<'_>,
        renamed: &mut Renamed,
    ) -> Result<Option<std::result::Result<Option<Change>, Odd>>> {
        let all = [sides.before, sides.ours, sides.theirs];
        let [before, ours, theirs] = all.map(|side| hidden(side).is_some());
        if !ours && !theirs {
            return Ok(None);
        }
        let [was, our_own, their_own] = all.map(|side| hidden(side).unwrap_or(side));
        let shown = self.ours.overlay.with([(path.clone(), our_own.cloned())])?;
        let shown = View { overlay: shown, ..self.ours.clone() };
        let sides = FileSides { before: was, ours: our_own, theirs: their_own, merged_classes: sides.merged_classes };
        let (file, rows) = match merge_rows(&shown, path, &sides, self.prefer)? {
            RowMerge::Merged(file, rows) => (file, rows),
            RowMerge::Conflicts(found) => return Ok(Some(Err(same_rows(found)))),
            RowMerge::NotByRow => return Ok(None),
        };
        renamed.insert(path.clone(), rows);
        let merged = file.map(Change::File);
        let stays_hidden = if ours == before { theirs } else { ours };
        Ok(Some(Ok(if stays_hidden { Some(Change::Excluded { was: merged.map(Box::new) }) } else { merged })))
    }

    /// Adds where one side reshaped a folder and the other changed something below.
    fn folder_by_folder(
        &self,
        (our_changes, their_changes): BothSay<'_>,
        conflicts: &mut Odds,
        edits: &mut Edits,
    ) -> Result<()> {
        let our_folders = self.reshaped(self.ours, our_changes)?;
        let their_folders = self.reshaped(self.theirs, their_changes)?;
        let why = "changed by them in a folder that we changed";
        self.clash((&our_folders, self.ours), (self.theirs, their_changes), why, conflicts, edits)?;
        let why = "changed by us in a folder that they changed";
        self.clash((&their_folders, self.theirs), (self.ours, our_changes), why, conflicts, edits)?;
        // Where they removed a folder and we removed something in it, nothing of ours is left to say.
        for (path, (_, after)) in our_changes {
            let is_nothing = matches!(after, Some(Change::Removed | Change::Excluded { .. }));
            if !is_nothing || their_changes.contains_key(path) {
                continue;
            }
            for folder in above(path).filter(|folder| their_folders.contains(folder)) {
                if !conflicts.contains_key(&folder) && self.theirs.node(&folder)?.is_none() {
                    edits.insert(path.clone(), None);
                }
            }
        }
        Ok(())
    }

    /// Makes one side give way to the other in each conflict.
    fn give_way(&self, (our_changes, their_changes): BothSay<'_>, conflicts: &Odds, edits: &mut Edits) -> Result<()> {
        match self.prefer {
            None | Some(Prefer::Ours) => {
                edits.retain(|path, _| !is_beneath(path, conflicts));
                for path in not_to_be_lost(their_changes, conflicts) {
                    edits.remove(&path);
                }
            }
            Some(Prefer::Theirs) => {
                for conflict in conflicts.keys() {
                    edits.extend(self.ours.overlay.within(conflict)?.into_iter().map(|(path, _)| (path, None)));
                    let theirs = self.theirs.overlay.within(conflict)?;
                    edits.extend(theirs.into_iter().map(|(path, change)| (path, Some(change))));
                    edits.entry(conflict.clone()).or_insert(None);
                }
                for path in not_to_be_lost(our_changes, conflicts) {
                    let theirs = self.theirs.overlay.get(&path)?;
                    edits.insert(path, theirs);
                }
            }
        }
        Ok(())
    }

    /// What is said of the samples, merged cell by cell, by the keys that they have in `merged`; or where both said the
    /// same cell otherwise. Adds cells of rows that both hid, and set otherwise, with their files, to `hidden`.
    fn samples(
        &self,
        merged: &View,
        renamed: &Renamed,
        hidden: &mut Vec<(DataPath, RowConflict)>,
    ) -> Result<std::result::Result<Rows, Vec<RowConflict>>> {
        let sides = [self.before, self.ours, self.theirs];
        let [before, ours, theirs] = sides.map(|side| samples::said_in(side, merged));
        let (before, ours, theirs) = (before?, ours?, samples::with_renamed(theirs?, self.theirs, renamed)?);
        let both = self.excluded_by_both([&before, &ours, &theirs], hidden)?;
        if both.is_empty() {
            return merge_beside(&before, &ours, &theirs, self.prefer);
        }
        merge_beside(&before, &ours.with(both.clone())?, &theirs.with(both)?, self.prefer)
    }

    /// What a side says otherwise than the common revision: before and after, by path.
    pub(in crate::dataset) fn sayings(&self, side: &View) -> Result<Sayings> {
        let differences = self.before.overlay.diff(&side.overlay)?;
        Ok(differences.into_iter().map(|difference| (difference.path, (difference.before, difference.after))).collect())
    }

    /// The paths at which a side shows another folder than before, or a folder no more, or one where there was none.
    fn reshaped(&self, side: &View, changes: &Sayings) -> Result<BTreeSet<DataPath>> {
        let shows = |view: &View, path: &DataPath| -> Result<Option<Option<DataPath>>> {
            match view.node(path)?.map(|node| node.place) {
                Some(Place::Folder { base: Some(row) }) => Ok(Some(Some(view.base.path(row)?))),
                Some(Place::Folder { base: None }) => Ok(Some(None)),
                _ => Ok(None),
            }
        };
        let mut found = BTreeSet::new();
        for path in changes.keys() {
            if shows(self.before, path)? != shows(side, path)? {
                found.insert(path.clone());
            }
        }
        Ok(found)
    }

    /// Finds what one side changed below the folders that the other side reshaped.
    fn clash(
        &self,
        (folders, side): (&BTreeSet<DataPath>, &View),
        (other, changes): Side<'_>,
        why: &'static str,
        conflicts: &mut Odds,
        edits: &mut Edits,
    ) -> Result<()> {
        let merged = folders_merged_since(self.before, side)?;
        for (path, (before, after)) in changes {
            let Some(folder) = above(path).find(|folder| folders.contains(folder)) else { continue };
            let is_gone = side.node(&folder)?.is_none();
            // To include a file says nothing against that it is removed; to restore one does.
            let is_nothing = hidden(before.as_ref()).is_some() || other.node(path)?.is_none();
            match after {
                // An image that came into a class that was merged away follows the others, see `Dataset::merged`.
                Some(Change::File(_))
                    if is_gone && merged.contains(folder.name()) && self.is_new_in(path, &folder)? =>
                {
                    let again = Change::Folder { from: None, mtime_ns: now_ns(), mode: FOLDER_MODE };
                    edits.insert(folder, Some(again));
                }
                // Both made it so that nothing is here.
                None | Some(Change::Removed | Change::Excluded { .. }) if is_gone && is_nothing => {
                    edits.remove(path);
                }
                // A new folder on both sides: its entries are compared one by one.
                _ if self.before.node(&folder)?.is_none() => {}
                _ => {
                    conflicts.entry(folder).or_insert((why, Vec::new()));
                }
            }
        }
        Ok(())
    }

    /// Whether nothing was at a path, which is right in a folder.
    fn is_new_in(&self, path: &DataPath, folder: &DataPath) -> Result<bool> {
        Ok(path.parent().as_ref() == Some(folder) && self.before.node(path)?.is_none())
    }

    fn conflicts(&self, found: Odds) -> Result<Vec<Conflict>> {
        let conflict = |(path, (why, rows)): (DataPath, (&'static str, Vec<RowConflict>))| {
            let (ours, theirs) = (self.ours.overlay.get(&path)?, self.theirs.overlay.get(&path)?);
            Ok(Conflict { path, ours, theirs, why, rows })
        };
        found.into_iter().map(conflict).collect()
    }
}

/// A path that one side excluded and the other changed: both, so that it shows what they made of it once it is included.
fn excluded_by_one(before: Option<&Change>, ours: Option<&Change>, theirs: Option<&Change>) -> Option<Change> {
    let was = |side| hidden(side).map(|was| was.cloned());
    let (excluder, other) = match (was(ours), was(theirs)) {
        (Some(_), Some(other)) | (None, Some(other)) if other.as_ref() == before => {
            (other, was(ours).unwrap_or(ours.cloned()))
        }
        (Some(excluder), other) => (excluder, other.unwrap_or(theirs.cloned())),
        _ => return None,
    };
    let is_hidden = excluder.as_ref() == before && other != Some(Change::Removed);
    is_hidden.then(|| Change::Excluded { was: other.map(Box::new) })
}

fn same_rows(found: Vec<RowConflict>) -> Odd {
    ("both changed the same of its rows", found)
}

/// Of two folders that differ in mtime alone, the later: work on both sides touched it.
fn later_folder(ours: Option<&Change>, theirs: Option<&Change>) -> Option<Change> {
    match (ours?, theirs?) {
        (
            Change::Folder { from, mtime_ns, mode },
            Change::Folder { from: their_from, mtime_ns: their_mtime_ns, mode: their_mode },
        ) if from == their_from && mode == their_mode => {
            Some(Change::Folder { from: from.clone(), mtime_ns: *mtime_ns.max(their_mtime_ns), mode: *mode })
        }
        _ => None,
    }
}
