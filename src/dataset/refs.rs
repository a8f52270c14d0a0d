//! Branches and tags, and what a person's name for a revision means.

use std::str::FromStr;

use super::{Dataset, Datasets, decode_record, decode_step, saved_views};
use crate::model::{BranchName, DraftStep, Id, RefName, RefOf, RefSpec, RefValue, WriterName};
use crate::run::Runs;
use crate::store::{Batch, RefSwap};
use crate::{Error, ErrorKind, Result};

/// A revision, and what named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The revision.
    pub id: Id,
    /// What kind of name it was.
    pub by: ResolvedBy,
}

/// The kinds of names that a revision has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolvedBy {
    /// A branch: its head, which moves on.
    Branch(BranchName),
    /// A tag.
    Tag(BranchName),
    /// An id, its prefix, or some steps up from anything.
    Revision,
}

impl Datasets {
    /// Checks that `id` is what a ref of this name holds: a revision of its dataset, a record, a step of a draft.
    ///
    /// # Errors
    /// `Invalid` for a name that is none, and for anything else; `NotFound` for an object that is not there.
    pub fn check_ref(&self, name: &RefName, id: Id) -> Result<()> {
        let of = name.of()?;
        let bytes = self.store.get(id)?;
        let (what, checked) = match of {
            RefOf::Dataset(_) => ("a dataset's record", decode_record(id, &bytes).map(drop)),
            RefOf::Head(dataset, _) | RefOf::Tag(dataset, _) => {
                ("a revision of the dataset", self.open(&dataset)?.revision(id).map(drop))
            }
            RefOf::Draft(dataset, ..) => {
                let dataset = self.open(&dataset)?;
                let step = decode_step(id, &bytes).and_then(|step| dataset.revision(step.revision));
                ("a step of a draft of the dataset", step.map(drop))
            }
            RefOf::Run(run) => {
                ("a run's record", Runs::new(self.store.clone()).at(run, RefValue { id, op: 0 }).map(drop))
            }
            RefOf::View(..) => ("a saved view", saved_views::check(id, &bytes)),
        };
        checked.map_err(|cause| {
            Error::invalid("object of a ref", &id.short(), format!("it is not {what}")).caused_by(cause)
        })
    }
}

impl Dataset {
    /// Its branches, in order of name.
    pub fn branches(&self) -> Result<Vec<(BranchName, RefValue)>> {
        self.named(&RefName::heads(&self.name))
    }

    /// Its tags, in order of name.
    pub fn tags(&self) -> Result<Vec<(BranchName, RefValue)>> {
        self.named(&RefName::tags(&self.name))
    }

    fn named(&self, prefix: &str) -> Result<Vec<(BranchName, RefValue)>> {
        let refs = self.store.list_refs(prefix)?;
        // One that is no name is nobody's: it hides none of the others.
        Ok(refs
            .into_iter()
            .filter_map(|(name, value)| Some((name.as_str()[prefix.len()..].parse().ok()?, value)))
            .collect())
    }

    /// The drafts on its branches: where, whose, and the newest step.
    pub fn drafts(&self) -> Result<Vec<(BranchName, WriterName, RefValue)>> {
        let mut drafts = Vec::new();
        for (name, value) in self.store.list_refs(&RefName::drafts(&self.name))? {
            if let Ok((branch, writer)) = name.draft_parts(&self.name) {
                drafts.push((branch, writer, value));
            }
        }
        Ok(drafts)
    }

    /// The head of a branch.
    pub fn head(&self, branch: &BranchName) -> Result<RefValue> {
        self.store
            .read_ref(&RefName::head(&self.name, branch))?
            .ok_or_else(|| Error::not_found("branch", format!("{}@{branch}", self.name)))
    }

    /// Returns the revision that a person means; without a name, the head of `main`.
    ///
    /// A branch goes before a tag, and both before an id's prefix.
    ///
    /// # Errors
    /// `NotFound`; `Ambiguous` with the revisions that a prefix may mean.
    pub fn resolve(&self, spec: Option<&RefSpec>) -> Result<Resolved> {
        let Some(spec) = spec else {
            let main = BranchName::main();
            return Ok(Resolved { id: self.head(&main)?.id, by: ResolvedBy::Branch(main) });
        };
        let mut found = self.resolve_name(&spec.name)?;
        for _ in 0..spec.up {
            let parents = self.revision(found.id)?.parents;
            let parent =
                parents.first().ok_or_else(|| Error::not_found("revision", format!("{}@{spec}", self.name)))?;
            found = Resolved { id: *parent, by: ResolvedBy::Revision };
        }
        Ok(found)
    }

