//! A service looks after its store while others write: what is needed, or may be in a moment, stays.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::service::Service;
use harness::{Home, Rng, source};
use serde_json::json;
use veneer::dataset::{Dataset, Datasets, NewFile};
use veneer::model::{BranchName, WriterName};
use veneer::store::{Credentials, RemoteStore};
use veneer::{ErrorKind, Result};

/// So many different contents are written again and again.
const CONTENTS: usize = 60;

/// A content: in the log, in a file, or one that is asked for before it is sent.
fn content(number: usize) -> Vec<u8> {
    let len = match number % 6 {
        0 => 1_200_000,
        1 | 2 => 70_000,
        _ => 300,
    };
    Rng::from_seed(number as u64).bytes(len)
}

/// Whatever was done, unless there was nothing to do: a file may have been put as it was.
fn or_nothing<T>(done: Result<T>) -> Result<()> {
    match done {
        Err(error) if matches!(error.kind(), ErrorKind::Nothing { .. }) => Ok(()),
        done => done.map(drop),
    }
}

/// What somebody does to a branch of their own: edits, taken back and committed; in the end it is removed or kept.
fn work(dataset: &Dataset, name: &str, rng: &mut Rng) -> Result<()> {
    let (branch, writer): (BranchName, WriterName) = (name.parse()?, name.parse()?);
    let head = dataset.head(&BranchName::main())?.id;
    match dataset.create_branch(&branch, head) {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists { .. }) => {}
        made => made?,
    }
    let mut draft = dataset.draft(&branch, &writer)?;
    for step in 0..1 + rng.below(4) {
        let bytes = content(rng.below(CONTENTS));
        let file = NewFile { content: &mut &bytes[..], mode: None, mtime_ns: None };
        draft.put(&format!("{name}-{}", rng.below(40)).parse()?, file)?;
        draft.save(&format!("step {step}"))?;
        if rng.one_in(3) {
            or_nothing(draft.undo())?;
        }
    }
    or_nothing(draft.commit("some of it", name))?;
    match rng.below(4) {
        0 => dataset.delete_branch(&branch, true).map(drop),
        _ => Ok(()),
    }
}

#[test]
fn a_service_collects_beside_those_who_commit_and_takes_nothing_of_theirs() {
    let home = Home::with(&source! { "a.txt": "a" });
    let mut removed = 0;
    // What nobody needs of a round is old in the next: only a service that was there promises to keep it.
    for round in 0..4 {
        let service = Service::start(&home);
        let is_over = AtomicBool::new(false);
        let committed: usize = thread::scope(|scope| {
            let workers: Vec<_> = ["ann", "bob", "cyd"]
                .into_iter()
                .map(|name| {
                    let (service, home, is_over) = (&service, &home, &is_over);
                    scope.spawn(move || {
                        let store =
                            RemoteStore::at(&service.url(), Credentials::default(), home.path()).expect("a URL");
                        let dataset = Datasets::new(Arc::new(store)).open(&"d".parse().expect("valid")).expect("there");
                        let mut rng = Rng::seeded();
                        let mut done = 0;
                        while !is_over.load(Ordering::Relaxed) {
                            work(&dataset, name, &mut rng).unwrap_or_else(|error| panic!("{name}: {error}: {error:?}"));
                            done += 1;
                        }
                        done
                    })
                })
                .collect();
            let until = Instant::now() + Duration::from_secs(2);
            while Instant::now() < until {
                thread::sleep(Duration::from_millis(20));
                let (status, swept) = service.ask("POST", "/v1/gc", Some(&json!({ "grace_seconds": 0 })));
                assert_eq!(status, 200, "{swept}");
                removed += swept["objects"].as_u64().expect("a number");
            }
            is_over.store(true, Ordering::Relaxed);
            workers.into_iter().map(|worker| worker.join().expect("nothing is missing")).sum()
        });
        assert!(committed > 3, "round {round}: only {committed} rounds of work");
        let found = home.json("fsck");
        assert_eq!(found["problems"], json!([]), "round {round}: {found:#}");
        drop(service);
        home.has_lost_nothing();
    }
    assert!(removed > 20, "only {removed} objects were removed");
    home.ok("gc --grace 0s");
    home.ok("fsck");
}

