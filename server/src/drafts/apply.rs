//! From the edits of a request to those of a draft; all or none, for the draft is saved only after the last.

use std::collections::HashMap;
use std::io::Read;

use arrow::datatypes::DataType;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;
use veneer::dataset::rows::{ClassMap, RowEdit, Table};
use veneer::dataset::{Draft, NewFile};
use veneer::model::{DataPath, Id, Value};
use veneer::store::Object;
use veneer::table::expr::Expr;
use veneer::{Error, ErrorKind, Result};

use super::edits::{Cells, ColumnType, Edit};
use crate::state::AppState;

/// The member that makes an expression of a value.
const EXPR: &str = "expr";
/// The main table.
const SAMPLES: &str = "samples";
/// No more keys than these are told back.
const KEYS_MAX: usize = 10_000;

/// Does the edits, in order, and returns the keys of the rows that they were of, the first 10,000.
///
/// # Errors
/// Those of the edits: `NotFound` for a row, a column or a path, `Invalid` for a value that cannot be held.
pub(super) fn apply(app: &AppState, draft: &mut Draft, edits: &[Edit]) -> Result<Vec<String>> {
    let mut work = Work { draft, tables: HashMap::new(), waiting: None, keys: Vec::new() };
    for edit in edits {
        work.edit(app, edit)?;
    }
    work.flush()?;
    work.keys.truncate(KEYS_MAX);
    Ok(work.keys)
}

struct Work<'a> {
    draft: &'a mut Draft,
    /// By the names that the request has for them.
    tables: HashMap<Option<String>, Table>,
    /// Edits of rows of one table that come one after the other are done together: the file is spliced once.
    waiting: Option<(Table, Vec<RowEdit>)>,
    keys: Vec<String>,
}

/// What a column is to hold.
enum Wanted {
    Constant(Value),
    Computed(Expr),
}

