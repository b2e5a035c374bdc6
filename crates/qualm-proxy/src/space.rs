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
}

impl Space {
    /// The space of these variables.
    pub fn new(variables: Vec<Variable>) -> Self {
        Self { variables }
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
    }

    /// Moves every number that lies beyond a bound to that bound.
    pub fn clip(&self, design: &mut [f64]) {
        for (variable, value) in self.variables.iter().zip(design) {
            if let Variable::Real { low, high, .. } = variable {
                *value = value.clamp(*low, *high);
            }
        }
    }

    /// A design drawn uniformly.
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

#[cfg(test)]
mod tests {
    use super::*;

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
