//! A full disk: a commit fails clearly, nothing is lost, and what frees space still works.

use std::fs;
use std::path::PathBuf;

use harness::{Home, disk, source};

/// A home whose store is on a small disk, and whose source is not.
struct Small {
    disk: disk::Ext4,
    home: Home,
}

impl Small {
    fn new() -> Result<Small, String> {
        let disk = disk::Ext4::new(96 << 20)?;
        let home = Home::new();
        home.keep_store_in(&disk.path());
        home.source("src", &source! { "a": "one", "b": "two", "c": "three" });
        let small = Small { disk, home };
        small.ok("import d src");
        Ok(small)
    }

    fn ok(&self, line: &str) -> String {
        self.home.ok(line)
    }

    fn fill(&self) -> PathBuf {
        disk::fill(&self.disk.path(), "filler").expect("only that the disk is full")
    }

    fn refuses(&self, line: &str) {
        let ran = self.home.run(line);
        assert_eq!(ran.code, Some(3), "`{line}`: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("error: no space left on the disk"), "`{line}`: {}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "`{line}`: {}", ran.stderr);
    }
}

/// Runs the body with a home on a small disk, or skips the test.
macro_rules! small {
    () => {
        match Small::new() {
            Ok(small) => small,
            Err(why) => return harness::skip::skipped(why),
        }
    };
}

#[test]
fn a_commit_on_a_full_disk_fails_clearly_and_nothing_is_lost() {
    let small = small!();
    let big = small.home.file("big", vec![7; 40 << 20]);
    small.home.file("new", "new");
    small.ok("put d a new");
    small.ok("commit d -m first");
    let filler = small.fill();
    small.refuses(&format!("put d big {}", big.display()));
    assert_eq!(small.ok("cat d a"), "new");
    small.home.has_lost_nothing();
    fs::remove_file(filler).expect("our own file");
    small.ok(&format!("put d big {}", big.display()));
    small.ok("commit d -m big");
    assert_eq!(small.home.json("log d").as_array().expect("a list").len(), 3);
    small.ok("fsck");
}

#[test]
fn what_frees_space_works_on_a_full_disk() {
    let small = small!();
    small.home.file("big", vec![9; 20 << 20]);
    small.ok("put d big big");
    small.ok("put d b big");
    let filler = small.fill();
    small.ok("rm d c");
    // The index was given up, which made room: that is taken too, and then more than the log's last block.
    let more = disk::fill(&small.disk.path(), "more").expect("only that the disk is full");
    for _ in 0..16 {
        small.ok("undo d");
        small.ok("rm d c");
    }
    small.ok("discard d");
    small.ok("gc --dry-run");
    small.ok("gc");
    small.home.has_lost_nothing();
    assert_eq!(small.ok("cat d b"), "two");
    fs::remove_file(more).expect("our own file");
    fs::remove_file(filler).expect("our own file");
    small.home.file("new", "new");
    small.ok("put d a new");
    small.ok("commit d -m after");
    assert_eq!(small.ok("cat d a"), "new");
    small.ok("fsck");
}

#[test]
fn a_disk_that_fills_up_bit_by_bit_loses_nothing_that_was_acknowledged() {
    let small = small!();
    let mut committed = 0u64;
    let refused = loop {
        assert!(committed < 1_000, "the disk never gets full");
        small.home.file("piece", vec![committed as u8; 900_000]);
        let put = small.home.run(&format!("put d piece{committed} piece"));
        if put.code != Some(0) {
            break put;
        }
        let commit = small.home.run("commit d -m piece");
        if commit.code != Some(0) {
            break commit;
        }
        committed += 1;
    };
    assert!(refused.stderr.contains("error: no space left on the disk"), "{}", refused.stderr);
    assert!(committed > 10, "only {committed} fitted");
    let names = small.home.json("ls d");
    let pieces = names.as_array().expect("a list").iter().filter(|line| line["size"] == 900_000).count();
    assert_eq!(pieces as u64, committed);
    small.home.has_lost_nothing();
}

#[test]
fn an_import_onto_a_full_disk_leaves_nothing_behind() {
    let small = small!();
    harness::generate::tree(&small.home.join("more"), 2_000).expect("room elsewhere");
    let filler = small.fill();
    small.refuses("import more more");
    assert_eq!(small.home.json("datasets").as_array().expect("a list").len(), 1);
    fs::remove_file(filler).expect("our own file");
    small.ok("import more more");
    small.ok("fsck");
}
