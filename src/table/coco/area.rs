//! The area of an annotation: that of its mask where it has one, else that of its box.
//!
//! Who evaluates reads `area` and `iscrowd` of every annotation, and who trains its `segmentation`, so a new one has
//! them; `[]` is what datasets of boxes have for no mask. An edit changes what it names
//! and nothing else, so a box of another size leaves the area as it was, and that is told.

use super::masks;
use crate::Result;
use crate::model::Value;
use crate::table::{Followed, Leading, TableInfo};

const STAYS: &str = "`area` stays as it was; `area=bbox[3] * bbox[4]` makes it that of the box";

/// The cells that follow from an edit of an annotation.
///
/// # Errors
/// Those of reading the row.
pub(super) fn follow(info: &TableInfo, edit: &Leading<'_>) -> Result<Followed> {
    let mut followed = Followed::default();
    if info.name != "annotations" {
        return Ok(followed);
    }
    let find = |name: &str| info.schema.find(name);
    let cell = |column: Option<usize>| match column {
        Some(column) => edit.set.get(&column).map_or_else(|| (edit.before)(column), |value| Ok(value.clone())),
        None => Ok(Value::Null),
    };
    if let Some(is_crowd) = find("iscrowd").filter(|at| edit.is_new && !edit.set.contains_key(at)) {
        followed.cells.push((is_crowd, Value::Int(0)));
    }
    if let Some(mask) = find("segmentation").filter(|at| edit.is_new && !edit.set.contains_key(at)) {
        followed.cells.push((mask, Value::Text("[]".into())));
    }
    let Some(area) = find("area").filter(|at| !edit.set.contains_key(at)) else { return Ok(followed) };
    if edit.is_new {
        let mask = masks::area(&cell(find("segmentation"))?);
        followed.cells.extend(mask.or(box_area(&cell(find("bbox"))?)).map(|found| (area, Value::Float(found))));
        return Ok(followed);
    }
    let Some((place, set)) = find("bbox").and_then(|at| Some((at, edit.set.get(&at)?))) else { return Ok(followed) };
    let is_resized = size(set).is_some() && size(set) != size(&(edit.before)(place)?);
    if is_resized && masks::is_none(&cell(find("segmentation"))?) {
        followed.stays = Some((area, STAYS));
    }
    Ok(followed)
}

fn box_area(value: &Value) -> Option<f64> {
    size(value).map(|[width, height]| width * height)
}

/// Width and height of a box.
fn size(value: &Value) -> Option<[f64; 2]> {
    match masks::numbers(value)?[..] {
        [_, _, width, height] => Some([width, height]),
        _ => None,
    }
}
