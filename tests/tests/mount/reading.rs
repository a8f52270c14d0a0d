//! A mount shows exactly what its revision holds, and nothing can be written through it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;

use harness::literal::{folder, link};
use harness::{Home, Mount, Thing, Tree, checksum, need, skip, source};

fn odd_tree() -> Tree {
    let mut tree = source! {
        "a.txt": "text", "empty": "", "sub/deep/er/file": "found", "sub/none": folder(),
        "to a file": link("a.txt"), "to nowhere": link("not/there"), "out": link("/etc/hostname"), "up": link("../.."),
        b"caf\xe9 \xff\x01": "bytes", "new\nline": "a name on two lines", "sp ace": "x", "\u{1f600}": "x",
    };
    tree.add(b"read only", Thing::File(b"mode".to_vec(), 0o444));
    tree.add(b"run.sh", Thing::File(b"#!/bin/sh\n".to_vec(), 0o755));
    tree.add("n".repeat(255).as_bytes(), Thing::from("a long name"));
    tree.add(b"big", Thing::from((0..300_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()));
    tree
}

#[test]
fn a_mount_shows_every_entry_and_every_byte_of_the_source() {
    need!(skip::mounting());
    let home = Home::with(&odd_tree());
    let before = checksum(&home.join("src")).expect("readable");
    let mount = Mount::new(&home, "d");
    assert_eq!(Tree::read(mount.path()).expect("readable"), odd_tree());
    assert_eq!(checksum(&home.join("src")).expect("readable"), before);
}

#[test]
fn sizes_times_and_modes_are_those_of_the_source() {
    need!(skip::mounting());
    let home = Home::with(&odd_tree());
    let mount = Mount::new(&home, "d");
    for path in odd_tree().0.keys() {
        let path = Path::new(std::ffi::OsStr::from_bytes(path));
        let (here, there) = (home.join("src").join(path), mount.path().join(path));
        let (here, there) = (fs::symlink_metadata(here).expect("there"), fs::symlink_metadata(there).expect("there"));
        let told = |meta: &fs::Metadata| {
            let size = if meta.is_dir() { 0 } else { meta.size() };
            (meta.mode() & !0o7000, size, meta.mtime(), meta.mtime_nsec())
        };
        assert_eq!(told(&there), told(&here), "{}", path.display());
        assert!(there.ino() != 0, "{}", path.display());
    }
}

#[test]
fn what_was_committed_is_laid_over_the_source() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a/x": "1", "a/y": "2", "b/z": "3", "gone": "4", "kept": "5" });
    home.file("new", "a new file");
    for edit in ["put d a/x new", "mv d b c", "rm d gone", "mkdir d empty", "put d a/added new", "commit d -m edits"] {
        home.ok(edit);
    }
    let mount = Mount::new(&home, "d");
    let expected = source! {
        "a/x": "a new file", "a/y": "2", "a/added": "a new file", "c/z": "3", "kept": "5", "empty": folder(),
    };
    assert_eq!(Tree::read(mount.path()).expect("readable"), expected);
}

#[test]
fn a_file_is_read_from_anywhere_and_no_further_than_its_end() {
    need!(skip::mounting());
    let home = Home::with(&odd_tree());
    let mount = Mount::new(&home, "d");
    let mut file = File::open(mount.join("big")).expect("there");
    let mut buffer = [0; 8];
    file.seek(SeekFrom::Start(4 * 12_345)).expect("a place in it");
    file.read_exact(&mut buffer).expect("bytes");
    assert_eq!(buffer, [12_345u32.to_le_bytes(), 12_346u32.to_le_bytes()].concat().as_slice());
    assert_eq!(file.read_at(&mut buffer, 1_200_000 - 3).expect("the end"), 3);
    assert_eq!(file.read_at(&mut buffer, 1_200_000).expect("behind it"), 0);
    assert_eq!(file.read_at(&mut buffer, 1 << 40).expect("far behind it"), 0);
}

#[test]
fn a_file_can_be_mapped_into_memory() {
    need!(skip::mounting());
    let home = Home::with(&odd_tree());
    let mount = Mount::new(&home, "d");
    let file = File::open(mount.join("big")).expect("there");
    // SAFETY: the mapping is read only, of a file that nobody changes, and is unmapped before the file is closed.
    let bytes = unsafe {
        let flags = (rustix::mm::ProtFlags::READ, rustix::mm::MapFlags::PRIVATE);
        let at = rustix::mm::mmap(std::ptr::null_mut(), 1_200_000, flags.0, flags.1, &file, 0).expect("mappable");
        let bytes = std::slice::from_raw_parts(at.cast::<u8>(), 1_200_000).to_vec();
        rustix::mm::munmap(at, 1_200_000).expect("mapped above");
        bytes
    };
    assert_eq!(Some(&Thing::from(bytes)), odd_tree().0.get(b"big".as_slice()));
}

