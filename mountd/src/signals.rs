//! Signals as something that can be waited for together with other things.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1};

/// What a supervisor is told by signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// SIGCHLD.
    ChildEnded,
    /// SIGHUP.
    Hangup,
    /// SIGUSR1: replace the serving process.
    Restart,
    /// SIGTERM or SIGINT.
    End,
}

/// The signals that have come.
#[derive(Debug)]
pub struct Signals {
    wakes: UnixStream,
    flags: Vec<(Arc<AtomicBool>, Heard)>,
}

impl Signals {
    /// Catches them from now on.
    pub fn new() -> io::Result<Signals> {
        let (wakes, woken) = UnixStream::pair()?;
        wakes.set_nonblocking(true)?;
        let mut flags = Vec::new();
        for (signal, heard) in [
            (SIGCHLD, Heard::ChildEnded),
            (SIGHUP, Heard::Hangup),
            (SIGUSR1, Heard::Restart),
            (SIGTERM, Heard::End),
            (SIGINT, Heard::End),
        ] {
            let flag = Arc::new(AtomicBool::new(false));
            // First the flag, then the byte that has it looked at.
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(signal, woken.try_clone()?)?;
            flags.push((flag, heard));
        }
        Ok(Signals { wakes, flags })
    }

    /// Those that have come since the last call.
    pub fn heard(&self) -> Vec<Heard> {
        let mut bytes = [0; 64];
        while matches!(io::Read::read(&mut &self.wakes, &mut bytes), Ok(1..)) {}
        self.flags.iter().filter(|(flag, _)| flag.swap(false, Ordering::SeqCst)).map(|(_, heard)| *heard).collect()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakes.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_heard_once() {
        let signals = Signals::new().expect("caught");
        signal_hook::low_level::raise(SIGUSR1).expect("raised");
        assert_eq!(signals.heard(), [Heard::Restart]);
        assert_eq!(signals.heard(), []);
    }
}
