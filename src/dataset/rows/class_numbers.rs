//! Classes that both sides of a merge added to a list in which a class's number is its place.
//!
//! Both got the same numbers there. Theirs get the next ones that are free on our side, and their labels go along; of
//! one name, they are one class. An id that any branch has is not given again, so classes of ids are looked at for
//! their names alone.

use std::collections::{BTreeMap, BTreeSet};

use super::class_merges::{LabelsOf, is_refused, map_named, maps_of};
use super::classes::ClassMap;
use super::edit::RowEdit;
use crate::dataset::diff::has_same_bytes;
use crate::dataset::draft::Draft;
use crate::dataset::merge::Merge;
use crate::dataset::view::View;
use crate::dataset::{Dataset, samples};
use crate::model::{DataPath, Id, RowAddress, RowChange, Value};
use crate::table::detect::Promise;
use crate::{Error, Result};

/// The numbers that classes of theirs get.
struct Numbers {
    /// The names of all classes that either side added, by number.
    classes: BTreeMap<i64, String>,
    /// Of theirs, as labels have them: the numbers that are others now.
    others: BTreeMap<String, Value>,
}

impl Dataset {
    /// Their side of a merge with the numbers that its new classes get beside ours. `head` is the revision that our
    /// side is, or stands on.
    pub(super) fn beside_our_classes(&self, merge: &Merge<'_>, head: Id) -> Result<View> {
        let mut draft = Draft::to_edit(self, head, merge.theirs.clone());
        if !both_changed_a_list(merge)? {
            return Ok(draft.view);
        }
        for map in maps_of(merge.theirs)? {
            let before = draft.view.overlay.clone();
            let done = match Numbers::of(merge, &map)? {
                Some(numbers) => draft.renumber(merge.before, &map, &numbers),
                None => draft.take_ids(&map, &ids_of_one_name(merge, &map)?),
            };
            match done {
                // A list that cannot be edited is a conflict as any other.
                Err(error) if is_refused(&error) => draft.view.overlay = before,
                done => done?,
            }
        }
        Ok(draft.view)
    }
}

