//! `veneer mounts --restart DIR`: another process serves the mount, from the program that is on disk now.
//!
//! The supervisor does it. Here it is asked to, and waited for.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use super::context::Context;
use super::mount::absolute;
use super::mounts::PATIENCE;
use super::output;
use super::report::{Answer, Failure, Result, say};
use super::stat;
use super::unmount::is_serving;
use veneer::dataset::mountinfo::{self, Info, State};

/// How long the new process may take.
const REPLACING: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Serialize)]
struct Restarted {
    path: String,
    pid_before: i32,
    pid: i32,
    version: Option<String>,
}

/// Has the process that serves the mount at `folder` replaced.
pub(super) fn restart(context: &Context, folder: &Path) -> Result {
    let point = absolute(folder)?;
    if !mountinfo::points()?.contains(&point) {
        return Err(Failure::error(format!("`{}` is not a mount of Veneer", point.display()))
            .hint("`veneer mounts --all` lists what is mounted"));
    }
    let before = stat::ask(&point)?;
    let supervisor = before.supervisor.filter(|pid| is_serving(*pid)).ok_or_else(|| {
        Failure::error(format!("the supervisor of the mount `{}` has ended", point.display()))
            .hint("unmount it, and mount it again")
    })?;
    let pid = i32::try_from(supervisor).ok().and_then(Pid::from_raw);
    let asked = pid.map_or(Err(rustix::io::Errno::SRCH), |pid| kill_process(pid, Signal::USR1));
    asked.map_err(|error| {
        Failure::error(format!("cannot ask the supervisor, process {supervisor}: {error}"))
            .hint("only the user who made the mount, and root, may")
    })?;
    let after = wait_for_another(&point, before.pid)
        .ok_or_else(|| not_replaced(&before, &format!("process {} goes on serving `{}`", before.pid, before.path)))?;
    let version = after.more.get("version").and_then(|version| version.as_str()).map(str::to_owned);
    match context.json {
        true => output::json(&Restarted { path: after.path, pid_before: before.pid, pid: after.pid, version })?,
        false => say(format_args!(
            "{}: process {} took over from {}, with version {}",
            after.path,
            after.pid,
            before.pid,
            version.as_deref().unwrap_or("unknown")
        )),
    }
    Ok(Answer::Yes)
}

fn wait_for_another(point: &Path, pid: i32) -> Option<Info> {
    let deadline = Instant::now() + REPLACING;
    while Instant::now() < deadline {
        // The old one may still be ending when the new one answers.
        if let State::Live(now) = mountinfo::ask(point, PATIENCE)
            && now.pid != pid
            && !u32::try_from(pid).is_ok_and(is_serving)
        {
            return Some(*now);
        }
        thread::sleep(PAUSE);
    }
    None
}

fn not_replaced(info: &Info, message: &str) -> Failure {
    let log = info.more.get("log").and_then(|log| log.as_str());
    let hint = log.map_or_else(|| "its log says why".to_owned(), |log| format!("the log says why: {log}"));
    Failure::error(message.to_owned()).hint(hint)
}
