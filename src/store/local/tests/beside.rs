//! Several processes at one store: an owner, another who wants to be, readers, and a read-only disk.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::{Access, LocalStore, SweepOptions, open};
use super::folder::{Folder, QUICK, SHORTLY, name, swap};
use crate::ErrorKind;
use crate::model::{Id, ObjectKind};
use crate::store::{Batch, Store, Verified};

/// Takes what is so old.
fn after(grace: Duration) -> SweepOptions {
    SweepOptions { grace, ..SweepOptions::default() }
}

#[test]
fn a_second_owner_is_told_who_the_first_is() {
    let folder = Folder::new();
    let first = folder.own().expect("owned");
    let begin = Instant::now();
    let error = LocalStore::open_within(&folder.path(), Access::Own, Duration::from_millis(50)).expect_err("busy");
    assert!(begin.elapsed() >= Duration::from_millis(50), "it waited");
    let ErrorKind::StoreBusy { owner, .. } = error.kind() else { panic!("{error}") };
    assert!(owner.contains(&std::process::id().to_string()), "{owner}");
    drop(first);
    folder.own().expect("it is free");
}

#[test]
fn who_waits_gets_the_store_when_its_owner_is_done() {
    let folder = Folder::new();
    let first = folder.own().expect("owned");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| LocalStore::open_within(&folder.path(), Access::Own, Duration::from_secs(20)));
        std::thread::sleep(Duration::from_millis(30));
        drop(first);
        second.join().expect("joined").expect("owned");
    });
}

#[test]
fn a_reader_changes_nothing_and_says_so() {
    let folder = Folder::new();
    let reader = folder.read().expect("opened");
    let error = reader.put(ObjectKind::Blob, b"x").expect_err("only reading");
    assert!(matches!(error.kind(), ErrorKind::ReadOnly { .. }), "{error}");
    reader.apply(&Batch::default()).expect_err("only reading");
    reader.sweep(&mut |_| true, SweepOptions::default()).expect_err("only reading");
}

#[test]
fn a_reader_sees_a_commit_within_ten_milliseconds() {
    let mut folder = Folder::new();
    let reader = folder.read().expect("opened beside nobody");
    let owner = folder.own().expect("owned");
    let mut delays = Vec::new();
    for n in 0..20_u8 {
        let last = reader.watch_refs(0, Duration::ZERO).expect("the present number");
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let op = reader.watch_refs(last, Duration::from_secs(20)).expect("watched");
                (op, Instant::now())
            });
            std::thread::sleep(Duration::from_millis(5));
            folder.commit(&owner, "main", &[b'w', n]);
            let committed = Instant::now();
            let (op, woken) = watcher.join().expect("joined");
            let value = reader.read_ref(&name("main")).expect("read").expect("there");
            assert_eq!((value.id, value.op), (Id::of(&[b'w', n]), op));
            assert_eq!(&reader.get(value.id).expect("read")[..], &[b'w', n]);
            delays.push(woken.saturating_duration_since(committed));
        });
    }
    delays.sort_unstable();
    // On a machine that does other work a thread may wait long for a processor, but not always.
    assert!(delays[0] < Duration::from_millis(10), "{delays:?}");
    assert!(delays[10] < Duration::from_millis(500), "it was told, and did not only look: {delays:?}");
    assert!(folder.check(reader));
}

#[test]
fn a_reader_finds_what_came_since_it_opened_without_waiting() {
    let mut folder = Folder::new();
    let reader = folder.read().expect("opened");
    let owner = folder.own().expect("owned");
    // Enough for several log files.
    for n in 0..60_u8 {
        folder.commit(&owner, "main", &[n; 200]);
    }
    assert!(reader.has(Id::of(&[59; 200])).expect("looked"));
    assert_eq!(reader.list_refs("").expect("listed").len(), 2);
    assert!(fs::read_dir(folder.path().join("log")).expect("listed").count() > 3, "it rotated");
    assert!(folder.check(reader) && folder.check(owner));
}

#[test]
fn a_reader_goes_on_while_the_log_is_swept_and_written_anew() {
    let mut folder = Folder::new();
    let reader = folder.read().expect("opened");
    let owner = folder.own().expect("owned");
    for n in 0..60_u8 {
        folder.commit(&owner, "main", &[n; 200]);
    }
    let large = folder.bodies.iter().find(|(_, body)| body.len() == 70_000).map(|(id, _)| *id).expect("one");
    let open = Verified::new(Arc::new(folder.read().expect("opened"))).open(large).expect("a large object");
    let live: Vec<Id> = folder.refs.values().map(|value| value.id).collect();
    let dry_run = SweepOptions { dry_run: true, ..SweepOptions::default() };
    let dry = owner.sweep(&mut |id| live.contains(&id), dry_run).expect("counted");
    let young = owner.sweep(&mut |id| live.contains(&id), after(Duration::from_secs(3600))).expect("swept");
    assert_eq!((young.objects, young.kept_young), (0, dry.objects), "all are young");
    let swept = owner.sweep(&mut |id| live.contains(&id), SweepOptions::default()).expect("swept");
    assert_eq!(swept, dry);
    assert_eq!(swept.objects, folder.bodies.len() as u64 - 2);
    let logs = fs::read_dir(folder.path().join("log")).expect("listed").count();
    assert_eq!(logs, 2, "one new log, and the mark");
    assert_eq!(open.slice(0, 70_000).expect("an open object stays"), folder.bodies[&large]);
    folder.bodies.retain(|id, _| live.contains(id));
    folder.commit(&owner, "main", b"after");
    folder.bodies.retain(|id, _| folder.refs.values().any(|value| value.id == *id));
    assert_eq!(reader.read_ref(&name("main")).expect("read"), folder.refs.get("heads/d/main").copied());
    assert!(!reader.has(large).expect("looked"), "the reader noticed");
    drop(owner);
    let report = LocalStore::fsck(&folder.path(), SHORTLY).expect("checked");
    assert!(report.is_clean() && report.notes.is_empty(), "{report:#?}");
    assert!(folder.check(reader) && folder.check(folder.own().expect("opened")));
}

