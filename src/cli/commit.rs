//! `veneer commit`: a draft becomes a revision.

use clap::Args;
use serde::Serialize;
use veneer::ErrorKind;
use veneer::dataset::Outcome;
use veneer::dataset::mountinfo::{self, Following};
use veneer::model::{BranchName, Id};

use super::conflicts;
use super::context::Context;
use super::edit::Editing;
use super::human;
use super::merge;
use super::output;
use super::report::{Answer, Failure, Result, say};

/// Make a revision of a draft, and move the branch to it.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Where the branch has moved since the draft began, the two are merged; on a
conflict nothing is committed, the conflicts are listed, and the exit code is 1. Then
--branch keeps the draft on a branch of its own, and `veneer merge` of that leaves each
conflict to be decided. Mounts that follow the branch show the new revision at once.

Examples:
  veneer commit traffic -m 'relabel the night images'
  veneer commit traffic@fix/boxes -m 'tighter boxes' --author ada
  veneer commit traffic -m 'boxes by hand' --branch by-hand")]
pub(super) struct CommitArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// Why: what the history will say; a merge that stands in the draft has its own
    #[arg(short, long)]
    message: Option<String>,
    /// A new branch for it, which begins where the draft did; else the draft's own moves
    #[arg(long, value_name = "NEW")]
    branch: Option<String>,
}

#[derive(Serialize)]
struct Committed<'a> {
    revision: String,
    changes: u64,
    branch: &'a str,
    mounts: &'a [Following],
}

impl CommitArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let given = self.message.as_deref().map(checked_message).transpose()?;
        let elsewhere: Option<BranchName> = self.branch.as_ref().map(|branch| branch.parse()).transpose()?;
        let author = context.author()?;
        let mut editing = Editing::open(context, &context.address(&self.name)?)?;
        let of_merge = editing.draft.pending().map(|merge| merge.message.clone());
        let message = given.or(of_merge.as_deref()).ok_or_else(|| {
            Failure::usage("no message is given").hint("say why in a few words: `-m 'relabel the night images'`")
        })?;
        let outcome = match &elsewhere {
            Some(branch) => editing.draft.commit_to(branch, message, author.as_str()),
            None => editing.draft.commit(message, author.as_str()),
        };
        let outcome = outcome.map_err(|error| undecided(error, &editing))?;
        let Editing { dataset, branch, draft, .. } = editing;
        let branch = elsewhere.unwrap_or(branch);
        drop(draft);
        let (revision, changes) = match outcome {
            Outcome::Done { revision, changes } => (revision, changes),
            Outcome::FastForward { revision } => (revision, 0),
            Outcome::UpToDate => (dataset.head(&branch)?.id, 0),
            Outcome::Conflicts(conflicts) => {
                let (name, so) = (dataset.name(), "nothing was committed, and the draft is as it was");
                let hint = format!(
                    "`veneer commit {name}@{branch} --branch MINE -m WHY` keeps your draft on a branch of its own, and \
                     `veneer merge {name}@{branch} MINE` then leaves each conflict for you to decide: ours is what \
                     {branch} has, theirs what you did; `veneer discard {name}@{branch} PATH` drops your change of a path"
                );
                return merge::refuse(context, &branch, &conflicts, so, &hint);
            }
        };
        let name = dataset.name().clone();
        // Others may have the store while we look at the mounts.
        drop(dataset);
        let mounts = match context.store_folder()? {
            Some(store) => mountinfo::following(&store, &name, &branch, revision),
            None => Vec::new(),
        };
        tell(context, revision, changes, &branch, &mounts)
    }
}

fn undecided(error: veneer::Error, editing: &Editing) -> Failure {
    let ErrorKind::Conflict { paths } = error.kind() else { return error.into() };
    let name = format!("{}@{}", editing.dataset.name(), editing.branch);
    let merge = editing.draft.pending();
    let number = human::count(merge.map_or(0, |merge| merge.open.len() as u64), "conflict");
    let how = merge.map_or_else(String::new, |merge| conflicts::how(merge, &name));
    Failure::error(format!("{number} of the merge in {} to decide yet", human::count(paths.len() as u64, "path")))
        .with_code(1)
        .hint(format!("{how}`veneer discard {name}` drops the merge"))
}

fn tell(context: &Context, revision: Id, changes: u64, branch: &BranchName, mounts: &[Following]) -> Result {
    if context.json {
        let (revision, branch) = (revision.to_hex(), branch.as_str());
        output::json(&Committed { revision, changes, branch, mounts })?;
        return Ok(Answer::Yes);
    }
    output::print(|out| writeln!(out, "{branch} is now {}: {}", revision.short(), human::count(changes, "change")))?;
    for (has_arrived, what) in [(true, "shown at"), (false, "soon to be shown at")] {
        let paths: Vec<&str> =
            mounts.iter().filter(|mount| mount.arrived == has_arrived).map(|mount| mount.path.as_str()).collect();
        if !paths.is_empty() {
            say(format_args!("{what} {}", paths.join(", ")));
        }
    }
    Ok(Answer::Yes)
}

/// The message without blank ends; one without a word is refused.
pub(super) fn checked_message(message: &str) -> Result<&str> {
    match message.trim() {
        "" => {
            Err(Failure::usage("the message is empty").hint("say why in a few words: `-m 'relabel the night images'`"))
        }
        message => Ok(message),
    }
}
