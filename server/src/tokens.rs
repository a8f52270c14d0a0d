//! Tokens: what a client shows, and what the service keeps to know it again.
//!
//! A token is `veneer_ID_SECRET`. The token file has one line for each,
//! `ROLE ID HASH NAME`, and so never a secret: the hash is argon2id in the PHC
//! form. Checking one takes a processor for a moment, so a token that was right
//! once is remembered, by its hash, until the service ends.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use veneer::model::{Id, WriterName};
use veneer::{Error, Result};

use crate::auth::{Caller, Role};

/// What every token begins with, so that one is recognized where it should not be.
const PREFIX: &str = "veneer";

/// The tokens of a service.
#[derive(Debug, Default)]
pub struct Tokens {
    /// By their ids.
    known: HashMap<String, Token>,
    /// The hashes of tokens that were right, and their ids.
    right: Mutex<HashMap<Id, String>>,
}

#[derive(Debug)]
struct Token {
    role: Role,
    name: WriterName,
    hash: String,
}

impl Tokens {
    /// Reads a token file.
    ///
    /// # Errors
    /// `Io`; `Invalid` with the number of a line that is none.
    pub fn read(path: &Path) -> Result<Tokens> {
        let text = std::fs::read_to_string(path).map_err(|cause| Error::io_at("read the tokens in", path, cause))?;
        Tokens::parse(&text)
    }

    /// Reads the text of a token file; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// `Invalid` with the number of a line that is none.
    pub fn parse(text: &str) -> Result<Tokens> {
        let mut known = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, token) = Token::parse(line).ok_or_else(|| {
                Error::invalid("token file", &format!("line {}", number + 1), "a line is ROLE ID HASH NAME")
            })?;
            known.insert(id, token);
        }
        Ok(Tokens { known, right: Mutex::default() })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whose token it is; `None` for one that is not known. It may take a processor for some milliseconds.
    pub fn check(&self, token: &str) -> Option<Caller> {
        let hash = Id::of(token.as_bytes());
        if let Some(id) = self.right().get(&hash) {
            return self.known.get(id).map(Token::caller);
        }
        let id = token.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?.0;
        let known = self.known.get(id)?;
        Argon2::default().verify_password(token.as_bytes(), known.hash.as_str()).ok()?;
        self.right().insert(hash, id.to_owned());
        Some(known.caller())
    }

    fn right(&self) -> std::sync::MutexGuard<'_, HashMap<Id, String>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Token {
    fn parse(line: &str) -> Option<(String, Token)> {
        let mut words = line.splitn(4, ' ');
        let role = words.next()?;
        let role = Role::ALL.into_iter().find(|known| known.word() == role)?;
        let (id, hash, name) = (words.next()?, words.next()?, words.next()?);
        PasswordHash::new(hash).ok()?;
        Some((id.to_owned(), Token { role, name: name.trim().parse().ok()?, hash: hash.to_owned() }))
    }

    fn caller(&self) -> Caller {
        Caller { writer: self.name.clone(), role: self.role }
    }
}

/// Makes a token; returns it, to be shown once, and the line that a token file keeps of it.
///
/// # Errors
/// `Io` where the system has no randomness to give.
pub fn make(role: Role, name: &WriterName) -> Result<(String, String)> {
    let mut random = [0; 36];
    getrandom::fill(&mut random)
        .map_err(|cause| Error::io("draw a token", std::io::Error::other(cause.to_string())))?;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (id, secret) = (hex(&random[..4]), hex(&random[4..]));
    let token = format!("{PREFIX}_{id}_{secret}");
    let failed = |cause: argon2::password_hash::Error| Error::io("hash a token", std::io::Error::other(cause));
    let hash: PasswordHash = Argon2::default().hash_password(token.as_bytes()).map_err(failed)?;
    Ok((token, format!("{} {id} {hash} {name}", role.word())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_line_and_no_other_is() {
        let name = "ada lovelace".parse().expect("a name");
        let (token, line) = make(Role::Editor, &name).expect("made");
        let (other, _) = make(Role::Admin, &name).expect("made");
        assert!(!line.contains(token.rsplit('_').next().expect("a secret")), "no secret is kept");
        let tokens = Tokens::parse(&format!("# who\n\n{line}\n")).expect("valid");
        for _ in 0..2 {
            let caller = tokens.check(&token).expect("known");
            assert_eq!((caller.role, caller.writer.as_str()), (Role::Editor, "ada lovelace"));
        }
        let mut wrong = token.clone();
        wrong.pop();
        for token in [other.as_str(), &wrong, "", "veneer", "veneer__", "x_y_z"] {
            assert!(tokens.check(token).is_none(), "{token}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_told_by_its_number() {
        for line in ["root 1 x ada", "admin 1 nohash ada", "admin"] {
            let error = Tokens::parse(&format!("\n{line}")).expect_err("refused");
            assert!(error.to_string().contains("line 2"), "{error}");
        }
    }
}
