//! Scans of real folders: what is found, what is left out, and what is refused.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat, renameat, unlinkat};
use tempfile::TempDir;

use super::{Progress, ScanOptions, Source};
use crate::base::{self, Base};
use crate::model::{DataPath, Entry, Id, Kind};
use crate::store::Object;
use crate::{Error, ErrorKind, Result};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(top: &TempDir, path: &str, content: &str) {
    let path = top.path().join(path);
    fs::create_dir_all(path.parent().expect("has one")).expect("folders");
    fs::write(path, content).expect("a file");
}

fn scan(top: &Path, options: &ScanOptions<'_>) -> Result<super::Scan> {
    Source::open(top)?.scan(options)
}

/// The base of what is in `top`.
fn index(top: &Path) -> Base {
    let bytes = base::encode(scan(top, &ScanOptions::default()).expect("a scan").tree).expect("it fits");
    Base::from_object(Id::of(&bytes), Object::from_bytes(Bytes::from(bytes))).expect("a base")
}

fn get(base: &Base, path: &[u8]) -> Option<Entry> {
    let row = base.find(&DataPath::parse(path).expect("a path")).expect("an answer");
    row.map(|row| base.entry(row).expect("an entry"))
}

/// Why the source cannot be used, and which of its parts.
fn unusable(result: Result<super::Scan>) -> (String, Vec<String>) {
    match result.expect_err("an error").kind() {
        ErrorKind::SourceUnusable { why, parts, .. } => (why.clone(), parts.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_on_the_disk_is_in_the_base() {
    let top = folder();
    write(&top, "a/b/file", "four");
    write(&top, "empty", "");
    fs::create_dir(top.path().join("void")).expect("a folder");
    fs::set_permissions(top.path().join("empty"), fs::Permissions::from_mode(0o4750)).expect("a mode");
    symlink("../nowhere\u{e9}", top.path().join("a/link")).expect("a link");

    let base = index(top.path());
    assert_eq!(base.len(), 7);
    for (path, kind, size) in [
        ("a", Kind::Folder, 0),
        ("a/b/file", Kind::File, 4),
        ("a/link", Kind::Symlink, 12),
        ("empty", Kind::File, 0),
        ("void", Kind::Folder, 0),
    ] {
        let entry = get(&base, path.as_bytes()).expect(path);
        assert_eq!((entry.kind, entry.size), (kind, size), "{path}");
        let source = Source::open(top.path()).expect("a source");
        assert_eq!(source.stat(&path.parse().expect("a path")).expect("an answer"), Some(entry));
    }
    assert_eq!(get(&base, b"empty").expect("an entry").mode, 0o4750);
    let link = base.find(&"a/link".parse().expect("a path")).expect("an answer").expect("a row");
    assert_eq!(base.link_target(link).expect("a target"), "../nowhere\u{e9}".as_bytes());
    assert_eq!((base.totals().files, base.totals().folders, base.totals().bytes), (2, 3, 4));
}

#[test]
fn the_number_of_threads_makes_no_difference() {
    let top = folder();
    for n in 0..300 {
        write(&top, &format!("{}/{}/{n}", n % 7, n % 11), &"x".repeat(n));
    }
    let encoded = |threads| {
        let options = ScanOptions { threads, ..ScanOptions::default() };
        base::encode(scan(top.path(), &options).expect("a scan").tree).expect("it fits")
    };
    let one = encoded(1);
    assert!([2, 3, 16].into_iter().all(|threads| encoded(threads) == one));
}

#[test]
fn odd_names_sizes_and_times_are_kept() {
    let top = folder();
    let long = vec![b'n'; 255];
    for name in [&b"caf\xe9\n"[..], &long, b" ", b"-rf", b"\\"] {
        File::create(top.path().join(OsStr::from_bytes(name))).expect("a file");
    }
    let huge = File::create(top.path().join("huge")).expect("a file");
    huge.set_len(5 << 30).expect("a sparse file");
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_secs(1000) + Duration::from_nanos(123_456_789);
    huge.set_modified(before_1970).expect("a time");
    let far = File::create(top.path().join("far")).expect("a file");
    far.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(16_725_225_600)).expect("a time");

    let base = index(top.path());
    for name in [&b"caf\xe9\n"[..], &long, b" ", b"-rf", b"\\"] {
        assert!(get(&base, name).is_some(), "{:?}", OsStr::from_bytes(name));
    }
    let huge = get(&base, b"huge").expect("an entry");
    assert_eq!((huge.size, huge.mtime_ns), (5 << 30, -1_000_000_000_000 + 123_456_789));
    // The year 2500 is beyond what 64 bits of nanoseconds can hold, and what some file systems can.
    let (far, kept) = (get(&base, b"far").expect("an entry"), far.metadata().expect("a file"));
    assert_eq!(far.mtime_ns, super::attributes::nanoseconds(kept.mtime(), kept.mtime_nsec()));
    let source = Source::open(top.path()).expect("a source");
    source.open_file(&"far".parse().expect("a path"), &far, super::OnDrift::Error).expect("no drift");
}

#[test]
fn a_big_folder_is_read_by_several_threads() {
    let top = folder();
    for n in 0..20_000 {
        File::create(top.path().join(format!("{n}"))).expect("a file");
    }
    let seen = AtomicU64::new(0);
    let progress = |progress: Progress| {
        seen.fetch_max(progress.entries, Ordering::Relaxed);
    };
    let options = ScanOptions { threads: 3, progress: &progress, ..ScanOptions::default() };
    let found = scan(top.path(), &options).expect("a scan");
    assert_eq!((found.tree.entries, seen.into_inner()), (20_001, 20_000));
    let base = index(top.path());
    assert!((0..20_000).all(|n: u32| get(&base, n.to_string().as_bytes()).is_some()));
}

#[test]
fn a_loop_of_links_is_a_link() {
    let top = folder();
    write(&top, "a/file", "x");
    symlink("..", top.path().join("a/up")).expect("a link");
    symlink("self", top.path().join("self")).expect("a link");
    symlink("/", top.path().join("out")).expect("a link");
    let base = index(top.path());
    assert_eq!((base.len(), base.totals().symlinks), (6, 3));
}

#[test]
fn special_files_are_left_out_and_listed() {
    let top = folder();
    write(&top, "a/file", "x");
    mknodat(CWD, top.path().join("a/pipe"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    let _socket = std::os::unix::net::UnixListener::bind(top.path().join("sock")).expect("a socket");
    let found = scan(top.path(), &ScanOptions::default()).expect("a scan");
    assert_eq!(found.skipped.lines(9), ["a/pipe: a pipe", "sock: a socket"]);
    assert_eq!(found.skipped.lines(1), ["a/pipe: a pipe", "and 1 more"]);
    assert_eq!(base::encode(found.tree).map(drop).map_err(drop), Ok(()));
    assert_eq!(index(top.path()).len(), 3);
}

#[test]
fn an_empty_source_and_one_without_use_are_refused() {
    let top = folder();
    assert_eq!(unusable(scan(top.path(), &ScanOptions::default())).0, "it is empty");
    mknodat(CWD, top.path().join("pipe"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    let (why, parts) = unusable(scan(top.path(), &ScanOptions::default()));
    assert_eq!((why.as_str(), parts), ("it has nothing that can be used", vec!["pipe: a pipe".to_owned()]));
}

#[test]
fn an_entry_with_the_reserved_name_is_recorded_with_a_warning() {
    let top = folder();
    write(&top, "sub/.veneer", "x");
    assert!(scan(top.path(), &ScanOptions::default()).expect("a scan").warnings.is_empty());
    write(&top, ".veneer", "x");
    assert_eq!(scan(top.path(), &ScanOptions::default()).expect("a scan").warnings.len(), 1);
    assert!(get(&index(top.path()), b".veneer").is_some());
}

#[test]
fn a_cancelled_scan_is_interrupted() {
    let top = folder();
    write(&top, "a", "x");
    let cancel = AtomicBool::new(true);
    let options = ScanOptions { cancel: &cancel, ..ScanOptions::default() };
    assert_eq!(scan(top.path(), &options).expect_err("an error").kind(), &ErrorKind::Interrupted);
}

/// Runs `check` as a user without privileges, so that permissions hold for it.
fn as_nobody<T: Send>(check: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                let nobody = rustix::process::Uid::from_raw(65534);
                rustix::thread::set_thread_res_uid(None, nobody, None).expect("root may");
            }
            check()
        });
        thread.join().expect("the check")
    })
}

#[test]
fn unreadable_parts_are_listed_and_left_out_on_demand() {
    let top = folder();
    write(&top, "open/file", "x");
    write(&top, "shut/file", "x");
    write(&top, "blind/file", "x");
    write(&top, "open/secret", "x");
    write(&top, "open/group", "x");
    for (path, mode) in [
        (".", 0o755),
        ("open", 0o755),
        ("shut", 0o000),
        ("blind", 0o444),
        ("open/secret", 0o000),
        ("open/group", 0o640),
    ] {
        fs::set_permissions(top.path().join(path), fs::Permissions::from_mode(mode)).expect("a mode");
    }
    let source = Source::open(top.path()).expect("a source");
    as_nobody(|| {
        let (why, parts) = unusable(source.scan(&ScanOptions::default()));
        assert_eq!(why, "3 of its parts cannot be read");
        assert_eq!(parts, ["blind/file", "open/secret", "shut"].map(|part| format!("{part}: permission denied")));

        let options = ScanOptions { skip_unreadable: true, ..ScanOptions::default() };
        let found = source.scan(&options).expect("a scan");
        assert_eq!(found.unreadable.count, 3);
        let bytes = base::encode(found.tree).expect("it fits");
        let base = Base::from_object(Id::of(&bytes), Object::from_bytes(Bytes::from(bytes))).expect("a base");
        assert_eq!(base.len(), 5);
        assert!(get(&base, b"open/secret").is_none() && get(&base, b"open/group").is_some());
        assert!(get(&base, b"shut").is_none() && get(&base, b"blind").is_some() && get(&base, b"open/file").is_some());
    });
    for path in ["shut", "blind"] {
        fs::set_permissions(top.path().join(path), fs::Permissions::from_mode(0o755)).expect("a mode");
    }
}

#[test]
fn a_source_that_is_wholly_unreadable_is_refused_even_when_skipping() {
    let top = folder();
    write(&top, "file", "x");
    let source = Source::open(top.path()).expect("a source");
    fs::set_permissions(top.path(), fs::Permissions::from_mode(0o000)).expect("a mode");
    let options = ScanOptions { skip_unreadable: true, ..ScanOptions::default() };
    let (_, parts) = as_nobody(|| unusable(source.scan(&options)));
    assert_eq!(parts, [".: permission denied"]);
    fs::set_permissions(top.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// Makes `depth` folders, one in the other.
fn dig(top: &Path, depth: usize) {
    let mut at: OwnedFd = File::open(top).expect("the folder").into();
    for _ in 0..depth {
        mkdirat(&at, "d", Mode::RWXU).expect("a folder");
        at = openat(&at, "d", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).expect("the folder");
    }
}

/// Removes what [`dig`] made; the standard library would run out of descriptors.
fn fill_in(top: &Path) {
    let at: OwnedFd = File::open(top).expect("the folder").into();
    while renameat(&at, "d/d", &at, "next").is_ok() {
        unlinkat(&at, "d", AtFlags::REMOVEDIR).expect("an empty folder");
        renameat(&at, "next", &at, "d").expect("its place is free");
    }
    unlinkat(&at, "d", AtFlags::REMOVEDIR).expect("the last folder");
}

#[test]
fn a_path_beyond_the_limit_is_an_unreadable_part() {
    let top = folder();
    dig(top.path(), 5000);
    let (_, parts) = unusable(scan(top.path(), &ScanOptions::default()));
    let options = ScanOptions { skip_unreadable: true, ..ScanOptions::default() };
    let found = scan(top.path(), &options).expect("a scan");
    fill_in(top.path());

    assert_eq!(parts.len(), 1);
    assert!(parts[0].starts_with("d/d/d/") && parts[0].ends_with("d: its path has more than 4095 bytes"));
    assert_eq!(found.tree.entries, 2049);
    let bytes = base::encode(found.tree).expect("it fits");
    let base = Base::from_object(Id::of(&bytes), Object::from_bytes(Bytes::from(bytes))).expect("a base");
    assert_eq!(base.path(2048).expect("a path").as_bytes().len(), 4095);
}

#[test]
fn a_source_that_changes_meanwhile_is_refused() {
    for (change, path) in [("add", "a"), ("remove", "a"), ("chmod", "b")] {
        let top = folder();
        for n in 0..3 {
            write(&top, &format!("a/{n}"), "x");
            write(&top, &format!("b/{n}"), "x");
        }
        // The change comes when all has been seen, before it is compared.
        let progress = |progress: Progress| {
            let at = |path: &str| top.path().join(path);
            match (progress.entries, change) {
                (8, "add") => drop(File::create(at("a/new")).expect("a file")),
                (8, "remove") => fs::remove_file(at("a/0")).unwrap_or_default(),
                (8, _) => fs::set_permissions(at("b"), fs::Permissions::from_mode(0o700)).expect("a mode"),
                _ => {}
            }
        };
        // The clock of the file system is coarse: what comes at once may have the same time.
        std::thread::sleep(Duration::from_millis(20));
        let options = ScanOptions { threads: 1, progress: &progress, ..ScanOptions::default() };
        let error = scan(top.path(), &options).expect_err(change);
        assert!(matches!(error.kind(), ErrorKind::SourceChanged { path: p, .. } if p == path), "{change}: {error}");
    }
}

#[test]
fn what_is_no_folder_is_refused() {
    let top = folder();
    write(&top, "file", "x");
    let kind = |path: &Path| Source::open(path).map(drop).map_err(|error: Error| error.kind().clone());
    assert!(matches!(kind(&top.path().join("missing")), Err(ErrorKind::NotFound { .. })));
    assert!(matches!(kind(&top.path().join("file")), Err(ErrorKind::NotAFolder { .. })));
    assert!(matches!(kind(Path::new("relative")), Err(ErrorKind::Invalid { .. })));
    let file: OwnedFd = File::open(top.path().join("file")).expect("the file").into();
    assert!(matches!(Source::from_fd(file, top.path()).expect_err("a file").kind(), ErrorKind::NotAFolder { .. }));
}
