//! One file of a table: its bytes without row edits, and the edits.

use crate::Result;
use crate::dataset::content::Content;
use crate::dataset::view::{Node, View};
use crate::overlay::Rows;
use crate::source::OnDrift;
use crate::table::{Format, ReadAt, TableFile};

/// A file of a view, to be read as rows.
#[derive(Debug)]
pub(in crate::dataset) struct Part<'a> {
    below: Content,
    rows: Rows,
    format: &'a dyn Format,
}

impl<'a> Part<'a> {
    /// Opens the file at `node`.
    pub(in crate::dataset) fn open(view: &View, node: &Node, format: &'a dyn Format) -> Result<Part<'a>> {
        Ok(Part { below: view.open_below(node, OnDrift::Error)?, rows: view.rows_of(node), format })
    }

    /// Finds the rows, and does something with them.
    pub(in crate::dataset) fn with_file<T>(&self, then: impl FnOnce(&dyn TableFile, &Rows) -> Result<T>) -> Result<T> {
        let file = self.format.open(&self.below, None)?;
        then(&*file, &self.rows)
    }
}

impl ReadAt for Content {
    fn len(&self) -> u64 {
        Content::len(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        Content::read_at(self, buffer, offset)
    }
}
