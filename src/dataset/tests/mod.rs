//! View, draft, diff and merge against the simplest thing that could be right: a map from path to content.

mod back_in_place;
mod blobs;
mod both_hidden;
mod came;
mod class_merges;
mod class_notes;
mod class_numbers;
mod classes;
mod conditions;
mod edits;
mod following;
mod formats;
mod half_written;
mod hidden_merges;
mod hidden_rows;
mod keys;
mod merged_columns;
mod merges;
mod moved_and_edited;
mod moved_and_hidden;
mod moved_rows;
mod new_rows;
mod parsed;
mod parts;
mod pending;
mod plain;
mod random;
mod reapplied;
mod refreshes;
mod renumbered;
mod restored;
mod rows;
mod samples;
mod sound;
mod told_rows;
mod unreadable;
mod written;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::base;
use crate::model::{BranchName, DataPath, Id};
use crate::source::{ScanOptions, Source};
use crate::store::MemoryStore;

/// A dataset over a source in a temporary folder.
struct Fixture {
    source: TempDir,
    datasets: Datasets,
    dataset: Dataset,
    first: Id,
}

fn path(text: &str) -> DataPath {
    text.parse().expect("a valid path")
}

fn main_branch() -> BranchName {
    BranchName::main()
}

/// Writes files into a folder; a path that ends with a slash is an empty folder.
fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let at = folder.join(path);
        if path.ends_with('/') {
            fs::create_dir_all(at).expect("a folder");
        } else {
            fs::create_dir_all(at.parent().expect("not the root")).expect("a folder");
            fs::write(at, content).expect("a file");
        }
    }
}

fn scanned(store: &dyn Store, folder: &Path) -> Id {
    let scan = Source::open(folder).and_then(|source| source.scan(&ScanOptions::default())).expect("a scan");
    base::store(store, scan.tree).expect("a base")
}

impl Fixture {
    fn new(files: &[(&str, &str)]) -> Fixture {
        let source = tempfile::tempdir().expect("a temporary folder");
        write(source.path(), files);
        let datasets = Datasets::new(Arc::new(MemoryStore::new()));
        let base = scanned(&*datasets.store, source.path());
        let name = "traffic".parse().expect("a name");
        let import = Import { name: &name, source: source.path(), base, author: "ann" };
        let first = datasets.import(&import).expect("an import");
        let dataset = datasets.open(&name).expect("it was imported");
        Fixture { source, datasets, dataset, first }
    }

    fn draft(&self, branch: &str) -> Draft {
        self.dataset.draft(&branch.parse().expect("a name"), &"ann".parse().expect("a name")).expect("a draft")
    }

    fn view(&self, branch: &str) -> View {
        let head = self.dataset.head(&branch.parse().expect("a name")).expect("a head");
        self.dataset.view(head.id).expect("a view")
    }

    /// Edits a branch and commits.
    fn commit(&self, branch: &str, edits: impl FnOnce(&mut Draft) -> Result<()>) -> Id {
        let mut draft = self.draft(branch);
        edits(&mut draft).expect("edits");
        match draft.commit("a change", "ann").expect("a commit") {
            Outcome::Done { revision, .. } => revision,
            other => panic!("{other:?}"),
        }
    }
}

fn put(draft: &mut Draft, at: &str, content: &str) -> Result<()> {
    draft.put(&path(at), NewFile { content: &mut content.as_bytes(), mode: None, mtime_ns: None })
}

/// The differences as lines: `+ path`, `- path`, `~ path`, `from -> path`.
fn told(from: &View, to: &View) -> Vec<String> {
    let line = |change: crate::model::PathChange| match change.what {
        crate::model::What::Added => format!("+ {}", change.path),
        crate::model::What::Removed => format!("- {}", change.path),
        crate::model::What::Modified => format!("~ {}", change.path),
        crate::model::What::Renamed => format!("{} -> {}", change.from.expect("it has one"), change.path),
    };
    diff(from, to).expect("a diff").into_iter().map(line).collect()
}
