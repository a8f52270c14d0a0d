//! What is shown at this moment: a folder for each revision, and how one comes, moves and goes.
//!
//! A request takes the present [`Top`] once. What is to change is written down
//! in the journal before it is shown; the kernel is told by [`super::follow`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use tracing::warn;
use veneer::dataset::{Dataset, View};
use veneer::model::{Id, RefSpec};
use veneer::{Error, ErrorKind, Result};

use super::folders::{FOLDERS_MAX, Folder, Folders};
use super::names::{self, AT};
use super::numbers::{GENERATIONS_MAX, Inner, Outer, SLOTS_MAX};
use crate::attributes::Owner;
use crate::filesystem::FileSystem;
use crate::inode::{Identity, MadeTable, Number};
use crate::journal::ToldJournal;
use crate::kept::Kept;
use crate::shown::{MadeThing, Shown};
use crate::veneer_folder::{Info, Item, VeneerFolder};

const TOO_MANY: &str = "a mount has at most 400 folders for branches, tags and revisions";

/// A mount of many revisions without its kernel.
pub struct Many {
    /// Files and links of all of them; what it shows itself is the newest, which knows all bases.
    pub(super) files: Arc<FileSystem>,
    pub(super) owner: Owner,
    top: RwLock<Arc<Top>>,
    /// The numbers of folders that only overlays have.
    pub(super) made: MadeTable<Inner>,
    /// Taken for every change; the kernel is never told of one while it is held.
    folders: Mutex<Folders>,
    recalled: Mutex<bool>,
    dataset: Dataset,
    kept: Arc<Kept>,
    journal: OnceLock<Arc<ToldJournal>>,
}

impl fmt::Debug for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many").field("top", &self.top()).finish_non_exhaustive()
    }
}

/// The folders at one moment.
#[derive(Clone, Debug)]
pub struct Top {
    /// By name.
    pub slots: BTreeMap<String, Arc<Slot>>,
    by_number: HashMap<u32, String>,
    /// Folders that have no revision, but others in them: of `fix/labels`, `fix`.
    between: HashMap<Number, String>,
    /// What the mount says of itself.
    pub(super) info: Info,
    pub(super) veneer: VeneerFolder,
}

/// The folder of a revision.
#[derive(Debug)]
pub struct Slot {
    /// Its slot.
    pub number: u32,
    /// Where it is.
    pub name: String,
    /// Whether it is listed.
    pub listed: bool,
    /// When its revision was committed.
    pub time_ns: i64,
    /// What it shows.
    pub shown: Arc<Shown>,
}

impl Top {
    fn new(info: &Info) -> Top {
        let veneer = VeneerFolder::of_many(info);
        Top { slots: BTreeMap::new(), by_number: HashMap::new(), between: HashMap::new(), info: info.clone(), veneer }
    }

    fn put(&mut self, slot: Slot) {
        self.by_number.insert(slot.number, slot.name.clone());
        self.slots.insert(slot.name.clone(), Arc::new(slot));
        self.find_between();
    }

    fn take(&mut self, name: &str) {
        if let Some(slot) = self.slots.remove(name) {
            self.by_number.remove(&slot.number);
        }
        self.find_between();
    }

    fn find_between(&mut self) {
        let above: BTreeSet<&str> = self.slots.keys().flat_map(|name| names::above(name)).collect();
        self.between = above.into_iter().map(|name| (between_number(name), name.to_owned())).collect();
    }

    /// The folder of this slot.
    pub fn slot(&self, number: u32) -> Option<&Arc<Slot>> {
        self.by_number.get(&number).and_then(|name| self.slots.get(name))
    }

    /// The name of a folder that has others in it: empty for the top.
    pub fn between(&self, number: Number) -> Option<&str> {
        if number == Number::ROOT { Some("") } else { self.between.get(&number).map(String::as_str) }
    }

    /// Whether there are folders in the folder `name`.
    pub fn is_between(&self, name: &str) -> bool {
        name.is_empty() || self.between.contains_key(&between_number(name))
    }

    /// The time of the newest revision.
    pub fn time_ns(&self) -> i64 {
        self.slots.values().map(|slot| slot.time_ns).max().unwrap_or(0)
    }
}

/// The number of a folder that only has others in it; of the top, where the name is empty.
pub fn between_number(name: &str) -> Number {
    if name.is_empty() { Number::ROOT } else { Number::of_made(&Identity::of(&[b"between", name.as_bytes()])) }
}