#[test]
fn gc_asks_the_service_that_has_the_store() {
    let home = Home::with(&source! { "a.txt": "a" });
    home.file("large", vec![7; 200_000]);
    for line in ["put d b.txt large", "discard d"] {
        home.ok(line);
    }
    home.ok("branch d gone");
    home.ok("put d@gone c.txt large");
    home.ok("commit d@gone -m c");
    home.ok("branch d -d gone --force");
    let service = Service::start(&home);
    let over_url = format!("--store {}", service.url());
    let dry = home.json("gc --grace 0s --dry-run");
    assert_eq!(dry["dry_run"], true, "{dry}");
    assert!(dry["objects"].as_u64().is_some_and(|objects| objects > 0), "{dry}");
    assert_eq!(home.json(&format!("{over_url} gc --dry-run"))["objects"], 0, "all is younger than a day");
    assert_eq!(home.json(&format!("{over_url} gc --grace 0s"))["objects"], dry["objects"]);
    assert_eq!(home.json("gc --grace 0s")["objects"], 0);
    // What is read, removed and then wanted again is there: the service keeps what was referred to lately.
    home.ok("branch d late");
    home.ok("put d@late c.txt large");
    home.ok("commit d@late -m c");
    let late = home.json("log d@late")[0]["id"].as_str().expect("an id").to_owned();
    home.ok("branch d -d late --force");
    assert_eq!(home.json("gc --grace 0s")["objects"], 0);
    home.ok(&format!("tag d kept {late}"));
    home.ok("fsck");
    drop(service);
    home.ok("gc --grace 0s");
    assert_eq!(home.ok("cat d@kept c.txt").len(), 200_000);
}

/// The largest file in a folder and those below it.
fn largest(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the store").flatten();
    let files = entries.filter_map(|entry| match entry.path() {
        path if path.is_dir() => largest(&path),
        path => Some(path),
    });
    files.max_by_key(|path| path.metadata().map_or(0, |found| found.len()))
}

#[test]
fn fsck_finds_beside_the_service_what_is_damaged_and_says_what_it_did_not_look_at() {
    let home = Home::with(&source! { "a.txt": "a" });
    home.file("large", vec![7; 200_000]);
    home.ok("put d large large");
    home.ok("put d small large");
    let service = Service::start(&home);
    home.ok("commit d -m large");
    let over_url = format!("--store {}", service.url());
    let alone = ["fsck", &format!("{over_url} fsck")].map(|line| home.json(line));
    for found in &alone {
        assert_eq!((&found["problems"], &found["refs"]), (&json!([]), &json!(2)), "{found:#}");
        assert!(found["notes"][0].as_str().is_some_and(|note| note.contains("the index")), "{found:#}");
        assert!(found["bytes"].as_u64().is_some_and(|bytes| bytes > 200_000), "{found:#}");
    }
    let large = largest(&home.store().join("objects")).expect("an object has a file");
    fs::set_permissions(&large, fs::Permissions::from_mode(0o644)).expect("our own store");
    let mut bytes = fs::read(&large).expect("our own store");
    bytes[100_000] ^= 1;
    fs::write(&large, bytes).expect("our own store");
    for line in ["--json fsck", &format!("{over_url} --json fsck")] {
        let ran = home.run(line);
        let found = serde_json::from_str::<serde_json::Value>(&ran.stdout);
        let found = found.unwrap_or_else(|_| panic!("no JSON: {:?} {} {}", ran.code, ran.stdout, ran.stderr));
        assert_eq!((ran.code, &found["problems"][0]["can_be_rebuilt"]), (Some(1), &json!(false)), "{found:#}");
        assert_eq!(found["problems"][0]["why"], "its bytes have another hash");
    }
    let said = home.fails(&format!("{over_url} fsck --rebuild"), 3);
    assert!(said.contains("a service has the store") && said.contains("\nhint: "), "{said}");
}
