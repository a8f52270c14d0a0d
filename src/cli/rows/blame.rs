//! `veneer blame`: who set the cells of a row, in which revision, when and why.

use clap::Args;
use serde::Serialize;
use veneer::dataset::rows::{Blame, RowFate};
use veneer::model::{Id, Revision};

use super::diff::shown;
use crate::cli::context::Context;
use crate::cli::human;
use crate::cli::output::{self, Align, Table, printable};
use crate::cli::report::{Answer, Failure, Result};

/// Say who set the cells of a row, in which revision, when and why.
#[derive(Args, Debug)]
#[command(after_long_help = "\
One line for each column, with the revision that gave it its value. A row that was
inserted or deleted says so first.

Examples:
  veneer blame traffic labels 17
  veneer blame traffic@v1 annotations 4211
  veneer --json blame traffic labels 17 | jq -r '.cells[] | [.column, .author] | @tsv'")]
pub(in crate::cli) struct BlameArgs {
    /// The dataset, and the revision if not `main`
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// The table
    table: String,
    /// The row's key
    key: String,
}

#[derive(Serialize)]
struct BlameLines {
    cells: Vec<CellLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<RowLine>,
}

#[derive(Serialize)]
struct CellLine {
    column: String,
    value: serde_json::Value,
    #[serde(flatten)]
    by: Option<By>,
}

#[derive(Serialize)]
struct RowLine {
    change: &'static str,
    #[serde(flatten)]
    by: By,
}

#[derive(Serialize)]
struct By {
    revision: String,
    author: String,
    committed_at: String,
    message: String,
}

impl By {
    fn of((id, revision): &(Id, Revision)) -> By {
        By {
            revision: id.to_hex(),
            author: revision.author.clone(),
            committed_at: human::rfc3339(revision.time_ns),
            message: revision.message.clone(),
        }
    }
}

impl BlameArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        let at = context.revision(&dataset, address.reference.as_ref())?;
        let table = dataset.view(at)?.table(Some(&self.table)).map_err(|error| {
            Failure::from(error).hint_where_to_look(format!("`veneer tables {}` lists the tables", self.name))
        })?;
        let blame = dataset.blame(at, &table, &self.key).map_err(|error| {
            Failure::from(error)
                .hint_where_to_look(format!("`veneer rows {} {} --keys` shows the keys", self.name, self.table))
        })?;
        match context.json {
            true => print_json(&blame)?,
            false => print(&blame)?,
        }
        Ok(Answer::Yes)
    }
}

fn print_json(blame: &Blame) -> Result<()> {
    let cell = |cell: &veneer::dataset::rows::CellBlame| CellLine {
        column: cell.column.clone(),
        value: cell.value.to_json(),
        by: cell.set_by.as_ref().map(By::of),
    };
    let row = blame.row.as_ref().map(|row| RowLine { change: word(row.fate), by: By::of(&row.by) });
    output::json(&BlameLines { cells: blame.cells.iter().map(cell).collect(), row })
}

fn print(blame: &Blame) -> Result<()> {
    let now = human::now_ns();
    let mut table = Table::new([Align::Left; 6]);
    let mut line = |what: String, value: String, by: Option<&(Id, Revision)>| {
        let told = by.map_or_else(
            || [String::new(), String::new(), String::new(), "as in the source".to_owned()],
            |(id, revision)| {
                let subject = revision.message.lines().next().unwrap_or_default();
                let author = printable(revision.author.as_bytes());
                [id.short(), author, human::ago(revision.time_ns, now), printable(subject.as_bytes())]
            },
        );
        let [revision, author, when, why] = told;
        table.row([what, value, revision, author, when, why]);
    };
    if let Some(row) = &blame.row {
        line("(the row)".to_owned(), word(row.fate).to_owned(), Some(&row.by));
    }
    for cell in &blame.cells {
        line(printable(cell.column.as_bytes()), shown(&cell.value), cell.set_by.as_ref());
    }
    table.print()
}

fn word(fate: RowFate) -> &'static str {
    match fate {
        RowFate::Inserted => "inserted",
        RowFate::Deleted => "deleted",
    }
}
