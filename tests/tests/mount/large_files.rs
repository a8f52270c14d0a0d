//! Big files are read by the kernel straight from where they are; small ones as ever.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use harness::{Home, Mount, Requests, Thing, Tree, need, skip, wait};

use super::traps::limit_descriptors;

const BIG: usize = 3 << 20;

fn bytes(seed: u32, len: usize) -> Vec<u8> {
    (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).wrapping_add(seed) as u8).collect()
}

/// A big file and a small one, most of the bytes in the big one.
fn home() -> Home {
    let mut tree = Tree::default();
    tree.add(b"big", Thing::from(bytes(1, BIG)));
    tree.add(b"small", Thing::from(bytes(2, 5000)));
    Home::with(&tree)
}

fn profile(home: &Home) -> (String, String) {
    let mounts = home.json("mounts");
    let text = |key: &str| mounts[0][key].as_str().expect("a text").to_owned();
    (text("profile"), text("profile_why"))
}

/// Whether passthrough works here, as `doctor` finds.
fn passthrough() -> Result<(), String> {
    skip::mounting()?;
    let checks = Home::new().json("doctor");
    let found = checks.as_array().into_iter().flatten().find(|check| check["check"] == "passthrough");
    let found = found.and_then(|check| check["found"].as_str()).unwrap_or("not looked for");
    if found.starts_with("the kernel can") { Ok(()) } else { Err(format!("no passthrough: {found}")) }
}

#[test]
fn the_profile_is_chosen_from_the_sizes_and_the_reason_is_told() {
    need!(passthrough());
    let home = home();
    let mount = Mount::new(&home, "d");
    let (chosen, why) = profile(&home);
    assert_eq!((chosen.as_str(), why.contains("99 %")), ("large-files", true), "{why}");
    let listed = home.run("mounts").stdout;
    assert!(listed.contains("large-files (99 % of the bytes"), "{listed}");
    mount.unmount();
    let mount = Mount::at(&home, "d --profile small-files", "mnt");
    assert_eq!(profile(&home), ("small-files".to_owned(), "asked for".to_owned()));
    assert!(mount.text(".veneer/info.json").contains("small-files"));
}

#[test]
fn a_big_file_is_read_without_the_daemon() {
    need!(passthrough());
    let home = home();
    let mount = Mount::new(&home, "d");
    let before = Requests::of(mount.daemon());
    assert!(fs::read(mount.join("big")).expect("readable") == bytes(1, BIG));
    assert!(before.bytes_since() < BIG as u64 / 10, "the daemon read {} bytes", before.bytes_since());
    assert!(fs::read(mount.join("small")).expect("readable") == bytes(2, 5000));
    // Its pages are kept from one open to the next.
    let before = Requests::of(mount.daemon());
    assert!(fs::read(mount.join("small")).expect("readable") == bytes(2, 5000));
    assert!(before.bytes_since() < 5000, "the daemon read it again");
}

#[test]
fn a_file_is_opened_many_times_at_once_and_mapped() {
    need!(passthrough());
    let home = home();
    let mount = Mount::new(&home, "d");
    for name in ["big", "small"] {
        let expected = fs::read(home.join("src").join(name)).expect("readable");
        let files: Vec<File> = (0..20).map(|_| File::open(mount.join(name)).expect("a second open")).collect();
        for (number, file) in files.iter().enumerate() {
            let mut buffer = [0; 100];
            file.read_exact_at(&mut buffer, number as u64 * 50).expect("readable");
            assert_eq!(buffer, expected[number * 50..][..100]);
        }
        for flags in [rustix::mm::MapFlags::PRIVATE, rustix::mm::MapFlags::SHARED] {
            // SAFETY: the mapping is read only, of a file that nobody changes, and ends before the file is closed.
            let mapped = unsafe {
                let (read, len) = (rustix::mm::ProtFlags::READ, expected.len());
                let at = rustix::mm::mmap(std::ptr::null_mut(), len, read, flags, &files[0], 0).expect("mappable");
                let bytes = std::slice::from_raw_parts(at.cast::<u8>(), len).to_vec();
                rustix::mm::munmap(at, len).expect("mapped above");
                bytes
            };
            assert!(mapped == expected, "{name} through a mapping");
        }
        drop(files);
        assert!(fs::read(mount.join(name)).expect("opened anew") == expected);
    }
}

