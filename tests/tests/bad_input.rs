//! Bad input, and what it gets: an error, a hint, an exit code, and nothing lost or half done.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::sync::atomic::{AtomicBool, Ordering};

use harness::literal::link;
use harness::{Home, Mount, Tree, binaries, checksum, generate, need, skip, source};
use veneer::model::{Id, ObjectKind, Revision};
use veneer::store::{Access, Batch, LocalStore, Store};

fn home() -> Home {
    let home = Home::with(&source! { "a": "one", "b": "two", "dir/c": "three" });
    home.file("new", "new");
    home
}

/// Runs a line that must be refused with this code, and these words in the message or the hint.
fn refused(home: &Home, line: &str, code: i32, words: &[&str]) {
    let ran = home.run(line);
    let said = &ran.stderr;
    assert_eq!(ran.code, Some(code), "`veneer {line}`: {}{said}", ran.stdout);
    assert_eq!(ran.stdout, "", "`veneer {line}` wrote data");
    assert!(said.contains("error: "), "`veneer {line}`: {said}");
    for word in words {
        assert!(said.contains(word), "`veneer {line}` does not say `{word}`: {said}");
    }
}

/// What must not change when something is refused.
fn state(home: &Home) -> (String, String, String) {
    (home.ok("--json log d"), home.ok("--json status d"), home.ok("--json datasets"))
}

#[test]
fn a_source_that_cannot_be_one_is_refused() {
    let home = home();
    let before = state(&home);
    fs::create_dir(home.join("empty")).expect("a new folder");
    std::os::unix::fs::symlink("loop", home.join("loop")).expect("a new link");
    for (source, code, words) in [
        ("nowhere", 3, &["nowhere", "hint: "][..]),
        ("empty", 3, &["empty", "hint: "]),
        ("new", 3, &["hint: "]),
        ("loop", 3, &["loop"]),
        (".", 3, &["store", "hint: "]),
        ("store", 3, &["store"]),
    ] {
        refused(&home, &format!("import e {source}"), code, words);
    }
    assert_eq!(state(&home), before);
    home.ok("fsck");
}

#[test]
fn a_source_that_is_a_mount_of_ours_is_refused() {
    need!(skip::mounting());
    let home = home();
    let mount = Mount::new(&home, "d");
    refused(&home, "import e mnt", 3, &["mount", "hint: "]);
    refused(&home, "import e mnt/dir", 3, &["mount", "hint: "]);
    mount.unmount();
}

#[test]
fn loops_of_links_inside_a_source_are_links_like_others() {
    let home = Home::new();
    let tree = source! { "dir/up": link(".."), "self": link("self"), "a": link("b"), "b": link("a"), "file": "x" };
    home.source("src", &tree);
    let told = home.json("import d src");
    assert_eq!((&told["files"], &told["folders"]), (&1.into(), &1.into()));
    home.ok("export d out --link copy");
    assert_eq!(Tree::read(&home.join("out")).expect("readable"), tree);
}

#[test]
fn an_unreadable_part_is_listed_and_left_out_only_on_demand() {
    let home = home();
    fs::set_permissions(home.join("src/dir"), fs::Permissions::from_mode(0o000)).expect("our own source");
    let as_nobody = |line: &str| {
        // Root can read everything, so another user has to try; the command must be where that user can run it.
        let copy = home.join("veneer");
        if !copy.exists() {
            fs::copy(binaries::path("veneer"), &copy).expect("room for it");
        }
        let mut command = std::process::Command::new(copy);
        command.args(line.split_whitespace()).current_dir(home.path());
        home.environment(&mut command);
        if skip::root().is_ok() {
            fs::create_dir_all(home.join("theirs")).expect("a new folder");
            chown(home.path(), Some(65_534), Some(65_534)).expect("root may");
            chown(home.join("theirs"), Some(65_534), Some(65_534)).expect("root may");
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = as_nobody("--store theirs/store import d src");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("dir") && said.contains("--skip-unreadable"), "{said}");
    assert!(!home.join("theirs/store/FORMAT").exists() || as_nobody("--store theirs/store ls d").0 == Some(3));
    let (code, said) = as_nobody("--store theirs/store import d src --skip-unreadable");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("dir"), "what was left out is listed: {said}");
    fs::set_permissions(home.join("src/b"), fs::Permissions::from_mode(0o000)).expect("our own source");
    let (code, said) = as_nobody("--store theirs/store import e src");
    assert!(code == Some(3) && said.contains("b: permission denied"), "a file is a part too: {said}");
    let (code, said) = as_nobody("--store theirs/store cat d a");
    assert_eq!(code, Some(0), "{said}");
    fs::set_permissions(home.join("src/dir"), fs::Permissions::from_mode(0o755)).expect("our own source");
}

