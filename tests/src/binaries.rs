//! Where the built commands are, and that they are not older than their sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Returns the built command `veneer`, `veneer-mountd` or `veneer-server`, of the profile that this test was built in.
///
/// # Panics
/// When it is missing or stale: a test must not judge code that is not the one at hand.
pub fn path(name: &str) -> PathBuf {
    let file = folder().join(name);
    assert!(file.is_file(), "`{}` is missing: run `cargo build --workspace` first", file.display());
    if let Some(newer) = newer_source(&file) {
        panic!("`{}` is older than `{}`: run `cargo build --workspace` first", file.display(), newer.display());
    }
    file
}

/// The folder of built commands: `target/debug`, `target/release`.
pub fn folder() -> PathBuf {
    let this = std::env::current_exe().expect("Linux tells where a program was started from");
    let folder = this.parent().expect("a program is in a folder");
    // Test binaries are in `deps`, below the folder of the commands.
    if folder.ends_with("deps") { folder.parent().expect("`deps` is below it").to_owned() } else { folder.to_owned() }
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is in the workspace's folder")
}

/// A source of `binary` that is newer than it, by the list that cargo wrote beside it.
fn newer_source(binary: &Path) -> Option<PathBuf> {
    let built = modified(binary)?;
    let list = fs::read_to_string(binary.with_extension("d")).ok()?;
    let (_, sources) = list.split_once(": ")?;
    let sources = sources.trim_end().replace("\\ ", "\0");
    let paths = sources.split(' ').map(|path| PathBuf::from(path.replace('\0', " ")));
    paths.into_iter().find(|path| modified(path).is_some_and(|time| time > built))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}
