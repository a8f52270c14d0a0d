//! A writable mount: a draft that any program may write to.
//!
//! The read-only mount shows immutable things; here an inode is a file, and
//! keeps its number while it is written, renamed and linked.
//!
//! | file | knows |
//! |---|---|
//! | [`record`], [`tree`] | names and inodes, over the base that says the rest |
//! | [`journal`], [`scratch`] | what of it is on the disk, and survives a kill |
//! | [`names`], [`metadata`], [`data`], [`listing`] | the operations, without a kernel |
//! | [`asked`] | which of them were done already, when the kernel asks again |
//! | [`load`], [`emit`] | how an overlay becomes a state, a state an overlay |
//! | [`keeper`], [`snapshot`], `stored`, [`catch_up`] | what the store is told, and what it tells |
//! | `held`, [`heirs`], `moved` | what becomes of writes to a file that was edited behind the back of its writer |
//! | [`extra`] | `.veneer/` |
//! | [`control`], [`watch`] | what the command asks of the mount, and what it did behind its back |
//! | [`fuse`], [`answers`], `words`, [`through`], [`to_kernel`] | the kernel's protocol |
//! | [`serve`], [`prepare`], [`take_over`], [`fence`] | one mount from beginning to end, whoever serves it |
//!
//! The lock of a file's bytes ([`data::Body`]) is taken before that of the names
//! ([`Working::state`]), never after. The store is opened for the moment of a snapshot only.

pub mod answers;
pub mod asked;
pub mod catch_up;
pub mod control;
pub mod data;
pub mod emit;
pub mod extra;
pub mod fence;
pub mod fuse;
pub mod heirs;
mod held;
pub mod journal;
pub mod keeper;
pub mod listing;
pub mod load;
pub mod metadata;
mod moved;
pub mod names;
pub mod prepare;
pub mod record;
pub mod refused;
pub mod scratch;
pub mod serve;
pub mod snapshot;
mod stored;
pub mod take_over;
pub mod through;
pub mod to_kernel;
pub mod tree;
pub mod watch;
mod wishes;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use veneer::dataset::View;
use veneer::source::OnDrift;

use self::data::Body;
use self::extra::Extra;
use self::journal::{Journal, Room};
use self::record::{Bytes, Ino, Record, Settled, What};
use self::refused::Answer;
use self::scratch::Scratch;
use self::tree::Tree;
use crate::attributes::Owner;

/// A journal that is shorter is not worth to be written anew.
const JOURNAL_LEN_MIN: u64 = 4 << 20;

/// A writable mount without its kernel.
#[derive(Debug)]
pub struct Working {
    state: Mutex<State>,
    bodies: Mutex<HashMap<Ino, Body>>,
    scratch: Scratch,
    drift: OnDrift,
    /// How often each scratch file was written, as far as it was.
    writes: Mutex<HashMap<u64, u64>>,
    /// The scratch files that the kernel was ever given to write by itself.
    live: Mutex<HashSet<u64>>,
    /// The scratch files that nobody speaks of any more, while somebody reads them all.
    pins: Mutex<Pins>,
    /// Counts whatever was changed, so that it is known when nothing was.
    changes: AtomicU64,
    extra: RwLock<Arc<Extra>>,
    /// Who is told when the last program closes a file that it held.
    closed: Mutex<Option<SyncSender<()>>>,
}

/// Who reads scratch files, and which ones go when nobody does.
#[derive(Debug, Default)]
struct Pins {
    count: usize,
    removed: Vec<u64>,
}

/// Until this is dropped, no scratch file goes.
struct Pinned<'a>(&'a Working);

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        let mut pins = self.0.pins.lock().unwrap_or_else(PoisonError::into_inner);
        pins.count -= 1;
        if pins.count == 0 {
            pins.removed.drain(..).for_each(|scratch| self.0.scratch.remove(scratch));
        }
    }
}

/// Names, inodes and what is written of them.
#[derive(Debug)]
pub struct State {
    /// The names and inodes.
    pub tree: Tree,
    journal: Journal,
}

/// What was left in a draft's folder.
#[derive(Debug)]
pub struct Left {
    journal: Journal,
    records: Vec<Record>,
    goes_on: bool,
}

impl Left {
    /// What it was last known to be in the store.
    pub fn settled(&self) -> Option<Settled> {
        self.records.iter().rev().find_map(|record| match record {
            Record::Settled(settled) => Some(*settled),
            _ => None,
        })
    }

    /// The mount lives on: what is open and has no name stays, and what was asked may be asked again.
    #[must_use]
    pub fn going_on(self) -> Left {
        Left { goes_on: true, ..self }
    }
}

/// Where a working state begins.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The draft as the store has it.
    pub view: View,
    /// Which revision, base and overlay that is.
    pub settled: Settled,
}

impl Working {
    /// What a killed daemon left in `folder`; `None` where nothing was left. Nobody else may write there any more.
    pub fn left(folder: &Path) -> veneer::Result<Option<Left>> {
        let failed = |cause| veneer::Error::io_at("read the draft's journal in", folder, cause);
        let found = Journal::open(folder).map_err(failed)?;
        Ok(found.map(|(journal, records)| Left { journal, records, goes_on: false }))
    }

