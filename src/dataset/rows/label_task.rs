//! What the label files of a source are that do not tell by themselves: those without lines, and those of which all lines
//! are quadrangles, which are polygons among polygons.
//!
//! The source's files tell, whatever edits make of them: so no edit of one file changes the columns of another.

use std::collections::HashSet;
use std::sync::PoisonError;

use super::label_files::{LINE_LEN, is_in_labels, stem};
use crate::Result;
use crate::base::Row;
use crate::dataset::view::{Node, Place, View};
use crate::model::Id;
use crate::source::OnDrift;
use crate::table::detect::{self, Promise};
use crate::table::head;
use crate::table::images::is_image;
use crate::table::yolo::YoloTask;

/// Counted up when the same files are to tell another task: what was kept is asked for no more.
const RULE: u32 = 1;
/// So many label files, from all over the source, tell what the others are.
const TELLERS: usize = 32;

/// Which texts of a folder of the source are labels.
enum Labels {
    /// All.
    All,
    /// Those beside an image of their name, without the ending.
    Beside(HashSet<Vec<u8>>),
}

impl Labels {
    fn have(&self, name: &[u8]) -> bool {
        match self {
            Labels::All => true,
            Labels::Beside(images) => images.contains(stem(name)),
        }
    }
}

impl View {
    /// The task of label files that do not tell theirs, by the source's; `None` where nothing does.
    pub(super) fn common_task(&self) -> Result<Option<YoloTask>> {
        let mut known = self.known.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, task)) = known.filter(|(base, _)| *base == self.base.id()) {
            return Ok(task);
        }
        let kept = Id::of(format!("label task {RULE} of {}", self.base.id().to_hex()).as_bytes());
        let known_to_all = self.cache.as_ref().and_then(|cache| cache.get(kept));
        let task = match known_to_all.as_deref().and_then(kept_task) {
            Some(task) => task,
            None => {
                let (task, is_certain) = self.told_task()?;
                if let (Some(cache), true) = (&self.cache, is_certain) {
                    cache.put(kept, &[task_byte(task)]);
                }
                task
            }
        };
        *known = Some((self.base.id(), task));
        Ok(task)
    }

    /// The task that some of the source's label files tell, and whether all of these could be read.
    fn told_task(&self) -> Result<(Option<YoloTask>, bool)> {
        let (mut labels, mut folder) = (Vec::new(), None);
        for row in 0..self.base.len() {
            let name = self.base.name(row)?;
            if detect::promise(name) != Some(Promise::Text) || self.base.entry(row)?.size == 0 {
                continue;
            }
            let parent = self.base.parent(row)?;
            let known = match folder.take() {
                Some((of, known)) if of == parent => known,
                _ => self.labels_in(parent)?,
            };
            if known.have(name) {
                labels.push(row);
            }
            folder = Some((parent, known));
        }
        let step = labels.len().div_ceil(TELLERS).max(1);
        let (mut texts, mut is_certain) = (Vec::new(), true);
        for row in labels.into_iter().step_by(step) {
            match self.first_lines(row) {
                Ok(text) => texts.extend(text),
                // What cannot be read is told where it is asked for.
                Err(_) => is_certain = false,
            }
        }
        Ok((YoloTask::of_texts(texts.iter().map(String::as_str)), is_certain))
    }

    fn labels_in(&self, folder: Row) -> Result<Labels> {
        if is_in_labels(&self.base.path(folder)?) {
            return Ok(Labels::All);
        }
        let mut images = HashSet::new();
        for row in self.base.children(folder)? {
            let name = self.base.name(row)?;
            if is_image(name) {
                images.insert(stem(name).to_vec());
            }
        }
        Ok(Labels::Beside(images))
    }

    /// The whole lines at the beginning of a file of the source, where they are labels.
    fn first_lines(&self, row: Row) -> Result<Option<String>> {
        let node = Node { path: self.base.path(row)?, entry: self.base.entry(row)?, place: Place::Source { row } };
        let mut head = head(&self.open(&node, OnDrift::Error)?, LINE_LEN)?;
        if !detect::is_meant_for_yolo(&head) {
            return Ok(None);
        }
        if head.len() == LINE_LEN {
            // The last one may go on.
            head.truncate(head.iter().rposition(|byte| *byte == b'\n').unwrap_or_default());
        }
        Ok(String::from_utf8(head).ok())
    }
}

fn task_byte(task: Option<YoloTask>) -> u8 {
    match task {
        Some(YoloTask::Detect) => b'd',
        Some(YoloTask::Segment) => b's',
        Some(YoloTask::Oriented) => b'o',
        _ => b'-',
    }
}

fn kept_task(kept: &[u8]) -> Option<Option<YoloTask>> {
    match kept {
        b"d" => Some(Some(YoloTask::Detect)),
        b"s" => Some(Some(YoloTask::Segment)),
        b"o" => Some(Some(YoloTask::Oriented)),
        b"-" => Some(None),
        _ => None,
    }
}
