//! Many revisions in one mount: each is what a mount of it alone shows, and what they share is there once.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::readers::Readers;
use harness::{Child, Home, Mount, Requests, Rng, Tree, need, skip, source, wait};
use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(10);
/// How soon a commit shows, as promised, with slack for a machine that does five other things.
const SOON: Duration = Duration::from_millis(500);
/// Long enough for a mount that is not held to have moved.
const WHILE: Duration = Duration::from_millis(300);
/// Bytes of a file that is not passed through.
const LEN: usize = 900_000;
const PROFILES: [&str; 2] = ["small-files", "large-files"];

/// A dataset whose tag `v1` is what was imported, and whose `main` differs.
fn home() -> Home {
    let home = Home::with(&source! { "a": "one", "b": "same", "dir/c": "deep", "dir/sub/d": "deeper", "gone": "x" });
    home.ok("tag d v1");
    home.file("new", "two");
    home.file("other", "made");
    for edit in ["put d a new", "mkdir d -p made/empty", "put d made/e other", "rm d gone", "commit d -m edits"] {
        home.ok(edit);
    }
    home
}

fn head(home: &Home, reference: &str) -> String {
    home.json(&format!("log d@{reference} -n 1"))[0]["id"].as_str().expect("an id").to_owned()
}

fn commit(home: &Home, reference: &str, text: &str) {
    home.file("new", text);
    home.ok(&format!("put d@{reference} a new"));
    home.ok(&format!("commit d@{reference} -m change"));
}

fn ino(path: impl AsRef<Path>) -> u64 {
    fs::symlink_metadata(path).expect("it is there").ino()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

fn tree(mount: &Mount<'_>, folder: &str) -> Tree {
    Tree::read(&mount.join(folder)).expect("readable")
}

fn mounted<'home>(home: &'home Home, profile: &str) -> Mount<'home> {
    Mount::at(home, &format!("d --all --profile {profile}"), "mnt")
}

fn is(mount: &Mount<'_>, path: &str, text: &str) -> bool {
    fs::read(mount.join(path)).is_ok_and(|bytes| bytes == text.as_bytes())
}

/// How many pages of a file the kernel has in its cache.
fn cached(path: &Path) -> usize {
    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
    let file = File::open(path).expect("there");
    let len = usize::try_from(file.metadata().expect("there").len()).expect("small");
    let mut pages = vec![0_u8; len.div_ceil(4096)];
    // SAFETY: a new mapping that nothing borrows from; the vector has a byte for each of its pages.
    unsafe {
        let at = mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::SHARED, &file, 0).expect("mappable");
        assert_eq!(libc::mincore(at, len, pages.as_mut_ptr()), 0);
        munmap(at, len).expect("mapped above");
    }
    pages.iter().filter(|page| **page & 1 == 1).count()
}

/// Kills the process that serves, and waits for the next one.
fn kill_serving(mount: &Mount<'_>) {
    let before = mount.serving();
    let pid = Pid::from_raw(i32::try_from(before).expect("a process id")).expect("not 0");
    kill_process(pid, Signal::KILL).expect("our own daemon");
    assert!(wait::until(PATIENCE, || mount.serving() != before).is_some(), "nobody took over: {}", mount.log());
}

