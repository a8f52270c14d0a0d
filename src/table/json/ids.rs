//! From a row's id to its place, without reading the file.
//!
//! Ids that only rise need nothing but every n-th of them. Others are kept
//! sorted, each with its place: about five bytes a row where they are stored.

use serde::{Deserialize, Serialize};

use super::index::STRIDE;
use super::shape::{Kind, Shape};

/// A number for an id: itself, or a hash of its text.
pub(super) fn number_of_text(text: &[u8]) -> i64 {
    // FNV-1a: it is stored, so it is one that never changes.
    let hash = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    hash as i64
}

/// Where a row may be that has a given id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// In this stretch of rows, if at all.
    Stretch(std::ops::Range<u64>),
    /// Among these, in order.
    Some(Vec<u64>),
}

/// The ids of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ids {
    /// There are none that could be a key.
    #[default]
    None,
    /// Numbers that rise: those of rows 0, n, 2n …, and of the last one.
    Rising { every: Vec<i64>, last: i64 },
    /// The rows' numbers, sorted, each as the difference to the one before, and their places.
    Sorted { steps: Vec<u64>, places: Vec<u64>, text: bool },
}

/// The ids of a table while it is read.
#[derive(Debug, Default)]
pub(super) struct IdsFound {
    numbers: Vec<i64>,
    shape: Option<Shape>,
    /// Whether some row had none, or one that cannot be a key.
    unusable: bool,
}

impl IdsFound {
    /// Notes the id of row `row`; a later one of the same row takes its place.
    pub(super) fn note(&mut self, row: u64, shape: Shape, text: &[u8]) {
        let number = match shape.kind {
            Kind::Int if shape.lists == 0 => super::text::ascii(text).parse().unwrap_or_default(),
            Kind::Text if shape.lists == 0 => {
                number_of_text(super::cell::unescape(&text[1..text.len() - 1]).as_bytes())
            }
            _ => {
                self.unusable = true;
                return;
            }
        };
        self.unusable |= *self.shape.get_or_insert(shape) != shape;
        self.numbers.truncate(row as usize);
        self.unusable |= self.numbers.len() as u64 != row;
        self.numbers.push(number);
    }

    /// The ids of all rows, and rows that seem to have the id of an earlier one, in order.
    pub(super) fn finish(mut self, rows: u64) -> (Ids, Vec<(u64, u64)>) {
        // One more was noted where a row ended too early.
        self.numbers.truncate(rows as usize);
        if self.unusable || rows == 0 || self.numbers.len() as u64 != rows {
            return (Ids::None, Vec::new());
        }
        let text = self.shape == Some(Shape::of(Kind::Text));
        if let (false, Some(last), true) = (text, self.numbers.last(), self.numbers.is_sorted_by(|a, b| a < b)) {
            let every = self.numbers.iter().step_by(STRIDE as usize).copied().collect();
            return (Ids::Rising { every, last: *last }, Vec::new());
        }
        let mut sorted: Vec<(i64, u64)> = self.numbers.into_iter().zip(0..).collect();
        sorted.sort_unstable();
        let mut twice: Vec<(u64, u64)> =
            sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| (pair[1].1, pair[0].1)).collect();
        twice.sort_unstable();
        let mut before = i64::MIN;
        let step = |(number, _): &(i64, u64)| number.wrapping_sub(std::mem::replace(&mut before, *number)) as u64;
        let steps = sorted.iter().map(step).collect();
        (Ids::Sorted { steps, places: sorted.iter().map(|(_, place)| *place).collect(), text }, twice)
    }
}

impl Ids {
    /// The highest of them; `None` where they are no numbers.
    pub(super) fn highest(&self) -> Option<i64> {
        match self {
            Ids::Rising { last, .. } => Some(*last),
            Ids::Sorted { text: false, .. } => self.sorted().last().copied(),
            Ids::Sorted { text: true, .. } | Ids::None => None,
        }
    }

    /// The numbers of rows that are sorted, in order; of others none.
    pub(super) fn sorted(&self) -> Vec<i64> {
        let Ids::Sorted { steps, .. } = self else { return Vec::new() };
        let mut at = i64::MIN;
        let number = |step: &u64| {
            at = at.wrapping_add(*step as i64);
            at
        };
        steps.iter().map(number).collect()
    }

    /// Where the row with this key may be; `sorted` is what [`Ids::sorted`] gives.
    pub(super) fn places(&self, sorted: &[i64], key: &str) -> Places {
        let number = match self {
            Ids::Sorted { text: true, .. } => Some(number_of_text(key.as_bytes())),
            _ => whole(key),
        };
        let Some(number) = number else { return Places::Some(Vec::new()) };
        match self {
            Ids::Rising { every, last } if number <= *last => {
                let after = every.partition_point(|first| *first <= number) as u64;
                Places::Stretch(after.saturating_sub(1) * STRIDE..after * STRIDE)
            }
            Ids::Sorted { places, .. } => {
                let from = sorted.partition_point(|other| *other < number);
                let same = sorted[from..].iter().take_while(|other| **other == number).count();
                Places::Some(places.get(from..from + same).unwrap_or_default().to_vec())
            }
            Ids::None | Ids::Rising { .. } => Places::Some(Vec::new()),
        }
    }
}

/// A number as it is written as a key, and in no other way.
fn whole(key: &str) -> Option<i64> {
    key.parse().ok().filter(|number: &i64| number.to_string() == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[i64]) -> (Ids, Vec<(u64, u64)>) {
        let mut found = IdsFound::default();
        for (row, number) in numbers.iter().enumerate() {
            found.note(row as u64, Shape::of(Kind::Int), number.to_string().as_bytes());
        }
        found.finish(numbers.len() as u64)
    }

    #[test]
    fn an_id_leads_to_its_row_whatever_the_order() {
        let (sorted, twice) = ids(&[5, i64::MIN, i64::MAX, 5, -7]);
        let numbers = sorted.sorted();
        let found = |key: &str| sorted.places(&numbers, key);
        assert_eq!(twice, [(3, 0)]);
        assert_eq!(sorted.highest(), Some(i64::MAX));
        assert_eq!(found("5"), Places::Some(vec![0, 3]));
        assert_eq!(found("-9223372036854775808"), Places::Some(vec![1]));
        assert_eq!(found("9223372036854775807"), Places::Some(vec![2]));
        assert_eq!(
            (found("6"), found("05"), found("x")),
            (Places::Some(vec![]), Places::Some(vec![]), Places::Some(vec![]))
        );
    }

    #[test]
    fn rising_ids_lead_to_a_stretch_of_rows() {
        let (rising, _) = ids(&(0..200).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(rising.places(&[], "128"), Places::Stretch(64..128));
        assert_eq!(rising.places(&[], "126"), Places::Stretch(0..64));
        assert_eq!(rising.places(&[], "-1"), Places::Stretch(0..0));
        assert_eq!(rising.places(&[], "400"), Places::Some(vec![]));
    }
}
