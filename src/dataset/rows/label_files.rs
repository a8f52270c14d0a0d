//! Where lines of YOLO's labels lie: in a folder `labels`, or beside the image that they are of.

use std::collections::HashSet;
use std::sync::PoisonError;

use crate::Result;
use crate::base::Row;
use crate::dataset::view::{Node, View};
use crate::model::DataPath;
use crate::table::detect::{self, Promise};
use crate::table::images::is_image;
use crate::table::yolo::YoloTask;

/// How much of a file of lines is read to tell what they are, in bytes.
pub(super) const LINE_LEN: usize = 4096;

/// So many label files tell the task of all.
const TELLERS: usize = 32;

impl View {
    /// The task that all label files have by those of the source, which edits do not change; `None` where each tells for
    /// itself.
    pub(super) fn labels_task(&self) -> Result<Option<YoloTask>> {
        let mut known = self.labels.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, task)) = known.filter(|(base, _)| *base == self.base.id()) {
            return Ok(task);
        }
        let (mut texts, mut folder) = (Vec::new(), None);
        for row in 0..self.base.len() {
            let name = self.base.name(row)?;
            if detect::promise(name) != Some(Promise::Text) || self.base.entry(row)?.size == 0 {
                continue;
            }
            let parent = self.base.parent(row)?;
            if folder.as_ref().is_none_or(|(of, _)| *of != parent) {
                folder = Some((parent, self.labelled_in_source(parent)?));
            }
            if folder.as_ref().is_some_and(|(_, images)| images.as_ref().is_some_and(|all| !all.contains(stem(name)))) {
                continue;
            }
            texts.extend(self.lines_of_labels(row)?);
            if texts.len() == TELLERS {
                break;
            }
        }
        let task = YoloTask::of_texts(texts.iter().map(String::as_str));
        *known = Some((self.base.id(), task));
        Ok(task)
    }

    /// The names, without their endings, of the images in a folder of the source; `None` where all texts are labels.
    fn labelled_in_source(&self, folder: Row) -> Result<Option<HashSet<Vec<u8>>>> {
        if is_in_labels(&self.base.path(folder)?) {
            return Ok(None);
        }
        let mut images = HashSet::new();
        for row in self.base.children(folder)? {
            let name = self.base.name(row)?;
            if is_image(name) {
                images.insert(stem(name).to_vec());
            }
        }
        Ok(Some(images))
    }

    /// The whole lines at the beginning of a file of the source, where they are labels.
    fn lines_of_labels(&self, row: Row) -> Result<Option<String>> {
        let Some(node) = self.node(&self.base.path(row)?)? else { return Ok(None) };
        let head = self.begins(&node, LINE_LEN)?.filter(|head| detect::is_meant_for_yolo(head));
        Ok(head.and_then(|mut head| {
            if head.len() == LINE_LEN {
                // The last one may go on.
                head.truncate(head.iter().rposition(|byte| *byte == b'\n')?);
            }
            String::from_utf8(head).ok()
        }))
    }
}

/// The names, without their endings, of images beside which there are texts.
pub(super) fn labelled_images(children: &[Node]) -> HashSet<Vec<u8>> {
    if !children.iter().any(|child| detect::promise(child.name()) == Some(Promise::Text)) {
        return HashSet::new();
    }
    children.iter().filter(|child| is_image(child.name())).map(|child| stem(child.name()).to_vec()).collect()
}

fn stem(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b'.').map_or(name, |dot| &name[..dot])
}

/// Whether a file of lines lies where labels do.
pub(super) fn may_be_label(folder: &Node, file: &Node, labelled: &HashSet<Vec<u8>>) -> bool {
    is_in_labels(&folder.path) || labelled.contains(stem(file.name()))
}

fn is_in_labels(folder: &DataPath) -> bool {
    folder.components().any(|name| name == b"labels")
}
