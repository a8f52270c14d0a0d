//! What is said of samples that are rows of a table goes along with these when their file is another one.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::{Changes, hidden_moved};
use super::follow_hidden::{as_in, follow_hidden, give_key};
use super::join::{Beside, Joined, Wanted, cell};
use super::{PART, hide, said};
use crate::Result;
use crate::dataset::draft::Draft;
use crate::dataset::edit::content_of;
use crate::dataset::rows::{NewKeys, Part, RowConflict, Traces, keys_in};
use crate::dataset::view::{Place, View};
use crate::model::{Change, Content, DataPath, Kind, RowAddress, RowChange, Value};
use crate::overlay::{Overlay, Rows};

impl Draft {
    /// Keeps the traces of the rows that are the samples, where these are told by their places in a file of the source.
    pub(super) fn trace_samples(&mut self, joined: &Joined) -> Result<()> {
        let samples = self.view.overlay.samples()?;
        let Some((main, path)) = joined.main_of_one_file() else { return Ok(()) };
        let Some(node) = self.view.node(path)? else { return Ok(()) };
        if samples.root().is_none()
            || samples.traces()?.is_some()
            || !matches!(node.place.below(), Place::Source { .. })
        {
            return Ok(());
        }
        let traces = Part::open(&self.view, &node, &*main.format)?.with_file(|file, _| Traces::of(file))?;
        let samples = samples.with_traces(traces.stored(&*self.dataset.store)?)?;
        self.view.overlay = self.view.overlay.with_samples(&samples)?;
        Ok(())
    }

    /// As [`follow_bytes`], from `before` to what the draft is; of a file that was half written, from what it was
    /// before that, unless something else was said of samples since.
    pub(in crate::dataset) fn follow_rows(&mut self, mut before: View, paths: &[DataPath]) -> Result<()> {
        self.follow_home(&mut before, paths)?;
        for path in paths {
            let Some(new) = self.view.node(path)?.filter(|node| node.entry.kind == Kind::File) else { continue };
            if below(&before, path)? == below(&self.view, path)? {
                continue;
            }
            let Some(whole) = self.before_half(&before, path, (&self.view, &new))? else { continue };
            let mut samples = before.overlay.samples()?;
            if whole.half_is_table {
                // What was said went from half to half, or was taken up again at each.
                let is_all = |halves: &[View]| -> Result<bool> {
                    let mut earlier = with_samples(&whole.view, &whole.samples)?;
                    for half in halves {
                        let mut later = with_samples(half, &earlier.overlay.samples()?)?;
                        follow_bytes(&earlier, &mut later, std::slice::from_ref(path))?;
                        earlier = later;
                    }
                    Ok(earlier.overlay.root() == before.overlay.root())
                };
                let (_, last) = whole.halves.split_at(whole.halves.len() - 1);
                if !is_all(&whole.halves)? && (whole.halves.len() == 1 || !is_all(last)?) {
                    continue;
                }
                samples = whole.samples;
            }
            before.overlay = whole.view.overlay.with_samples(&samples)?;
            self.view.overlay = self.view.overlay.with_samples(&samples)?;
        }
        follow_bytes(&before, &mut self.view, paths)?;
        self.tell_as_committed(&before, paths)
    }

    /// Has hidden rows told of the path of their file where that was moved and has bytes of the source no more: so far
    /// the source told which it is.
    fn follow_home(&mut self, before: &mut View, paths: &[DataPath]) -> Result<()> {
        for path in paths {
            let source = |view: &View| match view.node(path)?.map(|node| node.place.source_row()) {
                Some(Some(row)) => view.base.path(row).map(Some),
                _ => Ok(None),
            };
            let Some(home) = source(before)?.filter(|home| home != path) else { continue };
            if self.view.node(path)?.is_some() && source(&self.view)?.is_none() {
                for view in [&mut *before, &mut self.view] {
                    let said = hidden_moved(&view.overlay.samples()?, &home, path, |_| Ok(true))?;
                    view.overlay = view.overlay.with_samples(&said)?;
                }
            }
        }
        Ok(())
    }

    /// Has hidden rows of files that are as in the draft's revision again be told as there.
    fn tell_as_committed(&mut self, before: &View, paths: &[DataPath]) -> Result<()> {
        let revision = self.dataset.revision(self.based_on())?;
        if revision.base != self.view.base().id() || before.overlay.samples()?.root().is_none() {
            return Ok(());
        }
        let committed = View { overlay: Overlay::new(self.dataset.nodes.clone(), revision.overlay), ..before.clone() };
        for path in paths {
            let now = self.view.overlay.get(path)?;
            // Where a file is gone, what is hidden of it lies elsewhere.
            let is_gone = matches!(now, Some(Change::Removed));
            if !is_gone && now != before.overlay.get(path)? && now == committed.overlay.get(path)? {
                as_in(&mut self.view, &committed, path)?;
            }
        }
        Ok(())
    }
}

