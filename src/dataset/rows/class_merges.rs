//! Which classes were merged into which others, so that labels that somebody else gave meanwhile follow.
//!
//! It is kept beside the dataset, with what is said of samples: for each class
//! that was merged away, by its map, the class that its labels got. When two
//! sides meet, the labels of it that only the other one has get that class, too;
//! what the side that merged says of its labels after that stays.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::classes::ClassMap;
use super::merge::RowConflict;
use super::named::Table;
use crate::dataset::Dataset;
use crate::dataset::conflict::{Conflict, Prefer};
use crate::dataset::draft::Draft;
use crate::dataset::merge::{Merge, Merged, Odds};
use crate::dataset::samples;
use crate::dataset::view::View;
use crate::model::{DataPath, Id, RowAddress, RowChange, Value};
use crate::overlay::Rows;
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

fn address(map: &str, class: &str) -> RowAddress {
    RowAddress::Cell { table: TABLE.to_owned(), row: class.to_owned(), column: map.to_owned() }
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

/// Classes that were merged, as labels say them: (column, class, the one that it was merged into at last).
pub(in crate::dataset) type Relabelled = BTreeSet<(String, String, String)>;

/// The classes that a side has merged since, of each map with the files of its labels.
pub(in crate::dataset) struct MergedClasses(Vec<(HashSet<DataPath>, Relabelled)>);

impl MergedClasses {
    pub(in crate::dataset) fn since(before: &View, side: &View) -> Result<MergedClasses> {
        let (merges, mut found) = (merges_since(before, side)?, Vec::new());
        if merges.is_empty() {
            return Ok(MergedClasses(found));
        }
        for map in maps_of(&samples::with_all(side)?)? {
            let Some((labels, column)) = map.label_rows() else { continue };
            let of_map = merges.iter().filter(|((of, _), _)| *of == map.name);
            let of_map: BTreeMap<&str, &Value> = of_map.map(|((_, class), into)| (class.as_str(), into)).collect();
            // Classes that were merged into each other are at odds, see `Draft::follow_merge`.
            let ends = of_map.keys().filter_map(|class| Some((*class, end_of(&of_map, class).ok()?)));
            let relabelled: Relabelled =
                ends.map(|(class, into)| (column.to_owned(), class.to_owned(), into.to_string())).collect();
            if !relabelled.is_empty() {
                found.push((labels.paths.iter().cloned().collect(), relabelled));
            }
        }
        Ok(MergedClasses(found))
    }

    /// Those of the labels in a file.
    pub(super) fn in_file(&self, path: &DataPath) -> Relabelled {
        self.0
            .iter()
            .filter(|(paths, _)| paths.contains(path))
            .flat_map(|(_, relabelled)| relabelled)
            .cloned()
            .collect()
    }
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
        let mut changes: BTreeMap<_, _> = classes.iter().map(|class| (address(&map.name, class), said(into))).collect();
        changes.insert(address(&map.name, &into.to_string()), None);
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

    /// Classes of a map have other numbers: so they have in what is noted of them.
    pub(super) fn note_renumbered(&mut self, map: &ClassMap, numbers: &BTreeMap<String, Value>) -> Result<()> {
        let changes = renumbered_notes(&self.view.overlay.samples()?, &map.name, numbers)?;
        self.change_samples(changes)
    }

    /// Gives labels of classes that a side has merged the class that these were merged into, but for those that it
    /// has itself: it gave them after that. Returns the notes of the classes that their labels cannot have.
    fn follow_merges(&mut self, before: &View, sides: &[Noted<'_>]) -> Result<BTreeSet<RowAddress>> {
        let mut odd = BTreeSet::new();
        for map in maps_of(&self.view)? {
            let gone = Gone::of(before, &map, sides)?;
            for class in gone.merges.keys() {
                let stays = gone.kept.get(class).map(Vec::as_slice).unwrap_or_default();
                let followed = self.follow_merge(&map, class, &gone, stays);
                match followed {
                    Err(error) if is_refused(&error) => drop(odd.insert(address(&map.name, class))),
                    _ => followed?,
                }
            }
        }
        Ok(odd)
    }

    /// Gives the labels of one class the one that it was merged into, but for those that stay.
    fn follow_merge(&mut self, map: &ClassMap, class: &str, gone: &Gone<'_>, stays: &[LabelsOf<'_>]) -> Result<()> {
        let into = end_of(&gone.merges, class)?;
        self.give_classes(map, &BTreeMap::from([(class.to_owned(), into)]), stays)
    }
}

/// What is to be noted otherwise of the classes of a map that have other numbers.
pub(super) fn renumbered_notes(
    samples: &Rows,
    map: &str,
    numbers: &BTreeMap<String, Value>,
) -> Result<BTreeMap<RowAddress, Option<RowChange>>> {
    let (mut changes, mut gone) = (BTreeMap::new(), Vec::new());
    for (at, change) in samples.entries()? {
        let noted = merge_of(&at, Some(change)).filter(|((of, _), _)| of == map);
        let Some(((_, class), into)) = noted else { continue };
        let now = numbers.get(&class).map_or_else(|| class.clone(), Value::to_string);
        let after = numbers.get(&into.to_string()).unwrap_or(&into).clone();
        if (&now, &after) != (&class, &into) {
            let note = RowChange::Set { before: Value::Null, after, patch: None };
            changes.insert(address(map, &now), Some(note));
            gone.push(at);
        }
    }
    for at in gone {
        changes.entry(at).or_insert(None);
    }
    Ok(changes)
}

/// Classes of one map that sides of a merge have merged into others, and that are gone with that.
struct Gone<'n> {
    /// Into which others.
    merges: BTreeMap<&'n str, &'n Value>,
    /// The labels of them that the side itself has.
    kept: BTreeMap<&'n str, Vec<LabelsOf<'n>>>,
}

