//! A row by its key, and what a row's key is.

use std::sync::{Arc, PoisonError};

use super::file::JsonFile;
use super::ids::{Ids, Places};
use super::index::STRIDE;
use super::locate::{self, Locator};
use super::stretch::Stretch;
use super::window::Window;
use crate::table::place_key::place;
use crate::{Error, Result};

impl JsonFile<'_> {
    /// The place of the first row with this key.
    pub(super) fn find_key(&self, table: usize, key: &str) -> Result<Option<u64>> {
        let rows = self.rows(table)?;
        if rows.ids == Ids::None {
            return Ok(place(key, rows.count));
        }
        match self.places(table, key)? {
            Places::Stretch(stretch) => self.find_among(table, stretch.start..stretch.end.min(rows.count), key),
            Places::Some(rows) => self.find_among(table, rows.into_iter(), key),
        }
    }

    /// As [`JsonFile::find_key`], in the order in which the rows lie.
    pub(super) fn find_keys(&self, table: usize, keys: &[&str]) -> Result<Vec<Option<u64>>> {
        let mut order = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            let first = match self.places(table, key)? {
                Places::Stretch(stretch) => stretch.start,
                Places::Some(rows) => rows.first().copied().unwrap_or(u64::MAX),
            };
            order.push((first, at));
        }
        order.sort_unstable();
        let mut found = vec![None; keys.len()];
        for (_, at) in order {
            found[at] = self.find_key(table, keys[at])?;
        }
        Ok(found)
    }

    pub(super) fn key_of(&self, table: usize, row: u64) -> Result<String> {
        let rows = self.rows(table)?;
        if rows.ids == Ids::None {
            return if row < rows.count { Ok(row.to_string()) } else { Err(Error::not_found("row", row)) };
        }
        match self.near(table, row)? {
            Some(near) => Ok(near.keys(self.dialect.key())?[(row % STRIDE) as usize].clone()),
            None => Locator::new(&mut Window::new(self.file, locate::STEP), rows).key(row, self.dialect.key()),
        }
    }

    /// Whether more than one row has this key: ids that only rise, and places, are of one row each.
    pub(super) fn is_of_several(&self, table: usize, key: &str) -> Result<bool> {
        let Places::Some(rows) = self.places(table, key)? else { return Ok(false) };
        if rows.len() < 2 {
            return Ok(false);
        }
        let mut count = 0;
        for row in rows {
            // Ids that are text are found by a hash, which may be another one's, too.
            count += usize::from(self.key_of(table, row)? == key);
            if count == 2 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives where a row begins, and its bytes.
    pub(super) fn with_row<T>(&self, table: usize, row: u64, read: impl FnOnce(u64, &[u8]) -> Result<T>) -> Result<T> {
        if let Some(near) = self.near(table, row)? {
            let (at, bytes) = near.row(row);
            return read(at, bytes);
        }
        let (at, bytes) = Locator::new(&mut Window::new(self.file, locate::STEP), self.rows(table)?).bytes(row)?;
        read(at, &bytes)
    }

    /// The rows around this one; `None` where they are too long to be held.
    fn near(&self, table: usize, row: u64) -> Result<Option<Arc<Stretch>>> {
        let rows = self.rows(table)?;
        if row >= rows.count {
            return Err(Error::not_found("row", row));
        }
        // A thread that panicked while it held it left it whole: it is set in one step.
        let mut near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        if !near.as_ref().is_some_and(|stretch| stretch.has(table, row)) {
            *near = Stretch::around(self.file, table, rows, row)?.map(Arc::new);
        }
        Ok(near.clone())
    }

    /// Where the row with this key may be.
    fn places(&self, table: usize, key: &str) -> Result<Places> {
        let ids = &self.rows(table)?.ids;
        Ok(ids.places(self.numbers[table].get_or_init(|| ids.sorted()), key))
    }

    /// The first row of these that has the key.
    fn find_among(&self, table: usize, rows: impl Iterator<Item = u64>, key: &str) -> Result<Option<u64>> {
        for row in rows {
            let is_it = match self.near(table, row)? {
                Some(near) => near.keys(self.dialect.key())?[(row % STRIDE) as usize] == key,
                None => self.key_of(table, row)? == key,
            };
            if is_it {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}
