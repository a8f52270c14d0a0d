//! The tests that every store passes: one function for each promise of [`Store`].
//!
//! They are code of the library, not of its tests, so that a store that lives
//! elsewhere (over HTTP, in a bucket) can be held to them too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Batch, RefSwap, Store};
use crate::model::{BranchName, DatasetName, Id, ObjectKind, RefName, RefValue};
use crate::{ErrorKind, Result};

/// Holds the stores that `make` returns, each of them new and empty, to every promise.
///
/// # Panics
/// When one is broken.
pub fn run(make: &dyn Fn() -> Arc<dyn Store>) {
    what_is_put_is_there(&*make());
    what_is_not_there_is_not_found(&*make());
    a_batch_is_there_when_it_is_applied(&*make());
    refs_change_only_as_expected(&*make());
    a_ref_that_returns_to_its_value_has_moved(&*make());
    a_refused_batch_leaves_nothing(&*make());
    refs_are_listed_in_order(&*make());
    revisions_are_found_by_prefix(&*make());
    the_last_operation_is_told_and_waited_for(&make());
    no_increment_of_eight_threads_is_lost(&make());
}

/// The lengths at which a store changes how it keeps an object, and their neighbours.
const LENGTHS: [usize; 7] = [0, 1, 65_535, 65_536, 65_537, 200_000, (1 << 20) + 3];

fn content(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 256 + seed * 31) as u8).collect()
}

fn ref_name(branch: &str) -> RefName {
    let dataset: DatasetName = "conformance".parse().expect("a valid name");
    let branch: BranchName = branch.parse().expect("a valid name");
    RefName::head(&dataset, &branch)
}

fn swap(name: &RefName, expected: Option<RefValue>, new: Option<Id>) -> Batch {
    let swaps = vec![RefSwap { name: name.clone(), expected, new }];
    Batch { swaps, ..Batch::default() }
}

/// Stores `text` as a revision and returns its id.
fn revision(store: &dyn Store, text: &str) -> Id {
    store.put(ObjectKind::Revision, text.as_bytes()).expect("put")
}

fn is_moved<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(result.expect_err("refused").kind(), ErrorKind::RefMoved { .. })
}

fn is_not_found<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(result.expect_err("missing").kind(), ErrorKind::NotFound { .. })
}

fn check_object(store: &dyn Store, id: Id, bytes: &[u8]) {
    let len = bytes.len();
    assert_eq!(id, Id::of(bytes), "the id of {len} bytes");
    assert!(store.has(id).expect("has"), "{len} bytes are there");
    assert_eq!(store.get(id).expect("get"), bytes, "all of {len} bytes");
    let object = store.open(id).expect("open");
    assert_eq!((object.len(), object.is_empty()), (len as u64, len == 0));
    assert_eq!(object.slice(0, len).expect("slice"), bytes);
    let middle = len / 2;
    assert_eq!(object.slice(middle as u64, len - middle).expect("slice"), &bytes[middle..]);
    object.slice(middle as u64 + 1, len).expect_err("beyond the end");
    let mut buffer = vec![0; len + 9];
    assert_eq!(object.read_at(&mut buffer, 0).expect("read"), len);
    assert_eq!(&buffer[..len], bytes);
    assert_eq!(object.read_at(&mut buffer, len as u64).expect("read at the end"), 0);
}

fn what_is_put_is_there(store: &dyn Store) {
    for (seed, len) in LENGTHS.into_iter().enumerate() {
        for kind in [ObjectKind::Blob, ObjectKind::Base] {
            let bytes = content(len, seed + 10 * usize::from(kind == ObjectKind::Base));
            check_object(store, store.put(kind, &bytes).expect("put"), &bytes);
            // Again, and as a stream: the same object.
            check_object(store, store.put(kind, &bytes).expect("put again"), &bytes);
            let streamed = store.put_stream(kind, &mut &bytes[..]).expect("stream");
            assert_eq!(streamed, (Id::of(&bytes), len as u64));
            let bytes = content(len, seed + 100);
            let (id, streamed) = store.put_stream(kind, &mut &bytes[..]).expect("stream");
            assert_eq!(streamed, len as u64);
            check_object(store, id, &bytes);
        }
    }
    store.apply(&Batch::default()).expect("an empty batch makes durable what was put");
    for (seed, len) in LENGTHS.into_iter().enumerate() {
        let bytes = content(len, seed + 100);
        check_object(store, Id::of(&bytes), &bytes);
    }
}