    fn resolve_name(&self, name: &str) -> Result<Resolved> {
        if let Ok(name) = BranchName::from_str(name) {
            if let Some(value) = self.store.read_ref(&RefName::head(&self.name, &name))? {
                return Ok(Resolved { id: value.id, by: ResolvedBy::Branch(name) });
            }
            if let Some(value) = self.store.read_ref(&RefName::tag(&self.name, &name))? {
                return Ok(Resolved { id: value.id, by: ResolvedBy::Tag(name) });
            }
        }
        let missing = || Error::not_found("branch, tag or revision", format!("{}@{name}", self.name));
        let is_hex = name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hex || name.len() < Id::PREFIX_MIN || name.len() > Id::HEX_LEN {
            return Err(missing());
        }
        let mut candidates = self.store.revisions_with_prefix(name)?;
        // Datasets share the store, and an id's prefix is meant among this one's revisions.
        candidates.retain(|id| self.revision(*id).is_ok());
        match candidates.as_slice() {
            [] => Err(missing()),
            [id] => Ok(Resolved { id: *id, by: ResolvedBy::Revision }),
            _ => Err(Error::new(ErrorKind::Ambiguous {
                name: name.to_owned(),
                candidates: candidates.iter().map(|id| id.short()).collect(),
            })),
        }
    }

    /// Makes a branch whose head is the revision `at`.
    pub fn create_branch(&self, name: &BranchName, at: Id) -> Result<()> {
        self.create(RefName::head(&self.name, name), name, at)
    }

    /// Makes a tag on the revision `at`.
    pub fn create_tag(&self, name: &BranchName, at: Id) -> Result<()> {
        self.create(RefName::tag(&self.name, name), name, at)
    }

    fn create(&self, new: RefName, name: &BranchName, at: Id) -> Result<()> {
        self.revision(at)?;
        // One name for two revisions would leave a reader guessing.
        for (what, taken) in [("branch", RefName::head(&self.name, name)), ("tag", RefName::tag(&self.name, name))] {
            if self.store.read_ref(&taken)?.is_some() {
                return Err(Error::already_exists(what, name));
            }
        }
        self.swap(RefSwap { name: new, expected: None, new: Some(at) })
    }

    /// Removes a branch and returns where it was; its revisions stay until `gc`.
    ///
    /// # Errors
    /// `Unsaved`, unless forced, when a draft is on it or no other branch or tag holds its head.
    pub fn delete_branch(&self, name: &BranchName, force: bool) -> Result<Id> {
        let value = self.head(name)?;
        let drafts: Vec<_> = self.drafts()?.into_iter().filter(|(branch, ..)| branch == name).collect();
        if !force {
            if !drafts.is_empty() {
                return Err(unsaved(name, "uncommitted changes"));
            }
            let mut others = self.branches()?;
            others.retain(|(other, _)| other != name);
            others.extend(self.tags()?);
            let mut is_held = false;
            for (_, other) in others {
                is_held = is_held || self.is_ancestor(value.id, other.id)?;
            }
            if !is_held {
                return Err(unsaved(name, "revisions that no other branch or tag has"));
            }
        }
        let mut swaps = vec![RefSwap { name: RefName::head(&self.name, name), expected: Some(value), new: None }];
        swaps.extend(drafts.into_iter().map(|(branch, writer, value)| RefSwap {
            name: RefName::draft(&self.name, &branch, &writer),
            expected: Some(value),
            new: None,
        }));
        self.store.apply(&Batch { swaps, frees_space: true, ..Batch::default() })?;
        Ok(value.id)
    }

    /// Removes a tag and returns where it was.
    pub fn delete_tag(&self, name: &BranchName) -> Result<Id> {
        let tag = RefName::tag(&self.name, name);
        let value = self.store.read_ref(&tag)?.ok_or_else(|| Error::not_found("tag", name))?;
        self.swap(RefSwap { name: tag, expected: Some(value), new: None })?;
        Ok(value.id)
    }

    fn swap(&self, swap: RefSwap) -> Result<()> {
        let frees_space = swap.new.is_none();
        self.store.apply(&Batch { swaps: vec![swap], frees_space, ..Batch::default() }).map(|_| ())
    }

    pub(super) fn step(&self, id: Id) -> Result<DraftStep> {
        decode_step(id, &self.store.get(id)?)
    }
}

fn unsaved(branch: &BranchName, what: &'static str) -> Error {
    Error::new(ErrorKind::Unsaved { name: branch.to_string(), what })
}
