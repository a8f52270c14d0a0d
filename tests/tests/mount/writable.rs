//! A writable mount through the kernel: every operation gives what it gives on a plain folder.
//!
//! [`cases`] does the same things in both and writes down what came of each:
//! values, errors, metadata. The two accounts must be the same.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use harness::{Home, Mount, Tree, checksum, need, skip, source};
use rustix::fs::{
    AtFlags, CWD, FallocateFlags, FlockOperation, Mode, OFlags, RenameFlags, Timespec, Timestamps, UTIME_NOW,
    UTIME_OMIT, XattrFlags,
};

/// An account of what was done, a line for each operation.
#[derive(Debug, Default)]
struct Account(Vec<String>);

impl Account {
    fn note<T: std::fmt::Debug>(&mut self, what: &str, result: io::Result<T>) {
        let text = match result {
            Ok(value) => format!("{value:?}"),
            Err(error) => format!("error {}", error.raw_os_error().unwrap_or(-1)),
        };
        self.0.push(format!("{what}: {text}"));
    }

    fn says<T: std::fmt::Debug>(&mut self, what: &str, value: T) {
        self.0.push(format!("{what}: {value:?}"));
    }

    fn call<T: std::fmt::Debug>(&mut self, what: &str, result: rustix::io::Result<T>) {
        self.note(what, result.map_err(io::Error::from));
    }

