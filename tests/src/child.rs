//! A child process that ends with its guard, and never any other process.

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdout, Command, ExitStatus, Output};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// A process that this test started; dropped, it is killed and waited for.
#[derive(Debug)]
pub struct Child(Option<std::process::Child>);

impl Child {
    /// Starts the command.
    pub fn start(command: &mut Command) -> io::Result<Child> {
        command.spawn().map(|child| Child(Some(child)))
    }

    fn inner(&mut self) -> &mut std::process::Child {
        self.0.as_mut().expect("only `output` takes it, and consumes the guard")
    }

    /// Its process id.
    pub fn id(&mut self) -> u32 {
        self.inner().id()
    }

    /// Takes the reading end of its standard output, if that is a pipe and was not taken yet.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.inner().stdout.take()
    }

    /// Writes to its standard input, which is a pipe.
    pub fn say(&mut self, text: &str) {
        let input = self.inner().stdin.as_mut().expect("piped");
        // One that has ended reads nothing: its exit code tells.
        let _ = input.write_all(text.as_bytes());
    }

    /// What else it writes to its standard output, which is a pipe, until it ends.
    pub fn rest(&mut self) -> io::Result<String> {
        drop(self.inner().stdin.take());
        let mut bytes = Vec::new();
        self.inner().stdout.as_mut().expect("piped").read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Sends it a signal, if it still runs.
    pub fn signal(&mut self, signal: Signal) {
        let child = self.inner();
        // Not waited for yet, so the number cannot have gone to another process.
        if let (Ok(None), Some(pid)) = (child.try_wait(), Pid::from_raw(child.id() as i32)) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits for its end for at most `limit`; `None` if it still runs.
    pub fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let mut result = Ok(None);
        wait::until(limit, || {
            result = self.inner().try_wait();
            !matches!(result, Ok(None))
        });
        result
    }

    /// Waits for its end and returns all that it wrote.
    pub fn output(mut self) -> io::Result<Output> {
        self.0.take().expect("taken only here").wait_with_output()
    }

    /// Kills it with SIGKILL and waits; returns the signal that ended it, if one did.
    pub fn kill(mut self) -> Option<i32> {
        let child = self.inner();
        let _ = child.kill();
        child.wait().ok().and_then(|status| status.signal())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
