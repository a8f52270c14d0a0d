//! Ctrl-C at any moment: nothing is half done.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use harness::{Child, Home, Rng, checksum, generate, source};
use rustix::process::Signal;

/// How often each command is interrupted.
const ROUNDS: usize = 12;
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `veneer`, interrupts it after a random moment, and returns its exit code, if no signal ended it.
fn interrupt(home: &Home, line: &str, rng: &mut Rng, ms_max: usize) -> Option<i32> {
    let mut command = home.command(line.split_whitespace());
    let mut child = Child::start(command.stdout(Stdio::null()).stderr(Stdio::null())).expect("it starts");
    std::thread::sleep(Duration::from_millis(rng.below(ms_max) as u64));
    child.signal(Signal::INT);
    child.wait(PATIENCE).expect("our own child").expect("it ends soon after ctrl-C").code()
}

#[test]
fn an_interrupted_import_leaves_no_dataset_or_a_whole_one() {
    let home = Home::new();
    generate::tree(&home.join("src"), 5_000).expect("room for it");
    let before = checksum(&home.join("src")).expect("readable");
    let mut rng = Rng::seeded();
    let mut whole = 0;
    for round in 0..ROUNDS {
        interrupt(&home, &format!("import d{round} src"), &mut rng, 150);
        if !home.store().join("FORMAT").exists() {
            continue;
        }
        for line in home.json("datasets").as_array().expect("a list") {
            assert_eq!(line["files"], 5_000, "{line}");
        }
        whole = home.json("datasets").as_array().expect("a list").len();
        home.has_lost_nothing();
    }
    home.ok("import again src");
    home.ok("fsck");
    assert_eq!(home.json("datasets").as_array().expect("a list").len(), whole + 1);
    assert_eq!(checksum(&home.join("src")).expect("readable"), before);
}

#[test]
fn an_interrupted_commit_is_done_or_not_and_the_draft_is_kept() {
    let home = Home::with(&source! { "a": "0", "b": "0" });
    let mut rng = Rng::seeded();
    let mut committed = 0;
    for round in 1..=ROUNDS {
        home.file("new", round.to_string());
        home.ok("put d a new");
        interrupt(&home, "commit d -m round", &mut rng, 25);
        let log = home.json("log d").as_array().expect("a list").len() - 1;
        assert!(log == committed || log == committed + 1);
        let in_draft = home.ok("cat d a --draft");
        assert_eq!(in_draft, round.to_string(), "the edit is in the revision or in the draft");
        assert_eq!(home.ok("cat d a") == round.to_string(), log == committed + 1);
        committed = log;
        home.has_lost_nothing();
    }
    home.ok("rm d b");
    home.ok("fsck");
}

#[test]
fn an_interrupted_edit_is_one_step_or_none() {
    let home = Home::with(&source! { "a": "0" });
    home.file("big", vec![1; 3 << 20]);
    let mut rng = Rng::seeded();
    for _ in 0..ROUNDS {
        interrupt(&home, "put d big big", &mut rng, 30);
        let changes = home.json("status d").as_array().expect("a list").len();
        assert!(changes <= 1);
        if changes == 1 {
            home.ok("undo d");
        }
        assert_eq!(home.json("status d").as_array().expect("a list").len(), 0);
    }
    home.ok("fsck");
}

#[test]
fn an_interrupted_export_can_be_run_again() {
    let home = Home::new();
    generate::tree(&home.join("src"), 2_000).expect("room for it");
    home.ok("import d src");
    let mut rng = Rng::seeded();
    for round in 0..4 {
        let folder = format!("out{round}");
        let code = interrupt(&home, &format!("export d {folder} --link copy"), &mut rng, 120);
        let left = fs::read_dir(home.join(&folder)).map(|entries| entries.count()).unwrap_or(0);
        assert!(code == Some(0) || left == 0, "an interrupted export left {left} entries");
    }
    home.ok("export d out --link copy");
    assert_eq!(
        harness::Tree::read(&home.join("out")).expect("readable"),
        harness::Tree::read(&home.join("src")).expect("readable")
    );
}
