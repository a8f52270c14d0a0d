//! How often a mount's daemon was asked, and how much it read, as Linux counts for every process.

use std::fs;

/// What a process has read so far.
#[derive(Clone, Copy, Debug)]
pub struct Requests {
    pid: u32,
    calls: u64,
    bytes: u64,
}

impl Requests {
    /// The counts of a process now.
    pub fn of(pid: u32) -> Requests {
        let text = fs::read_to_string(format!("/proc/{pid}/io")).expect("our own daemon");
        let count = |key: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(key)).expect("Linux counts it");
            value.trim().parse().expect("a number")
        };
        Requests { pid, calls: count("syscr:"), bytes: count("rchar:") }
    }

    /// Calls of `read` since then: at least one for each request of the kernel, more where files were read.
    pub fn since(self) -> u64 {
        Requests::of(self.pid).calls - self.calls
    }

    /// Bytes that the process itself has read since then.
    pub fn bytes_since(self) -> u64 {
        Requests::of(self.pid).bytes - self.bytes
    }
}
