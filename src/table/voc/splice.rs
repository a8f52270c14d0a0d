//! Cells and objects as patches, in the file's own indentation.
//!
//! Each object, and each element that goes, takes the white space before it along;
//! each that comes brings its own. So no two patches meet but at an edge.

use super::file::{IMAGE, OBJECTS, VocFile};
use super::rows::{Part, SIDES, SIZE};
use super::tree::{Element, escaped, in_ascii};
use crate::model::Value;
use crate::table::json::{self, Kind, Shape};
use crate::table::whole::{WholeFile, number_text};
use crate::table::{FileEdits, Insert, Patch, RowSet, Splice, TableFile, applied};
use crate::{Error, Result};

/// Turns edits of rows into patches.
pub(super) fn splice(file: &VocFile, edits: &FileEdits) -> Result<Splice> {
    let only_objects = |table: usize| {
        let why = "a file speaks of one image";
        if table == OBJECTS { Ok(()) } else { Err(Error::invalid("edit", "image", why)) }
    };
    let delete = |(table, row): &(usize, u64)| {
        only_objects(*table)?;
        let (place, _) = file.object(*row)?;
        Ok(Some(removed(&file.text, &file.root, place)))
    };
    let insert = |insert: &Insert| {
        only_objects(insert.table)?;
        insert_object(file, insert).map(Some)
    };
    let mut sets: Vec<Vec<Option<Patch>>> = edits.sets.iter().map(|set| set_row(file, set)).collect::<Result<_>>()?;
    let mut inserts: Vec<Option<Patch>> = edits.inserts.iter().map(insert).collect::<Result<_>>()?;
    if file.is_ascii {
        sets.iter_mut().flatten().chain(&mut inserts).flatten().for_each(write_in_ascii);
    }
    Ok(Splice::Patches { sets, deletes: edits.deletes.iter().map(delete).collect::<Result<_>>()?, inserts })
}

fn write_in_ascii(patch: &mut Patch) {
    if let Ok(text) = std::str::from_utf8(&patch.bytes) {
        patch.bytes = in_ascii(text).into_bytes();
    }
}

fn patch(from: usize, to: usize, text: impl Into<String>) -> Patch {
    Patch { offset: from as u64, replaced: (to - from) as u64, bytes: text.into().into_bytes() }
}

fn removed(text: &str, parent: &Element, child: usize) -> Patch {
    patch(parent.space_before(text, child), parent.children[child].end, "")
}

fn set_row(file: &VocFile, set: &RowSet) -> Result<Vec<Option<Patch>>> {
    let old = file.table(set.table)?.row(set.row)?;
    let set_cell = |(column, value): &(usize, Value)| {
        if old.get(*column) == Some(value) {
            return Ok(None);
        }
        let value = file.check(set.table, *column, value)?;
        if old[*column] == value {
            return Ok(None);
        }
        let (of, shape) = file.table(set.table)?.column(*column)?;
        let refuse = |why: &str| Err(Error::invalid("edit", &of.name, why));
        if set.table == IMAGE {
            return match SIZE.contains(&of.name.as_str()).then(|| file.root.child("size")) {
                Some(Some((_, size))) => set_text(file, size, &of.name, shape, &value, None),
                Some(None) => refuse("the file has no `size`"),
                None => set_text(file, &file.root, &of.name, shape, &value, Some("object")),
            };
        }
        let (_, object) = file.object(set.row)?;
        match file.parts[*column] {
            Part::Text => set_text(file, object, &of.name, shape, &value, None),
            Part::Box => set_box(file, object, &value),
            Part::Parts => refuse("parts can be read, not set"),
        }
    };
    set.cells.iter().map(set_cell).collect()
}

/// The text of a cell between its tags.
fn cell_text(value: &Value) -> String {
    match value {
        Value::Float(number) => number_text(*number),
        other => escaped(&other.to_string()),
    }
}

