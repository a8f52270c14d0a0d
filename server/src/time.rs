//! Times as the API tells them: RFC 3339, UTC.

use jiff::Timestamp;

/// A time in nanoseconds since 1970-01-01 UTC; one beyond what can be told becomes the nearest that can.
pub fn rfc3339(time_ns: i64) -> String {
    Timestamp::from_nanosecond(i128::from(time_ns)).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_is_told_in_utc() {
        assert_eq!(super::rfc3339(1_500_000_000), "1970-01-01T00:00:01.5Z");
    }
}
