//! Walking the whole log past every damage: what [`super::fsck`] knows of it.
//!
//! Opening a store stops at the first doubt; this goes on behind it, so that
//! it can be said what is still sound.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::disk::{Disk, DiskFile};
use super::files::{Files, file_name, log_numbers, read_head, read_mark};
use super::frame::{FILE_HEAD_LEN, FileHead, Key, Mark};
use super::fsck::FsckReport;
use super::group::{ALIGNMENT, GroupHead};
use super::index::{Applied, Entry, Record};
use super::log;
use super::scan::{Group, GroupReader};
use crate::model::{Id, ObjectKind, RefValue};
use crate::{Error, Result};

/// What the log says, as far as it is sound.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) start: Applied,
    pub(super) end: Applied,
    pub(super) is_damaged: bool,
    pub(super) objects: HashMap<Id, Record>,
    pub(super) revisions: HashSet<Id>,
    pub(super) refs: BTreeMap<String, RefValue>,
    /// Where groups end: number, file, offset and checksum.
    pub(super) places: HashSet<(u64, u32, u64, [u8; 16])>,
}

/// Walks the log from its newest checkpoint on; damage goes into the report.
pub(super) fn walk(disk: &dyn Disk, files: &Arc<Files>, store: &[u8; 16], report: &mut FsckReport) -> Result<Walked> {
    let key = Key::of_store(store);
    let mark = disk.open(log::MARK).ok().and_then(|file| read_mark(&*file, &key));
    let vouched = mark.map_or(0, |mark| mark.seq);
    let heads = heads(disk, files, store, mark, report)?;
    let first = heads.iter().find_map(|(_, head)| *head);
    let start = Applied::before(&first.unwrap_or(FileHead {
        store: *store,
        number: heads.first().map_or(1, |(number, _)| *number),
        checkpoint: true,
        first_seq: 1,
        op: 1,
    }));
    let mut walk = Walk {
        key,
        vouched,
        report,
        walked: Walked {
            start,
            end: start,
            is_damaged: false,
            objects: HashMap::new(),
            revisions: HashSet::new(),
            refs: BTreeMap::new(),
            places: HashSet::from([(start.seq, start.file, start.end, start.sum)]),
        },
    };
    walk.walked.is_damaged = walk.report.problems.iter().any(|problem| !problem.can_be_rebuilt);
    for (at, (number, head)) in heads.iter().enumerate() {
        walk.file(files, *number, head.as_ref(), at + 1 == heads.len())?;
    }
    Ok(walk.walked)
}

/// The files from the newest checkpoint on, each with its header if that is sound.
fn heads(
    disk: &dyn Disk,
    files: &Files,
    store: &[u8; 16],
    mark: Option<Mark>,
    report: &mut FsckReport,
) -> Result<Vec<(u32, Option<FileHead>)>> {
    let mut heads: Vec<(u32, Option<FileHead>)> = Vec::new();
    for number in log_numbers(disk)?.into_iter().rev() {
        if heads.first().and_then(|(_, head)| *head).is_some_and(|head| head.checkpoint) {
            report.notes.push(format!("`{}` was replaced; the next owner removes it", file_name(number)));
            continue;
        }
        let name = file_name(number);
        let failed = |cause| Error::io(format!("read `{name}`"), cause);
        let file = disk.open(&name).map_err(failed)?;
        let head = read_head(&*file, number).map_err(failed)?.filter(|head| head.store == *store);
        if let Some((later, _)) = heads.first()
            && *later != number + 1
        {
            report.lost(file_name(number + 1), "the file is not there");
        }
        if head.is_none() && heads.is_empty() && is_stub(&file, number, &Key::of_store(store), mark)? {
            report.notes.push(format!("`{name}` was not begun yet; the next owner removes it"));
            continue;
        }
        if head.is_none() {
            report.lost(name, "its header is damaged");
        }
        files.add(number, file);
        heads.insert(0, (number, head));
    }
    match heads.first() {
        Some((number, Some(head))) if !head.checkpoint => {
            report.lost(file_name(number.saturating_sub(1)), "the file is not there");
        }
        None => report.lost("the log", "there is no file"),
        _ => {}
    }
    Ok(heads)
}

/// Whether the making of the last file was cut off: then nothing in it was acknowledged.
fn is_stub(file: &Arc<dyn DiskFile>, number: u32, key: &Key, mark: Option<Mark>) -> Result<bool> {
    if let Some(mark) = mark {
        return Ok(mark.file < number);
    }
    let mut reader = GroupReader::new(Arc::clone(file), number, *key);
    let group = reader.search(FILE_HEAD_LEN, &|_| true);
    Ok(group.map_err(|cause| Error::io(format!("read `{}`", file_name(number)), cause))?.is_none())
}

struct Walk<'a> {
    key: Key,
    vouched: u64,
    report: &'a mut FsckReport,
    walked: Walked,
}

/// A file that is being walked.
struct Walking<'a> {
    files: &'a Files,
    reader: GroupReader,
    name: String,
    len: u64,
    is_last: bool,
}

