//! One file of a table: its bytes without row edits, and the edits.

use std::sync::Arc;

use super::outline::FileProblem;
use crate::dataset::content::Content;
use crate::dataset::diff::say_bytes;
use crate::dataset::view::{Node, Place, View};
use crate::model::{Id, RowAddress, RowChange, Value};
use crate::overlay::Rows;
use crate::source::OnDrift;
use crate::store::Cache;
use crate::table::keyed::Keyed;
use crate::table::{Format, Problem, ReadAt, TableFile};
use crate::{Error, ErrorKind, Result};

/// A shorter file is read again sooner than its index is.
const CACHED_LEN_MIN: u64 = 1 << 20;

/// A file of a view, to be read as rows.
#[derive(Debug)]
pub(in crate::dataset) struct Part<'a> {
    below: Content,
    rows: Rows,
    format: ReadAs<'a>,
    /// Where its index is kept, and as what.
    cached: Option<(Arc<Cache>, Id)>,
    /// What is said of its class map; its row edits, if nothing else was told.
    class_edits: Option<Rows>,
}

/// How the rows of a file are read.
#[derive(Debug)]
enum ReadAs<'a> {
    /// As the format says.
    Plain(&'a dyn Format),
    /// With a column for their keys.
    Keyed(Keyed),
}

impl ReadAs<'_> {
    fn format(&self) -> &dyn Format {
        match self {
            ReadAs::Plain(format) => *format,
            ReadAs::Keyed(keyed) => keyed,
        }
    }
}

