//! A view: one revision or draft laid over its source.
//!
//! What the overlay says of a path goes before what the base says. A view never
//! writes; see [`super::Draft`]. Where a file's bytes come from is decided here,
//! reading them is [`super::content`]'s.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::content::{Content, OpenObject};
use crate::base::{Base, Row};
use crate::model::{Change, DataPath, Entry, Extent, Id, Kind};
use crate::overlay::{Overlay, Rows, Said, visit_node, visit_rows_node};
use crate::source::{OnDrift, Source};
use crate::store::{Cache, Store};
use crate::{Error, ErrorKind, Result, model};

/// A revision or a draft as a reader sees it. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct View {
    pub(super) store: Arc<dyn Store>,
    pub(super) base: Arc<Base>,
    pub(super) overlay: Overlay,
    pub(super) source: Arc<super::unchanged::Unchanged>,
    pub(super) cache: Option<Arc<Cache>>,
    pub(super) formats: Arc<super::rows::Formats>,
    pub(super) known: Arc<super::rows::Known>,
}

/// An entry of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it shows.
    pub path: DataPath,
    /// What `stat` tells of it.
    pub entry: Entry,
    /// Where its content comes from.
    pub place: Place,
}

/// Where the content of an entry comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder; the unchanged children of the base's folder `base` show in it.
    Folder {
        /// `None`: it shows nothing of the base.
        base: Option<Row>,
    },
    /// The bytes of the base's file, which may have another path there.
    Source {
        /// The base's file.
        row: Row,
    },
    /// Bytes of the store.
    Blob(Id),
    /// Bytes of the store laid over those of the base's file.
    Extents {
        /// The base's file.
        row: Row,
        /// What is laid over, in order of offset.
        extents: Arc<[Extent]>,
    },
    /// Edits of rows laid over other content.
    Rows {
        /// The content that shows between them.
        below: Box<Place>,
        /// The root of the tree of row changes.
        rows: Id,
    },
    /// A symbolic link.
    Symlink(Target),
}

impl Place {
    /// What shows below edits of rows; of any other, itself.
    pub(super) fn below(&self) -> &Place {
        match self {
            Place::Rows { below, .. } => below,
            place => place,
        }
    }

    /// The base's file whose bytes show in it, if any do.
    pub fn source_row(&self) -> Option<Row> {
        match self {
            Place::Source { row } | Place::Extents { row, .. } => Some(*row),
            Place::Rows { below, .. } => below.source_row(),
            Place::Folder { .. } | Place::Blob(_) | Place::Symlink(_) => None,
        }
    }
}

/// Where the target of a symbolic link is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// In the base's entry.
    Base(Row),
    /// In the overlay.
    Overlay(Arc<[u8]>),
}

impl Node {
    /// Its name in its folder; empty for the top folder.
    pub fn name(&self) -> &[u8] {
        self.path.name()
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.entry.kind == Kind::Folder
    }

    /// The row of the base whose content this has, unchanged; for a folder, whose children it shows.
    pub fn base_row(&self) -> Option<Row> {
        match self.place {
            Place::Folder { base } => base,
            Place::Source { row } | Place::Symlink(Target::Base(row)) => Some(row),
            Place::Blob(_) | Place::Extents { .. } | Place::Rows { .. } | Place::Symlink(Target::Overlay(_)) => None,
        }
    }
}

impl View {
    /// The index of the source.
    pub fn base(&self) -> &Arc<Base> {
        &self.base
    }

    /// What is changed.
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// The unchanged data; opened at the first call.
    pub fn source(&self) -> Result<Arc<Source>> {
        self.source.get()
    }

    /// The top folder.
    pub fn root(&self) -> Result<Node> {
        match self.overlay.get(&DataPath::ROOT)? {
            Some(change) => self.changed(DataPath::ROOT, &change)?.ok_or_else(|| Error::not_found("path", ".")),
            None => self.unchanged(DataPath::ROOT, Base::ROOT),
        }
    }

