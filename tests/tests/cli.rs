//! What the command prints, as a person sees it: `! ` marks what goes to stderr.

use harness::literal::link;
use harness::{Home, source};
use insta::assert_snapshot;

fn home() -> Home {
    let home = Home::new();
    home.source("src", &source! { "cats/1.png": "a cat", "cats/2.png": "another", "dogs/3.png": "a dog", "labels.csv": "file,label\n" });
    home.file("new", "new content");
    home
}

fn imported() -> Home {
    let home = home();
    home.ok("import pets src");
    home
}

#[test]
fn a_first_session() {
    assert_snapshot!(home().transcript(&[
        "import pets src",
        "datasets",
        "ls pets",
        "cat pets labels.csv",
        "rm pets cats/2.png",
        "put pets dogs/4.png new",
        "status pets",
        "commit pets -m 'one dog more, one cat less'",
        "log pets",
    ]), @"");
}

#[test]
fn edits_and_the_way_back() {
    assert_snapshot!(imported().transcript(&[
        "put pets labels.csv new",
        "mkdir pets birds",
        "mv pets dogs/3.png birds/3.png",
        "rm pets -r cats",
        "status pets",
        "diff pets",
        "undo pets",
        "redo pets",
        "undo pets",
        "discard pets labels.csv",
        "status pets",
        "discard pets",
        "status pets",
    ]), @"");
}

#[test]
fn history_and_differences() {
    let home = imported();
    home.ok("mv pets cats felines");
    home.ok("commit pets -m 'call them by their name'");
    home.ok("put pets felines/1.png new");
    home.ok("rm pets dogs/3.png");
    home.ok("commit pets -m 'a better picture'");
    assert_snapshot!(home.transcript(&[
        "log pets -n 2",
        "log pets labels.csv",
        "show pets main",
        "diff pets main~2 main",
        "diff pets main main~1",
        "ls pets@main~2 cats",
        "restore pets dogs/3.png --from main~1",
        "status pets",
        "revert pets main~1",
        "commit pets -m back",
        "log pets -n 1",
    ]), @"");
}

#[test]
fn branches_tags_and_merges() {
    let home = imported();
    assert_snapshot!(home.transcript(&[
        "branch pets side",
        "tag pets v1",
        "rm pets@side cats/1.png",
        "commit pets@side -m 'on the side'",
        "branch pets",
        "tag pets",
        "put pets labels.csv new",
        "commit pets -m 'on main'",
        "merge pets side",
        "log pets",
        "branch pets -d side",
        "tag pets -d v1",
        "branch pets",
    ]), @"");
}

#[test]
fn a_merge_with_a_conflict() {
    let home = imported();
    home.ok("branch pets side");
    for (branch, edit) in [("side", "rm pets@side labels.csv"), ("main", "put pets labels.csv new")] {
        home.ok(edit);
        home.ok(&format!("commit pets@{branch} -m 'changed on {branch}'"));
    }
    assert_snapshot!(home.transcript(&[
        "merge pets side",
        "--json merge pets side",
        "log pets -n 1",
        "merge pets side --prefer ours",
        "cat pets labels.csv",
    ]), @"");
}

#[test]
fn a_refresh_of_a_source_that_changed() {
    let home = imported();
    home.ok("put pets cats/1.png new");
    home.ok("commit pets -m 'a better cat'");
    home.file("src/new.txt", "new in the source");
    std::fs::remove_file(home.join("src/cats/2.png")).expect("our own source");
    let first = home.transcript(&["refresh pets", "refresh pets", "ls pets", "ls pets cats"]);
    home.file("src/cats/1.png", "the source has a better cat too");
    let second = home.transcript(&["refresh pets", "--json refresh pets", "cat pets cats/1.png"]);
    assert_snapshot!(first + &second, @"");
}

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let home = imported();
    assert_snapshot!(home.transcript(&[
        "import pets src",
        "import other nowhere",
        "import 'two words' src",
        "ls cats",
        "ls pets@v9",
        "cat pets cats",
        "cat pets nothing",
        "rm pets cats",
        "rm pets ../etc",
        "put pets cats new",
        "commit pets -m nothing",
        "undo pets",
        "branch pets main",
        "branch pets -d main",
        "merge pets nothing",
        "stat new",
        "unmount src",
    ]), @"");
}

#[test]
fn a_drifted_source_is_refused_with_advice() {
    let home = imported();
    home.file("src/labels.csv", "file,label\ncats/1.png,dog\n");
    std::fs::remove_file(home.join("src/dogs/3.png")).expect("our own source");
    assert_snapshot!(home.transcript(&["cat pets labels.csv", "cat pets dogs/3.png", "export pets out", "ls pets dogs"]), @"");
}

#[test]
fn care_of_the_store() {
    let home = imported();
    home.ok("put pets labels.csv new");
    home.ok("discard pets");
    assert_snapshot!(home.transcript(&["fsck", "gc --dry-run", "gc", "fsck --rebuild", "mounts", "stats"]), @"");
}

#[test]
fn names_that_could_move_the_cursor_are_escaped() {
    let home = Home::new();
    home.source("src", &source! { b"caf\xe9": "x", "new\nline": "y", "\u{1b}[2J": "z", "a link": link("\u{1b}[1m") });
    assert_snapshot!(home.transcript(&["import odd src", "ls odd", "rm odd 'new\nline'", "status odd"]), @"");
}

#[test]
fn json_documents_have_the_promised_fields() {
    let home = imported();
    home.ok("put pets labels.csv new");
    home.ok("mv pets cats felines");
    home.ok("commit pets -m changed");
    home.ok("rm pets labels.csv");
    assert_snapshot!(home.transcript(&[
        "--json datasets",
        "--json ls pets",
        "--json status pets",
        "--json log pets",
        "--json show pets main",
        "--json diff pets main~1 main",
        "--json branch pets",
        "--json tag pets v1",
        "--json commit pets -m removed",
        "--json mounts",
        "--json fsck",
        "--json gc",
    ]), @"");
}

#[test]
fn an_import_as_json_has_numbers() {
    let told = home().json("import pets src");
    assert_eq!((&told["dataset"], &told["files"], &told["folders"]), (&"pets".into(), &4.into(), &2.into()));
    assert_eq!(told["bytes"], 5 + 7 + 5 + 11);
    assert!(told["seconds"].is_f64() && told["revision"].is_string() && told["base"].is_string(), "{told}");
}

#[test]
fn help_reads_as_a_manual_with_examples() {
    let home = home();
    let commands = [
        "import", "refresh", "datasets", "ls", "cat", "put", "rm", "mkdir", "mv", "status", "discard", "undo", "redo",
        "commit", "log", "show", "diff", "branch", "tag", "merge", "revert", "restore", "export", "mount", "unmount",
        "mounts", "stat", "fsck", "gc", "doctor", "stats",
    ];
    let all = home.ok("--help");
    for command in commands {
        assert!(all.contains(&format!("  {command} ")), "`veneer --help` does not list {command}");
        let help = home.ok(&format!("{command} --help"));
        assert!(help.contains("Usage: ") && help.contains("Example") && help.contains("veneer "), "{command}: {help}");
    }
}

#[test]
fn doctor_says_whether_mounting_works_here() {
    let home = home();
    let ran = home.run("--json doctor");
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(told.is_object() || told.is_array(), "{told}");
    let works = harness::skip::mounting().is_ok();
    assert_eq!(ran.code == Some(0), works, "{told}");
}
