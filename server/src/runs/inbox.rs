//! The folder `inbox/RUN` of a store: a file that is put there becomes rows of that run, once.
//!
//! A file is taken when it has not changed for a while, so whoever renames it in
//! is safe, and whoever writes it there must not pause. Then it is in `done`, or in
//! `failed` with a text of the reason beside it. What a run looks at that is not
//! there yet is said by `run.json` in its folder, as `POST /v1/runs` takes it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::OFlags;
use serde_json::{Map, Value};
use tracing::{info, warn};
use veneer::dataset::batches_of_file;
use veneer::model::RunName;
use veneer::run::{Accepted, Batch, Of, Run};
use veneer::table::detect::{Promise, promise};
use veneer::{Error, ErrorKind};

use super::LiveRuns;
use super::routes::RunToBegin;
use crate::problem::Problem;

/// The folder in the store.
const INBOX: &str = "inbox";
/// What a run looks at that is to begin.
const ABOUT: &str = "run.json";
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A file that has not changed for so long is complete.
const SETTLED: Duration = Duration::from_secs(1);
/// After a fault that is not the file's, it is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// A file has so many bytes at most: all of it is in memory.
const LEN_MAX: u64 = 1 << 30;

/// A thread that takes in what is put into the inbox, until this is dropped.
#[derive(Debug)]
pub(crate) struct Inbox {
    is_over: Arc<AtomicBool>,
}

/// A file as it was seen.
struct Seen {
    looks: (u64, Option<SystemTime>),
    /// Not to be taken before this.
    from: Option<Instant>,
}

impl Inbox {
    /// Begins to watch the inbox of the store in this folder.
    pub(crate) fn of(live: Arc<LiveRuns>, store: &Path) -> Inbox {
        let is_over = Arc::new(AtomicBool::new(false));
        let (stop, folder) = (Arc::clone(&is_over), store.join(INBOX));
        if let Err(cause) = fs::create_dir_all(&folder) {
            warn!("there is no inbox for metrics: `{}` cannot be made: {cause}", folder.display());
        }
        thread::spawn(move || {
            let mut seen = HashMap::new();
            while !stop.load(Ordering::Relaxed) {
                look(&live, &folder, &mut seen);
                thread::sleep(LOOK_EVERY);
            }
        });
        Inbox { is_over }
    }

    /// Lets it end within half a second, or when the file that it reads is done.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.end();
    }
}

/// Takes what is complete of all that is there.
fn look(live: &LiveRuns, inbox: &Path, seen: &mut HashMap<PathBuf, Seen>) {
    let mut there = HashMap::new();
    for (run, folder) in folders(inbox) {
        for (path, metadata) in files(&folder) {
            let looks = (metadata.len(), metadata.modified().ok());
            let now = Instant::now();
            let known = seen.remove(&path).filter(|known| known.looks == looks);
            let mut known = known.unwrap_or_else(|| Seen { looks, from: Some(now + SETTLED) });
            if known.from.is_some_and(|from| from <= now) {
                known.from = take(live, &run, &folder, &path);
            }
            there.insert(path, known);
        }
    }
    *seen = there;
}

/// The folders that are called as a run can be.
fn folders(inbox: &Path) -> Vec<(RunName, PathBuf)> {
    let entries = fs::read_dir(inbox).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path()))).collect()
}

/// The files in a folder that may be rows, in order of name.
fn files(folder: &Path) -> Vec<(PathBuf, Metadata)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_meant = |name: &[u8]| {
        !name.starts_with(b".") && !name.ends_with(b".tmp") && !name.ends_with(b".part") && name != ABOUT.as_bytes()
    };
    let files = entries.filter(|entry| is_meant(entry.file_name().as_bytes()));
    let files = files.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut files: Vec<_> = files.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?))).collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// Takes a file into a run, and moves it away; returns when it is to be tried again.
