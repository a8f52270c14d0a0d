//! The rows of a table that can be read and are odd: how many, why, and one of each as an example.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Part;
use super::named::Table;
use super::opened::place_of;
use super::part::changed;
use super::placed::Edits;
use super::scan::Scanning;
use crate::Result;
use crate::dataset::view::{Node, View};
use crate::model::DataPath;
use crate::source::OnDrift;
use crate::table::Flow;
use crate::table::in_order::in_order;

/// Rows that are odd for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddRows {
    /// Why, lower case, no full stop.
    pub why: String,
    /// How many.
    pub rows: u64,
    /// The key of the first of them.
    pub first: String,
}

impl View {
    /// Tells the rows of a table that its format finds odd, edits included: a class that is in no class map, a box
    /// that reaches beyond its image. All rows are read for that.
    ///
    /// # Errors
    /// Those of the files; what cannot be read at all is told by [`View::table_info`].
    pub fn odd_rows(&self, table: &Table) -> Result<Vec<OddRows>> {
        if !table.format.odd_parts().contains(&table.part.as_str()) {
            return Ok(Vec::new());
        }
        let groups = self.groups(&table.paths)?;
        let of_group = |group: usize| {
            let mut found = BTreeMap::new();
            for path in &table.paths[groups[group].clone()] {
                self.add_odd_rows(table, path, &mut found)?;
            }
            Ok(found)
        };
        let mut all: BTreeMap<String, OddRows> = BTreeMap::new();
        in_order(groups.len(), of_group, |_, found: Result<BTreeMap<String, OddRows>>| {
            for (why, odd) in found? {
                all.entry(why).and_modify(|known| known.rows += odd.rows).or_insert(odd);
            }
            Ok(Flow::More)
        })?;
        Ok(all.into_values().collect())
    }

    fn add_odd_rows(&self, table: &Table, path: &DataPath, found: &mut BTreeMap<String, OddRows>) -> Result<()> {
        let node = self.existing(path)?;
        let is_edited = self.rows_of(&node).root().is_some();
        let shown = match self.open(&node, OnDrift::Error) {
            // What the table is tells of it.
            Err(error) if changed(&error).is_some() => return Ok(()),
            shown => shown?,
        };
        let shown = Part::of(shown, self.overlay.rows(None), &*table.format);
        let unedited = if is_edited { shown } else { Part::open(self, &node, &*table.format)? };
        let read = unedited.with_readable(|file, _| {
            let at = place_of(file, &table.part)?;
            let mut shown = None;
            for flag in table.format.flags(file)?.into_iter().filter(|flag| flag.table == at) {
                if let Some(odd) = found.get_mut(&flag.why) {
                    odd.rows += 1;
                    continue;
                }
                let key = if is_edited {
                    // The file as it is shown has other places than the one below its edits.
                    let keys = match &shown {
                        Some(keys) => keys,
                        None => shown.insert(self.keys_of(table, &node)?),
                    };
                    keys.get(flag.row as usize).cloned().unwrap_or_default()
                } else {
                    file.key(at, flag.row)?
                };
                let odd = OddRows { why: flag.why.clone(), rows: 1, first: table.key(path, &key) };
                found.insert(flag.why, odd);
            }
            Ok(())
        })?;
        // What is no file of this format has no rows.
        read.or(Ok(()))
    }

    /// The keys of a file's rows, in the order in which they show.
    fn keys_of(&self, table: &Table, node: &Node) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        Part::open(self, node, &*table.format)?.with_file(|file, rows| {
            let at = place_of(file, &table.part)?;
            Scanning::new(file, at, Edits::of(file, at, rows)?, Some(&[]))?.run(&mut |rows| {
                for row in 0..rows.batch.num_rows() {
                    keys.push(rows.key(row)?);
                }
                Ok(Flow::More)
            })
        })?;
        Ok(keys)
    }
}