#[test]
fn many_big_files_are_open_at_once_with_few_descriptors() {
    need!(passthrough());
    const FILES: usize = 300;
    let home = Home::new();
    fs::create_dir(home.join("src")).expect("our own");
    for number in 0..FILES {
        let file = File::create(home.join(&format!("src/{number:03}"))).expect("our own");
        file.set_len(1 << 20).expect("nothing is written");
        file.write_at(&[number as u8; 3], 1000).expect("the disk has room");
    }
    home.ok("import d src");
    let mount = Mount::new(&home, "d");
    limit_descriptors(mount.daemon(), 100);
    let open = |number: usize| File::open(mount.join(&format!("{number:03}"))).expect("no limit is met");
    let files: Vec<File> = (0..FILES).map(open).collect();
    for (number, file) in files.iter().enumerate() {
        let mut buffer = [9; 4];
        file.read_exact_at(&mut buffer, 1000).expect("readable");
        assert_eq!(buffer, [number as u8, number as u8, number as u8, 0]);
    }
}

#[test]
fn a_stat_after_reading_a_big_file_asks_nothing() {
    need!(passthrough());
    let home = home();
    let mount = Mount::new(&home, "d");
    let mut file = File::open(mount.join("big")).expect("there");
    let before = Requests::of(mount.daemon());
    for _ in 0..100 {
        let mut buffer = [0; 4096];
        file.read_exact(&mut buffer).expect("readable");
        assert_eq!(file.metadata().expect("there").len(), BIG as u64);
    }
    assert!(before.since() <= 6, "{} requests", before.since());
}

#[test]
fn a_changed_source_file_is_refused_when_it_is_opened() {
    need!(passthrough());
    let home = home();
    let mount = Mount::new(&home, "d");
    assert!(fs::read(mount.join("big")).is_ok());
    fs::write(home.join("src/big"), bytes(3, BIG)).expect("our own source");
    let error = fs::read(mount.join("big")).expect_err("it is something else now");
    assert_eq!(error.raw_os_error(), Some(libc::ESTALE));
}

#[test]
fn an_open_file_keeps_its_bytes_while_the_mount_moves_on() {
    need!(passthrough());
    let home = home();
    let mount = Mount::new(&home, "d");
    let old = File::open(mount.join("big")).expect("there");
    home.file("new", bytes(4, BIG + 77));
    home.ok("put d big new");
    home.ok("commit d -m new");
    let new = bytes(4, BIG + 77);
    wait::until(Duration::from_secs(5), || fs::read(mount.join("big")).expect("one of the two") == new)
        .expect("the mount moved on");
    let mut all = Vec::new();
    { &old }.read_to_end(&mut all).expect("the old one");
    assert!(all == bytes(1, BIG));
}

#[test]
fn a_big_blob_is_checked_before_the_kernel_may_read_it() {
    need!(passthrough());
    let home = home();
    home.file("new", bytes(5, BIG));
    home.ok("put d big new");
    home.ok("commit d -m new");
    let mount = Mount::new(&home, "d");
    let before = Requests::of(mount.daemon());
    assert!(fs::read(mount.join("big")).expect("readable") == bytes(5, BIG));
    assert!(before.bytes_since() < BIG as u64 / 10, "it is passed through, too");
    mount.unmount();
    let object = biggest(home.store().join("objects"));
    let mut damaged = fs::read(&object).expect("our own store");
    damaged[BIG - 5] ^= 1;
    let _ = fs::set_permissions(&object, std::os::unix::fs::PermissionsExt::from_mode(0o644));
    fs::write(&object, damaged).expect("our own store");
    let mount = Mount::new(&home, "d");
    let error = fs::read(mount.join("big")).expect_err("one bit is another");
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
}

fn biggest(folder: PathBuf) -> PathBuf {
    let (mut folders, mut files) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("our own store").flatten() {
            let meta = entry.metadata().expect("there");
            if meta.is_dir() { folders.push(entry.path()) } else { files.push((meta.len(), entry.path())) }
        }
    }
    files.into_iter().max().expect("it has objects").1
}
