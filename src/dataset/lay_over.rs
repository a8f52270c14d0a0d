//! An overlay is laid over another base than the one it was made on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::conflict::Conflict;
use super::diff::changed_paths;
use super::rows::{NewKeys, Numbers, Reapplied, Relabelling, RowConflict, is_of_content, reapply};
use super::samples;
use super::view::{Node, Place, View};
use crate::Result;
use crate::base::Base;
use crate::model::{Change, Content, DataPath, Entry, FileChange, Kind};
use crate::table::detect::Promise;

const REMOVED: &str = "removed, and changed in the source";
const EDITED: &str = "edited, and changed in the source";
const GONE: &str = "moved or edited, and gone from the source";
const SPLICED: &str = "edited, and changed in the source: the edit does not fit any more";
const ROWS_STAY: &str = "rows edited, and changed in the source: these edits stay";
const ROWS_GONE: &str = "rows edited, and changed in the source: these edits are dropped";
const RENUMBERED: &str = "its labels are of a class whose number the source has given to another one";
const FOLDER_GONE: &str = "holds edits, and is gone from the source";

/// Lays a view's overlay over another base; returns that view, and the edits that the new base is at odds with.
///
/// A moved file or folder whose source is gone goes with it. A moved file whose
/// content changed shows the new content. Row edits of a file whose source
/// changed are made again over its new bytes, as far as their rows are known
/// there; other spliced bytes go, for the ranges mean nothing in other bytes. A
/// class whose number the source has given to another one gets a new one, in the
/// labels that the overlay gave, too. A folder that is gone stays where an edit
/// of ours is in it.
pub(super) fn lay_over(view: &View, base: &Arc<Base>) -> Result<(View, Vec<Conflict>)> {
    let around = View { base: base.clone(), ..view.clone() };
    let changed = changed_paths(&view.base, base)?;
    let mut laying = Laying { view, base, changed, moved: moved(view)?, around, relabelling: None };
    let Found { edits, mut conflicts, keys, .. } = laying.all()?;
    let overlay = view.overlay.with(edits)?;
    let mut laid = View { base: base.clone(), overlay, ..view.clone() };
    for folder in laying.hold_up(&mut laid)? {
        // What was said of an edit in it is said of the folder, with all that is in it.
        conflicts.retain(|conflict| !conflict.path.is_within(&folder));
        let ours = laid.overlay.get(&folder)?;
        conflicts.push(Conflict { path: folder, ours, theirs: None, why: FOLDER_GONE, rows: Vec::new() });
    }
    let rows = samples::follow(view, &mut laid, &keys)?;
    if !rows.is_empty() {
        conflicts.push(Conflict { path: samples::path(), ours: None, theirs: None, why: ROWS_GONE, rows });
    }
    leave_hidden(&laid, &mut conflicts)?;
    if let Some(relabelling) = &laying.relabelling {
        relabelling.notes(&mut laid)?;
    }
    conflicts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((laid, conflicts))
}

/// Tells nothing of rows that are only hidden with their sample: these come back as the source has them now.
fn leave_hidden(laid: &View, conflicts: &mut Vec<Conflict>) -> Result<()> {
    if conflicts.iter().all(|conflict| conflict.rows.is_empty()) {
        return Ok(());
    }
    let hidden = samples::hidden_rows(laid)?;
    conflicts.retain_mut(|conflict| {
        let is_told = conflict.rows.is_empty();
        // Of those that the source has no more, keys are those that they had.
        let is_hidden = |row: &RowConflict| {
            let is_edited = hidden.get(&(conflict.path.clone(), row.address.clone()));
            // One that is as it was is told because another has its key by now.
            let is_other = row.theirs.is_some() && row.theirs != row.base;
            row.ours.is_none() && is_other && is_edited == Some(&false)
        };
        conflict.rows.retain(|row| !is_hidden(row));
        is_told || !conflict.rows.is_empty()
    });
    Ok(())
}

/// What laying an overlay over another base found.
#[derive(Default)]
struct Found {
    /// What is to be said otherwise.
    edits: BTreeMap<DataPath, Option<Change>>,
    conflicts: Vec<Conflict>,
    /// The keys of rows that have another one.
    keys: BTreeMap<DataPath, NewKeys>,
    /// By the file that says them: the numbers of classes that have another one.
    numbers: BTreeMap<DataPath, Numbers>,
}

/// The files of the base that show under a path that the overlay gives them.
fn moved(view: &View) -> Result<BTreeSet<DataPath>> {
    fn below((_, change): (DataPath, Change)) -> Option<DataPath> {
        match change {
            Change::File(file) => file.content.source().cloned(),
            Change::Excluded { was: Some(was) } => below((DataPath::ROOT, *was)),
            _ => None,
        }
    }
    Ok(view.overlay.entries()?.into_iter().filter_map(below).collect())
}

/// What becomes of an entry of the overlay: itself, another or none, and what is at odds.
type Laid = (Option<Change>, Odds);

