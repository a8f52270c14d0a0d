//! Flipped bytes, cut files and missing files: found by fsck, and never read as something else.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::fsck::FsckReport;
use super::super::{LocalStore, fsck};
use super::folder::{Folder, QUICK, SHORTLY};
use crate::ErrorKind;

fn fsck(folder: &Folder) -> FsckReport {
    LocalStore::fsck(&folder.path(), SHORTLY).expect("checked")
}

/// The files whose every byte counts: all but sled's, and LOCK, which is text for people.
fn counted(folder: &Folder) -> Vec<PathBuf> {
    let mut files = folder.files();
    files.retain(|path| !path.starts_with(folder.path().join("meta")) && !path.ends_with("LOCK"));
    files
}

fn is_problem_with(report: &FsckReport, what: &str) -> bool {
    report.problems.iter().any(|problem| problem.what.contains(what))
}

/// Opens the damaged store both ways: it refuses, or answers what is true, or gives an error for that.
fn check_both_ways(folder: &Folder) {
    for store in [folder.read(), folder.own()] {
        match store {
            Ok(store) => {
                folder.check(store);
            }
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::Corrupt { .. } | ErrorKind::StoreUnknown { .. }),
                "refused for another reason: {error}"
            ),
        }
    }
}

#[test]
fn a_sound_store_is_clean() {
    let folder = Folder::new();
    let report = fsck(&folder);
    assert!(report.is_clean() && report.notes.is_empty(), "{report:#?}");
    assert_eq!((report.objects, report.refs), (folder.bodies.len() as u64, folder.refs.len() as u64));
    assert_eq!(report.bytes, folder.bodies.values().map(|body| body.len() as u64).sum::<u64>());
    assert!(folder.check(folder.read().expect("opened")) && folder.check(folder.own().expect("opened")));
}

/// Which bytes of a file to flip: all of a small one; at both ends and `many` between of a large one.
fn places(len: usize, many: usize) -> Vec<usize> {
    let step = (len / many).max(1);
    let ends = (0..len.min(many / 7)).chain(len.saturating_sub(many / 7)..len);
    let mut places: Vec<usize> = ends.chain((0..len).step_by(step)).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// Flips bytes of every file, one at a time; returns how many.
fn flip(folder: &Folder, many: usize, check: &dyn Fn(&Folder)) -> usize {
    let mut flips = 0;
    for path in counted(folder) {
        let len = fs::read(&path).expect("read").len();
        // Opening a store may mend it: every flip begins with the whole store as it was.
        let rest = Kept::of(folder);
        for at in places(len, many) {
            Folder::change(&path, |bytes| bytes[at] ^= 1 << (at % 8));
            assert!(!fsck(folder).is_clean(), "byte {at} of {} was not found", path.display());
            check(folder);
            rest.restore();
            flips += 1;
        }
    }
    assert!(fsck(folder).is_clean(), "all is as it was");
    flips
}

#[test]
fn any_flipped_byte_is_found_by_fsck_and_never_read_as_something_else() {
    let folder = Folder::new();
    // Without sled, which takes most of the time: it has its own tests.
    fs::remove_dir_all(folder.path().join("meta")).expect("removed");
    let flips = flip(&folder, 700, &|folder| {
        if let Ok(store) = folder.read() {
            folder.check(store);
        }
    });
    assert!(flips > 2000, "{flips} flips");
}

#[test]
fn an_owner_never_reads_a_flipped_byte_as_something_else() {
    let folder = Folder::new();
    let flips = flip(&folder, 40, &check_both_ways);
    assert!(flips > 150, "{flips} flips");
}

#[test]
fn a_file_that_was_cut_is_found_and_never_read_as_something_else() {
    let folder = Folder::new();
    for path in counted(&folder) {
        let len = fs::read(&path).expect("read").len();
        let rest = Kept::of(&folder);
        for to in [0, 1, 8, 63, 64, 65, 100, len / 2, len.saturating_sub(9), len.saturating_sub(1)] {
            if to >= len || path.ends_with("reserve") {
                continue; // A reserve cut short is only a smaller reserve.
            }
            Folder::change(&path, |bytes| bytes.truncate(to));
            assert!(!fsck(&folder).is_clean(), "{} cut to {to} was not found", path.display());
            check_both_ways(&folder);
            rest.restore();
        }
    }
}

#[test]
fn a_missing_file_is_found_and_never_read_as_nothing() {
    let folder = Folder::new();
    for path in counted(&folder) {
        let rest = Kept::of(&folder);
        fs::remove_file(&path).expect("removed");
        match LocalStore::fsck(&folder.path(), SHORTLY) {
            Ok(report) if path.ends_with("reserve") => assert_eq!(report.notes.len(), 1),
            Ok(report) => assert!(!report.is_clean(), "{} is missing", path.display()),
            Err(error) => assert!(path.ends_with("FORMAT"), "{error}"),
        }
        check_both_ways(&folder);
        rest.restore();
    }
}

#[test]
fn a_damaged_index_is_made_again_or_says_what_the_log_says() {
    let folder = Folder::new();
    let in_meta: Vec<PathBuf> =
        folder.files().into_iter().filter(|path| path.starts_with(folder.path().join("meta"))).collect();
    assert!(!in_meta.is_empty());
    for path in in_meta {
        let rest = Kept::of(&folder);
        let sound = fs::read(&path).expect("read");
        let used = sound.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let step = (used / 60).max(1);
        for at in (0..used).step_by(step) {
            Folder::change(&path, |bytes| bytes[at] ^= 0x10);
            assert!(folder.check(folder.own().expect("the log is sound")), "byte {at} of {}", path.display());
            let report = fsck(&folder);
            assert!(report.is_clean(), "byte {at} of {} was made again: {report:#?}", path.display());
            rest.restore();
        }
        for to in [0, used / 2, used.saturating_sub(1)] {
            Folder::change(&path, |bytes| bytes.truncate(to));
            assert!(folder.check(folder.own().expect("the log is sound")), "{} cut to {to}", path.display());
            rest.restore();
        }
    }
}

#[test]
fn a_snapshot_of_sled_that_a_kill_cut_off_is_no_damage() {
    let folder = Folder::new();
    let cut_off = folder.path().join("meta/snap.FFFFFFFFFFFFFFFF.generating");
    for content in [&b""[..], b"the beginning of a snapshot"] {
        fs::write(&cut_off, content).expect("written");
        let report = fsck(&folder);
        assert!(report.is_clean(), "{report:#?}");
        assert!(!cut_off.exists());
    }
}

#[test]
fn an_index_that_is_ahead_of_the_log_says_that_the_log_lost_something() {
    let mut folder = Folder::new();
    let before = Kept::of(&folder);
    let owner = folder.own().expect("owned");
    folder.commit(&owner, "main", b"acknowledged");
    drop(owner);
    // The log and its mark as they were before; sled as it is.
    let log = |path: &Path| path.parent().is_some_and(|parent| parent.ends_with("log"));
    for (path, bytes) in before.files.iter().filter(|(path, _)| log(path)) {
        Folder::change(path, |now| now.clone_from(bytes));
    }
    let error = folder.own().expect_err("an acknowledged commit is missing");
    assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "{error}");
    assert!(is_problem_with(&fsck(&folder), "meta"));
}

