//! Real programs on a writable mount, and what is left when its daemon is killed under them.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::{Home, Mount, Python, Rng, Tree, disk, need, skip, source, wait};
use rustix::process::Signal;

use super::kills::kill_and_ask;

const PATIENCE: Duration = Duration::from_secs(10);

fn small() -> Tree {
    source! { "a": "one", "dir/b": "two", "dir/sub/c": "three" }
}

/// Runs a shell script in a folder; fails the test with all that it said if it fails.
pub(super) fn script(home: &Home, folder: &Path, text: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-euc", text]).current_dir(folder).stdin(Stdio::null());
    home.environment(&mut command);
    let ran = command.output().expect("a shell");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{text}\n{said}{}", String::from_utf8_lossy(&ran.stderr));
    said
}

#[test]
fn pandas_and_pyarrow_write_over_files_of_a_writable_mount() {
    need!(skip::mounting());
    let python = match Python::with("columnar") {
        Ok(python) => python,
        Err(why) => return skip::skipped(why),
    };
    let tree = source! { "labels.csv": "label,score\ncat,1.5\ncat,2\ncow,0\n" };
    let home = Home::with(&tree);
    let plain = home.source("plain", &tree);
    let mount = Mount::new(&home, "d --writable");
    for folder in [&*plain, mount.path()] {
        python.judge("write_over.py", &[folder]).expect("both read what they wrote");
    }
    let written = Tree::read(&plain).expect("readable");
    assert_eq!(Tree::read(mount.path()).expect("readable"), written);
    home.ok("commit d -m tables");
    mount.unmount();
    let again = Mount::new(&home, "d");
    assert_eq!(Tree::read(again.path()).expect("readable"), written);
}

#[test]
fn git_works_in_a_writable_mount() {
    need!(skip::mounting(), skip::command("git"));
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let identity = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b";
    script(
        &home,
        mount.path(),
        &format!(
            "{identity}
            git init -q repo && cd repo
            for i in $(seq 50); do echo $i > f$i; done
            git add . && git commit -qm first
            for i in $(seq 50); do echo $i >> f$i; git commit -qam \"change $i\"; done
            git mv f1 g1 && rm f2 && git commit -qam moved
            cd .. && git clone -q repo clone && cd clone
            git gc -q && git fsck --full --strict && git checkout -q HEAD~20 && git status --porcelain"
        ),
    );
    home.ok("commit d -m repositories");
    let copy = Mount::at(&home, "d", "copy");
    let told = script(&home, copy.path(), "git -c safe.directory='*' -C clone log --oneline HEAD | wc -l");
    assert_eq!(told.trim(), "32");
}

#[test]
fn a_database_with_a_write_ahead_log_works_in_a_writable_mount() {
    need!(skip::mounting(), skip::command("python3"));
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let program = r#"
import sqlite3, sys
db = sqlite3.connect("t.db", isolation_level=None)
assert db.execute("pragma journal_mode=wal").fetchone()[0] == "wal"
db.execute("create table t (k integer primary key, v text)")
other = sqlite3.connect("t.db", isolation_level=None)
for n in range(300):
    db.execute("insert into t (v) values (?)", ("x" * (n % 97),))
    assert other.execute("select count(*) from t").fetchone()[0] == n + 1
db.execute("begin immediate")
try:
    other.execute("pragma busy_timeout=10")
    other.execute("insert into t (v) values ('y')")
    sys.exit("a locked database was written")
except sqlite3.OperationalError as error:
    assert "locked" in str(error), error
db.execute("rollback")
db.execute("pragma wal_checkpoint(truncate)")
assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
"#;
    home.file("database.py", program);
    script(&home, mount.path(), &format!("python3 {}", home.join("database.py").display()));
    home.ok("commit d -m database");
    let plain = home.join("copy.db");
    fs::copy(mount.join("t.db"), &plain).expect("readable");
    let check =
        "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from t').fetchone()[0])";
    assert_eq!(script(&home, home.path(), &format!("python3 -c \"{check}\" copy.db")).trim(), "300");
}

#[test]
fn archives_copies_and_an_editors_save_work_in_a_writable_mount() {
    need!(skip::mounting(), skip::command("tar"));
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    script(
        &home,
        mount.path(),
        "mkdir tree && cd tree
        for i in $(seq 100); do mkdir -p d$((i % 7)); echo content $i > d$((i % 7))/f$i; done
        ln -s d1/f1 link; ln d2/f2 hard; chmod 750 d3; chmod 600 d4/f4; touch -d '2001-02-03 04:05:06' d5/f5
        cd .. && tar cf tree.tar tree && mkdir out && tar xpf tree.tar -C out && diff -r tree out/tree
        test $(stat -c %Y out/tree/d5/f5) = $(stat -c %Y tree/d5/f5) && test $(stat -c %a out/tree/d3) = 750
        test $(stat -c %h out/tree/hard) = 2
        cp -a out/tree copied && diff -r tree copied
        printf edited > .a.swp && mv a a~ && mv .a.swp a && rm a~ && test $(cat a) = edited
        sed -i s/two/TWO/ dir/b && test $(cat dir/b) = TWO
        find . -type f | xargs cat > /dev/null
        rm -r out copied tree.tar",
    );
    if skip::command("rsync").is_ok() {
        script(
            &home,
            mount.path(),
            "rsync -a tree/ synced/ && diff -r tree synced && test -z \"$(rsync -ain tree/ synced/)\"",
        );
    }
    let status = home.json("status d");
    assert!(status.as_array().is_some_and(|all| all.iter().any(|line| line["path"] == "tree/d5/f5")), "{status}");
}

