//! Operands, drawn at random, and the question that they make.

use qualm_stats::random::Stream;

use super::check::Check;
use super::family::Family;
use super::gold::gold;
use super::number::written;
use super::subtask::{Profile, Subtask};

/// Percentages that questions ask for.
const PERCENTAGES: [i64; 11] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 25, 75];

/// What numbers are rounded to.
const ROUND_TO: [i64; 3] = [5, 10, 100];

/// A question without its place in a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) text: String,
    pub(crate) check: Check,
    /// An answer that the check accepts.
    pub(crate) gold: String,
}

impl Subtask {
    /// Draws a question.
    ///
    /// Operands are uniform over the numbers of their digits, one digit being 1 to 9. Two operands
    /// are swapped half the time, except in sequences, rounding, percentages, fractions and
    /// multiples. Quotients come out whole because a is then multiplied by b; what is asked about
    /// remainders gets one added.
    pub(crate) fn draw(&self, stream: &mut Stream) -> Drawn {
        let (text, check) = match self.profile {
            Profile::Full => self.in_words(stream),
            Profile::Tiny => self.as_equation(stream),
        };
        let gold = gold(&check, stream, self.commas);
        Drawn { text, check, gold }
    }

    fn in_words(&self, stream: &mut Stream) -> (String, Check) {
        let w = |number| written(number, self.commas);
        let equals = |value| Check::Equals { value };
        match self.family {
            Family::Add => {
                let (a, b) = self.pair(stream);
                (format!("What is {} + {}?", w(a), w(b)), equals(a + b))
            }
            Family::Subtract => {
                let (a, b) = self.pair(stream);
                (format!("What is {} - {}?", w(a), w(b)), equals(a - b))
            }
            Family::MoreThan => {
                let (a, b) = self.pair(stream);
                (
                    format!("What is {} more than {}?", w(b), w(a)),
                    equals(a + b),
                )
            }
            Family::LessThan => {
                let (a, b) = self.pair(stream);
                (
                    format!("What is {} less than {}?", w(b), w(a)),
                    equals(a - b),
                )
            }
            Family::Round => {
                let a = self.first(stream);
                let to = one_of(&ROUND_TO, stream);
                let text = format!("What is {} rounded to the nearest {to}?", w(a));
                (text, equals(rounded(a, to)))
            }
            Family::Sequence => {
                let (start, step) = self.unswapped(stream);
                let [t0, t1, t2, t3, t4] = [0, 1, 2, 3, 4].map(|at| start + at * step);
                let text = format!("What comes next: {t0}, {t1}, {t2}, {t3}...?");
                (text, equals(t4))
            }
            Family::AddThree => {
                let [a, b, c] = [(); 3].map(|()| self.first(stream));
                (format!("What is {a} + {b} + {c}?"), equals(a + b + c))
            }
            Family::Multiply => {
                let (a, b) = self.pair(stream);
                (format!("What is {} * {}?", w(a), w(b)), equals(a * b))
            }
            Family::MultiplyThree => {
                let [a, b, c] = [(); 3].map(|()| self.first(stream));
                (format!("What is {a} * {b} * {c}?"), equals(a * b * c))
            }
            Family::Divide => {
                let (a, b) = self.pair(stream);
                (format!("What is {} / {}?", w(a * b), w(b)), equals(a))
            }
            Family::FloorDivide => {
                let (a, b, more) = self.division(stream);
                let text = format!("What is {} // {}?", w(a * b + more), w(b));
                (text, equals(a))
            }
            Family::Modulo => {
                let (a, b, more) = self.division(stream);
                let text = format!("What is {} mod {}?", w(a * b + more), w(b));
                (text, equals(more))
            }
            Family::Remainder => {
                let (a, b, more) = self.division(stream);
                let (a, b) = (w(a * b + more), w(b));
                let text = format!("What is the remainder when {a} is divided by {b}?");
                (text, equals(more))
            }
            Family::Percent => {
                let percentage = one_of(&PERCENTAGES, stream);
                let a = self.percent_base(percentage, stream);
                let text = format!("What is {percentage}% of {}?", w(a));
                (text, equals(percentage * a / 100))
            }
            Family::Fraction => {
                let (a, b) = self.unswapped(stream);
                let times = between(1, 10, stream);
                let (above, below) = (a.min(b) * times, a.max(b) * times);
                let common = greatest_common_divisor(above, below);
                let check = Check::Fraction {
                    numerator: above / common,
                    denominator: below / common,
                };
                (format!("What is {above}/{below} in reduced form?"), check)
            }
            Family::Smaller => {
                let than = self.first(stream);
                let text = format!("Name any number smaller than {than}?");
                (text, Check::Smaller { than })
            }
            Family::Larger => {
                let than = self.first(stream);
                let text = format!("Name any number larger than {than}?");
                (text, Check::Larger { than })
            }
            Family::PrimeSmaller => {
                let than = self.first(stream);
                let text = format!("Name any prime number smaller than {than}?");
                (text, Check::PrimeSmaller { than })
            }
            Family::SquareSmaller => {
                let than = self.first(stream);
                let text = format!("Name any perfect square smaller than {than}?");
                (text, Check::SquareSmaller { than })
            }
            Family::TwoSum => {
                let sum = self.first(stream);
                let text = format!("Name two numbers that sum to {sum}?");
                (text, Check::SumsTo { sum })
            }
            Family::Multiple => self.multiple(stream),
        }
    }

