//! One shaper a file (ASH's three in one): its recipe, what is fitted, what it does to a row, and
//! a hand-worked test. A shaper goes before any score of the logits: `react(p=90)+gen`.

pub(crate) mod ash;
mod clip;
pub(crate) mod dice;
pub(crate) mod lts;
pub(crate) mod react;
pub(crate) mod scale;
pub(crate) mod vra;

use crate::OodError;
use crate::recipe::Arguments;

/// Takes a percentile, above 0 and below 100.
fn percentile(arguments: &mut Arguments<'_>, key: &str, default: f64) -> Result<f64, OodError> {
    let what = "a percentile above 0 and below 100";
    arguments.take_or(key, default, what, |p| *p > 0.0 && *p < 100.0)
}

/// How many of `width` activations are kept when the lower `p` per cent are not: at least one.
fn kept(width: usize, p: f64) -> usize {
    let dropped = (width as f64 * p / 100.0).round_ties_even() as usize;
    (width - dropped.min(width)).max(1)
}