#[test]
fn branches_and_tags_are_listed_and_any_revision_is_found() {
    need!(skip::mounting());
    let home = home();
    home.ok("branch d fix/labels");
    home.ok("branch d fix/boxes v1");
    home.ok("tag d release/2");
    let mount = Mount::new(&home, "d --all");
    assert_eq!(names(mount.path()), ["@release", "@v1", "fix", "main"]);
    assert_eq!(names(&mount.join("fix")), ["boxes", "labels"]);
    assert_eq!(names(&mount.join("@release")), ["2"]);
    let (old, new) = (
        source! { "a": "one", "b": "same", "dir/c": "deep", "dir/sub/d": "deeper", "gone": "x" },
        source! { "a": "two", "b": "same", "dir/c": "deep", "dir/sub/d": "deeper", "made/e": "made",
        "made/empty": harness::literal::folder() },
    );
    let first = head(&home, "v1");
    for (folder, expected) in
        [("main", &new), ("fix/labels", &new), ("@release/2", &new), ("@v1", &old), ("fix/boxes", &old)]
    {
        assert_eq!(&tree(&mount, folder), expected, "{folder}");
    }
    for digits in [7, 12, 64] {
        assert_eq!(tree(&mount, &format!("@{}", &first[..digits])), old);
    }
    assert_eq!(names(mount.path()), ["@release", "@v1", "fix", "main"], "what is found is not listed");
    for missing in ["@main", "@0000000", "@v2", "@v1~1", "other", "fix/none", "@abc", &format!("@{}", &first[..6])] {
        assert_eq!(
            fs::metadata(mount.join(missing)).map_err(|e| e.kind()).err(),
            Some(ErrorKind::NotFound),
            "{missing}"
        );
    }
    assert_eq!(
        fs::metadata(mount.join(&"n".repeat(256))).err().and_then(|e| e.raw_os_error()),
        Some(libc::ENAMETOOLONG)
    );
    let write = File::create(mount.join("main/x")).expect_err("read-only");
    assert_eq!(write.raw_os_error(), Some(libc::EROFS));
    assert!(fs::create_dir(mount.join("x")).is_err());
    for (path, parent) in [("main/dir/..", "main"), ("fix/labels/..", "fix"), ("fix/..", ""), ("main/made/..", "main")]
    {
        assert_eq!(ino(mount.join(path)), ino(mount.join(parent)), "{path}");
    }
    mount.unmount();
}

#[test]
fn a_mount_of_all_says_what_it_is_at_its_top_and_in_each_folder() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d --all");
    let (info, path) = (mount.info(), mount.path().to_string_lossy().into_owned());
    assert_eq!((&info["mode"], &info["dataset"], &info["path"]), (&"all".into(), &"d".into(), &path.clone().into()));
    for (folder, reference, mode) in [("main", "main", "follow"), ("@v1", "v1", "pin")] {
        let head = head(&home, reference);
        assert_eq!(mount.text(&format!("{folder}/.veneer/revision")).trim(), head);
        let info: serde_json::Value =
            serde_json::from_str(&mount.text(&format!("{folder}/.veneer/info.json"))).expect("JSON");
        let told =
            ["dataset", "ref", "revision", "mode", "path"].map(|key| info[key].as_str().expect("text").to_owned());
        assert_eq!(told, ["d", reference, &head, mode, &format!("{path}/{folder}")]);
        let stat = home.json(&format!("stat mnt/{folder}/a"));
        assert_eq!((stat["path"].as_str(), stat["revision"].as_str()), (Some("a"), Some(head.as_str())));
    }
    assert!(!mount.join(".veneer/revision").exists() && !mount.join("fix/.veneer").exists());
    let listed = home.run("mounts").stdout;
    assert!(listed.contains("d --all"), "{listed}");
    assert!(home.fails("stat mnt", 3).contains("many revisions"));
    mount.unmount();
}

