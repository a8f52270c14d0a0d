//! Which tables a view has.
//!
//! A file's name says what it may be, and its beginning whether it is. Formats
//! with a file for each image (YOLO, Pascal VOC) make one table of all of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, Kind};
use crate::source::OnDrift;
use crate::table::detect::{self, Found, HEAD_LEN, Promise};
use crate::table::images::is_image;
use crate::table::in_order::in_order;
use crate::table::voc::Voc;
use crate::table::yolo::{YoloData, YoloDataFile, YoloLabels, YoloTask};
use crate::table::{Flow, Format};
use crate::{Error, ErrorKind, Result};

/// The name within the file of a table that is the only one.
const SOLE: &str = "rows";
/// What stands between the file and the key within it, in keys of a table of many files.
const IN_FILE: char = '#';
/// The longest class map that is read, in bytes.
const CLASSES_LEN_MAX: u64 = 16 << 20;

/// So many files of a folder are asked whether all are of a format.
const SPEAKERS: usize = 16;
/// So many files are looked at by one thread at a time.
const AT_A_TIME: usize = 256;
/// How much of a file of lines is read to tell what they are, in bytes.
const LINE_LEN: usize = 4096;

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
        let found = found.ok().or_else(|| self.paths.iter().position(|known| known.to_string() == path));
        found.map(|at| self.paths[at].clone()).ok_or_else(|| Error::not_found("file of the table", path))
    }
}

impl View {
    /// The tables in all files, in order of path; those of many files next, and last the main table `samples`.
    pub fn tables(&self) -> Result<Vec<Table>> {
        let (mut tables, has_images) = self.file_tables()?;
        if has_images {
            tables.push(samples::table("there are images"));
        } else if !tables.is_empty() {
            tables.push(samples::table("there is a table"));
        }
        Ok(tables)
    }

    /// The tables in all files, and whether there are images.
    pub(in crate::dataset) fn file_tables(&self) -> Result<(Vec<Table>, bool)> {
        self.found(None)
    }

    fn found(&self, only: Option<&str>) -> Result<(Vec<Table>, bool)> {
        let (files, labels, voc) = (Vec::new(), Vec::new(), Vec::new());
        let mut finding = Finding { view: self, only, files, labels, voc, data: None, has_images: false };
        finding.folder(&self.root()?)?;
        let has_images = finding.has_images;
        Ok((finding.tables()?, has_images))
    }

    /// The table that people mean by `name`: its own, its file's path, or its name within the file; with but
    /// one table, also none.
    ///
    /// # Errors
    /// `NotFound`, and `Ambiguous` with all that may be meant.
    pub fn table(&self, name: Option<&str>) -> Result<Table> {
        // A name that is exactly a table's is found without looking into all files.
        if let Some(name) = name
            && let Some(table) = self.found(Some(name))?.0.into_iter().find(|table| table.name == name)
        {
            return Ok(table);
        }
        let mut all = self.tables()?;
        let Some(name) = name else {
            // With but one table in files, that is meant, for its rows can be edited.
            if all.len() > 1 {
                all.retain(|table| !table.is_samples());
            }
            return match all.len() {
                1 => Ok(all.remove(0)),
                0 => Err(Error::not_found("table", "in any file")),
                _ => {
                    let names: Vec<&str> = all.iter().map(|table| table.name.as_str()).collect();
                    let why = format!("there are several: {}", names.join(", "));
                    Err(Error::invalid("table", "", why))
                }
            };
        };
        if let Some(at) = all.iter().rposition(|table| table.name == name) {
            return Ok(all.remove(at));
        }
        let is_meant = |table: &Table| {
            let is_file = !table.is_many && table.paths.iter().any(|path| path.as_bytes() == name.as_bytes());
            !table.is_samples() && (table.part == name || is_file)
        };
        all.retain(is_meant);
        match all.len() {
            1 => Ok(all.remove(0)),
            0 => Err(self.drifted(&self.root()?, name)?.unwrap_or_else(|| Error::not_found("table", name))),
            _ => Err(ambiguous(name, &all)),
        }
    }

    /// What stands in the way of a file that may have a table of this name: its source has changed.
    fn drifted(&self, folder: &Node, name: &str) -> Result<Option<Error>> {
        for child in self.children(folder)? {
            let is_meant = || self.formats.promise(&child.path).is_some() && may_be_named(&child.path, name);
            let found = match child.is_folder() {
                true => self.drifted(&child, name)?,
                false if is_file(&child) && is_meant() => self.open_below(&child, OnDrift::Error).err(),
                false => None,
            };
            if let Some(error) = found.filter(|error| matches!(error.kind(), ErrorKind::SourceChanged { .. })) {
                return Ok(Some(error));
            }
        }
        Ok(None)
    }

