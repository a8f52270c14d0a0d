//! What a program wrote to a file that somebody else edited meanwhile: both are kept, row by row where it has rows.

use super::conflict::Prefer;
use super::draft::Draft;
use super::merge::{Merge, Merged};
use super::merge_bases::Odds;
use super::rows::is_of_content;
use super::view::View;
use crate::model::{Change, Content, DataPath, FileChange, Id};
use crate::source::OnDrift;
use crate::{Error, ErrorKind, Result};

/// What was made of a file that a program wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file as the program has it.
    pub file: FileChange,
    /// Whether the draft has something of the program's now that it had not.
    pub is_new: bool,
    /// How it is in the draft.
    pub manner: Manner,
}

/// How what a program wrote got into a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Over what others did, all of which is there.
    Laid,
    /// Over what others did, some of which had to give way to it.
    Replaces,
    /// As a step that was taken back: what others did cannot be told from what the program did.
    Beside,
}

/// Whether what the writer began from, or what it is compared with, cannot be read any more.
fn is_lost(error: &Error) -> bool {
    is_of_content(error) || matches!(error.kind(), ErrorKind::NotFound { .. })
}

fn can_be_read(view: &View, path: &DataPath) -> Result<bool> {
    match view.open(&view.existing(path)?, OnDrift::Error) {
        Err(error) if is_lost(&error) => Ok(false),
        opened => opened.map(|_| true),
    }
}

impl Draft {
    /// Lays the bytes of the blob `id`, `size` of them, over what the draft has at `path`: who wrote them began from
    /// `before`, and wrote last, so of a cell that both changed, and of a file without rows, the writer's stays.
    ///
    /// Where `before` cannot be read any more, or the source is not what it was, the draft stays what it is, and the
    /// writer's file becomes a saved step, called `label`, that the draft's next step takes back: `undo` finds it.
    ///
    /// # Errors
    /// `NotFound` where no file is at `path`; `Corrupt` where the store is damaged; those of the store.
    pub fn lay_written(
        &mut self,
        path: &DataPath,
        before: &FileChange,
        (id, size, mtime_ns): (Id, u64, i64),
        label: &str,
    ) -> Result<Written> {
        self.view.existing(path)?;
        let under = self.base_under(path)?;
        let ours = self.view.clone();
        let with = |file: &FileChange| -> Result<View> {
            let overlay = ours.overlay.with([(path.clone(), Some(Change::File(file.clone())))])?;
            Ok(View { overlay, ..ours.clone() })
        };
        let before_view = with(before)?;
        let content = self.content_over(&before_view, path, under, (id, size));
        self.has_new_content = true;
        // The edits of rows that it would be are in no draft.
        let whole = FileChange { content: Content::Blob(id), size, mtime_ns, mode: before.mode };
        let content = match content {
            // What the writer began from may be collected by now.
            Err(error) if is_lost(&error) => return self.put_beside(path, whole, label),
            content => content?,
        };
        let has_row_edits =
            matches!(ours.overlay.get(path)?, Some(Change::File(FileChange { content: Content::Rows { .. }, .. })));
        // Of a file that cannot be read it would be said only that it has no rows.
        if has_row_edits && !(can_be_read(&before_view, path)? && can_be_read(&ours, path)?) {
            return self.put_beside(path, whole, label);
        }
        if content == before.content {
            return Ok(Written { file: before.clone(), is_new: false, manner: Manner::Laid });
        }
        let theirs = with(&FileChange { content, ..whole.clone() })?;
        let merge = |prefer| Merge { before: &before_view, ours: &ours, theirs: &theirs, prefer }.run(Odds::new());
        let merged = match merge(None) {
            Ok(Merged::Clean(view)) => Ok((view, Manner::Laid)),
            Ok(Merged::Conflicts(_)) => merge(Some(Prefer::Theirs)).map(|merged| match merged {
                Merged::Clean(view) => (view, Manner::Replaces),
                Merged::Conflicts(_) => (theirs.clone(), Manner::Replaces),
            }),
            Err(error) => Err(error),
        };
        let (merged, manner) = match merged {
            Err(error) if is_lost(&error) => return self.put_beside(path, whole, label),
            merged => merged?,
        };
        self.apply(vec![(path.clone(), merged.overlay.get(path)?)])?;
        Ok(Written { file: whole, is_new: self.view.overlay.root() != ours.overlay.root(), manner })
    }

    /// Saves the writer's file as a step, and goes back to what the draft is.
    fn put_beside(&mut self, path: &DataPath, file: FileChange, label: &str) -> Result<Written> {
        // What the draft goes back to has to be stored by then: saving forgets what is not in the step.
        self.save(label)?;
        let ours = self.view.clone();
        self.apply(vec![(path.clone(), Some(Change::File(file.clone())))])?;
        self.save(label)?;
        self.view = ours;
        Ok(Written { file, is_new: false, manner: Manner::Beside })
    }
}
