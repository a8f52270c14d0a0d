//! Edits of rows as one patch: new chunks and a new footer in place of the old footer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::file::reader::Length;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::ParquetFile;
use super::bytes::inside;
use super::chunk::{self, Step};
use super::footer::{NewGroup, chunks_of};
use super::recipe;
use super::shred::{Leaf, leaf_count, shred};
use crate::model::Value;
use crate::table::columnar::accept::accept;
use crate::table::columnar::guard::guarded;
use crate::table::{FileEdits, Patch};
use crate::{Error, Result};

/// What is to be done to the rows of one row group, by their places in it.
#[derive(Default)]
struct GroupEdits<'e> {
    sets: BTreeMap<u64, &'e [(usize, Value)]>,
    deletes: BTreeSet<u64>,
    /// After which row; `None` is the beginning.
    inserts: Vec<(Option<u64>, &'e [Value])>,
}

impl ParquetFile<'_> {
    pub(super) fn splice_edits(&self, edits: &FileEdits) -> Result<Vec<Patch>> {
        let groups = self.by_group(edits)?;
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        guarded("the Parquet file", || {
            let mut bytes = Vec::new();
            let mut changes = BTreeMap::new();
            for (group, edits) in &groups {
                let offset = self.footer.start + bytes.len() as u64;
                changes.insert(*group, self.rewrite_group(*group, edits, offset, &mut bytes)?);
            }
            bytes.extend(self.footer.rewritten(&changes)?);
            let offset = self.footer.start;
            Ok(vec![Patch { offset, replaced: self.lent.len() - offset, bytes }])
        })
    }

    fn by_group<'e>(&self, edits: &'e FileEdits) -> Result<BTreeMap<usize, GroupEdits<'e>>> {
        let mut groups: BTreeMap<usize, GroupEdits<'e>> = BTreeMap::new();
        let place = |row: u64| self.group_of(row).ok_or_else(|| Error::not_found("row", row));
        for set in edits.sets.iter().filter(|set| !set.cells.is_empty()) {
            let (group, row) = place(set.row)?;
            groups.entry(group).or_default().sets.insert(row, &set.cells);
        }
        for (_, row) in &edits.deletes {
            let (group, row) = place(*row)?;
            groups.entry(group).or_default().deletes.insert(row);
        }
        for insert in &edits.inserts {
            let (group, after) = match insert.after {
                Some(row) => place(row).map(|(group, row)| (group, Some(row)))?,
                None => (0, None),
            };
            groups.entry(group).or_default().inserts.push((after, &insert.cells));
        }
        Ok(groups)
    }

    /// Appends the new chunks of a row group to `bytes`, which begin at `offset` of the file.
    fn rewrite_group(
        &self,
        group: usize,
        edits: &GroupEdits<'_>,
        offset: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<NewGroup> {
        let metadata = self.footer.metadata.row_groups().get(group);
        let old_rows = metadata.map_or(0, |group| group.num_rows() as u64);
        let rows = old_rows - edits.deletes.len() as u64 + edits.inserts.len() as u64;
        let mut new = NewGroup { rows, ..NewGroup::default() };
        if rows == 0 {
            return Ok(new);
        }
        let root = self.arrow.parquet_schema().root_schema();
        let columns = edits.columns(root.get_fields().len());
        let leaves = self.leaves_of(&columns);
        let sorted = metadata.and_then(|group| group.sorting_columns());
        let is_edited = |leaf: i32| leaves.iter().any(|edited| i32::try_from(*edited) == Ok(leaf));
        let by_edited = sorted.is_some_and(|by| by.iter().any(|by| is_edited(by.column_idx)));
        new.loses_order = !edits.inserts.is_empty() || (by_edited && !edits.sets.is_empty());

        let fields: Vec<TypePtr> = columns.iter().map(|column| Arc::clone(&root.get_fields()[*column])).collect();
        let schema = Type::group_type_builder(root.name()).with_fields(fields).build().map_err(inside)?;
        let properties = recipe::properties(&self.lent, metadata, &leaves)?;
        let mut writer =
            SerializedFileWriter::new(Behind::new(offset), Arc::new(schema), Arc::new(properties)).map_err(inside)?;
        advance(&mut writer, offset)?;
        let mut row_group = writer.next_row_group().map_err(inside)?;
        let mut next_leaf = leaves.iter();
        for column in &columns {
            let of = &root.get_fields()[*column];
            let (steps, rows) = self.steps(edits, *column, old_rows, of)?;
            for (at, leaf) in next_leaf.by_ref().take(leaf_count(of)).enumerate() {
                let old = metadata.map(|_| self.chunk_reader(group, *leaf)).transpose()?;
                let rows: Vec<&Leaf> = rows.iter().map(|row| &row[at]).collect();
                let mut column = row_group.next_column().map_err(inside)?.expect("the schema has this leaf");
                chunk::write(old, column.untyped(), &steps, &rows)?;
                column.close().map_err(inside)?;
            }
        }
        row_group.close().map_err(inside)?;
        writer.finish().map_err(inside)?;
        let (chunks, end) = chunks_of(&writer.inner().kept)?;
        bytes.extend_from_slice(&writer.inner().kept[..end]);
        new.chunks = leaves.into_iter().zip(chunks).collect();
        Ok(new)
    }

    fn leaves_of(&self, columns: &[usize]) -> Vec<usize> {
        let schema = self.arrow.parquet_schema();
        (0..schema.num_columns()).filter(|leaf| columns.contains(&schema.get_column_root_idx(*leaf))).collect()
    }

    fn chunk_reader(&self, group: usize, leaf: usize) -> Result<ColumnReader> {
        let metadata = self.footer.metadata.row_group(group);
        let chunk = metadata.column(leaf);
        let rows = metadata.num_rows() as usize;
        let pages = SerializedPageReader::new(Arc::new(self.lent), chunk, rows, None).map_err(inside)?;
        Ok(get_column_reader(chunk.column_descr_ptr(), Box::new(pages)))
    }

    /// What happens to the rows of one column, and the rows that are new in it.
    fn steps(
        &self,
        edits: &GroupEdits<'_>,
        column: usize,
        old_rows: u64,
        of: &Type,
    ) -> Result<(Vec<Step>, Vec<Vec<Leaf>>)> {
        let field = self.field(column)?;
        let mut work = Steps { column: of, field, steps: Vec::new(), rows: Vec::new() };
        let mut inserts = edits.inserts.iter().peekable();
        while let Some((_, cells)) = inserts.next_if(|(after, _)| after.is_none()) {
            work.put(cells.get(column))?;
        }
        let touched: BTreeSet<u64> = edits.sets.keys().chain(&edits.deletes).copied().collect();
        let after = edits.inserts.iter().filter_map(|(after, _)| *after);
        let mut at = 0;
        for row in touched.into_iter().chain(after).collect::<BTreeSet<_>>() {
            let set = edits.sets.get(&row).and_then(|cells| cells.iter().find(|(of, _)| *of == column));
            work.keep(row - at);
            match set {
                _ if edits.deletes.contains(&row) => work.steps.push(Step::Drop(1)),
                Some((_, value)) => {
                    work.steps.push(Step::Drop(1));
                    work.put(Some(value))?;
                }
                None => work.keep(1),
            }
            while let Some((_, cells)) = inserts.next_if(|(after, _)| *after == Some(row)) {
                work.put(cells.get(column))?;
            }
            at = row + 1;
        }
        work.keep(old_rows - at);
        Ok((work.steps, work.rows))
    }
}

