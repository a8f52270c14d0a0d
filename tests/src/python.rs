//! Python programs that judge by other readers than ours, with the packages that they need.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::workspace;

/// A Python that has the packages of a list.
#[derive(Debug)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// The Python that has what `tests/python/requirements-NAME.txt` lists; made once, in `target/data`.
    ///
    /// # Errors
    /// Why it cannot be had: there is no Python, or no way to the packages.
    pub fn with(name: &str) -> Result<Python, String> {
        let list = workspace().join(format!("tests/python/requirements-{name}.txt"));
        let wanted = fs::read(&list).map_err(|error| format!("{}: {error}", list.display()))?;
        let data = workspace().join("target/data");
        fs::create_dir_all(&data).map_err(|error| error.to_string())?;
        let folder = data.join(format!("python-{name}-{}", &blake3::hash(&wanted).to_hex()[..12]));
        // Tests run beside each other, and one of them makes it.
        let lock = File::create(data.join(format!("python-{name}.lock"))).map_err(|error| error.to_string())?;
        lock.lock().map_err(|error| error.to_string())?;
        let (program, mark) = (folder.join("bin/python"), folder.join("complete"));
        if !mark.exists() {
            crate::skip::command("python3")?;
            drop(fs::remove_dir_all(&folder));
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
            run(Command::new(&program).args(install).arg(&list))?;
            fs::write(&mark, "").map_err(|error| error.to_string())?;
        }
        Ok(Python { program })
    }

    /// Runs `tests/python/SCRIPT`.
    ///
    /// # Errors
    /// What it said, when it did not succeed.
    pub fn run(&self, script: &str, arguments: &[&Path]) -> Result<(), String> {
        let script = workspace().join("tests/python").join(script);
        run(Command::new(&self.program).arg(script).args(arguments))
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let ran = command.output().map_err(|error| format!("{:?} cannot be run: {error}", command.get_program()))?;
    if ran.status.success() {
        return Ok(());
    }
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    let from = said.char_indices().rev().nth(8000).map_or(0, |(at, _)| at);
    Err(format!("{:?} failed: {}", command.get_program(), said[from..].replace('\n', "\n  ")))
}
