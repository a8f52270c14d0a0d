//! The rules of docs/ARCHITECTURE.md and docs/CONTRIBUTING.md that a machine can hold.

use std::fs;
use std::path::{Path, PathBuf};

use harness::binaries::workspace;

/// The most lines a file may have; there are no exceptions.
const LINES_MAX: usize = 500;

/// A source file: its path below the workspace, its text, and the same without comments and tests' modules.
struct Source {
    path: String,
    text: String,
    code: String,
}

fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&workspace().join(folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "there is nothing in `{folder}`");
    files.into_iter().map(|file| Source::read(&file)).collect()
}

fn all_sources() -> Vec<Source> {
    ["src", "mountd", "server", "tests"].into_iter().flat_map(sources).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "vendor" && name != "target" && name != "node_modules" {
            collect(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn read(file: &Path) -> Source {
        let text = fs::read_to_string(file).expect("a source file is text");
        let path = file.strip_prefix(workspace()).expect("it is below it").to_string_lossy().into_owned();
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        let lines = text.lines().take_while(|line| !is_test && line.trim() != "mod tests {");
        let code = lines.filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
        Source { path, text, code }
    }

    fn is_within(&self, rooms: &[&str]) -> bool {
        rooms.iter().any(|room| self.path.starts_with(room))
    }
}

/// Fails with every line of `sources` that has one of these words, which `why` forbids.
fn forbid<'a>(sources: impl IntoIterator<Item = &'a Source>, words: &[&str], why: &str) {
    let mut found = Vec::new();
    for source in sources {
        for line in source.code.lines().filter(|line| words.iter().any(|word| has_word(line, word))) {
            found.push(format!("{}: {}", source.path, line.trim()));
        }
    }
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

/// Whether `line` has `word` where no longer word begins or goes on.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(|c| is_part(c) && word.starts_with(is_part));
        let after = line[at + word.len()..].chars().next().is_some_and(|c| is_part(c) && word.ends_with(is_part));
        !before && !after
    })
}

#[test]
fn the_model_does_no_input_or_output_and_has_no_clock() {
    let words = [
        "std::fs",
        "std::net",
        "std::io",
        "std::env",
        "std::process",
        "std::thread",
        "SystemTime",
        "Instant",
        "async",
        "sled",
        "rustix",
        "libc",
        "arrow",
        "memmap2",
    ];
    forbid(&sources("src/model"), &words, "the model has values only");
}

#[test]
fn only_the_stores_index_names_sled() {
    let all = all_sources();
    let others = all.iter().filter(|source| !source.is_within(&["src/store/local/index", "tests/tests/tidy.rs"]));
    forbid(others, &["sled::", "use sled"], "sled is named in src/store/local/index alone");
}

#[test]
fn only_mountd_names_fuser_and_only_server_names_axum() {
    let all = all_sources();
    let beside =
        |room: &'static str| all.iter().filter(move |source| !source.is_within(&[room, "tests/tests/tidy.rs"]));
    forbid(beside("mountd/"), &["fuser"], "fuser is named in mountd alone");
    forbid(beside("server/"), &["axum", "datafusion"], "axum and DataFusion are named in the server alone");
}

#[test]
fn the_core_never_prints_exits_or_reads_the_environment() {
    let all = sources("src");
    let core = all.iter().filter(|source| !source.is_within(&["src/cli/", "src/main.rs"]));
    let words =
        ["println!", "print!", "eprintln!", "eprint!", "process::exit", "std::env", "env::var", "stdout(", "stderr("];
    forbid(core, &words, "the core never prints, exits or reads the environment");
}

#[test]
fn a_source_has_nothing_that_writes() {
    let words = [
        "fs::write",
        "File::create",
        "create_dir",
        "remove_file",
        "remove_dir",
        "fs::rename",
        "set_permissions",
        "set_len",
        "write(true)",
        "append(true)",
        "unlinkat",
        "renameat",
        "mkdirat",
        "WRONLY",
        "RDWR",
        "CREATE",
        "TRUNC",
    ];
    forbid(&sources("src/source"), &words, "a source is read and never written");
}

