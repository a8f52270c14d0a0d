//! `veneer put`: new content for a path, from a file, a pipe or stdin.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use clap::Args;
use veneer::dataset::NewFile;
use veneer::model::{Address, DataPath};
use veneer::{Error, ErrorKind};

use super::context::Context;
use super::edit::{Editing, folder_is_missing};
use super::human;
use super::report::{Failure, Result};

/// Put a file into a draft: a new one, or new content for one that is there.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The file's mode and time of modification are kept. The source is not touched:
the change is in your draft until `veneer commit`, and `veneer undo` takes it back.

Examples:
  veneer put traffic labels.csv ./fixed-labels.csv
  veneer put traffic@fix/boxes images/0042.png /tmp/0042.png
  sort labels.csv | veneer put traffic labels.csv -")]
pub(super) struct PutArgs {
    /// The dataset, and the branch if not `main`
    #[arg(value_name = "NAME[@BRANCH]")]
    name: String,
    /// Where in the dataset
    path: OsString,
    /// The file with the content, or `-` for stdin
    #[arg(value_name = "FILE|-")]
    file: OsString,
}

impl PutArgs {
    pub(super) fn run(self, context: &Context) -> Result {
        let address = context.address(&self.name)?;
        let path = DataPath::from_os(&self.path)?;
        let mut input = Input::open(&self.file)?;
        let mut editing = Editing::open(context, &address)?;
        folder_is_missing(&editing.draft, &address, &self.path)?;
        let new = NewFile { content: &mut input.content, mode: input.mode, mtime_ns: input.mtime_ns };
        editing.draft.put(&path, new).map_err(|error| put_failed(error, &address, &path, &self.file))?;
        let size = editing.draft.view().node(&path)?.map_or(0, |node| node.entry.size);
        editing.save(context, &format!("put {path} ({})", human::size(size)))
    }
}

fn put_failed(error: Error, address: &Address, path: &DataPath, file: &OsString) -> Failure {
    let name = Path::new(file).file_name().filter(|_| file != "-").unwrap_or(OsStr::new("FILE")).display();
    let place = if path.is_root() { name.to_string() } else { format!("{path}/{name}") };
    match error.kind() {
        ErrorKind::IsAFolder { .. } => Failure::from(error)
            .hint(format!("say which file in it: `veneer put {address} {place} {}`", file.display())),
        _ => error.into(),
    }
}

/// What a file is put from.
struct Input {
    content: Box<dyn Read>,
    mode: Option<u32>,
    mtime_ns: Option<i64>,
}

/// What is read of stdin before the store is taken.
const STDIN_AHEAD_BYTES: u64 = 8 << 20;

impl Input {
    fn open(file: &OsString) -> Result<Input> {
        if file == "-" {
            return Input::stdin();
        }
        let path = Path::new(file);
        let opened = File::open(path).map_err(|error| Error::io_at("read", path, error))?;
        let metadata = opened.metadata().map_err(|error| Error::io_at("read", path, error))?;
        if metadata.is_dir() {
            return Err(Failure::usage(format!("`{}` is a folder; `put` takes one file", path.display()))
                .hint("put its files one by one, into folders made with `veneer mkdir -p`"));
        }
        let mtime_ns = metadata.mtime().checked_mul(1_000_000_000).and_then(|ns| ns.checked_add(metadata.mtime_nsec()));
        match metadata.is_file() {
            true => Ok(Input { content: Box::new(opened), mode: Some(metadata.mode() & 0o7777), mtime_ns }),
            // A pipe or a device has content, but neither mode nor time worth keeping.
            false => Ok(Input { content: Box::new(opened), mode: None, mtime_ns: None }),
        }
    }

    /// Reads ahead, because whoever writes into the pipe may be slow and others wait for the store.
    fn stdin() -> Result<Input> {
        let mut ahead = Vec::new();
        let mut stdin = io::stdin();
        (&mut stdin).take(STDIN_AHEAD_BYTES).read_to_end(&mut ahead).map_err(|error| Error::io("read stdin", error))?;
        Ok(Input { content: Box::new(Cursor::new(ahead).chain(stdin)), mode: None, mtime_ns: None })
    }
}
