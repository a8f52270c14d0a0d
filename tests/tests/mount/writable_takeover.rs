//! The process that serves a writable mount is killed, crashes or is replaced, and no program on it notices.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{Child, Home, Mount, Tree, is_mounted, need, skip, source, wait};
use rustix::fs::{Advice, FlockOperation, fadvise, flock};
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags};
use rustix::process::{Signal, test_kill_process};

use super::kills::{PATIENCE, kill_and_ask, pid, send, while_killing};
use super::writable_programs::script;

fn small() -> Tree {
    source! { "a": "one", "dir/b": "two", "dir/sub/c": "three", "big": vec![7_u8; 3_000_000] }
}

fn writable(path: &std::path::Path) -> File {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).expect("it can be opened")
}

/// All of a file, from the file system and not from what is kept of it.
fn anew(mut file: &File) -> Vec<u8> {
    fadvise(file, 0, None, Advice::DontNeed).expect("a file");
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("readable");
    bytes
}

#[test]
fn open_files_live_through_takeovers_whether_they_have_names_or_not() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    // One of the source, one that was never there before, one that is only read.
    let (mut old, mut new) = (writable(&mount.join("dir/b")), writable(&mount.join("made")));
    let read = File::open(mount.join("dir/sub/c")).expect("there");
    let kept = writable(&mount.join("big"));
    for name in ["dir/b", "made", "dir/sub/c"] {
        fs::remove_file(mount.join(name)).expect("removed");
    }
    let numbers = [&old, &new, &read, &kept].map(|file| file.metadata().expect("open").ino());
    for round in 0..6_u8 {
        kill_and_ask(&mount, Signal::KILL);
        for file in [&mut old, &mut new] {
            file.seek(std::io::SeekFrom::End(0)).and_then(|_| file.write_all(&[b'0' + round])).expect("written");
            file.sync_all().expect("synced");
        }
        kept.write_all_at(&[round], 1_500_000 + u64::from(round)).expect("written");
        // Beside the old handle the kernel takes only one that reads the same file in the same way.
        let again = writable(&mount.join("big"));
        again.write_all_at(&[round], 2_500_000).expect("written");
        let mut byte = [0];
        kept.read_exact_at(&mut byte, 2_500_000).expect("read");
        assert_eq!(byte, [round]);
        assert_eq!(anew(&read), b"three");
        let now = [&old, &new, &read, &kept].map(|file| file.metadata().expect("open"));
        assert_eq!(now.each_ref().map(|metadata| metadata.ino()), numbers);
        assert_eq!(now.map(|metadata| metadata.nlink()), [0, 0, 0, 1]);
    }
    assert_eq!((anew(&old), anew(&new)), (b"two012345".to_vec(), b"012345".to_vec()));
    let mut bytes = vec![7; 3_000_000];
    bytes[1_500_000..1_500_006].copy_from_slice(&[0, 1, 2, 3, 4, 5]);
    bytes[2_500_000] = 5;
    assert!(anew(&kept) == bytes);
    drop((old, new, read, kept));
    assert_eq!(fs::read_dir(mount.join("dir")).expect("a folder").count(), 1);
    // Nothing is open any more, and a process that takes over has been told so. What the kernel tells of that is not
    // waited for by whoever closes a file, and nobody hears it again if the process is killed while it listens.
    let files = || scratch_files(&home);
    assert!(wait::until(PATIENCE, || files() == 1).is_some(), "{} scratch files before", files());
    kill_and_ask(&mount, Signal::KILL);
    assert!(wait::until(PATIENCE, || files() == 1).is_some(), "{} scratch files", files());
    mount.unmount();
    home.ok("commit d -m opened");
    let after = Mount::new(&home, "d");
    assert!(fs::read(after.join("big")).expect("there") == bytes && !after.join("made").exists());
}

/// How many scratch files the home's only draft has.
fn scratch_files(home: &Home) -> usize {
    let drafts = fs::read_dir(home.store().join("drafts")).expect("a folder");
    drafts.map(|draft| fs::read_dir(draft.expect("an entry").path().join("files")).map_or(0, Iterator::count)).sum()
}