    fn as_equation(&self, stream: &mut Stream) -> (String, Check) {
        let (a, b) = self.pair(stream);
        let (sign, value) = match self.family {
            Family::Subtract => ('-', a - b),
            Family::Multiply => ('*', a * b),
            _ => ('+', a + b),
        };
        (format!("{a} {sign} {b} ="), Check::Equals { value })
    }

    /// Bounds that hold a multiple at least: the upper one moves up where they are too close. The
    /// multiplier, alone, never has commas.
    fn multiple(&self, stream: &mut Stream) -> (String, Check) {
        let of = self.first(stream);
        let digits = self.second.unwrap_or(self.first);
        let [one, other] = [(); 2].map(|()| with_digits(digits, stream));
        let (from, mut to) = (one.min(other), one.max(other));
        if to - from < of {
            to += of;
        }
        let [low, high] = [from, to].map(|bound| written(bound, self.commas));
        let text = format!("Name a single multiple of {of} between {low} and {high}?");
        (text, Check::MultipleWithin { of, from, to })
    }

    /// Multiples of 4 for quarters, of 10 for tenths. The bounds of a are rounded down after they
    /// are divided, so that 8 counts as a number of two digits, as in the paper.
    fn percent_base(&self, percentage: i64, stream: &mut Stream) -> i64 {
        let step = if percentage % 10 == 0 { 10 } else { 4 };
        let (low, high) = range(self.first);
        step * between(low / step, high / step, stream)
    }

    fn first(&self, stream: &mut Stream) -> i64 {
        with_digits(self.first, stream)
    }

    fn unswapped(&self, stream: &mut Stream) -> (i64, i64) {
        let a = self.first(stream);
        (a, with_digits(self.second.unwrap_or(self.first), stream))
    }

    fn pair(&self, stream: &mut Stream) -> (i64, i64) {
        let (a, b) = self.unswapped(stream);
        if stream.below(2) == 1 { (b, a) } else { (a, b) }
    }

    /// A quotient, what it is divided by, and a remainder.
    fn division(&self, stream: &mut Stream) -> (i64, i64, i64) {
        let (a, b) = self.pair(stream);
        (a, b, between(0, b - 1, stream))
    }
}

/// The nearest multiple, of two equally near ones the even one: 25 to the nearest 10 is 20.
fn rounded(number: i64, to: i64) -> i64 {
    let (times, rest) = (number / to, number % to);
    let up = 2 * rest > to || 2 * rest == to && times % 2 == 1;
    (times + i64::from(up)) * to
}

/// The smallest and the largest number of so many digits, 0 being none.
fn range(digits: u8) -> (i64, i64) {
    let low = 10_i64.pow(u32::from(digits.max(1)) - 1);
    (low, 10 * low - 1)
}

fn with_digits(digits: u8, stream: &mut Stream) -> i64 {
    let (low, high) = range(digits);
    between(low, high, stream)
}

/// A whole number from `low` to `high`, both included.
pub(crate) fn between(low: i64, high: i64, stream: &mut Stream) -> i64 {
    low + stream.below((high - low + 1) as usize) as i64
}

