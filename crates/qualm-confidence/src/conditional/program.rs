//! Linear programs: the one place that knows the crate which solves them.

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Variable};

use crate::ConfidenceError;

/// A linear program: minimise a sum of costs under linear constraints.
pub(super) struct Program {
    problem: Problem,
    constraints: usize,
}

/// A place in a [`Program`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(Variable);

/// The values at the minimum.
pub(super) struct Solved(microlp::Solution);

impl Program {
    pub(super) fn minimise() -> Program {
        Program {
            problem: Problem::new(OptimizationDirection::Minimize),
            constraints: 0,
        }
    }

    /// Adds a variable between two bounds.
    pub(super) fn variable(&mut self, cost: f64, lo: f64, hi: f64) -> Place {
        Place(self.problem.add_var(cost, (lo, hi)))
    }

    /// `sum of coefficient * variable = right`; a variable may appear once.
    pub(super) fn equal(&mut self, terms: impl IntoIterator<Item = (Place, f64)>, right: f64) {
        self.constrain(terms, ComparisonOp::Eq, right);
    }

    /// `sum of coefficient * variable <= right`; a variable may appear once.
    pub(super) fn at_most(&mut self, terms: impl IntoIterator<Item = (Place, f64)>, right: f64) {
        self.constrain(terms, ComparisonOp::Le, right);
    }

    fn constrain(
        &mut self,
        terms: impl IntoIterator<Item = (Place, f64)>,
        how: ComparisonOp,
        right: f64,
    ) {
        let mut sum = LinearExpr::empty();
        for (place, coefficient) in terms {
            if coefficient != 0.0 {
                sum.add(place.0, coefficient);
            }
        }
        self.problem.add_constraint(sum, how, right);
        self.constraints += 1;
    }

    /// # Errors
    /// [`ConfidenceError::Values`] if the solver finds no minimum; the programs of this crate all
    /// have one.
    pub(super) fn solve(&self) -> Result<Solved, ConfidenceError> {
        let failed = |why: String| {
            ConfidenceError::Values(format!(
                "the linear program of {} constraints was not solved ({why}): round the stated \
                 probabilities, or split the set",
                self.constraints
            ))
        };
        let outcome = self
            .problem
            .solve()
            .map_err(|error| failed(error.to_string()))?;
        outcome
            .into_solution()
            .map(Solved)
            .map_err(|_| failed("the search was interrupted".into()))
    }
}

impl Solved {
    /// The sum of costs.
    pub(super) fn cost(&self) -> f64 {
        self.0.objective()
    }

    /// The value of a variable.
    pub(super) fn value(&self, place: Place) -> f64 {
        self.0.var_value(place.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_program_worked_by_hand() {
        // Most of x + 2y with x <= 3, x + y <= 4 and x - y = 1: x = 2.5, y = 1.5.
        let mut program = Program::minimise();
        let x = program.variable(-1.0, 0.0, 3.0);
        let y = program.variable(-2.0, 0.0, f64::INFINITY);
        program.at_most([(x, 1.0), (y, 1.0)], 4.0);
        program.equal([(x, 1.0), (y, -1.0)], 1.0);
        let solved = program.solve().unwrap();
        assert!((solved.value(x) - 2.5).abs() < 1e-9);
        assert!((solved.value(y) - 1.5).abs() < 1e-9);
        assert!((solved.cost() + 5.5).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_minimum_is_an_error() {
        let mut program = Program::minimise();
        program.variable(-1.0, 0.0, f64::INFINITY);
        assert!(program.solve().is_err());
        let mut program = Program::minimise();
        let x = program.variable(0.0, 0.0, 1.0);
        program.equal([(x, 1.0)], 2.0);
        assert!(program.solve().is_err());
    }
}
