//! Which columns, and in which order the rows: `--columns A,B` and `--order C [DESC]`.
//!
//! With a limit only that many rows are kept while the batches pass, so that the first ten
//! of 10,000,000 rows take the memory of ten and of one batch.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{SortColumn, SortOptions, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::record_batch::RecordBatch;
use sqlparser::ast::Spanned;
use sqlparser::tokenizer::Token;

use super::depth::check_depth;
use super::fault::{Fault, Result as Inner, fail};
use super::parse::{node, parser, told};
use super::{Computed, Expr, names};
use crate::Result;
use crate::table::TableSchema;

const WHAT: &str = "order";

/// By what rows are sorted: `score DESC, label`; each part is an expression.
#[derive(Clone, Debug)]
pub struct Order {
    text: String,
    keys: Vec<(Expr, SortOptions)>,
}

impl Order {
    /// Reads an order. Nulls come last, first with `DESC`, unless `NULLS FIRST` or `NULLS LAST` says otherwise.
    ///
    /// # Errors
    /// `Invalid` with the reason.
    pub fn parse(text: &str) -> Result<Order> {
        let keys = keys(text).map_err(|fault| fault.of(WHAT, text))?;
        Ok(Order { text: text.to_owned(), keys })
    }

    /// What it sorts by, the first part first: an expression, and which way.
    pub fn parts(&self) -> impl Iterator<Item = (&Expr, SortOptions)> {
        self.keys.iter().map(|(expr, options)| (expr, *options))
    }

    /// Binds it to a table; with a limit, no more rows than that come out.
    ///
    /// # Errors
    /// As [`Expr::bind_value`].
    pub fn bind(&self, schema: &TableSchema, limit: Option<usize>) -> Result<Sorter> {
        let keys = self.keys.iter().map(|(key, options)| Ok((key.bind_value(schema)?, *options)));
        Ok(Sorter { text: self.text.clone(), keys: keys.collect::<Result<_>>()?, limit, held: Vec::new(), rows: 0 })
    }
}

fn keys(text: &str) -> Inner<Vec<(Expr, SortOptions)>> {
    let mut parser = parser(text)?;
    let parts = parser.parse_comma_separated(|parser| parser.parse_order_by_expr()).map_err(told)?;
    if parser.peek_token().token != Token::EOF {
        return fail(format!("`{}` does not go on from what is before it", parser.peek_token().token));
    }
    let key = |part: &sqlparser::ast::OrderByExpr| {
        if part.with_fill.is_some() {
            return fail(format!("WITH FILL cannot be used here ({:?})", part.span().start));
        }
        check_depth(&part.expr)?;
        let descending = part.options.asc == Some(false);
        let nulls_first = part.options.nulls_first.unwrap_or(descending);
        let expr = Expr { text: part.expr.to_string(), node: node(&part.expr)? };
        Ok((expr, SortOptions { descending, nulls_first }))
    };
    parts.iter().map(key).collect()
}

/// Sorts the rows that it is given.
#[derive(Debug)]
pub struct Sorter {
    text: String,
    keys: Vec<(Computed, SortOptions)>,
    limit: Option<usize>,
    held: Vec<RecordBatch>,
    rows: usize,
}

impl Sorter {
    /// The columns that the order needs, by place in the schema.
    pub fn columns(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.keys.iter().flat_map(|(key, _)| key.columns()).copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Takes rows, which have the columns that the order needs.
    ///
    /// # Errors
    /// Those of the expressions.
    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        self.held.push(batch);
        match self.limit {
            // Sorting again and again costs least where each time as many rows are dropped as are kept.
            Some(limit) if self.rows > limit.saturating_mul(2).max(64 * 1024) => self.shrink(),
            _ => Ok(()),
        }
    }

    /// Gives the rows in order, as one batch; `None` where there was no batch.
    ///
    /// # Errors
    /// Those of the expressions.
    pub fn finish(mut self) -> Result<Option<RecordBatch>> {
        self.shrink()?;
        Ok(self.held.pop())
    }

    fn shrink(&mut self) -> Result<()> {
        let Some(first) = self.held.first() else {
            return Ok(());
        };
        let told = |error| Fault::from(error).of(WHAT, &self.text);
        let all = concat_batches(first.schema_ref(), &self.held).map_err(told)?;
        let mut columns = Vec::with_capacity(self.keys.len());
        for (key, options) in &self.keys {
            let values: ArrayRef = key.evaluate(&all)?;
            columns.push(SortColumn { values, options: Some(*options) });
        }
        let order: UInt32Array = match columns.is_empty() {
            true => (0..all.num_rows() as u32).collect(),
            false => lexsort_to_indices(&stable(columns, all.num_rows()), self.limit).map_err(told)?,
        };
        let sorted = take_record_batch(&all, &order).map_err(told)?;
        self.rows = sorted.num_rows();
        self.held = vec![sorted];
        Ok(())
    }
}

/// The place as the last key, so that equal rows keep their order.
fn stable(mut columns: Vec<SortColumn>, rows: usize) -> Vec<SortColumn> {
    let places: UInt32Array = (0..rows as u32).collect();
    columns.push(SortColumn { values: std::sync::Arc::new(places), options: None });
    columns
}

/// The places of the columns that a text names: `id,"Two Words",label`.
///
/// # Errors
/// `Invalid` for an empty name; `NotFound` and `Ambiguous` as [`Expr::bind`].
pub fn find_columns(text: &str, schema: &TableSchema) -> Result<Vec<usize>> {
    let find = |name: &str| {
        let name = names::written(name.trim())?;
        names::find("column", &name, schema.columns.iter().map(|column| column.name.as_str()))
    };
    let places: Inner<Vec<usize>> = split(text).into_iter().map(find).collect();
    places.map_err(|fault| fault.of("list of columns", text))
}

/// The parts between commas that are not in quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
