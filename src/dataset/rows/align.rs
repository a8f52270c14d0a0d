//! Which rows of two states of a file are the same row.
//!
//! Rows with keys are told by these. Else it is the content that tells: rows
//! that are alike, in their order, are anchors; between two anchors a row is
//! paired with the one that has most cells in common with it, so that an edited
//! cell is that, and not a row deleted and another inserted.

use std::collections::{HashMap, HashSet};

use imara_diff::{Algorithm, Diff, Hunk, Interner, Token};

/// Of rows without a counterpart.
pub(super) const NONE: u32 = u32::MAX;
/// Up to so many pairs of rows between two anchors are all compared.
const PAIRS_MAX: usize = 10_000;
/// A column tells rows apart only if at least so many of them are found by it.
const TOLD_MIN: usize = 3;

/// Rows of one side, told by hashes.
#[derive(Debug, Default)]
pub(super) struct Hashed {
    /// Of the keys; empty for a table without any.
    pub(super) keys: Vec<u64>,
    /// Of all cells that both sides have.
    pub(super) rows: Vec<u64>,
}

/// The hashes of some rows' cells.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// In order.
    pub(super) places: Vec<u32>,
    /// How many each row has.
    pub(super) width: usize,
    /// Row by row.
    pub(super) hashes: Vec<u64>,
}

impl Cells {
    fn first(&self, place: u32) -> usize {
        self.places.partition_point(|known| *known < place)
    }

    /// The cells of a row that is among these.
    pub(super) fn row(&self, place: u32) -> &[u64] {
        let at = self.first(place) * self.width;
        &self.hashes[at..at + self.width]
    }
}

/// Pairs rows by their keys: for each later row the place of the earlier one. Of rows with one key, the first of
/// both sides are a pair, the second, and so on.
pub(super) fn by_key(old: &[u64], new: &[u64]) -> Vec<u32> {
    let sorted = |keys: &[u64]| {
        let mut sorted: Vec<(u64, u32)> = keys.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        sorted
    };
    let (old, of_new) = (sorted(old), sorted(new));
    let mut before = vec![NONE; new.len()];
    let mut at = 0;
    for (key, place) in of_new {
        while old.get(at).is_some_and(|(known, _)| *known < key) {
            at += 1;
        }
        if let Some((known, old_place)) = old.get(at)
            && *known == key
        {
            before[place as usize] = *old_place;
            at += 1;
        }
    }
    before
}

/// Finds what is alike on both sides, in order; returns the later rows' places in the earlier side, and between
/// what both sides have in common the rows that are not.
pub(super) fn by_content(old: &[u64], new: &[u64]) -> (Vec<u32>, Vec<Hunk>) {
    let mut interner = Interner::new(old.len());
    let mut tokens = |rows: &[u64]| rows.iter().map(|row| interner.intern(*row)).collect::<Vec<Token>>();
    let (old, new) = (tokens(old), tokens(new));
    let mut diff = Diff::default();
    // Of the algorithms, the one that stays linear where every n-th row was edited.
    diff.compute_with(Algorithm::Myers, &old, &new, interner.num_tokens());
    let hunks: Vec<Hunk> = diff.hunks().collect();
    let mut before = vec![NONE; new.len()];
    let (mut old_at, mut new_at) = (0, 0);
    let end = Hunk { before: old.len() as u32..0, after: new.len() as u32..0 };
    for hunk in hunks.iter().chain([&end]) {
        for (place, old_place) in (new_at..hunk.after.start).zip(old_at..) {
            before[place as usize] = old_place;
        }
        (old_at, new_at) = (hunk.before.end, hunk.after.end);
    }
    (before, hunks)
}

/// Pairs rows of the places that are in no common order by their content. Of rows alike, the first of both sides are
/// a pair, the second, and so on, where there are as many of them on both.
pub(super) fn moved(old: (&[u64], &[u32]), new: (&[u64], &[u32])) -> Vec<(u32, u32)> {
    let alike = |(rows, places): (&[u64], &[u32])| {
        let mut alike: HashMap<u64, Vec<u32>> = HashMap::with_capacity(places.len());
        for place in places {
            alike.entry(rows[*place as usize]).or_default().push(*place);
        }
        alike
    };
    let of_new = alike(new);
    let mut pairs = Vec::new();
    for (row, old) in alike(old) {
        if let Some(new) = of_new.get(&row).filter(|new| new.len() == old.len()) {
            pairs.extend(old.into_iter().zip(new.iter().copied()));
        }
    }
    pairs.sort_unstable();
    pairs
}

/// Takes back what pairs rows that are wholly alike with others.
pub(super) fn unpair(moved: &[(u32, u32)], before: &mut [u32]) {
    let olds: HashSet<u32> = moved.iter().map(|(old, _)| *old).collect();
    before.iter_mut().filter(|old| olds.contains(old)).for_each(|old| *old = NONE);
    moved.iter().for_each(|(_, new)| before[*new as usize] = NONE);
}

