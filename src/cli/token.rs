//! `veneer token`: who may use the service of a store, and what.
//!
//! The program `veneer-server` knows how tokens are kept; it takes the place of this process.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::{Args, Subcommand, ValueEnum};
use veneer::Error;

use super::context::Context;
use super::mountd;
use super::report::Result;
use super::serve::PROGRAM;

/// Make, list or revoke tokens, which let people use the service from other machines.
#[derive(Args, Debug)]
#[command(after_long_help = "\
A token is printed once, and kept as a hash that nobody can read it from. As soon as
there is one, everybody who asks the service over TCP must show one: programs as
`Authorization: Bearer TOKEN`, commands by VENEER_TOKEN, a browser by typing it once.
A viewer looks, an editor also edits and commits, an admin also imports and deletes
branches.

Examples:
  veneer token new ada --role editor
  veneer token list
  veneer token revoke 3f9c1a2b")]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
    /// The file of tokens; else `tokens` in the store
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once
    New {
        /// Whose it is: the name of their drafts and revisions
        name: String,
        /// What they may do
        #[arg(long, value_enum)]
        role: Role,
    },
    /// List the tokens: their ids, roles and owners
    List,
    /// Revoke a token
    Revoke {
        /// Its id
        id: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// Looks at everything
    Viewer,
    /// Edits, commits, records runs
    Editor,
    /// Imports, deletes branches
    Admin,
}

impl TokenArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let mut arguments: Vec<OsString> = vec!["--store".into(), context.existing_store_path()?.into()];
        if let Some(file) = self.token_file {
            arguments.extend(["--token-file".into(), file.into()]);
        }
        if context.json {
            arguments.push("--json".into());
        }
        arguments.push("token".into());
        match self.command {
            TokenCommand::New { name, role } => {
                let role = role.to_possible_value().expect("no role is hidden");
                arguments.extend(["new".into(), "--role".into(), role.get_name().into(), "--".into(), name.into()]);
            }
            TokenCommand::List => arguments.push("list".into()),
            TokenCommand::Revoke { id } => arguments.extend(["revoke".into(), "--".into(), id.into()]),
        }
        // It comes back only where the program could not be started.
        let cause = Command::new(mountd::find_program(PROGRAM)?).args(arguments).exec();
        Err(Error::io(format!("start `{PROGRAM}`"), cause).into())
    }
}
