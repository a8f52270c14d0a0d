//! What a mount shows at one moment: a view, and the numbers of what is in it.
//!
//! A request takes the present one once and asks nothing else, so that it is
//! answered from one revision, whatever is committed meanwhile.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use veneer::base::{Row, Totals};
use veneer::dataset::{Node, Place, Target, View};
use veneer::model::{DataPath, Entry, Id, Kind};
use veneer::{Error, Result};

use crate::inode::{Identity, Number, Reading};
use crate::listing::{ChangedList, Resume, Stop};
use crate::samples_file::{self, SamplesFile};
use crate::veneer_folder::{self, Info, VeneerFolder};

/// A view with its numbers.
#[derive(Debug)]
pub struct Shown {
    view: View,
    revision: Id,
    generation: usize,
    /// A view on each base that this mount moved through, oldest first: old numbers stay readable.
    bases: Arc<[View]>,
    /// The changed children of the folders that were listed last; a listing asks many times.
    lists: Mutex<Vec<(DataPath, Arc<ChangedList>)>>,
    totals: OnceLock<Totals>,
    veneer: VeneerFolder,
    samples: Arc<SamplesFile>,
}

/// How many folders' changed children are kept; a walk lists one folder at a time.
const LISTS_MAX: usize = 4;

/// What a number above 2^63 stands for.
#[derive(Debug)]
pub enum MadeThing {
    /// The folder at a path, as whatever is shown has it.
    Folder(DataPath),
    /// A file or a symbolic link, for ever as it was when it was looked up.
    Leaf {
        /// Which base the node speaks of.
        generation: usize,
        /// What it is.
        node: Node,
    },
    /// Something in `.veneer/`.
    Veneer(veneer_folder::Item),
}

/// A number, or what to remember in order to have one.
#[derive(Debug)]
pub enum Numbered {
    /// A number that needs no memory.
    Computed(Number),
    /// The identity whose number must be remembered, and what it stands for.
    Made(Identity, MadeThing),
}

impl Numbered {
    /// The number itself.
    pub fn number(&self) -> Number {
        match self {
            Numbered::Computed(number) => *number,
            Numbered::Made(identity, _) => Number::of_made(identity),
        }
    }
}

impl Shown {
    /// What a mount shows first.
    pub fn first(view: View, revision: Id, veneer: VeneerFolder) -> Shown {
        let bases = Arc::from([view.clone()]);
        Shown::new(view, revision, veneer, 0, bases)
    }

    /// What it shows after it has moved on to another revision.
    pub fn after(&self, view: View, revision: Id, veneer: VeneerFolder) -> Shown {
        let known = self.bases.iter().position(|known| known.base().id() == view.base().id());
        let (generation, bases) = match known {
            Some(generation) => (generation, Arc::clone(&self.bases)),
            None => (self.bases.len(), self.bases.iter().chain([&view]).cloned().collect()),
        };
        Shown::new(view, revision, veneer, generation, bases)
    }

    fn new(view: View, revision: Id, veneer: VeneerFolder, generation: usize, bases: Arc<[View]>) -> Shown {
        let samples = Arc::new(SamplesFile::new(view.clone(), revision, veneer.mtime_ns()));
        Shown { view, revision, generation, bases, lists: Mutex::default(), totals: OnceLock::new(), veneer, samples }
    }

    /// The file in `.veneer/` with this name.
    ///
    /// That with the table of samples is made by the first who asks for it.
    ///
    /// # Errors
    /// Those of making it.
    pub fn veneer_file(&self, name: &[u8]) -> veneer::Result<Option<veneer_folder::Item>> {
        if name == samples_file::NAME {
            return Ok(self.samples.bytes()?.map(|_| self.samples()));
        }
        Ok(self.veneer.file(name))
    }

    /// The file with the table of samples, whether or not there are any; it is not made by this.
    pub fn samples(&self) -> veneer_folder::Item {
        veneer_folder::Item::Samples(Arc::clone(&self.samples))
    }

    /// The same, with another `.veneer/`.
    pub fn with_info(&self, info: &Info) -> Shown {
        let veneer = VeneerFolder::new(info, self.revision, self.veneer.mtime_ns());
        let (view, bases, samples) = (self.view.clone(), Arc::clone(&self.bases), Arc::clone(&self.samples));
        Shown { samples, ..Shown::new(view, self.revision, veneer, self.generation, bases) }
    }

