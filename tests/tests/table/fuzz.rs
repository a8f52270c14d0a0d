//! Bytes that nobody meant: no format may panic on any, and an edit of what it does read is read back.
//!
//! What is done with them is in `fuzz/`, where a fuzzer does it for as long as one likes.

use harness::Rng;
use veneer_fuzz::{Rng as Draws, TARGETS, target};

/// Runs so many inputs of a fixed seed, and as many of another one each time.
fn run(name: &str, inputs: u64) {
    let target = target(name).expect("it is in the list");
    let seeds = target.seeds();
    assert!(seeds.iter().any(|seed| target.run(seed)), "no seed of {name} is a file of it");
    for seed in [0x7ab1e, Rng::seeded().bits()] {
        let mut draws = Draws::from_seed(seed);
        let mut meant = 0;
        for _ in 0..inputs {
            let bytes = target.input(&mut draws, &seeds);
            let is_meant =
                target.try_run(&bytes).unwrap_or_else(|why| panic!("{why}\ninput: {}", bytes.escape_ascii()));
            meant += u64::from(is_meant);
        }
        assert!(meant > inputs / 100, "only {meant} of {inputs} inputs were files of the format");
    }
}

macro_rules! no_bytes_are_too_odd_for {
    ($($test:ident: $name:literal, $inputs:literal;)*) => {
        $(#[test]
        fn $test() {
            run($name, $inputs);
        })*

        #[test]
        fn every_target_is_run() {
            let run = [$($name),*];
            assert!(TARGETS.iter().all(|target| run.contains(&target.name)) && run.len() == TARGETS.len());
        }
    };
}

no_bytes_are_too_odd_for! {
    no_bytes_are_too_odd_for_csv: "csv", 4_000;
    no_bytes_are_too_odd_for_json_lines: "jsonl", 4_000;
    no_bytes_are_too_odd_for_coco: "coco", 1_500;
    no_bytes_are_too_odd_for_label_files: "yolo-labels", 4_000;
    no_bytes_are_too_odd_for_lists_of_classes: "yolo-data", 3_000;
    no_bytes_are_too_odd_for_voc: "voc", 2_000;
    no_bytes_are_too_odd_for_expressions: "expr", 3_000;
    no_bytes_are_too_odd_for_parquet: "parquet", 800;
    no_bytes_are_too_odd_for_arrow: "arrow", 1_500;
}
