//! The rows of the table of samples, as batches.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;

use super::columns::From;
use super::join::{Joined, Wanted};
use super::{EXCLUDED, LABEL};
use crate::dataset::rows::{RowBatch, RowScan, Table, TableOutline};
use crate::dataset::view::View;
use crate::model::Value;
use crate::table::{Column, Flow, arrow_value};
use crate::{Error, Result};

/// A batch has at most so many rows.
const BATCH_ROWS: usize = 4096;

/// What the table of samples is.
pub(in crate::dataset) fn outline(view: &View) -> Result<TableOutline> {
    let joined = Joined::of(view, &Wanted::nothing())?;
    let schema = joined.schema()?;
    Ok(match &joined.main {
        Some(main) => TableOutline { schema, key_flaw: None, ..joined.view.table_info(main)? },
        None => {
            let (rows, broken_files) = (joined.samples.len() as u64, joined.changed.len() as u64);
            let problem = joined.changed.into_iter().next();
            TableOutline { schema, rows, problem, broken_files, key_flaw: None }
        }
    })
}

/// Gives `sink` the samples, in order of key; where they are rows of a table, in its order.
pub(in crate::dataset) fn scan(
    view: &View,
    names: Option<&[String]>,
    sink: &mut dyn FnMut(RowBatch) -> Result<Flow>,
) -> Result<()> {
    let wants = |columns: &[&str]| match names {
        None => true,
        Some(wanted) => wanted.iter().any(|name| columns.iter().any(|of| name.eq_ignore_ascii_case(of))),
    };
    let notes = wants(&[LABEL, "labels", "box_count", "boxes"]);
    let joined = Joined::of(view, &Wanted { notes, cells: names.map(<[String]>::to_vec), ..Wanted::default() })?;
    let columns = joined.columns()?;
    let schema = joined.schema()?;
    let wanted: Vec<&(Column, From)> = match names {
        None => columns.iter().collect(),
        Some(names) => {
            let place = |name: &String| schema.find(name).ok_or_else(|| Error::not_found("column", name));
            names.iter().map(|name| Ok(&columns[place(name)?])).collect::<Result<_>>()?
        }
    };
    match &joined.main {
        Some(main) => scan_main(&joined, main, &wanted, sink),
        None => {
            for first in (0..joined.samples.len()).step_by(BATCH_ROWS) {
                let range = first..joined.samples.len().min(first + BATCH_ROWS);
                let array = |(column, from): &&(Column, From)| {
                    let values: Vec<Value> = range.clone().map(|sample| joined.value(sample, from)).collect();
                    arrow_value::array(&column.data_type, &values)
                };
                let arrays = wanted.iter().map(array).collect::<Result<Vec<_>>>()?;
                let keys = joined.samples[range.clone()].iter().map(|sample| sample.key.clone()).collect();
                if sink(RowBatch::new(batch(&wanted, arrays, range.len())?, keys))? == Flow::Stop {
                    break;
                }
            }
            Ok(())
        }
    }
}

/// The rows of the table that is the main one, with what is kept beside.
fn scan_main(
    joined: &Joined,
    main: &Table,
    wanted: &[&(Column, From)],
    sink: &mut dyn FnMut(RowBatch) -> Result<Flow>,
) -> Result<()> {
    let mut names: Vec<String> = Vec::new();
    for (_, from) in wanted {
        if let From::Main(name) = from
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    joined.view.scan_rows(main, &RowScan { columns: Some(names.clone()) }, &mut |rows| {
        let count = rows.batch.num_rows();
        let keys = (0..count).map(|row| rows.key(row)).collect::<Result<Vec<String>>>()?;
        let array = |(column, from): &&(Column, From)| -> Result<ArrayRef> {
            let value = |key: &String| match from {
                From::Key => Value::Text(key.clone()),
                From::Excluded => Value::Bool(joined.beside.excluded.contains(key)),
                From::Added(name) => joined.added(key, name),
                _ => Value::Null,
            };
            match from {
                From::Main(name) => {
                    let at = names.iter().position(|known| known == name).expect("it was asked for");
                    Ok(rows.batch.column(at).clone())
                }
                _ => arrow_value::array(&column.data_type, &keys.iter().map(value).collect::<Vec<_>>()),
            }
        };
        let arrays = wanted.iter().map(array).collect::<Result<Vec<_>>>()?;
        sink(RowBatch::new(batch(wanted, arrays, count)?, keys.clone()))
    })
}

fn batch(wanted: &[&(Column, From)], arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let field =
        |((column, _), array): (&&(Column, From), &ArrayRef)| Field::new(&column.name, array.data_type().clone(), true);
    let fields: Vec<Field> = wanted.iter().zip(&arrays).map(field).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let built = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options);
    built.map_err(|cause| Error::invalid("rows", "a batch", "its columns do not fit together").caused_by(cause))
}

/// Whether the column is one that says which samples are excluded.
pub(super) fn is_excluded_column(name: &str) -> bool {
    name.eq_ignore_ascii_case(EXCLUDED)
}
