//! Names of datasets, branches and writers, each checked once, and of the refs that they make up.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// Declares a checked string: its text can only be had through `FromStr`.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                $check(text).map_err(|why| Error::invalid($what, text, why))?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The name of a dataset: 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit.
    DatasetName, "dataset name", check_word
}
name! {
    /// The name of a branch or tag: words as a dataset's, joined by `/`; 100 bytes at the most.
    BranchName, "branch or tag name", check_branch
}
name! {
    /// Who has a draft: any text without control characters, 1 to 64 bytes.
    WriterName, "author", check_writer
}

name! {
    /// The name of a run: a word as a dataset's.
    RunName, "run name", check_word
}
name! {
    /// What somebody calls a saved view: any text without control characters, 1 to 64 bytes.
    ViewName, "name of a saved view", check_label
}

fn check_word(text: &str) -> std::result::Result<(), &'static str> {
    let first = text.bytes().next().ok_or("a name is not empty")?;
    if !first.is_ascii_alphanumeric() {
        return Err("a name begins with a letter or digit (A-Z a-z 0-9)");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return Err("a name has only A-Z a-z 0-9 . _ -");
    }
    if text.len() > 64 {
        return Err("a name has at most 64 characters");
    }
    Ok(())
}

fn check_branch(text: &str) -> std::result::Result<(), &'static str> {
    if text.len() > 100 {
        return Err("a branch or tag name has at most 100 characters");
    }
    if text == "source" {
        return Err("`source` is the word for the source itself");
    }
    if text.len() >= crate::model::Id::PREFIX_MIN && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err("it could be taken for a revision's id");
    }
    text.split('/').try_for_each(check_word)
}

fn check_writer(text: &str) -> std::result::Result<(), &'static str> {
    match text.len() {
        0 => Err("an author is not empty"),
        1..=64 if !text.chars().any(char::is_control) => Ok(()),
        1..=64 => Err("an author has no control characters"),
        _ => Err("an author has at most 64 bytes"),
    }
}

fn check_label(text: &str) -> std::result::Result<(), &'static str> {
    match text.len() {
        0 => Err("a name is not empty"),
        1..=64 if !text.chars().any(char::is_control) => Ok(()),
        1..=64 => Err("a name has no control characters"),
        _ => Err("a name has at most 64 bytes"),
    }
}

/// What a ref is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefOf {
    /// A dataset's record.
    Dataset(DatasetName),
    /// The head of a branch.
    Head(DatasetName, BranchName),
    /// A tag.
    Tag(DatasetName, BranchName),
    /// A writer's draft on a branch.
    Draft(DatasetName, BranchName, WriterName),
    /// A run.
    Run(RunName),
    /// A saved view.
    View(DatasetName, ViewName),
}

/// The name of a ref in the store: `kind/name/…`, 400 bytes at the most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(String);

impl BranchName {
    /// The branch that a dataset begins with.
    pub fn main() -> BranchName {
        BranchName("main".to_owned())
    }
}

impl RefName {
    /// What the names of all datasets' records begin with.
    pub const DATASETS: &str = "datasets/";
    /// What the names of all drafts begin with.
    pub const DRAFTS: &str = "drafts/";

    /// What the names of all runs begin with.
    pub const RUNS: &str = "runs/";
    /// What the names of all saved views begin with.
    pub const VIEWS: &str = "views/";
    /// What a ref's name may begin with.
    const KINDS: [&str; 6] = ["datasets/", "heads/", "tags/", "drafts/", Self::RUNS, Self::VIEWS];

    /// What the names of a dataset's heads begin with.
    pub fn heads(dataset: &DatasetName) -> String {
        format!("heads/{dataset}/")
    }

    /// What the names of a dataset's tags begin with.
    pub fn tags(dataset: &DatasetName) -> String {
        format!("tags/{dataset}/")
    }

    /// What the names of a dataset's drafts begin with.
    pub fn drafts(dataset: &DatasetName) -> String {
        format!("drafts/{dataset}/")
    }

    /// The branch and the writer of a draft of `dataset`.
    pub fn draft_parts(&self, dataset: &DatasetName) -> Result<(BranchName, WriterName)> {
        let prefix = Self::drafts(dataset);
        let invalid = || Error::invalid("ref name", &self.0, "it is not a draft of the dataset");
        let (writer, branch) =
            self.0.strip_prefix(&prefix).and_then(|rest| rest.split_once('/')).ok_or_else(invalid)?;
        Ok((branch.parse()?, unescaped(writer).parse()?))
    }

    /// The ref that holds the dataset's record.
    pub fn dataset(dataset: &DatasetName) -> RefName {
        RefName(format!("datasets/{dataset}"))
    }

    /// The ref that holds a branch's head.
    pub fn head(dataset: &DatasetName, branch: &BranchName) -> RefName {
        RefName(format!("heads/{dataset}/{branch}"))
    }

    /// The ref that holds a tag's revision.
    pub fn tag(dataset: &DatasetName, tag: &BranchName) -> RefName {
        RefName(format!("tags/{dataset}/{tag}"))
    }

