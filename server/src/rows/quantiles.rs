//! Quantiles of a column's numbers, for all rows or for each value of another column.

use arrow::array::Array;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use veneer::Result;
use veneer::model::Value;

use super::columns::TableRows;
use super::groups::in_order;
use super::mask::{chunks, unfit};
use super::numbers::both;

/// The most quantiles that may be asked for.
const QUANTILES_MAX: usize = 1_000;
/// The most groups that quantiles are told of; those with most rows go first.
const GROUPS_MAX: usize = 200;

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct QuantilesQuery {
    /// The column.
    pub column: String,
    /// Which quantiles, each from 0 to 1.
    pub quantiles: Vec<f64>,
    /// The column for each of whose values they are wanted.
    pub by: Option<String>,
    /// Only rows for which this is true.
    pub condition: Option<String>,
}

/// The quantiles of a column.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuantilesAnswer {
    /// Of all rows together, or of those of each value of another column.
    pub quantiles: Vec<Quantiles>,
}

/// The quantiles of some rows.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Quantiles {
    /// The value that these rows have in the column `by`; missing without such a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Json>,
    /// A number for each quantile, between the two nearest rows where it falls between them; null without a row.
    pub values: Vec<Json>,
    /// How many rows have a number that is not NaN.
    pub count: u64,
}

impl TableRows {
    /// The quantiles of a column; nulls and NaN are left out.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a column of anything but numbers and for a quantile outside 0..1; those of the
    /// condition and of the files.
    pub fn quantiles(&self, query: &QuantilesQuery) -> Result<Vec<Quantiles>> {
        if query.quantiles.len() > QUANTILES_MAX {
            let count = query.quantiles.len().to_string();
            return Err(unfit("number of quantiles", &count, format!("it is more than {QUANTILES_MAX}")));
        }
        if let Some(wrong) = query.quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
            return Err(unfit("quantile", &wrong.to_string(), "it is not from 0 to 1"));
        }
        let numbers = self.numbers(&query.column)?;
        let mask = self.mask(query.condition.as_deref())?;
        let (mask, chunks) = (mask.as_deref(), chunks(self.row_count()?));
        let Some(by) = &query.by else {
            let of_chunk = |chunk: &(usize, usize)| {
                let mut found = Vec::with_capacity(chunk.1);
                numbers.visit(*chunk, mask, |number| found.extend(Some(number).filter(|number| !number.is_nan())))?;
                Ok(found)
            };
            let all = chunks.par_iter().map(of_chunk).collect::<Result<Vec<_>>>()?.concat();
            return Ok(vec![of(None, all, &query.quantiles)]);
        };
        let coded = self.coded(by)?;
        let (mut groups, mut of_null): (Vec<Vec<f64>>, Vec<f64>) = (vec![Vec::new(); coded.len()], Vec::new());
        for (from, len) in chunks {
            let part = numbers.chunk(from, len)?;
            let there = part.nulls().map(|nulls| nulls.inner().clone());
            let wanted = both(there.as_ref(), mask.map(|mask| mask.chunk(from, len)).as_ref());
            for row in (0..len).filter(|row| wanted.as_ref().is_none_or(|wanted| wanted.value(*row))) {
                let number = part.value(row);
                if number.is_nan() {
                    continue;
                }
                match coded.there.as_ref().is_none_or(|there| there.value(from + row)) {
                    true => groups[coded.codes[from + row] as usize].push(number),
                    false => of_null.push(number),
                }
            }
        }
        let mut found: Vec<(usize, Vec<f64>)> =
            groups.into_iter().enumerate().filter(|(_, numbers)| !numbers.is_empty()).collect();
        found.sort_by_key(|(code, numbers)| (std::cmp::Reverse(numbers.len()), *code));
        found.truncate(GROUPS_MAX);
        let mut found = found
            .into_iter()
            .map(|(code, numbers)| Ok((coded.value(code)?, numbers)))
            .collect::<Result<Vec<(Value, Vec<f64>)>>>()?;
        found.sort_by(|(a, _), (b, _)| in_order(a, b));
        if !of_null.is_empty() {
            found.push((Value::Null, of_null));
        }
        Ok(found.into_par_iter().map(|(value, numbers)| of(Some(value.to_json()), numbers, &query.quantiles)).collect())
    }
}

/// The quantiles of these numbers, of which none is NaN.
fn of(group: Option<Json>, mut numbers: Vec<f64>, quantiles: &[f64]) -> Quantiles {
    let count = numbers.len() as u64;
    numbers.par_sort_unstable_by(f64::total_cmp);
    let values = quantiles.iter().map(|quantile| at(&numbers, *quantile).to_json()).collect();
    Quantiles { group, values, count }
}

/// The quantile of numbers in order; between two of them in proportion.
fn at(numbers: &[f64], quantile: f64) -> Value {
    let Some(last) = numbers.len().checked_sub(1) else { return Value::Null };
    let place = quantile * last as f64;
    let (low, high) = (numbers[place.floor() as usize], numbers[(place.ceil() as usize).min(last)]);
    let part = place - place.floor();
    if low == high || part == 0.0 {
        return Value::Float(low);
    }
    Value::Float(low * (1.0 - part) + high * part)
}
