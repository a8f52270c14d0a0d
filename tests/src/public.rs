//! Files that nobody here wrote, out of public packages, fetched once into `target/data`.
//!
//! What was fetched is known by its BLAKE3, so a test judges the same bytes everywhere.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::workspace;
use crate::{Python, Thing, Tree};

/// A file of an npm package, whose content has this BLAKE3.
///
/// # Errors
/// Why it cannot be had: no `npm`, no way to the registry, other bytes.
pub fn npm(package: &str, version: &str, file: &str, blake3: &str) -> Result<PathBuf, String> {
    let path = npm_package(package, version)?.join(file);
    let found = blake3::hash(&fs::read(&path).map_err(|error| error.to_string())?).to_hex();
    if found.as_str() == blake3 { Ok(path) } else { Err(format!("{} has the hash {found}", path.display())) }
}

/// A folder of an npm package, all of which has this [`sum`].
///
/// # Errors
/// As [`npm`].
pub fn npm_folder(package: &str, version: &str, folder: &str, blake3: &str) -> Result<PathBuf, String> {
    summed(npm_package(package, version)?.join(folder), blake3)
}

/// A folder of a PyPI package as it is published, a wheel or a source archive, all of which has this [`sum`].
///
/// # Errors
/// Why it cannot be had: no way to the index, other bytes.
pub fn pypi(python: &Python, package: &str, version: &str, folder: &str, blake3: &str) -> Result<PathBuf, String> {
    let unpacked = fetched(&format!("pypi-{package}-{version}"), |folder| {
        let wanted = format!("{package}=={version}");
        let packed = folder.join("packed");
        let text = packed.display().to_string();
        python.module(&["pip", "download", "--quiet", "--timeout", "20", "--no-deps", "--dest", &text, &wanted])?;
        for entry in fs::read_dir(&packed).map_err(|error| error.to_string())? {
            let archive = entry.map_err(|error| error.to_string())?.path().display().to_string();
            let module = if archive.ends_with(".whl") { "zipfile" } else { "tarfile" };
            python.module(&[module, "-e", &archive, &folder.join("unpacked").display().to_string()])?;
        }
        fs::remove_dir_all(packed).map_err(|error| error.to_string())
    })?;
    summed(unpacked.join("unpacked").join(folder), blake3)
}

/// Sums up the names and bytes of all files below a folder; times and modes do not matter.
///
/// # Errors
/// What cannot be read.
pub fn sum(folder: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for (path, thing) in &Tree::read(folder)?.0 {
        if let Thing::File(bytes, _) = thing {
            hasher.update(&(path.len() as u64).to_le_bytes()).update(path);
            hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn summed(folder: PathBuf, blake3: &str) -> Result<PathBuf, String> {
    let found = sum(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if found == blake3 { Ok(folder) } else { Err(format!("{} has the sum {found}", folder.display())) }
}

fn npm_package(package: &str, version: &str) -> Result<PathBuf, String> {
    let folder = fetched(&format!("npm-{}-{version}", package.replace('/', "-")), |folder| {
        for command in ["npm", "tar"] {
            crate::skip::command(command)?;
        }
        let packed = run(Command::new("npm").arg("pack").arg(format!("{package}@{version}")).current_dir(folder))?;
        let archive = folder.join(packed.lines().last().unwrap_or_default());
        run(Command::new("tar").arg("xzf").arg(&archive).current_dir(folder))?;
        fs::remove_file(archive).map_err(|error| error.to_string())
    })?;
    Ok(folder.join("package"))
}

/// A folder of `target/data` that `fetch` fills: whole, or not there.
fn fetched(name: &str, fetch: impl FnOnce(&Path) -> Result<(), String>) -> Result<PathBuf, String> {
    let text = |error: std::io::Error| error.to_string();
    let data = workspace().join("target/data");
    fs::create_dir_all(&data).map_err(text)?;
    let (folder, half_done) = (data.join(name), data.join(format!("{name}.new")));
    // Tests run beside each other, and one of them fetches it.
    let lock = File::create(data.join(format!("{name}.lock"))).map_err(text)?;
    lock.lock().map_err(text)?;
    if !folder.join("whole").exists() {
        for old in [&folder, &half_done] {
            drop(fs::remove_dir_all(old));
        }
        fs::create_dir(&half_done).map_err(text)?;
        fetch(&half_done)?;
        fs::write(half_done.join("whole"), "").map_err(text)?;
        fs::rename(&half_done, &folder).map_err(text)?;
    }
    Ok(folder)
}

fn run(command: &mut Command) -> Result<String, String> {
    let ran = command.output().map_err(|error| format!("{:?} cannot be run: {error}", command.get_program()))?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr).lines().next().unwrap_or_default().to_owned();
        return Err(format!("{:?} failed: {said}", command.get_program()));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}
