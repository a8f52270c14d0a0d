//! Who set the cells of a sample. What a sample says is joined of many files, so it is joined anew
//! at each revision, and compared with what its parents said of it.

use std::collections::HashMap;

use super::NAME;
use crate::dataset::Dataset;
use crate::dataset::rows::{Blame, CellBlame, RowBlame, RowFate, RowScan};
use crate::model::{Id, Value};
use crate::table::{Flow, arrow_value};
use crate::{Error, ErrorKind, Result};

/// The cells of a sample by column; `None` where there is no such sample.
type Cells = Option<HashMap<String, Value>>;

/// Says of each cell of the sample `key`, as the revision `at` has it, which revision set it.
///
/// # Errors
/// `NotFound` for a key that no sample of that revision has.
pub(in crate::dataset) fn blame(dataset: &Dataset, at: Id, key: &str) -> Result<Blame> {
    let mut walk = Walk { dataset, key, known: HashMap::new() };
    let order = dataset.view(at)?.table(Some(NAME)).and_then(|table| dataset.view(at)?.table_info(&table))?;
    let Some(values) = walk.cells(at)? else { return Err(Error::not_found("row", key)) };
    let cell = |column: &crate::table::Column| CellBlame {
        value: values.get(&column.name).cloned().unwrap_or(Value::Null),
        column: column.name.clone(),
        set_by: None,
    };
    let mut cells: Vec<CellBlame> = order.schema.columns.iter().map(cell).collect();
    let row = walk.back(at, &mut cells)?;
    Ok(Blame { cells, row })
}

struct Walk<'a> {
    dataset: &'a Dataset,
    key: &'a str,
    /// What revisions say of the sample; two with one base and one overlay say the same.
    known: HashMap<(Id, Option<Id>), Cells>,
}

impl Walk<'_> {
    /// Follows each cell to the revision that set it.
    fn back(&mut self, at: Id, cells: &mut [CellBlame]) -> Result<Option<RowBlame>> {
        let mut row = None;
        let mut open = vec![(at, (0..cells.len()).collect::<Vec<_>>())];
        while let Some((id, mut places)) = open.pop() {
            let revision = self.dataset.revision(id)?;
            if places.is_empty() || revision.parents.is_empty() {
                continue;
            }
            let after = self.cells(id)?.unwrap_or_default();
            let mut is_new = true;
            for parent in &revision.parents {
                let Some(before) = self.cells(*parent)? else { continue };
                is_new = false;
                let is_same = |place: &usize| before.get(&cells[*place].column) == after.get(&cells[*place].column);
                let (there, here) = places.into_iter().partition(is_same);
                places = here;
                open.push((*parent, there));
            }
            if is_new {
                row = Some(RowBlame { fate: RowFate::Inserted, by: (id, revision.clone()) });
            }
            for place in places {
                cells[place].set_by = Some((id, revision.clone()));
            }
        }
        Ok(row)
    }

    fn cells(&mut self, id: Id) -> Result<Cells> {
        let revision = self.dataset.revision(id)?;
        let said = (revision.base, revision.overlay);
        if let Some(cells) = self.known.get(&said) {
            return Ok(cells.clone());
        }
        let cells = self.joined(id)?;
        self.known.insert(said, cells.clone());
        Ok(cells)
    }

    fn joined(&self, id: Id) -> Result<Cells> {
        let view = self.dataset.view(id)?;
        let table = match view.table(Some(NAME)) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => return Ok(None),
            table => table?,
        };
        let mut found = None;
        view.scan_rows(&table, &RowScan::default(), &mut |rows| {
            for row in 0..rows.batch.num_rows() {
                if rows.key(row)? != self.key {
                    continue;
                }
                let schema = rows.batch.schema();
                let columns = schema.fields().iter().zip(rows.batch.columns()).map(|(field, column)| {
                    // An added column without a value says as much as none.
                    let value = arrow_value::value(column, row)?;
                    Ok((value != Value::Null).then(|| (field.name().clone(), value)))
                });
                found = Some(columns.filter_map(Result::transpose).collect::<Result<HashMap<_, _>>>()?);
                return Ok(Flow::Stop);
            }
            Ok(Flow::More)
        })?;
        Ok(found)
    }
}
