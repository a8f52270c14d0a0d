//! Mounting, unmounting, and what a dead daemon or a busy mount leaves behind.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::literal::folder;
use harness::{Child, Home, Mount, Tree, checksum, disk, is_mounted, need, skip, source, wait};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

const PATIENCE: Duration = Duration::from_secs(5);

fn home() -> Home {
    Home::with(&source! { "a": "one", "dir/b": "two" })
}

fn is_running(pid: u32) -> bool {
    Pid::from_raw(pid as i32).is_some_and(|pid| test_kill_process(pid).is_ok())
}

#[test]
fn mounts_are_listed_and_are_gone_after_unmount() {
    need!(skip::mounting());
    let home = home();
    home.ok("tag d v1");
    let (first, second) = (Mount::at(&home, "d", "first"), Mount::at(&home, "d@v1", "second"));
    let head = home.json("log d -n 1")[0]["id"].clone();
    let mut listed = home.json("mounts").as_array().expect("a list").clone();
    listed.sort_by_key(|mount| mount["path"].to_string());
    for (mount, (line, reference)) in [&first, &second].into_iter().zip(listed.iter().zip(["main", "v1"])) {
        assert_eq!(line["path"], *mount.path().to_string_lossy());
        assert_eq!((&line["dataset"], &line["ref"], &line["revision"]), (&"d".into(), &reference.into(), &head));
        assert!(line["mode"].is_string() && line["profile"].is_string(), "{line}");
        assert!(is_running(mount.daemon()));
    }
    assert_eq!(listed.len(), 2);
    let pid = first.daemon();
    first.unmount();
    assert!(wait::until(PATIENCE, || !is_running(pid)).is_some(), "the daemon outlived its mount");
    assert_eq!(home.json("mounts").as_array().expect("a list").len(), 1);
    assert_eq!(second.text("a"), "one");
}

#[test]
fn stat_tells_where_a_file_in_a_mount_comes_from() {
    need!(skip::mounting());
    let home = home();
    home.file("new", "three");
    home.ok("put d dir/b new");
    home.ok("commit d -m new");
    let mount = Mount::new(&home, "d");
    let head = home.json("log d -n 1")[0]["id"].clone();
    for (path, from, object) in
        [("a", "source", None), ("dir/b", "overlay", Some(blake3::hash(b"three").to_hex().to_string()))]
    {
        let told = home.json(&format!("stat {}", mount.join(path).display()));
        assert_eq!((&told["dataset"], &told["revision"]), (&"d".into(), &head));
        assert_eq!((&told["path"], &told["from"]), (&path.into(), &from.into()));
        if let Some(object) = object {
            assert_eq!(told["object"], *object);
        }
    }
    let elsewhere = home.fails("stat new", 3);
    assert!(elsewhere.contains("error: "), "{elsewhere}");
}

#[test]
fn a_mount_left_by_a_killed_daemon_is_cleaned_by_the_next() {
    need!(skip::mounting());
    let home = home();
    let dead = Mount::new(&home, "d");
    let state = |home: &Home, path: &Path| {
        let mounts = home.json("mounts");
        // Dead mounts of other stores are listed as well.
        let ours = mounts.as_array().expect("a list").iter().find(|mount| mount["path"] == *path.to_string_lossy());
        ours.map(|mount| (mount["state"].clone(), mount["pid"].is_number()))
    };
    // What a daemon said of itself stays in the kernel's cache when it is dead.
    assert_eq!(state(&home, dead.path()), Some(("live".into(), true)));
    for process in [dead.supervisor(), dead.serving()] {
        let pid = Pid::from_raw(process as i32).expect("a process");
        kill_process(pid, Signal::KILL).expect("our own daemon");
    }
    let is_stale =
        || fs::metadata(dead.join("not/cached")).err().and_then(|e| e.raw_os_error()) == Some(libc::ENOTCONN);
    assert!(wait::until(PATIENCE, is_stale).is_some(), "the daemon is dead, and its mount is not");
    assert_eq!(state(&home, dead.path()), Some(("stale".into(), false)));
    let again = Mount::new(&home, "d");
    assert_eq!(again.text("a"), "one");
    again.unmount();
    assert_eq!(fs::read_dir(home.join("mnt")).expect("an ordinary folder again").count(), 0);
}

#[test]
fn unmount_names_the_process_that_holds_a_mount() {
    need!(skip::mounting(), skip::command("sleep"));
    let home = home();
    let mount = Mount::new(&home, "d");
    let mut holder = {
        // Its own block: a `Command` keeps the files that it was given open.
        let file = File::open(mount.join("a")).expect("there");
        let mut sleep = Command::new("sleep");
        Child::start(sleep.arg("60").stdin(Stdio::from(file)).stdout(Stdio::null())).expect("it is installed")
    };
    let ran = home.run("unmount mnt");
    assert!(ran.code != Some(0) && is_mounted(mount.path()), "{ran:?}");
    assert!(ran.stderr.contains(&holder.id().to_string()) && ran.stderr.contains("sleep"), "{}", ran.stderr);
    assert_eq!(mount.text("a"), "one", "it goes on serving");
    holder.kill();
    mount.unmount();
}

