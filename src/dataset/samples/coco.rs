//! What a COCO file says of images.

use std::collections::HashMap;

use super::join::{Cells, Joined, Mark, Note, Source, Wanted, split_of_file};
use super::listed::each_row;
use super::place::Places;
use super::readable;
use crate::Result;
use crate::dataset::rows::Table;
use crate::model::{DataPath, Value};
use crate::table::{Column, json, number_text};

/// The columns of `images` that are columns of samples, too.
const SIZES: [&str; 2] = ["width", "height"];

/// Joins the COCO file whose table `images` is the `at`th.
pub(super) fn read(joined: &mut Joined, places: &mut Places, at: usize, wanted: &Wanted) -> Result<()> {
    let (view, images) = (joined.view.clone(), joined.tables[at].clone());
    let path = images.paths[0].clone();
    let folder = path.parent().unwrap_or(DataPath::ROOT);
    let split = split_of_file(&path);
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let (sizes, mut size_of) = (sizes(joined, &images)?, HashMap::new());
    let is_wanted = sizes.iter().any(|size| wanted.wants(&size.name));
    let asked = sizes.iter().filter(|_| is_wanted).map(|size| size.name.as_str());
    let names: Vec<&str> = ["id", "file_name"].into_iter().chain(asked).collect();
    each_row(&view, &images, &names, &mut |key, cells| {
        let name = cells[1].to_string();
        let is_meant = |sample: usize| split.is_some() && joined.samples[sample].split == split;
        let sample = places.find(&folder, &name, &is_meant);
        let sample = sample.unwrap_or_else(|| joined.add_missing(places, &folder, &name));
        joined.add_split(sample, split);
        by_id.insert(number_text(&cells[0]), sample);
        if is_wanted {
            size_of.entry(sample).or_insert_with(|| cells[2..].to_vec());
        }
        if wanted.sources {
            joined.add_source(sample, Source::Row(at, key));
        }
        Ok(())
    })?;
    add_sizes(joined, sizes, size_of);
    let is_of_annotations = |table: &&Table| table.part == "annotations" && table.paths[0] == path;
    let Some(of_marks) = joined.tables.iter().position(|table| is_of_annotations(&table)) else { return Ok(()) };
    let annotations = joined.tables[of_marks].clone();
    let Some(info) = readable(view.table_info(&annotations))? else { return Ok(()) };
    let names: HashMap<String, String> = info.schema.classes().iter().cloned().collect();
    joined.classes.extend(names.values().cloned());
    if !wanted.notes && !wanted.sources {
        return Ok(());
    }
    let mut notes: HashMap<usize, Note> = by_id.values().map(|sample| (*sample, note())).collect();
    let columns: Vec<&str> =
        ["image_id", "category_id", "bbox"].into_iter().filter(|name| info.schema.find(name).is_some()).collect();
    let place = |name: &str| columns.iter().position(|column| *column == name);
    let (of_image, of_class, of_box) = (place("image_id"), place("category_id"), place("bbox"));
    // Captions say what is in an image, and not where, nor of which class it is.
    let are_marks = of_class.is_some() || of_box.is_some();
    each_row(&view, &annotations, &columns, &mut |key, cells| {
        let Some(sample) = of_image.and_then(|place| by_id.get(&number_text(&cells[place]))).copied() else {
            return Ok(());
        };
        if wanted.sources {
            joined.add_source(sample, Source::Row(of_marks, key.clone()));
        }
        if !are_marks {
            return Ok(());
        }
        let label = of_class.map(|place| number_text(&cells[place])).filter(|class| !class.is_empty());
        let label = label.map(|class| names.get(&class).cloned().unwrap_or(class));
        let sides = of_box.map(|place| numbers(&cells[place])).unwrap_or_default();
        notes.entry(sample).or_insert_with(note).marks.push(Mark { label, sides, key });
        Ok(())
    })?;
    notes.into_iter().for_each(|(sample, note)| joined.note(sample, note));
    Ok(())
}

/// The columns that tell how large an image is: its boxes are told in pixels of that. Those of several files are the
/// same; where another table has columns of their names, there are none.
fn sizes(joined: &Joined, images: &Table) -> Result<Vec<Column>> {
    let Some(info) = readable(joined.view.table_info(images))? else { return Ok(Vec::new()) };
    let of_size = info.schema.columns.iter().filter(|column| SIZES.contains(&column.name.as_str()));
    let sizes: Vec<Column> =
        of_size.map(|column| Column { editable: false, nullable: true, ..column.clone() }).collect();
    let is_taken = |cells: &Cells| {
        cells.columns != sizes && cells.columns.iter().any(|column| SIZES.contains(&column.name.as_str()))
    };
    Ok(if joined.cells.iter().any(is_taken) { Vec::new() } else { sizes })
}

fn add_sizes(joined: &mut Joined, sizes: Vec<Column>, size_of: HashMap<usize, Vec<Value>>) {
    if sizes.is_empty() {
        return;
    }
    match joined.cells.iter_mut().find(|cells| cells.columns == sizes) {
        Some(cells) => {
            for (sample, size) in size_of {
                cells.rows.entry(sample).or_insert(size);
            }
        }
        None => {
            let names = sizes.iter().map(|size| size.name.clone()).collect();
            joined.cells.push(Cells { columns: sizes, rows: size_of, labels: Vec::new(), file: None, names });
        }
    }
}

fn note() -> Note {
    Note { form: "xywh", marks: Vec::new() }
}

/// The numbers of a list; none for anything else.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::List(items) => items.iter().filter_map(json::number).collect(),
        _ => Vec::new(),
    }
}
