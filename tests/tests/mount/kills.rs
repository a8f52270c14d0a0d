//! How the process that serves a mount is killed, and that another one has taken over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::readers::ask_for_nothing;
use harness::{Mount, Rng, wait};
use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How soon readers are answered again in 95 of 100 kills, as promised.
pub(super) const RECOVERY: Duration = Duration::from_millis(500);
/// What is allowed on a machine that does five other things.
pub(super) const SLACK: u32 = 5;

pub(super) fn pid(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).expect("a process id")).expect("not 0")
}

pub(super) fn send(process: u32, signal: Signal) {
    kill_process(pid(process), signal).expect("a daemon of our own");
}

/// Kills the process that serves; returns how long it took until another one answered.
pub(super) fn kill_and_ask(mount: &Mount<'_>, signal: Signal) -> Duration {
    let before = mount.serving();
    let start = Instant::now();
    send(before, signal);
    ask_for_nothing(mount.path()).expect("an answer, sooner or later");
    // Of the dying one it may have been: it is the next one's that counts.
    let again = wait::until(PATIENCE, || mount.serving() != before);
    assert!(again.is_some(), "nobody took over: {}", mount.log());
    ask_for_nothing(mount.path()).expect("an answer");
    start.elapsed()
}

/// How long it took after each of many kills until another process answered.
#[derive(Debug)]
pub(super) struct Recoveries(Vec<Duration>);

impl Recoveries {
    /// Kills `count` times, with a pause of up to `pause` before each.
    pub(super) fn of(mount: &Mount<'_>, count: usize, pause: Duration, rng: &mut Rng) -> Recoveries {
        let pause_ms = usize::try_from(pause.as_millis()).expect("short");
        let mut kill = || {
            std::thread::sleep(Duration::from_millis(rng.below(pause_ms) as u64));
            kill_and_ask(mount, Signal::KILL)
        };
        let mut times: Vec<_> = (0..count).map(|_| kill()).collect();
        times.sort();
        Recoveries(times)
    }

    /// The time within which so many of 100 were over.
    pub(super) fn percentile(&self, of_100: usize) -> Duration {
        self.0[(self.0.len() * of_100).div_ceil(100).max(1) - 1]
    }
}

/// Kills again and again until `work` is done; returns what came of that, and how often there was a kill.
pub(super) fn while_killing<T>(mount: &Mount<'_>, pause: Duration, work: impl FnOnce() -> T) -> (T, usize) {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let mut kills = 0;
            while !is_done.load(Ordering::Relaxed) {
                std::thread::sleep(pause);
                kill_and_ask(mount, Signal::KILL);
                kills += 1;
            }
            kills
        });
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        is_done.store(true, Ordering::Relaxed);
        let kills = killer.join().expect("the mount is taken over");
        match done {
            Ok(done) => (done, kills),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
