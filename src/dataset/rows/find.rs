//! Which tables a view has.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dataset::view::{Node, View};
use crate::model::DataPath;
use crate::source::OnDrift;
use crate::table::Format;
use crate::table::detect::{self, Found, HEAD_LEN};
use crate::{Error, ErrorKind, Result};

/// The name within the file of a table that is the only one.
const SOLE: &str = "rows";

/// A table of a view: where its rows are.
#[derive(Clone, Debug)]
pub struct Table {
    /// What people call it.
    pub name: String,
    /// How its file is read.
    pub format: Arc<dyn Format>,
    /// Its name within the file.
    pub part: String,
    /// The file.
    pub path: DataPath,
    /// Why the file is taken for this format.
    pub why: String,
}

impl View {
    /// The tables in all files, in order of path.
    pub fn tables(&self) -> Result<Vec<Table>> {
        let mut files = Vec::new();
        self.find_tables(&self.root()?, &mut files)?;
        Ok(named(files))
    }

    /// The table that people mean by `name`: its own, its file's path, or its name within the file; with but
    /// one table, also none.
    ///
    /// # Errors
    /// `NotFound`, and `Ambiguous` with all that may be meant.
    pub fn table(&self, name: Option<&str>) -> Result<Table> {
        let mut all = self.tables()?;
        let Some(name) = name else {
            return match all.len() {
                1 => Ok(all.remove(0)),
                0 => Err(Error::not_found("table", "in any file")),
                _ => Err(ambiguous("the table is not named", &all)),
            };
        };
        if let Some(at) = all.iter().position(|table| table.name == name) {
            return Ok(all.remove(at));
        }
        all.retain(|table| table.part == name || table.path.as_bytes() == name.as_bytes());
        match all.len() {
            1 => Ok(all.remove(0)),
            0 => Err(Error::not_found("table", name)),
            _ => Err(ambiguous(name, &all)),
        }
    }

    fn find_tables(&self, folder: &Node, files: &mut Vec<(DataPath, Found)>) -> Result<()> {
        for child in self.children(folder)? {
            if child.is_folder() {
                self.find_tables(&child, files)?;
            } else if let Some(found) = self.format_of(&child)? {
                files.push((child.path, found));
            }
        }
        Ok(())
    }

    /// The format of a file; `None` for one that is no table, or cannot be read.
    pub(in crate::dataset) fn format_of(&self, node: &Node) -> Result<Option<Found>> {
        let Some(promise) = detect::promise(node.name()) else { return Ok(None) };
        let Ok(content) = self.open_below(node, OnDrift::Error) else { return Ok(None) };
        let mut head = vec![0; HEAD_LEN.min(usize::try_from(content.len()).unwrap_or(HEAD_LEN))];
        let read = content.read_at(&mut head, 0)?;
        Ok(detect::sniff(promise, &head[..read]))
    }
}

fn ambiguous(name: &str, all: &[Table]) -> Error {
    let candidates = all.iter().map(|table| table.name.clone()).collect();
    Error::new(ErrorKind::Ambiguous { name: name.to_owned(), candidates })
}

/// Names tables by the file's name without its ending; by the whole path where two files have the same.
fn named(files: Vec<(DataPath, Found)>) -> Vec<Table> {
    let stem = |path: &DataPath| stem_of(&String::from_utf8_lossy(path.name())).to_owned();
    let mut count: HashMap<String, usize> = HashMap::new();
    files.iter().for_each(|(path, _)| *count.entry(stem(path)).or_default() += 1);
    let mut tables = Vec::new();
    for (path, found) in files {
        let stem = stem(&path);
        let file = if count[&stem] > 1 { path.to_string() } else { stem };
        for part in found.format.parts() {
            let name = if found.format.parts().len() == 1 { file.clone() } else { format!("{file}.{part}") };
            let (format, why) = (found.format.clone(), found.why.clone());
            tables.push(Table { name, format, part: (*part).to_owned(), path: path.clone(), why });
        }
    }
    tables
}

/// What people call a table, wherever two files do not share a name.
pub fn short_name(path: &DataPath, part: &str) -> String {
    let name = String::from_utf8_lossy(path.name()).into_owned();
    let stem = stem_of(&name);
    if part == SOLE { stem.to_owned() } else { format!("{stem}.{part}") }
}

fn stem_of(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}
