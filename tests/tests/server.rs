//! The built server: it answers on a socket, and stops when it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::binaries;
use rustix::process::{Pid, Signal, kill_process};

/// A server on a free port; killed when dropped.
struct Server {
    process: std::process::Child,
    address: String,
}

impl Server {
    fn start() -> Server {
        let mut command = Command::new(binaries::path("veneer-server"));
        command.args(["--port", "0"]).env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let log = BufReader::new(process.stderr.take().expect("piped above"));
        let told = log.lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            Some(rest.split(|c: char| c.is_whitespace() || c == '\u{1b}').next()?.to_owned())
        });
        let Some(address) = told else {
            let _ = process.kill();
            panic!("it ended before it listened: {:?}", process.wait());
        };
        Server { process, address }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_server_says_that_it_is_alive_and_stops_on_a_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start();
        assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
        let answer = server.get("/healthz");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(r#"{"status":"ok","version":""#), "{answer}");
        kill_process(Pid::from_child(&server.process), signal).expect("our own child");
        let mut status = None;
        harness::wait::until(Duration::from_secs(5), || {
            status = server.process.try_wait().expect("our own child");
            status.is_some()
        });
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
    }
}
