//! `--format [PATH=]FORMAT`: what files are, as somebody says it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use veneer::ErrorKind;
use veneer::dataset::rows::{FORMATS, FileFormat, check_formats};
use veneer::model::{DataPath, FormatChoice};

use crate::cli::context::Context;
use crate::cli::report::{Failure, Result};

/// What takes back what was said.
const AUTO: &str = "auto";

/// Reads what was said on the command line.
pub(in crate::cli) fn formats_of(words: &[OsString]) -> Result<Vec<FormatChoice>> {
    let choices = words.iter().map(|word| choice(word)).collect::<Result<Vec<_>>>()?;
    check_formats(&choices).map_err(told)?;
    Ok(choices)
}

/// Records what was said for the dataset, beside what was said before.
pub(super) fn record(context: &Context, name: &str, words: &[OsString]) -> Result<()> {
    let choices = words.iter().map(|word| choice(word)).collect::<Result<Vec<_>>>()?;
    let said = |FormatChoice { path, format }| FileFormat { path, format: Some(format).filter(|it| it != AUTO) };
    let said: Vec<FileFormat> = choices.into_iter().map(said).collect();
    let address = context.address(name)?;
    let dataset = context.own()?.datasets.open(&address.dataset)?;
    let view = dataset.view(dataset.resolve(address.reference.as_ref())?.id)?;
    dataset.say_formats(&view, &said).map_err(|error| match error.kind() {
        ErrorKind::NotFound { what: "path", .. } => error.into(),
        _ => told(error),
    })
}

fn choice(word: &OsStr) -> Result<FormatChoice> {
    let bytes = word.as_bytes();
    let (path, format) = match bytes.iter().rposition(|byte| *byte == b'=') {
        Some(at) => (Some(DataPath::from_os(OsStr::from_bytes(&bytes[..at]))?), &bytes[at + 1..]),
        None => (None, bytes),
    };
    Ok(FormatChoice { path, format: String::from_utf8_lossy(format).into_owned() })
}

fn told(error: veneer::Error) -> Failure {
    let names = FORMATS.join(", ");
    Failure::from(error).hint(format!("name one of {names}, or PATH=FORMAT; PATH=none says that a file is no table"))
}
