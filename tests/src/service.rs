//! A running `veneer-server` over a store, and the fewest words of HTTP to ask it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::command::Home;
use crate::{binaries, wait};

/// A server on a free port of this machine; killed when dropped.
#[derive(Debug)]
pub struct Service {
    process: Child,
    lines: BufReader<ChildStdout>,
    /// `http`, or `https` for one that speaks TLS.
    scheme: String,
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
        command.arg("--store").arg(home.store()).args(["--port", "0"]);
        command.args(["--dashboard-port", "0"]).args(arguments);
        Service::of(command.stdin(Stdio::null()).stderr(Stdio::null()))
    }

    /// Starts a command that serves, and waits for the line in which it tells its address.
    pub fn of(command: &mut Command) -> Service {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().expect("piped above"));
        let read = lines.read_line(&mut line);
        let Some((scheme, address)) = read.ok().and_then(|_| line.trim().split_once("://")) else {
            let _ = process.kill();
            panic!("it ended before it listened: {:?}", process.wait());
        };
        Service { scheme: scheme.to_owned(), address: address.to_owned(), process, lines }
    }

    /// Where the Dashboard is: the second line that a service prints, to be asked for once.
    pub fn dashboard(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("text");
        line.trim().strip_prefix("dashboard http://").unwrap_or_else(|| panic!("`{line}` tells no address")).to_owned()
    }

    /// The URL that `--store` takes.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Asks for a path, and returns all that comes: the status line, the headers and the body.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer
    }

    /// Asks with a method and a body of JSON; returns the status and the JSON that comes.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.try_ask(method, path, body).unwrap_or_else(|cause| panic!("{method} {path}: {cause}"))
    }

    /// As [`Service::ask`], with a token.
    pub fn ask_as(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let header = format!("Authorization: Bearer {token}\r\n");
        self.send(&header, method, path, body).unwrap_or_else(|cause| panic!("{method} {path}: {cause}"))
    }

    /// As [`Service::ask`]; an error where it ends before it has answered.
    pub fn try_ask(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<(u16, Value)> {
        self.send("", method, path, body)
    }

    /// Listens to the events at a path, those after `last` first.
    pub fn listen(&self, path: &str, last: Option<&str>) -> Events {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n").expect("sent");
        Events { lines: BufReader::new(stream) }
    }

    fn send(&self, headers: &str, method: &str, path: &str, body: Option<&Value>) -> io::Result<(u16, Value)> {
        let mut stream = TcpStream::connect(&self.address)?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let head = "Host: localhost\r\nConnection: close\r\nContent-Type: application/json";
        write!(stream, "{method} {path} HTTP/1.1\r\n{headers}{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let json = answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
        status.zip(json).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// How much memory it has now, in KiB: its resident set.
    pub fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("our own child");
    }

    /// Sends a signal and waits for the end.
    pub fn stop(mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
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

/// A stream of events.
#[derive(Debug)]
pub struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    /// Waits for the next event; returns its kind and what it says.
    pub fn wait(&mut self) -> (String, Value) {
        let mut kind = None;
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).expect("an event in time") > 0, "the stream has ended");
            match (line.trim_end().split_once(": "), kind.take()) {
                (Some(("event", word)), _) => kind = Some(word.to_owned()),
                (Some(("data", data)), Some(kind)) => return (kind, serde_json::from_str(data).expect("JSON")),
                (_, before) => kind = before,
            }
        }
    }
}
