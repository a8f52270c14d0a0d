//! Reading the log forward, and the rule by which its end is found.
//!
//! A bad group at the end of the log is a torn write, which nobody was told
//! to be durable. A bad group that something later vouches for is damage.
//! This file decides which of the two it is; it changes nothing.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use super::disk::{Disk, DiskFile};
use super::group::{self, ALIGNMENT, FILE_HEAD_LEN, FileHead, GROUP_HEAD_LEN, GROUP_MAGIC, GroupHead, Item, Key, Mark};
use super::index::{Applied, Entry, Record};
use crate::{Error, Result};

/// What is read at once, at the least.
const WINDOW: usize = 256 * 1024;

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
                None if chain.heads.is_empty() && chain.stub.is_none() => chain.stub = Some(number),
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
    let mut bytes = [0; group::MARK_LEN];
    // A read can meet the owner's write half-way; it is then over in no time.
    (0..3).find_map(|_| {
        let len = file.read_at(&mut bytes, 0).ok()?;
        Mark::decode(&bytes[..len], key)
    })
}

/// A group that was read and holds.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) file: u32,
    pub(super) start: u64,
    pub(super) head: GroupHead,
    table: &'a [u8],
    /// The payloads, where they were read and checked too.
    payload: Option<&'a [u8]>,
}

impl<'a> Group<'a> {
    /// The place behind it.
    pub(super) fn applied(&self) -> Applied {
        let GroupHead { seq, op, .. } = self.head;
        let end = self.start + self.head.len();
        Applied { seq, op, file: self.file, start: self.start, end, sum: self.head.sum() }
    }

    /// The records, each with the operation that had set a ref before.
    pub(super) fn records(&self) -> impl Iterator<Item = Result<(Entry<'a>, u64)>> + '_ {
        group::items(&self.head, self.table).enumerate().map(|(index, item)| {
            let at = (GROUP_HEAD_LEN + index * group::ITEM_LEN) as u64;
            match item {
                Some(Item::Object(item)) => {
                    let record = Record::of(self.file, self.start + at, &item);
                    Ok((Entry::Object(record, self.bytes_of(at, &item)?), 0))
                }
                Some(Item::Forgotten(id)) => Ok((Entry::Forgotten(id), 0)),
                Some(Item::Ref { name, new, before }) => Ok((Entry::Ref { name, new }, before)),
                None => {
                    Err(Error::corrupt(file_name(self.file), format!("a record at {} is unknown", self.start + at)))
                }
            }
        })
    }

    /// What it changes.
    pub(super) fn entries(&self) -> Result<Vec<Entry<'a>>> {
        self.records().map(|record| record.map(|(entry, _)| entry)).collect()
    }

    fn bytes_of(&self, at: u64, item: &group::ObjectItem) -> Result<Option<&'a [u8]>> {
        let (Some(payload), Some(distance)) = (self.payload, item.payload) else {
            return Ok(None);
        };
        let from = (at + u64::from(distance)).checked_sub(self.head.payload_start());
        let range = from.and_then(|from| Some(from as usize..from.checked_add(item.len)? as usize));
        match range.and_then(|range| payload.get(range)) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(Error::corrupt(file_name(self.file), "a record points out of its group")),
        }
    }
}

/// Reads the groups of one file.
#[derive(Debug)]
pub(super) struct GroupReader {
    file: Arc<dyn DiskFile>,
    number: u32,
    key: Key,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl GroupReader {
    pub(super) fn new(file: Arc<dyn DiskFile>, number: u32, key: Key) -> GroupReader {
        GroupReader { file, number, key, buffer: Vec::new(), buffer_start: 0 }
    }

    /// Returns `len` bytes; `None` where the file ends before.
    fn window(&mut self, offset: u64, len: usize) -> io::Result<Option<&[u8]>> {
        let known = self.buffer_start..self.buffer_start + self.buffer.len() as u64;
        if !(known.start <= offset && offset + len as u64 <= known.end) {
            // What a damaged header claims must not make us ask for gigabytes.
            let left = self.file.len()?.saturating_sub(offset);
            if len as u64 > left {
                return Ok(None);
            }
            self.buffer = vec![0; len.max(WINDOW.min(left as usize))];
            let read = self.file.read_at(&mut self.buffer, offset)?;
            self.buffer.truncate(read);
            self.buffer_start = offset;
        }
        let start = (offset - self.buffer_start) as usize;
        Ok(self.buffer.get(start..start + len))
    }

    /// Reads the group at `offset`, its payloads too if `whole`; `None` where no sound group is there.
    pub(super) fn read(&mut self, offset: u64, whole: bool) -> io::Result<Option<Group<'_>>> {
        let (key, file) = (self.key, self.number);
        let Some(head) = self.window(offset, GROUP_HEAD_LEN)?.and_then(GroupHead::decode) else {
            return Ok(None);
        };
        let front_len = head.payload_start() as usize;
        let len = if whole { head.len() as usize } else { front_len };
        let Some(bytes) = self.window(offset, len)? else {
            return Ok(None);
        };
        let (front, payload) = bytes.split_at(front_len);
        let payload = whole.then_some(payload);
        let sound = head.holds(&key, file, offset, front)
            && payload.is_none_or(|payload| head.holds_payload(&key, file, offset, payload));
        let table = &front[GROUP_HEAD_LEN..];
        Ok(sound.then_some(Group { file, start: offset, head, table, payload }))
    }

