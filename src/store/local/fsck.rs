//! Checking a whole store: every byte of the log, every object, the index both ways.
//!
//! It changes nothing but what opening sled changes, and works where opening
//! the store refuses; so it can say what is lost and what is not. What can be
//! made again from the rest, [`super::rebuild`] makes again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::disk::{Disk, DiskFile, RealDisk};
use super::files::{Files, file_name, log_numbers, read_head, read_mark};
use super::format::Format;
use super::frame::Key;
use super::index::{Index, Record};
use super::index_sled::{self, SledIndex};
use super::lock::Lock;
use super::scan::Scan;
use super::walk::{self, Walked};
use super::{LocalStore, log, objects};
use crate::model::{Id, RefValue};
use crate::store::tree::{self, TreeHasher};
use crate::{Error, ErrorKind, Result};

/// What a check of a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// What is wrong; none in a sound store.
    pub problems: Vec<Problem>,
    /// What is worth knowing and not wrong.
    pub notes: Vec<String>,
    /// Sound objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Refs that point to a sound object.
    pub refs: u64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or object.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
    /// Whether nothing is lost by it: it can be made again from the rest.
    pub can_be_rebuilt: bool,
}

impl FsckReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn lost(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.problems.push(Problem { what: what.into(), why: why.into(), can_be_rebuilt: false });
    }

    pub(super) fn rebuildable(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.problems.push(Problem { what: what.into(), why: why.into(), can_be_rebuilt: true });
    }
}

impl LocalStore {
    /// Checks the store in the folder `path`, taking its lock; waits for an owner for at most `wait`.
    ///
    /// # Errors
    /// `StoreUnknown` when the folder is no store that this program knows, `StoreBusy`, or `Io` when it
    /// cannot be read; damage is not an error but the answer.
    pub fn fsck(path: &Path, wait: Duration) -> Result<FsckReport> {
        let disk = RealDisk::new(path);
        match Format::read(&disk) {
            Err(error) if !matches!(error.kind(), ErrorKind::Corrupt { .. }) => return Err(error),
            _ => {}
        }
        let _lock = Lock::take(path, wait)?;
        check(&disk)
    }
}

/// Checks a store that nobody else writes.
pub(super) fn check(disk: &dyn Disk) -> Result<FsckReport> {
    let mut report = FsckReport::default();
    let Some(store) = store_number(disk, &mut report)? else {
        report.lost("the log", "there is no file with a sound header");
        return Ok(report);
    };
    let key = Key::of_store(&store);
    let files = Arc::new(Files::default());
    let walked = walk::walk(disk, &files, &store, &mut report)?;
    check_mark(disk, &key, &walked, &mut report);
    for record in walked.objects.values().filter(|record| record.place.payload.is_some()) {
        report.objects += 1;
        report.bytes += record.len;
    }
    check_files(disk, &walked, &mut report)?;
    check_refs(&walked, &mut report);
    check_reserve(disk, &mut report)?;
    if let Some(path) = disk.real_path()
        && index_sled::folder(path).exists()
        && !walked.is_damaged
    {
        check_index(path, &files, &key, &store, &walked, &mut report)?;
    }
    Ok(report)
}

/// The store's number from FORMAT, or from the log where FORMAT is damaged.
pub(super) fn store_number(disk: &dyn Disk, report: &mut FsckReport) -> Result<Option<[u8; 16]>> {
    match Format::read(disk) {
        Ok(format) => Ok(Some(format.store)),
        Err(error) if matches!(error.kind(), ErrorKind::Corrupt { .. }) => {
            report.rebuildable("FORMAT", error.to_string());
            number_in_log(disk)
        }
        Err(error) => Err(error),
    }
}

/// The store's number as the newest sound header of its log tells.
pub(super) fn number_in_log(disk: &dyn Disk) -> Result<Option<[u8; 16]>> {
    for number in log_numbers(disk)?.into_iter().rev() {
        let name = file_name(number);
        let failed = |cause| Error::io(format!("read `{name}`"), cause);
        let file = disk.open(&name).map_err(failed)?;
        if let Some(head) = read_head(&*file, number).map_err(failed)? {
            return Ok(Some(head.store));
        }
    }
    Ok(None)
}

fn check_mark(disk: &dyn Disk, key: &Key, walked: &Walked, report: &mut FsckReport) {
    match disk.open(log::MARK).ok().and_then(|file| read_mark(&*file, key)) {
        None => report.rebuildable(log::MARK, "it is missing or damaged"),
        Some(mark) if mark.seq > walked.end.seq => {
            let why = format!("it ends with group {}, but group {} was acknowledged", walked.end.seq, mark.seq);
            report.lost("the log", why);
        }
        Some(mark) => {
            // A log that was written anew, just before a crash, has other places than the mark.
            let is_of_this_log = mark.checkpoint == walked.start.file && !walked.is_damaged;
            if is_of_this_log && !walked.places.contains(&(mark.seq, mark.file, mark.end, mark.sum)) {
                report.lost("the log", format!("its group {} is not the one that was acknowledged", mark.seq));
            }
        }
    }
}

