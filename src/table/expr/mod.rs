//! Expressions over the rows of a table: the syntax of an SQL `WHERE` clause.
//!
//! This room knows text, types and Arrow; it knows no format, no file, no view. The server
//! reads the same syntax through DataFusion, and a test runs both over the same rows.
//!
//! # What it reads
//! Columns, literals (`1`, `0.5`, `'text'`, `TRUE`, `NULL`, `DATE '2026-01-31'`,
//! `TIMESTAMP '2026-01-31 12:00:00'`, `INTERVAL '1 day'`), `AND OR NOT` with three values,
//! `= <> != < <= > >=`, `IS [NOT] NULL | TRUE | FALSE`, `IS [NOT] DISTINCT FROM`, `[NOT] IN (…)`,
//! `[NOT] BETWEEN`, `[NOT] LIKE | ILIKE`, `~ ~* !~ !~*`, `+ - * / %`, `||`, `CAST`, `TRY_CAST`, `CASE`,
//! an element of a list (`box[3]`, counted from 1, from -1 at the end), a field of a struct (`s.x`,
//! `s['x']`), `EXTRACT(year FROM t)`, and the functions `lower upper length trim ltrim rtrim substr left
//! right replace reverse strpos concat starts_with ends_with contains regexp_like abs round floor ceil
//! sqrt ln exp coalesce nullif greatest least date_part array_length cardinality`.
//!
//! How a name finds its column is in `names.rs`: `Label` and `label` both find a column `Label`.
//!
//! # What differs from DataFusion 55, and why
//! * A name that is not all in small letters needs no quotes where it is unambiguous: there it would not be found.
//! * A column `a.b` needs no quotes where there is no column `a`: nested JSON is flattened to such names.
//! * AND, OR and CASE ask a part that can fail only where the parts before leave it open, always. DataFusion does
//!   so where few rows are left, so that `n <> 0 AND 10 / n > 1` fails there or not by the data.
//! * A field of a null struct is null: DataFusion shows what lies behind the null.
//! * `coalesce` takes numbers and texts together, as CASE does: there it fails by a rule of its optimizer.
//! * -0.0 equals 0.0 everywhere; there it does not in a list of more than three values, in `CASE x WHEN` and in `nullif`.
//! * A large text is compared with numbers as the number that it is, and null where it is none: so is the column of JSON
//!   Lines that has a number beyond 64 bits, or several kinds of values. There each text is to be a number of that type.
//! * A constant beside a float of 32 bits is one of 32 bits: `score = 0.1` finds what is shown as 0.1. There it has 64.
//! * A fraction cast to a whole number loses what is behind the point, as there; DuckDB rounds it.
//! * Decimals are rounded as floats; LIKE knows `\` alone as its escape character.
//! * Lists are not joined by `||`, and times take no numbers (`d + 1`): an interval says what is meant.
//! * Subqueries, aggregates, window functions and the other functions of DataFusion are refused with their place.

mod bind;
mod bind_call;
mod cells;
mod coerce;
mod compare;
mod depth;
mod evaluate;
mod fault;
mod lists;
mod long_numbers;
mod members;
mod names;
mod narrowed;
mod nesting;
mod numbers;
mod order;
mod parse;
mod parse_call;
mod plan;
mod sql_types;
#[cfg(test)]
mod tests;
mod texts;
mod times;
mod tree;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

pub use order::{Order, Sorter, find_columns};

use self::cells::Rows;
use self::plan::{Kind, Plan};
use self::tree::Node;
use super::TableSchema;
use crate::Result;

/// Whether SQL's grammar would go so deep for this text that reading it alone could use a stack up. A text with letters
/// that no query has goes nowhere.
pub fn is_too_deep(sql: &str) -> bool {
    parse::tokens(sql).is_ok_and(|tokens| nesting::levels(&tokens) > nesting::LEVELS_MAX)
}

/// What an expression is told as in an error.
const WHAT: &str = "expression";

/// An expression, read but not yet bound to a table.
#[derive(Clone, Debug)]
pub struct Expr {
    text: String,
    node: Node,
}

impl Expr {
    /// Reads an expression.
    ///
    /// # Errors
    /// `Invalid` with the reason and the place in the text.
    pub fn parse(text: &str) -> Result<Expr> {
        let node = parse::parse(text).map_err(|fault| fault.of(WHAT, text))?;
        Ok(Expr { text: text.to_owned(), node })
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the columns that it speaks of, as they are written, each once.
    pub fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.node.walk(&mut |node| {
            if let Node::Column(path) = node
                && let Some(first) = path.first()
                && !names.contains(&first.text.as_str())
            {
                names.push(first.text.as_str());
            }
        });
        names
    }

