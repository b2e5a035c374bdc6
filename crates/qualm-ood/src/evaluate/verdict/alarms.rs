use qualm_report::{Tone, Verdict};

use crate::evaluate::result::{Evaluation, ReferenceUsed};
use crate::evaluate::words::{level, list, percent};

/// A detector with the share of test rows that it flags.
type Share<'a> = (&'a str, f64);

impl Evaluation {
    /// Whether the false alarms lie where the exact law expects them.
    pub(super) fn alarm_verdict(&self) -> Option<Verdict> {
        let promise = self.promise.as_ref()?;
        let raised = self.detectors.iter();
        let raised: Vec<Share<'_>> = raised
            .filter_map(|detector| Some((detector.name.as_str(), detector.false_alarms?.share)))
            .collect();
        let reference = match promise.reference {
            ReferenceUsed::Bundle { rows } => {
                format!("with the bundle's reference of {rows} rows")
            }
            ReferenceUsed::CrossFitted { .. } => {
                "with each half of the test rows as the other's reference".to_owned()
            }
        };
        let [lo, hi] = promise.range;
        let promised = format!(
            "At a nominal {}, {reference}, {} of the test rows should raise false alarms ({} to {} \
             with a probability of {})",
            level(self.options.false_alarms),
            percent(promise.expected),
            percent(lo),
            percent(hi),
            level(self.options.level)
        );
        let too_many: Vec<_> = raised.iter().filter(|(_, share)| *share > hi).collect();
        let too_few: Vec<_> = raised.iter().filter(|(_, share)| *share < lo).collect();
        if too_many.is_empty() && too_few.is_empty() {
            let kept = match raised.as_slice() {
                [only] => format!("{} do with {}", percent(only.1), only.0),
                all => format!("all {} detectors keep to it", all.len()),
            };
            return Some(Verdict::new(Tone::Good, format!("{promised}: {kept}.")));
        }
        let challenger = self.detectors.get(self.challenger)?.name.as_str();
        let mut outside = too_many.iter().chain(&too_few);
        // One of several detectors is easily outside by chance.
        let tone = if outside.any(|(name, _)| *name == challenger) {
            Tone::Mixed
        } else {
            Tone::Note
        };
        let broken = [("more", too_many), ("fewer", too_few)];
        let broken = broken.into_iter().filter(|(_, who)| !who.is_empty());
        let broken: Vec<String> = broken
            .map(|(word, who)| format!("{word} come from {}", in_words(&who)))
            .collect();
        let chance = match raised.len() {
            1 => String::new(),
            _ => {
                let one_in = 1.0 / (1.0 - self.options.level);
                format!(" Chance puts one in {one_in:.0} detectors outside.")
            }
        };
        let text = format!("{promised}; {}.{chance}", broken.join("; "));
        Some(Verdict::new(tone, text))
    }

    /// What thresholds from the fitting rows would do.
    pub(super) fn trap_verdict(&self) -> Option<Verdict> {
        let most_by_chance = self.fitting_rows.as_ref()?.range[1];
        let share = |at: usize| {
            let detector = self.detectors.get(at)?;
            let share = detector.false_alarms_from_fitting_rows?;
            Some((detector.name.as_str(), share))
        };
        let all = (0..self.detectors.len()).filter_map(share);
        let worst = all.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let nominal = level(self.options.false_alarms);
        if worst.1 <= most_by_chance {
            let text = format!(
                "Thresholds taken from the fitting rows would raise at most {} false alarms here \
                 at a nominal {nominal} ({}), which chance explains; nothing promises it elsewhere.",
                percent(worst.1),
                worst.0
            );
            return Some(Verdict::new(Tone::Note, text));
        }
        // The verdict is about the challenger, where the trap catches it.
        let caught = share(self.challenger).filter(|(_, share)| *share > most_by_chance);
        let (name, share) = caught.unwrap_or(worst);
        let worse = if worst.1 > share {
            format!("; {} {}", worst.0, percent(worst.1))
        } else {
            String::new()
        };
        let text = format!(
            "Trap: thresholds taken from the fitting rows would raise {} false alarms at a nominal \
             {nominal} ({name}{worse}): new rows look odd beside rows that were fitted on.",
            percent(share)
        );
        Some(Verdict::new(Tone::Note, text))
    }
}

fn in_words(shares: &[&Share<'_>]) -> String {
    let words = shares
        .iter()
        .map(|(name, share)| format!("{name} ({})", percent(*share)));
    list(&words.collect::<Vec<_>>())
}
