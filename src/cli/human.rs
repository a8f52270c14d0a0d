//! Sizes, counts, times and durations as a person reads them, and times as a program does.
//!
//! Pure functions of their arguments, but for the time zone, which is the system's.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::report::{Failure, Result};

/// A number of bytes, in binary units: `512 B`, `1.2 KiB`, `3.4 GiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A count with its noun: `1 file`, `2,000 files`.
pub(super) fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ if noun.ends_with("ry") => format!("{} {}ies", grouped(number), noun.trim_end_matches('y')),
        _ if noun.ends_with("ss") => format!("{} {noun}es", grouped(number)),
        _ => format!("{} {noun}s", grouped(number)),
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration: `0.03 s`, `4.2 s`, `3 min 20 s`.
pub(super) fn duration(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{seconds:.2} s"),
        seconds if seconds < 60.0 => format!("{seconds:.1} s"),
        _ => format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60),
    }
}

/// Reads a duration such as `24h`, `90 min` or `1h30m`.
pub(super) fn parse_duration(text: &str) -> Result<Duration> {
    let invalid = |why: &str| {
        Failure::from(veneer::Error::invalid("duration", text, why)).hint("as in `90s`, `30m`, `1h` or `7d`")
    };
    // The friendly format has no days for an absolute duration: a day is 24 hours here.
    if let Some(days) = text.trim().strip_suffix('d').and_then(|days| days.trim().parse::<u32>().ok()) {
        return Ok(Duration::from_secs(u64::from(days) * 24 * 60 * 60));
    }
    if text.trim() == "0" {
        return Ok(Duration::ZERO);
    }
    let parsed: SignedDuration = text.trim().parse().map_err(|_| invalid("it is a number and a unit"))?;
    Duration::try_from(parsed).map_err(|_| invalid("it is not negative"))
}

/// A time as a program reads it: RFC 3339 in UTC, as exact as it is known.
pub(super) fn rfc3339(time_ns: i64) -> String {
    timestamp(time_ns).to_string()
}

/// A time on this machine's clock, to the minute.
pub(super) fn minute(time_ns: i64) -> String {
    local(time_ns, "%Y-%m-%d %H:%M")
}

/// A time on this machine's clock, with the day and the offset from UTC.
pub(super) fn exact(time_ns: i64) -> String {
    local(time_ns, "%a %Y-%m-%d %H:%M:%S %z")
}

fn local(time_ns: i64, format: &str) -> String {
    timestamp(time_ns).to_zoned(TimeZone::system()).strftime(format).to_string()
}

fn timestamp(time_ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(time_ns)).expect("64 bits of nanoseconds are within jiff's years")
}

/// Now, in nanoseconds since 1970-01-01 UTC.
pub(super) fn now_ns() -> i64 {
    i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

/// How long ago a time was: `just now`, `3 minutes ago`, `2 days ago`.
pub(super) fn ago(time_ns: i64, now_ns: i64) -> String {
    let seconds = now_ns.saturating_sub(time_ns) / 1_000_000_000;
    let (number, noun) = match seconds {
        ..0 => return "in the future".to_owned(),
        0..10 => return "just now".to_owned(),
        10..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..1_209_600 => (seconds / 86_400, "day"),
        1_209_600..5_184_000 => (seconds / 604_800, "week"),
        5_184_000..63_072_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    format!("{} ago", count(number.unsigned_abs(), noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn counts_agree_with_their_noun() {
        for (number, noun, text) in [
            (0, "file", "0 files"),
            (1, "entry", "1 entry"),
            (2, "entry", "2 entries"),
            (1_234_567, "file", "1,234,567 files"),
        ] {
            assert_eq!(count(number, noun), text);
        }
    }

    #[test]
    fn how_long_ago_is_said_in_one_unit() {
        for (seconds, text) in [
            (-5, "in the future"),
            (0, "just now"),
            (59, "59 seconds ago"),
            (60, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_400 * 13, "13 days ago"),
            (86_400 * 14, "2 weeks ago"),
            (86_400 * 800, "2 years ago"),
        ] {
            assert_eq!(ago(0, seconds * 1_000_000_000), text);
        }
        assert_eq!(ago(i64::MIN, i64::MAX), "292 years ago");
    }

    #[test]
    fn a_program_gets_the_whole_time() {
        assert_eq!(rfc3339(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123456789Z");
        assert_eq!(rfc3339(i64::MIN), "1677-09-21T00:12:43.145224192Z");
    }

    #[test]
    fn durations_are_read_and_shown() {
        for (text, seconds) in
            [("0", 0), ("90s", 90), ("1h30m", 5_400), ("24h", 86_400), ("7d", 604_800), ("2 min", 120)]
        {
            assert_eq!(parse_duration(text).expect("a duration"), Duration::from_secs(seconds), "{text}");
        }
        for text in ["", "h", "5", "-1h", "soon"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(duration(Duration::from_millis(4_210)), "4.2 s");
        assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
    }
}