#[test]
fn inode_numbers_do_not_exist_in_the_core() {
    let rooms = ["src/model", "src/overlay", "src/base", "src/dataset"];
    for room in rooms {
        forbid(&sources(room), &["inode", "Inode", "InodeNo", "INodeNo"], "inode numbers do not exist below mountd");
    }
}

#[test]
fn rooms_know_only_what_lies_below_them() {
    let upward: [(&str, &[&str]); 7] = [
        ("src/model", &["crate::store", "crate::source", "crate::base", "crate::overlay", "crate::dataset"]),
        ("src/store", &["crate::source", "crate::base", "crate::overlay", "crate::dataset", "crate::run"]),
        ("src/run", &["crate::table", "crate::source", "crate::base", "crate::overlay", "crate::dataset"]),
        ("src/source", &["crate::store", "crate::base", "crate::overlay", "crate::dataset"]),
        ("src/base", &["crate::overlay", "crate::dataset"]),
        ("src/overlay", &["crate::source", "crate::base", "crate::table", "crate::dataset"]),
        ("src/table", &["crate::store", "crate::source", "crate::base", "crate::overlay", "crate::dataset"]),
    ];
    for (room, words) in upward {
        forbid(&sources(room), words, &format!("an arrow that points up from {room}"));
    }
    forbid(&sources("src/cli"), &["crate::overlay"], "the command goes through the door, src/dataset");
}

#[test]
fn no_test_is_switched_off_and_nothing_is_left_to_do() {
    let all = all_sources();
    let others = all.iter().filter(|source| !source.is_within(&["tests/tests/tidy.rs"]));
    let mut found = Vec::new();
    for source in others {
        for word in ["#[ignore", "todo!", "unimplemented!", "TODO", "FIXME", "XXX"] {
            let lines = source.text.lines().filter(|line| has_word(line, word));
            found.extend(lines.map(|line| format!("{}: {}", source.path, line.trim())));
        }
    }
    assert!(found.is_empty(), "do it now, or say it in an issue:\n{}", found.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_is_short_enough_to_read() {
    let mut found = Vec::new();
    for source in all_sources() {
        if !source.text.starts_with("//!") {
            found.push(format!("{}: no module doc at its beginning", source.path));
        }
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            found.push(format!("{}: {lines} lines", source.path));
        }
    }
    assert!(found.is_empty(), "files to see to:\n{}", found.join("\n"));
}

#[test]
fn the_lock_file_has_one_arrow_one_libc_and_one_object_store() {
    let lock = fs::read_to_string(workspace().join("Cargo.lock")).expect("it is checked in");
    for name in ["arrow", "arrow-ipc", "arrow-array", "libc", "object_store"] {
        let count = lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
        assert!(count <= 1, "there are {count} versions of {name}: `cargo tree -d` says why");
    }
    assert!(lock.contains("name = \"sled\"\nversion = \"0.34.7\""), "sled is pinned to 0.34.7");
}

#[test]
fn the_documents_that_the_readme_names_are_there() {
    for file in ["README.md", "docs/ARCHITECTURE.md", "docs/CONTRIBUTING.md", "docs/SEMANTICS.md"] {
        let text = fs::read_to_string(workspace().join(file)).unwrap_or_else(|cause| panic!("{file}: {cause}"));
        let folder = workspace().join(file).parent().expect("it is in a folder").to_owned();
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let (link, later) = after.split_once(')').expect("a link ends");
            let path = link.split('#').next().unwrap_or_default();
            let local = !link.starts_with("http") && !path.is_empty();
            assert!(!local || folder.join(path).exists(), "{file} links to {path}, which is not there");
            rest = later;
        }
    }
}
