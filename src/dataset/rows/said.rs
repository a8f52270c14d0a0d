//! What was said of a file, wherever it lies by now: the record says it by path, for all revisions.
//!
//! A file that was moved is the one of which it was said, and the source tells which that is. One that was put as
//! other bytes and then moved has nothing of the source any more: it is taken for one that is gone from where it was.

use crate::Result;
use crate::dataset::view::{Node, Place, View};
use crate::model::DataPath;
use crate::table::detect::Promise;

impl View {
    /// What the file at `node` was said to be.
    pub(super) fn said_of(&self, node: &Node) -> Result<Option<&str>> {
        let formats = &self.formats;
        if let Some(said) = formats.said_of(&node.path) {
            return Ok(Some(said));
        }
        // Beginnings are no proof of what it was: it has its name still.
        let gone = || self.gone(formats.said(), node, |path| Ok(path.name() == node.name()));
        let home = if formats.said().next().is_some() { self.home(node, gone)? } else { None };
        Ok(home.and_then(|home| formats.said_of(&home)))
    }

    /// What the file at `node` is to be taken for: as it was said, else as its name promises.
    pub(in crate::dataset) fn promise(&self, node: &Node) -> Result<Option<Promise>> {
        Ok(self.formats.promise_as(self.said_of(node)?, &node.path))
    }

    /// As [`View::promise`], of what is at `path`, if anything.
    pub(in crate::dataset) fn promise_at(&self, path: &DataPath) -> Result<Option<Promise>> {
        match self.formats.promise(path) {
            None if self.formats.said().next().is_some() => {
                self.node(path)?.map_or(Ok(None), |node| self.promise(&node))
            }
            promise => Ok(promise),
        }
    }

    /// The column that was declared to have the keys of the rows of the file at `node`.
    pub(super) fn declared_key(&self, node: &Node) -> Result<Option<&str>> {
        let formats = &self.formats;
        if let Some(column) = formats.key(&node.path) {
            return Ok(Some(column));
        }
        let ending = |path: &DataPath| path.name().rsplit(|byte| *byte == b'.').next().map(<[u8]>::to_vec);
        let is_like = |path: &DataPath| match formats.key(path) {
            Some(column) if ending(path) == ending(&node.path) => self.can_be_key(node, column),
            _ => Ok(false),
        };
        let home = match formats.keyed().next() {
            Some(_) => self.home(node, || self.gone(formats.keyed(), node, is_like))?,
            None => None,
        };
        Ok(home.and_then(|home| formats.key(&home)))
    }

    /// The path of which what was said holds for the file at `node`, for nothing was said of its own.
    fn home(&self, node: &Node, gone: impl FnOnce() -> Result<Option<DataPath>>) -> Result<Option<DataPath>> {
        match node.place.below() {
            Place::Blob(_) => gone(),
            place => place.source_row().map(|row| self.base.path(row)).transpose(),
        }
    }

    /// The one path of these at which there is no file any more and of which `is_it` holds.
    fn gone<'p>(
        &self,
        said: impl Iterator<Item = &'p DataPath>,
        node: &Node,
        is_it: impl Fn(&DataPath) -> Result<bool>,
    ) -> Result<Option<DataPath>> {
        let mut found = None;
        for path in said.filter(|path| **path != node.path) {
            if self.node(path)?.is_some() || !is_it(path)? {
                continue;
            }
            if found.is_some() {
                return Ok(None);
            }
            found = Some(path.clone());
        }
        Ok(found)
    }
}
