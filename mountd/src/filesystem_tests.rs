//! What the file system answers, asked without a kernel.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use veneer::model::Kind;
use veneer::source::OnDrift;

use crate::attributes::Attributes;
use crate::errno::errno;
use crate::filesystem::Wait;
use crate::inode::{Number, Reading};
use crate::planted::{OWNER, Planted, path, put, write};

const FILES: &[(&str, &str)] = &[
    ("a/x", "1"),
    ("a/y", "22"),
    ("a/deep/z", "333"),
    ("b/w", "4"),
    ("b/link", "->../a/x"),
    ("empty/", ""),
    ("top", "5"),
];

fn tree(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
}

#[test]
fn an_imported_source_is_shown_as_it_is() {
    let planted = Planted::new(FILES);
    let expected = tree(&[
        ("a/", ""),
        ("a/x", "1"),
        ("a/y", "22"),
        ("a/deep/", ""),
        ("a/deep/z", "333"),
        ("b/", ""),
        ("b/w", "4"),
        ("b/link", "->../a/x"),
        ("empty/", ""),
        ("top", "5"),
    ]);
    assert_eq!(planted.tree(), expected);
}

#[test]
fn attributes_are_the_source_s_own_but_for_owner_and_links() {
    let planted = Planted::new(FILES);
    let file = planted.source.path().join("a/y");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    planted.refresh();
    let found = planted.find("a/y").expect("there");
    assert_eq!((found.kind, found.size, found.mode, found.owner), (Kind::File, 2, 0o640, OWNER));
    assert_eq!(Attributes::LINKS, 1);
    assert_eq!(planted.fs.attributes(found.number).expect("known"), found);
}

#[test]
fn edits_are_shown_at_once_and_removed_files_are_not() {
    let planted = Planted::new(FILES);
    planted.commit(|draft| {
        put(draft, "a/x", "new")?;
        put(draft, "a/added", "6")?;
        draft.make_folder(&path("c"))?;
        draft.put_symlink(&path("c/to"), b"../top")?;
        draft.remove(&path("top"), false)?;
        draft.rename(&path("b"), &path("moved"))
    });
    let expected = tree(&[
        ("a/", ""),
        ("a/x", "new"),
        ("a/y", "22"),
        ("a/added", "6"),
        ("a/deep/", ""),
        ("a/deep/z", "333"),
        ("c/", ""),
        ("c/to", "->../top"),
        ("empty/", ""),
        ("moved/", ""),
        ("moved/w", "4"),
        ("moved/link", "->../a/x"),
    ]);
    assert_eq!(planted.tree(), expected);
    assert!(planted.find("top").is_none() && planted.find("b").is_none());
}

#[test]
fn a_name_that_is_too_long_is_refused_as_such() {
    let planted = Planted::new(FILES);
    let error = planted.fs.lookup(Number::ROOT, &[b'n'; 256]).expect_err("too long");
    assert_eq!(errno(&error), libc::ENAMETOOLONG);
    assert_eq!(planted.fs.lookup(Number::ROOT, &[b'n'; 255]).expect("an answer"), None);
}

#[test]
fn wrong_kinds_are_told_apart() {
    let planted = Planted::new(FILES);
    let code = |error: veneer::Error| errno(&error);
    assert_eq!(planted.fs.lookup(planted.number("top"), b"x").map_err(code), Err(libc::ENOTDIR));
    assert_eq!(planted.read(planted.number("a")).map_err(code), Err(libc::EISDIR));
    assert_eq!(planted.read(Number::ROOT).map_err(code), Err(libc::EISDIR));
    assert_eq!(planted.fs.link_target(planted.number("a")).map_err(code), Err(libc::EISDIR));
    assert_eq!(planted.fs.attributes(Number(1 << 63 | 5)).map_err(code), Err(libc::ENOENT));
    assert_eq!(planted.fs.attributes(Number(9 << 40 | 5)).map_err(code), Err(libc::ENOENT));
}

