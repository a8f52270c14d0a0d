//! The rows whose vectors are nearest to that of one row: all are looked at.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use veneer::{Error, Result};

use super::columns::TableRows;
use super::mask::{CHUNK, unfit};
use super::vectors::{Numbers, Vectors};

/// The most neighbours that may be asked for.
const COUNT_MAX: usize = 10_000;

/// How far two vectors are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// 1 less the cosine of the angle between them: 0 for the same direction, 2 for the opposite one.
    #[default]
    Cosine,
    /// The length of the line between them.
    L2,
}

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct NeighboursQuery {
    /// The column of vectors.
    pub column: String,
    /// The key of the row whose neighbours are wanted.
    pub key: String,
    /// How many at most.
    pub count: usize,
    /// What near means.
    pub metric: Metric,
}

/// The rows that are near.
#[derive(Debug, Serialize, ToSchema)]
pub struct Neighbours {
    /// The nearest first.
    pub neighbours: Vec<Neighbour>,
}

/// A row that is near.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Neighbour {
    /// Its key.
    pub key: String,
    /// Its place in the table.
    pub row: u32,
    /// How far it is.
    pub distance: f64,
}

/// A row and its distance, ordered by that, then by the row.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Near {
    distance: f64,
    row: u32,
}

impl Eq for Near {}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Near) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Near {
    fn cmp(&self, other: &Near) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.row.cmp(&other.row))
    }
}

impl TableRows {
    /// The rows nearest to that with the key, the nearest first, without that row itself. Rows whose vector is null,
    /// of another length or without a distance (cosine to zero, NaN) have none.
    ///
    /// # Errors
    /// `NotFound` for a column or a key; `Invalid` for a column of anything but lists of numbers, and for a row without
    /// a vector; those of the files.
    pub fn neighbours(&self, query: &NeighboursQuery) -> Result<Vec<Neighbour>> {
        if query.count > COUNT_MAX {
            let why = format!("it is more than {COUNT_MAX}");
            return Err(unfit("number of neighbours", &query.count.to_string(), why));
        }
        let name = &self.find(&query.column)?.name;
        let vectors = Vectors::of(name, &self.column(name)?)?;
        let keys = self.keys()?;
        let row = keys.find(&query.key).ok_or_else(|| Error::not_found("row", &query.key))?;
        let wanted = vectors.at(row).ok_or_else(|| unfit("row", &query.key, format!("it has no `{name}`")))?;
        let nearest = match &vectors.numbers {
            Numbers::Single(numbers) => vectors.nearest(numbers, row, wanted, query),
            Numbers::Double(numbers) => vectors.nearest(numbers, row, wanted, query),
        };
        let found = nearest.into_iter().map(|near| Neighbour {
            key: keys.key(near.row as usize),
            row: near.row,
            distance: near.distance,
        });
        Ok(found.collect())
    }
}

impl Vectors {
    fn nearest<T: Copy + Into<f64> + Sync>(
        &self,
        numbers: &[T],
        row: usize,
        wanted: Vec<f64>,
        query: &NeighboursQuery,
    ) -> Vec<Near> {
        let metric = query.metric;
        let length = dot(&wanted, &wanted).sqrt();
        let rows: Vec<usize> = (0..self.len()).step_by(CHUNK).collect();
        let part = |from: &usize| {
            // The farthest of those kept is on top.
            let mut kept: BinaryHeap<Near> = BinaryHeap::with_capacity(query.count + 1);
            for other in (*from..(from + CHUNK).min(self.len())).filter(|other| *other != row) {
                let Some(range) = self.range(other).filter(|range| range.len() == wanted.len()) else { continue };
                let distance = distance(metric, &wanted, length, &numbers[range]);
                if distance.is_nan() || query.count == 0 {
                    continue;
                }
                let near = Near { distance, row: other as u32 };
                if kept.len() < query.count {
                    kept.push(near);
                } else if kept.peek().is_some_and(|farthest| near < *farthest) {
                    kept.pop();
                    kept.push(near);
                }
            }
            kept.into_vec()
        };
        let mut found: Vec<Near> = rows.par_iter().map(part).collect::<Vec<_>>().concat();
        found.sort_unstable();
        found.truncate(query.count);
        found
    }
}

fn distance<T: Copy + Into<f64>>(metric: Metric, wanted: &[f64], length: f64, other: &[T]) -> f64 {
    match metric {
        Metric::L2 => summed(wanted, other, |a, b| (a - b) * (a - b)).sqrt(),
        Metric::Cosine => {
            let (product, square) = (dot(wanted, other), summed(wanted, other, |_, b| b * b));
            1.0 - (product / (length * square.sqrt())).clamp(-1.0, 1.0)
        }
    }
}

fn dot<T: Copy + Into<f64>>(a: &[f64], b: &[T]) -> f64 {
    summed(a, b, |a, b| a * b)
}

/// The sum over both, in eight parts that a processor adds at once.
fn summed<T: Copy + Into<f64>>(a: &[f64], b: &[T], of: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0.0f64; 8];
    let (mut a, mut b) = (a.chunks_exact(8), b.chunks_exact(8));
    for (a, b) in a.by_ref().zip(b.by_ref()) {
        for at in 0..8 {
            sums[at] += of(a[at], b[at].into());
        }
    }
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| of(*a, (*b).into())).sum();
    sums.iter().sum::<f64>() + rest
}
