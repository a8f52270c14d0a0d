//! The file FORMAT: what kind of store this is, written once when it is made.
//!
//! It is text, so that a person can read it, and its last line is a checksum
//! of the lines before.

use std::fs::File;
use std::io::{self, Read};

use super::disk::Disk;
use crate::model::Id;
use crate::{Error, ErrorKind, Result};

/// The name of the file.
pub(super) const FILE: &str = "FORMAT";

const TITLE: &str = "veneer store";
const VERSION: &str = "1";
const HASH: &str = "blake3";
/// The rule by which overlays are split into nodes; `crate::overlay` has its numbers.
const NODES: &str = "prolly-1";

/// What FORMAT says of a store, beside what is the same for all of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// The store's own number, drawn at random.
    pub(super) store: [u8; 16],
}

impl Format {
    /// Draws the number of a new store.
    pub(super) fn random() -> Result<Format> {
        random().map(|store| Format { store }).map_err(|cause| Error::io("read `/dev/urandom`", cause))
    }

    /// The store's number in hexadecimal digits.
    pub(super) fn store_hex(&self) -> String {
        hex(&self.store)
    }

    /// The text of the file.
    pub(super) fn encode(&self) -> String {
        let store = self.store_hex();
        let body = format!("{TITLE}\nversion {VERSION}\nstore {store}\nhash {HASH}\nnodes {NODES}\n");
        format!("{body}check {}\n", Id::of(body.as_bytes()))
    }

    /// Writes FORMAT: this makes a folder a store, so it is the last step of making one.
    pub(super) fn write(&self, disk: &dyn Disk) -> Result<()> {
        let temporary = "FORMAT.new";
        let write = || {
            match disk.remove(temporary) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
                _ => {}
            }
            let file = disk.create(temporary)?;
            file.write_at(self.encode().as_bytes(), 0)?;
            file.forbid_writing()?;
            file.sync()?;
            disk.rename(temporary, FILE)?;
            disk.sync_folder("")
        };
        write().map_err(|cause| Error::io("write the store's FORMAT", cause))
    }

    /// Reads FORMAT.
    ///
    /// # Errors
    /// `StoreUnknown` when there is none or this program does not know the version, `Corrupt` when it is damaged.
    pub(super) fn read(disk: &dyn Disk) -> Result<Format> {
        let unknown = |found: String| {
            let path = disk.real_path().map(|path| path.display().to_string()).unwrap_or_default();
            Error::new(ErrorKind::StoreUnknown { path, found })
        };
        let file = match disk.open(FILE) {
            Ok(file) => file,
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(unknown("it has no file FORMAT".to_owned()));
            }
            Err(cause) => return Err(Error::io("read the store's FORMAT", cause)),
        };
        let mut buffer = [0; 4096];
        let len = file.read_at(&mut buffer, 0).map_err(|cause| Error::io("read the store's FORMAT", cause))?;
        Format::decode(&buffer[..len], &unknown)
    }

    fn decode(bytes: &[u8], unknown: &dyn Fn(String) -> Error) -> Result<Format> {
        let damaged = |why: &str| Error::corrupt("the store's file FORMAT", why);
        let text = str::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
        let version = text.strip_prefix(TITLE).and_then(|rest| rest.strip_prefix("\nversion "));
        let Some(version) = version.and_then(|rest| rest.lines().next()) else {
            return Err(damaged("it does not begin as the FORMAT of a store"));
        };
        // The checksum comes before the version: a flipped bit is not a version of the future.
        let body = text.rfind("check ").map(|at| text.split_at(at)).filter(|(body, check)| {
            Id::of(body.as_bytes()).to_hex() == check["check ".len()..].trim_end_matches('\n') && text.ends_with('\n')
        });
        let Some((body, _)) = body.filter(|(_, check)| check.len() == "check \n".len() + Id::HEX_LEN) else {
            return Err(damaged("its checksum does not fit"));
        };
        if version != VERSION {
            return Err(unknown(format!("its format is version {version}, and this program knows only {VERSION}")));
        }
        for (word, known) in [("hash", HASH), ("nodes", NODES)] {
            let found = value_of(body, word).unwrap_or("nothing");
            if found != known {
                return Err(unknown(format!("it uses {found} for its {word}, and this program knows only {known}")));
            }
        }
        let store = value_of(body, "store").and_then(read_hex).ok_or_else(|| damaged("it has no store number"))?;
        Ok(Format { store })
    }
}

/// Draws a number at random.
pub(super) fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A number in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn value_of<'a>(body: &'a str, word: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
}

fn read_hex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &[u8]) -> Result<Format> {
        let unknown = |found| Error::new(ErrorKind::StoreUnknown { path: "x".to_owned(), found });
        Format::decode(text, &unknown)
    }

    #[test]
    fn it_is_read_back_and_any_flipped_or_missing_byte_is_found() {
        let format = Format::random().expect("random");
        let text = format.encode().into_bytes();
        assert_eq!(decode(&text).expect("own"), format);
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bad = text.clone();
                bad[at] ^= 1 << bit;
                let error = decode(&bad).expect_err("damaged");
                assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "byte {at} bit {bit}: {error}");
            }
            decode(&text[..at]).expect_err("cut");
        }
    }

    #[test]
    fn another_version_is_unknown_and_says_which() {
        let body = format!("{TITLE}\nversion 7\nstore {:032}\nhash {HASH}\nnodes {NODES}\n", 0);
        let text = format!("{body}check {}\n", Id::of(body.as_bytes()));
        let error = decode(text.as_bytes()).expect_err("unknown");
        assert!(matches!(error.kind(), ErrorKind::StoreUnknown { .. }), "{error}");
        assert!(error.to_string().contains("version 7"), "{error}");
    }
}
