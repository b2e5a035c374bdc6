//! Conclusions in words, from the figures alone.

mod against;
mod alarms;
mod ranking;

use qualm_report::Verdict;

use super::result::Evaluation;

pub(super) use against::Winner;

impl Evaluation {
    /// How the detectors rank, whether false alarms keep their promise, and what the trap costs.
    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        let verdicts = [
            self.ranking_verdict(),
            self.alarm_verdict(),
            self.trap_verdict(),
        ];
        verdicts.into_iter().flatten().collect()
    }
}
