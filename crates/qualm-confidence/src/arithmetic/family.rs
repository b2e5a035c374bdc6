//! The 21 families of questions and their levels of difficulty.

use serde::{Deserialize, Serialize};

/// Which part of the suite a family belongs to: one to train on, two shifts from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Sums, differences, rounding, sequences: the training group.
    AddSubtract,
    /// Products, quotients, remainders, percentages, fractions: a shift of task and difficulty.
    MultiplyDivide,
    /// Questions with many right answers: a shift of what a confidence is about.
    MultiAnswer,
}

impl Group {
    /// All three, the training group first.
    pub const ALL: [Group; 3] = [
        Group::AddSubtract,
        Group::MultiplyDivide,
        Group::MultiAnswer,
    ];

    /// As it stands in files: `add-subtract`, `multiply-divide`, `multi-answer`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Group::AddSubtract => "add-subtract",
            Group::MultiplyDivide => "multiply-divide",
            Group::MultiAnswer => "multi-answer",
        }
    }

    /// Whether models may learn their confidence from it; the others are shifts.
    #[must_use]
    pub fn is_training(self) -> bool {
        self == Group::AddSubtract
    }
}

/// A kind of question. Its sub-tasks differ in the digits of the operands and in separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// `a + b`.
    Add,
    /// `a - b`.
    Subtract,
    /// `a + b`, asked as "b more than a".
    MoreThan,
    /// `a - b`, asked as "b less than a".
    LessThan,
    /// a to the nearest 5, 10 or 100, ties to even.
    Round,
    /// The fifth number of an arithmetic sequence.
    Sequence,
    /// `a + b + c`.
    AddThree,
    /// `a * b`.
    Multiply,
    /// `a * b * c`.
    MultiplyThree,
    /// `a / b` without remainder.
    Divide,
    /// `a // b`, rounded down.
    FloorDivide,
    /// `a mod b`.
    Modulo,
    /// The same in words.
    Remainder,
    /// A percentage of a.
    Percent,
    /// A fraction in lowest terms.
    Fraction,
    /// Any number below a bound.
    Smaller,
    /// Any number above a bound.
    Larger,
    /// Any prime below a bound.
    PrimeSmaller,
    /// Any square below a bound.
    SquareSmaller,
    /// Any two numbers of a given sum.
    TwoSum,
    /// Any multiple between two bounds, these included.
    Multiple,
}

/// Whether the operands of a level are written with commas between thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commas {
    Without,
    /// A sub-task without and one with them.
    Both,
    Only,
}

/// Digits of the first operand, digits of the second (0: there is none), commas.
pub(crate) type Level = (u8, u8, Commas);

struct Entry {
    family: Family,
    name: &'static str,
    group: Group,
    asks: &'static str,
    levels: &'static [Level],
}

use Commas::{Both, Only, Without};
use Group::{AddSubtract, MultiAnswer, MultiplyDivide};

const SUMS: &[Level] = &[
    (1, 1, Without),
    (1, 2, Without),
    (1, 3, Without),
    (1, 4, Both),
    (1, 5, Both),
    (2, 2, Without),
    (2, 3, Without),
    (2, 4, Both),
    (2, 5, Both),
    (3, 3, Without),
    (3, 4, Both),
    (3, 5, Both),
    (4, 4, Both),
    (4, 5, Both),
    (5, 5, Both),
];
const ROUNDED: &[Level] = &[(2, 0, Without), (3, 0, Without), (4, 0, Both), (5, 0, Both)];
const SEQUENCES: &[Level] = &[
    (1, 1, Without),
    (1, 2, Without),
    (1, 3, Without),
    (2, 2, Without),
    (2, 3, Without),
    (3, 3, Without),
];
const THREE: &[Level] = &[(1, 0, Without)];
const PRODUCTS: &[Level] = &[
    (1, 1, Without),
    (1, 2, Without),
    (1, 3, Without),
    (1, 4, Both),
    (1, 5, Both),
    (2, 2, Without),
    (2, 3, Without),
];
const QUOTIENTS: &[Level] = &[
    (1, 1, Without),
    (1, 2, Without),
    (1, 3, Both),
    (1, 4, Both),
    (1, 5, Both),
    (2, 2, Both),
    (2, 3, Both),
];
const FRACTIONS: &[Level] = &[
    (1, 1, Without),
    (1, 2, Without),
    (1, 3, Without),
    (1, 4, Without),
    (1, 5, Without),
    (2, 2, Without),
    (2, 3, Without),
];
const BOUNDS: &[Level] = &[(2, 0, Without), (3, 0, Without)];
const MULTIPLES: &[Level] = &[
    (1, 2, Without),
    (1, 3, Without),
    (2, 3, Without),
    (1, 4, Both),
    (2, 4, Only),
];

