//! Numbers as questions write them and as answers state them.

/// Whole numbers of more digits are all taken for the largest.
const DIGITS: usize = 24;

/// Digits behind the point that are read.
const DECIMALS: usize = 12;

/// One, in the units of [`Number`].
const ONE: i128 = 10_i128.pow(DECIMALS as u32);

/// A number that an answer states, exact to 12 decimals; beyond 24 digits only its sign is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(i128);

impl Number {
    /// The largest number that is told from others.
    const LARGEST: i128 = 10_i128.pow((DIGITS + DECIMALS) as u32);

    /// Reads an optional sign, digits with or without a comma before every three of them, and
    /// decimals; nothing else, and no more than 12 decimals.
    pub(crate) fn read(text: &str) -> Option<Number> {
        let unsigned = text.strip_prefix(['-', '\u{2212}']);
        let sign = if unsigned.is_some() { -1 } else { 1 };
        let unsigned = unsigned.or(text.strip_prefix('+')).unwrap_or(text);
        let (whole, decimals) = match unsigned.split_once('.') {
            Some((whole, decimals)) if are_digits(decimals) => (whole, decimals),
            Some(_) => return None,
            None => (unsigned, ""),
        };
        let whole = without_commas(whole)?;
        let whole = whole.trim_start_matches('0');
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > DECIMALS {
            return None;
        }
        if whole.len() > DIGITS {
            return Some(Number(sign * Number::LARGEST));
        }
        let units = format!("{whole}{decimals:0<DECIMALS$}")
            .parse::<i128>()
            .ok()?;
        Some(Number(sign * units))
    }

    /// The whole number that it is, if it is one that is known exactly.
    pub(crate) fn whole(self) -> Option<i128> {
        (self.is_exact() && self.0 % ONE == 0).then_some(self.0 / ONE)
    }

    pub(crate) fn is_exact(self) -> bool {
        self.0.abs() < Number::LARGEST
    }

    /// The sum of two numbers that are known exactly.
    pub(crate) fn plus(self, other: Number) -> Option<Number> {
        (self.is_exact() && other.is_exact()).then_some(Number(self.0 + other.0))
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Number {
        Number(i128::from(whole) * ONE)
    }
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits of `1,234` or `1234`; none of `12,34`.
fn without_commas(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let placed = rest.is_empty() || first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    let digits = are_digits(first) && rest.iter().all(|group| are_digits(group));
    (placed && digits).then(|| first.to_owned() + &rest.concat())
}

/// A number in digits, with a comma before every three of them if `commas`.
pub(crate) fn written(number: i64, commas: bool) -> String {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "-" } else { "" };
    if !commas {
        return format!("{sign}{digits}");
    }
    let mut grouped = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_signs_commas_and_decimals() {
        let whole = |text| Number::read(text).and_then(Number::whole);
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("007", 7),
            ("12.000", 12),
            ("-1,234", -1234),
            ("\u{2212}5", -5),
            ("+12,345,678", 12_345_678),
        ] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
        assert_eq!(whole("1.5"), None);
        assert!(Number::read("16.999999999999").unwrap() < 17.into());
        for text in [
            "",
            "-",
            ".",
            ".5",
            "5.",
            "--5",
            "- 5",
            "12,34",
            "1234,567",
            ",123",
            "1,",
            "1e3",
            "twelve",
            "1 2",
            "1.2.3",
            "0.1234567890123",
            "\u{661}",
        ] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }

    #[test]
    fn long_numbers_keep_their_sign_and_are_never_equal_to_a_sum() {
        let long = Number::read(&"9".repeat(400)).unwrap();
        assert!(long > i64::MAX.into());
        let negative = Number::read(&format!("-{}", "9".repeat(25))).unwrap();
        assert!(negative < i64::MIN.into());
        assert_eq!((long.whole(), long.plus(negative)), (None, None));
    }

    #[test]
    fn commas_stand_before_every_three_digits() {
        let with = |number| written(number, true);
        assert_eq!(
            [0, 999, 1000, -12_345, 1_234_567].map(with),
            ["0", "999", "1,000", "-12,345", "1,234,567"]
        );
        assert_eq!(written(-12_345, false), "-12345");
    }
}
