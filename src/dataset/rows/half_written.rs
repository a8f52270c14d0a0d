//! A file that somebody looked at while it was being written: what it was before that.
//!
//! Whoever writes a file anew cuts it first, and whoever looks at the draft in
//! between takes what is there by then. Such a half is the beginning of what
//! comes, or is no table yet. The whole file is compared with what was there
//! before, so that it is the same whether somebody looked or not.

use std::iter::from_fn;

use super::Part;
use super::diff::is_of_content;
use super::parsed::{Aligned, align};
use super::rewritten::{begins_with, handed_on, said_beside};
use super::side::{Side, with_both};
use crate::Result;
use crate::dataset::draft::Draft;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, DraftStep, Id, Kind};
use crate::overlay::{Overlay, Rows};
use crate::source::OnDrift;

/// So many steps of a draft are gone back at most.
const STEPS_MAX: usize = 256;

/// What a draft was before a file of it was half written.
pub(in crate::dataset) struct BeforeHalf {
    /// The draft as it is, with the file as it was.
    pub(in crate::dataset) view: View,
    /// What was said of samples then.
    pub(in crate::dataset) samples: Rows,
    /// Whether the half is a table.
    pub(in crate::dataset) half_is_table: bool,
    /// The draft with each half that somebody saw and that is a table, the oldest first.
    pub(in crate::dataset) halves: Vec<View>,
}

impl Draft {
    /// What the draft was before the file at `path` was half written; `None` where `present`, which the draft was a
    /// moment ago, has no half of `new` there. `new` is of the view beside it.
    ///
    /// # Errors
    /// Those of the store. That a file cannot be read as rows is none.
    pub(in crate::dataset) fn before_half(
        &self,
        present: &View,
        path: &DataPath,
        new: (&View, &Node),
    ) -> Result<Option<BeforeHalf>> {
        match self.find_before_half(present, path, new) {
            Err(error) if is_of_content(&error) => Ok(None),
            found => found,
        }
    }

    fn find_before_half(&self, present: &View, path: &DataPath, new: (&View, &Node)) -> Result<Option<BeforeHalf>> {
        let file = |view: &View| Ok(view.node(path)?.filter(|node| node.entry.kind == Kind::File));
        let Some(now) = file(present)? else { return Ok(None) };
        let mut half_is_table = None;
        let mut later = (present.clone(), now.clone());
        let (mut halves, mut found) = (vec![present.clone()], None);
        for overlay in self.overlays_before()? {
            let view = View { overlay: Overlay::new(self.dataset.nodes.clone(), overlay?), ..present.clone() };
            let Some(node) = file(&view)? else { return Ok(None) };
            if node.place == later.1.place {
                continue;
            }
            if half_is_table.is_none() {
                let is_table = is_table((present, &now))?;
                if is_table && !is_beginning((present, &now), new)? {
                    return Ok(None);
                }
                half_is_table = Some(is_table);
            }
            let is_table = is_table((&view, &node))?;
            if is_table && !is_beginning((&view, &node), (&later.0, &later.1))? {
                found = Some((view, node));
                break;
            }
            halves.extend(is_table.then(|| view.clone()));
            later = (view, node);
        }
        let (Some((before, was)), Some(half_is_table)) = (found, half_is_table) else { return Ok(None) };
        if half_is_table && !has_lost((present, &now), (&before, &was), new)? {
            return Ok(None);
        }
        let view =
            View { overlay: present.overlay.with([(path.clone(), before.overlay.get(path)?)])?, ..present.clone() };
        halves.reverse();
        Ok(Some(BeforeHalf { view, samples: before.overlay.samples()?, half_is_table, halves }))
    }

    /// The overlays that the draft had, the newest first, as far as they are over one revision.
    fn overlays_before(&self) -> Result<impl Iterator<Item = Result<Option<Id>>> + '_> {
        let mut next: Option<Result<DraftStep>> = self.saved.as_ref().map(|(_, step)| Ok(step.clone()));
        let revision = self.dataset.revision(self.revision)?.overlay;
        let steps = from_fn(move || {
            let step = match next.take()? {
                Ok(step) => step,
                Err(error) => return Some(Err(error)),
            };
            next = step.undo.map(|undo| self.dataset.step(undo));
            (step.revision == self.revision).then_some(Ok(step.overlay))
        });
        Ok(steps.take(STEPS_MAX).chain([Ok(revision)]))
    }
}

/// Whether a file may be but half of a longer one: its beginning, or no table.
///
/// # Errors
/// Those of the store.
pub(in crate::dataset) fn is_half(half: (&View, &Node), whole: (&View, &Node)) -> Result<bool> {
    Ok(!is_table(half)? || is_beginning(half, whole)?)
}

/// Whether all of a file can be read as rows.
fn is_table((view, node): (&View, &Node)) -> Result<bool> {
    let whole = || {
        let Some(side) = Side::of(view, node)? else { return Ok(false) };
        Part::open(view, node, &*side.format)?
            .with_file(|file, _| Ok(file.tables().iter().all(|info| info.problem.is_none())))
    };
    match whole() {
        Err(error) if is_of_content(&error) => Ok(false),
        whole => whole,
    }
}

/// Whether a longer file begins as this one is.
fn is_beginning((view, node): (&View, &Node), new: (&View, &Node)) -> Result<bool> {
    if node.entry.size >= new.1.entry.size {
        return Ok(false);
    }
    begins_with(&new.0.open(new.1, OnDrift::Error)?, &view.open(node, OnDrift::Error)?)
}

/// Whether a half lacks rows that `new` has as `before` had them, and says of columns that the file lacks what `before`
/// handed on, and no more.
fn has_lost(half: (&View, &Node), before: (&View, &Node), new: (&View, &Node)) -> Result<bool> {
    let side = |(view, node)| Side::of(view, node);
    let (Some(half), Some(before), Some(new)) = (side(half)?, side(before)?, side(new)?) else { return Ok(false) };
    let known = |old: &Side<'_>| {
        with_both(old, &new, |old, new| {
            Ok(align(old, new)?.ok().map(|tables| tables.iter().flat_map(Aligned::is_known).collect::<Vec<bool>>()))
        })
    };
    let (Some(known_before), known_in_half) = (known(&before)?, known(&half)?) else { return Ok(false) };
    let is_lost = |(before, in_half): (&bool, &bool)| *before && !*in_half;
    if known_in_half.is_some_and(|in_half| !known_before.iter().zip(&in_half).any(is_lost)) {
        return Ok(false);
    }
    with_both(&before, &half, |before, half| match align(before, half)? {
        Ok(aligned) => Ok(handed_on(&aligned, before, half)? == said_beside(half)?),
        // Nothing was handed on to what has none of the columns.
        Err(_) => Ok(said_beside(half)?.is_empty()),
    })
}
