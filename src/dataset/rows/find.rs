//! Which tables a view has. What these are called is in [`super::named`].
//!
//! A file's name says what it may be, and its beginning whether it is. Formats
//! with a file for each image (YOLO, Pascal VOC) make one table of all of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::formats::Formats;
use super::label_files::{LINE_LEN, labelled_images, may_be_label};
use super::named::{Table, ambiguous, many, may_be_named, named};
use super::outline::{FileProblem, NoTable};
use super::part::changed_file;
use crate::dataset::samples;
use crate::dataset::view::{Node, View};
use crate::model::{DataPath, Id, Kind};
use crate::source::OnDrift;
use crate::table::detect::{self, Found, HEAD_LEN, Promise};
use crate::table::images::is_image;
use crate::table::in_order::in_order;
use crate::table::voc::Voc;
use crate::table::yolo::{YoloData, YoloDataFile, YoloLabels, YoloNames, YoloTask};
use crate::table::{Flow, Format, head};
use crate::{Error, ErrorKind, Result};

/// So many files of a folder are asked whether all are of a format.
const SPEAKERS: usize = 16;
/// So many files are looked at by one thread at a time.
const AT_A_TIME: usize = 256;

/// What tables of many files are called.
const OF_MANY: [&str; 3] = ["labels", "objects", "image"];

impl View {
    /// The tables in all files, in order of path; those of many files next, and last the main table `samples`.
    pub fn tables(&self) -> Result<Vec<Table>> {
        Ok(self.tables_and_others()?.0)
    }

    /// As [`View::tables`]; and the files that are no table, though their name says so.
    pub fn tables_and_others(&self) -> Result<(Vec<Table>, Vec<NoTable>)> {
        let Seen { mut tables, has_images, none, changed, failed } = self.seen(None)?;
        if has_images {
            tables.push(samples::table("there are images"));
        } else if !tables.is_empty() {
            tables.push(samples::table("there is a table"));
        } else if changed.is_empty() && failed.is_none() && samples::are_excluded(self)? {
            tables.push(samples::table("all that there is is excluded"));
        }
        Ok((tables, none))
    }

    /// The tables in all files, and the files that may have some and of which the source has other bytes now.
    ///
    /// # Errors
    /// Those of a file that may be a table and cannot be read, the first of several.
    pub(in crate::dataset) fn file_tables(&self) -> Result<(Vec<Table>, Vec<FileProblem>)> {
        let Seen { tables, changed, failed, .. } = self.seen(None)?;
        failed.map_or(Ok((tables, changed)), Err)
    }

    fn seen(&self, only: Option<&str>) -> Result<Seen> {
        let (files, none, labels, voc) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (data, other_data, lists, has_images, changed, failed) = (None, None, Vec::new(), false, Vec::new(), None);
        let mut finding = Finding {
            view: self,
            only,
            files,
            none,
            labels,
            voc,
            data,
            other_data,
            lists,
            has_images,
            changed,
            failed,
        };
        finding.folder(&self.root()?)?;
        finding.seen()
    }

