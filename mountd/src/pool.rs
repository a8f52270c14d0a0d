//! Who waits for a disk: some of the readers of `/dev/fuse`, and threads of its own for the rest.
//!
//! A reader that waits itself saves the waking of another thread, which on a
//! virtual machine costs as much as a read. One reader is always left to hear
//! the kernel. The threads start when there is work that no idle one can take,
//! and end after a time without any.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

/// The most threads at a time: more requests wait, as they would for a disk.
const THREADS_MAX: usize = 16;
/// Bytes of stack; a job reads a file and hashes a blob at the most.
const STACK_LEN: usize = 256 * 1024;
/// How long a thread waits for a job before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// Threads that read requests: one that hears the kernel, and others that may wait.
pub const READERS: usize = 4;

/// Runs jobs on its threads, or on that of a reader; a clone shares them.
#[derive(Clone, Default)]
pub struct Pool {
    shared: Arc<Shared>,
    /// How many readers run a job at this moment.
    waiting_readers: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("Pool").field("waiting", &state.jobs.len()).field("threads", &state.threads).finish()
    }
}

/// Whether a panic is to end the process.
static ENDS_WITH_A_PANIC: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IS_IN_A_JOB: Cell<bool> = const { Cell::new(false) };
}

/// From now on a job that panics ends the process, once its request is answered.
pub fn end_with_a_panic() {
    ENDS_WITH_A_PANIC.store(true, Ordering::Relaxed);
}

/// Whether this thread answers a request: what it panics with is told, and ends the process, by the pool.
pub fn is_in_a_job() -> bool {
    IS_IN_A_JOB.get()
}

/// Runs a job. A reply that a panic drops unsent is answered with EIO.
///
/// That comes before the process ends: while a lookup waits for its answer, a thread of ours that tells the kernel of the
/// same folder can wait for that lookup, cannot be killed meanwhile, and so would keep the process from ending.
fn answered(job: impl FnOnce()) {
    let was = IS_IN_A_JOB.replace(true);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    IS_IN_A_JOB.set(was);
    if done.is_err() {
        tracing::error!("a request ended in a panic and was answered with an error");
        if ENDS_WITH_A_PANIC.load(Ordering::Relaxed) {
            std::process::abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A job never runs under the lock, so a panic cannot have left the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                answered(job);
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let (woken, waited) = self.more.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.jobs.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

impl Pool {
    /// Runs `job` on this thread, a reader's, if another reader is left to hear the kernel; else as [`Pool::run`].
    pub fn run_by_reader(&self, job: impl FnOnce() + Send + 'static) {
        if self.waiting_readers.fetch_add(1, Ordering::Relaxed) < READERS - 1 {
            answered(job);
            self.waiting_readers.fetch_sub(1, Ordering::Relaxed);
        } else {
            self.waiting_readers.fetch_sub(1, Ordering::Relaxed);
            self.run(job);
        }
    }

    /// Has `job` run soon on another thread; on this one if none can be started.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.lock();
        state.jobs.push_back(Box::new(job));
        if state.idle >= state.jobs.len() {
            drop(state);
            self.shared.more.notify_one();
        } else if state.threads < THREADS_MAX {
            state.threads += 1;
            drop(state);
            self.start_thread();
        }
    }

    /// Whether nothing is being done, nor waiting to be.
    pub fn is_idle(&self) -> bool {
        let state = self.shared.lock();
        state.jobs.is_empty() && state.idle == state.threads && self.waiting_readers.load(Ordering::Relaxed) == 0
    }

    fn start_thread(&self) {
        let shared = Arc::clone(&self.shared);
        let started =
            thread::Builder::new().name("reads".to_owned()).stack_size(STACK_LEN).spawn(move || shared.work());
        if started.is_err() {
            let mut state = self.shared.lock();
            state.threads -= 1;
            // Without any thread nobody would take the job.
            let job = if state.threads == 0 { state.jobs.pop_front() } else { None };
            drop(state);
            if let Some(job) = job {
                job();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn many_slow_jobs_all_run_and_on_a_bounded_number_of_threads() {
        let pool = Pool::default();
        let (done, results) = mpsc::channel();
        for number in 0..100 {
            let done = done.clone();
            pool.run(move || {
                thread::sleep(Duration::from_millis(2));
                done.send(number).expect("the test waits");
            });
        }
        let mut all: Vec<i32> = results.iter().take(100).collect();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert!(pool.shared.lock().threads <= THREADS_MAX);
        let start = std::time::Instant::now();
        while !pool.is_idle() {
            assert!(start.elapsed() < Duration::from_secs(5), "it is never idle");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn readers_wait_themselves_but_for_one_that_goes_on_to_hear_the_kernel() {
        let pool = Pool::default();
        let (done, results) = mpsc::channel();
        let all_wait = Arc::new(std::sync::Barrier::new(READERS));
        let reader = || {
            let (pool, done, all_wait) = (pool.clone(), done.clone(), Arc::clone(&all_wait));
            thread::spawn(move || {
                let reader = thread::current().id();
                pool.run_by_reader(move || {
                    all_wait.wait();
                    done.send(thread::current().id() == reader).expect("the test waits");
                });
            })
        };
        let readers: Vec<_> = (0..READERS).map(|_| reader()).collect();
        let by_reader = results.iter().take(READERS).filter(|by_reader| *by_reader).count();
        assert_eq!(by_reader, READERS - 1);
        readers.into_iter().for_each(|reader| reader.join().expect("it ends"));
        assert_eq!(pool.waiting_readers.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_panic_in_one_job_does_not_stop_the_next() {
        let pool = Pool::default();
        let (done, result) = mpsc::channel();
        pool.run(|| panic!("on purpose"));
        pool.run(move || done.send(()).expect("the test waits"));
        result.recv_timeout(Duration::from_secs(5)).expect("the second job runs");
    }
}
