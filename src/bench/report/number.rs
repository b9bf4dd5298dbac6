//! Numbers for people: digits that say something, and units that fit.

use crate::bench::sample::float;

/// A number with about three digits that count. `-` for what is not known.
pub(crate) fn plain(number: Option<f64>) -> String {
    let Some(number) = number.filter(|number| number.is_finite()) else { return "-".to_owned() };
    match number.abs() {
        100.0.. => grouped(number),
        10.0..100.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// A number of things: `1 retry`, `1,200 retries`.
pub(crate) fn many(count: u64, one: &str, more: &str) -> String {
    format!("{} {}", grouped(float(count)), if count == 1 { one } else { more })
}

/// A whole number with its thousands apart: `12,345`.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let (sign, digits) = digits.split_at(usize::from(digits.starts_with('-')));
    let mut text = sign.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number at an axis: no digits that are zero, no noise of its computation.
pub(crate) fn tick(number: f64) -> String {
    if number.abs() >= 100.0 {
        return grouped(number);
    }
    let text = format!("{number:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Bytes in the unit that fits, by thousands.
pub(crate) fn bytes(number: Option<f64>) -> String {
    let Some(number) = number.filter(|number| number.is_finite()) else { return "-".to_owned() };
    match number {
        1e9.. => format!("{} GB", plain(Some(number / 1e9))),
        1e6.. => format!("{} MB", plain(Some(number / 1e6))),
        1e3.. => format!("{} kB", plain(Some(number / 1e3))),
        _ => format!("{number:.0} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_say_something() {
        for (number, expected) in [
            (None, "-"),
            (Some(f64::NAN), "-"),
            (Some(0.0), "0.00"),
            (Some(0.056), "0.06"),
            (Some(9.994), "9.99"),
            (Some(12.345), "12.3"),
            (Some(123.45), "123"),
            (Some(12_345.6), "12,346"),
            (Some(1_234_567.0), "1,234,567"),
            (Some(-1_234.0), "-1,234"),
        ] {
            assert_eq!(plain(number), expected);
        }
    }

    #[test]
    fn ticks_have_no_noise() {
        for (number, expected) in
            [(0.0, "0"), (-0.0, "0"), (0.1 + 0.2, "0.3"), (12.5, "12.5"), (100.4, "100"), (1e6, "1,000,000")]
        {
            assert_eq!(tick(number), expected);
        }
    }

    #[test]
    fn bytes_take_the_unit_that_fits() {
        for (number, expected) in [
            (None, "-"),
            (Some(999.0), "999 B"),
            (Some(1_500.0), "1.50 kB"),
            (Some(2.5e6), "2.50 MB"),
            (Some(3e9), "3.00 GB"),
        ] {
            assert_eq!(bytes(number), expected);
        }
    }
}
