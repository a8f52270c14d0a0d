//! What the kernel is told to forget when a mount moves, and that it moves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::follow::Follow;
use crate::inode::Number;
use crate::planted::{Forgotten, Planted, path, put, write};
use crate::veneer_folder::Item;

fn entry(folder: Number, name: &str) -> Forgotten {
    Forgotten::Entry(folder, name.to_owned())
}

/// Checks what was to be forgotten, beside what `.veneer/` always is.
fn check(planted: &Planted, mut expected: Vec<Forgotten>) {
    let own = Item::folder_number();
    let files = ["revision", "info.json", "samples.parquet"];
    expected.extend(files.map(|name| entry(own, name)).into_iter().chain([Forgotten::Folder(own)]));
    expected.sort();
    expected.dedup();
    assert_eq!(planted.take_forgotten(), expected);
}

#[test]
fn changed_names_are_forgotten_and_nothing_else_is() {
    let planted = Planted::new(&[("a/x", "1"), ("a/y", "2"), ("b/z", "3")]);
    let (a, b) = (planted.number("a"), planted.number("b"));
    planted.commit(|draft| {
        put(draft, "a/x", "new")?;
        put(draft, "b/added", "4")
    });
    check(&planted, vec![entry(a, "x"), Forgotten::Folder(a), entry(b, "added"), Forgotten::Folder(b)]);
}

#[test]
fn a_removed_and_a_renamed_folder_are_forgotten_by_their_names() {
    let planted = Planted::new(&[("a/x", "1"), ("b/y", "2"), ("c/z", "3")]);
    let [a, b] = ["a", "b"].map(|at| planted.number(at));
    planted.commit(|draft| {
        draft.remove(&path("a"), true)?;
        draft.rename(&path("b"), &path("d"))
    });
    let names = ["a", "b", "d"].map(|name| entry(Number::ROOT, name));
    // An open file may have kept them.
    let content = [entry(a, "x"), entry(b, "y")];
    let folders = [Number::ROOT, a, b].map(Forgotten::Folder);
    check(&planted, folders.into_iter().chain(names).chain(content).collect());
}

#[test]
fn a_refresh_is_followed_like_a_commit() {
    let planted = Planted::new(&[("a/x", "1"), ("b/y", "2")]);
    let a = planted.number("a");
    write(planted.source.path(), &[("a/x", "longer")]);
    planted.refresh();
    check(&planted, vec![entry(a, "x"), Forgotten::Folder(a)]);
    assert_eq!(planted.read(planted.number("a/x")).expect("readable"), "longer");
}

#[test]
fn a_commit_is_shown_within_a_tenth_of_a_second() {
    let planted = Planted::new(&[("a", "1")]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| planted.follower.run(&stop));
        let writer = "ann".parse().expect("a name");
        let mut draft = planted.dataset.draft(&veneer::model::BranchName::main(), &writer).expect("a draft");
        put(&mut draft, "a", "2").expect("put");
        draft.save("put").expect("saved");
        draft.commit("put", "ann").expect("committed");
        let since = Instant::now();
        while planted.read(planted.number("a")).expect("readable") != "2" {
            assert!(since.elapsed() < Duration::from_secs(5), "never shown");
            thread::sleep(Duration::from_millis(1));
        }
        let took = since.elapsed();
        stop.store(true, Ordering::Relaxed);
        assert!(took < Duration::from_millis(100), "{took:?}");
    });
}

#[test]
fn a_branch_that_vanishes_leaves_the_mount_as_it_is() {
    let planted = Planted::new(&[("a", "1")]);
    let main = veneer::model::BranchName::main();
    planted.dataset.delete_branch(&main, true).expect("deleted");
    let error = planted.follower.catch_up().expect_err("there is nothing to follow");
    assert!(matches!(error.kind(), veneer::ErrorKind::NotFound { what: "branch", .. }), "{error}");
    assert_eq!(planted.read(planted.number("a")).expect("readable"), "1");
}
