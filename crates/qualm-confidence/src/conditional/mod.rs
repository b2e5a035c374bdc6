//! Beliefs that depend on events, and sets of beliefs about the same events.
//!
//! - A [`Belief`] is "60 % if B, 25 % if not": [`Belief::resolved`] finds the branch that came
//!   about, and [`Scores`] scores that branch alone. [`Belief::coherence`] compares it with what
//!   else was said: the [gap](coherence::gap) to the law of total probability.
//! - A [`StatementSet`] holds any number of stated probabilities of events and conditions;
//!   [`StatementSet::nearest`] finds the nearest coherent probability and the bets that show the
//!   incoherence.

pub mod belief;
pub mod coherence;
pub mod event;
pub mod examine;
pub mod file;
pub mod nearest;
pub mod report;
pub mod score;
pub mod set;

mod layer;
mod program;
mod prose;
mod words;

pub use belief::{Belief, Branch, Resolved};
pub use coherence::Coherence;
pub use event::{Event, Names};
pub use examine::{Examined, ExaminedBelief, ExaminedSet, ExaminedStatement, SourceScores};
pub use file::{Beliefs, NamedSet};
pub use nearest::{Book, Nearest};
pub use report::report;
pub use score::Scores;
pub use set::{Statement, StatementSet};
