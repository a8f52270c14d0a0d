//! Three-way merge of one file, cell by cell: where both sides edited rows over the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::Part;
use super::carried::{self, Carried, carry, with_set};
use super::class_merges::{MergedClasses, Relabelled};
use super::column::retyped;
use super::diff::told;
use super::inserted::{self, Numbers};
use super::merge_bytes::{Bytes, merge_bytes};
use super::patch::{fit_together, patches};
use super::row_work::{Work, is_gone, row_of, rows_of};
use super::splice::Splicing;
use crate::dataset::conflict::Prefer;
use crate::dataset::view::{Node, Place, View};
use crate::model::{Change, Content, DataPath, Entry, FileChange, Id, Kind, RowAddress, RowChange, Value};
use crate::overlay::{RowDifference, Rows};
use crate::{Error, Result};

/// One cell or row for which the two sides have no common result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowConflict {
    /// What both changed.
    pub address: RowAddress,
    /// What it was; `None` where there was no such row.
    pub base: Option<Value>,
    /// What we made of it; `None` where we have no such row.
    pub ours: Option<Value>,
    /// What they made of it.
    pub theirs: Option<Value>,
}

/// How the merge of one file's rows ended.
pub(in crate::dataset) enum RowMerge {
    /// Both sides' edits together; `None` is the base's file, unchanged. With the keys that rows of theirs got, over
    /// the same bytes.
    Merged(Option<FileChange>, RenamedRows),
    /// Nothing was merged, because of these.
    Conflicts(Vec<RowConflict>),
    /// The sides do not differ by rows alone.
    NotByRow,
}

/// The keys of rows that had to give way, by the keys that they had, by table.
pub(in crate::dataset) type RenamedRows = BTreeMap<String, BTreeMap<String, String>>;

/// What the overlays say of a file: before, and on both sides.
pub(in crate::dataset) struct FileSides<'a> {
    /// `None`: it was the base's, unchanged.
    pub(in crate::dataset) before: Option<&'a Change>,
    pub(in crate::dataset) ours: Option<&'a Change>,
    pub(in crate::dataset) theirs: Option<&'a Change>,
    /// The classes that we merged into others, and those that they did.
    pub(in crate::dataset) merged_classes: &'a [MergedClasses; 2],
}

/// Merges the rows of the file at `path`; `view` is of the side that gets the result.
pub(in crate::dataset) fn merge_rows(
    view: &View,
    path: &DataPath,
    sides: &FileSides<'_>,
    prefer: Option<Prefer>,
) -> Result<RowMerge> {
    let file = |side: Option<&Change>| file_of(view, path, side);
    let (Some(before), Some(ours), Some(theirs)) = (file(sides.before)?, file(sides.ours)?, file(sides.theirs)?) else {
        return Ok(RowMerge::NotByRow);
    };
    let contents = [&before.content, &ours.content, &theirs.content];
    let (below, roots) = (contents.map(below), contents.map(root));
    if below[0] != below[1] || below[1] != below[2] {
        return other_bytes(view, path, [&before, &ours, &theirs], prefer);
    }
    let mode_before = before.mode;
    let all_rows = roots.map(|root| view.overlay.rows(root));
    if !name_rows_alike(&all_rows)? {
        return other_bytes(view, path, [&before, &ours, &theirs], prefer);
    }
    let [before, our_rows, their_rows] = all_rows;
    let mut merging = Merging::new(&before, &our_rows, &their_rows, prefer)?;
    merging.relabelled = sides.merged_classes.each_ref().map(|side| side.in_file(path));
    merging.run()?;
    let needs_format = merging.needs_format();
    let Merging { edits, conflicts, renamed, .. } = merging;
    if !conflicts.is_empty() && prefer.is_none() {
        return Ok(RowMerge::Conflicts(conflicts));
    }
    let joined = match needs_format {
        false => join(&our_rows, edits)?,
        true => match splice_again(view, path, &our_rows, edits)? {
            Some(joined) => joined,
            None => return Ok(RowMerge::NotByRow),
        },
    };
    let (rows, grown) = joined;
    let rows = rows.beside_as(&their_rows)?;
    let size = ours.size.saturating_add_signed(grown);
    // Bytes that do not fit together are nobody's work.
    if !fit_together(&patches(&rows)?) {
        return Ok(RowMerge::NotByRow);
    }
    let content = super::with_rows(below[1].clone(), rows.root());
    let mode = if mode_before == ours.mode { theirs.mode } else { ours.mode };
    let file = FileChange { content, size, mtime_ns: ours.mtime_ns.max(theirs.mtime_ns), mode };
    Ok(RowMerge::Merged(as_said(view, path, file)?, renamed))
}

