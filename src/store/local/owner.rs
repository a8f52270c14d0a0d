//! The owner's side: what it stages, and how a batch becomes durable.
//!
//! The order of [`Owner::apply`] is the store's promise: object files first,
//! then the group in the log, then one sync, which is the commit point, and
//! only then the index and the answer. `docs/FORMAT.md` argues every crash.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::core::{Core, Where};
use super::former_refs::FormerRefs;
use super::group::GroupBuilder;
use super::index::{Applied, Entry, Found, Index, Place, Record};
use super::index_sled;
use super::lock::Lock;
use super::log::Log;
use super::objects::{self, NewFile};
use super::stage::{Stage, Staged, StagedAt};
use crate::model::{Id, ObjectKind, RefValue};
use crate::store::{Batch, RefSwap, batch};
use crate::{Error, ErrorKind, Result};

/// Small objects are gathered until they are so many bytes, and then written as one group.
const GATHER: usize = 1 << 20;
/// So many object files may wait for the next batch with open descriptors.
const OPEN_FILES: usize = 32;
/// The index is made durable after so many bytes of log, so that the next owner need not read more.
const FLUSH_EVERY: u64 = 4 << 20;
/// What only the owner of a store has.
#[derive(Debug)]
pub(super) struct Owner {
    /// Held by whoever moves refs, together with others; alone by a sweep, for which they stand still. Taken
    /// before the writer, which a sweep that looks at refs does not have yet.
    moving: RwLock<()>,
    writer: Mutex<Writer>,
    pub(super) stage: Stage,
    pub(super) former: FormerRefs,
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

impl Writer {
    fn take_number(&mut self) -> u64 {
        self.next_file += 1;
        self.next_file
    }
}

impl Owner {
    pub(super) fn new(log: Log, lock: Option<Lock>) -> Owner {
        let Applied { op, end, .. } = log.end();
        let writer = Writer {
            log,
            gathered: Vec::new(),
            gathered_len: 0,
            spilled: Vec::new(),
            files: Vec::new(),
            unsynced_folders: BTreeSet::new(),
            next_file: 0,
            flushed_end: end,
        };
        Owner {
            moving: RwLock::new(()),
            writer: Mutex::new(writer),
            stage: Stage::default(),
            former: FormerRefs::default(),
            op: Mutex::new(op),
            moved: Condvar::new(),
            _lock: lock,
        }
    }

    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody moves a ref; nobody does as long as this is held.
    pub(super) fn hold_refs(&self) -> RwLockWriteGuard<'_, ()> {
        self.moving.write().unwrap_or_else(PoisonError::into_inner)
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
        match self.stage.locate(id) {
            None => Ok(self.find(core, None, id)?.map(Where::of)),
            staged => Ok(staged),
        }
    }

    pub(super) fn put(&self, core: &Core, kind: ObjectKind, bytes: &[u8]) -> Result<Id> {
        let id = Id::of(bytes);
        let mut writer = self.writer();
        writer.log.check_usable()?;
        self.put_known(core, &mut writer, kind, id, &mut || Bytes::copy_from_slice(bytes))?;
        self.stage.promise(id);
        Ok(id)
    }