    /// The view.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The revision that the view is of.
    pub fn revision(&self) -> Id {
        self.revision
    }

    /// Which base the view's rows belong to.
    pub fn generation(&self) -> usize {
        self.generation
    }

    /// The number of the newest base that was ever shown.
    pub fn last_generation(&self) -> usize {
        self.bases.len() - 1
    }

    /// `.veneer/` as it is now.
    pub fn veneer(&self) -> &VeneerFolder {
        &self.veneer
    }

    /// A view on the base of this generation.
    ///
    /// # Errors
    /// `NotFound` for a number that was never given out.
    pub fn base_view(&self, generation: usize) -> Result<&View> {
        self.bases.get(generation).ok_or_else(|| Error::not_found("base generation", generation))
    }

    /// The counts over the whole view; counted once.
    pub fn totals(&self) -> Result<Totals> {
        match self.totals.get() {
            Some(totals) => Ok(*totals),
            None => {
                let totals = self.view.totals()?;
                Ok(*self.totals.get_or_init(|| totals))
            }
        }
    }

    /// The folder at `path`.
    ///
    /// # Errors
    /// `NotFound` when there is none, or no longer.
    pub fn folder(&self, path: &DataPath) -> Result<Node> {
        match self.view.node(path)? {
            Some(node) if node.is_folder() => Ok(node),
            _ => Err(Error::not_found("folder", path)),
        }
    }

    /// The number of a node of this view.
    pub fn number(&self, node: &Node) -> Result<Numbered> {
        let row = match &node.place {
            Place::Folder { .. } => return self.folder_number(&node.path),
            Place::Source { row } | Place::Symlink(Target::Base(row)) => Some(*row),
            Place::Blob(_) | Place::Extents { .. } | Place::Rows { .. } | Place::Symlink(Target::Overlay(_)) => None,
        };
        match row {
            Some(row) if self.view.base().entry(row)? == node.entry => Ok(Numbered::Computed(self.row_number(row)?)),
            _ => {
                let made = MadeThing::Leaf { generation: self.generation, node: node.clone() };
                Ok(Numbered::Made(self.identity(node)?, made))
            }
        }
    }

    /// The number of the folder at `path`: one for as long as the mount lives, whatever is in it.
    ///
    /// The kernel must not see one folder in two places, nor lose a working
    /// directory because somebody committed.
    pub fn folder_number(&self, path: &DataPath) -> Result<Numbered> {
        for (generation, view) in self.bases.iter().enumerate() {
            let base = view.base();
            if let Some(row) = base.find(path)?
                && base.entry(row)?.kind == Kind::Folder
            {
                return Ok(Numbered::Computed(Number::of_row(generation, row)));
            }
        }
        let (identity, made) = Shown::made_folder(path);
        Ok(Numbered::Made(identity, made))
    }

    /// What the number of the folder at `path` is made of, while no base has one there.
    pub fn made_folder(path: &DataPath) -> (Identity, MadeThing) {
        (Identity::of(&[b"folder", path.as_bytes()]), MadeThing::Folder(path.clone()))
    }

    /// All numbers by which the kernel may know the folder at `path`.
    ///
    /// One that only an overlay had keeps that number in the kernel when a later base has it, too.
    pub fn folder_numbers(&self, path: &DataPath) -> Result<impl Iterator<Item = Number>> {
        let number = self.folder_number(path)?.number();
        let is_first = matches!(number.reading(), Reading::Root | Reading::Base { generation: 0, .. });
        let made = Number::of_made(&Shown::made_folder(path).0);
        let before = (!is_first && number != made).then_some(made);
        Ok([Some(number), before].into_iter().flatten())
    }

    /// The number of a child of the folder `parent` that the overlay does not speak of.
    ///
    /// `in_place`: whether the folder is where the base has it, too.
    pub fn child_number(
        &self,
        row: Row,
        entry: &Entry,
        name: &[u8],
        parent: &Node,
        in_place: bool,
    ) -> Result<Numbered> {
        match entry.kind {
            Kind::Folder if in_place && self.generation == 0 => Ok(Numbered::Computed(Number::of_row(0, row))),
            Kind::Folder => self.folder_number(&parent.path.join(name)?),
            Kind::File | Kind::Symlink => Ok(Numbered::Computed(self.row_number(row)?)),
        }
    }