/// What an overlay says of a file: nothing where it is the base's.
fn as_said(view: &View, path: &DataPath, mut file: FileChange) -> Result<Option<FileChange>> {
    if let Content::Source(of) = &file.content
        && let Some(row) = view.base.find(of)?
    {
        // What is as the base has it is of the base's time, too.
        file.mtime_ns = view.base.entry(row)?.mtime_ns;
    }
    let is_plain = file_of(view, path, None)?.is_some_and(|plain| plain == file);
    Ok((!is_plain).then_some(file))
}

/// What a view says of the file at `path`, but for some of its rows and cells: of these it says nothing.
pub(in crate::dataset) fn without_rows(view: &View, path: &DataPath, found: &[RowConflict]) -> Result<Option<Change>> {
    let said = view.overlay.get(path)?;
    let (Some(Change::File(file)), Some(node)) = (&said, view.node(path)?) else { return Ok(said) };
    let (rows, mut edits) = (view.rows_of(&node), Edits::new());
    for RowConflict { address, .. } in found {
        match address {
            RowAddress::Row { table, row } => {
                edits.extend(rows.of_row(table, row)?.into_iter().map(|(address, _)| (address, None)));
            }
            address if rows.get(address)?.is_some() => drop(edits.insert(address.clone(), None)),
            _ => {}
        }
    }
    let Some((rows, grown)) = splice_again(view, path, &rows, edits)? else { return Ok(said) };
    let content = super::with_rows(file.content.clone(), rows.root());
    let file = FileChange { content, size: file.size.saturating_add_signed(grown), ..file.clone() };
    Ok(as_said(view, path, file)?.map(Change::File))
}

/// Whether all that speak of rows name them by the same column, or by none.
fn name_rows_alike(sides: &[Rows]) -> Result<bool> {
    let mut keys = Vec::new();
    for rows in sides {
        if rows.names_rows()? {
            keys.push(rows.key()?);
        }
    }
    Ok(keys.windows(2).all(|two| two[0] == two[1]))
}

/// The file that a side has, as an overlay would say it: where it says nothing, that of the source.
fn file_of(view: &View, path: &DataPath, side: Option<&Change>) -> Result<Option<FileChange>> {
    match side {
        Some(Change::File(file)) => return Ok(Some(file.clone())),
        Some(_) => return Ok(None),
        None => {}
    }
    let Some(Place::Folder { base: Some(folder) }) =
        path.parent().map(|parent| view.node(&parent)).transpose()?.flatten().map(|node| node.place)
    else {
        return Ok(None);
    };
    let Some(row) = view.base.child(folder, path.name())? else { return Ok(None) };
    let entry = view.base.entry(row)?;
    let content = Content::Source(view.base.path(row)?);
    let file = FileChange { content, size: entry.size, mtime_ns: entry.mtime_ns, mode: entry.mode };
    Ok((entry.kind == Kind::File).then_some(file))
}

/// Merges where the sides are not edits of rows over the same bytes; the bytes that changed stay.
fn other_bytes(view: &View, path: &DataPath, files: [&FileChange; 3], prefer: Option<Prefer>) -> Result<RowMerge> {
    let node = |file: &FileChange| {
        let entry = Entry { kind: Kind::File, size: file.size, mtime_ns: file.mtime_ns, mode: file.mode };
        Ok::<_, Error>(Node { path: path.clone(), entry, place: view.place_of(&file.content)? })
    };
    let [before, ours, theirs] = files;
    let theirs_changed = below(&ours.content) == below(&before.content);
    let (before, ours, theirs) = (node(before)?, node(ours)?, node(theirs)?);
    let bytes = match theirs_changed {
        true => Bytes { before: &before, stays: &theirs, comes: &ours, comes_from: Prefer::Ours },
        false => Bytes { before: &before, stays: &ours, comes: &theirs, comes_from: Prefer::Theirs },
    };
    merge_bytes(view, &bytes, prefer)
}

/// Merges row changes that are no bytes of a file; gives back the conflicts where no side is preferred.
pub(in crate::dataset) fn merge_beside(
    before: &Rows,
    ours: &Rows,
    theirs: &Rows,
    prefer: Option<Prefer>,
) -> Result<std::result::Result<Rows, Vec<RowConflict>>> {
    if theirs.root() == before.root() {
        return Ok(Ok(ours.clone()));
    }
    let mut merging = Merging::new(before, ours, theirs, prefer)?;
    merging.run()?;
    let Merging { edits, conflicts, .. } = merging;
    if !conflicts.is_empty() && prefer.is_none() {
        return Ok(Err(conflicts));
    }
    ours.with(edits)?.beside_as(theirs).map(Ok)
}

