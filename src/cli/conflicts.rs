//! `veneer conflicts` and `resolve`: what a merge that stands in a draft leaves to be decided.

use clap::Args;
use serde::Serialize;
use veneer::dataset::Resolution;
use veneer::dataset::rows::{short_key, short_name};
use veneer::model::{BranchName, OpenConflict, PendingMerge, RowAddress, Value};

use super::context::{Context, branch_of};
use super::edit::Editing;
use super::human;
use super::output::{self, Align, PathFields, Table};
use super::report::{Answer, Failure, Result, say};
use super::rows::diff::shown;

/// List what a merge leaves to be decided.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A merge in which both sides changed the same stands in your draft: what could be
merged is in it, and our side of what could not. Each conflict is a cell, a row or a
whole path; no file ever has a mark in it.

Examples:
  veneer conflicts traffic
  veneer --json conflicts traffic | jq '.conflicts[] | [.key, .column, .ours, .theirs]'")]
pub(super) struct ConflictsArgs {
    /// The dataset, and the branch that is merged into if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
}

#[derive(Serialize)]
struct Pending {
    branch: String,
    theirs: Option<String>,
    message: Option<String>,
    conflicts: Vec<OpenLine>,
}

/// A thing to decide, as JSON has it.
#[derive(Serialize)]
pub(super) struct OpenLine {
    #[serde(flatten)]
    path: PathFields,
    table: Option<String>,
    key: Option<String>,
    column: Option<String>,
    base: Option<serde_json::Value>,
    ours: Option<serde_json::Value>,
    theirs: Option<serde_json::Value>,
    why: String,
}

impl From<&OpenConflict> for OpenLine {
    fn from(conflict: &OpenConflict) -> OpenLine {
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_json);
        let Place { table, key, column } = Place::of(conflict);
        OpenLine {
            path: PathFields::from(&conflict.path),
            table,
            key,
            column,
            base: json(&conflict.base),
            ours: json(&conflict.ours),
            theirs: json(&conflict.theirs),
            why: conflict.why.clone(),
        }
    }
}

/// Where a conflict of a row is, as people say it.
struct Place {
    table: Option<String>,
    key: Option<String>,
    column: Option<String>,
}

impl Place {
    fn of(conflict: &OpenConflict) -> Place {
        let Some(address) = &conflict.row else { return Place { table: None, key: None, column: None } };
        let column = match address {
            RowAddress::Cell { column, .. } | RowAddress::Column { column, .. } => Some(column.clone()),
            RowAddress::Row { .. } | RowAddress::Shared { .. } => None,
        };
        let key = address.row().map(|key| short_key(&conflict.path, address.table(), key));
        Place { table: Some(short_name(&conflict.path, address.table())), key, column }
    }
}

impl ConflictsArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let dataset = context.read()?.datasets.open(&address.dataset)?;
        let branch = branch_of(&dataset, address.reference.as_ref())?;
        let draft = context.draft(&dataset, &branch)?;
        let pending = draft.pending();
        if context.json {
            output::json(&Pending {
                branch: branch.to_string(),
                theirs: pending.map(|merge| merge.theirs.to_hex()),
                message: pending.map(|merge| merge.message.clone()),
                conflicts: pending.iter().flat_map(|merge| merge.open.iter().map(OpenLine::from)).collect(),
            })?;
            return Ok(Answer::Yes);
        }
        match pending {
            None => say(format_args!("no merge stands in your draft on {}@{branch}", dataset.name())),
            Some(merge) => {
                print(merge)?;
                say(state_of(merge, dataset.name().as_str(), &branch));
            }
        }
        Ok(Answer::Yes)
    }
}

/// Lists what is to be decided, for a person.
pub(super) fn print(merge: &PendingMerge) -> Result<()> {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for conflict in &merge.open {
        let Place { table: name, key, column } = Place::of(conflict);
        let place: Vec<String> = [name, key, column].into_iter().flatten().collect();
        let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "-".to_owned(), shown);
        let (base, ours, theirs) = (value(&conflict.base), value(&conflict.ours), value(&conflict.theirs));
        let (place, told) = match place.is_empty() {
            true => (String::new(), conflict.why.clone()),
            false => (place.join(" "), format!("was {base}, ours {ours}, theirs {theirs}")),
        };
        table.row([conflict.path.to_string(), output::printable(place.as_bytes()), told]);
    }
    table.print()
}