#[test]
fn a_damaged_group_that_a_later_one_vouches_for_is_no_torn_write() {
    // As after a power cut, the mark is of no help; nor is sled.
    for file in ["log/mark", "meta/db"] {
        let folder = Folder::new();
        fs::remove_file(folder.path().join("log/mark")).expect("removed");
        if file == "meta/db" {
            fs::remove_dir_all(folder.path().join("meta")).expect("removed");
        }
        Folder::change(&folder.path().join("log/00000001.log"), |bytes| bytes[64 + 20] ^= 1);
        for store in [folder.read(), folder.own().and_then(|_| folder.read())] {
            let error = store.expect_err("an acknowledged group is damaged");
            assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "{error}");
        }
    }
}

#[test]
fn the_index_can_be_thrown_away_and_made_again() {
    let folder = Folder::new();
    fs::remove_dir_all(folder.path().join("meta")).expect("removed");
    assert!(folder.check(folder.own().expect("opened")));
    let made = LocalStore::rebuild(&folder.path(), SHORTLY).expect("made again");
    assert_eq!(made, ["meta"]);
    assert!(fsck(&folder).is_clean() && folder.check(folder.own().expect("opened")));
}

#[test]
fn an_owner_can_do_without_sled() {
    let mut folder = Folder::new();
    fs::remove_dir_all(folder.path().join("meta")).expect("removed");
    fs::write(folder.path().join("meta"), "in the way").expect("written");
    let owner = folder.own().expect("the log is enough");
    folder.commit(&owner, "main", b"without sled");
    assert!(folder.check(owner) && folder.check(folder.own().expect("opened again")));
    fs::remove_file(folder.path().join("meta")).expect("removed");
    assert!(folder.check(folder.own().expect("with sled again")) && fsck(&folder).is_clean());
}

