//! A process that takes over gives the numbers that the one before gave.

use std::collections::BTreeMap;

use veneer::dataset::{Dataset, View};
use veneer::model::{Id, Kind};
use veneer::{ErrorKind, Result};

use crate::filesystem::{FileSystem, Wait};
use crate::inode::Number;
use crate::planted::{OWNER, Planted, info, path, put, write};
use crate::recall::Recall;
use crate::veneer_folder::Item;

fn recall(planted: &Planted) -> Recall {
    let dataset = planted.dataset.clone();
    let steps = planted.history.0.lock().expect("no panic").steps().expect("ids");
    Recall::new(Box::new(move |id| open(&dataset, id)), steps, vec![info()])
}

fn open(dataset: &Dataset, id: Id) -> Result<(View, i64)> {
    Ok((dataset.view(id)?, dataset.revision(id)?.time_ns))
}

/// The planted mount as the next process serves it.
fn taken_over(planted: &Planted) -> FileSystem {
    let settled = planted.history.0.lock().expect("no panic").settled().expect("an id");
    let (shown, before) = recall(planted).shown(settled).expect("all is there");
    assert!(before.is_none(), "nothing was left half done");
    FileSystem::new(shown, OWNER, veneer::source::OnDrift::Error).with_recall(recall(planted))
}

/// Every path with number and content.
fn all(planted: &Planted) -> BTreeMap<String, Number> {
    let tree = planted.tree();
    tree.keys().map(|at| (at.clone(), planted.number(at))).collect()
}

fn edit_much(planted: &Planted) {
    planted.commit(|draft| {
        put(draft, "a/x", "one")?;
        draft.make_folder(&path("new"))?;
        draft.make_folder(&path("new/deep"))?;
        put(draft, "new/deep/file", "two")?;
        draft.rename(&path("b"), &path("moved"))
    });
    planted.commit(|draft| {
        draft.remove(&path("moved/sub/z"), false)?;
        put(draft, "moved/sub/y", "three")
    });
    write(planted.source.path(), &[("late/file", "late"), ("a/y", "longer than it was")]);
    planted.refresh();
    planted.commit(|draft| {
        put(draft, "late/other", "four")?;
        draft.put_symlink(&path("link2"), b"a/x")
    });
}

fn planted() -> Planted {
    Planted::new(&[("a/x", "1"), ("a/y", "2"), ("b/sub/y", "3"), ("b/sub/z", "4"), ("b/w/v", "5"), ("link", "->a")])
}

/// What a file system says of an inode: attributes with target or bytes, or the error.
fn said(fs: &FileSystem, number: Number) -> String {
    let mut buffer = [0; 64];
    let content = match fs.attributes(number).map(|attributes| attributes.kind) {
        Ok(Kind::File) => {
            fs.read(number, 0, &mut buffer, Wait::Yes).map(|len| buffer[..len.expect("it waits")].to_vec())
        }
        Ok(Kind::Symlink) => fs.link_target(number),
        Ok(Kind::Folder) => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let content = content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|error| error.to_string());
    format!("{:?} {content:?}", fs.attributes(number).map_err(|error| error.to_string()))
}

#[test]
fn numbers_that_another_process_gave_are_answered_for() {
    let planted = planted();
    let mut given: Vec<Number> = all(&planted).into_values().collect();
    planted.commit(|draft| put(draft, "a/x", "zero"));
    given.extend(all(&planted).into_values());
    edit_much(&planted);
    given.extend(all(&planted).into_values());
    let next = taken_over(&planted);
    for number in given {
        assert_eq!(said(&next, number), said(&planted.fs, number), "{number:?}");
    }
    for (at, number) in all(&planted) {
        let mut found = Number::ROOT;
        for name in at.split('/').filter(|name| !name.is_empty()) {
            found = next.lookup(found, name.as_bytes()).expect("an answer").expect("there").number;
        }
        assert_eq!(found, number, "{at}");
    }
}

#[test]
fn a_number_of_nothing_stays_unknown_and_so_does_none_of_the_own_folder() {
    let planted = planted();
    edit_much(&planted);
    let next = taken_over(&planted);
    for _ in 0..2 {
        let error = next.attributes(Number(u64::MAX)).expect_err("it was never given");
        assert!(matches!(error.kind(), ErrorKind::NotFound { .. }));
    }
    let file = next.lookup(Item::folder_number(), b"revision").expect("an answer").expect("there");
    assert!(file.size > 0);
}

#[test]
fn a_move_that_was_cut_short_is_known_to_be() {
    let planted = planted();
    let first = planted.fs.shown().revision();
    edit_much(&planted);
    let (shown, before) = recall(&planted).shown(first).expect("all is there");
    assert_eq!(before.expect("it was not settled").revision(), first);
    assert_eq!(shown.revision(), planted.fs.shown().revision());
    assert_eq!((shown.generation(), shown.last_generation()), (1, 1));
}
