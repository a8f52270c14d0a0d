//! `veneer set`, `insert` and `delete`: edits of rows, each one step that `undo` takes back.

use std::ffi::{OsStr, OsString};

use clap::Args;
use veneer::dataset::View;
use veneer::dataset::rows::{RowEdit, Table};
use veneer::model::DataPath;

use super::assign::{Assignments, Meant, assigned, split};
use super::input::Input;
use crate::cli::context::Context;
use crate::cli::edit::Editing;
use crate::cli::human;
use crate::cli::report::{Failure, Result, say};

/// Set cells of rows in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The file in the mount is the same file with only these cells changed. A value is JSON
where it can be read as that (3, true, null, [10,20,30,40], \"3\"), else text.

An expression of other columns is computed for each row.

A box of COCO that is given another size keeps its annotation's area:
`area=bbox[3] * bbox[4]` makes it that of the box. A new annotation gets an area, an
`iscrowd` of 0 and a `segmentation` of [], where others have one.

--from reads a CSV, JSON lines, Parquet or Arrow file: a column with the keys, called as
the table's own or `key`, and the columns to set. All of it is one step, or refused.

Examples:
  veneer set traffic labels --key 17 label=car
  veneer set traffic labels --where 'score < 0.2' label=car
  veneer set traffic labels --where 'weight IS NULL' 'weight=score * 2'
  veneer set traffic annotations --key 4211 'bbox=[10,20,30,40]' iscrowd=0
  veneer set traffic labels --from corrected.csv
  python predict.py | veneer set traffic labels --from -
  veneer set traffic samples --where \"label = 'cat'\" weight=0.5
  veneer set pets samples --key cat/1.png label=fox --new-class")]
pub(in crate::cli) struct SetArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The table, if there are several, and what is set
    #[arg(value_name = "[TABLE] COLUMN=VALUE", required_unless_present = "from")]
    words: Vec<String>,
    /// The row's key, as `veneer rows --keys` shows it: an image's path, a COCO id, a declared key, else its place from 0; may be said again
    #[arg(long = "key", value_name = "K")]
    keys: Vec<String>,
    /// The rows for which this holds: what may stand behind WHERE in SQL
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true, id = "condition", conflicts_with = "keys")]
    condition: Option<String>,
    /// Take rows and values from a file, or as CSV from stdin
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["keys", "condition"])]
    from: Option<OsString>,
    /// Make the folder of a class that there is not yet, for samples in folders of classes
    #[arg(long)]
    new_class: bool,
}

impl SetArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        if let Some(file) = &self.from {
            return match self.words.as_slice() {
                [] => set_from(context, &self.name, None, file),
                [table] if !table.contains('=') || is_file(context, &self.name, table)? => {
                    set_from(context, &self.name, Some(table), file)
                }
                [.., word] => Err(Failure::usage(format!("`{word}` assigns a value, and so does the file"))
                    .hint("give either `--from FILE` or COLUMN=VALUE")),
            };
        }
        let (table, words) = table_and_words(context, &self.name, &self.words)?;
        let meant = Meant::read(&self.keys, self.condition.as_deref())?;
        let classes = if self.new_class { assigned(words, "label") } else { Vec::new() };
        edit(context, &self.name, table, &classes, |view, table| {
            let wanted = Assignments::read(words, &view.table_info(table)?.schema)?;
            let edits = wanted.of(view, table, &meant)?;
            let label = format!("set {} of {}", wanted.columns(), human::count(edits.len() as u64, "row"));
            Ok((edits, label))
        })
    }
}

/// The table, if it is named, and what is assigned.
fn table_and_words<'w>(context: &Context, name: &str, words: &'w [String]) -> Result<(Option<&'w str>, &'w [String])> {
    let is_table = match words {
        [first, _, ..] if first.contains('=') => is_file(context, name, first)?,
        _ => false,
    };
    Ok(split(words, is_table))
}