#[test]
fn what_can_be_made_from_the_rest_is_made_again() {
    for (what, from) in [("FORMAT", 30), ("mark", 20), ("reserve", 99), (".tree", 40)] {
        let folder = Folder::new();
        let files = folder.files();
        let path = files.iter().find(|path| path.to_string_lossy().ends_with(what)).expect("there");
        Folder::change(path, |bytes| bytes[from] ^= 2);
        let report = fsck(&folder);
        assert!(report.problems.iter().all(|problem| problem.can_be_rebuilt), "{report:#?}");
        assert!(is_problem_with(&report, what), "{report:#?}");
        LocalStore::rebuild(&folder.path(), SHORTLY).expect("made again");
        assert!(fsck(&folder).is_clean(), "{what}");
        assert!(folder.check(folder.own().expect("opened")));
    }
}

#[test]
fn fsck_says_which_object_is_damaged_and_counts_the_others() {
    let folder = Folder::new();
    let log = folder.path().join("log/00000001.log");
    let bytes = fs::read(&log).expect("read");
    let at = bytes.windows(50).position(|window| window == [2; 50]).expect("a node's bytes");
    Folder::change(&log, |bytes| bytes[at] ^= 1);
    let report = fsck(&folder);
    assert_eq!(report.problems.len(), 1, "{report:#?}");
    assert!(report.problems[0].what.starts_with("node ") && !report.problems[0].can_be_rebuilt);
    assert_eq!(report.objects, folder.bodies.len() as u64 - 1);
    assert_eq!(report.refs, folder.refs.len() as u64);
}

/// The number of the last log file, and its path.
fn last_log(folder: &Folder) -> (u32, PathBuf) {
    let logs = folder.files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    let path = logs.max().expect("a log");
    (path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()).expect("a number"), path)
}

#[test]
fn a_log_file_whose_making_was_cut_off_is_no_damage() {
    for head in [&b""[..], b"VNRLOG01"] {
        let folder = Folder::new();
        let (number, path) = last_log(&folder);
        let next = path.with_file_name(format!("{:08}.log", number + 1));
        fs::write(&next, head).expect("written");
        let report = fsck(&folder);
        assert!(report.is_clean(), "{report:#?}");
        assert!(folder.check(folder.read().expect("opened")) && folder.check(folder.own().expect("opened")));
        assert!(!next.exists(), "the owner removes it");
    }
}

#[test]
fn a_log_file_with_groups_is_never_taken_for_one_whose_making_was_cut_off() {
    let mut folder = Folder::new();
    let store = folder.own().expect("owned");
    (0..9).for_each(|n| folder.commit(&store, "main", &[n; 300]));
    drop(store);
    let (number, path) = last_log(&folder);
    assert!(number > 1 && fs::metadata(&path).expect("there").len() > 64, "{number}");
    Folder::change(&path, |bytes| bytes[30] ^= 1);
    // As after a power cut, the mark is of no help; nor is sled.
    fs::remove_file(folder.path().join("log/mark")).expect("removed");
    fs::remove_dir_all(folder.path().join("meta")).expect("removed");
    for store in [folder.read(), folder.own()] {
        let error = store.expect_err("acknowledged groups cannot be reached");
        assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "{error}");
    }
    assert!(path.exists(), "what may be saved stays");
}

/// The content of a whole store, to be put back.
struct Kept {
    root: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Kept {
    fn of(folder: &Folder) -> Kept {
        let files = folder.files().into_iter().map(|path| (path.clone(), fs::read(path).expect("read"))).collect();
        Kept { root: folder.path(), files }
    }

    fn restore(&self) {
        let is_kept = |path: &Path| self.files.iter().any(|(kept, _)| kept == path);
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("listed") {
                let path = entry.expect("listed").path();
                if path.is_dir() {
                    folders.push(path);
                } else if !is_kept(&path) {
                    fs::remove_file(&path).expect("removed");
                }
            }
        }
        for (path, bytes) in &self.files {
            if fs::read(path).ok().as_ref() != Some(bytes) {
                let _ = fs::remove_file(path);
                fs::create_dir_all(path.parent().expect("in the store")).expect("there");
                fs::write(path, bytes).expect("written");
            }
        }
    }
}

#[test]
fn the_limits_of_the_tests_are_not_those_of_the_store() {
    // A reserve of another length is a reserve; else every change of the number would be a problem.
    let folder = Folder::new();
    assert_eq!(fs::metadata(folder.path().join("reserve")).expect("there").len(), QUICK.reserve_len);
    assert!(fsck::check(&super::super::disk::RealDisk::new(&folder.path())).expect("checked").is_clean());
}
