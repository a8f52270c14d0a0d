//! `veneer run`: a command during which a mount stays at its revision.
//!
//! The mount is held by a connection to its control socket, which this process
//! has and the command has not: it ends with this process, however that ends.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::tcgetpgrp;
use serde::Deserialize;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals;
use veneer::Error;

use super::context::Context;
use super::report::{Answer, Failure, Result};
use super::stat;
use veneer::dataset::mountinfo::{self, Info};

/// How long to try while one daemon takes over from another.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// The exit codes of a shell for a command that cannot be run, and one that is not there.
const CANNOT_RUN: u8 = 126;
const NOT_THERE: u8 = 127;

/// Run a command while a mount stays at its revision.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Commits that are made meanwhile show when the command has ended, and at once. It finds
VENEER_DATASET and VENEER_REVISION in its environment. Signals are passed on to it, and
its exit code is given back: 128 and the signal's number if a signal ended it. If this
process itself is killed with SIGKILL, the mount moves on though the command may not
have ended.

Of a mount of all revisions (--all), DIR is the folder of one; all that are shown are
held.

Examples:
  veneer run /mnt/traffic -- python train.py
  veneer run . make evaluate")]
pub(super) struct RunArgs {
    /// A mount, or a folder in it
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// What the daemon says is held.
#[derive(Debug, Deserialize)]
struct Held {
    dataset: String,
    revision: String,
}

impl RunArgs {
    pub(super) fn run(self, _: &Context) -> Result {
        let (top, info) = info_of(&self.folder)?;
        let (_connection, held) = hold(&info)?;
        let held = match held.revision.is_empty() {
            // All of them are held: which one is meant is known of its folder.
            true => Held { revision: stat::ask(&top)?.revision, ..held },
            false => held,
        };
        // Before the command is started: no signal may be lost between.
        let signals = Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2])
            .map_err(|error| Error::io("wait for signals", error))?;
        let (program, arguments) = self.command.split_first().expect("clap requires one");
        let mut command = Command::new(program);
        command.args(arguments).env("VENEER_DATASET", &held.dataset).env("VENEER_REVISION", &held.revision);
        let child = command.spawn().map_err(|error| not_started(program, &error))?;
        let status = attend(child, signals).map_err(|error| Error::io("wait for the command", error))?;
        Ok(Answer::Code(code(status)))
    }
}

fn info_of(folder: &Path) -> Result<(PathBuf, Info)> {
    let failed = |error| Failure::from(Error::io_at("use", folder, error));
    let folder_path = folder.canonicalize().map_err(failed)?;
    let points = mountinfo::points()?;
    let point = mountinfo::holding(&points, &folder_path).ok_or_else(|| {
        Failure::error(format!("`{}` is not in a mount of Veneer", folder.display()))
            .hint("`veneer mounts --all` lists what is mounted")
    })?;
    stat::ask_about(point, &folder_path)
}

/// Holds the mount; it stays where it is as long as the connection lives.
fn hold(info: &Info) -> Result<(UnixStream, Held)> {
    let socket = info.control.as_deref().ok_or_else(|| {
        Failure::error(format!("the mount `{}` cannot be held: it has no control socket", info.path))
            .hint("its log says why")
    })?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask(socket) {
            Ok(held) => return Ok(held),
            // The daemon died before it answered; the next one will.
            Err(error) if is_passing(&error) && Instant::now() < deadline => thread::sleep(PAUSE),
            Err(error) => {
                let failure = Failure::error(format!("cannot hold the mount `{}` ({socket}): {error}", info.path));
                return Err(match error.kind() {
                    io::ErrorKind::PermissionDenied => {
                        failure.hint("only the user who made the mount, and root, may hold it")
                    }
                    _ => failure,
                });
            }
        }
    }
}

fn ask(socket: &str) -> io::Result<(UnixStream, Held)> {
    let mut connection = UnixStream::connect(socket)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(b"hold\n")?;
    let mut line = String::new();
    if BufReader::new(&connection).read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok((connection, serde_json::from_str(&line)?))
}

fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::ConnectionReset | Kind::ConnectionRefused | Kind::BrokenPipe)
}

fn not_started(program: &OsString, error: &io::Error) -> Failure {
    let code = if error.kind() == io::ErrorKind::NotFound { NOT_THERE } else { CANNOT_RUN };
    Failure::error(format!("cannot run `{}`: {error}", program.display())).with_code(code)
}

/// Waits for the command's end, and passes signals on to it.
fn attend(mut child: Child, mut signals: Signals) -> io::Result<ExitStatus> {
    for signal in signals.forever() {
        match signal {
            SIGCHLD => {
                if let Some(status) = child.try_wait()? {
                    return Ok(status);
                }
            }
            // From a terminal it has had that already, as part of the same group.
            SIGINT | SIGQUIT if has_terminal() => {}
            signal => {
                if let Some(signal) = Signal::from_named_raw(signal) {
                    // Not waited for yet, so the number is its own.
                    let _ = kill_process(Pid::from_child(&child), signal);
                }
            }
        }
    }
    child.wait()
}

/// Whether this process is in the foreground of a terminal.
fn has_terminal() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_that_of_the_command_or_tells_its_signal() {
        for (raw, expected) in [(0, 0), (3 << 8, 3), (255 << 8, 255), (9, 137), (15, 143)] {
            assert_eq!(code(ExitStatus::from_raw(raw)), expected);
        }
    }

    #[test]
    fn a_connection_without_an_answer_is_tried_again_and_a_refusal_is_not() {
        assert!(is_passing(&io::ErrorKind::ConnectionReset.into()));
        assert!(!is_passing(&io::ErrorKind::PermissionDenied.into()));
    }
}
