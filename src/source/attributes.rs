//! What the operating system tells of a file, as the model's values.

use rustix::fs::{FileType, Stat};

use crate::model::{Entry, Kind};

/// Nanoseconds since 1970-01-01 UTC, at the nearest end of the range where `i64` cannot hold them.
///
/// The range is 1677-09-21 to 2262-04-11. What is recorded and what is compared
/// with it later come from here, so a time beyond the range is no drift.
pub(super) fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    let exact = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

/// The last modification.
// The fields' types differ between architectures.
#[allow(clippy::unnecessary_cast)]
pub(super) fn mtime_ns(stat: &Stat) -> i64 {
    nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64)
}

/// When a folder's entries and attributes were last changed: what differs after any change to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    mtime_ns: i64,
    ctime_ns: i64,
}

impl Times {
    // The fields' types differ between architectures.
    #[allow(clippy::unnecessary_cast)]
    pub(super) fn of(stat: &Stat) -> Times {
        Times { mtime_ns: mtime_ns(stat), ctime_ns: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64) }
    }
}

/// The entry that a `stat` describes, or why a dataset cannot have it.
pub(super) fn entry(stat: &Stat) -> Result<Entry, &'static str> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => return Err("a pipe"),
        FileType::Socket => return Err("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => return Err("a device"),
        _ => return Err("a special file"),
    };
    let size = if kind == Kind::Folder { 0 } else { u64::try_from(stat.st_size).unwrap_or(0) };
    Ok(Entry { kind, size, mtime_ns: mtime_ns(stat), mode: stat.st_mode & 0o7777 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_and_far_ahead_are_kept_or_clamped() {
        for (seconds, part, expected) in [
            (0, 5, 5),
            (-1, 999_999_999, -1),
            (-2_208_988_800, 1, -2_208_988_799_999_999_999),
            (16_725_225_600, 1, i64::MAX),
            (i64::MIN, 0, i64::MIN),
        ] {
            assert_eq!(nanoseconds(seconds, part), expected, "{seconds} s + {part} ns");
        }
    }
}
