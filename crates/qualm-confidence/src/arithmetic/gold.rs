//! Right answers.

use qualm_stats::random::Stream;

use super::check::{Check, is_prime};
use super::draw::{between, one_of};
use super::number::written;

/// An answer that a check accepts; of many, any.
pub(crate) fn gold(check: &Check, stream: &mut Stream, commas: bool) -> String {
    let number = match *check {
        Check::Fraction {
            numerator,
            denominator: 1,
        } => numerator,
        Check::Fraction {
            numerator,
            denominator,
        } => return format!("{numerator}/{denominator}"),
        Check::SumsTo { sum } => {
            let one = between(0, sum, stream);
            return format!("{one} and {}", sum - one);
        }
        Check::Equals { value } => value,
        Check::Smaller { than } => between(0, than - 1, stream),
        Check::Larger { than } => between(than + 1, 2 * than, stream),
        Check::PrimeSmaller { than } => {
            let primes: Vec<i64> = (2..than).filter(|&n| is_prime(n.into())).collect();
            one_of(&primes, stream)
        }
        Check::SquareSmaller { than } => {
            let root = between(0, (than - 1).isqrt(), stream);
            root * root
        }
        Check::MultipleWithin { of, from, to } => {
            of * between((from + of - 1) / of, to / of, stream)
        }
    };
    written(number, commas)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(check: Check) -> BTreeSet<String> {
        let mut stream = Stream::new(1, 0);
        (0..500).map(|_| gold(&check, &mut stream, true)).collect()
    }

    #[test]
    fn of_many_right_answers_each_is_drawn() {
        let expected = |answers: &[&str]| answers.iter().map(|&answer| answer.into()).collect();
        let squares: BTreeSet<String> = expected(&["0", "1", "4", "9", "16"]);
        assert_eq!(all(Check::SquareSmaller { than: 25 }), squares);
        let primes: BTreeSet<String> = expected(&["2", "3", "5", "7", "11", "13"]);
        assert_eq!(all(Check::PrimeSmaller { than: 17 }), primes);
        let multiples: BTreeSet<String> = expected(&["994", "1,001", "1,008"]);
        let within = Check::MultipleWithin {
            of: 7,
            from: 990,
            to: 1008,
        };
        assert_eq!(all(within), multiples);
        let sums: BTreeSet<String> = expected(&["0 and 2", "1 and 1", "2 and 0"]);
        assert_eq!(all(Check::SumsTo { sum: 2 }), sums);
    }

    #[test]
    fn whole_fractions_are_written_as_numbers() {
        let written = |numerator, denominator| {
            all(Check::Fraction {
                numerator,
                denominator,
            })
        };
        assert_eq!(written(1, 1), ["1".to_owned()].into());
        assert_eq!(written(3, 4), ["3/4".to_owned()].into());
    }
}
