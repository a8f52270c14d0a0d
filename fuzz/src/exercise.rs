//! Everything that can be done with a file of rows, and what must hold of it.

use veneer::Result;
use veneer::model::Value;
use veneer::table::{
    Column, FileEdits, Flow, Format, Insert, Role, RowSet, Scan, TableFile, TableInfo, applied, arrow_value,
};

use crate::Rng;

/// More rows than these are read only in part.
const ROWS_MAX: u64 = 20_000;

/// What holds of a format.
pub(crate) struct Rules<'a> {
    /// Whether all that was opened can be read: so it is with text, where opening reads everything.
    pub(crate) reads_all: bool,
    /// The format for a file with these columns, where their types may depend on the values.
    pub(crate) declared: &'a dyn Fn(Vec<Column>) -> Option<Box<dyn Format>>,
}

/// The columns depend on nothing.
pub(crate) fn undeclared(_: Vec<Column>) -> Option<Box<dyn Format>> {
    None
}

type Rows = Vec<Vec<Value>>;

/// Opens the bytes, reads all, edits; returns whether they are a file of the format at all.
pub(crate) fn exercise(format: &dyn Format, rules: &Rules<'_>, bytes: &[u8]) -> bool {
    let bytes = bytes.to_vec();
    let Ok(file) = format.open(&bytes, None) else { return false };
    let again = format.open(&bytes, Some(&file.index())).expect("it was opened before");
    assert_eq!(again.tables(), file.tables(), "with its own index it is another file");
    let mut all = Vec::new();
    for (table, info) in file.tables().iter().enumerate() {
        let limit = Some(info.rows.min(ROWS_MAX));
        match rows(&*file, table, limit) {
            Ok(rows) => all.push(rows),
            Err(error) if rules.reads_all => panic!("it was opened and cannot be read: {error}"),
            Err(_) => return true,
        }
        if info.rows > ROWS_MAX {
            return true;
        }
        assert_eq!(all[table].len() as u64, info.rows, "rows of `{}`", info.name);
        look_up(&*file, &*again, table, &all[table]);
    }
    let mut rng = Rng::of(&bytes);
    let tables: Vec<usize> = (0..all.len()).filter(|table| is_editable(&file.tables()[*table], &all[*table])).collect();
    if tables.is_empty() {
        return true;
    }
    let table = *rng.pick(&tables);
    let (row, column) = (rng.below(all[table].len()), rng.below(file.tables()[table].schema.columns.len()));
    for value in values(&mut rng) {
        let edit = Edit { table, row, column, value };
        edit.check(format, rules, &*file, &bytes, &all);
    }
    let insert = Insert { table, after: Some(row as u64), cells: all[table][row].clone(), ..Insert::default() };
    let edits = FileEdits { deletes: vec![(table, 0)], inserts: vec![insert], ..FileEdits::default() };
    // A row may be there that could not be written so elsewhere, as one with a key that others have.
    if let Ok(splice) = file.splice(&edits) {
        applied(&bytes, &splice).expect("no two patches overlap");
    }
    true
}

fn is_editable(info: &TableInfo, rows: &Rows) -> bool {
    !rows.is_empty() && !info.schema.columns.is_empty()
}

fn values(rng: &mut Rng) -> Vec<Value> {
    let number = |rng: &mut Rng| Value::Float(rng.below(1000) as f64 / 8.0);
    let list = (0..4).map(|_| number(rng)).collect();
    let text = |text: &str| Value::Text(text.to_owned());
    let texts = ["a,\"\n\\ \u{e9}", "", "3", " x ", "a: b #c", "<&>]]>", "\u{1f600}'", "- "];
    vec![Value::Null, text(*rng.pick(&texts)), Value::Int(-7), Value::Float(0.5), Value::Bool(true), Value::List(list)]
}

