//! The owner's side: what it stages, and how a batch becomes durable.
//!
//! The order of [`Owner::apply`] is the store's promise: object files first,
//! then the group in the log, then one sync, which is the commit point, and
//! only then the index and the answer. `docs/FORMAT.md` argues every crash.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::core::{Core, Where};
use super::group::GroupBuilder;
use super::index::{Entry, Found, Index, Place, Record};
use super::index_sled;
use super::lock::Lock;
use super::log::Log;
use super::objects::{self, NewFile};
use crate::model::{Id, ObjectKind, RefValue};
use crate::store::{Batch, RefSwap, batch};
use crate::{Error, ErrorKind, Result};

/// Small objects are gathered until they are so many bytes, and then written as one group.
const GATHER: usize = 1 << 20;
/// So many object files may wait for the next batch with open descriptors.
const OPEN_FILES: usize = 32;
/// The index is made durable after so many bytes of log, so that the next owner need not read more.
const FLUSH_EVERY: u64 = 4 << 20;
/// Times of objects that were wanted again are kept so long, once there are many.
const TOUCHED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const TOUCHED_MANY: usize = 64 * 1024;

/// What only the owner of a store has.
#[derive(Debug)]
pub(super) struct Owner {
    writer: Mutex<Writer>,
    /// Objects that were put and are not in the index yet.
    staged: RwLock<HashMap<Id, Staged>>,
    /// Old objects that were put again, and when: somebody is about to refer to them.
    touched: Mutex<HashMap<Id, Instant>>,
    op: Mutex<u64>,
    moved: Condvar,
    _lock: Option<Lock>,
}

/// The one who writes.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) log: Log,
    /// Staged objects that are in memory only, in the order of their coming.
    gathered: Vec<Id>,
    gathered_len: usize,
    /// Staged objects that are in the log and not yet synced.
    spilled: Vec<Record>,
    files: Vec<NewFile>,
    /// Folders in which files were named since they were synced.
    unsynced_folders: BTreeSet<String>,
    next_file: u64,
    /// Where the log ended when the index was made durable last.
    flushed_end: u64,
}

#[derive(Clone, Debug)]
struct Staged {
    kind: ObjectKind,
    time_s: u64,
    at: StagedAt,
}

#[derive(Clone, Debug)]
enum StagedAt {
    Memory(Bytes),
    Log(Place, u64),
    File(String, u64),
}

impl Writer {
    fn take_number(&mut self) -> u64 {
        self.next_file += 1;
        self.next_file
    }
}

