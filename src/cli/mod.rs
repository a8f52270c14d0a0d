//! The `veneer` command: what may be typed, and which file does it.
//!
//! One file per command, or per topic where the commands are small. Nothing
//! here knows how anything is done: the library does it, a command's file asks
//! for it, [`output`] prints what comes back, and [`report`] says what went wrong.

mod advice;
mod browse;
mod classes;
mod commit;
mod conflicts;
mod context;
mod diff;
mod doctor;
mod draft;
mod edit;
mod export;
mod export_writer;
mod fsck;
mod gc;
mod holders;
mod human;
mod import;
mod interrupt;
mod log;
mod manual;
mod merge;
mod mount;
mod mountd;
mod mounts;
mod opened;
mod output;
mod progress;
mod put;
mod refs;
mod report;
mod restart;
mod rows;
mod rows_output;
mod rows_table;
mod rows_text;
mod run;
mod run_log;
mod runs;
mod serve;
mod sql;
mod stat;
mod stats;
mod token;
mod unmount;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::level_filters::LevelFilter;

use context::Context;
use report::Result;

/// Above the options that every command takes.
const HEADING: &str = "Global options";

/// Thin, sparse, git-like revisions over training data that is never touched.
///
/// A dataset's files stay where they are, byte for byte. Changes are made in a draft,
/// committed as a revision, and any revision can be mounted as an ordinary folder.
#[derive(Parser, Debug)]
#[command(
    name = "veneer",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "`veneer COMMAND --help` explains a command, with examples.",
    after_long_help = "\
Names:
  NAME             a dataset
  NAME@main        a branch's head      NAME@v1     a tag
  NAME@3f9c1a2     a revision           NAME@main~2 the second before main
  PATH             relative to the dataset's top folder: images/0042.png

Edits (put, rm, mkdir, mv, restore, set, exclude …) go to your draft on a branch. `veneer status` and
`veneer diff` show it, `veneer undo` steps back, `veneer commit` makes a revision of it.

The loop:
  veneer import traffic /data/traffic        index the folder in place
  veneer mount traffic /mnt/traffic          python train.py reads /mnt/traffic
  veneer rm traffic images/0042.png
  veneer put traffic labels.csv fixed.csv
  veneer commit traffic -m 'fix labels'      the mount shows it at once
  veneer log traffic
  veneer mount traffic@main~1 /mnt/before

Exit codes:
  0 done    1 the answer is no: a conflict, a changed source, a damaged store
  2 wrong usage    3 an error    (`veneer run` gives back that of its command)

Environment:
  VENEER_STORE   the store's folder    VENEER_AUTHOR   who you are
  VENEER_LOG     error, warn, info, debug or trace: what is logged to stderr
  VENEER_TOKEN   what a service elsewhere asks for
  VENEER_CA_FILE certificates that an https:// store may show, beside the system's"
)]
struct Cli {
    /// The store's folder, or http[s]://HOST:PORT of a service [env: VENEER_STORE] [default: ~/.local/share/veneer]
    #[arg(long, global = true, value_name = "DIR", help_heading = HEADING)]
    store: Option<PathBuf>,

    /// Print data as one JSON document
    #[arg(long, global = true, help_heading = HEADING)]
    json: bool,

