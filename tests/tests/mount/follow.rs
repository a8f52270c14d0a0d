//! A mount of a branch moves with it; one of a tag, a revision or with `--pin` stays.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use harness::{Home, Mount, Tree, need, skip, source, wait};

/// How soon a commit shows, as promised.
const SOON: Duration = Duration::from_millis(100);
/// What is allowed on a machine that does five other things.
const SLACK: u32 = 5;

fn home() -> Home {
    Home::with(&source! { "a": "one", "b": "same", "dir/c": "deep" })
}

fn commit(home: &Home, edit: &str) {
    home.ok(edit);
    home.ok("commit d -m 'a change'");
}

/// Waits until the mount shows something, and fails if that is not soon.
fn shows(what: impl FnMut() -> bool) -> Duration {
    wait::until(SOON * SLACK, what).expect("a commit shows in the mount soon")
}

fn ino(path: impl AsRef<Path>) -> u64 {
    fs::symlink_metadata(path).expect("it is there").ino()
}

#[test]
#[expect(clippy::print_stdout, reason = "the measured time is of interest")]
fn a_commit_shows_within_a_tenth_of_a_second() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    let mut times = Vec::new();
    for round in 0..10 {
        home.file("new", format!("round {round}"));
        home.ok("put d a new");
        home.ok("commit d -m round");
        times.push(shows(|| mount.text("a") == format!("round {round}")));
    }
    times.sort();
    println!("after `veneer commit` had ended: median {:?}, longest {:?}", times[5], times[9]);
}

#[test]
fn names_come_and_go_with_commits() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    home.file("new", "new");
    assert!(!mount.join("late").exists() && !mount.join("dir/late").exists() && mount.join("b").exists());
    home.ok("put d late new");
    home.ok("put d dir/late new");
    commit(&home, "rm d b");
    shows(|| mount.join("late").exists() && mount.join("dir/late").exists() && !mount.join("b").exists());
    let expected = source! { "a": "one", "late": "new", "dir/late": "new", "dir/c": "deep" };
    assert_eq!(Tree::read(mount.path()).expect("readable"), expected);
    commit(&home, "mv d dir moved");
    shows(|| mount.join("moved/c").exists() && !mount.join("dir").exists());
    commit(&home, "mv d moved/c moved/e");
    shows(|| mount.join("moved/e").exists() && !mount.join("moved/c").exists());
    home.ok("revert d main~2");
}

#[test]
fn a_mount_goes_back_with_a_revert() {
    need!(skip::mounting());
    let home = home();
    let before = Tree::read(&home.join("src")).expect("readable");
    let mount = Mount::new(&home, "d");
    commit(&home, "rm d dir -r");
    shows(|| !mount.join("dir").exists());
    home.ok("revert d main");
    shows(|| mount.join("dir/c").exists());
    assert_eq!(Tree::read(mount.path()).expect("readable"), before);
}

#[test]
fn a_folder_that_comes_back_shows_nothing_of_what_was_in_it_before() {
    need!(skip::mounting());
    let home = Home::with(&source! { "dir/c": "deep", "dir/gone": "gone", "dir/sub/d": "deeper" });
    let mount = Mount::new(&home, "d");
    // An open file keeps its name, and the folders above it, in the kernel's memory.
    let open = ["dir/c", "dir/gone", "dir/sub/d"].map(|path| File::open(mount.join(path)).expect("there"));
    commit(&home, "rm d dir -r");
    shows(|| !mount.join("dir").exists());
    home.file("new", "another");
    home.ok("mkdir d -p dir/sub");
    home.ok("put d dir/c new");
    commit(&home, "put d dir/sub/d new");
    shows(|| mount.join("dir").exists());
    let expected = source! { "dir/c": "another", "dir/sub/d": "another" };
    assert_eq!(Tree::read(mount.path()).expect("readable"), expected);
    assert_eq!((mount.text("dir/c"), mount.text("dir/sub/d")), ("another".into(), "another".into()));
    assert!(!mount.join("dir/gone").exists());
    drop(open);
}

#[test]
fn an_open_file_keeps_the_bytes_that_it_was_opened_with() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    let mut source_file = File::open(mount.join("a")).expect("there");
    home.file("new", "two");
    commit(&home, "put d a new");
    shows(|| mount.text("a") == "two");
    let mut object_file = File::open(mount.join("a")).expect("there");
    commit(&home, "rm d a");
    shows(|| !mount.join("a").exists());
    for (file, expected) in [(&mut source_file, "one"), (&mut object_file, "two")] {
        for _ in 0..2 {
            let mut text = String::new();
            file.rewind().expect("a file");
            file.read_to_string(&mut text).expect("still readable");
            assert_eq!(text, expected);
        }
        assert_eq!(file.metadata().expect("still there").len(), 3);
    }
}

#[test]
fn an_unchanged_file_keeps_its_inode_and_new_content_gets_a_new_one() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    let inodes = |paths: &[&str]| paths.iter().map(|path| ino(mount.join(path))).collect::<Vec<_>>();
    let before = inodes(&["a", "b", "dir", "dir/c"]);
    home.file("new", "two");
    commit(&home, "put d a new");
    shows(|| mount.text("a") == "two");
    let after = inodes(&["a", "b", "dir", "dir/c"]);
    assert_ne!(after[0], before[0], "other content is another inode");
    assert_eq!(after[1..], before[1..], "what did not change keeps its inode");
    let other = Mount::at(&home, "d", "other");
    assert_eq!(ino(other.join("dir/c")), before[3], "two mounts of one revision agree");
    home.ok("revert d main");
    shows(|| mount.text("a") == "one");
    assert_eq!(inodes(&["a", "b", "dir", "dir/c"]), before, "the same content at the same path is the same inode");
}

#[test]
fn a_pinned_mount_and_a_mounted_tag_or_revision_stay() {
    need!(skip::mounting());
    let home = home();
    home.ok("tag d v1");
    let head = home.json("log d -n 1")[0]["id"].as_str().expect("an id").to_owned();
    let pinned = Mount::at(&home, "d --pin", "pinned");
    let tagged = Mount::at(&home, "d@v1", "tagged");
    let revision = Mount::at(&home, &format!("d@{}", &head[..12]), "revision");
    let following = Mount::at(&home, "d", "following");
    commit(&home, "rm d a");
    shows(|| !following.join("a").exists());
    for mount in [&pinned, &tagged, &revision] {
        assert_eq!(mount.text("a"), "one");
        assert_eq!(mount.text(".veneer/revision").trim(), head);
    }
    assert_ne!(following.text(".veneer/revision").trim(), head);
}

#[test]
fn a_mount_follows_a_branch_of_its_own_and_no_other() {
    need!(skip::mounting());
    let home = home();
    home.ok("branch d side");
    let mount = Mount::new(&home, "d@side");
    commit(&home, "rm d a");
    home.ok("rm d@side b");
    home.ok("commit d@side -m side");
    shows(|| !mount.join("b").exists());
    assert_eq!(mount.text("a"), "one");
    home.ok("merge d main --into side");
    shows(|| !mount.join("a").exists());
}

#[test]
fn a_refreshed_source_shows_in_a_mount() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    assert_eq!(mount.text("b"), "same");
    fs::write(home.join("src/b"), "not the same").expect("our own source");
    fs::write(home.join("src/new"), "brought").expect("our own source");
    home.ok("refresh d");
    shows(|| mount.join("new").exists() && mount.text("b") == "not the same");
    assert_eq!((mount.text("new"), mount.text("a")), ("brought".into(), "one".into()));
}
