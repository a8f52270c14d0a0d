//! The tables of views: which there are, what each is made of, and which share that.
//!
//! To find the tables of a view is a walk over all of its files, and to open one may
//! be a look at each of them. Both are kept by what the view is (its base and its
//! overlay), and a view that differs from one already known by edits of rows alone
//! takes all from that one: an edit of five cells costs what five cells cost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use veneer::dataset::View;
use veneer::dataset::rows::{Table, TableOutline};
use veneer::model::{Change, Content, DataPath, DatasetName, Id, RowChange};
use veneer::overlay::Overlay;
use veneer::table::TableSchema;
use veneer::table::detect::{self, Promise};
use veneer::{Error, Result};

use super::changes::Changes;

/// The most views whose tables are known at a time.
const VIEWS_MAX: usize = 64;
/// The most tables of the same files, with different edits, that one looks at for what they have in common.
const ALIKE_MAX: usize = 8;
/// Two views that differ in more paths have nothing to take from each other.
const DIFFERENCES_MAX: usize = 10_000;

/// All tables that were asked for lately.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// Those asked for last come first.
    views: Mutex<Vec<Arc<ViewTables>>>,
    /// By what is below the edits; the newest first.
    alike: Mutex<HashMap<Id, Vec<Weak<OpenTable>>>>,
    /// Held while the files of a dataset are looked at: what many ask at once is looked for once.
    looking: Mutex<HashMap<DatasetName, Arc<Mutex<()>>>>,
}

/// The tables of one view.
#[derive(Debug)]
pub(crate) struct ViewTables {
    dataset: DatasetName,
    view: View,
    tables: Vec<Table>,
    open: Mutex<HashMap<String, Arc<OpenTable>>>,
    /// A view of the same base, and the paths in which this one differs from it: all by edits of rows.
    near: Option<(Weak<ViewTables>, Vec<DataPath>)>,
}

/// A table of one view, with its columns and number of rows.
#[derive(Debug)]
pub(crate) struct OpenTable {
    pub(super) view: View,
    pub(super) table: Table,
    pub(super) info: TableOutline,
    /// What its rows are made of: equal for the same rows of any view.
    pub(super) id: Id,
    /// The same without the edits.
    below: Id,
    /// The roots of the edits of each file.
    pub(super) edits: Vec<Option<Id>>,
    /// How it differs from others with the same below, by their ids; `None` where that is not simple.
    differences: Mutex<HashMap<Id, Option<Arc<Changes>>>>,
}

impl Tables {
    /// The table that people mean by `name` in this view.
    ///
    /// # Errors
    /// As [`View::table`] and [`View::table_info`].
    pub(crate) fn open(&self, dataset: &DatasetName, view: &View, name: &str) -> Result<Arc<OpenTable>> {
        let known = self.of_view(dataset, view)?;
        let table = known.find(name)?;
        if let Some(open) = locked(&known.open).get(&table.name) {
            return Ok(open.clone());
        }
        let looking = self.looking(dataset);
        let _looking = locked(&looking);
        if let Some(open) = locked(&known.open).get(&table.name) {
            return Ok(open.clone());
        }
        let open = Arc::new(known.opened(&table)?);
        let mut alike = locked(&self.alike);
        alike.retain(|_, tables| tables.iter().any(|table| table.strong_count() > 0));
        let tables = alike.entry(open.below).or_default();
        tables.retain(|table| table.strong_count() > 0);
        tables.insert(0, Arc::downgrade(&open));
        tables.truncate(ALIKE_MAX);
        Ok(locked(&known.open).entry(table.name.clone()).or_insert(open).clone())
    }

    /// All tables of this view.
    ///
    /// # Errors
    /// Those of reading folders and the beginnings of files.
    pub(crate) fn all(&self, dataset: &DatasetName, view: &View) -> Result<Vec<Table>> {
        Ok(self.of_view(dataset, view)?.tables.clone())
    }

    /// Others whose rows come from the same files, with other edits.
    pub(crate) fn alike(&self, table: &OpenTable) -> Vec<Arc<OpenTable>> {
        let alike = locked(&self.alike);
        let others = alike.get(&table.below).into_iter().flatten().filter_map(Weak::upgrade);
        others.filter(|other| other.id != table.id).collect()
    }

