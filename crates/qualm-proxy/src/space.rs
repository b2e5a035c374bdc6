use std::ops::Range;

use qualm_stats::Stream;

/// One thing that a design chooses.
#[derive(Debug, Clone, PartialEq)]
pub enum Variable {
    /// A number from `low` to `high`; either may be infinite.
    Real {
        /// What it is called.
        name: String,
        /// The least value.
        low: f64,
        /// The largest value.
        high: f64,
    },
    /// One of several levels; a design holds the level's number, from 0.
    Category {
        /// What it is called.
        name: String,
        /// The levels' names.
        levels: Vec<String>,
    },
}

impl Variable {
    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Real { name, .. } | Self::Category { name, .. } => name,
        }
    }

    fn holds(&self, value: f64) -> bool {
        match self {
            Self::Real { low, high, .. } => (*low..=*high).contains(&value),
            Self::Category { levels, .. } => {
                value.fract() == 0.0 && (0.0..levels.len() as f64).contains(&value)
            }
        }
    }
}

/// All designs that are allowed: a value for each variable.
///
/// ```
/// use qualm_proxy::Space;
/// let square = Space::continuous(&[(0.0, 1.0), (0.0, 1.0)]);
/// assert!(square.contains(&[0.5, 1.0]) && !square.contains(&[0.5, 1.1]));
/// let dna = Space::sequence(8, &["A", "C", "G", "T"]);
/// assert_eq!((dna.width(), dna.contains(&[3.0; 8])), (8, true));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    variables: Vec<Variable>,
    /// Places of variables that are shares of one mixture.
    mixtures: Vec<Range<usize>>,
}

/// What the shares of a mixture may miss 1 by.
const ROUNDING: f64 = 1e-6;

impl Space {
    /// The space of these variables.
    pub fn new(variables: Vec<Variable>) -> Self {
        Self {
            variables,
            mixtures: Vec::new(),
        }
    }

    /// The same, where numbers at these places are the shares of a mixture: none is negative, and
    /// they sum to 1. Bounds of their own are not looked at when a design is clipped.
    ///
    /// ```
    /// use qualm_proxy::Space;
    /// let alloy = Space::continuous(&[(0.0, 1.0); 3]).with_mixture(0..2);
    /// assert!(alloy.contains(&[0.25, 0.75, 1.0]) && !alloy.contains(&[0.5, 0.75, 1.0]));
    /// let mut design = [1.0, 0.5, 0.5];
    /// alloy.clip(&mut design);
    /// assert_eq!(design, [0.75, 0.25, 0.5]);
    /// ```
    ///
    /// # Panics
    /// When a place is none of a number.
    #[must_use]
    pub fn with_mixture(mut self, places: Range<usize>) -> Self {
        let number = |variable: &Variable| matches!(variable, Variable::Real { .. });
        assert!(
            self.variables[places.clone()].iter().all(number),
            "shares are numbers"
        );
        self.mixtures.push(places);
        self
    }

    /// Numbers x1, x2, ... between bounds.
    pub fn continuous(bounds: &[(f64, f64)]) -> Self {
        let variables = bounds.iter().enumerate();
        Self::new(
            variables
                .map(|(at, &(low, high))| Variable::Real {
                    name: format!("x{}", at + 1),
                    low,
                    high,
                })
                .collect(),
        )
    }

    /// Sequences of `length` places, each one of `letters`.
    pub fn sequence(length: usize, letters: &[&str]) -> Self {
        let levels: Vec<String> = letters.iter().map(|&letter| letter.into()).collect();
        Self::new(
            (1..=length)
                .map(|place| Variable::Category {
                    name: format!("place {place}"),
                    levels: levels.clone(),
                })
                .collect(),
        )
    }

    /// The variables in order.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Values that a design has.
    pub fn width(&self) -> usize {
        self.variables.len()
    }

    /// Whether every value is allowed.
    ///
    /// # Panics
    /// When the design has another width.
    pub fn contains(&self, design: &[f64]) -> bool {
        assert_eq!(
            design.len(),
            self.width(),
            "a design has a value a variable"
        );
        self.variables
            .iter()
            .zip(design)
            .all(|(variable, &value)| variable.holds(value))
            && self.mixtures.iter().all(|places| {
                let sum: f64 = design[places.clone()].iter().sum();
                (sum - 1.0).abs() <= ROUNDING
            })
    }

