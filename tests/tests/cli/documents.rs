//! What programs read: JSON documents, help texts, and the care of the store.

use insta::assert_snapshot;

use super::{home, imported};

#[test]
fn care_of_the_store() {
    let home = imported();
    home.ok("put pets labels.csv new");
    home.ok("discard pets");
    for line in ["fsck", "fsck --rebuild"] {
        let told = home.ok(line);
        assert!(told.contains(" refs are sound; nothing is wrong"), "{told}");
    }
    let told = home.json("fsck");
    assert_eq!(told["problems"].as_array().map(Vec::len), Some(0), "{told}");
    assert_snapshot!(home.transcript(&["gc --dry-run", "gc", "--json gc", "mounts"]), @r#"
    $ veneer gc --dry-run
    would remove 0 objects, 0 B
    $ veneer gc
    removed 0 objects, 0 B
    $ veneer --json gc
    {"objects":0,"bytes":0,"kept_young":0,"dry_run":false}
    $ veneer mounts
    ! nothing is mounted
    "#);
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
    ]), @r#"
    $ veneer --json datasets
    [{"name":"pets","source":"[home]/src","head":"[id 1]","files":4,"bytes":28}]
    $ veneer --json ls pets
    [{"name":"dogs","kind":"folder","size":0,"mtime":"[time]","mode":493},{"name":"felines","kind":"folder","size":0,"mtime":"[time]","mode":493},{"name":"labels.csv","kind":"file","size":11,"mtime":"[time]","mode":420}]
    $ veneer --json status pets
    [{"path":"labels.csv","change":"removed","from":null}]
    $ veneer --json log pets
    [{"id":"[id 1]","parents":["[id 2]"],"author":"ada","time":"[time]","message":"changed","changes":2},{"id":"[id 2]","parents":[],"author":"ada","time":"[time]","message":"import [home]/src","changes":0}]
    $ veneer --json show pets main
    {"id":"[id 1]","parents":["[id 2]"],"author":"ada","time":"[time]","message":"changed","changes":2,"base":"[id 3]","paths":[{"path":"felines","change":"renamed","from":"cats","size_before":null,"size_after":null},{"path":"labels.csv","change":"modified","from":null,"size_before":11,"size_after":11}]}
    $ veneer --json diff pets main~1 main
    [{"path":"felines","change":"renamed","from":"cats","size_before":null,"size_after":null},{"path":"labels.csv","change":"modified","from":null,"size_before":11,"size_after":11}]
    $ veneer --json branch pets
    [{"name":"main","revision":"[id 1]"}]
    $ veneer --json tag pets v1
    {"name":"v1","revision":"[id 1]"}
    $ veneer --json commit pets -m removed
    {"revision":"[id 4]","changes":1,"branch":"main","mounts":[]}
    $ veneer --json mounts
    []
    "#);
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
        "mounts", "runs", "run-log", "stat", "fsck", "gc", "doctor", "stats", "classes",
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

#[test]
fn completions_and_manual_pages_are_generated() {
    let home = home();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.ok(&format!("completions {shell}"));
        assert!(script.contains("veneer") && script.contains("unmount"), "{shell}: {script}");
    }
    std::fs::create_dir(home.join("man")).expect("a new folder");
    home.ok("man man");
    for page in ["veneer.1", "veneer-import.1", "veneer-mount.1"] {
        let text = std::fs::read_to_string(home.join("man").join(page)).expect(page);
        assert!(text.contains(".TH") && text.contains(".SH"), "{page}: {text}");
    }
}
