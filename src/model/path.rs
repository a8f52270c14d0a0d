//! Paths inside a dataset: any bytes, always normal.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A path inside a dataset: relative, normal, and any bytes that Linux allows.
///
/// The root is the empty path. A path has no empty component, no `.` or `..`,
/// no NUL, and no component over 255 bytes: whoever holds one need not check.
/// Paths order by their bytes, so all that lies below a folder is contiguous
/// in an ordered map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct DataPath(Vec<u8>);

/// The longest name of one entry, in bytes: Linux's `NAME_MAX`.
const NAME_LEN_MAX: usize = 255;
/// The longest path, in bytes: Linux's `PATH_MAX` less the closing NUL.
const PATH_LEN_MAX: usize = 4095;

impl DataPath {
    /// The dataset's top folder.
    pub const ROOT: DataPath = DataPath(Vec::new());

    /// Reads a path; slashes at its end are allowed and dropped, `.` alone is the root.
    ///
    /// # Errors
    /// `Invalid` for an absolute path, `..`, an empty component, a NUL or a name that is too long.
    pub fn parse(bytes: &[u8]) -> Result<DataPath> {
        let invalid = |why: &'static str| Error::invalid("path", &printable(bytes), why);
        if bytes == b"." || bytes == b"./" {
            return Ok(Self::ROOT);
        }
        if bytes.first() == Some(&b'/') {
            return Err(invalid("a path is relative to the dataset's top folder"));
        }
        let end = bytes.iter().rposition(|&b| b != b'/').map_or(0, |last| last + 1);
        let trimmed = &bytes[..end];
        if trimmed.len() > PATH_LEN_MAX {
            return Err(invalid("a path has at most 4095 bytes"));
        }
        if !trimmed.is_empty() {
            for name in trimmed.split(|&b| b == b'/') {
                Self::check_name(name).map_err(invalid)?;
            }
        }
        Ok(DataPath(trimmed.to_vec()))
    }

    fn check_name(name: &[u8]) -> std::result::Result<(), &'static str> {
        match name {
            b"" => Err("a name between two slashes is empty"),
            b"." | b".." => Err("`.` and `..` are not names of entries"),
            _ if name.len() > NAME_LEN_MAX => Err("a name has at most 255 bytes"),
            _ if name.contains(&0) => Err("a name has no NUL byte"),
            _ if name.contains(&b'/') => Err("a name has no slash"),
            _ => Ok(()),
        }
    }

    /// Reads a path given by the operating system, as [`DataPath::parse`] does.
    pub fn from_os(text: &OsStr) -> Result<DataPath> {
        Self::parse(text.as_bytes())
    }

    /// The path's bytes, with `/` between names; empty for the root.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as the operating system takes it; empty for the root.
    pub fn as_os(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }

    /// Whether this is the dataset's top folder.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last name; empty for the root.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|&b| b == b'/').next().unwrap_or_default()
    }

    /// The folder that holds this entry; `None` for the root.
    pub fn parent(&self) -> Option<DataPath> {
        if self.is_root() {
            return None;
        }
        let end = self.0.iter().rposition(|&b| b == b'/').unwrap_or(0);
        Some(DataPath(self.0[..end].to_vec()))
    }

    /// The path of the entry `name` in this folder.
    ///
    /// # Errors
    /// `Invalid` when `name` is not one entry's name, or the path would be too long.
    pub fn join(&self, name: &[u8]) -> Result<DataPath> {
        let invalid = |why| Error::invalid("name", &printable(name), why);
        Self::check_name(name).map_err(invalid)?;
        if self.0.len() + 1 + name.len() > PATH_LEN_MAX {
            return Err(invalid("a path has at most 4095 bytes"));
        }
        Ok(self.join_checked(name))
    }

    /// As [`DataPath::join`], for a name that came from a base or an overlay and was checked there.
    pub(crate) fn join_checked(&self, name: &[u8]) -> DataPath {
        let mut bytes = Vec::with_capacity(self.0.len() + 1 + name.len());
        bytes.extend_from_slice(&self.0);
        if !self.0.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        DataPath(bytes)
    }

    /// How many names it has; none for the root.
    pub fn levels(&self) -> usize {
        self.components().count()
    }

    /// The names from the top folder down; none for the root.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&b| b == b'/').filter(|name| !name.is_empty())
    }

    /// Whether this is `folder` itself or lies somewhere below it.
    pub fn is_within(&self, folder: &DataPath) -> bool {
        folder.is_root()
            || self.0.strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.first().is_none_or(|&b| b == b'/'))
    }

    /// The same place below `to` as this has below `from`; `None` when this is not within `from`.
    pub fn moved(&self, from: &DataPath, to: &DataPath) -> Option<DataPath> {
        if !self.is_within(from) {
            return None;
        }
        let rest = &self.0[from.0.len()..];
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        Some(match (to.is_root(), rest.is_empty()) {
            (_, true) => to.clone(),
            (true, false) => DataPath(rest.to_vec()),
            (false, false) => DataPath([to.as_bytes(), b"/", rest].concat()),
        })
    }
}