#[test]
fn a_file_that_is_the_same_in_two_revisions_is_one_inode_and_is_read_once() {
    need!(skip::mounting());
    for profile in PROFILES {
        let home = home();
        fs::write(home.join("src/dir/big"), vec![b'x'; LEN]).expect("our own source");
        home.ok("refresh d");
        home.file("new", vec![b'y'; LEN]);
        home.ok("put d made/big new");
        home.ok("commit d -m big");
        home.file("new", "again");
        home.ok("branch d side");
        home.ok("put d@side b new");
        home.ok("commit d@side -m side");
        let mount = mounted(&home, profile);
        for path in ["dir/c", "dir/sub/d", "a", "made/e"] {
            assert_eq!(ino(mount.join("main").join(path)), ino(mount.join("side").join(path)), "{path}");
        }
        assert_eq!(ino(mount.join("@v1/dir/c")), ino(mount.join("main/dir/c")));
        assert_ne!(ino(mount.join("main/b")), ino(mount.join("side/b")), "other content");
        for path in ["", "dir", "dir/sub", "made", "made/empty"] {
            assert_ne!(
                ino(mount.join("main").join(path)),
                ino(mount.join("side").join(path)),
                "a folder has one place"
            );
        }
        for path in ["dir/big", "made/big"] {
            let (main, side) = (mount.join("main").join(path), mount.join("side").join(path));
            assert_eq!(cached(&side), 0, "{path}: nobody has read it");
            assert!(fs::read(&main).expect("readable").len() == LEN);
            let before = Requests::of(mount.serving());
            assert_eq!(cached(&side), LEN.div_ceil(4096), "{path}: what was read in the one is there in the other");
            assert!(fs::read(&main).expect("readable") == fs::read(&side).expect("readable"));
            assert!(before.bytes_since() < LEN as u64 / 10, "{path} was read again");
        }
        mount.unmount();
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the measured time is of interest")]
fn a_branch_is_followed_and_a_tag_and_a_revision_stay() {
    need!(skip::mounting());
    let home = home();
    home.ok("branch d side");
    let second = head(&home, "main");
    let mount = Mount::new(&home, "d --all");
    let hex = format!("@{}", &second[..10]);
    let mut open = File::open(mount.join("main/a")).expect("there");
    assert_eq!((mount.text(&format!("{hex}/a")), mount.text("@v1/a")), ("two".into(), "one".into()));
    let mut times: Vec<Duration> = Vec::new();
    for round in 0..10 {
        let text = format!("round {round}");
        commit(&home, "main", &text);
        times.push(wait::until(SOON, || mount.text("main/a") == text).expect("a commit shows soon"));
    }
    times.sort();
    println!("after `veneer commit` had ended: median {:?}, longest {:?}", times[5], times[9]);
    home.ok("mv d made moved");
    home.ok("commit d -m moved");
    assert!(wait::until(SOON, || mount.join("main/moved/e").exists() && !mount.join("main/made").exists()).is_some());
    assert_eq!(mount.text("main/.veneer/revision").trim(), head(&home, "main"));
    for still in [hex.as_str(), "side"] {
        assert_eq!(
            (mount.text(&format!("{still}/a")), mount.text(&format!("{still}/made/e"))),
            ("two".into(), "made".into())
        );
    }
    assert_eq!((mount.text("@v1/a"), mount.text("@v1/gone")), ("one".into(), "x".into()));
    let mut text = String::new();
    open.rewind().expect("a file");
    open.read_to_string(&mut text).expect("it keeps its bytes");
    assert_eq!(text, "two");
    fs::write(home.join("src/b"), "not the same").expect("our own source");
    home.ok("refresh d");
    assert!(wait::until(SOON, || is(&mount, "main/b", "not the same")).is_some(), "another base");
    assert_eq!(ino(mount.join("main/dir/c")), ino(mount.join("@v1/dir/c")), "one inode on two bases");
    commit(&home, "side", "on a base before");
    assert!(wait::until(SOON, || mount.text("side/a") == "on a base before").is_some());
}

#[test]
fn branches_and_tags_come_and_go() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d --all");
    assert!(!mount.join("new").exists() && !mount.join("deep/er").exists() && !mount.join("@v2").exists());
    for (make, folder) in [("branch d new", "new"), ("branch d deep/er v1", "deep/er"), ("tag d v2", "@v2")] {
        home.ok(make);
        assert!(wait::until(SOON, || mount.join(folder).join("dir/c").exists()).is_some(), "{folder}: {}", mount.log());
    }
    assert_eq!(names(mount.path()), ["@v1", "@v2", "deep", "main", "new"]);
    let open = File::open(mount.join("deep/er/dir/c")).expect("there");
    for (end, folder) in
        [("branch d --delete new", "new"), ("branch d --delete deep/er", "deep"), ("tag d --delete v2", "@v2")]
    {
        home.ok(end);
        assert!(wait::until(SOON, || !mount.join(folder).exists()).is_some(), "{folder}: {}", mount.log());
    }
    assert_eq!(names(mount.path()), ["@v1", "main"]);
    assert_eq!(open.metadata().expect("still there").len(), 4);
    home.ok("branch d deep/er");
    assert!(wait::until(SOON, || mount.join("deep/er").exists()).is_some());
    assert_eq!(mount.text("deep/er/a"), "two", "not what it was before");
    commit(&home, "main", "three");
    let late = head(&home, "main");
    assert_eq!(mount.text(&format!("@{}/a", &late[..9])), "three", "a revision that was not there before");
}

#[test]
fn a_folder_that_would_be_needed_twice_is_refused() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d --all");
    home.ok("branch d main/x");
    std::thread::sleep(WHILE);
    assert!(mount.log().contains("needed twice") && !mount.join("main/x").exists());
    commit(&home, "main", "goes on");
    assert!(wait::until(SOON, || mount.text("main/a") == "goes on").is_some());
    mount.unmount();
    let refused = home.fails("mount d mnt --all", 3);
    assert!(refused.contains("`main` would be needed twice") && refused.contains("hint:"), "{refused}");
    home.ok("branch d --delete main/x");
    Mount::new(&home, "d --all").unmount();
}

