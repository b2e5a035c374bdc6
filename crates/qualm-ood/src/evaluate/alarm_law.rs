use std::ops::RangeInclusive;

use qualm_stats::BetaBinomial;

/// Probabilities below this are left out: all of them together stay below 1e-9.
const NEGLIGIBLE: f64 = 1e-18;

/// The exact law of the number of false alarms among rows of which each half is the other's
/// reference, for exchangeable rows without tied scores.
///
/// Each half's count alone follows a beta-binomial law, but the two are far from independent: if
/// one half has the higher scores, it raises many alarms and, as reference, prevents the other's.
///
/// With a rows in one half, b in the other, and thresholds at the k-th and l-th largest score of
/// each, walk down all scores. Say the k-th of the first half comes before the l-th of the second,
/// after y < l rows of that: the second half raises these y alarms. The first half raises k, and
/// those z of its other a - k rows that come before the second threshold. In a random order y
/// follows the beta-binomial law of b draws with weights k and a - k + 1, and z given y that of
/// a - k draws with weights l - y and b - l + 1. The other case is its mirror image.
#[derive(Debug)]
pub(super) struct AlarmLaw {
    /// The probability of each number of alarms, from 0.
    masses: Vec<f64>,
}

/// One half of the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Half {
    /// Its rows.
    pub(super) rows: u64,
    /// As a reference it flags what lies above its score of this rank from above; 0 flags nothing.
    pub(super) rank: u64,
}

impl AlarmLaw {
    pub(super) fn new(halves: [Half; 2]) -> Self {
        let [a, b] = halves;
        let mut masses = vec![0.0; (a.rows + b.rows) as usize + 1];
        if a.rank == 0 && b.rank == 0 {
            masses[0] = 1.0;
        } else {
            add_case(&mut masses, a, b);
            add_case(&mut masses, b, a);
        }
        Self { masses }
    }

    /// The counts left after cutting at most `(1 - level) / 2` of probability off each end.
    pub(super) fn interval(&self, level: f64) -> RangeInclusive<u64> {
        let tail = (1.0 - level) / 2.0;
        let lowest = first_kept(self.masses.iter(), tail);
        let highest = self.masses.len() - 1 - first_kept(self.masses.iter().rev(), tail);
        lowest as u64..=highest.max(lowest) as u64
    }
}

/// Position of the first mass that does not fit into the tail.
fn first_kept<'a>(mut masses: impl Iterator<Item = &'a f64>, tail: f64) -> usize {
    let mut cut = 0.0;
    let kept = masses.position(|mass| {
        cut += mass;
        cut > tail
    });
    kept.unwrap_or(0)
}

/// Adds the probabilities of the orders in which the threshold of `first` comes first.
fn add_case(masses: &mut [f64], first: Half, second: Half) {
    let before = BetaBinomial::new(second.rows, first.rank, first.rows + 1 - first.rank);
    for y in 0..second.rank {
        let weight = before.pmf(y);
        if weight < NEGLIGIBLE {
            continue;
        }
        let trials = first.rows - first.rank;
        let (hits, misses) = (second.rank - y, second.rows - second.rank + 1);
        let smallest = (first.rank + y) as usize;
        let masses = &mut masses[smallest..=smallest + trials as usize];
        add_beta_binomial(masses, weight, hits as f64, misses as f64);
    }
}

/// Adds `weight` times the beta-binomial law over 0 to `masses.len() - 1`, from the middle outward,
/// each probability from its neighbour: a logarithm of the gamma function each would take minutes
/// for a million rows.
fn add_beta_binomial(masses: &mut [f64], weight: f64, hits: f64, misses: f64) {
    let trials = (masses.len() - 1) as f64;
    let law = BetaBinomial::new(trials as u64, hits as u64, misses as u64);
    let middle = law.mean() as usize;
    let at_middle = weight * law.pmf(middle as u64);
    let mut mass = at_middle;
    for (count, total) in masses.iter_mut().enumerate().skip(middle) {
        if mass < NEGLIGIBLE {
            break;
        }
        *total += mass;
        let c = count as f64;
        mass *= (trials - c) * (hits + c) / ((c + 1.0) * (misses + trials - c - 1.0));
    }
    let mut mass = at_middle;
    for count in (0..middle).rev() {
        let c = (count + 1) as f64;
        mass *= c * (misses + trials - c) / ((trials - c + 1.0) * (hits + c - 1.0));
        if mass < NEGLIGIBLE {
            break;
        }
        masses[count] += mass;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the alarms over every order of the rows.
    fn by_enumeration(a: Half, b: Half) -> Vec<f64> {
        let rows = a.rows + b.rows;
        let mut counts = vec![0.0; rows as usize + 1];
        let mut orders = 0.0;
        // A bit a row from the highest score down; set for rows of the second half.
        for order in (0..1_u32 << rows).filter(|order| u64::from(order.count_ones()) == b.rows) {
            let (mut seen, mut alarms) = ([0, 0], 0);
            for row in 0..rows {
                let half = (order >> row & 1) as usize;
                let [own, other] = [seen[half], seen[1 - half]];
                alarms += u64::from(other < [a, b][1 - half].rank);
                seen[half] = own + 1;
            }
            counts[alarms as usize] += 1.0;
            orders += 1.0;
        }
        counts.iter().map(|count| count / orders).collect()
    }

    #[test]
    fn the_law_is_that_of_all_orders() {
        for (rows, ranks) in [
            ([5, 5], [1, 1]),
            ([6, 5], [2, 1]),
            ([4, 7], [3, 2]),
            ([6, 6], [0, 2]),
            ([6, 6], [0, 0]),
            ([5, 4], [5, 4]),
            ([1, 1], [1, 1]),
        ] {
            let [a, b] = [0, 1].map(|half| Half {
                rows: rows[half],
                rank: ranks[half],
            });
            let law = AlarmLaw::new([a, b]);
            for (count, expected) in by_enumeration(a, b).into_iter().enumerate() {
                let mass = law.masses[count];
                assert!(
                    (mass - expected).abs() < 1e-12,
                    "{rows:?} {ranks:?} {count}: {mass}"
                );
            }
        }
    }

    #[test]
    fn large_laws_add_up_to_one_and_keep_their_mean() {
        let half = Half {
            rows: 100_000,
            rank: 5_000,
        };
        let law = AlarmLaw::new([half; 2]);
        let total: f64 = law.masses.iter().sum();
        assert!((total - 1.0).abs() < 1e-6, "{total}");
        let mean: f64 = law
            .masses
            .iter()
            .enumerate()
            .map(|(c, m)| c as f64 * m)
            .sum();
        assert!(
            (mean - 2.0 * 1e5 * 5_000.0 / 100_001.0).abs() < 0.1,
            "{mean}"
        );
    }

    #[test]
    fn an_interval_cuts_no_more_than_the_tails() {
        let half = Half {
            rows: 250,
            rank: 12,
        };
        let law = AlarmLaw::new([half; 2]);
        let range = law.interval(0.95);
        let below: f64 = law.masses[..*range.start() as usize].iter().sum();
        let above: f64 = law.masses[*range.end() as usize + 1..].iter().sum();
        assert!(below <= 0.025 && above <= 0.025);
        assert!(below + law.masses[*range.start() as usize] > 0.025);
        assert!(above + law.masses[*range.end() as usize] > 0.025);
    }
}
