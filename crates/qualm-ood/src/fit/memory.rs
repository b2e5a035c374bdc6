use super::blocks::BLOCK_ROWS;
use crate::method::Needs;
use crate::statistics::{ExtremesOf, SumBy};

/// How many classes labels name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// One above the largest: sums have a place for each up to it.
    pub(super) span: usize,
    /// Those that have rows.
    pub(super) present: usize,
}

impl Classes {
    /// Where head or logits tell their number.
    pub(super) fn known(classes: usize) -> Self {
        Self {
            span: classes,
            present: classes,
        }
    }
}

/// Bytes that a row takes in a graph of neighbours while it is built (`bench/README.md`).
const GRAPH_ROW: u64 = 4000;

/// Bytes that the statistics of a method take, beyond the rows in flight; `held` of the rows are held
/// back.
///
/// A sum of `n` rows waits in about `log2(n / block)` nodes of the tree over blocks.
pub(super) fn statistics_bytes(
    needs: &Needs,
    rows: u64,
    held: u64,
    dim: usize,
    classes: Classes,
) -> u64 {
    let blocks = rows.div_ceil(BLOCK_ROWS).max(1);
    let nodes = u64::from(blocks.ilog2()) + 2;
    let dim = dim as u64;
    let (span, present) = (classes.span as u64, classes.present as u64);
    let views = |wanted: crate::view::PerView<bool>| u64::from(wanted.raw) + u64::from(wanted.unit);
    let moments = views(needs.moments) * (dim * (dim + 1) / 2) * 8 * nodes;
    let sums: u64 = needs
        .sums
        .iter()
        .map(|kind| {
            let width = if kind.of.logits() { span } else { dim };
            let classes = if kind.by == SumBy::All { 1 } else { span };
            classes * width * 8 * nodes
        })
        .sum();
    let scatters = views(needs.class_scatters) * present * (dim * (dim + 1) / 2) * 8 * nodes;
    let bank = needs.bank.map_or(0, |bank| {
        // Rows beyond a limit go when there are twice as many, after a block was taken in.
        let kept = |limit: usize| rows.min((2 * limit as u64).saturating_add(BLOCK_ROWS));
        let rows = bank.rows.map_or(rows, kept);
        let width = dim + if bank.logits { span } else { 0 };
        // Its number and label stand beside a row; the bank is put together from its runs.
        2 * rows * (width * 4 + 16) + u64::from(needs.graph) * rows * GRAPH_ROW
    });
    let perturbed: u64 = needs
        .extremes
        .iter()
        .map(|of| match of {
            ExtremesOf::Features => 0,
            ExtremesOf::Perturbed(perturbation) => perturbation.bytes(dim, span),
        })
        .sum();
    let kept = held * needs.kept_parts as u64 * 8;
    moments + sums + scatters + bank + perturbed + kept
}

/// Bytes for people: `5.2 GB`.
pub(super) fn readable(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perturbation::Perturbation;
    use crate::statistics::BankNeed;
    use crate::view::PerView;

    #[test]
    fn a_bank_grows_with_rows_and_a_sum_with_their_logarithm() {
        let bank = |rows| Needs {
            bank: Some(BankNeed {
                rows,
                logits: false,
            }),
            ..Needs::default()
        };
        let none = Classes::default();
        // Twice a thousand rows of ten numbers, with row number and label.
        assert_eq!(statistics_bytes(&bank(None), 1000, 0, 10, none), 112_000);
        let limited = |rows| statistics_bytes(&bank(Some(100)), rows, 0, 10, none);
        assert_eq!(limited(1000), 112_000);
        assert_eq!(limited(1_000_000), 2 * (2 * 100 + 4096) * 56);
        let sum = Needs {
            moments: PerView {
                raw: true,
                unit: false,
            },
            ..Needs::default()
        };
        let one = statistics_bytes(&sum, 4096, 0, 100, none);
        assert_eq!(statistics_bytes(&sum, 4096 * 4, 0, 100, none), one * 2);
        let heads = Needs {
            extremes: vec![ExtremesOf::Perturbed(Perturbation {
                heads: 100,
                delta: 1.8,
                seed: 1,
            })],
            kept_parts: 201,
            ..Needs::default()
        };
        let weights = 100 * 1000 * 2048 * 4;
        let held = 50 * 201 * 8;
        assert_eq!(
            statistics_bytes(&heads, 1000, 50, 2048, Classes::known(1000)),
            weights + held
        );
        assert_eq!(readable(5_200_000_000), "5.2 GB");
    }
}
