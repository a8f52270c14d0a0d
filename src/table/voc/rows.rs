//! What the elements of a VOC document mean: its objects, and its image.

use super::tree::Element;
use crate::model::Value;
use crate::table::json::{Kind, Shape};
use crate::table::whole;
use crate::table::{Column, Problem, Role};

/// The sides of a box, in the order of the column.
pub(super) const SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];
/// The columns that all objects have.
const OBJECT_COLUMNS: [&str; 4] = ["name", "pose", "truncated", "difficult"];
/// What of a new object is not said: its pose is unknown, and it is whole and easy to see.
pub(super) const OF_NEW: [(&str, &str); 4] =
    [("pose", "Unspecified"), ("truncated", "0"), ("difficult", "0"), ("occluded", "0")];
/// The columns that every image has, in order.
const IMAGE_COLUMNS: [&str; 4] = ["filename", "width", "height", "depth"];
/// What of them lies in `size`.
pub(super) const SIZE: [&str; 3] = ["width", "height", "depth"];

/// What a column is in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The text of an element.
    Text,
    /// `bndbox`.
    Box,
    /// `part` elements, as JSON.
    Parts,
}

/// Columns and their rows.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) parts: Vec<Part>,
    pub(super) columns: Vec<(Column, Shape)>,
    pub(super) rows: Vec<Vec<Value>>,
    pub(super) problem: Option<Problem>,
}

/// Reads the objects; the table ends before the first that has a box which is none.
pub(super) fn objects(text: &str, objects: &[&Element], classes: &[String]) -> Rows {
    let mut names: Vec<(String, Part)> = Vec::new();
    let mut note = |name: &str, part| {
        if !names.iter().any(|(other, _)| other == name) {
            names.push((name.to_owned(), part));
        }
    };
    for child in objects.iter().flat_map(|object| &object.children) {
        match child.name.as_str() {
            "bndbox" => note("box", Part::Box),
            "part" => note("parts", Part::Parts),
            "box" | "parts" => {}
            name if child.children.is_empty() => note(name, Part::Text),
            _ => {}
        }
    }
    // What every file may say of an object, though this one does not: so that it can be set.
    OBJECT_COLUMNS.iter().for_each(|name| note(name, Part::Text));
    note("box", Part::Box);

    let (mut rows, mut problem) = (Vec::new(), None);
    for object in objects {
        let cells = names.iter().map(|(name, part)| cell(text, object, name, *part)).collect::<Result<Vec<_>, _>>();
        match cells {
            Ok(cells) => rows.push(cells),
            Err(found) => {
                problem = Some(found);
                break;
            }
        }
    }
    let label = || Role::Label { classes: classes.iter().map(|class| (class.clone(), class.clone())).collect() };
    let mut columns = Vec::new();
    for (place, (name, part)) in names.iter().enumerate() {
        let (shape, role) = match part {
            Part::Text => (
                shape_of(name, rows.iter().map(|row: &Vec<Value>| &row[place])),
                if name == "name" { label() } else { Role::Plain },
            ),
            Part::Box => (Shape::lists(1, Kind::Float), Role::BoxXyxy),
            Part::Parts => (Shape::of(Kind::Text), Role::Plain),
        };
        rows.iter_mut().for_each(|row| row[place] = typed(&row[place], shape));
        let nullable = rows.iter().any(|row| row[place] == Value::Null) || (rows.is_empty() && name != "name");
        let column = whole::column(name, shape, role, nullable);
        columns.push((Column { editable: *part != Part::Parts, ..column }, shape));
    }
    Rows { parts: names.iter().map(|(_, part)| *part).collect(), columns, rows, problem }
}

