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
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::model::{BranchName, DatasetName, Id};
use crate::{Error, Result};

/// How the kernel's table calls our file systems.
const FS_TYPE: &[u8] = b"fuse.veneer";
/// Where in a mount its daemon says what it shows.
const INFO: &str = ".veneer/info.json";

/// What a daemon says of its mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// Where it is mounted.
    pub path: String,
    /// What it shows.
    pub dataset: String,
    /// The ref that it was given.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The revision that it shows now.
    pub revision: String,
    /// Whether it follows the branch.
    pub mode: String,
    /// How it answers: small files or large.
    pub profile: String,
    /// Why so.
    #[serde(default)]
    pub profile_why: String,
    /// The process that serves.
    pub pid: i32,
    /// The process that starts another one to serve when that one dies.
    #[serde(default)]
    pub supervisor: Option<u32>,
    /// The socket at which the mount is held.
    #[serde(default)]
    pub control: Option<String>,
    /// The store's folder.
    pub store: String,
    /// Whatever else there is.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// How long a daemon may take to answer, where its answer is only told in passing.
const PATIENCE_IN_PASSING: Duration = Duration::from_millis(200);
/// How long all mounts together may take to show a new revision.
const ARRIVAL: Duration = Duration::from_millis(500);
/// The mode of a mount that moves with its branch.
pub const FOLLOW: &str = "follow";
/// The mode of a mount that shows all branches, tags and revisions.
pub const ALL: &str = "all";

impl Info {
    /// What is shown, as a person says it.
    pub fn shows(&self) -> String {
        shows(&self.dataset, &self.reference, &self.mode)
    }
}

/// What a mount shows, as a person says it.
pub fn shows(dataset: &str, reference: &str, mode: &str) -> String {
    if mode == ALL { format!("{dataset} --all") } else { format!("{dataset}@{reference}") }
}

/// What became of asking a daemon.
#[derive(Debug)]
pub enum State {
    /// It answered.
    Live(Box<Info>),
    /// It is dead: every access fails.
    Stale,
    /// It did not answer in time, or not sensibly.
    Silent(String),
}

/// The folders that the table lists as ours, oldest first.
pub fn points() -> Result<Vec<PathBuf>> {
    let path = Path::new("/proc/self/mountinfo");
    Ok(parse(&fs::read(path).map_err(|error| Error::io_at("read", path, error))?)
        .into_iter()
        .map(|(point, _)| point)
        .collect())
}

/// As [`points`], each with whether the store with this mark has it: that is known of a dead one, too.
pub fn points_of(mark: &str) -> Result<Vec<(PathBuf, bool)>> {
    let path = Path::new("/proc/self/mountinfo");
    let table = fs::read(path).map_err(|error| Error::io_at("read", path, error))?;
    let is_of_store = |name: Vec<u8>| name.rsplit(|&byte| byte == b':').next() == Some(mark.as_bytes());
    Ok(parse(&table).into_iter().map(|(point, name)| (point, is_of_store(name))).collect())
}

/// The folders below `point` on which something is mounted, ours or not.
pub fn points_within(point: &Path) -> Vec<PathBuf> {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = table.split(|&byte| byte == b'\n').filter_map(mount);
    mounts.map(|(inner, ..)| inner).filter(|inner| inner != point && inner.starts_with(point)).collect()
}

/// Asks the daemon of the mount at `point`, for at most `patience`.
pub fn ask(point: &Path, patience: Duration) -> State {
    let (sender, receiver) = mpsc::channel();
    let asked = point.to_owned();
    thread::spawn(move || sender.send(read_info(&asked)));
    match receiver.recv_timeout(patience) {
        Ok(Ok(text)) => match serde_json::from_slice(&text) {
            Ok(info) => State::Live(Box::new(info)),
            Err(error) => State::Silent(format!("its {INFO} cannot be read: {error}")),
        },
        Ok(Err(error)) if is_dead(&error) => State::Stale,
        Ok(Err(error)) => State::Silent(format!("its {INFO} cannot be read: {error}")),
        Err(_) => State::Silent(format!("it did not answer within {} s", patience.as_secs_f32())),
    }
}

/// What the daemon says; asked of it, not only of the kernel.
fn read_info(point: &Path) -> io::Result<Vec<u8>> {
    // The kernel may have all of the file in its cache, and would give it long after the daemon's
    // death; what `statfs` tells is never cached.
    match rustix::fs::statfs(point) {
        Err(error) if is_dead(&error.into()) => Err(error.into()),
        _ => fs::read(point.join(INFO)),
    }
}

