//! Files of a source on another machine: fetched block by block, and kept on this one's disk.
//!
//! A block is named by the file that the base recorded (path, size and time of
//! modification) and its number, so every revision and base that has the same
//! file shares it. One that is wanted by several readers is fetched once, and
//! who reads on finds the next ones there. Fetching is somebody else's: see
//! [`Fetch`].

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;

use crate::model::{DataPath, Entry, Id};
use crate::store::Cache;
use crate::{Error, ErrorKind, Result};

/// The bytes of a block; the last one of a file has fewer.
pub const BLOCK_LEN: u64 = 1 << 20;
/// So many blocks stay in memory, for the kernel asks for parts of one.
const RECENT_MAX: usize = 16;
/// So many blocks are fetched before they are asked for, once a file is read on.
const AHEAD: u64 = 4;
/// So many wait to be fetched ahead; more are not worth to be waited for.
const AHEAD_QUEUE: usize = 16;
/// Threads that fetch ahead.
const AHEAD_THREADS: usize = 2;

/// Brings bytes of a file, exactly those of the range, or says why not.
pub type Fetch = dyn Fn(&FarFile, Range<u64>) -> Result<Bytes> + Send + Sync;

/// A file of a source elsewhere, as a base recorded it.
#[derive(Clone, Debug)]
pub struct FarFile {
    /// The base.
    pub base: Id,
    /// Its path in the source.
    pub path: DataPath,
    /// What was recorded of it.
    pub recorded: Entry,
}

/// The blocks of a source's files.
pub struct Blocks {
    shared: Arc<Shared>,
    ahead: SyncSender<(FarFile, u64)>,
}

struct Shared {
    fetch: Box<Fetch>,
    /// What tells this source from all others that share the cache.
    source: Vec<u8>,
    cache: Cache,
    recent: Mutex<VecDeque<(Id, Bytes)>>,
    under_way: Mutex<HashMap<Id, Arc<UnderWay>>>,
}

/// A block that somebody is fetching.
#[derive(Default)]
struct UnderWay {
    came: Mutex<Option<std::result::Result<Bytes, ErrorKind>>>,
    told: Condvar,
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("cache", &self.shared.cache).finish_non_exhaustive()
    }
}

impl Blocks {
    /// The blocks of the source that `source` names, brought by `fetch` and kept in `cache`.
    pub fn new(fetch: Box<Fetch>, source: &[u8], cache: Cache) -> Blocks {
        let (recent, under_way) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { fetch, source: source.to_owned(), cache, recent, under_way });
        let (ahead, wanted) = sync_channel::<(FarFile, u64)>(AHEAD_QUEUE);
        let wanted = Arc::new(Mutex::new(wanted));
        for _ in 0..AHEAD_THREADS {
            let (shared, wanted) = (Arc::clone(&shared), Arc::clone(&wanted));
            // Without it nothing comes ahead, and that is all.
            let _ = thread::Builder::new().name("ahead".to_owned()).spawn(move || {
                loop {
                    let next = wanted.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((file, number)) = next else { return };
                    let _ = shared.block(&file, number);
                }
            });
        }
        Blocks { shared, ahead }
    }

    /// Fills `buffer`, all of which lies within the file, from `offset`.
    ///
    /// # Errors
    /// Those of fetching.
    pub(super) fn fill(&self, file: &FarFile, buffer: &mut [u8], offset: u64) -> Result<()> {
        each_part(buffer, offset, |part, number, from| {
            let block = self.shared.block(file, number)?;
            copy(part, &block, from).ok_or_else(|| short(file, number))?;
            self.fetch_ahead(file, number);
            Ok(true)
        })
        .map(drop)
    }

    /// As [`Blocks::fill`], if all of it is on this machine; else returns false.
    pub(super) fn try_fill(&self, file: &FarFile, buffer: &mut [u8], offset: u64) -> Result<bool> {
        each_part(buffer, offset, |part, number, from| {
            let Some(block) = self.shared.at_hand(self.shared.key(file, number), len_of(file, number)) else {
                return Ok(false);
            };
            copy(part, &block, from).ok_or_else(|| short(file, number))?;
            self.fetch_ahead(file, number);
            Ok(true)
        })
    }

    /// Has the blocks behind this one fetched, if it was come to by reading on.
    fn fetch_ahead(&self, file: &FarFile, number: u64) {
        let is_read_on = match number.checked_sub(1) {
            None => false,
            Some(before) => self.shared.recent(self.shared.key(file, before)).is_some(),
        };
        // The beginning: whoever wants more of it than this will mostly want the next one, too.
        let ahead = if is_read_on { AHEAD } else { u64::from(number == 0) };
        for next in number + 1..=number + ahead {
            let is_there =
                next * BLOCK_LEN >= file.recorded.size || self.shared.recent(self.shared.key(file, next)).is_some();
            if !is_there && self.ahead.try_send((file.clone(), next)).is_err() {
                break;
            }
        }
    }
}

