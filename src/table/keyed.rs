//! A file whose rows are named by the values of a column, because somebody declared that they are its keys.
//!
//! It stands on any format whose rows have only places ([`super::Format::without_keys`]), which reads and splices as
//! ever; here is what a key is, where its row lies, and whether the column tells all rows apart at all. A source may
//! bring two rows with one key, or none in a row, at any time: that is told ([`TableFile::key_flaw`]), and no row is
//! hidden for it.

use std::sync::{Arc, OnceLock};

use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::key_index::{self, Flaw, KeyIndex, is_fit, key_of};
use super::{
    Column, FileEdits, Flag, Flow, Format, Places, ReadAt, Role, Scan, Sieve, Splice, TableFile, TableInfo, stored,
};
use crate::model::Value;
use crate::{Error, Result};

/// Counted up when what is stored, or what it means, changes.
const VERSION: u32 = 1;
/// The place of the table: formats without keys have but one.
const TABLE: usize = 0;

/// A format with a declared key column.
#[derive(Clone, Debug)]
pub struct Keyed {
    format: Arc<dyn Format>,
    column: String,
}

impl Keyed {
    /// The format with the keys of its rows in `column`; `None` where keys are for the format alone to give.
    pub fn over(format: &dyn Format, column: &str) -> Option<Keyed> {
        Some(Keyed { format: format.without_keys()?, column: column.to_owned() })
    }
}

/// What was found of a file, as it is kept.
#[derive(Serialize, Deserialize)]
struct Stored {
    below: Vec<u8>,
    flaw: Option<String>,
}

impl Format for Keyed {
    fn name(&self) -> &'static str {
        self.format.name()
    }

    fn parts(&self) -> &'static [&'static str] {
        self.format.parts()
    }

    fn odd_parts(&self) -> &'static [&'static str] {
        self.format.odd_parts()
    }

    fn flags(&self, file: &dyn TableFile) -> Result<Vec<Flag>> {
        self.format.flags(file)
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        let known: Option<Stored> = index.and_then(|bytes| stored::read_back(bytes, VERSION, self, file.len()));
        let below = self.format.open(file, known.as_ref().map(|known| known.below.as_slice()))?;
        Ok(Box::new(KeyedFile::new(self, below, file.len(), known.map(|known| known.flaw))?))
    }

    fn knowing(&self, columns: &[Column]) -> Option<Arc<dyn Format>> {
        Some(Arc::new(Keyed { format: self.format.knowing(columns)?, column: self.column.clone() }))
    }
}

/// See the module.
struct KeyedFile<'a> {
    format: Keyed,
    len: u64,
    below: Box<dyn TableFile + 'a>,
    tables: Vec<TableInfo>,
    /// The place of the key column; `None` where there is none that could be it: then keys are places.
    column: Option<usize>,
    flaw: Option<String>,
    index: OnceLock<KeyIndex>,
}

impl<'a> KeyedFile<'a> {
    fn new(
        format: &Keyed,
        below: Box<dyn TableFile + 'a>,
        len: u64,
        known: Option<Option<String>>,
    ) -> Result<KeyedFile<'a>> {
        let tables = below.tables().to_vec();
        let (format, index) = (format.clone(), OnceLock::new());
        let mut file = KeyedFile { format, len, below, tables, column: None, flaw: None, index };
        match file.find_column() {
            Err(why) => file.flaw = Some(why),
            Ok(at) => {
                file.flaw = match known {
                    Some(flaw) => flaw,
                    None => file.look(at)?,
                };
                let schema = &mut file.tables[TABLE].schema;
                schema.key = Some(at);
                let column = &mut schema.columns[at];
                (column.role, column.editable) = (Role::Key, false);
                file.column = Some(at);
            }
        }
        Ok(file)
    }

    /// The place of the column; else a sentence says why it can be none.
    fn find_column(&self) -> std::result::Result<usize, String> {
        let name = &self.format.column;
        let info = &self.tables[TABLE];
        let at = info.schema.columns.iter().position(|column| column.name == *name);
        let at = at.ok_or_else(|| format!("there is no column `{name}`, which was to have the keys of rows"))?;
        let data_type = &info.schema.columns[at].data_type;
        // What no row has a value in has no type of its own.
        if info.rows > 0 && !is_fit(data_type) && !data_type.is_null() {
            return Err(format!(
                "the column `{name}` is of the type {data_type}, and a key is a whole number or a text"
            ));
        }
        if info.rows >= u64::from(u32::MAX) {
            return Err("it has too many rows to find them by a key".to_owned());
        }
        Ok(at)
    }

    /// Reads the whole column, and says what is wrong with it.
    fn look(&self, at: usize) -> Result<Option<String>> {
        let (index, flaw) = KeyIndex::of(&*self.below, TABLE, at)?;
        let name = &self.format.column;
        let told = match flaw {
            None => None,
            Some(Flaw::Unfit { row, why }) => {
                Some(format!("the column `{name}` has the keys of rows, and row {row} {why} (rows are counted from 0)"))
            }
            Some(Flaw::Shared { row, earlier }) => {
                let key = key_of(&*self.below, TABLE, at, row)?;
                Some(format!("rows {earlier} and {row} both have the key `{key}` (rows are counted from 0)"))
            }
        };
        let _ = self.index.set(index);
        Ok(told)
    }

    fn keys(&self, at: usize) -> Result<&KeyIndex> {
        if let Some(known) = self.index.get() {
            return Ok(known);
        }
        let (index, _) = KeyIndex::of(&*self.below, TABLE, at)?;
        Ok(self.index.get_or_init(|| index))
    }
}

