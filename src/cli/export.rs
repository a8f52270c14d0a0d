//! `veneer export`: a revision as a plain folder, for those who cannot mount.
//!
//! All is written into `DIR.partial` beside the target, which gets its name at
//! the end: a folder that has the target's name is whole.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use veneer::Error;
use veneer::dataset::Datasets;

use super::context::Context;
use super::export_writer::{Counts, Link, Writer};
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

#[derive(Serialize)]
struct Exported {
    path: String,
    revision: Option<String>,
    #[serde(flatten)]
    counts: Counts,
    seconds: f64,
}

impl ExportArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let datasets = context.read()?.datasets;
        refuse_in_a_source(&datasets, &self.folder)?;
        let dataset = datasets.open(&address.dataset)?;
        let id = context.revision(&dataset, address.reference.as_ref())?;
        let view = dataset.view(id)?;
        let target = Target::prepare(&self.folder)?;
        let stop = interrupt::flag()?;
        if self.link == Link::Hard {
            warn("hard links share their bytes with the source: whoever writes into one changes the source");
        }
        let mut writer = Writer::new(&view, self.link, &stop);
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

/// A source is never written to, by an export neither.
fn refuse_in_a_source(datasets: &Datasets, folder: &Path) -> Result<()> {
    let path = std::path::absolute(folder).map_err(|error| Error::io_at("use", folder, error))?;
    // The folder need not be there yet: then what it would be in counts.
    let real = path.ancestors().find_map(|path| path.canonicalize().ok()).unwrap_or_default();
    for name in datasets.names()? {
        if real.starts_with(datasets.open(&name)?.source_path()) {
            return Err(Failure::error(format!("`{}` is in the source of `{name}`", path.display()))
                .hint("a source is never written to: name a folder elsewhere"));
        }
    }
    Ok(())
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
            Ok(true) if is_mount_point(&path) => {
                return Err(Failure::error(format!("`{}` is a mount point, which cannot be replaced", path.display()))
                    .hint("name a new folder inside of it"));
            }
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
        Ok(fs::rename(&self.partial, &self.path).map_err(|error| Error::io_at("replace", &self.path, error))?)
    }

    /// Removes what was written, or says that it is still there.
    fn give_up(&self, failure: Failure) -> Failure {
        if let Err(error) = remove_all(&self.partial) {
            warn(format_args!("an incomplete export is left in `{}`: {error}", self.partial.display()));
        }
        failure
    }
}

/// Whether the folder is on another file system than the one that it is in.
fn is_mount_point(folder: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev());
    let above = folder.parent().map(device).transpose();
    matches!((device(folder), above), (Ok(device), Ok(Some(above))) if device != above)
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
