//! The columns of the table of samples.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};

use super::join::{Joined, Mark, Note};
use super::{EXCLUDED, KEY, LABEL};
use crate::Result;
use crate::model::Value;
use crate::table::{Column, Role, TableSchema};

/// The names of columns that the table has by itself.
pub(super) const RESERVED: [&str; 8] = [KEY, "path", "split", LABEL, "labels", "box_count", "boxes", EXCLUDED];

/// Where a column's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    Key,
    Path,
    Split,
    Label,
    Labels,
    BoxCount,
    Boxes,
    /// A column of a table that names images, or of the table whose rows are the samples.
    Cells(usize, usize),
    Main(String),
    Excluded,
    /// A column that no file has.
    Added(String),
}

impl Joined {
    /// The columns, each with where its values come from.
    pub(super) fn columns(&self) -> Result<Vec<(Column, From)>> {
        let text = || DataType::Utf8;
        let mut columns = vec![(plain(KEY, text(), Role::Key), From::Key)];
        match &self.main {
            Some(main) => {
                for column in self.view.table_info(main)?.schema.columns {
                    let is_taken = RESERVED.contains(&column.name.as_str()) && column.name != LABEL;
                    let name = if is_taken { format!("{}.{}", main.name, column.name) } else { column.name.clone() };
                    let from = From::Main(column.name.clone());
                    columns.push((Column { name, editable: false, ..column }, from));
                }
            }
            None => self.image_columns(&mut columns),
        }
        columns.push((plain(EXCLUDED, DataType::Boolean, Role::Plain), From::Excluded));
        for column in &self.beside.added {
            columns.push((column.clone(), From::Added(column.name.clone())));
        }
        Ok(columns)
    }

    fn image_columns(&self, columns: &mut Vec<(Column, From)>) {
        columns.push((plain("path", DataType::Utf8, Role::Image), From::Path));
        columns.push((plain("split", DataType::Utf8, Role::Split), From::Split));
        let are_classes = !self.layout.classes.is_empty();
        let names = if are_classes { &self.layout.classes } else { &self.classes };
        let classes = names.iter().map(|class| (class.clone(), class.clone())).collect();
        let label = Column { editable: are_classes, ..plain(LABEL, DataType::Utf8, Role::Label { classes }) };
        columns.push((label, From::Label));
        if self.has_notes {
            columns.push((plain("labels", list(DataType::Utf8), Role::Plain), From::Labels));
            columns.push((plain("box_count", DataType::Int64, Role::Plain), From::BoxCount));
            columns.push((plain("boxes", list(DataType::Struct(box_fields())), Role::Plain), From::Boxes));
        }
        for (of, cells) in self.cells.iter().enumerate() {
            columns.extend(cells.columns.iter().cloned().zip((0..).map(|place| From::Cells(of, place))));
        }
    }

    /// The columns alone.
    pub(super) fn schema(&self) -> Result<TableSchema> {
        let columns = self.columns()?.into_iter().map(|(column, _)| column).collect();
        Ok(TableSchema { columns, key: Some(0) })
    }

    /// The cell of a sample that is an image.
    pub(super) fn value(&self, sample: usize, from: &From) -> Value {
        let of = &self.samples[sample];
        let text = |text: &str| Value::Text(text.to_owned());
        match from {
            From::Key => text(&of.key),
            From::Path => of.path.as_ref().map_or(Value::Null, |path| Value::Text(path.to_string())),
            From::Split => of.split.map_or(Value::Null, text),
            From::Label => self.label(sample),
            From::Labels => self
                .notes
                .get(&sample)
                .map_or(Value::Null, |note| Value::List(note.labels().into_iter().map(text).collect())),
            From::BoxCount => self.notes.get(&sample).map_or(Value::Null, |note| Value::Int(note.marks.len() as i64)),
            From::Boxes => self.notes.get(&sample).map_or(Value::Null, Note::boxes),
            From::Cells(of, place) => self.cells[*of].get(sample, *place).cloned().unwrap_or(Value::Null),
            From::Main(_) => Value::Null,
            From::Excluded => Value::Bool(self.beside.excluded.contains(&of.key)),
            From::Added(name) => self.added(&of.key, name),
        }
    }

    /// The cell of a column that no file has.
    pub(super) fn added(&self, key: &str, name: &str) -> Value {
        self.beside.cells.get(key).and_then(|cells| cells.get(name)).cloned().unwrap_or(Value::Null)
    }

    /// The class: of the folder, else the only label that annotations or tables say.
    fn label<'a>(&'a self, sample: usize) -> Value {
        if let Some(class) = &self.samples[sample].class {
            return Value::Text(class.clone());
        }
        if let Some(note) = self.notes.get(&sample) {
            return match note.labels()[..] {
                [only] => Value::Text(only.to_owned()),
                _ => Value::Null,
            };
        }
        let of_cells = |cells: &'a super::join::Cells| cells.labels.iter().filter_map(move |at| cells.get(sample, *at));
        let mut said = self.cells.iter().flat_map(of_cells);
        said.find(|value| **value != Value::Null).map_or(Value::Null, |value| Value::Text(value.to_string()))
    }
}

impl Note {
    /// The labels, each once, in order.
    fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = self.marks.iter().filter_map(|mark| mark.label.as_deref()).collect();
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    fn boxes(&self) -> Value {
        Value::List(self.marks.iter().map(|mark| self.a_box(mark)).collect())
    }

    fn a_box(&self, mark: &Mark) -> Value {
        let sides = match mark.sides[..] {
            [] => Value::Null,
            _ => Value::List(mark.sides.iter().map(|side| Value::Float(*side)).collect()),
        };
        let form = if mark.sides.is_empty() { Value::Null } else { Value::Text(self.form.to_owned()) };
        Value::Struct(vec![
            ("label".to_owned(), mark.label.clone().map_or(Value::Null, Value::Text)),
            ("box".to_owned(), sides),
            ("form".to_owned(), form),
            (KEY.to_owned(), Value::Text(mark.key.clone())),
        ])
    }
}

fn plain(name: &str, data_type: DataType, role: Role) -> Column {
    Column { name: name.to_owned(), data_type, role, nullable: true, editable: false }
}

fn list(of: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", of, true)))
}

/// The fields of a box. `key` is that of the row that says it, in the table of its format.
fn box_fields() -> Fields {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Fields::from(vec![
        field("label", DataType::Utf8),
        field("box", list(DataType::Float64)),
        field("form", DataType::Utf8),
        field(KEY, DataType::Utf8),
    ])
}
