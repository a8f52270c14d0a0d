//! The files of the log: which there are, which count, and the mark beside them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use super::disk::{Disk, DiskFile};
use super::frame::{FILE_HEAD_LEN, FileHead, Key, MARK_LEN, Mark};
use super::index::Applied;
use crate::{Error, Result};

/// The name of a log file.
pub(super) fn file_name(number: u32) -> String {
    format!("log/{number:08}.log")
}

/// The log files of a store that are open.
#[derive(Debug, Default)]
pub(super) struct Files {
    open: RwLock<BTreeMap<u32, Arc<dyn DiskFile>>>,
}

impl Files {
    pub(super) fn get(&self, number: u32) -> Option<Arc<dyn DiskFile>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    pub(super) fn add(&self, number: u32, file: Arc<dyn DiskFile>) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(number, file);
    }

    /// Forgets the files before `number`.
    pub(super) fn forget_before(&self, number: u32) {
        self.open.write().unwrap_or_else(PoisonError::into_inner).retain(|known, _| *known >= number);
    }

    /// The numbers of all open files, in order.
    pub(super) fn numbers(&self) -> Vec<u32> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Reads exactly `len` bytes.
    ///
    /// # Errors
    /// `Corrupt` when the log has no such bytes.
    pub(super) fn read(&self, number: u32, offset: u64, len: usize) -> Result<Vec<u8>> {
        let name = file_name(number);
        let Some(file) = self.get(number) else {
            return Err(Error::corrupt(name, "the file is not there"));
        };
        let mut bytes = vec![0; len];
        match file.read_at(&mut bytes, offset).map_err(|cause| Error::io(format!("read `{name}`"), cause))? {
            done if done == len => Ok(bytes),
            _ => Err(Error::corrupt(name, format!("it ends before {len} bytes at {offset}"))),
        }
    }
}

/// The files that make up the log, as their headers tell.
#[derive(Debug)]
pub(super) struct Chain {
    /// The headers, from the newest checkpoint on.
    pub(super) heads: Vec<FileHead>,
    /// The numbers of files that count no more, since a checkpoint replaced them.
    pub(super) replaced: Vec<u32>,
    /// A last file whose making was cut off before its header was written.
    pub(super) stub: Option<u32>,
}

impl Chain {
    /// Finds and opens the files of the log.
    ///
    /// # Errors
    /// `Corrupt` when one is missing or its header is damaged.
    pub(super) fn find(disk: &dyn Disk, files: &Files, store: &[u8; 16]) -> Result<Chain> {
        let numbers = log_numbers(disk)?;
        let mut chain = Chain { heads: Vec::new(), replaced: Vec::new(), stub: None };
        for number in numbers.into_iter().rev() {
            if chain.heads.first().is_some_and(|head| head.checkpoint) {
                chain.replaced.push(number);
                continue;
            }
            let name = file_name(number);
            let file = disk.open(&name).map_err(|cause| Error::io(format!("open `{name}`"), cause))?;
            match read_head(&*file, number).map_err(|cause| Error::io(format!("read `{name}`"), cause))? {
                Some(head) if head.store != *store => return Err(Error::corrupt(name, "it is another store's")),
                Some(head) => {
                    if chain.heads.first().is_some_and(|next| next.number != number + 1) {
                        return Err(Error::corrupt(file_name(number + 1), "the file is not there"));
                    }
                    files.add(number, file);
                    chain.heads.insert(0, head);
                }
                None if chain.heads.is_empty() && chain.stub.is_none() && is_stub(&*file, &name)? => {
                    chain.stub = Some(number);
                }
                None => return Err(Error::corrupt(name, "its header is damaged")),
            }
        }
        match chain.heads.first() {
            Some(head) if head.checkpoint => Ok(chain),
            Some(head) => Err(Error::corrupt(file_name(head.number - 1), "the file is not there")),
            None => Err(Error::corrupt("the log", "there is no file with a sound header")),
        }
    }

    /// Where the log begins.
    pub(super) fn start(&self) -> Applied {
        Applied::before(self.heads.first().expect("a chain has a checkpoint"))
    }
}

/// Whether a file without a sound header has nothing behind it: the header is synced before any group.
fn is_stub(file: &dyn DiskFile, name: &str) -> Result<bool> {
    let len = file.len().map_err(|cause| Error::io(format!("read `{name}`"), cause))?;
    Ok(len <= FILE_HEAD_LEN)
}

/// The numbers of the log files in the folder, in order.
pub(super) fn log_numbers(disk: &dyn Disk) -> Result<Vec<u32>> {
    let listed = disk.list("log").map_err(|cause| Error::io("list the store's folder `log`", cause))?;
    let number_of = |name: &str| name.strip_suffix(".log").filter(|digits| digits.len() == 8)?.parse().ok();
    let mut numbers: Vec<u32> = listed.iter().filter_map(|listed| number_of(&listed.name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads the header of a log file; `None` where it is damaged or not there yet.
pub(super) fn read_head(file: &dyn DiskFile, number: u32) -> io::Result<Option<FileHead>> {
    let mut bytes = [0; FILE_HEAD_LEN as usize];
    let len = file.read_at(&mut bytes, 0)?;
    Ok(FileHead::decode(&bytes[..len], number))
}

/// Reads the mark; `None` where it is missing, damaged, or written at this very moment.
pub(super) fn read_mark(file: &dyn DiskFile, key: &Key) -> Option<Mark> {
    let mut bytes = [0; MARK_LEN];
    // A read can meet the owner's write half-way; it is then over in no time.
    (0..3).find_map(|_| {
        let len = file.read_at(&mut bytes, 0).ok()?;
        Mark::decode(&bytes[..len], key)
    })
}
