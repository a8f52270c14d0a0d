//! What a program wrote to a file that somebody else edited meanwhile: both are kept, row by row where it has rows.

use super::conflict::Prefer;
use super::draft::Draft;
use super::merge::Odds;
use super::merge::{Merge, Merged};
use super::rows::{is_half, is_of_content};
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
    /// What it was laid over, where it was laid: for what is written next.
    pub over: Option<LaidOver>,
}

/// What the draft was before a file was laid over it: what is written next may be more of the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaidOver {
    /// What the writer began from.
    began: FileChange,
    /// What was said of the file, and where what was said of samples is.
    file: Option<Change>,
    samples: Option<Id>,
    /// The same two since.
    laid: (Option<Change>, Option<Id>),
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
    /// `over` is how `before` was laid, if it was: where it was but half of what is written, both are laid over what the
    /// draft was before that, as if nobody had looked in between.
    ///
    /// Where `before` cannot be read any more, or the source is not what it was, the draft stays what it is, and the
    /// writer's file becomes a saved step, called `label`, that the draft's next step takes back: `undo` finds it.
    ///
    /// # Errors
    /// `NotFound` where no file is at `path`; `Corrupt` where the store is damaged; those of the store.
    pub fn lay_written(
        &mut self,
        path: &DataPath,
        (before, over): (&FileChange, Option<&LaidOver>),
        (id, size, mtime_ns): (Id, u64, i64),
        label: &str,
    ) -> Result<Written> {
        self.view.existing(path)?;
        let present = self.view.clone();
        let whole = FileChange { content: Content::Blob(id), size, mtime_ns, mode: before.mode };
        if let Some(over) = over
            && self.was_half(path, before, over, &whole)?
        {
            let file = present.overlay.with([(path.clone(), over.file.clone())])?;
            self.view.overlay = file.with_samples(&present.overlay.rows(over.samples))?;
            if let Some((manner, _)) = self.try_to_lay(path, &over.began, &whole)? {
                return self.written(path, whole, manner, &present, over.clone());
            }
            self.view = present.clone();
        }
        match self.try_to_lay(path, before, &whole)? {
            None => self.put_beside(path, whole, label),
            Some((_, false)) => {
                Ok(Written { file: before.clone(), is_new: false, manner: Manner::Laid, over: over.cloned() })
            }
            Some((manner, true)) => {
                let said = (present.overlay.get(path)?, present.overlay.samples()?.root());
                let over = LaidOver { began: before.clone(), file: said.0, samples: said.1, laid: (None, None) };
                self.written(path, whole, manner, &present, over)
            }
        }
    }

    /// Whether what was laid last is as it was laid, and but half of what is written now.
    fn was_half(&self, path: &DataPath, before: &FileChange, over: &LaidOver, whole: &FileChange) -> Result<bool> {
        let overlay = &self.view.overlay;
        if self.view.promise_at(path)?.is_none() || over.laid != (overlay.get(path)?, overlay.samples()?.root()) {
            return Ok(false);
        }
        let file = |file: &FileChange| self.with_file(path, file);
        let (half, now) = (file(before)?, file(whole)?);
        match is_half((&half, &half.existing(path)?), (&now, &now.existing(path)?)) {
            Err(error) if is_lost(&error) => Ok(false),
            is_half => is_half,
        }
    }

    fn with_file(&self, path: &DataPath, file: &FileChange) -> Result<View> {
        let overlay = self.view.overlay.with([(path.clone(), Some(Change::File(file.clone())))])?;
        Ok(View { overlay, ..self.view.clone() })
    }

    fn written(
        &self,
        path: &DataPath,
        file: FileChange,
        manner: Manner,
        present: &View,
        over: LaidOver,
    ) -> Result<Written> {
        let overlay = &self.view.overlay;
        let laid = (overlay.get(path)?, overlay.samples()?.root());
        let is_new = overlay.root() != present.overlay.root();
        Ok(Written { file, is_new, manner, over: Some(LaidOver { laid, ..over }) })
    }

    /// Lays a file over what the draft has, and tells whether it is any other than `before`; `None`, and nothing is
    /// changed, where what is needed for that is lost.
    fn try_to_lay(
        &mut self,
        path: &DataPath,
        before: &FileChange,
        whole: &FileChange,
    ) -> Result<Option<(Manner, bool)>> {
        let Content::Blob(id) = whole.content else { return Ok(None) };
        let under = self.base_under(path)?;
        let ours = self.view.clone();
        let before_view = self.with_file(path, before)?;
        let content = self.content_over(&before_view, path, under, (id, whole.size));
        self.has_new_content = true;
        // The edits of rows that it would be are in no draft.
        let content = match content {
            // What the writer began from may be collected by now.
            Err(error) if is_lost(&error) => return Ok(None),
            content => content?,
        };
        let has_row_edits =
            matches!(ours.overlay.get(path)?, Some(Change::File(FileChange { content: Content::Rows { .. }, .. })));
        // Of a file that cannot be read it would be said only that it has no rows.
        if has_row_edits && !(can_be_read(&before_view, path)? && can_be_read(&ours, path)?) {
            return Ok(None);
        }
        if content == before.content {
            return Ok(Some((Manner::Laid, false)));
        }
        let theirs = self.with_file(path, &FileChange { content, ..whole.clone() })?;
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
            Err(error) if is_lost(&error) => return Ok(None),
            merged => merged?,
        };
        self.apply(vec![(path.clone(), merged.overlay.get(path)?)])?;
        Ok(Some((manner, true)))
    }

    /// Saves the writer's file as a step, and goes back to what the draft is.
    fn put_beside(&mut self, path: &DataPath, file: FileChange, label: &str) -> Result<Written> {
        // What the draft goes back to has to be stored by then: saving forgets what is not in the step.
        self.save(label)?;
        let ours = self.view.clone();
        self.apply(vec![(path.clone(), Some(Change::File(file.clone())))])?;
        self.save(label)?;
        self.view = ours;
        Ok(Written { file, is_new: false, manner: Manner::Beside, over: None })
    }
}