    /// Binds it as a condition on the rows of a table.
    ///
    /// # Errors
    /// `NotFound` for a column that is not there, whose cause tells the nearest names; `Ambiguous` for a name
    /// that is more than one column's; `Invalid` for types that do not go together, and what is no condition.
    pub fn bind(&self, schema: &TableSchema) -> Result<Filter> {
        let plan = bind::bind(&self.node, schema).and_then(|plan| bind::condition("WHERE", plan));
        let plan = plan.map_err(|fault| fault.of(WHAT, &self.text))?;
        Ok(Filter(Computed::new(&self.text, plan, schema)))
    }

    /// Binds it as a value to be computed for each row.
    ///
    /// # Errors
    /// As [`Expr::bind`], but that it may be of any type.
    pub fn bind_value(&self, schema: &TableSchema) -> Result<Computed> {
        let plan = bind::bind(&self.node, schema).map_err(|fault| fault.of(WHAT, &self.text))?;
        Ok(Computed::new(&self.text, plan, schema))
    }
}

/// A value computed for each row of a table.
#[derive(Clone, Debug)]
pub struct Computed {
    text: String,
    plan: Plan,
    places: Vec<usize>,
    /// (place in the schema, name, logical type), for each of `places`.
    wanted: Vec<(usize, String, DataType)>,
}

impl Computed {
    fn new(text: &str, plan: Plan, schema: &TableSchema) -> Computed {
        let places = plan.columns();
        let wanted = places.iter().map(|place| {
            let column = &schema.columns[*place];
            (*place, column.name.clone(), coerce::logical(&column.data_type))
        });
        Computed { text: text.to_owned(), wanted: wanted.collect(), places, plan }
    }

    /// Some parts of this conjunction.
    fn of_parts(&self, parts: Vec<&Plan>) -> Computed {
        let plan = Plan::new(Kind::And(parts.into_iter().cloned().collect()), DataType::Boolean);
        let places = plan.columns();
        let wanted = self.wanted.iter().filter(|(place, ..)| places.contains(place)).cloned().collect();
        Computed { text: self.text.clone(), plan, places, wanted }
    }

    /// The columns that it needs, by place in the schema, in order: all that has to be read of a row.
    pub fn columns(&self) -> &[usize] {
        &self.places
    }

    /// The type of its values; texts may come in any form that holds text.
    pub fn data_type(&self) -> &DataType {
        &self.plan.of
    }

    /// Computes the values for the rows of a batch, which has the whole schema or the needed columns by name.
    ///
    /// # Errors
    /// `Invalid` for a value that the expression cannot take: a division by zero, a text that is no number.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let values = Rows::of_batch(batch, &self.wanted)
            .and_then(|rows| Ok(evaluate::evaluate(&self.plan, &rows)?.all(batch.num_rows())));
        values.map_err(|fault| fault.of(WHAT, &self.text))
    }
}

/// A condition on the rows of a table.
#[derive(Clone, Debug)]
pub struct Filter(Computed);

impl Filter {
    /// The columns that it needs, by place in the schema, in order.
    pub fn columns(&self) -> &[usize] {
        self.0.columns()
    }

    /// The same condition as one or two that have to be true both: the first asks columns whose values are of one
    /// width alone, which cost little to read.
    pub fn in_stages(&self) -> Vec<Filter> {
        let Kind::And(parts) = &self.0.plan.kind else { return vec![self.clone()] };
        let is_cheap = |part: &&Plan| {
            let columns = part.columns();
            let of = |place: &usize| self.0.wanted.iter().find(|(wanted, ..)| wanted == place).map(|(.., of)| of);
            !columns.is_empty()
                && columns.iter().all(|place| of(place).is_some_and(|of| of.primitive_width().is_some()))
        };
        let (cheap, others): (Vec<&Plan>, Vec<&Plan>) = parts.iter().partition(is_cheap);
        if cheap.is_empty() || others.is_empty() {
            return vec![self.clone()];
        }
        [cheap, others].map(|parts| Filter(self.0.of_parts(parts))).into()
    }

    /// True, false or null for each row of a batch; only where it is true is the row meant.
    ///
    /// # Errors
    /// As [`Computed::evaluate`].
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let values = self.0.evaluate(batch)?;
        Ok(arrow::array::AsArray::as_boolean(&*values).clone())
    }
}
