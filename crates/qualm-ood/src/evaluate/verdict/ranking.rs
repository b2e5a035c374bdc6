use std::cmp::Reverse;

use qualm_report::{Tone, Verdict};

use super::against::Against;
use crate::evaluate::result::{DetectorResult, Evaluation};
use crate::evaluate::words::{count, list};

impl Evaluation {
    pub(super) fn ranking_verdict(&self) -> Option<Verdict> {
        let challenger = self.detectors.get(self.challenger)?;
        let ranks = match self.detectors.len() {
            1 => self.reach(challenger),
            _ => self.ranks_best(),
        };
        let Some(baseline) = self.baseline.and_then(|at| self.detectors.get(at)) else {
            return Some(Verdict::new(Tone::Note, ranks));
        };
        let against = Against::of(self, challenger);
        let names = (challenger.name.as_str(), baseline.name.as_str());
        let words = against.in_words(names, 1.0 - self.options.level);
        Some(Verdict::new(against.tone(), format!("{ranks} {words}")))
    }

    /// `By AUROC vim ranks best on 4 of 5 sets, msp on 1; the best mean is that of msp (0.930).`
    fn ranks_best(&self) -> String {
        let wins = self.wins();
        let [(first, sets), others @ ..] = wins.as_slice() else {
            return String::new();
        };
        let total = self.sets.len();
        let on = |sets: &[&str], unit: &str| match total {
            1 => list(sets),
            _ if sets.len() == total => format!("all {total} sets"),
            _ => format!("{}{unit}", sets.len()),
        };
        let of_all = format!(" of {}", count(total, "set"));
        let mut text = format!("By AUROC {first} ranks best on {}", on(sets, &of_all));
        for (name, sets) in others {
            text += &format!(", {name} on {}", on(sets, ""));
        }
        match self.best_mean() {
            Some((best, mean)) if best != *first => {
                text + &format!("; the best mean is that of {best} ({mean:.3}).")
            }
            _ => text + ".",
        }
    }

    /// The detectors that rank best somewhere and the sets where they do, most sets first. Those
    /// that share the best AUROC of a set all rank best there.
    fn wins(&self) -> Vec<(&str, Vec<&str>)> {
        let auroc = |detector: &DetectorResult, set: usize| {
            let result = detector.sets.get(set);
            result.map(|result| result.auroc.value)
        };
        let best = |detector: &DetectorResult, set: usize| {
            let others = &mut self.detectors.iter();
            others.all(|other| auroc(detector, set) >= auroc(other, set))
        };
        let mut wins: Vec<(&str, Vec<&str>)> = Vec::new();
        for detector in &self.detectors {
            let sets = self.sets.iter().enumerate();
            let won: Vec<&str> = sets
                .filter(|(at, _)| best(detector, *at))
                .map(|(_, set)| set.name.as_str())
                .collect();
            if !won.is_empty() {
                wins.push((&detector.name, won));
            }
        }
        // Stable: detectors that rank best equally often stay in their order.
        wins.sort_by_key(|(_, sets)| Reverse(sets.len()));
        wins
    }

    /// The detector with the highest mean AUROC, where there are several sets.
    fn best_mean(&self) -> Option<(&str, f64)> {
        let detectors = self.detectors.iter().enumerate();
        let means = detectors
            .filter_map(|(at, detector)| Some((detector.name.as_str(), self.mean(at, "auroc")?)));
        let best = means.max_by(|a, b| a.1.total_cmp(&b.1));
        best.filter(|_| self.sets.len() > 1)
    }

    /// `vim reaches a mean AUROC of 0.920 over 5 sets, from 0.778 on omniglot to 0.989 on noise.`
    fn reach(&self, detector: &DetectorResult) -> String {
        let names = self.sets.iter().map(|set| set.name.as_str());
        let aurocs = detector.sets.iter().map(|result| result.auroc.value);
        let mut reached: Vec<(&str, f64)> = names.zip(aurocs).collect();
        reached.sort_by(|a, b| a.1.total_cmp(&b.1));
        let on = |(set, auroc): &(&str, f64)| format!("{auroc:.3} on {set}");
        match reached.as_slice() {
            [] => String::new(),
            [only] => format!("{} reaches an AUROC of {}.", detector.name, on(only)),
            [lowest, .., highest] => {
                let sum: f64 = reached.iter().map(|(_, auroc)| auroc).sum();
                format!(
                    "{} reaches a mean AUROC of {:.3} over {} sets, from {} to {}.",
                    detector.name,
                    sum / reached.len() as f64,
                    reached.len(),
                    on(lowest),
                    on(highest)
                )
            }
        }
    }
}
