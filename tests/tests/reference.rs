//! Drafts, revisions and diffs under random operations, against a plain map.

use std::sync::Arc;

use harness::reference::{Edit, known_path};
use harness::through::{self, refusal_of, tree_of};
use harness::{Home, Rng, Thing, Tree, source};
use veneer::ErrorKind;
use veneer::dataset::{Dataset, Draft, Outcome, diff};
use veneer::model::{BranchName, DataPath, Id, PathChange, What};
use veneer::store::{LocalStore, MemoryStore, Store};

fn main() -> BranchName {
    "main".parse().expect("a name")
}

fn some_source() -> Tree {
    source! {
        "a/a": "1", "a/b": "22", "a/c/a": "333", "a!/b": "4", "a.b": "5", "b": "666", "c/a/a": "7", "c/a/b": "8",
        "l": harness::literal::link("a/a"), b"\xff\xfe/a": "9", "aa/b/c/a": "10",
    }
}

/// A dataset and what it must be: the draft's tree, its steps, and every revision that was made.
struct Pair {
    dataset: Dataset,
    draft: Draft,
    tree: Tree,
    /// Label of a step, and the tree before it; the newest is the last.
    done: Vec<(String, Tree)>,
    /// Label of a step that was undone, and the tree after it.
    undone: Vec<(String, Tree)>,
    revisions: Vec<(Id, Tree)>,
}

impl Pair {
    fn new(dataset: Dataset, tree: Tree) -> Pair {
        let head = dataset.head(&main()).expect("imported").id;
        let draft = through::draft(&dataset, &main()).expect("a draft");
        Pair { dataset, draft, revisions: vec![(head, tree.clone())], tree, done: Vec::new(), undone: Vec::new() }
    }

    fn check(&self) {
        assert_eq!(tree_of(self.draft.view()).expect("readable"), self.tree);
    }

    fn step(&mut self, rng: &mut Rng, label: &str) {
        let (before, root) = (self.tree.clone(), self.draft.view().overlay().root());
        for _ in 0..=rng.below(3) {
            if rng.one_in(6) {
                self.restore(rng);
                continue;
            }
            let edit = Edit::random(rng, &self.tree);
            let refused =
                through::edit(&mut self.draft, &edit).err().map(|error| refusal_of(&error).expect("a refusal"));
            assert_eq!(refused, self.tree.apply(&edit).err(), "{edit:?} on {:#?}", self.tree);
        }
        self.check();
        self.draft.save(label).expect("it can be saved");
        // Edits that were all refused, or that cancel out, are no step.
        if self.draft.view().overlay().root() == root {
            assert_eq!(self.tree, before);
            return;
        }
        self.done.push((label.to_owned(), before));
        self.undone.clear();
    }

    /// Takes a path, or the absence of one, from any revision.
    fn restore(&mut self, rng: &mut Rng) {
        let (id, from) = rng.pick(&self.revisions).clone();
        let tree = if rng.one_in(2) { &from } else { &self.tree };
        let path = known_path(rng, tree);
        let view = self.dataset.view(id).expect("stored");
        let restored = self.draft.restore(&DataPath::parse(&path).expect("a path"), &view);
        let refused = restored.err().map(|error| refusal_of(&error).expect("a refusal"));
        assert_eq!(refused, self.tree.restore(&path, &from).err(), "restore {} from {from:#?}", path.escape_ascii());
        self.check();
    }

    fn undo(&mut self) {
        match self.draft.undo() {
            Ok(label) => {
                let (done, before) = self.done.pop().expect("only what was done can be undone");
                assert_eq!(done, label);
                self.undone.push((done, std::mem::replace(&mut self.tree, before)));
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Nothing { .. }), "{error}");
                assert!(self.done.is_empty(), "a step was not undone");
            }
        }
        self.check();
    }

    fn redo(&mut self) {
        match self.draft.redo() {
            Ok(label) => {
                let (done, after) = self.undone.pop().expect("only what was undone can be done again");
                assert_eq!(done, label);
                self.done.push((done, std::mem::replace(&mut self.tree, after)));
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Nothing { .. }), "{error}");
                assert!(self.undone.is_empty(), "a step was not redone");
            }
        }
        self.check();
    }

    fn commit(&mut self, message: &str) {
        let (head, old) = self.revisions.last().expect("the import is the first").clone();
        match self.draft.commit(message, through::AUTHOR) {
            Ok(Outcome::Done { revision, .. }) => {
                let (before, after) = (self.dataset.view(head), self.dataset.view(revision));
                let (before, after) = (before.expect("stored"), after.expect("stored"));
                check_diff(&diff(&before, &after).expect("both are stored"), &old, &self.tree);
                check_totals(&after, &self.tree);
                self.revisions.push((revision, self.tree.clone()));
            }
            Ok(other) => panic!("a commit with nobody else ended as {other:?}"),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Nothing { .. }), "{error}");
                assert_eq!(self.tree, old, "there was something to commit");
                return;
            }
        }
        (self.done, self.undone) = (Vec::new(), Vec::new());
        self.check();
    }

    fn reopen(&mut self) {
        self.draft = through::draft(&self.dataset, &main()).expect("the draft is kept");
        self.check();
    }

    fn check_all_revisions(&self) {
        for (id, tree) in &self.revisions {
            assert_eq!(tree_of(&self.dataset.view(*id).expect("stored")).expect("readable"), *tree, "revision {id}");
        }
    }
}

