//! The file system itself: a request in our own words, and its answer or error.
//!
//! Nothing here knows the kernel's protocol, so tests call it directly and the
//! transport can be another one day. A request never waits for another, and
//! none but [`FileSystem::read`] waits for a disk that holds the source.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tracing::warn;
use veneer::dataset::{Node, Place};
use veneer::model::{DataPath, Entry, Kind};
use veneer::source::OnDrift;
use veneer::{Error, ErrorKind, Result};

use crate::attributes::{Attributes, Listed, Owner, Room, Statistics};
use crate::inode::{MadeTable, Number, Reading};
use crate::listing::{self, Child};
use crate::open_files::{OpenFile, OpenFiles};
use crate::opens::BIG_LEN;
use crate::recall::Recall;
use crate::shown::{MadeThing, Numbered, Shown};
use crate::veneer_folder::{self, Item};

/// The longest name of an entry, in bytes; the kernel asks for longer ones, too.
const NAME_LEN_MAX: usize = 255;
/// How many files are remembered to have been complained of.
const COMPLAINTS_MAX: usize = 10_000;

/// A mount without its kernel.
#[derive(Debug)]
pub struct FileSystem {
    shown: RwLock<Arc<Shown>>,
    made: MadeTable<MadeThing>,
    open_files: OpenFiles,
    owner: Owner,
    drift: OnDrift,
    complained: Mutex<HashSet<Number>>,
    /// What was shown by processes before this one, where there were any.
    recall: Option<Recall>,
}

/// Whether a request may wait for a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// As long as it takes.
    Yes,
    /// Rather not answer.
    No,
}

/// What a listing is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Names only: no inode becomes known to the kernel.
    Names,
    /// Attributes too: each entry but `.` and `..` counts as looked up.
    Attributes,
}

/// A file that was opened and found to be what was recorded.
#[derive(Debug)]
pub enum Opened {
    /// A big one whose bytes are all in one file: [`OpenFile::backing`] has it.
    Big(Arc<OpenFile>),
    /// Any other: read by [`FileSystem::read`].
    Small,
}

/// What the bytes of a file are.
enum Bytes {
    File(Arc<OpenFile>),
    Text(Arc<[u8]>),
}

/// What a number stands for, in what is shown now.
enum Meaning {
    Folder(DataPath),
    Row { generation: usize, row: veneer::base::Row },
    Made(Arc<MadeThing>),
}

impl FileSystem {
    /// A file system that shows `shown` until it is [told](FileSystem::show) something else.
    pub fn new(shown: Shown, owner: Owner, drift: OnDrift) -> FileSystem {
        FileSystem {
            shown: RwLock::new(Arc::new(shown)),
            made: MadeTable::default(),
            open_files: OpenFiles::default(),
            owner,
            drift,
            complained: Mutex::default(),
            recall: None,
        }
    }

    /// Knows, too, what was shown before this process took over.
    #[must_use]
    pub fn with_recall(self, recall: Recall) -> FileSystem {
        // Nearly every mount is asked for this one, and it takes no search.
        self.recover_item(self.shown().veneer().folder());
        FileSystem { recall: Some(recall), ..self }
    }

    /// Knows something in `.veneer/` that the kernel may know from another process.
    pub(crate) fn recover_item(&self, item: Item) {
        self.made.recover(item.identity(), MadeThing::Veneer(item));
    }

    /// What is known of what was shown before this process took over.
    pub fn recall(&self) -> Option<&Recall> {
        self.recall.as_ref()
    }

    /// Whether the number stands for something that is remembered.
    pub fn is_made(&self, number: Number) -> bool {
        self.made.find(number).is_some()
    }

    /// What is shown at this moment.
    pub fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows something else from now on; inodes that are known keep their content.
    pub fn show(&self, shown: Arc<Shown>) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    /// The entry `name` of a folder, which counts as looked up; `None` where there is none.
    pub fn lookup(&self, folder: Number, name: &[u8]) -> Result<Option<Attributes>> {
        self.lookup_in(&self.shown(), folder, name)
    }

    /// As [`FileSystem::lookup`], in something that is shown beside other things.
    pub fn lookup_in(&self, shown: &Shown, folder: Number, name: &[u8]) -> Result<Option<Attributes>> {
        let path = match self.meaning(shown, folder)? {
            Meaning::Folder(path) => path,
            Meaning::Made(thing) => return self.lookup_in_veneer(shown, &thing, name),
            Meaning::Row { .. } => return Err(not_a_folder(folder)),
        };
        if path.is_root() && name == veneer_folder::NAME {
            return self.tell_item(shown.veneer().folder()).map(Some);
        }
        if name.len() > NAME_LEN_MAX {
            return Err(Error::invalid("name", &String::from_utf8_lossy(name), "a name has at most 255 bytes"));
        }
        let parent = shown.folder(&path)?;
        shown.view().child(&parent, name)?.map(|node| self.tell(shown.number(&node)?, &node.entry)).transpose()
    }

