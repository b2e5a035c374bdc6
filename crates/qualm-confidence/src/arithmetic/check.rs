//! What makes an answer right.

use serde::{Deserialize, Serialize};

use super::number::Number;

/// No number of a suite is larger, and trial division still tells primes below it at once.
const LARGEST: i64 = 1_000_000_000_000;

/// What an answer is held against.
///
/// The answer is the first line of what the model wrote, up to the line break, without spaces
/// around it and without one full stop at its end. It has to be the number asked for and nothing
/// else: digits, with or without commas between thousands, a sign, decimals (`12.0` is 12). A
/// sentence such as "The answer is 12" is not taken apart, because "It is not 12" would then be
/// right too. No text makes it panic.
///
/// ```
/// use qualm_confidence::arithmetic::Check;
///
/// let check = Check::Equals { value: 1234 };
/// assert!(check.accepts(" 1,234.\n\nQ: What is 2 + 2?"));
/// assert!(!check.accepts("The answer is 1234"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Check {
    /// One number.
    Equals {
        /// The answer.
        value: i64,
    },
    /// A fraction in lowest terms: `3/4`; a whole number also as `2`.
    Fraction {
        /// Above the line.
        numerator: i64,
        /// Below it.
        denominator: i64,
    },
    /// Any number smaller than the bound, fractions and negative numbers too.
    Smaller {
        /// The bound, not included.
        than: i64,
    },
    /// Any number larger than the bound.
    Larger {
        /// The bound, not included.
        than: i64,
    },
    /// Any prime smaller than the bound.
    PrimeSmaller {
        /// The bound, not included.
        than: i64,
    },
    /// The square of any whole number, 0 included, smaller than the bound.
    SquareSmaller {
        /// The bound, not included.
        than: i64,
    },
    /// Two numbers of a given sum: `5 and 12`, `5 + 12` or `5, 12`.
    SumsTo {
        /// What they add up to.
        sum: i64,
    },
    /// A multiple of a number between two bounds.
    MultipleWithin {
        /// What it is a multiple of.
        of: i64,
        /// The lower bound, included.
        from: i64,
        /// The upper bound, included.
        to: i64,
    },
}

impl Check {
    /// Whether a model's answer is right.
    #[must_use]
    pub fn accepts(&self, answer: &str) -> bool {
        let line = answer.split('\n').next().unwrap_or_default().trim();
        let line = line.strip_suffix('.').unwrap_or(line).trim_end();
        self.holds(line).unwrap_or(false)
    }

    /// Whether its numbers are such as the suite draws; what a file holds may be anything.
    pub(crate) fn is_sound(&self) -> bool {
        let within = |numbers: &[i64]| numbers.iter().all(|n| (-LARGEST..=LARGEST).contains(n));
        match *self {
            Check::Equals { value } => within(&[value]),
            Check::Fraction {
                numerator,
                denominator,
            } => within(&[numerator, denominator]) && denominator > 0,
            Check::Smaller { than }
            | Check::Larger { than }
            | Check::PrimeSmaller { than }
            | Check::SquareSmaller { than } => within(&[than]),
            Check::SumsTo { sum } => within(&[sum]),
            Check::MultipleWithin { of, from, to } => within(&[of, from, to]) && of > 0,
        }
    }

    /// Whether a line is right; nothing if it is not of the form asked for.
    fn holds(&self, line: &str) -> Option<bool> {
        let number = || Number::read(line);
        Some(match *self {
            Check::Equals { value } => number()? == value.into(),
            Check::Fraction {
                numerator,
                denominator,
            } => match line.split_once('/') {
                Some((above, below)) => {
                    Number::read(above.trim_end())? == numerator.into()
                        && Number::read(below.trim_start())? == denominator.into()
                }
                None => denominator == 1 && number()? == numerator.into(),
            },
            Check::Smaller { than } => number()? < than.into(),
            Check::Larger { than } => number()? > than.into(),
            Check::PrimeSmaller { than } => {
                let number = number()?;
                number < than.into() && is_prime(number.whole()?)
            }
            Check::SquareSmaller { than } => {
                let number = number()?;
                number < than.into() && is_square(number.whole()?)
            }
            Check::SumsTo { sum } => ["and", "+", ","]
                .into_iter()
                .flat_map(|between| line.match_indices(between))
                .any(|(at, between)| {
                    let first = Number::read(line[..at].trim_end());
                    let second = Number::read(line[at + between.len()..].trim_start());
                    first.zip(second).and_then(|(a, b)| a.plus(b)) == Some(sum.into())
                }),
            Check::MultipleWithin { of, from, to } => {
                let whole = number()?.whole()?;
                (i128::from(from)..=i128::from(to)).contains(&whole)
                    && whole.checked_rem(of.into()) == Some(0)
            }
        })
    }
}

