//! The table of classes of a file of names, and what cannot be done to it: a class's number is its place.

use crate::model::Value;
use crate::table::json::{self, Kind as Cell, Shape};
use crate::table::whole::{self, WholeTable};
use crate::table::{Column, FileEdits, Insert, Problem, Role};
use crate::{Error, Result};

/// The table of classes of any file of names.
pub(super) fn classes_table(rows: Vec<Vec<Value>>, problem: Option<Problem>) -> WholeTable {
    let number = Column { editable: false, ..whole::column("id", Shape::of(Cell::Int), Role::Key, false) };
    let name = whole::column("name", Shape::of(Cell::Text), Role::Plain, false);
    WholeTable::new("classes", vec![(number, Shape::of(Cell::Int)), (name, Shape::of(Cell::Text))], rows, problem)
}

/// The name of a new class, whose number must be the next one, or left open.
pub(super) fn new_class(table: &WholeTable, cells: &[Value], next: i64) -> Result<String> {
    let [number, name] = cells else { return Err(Error::invalid("row", "the class", "it has a number and a name")) };
    if *number != Value::Null && json::whole(number) != Some(next) {
        return Err(Error::invalid("class", &number.to_string(), format!("the next class is number {next}")));
    }
    Ok(table.check(1, name)?.to_string())
}

/// Refuses to delete classes.
pub(super) fn none_goes(edits: &FileEdits) -> Result<()> {
    let why = "without one, the numbers of those after it would mean others";
    if edits.deletes.is_empty() { Ok(()) } else { Err(Error::invalid("edit", "classes", why)) }
}

/// Refuses a new class anywhere but at the end.
pub(super) fn comes_last(table: &WholeTable, insert: &Insert) -> Result<()> {
    let is_last = insert.after.map_or(0, |after| after.saturating_add(1)) == table.info.rows;
    if is_last { Ok(()) } else { Err(Error::invalid("edit", "classes", "a new class comes after the last one")) }
}

/// The refusal of another number for a class.
pub(super) fn number_stays() -> Error {
    Error::invalid("edit", "id", "the number of a class is its place")
}
