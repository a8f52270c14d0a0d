//! What an overlay says of a path, and where the bytes of its file are.

use serde::{Deserialize, Serialize};

use super::{DataPath, Entry, Id, Kind};

/// What an overlay says of one path.
///
/// A change speaks of the path itself; what lies below a folder has changes of
/// its own. The encoding is [postcard](https://postcard.jamesmunns.com/wire-format),
/// so variants and fields are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Nothing of the base shows here, nor below.
    Removed,
    /// A file is here.
    File(FileChange),
    /// A folder is here, over the base's folder `from` or, without one, over nothing.
    Folder {
        /// Where in the base its unchanged children are.
        from: Option<DataPath>,
        /// Last modification, nanoseconds since 1970-01-01 UTC.
        mtime_ns: i64,
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link is here.
    Symlink {
        /// What it points to, as written; never resolved by us.
        target: Vec<u8>,
        /// Last modification, nanoseconds since 1970-01-01 UTC.
        mtime_ns: i64,
    },
    /// Nothing shows here, because the sample that it belongs to is excluded.
    Excluded {
        /// What is said of the path otherwise; `None` is nothing, so that the base shows.
        was: Option<Box<Change>>,
    },
}

/// A file as an overlay has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Where its bytes are.
    pub content: Content,
    /// Bytes of content.
    pub size: u64,
    /// Last modification, nanoseconds since 1970-01-01 UTC.
    pub mtime_ns: i64,
    /// Permission bits.
    pub mode: u32,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Content {
    /// The base's file of this path, unchanged: after a rename, a copy or a chmod.
    Source(DataPath),
    /// Whole new content.
    Blob(Id),
    /// Other bytes laid over the base's file of this path.
    Extents {
        /// The file that shows between the extents.
        over: DataPath,
        /// In order of offset, never touching or overlapping.
        extents: Vec<Extent>,
    },
    /// Edits of rows laid over other content, and what they mean.
    Rows {
        /// What shows between the patches of the rows.
        below: Box<Content>,
        /// The root of the tree of row changes, see [`super::RowAddress`].
        rows: Id,
    },
}

impl Content {
    /// The base's file that shows in it, if any does.
    pub fn source(&self) -> Option<&DataPath> {
        match self {
            Content::Source(path) | Content::Extents { over: path, .. } => Some(path),
            Content::Blob(_) => None,
            Content::Rows { below, .. } => below.source(),
        }
    }

    /// The blobs that it is made of; those of row changes are told by the tree.
    fn blobs(&self) -> Vec<Id> {
        match self {
            Content::Source(_) => Vec::new(),
            Content::Blob(id) => vec![*id],
            Content::Extents { extents, .. } => extents.iter().map(|extent| extent.blob).collect(),
            Content::Rows { below, .. } => below.blobs(),
        }
    }
}

/// A byte range of a file that is ours; what lies between is the source's.
///
/// An extent replaces `replaced` bytes of the file below by the whole of its
/// blob, so it may make the file longer or shorter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// Where the replaced bytes begin in the file below.
    pub offset: u64,
    /// How many bytes of the file below it replaces; 0 inserts.
    pub replaced: u64,
    /// How many bytes it puts there: the length of `blob`.
    pub len: u64,
    /// The bytes.
    pub blob: Id,
}

impl Change {
    /// What `stat` tells of the path; `None` for a removed one.
    pub fn entry(&self) -> Option<Entry> {
        let (kind, size, mtime_ns, mode) = match self {
            Change::Removed | Change::Excluded { .. } => return None,
            Change::File(file) => (Kind::File, file.size, file.mtime_ns, file.mode),
            Change::Folder { mtime_ns, mode, .. } => (Kind::Folder, 0, *mtime_ns, *mode),
            Change::Symlink { target, mtime_ns } => (Kind::Symlink, target.len() as u64, *mtime_ns, 0o777),
        };
        Some(Entry { kind, size, mtime_ns, mode })
    }

    /// What is at the path, in one word.
    pub fn kind_word(&self) -> &'static str {
        match self {
            Change::Removed => "removed",
            Change::Excluded { .. } => "excluded",
            Change::File(_) => "file",
            Change::Folder { .. } => "folder",
            Change::Symlink { .. } => "symlink",
        }
    }

    /// The blobs that must be kept for this change to be readable.
    pub fn blobs(&self) -> Vec<Id> {
        match self {
            Change::File(file) => file.content.blobs(),
            Change::Excluded { was: Some(was) } => was.blobs(),
            _ => Vec::new(),
        }
    }

    /// The tree of row changes that is part of it.
    pub fn rows(&self) -> Option<Id> {
        match self {
            Change::File(FileChange { content: Content::Rows { rows, .. }, .. }) => Some(*rows),
            Change::Excluded { was: Some(was) } => was.rows(),
            _ => None,
        }
    }
}
