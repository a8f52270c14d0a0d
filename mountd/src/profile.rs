//! Which of the two ways to serve files a mount takes, and why.
//!
//! *small-files* answers OPEN with ENOSYS: an open of a cached file then costs
//! no call to the daemon. That holds for the whole connection, and rules out
//! *large-files*, where the kernel reads big files straight from the source.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use veneer::base::Totals;

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
}

/// A profile, and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What the mount does.
    pub profile: Profile,
    /// Why, for `veneer mounts`.
    pub why: String,
}

/// Chooses for a view that holds `totals`.
pub fn choose(asked: Asked, totals: Totals) -> Choice {
    let mean_kib = totals.bytes.checked_div(totals.files).unwrap_or(0) / 1024;
    let why = match asked {
        Asked::SmallFiles => "asked for".to_owned(),
        // Passthrough is not built yet; saying so is better than a name for something else.
        Asked::LargeFiles => "large-files was asked for, but this version has no passthrough".to_owned(),
        Asked::Auto => format!("the only profile of this version; {mean_kib} KiB a file on average"),
    };
    Choice { profile: Profile::SmallFiles, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_what_could_not_be_had() {
        let choice = choose(Asked::LargeFiles, Totals::default());
        assert_eq!(choice.profile, Profile::SmallFiles);
        assert!(choice.why.contains("no passthrough"));
        assert!(choose(Asked::Auto, Totals { files: 2, bytes: 8192, ..Totals::default() }).why.contains("4 KiB"));
    }
}
