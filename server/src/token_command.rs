//! `veneer token`: makes, lists and revokes the tokens of a store's service.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use clap::{Subcommand, ValueEnum};
use rustix::fs::{FlockOperation, flock};
use serde_json::json;
use veneer::model::WriterName;
use veneer::{Error, Result};

use crate::auth::Role;
use crate::tokens::{self, Token};

/// What is done with the tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Makes a token and prints it; it is never shown again.
    New {
        /// Whose it is: the name of their drafts and revisions
        name: String,
        /// What they may do
        #[arg(long, value_enum)]
        role: RoleWord,
    },
    /// Lists the tokens: their ids, roles and owners, no secrets.
    List,
    /// Revokes a token; a service that runs knows within a second.
    Revoke {
        /// Its id, as `list` tells
        id: String,
    },
}

/// A role as a word of the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleWord {
    /// Looks at everything
    Viewer,
    /// Edits, commits, records runs
    Editor,
    /// Imports, removes branches
    Admin,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Role {
        match word {
            RoleWord::Viewer => Role::Viewer,
            RoleWord::Editor => Role::Editor,
            RoleWord::Admin => Role::Admin,
        }
    }
}

impl TokenCommand {
    /// Does it to a token file, and prints what came of it.
    ///
    /// # Errors
    /// `NotFound` for an id that there is not, `Invalid` for a name that cannot be one; those of the file.
    pub fn run(self, file: &Path, as_json: bool) -> Result<()> {
        let text = match self {
            TokenCommand::New { name, role } => {
                let (token, line) = tokens::make(role.into(), &name.parse::<WriterName>()?)?;
                change(file, |lines| {
                    lines.push(line);
                    Ok(())
                })?;
                if as_json {
                    json!({ "token": token, "name": name, "role": Role::from(role) }).to_string()
                } else {
                    token
                }
            }
            TokenCommand::List => {
                let found = tokens::lines(&read(file)?)?;
                let told = |(id, token): &(String, Token)| json!({ "id": id, "role": token.role, "name": token.name.as_str() });
                let shown = |(id, token): &(String, Token)| format!("{id}  {:<6}  {}", token.role.word(), token.name);
                match as_json {
                    true => serde_json::Value::from(found.iter().map(told).collect::<Vec<_>>()).to_string(),
                    false => found.iter().map(shown).collect::<Vec<_>>().join("\n"),
                }
            }
            TokenCommand::Revoke { id } => {
                change(file, |lines| {
                    let before = lines.len();
                    lines.retain(|line| line.split(' ').nth(1) != Some(&id));
                    if lines.len() == before { Err(Error::not_found("token", &id)) } else { Ok(()) }
                })?;
                if as_json { json!({ "revoked": id }).to_string() } else { String::new() }
            }
        };
        let end = if text.is_empty() { "" } else { "\n" };
        let printed = std::io::stdout().write_all(format!("{text}{end}").as_bytes());
        printed.map_err(|cause| Error::io("print the answer", cause))
    }
}

fn read(file: &Path) -> Result<String> {
    match fs::read_to_string(file) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|cause| Error::io_at("read", file, cause)),
    }
}

/// Changes the lines of a token file, which is replaced as a whole; two commands wait for each other.
fn change(file: &Path, work: impl FnOnce(&mut Vec<String>) -> Result<()>) -> Result<()> {
    let failed = |cause: std::io::Error| Error::io_at("write", file, cause);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let lock = File::open(folder).map_err(failed)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|cause| failed(cause.into()))?;
    let mut lines: Vec<String> = read(file)?.lines().map(str::to_owned).collect();
    work(&mut lines)?;
    let new = folder.join(format!(".tokens.{}", std::process::id()));
    let write = || {
        let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        out.sync_all()?;
        fs::rename(&new, file)?;
        lock.sync_all()
    };
    write().inspect_err(|_| drop(fs::remove_file(&new))).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Tokens;

    #[test]
    fn tokens_are_made_listed_and_revoked() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tokens");
        for name in ["ada", "bob lee"] {
            TokenCommand::New { name: name.to_owned(), role: RoleWord::Editor }.run(&file, false).expect("made");
        }
        let found = tokens::lines(&fs::read_to_string(&file).expect("there")).expect("valid");
        assert_eq!(found.iter().map(|(_, token)| token.name.as_str()).collect::<Vec<_>>(), ["ada", "bob lee"]);
        TokenCommand::Revoke { id: found[0].0.clone() }.run(&file, false).expect("revoked");
        assert!(TokenCommand::Revoke { id: found[0].0.clone() }.run(&file, false).is_err());
        let left = Tokens::of_file(&file, false).expect("valid");
        assert!(left.owner(&found[0].0).is_none() && left.owner(&found[1].0).is_some());
        TokenCommand::List.run(&file, true).expect("listed");
    }
}
