//! Generalised entropy of the largest probabilities.

use std::cell::RefCell;

use qualm_linalg::{exp, log_of_rest, sum_of};

use super::logit_score::LogitScore;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::recipe::Arguments;
use crate::score::LogitRow;
use crate::shaping::largest_of;

pub(crate) const ENTRY: Entry = Entry {
    word: "gen",
    formula: "sum of p_c^gamma (1 - p_c)^gamma over the `top` largest p_c",
    paper: "Liu et al., CVPR 2023",
    inputs: "logits, or features and a head; nothing is fitted",
    parameters: "gamma=0.1, top=100 | top=all, preset=paper|pytorch-ood",
    parse: Parse::Method(|arguments| Ok(Box::new(GeneralisedEntropy::take(arguments)?))),
};

/// Outlier score `G(x) = sum_{c in top M} p_c^gamma (1 - p_c)^gamma` with `p = softmax(l)` and the
/// `M` largest probabilities (Liu et al., "GEN: Pushing the limits of softmax-based
/// out-of-distribution detection", CVPR 2023, equation 2). Where there are fewer classes than `M`,
/// all count.
///
/// `1 - p` of the predicted class is the sum of the others, so that nothing cancels where the
/// classifier is certain: a small `gamma` makes much of that end. `preset=pytorch-ood` takes the
/// mean instead of the sum, all classes, and clamps `p` to `[1e-7, 1 - 2^-23]` as version 0.4.0
/// does in `f32`, where rows tie in all classes that are less likely than that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GeneralisedEntropy {
    gamma: f64,
    /// How many of the largest probabilities; [`usize::MAX`] for all.
    top: usize,
    form: Form,
}

/// Which of two ways to add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Sum,
    ClampedMean,
}

/// `1e-7` and, as `f32` rounds it, `1 - 1e-7`.
const CLAMPED: (f64, f64) = (1e-7, 1.0 - f32::EPSILON as f64);

impl GeneralisedEntropy {
    /// The score that the parameters `gamma`, `top` and `preset` name.
    pub(crate) fn take(arguments: &mut Arguments<'_>) -> Result<Self, OodError> {
        let (form, top) = match arguments.take("preset") {
            None | Some("paper") => (Form::Sum, 100),
            Some("pytorch-ood") => (Form::ClampedMean, usize::MAX),
            Some(other) => {
                return Err(arguments.wrong("preset", other, "`paper` or `pytorch-ood`"));
            }
        };
        let positive = |gamma: &f64| gamma.is_finite() && *gamma > 0.0;
        let gamma = arguments.take_or("gamma", 0.1, "a number above 0", positive)?;
        let top = match arguments.take("top") {
            None => top,
            Some("all") => usize::MAX,
            Some(value) => match value.parse() {
                Ok(top) if top > 0 => top,
                _ => return Err(arguments.wrong("top", value, "`all` or a whole number from 1")),
            },
        };
        Ok(Self { gamma, top, form })
    }

    /// The outlier score.
    pub(crate) fn of(&self, logits: LogitRow<'_>) -> f64 {
        thread_local! {
            // One row of logits, to find the largest in; rows are scored one by one on a thread.
            static SCRATCH: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
        }
        let classes = logits.values.len();
        let largest = if self.top < classes {
            SCRATCH.with_borrow_mut(|scratch| largest_of(logits.values, self.top, scratch))
        } else {
            (f32::NEG_INFINITY, 0)
        };
        let (max, rest, gamma) = (f64::from(logits.max), logits.rest(), self.gamma);
        let normaliser = rest.ln_1p();
        match self.form {
            Form::Sum => {
                let others = sum_of_others(logits, largest, |logit| {
                    let log_p = (logit - max) - normaliser;
                    exp(gamma * (log_p + log_of_rest(exp(log_p))))
                });
                (gamma * (rest.ln() - 2.0 * normaliser)).exp() + others
            }
            Form::ClampedMean => {
                let floor = CLAMPED.0.ln();
                let others = sum_of_others(logits, largest, |logit| {
                    let log_p = ((logit - max) - normaliser).max(floor);
                    exp(gamma * (log_p + log_of_rest(exp(log_p))))
                });
                let p = (-normaliser).exp().clamp(CLAMPED.0, CLAMPED.1);
                ((p * (1.0 - p)).powf(gamma) + others) / self.top.min(classes) as f64
            }
        }
    }
}

/// The sum of `term` over the largest logits but that of the predicted class, which is always among
/// them: those above a bound and so many equal to it. The probability of each is at most 1/2.
fn sum_of_others(
    logits: LogitRow<'_>,
    (bound, equals): (f32, usize),
    term: impl Fn(f64) -> f64,
) -> f64 {
    let tied = equals.saturating_sub(usize::from(logits.max <= bound));
    let tied = match tied {
        0 => 0.0,
        tied => tied as f64 * term(f64::from(bound)),
    };
    let bound = f64::from(bound);
    let above = |logit: f64| {
        let term = term(logit);
        if logit > bound { term } else { 0.0 }
    };
    let others = logits.others().into_iter();
    others.map(|others| sum_of(others, above)).sum::<f64>() + tied
}

impl LogitScore for GeneralisedEntropy {
    const PART: [&'static str; 1] = ["minus generalised entropy"];

    fn confidence(&self, logits: LogitRow<'_>) -> f64 {
        -self.of(logits)
    }
}

#[cfg(test)]
mod tests {
    use crate::Recipe;
    use crate::testing::score_logits;

    #[test]
    fn by_hand() {
        // p = (1/2, 1/4, 1/4): 1/4, 3/16, 3/16 with gamma = 1.
        let logits = [0.0, 2f32.ln(), 0.0];
        let close = |recipe: &str, want: f64| {
            let got = score_logits(recipe, &logits, 3)[0];
            assert!((got - want).abs() < 1e-6, "{recipe}: {got}");
        };
        close("gen(gamma=1)", 0.625);
        close("gen(gamma=1,top=all)", 0.625);
        close("gen(gamma=1,top=1)", 0.25);
        close("gen(gamma=1,top=2)", 0.4375);
        close("gen(gamma=2,top=2)", 0.0625 + 9.0 / 256.0);
        close("gen(gamma=1,preset=pytorch-ood)", 0.625 / 3.0);
    }

    #[test]
    fn certainty_is_not_rounded_away() {
        // p = e^-50 beside 1: twice e^-5 with gamma = 0.1.
        let score = score_logits("gen", &[50.0, 0.0], 2)[0];
        assert!((score / (2.0 * (-5f64).exp()) - 1.0).abs() < 1e-6);
        assert_eq!(score_logits("gen", &[3.0], 1), [0.0]);
        assert!("gen(top=0)".parse::<Recipe>().is_err());
        assert!("gen(gamma=0)".parse::<Recipe>().is_err());
        assert!("gen(preset=openood)".parse::<Recipe>().is_err());
    }
}
