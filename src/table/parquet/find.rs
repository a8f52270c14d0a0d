//! A row by its key: by its place, or by searching the key column where its statistics do not rule it out.

use std::collections::HashMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::file::statistics::Statistics;

use super::ParquetFile;
use super::scan::Unit;
use crate::Result;
use crate::model::Value;
use crate::table::Flow;
use crate::table::columnar::cell::value_at;
use crate::table::place_key;

impl ParquetFile<'_> {
    /// The place of the first row with this key.
    pub(super) fn find_key(&self, key: &str) -> Result<Option<u64>> {
        let Some(column) = self.table[0].schema.key else {
            return Ok(place_key::place(key, self.rows()));
        };
        let wanted = self.wanted(Some(&[column]))?;
        for group in 0..self.footer.metadata.num_row_groups() {
            if !self.may_have(group, column, key) {
                continue;
            }
            let take = self.starts[group + 1] - self.starts[group];
            let (mut first, mut found) = (self.starts[group], None);
            let unit = Unit { group, skip: 0, take, batch: self.batch_rows(&wanted, group) };
            self.read(&wanted, unit, &mut |batch| {
                found = place(&batch, key).map(|at| first + at as u64);
                first += batch.num_rows() as u64;
                Ok(if found.is_some() { Flow::Stop } else { Flow::More })
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// As [`ParquetFile::find_key`], for many keys in one pass over the row groups that may have some of them.
    pub(super) fn find_keys(&self, keys: &[&str]) -> Result<Vec<Option<u64>>> {
        let Some(column) = self.table[0].schema.key else {
            return Ok(keys.iter().map(|key| place_key::place(key, self.rows())).collect());
        };
        let wanted = self.wanted(Some(&[column]))?;
        let mut found: HashMap<&str, Option<u64>> = keys.iter().map(|key| (*key, None)).collect();
        for group in 0..self.footer.metadata.num_row_groups() {
            let is_open = |(key, place): (&&str, &Option<u64>)| place.is_none() && self.may_have(group, column, key);
            let mut open = found.iter().filter(|(key, place)| is_open((key, place))).count();
            if open == 0 {
                continue;
            }
            let mut row = self.starts[group];
            let unit =
                Unit { group, skip: 0, take: self.starts[group + 1] - row, batch: self.batch_rows(&wanted, group) };
            self.read(&wanted, unit, &mut |batch| {
                for at in 0..batch.num_rows() {
                    let key = value_at(batch.column(0), at);
                    if key != Value::Null
                        && let Some(place @ None) = found.get_mut(key.to_string().as_str())
                    {
                        *place = Some(row);
                        open = open.saturating_sub(1);
                    }
                    row += 1;
                }
                Ok(if open == 0 { Flow::Stop } else { Flow::More })
            })?;
        }
        Ok(keys.iter().map(|key| found[key]).collect())
    }

    /// Whether the statistics of a row group leave it open that a row in it has the key.
    fn may_have(&self, group: usize, column: usize, key: &str) -> bool {
        let schema = self.arrow.parquet_schema();
        let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == column);
        let statistics = leaf.and_then(|leaf| self.footer.metadata.row_group(group).column(leaf).statistics());
        let of_key = key.parse::<i64>();
        // Without `min_value` they may be in an order of bytes that are signed.
        let statistics = statistics.filter(|of| !of.is_min_max_deprecated());
        match (statistics, self.table[0].schema.columns[column].data_type.clone()) {
            (Some(Statistics::Int32(of)), DataType::Int8 | DataType::Int16 | DataType::Int32) => {
                let bounds = of.min_opt().zip(of.max_opt());
                bounds.is_none_or(|(min, max)| of_key.is_ok_and(|key| (i64::from(*min)..=(*max).into()).contains(&key)))
            }
            (Some(Statistics::Int64(of)), DataType::Int64) => {
                let bounds = of.min_opt().zip(of.max_opt());
                bounds.is_none_or(|(min, max)| of_key.is_ok_and(|key| (*min..=*max).contains(&key)))
            }
            (Some(Statistics::ByteArray(of)), DataType::Utf8 | DataType::LargeUtf8) => {
                let bounds = of.min_opt().zip(of.max_opt());
                bounds.is_none_or(|(min, max)| (min.data()..=max.data()).contains(&key.as_bytes()))
            }
            _ => true,
        }
    }
}

/// Where in the first column of the batch the key is.
fn place(batch: &RecordBatch, key: &str) -> Option<usize> {
    let array = batch.column(0);
    match array.data_type() {
        DataType::Int64 => {
            let key: i64 = key.parse().ok().filter(|number: &i64| number.to_string() == key)?;
            let array = array.as_primitive::<Int64Type>();
            (0..array.len()).find(|at| array.value(*at) == key && array.is_valid(*at))
        }
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            (0..array.len()).find(|at| array.value(*at) == key && array.is_valid(*at))
        }
        _ => (0..array.len()).find(|at| match value_at(array, *at) {
            Value::Text(text) => text == key,
            value => value.to_string() == key,
        }),
    }
}
