//! The cells of columns that only the later of two states of a table has: of new ones, and of those that have
//! another name since.

use std::collections::BTreeMap;

use super::cells::Comparing;
use super::parsed::{Aligned, CHANGED_MAX, Set};
use super::side::Opened;
use crate::Result;
use crate::model::Value;
use crate::table::Column;

/// A column that only the later state has, and the one that it was before.
struct New {
    column: Column,
    was: Option<(Column, Comparing)>,
}

impl Aligned {
    /// The values of such columns in rows that both states have: all of a new one that are not null, and those that
    /// differ of one with another name. None where there would be too many to list.
    pub(super) fn cells_of_new_columns(&self, old: Opened<'_>, new: Opened<'_>) -> Result<Vec<Set>> {
        let rows = self.in_both();
        if rows.is_empty() || !self.has_new_columns() || self.has_too_many_new_cells() {
            return Ok(Vec::new());
        }
        let (olds, news) = self.places_in_both();
        let columns = self.new_columns(old, new, (&olds[..], &news[..]))?;
        let earlier: Vec<String> = columns.iter().filter_map(|of| Some(of.was.as_ref()?.0.name.clone())).collect();
        let later: Vec<String> = columns.iter().map(|of| of.column.name.clone()).collect();
        let mut known: Vec<(u32, String, Vec<Value>)> = Vec::with_capacity(olds.len());
        old.picked(self.places().0, &earlier, &olds, &mut |place, key, cells| {
            known.push((place, key, cells));
            Ok(())
        })?;
        let (mut sets, mut pairs) = (Vec::new(), rows.iter());
        new.picked(self.places().1, &later, &news, &mut |_, key, cells| {
            let Some((old_place, _)) = pairs.next() else { return Ok(()) };
            let Ok(at) = known.binary_search_by_key(old_place, |(place, ..)| *place) else { return Ok(()) };
            let mut before = std::mem::take(&mut known[at].2).into_iter();
            let mut found = Vec::new();
            for (of, after) in columns.iter().zip(cells) {
                let (before, is_same) = match &of.was {
                    Some((_, comparing)) => {
                        let before = before.next().unwrap_or(Value::Null);
                        let is_same = comparing.is_same(0, &before, &after);
                        (before, is_same)
                    }
                    None => (Value::Null, after == Value::Null),
                };
                if !is_same {
                    found.push((of.column.name.clone(), before, after));
                }
            }
            if !found.is_empty() {
                sets.push(Set { row: std::mem::take(&mut known[at].1), key, cells: found });
            }
            Ok(())
        })?;
        Ok(sets)
    }

    /// The columns that have another name in the later state: that, by the earlier one.
    pub(super) fn renamed(&self, old: Opened<'_>, new: Opened<'_>) -> Result<BTreeMap<String, String>> {
        let has_gone = self.columns.iter().any(|(_, _, after)| after.is_none());
        if !has_gone || !self.has_new_columns() || self.in_both().is_empty() {
            return Ok(BTreeMap::new());
        }
        let (olds, news) = self.places_in_both();
        let columns = self.new_columns(old, new, (&olds[..], &news[..]))?;
        Ok(columns.into_iter().filter_map(|of| Some((of.was?.0.name, of.column.name))).collect())
    }

    /// Whether the cells of columns that only the later state has would be too many to list.
    pub(super) fn has_too_many_new_cells(&self) -> bool {
        let count = self.columns.iter().filter(|(_, before, _)| before.is_none()).count();
        self.in_both().len().saturating_mul(count) > CHANGED_MAX
    }

    fn has_new_columns(&self) -> bool {
        self.columns.iter().any(|(_, before, _)| before.is_none())
    }

    /// Where the rows are that both states have: in the earlier one in order, in the later one in its order.
    fn places_in_both(&self) -> (Vec<u32>, Vec<u32>) {
        let (mut olds, news): (Vec<u32>, Vec<u32>) = self.in_both().into_iter().unzip();
        olds.sort_unstable();
        (olds, news)
    }

    /// The columns that only the later state has. One that stands where the earlier state has another, and agrees with
    /// that in at least half of the rows, is that by another name.
    fn new_columns(&self, old: Opened<'_>, new: Opened<'_>, rows: (&[u32], &[u32])) -> Result<Vec<New>> {
        let (of_old, of_new) = (old.columns(self.places().0)?, new.columns(self.places().1)?);
        let is_alone = |column: &Column| self.columns.iter().any(|(name, ..)| *name == column.name);
        let mut found = Vec::new();
        for (place, (column, _)) in of_new.into_iter().enumerate().filter(|(_, (column, _))| is_alone(column)) {
            let was = of_old.get(place).map(|(column, _)| column).filter(|column| is_alone(column));
            let mut of = New { column, was: None };
            if let Some(was) = was {
                let comparing = Comparing::new(&[(was, &of.column)])?;
                let name = |column: &Column| vec![column.name.clone()];
                let before = old.cells(self.places().0, &name(was), &comparing, rows.0.to_vec())?;
                let after = new.cells(self.places().1, &name(&of.column), &comparing, rows.1.to_vec())?;
                let pairs = self.in_both();
                let alike = pairs.iter().filter(|(old, new)| before.row(*old) == after.row(*new)).count();
                if alike * 2 >= pairs.len() {
                    of.was = Some((was.clone(), comparing));
                }
            }
            found.push(of);
        }
        Ok(found)
    }
}
