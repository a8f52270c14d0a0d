//! Where overlay nodes come from: a small cache over the store, and the new ones not yet stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::node::Node;
use crate::Result;
use crate::model::{Id, ObjectKind};
use crate::store::Store;

/// Bytes of decoded nodes kept in each of the cache's two halves.
const CACHE_HALF_LEN: usize = 1 << 20;

/// Reads nodes from a store, and holds those that an edit has made until they are stored.
#[derive(Debug)]
pub struct Nodes {
    store: Arc<dyn Store>,
    cache: Mutex<Cache>,
    staged: Mutex<HashMap<Id, Bytes>>,
}

/// Two halves: when the young one is full it becomes the old one, and the old one goes.
#[derive(Debug, Default)]
struct Cache {
    young: HashMap<Id, Arc<Node>>,
    old: HashMap<Id, Arc<Node>>,
    young_len: usize,
}

impl Cache {
    fn get(&mut self, id: Id) -> Option<Arc<Node>> {
        if let Some(node) = self.young.get(&id) {
            return Some(node.clone());
        }
        let node = self.old.remove(&id)?;
        self.insert(id, node.clone());
        Some(node)
    }

    fn insert(&mut self, id: Id, node: Arc<Node>) {
        self.young_len += node.weight();
        self.young.insert(id, node);
        if self.young_len > CACHE_HALF_LEN {
            self.old = std::mem::take(&mut self.young);
            self.young_len = 0;
        }
    }
}

/// Says which tree an entry of a leaf names, if any.
type Nested<'a> = dyn Fn(&[u8], &[u8]) -> Result<Option<Id>> + 'a;

impl Nodes {
    /// Reads from `store`, which verifies what it gives.
    pub fn new(store: Arc<dyn Store>) -> Nodes {
        Nodes { store, cache: Mutex::default(), staged: Mutex::default() }
    }

    pub(super) fn get(&self, id: Id) -> Result<Arc<Node>> {
        if let Some(node) = held(&self.cache).get(id) {
            return Ok(node);
        }
        let staged = held(&self.staged).get(&id).cloned();
        let bytes = match staged {
            Some(bytes) => bytes,
            None => self.store.get(id)?,
        };
        let node = Arc::new(Node::decode(id, bytes)?);
        held(&self.cache).insert(id, node.clone());
        Ok(node)
    }

    pub(super) fn stage(&self, bytes: Bytes) -> Id {
        let id = Id::of(&bytes);
        held(&self.staged).entry(id).or_insert(bytes);
        id
    }

    /// Returns the nodes under `root` that are not stored yet, children before parents.
    ///
    /// What an edit made and a later edit replaced is not among them.
    /// `nested` says the root of another tree that a leaf's entry names.
    pub(super) fn staged_below(&self, root: Id, nested: &Nested<'_>) -> Result<Vec<(ObjectKind, Bytes)>> {
        let mut found = Vec::new();
        self.collect(root, nested, &mut found)?;
        Ok(found)
    }

    fn collect(&self, id: Id, nested: &Nested<'_>, found: &mut Vec<(ObjectKind, Bytes)>) -> Result<()> {
        let Some(bytes) = held(&self.staged).get(&id).cloned() else {
            return Ok(());
        };
        let node = Node::decode(id, bytes.clone())?;
        for index in 0..node.len() {
            if node.level() > 0 {
                self.collect(node.child(index)?, nested, found)?;
            } else if let Some(root) = nested(node.key(index), &node.value(index))? {
                self.collect(root, &|_, _| Ok(None), found)?;
            }
        }
        found.push((ObjectKind::Node, bytes));
        Ok(())
    }

    /// Forgets the staged nodes, once they are stored or given up: whoever edits has `Nodes` of its own.
    pub(super) fn clear_staged(&self) {
        held(&self.staged).clear();
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each critical section leaves the maps whole, also when it panics.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
