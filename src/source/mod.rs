//! The unchanged data: a folder that is read and never written.
use std::fs::File;
use std::path::{Path, PathBuf};
use crate::model::{DataPath, Entry};
use crate::Result;

/// What to do with a source file that is not what the base recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// Refuse it with `SourceChanged`.
    #[default]
    Error,
    /// Serve what is there now.
    Serve,
}

/// A folder, held by a descriptor: it stays reachable when something is mounted over its path.
#[derive(Debug)]
pub struct Source { path: PathBuf, folder: File }

impl Source {
    /// Opens the folder at the absolute path `path`.
    pub fn open(path: &Path) -> Result<Source> { let _ = path; todo!() }
    /// Its path, as it was imported.
    pub fn path(&self) -> &Path { &self.path }
    /// Opens a file for reading, without following any link, and never outside of the folder.
    /// # Errors
    /// `SourceChanged` when it vanished, or its size or mtime are not those of `recorded` and `drift` is `Error`.
    pub fn open_file(&self, path: &DataPath, recorded: &Entry, drift: OnDrift) -> Result<File> { let _ = (path, recorded, drift, &self.folder); todo!() }
}