    /// Forgets what was read, so that it is read anew.
    pub(super) fn forget(&mut self) {
        self.buffer.clear();
    }

    /// Searches for a sound group behind `offset` for which `wanted` holds; returns where it begins.
    pub(super) fn search(&mut self, offset: u64, wanted: &dyn Fn(&GroupHead) -> bool) -> io::Result<Option<u64>> {
        let end = self.file.len()?;
        let mut at = offset.next_multiple_of(ALIGNMENT);
        while at + GROUP_HEAD_LEN as u64 <= end {
            let len = WINDOW.min((end - at) as usize);
            let found = self.window(at, len)?.and_then(|bytes| {
                let mut places = bytes.chunks_exact(ALIGNMENT as usize);
                places.position(|place| place == GROUP_MAGIC)
            });
            let Some(step) = found else {
                at += (len as u64 / ALIGNMENT).max(1) * ALIGNMENT;
                continue;
            };
            at += step as u64 * ALIGNMENT;
            if self.read(at, true)?.is_some_and(|group| wanted(&group.head)) {
                return Ok(Some(at));
            }
            at += ALIGNMENT;
        }
        Ok(None)
    }
}

/// How far to read the log, and what to believe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'a> {
    pub(super) files: &'a Files,
    pub(super) key: Key,
    /// Groups up to this one are known to be durable: that they are bad is damage, their payloads need no look.
    pub(super) vouched: u64,
    /// Whether all payloads are read nevertheless.
    pub(super) whole: bool,
    /// Groups after this one are not looked at.
    pub(super) limit: u64,
}

/// What a scan visits.
pub(super) type Visit<'a> = dyn FnMut(&Group<'_>) -> Result<()> + 'a;

impl Scan<'_> {
    /// Reads all groups behind `from`, and returns the place behind the last sound one.
    ///
    /// # Errors
    /// `Corrupt` when a group is damaged that was acknowledged; a torn one at the end is no error.
    pub(super) fn run(&self, from: Applied, visit: &mut Visit<'_>) -> Result<Applied> {
        let mut at = from;
        while at.seq < self.limit {
            let name = file_name(at.file);
            let Some(file) = self.files.get(at.file) else {
                return Err(Error::corrupt(name, "the file is not there"));
            };
            let failed = |cause| Error::io(format!("read `{name}`"), cause);
            let mut reader = GroupReader::new(Arc::clone(&file), at.file, self.key);
            self.read_file(&mut reader, &mut at, visit)?;
            if at.seq >= self.limit {
                break;
            }
            if let Some(next) = self.files.get(at.file + 1)
                && let Some(head) = read_head(&*next, at.file + 1).map_err(failed)?
            {
                // All of a file is synced before the next one is made.
                if head.first_seq != at.seq + 1 {
                    return Err(self.damaged(&at, "a later file follows on other groups"));
                }
                at = Applied::before(&head);
                continue;
            }
            if at.seq < self.vouched {
                return Err(self.damaged(&at, "what was acknowledged is missing here"));
            }
            let next_seq = at.seq + 1;
            reader.forget();
            let later = reader.search(at.end + ALIGNMENT, &|head| head.seq > next_seq && head.durable >= next_seq);
            if let Some(later) = later.map_err(failed)? {
                return Err(self.damaged(&at, &format!("a sound group follows at {later}")));
            }
            break;
        }
        Ok(at)
    }

    fn read_file(&self, reader: &mut GroupReader, at: &mut Applied, visit: &mut Visit<'_>) -> Result<()> {
        while at.seq < self.limit {
            let whole = self.whole || at.seq >= self.vouched;
            let group = reader.read(at.end, whole);
            let group = group.map_err(|cause| Error::io(format!("read `{}`", file_name(at.file)), cause))?;
            let Some(group) = group.filter(|group| group.head.seq == at.seq + 1) else {
                return Ok(());
            };
            visit(&group)?;
            *at = group.applied();
        }
        Ok(())
    }

    fn damaged(&self, at: &Applied, why: &str) -> Error {
        Error::corrupt(file_name(at.file), format!("the group at {} is not sound, but {why}", at.end))
    }
}
