//! Small file systems of one's own: to fill up, to cut the power of, to mount read-only.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::mount::{UnmountFlags, unmount};
use tempfile::TempDir;

use crate::{skip, wait};

/// `_IOR('X', 125, __u32)`: stop the file system as a power cut would.
const EXT4_IOC_SHUTDOWN: libc::c_ulong = 0x8004_587d;
/// Not even the journal in memory is written first.
const EXT4_GOING_FLAGS_NOLOGFLUSH: u32 = 2;

/// An ext4 file system in a file, mounted through a loop device; dropped, it is unmounted and removed.
#[derive(Debug)]
pub struct Ext4 {
    folder: TempDir,
}

impl Ext4 {
    /// Makes and mounts one of that many bytes, or says why that cannot be done here.
    pub fn new(bytes: u64) -> Result<Ext4, String> {
        skip::root()?;
        let folder = TempDir::with_prefix("veneer-ext4-").map_err(|cause| cause.to_string())?;
        let disk = Ext4 { folder };
        std::fs::create_dir(disk.path()).map_err(|cause| cause.to_string())?;
        File::create(disk.image()).and_then(|image| image.set_len(bytes)).map_err(|cause| cause.to_string())?;
        run("mkfs.ext4", &["-q", "-F", &disk.image().to_string_lossy()])?;
        disk.mount()?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mnt")
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// Mounts it, which replays its journal as after a power cut.
    pub fn mount(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &self.image().to_string_lossy(), &self.path().to_string_lossy()])
    }

    /// Stops it at once: what was not synced is lost, and every later call fails with EIO.
    pub fn cut_power(&self) -> io::Result<()> {
        let root = File::open(self.path())?;
        // SAFETY: the call reads four bytes from a place that lives until it returns.
        let code = unsafe { libc::ioctl(root.as_raw_fd(), EXT4_IOC_SHUTDOWN, &EXT4_GOING_FLAGS_NOLOGFLUSH) };
        if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Unmounts it; fails when a file on it stays open.
    pub fn unmount(&self) -> io::Result<()> {
        let mut result = Ok(());
        // Another test's child, between its fork and its exec, holds whatever we had open.
        wait::until(Duration::from_secs(5), || {
            result = unmount(self.path(), UnmountFlags::empty());
            !matches!(result, Err(rustix::io::Errno::BUSY))
        });
        Ok(result?)
    }

    /// Mounts it again with other options, as `ro` or `rw`.
    pub fn remount(&self, options: &str) -> Result<(), String> {
        run("mount", &["-o", &format!("remount,{options}"), &self.path().to_string_lossy()])
    }
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        let _ = unmount(self.path(), UnmountFlags::DETACH);
    }
}

fn run(command: &str, args: &[&str]) -> Result<(), String> {
    let program = skip::find_command(command).ok_or_else(|| format!("`{command}` is not installed"))?;
    let output = Command::new(program).args(args).output().map_err(|cause| format!("`{command}`: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{command}` does not work here: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Fills the file system that `folder` is on, to its last block, with a file `name` in it; returns its path.
pub fn fill(folder: &Path, name: &str) -> io::Result<PathBuf> {
    use std::io::Write;
    let path = folder.join(name);
    let mut file = File::create(&path)?;
    for len in [1 << 20, 1 << 12, 1 << 9, 1] {
        let block = vec![0x5a; len];
        loop {
            match file.write(&block) {
                Ok(_) => {}
                Err(cause) if cause.kind() == io::ErrorKind::StorageFull => break,
                Err(cause) => return Err(cause),
            }
        }
    }
    // Delayed allocation may only now find out that there is no room: full is what was wanted.
    let _ = file.sync_all();
    Ok(path)
}
