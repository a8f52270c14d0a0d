//! Who set the cells of a sample. What a sample says is joined of many files, so it is joined anew
//! at each revision, and compared with what its parents said of it. Where a
//! refresh took the bytes of its table, what is kept beside the files is compared.

use std::collections::{HashMap, HashSet};

use super::follow::{below, is_place};
use super::join::{Beside, Joined, Wanted};
use super::{EXCLUDED, KEY, NAME, hide, main_file};
use crate::dataset::Dataset;
use crate::dataset::rows::{Blame, CellBlame, RowBlame, RowFate, RowScan, Traces, by_content, earlier_key};
use crate::dataset::view::View;
use crate::model::{DataPath, Id, Value};
use crate::table::{Flow, arrow_value};
use crate::{Error, ErrorKind, Result};

/// What a revision says of a sample.
#[derive(Clone)]
struct Said {
    /// Its cells by column; `None` where there is no such sample.
    cells: Option<HashMap<String, Value>>,
    /// Whether the bytes of its table are gone: then these are only the cells that no file has.
    is_beside: bool,
}

/// Which sample one was in an earlier revision.
enum Earlier {
    /// That of this key.
    Row(String),
    /// None.
    None,
    /// Nobody can tell.
    Unknown,
}

/// Says of each cell of the sample `key`, as the revision `at` has it, which revision set it.
///
/// # Errors
/// `NotFound` for a key that no sample of that revision has.
pub(in crate::dataset) fn blame(dataset: &Dataset, at: Id, key: &str) -> Result<Blame> {
    let view = dataset.view(at)?;
    let mut beside: HashSet<String> = Beside::of(&view)?.added.into_iter().map(|added| added.name).collect();
    beside.insert(EXCLUDED.to_owned());
    let joined = Joined::of(&view, &Wanted::nothing())?;
    let main = joined.main_of_one_file().map(|(main, path)| (main.part.clone(), path.clone()));
    let mut walk = Walk { dataset, beside, main, known: HashMap::new() };
    let order = view.table(Some(NAME)).and_then(|table| view.table_info(&table))?;
    let Some(values) = walk.joined(at, key)? else { return Err(Error::not_found("row", key)) };
    let cell = |column: &crate::table::Column| CellBlame {
        value: values.get(&column.name).cloned().unwrap_or(Value::Null),
        column: column.name.clone(),
        set_by: None,
    };
    let mut cells: Vec<CellBlame> = order.schema.columns.iter().map(cell).collect();
    let row = walk.back(at, key, &mut cells)?;
    Ok(Blame { cells, row })
}

struct Walk<'a> {
    dataset: &'a Dataset,
    /// The columns that no file has.
    beside: HashSet<String>,
    /// The main table within its file, if that is one, and the file.
    main: Option<(String, DataPath)>,
    /// What revisions say of the sample by its key; two with one base and one overlay say the same.
    known: HashMap<(Id, Option<Id>, String), Said>,
}

