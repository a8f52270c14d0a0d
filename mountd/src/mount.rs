//! Making and ending a mount: the system calls, the helper program, and the checks before.
//!
//! fuser could mount, but its unmounting has bugs: it may take away a later
//! mount at the same place, and leaves a busy one behind.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};
use tracing::{info, warn};

use crate::fusermount;
use crate::mount_table::{self, FS_TYPE};
use crate::trouble::Trouble;

/// The device through which the kernel asks.
pub const DEVICE: &str = "/dev/fuse";
/// Kibibytes that the kernel reads ahead; INIT alone cannot raise it over 128.
const READ_AHEAD_KIB: u32 = 512;

/// What is to be mounted.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// A folder that [`check_point`] has found fit.
    pub point: &'a Path,
    /// `DATASET@REF`, as the mount table shows it.
    pub name: &'a str,
    /// Whether other users may look into it.
    pub allow_other: bool,
    /// Whether it may be written to.
    pub writable: bool,
}

/// A mount that this process made.
#[derive(Debug)]
pub struct Mounted {
    point: PathBuf,
    device: (u32, u32),
    by_helper: bool,
}

/// How a mount ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was gone already.
    Before,
    /// Nobody used it any more.
    Whole,
    /// It is out of the table, but somebody still has files of it open.
    Detached,
}

/// Returns the absolute path of a folder that nothing is mounted on; ends the mount of a dead daemon there.
///
/// See [`check_empty`] for the rest: whether it may have something in it depends on the source.
pub fn check_point(point: &Path) -> Result<PathBuf, Trouble> {
    let shown = point.display();
    let bad = |message: String, hint: &str| Err(Trouble::new("mount-point", message, hint));
    let path = match absolute(point) {
        Ok(path) => path,
        Err(error) => return bad(format!("cannot use `{shown}` as a mount point: {error}"), "make the folder first"),
    };
    clear_dead_mounts(&path)?;
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return bad(format!("there is no folder `{shown}` to mount on"), &format!("mkdir -p {shown}"));
        }
        Err(error) => return bad(format!("cannot use `{shown}` as a mount point: {error}"), ""),
        Ok(metadata) if !metadata.is_dir() => {
            return bad(format!("`{shown}` is not a folder"), "a mount point is an empty folder");
        }
        Ok(_) => {}
    }
    match mount_table::topmost(&path) {
        Ok(Some(mount)) => {
            return bad(
                format!("something is mounted on `{shown}` already ({})", mount.fs_type),
                "choose another folder, or end that mount first (`veneer unmount`, `umount`)",
            );
        }
        Ok(None) => {}
        Err(error) => return bad(format!("cannot read the mount table: {error}"), "is /proc mounted?"),
    }
    Ok(path)
}

/// Checks that nothing is hidden by a mount on `point`, unless it is the source that the mount shows.
pub fn check_empty(point: &Path, source: &Path) -> Result<(), Trouble> {
    let shown = point.display();
    let bad = |message: String, hint: &str| Err(Trouble::new("mount-point", message, hint));
    if is_same(point, source) {
        return Ok(());
    }
    match fs::read_dir(point).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            bad(format!("the folder `{shown}` is not empty"), "its files would be hidden: choose an empty one")
        }
        Err(error) => bad(format!("cannot read the folder `{shown}`: {error}"), ""),
    }
}

/// Whether both are one folder.
pub fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// The path without links; its last name may be the root of a dead mount, which cannot be asked.
fn absolute(point: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(point)?;
    match (fs::canonicalize(&path), path.parent(), path.file_name()) {
        (Ok(path), ..) => Ok(path),
        (Err(_), Some(parent), Some(name)) => Ok(fs::canonicalize(parent)?.join(name)),
        (Err(error), ..) => Err(error),
    }
}

/// Takes mounts of ours whose daemon is dead off `path`.
pub fn clear_dead_mounts(path: &Path) -> Result<(), Trouble> {
    // `stat` of a dead mount may be answered from the kernel's cache; `statfs` never is.
    while matches!(rustix::fs::statfs(path), Err(Errno::NOTCONN | Errno::CONNABORTED)) {
        let ours = matches!(mount_table::topmost(path), Ok(Some(mount)) if mount.fs_type == FS_TYPE);
        let stuck = |why: String| {
            let message = format!("a mount without its daemon is left on `{}`: {why}", path.display());
            Err(Trouble::new("mount-point", message, format!("umount -l {}", path.display())))
        };
        if !ours {
            return stuck("it is not one of ours".to_owned());
        }
        info!(path = %path.display(), "ended the mount that a killed daemon left on {}", path.display());
        if let Err(error) = detach(path) {
            return stuck(error.to_string());
        }
    }
    Ok(())
}

fn detach(path: &Path) -> io::Result<()> {
    match rustix::mount::unmount(path, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
        Err(Errno::PERM) => fusermount::unmount(path, true),
        result => Ok(result?),
    }
}

/// Mounts, and returns the descriptor through which the kernel asks.
///
/// Root does it by itself, and lets everybody in; for anybody else the set-uid
/// helper `fusermount3` does it, and only the user who mounts gets in unless
/// `allow_other` is wished.
pub fn mount(wish: &Wish<'_>) -> Result<(OwnedFd, Mounted), Trouble> {
    let device = open_device()?;
    let (device, by_helper) = match mount_directly(&device, wish) {
        Ok(()) => (device.into(), false),
        Err(Errno::PERM | Errno::ACCESS) => (fusermount::mount(wish)?, true),
        Err(error) => return Err(refused(wish, &io::Error::from(error))),
    };
    let found = mount_table::topmost(wish.point).ok().flatten().filter(|mount| mount.fs_type == FS_TYPE);
    let Some(found) = found else {
        return Err(Trouble::new("mount", "the new mount is not in the mount table", "is /proc mounted?"));
    };
    Ok((device, Mounted { point: wish.point.to_owned(), device: found.device, by_helper }))
}