/// The bytes as text: valid UTF-8 as it is, control characters and other bytes as `\xNN`.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                let mut buffer = [0; 4];
                c.encode_utf8(&mut buffer).bytes().for_each(|b| text.push_str(&format!("\\x{b:02x}")));
            } else {
                text.push(c);
            }
        }
        chunk.invalid().iter().for_each(|b| text.push_str(&format!("\\x{b:02x}")));
    }
    text
}

impl fmt::Display for DataPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl fmt::Debug for DataPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", printable(&self.0))
    }
}

impl TryFrom<Vec<u8>> for DataPath {
    type Error = Error;

    fn try_from(bytes: Vec<u8>) -> Result<DataPath> {
        Self::parse(&bytes)
    }
}

impl From<DataPath> for Vec<u8> {
    fn from(path: DataPath) -> Vec<u8> {
        path.0
    }
}

impl std::str::FromStr for DataPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<DataPath> {
        Self::parse(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> DataPath {
        text.parse().expect("a valid path")
    }

    #[test]
    fn a_path_is_normal_or_refused() {
        for (text, normal) in [("a/b", "a/b"), ("a/b//", "a/b"), (".", ""), ("", "")] {
            assert_eq!(path(text).as_bytes(), normal.as_bytes());
        }
        let long = "n".repeat(256);
        for text in ["/a", "a//b", "../a", "a/..", "a/./b", "a\0b", "/", &long] {
            assert!(text.parse::<DataPath>().is_err(), "{text:?}");
        }
        assert!(path(&"n".repeat(255)).name().len() == 255);
    }

    #[test]
    fn parent_name_and_join_agree() {
        let deep = path("a/b/c");
        assert_eq!(deep.parent().expect("has one").join(deep.name()).expect("a name"), deep);
        assert_eq!(path("a").parent(), Some(DataPath::ROOT));
        assert_eq!(DataPath::ROOT.parent(), None);
        assert!(path("a").join(b"b/c").is_err() && path("a").join(b"..").is_err());
    }

    #[test]
    fn within_goes_by_names_not_by_letters() {
        assert!(path("a/b").is_within(&path("a")) && path("a").is_within(&path("a")));
        assert!(!path("ab").is_within(&path("a")) && path("ab").is_within(&DataPath::ROOT));
    }

    #[test]
    fn a_path_moves_with_its_folder() {
        for (of, from, to, result) in [
            ("a/x", "a", "b", Some("b/x")),
            ("a", "a", "b", Some("b")),
            ("a/x", "a", "", Some("x")),
            ("a/x", "", "b", Some("b/a/x")),
            ("ab", "a", "b", None),
        ] {
            assert_eq!(path(of).moved(&path(from), &path(to)), result.map(path));
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_escaped() {
        let odd = DataPath::parse(b"caf\xe9/\n").expect("any bytes");
        assert_eq!(odd.to_string(), "caf\\xe9/\\x0a");
    }
}
