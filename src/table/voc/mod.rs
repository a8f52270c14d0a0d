//! Pascal VOC: an XML file for each image, with its objects.
//!
//! | file | knows |
//! |---|---|
//! | `tree` | the elements of a document, and where they are |
//! | `rows` | what they mean: the tables `objects` and `image` |
//! | `file` | the tables as the formats' door wants them |
//! | `splice` | cells and objects as patches, in the file's own indentation |

mod file;
mod rows;
mod splice;
#[cfg(test)]
mod tests;
mod tree;

use super::flag::odd_box;
use super::{Flag, Format, ReadAt, TableFile, json};
use crate::Result;
use crate::model::Value;

/// A Pascal VOC file.
#[derive(Clone, Debug, Default)]
pub struct Voc {
    /// The names of the classes, where those are known; VOC itself has no list of them.
    pub classes: Vec<String>,
}

impl Format for Voc {
    fn name(&self) -> &'static str {
        "voc"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["objects", "image"]
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, _index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(file::VocFile::open(file, &self.classes)?))
    }

    fn odd_parts(&self) -> &'static [&'static str] {
        &["objects"]
    }

    /// Objects of no known class, or with a box outside the image.
    fn flags(&self, file: &dyn TableFile) -> Result<Vec<Flag>> {
        let (objects, image) = (&file.tables()[0], &file.tables()[1]);
        let place = |column: &str| objects.schema.find(column);
        let side = |cells: &[Value], column: &str| {
            image.schema.find(column).and_then(|place| cells.get(place)).and_then(json::number)
        };
        let cells = if image.rows > 0 { file.row(1, 0)? } else { Vec::new() };
        let size = side(&cells, "width").zip(side(&cells, "height"));
        let mut found = Vec::new();
        for row in 0..objects.rows {
            let cells = file.row(0, row)?;
            let mut tell = |why: &str| found.push(Flag { table: 0, row, why: why.to_owned() });
            let name = place("name").map(|place| cells[place].to_string()).unwrap_or_default();
            if !self.classes.is_empty() && !self.classes.contains(&name) {
                tell("a class that is not in the class map");
            }
            if let Some(Value::List(sides)) = place("box").map(|place| &cells[place]) {
                let sides: Vec<f64> = sides.iter().filter_map(json::number).collect();
                if let Some(why) = <[f64; 4]>::try_from(sides).ok().and_then(|sides| odd_box(sides, size)) {
                    tell(why);
                }
            }
        }
        Ok(found)
    }
}
