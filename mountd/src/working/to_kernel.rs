//! What is said to the kernel of its own accord, on threads that do nothing else.
//!
//! Such a thread may wait, deaf even to SIGKILL, for an answer that only the
//! process that takes over can give. So it must not be one that writes: whoever
//! takes over waits for those to end first ([`super::fence`]).

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::keeper::Forget;
use super::record::Ino;

/// What these threads are called.
pub const THREAD: &str = "to-kernel";

type Job<F> = Box<dyn FnOnce(&F) + Send>;

/// Somebody who is told to forget, on a thread of its own.
#[derive(Debug)]
pub struct ToKernel<F> {
    jobs: Mutex<Sender<Job<F>>>,
}

impl<F: Forget + 'static> ToKernel<F> {
    /// Starts the thread.
    pub fn start(kernel: F) -> io::Result<ToKernel<F>> {
        let (jobs, to_do): (Sender<Job<F>>, Receiver<Job<F>>) = channel();
        thread::Builder::new().name(THREAD.to_owned()).spawn(move || to_do.iter().for_each(|job| job(&kernel)))?;
        Ok(ToKernel { jobs: Mutex::new(jobs) })
    }

    /// Has something done, and waits until it is.
    fn run(&self, job: impl FnOnce(&F) + Send + 'static) {
        let (done, is_done) = channel();
        let job = move |kernel: &F| {
            job(kernel);
            let _ = done.send(());
        };
        if self.jobs.lock().unwrap_or_else(PoisonError::into_inner).send(Box::new(job)).is_ok() {
            let _ = is_done.recv();
        }
    }
}

impl<F: Forget + 'static> Forget for ToKernel<F> {
    fn forget_name(&self, folder: Ino, name: &[u8]) {
        let name = name.to_vec();
        self.run(move |kernel| kernel.forget_name(folder, &name));
    }

    fn forget_inode(&self, ino: Ino) {
        self.run(move |kernel| kernel.forget_inode(ino));
    }
}

/// Does something in the mount itself, and waits until it is done.
pub fn in_the_mount(act: impl FnOnce() + Send + 'static) {
    let started = thread::Builder::new().name(THREAD.to_owned()).spawn(act);
    let _ = started.map(thread::JoinHandle::join);
}
