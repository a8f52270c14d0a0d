//! `veneer stats`: how much there is in a store, and how much space it takes.

use std::collections::{BTreeMap, HashSet};

use clap::Args;
use serde::Serialize;
use veneer::dataset::{Dataset, Datasets};
use veneer::model::Id;
use veneer::store::StoreStats;

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
  veneer --json stats | jq .object_bytes")]
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

/// What the store keeps of its own.
#[derive(Debug, Default, Serialize)]
struct Space {
    objects: u64,
    object_bytes: u64,
    log_bytes: u64,
    index_bytes: u64,
    kinds: BTreeMap<&'static str, KindCount>,
}

#[derive(Debug, Default, Serialize)]
struct KindCount {
    objects: u64,
    bytes: u64,
}

impl From<StoreStats> for Space {
    fn from(stats: StoreStats) -> Space {
        let kinds = stats.objects.iter().map(|&(kind, objects, bytes)| (kind.as_str(), KindCount { objects, bytes }));
        Space {
            objects: stats.objects.iter().map(|(_, objects, _)| objects).sum(),
            object_bytes: stats.objects.iter().map(|(_, _, bytes)| bytes).sum(),
            log_bytes: stats.log_bytes,
            index_bytes: stats.index_bytes,
            kinds: kinds.collect(),
        }
    }
}

impl StatsArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let opened = context.read()?;
        let local = opened.local()?;
        let path = local.path();
        let mut stats = Stats {
            store: json_text(path.as_os_str().as_encoded_bytes()),
            number: local.number(),
            space: local.stats()?.into(),
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

fn print(stats: &Stats) -> Result<()> {
    let mut table = Table::new([Align::Left, Align::Left]);
    let source = format!("{}, {}", human::count(stats.source_files, "file"), human::size(stats.source_bytes));
    let of = |bytes: u64| human::size(bytes);
    let Space { objects, object_bytes, log_bytes, kinds, .. } = &stats.space;
    let list: Vec<String> = kinds
        .iter()
        .filter(|(_, count)| count.objects > 0)
        .map(|(kind, count)| format!("{}, {}", human::count(count.objects, kind), of(count.bytes)))
        .collect();
    for (name, value) in [
        ("store", printable(stats.store.as_bytes())),
        ("number", stats.number.clone()),
        ("datasets", stats.datasets.to_string()),
        ("branches", stats.branches.to_string()),
        ("tags", stats.tags.to_string()),
        ("drafts", stats.drafts.to_string()),
        ("revisions", stats.revisions.to_string()),
        ("sources", source),
        ("log", of(*log_bytes)),
        ("objects", format!("{}, {}", human::count(*objects, "object"), of(*object_bytes))),
    ] {
        table.row([name.to_owned(), value]);
    }
    list.into_iter().for_each(|line| table.row([String::new(), line]));
    table.print()
}
