//! The columns of a table, and what each is for.

use std::collections::HashMap;

use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

/// The columns of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TableSchema {
    /// In the order of the file.
    pub columns: Vec<Column>,
    /// The place of the column whose value is the row's key; `None`: the key is the row's place.
    pub key: Option<usize>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, as the file has it.
    pub name: String,
    /// The type that its values are read as.
    #[serde(with = "type_text")]
    pub data_type: DataType,
    /// What it is for.
    pub role: Role,
    /// Whether a cell may be null.
    pub nullable: bool,
    /// Whether it can be edited: an image's path of a folder of images can, a value that is derived cannot.
    pub editable: bool,
}

/// What a column is for. Boxes are `[x, y, width, height]` in pixels from the top left unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Nothing in particular: a number, a text, a time.
    #[default]
    Plain,
    /// The row's key.
    Key,
    /// A class: by name, or by number into a class map.
    Label {
        /// The class map where the format has one: (value in the cell, name), in order.
        classes: Vec<(String, String)>,
    },
    /// A box `[x, y, width, height]`, pixels.
    BoxXywh,
    /// A box `[x_center, y_center, width, height]`, fractions of the image's width and height (YOLO).
    BoxCxcywhn,
    /// A box `[x_min, y_min, x_max, y_max]`, pixels (Pascal VOC).
    BoxXyxy,
    /// An oriented box as four corners `[x1, y1, …, x4, y4]`.
    BoxOriented,
    /// Polygons `[[x1, y1, x2, y2, …], …]`, or a run-length encoded mask.
    Mask,
    /// Keypoints `[x1, y1, v1, …]`.
    Keypoints,
    /// The path of an image, from the top of the dataset.
    Image,
    /// The row of another table that this one speaks of.
    Reference {
        /// The table's name.
        table: String,
    },
    /// Which part of the data: `train`, `val`, `test`.
    Split,
    /// A vector of fixed length.
    Embedding,
    /// How much the sample counts.
    Weight,
    /// Values of several kinds: its text is the JSON's own.
    Json,
}

/// Columns by their names; of two with one name, the first.
pub(super) fn by_name(columns: &[Column]) -> HashMap<&str, &Column> {
    columns.iter().rev().map(|column| (column.name.as_str(), column)).collect()
}

impl TableSchema {
    /// The class map of the first column of labels: (value in the cell, name), in order; empty without one.
    pub fn classes(&self) -> &[(String, String)] {
        let map = self.columns.iter().find_map(|column| match &column.role {
            Role::Label { classes } => Some(classes.as_slice()),
            _ => None,
        });
        map.unwrap_or_default()
    }

    /// The place of the column with just this name.
    pub fn find_exact(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The place of the column with this name; exact first, then without regard to case if that is unambiguous.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.find_exact(name).or_else(|| {
            let mut alike =
                self.columns.iter().enumerate().filter(|(_, column)| column.name.eq_ignore_ascii_case(name));
            match (alike.next(), alike.next()) {
                (Some((at, _)), None) => Some(at),
                _ => None,
            }
        })
    }
}

/// A type as Arrow writes and reads it: `Int64`, `List(Float64)`.
mod type_text {
    use arrow::datatypes::DataType;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(of: &DataType, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&of.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DataType, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::Field;

    use super::*;

    fn column(name: &str, data_type: DataType) -> Column {
        Column { name: name.to_owned(), data_type, role: Role::Plain, nullable: true, editable: true }
    }

    #[test]
    fn a_schema_is_read_back_from_its_json() {
        let list = DataType::List(Arc::new(Field::new("item", DataType::Float64, true)));
        let columns = vec![column("a", DataType::Int64), column("b", list), column("c", DataType::Utf8)];
        let schema = TableSchema { columns, key: Some(0) };
        let text = serde_json::to_string(&schema).expect("plain data");
        assert_eq!(serde_json::from_str::<TableSchema>(&text).expect("its own text"), schema, "{text}");
    }

    #[test]
    fn a_column_is_found_without_regard_to_case_only_where_that_says_which() {
        let names = ["Label", "label", "Weight"];
        let columns = names.iter().map(|name| column(name, DataType::Utf8)).collect();
        let schema = TableSchema { columns, key: None };
        let found = ["Label", "label", "LABEL", "weight", "x"].map(|name| schema.find(name));
        assert_eq!(found, [Some(0), Some(1), None, Some(2), None]);
    }
}