    /// The format of one file, by its name and beginning.
    pub(in crate::dataset) fn format_of(&self, node: &Node) -> Result<Option<Found>> {
        let Some(promise) = self.formats.promise(&node.path) else { return Ok(None) };
        let found = |format: Arc<dyn Format>| Some(Found { format, why: String::new() });
        Ok(match promise {
            Promise::Xml if is(self, node, detect::is_voc) => found(Arc::new(Voc::default())),
            Promise::Text if is(self, node, detect::is_yolo) => found(Arc::new(YoloLabels::default())),
            Promise::Yaml => found(Arc::new(YoloDataFile)),
            promise => self.sniffed(node, promise),
        })
    }

    fn sniffed(&self, node: &Node, promise: Promise) -> Option<Found> {
        let sniffed = self.head(node).and_then(|head| detect::sniff(promise, &head));
        self.formats.found(&node.path, promise, sniffed)
    }

    fn head(&self, node: &Node) -> Option<Vec<u8>> {
        let content = self.open_below(node, OnDrift::Error).ok()?;
        let mut head = vec![0; HEAD_LEN.min(usize::try_from(content.len()).unwrap_or(HEAD_LEN))];
        let read = content.read_at(&mut head, 0).ok()?;
        head.truncate(read);
        Some(head)
    }

    /// The first lines of a file; `None` where it cannot be read.
    fn begins(&self, node: &Node) -> Option<Vec<u8>> {
        let content = self.open_below(node, OnDrift::Error).ok()?;
        let mut head = vec![0; LINE_LEN.min(usize::try_from(content.len()).unwrap_or(LINE_LEN))];
        let read = content.read_at(&mut head, 0).ok()?;
        head.truncate(read);
        Some(head)
    }

    pub(in crate::dataset) fn text(&self, node: &Node) -> Option<String> {
        let content = self.open(node, OnDrift::Error).ok()?;
        let mut text = vec![0; usize::try_from(content.len().min(CLASSES_LEN_MAX)).ok()?];
        let read = content.read_at(&mut text, 0).ok()?;
        text.truncate(read);
        String::from_utf8(text).ok()
    }
}

/// What a walk over all files finds.
struct Finding<'a> {
    view: &'a View,
    /// Only files are looked into that may have a table of this name, and none of those that have a table together.
    only: Option<&'a str>,
    files: Vec<(DataPath, Found)>,
    labels: Vec<DataPath>,
    voc: Vec<DataPath>,
    data: Option<YoloData>,
    has_images: bool,
}