impl Shared {
    fn key(&self, file: &FarFile, number: u64) -> Id {
        let mut name = self.source.clone();
        let recorded = format!("\0{} {} {number}\0", file.recorded.size, file.recorded.mtime_ns);
        name.extend_from_slice(recorded.as_bytes());
        name.extend_from_slice(file.path.as_bytes());
        Id::of(&name)
    }

    fn block(&self, file: &FarFile, number: u64) -> Result<Bytes> {
        let (key, len) = (self.key(file, number), len_of(file, number));
        if let Some(block) = self.at_hand(key, len) {
            return Ok(block);
        }
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = under_way.get(&key).cloned() {
            drop(under_way);
            return other.wait();
        }
        let ours = Arc::clone(under_way.entry(key).or_default());
        drop(under_way);
        let came = self.bring(file, number, key, len);
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        ours.tell(came.as_ref().map(Bytes::clone).map_err(|error| error.kind().clone()));
        came
    }

    fn bring(&self, file: &FarFile, number: u64, key: Id, len: u64) -> Result<Bytes> {
        // Another reader may have been done with it a moment ago.
        if let Some(block) = self.at_hand(key, len) {
            return Ok(block);
        }
        let start = number * BLOCK_LEN;
        let block = (self.fetch)(file, start..start + len)?;
        if block.len() as u64 != len {
            return Err(short(file, number));
        }
        self.cache.put(key, &block);
        self.remember(key, &block);
        Ok(block)
    }

    fn at_hand(&self, key: Id, len: u64) -> Option<Bytes> {
        if let Some(block) = self.recent(key) {
            return Some(block);
        }
        let block: Bytes = self.cache.get(key)?.into();
        // Whole, as the cache says, and yet of another length: no file of ours.
        (block.len() as u64 == len).then(|| {
            self.remember(key, &block);
            block
        })
    }

    fn recent(&self, key: Id) -> Option<Bytes> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().find(|(known, _)| *known == key).map(|(_, block)| block.clone())
    }

    fn remember(&self, key: Id, block: &Bytes) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.iter().any(|(known, _)| *known == key) {
            return;
        }
        if recent.len() >= RECENT_MAX {
            recent.pop_front();
        }
        recent.push_back((key, block.clone()));
    }
}