/// Sets the text of the child `name`; a new one comes after the last child, or the last before the first `stop`.
fn set_text(
    file: &VocFile,
    parent: &Element,
    name: &str,
    shape: Shape,
    value: &Value,
    stop: Option<&str>,
) -> Result<Option<Patch>> {
    let Some((place, child)) = parent.child(name) else {
        let new = format!("<{name}>{}</{name}>", cell_text(value));
        return if *value == Value::Null {
            Ok(None)
        } else {
            add(file, parent, stop, |indent| format!("{indent}{new}")).map(Some)
        };
    };
    if !child.children.is_empty() {
        return Err(Error::invalid("edit", name, "it has elements in it"));
    }
    if *value == Value::Null {
        return Ok(Some(removed(&file.text, parent, place)));
    }
    if child.is_one_tag {
        return Ok(Some(patch(child.end - 2, child.end, format!(">{}</{name}>", cell_text(value)))));
    }
    let (mut from, mut to) = (child.inside, child.close);
    if shape.kind != Kind::Text {
        // White space around a number stays.
        let inner = &file.text[from..to];
        from += inner.len() - inner.trim_start().len();
        to = from + inner.trim().len();
    }
    Ok(Some(patch(from, to, cell_text(value))))
}

/// Adds a child after the last one; `make` is given the white space before it.
fn add(file: &VocFile, parent: &Element, stop: Option<&str>, make: impl FnOnce(&str) -> String) -> Result<Patch> {
    if parent.is_one_tag {
        return Err(Error::invalid("edit", &parent.name, "it has no room for an element"));
    }
    let count =
        parent.children.iter().position(|child| Some(child.name.as_str()) == stop).unwrap_or(parent.children.len());
    let indent = if parent.children.is_empty() { "" } else { parent.indent(&file.text, 0) };
    let at = count.checked_sub(1).map_or(parent.inside, |last| parent.children[last].end);
    Ok(patch(at, at, make(indent)))
}

fn set_box(file: &VocFile, object: &Element, value: &Value) -> Result<Option<Patch>> {
    let numbers = numbers(value);
    match object.child("bndbox") {
        None if numbers.is_none() => Ok(None),
        None => {
            let outer = indent_of_objects(file);
            add(file, object, None, |indent| new_box(indent, unit(outer, indent), &numbers.unwrap_or_default()))
                .map(Some)
        }
        Some((place, bounds)) => match numbers {
            None => Ok(Some(removed(&file.text, object, place))),
            Some(numbers) => replaced_sides(&file.text, bounds, &numbers),
        },
    }
}

fn numbers(value: &Value) -> Option<[f64; 4]> {
    let Value::List(sides) = value else { return None };
    sides.iter().map(json::number).collect::<Option<Vec<f64>>>()?.try_into().ok()
}

/// One patch from the first side of a box to the last, which keeps the tags and the sides that stay.
fn replaced_sides(text: &str, bounds: &Element, numbers: &[f64; 4]) -> Result<Option<Patch>> {
    let mut sides = Vec::new();
    for (name, number) in SIDES.iter().zip(numbers) {
        let child = bounds.child(name).map(|(_, child)| child).filter(|child| !child.is_one_tag);
        let child = child.ok_or_else(|| Error::invalid("edit", name, "the box has no such side"))?;
        let inner = &text[child.inside..child.close];
        let from = child.inside + inner.len() - inner.trim_start().len();
        let is_same = child
            .text(text)
            .and_then(|old| old.trim().parse().ok())
            .is_some_and(|old: f64| old.to_bits() == number.to_bits());
        let old = from..from + inner.trim().len();
        sides.push(if is_same { (old.clone(), text[old].to_owned()) } else { (old, number_text(*number)) });
    }
    sides.sort_by_key(|(range, _)| range.start);
    let (from, to) = (sides[0].0.start, sides[3].0.end);
    let (mut out, mut at) = (String::new(), from);
    for (range, side) in sides {
        out.push_str(&text[at..range.start]);
        out.push_str(&side);
        at = range.end;
    }
    Ok((out != text[from..to]).then(|| patch(from, to, out)))
}

/// A box with its sides one step further in than `indent`, or all on one line where that has no line break.
fn new_box(indent: &str, unit: &str, numbers: &[f64; 4]) -> String {
    let side = |(name, number): (&&str, &f64)| format!("{indent}{unit}<{name}>{}</{name}>", number_text(*number));
    let sides: String = SIDES.iter().zip(numbers).map(side).collect();
    format!("{indent}<bndbox>{sides}{indent}</bndbox>")
}