/// Pairs the rows between two anchors by what their cells have in common.
pub(super) fn pair(hunk: &Hunk, old: &Cells, new: &Cells, before: &mut [u32]) {
    Pairing { old, new, before }.told_apart(hunk);
}

struct Pairing<'a> {
    old: &'a Cells,
    new: &'a Cells,
    before: &'a mut [u32],
}

impl Pairing<'_> {
    /// By a column whose values tell the rows apart, where there is one; then what is left between these.
    fn told_apart(&mut self, hunk: &Hunk) {
        if hunk.before.is_empty() || hunk.after.is_empty() {
            return;
        }
        let fewer = hunk.before.len().min(hunk.after.len());
        let found = (0..self.old.width).map(|column| self.found_by(hunk, column)).max_by_key(Vec::len);
        let found = found.filter(|found| found.len() >= TOLD_MIN && found.len() * 2 >= fewer);
        let (mut old_at, mut new_at) = (hunk.before.start, hunk.after.start);
        for (old_place, new_place) in found.unwrap_or_default() {
            self.alike(&Hunk { before: old_at..old_place, after: new_at..new_place });
            self.before[new_place as usize] = old_place;
            (old_at, new_at) = (old_place + 1, new_place + 1);
        }
        self.alike(&Hunk { before: old_at..hunk.before.end, after: new_at..hunk.after.end });
    }

    /// The rows whose value of this column is there once on both sides, as far as they are in one order.
    fn found_by(&self, hunk: &Hunk, column: usize) -> Vec<(u32, u32)> {
        let once = |cells: &Cells, places: std::ops::Range<u32>| {
            let mut once: HashMap<u64, Option<u32>> = HashMap::with_capacity(places.len());
            let first = cells.first(places.start) * cells.width + column;
            for (value, place) in cells.hashes[first..].iter().step_by(cells.width).zip(places) {
                once.entry(*value).and_modify(|place| *place = None).or_insert(Some(place));
            }
            once
        };
        let of_new = once(self.new, hunk.after.clone());
        let mut found: Vec<(u32, u32)> = once(self.old, hunk.before.clone())
            .into_iter()
            .filter_map(|(value, old_place)| Some((old_place?, (*of_new.get(&value)?)?)))
            .collect();
        found.sort_unstable();
        rising(&found)
    }

    /// By cells that are equal: all pairs where these are few, else row by row.
    fn alike(&mut self, hunk: &Hunk) {
        let (olds, news) = (hunk.before.len(), hunk.after.len());
        if olds * news > PAIRS_MAX {
            if olds == news {
                for (old_place, new_place) in hunk.before.clone().zip(hunk.after.clone()) {
                    if self.equal(old_place, new_place) > 0 {
                        self.before[new_place as usize] = old_place;
                    }
                }
            }
            return;
        }
        if self.old.width == 1 && olds == news {
            // Of the only cell, it cannot be told.
            for (old_place, new_place) in hunk.before.clone().zip(hunk.after.clone()) {
                self.before[new_place as usize] = old_place;
            }
            return;
        }
        // The most cells in common that the first i earlier and j later rows can have.
        let mut best = vec![0u32; (olds + 1) * (news + 1)];
        let at = |i: usize, j: usize| i * (news + 1) + j;
        let gain = |i: usize, j: usize| {
            let (old_place, new_place) = (hunk.before.start + i as u32, hunk.after.start + j as u32);
            let equal = self.equal(old_place, new_place);
            // Of a row with most cells edited, the first still tells which it is in most tables.
            let is_led = self.old.row(old_place).first() == self.new.row(new_place).first();
            (equal > 0 && (is_led || equal * 2 >= self.old.width)).then_some(equal as u32)
        };
        for i in 0..olds {
            for j in 0..news {
                let pair = gain(i, j).map_or(0, |gain| best[at(i, j)] + gain);
                best[at(i + 1, j + 1)] = pair.max(best[at(i, j + 1)]).max(best[at(i + 1, j)]);
            }
        }
        let (mut i, mut j) = (olds, news);
        let mut pairs = Vec::new();
        while i > 0 && j > 0 {
            let is_pair = gain(i - 1, j - 1).is_some_and(|gain| best[at(i - 1, j - 1)] + gain == best[at(i, j)]);
            if is_pair {
                (i, j) = (i - 1, j - 1);
                pairs.push((i, j));
            } else if best[at(i - 1, j)] == best[at(i, j)] {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        for (i, j) in pairs {
            self.before[hunk.after.start as usize + j] = hunk.before.start + i as u32;
        }
    }

    /// How many cells two rows have in common.
    fn equal(&self, old_place: u32, new_place: u32) -> usize {
        self.old.row(old_place).iter().zip(self.new.row(new_place)).filter(|(old, new)| old == new).count()
    }
}

/// The longest part of pairs, in order of the first, in which the second rise as well.
pub(super) fn rising(pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    // By length of a rising part: the pair that ends it with the least second.
    let mut ends: Vec<usize> = Vec::new();
    let mut links: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, second)) in pairs.iter().enumerate() {
        let len = ends.partition_point(|end| pairs[*end].1 < *second);
        links.push(len.checked_sub(1).map(|before| ends[before]));
        match ends.get_mut(len) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut chain: Vec<(u32, u32)> =
        std::iter::successors(ends.last().copied(), |at| links[*at]).map(|at| pairs[at]).collect();
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: &[&[u64]]) -> Cells {
        Cells { places: (0..rows.len() as u32).collect(), width: rows[0].len(), hashes: rows.concat() }
    }

    /// Pairs rows by content, as a caller does; rows are told by the sum of their cells.
    fn paired(old: &[&[u64]], new: &[&[u64]]) -> Vec<u32> {
        let hashes =
            |rows: &[&[u64]]| rows.iter().map(|row| row.iter().fold(7, |hash, cell| hash * 31 + cell)).collect();
        let (old_rows, new_rows): (Vec<u64>, Vec<u64>) = (hashes(old), hashes(new));
        let (mut before, hunks) = by_content(&old_rows, &new_rows);
        hunks.iter().for_each(|hunk| pair(hunk, &cells(old), &cells(new), &mut before));
        before
    }

    #[test]
    fn an_edited_row_is_told_from_one_that_went_and_one_that_came() {
        let old: [&[u64]; 4] = [&[1, 10, 5], &[2, 20, 5], &[3, 30, 6], &[4, 40, 6]];
        assert_eq!(paired(&old, &[&[1, 10, 5], &[2, 21, 5], &[3, 30, 6], &[4, 40, 6]]), [0, 1, 2, 3]);
        assert_eq!(paired(&old, &[&[1, 10, 5], &[3, 31, 6], &[4, 40, 6]]), [0, 2, 3]);
        assert_eq!(
            paired(&old, &[&[9, 90, 9], &[1, 10, 5], &[8, 80, 8], &[3, 30, 6], &[4, 40, 6]]),
            [NONE, 0, NONE, 2, 3]
        );
    }

    #[test]
    fn rows_of_which_most_is_new_are_found_by_the_column_that_tells_them_apart() {
        let old: Vec<[u64; 4]> = (0..400).map(|n| [n, 1, n % 3, n % 5]).collect();
        let new: Vec<[u64; 4]> = (0..400).filter(|n| n % 7 != 0).map(|n| [n, 2, n % 3 + 10, n % 5 + 10]).collect();
        let (old, new): (Vec<&[u64]>, Vec<&[u64]>) =
            (old.iter().map(|row| &row[..]).collect(), new.iter().map(|row| &row[..]).collect());
        let expected: Vec<u32> = (0..400).filter(|n| n % 7 != 0).collect();
        assert_eq!(paired(&old, &new), expected);
    }

    #[test]
    fn rows_with_keys_are_paired_in_any_order_and_of_two_alike_the_first_goes_first() {
        assert_eq!(by_key(&[5, 7, 5, 1], &[1, 5, 9, 5, 5]), [3, 0, NONE, 2, NONE]);
        assert_eq!(by_key(&[], &[1]), [NONE]);
    }

    #[test]
    fn rows_that_moved_are_known_where_as_many_are_alike_on_both_sides() {
        let (old, new) = ([1, 2, 3, 4, 4, 5], [5, 9, 4, 4, 2]);
        assert_eq!(moved((&old, &[0, 1, 3, 4, 5]), (&new, &[0, 1, 2, 3, 4])), [(1, 4), (3, 2), (4, 3), (5, 0)]);
        assert_eq!(moved((&old, &[3, 4, 5]), (&new, &[0, 2])), [(5, 0)]);
        assert_eq!(moved((&old, &[3]), (&new, &[3])), [(3, 3)]);
        assert_eq!(moved((&old, &[]), (&new, &[1])), []);
    }

    #[test]
    fn a_million_rows_with_every_tenth_edited_are_aligned_in_one_pass() {
        let old: Vec<u64> = (0..1_000_000).collect();
        let new: Vec<u64> = old.iter().map(|n| if n % 10 == 3 { n + (1 << 40) } else { *n }).collect();
        let (before, hunks) = by_content(&old, &new);
        assert_eq!(hunks.len(), 100_000);
        assert_eq!((before[2], before[3], before[4]), (2, NONE, 4));
    }
}
