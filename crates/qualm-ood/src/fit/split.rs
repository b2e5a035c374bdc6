use qualm_data::Key;
use qualm_stats::random::{DEFAULT_SEED, hash_bytes, unit_hash};

/// Which rows are held back from fitting, as reference for thresholds and p-values.
///
/// Each row, or each group where rows have groups, is drawn by a hash of the seed and its global
/// number or name: the draw does not depend on chunks, shards or threads, and rows of one group
/// stay together.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, Split, fit};
/// let train = MemorySet::new("train").with_logits(vec![1.0; 1000], 1)?;
/// let input = FitInput { train: &train, head: None };
/// let options = FitOptions { split: Split::of(0.2), ..FitOptions::default() };
/// let tally = *fit(input, &["maxlogit".parse()?], &options, &mut |_| {})?.bundle.tally();
/// assert!((150..250).contains(&tally.held_back));
/// assert_eq!(tally.fitted + tally.held_back, 1000);
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// Share of rows to hold back, from 0 to below 1; the actual share varies as in independent
    /// draws.
    pub fraction: f64,
    /// Seed of the draw.
    pub seed: u64,
}

impl Default for Split {
    fn default() -> Self {
        Self::none()
    }
}

impl Split {
    /// Holds nothing back, because the reference comes from rows of its own.
    pub fn none() -> Self {
        Self {
            fraction: 0.0,
            seed: DEFAULT_SEED,
        }
    }

    /// Holds back about `fraction` of the rows, drawn with the default seed.
    pub fn of(fraction: f64) -> Self {
        Self {
            fraction,
            seed: DEFAULT_SEED,
        }
    }

    /// Whether the row with this global number, or its group, is held back.
    pub(crate) fn holds_back(&self, row: u64, group: Option<Key<'_>>) -> bool {
        if self.fraction <= 0.0 {
            return false;
        }
        let key = match group {
            None => row,
            Some(Key::Int(group)) => hash_bytes(self.seed, &group.to_le_bytes()),
            Some(Key::Text(group)) => hash_bytes(self.seed, group.as_bytes()),
        };
        unit_hash(self.seed, key) < self.fraction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_about_right_and_groups_stay_together() {
        let split = Split::of(0.2);
        let held = (0..10_000)
            .filter(|&row| split.holds_back(row, None))
            .count();
        assert!((1850..2150).contains(&held), "{held}");
        for group in 0..50 {
            let first = split.holds_back(0, Some(Key::Int(group)));
            assert!((1..20).all(|row| split.holds_back(row, Some(Key::Int(group))) == first));
        }
        assert!((0..1000).all(|row| !Split::none().holds_back(row, None)));
    }
}
