//! Sub-tasks: a family at one level of difficulty.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::family::{Commas, Family, Group};

/// Which suite: the full one, or the one that small language models can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// 196 sub-tasks of 21 families, asked in words.
    Full,
    /// Nine sub-tasks of equations such as `3 + 4 =` with operands of one or two digits; sums
    /// and differences to learn from, products as the shift.
    Tiny,
}

impl Profile {
    /// As it stands in files and is typed: `full`, `tiny`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Profile::Full => "full",
            Profile::Tiny => "tiny",
        }
    }

    /// All its sub-tasks, family by family.
    ///
    /// ```
    /// use qualm_confidence::arithmetic::{Group, Profile};
    ///
    /// let subtasks = Profile::Full.subtasks();
    /// let of = |group| subtasks.iter().filter(|subtask| subtask.group() == group).count();
    /// assert_eq!(Group::ALL.map(of), [109, 71, 16]);
    /// ```
    #[must_use]
    pub fn subtasks(self) -> Vec<Subtask> {
        match self {
            Profile::Full => Family::all().flat_map(of_family).collect(),
            Profile::Tiny => [Family::Add, Family::Subtract, Family::Multiply]
                .into_iter()
                .flat_map(|family| {
                    [(1, 1), (1, 2), (2, 2)].map(|(first, second)| Subtask {
                        profile: Profile::Tiny,
                        family,
                        first,
                        second: Some(second),
                        commas: false,
                    })
                })
                .collect(),
        }
    }
}

fn of_family(family: Family) -> impl Iterator<Item = Subtask> {
    family
        .levels()
        .iter()
        .flat_map(move |&(first, second, commas)| {
            let variants: &[bool] = match commas {
                Commas::Without => &[false],
                Commas::Both => &[false, true],
                Commas::Only => &[true],
            };
            variants.iter().map(move |&commas| Subtask {
                profile: Profile::Full,
                family,
                first,
                second: (second > 0).then_some(second),
                commas,
            })
        })
}

/// A family with operands of so many digits, with or without commas between thousands.
///
/// Its accuracy is what a model that is trained on the suite should state as its confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subtask {
    pub(crate) profile: Profile,
    pub(crate) family: Family,
    pub(crate) first: u8,
    pub(crate) second: Option<u8>,
    pub(crate) commas: bool,
}

impl Subtask {
    /// What kind of question it asks.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The group of its family.
    #[must_use]
    pub fn group(&self) -> Group {
        self.family.group()
    }

    /// Digits of the operands: `1x4`, or `2` where the level has one number.
    #[must_use]
    pub fn digits(&self) -> String {
        match self.second {
            Some(second) => format!("{}x{second}", self.first),
            None => self.first.to_string(),
        }
    }

    /// Its question, operands as letters: `What is a + b?`, `a + b =`.
    #[must_use]
    pub fn asks(&self) -> &'static str {
        match (self.profile, self.family) {
            (Profile::Full, family) => family.asks(),
            (Profile::Tiny, Family::Subtract) => "a - b =",
            (Profile::Tiny, Family::Multiply) => "a * b =",
            (Profile::Tiny, _) => "a + b =",
        }
    }

    /// Whether operands are written with commas between thousands.
    #[must_use]
    pub fn has_commas(&self) -> bool {
        self.commas
    }
}

/// Its name in files: `add-1x4-commas`, `equation-add-1x1`.
impl fmt::Display for Subtask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wording = match self.profile {
            Profile::Full => "",
            Profile::Tiny => "equation-",
        };
        let commas = if self.commas { "-commas" } else { "" };
        write!(
            f,
            "{wording}{}-{}{commas}",
            self.family.name(),
            self.digits()
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn count(family: Family) -> usize {
        of_family(family).count()
    }

    #[test]
    fn families_have_as_many_subtasks_as_the_paper_says() {
        assert_eq!(Profile::Full.subtasks().len(), 196);
        let sums = [
            Family::Add,
            Family::Subtract,
            Family::MoreThan,
            Family::LessThan,
        ];
        assert_eq!(sums.map(count), [24; 4]);
        let quotients = [
            Family::Divide,
            Family::FloorDivide,
            Family::Modulo,
            Family::Remainder,
        ];
        assert_eq!(quotients.map(count), [12; 4]);
        let others = [
            (Family::Round, 6),
            (Family::Sequence, 6),
            (Family::AddThree, 1),
            (Family::Multiply, 9),
            (Family::MultiplyThree, 1),
            (Family::Percent, 6),
            (Family::Fraction, 7),
            (Family::Smaller, 2),
            (Family::Larger, 2),
            (Family::PrimeSmaller, 2),
            (Family::SquareSmaller, 2),
            (Family::TwoSum, 2),
            (Family::Multiple, 6),
        ];
        for (family, expected) in others {
            assert_eq!(count(family), expected, "{family:?}");
        }
    }

    #[test]
    fn names_tell_subtasks_apart() {
        let all = [Profile::Full, Profile::Tiny]
            .map(Profile::subtasks)
            .concat();
        let names: BTreeSet<String> = all.iter().map(Subtask::to_string).collect();
        assert_eq!(names.len(), 196 + 9);
        for name in ["add-1x4-commas", "round-2", "equation-multiply-2x2"] {
            assert!(names.contains(name), "{name}");
        }
    }
}
