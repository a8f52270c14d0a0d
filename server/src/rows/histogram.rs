//! How the numbers of a column are spread.

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use veneer::Result;
use veneer::model::Value;

use super::columns::TableRows;
use super::mask::{chunks, unfit};

/// The most bins that may be asked for.
const BINS_MAX: usize = 10_000;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct HistogramQuery {
    /// The column.
    pub column: String,
    /// How many bins of equal width.
    pub bins: usize,
    /// Only rows for which this is true.
    pub condition: Option<String>,
    /// Where the first bin begins; by default at the least number.
    pub min: Option<f64>,
    /// Where the last bin ends; by default at the greatest number.
    pub max: Option<f64>,
}

/// How many rows have a number in each bin, and what the others have.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Histogram {
    /// The column.
    pub column: String,
    /// Where bins begin and end, one more than there are bins; milliseconds since 1970-01-01 UTC for times. None
    /// without a finite number.
    pub edges: Vec<f64>,
    /// How many rows are in each bin; a number on an edge belongs to the bin that it begins, the last one to the last.
    pub counts: Vec<u64>,
    /// How many rows have a finite number before the first edge.
    pub below: u64,
    /// How many rows have a finite number beyond the last edge.
    pub above: u64,
    /// How many rows have null.
    pub nulls: u64,
    /// How many rows have NaN.
    pub nan: u64,
    /// How many rows have an infinite number greater than all.
    pub inf: u64,
    /// How many rows have an infinite number less than all.
    pub neg_inf: u64,
    /// The least finite number.
    pub min: Option<f64>,
    /// The greatest finite number.
    pub max: Option<f64>,
    /// How many rows the condition is true for.
    pub total: u64,
}

/// What one pass over a chunk finds.
#[derive(Clone, Copy)]
struct Ends {
    min: f64,
    max: f64,
    nulls: u64,
    nan: u64,
    inf: u64,
    neg_inf: u64,
}

impl TableRows {
    /// How the numbers of a column are spread.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a column of anything but numbers, times and booleans, and for ends that are none;
    /// those of the condition and of the files.
    pub fn histogram(&self, query: &HistogramQuery) -> Result<Histogram> {
        if query.bins == 0 || query.bins > BINS_MAX {
            return Err(unfit("number of bins", &query.bins.to_string(), format!("it is not from 1 to {BINS_MAX}")));
        }
        let numbers = self.numbers(&query.column)?;
        let mask = self.mask(query.condition.as_deref())?;
        let (mask, chunks) = (mask.as_deref(), chunks(self.row_count()?));
        let none = Ends { min: f64::INFINITY, max: f64::NEG_INFINITY, nulls: 0, nan: 0, inf: 0, neg_inf: 0 };
        let of_chunk = |chunk: &(usize, usize)| {
            let mut ends = none;
            ends.nulls = numbers.visit(*chunk, mask, |number| ends.take(number))?;
            Ok(ends)
        };
        let ends = chunks.par_iter().map(of_chunk).try_reduce(|| none, |a, b| Ok(a.and(b)))?;
        let (min, max) = (finite(ends.min), finite(ends.max));
        let (edges, (counts, below, above)) = match span(query, min, max)? {
            None => (Vec::new(), (Vec::new(), 0, 0)),
            Some((low, high)) => {
                let bins = Bins::new(low, high, query.bins);
                let of_chunk = |chunk: &(usize, usize)| {
                    let mut counts = (vec![0u64; query.bins], 0, 0);
                    numbers.visit(*chunk, mask, |number| bins.count(number, &mut counts))?;
                    Ok(counts)
                };
                let none = || (vec![0u64; query.bins], 0, 0);
                (bins.edges(), chunks.par_iter().map(of_chunk).try_reduce(none, |a, b| Ok(added(a, &b)))?)
            }
        };
        let Ends { nulls, nan, inf, neg_inf, .. } = ends;
        let (column, total) = (self.find(&query.column)?.name.clone(), self.count(mask)? as u64);
        Ok(Histogram { column, edges, counts, below, above, nulls, nan, inf, neg_inf, min, max, total })
    }
}

impl Ends {
    fn take(&mut self, number: f64) {
        if number.is_finite() {
            self.min = self.min.min(number);
            self.max = self.max.max(number);
        } else if number.is_nan() {
            self.nan += 1;
        } else if number > 0.0 {
            self.inf += 1;
        } else {
            self.neg_inf += 1;
        }
    }

    fn and(self, other: Ends) -> Ends {
        Ends {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            nulls: self.nulls + other.nulls,
            nan: self.nan + other.nan,
            inf: self.inf + other.inf,
            neg_inf: self.neg_inf + other.neg_inf,
        }
    }
}

type Counts = (Vec<u64>, u64, u64);

fn added(mut a: Counts, b: &Counts) -> Counts {
    a.0.iter_mut().zip(&b.0).for_each(|(a, b)| *a += b);
    (a.0, a.1 + b.1, a.2 + b.2)
}

/// Where the bins begin and end; `None` where there is no number and no end was asked for.
fn span(query: &HistogramQuery, min: Option<f64>, max: Option<f64>) -> Result<Option<(f64, f64)>> {
    let (Some(low), Some(high)) = (query.min.or(min).or(query.max), query.max.or(max).or(query.min)) else {
        return Ok(None);
    };
    let is_asked = query.min.is_some() && query.max.is_some();
    if !low.is_finite() || !high.is_finite() || (is_asked && low > high) {
        let ends = format!("{}..{}", Value::Float(low), Value::Float(high));
        return Err(unfit("span of a histogram", &ends, "it does not end after its beginning"));
    }
    // All in one place: a bin around it.
    if low == high { Ok(Some(around(low))) } else { Ok(Some((low.min(high), high.max(low)))) }
}

fn around(number: f64) -> (f64, f64) {
    let half = 0.5f64.max(number.abs() * f64::EPSILON * 4.0);
    (number - half, number + half)
}

/// Bins of equal width.
struct Bins {
    low: f64,
    high: f64,
    count: usize,
}

impl Bins {
    fn new(low: f64, high: f64, count: usize) -> Bins {
        Bins { low, high, count }
    }

    fn edge(&self, at: usize) -> f64 {
        if at == self.count {
            return self.high;
        }
        let part = at as f64 / self.count as f64;
        // Not low + (high - low) * part: that overflows where the span is greater than any number.
        self.low * (1.0 - part) + self.high * part
    }

    fn edges(&self) -> Vec<f64> {
        (0..=self.count).map(|at| self.edge(at)).collect()
    }

    fn count(&self, number: f64, counts: &mut Counts) {
        if number.is_finite() && number < self.low {
            counts.1 += 1;
        } else if number.is_finite() && number > self.high {
            counts.2 += 1;
        } else if number.is_finite() {
            let part = (number / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
            let mut at = ((part * self.count as f64) as usize).min(self.count - 1);
            // Rounding may be off by one: the edges that are told decide.
            if number < self.edge(at) {
                at -= 1;
            } else if at + 1 < self.count && number >= self.edge(at + 1) {
                at += 1;
            }
            counts.0[at] += 1;
        }
    }
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}