#[test]
fn mapped_files_locks_listings_and_working_folders_live_through_takeovers() {
    need!(skip::mounting(), skip::command("sh"));
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let file = writable(&mount.join("dir/b"));
    file.set_len(8192).expect("longer");
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping of 8192 bytes that the file has; it is unmapped at the end, and nobody cuts the file.
    let map = unsafe { rustix::mm::mmap(std::ptr::null_mut(), 8192, protection, MapFlags::SHARED, &file, 0) };
    let map = map.expect("it can be mapped").cast::<u8>();
    let (locked, other) = (writable(&mount.join("lock")), File::open(mount.join("lock")).expect("there"));
    flock(&locked, FlockOperation::NonBlockingLockExclusive).expect("free");
    fs::create_dir(mount.join("many")).expect("made");
    (0..3000).for_each(|number| drop(writable(&mount.join(&format!("many/{number}")))));
    let mut listing = fs::read_dir(mount.join("many")).expect("a folder");
    let mut names: Vec<_> = listing.by_ref().take(10).map(|entry| entry.expect("an entry").file_name()).collect();
    let mut worker = Command::new("sh");
    worker.args(["-c", "while read name; do echo $name > $name; cat c; done"]).current_dir(mount.join("dir/sub"));
    let mut worker = Child::start(worker.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("it is installed");
    fs::rename(mount.join("dir"), mount.join("moved")).expect("moved");
    for round in 0..4_usize {
        kill_and_ask(&mount, Signal::KILL);
        // SAFETY: within the mapping, which nobody else writes to.
        unsafe { map.add(4000 + round).write_volatile(b'x') };
        // SAFETY: the mapping, whole.
        unsafe { rustix::mm::msync(map.cast(), 8192, MsyncFlags::SYNC) }.expect("synced");
        assert_eq!(anew(&file)[4000..=4000 + round], vec![b'x'; round + 1]);
        file.write_all_at(b"y", round as u64).expect("written");
        // SAFETY: within the mapping.
        assert_eq!(unsafe { map.add(round).read_volatile() }, b'y');
        assert!(flock(&other, FlockOperation::NonBlockingLockShared).is_err(), "the lock is lost");
        names.extend(listing.by_ref().take(400).map(|entry| entry.expect("an entry").file_name()));
        worker.say(&format!("w{round}\n"));
        let written = mount.join(&format!("moved/sub/w{round}"));
        assert!(wait::until(PATIENCE, || fs::read(&written).is_ok_and(|text| !text.is_empty())).is_some());
    }
    flock(&locked, FlockOperation::Unlock).expect("ours");
    flock(&other, FlockOperation::NonBlockingLockShared).expect("free");
    names.extend(listing.map(|entry| entry.expect("an entry").file_name()));
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!((count, names.len()), (3000, 3000));
    assert!(worker.rest().expect("it ends").starts_with("threethreethreethree"));
    // SAFETY: mapped with this length, and nothing refers to it any more.
    unsafe { rustix::mm::munmap(map.cast(), 8192) }.expect("mapped");
}

#[test]
fn a_writable_mount_over_its_own_source_is_taken_over() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::at(&home, "d --writable", "src");
    fs::write(mount.join("a"), "written").expect("written");
    kill_and_ask(&mount, Signal::KILL);
    assert_eq!((mount.text("a"), mount.text("dir/sub/c")), ("written".into(), "three".into()));
    fs::write(mount.join("dir/b"), "the source beneath is copied from").expect("written");
    home.ok("commit d -m written");
    mount.unmount();
    assert_eq!(fs::read_to_string(home.join("src/a")).expect("the source"), "one");
    assert_eq!(home.ok("cat d dir/b"), "the source beneath is copied from");
}

#[test]
fn a_database_and_git_work_while_the_daemon_is_killed() {
    need!(skip::mounting(), skip::command("python3"), skip::command("git"));
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let program = r#"
import sqlite3
db = sqlite3.connect("t.db", isolation_level=None, timeout=20)
assert db.execute("pragma journal_mode=wal").fetchone()[0] == "wal"
db.execute("create table t (k integer primary key, v text)")
other = sqlite3.connect("t.db", isolation_level=None, timeout=20)
for n in range(150):
    db.execute("insert into t (v) values (?)", ("x" * (n % 97),))
    assert other.execute("select count(*) from t").fetchone()[0] == n + 1
db.execute("pragma wal_checkpoint(truncate)")
assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
"#;
    home.file("database.py", program);
    let text = format!(
        "python3 {}
        export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
        git init -q repo && cd repo
        for i in $(seq 12); do echo $i > f$i; git add . && git commit -qm \"change $i\"; done
        git mv f1 g1 && rm f2 && git commit -qam moved && git gc -q && git fsck --full --strict && git status --porcelain",
        home.join("database.py").display()
    );
    let (told, kills) = while_killing(&mount, Duration::from_millis(60), || script(&home, mount.path(), &text));
    assert_eq!(told, "");
    assert!(kills > 3, "{kills}");
}

