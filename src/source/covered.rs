//! A source beneath a mount over its own path: who serves the mount hands over the folder.
//!
//! A path leads to what is mounted last, so the folder beneath can be had only
//! from a process that opened it before. The daemon gives it to whoever may
//! connect to the mount's control socket: its own user, and root.

use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, openat};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use serde::Deserialize;

use super::mounts::is_veneer_mount;

/// What is asked of the control socket.
pub const ASK: &str = "source";
/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of the longest answer.
const ANSWER_LEN_MAX: usize = 8192;

/// What a mount says of itself, as far as it matters here.
#[derive(Deserialize)]
struct Info {
    control: Option<String>,
}

/// What the daemon answers, beside the descriptor.
#[derive(Deserialize)]
struct Answer {
    source: PathBuf,
}

/// The folder beneath `folder`, where that is a mount of Veneer over its own source; else `None`.
pub(super) fn folder_beneath(path: &Path, folder: impl AsFd) -> Option<OwnedFd> {
    if !is_veneer_mount(&folder).ok()? {
        return None;
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let mut text = String::new();
    let info = File::from(openat(&folder, ".veneer/info.json", flags, Mode::empty()).ok()?);
    info.take(ANSWER_LEN_MAX as u64).read_to_string(&mut text).ok()?;
    let Info { control } = serde_json::from_str(&text).ok()?;
    let (answer, beneath) = ask(&control?).ok()?;
    // The mount may be of another dataset, with its source elsewhere.
    let is_its_own = answer.source == path || path.canonicalize().is_ok_and(|path| path == answer.source);
    is_its_own.then_some(beneath)
}

fn ask(control: &str) -> io::Result<(Answer, OwnedFd)> {
    let mut connection = UnixStream::connect(control)?;
    // A folder is taken from this user's own daemon or root's: another user's may be one that this user must not see.
    let peer = rustix::net::sockopt::socket_peercred(&connection)?.uid;
    if !peer.is_root() && peer != rustix::process::geteuid() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    connection.set_read_timeout(Some(PATIENCE))?;
    writeln!(connection, "{ASK}")?;
    let mut text = vec![0; ANSWER_LEN_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(&mut text)];
    let len = recvmsg(&connection, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?.bytes;
    let mut descriptors = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut all) => all.next(),
        _ => None,
    });
    let folder = descriptors.next().ok_or(io::ErrorKind::InvalidData)?;
    Ok((serde_json::from_slice(text[..len].trim_ascii())?, folder))
}
