//! An ordered map from bytes to bytes as a prolly tree: a B-tree whose node
//! boundaries are chosen by the content, so the same entries give the same root
//! however they came about.
//!
//! After the *probabilistic B-trees* of Noms and Dolt. A node ends after an entry
//! whose key hashes to a boundary, or once it has [`NODE_LEN_FULL`] bytes; both
//! are decided by what is in the node alone, so an edit rewrites the node that
//! it falls in, and the following ones only until the boundaries meet again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::node::{Node, NodeWriter};
use super::nodes::Nodes;
use crate::Result;
use crate::model::Id;

/// The mean number of entries in a leaf, but for the size cap.
const LEAF_MEAN: u32 = 16;
/// The mean number of children of an inner node, but for the size cap.
const FANOUT_MEAN: u32 = 32;
/// A node with this many bytes ends, so that the store can keep it in 4 KiB.
const NODE_LEN_FULL: usize = 3072;

/// An edit: the value that a key gets, or `None` to remove it.
pub(super) type Edits = BTreeMap<Vec<u8>, Option<Bytes>>;

/// Returns the value of `key`.
pub(super) fn get(nodes: &Nodes, root: Option<Id>, key: &[u8]) -> Result<Option<Bytes>> {
    let Some(mut id) = root else { return Ok(None) };
    loop {
        let node = nodes.get(id)?;
        let index = node.position(key);
        if index == node.len() {
            return Ok(None);
        }
        if node.level() == 0 {
            return Ok((node.key(index) == key).then(|| node.value(index)));
        }
        id = node.child(index)?;
    }
}

/// Returns the root of the tree with the edits applied; new nodes are staged in `nodes`.
pub(super) fn edit(nodes: &Nodes, root: Option<Id>, edits: Edits) -> Result<Option<Id>> {
    let height = match root {
        Some(id) => Some(nodes.get(id)?.level()),
        None => None,
    };
    let mut pending = edits;
    for level in 0.. {
        if pending.is_empty() {
            return Ok(root);
        }
        if let (Some(root), Some(height)) = (root, height)
            && level <= height
        {
            pending = rewrite(nodes, root, level, level == height, pending)?;
            continue;
        }
        // Above the old root: all entries of this level are new.
        let entries: Vec<(Vec<u8>, Bytes)> =
            pending.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        match entries.as_slice() {
            [] => return Ok(None),
            [(_, only)] if level > 0 => return collapse(nodes, id_of(only)).map(Some),
            _ => {}
        }
        let mut chunker = Chunker::new(nodes, level);
        entries.iter().for_each(|(key, value)| chunker.push(key, value));
        pending = chunker.finish().into_iter().map(|(key, id)| (key, Some(id_bytes(id)))).collect();
    }
    unreachable!("each level has at most half the entries of the one below")
}

/// A root with a single child is not a root.
fn collapse(nodes: &Nodes, mut id: Id) -> Result<Id> {
    loop {
        let node = nodes.get(id)?;
        if node.level() == 0 || node.len() > 1 {
            return Ok(id);
        }
        id = node.child(0)?;
    }
}

/// Applies edits to one level; returns the edits that this means for the level above.
fn rewrite(nodes: &Nodes, root: Id, level: u8, is_top: bool, edits: Edits) -> Result<Edits> {
    let mut old: BTreeMap<Vec<u8>, Id> = BTreeMap::new();
    let mut new: BTreeMap<Vec<u8>, Id> = BTreeMap::new();
    let mut edits = edits.into_iter().peekable();
    while let Some((first, _)) = edits.peek() {
        let mut walk = Walk::seek(nodes, root, level, first)?;
        let mut chunker = Chunker::new(nodes, level);
        loop {
            let (node, id, is_last) = walk.here();
            old.insert(node.last_key().to_vec(), id);
            for index in 0..node.len() {
                let key = node.key(index);
                while let Some((edited, value)) = edits.next_if(|(edited, _)| edited.as_slice() < key) {
                    value.iter().for_each(|value| chunker.push(&edited, value));
                }
                match edits.next_if(|(edited, _)| edited == key) {
                    Some((_, value)) => value.iter().for_each(|value| chunker.push(key, value)),
                    None => chunker.push(key, &node.value(index)),
                }
            }
            if is_last {
                edits.by_ref().for_each(|(key, value)| value.iter().for_each(|value| chunker.push(&key, value)));
            }
            if chunker.is_between_nodes() || !walk.advance()? {
                break;
            }
        }
        new.extend(chunker.finish());
    }
    let mut above = Edits::new();
    for (key, id) in &old {
        match new.get(key) {
            // The level above has it already; above the old root there is nothing yet.
            Some(same) if same == id && !is_top => {
                new.remove(key);
            }
            Some(_) => {}
            None => {
                above.insert(key.clone(), None);
            }
        }
    }
    above.extend(new.into_iter().map(|(key, id)| (key, Some(id_bytes(id)))));
    Ok(above)
}

