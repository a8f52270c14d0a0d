//! Vectors in two or three dimensions: principal components.
//!
//! The axes are those along which the vectors differ most. They are learnt from
//! some of the rows, evenly chosen where there are many, and all rows are laid
//! onto them. The same column gives the same numbers.

use arrow::array::{ArrayRef, Float32Array};
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use rayon::prelude::*;
use veneer::Result;

use super::mask::unfit;
use super::vectors::{Numbers, Vectors};

/// Longer vectors are refused.
const WIDTH_MAX: usize = 2048;
/// From so many rows at most the axes are learnt.
const LEARNT_MAX: usize = 50_000;
/// So many multiplications at most are spent on them; with long vectors it is fewer rows.
const WORK_MAX: usize = 20_000_000_000;
/// Rows that are multiplied at a time.
const CHUNK: usize = 1024;
/// So many axes more than are wanted are looked for, so that these are found quickly.
const SPARE: usize = 6;
/// How often the axes are made better at most.
const TURNS_MAX: usize = 200;
/// They are good when no variance along one changes by a larger part in a turn.
const CHANGE_MIN: f64 = 1e-7;
/// What the axes are called.
pub const AXES: [&str; 3] = ["x", "y", "z"];

/// Vectors on their principal axes.
#[derive(Clone, Debug)]
pub struct Principal {
    /// For each axis the place of each row; null for a row without a vector of the usual length and finite numbers.
    pub axes: Vec<Float32Array>,
    /// Which part of all variance lies along each axis.
    pub shares: Vec<f64>,
}

/// Lays the vectors of a column onto its two or three principal axes.
///
/// # Errors
/// `Invalid` for a column of anything but vectors, vectors that are too long, and fewer than two different ones.
pub fn principal(name: &str, column: &ArrayRef, dims: usize) -> Result<Principal> {
    if !(2..=3).contains(&dims) {
        return Err(unfit("number of dimensions", &dims.to_string(), "it is 2 or 3"));
    }
    let vectors = Vectors::of(name, column)?;
    let width = (0..vectors.len()).find_map(|row| vectors.range(row).filter(|range| !range.is_empty()));
    let width = width.map_or(0, |range| range.len());
    if !(dims..=WIDTH_MAX).contains(&width) {
        let why = format!("its vectors have {width} numbers, and {dims} to {WIDTH_MAX} can be laid onto {dims} axes");
        return Err(unfit("column of vectors", name, why));
    }
    let rows: Vec<usize> = (0..vectors.len()).filter(|row| is_usual(&vectors, *row, width)).collect();
    let most = LEARNT_MAX.min(WORK_MAX / (width * width));
    let learnt: Vec<usize> = rows.iter().step_by(rows.len().div_ceil(most).max(1)).copied().collect();
    let mean = mean(&vectors, &learnt, width);
    let covariance = covariance(&vectors, &learnt, &mean);
    let all: f64 = covariance.trace();
    if learnt.len() < 2 || all <= 0.0 || !all.is_finite() {
        return Err(unfit("column of vectors", name, "it has fewer than two different vectors"));
    }
    let (variances, axes) = greatest(&covariance, dims);
    let shares = variances.iter().map(|variance| (variance / all).clamp(0.0, 1.0)).collect();
    Ok(Principal { axes: laid(&vectors, &axes, &mean), shares })
}

/// Whether a row has a vector of this length with finite numbers.
fn is_usual(vectors: &Vectors, row: usize, width: usize) -> bool {
    let Some(range) = vectors.range(row).filter(|range| range.len() == width) else { return false };
    match &vectors.numbers {
        Numbers::Single(numbers) => numbers[range].iter().all(|number| number.is_finite()),
        Numbers::Double(numbers) => numbers[range].iter().all(|number| number.is_finite()),
    }
}

fn mean(vectors: &Vectors, rows: &[usize], width: usize) -> DVector<f64> {
    let mut sum = DVector::zeros(width);
    for vector in rows.iter().filter_map(|row| vectors.at(*row)) {
        sum += DVector::from_vec(vector);
    }
    sum / rows.len().max(1) as f64
}

fn covariance(vectors: &Vectors, rows: &[usize], mean: &DVector<f64>) -> DMatrix<f64> {
    let width = mean.len();
    let part = |rows: &[usize]| {
        let centred = rows.iter().filter_map(|row| Some(DVector::from_vec(vectors.at(*row)?) - mean));
        let centred = DMatrix::from_columns(&centred.collect::<Vec<_>>());
        &centred * centred.transpose()
    };
    let parts = rows.par_chunks(CHUNK).map(part);
    let sum = parts.reduce(|| DMatrix::zeros(width, width), |a, b| a + b);
    sum / rows.len().saturating_sub(1).max(1) as f64
}

/// The greatest variances of a covariance, and the axes along which they are: columns of length 1.
fn greatest(covariance: &DMatrix<f64>, dims: usize) -> (Vec<f64>, DMatrix<f64>) {
    let width = covariance.nrows();
    let count = (dims + SPARE).min(width);
    // Some directions that lie across each other; which does not matter, but that they are always the same.
    let mut state = 1u64;
    let start = DMatrix::from_fn(width, count, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    });
    let mut basis = start.qr().q();
    let mut before = vec![0.0; dims];
    for _ in 0..TURNS_MAX {
        basis = (covariance * &basis).qr().q();
        let now = along(covariance, &basis, dims).0;
        let is_good = now.iter().zip(&before).all(|(now, before)| (now - before).abs() <= CHANGE_MIN * now.abs());
        before = now;
        if is_good {
            break;
        }
    }
    along(covariance, &basis, dims)
}

