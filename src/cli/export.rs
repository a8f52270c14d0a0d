//! `veneer export`: a revision as a plain folder, for those who cannot mount.
//!
//! All is written into `DIR.partial` beside the target, which gets its name at
//! the end: a folder that has the target's name is whole.

use std::ffi::OsString;
use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, linkat, utimensat};
use rustix::io::Errno;
use serde::Serialize;
use veneer::Error;
use veneer::dataset::{Content, Node, Place, View};
use veneer::model::{Entry, Kind};
use veneer::source::OnDrift;

use super::context::Context;
use super::progress::Progress;
use super::report::{Answer, Failure, Result, say, warn};
use super::{human, interrupt, output};

/// Write a revision into a folder, as plain files.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Modes and times of modification are kept. DIR must not exist or be empty; until
everything is written it is called DIR.partial.

  --link copy      copies, sharing blocks where the file system can (the default)
  --link reflink   shares blocks, and fails where the file system cannot
  --link hard      hard links for unchanged files: instant and free, but whoever
                   writes into such a file changes the source

Examples:
  veneer export traffic@v1 /tmp/traffic-v1
  veneer export traffic /data/copy --link reflink")]
pub(super) struct ExportArgs {
    /// The dataset, and the revision if not `main`
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// The folder to write into
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How the bytes get there
    #[arg(long, value_enum, default_value_t = Link::Copy)]
    link: Link,
}

/// How the bytes get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Link {
    /// Share blocks, or fail
    Reflink,
    /// Hard links to unchanged source files; copies of the rest
    Hard,
    /// Share blocks where that works, else copy
    Copy,
}

#[derive(Serialize)]
struct Exported {
    path: String,
    revision: Option<String>,
    #[serde(flatten)]
    counts: Counts,
    seconds: f64,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Counts {
    files: u64,
    folders: u64,
    symlinks: u64,
    bytes: u64,
    copied: u64,
    reflinked: u64,
    hard_linked: u64,
}

impl ExportArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        let id = dataset.resolve(address.reference.as_ref())?.id;
        let view = dataset.view(id)?;
        let target = Target::prepare(&self.folder)?;
        let stop = interrupt::flag()?;
        if self.link == Link::Hard {
            warn("hard links share their bytes with the source: whoever writes into one changes the source");
        }
        let mut writer = Writer {
            view: &view,
            link: self.link,
            stop: &stop,
            counts: Counts::default(),
            progress: Progress::new("exporting"),
            can_reflink: true,
        };
        let written = writer.all(&target.partial).and_then(|()| target.finish());
        writer.progress.clear();
        let (counts, lasted) = (writer.counts, writer.progress.elapsed());
        written.map_err(|failure| target.give_up(failure))?;
        if context.json {
            let path = output::json_text(target.path.as_os_str().as_bytes());
            output::json(&Exported { path, revision: Some(id.to_hex()), counts, seconds: lasted.as_secs_f64() })?;
            return Ok(Answer::Yes);
        }
        let (files, size) = (human::count(counts.files, "file"), human::size(counts.bytes));
        say(format_args!("wrote {files}, {size}, to {} in {}", target.path.display(), human::duration(lasted)));
        Ok(Answer::Yes)
    }
}

/// Where the export goes.
struct Target {
    path: PathBuf,
    partial: PathBuf,
}

impl Target {
    fn prepare(folder: &Path) -> Result<Target> {
        let path = std::path::absolute(folder).map_err(|error| Error::io_at("use", folder, error))?;
        let Some(name) = path.file_name() else {
            return Err(Failure::usage(format!("cannot export to `{}`", path.display())).hint("name a new folder"));
        };
        match fs::read_dir(&path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => {
                return Err(Failure::error(format!("the folder `{}` is not empty", path.display()))
                    .hint("name a new folder, or an empty one"));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(Failure::error(format!("`{}` is not a folder", path.display())).hint("name a new folder"));
            }
            Err(error) => return Err(Error::io_at("read", &path, error).into()),
        }
        let mut partial = OsString::from(name);
        partial.push(".partial");
        let partial = path.with_file_name(partial);
        match fs::create_dir(&partial) {
            Ok(()) => Ok(Target { path, partial }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(Failure::error(format!("there is a `{}` already", partial.display()))
                    .hint("an export to this folder is running, or one was cut off: then remove it"))
            }
            Err(error) => Err(Error::io_at("make", &partial, error).into()),
        }
    }

    /// Gives the whole export its name; an empty folder of that name is replaced.
    fn finish(&self) -> Result<()> {
        fs::rename(&self.partial, &self.path).map_err(|error| {
            let failure = Failure::from(Error::io_at("replace", &self.path, error));
            failure.hint("a mount point cannot be replaced: name a new folder inside of it")
        })
    }

    /// Removes what was written, or says that it is still there.
    fn give_up(&self, failure: Failure) -> Failure {
        if let Err(error) = remove_all(&self.partial) {
            warn(format_args!("an incomplete export is left in `{}`: {error}", self.partial.display()));
        }
        failure
    }
}

/// Removes a folder with all that is in it, folders without write permission too.
fn remove_all(folder: &Path) -> io::Result<()> {
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    fs::remove_dir_all(folder)
}

