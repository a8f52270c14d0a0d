//! `veneer exclude` and `include`: samples that are left out of what is shown, and taken back.

use clap::Args;

use super::assign::Meant;
use crate::cli::context::Context;
use crate::cli::edit::Editing;
use crate::cli::human;
use crate::cli::report::{Failure, Result};

/// The main table.
const SAMPLES: &str = "samples";

/// Exclude samples in a draft: their files and labels are not shown any more.
#[derive(Args, Debug)]
#[command(after_long_help = "\
An excluded sample's image is hidden, and so is what annotations and tables say of it.
The table `samples` still has it, with `excluded` true. `veneer include` takes it back.

Examples:
  veneer exclude traffic --where 'box_count = 0'
  veneer exclude traffic --key images/0042.png --key images/0043.png")]
pub(in crate::cli) struct ExcludeArgs {
    #[command(flatten)]
    which: Which,
}

/// Include excluded samples again in a draft, as they were.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer include traffic --where excluded
  veneer include traffic --key images/0042.png")]
pub(in crate::cli) struct IncludeArgs {
    #[command(flatten)]
    which: Which,
}

#[derive(Args, Debug)]
struct Which {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The sample's key: its image's path; may be said again
    #[arg(long = "key", value_name = "K")]
    keys: Vec<String>,
    /// The samples for which this holds: what may stand behind WHERE in SQL
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true, id = "condition", conflicts_with = "keys")]
    condition: Option<String>,
}

impl ExcludeArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        self.which.exclude(context, true)
    }
}

impl IncludeArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        self.which.exclude(context, false)
    }
}

impl Which {
    fn exclude(self, context: &Context, is_excluded: bool) -> Result {
        let meant = Meant::read(&self.keys, self.condition.as_deref())?;
        let mut editing = Editing::open(context, &context.address(&self.name)?)?;
        let view = editing.draft.view();
        let table = view.table(Some(SAMPLES)).map_err(|error| {
            Failure::from(error).hint("only a dataset with images or tables has samples".to_owned())
        })?;
        let keys: Vec<String> = meant.find(view, &table, &[])?.into_iter().map(|(key, _)| key).collect();
        let count = editing.draft.exclude_samples(&keys, is_excluded)?;
        let verb = if is_excluded { "exclude" } else { "include" };
        editing.save(context, &format!("{verb} {}", human::count(count as u64, "sample")))
    }
}