    /// Kind, permissions, links, size and owner, and the content of a file.
    fn look(&mut self, path: &Path) {
        let what = format!("stat {}", path.file_name().unwrap_or_default().display());
        let told = fs::symlink_metadata(path).map(|found| {
            let links = if found.is_dir() { 0 } else { found.nlink() };
            let size = if found.is_dir() { 0 } else { found.size() };
            (format!("{:o}", found.mode()), links, size, found.uid(), found.gid())
        });
        self.note(&what, told);
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
            self.note("content", fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}

/// Runs `cases` in the mount and in a plain copy of the source, and compares the accounts and what is left.
fn compare(tree: Tree, cases: fn(&Path, &mut Account)) {
    need!(skip::mounting());
    let home = Home::with(&tree);
    let plain = home.source("plain", &tree);
    let before = checksum(&home.join("src")).expect("readable");
    let mount = Mount::new(&home, "d --writable");
    let (mut here, mut there) = (Account::default(), Account::default());
    cases(&plain, &mut there);
    cases(mount.path(), &mut here);
    for (at, (one, other)) in here.0.iter().zip(&there.0).enumerate() {
        assert_eq!(one, other, "line {at}; the mount's log: {}", mount.log());
    }
    assert_eq!(here.0.len(), there.0.len());
    let expected = Tree::read(&plain).expect("readable");
    assert_eq!(Tree::read(mount.path()).expect("readable"), expected);
    mount.unmount();
    assert_eq!(checksum(&home.join("src")).expect("readable"), before, "the source was written");
    let left = home.run("commit d -m written");
    assert!(left.code == Some(0) || left.stderr.contains("nothing to commit"), "{left:?}");
    let after = Mount::new(&home, "d");
    assert_eq!(Tree::read(after.path()).expect("readable"), expected, "after the commit");
}

fn small() -> Tree {
    source! { "a": "one", "dir/b": "two", "dir/sub/c": "three", "dir/sub/d": "four", "e.txt": "five" }
}

fn text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

#[test]
fn files_are_made_written_and_cut() {
    compare(small(), |root, account| {
        let at = |name: &str| root.join(name);
        account.note("new", fs::write(at("new"), "content"));
        account.note("exclusive, there", OpenOptions::new().write(true).create_new(true).open(at("a")).map(|_| ()));
        account.note("exclusive, new", OpenOptions::new().write(true).create_new(true).open(at("n2")).map(|_| ()));
        account.note("through a file", fs::write(at("a/x"), ""));
        account.note("in nothing", fs::write(at("no/x"), ""));
        account.note("write a folder", fs::write(at("dir"), ""));
        account.note("long name", fs::write(at(&"n".repeat(256)), ""));
        account.note("longest name", fs::write(at(&"n".repeat(255)), ""));
        let append = || -> io::Result<()> {
            let mut file = OpenOptions::new().append(true).open(at("a"))?;
            file.write_all(b" more")?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(b" and more")
        };
        account.note("append", append());
        account.look(&at("a"));
        let middle = || -> io::Result<String> {
            let file = OpenOptions::new().read(true).write(true).open(at("dir/sub/c"))?;
            file.write_all_at(b"HR", 1)?;
            file.write_all_at(b"!", 10)?;
            file.set_len(12)?;
            let mut all = String::new();
            (&file).read_to_string(&mut all)?;
            Ok(all)
        };
        account.note("in the middle", middle());
        account.look(&at("dir/sub/c"));
        account.note("cut by name", OpenOptions::new().write(true).open(at("dir/b")).and_then(|file| file.set_len(1)));
        account.look(&at("dir/b"));
        account.note("cut at opening", File::create(at("dir/sub/d")).map(|_| ()));
        account.look(&at("dir/sub/d"));
        account.note("write what is open to be read", File::open(at("a")).and_then(|mut file| file.write(b"x")));
        account.note(
            "read what is open to be written",
            OpenOptions::new().write(true).open(at("a")).and_then(|mut file| file.read(&mut [0; 4])),
        );
        let mode = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(at("mode"));
        account.note("with a mode", mode.map(|_| ()));
        account.look(&at("mode"));
        account.call("device", rustix::fs::mknodat(CWD, at("null"), rustix::fs::FileType::RegularFile, Mode::RUSR, 0));
        account.look(&at("null"));
    });
}

#[test]
fn names_are_removed_linked_and_moved() {
    compare(small(), |root, account| {
        let at = |name: &str| root.join(name);
        let rename = |from: &str, to: &str| fs::rename(at(from), at(to));
        let exactly = |from: &str, to: &str, flags| rustix::fs::renameat_with(CWD, at(from), CWD, at(to), flags);
        account.note("mkdir", fs::create_dir(at("made")));
        account.note("mkdir again", fs::create_dir(at("made")));
        account.note("rmdir of a file", fs::remove_dir(at("a")));
        account.note("rmdir of a full one", fs::remove_dir(at("dir/sub")));
        account.note("unlink of a folder", fs::remove_file(at("dir")).map_err(|_| io::Error::from_raw_os_error(1)));
        account.note("unlink of nothing", fs::remove_file(at("nothing")));
        account.note("link", fs::hard_link(at("a"), at("made/second")));
        account.look(&at("a"));
        account.note("write through the link", fs::write(at("made/second"), "both"));
        account.look(&at("a"));
        account.note(
            "the same inode",
            fs::metadata(at("a")).and_then(|a| Ok(a.ino() == fs::metadata(at("made/second"))?.ino())),
        );
        account.note("link of a folder", fs::hard_link(at("dir"), at("made/dir")));
        account.note("link over", fs::hard_link(at("a"), at("e.txt")));
        account.note("one onto the other", rename("a", "made/second"));
        account.look(&at("a"));
        account.note("unlink", fs::remove_file(at("a")));
        account.look(&at("made/second"));
        account.note("symlink", symlink("../e.txt", at("made/link")));
        account.note("through it", text(&at("made/link")));
        account.note("its target", fs::read_link(at("made/link")));
        account.note("symlink over", symlink("x", at("e.txt")));
        account.note("a folder", rename("dir", "made/moved"));
        account.note("what was below", text(&at("made/moved/sub/c")));
        account.note("under the old name", text(&at("dir/sub/c")));
        account.note("write below", fs::write(at("made/moved/sub/new"), "new"));
        account.note("into itself", rename("made", "made/moved/sub/x"));
        account.note("over a full folder", rename("made/moved/sub", "made"));
        account.note("a file over a folder", rename("e.txt", "made"));
        account.note("a folder over a file", rename("made", "e.txt"));
        account.note("nothing", rename("nothing", "x"));
        account.note("mkdir", fs::create_dir(at("empty")));
        account.note("over an empty folder", rename("made/moved/sub", "empty"));
        account.note("what is in it", text(&at("empty/d")));
        account.note("over a file", rename("empty/d", "empty/c"));
        account.look(&at("empty/c"));
        account.call("keeping", exactly("empty/c", "empty/new", RenameFlags::NOREPLACE));
        account.call("keeping, free", exactly("empty/c", "empty/free", RenameFlags::NOREPLACE));
        account.call("exchange", exactly("empty", "made/second", RenameFlags::EXCHANGE));
        account.look(&at("empty"));
        account.note("what changed places", text(&at("made/second/free")));
        account.call("exchange with nothing", exactly("empty", "nothing", RenameFlags::EXCHANGE));
        account.note("the name again", fs::write(at("dir"), "a file where a folder was"));
        account.note("all away", fs::remove_dir_all(at("made")));
        account.look(&at("made"));
    });
}

#[test]
fn attributes_are_set_and_times_move() {
    compare(small(), |root, account| {
        let at = |name: &str| root.join(name);
        let times = |name: &str| -> io::Result<(i64, i64)> {
            let found = fs::symlink_metadata(at(name))?;
            Ok((found.mtime(), found.mtime_nsec()))
        };
        let set = |name: &str, accessed: Timespec, modified: Timespec, flags| {
            let times = Timestamps { last_access: accessed, last_modification: modified };
            rustix::fs::utimensat(CWD, at(name), &times, flags)
        };
        let then = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
        for (name, mode) in [("a", 0o600), ("dir", 0o700), ("dir/sub/c", 0o4755), ("dir/sub/d", 0o2711)] {
            account.note("chmod", fs::set_permissions(at(name), Permissions::from_mode(mode)));
            account.look(&at(name));
        }
        account.call("old times", set("a", then(5, 6), then(-7, 999_999_999), AtFlags::empty()));
        account.note("times", times("a"));
        account.call("one only", set("a", then(0, UTIME_OMIT), then(77, 1), AtFlags::empty()));
        account.note("times", times("a"));
        account.call("none", set("a", then(0, UTIME_OMIT), then(0, UTIME_OMIT), AtFlags::empty()));
        account.note("times", times("a"));
        account.note("read access time", fs::metadata(at("a")).map(|found| (found.atime(), found.atime_nsec())));
        account.call("now", set("a", then(0, UTIME_NOW), then(0, UTIME_NOW), AtFlags::empty()));
        account.note("is it now", times("a").map(|(seconds, _)| seconds > 1_000_000_000));
        account.call("of a folder", set("dir/sub", then(1, 2), then(3, 4), AtFlags::empty()));
        account.note("times", times("dir/sub"));
        account.note("make in it", fs::write(at("dir/sub/new"), "x"));
        account.note("its time moved", times("dir/sub").map(|(seconds, _)| seconds > 3));
        account.call("link itself", set("dir/sub/new", then(8, 0), then(9, 0), AtFlags::SYMLINK_NOFOLLOW));
        account.note("times", times("dir/sub/new"));
        account.note(
            "write",
            OpenOptions::new().append(true).open(at("dir/sub/new")).and_then(|mut file| file.write(b"y")),
        );
        account.note("its time moved", times("dir/sub/new").map(|(seconds, _)| seconds > 9));
        account.call("old again", set("dir/sub", then(1, 2), then(3, 4), AtFlags::empty()));
        for (what, done) in [
            ("rename", fs::rename(at("dir/sub/new"), at("dir/sub/newer"))),
            ("unlink", fs::remove_file(at("dir/sub/newer"))),
        ] {
            account.note(what, done);
            account.note("its time moved", times("dir/sub").map(|(seconds, _)| seconds > 3));
            account.call("old again", set("dir/sub", then(1, 2), then(3, 4), AtFlags::empty()));
        }
        let before = fs::metadata(at("e.txt")).map(|found| (found.ctime(), found.ctime_nsec())).expect("there");
        std::thread::sleep(Duration::from_millis(12));
        account.note("chmod", fs::set_permissions(at("e.txt"), Permissions::from_mode(0o666)));
        account.note(
            "its change time moved",
            fs::metadata(at("e.txt")).map(|found| (found.ctime(), found.ctime_nsec()) > before),
        );
        account.note(
            "chown to the same",
            std::os::unix::fs::chown(at("a"), fs::metadata(at("a")).ok().map(|found| found.uid()), None),
        );
        if skip::root().is_ok() {
            account.note("give away", std::os::unix::fs::chown(at("dir/sub/c"), Some(12), Some(34)));
            account.look(&at("dir/sub/c"));
        }
        let space = |name: &str| rustix::fs::statvfs(at(name)).map(|found| (found.f_namemax, found.f_bavail > 0));
        account.call("space", space("a"));
    });
}

#[test]
fn extended_attributes_are_kept() {
    compare(small(), |root, account| {
        let at = |name: &str| root.join(name);
        let set = |name: &str, value: &str, flags| rustix::fs::setxattr(at("a"), name, value.as_bytes(), flags);
        let get = |path: &str, name: &str| {
            let mut buffer = [0; 64];
            rustix::fs::getxattr(at(path), name, &mut buffer)
                .map(|len| String::from_utf8_lossy(&buffer[..len]).into_owned())
        };
        account.call("none", get("a", "user.x"));
        account.call("set", set("user.x", "one", XattrFlags::empty()));
        account.call("get", get("a", "user.x"));
        account.call("must be new", set("user.x", "two", XattrFlags::CREATE));
        account.call("must be there", set("user.y", "two", XattrFlags::REPLACE));
        account.call("again", set("user.x", "three", XattrFlags::REPLACE));
        account.note("move", fs::rename(at("a"), at("dir/a")));
        account.call("goes along", get("dir/a", "user.x"));
        let mut list = [0; 64];
        account.call(
            "list",
            rustix::fs::listxattr(at("dir/a"), &mut list).map(|len| String::from_utf8_lossy(&list[..len]).into_owned()),
        );
        account.call("room", rustix::fs::getxattr(at("dir/a"), "user.x", &mut [0; 2]));
        account.call("remove", rustix::fs::removexattr(at("dir/a"), "user.x"));
        account.call("gone", get("dir/a", "user.x"));
        account.call("remove again", rustix::fs::removexattr(at("dir/a"), "user.x"));
        account.call("on a folder", rustix::fs::setxattr(at("dir"), "user.f", b"f", XattrFlags::empty()));
        account.call("get", get("dir", "user.f"));
    });
}

#[test]
fn holes_and_reservations_are_those_of_a_disk() {
    compare(source! { "big": &*"x".repeat(200_000), "a": "one" }, |root, account| {
        let at = |name: &str| root.join(name);
        let open = |name: &str| {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(at(name)).expect("opened")
        };
        let file = open("big");
        account.call("reserve", rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, 1 << 20));
        account.look(&at("a"));
        account.call("longer", rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, 300_000));
        account.note("length", file.metadata().map(|found| found.len()));
        account.call(
            "punch",
            rustix::fs::fallocate(&file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 8192, 8192),
        );
        account.call("zero", rustix::fs::fallocate(&file, FallocateFlags::ZERO_RANGE, 40_960, 4096));
        account.note(
            "bytes",
            fs::read(at("big")).map(|bytes| (bytes.len(), bytes.iter().filter(|byte| **byte == 0).count())),
        );
        let sparse = open("sparse");
        account.note("far", sparse.write_all_at(b"end", 1 << 20));
        for (from, name) in [
            (rustix::fs::SeekFrom::Data(0), "data"),
            (rustix::fs::SeekFrom::Hole(1 << 20), "hole"),
            (rustix::fs::SeekFrom::Data(1 << 21), "beyond"),
        ] {
            account.call(name, rustix::fs::seek(&sparse, from));
        }
        account.call("unchanged, data", rustix::fs::seek(open("a"), rustix::fs::SeekFrom::Data(1)));
        account.call("unchanged, hole", rustix::fs::seek(open("a"), rustix::fs::SeekFrom::Hole(1)));
        let copy = open("copy");
        account
            .call("copy", rustix::fs::copy_file_range(&sparse, Some(&mut ((1 << 20) + 1)), &copy, Some(&mut 5), 100));
        account.look(&at("copy"));
        account.call(
            "copy of what was never written",
            rustix::fs::copy_file_range(open("a"), None, &copy, Some(&mut 0), 2),
        );
        account.look(&at("copy"));
    });
}

