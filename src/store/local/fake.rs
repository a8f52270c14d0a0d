//! A simulated disk for tests: it forgets what was not synced, and fails at the n-th call.
//!
//! It is harsher than a real one: of what was not synced each write may be
//! there whole, in part, or not at all, in any order, and so may each name.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::disk::{Disk, DiskFile, Listed};
use crate::store::Object;
use crate::{Error, Result};

/// Writes are torn at multiples of this, as by a real disk.
const SECTOR: usize = 512;

/// What happens at a chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// That call fails with this error number.
    Error(i32),
    /// That call and all later ones fail, until [`FakeDisk::restart`].
    PowerCut,
}

/// A simulated disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct FakeDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    folders: BTreeSet<String>,
    calls: u64,
    fault: Option<(u64, Fault)>,
    is_off: bool,
    /// How often the power came back; an open file does not outlive it.
    epoch: u64,
    /// How many bytes there is room for.
    room: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

#[derive(Clone, Debug)]
enum NameChange {
    Set(String, usize),
    Remove(String),
    Rename(String, String, usize),
}

/// Numbers that look random and are the same for the same seed.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl State {
    /// Counts a call, and lets it fail if it is the one.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        if let Some((at, fault)) = self.fault
            && self.calls >= at
        {
            match fault {
                Fault::Error(number) => {
                    self.fault = None;
                    return Err(io::Error::from_raw_os_error(number));
                }
                Fault::PowerCut => self.is_off = true,
            }
        }
        match self.is_off {
            true => Err(io::Error::from_raw_os_error(libc::EIO)),
            false => Ok(()),
        }
    }

    fn find(&self, path: &str) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))
    }

    fn check_room(&self, more: usize) -> io::Result<()> {
        let used: usize = self.names.values().map(|number| self.files[*number].now.len()).sum();
        match self.room {
            Some(room) if more > 0 && used + more > room => Err(io::Error::from_raw_os_error(libc::ENOSPC)),
            _ => Ok(()),
        }
    }
}

impl Content {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(at, written) => {
                bytes.resize(bytes.len().max(at + written.len()), 0);
                bytes[*at..at + written.len()].copy_from_slice(written);
            }
            Change::SetLen(len) => bytes.resize(*len, 0),
        }
    }

    /// Applies some sectors of a write, the others are lost.
    fn tear(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let Change::Write(at, written) = self else { return };
        let mut from = 0;
        while from < written.len() {
            let to = ((at + from) / SECTOR + 1) * SECTOR - at;
            let to = to.min(written.len());
            if random.below(2) == 0 {
                Change::Write(at + from, written[from..to].to_vec()).apply(bytes);
            }
            from = to;
        }
    }
}

impl FakeDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the call after so many others be the one that goes wrong.
    pub(super) fn fail_after(&self, calls: u64, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.calls + calls + 1, fault));
    }

    /// Takes the fault back; returns whether it had not come yet.
    pub(super) fn disarm(&self) -> bool {
        let mut state = self.state();
        state.fault.take().is_some() && !state.is_off
    }

    /// Limits how many bytes there is room for.
    pub(super) fn set_room(&self, room: Option<usize>) {
        self.state().room = room;
    }

    /// How many bytes are used.
    pub(super) fn used(&self) -> usize {
        let state = self.state();
        state.names.values().map(|number| state.files[*number].now.len()).sum()
    }

    /// The power is gone and comes back: what was not synced is there or not, as `random` will have it.
    pub(super) fn restart(&self, random: &mut Random) {
        let mut state = self.state();
        let state = &mut *state;
        for file in &mut state.files {
            let mut bytes = std::mem::take(&mut file.durable);
            let fate = random.below(4);
            for change in std::mem::take(&mut file.unsynced) {
                match (fate, random.below(3)) {
                    (0, _) | (_, 0) => {}
                    (1, _) | (_, 1) => change.apply(&mut bytes),
                    _ => change.tear(&mut bytes, random),
                }
            }
            file.now = bytes.clone();
            file.durable = bytes;
        }
        let in_order = random.below(2) == 0;
        for change in std::mem::take(&mut state.unsynced_names) {
            if random.below(3) > 0 {
                change.apply(&mut state.durable_names);
            } else if in_order {
                break;
            }
        }
        state.names = state.durable_names.clone();
        state.is_off = false;
        state.fault = None;
        state.epoch += 1;
    }

    fn handle(&self, number: usize) -> Arc<dyn DiskFile> {
        Arc::new(FakeFile { disk: self.clone(), number, epoch: self.state().epoch })
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            NameChange::Set(path, number) => {
                names.insert(path.clone(), *number);
            }
            NameChange::Remove(path) => {
                names.remove(path);
            }
            NameChange::Rename(from, to, number) => {
                names.remove(from);
                names.insert(to.clone(), *number);
            }
        }
    }

    fn concerns(&self, folder: &str) -> bool {
        match self {
            NameChange::Set(path, _) | NameChange::Remove(path) => folder_of(path) == folder,
            NameChange::Rename(_, to, _) => folder_of(to) == folder,
        }
    }
}

