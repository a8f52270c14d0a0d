//! What one side of a merge moved and the other edited where it was: both have it in its new place, and so had it the
//! revision before. Then what each did to it is merged as anywhere else.
//!
//! An overlay says what it moved, so nothing is guessed. A folder is followed where the other side edited or took away
//! what was in it; what that put there anew may be meant for the old name, and is a conflict.

use std::collections::{BTreeMap, BTreeSet};

use super::hidden::hidden;
use super::moves::{Origin, arrivals, origin_of};
use super::{Merge, Sayings};
use crate::dataset::draft::Draft;
use crate::dataset::view::View;
use crate::dataset::within::{above, is_beneath, within};
use crate::dataset::{Dataset, samples};
use crate::model::{Change, DataPath, Id, Kind};
use crate::{Error, ErrorKind, Result};

/// The three views of a merge: before, ours and theirs.
type Sides = [View; 3];

/// From where to where.
struct Move {
    from: DataPath,
    to: DataPath,
}

impl Dataset {
    /// The sides of a merge over one base, each with what the other one moved in its new place; and what was moved so,
    /// from where to where. `head` is the revision that our side is, or stands on.
    pub(in crate::dataset) fn with_moves_of_both(
        &self,
        mut sides: Sides,
        head: Id,
    ) -> Result<(Sides, Vec<(DataPath, DataPath)>)> {
        let mut moved = Vec::new();
        for side in [1, 2] {
            for step in moves(&sides, side)? {
                let (mover, other) = (&sides[side], &sides[3 - side]);
                let is_hidden = |view: &View| Ok(hidden(view.overlay.get(&step.from)?.as_ref()).is_some());
                let follow = |view: &View| {
                    let mut draft = Draft::to_edit(self, head, view.clone());
                    if is_hidden(view)? { draft.move_hidden_as(&step, mover) } else { draft.move_as(&step, mover) }?;
                    Ok(draft.view)
                };
                let is_there = is_hidden(other)? || other.node(&step.from)?.is_some();
                let done = follow(&sides[0]).and_then(|before| {
                    let now = if is_there { follow(other)? } else { other.clone() };
                    Ok((before, now))
                });
                match done {
                    Ok((before, now)) => (sides[0], sides[3 - side]) = (before, now),
                    // What is in the way is a conflict, and told as such.
                    Err(error) if is_in_the_way(&error) => continue,
                    Err(error) => return Err(error),
                }
                // What is merged may be no file of the source, which would tell where hidden rows were.
                for view in &mut sides {
                    let said = samples::hidden_moved(&view.overlay.samples()?, &step.from, &step.to, |_| Ok(true))?;
                    view.overlay = view.overlay.with_samples(&said)?;
                }
                moved.push((step.from, step.to));
            }
        }
        Ok((sides, moved))
    }
}

fn is_in_the_way(error: &Error) -> bool {
    use ErrorKind::{AlreadyExists, Invalid, NotAFolder, NotFound};
    let is_lost = matches!(error.kind(), NotFound { what: "object" | "blob", .. });
    !is_lost && matches!(error.kind(), AlreadyExists { .. } | Invalid { .. } | NotAFolder { .. } | NotFound { .. })
}

impl Draft {
    /// Moves what `mover` has moved, into a folder that this one may have made.
    fn move_as(&mut self, step: &Move, mover: &View) -> Result<()> {
        let mut missing = Vec::new();
        let mut above = step.to.parent();
        while let Some(folder) = above {
            if self.view.node(&folder)?.is_some() {
                break;
            }
            above = folder.parent();
            missing.push(folder);
        }
        for folder in missing.into_iter().rev() {
            if let Some(change) = mover.overlay.get(&folder)? {
                self.set(&folder, change)?;
            }
        }
        self.rename(&step.from, &step.to)
    }

    /// As [`Draft::move_as`], of a file that is excluded, and stays so.
    fn move_hidden_as(&mut self, step: &Move, mover: &View) -> Result<()> {
        let was = self.view.overlay.get(&step.from)?;
        self.set_as_is(&step.from, hidden(was.as_ref()).flatten().cloned())?;
        self.move_as(step, mover)?;
        match self.view.overlay.get(&step.to)? {
            // Labels are hidden with their image as they come.
            Some(Change::Excluded { .. }) => Ok(()),
            was => self.set_as_is(&step.to, Some(Change::Excluded { was: was.map(Box::new) })),
        }
    }

    /// Says something of a path, and nothing beside it.
    fn set_as_is(&mut self, path: &DataPath, change: Option<Change>) -> Result<()> {
        self.view.overlay = self.view.overlay.with([(path.clone(), change)])?;
        Ok(())
    }
}

