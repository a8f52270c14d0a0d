//! How often each value of one column goes with each value of another.

use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use veneer::Result;
use veneer::table::Role;

use super::columns::TableRows;
use super::groups::{Coded, sorted_codes};
use super::mask::{chunks, unfit};

/// The most values that either column may have.
const VALUES_MAX: usize = 2_000;
/// The most cells of the matrix.
const CELLS_MAX: usize = 1_000_000;

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct ConfusionQuery {
    /// The column of what is.
    pub actual: String,
    /// The column of what was predicted.
    pub predicted: String,
    /// Only rows for which this is true.
    pub condition: Option<String>,
}

/// How many rows have each pair of values.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Confusion {
    /// The values of the one column, in the order of its classes, then of the values; null comes last.
    pub actual: Vec<Json>,
    /// The values of the other, alike.
    pub predicted: Vec<Json>,
    /// For each value of the first, how many rows have each value of the second.
    pub counts: Vec<Vec<u64>>,
}

impl TableRows {
    /// How often each value of one column goes with each value of another; null is a value here.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for columns with too many values; those of the condition and of the files.
    pub fn confusion(&self, query: &ConfusionQuery) -> Result<Confusion> {
        let (actual, predicted) = (self.coded(&query.actual)?, self.coded(&query.predicted)?);
        let mask = self.mask(query.condition.as_deref())?;
        let (rows, mask) = (self.row_count()?, mask.as_deref());
        let (ys, xs) = (self.axis(&query.actual, &actual)?, self.axis(&query.predicted, &predicted)?);
        if ys.values.len() * xs.values.len() > CELLS_MAX {
            let cells = format!("{} × {}", ys.values.len(), xs.values.len());
            return Err(unfit("confusion matrix", &cells, format!("it has more than {CELLS_MAX} cells")));
        }
        let none = || vec![0u64; ys.values.len() * xs.values.len()];
        let counts = chunks(rows)
            .into_par_iter()
            .with_min_len(8)
            .fold(none, |mut counts, (from, len)| {
                for row in (from..from + len).filter(|row| mask.is_none_or(|mask| mask.bits().value(*row))) {
                    counts[ys.place(&actual, row) * xs.values.len() + xs.place(&predicted, row)] += 1;
                }
                counts
            })
            .reduce(none, |mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            });
        Ok(trimmed(ys.values, xs.values, &counts))
    }

    fn axis(&self, name: &str, coded: &Coded) -> Result<Axis> {
        if coded.len() > VALUES_MAX {
            let why = format!("it has {} different values, more than {VALUES_MAX}", coded.len());
            return Err(unfit("column of classes", name, why));
        }
        let classes = match &self.find(name)?.role {
            Role::Label { classes } => classes.as_slice(),
            _ => &[],
        };
        let sorted = sorted_codes(coded, classes, &vec![true; coded.len()])?;
        let mut places = vec![0; coded.len()];
        sorted.iter().enumerate().for_each(|(at, (code, _))| places[*code] = at);
        let values = sorted.into_iter().map(|(_, value)| value.to_json()).chain([Json::Null]).collect();
        Ok(Axis { places, values })
    }
}

/// Where each value stands.
struct Axis {
    places: Vec<usize>,
    /// The last one is null.
    values: Vec<Json>,
}

impl Axis {
    fn place(&self, coded: &Coded, row: usize) -> usize {
        match coded.there.as_ref().is_none_or(|there| there.value(row)) {
            true => self.places[coded.codes[row] as usize],
            false => self.values.len() - 1,
        }
    }
}

/// The matrix without values that no row has.
fn trimmed(actual: Vec<Json>, predicted: Vec<Json>, counts: &[u64]) -> Confusion {
    let width = predicted.len();
    let has_row: Vec<bool> = counts.chunks(width).map(|row| row.iter().any(|count| *count > 0)).collect();
    let has_column: Vec<bool> =
        (0..width).map(|x| counts.iter().skip(x).step_by(width).any(|count| *count > 0)).collect();
    let kept = |values: Vec<Json>, has: &[bool]| {
        values.into_iter().zip(has).filter(|(_, has)| **has).map(|(value, _)| value).collect()
    };
    let row = |(row, _): (&[u64], &bool)| {
        row.iter().zip(&has_column).filter(|(_, has)| **has).map(|(count, _)| *count).collect()
    };
    let counts = counts.chunks(width).zip(&has_row).filter(|(_, has)| **has).map(row).collect();
    Confusion { actual: kept(actual, &has_row), predicted: kept(predicted, &has_column), counts }
}
