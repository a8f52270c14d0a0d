//! `veneer tables`: what tables a dataset has, and why.

use std::ffi::OsString;

use clap::Args;
use serde::Serialize;
use veneer::ErrorKind;
use veneer::dataset::View;
use veneer::dataset::rows::{FileProblem, NoTable, OddRows, Table, TableOutline};
use veneer::table::{Column, Role};

use super::{formats, keys};
use crate::cli::browse::view_of;
use crate::cli::context::Context;
use crate::cli::human;
use crate::cli::output::{self, Align, PathFields, Table as Lines, printable};
use crate::cli::report::{Answer, Result, say};

/// So many files that are no table are told.
const OTHERS_SHOWN: usize = 20;

/// List the tables of a dataset: their formats, rows and columns.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A table is what a format makes of a file: a CSV has one, a COCO file has images,
annotations and categories. `veneer rows` shows one, `veneer set` edits it.

What a file is, is told by its name and beginning. --format says it instead, for all
revisions of the dataset: of all files, or with PATH= of one (`none`: it is no table);
`auto` finds it out again. A file whose name promises a table and that is none, such as
a CSV with lines of different lengths, is told with the reason.

Rows of a CSV, JSON Lines, JSON, Parquet or Arrow file go by their places. --key names a
column that has their keys, for all revisions: then these are what `--key`, `blame`,
`diff --rows` and merges speak of, and edits stay with a row wherever the file has it.
Each row must have one, no two the same, and no row may be edited yet; `TABLE=` takes it
back. A column of keys cannot be set: delete the row, and insert it with the other key.

Examples:
  veneer tables traffic
  veneer tables traffic@v1
  veneer tables traffic --format labels.dat=csv
  veneer tables traffic --key labels=image_id
  veneer --json tables traffic | jq -r '.[].columns[].name'")]
pub(in crate::cli) struct TablesArgs {
    /// The dataset, and the revision if not `main`
    #[arg(value_name = "NAME[@REF]")]
    name: String,
    /// Show your draft on the branch, uncommitted changes included
    #[arg(long)]
    draft: bool,
    /// Record what files are, before the tables are listed; may be said again
    #[arg(long = "format", value_name = "[PATH=]FORMAT")]
    formats: Vec<OsString>,
    /// Record which column has the keys of a table's rows; may be said again
    #[arg(long = "key", value_name = "TABLE=COLUMN")]
    keys: Vec<String>,
}

#[derive(Serialize)]
struct TableLine {
    table: String,
    format: &'static str,
    rows: u64,
    columns: Vec<ColumnLine>,
    /// The column that has the rows' keys; where there is none, they go by their places.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Why it does not tell all rows apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_problem: Option<String>,
    files: Vec<PathFields>,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemLine>,
    /// The same, for a person.
    #[serde(skip)]
    partial: Option<String>,
    broken_files: u64,
    /// How many rows are odd, and why.
    flags: u64,
    odd: Vec<OddLine>,
}

#[derive(Serialize)]
struct OddLine {
    why: String,
    rows: u64,
    first: String,
}

#[derive(Serialize)]
struct ProblemLine {
    #[serde(flatten)]
    file: PathFields,
    line: u64,
    column: u64,
    why: String,
}

impl From<FileProblem> for ProblemLine {
    fn from(FileProblem { path, problem }: FileProblem) -> ProblemLine {
        let file = PathFields::from(&path);
        ProblemLine { file, line: problem.line, column: problem.column, why: problem.why }
    }
}

#[derive(Serialize)]
struct ColumnLine {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
    role: &'static str,
}

