//! `veneer diff`, and how a list of changes is shown wherever one is.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;
use veneer::dataset::diff;
use veneer::dataset::rows::compare_rows;
use veneer::model::{PathChange, RefSpec, What};

use super::context::{Context, branch_of};
use super::human;
use super::output::{self, Align, PathFields, Table, json_bytes, json_text};
use super::report::{Answer, Result};
use super::rows;

/// Show how two revisions differ, or what a draft changes.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Without FROM and TO: from the branch's head to your draft on it. With FROM only:
from FROM to your draft. A folder that was added, removed or renamed is one entry,
followed by what differs below it.

Examples:
  veneer diff traffic
  veneer diff traffic v1 main
  veneer diff traffic main~3 main
  veneer diff traffic v1 main --rows
  veneer --json diff traffic v1 v2 | jq length")]
pub(super) struct DiffArgs {
    /// The dataset, and the branch whose draft is meant if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The earlier state; the branch's head if not said
    from: Option<String>,
    /// The later state; your draft on the branch if not said
    to: Option<String>,
    /// Tell what differs by rows and cells of tables
    #[arg(long)]
    rows: bool,
}

/// A difference as JSON has it.
#[derive(Serialize)]
pub(super) struct DiffLine {
    #[serde(flatten)]
    path: PathFields,
    change: &'static str,
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_bytes: Option<String>,
    size_before: Option<u64>,
    size_after: Option<u64>,
}

impl From<&PathChange> for DiffLine {
    fn from(change: &PathChange) -> DiffLine {
        let from = change.from.as_ref().map(|from| from.as_bytes());
        DiffLine {
            path: PathFields::from(&change.path),
            change: word(change.what),
            from: from.map(json_text),
            from_bytes: from.and_then(json_bytes),
            size_before: change.size_before,
            size_after: change.size_after,
        }
    }
}

impl DiffArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let (from, to) = (spec(&self.from)?, spec(&self.to)?);
        if to.is_none() {
            context.gather_writes(&address)?;
        }
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        let from = context.revision(&dataset, from.as_ref().or(address.reference.as_ref()))?;
        if self.rows {
            let to = match &to {
                Some(to) => dataset.view(context.revision(&dataset, Some(to))?)?,
                None => {
                    let branch = branch_of(&dataset, address.reference.as_ref())?;
                    context.draft(&dataset, &branch)?.view().clone()
                }
            };
            rows::diff::print(&compare_rows(&dataset.view(from)?, &to)?, context.json)?;
            return Ok(Answer::Yes);
        }
        let changes = match &to {
            Some(to) => dataset.diff(from, dataset.resolve(Some(to))?.id)?,
            None => {
                let branch = branch_of(&dataset, address.reference.as_ref())?;
                diff(&dataset.view(from)?, context.draft(&dataset, &branch)?.view())?
            }
        };
        match context.json {
            true => output::json(&changes.iter().map(DiffLine::from).collect::<Vec<_>>())?,
            false => print(&changes)?,
        }
        Ok(Answer::Yes)
    }
}

fn spec(text: &Option<String>) -> Result<Option<RefSpec>> {
    Ok(text.as_ref().map(|text| text.parse()).transpose()?)
}

/// The word for a kind of change.
pub(super) fn word(what: What) -> &'static str {
    match what {
        What::Added => "added",
        What::Modified => "modified",
        What::Removed => "removed",
        What::Renamed => "renamed",
    }
}

/// Prints changes for a person.
pub(super) fn print(changes: &[PathChange]) -> Result<()> {
    let mut table = Table::new([Align::Left, Align::Left]);
    for change in changes {
        table.row([word(change.what).to_owned(), described(change)]);
    }
    table.print()
}

/// The path, where it was, and its sizes where they say something.
fn described(change: &PathChange) -> String {
    let mut text = match &change.from {
        Some(from) => format!("{from} -> {}", change.path),
        None => change.path.to_string(),
    };
    let sizes = match (change.size_before, change.size_after) {
        (Some(before), Some(after)) if before != after => {
            Some(format!("{} -> {}", human::size(before), human::size(after)))
        }
        (None, Some(size)) | (Some(size), None) => Some(human::size(size)),
        _ => None,
    };
    if let Some(sizes) = sizes {
        write!(text, " ({sizes})").expect("a string takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_its_sizes_only_where_they_differ() {
        let change = |from: Option<&str>, size_before, size_after| PathChange {
            path: "b".parse().expect("a path"),
            what: What::Modified,
            from: from.map(|from| from.parse().expect("a path")),
            size_before,
            size_after,
        };
        assert_eq!(described(&change(None, Some(5), Some(2048))), "b (5 B -> 2.0 KiB)");
        assert_eq!(described(&change(None, Some(5), Some(5))), "b");
        assert_eq!(described(&change(Some("a"), Some(5), Some(5))), "a -> b");
        assert_eq!(described(&change(None, None, Some(0))), "b (0 B)");
    }
}