/// How one of the conflicts is decided, and then all others: commands as they can be typed, before what else a hint
/// says. Empty where none is open.
pub(super) fn how(merge: &PendingMerge, name: &str) -> String {
    let Some(first) = merge.open.first() else { return String::new() };
    let Place { table, key, column } = Place::of(first);
    // Of what is said of classes, no other value can be chosen.
    let is_cell = key.is_some() && column.is_some() && !first.path.as_bytes().starts_with(b".veneer/");
    let is_alike = |other: &&OpenConflict| {
        let of = Place::of(other);
        (&of.table, &of.key, &of.column) == (&table, &key, &column)
    };
    // Two files may have tables of one name: then the path says which is meant.
    let table = match merge.open.iter().filter(is_alike).nth(1) {
        Some(_) if table.is_some() => Some(first.path.to_string()),
        _ => table,
    };
    let words: Vec<String> = match table {
        None => vec![quoted(&first.path.to_string())],
        Some(table) => [Some(table), key, column].into_iter().flatten().map(|word| quoted(&word)).collect(),
    };
    let value = if is_cell { ", `--value V` for another value" } else { "" };
    let words = match words.iter().any(|word| word.starts_with('-')) {
        // What begins with a dash is no option.
        true => format!("--ours -- {}", words.join(" ")),
        false => format!("{} --ours", words.join(" ")),
    };
    format!(
        "`veneer resolve {name} {words}` keeps the first as the draft has it, `--theirs` is for what they have{value}; \
         `veneer conflicts {name}` lists all; "
    )
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./+#,:@%=".contains(letter);
    match !word.is_empty() && !word.starts_with('#') && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// How far the merge is, and what comes next.
pub(super) fn state_of(merge: &PendingMerge, dataset: &str, branch: &BranchName) -> String {
    let theirs = merge.theirs.short();
    match merge.open.len() {
        0 => format!("the merge of {theirs} is decided: `veneer commit {dataset}@{branch}` makes a revision of it"),
        open => format!("the merge of {theirs} waits for {}", human::count(open as u64, "decision")),
    }
}

/// Decide conflicts of a merge.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("how").required(true), after_long_help = "\
Each call is one step of the draft: `veneer undo` takes it back. Ours is what the
draft has: to decide a row or a file in your own way, edit it and then keep ours. When
all is decided, `veneer commit` makes the revision; `veneer discard` drops the merge.

Examples:
  veneer resolve traffic annotations 4211 bbox --theirs
  veneer resolve traffic labels 17 label --value car
  veneer resolve traffic images/0042.png --ours
  veneer resolve traffic labels.csv --theirs
  veneer resolve traffic --all --ours")]
pub(super) struct ResolveArgs {
    /// The dataset, and the branch that is merged into if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// A path or a table; a row of it, and a column of that
    #[arg(value_name = "PATH|TABLE KEY [COLUMN]", num_args = 0..=3)]
    words: Vec<String>,
    /// Whatever is not decided yet
    #[arg(long, conflicts_with = "words")]
    all: bool,
    /// Keep what the draft has
    #[arg(long, group = "how")]
    ours: bool,
    /// Take what they have
    #[arg(long, group = "how")]
    theirs: bool,
    /// Give the cell this value: JSON where it can be read as that, else text
    #[arg(long, group = "how", value_name = "V")]
    value: Option<String>,
}

impl ResolveArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        if self.words.is_empty() && !self.all {
            return Err(Failure::usage("nothing is named to decide")
                .hint("name a path, a table, a row or a cell, or give `--all`"));
        }
        let mut editing = Editing::open(context, &context.address(&self.name)?)?;
        let Some(merge) = editing.draft.pending() else {
            return Err(no_merge(&editing));
        };
        let meant = |(at, conflict)| (self.all || self.means(conflict)).then_some(at);
        let which: Vec<usize> = merge.open.iter().enumerate().filter_map(meant).collect();
        if which.is_empty() && !self.all {
            return Err(Failure::error(format!("there is no conflict at `{}`", self.words.join(" ")))
                .hint(format!("`veneer conflicts {}` lists what is to be decided", self.name)));
        }
        let how = match &self.value {
            Some(text) => Resolution::Value(value(text)),
            None if self.theirs => Resolution::Theirs,
            None => Resolution::Ours,
        };
        editing.draft.resolve(&which, &how)?;
        let left =
            editing.draft.pending().map(|merge| state_of(merge, editing.dataset.name().as_str(), &editing.branch));
        let side = match how {
            Resolution::Ours => "for ours",
            Resolution::Theirs => "for theirs",
            Resolution::Value(_) => "for another value",
        };
        let label = format!("decide {} {side}", human::count(which.len() as u64, "conflict"));
        let answer = editing.save(context, &label)?;
        if let Some(left) = left.filter(|_| !context.json) {
            say(left);
        }
        Ok(answer)
    }

    fn means(&self, conflict: &OpenConflict) -> bool {
        let Place { table, key, column } = Place::of(conflict);
        let is_path = |word: &String| {
            let path = conflict.path.to_string();
            *word == path || path.strip_prefix(word.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
        };
        let is_table = |word: &String| {
            table.as_ref() == Some(word) || conflict.row.as_ref().is_some_and(|row| row.table() == word)
        };
        match self.words.as_slice() {
            [word] => is_path(word) || is_table(word),
            // A whole column has no key.
            [word, name] => (is_path(word) || is_table(word)) && key.as_ref().or(column.as_ref()) == Some(name),
            [word, row, cell] => {
                (is_path(word) || is_table(word)) && key.as_ref() == Some(row) && column.as_ref() == Some(cell)
            }
            _ => false,
        }
    }
}

fn no_merge(editing: &Editing) -> Failure {
    let (dataset, branch) = (editing.dataset.name(), &editing.branch);
    Failure::error(format!("no merge stands in your draft on {dataset}@{branch}"))
        .hint(format!("`veneer merge {dataset}@{branch} OTHER` begins one; it stands there if there are conflicts"))
}

fn value(text: &str) -> Value {
    Value::from_json_text(text).unwrap_or_else(|| Value::Text(text.to_owned()))
}