/// What a side moved that the other one edited in its old place, or moved there, too, and edited.
fn moves(sides: &Sides, side: usize) -> Result<Vec<Move>> {
    let [before, ours, theirs] = sides;
    let said = |view| Merge { before, ours, theirs, prefer: None }.sayings(view);
    let (view, other) = (&sides[side], &sides[3 - side]);
    let (said, of_other) = (said(view)?, said(other)?);
    let arrived = arrivals(&said);
    if arrived.is_empty() || of_other.is_empty() {
        return Ok(Vec::new());
    }
    let finding = Finding { before, view, other, of_other: &of_other, arrived: &arrived };
    let mut found: BTreeMap<DataPath, DataPath> = BTreeMap::new();
    for path in of_other.keys() {
        if is_beneath(path, &found) {
            continue;
        }
        found.extend(finding.folder(path)?);
        if !is_beneath(path, &found) {
            found.extend(finding.file(path)?);
        }
    }
    found.extend(finding.moved_by_both(&arrivals(&of_other))?);
    let step = |(from, to)| Move { from, to };
    Ok(found.into_iter().map(step).collect())
}

struct Finding<'a> {
    before: &'a View,
    /// The side that moves.
    view: &'a View,
    other: &'a View,
    of_other: &'a Sayings,
    /// Where the side has put what was elsewhere.
    arrived: &'a BTreeMap<Origin, BTreeSet<&'a DataPath>>,
}

impl Finding<'_> {
    /// Where the side has what was at `from`, if it is there alone and the other side says nothing of that place.
    fn now(&self, from: &DataPath) -> Result<Option<DataPath>> {
        let Some(node) = self.before.node(from)? else { return Ok(None) };
        if self.view.node(from)?.is_some() || matches!(self.view.overlay.get(from)?, Some(Change::Excluded { .. })) {
            return Ok(None);
        }
        let Some(places) = origin_of(self.before, &node)?.and_then(|origin| self.arrived.get(&origin)) else {
            return Ok(None);
        };
        let [to] = places.iter().copied().collect::<Vec<_>>()[..] else { return Ok(None) };
        let mut above = above(to).filter(|above| above != from);
        let is_said = within(to, self.of_other).next().is_some() || above.any(|path| self.of_other.contains_key(&path));
        Ok((!is_said && !to.is_within(from)).then(|| to.clone()))
    }

    /// The file at `path`, which the other side edited, or hid where either edited it; another one that it moved there
    /// is none of it.
    fn file(&self, path: &DataPath) -> Result<Option<(DataPath, DataPath)>> {
        if hidden(self.other.overlay.get(path)?.as_ref()).is_some() {
            let to = self.now(path)?;
            return Ok(match to {
                Some(to) if !self.is_hidden_alone(path, &to)? => Some((path.clone(), to)),
                _ => None,
            });
        }
        let file = |view: &View| Ok::<_, Error>(view.node(path)?.filter(|of| of.entry.kind == Kind::File));
        let (Some(was), Some(is)) = (file(self.before)?, file(self.other)?) else { return Ok(None) };
        let origin = origin_of(self.other, &is)?;
        if matches!(origin, Some(Origin::Source(_))) && origin != origin_of(self.before, &was)? {
            return Ok(None);
        }
        Ok(self.now(path)?.map(|to| (path.clone(), to)))
    }

    /// The topmost folder above `path` that the side has moved, where the other one did nothing in it but to what was
    /// there.
    fn folder(&self, path: &DataPath) -> Result<Option<(DataPath, DataPath)>> {
        for folder in above(path).filter(|folder| !folder.is_root()) {
            let Some(to) = self.now(&folder)? else { continue };
            let mut is_edited = false;
            for within in within(&folder, self.of_other) {
                let was = self.before.node(within)?.filter(|of| of.entry.kind == Kind::File);
                let Some(_) = was else { return Ok(None) };
                let now = within.moved(&folder, &to).expect("it is within");
                is_edited |= !self.is_hidden_alone(within, &now)?;
            }
            return Ok(is_edited.then_some((folder, to)));
        }
        Ok(None)
    }

    /// Whether all that was done to a file is that the other side hid it, and that it is at `now`: what is only hidden is
    /// so wherever it is, see `follow_moved`.
    fn is_hidden_alone(&self, path: &DataPath, now: &DataPath) -> Result<bool> {
        let said = self.other.overlay.get(path)?;
        let Some(was) = hidden(said.as_ref()) else { return Ok(false) };
        let before = self.before.overlay.get(path)?;
        if was != hidden(before.as_ref()).unwrap_or(before.as_ref()) {
            return Ok(false);
        }
        let places = (self.before.node(path)?, self.view.node(now)?);
        Ok(matches!(places, (Some(was), Some(now)) if was.place == now.place))
    }

    /// What both sides have moved to one place, and have otherwise there.
    fn moved_by_both(&self, of_other: &BTreeMap<Origin, BTreeSet<&DataPath>>) -> Result<Vec<(DataPath, DataPath)>> {
        let mut found = Vec::new();
        for from in self.of_other.keys() {
            let Some(node) = self.before.node(from)?.filter(|node| node.entry.kind == Kind::File) else { continue };
            let Some(origin) = origin_of(self.before, &node)? else { continue };
            let (Some(places), Some(of_other)) = (self.arrived.get(&origin), of_other.get(&origin)) else { continue };
            let [to] = places.iter().copied().collect::<Vec<_>>()[..] else { continue };
            let is_gone = self.view.node(from)?.is_none() && self.other.node(from)?.is_none();
            if is_gone && places == of_other && self.view.overlay.get(to)? != self.other.overlay.get(to)? {
                found.push((from.clone(), to.clone()));
            }
        }
        Ok(found)
    }
}
