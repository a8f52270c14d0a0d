//! The key of a row that has none of its own: its place, written in one way.

/// The place that the key says, in a table of so many rows: `1`, and neither `01` nor `+1`.
pub(super) fn place(key: &str, rows: u64) -> Option<u64> {
    key.parse().ok().filter(|place: &u64| *place < rows && place.to_string() == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_one_key() {
        assert_eq!((place("0", 2), place("1", 2), place("2", 2)), (Some(0), Some(1), None));
        assert_eq!(["01", "+1", "-0", "", " 1", "1.0"].map(|key| place(key, 2)), [None; 6]);
    }
}
