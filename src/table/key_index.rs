//! Rows by the value of a column: one sweep over it, and then each is found without another.
//!
//! A hash of each value is kept with the row's place, sixteen bytes a row; what is found by it is looked at in the
//! file before anybody is told.

use std::hash::{DefaultHasher, Hasher};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};

use super::{Flow, Scan, TableFile, arrow_value};
use crate::Result;
use crate::model::Value;

/// The most bytes of a key: with its table and column it must fit into the address of a row.
const KEY_LEN_MAX: usize = 512;

/// The places of rows by their values in one column.
#[derive(Debug)]
pub(super) struct KeyIndex {
    table: usize,
    column: usize,
    /// (hash, place), in order; no row without a key.
    hashes: Vec<(u64, u32)>,
}

/// The first thing because of which values cannot tell all rows apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The value of a row is none that a key can be, for this reason.
    Unfit { row: u64, why: &'static str },
    /// Two rows have the same value.
    Shared { row: u64, earlier: u64 },
}

impl Flaw {
    fn row(&self) -> u64 {
        match self {
            Flaw::Unfit { row, .. } | Flaw::Shared { row, .. } => *row,
        }
    }
}

impl KeyIndex {
    /// Reads the column of all rows, of which there are fewer than 2^32.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn of(file: &dyn TableFile, table: usize, column: usize) -> Result<(KeyIndex, Option<Flaw>)> {
        // How many rows there are is only what the file claims.
        let (mut hashes, mut place, mut unfit): (Vec<(u64, u32)>, u32, Option<Flaw>) = (Vec::new(), 0, None);
        file.scan(table, &Scan { columns: Some(vec![column]), ..Scan::default() }, &mut |batch| {
            each_text(batch.column(0).as_ref(), &mut |text: Option<&str>| {
                match text.map_or(Err(NO_VALUE), check) {
                    Ok(()) => hashes.push((hash(text.unwrap_or_default()), place)),
                    Err(why) => _ = unfit.get_or_insert(Flaw::Unfit { row: place.into(), why }),
                }
                place += 1;
            })?;
            Ok(Flow::More)
        })?;
        hashes.sort_unstable();
        let index = KeyIndex { table, column, hashes };
        let shared = index.first_shared(file)?;
        Ok((index, unfit.into_iter().chain(shared).min_by_key(Flaw::row)))
    }

    /// The place of the first row with this key.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn find(&self, file: &dyn TableFile, key: &str) -> Result<Option<u64>> {
        for (_, place) in self.alike(hash(key)) {
            if self.text(file, (*place).into())? == key {
                return Ok(Some((*place).into()));
            }
        }
        Ok(None)
    }

    /// As [`KeyIndex::find`], in the order in which the rows lie.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn find_all(&self, file: &dyn TableFile, keys: &[&str]) -> Result<Vec<Option<u64>>> {
        let mut order: Vec<(u32, usize)> = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            order.extend(self.alike(hash(key)).first().map(|(_, place)| (*place, at)));
        }
        order.sort_unstable();
        let mut found = vec![None; keys.len()];
        for (_, at) in order {
            found[at] = self.find(file, keys[at])?;
        }
        Ok(found)
    }

    /// Whether more than one row has this key.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn is_shared(&self, file: &dyn TableFile, key: &str) -> Result<bool> {
        let alike = self.alike(hash(key));
        if alike.len() < 2 {
            return Ok(false);
        }
        let mut count = 0;
        for (_, place) in alike {
            count += usize::from(self.text(file, (*place).into())? == key);
            if count == 2 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The key of a row; empty for one without.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn text(&self, file: &dyn TableFile, row: u64) -> Result<String> {
        key_of(file, self.table, self.column, row)
    }

    fn alike(&self, hash: u64) -> &[(u64, u32)] {
        let from = self.hashes.partition_point(|(other, _)| *other < hash);
        let len = self.hashes[from..].iter().take_while(|(other, _)| *other == hash).count();
        &self.hashes[from..from + len]
    }

    /// The first row that has the key of an earlier one.
    fn first_shared(&self, file: &dyn TableFile) -> Result<Option<Flaw>> {
        let alike = self.hashes.windows(2).filter(|two| two[0].0 == two[1].0);
        let mut seem: Vec<(u32, u32)> = alike.map(|two| (two[1].1, two[0].1)).collect();
        seem.sort_unstable();
        for (row, earlier) in seem {
            let (row, earlier) = (row.into(), earlier.into());
            if self.text(file, row)? == self.text(file, earlier)? {
                return Ok(Some(Flaw::Shared { row, earlier }));
            }
        }
        Ok(None)
    }
}

/// What is wrong with a row whose value is null.
pub(super) const NO_VALUE: &str = "has none";

/// The key of a row; empty for one without.
pub(super) fn key_of(file: &dyn TableFile, table: usize, column: usize, row: u64) -> Result<String> {
    let cells = file.cells(table, row, &[column])?;
    Ok(cells.first().map_or_else(String::new, Value::to_string))
}

/// Checks that a text can be a key.
///
/// # Errors
/// With what is wrong, as in "row 3 has none".
pub(super) fn check(key: &str) -> std::result::Result<(), &'static str> {
    match key {
        "" => Err("has an empty one"),
        key if key.len() > KEY_LEN_MAX => Err("has one of more than 512 bytes"),
        // Addresses of rows are put together with these.
        key if key.bytes().any(|byte| byte <= 1) => Err("has one with a byte 0 or 1 in it"),
        _ => Ok(()),
    }
}

/// Whether values of this type can be keys: whole numbers and texts.
pub(super) fn is_fit(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, of) => is_fit(of),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        of => of.is_integer(),
    }
}

/// Gives the text of each value, in order; `None` for null.
fn each_text(array: &dyn Array, each: &mut dyn FnMut(Option<&str>)) -> Result<()> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().for_each(each),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().for_each(each),
        DataType::Utf8View => array.as_string_view().iter().for_each(each),
        DataType::Int64 => {
            let numbers = array.as_primitive::<Int64Type>().iter();
            numbers.for_each(|number| each(number.map(|number| number.to_string()).as_deref()));
        }
        _ => {
            for value in arrow_value::values(array)? {
                match value {
                    Value::Null => each(None),
                    value => each(Some(&value.to_string())),
                }
            }
        }
    }
    Ok(())
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key.as_bytes());
    hasher.finish()
}
