//! Progress of what lasts, on stderr, on a terminal only.
//!
//! A bar appears after half a second, so that what is quick stays quiet.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;
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
}

impl Progress {
    /// Begins; `action` is said as in "exporting".
    pub(super) fn new(action: &'static str) -> Progress {
        Progress { action, begun: Instant::now(), visible: stderr().is_terminal(), bar: OnceLock::new() }
    }

    /// Shows how many files and bytes are done.
    pub(super) fn at(&self, files: u64, bytes: u64) {
        if self.visible && self.begun.elapsed() >= DELAY {
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
