//! A merge with conflicts stands in the draft until all is decided; no file ever has a mark in it.

use std::time::Duration;

use harness::{Home, Mount, need, skip, wait};
use serde_json::Value;

use super::{CSV, PATIENCE, home_with_branch};

/// Both sides set cells of one row, and theirs one of another.
fn two_sides() -> Home {
    let home = home_with_branch();
    home.ok("set d labels --key 0 label=ours score=1");
    home.ok("commit d -m ours");
    home.ok("set d@other labels --key 0 label=theirs score=7");
    home.ok("set d@other labels --key 2 label=fox");
    home.ok("commit d@other -m theirs");
    home
}

/// As [`two_sides`], with the merge begun.
fn disagreeing() -> Home {
    let home = two_sides();
    assert_eq!(home.run("merge d other").code, Some(1));
    home
}

fn open(home: &Home) -> Vec<String> {
    let told = home.json("conflicts d");
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line = |line: &Value| {
        let parts = ["path", "key", "column", "base", "ours", "theirs"].map(|part| text(&line[part]));
        parts.join(" ")
    };
    told["conflicts"].as_array().expect("a list").iter().map(line).collect()
}

fn draft(home: &Home) -> String {
    home.ok("cat d labels.csv --draft")
}

#[test]
fn a_merge_with_conflicts_stands_in_the_draft_until_all_is_decided() {
    let home = disagreeing();
    assert_eq!(home.ok("cat d labels.csv"), CSV.replace("a.png,cat,0.50", "a.png,ours,1.0"), "the branch stays");
    assert_eq!(open(&home), ["labels.csv 0 label cat ours theirs", "labels.csv 0 score 0.5 1.0 7.0"]);
    assert_eq!(draft(&home), CSV.replace("a.png,cat,0.50", "a.png,ours,1.0").replace("c.png,cat", "c.png,fox"));
    let ran = home.run("commit d -m early");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("2 conflicts") && ran.stderr.contains("veneer resolve d@main"), "{}", ran.stderr);
    assert!(home.run("status d").stderr.contains("waits for 2 decisions"));
    home.ok("resolve d labels 0 label --theirs");
    assert_eq!(open(&home).len(), 1);
    home.ok("resolve d labels 0 score --value 3");
    assert_eq!(open(&home), Vec::<String>::new());
    assert!(home.run("status d").stderr.contains("is decided"));
    home.ok("commit d");
    assert_eq!(home.ok("cat d labels.csv"), CSV.replace("cat,0.50", "theirs,3.0").replace("c.png,cat", "c.png,fox"));
    let head = home.json("show d");
    assert_eq!(
        (head["parents"].as_array().map(Vec::len), &head["message"]),
        (Some(2), &"merge other into main".into())
    );
    assert!(home.run("merge d other").stdout.contains("it has all of that already"));
    home.ok("fsck");
}

#[test]
fn every_decision_is_one_step_to_undo_and_discard_drops_the_merge() {
    let home = disagreeing();
    home.ok("resolve d --all --theirs");
    assert!(draft(&home).contains("a.png,theirs,7"), "{}", draft(&home));
    home.ok("undo d");
    assert_eq!(open(&home).len(), 2);
    assert!(draft(&home).contains("a.png,ours,1"));
    home.ok("redo d");
    assert_eq!(open(&home), Vec::<String>::new());
    home.ok("discard d");
    assert!(home.run("conflicts d").stderr.contains("no merge stands"));
    assert_eq!(home.json("diff d"), serde_json::json!([]));
    home.ok("undo d");
    assert!(draft(&home).contains("a.png,theirs,7"));
    home.ok("undo d");
    home.ok("undo d");
    assert_eq!(home.json("diff d"), serde_json::json!([]), "the merge itself is a step");
}

#[test]
fn a_preferred_side_needs_no_draft_and_ends_a_merge_of_which_nothing_was_decided() {
    let home = disagreeing();
    assert_eq!(home.run("merge d other").code, Some(1), "it is begun anew");
    home.ok("merge d other --prefer theirs");
    assert!(home.ok("cat d labels.csv").contains("a.png,theirs,7"));
    assert!(home.run("conflicts d").stderr.contains("no merge stands"));
    assert_eq!(home.json("diff d"), serde_json::json!([]));
}

#[test]
fn a_merge_that_is_under_way_is_not_begun_anew_and_a_draft_with_work_is_left_alone() {
    let home = disagreeing();
    let ran = home.run("resolve d labels 0 label --ours");
    assert!(ran.stderr.contains("veneer undo") && ran.stderr.contains("waits for 1 decision"), "{}", ran.stderr);
    let ran = home.run("merge d other");
    assert!(ran.code == Some(3) && ran.stderr.contains("some of it is decided"), "{}", ran.stderr);
    assert_eq!(open(&home).len(), 1);
    home.ok("discard d");
    home.ok("set d labels --key 1 label=work");
    let ran = home.run("merge d other");
    assert!(ran.code == Some(1) && ran.stderr.contains("your draft has changes of its own"), "{}", ran.stderr);
    assert!(draft(&home).contains("work") && home.run("conflicts d").stderr.contains("no merge stands"));
}