    /// The table that people mean by `name`: its own, its file's path, or its name within the file; with but
    /// one table, also none.
    ///
    /// # Errors
    /// `NotFound`, and `Ambiguous` with all that may be meant.
    pub fn table(&self, name: Option<&str>) -> Result<Table> {
        // A name that is exactly a table's is found without looking into all files.
        if let Some(name) = name
            && let Some(table) = self.seen(Some(name))?.tables.into_iter().find(|table| table.name == name)
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
                0 => Err(self.unreadable_table()?.unwrap_or_else(|| Error::not_found("table", "in any file"))),
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
            0 => Err(match self.unreadable(&self.root()?, Some(name))? {
                Some(error) => error,
                // A table of many files, or of all, is called by none of them.
                None => match name {
                    samples::NAME => self.unreadable_table()?,
                    name if OF_MANY.contains(&name) => self.changed_table()?,
                    _ => None,
                }
                .unwrap_or_else(|| Error::not_found("table", name)),
            }),
            _ => Err(ambiguous(name, &all)),
        }
    }

    /// Why a file that may have a table cannot be read, the first of several: its source has changed, say.
    pub(in crate::dataset) fn unreadable_table(&self) -> Result<Option<Error>> {
        self.unreadable(&self.root()?, None)
    }

    /// That the source has other bytes now of a file which had a table with others, the first of several.
    fn changed_table(&self) -> Result<Option<Error>> {
        let Some(first) = self.seen(None)?.changed.into_iter().next() else { return Ok(None) };
        Ok(self.open_below(&self.existing(&first.path)?, OnDrift::Error).err())
    }

    /// As [`View::unreadable_table`], within a folder and of files that may have a table of this name.
    fn unreadable(&self, folder: &Node, name: Option<&str>) -> Result<Option<Error>> {
        for child in self.children(folder)? {
            let is_named = || name.is_none_or(|name| may_be_named(&child.path, name));
            let found = match child.is_folder() {
                true => self.unreadable(&child, name)?,
                false if is_file(&child) && is_named() && self.promise(&child)?.is_some() => {
                    self.open_below(&child, OnDrift::Error).and_then(|content| head(&content, HEAD_LEN)).err()
                }
                false => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The format of one file, by its name and beginning; `None` also where its source has changed.
    ///
    /// # Errors
    /// Those of reading it.
    pub(in crate::dataset) fn format_of(&self, node: &Node) -> Result<Option<Found>> {
        let Some(promise) = self.promise(node)? else { return Ok(None) };
        let found = |format: Arc<dyn Format>| Some(Found { format, why: String::new() });
        Ok(match promise {
            Promise::Xml if is(self, node, detect::is_voc)? => found(Arc::new(Voc::default())),
            Promise::Text if is(self, node, detect::is_yolo)? => found(Arc::new(self.labels_format()?)),
            Promise::Yaml => found(Arc::new(YoloDataFile)),
            Promise::Names if self.is_class_list(node)? => found(Arc::new(YoloNames)),
            Promise::Names if is(self, node, detect::is_yolo)? => found(Arc::new(self.labels_format()?)),
            promise => self.sniffed(node, promise)?,
        })
    }

    /// How label files are read: which classes there are, and what their lines say, is told by another file.
    fn labels_format(&self) -> Result<YoloLabels> {
        let state = (self.base.id(), self.overlay.root());
        let mut known = self.known.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, labels)) = &*known
            && *of == state
        {
            return Ok(labels.clone());
        }
        let root = self.root()?;
        let data = self.first_data(&root)?;
        let data = data.map_or_else(|| self.first_list(&root), |data| Ok(Some(data)))?;
        let labels = labels_of(data, self.common_task()?);
        *known = Some((state, labels.clone()));
        Ok(labels)
    }

    fn sniffed(&self, node: &Node, promise: Promise) -> Result<Option<Found>> {
        let sniffed = self.begins(node, HEAD_LEN)?.and_then(|head| detect::sniff(promise, &head));
        Ok(Formats::found(self.said_of(node)?, promise, sniffed))
    }

    /// The first bytes of a file; `None` for what is none, and where the source has changed.
    pub(super) fn begins(&self, node: &Node, len: usize) -> Result<Option<Vec<u8>>> {
        if !is_file(node) {
            return Ok(None);
        }
        as_recorded(self.open_below(node, OnDrift::Error).and_then(|content| head(&content, len)))
    }

    /// A file that is text of at most so many bytes; `None` for any other, and where the source has changed.
    ///
    /// # Errors
    /// Those of reading it.
    pub(in crate::dataset) fn text(&self, node: &Node, len_max: u64) -> Result<Option<String>> {
        if !is_file(node) {
            return Ok(None);
        }
        let read = self.open(node, OnDrift::Error).and_then(|content| {
            let len = usize::try_from(content.len()).ok().filter(|_| content.len() <= len_max);
            len.map(|len| head(&content, len)).transpose()
        });
        Ok(as_recorded(read)?.flatten().and_then(|bytes| String::from_utf8(bytes).ok()))
    }
}

