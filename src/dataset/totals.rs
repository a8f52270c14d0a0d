//! How much a view shows in sum: the base's sum, corrected where the overlay speaks.

use std::collections::BTreeMap;

use super::view::{Node, Place, View};
use crate::Result;
use crate::base::{Base, Row, Totals};
use crate::model::Kind;

/// Differences of totals; they may be negative on the way.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    files: i64,
    folders: i64,
    symlinks: i64,
    bytes: i64,
}

impl Sum {
    fn add(&mut self, other: Sum, sign: i64) {
        self.files += sign * other.files;
        self.folders += sign * other.folders;
        self.symlinks += sign * other.symlinks;
        self.bytes += sign * other.bytes;
    }

    fn of(kind: Kind, size: u64) -> Sum {
        match kind {
            Kind::File => Sum { files: 1, bytes: size as i64, ..Sum::default() },
            Kind::Folder => Sum { folders: 1, ..Sum::default() },
            Kind::Symlink => Sum { symlinks: 1, ..Sum::default() },
        }
    }
}

impl View {
    /// Returns how many entries the view shows and how many bytes its files have.
    ///
    /// Costs by what the overlay says, and by what is below folders that it moved or removed.
    pub fn totals(&self) -> Result<Totals> {
        let base = self.base.totals();
        let mut sum = Sum::default();
        let root = self.root()?;
        if root.base_row() != Some(Base::ROOT) {
            sum.add(self.below(Base::ROOT)?, -1);
        }
        sum.add(self.correction(&root)?, 1);
        let corrected = |of: u64, by: i64| of.saturating_add_signed(by);
        Ok(Totals {
            files: corrected(base.files, sum.files),
            folders: corrected(base.folders, sum.folders),
            symlinks: corrected(base.symlinks, sum.symlinks),
            bytes: corrected(base.bytes, sum.bytes),
        })
    }

    /// What is below a folder, less what the base has below the folder that it shows.
    fn correction(&self, folder: &Node) -> Result<Sum> {
        let mut sum = Sum::default();
        if self.overlay.is_empty() {
            return Ok(sum);
        }
        let names: BTreeMap<_, _> = self.overlay.names_in(&folder.path)?;
        for name in names.keys() {
            let before = match folder.base_row() {
                Some(row) => self.base.child(row, name)?,
                None => None,
            };
            let after = self.child(folder, name)?;
            if let Some(node) = &after
                && node.is_folder()
            {
                sum.add(self.correction(node)?, 1);
            }
            // A folder that shows the same folder of the base is corrected below; all else is counted anew.
            if let (Some(row), Some(Place::Folder { base })) = (before, after.as_ref().map(|node| &node.place))
                && *base == Some(row)
            {
                continue;
            }
            if let Some(row) = before {
                sum.add(self.whole(row)?, -1);
            }
            if let Some(node) = after {
                sum.add(Sum::of(node.entry.kind, node.entry.size), 1);
                if let Place::Folder { base: Some(row) } = node.place {
                    sum.add(self.below(row)?, 1);
                }
            }
        }
        Ok(sum)
    }

    /// An entry of the base with all that is below it.
    fn whole(&self, row: Row) -> Result<Sum> {
        let entry = self.base.entry(row)?;
        let mut sum = Sum::of(entry.kind, entry.size);
        sum.add(self.below(row)?, 1);
        Ok(sum)
    }

    fn below(&self, row: Row) -> Result<Sum> {
        let mut sum = Sum::default();
        let mut next = vec![row];
        while let Some(folder) = next.pop() {
            for child in self.base.children(folder)? {
                let entry = self.base.entry(child)?;
                sum.add(Sum::of(entry.kind, entry.size), 1);
                if entry.kind == Kind::Folder {
                    next.push(child);
                }
            }
        }
        Ok(sum)
    }
}
