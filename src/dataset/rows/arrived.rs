//! Where files are that an overlay has put elsewhere than the source has them: found once for each state of a view.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use crate::Result;
use crate::dataset::view::{Node, View};
use crate::model::{Change, DataPath};

/// What an overlay says is of another path of the source.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    /// Where files are, by the path that the source has of their bytes.
    files: HashMap<DataPath, Vec<DataPath>>,
    /// Folders: whose entries they show, and where.
    folders: Vec<(DataPath, DataPath)>,
}

impl View {
    /// The file that was at `path` when rows of it were hidden: it may have been moved since.
    pub(in crate::dataset) fn file_with_hidden(&self, path: &DataPath) -> Result<Option<Node>> {
        if let Some(node) = self.node(path)? {
            return Ok(Some(node).filter(|node| !node.is_folder()));
        }
        // What the base has not was named so later, and may have moved on with its folder alone.
        let is_in_base = self.base.find(path)?.is_some();
        let arrived = self.arrived()?;
        let mut places: Vec<DataPath> = arrived.files.get(path).cloned().unwrap_or_default();
        places.extend(arrived.folders.iter().filter_map(|(from, at)| path.moved(from, at)));
        places.sort();
        for place in places {
            let Some(node) = self.node(&place)? else { continue };
            let source = node.place.source_row().map(|row| self.base.path(row)).transpose()?;
            if !node.is_folder() && (!is_in_base || source.as_ref() == Some(path)) {
                return Ok(Some(node));
            }
        }
        Ok(None)
    }

    fn arrived(&self) -> Result<Arc<Arrived>> {
        let state = (self.base.id(), self.overlay.root());
        let mut known = self.known.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, arrived)) = known.as_ref().filter(|(of, _)| *of == state) {
            return Ok(Arc::clone(arrived));
        }
        let mut arrived = Arrived::default();
        for (at, change) in self.overlay.entries()? {
            match change {
                Change::File(file) => {
                    if let Some(source) = file.content.source() {
                        arrived.files.entry(source.clone()).or_default().push(at);
                    }
                }
                Change::Folder { from: Some(from), .. } => arrived.folders.push((from, at)),
                _ => {}
            }
        }
        let arrived = Arc::new(arrived);
        *known = Some((state, Arc::clone(&arrived)));
        Ok(arrived)
    }
}
