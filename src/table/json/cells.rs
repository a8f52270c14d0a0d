//! Columns of cells as Arrow wants them, filled straight from the text.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListArray, NullBufferBuilder, StringBuilder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::Field;

use super::cell::{self, items_of, unescape};
use super::shape::{Kind, Shape};
use super::text::{self, Step};
use crate::model::Value;

/// A value longer than this is not given as a cell, in bytes: Arrow's text and lists count with 32 bits.
const VALUE_MAX: usize = 1 << 30;

/// The cells of one column. [`cell::value`] says the same of one cell.
#[derive(Debug)]
pub(crate) enum Cells {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Json(StringBuilder, Vec<u8>),
    List { item: Shape, ends: Vec<i32>, valid: NullBufferBuilder, items: Box<Cells> },
}

impl Cells {
    pub(crate) fn new(shape: Shape) -> Cells {
        if shape.lists > 0 {
            let item = shape.item();
            return Cells::List {
                item,
                ends: vec![0],
                valid: NullBufferBuilder::new(0),
                items: Box::new(Cells::new(item)),
            };
        }
        match shape.kind {
            Kind::Bool => Cells::Bool(BooleanBuilder::new()),
            Kind::Int => Cells::Int(Int64Builder::new()),
            Kind::Float => Cells::Float(Float64Builder::new()),
            Kind::Text => Cells::Text(StringBuilder::new()),
            Kind::Null | Kind::Json => Cells::Json(StringBuilder::new(), Vec::new()),
        }
    }

    /// Adds what stands at `at`; returns its end. What is no such value is null.
    pub(super) fn push(&mut self, b: &[u8], at: usize) -> Step<usize> {
        match self {
            Cells::Json(cells, text) => {
                text.clear();
                let end = cell::canonical(b, at, text)?;
                let is_cell = text.as_slice() != b"null" && text.len() < VALUE_MAX;
                cells.append_option(is_cell.then(|| String::from_utf8_lossy(text)));
                return Ok(end);
            }
            Cells::List { ends, valid, items, .. } if b.get(at) == Some(&b'[') => {
                let end = items_of(b, at, |at| items.push(b, at))?;
                valid.append(true);
                ends.push(items.len() as i32);
                return Ok(end);
            }
            _ => {}
        }
        let end = text::skip(b, at)?;
        let text = &b[at..end];
        match (self, text.first()) {
            (Cells::Bool(cells), Some(b't' | b'f')) => cells.append_value(text[0] == b't'),
            (Cells::Int(cells), Some(b'-' | b'0'..=b'9')) => cells.append_option(text::ascii(text).parse().ok()),
            (Cells::Float(cells), Some(b'-' | b'0'..=b'9' | b'N' | b'I')) => cells.append_value(cell::float(text)),
            (Cells::Text(cells), Some(b'"')) if text.len() < VALUE_MAX => {
                cells.append_value(unescape(&text[1..text.len() - 1]));
            }
            (cells, _) => cells.push_null(),
        }
        Ok(end)
    }

    pub(crate) fn push_null(&mut self) {
        match self {
            Cells::Bool(cells) => cells.append_null(),
            Cells::Int(cells) => cells.append_null(),
            Cells::Float(cells) => cells.append_null(),
            Cells::Text(cells) | Cells::Json(cells, _) => cells.append_null(),
            Cells::List { ends, valid, items, .. } => {
                valid.append(false);
                ends.push(items.len() as i32);
            }
        }
    }

    /// Adds a value of the column's shape; any other is null.
    pub(crate) fn push_value(&mut self, value: &Value) {
        match (self, value) {
            (Cells::Bool(cells), Value::Bool(value)) => cells.append_value(*value),
            (Cells::Int(cells), Value::Int(value)) => cells.append_value(*value),
            (Cells::Float(cells), Value::Float(value)) => cells.append_value(*value),
            (Cells::Text(cells) | Cells::Json(cells, _), Value::Text(text)) => cells.append_value(text),
            (Cells::List { ends, valid, items, .. }, Value::List(values)) => {
                values.iter().for_each(|value| items.push_value(value));
                valid.append(true);
                ends.push(items.len() as i32);
            }
            (cells, _) => cells.push_null(),
        }
    }

    fn len(&self) -> usize {
        use arrow::array::ArrayBuilder;
        match self {
            Cells::Bool(cells) => cells.len(),
            Cells::Int(cells) => cells.len(),
            Cells::Float(cells) => cells.len(),
            Cells::Text(cells) | Cells::Json(cells, _) => cells.len(),
            Cells::List { ends, .. } => ends.len() - 1,
        }
    }

    /// The cells that were pushed since the last time.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Cells::Bool(cells) => Arc::new(cells.finish()),
            Cells::Int(cells) => Arc::new(cells.finish()),
            Cells::Float(cells) => Arc::new(cells.finish()),
            Cells::Text(cells) | Cells::Json(cells, _) => Arc::new(cells.finish()),
            Cells::List { item, ends, valid, items } => {
                let field = Arc::new(Field::new("item", item.data_type(), true));
                let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(ends, vec![0])));
                Arc::new(ListArray::new(field, offsets, items.finish(), valid.finish()))
            }
        }
    }
}
