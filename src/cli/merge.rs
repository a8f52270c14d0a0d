//! `veneer merge` and `revert`, and how conflicts are shown.

use clap::{Args, ValueEnum};
use serde::Serialize;
use veneer::ErrorKind;
use veneer::dataset::{Conflict, Dataset, MergeRequest, Outcome, Prefer};
use veneer::model::{Address, BranchName, Change, Id, RefSpec};

use super::commit::checked_message;
use super::conflicts;
use super::context::{Context, branch_of};
use super::edit::Editing;
use super::human;
use super::output::{self, Align, PathFields, Table};
use super::report::{Answer, Failure, Result, say};
use super::rows;
use super::rows::diff::RowConflictLine;

/// Whose change wins where both sides changed the same thing.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Side {
    /// The branch that is changed
    Ours,
    /// What is merged into it
    Theirs,
}

impl From<Side> for Prefer {
    fn from(side: Side) -> Prefer {
        match side {
            Side::Ours => Prefer::Ours,
            Side::Theirs => Prefer::Theirs,
        }
    }
}

/// Merge a branch, a tag or a revision into a branch.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Both sides' changes since they parted are joined, path by path and row by row. Where
both changed the same, the branch stays where it is, the conflicts are listed, and the
exit code is 1. The merge then stands in your draft, if that was empty: decide with
`veneer resolve`, and `veneer commit` makes the revision. Or choose a side for all of
them with --prefer.

Examples:
  veneer merge traffic fix/boxes
  veneer merge traffic main --into fix/boxes
  veneer merge traffic fix/boxes --prefer theirs -m 'boxes as ada drew them'")]
pub(super) struct MergeArgs {
    /// The dataset
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// What to merge
    #[arg(value_name = "BRANCH")]
    theirs: String,
    /// The branch to merge it into; main if not said
    #[arg(long, value_name = "B")]
    into: Option<String>,
    /// Whose change wins where both changed the same path
    #[arg(long, value_enum)]
    prefer: Option<Side>,
    /// Why; "merge BRANCH into B" if not said
    #[arg(short, long)]
    message: Option<String>,
}

impl MergeArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let into: Option<RefSpec> = self.into.as_ref().map(|into| into.parse()).transpose()?;
        if into.is_some() && address.reference.is_some() && into != address.reference {
            return Err(Failure::usage("two branches to merge into are named").hint("give `--into` alone"));
        }
        let theirs: RefSpec = self.theirs.parse()?;
        let author = context.author()?;
        let into = into.or(address.reference);
        let address = Address { dataset: address.dataset, reference: into };
        let mut editing = Editing::open(context, &address)?;
        if self.prefer.is_none() && editing.draft.pending().is_some() && editing.draft.has_work()? {
            return Err(is_under_way(&editing));
        }
        let (dataset, into) = (editing.dataset.clone(), editing.branch.clone());
        let message = match &self.message {
            Some(message) => checked_message(message)?.to_owned(),
            None => format!("merge {theirs} into {into}"),
        };
        let id = dataset.resolve(Some(&theirs))?.id;
        let outcome = dataset.merge(&MergeRequest {
            theirs: id,
            into: &into,
            author: author.as_str(),
            message: &message,
            prefer: self.prefer.map(Prefer::from),
        })?;
        match &outcome {
            Outcome::Conflicts(conflicts) => stand(context, &mut editing, id, &message, conflicts),
            _ => {
                // A merge that stood here, and of which nothing was decided, is done now.
                editing.draft.drop_idle_merge()?;
                tell(context, &dataset, &into, outcome, "it has all of that already")
            }
        }
    }
}

fn is_under_way(editing: &Editing) -> Failure {
    let (dataset, branch) = (editing.dataset.name(), &editing.branch);
    Failure::error(format!("a merge stands in your draft on {dataset}@{branch}, and some of it is decided")).hint(
        format!(
            "go on with `veneer conflicts {dataset}@{branch}`, or drop it with `veneer discard {dataset}@{branch}`"
        ),
    )
}

/// Has the merge stand in the draft, if it can; says what is to be decided, and answers "no".
fn stand(context: &Context, editing: &mut Editing, theirs: Id, message: &str, conflicts: &[Conflict]) -> Result {
    let name = format!("{}@{}", editing.dataset.name(), editing.branch);
    let branch = editing.branch.clone();
    let refused = |so: &str, hint: &str| refuse(context, &branch, conflicts, so, hint);
    match editing.draft.merge(theirs, message) {
        Ok(true) => editing.draft.save(message)?,
        Ok(false) => {
            let hint = format!(
                "record the source on this side first: `veneer refresh {name}`; or choose a side with `--prefer`"
            );
            return refused("nothing was changed, for the other side has a newer state of the source", &hint);
        }
        Err(error) if matches!(error.kind(), ErrorKind::Unsaved { .. }) => {
            let hint = format!(
                "to decide one by one, first commit your draft or drop it (`veneer discard {name}`); `--prefer ours` or \
                 `--prefer theirs` chooses a side for all"
            );
            return refused("nothing was changed, for your draft has changes of its own", &hint);
        }
        Err(error) => return Err(error.into()),
    }
    let merge = editing.draft.pending().expect("it stands there now");
    let open = human::count(merge.open.len() as u64, "conflict");
    let how = conflicts::how(merge, &name);
    if context.json {
        let (branch, lines) = (branch.to_string(), conflicts.iter().map(ConflictLine::from).collect());
        let merged =
            Merged { outcome: "conflicts", branch, revision: None, changes: 0, conflicts: lines, pending: true };
        output::json(&merged)?;
    } else {
        conflicts::print(merge)?;
    }
    say(format_args!(
        "error: {open} to decide; {branch} is as it was, and the merge stands in your draft\n\n\
         hint: {how}when none is left, `veneer commit {name}` makes the revision; `veneer discard {name}` drops the merge"
    ));
    Ok(Answer::No)
}

