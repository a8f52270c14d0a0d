//! The lifeline: by it a supervisor learns at once that its serving process dies.
//!
//! The end of a killed process comes late if one of its threads waits in the
//! kernel for an answer that only this very process could have given: a thread
//! that has an entry forgotten waits for the folder's lock, which a lookup
//! holds that is not answered any more. Whoever waits for such a process before
//! starting the next waits for ever. So one thread, which never waits for a
//! file system, holds the end of a pipe in a table of descriptors of its own:
//! when it dies, with the first step of the process's death, the pipe closes.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::mpsc;
use std::thread;

/// Bytes of stack for a thread that only sleeps.
const STACK_LEN: usize = 64 * 1024;

/// Ties `lifeline`, the writing end of a pipe, to the life of this process.
///
/// Must be called before anything else is opened and before signals are handled.
pub fn hold(lifeline: OwnedFd) -> io::Result<()> {
    let (done, tied) = mpsc::channel();
    let number = lifeline.as_raw_fd().unsigned_abs();
    thread::Builder::new().name("lifeline".to_owned()).stack_size(STACK_LEN).spawn(move || {
        block_signals();
        let own_table = keep_only(number);
        let _ = done.send(own_table);
        loop {
            // SAFETY: it only sleeps; with all signals blocked, for ever.
            unsafe { libc::pause() };
        }
    })?;
    match tied.recv() {
        // The thread has it in a table of its own.
        Ok(true) => drop(lifeline),
        // An old kernel: then it closes with the process's last thread.
        _ => std::mem::forget(lifeline),
    }
    Ok(())
}

/// Leaves all signals to other threads: handlers use descriptors that this one does not have.
fn block_signals() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the first call fills the set that the second one reads.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut());
    }
}

/// Gives this thread a table of descriptors with this one in it and no other; `false` where that cannot be.
fn keep_only(number: u32) -> bool {
    let close = |first: u32, last: u32, flags: u32| {
        // SAFETY: with a table of its own, this thread owns all in it, and uses none but `number`.
        unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) == 0 }
    };
    close(number + 1, u32::MAX, libc::CLOSE_RANGE_UNSHARE) && close(0, number - 1, 0)
}
