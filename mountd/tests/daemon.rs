//! The program itself, as whoever starts it meets it: what it reports, how it serves, how it ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::{Errno, FdFlags};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use veneer::base;
use veneer::dataset::{Datasets, Import};
use veneer::source::{ScanOptions, Source};
use veneer::store::LocalStore;

/// A store with one dataset, `d`, and an empty folder to mount on.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        let home = Home { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir_all(home.at("src/dir")).expect("made");
        fs::create_dir(home.at("mnt")).expect("made");
        fs::write(home.at("src/file"), "as it was").expect("written");
        fs::write(home.at("src/dir/big"), vec![7; 3_000_000]).expect("written");
        let store = Arc::new(LocalStore::create(&home.at("store")).expect("made"));
        let source = Source::open(&home.at("src")).expect("there");
        let scan = source.scan(&ScanOptions::default()).expect("scanned");
        let base = base::store(&*store, scan.tree).expect("stored");
        let name = "d".parse().expect("a name");
        let import = Import { name: &name, source: &home.at("src"), base, author: "ann" };
        Datasets::new(store).import(&import).expect("imported");
        home
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the daemon, and returns it with the line that it reports.
    fn start(&self, options: &[&str], point: &str) -> (Child, Value) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        rustix::io::fcntl_setfd(&writer, FdFlags::empty()).expect("set");
        let child = Command::new(env!("CARGO_BIN_EXE_veneer-mountd"))
            .args(["--dataset", "d", "--ready-fd", &writer.as_raw_fd().to_string(), "--store"])
            .arg(self.at("store"))
            .args(options)
            .arg(self.at(point))
            // The tester's own would be held open by a daemon that a failed test leaves behind.
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .spawn()
            .expect("started");
        drop(writer);
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line).expect("read");
        (child, serde_json::from_str(&line).expect("a line of JSON"))
    }

    /// As [`Home::start`] in the foreground; `None`, with a word on why, where nothing can be mounted here.
    fn mount(&self, options: &[&str]) -> Option<Child> {
        let (mut child, line) = self.start(&[&["--foreground"], options].concat(), "mnt");
        if line.get("ok").is_some() {
            return Some(child);
        }
        let kind = line["error"]["kind"].as_str().unwrap_or_default();
        assert!(matches!(kind, "fuse" | "mount"), "{line}");
        child.wait().expect("ended");
        println_skipped(&line["error"]["message"]);
        None
    }
}

#[allow(clippy::print_stdout)] // The way in which a test says that it cannot run here.
fn println_skipped(why: &Value) {
    println!("skipped: {why}");
}

fn is_mounted(point: &Path) -> bool {
    veneer_mountd::mount_table::topmost(point).expect("a table").is_some()
}