    /// Returns the entry with this path; `None` where there is none.
    pub fn node(&self, path: &DataPath) -> Result<Option<Node>> {
        let mut node = self.root()?;
        for name in path.components() {
            if !node.is_folder() {
                return Ok(None);
            }
            match self.child(&node, name)? {
                Some(child) => node = child,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// As [`View::node`], with a missing entry as an error.
    pub fn existing(&self, path: &DataPath) -> Result<Node> {
        self.node(path)?.ok_or_else(|| Error::not_found("path", path))
    }

    /// Returns the entry `name` in a folder of this view.
    ///
    /// # Errors
    /// `NotAFolder`; `Invalid` for a name that no entry can have.
    pub fn child(&self, folder: &Node, name: &[u8]) -> Result<Option<Node>> {
        let base = base_of_folder(folder)?;
        let path = folder.path.join(name)?;
        if let Some(change) = self.overlay.get(&path)? {
            return self.changed(path, &change);
        }
        let row = match base {
            Some(base) => self.base.child(base, name)?,
            None => None,
        };
        row.map(|row| self.unchanged(path, row)).transpose()
    }

    /// Returns the entries of a folder, in order of name.
    pub fn children(&self, folder: &Node) -> Result<Vec<Node>> {
        let changed = self.changed_children(folder)?;
        let named: HashSet<&[u8]> = changed.iter().map(|(name, _)| name.as_slice()).collect();
        let mut children = Vec::new();
        for row in self.base_children(folder)? {
            if named.is_empty() || !named.contains(self.base.name(row)?) {
                children.push(self.base_child(folder, row)?);
            }
        }
        children.extend(changed.iter().filter_map(|(_, node)| node.clone()));
        if !changed.is_empty() {
            children.sort_by(|a, b| a.name().cmp(b.name()));
        }
        Ok(children)
    }

    /// The rows whose entries show in the folder unless [`View::changed_children`] names them.
    pub fn base_children(&self, folder: &Node) -> Result<Range<Row>> {
        base_of_folder(folder)?.map_or(Ok(0..0), |row| self.base.children(row))
    }

    /// Returns the children of a folder that the overlay speaks of, in order of name; `None` for a removed one.
    pub fn changed_children(&self, folder: &Node) -> Result<Vec<(Vec<u8>, Option<Node>)>> {
        if self.overlay.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (name, change) in self.overlay.names_in(&folder.path)? {
            if let Some(change) = change {
                let node = self.changed(folder.path.join_checked(&name), &change)?;
                found.push((name, node));
            }
        }
        Ok(found)
    }

    /// The child of a folder that is the base's entry `row`, one of [`View::base_children`].
    pub fn base_child(&self, folder: &Node, row: Row) -> Result<Node> {
        self.unchanged(folder.path.join_checked(self.base.name(row)?), row)
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// `IsAFolder`, `SourceChanged`; `Invalid` for a symbolic link, which has no content of its own.
    pub fn open(&self, node: &Node, drift: OnDrift) -> Result<Content> {
        let content =
            self.open_place(&node.path, &node.place, Some(node.entry.size), drift, &|id| self.store.open(id))?;
        Ok(if self.source.is_far() { content.prompt() } else { content })
    }

    /// Opens what shows between the row edits of a file; the file itself where it has none.
    ///
    /// # Errors
    /// As [`View::open`].
    pub fn open_below(&self, node: &Node, drift: OnDrift) -> Result<Content> {
        match &node.place {
            Place::Rows { below, .. } => self.open_place(&node.path, below, None, drift, &|id| self.store.open(id)),
            place => self.open_place(&node.path, place, Some(node.entry.size), drift, &|id| self.store.open(id)),
        }
    }

    /// `len` is known for all but what lies below row edits.
    fn open_place(
        &self,
        path: &DataPath,
        place: &Place,
        len: Option<u64>,
        drift: OnDrift,
        object: &OpenObject<'_>,
    ) -> Result<Content> {
        match place {
            Place::Folder { .. } => Err(Error::new(ErrorKind::IsAFolder { path: path.to_string() })),
            Place::Symlink(_) => Err(Error::invalid("file", &path.to_string(), "it is a symbolic link")),
            Place::Blob(id) => Ok(Content::of_blob(object(*id)?)),
            Place::Source { row } => self.source.open(&self.base, *row, drift),
            Place::Extents { row, extents } => {
                // Ranges mean nothing in other bytes, whatever is to be served else.
                let below = self.source.open(&self.base, *row, OnDrift::Error)?;
                let grown: u64 = extents.iter().map(|extent| extent.len).sum();
                let replaced: u64 = extents.iter().map(|extent| extent.replaced).sum();
                let len = len.unwrap_or_else(|| (below.len() + grown).saturating_sub(replaced));
                Content::spliced(below, extents, len, object)
            }
            Place::Rows { below, rows } => {
                let below = self.open_place(path, below, None, OnDrift::Error, object)?;
                let patches = super::rows::patches(&self.overlay.rows(Some(*rows)))?;
                let len = len.unwrap_or_else(|| super::rows::patched_len(below.len(), &patches));
                Content::patched(below, patches, len, object)
            }
        }
    }

    /// The row changes of a file.
    pub fn rows_of(&self, node: &Node) -> Rows {
        match &node.place {
            Place::Rows { rows, .. } => self.overlay.rows(Some(*rows)),
            _ => self.overlay.rows(None),
        }
    }

    /// As [`View::open`], but without waiting for a disk: `None` where that takes [`View::open`].
    pub fn try_open(&self, node: &Node, drift: OnDrift) -> Result<Option<Content>> {
        match &node.place {
            Place::Source { row } => self.source.try_open(&self.base, *row, drift),
            // A service that is away must not hold up what is on this machine.
            _ if self.source.is_far() => self.try_open_place(node, drift),
            _ => Ok(None),
        }
    }

    fn try_open_place(&self, node: &Node, drift: OnDrift) -> Result<Option<Content>> {
        let at_hand = |id| self.store.open_at_hand(id)?.ok_or_else(|| Error::not_found("object", id));
        match self.open_place(&node.path, &node.place, Some(node.entry.size), drift, &at_hand) {
            Ok(content) => Ok(Some(content.prompt())),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has all of it here but the bytes of files, so that looking at names asks no other machine.
    pub(super) fn fetch(&self) -> Result<()> {
        let (mut nodes, mut row_nodes) = (Vec::from_iter(self.overlay.root()), Vec::new());
        while let Some(id) = nodes.pop() {
            visit_node(id, self.store.get(id)?, &mut |child| nodes.push(child), &mut |said| match said {
                Said::Of(Change::File(model::FileChange { content: model::Content::Rows { rows, .. }, .. })) => {
                    row_nodes.push(rows);
                }
                Said::Samples(rows) => row_nodes.push(rows),
                Said::Of(_) => {}
            })?;
        }
        while let Some(id) = row_nodes.pop() {
            visit_rows_node(id, self.store.get(id)?, &mut |child| row_nodes.push(child), &mut |_| {})?;
        }
        Ok(())
    }

    /// What a symbolic link points to, as it was written.
    pub fn link_target(&self, node: &Node) -> Result<Vec<u8>> {
        match &node.place {
            Place::Symlink(Target::Base(row)) => Ok(self.base.link_target(*row)?.to_vec()),
            Place::Symlink(Target::Overlay(target)) => Ok(target.to_vec()),
            _ => Err(Error::invalid("symbolic link", &node.path.to_string(), "it is something else")),
        }
    }

    /// The entry at `path` that the overlay says nothing of.
    fn unchanged(&self, path: DataPath, row: Row) -> Result<Node> {
        let entry = self.base.entry(row)?;
        let place = match entry.kind {
            Kind::Folder => Place::Folder { base: Some(row) },
            Kind::File => Place::Source { row },
            Kind::Symlink => Place::Symlink(Target::Base(row)),
        };
        Ok(Node { path, entry, place })
    }

    /// The entry at `path` of which the overlay says `change`.
    fn changed(&self, path: DataPath, change: &Change) -> Result<Option<Node>> {
        let Some(entry) = change.entry() else { return Ok(None) };
        let place = match change {
            Change::Removed | Change::Excluded { .. } => return Ok(None),
            Change::File(file) => self.place_of(&file.content)?,
            Change::Folder { from, .. } => {
                Place::Folder { base: from.as_ref().map(|from| self.row(from)).transpose()? }
            }
            Change::Symlink { target, .. } => Place::Symlink(Target::Overlay(target.as_slice().into())),
        };
        Ok(Some(Node { path, entry, place }))
    }

    pub(super) fn place_of(&self, content: &model::Content) -> Result<Place> {
        Ok(match content {
            model::Content::Source(path) => Place::Source { row: self.row(path)? },
            model::Content::Blob(id) => Place::Blob(*id),
            model::Content::Extents { over, extents } => {
                Place::Extents { row: self.row(over)?, extents: extents.as_slice().into() }
            }
            model::Content::Rows { below, rows } => Place::Rows { below: Box::new(self.place_of(below)?), rows: *rows },
        })
    }

    fn row(&self, path: &DataPath) -> Result<Row> {
        self.base.find(path)?.ok_or_else(|| {
            Error::corrupt(
                format!("the overlay on base {}", self.base.id().short()),
                format!("it uses `{path}`, which the base has not"),
            )
        })
    }
}

/// The base's folder behind a folder; an error for anything else.
fn base_of_folder(node: &Node) -> Result<Option<Row>> {
    match node.place {
        Place::Folder { base } => Ok(base),
        _ => Err(Error::new(ErrorKind::NotAFolder { path: node.path.to_string() })),
    }
}
