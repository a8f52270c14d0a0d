//! What YOLO's files say of images: a file of lines for each image, and `data.yaml` of the splits.

use std::collections::HashMap;
use std::sync::Arc;

use super::coco::numbers;
use super::join::{Joined, Mark, Note, Source, Wanted};
use super::listed::each_row;
use super::place::{Places, joined as path_of, stem};
use super::readable;
use crate::Result;
use crate::dataset::rows::{FILE_COLUMN, Table};
use crate::dataset::view::View;
use crate::model::DataPath;
use crate::table::yolo::YoloData;

/// The files in which an image's labels may be: below `labels` instead of `images`, or beside it.
fn label_files(image: &DataPath) -> Vec<DataPath> {
    let ended = |path: &[u8]| DataPath::parse(&[stem(path), b".txt"].concat()).ok();
    let bytes = image.as_bytes();
    let names: Vec<&[u8]> = image.components().collect();
    let swapped = names[..names.len().saturating_sub(1)].iter().rposition(|name| *name == b"images").map(|at| {
        let mut names = names.clone();
        names[at] = b"labels";
        names.join(&b'/')
    });
    swapped.iter().map(Vec::as_slice).chain([bytes]).filter_map(ended).collect()
}

/// Joins the label files of the table that is the `at`th.
pub(super) fn read(joined: &mut Joined, places: &Places, at: usize, wanted: &Wanted) -> Result<()> {
    let (view, labels) = (joined.view.clone(), joined.tables[at].clone());
    let Some(first) = labels.paths.first().cloned() else { return Ok(()) };
    // All files have the classes of one list, so one tells them; there may be a hundred thousand.
    let one = Table { paths: Arc::from([first]), ..labels.clone() };
    let Some(info) = readable(view.table_info(&one))?.map(|info| info.schema) else { return Ok(()) };
    let names: HashMap<String, String> = info.classes().iter().cloned().collect();
    joined.classes.extend(names.values().cloned());
    if !wanted.notes && !wanted.sources {
        return Ok(());
    }
    let mut by_file: HashMap<String, usize> = HashMap::new();
    for (sample, of) in joined.samples.iter().enumerate() {
        let files = of.path.iter().flat_map(label_files);
        let found = files.into_iter().find(|file| labels.paths.binary_search(file).is_ok());
        by_file.extend(found.map(|file| (file.to_string(), sample)));
    }
    for path in labels.paths.iter() {
        let file = path.to_string();
        let sample = by_file.get(&file).copied().or_else(|| places.of_stem(path));
        let Some(sample) = sample else { continue };
        by_file.insert(file, sample);
        if wanted.sources {
            joined.add_source(sample, Source::File(path.clone()));
        }
    }
    if !wanted.notes {
        return Ok(());
    }
    let mut notes: HashMap<usize, Note> =
        by_file.values().map(|sample| (*sample, Note { form: "cxcywhn", marks: Vec::new() })).collect();
    let mut columns = vec![FILE_COLUMN, "class"];
    columns.extend(info.find("box").map(|_| "box"));
    each_row(&view, &labels, &columns, &mut |key, cells| {
        let Some(sample) = by_file.get(&cells[0].to_string()) else { return Ok(()) };
        let class = cells[1].to_string();
        let label = Some(names.get(&class).cloned().unwrap_or(class));
        let sides = cells.get(2).map(numbers).unwrap_or_default();
        if let Some(note) = notes.get_mut(sample) {
            note.marks.push(Mark { label, sides, key });
        }
        Ok(())
    })?;
    notes.into_iter().for_each(|(sample, note)| joined.note(sample, note));
    Ok(())
}

/// The longest list of images that is read, in bytes.
const LIST_LEN_MAX: u64 = 1 << 30;

/// The text of a file; `None` where there is none.
fn text_at(view: &View, path: &DataPath) -> Result<Option<String>> {
    let Some(node) = view.node(path)? else { return Ok(None) };
    view.text(&node, LIST_LEN_MAX)
}

/// Takes the splits of images from the `data.yaml` whose table is the `at`th.
///
/// # Errors
/// Those of reading it and the lists that it names.
pub(super) fn read_splits(joined: &mut Joined, places: &Places, at: usize) -> Result<()> {
    let path = joined.tables[at].paths[0].clone();
    let data = text_at(&joined.view, &path)?.and_then(|text| YoloData::parse(&text).ok());
    let Some(data) = data else { return Ok(()) };
    let folder = path.parent().unwrap_or(DataPath::ROOT);
    let top = data.path.as_deref().and_then(|path| path_of(&folder, path));
    for (split, named) in [("train", &data.train), ("val", &data.val), ("test", &data.test)] {
        for name in named {
            let candidates = [top.as_ref(), Some(&folder), Some(&DataPath::ROOT)];
            let found = candidates.into_iter().flatten().filter_map(|folder| path_of(folder, name));
            let found: Vec<DataPath> = found.filter(|path| !path.is_root()).collect();
            for path in found {
                if let Some(list) = text_at(&joined.view, &path)? {
                    let folder = path.parent().unwrap_or(DataPath::ROOT);
                    let samples = list.lines().filter_map(|line| places.find(&folder, line, &|_| false));
                    samples.collect::<Vec<_>>().into_iter().for_each(|sample| joined.add_split(sample, Some(split)));
                    break;
                }
                let within = |sample: &super::join::Sample| sample.path.as_ref().is_some_and(|at| at.is_within(&path));
                if joined.samples.iter().any(within) {
                    let samples: Vec<usize> =
                        (0..joined.samples.len()).filter(|at| within(&joined.samples[*at])).collect();
                    samples.into_iter().for_each(|sample| joined.add_split(sample, Some(split)));
                    break;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_below_labels_or_beside_the_image() {
        let files = |image: &str| -> Vec<String> {
            label_files(&image.parse().expect("a path")).iter().map(DataPath::to_string).collect()
        };
        assert_eq!(files("images/train/a.b.jpg"), ["labels/train/a.b.txt", "images/train/a.b.txt"]);
        assert_eq!(files("images/images/a.png"), ["images/labels/a.txt", "images/images/a.txt"]);
        assert_eq!(files("images.png"), ["images.txt"]);
    }
}
