//! Scoring the branches that came about.

use serde::Serialize;

use super::belief::{Belief, Branch};

/// How good the resolved branches of conditional beliefs were.
///
/// ```
/// use qualm_confidence::conditional::{Belief, Scores};
///
/// let beliefs: Vec<Belief> = serde_json::from_str(
///     r#"[
///         {"given": "B", "p": 0.8, "p_else": 0.1, "given_true": true, "event_true": true},
///         {"given": "B", "p": 0.9, "p_else": 0.4, "given_true": false, "event_true": false},
///         {"given": "B", "p": 0.99, "given_true": false, "event_true": false}
///     ]"#,
/// )?;
/// let scores = Scores::of(&beliefs);
/// assert_eq!((scores.resolved(), scores.beliefs), (2, 3));
/// // (.2^2 + .4^2) / 2
/// assert!((scores.brier.unwrap() - 0.1).abs() < 1e-12);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Scores {
    /// All beliefs.
    pub beliefs: usize,
    /// Those scored because B happened.
    pub resolved_if: usize,
    /// Those scored because B did not happen.
    pub resolved_else: usize,
    /// Those without a score because nothing was said of the branch that came about.
    pub called_off: usize,
    /// Those without a score because it is not known whether B, or whether A, happened.
    pub unknown: usize,
    /// The mean of (p - y)^2 over the resolved, p the stated probability and y what happened
    /// (1 or 0); none without any.
    pub brier: Option<f64>,
    /// The mean of -ln of the probability of what happened, in nats; none without any resolved
    /// ones, and where it is infinite because [`Scores::ruled_out`] is not 0.
    pub log_score: Option<f64>,
    /// Resolved beliefs that gave no chance to what happened.
    pub ruled_out: usize,
}

impl Scores {
    /// Scores all beliefs.
    #[must_use]
    pub fn of<'a>(beliefs: impl IntoIterator<Item = &'a Belief>) -> Scores {
        let mut scores = Scores::default();
        let (mut squares, mut logs) = (0.0, 0.0);
        for belief in beliefs {
            scores.beliefs += 1;
            let Some(resolved) = belief.resolved() else {
                match belief.given_true {
                    Some(true) if belief.p.is_none() => scores.called_off += 1,
                    Some(false) if belief.p_else.is_none() => scores.called_off += 1,
                    _ => scores.unknown += 1,
                }
                continue;
            };
            match resolved.branch {
                Branch::If => scores.resolved_if += 1,
                Branch::Else => scores.resolved_else += 1,
            }
            let of_what_happened = if resolved.happened {
                resolved.p
            } else {
                1.0 - resolved.p
            };
            squares += (1.0 - of_what_happened).powi(2);
            logs -= of_what_happened.ln();
            scores.ruled_out += usize::from(of_what_happened == 0.0);
        }
        let count = scores.resolved() as f64;
        if scores.resolved() > 0 {
            scores.brier = Some(squares / count);
            scores.log_score = (scores.ruled_out == 0).then_some(logs / count);
        }
        scores
    }

    /// Beliefs with a score.
    #[must_use]
    pub fn resolved(&self) -> usize {
        self.resolved_if + self.resolved_else
    }

    /// The share of beliefs without a score; 0 where there are no beliefs.
    #[must_use]
    pub fn unresolved_share(&self) -> f64 {
        let unresolved = self.beliefs - self.resolved();
        unresolved as f64 / self.beliefs.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beliefs(lines: &[&str]) -> Vec<Belief> {
        lines
            .iter()
            .map(|line| serde_json::from_str(&format!(r#"{{"given": "B", {line}}}"#)).unwrap())
            .collect()
    }

    #[test]
    fn what_an_unresolved_branch_says_changes_no_score() {
        let with = |p_else: f64| {
            Scores::of(&beliefs(&[
                &format!(r#""p": 0.7, "p_else": {p_else}, "given_true": true, "event_true": true"#),
                &format!(
                    r#""p": {p_else}, "p_else": 0.2, "given_true": false, "event_true": true"#
                ),
                &format!(r#""p": {p_else}, "given_true": false, "event_true": true"#),
                &format!(r#""p": {p_else}, "p_else": {p_else}, "event_true": true"#),
                &format!(r#""p": {p_else}, "p_else": {p_else}, "given_true": true"#),
            ]))
        };
        let scores = with(0.0);
        assert_eq!(scores, with(0.5));
        assert_eq!(scores, with(1.0));
        // .3^2 and .8^2; -ln .7 and -ln .2.
        assert!((scores.brier.unwrap() - 0.365).abs() < 1e-12);
        let logs = -(0.7_f64.ln() + 0.2_f64.ln()) / 2.0;
        assert!((scores.log_score.unwrap() - logs).abs() < 1e-12);
        assert_eq!((scores.resolved_if, scores.resolved_else), (1, 1));
        assert_eq!((scores.called_off, scores.unknown), (1, 2));
        assert!((scores.unresolved_share() - 0.6).abs() < 1e-12);
    }

    #[test]
    fn a_certainty_that_failed_has_no_finite_log_score() {
        let scores = Scores::of(&beliefs(&[
            r#""p": 0.0, "given_true": true, "event_true": true"#,
            r#""p": 0.0, "given_true": true, "event_true": false"#,
        ]));
        assert_eq!((scores.brier, scores.log_score), (Some(0.5), None));
        assert_eq!(scores.ruled_out, 1);
    }

    #[test]
    fn nothing_resolved_has_no_score() {
        let scores = Scores::of(&beliefs(&[r#""p": 0.5"#]));
        assert_eq!((scores.brier, scores.log_score), (None, None));
        assert_eq!(Scores::of(&[]).unresolved_share(), 0.0);
    }
}