impl Work<'_> {
    fn edit(&mut self, app: &AppState, edit: &Edit) -> Result<()> {
        match edit {
            Edit::Set { table, keys, r#where, cells } => {
                let table = self.table(table)?;
                let edits = self.set(&table, keys, r#where.as_deref(), cells)?;
                self.wait(table, edits)
            }
            Edit::Insert { table, after, cells } => {
                let constant = |(column, wanted): (String, Wanted)| match wanted {
                    Wanted::Constant(value) => Ok((column, value)),
                    Wanted::Computed(_) => Err(Error::invalid("value", &column, "of a new row nothing is computed")),
                };
                let cells = wanted(cells)?.into_iter().map(constant).collect::<Result<_>>()?;
                let table = self.table(table)?;
                self.wait(table, vec![RowEdit::Insert { after: after.clone(), cells }])
            }
            Edit::Delete { table, keys, r#where } => {
                let table = self.table(table)?;
                let rows = self.meant(&table, keys, r#where.as_deref(), &[])?;
                self.wait(table, rows.into_iter().map(|(row, _)| RowEdit::Delete { row }).collect())
            }
            Edit::AddColumn { table, column, r#type } => {
                self.flush()?;
                let table = self.table(table)?;
                self.draft.add_column(&table, column, &r#type.data_type())
            }
            Edit::DropColumn { table, column } => {
                self.flush()?;
                let table = self.table(table)?;
                self.draft.drop_column(&table, column)
            }
            Edit::Exclude { table, keys, r#where } => self.exclude(table, keys, r#where.as_deref(), true),
            Edit::Include { table, keys, r#where } => self.exclude(table, keys, r#where.as_deref(), false),
            Edit::ClassRename { table, from, to } => {
                self.classes(table, |draft, map| draft.rename_class(map, from, to).map(|_| ()))
            }
            Edit::ClassAdd { table, name } => self.classes(table, |draft, map| draft.add_class(map, name)),
            Edit::ClassMerge { table, from, into } => {
                self.classes(table, |draft, map| draft.merge_classes(map, from, into).map(|_| ()))
            }
            Edit::PutFile { path, content_base64, object } => {
                self.begin_with_files()?;
                self.put(app, &path.parse()?, content_base64.as_deref(), object.as_deref())
            }
            Edit::RemoveFile { path, recursive } => {
                self.begin_with_files()?;
                self.draft.remove(&path.parse()?, *recursive)
            }
            Edit::RenameFile { from, to } => {
                self.begin_with_files()?;
                let to: DataPath = to.parse()?;
                self.make_folders(&to)?;
                self.draft.rename(&from.parse()?, &to)
            }
        }
    }

    fn table(&mut self, name: &Option<String>) -> Result<Table> {
        if let Some(table) = self.tables.get(name) {
            return Ok(table.clone());
        }
        self.flush()?;
        let table = self.draft.view().table(name.as_deref())?;
        self.tables.insert(name.clone(), table.clone());
        Ok(table)
    }

    fn wait(&mut self, table: Table, edits: Vec<RowEdit>) -> Result<()> {
        match &mut self.waiting {
            Some((waiting, all)) if waiting.name == table.name => all.extend(edits),
            _ => {
                self.flush()?;
                self.waiting = Some((table, edits));
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let Some((table, edits)) = self.waiting.take() else { return Ok(()) };
        let keys = self.draft.edit_table(&table, edits)?;
        if self.keys.len() < KEYS_MAX {
            self.keys.extend(keys);
        }
        Ok(())
    }

    /// Other files may make other tables.
    fn begin_with_files(&mut self) -> Result<()> {
        self.flush()?;
        self.tables.clear();
        Ok(())
    }

    fn set(&mut self, table: &Table, keys: &[String], condition: Option<&str>, cells: &Cells) -> Result<Vec<RowEdit>> {
        let wanted = wanted(cells)?;
        let computed: Vec<Expr> = wanted.iter().filter_map(|(_, wanted)| wanted.computed().cloned()).collect();
        let rows = self.meant(table, keys, condition, &computed)?;
        let edit = |(row, values): (String, Vec<Value>)| {
            let mut values = values.into_iter();
            let cell = |(column, wanted): &(String, Wanted)| match wanted {
                Wanted::Constant(value) => (column.clone(), value.clone()),
                Wanted::Computed(_) => (column.clone(), values.next().unwrap_or(Value::Null)),
            };
            RowEdit::Set { row, cells: wanted.iter().map(cell).collect() }
        };
        Ok(rows.into_iter().map(edit).collect())
    }

    fn exclude(
        &mut self,
        table: &Option<String>,
        keys: &[String],
        condition: Option<&str>,
        is_excluded: bool,
    ) -> Result<()> {
        let name = table.clone().unwrap_or_else(|| SAMPLES.to_owned());
        let samples = self.table(&Some(name.clone()))?;
        if !samples.is_samples() {
            return Err(Error::invalid("table", &name, format!("only rows of `{SAMPLES}` can be excluded")));
        }
        let meant = self.meant(&samples, keys, condition, &[])?;
        let keys: Vec<String> = meant.into_iter().map(|(key, _)| key).collect();
        self.begin_with_files()?;
        self.draft.exclude_samples(&keys, is_excluded)?;
        self.keys.extend(keys);
        Ok(())
    }

    /// Does an edit in all class maps that are meant and have the classes; it must be one at least.
    fn classes(&mut self, table: &Option<String>, edit: impl Fn(&mut Draft, &ClassMap) -> Result<()>) -> Result<()> {
        self.begin_with_files()?;
        let (mut missing, mut is_done) = (None, false);
        for map in self.draft.view().class_maps(table.as_deref())? {
            match edit(self.draft, &map) {
                Ok(()) => is_done = true,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound { what: "class", .. }) => {
                    missing = Some(error)
                }
                Err(error) => return Err(error),
            }
        }
        missing.filter(|_| !is_done).map_or(Ok(()), Err)
    }

    /// The keys of the rows that are meant, each with the values that are computed of it.
    fn meant(
        &mut self,
        table: &Table,
        keys: &[String],
        condition: Option<&str>,
        computed: &[Expr],
    ) -> Result<Vec<(String, Vec<Value>)>> {
        if condition.is_some() != keys.is_empty() {
            return Err(Error::invalid("edit", "its rows", "they are told by `keys` or by `where`, one of the two"));
        }
        if condition.is_none() && computed.is_empty() {
            return Ok(keys.iter().map(|key| (key.clone(), Vec::new())).collect());
        }
        // What it asks of the rows may have been set a moment ago.
        self.flush()?;
        let condition = condition.map(Expr::parse).transpose()?;
        let found = self.draft.view().select_rows(table, condition.as_ref(), computed)?;
        if condition.is_some() {
            return Ok(found.into_iter().map(|row| (row.key, row.values)).collect());
        }
        let mut by_key: HashMap<String, Vec<Value>> = HashMap::with_capacity(keys.len());
        let wanted: std::collections::HashSet<&String> = keys.iter().collect();
        by_key.extend(found.into_iter().filter(|row| wanted.contains(&row.key)).map(|row| (row.key, row.values)));
        let of = |key: &String| {
            let values = by_key.get(key).cloned().ok_or_else(|| Error::not_found("row", key))?;
            Ok((key.clone(), values))
        };
        keys.iter().map(of).collect()
    }

    fn put(&mut self, app: &AppState, path: &DataPath, base64: Option<&str>, object: Option<&str>) -> Result<()> {
        let refused = |why: &str| Error::invalid("content", &path.to_string(), why);
        let mut content: Box<dyn Read> = match (base64, object) {
            (Some(text), None) => {
                let bytes = BASE64_STANDARD.decode(text).map_err(|_| refused("it is no base64"))?;
                Box::new(std::io::Cursor::new(bytes))
            }
            (None, Some(id)) => Box::new(Reading { object: app.store().open(Id::from_hex(id)?)?, at: 0 }),
            _ => return Err(refused("it is told by `content_base64` or by `object`, one of the two")),
        };
        self.make_folders(path)?;
        self.draft.put(path, NewFile { content: &mut *content, mode: None, mtime_ns: None })
    }

    fn make_folders(&mut self, path: &DataPath) -> Result<()> {
        let mut missing = Vec::new();
        let mut at = path.parent();
        while let Some(folder) = at.take()
            && self.draft.view().node(&folder)?.is_none()
        {
            at = folder.parent();
            missing.push(folder);
        }
        missing.iter().rev().try_for_each(|folder| self.draft.make_folder(folder))
    }
}

impl Wanted {
    fn computed(&self) -> Option<&Expr> {
        match self {
            Wanted::Computed(value) => Some(value),
            Wanted::Constant(_) => None,
        }
    }
}

fn wanted(cells: &Cells) -> Result<Vec<(String, Wanted)>> {
    let of = |(column, value): (&String, &Json)| {
        let expr = value.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.get(EXPR)?.as_str());
        let wanted = match expr {
            Some(text) => Wanted::Computed(Expr::parse(text)?),
            None => Wanted::Constant(Value::from_exact_json(value)),
        };
        Ok((column.clone(), wanted))
    };
    cells.iter().map(of).collect()
}

impl ColumnType {
    fn data_type(self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Number => DataType::Float64,
            ColumnType::Integer => DataType::Int64,
            ColumnType::Flag => DataType::Boolean,
        }
    }
}

/// An object, read from its beginning.
struct Reading {
    object: Object,
    at: u64,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.object.read_at(buffer, self.at).map_err(std::io::Error::other)?;
        self.at += read as u64;
        Ok(read)
    }
}
