//! The process that serves a mount is killed, crashes or is replaced, and nobody notices.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::readers::{Readers, ask_for_nothing, read_anew};
use harness::{Child, Home, Mount, Rng, Thing, Tree, is_mounted, need, skip, source, wait};
use rustix::process::{Signal, kill_process, test_kill_process};

use super::kills::{PATIENCE, RECOVERY, Recoveries, SLACK, kill_and_ask, pid, send};

pub(super) fn contents(rng: &mut Rng, count: usize) -> BTreeMap<String, Vec<u8>> {
    let name = |number| format!("part{}/file{number}", number % 7);
    (0..count)
        .map(|number| {
            (name(number), {
                let len = 1 + rng.below(200_000);
                rng.bytes(len)
            })
        })
        .collect()
}

pub(super) fn home_with(contents: &BTreeMap<String, Vec<u8>>) -> Home {
    let mut tree = Tree::default();
    contents.iter().for_each(|(name, content)| tree.add(name.as_bytes(), Thing::from(content.clone())));
    Home::with(&tree)
}

#[test]
#[expect(clippy::print_stdout, reason = "the measured time is of interest")]
fn readers_notice_nothing_of_many_kills() {
    need!(skip::mounting());
    let mut rng = Rng::seeded();
    let contents = contents(&mut rng, 200);
    let home = home_with(&contents);
    let mount = Mount::new(&home, "d");
    let supervisor = mount.supervisor();
    let readers = Readers::start(4, mount.path(), &contents);
    let times = Recoveries::of(&mount, 25, Duration::from_millis(100), &mut rng);
    let seen = readers.finish();
    println!(
        "25 kills under 4 readers of {} files: served again after {:?} (median), {:?} (95 of 100), {:?} (longest); \
         the longest step of a reader took {:?}",
        seen.files,
        times.percentile(50),
        times.percentile(95),
        times.percentile(100),
        seen.longest
    );
    assert!(times.percentile(95) <= RECOVERY * SLACK, "{times:?}");
    assert!(seen.files > 25);
    assert_eq!(mount.supervisor(), supervisor);
    mount.unmount();
    assert!(wait::until(PATIENCE, || test_kill_process(pid(supervisor)).is_err()).is_some(), "it outlived its mount");
}

#[test]
fn a_crash_of_any_kind_is_taken_over() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one", "dir/b": "two" });
    let mount = Mount::new(&home, "d");
    // Not SEGV: the runtime takes one that no instruction caused for nothing, once.
    for signal in [Signal::ABORT, Signal::ILL] {
        kill_and_ask(&mount, signal);
        assert_eq!(read_anew(&mount.join("dir/b")).expect("readable"), b"two");
    }
    mount.unmount();
}

#[test]
fn open_and_mapped_files_and_working_folders_live_through_a_takeover() {
    need!(skip::mounting(), skip::command("sh"));
    let home = Home::with(&source! { "a": "one", "dir/b": "two" });
    let big: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    home.file("big", &big);
    home.ok("put d big big");
    home.ok("mkdir d made");
    home.ok("put d made/c big");
    home.ok("commit d -m big");
    let mount = Mount::new(&home, "d");
    let open = ["a", "big", "made/c"].map(|name| File::open(mount.join(name)).expect("there"));
    let map = Map::of(&open[1], big.len());
    let mut workers = ["dir", "made"].map(|folder| {
        let mut sh = Command::new("sh");
        sh.args(["-c", "read line; cat b c 2>/dev/null | head -c 3; ls | head -n 1"]).current_dir(mount.join(folder));
        Child::start(sh.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("it is installed")
    });
    // The overlay's inodes are of a revision that is not shown any more.
    home.ok("rm d big");
    home.file("a", "three");
    home.ok("put d made/d a");
    home.ok("commit d -m less");
    assert!(wait::until(PATIENCE, || mount.join("made/d").exists()).is_some());
    for _ in 0..2 {
        kill_and_ask(&mount, Signal::KILL);
        let mut bytes = vec![0; big.len()];
        for file in &open[1..] {
            rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).expect("a file");
            file.read_exact_at(&mut bytes, 0).expect("readable");
            assert_eq!(bytes, big);
        }
        assert_eq!(map.anew(), big);
        assert_eq!(open[0].metadata().expect("there").len(), 3);
    }
    for (worker, expected) in workers.iter_mut().zip(["two", "\0\0\0"]) {
        worker.say("go\n");
        let told = worker.rest().expect("it ends");
        assert!(told.starts_with(expected), "{told:?}");
    }
}