/// The greatest variances within a space, and their axes.
fn along(covariance: &DMatrix<f64>, basis: &DMatrix<f64>, dims: usize) -> (Vec<f64>, DMatrix<f64>) {
    let within = SymmetricEigen::new(basis.transpose() * (covariance * basis));
    let mut order: Vec<usize> = (0..within.eigenvalues.len()).collect();
    order.sort_by(|a, b| within.eigenvalues[*b].total_cmp(&within.eigenvalues[*a]));
    order.truncate(dims);
    let axes: Vec<DVector<f64>> = order
        .iter()
        .map(|at| {
            let axis = basis * within.eigenvectors.column(*at);
            // An axis has two directions: that in which its greatest number is positive.
            let sign = axis[axis.icamax()].signum();
            axis * sign
        })
        .collect();
    (order.iter().map(|at| within.eigenvalues[*at]).collect(), DMatrix::from_columns(&axes))
}

fn laid(vectors: &Vectors, axes: &DMatrix<f64>, mean: &DVector<f64>) -> Vec<Float32Array> {
    let (width, dims) = (axes.nrows(), axes.ncols());
    let place = |row: usize| -> Option<[f32; 3]> {
        let vector = vectors.at(row).filter(|_| is_usual(vectors, row, width))?;
        let mut place = [0.0; 3];
        for (axis, place) in axes.column_iter().zip(&mut place) {
            let sum: f64 =
                axis.iter().zip(&vector).zip(mean.iter()).map(|((axis, number), mean)| axis * (number - mean)).sum();
            *place = sum as f32;
        }
        Some(place)
    };
    let places: Vec<Option<[f32; 3]>> = (0..vectors.len()).into_par_iter().map(place).collect();
    (0..dims).map(|dim| places.iter().map(|place| place.map(|place| place[dim])).collect()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, FixedSizeListArray};
    use arrow::datatypes::Float32Type;

    use super::*;
    use crate::rows::testing::Dice;

    fn column(vectors: Vec<Option<Vec<Option<f32>>>>, width: i32) -> ArrayRef {
        Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors, width))
    }

    fn numbers(dice: &mut Dice, width: usize) -> Vec<f64> {
        (0..width).map(|_| dice.below(2_000) as f64 / 1_000.0 - 1.0).collect()
    }

    #[test]
    fn what_lies_in_a_plane_is_laid_onto_it_with_all_distances() {
        let mut dice = Dice(3);
        let (a, b, away) = (numbers(&mut dice, 40), numbers(&mut dice, 40), numbers(&mut dice, 40));
        let points: Vec<(f64, f64)> =
            (0..300).map(|_| (dice.below(900) as f64 / 100.0, dice.below(50) as f64)).collect();
        let vector = |(u, v): &(f64, f64)| {
            Some((0..40).map(|at| Some((a[at] * u + b[at] * v + away[at]) as f32)).collect::<Vec<_>>())
        };
        let vectors: Vec<_> = points.iter().map(vector).collect();
        let found = principal("e", &column(vectors.clone(), 40), 2).expect("two axes");
        assert!(
            found.shares.iter().sum::<f64>() > 0.999_99 && found.shares[0] >= found.shares[1],
            "{:?}",
            found.shares
        );
        for (one, other) in [(0, 1), (17, 250), (299, 3)] {
            let of =
                |row: usize| vectors[row].as_ref().expect("a vector").iter().map(|it| f64::from(it.unwrap_or(0.0)));
            let far = of(one).zip(of(other)).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            let square = |axis: &Float32Array| f64::from(axis.value(one) - axis.value(other)).powi(2);
            let laid = found.axes.iter().map(square).sum::<f64>().sqrt();
            assert!((far - laid).abs() < 1e-3 * far.max(1.0), "{one} and {other}: {far} became {laid}");
        }
    }

    #[test]
    fn the_axes_are_those_of_the_whole_decomposition() {
        let mut dice = Dice(9);
        let mut matrix = DMatrix::zeros(30, 30);
        for at in 0..60 {
            let vector = DVector::from_vec(numbers(&mut dice, 30)) * f64::from(at % 7);
            matrix += &vector * vector.transpose();
        }
        let (variances, axes) = greatest(&matrix, 3);
        let mut whole: Vec<f64> = SymmetricEigen::new(matrix.clone()).eigenvalues.iter().copied().collect();
        whole.sort_by(|a, b| b.total_cmp(a));
        for (at, variance) in variances.iter().enumerate() {
            assert!((variance - whole[at]).abs() < 1e-4 * whole[at], "{variances:?} of {whole:?}");
            let along = &matrix * axes.column(at) - axes.column(at) * *variance;
            assert!(along.norm() < 1e-2 * whole[at], "axis {at}: {}", along.norm());
        }
    }

    #[test]
    fn rows_without_a_vector_have_no_place_and_what_cannot_be_laid_is_refused() {
        let some = |numbers: [f32; 3]| Some(numbers.into_iter().map(Some).collect::<Vec<_>>());
        let vectors = vec![
            some([1.0, 0.0, 0.0]),
            None,
            some([f32::NAN, 0.0, 0.0]),
            some([0.0, 1.0, 0.0]),
            Some(vec![Some(1.0), None, Some(0.0)]),
            some([0.0, 0.0, 5.0]),
        ];
        let found = principal("e", &column(vectors, 3), 3).expect("axes");
        let valid: Vec<bool> = (0..6).map(|row| found.axes[2].is_valid(row)).collect();
        assert_eq!(valid, [true, false, false, true, false, true]);
        let same = column(vec![some([1.0, 2.0, 3.0]), some([1.0, 2.0, 3.0])], 3);
        let texts: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["x"]));
        for (column, dims) in [(&same, 2), (&texts, 2), (&same, 4), (&column(vec![None], 3), 2)] {
            assert!(principal("e", column, dims).is_err(), "{dims}");
        }
    }
}
