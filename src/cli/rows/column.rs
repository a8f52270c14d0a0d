//! `veneer column`: columns that a file lacks, kept in the overlay.

use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::edit::Editing;
use crate::cli::report::{Failure, Result};

/// Add a column to a table in a draft, or drop one that was added.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The file stays as it is: an added column (a weight, a note, a flag) is kept beside it,
and is edited and versioned like any other.

Examples:
  veneer column traffic samples weight --type number
  veneer column traffic labels note
  veneer column traffic labels note --drop")]
pub(in crate::cli) struct ColumnArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The table
    table: String,
    /// The column
    column: String,
    /// What its values are
    #[arg(long = "type", value_name = "TYPE", default_value = "text")]
    kind: ColumnType,
    /// Drop it, with all its values
    #[arg(long, conflicts_with = "kind")]
    drop: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ColumnType {
    Text,
    #[value(alias = "float")]
    Number,
    #[value(alias = "int")]
    Integer,
    #[value(alias = "bool")]
    Flag,
}

impl ColumnType {
    fn data_type(self) -> arrow::datatypes::DataType {
        use arrow::datatypes::DataType;
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Number => DataType::Float64,
            ColumnType::Integer => DataType::Int64,
            ColumnType::Flag => DataType::Boolean,
        }
    }
}

impl ColumnArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        let mut editing = Editing::open(context, &context.address(&self.name)?)?;
        let table = editing.draft.view().table(Some(&self.table)).map_err(|error| {
            Failure::from(error)
                .hint_where_to_look(format!("`veneer tables {} --draft` lists the tables", editing.dataset.name()))
        })?;
        let label = if self.drop {
            editing.draft.drop_column(&table, &self.column)?;
            format!("drop column {} of {}", self.column, table.name)
        } else {
            editing.draft.add_column(&table, &self.column, &self.kind.data_type())?;
            format!("add column {} to {}", self.column, table.name)
        };
        editing.save(context, &label)
    }
}
