//! What a program wrote to a file that somebody else edited meanwhile: both are kept, row by row where it has rows.

use super::conflict::Prefer;
use super::draft::Draft;
use super::merge::{Merge, Merged};
use super::rows::is_of_content;
use super::view::View;
use crate::model::{Change, Content, DataPath, FileChange, Id};
use crate::{Error, ErrorKind, Result};

/// What was made of a file that a program wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file as the program has it.
    pub file: FileChange,
    /// Whether the draft has something of the program's now that it had not.
    pub is_new: bool,
    /// Whether something of what others did to the file had to give way to it.
    pub replaces: bool,
}

fn is_lost(error: &Error) -> bool {
    is_of_content(error) || matches!(error.kind(), ErrorKind::NotFound { .. } | ErrorKind::Corrupt { .. })
}

impl Draft {
    /// Lays the bytes of the blob `id`, `size` of them, over what the draft has at `path`: who wrote them began from
    /// `before`, and wrote last, so of a cell that both changed, and of a file without rows, the writer's stays.
    ///
    /// # Errors
    /// `NotFound` where no file is at `path`; those of the store.
    pub fn lay_written(
        &mut self,
        path: &DataPath,
        before: &FileChange,
        (id, size, mtime_ns): (Id, u64, i64),
    ) -> Result<Written> {
        self.view.existing(path)?;
        let under = self.base_under(path)?;
        let ours = self.view.clone();
        let with = |file: &FileChange| -> Result<View> {
            let overlay = ours.overlay.with([(path.clone(), Some(Change::File(file.clone())))])?;
            Ok(View { overlay, ..ours.clone() })
        };
        let before_view = with(before)?;
        self.view = before_view.clone();
        let content = self.content_for(path, under, id, size);
        self.view = ours.clone();
        let content = match content {
            // What the writer began from may be collected by now.
            Err(error) if is_lost(&error) => Content::Blob(id),
            content => content?,
        };
        if content == before.content {
            return Ok(Written { file: before.clone(), is_new: false, replaces: false });
        }
        let file = FileChange { content, size, mtime_ns, mode: before.mode };
        let theirs = with(&file)?;
        let merge = |prefer| Merge { before: &before_view, ours: &ours, theirs: &theirs, prefer }.run();
        let (merged, replaces) = match merge(None) {
            Ok(Merged::Clean(view)) => (view, false),
            Ok(Merged::Conflicts(_)) => match merge(Some(Prefer::Theirs))? {
                Merged::Clean(view) => (view, true),
                Merged::Conflicts(_) => (theirs.clone(), true),
            },
            Err(error) if is_lost(&error) => (theirs.clone(), true),
            Err(error) => return Err(error),
        };
        self.has_new_content = true;
        self.apply(vec![(path.clone(), merged.overlay.get(path)?)])?;
        // The edits of rows that it would be are in no draft.
        let file = FileChange { content: Content::Blob(id), ..file };
        Ok(Written { file, is_new: self.view.overlay.root() != ours.overlay.root(), replaces })
    }
}