impl<'n> Gone<'n> {
    fn of(before: &View, map: &ClassMap, sides: &'n [Noted<'n>]) -> Result<Gone<'n>> {
        let mut gone = Gone { merges: BTreeMap::new(), kept: BTreeMap::new() };
        for side in sides {
            for ((_, class), into) in side.merges.iter().filter(|((of, _), _)| *of == map.name) {
                let Some(stays) = side.still_holds(before, map, class)? else { continue };
                gone.merges.insert(class.as_str(), into);
                gone.kept.entry(class.as_str()).or_default().extend(stays);
            }
        }
        Ok(gone)
    }
}

/// Labels that one side has, of one class.
pub(super) struct LabelsOf<'a> {
    /// The side, with what is excluded.
    pub(super) side: &'a View,
    /// The table of the labels there.
    pub(super) table: Table,
    /// Their keys there.
    pub(super) keys: Vec<String>,
}

impl<'a> LabelsOf<'a> {
    /// The labels of a class that a side has, which shows what is excluded; `None` where it has not the map, or no table
    /// of labels.
    pub(super) fn of(side: &'a View, map: &ClassMap, class: &str) -> Result<Option<LabelsOf<'a>>> {
        let Some(map) = map_named(side, map)? else { return Ok(None) };
        let (_, labels) = side.class_in_use(&map, class)?;
        Ok(labels.map(|(table, keys)| LabelsOf { side, table, keys }))
    }
}

/// One side of a merge, with the classes that it merged.
struct Noted<'a> {
    view: &'a View,
    /// The view with what is excluded.
    all: View,
    merges: Merges,
}

impl<'a> Noted<'a> {
    fn of(before: &View, view: &'a View) -> Result<Noted<'a>> {
        let merges = merges_since(before, view)?;
        let all = if merges.is_empty() { view.clone() } else { samples::with_all(view)? };
        Ok(Noted { view, all, merges })
    }

    /// What the side has of labels of a class that it merged; `None` where the class is there again, or a number means
    /// something else on the other side: then nothing follows.
    fn still_holds(&self, before: &View, map: &ClassMap, class: &str) -> Result<Option<Option<LabelsOf<'_>>>> {
        let Some(now) = map_named(&self.all, map)? else { return Ok(Some(None)) };
        let name = self.view.class_name(&now, class)?;
        let is_as_before = match map_named(before, map)? {
            Some(was) => match before.class_name(&was, class)? {
                None => return Ok(None),
                was => was == name,
            },
            None => true,
        };
        let (is_there, labels) = self.all.class_in_use(&now, class)?;
        if is_there && is_as_before {
            return Ok(None);
        }
        Ok(Some(labels.map(|(table, keys)| LabelsOf { side: &self.all, table, keys })))
    }
}

/// Whether an error says that labels cannot have a class, or a list cannot be edited so.
pub(super) fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid { .. } | ErrorKind::NotFound { .. } | ErrorKind::AlreadyExists { .. })
}

/// The map of a view that is called as another one's.
pub(super) fn map_named(view: &View, map: &ClassMap) -> Result<Option<ClassMap>> {
    Ok(maps_of(view)?.into_iter().find(|of| of.name == map.name))
}

/// All class maps of a view, which may have none.
pub(super) fn maps_of(view: &View) -> Result<Vec<ClassMap>> {
    match view.class_maps(None) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound { what: "class map", .. }) => Ok(Vec::new()),
        maps => maps,
    }
}

impl Dataset {
    /// What was before, our side and theirs over one base, with everything in one place and in the same classes, and
    /// what is at odds with that.
    /// `head` is the revision that our side is, or stands on.
    pub(in crate::dataset) fn level_sides(&self, merge: &Merge<'_>, head: Id) -> Result<([View; 3], Odds)> {
        let (sides, odds) = merge.over_one_base()?;
        let ([before, ours, theirs], moved) = self.with_moves_of_both(sides, head)?;
        let merge = Merge { before: &before, ours: &ours, theirs: &theirs, prefer: merge.prefer };
        let [ours, theirs] = self.in_same_classes(&merge, head)?;
        let now = |path: DataPath| moved.iter().find_map(|(from, to)| path.moved(from, to)).unwrap_or(path);
        let odds = odds.into_iter().map(|(path, odd)| (now(path), odd)).collect();
        Ok(([before, ours, theirs], odds))
    }