/// What was read of a file; `None` where the source has other bytes there now: that is told where they are asked for.
fn as_recorded<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Err(error) if matches!(error.kind(), ErrorKind::SourceChanged { .. }) => Ok(None),
        read => read.map(Some),
    }
}

/// What a walk over all files found.
struct Seen {
    tables: Vec<Table>,
    has_images: bool,
    none: Vec<NoTable>,
    /// The files that may have a table and of which the source has other bytes now.
    changed: Vec<FileProblem>,
    /// Why the first of the files that cannot be read cannot.
    failed: Option<Error>,
}

/// A walk over all files.
struct Finding<'a> {
    view: &'a View,
    /// Only files are looked into that may have a table of this name, and none of those that have a table together.
    only: Option<&'a str>,
    files: Vec<(DataPath, Found)>,
    none: Vec<NoTable>,
    labels: Vec<DataPath>,
    voc: Vec<DataPath>,
    /// The first file that names YOLO's classes, and what it says.
    data: Option<(DataPath, YoloData)>,
    /// One that names others.
    other_data: Option<DataPath>,
    /// The lists of names that may be those of classes.
    lists: Vec<(DataPath, YoloData)>,
    has_images: bool,
    changed: Vec<FileProblem>,
    failed: Option<Error>,
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
            let said = self.view.said_of(&child)?;
            let Some(promise) = self.view.formats.promise_as(said, &child.path) else {
                self.has_images |= child.entry.kind == Kind::File && is_image(child.name());
                continue;
            };
            if self.only.is_some_and(|name| !may_be_named(&child.path, name)) {
                continue;
            }
            let is_said = self.view.formats.is_said(said, promise);
            match promise {
                Promise::Xml | Promise::Text | Promise::Names if self.only.is_some() => {}
                Promise::Names => match self.view.class_list(&child) {
                    Ok(Some(list)) => {
                        let why = format!("it names {} classes, one a line", list.names.len());
                        let format: Arc<dyn Format> = Arc::new(YoloNames);
                        self.files.push((child.path.clone(), Found { format, why }));
                        self.lists.push((child.path, list));
                    }
                    Ok(None) if changed_file(self.view, &child).is_some() => self.note_changed(&child),
                    Ok(None) if may_be_label(folder, &child, &labelled) => text.push(child),
                    Ok(None) => {}
                    Err(error) => self.fail(&child.path, error),
                },
                Promise::Xml if is_said => self.voc.push(child.path),
                Promise::Xml => xml.push(child),
                Promise::Text if is_said => self.labels.push(child.path),
                Promise::Text if may_be_label(folder, &child, &labelled) => text.push(child),
                Promise::Text => {}
                Promise::Yaml => self.yaml(child),
                Promise::Delimited | Promise::JsonLines | Promise::Json | Promise::Parquet | Promise::Arrow => {
                    match self.view.sniffed(&child, promise) {
                        Ok(Some(found)) => self.files.push((child.path, found)),
                        Ok(None) => self.no_table(child, promise),
                        Err(error) => self.fail(&child.path, error),
                    }
                }
            }
        }
        // Of what has a file for each image, the first few of a folder speak for all: one may be broken.
        xml.retain(is_file);
        for (at, node) in xml.iter().enumerate().take(SPEAKERS) {
            self.note_changed(node);
            match is(self.view, node, detect::is_voc) {
                Ok(true) => {
                    self.note_all_changed(&xml[at + 1..])?;
                    self.voc.extend(xml.into_iter().map(|node| node.path));
                    break;
                }
                Ok(false) => {}
                Err(error) => self.fail(&node.path, error),
            }
        }
        self.labels(text)
    }

    /// Labels stand beside lists of names, and so each file is looked at.
    fn labels(&mut self, text: Vec<Node>) -> Result<()> {
        let text: Vec<Node> = text.into_iter().filter(is_file).collect();
        let of_group = |group: usize| {
            let nodes = text.iter().skip(group * AT_A_TIME).take(AT_A_TIME);
            // Of one that cannot be read, whoever reads the rows is told.
            let is_label = |node: &Node| match self.view.begins(node, LINE_LEN) {
                Ok(Some(head)) => (detect::is_meant_for_yolo(&head), false),
                Ok(None) => (true, true),
                Err(_) => (true, false),
            };
            nodes.map(is_label).collect::<Vec<_>>()
        };
        let (mut labels, mut changed) = (Vec::new(), Vec::new());
        in_order(text.len().div_ceil(AT_A_TIME), of_group, |group, seen| {
            for (node, (is_label, is_changed)) in text.iter().skip(group * AT_A_TIME).zip(seen) {
                labels.extend(is_label.then(|| node.path.clone()));
                changed.extend(is_changed.then_some(node));
            }
            Ok(Flow::More)
        })?;
        self.labels.extend(labels);
        changed.into_iter().for_each(|node| self.note_changed(node));
        Ok(())
    }

    /// Notes a file of which the source has other bytes now, if it is one.
    fn note_changed(&mut self, node: &Node) {
        self.changed.extend(changed_file(self.view, node));
    }

    /// As [`Finding::note_changed`], of very many.
    fn note_all_changed(&mut self, nodes: &[Node]) -> Result<()> {
        let view = self.view;
        let of_group = |group: usize| {
            let nodes = nodes.iter().skip(group * AT_A_TIME).take(AT_A_TIME);
            nodes.filter_map(|node| changed_file(view, node)).collect::<Vec<_>>()
        };
        in_order(nodes.len().div_ceil(AT_A_TIME), of_group, |_, found| {
            self.changed.extend(found);
            Ok(Flow::More)
        })
    }

    /// Notes why a file is no table, where its name leaves no doubt that it should be.
    fn no_table(&mut self, node: Node, promise: Promise) {
        let mut has_changed = false;
        let why = match self.view.begins(&node, HEAD_LEN) {
            Ok(Some(head)) => detect::refusal(promise, &head),
            // The source has other bytes there now.
            Ok(None) if is_file(&node) => {
                self.note_changed(&node);
                has_changed = true;
                self.view.open_below(&node, OnDrift::Error).err().map(|why| why.to_string())
            }
            Ok(None) => None,
            Err(error) => return self.fail(&node.path, error),
        };
        self.none.extend(why.map(|why| NoTable { path: node.path, why, has_changed }));
    }

    /// Notes that a file cannot be read, which is not to say that it is no table.
    fn fail(&mut self, path: &DataPath, error: Error) {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let has_changed = matches!(error.kind(), ErrorKind::SourceChanged { .. });
        self.none.push(NoTable { path: path.clone(), why: format!("{error}{cause}"), has_changed });
        self.failed.get_or_insert(error);
    }

    fn yaml(&mut self, node: Node) {
        let data = match self.view.yolo_data(&node) {
            Ok(None) if is_file(&node) => return self.note_changed(&node),
            Ok(data) => data,
            Err(error) => return self.fail(&node.path, error),
        };
        if let Some(data) = data {
            let why = format!("it names {} classes", data.names.len());
            match &self.data {
                Some((_, first)) if first.names != data.names => self.other_data = Some(node.path.clone()),
                Some(_) => {}
                None => self.data = Some((node.path.clone(), data)),
            }
            self.files.push((node.path, Found { format: Arc::new(YoloDataFile), why }));
        }
    }

    fn seen(self) -> Result<Seen> {
        let Finding { view, mut files, mut none, labels, voc, mut data, mut other_data, .. } = self;
        let Finding { mut lists, has_images, mut changed, failed, .. } = self;
        // Where YAML names the classes, or beside other things than labels, a list of names is but that.
        let is_of_labels = |path: &DataPath| {
            let folder = path.parent().unwrap_or(DataPath::ROOT);
            labels.iter().any(|label| label.is_within(&folder))
        };
        lists.retain(|(path, _)| data.is_none() && is_of_labels(path));
        files.retain(|(path, found)| found.format.name() != YoloNames.name() || lists.iter().any(|(of, _)| of == path));
        for (path, list) in lists {
            match &data {
                Some((_, first)) if first.names != list.names => other_data = Some(path),
                Some(_) => {}
                None => data = Some((path, list)),
            }
        }
        // Without labels, YAML and lists of names say nothing of rows.
        let mut promises = HashMap::new();
        for file in &changed {
            promises.insert(file.path.clone(), view.promise_at(&file.path)?);
        }
        let promise = |path: &DataPath| promises.get(path).copied().flatten();
        let is_of_classes = |path: &DataPath| matches!(promise(path), Some(Promise::Yaml | Promise::Names));
        changed.retain(|file| !labels.is_empty() || !is_of_classes(&file.path));
        let mut tables = named(files);
        if !labels.is_empty() {
            let mut why = "lines of numbers in a folder `labels`".to_owned();
            if let (Some((first, _)), Some(other)) = (&data, other_data) {
                why.push_str(&format!("; the classes of all are those of `{first}`, and not those of `{other}`"));
            }
            let format: Arc<dyn Format> = Arc::new(labels_of(data.map(|(_, data)| data), view.common_task()?));
            tables.extend(many(&format, &labels, &why));
        }
        if !voc.is_empty() {
            let format: Arc<dyn Format> = Arc::new(Voc::default());
            tables.extend(many(&format, &voc, "XML with the element `annotation`"));
        }
        // What no table of many files tells is told by itself.
        let known: HashSet<DataPath> = none.iter().map(|known| known.path.clone()).collect();
        let tells = |path: &DataPath| match promise(path) {
            Some(Promise::Xml) => !voc.is_empty(),
            Some(Promise::Text | Promise::Yaml | Promise::Names) => !labels.is_empty(),
            _ => known.contains(path),
        };
        let untold: Vec<NoTable> = changed.iter().filter(|file| !tells(&file.path)).map(NoTable::changed).collect();
        none.extend(untold);
        Ok(Seen { tables, has_images, none, changed, failed })
    }
}