impl<'a> Part<'a> {
    /// Opens the file at `node`.
    pub(in crate::dataset) fn open(view: &View, node: &Node, format: &'a dyn Format) -> Result<Part<'a>> {
        Part::open_for(view, node, format, &view.rows_of(node))
    }

    /// As [`Part::open`], for edits that were made of another state of the file: rows have the keys that these name.
    pub(super) fn open_for(view: &View, node: &Node, format: &'a dyn Format, edits: &Rows) -> Result<Part<'a>> {
        let key = view.key_column(node, edits)?;
        Part::open_by(view, node, format, key.as_deref())
    }

    /// As [`Part::open`], with the keys of rows in this column.
    pub(super) fn open_by(view: &View, node: &Node, format: &'a dyn Format, key: Option<&str>) -> Result<Part<'a>> {
        let below = view.open_below(node, OnDrift::Error)?;
        let format = match key.and_then(|column| Keyed::over(format, column)) {
            Some(keyed) => ReadAs::Keyed(keyed),
            None => ReadAs::Plain(format),
        };
        let cached = match &view.cache {
            Some(cache) if below.len() >= CACHED_LEN_MIN => {
                Some((cache.clone(), index_id(view, node, format.format())?))
            }
            _ => None,
        };
        Ok(Part { below, rows: view.rows_of(node), format, cached, class_edits: None })
    }

    /// Content that nobody keeps an index of.
    pub(in crate::dataset) fn of(below: Content, rows: Rows, format: &'a dyn Format) -> Part<'a> {
        Part { below, rows, format: ReadAs::Plain(format), cached: None, class_edits: None }
    }

    /// The same file, whose class map is to have these edits, though its rows have them not yet.
    pub(in crate::dataset) fn with_classes_of(self, rows: &Rows) -> Part<'a> {
        Part { class_edits: Some(rows.clone()), ..self }
    }

    /// Finds the rows, and does something with them.
    pub(in crate::dataset) fn with_file<T>(&self, then: impl FnOnce(&dyn TableFile, &Rows) -> Result<T>) -> Result<T> {
        then(&*self.file()?, &self.rows)
    }

    /// As [`Part::with_file`]; of a file that is none of its format at all, why and where.
    pub(in crate::dataset) fn with_readable<T>(
        &self,
        then: impl FnOnce(&dyn TableFile, &Rows) -> Result<T>,
    ) -> Result<std::result::Result<T, Problem>> {
        match self.file() {
            Ok(file) => then(&*file, &self.rows).map(Ok),
            Err(error) => broken(error).map(Err),
        }
    }

    fn file(&self) -> Result<Box<dyn TableFile + '_>> {
        let known = self.cached.as_ref().and_then(|(cache, id)| cache.get(*id));
        let mut file = self.format.format().open(&self.below, known.as_deref())?;
        if let (Some((cache, id)), None) = (&self.cached, known) {
            cache.put(*id, &file.index());
        }
        if let Some(classes) = classes_with(&*file, self.class_edits.as_ref().unwrap_or(&self.rows))? {
            file.set_classes(&classes);
        }
        Ok(file)
    }
}

/// The class map of a file as its edits make it: (number, name); `None` where they say nothing of it.
fn classes_with(file: &dyn TableFile, rows: &Rows) -> Result<Option<Vec<(String, String)>>> {
    let Some((at, name)) = file.class_table() else { return Ok(None) };
    let table = &file.tables()[at];
    let name = &table.schema.columns[name].name;
    let edits = rows.of_table(&table.name)?;
    if edits.is_empty() {
        return Ok(None);
    }
    let map = file.tables().iter().map(|table| table.schema.classes()).find(|classes| !classes.is_empty());
    let mut classes = map.unwrap_or_default().to_vec();
    let named = |cells: &[(String, Value)]| {
        let cell = cells.iter().find(|(column, _)| column == name);
        cell.map_or_else(String::new, |(_, name)| name.to_string())
    };
    let mut new = Vec::new();
    for (address, change) in edits {
        match (address, change) {
            (RowAddress::Row { row, .. }, RowChange::Deleted { .. }) => classes.retain(|(number, _)| *number != row),
            (RowAddress::Row { row, .. }, RowChange::Inserted { cells, .. }) => {
                classes.retain(|(number, _)| *number != row);
                new.push((row, named(&cells)));
            }
            (RowAddress::Cell { row, column, .. }, RowChange::Set { after, .. }) if column == *name => {
                let class = classes.iter_mut().find(|(number, _)| *number == row);
                class.into_iter().for_each(|(_, known)| *known = after.to_string());
            }
            _ => {}
        }
    }
    // Keys are in order of text.
    new.sort_by_key(|(number, _)| number.parse::<i64>().unwrap_or(i64::MAX));
    classes.extend(new);
    Ok(Some(classes))
}

/// Opens a file and does something with its rows; of one that is none of its format, or of which the source has other
/// bytes now, why and where.
pub(super) fn with_part<T>(
    view: &View,
    node: &Node,
    format: &dyn Format,
    then: impl FnOnce(&dyn TableFile, &Rows) -> Result<T>,
) -> Result<std::result::Result<T, Problem>> {
    match Part::open(view, node, format).and_then(|part| part.with_readable(then)) {
        Err(error) => changed(&error).map(Err).ok_or(error),
        read => read,
    }
}

/// That the source has other bytes of a file now, as a problem of that file; `None` for any other error.
pub(super) fn changed(error: &Error) -> Option<Problem> {
    let is_changed = matches!(error.kind(), ErrorKind::SourceChanged { .. });
    is_changed.then(|| Problem { line: 1, column: 1, why: error.to_string() })
}

/// Why a file cannot be read that the source has otherwise now.
pub(super) fn changed_file(view: &View, node: &Node) -> Option<FileProblem> {
    let problem = view.open_below(node, OnDrift::Error).err().and_then(|error| changed(&error));
    problem.map(|problem| FileProblem { path: node.path.clone(), problem })
}

/// Why and where a file is none of its format; any other error stays one.
pub(super) fn broken(error: Error) -> Result<Problem> {
    let ErrorKind::Invalid { why, .. } = error.kind() else { return Err(error) };
    let place = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Problem>());
    Ok(place.cloned().unwrap_or_else(|| Problem { line: 1, column: 1, why: why.clone() }))
}

/// What the index of a file is kept as: the same for the same bytes read as the same format.
fn index_id(view: &View, node: &Node, format: &dyn Format) -> Result<Id> {
    let place = match &node.place {
        Place::Rows { below, .. } => below,
        place => place,
    };
    let mut key = format!("index {format:?} of ").into_bytes();
    key.extend_from_slice(view.source.path().as_os_str().as_encoded_bytes());
    say_bytes(view, place, &mut key)?;
    Ok(Id::of(&key))
}

impl ReadAt for Content {
    fn len(&self) -> u64 {
        Content::len(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        Content::read_at(self, buffer, offset)
    }
}
