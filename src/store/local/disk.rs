//! The few calls by which the local store touches a disk.
//!
//! They are a trait so that the very same log and recovery code runs on a
//! simulated disk that loses what was not synced and fails at the n-th call
//! (`fake`). Paths are relative to the store's folder. Nothing here knows what
//! the files mean.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FallocateFlags;

use crate::Result;
use crate::store::Object;

/// A store's folder.
pub(super) trait Disk: Send + Sync + Debug {
    /// What is in a folder, in no order.
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>>;
    /// Opens a file for reading.
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens a file for reading and writing.
    fn open_to_write(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Makes a file that is not there yet, for reading and writing.
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Makes a folder; one that is there already is fine.
    fn create_folder(&self, path: &str) -> io::Result<()>;
    /// Gives a file another name, replacing what has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &str) -> io::Result<()>;
    /// Opens an object's file and its sidecar.
    fn object(&self, path: &str) -> Result<Object>;
    /// The folder on a real disk; `None` where there is only a simulation.
    fn real_path(&self) -> Option<&Path>;
}

/// An open file.
pub(super) trait DiskFile: Send + Sync + Debug {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Reads up to `buffer.len()` bytes; fewer only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of `bytes`.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts or extends the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes content and length durable.
    fn sync(&self) -> io::Result<()>;
    /// Makes the file `len` bytes long, of zeros whose space is taken.
    fn allocate(&self, len: u64) -> io::Result<()>;
    /// Takes the right to write from everybody.
    fn forbid_writing(&self) -> io::Result<()>;
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// The name.
    pub(super) name: String,
    /// The length in bytes.
    pub(super) len: u64,
    /// When it was last changed, in seconds since 1970-01-01 UTC.
    pub(super) mtime_s: u64,
}

/// A folder on a real disk.
#[derive(Debug)]
pub(super) struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    pub(super) fn new(root: &Path) -> RealDisk {
        RealDisk { root: root.to_owned() }
    }
}

impl Disk for RealDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue; // No file of ours has such a name.
            };
            match entry.metadata() {
                Ok(found) => all.push(Listed { name, len: found.len(), mtime_s: found.mtime().max(0) as u64 }),
                // Removed since the folder was read: it is as if we had come later.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(all)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(RealFile(File::open(self.root.join(path))?)))
    }

    fn open_to_write(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(RealFile(OpenOptions::new().read(true).write(true).open(self.root.join(path))?)))
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(self.root.join(path))?;
        Ok(Arc::new(RealFile(file)))
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        match fs::create_dir(self.root.join(path)) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.root.join(from), self.root.join(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(path))
    }

    fn sync_folder(&self, path: &str) -> io::Result<()> {
        File::open(self.root.join(path))?.sync_all()
    }

    fn object(&self, path: &str) -> Result<Object> {
        Object::from_path(&self.root.join(path))
    }

    fn real_path(&self) -> Option<&Path> {
        Some(&self.root)
    }
}

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.0.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        match rustix::fs::fallocate(&self.0, FallocateFlags::empty(), 0, len) {
            // Some file systems cannot set space aside; a file of zeros is the next best.
            Err(rustix::io::Errno::OPNOTSUPP) => self.0.write_all_at(&vec![0; len as usize], 0),
            done => Ok(done?),
        }
    }

    fn forbid_writing(&self) -> io::Result<()> {
        self.0.set_permissions(Permissions::from_mode(0o444))
    }
}
