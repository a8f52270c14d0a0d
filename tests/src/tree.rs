//! A folder tree as a value: written to a disk, read from one, compared, summed up.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// What is at a path.
#[derive(Clone, PartialEq, Eq)]
pub enum Thing {
    /// A folder.
    Folder,
    /// A file with these bytes and permission bits.
    File(Vec<u8>, u32),
    /// A symbolic link to this.
    Link(Vec<u8>),
}

/// Paths, relative and as bytes, and what is there; every folder has an entry, the root has none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tree(pub BTreeMap<Vec<u8>, Thing>);

impl Tree {
    /// Adds a thing, and the folders above it that are missing.
    pub fn add(&mut self, path: &[u8], thing: Thing) {
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            self.0.entry(path[..at].to_vec()).or_insert(Thing::Folder);
        }
        self.0.insert(path.to_vec(), thing);
    }

    /// Writes it into a folder that is there.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (path, thing) in &self.0 {
            let path = folder.join(OsStr::from_bytes(path));
            match thing {
                Thing::Folder => {
                    fs::create_dir(&path)?;
                    // Not what the tester's umask makes of it.
                    fs::set_permissions(&path, Permissions::from_mode(0o755))?;
                }
                Thing::Link(target) => std::os::unix::fs::symlink(OsStr::from_bytes(target), &path)?,
                Thing::File(bytes, mode) => {
                    fs::write(&path, bytes)?;
                    fs::set_permissions(&path, Permissions::from_mode(*mode))?;
                }
            }
        }
        Ok(())
    }

    /// Reads all that is in a folder.
    pub fn read(folder: &Path) -> io::Result<Tree> {
        let mut tree = Tree::default();
        tree.read_below(folder, &[])?;
        Ok(tree)
    }

    fn read_below(&mut self, folder: &Path, prefix: &[u8]) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().into_vec();
            let path = if prefix.is_empty() { name } else { [prefix, b"/", name.as_slice()].concat() };
            let kind = entry.file_type()?;
            let thing = if kind.is_dir() {
                self.read_below(&entry.path(), &path)?;
                Thing::Folder
            } else if kind.is_symlink() {
                Thing::Link(fs::read_link(entry.path())?.into_os_string().into_vec())
            } else {
                Thing::File(fs::read(entry.path())?, entry.metadata()?.mode() & 0o7777)
            };
            self.0.insert(path, thing);
        }
        Ok(())
    }

    /// The paths at or below this one.
    pub fn within(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let below = [path, b"/"].concat();
        self.0.keys().filter(|key| *key == path || key.starts_with(&below)).cloned().collect()
    }
}

impl fmt::Debug for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thing::Folder => f.write_str("folder"),
            Thing::Link(target) => write!(f, "link to {}", target.escape_ascii()),
            Thing::File(bytes, mode) if bytes.len() <= 40 => {
                write!(f, "{mode:o} {:?}", bytes.escape_ascii().to_string())
            }
            Thing::File(bytes, mode) => write!(f, "{mode:o} {} bytes, {}", bytes.len(), blake3::hash(bytes).to_hex()),
        }
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|(path, thing)| (path.escape_ascii().to_string(), thing));
        f.debug_map().entries(lines).finish()
    }
}

/// Sums up a whole tree in one line: every name, kind, size, mode, time of change, and byte.
pub fn checksum(folder: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    add_to_checksum(&mut hasher, folder)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn add_to_checksum(hasher: &mut blake3::Hasher, path: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    let times = [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()];
    hasher.update(path.as_os_str().as_bytes());
    hasher.update(format!("\0{:o} {} {times:?}\0", meta.mode(), meta.size()).as_bytes());
    if meta.is_symlink() {
        hasher.update(fs::read_link(path)?.as_os_str().as_bytes());
    } else if meta.is_dir() {
        let mut names = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        names.iter().try_for_each(|below| add_to_checksum(hasher, below))?;
    } else if meta.is_file() {
        hasher.update_reader(fs::File::open(path)?)?;
    }
    Ok(())
}
