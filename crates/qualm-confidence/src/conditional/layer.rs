//! Statements in the worlds where at least one of them is on, as the linear programs see them.

use std::collections::BTreeSet;

use crate::ConfidenceError;

use super::nearest::COHERENT;
use super::program::{Place, Program};
use super::set::Statement;

/// A condition with less chance than this says nothing of what is believed under it.
const NO_CHANCE: f64 = 1e-6;

/// A condition with more chance than this, under weights that agree, is settled: what is left of
/// residuals is small beside it.
const LIKELY: f64 = 1e-3;

/// What becomes of a bet in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bet {
    CalledOff,
    Lost,
    Won,
}

/// Some statements, in the worlds where at least one of them is on. Worlds that treat all of them
/// alike are one column.
pub(super) struct Layer {
    prices: Vec<f64>,
    columns: Vec<Vec<Bet>>,
}

impl Layer {
    pub(super) fn of(statements: &[Statement], worlds: &[u32], left: &[usize]) -> Layer {
        let bet = |statement: &Statement, world: u32| match statement.is_on(world) {
            false => Bet::CalledOff,
            true if statement.event.happens_in(world) => Bet::Won,
            true => Bet::Lost,
        };
        let column = |&world: &u32| -> Vec<Bet> {
            left.iter().map(|&at| bet(&statements[at], world)).collect()
        };
        let on = |column: &Vec<Bet>| column.iter().any(|&bet| bet != Bet::CalledOff);
        let columns: BTreeSet<Vec<Bet>> = worlds.iter().map(column).filter(on).collect();
        Layer {
            prices: left.iter().map(|&at| statements[at].p).collect(),
            columns: columns.into_iter().collect(),
        }
    }

    fn gain(&self, column: usize, at: usize) -> f64 {
        match self.columns[column][at] {
            Bet::CalledOff => 0.0,
            Bet::Lost => -self.prices[at],
            Bet::Won => 1.0 - self.prices[at],
        }
    }

    /// The chance of the condition of a statement.
    fn chance(&self, at: usize, weights: &[f64]) -> f64 {
        let on = self
            .columns
            .iter()
            .zip(weights)
            .filter(|(column, _)| column[at] != Bet::CalledOff);
        on.map(|(_, weight)| weight).sum()
    }

    /// The probability of a statement.
    pub(super) fn says(&self, at: usize, weights: &[f64]) -> Option<f64> {
        let won = self
            .columns
            .iter()
            .zip(weights)
            .filter(|(column, _)| column[at] == Bet::Won);
        let won: f64 = won.map(|(_, weight)| weight).sum();
        let chance = self.chance(at, weights);
        (chance > NO_CHANCE).then(|| (won / chance).clamp(0.0, 1.0))
    }

    /// Weights of the columns with the smallest sum of residuals, and that sum. `units` says how
    /// often a column counts in the total, which is 1.
    pub(super) fn closest(
        &self,
        units: impl Fn(&[Bet]) -> usize,
    ) -> Result<(f64, Vec<f64>), ConfidenceError> {
        let mut program = Program::minimise();
        let weights: Vec<Place> = (0..self.columns.len())
            .map(|_| program.variable(0.0, 0.0, f64::INFINITY))
            .collect();
        let counted = weights.iter().zip(&self.columns);
        program.equal(
            counted.map(|(&weight, column)| (weight, units(column) as f64)),
            1.0,
        );
        for at in 0..self.prices.len() {
            let above = program.variable(1.0, 0.0, f64::INFINITY);
            let below = program.variable(1.0, 0.0, f64::INFINITY);
            let gains = weights
                .iter()
                .enumerate()
                .map(|(column, &weight)| (weight, self.gain(column, at)));
            program.equal(gains.chain([(above, -1.0), (below, 1.0)]), 0.0);
        }
        let solved = program.solve()?;
        let value = |&weight: &Place| solved.value(weight).max(0.0);
        Ok((solved.cost(), weights.iter().map(value).collect()))
    }

    /// The statements whose condition has no chance under any weights that agree with all
    /// statements, of which `weights` are some.
    ///
    /// Weights that agree agree at any scale, so they are scaled to 1 on the conditions in
    /// question: either some agree there, and at least one condition is settled, or none do.
    pub(super) fn without_chance(&self, weights: &[f64]) -> Result<Vec<usize>, ConfidenceError> {
        let mut open: Vec<usize> = (0..self.prices.len())
            .filter(|&at| self.chance(at, weights) <= LIKELY)
            .collect();
        while !open.is_empty() {
            let (residual, weights) = self.closest(|column| {
                let on = open.iter().filter(|&&at| column[at] != Bet::CalledOff);
                on.count()
            })?;
            if residual > COHERENT {
                break;
            }
            let chances: Vec<f64> = open.iter().map(|&at| self.chance(at, &weights)).collect();
            let largest = chances.iter().copied().fold(0.0, f64::max);
            let mut chances = chances.into_iter();
            open.retain(|_| {
                chances
                    .next()
                    .is_some_and(|chance| chance < largest.min(LIKELY))
            });
        }
        Ok(open)
    }

    /// The stakes that lose most for sure: maximise t with |stake| <= 1 and gains of at most -t in
    /// every column.
    pub(super) fn book(&self) -> Result<Vec<f64>, ConfidenceError> {
        let mut program = Program::minimise();
        let stakes: Vec<Place> = (0..self.prices.len())
            .map(|_| program.variable(0.0, -1.0, 1.0))
            .collect();
        let loss = program.variable(-1.0, 0.0, self.prices.len() as f64);
        for column in 0..self.columns.len() {
            let gains = stakes
                .iter()
                .enumerate()
                .map(|(at, &stake)| (stake, self.gain(column, at)));
            program.at_most(gains.chain([(loss, 1.0)]), 0.0);
        }
        let solved = program.solve()?;
        Ok(stakes.iter().map(|&stake| solved.value(stake)).collect())
    }
}
