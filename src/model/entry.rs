//! What an entry of a dataset is, and what `stat` tells of it.

use serde::{Deserialize, Serialize};

/// What an entry is. A dataset has no devices, sockets or pipes: import lists and skips them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, shown as a link and never followed by us.
    Symlink,
}

impl Kind {
    /// The word that a person and a JSON reader see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Folder => "folder",
            Kind::Symlink => "symlink",
        }
    }
}

/// What `stat` tells of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// File, folder or symbolic link.
    pub kind: Kind,
    /// Bytes of content; of a symbolic link, of its target; of a folder, 0.
    pub size: u64,
    /// Last modification, in nanoseconds since 1970-01-01 UTC.
    pub mtime_ns: i64,
    /// Permission bits (`0o7777`).
    pub mode: u32,
}
