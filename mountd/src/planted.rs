//! A dataset over a real folder, and a file system that shows it: for tests without a kernel.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use veneer::Result;
use veneer::base;
use veneer::dataset::{Dataset, Datasets, Draft, Import, NewFile, Outcome};
use veneer::model::{BranchName, DataPath, Id, Kind};
use veneer::source::{OnDrift, ScanOptions, Source};
use veneer::store::{MemoryStore, Store};

use crate::attributes::{Attributes, Listed, Owner, Room};
use crate::estate::History;
use crate::filesystem::{Detail, FileSystem, Wait};
use crate::follow::{Follow, Follower, Kernel};
use crate::gate::Gate;
use crate::inode::Number;
use crate::journal::Journal;
use crate::profile::Profile;
use crate::shown::Shown;
use crate::veneer_folder::{Info, VeneerFolder};

pub(crate) const OWNER: Owner = Owner { user: 1000, group: 100 };

/// A source, a store, and a mount of `main` without a kernel.
pub(crate) struct Planted {
    pub(crate) source: TempDir,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) dataset: Dataset,
    pub(crate) fs: Arc<FileSystem>,
    pub(crate) follower: Follower,
    pub(crate) forgotten: Arc<Mutex<Vec<Forgotten>>>,
    pub(crate) history: Arc<Noted>,
}

/// A journal that a test can read.
pub(crate) struct Noted(pub(crate) Mutex<History>);

impl Journal for Noted {
    fn shows(&self, revision: Id, begins: bool) {
        self.0.lock().expect("no panic").add(revision, begins);
    }

    fn settled(&self) {
        self.0.lock().expect("no panic").settle();
    }
}

/// What the kernel was told to forget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Forgotten {
    Entry(Number, String),
    Folder(Number),
}

struct Recorder(Arc<Mutex<Vec<Forgotten>>>);

impl Kernel for Recorder {
    fn forget_entry(&self, folder: Number, name: &[u8]) {
        let name = String::from_utf8_lossy(name).into_owned();
        self.0.lock().expect("no panic").push(Forgotten::Entry(folder, name));
    }

    fn forget_folder(&self, folder: Number) {
        self.0.lock().expect("no panic").push(Forgotten::Folder(folder));
    }
}

pub(crate) fn path(text: &str) -> DataPath {
    text.parse().expect("a valid path")
}

/// Writes files into a folder; a path that ends with a slash is an empty folder, `->` makes a link.
pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let at = folder.join(name);
        fs::create_dir_all(at.parent().expect("not the root")).expect("a folder");
        match content.strip_prefix("->") {
            Some(target) => std::os::unix::fs::symlink(target, at).expect("a link"),
            None if name.ends_with('/') => fs::create_dir_all(at).expect("a folder"),
            None => fs::write(at, content).expect("a file"),
        }
    }
}

impl Planted {
    pub(crate) fn new(files: &[(&str, &str)]) -> Planted {
        Planted::with_drift(files, OnDrift::Error)
    }

    pub(crate) fn with_drift(files: &[(&str, &str)], drift: OnDrift) -> Planted {
        let source = tempfile::tempdir().expect("a folder");
        write(source.path(), files);
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let datasets = Datasets::new(Arc::clone(&store));
        let base = scanned(&*store, source.path());
        let name = "traffic".parse().expect("a name");
        let import = Import { name: &name, source: source.path(), base, author: "ann" };
        let first = datasets.import(&import).expect("imported");
        let dataset = datasets.open(&name).expect("imported");
        let view = dataset.view(first).expect("a view");
        let shown = Shown::first(view, first, VeneerFolder::new(&info(), first, 0));
        let fs = Arc::new(FileSystem::new(shown, OWNER, drift));
        let forgotten = Arc::default();
        let history = Arc::new(Noted(Mutex::new(History::new(first))));
        let follower = Follower {
            dataset: dataset.clone(),
            store: Arc::clone(&store),
            branch: BranchName::main(),
            file_system: Arc::clone(&fs),
            info: info(),
            kernel: Box::new(Recorder(Arc::clone(&forgotten))),
            keep: Box::new(|_| Ok(())),
            gate: Arc::new(Gate::default()),
            journal: Arc::clone(&history) as Arc<dyn Journal>,
        };
        Planted { source, store, dataset, fs, follower, forgotten, history }
    }

    /// Commits edits to `main`, and has the mount follow.
    pub(crate) fn commit(&self, edits: impl FnOnce(&mut Draft) -> Result<()>) -> Id {
        let writer = "ann".parse().expect("a name");
        let mut draft = self.dataset.draft(&BranchName::main(), &writer).expect("a draft");
        edits(&mut draft).expect("edits");
        draft.save("edits").expect("saved");
        let Outcome::Done { revision, .. } = draft.commit("edits", "ann").expect("committed") else {
            panic!("nothing else commits")
        };
        assert!(self.follower.catch_up().expect("followed"));
        revision
    }