    /// Opens the working state in `folder`: what was `left` there, else what `beginning` says.
    ///
    /// Where something was left, `beginning` is what [`Left::settled`] says.
    pub fn open(
        folder: &Path,
        left: Option<Left>,
        beginning: &Beginning,
        owner: Owner,
        drift: OnDrift,
    ) -> veneer::Result<Working> {
        let failed = |cause| veneer::Error::io_at("open the draft's folder", folder, cause);
        let scratch = Scratch::open(&folder.join("files")).map_err(failed)?;
        let mut tree = Tree::new(beginning.view.clone(), owner);
        let was_left = left.is_some();
        let journal = match left {
            Some(Left { mut journal, records, goes_on }) => {
                records.iter().for_each(|record| tree.apply(record));
                if tree.settled().is_none_or(|settled| settled.base != beginning.settled.base) {
                    let why = "it speaks of another state of the source";
                    return Err(veneer::Error::corrupt("the draft's journal", why));
                }
                if !goes_on {
                    journal.append(&[Record::Began], Room::Gives).map_err(failed)?;
                    tree.apply(&Record::Began);
                }
                journal
            }
            None => {
                load::load_all(&mut tree)?;
                tree.apply(&Record::Settled(beginning.settled));
                Journal::create(folder, tree.records()).map_err(failed)?
            }
        };
        sweep(&scratch, &tree).map_err(failed)?;
        // Mappings that were made before this process may live on.
        let live = if was_left { scratch_files(&tree).collect() } else { HashSet::new() };
        Ok(Working {
            state: Mutex::new(State { tree, journal }),
            bodies: Mutex::default(),
            scratch,
            drift,
            writes: Mutex::default(),
            live: Mutex::new(live),
            pins: Mutex::default(),
            changes: AtomicU64::new(u64::from(was_left)),
            extra: RwLock::default(),
            closed: Mutex::default(),
        })
    }

    /// The names and inodes, and nobody else's meanwhile.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // Records are applied whole, so a panic leaves a state that holds together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does records: to the journal first, so that nothing is done that a kill takes back.
    pub fn commit(&self, state: &mut State, records: &[Record], room: Room) -> Answer<()> {
        state.journal.append(records, room)?;
        records.iter().for_each(|record| state.tree.apply(record));
        self.note_change();
        Ok(())
    }

    fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a write, once it is done: whoever reads before it finds the count moved after.
    fn note_written(&self, scratch: u64) {
        *self.writes.lock().unwrap_or_else(PoisonError::into_inner).entry(scratch).or_default() += 1;
        self.note_change();
    }

    /// From now on the kernel may write a scratch file without telling.
    fn begin_live(&self, scratch: u64) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).insert(scratch);
    }

    /// The file is closed. A mapping of it may live on, and write for as long as the file is there.
    fn end_live(&self) {
        self.note_change();
    }

    /// The scratch files that may have been written without being counted: whether they were, their stamps tell.
    fn live(&self) -> Vec<u64> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// A scratch file that nobody speaks of any more.
    fn remove_scratch(&self, scratch: u64) {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).remove(&scratch);
        self.live.lock().unwrap_or_else(PoisonError::into_inner).remove(&scratch);
        let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        match pins.count {
            0 => self.scratch.remove(scratch),
            _ => pins.removed.push(scratch),
        }
    }

    /// Keeps all scratch files where they are, for whoever reads what was spoken of a moment ago.
    fn pin_scratch(&self) -> Pinned<'_> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).count += 1;
        Pinned(self)
    }

    /// How often a scratch file was written.
    fn writes(&self, scratch: u64) -> u64 {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).get(&scratch).copied().unwrap_or(0)
    }

    /// A number that moves with every change.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Makes all that the journal was told durable.
    pub fn sync_journal(&self) -> io::Result<()> {
        let Some((file, end)) = self.state().journal.unsynced() else { return Ok(()) };
        file.sync_data()?;
        self.state().journal.note_synced(&file, end);
        Ok(())
    }

    /// Makes everything durable, bytes before names.
    pub fn sync_all(&self) -> io::Result<()> {
        if self.state().journal.unsynced().is_none() {
            return Ok(());
        }
        rustix::fs::syncfs(self.scratch.folder())?;
        self.sync_journal()
    }

    /// Writes the journal anew when it is much longer than what there is to say.
    fn trim(&self, state: &mut State) -> io::Result<()> {
        if state.journal.len() < JOURNAL_LEN_MIN || state.journal.len() < 4 * state.journal.first_len() {
            return Ok(());
        }
        let records = state.tree.records();
        state.journal.renew(records)
    }

    /// `.veneer/` as it is now.
    pub fn extra(&self) -> Arc<Extra> {
        Arc::clone(&self.extra.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows another `.veneer/`.
    pub fn set_extra(&self, extra: Extra) {
        *self.extra.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(extra);
    }
}

/// The scratch files that are spoken of.
fn scratch_files(tree: &Tree) -> impl Iterator<Item = u64> {
    tree.touched().filter_map(|(_, inode)| match inode.what {
        What::File(Bytes::Scratch(number)) => Some(number),
        _ => None,
    })
}

/// Removes scratch files that nobody speaks of.
fn sweep(scratch: &Scratch, tree: &Tree) -> io::Result<()> {
    let used: HashSet<u64> = scratch_files(tree).collect();
    scratch.sweep(|number| used.contains(&number))
}

/// The present, in nanoseconds since 1970-01-01 UTC.
pub fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