    /// Moves every number that lies beyond a bound to that bound, and shares of a mixture to the
    /// nearest that are some.
    pub fn clip(&self, design: &mut [f64]) {
        for places in &self.mixtures {
            onto_simplex(&mut design[places.clone()]);
        }
        for (at, (variable, value)) in self.variables.iter().zip(design).enumerate() {
            let of_a_mixture = self.mixtures.iter().any(|places| places.contains(&at));
            if let (Variable::Real { low, high, .. }, false) = (variable, of_a_mixture) {
                *value = value.clamp(*low, *high);
            }
        }
    }

    /// A design drawn uniformly, variable by variable.
    ///
    /// # Panics
    /// When a bound is infinite: nothing is uniform there.
    pub fn draw(&self, stream: &mut Stream) -> Vec<f64> {
        let draw = |variable: &Variable| match variable {
            Variable::Real { low, high, .. } => {
                assert!(low.is_finite() && high.is_finite(), "bounds must be finite");
                low + (high - low) * stream.unit()
            }
            Variable::Category { levels, .. } => stream.below(levels.len()) as f64,
        };
        self.variables.iter().map(draw).collect()
    }
}

/// Moves numbers to the nearest that are not negative and sum to 1: less a threshold, cut off at 0
/// (Duchi et al., ICML 2008, figure 1).
fn onto_simplex(shares: &mut [f64]) {
    let sum: f64 = shares.iter().sum();
    if (sum - 1.0).abs() <= ROUNDING && shares.iter().all(|&share| share >= 0.0) {
        return;
    }
    // The same is nearest to numbers that are all larger by one amount; so none is too large to lose 1.
    let largest = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    shares.iter_mut().for_each(|share| *share -= largest);
    let mut sorted = shares.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    // The threshold is that of the most numbers that all stay above it.
    let (mut sum, mut threshold) = (0.0, 0.0);
    for (at, value) in sorted.iter().enumerate() {
        sum += value;
        let of_these = (sum - 1.0) / (at + 1) as f64;
        if *value > of_these {
            threshold = of_these;
        }
    }
    for share in shares {
        *share = (*share - threshold).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_hand() {
        let onto = |mut shares: Vec<f64>| {
            onto_simplex(&mut shares);
            shares
        };
        let near = |found: Vec<f64>, wanted: &[f64]| {
            let mut both = found.iter().zip(wanted);
            assert!(both.all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        near(onto(vec![0.5; 4]), &[0.25; 4]);
        near(onto(vec![2.0, 0.0, -3.0]), &[1.0, 0.0, 0.0]);
        near(onto(vec![0.9, 0.6, -0.2]), &[0.65, 0.35, 0.0]);
        near(onto(vec![1e30, 1e30, 0.0]), &[0.5, 0.5, 0.0]);
        // What sums to 1 but for rounding is not touched.
        assert_eq!(onto(vec![0.1, 0.2, 0.7000000001]), [0.1, 0.2, 0.7000000001]);
    }

    #[test]
    fn a_mixture_is_a_part_of_a_design() {
        let space = Space::continuous(&[(0.0, 1.0), (0.0, 1.0), (5.0, 6.0)]).with_mixture(0..2);
        let mut design = [3.0, 2.5, 9.0];
        assert!(!space.contains(&design));
        space.clip(&mut design);
        assert_eq!(design, [0.75, 0.25, 6.0]);
        assert!(space.contains(&design));
    }

    #[test]
    fn half_a_letter_is_no_letter() {
        let space = Space::sequence(1, &["A", "C"]);
        assert!(space.contains(&[1.0]));
        for wrong in [0.5, 2.0, -1.0, f64::NAN] {
            assert!(!space.contains(&[wrong]), "{wrong}");
        }
    }

    #[test]
    fn clipping_ends_at_the_bound() {
        let space = Space::continuous(&[(-1.0, 1.0), (0.0, f64::INFINITY)]);
        let mut design = [7.0, 7.0];
        space.clip(&mut design);
        assert_eq!(design, [1.0, 7.0]);
    }
}
