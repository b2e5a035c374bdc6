use std::fmt;

use crate::RationaleError;
use crate::model::choice::{Relaxed, project, pull_projection, sparsity, top_share};
use crate::model::layout::Selector;

/// How a classifier is trained: what it selects by, and what else it is taught.
///
/// | name | |
/// |---|---|
/// | `fc` | full context: the predictor sees all of the text |
/// | `fc-sup` | full context; evidence is scored as a second task on the same convolutions |
/// | `vib` | units drawn as relaxed Bernoulli variables under a sparsity prior; the highest share at test (Paranjape et al., EMNLP 2020) |
/// | `vib-sup` | with people's evidence as a second loss |
/// | `vib-art`, `vib-sup-art` | with neutral sentences inserted that must not be selected (Chen et al., NAACL 2022) |
/// | `spectra` | a budget spent exactly (Guerreiro and Martins, EMNLP 2021) |
///
/// Parameters follow in brackets, `vib(ratio=0.2,tau=0.1)`: `ratio`, `beta`, `tau`, `hard` (1 for
/// hard concrete), `temperature`, `sup`, `art`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Method {
    /// What is let through.
    pub selection: Selection,
    /// Weight of the loss of people's evidence; 0 leaves it unseen.
    pub supervision: f64,
    /// Weight of the loss of selecting inserted sentences; 0 inserts none.
    pub augmentation: f64,
}

/// What a predictor is let see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Selection {
    /// All of the text.
    Full,
    /// While training, each unit times a draw; at test the highest share alone.
    Relaxed {
        /// The share, which is the prior of a unit, too.
        ratio: f64,
        /// Weight of the divergence from the prior.
        beta: f64,
        /// How draws are made smooth.
        draws: Relaxed,
    },
    /// Each unit times its place in the projection of the scores on a budget.
    Budget {
        /// Share of the units that the budget is.
        ratio: f64,
        /// What scores are divided by.
        temperature: f64,
    },
}

const RATIO: f64 = 0.3;

impl Method {
    /// Names of [`Method::parse`], with what each is.
    pub const NAMES: [(&'static str, &'static str); 7] = [
        ("fc", "full context"),
        ("fc-sup", "full context, evidence as a second task"),
        ("vib", "a share of the units under a sparsity prior"),
        ("vib-sup", "the same, taught people's evidence"),
        (
            "vib-art",
            "the same, taught not to select inserted sentences",
        ),
        ("vib-sup-art", "taught both"),
        ("spectra", "a budget of units, spent exactly"),
    ];

