//! `COLUMN=VALUE`: what `veneer set` is told to write into a cell.
//!
//! The value is an expression where it can be one (`weight=0.5`, `score=score * 2`,
//! `label='two words'`), else the text as it stands (`label=traffic light`, `label=car`).
//! In a column of texts `007` and `3-5` are texts, too: only a name, quotes or a call make an expression there.
//! A single bare word is always text, even where a column has that name: who wants the
//! other column's value writes `label="other"`.

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use super::fault::{Fault, Result as Inner, fail};
use super::tree::{Literal, Name, Node};
use super::{Computed, Expr, coerce, names, parse};
use crate::table::TableSchema;
use crate::{Error, Result};

const WHAT: &str = "assignment";

/// A column and what it is to hold, read but not yet bound to a table.
#[derive(Clone, Debug)]
pub struct Assignment {
    text: String,
    column: Name,
    value: Expr,
    /// The right side as it stood, where it may be meant as text.
    bare: Option<String>,
}

/// A value for one column of a table, for each row.
#[derive(Clone, Debug)]
pub struct Setter {
    /// The column, by place in the schema.
    pub column: usize,
    text: String,
    to: DataType,
    value: Computed,
}

impl Assignment {
    /// Reads an assignment.
    ///
    /// # Errors
    /// `Invalid` where there is no `=`, no column before it, or an expression that is not whole.
    pub fn parse(text: &str) -> Result<Assignment> {
        parts(text).map_err(|fault| fault.of(WHAT, text))
    }

    /// Binds it to a table.
    ///
    /// # Errors
    /// As [`Expr::bind_value`]; `Invalid` for a column that cannot be edited, or whose type cannot hold the value.
    pub fn bind(&self, schema: &TableSchema) -> Result<Setter> {
        self.bound(schema).map_err(|fault| fault.of(WHAT, &self.text))
    }

    fn bound(&self, schema: &TableSchema) -> Inner<Setter> {
        let column = names::find("column", &self.column, schema.columns.iter().map(|column| column.name.as_str()))?;
        let definition = &schema.columns[column];
        if !definition.editable {
            return fail(format!("the column `{}` is derived and cannot be set", definition.name));
        }
        let to = coerce::logical(&definition.data_type);
        let value = match (self.value.bind_value(schema), &self.bare) {
            // A column of texts takes `007` and `3-5` as they stand.
            (Ok(value), Some(bare)) if to == DataType::Utf8 && value.columns().is_empty() => {
                literal(bare).bind_value(schema).unwrap_or(value)
            }
            (Ok(value), _) => value,
            (Err(_), Some(bare)) => literal(bare).bind_value(schema)?,
            (Err(error), None) => return Err(error.into()),
        };
        if *value.data_type() != to && !arrow::compute::can_cast_types(value.data_type(), &to) {
            return fail(format!("a column of {to} cannot hold {}", value.data_type()));
        }
        Ok(Setter { column, text: self.text.clone(), to, value })
    }
}

impl Setter {
    /// The columns that the value is computed from, by place in the schema.
    pub fn columns(&self) -> &[usize] {
        self.value.columns()
    }

    /// The values for the rows of a batch, in the column's logical type.
    ///
    /// # Errors
    /// `Invalid` for a value that cannot be computed, or that the column's type cannot hold.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let values = self.value.evaluate(batch)?;
        if *values.data_type() == self.to {
            return Ok(values);
        }
        let refused = |why: String| Error::invalid(WHAT, &self.text, why);
        let options = super::cells::strictly();
        let held = arrow::compute::cast_with_options(&values, &self.to, &options)
            .map_err(|error| Fault::from(error).of(WHAT, &self.text))?;
        if values.data_type().is_floating() && self.to.is_integer() {
            let back = cast(&held, values.data_type()).map_err(|error| refused(error.to_string()))?;
            if back.to_data() != values.to_data() {
                return Err(refused(format!("a column of {} cannot hold a fraction", self.to)));
            }
        }
        Ok(held)
    }
}

fn literal(text: &str) -> Expr {
    Expr { text: text.to_owned(), node: Node::text(text) }
}

fn parts(text: &str) -> Inner<Assignment> {
    let Some(at) = equals(text) else {
        return fail("it is COLUMN=VALUE");
    };
    let column = column(text[..at].trim())?;
    let value = text[at + 1..].trim();
    let of = |value, bare: Option<&str>| Assignment {
        text: text.to_owned(),
        column: column.clone(),
        value,
        bare: bare.map(str::to_owned),
    };
    match parse::parse(value) {
        Ok(node) if is_bare_word(&node) => Ok(of(literal(value), None)),
        Ok(node) => {
            // Words that happen to be an expression (`a - b`) are text if their names are no columns.
            let is_meant = value.contains(['\'', '"', '(']) || node == Node::Literal(Literal::Null);
            let bare = (!is_meant).then_some(value);
            Ok(of(Expr { text: value.to_owned(), node: or_date(node, value) }, bare))
        }
        Err(fault) => match value.contains(['\'', '"', '(']) {
            true => Err(fault),
            false => Ok(of(literal(value), None)),
        },
    }
}

/// `2026-01-31` is a date to everybody but a grammar of expressions, to which it is 1994.
fn or_date(node: Node, value: &str) -> Node {
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    match value.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => Node::text(value),
        _ => node,
    }
}

fn is_bare_word(node: &Node) -> bool {
    matches!(node, Node::Column(path) if !path[0].quoted)
}

/// Where the `=` is that ends the column's name.
fn equals(text: &str) -> Option<usize> {
    match text.trim_start().starts_with('"') {
        true => {
            let end = text.rfind("\"=").or_else(|| text.find("\" ="))?;
            text[end..].find('=').map(|at| end + at)
        }
        false => text.find('='),
    }
}

/// A column's name, in quotes or not: here it may have any letter but `=`.
pub(super) fn column(text: &str) -> Inner<Name> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(name) if !name.is_empty() => Ok(Name { text: name.replace("\"\"", "\""), quoted: true }),
        None if !text.is_empty() => Ok(Name { text: text.to_owned(), quoted: false }),
        _ => fail("there is no name of a column"),
    }
}