#[test]
fn a_file_of_more_than_four_gibibytes_is_read_at_its_end() {
    need!(skip::mounting());
    let home = Home::new();
    let folder = home.source("src", &source! { "small": "s" });
    let far = (5u64 << 30) + 7;
    let file = File::create(folder.join("huge")).expect("a new file");
    file.write_at(b"the end", far - 7).expect("a sparse file");
    drop(file);
    home.ok("import d src");
    let mount = Mount::new(&home, "d");
    let file = File::open(mount.join("huge")).expect("there");
    assert_eq!(file.metadata().expect("there").len(), far);
    let mut end = [1; 12];
    assert_eq!(file.read_at(&mut end, far - 10).expect("readable"), 10);
    assert_eq!(&end[..10], b"\0\0\0the end");
}

#[test]
fn nothing_can_be_written_through_a_mount() {
    need!(skip::mounting());
    let home = Home::with(&odd_tree());
    let mount = Mount::new(&home, "d");
    let write = |path: &str| OpenOptions::new().write(true).open(mount.join(path)).map(drop);
    let tries = [
        ("write", write("a.txt")),
        ("truncate", OpenOptions::new().write(true).truncate(true).open(mount.join("a.txt")).map(drop)),
        ("create", File::create(mount.join("new")).map(drop)),
        ("append", OpenOptions::new().append(true).open(mount.join("a.txt")).and_then(|mut file| file.write_all(b"x"))),
        ("remove", fs::remove_file(mount.join("a.txt"))),
        ("remove a folder", fs::remove_dir(mount.join("sub/none"))),
        ("make a folder", fs::create_dir(mount.join("newer"))),
        ("rename", fs::rename(mount.join("a.txt"), mount.join("b.txt"))),
        ("link", fs::hard_link(mount.join("a.txt"), mount.join("b.txt"))),
        ("symlink", std::os::unix::fs::symlink("a.txt", mount.join("b.txt"))),
        ("chmod", fs::set_permissions(mount.join("a.txt"), fs::Permissions::from_mode(0o600))),
        ("write in .veneer", File::create(mount.join(".veneer/revision")).map(drop)),
    ];
    for (what, result) in tries {
        let error = result.err().unwrap_or_else(|| panic!("one can {what}"));
        assert_eq!(error.raw_os_error(), Some(libc::EROFS), "{what}: {error}");
    }
    assert_eq!(Tree::read(mount.path()).expect("readable"), odd_tree());
}

#[test]
fn dot_veneer_is_found_and_never_listed() {
    need!(skip::mounting());
    let home = Home::with(&source! { "class-a/1": "x", "class-b/2": "y" });
    let mount = Mount::new(&home, "d");
    let names: Vec<_> =
        fs::read_dir(mount.path()).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(names, ["class-a", "class-b"]);
    let head = home.json("log d -n 1")[0]["id"].clone();
    assert_eq!(mount.text(".veneer/revision").trim(), head);
    let info: serde_json::Value = serde_json::from_str(&mount.text(".veneer/info.json")).expect("JSON");
    assert_eq!((&info["dataset"], &info["revision"]), (&"d".into(), &head));
    let inside = fs::read_dir(mount.join(".veneer")).expect("a folder").count();
    assert!(inside >= 2, "`ls .veneer` shows what is in it");
    assert_eq!(fs::metadata(mount.join("class-a/.veneer")).map_err(|e| e.kind()).err(), Some(ErrorKind::NotFound));
}

#[test]
fn statfs_tells_of_a_file_system_with_names_of_255_bytes() {
    need!(skip::mounting());
    let home = Home::with(&odd_tree());
    let mount = Mount::new(&home, "d");
    let told = rustix::fs::statvfs(mount.path()).expect("answered");
    assert_eq!(told.f_namemax, 255);
    assert!(told.f_blocks > 0 && told.f_files >= odd_tree().0.len() as u64);
    assert_eq!((told.f_bfree, told.f_bavail), (0, 0), "nothing can be written");
    assert!(told.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
}

#[test]
fn what_is_not_there_is_not_there_however_often_one_asks() {
    need!(skip::mounting());
    let home = Home::with(&odd_tree());
    let mount = Mount::new(&home, "d");
    for path in ["no", "sub/no", "sub/deep/er/no/no"] {
        for _ in 0..3 {
            assert_eq!(fs::metadata(mount.join(path)).map_err(|e| e.kind()).err(), Some(ErrorKind::NotFound), "{path}");
        }
    }
    assert_eq!(fs::metadata(mount.join("a.txt/x")).err().and_then(|e| e.raw_os_error()), Some(libc::ENOTDIR));
    let long = "n".repeat(256);
    assert_eq!(fs::metadata(mount.join(&long)).err().and_then(|e| e.raw_os_error()), Some(libc::ENAMETOOLONG));
}