/// A file mapped into memory.
struct Map(*mut std::ffi::c_void, usize);

impl Map {
    fn of(file: &File, len: usize) -> Map {
        use rustix::mm::{MapFlags, ProtFlags, mmap};
        // SAFETY: a new mapping somewhere, of a file that nobody writes to, unmapped on drop only.
        let at = unsafe { mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::SHARED, file, 0) };
        Map(at.expect("it can be mapped"), len)
    }

    /// All of it, read again from the file system.
    fn anew(&self) -> Vec<u8> {
        // SAFETY: the mapping is there, is only read, and loses nothing that the file has not.
        unsafe {
            rustix::mm::madvise(self.0, self.1, rustix::mm::Advice::LinuxDontNeed).expect("a mapping");
            std::slice::from_raw_parts(self.0.cast::<u8>(), self.1).to_vec()
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nothing borrows from it.
        let _ = unsafe { rustix::mm::munmap(self.0, self.1) };
    }
}

#[test]
fn a_kill_while_the_mount_moves_loses_no_move() {
    need!(skip::mounting());
    let mut rng = Rng::seeded();
    let contents = contents(&mut rng, 60);
    let home = home_with(&contents);
    home.file("start", "round 0");
    home.ok("put d round start");
    home.ok("commit d -m start");
    let mount = Mount::new(&home, "d");
    let readers = Readers::start(2, mount.path(), &contents);
    for round in 1..=8 {
        home.file("new", format!("round {round}"));
        home.ok("put d round new");
        home.ok(&format!("put d made{round} new"));
        if round > 1 {
            home.ok(&format!("mv d made{} moved{round}", round - 1));
        }
        let mut commit =
            Child::start(home.command(["commit", "d", "-m", "round"]).stderr(Stdio::null())).expect("ours");
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(rng.below(12) as u64));
            let _ = kill_process(pid(mount.serving()), Signal::KILL);
        }
        let ended = commit.wait(PATIENCE).expect("our own child").expect("it ends");
        assert!(ended.success(), "{ended}");
        let shows = || fs::read(mount.join("round")).is_ok_and(|text| text == format!("round {round}").as_bytes());
        assert!(wait::until(PATIENCE, shows).is_some(), "it stays behind at round {round}: {}", mount.log());
        let moved = || round == 1 || mount.join(&format!("moved{round}")).exists();
        let gone = || round == 1 || !mount.join(&format!("made{}", round - 1)).exists();
        assert!(wait::until(PATIENCE, || moved() && gone()).is_some(), "half of round {round} shows");
    }
    readers.finish();
}

#[test]
fn files_that_the_kernel_reads_by_itself_live_through_a_takeover() {
    need!(skip::mounting());
    let big: Vec<u8> = (0..600_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let home = Home::with(&source! { "big": big.clone(), "other": big.clone(), "small": "one" });
    let mount = Mount::at(&home, "d --profile large-files", "mnt");
    let (mut open, map) = (File::open(mount.join("big")).expect("there"), {
        let file = File::open(mount.join("big")).expect("there");
        Map::of(&file, big.len())
    });
    for _ in 0..2 {
        kill_and_ask(&mount, Signal::KILL);
        let mut bytes = vec![0; big.len()];
        open.read_exact_at(&mut bytes, 0).expect("readable");
        assert!(bytes == big && map.anew() == big, "other bytes");
        for name in ["big", "other"] {
            let again = File::open(mount.join(name)).expect("it can be opened beside the old handle");
            again.read_exact_at(&mut bytes, 0).expect("readable");
            assert!(bytes == big, "{name} has other bytes");
            // The next process meets a handle of this one, too.
            if name == "big" {
                open = again;
            }
        }
        assert_eq!(mount.text("small"), "one");
    }
    drop((open, map));
    mount.unmount();
}

#[test]
fn a_mount_over_its_own_source_is_taken_over() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one", "dir/b": "two" });
    let mount = Mount::at(&home, "d", "src");
    kill_and_ask(&mount, Signal::KILL);
    assert_eq!(read_anew(&mount.join("dir/b")).expect("the source beneath is found"), b"two");
    mount.unmount();
}

