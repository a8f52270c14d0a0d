//! What differs between the samples of two views: cells that the overlay keeps, and images that came, went or
//! are of another class.
//!
//! Where a path of an image differs, or a folder, all images of both views are
//! laid side by side by their keys: what a folder's name means depends on what
//! other folders there are, so another class need not show by any path.

use std::collections::{BTreeMap, HashMap};

use super::images::Images;
use super::join::folders_are_classes;
use super::new_rows::said_in;
use super::{LABEL, PART, hide, path};
use crate::dataset::rows::{RowDiff, is_class_merge, told};
use crate::dataset::view::{Node, Place, View};
use crate::model::{DataPath, Id, PathChange, RowAddress, Value, What};
use crate::overlay::Rows;
use crate::table::images::is_image;
use crate::{ErrorKind, Result};

/// The rows and cells of samples that differ, in order of address; `changes` are the paths that do.
pub(in crate::dataset) fn diff(from: &View, to: &View, changes: &[PathChange]) -> Result<Vec<RowDiff>> {
    let differences = before(from, to)?.diff(&to.overlay().samples()?)?;
    let of_samples = differences.into_iter().filter(|difference| !is_class_merge(&difference.address));
    let mut found: Vec<RowDiff> = of_samples.filter_map(|it| told(&path(), it)).collect();
    if may_be_of_images(from, to, changes)? {
        found.extend(of_images(Shown::of(from)?, Shown::of(to)?)?);
    }
    found.sort_by(|a, b| a.address.cmp(&b.address));
    Ok(found)
}

/// What `from` says of samples, by the keys that these have in `to`.
fn before(from: &View, to: &View) -> Result<Rows> {
    // A refresh has said already where its rows are now.
    if from.base().id() != to.base().id() {
        return from.overlay().samples();
    }
    match said_in(from, to) {
        Err(error) if matches!(error.kind(), ErrorKind::SourceChanged { .. }) => from.overlay().samples(),
        said => said,
    }
}

/// Whether an image, or a folder that may have some, is another one or elsewhere.
fn may_be_of_images(from: &View, to: &View, changes: &[PathChange]) -> Result<bool> {
    for change in changes.iter().filter(|change| change.what != What::Modified) {
        let old = change.from.as_ref().unwrap_or(&change.path);
        let is_folder = |node: Option<Node>| node.is_some_and(|node| node.is_folder());
        if is_image(change.path.name()) || is_image(old.name()) {
            return Ok(true);
        }
        if is_folder(from.node(old)?) || is_folder(to.node(&change.path)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The images of a view, those that are excluded as well, by their keys.
struct Shown {
    view: View,
    rows: BTreeMap<String, Image>,
}

struct Image {
    path: DataPath,
    label: Value,
}

impl Shown {
    fn of(view: &View) -> Result<Shown> {
        let view = hide::with_all(view)?;
        let images = Images::of(&view)?;
        let layout = images.layout(&view, folders_are_classes(&view.file_tables()?.0))?;
        let (mut keys, mut rows) = (images.keys(&view)?, BTreeMap::new());
        for (at, image) in images.all.into_iter().enumerate() {
            let meaning = image.path.parent().and_then(|folder| layout.folders.get(&folder));
            let class = meaning.and_then(|meaning| meaning.class.as_ref());
            let label = class.map_or(Value::Null, |(class, _)| Value::Text(class.clone()));
            let key = keys.remove(&at).unwrap_or_else(|| image.path.to_string());
            rows.insert(key, Image { path: image.path, label });
        }
        Ok(Shown { view, rows })
    }

    /// The blob that an image is, if it is one.
    fn blob(&self, image: &Image) -> Result<Option<Id>> {
        Ok(match self.view.node(&image.path)?.map(|node| node.place) {
            Some(Place::Blob(id)) => Some(id),
            _ => None,
        })
    }
}

/// What differs between the images of two views.
///
/// One that is no file of the source has its path for a key; where it went and came with the same bytes, it is the
/// same image.
fn of_images(mut from: Shown, to: Shown) -> Result<Vec<RowDiff>> {
    let mut found = Vec::new();
    let mut come = Vec::new();
    for (key, after) in &to.rows {
        match from.rows.remove(key) {
            Some(before) => found.extend(relabelled(key, before.label, &after.label)),
            None => come.push((key, after)),
        }
    }
    let mut gone: HashMap<Id, Vec<String>> = HashMap::new();
    if !come.is_empty() {
        // The first of several is the one that is taken first.
        for (key, image) in from.rows.iter().rev() {
            if let Some(id) = from.blob(image)? {
                gone.entry(id).or_default().push(key.clone());
            }
        }
    }
    for (key, after) in come {
        let was = to.blob(after)?.and_then(|id| gone.get_mut(&id)?.pop()).and_then(|key| from.rows.remove(&key));
        match was {
            Some(before) => found.extend(relabelled(key, before.label, &after.label)),
            None => found.push(of_row(key, None, Some(after))),
        }
    }
    found.extend(from.rows.iter().map(|(key, before)| of_row(key, Some(before), None)));
    Ok(found)
}

fn relabelled(key: &str, before: Value, after: &Value) -> Option<RowDiff> {
    let address = RowAddress::Cell { table: PART.to_owned(), row: key.to_owned(), column: LABEL.to_owned() };
    (before != *after).then(|| RowDiff { path: path(), address, before: Some(before), after: Some(after.clone()) })
}

/// A row that came or went.
fn of_row(key: &str, before: Option<&Image>, after: Option<&Image>) -> RowDiff {
    let cells = |image: &Image| {
        let mut cells = vec![("path".to_owned(), Value::Text(image.path.to_string()))];
        if image.label != Value::Null {
            cells.push((LABEL.to_owned(), image.label.clone()));
        }
        Value::Struct(cells)
    };
    let address = RowAddress::Row { table: PART.to_owned(), row: key.to_owned() };
    RowDiff { path: path(), address, before: before.map(cells), after: after.map(cells) }
}