/// How the label files are read whose classes these are, and that have the `common` task where they do not tell theirs.
fn labels_of(data: Option<YoloData>, common: Option<YoloTask>) -> YoloLabels {
    let data = data.unwrap_or_default();
    let task = data.kpt_shape.map(|(points, numbers)| YoloTask::Pose { points, numbers });
    let classes = data.names.iter().map(|(number, name)| (number.to_string(), name.clone())).collect();
    YoloLabels { classes, task, common }
}

/// What is known of files; looked for once.
#[derive(Debug, Default)]
pub(in crate::dataset) struct Known {
    /// How label files are read in one state of a view.
    labels: Mutex<Option<(State, YoloLabels)>>,
    /// The task of those of a base that do not tell it.
    pub(super) task: Mutex<Option<(Id, Option<YoloTask>)>>,
    /// Which files with a declared key are nowhere in one state of a view.
    pub(super) lost: Mutex<Option<(State, Vec<DataPath>)>>,
    /// Where files and folders are that one state of a view has put elsewhere.
    pub(super) arrived: Mutex<Option<(State, Arc<super::arrived::Arrived>)>>,
}

/// A base, and the root of an overlay.
type State = (Id, Option<Id>);

fn is(view: &View, node: &Node, of: fn(&[u8]) -> bool) -> Result<bool> {
    Ok(view.begins(node, HEAD_LEN)?.is_some_and(|head| of(&head)))
}

fn is_file(node: &Node) -> bool {
    node.entry.kind == Kind::File
}