fn id_bytes(id: Id) -> Bytes {
    Bytes::copy_from_slice(id.as_bytes())
}

fn id_of(bytes: &Bytes) -> Id {
    Id::from_bytes(bytes.as_ref().try_into().expect("ids were put in here"))
}

/// Cuts a sequence of entries into nodes.
struct Chunker<'a> {
    nodes: &'a Nodes,
    level: u8,
    open: NodeWriter,
    done: Vec<(Vec<u8>, Id)>,
}

impl<'a> Chunker<'a> {
    fn new(nodes: &'a Nodes, level: u8) -> Chunker<'a> {
        Chunker { nodes, level, open: NodeWriter::new(level), done: Vec::new() }
    }

    fn push(&mut self, key: &[u8], value: &[u8]) {
        self.open.push(key, value);
        // An inner node of one child would let very long keys grow a tree without end.
        let may_end = self.level == 0 || self.open.count() > 1;
        if may_end && (self.open.len() >= NODE_LEN_FULL || is_boundary(self.level, key)) {
            self.end_node();
        }
    }

    fn end_node(&mut self) {
        let (last_key, bytes) = std::mem::replace(&mut self.open, NodeWriter::new(self.level)).finish();
        self.done.push((last_key, self.nodes.stage(bytes)));
    }

    fn is_between_nodes(&self) -> bool {
        self.open.count() == 0
    }

    fn finish(mut self) -> Vec<(Vec<u8>, Id)> {
        if !self.is_between_nodes() {
            self.end_node();
        }
        self.done
    }
}

/// Whether a node of this level ends after this key.
fn is_boundary(level: u8, key: &[u8]) -> bool {
    // The level takes part: a last key is a boundary below, and must not be one above for that.
    let hash = blake3::Hasher::new().update(&[level]).update(key).finalize();
    let word = u32::from_le_bytes(hash.as_bytes()[..4].try_into().expect("four bytes"));
    word.is_multiple_of(if level == 0 { LEAF_MEAN } else { FANOUT_MEAN })
}

/// A place among the nodes of one level.
struct Walk<'a> {
    nodes: &'a Nodes,
    /// Inner nodes from the root down, each with the index of the child taken.
    above: Vec<(Arc<Node>, usize)>,
    node: Arc<Node>,
    id: Id,
}