fn what_is_not_there_is_not_found(store: &dyn Store) {
    let id = Id::of(b"nowhere");
    assert!(!store.has(id).expect("has"));
    assert!(is_not_found(store.get(id)));
    assert!(is_not_found(store.open(id)));
    assert_eq!(store.read_ref(&ref_name("main")).expect("read"), None);
    assert!(is_not_found(store.apply(&swap(&ref_name("main"), None, Some(id)))), "a ref to nothing");
    assert_eq!(store.read_ref(&ref_name("main")).expect("read"), None);
}

fn a_batch_is_there_when_it_is_applied(store: &dyn Store) {
    let bodies: Vec<Vec<u8>> = LENGTHS.into_iter().map(|len| content(len, 3)).collect();
    let name = ref_name("main");
    let last = Id::of(bodies.last().expect("some"));
    let mut batch = swap(&name, None, Some(last));
    batch.objects = bodies.iter().map(|body| (ObjectKind::Blob, Bytes::copy_from_slice(body))).collect();
    let op = store.apply(&batch).expect("apply");
    assert_eq!(store.read_ref(&name).expect("read"), Some(RefValue { id: last, op }));
    bodies.iter().for_each(|body| check_object(store, Id::of(body), body));
}

fn refs_change_only_as_expected(store: &dyn Store) {
    let (a, b) = (revision(store, "a"), revision(store, "b"));
    let name = ref_name("main");
    let first = store.apply(&swap(&name, None, Some(a))).expect("make");
    let at_a = Some(RefValue { id: a, op: first });
    assert_eq!(store.read_ref(&name).expect("read"), at_a);
    assert!(is_moved(store.apply(&swap(&name, None, Some(b)))), "it exists already");
    assert!(is_moved(store.apply(&swap(&name, Some(RefValue { id: b, op: first }), Some(b)))), "another id");
    assert!(is_moved(store.apply(&swap(&name, Some(RefValue { id: a, op: first + 1 }), Some(b)))), "another op");
    assert_eq!(store.read_ref(&name).expect("read"), at_a);
    let second = store.apply(&swap(&name, at_a, Some(b))).expect("move");
    assert!(second > first, "operations grow");
    let at_b = Some(RefValue { id: b, op: second });
    assert_eq!(store.read_ref(&name).expect("read"), at_b);
    store.apply(&swap(&name, at_b, None)).expect("remove");
    assert_eq!(store.read_ref(&name).expect("read"), None);
    assert!(is_moved(store.apply(&swap(&name, at_b, None))), "it is gone");
    store.apply(&swap(&name, None, None)).expect("absent, as expected");
    store.apply(&swap(&name, None, Some(a))).expect("make again");
}

fn a_ref_that_returns_to_its_value_has_moved(store: &dyn Store) {
    let (a, b) = (revision(store, "a"), revision(store, "b"));
    let name = ref_name("main");
    let mut value = None;
    let mut seen = Vec::new();
    for id in [a, b, a] {
        let op = store.apply(&swap(&name, value, Some(id))).expect("move");
        value = Some(RefValue { id, op });
        seen.push(value);
    }
    assert_ne!(seen[0], seen[2], "the same id, another state");
    assert!(is_moved(store.apply(&swap(&name, seen[0], Some(b)))), "expects the first state, not the third");
    store.apply(&swap(&name, seen[2], Some(b))).expect("expects the third state");
}

fn a_refused_batch_leaves_nothing(store: &dyn Store) {
    let a = revision(store, "a");
    let (main, other, third) = (ref_name("main"), ref_name("other"), ref_name("third"));
    let op = store.apply(&swap(&main, None, Some(a))).expect("make");
    let mut batch = swap(&other, None, Some(a));
    batch.swaps.extend(swap(&main, None, Some(a)).swaps);
    batch.swaps.extend(swap(&third, None, Some(a)).swaps);
    assert!(is_moved(store.apply(&batch)));
    let refs = store.list_refs("").expect("list");
    assert_eq!(refs, [(main, RefValue { id: a, op })]);
    batch.swaps.remove(1);
    let op = store.apply(&batch).expect("the two others");
    for name in [&other, &third] {
        assert_eq!(store.read_ref(name).expect("read"), Some(RefValue { id: a, op }), "one operation for both");
    }
    let twice = Batch { swaps: vec![batch.swaps[0].clone(), batch.swaps[0].clone()], ..Batch::default() };
    store.apply(&twice).expect_err("one ref twice");
}

