//! What a walk through a source is asked, and what it found.
//!
//! A scan of a million files is held in arenas, one per folder: no path and no
//! string per file. Paths for people are made only for what cannot be used.

use std::sync::atomic::AtomicBool;

use super::attributes::Times;
use crate::model::{DataPath, Entry, Kind};

/// How to walk a source.
#[derive(Clone, Copy)]
pub struct ScanOptions<'a> {
    /// How many threads to use; 0 for one per CPU.
    pub threads: usize,
    /// Whether to leave out what cannot be read, instead of failing.
    pub skip_unreadable: bool,
    /// Told now and then, from any of the threads, how far the walk is.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Set to end the walk, which then is `Interrupted`.
    pub cancel: &'a AtomicBool,
}

impl Default for ScanOptions<'_> {
    fn default() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        ScanOptions { threads: 0, skip_unreadable: false, progress: &|_| (), cancel: &NEVER }
    }
}

/// How far a walk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Entries seen.
    pub entries: u64,
    /// Bytes of content in the files seen.
    pub bytes: u64,
}

/// What a walk found.
#[derive(Debug)]
pub struct Scan {
    /// Everything that can be used: the input of [`base::encode`](crate::base::encode).
    pub tree: Tree,
    /// Devices, sockets and pipes, which no dataset has.
    pub skipped: Parts,
    /// What could not be read; always empty without `skip_unreadable`.
    pub unreadable: Parts,
    /// What a person should know, each a sentence without a full stop.
    pub warnings: Vec<String>,
}

/// A part of a source that is left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Its path, as a person reads it.
    pub path: String,
    /// Why it is left out.
    pub why: String,
}

/// The parts that are left out for one reason: how many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Some of them, at most [`Parts::LISTED_MAX`], by path.
    pub listed: Vec<Part>,
    /// How many there are.
    pub count: u64,
}

impl Parts {
    /// How many are kept with their paths: a folder may have a million of them.
    pub const LISTED_MAX: usize = 1000;

    /// Adds one.
    pub(super) fn add(&mut self, path: String, why: impl Into<String>) {
        self.count += 1;
        if self.listed.len() < Self::LISTED_MAX {
            self.listed.push(Part { path, why: why.into() });
        }
    }

    /// Adds those of another folder.
    pub(super) fn append(&mut self, other: Parts) {
        self.count += other.count;
        let room = Self::LISTED_MAX - self.listed.len();
        self.listed.extend(other.listed.into_iter().take(room));
    }

    /// At most `max` lines for a person, the last of which says how many more there are.
    pub fn lines(&self, max: usize) -> Vec<String> {
        let shown = self.listed.len().min(max);
        let mut lines: Vec<_> =
            self.listed[..shown].iter().map(|part| format!("{}: {}", part.path, part.why)).collect();
        if self.count > shown as u64 {
            lines.push(format!("and {} more", self.count - shown as u64));
        }
        lines
    }
}

/// The entries of a source, folder by folder.
#[derive(Debug)]
pub struct Tree {
    /// The top folder itself.
    pub(crate) root: Entry,
    /// The folders by number, 0 the top one; `None` for what is left out.
    pub(crate) folders: Vec<Option<Folder>>,
    /// How many entries there are at most, the top folder included.
    pub(crate) entries: u64,
}

/// One folder's entries, in order of name.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(super) entries: Vec<Found>,
    /// Their names, and behind a link's name its target.
    pub(super) text: Vec<u8>,
    /// The number of the first folder in here; the others follow in order of name.
    pub(crate) first_subfolder: u32,
    /// The folder that has this one, and where in there it is.
    pub(super) parent: (u32, u32),
    /// What it was like before it was listed.
    pub(super) times: Times,
}

/// An entry of a folder, in 24 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) size: u64,
    pub(super) mtime_ns: i64,
    /// Where its name is in the folder's text.
    pub(super) text_at: u32,
    pub(super) mode: u16,
    pub(super) kind: Kind,
    pub(super) name_len: u8,
}

/// One entry, as a [`Folder`] tells it.
pub(crate) struct FolderEntry<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) entry: Entry,
    /// Of a link; else empty.
    pub(crate) target: &'a [u8],
}

impl Folder {
    pub(crate) fn iter(&self) -> impl Iterator<Item = FolderEntry<'_>> {
        self.entries.iter().map(|found| {
            let Found { kind, size, mtime_ns, mode, .. } = *found;
            let (name, rest) = self.text[found.text_at as usize..].split_at(usize::from(found.name_len));
            let target = if kind == Kind::Symlink { &rest[..size as usize] } else { &[] };
            FolderEntry { name, entry: Entry { kind, size, mtime_ns, mode: u32::from(mode) }, target }
        })
    }

    pub(super) fn name(&self, found: &Found) -> &[u8] {
        &self.text[found.text_at as usize..][..usize::from(found.name_len)]
    }
}

impl Tree {
    /// The path of a folder that is not left out, nor lies in one that is.
    pub(super) fn path(&self, mut number: u32) -> DataPath {
        let mut names = Vec::new();
        while number != 0 {
            let folder = |number: u32| self.folders[number as usize].as_ref().expect("a folder with a listed parent");
            let (parent, place) = folder(number).parent;
            let parent_folder = folder(parent);
            names.push(parent_folder.name(&parent_folder.entries[place as usize]));
            number = parent;
        }
        names.reverse();
        DataPath::parse(&names.join(&b'/')).expect("names that the system gave")
    }
}

/// A path for people: an entry's in a folder, the middle left out where it is very long.
pub(super) fn shown(folder: &DataPath, name: &[u8]) -> String {
    const ENDS: usize = 80;
    let whole = match (folder.join(name), DataPath::parse(name)) {
        (Ok(path), _) => path.to_string(),
        (Err(_), Ok(name)) => format!("{folder}/{name}"),
        (Err(_), Err(_)) => format!("{folder}/{}", String::from_utf8_lossy(name)),
    };
    let chars = whole.chars().count();
    if chars <= 3 * ENDS {
        return whole;
    }
    let start: String = whole.chars().take(ENDS).collect();
    let end: String = whole.chars().skip(chars - ENDS).collect();
    format!("{start}…{end}")
}
