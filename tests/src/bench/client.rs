//! One connection to the service, kept: what a browser or a program has open while it works.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A connection on which one request follows the other.
#[derive(Debug)]
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: &str) -> Client {
        let stream = TcpStream::connect(address).expect("the service listens");
        stream.set_nodelay(true).expect("a socket");
        Client { stream: BufReader::with_capacity(1 << 20, stream) }
    }

    /// Asks for a path; returns the status and the body.
    pub(crate) fn get(&mut self, path: &str, accept: &str) -> std::io::Result<(u16, Vec<u8>)> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    /// Puts a body at a path; returns the status and what is answered.
    pub(crate) fn put(&mut self, path: &str, kind: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        let head = format!("Host: localhost\r\nContent-Type: {kind}\r\nContent-Length: {}", body.len());
        let stream = self.stream.get_mut();
        stream.write_all(format!("PUT {path} HTTP/1.1\r\n{head}\r\n\r\n").as_bytes())?;
        stream.write_all(body)?;
        self.answer()
    }

    fn answer(&mut self) -> std::io::Result<(u16, Vec<u8>)> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut len = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                len = value.trim().parse().expect("a number");
            }
            assert!(!header.starts_with("transfer-encoding"), "this client reads bodies of a known length");
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }

    /// As [`Client::get`], of what must be there.
    pub(crate) fn fetch(&mut self, path: &str, accept: &str) -> Vec<u8> {
        let (status, body) = self.get(path, accept).expect("it answers");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }
}