impl Disk for FakeDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let mut state = self.state();
        state.call()?;
        let under = |path: &str| folder_of(path) == folder && path != folder;
        let listed = |path: &str, len| {
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            Listed { name, len, mtime_s: 0 }
        };
        let names = state.names.iter().filter(|(path, _)| under(path));
        let mut all: Vec<Listed> =
            names.map(|(path, number)| listed(path, state.files[*number].now.len() as u64)).collect();
        all.extend(state.folders.iter().filter(|path| under(path)).map(|path| listed(path, 0)));
        Ok(all)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let number = {
            let mut state = self.state();
            state.call()?;
            state.find(path)?
        };
        Ok(self.handle(number))
    }

    fn open_to_write(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path)
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let number = {
            let mut state = self.state();
            state.call()?;
            if state.names.contains_key(path) {
                return Err(io::Error::from_raw_os_error(libc::EEXIST));
            }
            state.files.push(Content::default());
            let number = state.files.len() - 1;
            state.names.insert(path.to_owned(), number);
            state.unsynced_names.push(NameChange::Set(path.to_owned(), number));
            number
        };
        Ok(self.handle(number))
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        // A folder is taken to be durable at once; the store syncs the one above it in any case.
        state.folders.insert(path.to_owned());
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        let number = state.find(from)?;
        let change = NameChange::Rename(from.to_owned(), to.to_owned(), number);
        change.apply(&mut state.names);
        state.unsynced_names.push(change);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.find(path)?;
        state.names.remove(path);
        state.unsynced_names.push(NameChange::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        let state = &mut *state;
        let (durable, rest) = std::mem::take(&mut state.unsynced_names).into_iter().partition(|c| c.concerns(path));
        let durable: Vec<NameChange> = durable;
        durable.iter().for_each(|change| change.apply(&mut state.durable_names));
        state.unsynced_names = rest;
        Ok(())
    }

    fn object(&self, path: &str) -> Result<Object> {
        let mut state = self.state();
        let found = state.call().and_then(|()| state.find(path));
        let number = found.map_err(|cause| Error::io_at("open", Path::new(path), cause))?;
        Ok(Object::from_bytes(Bytes::copy_from_slice(&state.files[number].now)))
    }

    fn real_path(&self) -> Option<&Path> {
        None
    }
}

#[derive(Debug)]
struct FakeFile {
    disk: FakeDisk,
    number: usize,
    epoch: u64,
}

impl FakeFile {
    fn call(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.disk.state();
        state.call()?;
        match state.epoch == self.epoch {
            true => Ok(state),
            false => Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    }

    fn change(&self, grows_to: usize, change: Change) -> io::Result<()> {
        let mut state = self.call()?;
        let more = grows_to.saturating_sub(state.files[self.number].now.len());
        state.check_room(more)?;
        state.files[self.number].change(change);
        Ok(())
    }
}

impl DiskFile for FakeFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.call()?.files[self.number].now.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.call()?;
        let bytes = state.files[self.number].now.get(offset as usize..).unwrap_or_default();
        let len = bytes.len().min(buffer.len());
        buffer[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let at = offset as usize;
        match self.change(at + bytes.len(), Change::Write(at, bytes.to_vec())) {
            // An append that fails may have written some of it; within a sector nothing is half replaced.
            Err(cause) => {
                let mut state = self.disk.state();
                let is_append = state.files[self.number].now.len() <= at;
                if state.epoch == self.epoch && is_append && bytes.len() > 1 {
                    let some = Change::Write(at, bytes[..bytes.len() / 2].to_vec());
                    state.files[self.number].change(some);
                }
                Err(cause)
            }
            done => done,
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(len as usize, Change::SetLen(len as usize))
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.call()?;
        let file = &mut state.files[self.number];
        file.durable = file.now.clone();
        file.unsynced.clear();
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }

    fn forbid_writing(&self) -> io::Result<()> {
        self.call().map(|_| ())
    }
}
