//! Inserted rows over a source's file that changed: they come where what they came after is now.

use std::collections::BTreeMap;

use super::diff::is_of_content;
use super::edit::RowEdit;
use super::inserted::{Inserted, anchor_of, in_order};
use super::merge::RowConflict;
use super::reapply::Again;
use crate::model::{RowAddress, Value};
use crate::{ErrorKind, Result};

/// A row that was inserted.
pub(super) struct New {
    /// What it came after; `None` is the beginning.
    pub(super) after: Option<String>,
    pub(super) key: String,
    pub(super) cells: Vec<(String, Value)>,
}

/// Where a row goes.
enum Goes {
    Behind(Option<String>),
    Last,
}

impl Again<'_> {
    /// Inserts all rows again, in the order in which they showed.
    pub(super) fn insert_all(&mut self) -> Result<()> {
        let new = std::mem::take(&mut self.new);
        let anchors: Inserted<'_> = new.iter().map(|row| (row.key.as_str(), row.after.as_deref())).collect();
        let ranks: BTreeMap<String, usize> =
            in_order(&anchors).into_iter().enumerate().map(|(rank, (key, _))| (key.to_owned(), rank)).collect();
        let mut new = new;
        new.sort_by_key(|row| ranks.get(&row.key).copied());
        // What comes after a row that could not be made comes after what that was to come after.
        let mut unmade: BTreeMap<String, Option<String>> = BTreeMap::new();
        for row in new {
            let mut after = row.after.clone();
            while let Some(instead) = after.as_ref().and_then(|after| unmade.get(after)) {
                after.clone_from(instead);
            }
            let key = row.key.clone();
            match self.insert(New { after: after.clone(), ..row })? {
                Some(now) => {
                    self.taken.insert(now.clone());
                    self.inserted.insert(key, now);
                }
                None => drop(unmade.insert(key, after)),
            }
        }
        Ok(())
    }

    /// Inserts a row again; where the source has one with its key now, it is that one, edited. Returns its key now.
    fn insert(&mut self, new: New) -> Result<Option<String>> {
        let New { after, key, cells } = new;
        let is_there = |column: &str| self.column(column).is_some() || self.added.contains(column);
        let cells: Vec<(String, Value)> = cells.into_iter().filter(|(column, _)| is_there(column)).collect();
        if self.is_keyed()
            && let Some(place) = self.file.find(self.at, &key)?
        {
            self.edit_instead(&key, place, cells)?;
            return Ok(Some(key));
        }
        let told = Value::Struct(cells.clone());
        let made = match self.goes(after)? {
            Goes::Behind(row) => {
                let own = if self.is_keyed() { None } else { self.key_now(&key)? };
                self.work.insert_as(own, row, cells)
            }
            Goes::Last => self.work.take(RowEdit::Insert { after: None, cells }),
        };
        match made {
            Ok(key) => Ok(Some(key)),
            Err(error) if is_of_content(&error) || matches!(error.kind(), ErrorKind::AlreadyExists { .. }) => {
                let address = RowAddress::Row { table: self.table.clone(), row: key };
                self.dropped.push(RowConflict { address, base: None, ours: Some(told), theirs: None });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Behind which row a new one goes that came after `after`.
    fn goes(&self, after: Option<String>) -> Result<Goes> {
        // Where a row's key is its place, no other has one that is free.
        if self.file.ids_are_places(self.at) {
            return Ok(Goes::Last);
        }
        let Some(after) = after else { return Ok(Goes::Behind(None)) };
        if let Some(now) = self.inserted.get(&after) {
            return Ok(Goes::Behind(Some(now.clone())));
        }
        let place = match &self.moved {
            None => self.file.find(self.at, &after)?,
            Some(moved) => match after.parse().ok().map(|place| moved.at_or_above(place)) {
                Some(Some(place)) => Some(place),
                // All above it is gone.
                Some(None) if moved.is_known() => return Ok(Goes::Behind(None)),
                _ => None,
            },
        };
        let Some(place) = place else { return Ok(Goes::Last) };
        self.file.key(self.at, place).map(|row| Goes::Behind(Some(row)))
    }

    /// The key that a new row of a table without keys has now, where the row that it tells of is there: then it has its
    /// number still, by which it is the same row on other branches. `None` where that may be another one's.
    fn key_now(&mut self, key: &str) -> Result<Option<String>> {
        let Some((anchor, number)) = anchor_of(key) else { return Ok(None) };
        let now = match self.inserted.get(anchor) {
            Some(now) => Some(now.clone()),
            None if anchor.is_empty() => Some(String::new()),
            None => {
                let place = self.moved.as_ref().and_then(|moved| moved.place(anchor.parse().ok()?));
                place.map(|place| place.to_string())
            }
        };
        let Some(now) = now.map(|anchor| format!("{anchor}+{number}")) else { return Ok(None) };
        let is_free = !self.taken.contains(&now);
        if is_free {
            self.work.note_keys(std::slice::from_ref(&now))?;
        }
        Ok(is_free.then_some(now))
    }

    fn edit_instead(&mut self, key: &str, place: u64, cells: Vec<(String, Value)>) -> Result<()> {
        let now = self.file.row(self.at, place)?;
        for (column, ours) in cells {
            let theirs = self.column(&column).and_then(|at| now.get(at).cloned());
            if theirs.as_ref() == Some(&ours) || (theirs.is_none() && ours == Value::Null) {
                continue;
            }
            let edit = RowEdit::Set { row: key.to_owned(), cells: vec![(column.clone(), ours.clone())] };
            let is_made = match self.work.take(edit) {
                Ok(_) => true,
                Err(error) if is_of_content(&error) => false,
                Err(error) => return Err(error),
            };
            if theirs.is_some() {
                let conflict =
                    RowConflict { address: self.cell_address(key, column), base: None, ours: Some(ours), theirs };
                if is_made { self.stay.push(conflict) } else { self.dropped.push(conflict) }
            }
        }
        Ok(())
    }
}