impl TablesArgs {
    pub(in crate::cli) fn run(self, context: &Context) -> Result {
        if !self.formats.is_empty() {
            formats::record(context, &self.name, &self.formats)?;
        }
        if !self.keys.is_empty() {
            keys::record(context, &self.name, &self.keys)?;
        }
        let view = view_of(context, &self.name, self.draft)?;
        let mut lines = Vec::new();
        let (tables, others) = view.tables_and_others()?;
        for table in tables {
            if let Some(info) = info(&view, &table)? {
                lines.push(line(&table, info, view.odd_rows(&table)?));
            }
        }
        if context.json {
            output::json(&lines)?;
            say_others(&others);
            return Ok(Answer::Yes);
        }
        let mut shown = Lines::new([Align::Left, Align::Left, Align::Right, Align::Left, Align::Left]);
        for line in &lines {
            let is_key = |column: &ColumnLine| line.key.as_ref() == Some(&column.name);
            let name = |of: &ColumnLine| if is_key(of) { format!("{} (key)", of.name) } else { of.name.clone() };
            let columns: Vec<String> = line.columns.iter().map(name).collect();
            let rows = human::count(line.rows, "row");
            shown.row([
                line.table.clone(),
                line.format.to_owned(),
                rows,
                printable(line.why.as_bytes()),
                columns.join(", "),
            ]);
        }
        shown.print()?;
        for line in &lines {
            line.partial.iter().for_each(say);
            if let Some(why) = &line.key_problem {
                say(format_args!("{}: {why}; the first of two is found by it", line.table));
            }
            for OddLine { why, rows, first } in &line.odd {
                say(format_args!("{}: {} with {why}, the first is `{first}`", line.table, human::count(*rows, "row")));
            }
        }
        say_others(&others);
        Ok(Answer::Yes)
    }
}

/// What of a table cannot be read; `None` where all can.
pub(super) fn partial(table: &str, info: &TableOutline) -> Option<String> {
    let FileProblem { path, problem } = info.problem.as_ref()?;
    let file = printable(path.as_bytes());
    let others = match info.broken_files {
        0 | 1 => String::new(),
        files => format!(" (and in {})", human::count(files - 1, "other file")),
    };
    let (line, byte, why) = (problem.line, problem.column, &problem.why);
    Some(format!("{table} is partial: {file}, line {line}, byte {byte}: {why}{others}"))
}

/// Tells which files are no table though their names say so, and why.
fn say_others(others: &[NoTable]) {
    for NoTable { path, why, has_changed } in others.iter().take(OTHERS_SHOWN) {
        let hint = if *has_changed { "" } else { "; `--format PATH=FORMAT` says what it is" };
        say(format_args!("{} is no table: {why}{hint}", printable(path.as_bytes())));
    }
    if let Some(more) = others.len().checked_sub(OTHERS_SHOWN).filter(|more| *more > 0) {
        say(format_args!("{} more are no table", human::count(more as u64, "file")));
    }
}

/// What the table is; `None` where the file turns out to be none of this format, or has no such table.
fn info(view: &View, table: &Table) -> Result<Option<TableOutline>> {
    match view.table_info(table) {
        Ok(info) => Ok(Some(info)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound { .. }) => Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::Invalid { .. }) => {
            say(format_args!("{} is no table: {error}", table.name));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn line(table: &Table, info: TableOutline, odd: Vec<OddRows>) -> TableLine {
    let partial = partial(&table.name, &info);
    let key = info.schema.key.map(|at| info.schema.columns[at].name.clone());
    TableLine {
        table: table.name.clone(),
        format: table.format.name(),
        rows: info.rows,
        key,
        key_problem: info.key_flaw,
        columns: info.schema.columns.iter().map(column).collect(),
        files: table.paths.iter().map(PathFields::from).collect(),
        why: table.why.clone(),
        partial,
        problem: info.problem.map(ProblemLine::from),
        broken_files: info.broken_files,
        flags: odd.iter().map(|odd| odd.rows).sum(),
        odd: odd.into_iter().map(|OddRows { why, rows, first }| OddLine { why, rows, first }).collect(),
    }
}

fn column(column: &Column) -> ColumnLine {
    ColumnLine { name: column.name.clone(), data_type: column.data_type.to_string(), role: role(&column.role) }
}

/// The word for what a column is for.
fn role(role: &Role) -> &'static str {
    match role {
        Role::Plain | Role::Json => "plain",
        Role::Key => "key",
        Role::Label { .. } => "label",
        Role::BoxXywh | Role::BoxCxcywhn | Role::BoxXyxy | Role::BoxOriented => "box",
        Role::Mask => "mask",
        Role::Keypoints => "keypoints",
        Role::Image => "image",
        Role::Reference { .. } => "reference",
        Role::Split => "split",
        Role::Embedding => "embedding",
        Role::Weight => "weight",
    }
}
