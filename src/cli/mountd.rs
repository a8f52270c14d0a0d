//! The daemon's program, `veneer-mountd`: where it is, and how it is started.
//!
//! It tells by one line of JSON, on a pipe that it inherits, whether the mount
//! stands; what the words in it mean is the daemon's to say.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, pipe};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use serde::Deserialize;
use veneer::Error;
use veneer::model::{BranchName, DatasetName, WriterName};

use super::context::{log_folder, program_folders};
use super::report::{Failure, Result, warn};
use veneer::dataset::mountinfo::Info;

const PROGRAM: &str = "veneer-mountd";
/// How much of a log is shown when a daemon has ended.
const LOG_LINES_SHOWN: usize = 10;

/// The line that the daemon sends.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Ok(Info),
    Error(Trouble),
}

#[derive(Deserialize)]
struct Trouble {
    kind: String,
    message: String,
    #[serde(default)]
    hint: Option<String>,
}

/// A daemon that serves.
#[derive(Debug)]
pub(super) struct Serving {
    /// What it says of its mount.
    pub(super) info: Info,
    /// The process that was started; with a detached daemon, only its starter.
    pub(super) child: Child,
}

/// Finds the daemon.
pub(super) fn find() -> Result<PathBuf> {
    find_program(PROGRAM)
}

/// Finds one of our programs beside this one, or else where programs are.
pub(super) fn find_program(name: &str) -> Result<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned));
    let mut folders: Vec<PathBuf> = beside.into_iter().collect();
    folders.extend(program_folders());
    folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
        Failure::error(format!("there is no `{name}` beside `veneer`, nor in PATH"))
            .hint("build it with `cargo build --release`, and keep the programs in one folder")
    })
}

/// Starts it with `arguments`, and waits until the mount stands.
///
/// # Errors
/// With the daemon's own message and advice when it does not.
pub(super) fn start(arguments: &[OsString], log: Option<&Path>) -> Result<Serving> {
    let failed = |error| Error::io(format!("start `{PROGRAM}`"), error);
    let (reader, writer) = pipe().map_err(failed)?;
    // The only descriptor that the program is to inherit: this process has one thread.
    fcntl_setfd(&writer, FdFlags::empty()).map_err(|error| failed(error.into()))?;
    let mut command = Command::new(find()?);
    command.args(["--ready-fd".into(), OsString::from(writer.as_raw_fd().to_string())]);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.spawn().map_err(failed)?;
    // Ours must be closed, or the end of a program that dies is never seen.
    drop(writer);
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).map_err(failed)?;
    judge(&line, child, log)
}

fn judge(line: &str, mut child: Child, log: Option<&Path>) -> Result<Serving> {
    match serde_json::from_str(line) {
        Ok(Line::Ok(info)) => Ok(Serving { info, child }),
        Ok(Line::Error(trouble)) => {
            // It ends by itself; waiting for it leaves no process behind.
            let _ = child.wait();
            Err(told(trouble, log))
        }
        Err(_) => {
            let how = child.wait().map_or_else(|error| error.to_string(), ending);
            let failure = Failure::error(format!("`{PROGRAM}` ended before the mount stood: {how}{}", tail(log)));
            Err(failure.hint("`veneer doctor` says whether mounting works here"))
        }
    }
}

fn told(trouble: Trouble, log: Option<&Path>) -> Failure {
    let message = match trouble.kind.as_str() {
        "died" => format!("{}{}", trouble.message, tail(log)),
        _ => trouble.message,
    };
    let failure = match trouble.kind.as_str() {
        "invalid" => Failure::usage(message),
        _ => Failure::error(message),
    };
    match trouble.hint.filter(|hint| !hint.is_empty()) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// The last lines of the log, each on a line of its own.
fn tail(log: Option<&Path>) -> String {
    let text = log.and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].iter().map(|line| format!("\n  {line}")).collect()
}

/// Runs it with one argument, and returns what it printed.
pub(super) fn ask(argument: &str) -> Result<Vec<u8>> {
    let output = Command::new(find()?)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::io(format!("start `{PROGRAM}`"), error))?;
    Ok(output.stdout)
}

/// Has it put into the store what a killed writable mount of the draft left.
pub(super) fn recover(store: &Path, dataset: &DatasetName, branch: &BranchName, writer: &WriterName) -> Result<()> {
    let failed = |error| Error::io(format!("start `{PROGRAM}`"), error);
    let mut command = Command::new(find()?);
    command.arg("--store").arg(store).args(["--dataset", dataset.as_str(), "--ref", branch.as_str()]);
    command.args(["--writable", "--as", writer.as_str(), "--recover"]).stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status().map_err(failed)?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::error("what a killed writable mount left cannot be put into the store")
            .hint("mount the draft again: `veneer mount NAME@BRANCH DIR --writable`")),
    }
}

/// The log of the mount at `point`, one file for each mount point; none where it cannot be kept.
pub(super) fn log_file(dataset: &str, point: &Path) -> Option<PathBuf> {
    let folder = log_folder()?;
    if let Err(error) = fs::create_dir_all(&folder) {
        warn(format_args!("the daemon's log is not kept: cannot make `{}`: {error}", folder.display()));
        return None;
    }
    let place = veneer::model::Id::of(point.as_os_str().as_encoded_bytes()).short();
    Some(folder.join(format!("mount-{dataset}-{place}.log")))
}