#[test]
fn without_passthrough_no_more_is_noticed_of_kills() {
    need!(skip::mounting(), skip::command("unshare"));
    // In a user namespace of its own the kernel refuses passthrough, whoever one is there.
    let apart = |program: &std::path::Path| {
        let mut command = Command::new("unshare");
        command.arg("-Urm").arg(program);
        command
    };
    if !apart("true".as_ref()).output().is_ok_and(|ran| ran.status.success()) {
        return skip::skipped("there are no user namespaces here");
    }
    let tests = [
        "mount::writable_takeover::open_files_live_through_takeovers_whether_they_have_names_or_not",
        "mount::writable_takeover::mapped_files_locks_listings_and_working_folders_live_through_takeovers",
        "mount::writable_takeover::a_database_and_git_work_while_the_daemon_is_killed",
    ];
    for _ in 0..3 {
        let ran = apart(&std::env::current_exe().expect("this program")).arg("--exact").args(tests).output();
        let ran = ran.expect("it can be run");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        if String::from_utf8_lossy(&ran.stderr).contains("skipped: ") {
            return skip::skipped("nothing can be mounted in a user namespace here");
        }
    }
}

#[test]
fn a_crash_of_any_kind_of_a_writable_mount_is_taken_over() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let mut log = OpenOptions::new().append(true).create(true).open(mount.join("log")).expect("made");
    for (round, signal) in [Signal::ABORT, Signal::SEGV, Signal::ILL].into_iter().enumerate() {
        if signal == Signal::SEGV {
            // The runtime takes one that no instruction caused for nothing, once.
            send(mount.serving(), signal);
        }
        // Three that crash at once may do so because of what they are asked.
        std::thread::sleep(Duration::from_millis(if round == 2 { 1100 } else { 20 }));
        kill_and_ask(&mount, signal);
        writeln!(log, "{round}").expect("written");
    }
    drop(log);
    assert_eq!(mount.text("log"), "0\n1\n2\n");
    mount.unmount();
}

#[test]
fn a_restart_replaces_the_process_under_its_writers() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let (supervisor, mut file) = (mount.supervisor(), writable(&mount.join("a")));
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0_u64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let (temporary, name) = (mount.join("t"), mount.join("n"));
                fs::write(&temporary, count.to_string()).and_then(|()| fs::rename(&temporary, &name)).expect("written");
                assert_eq!(fs::read_to_string(&name).expect("there"), count.to_string());
                count += 1;
            }
            count
        });
        for _ in 0..3 {
            let before = mount.serving();
            std::thread::sleep(Duration::from_millis(50));
            let told = home.json("mounts --restart mnt");
            assert_eq!((&told["pid_before"], &told["pid"]), (&before.into(), &mount.serving().into()));
            file.write_all(b"more").expect("written");
            assert!(wait::until(PATIENCE, || test_kill_process(pid(before)).is_err()).is_some(), "the old one stays");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(writer.join().expect("nothing fails") > 3);
    });
    assert_eq!((mount.supervisor(), mount.text("a")), (supervisor, "moremoremore".into()));
}