fn take(live: &LiveRuns, name: &RunName, folder: &Path, path: &Path) -> Option<Instant> {
    let shown = path.display();
    let moved = match take_in(live, name, folder, path) {
        Ok(None) => return Some(Instant::now() + SETTLED),
        Ok(Some(rows)) => {
            info!(run = %name, rows, "took {rows} rows of `{shown}` into the run {name}");
            move_to(folder, "done", path).map(drop)
        }
        Err(problem) if problem.status().is_server_error() => {
            warn!(run = %name, "`{shown}` cannot be taken now: {}", problem.detail());
            return Some(Instant::now() + AGAIN_AFTER);
        }
        Err(problem) => {
            let detail = problem.detail();
            warn!(run = %name, "`{shown}` is refused: {detail}");
            move_to(folder, "failed", path).and_then(|moved| {
                let (mut reason, mut part) = (OsString::from(&moved), OsString::from(moved));
                reason.push(".txt");
                part.push(".txt.part");
                // Who finds it finds all of it.
                fs::write(&part, format!("{detail}\n"))?;
                fs::rename(part, reason)
            })
        }
    };
    // It stays where it is, and is not looked at again before it has changed.
    if let Err(cause) = moved {
        warn!("`{shown}` cannot be moved away: {cause}");
    }
    None
}

/// Takes the rows of a file into a run, which is begun if it is not there; `None` where the file has changed meanwhile.
fn take_in(live: &LiveRuns, name: &RunName, folder: &Path, path: &Path) -> Result<Option<usize>, Problem> {
    let failed = |cause| Error::io_at("read", path, cause);
    let mut file = opened(path).map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    if before.len() > LEN_MAX {
        return Err(Problem::invalid("file of metrics", "the file", format!("it has more than {LEN_MAX} bytes")));
    }
    let mut bytes = Vec::new();
    (&mut file).take(LEN_MAX).read_to_end(&mut bytes).map_err(failed)?;
    let after = fs::symlink_metadata(path).map_err(failed)?;
    if (after.len(), after.modified().ok()) != (before.len(), before.modified().ok()) {
        return Ok(None);
    }
    let promise = promise(path.as_os_str().as_bytes()).unwrap_or(Promise::Delimited);
    let batches = batches_of_file(&bytes, promise)?;
    drop(bytes);
    let run = live.begun(name, folder)?;
    live.take_all(&run, batches).map(Some)
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NOFOLLOW.bits() as i32).open(path)
}

/// Moves a file into a folder beside it, under a name that is free there.
fn move_to(folder: &Path, to: &str, path: &Path) -> io::Result<PathBuf> {
    let to = folder.join(to);
    fs::create_dir_all(&to)?;
    let name = path.file_name().unwrap_or_default();
    let mut target = to.join(name);
    for number in 2.. {
        if fs::symlink_metadata(&target).is_err() {
            break;
        }
        let mut other = OsString::from(format!("{number}-"));
        other.push(name);
        target = to.join(other);
    }
    fs::rename(path, &target)?;
    Ok(target)
}

impl LiveRuns {
    /// The run of this name, begun as `run.json` in `folder` says if it is not there.
    fn begun(&self, name: &RunName, folder: &Path) -> Result<Run, Problem> {
        match self.runs.open(name) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => {}
            found => return Ok(found?),
        }
        let path = folder.join(ABOUT);
        let text = match opened(&path).and_then(io::read_to_string) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => "{}".to_owned(),
            read => read.map_err(|cause| Error::io_at("read", &path, cause))?,
        };
        let wrong = |cause: serde_json::Error| Problem::invalid("description of a run", ABOUT, cause.to_string());
        let mut about: Map<String, Value> = serde_json::from_str(&text).map_err(wrong)?;
        about.insert("name".to_owned(), name.as_str().into());
        let wanted: RunToBegin = serde_json::from_value(about.into()).map_err(wrong)?;
        Ok(self.begin(wanted)?.0)
    }

    /// Takes batches into a run together, if all of their samples are rows of its table; returns how many rows they
    /// have.
    fn take_all(&self, run: &Run, batches: Vec<Batch>) -> Result<usize, Problem> {
        let table = self.table_of(run.record.data.as_ref())?;
        let keyed = batches.into_iter().map(|batch| match &table {
            Some(table) => super::ingest::of_table(table, batch),
            None => Ok(batch),
        });
        let batches = keyed.collect::<Result<Vec<_>, Problem>>()?;
        let (answers, run) = self.runs.accept(&run.name, Of::Metrics, &batches)?;
        self.hear(&run);
        self.grew(&run);
        let mut rows = 0;
        for (answer, batch) in answers.into_iter().zip(&batches) {
            match answer {
                Accepted::New => rows += batch.rows().num_rows(),
                Accepted::Repeated => {}
                Accepted::Refused(error) => return Err(super::ingest::refused(error)),
            }
        }
        Ok(rows)
    }
}
