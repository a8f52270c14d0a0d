//! Waiting for something to become true, and measuring how long it took.

use std::time::{Duration, Instant};

/// Looks every half millisecond until `done` holds; returns how long that took, or `None` after `limit`.
pub fn until(limit: Duration, mut done: impl FnMut() -> bool) -> Option<Duration> {
    let start = Instant::now();
    loop {
        if done() {
            return Some(start.elapsed());
        }
        if start.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Runs `work` and returns how long it took, too.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}
