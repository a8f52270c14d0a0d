//! The classes of a `data.yaml` as a table, renamed and added to in place.
//!
//! To add a class changes two places, the names and their number `nc`: so the
//! patches are given as one whole. Before they are, the result is read back, and
//! refused if it says anything else than it should: YAML has more ways to write a
//! list of names than are worth knowing.

use super::classes::{classes_table, comes_last, new_class, none_goes, number_stays};
use super::data::{ClassName, Kind, Node, Style, class_names};
use super::line::line_ending;
use super::scalar::scalar;
use crate::model::Value;
use crate::table::whole::{self, WholeFile, WholeTable};
use crate::table::{FileEdits, Patch, Problem, ReadAt, Splice, TableFile, TableInfo, applied};
use crate::{Error, Result};

/// A `data.yaml`, open.
#[derive(Debug)]
pub(super) struct DataFile {
    text: String,
    classes: Vec<ClassName>,
    table: WholeTable,
}

impl DataFile {
    /// # Errors
    /// `Invalid` when it is no YAML, or has no names.
    pub(super) fn open(file: &dyn ReadAt) -> Result<DataFile> {
        let text = whole::text(file, "YOLO data file")?;
        let refuse = |problem: Problem| problem.refusal("YOLO data file");
        let root = Node::parse(&text).map_err(refuse)?;
        let names =
            root.get("names").ok_or_else(|| Error::invalid("YOLO data file", "the file", "it has no `names`"))?;
        let classes = class_names(&text, names).map_err(refuse)?;
        let row = |class: &ClassName| vec![Value::Int(class.number), Value::Text(class.name.clone())];
        let nc = root.get("nc").filter(|nc| nc.text().and_then(|nc| nc.parse().ok()) != Some(classes.len()));
        let problem = nc.map(|nc| whole::problem(&text, nc.span.start, "`nc` is not how many names there are"));
        let table = classes_table(classes.iter().map(row).collect(), problem);
        Ok(DataFile { text, classes, table })
    }

    fn rename(&self, row: u64, name: &str) -> Result<Option<Patch>> {
        self.table.row(row)?;
        let class = &self.classes[row as usize];
        if class.name == name {
            return Ok(None);
        }
        if class.style == Style::Other {
            return Err(Error::invalid(
                "edit",
                &class.name,
                "a name in lines of its own, or an alias, cannot be replaced",
            ));
        }
        let (offset, replaced) = (class.value.start as u64, class.value.len() as u64);
        Ok(Some(Patch { offset, replaced, bytes: scalar(name, class.style).into_bytes() }))
    }

    /// The patch that adds classes after the last one.
    fn append(&self, new: &[(i64, String)]) -> Result<Patch> {
        let root = Node::parse(&self.text).map_err(|problem| Error::invalid("YAML", "the file", problem.why))?;
        let is_flow = root.get("names").is_some_and(|list| self.text[list.span.start..].starts_with(['[', '{']));
        let Some(last) = self.classes.last() else {
            let empty = root.get("names").filter(|list| is_flow && matches!(list.kind, Kind::List(_)));
            let list =
                empty.ok_or_else(|| Error::invalid("edit", "names", "there is no name to add the others after"))?;
            let names: Vec<String> = new.iter().map(|(_, name)| scalar(name, Style::Plain)).collect();
            return Ok(Patch { offset: list.span.start as u64 + 1, replaced: 0, bytes: names.join(", ").into_bytes() });
        };
        let entry = self.entry(last);
        let mut bytes = String::new();
        for (number, name) in new {
            bytes.push_str(&if is_flow {
                self.comma()
            } else {
                format!("{}{}", line_ending(&self.text), self.indent(&entry))
            });
            bytes.push_str(&self.key(last, *number));
            bytes.push_str(&scalar(name, last.style));
        }
        let rest = &self.text[last.value.end..];
        // In lines, what may follow the name is a comment, up to the line's end.
        let line = rest.find('\n').map_or(rest.len(), |newline| newline - usize::from(rest[..newline].ends_with('\r')));
        let offset = if is_flow { last.value.end } else { last.value.end + line };
        Ok(Patch { offset: offset as u64, replaced: 0, bytes: bytes.into_bytes() })
    }

