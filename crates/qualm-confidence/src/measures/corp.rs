//! The Brier score taken apart by the best monotone recalibration (Dimitriadis, Gneiting, Jordan
//! 2021: CORP), which needs no bins.

use super::{Levels, Tally, brier};

/// `brier = miscalibration - discrimination + uncertainty`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corp {
    /// What the best monotone recalibration would save, `S(c) - S(isotonic)`: 0 is best.
    pub miscalibration: f64,
    /// What the recalibrated confidence saves over stating the accuracy always,
    /// `S(accuracy) - S(isotonic)`: 0 is a confidence that tells nothing apart.
    pub discrimination: f64,
    /// The score of stating the accuracy always, `a (1 - a)`.
    pub uncertainty: f64,
}

/// The decomposition. Its isotonic fit sees the records that it is measured on, so that with few
/// of them miscalibration is above 0 for honest confidences too.
#[must_use]
pub fn corp(levels: &Levels) -> Corp {
    let records = levels.total().records;
    // The Brier score of a block that states its own accuracy is a (1 - a).
    let isotonic: f64 = isotonic(levels)
        .iter()
        .map(|block| block.tally.hits * (1.0 - block.tally.accuracy()))
        .sum();
    let accuracy = levels.total().accuracy();
    let uncertainty = accuracy * (1.0 - accuracy);
    Corp {
        miscalibration: brier(levels) - isotonic / records,
        discrimination: uncertainty - isotonic / records,
        uncertainty,
    }
}

/// Neighbouring levels that the isotonic fit gives one value: their accuracy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// The lowest confidence in the block.
    pub lo: f64,
    /// The highest.
    pub hi: f64,
    /// Records and hits of the block.
    pub tally: Tally,
}

/// The isotonic fit of correctness to confidence by pooling adjacent violators (Ayer et al.
/// 1955), as blocks of rising accuracy.
#[must_use]
pub fn isotonic(levels: &Levels) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (value, tally) in levels.iter() {
        let mut block = Block {
            lo: value,
            hi: value,
            tally,
        };
        while let Some(below) = blocks.last()
            && below.tally.accuracy() >= block.tally.accuracy()
        {
            block.lo = below.lo;
            block.tally += below.tally;
            blocks.pop();
        }
        blocks.push(block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decomposition_worked_by_hand() {
        // .4 is right more often than .6: they are pooled to 1/2.
        let levels = Levels::new(&[0.1, 0.4, 0.6, 0.9], &[false, true, false, true]).unwrap();
        let accuracies: Vec<f64> = isotonic(&levels)
            .iter()
            .map(|b| b.tally.accuracy())
            .collect();
        assert_eq!(accuracies, [0.0, 0.5, 1.0]);
        let corp = corp(&levels);
        assert!((corp.uncertainty - 0.25).abs() < 1e-12);
        assert!((corp.discrimination - 0.125).abs() < 1e-12);
        let brier = (0.01 + 0.36 + 0.36 + 0.01) / 4.0;
        assert!((corp.miscalibration - (brier - 0.125)).abs() < 1e-12);
    }
}