impl Owner {
    pub(super) fn new(log: Log, lock: Option<Lock>) -> Owner {
        let op = log.end().op;
        let writer = Writer {
            log,
            gathered: Vec::new(),
            gathered_len: 0,
            spilled: Vec::new(),
            files: Vec::new(),
            unsynced_folders: BTreeSet::new(),
            next_file: 0,
            flushed_end: 0,
        };
        Owner {
            writer: Mutex::new(writer),
            staged: RwLock::default(),
            touched: Mutex::default(),
            op: Mutex::new(op),
            moved: Condvar::new(),
            _lock: lock,
        }
    }

    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn staged(&self, id: Id) -> Option<Staged> {
        self.staged.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Whether the object was put and is not in the index yet.
    pub(super) fn is_staged(&self, id: Id) -> bool {
        self.staged(id).is_some()
    }

    fn stage(&self, id: Id, staged: Staged) {
        self.staged.write().unwrap_or_else(PoisonError::into_inner).insert(id, staged);
    }

    fn unstage(&self, ids: impl IntoIterator<Item = Id>) {
        let mut staged = self.staged.write().unwrap_or_else(PoisonError::into_inner);
        ids.into_iter().for_each(|id| {
            staged.remove(&id);
        });
    }

    /// Asks the index; one that fails is replaced, and asked again.
    pub(super) fn ask<T>(
        &self,
        core: &Core,
        writer: Option<&Writer>,
        ask: &dyn Fn(&dyn Index) -> Result<T>,
    ) -> Result<T> {
        let index = core.index();
        match ask(&*index) {
            Err(error) if index.can_be_replaced() => {
                tracing::warn!("the index is given up for one in memory: {error}");
                match writer {
                    Some(writer) => core.replace_index(&index, writer.log.durable())?,
                    None => core.replace_index(&index, self.writer().log.durable())?,
                }
                ask(&*core.index())
            }
            answer => answer,
        }
    }

    fn find(&self, core: &Core, writer: Option<&Writer>, id: Id) -> Result<Option<Found>> {
        self.ask(core, writer, &|index| index.object(id))
    }

    /// Where the object is, if it is anywhere.
    pub(super) fn locate(&self, core: &Core, id: Id) -> Result<Option<Where>> {
        // Staged first: an object leaves the stage only when the index has it.
        match self.staged(id).map(|staged| staged.at) {
            Some(StagedAt::Memory(bytes)) => Ok(Some(Where::Memory(bytes))),
            Some(StagedAt::Log(place, len)) => Ok(Some(Where::of_place(id, place, len))),
            Some(StagedAt::File(path, len)) => Ok(Some(Where::File(path, len))),
            None => Ok(self.find(core, None, id)?.map(Where::of)),
        }
    }

    /// The revisions that were put and are not in the index yet.
    pub(super) fn staged_revisions(&self, prefix: &str) -> Vec<Id> {
        let staged = self.staged.read().unwrap_or_else(PoisonError::into_inner);
        let revisions = staged.iter().filter(|(_, staged)| staged.kind == ObjectKind::Revision);
        revisions.map(|(id, _)| *id).filter(|id| id.to_hex().starts_with(prefix)).collect()
    }

    pub(super) fn put(&self, core: &Core, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        let id = Id::of(bytes);
        let mut writer = self.writer();
        writer.log.check_usable()?;
        self.put_known(core, &mut writer, kind, id, &mut || Bytes::copy_from_slice(bytes))?;
        Ok(id)
    }

    pub(super) fn put_stream(&self, core: &Core, kind: ObjectKind, content: &mut dyn Read) -> Result<(Id, u64)> {
        let mut start = vec![0; objects::IN_LOG_MAX + 1];
        let mut filled = 0;
        let ended = objects::fill(content, &mut start, &mut filled)?;
        start.truncate(filled);
        if ended && !objects::belongs_in_file(kind, filled) {
            return self.put(core, kind, &start).map(|id| (id, filled as u64));
        }
        let number = {
            let mut writer = self.writer();
            writer.log.check_usable()?;
            writer.take_number()
        };
        // Without the lock: others may store while we wait for the content.
        let new = objects::write(&*core.disk, number, kind, &start, content)?;
        let (id, len) = (new.id, new.len);
        let mut writer = self.writer();
        if self.is_known(core, &writer, kind, id)? {
            new.discard(&*core.disk);
        } else {
            self.add_file(core, &mut writer, new)?;
        }
        Ok((id, len))
    }

    fn put_known(
        &self,
        core: &Core,
        writer: &mut Writer,
        kind: ObjectKind,
        id: Id,
        bytes: &mut dyn FnMut() -> Bytes,
    ) -> Result<()> {
        if self.is_known(core, writer, kind, id)? {
            return Ok(());
        }
        let bytes = bytes();
        if objects::belongs_in_file(kind, bytes.len()) {
            let number = writer.take_number();
            let new = objects::write(&*core.disk, number, kind, &[], &mut &bytes[..])?;
            return self.add_file(core, writer, new);
        }
        writer.gathered.push(id);
        writer.gathered_len += bytes.len();
        self.stage(id, Staged { kind, time_s: core.now_s(), at: StagedAt::Memory(bytes) });
        if writer.gathered_len >= GATHER {
            let done = self.spill(core, writer, false);
            if done.is_err() {
                self.take_back(writer, writer.gathered.len().saturating_sub(1), writer.files.len(), core);
            }
            done?;
        }
        Ok(())
    }

    /// Whether the object is there already, and what is there is of use.
    fn is_known(&self, core: &Core, writer: &Writer, kind: ObjectKind, id: Id) -> Result<bool> {
        let revision = kind == ObjectKind::Revision;
        if let Some(staged) = self.staged(id) {
            return Ok(!revision || staged.kind == ObjectKind::Revision);
        }
        let Some(found) = self.find(core, Some(writer), id)? else {
            return Ok(false);
        };
        // The same bytes may have come before as something else; as a revision they must be found by prefix.
        if revision && !self.ask(core, Some(writer), &|index| index.is_revision(id))? {
            return Ok(false);
        }
        // A file that was lost or cut is written again.
        if found.record.place.payload.is_none() && !core.has_file(id, found.record.len) {
            return Ok(false);
        }
        self.touch(id);
        Ok(true)
    }

    fn touch(&self, id: Id) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        touched.insert(id, Instant::now());
        if touched.len() > TOUCHED_MANY {
            touched.retain(|_, when| when.elapsed() < TOUCHED_FOR);
        }
    }

    /// Whether the object was put again within `grace`, though it was there before.
    pub(super) fn was_touched(&self, id: Id, grace: Duration) -> bool {
        let touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        touched.get(&id).is_some_and(|when| when.elapsed() < grace)
    }