#[test]
fn an_unchanged_file_keeps_its_number_and_new_content_has_a_new_one() {
    let planted = Planted::new(FILES);
    let numbers = ["a/x", "a/y", "a/deep/z", "a", "b", "b/w", "b/link"].map(|at| planted.number(at));
    planted.commit(|draft| {
        put(draft, "a/x", "new")?;
        draft.rename(&path("b"), &path("c"))
    });
    let [x, y, z, a, b, w, link] = numbers;
    assert_ne!(planted.number("a/x"), x);
    assert_eq!([planted.number("a/y"), planted.number("a/deep/z"), planted.number("a")], [y, z, a]);
    assert_eq!([planted.number("c/w"), planted.number("c/link")], [w, link]);
    assert_ne!(planted.number("c"), b, "a folder has one number per path");
    let new = planted.number("a/x");
    planted.commit(|draft| put(draft, "a/y", "newer"));
    assert_eq!(planted.number("a/x"), new);
}

#[test]
fn numbers_survive_a_refresh_of_the_source() {
    let planted = Planted::new(FILES);
    let before = ["a", "a/x", "a/deep/z", "b/link"].map(|at| planted.number(at));
    let old = planted.number("a/y");
    write(planted.source.path(), &[("0-first", "shifts every row"), ("a/y", "longer than it was")]);
    planted.refresh();
    assert_eq!(["a", "a/x", "a/deep/z", "b/link"].map(|at| planted.number(at)), before);
    assert_ne!(planted.number("a/y"), old);
    assert_eq!(planted.read(planted.number("a/y")).expect("readable"), "longer than it was");
    let error = planted.read(old).expect_err("its bytes are gone");
    assert_eq!(errno(&error), libc::ESTALE);
    let Reading::Base { generation, .. } = planted.number("0-first").reading() else { panic!("a row") };
    assert_eq!(generation, 1);
}

#[test]
fn an_old_number_goes_on_giving_its_old_content() {
    let planted = Planted::new(FILES);
    planted.commit(|draft| put(draft, "a/x", "second"));
    let (source, blob) = (planted.number("a/y"), planted.number("a/x"));
    let before = planted.fs.attributes(blob).expect("known");
    planted.commit(|draft| {
        put(draft, "a/x", "third and longer")?;
        draft.remove(&path("a/y"), false)
    });
    assert_eq!(planted.read(source).expect("readable"), "22");
    assert_eq!(planted.read(blob).expect("readable"), "second");
    assert_eq!(planted.fs.attributes(blob).expect("known"), before);
    planted.fs.forget(blob, 1);
    assert_eq!(errno(&planted.read(blob).expect_err("forgotten")), libc::ENOENT);
}

#[test]
fn one_file_at_two_places_is_one_inode_unless_something_differs() {
    let planted = Planted::new(FILES);
    let number = planted.number("a/x");
    planted.commit(|draft| draft.rename(&path("a/x"), &path("b/x")));
    assert_eq!(planted.number("b/x"), number);
    assert_eq!(planted.read(number).expect("readable"), "1");
}

#[test]
fn a_source_file_that_drifts_is_refused_also_when_it_is_open_already() {
    let planted = Planted::new(&[("file", "as it was"), ("gone", "x"), ("swapped", "y")]);
    let number = planted.number("file");
    let mut part = [0; 3];
    assert_eq!(planted.fs.read(number, 0, &mut part, Wait::Yes).expect("read"), Some(3));
    fs::write(planted.source.path().join("file"), "cut").expect("written");
    for wait in [Wait::Yes, Wait::No] {
        let result = planted.fs.read(number, 0, &mut part, wait);
        assert!(matches!(&result, Err(error) if errno(error) == libc::ESTALE) || result.expect("or later").is_none());
    }
    fs::remove_file(planted.source.path().join("gone")).expect("removed");
    assert_eq!(errno(&planted.read(planted.number("gone")).expect_err("gone")), libc::ESTALE);
    fs::remove_file(planted.source.path().join("swapped")).expect("removed");
    std::os::unix::fs::symlink("/etc/passwd", planted.source.path().join("swapped")).expect("a link");
    assert_eq!(errno(&planted.read(planted.number("swapped")).expect_err("a link")), libc::ESTALE);
}