/// Edits whose bytes stand by themselves; returns the rows, and by how many bytes the file grows.
fn join(ours: &Rows, edits: Edits) -> Result<(Rows, i64)> {
    let growth = |change: Option<&RowChange>| {
        let patch = change.and_then(RowChange::patch);
        patch.map_or(0, |patch| patch.bytes.len().cast_signed() - patch.replaced.cast_signed())
    };
    let mut grown = 0;
    for (address, change) in &edits {
        grown += growth(change.as_ref()) - growth(ours.get(address)?.as_ref());
    }
    Ok((ours.with(edits)?, grown))
}

/// Edits whose bytes depend on ours: the format is asked again for all of them. `None` without a format.
fn splice_again(view: &View, path: &DataPath, ours: &Rows, edits: Edits) -> Result<Option<(Rows, i64)>> {
    let Some(node) = view.node(path)? else { return Ok(None) };
    let Some(found) = view.format_of(&node)? else { return Ok(None) };
    // What rows share is made anew from them.
    let edits = edits.into_iter().filter(|(address, _)| !matches!(address, RowAddress::Shared { .. })).collect();
    let part = Part::open(view, &node, &*found.format)?;
    let splicing = part.with_file(|file, _| Splicing::of(file, 0, ours, edits))?;
    splicing.store(ours.clone(), &*view.store).map(Some)
}

fn below(content: &Content) -> &Content {
    match content {
        Content::Rows { below, .. } => below,
        content => content,
    }
}

fn root(content: &Content) -> Option<Id> {
    match content {
        Content::Rows { rows, .. } => Some(*rows),
        _ => None,
    }
}

type Edits = BTreeMap<RowAddress, Option<RowChange>>;

struct Merging<'a> {
    ours: &'a Rows,
    theirs: &'a Rows,
    /// What we changed since.
    our_work: Work,
    their_work: Work,
    prefer: Option<Prefer>,
    relabelled: [Relabelled; 2],
    /// Whether edits of one side are in rows that the other one moved.
    are_carried: bool,
    edits: Edits,
    conflicts: Vec<RowConflict>,
    /// Where rows of theirs had to give way: table and the row before.
    moved: BTreeSet<(String, String)>,
    /// The keys of rows that they inserted.
    renamed: RenamedRows,
    /// Of keys of new rows on both sides, by table, once one of theirs had to give way.
    numbers: BTreeMap<String, Numbers>,
}

impl<'a> Merging<'a> {
    fn new(before: &Rows, ours: &'a Rows, theirs: &'a Rows, prefer: Option<Prefer>) -> Result<Merging<'a>> {
        // A hidden row that shows for a while is as it was, though its bytes are not known.
        let is_shown = |it: &RowDifference| {
            matches!(it.after, Some(RowChange::Inserted { patch: None, .. }))
                && same_but_for_patch(it.before.as_ref(), it.after.as_ref())
        };
        let by_address = |found: Vec<RowDifference>| {
            found.into_iter().filter(|it| !is_shown(it)).map(|it| (it.address.clone(), it)).collect::<Work>()
        };
        let (our_work, their_work) = (by_address(before.diff(ours)?), by_address(before.diff(theirs)?));
        let mut merging = Merging {
            ours,
            theirs,
            our_work,
            their_work,
            prefer,
            relabelled: [Relabelled::new(), Relabelled::new()],
            are_carried: false,
            edits: Edits::new(),
            conflicts: Vec::new(),
            moved: BTreeSet::new(),
            renamed: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        merging.follow_moved_rows()?;
        Ok(merging)
    }

