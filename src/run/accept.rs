//! How batches become parts of a run: each once, in the order of their coming, durable when it is answered.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{Field, FieldRef, Float64Type, Schema, SchemaRef};

use super::batch::{COLUMNS_MAX, invalid};
use super::{Batch, Of, Run, Runs, part, types};
use crate::model::{BatchId, BatchIds, ObjectKind, Part, RefValue, RunName, RunRecord, Series};
use crate::{ErrorKind, Result};

/// The bytes of a batch's id.
const ID_LEN: usize = size_of::<BatchId>();
/// A run has so many scalars at most.
const SCALARS_MAX: usize = 4096;

/// What became of a batch.
#[derive(Debug)]
pub enum Accepted {
    /// It is durable.
    New,
    /// It was there already.
    Repeated,
    /// It does not go with what the run has.
    Refused(crate::Error),
}

impl Runs {
    /// Takes batches in, all with one sync; a batch that was accepted before is not looked at.
    ///
    /// # Errors
    /// `NotFound` for a run; those of the store, and then none of the batches was taken.
    pub fn accept(&self, name: &RunName, of: Of, batches: &[Batch]) -> Result<(Vec<Accepted>, Run)> {
        let mut blobs = vec![None; batches.len()];
        loop {
            let run = self.open(name)?;
            let known = self.batches_of(&run)?;
            let mut record = (*run.record).clone();
            let (mut answers, mut added) = (Vec::with_capacity(batches.len()), HashSet::new());
            for (batch, blob) in batches.iter().zip(&mut blobs) {
                if known(of, &batch.id()) || added.contains(&batch.id()) {
                    answers.push(Accepted::Repeated);
                    continue;
                }
                let schema = match grown(of.series(&record), batch) {
                    Ok(schema) => schema,
                    Err(error) => {
                        answers.push(Accepted::Refused(error));
                        continue;
                    }
                };
                // A lost race does not store it twice.
                let blob = match blob {
                    Some(blob) => *blob,
                    None => *blob.insert(self.store.put(ObjectKind::Blob, &part::to_stream(batch.rows())?)?),
                };
                let epochs = add(of.series_mut(&mut record), &schema, batch)?;
                let (rows, batches) = (batch.rows().num_rows() as u64, BatchIds::One(batch.id()));
                of.series_mut(&mut record).parts.push(Part { blob, is_compact: false, rows, epochs, batches });
                if of == Of::Scalars {
                    add_latest(&mut record, batch);
                }
                added.insert(batch.id());
                answers.push(Accepted::New);
            }
            if added.is_empty() {
                return Ok((answers, run));
            }
            record.changed_ns = super::now_ns();
            match self.swap(name, Some(run.value), record) {
                Err(error) if matches!(error.kind(), ErrorKind::RefMoved { .. }) => {}
                swapped => {
                    let swapped = swapped?;
                    self.remember(&run, &swapped, of, added);
                    return Ok((answers, swapped));
                }
            }
        }
    }

    /// Whether a batch was accepted before.
    ///
    /// # Errors
    /// `NotFound` for a run; those of the store.
    pub fn has_batch(&self, name: &RunName, of: Of, id: &BatchId) -> Result<bool> {
        Ok(self.batches_of(&self.open(name)?)?(of, id))
    }

    /// Tells which batches a run has.
    fn batches_of(&self, run: &Run) -> Result<impl Fn(Of, &BatchId) -> bool + '_> {
        if !self.known().batches.get(&run.name).is_some_and(|(value, _)| *value == run.value) {
            let read = [self.read_batches(&run.record.metrics)?, self.read_batches(&run.record.scalars)?];
            self.known().batches.insert(run.name.clone(), (run.value, read));
        }
        let name = run.name.clone();
        Ok(move |of: Of, id: &BatchId| {
            self.known().batches.get(&name).is_some_and(|(_, sets)| sets[of as usize].contains(id))
        })
    }

    fn read_batches(&self, series: &Series) -> Result<HashSet<BatchId>> {
        let mut ids = HashSet::new();
        for part in &series.parts {
            match &part.batches {
                BatchIds::One(id) => drop(ids.insert(*id)),
                BatchIds::Blob(blob) => ids.extend(self.store.get(*blob)?.as_chunks::<ID_LEN>().0),
            }
        }
        Ok(ids)
    }

    /// What is known of the batches of `before` holds of `after`, with those that were added.
    fn remember(&self, before: &Run, after: &Run, of: Of, added: HashSet<BatchId>) {
        if let Some((value, sets)) = self.known().batches.get_mut(&before.name)
            && *value == before.value
        {
            sets[of as usize].extend(added);
            *value = after.value;
        }
    }

    /// After a change that adds no batch.
    pub(super) fn same_batches(&self, name: &RunName, before: RefValue, after: RefValue) {
        if let Some((value, _)) = self.known().batches.get_mut(name)
            && *value == before
        {
            *value = after;
        }
    }
}

/// The columns that a series has with this batch.
fn grown(series: &Series, batch: &Batch) -> Result<SchemaRef> {
    let known = part::schema_of(series)?;
    let mut fields: Vec<FieldRef> = known.fields().iter().cloned().collect();
    for field in batch.rows().schema().fields() {
        let name = field.name();
        match fields.iter_mut().find(|known| known.name() == name) {
            Some(known) => {
                let of = types::joined(known.data_type(), field.data_type()).ok_or_else(|| {
                    invalid(name, format!("it was {} before, and is {} now", known.data_type(), field.data_type()))
                })?;
                if of != *known.data_type() {
                    *known = Arc::new(Field::new(name, of, true));
                }
            }
            None => fields.push(field.clone()),
        }
    }
    if fields.len() > COLUMNS_MAX {
        return Err(invalid("", format!("the run would have more than {COLUMNS_MAX} columns")));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// Counts a batch in; returns the least and the greatest epoch in it.
fn add(series: &mut Series, schema: &SchemaRef, batch: &Batch) -> Result<(i64, i64)> {
    series.schema = part::encode_schema(schema)?;
    series.batches += 1;
    series.rows += batch.rows().num_rows() as u64;
    let epochs = batch.epochs().values();
    let mut last = None;
    for epoch in epochs.iter().copied() {
        if last != Some(epoch) {
            series.add_epoch(epoch);
            last = Some(epoch);
        }
    }
    let ends = epochs.iter().min().zip(epochs.iter().max());
    Ok(ends.map_or((0, 0), |(least, most)| (*least, *most)))
}

/// Of each scalar, the value at the greatest step.
fn add_latest(record: &mut RunRecord, batch: &Batch) {
    let Some(values) = batch.rows().column_by_name(super::VALUE) else { return };
    let values = values.as_primitive::<Float64Type>().values();
    for ((name, step), value) in batch.samples().iter().flatten().zip(batch.epochs().values()).zip(values) {
        match record.latest.binary_search_by(|(known, ..)| known.as_str().cmp(name)) {
            Ok(at) if record.latest[at].1 <= *step => record.latest[at] = (name.to_owned(), *step, *value),
            Ok(_) => {}
            Err(at) if record.latest.len() < SCALARS_MAX => record.latest.insert(at, (name.to_owned(), *step, *value)),
            Err(_) => {}
        }
    }
}