#[test]
fn a_source_that_changes_during_the_import_gives_a_whole_dataset_or_an_error() {
    let home = Home::new();
    generate::tree(&home.join("src"), 8_000).expect("room for it");
    let stop = AtomicBool::new(false);
    let ended: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number = (number + 997) % 8_000;
                let file = home.join("src").join(generate::name(number));
                let _ = fs::remove_file(&file);
                let _ = fs::write(&file, "another content");
            }
        });
        let ended = (0..3).map(|round| home.run(&format!("import d{round} src"))).collect();
        // Nothing is judged before the other thread is told to stop, or a failure would wait for it for ever.
        stop.store(true, Ordering::Relaxed);
        ended
    });
    for ran in ended {
        assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
        assert!(ran.code == Some(0) || ran.stderr.contains("error: the source is being changed: "), "{ran:?}");
    }
    if home.store().join("FORMAT").exists() {
        home.ok("fsck");
        home.ok("datasets");
    }
}

#[test]
fn names_of_datasets_branches_and_tags_have_rules() {
    let home = home();
    let before = state(&home);
    for name in ["'two words'", "../up", "a/b", ".hidden", "-x", "naïve", "''", &"n".repeat(65)] {
        let ran = home.run(&format!("import -- {name} src"));
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains("error: "), "{name}: {}", ran.stderr);
    }
    refused(&home, "import d src", 3, &["`d`", "hint: "]);
    for name in ["a..b/../c", "'a b'", "3f9c1a2", "source", "a//b", &"n".repeat(101)] {
        for kind in ["branch", "tag"] {
            let code = home.run(&format!("{kind} d {name}")).code;
            assert!(code == Some(2), "{kind} {name}: {code:?}");
        }
    }
    home.ok("branch d other");
    home.ok("tag d v1");
    refused(&home, "branch d other", 3, &["`other`", "hint: "]);
    refused(&home, "tag d v1", 3, &["`v1`", "hint: "]);
    refused(&home, "branch d -d nothing", 3, &["nothing`", "hint: "]);
    assert_eq!(state(&home), before);
}

#[test]
fn paths_stay_inside_of_the_dataset() {
    let home = home();
    let before = state(&home);
    for path in ["../a", "/etc/passwd", "dir/../../x", "dir//c", "./a", "a/./b", &"n".repeat(256)] {
        for line in
            [format!("put d {path} new"), format!("rm d {path}"), format!("cat d {path}"), format!("mv d a {path}")]
        {
            refused(&home, &line, 2, &["hint: "]);
        }
    }
    for (line, code) in [
        ("cat d nothing", 3),
        ("rm d nothing", 3),
        ("mv d nothing x", 3),
        ("cat d dir", 3),
        ("rm d dir", 3),
        ("ls d a/b", 3),
        ("mv d dir dir/x", 2),
        ("mkdir d a", 3),
        ("put d a nowhere", 3),
        ("put d dir new", 3),
        ("put d x src", 2),
        ("restore d nothing --from main", 3),
    ] {
        refused(&home, line, code, &[]);
    }
    assert_eq!(state(&home), before);
}

#[test]
fn a_hint_about_the_top_folder_names_a_path_that_can_be_used() {
    let home = home();
    refused(&home, "put d . new", 3, &["`.` is a folder", "`veneer put d new new`"]);
    home.ok("put d new new");
    refused(&home, "cat d .", 3, &["`.` is a folder"]);
    refused(&home, "mkdir d .", 3, &["there is a path `.` already"]);
}

