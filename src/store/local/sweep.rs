//! Removing what nobody needs any more.
//!
//! The store does not know what refers to what; it is told which objects are
//! live, once no ref can move any more. What is dead is first forgotten in the
//! log, by one durable group, and only then are files removed: a crash in
//! between leaves a file too many, which the next sweep finds, and never an
//! object too few.

use std::collections::HashSet;
use std::time::Duration;

use super::core::Core;
use super::files::file_name;
use super::frame::FILE_HEAD_LEN;
use super::group::{GROUP_HEAD_LEN, GroupBuilder, ITEM_LEN};
use super::index::{Entry, Record};
use super::owner::{Owner, Writer};
use super::{LocalStore, objects, rewrite};
use crate::model::Id;
use crate::store::Batch;
use crate::{Error, ErrorKind, Result};

/// So many records are forgotten by one group.
const FORGET: usize = 10_000;

/// A log that would have more bytes than this is not written anew: that makes one file, and the index in
/// memory can point only so far into one (see [`super::index_memory`]).
const REWRITTEN_MAX: u64 = 16 << 30;

/// What a sweep removed, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that nobody needs but that are too young to go.
    pub kept_young: u64,
}

/// What a sweep may take.
#[derive(Clone, Copy, Debug, Default)]
pub struct SweepOptions {
    /// How old an object must be that nobody needs. One that was put again is young again.
    pub grace: Duration,
    /// What this process was given by itself, in no batch, stays so long whatever the grace: whoever put it
    /// may be about to refer to it.
    pub promised: Duration,
    /// Whether it only counts.
    pub dry_run: bool,
}

/// Who knows which objects are needed.
pub trait Live {
    /// Looks at the refs, from which all that is needed is reached; it may be told to do so again and again.
    ///
    /// It must move none: a sweep lets nobody do that meanwhile.
    fn mark(&mut self) -> Result<()>;

    /// Whether somebody needs the object, as was found when it looked last.
    fn is_live(&self, id: Id) -> bool;
}

/// A list that is known beforehand.
impl<F: Fn(Id) -> bool> Live for F {
    fn mark(&mut self) -> Result<()> {
        Ok(())
    }

    fn is_live(&self, id: Id) -> bool {
        self(id)
    }
}

impl LocalStore {
    /// Removes every object that is neither live nor young.
    ///
    /// `live` marks while no ref can move: what is then not live is nobody's, and a ref to it comes too
    /// late. Nothing can be stored while objects are removed, but everything can be read.
    ///
    /// # Errors
    /// `ReadOnly` when the store is not owned, and those of the marking: then nothing is removed.
    pub fn sweep(&self, live: &mut dyn Live, options: SweepOptions) -> Result<Swept> {
        let SweepOptions { grace, promised, dry_run } = options;
        let owner = self.owner()?;
        let _still = owner.hold_refs();
        live.mark()?;
        let mut writer = owner.writer();
        if !dry_run {
            // What was put and not applied is in no index yet; from here on it is, and is young.
            owner.commit(&self.core, &mut writer, &Batch { frees_space: true, ..Batch::default() })?;
        }
        let is_young = |record: &Record| {
            record.time_s.saturating_add(grace.as_secs()) > self.core.now_s()
                || owner.stage.was_touched(record.id, grace)
                || owner.stage.is_promised(record.id, promised)
        };
        let (dead, kept, mut swept) = judge(owner, &self.core, &writer, &*live, &is_young)?;
        let strays = strays(&self.core, owner, &dead, &kept, grace)?;
        swept.objects += strays.len() as u64;
        swept.bytes += strays.iter().map(|stray| stray.len).sum::<u64>();
        if dry_run {
            return Ok(swept);
        }
        forget(owner, &self.core, &mut writer, &dead)?;
        for record in dead.iter().filter(|record| record.place.payload.is_none()) {
            remove(&self.core, &objects::path(record.id))?;
            remove(&self.core, &objects::sidecar_path(record.id))?;
        }
        strays.iter().try_for_each(|stray| remove(&self.core, &stray.path))?;
        if is_worth_it(&self.core, owner, &writer, &kept)? {
            match rewrite::rewrite(owner, &self.core, &mut writer, kept) {
                Err(error) if matches!(error.kind(), ErrorKind::NoSpace { .. }) => {
                    tracing::warn!("the log is not written anew, though half of it is of no use: {error}");
                }
                done => done?,
            }
        }
        writer.log.restore_reserve();
        Ok(swept)
    }
}