    fn lookup_in_veneer(&self, shown: &Shown, folder: &MadeThing, name: &[u8]) -> Result<Option<Attributes>> {
        match folder {
            MadeThing::Veneer(Item::Folder { .. }) => {
                shown.veneer_file(name)?.map(|item| self.tell_item(item)).transpose()
            }
            _ => Err(not_a_folder(veneer_folder::Item::folder_number())),
        }
    }

    /// The attributes of something in `.veneer/`, which the kernel is about to know.
    pub(crate) fn tell_item(&self, item: Item) -> Result<Attributes> {
        let (identity, entry) = (item.identity(), item.entry());
        self.tell(Numbered::Made(identity, MadeThing::Veneer(item)), &entry)
    }

    /// The attributes of what the kernel is about to know.
    fn tell(&self, numbered: Numbered, entry: &Entry) -> Result<Attributes> {
        let number = match numbered {
            Numbered::Computed(number) => number,
            Numbered::Made(identity, thing) => self.made.remember(identity, || thing)?,
        };
        Ok(Attributes::new(number, entry, self.owner))
    }

    /// The kernel no longer knows the number, which it was told `times` times.
    pub fn forget(&self, number: Number, times: u64) {
        if number.reading() == Reading::Made {
            self.made.forget(number, times);
        }
    }

    /// What `stat` tells of an inode.
    pub fn attributes(&self, number: Number) -> Result<Attributes> {
        self.attributes_in(&self.shown(), number)
    }

    /// As [`FileSystem::attributes`], in something that is shown beside other things.
    pub fn attributes_in(&self, shown: &Shown, number: Number) -> Result<Attributes> {
        let entry = match self.meaning(shown, number)? {
            Meaning::Folder(path) => shown.folder(&path)?.entry,
            Meaning::Row { generation, row } => shown.base_view(generation)?.base().entry(row)?,
            Meaning::Made(thing) => match &*thing {
                MadeThing::Folder(path) => shown.folder(path)?.entry,
                MadeThing::Leaf { node, .. } => node.entry,
                MadeThing::Veneer(Item::Folder { .. }) => shown.veneer().folder().entry(),
                MadeThing::Veneer(item) => item.entry(),
            },
        };
        Ok(Attributes::new(number, &entry, self.owner))
    }

    /// What a symbolic link points to, as it was written.
    pub fn link_target(&self, number: Number) -> Result<Vec<u8>> {
        let shown = self.shown();
        match self.meaning(&shown, number)? {
            Meaning::Row { generation, row } => Ok(shown.base_view(generation)?.base().link_target(row)?.to_vec()),
            Meaning::Made(thing) => match &*thing {
                MadeThing::Leaf { generation, node } => shown.base_view(*generation)?.link_target(node),
                _ => Err(Error::invalid("symbolic link", &format!("inode {:x}", number.0), "it is something else")),
            },
            Meaning::Folder(path) => Err(Error::new(ErrorKind::IsAFolder { path: path.to_string() })),
        }
    }