    /// Has what one side did to a row that the other one moved done where that is now.
    fn follow_moved_rows(&mut self) -> Result<()> {
        let (our_moves, their_moves) = (carried::moves(&self.our_work), carried::moves(&self.their_work));
        for place in carried::deleted(&our_moves, &self.their_work, &their_moves) {
            self.edits.insert(place.clone(), None);
        }
        for place in carried::deleted(&their_moves, &self.our_work, &our_moves) {
            self.their_work.remove(place);
        }
        // One that both moved is in one place.
        for (our_place, their_place) in our_moves.iter().filter_map(|(from, to)| Some((to, their_moves.get(from)?))) {
            match self.prefer {
                _ if our_place == their_place => {}
                Some(Prefer::Theirs) => drop(self.edits.insert(our_place.clone(), None)),
                _ => drop(self.their_work.remove(their_place)),
            }
        }
        for Carried { row, cells } in carry(&our_moves, &mut self.their_work) {
            let inserted = self.ours.get(&row)?.map(|inserted| with_set(&inserted, &cells));
            self.edits.insert(row, inserted);
        }
        for Carried { row, cells } in carry(&their_moves, &mut self.our_work) {
            if let Some(RowDifference { after: Some(inserted), .. }) = self.their_work.get_mut(&row) {
                *inserted = with_set(inserted, &cells);
            }
            self.edits.extend(cells.into_iter().map(|(address, ..)| (address, None)));
        }
        self.are_carried = !self.edits.is_empty();
        Ok(())
    }

    /// Whether bytes of one side depend on edits of the other: where rows were moved or share bytes, where both let rows
    /// come or go, and in a row that both touched.
    fn needs_format(&self) -> bool {
        let shares = |work: &Work| work.keys().any(|address| matches!(address, RowAddress::Shared { .. }));
        let reshapes = |work: &Work| work.keys().any(|address| matches!(address, RowAddress::Row { .. }));
        let rows = |work: &Work| work.keys().filter_map(row_of).collect::<BTreeSet<_>>();
        self.are_carried
            || shares(&self.our_work)
            || shares(&self.their_work)
            || (reshapes(&self.our_work) && reshapes(&self.their_work))
            || !rows(&self.our_work).is_disjoint(&rows(&self.their_work))
    }

    fn run(&mut self) -> Result<()> {
        let settled = self.whole_rows()?;
        for (address, theirs) in self.their_work.clone() {
            if row_of(&address).is_some_and(|row| settled.contains(&row)) {
                continue;
            }
            match self.our_work.get(&address).cloned() {
                None if self.goes_elsewhere(&address, &theirs) => {
                    let (table, row) = row_of(&address).expect("it is of a row");
                    self.insert_elsewhere(&table, &row, theirs.after)?;
                }
                None => {
                    self.edits.insert(address, theirs.after);
                }
                Some(ours) if same_but_for_patch(ours.after.as_ref(), theirs.after.as_ref()) => {}
                // What rows share follows from the rows.
                Some(_) if matches!(address, RowAddress::Shared { .. }) => {}
                Some(ours) => {
                    self.conflicts.push(conflict(&address, Some(&ours), Some(&theirs)));
                    if self.prefer == Some(Prefer::Theirs) {
                        self.edits.insert(address, theirs.after);
                    }
                }
            }
        }
        self.retype()
    }

    /// Of a column that both added with another type, gives the cells of both the type that it gets.
    fn retype(&mut self) -> Result<()> {
        let columns: Vec<RowAddress> = self.conflicts.iter().map(|conflict| conflict.address.clone()).collect();
        for address in columns.into_iter().filter(|address| matches!(address, RowAddress::Column { .. })) {
            let joined = self.ours.with(self.edits.clone())?;
            self.edits.extend(retyped(&joined, &address, joined.get(&address)?.as_ref())?);
        }
        Ok(())
    }

    /// Decides the rows that one side inserted or deleted and the other touched, too; returns these.
    fn whole_rows(&mut self) -> Result<BTreeSet<(String, String)>> {
        let [ours, theirs] = &self.relabelled;
        let (of_ours, of_theirs) = (rows_of(&self.our_work, ours), rows_of(&self.their_work, theirs));
        let mut settled = BTreeSet::new();
        for (row, theirs) in &of_theirs {
            let Some(ours) = of_ours.get(row) else { continue };
            if !theirs.is_whole && !ours.is_whole {
                continue;
            }
            settled.insert(row.clone());
            let (table, key) = row;
            let (our_row, their_row) = (self.ours.of_row(table, key)?, self.theirs.of_row(table, key)?);
            if same_but_for_bytes(&our_row, &their_row) {
                continue;
            }
            let at = |work: &Work, first: &RowAddress| work.get(first).cloned();
            let (our_work, their_work) = (at(&self.our_work, &ours.first), at(&self.their_work, &theirs.first));
            if let (Some(ours), Some(theirs)) = (&our_work, &their_work)
                && is_new_place(&ours.address, ours, theirs)
            {
                self.insert_elsewhere(table, key, theirs.after.clone())?;
                continue;
            }
            if theirs.is_of_many && is_gone(our_work.as_ref()) {
                continue;
            }
            let gives_way = ours.is_of_many && is_gone(their_work.as_ref());
            if !gives_way {
                let address = if theirs.is_whole { &theirs.first } else { &ours.first };
                self.conflicts.push(conflict(address, our_work.as_ref(), their_work.as_ref()));
            }
            if gives_way || self.prefer == Some(Prefer::Theirs) {
                self.edits.extend(our_row.into_iter().map(|(address, _)| (address, None)));
                self.edits.extend(their_row.into_iter().map(|(address, change)| (address, Some(change))));
            }
        }
        Ok(settled)
    }

