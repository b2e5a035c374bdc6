use qualm_report::Tone;

use crate::evaluate::compare::Comparison;
use crate::evaluate::result::{DetectorResult, Evaluation};
use crate::evaluate::words::{level, list};

/// Who ranks better on a set, as far as the adjusted p-value tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evaluate) enum Winner {
    Detector,
    Baseline,
    Neither,
}

impl Winner {
    pub(in crate::evaluate) fn of(tested: &Comparison, level: f64) -> Self {
        if tested.p_holm > 1.0 - level {
            Self::Neither
        } else if tested.difference > 0.0 {
            Self::Detector
        } else {
            Self::Baseline
        }
    }
}

/// How a detector fares against the baseline: sets with their adjusted p-values.
#[derive(Debug, Default)]
pub(super) struct Against<'a> {
    won: Vec<(&'a str, f64)>,
    lost: Vec<(&'a str, f64)>,
    /// Higher, but no further than chance explains.
    ahead: Vec<(&'a str, f64)>,
    /// Not higher, but no further behind than chance explains.
    behind: Vec<(&'a str, f64)>,
    untested: Vec<&'a str>,
}

impl<'a> Against<'a> {
    pub(super) fn of(evaluation: &'a Evaluation, detector: &DetectorResult) -> Self {
        let mut against = Self::default();
        for (set, result) in evaluation.sets.iter().zip(&detector.sets) {
            let Some(tested) = &result.against_baseline else {
                against.untested.push(&set.name);
                continue;
            };
            let sets = match Winner::of(tested, evaluation.options.level) {
                Winner::Detector => &mut against.won,
                Winner::Baseline => &mut against.lost,
                Winner::Neither if tested.difference > 0.0 => &mut against.ahead,
                Winner::Neither => &mut against.behind,
            };
            sets.push((&set.name, tested.p_holm));
        }
        against
    }

    pub(super) fn tone(&self) -> Tone {
        match (self.won.is_empty(), self.lost.is_empty()) {
            (false, true) => Tone::Good,
            (false, false) => Tone::Mixed,
            (true, false) => Tone::Bad,
            (true, true) => Tone::Note,
        }
    }

    /// `vim beats msp on textures and noise (p < 0.001) and loses to it on omniglot (p < 0.001).`
    /// The names are those of the detector and of the baseline.
    pub(super) fn in_words(&self, (detector, baseline): (&str, &str), alpha: f64) -> String {
        let sentences = [
            self.decided(detector, baseline),
            self.undecided(detector, baseline),
            self.not_tested(),
            self.test_in_words(alpha),
        ];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        sentences.join(" ")
    }

    fn decided(&self, detector: &str, baseline: &str) -> Option<String> {
        let on = |sets: &[(&str, f64)]| {
            let largest = sets.iter().map(|set| set.1).fold(0.0, f64::max);
            format!("{} ({})", names(sets), at_most(largest))
        };
        match (self.won.as_slice(), self.lost.as_slice()) {
            ([], []) => None,
            (won, []) => Some(format!("{detector} beats {baseline} on {}.", on(won))),
            ([], lost) => Some(format!("{detector} loses to {baseline} on {}.", on(lost))),
            (won, lost) => Some(format!(
                "{detector} beats {baseline} on {} and loses to it on {}.",
                on(won),
                on(lost)
            )),
        }
    }

    fn undecided(&self, detector: &str, baseline: &str) -> Option<String> {
        let sets = [self.ahead.as_slice(), &self.behind].concat();
        let smallest = sets.iter().map(|set| set.1).fold(1.0, f64::min);
        let stands = match (self.ahead.as_slice(), self.behind.as_slice()) {
            ([], []) => return None,
            (ahead, []) => format!("ahead of {baseline} on {}", names(ahead)),
            ([], behind) => format!("not ahead of {baseline} on {}", names(behind)),
            (ahead, behind) => format!(
                "ahead of {baseline} on {} and not on {}",
                names(ahead),
                names(behind)
            ),
        };
        // Rounded down, so that the bound is true.
        let bound = (smallest * 1000.0).floor() / 1000.0;
        Some(format!(
            "{detector} is {stands}, by no more than chance explains (p ≥ {bound:.3})."
        ))
    }

    fn not_tested(&self) -> Option<String> {
        let sets = list(&self.untested);
        let some = !self.untested.is_empty();
        some.then(|| format!("Fewer than two rows leave {sets} without a test."))
    }

    fn test_in_words(&self, alpha: f64) -> Option<String> {
        let tests = self.won.len() + self.lost.len() + self.ahead.len() + self.behind.len();
        let alpha = level(alpha);
        match tests {
            0 => None,
            1 => Some(format!("(Paired DeLong test at {alpha}.)")),
            _ => Some(format!(
                "(Paired DeLong tests at {alpha}, p-values adjusted by Holm for {tests} sets.)"
            )),
        }
    }
}

fn names(sets: &[(&str, f64)]) -> String {
    let names: Vec<&str> = sets.iter().map(|(name, _)| *name).collect();
    list(&names)
}

/// A bound that the p-values of several sets keep.
fn at_most(p: f64) -> String {
    if p < 0.001 {
        return "p < 0.001".to_owned();
    }
    // Rounded up, so that the bound is true.
    format!("p ≤ {:.3}", (p * 1000.0).ceil() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (&str, f64) = ("a", 0.0002);
    const B: (&str, f64) = ("b", 0.0004);
    const C: (&str, f64) = ("c", 0.0311);

    #[track_caller]
    fn check(against: &Against<'_>, words: &str, tone: Tone) {
        assert_eq!(against.in_words(("vim", "msp"), 0.05), words);
        assert_eq!(against.tone(), tone);
    }

    #[test]
    fn a_win_on_every_set_is_good() {
        let against = Against {
            won: vec![A, B],
            ..Against::default()
        };
        check(
            &against,
            "vim beats msp on a and b (p < 0.001). (Paired DeLong tests at 5 %, p-values adjusted \
             by Holm for 2 sets.)",
            Tone::Good,
        );
    }

    #[test]
    fn wins_and_losses_are_mixed() {
        let against = Against {
            won: vec![A, B],
            lost: vec![C],
            ..Against::default()
        };
        check(
            &against,
            "vim beats msp on a and b (p < 0.001) and loses to it on c (p ≤ 0.032). (Paired DeLong \
             tests at 5 %, p-values adjusted by Holm for 3 sets.)",
            Tone::Mixed,
        );
    }

    #[test]
    fn a_loss_alone_is_bad() {
        let against = Against {
            lost: vec![C],
            ..Against::default()
        };
        check(
            &against,
            "vim loses to msp on c (p ≤ 0.032). (Paired DeLong test at 5 %.)",
            Tone::Bad,
        );
    }

    #[test]
    fn what_chance_explains_is_neither() {
        let against = Against {
            ahead: vec![("d", 0.2119)],
            behind: vec![("e", 1.0)],
            ..Against::default()
        };
        check(
            &against,
            "vim is ahead of msp on d and not on e, by no more than chance explains (p ≥ 0.211). \
             (Paired DeLong tests at 5 %, p-values adjusted by Holm for 2 sets.)",
            Tone::Note,
        );
    }

    #[test]
    fn what_cannot_be_tested_is_said() {
        let against = Against {
            untested: vec!["a"],
            ..Against::default()
        };
        check(
            &against,
            "Fewer than two rows leave a without a test.",
            Tone::Note,
        );
    }
}
