//! Tokens: what a client shows, and what the service keeps to know it again.
//!
//! A token is `veneer_ID_SECRET`. The token file has one line for each,
//! `ROLE ID HASH NAME`, and so never a secret: the hash is argon2id in the PHC
//! form. Checking one takes a processor for a moment, so a token that was right
//! once is remembered, by its hash. A line that is added or removed counts within
//! a second.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tracing::warn;
use veneer::model::{Id, WriterName};
use veneer::{Error, Result};

use crate::auth::{Caller, Role};

/// The name of the file of tokens in a store's folder.
pub const FILE: &str = "tokens";
/// What every token begins with, so that one is recognized where it should not be.
const PREFIX: &str = "veneer";
/// So often it is looked whether the file is another one.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The tokens of a service.
#[derive(Debug)]
pub struct Tokens {
    file: Option<PathBuf>,
    /// Whether a token is needed although there are none.
    always: bool,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    /// By their ids.
    known: HashMap<String, Token>,
    /// The hashes of tokens that were right, and their ids.
    right: HashMap<Id, String>,
    stamp: Option<Stamp>,
    looked: Instant,
}

/// What tells one state of the file from another.
type Stamp = (SystemTime, u64);

/// A line of the token file.
#[derive(Clone, Debug)]
pub struct Token {
    /// What its owner may do.
    pub role: Role,
    /// Whose it is.
    pub name: WriterName,
    hash: String,
}

impl Tokens {
    /// Those of a token file, read anew when it changes; one that is not there has none.
    ///
    /// With `always`, nobody is served without a token, else only from the first token on.
    ///
    /// # Errors
    /// `Io`; `Invalid` with the number of a line that is none.
    pub fn of_file(file: &Path, always: bool) -> Result<Tokens> {
        let stamp = stamp(file);
        let tokens = Tokens::parse(&text(file)?)?;
        tokens.now().stamp = stamp;
        Ok(Tokens { file: Some(file.to_owned()), always, ..tokens })
    }

    /// Those of the text of a token file; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// `Invalid` with the number of a line that is none.
    pub fn parse(text: &str) -> Result<Tokens> {
        let known = lines(text)?.into_iter().collect();
        let now = Now { known, right: HashMap::new(), stamp: None, looked: Instant::now() };
        Ok(Tokens { file: None, always: true, now: Mutex::new(now) })
    }

    /// Whether nobody may do anything without one.
    pub fn are_needed(&self) -> bool {
        self.always || !self.now().known.is_empty()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.now().known.is_empty()
    }

    /// Whose token it is, if it was right before; takes no time.
    pub fn recall(&self, token: &str) -> Option<Caller> {
        let now = self.now();
        let id = now.right.get(&Id::of(token.as_bytes()))?;
        now.known.get(id).map(|token| token.caller(id))
    }

    /// Whose token it is; `None` for one that is not known. It may take a processor for some milliseconds.
    pub fn check(&self, token: &str) -> Option<Caller> {
        if let Some(caller) = self.recall(token) {
            return Some(caller);
        }
        let id = token.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?.0;
        let known = self.now().known.get(id).cloned()?;
        Argon2::default().verify_password(token.as_bytes(), known.hash.as_str()).ok()?;
        self.now().right.insert(Id::of(token.as_bytes()), id.to_owned());
        Some(known.caller(id))
    }

    /// Whose the token with this id is, as long as there is one.
    pub fn owner(&self, id: &str) -> Option<Caller> {
        self.now().known.get(id).map(|token| token.caller(id))
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file
            && now.looked.elapsed() >= LOOK_EVERY
        {
            now.looked = Instant::now();
            let stamp = stamp(file);
            if stamp != now.stamp {
                match text(file).and_then(|text| lines(&text)) {
                    Ok(lines) => {
                        (now.known, now.stamp) = (lines.into_iter().collect(), stamp);
                        now.right.clear();
                    }
                    Err(error) => warn!("the tokens stay as they were: {error}"),
                }
            }
        }
        now
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The text of a token file; of one that is not there, none.
fn text(file: &Path) -> Result<String> {
    match std::fs::read_to_string(file) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|cause| Error::io_at("read the tokens in", file, cause)),
    }
}

/// The tokens in the text of a token file, in order: their ids, and what is known of them.
///
/// # Errors
/// `Invalid` with the number of a line that is none.
pub fn lines(text: &str) -> Result<Vec<(String, Token)>> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        found.push(Token::parse(line).ok_or_else(|| {
            Error::invalid("token file", &format!("line {}", number + 1), "a line is ROLE ID HASH NAME")
        })?);
    }
    Ok(found)
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

    fn caller(&self, id: &str) -> Caller {
        Caller { writer: self.name.clone(), role: self.role, token: Some(id.to_owned()) }
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
    fn a_token_that_is_revoked_is_known_no_more() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let name = "ada".parse().expect("a name");
        let tokens = Tokens::of_file(file.path(), false).expect("read");
        assert!(!tokens.are_needed());
        let (token, line) = make(Role::Viewer, &name).expect("made");
        let write = |text: &str| {
            std::fs::write(file.path(), text).expect("written");
            tokens.now.lock().expect("whole").looked -= 2 * LOOK_EVERY;
        };
        write(&line);
        assert!(tokens.are_needed() && tokens.check(&token).is_some() && tokens.recall(&token).is_some());
        write("# nobody");
        assert!(tokens.recall(&token).is_none() && tokens.check(&token).is_none());
        write("a line that is none");
        assert!(!tokens.are_needed(), "it stays as it was");
    }

    #[test]
    fn a_line_that_is_none_is_told_by_its_number() {
        for line in ["root 1 x ada", "admin 1 nohash ada", "admin"] {
            let error = Tokens::parse(&format!("\n{line}")).expect_err("refused");
            assert!(error.to_string().contains("line 2"), "{error}");
        }
    }
}