    fn looking(&self, dataset: &DatasetName) -> Arc<Mutex<()>> {
        locked(&self.looking).entry(dataset.clone()).or_default().clone()
    }

    fn known(&self, dataset: &DatasetName, view: &View) -> Option<Arc<ViewTables>> {
        let mut views = locked(&self.views);
        let at = views.iter().position(|known| {
            known.dataset == *dataset
                && known.view.base().id() == view.base().id()
                && known.view.overlay().root() == view.overlay().root()
                && known.view.reads_as(view)
        })?;
        let found = views.remove(at);
        views.insert(0, found.clone());
        Some(found)
    }

    fn of_view(&self, dataset: &DatasetName, view: &View) -> Result<Arc<ViewTables>> {
        if let Some(known) = self.known(dataset, view) {
            return Ok(known);
        }
        let looking = self.looking(dataset);
        let _looking = locked(&looking);
        if let Some(known) = self.known(dataset, view) {
            return Ok(known);
        }
        let known = locked(&self.views).clone();
        let is_near = |other: &&Arc<ViewTables>| {
            other.dataset == *dataset && other.view.base().id() == view.base().id() && other.view.reads_as(view)
        };
        let near = known.iter().filter(is_near);
        let mut made = None;
        for other in near.take(ALIKE_MAX) {
            if let Some(paths) = edited_rows(other.view.overlay(), view.overlay())? {
                made = Some((other.tables.clone(), Some((Arc::downgrade(other), paths))));
                break;
            }
        }
        let (tables, near) = match made {
            Some(made) => made,
            None => (view.tables()?, None),
        };
        let (dataset, view, open) = (dataset.clone(), view.clone(), Mutex::default());
        let made = Arc::new(ViewTables { dataset, view, tables, open, near });
        let mut views = locked(&self.views);
        views.insert(0, made.clone());
        views.truncate(VIEWS_MAX);
        Ok(made)
    }
}

impl ViewTables {
    fn find(&self, name: &str) -> Result<Table> {
        match self.tables.iter().find(|table| table.name == name) {
            Some(table) => Ok(table.clone()),
            None => self.view.table(Some(name)),
        }
    }

    fn opened(&self, table: &Table) -> Result<OpenTable> {
        let near = self.near.as_ref().and_then(|(near, paths)| Some((near.upgrade()?, paths)));
        // What samples are is not told by edits of the table's files: it has none.
        let near = near.filter(|_| !table.is_samples());
        let near = near.and_then(|(near, paths)| Some((locked(&near.open).get(&table.name)?.clone(), paths)));
        let Some((near, paths)) = near else { return OpenTable::new(&self.dataset, &self.view, table) };
        let mut edits = near.edits.clone();
        for path in paths {
            if let Ok(at) = table.paths.binary_search(path) {
                let (node, earlier) = (self.view.existing(path)?, near.view.existing(path)?);
                let rows = self.view.rows_of(&node);
                // Rows that are named otherwise are others.
                let key = near.view.key_column(&earlier, &near.view.rows_of(&earlier))?;
                if self.view.key_column(&node, &rows)? != key {
                    return OpenTable::new(&self.dataset, &self.view, table);
                }
                edits[at] = rows.root();
            }
        }
        OpenTable::over(&near, &self.view, edits)
    }
}

impl OpenTable {
    fn new(dataset: &DatasetName, view: &View, table: &Table) -> Result<OpenTable> {
        let mut below = format!("{dataset} {:?} {} {}", table.format, table.part, view.base().id()).into_bytes();
        let mut edits = Vec::with_capacity(table.paths.len());
        for path in table.paths.iter() {
            let node = view.existing(path)?;
            let rows = view.rows_of(&node);
            let key = view.key_column(&node, &rows)?;
            let place = match &node.place {
                veneer::dataset::Place::Rows { below, .. } => below,
                place => place,
            };
            below.extend_from_slice(format!("\0{path}\0{place:?}\0{key:?}").as_bytes());
            edits.push(rows.root());
        }
        if table.is_samples() {
            // It is joined of files and of other tables: the whole view stands for it.
            below.extend_from_slice(format!("\0{}\0{:?}", table.name, view.overlay().root()).as_bytes());
        }
        let info = view.table_info(table)?;
        Ok(OpenTable::made(view, table, info, Id::of(&below), edits))
    }