#[test]
fn an_object_that_is_put_again_is_young_again() {
    let folder = Folder::new();
    let owner = folder.own().expect("owned");
    let old = folder.bodies.values().find(|body| body.len() == 300).expect("a node");
    let id = owner.put(ObjectKind::Node, old).expect("it is there already");
    let swept =
        owner.sweep(&mut |_| false, SweepOptions { dry_run: true, ..SweepOptions::default() }).expect("counted");
    assert_eq!(swept.kept_young, 0);
    // The second it was made in must be over, so that only the touch keeps it.
    std::thread::sleep(Duration::from_millis(1100));
    let swept =
        owner.sweep(&mut |_| false, SweepOptions { dry_run: true, ..after(Duration::from_secs(1)) }).expect("counted");
    assert_eq!(swept.kept_young, 0, "the touch is as old");
    owner.put(ObjectKind::Node, old).expect("it is there already");
    let swept = owner.sweep(&mut |_| false, after(Duration::from_secs(1))).expect("swept");
    assert_eq!(swept.kept_young, 1);
    assert_eq!(&owner.get(id).expect("kept")[..], &old[..]);
}

#[test]
fn what_is_live_can_be_read_at_any_moment_of_a_sweep() {
    let mut folder = Folder::new();
    let owner = folder.own().expect("owned");
    let reader = folder.read().expect("opened");
    let live: Vec<Id> = folder.bodies.keys().copied().collect();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for store in [&owner, &reader] {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    for id in &live {
                        let bytes = store.get(*id).expect("it is live");
                        assert_eq!(Id::of(&bytes), *id);
                    }
                }
            });
        }
        let bodies = folder.bodies.clone();
        for round in 0..10_u8 {
            for n in 0..30_u8 {
                folder.commit(&owner, "main", &[round, n].repeat(100));
            }
            let live: Vec<Id> = live.iter().copied().chain(folder.refs.values().map(|value| value.id)).collect();
            owner.sweep(&mut |id| live.contains(&id), SweepOptions::default()).expect("swept");
        }
        folder.bodies = bodies;
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(folder.check(owner) && folder.check(reader));
}

#[test]
fn a_folder_that_is_no_store_is_refused_and_left_alone() {
    let temporary = tempfile::tempdir().expect("a folder");
    let path = temporary.path();
    for access in [Access::Read, Access::Own] {
        for missing in [path.to_owned(), path.join("none")] {
            let error = open::open(&missing, access, QUICK).expect_err("no store");
            assert!(matches!(error.kind(), ErrorKind::StoreUnknown { .. }), "{error}");
        }
    }
    assert_eq!(fs::read_dir(path).expect("listed").count(), 0, "nothing was written");
    fs::write(path.join("train.csv"), "a,b").expect("written");
    let error = LocalStore::create(path).expect_err("it has other files");
    assert!(matches!(error.kind(), ErrorKind::StoreUnknown { .. }), "{error}");
    assert!(error.to_string().contains("train.csv"), "{error}");
    assert_eq!(fs::read_dir(path).expect("listed").count(), 1, "nothing was written");
    let store = Folder::new();
    let error = LocalStore::create(&store.path()).expect_err("it is a store already");
    assert!(matches!(error.kind(), ErrorKind::AlreadyExists { .. }), "{error}");
    assert!(store.check(store.own().expect("it is whole")));
}

/// A folder mounted read-only over itself, as long as this lives.
struct ReadOnly<'a>(&'a std::path::Path);

impl ReadOnly<'_> {
    /// `None` where this process may not mount.
    fn new(path: &std::path::Path) -> Option<ReadOnly<'_>> {
        use rustix::mount::{MountFlags, mount_bind, mount_remount};
        mount_bind(path, path).ok()?;
        let mounted = ReadOnly(path);
        mount_remount(path, MountFlags::BIND | MountFlags::RDONLY, "").ok()?;
        Some(mounted)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(self.0, rustix::mount::UnmountFlags::DETACH);
    }
}

#[test]
fn a_store_on_a_read_only_file_system_can_be_read() {
    let folder = Folder::new();
    let path = folder.path();
    let Some(_mounted) = ReadOnly::new(&path) else {
        // Without the right to mount there is no read-only file system to try it on.
        std::io::Write::write_all(&mut std::io::stderr(), b"skipped: may not mount\n").ok();
        return;
    };
    assert!(folder.check(folder.read().expect("read")));
    let error = folder.own().expect_err("it cannot be changed");
    assert!(matches!(error.kind(), ErrorKind::ReadOnly { .. }), "{error}");
    let pin = super::super::Pin::new(&path, &[Id::of(b"x")]).expect("nothing to do");
    assert_eq!(super::super::pinned(&path).expect("none"), []);
    drop(pin);
}

#[test]
fn a_batch_of_another_state_is_refused_across_processes_too() {
    let folder = Folder::new();
    let stale = folder.refs["heads/d/main"];
    let owner = folder.own().expect("owned");
    owner.apply(&swap("main", Some(stale), b"first")).expect("applied");
    drop(owner);
    let owner = folder.own().expect("owned");
    let error = owner.apply(&swap("main", Some(stale), b"second")).expect_err("moved");
    assert!(matches!(error.kind(), ErrorKind::RefMoved { .. }), "{error}");
}
