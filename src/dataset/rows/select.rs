//! Rows that a condition holds for.

use arrow::array::{Array, ArrayRef, BooleanArray};

use super::named::Table;
use super::opened::Opened;
use crate::Result;
use crate::dataset::view::View;
use crate::model::Value;
use crate::table::expr::{Computed, Expr};
use crate::table::{Flow, arrow_value};

/// A row that was meant: its key, and the values that were to be computed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The row's key.
    pub key: String,
    /// A value for each expression, in their order.
    pub values: Vec<Value>,
}

impl View {
    /// The rows of a table for which `condition` is true (all without one), in order.
    ///
    /// # Errors
    /// Those of binding and evaluating the expressions, see [`Expr::bind`]; those of the files.
    pub fn select_rows(&self, table: &Table, condition: Option<&Expr>, computed: &[Expr]) -> Result<Vec<Selected>> {
        self.opened(table, |opened| select(opened, condition, computed))
    }
}

fn select(opened: &Opened<'_>, condition: Option<&Expr>, computed: &[Expr]) -> Result<Vec<Selected>> {
    let schema = &opened.outline.schema;
    let filter = condition.map(|condition| condition.bind(schema)).transpose()?;
    let computed = computed.iter().map(|value| value.bind_value(schema)).collect::<Result<Vec<Computed>>>()?;
    let of_filter = filter.iter().flat_map(|filter| filter.columns());
    let mut needed: Vec<usize> = of_filter.chain(computed.iter().flat_map(Computed::columns)).copied().collect();
    needed.sort_unstable();
    needed.dedup();
    let names: Vec<String> = needed.iter().map(|column| schema.columns[*column].name.clone()).collect();
    let mut found = Vec::new();
    opened.scan(Some(&names), filter.as_ref(), &mut |rows| {
        let holds = filter.as_ref().map(|filter| filter.evaluate(&rows.batch)).transpose()?;
        let values = computed.iter().map(|value| value.evaluate(&rows.batch)).collect::<Result<Vec<ArrayRef>>>()?;
        for row in 0..rows.batch.num_rows() {
            if holds.as_ref().is_none_or(|holds| is_true(holds, row)) {
                let values = values.iter().map(|column| arrow_value::value(column, row));
                found.push(Selected { key: rows.key(row)?, values: values.collect::<Result<_>>()? });
            }
        }
        Ok(Flow::More)
    })?;
    Ok(found)
}

fn is_true(holds: &BooleanArray, row: usize) -> bool {
    holds.is_valid(row) && holds.value(row)
}
