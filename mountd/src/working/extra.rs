//! `.veneer/` of a writable mount: what it tells about itself, and nobody may write.

use serde::{Deserialize, Serialize};
use veneer::model::{Id, Kind};

use super::metadata::Told;
use super::record::{EXTRA, Ino, Times};
use crate::attributes::Owner;
use crate::veneer_folder::{Info, Item, VeneerFolder};

/// The folder and its files, at this revision and a few before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// Counts what was shown: content never changes under a number.
    version: u64,
    /// What was shown, the last one last.
    shown: Vec<Shown>,
}

/// The files as they were shown at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    files: Vec<(String, String)>,
    mtime_ns: i64,
}

/// Numbers for each version: the folder has the first.
const NUMBERS: u64 = 16;
/// How many versions can still be read by whoever has them open.
const VERSIONS_MAX: usize = 8;

impl Extra {
    /// The folder's number.
    pub const FOLDER: Ino = Ino(EXTRA);
    /// The files' names.
    pub const NAMES: [&[u8]; 2] = [b"info.json", b"revision"];

    /// What is to be told of `revision`, after `before`.
    pub fn new(info: &Info, revision: Id, mtime_ns: i64, before: &Extra) -> Extra {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let files = VeneerFolder::new(info, revision, mtime_ns)
            .files()
            .filter_map(|(name, item)| match item {
                Item::File { bytes, .. } => Some((text(name), text(&bytes))),
                Item::Folder { .. } | Item::Samples(_) => None,
            })
            .collect();
        let mut shown = before.shown.clone();
        shown.push(Shown { files, mtime_ns });
        let surplus = shown.len().saturating_sub(VERSIONS_MAX);
        shown.drain(..surplus);
        Extra { version: before.version + 1, shown }
    }

    /// Whether a number is of the folder or one of its files.
    pub fn is(ino: Ino) -> bool {
        ino.0 & (EXTRA | 1 << 63) == EXTRA
    }

    /// The number of a file.
    pub fn find(&self, name: &[u8]) -> Option<Ino> {
        let at = self.shown.last()?.files.iter().position(|(known, _)| known.as_bytes() == name)?;
        Some(Ino(EXTRA | (self.version * NUMBERS + at as u64 + 1)))
    }

    /// The file of a number, and what was shown with it; one that is much older is gone.
    fn file(&self, ino: Ino) -> Option<(&Shown, &str)> {
        let number = ino.0 & !EXTRA;
        let age = usize::try_from(self.version.checked_sub(number / NUMBERS)?).ok()?;
        let shown = self.shown.get(self.shown.len().checked_sub(age + 1)?)?;
        let at = usize::try_from((number % NUMBERS).checked_sub(1)?).ok()?;
        shown.files.get(at).map(|(_, text)| (shown, text.as_str()))
    }

    /// The bytes of a file.
    pub fn bytes(&self, ino: Ino) -> Option<&[u8]> {
        self.file(ino).map(|(_, text)| text.as_bytes())
    }

    /// The revision that is shown.
    pub fn revision(&self) -> String {
        let text = self.find(b"revision").and_then(|ino| self.file(ino));
        text.map(|(_, text)| text.trim().to_owned()).unwrap_or_default()
    }

    /// Its files, in order of name.
    fn names(&self) -> impl Iterator<Item = (&[u8], Ino)> + '_ {
        let files = self.shown.last().into_iter().flat_map(|shown| &shown.files);
        files.filter_map(|(name, _)| Some((name.as_bytes(), self.find(name.as_bytes())?)))
    }

    /// What `stat` tells of the folder or a file.
    pub fn told(&self, ino: Ino, owner: Owner) -> Option<Told> {
        let (kind, mode, size, time) = match ino == Extra::FOLDER {
            true => (Kind::Folder, 0o555, 0, self.shown.last()?.mtime_ns),
            false => {
                let (shown, text) = self.file(ino)?;
                (Kind::File, 0o444, text.len() as u64, shown.mtime_ns)
            }
        };
        let times = Times { accessed: time, modified: time, changed: time };
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