#[test]
fn python_writes_in_all_its_modes() {
    need!(skip::mounting(), skip::command("python3"));
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let program = r#"
import mmap, os, shutil, tempfile
with open("a", "r+") as f: f.seek(1); f.write("NE")
assert open("a").read() == "oNE"
with open("a", "a") as f: f.write("!"); f.flush(); os.fsync(f.fileno())
with open("x", "x") as f: f.write("x")
try: open("x", "x"); raise SystemExit("made twice")
except FileExistsError: pass
with open("w+", "w+b") as f: f.write(b"abc"); f.seek(0); assert f.read() == b"abc"; f.truncate(1)
assert os.path.getsize("w+") == 1
with open("big", "wb") as f: f.truncate(1 << 20)
with open("big", "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
    m[4096:4101] = b"hello"; m.flush(); assert m.find(b"hello") == 4096
assert open("big", "rb").read()[4096:4101] == b"hello"
shutil.copytree("dir", "copy"); shutil.move("copy", "dir/moved"); shutil.rmtree("dir/moved/sub")
with tempfile.TemporaryFile(dir=".") as f: f.write(b"t"); f.seek(0); assert f.read() == b"t"
with tempfile.NamedTemporaryFile(dir=".", delete=False) as f: f.write(b"saved")
os.replace(f.name, "dir/b"); assert open("dir/b").read() == "saved"
print(sorted(os.listdir(".")))
"#;
    home.file("modes.py", program);
    let listed = script(&home, mount.path(), &format!("python3 {}", home.join("modes.py").display()));
    assert_eq!(listed.trim(), "['a', 'big', 'dir', 'w+', 'x']");
}

/// Writes and syncs, and notes what was synced, until an error says that the daemon is gone.
fn write_until_killed(folder: &Path, rng: &mut Rng, synced: &Mutex<Vec<(String, Vec<u8>)>>) {
    for number in 0.. {
        let name = format!("f{}", number % 40);
        let bytes = format!("{number} ").repeat(1 + rng.below(3000)).into_bytes();
        let temporary = folder.join(format!("t{number}"));
        let done = (|| {
            let mut file = File::create(&temporary)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, folder.join(&name))?;
            File::open(folder)?.sync_all()
        })();
        if done.is_err() {
            return;
        }
        synced.lock().expect("no panic").push((name, bytes));
    }
}

#[test]
fn what_was_synced_is_there_after_the_daemon_is_killed_and_nothing_is_torn() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mut rng = Rng::seeded();
    let synced = Mutex::new(Vec::new());
    for round in 0..6 {
        let mount = Mount::new(&home, "d --writable");
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut rng = Rng::from_seed(round);
                write_until_killed(mount.path(), &mut rng, &synced);
            });
            std::thread::sleep(Duration::from_millis(100 + rng.below(400) as u64));
            mount.kill_both();
            writer.join().expect("it ends with an error");
        });
        drop(mount);
        let again = Mount::new(&home, "d --writable");
        let all = synced.lock().expect("no panic");
        let mut last = std::collections::BTreeMap::new();
        all.iter().for_each(|(name, bytes)| {
            last.insert(name, bytes);
        });
        assert!(!last.is_empty(), "nothing was synced in time");
        for (name, bytes) in last {
            let found = fs::read(again.join(name)).unwrap_or_else(|error| panic!("{name} is lost: {error}"));
            // The one that was under way may have come through, whole.
            let is_whole = found == *bytes
                || String::from_utf8_lossy(&found)
                    .split(' ')
                    .filter(|word| !word.is_empty())
                    .all(|word| word == String::from_utf8_lossy(&found).split(' ').next().unwrap_or_default());
            assert!(is_whole, "{name} is torn in round {round}");
        }
        assert_eq!(again.text("a"), "one");
        again.unmount();
    }
    home.ok("commit d -m survived");
}

#[test]
fn what_a_killed_mount_left_is_committed_without_mounting_again() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    fs::write(mount.join("a"), "changed").expect("written");
    fs::rename(mount.join("dir"), mount.join("moved")).expect("moved");
    mount.kill_both();
    drop(mount);
    let status = home.json("status d");
    assert_eq!(status.as_array().map(Vec::len), Some(2), "{status}");
    home.ok("commit d -m survived");
    assert_eq!((home.ok("cat d a"), home.ok("cat d moved/b")), ("changed".into(), "two".into()));
}