    /// Gives `add` the entries of a folder that come after the cookie `after` (0: all), until it is full.
    pub fn list(
        &self,
        folder: Number,
        after: u64,
        detail: Detail,
        add: &mut dyn FnMut(Listed<'_>) -> Room,
    ) -> Result<()> {
        self.list_in(&self.shown(), folder, after, detail, add)
    }

    /// As [`FileSystem::list`], in something that is shown beside other things.
    pub fn list_in(
        &self,
        shown: &Shown,
        folder: Number,
        after: u64,
        detail: Detail,
        add: &mut dyn FnMut(Listed<'_>) -> Room,
    ) -> Result<()> {
        let path = match self.meaning(shown, folder)? {
            Meaning::Folder(path) => path,
            Meaning::Made(thing) if matches!(*thing, MadeThing::Veneer(Item::Folder { .. })) => {
                return self.list_veneer(shown, after, detail, add);
            }
            _ => return Err(not_a_folder(folder)),
        };
        let node = shown.folder(&path)?;
        if self.list_dots(shown, &path, folder, &node.entry, after, add)? == Room::Full {
            return Ok(());
        }
        let in_place = match node.place {
            Place::Folder { base: Some(row) } => shown.view().base().find(&path)? == Some(row),
            _ => false,
        };
        let changed = shown.changed(&node)?;
        let resume = shown.resume(&node, after)?;
        listing::walk(shown.view(), &node, &changed, resume, &mut |cookie, child| {
            self.list_child(shown, &node, in_place, cookie, &child, detail, add)
        })
    }

    #[allow(clippy::too_many_arguments)] // What a listing holds on to; a struct would only name it again.
    fn list_child(
        &self,
        shown: &Shown,
        folder: &Node,
        in_place: bool,
        cookie: u64,
        child: &Child<'_>,
        detail: Detail,
        add: &mut dyn FnMut(Listed<'_>) -> Room,
    ) -> Result<bool> {
        let (name, entry, numbered) = match child {
            Child::Node(node) => (node.name(), node.entry, shown.number(node)?),
            Child::Row(row) => {
                let base = shown.view().base();
                let (name, entry) = (base.name(*row)?, base.entry(*row)?);
                (name, entry, shown.child_number(*row, &entry, name, folder, in_place)?)
            }
        };
        if folder.path.is_root() && name == veneer_folder::NAME {
            return Ok(true);
        }
        let attributes = Attributes::new(numbered.number(), &entry, self.owner);
        if add(Listed { cookie, name, attributes }) == Room::Full {
            return Ok(false);
        }
        // Only now is it sure that the kernel will be told of it.
        if detail == Detail::Attributes {
            self.tell(numbered, &entry)?;
        }
        Ok(true)
    }

    fn list_dots(
        &self,
        shown: &Shown,
        path: &DataPath,
        number: Number,
        entry: &Entry,
        after: u64,
        add: &mut dyn FnMut(Listed<'_>) -> Room,
    ) -> Result<Room> {
        let parent = path.parent().unwrap_or(DataPath::ROOT);
        if after < listing::SELF {
            let attributes = Attributes::new(number, entry, self.owner);
            if add(Listed { cookie: listing::SELF, name: b".", attributes }) == Room::Full {
                return Ok(Room::Full);
            }
        }
        if after < listing::PARENT {
            let attributes = Attributes::new(shown.folder_number(&parent)?.number(), entry, self.owner);
            return Ok(add(Listed { cookie: listing::PARENT, name: b"..", attributes }));
        }
        Ok(Room::Taken)
    }

    fn list_veneer(
        &self,
        shown: &Shown,
        after: u64,
        detail: Detail,
        add: &mut dyn FnMut(Listed<'_>) -> Room,
    ) -> Result<()> {
        let entry = shown.veneer().folder().entry();
        let folder = Item::folder_number();
        if self.list_dots(shown, &DataPath::ROOT, folder, &entry, after, add)? == Room::Full {
            return Ok(());
        }
        for (cookie, (name, item)) in (listing::PARENT + 1..).zip(shown.veneer().files()) {
            let attributes = Attributes::new(Number::of_made(&item.identity()), &item.entry(), self.owner);
            if cookie <= after {
                continue;
            }
            if add(Listed { cookie, name, attributes }) == Room::Full {
                break;
            }
            if detail == Detail::Attributes {
                self.tell_item(item)?;
            }
        }
        Ok(())
    }

    /// Fills `buffer` from `offset` of a file; fewer bytes only at the end of the file.
    ///
    /// `None`: it would have to wait, and `wait` says not to.
    ///
    /// # Errors
    /// `SourceChanged` when the source file is no longer what was recorded; the log has a line for each such file.
    pub fn read(&self, number: Number, offset: u64, buffer: &mut [u8], wait: Wait) -> Result<Option<usize>> {
        let result = self.read_quietly(number, offset, buffer, wait);
        if let Err(error) = &result {
            self.complain(number, error);
        }
        result
    }

    fn read_quietly(&self, number: Number, offset: u64, buffer: &mut [u8], wait: Wait) -> Result<Option<usize>> {
        if let Some(file) = self.open_files.find(number) {
            let result = file.read(offset, buffer, wait);
            // An error: the path may lead to what was recorded again one day, this descriptor never will.
            // All of a file in one go: it is not likely to be asked for again, the kernel has its pages.
            if result.as_ref().map_or(true, |read| offset == 0 && read.is_some_and(|read| read as u64 == file.len())) {
                self.open_files.close(number);
            }
            return result;
        }
        let file = match self.open_anew(number, wait)? {
            Some(Bytes::File(file)) => file,
            Some(Bytes::Text(bytes)) => return Ok(Some(copy_from(&bytes, offset, buffer))),
            None => return Ok(None),
        };
        let read = file.read(offset, buffer, wait)?;
        if read.is_none_or(|read| offset + (read as u64) < file.len()) {
            self.open_files.keep(number, file);
        }
        Ok(read)
    }

    /// Opens a file for somebody who wants to read it, and checks that it is what was recorded.
    ///
    /// `None`: it would have to wait, and `wait` says not to.
    ///
    /// # Errors
    /// As [`FileSystem::read`]; also `Corrupt` for a big blob that is damaged anywhere.
    pub fn open(&self, number: Number, wait: Wait) -> Result<Option<Opened>> {
        let result = self.open_quietly(number, wait);
        if let Err(error) = &result {
            self.complain(number, error);
        }
        result
    }

    fn open_quietly(&self, number: Number, wait: Wait) -> Result<Option<Opened>> {
        let file = match self.open_anew(number, wait)? {
            Some(Bytes::File(file)) => file,
            Some(Bytes::Text(_)) => return Ok(Some(Opened::Small)),
            None => return Ok(None),
        };
        if file.len() >= BIG_LEN && file.backing()?.is_some() {
            return Ok(Some(Opened::Big(file)));
        }
        // The first read will come soon, if the kernel has not all of it.
        self.open_files.keep(number, file);
        Ok(Some(Opened::Small))
    }

    fn open_anew(&self, number: Number, wait: Wait) -> Result<Option<Bytes>> {
        let shown = self.shown();
        let opened = match self.meaning(&shown, number)? {
            Meaning::Folder(path) => return Err(Error::new(ErrorKind::IsAFolder { path: path.to_string() })),
            Meaning::Row { generation, row } => {
                let view = shown.base_view(generation)?;
                let (path, entry) = (view.base().path(row)?, view.base().entry(row)?);
                if entry.kind != Kind::File {
                    return Err(Error::invalid("file", &path.to_string(), "it is a symbolic link"));
                }
                OpenFile::open(view, &Node { path, entry, place: Place::Source { row } }, self.drift, wait)?
            }
            Meaning::Made(thing) => match &*thing {
                MadeThing::Leaf { generation, node } => {
                    OpenFile::open(shown.base_view(*generation)?, node, self.drift, wait)?
                }
                MadeThing::Veneer(Item::File { bytes, .. }) => return Ok(Some(Bytes::Text(Arc::clone(bytes)))),
                MadeThing::Veneer(Item::Samples(file)) => return Ok(file.bytes()?.map(Bytes::Text)),
                _ => return Err(Error::new(ErrorKind::IsAFolder { path: String::new() })),
            },
        };
        Ok(opened.map(Bytes::File))
    }

    /// One line in the log for each file, however often it is read.
    fn complain(&self, number: Number, error: &Error) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.len() < COMPLAINTS_MAX && complained.insert(number) {
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            warn!(inode = number.0, cause, "a read was refused: {error}");
        }
    }

    /// What `df` tells.
    pub fn statistics(&self) -> Result<Statistics> {
        let totals = self.shown().totals()?;
        Ok(Statistics { bytes: totals.bytes, entries: totals.files + totals.folders + totals.symlinks + 1 })
    }

    fn made_thing(&self, number: Number) -> Result<Option<Arc<MadeThing>>> {
        match (self.made.find(number), &self.recall) {
            (None, Some(recall)) => recall.find(number, &self.made),
            (found, _) => Ok(found),
        }
    }

    fn meaning(&self, shown: &Shown, number: Number) -> Result<Meaning> {
        match number.reading() {
            Reading::Root => Ok(Meaning::Folder(DataPath::ROOT)),
            Reading::Base { generation, row } => {
                let base = shown.base_view(generation)?.base();
                match base.entry(row)?.kind {
                    Kind::Folder => Ok(Meaning::Folder(base.path(row)?)),
                    Kind::File | Kind::Symlink => Ok(Meaning::Row { generation, row }),
                }
            }
            Reading::Made => match self.made_thing(number)? {
                Some(thing) => match &*thing {
                    MadeThing::Folder(path) => Ok(Meaning::Folder(path.clone())),
                    _ => Ok(Meaning::Made(thing)),
                },
                None => Err(Error::not_found("inode", format_args!("{:x}", number.0))),
            },
            Reading::Nothing => Err(Error::not_found("inode", format_args!("{:x}", number.0))),
        }
    }
}

fn not_a_folder(number: Number) -> Error {
    Error::new(ErrorKind::NotAFolder { path: format!("inode {:x}", number.0) })
}

fn copy_from(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> usize {
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let len = buffer.len().min(bytes.len() - from);
    buffer[..len].copy_from_slice(&bytes[from..from + len]);
    len
}
