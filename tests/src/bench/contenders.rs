//! One source, shown by Veneer and by what else could show it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{Child, Home, Mount, is_mounted, skip, wait};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, unmount};

use crate::world::tell;

/// How long a peer may take to mount.
const PATIENCE: Duration = Duration::from_secs(10);

/// The source as one of them shows it.
#[derive(Debug)]
pub(crate) struct Contender<'home> {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// Where the source can be read through it.
    pub(crate) root: PathBuf,
    /// The process that serves it; none where the kernel does.
    daemon: Option<u32>,
    // Dropped in this order: the mount first, then its process.
    _mounted: Mounted<'home>,
    _process: Option<Child>,
}

#[derive(Debug)]
enum Mounted<'home> {
    Nowhere,
    Veneer { _mount: Mount<'home> },
    Here(PathBuf),
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        if let Mounted::Here(point) = self {
            let _ = unmount(&*point, UnmountFlags::DETACH);
        }
    }
}

/// Everything that can be had on this machine; the bare source is the first.
pub(crate) fn all<'home>(home: &'home Home, source: &Path) -> Vec<Contender<'home>> {
    let bare =
        Contender { name: "source", root: source.to_owned(), daemon: None, _mounted: Mounted::Nowhere, _process: None };
    let mut all = vec![bare, veneer(home, "small-files")];
    if skip::root().is_err() {
        tell("only root can mount the others: they are not measured");
        return all;
    }
    all.push(veneer(home, "large-files"));
    all.extend(by_kernel(home, "bind mount", |point| mount_bind(source, point)));
    let lower = format!("lowerdir={}:{}", source.display(), empty(home, "empty").display());
    all.extend(by_kernel(home, "overlayfs", |point| {
        let options = std::ffi::CString::new(lower.as_str()).expect("a path of our own");
        mount("overlay", point, "overlay", MountFlags::RDONLY, options.as_c_str())
    }));
    let mut bindfs = Command::new("bindfs");
    bindfs.args(["-f", "-o", "ro"]).arg(source);
    all.extend(by_process(home, "bindfs", bindfs));
    let mut overlay = Command::new("fuse-overlayfs");
    overlay.args(["-f", "-o", &lower]);
    all.extend(by_process(home, "fuse-overlayfs", overlay));
    all
}

/// Folders that can be written, each with the source's files in it; a plain copy is the first.
pub(crate) fn writable<'home>(home: &'home Home, source: &Path) -> Vec<Contender<'home>> {
    let copy = |name: &str| {
        let root = empty(home, name);
        for entry in fs::read_dir(source).expect("the source is there") {
            let entry = entry.expect("it can be listed");
            fs::copy(entry.path(), root.join(entry.file_name())).expect("the disk has room");
        }
        root
    };
    let root = copy("plain");
    let plain = Contender { name: "plain folder", root, daemon: None, _mounted: Mounted::Nowhere, _process: None };
    let ours = Mount::at(home, "w@main --writable", "mnt-writable");
    let (root, daemon) = (ours.path().to_owned(), Some(ours.daemon()));
    let mounted = Mounted::Veneer { _mount: ours };
    let mut all = vec![plain, Contender { name: "writable", root, daemon, _mounted: mounted, _process: None }];
    if skip::root().is_err() {
        return all;
    }
    let layers = |name: &str| {
        let [upper, work] = ["upper", "work"].map(|layer| empty(home, &format!("{name}-{layer}")));
        format!("lowerdir={},upperdir={},workdir={}", source.display(), upper.display(), work.display())
    };
    let options = std::ffi::CString::new(layers("kernel")).expect("a path of our own");
    all.extend(by_kernel(home, "overlayfs", |point| {
        mount("overlay", point, "overlay", MountFlags::empty(), options.as_c_str())
    }));
    let mut bindfs = Command::new("bindfs");
    bindfs.arg("-f").arg(copy("below-bindfs"));
    all.extend(by_process(home, "bindfs", bindfs));
    let mut overlay = Command::new("fuse-overlayfs");
    overlay.args(["-f", "-o", &layers("fuse")]);
    all.extend(by_process(home, "fuse-overlayfs", overlay));
    all
}

fn empty(home: &Home, name: &str) -> PathBuf {
    let folder = home.join(name);
    fs::create_dir_all(&folder).expect("a folder of our own");
    folder
}

fn veneer<'home>(home: &'home Home, profile: &'static str) -> Contender<'home> {
    let mount = Mount::at(home, &format!("d --profile {profile}"), &format!("mnt-{profile}"));
    let mounts = home.json("mounts");
    let ours = mounts.as_array().into_iter().flatten().find(|one| one["path"] == *mount.path().to_string_lossy());
    let got = ours.map(|one| one["profile"].clone()).unwrap_or_default();
    if got != profile {
        tell(&format!("{profile} cannot be had here: {got} is measured in its place"));
    }
    let (root, daemon) = (mount.path().to_owned(), Some(mount.daemon()));
    Contender { name: profile, root, daemon, _mounted: Mounted::Veneer { _mount: mount }, _process: None }
}

fn by_kernel<'home>(
    home: &Home,
    name: &'static str,
    mount: impl FnOnce(&Path) -> rustix::io::Result<()>,
) -> Option<Contender<'home>> {
    let root = empty(home, &name.replace(' ', "-"));
    match mount(&root) {
        Ok(()) => {
            let mounted = Mounted::Here(root.clone());
            Some(Contender { name, root, daemon: None, _mounted: mounted, _process: None })
        }
        Err(error) => {
            tell(&format!("{name} is not measured: {error}"));
            None
        }
    }
}

fn by_process<'home>(home: &Home, name: &'static str, mut command: Command) -> Option<Contender<'home>> {
    if let Err(why) = skip::command(name) {
        tell(&format!("{name} is not measured: {why}"));
        return None;
    }
    let root = empty(home, name);
    let started = Child::start(command.arg(&root).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    let mut process = started.expect("it is installed");
    if wait::until(PATIENCE, || is_mounted(&root)).is_none() {
        tell(&format!("{name} is not measured: it did not mount"));
        return None;
    }
    let daemon = Some(process.id());
    let mounted = Mounted::Here(root.clone());
    Some(Contender { name, root, daemon, _mounted: mounted, _process: Some(process) })
}

impl Contender<'_> {
    /// The CPU time that its process has used, of threads that still run.
    pub(crate) fn cpu(&self) -> Duration {
        let Some(pid) = self.daemon else { return Duration::ZERO };
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let of_task = |task: fs::DirEntry| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(tasks.filter_map(of_task).sum())
    }
}
