//! `veneer completions` and `man`: made from the definition of the command line itself.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use veneer::Error;

use super::report::{Answer, Result, say};
use super::{Cli, output};

/// Print a completion script for a shell.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  veneer completions bash > ~/.local/share/bash-completion/completions/veneer
  veneer completions zsh > ~/.zfunc/_veneer
  veneer completions fish > ~/.config/fish/completions/veneer.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn run(self) -> Result {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "veneer", &mut script);
        output::print(|out| out.write_all(&script))?;
        Ok(Answer::Yes)
    }
}

/// Write the manual pages into a folder.
#[derive(Args, Debug)]
#[command(after_long_help = "\
One page for `veneer`, and one for each command.

Examples:
  veneer man ~/.local/share/man/man1 && man veneer-mount")]
pub(super) struct ManArgs {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl ManArgs {
    pub(super) fn run(self) -> Result {
        let failed = |error| Error::io_at("write the manual pages to", &self.folder, error);
        fs::create_dir_all(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), &self.folder).map_err(failed)?;
        say(format_args!("wrote the manual pages to {}", self.folder.display()));
        Ok(Answer::Yes)
    }
}
