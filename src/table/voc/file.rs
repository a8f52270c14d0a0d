//! A VOC document as the formats' door wants it: the tables `objects` and `image`.

use super::rows::{self, Part, Rows};
use super::splice;
use super::tree::{Document, Element, is_letter};
use crate::model::Value;
use crate::table::json;
use crate::table::whole::{self, WholeFile, WholeTable};
use crate::table::{FileEdits, Followed, Leading, ReadAt, Role, Splice, TableInfo};
use crate::{Error, Result};

/// The table of objects.
pub(super) const OBJECTS: usize = 0;
/// The table of one row that speaks of the image.
pub(super) const IMAGE: usize = 1;

/// A VOC file, open.
#[derive(Debug)]
pub(super) struct VocFile {
    pub(super) text: String,
    pub(super) root: Element,
    /// Whether what is written into it is to be ASCII, see [`Document`].
    pub(super) is_ascii: bool,
    /// As the rows of the objects: their places among the root's children.
    pub(super) places: Vec<usize>,
    /// As the columns of the objects.
    pub(super) parts: Vec<Part>,
    tables: [WholeTable; 2],
    infos: Vec<TableInfo>,
}

impl VocFile {
    /// # Errors
    /// `Invalid` when it is no XML in UTF-8 or ASCII, or of another kind.
    pub(super) fn open(file: &dyn ReadAt, classes: &[String]) -> Result<VocFile> {
        let text = whole::text(file, "VOC file")?;
        let document =
            Document::parse(&text).map_err(|(at, why)| whole::problem(&text, at, why).refusal("VOC file"))?;
        let (root, is_ascii) = (document.root, document.is_ascii);
        if root.name != "annotation" {
            return Err(Error::invalid(
                "VOC file",
                "the file",
                format!("its root is `{}`, not `annotation`", root.name),
            ));
        }
        let is_object = |(_, child): &(usize, &Element)| child.name == "object";
        let (mut places, elements): (Vec<usize>, Vec<&Element>) =
            root.children.iter().enumerate().filter(is_object).unzip();
        let mut objects = rows::objects(&text, &elements, classes);
        places.truncate(objects.rows.len());
        let flaw = document.flaw.map(|(at, why)| whole::problem(&text, at, why));
        objects.problem = objects.problem.or(flaw);
        let parts = objects.parts.clone();
        let table = |name: &str, rows: Rows| WholeTable::new(name, rows.columns, rows.rows, rows.problem);
        let tables = [table("objects", objects), table("image", rows::image(&text, &root))];
        let infos = tables.iter().map(|table| table.info.clone()).collect();
        Ok(VocFile { text, root, is_ascii, places, parts, tables, infos })
    }

    /// The object of a row.
    pub(super) fn object(&self, row: u64) -> Result<(usize, &Element)> {
        let place = usize::try_from(row).ok().and_then(|row| self.places.get(row));
        place.map(|place| (*place, &self.root.children[*place])).ok_or_else(|| Error::not_found("row", row))
    }
}

impl WholeFile for VocFile {
    fn infos(&self) -> &[TableInfo] {
        &self.infos
    }

    fn table(&self, table: usize) -> Result<&WholeTable> {
        self.tables.get(table).ok_or_else(|| Error::not_found("table", table))
    }

    fn check_cell(&self, table: &WholeTable, column: usize, value: &Value) -> Result<Value> {
        let held = table.check(column, value)?;
        let of = table.column(column)?.0;
        let refuse = |why: &str| Err(json::refuse(of, value, why));
        match (&of.role, &held) {
            (_, Value::Text(text)) if !text.chars().all(is_letter) => refuse("XML has no such letter"),
            (Role::Label { classes }, Value::Text(name)) => {
                let is_known = classes.is_empty() || classes.iter().any(|(class, _)| class == name);
                if is_known { Ok(held) } else { refuse("it is no class of the class map") }
            }
            (Role::BoxXyxy, Value::List(sides)) => {
                let sides: Vec<f64> = sides.iter().filter_map(json::number).collect();
                match sides[..] {
                    [x_min, y_min, x_max, y_max] if x_min <= x_max && y_min <= y_max => Ok(held),
                    [_, _, _, _] => refuse("a box has no negative size"),
                    _ => refuse("a box is four numbers: xmin, ymin, xmax, ymax"),
                }
            }
            _ => Ok(held),
        }
    }

    /// What a new object says where all others do: [what annotators write](super::rows::OF_NEW).
    fn followed(&self, table: &WholeTable, edit: &Leading<'_>) -> Followed {
        let mut followed = Followed::default();
        if edit.is_new && table.info.name == self.infos[OBJECTS].name {
            for (place, column) in table.info.schema.columns.iter().enumerate() {
                let value = rows::OF_NEW.iter().find(|(name, _)| *name == column.name && !column.nullable);
                if let Some((_, value)) = value.filter(|_| !edit.set.contains_key(&place)) {
                    followed.cells.push((place, Value::Text((*value).to_owned())));
                }
            }
        }
        followed
    }

    fn splice_edits(&self, edits: &FileEdits) -> Result<Splice> {
        splice::splice(self, edits)
    }
}
