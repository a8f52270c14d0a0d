//! An overlay: what a revision says of paths, over a base that says the rest.
//!
//! One ordered map from path to [`Change`], kept as a tree of small immutable
//! nodes (`tree.rs`): an edit makes a new overlay that shares all nodes but a few
//! with the old one, and two overlays are compared by what they do not share.
//! An overlay knows nothing of bases and sources; [`crate::dataset::View`] lays it over one.

mod node;
mod nodes;
mod rows;
mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use nodes::Nodes;
pub use rows::{RowDifference, Rows};

use crate::model::{Change, DataPath, Id, ObjectKind, RowChange};
use crate::{Error, Result};

/// The key of what is said of the samples: no path has a NUL in it.
const SAMPLES: &[u8] = b"\0samples";

/// An immutable map from path to change, with the row changes of the samples beside.
#[derive(Clone)]
pub struct Overlay {
    nodes: Arc<Nodes>,
    root: Option<Id>,
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Overlay").field(&self.root).finish()
    }
}

/// One path that two overlays do not agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path.
    pub path: DataPath,
    /// What the first overlay says of it.
    pub before: Option<Change>,
    /// What the second overlay says of it.
    pub after: Option<Change>,
}

impl Overlay {
    /// The overlay with this root node; `None` is the empty one.
    pub fn new(nodes: Arc<Nodes>, root: Option<Id>) -> Overlay {
        Overlay { nodes, root }
    }

    /// The root node: equal for overlays that say the same, and only for these.
    pub fn root(&self) -> Option<Id> {
        self.root
    }

    /// The overlay that says nothing.
    #[must_use]
    pub fn with_nothing(&self) -> Overlay {
        Overlay { nodes: self.nodes.clone(), root: None }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Returns what the overlay says of exactly this path.
    pub fn get(&self, path: &DataPath) -> Result<Option<Change>> {
        tree::get(&self.nodes, self.root, path.as_bytes())?.map(|bytes| decode(path.as_bytes(), &bytes)).transpose()
    }

    /// Returns the overlay with some paths changed; `None` makes it say nothing of the path.
    ///
    /// The new nodes are in memory until [`Overlay::unstored`] has been stored.
    pub fn with(&self, edits: impl IntoIterator<Item = (DataPath, Option<Change>)>) -> Result<Overlay> {
        let edits = edits.into_iter().map(|(path, change)| (path.into(), change.as_ref().map(encode))).collect();
        Ok(Overlay { nodes: self.nodes.clone(), root: tree::edit(&self.nodes, self.root, edits)? })
    }

    /// What is said of the samples: columns that are kept beside the files, and which samples are excluded.
    pub fn samples(&self) -> Result<Rows> {
        let root = tree::get(&self.nodes, self.root, SAMPLES)?.map(|bytes| root_of_samples(&bytes)).transpose()?;
        Ok(self.rows(root))
    }

    /// Returns the overlay that says this of the samples.
    pub fn with_samples(&self, samples: &Rows) -> Result<Overlay> {
        let root = samples.root().map(|root| Bytes::copy_from_slice(root.as_bytes()));
        let edits = [(SAMPLES.to_vec(), root)].into_iter().collect();
        Ok(Overlay { nodes: self.nodes.clone(), root: tree::edit(&self.nodes, self.root, edits)? })
    }

    /// Returns all that it says of paths, in order of path.
    pub fn entries(&self) -> Result<Vec<(DataPath, Change)>> {
        self.range(b"", |_| true)
    }

    /// Returns what it says of a path and of everything below.
    pub fn within(&self, path: &DataPath) -> Result<Vec<(DataPath, Change)>> {
        if path.is_root() {
            return self.entries();
        }
        // What sorts between a folder and its content (`a-b` between `a` and `a/b`) is skipped.
        let mut found: Vec<_> = self.get(path)?.map(|change| (path.clone(), change)).into_iter().collect();
        let below = [path.as_bytes(), b"/"].concat();
        found.extend(self.range(&below, |key| key.starts_with(&below))?);
        Ok(found)
    }

    /// Returns the names in a folder that it says something of, or of something below.
    ///
    /// The change is that of the entry itself: `None` when only what lies below is spoken of.
    pub fn names_in(&self, folder: &DataPath) -> Result<BTreeMap<Vec<u8>, Option<Change>>> {
        let prefix = if folder.is_root() { Vec::new() } else { [folder.as_bytes(), b"/"].concat() };
        let mut names = BTreeMap::new();
        let mut cursor = tree::Cursor::new(&self.nodes, self.root);
        cursor.seek(&prefix)?;
        while let Some((key, value)) = cursor.next()? {
            let Some(rest) = key.strip_prefix(prefix.as_slice()) else { break };
            if key == SAMPLES {
                continue;
            }
            match rest.iter().position(|&b| b == b'/') {
                None if rest.is_empty() => {}
                None => {
                    names.insert(rest.to_vec(), Some(decode(&key, &value)?));
                }
                Some(end) => {
                    names.entry(rest[..end].to_vec()).or_insert(None);
                    // `0` follows `/`: past everything below this name.
                    cursor.seek(&[&prefix, &rest[..end], b"0"].concat())?;
                }
            }
        }
        Ok(names)
    }

    /// Returns the paths on which this overlay and `later` do not agree, in order.
    ///
    /// Costs by what they do not share, not by what they hold.
    pub fn diff(&self, later: &Overlay) -> Result<Vec<Difference>> {
        let differences = tree::diff((&self.nodes, self.root), (&later.nodes, later.root))?;
        let decode_side = |key: &[u8], side: Option<Bytes>| side.map(|bytes| decode(key, &bytes)).transpose();
        differences
            .into_iter()
            .filter(|(key, ..)| key != SAMPLES)
            .map(|(key, before, after)| {
                let (before, after) = (decode_side(&key, before)?, decode_side(&key, after)?);
                Ok(Difference { path: path_of(key)?, before, after })
            })
            .collect()
    }

    /// Returns the nodes that the store does not have yet, children before parents.
    pub fn unstored(&self) -> Result<Vec<(ObjectKind, Bytes)>> {
        let Some(root) = self.root else { return Ok(Vec::new()) };
        // A file's row changes are a tree of their own, whose root a leaf names: a child like any other.
        let nested = |key: &[u8], value: &[u8]| match key {
            SAMPLES => root_of_samples(value).map(Some),
            key => Ok(decode(key, value)?.rows()),
        };
        self.nodes.staged_below(root, &nested)
    }

    /// Tells it that all of [`Overlay::unstored`] is stored: only then may the copies in memory go.
    pub fn mark_stored(&self) {
        self.nodes.clear_staged();
    }

    fn range(&self, from: &[u8], is_in: impl Fn(&[u8]) -> bool) -> Result<Vec<(DataPath, Change)>> {
        let mut cursor = tree::Cursor::new(&self.nodes, self.root);
        cursor.seek(from)?;
        let mut found = Vec::new();
        while let Some((key, value)) = cursor.next()? {
            if !is_in(&key) {
                break;
            }
            if key == SAMPLES {
                continue;
            }
            let change = decode(&key, &value)?;
            found.push((path_of(key)?, change));
        }
        Ok(found)
    }
}

/// What an entry of an overlay node says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Of a path.
    Of(Change),
    /// Of the samples: the root of the tree of their row changes.
    Samples(Id),
}