/// Reads what the document says of its image: one row.
pub(super) fn image(text: &str, root: &Element) -> Rows {
    let mut names: Vec<String> = IMAGE_COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    for child in &root.children {
        let is_one = child.children.is_empty() && !["object", "size"].contains(&child.name.as_str());
        if is_one && !names.contains(&child.name) {
            names.push(child.name.clone());
        }
    }
    let (mut columns, mut row) = (Vec::new(), Vec::new());
    for name in &names {
        let parent = if SIZE.contains(&name.as_str()) { root.child("size").map(|(_, size)| size) } else { Some(root) };
        let value = parent.map_or(Value::Null, |parent| leaf(text, parent, name));
        let shape = shape_of(name, [&value].into_iter());
        let role = if name == "filename" { Role::Image } else { Role::Plain };
        columns.push((whole::column(name, shape, role, value == Value::Null), shape));
        row.push(typed(&value, shape));
    }
    Rows { parts: vec![Part::Text; names.len()], columns, rows: vec![row], problem: None }
}

fn cell(text: &str, object: &Element, name: &str, part: Part) -> Result<Value, Problem> {
    match part {
        Part::Text => Ok(leaf(text, object, name)),
        Part::Box => match object.child("bndbox") {
            Some((_, bounds)) => sides(text, bounds).map_err(|(at, why)| whole::problem(text, at, why)),
            None => Ok(Value::Null),
        },
        Part::Parts => {
            let parts = object.children.iter().filter(|child| child.name == "part");
            let json: Vec<serde_json::Value> = parts.map(|part| part_json(text, part)).collect();
            let text = serde_json::Value::from(json).to_string();
            Ok(if text == "[]" { Value::Null } else { Value::Text(text) })
        }
    }
}

/// The text of a child; null where there is none, or one that has elements in it.
fn leaf(text: &str, parent: &Element, name: &str) -> Value {
    parent.child(name).and_then(|(_, child)| child.text(text)).map_or(Value::Null, Value::Text)
}

/// The numbers of a box.
pub(super) fn sides(text: &str, bounds: &Element) -> Result<Value, (usize, String)> {
    let side = |name: &&str| {
        let (_, child) = bounds.child(name).ok_or_else(|| (bounds.start, format!("a box without `{name}`")))?;
        let number = child.text(text).and_then(|text| text.trim().parse().ok());
        number.map(Value::Float).ok_or_else(|| (child.inside, format!("`{name}` is no number")))
    };
    SIDES.iter().map(side).collect::<Result<_, _>>().map(Value::List)
}

fn part_json(text: &str, part: &Element) -> serde_json::Value {
    let sides = part.child("bndbox").and_then(|(_, bounds)| sides(text, bounds).ok());
    serde_json::json!({
        "name": leaf(text, part, "name").to_json(),
        "box": sides.map_or(serde_json::Value::Null, |sides| sides.to_json()),
    })
}

/// What kind of values an element has: the same for all of a file's, and text where it is a name.
fn shape_of<'v>(name: &str, values: impl Iterator<Item = &'v Value> + Clone) -> Shape {
    if ["name", "pose", "filename", "folder", "path"].contains(&name) {
        return Shape::of(Kind::Text);
    }
    let mut texts = values.filter_map(|value| match value {
        Value::Text(text) => Some(text.trim()),
        _ => None,
    });
    let is_number = |text: &str| text.parse().is_ok_and(f64::is_finite) && !text.starts_with('+');
    match texts.clone().count() {
        0 if ["truncated", "difficult", "occluded", "segmented", "width", "height", "depth"].contains(&name) => {
            Shape::of(Kind::Int)
        }
        0 => Shape::of(Kind::Text),
        _ if texts.clone().all(|text| text.parse::<i64>().is_ok()) => Shape::of(Kind::Int),
        _ if texts.all(is_number) => Shape::of(Kind::Float),
        _ => Shape::of(Kind::Text),
    }
}

fn typed(value: &Value, shape: Shape) -> Value {
    match (value, shape.kind) {
        (Value::Text(text), Kind::Int) => text.trim().parse().map_or(Value::Null, Value::Int),
        (Value::Text(text), Kind::Float) if shape.lists == 0 => text.trim().parse().map_or(Value::Null, Value::Float),
        _ => value.clone(),
    }
}