pub(crate) fn is_prime(number: i128) -> bool {
    number >= 2
        && (2..)
            .take_while(|divisor| divisor * divisor <= number)
            .all(|divisor| number % divisor != 0)
}

fn is_square(number: i128) -> bool {
    // The root of a negative number is where a checker may fall over.
    number >= 0 && number.isqrt().pow(2) == number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn takes(check: Check, right: &[&str], wrong: &[&str]) {
        for answer in right {
            assert!(check.accepts(answer), "{check:?} refuses {answer:?}");
        }
        for answer in wrong {
            assert!(!check.accepts(answer), "{check:?} takes {answer:?}");
        }
    }

    #[test]
    fn one_number_is_the_first_line_and_nothing_else() {
        takes(
            Check::Equals { value: -1234 },
            &["-1234", " -1,234.", "-1234.0", "\u{2212}1234\r\nQ: no"],
            &[
                "1234",
                "",
                "\n-1234",
                "= -1234",
                "-1234 apples",
                "-12,34",
                "-1234..",
            ],
        );
        takes(
            Check::Equals { value: 12 },
            &["12"],
            &["The answer is 12.", "twelve", "112"],
        );
    }

    #[test]
    fn fractions_are_in_lowest_terms() {
        let half = Check::Fraction {
            numerator: 1,
            denominator: 2,
        };
        takes(
            half,
            &["1/2", "1 / 2."],
            &["2/4", "0.5", "1/2/1", "-1/-2", "1/"],
        );
        let one = Check::Fraction {
            numerator: 1,
            denominator: 1,
        };
        takes(one, &["1", "1/1"], &["2/2"]);
    }

    #[test]
    fn bounds_are_strict() {
        takes(
            Check::Smaller { than: 17 },
            &["16", "16.5", "-400", "0"],
            &["17", "18", "17.0", "a number"],
        );
        takes(
            Check::Larger { than: 17 },
            &[
                "18",
                "17.01",
                "99999999999999999999999999999999999999999999",
            ],
            &["17", "-18"],
        );
        takes(
            Check::PrimeSmaller { than: 17 },
            &["2", "13", "13.0"],
            &["17", "1", "0", "-3", "9", "2.5"],
        );
    }

    #[test]
    fn squares_include_nought_and_no_negative_number_brings_the_checker_down() {
        takes(
            Check::SquareSmaller { than: 25 },
            &["0", "1", "16", "-0"],
            &[
                "25",
                "24",
                "-4",
                "-1",
                "2.25",
                "-99999999999999999999999999999999999",
            ],
        );
    }

    #[test]
    fn two_numbers_come_in_three_forms() {
        takes(
            Check::SumsTo { sum: 17 },
            &[
                "5 and 12",
                "5 + 12.",
                "5,12",
                "5, 12",
                "-3 and 20",
                "0.5 and 16.5",
                "17 + 0",
            ],
            &[
                "5 12",
                "5 and 13",
                "17",
                "5 and 7 and 5",
                "5 + 12 = 17",
                "and",
                "+",
                ",",
            ],
        );
        takes(
            Check::SumsTo { sum: 1235 },
            &["1,234 and 1", "1,234, 1"],
            &["1,234"],
        );
        let nine = "9".repeat(30);
        takes(
            Check::SumsTo { sum: 0 },
            &[],
            &[&format!("{nine} and -{nine}")],
        );
    }

    #[test]
    fn multiples_include_the_bounds() {
        let check = Check::MultipleWithin {
            of: 7,
            from: 14,
            to: 28,
        };
        takes(
            check,
            &["14", "21", "28"],
            &["7", "35", "20", "-14", "14.5"],
        );
        let of_nothing = Check::MultipleWithin {
            of: 0,
            from: 0,
            to: 9,
        };
        takes(of_nothing, &[], &["0", "3"]);
        assert!(check.is_sound() && !of_nothing.is_sound());
        assert!(!Check::PrimeSmaller { than: i64::MAX }.is_sound());
    }
}
