//! Which of the two ways to serve files a mount takes, and why.
//!
//! *small-files* answers OPEN with ENOSYS: an open of a cached file then costs
//! no call to the daemon. That holds for the whole connection, and rules out
//! *large-files*, where the kernel reads big files straight from the source.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use veneer::Result;
use veneer::base::Base;

use crate::opens::BIG_LEN;

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Asked {
    /// Whatever suits the dataset and the machine.
    #[default]
    Auto,
    /// No call for an open.
    SmallFiles,
    /// Passthrough for big files.
    LargeFiles,
}

/// What a mount does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// No call for an open: warm files are read at the speed of the source.
    SmallFiles,
    /// Files of at least 1 MiB are read by the kernel straight from the source or the store.
    LargeFiles,
}

/// A profile, and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What the mount does.
    pub profile: Profile,
    /// Why, for `veneer mounts`.
    pub why: String,
}

/// How many percent of a source's bytes are in files of at least 1 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigShare(u64);

/// From this share on, what big files gain weighs more than what an open of a small one costs.
const SHARE_MIN: BigShare = BigShare(50);

impl BigShare {
    /// Estimates the share of a base; an overlay is small beside it.
    pub fn of(base: &Base) -> Result<BigShare> {
        let bytes = base.totals().bytes;
        let big = bytes - base.bytes_in_files_below(BIG_LEN)?;
        Ok(BigShare((u128::from(big) * 100).checked_div(u128::from(bytes)).unwrap_or(0) as u64))
    }

    fn is_most(self) -> bool {
        self.0 >= SHARE_MIN.0
    }
}

/// Chooses for a source with that share of big files, before the kernel is asked.
///
/// [`crate::opens::Opens::settle`] takes *large-files* back where the kernel refuses.
pub fn choose(asked: Asked, share: BigShare, is_root: bool) -> Choice {
    let BigShare(percent) = share;
    let small = |why: String| Choice { profile: Profile::SmallFiles, why };
    let bytes = format!("{percent} % of the bytes are in files of at least 1 MiB");
    match asked {
        Asked::SmallFiles => small("asked for".to_owned()),
        Asked::LargeFiles if is_root => Choice { profile: Profile::LargeFiles, why: "asked for".to_owned() },
        Asked::LargeFiles => small("large-files was asked for, but only root may have passthrough".to_owned()),
        Asked::Auto if !share.is_most() => small(bytes),
        Asked::Auto if is_root => Choice { profile: Profile::LargeFiles, why: bytes },
        Asked::Auto => small(format!("{bytes}, but only root may have passthrough")),
    }
}

impl Choice {
    /// The choice that is left where the kernel refused passthrough.
    #[must_use]
    pub fn without_passthrough(self, refusal: &str) -> Choice {
        Choice { profile: Profile::SmallFiles, why: format!("large-files ({}) cannot be had: {refusal}", self.why) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_files_are_passed_through_where_they_have_most_bytes_and_the_user_may() {
        for (asked, percent, is_root, profile, why) in [
            (Asked::Auto, 49, true, Profile::SmallFiles, "49 %"),
            (Asked::Auto, 50, true, Profile::LargeFiles, "50 %"),
            (Asked::Auto, 99, false, Profile::SmallFiles, "only root"),
            (Asked::SmallFiles, 99, true, Profile::SmallFiles, "asked for"),
            (Asked::LargeFiles, 0, true, Profile::LargeFiles, "asked for"),
            (Asked::LargeFiles, 99, false, Profile::SmallFiles, "only root"),
        ] {
            let choice = choose(asked, BigShare(percent), is_root);
            assert_eq!(choice.profile, profile, "{asked:?} {percent} {is_root}");
            assert!(choice.why.contains(why), "{choice:?}");
        }
    }

    #[test]
    fn a_refusal_is_part_of_the_reason() {
        let choice = choose(Asked::LargeFiles, BigShare(7), true).without_passthrough("the kernel has none");
        assert_eq!(choice.profile, Profile::SmallFiles);
        assert_eq!(choice.why, "large-files (asked for) cannot be had: the kernel has none");
    }
}
