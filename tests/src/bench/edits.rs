//! What changes cost: a commit of 1,000 edits, the diff of two revisions, the log.

use std::sync::Arc;
use std::time::Duration;

use harness::{Rng, generate, wait};
use veneer::dataset::{Dataset, Datasets, NewFile, diff as diff_views};
use veneer::model::{DataPath, WriterName};
use veneer::store::{Access, LocalStore};

use crate::table::{Goal, Table, median, median_ms};
use crate::world::{World, durable_write};

/// How many files every measured commit changes.
const EDITS: usize = 1_000;
/// How many commits are measured.
const COMMITS: usize = 5;

/// Commits 1,000 random edits, several times: how long, and how many bytes from the first edit to the commit's end.
pub(crate) fn commit(world: &World, table: &mut Table) {
    let mut rng = Rng::from_seed(1);
    let (mut times, mut bytes, mut draft_bytes, mut sled_bytes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..COMMITS {
        let start = truth_bytes(world);
        let sled = world.stored_bytes("meta");
        edit(world, &mut rng, EDITS, round);
        let edited = truth_bytes(world);
        times.push(world.veneer("commit d -m edits"));
        bytes.push((truth_bytes(world) - start) as f64 / 1024.0);
        draft_bytes.push((edited - start) as f64 / 1024.0);
        sled_bytes.push(world.stored_bytes("meta").saturating_sub(sled) as f64 / 1024.0);
    }
    let first_kib = bytes[0];
    let floors: Vec<Duration> =
        (0..COMMITS).map(|_| durable_write(world.home.path(), (first_kib * 1024.0) as u64)).collect();
    let floor = Some(("write and sync as many bytes", median_ms(&floors)));
    table.add("commit of 1,000 edits, whole process", "ms", median_ms(&times), floor, &Goal::AtMost(100.0));
    table.add("written by the first 1,000 edits and their commit", "KiB", first_kib, None, &Goal::AtMost(500.0));
    let last = bytes[COMMITS - 1];
    table.add("written by the fifth 1,000 edits and their commit", "KiB", last, None, &Goal::AtMost(500.0));
    table.add("of that by the draft, median", "KiB", median(draft_bytes.into_iter()), None, &Goal::None);
    table.add("and by sled, median", "KiB", median(sled_bytes.into_iter()), None, &Goal::None);
}

/// The diff of the last two revisions, in the process and as a whole process.
pub(crate) fn diff(world: &World, table: &mut Table) {
    let dataset = open(world, Access::Read);
    let view = |text: &str| {
        let at = dataset.resolve(Some(&text.parse().expect("a ref"))).expect("five revisions were made");
        dataset.view(at.id).expect("it is stored")
    };
    let (from, to) = (view("main~1"), view("main"));
    let once = || {
        let (changes, took) = wait::timed(|| diff_views(&from, &to));
        assert!(changes.expect("both are stored").len() >= EDITS / 2, "the commits changed something");
        took
    };
    let times: Vec<Duration> = (0..9).map(|_| once()).collect();
    table.add("diff of two revisions, in process", "ms", median_ms(&times), None, &Goal::AtMost(20.0));
    let times: Vec<Duration> = (0..9).map(|_| world.veneer("diff d main~1 main")).collect();
    let floor = Some(("veneer --version", world.process_start_ms()));
    table.add("diff of two revisions, whole process", "ms", median_ms(&times), floor, &Goal::AtMost(20.0));
}

/// `veneer log -n 20` of a branch with more revisions than that.
pub(crate) fn log(world: &World, table: &mut Table) {
    let mut rng = Rng::from_seed(2);
    for round in 0..25 {
        edit(world, &mut rng, 1, 100 + round);
        world.veneer("commit d -m one");
    }
    let times: Vec<Duration> = (0..9).map(|_| world.veneer("log d -n 20")).collect();
    let floor = Some(("veneer --version", world.process_start_ms()));
    table.add("veneer log -n 20, whole process", "ms", median_ms(&times), floor, &Goal::AtMost(30.0));
}

/// Puts new content at random paths, as one step of the draft that `veneer commit` takes.
fn edit(world: &World, rng: &mut Rng, edits: usize, round: usize) {
    let writer: WriterName = "ada".parse().expect("a writer's name");
    let dataset = open(world, Access::Own);
    let mut draft = dataset.draft(&"main".parse().expect("a branch"), &writer).expect("a draft");
    for _ in 0..edits {
        let path: DataPath = generate::name(rng.below(world.files)).parse().expect("a path");
        let content = format!("round {round}: {}", rng.bits());
        let file = NewFile { content: &mut content.as_bytes(), mode: None, mtime_ns: None };
        draft.put(&path, file).expect("a file");
    }
    draft.save("edits").expect("the store can be written");
}

fn open(world: &World, access: Access) -> Dataset {
    let store = LocalStore::open(&world.home.store(), access).expect("the store is ours");
    Datasets::new(Arc::new(store)).open(&"d".parse().expect("a name")).expect("it was imported")
}

/// The bytes of the log and the object files: what is not derived from anything else.
fn truth_bytes(world: &World) -> u64 {
    world.stored_bytes("log") + world.stored_bytes("objects")
}
