//! Objects that have a file of their own: large blobs, and bases.
//!
//! A file gets its name only when it is whole and durable; until then it is a
//! temporary file that the next owner removes. Whether the store *has* the
//! object is not for the folder to say but for the log.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Arc;

use super::disk::{Disk, DiskFile};
use crate::model::{Id, ObjectKind};
use crate::store::tree::{self, TreeHasher, Value};
use crate::{Error, Result};

/// Objects of more bytes than this have a file of their own.
pub(super) const IN_LOG_MAX: usize = 64 * 1024;

/// The folder of all object files.
const FOLDER: &str = "objects";
/// The folder of files that have no name yet.
const TEMPORARY: &str = "objects/tmp";

/// Whether an object belongs into a file: large ones, and bases of any size, which are mapped.
pub(super) fn belongs_in_file(kind: ObjectKind, len: usize) -> bool {
    kind == ObjectKind::Base || len > IN_LOG_MAX
}

/// The name of an object's file.
pub(super) fn path(id: Id) -> String {
    let hex = id.to_hex();
    format!("{FOLDER}/{}/{}", &hex[..2], &hex[2..])
}

/// The name of the file of an object's group values, beside the object's own.
pub(super) fn sidecar_path(id: Id) -> String {
    format!("{}.tree", path(id))
}

/// An object's file that is not acknowledged yet.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) id: Id,
    pub(super) kind: ObjectKind,
    pub(super) len: u64,
    /// Its temporary name and open files; `None` once it has its own name for good.
    temporary: Option<Temporary>,
}

#[derive(Debug)]
struct Temporary {
    path: String,
    file: Arc<dyn DiskFile>,
    sidecar: Option<(String, Arc<dyn DiskFile>)>,
}

impl NewFile {
    /// Where it is now.
    pub(super) fn path(&self) -> String {
        self.temporary.as_ref().map_or_else(|| path(self.id), |temporary| temporary.path.clone())
    }

    /// Whether it has no name of its own yet.
    pub(super) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// Removes it, for it is not wanted after all.
    pub(super) fn discard(self, disk: &dyn Disk) {
        if let Some(temporary) = self.temporary {
            remove_quietly(disk, &temporary.path);
            if let Some((path, _)) = temporary.sidecar {
                remove_quietly(disk, &path);
            }
        }
    }
}

/// Makes the folders of a new store.
pub(super) fn create_folders(disk: &dyn Disk) -> Result<()> {
    disk.create_folder(FOLDER)
        .and_then(|()| disk.create_folder(TEMPORARY))
        .and_then(|()| disk.sync_folder(FOLDER))
        .map_err(|cause| Error::io("make the store's folder for objects", cause))
}

/// Removes what an earlier owner wrote and did not come to name.
pub(super) fn remove_temporary(disk: &dyn Disk) -> Result<()> {
    let failed = |cause| Error::io(format!("clean `{TEMPORARY}`"), cause);
    match disk.list(TEMPORARY) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => create_folders(disk),
        Err(cause) => Err(failed(cause)),
        Ok(listed) => {
            listed.iter().try_for_each(|file| disk.remove(&format!("{TEMPORARY}/{}", file.name))).map_err(failed)
        }
    }
}

/// Writes an object's file under a temporary name; `start` is what was read of `content` already.
pub(super) fn write(
    disk: &dyn Disk,
    number: u64,
    kind: ObjectKind,
    start: &[u8],
    content: &mut dyn Read,
) -> Result<NewFile> {
    let temporary = format!("{TEMPORARY}/{number}");
    let failed = |cause| Error::io("write an object to the store", cause);
    let file = disk.create(&temporary).map_err(failed)?;
    let mut write = || {
        let (id, len, values) = copy(&*file, start, content)?;
        let sidecar = match values.len() {
            0 => None,
            _ => Some(write_sidecar(disk, &temporary, &values, len).map_err(failed)?),
        };
        file.forbid_writing().map_err(failed)?;
        Ok((id, len, sidecar))
    };
    match write() {
        Ok((id, len, sidecar)) => {
            let temporary = Temporary { path: temporary, file, sidecar };
            Ok(NewFile { id, kind, len, temporary: Some(temporary) })
        }
        Err(error) => {
            remove_quietly(disk, &temporary);
            remove_quietly(disk, &format!("{temporary}.tree"));
            Err(error)
        }
    }
}