/// Divides all objects into the dead and the others.
fn judge(
    owner: &Owner,
    core: &Core,
    writer: &Writer,
    live: &dyn Live,
    is_young: &dyn Fn(&Record) -> bool,
) -> Result<(Vec<Record>, Vec<Record>, Swept)> {
    let all = owner.ask(core, Some(writer), &|index| {
        let mut all = Vec::new();
        index.each_object(&mut |record| {
            all.push(*record);
            Ok(())
        })?;
        Ok(all)
    })?;
    let (mut dead, mut kept, mut swept) = (Vec::new(), Vec::new(), Swept::default());
    let mut seen = HashSet::new();
    for record in all {
        let (is_young, is_live) = (is_young(&record), live.is_live(record.id));
        swept.kept_young += u64::from(is_young && !is_live);
        if is_live || is_young || owner.stage.has(record.id) {
            kept.push(record);
            continue;
        }
        if seen.insert(record.id) {
            swept.objects += 1;
            swept.bytes += record.len;
        }
        dead.push(record);
    }
    // An object that came twice, as two kinds, is as young as its younger record.
    let kept_ids: HashSet<Id> = kept.iter().map(|record| record.id).collect();
    let (again, dead): (Vec<Record>, Vec<Record>) = dead.into_iter().partition(|record| kept_ids.contains(&record.id));
    kept.extend(again);
    Ok((dead, kept, swept))
}

/// Files of objects that the log does not know: a crash left them.
fn strays(
    core: &Core,
    owner: &Owner,
    dead: &[Record],
    kept: &[Record],
    grace: Duration,
) -> Result<Vec<objects::Listed>> {
    let in_file = |record: &&Record| record.place.payload.is_none();
    let known: HashSet<Id> = dead.iter().chain(kept).filter(in_file).map(|record| record.id).collect();
    let now_s = core.now_s();
    let mut strays = objects::list(&*core.disk)?;
    strays.retain(|file| {
        let is_ours = file.id.is_some_and(|id| !known.contains(&id) && !owner.stage.has(id));
        is_ours && file.mtime_s.saturating_add(grace.as_secs()) <= now_s
    });
    Ok(strays)
}

fn forget(owner: &Owner, core: &Core, writer: &mut Writer, dead: &[Record]) -> Result<()> {
    for dead in dead.chunks(FORGET) {
        let mut builder = GroupBuilder::default();
        dead.iter().for_each(|record| builder.add_forgotten(record.id));
        let op = writer.log.end().op;
        writer.log.append(&builder, core.now_s(), op, true)?;
        writer.log.sync()?;
        writer.log.acknowledge();
        let entries: Vec<Entry<'_>> = dead.iter().map(|record| Entry::Forgotten(record.id)).collect();
        owner.take_into_index(core, writer, &entries);
    }
    Ok(())
}

/// Whether the log has enough that is of no use to write it anew.
fn is_worth_it(core: &Core, owner: &Owner, writer: &Writer, kept: &[Record]) -> Result<bool> {
    let numbers = core.files.numbers();
    let lens = numbers.into_iter().filter_map(|number| core.files.get(number)?.len().ok());
    let log: u64 = lens.sum();
    let refs = owner.ask(core, Some(writer), &|index| index.refs(""))?.len();
    let of_record = |record: &Record| ITEM_LEN as u64 + record.place.payload.map_or(0, |_| record.len);
    let useful = kept.iter().map(of_record).sum::<u64>() + refs as u64 * 2 * ITEM_LEN as u64;
    Ok(log >= core.options.compact_at
        && useful <= REWRITTEN_MAX
        && log > 2 * (useful + FILE_HEAD_LEN + GROUP_HEAD_LEN as u64))
}

fn remove(core: &Core, path: &str) -> Result<()> {
    match core.disk.remove(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(Error::io(format!("remove `{path}`"), cause)),
        _ => Ok(()),
    }
}

/// Removes the log files before `number`, which a checkpoint replaced.
pub(super) fn remove_logs_before(core: &Core, number: u32) -> Result<()> {
    for old in core.files.numbers().into_iter().filter(|old| *old < number) {
        remove(core, &file_name(old))?;
    }
    core.files.forget_before(number);
    Ok(())
}
