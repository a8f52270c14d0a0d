//! A chain of commits whose content follows from their numbers, so that anybody can tell what must be there.
//!
//! `veneer-committer` runs it until it is killed, its disk loses power, or its
//! disk is full; then [`check`] says whether every acknowledged commit is there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use veneer::Result;
use veneer::dataset::{Dataset, Datasets, NewFile, Outcome, check as check_reachable, gc};
use veneer::model::{BranchName, DataPath, Id};
use veneer::source::OnDrift;
use veneer::store::{Access, LocalStore, SweepOptions};

use crate::{Thing, Tree, through};

/// How many different files the commits write.
const FILES: u64 = 40;
/// After how many commits a garbage collection follows.
const GC_EVERY: u64 = 25;

/// The name of the dataset that is committed to.
pub const DATASET: &str = "d";

/// Commits until `tell` returns false, or `limit` times; `tell` gets each number and revision once it is durable.
pub fn run(store: &Path, limit: u64, mut tell: impl FnMut(u64, Id) -> bool) -> Result<()> {
    let store = Arc::new(LocalStore::open(store, Access::Own)?);
    let datasets = Datasets::new(store.clone());
    let dataset = datasets.open(&DATASET.parse()?)?;
    let first = number_of_head(&dataset)? + 1;
    for number in first..first.saturating_add(limit) {
        let id = commit(&dataset, number)?;
        if !tell(number, id) {
            return Ok(());
        }
        if number.is_multiple_of(GC_EVERY) {
            gc(&datasets, &store, SweepOptions::default())?;
        }
    }
    Ok(())
}

fn main() -> Result<BranchName> {
    "main".parse()
}

fn commit(dataset: &Dataset, number: u64) -> Result<Id> {
    let mut draft = through::draft(dataset, &main()?)?;
    // Whoever was killed before may have left edits that were saved and not committed.
    draft.discard(&[])?;
    let mut put = |path: &str, bytes: Vec<u8>| {
        let file = NewFile { content: &mut bytes.as_slice(), mode: None, mtime_ns: None };
        draft.put(&path.parse::<DataPath>()?, file)
    };
    put("number", number.to_string().into_bytes())?;
    put(&name(number), content(number))?;
    let removed: DataPath = name(removed_by(number)).parse()?;
    if number.is_multiple_of(3) && draft.view().node(&removed)?.is_some() {
        draft.remove(&removed, false)?;
    }
    draft.save("the edits of one commit")?;
    match draft.commit(&format!("number {number}"), through::AUTHOR)? {
        Outcome::Done { revision, .. } => Ok(revision),
        other => panic!("nobody else commits, and yet: {other:?}"),
    }
}

fn name(number: u64) -> String {
    format!("f{}", number % FILES)
}

fn removed_by(number: u64) -> u64 {
    number * 7 + 3
}

/// Every fifth is too big for the log, and gets a file of its own.
fn content(number: u64) -> Vec<u8> {
    let len = if number.is_multiple_of(5) { 70_000 + number as usize } else { number as usize % 300 };
    let mut rng = crate::Rng::from_seed(number);
    rng.bytes(len)
}

/// The tree that the commit with this number leaves, over a source with one file `s`.
pub fn tree(number: u64) -> Tree {
    let mut writers: BTreeMap<String, u64> = BTreeMap::new();
    for number in 1..=number {
        writers.insert(name(number), number);
        if number.is_multiple_of(3) {
            writers.remove(&name(removed_by(number)));
        }
    }
    let mut tree = crate::source! { "s": "from the source" };
    for (name, number) in writers {
        tree.add(name.as_bytes(), Thing::from(content(number)));
    }
    if number > 0 {
        tree.add(b"number", Thing::from(number.to_string().as_str()));
    }
    tree
}

fn number_of_head(dataset: &Dataset) -> Result<u64> {
    let head = dataset.view(dataset.head(&main()?)?.id)?;
    let Some(node) = head.node(&"number".parse()?)? else { return Ok(0) };
    let mut text = Vec::new();
    head.open(&node, OnDrift::Error)?.copy_to(&mut text)?;
    Ok(String::from_utf8_lossy(&text).parse().expect("written by `commit`"))
}

/// Checks that every acknowledged commit is in the history, that the head is the last of them or at most
/// `on_its_way` later, that it shows exactly what it must, and that all that any ref reaches is whole.
///
/// Returns the head's number.
///
/// # Panics
/// When anything of that is not so.
pub fn check(store: &Path, acknowledged: &[(u64, Id)], on_its_way: u64) -> u64 {
    let store = Arc::new(LocalStore::open(store, Access::Own).expect("the store opens after a crash"));
    let datasets = Datasets::new(store);
    let dataset = datasets.open(&DATASET.parse().expect("a name")).expect("the dataset is there");
    let head = dataset.head(&main().expect("a name")).expect("the branch is there").id;
    let number = number_of_head(&dataset).expect("the head is readable");
    let last = acknowledged.last().map_or(0, |(number, _)| *number);
    assert!((last..=last + on_its_way).contains(&number), "{last} was acknowledged, and the head is number {number}");
    let log: Vec<_> = dataset.log(head).collect::<Result<_>>().expect("the history is readable");
    assert_eq!(log.len() as u64, number + 1, "the import and each commit");
    for (number, id) in acknowledged {
        let (_, revision) =
            log.iter().find(|(there, _)| there == id).unwrap_or_else(|| panic!("commit {number} is lost"));
        assert_eq!(revision.message, format!("number {number}"));
    }
    let view = dataset.view(head).expect("stored");
    assert_eq!(through::tree_of(&view).expect("every byte is readable"), tree(number));
    let problems = check_reachable(&datasets).expect("checkable");
    assert!(problems.is_empty(), "{problems:?}");
    number
}

/// Reads what a committer told: numbers and revisions, whole lines only.
pub fn told(output: &str) -> Vec<(u64, Id)> {
    let whole = output.rfind('\n').map_or("", |end| &output[..end]);
    let parse = |line: &str| {
        let (number, id) = line.split_once(' ')?;
        Some((number.parse().ok()?, Id::from_hex(id).ok()?))
    };
    whole.lines().map(|line| parse(line).unwrap_or_else(|| panic!("a committer told {line:?}"))).collect()
}
