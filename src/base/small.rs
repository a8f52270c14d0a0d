//! How much of a source is in small files: what decides how a mount serves it.
//!
//! A base keeps its totals, but no distribution of sizes. A sample is enough
//! for a choice, and costs the same for ten thousand files and ten million.

use super::{Base, Row};
use crate::Result;
use crate::model::Kind;

/// How many runs of neighbours the sample has; breadth-first order spreads them over all folders.
const RUNS: Row = 64;
/// How many rows a run has.
const RUN_LEN: Row = 256;

impl Base {
    /// Estimates how many of the source's bytes are in files of fewer than `limit` bytes; exact for
    /// up to 16,384 entries.
    ///
    /// A file below the limit cannot hide much, so what the sample says of them is near the truth, and
    /// the rest is in big ones, of which a sample may well have none.
    pub fn bytes_in_files_below(&self, limit: u64) -> Result<u64> {
        let (rows, taken) = (self.len(), RUNS * RUN_LEN);
        let mut small = 0u64;
        let mut count = |row: Row| -> Result<()> {
            let entry = self.entry(row)?;
            if entry.kind == Kind::File && entry.size < limit {
                small = small.saturating_add(entry.size);
            }
            Ok(())
        };
        let estimate = if rows <= taken {
            (0..rows).try_for_each(&mut count)?;
            small
        } else {
            for run in 0..RUNS {
                let first = u64::from(rows - RUN_LEN) * u64::from(run) / u64::from(RUNS - 1);
                let first = first as Row; // below `rows`
                (first..first + RUN_LEN).try_for_each(&mut count)?;
            }
            (u128::from(small) * u128::from(rows) / u128::from(taken)) as u64
        };
        Ok(estimate.min(self.totals().bytes))
    }
}

#[cfg(test)]
mod tests {
    use crate::base;
    use crate::model::{DataPath, Entry};
    use crate::source::planted::{Model, tree};
    use crate::store::Object;

    use super::*;

    fn base_of(sizes: impl Iterator<Item = u64>) -> Base {
        let entry = |size| Entry { kind: Kind::File, size, mtime_ns: 1, mode: 0o644 };
        let named = |(number, size): (usize, u64)| {
            let path: DataPath = format!("f{number:06}").parse().expect("a name");
            (path, (entry(size), Vec::new()))
        };
        let model: Model = sizes.enumerate().map(named).collect();
        let bytes = base::encode(tree(&model)).expect("it fits");
        let id = crate::model::Id::of(&bytes);
        Base::from_object(id, Object::from_bytes(bytes.into())).expect("a base")
    }

    #[test]
    fn of_few_files_the_sum_is_exact() {
        let base = base_of([10, 999, 1000, 5000].into_iter());
        assert_eq!(base.bytes_in_files_below(1000).expect("readable"), 1009);
        assert_eq!(base.bytes_in_files_below(0).expect("readable"), 0);
        assert_eq!(base.bytes_in_files_below(u64::MAX).expect("readable"), 7009);
    }

    #[test]
    fn of_many_files_it_is_near_even_where_one_file_has_nearly_all_bytes() {
        const MANY: u64 = 40_000;
        let base = base_of((0..MANY).map(|n| if n == 12_345 { 1 << 40 } else { 90 + n % 21 }));
        let small = base.bytes_in_files_below(1 << 20).expect("readable");
        let truth = (MANY - 1) * 100;
        assert!(small.abs_diff(truth) < truth / 50, "{small} for {truth}");
        assert_eq!((base.totals().bytes - small) >> 40, 1);
    }
}
