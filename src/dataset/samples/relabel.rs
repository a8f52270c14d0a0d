//! Another class for an image of a folder of classes: it moves to that class's folder.
//!
//! It stays in its split. Where a file of its name is there already, it gets the
//! first free of `1-2.png`, `1-3.png` …; and its old name again once it comes back.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::join::Joined;
use super::place::stem;
use crate::dataset::draft::Draft;
use crate::dataset::edit::{change_of, plain};
use crate::dataset::now_ns;
use crate::dataset::view::Place;
use crate::model::{Change, DataPath};
use crate::table::images::above;
use crate::{Error, Result};

/// The permission bits of a new class's folder.
const FOLDER_MODE: u32 = 0o755;

impl Draft {
    /// Lets samples be given a class that there is not yet: its folder is made with the first of them.
    pub fn allow_class(&mut self, name: &str) {
        self.new_classes.insert(name.to_owned());
    }

    /// Moves images to the folders of their new classes, all in one.
    pub(super) fn relabel(&mut self, joined: &Joined, classes: BTreeMap<usize, String>) -> Result<()> {
        let mut moving = Moving::default();
        for (sample, class) in classes {
            let of = &joined.samples[sample];
            if joined.beside.excluded.contains(&of.key) {
                return Err(Error::invalid("sample to label", &of.key, "it is excluded"));
            }
            let folder = of.path.as_ref().and_then(DataPath::parent);
            let meaning = folder.as_ref().and_then(|folder| joined.layout.folders.get(folder));
            let (Some(path), Some((old, depth))) = (&of.path, meaning.and_then(|meaning| meaning.class.as_ref()))
            else {
                return Err(Error::invalid("sample", &of.key, "it is in no folder of a class"));
            };
            if *old == class {
                continue;
            }
            if joined.layout.classes.binary_search(&class).is_err() && !self.new_classes.contains(&class) {
                return Err(Error::invalid("class", &class, "it is no class of the class map"));
            }
            let old = above(path, *depth).expect("its class's folder is above it");
            let new = old.parent().unwrap_or(DataPath::ROOT).join(class.as_bytes())?;
            let wanted = path.moved(&old, &new).expect("it is within");
            self.plan(path, wanted, &of.key, &mut moving)?;
        }
        if moving.moved.is_empty() {
            return Ok(());
        }
        self.apply(moving.changes.into_iter().collect())?;
        self.carry_samples(&moving.moved)
    }

    fn plan(&mut self, from: &DataPath, wanted: DataPath, key: &str, moving: &mut Moving) -> Result<()> {
        let node = self.view.existing(from)?;
        self.make_folders(&wanted)?;
        let home = match &node.place {
            Place::Source { row } => Some(self.view.base.path(*row)?),
            _ => None,
        };
        let to = self.free(wanted, home, moving)?;
        let change = plain(&self.view, self.base_under(&to)?, change_of(&self.view, &node)?)?;
        let gone = self.base_under(from)?.map(|_| Change::Removed);
        moving.changes.entry(from.clone()).or_insert(gone);
        moving.changes.insert(to.clone(), change);
        let is_new = !matches!(node.place, Place::Source { .. });
        moving.moved.push((key.to_owned(), if is_new { to.to_string() } else { key.to_owned() }));
        moving.names.insert(to);
        Ok(())
    }

    /// A path where nothing is: the one that its bytes have in the base, if that is in the wanted folder.
    fn free(&self, wanted: DataPath, home: Option<DataPath>, moving: &mut Moving) -> Result<DataPath> {
        // What is excluded keeps its place: it comes back there.
        let is_free = |path: &DataPath| {
            let is_named = moving.names.contains(path) || self.is_excluded(path)?;
            Ok::<_, Error>(!is_named && self.view.node(path)?.is_none())
        };
        if let Some(home) = home.filter(|home| home.parent() == wanted.parent())
            && is_free(&home)?
        {
            return Ok(home);
        }
        if is_free(&wanted)? {
            return Ok(wanted);
        }
        let (name, folder) = (wanted.name(), wanted.parent().unwrap_or(DataPath::ROOT));
        let (stem, ending) = (stem(name), &name[stem(name).len()..]);
        let first = moving.numbers.get(&wanted).map_or(2, |last| last + 1);
        for number in first.. {
            let path = folder.join(&[stem, format!("-{number}").as_bytes(), ending].concat())?;
            if is_free(&path)? {
                moving.numbers.insert(wanted, number);
                return Ok(path);
            }
        }
        unreachable!("there is always another number")
    }

    /// Makes the folders above a path that are not there.
    fn make_folders(&mut self, path: &DataPath) -> Result<()> {
        let Some(parent) = path.parent() else { return Ok(()) };
        if self.view.node(&parent)?.is_some() {
            return Ok(());
        }
        self.make_folders(&parent)?;
        self.set(&parent, Change::Folder { from: None, mtime_ns: now_ns(), mode: FOLDER_MODE })
    }
}

/// What many moves say of paths.
#[derive(Default)]
struct Moving {
    changes: BTreeMap<DataPath, Option<Change>>,
    /// The paths that are taken by now.
    names: HashSet<DataPath>,
    /// The last number that was put behind a name.
    numbers: HashMap<DataPath, u32>,
    /// Old and new keys.
    moved: Vec<(String, String)>,
}
