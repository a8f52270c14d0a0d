//! What somebody said of how files are to be read: it goes before what their names and beginnings say.

use std::sync::Arc;

use crate::dataset::view::View;
use crate::dataset::{Dataset, decode_record, encode_record};
use crate::model::{DataPath, DatasetRecord, FormatChoice, Id, KeyChoice, ObjectKind, RefName};
use crate::store::{Batch, RefSwap};
use crate::table::Format;
use crate::table::csv::CsvFormat;
use crate::table::detect::{self, Found, Promise};
use crate::{Error, ErrorKind, Result};

/// The formats that may be named.
pub const FORMATS: [&str; 9] = ["csv", "tsv", "jsonl", "json", "coco", "yolo", "voc", "parquet", "arrow"];
/// What is said of a file that is no table.
const NONE: &str = "none";

/// What was said of the files of a dataset.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::dataset) struct Formats {
    choices: Vec<FormatChoice>,
    keys: Vec<KeyChoice>,
}

impl Formats {
    pub(in crate::dataset) fn new(record: &DatasetRecord) -> Formats {
        Formats { choices: record.formats.clone(), keys: record.keys.clone() }
    }

    /// The column that was declared to have the keys of the file's rows.
    pub(super) fn key(&self, path: &DataPath) -> Option<&str> {
        self.keys.iter().find(|choice| choice.path == *path).map(|choice| choice.column.as_str())
    }

    /// The files whose columns were declared to have keys.
    pub(super) fn keyed(&self) -> impl Iterator<Item = &DataPath> {
        self.keys.iter().map(|choice| &choice.path)
    }

    /// The files that were said to be of a format.
    pub(super) fn said(&self) -> impl Iterator<Item = &DataPath> {
        self.choices.iter().filter_map(|choice| choice.path.as_ref())
    }

    /// What a file with this path is to be taken for: as it was said, else as its name promises.
    pub(in crate::dataset) fn promise(&self, path: &DataPath) -> Option<Promise> {
        self.promise_as(self.said_of(path), path)
    }

    /// As [`Formats::promise`], where `said` was said of the file itself.
    pub(super) fn promise_as(&self, said: Option<&str>, path: &DataPath) -> Option<Promise> {
        if let Some(format) = said {
            return promise_of(format);
        }
        let promise = detect::promise(path.name())?;
        match self.only() {
            // The classes of YOLO's labels are in a YAML file, or one of names.
            Some("yolo") if matches!(promise, Promise::Yaml | Promise::Names) => Some(promise),
            Some(format) => Some(promise).filter(|promise| promise_of(format) == Some(*promise)),
            None => Some(promise),
        }
    }

    /// Whether the file, of which `said` was said, or all files were said to be of this format: then a glance at the
    /// file is no argument.
    pub(super) fn is_said(&self, said: Option<&str>, promise: Promise) -> bool {
        let said = said.or_else(|| self.only());
        said.is_some_and(|format| promise_of(format) == Some(promise))
    }

    /// The format of a file as far as its beginning tells, where `said` was said of it.
    pub(super) fn found(said: Option<&str>, promise: Promise, sniffed: Option<Found>) -> Option<Found> {
        let Some(said) = said else { return sniffed };
        // One promise, two formats: only what was said decides between them.
        let (base, options) = parts(said);
        let is_other = |found: &Found| promise == Promise::Json && found.format.name() != base;
        let mut found = sniffed.filter(|found| !is_other(found)).or_else(|| plain(promise, base))?;
        if !options.is_empty() {
            // What cannot be said was refused when it was.
            found.format = found.format.said_to_be(&options).ok()?;
            found.why.clear();
        }
        let why = if found.why.is_empty() { String::new() } else { format!(": {}", found.why) };
        Some(Found { why: format!("it was said to be {said}{why}"), ..found })
    }

    /// What a file with this path was said to be.
    pub(super) fn said_of(&self, path: &DataPath) -> Option<&str> {
        let choice = self.choices.iter().find(|choice| choice.path.as_ref() == Some(path))?;
        Some(&choice.format)
    }

    fn only(&self) -> Option<&str> {
        let choice = self.choices.iter().find(|choice| choice.path.is_none())?;
        Some(&choice.format)
    }
}

/// How a file is to be read, as people say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFormat {
    /// The file; `None` stands for all of which nothing else is said.
    pub path: Option<DataPath>,
    /// The format; `None` takes back what was said.
    pub format: Option<String>,
}

/// Checks that all formats are ones that there are.
///
/// # Errors
/// `Invalid` with the first that is not; `none` is only for a file.
pub fn check_formats(choices: &[FormatChoice]) -> Result<()> {
    for FormatChoice { path, format } in choices {
        let is_none = format == NONE && path.is_some();
        let (base, options) = parts(format);
        if !is_none && !FORMATS.contains(&base) {
            return Err(Error::invalid("format", base, format!("there are {}", FORMATS.join(", "))));
        }
        match base {
            _ if options.is_empty() => {}
            "csv" | "tsv" if path.is_some() => drop(CsvFormat::default().said_to_be(&options)?),
            _ => return Err(Error::invalid("format", format, "options are for one file that is csv or tsv")),
        }
    }
    Ok(())
}

impl Dataset {
    /// How files are to be read, as far as that was said.
    pub fn formats(&self) -> &[FormatChoice] {
        &self.record.formats
    }