    /// Records the source as it is now, and has the mount follow.
    pub(crate) fn refresh(&self) {
        self.refresh_branch(&BranchName::main());
        assert!(self.follower.catch_up().expect("followed"));
    }

    /// Records the source as it is now on a branch that is not mounted, perhaps.
    pub(crate) fn refresh_branch(&self, branch: &BranchName) {
        let base = scanned(&*self.store, self.source.path());
        let refreshed = self.dataset.refresh(branch, base, "ann").expect("refreshed");
        assert!(refreshed.conflicts.is_empty());
    }

    pub(crate) fn take_forgotten(&self) -> Vec<Forgotten> {
        let mut all = std::mem::take(&mut *self.forgotten.lock().expect("no panic"));
        all.sort();
        all.dedup();
        all
    }

    /// Looks a path up, name by name.
    pub(crate) fn find(&self, text: &str) -> Option<Attributes> {
        let mut found = self.fs.attributes(Number::ROOT).expect("a root");
        for name in text.split('/').filter(|name| !name.is_empty()) {
            found = self.fs.lookup(found.number, name.as_bytes()).expect("an answer")?;
        }
        Some(found)
    }

    pub(crate) fn number(&self, text: &str) -> Number {
        self.find(text).unwrap_or_else(|| panic!("there is no `{text}`")).number
    }

    pub(crate) fn read(&self, number: Number) -> Result<String> {
        let mut buffer = vec![0; 1 << 16];
        let read = self.fs.read(number, 0, &mut buffer, Wait::Yes)?.expect("it may wait");
        Ok(String::from_utf8_lossy(&buffer[..read]).into_owned())
    }

    /// All entries below a folder with content or target, gathered by listings of a few entries each.
    pub(crate) fn tree(&self) -> BTreeMap<String, String> {
        let mut tree = BTreeMap::new();
        self.gather("", Number::ROOT, &mut tree);
        tree
    }

    fn gather(&self, folder: &str, number: Number, tree: &mut BTreeMap<String, String>) {
        for (_, name, attributes) in self.list(number, 3).into_iter().skip(2) {
            let at = format!("{folder}{name}");
            let content = match attributes.kind {
                Kind::File => self.read(attributes.number).expect("readable"),
                Kind::Symlink => {
                    format!("->{}", String::from_utf8_lossy(&self.fs.link_target(attributes.number).expect("a link")))
                }
                Kind::Folder => {
                    self.gather(&format!("{at}/"), attributes.number, tree);
                    String::new()
                }
            };
            let name = if attributes.kind == Kind::Folder { format!("{at}/") } else { at };
            assert!(tree.insert(name, content).is_none(), "listed twice");
        }
    }

    /// Lists a folder by requests that have room for `room` entries.
    pub(crate) fn list(&self, folder: Number, room: usize) -> Vec<(u64, String, Attributes)> {
        let mut all: Vec<(u64, String, Attributes)> = Vec::new();
        loop {
            let before = all.len();
            let after = all.last().map_or(0, |(cookie, ..)| *cookie);
            self.list_some(folder, after, room, &mut all);
            if all.len() == before {
                return all;
            }
        }
    }

    pub(crate) fn list_some(&self, folder: Number, after: u64, room: usize, all: &mut Vec<(u64, String, Attributes)>) {
        let end = all.len() + room;
        self.fs
            .list(folder, after, Detail::Attributes, &mut |Listed { cookie, name, attributes }| {
                if all.len() == end {
                    return Room::Full;
                }
                all.push((cookie, String::from_utf8_lossy(name).into_owned(), attributes));
                Room::Taken
            })
            .expect("listed");
    }
}

/// Puts a file with a text.
pub(crate) fn put(draft: &mut Draft, at: &str, text: &str) -> Result<()> {
    draft.put(&path(at), NewFile { content: &mut text.as_bytes(), mode: None, mtime_ns: None })
}

fn scanned(store: &dyn Store, folder: &Path) -> Id {
    let scan = Source::open(folder).and_then(|source| source.scan(&ScanOptions::default())).expect("scanned");
    base::store(store, scan.tree).expect("stored")
}

pub(crate) fn info() -> Info {
    Info {
        path: "/mnt/traffic".to_owned(),
        dataset: "traffic".to_owned(),
        reference: "main".to_owned(),
        revision: String::new(),
        mode: "follow".into(),
        profile: Profile::SmallFiles,
        profile_why: "a test".to_owned(),
        pid: 1,
        supervisor: Some(2),
        control: None,
        store: "/store".to_owned(),
        version: "0".to_owned(),
        log: None,
    }
}
