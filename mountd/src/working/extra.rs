//! `.veneer/` of a writable mount: what it tells about itself, and nobody may write.

use std::sync::Arc;

use veneer::model::{Id, Kind};

use super::metadata::Told;
use super::record::{EXTRA, Ino, Times};
use crate::attributes::Owner;
use crate::veneer_folder::{Info, Item, VeneerFolder};

/// The folder and its files at one revision.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// Counts what was shown: content never changes under a number.
    version: u64,
    files: Vec<(&'static [u8], Arc<[u8]>)>,
    mtime_ns: i64,
}

/// Numbers for each version: the folder has the first.
const NUMBERS: u64 = 16;

impl Extra {
    /// The folder's number.
    pub const FOLDER: Ino = Ino(EXTRA);
    /// The files' names.
    pub const NAMES: [&[u8]; 2] = [b"info.json", b"revision"];

    /// What is to be told of `revision`, after `before`.
    pub fn new(info: &Info, revision: Id, mtime_ns: i64, before: &Extra) -> Extra {
        let files = VeneerFolder::new(info, revision, mtime_ns)
            .files()
            .filter_map(|(name, item)| match item {
                Item::File { bytes, .. } => Some((name, bytes)),
                Item::Folder { .. } => None,
            })
            .collect();
        Extra { version: before.version + 1, files, mtime_ns }
    }

    /// Whether a number is of the folder or one of its files.
    pub fn is(ino: Ino) -> bool {
        ino.0 & (EXTRA | 1 << 63) == EXTRA
    }

    /// The number of a file.
    pub fn find(&self, name: &[u8]) -> Option<Ino> {
        let at = self.files.iter().position(|(known, _)| *known == name)?;
        Some(Ino(EXTRA | (self.version * NUMBERS + at as u64 + 1)))
    }

    /// The bytes of a file; those of an older one are gone.
    pub fn bytes(&self, ino: Ino) -> Option<&[u8]> {
        let at = (ino.0 & !EXTRA).checked_sub(self.version * NUMBERS + 1)?;
        self.files.get(usize::try_from(at).ok()?).map(|(_, bytes)| &**bytes)
    }

    /// Its files, in order of name.
    pub fn names(&self) -> impl Iterator<Item = (&'static [u8], Ino)> + '_ {
        self.files.iter().filter_map(|(name, _)| Some((*name, self.find(name)?)))
    }

    /// What `stat` tells of the folder or a file.
    pub fn told(&self, ino: Ino, owner: Owner) -> Option<Told> {
        let (kind, mode, size) = match ino == Extra::FOLDER {
            true => (Kind::Folder, 0o555, 0),
            false => (Kind::File, 0o444, self.bytes(ino)?.len() as u64),
        };
        let times = Times { accessed: self.mtime_ns, modified: self.mtime_ns, changed: self.mtime_ns };
        let Owner { user, group } = owner;
        Some(Told { ino, kind, size, blocks: size.div_ceil(512), mode, user, group, times, links: 1 })
    }

    /// Gives `add` the entries of the folder that come after the cookie `after`, until there is no room.
    pub fn list(&self, after: u64, owner: Owner, add: &mut dyn FnMut(&[u8], u64, &Told) -> bool) {
        let dots = [(b".".as_slice(), Extra::FOLDER), (b"..".as_slice(), Extra::FOLDER)];
        for (cookie, (name, ino)) in (1..).zip(dots.into_iter().chain(self.names())) {
            if let Some(told) = self.told(ino, owner)
                && cookie > after
                && !add(name, cookie, &told)
            {
                return;
            }
        }
    }
}
