//! `veneer mounts`: what is mounted, as the kernel's table and the daemons tell it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use veneer::dataset::mountinfo::{self, Info, State};
use veneer::store::{Access, LocalStore, RemoteStore};

use super::context::Context;
use super::output::{self, Align, Table, json_text, printable};
use super::report::{Answer, Result, say};
use super::restart;

/// How long a daemon may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// List the mounts of this store's datasets, or replace the process that serves one.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A mount whose daemon was killed is listed as stale; the next `veneer mount` there
cleans it, and so does `veneer unmount`.

After an upgrade, --restart has the new program take a mount over from the old one.
Those who read in it notice nothing.

Examples:
  veneer mounts
  veneer mounts --restart /mnt/traffic
  veneer mounts --all
  veneer --json mounts | jq -r '.[].path'")]
pub(super) struct MountsArgs {
    /// List the mounts of all stores
    #[arg(long)]
    all: bool,
    /// Have the program that is on disk now serve this mount
    #[arg(long, value_name = "DIR", conflicts_with = "all")]
    restart: Option<PathBuf>,
}

#[derive(Serialize)]
struct MountLine {
    path: String,
    dataset: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    revision: Option<String>,
    mode: Option<String>,
    profile: Option<String>,
    profile_why: Option<String>,
    pid: Option<i32>,
    store: Option<String>,
    state: &'static str,
}

impl MountsArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        if let Some(folder) = &self.restart {
            return restart::restart(context, folder);
        }
        let mark = mark(context)?;
        let mut lines = Vec::new();
        for (point, is_of_store) in mountinfo::points_of(&mark)? {
            if is_of_store || self.all {
                lines.push(line(&point, mountinfo::ask(&point, PATIENCE)));
            }
        }
        match context.json {
            true => output::json(&lines)?,
            false => print(&lines)?,
        }
        Ok(Answer::Yes)
    }
}

/// What the mount table calls the store; empty where there is none.
fn mark(context: &Context) -> Result<String> {
    Ok(match context.store_url() {
        Some(url) => RemoteStore::mark(&url),
        None => {
            LocalStore::open(&context.store_path()?, Access::Read).map_or_else(|_| String::new(), |store| store.mark())
        }
    })
}

fn line(point: &Path, state: State) -> MountLine {
    let path = json_text(point.as_os_str().as_encoded_bytes());
    let word = match &state {
        State::Live(_) => "live",
        State::Stale => "stale",
        State::Silent(_) => "silent",
    };
    let info = match state {
        State::Live(info) => Some(*info),
        State::Stale | State::Silent(_) => None,
    };
    let text = |of: fn(&Info) -> &String| info.as_ref().map(|info| of(info).clone());
    MountLine {
        path,
        dataset: text(|info| &info.dataset),
        reference: text(|info| &info.reference),
        revision: text(|info| &info.revision),
        mode: text(|info| &info.mode),
        profile: text(|info| &info.profile),
        profile_why: text(|info| &info.profile_why),
        pid: info.as_ref().map(|info| info.pid),
        store: text(|info| &info.store),
        state: word,
    }
}

fn print(lines: &[MountLine]) -> Result<()> {
    if lines.is_empty() {
        say("nothing is mounted");
        return Ok(());
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left, Align::Left, Align::Left]);
    for line in lines {
        let text = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
        let shown = match (&line.dataset, &line.reference) {
            (Some(dataset), Some(reference)) => {
                mountinfo::shows(dataset, reference, line.mode.as_deref().unwrap_or_default())
            }
            _ => line.state.to_owned(),
        };
        let revision = line.revision.as_deref().filter(|revision| !revision.is_empty()).unwrap_or("-");
        let revision = revision.chars().take(12).collect();
        let mode = text(&line.mode);
        let pid = line.pid.map_or_else(|| "-".to_owned(), |pid| format!("pid {pid}"));
        let profile = match (&line.profile, &line.profile_why) {
            (Some(profile), Some(why)) => format!("{profile} ({why})"),
            _ => "-".to_owned(),
        };
        table.row([shown, revision, mode, pid, printable(line.path.as_bytes()), profile]);
    }
    table.print()
}