#[test]
fn a_second_writable_mount_of_a_draft_is_refused_and_names_the_first() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let first = Mount::at(&home, "d --writable", "first");
    fs::create_dir(home.join("second")).expect("a new folder");
    let said = home.fails("mount d second --writable", 3);
    assert!(said.contains(&*first.path().to_string_lossy()) && said.contains(&first.daemon().to_string()), "{said}");
    let other = Mount::at(&home, "d --writable --as bob", "second");
    fs::write(first.join("a"), "ada's").expect("written");
    fs::write(other.join("dir/b"), "bob's").expect("written");
    assert_eq!((first.text("dir/b"), other.text("a")), ("two".into(), "one".into()));
    home.ok("commit d -m one");
    home.ok("--author bob commit d -m two");
    assert!(wait::until(PATIENCE, || first.text("dir/b") == "bob's").is_some(), "{}", first.log());
    assert!(wait::until(PATIENCE, || other.text("a") == "ada's").is_some(), "{}", other.log());
    let listed = home.json("mounts");
    let ours = listed.as_array().expect("a list").iter().filter(|mount| mount["state"] == "live");
    assert_eq!(ours.filter(|mount| mount["mode"] == "write").count(), 2, "{listed}");
    let message = home.fails("mount d@nothing second --writable", 3);
    assert!(message.contains("nothing"), "{message}");
}

/// Ends the writer however the test ends.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_commit_while_a_file_is_written_is_a_snapshot_and_loses_no_write() {
    need!(skip::mounting());
    let home = Home::with(&small());
    let mount = Mount::new(&home, "d --writable");
    let stop = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (path, ended) = (mount.join("log"), Arc::clone(&stop));
        let writer = scope.spawn(move || {
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).expect("made");
            let mut lines = 0;
            while !ended.load(Ordering::Relaxed) {
                file.write_all_at(format!("{lines:9}\n").as_bytes(), lines * 10).expect("written");
                lines += 1;
            }
            lines
        });
        let _ends = Ends(&stop);
        for number in 0..4 {
            std::thread::sleep(Duration::from_millis(50));
            home.ok(&format!("commit d -m {number}"));
            let text = home.ok("cat d log");
            // As with any copy, of the write that is under way there may be a part: the last line.
            for (at, line) in text.split_inclusive('\n').enumerate().filter(|(_, line)| line.ends_with('\n')) {
                assert_eq!(line.trim(), at.to_string(), "a commit took what was never there");
            }
        }
        stop.store(true, Ordering::Relaxed);
        let lines = writer.join().expect("no error");
        home.ok("commit d -m last");
        assert_eq!(home.ok("cat d log").lines().count() as u64, lines);
    });
}

#[test]
fn a_full_disk_is_an_error_and_the_draft_is_intact() {
    let disk = match disk::Ext4::new(64 << 20) {
        Ok(disk) => disk,
        Err(why) => return skip::skipped(why),
    };
    need!(skip::mounting());
    let home = Home::new();
    home.keep_store_in(&disk.path());
    home.source("src", &small());
    home.ok("import d src");
    let mount = Mount::new(&home, "d --writable");
    fs::write(mount.join("before"), "before").expect("room");
    let block = vec![7; 1 << 20];
    let mut file = File::create(mount.join("big")).expect("room");
    let error = (0..100).find_map(|_| file.write_all(&block).err()).expect("64 MiB are not enough for 100");
    assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
    drop(file);
    assert_eq!((mount.text("before"), mount.text("a")), ("before".into(), "one".into()));
    // Whoever takes over needs no room.
    kill_and_ask(&mount, Signal::KILL);
    assert_eq!((mount.text("before"), mount.text("a")), ("before".into(), "one".into()));
    fs::remove_file(mount.join("big")).expect("names can be removed on a full disk");
    fs::write(mount.join("after"), "after").expect("there is room again");
    home.ok("commit d -m intact");
    assert_eq!(home.ok("cat d after"), "after");
    mount.unmount();
}

#[test]
fn a_source_on_a_read_only_disk_can_be_written_over() {
    let disk = match disk::Ext4::new(32 << 20) {
        Ok(disk) => disk,
        Err(why) => return skip::skipped(why),
    };
    need!(skip::mounting());
    let home = Home::new();
    let source = disk.path().join("src");
    fs::create_dir(&source).expect("a new folder");
    small().write(&source).expect("room");
    disk.remount("ro").expect("nothing is open to be written");
    home.ok(&format!("import d {}", source.display()));
    let mount = Mount::new(&home, "d --writable");
    OpenOptions::new()
        .append(true)
        .open(mount.join("a"))
        .and_then(|mut file| file.write_all(b" more"))
        .expect("written");
    fs::remove_dir_all(mount.join("dir")).expect("removed");
    home.ok("commit d -m over");
    assert_eq!(
        (home.ok("cat d a"), fs::read_to_string(source.join("a")).expect("there")),
        ("one more".into(), "one".into())
    );
    mount.unmount();
}