fn check_files(disk: &dyn Disk, walked: &Walked, report: &mut FsckReport) -> Result<()> {
    let in_file = walked.objects.values().filter(|record| record.place.payload.is_none());
    let known: HashMap<Id, u64> = in_file.map(|record| (record.id, record.len)).collect();
    for (id, len) in &known {
        check_file(disk, *id, *len, report);
    }
    for listed in objects::list(disk)? {
        match listed.id {
            Some(id) if known.contains_key(&id) => {}
            Some(_) => report.notes.push(format!("`{}` belongs to no object; gc removes it", listed.path)),
            None => report.notes.push(format!("`{}` is no file of this store", listed.path)),
        }
    }
    Ok(())
}

/// Reads an object's file and its checksums.
pub(super) fn check_file(disk: &dyn Disk, id: Id, len: u64, report: &mut FsckReport) {
    let path = objects::path(id);
    let mut hasher = TreeHasher::new();
    let read = disk.open(&path).and_then(|file| each_piece(&*file, &mut |piece| hasher.update(piece)));
    if let Err(cause) = read {
        return report.lost(path, format!("it cannot be read: {cause}"));
    }
    let (found, found_len, values) = hasher.finish();
    if found_len != len {
        return report.lost(path, format!("it has {found_len} bytes in place of {len}"));
    }
    if found != id {
        return report.lost(path, "its bytes have another hash");
    }
    report.objects += 1;
    report.bytes += len;
    let sidecar = objects::sidecar_path(id);
    let mut bytes = Vec::new();
    let read = disk.open(&sidecar).and_then(|file| each_piece(&*file, &mut |piece| bytes.extend_from_slice(piece)));
    match read {
        Ok(()) if values.is_empty() => report.notes.push(format!("`{sidecar}` is of no use")),
        Ok(()) if bytes == tree::encode_sidecar(&values, len) => {}
        Err(_) if values.is_empty() => {}
        Ok(()) => report.rebuildable(sidecar, "it does not fit its object"),
        Err(cause) => report.rebuildable(sidecar, format!("it cannot be read: {cause}")),
    }
}

/// Reads a whole file, piece by piece.
pub(super) fn each_piece(file: &dyn DiskFile, take: &mut dyn FnMut(&[u8])) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        let read = file.read_at(&mut buffer, at)?;
        take(&buffer[..read]);
        at += read as u64;
        if read < buffer.len() {
            return Ok(());
        }
    }
}

fn check_refs(walked: &Walked, report: &mut FsckReport) {
    for (name, value) in &walked.refs {
        if walked.objects.contains_key(&value.id) {
            report.refs += 1;
        } else {
            report.lost(format!("ref {name}"), format!("it points to object {}, which is not there", value.id));
        }
    }
}

fn check_reserve(disk: &dyn Disk, report: &mut FsckReport) -> Result<()> {
    let file = match disk.open(log::RESERVE) {
        Ok(file) => file,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            report
                .notes
                .push("the reserve for a full disk was given up; it is set aside again when there is room".into());
            return Ok(());
        }
        Err(cause) => return Err(Error::io("read the store's reserve", cause)),
    };
    let mut is_zero = true;
    each_piece(&*file, &mut |piece| is_zero &= piece.iter().all(|byte| *byte == 0))
        .map_err(|cause| Error::io("read the store's reserve", cause))?;
    if !is_zero {
        report.rebuildable(log::RESERVE, "it holds something");
    }
    Ok(())
}

/// Compares sled with the log, both ways.
fn check_index(
    path: &Path,
    files: &Arc<Files>,
    key: &Key,
    store: &[u8; 16],
    walked: &Walked,
    report: &mut FsckReport,
) -> Result<()> {
    let scan = Scan { files, key: *key, vouched: 0, whole: true, limit: u64::MAX };
    match compare_index(path, &scan, store, walked) {
        Ok(None) => {}
        Ok(Some(why)) => report.rebuildable("meta", why),
        Err(error) => report.rebuildable("meta", error.to_string()),
    }
    Ok(())
}

fn compare_index(path: &Path, scan: &Scan<'_>, store: &[u8; 16], walked: &Walked) -> Result<Option<String>> {
    let index = SledIndex::open(path, store, walked.start)?;
    let applied = index.applied();
    if !walked.places.contains(&(applied.seq, applied.file, applied.end, applied.sum)) {
        return Ok(Some(format!("it goes up to group {}, which the log does not have there", applied.seq)));
    }
    // What the log has beyond is no difference: the next owner applies it as we do now.
    scan.run(applied, &mut |group| index.apply(&group.entries()?, group.applied()))?;
    let refs: BTreeMap<String, RefValue> = index.refs("")?.into_iter().collect();
    if refs != walked.refs {
        return Ok(Some("it has other refs than the log".to_owned()));
    }
    let revisions: HashSet<Id> = index.revisions("")?.into_iter().collect();
    if revisions != walked.revisions {
        return Ok(Some("it has other revisions than the log".to_owned()));
    }
    let (mut seen, mut other) = (0, None);
    index.each_object(&mut |record: &Record| {
        seen += 1;
        if walked.objects.get(&record.id) != Some(record) {
            other.get_or_insert(record.id);
        }
        Ok(())
    })?;
    for id in walked.objects.keys() {
        let inline = index.object(*id)?.and_then(|found| found.bytes);
        if inline.is_some_and(|bytes| Id::of(&bytes) != *id) {
            return Ok(Some(format!("its copy of object {id} is damaged")));
        }
    }
    if let Some(id) = other {
        return Ok(Some(format!("its record of object {id} is not the log's")));
    }
    if seen != walked.objects.len() {
        return Ok(Some(format!("it has {seen} objects, the log {}", walked.objects.len())));
    }
    Ok(None)
}