/// Every listed difference is one, and every difference is listed or lies below one that is.
fn check_diff(changes: &[PathChange], old: &Tree, new: &Tree) {
    let at = |tree: &Tree, path: &DataPath| tree.0.get(path.as_bytes()).cloned();
    let size = |thing: Option<Thing>| match thing {
        Some(Thing::File(bytes, _) | Thing::Link(bytes)) => Some(bytes.len() as u64),
        _ => None,
    };
    for change in changes {
        let before = at(old, &path_before(change, changes)).or_else(|| at(old, &change.path));
        let after = at(new, &change.path);
        let fits = match change.what {
            What::Added => after.is_some(),
            What::Removed => before.is_some(),
            What::Modified | What::Renamed => before.is_some() && after.is_some(),
        };
        assert!(fits, "{change:?} from {old:#?} to {new:#?}");
        let sizes = match change.what {
            What::Added => (None, size(after)),
            What::Removed => (size(before), None),
            What::Modified | What::Renamed => (size(before), size(after)),
        };
        assert_eq!((change.size_before, change.size_after), sizes, "{change:?}");
    }
    let differing = old.0.keys().chain(new.0.keys()).filter(|path| old.0.get(*path) != new.0.get(*path));
    for path in differing {
        let path = DataPath::parse(path).expect("a path");
        // A folder that became a file, or a file that became a folder, stands for all below it.
        let is_folder = |tree: &Tree, path: &DataPath| at(tree, path) == Some(Thing::Folder);
        let covers = |change: &PathChange| match change.what {
            What::Modified if is_folder(old, &change.path) == is_folder(new, &change.path) => change.path == path,
            _ => path.is_within(&change.path) || change.from.as_ref().is_some_and(|from| path.is_within(from)),
        };
        assert!(changes.iter().any(covers), "`{path}` differs and is not among {changes:#?}");
    }
}

/// Where the entry was in the old tree: below a renamed folder it is told by its new path.
fn path_before(change: &PathChange, changes: &[PathChange]) -> DataPath {
    if let Some(from) = &change.from {
        return from.clone();
    }
    let folders = changes.iter().filter(|other| other.path != change.path);
    let nearest = folders
        .filter_map(|other| Some((other.path.as_bytes().len(), change.path.moved(&other.path, other.from.as_ref()?)?)))
        .max_by_key(|(len, _)| *len);
    nearest.map_or_else(|| change.path.clone(), |(_, path)| path)
}

fn check_totals(view: &veneer::dataset::View, tree: &Tree) {
    let totals = view.totals().expect("countable");
    let count = |of: fn(&Thing) -> bool| tree.0.values().filter(|thing| of(thing)).count() as u64;
    assert_eq!(totals.files, count(|thing| matches!(thing, Thing::File(..))));
    assert_eq!(totals.folders, count(|thing| matches!(thing, Thing::Folder)));
    assert_eq!(totals.symlinks, count(|thing| matches!(thing, Thing::Link(_))));
    let bytes: usize =
        tree.0.values().map(|thing| if let Thing::File(bytes, _) = thing { bytes.len() } else { 0 }).sum();
    assert_eq!(totals.bytes, bytes as u64);
}

fn dataset(store: Arc<dyn Store>, home: &Home, tree: &Tree) -> Dataset {
    let folder = home.source("src", tree);
    through::import(store, &"d".parse().expect("a name"), &folder).expect("imported")
}

fn random_life(store: Arc<dyn Store>, home: &Home, rounds: usize) {
    let mut rng = Rng::seeded();
    let mut pair = Pair::new(dataset(store, home, &some_source()), some_source());
    pair.check();
    for round in 0..rounds {
        match rng.below(20) {
            0..=11 => pair.step(&mut rng, &format!("step {round}")),
            12..=14 => pair.undo(),
            15..=16 => pair.redo(),
            17 => pair.reopen(),
            _ => pair.commit(&format!("commit {round}")),
        }
    }
    pair.check_all_revisions();
}

#[test]
fn a_draft_and_its_revisions_are_what_a_plain_map_says() {
    for _ in 0..8 {
        let home = Home::new();
        random_life(Arc::new(MemoryStore::default()), &home, 120);
    }
}

#[test]
fn a_store_on_the_disk_makes_no_difference() {
    let home = Home::new();
    let store = Arc::new(LocalStore::create(&home.store()).expect("a new store"));
    let before = harness::checksum(&home.source("untouched", &some_source())).expect("readable");
    random_life(store, &home, 120);
    assert_eq!(harness::checksum(&home.join("untouched")).expect("readable"), before);
}

#[test]
fn a_source_is_byte_for_byte_what_it_was_after_all_kinds_of_edits() {
    let home = Home::new();
    let dataset = dataset(Arc::new(MemoryStore::default()), &home, &some_source());
    let before = harness::checksum(&home.join("src")).expect("readable");
    let mut pair = Pair::new(dataset, some_source());
    let mut rng = Rng::seeded();
    for round in 0..40 {
        pair.step(&mut rng, &format!("step {round}"));
    }
    pair.commit("all of it");
    assert_eq!(harness::checksum(&home.join("src")).expect("readable"), before);
}
