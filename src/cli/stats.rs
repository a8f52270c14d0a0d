//! `veneer stats`: how much there is in a store, and how much space it takes.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use veneer::Error;
use veneer::dataset::{Dataset, Datasets};
use veneer::model::Id;

use super::context::Context;
use super::human;
use super::output::{self, Align, Table, json_text, printable};
use super::report::{Answer, Result};

/// Tell how much there is in the store, and how much space it takes.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The source's own bytes are told apart from the store's: Veneer keeps only what was
changed.

Examples:
  veneer stats
  veneer --json stats | jq .bytes")]
pub(super) struct StatsArgs {}

#[derive(Debug, Default, Serialize)]
struct Stats {
    store: String,
    number: String,
    datasets: u64,
    branches: u64,
    tags: u64,
    drafts: u64,
    revisions: u64,
    source_files: u64,
    source_bytes: u64,
    #[serde(flatten)]
    space: Space,
}

/// Bytes on the disk.
#[derive(Debug, Default, Serialize)]
struct Space {
    bytes: u64,
    log_bytes: u64,
    object_bytes: u64,
    index_bytes: u64,
}

impl StatsArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let opened = context.read()?;
        let path = opened.store.path();
        let mut stats = Stats {
            store: json_text(path.as_os_str().as_encoded_bytes()),
            number: opened.store.number(),
            space: space(path)?,
            ..Stats::default()
        };
        count(&opened.datasets, &mut stats)?;
        match context.json {
            true => output::json(&stats)?,
            false => print(&stats)?,
        }
        Ok(Answer::Yes)
    }
}

fn count(datasets: &Datasets, stats: &mut Stats) -> Result<()> {
    let mut sources = HashSet::new();
    for name in datasets.names()? {
        let dataset = datasets.open(&name)?;
        let (branches, tags) = (dataset.branches()?, dataset.tags()?);
        stats.datasets += 1;
        stats.branches += branches.len() as u64;
        stats.tags += tags.len() as u64;
        stats.drafts += dataset.drafts()?.len() as u64;
        let heads: Vec<Id> = branches.iter().chain(&tags).map(|(_, value)| value.id).collect();
        for revision in reached(&dataset, &heads)? {
            stats.revisions += 1;
            // Revisions share their base, and two datasets may share a source.
            let base = dataset.revision(revision)?.base;
            if sources.insert(base) {
                let totals = dataset.view(revision)?.base().totals();
                stats.source_files += totals.files;
                stats.source_bytes += totals.bytes;
            }
        }
    }
    Ok(())
}

fn reached(dataset: &Dataset, heads: &[Id]) -> Result<HashSet<Id>> {
    let mut seen = HashSet::new();
    for head in heads {
        if seen.contains(head) {
            continue;
        }
        for step in dataset.log(*head) {
            seen.insert(step?.0);
        }
    }
    Ok(seen)
}

fn space(store: &Path) -> Result<Space> {
    let of = |folder: &str| {
        let path = store.join(folder);
        disk_bytes(&path).map_err(|error| Error::io_at("read", &path, error))
    };
    Ok(Space { bytes: of("")?, log_bytes: of("log")?, object_bytes: of("objects")?, index_bytes: of("meta")? })
}

/// What the files below a folder take on the disk; a file that goes meanwhile takes nothing.
fn disk_bytes(folder: &Path) -> io::Result<u64> {
    let mut waiting = vec![folder.to_owned()];
    let mut bytes = 0;
    while let Some(folder) = waiting.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => waiting.push(entry.path()),
                Ok(metadata) => bytes += std::os::unix::fs::MetadataExt::blocks(&metadata) * 512,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(bytes)
}

fn print(stats: &Stats) -> Result<()> {
    let mut table = Table::new([Align::Left, Align::Left]);
    let source = format!("{}, {}", human::count(stats.source_files, "file"), human::size(stats.source_bytes));
    let Space { bytes, log_bytes, object_bytes, index_bytes } = stats.space;
    let of = format!(
        "{} (log {}, objects {}, index {})",
        human::size(bytes),
        human::size(log_bytes),
        human::size(object_bytes),
        human::size(index_bytes)
    );
    for (name, value) in [
        ("store", printable(stats.store.as_bytes())),
        ("number", stats.number.clone()),
        ("datasets", stats.datasets.to_string()),
        ("branches", stats.branches.to_string()),
        ("tags", stats.tags.to_string()),
        ("drafts", stats.drafts.to_string()),
        ("revisions", stats.revisions.to_string()),
        ("sources", source),
        ("space", of),
    ] {
        table.row([name.to_owned(), value]);
    }
    table.print()
}
