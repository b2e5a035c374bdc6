use std::fmt::Debug;

use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::Labelled;
use crate::space::Space;
use crate::truth::{Oracle, Truth};

/// What an optimiser is set to do, whose truth is known to the study alone.
///
/// No [`Optimiser`](crate::Optimiser) and no [`Learner`](crate::Learner) takes a task: they see
/// [`Data`](crate::Data).
pub trait Task: Debug + Send + Sync {
    /// The name that the command line uses.
    fn name(&self) -> &str;

    /// Allowed designs.
    fn space(&self) -> &Space;

    /// Where the truth comes from.
    fn oracle(&self) -> Oracle;

    /// All designs that are labelled. Their least and largest label are 0 and 1 of normalised
    /// scores; the visible ones are cut from them.
    ///
    /// # Errors
    /// When they cannot be read or drawn.
    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError>;

    /// Which of them are visible.
    fn cut(&self) -> Cut {
        Cut::LOWER_HALF
    }

    /// The true value of designs of the space, one each.
    ///
    /// # Errors
    /// When a user's oracle fails; the tasks of this crate do not.
    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError>;

    /// Rank correlation of the labels with a second measurement of the same designs: no proxy can
    /// be better than that.
    fn noise_ceiling(&self) -> Option<f64> {
        None
    }
}

/// Designs whose label lies between two percentiles are visible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Labels below this percentile are hidden.
    pub from: f64,
    /// Labels above this percentile are hidden.
    pub to: f64,
    /// So many at most, drawn by the seed.
    pub at_most: Option<usize>,
}

impl Cut {
    /// The worse half.
    pub const LOWER_HALF: Self = Self {
        from: 0.0,
        to: 50.0,
        at_most: None,
    };
}
