//! A batch with some rows replaced, left out or put in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array, new_null_array};
use arrow::compute::{concat, interleave, take};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::is_writable;
use super::read::of_arrow;
use crate::model::Value;
use crate::table::columnar::accept::accept;
use crate::table::columnar::build::array_of;
use crate::table::columnar::cell::value_at;
use crate::{Error, Result};

/// What is to be done to the rows of one batch, by their places in it.
#[derive(Debug, Default)]
pub(super) struct BatchEdits<'e> {
    pub(super) sets: BTreeMap<u64, &'e [(usize, Value)]>,
    pub(super) deletes: BTreeSet<u64>,
    /// After which row; `None` is the beginning.
    pub(super) inserts: Vec<(Option<u64>, &'e [Value])>,
}

/// A batch after its edits.
pub(super) struct Edited {
    pub(super) batch: RecordBatch,
    /// The columns whose dictionaries got values behind those that they had.
    pub(super) grown: BTreeSet<usize>,
}

/// For each row, where it is from: 0 the old column, 1 the new values.
type Plan = Vec<(usize, usize)>;

/// Makes the edits.
///
/// # Errors
/// `Invalid` for a value that a column cannot hold.
pub(super) fn edited(old: &RecordBatch, edits: &BatchEdits<'_>) -> Result<Edited> {
    let (mut columns, mut grown, mut rows) = (Vec::new(), BTreeSet::new(), old.num_rows());
    let schema = old.schema();
    for (at, (field, column)) in schema.fields().iter().zip(old.columns()).enumerate() {
        let (plan, values) = edits.plan(at, field, old.num_rows())?;
        rows = plan.len();
        let is_same = values.is_empty() && edits.deletes.is_empty();
        let column = match field.data_type() {
            _ if is_same => Arc::clone(column),
            DataType::Dictionary(_, _) => {
                let (column, has_grown) = in_dictionary(column, &plan, &values)?;
                if has_grown {
                    grown.insert(at);
                }
                column
            }
            data_type if !is_writable(data_type) => {
                // Its dictionaries must stay as they are, so rows of it may go and none may come.
                let kept = plan.iter().map(|(from, at)| (*from == 0).then_some(*at as u64)).collect::<Option<Vec<_>>>();
                let kept = kept.ok_or_else(|| cannot(field, "no value of its type can be written".to_owned()))?;
                take(column, &UInt64Array::from(kept), None).map_err(of_arrow)?
            }
            data_type => {
                let new = if values.is_empty() {
                    new_null_array(data_type, 0)
                } else {
                    array_of(data_type, &values).map_err(|why| cannot(field, why))?
                };
                interleave(&[column, &new], &plan).map_err(of_arrow)?
            }
        };
        columns.push(column);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema, columns, &options).map_err(of_arrow)?;
    Ok(Edited { batch, grown })
}

fn cannot(field: &Field, why: String) -> Error {
    Error::invalid("edit of column", field.name(), why)
}

impl BatchEdits<'_> {
    /// How many rows there are after the edits.
    pub(super) fn rows(&self, rows: u64) -> u64 {
        rows - self.deletes.len() as u64 + self.inserts.len() as u64
    }

    /// Where each row of a column is from, and the values that are new in it.
    fn plan(&self, column: usize, field: &Field, rows: usize) -> Result<(Plan, Vec<Value>)> {
        let (mut plan, mut values) = (Plan::new(), Vec::new());
        let mut put = |plan: &mut Plan, value: Option<&Value>| {
            let value = value.unwrap_or(&Value::Null);
            let value = accept(field, value).map_err(|why| Error::invalid("value", &value.to_string(), why))?;
            plan.push((1, values.len()));
            values.push(value);
            Ok::<_, Error>(())
        };
        let mut inserts = self.inserts.iter().peekable();
        while let Some((_, cells)) = inserts.next_if(|(after, _)| after.is_none()) {
            put(&mut plan, cells.get(column))?;
        }
        for at in 0..rows {
            let row = at as u64;
            let set = self.sets.get(&row).and_then(|cells| cells.iter().find(|(of, _)| *of == column));
            match set {
                _ if self.deletes.contains(&row) => {}
                Some((_, value)) => put(&mut plan, Some(value))?,
                None => plan.push((0, at)),
            }
            while let Some((_, cells)) = inserts.next_if(|(after, _)| *after == Some(row)) {
                put(&mut plan, cells.get(column))?;
            }
        }
        Ok((plan, values))
    }
}

/// A column of a dictionary: keys of values that it has stay; values that it lacks go behind the others.
fn in_dictionary(column: &ArrayRef, plan: &Plan, values: &[Value]) -> Result<(ArrayRef, bool)> {
    let old = column.as_any_dictionary();
    let mut keys: HashMap<String, i64> = HashMap::new();
    let text = |value: &Value| format!("{value:?}");
    if !values.is_empty() {
        for at in (0..old.values().len()).rev() {
            keys.insert(text(&value_at(old.values(), at)), at as i64);
        }
    }
    let mut new = Vec::new();
    let mut key_of = |value: &Value| match value {
        Value::Null => Value::Null,
        value => Value::Int(*keys.entry(text(value)).or_insert_with(|| {
            new.push(value.clone());
            (old.values().len() + new.len() - 1) as i64
        })),
    };
    let new_keys: Vec<Value> = values.iter().map(&mut key_of).collect();
    let key_field = Field::new("key", old.keys().data_type().clone(), true);
    let refuse = |why: String| Error::invalid("edit of column", "with a dictionary", why);
    for key in &new_keys {
        accept(&key_field, key).map_err(|_| refuse("its dictionary has no room for another value".to_owned()))?;
    }
    let new_keys = array_of(key_field.data_type(), &new_keys).map_err(refuse)?;
    let keys = interleave(&[old.keys(), &new_keys], plan).map_err(of_arrow)?;
    let held = if new.is_empty() {
        Arc::clone(old.values())
    } else {
        let more = array_of(old.values().data_type(), &new).map_err(refuse)?;
        concat(&[old.values(), &more]).map_err(of_arrow)?
    };
    let data = keys.to_data().into_builder().data_type(column.data_type().clone()).add_child_data(held.to_data());
    Ok((arrow::array::make_array(data.build().map_err(of_arrow)?), !new.is_empty()))
}
