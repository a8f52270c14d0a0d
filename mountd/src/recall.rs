//! Finding again what the numbers above 2^63 stand for, after another process has told the kernel of them.
//!
//! Such a number is a hash, so the only way back is to make all of them again:
//! of everything that an overlay made in any of the revisions that were shown.
//! That is done when the kernel asks for the first one that is not known, and
//! costs time by what was changed, not by what there is.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tracing::info;
use veneer::Result;
use veneer::dataset::{Node, Place, View};
use veneer::model::{Change, Id, Kind};

use crate::inode::{Identity, MadeTable, Number};
use crate::shown::{MadeThing, Numbered, Shown};
use crate::veneer_folder::{Info, Item, VeneerFolder};

/// How many numbers are remembered to stand for nothing.
const UNKNOWN_MAX: usize = 10_000;

/// Opens a revision: its view, and when it was committed.
type Open = Box<dyn Fn(Id) -> Result<(View, i64)> + Send + Sync>;

/// What `info.json` said, at the step of that place, of each process that served: the last is this one.
type Infos = Box<dyn Fn(usize) -> Vec<Info> + Send + Sync>;

/// What was shown before this process.
pub struct Recall {
    open: Open,
    steps: Vec<(Id, bool)>,
    infos: Infos,
    unknown: Mutex<HashSet<Number>>,
}

impl fmt::Debug for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recall").field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Recall {
    /// Knows how to open revisions, and which were shown: in order, each with whether it began a base.
    pub fn new(open: Open, steps: Vec<(Id, bool)>, infos: Vec<Info>) -> Recall {
        Recall::of_many(open, steps, Box::new(move |_| infos.clone()))
    }

    /// As [`Recall::new`], of steps in many folders, whose `info.json` each said something else.
    pub fn of_many(open: Open, steps: Vec<(Id, bool)>, infos: Infos) -> Recall {
        Recall { open, steps, infos, unknown: Mutex::default() }
    }

    /// What is shown after the last step, and after the step to `settled`, which may be the same.
    ///
    /// Only what gives the bases their numbers is opened.
    pub fn shown(&self, settled: Id) -> Result<(Shown, Option<Shown>)> {
        let last = self.steps.len() - 1;
        let of_settled = self.steps.iter().rposition(|(id, _)| *id == settled).filter(|at| *at != last);
        let (mut shown, mut before) = (None, None);
        for (at, (id, begins)) in self.steps.iter().enumerate() {
            if *begins || at == last || Some(at) == of_settled {
                let next = self.step(shown.as_ref(), at, *id)?;
                // The first step again, for there is no copy of what is shown.
                if Some(at) == of_settled {
                    before = Some(self.step(shown.as_ref(), at, *id)?);
                }
                shown = Some(next);
            }
        }
        Ok((shown.expect("there is a first step"), before))
    }

    fn step(&self, before: Option<&Shown>, at: usize, id: Id) -> Result<Shown> {
        let (view, time_ns) = (self.open)(id)?;
        let veneer = VeneerFolder::new((self.infos)(at).last().expect("this process's own"), id, time_ns);
        Ok(match before {
            None => Shown::first(view, id, veneer),
            Some(before) => before.after(view, id, veneer),
        })
    }

    /// Finds `number`, and with it all others, which are put into `table`.
    pub fn find(&self, number: Number, table: &MadeTable<MadeThing>) -> Result<Option<Arc<MadeThing>>> {
        // One search at a time, and none for what another one has found or has not.
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = table.find(number) {
            return Ok(Some(found));
        }
        if unknown.contains(&number) {
            return Ok(None);
        }
        let start = Instant::now();
        let mut found = 0;
        self.all(&mut |identity, thing| {
            found += 1;
            table.recover(identity, thing);
        })?;
        let ms = start.elapsed().as_millis();
        info!(found, ms, "looked for inodes in {} revisions shown before: found {found}", self.steps.len());
        let thing = table.find(number);
        if thing.is_none() && unknown.len() < UNKNOWN_MAX {
            unknown.insert(number);
        }
        Ok(thing)
    }

    /// Calls `add` with everything that has a hash for a number, in all that was shown.
    pub fn all(&self, add: &mut dyn FnMut(Identity, MadeThing)) -> Result<()> {
        let mut shown: Option<Shown> = None;
        for (at, (id, begins)) in self.steps.iter().enumerate() {
            let step = match self.step(shown.as_ref(), at, *id) {
                Ok(step) => step,
                // Without it there are no numbers at all, and the process has not come to this.
                Err(error) if *begins => return Err(error),
                // Collected: it is older than what is kept.
                Err(_) => continue,
            };
            made_in(&step, add)?;
            add(step.samples().identity(), MadeThing::Veneer(step.samples()));
            let (_, time_ns) = (self.open)(*id)?;
            for info in &(self.infos)(at) {
                let folder = VeneerFolder::new(info, *id, time_ns);
                let items = folder.files().map(|(_, item)| item).chain([folder.folder()]);
                items.for_each(|item: Item| add(item.identity(), MadeThing::Veneer(item)));
            }
            shown = Some(step);
        }
        Ok(())
    }
}

/// Calls `add` with everything in `shown` that has a hash for a number.
fn made_in(shown: &Shown, add: &mut dyn FnMut(Identity, MadeThing)) -> Result<()> {
    let view = shown.view();
    for (path, change) in view.overlay().entries()? {
        let Some(node) = view.node(&path)? else { continue };
        add_made(shown, &node, add)?;
        if let Change::Folder { from: Some(from), .. } = change
            && from != path
        {
            folders_below(shown, &node, add)?;
        }
    }
    Ok(())
}

/// The folders that went with a folder that was moved: files keep the numbers of their rows, folders do not.
fn folders_below(shown: &Shown, folder: &Node, add: &mut dyn FnMut(Identity, MadeThing)) -> Result<()> {
    let (view, base) = (shown.view(), shown.view().base());
    for row in view.base_children(folder)? {
        if base.entry(row)?.kind != Kind::Folder {
            continue;
        }
        let Some(child) = view.child(folder, base.name(row)?)? else { continue };
        // What the overlay speaks of is met by its own name.
        if matches!(child.place, Place::Folder { base: Some(shows) } if shows == row) {
            add_made(shown, &child, add)?;
            folders_below(shown, &child, add)?;
        }
    }
    Ok(())
}

fn add_made(shown: &Shown, node: &Node, add: &mut dyn FnMut(Identity, MadeThing)) -> Result<()> {
    if node.is_folder() {
        // Also where a base has it, which may not have been known when the kernel was told of it.
        let (identity, made) = Shown::made_folder(&node.path);
        add(identity, made);
        return Ok(());
    }
    if let Numbered::Made(identity, thing) = shown.number(node)? {
        add(identity, thing);
    }
    Ok(())
}
