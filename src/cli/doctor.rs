//! `veneer doctor`: does mounting work here, and the store, and what to do where not.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::fs::{Access as Permission, CWD, Mode, OFlags, access, openat, statvfs};
use serde::{Deserialize, Serialize};
use veneer::store::{Access, LocalStore};

use super::context::Context;
use super::output::{self, Align, Table, printable};
use super::report::{Answer, Failure, Result};
use super::{human, mountd};

/// Below this a commit may soon fail, in bytes.
const FREE_MIN: u64 = 1 << 30;

/// Say whether mounting and the store work on this machine.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The exit code is 1 when something that is needed is missing; each such line says what
to do about it.

Examples:
  veneer doctor
  veneer --json doctor | jq '.[] | select(.ok | not)'")]
pub(super) struct DoctorArgs {}

/// One thing that was looked at.
#[derive(Debug, Serialize, Deserialize)]
struct Check {
    check: String,
    ok: bool,
    found: String,
    #[serde(default)]
    hint: Option<String>,
}

impl Check {
    fn new(check: &str, found: impl Into<String>) -> Check {
        Check { check: check.to_owned(), ok: true, found: found.into(), hint: None }
    }

    fn failed(check: &str, found: impl Into<String>, hint: impl Into<String>) -> Check {
        Check { ok: false, hint: Some(hint.into()), ..Check::new(check, found) }
    }
}

impl DoctorArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let mut checks = mounting();
        checks.extend(store(&context.store_path()?));
        let is_well = checks.iter().all(|check| check.ok);
        match context.json {
            true => output::json(&checks)?,
            false => print(&checks)?,
        }
        Ok(if is_well { Answer::Yes } else { Answer::No })
    }
}

fn print(checks: &[Check]) -> Result<()> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for check in checks {
        let word = if check.ok { "ok" } else { "NO" };
        table.row([word.to_owned(), check.check.clone(), printable(check.found.as_bytes())]);
        if let Some(hint) = check.hint.as_ref().filter(|hint| !hint.is_empty()) {
            table.row([String::new(), String::new(), format!("hint: {hint}")]);
        }
    }
    table.print()
}

/// What the daemon's program finds: it knows what it needs.
fn mounting() -> Vec<Check> {
    let program = match mountd::find() {
        Ok(path) => Check::new("veneer-mountd", path.display().to_string()),
        Err(failure) => {
            let hint = "build it with `cargo build --release`, and keep the two programs in one folder";
            return vec![Check::failed("veneer-mountd", failure.to_string(), hint)];
        }
    };
    let probed = mountd::ask("--probe").and_then(|text| {
        serde_json::from_slice::<Vec<Check>>(&text)
            .map_err(|error| Failure::error(format!("what it says cannot be read: {error}")))
    });
    let mut checks = vec![program];
    match probed {
        Ok(found) => checks.extend(found),
        Err(failure) => {
            let hint = "is it of the same version as `veneer`? Build both with `cargo build --release`";
            checks.push(Check::failed("veneer-mountd --probe", failure.to_string(), hint));
        }
    }
    checks
}

fn store(path: &Path) -> Vec<Check> {
    let mut checks = Vec::new();
    let is_there = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    if is_there {
        checks.push(match LocalStore::open(path, Access::Read) {
            Ok(_) => Check::new("store", path.display().to_string()),
            Err(error) => {
                Check::failed("store", error.to_string(), "`veneer fsck` says more; `--store DIR` names another")
            }
        });
    } else {
        checks.push(Check::new("store", format!("none yet at {}: `veneer import` makes it", path.display())));
    }
    let folder = nearest_folder(path);
    checks.push(match access(&folder, Permission::WRITE_OK | Permission::EXEC_OK) {
        Ok(()) => Check::new("store: writable", "yes"),
        Err(error) => {
            Check::failed("store: writable", error.to_string(), "make it writable, or name another with `--store DIR`")
        }
    });
    checks.extend(free_space(&folder));
    checks.push(match can_reflink(&folder) {
        true => Check::new("store: shared blocks", "yes"),
        false => Check::new("store: shared blocks", "no: copies take space of their own (Btrfs and XFS can share)"),
    });
    checks
}

/// The folder itself, or the one in which it would be made.
fn nearest_folder(path: &Path) -> PathBuf {
    path.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

fn free_space(folder: &Path) -> Option<Check> {
    let space = statvfs(folder).ok()?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let found = human::size(free);
    Some(match free >= FREE_MIN {
        true => Check::new("store: free space", found),
        false => {
            Check::failed("store: free space", found, "free some space; `veneer gc` removes what nothing refers to")
        }
    })
}

/// Tries it with two files that have no name, so that nothing can be left behind.
fn can_reflink(folder: &Path) -> bool {
    let unnamed = || {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR).map(File::from)
    };
    let (Ok(mut from), Ok(to)) = (unnamed(), unnamed()) else { return false };
    from.write_all(&[1; 4096]).is_ok() && rustix::fs::ioctl_ficlone(&to, &from).is_ok()
}
