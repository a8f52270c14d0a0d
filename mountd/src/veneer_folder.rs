//! `.veneer/`: what a mount tells about itself, found by lookup and never listed.
//!
//! A loader that takes every folder for a class must not meet it. Each of its
//! files is an inode of its own per content, as any other file.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use veneer::model::{Entry, Id, Kind};

use crate::inode::{Identity, Number};
use crate::samples_file::SamplesFile;

/// The folder's name, at the top of the mount.
pub const NAME: &[u8] = b".veneer";
const REVISION: &[u8] = b"revision";
const INFO: &[u8] = b"info.json";

/// What `info.json` says, and whoever asked for the mount is told.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// The mount point.
    pub path: String,
    /// The dataset.
    pub dataset: String,
    /// The branch, tag or revision that was asked for.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The revision that is shown.
    pub revision: String,
    /// `follow` or `pin`; `all` at the top of a mount of many revisions.
    pub mode: Cow<'static, str>,
    /// How files are served.
    pub profile: crate::profile::Profile,
    /// Why so.
    pub profile_why: String,
    /// The process that serves.
    pub pid: u32,
    /// The process that starts another one when that one dies; null where nobody does.
    pub supervisor: Option<u32>,
    /// The socket at which the mount can be held; null where there is none.
    pub control: Option<String>,
    /// The store's folder.
    pub store: String,
    /// The version of this program.
    pub version: String,
    /// Where the log is written; null where nowhere.
    pub log: Option<String>,
}

/// The folder as it is at one revision.
#[derive(Clone, Debug)]
pub struct VeneerFolder {
    files: Vec<(&'static [u8], Arc<[u8]>)>,
    mtime_ns: i64,
}

/// The folder, or one of its files as it was when it was looked up.
#[derive(Clone, Debug)]
pub enum Item {
    /// The folder itself.
    Folder {
        /// When what it shows was committed.
        mtime_ns: i64,
    },
    /// A file.
    File {
        /// Its content.
        bytes: Arc<[u8]>,
        /// When what it tells of was committed.
        mtime_ns: i64,
    },
    /// The table of samples.
    Samples(Arc<SamplesFile>),
}

impl VeneerFolder {
    /// The folder of a mount that shows `revision`, committed at `mtime_ns`.
    pub fn new(info: &Info, revision: Id, mtime_ns: i64) -> VeneerFolder {
        let info = Info { revision: revision.to_hex(), ..info.clone() };
        let revision = format!("{revision}\n").into_bytes();
        VeneerFolder { files: vec![(INFO, json(&info)), (REVISION, revision.into())], mtime_ns }
    }

    /// The folder at the top of a mount that shows many revisions: there is no revision to tell.
    pub fn of_many(info: &Info) -> VeneerFolder {
        VeneerFolder { files: vec![(INFO, json(info))], mtime_ns: 0 }
    }

    /// When what it shows was committed.
    pub fn mtime_ns(&self) -> i64 {
        self.mtime_ns
    }

    /// The folder itself.
    pub fn folder(&self) -> Item {
        Item::Folder { mtime_ns: self.mtime_ns }
    }

    /// The file of this name.
    pub fn file(&self, name: &[u8]) -> Option<Item> {
        self.files().find(|(known, _)| *known == name).map(|(_, item)| item)
    }

    /// Its files, in order of name.
    pub fn files(&self) -> impl Iterator<Item = (&'static [u8], Item)> + '_ {
        self.files.iter().map(|(name, bytes)| (*name, Item::File { bytes: Arc::clone(bytes), mtime_ns: self.mtime_ns }))
    }
}

fn json(info: &Info) -> Arc<[u8]> {
    let mut json = serde_json::to_vec_pretty(info).expect("names and numbers");
    json.push(b'\n');
    json.into()
}

impl Item {
    /// What makes its number.
    pub fn identity(&self) -> Identity {
        // No path in a dataset begins with a slash.
        match self {
            Item::Folder { .. } => Identity::of(&[b"/.veneer"]),
            Item::File { bytes, .. } => Identity::of(&[b"/.veneer/", bytes]),
            Item::Samples(file) => file.identity(),
        }
    }

    /// The folder's number, the same for ever.
    pub fn folder_number() -> Number {
        Number::of_made(&Item::Folder { mtime_ns: 0 }.identity())
    }

    /// What `stat` tells of it.
    pub fn entry(&self) -> Entry {
        match self {
            Item::Folder { mtime_ns } => Entry { kind: Kind::Folder, size: 0, mtime_ns: *mtime_ns, mode: 0o555 },
            Item::File { bytes, mtime_ns } => {
                Entry { kind: Kind::File, size: bytes.len() as u64, mtime_ns: *mtime_ns, mode: 0o444 }
            }
            Item::Samples(file) => file.entry(),
        }
    }
}
