//! What a table of a view is: its columns, how many rows it has, and what of it cannot be read.
//!
//! The files of a table of many need not have the same columns. Of what they have all is told; a column is of the
//! type that holds the values of all files. A file that cannot be read makes the table partial, not unreadable.

use arrow::datatypes::DataType;

use super::FILE_COLUMN;
use super::placed::Edits;
use crate::model::DataPath;
use crate::table::{Column, Problem, Role, TableFile, TableSchema};

/// A table of a view, as far as it is known without its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableOutline {
    /// Its columns, those that were added besides last.
    pub schema: TableSchema,
    /// How many rows it has.
    pub rows: u64,
    /// The first thing that cannot be read: then the table is partial, and lacks what comes after it in that file; of
    /// JSON Lines, that line alone.
    pub problem: Option<FileProblem>,
    /// In how many files something cannot be read.
    pub broken_files: u64,
    /// Why the column that was declared to have the keys does not tell all rows apart.
    pub key_flaw: Option<String>,
}

/// Which file is not what its format wants, where and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// The file.
    pub path: DataPath,
    /// Where in it, and why.
    pub problem: Problem,
}

/// A file that is no table, though its name says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTable {
    /// The file.
    pub path: DataPath,
    /// Why it is none, or cannot be read; lower case, no full stop.
    pub why: String,
    /// Whether that is because the source has other bytes there now.
    pub has_changed: bool,
}

impl NoTable {
    /// A file of which the source has other bytes now.
    pub(super) fn changed(file: &FileProblem) -> NoTable {
        NoTable { path: file.path.clone(), why: file.problem.why.clone(), has_changed: true }
    }
}

impl TableOutline {
    /// That of one file.
    pub(super) fn of(path: &DataPath, file: &dyn TableFile, at: usize, edits: &Edits) -> TableOutline {
        let info = &file.tables()[at];
        let mut schema = info.schema.clone();
        schema.columns.extend(edits.added.iter().cloned());
        let problem = info.problem.clone().map(|problem| FileProblem { path: path.clone(), problem });
        let broken_files = u64::from(problem.is_some());
        let key_flaw = file.key_flaw().map(str::to_owned);
        TableOutline { schema, rows: edits.rows(info.rows), problem, broken_files, key_flaw }
    }

    /// That of a file of which nothing can be read.
    pub(super) fn broken(path: &DataPath, problem: Problem) -> TableOutline {
        let problem = Some(FileProblem { path: path.clone(), problem });
        TableOutline { problem, broken_files: 1, ..TableOutline::default() }
    }
}

/// The outlines of many files, being joined in their order.
#[derive(Debug, Default)]
pub(super) struct Joined {
    all: TableOutline,
    /// How many columns of the files there are; those that were added come behind.
    of_files: usize,
    /// What a file without rows has: it counts only where no file has any, since what its rows would be is a guess.
    of_none: Option<(TableSchema, usize)>,
}

impl Joined {
    /// Adds the next file; the last `added` of its columns are no column of the file.
    pub(super) fn add(&mut self, next: TableOutline, added: usize) {
        let of_file = next.schema.columns.len() - added;
        self.add_all(Joined { all: next, of_files: of_file, of_none: None });
    }

    /// Adds the files that come after these.
    pub(super) fn add_all(&mut self, next: Joined) {
        let Joined { all, of_files, of_none } = next;
        if all.rows > 0 {
            let is_first = self.all.rows == 0;
            self.join(all.schema, of_files, is_first);
        } else if !all.schema.columns.is_empty() {
            self.of_none.get_or_insert((all.schema, of_files));
        }
        self.of_none = self.of_none.take().or(of_none);
        self.all.rows += all.rows;
        self.all.problem = self.all.problem.take().or(all.problem);
        self.all.broken_files += all.broken_files;
    }

    fn join(&mut self, schema: TableSchema, of_files: usize, is_first: bool) {
        let columns = &mut self.all.schema.columns;
        for known in columns.iter_mut() {
            // What a file lacks is null in its rows.
            known.nullable |= !schema.columns.iter().any(|column| column.name == known.name);
        }
        for (place, column) in schema.columns.into_iter().enumerate() {
            match columns.iter_mut().find(|known| known.name == column.name) {
                Some(known) => {
                    known.nullable |= column.nullable;
                    known.data_type = common(&known.data_type, &column.data_type);
                }
                None => {
                    let column = Column { nullable: column.nullable || !is_first, ..column };
                    if place < of_files {
                        columns.insert(self.of_files, column);
                        self.of_files += 1;
                    } else {
                        columns.push(column);
                    }
                }
            }
        }
    }

    /// The table of them all: a row is told by its file and its key within.
    pub(super) fn finish(mut self) -> TableOutline {
        if let (true, Some((schema, _))) = (self.all.schema.columns.is_empty(), self.of_none) {
            self.all.schema = schema;
        }
        self.all.schema.columns.insert(0, file_column());
        self.all.schema.key = None;
        self.all
    }
}

/// The column that tells a row's file.
fn file_column() -> Column {
    let (name, data_type) = (FILE_COLUMN.to_owned(), DataType::Utf8);
    Column { name, data_type, role: Role::Plain, nullable: false, editable: false }
}

/// The type that holds the values of both.
fn common(a: &DataType, b: &DataType) -> DataType {
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => DataType::Float64,
        _ => DataType::Utf8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(rows: u64, columns: &[(&str, DataType)]) -> TableOutline {
        let column = |(name, data_type): &(&str, DataType)| Column {
            name: (*name).to_owned(),
            data_type: data_type.clone(),
            role: Role::Plain,
            nullable: false,
            editable: true,
        };
        let schema = TableSchema { columns: columns.iter().map(column).collect(), key: None };
        TableOutline { schema, rows, ..TableOutline::default() }
    }

    fn told(joined: Joined) -> Vec<(String, DataType, bool)> {
        let columns = joined.finish().schema.columns;
        columns.into_iter().skip(1).map(|column| (column.name, column.data_type, column.nullable)).collect()
    }

    #[test]
    fn a_table_has_the_columns_of_all_its_files_and_a_type_for_each() {
        use DataType::{Float64, Int64, Utf8};
        let mut joined = Joined::default();
        joined.add(outline(0, &[("guessed", Int64)]), 0);
        joined.add(outline(2, &[("a", Int64), ("b", Int64), ("note", Utf8)]), 1);
        joined.add(outline(1, &[("b", Float64), ("c", Int64)]), 0);
        joined.add(outline(1, &[("b", Utf8), ("a", Int64), ("weight", Float64)]), 1);
        let expected = [
            ("a", Int64, true),
            ("b", Utf8, false),
            ("c", Int64, true),
            ("note", Utf8, true),
            ("weight", Float64, true),
        ];
        assert_eq!(told(joined), expected.map(|(name, data_type, nullable)| (name.to_owned(), data_type, nullable)));
    }

    #[test]
    fn a_table_without_rows_has_the_columns_of_its_first_file() {
        let mut joined = Joined::default();
        joined.add(outline(0, &[("a", DataType::Int64)]), 0);
        joined.add(outline(0, &[("b", DataType::Int64)]), 0);
        assert_eq!(told(joined), [("a".to_owned(), DataType::Int64, false)]);
    }
}