fn refs_are_listed_in_order(store: &dyn Store) {
    let a = revision(store, "a");
    for branch in ["m", "b/c", "a", "b", "b-x", "z"] {
        store.apply(&swap(&ref_name(branch), None, Some(a))).expect("make");
    }
    let names = |prefix: &str| -> Vec<String> {
        let refs = store.list_refs(prefix).expect("list");
        refs.iter().map(|(name, _)| name.to_string().replace("heads/conformance/", "")).collect()
    };
    assert_eq!(names(""), ["a", "b", "b-x", "b/c", "m", "z"]);
    assert_eq!(names("heads/conformance/b"), ["b", "b-x", "b/c"]);
    assert_eq!(names("heads/conformance/b/"), ["b/c"]);
    assert_eq!(names("heads/other/"), [""; 0]);
}

fn revisions_are_found_by_prefix(store: &dyn Store) {
    let mut ids: Vec<Id> = (0..40).map(|n| revision(store, &format!("revision {n}"))).collect();
    store.put(ObjectKind::Blob, b"no revision").expect("put");
    // Bytes that came as a blob first, and then as a revision.
    store.put(ObjectKind::Blob, b"both").expect("put");
    store.apply(&Batch::default()).expect("apply");
    ids.push(revision(store, "both"));
    for round in 0..2 {
        for prefix in ["", "0", "a", &ids[7].to_hex()[..7], &ids[7].to_hex(), "zz", "é", "A"] {
            let mut expected: Vec<Id> = ids.iter().filter(|id| id.to_hex().starts_with(prefix)).copied().collect();
            expected.sort_unstable();
            let mut found = store.revisions_with_prefix(prefix).expect("search");
            found.sort_unstable();
            assert_eq!(found, expected, "prefix `{prefix}`, round {round}");
        }
        store.apply(&Batch::default()).expect("apply");
    }
}

fn the_last_operation_is_told_and_waited_for(store: &Arc<dyn Store>) {
    let begin = Instant::now();
    let present = store.watch_refs(0, Duration::from_secs(20)).expect("watch");
    assert!(present > 0 && begin.elapsed() < Duration::from_secs(10), "the present number comes at once");
    assert_eq!(store.watch_refs(present, Duration::from_millis(20)).expect("watch"), present, "nothing happened");
    assert!(begin.elapsed() >= Duration::from_millis(20), "it waited");
    let a = revision(&**store, "a");
    let woken = thread::scope(|scope| {
        let watcher = scope.spawn(|| store.watch_refs(present, Duration::from_secs(20)).expect("watch"));
        thread::sleep(Duration::from_millis(30));
        let op = store.apply(&swap(&ref_name("main"), None, Some(a))).expect("apply");
        (watcher.join().expect("the watcher"), op)
    });
    assert_eq!(woken.0, woken.1);
    assert!(begin.elapsed() < Duration::from_secs(10), "it was woken");
    assert_eq!(store.watch_refs(present, Duration::ZERO).expect("watch"), woken.1);
}

fn no_increment_of_eight_threads_is_lost(store: &Arc<dyn Store>) {
    const EACH: u64 = 12;
    let name = ref_name("counter");
    let zero = store.put(ObjectKind::Blob, b"0").expect("put");
    store.apply(&swap(&name, None, Some(zero))).expect("make");
    let watched = AtomicBool::new(true);
    let increment = || loop {
        let value = store.read_ref(&name).expect("read").expect("there");
        let count: u64 = String::from_utf8_lossy(&store.get(value.id).expect("get")).parse().expect("a number");
        let text = Bytes::from((count + 1).to_string());
        let mut batch = swap(&name, Some(value), Some(Id::of(&text)));
        batch.objects.push((ObjectKind::Blob, text));
        match store.apply(&batch) {
            Ok(_) => return,
            Err(error) => assert!(matches!(error.kind(), ErrorKind::RefMoved { .. }), "{error}"),
        }
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..EACH).for_each(|_| increment()))).collect();
        let watcher = scope.spawn(|| {
            let mut last = 0;
            while watched.load(Ordering::Relaxed) {
                let op = store.watch_refs(last, Duration::from_millis(5)).expect("watch");
                assert!(op >= last, "operations never go back");
                last = op;
            }
        });
        writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
        watched.store(false, Ordering::Relaxed);
        watcher.join().expect("the watcher");
    });
    let value = store.read_ref(&name).expect("read").expect("there");
    assert_eq!(store.get(value.id).expect("get"), (8 * EACH).to_string().as_bytes());
}