fn copy(file: &dyn DiskFile, start: &[u8], content: &mut dyn Read) -> Result<(Id, u64, Vec<Value>)> {
    let mut hasher = TreeHasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut filled = start.len();
    buffer[..filled].copy_from_slice(start);
    let mut written = 0;
    loop {
        let ended = fill(content, &mut buffer, &mut filled)?;
        hasher.update(&buffer[..filled]);
        file.write_at(&buffer[..filled], written).map_err(|cause| Error::io("write an object to the store", cause))?;
        written += filled as u64;
        filled = 0;
        if ended {
            return Ok(hasher.finish());
        }
    }
}

/// Reads until the buffer is full; returns whether the content ended before.
pub(super) fn fill(content: &mut dyn Read, buffer: &mut [u8], filled: &mut usize) -> Result<bool> {
    while *filled < buffer.len() {
        match content.read(&mut buffer[*filled..]) {
            Ok(0) => return Ok(true),
            Ok(read) => *filled += read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(Error::io("read what is to be stored", cause)),
        }
    }
    Ok(false)
}

fn write_sidecar(
    disk: &dyn Disk,
    temporary: &str,
    values: &[Value],
    len: u64,
) -> io::Result<(String, Arc<dyn DiskFile>)> {
    let path = format!("{temporary}.tree");
    let file = disk.create(&path)?;
    file.write_at(&tree::encode_sidecar(values, len), 0)?;
    file.forbid_writing()?;
    Ok((path, file))
}

/// Makes the content of all files durable that have no name yet.
///
/// # Errors
/// Any: then it is not known what the disk has, and no other sync may be believed.
pub(super) fn sync(files: &[NewFile]) -> Result<()> {
    for temporary in files.iter().filter_map(|new| new.temporary.as_ref()) {
        let sidecar = temporary.sidecar.iter().map(|(_, file)| file);
        for file in std::iter::once(&temporary.file).chain(sidecar) {
            file.sync().map_err(|cause| Error::io("make an object durable", cause))?;
        }
    }
    Ok(())
}

/// Gives all files their names; the folders that are to be synced for it are added to `folders`.
///
/// # Errors
/// Any; it may be tried again, and goes on where it stopped.
pub(super) fn name(disk: &dyn Disk, files: &mut [NewFile], folders: &mut BTreeSet<String>) -> Result<()> {
    let failed = |cause| Error::io("name an object's file", cause);
    for new in files {
        let Some(temporary) = &mut new.temporary else { continue };
        let path = path(new.id);
        let folder = &path[..FOLDER.len() + 3];
        disk.create_folder(folder).map_err(failed)?;
        // The folder of folders always: the one who made a folder may have died before it was durable.
        folders.extend([folder.to_owned(), FOLDER.to_owned()]);
        if let Some((from, _)) = &temporary.sidecar {
            disk.rename(from, &sidecar_path(new.id)).map_err(failed)?;
            temporary.sidecar = None;
        }
        disk.rename(&temporary.path, &path).map_err(failed)?;
        new.temporary = None;
    }
    Ok(())
}

fn remove_quietly(disk: &dyn Disk, path: &str) {
    match disk.remove(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            // The next owner tries again.
            tracing::debug!("cannot remove the temporary file `{path}`: {cause}");
        }
        _ => {}
    }
}

/// A file in the folder of objects.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) path: String,
    /// The object that its name tells; `None` for a name that is none of ours.
    pub(super) id: Option<Id>,
    pub(super) len: u64,
    pub(super) mtime_s: u64,
}

/// All files in the folder of objects but temporary ones.
pub(super) fn list(disk: &dyn Disk) -> Result<Vec<Listed>> {
    let failed = |cause| Error::io(format!("list the store's folder `{FOLDER}`"), cause);
    let mut all = Vec::new();
    for folder in disk.list(FOLDER).map_err(failed)? {
        let folder = folder.name;
        if folder == "tmp" {
            continue;
        }
        for file in disk.list(&format!("{FOLDER}/{folder}")).map_err(failed)? {
            let stem = file.name.strip_suffix(".tree").unwrap_or(&file.name);
            let id = Id::from_hex(&format!("{folder}{stem}")).ok();
            let path = format!("{FOLDER}/{folder}/{}", file.name);
            all.push(Listed { path, id, len: file.len, mtime_s: file.mtime_s });
        }
    }
    Ok(all)
}
