//! What makes a mount slow or breaks it, if it is forgotten: each of these was met once.
//!
//! Requests are counted from outside, as calls of `read` by the daemon; a few
//! more than expected are allowed for what the system itself looks at.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use harness::{Home, Mount, Requests, Thing, Tree, generate, need, skip, source};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// What the system may ask beside the test.
const FEW: u64 = 6;
const FILES: usize = 200;

fn many() -> Home {
    let mut tree = Tree::default();
    (0..FILES).for_each(|number| tree.add(format!("f{number:03}").as_bytes(), Thing::from("some text")));
    Home::with(&tree)
}

fn each(mount: &Mount<'_>, mut visit: impl FnMut(&Path)) {
    (0..FILES).for_each(|number| visit(&mount.join(&format!("f{number:03}"))));
}

fn is_read(path: &Path) {
    assert_eq!(fs::read(path).expect("readable"), b"some text");
}

#[test]
fn a_warm_epoch_asks_the_daemon_nothing() {
    need!(skip::mounting());
    let home = many();
    let mount = Mount::at(&home, "d --profile small-files", "mnt");
    each(&mount, is_read);
    let before = Requests::of(mount.daemon());
    each(&mount, is_read);
    assert!(before.since() <= FEW, "{} requests", before.since());
}

#[test]
fn a_stat_after_a_read_asks_nothing() {
    need!(skip::mounting());
    let home = many();
    for profile in ["small-files", "large-files"] {
        let mount = Mount::at(&home, &format!("d --profile {profile}"), "mnt");
        each(&mount, is_read);
        let before = Requests::of(mount.daemon());
        each(&mount, |path| assert_eq!(fs::metadata(path).expect("there").size(), 9));
        assert!(before.since() <= FEW, "{profile}: {} requests: did the read move the access time?", before.since());
        mount.unmount();
    }
}

#[test]
fn a_listing_brings_the_attributes_and_is_kept() {
    need!(skip::mounting());
    let home = many();
    let mount = Mount::new(&home, "d");
    let list = || fs::read_dir(mount.path()).expect("listed").count();
    let before = Requests::of(mount.daemon());
    assert_eq!(list(), FILES);
    each(&mount, |path| assert!(fs::metadata(path).expect("there").is_file()));
    assert!(before.since() <= FEW + 4, "{} requests: one LOOKUP for each?", before.since());
    let before = Requests::of(mount.daemon());
    assert_eq!(list(), FILES);
    assert!(before.since() <= FEW, "{} requests for what was listed a moment ago", before.since());
}

#[test]
fn what_is_not_there_is_asked_for_once() {
    need!(skip::mounting());
    let home = many();
    let mount = Mount::new(&home, "d");
    let look = || assert!(!mount.join("f000.json").exists());
    look();
    let before = Requests::of(mount.daemon());
    (0..100).for_each(|_| look());
    assert!(before.since() <= FEW, "{} requests", before.since());
}

#[test]
fn extended_attributes_flush_and_access_are_asked_for_once() {
    need!(skip::mounting());
    let home = many();
    let mount = Mount::new(&home, "d");
    let ask = |path: &Path| {
        let file = File::open(path).expect("there");
        assert!(rustix::fs::fgetxattr(&file, "user.x", &mut [0; 8]).is_err());
        assert!(rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok());
    };
    each(&mount, ask);
    let before = Requests::of(mount.daemon());
    each(&mount, ask);
    assert!(before.since() <= FEW, "{} requests", before.since());
}

#[test]
fn links_are_read_once() {
    need!(skip::mounting());
    let home = Home::with(&source! { "to": harness::literal::link("there"), "there": "x" });
    let mount = Mount::new(&home, "d");
    let follow = || assert_eq!(fs::read_link(mount.join("to")).expect("a link").as_os_str().as_bytes(), b"there");
    follow();
    let before = Requests::of(mount.daemon());
    (0..100).for_each(|_| follow());
    assert!(before.since() <= FEW, "{} requests", before.since());
}

#[test]
fn no_read_is_short_whatever_is_cached() {
    need!(skip::mounting());
    let bytes: Vec<u8> = (0..1_500_000u32).flat_map(u32::to_le_bytes).chain([7, 8, 9]).collect();
    let mut tree = Tree::default();
    tree.add(b"big", Thing::from(bytes.clone()));
    let home = Home::with(&tree);
    for profile in ["small-files", "large-files"] {
        let mount = Mount::at(&home, &format!("d --profile {profile}"), "mnt");
        for len in [1 << 23, 1 << 20, 300_001, 4096] {
            let mut file = File::open(mount.join("big")).expect("there");
            // Half of the source is not cached: what is answered at once must not end where the cache does.
            let source = File::open(home.join("src/big")).expect("there");
            let half = std::num::NonZeroU64::new(bytes.len() as u64 / 2);
            let _ = rustix::fs::fadvise(&source, 1 << 20, half, rustix::fs::Advice::DontNeed);
            let (mut buffer, mut all) = (vec![0; len], Vec::new());
            loop {
                let read = file.read(&mut buffer).expect("readable");
                all.extend_from_slice(&buffer[..read]);
                if read < len {
                    break;
                }
            }
            assert!(all == bytes, "{profile}: {} bytes of {} by reads of {len}", all.len(), bytes.len());
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).expect("a hint");
        }
        mount.unmount();
    }
}

#[test]
fn twenty_thousand_files_are_read_with_few_descriptors() {
    need!(skip::mounting());
    const MANY: usize = 20_000;
    let home = Home::in_memory();
    generate::tree(&home.join("src"), MANY).expect("it fits");
    home.ok("import d src");
    for profile in ["small-files", "large-files"] {
        let mount = Mount::at(&home, &format!("d --profile {profile}"), "mnt");
        limit_descriptors(mount.daemon(), 128);
        for number in 0..MANY {
            let name = generate::name(number);
            let text = fs::read_to_string(mount.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(text.starts_with(&format!("{number}\n")), "{name}: {text}");
        }
        mount.unmount();
    }
}

pub(super) fn limit_descriptors(pid: u32, most: u64) {
    let limit = Rlimit { current: Some(most), maximum: Some(most) };
    prlimit(Pid::from_raw(pid as i32), Resource::Nofile, limit).expect("our own daemon");
}

#[test]
fn the_kernel_reads_ahead_more_than_fuse_lets_it() {
    need!(skip::mounting(), skip::root());
    let home = many();
    let mount = Mount::new(&home, "d");
    let device = fs::metadata(mount.path()).expect("there").dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let kib = fs::read_to_string(format!("/sys/class/bdi/{major}:{minor}/read_ahead_kb")).expect("a mount has it");
    assert!(kib.trim().parse::<u32>().expect("a number") >= 512, "{kib}");
}