fn rows(file: &dyn TableFile, table: usize, limit: Option<u64>) -> Result<Rows> {
    let mut rows = Vec::new();
    file.scan(table, &Scan { limit, ..Scan::default() }, &mut |batch| {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| arrow_value::value(column, row));
            rows.push(cells.collect::<Result<Vec<_>>>()?);
        }
        Ok(Flow::More)
    })?;
    Ok(rows)
}

/// The first rows, one by one and by their keys, are those of the scan.
fn look_up(file: &dyn TableFile, again: &dyn TableFile, table: usize, rows: &Rows) {
    for (place, wanted) in (0..).zip(rows).take(3) {
        let found = file.row(table, place).expect("it was counted");
        assert!(found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| is_alike(a, b)), "row {place}");
        let key = again.key(table, place).expect("it was counted");
        let found = again.find(table, &key).expect("it was read").expect("a row has this key");
        assert!(found <= place, "the first row with a key is the one that is found");
    }
    assert!(file.row(table, rows.len() as u64).is_err(), "a row behind the last");
}

struct Edit {
    table: usize,
    row: usize,
    column: usize,
    value: Value,
}

impl Edit {
    /// Sets the cell, if it may be; what came of it has this value there and all others where they were.
    fn check(&self, format: &dyn Format, rules: &Rules<'_>, file: &dyn TableFile, bytes: &[u8], all: &[Rows]) {
        let info = &file.tables()[self.table];
        let column = &info.schema.columns[self.column];
        if !column.editable || column.role == Role::Key || info.schema.key == Some(self.column) {
            return;
        }
        let Ok(value) = file.check(self.table, self.column, &self.value) else { return };
        let sets = vec![RowSet { table: self.table, row: self.row as u64, cells: vec![(self.column, value.clone())] }];
        let splice = match file.splice(&FileEdits { sets, ..FileEdits::default() }) {
            Ok(splice) => splice,
            // What is refused is refused before anything is done.
            Err(_) => return,
        };
        let after = applied(bytes, &splice).expect("no two patches overlap");
        let declared = (rules.declared)(info.schema.columns.clone());
        let format = declared.as_deref().unwrap_or(format);
        let shown = || after.escape_ascii().to_string();
        let reopened = format.open(&after, None).unwrap_or_else(|error| panic!("{error}: {}", shown()));
        let mut wanted = all[self.table].clone();
        wanted[self.row][self.column] = value;
        let table = reopened.tables().iter().position(|table| table.name == info.name).expect("a table as before");
        let found = rows(&*reopened, table, None).unwrap_or_else(|error| panic!("{error}: {}", shown()));
        assert_eq!(found.len(), wanted.len(), "rows of {}", shown());
        let same = places(info, &reopened.tables()[table]);
        for (row, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            for (at, wanted) in wanted.iter().enumerate() {
                let found = same[at].map_or(&Value::Null, |at| &found[at]);
                let name = &info.schema.columns[at].name;
                assert!(is_alike(found, wanted), "row {row}, `{name}`: {found:?}, not {wanted:?}, in {}", shown());
            }
        }
    }
}

/// Where each column is afterwards: at its place, or where its name is; `None` where no value is left of it.
fn places(before: &TableInfo, after: &TableInfo) -> Vec<Option<usize>> {
    let names = |info: &TableInfo| info.schema.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let (old, new) = (names(before), names(after));
    if old == new {
        return (0..old.len()).map(Some).collect();
    }
    old.iter().map(|name| new.iter().position(|other| other == name)).collect()
}

/// Whether two values are the same, whatever type their column has come to have.
fn is_alike(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    match (a, b) {
        _ if a == b => true,
        // A column of any JSON, which has the text of each value, may have nothing but texts now.
        (Value::Text(text), Value::Text(json)) if serde_json::from_str(json).is_ok_and(|of: String| of == *text) => {
            true
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_alike(a, b)),
        (Value::Struct(a), Value::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && is_alike(&a.1, &b.1))
        }
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
            _ => a.to_string() == b.to_string(),
        },
    }
}
