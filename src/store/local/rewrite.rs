//! Writing the log anew, without what is of no use any more.
//!
//! The new file carries every object and ref that there is, and its header
//! says that it replaces all files before it. It gets its name when it is
//! whole and durable: that rename is the moment at which the old files stop
//! to count. Whoever has them open can still read them.

use std::sync::Arc;

use super::core::Core;
use super::disk::DiskFile;
use super::files::file_name;
use super::frame::{FILE_HEAD_LEN, FileHead};
use super::group::{GroupBuilder, GroupHead};
use super::index::{Applied, Record};
use super::owner::{Owner, Writer};
use super::{objects, sweep};
use crate::model::Id;
use crate::{Error, Result};

/// The name of the new file before it counts.
const TEMPORARY: &str = "log/new";
/// A group is written when its payload has so many bytes, or so many records.
const GROUP_BYTES: usize = 1 << 20;
const GROUP_RECORDS: u32 = 10_000;

/// A log in the writing.
struct Rewrite<'a> {
    core: &'a Core,
    file: Arc<dyn DiskFile>,
    head: FileHead,
    end: Applied,
    builder: GroupBuilder,
}

/// Writes the log anew with the objects `kept` and all refs.
///
/// # Errors
/// `NoSpace` when it does not fit on the disk: the old log still counts. `Corrupt` when an object to be
/// carried is damaged: a new checksum must not hide that.
pub(super) fn rewrite(owner: &Owner, core: &Core, writer: &mut Writer, mut kept: Vec<Record>) -> Result<()> {
    kept.sort_unstable_by_key(|record| (record.place.file, record.place.record));
    let refs = owner.ask(core, Some(writer), &|index| index.refs(""))?;
    let old = writer.log.end();
    let head = FileHead {
        store: core.format.store,
        number: old.file + 1,
        checkpoint: true,
        first_seq: old.seq + 1,
        op: old.op,
    };
    let written = write(core, head, &kept, &refs).inspect_err(|_| {
        let _ = core.disk.remove(TEMPORARY);
    });
    let end = written?;
    let name = file_name(head.number);
    // Until the folder is durable nobody can say which log a power cut would leave.
    let renamed = core.disk.rename(TEMPORARY, &name).and_then(|()| core.disk.sync_folder("log"));
    let file = renamed.and_then(|()| core.disk.open_to_write(&name)).map_err(|cause| {
        let error = Error::io("replace the store's log", cause);
        writer.log.fail(error.to_string());
        error
    })?;
    core.files.add(head.number, Arc::clone(&file));
    let index = core.index();
    let start = Applied::before(&head);
    let taken = index.replace(&|take| {
        let scan = core.scan(end.seq, true, end.seq);
        scan.run(start, &mut |group| take(&group.entries()?, group.applied())).map(|_| ())
    });
    writer.log.move_to(&head, file, end);
    if let Err(error) = taken {
        tracing::warn!("the index is given up for one in memory: {error}");
        core.files.forget_before(head.number);
        core.replace_index(&index, end).inspect_err(|error| writer.log.fail(error.to_string()))?;
    }
    sweep::remove_logs_before(core, head.number)
}

type Refs = [(String, crate::model::RefValue)];

fn write(core: &Core, head: FileHead, kept: &[Record], refs: &Refs) -> Result<Applied> {
    let failed = |cause| Error::io("write the store's log anew", cause);
    let file = super::log::write_file(&*core.disk, TEMPORARY, &head.encode()).map_err(failed)?;
    let mut rewrite = Rewrite { core, file, head, end: Applied::before(&head), builder: GroupBuilder::default() };
    for record in kept {
        rewrite.carry(record)?;
    }
    for (name, value) in refs {
        rewrite.builder.add_ref(name, Some(*value), 0);
        rewrite.write_if_full()?;
    }
    rewrite.write_group()?;
    rewrite.file.sync().map_err(failed)?;
    Ok(rewrite.end)
}

impl Rewrite<'_> {
    fn carry(&mut self, record: &Record) -> Result<()> {
        let Record { id, kind, len, time_s, place } = *record;
        if let Some(payload) = place.payload {
            let len = usize::try_from(len).ok().filter(|len| *len <= objects::IN_LOG_MAX);
            let damaged = || Error::corrupt(format_args!("object {id}"), "its bytes have another hash");
            let bytes = self.core.files.read(place.file, payload, len.ok_or_else(damaged)?)?;
            if Id::of(&bytes) != id {
                return Err(damaged());
            }
            self.builder.add_object(kind, id, time_s, &bytes);
        } else {
            self.builder.add_file(kind, id, time_s, len);
        }
        self.write_if_full()
    }

    fn write_if_full(&mut self) -> Result<()> {
        if self.builder.payload_len() < GROUP_BYTES && self.builder.items() < GROUP_RECORDS {
            return Ok(());
        }
        self.write_group()
    }

    fn write_group(&mut self) -> Result<()> {
        if self.builder.is_empty() {
            return Ok(());
        }
        let builder = std::mem::take(&mut self.builder);
        let (start, seq, op) = (self.end.end.max(FILE_HEAD_LEN), self.end.seq + 1, self.head.op);
        let place = (self.head.number, start);
        let bytes = builder.encode(&self.core.key, place, seq, self.core.now_s(), self.head.first_seq - 1, op);
        self.file.write_at(&bytes, start).map_err(|cause| Error::io("write the store's log anew", cause))?;
        let sum = GroupHead::decode(&bytes).expect("just encoded").sum();
        self.end = Applied { seq, op, file: self.head.number, start, end: start + bytes.len() as u64, sum };
        Ok(())
    }
}