/// Make a revision that takes back what another one changed.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The history stays: the new revision undoes the changes of REF against its first
parent. Where something else changed the same path since, that is a conflict.

Examples:
  veneer revert traffic main
  veneer revert traffic@fix/boxes 3f9c1a2
  veneer revert traffic main~2 --prefer theirs")]
pub(super) struct RevertArgs {
    /// The dataset, and the branch to change if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The revision whose changes are taken back
    #[arg(value_name = "REF")]
    reference: String,
    /// Who wins where the path changed since: ours keeps it, theirs takes it back all the same
    #[arg(long, value_enum)]
    prefer: Option<Side>,
}

impl RevertArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let spec: RefSpec = self.reference.parse()?;
        let author = context.author()?;
        let dataset = context.own()?.datasets.open(&address.dataset)?;
        let branch = branch_of(&dataset, address.reference.as_ref())?;
        let id = dataset.resolve(Some(&spec))?.id;
        let outcome = dataset.revert(id, &branch, author.as_str(), self.prefer.map(Prefer::from))?;
        tell(context, &dataset, &branch, outcome, "nothing of that is left to take back")
    }
}

#[derive(Serialize)]
struct Merged {
    outcome: &'static str,
    branch: String,
    revision: Option<String>,
    changes: u64,
    conflicts: Vec<ConflictLine>,
    /// Whether the merge stands in the draft.
    pending: bool,
}

/// A conflict as JSON has it.
#[derive(Serialize)]
pub(super) struct ConflictLine {
    #[serde(flatten)]
    path: PathFields,
    ours: Option<&'static str>,
    theirs: Option<&'static str>,
    why: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<RowConflictLine>,
}

impl From<&Conflict> for ConflictLine {
    fn from(conflict: &Conflict) -> ConflictLine {
        ConflictLine {
            path: PathFields::from(&conflict.path),
            ours: conflict.ours.as_ref().map(Change::kind_word),
            theirs: conflict.theirs.as_ref().map(Change::kind_word),
            why: conflict.why.to_owned(),
            rows: conflict.rows.iter().map(|row| RowConflictLine::new(&conflict.path, row)).collect(),
        }
    }
}

fn tell(context: &Context, dataset: &Dataset, branch: &BranchName, outcome: Outcome, no_change: &str) -> Result {
    let (word, revision, changes) = match &outcome {
        Outcome::Done { revision, changes } => ("done", *revision, *changes),
        Outcome::FastForward { revision } => ("fast-forward", *revision, 0),
        Outcome::UpToDate => ("up-to-date", dataset.head(branch)?.id, 0),
        Outcome::Conflicts(conflicts) => {
            let hint = "choose a side with `--prefer ours` or `--prefer theirs`, or change one side first";
            return refuse(context, branch, conflicts, "nothing was changed", hint);
        }
    };
    if context.json {
        let (branch, revision) = (branch.to_string(), Some(revision.to_hex()));
        let conflicts = Vec::new();
        output::json(&Merged { outcome: word, branch, revision, changes, conflicts, pending: false })?;
        return Ok(Answer::Yes);
    }
    let revision = revision.short();
    output::print(|out| match outcome {
        Outcome::Done { changes, .. } => {
            writeln!(out, "{branch} is now {revision}: {}", human::count(changes, "change"))
        }
        Outcome::FastForward { .. } => writeln!(out, "{branch} is now {revision}: fast-forward"),
        _ => writeln!(out, "{branch} stays at {revision}: {no_change}"),
    })?;
    Ok(Answer::Yes)
}

/// Prints the conflicts because of which nothing was done, and answers "no".
pub(super) fn refuse(context: &Context, branch: &BranchName, conflicts: &[Conflict], so: &str, hint: &str) -> Result {
    if context.json {
        let (branch, lines) = (branch.to_string(), conflicts.iter().map(ConflictLine::from).collect());
        let merged =
            Merged { outcome: "conflicts", branch, revision: None, changes: 0, conflicts: lines, pending: false };
        output::json(&merged)?;
    }
    let number = human::count(conflicts.len() as u64, "path");
    list(context, conflicts, &format!("both sides changed {number}; {so}"), hint)
}

/// Lists conflicts for a person, says what they mean, and answers "no".
pub(super) fn list(context: &Context, conflicts: &[Conflict], what: &str, hint: &str) -> Result {
    if !context.json {
        let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
        for conflict in conflicts {
            table.row(["conflict".to_owned(), conflict.path.to_string(), conflict.why.to_owned()]);
            for row in &conflict.rows {
                let (place, values) = rows::diff::told(&conflict.path, row);
                table.row([String::new(), place, values]);
            }
        }
        table.print()?;
    }
    say(format_args!("error: {what}\n\nhint: {hint}"));
    Ok(Answer::No)
}
