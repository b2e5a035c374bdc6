//! One conditional belief, and what came of it.

use serde::Deserialize;

use super::coherence::{Coherence, arbitrage, gap, implied, statistic};

/// "A with probability `p` if B, with `p_else` if not", what else was said, and what happened. A
/// line of a file holds it as a JSON object with these names.
///
/// ```
/// use qualm_confidence::conditional::{Belief, Branch};
///
/// let belief: Belief = serde_json::from_str(
///     r#"{"event": "rain", "given": "low pressure", "p": 0.6, "p_else": 0.25,
///         "given_true": false, "event_true": false}"#,
/// )?;
/// let resolved = belief.resolved().unwrap();
/// assert_eq!((resolved.branch, resolved.p), (Branch::Else, 0.25));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Belief {
    /// What the belief is called in reports.
    #[serde(default)]
    pub id: Option<String>,
    /// Who holds it.
    #[serde(default)]
    pub source: Option<String>,
    /// A, in words.
    #[serde(default)]
    pub event: Option<String>,
    /// B, in words.
    #[serde(default)]
    pub given: Option<String>,
    /// The belief as it was said; see [`Belief::hear`].
    #[serde(default)]
    pub text: Option<String>,
    /// P(A | B).
    #[serde(default)]
    pub p: Option<f64>,
    /// P(A | not B).
    #[serde(default)]
    pub p_else: Option<f64>,
    /// P(B).
    #[serde(default)]
    pub p_given: Option<f64>,
    /// P(A).
    #[serde(default)]
    pub p_event: Option<f64>,
    /// P(A and B).
    #[serde(default)]
    pub p_both: Option<f64>,
    /// Whether B happened, once that is known.
    #[serde(default)]
    pub given_true: Option<bool>,
    /// Whether A happened, once that is known.
    #[serde(default)]
    pub event_true: Option<bool>,
}

/// Which half of a conditional belief came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// B happened.
    If,
    /// B did not.
    Else,
}

/// The half of a belief that can be held against what happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolved {
    /// Which half.
    pub branch: Branch,
    /// The probability stated for it.
    pub p: f64,
    /// Whether A happened.
    pub happened: bool,
}

impl Belief {
    /// Refuses what is no probability, and what says nothing of any branch.
    ///
    /// # Errors
    /// One sentence that names the field, without the name of a file.
    pub fn check(&self) -> Result<(), String> {
        let stated = [
            ("p", self.p),
            ("p_else", self.p_else),
            ("p_given", self.p_given),
            ("p_event", self.p_event),
            ("p_both", self.p_both),
        ];
        for (name, value) in stated {
            if let Some(value) = value.filter(|value| !(0.0..=1.0).contains(value)) {
                return Err(format!(
                    "`{name}` is {value}, but probabilities go from 0 to 1: divide percent by 100"
                ));
            }
        }
        if self.p.is_none() && self.p_else.is_none() {
            return Err("states neither `p` nor `p_else`".into());
        }
        if self.given.is_none() {
            return Err("does not say in `given` what it depends on".into());
        }
        Ok(())
    }

    /// The branch that came about, if it is known which, what was said of it, and what happened.
    /// The other branch says nothing that could be right or wrong.
    #[must_use]
    pub fn resolved(&self) -> Option<Resolved> {
        let (branch, p) = match self.given_true? {
            true => (Branch::If, self.p?),
            false => (Branch::Else, self.p_else?),
        };
        let happened = self.event_true?;
        Some(Resolved {
            branch,
            p,
            happened,
        })
    }

