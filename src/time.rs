//! Dates in the forms that AWS uses, and the one place that reads the clock.
//!
//! RFC 3339 for expiry times, the compact form for signatures, the HTTP form for the `Date` header. It knows
//! UTC only and no leap seconds; callers pass `now`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The current time. Everything else takes it as an argument.
#[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// A time as whole seconds since 1970, negative before.
pub fn unix_seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            -whole - i64::from(before.subsec_nanos() > 0)
        }
    }
}

/// The time at whole seconds since 1970. `None` where the platform cannot hold it.
pub fn from_unix_seconds(seconds: i64) -> Option<SystemTime> {
    let span = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(span) } else { UNIX_EPOCH.checked_add(span) }
}

/// Year, month, day, hour, minute, second of a time in UTC.
fn civil(time: SystemTime) -> (i64, i64, i64, i64, i64, i64) {
    let seconds = unix_seconds(time);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a date with years that begin in March, as Howard Hinnant describes it ("days from civil").
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day, rest / 3_600, rest / 60 % 60, rest % 60)
}

/// Seconds since 1970 of a date in UTC. `None` for a date that does not exist.
fn from_civil(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days_in_month = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let valid = (1..=days_in_month).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !valid {
        return None;
    }
    let march_year = year - i64::from(month <= 2);
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * march_month + 2) / 5 + day - 1;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// `2025-01-02T03:04:05Z`: whole seconds, UTC.
pub fn rfc3339(time: SystemTime) -> String {
    let (year, month, day, hour, minute, second) = civil(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `20250102T030405Z`: the form of `X-Amz-Date`.
pub fn amz_date(time: SystemTime) -> String {
    rfc3339(time).chars().filter(|&c| c != '-' && c != ':').collect()
}

/// `Thu, 02 Jan 2025 03:04:05 GMT`: the form of the HTTP `Date` header.
pub fn http_date(time: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let (year, month, day, hour, minute, second) = civil(time);
    let weekday = usize::try_from(unix_seconds(time).div_euclid(86_400).rem_euclid(7)).unwrap_or(0);
    let weekday = DAYS.get(weekday).copied().unwrap_or("Thu");
    let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or("Jan");
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Digits `from..to` of `text` as a number.
fn digits(text: &str, from: usize, to: usize) -> Option<i64> {
    let part = text.get(from..to)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

/// Reads RFC 3339: `T` or a space between date and time, optional fractions, `Z`, `UTC` or an offset.
///
/// `UTC` as a suffix is what old SSO cache files hold. Fractions are kept to the nanosecond.
pub fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let shape = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
    let separators = shape.iter().all(|&(at, mark)| text.get(at..at + 1) == Some(mark));
    if !separators || !matches!(text.get(10..11)?, "T" | "t" | " ") {
        return None;
    }
    let seconds = from_civil(
        digits(text, 0, 4)?,
        digits(text, 5, 7)?,
        digits(text, 8, 10)?,
        digits(text, 11, 13)?,
        digits(text, 14, 16)?,
        digits(text, 17, 19)?,
    )?;
    let rest = text.get(19..)?;
    let (nanos, zone) = match rest.strip_prefix('.') {
        Some(fraction) => {
            let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
            let shown = fraction.get(..length.min(9)).filter(|shown| !shown.is_empty())?;
            let scale = 10_u32.pow(9 - u32::try_from(shown.len()).ok()?);
            (shown.parse::<u32>().ok()? * scale, fraction.get(length..)?)
        }
        None => (0, rest),
    };
    let offset = match zone {
        "Z" | "z" | "UTC" => 0,
        _ => {
            let sign = match zone.get(..1)? {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let valid = zone.len() == 6 && zone.get(3..4) == Some(":");
            let (hours, minutes) = (digits(zone, 1, 3)?, digits(zone, 4, 6)?);
            (valid && hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))?
        }
    };
    from_unix_seconds(seconds - offset)?.checked_add(Duration::from_nanos(u64::from(nanos)))
}

/// Reads the compact form of `X-Amz-Date`, `20250102T030405Z`.
pub fn parse_amz_date(text: &str) -> Option<SystemTime> {
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    from_unix_seconds(from_civil(
        digits(text, 0, 4)?,
        digits(text, 4, 6)?,
        digits(text, 6, 8)?,
        digits(text, 9, 11)?,
        digits(text, 11, 13)?,
        digits(text, 13, 15)?,
    )?)
}

/// Reads the preferred HTTP form, `Thu, 02 Jan 2025 03:04:05 GMT`. The weekday is not checked.
pub fn parse_http_date(text: &str) -> Option<SystemTime> {
    let (_, rest) = text.trim().split_once(", ")?;
    let mut words = rest.split(' ');
    let (day, month, year, clock, zone) =
        (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let month = i64::try_from(MONTHS.iter().position(|&name| name == month)?).ok()? + 1;
    let marks = clock.len() == 8 && clock.get(2..3) == Some(":") && clock.get(5..6) == Some(":");
    if !marks || !matches!(zone, "GMT" | "UTC") || year.len() != 4 {
        return None;
    }
    from_unix_seconds(from_civil(
        digits(year, 0, 4)?,
        month,
        digits(day, 0, day.len())?,
        digits(clock, 0, 2)?,
        digits(clock, 3, 5)?,
        digits(clock, 6, 8)?,
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_in_every_form() {
        for (seconds, iso, amz, http) in [
            (0, "1970-01-01T00:00:00Z", "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "2000-02-29T00:00:00Z", "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_735_787_045, "2025-01-02T03:04:05Z", "20250102T030405Z", "Thu, 02 Jan 2025 03:04:05 GMT"),
            (4_107_542_399, "2100-02-28T23:59:59Z", "21000228T235959Z", "Sun, 28 Feb 2100 23:59:59 GMT"),
            (-1, "1969-12-31T23:59:59Z", "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] {
            let time = from_unix_seconds(seconds).unwrap();
            assert_eq!(rfc3339(time), iso);
            assert_eq!(amz_date(time), amz);
            assert_eq!(http_date(time), http);
            assert_eq!(parse_rfc3339(iso), Some(time));
            assert_eq!(parse_amz_date(amz), Some(time));
            assert_eq!(parse_http_date(http), Some(time));
        }
    }

    #[test]
    fn rfc3339_forms() {
        let base = from_unix_seconds(1_735_787_045).unwrap();
        for text in [
            "2025-01-02T03:04:05Z",
            "2025-01-02 03:04:05Z",
            "2025-01-02T03:04:05UTC",
            "2025-01-02T05:34:05+02:30",
        ] {
            assert_eq!(parse_rfc3339(text), Some(base), "{text}");
        }
        let fraction = parse_rfc3339("2025-01-02T03:04:05.25Z").unwrap();
        assert_eq!(fraction.duration_since(base).unwrap(), Duration::from_millis(250));
        for bad in [
            "",
            "2025-02-29T00:00:00Z",
            "2025-01-02T03:04:05",
            "2025-01-02T24:00:00Z",
            "2025-01-02T03:04:05.Z",
            "2025-01-02T03:04:05+0230",
            "2025-13-02T03:04:05Z",
            "é025-01-02T03:04:05Z",
            "not a date",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_second_round_trips(seconds in -62_135_596_800_i64..253_402_300_799) {
            let time = from_unix_seconds(seconds).unwrap();
            proptest::prop_assert_eq!(parse_rfc3339(&rfc3339(time)), Some(time));
            proptest::prop_assert_eq!(parse_amz_date(&amz_date(time)), Some(time));
            proptest::prop_assert_eq!(parse_http_date(&http_date(time)), Some(time));
        }

        #[test]
        fn readers_never_panic(text in "\\PC{0,40}") {
            let _ = (parse_rfc3339(&text), parse_amz_date(&text), parse_http_date(&text));
        }
    }
}