impl UnderWay {
    fn wait(&self) -> Result<Bytes> {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*came {
                Some(came) => return came.clone().map_err(Error::new),
                None => came = self.told.wait(came).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn tell(&self, what: std::result::Result<Bytes, ErrorKind>) {
        *self.came.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
        self.told.notify_all();
    }
}

/// How long a block of a file is.
fn len_of(file: &FarFile, number: u64) -> u64 {
    file.recorded.size.saturating_sub(number.saturating_mul(BLOCK_LEN)).min(BLOCK_LEN)
}

/// Takes the buffer apart by blocks, until `each` says no: a part, its block's number, and where in it that begins.
fn each_part(
    mut buffer: &mut [u8],
    mut offset: u64,
    mut each: impl FnMut(&mut [u8], u64, usize) -> Result<bool>,
) -> Result<bool> {
    while !buffer.is_empty() {
        let (number, from) = (offset / BLOCK_LEN, (offset % BLOCK_LEN) as usize);
        let (part, rest) = buffer.split_at_mut((BLOCK_LEN as usize - from).min(buffer.len()));
        offset += part.len() as u64;
        if !each(part, number, from)? {
            return Ok(false);
        }
        buffer = rest;
    }
    Ok(true)
}

fn copy(part: &mut [u8], block: &[u8], from: usize) -> Option<()> {
    part.copy_from_slice(block.get(from..from + part.len())?);
    Some(())
}

fn short(file: &FarFile, number: u64) -> Error {
    Error::corrupt(format!("block {number} of `{}`", file.path), "it has another length")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::model::Kind;

    const LEN: u64 = 3 * BLOCK_LEN + 1000;

    fn byte(at: u64) -> u8 {
        (at / 3 + at / BLOCK_LEN) as u8
    }

    fn file(mtime_ns: i64) -> FarFile {
        let recorded = Entry { kind: Kind::File, size: LEN, mtime_ns, mode: 0o644 };
        FarFile { base: Id::of(b"base"), path: DataPath::parse(b"a/x").expect("valid"), recorded }
    }

    /// Blocks of files whose bytes are known, and how often they were fetched.
    fn blocks(folder: &std::path::Path) -> (Blocks, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let fetched = Arc::clone(&count);
        let fetch = move |_: &FarFile, range: Range<u64>| {
            fetched.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(5));
            Ok(range.map(byte).collect::<Vec<u8>>().into())
        };
        (Blocks::new(Box::new(fetch), b"source", Cache::new(folder)), count)
    }

    fn read(blocks: &Blocks, file: &FarFile, offset: u64, len: usize) -> Vec<u8> {
        let mut buffer = vec![0; len];
        blocks.fill(file, &mut buffer, offset).expect("it is there");
        assert!(buffer.iter().zip(offset..).all(|(found, at)| *found == byte(at)), "other bytes");
        buffer
    }

    #[test]
    fn what_was_fetched_is_kept_for_the_next_process_and_no_other_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, count) = blocks(folder.path());
        for (offset, len) in [(0, 10), (BLOCK_LEN - 5, 10), (LEN - 7, 7), (5, 3 * BLOCK_LEN as usize)] {
            read(&first, &file(1), offset, len);
        }
        assert_eq!(count.load(Ordering::SeqCst), 4, "once for each block");
        let (second, count) = blocks(folder.path());
        let mut buffer = vec![0; LEN as usize];
        assert!(second.try_fill(&file(1), &mut buffer, 0).expect("kept"));
        assert_eq!(count.load(Ordering::SeqCst), 0);
        assert!(!second.try_fill(&file(2), &mut buffer, 0).expect("nothing to fail"), "modified at another time");
    }

    #[test]
    fn a_block_that_many_want_is_fetched_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let (blocks, count) = blocks(folder.path());
        thread::scope(|scope| {
            (0..8).for_each(|_| drop(scope.spawn(|| read(&blocks, &file(1), LEN - 100, 100))));
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn who_reads_on_finds_the_next_blocks_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let (blocks, _) = blocks(folder.path());
        read(&blocks, &file(1), 0, 100);
        read(&blocks, &file(1), BLOCK_LEN, 100);
        let start = Instant::now();
        let mut buffer = [0; 100];
        while !blocks.try_fill(&file(1), &mut buffer, 3 * BLOCK_LEN).expect("nothing to fail") {
            assert!(start.elapsed() < Duration::from_secs(10), "the last block never came");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_failure_is_told_to_all_who_wait_and_is_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let is_away = Arc::new(AtomicUsize::new(1));
        let away = Arc::clone(&is_away);
        let fetch = move |_: &FarFile, range: Range<u64>| match away.load(Ordering::SeqCst) {
            0 => Ok(range.map(byte).collect::<Vec<u8>>().into()),
            _ => {
                thread::sleep(Duration::from_millis(50));
                Err(Error::new(ErrorKind::Io { action: "reach it".to_owned() }))
            }
        };
        let blocks = Blocks::new(Box::new(fetch), b"source", Cache::new(folder.path()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| blocks.fill(&file(1), &mut [0; 10], 0).expect_err("it is away"));
            }
        });
        is_away.store(0, Ordering::SeqCst);
        read(&blocks, &file(1), 0, 10);
    }
}