    fn add_file(&self, core: &Core, writer: &mut Writer, new: NewFile) -> Result<()> {
        let at = StagedAt::File(new.path(), new.len);
        self.stage(new.id, Staged { kind: new.kind, time_s: core.now_s(), at });
        writer.files.push(new);
        if writer.files.iter().filter(|new| new.is_temporary()).count() >= OPEN_FILES {
            self.name_files(core, writer)?;
        }
        Ok(())
    }

    /// Makes all new object files durable under their own names.
    fn name_files(&self, core: &Core, writer: &mut Writer) -> Result<()> {
        objects::sync(&writer.files).inspect_err(|error| writer.log.fail(error.to_string()))?;
        let named = objects::name(&*core.disk, &mut writer.files, &mut writer.unsynced_folders);
        for new in &writer.files {
            if let Some(staged) = self.staged.write().unwrap_or_else(PoisonError::into_inner).get_mut(&new.id) {
                staged.at = StagedAt::File(new.path(), new.len);
            }
        }
        named?;
        for folder in std::mem::take(&mut writer.unsynced_folders) {
            let synced = core.disk.sync_folder(&folder);
            let synced = synced.map_err(|cause| Error::io(format!("sync the store's folder `{folder}`"), cause));
            synced.inspect_err(|error| writer.log.fail(error.to_string()))?;
        }
        Ok(())
    }

    /// Writes the gathered objects to the log, not yet durable.
    fn spill(&self, core: &Core, writer: &mut Writer, may_use_reserve: bool) -> Result<()> {
        let mut builder = GroupBuilder::default();
        let added = self.add_gathered(writer, &mut builder);
        let op = writer.log.end().op;
        let appended = writer.log.append(&builder, core.now_s(), op, may_use_reserve)?;
        for (mut record, _) in added {
            record.place = appended.absolute(record.place);
            let at = StagedAt::Log(record.place, record.len);
            self.stage(record.id, Staged { kind: record.kind, time_s: record.time_s, at });
            writer.spilled.push(record);
        }
        writer.gathered.clear();
        writer.gathered_len = 0;
        Ok(())
    }

    /// Adds the gathered objects to a group; see [`super::log::Appended::absolute`] for what their places count from.
    fn add_gathered(&self, writer: &Writer, builder: &mut GroupBuilder) -> Vec<(Record, Bytes)> {
        let staged = self.staged.read().unwrap_or_else(PoisonError::into_inner);
        let gathered = writer.gathered.iter().filter_map(|id| Some((*id, staged.get(id)?)));
        gathered
            .filter_map(|(id, staged)| {
                let StagedAt::Memory(bytes) = &staged.at else { return None };
                let payload = Some(builder.payload_len() as u64);
                let record = builder.add_object(staged.kind, id, staged.time_s, bytes);
                let place = Place { file: 0, record, payload };
                let len = bytes.len() as u64;
                Some((Record { id, kind: staged.kind, len, time_s: staged.time_s, place }, bytes.clone()))
            })
            .collect()
    }

    pub(super) fn apply(&self, core: &Core, batch: &Batch) -> Result<u64> {
        let mut writer = self.writer();
        let writer = &mut *writer;
        writer.log.check_usable()?;
        batch.check(&|name| self.ask(core, Some(writer), &|index| index.read_ref(name.as_str())), &|id| {
            Ok(self.staged(id).is_some() || self.find(core, Some(writer), id)?.is_some())
        })?;
        let kept = (writer.gathered.len(), writer.files.len());
        let mut objects = batch.objects.iter();
        let done = objects
            .try_for_each(|(kind, bytes)| self.put_known(core, writer, *kind, Id::of(bytes), &mut || bytes.clone()))
            .and_then(|()| self.commit(core, writer, batch));
        if let Err(error) = &done
            && matches!(error.kind(), ErrorKind::NoSpace { .. })
        {
            self.take_back(writer, kept.0, kept.1, core);
        }
        done
    }

    /// Forgets what was staged last: all but the first of the gathered objects and files.
    fn take_back(&self, writer: &mut Writer, gathered: usize, files: usize, core: &Core) {
        let ids = writer.gathered.split_off(gathered.min(writer.gathered.len()));
        let new = writer.files.split_off(files.min(writer.files.len()));
        self.unstage(ids.into_iter().chain(new.iter().map(|new| new.id)));
        new.into_iter().for_each(|new| new.discard(&*core.disk));
        let staged = self.staged.read().unwrap_or_else(PoisonError::into_inner);
        let len_of = |id: &Id| match staged.get(id).map(|staged| &staged.at) {
            Some(StagedAt::Memory(bytes)) => bytes.len(),
            _ => 0,
        };
        writer.gathered_len = writer.gathered.iter().map(len_of).sum();
    }