#[test]
fn unmount_names_the_mount_that_is_in_a_mount() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one", "empty": folder() });
    let outer = Mount::at(&home, "d", "outer");
    let inner = Mount::at(&home, "d", "outer/empty");
    let said = home.fails("unmount outer --timeout 0s", 3);
    assert!(said.contains(&format!("`{}` is mounted in it", inner.path().display())), "{said}");
    inner.unmount();
    outer.unmount();
}

#[test]
fn many_mounts_and_the_command_work_side_by_side() {
    need!(skip::mounting());
    let home = home();
    let mounts: Vec<_> = (0..4).map(|number| Mount::at(&home, "d", &format!("mnt{number}"))).collect();
    for number in 0..3 {
        home.file("new", format!("{number}"));
        home.ok("put d a new");
        home.ok("commit d -m number");
    }
    for mount in &mounts {
        assert!(wait::until(PATIENCE, || mount.text("a") == "2").is_some());
    }
    let log = home.json("log d");
    assert_eq!(log.as_array().expect("a list").len(), 4);
}

#[test]
fn a_mount_over_the_source_itself_shows_the_revision_and_leaves_the_source_alone() {
    need!(skip::mounting());
    let home = home();
    let before = checksum(&home.join("src")).expect("readable");
    let mount = Mount::at(&home, "d", "src");
    home.file("new", "replaced");
    home.ok("put d a new");
    home.ok("rm d dir -r");
    home.ok("commit d -m over");
    assert!(wait::until(PATIENCE, || !mount.join("dir").exists()).is_some());
    assert_eq!(Tree::read(&home.join("src")).expect("readable"), source! { "a": "replaced" });
    home.ok("revert d main");
    assert!(wait::until(PATIENCE, || mount.join("dir").exists()).is_some());
    assert_eq!(mount.text("dir/b"), "two", "the source beneath is still read");
    mount.unmount();
    assert_eq!(checksum(&home.join("src")).expect("readable"), before);
}

#[test]
fn commands_and_other_mounts_reach_the_source_beneath_a_mount_over_it() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::at(&home, "d", "src");
    home.file("new", "replaced");
    home.ok("put d a new");
    home.ok("rm d dir -r");
    home.ok("commit d -m over");
    assert!(wait::until(PATIENCE, || mount.text("a") == "replaced").is_some());
    assert_eq!((home.ok("cat d@main~1 a"), home.ok("cat d@main~1 dir/b")), ("one".into(), "two".into()));
    home.ok("export d@main~1 out");
    assert_eq!(Tree::read(&home.join("out")).expect("readable"), source! { "a": "one", "dir/b": "two" });
    let beside = Mount::at(&home, "d@main~1", "beside");
    assert_eq!((beside.text("a"), beside.text("dir/b")), ("one".into(), "two".into()));
    // What is new in the source itself can be seen by nobody but the true one.
    let found = home.json("refresh d");
    assert_eq!(found["revision"], serde_json::Value::Null, "nothing has changed beneath: {found}");
    home.ok("fsck");
    home.ok("import e src");
    assert_eq!(home.ok("cat e a"), "one");
    beside.unmount();
    mount.unmount();
}

#[test]
fn a_daemon_in_the_foreground_unmounts_when_it_is_told_to_stop() {
    need!(skip::mounting());
    let home = home();
    fs::create_dir(home.join("mnt")).expect("a new folder");
    for signal in [Signal::INT, Signal::TERM] {
        let mut command = home.command(["mount", "d", "mnt", "--foreground"]);
        let mut daemon = Child::start(command.stdout(Stdio::null()).stderr(Stdio::null())).expect("it starts");
        let is_there = || fs::read(home.join("mnt/a")).is_ok_and(|bytes| bytes == b"one");
        assert!(wait::until(PATIENCE, is_there).is_some(), "nothing was mounted");
        daemon.signal(signal);
        let ended = daemon.wait(PATIENCE).expect("our own child").expect("it stops when told");
        assert!(ended.success() || ended.code().is_some(), "{ended}");
        assert!(!is_mounted(&home.join("mnt")));
    }
}

#[test]
fn a_store_on_a_read_only_disk_can_be_mounted_and_read() {
    let disk = match disk::Ext4::new(64 << 20) {
        Ok(disk) => disk,
        Err(why) => return skip::skipped(why),
    };
    need!(skip::mounting());
    let home = Home::new();
    home.keep_store_in(&disk.path());
    home.source("src", &source! { "a": "one", "dir/b": "two" });
    home.ok("import d src");
    home.file("new", "three");
    home.ok("put d dir/b new");
    home.ok("commit d -m three");
    disk.remount("ro").expect("nothing is open to be written");
    let mount = Mount::new(&home, "d");
    assert_eq!((mount.text("a"), mount.text("dir/b")), ("one".into(), "three".into()));
    assert_eq!(home.ok("cat d dir/b"), "three");
    assert_eq!(home.json("log d").as_array().expect("a list").len(), 2);
    let refused = home.fails("rm d a", 3);
    assert!(refused.contains("error: ") && refused.contains("read-only"), "{refused}");
    mount.unmount();
    disk.remount("rw").expect("our own disk");
    home.ok("rm d a");
}
