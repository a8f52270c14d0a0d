//! What edits mean for the rows of one column of a row group: which stay, which go, which come.

use std::collections::BTreeSet;

use parquet::schema::types::Type;

use super::ParquetFile;
use super::chunk::Step;
use super::shred::{Leaf, shred};
use super::splice::GroupEdits;
use crate::model::Value;
use crate::table::columnar::accept::accept;
use crate::{Error, Result};

impl ParquetFile<'_> {
    /// What happens to the rows of one column, and the rows that are new in it.
    pub(super) fn steps(
        &self,
        edits: &GroupEdits<'_>,
        column: usize,
        old_rows: u64,
        of: &Type,
    ) -> Result<(Vec<Step>, Vec<Vec<Leaf>>)> {
        let field = self.field(column)?;
        let mut work = Steps { column: of, field, steps: Vec::new(), rows: Vec::new() };
        let mut inserts = edits.inserts.iter().peekable();
        while let Some((_, cells)) = inserts.next_if(|(after, _)| after.is_none()) {
            work.put(cells.get(column))?;
        }
        let touched: BTreeSet<u64> = edits.sets.keys().chain(&edits.deletes).copied().collect();
        let after = edits.inserts.iter().filter_map(|(after, _)| *after);
        let mut at = 0;
        for row in touched.into_iter().chain(after).collect::<BTreeSet<_>>() {
            let set = edits.sets.get(&row).and_then(|cells| cells.iter().find(|(of, _)| *of == column));
            work.keep(row - at);
            match set {
                _ if edits.deletes.contains(&row) => work.steps.push(Step::Drop(1)),
                Some((_, value)) => {
                    work.steps.push(Step::Drop(1));
                    work.put(Some(value))?;
                }
                None => work.keep(1),
            }
            while let Some((_, cells)) = inserts.next_if(|(after, _)| *after == Some(row)) {
                work.put(cells.get(column))?;
            }
            at = row + 1;
        }
        work.keep(old_rows - at);
        Ok((work.steps, work.rows))
    }
}

/// The steps of a column, being worked out.
struct Steps<'a> {
    column: &'a Type,
    field: &'a arrow::datatypes::Field,
    steps: Vec<Step>,
    rows: Vec<Vec<Leaf>>,
}

impl Steps<'_> {
    fn keep(&mut self, count: u64) {
        match self.steps.last_mut() {
            _ if count == 0 => {}
            Some(Step::Keep(before)) => *before += count,
            _ => self.steps.push(Step::Keep(count)),
        }
    }

    fn put(&mut self, value: Option<&Value>) -> Result<()> {
        let value = value.unwrap_or(&Value::Null);
        let leaves = accept(self.field, value).and_then(|value| shred(self.column, self.field, &value));
        let leaves = leaves.map_err(|why| Error::invalid("value", &value.to_string(), why))?;
        self.steps.push(Step::Put(self.rows.len()));
        self.rows.push(leaves);
        Ok(())
    }
}