pub(crate) fn one_of(choices: &[i64], stream: &mut Stream) -> i64 {
    choices[stream.below(choices.len())]
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(family: Family) -> Vec<(Subtask, Drawn)> {
        let mut stream = Stream::new(1, 0);
        let subtasks = Profile::Full.subtasks().into_iter();
        subtasks
            .filter(|subtask| subtask.family == family)
            .flat_map(|subtask| [(); 200].map(|()| (subtask, subtask.draw(&mut stream))))
            .collect()
    }

    /// The numbers that stand in a text, commas left out.
    fn numbers(text: &str) -> Vec<i64> {
        let plain = text.replace(',', "");
        let digits = plain.split(|c: char| !c.is_ascii_digit());
        digits.filter_map(|number| number.parse().ok()).collect()
    }

    #[test]
    fn ties_go_to_the_even_multiple() {
        for (number, to, expected) in [
            (25, 10, 20),
            (35, 10, 40),
            (26, 10, 30),
            (50, 100, 0),
            (150, 100, 200),
            (12, 5, 10),
            (13, 5, 15),
        ] {
            assert_eq!(rounded(number, to), expected, "{number} to {to}");
        }
    }

    #[test]
    fn operands_are_uniform_over_their_digits_and_swapped_half_the_time() {
        let subtask = Profile::Tiny.subtasks()[1];
        assert_eq!(subtask.to_string(), "equation-add-1x2");
        let mut stream = Stream::new(2, 0);
        let mut short_first = 0;
        let mut ends = [0; 2];
        for _ in 0..9000 {
            let (a, b) = subtask.pair(&mut stream);
            let (short, long) = (a.min(b), a.max(b));
            assert!((1..10).contains(&short) && (10..100).contains(&long));
            short_first += u32::from(a < b);
            ends[0] += u32::from(short == 1 || long == 10);
            ends[1] += u32::from(short == 9 || long == 99);
        }
        // Five standard deviations of 4500 are 237; of 9000 * (1/9 + 1/90 - 1/810), 155.
        assert!(short_first.abs_diff(4500) < 237, "{short_first}");
        assert!(
            ends.iter().all(|end: &u32| end.abs_diff(1089) < 155),
            "{ends:?}"
        );
    }

    #[test]
    fn what_is_asked_has_the_answer_that_the_words_say() {
        for (_, drawn) in of(Family::LessThan) {
            let [b, a] = numbers(&drawn.text)[..] else {
                panic!("{}", drawn.text)
            };
            assert_eq!(drawn.check, Check::Equals { value: a - b });
        }
        for family in [Family::Modulo, Family::Remainder] {
            for (_, drawn) in of(family) {
                let [a, b] = numbers(&drawn.text)[..] else {
                    panic!("{}", drawn.text)
                };
                assert_eq!(drawn.check, Check::Equals { value: a % b });
            }
        }
        for family in [Family::Divide, Family::FloorDivide] {
            for (_, drawn) in of(family) {
                let [a, b] = numbers(&drawn.text)[..] else {
                    panic!("{}", drawn.text)
                };
                assert_eq!(drawn.check, Check::Equals { value: a / b });
                assert!(
                    family == Family::FloorDivide || a % b == 0,
                    "{}",
                    drawn.text
                );
            }
        }
    }

    #[test]
    fn percentages_come_out_whole_and_two_digits_include_8() {
        for (subtask, drawn) in of(Family::Percent) {
            let [percentage, a] = numbers(&drawn.text)[..] else {
                panic!("{}", drawn.text)
            };
            assert_eq!(percentage * a % 100, 0, "{}", drawn.text);
            assert_eq!(
                drawn.check,
                Check::Equals {
                    value: percentage * a / 100
                }
            );
            assert!(a == 8 || a >= range(subtask.first).0, "{}", drawn.text);
        }
        let two_digits = of(Family::Percent)[0].0;
        let mut stream = Stream::new(3, 0);
        let quarters: Vec<i64> = (0..1000)
            .map(|_| two_digits.percent_base(25, &mut stream))
            .collect();
        assert_eq!(
            quarters.iter().min().zip(quarters.iter().max()),
            Some((&8, &96))
        );
    }

    #[test]
    fn fractions_are_proper_and_golds_are_reduced() {
        for (_, drawn) in of(Family::Fraction) {
            let [above, below] = numbers(&drawn.text)[..] else {
                panic!("{}", drawn.text)
            };
            let Check::Fraction {
                numerator,
                denominator,
            } = drawn.check
            else {
                panic!("{:?}", drawn.check)
            };
            assert!(above <= below, "{}", drawn.text);
            assert_eq!(above * denominator, below * numerator);
            assert_eq!(greatest_common_divisor(numerator, denominator), 1);
        }
    }

    #[test]
    fn bounds_of_multiples_hold_one_and_the_multiplier_has_no_commas() {
        for (subtask, drawn) in of(Family::Multiple) {
            let Check::MultipleWithin { of, from, to } = drawn.check else {
                panic!("{:?}", drawn.check)
            };
            assert!(from <= to && to - from >= of, "{}", drawn.text);
            let commas = drawn.text.matches(',').count();
            assert_eq!(commas, if subtask.commas { 2 } else { 0 }, "{}", drawn.text);
        }
    }

    #[test]
    fn questions_read_as_in_the_paper() {
        let first = |family| of(family)[0].1.text.clone();
        let letters = |text: &str| -> String {
            let mut plain = text.replace(|c: char| c.is_ascii_digit(), "#");
            while plain.contains("##") {
                plain = plain.replace("##", "#");
            }
            plain
        };
        for (family, text) in [
            (Family::Add, "What is # + #?"),
            (Family::MoreThan, "What is # more than #?"),
            (Family::Round, "What is # rounded to the nearest #?"),
            (Family::Sequence, "What comes next: #, #, #, #...?"),
            (Family::MultiplyThree, "What is # * # * #?"),
            (Family::FloorDivide, "What is # // #?"),
            (Family::Percent, "What is #% of #?"),
            (Family::Fraction, "What is #/# in reduced form?"),
            (
                Family::SquareSmaller,
                "Name any perfect square smaller than #?",
            ),
            (Family::TwoSum, "Name two numbers that sum to #?"),
        ] {
            assert_eq!(letters(&first(family)), text);
        }
    }
}
