//! `veneer unmount`: ends a mount, or says who still uses it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use rustix::io::Errno;
use rustix::mount::UnmountFlags;
use serde::Serialize;
use veneer::Error;

use super::context::Context;
use super::holders::{Holder, holders};
use super::mount::absolute;
use super::mounts::PATIENCE;
use super::report::{Answer, Failure, Result, say, warn};
use super::{human, output};
use veneer::dataset::mountinfo::{self, State};

/// How long a daemon whose mount is gone may take to end.
const ENDING: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// How many processes are named.
const HOLDERS_SHOWN: usize = 10;

/// End a mount.
#[derive(Args, Debug)]
#[command(after_long_help = "\
While a process has a file of it open, or stands in it, a mount cannot end: this
waits for --timeout, and then says which processes those are. --lazy takes the mount
away at once, and its daemon ends when the last of them does. What a killed daemon
left behind is always taken away at once.

Examples:
  veneer unmount /mnt/traffic
  veneer unmount /mnt/traffic --timeout 5m
  veneer unmount /mnt/traffic --lazy")]
pub(super) struct UnmountArgs {
    /// The mount
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How long to wait for those who use it
    #[arg(long, value_name = "TIME", default_value = "10s")]
    timeout: String,
    /// Take it away though somebody uses it
    #[arg(long)]
    lazy: bool,
}

#[derive(Serialize)]
struct Unmounted {
    path: String,
    pid: Option<u32>,
    was_stale: bool,
}

impl UnmountArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let deadline = Instant::now() + human::parse_duration(&self.timeout)?;
        let point = absolute(&self.folder)?;
        if !mountinfo::points()?.contains(&point) {
            return Err(Failure::error(format!("`{}` is not a mount of Veneer", point.display()))
                .hint("`veneer mounts --all` lists what is mounted"));
        }
        let state = mountinfo::ask(&point, PATIENCE);
        let (pid, supervisor, is_stale) = match &state {
            State::Live(info) => (u32::try_from(info.pid).ok(), info.supervisor, false),
            State::Stale => (None, None, true),
            State::Silent(_) => (None, None, false),
        };
        let lazy = self.lazy || is_stale;
        while !detach(&point, lazy)? {
            if Instant::now() >= deadline {
                return Err(busy(&point, holders(&point, pid)));
            }
            thread::sleep(PAUSE);
        }
        for pid in [pid, supervisor].into_iter().flatten().filter(|_| !lazy) {
            if !ends(pid) {
                warn(format_args!("its daemon, process {pid}, has not ended yet"));
            }
        }
        let path = output::json_text(point.as_os_str().as_encoded_bytes());
        match context.json {
            true => output::json(&Unmounted { path, pid, was_stale: is_stale })?,
            false if is_stale => say(format_args!("took away what a killed daemon had left at {path}")),
            false => say(format_args!("unmounted {path}")),
        }
        Ok(Answer::Yes)
    }
}

/// Takes the mount out of the tree; `false` when it is in use.
fn detach(point: &Path, lazy: bool) -> Result<bool> {
    let flags = UnmountFlags::NOFOLLOW | if lazy { UnmountFlags::DETACH } else { UnmountFlags::empty() };
    match rustix::mount::unmount(point, flags) {
        Ok(()) => Ok(true),
        Err(Errno::BUSY) => Ok(false),
        Err(Errno::PERM) => detach_by_helper(point, lazy),
        Err(error) => Err(Error::io_at("unmount", point, error).into()),
    }
}

/// Without privilege, the set-uid helper does it.
fn detach_by_helper(point: &Path, lazy: bool) -> Result<bool> {
    let mut command = Command::new("fusermount3");
    command.arg(if lazy { "-uz" } else { "-u" }).arg("--").arg(point);
    // Its words are looked at below.
    let result = command.env("LC_ALL", "C").stdin(Stdio::null()).output();
    let output = result.map_err(|error| {
        Failure::from(Error::io("start `fusermount3`", error))
            .hint("install it (`apt install fuse3`), or unmount as root")
    })?;
    let words = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(true),
        false if words.contains("busy") => Ok(false),
        false => Err(Failure::error(format!("cannot unmount `{}`: {}", point.display(), words.trim()))
            .hint("a mount is ended by the user who made it, or by root")),
    }
}

fn busy(point: &Path, holders: Vec<Holder>) -> Failure {
    let mut message = format!("`{}` is in use", point.display());
    for Holder { pid, name, how } in holders.iter().take(HOLDERS_SHOWN) {
        message.push_str(&format!("\n  process {pid} ({name}) {how}"));
    }
    let inner = mountinfo::points_within(point);
    for inner in inner.iter().take(HOLDERS_SHOWN) {
        message.push_str(&format!("\n  `{}` is mounted in it", inner.display()));
    }
    match holders.len().saturating_sub(HOLDERS_SHOWN) {
        0 if holders.is_empty() && inner.is_empty() => message.push_str(" by a process that this user cannot see"),
        0 => {}
        more => message.push_str(&format!("\n  and {}", human::count(more as u64, "other process"))),
    }
    let hint = "end them, wait longer with `--timeout 5m`, or take the mount away under them with `--lazy`";
    Failure::error(message).hint(hint)
}

/// Waits until the daemon has ended: its last words are in the log by then.
fn ends(pid: u32) -> bool {
    let deadline = Instant::now() + ENDING;
    while is_serving(pid) {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(PAUSE);
    }
    true
}

/// Whether the process is there, is a daemon of ours, and is no zombie that nobody has waited for.
pub(super) fn is_serving(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // `7 (name) S …`: the name may have any letters, so its end is sought from the right.
    let Some((name, rest)) = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')) else { return false };
    name.starts_with("veneer-mountd") && !rest.trim_start().starts_with(['Z', 'X'])
}