impl Walk<'_> {
    fn file(&mut self, files: &Files, number: u32, head: Option<&FileHead>, is_last: bool) -> Result<()> {
        let name = file_name(number);
        let Some(file) = files.get(number) else { return Ok(()) };
        let len = file.len().map_err(|cause| Error::io(format!("read `{name}`"), cause))?;
        let mut on = Walking { files, reader: GroupReader::new(file, number, self.key), name, len, is_last };
        if let Some(head) = head {
            let expected = self.walked.end.seq + 1;
            if head.first_seq != expected {
                self.damage(&on.name, format!("it begins with group {}, not {expected}", head.first_seq));
            }
            self.reached(Applied { op: self.walked.end.op, ..Applied::before(head) });
        }
        let mut at = FILE_HEAD_LEN;
        while at < len {
            let next = match self.sound_group(&mut on, at)? {
                Some(next) => Some(next),
                None => self.behind_damage(&mut on, at)?,
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Takes the sound group at `at`, and returns where it ends.
    fn sound_group(&mut self, on: &mut Walking<'_>, at: u64) -> Result<Option<u64>> {
        let expected = self.walked.end.seq + 1;
        let Some(group) = on.read(at, true)?.filter(|group| group.head.seq >= expected) else {
            return Ok(None);
        };
        if group.head.seq != expected {
            self.damage(&file_name(group.file), format!("group {expected} is missing before {at}"));
        }
        self.take(&group)?;
        Ok(Some(group.applied().end))
    }

    /// Finds where to go on behind what is not sound at `at`; `None` when that is the end.
    fn behind_damage(&mut self, on: &mut Walking<'_>, at: u64) -> Result<Option<u64>> {
        let expected = self.walked.end.seq + 1;
        let (files, name, len, is_last) = (on.files, on.name.clone(), on.len, on.is_last);
        // Perhaps only a payload is damaged: then the group's other objects are sound.
        if let Some(group) = on.read(at, false)?.filter(|group| group.head.seq == expected) {
            let next = group.applied().end;
            if next <= len && (next < len || !is_last || expected <= self.vouched) {
                self.salvage(files, &group)?;
                return Ok(Some(next));
            }
        }
        let is_torn = is_last && expected > self.vouched;
        let wanted = |head: &GroupHead| head.seq > expected && (!is_torn || head.durable >= expected);
        let later = on.reader.search(at + ALIGNMENT, &wanted).map_err(|cause| on.failed(cause))?;
        match later {
            Some(later) => {
                self.damage(&name, format!("the bytes {at}..{later} are damaged"));
                if let Some(group) = on.read(later, true)? {
                    self.walked.end.seq = group.head.seq - 1;
                }
            }
            None if is_torn => self.report.notes.push(format!(
                "`{name}` ends with {} bytes that were never acknowledged; the next owner cuts them",
                len - at
            )),
            None => self.damage(&name, format!("the bytes {at}..{len} are damaged")),
        }
        Ok(later)
    }

    fn damage(&mut self, what: &str, why: String) {
        self.walked.is_damaged = true;
        self.report.lost(what, why);
    }

    fn reached(&mut self, end: Applied) {
        self.walked.places.insert((end.seq, end.file, end.end, end.sum));
        self.walked.end = end;
    }

    fn take(&mut self, group: &Group<'_>) -> Result<()> {
        for record in group.records() {
            match record? {
                (Entry::Object(record, Some(bytes)), _) if Id::of(bytes) != record.id => self.lose(&record, group.file),
                (Entry::Ref { name, new }, before) => {
                    let known = self.walked.refs.get(name).map_or(0, |value| value.op);
                    if known != before && !self.walked.is_damaged {
                        self.damage(&file_name(group.file), format!("ref {name} follows on {before}, not on {known}"));
                    }
                    self.enter(Entry::Ref { name, new });
                }
                (entry, _) => self.enter(entry),
            }
        }
        self.reached(group.applied());
        Ok(())
    }

    fn enter(&mut self, entry: Entry<'_>) {
        match entry {
            Entry::Object(record, _) => {
                if record.kind == ObjectKind::Revision {
                    self.walked.revisions.insert(record.id);
                }
                self.walked.objects.insert(record.id, record);
            }
            Entry::Ref { name, new: Some(value) } => {
                self.walked.refs.insert(name.to_owned(), value);
            }
            Entry::Ref { name, new: None } => {
                self.walked.refs.remove(name);
            }
            Entry::Forgotten(id) => {
                self.walked.objects.remove(&id);
                self.walked.revisions.remove(&id);
            }
        }
    }

    fn lose(&mut self, record: &Record, file: u32) {
        let what = format!("{} {}", record.kind, record.id);
        self.damage(&what, format!("its bytes in `{}` have another hash", file_name(file)));
    }

    /// Takes what is sound of a group whose payload is not.
    fn salvage(&mut self, files: &Files, group: &Group<'_>) -> Result<()> {
        let problems = self.report.problems.len();
        for record in group.records() {
            let (entry, _) = record?;
            if let Entry::Object(record, _) = entry
                && let Some(payload) = record.place.payload
            {
                let bytes = files.read(record.place.file, payload, record.len as usize);
                if !bytes.is_ok_and(|bytes| Id::of(&bytes) == record.id) {
                    self.lose(&record, group.file);
                    continue;
                }
            }
            self.enter(entry);
        }
        if self.report.problems.len() == problems {
            self.damage(&file_name(group.file), format!("the padding of the group at {} is damaged", group.start));
        }
        self.reached(group.applied());
        Ok(())
    }
}

impl Walking<'_> {
    fn read(&mut self, at: u64, whole: bool) -> Result<Option<Group<'_>>> {
        self.reader.read(at, whole).map_err(|cause| Error::io(format!("read `{}`", self.name), cause))
    }

    fn failed(&self, cause: std::io::Error) -> Error {
        Error::io(format!("read `{}`", self.name), cause)
    }
}