/// What `info.json` says in the folder `name`.
pub fn info_of(info: &Info, name: &str, listed: bool) -> Info {
    let path = Path::new(&info.path).join(name).to_string_lossy().into_owned();
    let mode = if listed && !name.starts_with(AT) { "follow" } else { "pin" };
    Info { path, reference: name.trim_start_matches(AT).to_owned(), mode: mode.into(), ..info.clone() }
}

impl Many {
    /// Shows no folder yet; `files` knows the bases.
    pub fn new(files: FileSystem, owner: Owner, dataset: Dataset, kept: Arc<Kept>, info: &Info) -> Many {
        Many {
            files: Arc::new(files),
            owner,
            top: RwLock::new(Arc::new(Top::new(info))),
            made: MadeTable::default(),
            folders: Mutex::default(),
            // Until it takes over from another process there is nothing to recall.
            recalled: Mutex::new(true),
            dataset,
            kept,
            journal: OnceLock::new(),
        }
    }

    /// What is shown at this moment.
    pub fn top(&self) -> Arc<Top> {
        Arc::clone(&self.top.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_top(&self, change: impl FnOnce(&mut Top)) {
        let mut top = self.top.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut *top));
    }

    pub(super) fn folders(&self) -> MutexGuard<'_, Folders> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The files of all revisions.
    pub fn files(&self) -> Arc<FileSystem> {
        Arc::clone(&self.files)
    }

    /// What the next process must know.
    pub fn state(&self) -> Folders {
        self.folders().clone()
    }

    /// Has everything from now on written down.
    pub fn write_down(&self, journal: Arc<ToldJournal>) {
        let _ = self.journal.set(journal);
    }

    fn note(&self, folders: &Folders) {
        if let Some(journal) = self.journal.get() {
            journal.folders(folders);
        }
    }

    /// Says other things of the mount; nobody may have asked yet.
    pub fn inform(&self, info: &Info) {
        self.set_top(|top| {
            (top.info, top.veneer) = (info.clone(), VeneerFolder::of_many(info));
            for slot in top.slots.values_mut() {
                let shown = slot.shown.with_info(&info_of(info, &slot.name, slot.listed));
                let Slot { number, ref name, listed, time_ns, .. } = **slot;
                *slot = Arc::new(Slot { number, name: name.clone(), listed, time_ns, shown: Arc::new(shown) });
            }
        });
    }

    fn open(&self, id: Id) -> Result<(View, i64)> {
        Ok((self.dataset.view(id)?, self.dataset.revision(id)?.time_ns))
    }

    /// A view with its numbers, and whether it is the first on its base.
    fn shown(&self, name: &str, listed: bool, id: Id) -> Result<(Arc<Shown>, i64, bool)> {
        let (view, time_ns) = self.open(id)?;
        let newest = self.files.shown();
        let info = info_of(&self.top().info, name, listed);
        let shown = Arc::new(newest.after(view, id, VeneerFolder::new(&info, id, time_ns)));
        let begins = shown.last_generation() > newest.last_generation();
        if shown.last_generation() >= GENERATIONS_MAX {
            return Err(Error::invalid("folder", name, "the mount has shown as many bases of the source as it can"));
        }
        Ok((shown, time_ns, begins))
    }

    fn keep(&self, id: Id, begins: bool) -> Result<()> {
        self.kept.add(id)?;
        if begins { self.kept.add_for_ever(id) } else { Ok(()) }
    }

    /// Shows the revision in a folder that is new; it is kept from collection already.
    pub fn add(&self, name: &str, listed: bool, id: Id) -> Result<()> {
        let mut folders = self.folders();
        if folders.shown().len() >= FOLDERS_MAX || folders.next_slot() >= SLOTS_MAX {
            return Err(Error::invalid("folder", name, TOO_MANY));
        }
        if self.top().slots.contains_key(name) {
            return Ok(());
        }
        let (shown, time_ns, begins) = self.shown(name, listed, id)?;
        self.keep(id, begins || !listed)?;
        let number = folders.add(name, listed, id, begins || self.is_empty());
        self.note(&folders);
        self.place(Slot { number, name: name.to_owned(), listed, time_ns, shown });
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.top().slots.is_empty()
    }

    pub(super) fn place(&self, slot: Slot) {
        // First: a number of a new base must mean something as soon as it can be seen.
        if slot.shown.last_generation() >= self.files.shown().last_generation() {
            self.files.show(Arc::clone(&slot.shown));
        }
        self.set_top(|top| top.put(slot));
    }

