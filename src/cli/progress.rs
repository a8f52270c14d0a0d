//! Progress of what lasts, on stderr, on a terminal only.
//!
//! A bar appears after half a second, so that what is quick stays quiet.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::human;

const DELAY: Duration = Duration::from_millis(500);
const DRAWS_PER_SECOND: u8 = 10;

/// How far something has come that counts files and bytes.
#[derive(Debug)]
pub(super) struct Progress {
    action: &'static str,
    begun: Instant,
    visible: bool,
    bar: OnceLock<ProgressBar>,
    /// The most files that were told: several threads tell, and not in order.
    files: AtomicU64,
}

impl Progress {
    /// Begins; `action` is said as in "exporting".
    pub(super) fn new(action: &'static str) -> Progress {
        Progress {
            action,
            begun: Instant::now(),
            visible: stderr().is_terminal(),
            bar: OnceLock::new(),
            files: AtomicU64::new(0),
        }
    }

    /// Shows how many files and bytes are done.
    pub(super) fn at(&self, files: u64, bytes: u64) {
        let is_news = self.visible && self.files.fetch_max(files, Ordering::Relaxed) <= files;
        if is_news && self.begun.elapsed() >= DELAY {
            self.bar.get_or_init(|| bar(self.action)).set_message(message(files, bytes));
        }
    }

    /// How long it has lasted.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Takes the bar away, so that a line may be printed in its place.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Does work that cannot tell how far it is, and shows that something goes on.
pub(super) fn spin<T>(action: &'static str, work: impl FnOnce() -> T) -> T {
    if !stderr().is_terminal() {
        return work();
    }
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(DELAY) == Err(RecvTimeoutError::Timeout) {
                let bar = bar(action);
                bar.enable_steady_tick(Duration::from_millis(100));
                // It ends when the other side is dropped.
                let _ = waiting.recv();
                bar.finish_and_clear();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn bar(action: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND));
    let style = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}").expect("a valid template");
    bar.set_style(style);
    bar.set_prefix(action);
    bar
}

fn message(files: u64, bytes: u64) -> String {
    match bytes {
        0 => human::count(files, "entry"),
        _ => format!("{}, {}", human::count(files, "file"), human::size(bytes)),
    }
}
