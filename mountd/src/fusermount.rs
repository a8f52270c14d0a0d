//! `fusermount3`, the set-uid helper that mounts for those who may not.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::io::FdFlags;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};

use crate::mount::Wish;
use crate::trouble::Trouble;

/// The variable by which the helper learns over which socket to hand the descriptor back.
const SOCKET_VARIABLE: &str = "_FUSE_COMMFD";

/// Where the helper is, if it is installed.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    std::env::split_paths(&path)
        .flat_map(|folder| ["fusermount3", "fusermount"].map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

/// Has the helper mount, and returns the descriptor that it opened.
pub fn mount(wish: &Wish<'_>) -> Result<OwnedFd, Trouble> {
    let Some(helper) = find() else {
        let hint = "install it (Debian: `apt install fuse3`), or mount as root";
        return Err(Trouble::new("fuse", "mounting needs root or the program fusermount3, which is not here", hint));
    };
    let (said, descriptor) = ask(&helper, wish).map_err(|error| {
        Trouble::new("fuse", format!("cannot run {}: {error}", helper.display()), "reinstall the package fuse3")
    })?;
    descriptor.ok_or_else(|| {
        let hint = if said.contains("user_allow_other") {
            "add the line `user_allow_other` to /etc/fuse.conf, or mount without --allow-other"
        } else {
            "`veneer doctor` says what is missing"
        };
        Trouble::new("mount", format!("cannot mount on `{}`: {}", wish.point.display(), said.trim()), hint)
    })
}

/// What the helper said, and the descriptor it gave.
fn ask(helper: &Path, wish: &Wish<'_>) -> io::Result<(String, Option<OwnedFd>)> {
    let access = if wish.writable { "rw" } else { "ro" };
    let mut options = format!("{access},nodev,nosuid,default_permissions,subtype=veneer,fsname={}", wish.name);
    if wish.allow_other {
        options.push_str(",allow_other");
    }
    let (ours, theirs) = UnixStream::pair()?;
    rustix::io::fcntl_setfd(&theirs, FdFlags::empty())?;
    let child = Command::new(helper)
        .args(["-o", &options, "--"])
        .arg(wish.point)
        .env(SOCKET_VARIABLE, theirs.as_raw_fd().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(theirs);
    let descriptor = receive(&ours);
    let output = child.wait_with_output()?;
    Ok((String::from_utf8_lossy(&output.stderr).into_owned(), descriptor?))
}

fn receive(socket: &UnixStream) -> io::Result<Option<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    rustix::io::retry_on_intr(|| {
        rustix::net::recvmsg(socket.as_fd(), &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)
    })?;
    let mut descriptors = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut all) => all.next(),
        _ => None,
    });
    Ok(descriptors.next())
}

/// Has the helper end the mount on `point`.
pub fn unmount(point: &Path, lazily: bool) -> io::Result<()> {
    let helper =
        find().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the program fusermount3 is not here"))?;
    let flags: &[&str] = if lazily { &["-u", "-q", "-z", "--"] } else { &["-u", "-q", "--"] };
    let output = Command::new(helper).args(flags).arg(point).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
