//! Annotations that can be read and are odd.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, Int64Type};

use super::masks;
use crate::Result;
use crate::model::Value;
use crate::table::flag::odd_box;
use crate::table::{Flag, Flow, Role, Scan, TableFile};

/// The column of masks.
const MASK: &str = "segmentation";

/// An image's width and height, where it has both.
type Size = Option<(f64, f64)>;

pub(super) fn flags(file: &dyn TableFile) -> Result<Vec<Flag>> {
    let place = |name: &str| file.tables().iter().position(|table| table.name == name);
    let Some(table) = place("annotations") else { return Ok(Vec::new()) };
    let sizes = place("images").map(|images| sizes(file, images)).transpose()?;
    let schema = &file.tables()[table].schema;
    let classes = schema.columns.iter().find_map(|column| match &column.role {
        Role::Label { classes } => {
            Some(classes.iter().filter_map(|(number, _)| number.parse().ok()).collect::<HashSet<i64>>())
        }
        _ => None,
    });
    let mut wanted: Vec<usize> =
        ["image_id", "category_id", "bbox"].iter().filter_map(|name| schema.find(name)).collect();
    // Where all masks are polygons, these are lists, and there are no counts to be looked at.
    wanted.extend(schema.find(MASK).filter(|at| schema.columns[*at].data_type == DataType::Utf8));
    let mut found = Vec::new();
    let mut row = 0;
    file.scan(table, &Scan { columns: Some(wanted), ..Scan::default() }, &mut |batch| {
        let (images, labels, boxes) = (numbers(&batch, "image_id"), numbers(&batch, "category_id"), boxes(&batch));
        let masks = batch.column_by_name(MASK).map(|column| column.as_string::<i32>());
        for at in 0..batch.num_rows() {
            let mut tell = |why: &str| found.push(Flag { table, row, why: why.to_owned() });
            if let (Some(label), Some(classes)) = (labels[at], &classes)
                && !classes.contains(&label)
            {
                tell("a class that is not in the class map");
            }
            let size = images[at].zip(sizes.as_ref()).map(|(image, sizes)| sizes.get(&image));
            if size == Some(None) {
                tell("an image that is not in the file");
            }
            if let Some([x, y, width, height]) = boxes[at]
                && let Some(why) = odd_box([x, y, x + width, y + height], size.flatten().copied().flatten())
            {
                tell(why);
            }
            if let Some(masks) = masks.filter(|masks| masks.is_valid(at))
                && masks.value(at).starts_with('{')
                && masks::check(&Value::Text(masks.value(at).to_owned())).is_err()
            {
                tell("a mask whose `counts` and `size` are not those of one");
            }
            row += 1;
        }
        Ok(Flow::More)
    })?;
    Ok(found)
}

fn sizes(file: &dyn TableFile, images: usize) -> Result<HashMap<i64, Size>> {
    let schema = &file.tables()[images].schema;
    let wanted: Vec<usize> = ["id", "width", "height"].iter().filter_map(|name| schema.find(name)).collect();
    let mut sizes = HashMap::new();
    file.scan(images, &Scan { columns: Some(wanted), ..Scan::default() }, &mut |batch| {
        let (ids, widths, heights) = (numbers(&batch, "id"), numbers(&batch, "width"), numbers(&batch, "height"));
        for at in 0..batch.num_rows() {
            if let Some(id) = ids[at] {
                let size = widths[at].zip(heights[at]).map(|(width, height)| (width as f64, height as f64));
                sizes.entry(id).or_insert(size);
            }
        }
        Ok(Flow::More)
    })?;
    Ok(sizes)
}

/// The whole numbers of a column; nothing where it is missing or of another type.
fn numbers(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    let column = batch.column_by_name(name).filter(|column| *column.data_type() == DataType::Int64);
    column.map_or_else(|| vec![None; batch.num_rows()], |column| column.as_primitive::<Int64Type>().iter().collect())
}

fn boxes(batch: &RecordBatch) -> Vec<Option<[f64; 4]>> {
    let lists = batch.column_by_name("bbox").and_then(|column| column.as_list_opt::<i32>());
    let Some(lists) = lists.filter(|lists| *lists.values().data_type() == DataType::Float64) else {
        return vec![None; batch.num_rows()];
    };
    let sides =
        |list: arrow::array::ArrayRef| <[f64; 4]>::try_from(list.as_primitive::<Float64Type>().values().as_ref()).ok();
    lists.iter().map(|list| list.and_then(sides)).collect()
}
