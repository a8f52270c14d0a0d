//! Opening files of a source: what is what it was, and what is not.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{OnDrift, Source};
use crate::model::{DataPath, Entry, Kind};
use crate::{Error, ErrorKind};

fn path(text: &str) -> DataPath {
    text.parse().expect("a path")
}

/// A source with the file `a/file`, and what a base has of it.
fn recorded() -> (tempfile::TempDir, Source, Entry) {
    let top = tempfile::tempdir().expect("a folder");
    fs::create_dir(top.path().join("a")).expect("a folder");
    fs::write(top.path().join("a/file"), "0123456789").expect("a file");
    let source = Source::open(top.path()).expect("a source");
    let entry = source.stat(&path("a/file")).expect("an answer").expect("an entry");
    (top, source, entry)
}

fn how(error: Error) -> String {
    match error.kind() {
        ErrorKind::SourceChanged { path, how } => format!("{path}: {how}"),
        other => panic!("{other:?}"),
    }
}

/// What is said of `a/file` after `change`, and whether it is served where drift is.
fn check(change: impl FnOnce(&Path), expected: &str, served: bool) {
    let (top, source, entry) = recorded();
    change(&top.path().join("a/file"));
    let file = path("a/file");
    assert_eq!(how(source.open_file(&file, &entry, OnDrift::Error).expect_err("it changed")), expected);
    match source.try_open_cached(&file, &entry, OnDrift::Error) {
        Ok(opened) => assert!(opened.is_none(), "{expected}"),
        Err(error) => assert_eq!(how(error), expected),
    }
    assert_eq!(source.open_file(&file, &entry, OnDrift::Serve).is_ok(), served, "{expected}");
}

#[test]
fn an_unchanged_file_is_opened_and_its_access_time_left_alone() {
    let (top, source, entry) = recorded();
    let file = top.path().join("a/file");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let times = fs::FileTimes::new().set_accessed(long_ago);
    fs::File::options().write(true).open(&file).expect("the file").set_times(times).expect("times");

    let mut text = String::new();
    let opened = source.open_file(&path("a/file"), &entry, OnDrift::Error);
    opened.expect("unchanged").read_to_string(&mut text).expect("bytes");
    assert_eq!(text, "0123456789");
    assert_eq!(fs::metadata(&file).expect("a file").atime(), 1);
    if let Some(mut cached) = source.try_open_cached(&path("a/file"), &entry, OnDrift::Error).expect("unchanged") {
        text.clear();
        cached.read_to_string(&mut text).expect("bytes");
        assert_eq!(text, "0123456789");
    }
}

#[test]
fn another_size_or_time_is_drift() {
    check(|file| fs::write(file, "0123456789ab").expect("a write"), "a/file: it has 12 bytes, 10 were recorded", true);
    check(
        |file| {
            let file = fs::File::options().write(true).open(file).expect("the file");
            file.set_modified(SystemTime::UNIX_EPOCH).expect("a time");
        },
        "a/file: it was modified after it was recorded, or its time was set",
        true,
    );
}

#[test]
fn what_took_the_place_of_a_file_is_never_served() {
    let gone = |file: &Path| fs::remove_file(file).expect("it was there");
    check(gone, "a/file: it is gone", false);
    let folder = |file: &Path| {
        gone(file);
        fs::create_dir(file).expect("a folder");
    };
    check(folder, "a/file: it is no regular file now", false);
    let pipe = |file: &Path| {
        gone(file);
        mknodat(CWD, file, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    };
    check(pipe, "a/file: it is no regular file now", false);
    let socket = |file: &Path| {
        gone(file);
        std::os::unix::net::UnixListener::bind(file).expect("a socket");
    };
    check(socket, "a/file: it is no regular file now", false);
    let link = |file: &Path| {
        gone(file);
        symlink("/etc/passwd", file).expect("a link");
    };
    check(link, "a/file: a link is there now", false);
    let link_above = |file: &Path| {
        fs::remove_dir_all(file.parent().expect("has one")).expect("it was there");
        symlink("/etc", file.parent().expect("has one")).expect("a link");
    };
    check(link_above, "a/file: a link is there now", false);
}

#[test]
fn a_source_outlives_its_path() {
    let (top, source, entry) = recorded();
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::rename(top.path(), elsewhere.path().join("moved")).expect("a rename");
    source.open_file(&path("a/file"), &entry, OnDrift::Error).expect("held by a descriptor");
    let held = fs::File::open(elsewhere.path().join("moved")).expect("the folder");
    let again = Source::from_fd(held.into(), top.path()).expect("a source");
    again.open_file(&path("a/file"), &entry, OnDrift::Error).expect("held by a descriptor");
    assert_eq!(again.path(), top.path());
}

#[test]
fn links_are_told_and_not_followed() {
    let (top, source, entry) = recorded();
    symlink("../x", top.path().join("a/link")).expect("a link");
    assert_eq!(source.link_target(&path("a/link")).expect("a target"), b"../x");
    let stat = source.stat(&path("a/link")).expect("an answer").expect("an entry");
    assert_eq!((stat.kind, stat.size), (Kind::Symlink, 4));
    assert_eq!(how(source.link_target(&path("a/file")).expect_err("no link")), "a/file: it is no link now");
    assert_eq!(how(source.link_target(&path("a/none")).expect_err("nothing")), "a/none: it is gone");
    assert_eq!(source.stat(&path("a/file")).expect("an answer"), Some(entry));
    for missing in ["none", "a/file/x", "a/link/x"] {
        assert_eq!(source.stat(&path(missing)).expect("an answer"), None, "{missing}");
    }
}