#[test]
fn a_store_that_a_crash_left_half_made_is_made_by_the_next_import() {
    let home = Home::new();
    home.source("src", &source! { "a": "one" });
    fs::create_dir_all(home.store().join("objects/tmp")).expect("room for it");
    fs::create_dir_all(home.store().join("log")).expect("room for it");
    fs::write(home.store().join("FORMAT.new"), "veneer").expect("room for it");
    refused(&home, "datasets", 3, &["hint: "]);
    home.ok("import d src");
    home.ok("fsck");
}

#[test]
fn imports_that_begin_at_once_all_find_the_store_that_one_of_them_makes() {
    let home = Home::new();
    home.source("src", &source! { "a": "one" });
    std::thread::scope(|scope| {
        for number in 0..6 {
            let home = &home;
            scope.spawn(move || home.ok(&format!("import d{number} src")));
        }
    });
    assert_eq!(home.json("datasets").as_array().map(Vec::len), Some(6));
}

#[test]
fn a_loop_of_links_on_the_way_to_a_source_is_named() {
    let home = home();
    home.source("loops", &source! { "a": link("b"), "b": link("a") });
    refused(&home, "import l loops/a", 3, &["hint: links on the way lead to one another"]);
}

#[test]
fn a_ref_that_is_unknown_is_refused() {
    let home = home();
    for line in [
        "ls d@nothing",
        "cat d@main~9 a",
        "log d@0123456",
        "diff d nothing main",
        "show d v9",
        "merge d nothing",
        "revert d nothing",
        "branch d new nothing",
        "tag d v1 nothing",
        "restore d a --from nothing",
        "export d@nothing out",
    ] {
        refused(&home, line, 3, &["hint: "]);
    }
    for line in ["ls nothing", "mount nothing mnt", "put nothing a new", "commit nothing -m x", "refresh nothing"] {
        refused(&home, line, 3, &["`nothing`", "hint: "]);
    }
    refused(&home, "put d@0123456 a new", 3, &["hint: "]);
    assert!(!home.join("out").exists());
}

#[test]
fn an_ambiguous_revision_is_refused_with_its_candidates() {
    let home = home();
    let head = Id::from_hex(home.json("log d")[0]["id"].as_str().expect("an id")).expect("an id");
    let base = Id::from_hex(home.json("show d main")["base"].as_str().expect("an id")).expect("an id");
    let (first, second) = two_alike(head, base);
    let store = LocalStore::open(&home.store(), Access::Own).expect("our own store");
    let objects = [&first, &second].map(|bytes| (ObjectKind::Revision, bytes.clone().into())).to_vec();
    store.apply(&Batch { objects, ..Batch::default() }).expect("a healthy store");
    drop(store);
    let (first, second) = (Id::of(&first).to_hex(), Id::of(&second).to_hex());
    let ran = home.run(&format!("show d {}", &first[..7]));
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    for words in [&first[..12], &second[..12], "error: ", "hint: "] {
        assert!(ran.stderr.contains(words), "no `{words}` in {}", ran.stderr);
    }
    home.ok(&format!("show d {first}"));
}

/// Two revisions of the dataset `d` whose ids begin with the same seven digits.
fn two_alike(parent: Id, base: Id) -> (Vec<u8>, Vec<u8>) {
    let mut seen: HashMap<String, Vec<u8>> = HashMap::new();
    for number in 0.. {
        let revision = Revision {
            dataset: "d".to_owned(),
            base,
            overlay: None,
            parents: vec![parent],
            author: "ada".to_owned(),
            time_ns: number,
            message: "made to be alike".to_owned(),
            changes: 0,
            delta: None,
        };
        let bytes = postcard::to_stdvec(&revision).expect("plain data");
        let digits = Id::of(&bytes).to_hex()[..7].to_owned();
        if let Some(other) = seen.insert(digits, bytes.clone()) {
            return (other, bytes);
        }
    }
    unreachable!("there are only 2^28 beginnings")
}