/// Visits a stored overlay node: calls `child` for nodes below it and `said` for what is in it.
///
/// For whoever follows what is reachable; a reader of paths has [`Overlay`].
pub fn visit_node(id: Id, bytes: Bytes, child: &mut dyn FnMut(Id), said: &mut dyn FnMut(Said)) -> Result<()> {
    let node = node::Node::decode(id, bytes)?;
    for index in 0..node.len() {
        match node.level() {
            0 if node.key(index) == SAMPLES => said(Said::Samples(root_of_samples(&node.value(index))?)),
            0 => said(Said::Of(decode(node.key(index), &node.value(index))?)),
            _ => child(node.child(index)?),
        }
    }
    Ok(())
}

/// Visits a stored node of a file's row changes: calls `child` for nodes below it and `change` for the changes in it.
pub fn visit_rows_node(
    id: Id,
    bytes: Bytes,
    child: &mut dyn FnMut(Id),
    change: &mut dyn FnMut(RowChange),
) -> Result<()> {
    let node = node::Node::decode(id, bytes)?;
    for index in 0..node.len() {
        match node.level() {
            0 => change(rows::decode(&node.value(index))?),
            _ => child(node.child(index)?),
        }
    }
    Ok(())
}

fn root_of_samples(bytes: &[u8]) -> Result<Id> {
    let id = <[u8; 32]>::try_from(bytes);
    id.map(Id::from_bytes).map_err(|_| Error::corrupt("what an overlay says of samples", "it is not an id"))
}

fn encode(change: &Change) -> Bytes {
    postcard::to_stdvec(change).expect("a change is plain data").into()
}

fn decode(key: &[u8], bytes: &[u8]) -> Result<Change> {
    postcard::from_bytes(bytes).map_err(|cause| {
        let path = String::from_utf8_lossy(key);
        Error::corrupt(format!("the overlay's entry for `{path}`"), "it is not the encoding of a change")
            .caused_by(cause)
    })
}

fn path_of(key: Vec<u8>) -> Result<DataPath> {
    DataPath::try_from(key).map_err(|cause| Error::corrupt("an overlay", "a key is not a path").caused_by(cause))
}

#[cfg(test)]
mod tests;
