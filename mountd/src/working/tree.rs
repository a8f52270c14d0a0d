//! The names and inodes of a working state, over the base that says the rest.
//!
//! Only what was touched is in memory. The rest is implied by the base: a
//! folder shows the children of the base's folder below it but for the names
//! that it has a word of its own on, and a row's inode is what the base says.
//! What is touched has its name, and those of all folders above it, spoken of,
//! so that a walk along the spoken names finds every change.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use veneer::base::{Base, Row};
use veneer::dataset::View;
use veneer::model::{DataPath, Entry, Kind};

use super::asked::Done;
use super::heirs::Heirs;
use super::load::Forgotten;
use super::record::{Bytes, Ino, Inode, Record, Settled, Showing, Times, What};
use super::refused::{Answer, Refused};
use crate::attributes::Owner;

/// Names and inodes.
#[derive(Debug)]
pub struct Tree {
    /// What the state began from; its base has the rows.
    pub view: View,
    owner: Owner,
    inodes: HashMap<Ino, Inode>,
    folders: HashMap<Ino, Spoken>,
    settled: Option<Settled>,
    done: Done,
    untold: Forgotten,
    /// Files that lost their names behind the back of those who may write to them.
    pub heirs: Heirs,
    next_made: u64,
    next_showing: Showing,
    next_scratch: u64,
}

/// The names that a folder has a word of its own on.
#[derive(Debug, Default)]
pub struct Spoken {
    names: HashMap<Vec<u8>, Slot>,
    /// In the order of their coming: a listing goes on where it stopped whatever else comes or goes.
    order: BTreeMap<u64, Vec<u8>>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    ino: Option<Ino>,
    place: u64,
}

impl Spoken {
    /// The names, and whose they are.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Option<Ino>)> {
        self.names.iter().map(|(name, slot)| (name.as_slice(), slot.ino))
    }

    /// The names that come after a place in the order of their coming.
    pub fn after(&self, place: u64) -> impl Iterator<Item = (u64, &[u8], Option<Ino>)> {
        self.order.range(place + 1..).map(|(place, name)| {
            let ino = self.names.get(name).and_then(|slot| slot.ino);
            (*place, name.as_slice(), ino)
        })
    }

    /// Whose a name is: `None` if nothing is said of it.
    pub fn get(&self, name: &[u8]) -> Option<Option<Ino>> {
        self.names.get(name).map(|slot| slot.ino)
    }

    fn set(&mut self, name: &[u8], ino: Option<Ino>) {
        if let Some(slot) = self.names.get_mut(name) {
            slot.ino = ino;
            return;
        }
        self.next += 1;
        self.names.insert(name.to_vec(), Slot { ino, place: self.next });
        self.order.insert(self.next, name.to_vec());
    }

    /// As [`Spoken::set`], at a place of old: a listing goes on over a new journal, too.
    fn set_at(&mut self, name: &[u8], ino: Option<Ino>, place: u64) {
        self.unset(name);
        self.names.insert(name.to_vec(), Slot { ino, place });
        self.order.insert(place, name.to_vec());
        self.next = self.next.max(place);
    }

    fn unset(&mut self, name: &[u8]) {
        if let Some(slot) = self.names.remove(name) {
            self.order.remove(&slot.place);
        }
    }
}

impl Tree {
    /// The state in which everything is as the base has it.
    pub fn new(view: View, owner: Owner) -> Tree {
        Tree {
            view,
            owner,
            inodes: HashMap::new(),
            folders: HashMap::new(),
            settled: None,
            done: Done::default(),
            untold: Forgotten::default(),
            heirs: Heirs::default(),
            next_made: 1,
            next_showing: 1,
            next_scratch: 1,
        }
    }