fn ended(mut child: Child) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("ours") {
            return status;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn stop(child: Child) {
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it lives");
    assert!(ended(child).success());
}

#[test]
fn what_stands_is_reported_and_an_ended_mount_ends_the_daemon() {
    let home = Home::new();
    let Some(child) = home.mount(&[]) else { return };
    let info: Value =
        serde_json::from_slice(&fs::read(home.at("mnt/.veneer/info.json")).expect("readable")).expect("JSON");
    assert_eq!(info["supervisor"], child.id());
    assert_ne!(info["pid"], child.id(), "another process serves");
    let socket = PathBuf::from(info["control"].as_str().expect("there is a place for it"));
    assert!(socket.exists());
    assert_eq!((&info["dataset"], &info["ref"], &info["mode"]), (&"d".into(), &"main".into(), &"follow".into()));
    rustix::mount::unmount(home.at("mnt"), rustix::mount::UnmountFlags::empty()).expect("nobody is in it");
    assert!(ended(child).success());
    assert!(veneer::store::pinned(&home.at("store")).expect("read").is_empty(), "its pin is gone");
    assert!(!socket.exists(), "and so is its socket");
}

#[test]
fn a_daemon_reports_and_leaves_its_starter() {
    let home = Home::new();
    let (starter, line) = home.start(&[], "mnt");
    if line.get("ok").is_none() {
        return println_skipped(&line["error"]["message"]);
    }
    assert!(ended(starter).success(), "whoever started it need not wait for the mount's end");
    assert_eq!(fs::read_to_string(home.at("mnt/file")).expect("readable"), "as it was");
    let pid = i32::try_from(line["ok"]["pid"].as_i64().expect("a number")).expect("a process");
    let supervisor = Pid::from_raw(i32::try_from(line["ok"]["supervisor"].as_i64().expect("a number")).expect("one"));
    assert_eq!(rustix::process::getsid(Pid::from_raw(pid)).ok(), supervisor, "a session of its own");
    kill_process(Pid::from_raw(pid).expect("not 0"), Signal::INT).expect("it lives");
    let since = Instant::now();
    while is_mounted(&home.at("mnt")) {
        assert!(since.elapsed() < Duration::from_secs(20), "it stays");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_cannot_be_mounted_is_reported_with_advice_and_exit_code_3() {
    let home = Home::new();
    for (options, point, kind) in [
        (&[][..], "absent", "mount-point"),
        (&[], "src/dir", "mount-point"),
        (&["--ref", "nothing"], "mnt", "not-found"),
        (&["--foreground"], "src/file", "mount-point"),
    ] {
        let (child, line) = home.start(options, point);
        assert_eq!(line["error"]["kind"], kind, "{line}");
        assert!(line["error"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{line}");
        assert_eq!(ended(child).code(), Some(3));
    }
    assert!(!is_mounted(&home.at("mnt")));
}

#[test]
fn a_file_has_no_extended_attributes_and_is_no_terminal() {
    let home = Home::new();
    let Some(child) = home.mount(&[]) else { return };
    let file = File::open(home.at("mnt/file")).expect("there");
    for _ in 0..2 {
        assert_eq!(rustix::fs::fgetxattr(&file, "user.x", &mut [0; 8]), Err(Errno::OPNOTSUPP));
        assert_eq!(rustix::termios::tcgetattr(&file).err(), Some(Errno::NOTTY));
    }
    drop(file);
    stop(child);
}

#[test]
fn a_drifted_file_is_served_up_to_its_recorded_size_where_that_was_asked_for() {
    let home = Home::new();
    let Some(child) = home.mount(&["--on-drift", "serve"]) else { return };
    fs::write(home.at("src/file"), "another, longer text").expect("written");
    assert_eq!(fs::read_to_string(home.at("mnt/file")).expect("served"), "another, ");
    stop(child);
}

#[test]
fn a_mount_that_is_told_to_end_does_so_under_an_open_file_too() {
    let home = Home::new();
    let Some(child) = home.mount(&["--profile", "small-files"]) else { return };
    let mut file = File::open(home.at("mnt/dir/big")).expect("there");
    let since = Instant::now();
    stop(child);
    assert!((4..15).contains(&since.elapsed().as_secs()), "it waits for a while first: {:?}", since.elapsed());
    assert!(!is_mounted(&home.at("mnt")));
    assert!(file.read_to_end(&mut Vec::new()).is_err(), "there is nobody to answer");
}

#[test]
fn a_big_file_that_the_kernel_reads_by_itself_outlives_its_daemon() {
    let home = Home::new();
    let Some(child) = home.mount(&["--profile", "large-files"]) else { return };
    let is_passed_through =
        fs::read_to_string(home.at("mnt/.veneer/info.json")).expect("told").contains("large-files\"");
    let mut file = File::open(home.at("mnt/dir/big")).expect("there");
    stop(child);
    assert_eq!(file.read_to_end(&mut Vec::new()).is_ok(), is_passed_through);
}

#[test]
fn the_machine_is_probed_as_checks() {
    let output = Command::new(env!("CARGO_BIN_EXE_veneer-mountd")).arg("--probe").output().expect("run");
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list");
    for check in ["kernel", "/dev/fuse", "mounting", "fusermount3"] {
        let found = checks.iter().find(|found| found["check"] == check).unwrap_or_else(|| panic!("no `{check}`"));
        assert!(found["ok"].is_boolean() && found["found"].is_string(), "{found}");
    }
    assert!(output.status.success());
}
