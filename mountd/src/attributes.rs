//! What a request is answered with: values of our own, whatever the transport.

use veneer::model::{Entry, Kind};

use crate::inode::Number;

/// Whose files these are. A base records no owner, so a mount has one for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
}

/// What `stat` tells of an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The inode's number.
    pub number: Number,
    /// File, folder or symbolic link.
    pub kind: Kind,
    /// Bytes of content, or of a link's target.
    pub size: u64,
    /// Last modification, nanoseconds since 1970-01-01 UTC; also shown as the last access and change.
    pub mtime_ns: i64,
    /// Permission bits, as recorded.
    pub mode: u32,
    /// Whose it is.
    pub owner: Owner,
}

impl Attributes {
    /// The links of an inode. Of a folder it would be two and one for each folder in it,
    /// if we counted; 1 tells `find` and its like that we do not, so that they look.
    pub const LINKS: u32 = 1;

    /// The attributes of `entry` under a number.
    pub fn new(number: Number, entry: &Entry, owner: Owner) -> Attributes {
        let Entry { kind, size, mtime_ns, mode } = *entry;
        Attributes { number, kind, size, mtime_ns, mode, owner }
    }
}

/// One entry of a listing.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Where a later request goes on after this entry.
    pub cookie: u64,
    /// Its name.
    pub name: &'a [u8],
    /// What `stat` tells of it.
    pub attributes: Attributes,
}

/// Whether the answer to a listing has room for another entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// The entry was taken.
    Taken,
    /// The entry was not taken, nor would another be.
    Full,
}

/// What `df` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes in all files of the view.
    pub bytes: u64,
    /// Files, folders and links of the view.
    pub entries: u64,
}