/// CalibratedMath, the suite of Lin, Hilton and Evans, "Teaching models to express their
/// uncertainty in words" (TMLR 2022), in the order of [`Family`].
#[rustfmt::skip]
const TABLE: [Entry; 21] = [
    entry(Family::Add, "add", AddSubtract, "What is a + b?", SUMS),
    entry(Family::Subtract, "subtract", AddSubtract, "What is a - b?", SUMS),
    entry(Family::MoreThan, "more-than", AddSubtract, "What is b more than a?", SUMS),
    entry(Family::LessThan, "less-than", AddSubtract, "What is b less than a?", SUMS),
    entry(Family::Round, "round", AddSubtract, "What is a rounded to the nearest b?", ROUNDED),
    entry(Family::Sequence, "sequence", AddSubtract, "What comes next: a, a+b, a+2b, a+3b...?", SEQUENCES),
    entry(Family::AddThree, "add-three", AddSubtract, "What is a + b + c?", THREE),
    entry(Family::Multiply, "multiply", MultiplyDivide, "What is a * b?", PRODUCTS),
    entry(Family::MultiplyThree, "multiply-three", MultiplyDivide, "What is a * b * c?", THREE),
    entry(Family::Divide, "divide", MultiplyDivide, "What is a / b?", QUOTIENTS),
    entry(Family::FloorDivide, "floor-divide", MultiplyDivide, "What is a // b?", QUOTIENTS),
    entry(Family::Modulo, "modulo", MultiplyDivide, "What is a mod b?", QUOTIENTS),
    entry(Family::Remainder, "remainder", MultiplyDivide, "What is the remainder when a is divided by b?", QUOTIENTS),
    entry(Family::Percent, "percent", MultiplyDivide, "What is p% of a?", ROUNDED),
    entry(Family::Fraction, "fraction", MultiplyDivide, "What is a/b in reduced form?", FRACTIONS),
    entry(Family::Smaller, "smaller", MultiAnswer, "Name any number smaller than a?", BOUNDS),
    entry(Family::Larger, "larger", MultiAnswer, "Name any number larger than a?", BOUNDS),
    entry(Family::PrimeSmaller, "prime-smaller", MultiAnswer, "Name any prime number smaller than a?", BOUNDS),
    entry(Family::SquareSmaller, "square-smaller", MultiAnswer, "Name any perfect square smaller than a?", BOUNDS),
    entry(Family::TwoSum, "two-sum", MultiAnswer, "Name two numbers that sum to a?", BOUNDS),
    entry(Family::Multiple, "multiple", MultiAnswer, "Name a single multiple of c between a and b?", MULTIPLES),
];

const fn entry(
    family: Family,
    name: &'static str,
    group: Group,
    asks: &'static str,
    levels: &'static [Level],
) -> Entry {
    Entry {
        family,
        name,
        group,
        asks,
        levels,
    }
}

impl Family {
    /// All 21, the training group first.
    pub fn all() -> impl Iterator<Item = Family> {
        TABLE.iter().map(|entry| entry.family)
    }

    /// As it stands in files: `more-than`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The group that it belongs to.
    #[must_use]
    pub fn group(self) -> Group {
        self.entry().group
    }

    /// Its question, operands as letters.
    ///
    /// ```
    /// use qualm_confidence::arithmetic::Family;
    ///
    /// assert_eq!(Family::Modulo.asks(), "What is a mod b?");
    /// ```
    #[must_use]
    pub fn asks(self) -> &'static str {
        self.entry().asks
    }

    pub(crate) fn levels(self) -> &'static [Level] {
        self.entry().levels
    }

    fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_families() {
        for (at, entry) in TABLE.iter().enumerate() {
            assert_eq!(entry.family as usize, at);
            let written = serde_json::to_value(entry.family).unwrap();
            assert_eq!(written, entry.name);
            assert_eq!(
                serde_json::to_value(entry.group).unwrap(),
                entry.group.name()
            );
        }
    }

    #[test]
    fn groups_have_7_8_and_6_families() {
        let count = |group| {
            Family::all()
                .filter(|family| family.group() == group)
                .count()
        };
        assert_eq!(Group::ALL.map(count), [7, 8, 6]);
    }
}
