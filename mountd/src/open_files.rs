//! The open files of the source and the store: a few, the ones that were read last.
//!
//! Without OPEN and CLOSE nobody says when a file is no longer wanted, and a
//! descriptor for each inode would meet the limit of descriptors.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use veneer::Result;
use veneer::dataset::{Content, Node, View};
use veneer::source::OnDrift;

use crate::filesystem::Wait;
use crate::inode::Number;

/// How many are kept; more than a training reads at a time, less than any limit.
const FILES_MAX: usize = 64;

/// A file of a view, open for reading.
#[derive(Debug)]
pub struct OpenFile {
    content: Content,
}

impl OpenFile {
    /// Opens a file of `view`; `None` where that would wait and `wait` says not to.
    pub fn open(view: &View, node: &Node, drift: OnDrift, wait: Wait) -> Result<Option<Arc<OpenFile>>> {
        let content = match wait {
            Wait::Yes => Some(view.open(node, drift)?),
            Wait::No => view.try_open(node, drift)?,
        };
        Ok(content.map(|content| Arc::new(OpenFile { content })))
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.content.len()
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// The file that has all of its bytes and nothing else, where there is one; checked if it is the store's.
    pub fn backing(&self) -> Result<Option<&File>> {
        self.content.checked_file()
    }

    /// Fills `buffer` from `offset`; `None` where that would wait and `wait` says not to.
    pub fn read(&self, offset: u64, buffer: &mut [u8], wait: Wait) -> Result<Option<usize>> {
        match wait {
            Wait::Yes => self.content.read_at(buffer, offset).map(Some),
            Wait::No => self.content.try_read_at(buffer, offset),
        }
    }
}

/// The files that were read last, the latest at the end.
#[derive(Debug, Default)]
pub struct OpenFiles {
    files: Mutex<Vec<(Number, Arc<OpenFile>)>>,
}

impl OpenFiles {
    /// The file of this number if it is open.
    pub fn find(&self, number: Number) -> Option<Arc<OpenFile>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let at = files.iter().rposition(|(known, _)| *known == number)?;
        files[at..].rotate_left(1);
        files.last().map(|(_, file)| Arc::clone(file))
    }

    /// Keeps a file open; the one that was not read for longest is closed instead.
    pub fn keep(&self, number: Number, file: Arc<OpenFile>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.iter().any(|(known, _)| *known == number) {
            return;
        }
        let closed = if files.len() >= FILES_MAX { Some(files.remove(0)) } else { None };
        files.push((number, file));
        drop(files);
        // Closing may take a while on a network; nobody else should wait for it.
        drop(closed);
    }

    /// Forgets a file, so that the next read opens it anew.
    pub fn close(&self, number: Number) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = files.iter().position(|(known, _)| *known == number).map(|at| files.remove(at));
        drop(files);
        drop(closed);
    }
}
