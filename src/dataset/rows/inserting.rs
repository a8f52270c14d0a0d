//! Rows that are inserted by edits that are being worked out: where they go, and which keys they get.

use std::collections::{BTreeSet, HashMap};

use arrow::datatypes::DataType;

use super::diff::is_of_content;
use super::inserted::{self, Numbers};
use super::work::{Checked, RowIs, Work};
use crate::model::{RowAddress, RowChange, Value};
use crate::{Error, Result};

impl Work<'_> {
    pub(super) fn insert(&mut self, after: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        let anchor = match (after, self.file.tables()[self.at].rows) {
            (Some(row), _) => Some(self.anchor(row)?),
            (None, rows) => self.last_key(rows)?,
        };
        self.insert_behind(anchor, cells)
    }

    /// The key of the last row that has one.
    fn last_key(&self, rows: u64) -> Result<Option<String>> {
        for row in (0..rows).rev() {
            let key = self.file.key(self.at, row)?;
            if !key.is_empty() {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Inserts a row after another; `None` is the beginning.
    pub(super) fn insert_at(&mut self, after: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        let anchor = after.map(|row| self.anchor(row)).transpose()?;
        self.insert_behind(anchor, cells)
    }

    /// As [`Work::insert_at`], after a row that may be deleted; who asks knows that there is one.
    pub(super) fn insert_behind(&mut self, anchor: Option<String>, cells: Vec<(String, Value)>) -> Result<String> {
        self.insert_as(None, anchor, cells)
    }

    /// As [`Work::insert_behind`]; in a table without keys, under a key that is nobody's, if one is given.
    pub(super) fn insert_as(
        &mut self,
        key: Option<String>,
        anchor: Option<String>,
        cells: Vec<(String, Value)>,
    ) -> Result<String> {
        let mut checked = self.checked(cells, RowIs::New)?;
        self.follow_in_new(&mut checked)?;
        if let (Some(name), Some(column)) = (self.file.declared_key(), self.schema().key)
            && checked.file.get(&column).is_none_or(|key| *key == Value::Null)
        {
            return Err(Error::invalid("key of the new row", "", format!("its cell `{name}` is to say it")));
        }
        let mut all = Vec::new();
        for (at, column) in self.schema().columns.iter().enumerate() {
            let value = checked.file.get(&at).cloned();
            all.push((column.name.clone(), value.unwrap_or(Value::Null)));
        }
        all.extend(checked.added);
        let key = match self.schema().key {
            Some(column) => {
                let key = all[column].1.to_string();
                if let Some(RowChange::Deleted { before, is_below: true, .. }) = self.saying(&self.row_address(&key))? {
                    self.bring_back(&key, &before, all)?;
                    return Ok(key);
                }
                self.new_id(column, &mut all)?
            }
            None => key.map_or_else(|| self.new_key(anchor.as_deref()), Ok)?,
        };
        if let (Some(followers), Some(anchor)) = (&mut self.followers, &anchor) {
            followers.entry(anchor.clone()).or_default().insert(key.clone());
        }
        let inserted = RowChange::Inserted { after: anchor, cells: all, patch: None, is_below: false };
        self.changes.insert(self.row_address(&key), Some(inserted));
        Ok(key)
    }

    /// Puts a row back that was inserted once, under its key and where it was. Where the key is taken, and keys are
    /// places, or what it came after is gone, it comes where [`Work::append`] has it.
    ///
    /// # Errors
    /// `AlreadyExists` for the id of another row.
    pub(super) fn put_back(&mut self, row: &str, after: Option<String>, cells: Vec<(String, Value)>) -> Result<()> {
        if self.is_taken(row)? {
            return match self.schema().key {
                Some(_) => Err(Error::already_exists("row", row)),
                None => self.append(row, cells, &[]),
            };
        }
        let is_lost = match &after {
            Some(after) => !self.is_taken(after)?,
            None => false,
        };
        if is_lost || row.is_empty() {
            return self.append(row, cells, &[]);
        }
        let inserted = RowChange::Inserted { after, cells, patch: None, is_below: false };
        self.changes.insert(self.row_address(row), Some(inserted));
        Ok(())
    }

    /// Makes a row that was there once anew, with what its cells can hold of this. Those that it `had` in its
    /// file, of columns that the file has no more, go along as they are told there, where the format lets a row have
    /// them alone. In a table without keys it comes behind the row that its key tells of, where that is there; else it is
    /// the last one.
    ///
    /// # Errors
    /// `AlreadyExists` where its id is another row's.
    pub(super) fn append(&mut self, row: &str, cells: Vec<(String, Value)>, had: &[(String, Value)]) -> Result<()> {
        if self.schema().key.is_some() && self.is_taken(row)? {
            return Err(Error::already_exists("row", row));
        }
        let (mut kept, mut more) = (Vec::new(), Vec::new());
        for (column, value) in cells.into_iter().filter(|(_, value)| *value != Value::Null) {
            if self.has_cell(&column, true)? {
                // What a cell cannot hold any more is no reason to lose the others.
                let fits = self.schema().find(&column).map(|at| self.file.check(self.at, at, &value));
                match fits.transpose() {
                    Ok(_) => kept.push((column, value)),
                    Err(error) if is_of_content(&error) => tracing::warn!("row `{row}` comes back without: {error}"),
                    Err(error) => return Err(error),
                }
            } else if self.file.takes_more() {
                more.extend(had.iter().find(|(known, _)| *known == column).cloned());
            }
        }
        let key = self.insert_where(row, kept)?;
        if let Some(Some(RowChange::Inserted { cells, .. })) = self.changes.get_mut(&self.row_address(&key)) {
            cells.extend(more);
        }
        Ok(())
    }

    /// Inserts a row where its key says that it was: under this key, unless another row has it.
    fn insert_where(&mut self, row: &str, cells: Vec<(String, Value)>) -> Result<String> {
        if self.schema().key.is_some() {
            return self.insert(None, cells);
        }
        let mut above = row;
        while let Some((anchor, _)) = inserted::anchor_of(above) {
            if anchor.is_empty() || self.is_taken(anchor)? {
                let anchor = Some(anchor.to_owned()).filter(|anchor| !anchor.is_empty());
                let key = if self.is_taken(row)? { None } else { Some(row.to_owned()) };
                return self.insert_as(key, anchor, cells);
            }
            above = anchor;
        }
        self.insert(None, cells)
    }

    fn is_taken(&self, row: &str) -> Result<bool> {
        // A deletion is told at the same address.
        Ok(self.saying(&self.row_address(row))?.is_some() || self.file.find(self.at, row)?.is_some())
    }

    /// Checks that a new row can come after this one.
    fn anchor(&self, row: String) -> Result<String> {
        match self.saying(&self.row_address(&row))? {
            Some(RowChange::Inserted { .. }) => Ok(row),
            Some(RowChange::Deleted { .. }) => Err(Error::not_found("row", row)),
            _ => self.place(&row).map(|_| row),
        }
    }

    /// What came after an inserted row that goes comes after what that came after.
    pub(super) fn follow(&mut self, gone: &str, after: Option<String>) -> Result<()> {
        let mut followers = match self.followers.take() {
            Some(followers) => followers,
            None => self.find_followers()?,
        };
        for row in followers.remove(gone).unwrap_or_default() {
            let address = self.row_address(&row);
            if let Some(RowChange::Inserted { cells, patch, is_below, .. }) = self.saying(&address)? {
                let moved = RowChange::Inserted { after: after.clone(), cells, patch, is_below };
                self.changes.insert(address, Some(moved));
                if let Some(after) = &after {
                    followers.entry(after.clone()).or_default().insert(row);
                }
            }
        }
        self.followers = Some(followers);
        Ok(())
    }

    fn find_followers(&self) -> Result<HashMap<String, BTreeSet<String>>> {
        let mut followers: HashMap<String, BTreeSet<String>> = HashMap::new();
        let changed = self.changes.iter().filter_map(|(address, change)| Some((address.clone(), change.clone()?)));
        let kept = self.rows.entries()?.into_iter().filter(|(address, _)| !self.changes.contains_key(address));
        for (address, change) in changed.chain(kept) {
            if let (RowAddress::Row { table, row }, RowChange::Inserted { after: Some(after), .. }) = (address, change)
                && table == self.table
            {
                followers.entry(after).or_default().insert(row);
            }
        }
        Ok(followers)
    }

    /// Inserts a row again that was deleted: it is where it was, with these cells, as many as there are columns first.
    fn bring_back(&mut self, key: &str, before: &[(String, Value)], cells: Vec<(String, Value)>) -> Result<()> {
        let mut sets = Vec::new();
        for (place, (name, after)) in cells.into_iter().enumerate() {
            let is_kept = |column: &crate::table::Column| !column.editable || self.schema().key == Some(place);
            let change = match self.schema().columns.get(place) {
                Some(column) if is_kept(column) => continue,
                Some(_) => {
                    let before = before.iter().find(|(of, _)| *of == name);
                    let before = before.map_or(Value::Null, |(_, value)| value.clone());
                    let after = if after == before { after } else { self.file.check(self.at, place, &after)? };
                    (after != before).then_some(RowChange::Set { before, after, patch: None })
                }
                None => Some(RowChange::Set { before: Value::Null, after, patch: None }),
            };
            sets.push((self.cell_address(key, &name), change));
        }
        self.changes.insert(self.row_address(key), None);
        self.changes.extend(sets);
        Ok(())
    }

    /// Checks that the id of a new row is nobody's, or finds one where a number is wanted and none was given.
    fn new_id(&mut self, column: usize, cells: &mut [(String, Value)]) -> Result<String> {
        if cells[column].1 != Value::Null {
            let key = cells[column].1.to_string();
            if self.is_taken(&key)? {
                return Err(Error::already_exists("row", key));
            }
            if let (Some(highest), Ok(id)) = (&mut self.id_max, key.parse::<i64>()) {
                *highest = id.max(*highest);
            }
            return Ok(key);
        }
        if matches!(self.schema().columns[column].data_type, DataType::Utf8 | DataType::LargeUtf8) {
            let name = &self.schema().columns[column].name;
            return Err(Error::invalid("key of the new row", "", format!("its cell `{name}` is to say it")));
        }
        let highest = match self.id_max {
            Some(highest) => highest,
            None => self.find_id_max()?,
        };
        let name = &self.schema().columns[column].name;
        let next = highest.checked_add(1).ok_or_else(|| Error::invalid("key", name, "the numbers are used up"))?;
        self.id_max = Some(next);
        cells[column].1 = self.file.check(self.at, column, &Value::Int(next))?;
        Ok(cells[column].1.to_string())
    }

    /// The highest id of the file, and of rows that were inserted here or in another branch or draft: two people
    /// who insert rows are to get different ids.
    fn find_id_max(&self) -> Result<i64> {
        let mut highest = self.file.key_max(self.at)?.unwrap_or(0);
        let mut note = |address: &RowAddress| {
            if let RowAddress::Row { table, row } = address
                && *table == self.table
                && let Ok(id) = row.parse::<i64>()
            {
                highest = id.max(highest);
            }
        };
        self.changes.keys().for_each(&mut note);
        self.rows.entries()?.iter().for_each(|(address, _)| note(address));
        if self.file.ids_are_places(self.at) {
            return Ok(highest);
        }
        for other in (self.besides.elsewhere)()? {
            self.rows.diff(&other)?.iter().for_each(|difference| note(&difference.address));
        }
        Ok(highest)
    }

    /// A key for a row of a table without keys: above all that rows behind the same one have, or had in the
    /// revision that is edited.
    fn new_key(&mut self, anchor: Option<&str>) -> Result<String> {
        let anchor = anchor.unwrap_or_default();
        Ok(inserted::new_key(anchor, self.known_numbers()?.next(anchor)))
    }

    /// Has no new row get one of these keys.
    pub(super) fn note_keys(&mut self, keys: &[String]) -> Result<()> {
        if !keys.is_empty() {
            let numbers = self.known_numbers()?;
            keys.iter().for_each(|key| numbers.note(key));
        }
        Ok(())
    }

    fn known_numbers(&mut self) -> Result<&mut Numbers> {
        let numbers = match self.numbers.take() {
            Some(numbers) => numbers,
            None => {
                let mut numbers = Numbers::default();
                numbers.note_all(self.rows, &self.table)?;
                let mut later = self.rows.clone();
                for earlier in (self.besides.committed)()? {
                    for difference in later.diff(&earlier)? {
                        numbers.note_row(&difference.address, &self.table);
                    }
                    later = earlier;
                }
                numbers
            }
        };
        Ok(self.numbers.insert(numbers))
    }

    pub(super) fn set_inserted(
        &mut self,
        row: &str,
        after: Option<String>,
        mut cells: Vec<(String, Value)>,
        is_below: bool,
        checked: Checked,
    ) -> Result<()> {
        let named = checked.file.into_iter().map(|(column, value)| (self.schema().columns[column].name.clone(), value));
        for (name, value) in named.chain(checked.added).collect::<Vec<_>>() {
            match cells.iter_mut().find(|(known, _)| *known == name) {
                Some((_, cell)) => *cell = value,
                None => cells.push((name, value)),
            }
        }
        let inserted = RowChange::Inserted { after, cells, patch: None, is_below };
        self.changes.insert(self.row_address(row), Some(inserted));
        Ok(())
    }
}
