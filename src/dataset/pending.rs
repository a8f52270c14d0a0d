//! A merge that stands in a draft: what could be merged is there, what both sides changed waits to be decided.
//!
//! Each decision is a step of the draft like any other, so undo takes it back.
//! Until a thing is decided the draft shows our side of it; nothing is ever
//! written into a file to mark it. When all is decided, a commit makes the
//! revision that joins the two.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::conflict::{Conflict, Prefer};
use super::draft::Draft;
use super::edit::content_of;
use super::merge::{Merge, Merged};
use super::rows::{RowEdit, Table, is_class_merge};
use super::view::{Place, View};
use super::{Dataset, decode, samples};
use crate::model::{Change, DataPath, DraftStep, ExcludedRow, Id, OpenConflict, PendingMerge, RowAddress, Value};
use crate::{Error, ErrorKind, Result};

/// How a conflict is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It stays as the draft has it.
    Ours,
    /// It becomes what they have.
    Theirs,
    /// The cell gets a value of its own.
    Value(Value),
}

/// The rows that are hidden with samples, by file.
type HiddenRows = BTreeMap<(DataPath, RowAddress), bool>;

impl Dataset {
    /// The merge that a step of a draft is a part of.
    pub(super) fn pending_merge(&self, step: &DraftStep) -> Result<Option<PendingMerge>> {
        step.merge.map(|id| decode("pending merge", id, &self.store.get(id)?)).transpose()
    }
}

impl Draft {
    /// The merge that stands in the draft, with what is to be decided.
    pub fn pending(&self) -> Option<&PendingMerge> {
        self.merge.as_ref()
    }

    /// Merges a revision into the draft, which then stands there until all is decided and committed.
    ///
    /// One that stands already and of which nothing was decided is begun anew. Returns `false`, and does
    /// nothing, where their side is of a newer base of the source than the branch: a draft cannot show that.
    ///
    /// # Errors
    /// `Unsaved` where the draft has changes.
    pub fn merge(&mut self, theirs: Id, message: &str) -> Result<bool> {
        if self.has_work()? {
            return Err(Error::new(ErrorKind::Unsaved {
                name: self.branch().to_string(),
                what: "uncommitted changes",
            }));
        }
        let head = self.dataset.head(self.branch())?.id;
        let base = self.dataset.merge_base(head, theirs)?.ok_or_else(|| {
            Error::invalid("revision to merge", &theirs.short(), "it has no revision in common with the branch")
        })?;
        let [before, ours, their_view] = [base, head, theirs].map(|id| self.dataset.view(id));
        let (before, ours, their_view) = (before?, ours?, their_view?);
        let merge = |prefer| Merge { before: &before, ours: &ours, theirs: &their_view, prefer };
        let run = |prefer| self.dataset.merged(&merge(prefer), head);
        let (view, conflicts) = match run(None)? {
            Merged::Clean(view) => (view, Vec::new()),
            Merged::Conflicts(conflicts) => match run(Some(Prefer::Ours))? {
                Merged::Clean(view) => (view, conflicts),
                Merged::Conflicts(_) => unreachable!("a side is preferred"),
            },
        };
        if view.base.id() != ours.base.id() {
            return Ok(false);
        }
        let ([before, ours, their_view], _) = self.dataset.level_sides(&merge(None), head)?;
        let hidden = samples::hidden_rows(&their_view)?;
        let mut open = Vec::new();
        for conflict in conflicts {
            let is_by_row = self.keeps_their_rows(&conflict, [&before, &ours, &their_view], &hidden, &view)?;
            open.extend(opened(conflict, is_by_row));
        }
        self.show_merge(head, view, PendingMerge { theirs, message: message.to_owned(), open });
        Ok(true)
    }