#[test]
fn a_drifted_file_is_served_where_that_was_asked_for() {
    let planted = Planted::with_drift(&[("file", "as it was"), ("gone", "x")], OnDrift::Serve);
    let at = planted.source.path().join("file");
    fs::write(&at, "another text").expect("written");
    assert_eq!(planted.read(planted.number("file")).expect("served"), "another text");
    fs::write(&at, "cut").expect("written");
    assert_eq!(planted.read(planted.number("file")).expect("served"), "cut");
    fs::remove_file(planted.source.path().join("gone")).expect("removed");
    assert_eq!(errno(&planted.read(planted.number("gone")).expect_err("nothing to serve")), libc::ESTALE);
}

#[test]
fn a_restored_source_file_is_served_again() {
    let planted = Planted::new(&[("file", "0123456789")]);
    let at = planted.source.path().join("file");
    let recorded = fs::metadata(&at).and_then(|metadata| metadata.modified()).expect("a time");
    let number = planted.number("file");
    let mut part = [0; 3];
    planted.fs.read(number, 0, &mut part, Wait::Yes).expect("read");
    fs::write(&at, "0123").expect("cut");
    assert!(planted.fs.read(number, 0, &mut part, Wait::Yes).is_err());
    fs::remove_file(&at).expect("removed");
    fs::write(&at, "0123456789").expect("written");
    fs::File::options().write(true).open(&at).and_then(|file| file.set_modified(recorded)).expect("a time");
    assert_eq!(planted.read(number).expect("readable"), "0123456789");
}

#[test]
fn reads_end_where_the_file_ends() {
    let planted = Planted::new(&[("file", "0123456789"), ("none", "")]);
    let number = planted.number("file");
    let mut buffer = [0; 8];
    for (offset, expected) in [(0, 8), (4, 6), (9, 1), (10, 0), (u64::MAX, 0)] {
        assert_eq!(planted.fs.read(number, offset, &mut buffer, Wait::Yes).expect("read"), Some(expected), "{offset}");
    }
    assert_eq!(planted.fs.read(planted.number("none"), 0, &mut buffer, Wait::Yes).expect("read"), Some(0));
}

#[test]
fn veneer_s_own_folder_is_found_and_never_listed() {
    let planted = Planted::new(FILES);
    let number = planted.number(".veneer");
    assert!(planted.tree().keys().all(|name| !name.starts_with(".veneer")));
    let names: Vec<String> = planted.list(number, 2).into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(names, [".", "..", "info.json", "revision"]);
    let (first, old) = (planted.fs.shown().revision(), planted.number(".veneer/revision"));
    assert_eq!(planted.read(old).expect("readable"), format!("{first}\n"));
    let second = planted.commit(|draft| put(draft, "top", "6"));
    assert_eq!(planted.read(planted.number(".veneer/revision")).expect("readable"), format!("{second}\n"));
    assert_eq!(planted.read(old).expect("an old inode keeps its content"), format!("{first}\n"));
    let info = planted.read(planted.number(".veneer/info.json")).expect("readable");
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["revision"], second.to_hex());
    assert_eq!((&info["ref"], &info["mode"]), (&"main".into(), &"follow".into()));
    assert_eq!(planted.fs.lookup(number, b"nothing").expect("an answer"), None);
}

#[test]
fn a_source_with_a_veneer_folder_of_its_own_shows_ours() {
    let planted = Planted::new(&[(".veneer/revision", "theirs"), ("a", "1")]);
    let revision = planted.fs.shown().revision();
    assert_eq!(planted.read(planted.number(".veneer/revision")).expect("readable"), format!("{revision}\n"));
    assert_eq!(planted.tree(), tree(&[("a", "1")]));
}

#[test]
fn the_sums_are_those_of_the_view() {
    let planted = Planted::new(FILES);
    planted.commit(|draft| put(draft, "a/x", "four"));
    let all = planted.fs.statistics().expect("counted");
    assert_eq!((all.bytes, all.entries), (4 + 2 + 3 + 1 + 1, 5 + 4 + 1 + 1));
}
