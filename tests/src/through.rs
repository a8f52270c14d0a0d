//! Seeing a dataset through the core: a view as a [`Tree`], an [`Edit`] done to a draft.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use veneer::base;
use veneer::dataset::{Dataset, Datasets, Draft, Import, NewFile, Node, View};
use veneer::model::{BranchName, DataPath, DatasetName, Kind, WriterName};
use veneer::source::{OnDrift, ScanOptions, Source};
use veneer::store::Store;
use veneer::{Error, ErrorKind, Result};

use crate::reference::{Edit, Refusal};
use crate::{Thing, Tree};

/// The author and writer of all that tests do.
pub const AUTHOR: &str = "ada";

/// Imports a folder as the dataset `name`.
pub fn import(store: Arc<dyn Store>, name: &DatasetName, source: &Path) -> Result<Dataset> {
    let stop = AtomicBool::new(false);
    let options = ScanOptions { threads: 1, skip_unreadable: false, progress: &|_| {}, cancel: &stop };
    let scan = Source::open(source)?.scan(&options)?;
    let base = base::store(&*store, scan.tree)?;
    let datasets = Datasets::new(store);
    datasets.import(&Import { name, source, base, author: AUTHOR })?;
    datasets.open(name)
}

/// Opens the tests' own draft on a branch.
pub fn draft(dataset: &Dataset, branch: &BranchName) -> Result<Draft> {
    let writer: WriterName = AUTHOR.parse()?;
    dataset.draft(branch, &writer)
}

/// Reads all that a view shows, every byte of it.
pub fn tree_of(view: &View) -> Result<Tree> {
    let mut tree = Tree::default();
    let mut folders = vec![view.root()?];
    while let Some(folder) = folders.pop() {
        for node in view.children(&folder)? {
            tree.0.insert(node.path.as_bytes().to_vec(), thing_of(view, &node)?);
            if node.is_folder() {
                folders.push(node);
            }
        }
    }
    Ok(tree)
}

fn thing_of(view: &View, node: &Node) -> Result<Thing> {
    Ok(match node.entry.kind {
        Kind::Folder => Thing::Folder,
        Kind::Symlink => Thing::Link(view.link_target(node)?),
        Kind::File => {
            let mut bytes = Vec::new();
            view.open(node, OnDrift::Error)?.copy_to(&mut bytes)?;
            Thing::File(bytes, node.entry.mode)
        }
    })
}

/// Does an edit to a draft.
pub fn edit(draft: &mut Draft, edit: &Edit) -> Result<()> {
    let path = |bytes: &[u8]| DataPath::parse(bytes);
    match edit {
        Edit::Put(at, bytes) => {
            draft.put(&path(at)?, NewFile { content: &mut bytes.as_slice(), mode: None, mtime_ns: None })
        }
        Edit::Link(at, target) => draft.put_symlink(&path(at)?, target),
        Edit::MakeFolder(at) => draft.make_folder(&path(at)?),
        Edit::Remove(at, recursive) => draft.remove(&path(at)?, *recursive),
        Edit::Rename(from, to) => draft.rename(&path(from)?, &path(to)?),
    }
}

/// What an error of the core is in the reference's words; `None` for what no edit may end in.
pub fn refusal_of(error: &Error) -> Option<Refusal> {
    Some(match error.kind() {
        ErrorKind::NotFound { .. } => Refusal::NotFound,
        ErrorKind::AlreadyExists { .. } => Refusal::AlreadyExists,
        ErrorKind::IsAFolder { .. } => Refusal::IsAFolder,
        ErrorKind::NotAFolder { .. } => Refusal::NotAFolder,
        ErrorKind::Invalid { .. } => Refusal::Invalid,
        _ => return None,
    })
}
