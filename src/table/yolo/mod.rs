//! YOLO: a text file of labels for each image, and `data.yaml` with the classes.
//!
//! | file | knows |
//! |---|---|
//! | `line`, `part` | a line of numbers, taken apart; what they are |
//! | `labels` | the rows of a label file, and their edits |
//! | `data` | what `data.yaml` says, and where |
//! | `classes` | the table of classes, and what cannot be done to it |
//! | `data_file`, `names_file` | the classes of `data.yaml`, of `classes.txt`, as a table |
//! | `scalar` | a name as YAML writes it |
//!
//! Which label file belongs to which image is not known here.

mod classes;
mod data;
mod data_file;
mod flags;
mod labels;
mod line;
mod names_file;
mod part;
mod scalar;
#[cfg(test)]
mod tests;

use super::{Flag, Format, ReadAt, TableFile};
use crate::Result;

pub use data::YoloData;

/// What the lines of a label file say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YoloTask {
    /// `class cx cy w h`, and a score in files of predictions.
    Detect,
    /// `class x1 y1 x2 y2 x3 y3 …`: one polygon.
    Segment,
    /// `class cx cy w h`, then as many points as this, of two or three numbers.
    Pose {
        /// How many points.
        points: usize,
        /// 2: x and y; 3: and how visible it is.
        numbers: usize,
    },
    /// `class x1 y1 … x4 y4`: the corners of a turned box.
    Oriented,
}

impl YoloTask {
    /// The task of label files that do not tell theirs, by the beginnings of others; `None` where nothing tells.
    pub fn of_texts<'t>(texts: impl Iterator<Item = &'t str>) -> Option<YoloTask> {
        let lengths = |text: &str| {
            let lines = line::lines(text).into_iter().map(|line| line::words(text, &line).len());
            lines.filter(|words| *words > 0).collect()
        };
        part::common(&texts.map(lengths).collect::<Vec<Vec<usize>>>())
    }
}

/// A label file.
#[derive(Clone, Debug, Default)]
pub struct YoloLabels {
    /// The class map: (number, name), in order.
    pub classes: Vec<(String, String)>,
    /// What its lines say; `None` is what their lengths say, in which case lines of 9 numbers are turned boxes.
    pub task: Option<YoloTask>,
    /// What files say without lines, and those with 9 numbers in each, as others of their dataset do.
    pub common: Option<YoloTask>,
}

impl Format for YoloLabels {
    fn name(&self) -> &'static str {
        "yolo"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["labels"]
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, _index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(labels::LabelFile::open(file, self)?))
    }

    fn odd_parts(&self) -> &'static [&'static str] {
        &["labels"]
    }

    /// Lines of no class of the class map, or reaching beyond the image.
    fn flags(&self, file: &dyn TableFile) -> Result<Vec<Flag>> {
        flags::flags(&self.classes, file)
    }
}

/// A `data.yaml`: the table `classes`.
#[derive(Clone, Copy, Debug, Default)]
pub struct YoloDataFile;

impl Format for YoloDataFile {
    fn name(&self) -> &'static str {
        "yolo-data"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["classes"]
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, _index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(data_file::DataFile::open(file)?))
    }
}

/// A list of names, one a line, as `classes.txt` and `obj.names` are: the table `classes`.
#[derive(Clone, Copy, Debug, Default)]
pub struct YoloNames;

impl Format for YoloNames {
    fn name(&self) -> &'static str {
        "yolo-names"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["classes"]
    }

    fn open<'a>(&self, file: &'a dyn ReadAt, _index: Option<&[u8]>) -> Result<Box<dyn TableFile + 'a>> {
        Ok(Box::new(names_file::NamesFile::open(file)?))
    }
}
