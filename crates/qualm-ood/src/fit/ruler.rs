use super::Split;
use crate::method::Needs;

/// Share of the rows held back that a ruler is made of unless another is given: enough to tell one
/// row in a hundred from others where a thousand are held back, and twice as many are left to the
/// reference, whose number the promise of a threshold depends on.
const SHARE: f64 = 1.0 / 3.0;

/// Where the rows come from that `combined` measures its components against. They must be rows
/// that nothing was fitted to, and they are not part of the reference: the combined score of any
/// other row is then a fixed function of that row, and its p-value keeps its promise.
///
/// ```
/// use qualm_data::MemorySet;
/// use qualm_ood::{FitInput, FitOptions, RulerRows, Split, calibrate, fit};
/// let rows = |name: &str| {
///     let logits = (0..900).map(|i| ((i * 7919) % 101) as f32 / 10.0).collect();
///     MemorySet::new(name).with_logits(logits, 3)
/// };
/// let (train, fresh) = (rows("train")?, rows("fresh")?);
/// let input = FitInput { train: &train, head: None };
/// let recipes = ["combined(msp,energy)".parse()?];
///
/// // A third of the rows that are held back, by default.
/// let options = FitOptions { split: Split::of(0.5), ..FitOptions::default() };
/// let bundle = fit(input, &recipes, &options, &mut |_| {})?.bundle;
/// let reference = bundle.reference().map_or(0, |reference| reference.len()) as u64;
/// assert!(reference < bundle.tally().held_back);
///
/// // Or a third of the rows that the reference is taken from later.
/// let options = FitOptions { ruler: RulerRows::Reference, ..FitOptions::default() };
/// let mut bundle = fit(input, &recipes, &options, &mut |_| {})?.bundle;
/// calibrate(&mut bundle, &fresh)?;
/// assert!(bundle.reference().is_some_and(|reference| reference.len() < 300));
/// # Ok::<(), qualm_ood::OodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RulerRows {
    /// This share of the rows held back, whole groups at a time; the others are the reference.
    HeldBack(f64),
    /// A third of the rows that [`calibrate`](crate::calibrate) is given first, whole groups at a
    /// time. Until then the bundle can be saved, but not score.
    Reference,
}

impl Default for RulerRows {
    fn default() -> Self {
        Self::HeldBack(SHARE)
    }
}

impl RulerRows {
    /// The share of the rows held back that methods with these needs take.
    pub(crate) fn share(self, needs: &Needs) -> f64 {
        match self {
            Self::HeldBack(share) if needs.ruler => share.clamp(0.0, 1.0),
            _ => 0.0,
        }
    }

    /// Which rows of a reference become a ruler first.
    pub(crate) fn of_reference(split: &Split) -> Split {
        Split {
            fraction: SHARE,
            seed: split.seed,
        }
    }
}
