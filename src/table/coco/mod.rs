//! COCO: images, annotations and categories in one JSON file.
//!
//! Instances, keypoints and captions are the same file with other members; what
//! members the annotations have says which. How JSON is read and spliced is
//! [`super::json`]'s; here is only what the members mean. `info`, `licenses` and
//! whatever else the document has stay as they are.

mod area;
mod flags;
mod masks;
#[cfg(test)]
mod tests;

use super::json::{self, Dialect, JsonFile, Kind, RowsFound, Shape};
use super::{Column, Flag, Followed, Format, Leading, ReadAt, Role, TableFile, TableInfo, class_map};
use crate::model::Value;
use crate::{Error, Result};

/// A COCO file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coco;

/// The tables, in the order in which they are told.
const TABLES: [&str; 3] = ["images", "annotations", "categories"];

impl Format for Coco {
    fn name(&self) -> &'static str {
        "coco"
    }

    fn parts(&self) -> &'static [&'static str] {
        &TABLES
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(JsonFile::open(file, &CocoDialect, index)?))
    }

    fn odd_parts(&self) -> &'static [&'static str] {
        &["annotations"]
    }

    /// Annotations of no class of the map, of no image, or with a box outside its image.
    fn flags(&self, file: &dyn TableFile) -> Result<Vec<Flag>> {
        flags::flags(file)
    }
}

/// What COCO's members mean.
#[derive(Clone, Copy, Debug)]
struct CocoDialect;

impl Dialect for CocoDialect {
    fn name(&self) -> &'static str {
        "coco"
    }

    fn wants(&self, name: Option<&str>) -> bool {
        name.is_some_and(|name| TABLES.contains(&name))
    }

    fn keys_are_unique(&self) -> bool {
        true
    }

    fn tables(&self, mut found: Vec<RowsFound>) -> Result<Vec<RowsFound>> {
        let place = |rows: &RowsFound| TABLES.iter().position(|table| rows.name.as_deref() == Some(table));
        if !found.iter().any(|rows| place(rows).is_some_and(|place| place < 2)) {
            return Err(Error::invalid("COCO file", "the file", "it has neither `images` nor `annotations`"));
        }
        found.sort_by_key(place);
        Ok(found)
    }

    fn shape(&self, table: &str, column: &str) -> Option<Shape> {
        let shape = match (table, column) {
            (_, "id" | "image_id" | "category_id" | "iscrowd" | "num_keypoints") | ("images", "width" | "height") => {
                Shape::of(Kind::Int)
            }
            ("annotations", "area" | "score") => Shape::of(Kind::Float),
            ("annotations", "bbox" | "keypoints") => Shape::lists(1, Kind::Float),
            ("annotations", "segmentation") => Shape::lists(2, Kind::Float),
            ("annotations", "caption") | ("images", "file_name") | ("categories", "name" | "supercategory") => {
                Shape::of(Kind::Text)
            }
            ("categories", "keypoints") => Shape::lists(1, Kind::Text),
            ("categories", "skeleton") => Shape::lists(2, Kind::Int),
            _ => return None,
        };
        Some(shape)
    }

    fn columns_of_none(&self, table: &str) -> &'static [&'static str] {
        match table {
            "images" => &["id", "width", "height", "file_name"],
            "annotations" => &["id", "image_id", "category_id", "bbox", "area", "segmentation", "iscrowd"],
            _ => &["id", "name", "supercategory"],
        }
    }

    fn is_required(&self, table: &str, column: &str) -> bool {
        matches!(
            (table, column),
            (_, "id") | ("annotations", "image_id") | ("images", "file_name") | ("categories", "name")
        )
    }

    fn classes(&self) -> Option<[&'static str; 3]> {
        Some(["categories", "id", "name"])
    }

    fn role(&self, table: &str, column: &str, shape: Shape, classes: &[(String, String)]) -> Role {
        match (table, column) {
            ("annotations", "category_id") => Role::Label { classes: classes.to_vec() },
            ("annotations", "image_id") => Role::Reference { table: "images".to_owned() },
            ("annotations", "bbox") if shape == Shape::lists(1, Kind::Float) => Role::BoxXywh,
            ("annotations", "segmentation") => Role::Mask,
            ("annotations", "keypoints") if shape == Shape::lists(1, Kind::Float) => Role::Keypoints,
            ("images", "file_name") => Role::Image,
            _ => Role::Plain,
        }
    }

    fn follow(&self, info: &TableInfo, edit: &Leading<'_>) -> Result<Followed> {
        area::follow(info, edit)
    }

    fn check(&self, column: &Column, value: Value) -> Result<Value> {
        let refuse = |why: &str| Err(json::refuse(column, &value, why));
        match &column.role {
            Role::Label { classes } if !classes.is_empty() => class_map::number(column, classes, &value),
            Role::BoxXywh => match masks::numbers(&value).as_deref() {
                Some([_, _, width, height]) if *width >= 0.0 && *height >= 0.0 => Ok(value),
                Some([_, _, _, _]) => refuse("a box has no negative size"),
                _ => refuse("a box is four numbers: x, y, width, height"),
            },
            Role::Keypoints => match masks::numbers(&value) {
                Some(numbers) if numbers.len() % 3 == 0 => Ok(value),
                _ => refuse("keypoints are threes of numbers: x, y, visibility"),
            },
            Role::Mask => match masks::check(&value) {
                Ok(()) => Ok(value),
                Err(why) => refuse(why),
            },
            _ => Ok(value),
        }
    }
}
