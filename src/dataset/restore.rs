//! Paths that are made what they are in another view, or in the source.

use std::collections::{BTreeMap, HashMap};

use super::draft::Draft;
use super::edit::{Changes, change_of, plain};
use super::view::{Node, View};
use crate::base::Row;
use crate::model::{Change, Content, DataPath, Entry, FileChange, Kind};
use crate::overlay::Overlay;
use crate::{Error, ErrorKind, Result};

impl Draft {
    /// Makes `path` what it is in `from`: content, folder with all below, or absence.
    ///
    /// Folders above it that are missing here are made. What belongs to samples that are excluded here stays hidden,
    /// and comes back with them as `from` has it.
    pub fn restore(&mut self, path: &DataPath, from: &View) -> Result<()> {
        let Some(node) = from.node(path)? else {
            return match self.view.node(path)? {
                Some(_) => self.remove(path, true),
                None => Err(Error::not_found("path", path)),
            };
        };
        self.make_folders_above(path, from)?;
        let (base, before) = (self.base_under(path)?, self.view.clone());
        let mut changes = Changes::new();
        let existing = self.view.overlay.within(path)?;
        changes.extend(existing.into_iter().map(|(path, _)| (path, None)));
        if from.base.id() == self.view.base.id() {
            changes.extend(from.overlay.within(path)?.into_iter().map(|(path, change)| (path, Some(change))));
            changes.push((path.clone(), plain(&self.view, base, change_of(from, &node)?)?));
        } else {
            self.copy_across(&node, from, base, &mut changes)?;
        }
        self.leave_excluded(path, from, &mut changes)?;
        self.apply(changes)?;
        self.hide_restored(path, from, &before)
    }

    /// Has files that are hidden here stay hidden, with what `from` has of them; those that are hidden in `from` alone
    /// are to show.
    fn leave_excluded(&self, path: &DataPath, from: &View, changes: &mut Changes) -> Result<()> {
        let is_excluded = |change: &Change| matches!(change, Change::Excluded { .. });
        let here: HashMap<DataPath, Change> =
            self.view.overlay.within(path)?.into_iter().filter(|(_, change)| is_excluded(change)).collect();
        // The last that is said of a path is what holds.
        let last: BTreeMap<DataPath, Option<Change>> = std::mem::take(changes).into_iter().collect();
        for (path, change) in last {
            let change = match (change, here.get(&path)) {
                (Some(Change::Excluded { was }), None) => was.map(|was| *was),
                (change @ Some(Change::Excluded { .. }), Some(_)) => change,
                (_, Some(here)) if from.overlay.get(&path)?.is_some_and(|change| is_excluded(&change)) => {
                    Some(here.clone())
                }
                (was, Some(_)) if from.node(&path)?.is_some() => Some(Change::Excluded { was: was.map(Box::new) }),
                (change, _) => change,
            };
            changes.push((path, change));
        }
        Ok(())
    }

    /// Makes what is at or below `path` what the source has, without what was edited there. What the source has not,
    /// and what is hidden for its sample is excluded, stays as it is.
    ///
    /// # Errors
    /// `NotFound` where neither the source nor the draft has it.
    pub fn restore_source(&mut self, path: &DataPath) -> Result<()> {
        self.with_excluded(|draft| {
            let mut changes = Changes::new();
            for (at, change) in draft.view.overlay.within(path)? {
                let under = match draft.base_under(&at) {
                    Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. } | ErrorKind::NotAFolder { .. }) => {
                        None
                    }
                    under => under?,
                };
                match draft.of_source(&change)? {
                    Some(file) => changes.push((at, plain(&draft.view, under, file)?)),
                    None if under.is_some() => changes.push((at, None)),
                    None => {}
                }
            }
            if changes.is_empty() && draft.view.node(path)?.is_none() {
                // A folder above it was removed or moved, so nothing is said of it in its own place.
                let overlay = Overlay::new(draft.dataset.nodes.clone(), None);
                let source = View { overlay, ..draft.view.clone() };
                return draft.restore(path, &source);
            }
            draft.apply(changes)
        })
    }

    /// The file of the source that shows in one of the overlay, as it is; `None` where none does.
    fn of_source(&self, change: &Change) -> Result<Option<Change>> {
        let Change::File(file) = change else { return Ok(None) };
        let Some(path) = file.content.source() else { return Ok(None) };
        let Some(row) = self.view.base.find(path)? else { return Ok(None) };
        let Entry { size, mtime_ns, mode, .. } = self.view.base.entry(row)?;
        Ok(Some(Change::File(FileChange { content: Content::Source(path.clone()), size, mtime_ns, mode })))
    }

    /// Restores from a view over another base, file by file: only what is unchanged in the source can be had.
    fn copy_across(&self, node: &Node, from: &View, base: Option<Row>, changes: &mut Changes) -> Result<()> {
        let mut change = change_of(from, node)?;
        if let Some(row) = node.base_row()
            && !node.is_folder()
        {
            let (path, recorded) = (from.base.path(row)?, from.base.entry(row)?);
            let now = self.view.base.find(&path)?.map(|row| self.view.base.entry(row)).transpose()?;
            if now.is_none_or(|now| (now.size, now.mtime_ns) != (recorded.size, recorded.mtime_ns)) {
                let how = "the source was refreshed since, and has other content now".to_owned();
                return Err(Error::new(ErrorKind::SourceChanged { path: path.to_string(), how }));
            }
        }
        let mut base_here = None;
        if let Change::Folder { from: shown, .. } = &mut change {
            base_here = base.filter(|row| self.view.base.entry(*row).is_ok_and(|entry| entry.kind == Kind::Folder));
            *shown = base_here.map(|row| self.view.base.path(row)).transpose()?;
        }
        changes.push((node.path.clone(), plain(&self.view, base, change)?));
        if node.is_folder() {
            let mut gone: Vec<Row> =
                base_here.map(|row| self.view.base.children(row)).transpose()?.unwrap_or(0..0).collect();
            for child in from.children(node)? {
                let row = base_here.map(|row| self.view.base.child(row, child.name())).transpose()?.flatten();
                gone.retain(|gone| Some(*gone) != row);
                self.copy_across(&child, from, row, changes)?;
            }
            for row in gone {
                changes.push((node.path.join_checked(self.view.base.name(row)?), Some(Change::Removed)));
            }
        }
        Ok(())
    }

    fn make_folders_above(&mut self, path: &DataPath, from: &View) -> Result<()> {
        let Some(parent) = path.parent() else { return Ok(()) };
        match self.view.node(&parent)? {
            Some(node) if node.is_folder() => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::NotAFolder { path: parent.to_string() })),
            None => {
                self.make_folders_above(&parent, from)?;
                let entry = from.existing(&parent)?.entry;
                self.set(&parent, Change::Folder { from: None, mtime_ns: entry.mtime_ns, mode: entry.mode })
            }
        }
    }
}
