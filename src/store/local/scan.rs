//! Reading the log forward, and the rule by which its end is found.
//!
//! A bad group at the end of the log is a torn write, which nobody was told
//! to be durable. A bad group that something later vouches for is damage.
//! This file decides which of the two it is; it changes nothing.

use std::io;
use std::sync::Arc;

use super::disk::DiskFile;
use super::files::{Files, file_name, read_head};
use super::frame::Key;
use super::group::{self, ALIGNMENT, GROUP_HEAD_LEN, GROUP_MAGIC, GroupHead, Item};
use super::index::{Applied, Entry, Record};
use crate::{Error, Result};

/// What is read at once, at the least.
const WINDOW: usize = 256 * 1024;

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