    /// Where the line's text before a class's key or name begins and ends.
    fn entry(&self, class: &ClassName) -> std::ops::Range<usize> {
        let end = class.key.as_ref().unwrap_or(&class.value).start;
        let start = self.text[..end].rfind('\n').map_or(0, |newline| newline + 1);
        start..end
    }

    /// White space, and `- ` in a list: what a new line begins with.
    fn indent(&self, entry: &std::ops::Range<usize>) -> String {
        self.text[entry.clone()].to_owned()
    }

    /// A key and what stands between it and the name; nothing in a list.
    fn key(&self, last: &ClassName, number: i64) -> String {
        let Some(key) = &last.key else { return String::new() };
        let old = &self.text[key.clone()];
        let between = &self.text[key.end..last.value.start];
        let key = old.replace(&last.number.to_string(), &number.to_string());
        format!("{key}{between}")
    }

    /// What stands between the last two names of a list in brackets.
    fn comma(&self) -> String {
        let [.., before, last] = &self.classes[..] else { return ", ".to_owned() };
        let start = last.key.as_ref().unwrap_or(&last.value).start;
        let between = &self.text[before.value.end..start];
        let is_comma = between.chars().all(|letter| letter == ',' || letter.is_ascii_whitespace());
        if is_comma { between.to_owned() } else { ", ".to_owned() }
    }

    /// The patch of `nc`, if the file has it.
    fn count(&self, count: usize) -> Option<Patch> {
        let root = Node::parse(&self.text).ok()?;
        let nc = root.get("nc").filter(|nc| nc.text().is_some_and(|text| text.parse() != Ok(count)))?;
        Some(Patch {
            offset: nc.span.start as u64,
            replaced: nc.span.len() as u64,
            bytes: count.to_string().into_bytes(),
        })
    }

    /// Refuses patches that make anything else of the file than these names.
    fn verify(&self, patches: &[Patch], expected: &[(i64, String)]) -> Result<()> {
        let spliced = applied(self.text.as_bytes(), &Splice::Whole(patches.to_vec()))?;
        let found = DataFile::open(&spliced)
            .map(|file| file.classes.into_iter().map(|class| (class.number, class.name)).collect::<Vec<_>>());
        match found {
            Ok(found) if found == expected => Ok(()),
            _ => Err(Error::invalid("edit", "names", "they are written in a way in which they cannot be edited")),
        }
    }
}

impl WholeFile for DataFile {
    fn infos(&self) -> &[TableInfo] {
        std::slice::from_ref(&self.table.info)
    }

    fn table(&self, table: usize) -> Result<&WholeTable> {
        whole::sole(&self.table, table)
    }

    fn is_spliced_whole(&self) -> bool {
        true
    }

    fn are_ids_places(&self) -> bool {
        true
    }

    fn splice_edits(&self, edits: &FileEdits) -> Result<Splice> {
        none_goes(edits)?;
        let mut expected: Vec<(i64, String)> =
            self.classes.iter().map(|class| (class.number, class.name.clone())).collect();
        let mut patches = Vec::new();
        for set in &edits.sets {
            for (column, value) in &set.cells {
                let value = self.check(0, *column, value)?;
                if *column == 1 {
                    patches.extend(self.rename(set.row, &value.to_string())?);
                    expected[set.row as usize].1 = value.to_string();
                } else if *self.table.row(set.row)?.get(*column).unwrap_or(&Value::Null) != value {
                    return Err(number_stays());
                }
            }
        }
        for insert in &edits.inserts {
            comes_last(&self.table, insert)?;
            let next = match expected.last() {
                None => Some(0),
                Some((number, _)) => number.checked_add(1),
            };
            let next = next.ok_or_else(|| Error::invalid("class", "id", "the numbers are used up"))?;
            let name = new_class(&self.table, &insert.cells, next)?;
            expected.push((next, name));
        }
        let new = &expected[self.classes.len()..];
        if !new.is_empty() {
            patches.push(self.append(new)?);
            patches.extend(self.count(expected.len()));
        }
        self.verify(&patches, &expected)?;
        Ok(Splice::Whole(patches))
    }
}