#[test]
fn rows_that_one_side_deleted_and_whole_files_are_decided_as_such() {
    let home = home_with_branch();
    home.ok("delete d labels --key 1");
    home.ok("set d annotations --key 7 area=1");
    home.file("a", "ours");
    home.ok("put d readme.md a");
    home.ok("commit d -m ours");
    home.ok("set d@other labels --key 1 label=kept score=3");
    home.ok("delete d@other annotations --key 7");
    home.file("b", "theirs");
    home.ok("put d@other readme.md b");
    home.ok("commit d@other -m theirs");
    assert_eq!(home.run("merge d other").code, Some(1));
    assert_eq!(open(&home).len(), 3, "{:?}", open(&home));
    home.ok("resolve d labels 1 --theirs");
    home.ok("resolve d annotations 7 --theirs");
    home.ok("resolve d readme.md --theirs");
    home.ok("commit d -m decided");
    assert_eq!(home.ok("cat d labels.csv"), CSV.replace("\"dog, big\",1", "\"kept\",3"));
    assert_eq!(home.ok("cat d readme.md"), "theirs");
    let coco: Value = serde_json::from_str(&home.ok("cat d coco.json")).expect("still JSON");
    assert_eq!(coco["annotations"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_cannot_be_decided_is_refused_and_nothing_is_changed() {
    let home = disagreeing();
    let before = (open(&home), draft(&home));
    for (line, why) in [
        ("resolve d labels 1 --ours", "there is no conflict at `labels 1`"),
        ("resolve d --ours", "nothing is named"),
        ("resolve d labels 0 label", "--ours"),
        ("resolve d labels 0 score --value many", "number"),
        ("resolve d@other labels 0 --ours", "no merge stands"),
    ] {
        let ran = home.run(line);
        assert!(ran.code != Some(0) && ran.stderr.contains(why), "{line}: {}", ran.stderr);
    }
    assert_eq!((open(&home), draft(&home)), before);
}

#[test]
fn a_standing_merge_survives_collection_and_the_end_of_the_branch_that_it_merges() {
    let home = disagreeing();
    home.ok("branch d --delete other --force");
    home.ok("gc --grace 0s");
    home.ok("fsck");
    home.ok("resolve d labels --theirs");
    home.ok("commit d -m decided");
    assert!(home.ok("cat d labels.csv").contains("a.png,theirs,7"));
    home.ok("fsck");
}

#[test]
fn a_mount_shows_the_merge_when_it_is_committed_and_never_a_mark() {
    need!(skip::mounting());
    let home = disagreeing();
    let mount = Mount::new(&home, "d");
    assert!(mount.text("labels.csv").contains("a.png,ours,1"));
    home.ok("resolve d --all --theirs");
    home.ok("commit d -m decided");
    let shown = wait::until(PATIENCE, || mount.text("labels.csv").contains("a.png,theirs,7"));
    assert!(shown.is_some(), "{}", mount.text("labels.csv"));
    mount.unmount();
}

#[test]
fn a_killed_resolve_loses_no_decision_that_was_told() {
    let home = disagreeing();
    home.ok("resolve d labels 0 label --theirs");
    for pause_ms in [0, 2, 5, 10, 20, 40, 80] {
        let mut child = home.command(["resolve", "d", "labels", "0", "score", "--theirs"]).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(pause_ms));
        child.kill().expect("our own child");
        child.wait().expect("our own child");
        let left = open(&home);
        let decided = draft(&home).contains("a.png,theirs,7");
        assert_eq!(left.is_empty(), decided, "a decision and what it does are one step: {left:?}");
        assert!(draft(&home).contains("a.png,theirs,"), "what was told before is kept");
        if left.is_empty() {
            home.ok("undo d");
        }
    }
    home.ok("fsck");
    home.ok("resolve d --all --theirs");
    home.ok("commit d -m decided");
    assert!(home.ok("cat d labels.csv").contains("a.png,theirs,7"));
}

#[test]
fn a_writable_mount_shows_the_merge_and_each_decision_and_takes_writes_meanwhile() {
    need!(skip::mounting());
    let home = two_sides();
    let mount = Mount::new(&home, "d --writable");
    assert_eq!(home.run("merge d other").code, Some(1));
    let shows = |text: &str| wait::until(PATIENCE, || mount.text("labels.csv").contains(text)).is_some();
    assert!(shows("c.png,fox") && shows("a.png,ours,1"), "{}", mount.text("labels.csv"));
    std::fs::write(mount.join("note.txt"), "seen").expect("it can be written");
    home.ok("resolve d --all --theirs");
    assert!(shows("a.png,theirs,7"), "{}", mount.text("labels.csv"));
    home.ok("commit d -m decided");
    assert_eq!(home.ok("cat d note.txt"), "seen");
    assert_eq!(home.json("show d")["parents"].as_array().map(Vec::len), Some(2));
    mount.unmount();
}

#[test]
fn a_column_that_both_have_added_in_two_types_is_decided_by_its_name() {
    let home = home_with_branch();
    home.ok("column d labels w --type number");
    home.ok("commit d -m ours");
    home.ok("column d@other labels w --type text");
    home.ok("commit d@other -m theirs");
    assert_eq!(home.run("merge d other").code, Some(1));
    let listed = home.ok("conflicts d");
    assert!(listed.contains("labels w"), "{listed}");
    home.ok("resolve d labels w --theirs");
    assert_eq!(open(&home), Vec::<String>::new());
}

/// The commands that a hint has in it, from one backtick to the next.
fn commands(hint: &str) -> Vec<String> {
    hint.split('`').filter_map(|part| part.strip_prefix("veneer ")).map(str::to_owned).collect()
}

#[test]
fn what_a_merge_says_next_works_as_it_is_printed() {
    let home = two_sides();
    let mut said = home.run("merge d other").stderr;
    for left in [1, 0] {
        let resolve = commands(&said).into_iter().find(|line| line.starts_with("resolve ")).expect("a way on");
        home.ok(&resolve);
        assert_eq!(open(&home).len(), left, "{resolve}");
        said = if left > 0 { home.run("commit d -m early").stderr } else { said };
    }
    home.ok("commit d@main");
    let home = home_with_branch();
    home.file("a", "ours");
    home.ok("put d 'my notes.md' a");
    home.ok("commit d -m ours");
    home.file("b", "theirs");
    home.ok("put d@other 'my notes.md' b");
    home.ok("commit d@other -m theirs");
    let said = home.run("merge d other").stderr;
    home.ok(&commands(&said).into_iter().find(|line| line.starts_with("resolve ")).expect("a way on"));
    assert_eq!(open(&home), Vec::<String>::new());
}

#[test]
fn an_edit_of_theirs_that_has_no_place_any_more_cannot_be_chosen() {
    let home = home_with_branch();
    home.ok("set d@other labels --key 1 label=lost");
    home.ok("set d@other labels --key 0 label=kept");
    home.ok("commit d@other -m theirs");
    std::fs::write(home.join("src/labels.csv"), CSV.replace("b.png,\"dog, big\",1\r\n", "")).expect("our own source");
    home.ok("refresh d");
    assert_eq!(home.run("merge d other").code, Some(1));
    let before = (open(&home), draft(&home));
    assert_eq!(before.0.len(), 1, "{:?}", before.0);
    assert!(before.1.contains("a.png,kept"), "{}", before.1);
    let refused = home.run("resolve d --all --theirs");
    assert!(refused.code == Some(2) && refused.stderr.contains("1 label"), "{}", refused.stderr);
    assert_eq!((open(&home), draft(&home)), before);
    home.ok("resolve d --all --ours");
    home.ok("commit d");
    assert!(home.ok("cat d labels.csv").contains("a.png,kept"));
}

#[test]
fn a_hint_names_a_conflict_as_a_shell_and_the_command_take_it() {
    for (name, told) in
        [("-5", "`veneer resolve d@main --ours -- -5`"), ("#12", "`veneer resolve d@main '#12' --ours`")]
    {
        let home = home_with_branch();
        for branch in ["d@main", "d@other"] {
            let file = home.file("new", branch);
            let put = home.run_args(["put".as_ref(), branch.as_ref(), "--".as_ref(), name.as_ref(), file.as_os_str()]);
            assert_eq!(put.code, Some(0), "{}", put.stderr);
            home.ok(&format!("commit {branch} -m new"));
        }
        let merge = home.run("merge d other");
        assert!(merge.stderr.contains(told), "{}", merge.stderr);
        let resolved = home.run_args(["resolve", "d@main", "--ours", "--", name]);
        assert_eq!(resolved.code, Some(0), "{}", resolved.stderr);
        home.ok("commit d");
    }
}

#[test]
fn of_two_files_whose_tables_have_one_name_the_hint_decides_in_one() {
    let home = harness::Home::new();
    let file = "image,label\na.png,cat\n";
    home.source("src", &harness::source! { "train/labels.csv": file, "val/labels.csv": file });
    home.ok("import d src");
    home.ok("branch d other");
    for (branch, label) in [("main", "ours"), ("other", "theirs")] {
        for split in ["train", "val"] {
            home.ok(&format!("set d@{branch} {split}/labels.csv --key 0 label={label}"));
        }
        home.ok(&format!("commit d@{branch} -m {label}"));
    }
    let ran = home.run("merge d other");
    assert!(ran.stderr.contains("`veneer resolve d@main train/labels.csv 0 label --ours`"), "{}", ran.stderr);
    home.ok("resolve d@main train/labels.csv 0 label --ours");
    assert_eq!(open(&home), ["val/labels.csv 0 label cat ours theirs"]);
}
