//! The ledger of open big files: what a process that takes over must know of handles that it has not given out.
//!
//! It is a file in memory that the supervisor keeps open. A line says of one
//! inode how the kernel reads it and how many handles there are. It is written
//! before a handle is given out and after one is given back: a process that is
//! killed in between leaves a line that counts too many, never too few.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::MemfdFlags;

use crate::inode::Number;

/// Bytes of a line: number, backing id, handles. A page holds whole lines, so none is ever half written.
const LINE_LEN: usize = 16;

/// The file, and which of its lines are free.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    free: Vec<u64>,
    lines: u64,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The inode.
    pub number: Number,
    /// The kernel's id of the file that it reads by itself; 0 where it does not.
    pub backing: u32,
    /// How many handles there are; 0 in a line that is free.
    pub handles: u32,
}

impl Ledger {
    /// A new one.
    pub fn new() -> io::Result<Ledger> {
        let file = rustix::fs::memfd_create("veneer-opens", MemfdFlags::CLOEXEC)?;
        Ok(Ledger { file: file.into(), free: Vec::new(), lines: 0 })
    }

    /// Goes on with that of another process; returns what is in it, each with its line.
    pub fn adopt(file: OwnedFd) -> io::Result<(Ledger, Vec<(u64, Line)>)> {
        let file = File::from(file);
        let lines = file.metadata()?.len() / LINE_LEN as u64;
        let mut ledger = Ledger { file, free: Vec::new(), lines };
        let mut used = Vec::new();
        for at in 0..lines {
            let mut bytes = [0; LINE_LEN];
            ledger.file.read_exact_at(&mut bytes, at * LINE_LEN as u64)?;
            match Line::decode(bytes) {
                Line { handles: 0, .. } => ledger.free.push(at),
                line => used.push((at, line)),
            }
        }
        Ok((ledger, used))
    }

    /// A line that is free.
    pub fn take(&mut self) -> u64 {
        self.free.pop().unwrap_or_else(|| {
            self.lines += 1;
            self.lines - 1
        })
    }

    /// Writes a line; one without handles is free again.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn write(&mut self, at: u64, line: Line) -> io::Result<()> {
        if line.handles == 0 {
            self.free.push(at);
        }
        self.file.write_all_at(&line.encode(), at * LINE_LEN as u64)
    }
}

impl AsFd for Ledger {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Line {
    fn encode(self) -> [u8; LINE_LEN] {
        let mut bytes = [0; LINE_LEN];
        bytes[..8].copy_from_slice(&self.number.0.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.backing.to_le_bytes());
        bytes[12..].copy_from_slice(&self.handles.to_le_bytes());
        bytes
    }

    fn decode(bytes: [u8; LINE_LEN]) -> Line {
        let [n0, n1, n2, n3, n4, n5, n6, n7, b0, b1, b2, b3, h0, h1, h2, h3] = bytes;
        Line {
            number: Number(u64::from_le_bytes([n0, n1, n2, n3, n4, n5, n6, n7])),
            backing: u32::from_le_bytes([b0, b1, b2, b3]),
            handles: u32::from_le_bytes([h0, h1, h2, h3]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_the_next_process_and_free_lines_are_used_again() {
        let mut ledger = Ledger::new().expect("memory");
        let line = |number, handles| Line { number: Number(number), backing: 7, handles };
        for number in 0..600 {
            let at = ledger.take();
            ledger.write(at, line(number << 40, 1)).expect("written");
        }
        for at in (0..600).filter(|at| at % 3 != 0) {
            ledger.write(at, line(at << 40, 0)).expect("written");
        }
        let (mut next, used) = Ledger::adopt(ledger.as_fd().try_clone_to_owned().expect("a copy")).expect("readable");
        assert_eq!(used, (0..600).step_by(3).map(|at| (at, line(at << 40, 1))).collect::<Vec<_>>());
        let mut taken: Vec<u64> = (0..401).map(|_| next.take()).collect();
        taken.sort_unstable();
        assert!(taken.iter().all(|at| at % 3 != 0 || *at == 600));
    }
}