impl Walk<'_> {
    /// Follows each cell to the revision that set it.
    fn back(&mut self, at: Id, key: &str, cells: &mut [CellBlame]) -> Result<Option<RowBlame>> {
        let mut row = None;
        let mut open = vec![(at, key.to_owned(), (0..cells.len()).collect::<Vec<_>>())];
        while let Some((id, key, mut places)) = open.pop() {
            let revision = self.dataset.revision(id)?;
            if places.is_empty() || revision.parents.is_empty() {
                continue;
            }
            let after = self.said(id, &key)?;
            let now = after.cells.unwrap_or_default();
            let mut is_new = true;
            for parent in &revision.parents {
                let earlier = match self.earlier(*parent, id, &key)? {
                    Earlier::Row(earlier) => earlier,
                    Earlier::None => continue,
                    Earlier::Unknown => {
                        // So much is left as the source has it.
                        is_new = false;
                        places.clear();
                        continue;
                    }
                };
                let Said { cells: Some(before), is_beside } = self.said(*parent, &earlier)? else { continue };
                is_new = false;
                if is_beside || after.is_beside {
                    places.retain(|place| self.beside.contains(&cells[*place].column));
                }
                let is_same = |place: &usize| {
                    let column = &cells[*place].column;
                    // Where a row lies is set by nobody.
                    before.get(column) == now.get(column) || (column == KEY && is_place(&key))
                };
                let (there, here) = places.into_iter().partition(is_same);
                places = here;
                open.push((*parent, earlier, there));
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

    /// Which sample of `parent` one of the revision `id` is.
    fn earlier(&self, parent: Id, id: Id, key: &str) -> Result<Earlier> {
        let same = Ok(Earlier::Row(key.to_owned()));
        let Some((part, path)) = self.main.as_ref().filter(|_| is_place(key)) else { return same };
        let [was, is] = [self.dataset.revision(parent)?, self.dataset.revision(id)?];
        if (was.base, was.overlay) == (is.base, is.overlay) {
            return same;
        }
        let (before, after) = (self.dataset.view(parent)?, self.dataset.view(id)?);
        if was.base == is.base {
            if before.node(path)?.is_some() && below(&before, path)? == below(&after, path)? {
                return same;
            }
            // It may have been called otherwise then.
            let file = |view: &View| match view.node(path)? {
                Some(_) => Ok(Some(path.clone())),
                None => main_file(view),
            };
            let (Some(earlier), Some(later)) = (file(&before)?, file(&after)?) else { return same };
            if below(&before, &earlier)? == below(&after, &later)? {
                return same;
            }
            let [before, after] = [hide::with_all(&before)?, hide::with_all(&after)?];
            let (Some(old), Some(new)) = (before.node(&earlier)?, after.node(&later)?) else { return same };
            return match by_content((&before, &old), (&after, &new), part, key) {
                Err(error) if matches!(error.kind(), ErrorKind::SourceChanged { .. }) => same,
                earlier => Ok(earlier?.map_or(Earlier::None, Earlier::Row)),
            };
        }
        let [old, new] = [&before, &after].map(|view| Traces::beside(&view.overlay().samples()?, &*view.store));
        let (old, new) = (old?, new?);
        if old.is_empty() && new.is_empty() {
            return same;
        }
        Ok(earlier_key(&old, &new, part, key).map_or(Earlier::Unknown, Earlier::Row))
    }

    fn said(&mut self, id: Id, key: &str) -> Result<Said> {
        let revision = self.dataset.revision(id)?;
        let known = (revision.base, revision.overlay, key.to_owned());
        if let Some(said) = self.known.get(&known) {
            return Ok(said.clone());
        }
        let said = match self.joined(id, key) {
            Err(error) if matches!(error.kind(), ErrorKind::SourceChanged { .. }) => {
                Said { cells: Some(self.kept(id, key)?), is_beside: true }
            }
            cells => Said { cells: cells?, is_beside: false },
        };
        self.known.insert(known, said.clone());
        Ok(said)
    }

    /// The cells that no file has.
    fn kept(&self, id: Id, key: &str) -> Result<HashMap<String, Value>> {
        let mut beside = Beside::of(&self.dataset.view(id)?)?;
        let mut cells: HashMap<String, Value> = beside.cells.remove(key).into_iter().flatten().collect();
        cells.insert(EXCLUDED.to_owned(), Value::Bool(beside.excluded.contains(key)));
        Ok(cells)
    }

    fn joined(&self, id: Id, key: &str) -> Result<Option<HashMap<String, Value>>> {
        let view = self.dataset.view(id)?;
        let table = match view.table(Some(NAME)) {
            // There is none, or what it is joined of cannot be read.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => {
                return view.unreadable_table()?.map_or(Ok(None), Err);
            }
            table => table?,
        };
        let mut found = None;
        view.scan_rows(&table, &RowScan::default(), &mut |rows| {
            for row in 0..rows.batch.num_rows() {
                if rows.key(row)? != key {
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
