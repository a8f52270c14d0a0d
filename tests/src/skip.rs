//! Saying that a test cannot run here, and why: `scripts/check` counts these lines.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// Returns from the test, which then counts as skipped, unless every condition holds.
#[macro_export]
macro_rules! need {
    ($($condition:expr),+ $(,)?) => {
        $(if let Err(why) = $condition {
            $crate::skip::skipped(why);
            return;
        })+
    };
}

/// Writes the one line that makes this test count as skipped.
pub fn skipped(why: impl Display) {
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or("a_test"));
    // Not `eprintln!`: the test harness keeps to itself what a passing test prints.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Whether this process is root.
pub fn root() -> Result<(), String> {
    if rustix::process::geteuid().is_root() { Ok(()) } else { Err("it needs root".to_owned()) }
}

/// Whether FUSE file systems can be mounted here.
pub fn mounting() -> Result<(), String> {
    let device = Path::new("/dev/fuse");
    if let Err(cause) = std::fs::File::options().read(true).write(true).open(device) {
        return Err(format!("/dev/fuse cannot be opened: {cause}"));
    }
    if root().is_err() {
        return command("fusermount3");
    }
    Ok(())
}

/// Whether a command is installed.
pub fn command(name: &str) -> Result<(), String> {
    find_command(name).map(|_| ()).ok_or_else(|| format!("`{name}` is not installed"))
}

/// Finds a command in PATH, or where Debian keeps root's.
pub(crate) fn find_command(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