#[test]
fn what_makes_no_sense_for_all_revisions_is_refused() {
    need!(skip::mounting());
    let home = home();
    fs::create_dir(home.join("mnt")).expect("our own");
    for (line, code) in [
        ("mount d mnt --all --pin", 2),
        ("mount d mnt --all --writable", 2),
        ("mount d@main mnt --all", 2),
        ("mount nothing mnt --all", 3),
    ] {
        home.fails(line, code);
    }
    assert!(home.fails("mount d@main mnt --all", 2).contains("mount d --all DIR"));
    let over = home.fails("mount d src --all", 3);
    assert!(over.contains("is the source") && over.contains("hint:"), "{over}");
    assert_eq!(fs::read_to_string(home.join("src/a")).expect("untouched"), "one");
}

#[test]
fn find_and_diff_walk_two_revisions() {
    need!(skip::mounting(), skip::command("diff"), skip::command("find"));
    for profile in PROFILES {
        let home = home();
        let mount = mounted(&home, profile);
        let run = |program: &str, args: &[&str]| {
            let output = Command::new(program).args(args).current_dir(mount.path()).output().expect("installed");
            assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).expect("text");
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let differs = ["Files @v1/a and main/a differ", "Only in @v1: gone", "Only in main: made"];
        assert_eq!(run("diff", &["-rq", "@v1", "main"]), differs);
        let files = ["@v1/a", "@v1/b", "@v1/dir/c", "@v1/dir/sub/d", "@v1/gone", "main/a", "main/b", "main/dir/c"];
        assert_eq!(run("find", &["@v1", "main", "-type", "f"])[..8], files);
        assert_eq!(run("find", &[".", "-name", "d"]).len(), 2);
    }
}