impl<'a> Walk<'a> {
    /// Goes to the node of `level` in which `key` is or would be: the last one when it is greater than all.
    fn seek(nodes: &'a Nodes, root: Id, level: u8, key: &[u8]) -> Result<Walk<'a>> {
        let mut walk = Walk { nodes, above: Vec::new(), node: nodes.get(root)?, id: root };
        while walk.node.level() > level {
            let index = walk.node.position(key).min(walk.node.len() - 1);
            walk.descend(index)?;
        }
        Ok(walk)
    }

    fn descend(&mut self, index: usize) -> Result<()> {
        self.id = self.node.child(index)?;
        let child = self.nodes.get(self.id)?;
        self.above.push((std::mem::replace(&mut self.node, child), index));
        Ok(())
    }

    fn here(&self) -> (Arc<Node>, Id, bool) {
        let is_last = self.above.iter().all(|(node, index)| index + 1 == node.len());
        (self.node.clone(), self.id, is_last)
    }

    /// Goes to the next node of the level; `false` at the end.
    fn advance(&mut self) -> Result<bool> {
        let level = self.node.level();
        while let Some((parent, index)) = self.above.pop() {
            self.node = parent;
            if index + 1 < self.node.len() {
                self.descend(index + 1)?;
                while self.node.level() > level {
                    self.descend(0)?;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Reads entries in order of key.
pub(super) struct Cursor<'a> {
    walk: Option<Walk<'a>>,
    root: Option<Id>,
    nodes: &'a Nodes,
    index: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(nodes: &'a Nodes, root: Option<Id>) -> Cursor<'a> {
        Cursor { walk: None, root, nodes, index: 0 }
    }

    /// Goes to the first entry whose key is `key` or greater.
    pub(super) fn seek(&mut self, key: &[u8]) -> Result<()> {
        let Some(root) = self.root else { return Ok(()) };
        // Who goes on from where it is often stays in the node.
        if let Some(walk) = self.walk.as_ref().filter(|walk| walk.node.key(0) <= key && key <= walk.node.last_key()) {
            self.index = walk.node.position(key);
            return Ok(());
        }
        let walk = Walk::seek(self.nodes, root, 0, key)?;
        self.index = walk.node.position(key);
        self.walk = Some(walk);
        Ok(())
    }

    /// Returns the entry here, and goes to the next.
    pub(super) fn next(&mut self) -> Result<Option<(Vec<u8>, Bytes)>> {
        let Some(walk) = &mut self.walk else { return Ok(None) };
        while self.index >= walk.node.len() {
            if !walk.advance()? {
                return Ok(None);
            }
            self.index = 0;
        }
        let entry = (walk.node.key(self.index).to_vec(), walk.node.value(self.index));
        self.index += 1;
        Ok(Some(entry))
    }
}

/// One key that two trees do not agree on: before and after.
pub(super) type Difference = (Vec<u8>, Option<Bytes>, Option<Bytes>);

/// Returns what differs between two trees, in order of key; what they share is not read.
pub(super) fn diff(from: (&Nodes, Option<Id>), to: (&Nodes, Option<Id>)) -> Result<Vec<Difference>> {
    let (mut left, mut right) = (Stream::new(from.0, from.1)?, Stream::new(to.0, to.1)?);
    let mut found = Vec::new();
    loop {
        match (left.top.last(), right.top.last()) {
            (None, None) => return Ok(found),
            (Some(Item::Subtree(a, _)), Some(Item::Subtree(b, _))) if a == b => {
                left.top.pop();
                right.top.pop();
            }
            (Some(Item::Subtree(_, a)), Some(Item::Subtree(_, b))) => match a.cmp(b) {
                std::cmp::Ordering::Less => right.expand()?,
                std::cmp::Ordering::Greater => left.expand()?,
                std::cmp::Ordering::Equal => {
                    left.expand()?;
                    right.expand()?;
                }
            },
            (Some(Item::Subtree(..)), _) => left.expand()?,
            (_, Some(Item::Subtree(..))) => right.expand()?,
            (Some(Item::Entry(a, _)), Some(Item::Entry(b, _))) => match a.cmp(b) {
                std::cmp::Ordering::Less => found.extend(left.pop().map(|(key, value)| (key, Some(value), None))),
                std::cmp::Ordering::Greater => found.extend(right.pop().map(|(key, value)| (key, None, Some(value)))),
                std::cmp::Ordering::Equal => {
                    let (before, after) = (left.pop(), right.pop());
                    if let (Some((key, before)), Some((_, after))) = (before, after)
                        && before != after
                    {
                        found.push((key, Some(before), Some(after)));
                    }
                }
            },
            (Some(_), None) => found.extend(left.pop().map(|(key, value)| (key, Some(value), None))),
            (None, Some(_)) => found.extend(right.pop().map(|(key, value)| (key, None, Some(value)))),
        }
    }
}

enum Item {
    Subtree(Id, u8),
    Entry(Vec<u8>, Bytes),
}

/// The entries of a tree in order, with subtrees unread until somebody must look in.
struct Stream<'a> {
    nodes: &'a Nodes,
    /// What comes next is at the end.
    top: Vec<Item>,
}

impl<'a> Stream<'a> {
    fn new(nodes: &'a Nodes, root: Option<Id>) -> Result<Stream<'a>> {
        let mut top = Vec::new();
        if let Some(root) = root {
            top.push(Item::Subtree(root, nodes.get(root)?.level()));
        }
        Ok(Stream { nodes, top })
    }

    fn expand(&mut self) -> Result<()> {
        let Some(Item::Subtree(id, _)) = self.top.pop() else { unreachable!("only subtrees are expanded") };
        let node = self.nodes.get(id)?;
        for index in (0..node.len()).rev() {
            self.top.push(match node.level() {
                0 => Item::Entry(node.key(index).to_vec(), node.value(index)),
                level => Item::Subtree(node.child(index)?, level - 1),
            });
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<(Vec<u8>, Bytes)> {
        match self.top.pop() {
            Some(Item::Entry(key, value)) => Some((key, value)),
            _ => None,
        }
    }
}
