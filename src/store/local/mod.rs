//! The store on a local disk.
use std::path::Path;
use crate::Result;

/// What a process wants of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read committed data, beside any owner: no lock, no sled, nothing written.
    Read,
    /// To read and change: takes the lock, waits for it up to ten seconds.
    Own,
}

/// The store on a local disk: the log, its index, and object files.
#[derive(Debug)]
pub struct LocalStore {}

impl LocalStore {
    /// Makes a new store in a folder that is empty or does not exist.
    pub fn create(path: &Path) -> Result<LocalStore> { let _ = path; todo!() }
    /// Opens the store.
    pub fn open(path: &Path, access: Access) -> Result<LocalStore> { let _ = (path, access); todo!() }
}