impl Finding<'_> {
    fn folder(&mut self, folder: &Node) -> Result<()> {
        let (mut xml, mut text) = (Vec::new(), Vec::new());
        let children = self.view.children(folder)?;
        let labelled = labelled_images(&children);
        for child in children {
            if child.is_folder() {
                self.folder(&child)?;
                continue;
            }
            let Some(promise) = self.view.formats.promise(&child.path) else {
                self.has_images |= child.entry.kind == Kind::File && is_image(child.name());
                continue;
            };
            if self.only.is_some_and(|name| !may_be_named(&child.path, name)) {
                continue;
            }
            let is_said = self.view.formats.is_said(&child.path, promise);
            match promise {
                Promise::Xml | Promise::Text if self.only.is_some() => {}
                Promise::Xml if is_said => self.voc.push(child.path),
                Promise::Xml => xml.push(child),
                Promise::Text if is_said => self.labels.push(child.path),
                Promise::Text if is_labels_folder(folder) || labelled.contains(stem(child.name())) => text.push(child),
                Promise::Text => {}
                Promise::Yaml => self.yaml(child),
                Promise::Delimited | Promise::JsonLines | Promise::Json | Promise::Parquet | Promise::Arrow => {
                    let found = self.view.sniffed(&child, promise);
                    self.files.extend(found.map(|found| (child.path, found)));
                }
            }
        }
        // Of what has a file for each image, the first few of a folder speak for all: one may be broken.
        if xml.iter().filter(|node| is_file(node)).take(SPEAKERS).any(|node| is(self.view, node, detect::is_voc)) {
            self.voc.extend(xml.into_iter().filter(is_file).map(|node| node.path));
        }
        self.labels(text)
    }

    /// Labels stand beside lists of names, and so each file is looked at.
    fn labels(&mut self, text: Vec<Node>) -> Result<()> {
        let text: Vec<Node> = text.into_iter().filter(is_file).collect();
        let of_group = |group: usize| {
            let nodes = text.iter().skip(group * AT_A_TIME).take(AT_A_TIME);
            nodes
                .map(|node| self.view.begins(node).is_none_or(|head| detect::is_meant_for_yolo(&head)))
                .collect::<Vec<_>>()
        };
        let mut labels = Vec::new();
        in_order(text.len().div_ceil(AT_A_TIME), of_group, |group, are_labels| {
            let nodes = text.iter().skip(group * AT_A_TIME).zip(are_labels);
            labels.extend(nodes.filter(|(_, is_label)| *is_label).map(|(node, _)| node.path.clone()));
            Ok(Flow::More)
        })?;
        self.labels.extend(labels);
        Ok(())
    }

    fn yaml(&mut self, node: Node) {
        let data = self.view.text(&node).and_then(|text| YoloData::parse(&text).ok());
        if let Some(data) = data.filter(|data| !data.names.is_empty()) {
            let why = format!("it names {} classes", data.names.len());
            self.data.get_or_insert(data);
            self.files.push((node.path, Found { format: Arc::new(YoloDataFile), why }));
        }
    }

    fn tables(self) -> Result<Vec<Table>> {
        let Finding { files, labels, voc, data, .. } = self;
        let mut tables = named(files);
        if !labels.is_empty() {
            let data = data.unwrap_or_default();
            let task = data.kpt_shape.map(|(points, numbers)| YoloTask::Pose { points, numbers });
            let classes = data.names.iter().map(|(number, name)| (number.to_string(), name.clone())).collect();
            let format: Arc<dyn Format> = Arc::new(YoloLabels { classes, task });
            tables.extend(many(&format, &labels, "lines of numbers in a folder `labels`"));
        }
        if !voc.is_empty() {
            let format: Arc<dyn Format> = Arc::new(Voc::default());
            tables.extend(many(&format, &voc, "XML with the element `annotation`"));
        }
        Ok(tables)
    }
}

fn is(view: &View, node: &Node, of: fn(&[u8]) -> bool) -> bool {
    view.head(node).is_some_and(|head| of(&head))
}

/// The names, without their endings, of images beside which there are texts.
fn labelled_images(children: &[Node]) -> HashSet<Vec<u8>> {
    if !children.iter().any(|child| detect::promise(child.name()) == Some(Promise::Text)) {
        return HashSet::new();
    }
    children.iter().filter(|child| is_image(child.name())).map(|child| stem(child.name()).to_vec()).collect()
}

fn stem(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b'.').map_or(name, |dot| &name[..dot])
}

/// Whether a table of this file may have this name.
fn may_be_named(path: &DataPath, name: &str) -> bool {
    let file = String::from_utf8_lossy(path.name()).into_owned();
    let (stem, path) = (stem_of(&file), path.to_string());
    let is_of = |of: &str| name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    is_of(stem) || is_of(&path)
}

fn is_file(node: &Node) -> bool {
    node.entry.kind == Kind::File
}

fn is_labels_folder(folder: &Node) -> bool {
    folder.path.components().any(|name| name == b"labels")
}

fn ambiguous(name: &str, all: &[Table]) -> Error {
    let candidates = all.iter().map(|table| table.name.clone()).collect();
    Error::new(ErrorKind::Ambiguous { name: name.to_owned(), candidates })
}

/// Names tables by the file's name without its ending; by the whole path where two files have the same, or it is
/// the main table's.
fn named(files: Vec<(DataPath, Found)>) -> Vec<Table> {
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
fn many(format: &Arc<dyn Format>, paths: &[DataPath], why: &str) -> Vec<Table> {
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
    let name = String::from_utf8_lossy(path.name()).into_owned();
    if is_one_of_many(path) {
        return part.to_owned();
    }
    let whole = path.to_string();
    let stem = match stem_of(&name) {
        samples::NAME if *path != samples::path() => &whole,
        stem => stem,
    };
    if part == SOLE { stem.to_owned() } else { format!("{stem}.{part}") }
}

/// The key that a row of this file has in its table.
pub fn short_key(path: &DataPath, key: &str) -> String {
    if is_one_of_many(path) { format!("{path}{IN_FILE}{key}") } else { key.to_owned() }
}

/// Whether a file with this name is one of many that make a table together.
fn is_one_of_many(path: &DataPath) -> bool {
    matches!(detect::promise(path.name()), Some(Promise::Xml | Promise::Text))
}

fn stem_of(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}