    /// Records how files are to be read, for all revisions, beside what was said before; `view` is where the files are
    /// looked for. The rest is found out.
    ///
    /// # Errors
    /// As [`check_formats`]; `NotFound` for a path; `RefMoved` when somebody else changed the dataset's record meanwhile.
    pub fn say_formats(&self, view: &View, said: &[FileFormat]) -> Result<()> {
        let mut formats = self.record.formats.clone();
        for FileFormat { path, format } in said {
            let mut home = path.clone();
            if let Some(path) = path {
                match (view.node(path)?, format) {
                    (Some(node), _) => {
                        let known = view.format_home(&node)?;
                        formats.retain(|choice| known.is_none() || choice.path != known);
                        // It is recorded of the source's file, which may be moved on.
                        let source = node.place.source_row().map(|row| view.base.path(row)).transpose()?;
                        home = source.or(home);
                    }
                    (None, Some(_)) => return Err(Error::not_found("path", path)),
                    (None, None) => {}
                }
            }
            formats.retain(|choice| choice.path != home);
            formats.extend(format.clone().map(|format| FormatChoice { path: home, format }));
        }
        check_formats(&formats)?;
        formats.sort_by(|a, b| a.path.cmp(&b.path));
        self.set_record(&DatasetRecord { formats, ..(*self.record).clone() })
    }

    /// Replaces the dataset's record.
    ///
    /// # Errors
    /// `RefMoved` when somebody else changed it meanwhile.
    pub(super) fn set_record(&self, record: &DatasetRecord) -> Result<()> {
        let name = RefName::dataset(&self.name);
        // What was recorded since the dataset was opened is not overwritten unseen.
        let expected = self.store.read_ref(&name)?;
        let recorded = expected.map(|at| decode_record(at.id, &self.store.get(at.id)?)).transpose()?;
        if recorded.as_ref() != Some(&*self.record) {
            return Err(Error::new(ErrorKind::RefMoved { name: name.to_string() }));
        }
        let record = encode_record(record);
        let new = Some(Id::of(&record));
        let swaps = vec![RefSwap { name, expected, new }];
        self.store.apply(&Batch { objects: vec![(ObjectKind::Dataset, record)], swaps, frees_space: false })?;
        Ok(())
    }
}

/// A format and the options that were said with it: `csv:no-header:latin-1`.
fn parts(said: &str) -> (&str, Vec<&str>) {
    let mut parts = said.split(':');
    (parts.next().unwrap_or_default(), parts.collect())
}

fn promise_of(format: &str) -> Option<Promise> {
    Some(match parts(format).0 {
        "csv" | "tsv" => Promise::Delimited,
        "jsonl" => Promise::JsonLines,
        "coco" | "json" => Promise::Json,
        "yolo" => Promise::Text,
        "voc" => Promise::Xml,
        "parquet" => Promise::Parquet,
        "arrow" => Promise::Arrow,
        _ => return None,
    })
}

/// The format without what a file's beginning tells of its options.
fn plain(promise: Promise, said: &str) -> Option<Found> {
    let format: Arc<dyn Format> = match promise {
        Promise::Delimited if said == "tsv" => Arc::new(CsvFormat { delimiter: b'\t', ..CsvFormat::default() }),
        Promise::Delimited => Arc::new(CsvFormat::default()),
        Promise::JsonLines => Arc::new(crate::table::jsonl::JsonlFormat::default()),
        Promise::Json if said == "json" => Arc::new(crate::table::json::Json),
        Promise::Json => Arc::new(crate::table::coco::Coco),
        Promise::Parquet => Arc::new(crate::table::parquet::Parquet),
        Promise::Arrow => Arc::new(crate::table::arrow_file::ArrowIpc),
        Promise::Xml | Promise::Text | Promise::Yaml | Promise::Names => return None,
    };
    Some(Found { format, why: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(path: Option<&str>, format: &str) -> FormatChoice {
        let path = path.map(|path| path.parse().expect("a path"));
        FormatChoice { path, format: format.to_owned() }
    }

    fn said_to_be(choices: &[FormatChoice]) -> Formats {
        Formats { choices: choices.to_vec(), keys: Vec::new() }
    }

    #[test]
    fn what_was_said_of_a_file_goes_before_what_was_said_of_all_and_that_before_its_name() {
        let said = [choice(Some("odd.dat"), "csv"), choice(Some("no.json"), "none"), choice(None, "coco")];
        let formats = said_to_be(&said);
        let promise = |path: &str| formats.promise(&path.parse().expect("a path"));
        assert_eq!(promise("odd.dat"), Some(Promise::Delimited));
        assert_eq!(promise("no.json"), None);
        assert_eq!(promise("a/yes.json"), Some(Promise::Json));
        assert_eq!(promise("labels.csv"), None);
        assert_eq!(Formats::default().promise(&"labels.csv".parse().expect("a path")), Some(Promise::Delimited));
    }

    #[test]
    fn what_was_said_to_be_tsv_has_tabs_before_there_is_a_line_to_tell() {
        let formats = said_to_be(&[choice(Some("odd.dat"), "tsv")]);
        let said = formats.said_of(&"odd.dat".parse().expect("a path"));
        let found = Formats::found(said, Promise::Delimited, None).expect("a format");
        assert_eq!(found.format.name(), "tsv");
    }

    #[test]
    fn a_format_that_there_is_not_is_refused() {
        assert!(check_formats(&[choice(None, "csv"), choice(Some("a"), "none")]).is_ok());
        assert!(check_formats(&[choice(None, "none")]).is_err());
        assert!(check_formats(&[choice(Some("a"), "excel")]).is_err());
        assert!(check_formats(&[choice(Some("a"), "csv:no-header:latin-1")]).is_ok());
        for refused in ["csv:head", "coco:header", "csv:"] {
            assert!(check_formats(&[choice(Some("a"), refused)]).is_err(), "{refused}");
        }
    }
}
