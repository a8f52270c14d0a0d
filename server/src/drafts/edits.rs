//! The edits of a draft as a request says them.

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

/// Cells by the names of their columns. A value may be `{"expr": "weight * 2"}`: then it is computed of each row.
pub type Cells = Map<String, Json>;

/// One edit of a draft.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Edit {
    /// Sets cells of rows.
    Set {
        /// The table; needed where there are several.
        table: Option<String>,
        /// Which rows, by their keys …
        #[serde(default)]
        keys: Vec<String>,
        /// … or those for which this holds: what may stand behind WHERE in SQL.
        #[serde(default)]
        r#where: Option<String>,
        /// What they are to hold.
        #[schema(value_type = HashMap<String, serde_json::Value>)]
        cells: Cells,
    },
    /// Inserts a row.
    Insert {
        /// The table; needed where there are several.
        table: Option<String>,
        /// The key of the row that it comes after; else it is the last.
        #[serde(default)]
        after: Option<String>,
        /// What it holds; columns that are not named are empty.
        #[schema(value_type = HashMap<String, serde_json::Value>)]
        cells: Cells,
    },
    /// Deletes rows.
    Delete {
        /// The table; needed where there are several.
        table: Option<String>,
        /// Which rows, by their keys …
        #[serde(default)]
        keys: Vec<String>,
        /// … or those for which this holds.
        #[serde(default)]
        r#where: Option<String>,
    },
    /// Adds a column that the file lacks; it is kept beside the file.
    AddColumn {
        /// The table.
        table: Option<String>,
        /// The new column's name.
        column: String,
        /// What it holds.
        r#type: ColumnType,
    },
    /// Drops an added column with all its cells.
    DropColumn {
        /// The table.
        table: Option<String>,
        /// The column's name.
        column: String,
    },
    /// Excludes samples: their files and what is said of them are not shown any more.
    Exclude {
        /// The main table, `samples`; it need not be said.
        table: Option<String>,
        /// Which samples, by their keys …
        #[serde(default)]
        keys: Vec<String>,
        /// … or those for which this holds.
        #[serde(default)]
        r#where: Option<String>,
    },
    /// Includes excluded samples again.
    Include {
        /// The main table, `samples`; it need not be said.
        table: Option<String>,
        /// Which samples, by their keys …
        #[serde(default)]
        keys: Vec<String>,
        /// … or those for which this holds.
        #[serde(default)]
        r#where: Option<String>,
    },
    /// Gives a class another name.
    ClassRename {
        /// A class map, or a table whose labels it tells; all where it is not said.
        table: Option<String>,
        /// The name that it has.
        from: String,
        /// The name that it gets.
        to: String,
    },
    /// Adds a class to a map.
    ClassAdd {
        /// A class map, or a table whose labels it tells; needed where there are several.
        table: Option<String>,
        /// The new class.
        name: String,
    },
    /// Makes the labels of some classes those of another one.
    ClassMerge {
        /// A class map, or a table whose labels it tells; all where it is not said.
        table: Option<String>,
        /// The classes whose labels change.
        from: Vec<String>,
        /// The class that they become; it may be a new name.
        into: String,
    },
    /// Puts a file, and the folders that it needs; replaces one that is there.
    PutFile {
        /// Where.
        path: String,
        /// Its bytes …
        #[serde(default)]
        content_base64: Option<String>,
        /// … or an object that was stored before.
        #[serde(default)]
        object: Option<String>,
    },
    /// Removes a file; a folder, with all that is in it, only where that is said.
    RemoveFile {
        /// Which.
        path: String,
        /// A folder may be removed, too.
        #[serde(default)]
        recursive: bool,
    },
    /// Moves a file or a folder.
    RenameFile {
        /// From where.
        from: String,
        /// Where to.
        to: String,
    },
}

/// What an added column holds.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Text.
    Text,
    /// Numbers.
    Number,
    /// Whole numbers.
    Integer,
    /// True and false.
    Flag,
}

impl Edit {
    /// What it does, for the history of the draft.
    pub fn label(&self) -> String {
        let of = |table: &Option<String>| table.as_ref().map_or_else(String::new, |table| format!(" of {table}"));
        let rows = |keys: &[String]| match keys.len() {
            0 => "rows".to_owned(),
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        };
        match self {
            Edit::Set { table, keys, cells, .. } => {
                let columns = cells.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("set {columns} of {}{}", rows(keys), of(table))
            }
            Edit::Insert { table, .. } => format!("insert a row{}", of(table)),
            Edit::Delete { table, keys, .. } => format!("delete {}{}", rows(keys), of(table)),
            Edit::AddColumn { column, table, .. } => format!("add column {column}{}", of(table)),
            Edit::DropColumn { column, table } => format!("drop column {column}{}", of(table)),
            Edit::Exclude { keys, .. } => format!("exclude {}", rows(keys)),
            Edit::Include { keys, .. } => format!("include {}", rows(keys)),
            Edit::ClassRename { from, to, .. } => format!("rename class {from} to {to}"),
            Edit::ClassAdd { name, .. } => format!("add class {name}"),
            Edit::ClassMerge { from, into, .. } => format!("merge {} into {into}", from.join(", ")),
            Edit::PutFile { path, .. } => format!("put {path}"),
            Edit::RemoveFile { path, .. } => format!("rm {path}"),
            Edit::RenameFile { from, to } => format!("mv {from} {to}"),
        }
    }
}