#[test]
fn run_holds_all_folders_and_tells_the_revision_of_the_one_that_it_was_given() {
    need!(skip::mounting(), skip::command("sh"));
    let home = home();
    let (first, second) = (head(&home, "v1"), head(&home, "main"));
    let mount = Mount::new(&home, "d --all");
    for (folder, revision) in [("main", &second), ("main/dir", &second), ("@v1", &first)] {
        let ran = home.run_args(["run", &format!("mnt/{folder}"), "sh", "-c", "echo $VENEER_DATASET $VENEER_REVISION"]);
        assert_eq!(ran.stdout.trim(), format!("d {revision}"), "{folder}");
    }
    assert!(home.fails("run mnt true", 3).contains("many revisions"));
    let script = "echo up; read line; cat mnt/main/a; test -d mnt/late && echo late";
    let mut command = home.command(["run", "mnt/main", "--", "sh", "-c", script]);
    let mut run = Child::start(command.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("it starts");
    let mut stdout = run.stdout().expect("piped");
    stdout.read_exact(&mut [0; 3]).expect("it is up");
    commit(&home, "main", "three");
    home.ok("branch d late v1");
    kill_serving(&mount);
    std::thread::sleep(WHILE);
    assert_eq!(mount.text("main/a"), "two", "it is held, also by the next process");
    run.say("go\n");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("readable");
    assert_eq!(rest, "twolate\n", "what is new may come");
    assert_eq!(run.wait(PATIENCE).expect("our own child").expect("it ends").code(), Some(0));
    assert!(wait::until(SOON, || mount.text("main/a") == "three").is_some());
}

#[test]
fn readers_in_two_revisions_notice_nothing_of_kills() {
    need!(skip::mounting());
    for profile in PROFILES {
        let mut rng = Rng::seeded();
        let home = home();
        (0..3).for_each(|part| drop(home.ok(&format!("mkdir d made/part{part}"))));
        for number in 0..20 {
            let len = 1 + rng.below(if number == 0 { 3 << 20 } else { 100_000 });
            home.file("content", rng.bytes(len));
            home.ok(&format!("put d made/part{}/file{number} content", number % 3));
        }
        home.ok("commit d -m content");
        home.ok("branch d fix/one");
        commit(&home, "fix/one", "other");
        let hex = format!("@{}", &head(&home, "main")[..8]);
        let mount = mounted(&home, profile);
        let contents = |folder: &str| contents(&mount.join(folder));
        let all: Vec<_> = ["main", "fix/one", "@v1", &hex].map(|folder| (folder.to_owned(), contents(folder))).into();
        let inodes =
            || ["main", "fix", "fix/one/made/part1", &hex, "main/made/e", "@v1/dir"].map(|path| ino(mount.join(path)));
        let before = inodes();
        let mut worker = Command::new("sh");
        worker.args(["-c", "read line; cat file1 | wc -c"]).current_dir(mount.join(&hex).join("made/part1"));
        let mut worker = Child::start(worker.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("installed");
        let readers: Vec<Readers> =
            all.iter().map(|(folder, files)| Readers::start(1, &mount.join(folder), files)).collect();
        for _ in 0..6 {
            std::thread::sleep(Duration::from_millis(20 + rng.below(60) as u64));
            kill_serving(&mount);
        }
        let seen: u64 = readers.into_iter().map(|readers| readers.finish().files).sum();
        assert!(seen > 20, "{seen}");
        assert_eq!(inodes(), before, "numbers stay");
        worker.say("go\n");
        let told = worker.rest().expect("it ends");
        assert_eq!(told.trim(), all[3].1["made/part1/file1"].len().to_string());
        commit(&home, "main", "after it all");
        assert!(wait::until(SOON, || mount.text("main/a") == "after it all").is_some(), "it follows on");
        home.ok("tag d late");
        assert!(wait::until(SOON, || mount.join("@late").exists()).is_some());
        mount.unmount();
    }
}

/// The files below a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = waiting.pop() {
        for entry in fs::read_dir(at).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").to_str().expect("text").to_owned();
                found.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[test]
fn a_kill_while_folders_move_come_and_go_loses_nothing() {
    need!(skip::mounting());
    let mut rng = Rng::seeded();
    let home = home();
    home.ok("branch d side");
    let mount = Mount::new(&home, "d --all");
    let still = contents(&mount.join("@v1"));
    let readers = Readers::start(2, &mount.join("@v1"), &still);
    for round in 0..6 {
        let text = format!("round {round}");
        home.file("new", &text);
        home.ok("put d a new");
        home.ok(&format!("put d@side made/e{round} new"));
        let (name, last) = (format!("deep/er{round}"), format!("deep/er{}", round - 1));
        assert!(!mount.join(&name).exists());
        let mut lines = vec!["commit d -m x".to_owned(), "commit d@side -m x".to_owned(), format!("branch d {name}")];
        lines.extend((round > 0).then(|| format!("branch d --delete {last} --force")));
        for line in lines {
            let words = line.split(' ').map(str::to_owned);
            let mut change =
                Child::start(home.command(words).stdout(Stdio::null()).stderr(Stdio::null())).expect("ours");
            std::thread::sleep(Duration::from_millis(rng.below(12) as u64));
            let pid = Pid::from_raw(i32::try_from(mount.serving()).expect("a process id")).expect("not 0");
            let _ = kill_process(pid, Signal::KILL);
            assert!(change.wait(PATIENCE).expect("our own child").expect("it ends").success(), "{line}");
        }
        let shows = || {
            is(&mount, "main/a", &text)
                && is(&mount, &format!("side/made/e{round}"), &text)
                && is(&mount, &format!("{name}/a"), &text)
                && !mount.join(&last).exists()
        };
        assert!(wait::until(PATIENCE, shows).is_some(), "half of round {round} shows: {}", mount.log());
    }
    assert_eq!(names(mount.path()), ["@v1", "deep", "main", "side"]);
    assert_eq!(names(&mount.join("deep")), ["er5"]);
    assert!(readers.finish().files > 10);
    home.ok("mounts --restart mnt");
    assert_eq!(mount.text("main/a"), "round 5");
    mount.unmount();
}

#[test]
fn what_a_folder_found_by_name_shows_outlives_its_branch_and_a_collection() {
    need!(skip::mounting());
    let home = home();
    home.ok("branch d side");
    home.file("new", vec![b'z'; 300_000]);
    home.ok("put d@side made/big new");
    home.ok("commit d@side -m big");
    let mount = Mount::new(&home, "d --all");
    let hex = format!("@{}", &head(&home, "side")[..9]);
    assert!(mount.join(&hex).join("made/e").exists());
    home.ok("branch d --delete side --force");
    assert!(wait::until(SOON, || !mount.join("side").exists()).is_some());
    kill_serving(&mount);
    home.ok("gc --grace 0s");
    assert!(fs::read(mount.join(&hex).join("made/big")).expect("kept") == vec![b'z'; 300_000]);
    mount.unmount();
    home.ok("gc --grace 0s");
    home.fails(&format!("log d{hex} -n 1"), 3);
}