    /// The same table with other edits.
    fn over(near: &Arc<OpenTable>, view: &View, edits: Vec<Option<Id>>) -> Result<OpenTable> {
        let mut made = OpenTable::made(view, &near.table, near.info.clone(), near.below, edits);
        match made.changes_from(near)? {
            Some(changes) if changes.keeps_columns => made.info.rows -= changes.dropped.len() as u64,
            _ => made.info = view.table_info(&near.table)?,
        }
        Ok(made)
    }

    fn made(view: &View, table: &Table, info: TableOutline, below: Id, edits: Vec<Option<Id>>) -> OpenTable {
        let mut id = below.as_bytes().to_vec();
        for (place, root) in edits.iter().enumerate() {
            if let Some(root) = root {
                id.extend_from_slice(&(place as u64).to_le_bytes());
                id.extend_from_slice(root.as_bytes());
            }
        }
        let (view, table, differences) = (view.clone(), table.clone(), Mutex::default());
        OpenTable { view, table, info, id: Id::of(&id), below, edits, differences }
    }

    /// Whether each row's key is its place: where no row has come or gone, and none has a key of its own.
    pub(super) fn has_places_for_keys(&self) -> Result<bool> {
        if self.table.is_many || self.table.is_samples() || self.info.schema.key.is_some() {
            return Ok(false);
        }
        for root in &self.edits {
            for (address, change) in self.view.overlay().rows(*root).entries()? {
                let comes_or_goes = matches!(change, RowChange::Deleted { .. } | RowChange::Inserted { .. });
                if comes_or_goes && address.table() == self.table.part {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// How its rows come from those of another table over the same files; `None` where that is not simple.
    pub(super) fn changes_from(&self, other: &OpenTable) -> Result<Option<Arc<Changes>>> {
        if let Some(known) = locked(&self.differences).get(&other.id) {
            return Ok(known.clone());
        }
        let found = Changes::between(other, self)?.map(Arc::new);
        locked(&self.differences).insert(other.id, found.clone());
        Ok(found)
    }

    /// Its columns.
    pub(crate) fn schema(&self) -> &TableSchema {
        &self.info.schema
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> Result<usize> {
        // Places of rows are numbers of 32 bits throughout, as in the browser.
        u32::try_from(self.info.rows).map(|rows| rows as usize).map_err(|_| {
            Error::invalid("table", &self.table.name, format!("it has {} rows, more than 2^32", self.info.rows))
        })
    }
}

/// The paths in which the later overlay differs, if it does so by edits of rows alone.
fn edited_rows(earlier: &Overlay, later: &Overlay) -> Result<Option<Vec<DataPath>>> {
    let differences = earlier.diff(later)?;
    if differences.len() > DIFFERENCES_MAX {
        return Ok(None);
    }
    let mut paths = Vec::with_capacity(differences.len());
    for difference in differences {
        let below = |change: &Option<Change>| below_rows(&difference.path, change.as_ref());
        // What a file of YAML or of names says is what other tables are called and read by.
        let is_read_by_others = matches!(detect::promise(difference.path.name()), Some(Promise::Yaml | Promise::Names));
        match (below(&difference.before), below(&difference.after)) {
            (Some(before), Some(after)) if before == after && !is_read_by_others => paths.push(difference.path),
            _ => return Ok(None),
        }
    }
    Ok(Some(paths))
}

/// What is below the row edits of a file; where the overlay says nothing of it, the source's own file.
fn below_rows(path: &DataPath, change: Option<&Change>) -> Option<Content> {
    match change {
        None => Some(Content::Source(path.clone())),
        Some(Change::File(file)) => Some(match &file.content {
            Content::Rows { below, .. } => (**below).clone(),
            content => content.clone(),
        }),
        Some(_) => None,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
