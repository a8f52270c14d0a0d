//! A process that is killed while it commits, on a real disk with sled.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::super::fake::Random;
use super::super::{Access, LocalStore};
use super::folder::{name, swap};
use crate::model::{Id, ObjectKind};
use crate::store::Store;

/// Tells the test that it is the one to be killed, and where its store is.
const VICTIM: &str = "VENEER_TEST_VICTIM";
const KILLS: usize = 200;

fn body(count: u64) -> Vec<u8> {
    format!("commit {count}").into_bytes()
}

fn count_in(store: &LocalStore) -> u64 {
    let Some(value) = store.read_ref(&name("main")).expect("read") else { return 0 };
    let body = store.get(value.id).expect("what the ref names is there");
    String::from_utf8_lossy(&body).trim_start_matches("commit ").parse().expect("a number")
}

/// Commits for ever, and says each time that it was told it is durable.
fn commit_for_ever(path: &Path) {
    let store = LocalStore::open(path, Access::Own).expect("owned");
    let mut count = count_in(&store);
    loop {
        count += 1;
        let len = if count.is_multiple_of(10) { 70_000 } else { 500 };
        store.put(ObjectKind::Blob, &count.to_be_bytes().repeat(len / 8)).expect("put");
        let expected = store.read_ref(&name("main")).expect("read");
        store.apply(&swap("main", expected, &body(count))).expect("applied");
        std::io::stdout().write_all(format!("done {count}\n").as_bytes()).expect("told");
    }
}

#[test]
fn what_a_killed_process_was_told_is_durable_is_there() {
    if let Some(path) = std::env::var_os(VICTIM) {
        return commit_for_ever(Path::new(&path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    drop(LocalStore::create(&path).expect("made"));
    let mut random = Random::new(std::process::id().into());
    let mut total = 0;
    for kill in 0..KILLS {
        // Half of them while they open the store or soon after, half of them in the midst of committing.
        let after = Duration::from_micros(random.below(if kill % 2 == 0 { 25_000 } else { 4_000 }));
        let told = kill_one(&path, kill % 2 == 1, after);
        let store = LocalStore::open(&path, Access::Own).expect("a kill is no damage");
        let count = count_in(&store);
        assert!(count >= told, "kill {kill}: told {told}, there is {count}");
        total = count.max(total);
        for id in (1..=count).rev().take(20).map(|count| Id::of(&body(count))) {
            assert!(store.has(id).expect("looked"), "kill {kill}");
        }
        drop(store);
        if kill % 20 == 19 {
            let report = LocalStore::fsck(&path, Duration::from_secs(5)).expect("checked");
            assert!(report.is_clean(), "{report:#?}");
        }
    }
    assert!(total > 100, "only {total} commits came through");
}

/// Starts a victim, kills it after a while, and returns what it was told last.
fn kill_one(path: &Path, once_it_commits: bool, after: Duration) -> u64 {
    let name = "store::local::tests::killed::what_a_killed_process_was_told_is_durable_is_there";
    let mut victim = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--nocapture"])
        .env(VICTIM, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(victim.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let count = |line: String| line.strip_prefix("done ").and_then(|count| count.parse().ok());
    let first = if once_it_commits { lines.by_ref().find_map(count) } else { None };
    std::thread::sleep(after);
    victim.kill().expect("killed");
    let told = lines.filter_map(count).max().or(first);
    victim.wait().expect("it ended");
    told.unwrap_or(0)
}
