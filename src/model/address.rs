//! Which revision of which dataset a person means.

use std::fmt;
use std::str::FromStr;

use super::DatasetName;
use crate::{Error, Result};

/// What a person calls a revision: a branch, a tag or an id's prefix, and how many first parents up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefSpec {
    /// A branch's or tag's name, or 7 or more hexadecimal digits of a revision's id.
    pub name: String,
    /// How many times to step to the first parent.
    pub up: u32,
}

/// A dataset, and one of its revisions if one was named: `traffic`, `traffic@main~2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Which dataset.
    pub dataset: DatasetName,
    /// Which revision; a command that was given none takes `main`.
    pub reference: Option<RefSpec>,
}

impl FromStr for RefSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<RefSpec> {
        let invalid = |why| Error::invalid("ref", text, why);
        let (name, up) = match text.split_once('~') {
            None => (text, 0),
            Some((name, "")) => (name, 1),
            Some((name, up)) => (name, up.parse().map_err(|_| invalid("`~` is followed by a number of steps"))?),
        };
        if name.is_empty() {
            return Err(invalid("a branch, a tag or a revision's id comes first"));
        }
        Ok(RefSpec { name: name.to_owned(), up })
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Address> {
        let (dataset, reference) = match text.split_once('@') {
            None => (text, None),
            Some((dataset, reference)) => (dataset, Some(reference.parse()?)),
        };
        Ok(Address { dataset: dataset.parse()?, reference })
    }
}

impl fmt::Display for RefSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.up {
            0 => f.write_str(&self.name),
            up => write!(f, "{}~{up}", self.name),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reference {
            None => write!(f, "{}", self.dataset),
            Some(reference) => write!(f, "{}@{reference}", self.dataset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_shown_alike() {
        for text in ["traffic", "traffic@main", "traffic@v1", "traffic@3f9c1a2", "traffic@fix/labels~2"] {
            assert_eq!(text.parse::<Address>().expect("valid").to_string(), text);
        }
        assert_eq!("t@main~".parse::<Address>().expect("valid").reference.expect("has one").up, 1);
    }

    #[test]
    fn a_crooked_address_is_refused() {
        for text in ["", "@main", "t@", "t@~1", "t@main~x", "t@main~-1", "t@main~99999999999"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