/// Whether there is a file that may say classes and that both sides changed. What the source changed both have by now.
fn both_changed_a_list(merge: &Merge<'_>) -> Result<bool> {
    let changed = |side: &View| -> Result<BTreeSet<DataPath>> {
        Ok(merge.before.overlay.diff(&side.overlay)?.into_iter().map(|difference| difference.path).collect())
    };
    let ours = changed(merge.ours)?;
    for path in changed(merge.theirs)? {
        let promise = merge.ours.promise_at(&path)?;
        let is_list = matches!(promise, Some(Promise::Yaml | Promise::Names | Promise::Json));
        if !is_list || !ours.contains(&path) {
            continue;
        }
        let (Some(was), Some(ours)) = (merge.before.node(&path)?, merge.ours.node(&path)?) else { continue };
        if !has_same_bytes((merge.before, &was.place), (merge.ours, &ours.place))? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Numbers {
    /// `None` where no class of theirs has the number of another one of ours.
    fn of(merge: &Merge<'_>, map: &ClassMap) -> Result<Option<Numbers>> {
        let classes = |view: &View| match map_named(view, map)? {
            Some(map) => classes_by_place(view, &map),
            None => Ok(None),
        };
        let (Some(before), Some(ours), Some(theirs)) =
            (classes(merge.before)?, classes(merge.ours)?, classes(merge.theirs)?)
        else {
            return Ok(None);
        };
        let is_new = |(number, _): &(&i64, &String)| !before.contains_key(number);
        let mut classes: BTreeMap<i64, String> =
            ours.iter().filter(is_new).map(|(number, name)| (*number, name.clone())).collect();
        let theirs: Vec<(&i64, &String)> = theirs.iter().filter(is_new).collect();
        if theirs.iter().all(|(number, name)| classes.get(*number).is_none_or(|of_ours| of_ours == *name)) {
            return Ok(None);
        }
        let mut free = ours.keys().next_back().map_or(0, |last| last.saturating_add(1));
        let mut others = BTreeMap::new();
        for (number, name) in theirs {
            let there = classes.iter().find(|(_, of_ours)| *of_ours == name).map(|(number, _)| *number);
            let now = there.unwrap_or(free);
            if there.is_none() {
                classes.insert(free, name.clone());
                free = free.saturating_add(1);
            }
            if now != *number {
                others.insert(number.to_string(), Value::Int(now));
            }
        }
        Ok(Some(Numbers { classes, others }))
    }
}

/// The names of the classes of a map in which a number is a place, by number; `None` for any other.
fn classes_by_place(view: &View, map: &ClassMap) -> Result<Option<BTreeMap<i64, String>>> {
    let Some(table) = map.places() else { return Ok(None) };
    let rows = view.class_rows(table)?.into_iter();
    Ok(rows.map(|row| row.number.parse().ok().map(|number| (number, row.name))).collect())
}

/// Of classes of ids that both sides added by one name: the id on our side, by that on theirs.
fn ids_of_one_name(merge: &Merge<'_>, map: &ClassMap) -> Result<BTreeMap<String, Value>> {
    let mut ids = BTreeMap::new();
    if map.places().is_some() {
        return Ok(ids);
    }
    let classes = |view: &View| -> Result<Vec<(i64, String)>> {
        let Some(map) = map_named(view, map)? else { return Ok(Vec::new()) };
        let Some(table) = map.table() else { return Ok(Vec::new()) };
        let rows = view.class_rows(table)?.into_iter();
        Ok(rows.filter_map(|row| Some((row.number.parse().ok()?, row.name))).collect())
    };
    let before = classes(merge.before)?;
    let new = |view: &View| -> Result<Vec<(i64, String)>> {
        let is_new = |(id, name): &(i64, String)| before.iter().all(|(known, of)| known != id && of != name);
        Ok(classes(view)?.into_iter().filter(is_new).collect())
    };
    let (ours, theirs) = (new(merge.ours)?, new(merge.theirs)?);
    for (id, name) in &theirs {
        let of_ours = ours.iter().find(|(_, of_ours)| of_ours == name);
        if let Some((now, _)) = of_ours.filter(|(now, _)| now != id && theirs.iter().all(|(of, _)| of != now)) {
            ids.insert(id.to_string(), Value::Int(*now));
        }
    }
    Ok(ids)
}

impl Draft {
    /// Gives classes of ids other ones, and their labels with them.
    fn take_ids(&mut self, map: &ClassMap, ids: &BTreeMap<String, Value>) -> Result<()> {
        let Some(table) = map.table().filter(|_| !ids.is_empty()) else { return Ok(()) };
        let node = table.paths.first().map(|path| self.view.existing(path)).transpose()?;
        let rows = self.view.class_rows(table)?;
        let (mut inserts, mut deletes) = (Vec::new(), Vec::new());
        for class in rows.iter().filter(|class| ids.contains_key(&class.number)) {
            let address = RowAddress::Row { table: table.part.clone(), row: class.row.clone() };
            let said = node.as_ref().map(|node| self.view.rows_of(node).get(&address)).transpose()?.flatten();
            let mut cells = match said {
                Some(RowChange::Inserted { cells, .. }) => cells,
                _ => vec![("name".to_owned(), Value::Text(class.name.clone()))],
            };
            cells.retain(|(column, value)| column != "id" && *value != Value::Null);
            cells.push(("id".to_owned(), ids[&class.number].clone()));
            inserts.push(RowEdit::Insert { after: None, cells });
            deletes.push(RowEdit::Delete { row: class.row.clone() });
        }
        self.edit_table(table, inserts)?;
        let Some(map) = &map_named(&self.view, map)? else { return Ok(()) };
        self.give_classes(map, ids, &[])?;
        self.edit_table(table, deletes)?;
        self.note_renumbered(map, ids)
    }

    /// Gives classes that were added since `before` other numbers, and their labels with them.
    fn renumber(&mut self, before: &View, map: &ClassMap, numbers: &Numbers) -> Result<()> {
        let Some(table) = map.places() else { return Ok(()) };
        let (rows, mut edits) = (self.view.class_rows(table)?, Vec::new());
        for (number, name) in &numbers.classes {
            let cells = vec![("name".to_owned(), Value::Text(name.clone()))];
            match rows.iter().find(|row| row.number == number.to_string()) {
                Some(row) if row.name == *name => {}
                Some(row) => edits.push(RowEdit::Set { row: row.row.clone(), cells }),
                None => edits.push(RowEdit::Insert { after: None, cells }),
            }
        }
        self.edit_table(table, edits)?;
        // Its labels take the classes that it has now.
        let Some(map) = &map_named(&self.view, map)? else { return Ok(()) };
        let now = classes_by_place(&self.view, map)?.unwrap_or_default();
        if numbers.classes.iter().any(|(number, name)| now.get(number) != Some(name)) {
            return Err(Error::invalid("class to number anew", &map.name, "its list is in another order"));
        }
        // A label that had such a number before there was a class of it means none of theirs.
        let all = samples::with_all(before)?;
        let mut stay: Vec<LabelsOf<'_>> = Vec::new();
        for class in numbers.others.keys() {
            stay.extend(LabelsOf::of(&all, map, class)?);
        }
        self.give_classes(map, &numbers.others, &stay)?;
        self.note_renumbered(map, &numbers.others)
    }
}
