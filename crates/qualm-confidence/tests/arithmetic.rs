//! What holds of every suite, whatever its seed.

use std::collections::HashSet;

use proptest::prelude::*;
use qualm_confidence::arithmetic::{Check, Format, Group, Profile, Suite};

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Full), Just(Profile::Tiny)]
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![
        Just(Format::Answer),
        Just(Format::Number),
        Just(Format::Words),
        Just(Format::Names),
        Just(Format::TrueFalse),
    ]
}

fn check() -> impl Strategy<Value = Check> {
    let number = || -1_000_000_i64..1_000_000;
    prop_oneof![
        number().prop_map(|value| Check::Equals { value }),
        (number(), number()).prop_map(|(numerator, denominator)| Check::Fraction {
            numerator,
            denominator
        }),
        number().prop_map(|than| Check::Smaller { than }),
        number().prop_map(|than| Check::Larger { than }),
        number().prop_map(|than| Check::PrimeSmaller { than }),
        number().prop_map(|than| Check::SquareSmaller { than }),
        number().prop_map(|sum| Check::SumsTo { sum }),
        (number(), number(), number()).prop_map(|(of, from, to)| Check::MultipleWithin {
            of,
            from,
            to
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn golds_are_accepted_ids_are_unique_and_groups_have_their_sizes(
        profile in profile(),
        seed in any::<u64>(),
        per_subtask in 1_usize..4,
    ) {
        let mut ids = HashSet::new();
        let mut sizes = [0; 3];
        for question in Suite::new(profile, per_subtask, seed).questions() {
            prop_assert!(question.accepts(&question.gold), "{:?}", question);
            // As a model writes it that has learned the form.
            let written = format!(" {}.\n\nQ: What is 1 + 1?", question.gold);
            prop_assert!(question.accepts(&written), "{:?}", question);
            sizes[question.shift.split as usize] += 1;
            prop_assert!(ids.insert(question.id));
        }
        let expected = match profile {
            Profile::Full => [109, 71, 16],
            Profile::Tiny => [6, 3, 0],
        };
        prop_assert_eq!(sizes, expected.map(|subtasks| subtasks * per_subtask));
    }

    #[test]
    fn prompts_end_with_their_question_after_as_many_examples(
        profile in profile(),
        format in format(),
        seed in any::<u64>(),
        shots in 0_usize..12,
    ) {
        let suite = Suite::new(profile, 1, seed).asking(format, shots).unwrap();
        for line in suite.lines() {
            let opening = line.question.opening();
            prop_assert!(line.prompt.ends_with(&opening));
            let examples = line.prompt.matches(if profile == Profile::Full { "A:" } else { " =" });
            prop_assert_eq!(examples.count(), shots + 1);
            let first = opening.lines().next().unwrap();
            let alike = line.prompt.lines().filter(|line| line.starts_with(first));
            prop_assert_eq!(alike.count(), 1);
        }
    }

    #[test]
    fn no_answer_brings_the_checker_down(
        check in check(),
        answer in prop_oneof![
            any::<String>(),
            "[-+\u{2212}]?[0-9]{1,50}([,.][0-9]{0,40}){0,3}( ?(and|[,/+]) ?-?[0-9.]{0,40})?",
        ],
    ) {
        let accepted = check.accepts(&answer);
        // What follows the line changes nothing.
        prop_assert_eq!(check.accepts(&format!("{answer}\n7")), accepted);
    }

    #[test]
    fn a_number_is_right_in_digits_alone_and_with_commas(value in any::<i32>()) {
        let value = i64::from(value);
        let check = Check::Equals { value };
        prop_assert!(check.accepts(&value.to_string()));
        prop_assert!(!check.accepts(&(value + 1).to_string()));
        let digits = value.abs().to_string();
        let groups: Vec<&str> = (0..digits.len())
            .rev()
            .step_by(3)
            .map(|end| &digits[end.saturating_sub(2)..=end])
            .collect();
        let sign = if value < 0 { "-" } else { "" };
        let commas = groups.into_iter().rev().collect::<Vec<_>>().join(",");
        let written = format!("{sign}{commas}");
        prop_assert!(check.accepts(&written));
    }
}

#[test]
fn groups_are_counted_in_their_order() {
    assert_eq!(Group::ALL.map(|group| group as usize), [0, 1, 2]);
}