fn with_samples(view: &View, said: &Rows) -> Result<View> {
    Ok(View { overlay: view.overlay.with_samples(said)?, ..view.clone() })
}

/// Those of the files that may have rows which are samples, where anything is said of samples.
pub(in crate::dataset) fn may_have_moved<'p>(
    view: &View,
    paths: impl Iterator<Item = &'p DataPath>,
) -> Result<Vec<DataPath>> {
    if view.overlay.samples()?.root().is_none() {
        return Ok(Vec::new());
    }
    let mut may = Vec::new();
    for path in paths {
        if view.promise_at(path)?.is_some() {
            may.push(path.clone());
        }
    }
    Ok(may)
}

/// Gives what `after` says of samples as `before` does, where these are rows told by their places, to the keys that they
/// have now that the files at `paths` may be other ones. What is said of rows that are gone goes with them.
///
/// # Errors
/// Those of the store. That a file is no table any more is none: then what is said stays.
pub(super) fn follow_bytes(before: &View, after: &mut View, paths: &[DataPath]) -> Result<()> {
    let mut others = Vec::new();
    for path in paths {
        if below(before, path)? != below(after, path)? {
            others.push(path);
        }
    }
    if others.is_empty() {
        return Ok(());
    }
    follow_hidden(before, after, &others)?;
    let entries = said(&after.overlay.samples()?)?;
    let places: BTreeSet<String> = entries
        .iter()
        .filter_map(|(address, _)| address.row())
        .filter(|row| is_place(row))
        .map(str::to_owned)
        .collect();
    if places.is_empty() {
        return Ok(());
    }
    let joined = Joined::of(before, &Wanted::nothing())?;
    let Some((main, path)) = joined.main_of_one_file().filter(|(_, path)| others.contains(path)) else {
        return Ok(());
    };
    let all = hide::with_all(after)?;
    let (Some(old), Some(new)) = (joined.view.node(path)?, all.node(path)?) else { return Ok(()) };
    let Some(keys) = keys_in(&main.part, &places, [(&joined.view, &old), (&all, &new)])? else { return Ok(()) };
    let (mut gone, mut come) = (Changes::new(), Changes::new());
    for (address, change) in entries {
        let RowAddress::Cell { row, column, .. } = &address else { continue };
        if places.contains(row) {
            let now = keys.get(row).map(|now| (cell(now, column), Some(change)));
            gone.insert(address, None);
            come.extend(now);
        }
    }
    gone.extend(come);
    // A trace is kept of what is in the source alone.
    let traces = match &new.place.below() {
        Place::Source { .. } => {
            let part = Part::open(after, &new, &*main.format)?;
            part.with_file(|file, _| Traces::of(file))?.stored(&*after.store)?
        }
        _ => None,
    };
    let samples = after.overlay.samples()?.with(gone)?.with_traces(traces)?;
    after.overlay = after.overlay.with_samples(&samples)?;
    Ok(())
}

/// What the bytes of a file are, edits of its rows left aside.
pub(super) fn below(view: &View, path: &DataPath) -> Result<Option<Content>> {
    let node = view.node(path)?.filter(|node| node.entry.kind == Kind::File);
    node.map(|node| content_of(view, node.place.below())).transpose()
}

/// Whether a key says a place, of a row of the file or of one that was inserted.
pub(in crate::dataset) fn is_place(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+')
}

/// Gives what `before` says of samples to the keys that they have in `laid`, which has another base and the new keys
/// of rows by file. Returns the cells of samples that are gone, or may be any.
pub(in crate::dataset) fn follow(
    before: &View,
    laid: &mut View,
    keys: &BTreeMap<DataPath, NewKeys>,
) -> Result<Vec<RowConflict>> {
    let samples = before.overlay.samples()?;
    if samples.root().is_none() {
        return Ok(Vec::new());
    }
    let main = Main::of(before, laid, &samples, keys)?;
    if main.is_none() && keys.is_empty() {
        return Ok(Vec::new());
    }
    let (mut gone, mut come, mut lost) = (Changes::new(), Changes::new(), Vec::new());
    let hidden = Beside::of(before)?.excluded;
    let deleted = main.as_ref().map(|main| main.deleted(before, &samples)).transpose()?.unwrap_or_default();
    for (address, change) in said(&samples)? {
        let RowAddress::Cell { row, column, .. } = &address else { continue };
        if !hidden.contains(row) && deleted.contains(row) {
            // Nobody has it any more, and so nobody loses it.
            gone.insert(address, None);
            continue;
        }
        let now = match &main {
            // A new row that is hidden is in no file.
            Some(main) if hidden.contains(row) => {
                main.keys.now(&main.part, row).or_else(|| main.keys.behind(&main.part, row))
            }
            Some(main) => main.keys.now(&main.part, row),
            None => Some(row.clone()),
        };
        gone.insert(address.clone(), None);
        match now {
            Some(row) => {
                let address = RowAddress::Cell { table: PART.to_owned(), row, column: column.clone() };
                come.insert(address, Some(followed(change, keys, laid)?));
            }
            None => {
                let ours = match change {
                    RowChange::Set { after, .. } => Some(after),
                    _ => Some(Value::Bool(true)),
                };
                lost.push(RowConflict { address, base: None, ours, theirs: None });
            }
        }
    }
    gone.extend(come);
    let mut samples = samples.with(gone)?;
    if let Some(main) = main {
        samples = samples.with_traces(main.traces.stored(&*laid.store)?)?;
    }
    laid.overlay = laid.overlay.with_samples(&samples)?;
    Ok(lost)
}

