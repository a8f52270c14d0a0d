//! What Pascal VOC files say of images: an XML file for each.

use std::collections::HashMap;
use std::sync::Arc;

use super::coco::numbers;
use super::join::{Joined, Mark, Note, Source, Wanted};
use super::listed::each_row;
use super::place::Places;
use crate::Result;
use crate::dataset::rows::{FILE_COLUMN, Table};
use crate::model::DataPath;

/// Joins the files of the table `objects`, which is the `at`th.
pub(super) fn read(joined: &mut Joined, places: &mut Places, at: usize, wanted: &Wanted) -> Result<()> {
    let (view, objects) = (joined.view.clone(), joined.tables[at].clone());
    let (mut by_file, mut unplaced) = (HashMap::new(), Vec::new());
    for path in objects.paths.iter() {
        // The file has its image's name, and says so inside: the first is enough where it is the only one.
        match places.of_stem(path) {
            Some(sample) => drop(by_file.insert(path.to_string(), sample)),
            None => unplaced.push(path.clone()),
        }
    }
    if !unplaced.is_empty() {
        let images = Table { part: "image".to_owned(), paths: Arc::from(unplaced), ..objects.clone() };
        each_row(&view, &images, &[FILE_COLUMN, "filename"], &mut |_, cells| {
            let (file, name) = (cells[0].to_string(), cells[1].to_string());
            let folder = images.file(&file)?.parent().unwrap_or(DataPath::ROOT);
            let found = places.find(&folder, &name, &|_| false);
            let sample = match found {
                Some(sample) => sample,
                None if name.is_empty() => return Ok(()),
                None => joined.add_missing(places, &folder, &name),
            };
            by_file.insert(file, sample);
            Ok(())
        })?;
    }
    if wanted.sources {
        for path in objects.paths.iter() {
            if let Some(sample) = by_file.get(&path.to_string()) {
                joined.add_source(*sample, Source::File(path.clone()));
            }
        }
    }
    if !wanted.notes {
        return Ok(());
    }
    let mut notes: HashMap<usize, Note> =
        by_file.values().map(|sample| (*sample, Note { form: "xywh", marks: Vec::new() })).collect();
    each_row(&view, &objects, &[FILE_COLUMN, "name", "box"], &mut |key, cells| {
        let Some(sample) = by_file.get(&cells[0].to_string()) else { return Ok(()) };
        let label = Some(cells[1].to_string()).filter(|name| !name.is_empty());
        let sides = match numbers(&cells[2])[..] {
            [left, top, right, bottom] => vec![left, top, right - left, bottom - top],
            _ => Vec::new(),
        };
        if let Some(note) = notes.get_mut(sample) {
            note.marks.push(Mark { label, sides, key });
        }
        Ok(())
    })?;
    notes.into_iter().for_each(|(sample, note)| joined.note(sample, note));
    Ok(())
}
