//! Which mounts of Veneer this process sees: the kernel's table, and what each daemon says of itself.
//!
//! A daemon that does not answer never holds a command up: it is asked from a
//! thread that is left behind.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use veneer::Error;

use super::report::Result;

/// How the kernel's table calls our file systems.
const FS_TYPE: &[u8] = b"fuse.veneer";
/// Where in a mount its daemon says what it shows.
const INFO: &str = ".veneer/info.json";

/// What a daemon says of its mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Info {
    /// Where it is mounted.
    pub(super) path: String,
    /// What it shows.
    pub(super) dataset: String,
    /// The ref that it was given.
    #[serde(rename = "ref")]
    pub(super) reference: String,
    /// The revision that it shows now.
    pub(super) revision: String,
    /// Whether it follows the branch.
    pub(super) mode: String,
    /// How it answers: small files or large.
    pub(super) profile: String,
    /// Why so.
    #[serde(default)]
    pub(super) profile_why: String,
    /// The process that serves.
    pub(super) pid: i32,
    /// The store's folder.
    pub(super) store: String,
    /// Whatever else there is.
    #[serde(flatten)]
    pub(super) more: serde_json::Map<String, serde_json::Value>,
}

/// What became of asking a daemon.
#[derive(Debug)]
pub(super) enum State {
    /// It answered.
    Live(Box<Info>),
    /// It is dead: every access that needs it fails. What it said of itself may still be in the kernel's cache.
    Stale(Option<Box<Info>>),
    /// It did not answer in time, or not sensibly.
    Silent(String),
}

/// The folders that the table lists as ours, oldest first.
pub(super) fn points() -> Result<Vec<PathBuf>> {
    let path = Path::new("/proc/self/mountinfo");
    Ok(parse(&fs::read(path).map_err(|error| Error::io_at("read", path, error))?))
}

/// The folders below `point` on which something is mounted, ours or not.
pub(super) fn points_within(point: &Path) -> Vec<PathBuf> {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = table.split(|&byte| byte == b'\n').filter_map(mount);
    mounts.map(|(inner, _)| inner).filter(|inner| inner != point && inner.starts_with(point)).collect()
}

/// Asks the daemon of the mount at `point`, for at most `patience`.
pub(super) fn ask(point: &Path, patience: Duration) -> State {
    let (sender, receiver) = mpsc::channel();
    let asked = point.to_owned();
    thread::spawn(move || sender.send(state_of(&asked)));
    match receiver.recv_timeout(patience) {
        Ok(state) => state,
        Err(_) => State::Silent(format!("it did not answer within {} s", patience.as_secs_f32())),
    }
}

/// As [`ask`], for as long as it takes.
fn state_of(point: &Path) -> State {
    // The kernel may have all of the file in its cache, and would give it long after the daemon's
    // death; what `statfs` tells is never cached.
    let is_stale = rustix::fs::statfs(point).is_err_and(|error| is_dead(&error.into()));
    let read = fs::read(point.join(INFO));
    let is_stale = is_stale || read.as_ref().is_err_and(is_dead);
    let info = read.and_then(|text| Ok(serde_json::from_slice(&text).map(Box::new)?));
    match info {
        info if is_stale => State::Stale(info.ok()),
        Ok(info) => State::Live(info),
        Err(error) => State::Silent(format!("its {INFO} cannot be read: {error}")),
    }
}

/// Whether this is what a mount without its daemon says.
pub(super) fn is_dead(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::ECONNABORTED))
}

/// The mount that holds `path`, an absolute path without links.
pub(super) fn holding<'a>(points: &'a [PathBuf], path: &Path) -> Option<&'a PathBuf> {
    points.iter().filter(|point| path.starts_with(point)).max_by_key(|point| point.as_os_str().len())
}

fn parse(table: &[u8]) -> Vec<PathBuf> {
    let mounts = table.split(|&byte| byte == b'\n').filter_map(mount);
    mounts.filter(|(_, kind)| *kind == FS_TYPE).map(|(point, _)| point).collect()
}

/// The mount point and the type of one line: `36 35 98:0 /root /point options tags… - type source options`.
fn mount(line: &[u8]) -> Option<(PathBuf, &[u8])> {
    let mut fields = line.split(|&byte| byte == b' ');
    let point = fields.nth(4)?;
    let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
    Some((PathBuf::from(OsString::from_vec(unescape(point))), kind))
}

/// Undoes the table's escapes: a space is `\040`.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [byte, after @ ..] = rest {
        match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_mounts_are_found_and_their_paths_are_unescaped() {
        let table = b"22 1 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n\
            40 22 0:50 / /mnt/a\\040b\\134c ro,nosuid shared:9 master:1 - fuse.veneer traffic@main ro,user_id=0\n\
            41 22 0:51 / /mnt/other ro - fuse.sshfs host rw\n\
            42 22 0:52 / /mnt/\xe9 ro - fuse.veneer traffic@v1 ro\n\
            \n\
            broken line\n";
        let expected: Vec<PathBuf> =
            [&b"/mnt/a b\\c"[..], b"/mnt/\xe9"].map(|path| PathBuf::from(OsString::from_vec(path.to_vec()))).into();
        assert_eq!(parse(table), expected);
    }

    #[test]
    fn a_backslash_that_is_no_escape_stays() {
        for (field, bytes) in
            [(&b"a\\"[..], &b"a\\"[..]), (b"\\04", b"\\04"), (b"\\477", b"\\477"), (b"\\011\\012", b"\t\n")]
        {
            assert_eq!(unescape(field), bytes);
        }
    }

    #[test]
    fn a_path_belongs_to_the_innermost_mount() {
        let points = ["/mnt", "/mnt/a"].map(PathBuf::from);
        let holding = |path: &str| holding(&points, Path::new(path)).map(|point| point.display().to_string());
        assert_eq!(holding("/mnt/a/x").as_deref(), Some("/mnt/a"));
        assert_eq!(holding("/mnt/ab").as_deref(), Some("/mnt"));
        assert_eq!(holding("/home"), None);
    }
}
