//! Dates and times as texts and as numbers of nanoseconds.
//!
//! The forms of ISO 8601 that leave no doubt: `2024-02-29`, `23:59:59.5`, and
//! `2024-02-29T23:59:59.5` with `Z` or an offset behind.

use arrow::datatypes::TimeUnit;

/// Nanoseconds of a day.
pub(crate) const DAY_NS: i128 = 86_400_000_000_000;

/// How many nanoseconds the unit has.
pub(crate) fn unit_ns(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

/// The text of a day, counted from 1970-01-01.
pub(crate) fn date_text(days: i64) -> String {
    let days = i128::from(days) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    match year {
        ..0 => format!("-{:04}-{month:02}-{day:02}", -year),
        _ => format!("{year:04}-{month:02}-{day:02}"),
    }
}

/// The text of a time of day; of the fraction as much as is needed, in threes.
pub(crate) fn time_text(ns: i128) -> String {
    let (seconds, fraction) = (ns / 1_000_000_000, ns % 1_000_000_000);
    let fraction = match fraction {
        0 => String::new(),
        ns if ns % 1_000_000 == 0 => format!(".{:03}", ns / 1_000_000),
        ns if ns % 1_000 == 0 => format!(".{:06}", ns / 1_000),
        ns => format!(".{ns:09}"),
    };
    format!("{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The text of a moment in nanoseconds since 1970; `is_utc` says whose clock it is.
pub(crate) fn timestamp_text(ns: i128, is_utc: bool) -> String {
    let days = i64::try_from(ns.div_euclid(DAY_NS)).unwrap_or(i64::MAX);
    let zone = if is_utc { "Z" } else { "" };
    format!("{}T{}{zone}", date_text(days), time_text(ns.rem_euclid(DAY_NS)))
}

/// Days since 1970-01-01; `None` for what is no day of the calendar.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let (is_before, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = rest.split('-');
    let (year, month, of_month) = (parts.next()?, parts.next()?, parts.next()?);
    let wide_enough = (4..=9).contains(&year.len()) && month.len() == 2 && of_month.len() == 2;
    if !wide_enough || parts.next().is_some() {
        return None;
    }
    let (year, month, day_of_month) = (digits(year)?, digits(month)?, digits(of_month)?);
    day(if is_before { -year } else { year }, month, day_of_month)
}

/// Days since 1970-01-01; `None` for what is no day of the calendar.
pub(crate) fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=last).contains(&day).then(|| days(year, month, day))
}

/// Nanoseconds since midnight.
pub(crate) fn parse_time(text: &str) -> Option<i128> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':');
    let mut next = |is_needed: bool| match parts.next() {
        Some(part) if part.len() == 2 => digits(part),
        None if !is_needed => Some(0),
        _ => None,
    };
    let (hour, minute, second) = (next(true)?, next(true)?, next(false)?);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let fraction = digits(fraction)? * 10_i64.pow(9 - fraction.len() as u32);
    Some(i128::from((hour * 60 + minute) * 60 + second) * 1_000_000_000 + i128::from(fraction))
}

/// Nanoseconds since 1970, and whether the text says whose clock it is. A date alone is its midnight.
pub(crate) fn parse_timestamp(text: &str) -> Option<(i128, bool)> {
    let Some(at) = text.find(['T', ' ']) else { return Some((i128::from(parse_date(text)?) * DAY_NS, false)) };
    let (date, rest) = (&text[..at], &text[at + 1..]);
    let (time, offset_minutes) = match rest.strip_suffix('Z') {
        Some(time) => (time, Some(0)),
        None => match rest.rfind(['+', '-']) {
            Some(at) => (&rest[..at], Some(offset(&rest[at..])?)),
            None => (rest, None),
        },
    };
    let local = i128::from(parse_date(date)?) * DAY_NS + parse_time(time)?;
    Some((local - i128::from(offset_minutes.unwrap_or(0)) * 60_000_000_000, offset_minutes.is_some()))
}

/// Minutes of `+01:30`.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = text.split_at_checked(1)?;
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None => (rest.get(..2)?, rest.get(2..).filter(|minutes| !minutes.is_empty()).unwrap_or("00")),
    };
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let minutes = digits(hours)? * 60 + digits(minutes)?;
    Some(if sign == "-" { -minutes } else { minutes })
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, whose years begin in March here.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_read_back_from_its_text() {
        for day in (-800_000..800_000).step_by(7).chain(-400..800) {
            assert_eq!(parse_date(&date_text(day)), Some(day), "{}", date_text(day));
        }
        assert_eq!(parse_date("2000-02-29"), Some(11_016));
        for no in ["1900-02-29", "2024-13-01", "2024-00-01", "24-01-01", "2024/01/01", "2024-1-01", "é024-01-01"] {
            assert_eq!(parse_date(no), None, "{no}");
        }
    }

    #[test]
    fn a_moment_is_read_back_from_its_text() {
        for text in [
            "2024-02-29T23:59:59",
            "1969-12-31T23:59:59.999Z",
            "2024-02-29T00:00:00.000001",
            "0001-01-01T00:00:00.000000001Z",
        ] {
            let (ns, is_utc) = parse_timestamp(text).expect("a time");
            assert_eq!(timestamp_text(ns, is_utc), text);
        }
        let at = |text| parse_timestamp(text).map(|(ns, _)| ns / 1_000_000_000);
        assert_eq!(at("1970-01-01T01:30:00+01:30"), Some(0));
        assert_eq!(at("1970-01-01 00:00-0100"), Some(3600));
        for no in
            ["1970-01-01T25:00:00", "1970-01-01T00:00:00.", "1970-01-01T00:00:00+1", "T", "", "1970-01-01T00:00:00é"]
        {
            assert_eq!(parse_timestamp(no), None, "{no}");
        }
    }
}