    /// The smallest and the largest P(A) that the branches imply: the same number twice where both
    /// branches and P(B) are stated; a branch that is not may be anything from 0 to 1, and so may
    /// P(B).
    ///
    /// ```
    /// use qualm_confidence::conditional::Belief;
    ///
    /// let belief = |rest: &str| -> Belief {
    ///     serde_json::from_str(&format!(r#"{{"given": "B", "p": 0.6{rest}}}"#)).unwrap()
    /// };
    /// assert_eq!(belief(r#", "p_else": 0.25, "p_given": 0.5"#).implied(), (0.425, 0.425));
    /// assert_eq!(belief(r#", "p_else": 0.25"#).implied(), (0.25, 0.6));
    /// assert_eq!(belief(r#", "p_given": 0.5"#).implied(), (0.3, 0.8));
    /// assert_eq!(belief("").implied(), (0.0, 1.0));
    /// ```
    #[must_use]
    pub fn implied(&self) -> (f64, f64) {
        let ends = |p: Option<f64>| (p.unwrap_or(0.0), p.unwrap_or(1.0));
        let (p, p_else) = (ends(self.p), ends(self.p_else));
        match self.p_given {
            Some(q) => (implied(p.0, p_else.0, q), implied(p.1, p_else.1, q)),
            None => (p.0.min(p_else.0), p.1.max(p_else.1)),
        }
    }

    /// How it agrees with what else was said.
    #[must_use]
    pub fn coherence(&self) -> Coherence {
        let four = (|| Some((self.p_event?, self.p?, self.p_else?, self.p_given?)))();
        let both = (|| Some((self.p_given? * self.p?, self.p_both?)))();
        Coherence {
            gap: four.map(|(p_event, p, p_else, q)| gap(p_event, p, p_else, q)),
            statistic: four.map(|(p_event, p, p_else, q)| statistic(p_event, p, p_else, q)),
            conjunction_gap: both.map(|(product, both)| product - both),
            arbitrage: both
                .map(|(product, both)| arbitrage(product, both))
                .filter(|nats| nats.is_finite()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn belief(rest: &str) -> Belief {
        serde_json::from_str(&format!(r#"{{"given": "B", "p": 0.6{rest}}}"#)).unwrap()
    }

    #[test]
    fn only_a_branch_that_came_about_is_resolved() {
        let resolved = |rest: &str| belief(rest).resolved().map(|r| (r.branch, r.p, r.happened));
        let both = r#", "p_else": 0.25, "given_true""#;
        assert_eq!(
            resolved(&format!(r#"{both}: true, "event_true": true"#)),
            Some((Branch::If, 0.6, true))
        );
        assert_eq!(
            resolved(&format!(r#"{both}: false, "event_true": true"#)),
            Some((Branch::Else, 0.25, true))
        );
        // B failed and nothing was said of that; nobody knows about B; nobody knows about A.
        assert_eq!(
            resolved(r#", "given_true": false, "event_true": true"#),
            None
        );
        assert_eq!(resolved(r#", "p_else": 0.25, "event_true": true"#), None);
        assert_eq!(resolved(&format!("{both}: true")), None);
    }

    #[test]
    fn coherence_needs_what_it_compares() {
        let full = belief(r#", "p_else": 0.25, "p_given": 0.5, "p_event": 0.5, "p_both": 0.3"#);
        let found = full.coherence();
        assert!((found.gap.unwrap() - 0.075).abs() < 1e-15);
        assert_eq!(found.violated(), Some(false));
        assert!(found.conjunction_gap.unwrap().abs() < 1e-15);
        assert!(found.arbitrage.unwrap() < 1e-15);
        let bare = belief(r#", "p_else": 0.25, "p_event": 0.5"#).coherence();
        assert_eq!(
            (bare.gap, bare.violated(), bare.arbitrage),
            (None, None, None)
        );
    }

    #[test]
    fn what_is_no_probability_is_refused_by_name() {
        let error = belief(r#", "p_else": 25"#).check().unwrap_err();
        assert!(error.contains("`p_else` is 25"), "{error}");
        assert!(belief(r#", "p_given": -0.1"#).check().is_err());
        assert!(belief("").check().is_ok());
        let silent: Belief = serde_json::from_str(r#"{"given": "B"}"#).unwrap();
        assert!(silent.check().unwrap_err().contains("neither"));
        let of_what: Belief = serde_json::from_str(r#"{"p": 0.5}"#).unwrap();
        assert!(of_what.check().unwrap_err().contains("`given`"));
    }
}