    /// The number of a file or link of the present base: that of the oldest base which has the same.
    fn row_number(&self, row: Row) -> Result<Number> {
        if self.generation > 0 {
            let base = self.view.base();
            let (path, entry) = (base.path(row)?, base.entry(row)?);
            for (generation, older) in self.bases[..self.generation].iter().enumerate() {
                let older = older.base();
                if let Some(same) = older.find(&path)?
                    && older.entry(same)? == entry
                    && older.link_target(same)? == base.link_target(row)?
                {
                    return Ok(Number::of_row(generation, same));
                }
            }
        }
        Ok(Number::of_row(self.generation, row))
    }

    /// What makes a leaf of the overlay the same: path, attributes, and where its bytes come from.
    fn identity(&self, node: &Node) -> Result<Identity> {
        let Entry { kind, size, mtime_ns, mode } = node.entry;
        let attributes = format!("{} {size} {mtime_ns} {mode:o}", kind.as_str());
        let mut content = Vec::new();
        let source = match say_content(&node.place, &mut content) {
            // Not the row: another base may have the same file elsewhere.
            Some(row) => {
                let base = self.view.base();
                let entry = base.entry(row)?;
                [base.path(row)?.as_bytes(), format!("/{} {}", entry.size, entry.mtime_ns).as_bytes()].concat()
            }
            None => Vec::new(),
        };
        Ok(Identity::of(&[b"leaf", node.path.as_bytes(), attributes.as_bytes(), &source, &content]))
    }

    /// The children of a folder of which the overlay speaks; kept for the next request.
    pub fn changed(&self, folder: &Node) -> Result<Arc<ChangedList>> {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = lists.iter().position(|(path, _)| *path == folder.path) {
            let known = lists.remove(at);
            let list = Arc::clone(&known.1);
            lists.push(known);
            return Ok(list);
        }
        drop(lists);
        let list = Arc::new(ChangedList::of(&self.view, folder)?);
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if lists.len() >= LISTS_MAX {
            lists.remove(0);
        }
        lists.push((folder.path.clone(), Arc::clone(&list)));
        Ok(list)
    }

    /// Where the listing of `folder` goes on after the cookie `after`.
    pub fn resume(&self, folder: &Node, after: u64) -> Result<Resume> {
        let resume = |skip| Resume { skip, added_after: after, generation: self.generation };
        Ok(match Stop::after(after) {
            Stop::Start => resume(Some(0)),
            Stop::Added(_) => resume(None),
            Stop::Base { generation, index } if generation == self.generation => resume(Some(index.saturating_add(1))),
            Stop::Base { generation, index } => {
                let view = self.base_view(generation)?;
                let before = match view.node(&folder.path)? {
                    Some(node) if node.is_folder() => view.base_children(&node)?,
                    _ => 0..0,
                };
                let row = before.start.saturating_add(index);
                resume(Some(if row < before.end {
                    self.count_up_to(folder, view.base().name(row)?)?
                } else {
                    index.saturating_add(1)
                }))
            }
        })
    }

    /// How many of the base's children of `folder` have names up to `name`.
    fn count_up_to(&self, folder: &Node, name: &[u8]) -> Result<Row> {
        let rows = self.view.base_children(folder)?;
        let (mut low, mut high) = (rows.start, rows.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.view.base().name(middle)? <= name { low = middle + 1 } else { high = middle }
        }
        Ok(low - rows.start)
    }
}

/// Adds what makes the bytes of `place` the same; returns the base's row of which they are besides.
fn say_content(place: &Place, content: &mut Vec<u8>) -> Option<Row> {
    match place {
        Place::Source { row } | Place::Symlink(Target::Base(row)) => Some(*row),
        Place::Extents { row, extents } => {
            for extent in extents.iter() {
                [extent.offset, extent.replaced, extent.len].iter().for_each(|n| content.extend(n.to_le_bytes()));
                content.extend_from_slice(extent.blob.as_bytes());
            }
            Some(*row)
        }
        Place::Rows { below, rows } => {
            let row = say_content(below, content);
            content.extend_from_slice(rows.as_bytes());
            row
        }
        Place::Blob(id) => {
            content.extend_from_slice(id.as_bytes());
            None
        }
        Place::Symlink(Target::Overlay(target)) => {
            content.extend_from_slice(target);
            None
        }
        Place::Folder { .. } => None,
    }
}
