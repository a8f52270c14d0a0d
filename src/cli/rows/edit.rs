//! `veneer set`, `insert` and `delete`: edits of rows, each one step that `undo` takes back.

use clap::Args;
use veneer::dataset::rows::RowEdit;

use super::assign::{assignments, split};
use crate::cli::context::Context;
use crate::cli::edit::Editing;
use crate::cli::human;
use crate::cli::report::{Failure, Result};

/// Set cells of rows in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The file in the mount is the same file with only these cells changed. A value is JSON
where it can be read as that (3, true, null, [10,20,30,40], \"3\"), else text.

Examples:
  veneer set traffic labels --key 17 label=car
  veneer set traffic annotations --key 4211 'bbox=[10,20,30,40]' iscrowd=0")]
pub(in crate::cli) struct SetArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The table, if there are several, and what is set
    #[arg(value_name = "[TABLE] COLUMN=VALUE", required = true)]
    words: Vec<String>,
    /// The row's key: its id, or its place from 0 where rows have none; may be said again
    #[arg(long = "key", value_name = "K", required = true)]
    keys: Vec<String>,
}

impl SetArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        let (table, words) = split(&self.words);
        let cells = assignments(words)?;
        let edits = self.keys.iter().map(|row| RowEdit::Set { row: row.clone(), cells: cells.clone() }).collect();
        let columns: Vec<&str> = cells.iter().map(|(column, _)| column.as_str()).collect();
        let label = format!("set {} of {}", columns.join(", "), human::count(self.keys.len() as u64, "row"));
        edit(context, &self.name, table, edits, &label)
    }
}

/// Insert a row in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Columns that are not named are empty. Where rows have a number as their id, the next
one is taken if none is given.

Examples:
  veneer insert traffic labels image=a.png label=car
  veneer insert traffic annotations image_id=7 category_id=1 'bbox=[1,2,3,4]'")]
pub(in crate::cli) struct InsertArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The table, if there are several, and the row's cells
    #[arg(value_name = "[TABLE] COLUMN=VALUE", required = true)]
    words: Vec<String>,
    /// The key of the row that it comes after; else it is the last
    #[arg(long, value_name = "K")]
    after: Option<String>,
}

impl InsertArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        let (table, words) = split(&self.words);
        let edits = vec![RowEdit::Insert { after: self.after.clone(), cells: assignments(words)? }];
        edit(context, &self.name, table, edits, "insert a row")
    }
}

/// Delete rows in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer delete traffic labels --key 17
  veneer delete traffic annotations --key 4211 --key 4212")]
pub(in crate::cli) struct DeleteArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The table, if there are several
    table: Option<String>,
    /// The row's key; may be said again
    #[arg(long = "key", value_name = "K", required = true)]
    keys: Vec<String>,
}

impl DeleteArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        let edits = self.keys.iter().map(|row| RowEdit::Delete { row: row.clone() }).collect();
        let label = format!("delete {}", human::count(self.keys.len() as u64, "row"));
        edit(context, &self.name, self.table.as_deref(), edits, &label)
    }
}

fn edit(context: &Context, name: &str, table: Option<&str>, edits: Vec<RowEdit>, label: &str) -> Result {
    let mut editing = Editing::open(context, &context.address(name)?)?;
    let table = editing.draft.view().table(table).map_err(|error| {
        Failure::from(error).hint(format!("`veneer tables {} --draft` lists the tables", editing.dataset.name()))
    })?;
    editing.draft.edit_table(&table, edits)?;
    editing.save(context, &format!("{label} in {}", table.name))
}
