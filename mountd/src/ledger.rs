//! The ledger of open files: what a process that takes over must know of handles that it has not given out.
//!
//! It is a file in memory that the supervisor keeps open. A line says of one
//! inode how the kernel reads it and how many handles there are (of a mount that
//! is written, a line is a handle). It is written
//! before a handle is given out and after one is given back: a process that is
//! killed in between leaves a line that counts too many, never too few.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::MemfdFlags;

use crate::inode::Number;

/// What a line says. A page holds whole lines, so none is ever half written.
pub trait Record: Copy {
    /// Bytes of a line, a power of two.
    const LEN: usize;

    /// Writes it into as many bytes.
    fn encode(&self, line: &mut [u8]);

    /// Reads it from as many bytes.
    fn decode(line: &[u8]) -> Self;

    /// Whether the line is free to be used for another.
    fn is_free(&self) -> bool;
}

/// The most bytes of a line.
const LINE_LEN_MAX: usize = 64;

/// A ledger, and what is in it: each record with its line.
type Adopted<R> = (Ledger<R>, Vec<(u64, R)>);

/// The file, and which of its lines are free.
#[derive(Debug)]
pub struct Ledger<R = Line> {
    file: File,
    free: Vec<u64>,
    lines: u64,
    of: PhantomData<fn(R)>,
}

/// How an inode is read that has handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The inode.
    pub number: Number,
    /// The kernel's id of the file that it reads by itself; 0 where it does not.
    pub backing: u32,
    /// How many handles there are; 0 in a line that is free.
    pub handles: u32,
}

impl<R: Record> Ledger<R> {
    /// A new one.
    pub fn new() -> io::Result<Ledger<R>> {
        let file = rustix::fs::memfd_create("veneer-opens", MemfdFlags::CLOEXEC)?;
        Ok(Ledger { file: file.into(), free: Vec::new(), lines: 0, of: PhantomData })
    }

    /// Goes on with that of another process; returns what is in it, each with its line.
    pub fn adopt(file: OwnedFd) -> io::Result<Adopted<R>> {
        let file = File::from(file);
        let lines = file.metadata()?.len() / R::LEN as u64;
        let mut ledger = Ledger { file, free: Vec::new(), lines, of: PhantomData };
        let mut used = Vec::new();
        for at in 0..lines {
            let mut bytes = [0; LINE_LEN_MAX];
            let bytes = &mut bytes[..R::LEN];
            ledger.file.read_exact_at(bytes, at * R::LEN as u64)?;
            match R::decode(bytes) {
                line if line.is_free() => ledger.free.push(at),
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

    /// Writes a line; one that says so is free again.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn write(&mut self, at: u64, line: R) -> io::Result<()> {
        if line.is_free() {
            self.free.push(at);
        }
        let mut bytes = [0; LINE_LEN_MAX];
        line.encode(&mut bytes[..R::LEN]);
        self.file.write_all_at(&bytes[..R::LEN], at * R::LEN as u64)
    }
}

impl<R> AsFd for Ledger<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Record for Line {
    const LEN: usize = 16;

    fn encode(&self, line: &mut [u8]) {
        line[..8].copy_from_slice(&self.number.0.to_le_bytes());
        line[8..12].copy_from_slice(&self.backing.to_le_bytes());
        line[12..].copy_from_slice(&self.handles.to_le_bytes());
    }

    fn decode(line: &[u8]) -> Line {
        Line { number: Number(long(&line[..8])), backing: short(&line[8..12]), handles: short(&line[12..]) }
    }

    fn is_free(&self) -> bool {
        self.handles == 0
    }
}

/// The number in eight bytes of a line.
pub fn long(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// The number in four bytes of a line.
pub fn short(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_the_next_process_and_free_lines_are_used_again() {
        let mut ledger = Ledger::<Line>::new().expect("memory");
        let line = |number, handles| Line { number: Number(number), backing: 7, handles };
        for number in 0..600 {
            let at = ledger.take();
            ledger.write(at, line(number << 40, 1)).expect("written");
        }
        for at in (0..600).filter(|at| at % 3 != 0) {
            ledger.write(at, line(at << 40, 0)).expect("written");
        }
        let (mut next, used) =
            Ledger::<Line>::adopt(ledger.as_fd().try_clone_to_owned().expect("a copy")).expect("readable");
        assert_eq!(used, (0..600).step_by(3).map(|at| (at, line(at << 40, 1))).collect::<Vec<_>>());
        let mut taken: Vec<u64> = (0..401).map(|_| next.take()).collect();
        taken.sort_unstable();
        assert!(taken.iter().all(|at| at % 3 != 0 || *at == 600));
    }
}
