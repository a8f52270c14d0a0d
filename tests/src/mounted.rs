//! A mount that is always taken down: by its guard, and again by the home that it is in.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::mount::{UnmountFlags, unmount};
use rustix::process::{Pid, Signal, kill_process};

use crate::{Home, skip};

/// A mounted dataset; dropped, it is unmounted, lazily if somebody still uses it.
#[derive(Debug)]
pub struct Mount<'home> {
    home: &'home Home,
    folder: PathBuf,
}

impl<'home> Mount<'home> {
    /// Mounts `address` at the home's folder `mnt`.
    pub fn new(home: &'home Home, address: &str) -> Mount<'home> {
        Mount::at(home, address, "mnt")
    }

    /// Mounts `address`, after which options may stand, at this folder of the home, which is made.
    pub fn at(home: &'home Home, address: &str, folder: &str) -> Mount<'home> {
        let path = home.join(folder);
        fs::create_dir_all(&path).expect("a folder to mount on");
        let (address, options) = address.split_once(' ').unwrap_or((address, ""));
        home.ok(&format!("mount {address} {folder} {options}"));
        assert!(is_mounted(&path), "`veneer mount` returned before the mount was there");
        Mount { home, folder: path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// A path in it.
    pub fn join(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The text of a file in it.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.join(path)).unwrap_or_else(|cause| panic!("cannot read {path} in the mount: {cause}"))
    }

    /// The process that serves it, as `veneer mounts` tells.
    pub fn daemon(&self) -> u32 {
        let mounts = self.home.json("mounts");
        let ours =
            mounts.as_array().and_then(|all| all.iter().find(|one| one["path"] == *self.folder.to_string_lossy()));
        let pid = ours.and_then(|mount| mount["pid"].as_u64()).unwrap_or_else(|| panic!("not listed: {mounts}"));
        u32::try_from(pid).expect("a process id")
    }

    /// What its daemon says of it, asked anew.
    pub fn info(&self) -> serde_json::Value {
        serde_json::from_str(&self.text(".veneer/info.json")).expect("JSON")
    }

    /// The process that serves it, as the mount itself tells: one takes over from another.
    pub fn serving(&self) -> u32 {
        self.process("pid")
    }

    /// The process that starts another one to serve when that one dies.
    pub fn supervisor(&self) -> u32 {
        self.process("supervisor")
    }

    /// Kills both, so that nobody takes over.
    pub fn kill_both(&self) {
        for process in [self.supervisor(), self.serving()] {
            let process = Pid::from_raw(i32::try_from(process).expect("a process id")).expect("not 0");
            kill_process(process, Signal::KILL).expect("our own daemon");
        }
    }

    fn process(&self, which: &str) -> u32 {
        let info = self.info();
        info[which].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or_else(|| panic!("no {which}: {info}"))
    }

    /// What its daemon, and those of the home's other mounts, have logged.
    pub fn log(&self) -> String {
        let folder = self.home.join("home/.local/state/veneer");
        let logs = fs::read_dir(folder).into_iter().flatten().flatten();
        logs.map(|entry| fs::read_to_string(entry.path()).unwrap_or_default()).collect()
    }

    /// Unmounts it as a person would; fails the test if that fails.
    pub fn unmount(self) {
        self.home.run_args([OsString::from("unmount"), self.folder.clone().into()]);
        assert!(!is_mounted(&self.folder), "`veneer unmount` left it mounted");
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        force_unmount(&self.folder);
    }
}

/// Whether something is mounted at exactly this path.
pub fn is_mounted(path: &Path) -> bool {
    mount_points().iter().any(|point| point == path)
}

/// Takes down all that is mounted at or below `folder`, the newest first.
pub(crate) fn unmount_all_below(folder: &Path) {
    let mut points = mount_points();
    points.retain(|point| point.starts_with(folder));
    points.iter().rev().for_each(|point| force_unmount(point));
}

fn force_unmount(point: &Path) {
    if !is_mounted(point) {
        return;
    }
    if skip::root().is_ok() {
        let _ = unmount(point, UnmountFlags::DETACH);
    } else {
        let _ = Command::new("fusermount3").arg("-uz").arg(point).output();
    }
}

fn mount_points() -> Vec<PathBuf> {
    let table = fs::read("/proc/self/mountinfo").expect("Linux has it");
    let lines = table.split(|byte| *byte == b'\n');
    lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4)).map(unescape).collect()
}

/// Undoes the kernel's `\040` for a space, and the like.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut at = 0;
    while at < field.len() {
        let octal = field.get(at + 1..at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        match (field[at], octal.and_then(|digits| u8::from_str_radix(digits, 8).ok())) {
            (b'\\', Some(byte)) => {
                bytes.push(byte);
                at += 4;
            }
            (byte, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}