    /// Whether a row that they inserted follows another one of theirs that had to give way.
    fn goes_elsewhere(&self, address: &RowAddress, theirs: &RowDifference) -> bool {
        let place = |address: &RowAddress| {
            let (table, row) = row_of(address)?;
            row.rsplit_once('+').map(|(anchor, _)| (table, anchor.to_owned()))
        };
        let gives_way = |at: (String, String)| self.now(&at.0, &at.1).is_some() || self.moved.contains(&at);
        let is_new = theirs.before.is_none() && matches!(theirs.after, Some(RowChange::Inserted { .. }));
        is_new && place(address).is_some_and(gives_way)
    }

    /// The key of a row that they inserted, where it had to give way.
    fn now(&self, table: &str, row: &str) -> Option<String> {
        self.renamed.get(table)?.get(row).cloned()
    }

    /// They inserted a row where we inserted another one: theirs comes behind all of ours and theirs, and what follows
    /// it goes with it.
    fn insert_elsewhere(&mut self, table: &str, row: &str, mut change: Option<RowChange>) -> Result<()> {
        if let Some(RowChange::Inserted { after: Some(after), .. }) = &mut change {
            *after = self.now(table, after).unwrap_or_else(|| after.clone());
        }
        let anchor = row.rsplit_once('+').map_or(row, |(anchor, _)| anchor);
        let anchor = &self.now(table, anchor).unwrap_or_else(|| anchor.to_owned());
        self.moved.insert((table.to_owned(), anchor.clone()));
        if !self.numbers.contains_key(table) {
            let mut numbers = Numbers::default();
            numbers.note_all(self.ours, table)?;
            numbers.note_all(self.theirs, table)?;
            self.numbers.insert(table.to_owned(), numbers);
        }
        let number = self.numbers.entry(table.to_owned()).or_default().next(anchor);
        let key = inserted::new_key(anchor, number);
        self.renamed.entry(table.to_owned()).or_default().insert(row.to_owned(), key.clone());
        let free = RowAddress::Row { table: table.to_owned(), row: key };
        self.edits.insert(free, change);
        Ok(())
    }
}

/// Whether both sides say the same of a row, by whatever bytes.
fn same_but_for_bytes(ours: &[(RowAddress, RowChange)], theirs: &[(RowAddress, RowChange)]) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| ours.0 == theirs.0 && ours.1.says_the_same(&theirs.1))
}

fn same_but_for_patch(ours: Option<&RowChange>, theirs: Option<&RowChange>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours.says_the_same(theirs),
        (ours, theirs) => ours == theirs,
    }
}

/// Whether both sides inserted a row of a table without keys after the same row: these are two rows.
///
/// A text that is a row's own key may look like a place; then it is the value of one of its cells.
fn is_new_place(address: &RowAddress, ours: &RowDifference, theirs: &RowDifference) -> bool {
    let Some(row) = address.row().filter(|row| row.contains('+')) else { return false };
    let is_new = |work: &RowDifference| match &work.after {
        Some(RowChange::Inserted { cells, .. }) if work.before.is_none() => {
            !cells.iter().any(|(_, cell)| matches!(cell, Value::Text(text) if text == row))
        }
        _ => false,
    };
    is_new(ours) && is_new(theirs)
}

fn conflict(address: &RowAddress, ours: Option<&RowDifference>, theirs: Option<&RowDifference>) -> RowConflict {
    let side = |work: Option<&RowDifference>| {
        let work = work?.clone();
        told(&DataPath::ROOT, work).map(|told| (told.before, told.after))
    };
    let (ours, theirs) = (side(ours), side(theirs));
    let base = ours.as_ref().or(theirs.as_ref()).and_then(|(base, _)| base.clone());
    let after = |side: Option<(Option<Value>, Option<Value>)>| side.and_then(|(_, after)| after);
    RowConflict { address: address.clone(), base, ours: after(ours), theirs: after(theirs) }
}