#[test]
fn a_draft_is_looked_at_undone_and_committed_as_before_after_a_takeover() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    fs::write(mount.join("a"), "written").expect("written");
    kill_and_ask(&mount, Signal::KILL);
    fs::write(mount.join("new"), "new").expect("written");
    assert_eq!(home.json("status d").as_array().map(Vec::len), Some(2));
    kill_and_ask(&mount, Signal::KILL);
    home.ok("undo d");
    let undone = || mount.text("a") == "one" && !mount.join("new").exists();
    assert!(wait::until(PATIENCE, undone).is_some(), "{}", mount.log());
    fs::write(mount.join("dir/b"), "again").expect("written");
    fs::write(mount.join("a"), "again").expect("written");
    home.ok("discard d dir/b");
    assert!(wait::until(PATIENCE, || mount.text("dir/b") == "two").is_some(), "{}", mount.log());
    kill_and_ask(&mount, Signal::KILL);
    home.ok("commit d -m again");
    assert_eq!((home.ok("cat d a"), home.ok("cat d dir/b")), ("again".into(), "two".into()));
    kill_and_ask(&mount, Signal::KILL);
    // A commit by another is followed, unless somebody holds the mount.
    let other = Mount::at(&home, "d --writable --as bob", "other");
    fs::write(other.join("dir/b"), "bob's").expect("written");
    let mut run = home.command(["run", "mnt", "--", "sh", "-c", "read line; cat mnt/dir/b"]);
    let mut run = Child::start(run.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("our own command");
    assert!(wait::until(PATIENCE, || mount.log().contains("the mount is held")).is_some());
    kill_and_ask(&mount, Signal::KILL);
    home.ok("--author bob commit d -m theirs");
    std::thread::sleep(Duration::from_millis(300));
    run.say("go\n");
    assert_eq!(run.rest().expect("it ends"), "two");
    assert!(wait::until(PATIENCE, || mount.text("dir/b") == "bob's").is_some(), "{}", mount.log());
    mount.unmount();
}

#[test]
fn crashes_in_a_row_end_neither_a_writable_mount_nor_what_was_written() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    // Those who ask at that moment may get an error: one request may be what the processes crash on.
    let serving = || {
        let text = fs::read_to_string(mount.join(".veneer/info.json")).ok()?;
        serde_json::from_str::<serde_json::Value>(&text).ok()?["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok())
    };
    let (mut last, mut written) = (0, Vec::new());
    for round in 0..5_u32 {
        let next = || serving().is_some_and(|pid| pid != last);
        assert!(wait::until(PATIENCE, next).is_some(), "{}", mount.log());
        last = serving().unwrap_or(last);
        let name = format!("round{round}");
        written.extend(fs::write(mount.join(&name), &name).is_ok().then_some(name));
        send(last, Signal::ABORT);
    }
    // The last one may still answer before its signal comes: who asked it then may get an error, too.
    assert!(wait::until(PATIENCE, || serving().is_some_and(|pid| pid != last)).is_some(), "{}", mount.log());
    assert!(wait::until(PATIENCE, || fs::write(mount.join("a"), "again").is_ok()).is_some(), "{}", mount.log());
    written.iter().for_each(|name| assert_eq!(mount.text(name), *name));
    assert_eq!(mount.text("a"), "again");
}

#[test]
fn commands_are_answered_while_the_daemon_is_killed() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let (_, kills) = while_killing(&mount, Duration::from_millis(120), || {
        for round in 0..6 {
            fs::write(mount.join(&format!("f{round}")), "x".repeat(round + 1)).expect("written");
            assert_eq!(home.json("status d").as_array().map(Vec::len), Some(1));
            home.ok("commit d -m round");
        }
    });
    assert!(kills > 1, "{kills}");
    mount.unmount();
    assert_eq!(home.ok("cat d f5"), "xxxxxx");
}

#[test]
fn a_supervisor_that_is_told_to_stop_ends_a_writable_mount_and_its_draft_is_kept() {
    need!(skip::mounting());
    let home = Home::with(&small());
    for (round, signal) in [Signal::TERM, Signal::INT].into_iter().enumerate() {
        let mount = Mount::new(&home, "d --writable");
        fs::write(mount.join("a"), format!("round {round}")).expect("written");
        let open = (round == 1).then(|| File::open(mount.join("dir/b")).expect("there"));
        let (supervisor, serving) = (mount.supervisor(), mount.serving());
        send(supervisor, signal);
        let gone = || [supervisor, serving].iter().all(|process| test_kill_process(pid(*process)).is_err());
        assert!(wait::until(PATIENCE, gone).is_some(), "{}", mount.log());
        assert!(!is_mounted(mount.path()));
        // With files open, what was written is taken into the draft by whoever looks at it next.
        assert_eq!(home.json("status d").as_array().map(Vec::len), Some(1), "{}", mount.log());
        drop(open);
        home.ok("commit d -m stopped");
        assert_eq!(home.ok("cat d a"), format!("round {round}"));
    }
}
