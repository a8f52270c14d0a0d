//! Which classes were merged into which others, so that labels that somebody else gave meanwhile follow.
//!
//! It is kept beside the dataset, with what is said of samples: for each class
//! that was merged away, by its map, the class that its labels got. When two
//! sides meet, the labels of it that only the other one has get that class, too.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::ClassMap;
use crate::dataset::Dataset;
use crate::dataset::conflict::Conflict;
use crate::dataset::draft::Draft;
use crate::dataset::merge::{Merge, Merged};
use crate::dataset::samples;
use crate::dataset::view::View;
use crate::model::{RowAddress, RowChange, Value};
use crate::{Error, ErrorKind, Result};

/// The name of these in addresses of rows.
const TABLE: &str = "classes";
/// Why a merge cannot give all labels the class that theirs was merged into.
const WHY: &str = "a class was merged into one that its labels on the other side cannot have";

/// The classes that were merged, by map and class, each with what it was merged into.
type Merges = BTreeMap<(String, String), Value>;

/// Whether an address is of a class that was merged, and not of a sample.
pub(in crate::dataset) fn is_class_merge(address: &RowAddress) -> bool {
    address.table() == TABLE
}

fn address(map: &ClassMap, class: &str) -> RowAddress {
    RowAddress::Cell { table: TABLE.to_owned(), row: class.to_owned(), column: map.name.clone() }
}

/// What is said of one class.
fn merge_of(address: &RowAddress, change: Option<RowChange>) -> Option<((String, String), Value)> {
    match (address, change) {
        (RowAddress::Cell { table, row, column }, Some(RowChange::Set { after, .. })) if table == TABLE => {
            Some(((column.clone(), row.clone()), after))
        }
        _ => None,
    }
}

/// The classes that a side has merged since.
pub(in crate::dataset) fn merges_since(before: &View, side: &View) -> Result<Merges> {
    let differences = before.overlay.samples()?.diff(&side.overlay.samples()?)?;
    Ok(differences.into_iter().filter_map(|it| merge_of(&it.address, it.after)).collect())
}

/// The names of the folders of classes that a side has merged into others since.
pub(in crate::dataset) fn folders_merged_since(before: &View, side: &View) -> Result<BTreeSet<Vec<u8>>> {
    let of_folders = |((map, class), _): ((String, String), Value)| (map == samples::NAME).then(|| class.into_bytes());
    Ok(merges_since(before, side)?.into_iter().filter_map(of_folders).collect())
}

/// Where labels of a class end that is merged into others, one after the other.
fn end_of(merges: &BTreeMap<&str, &Value>, class: &str) -> Result<Value> {
    let (mut seen, mut at) = (BTreeSet::from([class.to_owned()]), merges[class]);
    while let Some(next) = merges.get(at.to_string().as_str()) {
        if !seen.insert(at.to_string()) {
            return Err(Error::invalid("class to merge", class, "it was merged into one that was merged into it"));
        }
        at = *next;
    }
    Ok(at.clone())
}

impl Draft {
    /// Remembers that some classes were merged into another one.
    pub(super) fn note_merged(&mut self, map: &ClassMap, classes: &[String], into: &Value) -> Result<()> {
        if classes.is_empty() {
            return Ok(());
        }
        let said = |after: &Value| Some(RowChange::Set { before: Value::Null, after: after.clone(), patch: None });
        let mut changes: BTreeMap<_, _> = classes.iter().map(|class| (address(map, class), said(into))).collect();
        changes.insert(address(map, &into.to_string()), None);
        self.change_samples(changes)
    }

    /// A class has another name: what was merged into it was merged into that.
    pub(super) fn note_renamed(&mut self, map: &ClassMap, from: &str, to: &str) -> Result<()> {
        let mut changes = BTreeMap::new();
        for (address, change) in self.view.overlay.samples()?.entries()? {
            match merge_of(&address, Some(change)) {
                Some(((of, _), Value::Text(into))) if of == map.name && into == from => {
                    let after = Value::Text(to.to_owned());
                    changes.insert(address, Some(RowChange::Set { before: Value::Null, after, patch: None }));
                }
                Some(((of, class), _)) if of == map.name && class == to => drop(changes.insert(address, None)),
                _ => {}
            }
        }
        self.change_samples(changes)
    }

    /// Gives all labels of classes that were merged the class that these were merged into.
    fn follow_merges(&mut self, merges: &Merges) -> Result<()> {
        let maps = match self.view.class_maps(None) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => return Ok(()),
            maps => maps?,
        };
        for map in maps {
            let of_map = merges.iter().filter(|((of, _), _)| *of == map.name);
            let of_map: BTreeMap<&str, &Value> = of_map.map(|((_, class), into)| (class.as_str(), into)).collect();
            for class in of_map.keys() {
                let into = end_of(&of_map, class)?;
                self.merge_labels(&map, class, &into)?;
            }
        }
        Ok(())
    }
}

impl Dataset {
    /// Merges; labels that one side gave of classes that the other one merged into others get these.
    pub(in crate::dataset) fn merged(&self, merge: &Merge<'_>) -> Result<Merged> {
        let view = match merge.run()? {
            Merged::Clean(view) => view,
            conflicts => return Ok(conflicts),
        };
        let mut merges = merges_since(merge.before, merge.ours)?;
        merges.extend(merges_since(merge.before, merge.theirs)?);
        if merges.is_empty() {
            return Ok(Merged::Clean(view));
        }
        let mut draft = Draft::to_edit(self, view.clone());
        match draft.follow_merges(&merges) {
            Ok(()) => Ok(Merged::Clean(draft.view)),
            Err(error) => match (error.kind(), merge.prefer) {
                (ErrorKind::Invalid { .. } | ErrorKind::NotFound { .. }, None) => {
                    let (ours, theirs, rows) = (None, None, Vec::new());
                    Ok(Merged::Conflicts(vec![Conflict { path: samples::path(), ours, theirs, why: WHY, rows }]))
                }
                (ErrorKind::Invalid { .. } | ErrorKind::NotFound { .. }, Some(_)) => Ok(Merged::Clean(view)),
                _ => Err(error),
            },
        }
    }
}
