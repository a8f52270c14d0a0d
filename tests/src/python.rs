//! A Python with the independent readers that tests judge by.
//!
//! What a list of requirements asks for is installed once, in a folder below
//! `target/python`. A machine that cannot do that skips the tests which need it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{FlockOperation, flock};

use crate::binaries::workspace;
use crate::skip;

/// Letters of what a program says that are shown when it fails.
const SAID_LEN_MAX: usize = 8000;

/// A Python that has the packages of a list.
#[derive(Clone, Debug)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// The Python that reads what is written in text: `scripts/python/requirements.txt`.
    ///
    /// # Errors
    /// Why there is none here.
    pub fn with_readers() -> Result<Python, String> {
        install("readers", &workspace().join("scripts/python/requirements.txt"))
    }

    /// The Python that has what `tests/python/requirements-NAME.txt` lists.
    ///
    /// # Errors
    /// Why it cannot be had: there is no Python, or no way to the packages.
    pub fn with(name: &str) -> Result<Python, String> {
        install(name, &workspace().join(format!("tests/python/requirements-{name}.txt")))
    }

    /// Runs a script of `scripts/python`; returns what it prints.
    ///
    /// # Panics
    /// When it fails: then the file is not what it should be.
    pub fn run(&self, script: &str, arguments: &[&str]) -> String {
        let script = workspace().join("scripts/python").join(script);
        let printed = run(Command::new(&self.program).arg(&script).args(arguments));
        printed.unwrap_or_else(|why| panic!("{} {arguments:?}: {why}", script.display()))
    }

    /// Runs a module that comes with it: `pip`, `zipfile`.
    ///
    /// # Errors
    /// What it said, when it did not succeed.
    pub fn module(&self, arguments: &[&str]) -> Result<(), String> {
        self.module_in(Path::new("."), arguments)
    }

    /// As [`Python::module`], in a folder of its own: some leave things where they run.
    ///
    /// # Errors
    /// What it said, when it did not succeed.
    pub fn module_in(&self, folder: &Path, arguments: &[&str]) -> Result<(), String> {
        run(Command::new(&self.program).current_dir(folder).arg("-m").args(arguments)).map(drop)
    }

    /// Runs `tests/python/SCRIPT`, which judges files; returns what it prints.
    ///
    /// # Errors
    /// What it said, when it did not succeed.
    pub fn judge(&self, script: &str, arguments: &[impl AsRef<OsStr>]) -> Result<String, String> {
        let script = workspace().join("tests/python").join(script);
        run(Command::new(&self.program).arg(script).args(arguments))
    }
}

fn install(name: &str, list: &Path) -> Result<Python, String> {
    let text = |cause: std::io::Error| cause.to_string();
    let wanted = fs::read(list).map_err(|cause| format!("{}: {cause}", list.display()))?;
    let all = workspace().join("target/python");
    fs::create_dir_all(&all).map_err(text)?;
    let folder = all.join(format!("{name}-{}", &blake3::hash(&wanted).to_hex()[..12]));
    // Tests run beside each other, and one of them installs.
    let lock = File::create(all.join(format!("{name}.lock"))).map_err(text)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|cause| cause.to_string())?;
    let (program, mark) = (folder.join("bin/python"), folder.join("complete"));
    if !mark.exists() {
        skip::command("python3")?;
        drop(fs::remove_dir_all(&folder));
        let failed = |why| format!("the independent readers cannot be installed: {why}");
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).map_err(failed)?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "20", "-r"];
        run(Command::new(&program).args(pip).arg(list)).map_err(failed)?;
        fs::write(&mark, "").map_err(text)?;
    }
    Ok(Python { program })
}

/// What it prints; what it says when it fails.
fn run(command: &mut Command) -> Result<String, String> {
    let ran = command.output().map_err(|error| format!("{:?} cannot be run: {error}", command.get_program()))?;
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    if ran.status.success() {
        return Ok(printed);
    }
    let said = printed + &String::from_utf8_lossy(&ran.stderr);
    let from = said.char_indices().rev().nth(SAID_LEN_MAX).map_or(0, |(at, _)| at);
    Err(format!("{:?} failed: {}", command.get_program(), said[from..].replace('\n', "\n  ")))
}
