//! A table of a view, and what it and its rows are called.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dataset::samples;
use crate::model::DataPath;
use crate::table::Format;
use crate::table::detect::Found;
use crate::table::voc::Voc;
use crate::table::yolo::YoloLabels;
use crate::{Error, ErrorKind, Result};

/// The name within the file of a table that is the only one.
const SOLE: &str = "rows";
/// What stands between the file and the key within it, in keys of a table of many files.
const IN_FILE: char = '#';

/// A table of a view: where its rows are.
#[derive(Clone, Debug)]
pub struct Table {
    /// What people call it.
    pub name: String,
    /// How its files are read.
    pub format: Arc<dyn Format>,
    /// Its name within a file.
    pub part: String,
    /// The files, in order.
    pub paths: Arc<[DataPath]>,
    /// Whether there is a file for each image: then a row's key is `FILE#KEY`, and a column `file` tells the file.
    pub is_many: bool,
    /// Why the files are taken for this format.
    pub why: String,
}

impl Table {
    /// Whether it is the main table, which is joined of files and other tables, and so has no file of its own.
    pub fn is_samples(&self) -> bool {
        self.paths.is_empty()
    }

    /// The key of a row of this table, by its key within a file.
    pub fn key(&self, path: &DataPath, key: &str) -> String {
        if self.is_many { format!("{path}{IN_FILE}{key}") } else { key.to_owned() }
    }

    /// The file of a row, and its key within that.
    ///
    /// # Errors
    /// `NotFound` for a key that has no file of this table in it.
    pub fn split_key<'k>(&self, key: &'k str) -> Result<(DataPath, &'k str)> {
        if !self.is_many {
            let path = self.paths.first().ok_or_else(|| Error::not_found("row", key))?;
            return Ok((path.clone(), key));
        }
        let (path, key_within) = key.rsplit_once(IN_FILE).ok_or_else(|| Error::not_found("row", key))?;
        Ok((self.file(path).map_err(|_| Error::not_found("row", key))?, key_within))
    }

    /// The file of this table that has this path, or is shown so where it is not text.
    pub(in crate::dataset) fn file(&self, path: &str) -> Result<DataPath> {
        let found = self.paths.binary_search_by(|known| known.as_bytes().cmp(path.as_bytes()));
        // Only so is a path shown that is not text: no other is looked for among all of them.
        let shown = || path.contains("\\x").then(|| self.paths.iter().position(|known| known.to_string() == path));
        let found = found.ok().or_else(|| shown().flatten());
        found.map(|at| self.paths[at].clone()).ok_or_else(|| Error::not_found("file of the table", path))
    }
}

/// Whether a table of this file may have this name.
pub(super) fn may_be_named(path: &DataPath, name: &str) -> bool {
    let file = String::from_utf8_lossy(path.name()).into_owned();
    let (stem, path) = (stem_of(&file), path.to_string());
    let is_of = |of: &str| name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    is_of(stem) || is_of(&path)
}

pub(super) fn ambiguous(name: &str, all: &[Table]) -> Error {
    let candidates = all.iter().map(|table| table.name.clone()).collect();
    Error::new(ErrorKind::Ambiguous { name: name.to_owned(), candidates })
}

/// Names tables by the file's name without its ending; by the whole path where two files have the same, or it is
/// the main table's.
pub(super) fn named(files: Vec<(DataPath, Found)>) -> Vec<Table> {
    let stem = |path: &DataPath| stem_of(&String::from_utf8_lossy(path.name())).to_owned();
    let mut count: HashMap<String, usize> = HashMap::new();
    files.iter().for_each(|(path, _)| *count.entry(stem(path)).or_default() += 1);
    let mut tables = Vec::new();
    for (path, found) in files {
        let stem = stem(&path);
        let file = if count[&stem] > 1 || stem == samples::NAME { path.to_string() } else { stem };
        for part in found.format.parts() {
            let name = if *part == SOLE { file.clone() } else { format!("{file}.{part}") };
            let (format, why, paths) = (found.format.clone(), found.why.clone(), Arc::from([path.clone()]));
            tables.push(Table { name, format, part: (*part).to_owned(), paths, is_many: false, why });
        }
    }
    tables
}

/// The tables of many files: called what they are called within one.
pub(super) fn many(format: &Arc<dyn Format>, paths: &[DataPath], why: &str) -> Vec<Table> {
    let mut paths = paths.to_vec();
    paths.sort();
    let paths: Arc<[DataPath]> = paths.into();
    let table = |part: &&str| Table {
        name: (*part).to_owned(),
        format: Arc::clone(format),
        part: (*part).to_owned(),
        paths: Arc::clone(&paths),
        is_many: true,
        why: why.to_owned(),
    };
    format.parts().iter().map(table).collect()
}

/// What people call a table, wherever two files do not share a name.
pub fn short_name(path: &DataPath, part: &str) -> String {
    if is_of_many(part) {
        return part.to_owned();
    }
    let (name, whole) = (String::from_utf8_lossy(path.name()).into_owned(), path.to_string());
    let stem = match stem_of(&name) {
        samples::NAME if *path != samples::path() => &whole,
        stem => stem,
    };
    if part == SOLE { stem.to_owned() } else { format!("{stem}.{part}") }
}

/// The key that a row of this file has in its table, which is called `part` within the file.
pub fn short_key(path: &DataPath, part: &str, key: &str) -> String {
    if is_of_many(part) { format!("{path}{IN_FILE}{key}") } else { key.to_owned() }
}

/// Whether files that have a table of this name make one together: no other formats have these.
fn is_of_many(part: &str) -> bool {
    let (yolo, voc) = (YoloLabels::default(), Voc::default());
    [yolo.parts(), voc.parts()].iter().any(|parts| parts.contains(&part))
}

fn stem_of(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_called_by_what_its_table_is_whatever_its_file_is_called() {
        let path = |path: &str| path.parse::<DataPath>().expect("a path");
        let called = |at: &str, part: &str| (short_name(&path(at), part), short_key(&path(at), part, "7"));
        let as_text = |[name, key]: [&str; 2]| (name.to_owned(), key.to_owned());
        assert_eq!(called("labels/a.txt", "labels"), as_text(["labels", "labels/a.txt#7"]));
        assert_eq!(called("odd.dat", "labels"), as_text(["labels", "odd.dat#7"]));
        assert_eq!(called("table.txt", "rows"), as_text(["table", "7"]));
        assert_eq!(called("notes.xml", "objects"), as_text(["objects", "notes.xml#7"]));
        assert_eq!(called("coco.json", "images"), as_text(["coco.images", "7"]));
    }
}
