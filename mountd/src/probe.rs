//! What this machine lets us do: for `veneer doctor`, found out by trying.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use fuser::{Config, KernelConfig, Request, Session, SessionACL};
use rustix::mount::{MountPropagationFlags, UnmountFlags};
use rustix::thread::UnshareFlags;
use serde::Serialize;

use crate::mount::{self, DEVICE, Wish};
use crate::opens::Opens;
use crate::{fusermount, mount_table};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub check: &'static str,
    /// Whether a mount can be made with it as it is.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Check {
    fn new(check: &'static str, found: impl Into<String>) -> Check {
        Check { check, ok: true, found: found.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Check {
        Check { hint: Some(hint.into()), ..self }
    }

    fn failed(self) -> Check {
        Check { ok: false, ..self }
    }
}

/// Looks at everything. The process must end soon after: it may have left the others' mount namespace.
pub fn probe() -> Vec<Check> {
    let tried = try_mount();
    let mut checks = vec![Check::new("kernel", kernel(tried.as_ref().ok())), device()];
    checks.extend(privilege(&tried));
    checks.push(others());
    if let Ok(offered) = tried {
        checks.extend([read_ahead(&offered), passthrough(offered)]);
    }
    checks
}

fn kernel(offered: Option<&Offered>) -> String {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    match offered {
        Some(Offered { protocol: (major, minor), .. }) => format!("{release}, FUSE {major}.{minor}"),
        None => release,
    }
}

fn device() -> Check {
    match mount::open_device() {
        Ok(_) => Check::new(DEVICE, "can be opened"),
        Err(trouble) => Check::new(DEVICE, trouble.message).hint(trouble.hint).failed(),
    }
}

/// Whether this process may mount by itself, and the helper for the case that it may not.
fn privilege(tried: &Result<Offered, String>) -> Vec<Check> {
    let helper = fusermount::find();
    let install = "Debian: `apt install fuse3`; root mounts without it";
    let direct = match tried {
        Ok(_) => Check::new("mounting", "allowed"),
        Err(why) if helper.is_some() => Check::new("mounting", format!("through fusermount3 only: {why}")),
        Err(why) => Check::new("mounting", why).hint("mount as root, or install fusermount3").failed(),
    };
    let helper = match helper {
        Some(path) => Check::new("fusermount3", path.display().to_string()),
        None if tried.is_ok() => Check::new("fusermount3", "not installed, and not needed by this user"),
        None => Check::new("fusermount3", "not installed").hint(install).failed(),
    };
    vec![direct, helper]
}

fn others() -> Check {
    let found = match rustix::process::geteuid().is_root() {
        true => "root's mounts are open to all users",
        false if users_may_allow_other(Path::new("/etc/fuse.conf")) => "--allow-other is allowed",
        false => "--allow-other is not allowed: no line `user_allow_other` in /etc/fuse.conf",
    };
    Check::new("other users", found)
}

fn users_may_allow_other(configuration: &Path) -> bool {
    fs::read_to_string(configuration).is_ok_and(|text| text.lines().any(|line| line.trim() == "user_allow_other"))
}

fn passthrough(offered: Offered) -> Check {
    let check = |found| Check::new("passthrough", found);
    match (offered.passthrough, rustix::process::geteuid().is_root()) {
        (Ok(()), _) => check("the kernel can read big files straight from the source (profile large-files)".to_owned()),
        (Err(_), false) => check("only root may have it: big files are read the slow way".to_owned()),
        (Err(why), true) => check(format!("{why}: big files are read the slow way")),
    }
}

fn read_ahead(offered: &Offered) -> Check {
    Check::new(
        "read-ahead",
        if offered.read_ahead { "can be raised" } else { "stays at 128 KiB: only root may raise it" },
    )
}

#[derive(Clone, Debug)]
struct Offered {
    protocol: (u32, u32),
    /// Whether it works, or why not.
    passthrough: Result<(), String>,
    read_ahead: bool,
}

/// A file system that only listens to what the kernel offers.
#[derive(Debug)]
struct Listener {
    protocol: Arc<Mutex<(u32, u32)>>,
    opens: Arc<Opens>,
}

impl fuser::Filesystem for Listener {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let version = config.kernel_abi();
        *self.protocol.lock().unwrap_or_else(PoisonError::into_inner) = (version.0, version.1);
        self.opens.ask(config);
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
    let device = mount::open_device().map_err(|trouble| trouble.message)?;
    mount::mount_directly(&device, &Wish { point: &point, name: "probe", allow_other: false, writable: false })
        .map_err(text)?;
    let (protocol, opens) = (Arc::new(Mutex::new((0, 0))), Arc::new(Opens::new(true, &[])));
    let listener = Listener { protocol: Arc::clone(&protocol), opens: Arc::clone(&opens) };
    let session = Session::from_fd(listener, device.into(), SessionACL::All, Config::default());
    let passthrough = session.as_ref().map_or(Ok(()), |session| opens.settle(session.as_fd()));
    let made = mount_table::topmost(&point).ok().flatten();
    let read_ahead = made.is_some_and(|made| {
        let file = mount::read_ahead_file(made.device);
        fs::File::options().write(true).open(file).is_ok()
    });
    let _ = rustix::mount::unmount(&point, UnmountFlags::DETACH);
    session.map_err(|error| format!("the kernel and this program do not agree: {error}"))?;
    let protocol = *protocol.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Offered { protocol, passthrough, read_ahead })
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
        assert!(!users_may_allow_other(&folder.path().join("absent")));
    }

    #[test]
    fn without_leave_to_mount_and_without_the_helper_something_fails() {
        let checks = privilege(&Err("not permitted".to_owned()));
        assert_eq!(checks.iter().all(|check| check.ok), fusermount::find().is_some());
        let offered = Offered { protocol: (7, 40), passthrough: Ok(()), read_ahead: true };
        assert!(privilege(&Ok(offered)).iter().all(|check| check.ok));
    }
}
