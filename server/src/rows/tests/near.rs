//! Lassos, neighbours and positions, found again by plain loops.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float32Type, Float64Type, UInt16Type};

use crate::rows::testing::{Dice, World, awkward};
use crate::rows::{LassoQuery, Metric, NeighboursQuery};

const ROWS: usize = 5_001;

/// Whether a ray to the right crosses the polygon an odd number of times.
fn is_inside(polygon: &[[f64; 2]], x: f64, y: f64) -> bool {
    let mut inside = false;
    let mut last = polygon[polygon.len() - 1];
    for corner in polygon {
        let crosses = (corner[1] > y) != (last[1] > y);
        if crosses && x < (last[0] - corner[0]) * (y - corner[1]) / (last[1] - corner[1]) + corner[0] {
            inside = !inside;
        }
        last = *corner;
    }
    inside
}

#[test]
fn a_lasso_holds_the_points_within() {
    let batch = awkward(ROWS, 1);
    let world = World::of(&batch);
    let rows = world.rows();
    let x: Vec<f64> = batch.column_by_name("x").expect("a column").as_primitive::<Float64Type>().values().to_vec();
    let y: Vec<Option<f64>> =
        batch.column_by_name("score").expect("a column").as_primitive::<Float64Type>().iter().collect();
    let mut dice = Dice(5);
    for corners in [3, 4, 9, 60, 2_000] {
        let polygon: Vec<[f64; 2]> = (0..corners)
            .map(|_| [dice.below(1_203) as f64 / 97.0 - 1.0, dice.below(1_701) as f64 / 9.7 - 30.0])
            .collect();
        let query =
            LassoQuery { x: "x".into(), y: "score".into(), polygon: polygon.clone(), condition: Some("n > 0".into()) };
        let found = rows.lasso(&query).expect("a mask");
        let holds = rows.mask(Some("n > 0")).expect("a mask").expect("a condition");
        let expected: Vec<bool> = (0..ROWS)
            .map(|row| {
                holds.bits().value(row) && y[row].is_some_and(|y| y.is_finite() && is_inside(&polygon, x[row], y))
            })
            .collect();
        assert_eq!(found.bits().iter().collect::<Vec<bool>>(), expected, "{corners} corners");
    }
    let line = LassoQuery { x: "x".into(), y: "score".into(), polygon: vec![[0.0, 0.0], [1.0, 1.0]], condition: None };
    assert!(rows.lasso(&line).is_err());
    let endless = LassoQuery { polygon: vec![[0.0, 0.0], [1.0, f64::NAN], [1.0, 1.0]], ..line };
    assert!(rows.lasso(&endless).is_err());
}

#[test]
fn neighbours_are_the_rows_with_the_least_distance() {
    let batch = awkward(ROWS, 2);
    let world = World::of(&batch);
    let rows = world.rows();
    let lists = batch.column_by_name("embedding").expect("a column").as_fixed_size_list();
    let vector = |row: usize| -> Vec<f64> {
        lists.value(row).as_primitive::<Float32Type>().values().iter().map(|number| f64::from(*number)).collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for metric in [Metric::Cosine, Metric::L2] {
        let wanted = vector(17);
        let mut all: Vec<(f64, usize)> = (0..ROWS)
            .filter(|row| *row != 17)
            .map(|row| {
                let other = vector(row);
                let apart: Vec<f64> = wanted.iter().zip(&other).map(|(a, b)| a - b).collect();
                let distance = match metric {
                    Metric::L2 => dot(&apart, &apart).sqrt(),
                    Metric::Cosine => 1.0 - dot(&wanted, &other) / (dot(&wanted, &wanted) * dot(&other, &other)).sqrt(),
                };
                (distance, row)
            })
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let query = NeighboursQuery { column: "embedding".into(), key: "17".into(), count: 20, metric };
        let found = rows.neighbours(&query).expect("neighbours");
        assert_eq!(found.len(), 20);
        for (near, (distance, row)) in found.iter().zip(all) {
            assert!(
                (near.distance - distance).abs() < 1e-9 && near.row as usize == row,
                "{metric:?} {near:?} {distance} {row}"
            );
            assert_eq!(near.key, row.to_string());
        }
    }
    let query = NeighboursQuery { column: "label".into(), key: "17".into(), count: 20, metric: Metric::L2 };
    assert!(rows.neighbours(&query).is_err());
    assert!(rows.neighbours(&NeighboursQuery { column: "embedding".into(), key: "none".into(), ..query }).is_err());
}

#[test]
fn positions_keep_the_order_of_numbers() {
    let batch = awkward(ROWS, 3);
    let world = World::of(&batch);
    let rows = world.rows();
    let (small, ends) = rows.positions("n").expect("positions");
    let (min, max) = ends.expect("numbers");
    assert_eq!((min, max), (-20.0, 19.0));
    let numbers = rows.column("n").expect("a column");
    let numbers = numbers.as_primitive::<arrow::datatypes::Int64Type>();
    let small = small.as_primitive::<UInt16Type>();
    for row in 0..ROWS {
        assert_eq!(small.is_null(row), numbers.is_null(row));
        let back = min + f64::from(small.value(row)) / 65_535.0 * (max - min);
        assert!(numbers.is_null(row) || (back - numbers.value(row) as f64).abs() < 1e-3);
    }
    let (of_scores, _) = rows.positions("score").expect("positions");
    let scores = batch.column_by_name("score").expect("a column").as_primitive::<Float64Type>();
    assert!((0..ROWS).all(|row| of_scores.is_valid(row) == (scores.is_valid(row) && scores.value(row).is_finite())));
}
