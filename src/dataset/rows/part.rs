//! One file of a table: its bytes without row edits, and the edits.

use std::sync::Arc;

use crate::dataset::content::Content;
use crate::dataset::diff::say_bytes;
use crate::dataset::view::{Node, Place, View};
use crate::model::Id;
use crate::overlay::Rows;
use crate::source::OnDrift;
use crate::store::Cache;
use crate::table::{Format, Problem, ReadAt, TableFile};
use crate::{Error, ErrorKind, Result};

/// A shorter file is read again sooner than its index is.
const CACHED_LEN_MIN: u64 = 1 << 20;

/// A file of a view, to be read as rows.
#[derive(Debug)]
pub(in crate::dataset) struct Part<'a> {
    below: Content,
    rows: Rows,
    format: &'a dyn Format,
    /// Where its index is kept, and as what.
    cached: Option<(Arc<Cache>, Id)>,
}

impl<'a> Part<'a> {
    /// Opens the file at `node`.
    pub(in crate::dataset) fn open(view: &View, node: &Node, format: &'a dyn Format) -> Result<Part<'a>> {
        let below = view.open_below(node, OnDrift::Error)?;
        let cached = match &view.cache {
            Some(cache) if below.len() >= CACHED_LEN_MIN => Some((cache.clone(), index_id(view, node, format)?)),
            _ => None,
        };
        Ok(Part { below, rows: view.rows_of(node), format, cached })
    }

    /// Content that nobody keeps an index of.
    pub(in crate::dataset) fn of(below: Content, rows: Rows, format: &'a dyn Format) -> Part<'a> {
        Part { below, rows, format, cached: None }
    }

    /// Finds the rows, and does something with them.
    pub(in crate::dataset) fn with_file<T>(&self, then: impl FnOnce(&dyn TableFile, &Rows) -> Result<T>) -> Result<T> {
        then(&*self.file()?, &self.rows)
    }

    /// As [`Part::with_file`]; of a file that is none of its format at all, why and where.
    pub(in crate::dataset) fn with_readable<T>(
        &self,
        then: impl FnOnce(&dyn TableFile, &Rows) -> Result<T>,
    ) -> Result<std::result::Result<T, Problem>> {
        match self.file() {
            Ok(file) => then(&*file, &self.rows).map(Ok),
            Err(error) => broken(error).map(Err),
        }
    }

    fn file(&self) -> Result<Box<dyn TableFile + '_>> {
        let known = self.cached.as_ref().and_then(|(cache, id)| cache.get(*id));
        let file = self.format.open(&self.below, known.as_deref())?;
        if let (Some((cache, id)), None) = (&self.cached, known) {
            cache.put(*id, &file.index());
        }
        Ok(file)
    }
}

/// Why and where a file is none of its format; any other error stays one.
pub(super) fn broken(error: Error) -> Result<Problem> {
    let ErrorKind::Invalid { why, .. } = error.kind() else { return Err(error) };
    let place = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Problem>());
    Ok(place.cloned().unwrap_or_else(|| Problem { line: 1, column: 1, why: why.clone() }))
}

/// What the index of a file is kept as: the same for the same bytes read as the same format.
fn index_id(view: &View, node: &Node, format: &dyn Format) -> Result<Id> {
    let place = match &node.place {
        Place::Rows { below, .. } => below,
        place => place,
    };
    let mut key = format!("index {format:?} of ").into_bytes();
    key.extend_from_slice(view.source.path().as_os_str().as_encoded_bytes());
    say_bytes(view, place, &mut key)?;
    Ok(Id::of(&key))
}

impl ReadAt for Content {
    fn len(&self) -> u64 {
        Content::len(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        Content::read_at(self, buffer, offset)
    }
}
