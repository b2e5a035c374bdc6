use crate::designs::Designs;
use crate::space::{Space, Variable};

/// Share of a category's mass that its own level holds in the code; the rest is spread evenly.
const OWN: f64 = 0.6;

/// Between designs and the coordinates that proxies learn from and optimisers move in.
///
/// A number is its own coordinate. A category of C levels becomes C - 1 logits: those of a
/// distribution with .6 on its own level and .4 spread over all, less that of the first level
/// (Design-Bench's code; Trabucco et al., ICML 2022); it is read back as the level of the largest
/// logit, the earliest of equals.
///
/// ```
/// use qualm_proxy::{Code, Designs, Space};
/// let code = Code::new(&Space::sequence(2, &["A", "C", "G"]));
/// let designs = Designs::new(vec![0.0, 2.0], 2);
/// let x = code.encode(&designs);
/// // (.6 + .4/3) / (.4/3) = 5.5
/// assert_eq!(x.len(), 4);
/// assert!((x[0] + 5.5f64.ln()).abs() < 1e-12 && (x[3] - 5.5f64.ln()).abs() < 1e-12);
/// assert_eq!(code.decode(&x), designs);
/// ```
#[derive(Debug, Clone)]
pub struct Code {
    /// Levels of each variable; 0 for a number.
    levels: Vec<usize>,
}

impl Code {
    /// The code of a space.
    pub fn new(space: &Space) -> Self {
        let levels = space.variables().iter().map(|variable| match variable {
            Variable::Real { .. } => 0,
            Variable::Category { levels, .. } => levels.len(),
        });
        Self {
            levels: levels.collect(),
        }
    }

    /// Coordinates that a design becomes.
    pub fn width(&self) -> usize {
        self.levels.iter().map(|&levels| coordinates(levels)).sum()
    }

    /// Coordinates that belong to each variable.
    pub fn spans(&self) -> Vec<std::ops::Range<usize>> {
        let mut end = 0;
        let spans = self.levels.iter().map(|&levels| {
            let start = end;
            end += coordinates(levels);
            start..end
        });
        spans.collect()
    }

    /// Coordinates of designs, row by row.
    pub fn encode(&self, designs: &Designs) -> Vec<f64> {
        let mut x = Vec::with_capacity(designs.len() * self.width());
        for design in designs.iter() {
            for (&levels, &value) in self.levels.iter().zip(design) {
                match levels {
                    0 => x.push(value),
                    _ => {
                        let rest = (1.0 - OWN) / levels as f64;
                        let mass =
                            |level: usize| rest + if level as f64 == value { OWN } else { 0.0 };
                        x.extend((1..levels).map(|level| (mass(level) / mass(0)).ln()));
                    }
                }
            }
        }
        x
    }

    /// The designs that rows of coordinates stand for.
    ///
    /// # Panics
    /// When the coordinates are no whole number of rows.
    pub fn decode(&self, x: &[f64]) -> Designs {
        assert!(x.len().is_multiple_of(self.width()), "rows must be whole");
        let mut values = Vec::with_capacity(x.len() / self.width() * self.levels.len());
        for row in x.chunks_exact(self.width()) {
            let mut rest = row;
            for &levels in &self.levels {
                let (own, after) = rest.split_at(coordinates(levels));
                values.push(if levels == 0 {
                    own[0]
                } else {
                    largest(own) as f64
                });
                rest = after;
            }
        }
        Designs::new(values, self.levels.len())
    }
}

fn coordinates(levels: usize) -> usize {
    match levels {
        0 => 1,
        _ => levels - 1,
    }
}

/// The level of the largest logit, where the first level's is 0.
fn largest(logits: &[f64]) -> usize {
    let mut best = (0, 0.0);
    for (at, &logit) in logits.iter().enumerate() {
        if logit > best.1 {
            best = (at + 1, logit);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_design_comes_back() {
        let space = Space::new(vec![
            Variable::Real {
                name: "t".into(),
                low: 0.0,
                high: 9.0,
            },
            Variable::Category {
                name: "c".into(),
                levels: vec!["a".into(), "b".into(), "c".into()],
            },
            Variable::Category {
                name: "one".into(),
                levels: vec!["only".into()],
            },
        ]);
        let code = Code::new(&space);
        assert_eq!(code.width(), 3);
        let designs = Designs::new(vec![1.5, 0.0, 0.0, 2.5, 1.0, 0.0, 3.5, 2.0, 0.0], 3);
        assert_eq!(code.decode(&code.encode(&designs)), designs);
    }
}
