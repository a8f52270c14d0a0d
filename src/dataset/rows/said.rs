//! What was said of a file, wherever it lies by now: the record says it by path, for all revisions.
//!
//! A file that was moved is the one of which it was said, and the source tells which that is. One that was put as
//! other bytes and then moved has nothing of the source any more: it is taken for the one with a declared key that is
//! nowhere now, if it has that column.

use std::sync::PoisonError;

use super::Part;
use crate::Result;
use crate::dataset::view::{Node, Place, View};
use crate::model::DataPath;
use crate::table::detect::Promise;

impl View {
    /// What the file at `node` was said to be.
    pub(super) fn said_of(&self, node: &Node) -> Result<Option<&str>> {
        let home = self.format_home(node)?;
        Ok(home.and_then(|home| self.formats.said_of(&home)))
    }

    /// The path under which something was said of the format of the file at `node`.
    pub(super) fn format_home(&self, node: &Node) -> Result<Option<DataPath>> {
        let formats = &self.formats;
        let is_any = formats.said().next().is_some();
        if is_any { self.home(node, |path| formats.said_of(path).is_some()) } else { Ok(None) }
    }

    /// What the file at `node` is to be taken for: as it was said, else as its name promises.
    pub(in crate::dataset) fn promise(&self, node: &Node) -> Result<Option<Promise>> {
        Ok(self.formats.promise_as(self.said_of(node)?, &node.path))
    }

    /// As [`View::promise`], of the file at `path`; where there is none, of one with this path.
    pub(in crate::dataset) fn promise_at(&self, path: &DataPath) -> Result<Option<Promise>> {
        let node = if self.formats.said().next().is_some() { self.node(path)? } else { None };
        match node {
            Some(node) => self.promise(&node),
            None => Ok(self.formats.promise(path)),
        }
    }

    /// The column of which it was declared that it has the keys of the rows of the file at `node`.
    pub(super) fn said_key(&self, node: &Node) -> Result<Option<&str>> {
        let formats = &self.formats;
        if formats.keyed().next().is_none() {
            return Ok(None);
        }
        if let Some(home) = self.home(node, |path| formats.key(path).is_some())? {
            return Ok(formats.key(&home));
        }
        if !matches!(node.place.below(), Place::Blob(_)) {
            return Ok(None);
        }
        let mut found = None;
        for path in self.lost()?.iter().filter(|path| ending(path) == ending(&node.path)) {
            let Some(column) = formats.key(path).filter(|column| *column != found.unwrap_or_default()) else {
                continue;
            };
            if self.has_column(node, column)? && found.replace(column).is_some() {
                return Ok(None);
            }
        }
        Ok(found)
    }

    /// The path under which something was said of the file at `node`, of those that are said: the source's, if its file
    /// has bytes of that, else its own.
    fn home(&self, node: &Node, is_said: impl Fn(&DataPath) -> bool) -> Result<Option<DataPath>> {
        let own = Some(&node.path).filter(|path| is_said(path));
        let source = node.place.source_row().map(|row| self.base.path(row)).transpose()?;
        Ok(match (own, source) {
            (own, None) => own.cloned(),
            (own, Some(source)) if source == node.path => own.cloned(),
            // What was said of a path that the source has not was said of what was moved there.
            (Some(own), Some(_)) if self.base.find(own)?.is_none() => Some(own.clone()),
            (_, Some(source)) => Some(source).filter(is_said),
        })
    }

    /// The paths of files with a declared key that are nowhere now.
    fn lost(&self) -> Result<Vec<DataPath>> {
        let state = (self.base.id(), self.overlay.root());
        let mut known = self.known.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, lost)) = known.as_ref().filter(|(of, _)| *of == state) {
            return Ok(lost.clone());
        }
        let mut lost = Vec::new();
        for path in self.formats.keyed() {
            if self.file_with_hidden(path)?.is_none() {
                lost.push(path.clone());
            }
        }
        *known = Some((state, lost.clone()));
        Ok(lost)
    }

    fn has_column(&self, node: &Node, column: &str) -> Result<bool> {
        let Some(found) = self.format_of(node)? else { return Ok(false) };
        let part = Part::open_by(self, node, &*found.format, None)?;
        let is_there = part.with_readable(|file, _| match file.tables() {
            [table] => Ok(table.schema.find(column).is_some()),
            _ => Ok(false),
        })?;
        Ok(is_there.unwrap_or(false))
    }
}

fn ending(path: &DataPath) -> &[u8] {
    path.name().rsplit(|byte| *byte == b'.').next().unwrap_or_default()
}
