//! Where lines of YOLO's labels lie: in a folder `labels`, or beside the image that they are of.

use std::collections::HashSet;

use crate::dataset::view::Node;
use crate::model::DataPath;
use crate::table::detect::{self, Promise};
use crate::table::images::is_image;

/// How much of a file of lines is read to tell what they are, in bytes.
pub(super) const LINE_LEN: usize = 4096;

/// The names, without their endings, of images beside which there are texts.
pub(super) fn labelled_images(children: &[Node]) -> HashSet<Vec<u8>> {
    if !children.iter().any(|child| detect::promise(child.name()) == Some(Promise::Text)) {
        return HashSet::new();
    }
    children.iter().filter(|child| is_image(child.name())).map(|child| stem(child.name()).to_vec()).collect()
}

pub(super) fn stem(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b'.').map_or(name, |dot| &name[..dot])
}

/// Whether a file of lines lies where labels do.
pub(super) fn may_be_label(folder: &Node, file: &Node, labelled: &HashSet<Vec<u8>>) -> bool {
    is_in_labels(&folder.path) || labelled.contains(stem(file.name()))
}

pub(super) fn is_in_labels(folder: &DataPath) -> bool {
    folder.components().any(|name| name == b"labels")
}