    /// Whether all that they changed in the file, but for the conflicts, is in what was merged.
    ///
    /// Where bytes do not fit together, a preferred side gets the whole file. Rows that they hide, `hidden`, are none that
    /// they deleted.
    fn keeps_their_rows(
        &self,
        conflict: &Conflict,
        [before, ours, theirs]: [&View; 3],
        hidden: &HiddenRows,
        merged: &View,
    ) -> Result<bool> {
        let path = &conflict.path;
        if conflict.rows.is_empty() || merged.overlay.get(path)? != ours.overlay.get(path)? {
            return Ok(true);
        }
        // Over other bytes, rows are told by other keys; there what was told was tried with all that was merged.
        let below = |view: &View| {
            let place = view.node(path)?.map(|node| match node.place {
                Place::Rows { below, .. } => *below,
                place => place,
            });
            place.map(|place| content_of(view, &place)).transpose()
        };
        if below(before)? != below(theirs)? || below(before)? != below(ours)? {
            return Ok(true);
        }
        let rows = |view: &View| {
            let change = view.overlay.get(path)?;
            Ok::<_, Error>(view.overlay.rows(change.as_ref().and_then(Change::rows)))
        };
        let is_hidden = |address: &RowAddress| {
            let row =
                address.row().map(|row| RowAddress::Row { table: address.table().to_owned(), row: row.to_owned() });
            row.is_some_and(|row| hidden.contains_key(&(path.clone(), row)))
        };
        let told: HashSet<&RowAddress> = conflict.rows.iter().map(|row| &row.address).collect();
        let is_told = |address: &RowAddress| {
            let row = || {
                let (table, row) = (address.table().to_owned(), address.row()?.to_owned());
                Some(RowAddress::Row { table, row })
            };
            matches!(address, RowAddress::Shared { .. })
                || is_hidden(address)
                || told.contains(address)
                || row().is_some_and(|row| told.contains(&row))
        };
        Ok(rows(before)?.diff(&rows(theirs)?)?.iter().all(|difference| is_told(&difference.address)))
    }

    /// Ends a merge that stands in the draft and of which nothing was decided; any other stays.
    pub fn drop_idle_merge(&mut self) -> Result<()> {
        if self.merge.is_none() || self.has_work()? {
            return Ok(());
        }
        self.discard(&[])?;
        self.save("drop the merge")
    }

    /// Decides conflicts of the merge that stands in the draft; `which` are their places in its list.
    ///
    /// # Errors
    /// `Nothing` where no merge stands; `Invalid` for a value where there is no cell, or one that it cannot hold.
    /// Then nothing is decided.
    pub fn resolve(&mut self, which: &[usize], how: &Resolution) -> Result<()> {
        let nothing = || Error::new(ErrorKind::Nothing { to: "resolve", name: self.branch().to_string() });
        let merge = self.merge.clone().ok_or_else(nothing)?;
        let before = self.view.overlay.clone();
        let chosen: Vec<&OpenConflict> = which.iter().filter_map(|at| merge.open.get(*at)).collect();
        let done = match how {
            Resolution::Ours => Ok(()),
            Resolution::Theirs => self.take_theirs(merge.theirs, &chosen),
            Resolution::Value(value) => self.while_shown(&chosen, |draft| draft.take_value(&chosen, value)),
        };
        if let Err(error) = done {
            self.view.overlay = before;
            return Err(error);
        }
        let decided: HashSet<usize> = which.iter().copied().collect();
        let open = merge.open.iter().enumerate().filter(|(at, _)| !decided.contains(at));
        let open = open.map(|(_, conflict)| conflict.clone()).collect();
        self.merge = Some(PendingMerge { open, ..merge });
        Ok(())
    }

    /// What is merged in, in the classes of the branch.
    fn their_side(&self, theirs: Id) -> Result<View> {
        let base = self.dataset.merge_base(self.revision, theirs)?.unwrap_or(self.revision);
        let [before, ours, theirs] = [base, self.revision, theirs].map(|id| self.dataset.view(id));
        let (before, ours, theirs) = (before?, ours?, theirs?);
        let merge = Merge { before: &before, ours: &ours, theirs: &theirs, prefer: None };
        let ([_, _, theirs], _) = self.dataset.level_sides(&merge, self.revision)?;
        Ok(theirs)
    }

