//! Edits of rows as patches: of a file the footer and what comes before it, of a stream each batch in its place.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::ArrayRef;
use arrow::ipc::Block;
use arrow::ipc::writer::IpcWriteOptions;
use arrow::record_batch::RecordBatch;

use super::ArrowFile;
use super::edit::{BatchEdits, Edited, edited};
use super::footer::with_blocks;
use super::layout::{CONTINUATION, Message, damaged, range};
use super::write::{Written, batch_message, dictionary_message, options};
use crate::table::columnar::guard::guarded;
use crate::table::{FileEdits, Patch};
use crate::{Error, Result};

impl ArrowFile<'_> {
    pub(super) fn splice_edits(&self, edits: &FileEdits) -> Result<Vec<Patch>> {
        let batches = self.by_batch(edits)?;
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        guarded("the Arrow file", || match &self.layout.footer {
            Some((start, footer)) => Ok(vec![self.splice_file(&batches, *start, footer)?]),
            None => self.splice_stream(&batches),
        })
    }

    fn by_batch<'e>(&self, edits: &'e FileEdits) -> Result<BTreeMap<usize, BatchEdits<'e>>> {
        let mut batches: BTreeMap<usize, BatchEdits<'e>> = BTreeMap::new();
        for set in edits.sets.iter().filter(|set| !set.cells.is_empty()) {
            let (batch, row) = self.batch_of(set.row)?;
            batches.entry(batch).or_default().sets.insert(row, &set.cells);
        }
        for (_, row) in &edits.deletes {
            let (batch, row) = self.batch_of(*row)?;
            batches.entry(batch).or_default().deletes.insert(row);
        }
        for insert in &edits.inserts {
            let (batch, after) = match insert.after {
                Some(row) => self.batch_of(row).map(|(batch, row)| (batch, Some(row)))?,
                None => (0, None),
            };
            batches.entry(batch).or_default().inserts.push((after, &insert.cells));
        }
        Ok(batches)
    }

    /// The batch before its edits; one of no rows where the file has no batch yet.
    fn old(&self, batch: usize) -> Result<(RecordBatch, IpcWriteOptions)> {
        match self.layout.batches.get(batch) {
            Some(old) => {
                let metadata = range(self.file, old.message.offset, old.message.metadata_len.into())?;
                Ok((self.decoding(None)?.batch(batch)?, options(&metadata)?))
            }
            None => Ok((RecordBatch::new_empty(self.layout.schema.clone()), IpcWriteOptions::default())),
        }
    }

    fn splice_file(&self, edits: &BTreeMap<usize, BatchEdits<'_>>, start: u64, footer: &[u8]) -> Result<Patch> {
        let mut bytes = Vec::new();
        let mut blocks: Vec<Option<Block>> = self.layout.batches.iter().map(|old| Some(old.message.block())).collect();
        let mut grown: BTreeMap<usize, (ArrayRef, IpcWriteOptions)> = BTreeMap::new();
        for (number, edits) in edits {
            let (mut old, options) = self.old(*number)?;
            // In a file all batches share a dictionary: what the batches before have added is in it.
            for (column, (with, _)) in &grown {
                old = with_dictionary(&old, *column, with)?;
            }
            let is_new = *number == blocks.len();
            if edits.rows(old.num_rows() as u64) == 0 {
                blocks[*number] = None;
                continue;
            }
            let Edited { batch, grown: more } = edited(&old, edits)?;
            let block = append(&mut bytes, start, batch_message(&batch, &options)?);
            if is_new {
                blocks.push(Some(block));
                // No dictionary was written for a file without rows.
                let all = (0..batch.num_columns()).filter(|column| self.layout.dictionary_ids[*column].is_some());
                grown.extend(all.map(|column| (column, (batch.column(column).clone(), options.clone()))));
            } else {
                blocks[*number] = Some(block);
            }
            for column in more {
                grown.insert(column, (batch.column(column).clone(), options.clone()));
            }
        }
        let mut dictionaries: Vec<(i64, Block)> =
            self.layout.dictionaries.iter().map(|old| (old.id, old.message.block())).collect();
        for (column, (with, options)) in grown {
            let id = self.dictionary_id(column)?;
            let block = append(&mut bytes, start, dictionary_message(&with, id, &options)?);
            let at = dictionaries.iter().position(|(old, _)| *old == id).unwrap_or(dictionaries.len());
            dictionaries.retain(|(old, _)| *old != id);
            dictionaries.insert(at.min(dictionaries.len()), (id, block));
        }
        bytes.extend(CONTINUATION);
        bytes.extend([0; 4]);
        pad(&mut bytes, start, 8);
        let dictionaries: Vec<Block> = dictionaries.into_iter().map(|(_, block)| block).collect();
        let blocks: Vec<Block> = blocks.into_iter().flatten().collect();
        let footer = with_blocks(footer, &dictionaries, &blocks)?;
        let len = u32::try_from(footer.len()).ok().filter(|len| *len <= i32::MAX as u32);
        let len = len.ok_or_else(|| Error::invalid("edit", "of an Arrow file", "its footer would be too long"))?;
        bytes.extend(footer);
        bytes.extend(len.to_le_bytes());
        bytes.extend(b"ARROW1");
        Ok(Patch { offset: start, replaced: self.file.len() - start, bytes })
    }

    fn dictionary_id(&self, column: usize) -> Result<i64> {
        let id = self.layout.dictionary_ids.get(column).copied().flatten();
        let id = id.ok_or_else(|| damaged("a column of a dictionary has none"))?;
        if self.layout.dictionary_ids.iter().filter(|other| **other == Some(id)).count() > 1 {
            let name = self.layout.schema.field(column).name();
            return Err(Error::invalid("edit of column", name, "another column has the same dictionary"));
        }
        Ok(id)
    }

    fn splice_stream(&self, edits: &BTreeMap<usize, BatchEdits<'_>>) -> Result<Vec<Patch>> {
        let mut patches = Vec::new();
        for (number, edits) in edits {
            let place = match self.layout.batches.get(*number) {
                Some(batch) => batch.message,
                None => return Err(Error::invalid("row to insert", "in an Arrow stream", "the stream has no batch")),
            };
            let (old, options) = self.old(*number)?;
            let mut bytes = Vec::new();
            if edits.rows(old.num_rows() as u64) > 0 {
                let Edited { batch, grown } = edited(&old, edits)?;
                for column in &grown {
                    let id = self.dictionary_id(*column)?;
                    bytes.extend(dictionary_message(batch.column(*column), id, &options)?.bytes);
                }
                bytes.extend(batch_message(&batch, &options)?.bytes);
                self.restore(*number, &old, &grown, &options, &mut bytes)?;
            }
            patches.push(Patch { offset: place.offset, replaced: place.len(), bytes });
        }
        Ok(patches)
    }

    /// Sets a dictionary that has grown back, where a later message adds to what it was.
    fn restore(
        &self,
        batch: usize,
        old: &RecordBatch,
        grown: &BTreeSet<usize>,
        options: &IpcWriteOptions,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        let later = &self.layout.dictionaries[self.layout.batches[batch].dictionaries..];
        for column in grown {
            let id = self.dictionary_id(*column)?;
            if later.iter().find(|dictionary| dictionary.id == id).is_some_and(|dictionary| dictionary.is_delta) {
                bytes.extend(dictionary_message(old.column(*column), id, options)?.bytes);
            }
        }
        Ok(())
    }
}

/// The batch with the values of another's dictionary, which begin with its own.
fn with_dictionary(batch: &RecordBatch, column: usize, with: &ArrayRef) -> Result<RecordBatch> {
    use arrow::array::AsArray;
    let (old, with) = (batch.column(column).as_any_dictionary(), with.as_any_dictionary());
    let mut columns = batch.columns().to_vec();
    columns[column] = old.with_values(std::sync::Arc::clone(with.values()));
    RecordBatch::try_new(batch.schema(), columns).map_err(damaged)
}

/// Appends a message at a multiple of 64 of the file.
fn append(bytes: &mut Vec<u8>, start: u64, written: Written) -> Block {
    pad(bytes, start, 64);
    let body_len = written.bytes.len() as u64 - u64::from(written.metadata_len);
    let message = Message { offset: start + bytes.len() as u64, metadata_len: written.metadata_len, body_len };
    bytes.extend(written.bytes);
    message.block()
}

fn pad(bytes: &mut Vec<u8>, start: u64, to: u64) {
    let end = (start + bytes.len() as u64).next_multiple_of(to);
    bytes.resize((end - start) as usize, 0);
}