impl TableFile for KeyedFile<'_> {
    fn tables(&self) -> &[TableInfo] {
        &self.tables
    }

    fn index(&self) -> Vec<u8> {
        let stored = Stored { below: self.below.index(), flaw: self.flaw.clone() };
        stored::stored(VERSION, &self.format, self.len, &stored)
    }

    fn scan(&self, table: usize, scan: &Scan, sink: &mut dyn FnMut(RecordBatch) -> Result<Flow>) -> Result<()> {
        self.below.scan(table, scan, sink)
    }

    fn scan_sieved(
        &self,
        table: usize,
        scan: &Scan,
        sieves: &[Sieve<'_>],
        sink: &mut dyn FnMut(RecordBatch, Places) -> Result<Flow>,
    ) -> Result<()> {
        self.below.scan_sieved(table, scan, sieves, sink)
    }

    fn find(&self, table: usize, key: &str) -> Result<Option<u64>> {
        match self.column {
            Some(at) if table == TABLE => self.keys(at)?.find(&*self.below, key),
            _ => self.below.find(table, key),
        }
    }

    fn find_all(&self, table: usize, keys: &[&str]) -> Result<Vec<Option<u64>>> {
        match self.column {
            Some(_) if keys.is_empty() => Ok(Vec::new()),
            Some(at) if table == TABLE => self.keys(at)?.find_all(&*self.below, keys),
            _ => self.below.find_all(table, keys),
        }
    }

    /// None: nobody but its owner gives a row its key.
    fn key_max(&self, _table: usize) -> Result<Option<i64>> {
        Ok(None)
    }

    fn declared_key(&self) -> Option<&str> {
        self.column.map(|_| self.format.column.as_str())
    }

    fn key_flaw(&self) -> Option<&str> {
        self.flaw.as_deref()
    }

    fn is_shared(&self, table: usize, key: &str) -> Result<bool> {
        match self.column {
            Some(at) if table == TABLE && self.flaw.is_some() => self.keys(at)?.is_shared(&*self.below, key),
            _ => Ok(false),
        }
    }

    fn key(&self, table: usize, row: u64) -> Result<String> {
        match self.column {
            Some(at) if table == TABLE => key_of(&*self.below, table, at, row),
            _ => self.below.key(table, row),
        }
    }

    fn row(&self, table: usize, row: u64) -> Result<Vec<Value>> {
        self.below.row(table, row)
    }

    fn cells(&self, table: usize, row: u64, columns: &[usize]) -> Result<Vec<Value>> {
        self.below.cells(table, row, columns)
    }

    fn class_table(&self) -> Option<(usize, usize)> {
        self.below.class_table()
    }

    fn set_classes(&mut self, classes: &[(String, String)]) {
        self.below.set_classes(classes);
    }

    fn check(&self, table: usize, column: usize, value: &Value) -> Result<Value> {
        let value = self.below.check(table, column, value)?;
        if table == TABLE && self.column == Some(column) {
            let name = &self.format.column;
            let key = value.to_string();
            let fits = if value == Value::Null { Err(key_index::NO_VALUE) } else { key_index::check(&key) };
            fits.map_err(|why| Error::invalid("key of a row", &key, format!("the row {why} in `{name}`")))?;
        }
        Ok(value)
    }

    fn splices_whole(&self) -> bool {
        self.below.splices_whole()
    }

    fn takes_more(&self) -> bool {
        self.below.takes_more()
    }

    fn splice(&self, edits: &FileEdits) -> Result<Splice> {
        self.below.splice(edits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::csv::CsvFormat;
    use crate::table::jsonl::JsonlFormat;
    use crate::table::testing::{Rng, edit_at_random, read_in_every_way};

    fn keyed(format: &dyn Format) -> Keyed {
        Keyed::over(format, "id").expect("its rows have places alone")
    }

    /// Opens a CSV whose column `id` has the keys, also with what was found of it.
    fn check(text: &str, flaw: Option<&str>, found: &[(&str, Option<u64>)]) {
        let (format, bytes) = (keyed(&CsvFormat::default()), text.as_bytes().to_vec());
        let first = format.open(&bytes, None).expect("a table");
        let again = format.open(&bytes, Some(&first.index())).expect("a table");
        for file in [&first, &again] {
            assert_eq!(file.key_flaw(), flaw, "{text}");
            let keys: Vec<&str> = found.iter().map(|(key, _)| *key).collect();
            let places: Vec<Option<u64>> = found.iter().map(|(_, place)| *place).collect();
            assert_eq!(file.find_all(0, &keys).expect("a search"), places, "{text}");
            let one_by_one: Vec<_> = keys.iter().map(|key| file.find(0, key).expect("a search")).collect();
            assert_eq!(one_by_one, places, "{text}");
        }
    }

    #[test]
    fn rows_are_found_by_what_the_column_says() {
        check("id,x\n7,a\n3,b\n", None, &[("3", Some(1)), ("7", Some(0)), ("1", None), ("03", None), ("", None)]);
        check("x,id\na,u+1\nb,1\nc,u\n", None, &[("u+1", Some(0)), ("1", Some(1)), ("u", Some(2)), ("0", None)]);
        check("id,x\n", None, &[("0", None)]);
    }

    #[test]
    fn what_does_not_tell_all_rows_apart_is_told_with_the_first_row_and_the_first_of_two_is_found() {
        let shared = "rows 0 and 2 both have the key `7` (rows are counted from 0)";
        check("id,x\n7,a\n3,b\n7,c\n3,d\n", Some(shared), &[("7", Some(0)), ("3", Some(1))]);
        let lacks = "the column `id` has the keys of rows, and row 1 has none (rows are counted from 0)";
        check("id,x\n7,a\n,b\n7,c\n", Some(lacks), &[("7", Some(0)), ("", None)]);
        let gone = "there is no column `id`, which was to have the keys of rows";
        check("x\na\nb\n", Some(gone), &[("1", Some(1)), ("a", None)]);
        let float = "the column `id` is of the type Float64, and a key is a whole number or a text";
        check("id,x\n0.5,a\n1,b\n", Some(float), &[("1", Some(1)), ("0.5", None)]);
    }

    #[test]
    fn a_key_that_no_row_can_have_is_refused() {
        let bytes = b"id,x\na,1\n".to_vec();
        let format = keyed(&CsvFormat::default());
        let file = format.open(&bytes, None).expect("a table");
        let long = "x".repeat(600);
        for key in [Value::Null, Value::Text(String::new()), Value::Text("a\u{1}".to_owned()), Value::Text(long)] {
            assert!(file.check(0, 0, &key).is_err(), "{key:?}");
        }
        assert!(file.check(0, 0, &Value::Text("a+1".to_owned())).is_ok());
        assert_eq!(file.declared_key(), Some("id"));
        assert!(!file.tables()[0].schema.columns[0].editable);
    }

    #[test]
    fn files_with_keys_are_read_and_edited_as_any() {
        let csv: String = (0..40).map(|row| format!("{},text {row}\n", row * 7 % 40)).collect();
        let lines: String = (0..40).map(|row| format!("{{\"id\": \"k{row}\", \"x\": {row}}}\n")).collect();
        let files: [(Keyed, String); 2] =
            [(keyed(&CsvFormat::default()), format!("id,x\n{csv}")), (keyed(&JsonlFormat::default()), lines)];
        for (format, text) in files {
            let mut bytes = text.into_bytes();
            read_in_every_way(&format, &bytes);
            let mut taken = 0;
            for seed in 0..20 {
                if let Some(edited) = edit_at_random(&format, &bytes, &mut Rng(seed)) {
                    (bytes, taken) = (edited, taken + 1);
                }
            }
            assert!(taken >= 10, "only {taken} of 20 edits were taken");
        }
    }
}
