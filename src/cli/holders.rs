//! Which processes hold a mount: by an open file, a current folder, a root or a mapping.
//!
//! Only `/proc` is read; the mount itself is not touched. Another user's
//! processes are not seen without privilege.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A process, and the way in which it holds the mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// The process.
    pub(super) pid: u32,
    /// What it calls itself.
    pub(super) name: String,
    /// As in "has `a/b` open".
    pub(super) how: String,
}

/// The processes that hold something within `point`, but for `daemon` and this one.
pub(super) fn holders(point: &Path, daemon: Option<u32>) -> Vec<Holder> {
    let own = std::process::id();
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| *pid != own && Some(*pid) != daemon).filter_map(|pid| holder(pid, point)).collect()
}

fn holder(pid: u32, point: &Path) -> Option<Holder> {
    let folder = Path::new("/proc").join(pid.to_string());
    let how =
        by_place(&folder, point).or_else(|| by_open_file(&folder, point)).or_else(|| by_mapping(&folder, point))?;
    let name = fs::read_to_string(folder.join("comm")).unwrap_or_default().trim_end().to_owned();
    Some(Holder { pid, name, how })
}

fn by_place(process: &Path, point: &Path) -> Option<String> {
    [("cwd", "is in"), ("root", "has its root in"), ("exe", "runs")].iter().find_map(|(link, how)| {
        let path = fs::read_link(process.join(link)).ok()?;
        path.starts_with(point).then(|| format!("{how} `{}`", path.display()))
    })
}

fn by_open_file(process: &Path, point: &Path) -> Option<String> {
    fs::read_dir(process.join("fd")).ok()?.flatten().find_map(|fd| {
        let path = fs::read_link(fd.path()).ok()?;
        path.starts_with(point).then(|| format!("has `{}` open", path.display()))
    })
}

fn by_mapping(process: &Path, point: &Path) -> Option<String> {
    let maps = fs::read(process.join("maps")).ok()?;
    maps.split(|&byte| byte == b'\n').find_map(|line| {
        // The path is the sixth field, and the only one with a slash.
        let path = Path::new(std::ffi::OsStr::from_bytes(&line[line.iter().position(|&byte| byte == b'/')?..]));
        path.starts_with(point).then(|| format!("has `{}` mapped", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_is_found_by_its_current_folder_and_by_its_open_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let point = folder.path().canonicalize().expect("there");
        fs::write(point.join("file"), "x").expect("written");
        let input = fs::File::open(point.join("file")).expect("there");
        let sleep = |command: &mut Command| command.arg("60").spawn().expect("sleep starts");
        let mut children =
            [sleep(Command::new("sleep").current_dir(&point)), sleep(Command::new("sleep").stdin(Stdio::from(input)))];
        let found = holders(&point, None);
        let how = |pid: u32| found.iter().find(|holder| holder.pid == pid).map(|holder| holder.how.clone());
        let (by_folder, by_file) = (how(children[0].id()), how(children[1].id()));
        for child in &mut children {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
        assert_eq!(by_folder, Some(format!("is in `{}`", point.display())));
        assert_eq!(by_file, Some(format!("has `{}` open", point.join("file").display())));
    }
}