/// By how much the inner of two indentations is further in.
fn unit<'t>(outer: &str, inner: &'t str) -> &'t str {
    match inner.strip_prefix(outer) {
        Some(unit) if inner.contains('\n') => unit,
        _ => "",
    }
}

/// The white space before objects.
fn indent_of_objects(file: &VocFile) -> &str {
    let place = file.places.first().copied().or((!file.root.children.is_empty()).then_some(0));
    place.map_or("", |place| file.root.indent(&file.text, place))
}

fn insert_object(file: &VocFile, insert: &Insert) -> Result<Patch> {
    let count = file.table(OBJECTS)?.shapes.len();
    let cells: Vec<Value> = (0..count)
        .map(|column| file.check(OBJECTS, column, insert.cells.get(column).unwrap_or(&Value::Null)))
        .collect::<Result<_>>()?;
    if file.parts.iter().zip(&cells).any(|(part, cell)| *part == Part::Parts && *cell != Value::Null) {
        return Err(Error::invalid("edit", "parts", "parts can be read, not set"));
    }
    let near = insert.after.unwrap_or(0);
    let neighbour = if insert.after.is_none() && file.places.is_empty() { None } else { Some(file.object(near)?) };
    let Some((place, element)) = neighbour else {
        return add(file, &file.root, None, |indent| new_object(file, indent, None, &cells));
    };
    let indent = file.root.indent(&file.text, place);
    let at = if insert.after.is_some() { element.end } else { file.root.space_before(&file.text, place) };
    Ok(patch(at, at, new_object(file, indent, Some(element), &cells)))
}

/// The text of an object, with the white space before it: as its neighbour is written, else one step further in.
fn new_object(file: &VocFile, indent: &str, neighbour: Option<&Element>, cells: &[Value]) -> String {
    let columns = &file.tables()[OBJECTS].schema.columns;
    let step = indent.rsplit('\n').next().filter(|_| indent.contains('\n')).unwrap_or("");
    let default = format!("{indent}{step}");
    let neighbour = neighbour.filter(|element| !element.children.is_empty());
    let inner = neighbour.map_or(default.as_str(), |element| element.indent(&file.text, 0));
    let mut order: Vec<usize> = Vec::new();
    for child in neighbour.iter().flat_map(|element| &element.children) {
        let name = if child.name == "bndbox" { "box" } else { child.name.as_str() };
        order.extend(columns.iter().position(|column| column.name == name).filter(|place| !order.contains(place)));
    }
    order.extend((0..columns.len()).filter(|place| !order.contains(place)).collect::<Vec<_>>());

    let mut out = format!("{indent}<object>");
    for column in order {
        let name = &columns[column].name;
        match (file.parts[column], &cells[column]) {
            (_, Value::Null) | (Part::Parts, _) => {}
            (Part::Text, value) => out.push_str(&format!("{inner}<{name}>{}</{name}>", cell_text(value))),
            (Part::Box, value) => {
                let numbers = numbers(value).unwrap_or_default();
                let like = neighbour.and_then(|element| element.child("bndbox"));
                let copied = like.and_then(|(_, bounds)| copied_box(&file.text, bounds, &numbers));
                match copied {
                    Some(copied) => out.push_str(&format!("{inner}{copied}")),
                    None => out.push_str(&new_box(inner, unit(indent, inner), &numbers)),
                }
            }
        }
    }
    let last = neighbour.map_or(indent, |element| {
        let after = &file.text[element.children.last().map_or(element.inside, |last| last.end)..element.close];
        if after.trim().is_empty() { after } else { indent }
    });
    out.push_str(last);
    out.push_str("</object>");
    out
}

/// A box as another one is written.
fn copied_box(text: &str, bounds: &Element, numbers: &[f64; 4]) -> Option<String> {
    let patch = replaced_sides(text, bounds, numbers).ok()?;
    let old = &text[bounds.start..bounds.end];
    let Some(mut patch) = patch else { return Some(old.to_owned()) };
    patch.offset -= bounds.start as u64;
    String::from_utf8(applied(old.as_bytes(), &Splice::Whole(vec![patch])).ok()?).ok()
}