    /// Reads a name with parameters.
    ///
    /// # Errors
    /// [`RationaleError::Unknown`] for a name or parameter that there is not, and
    /// [`RationaleError::Parameter`] for a value out of its range.
    pub fn parse(text: &str) -> Result<Self, RationaleError> {
        let (name, inside) = match text.split_once('(') {
            None => (text.trim(), ""),
            Some((name, rest)) => (
                name.trim(),
                rest.trim_end().strip_suffix(')').ok_or_else(|| {
                    RationaleError::parameter(text, "the bracket is not closed; end it with `)`")
                })?,
            ),
        };
        let relaxed = Selection::Relaxed {
            ratio: RATIO,
            beta: 0.1,
            draws: Relaxed {
                tau: 0.7,
                hard: false,
            },
        };
        let budget = Selection::Budget {
            ratio: RATIO,
            temperature: 0.1,
        };
        let (selection, supervision, augmentation) = match name {
            "fc" => (Selection::Full, 0.0, 0.0),
            "fc-sup" => (Selection::Full, 1.0, 0.0),
            "vib" => (relaxed, 0.0, 0.0),
            "vib-sup" => (relaxed, 1.0, 0.0),
            "vib-art" => (relaxed, 0.0, 1.0),
            "vib-sup-art" => (relaxed, 1.0, 1.0),
            "spectra" => (budget, 0.0, 0.0),
            _ => {
                return Err(RationaleError::Unknown {
                    what: "model",
                    word: name.to_owned(),
                    known: Self::NAMES.map(|(name, _)| name).join(", "),
                });
            }
        };
        let mut method = Self {
            selection,
            supervision,
            augmentation,
        };
        for pair in inside.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                RationaleError::parameter(text, "parameters are written `name=value`")
            })?;
            let number: f64 = value.trim().parse().map_err(|_| {
                RationaleError::parameter(text, format!("`{}` is no number", value.trim()))
            })?;
            method.set(text, key.trim(), number)?;
        }
        if method.augmentation > 0.0 && method.selection == Selection::Full {
            return Err(RationaleError::parameter(
                text,
                "what selects nothing cannot be taught what not to select; leave `art` out",
            ));
        }
        Ok(method)
    }

    fn set(&mut self, text: &str, key: &str, number: f64) -> Result<(), RationaleError> {
        let within = |low: f64, high: f64| {
            if number > low && number <= high {
                Ok(number)
            } else {
                let what = format!("`{key}` must be above {low} and at most {high}");
                Err(RationaleError::parameter(text, what))
            }
        };
        match (key, &mut self.selection) {
            ("sup", _) => self.supervision = within(-f64::MIN_POSITIVE, 1e3)?,
            ("art", _) => self.augmentation = within(-f64::MIN_POSITIVE, 1e3)?,
            ("ratio", Selection::Relaxed { ratio, .. } | Selection::Budget { ratio, .. }) => {
                *ratio = within(0.0, 0.99)?;
            }
            ("beta", Selection::Relaxed { beta, .. }) => *beta = within(-f64::MIN_POSITIVE, 1e3)?,
            ("tau", Selection::Relaxed { draws, .. }) => draws.tau = within(0.0, 100.0)?,
            ("hard", Selection::Relaxed { draws, .. }) => {
                draws.hard = within(-f64::MIN_POSITIVE, 1.0)? > 0.5;
            }
            ("temperature", Selection::Budget { temperature, .. }) => {
                *temperature = within(0.0, 100.0)?;
            }
            _ => {
                let known = match self.selection {
                    Selection::Full => "sup",
                    Selection::Relaxed { .. } => "ratio, beta, tau, hard, sup, art",
                    Selection::Budget { .. } => "ratio, temperature, sup, art",
                };
                return Err(RationaleError::Unknown {
                    what: "parameter",
                    word: key.to_owned(),
                    known: known.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The shortest that says it: the name of [`Method::NAMES`] that lacks the fewest parameters,
    /// with those.
    pub fn label(&self) -> String {
        let own = self.parameters();
        let named = Self::NAMES.iter().filter_map(|(name, _)| {
            let usual = Self::parse(name).ok()?;
            let same =
                std::mem::discriminant(&usual.selection) == std::mem::discriminant(&self.selection);
            let usual = usual.parameters();
            let other = own.iter().zip(&usual).filter(|(own, usual)| own != usual);
            let other: Vec<&str> = other.map(|(own, _)| own.as_str()).collect();
            same.then(|| (other.len(), label(name, &other)))
        });
        let shortest = named.min_by_key(|(other, _)| *other);
        shortest.map_or_else(|| self.to_string(), |(_, label)| label)
    }

    /// All parameters, as [`Method::parse`] reads them.
    fn parameters(&self) -> Vec<String> {
        let mut parts = match self.selection {
            Selection::Full => Vec::new(),
            Selection::Relaxed { ratio, beta, draws } => vec![
                format!("ratio={ratio}"),
                format!("beta={beta}"),
                format!("tau={}", draws.tau),
                format!("hard={}", u8::from(draws.hard)),
            ],
            Selection::Budget { ratio, temperature } => vec![
                format!("ratio={ratio}"),
                format!("temperature={temperature}"),
            ],
        };
        parts.push(format!("sup={}", self.supervision));
        if self.selects() {
            parts.push(format!("art={}", self.augmentation));
        }
        parts
    }

    /// Whether the predictor sees a part of the text alone.
    pub fn selects(&self) -> bool {
        self.selection != Selection::Full
    }

    pub(crate) fn selector(&self) -> Selector {
        match self.selection {
            Selection::Full if self.supervision > 0.0 => Selector::Shared,
            Selection::Full => Selector::None,
            _ => Selector::Own,
        }
    }

    /// The score that units begin with. A budget lets scores below 0 starve for good, since a gate that
    /// is shut has no gradient; where all are above, it is spent and scores move against each other.
    pub(crate) fn first_score(&self) -> f64 {
        match self.selection {
            Selection::Budget { .. } => 1.0,
            _ => 0.0,
        }
    }

    /// How much of each unit the predictor sees at test.
    pub(crate) fn gates(&self, scores: &[f64]) -> Vec<f64> {
        match self.selection {
            Selection::Full => vec![1.0; scores.len()],
            Selection::Relaxed { ratio, .. } => top_share(scores, ratio)
                .into_iter()
                .map(|taken| f64::from(u8::from(taken)))
                .collect(),
            Selection::Budget { ratio, temperature } => {
                project(&cooled(scores, temperature), budget(scores.len(), ratio))
            }
        }
    }

    /// What is shown as evidence: what the predictor sees; of a model with full context, the share of
    /// units that its second task scores highest.
    pub(crate) fn evidence(&self, scores: &[f64], gates: &[f64]) -> Vec<bool> {
        match self.selection {
            Selection::Full => top_share(scores, RATIO),
            _ => gates.iter().map(|gate| *gate > 0.0).collect(),
        }
    }

    /// Gates of one sequence while training, and what gradients of gates become gradients of scores
    /// with.
    pub(crate) fn training_gates(
        &self,
        scores: &[f64],
        mut uniform: impl FnMut() -> f64,
    ) -> (Vec<f64>, Slopes) {
        match self.selection {
            Selection::Full => (vec![1.0; scores.len()], Slopes::None),
            Selection::Relaxed { draws, .. } => {
                let drawn = scores.iter().map(|score| draws.draw(*score, uniform()));
                let (gates, slopes) = drawn.unzip();
                (gates, Slopes::Each(slopes))
            }
            Selection::Budget { .. } => (self.gates(scores), Slopes::Projection),
        }
    }

    /// The gradient of the scores of one sequence from that of its gates.
    pub(crate) fn pull(
        &self,
        slopes: &Slopes,
        scores: &[f64],
        gates: &[f64],
        of_gates: &[f64],
    ) -> Vec<f64> {
        match (slopes, self.selection) {
            (Slopes::Each(slopes), _) => slopes.iter().zip(of_gates).map(|(s, g)| s * g).collect(),
            (Slopes::Projection, Selection::Budget { ratio, temperature }) => {
                let cooled = cooled(scores, temperature);
                let budget = budget(scores.len(), ratio);
                let pulled = pull_projection(&cooled, gates, budget, of_gates);
                pulled.into_iter().map(|g| g / temperature).collect()
            }
            _ => vec![0.0; scores.len()],
        }
    }

    /// The loss of scores that are unlike the prior, and its slopes, for one sequence: the mean over
    /// its units.
    pub(crate) fn sparsity(&self, scores: &[f64], mut add: impl FnMut(usize, f64, f64)) {
        if let Selection::Relaxed { ratio, beta, .. } = self.selection {
            let share = beta / scores.len() as f64;
            for (unit, score) in scores.iter().enumerate() {
                let (value, slope) = sparsity(*score, ratio);
                add(unit, share * value, share * slope);
            }
        }
    }
}

/// How gates follow scores, at a draw.
#[derive(Debug, Clone)]
pub(crate) enum Slopes {
    None,
    Each(Vec<f64>),
    Projection,
}

fn cooled(scores: &[f64], temperature: f64) -> Vec<f64> {
    scores.iter().map(|score| score / temperature).collect()
}

/// At least one unit, so that something is seen.
fn budget(units: usize, ratio: f64) -> f64 {
    (ratio * units as f64).round().max(1.0)
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.selection {
            Selection::Full => "fc",
            Selection::Relaxed { .. } => "vib",
            Selection::Budget { .. } => "spectra",
        };
        let parameters = self.parameters();
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        f.write_str(&label(name, &parameters))
    }
}

fn label(name: &str, parameters: &[&str]) -> String {
    if parameters.is_empty() {
        return name.to_owned();
    }
    format!("{name}({})", parameters.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_what_is_written_is_read_again() {
        for (name, _) in Method::NAMES {
            let method = Method::parse(name).unwrap();
            assert_eq!(Method::parse(&method.to_string()).unwrap(), method);
            assert_eq!(method.label(), name);
        }
        let method = Method::parse("vib( ratio=0.2, tau=.1, hard=1 )").unwrap();
        let Selection::Relaxed { ratio, draws, .. } = method.selection else {
            panic!("{method}");
        };
        assert_eq!((ratio, draws.tau, draws.hard), (0.2, 0.1, true));
        assert_eq!(method.label(), "vib(ratio=0.2,tau=0.1,hard=1)");
        let method = Method::parse("vib-sup(ratio=.2,art=0)").unwrap();
        assert_eq!(method.label(), "vib-sup(ratio=0.2)");
        assert_eq!(Method::parse("fc(sup=1)").unwrap().label(), "fc-sup");
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (text, part) in [
            ("vibes", "there are fc"),
            ("vib(ratio=2)", "at most 0.99"),
            ("vib(tau=x)", "no number"),
            ("vib(tau=1", "not closed"),
            ("fc(ratio=.3)", "there are sup"),
            ("fc(art=1)", "leave `art` out"),
        ] {
            let error = Method::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_budget_lets_something_through() {
        let method = Method::parse("spectra(ratio=.01)").unwrap();
        assert_eq!(method.gates(&[5.0, 1.0]), [1.0, 0.0]);
    }
}
