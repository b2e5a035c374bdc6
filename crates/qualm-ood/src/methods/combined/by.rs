use crate::lower::{Function, Graph, Pairing, Value};

/// How p-values of several components become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Minus the mean.
    Rank,
    /// One over the harmonic mean.
    Harmonic,
    /// The mean of `cot(pi p)`.
    Cauchy,
    /// Minus twice the sum of logarithms.
    Fisher,
}

impl By {
    /// The rule of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "rank" => Some(Self::Rank),
            "harmonic" => Some(Self::Harmonic),
            "cauchy" => Some(Self::Cauchy),
            "fisher" => Some(Self::Fisher),
            _ => None,
        }
    }

    /// What one of `count` components adds to the score: `p` is its p-value, `largest` the largest
    /// one that the Cauchy rule takes.
    pub(super) fn term(self, p: f64, largest: f64, count: usize) -> f64 {
        let count = count as f64;
        match self {
            Self::Rank => -p / count,
            Self::Harmonic => 1.0 / (p * count),
            Self::Cauchy => 1.0 / ((std::f64::consts::PI * p.min(largest)).tan() * count),
            Self::Fisher => -2.0 * p.ln(),
        }
    }

    /// The same in operations of a graph, from `p` and `1 - p`; `largest` is again the largest `p`
    /// that the Cauchy rule takes.
    pub(super) fn lower_term(
        self,
        graph: &mut Graph,
        [p, lacking]: [Value; 2],
        largest: f64,
        count: usize,
    ) -> Value {
        let count = count as f64;
        match self {
            Self::Rank => graph.times(p, -count.recip()),
            Self::Harmonic => {
                let share = graph.number(count.recip());
                graph.pair(share, Pairing::Div, p)
            }
            // cot(pi p) = (cot(pi p / 2) - cot(pi (1 - p) / 2)) / 2: near zero and near one alike,
            // what is small is known to all digits.
            Self::Cauchy => {
                let smallest = graph.number(1.0 - largest);
                let lacking = graph.pair(lacking, Pairing::Max, smallest);
                let largest = graph.number(largest);
                let p = graph.pair(p, Pairing::Min, largest);
                let half = graph.number(0.5 / count);
                let mut cotangent = |of| {
                    let angle = graph.times(of, std::f64::consts::FRAC_PI_2);
                    let tangent = graph.each(Function::Tan, angle);
                    graph.pair(half, Pairing::Div, tangent)
                };
                let (near_zero, near_one) = (cotangent(p), cotangent(lacking));
                graph.pair(near_zero, Pairing::Sub, near_one)
            }
            Self::Fisher => {
                let log = graph.each(Function::Log, p);
                graph.times(log, -2.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::By;

    #[test]
    fn by_hand() {
        let of = |name: &str, p: &[f64]| -> f64 {
            let by = By::named(name).unwrap();
            p.iter().map(|&one| by.term(one, 0.9, p.len())).sum()
        };
        let p = [0.25, 0.5];
        // -(1/4 + 1/2) / 2.
        assert_eq!(of("rank", &p), -0.375);
        // (4 + 2) / 2.
        assert_eq!(of("harmonic", &p), 3.0);
        // (cot(pi/4) + cot(pi/2)) / 2 = (1 + 0) / 2.
        assert!((of("cauchy", &p) - 0.5).abs() < 1e-12);
        // -2 ln(1/8) = 6 ln 2.
        assert!((of("fisher", &p) - 6.0 * 2f64.ln()).abs() < 1e-12);
        // A p-value of one is nine tenths to the Cauchy rule, not minus infinity.
        let one = of("cauchy", &[1.0, 0.1]);
        assert!(one.abs() < 1e-12, "{one}");
        assert_eq!(By::named("stouffer"), None);
    }
}
