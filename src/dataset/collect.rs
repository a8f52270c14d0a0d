//! Collecting garbage: what nothing [reaches](super::reach) any more is swept out of the store.

use std::time::Duration;

use super::Datasets;
use super::reach::Reach;
use crate::Result;
use crate::model::Id;
use crate::store::{Live, LocalStore, SweepOptions, Swept, pinned};

/// Removes every object that no ref, draft or live mount reaches, as the options say.
///
/// What refs pointed to within [`SweepOptions::promised`] stays as well, with all that it reaches: who has
/// read it may be about to refer to it. Others may write meanwhile; they wait while objects are removed.
///
/// # Errors
/// `Corrupt` when something reachable cannot be read: then nothing is removed.
pub fn gc(datasets: &Datasets, store: &LocalStore, options: SweepOptions) -> Result<Swept> {
    let mut needed = Needed { reach: Reach::of(datasets), store, promised: options.promised };
    // The sweep does so again, while refs stand still: then there is little left to follow.
    needed.mark()?;
    store.sweep(&mut needed, options)
}

/// What a collection keeps.
struct Needed<'a> {
    reach: Reach<'a>,
    store: &'a LocalStore,
    promised: Duration,
}

impl Live for Needed<'_> {
    fn mark(&mut self) -> Result<()> {
        self.reach.follow_refs()?;
        for (name, id) in self.store.former_refs(self.promised) {
            self.reach.follow(&name, id)?;
        }
        pinned(self.store.path())?.into_iter().try_for_each(|pinned| self.reach.revision(pinned))
    }

    fn is_live(&self, id: Id) -> bool {
        self.reach.has(id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::{Dataset, Import, NewFile, Outcome, check};
    use crate::model::{BranchName, DatasetName, ObjectKind};
    use crate::source::{ScanOptions, Source};
    use crate::store::Store;

    /// A store on a disk with a dataset `d`.
    struct World {
        _folder: tempfile::TempDir,
        store: Arc<LocalStore>,
        datasets: Datasets,
        dataset: Dataset,
    }

    impl World {
        fn new() -> World {
            let folder = tempfile::tempdir().expect("a folder");
            let source = folder.path().join("src");
            std::fs::create_dir(&source).expect("a folder");
            std::fs::write(source.join("a"), "a").expect("written");
            let store = Arc::new(LocalStore::create(&folder.path().join("store")).expect("made"));
            let datasets = Datasets::new(Arc::clone(&store) as _);
            let scan = Source::open(&source).expect("a source").scan(&ScanOptions::default()).expect("scanned");
            let base = crate::base::store(&*store, scan.tree).expect("stored");
            let name: DatasetName = "d".parse().expect("valid");
            datasets.import(&Import { name: &name, source: &source, base, author: "ann" }).expect("imported");
            let dataset = datasets.open(&name).expect("it was imported");
            World { _folder: folder, store, datasets, dataset }
        }

        /// A commit on a branch of its own that is removed again: nothing refers to it any more.
        fn forgotten(&self) -> Id {
            let branch: BranchName = "gone".parse().expect("valid");
            let head = self.dataset.head(&BranchName::main()).expect("main").id;
            self.dataset.create_branch(&branch, head).expect("made");
            let mut draft = self.dataset.draft(&branch, &"ann".parse().expect("valid")).expect("one");
            let content = vec![7; 100_000];
            let file = NewFile { content: &mut &content[..], mode: None, mtime_ns: None };
            draft.put(&"b".parse().expect("valid"), file).expect("put");
            let Ok(Outcome::Done { revision, .. }) = draft.commit("b", "ann") else { panic!("nobody else commits") };
            self.dataset.delete_branch(&branch, true).expect("removed");
            revision
        }

        fn tag(&self, revision: Id) {
            self.dataset.create_tag(&"kept".parse().expect("valid"), revision).expect("it is there");
        }

        /// Whether the revision's content is there, and everything else too.
        fn has(&self, revision: Id) -> bool {
            assert_eq!(check(&self.datasets).expect("checked"), []);
            self.dataset.view(revision).is_ok_and(|view| view.node(&"b".parse().expect("valid")).is_ok())
        }
    }

    /// What is live, and something that happens once it was looked for the first time.
    struct Interrupted<'a, F> {
        needed: Needed<'a>,
        then: Option<F>,
    }

    impl<F: FnOnce()> Live for Interrupted<'_, F> {
        fn mark(&mut self) -> Result<()> {
            self.needed.mark()
        }

        fn is_live(&self, id: Id) -> bool {
            self.needed.is_live(id)
        }
    }

    impl<F: FnOnce()> Interrupted<'_, F> {
        /// As [`gc`].
        fn gc(mut self) -> Result<Swept> {
            self.mark()?;
            self.then.take().expect("once")();
            self.needed.store.sweep(&mut self, SweepOptions::default())
        }
    }

    #[test]
    fn what_a_ref_is_set_to_between_the_marking_and_the_sweep_stays() {
        let world = World::new();
        let old = world.forgotten();
        let reach = Reach::of(&world.datasets);
        let needed = Needed { reach, store: &world.store, promised: Duration::ZERO };
        Interrupted { needed, then: Some(|| world.tag(old)) }.gc().expect("swept");
        assert!(world.has(old), "a tag names it");
        world.dataset.delete_tag(&"kept".parse().expect("valid")).expect("removed");
        assert!(gc(&world.datasets, &world.store, SweepOptions::default()).expect("swept").objects > 1);
        assert!(!world.has(old), "and nothing did before");
    }

    #[test]
    fn what_was_put_or_pointed_to_a_moment_ago_stays_as_long_as_was_promised() {
        let world = World::new();
        let (old, loose) = (world.forgotten(), vec![8; 70_000]);
        let large = world.store.put(ObjectKind::Blob, &loose).expect("put");
        let small = world.store.put(ObjectKind::Blob, b"small").expect("put");
        let promised = SweepOptions { promised: Duration::from_secs(600), ..SweepOptions::default() };
        assert_eq!(gc(&world.datasets, &world.store, promised).expect("swept").objects, 0);
        assert!(world.has(old) && world.store.has(large).expect("asked") && world.store.has(small).expect("asked"));
        // Time passes: what was put is as any other object, until somebody hears that it is there.
        let swept = gc(&world.datasets, &world.store, SweepOptions { dry_run: true, ..SweepOptions::default() });
        assert!(swept.expect("counted").objects >= 4);
        let waited = Duration::from_secs(1);
        std::thread::sleep(waited + Duration::from_millis(50));
        assert!(world.store.keep(large).expect("asked"));
        gc(&world.datasets, &world.store, SweepOptions { promised: waited, ..SweepOptions::default() }).expect("swept");
        assert!(world.store.has(large).expect("asked") && !world.store.has(small).expect("asked"));
        assert!(!world.has(old) && !world.store.keep(small).expect("asked"));
    }
}