    fn take_theirs(&mut self, theirs: Id, chosen: &[&OpenConflict]) -> Result<()> {
        let mut theirs = self.their_side(theirs)?;
        if theirs.base.id() != self.view.base.id() {
            theirs = self.dataset.laid_over(&theirs, &self.view.base, self.revision)?.0;
        }
        let before = self.view.clone();
        let mut by_file: BTreeMap<&DataPath, Vec<&OpenConflict>> = BTreeMap::new();
        let (of_samples, of_files): (Vec<&OpenConflict>, Vec<_>) =
            chosen.iter().copied().partition(|conflict| conflict.path == samples::path());
        for conflict in of_files {
            match &conflict.row {
                None if theirs.node(&conflict.path)?.is_none() && self.view.node(&conflict.path)?.is_none() => {}
                None => self.restore(&conflict.path, &theirs)?,
                Some(_) => by_file.entry(&conflict.path).or_default().push(conflict),
            }
        }
        self.while_shown(chosen, |draft| {
            let hidden = hidden_with(&theirs, chosen)?;
            let (shown, _) = with_hidden_files(&theirs, chosen)?;
            let shown = draft.dataset.with_excluded(shown, &hidden, false, draft.revision)?;
            by_file.into_iter().try_for_each(|(path, conflicts)| draft.take_their_rows(path, &conflicts, &shown))
        })?;
        if !of_samples.is_empty() {
            // By the keys that the rows have here.
            let said = samples::said_in(&theirs, &self.view)?;
            theirs.overlay = theirs.overlay.with_samples(&said)?;
        }
        // After the files: what is excluded is what shows of them then.
        of_samples.into_iter().try_for_each(|conflict| self.take_samples(conflict.row.as_ref(), &theirs))?;
        self.hide_what_was_added(&before).map(drop)
    }

    /// Decides conflicts while the excluded samples show that have one of their rows.
    fn while_shown(
        &mut self,
        conflicts: &[&OpenConflict],
        decide: impl FnOnce(&mut Draft) -> Result<()>,
    ) -> Result<()> {
        let hidden = hidden_with(&self.view, conflicts)?;
        let (shown, files) = with_hidden_files(&self.view, conflicts)?;
        self.view = shown;
        if !hidden.is_empty() {
            self.exclude_samples(&hidden, false)?;
        }
        decide(self)?;
        if !hidden.is_empty() {
            // One whose rows they deleted is a sample no more.
            let left = samples::of_these(&self.view, hidden)?;
            self.exclude_samples(&left, true)?;
        }
        let mut hides = Vec::with_capacity(files.len());
        for path in files {
            match self.view.overlay.get(&path)? {
                // Hidden with the rows of its sample.
                Some(Change::Excluded { .. }) => {}
                was => hides.push((path, Some(Change::Excluded { was: was.map(Box::new) }))),
            }
        }
        self.view.overlay = self.view.overlay.with(hides)?;
        Ok(())
    }

    /// Gives cells a value; those of one table at once.
    fn take_value(&mut self, conflicts: &[&OpenConflict], value: &Value) -> Result<()> {
        let mut by_table: BTreeMap<(&DataPath, &str), Vec<(&str, &str)>> = BTreeMap::new();
        for conflict in conflicts {
            let of_class = |address: &RowAddress| is_class_merge(address) && conflict.path == samples::path();
            let cell = conflict.row.as_ref().filter(|address| !of_class(address));
            let Some(RowAddress::Cell { table, row, column }) = cell else {
                let why = "only a cell can get a value of its own";
                return Err(Error::invalid("conflict to give a value", &conflict.path.to_string(), why));
            };
            by_table.entry((&conflict.path, table)).or_default().push((row, column));
        }
        let edit = |row: String, column: &str| RowEdit::Set { row, cells: vec![(column.to_owned(), value.clone())] };
        for ((path, table), cells) in by_table {
            if *path == samples::path() {
                self.edit_samples(cells.into_iter().map(|(row, column)| edit(row.to_owned(), column)).collect())?;
            } else {
                let edits =
                    |table: &Table| cells.iter().map(|(row, column)| edit(table.key(path, row), column)).collect();
                self.edit_file(path, table, edits)?;
            }
        }
        Ok(())
    }
}