/// Why something is at odds, and in which of its rows if it is in these.
type Odds = Vec<(&'static str, Vec<RowConflict>)>;

fn odd(is_odd: bool, why: &'static str) -> Odds {
    if is_odd { vec![(why, Vec::new())] } else { Odds::new() }
}

struct Laying<'a> {
    view: &'a View,
    base: &'a Arc<Base>,
    /// In order.
    changed: Vec<DataPath>,
    moved: BTreeSet<DataPath>,
    /// The view over the new base, as far as it is known what that has.
    around: View,
    /// Of files of labels, once it is known that their classes have other numbers.
    relabelling: Option<Relabelling>,
}

impl Laying<'_> {
    fn all(&mut self) -> Result<Found> {
        // What lines of labels mean, another file says.
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        for (path, change) in self.view.overlay.entries()? {
            let is_text = self.view.promise_at(&path)? == Some(Promise::Text);
            if is_text { texts.push((path, change)) } else { others.push((path, change)) }
        }
        let mut found = Found::default();
        for (path, change) in &others {
            self.take(path, change, &mut found)?;
        }
        if texts.is_empty() && found.numbers.is_empty() {
            return Ok(found);
        }
        let unsaid = texts.iter().map(|(path, _)| (path.clone(), None));
        self.around.overlay = self.view.overlay.with(found.edits.clone().into_iter().chain(unsaid))?;
        for (path, change) in &texts {
            self.take(path, change, &mut found)?;
        }
        if found.numbers.is_empty() {
            return Ok(found);
        }
        let laid = View { overlay: self.view.overlay.with(found.edits.clone())?, ..self.around.clone() };
        let relabelling = self.relabelling.insert(Relabelling::of(&laid, &found.numbers)?);
        let labels: Vec<_> = texts.iter().filter(|(path, _)| relabelling.is_of(path)).collect();
        for (path, change) in labels {
            found.edits.remove(path);
            found.conflicts.retain(|conflict| conflict.path != *path);
            self.take(path, change, &mut found)?;
        }
        Ok(found)
    }

    fn take(&self, path: &DataPath, change: &Change, found: &mut Found) -> Result<()> {
        let (new, odds) = self.lay(path, change, found)?;
        for (why, rows) in odds {
            found.conflicts.push(Conflict { path: path.clone(), ours: Some(change.clone()), theirs: None, why, rows });
        }
        if new.as_ref() != Some(change) {
            found.edits.insert(path.clone(), new);
        }
        Ok(())
    }

    /// Notes in `found` what rows and classes are called now.
    fn lay(&self, path: &DataPath, change: &Change, found: &mut Found) -> Result<Laid> {
        // In a moved folder, the base has another path for what an edit hides.
        let hidden = self.hidden(path)?;
        let is_odd = hidden.as_ref().is_some_and(|hidden| self.is_changed(hidden));
        Ok(match change {
            Change::Removed => match &hidden {
                Some(hidden) if self.base.find(hidden)?.is_none() => (None, Odds::new()),
                // It was not removed but moved: the change shows where it is now.
                Some(hidden) if self.moved.contains(hidden) => (Some(change.clone()), Odds::new()),
                _ => (Some(change.clone()), odd(is_odd, REMOVED)),
            },
            // What is hidden stays so, and shows what the source has now once it is taken back.
            Change::Excluded { was: None } => match &hidden {
                Some(hidden) if self.base.find(hidden)?.is_none() => (None, Odds::new()),
                _ => (Some(change.clone()), Odds::new()),
            },
            Change::Excluded { was: Some(was) } => match self.lay(path, was, found)? {
                (Some(was), odds) => (Some(Change::Excluded { was: Some(Box::new(was)) }), odds),
                gone => gone,
            },
            Change::File(file) => match self.lay_file(path, file, found)? {
                Some((file, mut odds)) => {
                    if odds.is_empty() {
                        odds = odd(file.content.source().is_none() && is_odd, EDITED);
                    }
                    (Some(Change::File(file)), odds)
                }
                None => (None, odd(true, GONE)),
            },
            Change::Folder { from: Some(from), mtime_ns, mode } if !self.has_folder(from)? => {
                (Some(Change::Folder { from: None, mtime_ns: *mtime_ns, mode: *mode }), odd(true, GONE))
            }
            Change::Folder { from: Some(_), .. } => (Some(change.clone()), Odds::new()),
            Change::Folder { from: None, .. } | Change::Symlink { .. } => (Some(change.clone()), odd(is_odd, EDITED)),
        })
    }

    /// A file of the overlay as it is over the new base; `None` when there is nothing left to show.
    fn lay_file(&self, path: &DataPath, file: &FileChange, found: &mut Found) -> Result<Option<(FileChange, Odds)>> {
        let Some(below) = file.content.source() else {
            let under = if self.relabelling.is_some() { self.under(path)? } else { None };
            return self.relabelled(path, file, under).map(Some);
        };
        let Some(row) = self.base.find(below)? else { return Ok(None) };
        let entry = self.base.entry(row)?;
        let source = Node { path: path.clone(), entry, place: Place::Source { row } };
        if !self.is_changed(below) {
            return self.relabelled(path, file, Some(source)).map(Some);
        }
        if entry.kind != Kind::File {
            return Ok(None);
        }
        if let Content::Rows { below: of, rows } = &file.content
            && matches!(**of, Content::Source(_))
        {
            let (mut view, mut rows) = (&self.around, self.view.overlay.rows(Some(*rows)));
            if let Some(relabelling) = &self.relabelling {
                (view, rows) = (relabelling.view(), relabelling.rows(path, &rows)?);
            }
            if let Some(Reapplied { file, stay, dropped, keys, numbers }) = reapply(view, &source, file, &rows)? {
                found.keys.insert(path.clone(), keys);
                if !numbers.is_empty() {
                    found.numbers.insert(path.clone(), numbers);
                }
                let odds = [(ROWS_STAY, stay), (ROWS_GONE, dropped)];
                return Ok(Some((file, odds.into_iter().filter(|(_, rows)| !rows.is_empty()).collect())));
            }
        }
        let content = Content::Source(below.clone());
        let now = FileChange { content, size: entry.size, mtime_ns: entry.mtime_ns, mode: file.mode };
        Ok(Some((now, odd(!matches!(file.content, Content::Source(_)), SPLICED))))
    }

    /// A file of the overlay whose bytes are what they were, with its labels in the numbers that classes have now.
    /// `under` is what the source has there.
    fn relabelled(&self, path: &DataPath, file: &FileChange, under: Option<Node>) -> Result<(FileChange, Odds)> {
        let as_it_is = || (file.clone(), Odds::new());
        let Some(relabelling) = self.relabelling.as_ref().filter(|of| of.is_of(path)) else { return Ok(as_it_is()) };
        let entry = Entry { kind: Kind::File, size: file.size, mtime_ns: file.mtime_ns, mode: file.mode };
        let node = Node { path: path.clone(), entry, place: self.around.place_of(&file.content)? };
        match relabelling.file(&node, under.as_ref()) {
            Ok(now) => Ok(now.map_or_else(as_it_is, |now| (now, Odds::new()))),
            Err(error) if is_of_content(&error) => Ok((file.clone(), odd(true, RENUMBERED))),
            Err(error) => Err(error),
        }
    }

    /// The file that the source has at `path`, and had when the overlay was made.
    fn under(&self, path: &DataPath) -> Result<Option<Node>> {
        let Some(hidden) = self.hidden(path)?.filter(|hidden| !self.is_changed(hidden)) else { return Ok(None) };
        let Some(row) = self.base.find(&hidden)? else { return Ok(None) };
        let entry = self.base.entry(row)?;
        let node = Node { path: path.clone(), entry, place: Place::Source { row } };
        Ok((entry.kind == Kind::File).then_some(node))
    }

    /// Makes the folders that edits are in and that are gone; returns the topmost of them.
    fn hold_up(&self, laid: &mut View) -> Result<Vec<DataPath>> {
        let mut topmost: Vec<DataPath> = Vec::new();
        let mut held: BTreeSet<DataPath> = BTreeSet::new();
        for (path, change) in laid.overlay.entries()? {
            let is_nothing = matches!(change, Change::Removed | Change::Excluded { was: None });
            let Some(parent) = path.parent().filter(|_| !is_nothing) else { continue };
            for folder in folders_down_to(&parent) {
                if !held.insert(folder.clone()) || laid.node(&folder)?.is_some_and(|node| node.is_folder()) {
                    continue;
                }
                let entry = self.view.existing(&folder)?.entry;
                let made = Change::Folder { from: None, mtime_ns: entry.mtime_ns, mode: entry.mode };
                laid.overlay = laid.overlay.with([(folder.clone(), Some(made))])?;
                if !topmost.iter().any(|top| folder.is_within(top)) {
                    topmost.push(folder);
                }
            }
        }
        Ok(topmost)
    }

    /// The path in a base of what shows at `path` where the overlay says nothing of it.
    fn hidden(&self, path: &DataPath) -> Result<Option<DataPath>> {
        let Some(parent) = path.parent() else { return Ok(Some(DataPath::ROOT)) };
        Ok(match self.view.node(&parent)?.map(|node| node.place) {
            Some(Place::Folder { base: Some(row) }) => Some(self.view.base.path(row)?.join(path.name())?),
            _ => None,
        })
    }

    fn is_changed(&self, path: &DataPath) -> bool {
        self.changed.binary_search(path).is_ok()
    }

    fn has_folder(&self, path: &DataPath) -> Result<bool> {
        let row = self.base.find(path)?;
        Ok(row.map(|row| self.base.entry(row)).transpose()?.is_some_and(|entry| entry.kind == Kind::Folder))
    }
}

/// A folder and those above it, the topmost first, without the top folder of all.
fn folders_down_to(folder: &DataPath) -> Vec<DataPath> {
    let above = std::iter::successors(Some(folder.clone()), DataPath::parent);
    let mut folders: Vec<_> = above.filter(|folder| !folder.is_root()).collect();
    folders.reverse();
    folders
}
