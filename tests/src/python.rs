//! A Python with the independent readers that tests judge by.
//!
//! They are installed once, below `target/`, from `scripts/python/requirements.txt`.
//! A machine that cannot do that skips the tests which need them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::fs::{FlockOperation, flock};

use crate::binaries::workspace;
use crate::skip;

/// A Python and what it is to run.
#[derive(Clone, Debug)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// The Python that has all of the requirements.
    ///
    /// # Errors
    /// Why there is none here.
    pub fn with_readers() -> Result<Python, String> {
        static FOUND: OnceLock<Result<Python, String>> = OnceLock::new();
        FOUND.get_or_init(install).clone()
    }

    /// Runs a script of `scripts/python`; returns what it prints.
    ///
    /// # Panics
    /// When it fails: then the file is not what it should be.
    pub fn run(&self, script: &str, arguments: &[&str]) -> String {
        let script = scripts().join(script);
        let ran = Command::new(&self.program).arg(&script).args(arguments).output().expect("Python starts");
        let errors = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{} {arguments:?}: {errors}", script.display());
        String::from_utf8(ran.stdout).expect("it prints text")
    }
}

fn scripts() -> PathBuf {
    workspace().join("scripts/python")
}

fn install() -> Result<Python, String> {
    skip::command("python3")?;
    let requirements = fs::read_to_string(scripts().join("requirements.txt")).map_err(|cause| cause.to_string())?;
    let folder = workspace().join("target/python");
    fs::create_dir_all(&folder).map_err(|cause| cause.to_string())?;
    // Another test binary may be installing.
    let lock = File::create(folder.join("lock")).map_err(|cause| cause.to_string())?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|cause| cause.to_string())?;
    let (done, program) = (folder.join("installed"), folder.join("bin/python"));
    if fs::read_to_string(&done).is_ok_and(|installed| installed == requirements) {
        return Ok(Python { program });
    }
    let run = |program: &Path, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).current_dir(scripts()).output();
        let ran = ran.map_err(|cause| cause.to_string())?;
        let errors = String::from_utf8_lossy(&ran.stderr);
        let last = errors.lines().last().unwrap_or("it does not say why").to_owned();
        if ran.status.success() { Ok(()) } else { Err(format!("the independent readers cannot be installed: {last}")) }
    };
    run(Path::new("python3"), &["-m", "venv", &folder.display().to_string()])?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "20", "-r"];
    run(&program, &[&pip[..], &["requirements.txt"]].concat())?;
    fs::write(&done, requirements).map_err(|cause| cause.to_string())?;
    Ok(Python { program })
}
