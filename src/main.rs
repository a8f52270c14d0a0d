//! The `veneer` command: what a person types, over the library of the same name.

mod cli;

use std::process::ExitCode;

/// How much memory that was freed stays with the process, to be used again: 256 MiB.
#[cfg(target_env = "gnu")]
const KEPT_MEMORY: i32 = 256 << 20;
/// The longest piece of memory that is taken from what stayed, which is the most that glibc allows: 32 MiB.
#[cfg(target_env = "gnu")]
const KEPT_PIECE: i32 = 32 << 20;

fn main() -> ExitCode {
    keep_freed_memory();
    veneer::panics::tell_unexpected_alone();
    cli::main()
}

/// Has freed memory stay with the process: a command reads many pages of a file one after the other, and a fifth of its
/// time would go to giving their memory back and asking for it again.
fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: no other thread runs yet, and each only sets a number.
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_MEMORY);
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_PIECE);
    }
}
