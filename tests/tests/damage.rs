//! Flipped and missing bytes anywhere in a store: found by fsck, and never served.

use std::fs;
use std::path::{Path, PathBuf};

use harness::{Home, Rng, source};

/// How many bytes of each file are tried.
const FLIPS_PER_FILE: usize = 12;

/// A store with history, a draft, small and large blobs.
fn home() -> Home {
    let home = Home::with(&source! { "a": "one", "dir/b": "two", "dir/c": "three" });
    home.file("small", "small new content");
    home.file("large", (0..200_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    for line in [
        "put d a small",
        "commit d -m small",
        "put d dir/large large",
        "commit d -m large",
        "tag d v1",
        "rm d dir/b",
        "mv d dir/c c",
        "commit d -m moved",
        "put d draft small",
    ] {
        home.ok(line);
    }
    home
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the store").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What a command that reads wrote, and its exit code.
#[derive(PartialEq, Eq)]
struct Read {
    line: &'static str,
    code: Option<i32>,
    stdout: String,
}

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.stdout.chars().take(60).collect();
        write!(f, "`{}` ended with {:?} and wrote {} bytes: {start:?}", self.line, self.code, self.stdout.len())
    }
}

/// All that can be read of the store.
fn everything(home: &Home) -> Vec<Read> {
    let lines =
        ["cat d a", "cat d dir/large", "cat d@v1 dir/b", "cat d c", "cat d draft --draft", "ls d", "--json log d"];
    let read = |line| {
        let ran = home.run(line);
        Read { line, code: ran.code, stdout: ran.stdout }
    };
    lines.into_iter().map(read).collect()
}

/// Fails when anything that can be read is neither what it was nor an error.
fn serves_nothing_wrong(home: &Home, before: &[Read], what: &str) {
    for (now, then) in everything(home).into_iter().zip(before) {
        // What was written before an error was met is right as far as it goes.
        let refused = now.code.is_some_and(|code| code != 0) && then.stdout.starts_with(&now.stdout);
        assert!(now == *then || refused, "{what}: {now:?}");
    }
}

fn change_byte(file: &Path, at: usize, by: u8) {
    let mut bytes = fs::read(file).expect("our own store");
    bytes[at] ^= by;
    let mut permissions = fs::metadata(file).expect("there").permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "objects are read-only, and this is to damage one")]
    permissions.set_readonly(false);
    fs::set_permissions(file, permissions).expect("our own store");
    fs::write(file, bytes).expect("our own store");
}

#[test]
fn any_flipped_byte_of_the_truth_is_found_and_never_served() {
    let home = home();
    let before = everything(&home);
    let mut rng = Rng::seeded();
    for file in files(&home.store()) {
        let name = file.strip_prefix(home.store()).expect("below it").to_owned();
        // LOCK holds no data, and sled's files are made anew from the log: see the next test.
        if name.starts_with("meta") || name.starts_with("LOCK") {
            continue;
        }
        let len = fs::metadata(&file).expect("there").len() as usize;
        for _ in 0..FLIPS_PER_FILE.min(len) {
            let (at, by) = (rng.below(len), 1 << rng.below(8));
            change_byte(&file, at, by);
            let what = format!("{} with byte {at} of {len} changed by {by:#x}", name.display());
            let fsck = home.run("fsck");
            assert!(
                fsck.code.is_some_and(|code| code != 0),
                "{what}: fsck found nothing\n{}{}",
                fsck.stdout,
                fsck.stderr
            );
            serves_nothing_wrong(&home, &before, &what);
            change_byte(&file, at, by);
        }
    }
    home.ok("fsck");
    assert_eq!(everything(&home), before);
}

#[test]
fn a_damaged_index_is_found_and_made_anew_from_the_log() {
    let home = home();
    let before = everything(&home);
    let mut rng = Rng::seeded();
    for round in 0..4 * FLIPS_PER_FILE {
        // A rebuilt index has other files, so they are listed anew.
        let files = files(&home.store().join("meta"));
        let file = &files[round % files.len()];
        let len = fs::metadata(file).expect("there").len() as usize;
        if len > 0 {
            change_byte(file, rng.below(len), 1 << rng.below(8));
        }
        serves_nothing_wrong(&home, &before, "a damaged index");
        home.ok("fsck --rebuild");
        home.ok("fsck");
    }
    fs::remove_dir_all(home.store().join("meta")).expect("our own store");
    home.ok("commit d -m 'the index was gone'");
    home.ok("fsck");
    assert_eq!(everything(&home)[..4], before[..4], "what was committed before is as it was");
}

#[test]
fn a_cut_file_is_found_and_never_served() {
    let home = home();
    let before = everything(&home);
    let mut rng = Rng::seeded();
    for file in files(&home.store()) {
        let name = file.strip_prefix(home.store()).expect("below it").to_owned();
        // The reserve holds no data either, and is given up on a full disk.
        if name.starts_with("meta") || name.starts_with("LOCK") || name.starts_with("reserve") {
            continue;
        }
        let bytes = fs::read(&file).expect("our own store");
        let keep = if name.starts_with("log") { bytes.len() / 4 + rng.below(64) } else { rng.below(bytes.len()) };
        let keep = keep.min(bytes.len());
        change_byte(&file, 0, 0);
        fs::write(&file, &bytes[..keep]).expect("our own store");
        let what = format!("{} cut to {keep} of {} bytes", name.display(), bytes.len());
        let fsck = home.run("fsck");
        if !name.starts_with("log") {
            assert!(
                fsck.code.is_some_and(|code| code != 0),
                "{what}: fsck found nothing\n{}{}",
                fsck.stdout,
                fsck.stderr
            );
            serves_nothing_wrong(&home, &before, &what);
        }
        fs::write(&file, &bytes).expect("our own store");
    }
}
