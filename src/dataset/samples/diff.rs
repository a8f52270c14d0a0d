//! What differs between the samples of two views: cells that the overlay keeps, and images that came, went or
//! are of another class.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use super::images::{Images, key_of};
use super::join::{Beside, folders_are_classes};
use super::{LABEL, PART, path};
use crate::Result;
use crate::dataset::rows::{RowDiff, is_class_merge, told};
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, PathChange, RowAddress, Value, What};
use crate::table::images::{Layout, is_image};

/// The rows and cells of samples that differ, in order of address; `changes` are the paths that do.
pub(in crate::dataset) fn diff(from: &View, to: &View, changes: &[PathChange]) -> Result<Vec<RowDiff>> {
    let differences = from.overlay().samples()?.diff(&to.overlay().samples()?)?;
    let of_samples = differences.into_iter().filter(|difference| !is_class_merge(&difference.address));
    let mut found: Vec<RowDiff> = of_samples.filter_map(|it| told(&path(), it)).collect();
    let mut sides = Sides { from, to, layouts: None, hidden: HashSet::new(), found: Vec::new(), told: HashSet::new() };
    for view in [from, to] {
        sides.hidden.extend(Beside::of(view)?.excluded);
    }
    // What moved is told as that, and not again as part of a folder that came or went.
    let (moved, others): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.what == What::Renamed);
    for change in moved.into_iter().chain(others) {
        let old = change.from.as_ref().unwrap_or(&change.path);
        match change.what {
            What::Modified => {}
            What::Added => sides.below(Side::To, to.node(&change.path)?, &mut |sides, node| sides.comes(node))?,
            What::Removed => sides.below(Side::From, from.node(old)?, &mut |sides, node| sides.goes(node))?,
            What::Renamed => {
                let (old, new) = (old.clone(), change.path.clone());
                sides.below(Side::To, to.node(&new)?, &mut |sides, node| {
                    let before = node.path.moved(&new, &old).expect("it is within");
                    sides.told.insert((Side::From, before.clone()));
                    match sides.from.node(&before)? {
                        Some(before) => sides.moves(&before, node),
                        None => Ok(()),
                    }
                })?;
            }
        }
    }
    found.extend(moved_alone(std::mem::take(&mut sides.found)));
    found.sort_by(|a, b| a.address.cmp(&b.address));
    Ok(found)
}

/// An image that went with its folder and is in another one is the same: what differs is its class, if anything.
fn moved_alone(found: Vec<RowDiff>) -> Vec<RowDiff> {
    let mut by_row: BTreeMap<RowAddress, RowDiff> = BTreeMap::new();
    for diff in found {
        match by_row.entry(diff.address.clone()) {
            Entry::Vacant(free) => drop(free.insert(diff)),
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.before = known.before.take().or(diff.before);
                known.after = known.after.take().or(diff.after);
            }
        }
    }
    let both = |diff: RowDiff| match (&diff.address, &diff.before, &diff.after) {
        (RowAddress::Row { table, row }, Some(before), Some(after)) => {
            let address = RowAddress::Cell { table: table.clone(), row: row.clone(), column: LABEL.to_owned() };
            let (before, after) = (label_of(before), label_of(after));
            (before != after).then_some(RowDiff { address, before: Some(before), after: Some(after), ..diff })
        }
        _ => Some(diff),
    };
    by_row.into_values().filter_map(both).collect()
}

/// The label among the cells of a row.
fn label_of(row: &Value) -> Value {
    let Value::Struct(cells) = row else { return Value::Null };
    cells.iter().find(|(name, _)| name == LABEL).map_or(Value::Null, |(_, label)| label.clone())
}

struct Sides<'a> {
    from: &'a View,
    to: &'a View,
    /// Of both; worked out when an image differs.
    layouts: Option<[Layout; 2]>,
    /// Keys of samples that are excluded in one of the views: that they are is told by itself.
    hidden: HashSet<String>,
    found: Vec<RowDiff>,
    /// The images that were looked at.
    told: HashSet<(Side, DataPath)>,
}

/// Which of the two views.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    From,
    To,
}

type Sink<'s, 'a> = dyn FnMut(&mut Sides<'a>, &Node) -> Result<()> + 's;

impl<'a> Sides<'a> {
    /// Calls `sink` with an image, or with all images below a folder.
    fn below(&mut self, side: Side, node: Option<Node>, sink: &mut Sink<'_, 'a>) -> Result<()> {
        let Some(node) = node else { return Ok(()) };
        if !node.is_folder() {
            let is_new = is_image(node.name()) && self.told.insert((side, node.path.clone()));
            return if is_new { sink(self, &node) } else { Ok(()) };
        }
        let view = if side == Side::To { self.to } else { self.from };
        for child in view.children(&node)? {
            self.below(side, Some(child), sink)?;
        }
        Ok(())
    }

    fn comes(&mut self, node: &Node) -> Result<()> {
        let key = key_of(self.to, node)?;
        let row = self.row(1, &node.path)?;
        self.tell(key, None, Some(row))
    }

    fn goes(&mut self, node: &Node) -> Result<()> {
        let key = key_of(self.from, node)?;
        let row = self.row(0, &node.path)?;
        self.tell(key, Some(row), None)
    }

    fn tell(&mut self, key: String, before: Option<Value>, after: Option<Value>) -> Result<()> {
        if !self.hidden.contains(&key) {
            let address = RowAddress::Row { table: PART.to_owned(), row: key };
            self.found.push(RowDiff { path: path(), address, before, after });
        }
        Ok(())
    }

    fn moves(&mut self, before: &Node, after: &Node) -> Result<()> {
        let (old, new) = (self.label(0, &before.path)?, self.label(1, &after.path)?);
        if old != new {
            let row = key_of(self.to, after)?;
            let address = RowAddress::Cell { table: PART.to_owned(), row, column: LABEL.to_owned() };
            self.found.push(RowDiff { path: path(), address, before: Some(old), after: Some(new) });
        }
        Ok(())
    }

    fn row(&mut self, side: usize, path: &DataPath) -> Result<Value> {
        let label = self.label(side, path)?;
        let mut cells = vec![("path".to_owned(), Value::Text(path.to_string()))];
        if label != Value::Null {
            cells.push((LABEL.to_owned(), label));
        }
        Ok(Value::Struct(cells))
    }

    fn label(&mut self, side: usize, path: &DataPath) -> Result<Value> {
        if self.layouts.is_none() {
            self.layouts = Some([layout(self.from)?, layout(self.to)?]);
        }
        let layouts = self.layouts.as_ref().expect("just made");
        let meaning = path.parent().and_then(|folder| layouts[side].folders.get(&folder));
        let class = meaning.and_then(|meaning| meaning.class.as_ref());
        Ok(class.map_or(Value::Null, |(class, _)| Value::Text(class.clone())))
    }
}

fn layout(view: &View) -> Result<Layout> {
    Ok(Images::of(view)?.layout(folders_are_classes(&view.file_tables()?.0)))
}