#[test]
fn what_is_open_or_mapped_goes_on_whatever_becomes_of_its_name() {
    compare(small(), |root, account| {
        let at = |name: &str| root.join(name);
        let mut file = OpenOptions::new().read(true).write(true).open(at("a")).expect("there");
        account.note("unlink", fs::remove_file(at("a")));
        account.note("write", file.write(b"ONE more"));
        account.note("links", file.metadata().map(|found| (found.nlink(), found.len())));
        account.note("a new one of the name", fs::write(at("a"), "other"));
        let mut all = String::new();
        account.note("read", file.rewind().and_then(|()| file.read_to_string(&mut all)));
        account.says("content", all);
        account.look(&at("a"));
        let reader = File::open(at("dir/sub/c")).expect("there");
        account.note("replace", fs::write(at("t"), "replaced").and_then(|()| fs::rename(at("t"), at("dir/sub/c"))));
        let mut all = String::new();
        account.note("the old one", (&reader).read_to_string(&mut all));
        account.says("content", all);
        account.look(&at("dir/sub/c"));
        let shared = OpenOptions::new().read(true).write(true).open(at("dir/b")).expect("there");
        // SAFETY: a fresh mapping of three bytes of a file that has them, unmapped below.
        let map = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                3,
                rustix::mm::ProtFlags::READ | rustix::mm::ProtFlags::WRITE,
                rustix::mm::MapFlags::SHARED,
                &shared,
                0,
            )
        }
        .expect("mapped");
        // SAFETY: within the mapping, which nobody else writes.
        unsafe { std::ptr::write_volatile(map.cast::<u8>().add(1), b'W') };
        account.note("read what was mapped", text(&at("dir/b")));
        account.note("write", shared.write_all_at(b"T", 0));
        // SAFETY: within the mapping.
        account.says("seen in the map", unsafe { std::ptr::read_volatile(map.cast::<u8>()) });
        // SAFETY: the mapping made above; nothing refers to it any more.
        account.call("sync", unsafe { rustix::mm::msync(map, 3, rustix::mm::MsyncFlags::SYNC) });
        // SAFETY: as above.
        account.call("unmap", unsafe { rustix::mm::munmap(map, 3) });
        account.look(&at("dir/b"));
        let other = File::open(at("dir/b")).expect("there");
        account.call("lock", rustix::fs::flock(&shared, FlockOperation::NonBlockingLockExclusive));
        account.call("second lock", rustix::fs::flock(&other, FlockOperation::NonBlockingLockExclusive));
        account.call("unlock", rustix::fs::flock(&shared, FlockOperation::Unlock));
        account.call("then", rustix::fs::flock(other.as_fd(), FlockOperation::NonBlockingLockExclusive));
        account.note("sync", shared.sync_all().and_then(|()| shared.sync_data()));
        account.note("sync a folder", File::open(at("dir")).and_then(|folder| folder.sync_all()));
        let folder = rustix::fs::open(at("dir/sub"), OFlags::DIRECTORY | OFlags::RDONLY, Mode::empty()).expect("there");
        account.note("move the folder", fs::rename(at("dir"), at("moved")));
        let below = rustix::fs::openat(&folder, "d", OFlags::RDONLY, Mode::empty());
        account.call("in it still", below.map(|_| ()));
    });
}