/// The samples that a view hides and that have one of the rows of these conflicts.
fn hidden_with(view: &View, conflicts: &[&OpenConflict]) -> Result<Vec<String>> {
    let mut files: HashMap<(&str, Option<&str>), HashSet<&DataPath>> = HashMap::new();
    for conflict in conflicts {
        if let Some(address) = &conflict.row {
            files.entry((address.table(), address.row())).or_default().insert(&conflict.path);
        }
    }
    let mut places: BTreeMap<DataPath, Option<DataPath>> = BTreeMap::new();
    let mut is_of = |hidden: &ExcludedRow| -> Result<bool> {
        let Some(files) = files.get(&(hidden.table.as_str(), Some(hidden.row.as_str()))) else { return Ok(false) };
        if !places.contains_key(&hidden.path) {
            places.insert(hidden.path.clone(), view.file_with_hidden(&hidden.path)?.map(|node| node.path));
        }
        Ok(places[&hidden.path].as_ref().is_some_and(|path| files.contains(path)))
    };
    let mut keys = Vec::new();
    for (key, rows) in samples::hidden_by_sample(&view.overlay.samples()?)? {
        for row in &rows {
            if is_of(row)? {
                keys.push(key);
                break;
            }
        }
    }
    Ok(keys)
}

/// The view with all files shown that are excluded, where one of these conflicts is of such a file, and which these
/// are: labels are known as such by their image.
fn with_hidden_files(view: &View, conflicts: &[&OpenConflict]) -> Result<(View, Vec<DataPath>)> {
    let mut is_of_hidden = false;
    for conflict in conflicts.iter().filter(|conflict| conflict.row.is_some()) {
        is_of_hidden |= matches!(view.overlay.get(&conflict.path)?, Some(Change::Excluded { .. }));
    }
    if !is_of_hidden {
        return Ok((view.clone(), Vec::new()));
    }
    let shown: BTreeMap<DataPath, Option<Change>> =
        view.overlay.entries()?.into_iter().filter_map(samples::was_shown).collect();
    let paths = shown.keys().cloned().collect();
    Ok((View { overlay: view.overlay.with(shown)?, ..view.clone() }, paths))
}

/// The revision that is merged in, once all is decided.
///
/// # Errors
/// `Conflict` with the paths of which something is not.
pub(super) fn decided(merge: &PendingMerge) -> Result<Id> {
    let mut paths: Vec<String> = merge.open.iter().map(|conflict| conflict.path.to_string()).collect();
    paths.dedup();
    if paths.is_empty() { Ok(merge.theirs) } else { Err(Error::new(ErrorKind::Conflict { paths })) }
}

/// A conflict as things to decide one by one: its rows, or the whole of it.
fn opened(conflict: Conflict, is_by_row: bool) -> Vec<OpenConflict> {
    let Conflict { path, ours, theirs, why, rows } = conflict;
    if rows.is_empty() || !is_by_row {
        let kind = |side: &Option<Change>| side.as_ref().map(|change| Value::Text(change.kind_word().to_owned()));
        let (ours, theirs) = (kind(&ours), kind(&theirs));
        return vec![OpenConflict { path, row: None, base: None, ours, theirs, why: why.to_owned() }];
    }
    let open = |row: super::rows::RowConflict| OpenConflict {
        path: path.clone(),
        row: Some(row.address),
        base: row.base,
        ours: row.ours,
        theirs: row.theirs,
        why: why.to_owned(),
    };
    rows.into_iter().map(open).collect()
}
