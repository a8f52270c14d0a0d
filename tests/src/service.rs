//! A running `veneer-server` over a store, and the fewest words of HTTP to ask it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::command::Home;
use crate::{binaries, wait};

/// A server on a free port of this machine; killed when dropped.
#[derive(Debug)]
pub struct Service {
    process: Child,
    /// Where it listens: `127.0.0.1:PORT`.
    pub address: String,
}

impl Service {
    /// Starts `veneer-server` over the store of `home`, which must be there, and waits until it listens.
    pub fn start(home: &Home) -> Service {
        Service::start_with(home, &[])
    }

    /// As [`Service::start`], with further arguments.
    pub fn start_with(home: &Home, arguments: &[&str]) -> Service {
        let mut command = Command::new(binaries::path("veneer-server"));
        home.environment(&mut command);
        command.arg("--store").arg(home.store()).args(["--port", "0"]).args(arguments);
        Service::of(command.stdin(Stdio::null()).stderr(Stdio::null()))
    }

    /// Starts a command that serves, and waits for the line in which it tells its address.
    pub fn of(command: &mut Command) -> Service {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let read = BufReader::new(process.stdout.take().expect("piped above")).read_line(&mut line);
        let Some(address) = read.ok().and_then(|_| line.trim().strip_prefix("http://")) else {
            let _ = process.kill();
            panic!("it ended before it listened: {:?}", process.wait());
        };
        Service { address: address.to_owned(), process }
    }

    /// The URL that `--store` takes.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks for a path, and returns all that comes: the status line, the headers and the body.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer
    }

    /// Sends a signal and waits for the end.
    pub fn stop(mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.process), signal).expect("our own child");
        let mut status = None;
        wait::until(Duration::from_secs(20), || {
            status = self.process.try_wait().expect("our own child");
            status.is_some()
        });
        status.expect("it ended in time")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