    /// The ref that holds the newest step of one writer's draft on a branch.
    pub fn draft(dataset: &DatasetName, branch: &BranchName, writer: &WriterName) -> RefName {
        // A slash in the writer's name would let two writers share a ref.
        RefName(format!("drafts/{dataset}/{}/{branch}", escaped(writer.as_str())))
    }

    /// The ref that holds a run's record.
    pub fn run(run: &RunName) -> RefName {
        RefName(format!("{}{run}", Self::RUNS))
    }

    /// What the names of a dataset's saved views begin with.
    pub fn views(dataset: &DatasetName) -> String {
        format!("{}{dataset}/", Self::VIEWS)
    }

    /// The ref that holds a saved view.
    pub fn view(dataset: &DatasetName, view: &ViewName) -> RefName {
        RefName(format!("{}{}", Self::views(dataset), escaped(view.as_str())))
    }

    /// The name of a saved view of `dataset`.
    pub fn view_part(&self, dataset: &DatasetName) -> Result<ViewName> {
        let invalid = || Error::invalid("ref name", &self.0, "it is not a saved view of the dataset");
        unescaped(self.0.strip_prefix(&Self::views(dataset)).ok_or_else(invalid)?).parse()
    }

    /// What it is of, by the names in it.
    ///
    /// # Errors
    /// `Invalid` for names that are none, and for one that is not written as it would be made here.
    pub fn of(&self) -> Result<RefOf> {
        let invalid = |why: &str| Error::invalid("ref name", &self.0, why);
        let (kind, rest) = self.0.split_once('/').ok_or_else(|| invalid("it names nothing"))?;
        let (of, name) = match kind {
            "datasets" => (RefOf::Dataset(rest.parse()?), self.clone()),
            "runs" => (RefOf::Run(rest.parse()?), self.clone()),
            _ => {
                let (dataset, rest) =
                    rest.split_once('/').ok_or_else(|| invalid("a dataset's name and `/` are missing"))?;
                let dataset: DatasetName = dataset.parse()?;
                match kind {
                    "heads" => (RefOf::Head(dataset, rest.parse()?), self.clone()),
                    "tags" => (RefOf::Tag(dataset, rest.parse()?), self.clone()),
                    "drafts" => {
                        let (branch, writer) = self.draft_parts(&dataset)?;
                        let name = RefName::draft(&dataset, &branch, &writer);
                        (RefOf::Draft(dataset, branch, writer), name)
                    }
                    _ => {
                        let view = self.view_part(&dataset)?;
                        let name = RefName::view(&dataset, &view);
                        (RefOf::View(dataset, view), name)
                    }
                }
            }
        };
        // Two names for one thing would be two refs.
        if name == *self { Ok(of) } else { Err(invalid(&format!("it is written `{name}`"))) }
    }

    /// Reads a ref's name back from the store.
    pub fn parse(text: &str) -> Result<RefName> {
        if Self::KINDS.iter().any(|kind| text.starts_with(kind)) && text.len() <= 400 {
            return Ok(RefName(text.to_owned()));
        }
        let kinds: Vec<String> = Self::KINDS.iter().map(|kind| format!("`{kind}…`")).collect();
        Err(Error::invalid("ref name", text, format!("a ref is one of {}", kinds.join(", "))))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text as one part of a ref's name.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2f")
}

fn unescaped(part: &str) -> String {
    part.replace("%2f", "/").replace("%25", "%")
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_refused() {
        for text in ["", ".x", "-x", "a b", "a/b", "ä", "a@b", &"n".repeat(65)] {
            assert!(text.parse::<DatasetName>().is_err(), "{text:?}");
        }
        for text in ["", "/a", "a/", "a//b", "a/../b", "a~1", "deadbeef", "source", &"n".repeat(101)] {
            assert!(text.parse::<BranchName>().is_err(), "{text:?}");
        }
        assert!("fix/labels-2".parse::<BranchName>().is_ok() && "cafe".parse::<BranchName>().is_ok());
    }

    #[test]
    fn two_writers_never_share_a_draft() {
        let (dataset, branch) = ("d".parse().expect("ok"), "b".parse().expect("ok"));
        let draft = |writer: &str| RefName::draft(&dataset, &branch, &writer.parse().expect("ok"));
        assert_ne!(draft("a/b"), draft("a%2fb"));
        assert!(draft("a/b").as_str().matches('/').count() == 3);
    }

    #[test]
    fn a_ref_is_of_what_its_names_say() {
        let of = |text: &str| RefName::parse(text).expect("of a kind").of();
        assert_eq!(of("heads/d/fix/a").ok(), Some(RefOf::Head("d".parse().expect("ok"), "fix/a".parse().expect("ok"))));
        for text in ["datasets/d", "tags/d/v1", "runs/net", "views/d/a b", "drafts/d/a%2fb/main", "drafts/d/ä b/x/y"] {
            assert!(of(text).is_ok(), "{text}");
        }
        for text in [
            "heads/y",
            "heads//t",
            "heads/t/",
            "heads/t/%00",
            "heads/t/source",
            "tags/a b/v1",
            "datasets/",
            "datasets/a/b",
            "runs/",
            "runs/a b",
            "views/d/",
            "views/d/a/b",
            "drafts/d/main",
            "drafts/d//main",
            "drafts/d/%20/main%",
        ] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