/// Whether the draft has a file of this path.
fn is_file(context: &Context, name: &str, path: &str) -> Result<bool> {
    let Ok(path) = path.parse::<DataPath>() else { return Ok(false) };
    Ok(Editing::open(context, &context.address(name)?)?.draft.view().node(&path)?.is_some())
}

fn set_from(context: &Context, name: &str, table: Option<&str>, file: &OsStr) -> Result {
    let input = Input::open(file)?;
    let mut editing = Editing::open(context, &context.address(name)?)?;
    let table = table_of(&editing, table)?;
    let rows = editing.draft.set_from(&table, &input.bytes, input.promise).map_err(|error| {
        let shown = format!("veneer rows {name} {} --keys", table.name);
        Failure::from(error).hint(format!("nothing was changed; `{shown}` shows the table's keys and columns"))
    })?;
    save(context, editing, &format!("set {} of {} from {}", human::count(rows, "row"), table.name, input.name))
}

/// Insert a row in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Columns that are not named are empty. Where rows have a number as their id, the next
one is taken if none is given; where a column was declared to have their keys, it is
to be named.

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
        let (table, words) = table_and_words(context, &self.name, &self.words)?;
        edit(context, &self.name, table, &[], |view, table| {
            let cells = Assignments::read(words, &view.table_info(table)?.schema)?.cells()?;
            Ok((vec![RowEdit::Insert { after: self.after.clone(), cells }], "insert a row".to_owned()))
        })
    }
}

/// Delete rows in a draft.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer delete traffic labels --key 17
  veneer delete traffic labels --where 'score < 0.2'
  veneer delete traffic annotations --key 4211 --key 4212")]
pub(in crate::cli) struct DeleteArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// The table, if there are several
    table: Option<String>,
    /// The row's key; may be said again
    #[arg(long = "key", value_name = "K")]
    keys: Vec<String>,
    /// The rows for which this holds: what may stand behind WHERE in SQL
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true, id = "condition", conflicts_with = "keys")]
    condition: Option<String>,
}

impl DeleteArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        let meant = Meant::read(&self.keys, self.condition.as_deref())?;
        edit(context, &self.name, self.table.as_deref(), &[], |view, table| {
            let rows = meant.find(view, table, &[])?;
            let label = format!("delete {}", human::count(rows.len() as u64, "row"));
            Ok((rows.into_iter().map(|(row, _)| RowEdit::Delete { row }).collect(), label))
        })
    }
}

/// Works out edits of the draft as it is, does them, and saves them as one step.
fn edit(
    context: &Context,
    name: &str,
    table: Option<&str>,
    new_classes: &[String],
    work: impl FnOnce(&View, &Table) -> Result<(Vec<RowEdit>, String)>,
) -> Result {
    let mut editing = Editing::open(context, &context.address(name)?)?;
    let table = table_of(&editing, table)?;
    let (edits, label) = work(editing.draft.view(), &table)?;
    if edits.is_empty() {
        return editing.nothing(context, &format!("{label} in {}", table.name), "changes nothing: no row is meant");
    }
    new_classes.iter().for_each(|class| editing.draft.allow_class(class));
    editing.draft.edit_table(&table, edits)?;
    save(context, editing, &format!("{label} in {}", table.name))
}

/// Saves the step, and says what stayed as it was though a person may think that it followed.
fn save(context: &Context, mut editing: Editing, label: &str) -> Result {
    let stays = editing.draft.take_stays();
    let answer = editing.save(context, label)?;
    for (why, rows) in stays {
        say(format_args!("{why} ({})", human::count(rows, "row")));
    }
    Ok(answer)
}

fn table_of(editing: &Editing, table: Option<&str>) -> Result<Table> {
    editing.draft.view().table(table).map_err(|error| {
        Failure::from(error)
            .hint_where_to_look(format!("`veneer tables {} --draft` lists the tables", editing.dataset.name()))
    })
}
