//! `veneer status`, `discard`, `undo` and `redo`: what a draft holds, and back again.

use std::ffi::OsString;

use clap::Args;
use serde::Serialize;
use veneer::model::PathChange;

use super::conflicts;
use super::context::{Context, branch_of};
use super::diff;
use super::edit::{Editing, data_paths, listed};
use super::output::{self, PathFields, json_bytes, json_text};
use super::report::{Answer, Result, say};

/// Show what a draft changes.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The draft is the author's own: see --author.

Examples:
  veneer status traffic
  veneer --json status traffic@fix/boxes")]
pub(super) struct StatusArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
}

#[derive(Serialize)]
struct StatusLine<'a> {
    #[serde(flatten)]
    path: PathFields,
    change: &'a str,
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_bytes: Option<String>,
}

impl<'a> From<&'a PathChange> for StatusLine<'a> {
    fn from(change: &'a PathChange) -> StatusLine<'a> {
        let from = change.from.as_ref().map(|from| from.as_bytes());
        StatusLine {
            path: PathFields::from(&change.path),
            change: diff::word(change.what),
            from: from.map(json_text),
            from_bytes: from.and_then(json_bytes),
        }
    }
}

impl StatusArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        context.gather_writes(&address)?;
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        let branch = branch_of(&dataset, address.reference.as_ref())?;
        let draft = context.draft(&dataset, &branch)?;
        let changes = draft.changes()?;
        if context.json {
            output::json(&changes.iter().map(StatusLine::from).collect::<Vec<_>>())?;
            return Ok(Answer::Yes);
        }
        diff::print(&changes)?;
        if let Some(url) = context.store_url() {
            say(format_args!("the draft is in the store at {url}"));
        }
        if let Some(merge) = draft.pending() {
            say(conflicts::state_of(merge, dataset.name().as_str(), &branch));
            return Ok(Answer::Yes);
        }
        match dataset.head(&branch)?.id == draft.based_on() {
            _ if changes.is_empty() => say(format_args!("no changes on {}@{branch}", dataset.name())),
            true => {}
            false => say(format_args!("{branch} has moved since the draft began; `veneer commit` merges the two")),
        }
        Ok(Answer::Yes)
    }
}

/// Drop changes of a draft: all, or those of some paths.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Nothing is asked, because nothing is lost: `veneer undo` brings the changes back.
Without a path, a merge that stands in the draft is dropped, too.

Examples:
  veneer discard traffic
  veneer discard traffic labels.csv images/night")]
pub(super) struct DiscardArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The paths; everything if none
    paths: Vec<OsString>,
}

impl DiscardArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let paths = data_paths(&self.paths)?;
        let mut editing = Editing::open(context, &address)?;
        editing.draft.discard(&paths)?;
        match paths.is_empty() {
            true => editing.save(context, "discard everything"),
            false => editing.save(context, &format!("discard {}", listed(&paths))),
        }
    }
}

/// Take back the last step of a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Each `put`, `rm`, `mkdir`, `mv`, `restore`, `discard`, edit of rows, and decision of a
merge is one step.

Examples:
  veneer undo traffic")]
pub(super) struct UndoArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
}

impl UndoArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let mut editing = Editing::open(context, &context.address(&self.name)?)?;
        let step = editing.draft.undo()?;
        editing.done(context, &format!("undid {step}"), "veneer redo")
    }
}

/// Do again what `undo` took back.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer redo traffic")]
pub(super) struct RedoArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
}

impl RedoArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let mut editing = Editing::open(context, &context.address(&self.name)?)?;
        let step = editing.draft.redo()?;
        editing.done(context, &format!("redid {step}"), "veneer undo")
    }
}
