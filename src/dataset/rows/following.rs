//! Cells that follow from those that an edit sets, by what the file's format says: the area of a box.

use super::work::{Checked, Work};
use crate::Result;
use crate::model::{RowChange, Value};
use crate::table::Leading;

impl Work<'_> {
    /// Adds what follows from the edit of a row of the file, which is at `place`.
    pub(super) fn follow_in_file(&self, row: &str, place: u64, checked: &mut Checked) -> Result<()> {
        let before = |column: usize| {
            let name = &self.schema().columns[column].name;
            match self.saying(&self.cell_address(row, name))? {
                Some(RowChange::Set { after, .. }) => Ok(after),
                _ => Ok(self.file.cells(self.at, place, &[column])?.pop().unwrap_or(Value::Null)),
            }
        };
        self.add_following(Some(row), &before, checked)
    }

    /// Adds what follows from the edit of a row that was inserted with these cells.
    pub(super) fn follow_in_inserted(&self, row: &str, cells: &[(String, Value)], checked: &mut Checked) -> Result<()> {
        let before = |column: usize| {
            let name = &self.schema().columns[column].name;
            Ok(cells.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone()))
        };
        self.add_following(Some(row), &before, checked)
    }

    /// Adds what follows from the cells of a new row.
    pub(super) fn follow_in_new(&self, checked: &mut Checked) -> Result<()> {
        self.add_following(None, &|_| Ok(Value::Null), checked)
    }

    /// `row` is the key of a row that is there. What an edit names is as the edit says.
    fn add_following(
        &self,
        row: Option<&str>,
        before: &dyn Fn(usize) -> Result<Value>,
        checked: &mut Checked,
    ) -> Result<()> {
        let Some(stays) = self.besides.stays else { return Ok(()) };
        let edit = Leading { set: &checked.file, is_new: row.is_none(), before };
        let followed = self.file.follow(self.at, &edit)?;
        let is_named = |column: usize| {
            let name = &self.schema().columns[column].name;
            row.is_some_and(|row| self.ahead.named.contains(&(row.to_owned(), name.clone())))
        };
        for (column, value) in followed.cells {
            // A column that is not what the format has in it, is left to itself.
            if !is_named(column)
                && let Ok(value) = self.file.check(self.at, column, &value)
            {
                checked.file.insert(column, value);
            }
        }
        if let Some((column, why)) = followed.stays.filter(|(column, _)| !is_named(*column)) {
            tracing::debug!("`{}` stays: {why}", self.schema().columns[column].name);
            stays(why);
        }
        Ok(())
    }
}
