//! The benches can be run: small, and whatever the numbers are.

use std::process::Command;

use harness::{binaries, need, skip};

#[test]
fn the_bench_of_tables_answers_every_question_on_a_small_one() {
    need!(skip::mounting());
    let mut bench = Command::new(binaries::path("veneer-bench"));
    let ran = bench.args(["tables", "--rows", "4000"]).output().expect("it starts");
    let (told, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    // 1: a goal was not reached, as a debug build need not.
    assert!(matches!(ran.status.code(), Some(0 | 1)), "{said}");
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("| what ") && lines[1].starts_with("|--"), "{told}");
    assert_eq!(lines.len(), 2 + 17, "{told}");
}