    /// Whose draft it is, and who makes a revision [env: VENEER_AUTHOR] [default: your user name]
    #[arg(long, global = true, value_name = "NAME", help_heading = HEADING)]
    author: Option<String>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Import(import::ImportArgs),
    Refresh(import::RefreshArgs),
    Datasets(browse::DatasetsArgs),
    Ls(browse::LsArgs),
    Cat(browse::CatArgs),
    Put(put::PutArgs),
    Tables(rows::TablesArgs),
    Rows(rows::RowsArgs),
    Sql(sql::SqlArgs),
    Set(rows::SetArgs),
    Insert(rows::InsertArgs),
    Delete(rows::DeleteArgs),
    Column(rows::ColumnArgs),
    Classes(classes::ClassesArgs),
    Exclude(rows::ExcludeArgs),
    Include(rows::IncludeArgs),
    Rm(edit::RmArgs),
    Mkdir(edit::MkdirArgs),
    Mv(edit::MvArgs),
    Status(draft::StatusArgs),
    Discard(draft::DiscardArgs),
    Undo(draft::UndoArgs),
    Redo(draft::RedoArgs),
    Commit(commit::CommitArgs),
    Log(log::LogArgs),
    Show(log::ShowArgs),
    Diff(diff::DiffArgs),
    Blame(rows::BlameArgs),
    Branch(refs::BranchArgs),
    Tag(refs::TagArgs),
    Merge(merge::MergeArgs),
    Conflicts(conflicts::ConflictsArgs),
    Resolve(conflicts::ResolveArgs),
    Revert(merge::RevertArgs),
    Restore(edit::RestoreArgs),
    Export(export::ExportArgs),
    Mount(mount::MountArgs),
    Unmount(unmount::UnmountArgs),
    Mounts(mounts::MountsArgs),
    Run(run::RunArgs),
    Runs(runs::RunsArgs),
    RunLog(run_log::RunLogArgs),
    Serve(serve::ServeArgs),
    Token(token::TokenArgs),
    Stat(stat::StatArgs),
    Fsck(fsck::FsckArgs),
    Gc(gc::GcArgs),
    Doctor(doctor::DoctorArgs),
    Stats(stats::StatsArgs),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
}

/// Runs the command line, and returns the exit code.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout and is no error; a reader that has gone is none either.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    log_to_stderr(context::log_level());
    let context = Context::new(cli.store, cli.author, cli.json);
    match cli.command.run(&context) {
        Ok(answer) => answer.code(),
        Err(failure) => context.advised(failure).report(context.subject()),
    }
}

impl Command {
    fn run(self, context: &Context) -> Result {
        match self {
            Command::Import(args) => args.run(context),
            Command::Refresh(args) => args.run(context),
            Command::Datasets(args) => args.run(context),
            Command::Ls(args) => args.run(context),
            Command::Cat(args) => args.run(context),
            Command::Put(args) => args.run(context),
            Command::Tables(args) => args.run(context),
            Command::Rows(args) => args.run(context),
            Command::Sql(args) => args.run(context),
            Command::Set(args) => args.run(context),
            Command::Insert(args) => args.run(context),
            Command::Delete(args) => args.run(context),
            Command::Column(args) => args.run(context),
            Command::Classes(args) => args.run(context),
            Command::Exclude(args) => args.run(context),
            Command::Include(args) => args.run(context),
            Command::Rm(args) => args.run(context),
            Command::Mkdir(args) => args.run(context),
            Command::Mv(args) => args.run(context),
            Command::Status(args) => args.run(context),
            Command::Discard(args) => args.run(context),
            Command::Undo(args) => args.run(context),
            Command::Redo(args) => args.run(context),
            Command::Commit(args) => args.run(context),
            Command::Log(args) => args.run(context),
            Command::Show(args) => args.run(context),
            Command::Diff(args) => args.run(context),
            Command::Blame(args) => args.run(context),
            Command::Branch(args) => args.run(context),
            Command::Tag(args) => args.run(context),
            Command::Merge(args) => args.run(context),
            Command::Conflicts(args) => args.run(context),
            Command::Resolve(args) => args.run(context),
            Command::Revert(args) => args.run(context),
            Command::Restore(args) => args.run(context),
            Command::Export(args) => args.run(context),
            Command::Mount(args) => args.run(context),
            Command::Unmount(args) => args.run(context),
            Command::Mounts(args) => args.run(context),
            Command::Run(args) => args.run(context),
            Command::Runs(args) => args.run(context),
            Command::RunLog(args) => args.run(context),
            Command::Serve(args) => args.run(context),
            Command::Token(args) => args.run(context),
            Command::Stat(args) => args.run(context),
            Command::Fsck(args) => args.run(context),
            Command::Gc(args) => args.run(context),
            Command::Doctor(args) => args.run(context),
            Command::Stats(args) => args.run(context),
            Command::Completions(args) => args.run(),
            Command::Man(args) => args.run(),
        }
    }
}

fn log_to_stderr(level: LevelFilter) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .compact()
        .finish();
    // It fails only where another one is set already, and there is none.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_well_defined() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_line_about_it_and_examples() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} has no line about it");
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:\n  "), "{name} has no examples");
            assert!(help.lines().all(|line| line.chars().count() <= 88), "{name} has a long line");
        }
    }
}
