//! Drives the targets without cargo-fuzz: seeded, on a stable compiler, for as long as one likes.
//!
//! Inputs that mean something to a target become material for others. An input that
//! is too much is written to `crashes/`, and shown.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use veneer_fuzz::{Rng, TARGETS, Target, target};

/// Inputs that are kept as material.
const POOL_MAX: usize = 4096;

const USAGE: &str = "usage: drive NAME|all [SECONDS [SEED]], or drive NAME FILE to run one input again";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map(String::as_str);
    let targets: Vec<Target> = match word(0) {
        Some("all") => TARGETS.to_vec(),
        Some(name) => target(name).into_iter().collect(),
        None => Vec::new(),
    };
    if targets.is_empty() {
        say(USAGE);
        return ExitCode::from(2);
    }
    if let Some(file) = word(1).filter(|text| Path::new(text).is_file()) {
        let bytes = fs::read(file).expect("it is a file");
        return ended(targets.iter().all(|target| judge(target, &bytes)));
    }
    let number = |at: usize, default: u64| word(at).map_or(Some(default), |text| text.parse().ok());
    let (Some(seconds), Some(seed)) = (number(1, 10), number(2, 1)) else {
        say(USAGE);
        return ExitCode::from(2);
    };
    // What a format catches, since libraries panic on damaged bytes, is not shown each time.
    std::panic::set_hook(Box::new(|_| {}));
    ended(targets.iter().all(|target| drive(target, Duration::from_secs(seconds), seed)))
}

fn ended(is_well: bool) -> ExitCode {
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn drive(target: &Target, time: Duration, seed: u64) -> bool {
    let (mut rng, mut pool) = (Rng::from_seed(seed), target.seeds());
    let (start, seeds) = (Instant::now(), pool.len());
    let (mut runs, mut meant) = (0_u64, 0_u64);
    while start.elapsed() < time {
        let bytes = target.input(&mut rng, &pool);
        let Ok(is_meant) = target.try_run(&bytes) else { return judge(target, &bytes) };
        runs += 1;
        if is_meant {
            meant += 1;
            if pool.len() < POOL_MAX {
                pool.push(bytes);
            } else {
                let at = seeds + rng.below(POOL_MAX - seeds);
                pool[at] = bytes;
            }
        }
    }
    say(&format!("{}: {runs} inputs, {meant} of them files of the format, from seed {seed}", target.name));
    true
}

/// Runs one input; says what is wrong with it, and keeps it.
fn judge(target: &Target, bytes: &[u8]) -> bool {
    let Err(why) = target.try_run(bytes) else { return true };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crashes");
    let hash = bytes.iter().fold(0_u64, |hash, byte| hash.rotate_left(5) ^ u64::from(*byte).wrapping_mul(0x9e37_79b9));
    let file = folder.join(format!("{}-{hash:016x}", target.name));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, bytes));
    let place = kept.map_or_else(|error| format!("it cannot be kept: {error}"), |()| file.display().to_string());
    say(&format!("{}: {why}\n  input ({place}): {}", target.name, bytes.escape_ascii()));
    false
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
