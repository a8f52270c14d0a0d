//! `veneer branch` and `tag`: names for revisions.

use clap::Args;
use serde::Serialize;
use veneer::ErrorKind;
use veneer::dataset::Dataset;
use veneer::model::{BranchName, Id, RefSpec, RefValue};

use super::context::Context;
use super::output::{self, Align, Table};
use super::report::{Answer, Failure, Result, say};

/// List, make or delete branches.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A branch is a name that moves with each commit. One that has drafts, or revisions
that no other branch or tag has, is only deleted with --force.

Examples:
  veneer branch traffic                   list
  veneer branch traffic fix/boxes         begin one at main
  veneer branch traffic old-labels v1     begin one at the tag v1
  veneer branch traffic -d fix/boxes      delete one that is merged")]
pub(super) struct BranchArgs {
    #[command(flatten)]
    refs: RefArgs,
    /// Delete a branch though something on it would be lost
    #[arg(long, requires = "delete")]
    force: bool,
}

/// List, make or delete tags.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A tag is a name that stays where it is.

Examples:
  veneer tag traffic                      list
  veneer tag traffic v1                   name the head of main
  veneer tag traffic v0 main~5
  veneer tag traffic -d v0")]
pub(super) struct TagArgs {
    #[command(flatten)]
    refs: RefArgs,
}

#[derive(Args, Debug)]
struct RefArgs {
    /// The dataset
    name: String,
    /// The new name
    #[arg(conflicts_with = "delete")]
    new: Option<String>,
    /// What it is to name; the head of main if not said
    #[arg(value_name = "REF")]
    at: Option<String>,
    /// The name to delete
    #[arg(short, long, value_name = "OLD")]
    delete: Option<String>,
}

#[derive(Clone, Copy)]
enum Kind {
    Branch,
    Tag,
}

#[derive(Serialize)]
struct RefLine {
    name: String,
    revision: String,
}

impl RefLine {
    fn new(name: &BranchName, id: Id) -> RefLine {
        RefLine { name: name.to_string(), revision: id.to_hex() }
    }
}

impl BranchArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        self.refs.run(context, Kind::Branch, self.force)
    }
}

impl TagArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        self.refs.run(context, Kind::Tag, false)
    }
}

impl RefArgs {
    fn run(self, context: &Context, kind: Kind, force: bool) -> Result {
        let name = context.dataset_name(&self.name)?;
        match (&self.delete, &self.new) {
            (Some(old), _) => delete(context, &context.own()?.datasets.open(&name)?, kind, &old.parse()?, force),
            (None, Some(new)) => {
                let at: Option<RefSpec> = self.at.as_ref().map(|at| at.parse()).transpose()?;
                create(context, &context.own()?.datasets.open(&name)?, kind, &new.parse()?, at.as_ref())
            }
            (None, None) => list(context, &context.read()?.datasets.open(&name)?, kind),
        }
    }
}

fn list(context: &Context, dataset: &Dataset, kind: Kind) -> Result {
    let refs: Vec<(BranchName, RefValue)> = match kind {
        Kind::Branch => dataset.branches()?,
        Kind::Tag => dataset.tags()?,
    };
    if context.json {
        output::json(&refs.iter().map(|(name, value)| RefLine::new(name, value.id)).collect::<Vec<_>>())?;
        return Ok(Answer::Yes);
    }
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for (name, value) in &refs {
        let message = dataset.revision(value.id)?.message;
        let title = output::printable(message.lines().next().unwrap_or_default().as_bytes());
        table.row([name.to_string(), value.id.short(), title]);
    }
    table.print()?;
    Ok(Answer::Yes)
}

fn create(context: &Context, dataset: &Dataset, kind: Kind, new: &BranchName, at: Option<&RefSpec>) -> Result {
    let id = dataset.resolve(at)?.id;
    match kind {
        Kind::Branch => dataset.create_branch(new, id)?,
        Kind::Tag => dataset.create_tag(new, id)?,
    }
    tell(context, new, id, "is now")
}

fn delete(context: &Context, dataset: &Dataset, kind: Kind, old: &BranchName, force: bool) -> Result {
    let id = match kind {
        Kind::Branch => dataset.delete_branch(old, force).map_err(|error| refused(error, dataset, old))?,
        Kind::Tag => dataset.delete_tag(old)?,
    };
    tell(context, old, id, "is gone; it was")
}

fn refused(error: veneer::Error, dataset: &Dataset, branch: &BranchName) -> Failure {
    let name = dataset.name();
    let keep = match error.kind() {
        ErrorKind::Unsaved { what: "uncommitted changes", .. } => "commit or discard them",
        ErrorKind::Unsaved { .. } => "keep them by a tag, or merge them",
        _ => return error.into(),
    };
    Failure::from(error).hint(format!("{keep}, or lose them on purpose: `veneer branch {name} -d {branch} --force`"))
}

fn tell(context: &Context, name: &BranchName, id: Id, what: &str) -> Result {
    match context.json {
        true => output::json(&RefLine::new(name, id))?,
        false => say(format_args!("{name} {what} {}", id.short())),
    }
    Ok(Answer::Yes)
}
