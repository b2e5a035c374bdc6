//! Generalised entropy of the largest probabilities.

use std::cell::RefCell;

use qualm_linalg::{Terms, exp, log_of_rest, sums_of};

use super::logit_score::LogitScore;
use crate::OodError;
use crate::catalogue::{Entry, Parse};
use crate::lower::{Folding, Graph, Lowering, Pairing, Value};
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
        let (rest, gamma) = (logits.rest(), self.gamma);
        let normaliser = rest.ln_1p();
        let floor = match self.form {
            Form::Sum => f32::NEG_INFINITY,
            Form::ClampedMean => CLAMPED.0.ln() as f32,
        };
        let term = Term {
            max: logits.max,
            normaliser: normaliser as f32,
            floor,
            gamma: gamma as f32,
            bound: largest.0,
            tied: tied(logits, largest),
        };
        let others = logits.others().into_iter();
        let others: f64 = others.map(|others| sums_of(others, term)[0]).sum();
        match self.form {
            Form::Sum => (gamma * (rest.ln() - 2.0 * normaliser)).exp() + others,
            Form::ClampedMean => {
                let p = (-normaliser).exp().clamp(CLAMPED.0, CLAMPED.1);
                ((p * (1.0 - p)).powf(gamma) + others) / self.top.min(classes) as f64
            }
        }
    }
}

/// What a class adds that is not the predicted one, so that its probability is at most 1/2.
#[derive(Debug, Clone, Copy)]
struct Term {
    max: f32,
    /// Log-sum-exp of the logits less their maximum.
    normaliser: f32,
    /// The logarithm of a probability counts as no less.
    floor: f32,
    gamma: f32,
    /// Logits below are not among the largest.
    bound: f32,
    /// What a logit at the bound counts.
    tied: f32,
}

impl Terms<f32, 1> for Term {
    #[inline(always)]
    fn of(&self, logit: f32) -> [f32; 1] {
        let log_p = ((logit - self.max) - self.normaliser).max(self.floor);
        let term = exp(self.gamma * (log_p + log_of_rest(exp(log_p))));
        let at_bound = if logit == self.bound { self.tied } else { 0.0 };
        let counted = if logit > self.bound { 1.0 } else { at_bound };
        [term * counted]
    }
}

/// The share of each logit at the bound that is not the predicted class's, where so many equals
/// belong to the largest: which of them does not matter. The predicted class always does.
fn tied(logits: LogitRow<'_>, (bound, equals): (f32, usize)) -> f32 {
    let all = logits.values.iter().filter(|&&logit| logit == bound);
    let predicted = usize::from(logits.max <= bound);
    let others = all.count().saturating_sub(predicted).max(1);
    equals.saturating_sub(predicted) as f32 / others as f32
}

impl GeneralisedEntropy {
    /// The entropy in operations of a graph: that of the predicted class from what the others
    /// leave it, the others from the largest of their exponentials, since `p (1 - p)` grows with
    /// `p` up to one half.
    pub(crate) fn lower(&self, graph: &mut Graph) -> Value {
        let (others, rest) = (graph.others(1.0), graph.rest(1.0));
        let one = graph.number(1.0);
        let all = graph.pair(one, Pairing::Add, rest);
        let top = self.top.min(graph.width(others));

        let (p, q) = (
            graph.pair(one, Pairing::Div, all),
            graph.pair(rest, Pairing::Div, all),
        );
        let mut sum = self.lower_terms(graph, p, q);
        if top > 1 {
            let largest = graph.largest(others, top - 1);
            let p = graph.pair(largest, Pairing::Div, all);
            let q = graph.pair(one, Pairing::Sub, p);
            let terms = self.lower_terms(graph, p, q);
            let terms = graph.fold(Folding::Sum, terms);
            sum = graph.pair(sum, Pairing::Add, terms);
        }
        match self.form {
            Form::Sum => sum,
            Form::ClampedMean => graph.times(sum, (top as f64).recip()),
        }
    }

    /// `(p q)^gamma` of probabilities and of what they lack to be one.
    fn lower_terms(&self, graph: &mut Graph, p: Value, q: Value) -> Value {
        let (low, high) = CLAMPED;
        let mut clamped = |value, low: f64, high: f64| {
            let (low, high) = (graph.number(low), graph.number(high));
            let value = graph.pair(value, Pairing::Max, low);
            graph.pair(value, Pairing::Min, high)
        };
        let (p, q) = match self.form {
            Form::Sum => (p, q),
            Form::ClampedMean => (clamped(p, low, high), clamped(q, 1.0 - high, 1.0 - low)),
        };
        let product = graph.pair(p, Pairing::Mul, q);
        let gamma = graph.number(self.gamma);
        graph.pair(product, Pairing::Pow, gamma)
    }
}

impl LogitScore for GeneralisedEntropy {
    const PART: [&'static str; 1] = ["minus generalised entropy"];

    fn confidence(&self, logits: LogitRow<'_>) -> f64 {
        -self.of(logits)
    }

    fn lower_confidence(&self, graph: &mut Graph) -> Lowering {
        let entropy = GeneralisedEntropy::lower(self, graph);
        Ok(graph.neg(entropy))
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
