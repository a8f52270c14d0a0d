//! Becoming a daemon: who starts it learns by one line whether the mount stands.
//!
//! The process is split before any thread is started. The first half waits for
//! that line, passes it on and ends with 0 or 3; so whoever started it can
//! wait for it, is left no zombie, and never waits for the mount itself.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::process::ExitCode;

use rustix::io::FdFlags;
use serde::Serialize;

use crate::trouble::Trouble;

/// The exit code of a mount that could not be made.
pub const EXIT_ERROR: u8 = 3;

/// Who wants to know whether the mount stands.
#[derive(Debug)]
pub struct Ready {
    listener: Option<File>,
}

/// Which half of the process this is.
#[derive(Debug)]
pub enum Half {
    /// The one that mounts and serves.
    Daemon(Ready),
    /// The one that is to end with this code.
    Starter(ExitCode),
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a, T> {
    Ok(&'a T),
    Error(&'a Trouble),
}

impl Ready {
    /// Whoever reads the descriptor `fd`; nobody if none is given.
    ///
    /// # Errors
    /// When `fd` is not an open descriptor.
    pub fn from_fd(fd: Option<RawFd>) -> io::Result<Ready> {
        let listener = fd.map(adopt).transpose()?;
        Ok(Ready { listener })
    }

    /// The descriptor alone, for another process to tell.
    pub fn into_fd(self) -> Option<OwnedFd> {
        self.listener.map(OwnedFd::from)
    }

    /// Tells that the mount stands, or why not; a person on stderr if nobody listens.
    pub fn tell<T: Serialize>(self, outcome: Result<&T, &Trouble>) {
        let line = match outcome {
            Ok(info) => Line::Ok(info),
            Err(trouble) => Line::Error(trouble),
        };
        match (self.listener, outcome) {
            (Some(mut listener), _) => {
                let mut text = serde_json::to_vec(&line).unwrap_or_default();
                text.push(b'\n');
                // Nobody listens any more: there is nobody to tell.
                let _ = listener.write_all(&text);
            }
            (None, Err(trouble)) => say(&trouble.to_string()),
            (None, Ok(_)) => {}
        }
    }
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A descriptor that this process has inherited, by its number.
///
/// # Errors
/// `InvalidInput` where it is not open.
pub fn adopt(fd: RawFd) -> io::Result<File> {
    // SAFETY: fcntl only asks, and fails for what is not an open descriptor.
    if fd < 3 || unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{fd} is not a descriptor that was handed over"),
        ));
    }
    // SAFETY: it is open, and was given to this process to use, by its number, for this alone.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    rustix::io::fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    Ok(File::from(fd))
}

/// Splits the process; `ready_fd` stays with the starter, which passes the line on.
///
/// Must be called before any thread is started.
pub fn split(ready_fd: Option<RawFd>) -> io::Result<Half> {
    let (reader, writer) = io::pipe()?;
    // SAFETY: there is one thread, so the child owns a whole copy of the process.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            drop(reader);
            rustix::process::setsid()?;
            rustix::process::chdir("/")?;
            close_inherited(&writer);
            Ok(Half::Daemon(Ready { listener: Some(File::from(OwnedFd::from(writer))) }))
        }
        child => {
            drop(writer);
            Ok(Half::Starter(relay(reader, Ready::from_fd(ready_fd)?, child)))
        }
    }
}

/// Closes what the starter left open by mistake: a daemon would keep it for days.
fn close_inherited(keep: &io::PipeWriter) {
    let keep = keep.as_raw_fd().unsigned_abs();
    for (first, last) in [(3, keep.saturating_sub(1)), (keep + 1, u32::MAX)] {
        if first <= last {
            // SAFETY: nothing in this process, which has just begun, owns a descriptor beyond `keep` and stdio.
            unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        }
    }
}

fn relay(reader: io::PipeReader, ready: Ready, child: libc::pid_t) -> ExitCode {
    let mut line = String::new();
    let read = BufReader::new(reader).read_line(&mut line);
    let message: Option<serde_json::Value> = read.ok().and_then(|_| serde_json::from_str(&line).ok());
    match message {
        Some(message) if message.get("ok").is_some() => {
            if let Some(mut listener) = ready.listener {
                let _ = listener.write_all(line.as_bytes());
            }
            ExitCode::SUCCESS
        }
        Some(message) => {
            let text = |field: &str| message["error"][field].as_str().unwrap_or_default().to_owned();
            match ready.listener {
                Some(mut listener) => drop(listener.write_all(line.as_bytes())),
                None => say(&Trouble::new("mount", text("message"), text("hint")).to_string()),
            }
            ExitCode::from(EXIT_ERROR)
        }
        None => {
            let message = format!("the daemon (process {child}) ended before the mount was made");
            ready.tell::<()>(Err(&Trouble::new("died", message, "its log may say why (--log FILE)")));
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// Makes `log` the place of everything that is printed, and stdin empty.
pub fn redirect_stdio(log: Option<&File>) -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let out = log.unwrap_or(&null);
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(out)?;
    rustix::stdio::dup2_stderr(out)?;
    Ok(())
}
