//! A row that can be read and is odd: a class that the class map lacks, a box outside the image.
//!
//! Such rows are kept and edited like any other. Each format that knows of such
//! things has a function that tells them.

/// Why a row is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The table's place in the file.
    pub table: usize,
    /// The row's place in the table.
    pub row: u64,
    /// Lower case, no full stop.
    pub why: String,
}

/// What of a box `[x_min, y_min, x_max, y_max]` is odd in an image of this width and height, where those are known.
pub(crate) fn odd_box([x_min, y_min, x_max, y_max]: [f64; 4], size: Option<(f64, f64)>) -> Option<&'static str> {
    // Half a pixel: tools differ in whether the last pixel is counted.
    const SLACK: f64 = 0.5;
    if ![x_min, y_min, x_max, y_max].iter().all(|number| number.is_finite()) {
        return Some("a box with a number that is not finite");
    }
    if x_max < x_min || y_max < y_min {
        return Some("a box of negative size");
    }
    let (width, height) = size?;
    let is_outside = x_min < -SLACK || y_min < -SLACK || x_max > width + SLACK || y_max > height + SLACK;
    is_outside.then_some("a box that reaches beyond the image")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_odd_outside_of_the_image_and_inside_out() {
        let odd = |sides, size| odd_box(sides, size).is_some();
        assert!(!odd([0.0, 0.0, 10.0, 10.0], Some((10.0, 10.0))));
        assert!(odd([0.0, 0.0, 12.0, 10.0], Some((10.0, 10.0))));
        assert!(odd([-2.0, 0.0, 1.0, 1.0], Some((10.0, 10.0))));
        assert!(!odd([0.0, 0.0, 12.0, 10.0], None));
        assert!(odd([5.0, 0.0, 1.0, 1.0], None) && odd([0.0, 0.0, f64::NAN, 1.0], None));
    }
}