    /// Does a record.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Put(ino, inode) => {
                self.note_used(*ino, inode);
                self.inodes.insert(*ino, inode.clone());
            }
            Record::Drop(ino) => {
                self.inodes.remove(ino);
                self.folders.remove(ino);
                self.heirs.remove(*ino);
            }
            Record::Held(ino, Some(held)) => self.heirs.hold(*ino, (**held).clone()),
            Record::Held(ino, None) => self.heirs.let_go(*ino),
            Record::Name(folder, name, ino) => self.folders.entry(*folder).or_default().set(name, *ino),
            Record::Unsaid(folder, name) => {
                if let Some(spoken) = self.folders.get_mut(folder) {
                    spoken.unset(name);
                }
            }
            Record::Settled(settled) => self.settled = Some(*settled),
            Record::NameAt(folder, name, ino, place) => {
                self.folders.entry(*folder).or_default().set_at(name, *ino, *place);
            }
            Record::Done(number, made) => self.done.add(*number, *made),
            Record::Began => self.begin(),
            Record::Untold(names, inodes) => {
                self.untold.names.extend_from_slice(names);
                self.untold.inodes.extend_from_slice(inodes);
            }
            Record::Told => self.untold = Forgotten::default(),
        }
    }

    /// Another mount begins, whose kernel knows nothing and nobody has anything open.
    fn begin(&mut self) {
        self.done.clear();
        self.untold = Forgotten::default();
        let is_orphan = |(ino, inode): &(Ino, &Inode)| inode.links == 0 && self.heirs.get(*ino).is_none();
        let orphans: Vec<Ino> = self.touched().filter(is_orphan).map(|(ino, _)| ino).collect();
        orphans.into_iter().for_each(|ino| self.apply(&Record::Drop(ino)));
    }

    /// No number is given out twice, whatever the journal was replayed from.
    fn note_used(&mut self, ino: Ino, inode: &Inode) {
        if let Some(count) = ino.made() {
            self.next_made = self.next_made.max(count + 1);
        }
        if let Some((showing, _)) = ino.row() {
            self.next_showing = self.next_showing.max(showing + 1);
        }
        match &inode.what {
            What::Folder { below: Some((showing, _)), .. } => {
                self.next_showing = self.next_showing.max(showing + 1);
            }
            What::File(Bytes::Scratch(number)) => self.next_scratch = self.next_scratch.max(number + 1),
            _ => {}
        }
    }

    /// A number that no inode had.
    pub fn new_ino(&mut self) -> Ino {
        self.next_made += 1;
        Ino::of_made(self.next_made - 1)
    }

    /// A showing that no folder has.
    pub fn new_showing(&mut self) -> Showing {
        self.next_showing += 1;
        self.next_showing - 1
    }

    /// A number that no scratch file had.
    pub fn new_scratch(&mut self) -> u64 {
        self.next_scratch += 1;
        self.next_scratch - 1
    }

    /// What was last known to be in the store.
    pub fn settled(&self) -> Option<Settled> {
        self.settled
    }

    /// The requests that were done last.
    pub fn done(&self) -> &Done {
        &self.done
    }

    /// What the kernel was perhaps not told to forget.
    pub fn untold(&self) -> &Forgotten {
        &self.untold
    }

    /// Whose the files are of which nobody said anything else.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// The base of all rows.
    pub fn base(&self) -> &Base {
        self.view.base()
    }

    /// All that is spoken of, as the records that say so.
    pub fn records(&self) -> Vec<Record> {
        let mut records: Vec<_> = self.inodes.iter().map(|(ino, inode)| Record::Put(*ino, inode.clone())).collect();
        for (folder, spoken) in &self.folders {
            let names = spoken.order.iter().map(|(place, name)| (place, name, spoken.names[name].ino));
            records.extend(names.map(|(place, name, ino)| Record::NameAt(*folder, name.clone(), ino, *place)));
        }
        records.extend(self.done.records());
        let Forgotten { names, inodes } = &self.untold;
        if !names.is_empty() || !inodes.is_empty() {
            records.push(Record::Untold(names.clone(), inodes.clone()));
        }
        records.extend(self.heirs.held().map(|(ino, held)| Record::Held(ino, Some(Box::new(held.clone())))));
        records.extend(self.settled.map(Record::Settled));
        records
    }

    /// The inodes that are spoken of.
    pub fn touched(&self) -> impl Iterator<Item = (Ino, &Inode)> {
        self.inodes.iter().map(|(ino, inode)| (*ino, inode))
    }

    /// The inode, if it is spoken of.
    pub fn spoken_inode(&self, ino: Ino) -> Option<&Inode> {
        self.inodes.get(&ino)
    }

    /// The names in a folder that are spoken of.
    pub fn spoken(&self, folder: Ino) -> Option<&Spoken> {
        self.folders.get(&folder)
    }

    /// What an inode is.
    pub fn inode(&self, ino: Ino) -> Answer<Inode> {
        if let Some(inode) = self.inodes.get(&ino) {
            return Ok(inode.clone());
        }
        let (showing, row) = ino.row().ok_or(Refused(libc::ESTALE))?;
        let base = self.base();
        let Entry { kind, mtime_ns, mode, .. } = base.entry(row)?;
        let what = match kind {
            Kind::Folder => {
                What::Folder { parent: Ino::of_row(showing, base.parent(row)?), below: Some((showing, row)) }
            }
            Kind::File => What::File(Bytes::Row(row)),
            Kind::Symlink => What::Link(base.link_target(row)?.to_vec()),
        };
        let times = Times { accessed: mtime_ns, modified: mtime_ns, changed: mtime_ns };
        let Owner { user, group } = self.owner;
        Ok(Inode { mode, user, group, times, links: 1, what, extended: BTreeMap::new() })
    }

    /// The folder that an inode is, and what shows below it.
    pub fn folder(&self, ino: Ino) -> Answer<(Ino, Option<(Showing, Row)>)> {
        if let Some(inode) = self.inodes.get(&ino) {
            return match inode.what {
                What::Folder { parent, below } => Ok((parent, below)),
                _ => Err(Refused(libc::ENOTDIR)),
            };
        }
        match self.inode(ino)?.what {
            What::Folder { parent, below } => Ok((parent, below)),
            _ => Err(Refused(libc::ENOTDIR)),
        }
    }

    /// The inode that has a name in a folder.
    pub fn child(&self, folder: Ino, name: &[u8]) -> Answer<Option<Ino>> {
        let (_, below) = self.folder(folder)?;
        if name.len() > 255 {
            return Err(Refused(libc::ENAMETOOLONG));
        }
        match self.folders.get(&folder).and_then(|spoken| spoken.get(name)) {
            Some(said) => Ok(said.filter(|ino| !self.is_hidden(*ino))),
            None => match below {
                Some((showing, row)) => Ok(self.base().child(row, name)?.map(|row| Ino::of_row(showing, row))),
                None => Ok(None),
            },
        }
    }

    /// Whether an inode is what nobody sees.
    pub fn is_hidden(&self, ino: Ino) -> bool {
        matches!(self.inodes.get(&ino), Some(Inode { what: What::Hidden(_), .. }))
    }

    /// The inode that has a name in a folder and does not show.
    pub fn hidden(&self, folder: Ino, name: &[u8]) -> Option<Ino> {
        self.folders.get(&folder).and_then(|spoken| spoken.get(name)).flatten().filter(|ino| self.is_hidden(*ino))
    }

    /// Whether no name in a folder is anybody's who shows.
    pub fn is_empty(&self, folder: Ino) -> Answer<bool> {
        let rows = self.rows_below(folder)?;
        let Some(spoken) = self.folders.get(&folder) else { return Ok(rows.is_empty()) };
        if spoken.iter().any(|(_, ino)| ino.is_some_and(|ino| !self.is_hidden(ino))) {
            return Ok(false);
        }
        for row in rows {
            if spoken.get(self.base().name(row)?).is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The base's rows that show in a folder unless their names are spoken of.
    pub fn rows_below(&self, folder: Ino) -> Answer<Range<Row>> {
        match self.folder(folder)?.1 {
            Some((_, row)) => Ok(self.base().children(row)?),
            None => Ok(0..0),
        }
    }

    /// The row that the base has under a name in a folder, whatever is said of it.
    pub fn row_under(&self, folder: Ino, name: &[u8]) -> Answer<Option<Row>> {
        match self.folder(folder)?.1 {
            Some((_, row)) => Ok(self.base().child(row, name)?),
            None => Ok(None),
        }
    }

    /// Makes an inode spoken of, and its name, and the folders above it; returns what it is.
    pub fn touch(&self, ino: Ino, records: &mut Vec<Record>) -> Answer<Inode> {
        if let Some(inode) = self.inodes.get(&ino) {
            return Ok(inode.clone());
        }
        let inode = self.inode(ino)?;
        records.push(Record::Put(ino, inode.clone()));
        let (mut ino, mut at) = (ino, ino.row());
        while let Some((showing, row)) = at.filter(|(_, row)| *row != Base::ROOT) {
            let parent = Ino::of_row(showing, self.base().parent(row)?);
            let name = self.base().name(row)?.to_vec();
            // An orphan's name may be another's by now, or nobody's.
            if self.folders.get(&parent).and_then(|spoken| spoken.get(&name)).is_some() {
                break;
            }
            records.push(Record::Name(parent, name, Some(ino)));
            if self.inodes.contains_key(&parent) {
                break;
            }
            records.push(Record::Put(parent, self.inode(parent)?));
            (ino, at) = (parent, parent.row());
        }
        Ok(inode)
    }

    /// The record that takes a name from whoever has it.
    pub fn without(&self, folder: Ino, name: &[u8]) -> Answer<Record> {
        Ok(match self.row_under(folder, name)? {
            Some(_) => Record::Name(folder, name.to_vec(), None),
            None => Record::Unsaid(folder, name.to_vec()),
        })
    }

    /// How many bytes the path of a folder has; a guard against paths that no dataset can have.
    pub fn path_len(&self, folder: Ino) -> Answer<usize> {
        let (mut len, mut at) = (0, folder);
        while at != Ino::ROOT {
            let (parent, _) = self.folder(at)?;
            len += 1 + self.name_of(parent, at)?.map_or(0, |name| name.len());
            at = parent;
        }
        Ok(len)
    }

    /// The name of a folder in its parent. Linear in the parent's spoken names, so only for rare things.
    fn name_of(&self, parent: Ino, folder: Ino) -> Answer<Option<Vec<u8>>> {
        if let Some(spoken) = self.folders.get(&parent)
            && let Some((name, _)) = spoken.iter().find(|(_, ino)| *ino == Some(folder))
        {
            return Ok(Some(name.to_vec()));
        }
        match folder.row() {
            Some((_, row)) => Ok(Some(self.base().name(row)?.to_vec())),
            None => Ok(None),
        }
    }

    /// The inode at a path.
    pub fn find(&self, path: &DataPath) -> Answer<Option<Ino>> {
        let mut at = Ino::ROOT;
        for name in path.components() {
            match self.child(at, name) {
                Ok(Some(child)) => at = child,
                Ok(None) | Err(Refused(libc::ENOTDIR)) => return Ok(None),
                Err(refused) => return Err(refused),
            }
        }
        Ok(Some(at))
    }
}