fn refused(wish: &Wish<'_>, error: &io::Error) -> Trouble {
    let message = format!("cannot mount on `{}`: {error}", wish.point.display());
    Trouble::new("mount", message, "`veneer doctor` says what is missing")
}

/// Opens `/dev/fuse`.
pub fn open_device() -> Result<File, Trouble> {
    OpenOptions::new().read(true).write(true).open(DEVICE).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::PermissionDenied => "let this user open it: `chmod 666 /dev/fuse`",
            _ => "load the module (`modprobe fuse`); start a container with `--device /dev/fuse --cap-add SYS_ADMIN`",
        };
        Trouble::new("fuse", format!("cannot open {DEVICE}: {error}"), hint)
    })
}

/// Mounts by the system call alone, which takes root or a namespace of one's own.
pub fn mount_directly(device: &File, wish: &Wish<'_>) -> Result<(), Errno> {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let options = format!(
        "fd={},rootmode=40000,user_id={user},group_id={group},default_permissions,allow_other",
        device.as_raw_fd()
    );
    let options = CString::new(options).map_err(|_| Errno::INVAL)?;
    // Without `ro`, the kernel would ask for attributes after every read, because of the access time.
    let read_only = if wish.writable { MountFlags::empty() } else { MountFlags::RDONLY };
    let flags = read_only | MountFlags::NODEV | MountFlags::NOSUID;
    rustix::mount::mount(wish.name, wish.point, FS_TYPE, flags, options.as_c_str())
}

/// The file that says how many kibibytes the kernel reads ahead on a device.
pub fn read_ahead_file((major, minor): (u32, u32)) -> PathBuf {
    PathBuf::from(format!("/sys/class/bdi/{major}:{minor}/read_ahead_kb"))
}

impl Mounted {
    /// The mount that another process made, which now is this one's to end.
    pub fn adopt(point: PathBuf, device: (u32, u32), by_helper: bool) -> Mounted {
        Mounted { point, device, by_helper }
    }

    /// The number of its device.
    pub fn device(&self) -> (u32, u32) {
        self.device
    }

    /// Whether the set-uid helper mounted it.
    pub fn by_helper(&self) -> bool {
        self.by_helper
    }

    /// The folder that the mount covers.
    pub fn point(&self) -> &Path {
        &self.point
    }

    /// Raises what the kernel reads ahead; returns whether it could.
    pub fn raise_read_ahead(&self) -> bool {
        fs::write(read_ahead_file(self.device), READ_AHEAD_KIB.to_string()).is_ok()
    }

    /// Whether the mount is still in the table.
    pub fn is_there(&self) -> bool {
        mount_table::read().is_ok_and(|table| table.iter().any(|mount| self.is(mount)))
    }

    fn is(&self, mount: &mount_table::Mount) -> bool {
        mount.device == self.device && mount.fs_type == FS_TYPE
    }

    /// Ends the mount; detaches it when it is still in use after `patience`.
    pub fn end(&self, patience: Duration) -> io::Result<Ended> {
        let deadline = Instant::now() + patience;
        loop {
            match mount_table::topmost(&self.point)? {
                Some(top) if self.is(&top) => {}
                _ if !self.is_there() => return Ok(Ended::Before),
                _ => return Err(io::Error::other("another mount lies over this one")),
            }
            let lazily = Instant::now() >= deadline;
            match self.try_end(lazily) {
                Ok(()) if lazily => return Ok(Ended::Detached),
                Ok(()) => return Ok(Ended::Whole),
                Err(error) if lazily => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Takes the mount out of the table once its connection to the kernel is gone.
    ///
    /// An ordinary end has done so already. By then another mount may be at the same place, even with the
    /// same device number, so this looks for what nobody serves, and for nothing else.
    pub fn clear_if_dead(&self) {
        if let Err(trouble) = clear_dead_mounts(&self.point) {
            warn!(path = %self.point.display(), "{}", trouble.message);
        }
    }

    fn try_end(&self, lazily: bool) -> io::Result<()> {
        if self.by_helper {
            return fusermount::unmount(&self.point, lazily);
        }
        let lazy = if lazily { UnmountFlags::DETACH } else { UnmountFlags::empty() };
        Ok(rustix::mount::unmount(&self.point, lazy | UnmountFlags::NOFOLLOW)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_is_an_empty_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("full");
        let check = |name: &str| {
            let point = check_point(&folder.path().join(name))?;
            check_empty(&point, &source.join("absent")).map(|()| point)
        };
        let check = |name: &str| check(name).map_err(|trouble| trouble.message);
        fs::write(folder.path().join("file"), "").expect("written");
        fs::create_dir_all(folder.path().join("full/x")).expect("made");
        fs::create_dir(folder.path().join("fit")).expect("made");
        assert!(check("absent").expect_err("absent").contains("there is no folder"));
        assert!(check("file").expect_err("a file").contains("is not a folder"));
        assert!(check("full").expect_err("full").contains("is not empty"));
        assert!(check("absent/below").is_err());
        assert_eq!(check_empty(&source, &source), Ok(()), "a source may be mounted over");
        assert_eq!(check("fit").expect("fit"), fs::canonicalize(folder.path().join("fit")).expect("there"));
    }

    #[test]
    fn a_folder_with_something_mounted_on_it_is_refused() {
        let trouble = check_point(Path::new("/proc")).expect_err("mounted");
        assert!(trouble.message.contains("mounted on `/proc` already"), "{trouble}");
    }
}