    /// Shows another revision in the folder, and returns what it showed before and shows now.
    pub fn change(&self, slot: &Slot, id: Id) -> Result<(Arc<Shown>, Arc<Shown>)> {
        let mut folders = self.folders();
        let (shown, time_ns, begins) = self.shown(&slot.name, slot.listed, id)?;
        self.keep(id, begins)?;
        folders.change(slot.number, id, begins);
        self.note(&folders);
        let (number, name, listed) = (slot.number, slot.name.clone(), slot.listed);
        self.place(Slot { number, name, listed, time_ns, shown: Arc::clone(&shown) });
        Ok((Arc::clone(&slot.shown), shown))
    }

    /// Shows a folder no longer.
    pub fn remove(&self, slot: &Slot) {
        let mut folders = self.folders();
        folders.remove(slot.number);
        self.note(&folders);
        self.set_top(|top| top.take(&slot.name));
    }

    /// The kernel knows all about these folders.
    pub fn settle<'a>(&self, all: impl IntoIterator<Item = &'a str>) {
        let mut folders = self.folders();
        all.into_iter().for_each(|name| folders.settle(name));
        self.note(&folders);
    }

    /// What a folder showed before its last move, if the kernel was not told of all that differs.
    pub fn before(&self, folder: &Folder) -> Option<Shown> {
        let id = folder.before().ok().flatten()?;
        let info = info_of(&self.top().info, &folder.name, folder.listed);
        match self.open(id) {
            Ok((view, time_ns)) => Some(self.files.shown().after(view, id, VeneerFolder::new(&info, id, time_ns))),
            Err(error) => {
                warn!(%error, "it is not known what `{}` showed before: {error}", folder.name);
                None
            }
        }
    }

    /// Goes on where another process was ended: everything is shown again as it was.
    ///
    /// # Errors
    /// When a revision that is shown cannot be opened any more.
    pub fn recover(&self, folders: Folders) -> Result<()> {
        for folder in folders.shown() {
            let (shown, time_ns, _) = self.shown(&folder.name, folder.listed, folder.revision()?)?;
            let (number, name, listed) = (folder.slot, folder.name.clone(), folder.listed);
            self.place(Slot { number, name, listed, time_ns, shown });
        }
        *self.folders() = folders;
        *self.recalled.lock().unwrap_or_else(PoisonError::into_inner) = false;
        Ok(())
    }

    /// Adds the folder of a revision that somebody asks for by `@` and digits of its id.
    pub(super) fn find(&self, name: &str) -> Result<bool> {
        let Some(digits) = name.strip_prefix(AT) else { return Ok(false) };
        // Nothing else that names a revision is the same one for ever; tags are there already.
        if digits.len() < Id::PREFIX_MIN || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(false);
        }
        let spec = RefSpec { name: digits.to_owned(), up: 0 };
        let found = match self.dataset.resolve(Some(&spec)) {
            Ok(found) => found.id,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. } | ErrorKind::Ambiguous { .. }) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        // It may have been collected just before it was kept; then there is nothing to show.
        self.kept.add(found)?;
        self.add(name, false, found)?;
        Ok(true)
    }

    /// The revision's folder behind a number that had to be remembered.
    pub(super) fn inner(&self, number: Number) -> Result<Option<Inner>> {
        if !number.is_made() {
            return Ok(Inner::of(number));
        }
        if let Some(inner) = self.made.find(number) {
            return Ok(Some(*inner));
        }
        if self.files.is_made(number) || !self.recall()? {
            return Ok(None);
        }
        Ok(self.made.find(number).as_deref().copied())
    }

    /// Finds again, once, what numbers a process before this one gave to folders; returns whether it was done now.
    fn recall(&self) -> Result<bool> {
        let mut recalled = self.recalled.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(recall) = self.files.recall().filter(|_| !*recalled) else { return Ok(false) };
        let slots: Vec<u32> = self.top().slots.values().map(|slot| slot.number).collect();
        let mut folders = vec![Item::folder_number()];
        recall.all(&mut |identity, thing| {
            if let MadeThing::Folder(_) = thing {
                folders.push(Number::of_made(&identity));
            }
        })?;
        for number in folders {
            for slot in &slots {
                let inner = Inner { slot: *slot, number };
                if let Outer::Made(identity) = inner.outer() {
                    self.made.recover(identity, inner);
                }
            }
        }
        *recalled = true;
        Ok(true)
    }

    /// What is held, as one line of JSON.
    pub fn answer(&self) -> String {
        let top = self.top();
        let revisions: BTreeMap<&str, String> =
            top.slots.values().map(|slot| (slot.name.as_str(), slot.shown.revision().to_hex())).collect();
        let Info { path, dataset, reference, .. } = &top.info;
        let answer = serde_json::json!({
            "path": path, "dataset": dataset, "ref": reference, "revision": "", "revisions": revisions,
        });
        answer.to_string()
    }
}
