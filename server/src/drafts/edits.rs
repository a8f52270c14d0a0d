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
        #[schema(value_type = Object)]
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
        #[schema(value_type = Object)]
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
            Edit::PutFile { path, .. } => format!("put {path}"),
            Edit::RemoveFile { path, .. } => format!("rm {path}"),
            Edit::RenameFile { from, to } => format!("mv {from} {to}"),
        }
    }
}