impl GroupEdits<'_> {
    /// The columns whose chunks change; all of `count`, if rows come or go.
    fn columns(&self, count: usize) -> Vec<usize> {
        if !self.deletes.is_empty() || !self.inserts.is_empty() {
            return (0..count).collect();
        }
        let edited = self.sets.values().flat_map(|cells| cells.iter().map(|(column, _)| *column));
        edited.collect::<BTreeSet<_>>().into_iter().filter(|column| *column < count).collect()
    }
}

/// The steps of a column, being worked out.
struct Steps<'a> {
    column: &'a Type,
    field: &'a arrow::datatypes::Field,
    steps: Vec<Step>,
    rows: Vec<Vec<Leaf>>,
}

impl Steps<'_> {
    fn keep(&mut self, count: u64) {
        match self.steps.last_mut() {
            _ if count == 0 => {}
            Some(Step::Keep(before)) => *before += count,
            _ => self.steps.push(Step::Keep(count)),
        }
    }

    fn put(&mut self, value: Option<&Value>) -> Result<()> {
        let value = value.unwrap_or(&Value::Null);
        let leaves = accept(self.field, value).and_then(|value| shred(self.column, self.field, &value));
        let leaves = leaves.map_err(|why| Error::invalid("value", &value.to_string(), why))?;
        self.steps.push(Step::Put(self.rows.len()));
        self.rows.push(leaves);
        Ok(())
    }
}

/// Keeps what is written from an offset on.
///
/// A writer that is told of all bytes before writes the very offsets that the spliced file needs.
struct Behind {
    skip: u64,
    kept: Vec<u8>,
}

impl Behind {
    fn new(skip: u64) -> Behind {
        Behind { skip, kept: Vec::new() }
    }
}

impl Write for Behind {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        self.kept.extend_from_slice(&bytes[skipped as usize..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Has the writer count up to `offset`: nothing is kept of it.
fn advance(writer: &mut SerializedFileWriter<Behind>, offset: u64) -> Result<()> {
    static NOTHING: [u8; 1 << 20] = [0; 1 << 20];
    let mut left = offset.saturating_sub(writer.bytes_written() as u64);
    while left > 0 {
        let len = left.min(NOTHING.len() as u64);
        writer.write_all(&NOTHING[..len as usize]).map_err(|cause| Error::io("write a Parquet file", cause))?;
        left -= len;
    }
    Ok(())
}
