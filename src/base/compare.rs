//! How two bases differ.
//!
//! Both are walked side by side, folder by folder, so the cost is one look at
//! each entry of both. Differences come in the order of their paths, the same
//! as [`DataPath`] and an overlay have, and so can be merged with either.

use std::cmp::Ordering;

use super::{Base, Listed, Listing, PATH_LEN_MAX, Row};
use crate::Result;
use crate::model::{DataPath, Entry, Kind, What};

/// What counts as a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompareOptions {
    /// Whether a folder is modified when only its mtime differs: any change to its entries sets that.
    pub folder_times: bool,
    /// Whether a folder that came or went, with all in it, is one difference instead of one per entry.
    pub whole_folders: bool,
}

/// One path that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path.
    pub path: DataPath,
    /// Added, modified or removed; a base knows nothing of renames.
    pub what: What,
    /// Its row and entry in the earlier base.
    pub before: Option<(Row, Entry)>,
    /// Its row and entry in the later base.
    pub after: Option<(Row, Entry)>,
}

/// Compares `before` with `after`, from the top folders' attributes on.
pub fn compare<'a>(before: &'a Base, after: &'a Base, options: CompareOptions) -> Differences<'a> {
    Differences { before, after, options, begun: false, levels: Vec::new(), path: Vec::new() }
}

/// The differences in order of path; it ends after the first error.
#[derive(Debug)]
pub struct Differences<'a> {
    before: &'a Base,
    after: &'a Base,
    options: CompareOptions,
    begun: bool,
    /// The folders that are being compared, from the top down.
    levels: Vec<Level<'a>>,
    /// The path of the deepest of them, with a slash at its end; empty for the top folder.
    path: Vec<u8>,
}

/// A folder that is being compared.
#[derive(Debug)]
struct Level<'a> {
    before: Side<'a>,
    after: Side<'a>,
    /// Folders in here whose entries are still to be compared.
    ///
    /// The entries of `a` come after `a-b`, since `-` comes before the slash of `a/x`: so a folder
    /// waits until no sibling comes before its slash. The last one is always the first to go.
    waiting: Vec<Pair<'a>>,
    path_len: usize,
}

/// One side's children, the next one looked at already.
#[derive(Debug, Default)]
struct Side<'a> {
    rest: Option<Listing<'a>>,
    next: Option<Listed<'a>>,
}

/// A folder of one name, on either side or both.
#[derive(Clone, Copy, Debug)]
struct Pair<'a> {
    name: &'a [u8],
    before: Option<Row>,
    after: Option<Row>,
}

impl<'a> Side<'a> {
    fn new(base: &'a Base, folder: Option<Row>) -> Result<Side<'a>> {
        let mut side = Side { rest: folder.map(|row| base.list(row, 0)).transpose()?, next: None };
        side.take()?;
        Ok(side)
    }

    fn take(&mut self) -> Result<Option<Listed<'a>>> {
        let next = self.rest.as_mut().and_then(Iterator::next).transpose()?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

impl<'a> Level<'a> {
    /// The waiting folder whose entries come next, if they come before any sibling.
    fn next_folder(&mut self) -> Option<Pair<'a>> {
        let pair = self.waiting.last()?;
        let siblings = [&self.before, &self.after].into_iter().filter_map(|side| side.next);
        let comes_first = |sibling: Listed<'_>| match sibling.name.strip_prefix(pair.name) {
            Some(rest) => rest.first().is_none_or(|&byte| byte < b'/'),
            None => sibling.name < pair.name,
        };
        if siblings.into_iter().any(comes_first) { None } else { self.waiting.pop() }
    }

    /// The next name's entries; both `None` at the end of the folder.
    fn next_entries(&mut self) -> Result<(Option<Listed<'a>>, Option<Listed<'a>>)> {
        let order = match (self.before.next, self.after.next) {
            (Some(before), Some(after)) => before.name.cmp(after.name),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return Ok((None, None)),
        };
        Ok(match order {
            Ordering::Less => (self.before.take()?, None),
            Ordering::Greater => (None, self.after.take()?),
            Ordering::Equal => (self.before.take()?, self.after.take()?),
        })
    }
}

impl<'a> Differences<'a> {
    fn step(&mut self) -> Result<Option<Difference>> {
        if !self.begun {
            self.begun = true;
            if self.before.id() == self.after.id() {
                return Ok(None);
            }
            self.descend(Pair { name: b"", before: Some(Base::ROOT), after: Some(Base::ROOT) })?;
            let root = |base: &'a Base| Ok(Listed { row: Base::ROOT, name: b"", entry: base.entry(Base::ROOT)? });
            if let Some(top) = self.difference(Some(root(self.before)?), Some(root(self.after)?))? {
                return Ok(Some(top));
            }
        }
        while let Some(level) = self.levels.last_mut() {
            self.path.truncate(level.path_len);
            if let Some(pair) = level.next_folder() {
                self.descend(pair)?;
                continue;
            }
            let (before, after) = level.next_entries()?;
            let Some(name) = before.or(after).map(|listed| listed.name) else {
                self.levels.pop();
                continue;
            };
            let folder = |side: Option<Listed<'_>>| side.filter(|it| it.entry.kind == Kind::Folder).map(|it| it.row);
            let pair = Pair { name, before: folder(before), after: folder(after) };
            let whole = pair.before.is_none() || pair.after.is_none();
            if (pair.before.is_some() || pair.after.is_some()) && !(whole && self.options.whole_folders) {
                level.waiting.push(pair);
            }
            if let Some(difference) = self.difference(before, after)? {
                return Ok(Some(difference));
            }
        }
        Ok(None)
    }

    fn descend(&mut self, pair: Pair<'a>) -> Result<()> {
        if !pair.name.is_empty() {
            self.path.extend_from_slice(pair.name);
            self.path.push(b'/');
        }
        if self.path.len() > PATH_LEN_MAX {
            return Err(self.after.broken("a path in it is too long"));
        }
        let (before, after) = (Side::new(self.before, pair.before)?, Side::new(self.after, pair.after)?);
        self.levels.push(Level { before, after, waiting: Vec::new(), path_len: self.path.len() });
        Ok(())
    }

    /// How the two entries of one name differ; `None` when they do not.
    fn difference(&self, before: Option<Listed<'_>>, after: Option<Listed<'_>>) -> Result<Option<Difference>> {
        let what = match (before, after) {
            (Some(before), Some(after)) if self.same(before, after)? => return Ok(None),
            (Some(_), Some(_)) => What::Modified,
            (Some(_), None) => What::Removed,
            (None, _) => What::Added,
        };
        let name = before.or(after).map_or(&b""[..], |listed| listed.name);
        let path = [&self.path[..], name].concat();
        let path = DataPath::parse(&path).map_err(|_| self.after.broken("a path in it is too long"))?;
        let [before, after] = [before, after].map(|side| side.map(|listed| (listed.row, listed.entry)));
        Ok(Some(Difference { path, what, before, after }))
    }

    fn same(&self, before: Listed<'_>, after: Listed<'_>) -> Result<bool> {
        let (mut old, new) = (before.entry, after.entry);
        if old.kind == Kind::Folder && new.kind == Kind::Folder && !self.options.folder_times {
            old.mtime_ns = new.mtime_ns;
        }
        if old != new || old.kind != Kind::Symlink {
            return Ok(old == new);
        }
        Ok(self.before.link_target(before.row)? == self.after.link_target(after.row)?)
    }
}

impl Iterator for Differences<'_> {
    type Item = Result<Difference>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            self.levels.clear();
        }
        step.transpose()
    }
}
