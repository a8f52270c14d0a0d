//! The immutable index of a source at one moment.
use std::ops::Range;
use crate::model::{DataPath, Entry, Id};
use crate::store::Store;
use crate::Result;

/// The number of an entry: its place in breadth-first order; the root is 0.
pub type Row = u32;

/// An index, memory-mapped: opening it costs the same for ten files and ten million.
#[derive(Debug)]
pub struct Base { id: Id }

impl Base {
    /// The top folder's row.
    pub const ROOT: Row = 0;
    /// Opens the base `id` of `store`.
    pub fn open(store: &dyn Store, id: Id) -> Result<Base> { let _ = (store, id); todo!() }
    /// Its id.
    pub fn id(&self) -> Id { self.id }
    /// How many entries it has, the root included.
    pub fn len(&self) -> Row { todo!() }
    /// Files, folders (the root not counted), symbolic links, and bytes of file content.
    pub fn totals(&self) -> Totals { todo!() }
    /// What `stat` tells of an entry.
    pub fn entry(&self, row: Row) -> Result<Entry> { let _ = row; todo!() }
    /// Its name; empty for the root.
    pub fn name(&self, row: Row) -> Result<&[u8]> { let _ = row; todo!() }
    /// The folder that holds it; the root's is the root.
    pub fn parent(&self, row: Row) -> Result<Row> { let _ = row; todo!() }
    /// The rows of a folder's children, in order of name; empty for what is no folder.
    pub fn children(&self, row: Row) -> Result<Range<Row>> { let _ = row; todo!() }
    /// The child of a folder with this name.
    pub fn child(&self, folder: Row, name: &[u8]) -> Result<Option<Row>> { let _ = (folder, name); todo!() }
    /// The entry with this path.
    pub fn find(&self, path: &DataPath) -> Result<Option<Row>> { let _ = path; todo!() }
    /// The path of an entry.
    pub fn path(&self, row: Row) -> Result<DataPath> { let _ = row; todo!() }
    /// What a symbolic link points to; empty for anything else.
    pub fn link_target(&self, row: Row) -> Result<&[u8]> { let _ = row; todo!() }
}

/// What a base holds in sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Regular files.
    pub files: u64,
    /// Folders, the root not counted.
    pub folders: u64,
    /// Symbolic links.
    pub symlinks: u64,
    /// Bytes in files.
    pub bytes: u64,
}
