//! `--key TABLE=COLUMN`: which column has the keys of a table's rows, as somebody says it.

use veneer::ErrorKind;
use veneer::dataset::rows::TableKey;

use crate::cli::context::Context;
use crate::cli::report::{Failure, Result};

/// Reads what was said on the command line.
pub(in crate::cli) fn keys_of(words: &[String]) -> Result<Vec<TableKey>> {
    words.iter().map(|word| key(word)).collect()
}

/// Records what was said for the dataset, beside what was said before.
pub(super) fn record(context: &Context, name: &str, words: &[String]) -> Result<()> {
    let keys = keys_of(words)?;
    let address = context.address(name)?;
    let dataset = context.own()?.datasets.open(&address.dataset)?;
    let view = dataset.view(dataset.resolve(address.reference.as_ref())?.id)?;
    dataset.declare_keys(&view, &keys).map_err(|error| told(error, name, true))
}

/// A refusal with what may be done about it; `name` is the dataset, and `is_there` whether it is imported.
pub(in crate::cli) fn told(error: veneer::Error, name: &str, is_there: bool) -> Failure {
    let hint = match error.kind() {
        ErrorKind::NotFound { what: "table" | "key column", .. } if !is_there => {
            format!(
                "import it without `--key`: `veneer --json tables {name}` lists tables and columns, and takes it, too"
            )
        }
        ErrorKind::NotFound { what: "table", .. } => format!("`veneer tables {name}` lists the tables"),
        ErrorKind::NotFound { what: "key column", .. } => {
            format!("`veneer --json tables {name}` lists the columns of all tables")
        }
        ErrorKind::Invalid { what: "key column", .. } => {
            "a key is a whole number or a text, each row has one, and no two have the same: name another column, \
             or mend the file"
                .to_owned()
        }
        ErrorKind::Invalid { what: "table to declare a key of", .. } => format!(
            "declare keys before rows are edited: take these edits back first (`veneer discard {name}`, \
             `veneer restore {name}`)"
        ),
        _ => return error.into(),
    };
    Failure::from(error).hint(hint)
}

fn key(word: &str) -> Result<TableKey> {
    // A path may have this sign in it more often than the name of a column.
    match word.rsplit_once('=') {
        Some((table, column)) if !table.is_empty() => {
            Ok(TableKey { table: table.to_owned(), column: (!column.is_empty()).then(|| column.to_owned()) })
        }
        _ => Err(Failure::usage(format!("`{word}` says no column of a table"))
            .hint("name the table and its column, as in `labels=image_id`; `labels=` takes it back")),
    }
}