    /// Our side and theirs, over one base, each with what the other one did to classes made of the labels that it gave
    /// meanwhile: so that a class has one number, and a label no class that is gone.
    fn in_same_classes(&self, merge: &Merge<'_>, head: Id) -> Result<[View; 2]> {
        let before = merge.before;
        let theirs = self.beside_our_classes(merge, head)?;
        let sides = [Noted::of(before, merge.ours)?, Noted::of(before, &theirs)?];
        let [ours, theirs] = &sides;
        let ours_now = self.with_labels_followed(before, ours, theirs, head)?;
        let theirs_now = self.with_labels_followed(before, theirs, ours, head)?;
        Ok([ours_now, theirs_now])
    }

    /// A side of which the labels that it gave since `before` of classes that the other one merged have what these were
    /// merged into. All other labels of them follow once the sides are one, also those that got a class as it was
    /// merged into that.
    fn with_labels_followed(&self, before: &View, side: &Noted<'_>, other: &Noted<'_>, head: Id) -> Result<View> {
        let mut draft = Draft::to_edit(self, head, side.view.clone());
        if other.merges.is_empty() {
            return Ok(draft.view);
        }
        let all = samples::with_all(before)?;
        for map in maps_of(side.view)?.into_iter().filter(ClassMap::has_label_rows) {
            let mut gone = Gone::of(before, &map, std::slice::from_ref(other))?;
            let is_target =
                |class: &&str| side.merges.iter().any(|((of, _), into)| *of == map.name && into.to_string() == **class);
            let given: Vec<&str> = gone.merges.keys().copied().filter(|class| !is_target(class)).collect();
            for class in given {
                let mut stays = gone.kept.remove(class).unwrap_or_default();
                stays.extend(LabelsOf::of(&all, &map, class)?);
                match draft.follow_merge(&map, class, &gone, &stays) {
                    // What the side cannot say is found out where the two meet.
                    Err(error) if is_refused(&error) => {}
                    followed => followed?,
                }
            }
        }
        Ok(draft.view)
    }

    /// Merges; labels that one side gave of classes that the other one merged into others get these, and what one side
    /// brought of samples that the other one excluded is hidden. `head` is the revision that our side is, or stands on.
    pub(in crate::dataset) fn merged(&self, merge: &Merge<'_>, head: Id) -> Result<Merged> {
        let [before, ours, theirs] = samples::with_rows_to_merge([merge.before, merge.ours, merge.theirs])?;
        let merge = &Merge { before: &before, ours: &ours, theirs: &theirs, prefer: merge.prefer };
        match self.merged_beneath_what_is_hidden(merge, head)? {
            Merged::Clean(view) => {
                let mut draft = Draft::to_edit(self, head, self.without_shown_rows(view, head)?);
                draft.hide_all()?;
                Ok(Merged::Clean(draft.view))
            }
            conflicts => Ok(conflicts),
        }
    }

    /// As [`Dataset::merged`], with nothing hidden anew.
    pub(in crate::dataset) fn merged_with_classes(&self, merge: &Merge<'_>, head: Id) -> Result<Merged> {
        let ([before, ours, theirs], odds) = self.level_sides(merge, head)?;
        let merge = Merge { before: &before, ours: &ours, theirs: &theirs, prefer: merge.prefer };
        let view = match merge.run(odds)? {
            Merged::Clean(view) => view,
            conflicts => return Ok(conflicts),
        };
        let sides = [Noted::of(merge.before, merge.ours)?, Noted::of(merge.before, merge.theirs)?];
        if sides.iter().all(|side| side.merges.is_empty()) {
            return Ok(Merged::Clean(view));
        }
        let mut draft = Draft::to_edit(self, head, view);
        let odd = draft.follow_merges(merge.before, &sides)?;
        if odd.is_empty() {
            return Ok(Merged::Clean(draft.view));
        }
        let [ours, theirs] = [merge.ours, merge.theirs].map(|side| side.overlay.samples());
        let (ours, theirs) = (ours?, theirs?);
        let preferred = match merge.prefer {
            Some(Prefer::Ours) => ours,
            Some(Prefer::Theirs) => theirs,
            None => {
                let into = |side: &Rows, address: &RowAddress| {
                    Ok::<_, Error>(merge_of(address, side.get(address)?).map(|(_, into)| into))
                };
                let row = |address: RowAddress| {
                    let (ours, theirs) = (into(&ours, &address)?, into(&theirs, &address)?);
                    Ok(RowConflict { address, base: None, ours, theirs })
                };
                let rows = odd.into_iter().map(row).collect::<Result<_>>()?;
                let path = samples::path();
                return Ok(Merged::Conflicts(vec![Conflict { path, ours: None, theirs: None, why: WHY, rows }]));
            }
        };
        let said = |address: RowAddress| preferred.get(&address).map(|said| (address, said));
        let said = odd.into_iter().map(said).collect::<Result<_>>()?;
        draft.change_samples(said)?;
        Ok(Merged::Clean(draft.view))
    }
}