/// Writes the entries of a view, each folder before what is in it.
struct Writer<'a> {
    view: &'a View,
    link: Link,
    stop: &'a AtomicBool,
    counts: Counts,
    progress: Progress,
    can_reflink: bool,
}

impl Writer<'_> {
    fn all(&mut self, top: &Path) -> Result<()> {
        let root = self.view.root()?;
        let mut waiting = vec![root.clone()];
        let mut folders = vec![root];
        while let Some(folder) = waiting.pop() {
            for node in self.view.children(&folder)? {
                interrupt::check(self.stop)?;
                self.entry(top, &node)?;
                if node.is_folder() {
                    waiting.push(node.clone());
                    folders.push(node);
                }
            }
        }
        // Last and from below: a file in a folder changes its time, and a mode may forbid that.
        for folder in folders.iter().rev() {
            let path = place(top, folder);
            let restored = fs::set_permissions(&path, Permissions::from_mode(folder.entry.mode))
                .and_then(|()| Ok(utimensat(CWD, &path, &times(&folder.entry), AtFlags::SYMLINK_NOFOLLOW)?));
            restored.map_err(|error| Error::io_at("restore the mode of", &path, error))?;
        }
        Ok(())
    }

    fn entry(&mut self, top: &Path, node: &Node) -> Result<()> {
        let path = place(top, node);
        let written = match node.entry.kind {
            Kind::Folder => {
                self.counts.folders += 1;
                fs::create_dir(&path)
            }
            Kind::Symlink => {
                self.counts.symlinks += 1;
                self.symlink(&path, node)?
            }
            Kind::File => return self.file(&path, node),
        };
        written.map_err(|error| Error::io_at("write", &path, error).into())
    }

    fn symlink(&self, path: &Path, node: &Node) -> Result<io::Result<()>> {
        let target = self.view.link_target(node)?;
        let made = symlink(std::ffi::OsStr::from_bytes(&target), path);
        Ok(made.and_then(|()| Ok(utimensat(CWD, path, &times(&node.entry), AtFlags::SYMLINK_NOFOLLOW)?)))
    }

    fn file(&mut self, path: &Path, node: &Node) -> Result<()> {
        let content = self.view.open(node, OnDrift::Error)?;
        self.counts.files += 1;
        self.counts.bytes += content.len();
        self.progress.at(self.counts.files, self.counts.bytes);
        if self.link == Link::Hard && self.is_as_in_source(node)? {
            hard_link(&content, path)?;
            self.counts.hard_linked += 1;
            return Ok(());
        }
        let failed = |error| Error::io_at("write", path, error);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        self.fill(&content, &mut file, path)?;
        let modified = system_time(node.entry.mtime_ns);
        file.set_permissions(Permissions::from_mode(node.entry.mode)).map_err(failed)?;
        file.set_times(FileTimes::new().set_accessed(modified).set_modified(modified)).map_err(failed)?;
        Ok(())
    }

    /// Whether a hard link would have the right mode and time, which it shares with the source.
    fn is_as_in_source(&self, node: &Node) -> Result<bool> {
        match node.place {
            Place::Source { row } => Ok(self.view.base().entry(row)? == node.entry),
            _ => Ok(false),
        }
    }

    fn fill(&mut self, content: &Content, file: &mut File, path: &Path) -> Result<()> {
        if self.can_reflink && !content.is_empty() {
            match content.file().map(|from| rustix::fs::ioctl_ficlone(&*file, from)) {
                Some(Ok(())) => {
                    self.counts.reflinked += 1;
                    // A read checks that the file still was what the revision recorded.
                    content.read_at(&mut [0], 0)?;
                    return Ok(());
                }
                Some(Err(error)) if self.link == Link::Reflink => {
                    return Err(Failure::error(format!("cannot share blocks with `{}`: {error}", path.display()))
                        .hint(
                            "source and folder must be on one Btrfs or XFS file system; `--link copy` works everywhere",
                        ));
                }
                // Another file may be the store's, on another file system: only the source's answer counts for the rest.
                Some(Err(Errno::XDEV | Errno::OPNOTSUPP | Errno::NOTTY)) => self.can_reflink = false,
                Some(Err(_)) | None => {}
            }
        }
        self.counts.copied += 1;
        content.copy_to(file)?;
        Ok(())
    }
}

/// Links the very file that was opened and checked, whatever has its name by now.
fn hard_link(content: &Content, path: &Path) -> Result<()> {
    let Some(file) = content.file() else {
        return Err(Failure::error(format!("cannot link `{}`: it has no file of its own", path.display())));
    };
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, opened, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(|error| {
        Failure::from(Error::io_at("make the hard link", path, error))
            .hint("source and folder must be on one file system, and the files yours; `--link copy` works everywhere")
    })
}

fn place(top: &Path, node: &Node) -> PathBuf {
    if node.path.is_root() { top.to_owned() } else { top.join(node.path.as_os()) }
}

fn times(entry: &Entry) -> Timestamps {
    let time = Timespec {
        tv_sec: entry.mtime_ns.div_euclid(1_000_000_000),
        tv_nsec: entry.mtime_ns.rem_euclid(1_000_000_000) as _,
    };
    Timestamps { last_access: time, last_modification: time }
}

fn system_time(time_ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(time_ns.unsigned_abs());
    if time_ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}
