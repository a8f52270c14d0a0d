//! Scratch files that are in the store: which writes went in, and what their bytes are at each path.

use std::collections::HashMap;
use std::fs::File;
use std::time::Duration;

use veneer::base::Row;
use veneer::dataset::Draft;
use veneer::model::{Content, DataPath, Id};
use veneer::{Error, Result};

use super::keeper::{Keeper, Known};
use super::scratch::Stamp;

/// How often a file is read again that was written while it was read.
const TRIES: u32 = 3;
/// A change that comes so soon after another may have the same stamp.
const STAMP_GRAIN: Duration = Duration::from_millis(20);

/// A scratch file as it was put into the store.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// How often it was written before it was read.
    pub(super) writes: u64,
    pub(super) stamp: Stamp,
    pub(super) blob: Id,
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    /// What that is at each path at which it was found.
    pub(super) meant: HashMap<DataPath, Meant>,
}

/// What bytes are at a path: that depends on what was there before.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    /// The base's entry of this name.
    pub(super) under: Option<Row>,
    pub(super) content: Content,
    pub(super) mtime_ns: i64,
}

impl Stored {
    /// What it is at this path, as far as that is known.
    pub(super) fn meant(&self, path: &DataPath, under: Option<Row>) -> Option<&Meant> {
        self.meant.get(path).filter(|meant| meant.under == under)
    }
}

impl Keeper {
    /// What was put of a scratch file that was not written since.
    pub(super) fn stored(&self, known: &Known, number: u64) -> Result<Option<Stored>> {
        let Some(stored) = known.stored.get(&number) else { return Ok(None) };
        let same = self.is_unchanged(stored, number)? && self.working.scratch.tells_of_stores();
        Ok(same.then(|| stored.clone()))
    }

    /// Whether a scratch file was not written since; of stores to a mapped one only where its stamp tells of them.
    pub(super) fn is_unchanged(&self, stored: &Stored, number: u64) -> Result<bool> {
        let stat = self.working.scratch.stat(number).map_err(|cause| Error::io("look at a scratch file", cause))?;
        Ok(Stamp::of(&stat) == stored.stamp && self.working.writes(number) == stored.writes)
    }

    /// Puts the bytes of a scratch file into the store; of one that is being written, as they come.
    pub(super) fn put(&self, draft: &Draft, number: u64) -> Result<Stored> {
        let failed = |cause| Error::io("read a scratch file", cause);
        let mut tries = 0;
        loop {
            let writes = self.working.writes(number);
            let before = self.settled_stamp(number).map_err(failed)?;
            let mut file = self.working.scratch.open_file(number).map_err(failed)?;
            let (id, size) = draft.store_content(&mut file)?;
            let after = self.stamp_of(&file).map_err(failed)?;
            tries += 1;
            let is_still = before == after && self.working.writes(number) == writes;
            if is_still || tries == TRIES {
                let (modified_ns, meant) = (after.modified_ns(), HashMap::new());
                return Ok(Stored { writes, stamp: before, blob: id, size, modified_ns, meant });
            }
        }
    }

    /// The stamp of a scratch file, which any later write changes.
    fn settled_stamp(&self, number: u64) -> std::io::Result<Stamp> {
        let stamp = self.protected_stamp(number)?;
        // Writes that come through here are counted; those of the kernel are known by the stamp alone. After the
        // first wait there is none for what was written before.
        let age = super::now_ns().saturating_sub(stamp.changed_ns());
        match STAMP_GRAIN.checked_sub(Duration::from_nanos(age.unsigned_abs())) {
            Some(rest) => {
                std::thread::sleep(rest);
                self.protected_stamp(number)
            }
            None => Ok(stamp),
        }
    }

    /// The stamp of a scratch file of which no page can be written, by a mapping, without a new stamp.
    ///
    /// A store to a page that is dirty already leaves no trace. Once it is written back, the next store does.
    fn protected_stamp(&self, number: u64) -> std::io::Result<Stamp> {
        let mut before = Stamp::of(&self.working.scratch.stat(number)?);
        for _ in 0..TRIES {
            self.working.scratch.write_back(number)?;
            let after = Stamp::of(&self.working.scratch.stat(number)?);
            if after == before {
                break;
            }
            before = after;
        }
        Ok(before)
    }

    fn stamp_of(&self, file: &File) -> std::io::Result<Stamp> {
        Ok(Stamp::of(&rustix::fs::fstat(file)?))
    }
}