/// Whether this is what a mount without its daemon says.
pub fn is_dead(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::ECONNABORTED))
}

/// The mount that holds `path`, an absolute path without links.
pub fn holding<'a>(points: &'a [PathBuf], path: &Path) -> Option<&'a PathBuf> {
    points.iter().filter(|point| path.starts_with(point)).max_by_key(|point| point.as_os_str().len())
}

/// The folder that shows the revision in which `path` is: `point`, or one in it where the mount shows all.
pub fn view_of(info: &Info, point: &Path, path: &Path) -> Option<PathBuf> {
    if info.mode != ALL {
        return Some(point.to_owned());
    }
    // The nearest to the top: what lies deeper is the dataset's own.
    let mut folders: Vec<&Path> = path.ancestors().take_while(|folder| *folder != point).collect();
    folders.reverse();
    folders.into_iter().find(|folder| folder.join(INFO).is_file()).map(Path::to_owned)
}

/// Our mounts: where they are, and their names, `DATASET@REF:STORE`.
fn parse(table: &[u8]) -> Vec<(PathBuf, Vec<u8>)> {
    let mounts = table.split(|&byte| byte == b'\n').filter_map(mount);
    mounts.filter(|(_, kind, _)| *kind == FS_TYPE).map(|(point, _, name)| (point, name)).collect()
}

/// The mount point, the type and the name of one line: `36 35 98:0 /root /point options tags… - type source options`.
fn mount(line: &[u8]) -> Option<(PathBuf, &[u8], Vec<u8>)> {
    let mut fields = line.split(|&byte| byte == b' ');
    let point = fields.nth(4)?;
    let mut kind_and_name = fields.skip_while(|field| *field != b"-").skip(1);
    let (kind, name) = (kind_and_name.next()?, kind_and_name.next()?);
    Some((PathBuf::from(OsString::from_vec(unescape(point))), kind, unescape(name)))
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

/// The mounts that follow the branch; each is waited for, shortly, until it shows `revision`.
///
/// So whoever commits and then reads finds what was committed.
pub fn following(store: &Path, dataset: &DatasetName, branch: &BranchName, revision: Id) -> Vec<Following> {
    // Telling this is a courtesy: where it cannot be found out, nothing is said.
    let points = points().unwrap_or_default();
    let follows = |info: &Info| {
        info.mode == FOLLOW
            && info.dataset == dataset.as_str()
            && info.reference == branch.as_str()
            && is_same_folder(Path::new(&info.store), store)
    };
    let deadline = Instant::now() + ARRIVAL;
    let mut found = Vec::new();
    for point in points {
        let State::Live(mut info) = ask(&point, PATIENCE_IN_PASSING) else { continue };
        let point = if info.mode == ALL { point.join(branch.as_str()) } else { point };
        if info.mode == ALL {
            let State::Live(inner) = ask(&point, PATIENCE_IN_PASSING) else { continue };
            info = inner;
        }
        if !follows(&info) {
            continue;
        }
        while info.revision != revision.to_hex() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
            if let State::Live(now) = ask(&point, PATIENCE_IN_PASSING) {
                info = now;
            }
        }
        found.push(Following { arrived: info.revision == revision.to_hex(), path: info.path });
    }
    found
}

/// A mount that moves with a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Following {
    /// Where it is.
    pub path: String,
    /// Whether it shows the new revision already.
    pub arrived: bool,
}

fn is_same_folder(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_mounts_are_found_and_their_paths_are_unescaped() {
        let table = b"22 1 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n\
            40 22 0:50 / /mnt/a\\040b\\134c ro,nosuid shared:9 master:1 - fuse.veneer traffic@main:1a2b3c4d ro,user_id=0\n\
            41 22 0:51 / /mnt/other ro - fuse.sshfs host rw\n\
            42 22 0:52 / /mnt/\xe9 ro - fuse.veneer traffic@v1 ro\n\
            \n\
            broken line\n";
        let expected: Vec<(PathBuf, Vec<u8>)> =
            [(&b"/mnt/a b\\c"[..], &b"traffic@main:1a2b3c4d"[..]), (b"/mnt/\xe9", b"traffic@v1")]
                .map(|(path, name)| (PathBuf::from(OsString::from_vec(path.to_vec())), name.to_vec()))
                .into();
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
