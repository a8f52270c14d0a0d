//! Making again what can be made from the rest: the index, sidecars, FORMAT, the mark, the reserve.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::core::Options;
use super::disk::{Disk, RealDisk};
use super::format::Format;
use super::fsck::{each_piece, number_in_log};
use super::lock::Lock;
use super::{LocalStore, Role, index_sled, log, objects, open};
use crate::model::Id;
use crate::store::tree::{self, TreeHasher};
use crate::{Error, ErrorKind, Result};

impl LocalStore {
    /// Makes again all of the store in the folder `path` that is not the only copy of anything.
    ///
    /// That is the index, which is thrown away, and whatever else [`LocalStore::fsck`] says can be
    /// rebuilt. Returns the files that were made again.
    ///
    /// # Errors
    /// `Corrupt` when the log is damaged: that cannot be made from anything.
    pub fn rebuild(path: &Path, wait: Duration) -> Result<Vec<String>> {
        let disk = Arc::new(RealDisk::new(path));
        let mut made = Vec::new();
        let is_damaged = match Format::read(&*disk) {
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt { .. }) => true,
            read => read.map(|_| false)?,
        };
        let lock = Lock::take(path, wait)?;
        if is_damaged {
            let store = number_in_log(&*disk)?.ok_or_else(|| Error::corrupt("the log", "no header of it is sound"))?;
            Format { store }.write(&*disk)?;
            made.push("FORMAT".to_owned());
        }
        remake_reserve(&*disk, &mut made)?;
        index_sled::remove(path)?;
        made.push("meta".to_owned());
        let store = open::own(disk, Some(lock), Options::default())?;
        store.remake_sidecars(&mut made)?;
        Ok(made)
    }

    fn remake_sidecars(&self, made: &mut Vec<String>) -> Result<()> {
        let Role::Owner(_) = &self.role else { return Ok(()) };
        let mut large = Vec::new();
        self.core.index().each_object(&mut |record| {
            if record.place.payload.is_none() && record.len > tree::GROUP_LEN {
                large.push((record.id, record.len));
            }
            Ok(())
        })?;
        for (id, len) in large {
            if !has_sidecar(&*self.core.disk, id, len) && remake_sidecar(&*self.core.disk, id)? {
                made.push(objects::sidecar_path(id));
            }
        }
        Ok(())
    }
}

/// A reserve that holds something is none; the next owner sets it aside anew.
fn remake_reserve(disk: &dyn Disk, made: &mut Vec<String>) -> Result<()> {
    let failed = |cause| Error::io("look at the store's reserve", cause);
    let Ok(file) = disk.open(log::RESERVE) else { return Ok(()) };
    let mut is_zero = true;
    each_piece(&*file, &mut |piece| is_zero &= piece.iter().all(|byte| *byte == 0)).map_err(failed)?;
    if !is_zero {
        disk.remove(log::RESERVE).map_err(failed)?;
        made.push(log::RESERVE.to_owned());
    }
    Ok(())
}

fn has_sidecar(disk: &dyn Disk, id: Id, len: u64) -> bool {
    let mut bytes = Vec::new();
    let read = disk
        .open(&objects::sidecar_path(id))
        .and_then(|file| each_piece(&*file, &mut |piece| bytes.extend_from_slice(piece)));
    read.is_ok() && tree::decode_sidecar(&bytes, id, len).is_some()
}

/// Writes an object's sidecar from its file; returns whether that was sound.
fn remake_sidecar(disk: &dyn Disk, id: Id) -> Result<bool> {
    let failed = |cause| Error::io("write an object's tree", cause);
    let mut hasher = TreeHasher::new();
    let read = disk.open(&objects::path(id)).and_then(|file| each_piece(&*file, &mut |piece| hasher.update(piece)));
    let (found, len, values) = hasher.finish();
    if read.is_err() || found != id {
        return Ok(false); // fsck reports it; there is nothing to make it from.
    }
    let temporary = "objects/tmp/tree";
    log::write_file(disk, temporary, &tree::encode_sidecar(&values, len))
        .and_then(|file| file.forbid_writing())
        .and_then(|()| disk.rename(temporary, &objects::sidecar_path(id)))
        .map_err(failed)?;
    Ok(true)
}