#[test]
fn there_must_be_something_to_commit_undo_or_redo() {
    let home = home();
    for line in ["commit d -m nothing", "undo d", "redo d"] {
        refused(&home, line, 3, &["hint: "]);
    }
    home.ok("rm d a");
    refused(&home, "commit d -m ''", 2, &[]);
    refused(&home, "redo d", 3, &[]);
    home.ok("undo d");
    refused(&home, "commit d -m nothing", 3, &[]);
    assert_eq!(home.json("log d").as_array().expect("a list").len(), 1);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let home = home();
    for line in [
        "",
        "nonsense",
        "import",
        "import d",
        "ls",
        "commit d",
        "mount d",
        "log d -n x",
        "export d",
        "--what",
        "put d a",
    ] {
        let ran = home.run(line);
        assert_eq!(ran.code, Some(2), "`veneer {line}`: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "`veneer {line}`");
    }
}

#[test]
fn a_store_of_an_unknown_format_or_no_store_at_all_is_refused() {
    let home = home();
    let format = fs::read_to_string(home.store().join("FORMAT")).expect("text");
    let other = with_version(&format, "99");
    fs::write(home.store().join("FORMAT"), other).expect("our own store");
    for line in ["ls d", "rm d a", "fsck", "import e src"] {
        refused(&home, line, 3, &["99", "hint: "]);
    }
    fs::write(home.store().join("FORMAT"), format).expect("our own store");
    home.ok("fsck");
    for folder in ["src", "home"] {
        refused(&home, &format!("--store {folder} ls d"), 3, &["hint: "]);
    }
    refused(&home, "--store nowhere ls d", 3, &["hint: "]);
    refused(&home, "--store new ls d", 2, &["hint: "]);
    refused(&home, "--store src import e src", 3, &["hint: "]);
}

#[test]
fn a_store_that_lost_its_format_is_not_written_over() {
    let home = home();
    fs::rename(home.store().join("FORMAT"), home.join("kept")).expect("our own store");
    fs::remove_dir_all(home.store().join("meta")).expect("our own store");
    refused(&home, "import e src", 3, &["log", "hint: "]);
    refused(&home, "ls d", 3, &["FORMAT", "hint: "]);
    fs::rename(home.join("kept"), home.store().join("FORMAT")).expect("our own store");
    assert_eq!(home.ok("cat d a"), "one");
    home.ok("rm d a");
    home.ok("fsck");
}

/// The text of FORMAT with another version, and a checksum that fits it.
fn with_version(format: &str, version: &str) -> String {
    let body: String = format
        .lines()
        .filter(|line| !line.starts_with("check "))
        .map(|line| if line.starts_with("version ") { format!("version {version}\n") } else { format!("{line}\n") })
        .collect();
    let check = Id::of(body.as_bytes());
    format!("{body}check {check}\n")
}

#[test]
fn a_store_in_use_can_be_read_and_says_who_uses_it() {
    let home = home();
    let owner = LocalStore::open(&home.store(), Access::Own).expect("our own store");
    assert_eq!(home.ok("cat d a"), "one");
    refused(&home, "rm d a", 3, &[&std::process::id().to_string(), "hint: "]);
    drop(owner);
    home.ok("rm d a");
}

#[test]
fn a_mount_point_that_cannot_be_one_is_refused() {
    need!(skip::mounting());
    let home = home();
    fs::create_dir_all(home.join("full/of")).expect("a new folder");
    for (folder, words) in [("full", "empty"), ("new", "folder"), ("nowhere", "nowhere")] {
        refused(&home, &format!("mount d {folder}"), 3, &[words, "hint: "]);
    }
    refused(&home, "mount d new/x", 3, &["new/x"]);
    let mount = Mount::new(&home, "d");
    refused(&home, "mount d mnt", 3, &["hint: "]);
    assert_eq!(mount.text("a"), "one");
    mount.unmount();
    refused(&home, "unmount mnt", 3, &[]);
    refused(&home, "unmount src", 3, &[]);
    refused(&home, "unmount nowhere", 3, &[]);
}

#[test]
fn an_export_writes_over_nothing() {
    let home = home();
    let before = checksum(&home.join("src")).expect("readable");
    for folder in ["src", "src/dir", "store", "new"] {
        refused(&home, &format!("export d {folder} --link copy"), 3, &["hint: "]);
    }
    refused(&home, "export d src/new/er --link copy", 3, &["in the source of `d`"]);
    std::os::unix::fs::symlink("src", home.join("aside")).expect("a new link");
    refused(&home, "export d aside/new", 3, &["in the source of `d`"]);
    assert_eq!(checksum(&home.join("src")).expect("readable"), before);
    home.ok("export d out --link copy");
    assert_eq!(Tree::read(&home.join("out")).expect("readable"), Tree::read(&home.join("src")).expect("readable"));
}
