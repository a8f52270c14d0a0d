//! A serving process as its supervisor sees it: how it is started, what it says, and that it dies.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::io::FdFlags;
use rustix::process::{Pid, Signal};

use crate::channel::{Channel, FromServing};

/// What the process is called in lists.
pub const NAME: &str = "veneer-mountd";

/// A program to be run, even after its file was removed or replaced.
#[derive(Debug)]
pub struct Program {
    file: File,
}

impl Program {
    /// The program at `path` as it is now.
    pub fn open(path: &Path) -> io::Result<Program> {
        Ok(Program { file: File::open(path)? })
    }

    /// The program that this process runs.
    pub fn of_this_process() -> io::Result<Program> {
        Program::open(Path::new("/proc/self/exe"))
    }
}

/// A serving process that was started, and may have ended.
#[derive(Debug)]
pub struct Process {
    child: Child,
    program: Program,
    /// The line to it.
    pub channel: Channel,
    /// Readable once it dies.
    pub lifeline: io::PipeReader,
    /// When it was started.
    pub since: Instant,
    /// Whether it has said that it waits to be told what to do.
    pub is_prepared: bool,
    /// Whether it has said that it serves.
    pub has_served: bool,
    /// Whether it has said that the mount ends.
    pub is_ending: bool,
    /// Whether it has said that the mount has ended, and that it takes its time with what was written.
    pub is_putting_away: bool,
}

impl Process {
    /// Starts `program`; it inherits the two lines to it, and `ready`, and nothing else.
    ///
    /// Must be called by the only thread of this process.
    pub fn start(program: Program, arguments: &[OsString], ready: Option<OwnedFd>) -> io::Result<Process> {
        let (channel, theirs) = Channel::pair()?;
        let (lifeline, their_lifeline) = io::pipe()?;
        let mut command = Command::new(format!("/proc/self/fd/{}", program.file.as_raw_fd()));
        command.arg0(NAME).arg("--serving").arg(theirs.as_fd().as_raw_fd().to_string());
        command.arg("--lifeline").arg(their_lifeline.as_raw_fd().to_string());
        rustix::io::fcntl_setfd(&theirs, FdFlags::empty())?;
        rustix::io::fcntl_setfd(&their_lifeline, FdFlags::empty())?;
        if let Some(ready) = &ready {
            rustix::io::fcntl_setfd(ready, FdFlags::empty())?;
            command.arg("--ready-fd").arg(ready.as_raw_fd().to_string());
        }
        let child = command.args(arguments).spawn()?;
        Ok(Process {
            child,
            program,
            channel,
            lifeline,
            since: Instant::now(),
            is_prepared: false,
            has_served: false,
            is_ending: false,
            is_putting_away: false,
        })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its program, to be run again.
    pub fn into_program(self) -> (Child, Program) {
        (self.child, self.program)
    }

    /// What it has said and nobody has heard yet.
    pub fn next_message(&mut self) -> Option<(FromServing, Vec<OwnedFd>)> {
        let (message, descriptors) = self.channel.try_receive().ok().flatten()?;
        match message {
            FromServing::Prepared => self.is_prepared = true,
            FromServing::Serving => self.has_served = true,
            FromServing::Ending => self.is_ending = true,
            FromServing::PuttingAway => self.is_putting_away = true,
            _ => {}
        }
        Some((message, descriptors))
    }

    /// Sends it a signal; nothing where it has ended.
    pub fn signal(&mut self, signal: Signal) {
        // Not waited for yet, so the number cannot have gone to another process.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = rustix::process::kill_process(Pid::from_child(&self.child), signal);
        }
    }

    /// How it ended, if that is known within `patience`.
    pub fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }
}
