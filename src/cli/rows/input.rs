//! A file of rows on the command line: a file, a pipe, or stdin.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use veneer::Error;
use veneer::table::ReadAt;
use veneer::table::detect::{Promise, promise};

use crate::cli::report::{Failure, Result};

/// What rows and values are read from.
pub(in crate::cli) struct Input {
    pub(in crate::cli) bytes: Bytes,
    pub(in crate::cli) promise: Promise,
    /// What it is called, for a person.
    pub(in crate::cli) name: String,
}

/// Bytes that can be read anywhere.
#[derive(Debug)]
pub(in crate::cli) enum Bytes {
    File(File, u64),
    /// What came through a pipe.
    Memory(Vec<u8>),
}

impl Input {
    /// Opens the file, or reads all of stdin where it is `-`. What its name promises nothing of is read as CSV.
    pub(in crate::cli) fn open(file: &OsStr) -> Result<Input> {
        let mut read = Vec::new();
        if file == "-" {
            io::stdin().lock().read_to_end(&mut read).map_err(|error| Error::io("read stdin", error))?;
            return Ok(Input { bytes: Bytes::Memory(read), promise: Promise::Delimited, name: "stdin".to_owned() });
        }
        let path = Path::new(file);
        let failed = |error| Error::io_at("read", path, error);
        let mut opened = File::open(path).map_err(failed)?;
        let metadata = opened.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Failure::usage(format!("`{}` is a folder", path.display())).hint("name a file of rows"));
        }
        let promise = promise(file.as_bytes()).unwrap_or(Promise::Delimited);
        let name = path.file_name().unwrap_or(file).to_string_lossy().into_owned();
        let bytes = match metadata.is_file() {
            true => Bytes::File(opened, metadata.len()),
            false => {
                opened.read_to_end(&mut read).map_err(failed)?;
                Bytes::Memory(read)
            }
        };
        Ok(Input { bytes, promise, name })
    }
}

impl ReadAt for Bytes {
    fn len(&self) -> u64 {
        match self {
            Bytes::File(_, len) => *len,
            Bytes::Memory(bytes) => bytes.len() as u64,
        }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> veneer::Result<usize> {
        match self {
            Bytes::Memory(bytes) => ReadAt::read_at(bytes, buffer, offset),
            Bytes::File(file, _) => {
                let mut done = 0;
                while done < buffer.len() {
                    match file.read_at(&mut buffer[done..], offset + done as u64) {
                        Ok(0) => break,
                        Ok(read) => done += read,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(Error::io("read the file of rows", error)),
                    }
                }
                Ok(done)
            }
        }
    }
}