    /// Whether the object is there; if so, it counts as put at this moment.
    pub(super) fn keep(&self, core: &Core, id: Id) -> Result<bool> {
        let writer = self.writer();
        let is_there = self.stage.has(id) || self.find(core, Some(&writer), id)?.is_some();
        if is_there {
            self.stage.touch(id);
            self.stage.promise(id);
        }
        Ok(is_there)
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
        self.stage.promise(id);
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
        let is_known = self.is_known(core, writer, kind, id)?;
        if is_known || (kind == ObjectKind::Revision && self.stage.becomes_revision(id)) {
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
        self.stage.add(id, Staged { kind, time_s: core.now_s(), at: StagedAt::Memory(bytes) });
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
        if let Some(staged) = self.stage.get(id) {
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
        self.stage.touch(id);
        Ok(true)
    }

    fn add_file(&self, core: &Core, writer: &mut Writer, new: NewFile) -> Result<()> {
        let at = StagedAt::File(new.path(), new.len);
        self.stage.add(new.id, Staged { kind: new.kind, time_s: core.now_s(), at });
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
            self.stage.moved(new.id, StagedAt::File(new.path(), new.len));
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
            self.stage.moved(record.id, StagedAt::Log(record.place, record.len));
            writer.spilled.push(record);
        }
        writer.gathered.clear();
        writer.gathered_len = 0;
        Ok(())
    }

    /// Adds the gathered objects to a group; see [`super::log::Appended::absolute`] for what their places count from.
    fn add_gathered(&self, writer: &Writer, builder: &mut GroupBuilder) -> Vec<(Record, Bytes)> {
        let gathered = writer.gathered.iter().filter_map(|id| Some((*id, self.stage.get(*id)?)));
        gathered
            .filter_map(|(id, Staged { kind, time_s, at })| {
                let StagedAt::Memory(bytes) = at else { return None };
                let payload = Some(builder.payload_len() as u64);
                let record = builder.add_object(kind, id, time_s, &bytes);
                let place = Place { file: 0, record, payload };
                Some((Record { id, kind, len: bytes.len() as u64, time_s, place }, bytes))
            })
            .collect()
    }

    pub(super) fn apply(&self, core: &Core, batch: &Batch) -> Result<u64> {
        let _moving = self.moving.read().unwrap_or_else(PoisonError::into_inner);
        let mut writer = self.writer();
        let writer = &mut *writer;
        writer.log.check_usable()?;
        batch.check(&|name| self.ask(core, Some(writer), &|index| index.read_ref(name.as_str())), &|id| {
            Ok(self.stage.has(id) || self.find(core, Some(writer), id)?.is_some())
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
        if done.is_ok() {
            self.former.note(&batch.swaps);
        }
        done
    }

    /// Forgets what was staged last: all but the first of the gathered objects and files.
    fn take_back(&self, writer: &mut Writer, gathered: usize, files: usize, core: &Core) {
        let ids = writer.gathered.split_off(gathered.min(writer.gathered.len()));
        let new = writer.files.split_off(files.min(writer.files.len()));
        self.stage.remove(ids.into_iter().chain(new.iter().map(|new| new.id)));
        new.into_iter().for_each(|new| new.discard(&*core.disk));
        writer.gathered_len = self.stage.len_in_memory(&writer.gathered);
    }

    /// Makes durable all that is staged, and the batch's refs with it.
    pub(super) fn commit(&self, core: &Core, writer: &mut Writer, batch: &Batch) -> Result<u64> {
        self.name_files(core, writer)?;
        let op = writer.log.end().op + u64::from(!batch.swaps.is_empty());
        let mut builder = GroupBuilder::default();
        let mut in_log = self.add_gathered(writer, &mut builder);
        let mut in_files = self.add_named(core, writer, &mut builder);
        let refs = ref_changes(batch, op);
        for (name, new, before) in &refs {
            builder.add_ref(name, *new, *before);
        }
        if !builder.is_empty() || !batch.swaps.is_empty() {
            let appended = writer.log.append(&builder, core.now_s(), op, batch.frees_space)?;
            let records = in_log.iter_mut().map(|(record, _)| record).chain(&mut in_files);
            records.for_each(|record| record.place = appended.absolute(record.place));
        } else if !writer.log.is_dirty() && writer.spilled.is_empty() {
            return Ok(op);
        }
        writer.log.sync()?;
        // From here on it is done, whatever happens.
        writer.log.acknowledge();
        let without_bytes = writer.spilled.iter().chain(&in_files).map(|record| Entry::Object(*record, None));
        let with_bytes = in_log.iter().map(|(record, bytes)| Entry::Object(*record, Some(bytes)));
        let refs = refs.iter().map(|(name, new, _)| Entry::Ref { name, new: *new });
        let entries: Vec<Entry<'_>> = without_bytes.chain(with_bytes).chain(refs).collect();
        self.take_into_index(core, writer, &entries);
        self.stage.remove(entries.iter().filter_map(Entry::object_id));
        writer.gathered.clear();
        writer.gathered_len = 0;
        writer.spilled.clear();
        writer.files.clear();
        *self.op.lock().unwrap_or_else(PoisonError::into_inner) = op;
        self.moved.notify_all();
        Ok(op)
    }

    /// Adds the records of the objects that have files of their own.
    fn add_named(&self, core: &Core, writer: &Writer, builder: &mut GroupBuilder) -> Vec<Record> {
        let add = |new: &NewFile| {
            let NewFile { id, kind, len, .. } = *new;
            let time_s = self.stage.get(id).map_or_else(|| core.now_s(), |staged| staged.time_s);
            let record = builder.add_file(kind, id, time_s, len);
            Record { id, kind, len, time_s, place: Place { file: 0, record, payload: None } }
        };
        writer.files.iter().map(add).collect()
    }

    /// Takes durable groups into the index; one that fails is replaced.
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
