//! Files that name YOLO's classes: a `data.yaml`, or where there is none a list, a name a line, as `classes.txt` and
//! `obj.names` are.
//!
//! Many files are called so that have nothing to do with YOLO: a list is one of
//! classes only beside or above labels.

use super::label_files::{LINE_LEN, labelled_images, may_be_label};
use crate::Result;
use crate::dataset::view::{Node, View};
use crate::model::DataPath;
use crate::table::detect::{self, Promise};
use crate::table::yolo::YoloData;

/// The longest class map that is read, in bytes.
const CLASSES_LEN_MAX: u64 = 16 << 20;

impl View {
    /// The first file at or below a folder that names YOLO's classes, in the order of [`Finding::folder`].
    pub(super) fn first_data(&self, folder: &Node) -> Result<Option<YoloData>> {
        for child in self.children(folder)? {
            let found = match child.is_folder() {
                true => self.first_data(&child)?,
                false if self.promise(&child)? == Some(Promise::Yaml) => self.yolo_data(&child)?,
                false => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// What a YAML file says of YOLO's classes, if it names some.
    pub(super) fn yolo_data(&self, node: &Node) -> Result<Option<YoloData>> {
        let data = self.text(node, CLASSES_LEN_MAX)?.and_then(|text| YoloData::parse(&text).ok());
        Ok(data.filter(|data| !data.names.is_empty()))
    }

    /// The names in a file of such a name, if it has some and is not the labels of an image of that name.
    pub(super) fn class_list(&self, node: &Node) -> Result<Option<YoloData>> {
        let text = self.text(node, CLASSES_LEN_MAX)?;
        let names = text.filter(|text| !detect::is_meant_for_yolo(text.as_bytes()));
        Ok(names.map(|text| YoloData::of_names(&text)).filter(|list| !list.names.is_empty()))
    }

    /// The first list of classes at or below a folder, in the order in which tables are looked for.
    pub(super) fn first_list(&self, folder: &Node) -> Result<Option<YoloData>> {
        for child in self.children(folder)? {
            let found = match child.is_folder() {
                true => self.first_list(&child)?,
                false if self.promise(&child)? == Some(Promise::Names) => match self.class_list(&child)? {
                    Some(list) if self.has_labels(folder)? => Some(list),
                    _ => None,
                },
                false => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether a file called so has the classes of labels.
    pub(super) fn is_class_list(&self, node: &Node) -> Result<bool> {
        let folder = self.node(&node.path.parent().unwrap_or(DataPath::ROOT))?;
        let has_labels = || folder.as_ref().map_or(Ok(false), |folder| self.has_labels(folder));
        Ok(self.class_list(node)?.is_some() && has_labels()? && self.first_data(&self.root()?)?.is_none())
    }

    /// Whether there are labels in a folder, or below it.
    fn has_labels(&self, folder: &Node) -> Result<bool> {
        let children = self.children(folder)?;
        let labelled = labelled_images(&children);
        for child in &children {
            let found = match child.is_folder() {
                true => self.has_labels(child)?,
                false if self.promise(child)? != Some(Promise::Text) => false,
                false => {
                    self.formats.is_said(self.said_of(child)?, Promise::Text)
                        || may_be_label(folder, child, &labelled)
                            && self.begins(child, LINE_LEN)?.is_none_or(|head| detect::is_meant_for_yolo(&head))
                }
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