/// What is said of a sample, with the rows that it hides by the keys and cells that these have now.
fn followed(change: RowChange, keys: &BTreeMap<DataPath, NewKeys>, laid: &View) -> Result<RowChange> {
    let RowChange::Excluded { mut rows } = change else { return Ok(change) };
    for row in &mut rows {
        if let Some(keys) = keys.get(&row.path) {
            // One that is gone, or may be any, is made anew of what is kept of it.
            let now = keys.now(&row.table, &row.row).or_else(|| keys.behind(&row.table, &row.row));
            give_key(row, now.unwrap_or_default());
        }
    }
    laid.keep_cells(rows.iter_mut().filter(|row| keys.contains_key(&row.path)))?;
    Ok(RowChange::Excluded { rows })
}

/// The table whose rows are the samples, and whose file is another one now.
struct Main {
    path: DataPath,
    /// Its name within the file.
    part: String,
    keys: NewKeys,
    /// Of its rows now.
    traces: Traces,
}

impl Main {
    /// The samples of which something is said and whose rows were deleted.
    fn deleted(&self, before: &View, samples: &Rows) -> Result<BTreeSet<String>> {
        let Some(node) = before.node(&self.path)? else { return Ok(BTreeSet::new()) };
        let (rows, mut deleted) = (before.rows_of(&node), BTreeSet::new());
        for (address, _) in said(samples)? {
            let Some(row) = address.row().filter(|row| is_place(row)) else { continue };
            let at = RowAddress::Row { table: self.part.clone(), row: row.to_owned() };
            let is_deleted = match rows.get(&at)? {
                Some(said) => matches!(said, RowChange::Deleted { .. }),
                None => row.contains('+'),
            };
            if is_deleted {
                deleted.insert(row.to_owned());
            }
        }
        Ok(deleted)
    }

    /// `None` where samples are no rows, or these are where they were. Of a table of so many rows that they left no
    /// trace, nobody can tell where they are.
    fn of(before: &View, laid: &View, samples: &Rows, keys: &BTreeMap<DataPath, NewKeys>) -> Result<Option<Main>> {
        let traces = Traces::beside(samples, &*before.store)?;
        let are_places = || -> Result<bool> {
            let said = said(samples)?;
            let mut rows = said.iter().filter_map(|(at, _)| at.row()).peekable();
            Ok(rows.peek().is_some() && rows.all(is_place))
        };
        if traces.is_empty() && !are_places()? {
            return Ok(None);
        }
        let joined = Joined::of(laid, &Wanted::nothing())?;
        let Some((main, path)) = joined.main_of_one_file() else { return Ok(None) };
        let (Some(old), Some(new)) = (before.node(path)?, laid.node(path)?) else { return Ok(None) };
        let (Some(old), Some(now)) = (old.place.source_row(), new.place.source_row()) else { return Ok(None) };
        let (old, now) = (before.base.entry(old)?, laid.base.entry(now)?);
        if (old.size, old.mtime_ns) == (now.size, now.mtime_ns) {
            return Ok(None);
        }
        let read = Part::open(laid, &new, &*main.format)?.with_readable(|file, _| {
            let is_keyed = file.tables().iter().any(|info| info.name == main.part && info.schema.key.is_some());
            if is_keyed && traces.is_empty() {
                return Ok(None);
            }
            let inserted = keys.get(path).map(|keys| keys.inserted(&main.part)).unwrap_or_default();
            let keys = NewKeys::of(&traces, file, &main.part, inserted)?;
            let (path, part) = (path.clone(), main.part.clone());
            Ok(Some(Main { path, part, keys, traces: Traces::of(file)? }))
        })?;
        // Of a file that is no table any more, what is said stays.
        Ok(read.unwrap_or_default())
    }
}
