//! Arithmetic questions whose difficulty a model can know: the suite CalibratedMath of Lin, Hilton
//! and Evans, "Teaching models to express their uncertainty in words" (TMLR 2022), made anew from
//! its description, and a tiny one.
//!
//! A [`Suite`] draws [`Question`]s, says in what words a model is asked, and writes one [`Line`] a
//! question. [`Answers`] are graded against it; from the accuracy of every sub-task follow the
//! targets that a model should state. Every question depends on seed, sub-task and number alone.
//!
//! ```
//! use qualm_confidence::arithmetic::{Profile, Suite};
//!
//! let suite = Suite::new(Profile::Full, 1, 2022);
//! let shifted = suite.questions().filter(|question| !question.shift.split.is_training());
//! assert_eq!((suite.questions().count(), shifted.count()), (196, 87));
//! assert!(suite.questions().all(|question| question.accepts(&question.gold)));
//! ```

mod answers;
mod check;
mod draw;
mod family;
mod format;
mod gold;
mod number;
mod prompt;
mod question;
mod subtask;
mod suite;

pub use answers::{Answers, Graded, accuracy_by_subtask};
pub use check::Check;
pub use family::{Family, Group};
pub use format::{Format, LEVELS, Share};
pub use question::{Question, SUITE_VERSION, Shift};
pub use subtask::{Profile, Subtask};
pub use suite::{Line, MOST_SHOTS, Suite, read_lines, write_lines};
