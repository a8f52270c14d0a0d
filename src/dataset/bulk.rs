//! A draft as a whole: for whoever has worked out all that it is to say.
//!
//! A writable mount keeps its own state and turns it into a draft from time to
//! time; it has no single edits to tell.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

use super::Dataset;
use super::draft::Draft;
use super::view::View;
use crate::Result;
use crate::model::{BranchName, Change, DataPath, Id, ObjectKind, WriterName};
use crate::overlay::Overlay;

impl Dataset {
    /// As [`Dataset::draft`], but one that is begun here is based on `revision`, wherever the branch is.
    pub fn draft_from(&self, branch: &BranchName, writer: &WriterName, revision: Id) -> Result<Draft> {
        let mut draft = self.draft(branch, writer)?;
        if !draft.is_saved() && draft.based_on() != revision {
            let overlay = Overlay::new(draft.dataset.nodes.clone(), self.revision(revision)?.overlay);
            let mut view = draft.dataset.view(revision)?;
            view.overlay = overlay;
            draft.begin_at(revision, view);
        }
        Ok(draft)
    }
}

impl Dataset {
    /// Returns a view of the overlay with this root node, over the base of a revision: a draft's, say.
    pub fn view_at(&self, revision: Id, overlay: Option<Id>) -> Result<View> {
        let base = self.revision(revision)?.base;
        self.view_of(base, Overlay::new(self.nodes.clone(), overlay))
    }
}

impl Draft {
    /// Stores the bytes of a file; they are durable once the draft is saved.
    pub fn store_content(&self, content: &mut dyn Read) -> Result<(Id, u64)> {
        self.dataset.store.put_stream(ObjectKind::Blob, content)
    }

    /// Makes the draft say exactly `changes`, and nothing of any other path.
    ///
    /// What the base shows anyway must not be among them.
    pub fn replace_changes(&mut self, changes: BTreeMap<DataPath, Change>) -> Result<()> {
        let mut edits = Vec::new();
        let mut new = changes;
        let before = self.view.overlay.entries()?;
        let mut come = Come::of(&before, &new);
        for (path, old) in before {
            match new.remove(&path) {
                Some(change) if change == old => {}
                // What a mount took for removed before it knew of excluded files, or lost with its folder, comes
                // back with its sample; unless it is in another place.
                None | Some(Change::Removed) if matches!(old, Change::Excluded { .. }) && !come.takes(&path, &old) => {}
                change => edits.push((path, change)),
            }
        }
        edits.extend(new.into_iter().map(|(path, change)| (path, Some(change))));
        self.apply(edits)
    }
}

/// How many excluded files there are, by name and what is said of them, where none was before.
#[derive(Default)]
struct Come(HashMap<Vec<u8>, Vec<Change>>);

impl Come {
    fn of(before: &[(DataPath, Change)], new: &BTreeMap<DataPath, Change>) -> Come {
        let is_excluded = |change: &Change| matches!(change, Change::Excluded { .. });
        let known: HashSet<&DataPath> =
            before.iter().filter(|(_, change)| is_excluded(change)).map(|(path, _)| path).collect();
        let mut come = Come::default();
        for (path, change) in new.iter().filter(|(path, change)| is_excluded(change) && !known.contains(path)) {
            come.0.entry(path.name().to_vec()).or_default().push(change.clone());
        }
        come
    }

    /// Whether one of them is what was at `path`, which then is no other's.
    fn takes(&mut self, path: &DataPath, was: &Change) -> bool {
        let Some(of_name) = self.0.get_mut(path.name()) else { return false };
        let found = of_name.iter().position(|change| change == was);
        found.map(|at| of_name.swap_remove(at)).is_some()
    }
}
