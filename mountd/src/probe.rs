//! What this machine lets us do: for `veneer doctor`, found out by trying.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fuser::{Config, InitFlags, KernelConfig, Request, Session, SessionACL};
use rustix::mount::{MountPropagationFlags, UnmountFlags};
use rustix::thread::UnshareFlags;
use serde::Serialize;

use crate::fusermount;
use crate::mount::{self, DEVICE, Wish};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this program.
    pub version: &'static str,
    /// As `uname -r` has it.
    pub kernel: String,
    /// The kernel's version of the protocol, as in `7.45`; null where a mount could not be tried.
    pub protocol: Option<String>,
    /// Whether `/dev/fuse` can be opened; else why not.
    pub device: Finding,
    /// Whether this process may mount by itself; else why not.
    pub direct: Finding,
    /// Where `fusermount3` is, which mounts for those who may not.
    pub fusermount: Option<PathBuf>,
    /// Whether `/etc/fuse.conf` lets users say `--allow-other`; root needs no leave.
    pub allow_other: bool,
    /// Whether the kernel can read big files straight from the source.
    pub passthrough: bool,
    /// Whether the kernel's read-ahead can be raised.
    pub read_ahead: bool,
    /// Whether a mount can be made here, one way or the other.
    pub can_mount: bool,
    /// What to do where it cannot; empty where it can.
    pub hint: String,
}

/// Yes, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Yes.
    pub ok: bool,
    /// Why not; empty for yes.
    pub why: String,
}

impl Finding {
    fn of<E: ToString>(result: Result<(), E>) -> Finding {
        match result {
            Ok(()) => Finding { ok: true, why: String::new() },
            Err(error) => Finding { ok: false, why: error.to_string() },
        }
    }
}

/// Finds out. The process must end soon after: it may have left the others' mount namespace.
pub fn probe() -> Report {
    let device = mount::open_device();
    let hint_device = device.as_ref().err().map(|trouble| trouble.hint.clone());
    let device = Finding::of(device.map(|_| ()).map_err(|trouble| trouble.message));
    let tried = try_mount();
    let fusermount = fusermount::find();
    let can_mount = device.ok && (tried.is_ok() || fusermount.is_some());
    let hint = match (&hint_device, can_mount) {
        (_, true) => String::new(),
        (Some(hint), _) => hint.clone(),
        (None, _) => "mount as root, or install fusermount3 (Debian: `apt install fuse3`)".to_owned(),
    };
    let offered = tried.as_ref().ok().copied();
    Report {
        version: env!("CARGO_PKG_VERSION"),
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        protocol: offered.map(|offered| format!("{}.{}", offered.protocol.0, offered.protocol.1)),
        device,
        direct: Finding::of(tried.map(|_| ())),
        fusermount,
        allow_other: rustix::process::geteuid().is_root() || users_may_allow_other(Path::new("/etc/fuse.conf")),
        passthrough: offered.is_some_and(|offered| offered.passthrough),
        read_ahead: offered.is_some_and(|offered| offered.read_ahead),
        can_mount,
        hint,
    }
}

fn users_may_allow_other(configuration: &Path) -> bool {
    fs::read_to_string(configuration).is_ok_and(|text| text.lines().any(|line| line.trim() == "user_allow_other"))
}

#[derive(Clone, Copy, Debug, Default)]
struct Offered {
    protocol: (u32, u32),
    passthrough: bool,
    read_ahead: bool,
}

/// A file system that only listens to what the kernel offers.
#[derive(Debug)]
struct Listener(Arc<Mutex<Offered>>);

impl fuser::Filesystem for Listener {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let mut offered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        offered.protocol = (config.kernel_abi().0, config.kernel_abi().1);
        offered.passthrough = config.capabilities().contains(InitFlags::FUSE_PASSTHROUGH);
        Ok(())
    }
}

/// Mounts, where nobody else sees it, over a folder that is always there.
fn try_mount() -> Result<Offered, String> {
    let text = |error: rustix::io::Errno| io::Error::from(error).to_string();
    // SAFETY: only the view of the mounts is unshared, and this process has no other thread to be surprised by it.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }.map_err(text)?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", private).map_err(text)?;
    let point = fs::canonicalize(std::env::temp_dir()).map_err(|error| error.to_string())?;
    let wish = Wish { point: &point, name: "probe", allow_other: false };
    let device: File = mount::open_device().map_err(|trouble| trouble.message)?;
    mount::mount_directly(&device, &wish).map_err(text)?;
    let offered = Arc::new(Mutex::new(Offered::default()));
    let session = Session::from_fd(Listener(Arc::clone(&offered)), device.into(), SessionACL::All, Config::default());
    let read_ahead = crate::mount_table::topmost(&point).ok().flatten().is_some_and(|mount| {
        let (major, minor) = mount.device;
        File::options().write(true).open(format!("/sys/class/bdi/{major}:{minor}/read_ahead_kb")).is_ok()
    });
    let _ = rustix::mount::unmount(&point, UnmountFlags::DETACH);
    session.map_err(|error| format!("the kernel and this program do not agree: {error}"))?;
    let mut offered = *offered.lock().unwrap_or_else(PoisonError::into_inner);
    offered.read_ahead = read_ahead;
    // The kernel offers it to everybody, but takes a file only from root of the first namespace.
    offered.passthrough &= rustix::process::geteuid().is_root();
    Ok(offered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leave_to_let_others_in_is_a_line_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("fuse.conf");
        for (text, expected) in [("#user_allow_other\n", false), ("mount_max = 9\n user_allow_other\n", true)] {
            fs::write(&file, text).expect("written");
            assert_eq!(users_may_allow_other(&file), expected, "{text}");
        }
        assert!(!users_may_allow_other(&folder.path().join("absent")), "{DEVICE}");
    }
}