    pub(super) fn commit(&self, core: &Core, writer: &mut Writer, batch: &Batch) -> Result<u64> {
        self.name_files(core, writer)?;
        let op = writer.log.end().op + u64::from(!batch.swaps.is_empty());
        let time_s = core.now_s();
        let mut builder = GroupBuilder::default();
        let mut added = self.add_gathered(writer, &mut builder);
        let payload_objects = added.len();
        for new in &writer.files {
            let time_s = self.staged(new.id).map_or(time_s, |staged| staged.time_s);
            let record = builder.add_file(new.kind, new.id, time_s, new.len);
            let place = Place { file: 0, record, payload: None };
            added.push((Record { id: new.id, kind: new.kind, len: new.len, time_s, place }, Bytes::new()));
        }
        let refs = ref_changes(batch, op);
        for (name, new, before) in &refs {
            builder.add_ref(name, *new, *before);
        }
        if builder.is_empty() && batch.swaps.is_empty() && !writer.log.is_dirty() && writer.spilled.is_empty() {
            return Ok(op);
        }
        if !builder.is_empty() || !batch.swaps.is_empty() {
            let appended = writer.log.append(&builder, time_s, op, batch.frees_space)?;
            added.iter_mut().for_each(|(record, _)| record.place = appended.absolute(record.place));
        }
        writer.log.sync()?;
        // From here on it is done, whatever happens.
        writer.log.acknowledge();
        let spilled = writer.spilled.iter().map(|record| Entry::Object(*record, None));
        let objects = added
            .iter()
            .enumerate()
            .map(|(at, (record, bytes))| Entry::Object(*record, (at < payload_objects).then_some(&bytes[..])));
        let refs = refs.iter().map(|(name, new, _)| Entry::Ref { name, new: *new });
        let entries: Vec<Entry<'_>> = spilled.chain(objects).chain(refs).collect();
        self.take_into_index(core, writer, &entries);
        let ids: Vec<Id> = writer.spilled.iter().map(|record| record.id).chain(added.iter().map(|a| a.0.id)).collect();
        self.unstage(ids);
        writer.gathered.clear();
        writer.gathered_len = 0;
        writer.spilled.clear();
        writer.files.clear();
        *self.op.lock().unwrap_or_else(PoisonError::into_inner) = op;
        self.moved.notify_all();
        Ok(op)
    }

    pub(super) fn take_into_index(&self, core: &Core, writer: &mut Writer, entries: &[Entry<'_>]) {
        let applied = writer.log.durable();
        let index = core.index();
        let grown = applied.end.saturating_sub(writer.flushed_end);
        let mut done = index.apply(entries, applied);
        if done.is_ok() && (grown >= FLUSH_EVERY || applied.end < writer.flushed_end) {
            writer.flushed_end = applied.end;
            done = index.flush();
        }
        if let Err(error) = done {
            tracing::warn!("the index is given up for one in memory: {error}");
            if let Err(error) = core.replace_index(&index, applied) {
                // The batch is durable all the same; who opens the store next finds it in the log.
                writer.log.fail(format!("what is in the log cannot be read: {error}"));
            }
        }
    }

    pub(super) fn watch(&self, op: u64, timeout: Duration) -> u64 {
        let deadline = batch::deadline(timeout);
        let mut last = self.op.lock().unwrap_or_else(PoisonError::into_inner);
        while *last <= op {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            last = self.moved.wait_timeout(last, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *last
    }

    /// Makes the index durable; one that was given up is removed, so that the next owner makes it anew.
    pub(super) fn close(&self, core: &Core) {
        let index = core.index();
        let done = match core.disk.real_path() {
            Some(path) if !index.can_be_replaced() => index_sled::remove(path),
            _ => index.flush(),
        };
        if let Err(error) = done {
            tracing::warn!("the index could not be closed: {error}");
        }
    }
}

/// What a batch changes of refs: name, new value, and the operation that set the old one or 0.
fn ref_changes(batch: &Batch, op: u64) -> Vec<(&str, Option<RefValue>, u64)> {
    // Absent and to be absent is a condition, not a change.
    let changes = batch.swaps.iter().filter(|swap| swap.expected.is_some() || swap.new.is_some());
    let change = |swap: &'_ RefSwap| (swap.new.map(|id| RefValue { id, op }), swap.expected.map_or(0, |old| old.op));
    changes.map(|swap| (swap.name.as_str(), change(swap).0, change(swap).1)).collect()
}
