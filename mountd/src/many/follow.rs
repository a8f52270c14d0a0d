//! How the folders move with the refs: branches move, branches and tags come and go.
//!
//! What is held stays: no folder moves or goes then. A new one may come.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{info, warn};
use veneer::model::Id;
use veneer::store::Store;
use veneer::{Error, Result};

use super::filesystem::{Many, Slot, Top, between_number};
use super::names;
use super::numbers::Inner;
use crate::follow::{self, Follow, Kernel};
use crate::gate::Gate;
use crate::inode::Number;
use crate::veneer_folder::Item;

/// What follows all refs.
pub struct ManyFollower {
    many: Arc<Many>,
    store: Arc<dyn Store>,
    kernel: Box<dyn Kernel>,
    gate: Arc<Gate>,
    /// One at a time, also while the mount is held; and what is known to have no place.
    turn: Mutex<HashSet<String>>,
}

/// The kernel as it knows the folders of one slot.
struct InSlot<'a>(&'a dyn Kernel, u32);

impl InSlot<'_> {
    fn outer(&self, folder: Number) -> Number {
        Inner { slot: self.1, number: folder }.outer().number()
    }
}

impl Kernel for InSlot<'_> {
    fn forget_entry(&self, folder: Number, name: &[u8]) {
        self.0.forget_entry(self.outer(folder), name);
    }

    fn forget_folder(&self, folder: Number) {
        self.0.forget_folder(self.outer(folder));
    }
}

impl ManyFollower {
    /// Follows the refs of the dataset that `many` shows.
    pub fn new(many: &Arc<Many>, store: &Arc<dyn Store>, kernel: Box<dyn Kernel>, gate: &Arc<Gate>) -> ManyFollower {
        let (many, store, gate) = (Arc::clone(many), Arc::clone(store), Arc::clone(gate));
        ManyFollower { many, store, kernel, gate, turn: Mutex::default() }
    }

    fn remove(&self, slot: &Slot) {
        let before = self.many.top();
        self.many.remove(slot);
        forget_name(&*self.kernel, &before, &self.many.top(), &slot.name);
        self.many.settle([slot.name.as_str()]);
        info!("the folder `{}` has gone with what it showed", slot.name);
    }

    fn change(&self, slot: &Slot, id: Id) -> Result<()> {
        let (before, after) = self.many.change(slot, id)?;
        let kernel = InSlot(&*self.kernel, slot.number);
        let forgotten = follow::forget(&kernel, &before, &after);
        // Their times are those of the newest revision.
        names::above(&slot.name).chain([""]).for_each(|name| self.kernel.forget_folder(between_number(name)));
        self.many.settle([slot.name.as_str()]);
        info!(revision = %id, forgotten, "`{}` shows {} now", slot.name, id.short());
        Ok(())
    }

    fn add(&self, name: &str, id: Id) -> Result<()> {
        let before = self.many.top();
        self.many.add(name, true, id)?;
        forget_name(&*self.kernel, &before, &self.many.top(), name);
        self.many.settle([name]);
        info!(revision = %id, "the folder `{name}` shows {}", id.short());
        Ok(())
    }

    /// The new names that have a place beside what is shown.
    fn fitting(&self, wanted: &BTreeMap<String, Id>, complained: &mut HashSet<String>) -> Vec<(String, Id)> {
        let top = self.many.top();
        let mut shown: BTreeMap<String, Id> =
            top.slots.values().map(|slot| (slot.name.clone(), slot.shown.revision())).collect();
        let mut fitting = Vec::new();
        for (name, id) in wanted.iter().filter(|(name, _)| !top.slots.contains_key(*name)) {
            shown.insert(name.clone(), *id);
            match names::twice(&shown) {
                None => fitting.push((name.clone(), *id)),
                Some((one, other)) => {
                    if complained.insert(name.clone()) {
                        warn!("`{name}` is not shown: the folder `{one}` would be needed twice, for `{other}` too");
                    }
                    shown.remove(name);
                }
            }
        }
        fitting
    }
}

impl Follow for ManyFollower {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn catch_up(&self) -> Result<bool> {
        let mut complained = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let moving = self.gate.begin_move();
        let wanted = names::of_refs(self.many.dataset())?;
        let (mut moved, mut failed) = (false, None);
        let mut note = |result: Result<()>| match result {
            Ok(()) => moved = true,
            // The others are not to wait for it.
            Err(error) => failed = failed.take().or(Some(error)),
        };
        if moving.is_some() {
            for slot in self.many.top().slots.values().filter(|slot| slot.listed) {
                match wanted.get(&slot.name) {
                    None => {
                        self.remove(slot);
                        note(Ok(()));
                    }
                    Some(id) if *id != slot.shown.revision() => note(self.change(slot, *id)),
                    Some(_) => {}
                }
            }
        }
        for (name, id) in self.fitting(&wanted, &mut complained) {
            note(self.add(&name, id));
        }
        failed.map_or(Ok(moved), Err)
    }

    fn warn(&self, error: &Error) {
        warn!("cannot follow all branches and tags, some folders stay as they are: {error}");
    }
}

/// Has the kernel forget whether there is a folder of this name, and the folders above it that came or went with it.
fn forget_name(kernel: &dyn Kernel, before: &Top, after: &Top, name: &str) {
    let mut name = name;
    loop {
        let (above, last) = names::split(name);
        kernel.forget_entry(between_number(above), last.as_bytes());
        kernel.forget_folder(between_number(above));
        if above.is_empty() {
            return;
        }
        // A folder that was there and still is keeps its entry: somebody may work in it.
        if before.is_between(above) && after.is_between(above) {
            names::above(above).chain(["", above]).for_each(|name| kernel.forget_folder(between_number(name)));
            return;
        }
        name = above;
    }
}

/// Has the kernel forget what a process before this one did not come to have forgotten, and what it said of itself.
pub fn settle(many: &Many, kernel: &dyn Kernel) {
    let top = many.top();
    kernel.forget_entry(Item::folder_number(), b"info.json");
    kernel.forget_folder(Item::folder_number());
    let state = many.state();
    let unsettled: Vec<String> = state.unsettled().map(str::to_owned).collect();
    for name in &unsettled {
        // Whether the folders above came or went with it is not known any more.
        for name in names::above(name).chain([name.as_str()]) {
            let (above, last) = names::split(name);
            kernel.forget_entry(between_number(above), last.as_bytes());
            kernel.forget_folder(between_number(above));
        }
    }
    for folder in state.shown() {
        let Some(slot) = top.slot(folder.slot) else { continue };
        let kernel = InSlot(kernel, slot.number);
        match many.before(folder) {
            None => follow::forget_own_folder(&kernel),
            Some(before) => {
                let forgotten = follow::forget(&kernel, &before, &slot.shown);
                info!(forgotten, "finished the move of `{}` to {}", slot.name, slot.shown.revision().short());
            }
        }
    }
    many.settle(unsettled.iter().map(String::as_str).chain(state.shown().iter().map(|folder| folder.name.as_str())));
}
