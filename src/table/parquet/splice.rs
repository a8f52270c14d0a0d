//! Edits of rows as one patch: new chunks and a new footer in place of the old footer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::column::writer::{ColumnCloseResult, get_column_writer};
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::reader::Length;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::ParquetFile;
use super::bytes::inside;
use super::chunk;
use super::footer::{NewGroup, chunks_of};
use super::recipe;
use super::shred::{Leaf, leaf_count};
use crate::model::Value;
use crate::table::columnar::guard::guarded;
use crate::table::in_order::in_order;
use crate::table::{FileEdits, Flow, Patch};
use crate::{Error, Result};

/// What is to be done to the rows of one row group, by their places in it.
#[derive(Default)]
pub(super) struct GroupEdits<'e> {
    pub(super) sets: BTreeMap<u64, &'e [(usize, Value)]>,
    pub(super) deletes: BTreeSet<u64>,
    /// After which row; `None` is the beginning.
    pub(super) inserts: Vec<(Option<u64>, &'e [Value])>,
}

impl ParquetFile<'_> {
    pub(super) fn splice_edits(&self, edits: &FileEdits) -> Result<Vec<Patch>> {
        let groups = self.by_group(edits)?;
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        guarded("the Parquet file", || {
            let plans = groups.iter().map(|(group, edits)| self.plan(*group, edits)).collect::<Result<Vec<_>>>()?;
            let mut bytes = Vec::new();
            let mut changes = self.encoded(&plans, &mut bytes)?;
            for plan in &plans {
                changes.entry(plan.group).or_insert_with(|| NewGroup { rows: plan.rows, ..NewGroup::default() });
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

    /// What of a row group is to be written again, and how.
    fn plan<'e>(&self, group: usize, edits: &'e GroupEdits<'e>) -> Result<Plan<'e>> {
        let metadata = self.footer.metadata.row_groups().get(group);
        let old_rows = metadata.map_or(0, |group| group.num_rows() as u64);
        let rows = old_rows - edits.deletes.len() as u64 + edits.inserts.len() as u64;
        let root = self.arrow.parquet_schema().root_schema();
        let columns = if rows == 0 { Vec::new() } else { edits.columns(root.get_fields().len()) };
        let leaves = self.leaves_of(&columns);
        let sorted = metadata.and_then(|group| group.sorting_columns());
        let is_edited = |leaf: i32| leaves.iter().any(|edited| i32::try_from(*edited) == Ok(leaf));
        let by_edited = sorted.is_some_and(|by| by.iter().any(|by| is_edited(by.column_idx)));
        let loses_order = !edits.inserts.is_empty() || (by_edited && !edits.sets.is_empty());
        let fields: Vec<TypePtr> = columns.iter().map(|column| Arc::clone(&root.get_fields()[*column])).collect();
        let schema = Type::group_type_builder(root.name()).with_fields(fields).build().map_err(inside)?;
        let schema = SchemaDescriptor::new(Arc::new(schema));
        let properties = Arc::new(recipe::properties(&self.lent, metadata, &leaves)?);
        Ok(Plan {
            group,
            edits,
            is_new: metadata.is_none(),
            old_rows,
            rows,
            columns,
            leaves,
            loses_order,
            schema,
            properties,
        })
    }

    /// Appends the new chunks of row groups to `bytes`, which come in place of the footer. The columns are encoded on
    /// all processors.
    fn encoded(&self, plans: &[Plan<'_>], bytes: &mut Vec<u8>) -> Result<BTreeMap<usize, NewGroup>> {
        let jobs: Vec<(&Plan<'_>, usize)> =
            plans.iter().flat_map(|plan| (0..plan.columns.len()).map(move |column| (plan, column))).collect();
        let work = |at: usize| {
            let (plan, column) = jobs[at];
            guarded("the Parquet file", || self.encode(plan, column))
        };
        let (mut changes, mut chunks) = (BTreeMap::new(), Vec::new());
        in_order(jobs.len(), work, |at, encoded| {
            let (plan, column) = jobs[at];
            chunks.extend(encoded?);
            if column + 1 == plan.columns.len() {
                let offset = self.footer.start + bytes.len() as u64;
                changes.insert(plan.group, joined(plan, std::mem::take(&mut chunks), offset, bytes)?);
            }
            Ok(Flow::More)
        })?;
        Ok(changes)
    }

    /// The new chunks of one column of a row group, told by its place among those that are written.
    fn encode(&self, plan: &Plan<'_>, at: usize) -> Result<Vec<Chunk>> {
        let fields = self.arrow.parquet_schema().root_schema().get_fields();
        let of = &fields[plan.columns[at]];
        let before: usize = plan.columns[..at].iter().map(|column| leaf_count(&fields[*column])).sum();
        let (steps, rows) = self.steps(plan.edits, plan.columns[at], plan.old_rows, of)?;
        let mut chunks = Vec::new();
        for nth in 0..leaf_count(of) {
            let (leaf, descriptor) = (plan.leaves[before + nth], plan.schema.column(before + nth));
            let rows: Vec<&Leaf> = rows.iter().map(|row| &row[nth]).collect();
            if plan.edits.sets_alone() {
                let cells: Vec<_> = plan.edits.rows_of(plan.columns[at]).zip(rows.iter().copied()).collect();
                let descriptor = Arc::clone(&descriptor);
                let kept = self.with_pages_kept((plan.group, leaf), descriptor, &plan.properties, &cells)?;
                if let Some((bytes, close)) = kept {
                    chunks.push(Chunk { bytes, close });
                    continue;
                }
            }
            let old = (!plan.is_new).then(|| self.chunk_reader(plan.group, leaf)).transpose()?;
            let mut sink = TrackedWrite::new(Vec::new());
            let pages = Box::new(SerializedPageWriter::new(&mut sink));
            let mut writer = get_column_writer(descriptor, Arc::clone(&plan.properties), pages);
            chunk::write(old, &mut writer, &steps, &rows, chunk::ROWS)?;
            let close = writer.close().map_err(inside)?;
            chunks.push(Chunk { bytes: sink.into_inner().map_err(inside)?.into(), close });
        }
        Ok(chunks)
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
}

/// What of a row group is to be written again.
struct Plan<'e> {
    group: usize,
    edits: &'e GroupEdits<'e>,
    /// Whether it is one that the file has not yet.
    is_new: bool,
    old_rows: u64,
    rows: u64,
    columns: Vec<usize>,
    leaves: Vec<usize>,
    loses_order: bool,
    /// Of these columns alone.
    schema: SchemaDescriptor,
    properties: WriterPropertiesPtr,
}

/// A chunk that was encoded by itself, and knows not yet where it will lie.
struct Chunk {
    bytes: Bytes,
    close: ColumnCloseResult,
}

/// Appends the chunks of a row group to `bytes`, which begin at `offset` of the file.
fn joined(plan: &Plan<'_>, chunks: Vec<Chunk>, offset: u64, bytes: &mut Vec<u8>) -> Result<NewGroup> {
    let (schema, properties) = (plan.schema.root_schema_ptr(), Arc::clone(&plan.properties));
    let mut writer = SerializedFileWriter::new(Behind::new(offset), schema, properties).map_err(inside)?;
    advance(&mut writer, offset)?;
    let mut row_group = writer.next_row_group().map_err(inside)?;
    for Chunk { bytes, close } in chunks {
        row_group.append_column(&bytes, close).map_err(inside)?;
    }
    row_group.close().map_err(inside)?;
    writer.finish().map_err(inside)?;
    let (chunks, end) = chunks_of(&writer.inner().kept)?;
    bytes.extend_from_slice(&writer.inner().kept[..end]);
    let chunks = plan.leaves.iter().copied().zip(chunks).collect();
    Ok(NewGroup { rows: plan.rows, chunks, loses_order: plan.loses_order })
}

impl GroupEdits<'_> {
    /// Whether no row comes or goes.
    fn sets_alone(&self) -> bool {
        self.deletes.is_empty() && self.inserts.is_empty()
    }

    /// The rows of which a cell of the column is set.
    fn rows_of(&self, column: usize) -> impl Iterator<Item = u64> {
        let has = move |cells: &[(usize, Value)]| cells.iter().any(|(of, _)| *of == column);
        self.sets.iter().filter(move |(_, cells)| has(cells)).map(|(row, _)| *row)
    }

    /// The columns whose chunks change; all of `count`, if rows come or go.
    fn columns(&self, count: usize) -> Vec<usize> {
        if !self.sets_alone() {
            return (0..count).collect();
        }
        let edited = self.sets.values().flat_map(|cells| cells.iter().map(|(column, _)| *column));
        edited.collect::<BTreeSet<_>>().into_iter().filter(|column| *column < count).collect()
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
