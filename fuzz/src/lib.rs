//! Bytes that nobody meant, for every format that Veneer reads.
//!
//! A [`Target`] takes any bytes: it opens them, reads all of their rows, edits a cell,
//! deletes and inserts a row, and opens what came of it. It panics where one of these
//! panics, or where the edited bytes do not read back as the edit.
//!
//! Three things drive the targets:
//! * the tests (`cargo test -p veneer-tests fuzz`): some thousand inputs of a fixed seed;
//! * the program `drive`, on a stable compiler, for as long as one likes;
//! * cargo-fuzz (`fuzz_targets/`), on a nightly compiler, led by coverage.
//!
//! README.md says how each is run. `seeds/NAME` has files of each target to start from.

mod exercise;
mod expression;
mod random;
mod targets;

pub use random::Rng;
pub use targets::{TARGETS, Target, target};
