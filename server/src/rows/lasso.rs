//! The rows whose point lies within a polygon, and points as small numbers for plots.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt16Array};
use arrow::buffer::BooleanBuffer;
use rayon::prelude::*;
use veneer::Result;

use super::columns::TableRows;
use super::mask::{Mask, chunks, joined, unfit};
use super::numbers::both;

/// The most corners that a polygon may have: a hand that draws makes some hundred.
const CORNERS_MAX: usize = 10_000;

/// What is wanted.
#[derive(Clone, Debug, Default)]
pub struct LassoQuery {
    /// The column that tells how far right a row's point is.
    pub x: String,
    /// The column that tells how far up it is.
    pub y: String,
    /// The corners; the last one is joined to the first. Where it crosses itself, what it goes around an even number
    /// of times is outside.
    pub polygon: Vec<[f64; 2]>,
    /// Only rows for which this is true.
    pub condition: Option<String>,
}

impl TableRows {
    /// The rows whose point lies within the polygon; a row without two finite numbers has no point.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for columns of anything but numbers, for fewer than three corners and for too many; those
    /// of the condition and of the files.
    pub fn lasso(&self, query: &LassoQuery) -> Result<Mask> {
        let corners = query.polygon.len();
        if !(3..=CORNERS_MAX).contains(&corners) {
            let why = format!("it has {corners} corners, not from 3 to {CORNERS_MAX}");
            return Err(unfit("polygon", "", why));
        }
        if query.polygon.iter().flatten().any(|number| !number.is_finite()) {
            return Err(unfit("polygon", "", "a corner of it is no finite number"));
        }
        let (x, y) = (self.numbers(&query.x)?, self.numbers(&query.y)?);
        let mask = self.mask(query.condition.as_deref())?;
        let polygon = Polygon::new(&query.polygon);
        let part = |(from, len): &(usize, usize)| {
            let (x, y) = (x.chunk(*from, *len)?, y.chunk(*from, *len)?);
            let nulls = both(x.nulls().map(|nulls| nulls.inner()), y.nulls().map(|nulls| nulls.inner()));
            let wanted = both(nulls.as_ref(), mask.as_ref().map(|mask| mask.chunk(*from, *len)).as_ref());
            let (x, y) = (x.values(), y.values());
            Ok(BooleanBuffer::collect_bool(*len, |row| {
                wanted.as_ref().is_none_or(|wanted| wanted.value(row)) && polygon.contains(x[row], y[row])
            }))
        };
        Ok(joined(chunks(self.row_count()?).par_iter().map(part).collect::<Result<Vec<_>>>()?))
    }

    /// A column of numbers as numbers of 16 bits, from 0 for the least finite one to 65,535 for the greatest, and these
    /// two. What is no finite number is null.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a column of anything but numbers; those of the files.
    pub fn positions(&self, name: &str) -> Result<(ArrayRef, Option<(f64, f64)>)> {
        let (numbers, chunks) = (self.numbers(name)?, chunks(self.row_count()?));
        let ends = |chunk: &(usize, usize)| {
            let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
            numbers.visit(*chunk, None, |number| {
                if number.is_finite() {
                    (min, max) = (min.min(number), max.max(number));
                }
            })?;
            Ok((min, max))
        };
        let none = || (f64::INFINITY, f64::NEG_INFINITY);
        let (min, max) = chunks.par_iter().map(ends).try_reduce(none, |a, b| Ok((a.0.min(b.0), a.1.max(b.1))))?;
        // Halves, because the span may be greater than any number.
        let span = max / 2.0 - min / 2.0;
        let part = |(from, len): &(usize, usize)| {
            let part = numbers.chunk(*from, *len)?;
            Ok(part.iter().map(|number| Some(placed(number.filter(|number| number.is_finite())?, min, span))).collect())
        };
        let parts: Vec<Vec<Option<u16>>> = chunks.par_iter().map(part).collect::<Result<_>>()?;
        let array: UInt16Array = parts.into_iter().flatten().collect();
        Ok((Arc::new(array), (min <= max).then_some((min, max))))
    }
}

fn placed(number: f64, min: f64, span: f64) -> u16 {
    if span == 0.0 { 0 } else { ((number / 2.0 - min / 2.0) / span * f64::from(u16::MAX)).round() as u16 }
}

/// A polygon, its edges sorted into stripes so that a point meets only those beside it.
struct Polygon {
    min: [f64; 2],
    max: [f64; 2],
    /// For each stripe from bottom to top, the edges that reach into it.
    stripes: Vec<Vec<([f64; 2], [f64; 2])>>,
}

impl Polygon {
    fn new(corners: &[[f64; 2]]) -> Polygon {
        let (mut min, mut max) = (corners[0], corners[0]);
        for corner in corners {
            for at in 0..2 {
                min[at] = min[at].min(corner[at]);
                max[at] = max[at].max(corner[at]);
            }
        }
        let count = corners.len().clamp(1, 1024);
        let mut polygon = Polygon { min, max, stripes: vec![Vec::new(); count] };
        for (at, from) in corners.iter().enumerate() {
            let to = corners[(at + 1) % corners.len()];
            let (low, high) = (polygon.stripe(from[1].min(to[1])), polygon.stripe(from[1].max(to[1])));
            polygon.stripes[low..=high].iter_mut().for_each(|stripe| stripe.push((*from, to)));
        }
        polygon
    }

    fn stripe(&self, y: f64) -> usize {
        let part = (y / 2.0 - self.min[1] / 2.0) / (self.max[1] / 2.0 - self.min[1] / 2.0);
        ((part * self.stripes.len() as f64) as usize).min(self.stripes.len() - 1)
    }

    /// Whether a ray from the point to the right crosses an odd number of edges.
    fn contains(&self, x: f64, y: f64) -> bool {
        let is_near = x >= self.min[0] && x <= self.max[0] && y >= self.min[1] && y <= self.max[1];
        if !is_near {
            return false;
        }
        let crosses = |(from, to): &&([f64; 2], [f64; 2])| {
            (from[1] > y) != (to[1] > y) && x < (to[0] - from[0]) * (y - from[1]) / (to[1] - from[1]) + from[0]
        };
        self.stripes[self.stripe(y)].iter().filter(crosses).count() % 2 == 1
    }
}