#[test]
fn a_mount_that_was_taken_over_follows_on_and_a_pinned_one_stays() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one" });
    let (following, pinned) = (Mount::new(&home, "d"), Mount::at(&home, "d --pin", "pinned"));
    kill_and_ask(&following, Signal::KILL);
    kill_and_ask(&pinned, Signal::KILL);
    home.file("new", "two");
    home.ok("put d a new");
    home.ok("commit d -m two");
    assert!(wait::until(PATIENCE, || following.text("a") == "two").is_some());
    fs::write(home.join("src/late"), "late").expect("our own source");
    home.ok("refresh d");
    assert!(wait::until(PATIENCE, || following.join("late").exists()).is_some());
    kill_and_ask(&following, Signal::KILL);
    assert_eq!((following.text("a"), following.text("late")), ("two".into(), "late".into()));
    kill_and_ask(&pinned, Signal::KILL);
    assert_eq!((pinned.text("a"), pinned.join("late").exists()), ("one".into(), false));
}

#[test]
fn a_restart_replaces_the_process_under_its_readers() {
    need!(skip::mounting());
    let mut rng = Rng::seeded();
    let contents = contents(&mut rng, 40);
    let home = home_with(&contents);
    let mount = Mount::new(&home, "d");
    let readers = Readers::start(2, mount.path(), &contents);
    let supervisor = mount.supervisor();
    for _ in 0..3 {
        let before = mount.serving();
        let told = home.json("mounts --restart mnt");
        assert_eq!((&told["pid_before"], &told["pid"]), (&before.into(), &mount.serving().into()));
        assert!(mount.serving() != before);
        assert!(wait::until(PATIENCE, || test_kill_process(pid(before)).is_err()).is_some(), "the old one stays");
    }
    assert_eq!(mount.supervisor(), supervisor);
    readers.finish();
    assert!(home.fails("mounts --restart src", 3).contains("not a mount"));
}

#[test]
fn without_its_supervisor_a_mount_is_served_on_and_what_is_left_at_last_is_cleaned() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one", "dir/b": "two" });
    let mount = Mount::new(&home, "d");
    let (supervisor, serving) = (mount.supervisor(), mount.serving());
    send(supervisor, Signal::KILL);
    assert!(wait::until(PATIENCE, || mount.log().contains("the supervisor has ended")).is_some());
    assert_eq!(read_anew(&mount.join("dir/b")).expect("served on"), b"two");
    assert!(home.fails("mounts --restart mnt", 3).contains("supervisor"));
    home.file("new", "two");
    home.ok("put d a new");
    home.ok("commit d -m two");
    assert!(wait::until(PATIENCE, || mount.text("a") == "two").is_some(), "it goes on following");
    send(serving, Signal::KILL);
    assert!(wait::until(PATIENCE, || ask_for_nothing(mount.path()).is_err()).is_some());
    let again = Mount::new(&home, "d");
    assert_eq!(again.text("dir/b"), "two");
    again.unmount();
}

#[test]
fn a_mount_that_cannot_be_taken_over_is_given_up() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one" });
    let mount = Mount::new(&home, "d");
    let supervisor = mount.supervisor();
    fs::rename(home.store(), home.join("hidden")).expect("our own store");
    send(mount.serving(), Signal::KILL);
    let gone = || !is_mounted(mount.path()) && test_kill_process(pid(supervisor)).is_err();
    assert!(wait::until(PATIENCE, gone).is_some(), "{}", mount.log());
    assert!(mount.log().contains("is given up"), "{}", mount.log());
    fs::rename(home.join("hidden"), home.store()).expect("our own store");
    assert_eq!(fs::read_dir(mount.path()).expect("an ordinary folder").count(), 0);
}

#[test]
fn a_supervisor_that_is_told_to_stop_ends_the_mount() {
    need!(skip::mounting());
    let home = Home::with(&source! { "a": "one" });
    for signal in [Signal::TERM, Signal::INT] {
        let mount = Mount::new(&home, "d");
        let (supervisor, serving, socket) = (mount.supervisor(), mount.serving(), mount.info()["control"].clone());
        send(supervisor, signal);
        let gone = || [supervisor, serving].iter().all(|process| test_kill_process(pid(*process)).is_err());
        assert!(wait::until(PATIENCE, gone).is_some());
        assert!(!is_mounted(mount.path()) && !Path::new(socket.as_str().expect("a path")).exists());
    }
}
