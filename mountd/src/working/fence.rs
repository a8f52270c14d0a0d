//! Waits until nothing is written any more by the processes that served before this one.
//!
//! The death of a process takes its time. A thread of it may be in the middle
//! of writing to the journal or to a scratch file, and what it writes late would
//! undo what was acknowledged since. So whoever takes over waits for all threads
//! but those that write nothing, which may in their turn wait for this process.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tracing::warn;

use super::to_kernel;

/// Threads that write nothing.
const HARMLESS: [&str; 4] = [to_kernel::THREAD, "signals", "lifeline", "supervisor"];
/// How often to look.
const PAUSE: Duration = Duration::from_millis(1);
/// After how long to say what is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits for all of these processes that are, as this one is, children of `parent`.
pub fn wait(processes: impl IntoIterator<Item = u32>, parent: u32) {
    for process in processes.into_iter().filter(|process| *process != std::process::id()) {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let (begun, mut was_said) = (Instant::now(), false);
        while parent_of(&folder) == Some(parent) && writes(&folder) {
            if begun.elapsed() > PATIENCE && !was_said {
                warn!(process, "waiting for process {process}, which served before and may still be writing");
                was_said = true;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// The process that started one; `None` where it has ended.
fn parent_of(process: &Path) -> Option<u32> {
    field(&fs::read_to_string(process.join("status")).ok()?, "PPid:")?.parse().ok()
}

/// Whether a process has a thread that may write.
fn writes(process: &Path) -> bool {
    let threads = match fs::read_dir(process.join("task")) {
        Ok(threads) => threads,
        // What cannot be looked at for another reason may be there.
        Err(error) => return !is_gone(&error),
    };
    threads.flatten().any(|thread| {
        let status = match fs::read_to_string(thread.path().join("status")) {
            Ok(status) => status,
            Err(error) => return !is_gone(&error),
        };
        let is_over = field(&status, "State:").is_some_and(|state| state.starts_with(['Z', 'X']));
        let is_harmless = field(&status, "Name:").is_some_and(|name| HARMLESS.contains(&name));
        !is_over && !is_harmless
    })
}

/// Whether the process or thread is over, and not only out of sight.
fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH))
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_of_ours_is_waited_for_until_it_has_ended_and_no_other() {
        let mut child = Command::new("sleep").arg("0.3").spawn().expect("it is installed");
        let begun = Instant::now();
        wait([std::process::id(), 1, child.id()], std::process::id());
        assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
        assert!(child.wait().expect("ours").success());
    }

    #[test]
    fn a_thread_that_only_talks_to_the_kernel_is_no_reason_to_wait() {
        let here = Path::new("/proc/self");
        assert!(writes(here) && parent_of(here).is_some());
        let folder = tempfile::tempdir().expect("a folder");
        let thread = |number: u32, name: &str, state: &str| {
            let folder = folder.path().join(format!("task/{number}"));
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join("status"), format!("Name:\t{name}\nState:\t{state}\n")).expect("written");
        };
        thread(1, "veneer-mountd", "Z (zombie)");
        thread(2, to_kernel::THREAD, "D (disk sleep)");
        assert!(!writes(folder.path()));
        thread(3, "reads", "D (disk sleep)");
        assert!(writes(folder.path()));
    }
}
