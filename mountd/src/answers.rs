//! What the kernel may ask of a read-only mount, whoever answers: one view, or many.

use std::fmt;

use veneer::Result;

use crate::attributes::{Attributes, Listed, Room, Statistics};
use crate::filesystem::{Detail, FileSystem, Opened, Wait};
use crate::inode::Number;

/// Requests and their answers; [`FileSystem`] says what each means.
#[allow(missing_docs)] // Each is the method of the same name there.
pub trait Answers: fmt::Debug + Send + Sync {
    fn lookup(&self, folder: Number, name: &[u8]) -> Result<Option<Attributes>>;
    fn forget(&self, number: Number, times: u64);
    fn attributes(&self, number: Number) -> Result<Attributes>;
    fn link_target(&self, number: Number) -> Result<Vec<u8>>;
    fn list(&self, folder: Number, after: u64, detail: Detail, add: &mut dyn FnMut(Listed<'_>) -> Room) -> Result<()>;
    fn read(&self, number: Number, offset: u64, buffer: &mut [u8], wait: Wait) -> Result<Option<usize>>;
    fn open(&self, number: Number, wait: Wait) -> Result<Option<Opened>>;
    fn statistics(&self) -> Result<Statistics>;
}

impl Answers for FileSystem {
    fn lookup(&self, folder: Number, name: &[u8]) -> Result<Option<Attributes>> {
        FileSystem::lookup(self, folder, name)
    }

    fn forget(&self, number: Number, times: u64) {
        FileSystem::forget(self, number, times);
    }

    fn attributes(&self, number: Number) -> Result<Attributes> {
        FileSystem::attributes(self, number)
    }

    fn link_target(&self, number: Number) -> Result<Vec<u8>> {
        FileSystem::link_target(self, number)
    }

    fn list(&self, folder: Number, after: u64, detail: Detail, add: &mut dyn FnMut(Listed<'_>) -> Room) -> Result<()> {
        FileSystem::list(self, folder, after, detail, add)
    }

    fn read(&self, number: Number, offset: u64, buffer: &mut [u8], wait: Wait) -> Result<Option<usize>> {
        FileSystem::read(self, number, offset, buffer, wait)
    }

    fn open(&self, number: Number, wait: Wait) -> Result<Option<Opened>> {
        FileSystem::open(self, number, wait)
    }

    fn statistics(&self) -> Result<Statistics> {
        FileSystem::statistics(self)
    }
}
